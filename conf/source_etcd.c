/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_etcd: etcd v3 as a datastore; see source.h.
 *
 * One server at a time: log in (with a username), ask where it is in time, list what has to be listed, watch
 * from there.
 *
 *     WAIT → LOGIN → PROBE → LIST → WATCH
 *
 * Any step that fails goes on with the next server, at once until all have failed, and then after a wait.
 * Each range of keys has a watch of its own, taken up behind what was told of it: a request with several is
 * cut off by etcd's gateway where it speaks HTTP/1. While they last, the server is probed every so often,
 * since one that hangs keeps its connections.
 *
 * Everything is listed again when a watch begins before a compaction, and when time is another one: the
 * cluster's id has changed, or its revision or its term is lower than it was (a snapshot was restored). What
 * is gone is known, and told, only when a list is whole.
 *
 * An etcd that was restored may have passed our revision again before we come back, and have the same id and
 * term. What it does not have again is the length of its log, which begins anew with a snapshot, while each
 * revision takes an entry at least: a server whose log is shorter than that of the one before must have been,
 * plus the revisions since, is another one. So it is asked for at each connection, behind a probe, which sees
 * to it that the server has all that was told before; one that keeps it to itself is believed. (A log that
 * itself began with a snapshot a moment before can be outgrown, too; one that is as old as the keys cannot.)
 *
 * Of a list the next page is asked for before the one that came is told, so that the server makes it
 * meanwhile.
 */
#include <errno.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/backoff.h"
#include "conf/etcd.h"
#include "conf/load.h"
#include "conf/source.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"

#define CONNECT_MS     5000u
#define ANSWER_MS      10000u  /* for what a server has at hand, and between two pieces of a page */
#define PAGE_MS        120000u /* for a page as a whole, over whatever line */
#define PROBE_EVERY_MS 20000u
#define WATCH_IDLE_MS  (13u * 60 * 1000) /* etcd tells of its progress every ten minutes */
#define WAIT_MIN_MS    250u
#define WAIT_MAX_MS    5000u

#define PAGE_KEYS    500u
#define PAGE_MAX     (64u << 20) /* octets; a page that has more is asked for with fewer keys */
#define LINE_MAX_LEN (64u << 20) /* octets of one message of the watch */
#define PASSWORD_MAX 4096u
#define LISTS_MAX    3u /* in a row that a compaction cuts off, from which on the next one has to wait */

enum state { ETCD_WAIT, ETCD_IN_LOGIN, ETCD_PROBE, ETCD_LIST, ETCD_WATCH };

static const char *const state_names[] = {"waiting", "logging in", "connecting", "listing", "watching"};

struct source_etcd;

/* What changes in a range of keys. */
struct watch {
	struct source_etcd *source;
	const struct etcd_range *range;
	struct fetch *fetch; /* NULL: there is none under way */
	bool created;        /* it has begun */
	int64_t revision;    /* up to which it was told */
	struct str line;     /* the message that is coming, as far as it came */
	size_t seen;         /* octets of it among which there is no end */
};

struct source_etcd {
	struct source head;
	struct event_base *base;
	const struct source_handler *h;
	void *ctx;
	char **endpoints;
	unsigned nendpoints, at; /* at: the one that is asked */
	char *name, *username, *password, *password_file;
	struct fetcher *fetcher;
	struct etcd_store *store;

	enum state state;
	struct event *timer; /* of the wait, of the watch's beginning, or of the next probe */
	struct fetch *ask;   /* NULL: nothing is asked */
	struct backoff backoff;
	unsigned failed; /* in a row */
	bool proved;     /* the server was there for longer than a watch takes to begin */
	bool troubled, synced;
	char *token;
	unsigned logins;   /* again, since it went well the last time */
	bool login_is_off; /* this etcd knows no users */

	struct etcd_header now;   /* the newest of what was told */
	struct etcd_header asked; /* that when the probe under way began */
	bool is_other;            /* the server that is being connected to is not the one before */

	/* Entries in the log of that server, at least, when a revision was the newest; 0: not known. */
	int64_t entries, entries_revision;
	int64_t entries_now; /* of the one that is being connected to */

	const struct etcd_range *ranges;
	unsigned nranges;
	struct watch watches[ETCD_RANGES_MAX]; /* one for each */

	bool list_owed;            /* what was told is of no one time until a list has come as a whole */
	unsigned lists;            /* that a compaction cut off, since it went well the last time */
	unsigned range, page_keys; /* of the list: where it is */
	int64_t list_revision;
	char *after;
	json_t *page; /* that has come and was not told yet; NULL: none */
};

static void connect_next(struct source_etcd *s);
static void list_begin(struct source_etcd *s);
static void watches_begin(struct source_etcd *s);
static void probe(struct source_etcd *s);
static void entries_ask(struct source_etcd *s);

static void
timer_set(struct source_etcd *s, unsigned ms)
{
	timer_after_ms(s->timer, ms);
}

/* ---- ends ---- */

static void
cut_off(struct source_etcd *s)
{
	if (s->ask != NULL)
		fetch_cancel(s->ask);
	s->ask = NULL;
	json_decref(s->page);
	s->page = NULL;
	for (unsigned i = 0; i < s->nranges; i++) {
		struct watch *w = &s->watches[i];
		if (w->fetch != NULL)
			fetch_cancel(w->fetch);
		w->fetch = NULL;
		w->seen = 0;
		str_free(&w->line);
	}
	event_del(s->timer);
}

/* What was told so far is what there is, in groups as they come. */
static void
tell_synced(struct source_etcd *s)
{
	if (!etcd_store_changed(s->store) && s->synced)
		return;
	s->synced = true;
	s->h->synced(s->ctx);
}

/* The server cannot be used now: on to the next, and when that was tried, too, after a while. */
static void
fail(struct source_etcd *s, const char *why)
{
	const char *endpoint = s->endpoints[s->at];
	bool young = s->state == ETCD_WATCH && !s->proved;

	cut_off(s);
	s->at = (s->at + 1) % s->nendpoints;
	s->state = ETCD_WAIT;
	if (++s->failed % s->nendpoints != 0) {
		log_at(s->troubled ? LOG_DEBUG : LOG_INFO, "etcd.failover", LOG_S("from", endpoint),
		       LOG_S("to", s->endpoints[s->at]), LOG_S("error", why));
		/*
		 * Servers whose watches end at once are not to be asked without an end, and of those that had
		 * this one not all are to come to the next at the same moment.
		 */
		timer_set(s, young ? backoff_next(&s->backoff) : arc4random_uniform(WAIT_MIN_MS));
		return;
	}
	char *text = xasprintf("%s: %s%s", endpoint, why, s->synced ? ": what it said last stays" : "");
	s->troubled = true;
	s->h->trouble(s->ctx, s->name, text);
	free(text);
	timer_set(s, backoff_next(&s->backoff));
}

/* A refusal, by an answer or within the watch. Returns true if it was dealt with without a failure: a token
 * that has expired is replaced at once, but not one after the other. */
static bool
login_again(struct source_etcd *s, const char *text)
{
	if (s->username == NULL || etcd_refusal_of(text) != ETCD_LOGIN)
		return false;
	free(s->token);
	s->token = NULL;
	s->login_is_off = false;
	if (s->logins++ > 0)
		return false;
	cut_off(s);
	connect_next(s);
	return true;
}

/* ---- requests ---- */

static struct fetch *
post(struct source_etcd *s, const char *path, const struct str *body, const struct fetch_request *how)
{
	static const char *const headers[] = {"Content-Type: application/json",
					      "Grpc-Metadata-hasleader: true", NULL};
	const char *endpoint = s->endpoints[s->at];
	size_t len = strlen(endpoint);
	char *url = xasprintf("%.*s%s", (int)(len - (endpoint[len - 1] == '/')), endpoint, path);
	struct fetch_request q = *how;
	struct fetch *r;

	q.url = url;
	q.headers = headers;
	q.authorization = s->token;
	q.body = str_get(body);
	q.len = body->len;
	q.connect_ms = CONNECT_MS;
	r = fetch_start(s->fetcher, &q);
	free(url);
	return r;
}

static void
ask(struct source_etcd *s, const char *path, const struct str *body, fetch_done_fn *done)
{
	const struct fetch_request how = {.limit_ms = s->state == ETCD_LIST ? PAGE_MS : ANSWER_MS,
					  .idle_ms = ANSWER_MS,
					  .body_max = PAGE_MAX,
					  .done = done,
					  .ctx = s};

	s->ask = post(s, path, body, &how);
}

/* The answer of a request as JSON, a new reference; NULL after it was dealt with what is wrong. */
static json_t *
answer_of(struct source_etcd *s, const struct fetch_result *r)
{
	struct str text = {0};
	json_t *v = NULL;

	s->ask = NULL;
	if (r->outcome == FETCH_ANSWERED && r->status == 200) {
		v = json_loadb(r->body, r->len, 0, NULL);
		if (json_is_object(v))
			return v;
		json_decref(v);
		fail(s, "what it answers is no JSON");
		return NULL;
	}
	etcd_failure_text(r, &text);
	if (!login_again(s, str_get(&text)))
		fail(s, str_get(&text));
	str_free(&text);
	return NULL;
}

/* ---- who we are ---- */

/* NULL after it failed. The caller wipes and frees. */
static char *
password_read(struct source_etcd *s)
{
	char *text = NULL, *why;
	size_t len;
	int rc;

	if (s->password_file == NULL)
		return xstrdup(s->password);
	rc = tree_read(s->password_file, PASSWORD_MAX, &text, &len);
	if (rc == 0) {
		text[strcspn(text, "\r\n")] = '\0';
		return text;
	}
	why = xasprintf("%s: %s", s->password_file, strerror(-rc));
	fail(s, why);
	free(why);
	return NULL;
}

static void
on_login(void *ctx, const struct fetch_result *r)
{
	struct source_etcd *s = ctx;
	json_t *answer;

	s->login_is_off =
	    r->outcome == FETCH_ANSWERED && strstr(r->body, "authentication is not enabled") != NULL;
	if (s->login_is_off) {
		s->ask = NULL;
		probe(s);
		return;
	}
	answer = answer_of(s, r);
	if (answer == NULL)
		return;
	s->token = xstrdup(json_string_value(json_object_get(answer, "token")));
	json_decref(answer);
	if (s->token == NULL)
		fail(s, "it gives no token to who logs in");
	else
		probe(s);
}

static void
login(struct source_etcd *s)
{
	char *password = password_read(s);
	struct str body = {0};

	if (password == NULL)
		return;
	s->state = ETCD_IN_LOGIN;
	etcd_login_request(&body, s->username, password);
	ask(s, "/v3/auth/authenticate", &body, on_login);
	explicit_bzero(password, strlen(password));
	explicit_bzero(body.s, body.len);
	free(password);
	str_free(&body);
}

static void
connect_next(struct source_etcd *s)
{
	if (s->username != NULL && s->token == NULL && !s->login_is_off)
		login(s);
	else
		probe(s);
}

/* ---- where in time it is ---- */

/* Is the time of an answer behind the one that was known when it was asked for, or of another cluster? */
static bool
is_other_time(const struct etcd_header *was, const struct etcd_header *is)
{
	return is->cluster != was->cluster || is->revision < was->revision || is->term < was->term;
}

static void
time_take(struct source_etcd *s, const struct etcd_header *h)
{
	if (h->revision > s->now.revision)
		s->now.revision = h->revision;
	if (h->term > s->now.term)
		s->now.term = h->term;
}

/* While the watch goes on, the answer says that it goes well. */
static void
probe_good(struct source_etcd *s)
{
	s->proved = true;
	s->logins = s->lists = 0;
	backoff_reset(&s->backoff);
	timer_set(s, PROBE_EVERY_MS / 2 + arc4random_uniform(PROBE_EVERY_MS));
}

/* Where it is in time is known. */
static void
time_settle(struct source_etcd *s)
{
	if (s->is_other && s->synced)
		log_warn("etcd.other", LOG_S("endpoint", s->endpoints[s->at]),
			 LOG_I("known", s->asked.revision));
	if (s->is_other)
		s->entries = 0;
	if (s->is_other || s->list_owed)
		list_begin(s);
	else
		watches_begin(s);
}

static void
on_entries(void *ctx, const struct fetch_result *r)
{
	struct source_etcd *s = ctx;
	json_t *answer = NULL;

	s->ask = NULL;
	if (r->outcome != FETCH_ANSWERED) {
		fail(s, r->error);
		return;
	}
	if (r->status == 200)
		answer = json_loadb(r->body, r->len, 0, NULL);
	s->entries_now = etcd_number(answer, "raftAppliedIndex");
	if (s->entries > 0 && s->entries_now > 0)
		s->is_other |= s->entries_now < s->entries + (s->asked.revision - s->entries_revision);
	json_decref(answer);
	time_settle(s);
}

static void
entries_ask(struct source_etcd *s)
{
	struct str body = {0};

	etcd_status_request(&body);
	ask(s, "/v3/maintenance/status", &body, on_entries);
	str_free(&body);
}

static void
on_probe(void *ctx, const struct fetch_result *r)
{
	struct source_etcd *s = ctx;
	json_t *answer = answer_of(s, r);
	struct etcd_header h;

	if (answer == NULL)
		return;
	etcd_header_read(answer, &h);
	json_decref(answer);
	if (h.revision == 0) {
		fail(s, "what it answers is not etcd's");
		return;
	}
	s->is_other = is_other_time(&s->asked, &h);
	if (!s->is_other)
		time_take(s, &h);
	if (s->state != ETCD_WATCH)
		entries_ask(s);
	else if (s->is_other)
		time_settle(s);
	else
		probe_good(s);
}

static void
probe(struct source_etcd *s)
{
	struct str body = {0};

	if (s->state != ETCD_WATCH)
		s->state = ETCD_PROBE;
	s->asked = s->now;
	etcd_probe_request(&body, s->ranges[0].start);
	ask(s, "/v3/kv/range", &body, on_probe);
	str_free(&body);
}

/* ---- list ---- */

static void on_page(void *ctx, const struct fetch_result *r);

static void
page_ask(struct source_etcd *s)
{
	struct str body = {0};

	etcd_range_request(&body, &s->ranges[s->range], s->after, s->page_keys, s->list_revision);
	ask(s, "/v3/kv/range", &body, on_page);
	str_free(&body);
}

/* What came last is told. */
static void
page_tell(struct source_etcd *s)
{
	json_t *kv;
	size_t i;

	json_array_foreach(json_object_get(s->page, "kvs"), i, kv) etcd_store_put(s->store, kv);
	json_decref(s->page);
	s->page = NULL;
}

static void
list_begin(struct source_etcd *s)
{
	cut_off(s);
	s->state = ETCD_LIST;
	s->list_owed = true;
	s->range = 0;
	s->list_revision = 0;
	free(s->after);
	s->after = NULL;
	etcd_store_list_begin(s->store);
	page_ask(s);
}

/* For a compaction. False: that was so the last times, too. */
static bool
list_again(struct source_etcd *s)
{
	if (++s->lists >= LISTS_MAX)
		return false;
	list_begin(s);
	return true;
}

static void
list_end(struct source_etcd *s)
{
	etcd_store_sweep(s->store);
	for (unsigned i = 0; i < s->nranges; i++)
		s->watches[i].revision = s->list_revision;
	s->now.revision = s->list_revision;
	s->list_owed = false;
	tell_synced(s);
	log_debug("etcd.listed", LOG_S("endpoint", s->endpoints[s->at]),
		  LOG_U("keys", etcd_store_count(s->store)), LOG_I("revision", s->list_revision));
	watches_begin(s);
}

/* Takes answer. False: it is of another cluster than the one before, or does not go on although it says that
 * there are more. */
static bool
page_take(struct source_etcd *s, json_t *answer)
{
	const json_t *kvs = json_object_get(answer, "kvs");
	size_t n = json_array_size(kvs);
	struct etcd_header h;
	char *last = NULL;
	bool good = true;

	s->page = answer;
	etcd_header_read(answer, &h);
	if (s->list_revision == 0) {
		s->list_revision = h.revision;
		s->now = h;
	}
	if (h.revision == 0 || h.cluster != s->now.cluster)
		return false;
	if (json_is_true(json_object_get(answer, "more"))) {
		last = etcd_key_of(json_array_get(kvs, n - 1));
		good = last != NULL && (s->after == NULL || strcmp(last, s->after) > 0);
	} else {
		s->range++;
	}
	free(s->after);
	s->after = last;
	return good;
}

/* A refusal that is an answer to what is asked, not to who asks. */
static bool
page_refused(struct source_etcd *s, const struct fetch_result *r)
{
	struct str text = {0};
	bool again = false;

	if (r->outcome == FETCH_TOO_LARGE && s->page_keys > 1) {
		s->page_keys /= 2;
		page_ask(s);
		return true;
	}
	etcd_failure_text(r, &text);
	if (r->status != 200 && etcd_refusal_of(str_get(&text)) == ETCD_COMPACTED)
		again = list_again(s);
	str_free(&text);
	return again;
}

static void
on_page(void *ctx, const struct fetch_result *r)
{
	struct source_etcd *s = ctx;
	json_t *answer;

	s->ask = NULL;
	page_tell(s);
	if (page_refused(s, r) || (answer = answer_of(s, r)) == NULL)
		return;
	if (!page_take(s, answer)) {
		fail(s, "what it answers is not etcd's");
	} else if (s->range < s->nranges) {
		page_ask(s);
		timer_set(s, 0); /* behind the one that sends it */
	} else {
		page_tell(s);
		list_end(s);
	}
}

/* ---- watch ---- */

static bool
all_created(const struct source_etcd *s)
{
	for (unsigned i = 0; i < s->nranges; i++)
		if (!s->watches[i].created)
			return false;
	return true;
}

static void
watch_created(struct watch *w, const json_t *message)
{
	struct source_etcd *s = w->source;
	struct etcd_header h;

	if (w->created)
		return;
	w->created = true;
	etcd_header_read(message, &h);
	time_take(s, &h);
	if (!all_created(s))
		return;
	log_info("etcd.watching", LOG_S("endpoint", s->endpoints[s->at]),
		 LOG_U("keys", etcd_store_count(s->store)));
	if (s->troubled)
		s->h->trouble(s->ctx, s->name, NULL);
	s->troubled = false;
	s->failed = 0;
	s->entries = s->entries_now;
	s->entries_revision = s->now.revision;
	timer_set(s, PROBE_EVERY_MS / 2 + arc4random_uniform(PROBE_EVERY_MS));
}

static void
event_take(struct watch *w, const json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "type"));
	const json_t *kv = json_object_get(event, "kv");
	int64_t revision = etcd_number(kv, "mod_revision");

	if (revision <= w->revision)
		return;
	if (type != NULL && strcmp(type, "DELETE") == 0)
		etcd_store_del(w->source->store, kv);
	else
		etcd_store_put(w->source->store, kv);
}

/* A message tells up to the newest revision that is in it; without events, up to its header's. */
static void
events_take(struct watch *w, const json_t *message)
{
	json_t *events = json_object_get(message, "events"), *e;
	struct etcd_header h;
	int64_t newest = 0;
	size_t i;

	etcd_header_read(message, &h);
	json_array_foreach(events, i, e)
	{
		int64_t revision = etcd_number(json_object_get(e, "kv"), "mod_revision");
		event_take(w, e);
		newest = revision > newest ? revision : newest;
	}
	if (json_array_size(events) == 0)
		newest = h.revision;
	if (newest > w->revision)
		w->revision = newest;
	time_take(w->source, &h);
}

enum outcome { GOES_ON, LIST_AGAIN, WRONG };

static void
watch_ended(const char *why, struct str *err)
{
	str_add(err, "it ends a watch: \"");
	str_add_plain(err, why, ETCD_TEXT_MAX);
	str_add(err, "\"");
}

static enum outcome
watch_canceled(const json_t *message, struct str *err)
{
	const char *reason = json_string_value(json_object_get(message, "cancel_reason"));

	if (etcd_number(message, "compact_revision") > 0 ||
	    (reason != NULL && etcd_refusal_of(reason) == ETCD_COMPACTED))
		return LIST_AGAIN;
	watch_ended(reason != NULL ? reason : "", err);
	return WRONG;
}

static enum outcome
message_take(struct watch *w, const char *text, size_t len, struct str *err)
{
	json_t *v = json_loadb(text, len, 0, NULL), *error = json_object_get(v, "error");
	const json_t *m = json_object_get(v, "result");
	const char *why = json_string_value(json_object_get(error, "message"));
	enum outcome outcome = GOES_ON;

	if (why == NULL)
		why = json_string_value(error);
	if (why != NULL)
		watch_ended(why, err);
	else if (!json_is_object(m))
		str_add(err, "what it tells of changes is no JSON of etcd's");
	else if (json_is_true(json_object_get(m, "canceled")))
		outcome = watch_canceled(m, err);
	else if (json_is_true(json_object_get(m, "created")))
		watch_created(w, m);
	else
		events_take(w, m);
	json_decref(v);
	return err->len > 0 ? WRONG : outcome;
}

/* Takes the messages that are whole. A long one comes in many pieces, each of which is looked at once. */
static enum outcome
lines_take(struct watch *w, struct str *err)
{
	enum outcome outcome = GOES_ON;
	size_t at = 0;
	const char *end;

	while (outcome == GOES_ON && w->seen < w->line.len &&
	       (end = memchr(w->line.s + w->seen, '\n', w->line.len - w->seen)) != NULL) {
		size_t len = (size_t)(end - (w->line.s + at));
		if (len > 0)
			outcome = message_take(w, w->line.s + at, len, err);
		at = w->seen = at + len + 1;
	}
	w->seen = w->line.len - at;
	if (at > 0) {
		w->line.len -= at;
		memmove(w->line.s, w->line.s + at, w->line.len + 1);
	}
	if (outcome != GOES_ON || w->line.len <= LINE_MAX_LEN)
		return outcome;
	str_add(err, "what it tells of changes is too large");
	return WRONG;
}

static void
on_watch(void *ctx, const char *data, size_t len)
{
	struct watch *w = ctx;
	struct source_etcd *s = w->source;
	struct str err = {0};
	enum outcome outcome;

	str_addn(&w->line, data, len);
	outcome = lines_take(w, &err);
	/* What was told before it went wrong counts. */
	if (etcd_store_changed(s->store))
		s->h->synced(s->ctx);
	if (outcome == WRONG && !login_again(s, str_get(&err)))
		fail(s, str_get(&err));
	if (outcome == LIST_AGAIN) {
		log_info("etcd.compacted", LOG_S("endpoint", s->endpoints[s->at]));
		s->list_owed = true;
		if (!list_again(s))
			fail(s, "it drops what a watch begins with");
	}
	str_free(&err);
}

static void
on_watch_end(void *ctx, const struct fetch_result *r)
{
	struct watch *w = ctx;
	struct source_etcd *s = w->source;
	struct str text = {0};

	w->fetch = NULL;
	if (r->outcome == FETCH_ANSWERED && r->status == 200)
		str_add(&text, "it ends a watch");
	else
		etcd_failure_text(r, &text);
	if (!login_again(s, str_get(&text)))
		fail(s, str_get(&text));
	str_free(&text);
}

static void
watches_begin(struct source_etcd *s)
{
	struct str body = {0};

	s->state = ETCD_WATCH;
	s->proved = false;
	for (unsigned i = 0; i < s->nranges; i++) {
		struct watch *w = &s->watches[i];
		const struct fetch_request how = {
		    .idle_ms = WATCH_IDLE_MS, .piece = on_watch, .done = on_watch_end, .ctx = w};
		str_reset(&body);
		etcd_watch_request(&body, w->range, w->revision + 1);
		w->created = false;
		w->fetch = post(s, "/v3/watch", &body, &how);
	}
	timer_set(s, ANSWER_MS);
	str_free(&body);
}

/* ---- begin and end ---- */

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	struct source_etcd *s = ctx;

	(void)fd;
	(void)what;
	if (s->state == ETCD_LIST)
		page_tell(s);
	else if (s->state != ETCD_WATCH)
		connect_next(s);
	else if (!all_created(s))
		fail(s, "a watch does not begin");
	else
		probe(s);
}

static json_t *
status(const struct source *head)
{
	const struct source_etcd *s = (const struct source_etcd *)head;

	return json_pack("{s:s, s:s, s:I, s:I}", "endpoint", s->endpoints[s->at], "state",
			 state_names[s->state], "revision", (json_int_t)s->now.revision, "keys",
			 (json_int_t)etcd_store_count(s->store));
}

static void
stop(struct source *head)
{
	struct source_etcd *s = (struct source_etcd *)head;

	cut_off(s);
	fetcher_free(s->fetcher);
	event_free(s->timer);
	etcd_store_free(s->store);
	for (unsigned i = 0; i < s->nendpoints; i++)
		free(s->endpoints[i]);
	free(s->endpoints);
	free(s->name);
	free(s->username);
	if (s->password != NULL)
		explicit_bzero(s->password, strlen(s->password));
	free(s->password);
	free(s->password_file);
	free(s->token);
	free(s->after);
	free(s);
}

static void
endpoints_take(struct source_etcd *s, const struct source_etcd_conf *conf)
{
	struct str name = {0};

	s->nendpoints = conf->nendpoints;
	s->endpoints = xcalloc(conf->nendpoints, sizeof(*s->endpoints));
	for (unsigned i = 0; i < conf->nendpoints; i++) {
		s->endpoints[i] = xstrdup(conf->endpoints[i]);
		str_addf(&name, "%s%s", i > 0 ? "," : "", conf->endpoints[i]);
	}
	s->name = str_steal(&name);
	/* Not all nodes with the same list at the first. */
	s->at = arc4random_uniform(s->nendpoints);
}

struct source *
source_etcd_start(struct event_base *base, const struct source_etcd_conf *conf,
		  const struct source_handler *h, void *ctx)
{
	static const struct source_ops ops = {.type = "etcd", .stop = stop, .status = status};
	struct source_etcd *s = xcalloc(1, sizeof(*s));

	s->base = base;
	s->h = h;
	s->ctx = ctx;
	endpoints_take(s, conf);
	s->head = (struct source){.ops = &ops, .name = s->name};
	s->username = xstrdup(conf->username);
	s->password = xstrdup(conf->password);
	s->password_file = xstrdup(conf->password_file);
	s->backoff = (struct backoff){.min_ms = WAIT_MIN_MS, .max_ms = WAIT_MAX_MS};
	s->page_keys = PAGE_KEYS;
	s->list_owed = true;
	s->fetcher = fetcher_new(base, &conf->tls);
	s->store = etcd_store_new(conf->prefix, conf->node, h, ctx);
	s->ranges = etcd_store_ranges(s->store, &s->nranges);
	for (unsigned i = 0; i < s->nranges; i++)
		s->watches[i] = (struct watch){.source = s, .range = &s->ranges[i]};
	s->timer = evtimer_new(base, on_timer, s);
	ASSERT(s->timer != NULL);
	timer_set(s, 0);
	return &s->head;
}
