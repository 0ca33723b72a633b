/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/source_etcd: what is asked for, what is told, and what a server that is not as it should be
 * leads to. */
#include <malloc.h>
#include <stdio.h>
#include <unistd.h>

#include "lib/base64.h"
#include "lib/loop.h"
#include "lib/str.h"
#include "tests/unit/fetchfake.h"
#include "tests/unit/sourcetest.h"

static struct event_base *base;
static struct source *source;

static const struct source_handler handler = {
    .put = on_put, .del = on_del, .synced = on_synced, .trouble = on_trouble};

/* Of keys below /k, which are one range. */
static void
begin(struct source_etcd_conf conf)
{
	static const char *const endpoints[] = {"http://etcd"};

	base = event_base_new();
	told_begin();
	conf.endpoints = endpoints;
	conf.nendpoints = 1;
	conf.prefix = "/k";
	source = source_etcd_start(base, &conf, &handler, NULL);
}

static void
finish(void)
{
	source->ops->stop(source);
	ck_assert(TAILQ_EMPTY(&fetches));
	event_base_free(base);
	told_end();
}

#define HEADER(cluster, revision)                                                                            \
	"\"header\": {\"cluster_id\": \"" cluster "\", \"revision\": \"" revision "\", \"raft_term\": "      \
	"\"2\"}"
#define EMPTY(cluster, revision) "{" HEADER(cluster, revision) "}"

/* "key": "...", "value": "..." of a key below /k. */
static const char *
kv(const char *name, const char *value)
{
	static char text[4][256];
	static unsigned at;
	struct str k = {0}, v = {0}, path = {0};
	char *out = text[at++ % 4];

	str_addf(&path, "/k/%s", name);
	base64_encode(&k, str_get(&path), path.len);
	base64_encode(&v, value, strlen(value));
	snprintf(out, sizeof(text[0]), "\"key\": \"%s\", \"value\": \"%s\"", str_get(&k), str_get(&v));
	str_free(&k);
	str_free(&v);
	str_free(&path);
	return out;
}

/* Where a server is in time that is being connected to: its answer to the probe, and how long its log is. */
#define PROBED(cluster, revision) probed(EMPTY(cluster, revision), 490 + atoi(revision))

static void
probed(const char *text, int entries)
{
	char *log = xasprintf("{\"raftAppliedIndex\": \"%d\"}", entries);

	answer(asked(base, "/v3/kv/range"), text);
	answer(asked(base, "/v3/maintenance/status"), log);
	free(log);
}

static void
answer_free(struct fetch *r, char *text)
{
	answer(r, text);
	free(text);
}

/* A page of one key. */
static void
page(const char *cluster, const char *revision, const char *name, bool more)
{
	answer_free(asked(base, "/v3/kv/range"),
		    xasprintf("{" HEADER("%s", "%s") ", \"kvs\": [{%s}]%s}", cluster, revision, kv(name, "v"),
			      more ? ", \"more\": true" : ""));
}

#define CREATED(revision) "{\"result\": {" HEADER("7", revision) ", \"created\": true}}\n"

static void
watching(void)
{
	begin((struct source_etcd_conf){0});
	PROBED("7", "10");
	page("7", "10", "a", true);
	page("7", "10", "b", false);
	ck_assert_uint_eq(syncs, 1);
	ck_assert_uint_eq(json_object_size(world), 2);
	ck_assert_ptr_nonnull(strstr(asked(base, "/v3/watch")->body, "\"start_revision\": \"11\""));
	ck_assert(say(asked(base, "/v3/watch"), CREATED("10")));
	ck_assert_uint_eq(json_object_size(troubles), 0);
}

START_TEST(test_list_and_watch)
{
	watching();
	struct fetch *w = asked(base, "/v3/watch");
	char *event =
	    xasprintf("{\"result\": {" HEADER("7", "12") ", \"events\": [{\"kv\": {%s, \"mod_revision\": "
							 "\"11\"}}, {\"type\": \"DELETE\", \"kv\": "
							 "{%s, \"mod_revision\": \"12\"}}]}}\n",
		      kv("c", "x"), kv("a", ""));
	/* In any pieces. */
	for (size_t i = 0; event[i] != '\0'; i++)
		ck_assert(say(w, (char[]){event[i], '\0'}));
	free(event);
	ck_assert_uint_eq(syncs, 2);
	ck_assert_uint_eq(json_object_size(world), 2);
	ck_assert_str_eq(json_string_value(json_object_get(world, " - c")), "x");
	lose(w, FETCH_BROKEN);
	PROBED("7", "12");
	ck_assert_ptr_nonnull(strstr(asked(base, "/v3/watch")->body, "\"start_revision\": \"13\""));
	finish();
}
END_TEST

/* The list of a cluster that was restored is cut off: it is still to be made. */
START_TEST(test_list_cut_off)
{
	watching();
	lose(asked(base, "/v3/watch"), FETCH_BROKEN);
	PROBED("8", "5");
	page("8", "5", "a", true);
	ck_assert_uint_eq(json_object_size(world), 2);
	lose(asked(base, "/v3/kv/range"), FETCH_BROKEN);
	PROBED("8", "5");
	ck_assert_msg(!is_asked("/v3/watch"), "it is watched from a time that never was");
	page("8", "5", "a", false);
	ck_assert_uint_eq(json_object_size(world), 1);
	ck_assert_ptr_nonnull(strstr(asked(base, "/v3/watch")->body, "\"start_revision\": \"6\""));
	finish();
}
END_TEST

/* An etcd that was restored has passed our revision before we came back: its log is shorter than it can be.
 */
START_TEST(test_restored_and_passed)
{
	watching(); /* at revision 10, with 500 entries */
	struct fetch *w = asked(base, "/v3/watch");
	char *event = xasprintf(
	    "{\"result\": {" HEADER("7", "12") ", \"events\": [{\"kv\": {%s, \"mod_revision\": \"12\"}}]}}\n",
	    kv("c", "x"));
	ck_assert(say(w, event));
	free(event);
	lose(w, FETCH_BROKEN);
	/* As long as it must be at least: the same one. */
	probed(EMPTY("7", "14"), 502);
	ck_assert_ptr_nonnull(strstr(asked(base, "/v3/watch")->body, "\"start_revision\": \"13\""));
	ck_assert(say(asked(base, "/v3/watch"), CREATED("14")));
	lose(asked(base, "/v3/watch"), FETCH_BROKEN);
	/* One that keeps it to itself, or whose answer is none, is believed. */
	answer(asked(base, "/v3/kv/range"), EMPTY("7", "20"));
	refuse(asked(base, "/v3/maintenance/status"), 403);
	asked(base, "/v3/watch");
	lose(asked(base, "/v3/watch"), FETCH_BROKEN);
	answer(asked(base, "/v3/kv/range"), EMPTY("7", "20"));
	answer(asked(base, "/v3/maintenance/status"), "<");
	asked(base, "/v3/watch");
	lose(asked(base, "/v3/watch"), FETCH_BROKEN);
	/* One that fails is not. */
	answer(asked(base, "/v3/kv/range"), EMPTY("7", "20"));
	lose(asked(base, "/v3/maintenance/status"), FETCH_BROKEN);
	ck_assert(!is_asked("/v3/watch"));
	/* The connection before was at revision 14 with 502 entries, and 20 has been told since. */
	probed(EMPTY("7", "30"), 507);
	ck_assert(!is_asked("/v3/watch"));
	page("7", "30", "b", false);
	ck_assert_uint_eq(json_object_size(world), 1);
	ck_assert(say(asked(base, "/v3/watch"), CREATED("30")));
	/* From then on its log is what counts. */
	lose(asked(base, "/v3/watch"), FETCH_BROKEN);
	probed(EMPTY("7", "30"), 507);
	asked(base, "/v3/watch");
	finish();
}
END_TEST

/* A page is told while the server makes the next one. */
START_TEST(test_pages_ahead)
{
	begin((struct source_etcd_conf){0});
	PROBED("7", "10");
	page("7", "10", "a", true);
	ck_assert(is_asked("/v3/kv/range"));
	ck_assert_uint_eq(json_object_size(world), 0);
	ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
	ck_assert_uint_eq(json_object_size(world), 1);
	page("7", "10", "b", true);
	/* Also when the next one is at hand at once, or fails. */
	page("7", "10", "c", true);
	ck_assert_uint_eq(json_object_size(world), 2);
	lose(asked(base, "/v3/kv/range"), FETCH_BROKEN);
	ck_assert_uint_eq(json_object_size(world), 3);
	ck_assert_uint_eq(syncs, 0);
	finish();
}
END_TEST

/* Those who had the same server do not all come to the next one at the same moment. */
START_TEST(test_failover_jitter)
{
	static const char *const endpoints[] = {"http://one", "http://two"};
	struct source_etcd_conf conf = {.endpoints = endpoints, .nendpoints = 2, .prefix = "/k"};
	uint64_t least = UINT64_MAX, most = 0;

	base = event_base_new();
	for (unsigned i = 0; i < 8; i++) {
		told_begin();
		source = source_etcd_start(base, &conf, &handler, NULL);
		struct fetch *first = asked(base, "/v3/kv/range");
		const char *other = strstr(first->url, "one") != NULL ? "http://two/v3" : "http://one/v3";
		uint64_t began = time_mono_ns();
		lose(first, FETCH_UNREACHABLE);
		asked(base, other);
		uint64_t took = time_mono_ns() - began;
		least = took < least ? took : least;
		most = took > most ? took : most;
		ck_assert_uint_eq(json_object_size(troubles), 0);
		source->ops->stop(source);
		told_end();
	}
	ck_assert_uint_ge(most - least, 1000000);
	event_base_free(base);
}
END_TEST

/* Another cluster has the address between two pages: those are not of one list. */
START_TEST(test_pages_of_two)
{
	begin((struct source_etcd_conf){0});
	PROBED("7", "10");
	page("7", "10", "a", true);
	page("8", "90", "b", false);
	ck_assert_uint_eq(syncs, 0);
	ck_assert_uint_eq(json_object_size(troubles), 1);
	finish();
}
END_TEST

/* The same page without an end is none. */
START_TEST(test_pages_again)
{
	begin((struct source_etcd_conf){0});
	PROBED("7", "10");
	page("7", "10", "a", true);
	page("7", "10", "a", true);
	ck_assert_uint_eq(json_object_size(troubles), 1);
	finish();
}
END_TEST

#define GONE "{\"result\": {" HEADER("7", "10") ", \"canceled\": true, \"compact_revision\": \"11\"}}\n"

/* At once the first times; a server that says so to each watch is not asked without an end. */
START_TEST(test_compacted)
{
	uint64_t began;
	unsigned i;

	watching();
	for (i = 0; i < 2; i++) {
		ck_assert(!say(asked(base, "/v3/watch"), GONE));
		page("7", "10", "a", true);
		page("7", "10", "b", false);
		ck_assert_uint_eq(json_object_size(troubles), 0);
	}
	began = time_mono_ns() / 1000000;
	for (; i < 4; i++) {
		ck_assert(!say(asked(base, "/v3/watch"), GONE));
		ck_assert_uint_eq(json_object_size(troubles), 1);
		PROBED("7", "10");
		page("7", "10", "a", true);
		page("7", "10", "b", false);
	}
	ck_assert_uint_ge(time_mono_ns() / 1000000 - began, 125 + 250);
	ck_assert_uint_eq(json_object_size(world), 2);
	finish();
}
END_TEST

#define NO_TOKEN "{\"error\": {\"message\": \"etcdserver: invalid auth token\"}}\n"

static void
logged_in(void)
{
	begin((struct source_etcd_conf){.username = "me", .password = "pw"});
	answer(asked(base, "/v3/auth/authenticate"), "{\"token\": \"t1\"}");
	PROBED("7", "10");
	page("7", "10", "a", false);
}

/* Nor is one logged in to without an end that takes the token, but not for watches. */
START_TEST(test_token_refused)
{
	uint64_t began = 0;

	logged_in();
	for (unsigned i = 0; i < 3; i++) {
		if (i == 1)
			began = time_mono_ns() / 1000000;
		ck_assert(!say(asked(base, "/v3/watch"), NO_TOKEN));
		answer(asked(base, "/v3/auth/authenticate"), "{\"token\": \"t2\"}");
		ck_assert_str_eq(asked(base, "/v3/kv/range")->authorization, "t2");
		PROBED("7", "10");
	}
	ck_assert_uint_ge(time_mono_ns() / 1000000 - began, 125 + 250);
	finish();
}
END_TEST

/* A server that has begun anew does not know the tokens it has given out, also those that nobody has used. */
START_TEST(test_token_forgotten)
{
	static const char body[] = "{\"message\": \"etcdserver: invalid auth token\"}";

	begin((struct source_etcd_conf){.username = "me", .password = "pw"});
	for (unsigned i = 0; i < 3; i++) {
		answer(asked(base, "/v3/auth/authenticate"), "{\"token\": \"t1\"}");
		end_by(asked(base, "/v3/kv/range"),
		       (struct fetch_result){.status = 401, .body = body, .len = strlen(body)});
		ck_assert(!is_asked("/v3/kv/range"));
	}
	asked(base, "/v3/auth/authenticate");
	finish();
}
END_TEST

/* A token that has expired is replaced at once, and nobody is told. */
START_TEST(test_token_expired)
{
	logged_in();
	ck_assert(say(asked(base, "/v3/watch"), CREATED("10")));
	ck_assert(!say(asked(base, "/v3/watch"), NO_TOKEN));
	ck_assert_ptr_nonnull(strstr(asked(base, "/v3/auth/authenticate")->body, "\"me\""));
	ck_assert_uint_eq(json_object_size(troubles), 0);
	finish();
}
END_TEST

static void
file_write(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
}

/* With and without an end of the line; memory is not zero by itself. */
START_TEST(test_password_file)
{
	static const char *const texts[] = {"of-22-letters-in-all-x", "of-22-letters-in-all-x\n",
					    "of-22-letters-in-all-x\r\nmore"};
	char path[] = "/tmp/t_source_etcd.XXXXXX";
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	mallopt(M_PERTURB, 0x95);
	for (size_t i = 0; i < ARRAY_LEN(texts); i++) {
		file_write(path, texts[i]);
		begin((struct source_etcd_conf){.username = "me", .password_file = path});
		ck_assert_str_eq(asked(base, "/v3/auth/authenticate")->body,
				 "{\"name\":\"me\",\"password\":\"of-22-letters-in-all-x\"}");
		finish();
	}
	mallopt(M_PERTURB, 0);
	unlink(path);
}
END_TEST

/* What a server says is a text of its own; a part of a character is none. */
START_TEST(test_refusal_text)
{
	struct str body = {0};

	begin((struct source_etcd_conf){0});
	str_add(&body, "{\"message\": \"");
	for (unsigned i = 0; i < 199; i++)
		str_add(&body, "x");
	str_add(&body, "\xc3\xa9\"}");
	end_by(asked(base, "/v3/kv/range"),
	       (struct fetch_result){.status = 500, .body = str_get(&body), .len = body.len});
	ck_assert_ptr_nonnull(
	    strstr(json_string_value(json_object_get(troubles, "http://etcd")), "it says \"xxx"));
	str_free(&body);
	finish();
}
END_TEST

SUITE("source_etcd", test_list_and_watch, test_restored_and_passed, test_pages_ahead, test_failover_jitter,
      test_list_cut_off, test_pages_of_two, test_pages_again, test_compacted, test_token_refused,
      test_token_forgotten, test_token_expired, test_password_file, test_refusal_text)
