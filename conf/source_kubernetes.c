/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_kubernetes: the API of Kubernetes as a datastore; see source.h, and kube.h for its parts.
 *
 * First who we are is read, then the server is asked which API group has Calico's kinds, then each kind is
 * listed and watched by itself. The first snapshot is there when each kind that always counts was listed, and
 * then those that are wanted by what was found: Services only if addresses of services are announced, and
 * Secrets one by one. A Secret that may not be read is trouble and keeps nothing back.
 *
 * A kind that is not in the server's list of its group has no objects. That none of the groups is there is
 * not taken for that: a server that is half-way up has none either.
 *
 * Where objects are keys, each resource that is asked for is looked up in what the server has in its version.
 * One that is not there is trouble and waited for: it may be a wrong name, and the keys without it half a
 * tree.
 *
 * Beside another datastore, which has Calico's resources, there is nothing to discover: what is wanted is looked
 * for when that has told something (source_kubernetes_look).
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "conf/backoff.h"
#include "conf/kube.h"
#include "conf/source.h"
#include "lib/loop.h"
#include "lib/mem.h"

#define NAME              "kubernetes"
#define GROUP_V1          "crd.projectcalico.org/v1"
#define GROUP_V3          "projectcalico.org/v3"
#define BACKOFF_MIN_MS    250
#define BACKOFF_MAX_MS    30000
#define RETRY_AFTER_MAX_S 300
#define DISCOVERY_IDLE_MS 30000
#define DISCOVERY_OLD_MS  5000             /* a 404 is a reason to ask again if the answer is older */
#define ABSENT_MS         (30 * 60 * 1000) /* before a kind that was not there is looked for again */

/* A kind, or one Secret. */
struct entry {
	LIST_ENTRY(entry) entry;
	struct kube_watch *w;
	char *what;   /* in troubles */
	char *key;    /* of a Secret: "namespace/name" */
	bool failed;  /* the last request did */
	bool refused; /* with an answer that will not change by itself */
	bool waiting; /* for discovery */
	bool absent;
};
LIST_HEAD(entries, entry);

struct source_kubernetes {
	struct source head;
	const struct source_handler *h;
	void *ctx;
	struct kube_client client;
	char *kubeconfig, *node;
	char *group_wanted;
	struct stat read; /* the kubeconfig as it was read */

	struct event *timer; /* of the beginning and of discovery */
	struct fetch *fetch;
	const char *asked; /* the group of the request under way */
	const char *group; /* NULL: not known yet */
	json_t *served;    /* object: plural names that the group has */
	uint64_t served_ms;
	struct backoff backoff;

	struct entries entries;
	bool synced, changed, in_trouble, no_blocks;
	bool wanted_only, awaited; /* awaited: somebody waits for what is wanted */

	/* Of objects that are keys. */
	struct kube_keys *keys; /* NULL: they are Calico's resources */
	struct kube_resource *resources;
	unsigned nresources, at; /* at: the one that is looked up */
	char *name_space;
};

static void discover(struct source_kubernetes *s);
static struct entry *entry_add(struct source_kubernetes *s, const struct kube_kind *k, char *path,
			       const char *secret);
static char *path_of(const struct source_kubernetes *s, const struct kube_kind *k, const char *name_space);

/* ---- trouble of the whole ---- */

static void
trouble(struct source_kubernetes *s, const char *text)
{
	s->in_trouble = true;
	s->h->trouble(s->ctx, NAME, text);
}

static void
trouble_over(struct source_kubernetes *s)
{
	if (s->in_trouble)
		s->h->trouble(s->ctx, NAME, NULL);
	s->in_trouble = false;
}

static void
server_trouble(struct source_kubernetes *s, const char *error)
{
	char *text = xasprintf("%s: %s", s->client.access.server, error);

	trouble(s, text);
	free(text);
}

/* Where it is to be looked at, too. */
static void
server_untrusted(struct source_kubernetes *s, const char *error)
{
	const char *ca = s->client.access.ca.path;
	char *text = xasprintf("%s (trusted are those in %s)", error,
			       ca != NULL                         ? ca
			       : s->client.access.ca.text != NULL ? s->kubeconfig
								  : "the system's folder");

	server_trouble(s, text);
	free(text);
}

static void
arm(struct source_kubernetes *s, unsigned ms)
{
	timer_after_ms(s->timer, ms);
}

static void
later(struct source_kubernetes *s, unsigned retry_after_s)
{
	arm(s, backoff_next(&s->backoff) +
		   (retry_after_s < RETRY_AFTER_MAX_S ? retry_after_s : RETRY_AFTER_MAX_S) * 1000);
}

/* ---- who we are ---- */

static bool
is_read_again(const struct source_kubernetes *s)
{
	struct stat st;

	return s->kubeconfig != NULL && stat(s->kubeconfig, &st) == 0 &&
	       (st.st_ino != s->read.st_ino || st.st_size != s->read.st_size ||
		st.st_mtim.tv_sec != s->read.st_mtim.tv_sec || st.st_mtim.tv_nsec != s->read.st_mtim.tv_nsec);
}

/* No request is under way behind it. False after it told the trouble: then all is as it was. */
static bool
access_read(struct source_kubernetes *s)
{
	struct kube_access a;
	struct entry *e;
	struct stat st = {0};
	struct str err = {0};

	if (s->kubeconfig != NULL && stat(s->kubeconfig, &st) < 0)
		st = (struct stat){0};
	if (kube_access_read(s->kubeconfig, &a, &err) != 0) {
		trouble(s, str_get(&err));
		str_free(&err);
		return false;
	}
	/* A page, or a version, of one cluster may mean something in another as well. */
	bool elsewhere = s->client.access.server != NULL && strcmp(s->client.access.server, a.server) != 0;
	LIST_FOREACH(e, &s->entries, entry)
	if (elsewhere)
		kube_watch_move(e->w, NULL);
	else
		kube_watch_pause(e->w);
	if (s->fetch != NULL)
		fetch_cancel(s->fetch);
	s->fetch = NULL;
	fetcher_free(s->client.fetcher);
	kube_access_fini(&s->client.access);
	s->client.access = a;
	s->client.fetcher =
	    fetcher_new(s->client.base, &(struct fetch_tls){.ca = {a.ca.path, a.ca.text},
							    .cert = {a.cert.path, a.cert.text},
							    .key = {a.key.path, a.key.text}});
	s->read = st;
	return true;
}

enum renewal { AS_BEFORE, RENEWED, MISREAD };

/* Who is asked or who we are is not taken: with another kubeconfig all requests begin anew. */
static enum renewal
access_renew(struct source_kubernetes *s, const struct fetch_result *r)
{
	struct entry *e;

	if (r->outcome != FETCH_UNTRUSTED && (r->outcome != FETCH_ANSWERED || r->status != 401))
		return AS_BEFORE;
	if (!is_read_again(s))
		return AS_BEFORE;
	if (!access_read(s))
		return MISREAD;
	LIST_FOREACH(e, &s->entries, entry)
	if (!e->absent && !e->waiting)
		kube_watch_go(e->w);
	backoff_reset(&s->backoff);
	later(s, 0);
	return RENEWED;
}

/* ---- what was told ---- */

static bool
is_answered(const struct source_kubernetes *s, const struct entry *e)
{
	if (kube_watch_is_listed(e->w))
		return true;
	return (kube_watch_kind(e->w)->when == KUBE_REFERRED && e->refused) || (s->synced && e->failed);
}

static void
entry_free(struct entry *e)
{
	LIST_REMOVE(e, entry);
	kube_watch_free(e->w);
	free(e->what);
	free(e->key);
	free(e);
}

/* It is not wanted any more. */
static void
entry_drop(struct source_kubernetes *s, struct entry *e)
{
	s->changed = true;
	kube_watch_withdraw(e->w);
	entry_free(e);
}

static struct entry *
entry_find(struct source_kubernetes *s, const struct kube_kind *k, const char *secret)
{
	struct entry *e;

	LIST_FOREACH(e, &s->entries, entry)
	if (kube_watch_kind(e->w) == k && (secret == NULL || strcmp(e->key, secret) == 0))
		return e;
	return NULL;
}

static void
wants_services(struct source_kubernetes *s, const struct kube_kind *k)
{
	bool wanted = s->h->wants_services != NULL && s->h->wants_services(s->ctx);
	struct entry *e = entry_find(s, k, NULL);

	if (wanted && e == NULL)
		kube_watch_go(entry_add(s, k, path_of(s, k, NULL), NULL)->w);
	else if (!wanted && e != NULL)
		entry_drop(s, e);
}

/* key: "namespace/name" */
static void
secret_add(struct source_kubernetes *s, const struct kube_kind *k, const char *key)
{
	char *space = xasprintf("%.*s", (int)strcspn(key, "/"), key);

	kube_watch_go(entry_add(s, k, path_of(s, k, space), key)->w);
	free(space);
}

static void
wants_secrets(struct source_kubernetes *s, const struct kube_kind *k)
{
	json_t *wanted = s->h->wants_secrets != NULL ? s->h->wants_secrets(s->ctx) : json_object(), *unused;
	struct entry *e, *after;
	const char *key;

	for (e = LIST_FIRST(&s->entries); e != NULL; e = after) {
		after = LIST_NEXT(e, entry);
		if (kube_watch_kind(e->w) == k && json_object_get(wanted, e->key) == NULL)
			entry_drop(s, e);
	}
	json_object_foreach(wanted, key, unused)
	{
		if (entry_find(s, k, key) == NULL)
			secret_add(s, k, key);
	}
	json_decref(wanted);
}

/* By what was found of the kinds that always count. */
static void
look_what_is_wanted(struct source_kubernetes *s)
{
	const struct entry *e;

	if (s->keys != NULL)
		return;
	LIST_FOREACH(e, &s->entries, entry)
	if (kube_watch_kind(e->w)->when == KUBE_ALWAYS && !kube_watch_is_listed(e->w))
		return;
	for (size_t i = 0; i < kube_nkinds; i++)
		if (kube_kinds[i].when == KUBE_SERVICES)
			wants_services(s, &kube_kinds[i]);
		else if (kube_kinds[i].when == KUBE_REFERRED)
			wants_secrets(s, &kube_kinds[i]);
}

/* Of what is to be keys. */
static bool
all_found(const struct source_kubernetes *s)
{
	for (unsigned i = 0; i < s->nresources; i++)
		if (s->resources[i].kind.kind == NULL)
			return false;
	return true;
}

static bool
all_answered(const struct source_kubernetes *s)
{
	const struct entry *e;

	LIST_FOREACH(e, &s->entries, entry)
	if (!is_answered(s, e))
		return false;
	return all_found(s);
}

static void
everything_told(struct source_kubernetes *s)
{
	s->synced = true;
	s->changed = s->awaited = false;
}

static void
settle(struct source_kubernetes *s)
{
	if (!all_answered(s) || (s->synced && !s->changed && !s->awaited))
		return;
	everything_told(s);
	s->h->synced(s->ctx);
}

static void
on_told(void *ctx, struct kube_watch *w, bool changed)
{
	struct source_kubernetes *s = ctx;

	s->changed |= changed;
	/* Nothing that is watched because it is wanted refers to more. */
	if (kube_watch_kind(w)->when == KUBE_ALWAYS && (changed || !s->synced))
		look_what_is_wanted(s);
	settle(s);
}

/* Without having asked anybody. */
static bool
anything_is_wanted(const struct source_kubernetes *s)
{
	json_t *secrets = s->h->wants_secrets(s->ctx);
	bool any = json_object_size(secrets) > 0 || s->h->wants_services(s->ctx);

	json_decref(secrets);
	return any;
}

bool
source_kubernetes_look(struct source *head)
{
	struct source_kubernetes *s = (struct source_kubernetes *)head;

	if (s->client.fetcher != NULL)
		look_what_is_wanted(s);
	/* Who cannot say yet who we are has nothing to wait for if it was so before. */
	s->awaited = s->client.fetcher != NULL ? !all_answered(s) : !s->synced && anything_is_wanted(s);
	if (!s->awaited)
		everything_told(s);
	return !s->awaited;
}

/* ---- how requests went ---- */

static void
on_put(void *ctx, struct kube_watch *w, const char *name_space, const char *name, const json_t *value)
{
	struct source_kubernetes *s = ctx;
	const struct kube_kind *k = kube_watch_kind(w);

	if (s->keys != NULL)
		kube_keys_put(s->keys, k, name_space, name, value);
	else
		s->h->put(s->ctx, k->kind, name_space, name, value);
}

static void
on_del(void *ctx, struct kube_watch *w, const char *name_space, const char *name)
{
	struct source_kubernetes *s = ctx;
	const struct kube_kind *k = kube_watch_kind(w);

	if (s->keys != NULL)
		kube_keys_del(s->keys, k, name_space, name);
	else
		s->h->del(s->ctx, k->kind, name_space, name);
}

static struct entry *
entry_of(struct source_kubernetes *s, const struct kube_watch *w)
{
	struct entry *e = LIST_FIRST(&s->entries);

	while (e != NULL && e->w != w)
		e = LIST_NEXT(e, entry);
	ASSERT(e != NULL);
	return e;
}

static void
on_trouble(void *ctx, struct kube_watch *w, const char *text)
{
	struct source_kubernetes *s = ctx;

	s->h->trouble(s->ctx, entry_of(s, w)->what, text);
}

static bool
on_went(void *ctx, struct kube_watch *w, const struct fetch_result *r)
{
	struct source_kubernetes *s = ctx;
	struct entry *e = entry_of(s, w);
	bool answered = r->outcome == FETCH_ANSWERED;
	enum renewal renewal;

	e->failed = !answered || r->status >= 300;
	e->refused = answered && (r->status == 403 || r->status == 404);
	renewal = access_renew(s, r);
	if (renewal == RENEWED)
		return true;
	if (renewal == MISREAD)
		return false; /* which was told */
	if (r->outcome == FETCH_UNTRUSTED)
		server_untrusted(s, r->error);
	else if (r->outcome == FETCH_UNREACHABLE)
		server_trouble(s, r->error);
	else if (answered && r->status < 500)
		trouble_over(s);
	if (answered && r->status == 404 && kube_watch_kind(w)->group == KUBE_CALICO &&
	    kube_now_ms() - s->served_ms > DISCOVERY_OLD_MS) {
		e->waiting = true;
		discover(s);
		return true;
	}
	return false;
}

/* ---- kinds ---- */

static char *
path_of(const struct source_kubernetes *s, const struct kube_kind *k, const char *name_space)
{
	switch (k->group) {
	case KUBE_CALICO:
		return xasprintf("/apis/%s/%s", s->group, k->plural);
	case KUBE_DISCOVERY:
		return xasprintf("/apis/discovery.k8s.io/v1/%s", k->plural);
	default:
		return name_space != NULL ? xasprintf("/api/v1/namespaces/%s/%s", name_space, k->plural)
					  : xasprintf("/api/v1/%s", k->plural);
	}
}

/* Takes path. secret: "namespace/name", NULL for a whole kind. */
static struct entry *
entry_add(struct source_kubernetes *s, const struct kube_kind *k, char *path, const char *secret)
{
	static const struct kube_watch_events events = {on_put, on_del, on_told, on_trouble, on_went};
	struct entry *e = xcalloc(1, sizeof(*e));
	const char *name = secret != NULL ? strchr(secret, '/') + 1 : NULL;

	e->key = xstrdup(secret);
	e->what =
	    secret != NULL ? xasprintf("%s %s", k->plural, secret) : xasprintf("%s %s", NAME, k->plural);
	e->w = kube_watch_new(&s->client, k, path, name, &events, s);
	LIST_INSERT_HEAD(&s->entries, e, entry);
	free(path);
	return e;
}

/* Those of the group that the server has, or has not. */
static void
kinds_settle(struct source_kubernetes *s)
{
	struct entry *e;
	bool any_absent = false;

	LIST_FOREACH(e, &s->entries, entry)
	{
		const struct kube_kind *k = kube_watch_kind(e->w);
		if (k->group != KUBE_CALICO)
			continue;
		bool there = json_object_get(s->served, k->plural) != NULL, was = !e->absent && !e->waiting;
		any_absent |= !there;
		e->waiting = false;
		if (there && !was)
			kube_watch_go(e->w);
		else if (!there && !e->absent)
			kube_watch_absent(e->w);
		e->absent = !there;
	}
	if (any_absent)
		arm(s, ABSENT_MS);
}

/* ---- discovery ---- */

static void
group_found(struct source_kubernetes *s, const char *group)
{
	struct entry *e;
	bool begun = s->group != NULL, another = begun && strcmp(s->group, group) != 0;

	s->group = group;
	for (size_t i = 0; i < kube_nkinds && !begun; i++)
		if (kube_kinds[i].when == KUBE_ALWAYS &&
		    !(s->no_blocks && strcmp(kube_kinds[i].kind, "BlockAffinity") == 0))
			kube_watch_go(
			    entry_add(s, &kube_kinds[i], path_of(s, &kube_kinds[i], NULL), NULL)->w);
	LIST_FOREACH(e, &s->entries, entry)
	if (another && kube_watch_kind(e->w)->group == KUBE_CALICO) {
		char *path = path_of(s, kube_watch_kind(e->w), NULL);
		kube_watch_move(e->w, path);
		e->waiting = true;
		free(path);
	}
}

static bool
discovery_failed(struct source_kubernetes *s, const struct fetch_result *r)
{
	struct str text = {0};
	enum renewal renewal;

	if (r->outcome == FETCH_ANSWERED && r->status == 200)
		return false;
	renewal = access_renew(s, r);
	if (renewal == RENEWED)
		return true;
	kube_client_describe(r, &text);
	if (renewal == AS_BEFORE && r->outcome == FETCH_UNTRUSTED)
		server_untrusted(s, str_get(&text));
	else if (renewal == AS_BEFORE)
		server_trouble(s, str_get(&text));
	str_free(&text);
	later(s, r->retry_after_s);
	return true;
}

static void
discovery_wrong(struct source_kubernetes *s, const char *what)
{
	server_trouble(s, what);
	later(s, 0);
}

/* The names that the group has. */
static void
on_resources(void *ctx, const struct fetch_result *r)
{
	struct source_kubernetes *s = ctx;
	json_t *answer, *resources, *one, *names;
	size_t i;

	s->fetch = NULL;
	if (discovery_failed(s, r))
		return;
	answer = json_loadb(r->body, r->len, 0, NULL);
	resources = json_object_get(answer, "resources");
	if (json_array_size(resources) > 0) {
		names = json_object();
		json_array_foreach(resources, i, one)
		{
			const char *name = json_string_value(json_object_get(one, "name"));
			if (name != NULL)
				json_object_set_new(names, name, json_true());
		}
		json_decref(s->served);
		s->served = names;
		s->served_ms = kube_now_ms();
		backoff_reset(&s->backoff);
		trouble_over(s);
		group_found(s, s->asked);
		kinds_settle(s);
	} else {
		discovery_wrong(s, "found no list of resources");
	}
	json_decref(answer);
}

static void
resources_ask(struct source_kubernetes *s, const char *group)
{
	char *path = xasprintf("/apis/%s", group);
	struct str err = {0};

	s->asked = group;
	s->fetch = kube_client_get(&s->client, path, DISCOVERY_IDLE_MS, NULL, on_resources, s, &err);
	if (s->fetch == NULL)
		discovery_wrong(s, str_get(&err));
	str_free(&err);
	free(path);
}

/* ---- discovery of what is to be keys ---- */

static void resource_look(struct source_kubernetes *s);

/* list NULL: the server does not have its version either. */
static void
resource_take(struct source_kubernetes *s, struct kube_resource *r, const json_t *list)
{
	char *what = xasprintf("%s %s", NAME, r->plural), *text, *path;

	if (kube_resource_find(r, list)) {
		if (r->absent)
			s->h->trouble(s->ctx, what, NULL);
		path = s->name_space != NULL && r->kind.has_namespace
			   ? xasprintf("%s/namespaces/%s/%s", r->path, s->name_space, r->plural)
			   : xasprintf("%s/%s", r->path, r->plural);
		kube_watch_go(entry_add(s, &r->kind, path, NULL)->w);
	} else {
		text = xasprintf("the server has no %s in %s", r->plural, r->version);
		r->absent = true;
		s->h->trouble(s->ctx, what, text);
		free(text);
	}
	free(what);
}

static void
on_version(void *ctx, const struct fetch_result *r)
{
	struct source_kubernetes *s = ctx;
	bool absent = r->outcome == FETCH_ANSWERED && r->status == 404;
	json_t *answer, *list;

	s->fetch = NULL;
	if (!absent && discovery_failed(s, r))
		return;
	answer = json_loadb(r->body, r->len, 0, NULL);
	list = json_object_get(answer, "resources");
	if (absent || json_array_size(list) > 0) {
		trouble_over(s);
		resource_take(s, &s->resources[s->at++], absent ? NULL : list);
		resource_look(s);
	} else {
		discovery_wrong(s, "found no list of resources");
	}
	json_decref(answer);
}

/* The next one that was not found yet. */
static void
resource_look(struct source_kubernetes *s)
{
	struct str err = {0};

	while (s->at < s->nresources && s->resources[s->at].kind.kind != NULL)
		s->at++;
	if (s->at == s->nresources) {
		if (!all_found(s))
			later(s, 0);
		return;
	}
	s->fetch = kube_client_get(&s->client, s->resources[s->at].path, DISCOVERY_IDLE_MS, NULL, on_version,
				   s, &err);
	if (s->fetch == NULL)
		discovery_wrong(s, str_get(&err));
	str_free(&err);
}

/* ---- discovery of Calico's group ---- */

static bool
has_group(const json_t *groups, const char *wanted)
{
	json_t *group, *version;
	size_t i, j;

	json_array_foreach(groups, i, group)
	    json_array_foreach(json_object_get(group, "versions"), j, version)
	{
		const char *is = json_string_value(json_object_get(version, "groupVersion"));
		if (is != NULL && strcmp(is, wanted) == 0)
			return true;
	}
	return false;
}

/* Both are there where Calico's own API server runs: then the first one has the truth. */
static void
on_groups(void *ctx, const struct fetch_result *r)
{
	struct source_kubernetes *s = ctx;
	json_t *answer, *groups;

	s->fetch = NULL;
	if (discovery_failed(s, r))
		return;
	answer = json_loadb(r->body, r->len, 0, NULL);
	groups = json_object_get(answer, "groups");
	if (has_group(groups, GROUP_V1))
		resources_ask(s, GROUP_V1);
	else if (has_group(groups, GROUP_V3))
		resources_ask(s, GROUP_V3);
	else
		discovery_wrong(s, "found neither " GROUP_V1 " nor " GROUP_V3);
	json_decref(answer);
}

static void
discover(struct source_kubernetes *s)
{
	struct str err = {0};

	if (s->fetch != NULL)
		return;
	if (s->keys != NULL) {
		s->at = 0;
		resource_look(s);
		return;
	}
	if (s->group_wanted != NULL) {
		resources_ask(s, s->group_wanted);
		return;
	}
	s->fetch = kube_client_get(&s->client, "/apis", DISCOVERY_IDLE_MS, NULL, on_groups, s, &err);
	if (s->fetch == NULL)
		discovery_wrong(s, str_get(&err));
	str_free(&err);
}

/* ---- begin and end ---- */

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct source_kubernetes *s = ctx;

	(void)fd;
	(void)what;
	if (s->client.fetcher == NULL && !access_read(s)) {
		later(s, 0);
	} else if (!s->wanted_only) {
		discover(s);
	} else if (s->awaited) {
		look_what_is_wanted(s);
		settle(s);
	}
}

static json_t *
status(const struct source *head)
{
	const struct source_kubernetes *s = (const struct source_kubernetes *)head;
	json_t *kinds = json_array();
	const struct entry *e;

	LIST_FOREACH(e, &s->entries, entry)
	json_array_append_new(kinds, kube_watch_json(e->w));
	return json_pack("{s:s*, s:s*, s:o}", "server", s->client.access.server, "group", s->group, "kinds",
			 kinds);
}

static void
stop(struct source *head)
{
	struct source_kubernetes *s = (struct source_kubernetes *)head;
	struct entry *e;

	while ((e = LIST_FIRST(&s->entries)) != NULL)
		entry_free(e);
	fetcher_free(s->client.fetcher);
	kube_access_fini(&s->client.access);
	event_free(s->timer);
	json_decref(s->served);
	kube_keys_free(s->keys);
	for (unsigned i = 0; i < s->nresources; i++)
		kube_resource_fini(&s->resources[i]);
	free(s->resources);
	free(s->name_space);
	free(s->kubeconfig);
	free(s->node);
	free(s->group_wanted);
	free(s);
}

static void
resources_take(struct source_kubernetes *s, const struct source_kubernetes_conf *conf)
{
	if (conf->nresources == 0)
		return;
	s->keys = kube_keys_new(s->h, s->ctx);
	s->name_space = xstrdup(conf->name_space);
	s->resources = xcalloc(conf->nresources, sizeof(*s->resources));
	for (unsigned i = 0; i < conf->nresources; i++) {
		bool good = kube_resource_init(&s->resources[i], conf->resources[i]);
		ASSERT(good); /* the configuration was checked */
	}
	s->nresources = conf->nresources;
}

struct source *
source_kubernetes_start(struct event_base *base, const struct source_kubernetes_conf *conf,
			const struct source_handler *h, void *ctx)
{
	static const struct source_ops ops = {.type = NAME, .stop = stop, .status = status};
	struct source_kubernetes *s = xcalloc(1, sizeof(*s));

	s->head = (struct source){.ops = &ops, .name = NAME};
	s->h = h;
	s->ctx = ctx;
	s->kubeconfig = xstrdup(conf->kubeconfig);
	s->group_wanted = xstrdup(conf->group);
	s->node = xstrdup(conf->node);
	s->no_blocks = conf->no_blocks;
	s->wanted_only = conf->wanted_only;
	resources_take(s, conf);
	s->backoff = (struct backoff){.min_ms = BACKOFF_MIN_MS, .max_ms = BACKOFF_MAX_MS};
	s->client.base = base;
	s->client.node = s->node;
	s->client.rate_per_s = conf->rate_per_s;
	s->client.burst = conf->burst;
	LIST_INIT(&s->entries);
	s->timer = evtimer_new(base, on_timer, s);
	ASSERT(s->timer != NULL);
	arm(s, 0);
	return &s->head;
}
