/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keytree: keys are held flat, by their path; the tree is made when it is asked for. See keytree.h.
 */
#include "conf/keytree.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

#define OWN_VALUE "_value"
#define HIDDEN    "***"

struct keytree {
	json_t *texts;   /* object: paths without needless slashes to strings */
	json_t *secrets; /* object: the paths of those that are secrets */
};

struct keytree *
keytree_new(void)
{
	struct keytree *t = xcalloc(1, sizeof(*t));

	t->texts = json_object();
	t->secrets = json_object();
	ASSERT(t->texts != NULL && t->secrets != NULL);
	return t;
}

void
keytree_free(struct keytree *t)
{
	if (t == NULL)
		return;
	json_decref(t->texts);
	json_decref(t->secrets);
	free(t);
}

/* The path with one slash between names and none around them. */
static void
path_normal(const char *path, struct str *out)
{
	while (*path != '\0') {
		size_t n = strcspn(path, "/");

		if (n > 0) {
			if (out->len > 0)
				str_add(out, "/");
			str_addn(out, path, n);
		}
		path += n + (path[n] == '/');
	}
}

bool
keytree_put(struct keytree *t, const char *path, const char *value, bool secret)
{
	struct str name = {0};
	json_t *text = json_string(value);
	bool changed = false;

	path_normal(path, &name);
	if (text != NULL && name.len > 0) {
		changed = !json_equal(json_object_get(t->texts, str_get(&name)), text);
		if (changed)
			changed = json_object_set(t->texts, str_get(&name), text) == 0;
		if (secret)
			json_object_set_new(t->secrets, str_get(&name), json_true());
		else
			json_object_del(t->secrets, str_get(&name));
	}
	json_decref(text);
	str_free(&name);
	return changed;
}

bool
keytree_del(struct keytree *t, const char *path)
{
	struct str name = {0};
	bool changed;

	path_normal(path, &name);
	changed = json_object_del(t->texts, str_get(&name)) == 0;
	json_object_del(t->secrets, str_get(&name));
	str_free(&name);
	return changed;
}

/* ---- the tree ---- */

/* Does the value print as it was written? Numbers only; blanks around do not count. */
static bool
number_stays(const json_t *value, const char *text)
{
	char *printed = json_dumps(value, JSON_ENCODE_ANY);
	size_t n = printed != NULL ? strlen(printed) : 0;
	bool same;

	text += strspn(text, " \t\r\n");
	same = n > 0 && strncmp(text, printed, n) == 0 && text[n + strspn(text + n, " \t\r\n")] == '\0';
	free(printed);
	return same;
}

static json_t *
value_read(json_t *text)
{
	const char *s = json_string_value(text);
	/* A NUL, which anybody may write into an annotation, makes no text of an object. */
	json_t *value = json_loads(s, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);

	if (value != NULL && (!json_is_number(value) || number_stays(value, s)))
		return value;
	json_decref(value);
	return json_incref(text);
}

/* The object in which the last name of path (which is cut up) is a member; *last is that name. */
static json_t *
folder_of(json_t *root, char *path, const char **last)
{
	json_t *at = root;
	char *slash;

	while ((slash = strchr(path, '/')) != NULL) {
		json_t *below;

		*slash = '\0';
		below = json_object_get(at, path);
		if (below == NULL) {
			below = json_object();
			json_object_set_new(at, path, below);
		}
		at = below;
		path = slash + 1;
	}
	*last = path;
	return at;
}

/*
 * All folders first, then the values: what is a member already when a value comes is a folder, and never an
 * object that is another key's value. Own values of folders last, where nothing else has their name.
 */
json_t *
keytree_model(const struct keytree *t, bool secrets)
{
	json_t *root = json_object(), *own = json_array(), *hidden = json_string(HIDDEN), *text;
	const char *path, *last;
	size_t i;

	json_object_foreach(t->texts, path, text)
	{
		char *copy = xstrdup(path);

		folder_of(root, copy, &last);
		free(copy);
	}
	json_object_foreach(t->texts, path, text)
	{
		char *copy = xstrdup(path);
		json_t *folder = folder_of(root, copy, &last), *below = json_object_get(folder, last);

		if (!secrets && json_object_get(t->secrets, path) != NULL)
			text = hidden;
		if (below == NULL)
			json_object_set_new(folder, last, value_read(text));
		else
			json_array_append_new(own, json_pack("[OO]", below, text));
		free(copy);
	}
	json_array_foreach(own, i, text)
	{
		json_t *folder = json_array_get(text, 0);

		if (json_object_get(folder, OWN_VALUE) == NULL)
			json_object_set_new(folder, OWN_VALUE, value_read(json_array_get(text, 1)));
	}
	json_decref(own);
	json_decref(hidden);
	return root;
}
