/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_etcd: etcd v3 as a datastore; see source.h.
 *
 * One server at a time: log in (with a username), ask where it is in time, list what has to be listed, watch
 * from there.
 *
 *     WAIT → LOGIN → PROBE → LIST → WATCH
 *
 * Any step that fails goes on with the next server, at once until all have failed, and then after a wait. The
 * watch is one request for all ranges, taken up behind what each range has had. While it lasts, the server is
 * probed every so often, since one that hangs keeps its connections.
 *
 * Everything is listed again when the watch begins before a compaction, and when time is another one: the
 * cluster's id has changed, or its revision or its term is lower than it was (a snapshot was restored). What
 * is gone is known, and told, only when a list is whole.
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
#define LISTS_MAX    3u /* beginnings in a row that a compaction may cut off */

enum state { ETCD_WAIT, ETCD_LOGIN_STATE, ETCD_PROBE, ETCD_LIST, ETCD_WATCH };

static const char *const state_names[] = {"waiting", "logging in", "connecting", "listing", "watching"};

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
	struct fetch *ask, *watch;
	struct backoff backoff;
	unsigned failed; /* in a row */
	bool troubled, synced;
	char *token;
	bool token_is_new; /* nothing was answered to it yet */
	bool login_is_off; /* this etcd knows no users */

	struct etcd_header now;   /* the newest of what was told */
	struct etcd_header asked; /* that when the probe under way began */

	unsigned nranges;
	const struct etcd_range *ranges;
	int64_t revisions[ETCD_RANGES_MAX]; /* up to which each was told */
	int64_t watch_ids[ETCD_RANGES_MAX];
	unsigned created; /* watches of ranges that have begun */
	bool relist;      /* a message said so */
	struct str line;  /* of the watch, as far as it came */

	unsigned range, page_keys, lists; /* of the list: where it is */
	int64_t list_revision;
	char *after;
};

static void connect_next(struct source_etcd *s);
static void list_begin(struct source_etcd *s);
static void watch_begin(struct source_etcd *s);
static void probe(struct source_etcd *s);

static void
timer_set(struct source_etcd *s, unsigned ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000};

	event_add(s->timer, &tv);
}

/* ---- ends ---- */

static void
cut_off(struct source_etcd *s)
{
	if (s->ask != NULL)
		fetch_cancel(s->ask);
	if (s->watch != NULL)
		fetch_cancel(s->watch);
	s->ask = s->watch = NULL;
	str_reset(&s->line);
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

	cut_off(s);
	s->at = (s->at + 1) % s->nendpoints;
	s->state = ETCD_WAIT;
	if (++s->failed % s->nendpoints != 0) {
		log_info("etcd.failover", LOG_S("from", endpoint), LOG_S("to", s->endpoints[s->at]),
			 LOG_S("error", why));
		timer_set(s, 0);
		return;
	}
	char *text = xasprintf("%s: %s%s", endpoint, why, s->synced ? ": what it said last stays" : "");
	s->troubled = true;
	s->h->trouble(s->ctx, s->name, text);
	free(text);
	timer_set(s, backoff_next(&s->backoff));
}

/* A refusal, by an answer or within the watch. Returns true if it was dealt with without a failure. */
static bool
login_again(struct source_etcd *s, const char *text)
{
	if (s->username == NULL || s->token_is_new || etcd_refusal_of(text) != ETCD_LOGIN)
		return false;
	cut_off(s);
	free(s->token);
	s->token = NULL;
	s->login_is_off = false;
	connect_next(s);
	return true;
}

/* ---- requests ---- */

static struct fetch *
post(struct source_etcd *s, const char *path, const struct str *body, fetch_piece_fn *piece,
     fetch_done_fn *done)
{
	static const char *const headers[] = {"Content-Type: application/json",
					      "Grpc-Metadata-hasleader: true", NULL};
	const char *endpoint = s->endpoints[s->at];
	size_t len = strlen(endpoint);
	char *url = xasprintf("%.*s%s", (int)(len - (endpoint[len - 1] == '/')), endpoint, path);
	struct fetch_request q = {.url = url,
				  .headers = headers,
				  .authorization = s->token,
				  .body = str_get(body),
				  .len = body->len,
				  .connect_ms = CONNECT_MS,
				  .limit_ms = piece != NULL           ? 0
					      : s->state == ETCD_LIST ? PAGE_MS
								      : ANSWER_MS,
				  .idle_ms = piece != NULL ? WATCH_IDLE_MS : ANSWER_MS,
				  .body_max = PAGE_MAX,
				  .piece = piece,
				  .done = done,
				  .ctx = s};
	struct fetch *r = fetch_start(s->fetcher, &q);

	free(url);
	return r;
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
		s->token_is_new = false;
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

	/* A refusal is none of a token. */
	s->token_is_new = true;
	s->login_is_off =
	    r->outcome == FETCH_ANSWERED && strstr(r->body, "authentication is not enabled") != NULL;
	if (s->login_is_off) {
		s->ask = NULL;
		s->token_is_new = false;
		probe(s);
		return;
	}
	answer = answer_of(s, r);
	if (answer == NULL)
		return;
	s->token = xstrdup(json_string_value(json_object_get(answer, "token")));
	s->token_is_new = true;
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
	s->state = ETCD_LOGIN_STATE;
	etcd_login_request(&body, s->username, password);
	s->ask = post(s, "/v3/auth/authenticate", &body, NULL, on_login);
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
	s->failed = 0;
	backoff_reset(&s->backoff);
	timer_set(s, PROBE_EVERY_MS / 2 + arc4random_uniform(PROBE_EVERY_MS));
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
	if (s->synced && is_other_time(&s->asked, &h))
		log_warn("etcd.other", LOG_S("endpoint", s->endpoints[s->at]), LOG_I("revision", h.revision),
			 LOG_I("known", s->asked.revision));
	if (!s->synced || is_other_time(&s->asked, &h)) {
		list_begin(s);
		return;
	}
	time_take(s, &h);
	if (s->state == ETCD_WATCH)
		probe_good(s);
	else
		watch_begin(s);
}

static void
probe(struct source_etcd *s)
{
	struct str body = {0};

	if (s->state != ETCD_WATCH)
		s->state = ETCD_PROBE;
	s->asked = s->now;
	etcd_probe_request(&body, s->ranges[0].start);
	s->ask = post(s, "/v3/kv/range", &body, NULL, on_probe);
	str_free(&body);
}

/* ---- list ---- */

static void on_page(void *ctx, const struct fetch_result *r);

static void
page_ask(struct source_etcd *s)
{
	struct str body = {0};

	etcd_range_request(&body, &s->ranges[s->range], s->after, s->page_keys, s->list_revision);
	s->ask = post(s, "/v3/kv/range", &body, NULL, on_page);
	str_free(&body);
}

static void
list_begin(struct source_etcd *s)
{
	cut_off(s);
	s->state = ETCD_LIST;
	s->range = 0;
	s->list_revision = 0;
	free(s->after);
	s->after = NULL;
	s->relist = false;
	etcd_store_list_begin(s->store);
	page_ask(s);
}

static void
list_end(struct source_etcd *s)
{
	etcd_store_sweep(s->store);
	for (unsigned i = 0; i < s->nranges; i++)
		s->revisions[i] = s->list_revision;
	s->now.revision = s->list_revision;
	s->lists = 0;
	tell_synced(s);
	log_debug("etcd.listed", LOG_S("endpoint", s->endpoints[s->at]),
		  LOG_U("keys", etcd_store_count(s->store)), LOG_I("revision", s->list_revision));
	watch_begin(s);
}

/* False: there are no keys in it although it says that there are more. */
static bool
page_take(struct source_etcd *s, const json_t *answer)
{
	json_t *kvs = json_object_get(answer, "kvs"), *kv;
	size_t i, n = json_array_size(kvs);
	struct etcd_header h;

	etcd_header_read(answer, &h);
	if (s->list_revision == 0) {
		s->list_revision = h.revision;
		s->now = h;
	}
	json_array_foreach(kvs, i, kv) etcd_store_put(s->store, kv);
	if (!json_is_true(json_object_get(answer, "more"))) {
		s->range++;
		free(s->after);
		s->after = NULL;
		return h.revision != 0;
	}
	free(s->after);
	s->after = etcd_key_of(json_array_get(kvs, n - 1));
	return s->after != NULL && h.revision != 0;
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
	if (r->status != 200 && etcd_refusal_of(str_get(&text)) == ETCD_COMPACTED && ++s->lists < LISTS_MAX) {
		list_begin(s);
		again = true;
	}
	str_free(&text);
	return again;
}

static void
on_page(void *ctx, const struct fetch_result *r)
{
	struct source_etcd *s = ctx;
	json_t *answer;
	bool good;

	s->ask = NULL;
	if (page_refused(s, r) || (answer = answer_of(s, r)) == NULL)
		return;
	good = page_take(s, answer);
	json_decref(answer);
	if (!good)
		fail(s, "what it answers is not etcd's");
	else if (s->range < s->nranges)
		page_ask(s);
	else
		list_end(s);
}

/* ---- watch ---- */

static void
watch_created(struct source_etcd *s, const json_t *message)
{
	if (s->created < s->nranges)
		s->watch_ids[s->created++] = etcd_number(message, "watch_id");
	if (s->created != s->nranges)
		return;
	log_info("etcd.watching", LOG_S("endpoint", s->endpoints[s->at]),
		 LOG_U("keys", etcd_store_count(s->store)));
	if (s->troubled)
		s->h->trouble(s->ctx, s->name, NULL);
	s->troubled = false;
	/* It has gone well when the first probe has. */
	timer_set(s, PROBE_EVERY_MS / 2 + arc4random_uniform(PROBE_EVERY_MS));
}

static void
event_take(struct source_etcd *s, const json_t *event)
{
	const char *type = json_string_value(json_object_get(event, "type"));
	const json_t *kv = json_object_get(event, "kv");
	int at = etcd_store_range_of(s->store, kv);
	int64_t revision = etcd_number(kv, "mod_revision");

	if (at < 0 || revision <= s->revisions[at])
		return;
	if (type != NULL && strcmp(type, "DELETE") == 0)
		etcd_store_del(s->store, kv);
	else
		etcd_store_put(s->store, kv);
}

/* A message is of one watch and tells of it up to the newest revision that is in it; without events, up to
 * its header's. */
static void
events_take(struct source_etcd *s, const json_t *message)
{
	json_t *events = json_object_get(message, "events"), *e;
	int64_t id = etcd_number(message, "watch_id"), newest = 0;
	struct etcd_header h;
	size_t i;

	etcd_header_read(message, &h);
	json_array_foreach(events, i, e)
	{
		int64_t revision = etcd_number(json_object_get(e, "kv"), "mod_revision");
		event_take(s, e);
		newest = revision > newest ? revision : newest;
	}
	if (json_array_size(events) == 0)
		newest = h.revision;
	for (unsigned k = 0; k < s->created; k++)
		if (s->watch_ids[k] == id && newest > s->revisions[k])
			s->revisions[k] = newest;
	time_take(s, &h);
}

/* Why the watch cannot go on, in err, or relist. */
static void
watch_canceled(struct source_etcd *s, const json_t *message, struct str *err)
{
	const char *reason = json_string_value(json_object_get(message, "cancel_reason"));

	if (etcd_number(message, "compact_revision") > 0 ||
	    (reason != NULL && etcd_refusal_of(reason) == ETCD_COMPACTED))
		s->relist = true;
	else
		str_addf(err, "it ends the watch: \"%.200s\"", reason != NULL ? reason : "");
}

static void
message_take(struct source_etcd *s, const char *text, size_t len, struct str *err)
{
	json_t *v = json_loadb(text, len, 0, NULL), *error = json_object_get(v, "error");
	const json_t *m = json_object_get(v, "result");
	const char *why = json_string_value(json_object_get(error, "message"));

	if (why == NULL)
		why = json_string_value(error);
	if (why != NULL)
		str_addf(err, "it ends the watch: \"%.200s\"", why);
	else if (!json_is_object(m))
		str_add(err, "what it tells of changes is no JSON of etcd's");
	else if (json_is_true(json_object_get(m, "canceled")))
		watch_canceled(s, m, err);
	else if (json_is_true(json_object_get(m, "created")))
		watch_created(s, m);
	else
		events_take(s, m);
	json_decref(v);
}

/* Takes the messages that are whole from the line. */
static void
lines_take(struct source_etcd *s, struct str *err)
{
	size_t at = 0;
	const char *end;

	while (!s->relist && err->len == 0 && at < s->line.len &&
	       (end = memchr(s->line.s + at, '\n', s->line.len - at)) != NULL) {
		size_t len = (size_t)(end - (s->line.s + at));
		if (len > 0)
			message_take(s, s->line.s + at, len, err);
		at += len + 1;
	}
	if (at == 0)
		return;
	s->line.len -= at;
	memmove(s->line.s, s->line.s + at, s->line.len + 1);
}

static void
on_watch(void *ctx, const char *data, size_t len)
{
	struct source_etcd *s = ctx;
	struct str err = {0};

	str_addn(&s->line, data, len);
	lines_take(s, &err);
	if (s->line.len > LINE_MAX_LEN)
		str_add(&err, "what it tells of changes is too large");
	/* What was told before it went wrong counts. */
	if (etcd_store_changed(s->store))
		s->h->synced(s->ctx);
	if (err.len > 0) {
		if (!login_again(s, str_get(&err)))
			fail(s, str_get(&err));
	} else if (s->relist) {
		log_info("etcd.compacted", LOG_S("endpoint", s->endpoints[s->at]));
		list_begin(s);
	}
	str_free(&err);
}

static void
on_watch_end(void *ctx, const struct fetch_result *r)
{
	struct source_etcd *s = ctx;
	struct str text = {0};

	s->watch = NULL;
	if (r->outcome == FETCH_ANSWERED && r->status == 200)
		str_add(&text, "it ends the watch");
	else
		etcd_failure_text(r, &text);
	if (!login_again(s, str_get(&text)))
		fail(s, str_get(&text));
	str_free(&text);
}

static void
watch_begin(struct source_etcd *s)
{
	struct str body = {0};

	s->state = ETCD_WATCH;
	s->created = 0;
	for (unsigned i = 0; i < s->nranges; i++)
		etcd_watch_request(&body, &s->ranges[i], s->revisions[i] + 1);
	s->watch = post(s, "/v3/watch", &body, on_watch, on_watch_end);
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
	if (s->state != ETCD_WATCH)
		connect_next(s);
	else if (s->created < s->nranges)
		fail(s, "the watch does not begin");
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
	str_free(&s->line);
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
	s->fetcher = fetcher_new(base, &conf->tls);
	s->store = etcd_store_new(conf->prefix, conf->node, h, ctx);
	s->ranges = etcd_store_ranges(s->store, &s->nranges);
	s->timer = evtimer_new(base, on_timer, s);
	ASSERT(s->timer != NULL);
	timer_set(s, 0);
	return &s->head;
}
