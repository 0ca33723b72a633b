/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube_watch: see kube.h. One collection is listed, page by page, and then watched from the version of that
 * list on.
 *
 * - What is kept of an object is its name and a hash, so that only differences are told, also after a list:
 * what is not in it goes when the whole of it has come, not before.
 * - The first list takes what the server has at hand (version 0); later ones what is not older than what we
 * know. Where that cannot be had, or the server went back in time, the list is a consistent one.
 * - A watch that ends in good order goes on from the last version. When the connection broke the server may
 * have been restored from a backup: then a list of one object shows first which version there is.
 * - 410 Gone is a new list.
 * - A watch without a word is taken for one that hangs, but bookmarks are no promise: a server that is well
 * and has none to give is waited for twice as long the next time.
 * - What is not understood ends the request. Nothing of it is taken, and it is tried again later and later.
 */
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/tree.h>

#include "conf/backoff.h"
#include "conf/kube.h"
#include "conf/value.h"
#include "lib/loop.h"
#include "lib/mem.h"

#define PAGE_LIMIT        500
#define LIST_IDLE_MS      30000
#define WATCH_IDLE_MS     90000 /* bookmarks come each minute, where they come */
#define QUIET_MAX         3     /* doublings of that, which is longer than a watch */
#define WATCH_MIN_S       300 /* what the server is asked to end a watch after: this, and up to as much again */
#define SETTLED_MS        5000 /* a watch that has lived so long is a good one */
#define BACKOFF_MIN_MS    250
#define BACKOFF_MAX_MS    30000
#define RETRY_AFTER_MAX_S 300
#define SAME_VERSION_MAX  5 /* watches from one version that may fail before it is listed anew */

enum step { STEP_LIST, STEP_PROBE, STEP_WATCH };

struct known {
	RB_ENTRY(known) entry;
	uint64_t hash;
	uint32_t round;   /* of lists, the last that had it */
	const char *name; /* "namespace/name", or "name" */
	char text[];
};
RB_HEAD(known_tree, known);

struct kube_watch {
	struct kube_client *c;
	const struct kube_kind *kind;
	char *path, *name;
	const struct kube_watch_events *events;
	void *ctx;

	struct known_tree known;
	size_t nknown;
	uint32_t round;
	char *version; /* of what was told; NULL: none yet */
	bool listed;
	bool changed; /* since told was called */

	enum step step;  /* the next one, or the one under way */
	bool consistent; /* how to list */
	char *page;      /* the list goes on here */
	struct event *timer;
	struct fetch *fetch;
	struct kube_split split;
	bool looked; /* the list under way is one of this kind, as far as it came */
	bool good;   /* the watch under way has shown something */
	bool relist; /* it has shown that the version is of no use */
	uint64_t began_ms;
	struct backoff asks, watches; /* waits after lists and probes that fail, and after watches */
	unsigned watches_failed;      /* from this version, in a row */
	unsigned quiet;               /* watches in a row that had nothing to say for too long */
	bool in_trouble;
	enum step trouble_step;
	char wrong[120]; /* what could not be understood */
};

static int
known_cmp(const struct known *a, const struct known *b)
{
	return strcmp(a->name, b->name);
}

RB_PROTOTYPE(known_tree, known, entry, known_cmp)
RB_GENERATE(known_tree, known, entry, known_cmp)

/* ---- what is known ---- */

static struct known *
known_find(struct kube_watch *w, const char *name)
{
	struct known key = {.name = name};

	return RB_FIND(known_tree, &w->known, &key);
}

static struct known *
known_add(struct kube_watch *w, const char *name)
{
	size_t len = strlen(name) + 1;
	struct known *k = xcalloc(1, sizeof(*k) + len);

	memcpy(k->text, name, len);
	k->name = k->text;
	RB_INSERT(known_tree, &w->known, k);
	w->nknown++;
	return k;
}

static void
known_drop(struct kube_watch *w, struct known *k)
{
	RB_REMOVE(known_tree, &w->known, k);
	w->nknown--;
	free(k);
}

static void
tell_del(struct kube_watch *w, struct known *k)
{
	char *name = xstrdup(k->name), *rest = name,
	     *space = w->kind->has_namespace ? strsep(&rest, "/") : NULL;

	w->events->del(w->ctx, w, space, rest);
	free(name);
	w->changed = true;
	known_drop(w, k);
}

static void
told(struct kube_watch *w)
{
	bool changed = w->changed;

	w->changed = false;
	w->events->told(w->ctx, w, changed);
}

/* ---- objects ---- */

static int
wrong(struct kube_watch *w, const char *text)
{
	snprintf(w->wrong, sizeof(w->wrong), "%s", text);
	return -1;
}

/* Names are of a few letters in Kubernetes; one with a slash would be two. */
static bool
is_name(const char *name)
{
	return name != NULL && *name != '\0' && strlen(name) <= 512 && strchr(name, '/') == NULL;
}

/* "namespace/name", the caller's; NULL: it is not an object of this kind. */
static char *
name_of(const struct kube_watch *w, const json_t *object)
{
	const json_t *meta = json_object_get(object, "metadata");
	const char *name = json_string_value(json_object_get(meta, "name")),
		   *space = json_string_value(json_object_get(meta, "namespace"));
	const char *kind = json_string_value(json_object_get(object, "kind"));

	if (!is_name(name) || (kind != NULL && strcmp(kind, w->kind->kind) != 0) ||
	    (w->kind->has_namespace && !is_name(space)))
		return NULL;
	if (w->name != NULL && strcmp(w->name, name) != 0)
		return NULL;
	return w->kind->has_namespace ? xasprintf("%s/%s", space, name) : xstrdup(name);
}

static int
object_there(struct kube_watch *w, const json_t *object)
{
	char *name = name_of(w, object);

	if (name == NULL)
		return wrong(w, "found an object of another kind, or without a name");
	struct known *k = known_find(w, name);
	json_t *resource = w->kind->resource(w->kind, object, w->c->node);
	if (resource == NULL) {
		if (k != NULL)
			tell_del(w, k);
	} else {
		uint64_t hash = value_hash(resource);
		const json_t *meta = json_object_get(object, "metadata");
		if (k == NULL)
			k = known_add(w, name);
		k->round = w->round;
		if (k->hash != hash) {
			w->events->put(w->ctx, w,
				       w->kind->has_namespace
					   ? json_string_value(json_object_get(meta, "namespace"))
					   : NULL,
				       json_string_value(json_object_get(meta, "name")), resource);
			w->changed = true;
		}
		k->hash = hash;
		json_decref(resource);
	}
	free(name);
	return 0;
}

static int
object_gone(struct kube_watch *w, const json_t *object)
{
	char *name = name_of(w, object);

	if (name == NULL)
		return wrong(w, "found an object of another kind, or without a name");
	struct known *k = known_find(w, name);
	if (k != NULL)
		tell_del(w, k);
	free(name);
	return 0;
}

/* ---- versions ---- */

/* Is a an earlier one than b? Those that are no numbers cannot be compared. */
static bool
is_before(const char *a, const char *b)
{
	char *end_a, *end_b;

	if (a == NULL || b == NULL)
		return false;
	unsigned long long x = strtoull(a, &end_a, 10), y = strtoull(b, &end_b, 10);

	return *a != '\0' && *b != '\0' && *end_a == '\0' && *end_b == '\0' && x < y;
}

/* What can stand in a query as it is; NULL: it is none. */
static const char *
version_of(const json_t *object)
{
	const char *v =
	    json_string_value(json_object_get(json_object_get(object, "metadata"), "resourceVersion"));

	if (v == NULL || *v == '\0' || strlen(v) > 40 ||
	    strspn(v, "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ") != strlen(v))
		return NULL;
	return v;
}

static void
version_set(struct kube_watch *w, const char *version)
{
	ASSERT(version != NULL); /* or there was no whole list, no good event */
	if (w->version == NULL || strcmp(w->version, version) != 0)
		w->watches_failed = 0;
	char *copy = xstrdup(version);
	free(w->version);
	w->version = copy;
}

/* ---- trouble, and when to try again ---- */

static void
trouble(struct kube_watch *w, const char *text)
{
	w->in_trouble = true;
	w->trouble_step = w->step;
	w->events->trouble(w->ctx, w, text);
}

/* What is well takes its own trouble away; a watch that is well takes any. */
static void
well(struct kube_watch *w)
{
	if (w->in_trouble && (w->step == STEP_WATCH || w->trouble_step != STEP_WATCH)) {
		w->in_trouble = false;
		w->events->trouble(w->ctx, w, NULL);
	}
}

static void
arm(struct kube_watch *w, unsigned ms)
{
	timer_after_ms(w->timer, ms);
}

/* The step under way is over, and what follows has to wait. */
static void
later(struct kube_watch *w, unsigned retry_after_s)
{
	struct backoff *b = w->step == STEP_WATCH ? &w->watches : &w->asks;
	unsigned least = (retry_after_s < RETRY_AFTER_MAX_S ? retry_after_s : RETRY_AFTER_MAX_S) * 1000;

	arm(w, backoff_next(b) + least);
}

static void
page_drop(struct kube_watch *w)
{
	free(w->page);
	w->page = NULL;
}

static void
failed(struct kube_watch *w, const char *text, unsigned retry_after_s, enum step s)
{
	trouble(w, text);
	if (w->step == STEP_WATCH && ++w->watches_failed >= SAME_VERSION_MAX) {
		w->watches_failed = 0;
		s = STEP_LIST;
	}
	later(w, retry_after_s);
	w->step = s;
	told(w);
}

/* An answer that is no success, or none; s is tried next. */
static void
failed_by(struct kube_watch *w, const struct fetch_result *r, enum step s)
{
	struct str text = {0};

	if (r->outcome == FETCH_UNREACHABLE || r->outcome == FETCH_UNTRUSTED) {
		later(w, 0);
		w->step = s;
		told(w);
		return;
	}
	kube_client_describe(r, &text);
	failed(w, str_get(&text), r->retry_after_s, s);
	str_free(&text);
}

static bool
is_success(const struct fetch_result *r)
{
	return r->outcome == FETCH_ANSWERED && r->status >= 200 && r->status < 300;
}

/* ---- lists ---- */

/* A text with a NUL, which anybody may write into an annotation, is one as well. */
static json_t *
parse(const char *text, size_t len)
{
	return json_loadb(text, len, JSON_ALLOW_NUL, NULL);
}

/* kind: that of the list. A custom resource, whose group has a domain, may call its list as it likes;
 * discovery does not tell how. */
static bool
is_our_list(const struct kube_watch *w, const json_t *list, const char *kind)
{
	const char *version = json_string_value(json_object_get(list, "apiVersion")), *own = w->kind->version;
	bool is_custom = own != NULL && strcspn(own, ".") < strcspn(own, "/");
	size_t n = strlen(w->kind->kind);

	return (strncmp(kind, w->kind->kind, n) == 0 && strcmp(kind + n, "List") == 0) ||
	       (is_custom && version != NULL && strcmp(version, own) == 0);
}

/* At the first item, which itself need not say what it is: what is known of the list by then. */
static bool
list_begin_is_wrong(struct kube_watch *w)
{
	struct str text = {0};
	json_t *begin;
	const char *kind;
	bool is_wrong;

	str_addf(&text, "%s]}", str_get(&w->split.around));
	begin = parse(text.s, text.len);
	kind = json_string_value(json_object_get(begin, "kind"));
	is_wrong = kind != NULL && !is_our_list(w, begin, kind);
	json_decref(begin);
	str_free(&text);
	return is_wrong;
}

static int
on_item(void *ctx, const char *text, size_t len)
{
	struct kube_watch *w = ctx;
	json_t *object;
	int rc;

	if (!w->looked && list_begin_is_wrong(w))
		return wrong(w, "found a list of another kind");
	w->looked = true;
	object = parse(text, len);
	rc = object != NULL ? object_there(w, object) : wrong(w, "found no JSON in a list");
	json_decref(object);
	return rc;
}

/* Gives up what is under way for what is wrong with it. */
static void
give_up(struct kube_watch *w, enum step s)
{
	fetch_cancel(w->fetch);
	w->fetch = NULL;
	failed(w, w->wrong[0] != '\0' ? w->wrong : "found no JSON", 0, s);
}

static void
on_list_piece(void *ctx, const char *data, size_t len)
{
	struct kube_watch *w = ctx;

	w->wrong[0] = '\0';
	if (kube_split_feed(&w->split, data, len, on_item, w) != 0)
		give_up(w, STEP_LIST);
}

/* What is around the items of a list that is whole, NULL: it is none. */
static json_t *
list_end(struct kube_watch *w)
{
	json_t *list =
	    kube_split_is_whole(&w->split) ? parse(str_get(&w->split.around), w->split.around.len) : NULL;
	const char *kind = json_string_value(json_object_get(list, "kind"));

	if (kind != NULL && is_our_list(w, list, kind) && version_of(list) != NULL)
		return list;
	json_decref(list);
	return NULL;
}

/* What the list did not have is gone. */
static void
list_done(struct kube_watch *w, const char *version)
{
	struct known *k, *after;

	for (k = RB_MIN(known_tree, &w->known); k != NULL; k = after) {
		after = RB_NEXT(known_tree, &w->known, k);
		if (k->round != w->round)
			tell_del(w, k);
	}
	version_set(w, version);
	w->listed = true;
	w->consistent = false;
	page_drop(w);
	backoff_reset(&w->asks);
	well(w);
	w->step = STEP_WATCH;
	arm(w, 0);
	told(w);
}

static void
list_took(struct kube_watch *w)
{
	json_t *list = list_end(w);
	const char *version = list != NULL ? version_of(list) : NULL;
	const char *page = json_string_value(json_object_get(json_object_get(list, "metadata"), "continue"));

	if (list == NULL) {
		char text[80];
		snprintf(text, sizeof(text), "found no whole %sList", w->kind->kind);
		failed(w, text, 0, STEP_LIST);
	} else if (page != NULL && *page != '\0') {
		backoff_reset(&w->asks);
		free(w->page);
		w->page = xstrdup(page);
		arm(w, 0);
	} else if (!w->consistent && w->version != NULL && is_before(version, w->version)) {
		w->consistent = true;
		page_drop(w);
		failed(w, "found an older list than the last one", 0, STEP_LIST);
	} else {
		list_done(w, version);
	}
	json_decref(list);
}

static void
on_list_done(void *ctx, const struct fetch_result *r)
{
	struct kube_watch *w = ctx;

	w->fetch = NULL;
	if (w->events->went(w->ctx, w, r))
		return;
	if (is_success(r)) {
		list_took(w);
		return;
	}
	/* Pages that are too old, or a version that this server does not have. */
	if (r->outcome == FETCH_ANSWERED && (r->status == 410 || r->status == 504))
		w->consistent = true;
	/* Pages go on where they were, unless they are gone, or are none to this server. */
	if (r->outcome == FETCH_ANSWERED && (r->status == 410 || r->status == 400))
		page_drop(w);
	failed_by(w, r, STEP_LIST);
}

/* ---- a look at the version ---- */

static int
ignore_item(void *ctx, const char *text, size_t len)
{
	(void)ctx;
	(void)text;
	(void)len;
	return 0;
}

static void
on_probe_piece(void *ctx, const char *data, size_t len)
{
	struct kube_watch *w = ctx;

	w->wrong[0] = '\0';
	if (kube_split_feed(&w->split, data, len, ignore_item, w) != 0)
		give_up(w, STEP_PROBE);
}

static void
on_probe_done(void *ctx, const struct fetch_result *r)
{
	struct kube_watch *w = ctx;
	json_t *list;

	w->fetch = NULL;
	if (w->events->went(w->ctx, w, r))
		return;
	list = is_success(r) ? list_end(w) : NULL;
	w->quiet = list != NULL ? w->quiet : 0;
	if (!is_success(r)) {
		failed_by(w, r, STEP_PROBE);
	} else if (list == NULL) {
		failed(w, "found no whole list", 0, STEP_PROBE);
	} else {
		w->consistent = is_before(version_of(list), w->version);
		backoff_reset(&w->asks);
		well(w);
		w->step = w->consistent ? STEP_LIST : STEP_WATCH;
		arm(w, 0);
	}
	json_decref(list);
}

/* ---- watches ---- */

static int
on_error_event(struct kube_watch *w, const json_t *object)
{
	const char *message = json_string_value(json_object_get(object, "message"));
	json_int_t code = json_integer_value(json_object_get(object, "code"));

	w->relist = code == 410;
	/* A version that is too old is how it goes, no trouble. */
	snprintf(w->wrong, sizeof(w->wrong), "the watch says %lld: %.80s", (long long)code,
		 message != NULL ? message : "");
	for (char *s = w->wrong; *s != '\0'; s++)
		if (*s < ' ' || *s > '~')
			*s = '?';
	return -1;
}

static int
event_take(struct kube_watch *w, const json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "type"));
	const json_t *object = json_object_get(event, "object");
	const char *version = version_of(object);
	int rc;

	if (type == NULL || !json_is_object(object))
		return wrong(w, "found no event in a watch");
	if (strcmp(type, "ERROR") == 0)
		return on_error_event(w, object);
	if (version == NULL)
		return wrong(w, "found an event without a version");
	if (is_before(version, w->version)) {
		w->relist = w->consistent = true;
		return wrong(w, "found an event that is older than the last one");
	}
	if (strcmp(type, "BOOKMARK") == 0)
		rc = 0;
	else if (strcmp(type, "ADDED") == 0 || strcmp(type, "MODIFIED") == 0)
		rc = object_there(w, object);
	else if (strcmp(type, "DELETED") == 0)
		rc = object_gone(w, object);
	else
		rc = wrong(w, "found an event of an unknown type");
	if (rc == 0) {
		version_set(w, version);
		w->good = true;
	}
	if (rc == 0 && strcmp(type, "BOOKMARK") == 0)
		w->quiet = 0;
	return rc;
}

static int
on_event(void *ctx, const char *text, size_t len)
{
	struct kube_watch *w = ctx;
	json_t *event = parse(text, len);
	int rc = event != NULL ? event_take(w, event) : wrong(w, "found no JSON in a watch");

	json_decref(event);
	return rc;
}

static void
settled(struct kube_watch *w)
{
	backoff_reset(&w->watches);
	w->watches_failed = 0;
	well(w);
}

/* A version is gone: it is listed anew, at once unless that was so the last time, too. */
static void
gone(struct kube_watch *w)
{
	if (w->good)
		arm(w, 0);
	else
		later(w, 0);
	w->step = STEP_LIST;
	told(w);
}

static void
on_watch_piece(void *ctx, const char *data, size_t len)
{
	struct kube_watch *w = ctx;
	int rc;

	w->wrong[0] = '\0';
	rc = kube_split_feed(&w->split, data, len, on_event, w);
	if (w->good)
		settled(w);
	if (rc != 0 && w->relist) {
		fetch_cancel(w->fetch);
		w->fetch = NULL;
		gone(w);
	} else if (rc != 0) {
		give_up(w, STEP_PROBE);
	} else if (w->changed) {
		told(w);
	}
}

static void
on_watch_done(void *ctx, const struct fetch_result *r)
{
	struct kube_watch *w = ctx;
	bool lived = w->good || kube_now_ms() - w->began_ms >= SETTLED_MS;

	w->fetch = NULL;
	event_del(w->timer);
	if (r->outcome == FETCH_LATE && w->quiet < QUIET_MAX)
		w->quiet++;
	if (w->events->went(w->ctx, w, r))
		return;
	if (r->outcome == FETCH_ANSWERED && r->status == 410) {
		gone(w);
	} else if ((lived || w->watches_failed == 0) &&
		   (r->outcome == FETCH_BROKEN || r->outcome == FETCH_LATE)) {
		/* How servers go, and how quiet they are: whether that is trouble is seen next. */
		w->watches_failed = !lived;
		later(w, 0);
		w->step = STEP_PROBE;
	} else if (!is_success(r)) {
		failed_by(w, r, r->outcome == FETCH_ANSWERED ? STEP_WATCH : STEP_PROBE);
	} else if (!kube_split_is_whole(&w->split)) {
		failed(w, "the watch ended within an event", 0, STEP_PROBE);
	} else if (lived) {
		settled(w);
		arm(w, 0);
	} else {
		later(w, 0);
	}
}

/* ---- requests ---- */

static void
path_add(const struct kube_watch *w, struct str *out)
{
	str_addf(out, "%s?", w->path);
	if (w->name != NULL) {
		str_add(out, "fieldSelector=metadata.name%3D");
		kube_query_add(out, w->name);
		str_add(out, "&");
	}
	switch (w->step) {
	case STEP_PROBE:
		str_add(out, "limit=1");
		break;
	case STEP_LIST:
		str_addf(out, "limit=%d", PAGE_LIMIT);
		if (w->page != NULL) {
			str_add(out, "&continue=");
			kube_query_add(out, w->page);
		} else if (!w->consistent && w->version == NULL) {
			str_add(out, "&resourceVersion=0");
		} else if (!w->consistent) {
			str_addf(out, "&resourceVersion=%s&resourceVersionMatch=NotOlderThan", w->version);
		}
		break;
	case STEP_WATCH:
		str_addf(out, "watch=1&resourceVersion=%s&allowWatchBookmarks=true&timeoutSeconds=%u",
			 w->version, WATCH_MIN_S + arc4random_uniform(WATCH_MIN_S));
		break;
	}
}

static void
request(struct kube_watch *w)
{
	static const struct {
		unsigned idle_ms;
		fetch_piece_fn *piece;
		fetch_done_fn *done;
	} steps[] = {[STEP_LIST] = {LIST_IDLE_MS, on_list_piece, on_list_done},
		     [STEP_PROBE] = {LIST_IDLE_MS, on_probe_piece, on_probe_done},
		     [STEP_WATCH] = {WATCH_IDLE_MS, on_watch_piece, on_watch_done}};
	struct str path = {0}, err = {0};

	path_add(w, &path);
	kube_split_begin(&w->split, w->step != STEP_WATCH);
	if (w->step == STEP_LIST && w->page == NULL)
		w->round++;
	w->looked = w->good = w->relist = false;
	w->began_ms = kube_now_ms();
	w->fetch = kube_client_get(w->c, str_get(&path),
				   steps[w->step].idle_ms << (w->step == STEP_WATCH ? w->quiet : 0),
				   steps[w->step].piece, steps[w->step].done, w, &err);
	if (w->fetch == NULL)
		failed(w, str_get(&err), 0, w->step);
	else if (w->step == STEP_WATCH)
		arm(w, SETTLED_MS);
	str_free(&path);
	str_free(&err);
}

static void
step(struct kube_watch *w)
{
	unsigned wait_ms = kube_client_wait_ms(w->c);

	if (wait_ms > 0)
		arm(w, wait_ms);
	else
		request(w);
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct kube_watch *w = ctx;

	(void)fd;
	(void)what;
	if (w->fetch == NULL)
		step(w);
	else
		settled(w);
}

/* ---- begin and end ---- */

struct kube_watch *
kube_watch_new(struct kube_client *c, const struct kube_kind *kind, const char *path, const char *name,
	       const struct kube_watch_events *events, void *ctx)
{
	struct kube_watch *w = xcalloc(1, sizeof(*w));

	*w = (struct kube_watch){.c = c,
				 .kind = kind,
				 .path = xstrdup(path),
				 .name = xstrdup(name),
				 .events = events,
				 .ctx = ctx,
				 .step = STEP_LIST,
				 .asks = {.min_ms = BACKOFF_MIN_MS, .max_ms = BACKOFF_MAX_MS},
				 .watches = {.min_ms = BACKOFF_MIN_MS, .max_ms = BACKOFF_MAX_MS}};
	RB_INIT(&w->known);
	w->timer = evtimer_new(c->base, on_timer, w);
	ASSERT(w->timer != NULL);
	return w;
}

void
kube_watch_pause(struct kube_watch *w)
{
	if (w->fetch != NULL)
		fetch_cancel(w->fetch);
	w->fetch = NULL;
	event_del(w->timer);
	if (w->step == STEP_WATCH)
		w->step = STEP_PROBE;
}

void
kube_watch_go(struct kube_watch *w)
{
	if (w->fetch == NULL)
		arm(w, 0);
}

void
kube_watch_absent(struct kube_watch *w)
{
	struct known *k;

	kube_watch_pause(w);
	while ((k = RB_MIN(known_tree, &w->known)) != NULL)
		tell_del(w, k);
	free(w->version);
	w->version = NULL;
	w->listed = true;
	w->step = STEP_LIST;
	page_drop(w);
	well(w);
	told(w);
}

void
kube_watch_move(struct kube_watch *w, const char *path)
{
	kube_watch_pause(w);
	if (path != NULL) {
		free(w->path);
		w->path = xstrdup(path);
	}
	free(w->version);
	w->version = NULL;
	w->step = STEP_LIST;
	page_drop(w);
}

void
kube_watch_withdraw(struct kube_watch *w)
{
	struct known *k;

	kube_watch_pause(w);
	while ((k = RB_MIN(known_tree, &w->known)) != NULL)
		tell_del(w, k);
	if (w->in_trouble)
		w->events->trouble(w->ctx, w, NULL);
	w->in_trouble = false;
}

void
kube_watch_free(struct kube_watch *w)
{
	struct known *k;

	kube_watch_pause(w);
	while ((k = RB_MIN(known_tree, &w->known)) != NULL)
		known_drop(w, k);
	event_free(w->timer);
	kube_split_fini(&w->split);
	free(w->version);
	free(w->page);
	free(w->path);
	free(w->name);
	free(w);
}

const struct kube_kind *
kube_watch_kind(const struct kube_watch *w)
{
	return w->kind;
}

bool
kube_watch_is_listed(const struct kube_watch *w)
{
	return w->listed;
}

json_t *
kube_watch_json(const struct kube_watch *w)
{
	static const char *const names[] = {
	    [STEP_LIST] = "listing", [STEP_PROBE] = "waiting", [STEP_WATCH] = "watching"};

	return json_pack("{s:s, s:s*, s:I, s:s*, s:s}", "kind", w->kind->kind, "name", w->name, "objects",
			 (json_int_t)w->nknown, "version", w->version, "state",
			 w->fetch != NULL ? names[w->step] : "waiting");
}
