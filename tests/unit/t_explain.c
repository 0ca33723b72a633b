/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of bgpd/explain and ctl_show_why: for a route of each kind the reason, and the rule with its line, on the way
 * in, out and into the kernel.
 */
#include "bgpd/explain.h"

#include "bgpd/groups.h"
#include "tests/unit/ctltest.h"
#include "tests/unit/suite.h"

#define LEN16(n) (uint8_t)((n) >> 8), (uint8_t)(n)
#define FROM  "127.0.0.2"
#define TO    "127.0.0.3"
#define MUTE  "127.0.0.4"
#define INNER "127.0.0.5"
#define AWAY  "127.0.0.6"

static struct bgpdtest t;
static struct ctltest c;
static struct speaker from, to, mute, inner;

static const char conf[] =
    "policies:\n" /* line 3: bgpdtest writes two before */
    "  in:\n"
    "    - {match: {prefix-set: [203.0.113.0/24]}, action: reject}\n"               /* 5 */
    "    - {match: {prefix-set: [198.51.100.0/24]}, set: {med: 7}, action: next}\n" /* 6 */
    "    - {match: {not: {prefix-set: [100.64.0.0/10 in]}}, action: accept}\n"      /* 7 */
    "  out:\n"
    "    - {match: {prefix-set: [192.0.2.0/24]}, action: reject}\n" /* 9 */
    "    - {set: {prepend: 64512}, action: accept}\n"               /* 10 */
    "neighbors:\n"
    "  - {address: 127.0.0.2, remote-as: 65002, passive: true, import: [in], export: [accept]}\n" /* 12 */
    "  - {address: 127.0.0.3, remote-as: 65003, passive: true, import: [accept], export: [out]}\n"
    "  - {address: 127.0.0.4, remote-as: 65004, passive: true}\n" /* 14 */
    "  - {address: 127.0.0.5, remote-as: 65001, passive: true}\n"
    "  - {address: 127.0.0.6, remote-as: 65006, passive: true, import: [accept], export: [accept]}\n"
    "kernel: {export: [out]}\n";

#define HOP(a, b, c, d) 0x40, 3, 4, a, b, c, d
#define PATH_65002      0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xea
static const uint8_t routes[] = {LEN16(0), LEN16(20), PATH_65002, HOP(10, 0, 0, 2), 24, 192, 0, 2, 24, 198, 51, 100, 24, 203, 0,
    113, 16, 100, 65};
/* 65002 65001 */
static const uint8_t looped[] = {LEN16(0), LEN16(24), 0x40, 1, 1, 0, 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xea, 0, 0, 0xfd, 0xe9,
    HOP(10, 0, 0, 2), 24, 192, 18, 0};
static const uint8_t marked[] = {LEN16(0), LEN16(27), PATH_65002, HOP(10, 0, 0, 2), 0xc0, 8, 4, 0xff, 0xff, 0xff, 1, 24, 192,
    18, 1};
/* LLGR_STALE, 65535:6 */
static const uint8_t last_resort[] = {LEN16(0), LEN16(27), PATH_65002, HOP(10, 0, 0, 2), 0xc0, 8, 4, 0xff, 0xff, 0, 6, 24, 192,
    18, 3};
static const uint8_t unresolved[] = {LEN16(0), LEN16(20), PATH_65002, HOP(192, 168, 0, 2), 24, 192, 18, 2};

static void
begin(void)
{
	bgpdtest_start(&t, "", conf);
	bgpdtest_interface(&t, 2, "e0", "10.0.0.1", 29);
	struct peer *p = bgpdtest_session(&t, &from, FROM, 65002, 0x0a000002);
	bgpdtest_session(&t, &to, TO, 65003, 0x0a000003);
	bgpdtest_session(&t, &mute, MUTE, 65004, 0x0a000004);
	bgpdtest_session(&t, &inner, INNER, BGPDTEST_AS, 0x0a000005);
	speaker_send_update(&from, routes, sizeof(routes));
	speaker_send_update(&from, looped, sizeof(looped));
	speaker_send_update(&from, marked, sizeof(marked));
	speaker_send_update(&from, last_resort, sizeof(last_resort));
	speaker_send_update(&from, unresolved, sizeof(unresolved));
	UNTIL(t.d.loop, bgpdtest_path(&t, p, "192.18.2.0/24") != NULL);
	bgpdtest_settle(&t);
	ctltest_open(&c, &t);
}

static void
end(void)
{
	ctltest_close(&c);
	bgpdtest_stop(&t);
	speaker_close(&from);
	speaker_close(&to);
	speaker_close(&mute);
	speaker_close(&inner);
}

static const char *
text_of(const json_t *o, const char *name)
{
	const char *s = json_string_value(json_object_get(o, name));

	return s != NULL ? s : "(none)";
}

/* The only row of `show rib why`. */
static json_t *
why(const char *prefix)
{
	char args[64];

	snprintf(args, sizeof(args), "\"prefix\":\"%s\"", prefix);
	json_t *rows = ctltest_ask(&c, "show rib why", args);
	ck_assert_msg(json_array_size(rows) == 1, "%s: %zu rows", prefix, json_array_size(rows));
	json_t *row = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	return row;
}

/* reason and rule: policy NULL for none, rule 0 for the end of the list; line 0: none. */
static void
check(const json_t *row, const char *what, const char *reason, const char *policy, int rule, int line)
{
	const json_t *r = json_object_get(row, "rule");

	ck_assert_msg(strcmp(text_of(row, "reason"), reason) == 0, "%s: %s, not %s", what, text_of(row, "reason"), reason);
	ck_assert_msg((policy == NULL && line == 0) == json_is_null(r), "%s: a rule", what);
	if (json_is_null(r))
		return;
	ck_assert_msg(policy == NULL ? json_is_null(json_object_get(r, "policy")) : strcmp(text_of(r, "policy"), policy) == 0,
	    "%s: policy %s", what, text_of(r, "policy"));
	ck_assert_int_eq(json_integer_value(json_object_get(r, "rule")), rule);
	ck_assert_int_eq(json_integer_value(json_object_get(r, "line")), line);
	if (line != 0)
		ck_assert_str_eq(text_of(r, "file"), t.conf);
}

/* The verdict for a neighbour, or with NULL that for the kernel: borrowed from the row; NULL: there is none. */
static const json_t *
export_to(const json_t *row, const char *peer)
{
	json_t *e;
	size_t i;

	json_array_foreach(json_object_get(row, "exports"), i, e)
	{
		const char *name = json_string_value(json_object_get(e, "peer"));
		if (peer == NULL ? strcmp(text_of(e, "direction"), "kernel") == 0 : name != NULL && strcmp(name, peer) == 0)
			return e;
	}
	return NULL;
}

START_TEST(test_in)
{
	begin();
	json_t *r = why("203.0.113.0/24");
	check(r, "rejected by a rule", "policy", "in", 1, 5);
	ck_assert(json_is_false(json_object_get(r, "accepted")) && json_is_null(json_object_get(r, "exports")));
	ck_assert_str_eq(text_of(r, "direction"), "in");
	ck_assert_str_eq(text_of(r, "peer"), FROM);
	json_decref(r);
	r = why("100.65.0.0/16");
	check(r, "falls through", "policy", NULL, 0, 12);
	json_decref(r);
	r = why("192.18.0.0/24");
	check(r, "loop", "as-loop", NULL, 0, 0);
	json_decref(r);
	r = why("192.18.2.0/24");
	check(r, "unresolved", "next-hop-unresolved", "in", 3, 7);
	json_decref(r);

	/* Two rules were at work, the first of which changed it. */
	r = why("198.51.100.0/24");
	check(r, "changed", "best", "in", 3, 7);
	ck_assert(json_is_true(json_object_get(r, "changed")) && json_is_false(json_object_get(r, "pending")));
	const json_t *rules = json_object_get(r, "rules"), *first = json_array_get(rules, 0);
	ck_assert_uint_eq(json_array_size(rules), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(first, "line")), 6);
	ck_assert(json_is_true(json_object_get(first, "changed")));
	ck_assert_str_eq(json_string_value(json_array_get(json_object_get(first, "set"), 0)), "med");
	ck_assert_str_eq(text_of(first, "action"), "next");
	json_decref(r);
	r = why("192.0.2.0/24");
	ck_assert(json_is_false(json_object_get(r, "changed")));
	json_decref(r);
	end();
}
END_TEST

START_TEST(test_out)
{
	begin();
	json_t *r = why("192.0.2.0/24");
	check(export_to(r, FROM), "its own", "split-horizon", NULL, 0, 0);
	check(export_to(r, TO), "rejected", "policy", "out", 1, 9);
	check(export_to(r, MUTE), "RFC 8212", "no-policy", NULL, 0, 14);
	check(export_to(r, INNER), "iBGP", "sent", "accept", 1, 0);
	check(export_to(r, AWAY), "down", "session-down", NULL, 0, 0);
	check(export_to(r, NULL), "kernel", "policy", "out", 1, 9);
	ck_assert_uint_eq(json_array_size(json_object_get(r, "exports")), 6);
	json_decref(r);

	r = why("198.51.100.0/24");
	const json_t *e = export_to(r, TO);
	check(e, "changed", "sent", "out", 2, 10);
	ck_assert(json_is_true(json_object_get(e, "changed")) && json_is_false(json_object_get(e, "pending")));
	ck_assert_str_eq(text_of(e, "aspath"), "65001 64512 65002");
	check(export_to(r, NULL), "kernel", "programmed", "out", 2, 10);
	json_decref(r);

	r = why("192.18.1.0/24");
	check(export_to(r, TO), "no-export", "no-export", NULL, 0, 0);
	check(export_to(r, INNER), "no-export is for eBGP", "sent", "accept", 1, 0);
	json_decref(r);

	r = why("192.18.3.0/24");
	check(export_to(r, INNER), "RFC 9494 4.3", "llgr-stale", NULL, 0, 0);
	ck_assert(json_is_false(json_object_get(export_to(r, INNER), "accepted")));
	json_decref(r);
	end();
}
END_TEST

/* Between the withdrawal of all and the end of the session nothing is sent (RFC 8326). */
START_TEST(test_drained)
{
	begin();
	struct peer *p = bgpdtest_peer(&t, INNER);
	p->drain.stage = DRAIN_WITHDRAWN;
	groups_reconfigure(t.d.groups);
	json_t *r = why("198.51.100.0/24");
	check(export_to(r, INNER), "drained", "drained", NULL, 0, 0);
	ck_assert(json_is_false(json_object_get(export_to(r, INNER), "accepted")));
	json_decref(r);
	p->drain.stage = DRAIN_NONE;
	end();
}
END_TEST

/* The verdicts for INNER: its paths by this neighbour's, NULL if there is none. */
static const json_t *
path_to_inner(const json_t *row, const char *of)
{
	json_t *e;
	size_t i;

	json_array_foreach(json_object_get(row, "exports"), i, e)
	if (strcmp(text_of(e, "peer"), INNER) == 0 && strcmp(text_of(e, "neighbor"), of) == 0)
		return e;
	return NULL;
}

/* RFC 7911: a neighbour that gets several has a verdict for each path, with the id that it is sent with. */
START_TEST(test_paths)
{
	static const char begin_of[] = "neighbors:\n"
				       "  - {address: 127.0.0.2, remote-as: 65002, passive: true, import: [accept]}\n"
				       "  - {address: 127.0.0.3, remote-as: 65002, passive: true, import: [accept]}\n";
	struct open_msg o = bgpdtest_open(BGPDTEST_AS, 0x0a000005);
	struct str text = {0};

	str_addf(&text, "%s  - {address: %s, remote-as: 65001, passive: true, add-path: {send: best 1}}\n", begin_of, INNER);
	bgpdtest_start(&t, "", str_get(&text));
	bgpdtest_interface(&t, 2, "e0", "10.0.0.1", 29);
	bgpdtest_session(&t, &from, FROM, 65002, 0x0a000002);
	bgpdtest_session(&t, &to, TO, 65002, 0x0a000003);
	o.caps.add_path[FAMILY_IPV4] = ADD_PATH_RECEIVE;
	bgpdtest_session_open(&t, &inner, INNER, &o);
	speaker_send_update(&from, routes, sizeof(routes));
	speaker_send_update(&to, routes, sizeof(routes));
	UNTIL(t.d.loop, bgpdtest_path(&t, bgpdtest_peer(&t, TO), "192.0.2.0/24") != NULL &&
			     bgpdtest_path(&t, bgpdtest_peer(&t, FROM), "192.0.2.0/24") != NULL);
	bgpdtest_settle(&t);
	ctltest_open(&c, &t);
	/* The lower router id is the best. */
	json_t *rows = ctltest_ask(&c, "show rib why", "\"prefix\":\"192.0.2.0/24\""), *best = json_array_get(rows, 1);
	ck_assert_uint_eq(json_array_size(rows), 2);
	check(path_to_inner(best, FROM), "best 1", "sent", "accept", 1, 0);
	check(path_to_inner(best, TO), "the other", "not-chosen", NULL, 0, 0);
	ck_assert(json_is_false(json_object_get(path_to_inner(best, FROM), "pending")));
	ck_assert(!json_object_get(export_to(best, FROM), "path_id"));
	json_decref(rows);

	str_free(&text);
	str_addf(&text, "%s  - {address: %s, remote-as: 65001, passive: true, add-path: {send: all}}\n", begin_of, INNER);
	bgpdtest_reload(&t, "", str_get(&text));
	bgpdtest_settle(&t);
	rows = ctltest_ask(&c, "show rib why", "\"prefix\":\"192.0.2.0/24\"");
	best = json_array_get(rows, 1);
	const json_t *one = path_to_inner(best, FROM), *two = path_to_inner(best, TO);
	check(one, "all", "sent", "accept", 1, 0);
	check(two, "all", "sent", "accept", 1, 0);
	ck_assert(json_is_false(json_object_get(two, "pending")));
	ck_assert_int_eq(json_integer_value(json_object_get(one, "path_id")),
			 peer_routes_source(bgpdtest_peer(&t, FROM))->index);
	ck_assert_int_eq(json_integer_value(json_object_get(two, "path_id")),
			 peer_routes_source(bgpdtest_peer(&t, TO))->index);
	json_decref(rows);
	str_free(&text);
	ctltest_close(&c);
	bgpdtest_stop(&t);
	speaker_close(&from);
	speaker_close(&to);
	speaker_close(&inner);
}
END_TEST

/* Every route that is rejected on some way, and nothing else; a neighbour's own is not rejected, but not meant for it. */
START_TEST(test_rejected)
{
	begin();
	json_t *rows = ctltest_ask(&c, "show rib rejected", ""), *row, *e;
	size_t i, k, in = 0, out = 0;

	json_array_foreach(rows, i, row)
	{
		in += json_is_false(json_object_get(row, "accepted"));
		json_array_foreach(json_object_get(row, "exports"), k, e)
		{
			ck_assert_str_ne(text_of(e, "reason"), "sent");
			ck_assert_str_ne(text_of(e, "reason"), "split-horizon");
			ck_assert_str_ne(text_of(e, "reason"), "session-down");
			out++;
		}
	}
	/* 203.0.113.0/24, 100.65.0.0/16, 192.18.0.0/24 */
	ck_assert_uint_eq(in, 3);
	/* 192.0.2.0/24 to, mute, kernel; 198.51.100.0/24 mute; 192.18.1.0/24 to, mute; 192.18.3.0/24 to, mute, inner */
	ck_assert_uint_eq(out, 9);
	json_decref(rows);

	rows = ctltest_ask(&c, "show rib rejected", "\"prefix\":\"203.0.113.0/24\"");
	ck_assert_uint_eq(json_array_size(rows), 1);
	json_decref(rows);
	rows = ctltest_ask(&c, "show rib rejected", "\"limit\":2");
	ck_assert_uint_eq(json_array_size(rows), 2);
	json_decref(rows);
	/* What a neighbour is not sent, though it could be. */
	rows = ctltest_ask(&c, "show rib out", "\"neighbor\":\"" TO "\",\"rejected\":true");
	ck_assert_uint_eq(json_array_size(rows), 3);
	json_array_foreach(rows, i, row)
	if (strcmp(text_of(row, "prefix"), "192.0.2.0/24") == 0)
		check(row, "out", "policy", "out", 1, 9);
	json_decref(rows);
	/* And what of one's routes is not taken. */
	rows = ctltest_ask(&c, "show rib in", "\"neighbor\":\"" FROM "\",\"rejected\":true,\"prefix\":\"203.0.113.0/24\"");
	check(json_array_get(rows, 0), "in", "policy", "in", 1, 5);
	json_decref(rows);
	end();
}
END_TEST

SUITE("explain", test_in, test_out, test_drained, test_paths, test_rejected)
