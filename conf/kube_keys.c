/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube_keys: see kube.h.
 *
 * Of an object all counts but what the server changes at each write without another meaning: who manages
 * which of its fields, and its version. What says the kind is there in each, which an object in a list does
 * not say by itself.
 */
#include <stdlib.h>
#include <string.h>

#include "conf/kube.h"
#include "conf/source.h"
#include "lib/base64.h"
#include "lib/mem.h"

#define CORE_VERSION "v1"
#define SECRET       "Secret"

/* ---- which resources ---- */

static bool
is_word(const char *text, size_t len)
{
	return len > 0 && *text != '.' && strspn(text, "abcdefghijklmnopqrstuvwxyz0123456789-.") >= len;
}

bool
kube_resource_init(struct kube_resource *r, const char *text)
{
	const char *last = strrchr(text, '/'), *slash = strchr(text, '/');
	const char *plural = last != NULL ? last + 1 : text;
	bool good = is_word(plural, strlen(plural));

	*r = (struct kube_resource){.plural = NULL};
	if (last != NULL && slash != last) /* group/version */
		good &=
		    is_word(text, (size_t)(slash - text)) && is_word(slash + 1, (size_t)(last - slash - 1));
	else if (last != NULL)
		good &= strncmp(text, CORE_VERSION "/", strlen(CORE_VERSION "/")) == 0;
	if (!good)
		return false;
	r->plural = xstrdup(plural);
	r->version = last != NULL ? xasprintf("%.*s", (int)(last - text), text) : xstrdup(CORE_VERSION);
	r->path = xasprintf("%s/%s", strchr(r->version, '/') != NULL ? "/apis" : "/api", r->version);
	r->kind = (struct kube_kind){.plural = r->plural, .group = KUBE_NAMED, .version = r->version};
	return true;
}

void
kube_resource_fini(struct kube_resource *r)
{
	free(r->plural);
	free(r->version);
	free(r->path);
	free(r->name);
	*r = (struct kube_resource){.plural = NULL};
}

/* ---- what an object is ---- */

static bool
is_text(const json_t *v)
{
	return json_is_string(v) && strlen(json_string_value(v)) == json_string_length(v);
}

/* Of "data" each entry that is a text. */
static json_t *
entries_of(const struct kube_kind *k, const json_t *object, const char *node)
{
	json_t *out = json_object(), *v;
	const char *name;

	(void)k;
	(void)node;
	json_object_foreach(json_object_get(object, "data"), name, v)
	{
		if (is_text(v))
			json_object_set(out, name, v);
	}
	return out;
}

/* The same of what is in base64. */
static json_t *
secret_entries_of(const struct kube_kind *k, const json_t *object, const char *node)
{
	json_t *coded = entries_of(k, object, node), *out = json_object(), *v;
	const char *name;

	json_object_foreach(coded, name, v)
	{
		size_t len = 0;
		char *text = base64_decode(json_string_value(v), &len);
		/* NULL for what is no UTF-8 */
		json_t *entry = text != NULL ? json_stringn(text, len) : NULL;
		if (entry != NULL && is_text(entry))
			json_object_set(out, name, entry);
		json_decref(entry);
		if (text != NULL)
			explicit_bzero(text, len);
		free(text);
	}
	json_decref(coded);
	return out;
}

static json_t *
whole_of(const struct kube_kind *k, const json_t *object, const char *node)
{
	json_t *out = json_copy((json_t *)(uintptr_t)object);
	json_t *meta = json_copy(json_object_get(object, "metadata"));

	(void)node;
	json_object_del(meta, "managedFields");
	json_object_del(meta, "resourceVersion");
	json_object_set_new(out, "metadata", meta);
	json_object_set_new(out, "apiVersion", json_string(k->version));
	json_object_set_new(out, "kind", json_string(k->kind));
	return out;
}

/* Those that are folders of keys. */
static const struct form {
	const char *kind;
	json_t *(*resource)(const struct kube_kind *k, const json_t *object, const char *node);
	const char *told_as; /* source.h */
} forms[] = {
    {"ConfigMap", entries_of, ""},
    {SECRET, secret_entries_of, SECRET},
};

/* NULL: one key each. */
static const struct form *
form_of(const struct kube_kind *k)
{
	for (size_t i = 0; i < ARRAY_LEN(forms); i++)
		if (strcmp(k->version, CORE_VERSION) == 0 && strcmp(k->kind, forms[i].kind) == 0)
			return &forms[i];
	return NULL;
}

bool
kube_resource_find(struct kube_resource *r, const json_t *list)
{
	const struct form *form;
	json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		const char *plural = json_string_value(json_object_get(one, "name")),
			   *kind = json_string_value(json_object_get(one, "kind"));
		if (plural == NULL || kind == NULL || strcmp(plural, r->plural) != 0)
			continue;
		free(r->name);
		r->kind.kind = r->name = xstrdup(kind);
		r->kind.has_namespace = json_is_true(json_object_get(one, "namespaced"));
		form = form_of(&r->kind);
		r->kind.resource = form != NULL ? form->resource : whole_of;
		return true;
	}
	return false;
}

/* ---- what is told ---- */

struct kube_keys {
	const struct source_handler *h;
	void *ctx;
	json_t *folders; /* object: path of what is a folder, to an object with the names in it */
};

struct kube_keys *
kube_keys_new(const struct source_handler *h, void *ctx)
{
	struct kube_keys *k = xcalloc(1, sizeof(*k));

	k->h = h;
	k->ctx = ctx;
	k->folders = json_object();
	ASSERT(k->folders != NULL);
	return k;
}

void
kube_keys_free(struct kube_keys *k)
{
	if (k == NULL)
		return;
	json_decref(k->folders);
	free(k);
}

static char *
path_of(const struct kube_kind *kind, const char *name_space, const char *name)
{
	return name_space != NULL ? xasprintf("%s/%s/%s", kind->plural, name_space, name)
				  : xasprintf("%s/%s", kind->plural, name);
}

static void
tell(struct kube_keys *k, const char *told_as, const char *folder, const char *name, const json_t *text)
{
	char *path = name != NULL ? xasprintf("%s/%s", folder, name) : xstrdup(folder);

	if (text != NULL)
		k->h->put(k->ctx, told_as, NULL, path, text);
	else
		k->h->del(k->ctx, told_as, NULL, path);
	free(path);
}

/* now NULL: the folder is gone. */
static void
folder_tell(struct kube_keys *k, const struct form *form, const char *path, const json_t *now)
{
	json_t *was = json_object_get(k->folders, path), *names = json_object(), *v;
	const char *name;

	json_object_foreach(was, name, v)
	{
		if (json_object_get(now, name) == NULL)
			tell(k, form->told_as, path, name, NULL);
	}
	json_object_foreach((json_t *)(uintptr_t)now, name, v)
	{
		tell(k, form->told_as, path, name, v);
		json_object_set_new(names, name, json_true());
	}
	if (now != NULL)
		json_object_set(k->folders, path, names);
	else
		json_object_del(k->folders, path);
	json_decref(names);
}

void
kube_keys_put(struct kube_keys *k, const struct kube_kind *kind, const char *name_space, const char *name,
	      const json_t *value)
{
	const struct form *form = form_of(kind);
	char *path = path_of(kind, name_space, name), *text;
	json_t *v;

	if (form != NULL) {
		folder_tell(k, form, path, value);
	} else {
		text = json_dumps(value, JSON_COMPACT);
		v = json_string(text != NULL ? text : "");
		tell(k, "", path, NULL, v);
		json_decref(v);
		free(text);
	}
	free(path);
}

void
kube_keys_del(struct kube_keys *k, const struct kube_kind *kind, const char *name_space, const char *name)
{
	const struct form *form = form_of(kind);
	char *path = path_of(kind, name_space, name);

	if (form != NULL)
		folder_tell(k, form, path, NULL);
	else
		tell(k, "", path, NULL, NULL);
	free(path);
}
