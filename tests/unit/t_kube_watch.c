/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/kube_watch: what is asked for, what is told, and what is not taken back. */
#include "conf/kube.h"

#include "tests/unit/fetchfake.h"

static struct event_base *base;
static struct kube_client client;
static struct kube_watch *watch;
static json_t *world;
static char *said; /* the trouble */
static unsigned puts_told, tells;

static void
on_put(void *ctx, struct kube_watch *w, const char *name_space, const char *name, const json_t *value)
{
	(void)ctx;
	ck_assert_ptr_eq(w, watch);
	ck_assert_ptr_null(name_space);
	puts_told++;
	json_object_set_new(world, name, json_deep_copy(json_object_get(value, "spec")));
}

static void
on_del(void *ctx, struct kube_watch *w, const char *name_space, const char *name)
{
	(void)ctx;
	(void)name_space;
	ck_assert_ptr_eq(w, watch);
	ck_assert_int_eq(json_object_del(world, name), 0);
}

static void
on_told(void *ctx, struct kube_watch *w, bool changed)
{
	(void)ctx;
	(void)w;
	tells += changed;
}

static void
on_trouble(void *ctx, struct kube_watch *w, const char *text)
{
	(void)ctx;
	(void)w;
	free(said);
	said = xstrdup(text);
}

static bool
on_went(void *ctx, struct kube_watch *w, const struct fetch_result *r)
{
	(void)ctx;
	(void)w;
	(void)r;
	return false;
}

static const struct kube_watch_events events = {on_put, on_del, on_told, on_trouble, on_went};

static void
begin(void)
{
	base = event_base_new();
	client = (struct kube_client){.base = base, .fetcher = fetcher_new(base, NULL), .node = "n1"};
	client.access.server = xstrdup("http://api");
	world = json_object();
	puts_told = tells = 0;
	watch = kube_watch_new(&client, &kube_kinds[1], "/apis/g/v/bgppeers", NULL, &events, NULL);
	kube_watch_go(watch);
}

static void
finish(void)
{
	kube_watch_free(watch);
	ck_assert(TAILQ_EMPTY(&fetches));
	fetcher_free(client.fetcher);
	kube_access_fini(&client.access);
	event_base_free(base);
	json_decref(world);
	free(said);
	said = NULL;
}

#define LIST(version, more, items)                                                                           \
	"{\"apiVersion\": \"g/v\", \"items\": [" items                                                       \
	"], \"kind\": \"BGPPeerList\", \"metadata\": {\"resourceVersion\": \"" version "\"" more "}}"
#define PEER(name, version, number)                                                                          \
	"{\"kind\": \"BGPPeer\", \"metadata\": {\"name\": \"" name "\", \"resourceVersion\": \"" version     \
	"\"}, \"spec\": {\"asNumber\": " number "}}"
#define EVENT(type, object) "{\"type\": \"" type "\", \"object\": " object "}\n"

static json_int_t
number(const char *name)
{
	return json_integer_value(json_object_get(json_object_get(world, name), "asNumber"));
}

static void
listed(void)
{
	begin();
	answer(asked(base, "/bgppeers?limit=500&resourceVersion=0"),
	       LIST("10", "", PEER("a", "3", "1") "," PEER("b", "4", "2")));
	asked(base, "watch=1&resourceVersion=10&allowWatchBookmarks=true&timeoutSeconds=");
	ck_assert(kube_watch_is_listed(watch));
	ck_assert_uint_eq(json_object_size(world), 2);
}

START_TEST(test_list_and_watch)
{
	listed();
	struct fetch *w = asked(base, "watch=1");
	ck_assert(say(w, EVENT("ADDED", PEER("c", "11", "3")) EVENT("MODIFIED", PEER("a", "12", "7"))));
	ck_assert_int_eq(number("c"), 3);
	ck_assert_int_eq(number("a"), 7);
	/* In any pieces. */
	ck_assert(say(w, "{\"type\": \"DELETED\", \"obj"));
	ck_assert_uint_eq(json_object_size(world), 3);
	ck_assert(say(w, "ect\": " PEER("b", "13", "2") "}"));
	ck_assert_uint_eq(json_object_size(world), 2);
	/* The same again is not told. */
	unsigned told = tells, n = puts_told;
	ck_assert(say(w, EVENT("MODIFIED", PEER("a", "14", "7"))));
	ck_assert_uint_eq(puts_told, n);
	ck_assert_uint_eq(tells, told);
	/* A bookmark moves on. */
	ck_assert(say(
	    w, EVENT("BOOKMARK", "{\"kind\": \"BGPPeer\", \"metadata\": {\"resourceVersion\": \"20\"}}")));
	end(w);
	asked(base, "watch=1&resourceVersion=20&");
	ck_assert_ptr_null(said);
	finish();
}
END_TEST

START_TEST(test_pages)
{
	begin();
	answer(asked(base, "limit=500"), LIST("10", ", \"continue\": \"a+b/=\"", PEER("a", "3", "1")));
	struct fetch *page = asked(base, "limit=500&continue=a%2Bb%2F%3D");
	ck_assert_ptr_null(strstr(page->url, "resourceVersion"));
	ck_assert(!kube_watch_is_listed(watch));
	answer(page, LIST("10", "", PEER("b", "4", "2")));
	asked(base, "watch=1&resourceVersion=10&");
	ck_assert_uint_eq(json_object_size(world), 2);
	finish();
}
END_TEST

START_TEST(test_page_expired)
{
	begin();
	answer(asked(base, "limit=500"), LIST("10", ", \"continue\": \"x\"", PEER("a", "3", "1")));
	refuse(asked(base, "continue=x"), 410);
	/* From the beginning, and consistent: neither a version nor a page. */
	struct fetch *r = asked(base, "limit=500");
	ck_assert_ptr_null(strstr(r->url, "resourceVersion"));
	ck_assert_ptr_null(strstr(r->url, "continue"));
	answer(r, LIST("30", "", PEER("b", "4", "2")));
	asked(base, "watch=1&resourceVersion=30&");
	ck_assert_uint_eq(json_object_size(world), 1);
	ck_assert_int_eq(number("b"), 2);
	ck_assert_ptr_null(said);
	finish();
}
END_TEST

/* To a server of another make the page is none. */
START_TEST(test_page_refused)
{
	begin();
	answer(asked(base, "limit=500"), LIST("10", ", \"continue\": \"x\"", PEER("a", "3", "1")));
	refuse(asked(base, "continue=x"), 400);
	ck_assert_ptr_null(strstr(asked(base, "limit=500")->url, "continue"));
	finish();
}
END_TEST

/* Whoever may write an annotation may write any text. */
START_TEST(test_nul)
{
#define WITH_NUL(name, version)                                                                              \
	"{\"metadata\": {\"name\": \"" name "\", \"resourceVersion\": \"" version                            \
	"\", \"annotations\": {\"x\": \"a\\u0000b\"}}, \"spec\": {\"asNumber\": 5}}"
	begin();
	answer(asked(base, "limit=500"), LIST("10", "", WITH_NUL("a", "3") "," PEER("b", "4", "2")));
	ck_assert_uint_eq(json_object_size(world), 2);
	ck_assert(say(asked(base, "watch=1"), EVENT("ADDED", WITH_NUL("c", "11"))));
	ck_assert_int_eq(number("c"), 5);
	ck_assert_ptr_null(said);
	finish();
}
END_TEST

/* A watch that has lived hears no more for too long. */
static void
silence(void)
{
	ck_assert(say(asked(base, "watch=1"), EVENT("MODIFIED", PEER("a", "10", "1"))));
	lose(asked(base, "watch=1"), FETCH_LATE);
}

/* A server that is well and sends no bookmarks is not asked each minute and a half. */
START_TEST(test_quiet)
{
	listed();
	unsigned idle_ms = asked(base, "watch=1")->q.idle_ms;
	for (unsigned i = 0; i < 5; i++) {
		silence();
		answer(asked(base, "?limit=1"), LIST("10", "", ""));
		ck_assert_uint_eq(asked(base, "watch=1")->q.idle_ms, idle_ms << (i < 3 ? i + 1 : 3));
	}
	/* One that hangs as a whole is not a quiet one. */
	silence();
	lose(asked(base, "?limit=1"), FETCH_LATE);
	answer(asked(base, "?limit=1"), LIST("10", "", ""));
	ck_assert_uint_eq(asked(base, "watch=1")->q.idle_ms, idle_ms);
	silence();
	answer(asked(base, "?limit=1"), LIST("10", "", ""));
	ck_assert(
	    say(asked(base, "watch=1"),
		EVENT("BOOKMARK", "{\"kind\": \"BGPPeer\", \"metadata\": {\"resourceVersion\": \"20\"}}")));
	end(asked(base, "watch=1"));
	ck_assert_uint_eq(asked(base, "watch=1")->q.idle_ms, idle_ms);
	finish();
}
END_TEST

/* Pages that fail go on where they were. */
START_TEST(test_page_again)
{
	begin();
	answer(asked(base, "limit=500"), LIST("10", ", \"continue\": \"x\"", PEER("a", "3", "1")));
	refuse(asked(base, "continue=x"), 500);
	ck_assert_ptr_nonnull(strstr(said, "500: made up"));
	answer(asked(base, "continue=x"), LIST("10", "", ""));
	asked(base, "watch=1");
	ck_assert_ptr_null(said);
	ck_assert_uint_eq(json_object_size(world), 1);
	finish();
}
END_TEST

static void
gone(bool as_event)
{
	listed();
	struct fetch *w = asked(base, "watch=1");
	if (as_event)
		ck_assert(!say(
		    w, EVENT("ERROR", "{\"kind\": \"Status\", \"code\": 410, \"message\": \"too old\"}")));
	else
		refuse(w, 410);
	/* Only what is another one is told. */
	unsigned n = puts_told;
	answer(asked(base, "resourceVersion=10&resourceVersionMatch=NotOlderThan"),
	       LIST("50", "", PEER("b", "4", "2") "," PEER("c", "44", "3")));
	asked(base, "watch=1&resourceVersion=50&");
	ck_assert_uint_eq(puts_told, n + 1);
	ck_assert_uint_eq(json_object_size(world), 2);
	ck_assert_ptr_null(said);
	finish();
}

START_TEST(test_gone)
{
	gone(false);
	gone(true);
}
END_TEST

/* What is half, wrong or of another kind takes nothing back and is asked for again. */
START_TEST(test_wrong_lists)
{
	static const char *const texts[] = {
	    "",
	    "<html>",
	    "{\"kind\": \"Pancake\", \"items\": 5}",
	    "{\"kind\": \"NodeList\", \"metadata\": {\"resourceVersion\": \"9\"}, \"items\": []}",
	    "{\"kind\": \"BGPPeerList\", \"metadata\": {\"resourceVersion\": \"\"}, \"items\": []}",
	    "{\"kind\": \"BGPPeerList\", \"metadata\": {\"resourceVersion\": \"9&watch=1\"}, \"items\": []}",
	    "{\"kind\": \"BGPPeerList\", \"metadata\": {\"resourceVersion\": \"99\"}, \"items\": [" PEER(
		"a", "3", "1"),
	    "{\"kind\": \"BGPPeerList\", \"metadata\": {\"resourceVersion\": \"99\"}, \"items\": "
	    "[{\"metadata\": {}}]}",
	    "{\"kind\": \"BGPPeerList\", \"metadata\": {\"resourceVersion\": \"99\"}, \"items\": [{\"kind\": "
	    "\"Node\", \"metadata\": {\"name\": \"a\"}}]}",
	    "{\"kind\": \"BGPPeerList\", \"metadata\": {\"resourceVersion\": \"99\"}, \"items\": [1, 2]}",
	    "{\"kind\": \"NodeList\", \"metadata\": {\"resourceVersion\": \"99\"}, \"items\": "
	    "[{\"metadata\": "
	    "{\"name\": \"z\"}}]}",
	    "{\"kind\": \"BGPPeerList\", \"metadata\": {\"resourceVersion\": \"99\"}, \"items\": [{]}",
	    LIST("5", "", ""), /* older */
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		listed();
		refuse(asked(base, "watch=1"), 410);
		struct fetch *r = asked(base, "limit=500&resourceVersion=10&");
		if (*texts[i] != '\0')
			answer(r, texts[i]);
		else
			end(r);
		ck_assert_msg(said != NULL, "%s", texts[i]);
		ck_assert_msg(json_object_size(world) == 2, "%s", texts[i]);
		answer(asked(base, "limit=500"), LIST("60", "", PEER("a", "3", "9")));
		asked(base, "watch=1&resourceVersion=60&");
		ck_assert_ptr_null(said);
		ck_assert_uint_eq(json_object_size(world), 1);
		finish();
	}
}
END_TEST

/* A custom resource may say in its definition what its list is called. */
START_TEST(test_list_with_a_name)
{
	struct kube_kind own = {.kind = "Rack",
				.plural = "racks",
				.group = KUBE_NAMED,
				.version = "example.org/v1",
				.resource = kube_kinds[1].resource};

	begin();
	kube_watch_free(watch);
	watch = kube_watch_new(&client, &own, "/apis/example.org/v1/racks", NULL, &events, NULL);
	kube_watch_go(watch);
	answer(asked(base, "/racks?limit=500&resourceVersion=0"),
	       "{\"apiVersion\": \"example.org/v1\", \"items\": [{\"apiVersion\": \"example.org/v1\", "
	       "\"kind\": \"Rack\", "
	       "\"metadata\": {\"name\": \"a\", \"resourceVersion\": \"3\"}, \"spec\": {}}], \"kind\": "
	       "\"Racks\", "
	       "\"metadata\": {\"resourceVersion\": \"10\"}}");
	refuse(asked(base, "watch=1&resourceVersion=10&"), 410);
	ck_assert_uint_eq(json_object_size(world), 1);
	/* Of another version it is another one. */
	answer(asked(base, "/racks?limit=500&"),
	       "{\"apiVersion\": \"v1\", \"items\": [], \"kind\": \"Racks\", "
	       "\"metadata\": {\"resourceVersion\": \"11\"}}");
	ck_assert_ptr_nonnull(said);
	ck_assert_uint_eq(json_object_size(world), 1);
	finish();
	/* What is not a custom resource has the usual name. */
	own.version = "apps/v1";
	begin();
	kube_watch_free(watch);
	watch = kube_watch_new(&client, &own, "/apis/apps/v1/racks", NULL, &events, NULL);
	kube_watch_go(watch);
	answer(asked(base, "/racks?limit=500&"),
	       "{\"apiVersion\": \"apps/v1\", \"items\": [], \"kind\": \"Racks\", "
	       "\"metadata\": {\"resourceVersion\": \"11\"}}");
	ck_assert_ptr_nonnull(said);
	finish();
}
END_TEST

START_TEST(test_wrong_events)
{
	static const char *const texts[] = {
	    "}",
	    "{]",
	    "{\"type\": \"MODIFIED\"}",
	    "{\"type\": 5, \"object\": {}}",
	    EVENT("MODIFIED", "{\"kind\": \"BGPPeer\", \"metadata\": {\"resourceVersion\": \"11\"}}"),
	    EVENT("MODIFIED",
		  "{\"kind\": \"Node\", \"metadata\": {\"name\": \"a\", \"resourceVersion\": \"11\"}}"),
	    EVENT("DELETED",
		  "{\"kind\": \"Node\", \"metadata\": {\"name\": \"a\", \"resourceVersion\": \"11\"}}"),
	    EVENT("MODIFIED", "{\"kind\": \"BGPPeer\", \"metadata\": {\"name\": \"a\"}}"),
	    EVENT("INVENTED", PEER("a", "11", "1")),
	    EVENT("ERROR", "{\"kind\": \"Status\", \"code\": 500, \"message\": \"no\"}"),
	};

	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		listed();
		ck_assert_msg(!say(asked(base, "watch=1"), texts[i]), "%s", texts[i]);
		ck_assert_msg(said != NULL, "%s", texts[i]);
		ck_assert_uint_eq(json_object_size(world), 2);
		/* Which version there is, and then on from the one we have. */
		answer(asked(base, "?limit=1"), LIST("12", "", PEER("z", "3", "1")));
		struct fetch *w = asked(base, "watch=1&resourceVersion=10&");
		ck_assert_msg(said != NULL, "it is not over: %s", texts[i]);
		ck_assert_uint_eq(json_object_size(world), 2);
		ck_assert(say(w, EVENT("MODIFIED", PEER("a", "11", "7"))));
		ck_assert_ptr_null(said);
		finish();
	}
}
END_TEST

/* What is wrong each time is not tried for ever. */
START_TEST(test_same_version)
{
	unsigned tries = 0;

	listed();
	while (!is_asked("resourceVersionMatch")) {
		if (is_asked("watch=1")) {
			ck_assert(!say(asked(base, "watch=1"), "}"));
			tries++;
		} else if (is_asked("?limit=1")) {
			answer(asked(base, "?limit=1"), LIST("12", "", ""));
		} else {
			event_base_loop(base, EVLOOP_ONCE);
		}
	}
	ck_assert_uint_eq(tries, 5);
	finish();
}
END_TEST

START_TEST(test_lost)
{
	listed();
	ck_assert(say(asked(base, "watch=1"), EVENT("MODIFIED", PEER("a", "11", "7"))));
	lose(asked(base, "watch=1"), FETCH_BROKEN);
	lose(asked(base, "?limit=1"), FETCH_UNREACHABLE);
	lose(asked(base, "?limit=1"), FETCH_LATE);
	answer(asked(base, "?limit=1"), LIST("11", "", ""));
	asked(base, "watch=1&resourceVersion=11&");
	ck_assert_uint_eq(json_object_size(world), 2);
	finish();
}
END_TEST

/* The server was restored from a backup: what it has is what there is. */
START_TEST(test_back_in_time)
{
	listed();
	lose(asked(base, "watch=1"), FETCH_BROKEN);
	answer(asked(base, "?limit=1"), LIST("7", "", ""));
	struct fetch *r = asked(base, "limit=500");
	ck_assert_ptr_null(strstr(r->url, "resourceVersion"));
	answer(r, LIST("7", "", PEER("a", "3", "1")));
	asked(base, "watch=1&resourceVersion=7&");
	ck_assert_uint_eq(json_object_size(world), 1);
	finish();
	/* As an event shows it. */
	listed();
	ck_assert(!say(asked(base, "watch=1"), EVENT("MODIFIED", PEER("a", "5", "9"))));
	ck_assert_int_eq(number("a"), 1);
	r = asked(base, "limit=500");
	ck_assert_ptr_null(strstr(r->url, "resourceVersion"));
	finish();
	/* As a list does that should be newer and cannot be. */
	listed();
	refuse(asked(base, "watch=1"), 410);
	refuse(asked(base, "resourceVersionMatch=NotOlderThan"), 504);
	r = asked(base, "limit=500");
	ck_assert_ptr_null(strstr(r->url, "resourceVersion"));
	finish();
}
END_TEST

START_TEST(test_retry_after)
{
	begin();
	uint64_t began = kube_now_ms();
	end_by(asked(base, "limit=500"),
	       (struct fetch_result){.status = 429, .body = "", .retry_after_s = 1});
	asked(base, "limit=500");
	ck_assert_uint_ge(kube_now_ms() - began, 1000);
	finish();
}
END_TEST

START_TEST(test_rate)
{
	unsigned now = 0;

	begin();
	while (kube_client_wait_ms(&client) == 0)
		now++;
	ck_assert_uint_ge(now, 99); /* and one that is about to be made */
	ck_assert_uint_le(now, 101);
	ck_assert_uint_le(kube_client_wait_ms(&client), 201);
	/* As it is told to. */
	struct kube_client other = {.rate_per_s = 0.5, .burst = 3};
	for (unsigned i = 0; i < 3; i++)
		ck_assert_uint_eq(kube_client_wait_ms(&other), 0);
	ck_assert_uint_gt(kube_client_wait_ms(&other), 201);
	ck_assert_uint_le(kube_client_wait_ms(&other), 2001);
	uint64_t began = kube_now_ms();
	asked(base, "limit=500");
	ck_assert_uint_ge(kube_now_ms() - began, 100);
	finish();
}
END_TEST

START_TEST(test_absent_and_withdrawn)
{
	listed();
	kube_watch_absent(watch);
	ck_assert_uint_eq(json_object_size(world), 0);
	ck_assert(TAILQ_EMPTY(&fetches));
	kube_watch_go(watch);
	answer(asked(base, "resourceVersion=0"), LIST("70", "", PEER("a", "3", "1")));
	asked(base, "watch=1");
	/* At another path what is still there is not told again. */
	unsigned n = puts_told;
	kube_watch_move(watch, "/apis/h/v/bgppeers");
	kube_watch_go(watch);
	answer(asked(base, "/apis/h/v/bgppeers?limit=500&resourceVersion=0"),
	       LIST("71", "", PEER("a", "3", "1")));
	asked(base, "/apis/h/v/bgppeers?watch=1");
	ck_assert_uint_eq(puts_told, n);
	kube_watch_withdraw(watch);
	ck_assert_uint_eq(json_object_size(world), 0);
	ck_assert(TAILQ_EMPTY(&fetches));
	finish();
}
END_TEST

SUITE("kube_watch", test_list_and_watch, test_pages, test_page_refused, test_nul, test_quiet,
      test_page_expired, test_page_again, test_gone, test_wrong_lists, test_list_with_a_name,
      test_wrong_events, test_same_version, test_lost, test_back_in_time, test_retry_after, test_rate,
      test_absent_and_withdrawn)
