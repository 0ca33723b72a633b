/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of bgpd/ctl_path and ctl_show_*: the members of answers that scripts rely on, their types and when they are
 * null, and each filter of show rib.
 */
#include "bgpd/ctl_path.h"

#include "tests/unit/ctltest.h"
#include "tests/unit/suite.h"

#define LEN16(n) (uint8_t)((n) >> 8), (uint8_t)(n)

static struct bgpdtest t;
static struct ctltest c;
static struct speaker s;

/* A type, or the same or null. */
enum kind { TEXT, INTEGER, BOOLEAN, LIST, OBJECT, OR_NULL = 0x10 };
struct member {
	const char *name;
	int kind;
};

static bool
is_kind(const json_t *v, int kind)
{
	if (v != NULL && (kind & OR_NULL) != 0 && json_is_null(v))
		return true;
	switch (kind & ~OR_NULL) {
	case TEXT:
		return json_is_string(v);
	case INTEGER:
		return json_is_integer(v);
	case BOOLEAN:
		return json_is_boolean(v);
	case LIST:
		return json_is_array(v);
	default:
		return json_is_object(v);
	}
}

static void
check_members(const json_t *o, const struct member *m, size_t n, const char *what)
{
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(is_kind(json_object_get(o, m[i].name), m[i].kind), "%s: %s is missing or of the wrong type", what,
			      m[i].name);
}

static const struct member rib_members[] = {
    {"prefix", TEXT},
    {"best", BOOLEAN},
    {"multipath", BOOLEAN},
    {"valid", BOOLEAN},
    {"source", TEXT},
    {"neighbor", OBJECT | OR_NULL},
    {"origin", TEXT},
    {"aspath", TEXT},
    {"exit_nexthop", TEXT | OR_NULL},
    {"true_nexthop", TEXT | OR_NULL},
    {"med", INTEGER | OR_NULL},
    {"local_preference", INTEGER | OR_NULL},
    {"communities", LIST},
    {"large_communities", LIST},
    {"ext_communities", LIST},
    {"originator_id", TEXT | OR_NULL},
    {"cluster_list", LIST},
    {"path_id", INTEGER | OR_NULL},
    {"age_s", INTEGER},
    {"stale", BOOLEAN},
    {"reason", TEXT},
};
static const struct member message_members[] = {
    {"open", INTEGER}, {"update", INTEGER}, {"keepalive", INTEGER}, {"notification", INTEGER}, {"route_refresh", INTEGER}};
static const struct member caps_members[] = {{"multiprotocol", LIST},
					     {"route_refresh", BOOLEAN},
					     {"enhanced_route_refresh", BOOLEAN},
					     {"as4", BOOLEAN},
					     {"extended_message", BOOLEAN},
					     {"graceful_restart", OBJECT | OR_NULL},
					     {"add_path", OBJECT},
					     {"role", TEXT | OR_NULL}};
static const struct member neighbor_members[] = {
    {"name", TEXT},
    {"remote_addr", TEXT},
    {"remote_as", INTEGER},
    {"local_as", INTEGER},
    {"description", TEXT | OR_NULL},
    {"bgpid", TEXT | OR_NULL},
    {"state", TEXT},
    {"last_updown_s", INTEGER | OR_NULL},
    {"last_error", TEXT | OR_NULL},
    {"hold_time_s", INTEGER},
    {"keepalive_s", INTEGER},
    {"capabilities", OBJECT},
    {"stats", OBJECT},
};

static const char *
text_of(const json_t *o, const char *name)
{
	const char *v = json_string_value(json_object_get(o, name));

	ck_assert_msg(v != NULL, "%s is no text", name);
	return v;
}

static bool
null_of(const json_t *o, const char *name)
{
	return json_is_null(json_object_get(o, name));
}

/*
 * An iBGP client and three routes of it: 192.0.2.0/24 with every attribute, 198.51.100.0/24 with the mandatory
 * ones, and 203.0.113.0/24, which is rejected by policy. A static route of ours to 192.0.2.0/25.
 */
static const char conf[] =
    "neighbors: [{address: 127.0.0.2, name: peer, description: rack 12, remote-as: 65001, passive: true, import: [p]}]\n"
    "policies: {p: [{match: {prefix-set: [203.0.113.0/24]}, action: reject}, {action: accept}]}\n"
    "statics: [{prefix: 192.0.2.0/25, blackhole: true}]\n";
static const uint8_t full[] = {
    LEN16(0),
    LEN16(0), /* filled in */
    0x40, 1, 1, 1,                                                              /* EGP */
    0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xea, 0, 1, 0, 0, /* 65002 65536 */
    0x40, 3, 4, 10, 0, 0, 2,
    0x80, 4, 4, 0, 0, 0, 0,                                                     /* MED 0, which is not none */
    0x40, 5, 4, 0, 0, 0, 200,
    0xc0, 8, 8, 0xfd, 0xe8, 0, 1, 0xff, 0xff, 0xff, 1,                          /* 65000:1 no-export */
    0x80, 9, 4, 10, 0, 0, 9,
    0x80, 10, 8, 10, 0, 0, 8, 10, 0, 0, 7,
    0xc0, 16, 8, 0, 2, 0xfd, 0xe8, 0, 0, 0, 7,                                  /* rt 65000:7 */
    0xc0, 32, 24, 0, 0, 0xfd, 0xe8, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0xfd, 0xe8, 0, 0, 0, 1, 0, 0, 0, 3,
    0x80, 99, 0 /* unknown, non-transitive: dropped */
};
static const uint8_t full_nlri[] = {24, 192, 0, 2};
static const uint8_t plain[] = {LEN16(0), LEN16(21), 0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 3, 4, 10, 0, 0, 3, 0x40, 5, 4, 0, 0, 0,
				100, 24, 198, 51, 100, 24, 203, 0, 113};

static struct peer *p;

static void
begin(void)
{
	uint8_t body[sizeof(full) + sizeof(full_nlri)];

	bgpdtest_start(&t, "", conf);
	bgpdtest_interface(&t, 2, "e0", "10.0.0.1", 29);
	struct open_msg o = bgpdtest_open(BGPDTEST_AS, 0x0a000002);
	p = bgpdtest_peer(&t, "peer");
	UNTIL(t.d.loop, peer_state(p) == FSM_ACTIVE);
	speaker_connect(&s, t.d.loop, "127.0.0.2", "127.0.0.1", t.port);
	speaker_establish(&s, &o);
	memcpy(body, full, sizeof(full));
	memcpy(body + sizeof(full), full_nlri, sizeof(full_nlri));
	body[2] = (uint8_t)((sizeof(full) - 4) >> 8);
	body[3] = (uint8_t)(sizeof(full) - 4);
	speaker_send_update(&s, body, sizeof(body));
	speaker_send_update(&s, plain, sizeof(plain));
	UNTIL(t.d.loop, bgpdtest_path(&t, p, "203.0.113.0/24") != NULL);
	bgpdtest_settle(&t);
	ctltest_open(&c, &t);
}

static void
end(void)
{
	ctltest_close(&c);
	bgpdtest_stop(&t);
	speaker_close(&s);
}

static void
check_list(const json_t *o, const char *name, const char *a, const char *b)
{
	const json_t *v = json_object_get(o, name);
	size_t n = (a != NULL ? 1u : 0u) + (b != NULL ? 1u : 0u);

	ck_assert_msg(json_array_size(v) == n, "%s has %zu", name, json_array_size(v));
	if (a != NULL)
		ck_assert_str_eq(json_string_value(json_array_get(v, 0)), a);
	if (b != NULL)
		ck_assert_str_eq(json_string_value(json_array_get(v, 1)), b);
}

/* The only row of this request. */
static json_t *
one_row(const char *command, const char *args)
{
	json_t *rows = ctltest_ask(&c, command, args);

	ck_assert_msg(json_array_size(rows) == 1, "%s %s: %zu rows", command, args, json_array_size(rows));
	json_t *row = json_incref(json_array_get(rows, 0));
	json_decref(rows);
	return row;
}

START_TEST(test_rib_members)
{
	begin();
	json_t *rows = ctltest_ask(&c, "show rib", "");
	ck_assert_uint_eq(json_array_size(rows), 3);
	for (size_t i = 0; i < 3; i++)
		check_members(json_array_get(rows, i), rib_members, ARRAY_LEN(rib_members), "show rib");
	json_decref(rows);

	json_t *r = one_row("show rib", "\"prefix\":\"192.0.2.0/24\"");
	ck_assert_str_eq(text_of(r, "prefix"), "192.0.2.0/24");
	ck_assert(json_is_true(json_object_get(r, "best")) && json_is_false(json_object_get(r, "multipath")));
	ck_assert(json_is_true(json_object_get(r, "valid")) && json_is_false(json_object_get(r, "stale")));
	ck_assert_str_eq(text_of(r, "source"), "bgp");
	const json_t *nb = json_object_get(r, "neighbor");
	ck_assert_str_eq(text_of(nb, "name"), "peer");
	ck_assert_str_eq(text_of(nb, "remote_addr"), "127.0.0.2");
	ck_assert_int_eq(json_integer_value(json_object_get(nb, "remote_as")), BGPDTEST_AS);
	ck_assert_str_eq(text_of(nb, "bgpid"), "10.0.0.2");
	ck_assert_str_eq(text_of(r, "origin"), "egp");
	ck_assert_str_eq(text_of(r, "aspath"), "65002 65536");
	ck_assert_str_eq(text_of(r, "exit_nexthop"), "10.0.0.2");
	ck_assert(json_is_integer(json_object_get(r, "med")));
	ck_assert_int_eq(json_integer_value(json_object_get(r, "local_preference")), 200);
	check_list(r, "communities", "65000:1", "no-export");
	check_list(r, "large_communities", "65000:1:2", "65000:1:3");
	check_list(r, "ext_communities", "rt:65000:7", NULL);
	ck_assert_str_eq(text_of(r, "originator_id"), "10.0.0.9");
	check_list(r, "cluster_list", "10.0.0.8", "10.0.0.7");
	ck_assert_str_eq(text_of(r, "reason"), "best");
	json_decref(r);

	/* What is absent is null, or an empty list or path. */
	r = one_row("show rib", "\"prefix\":\"198.51.100.0/24\"");
	ck_assert(null_of(r, "med") && null_of(r, "originator_id") && null_of(r, "path_id"));
	ck_assert_str_eq(text_of(r, "aspath"), "");
	check_list(r, "communities", NULL, NULL);
	check_list(r, "cluster_list", NULL, NULL);
	json_decref(r);

	/* A route of our own has no neighbour and no next hop. */
	r = one_row("show rib", "\"prefix\":\"192.0.2.0/25\"");
	ck_assert_str_eq(text_of(r, "source"), "static");
	ck_assert(null_of(r, "neighbor") && null_of(r, "exit_nexthop") && null_of(r, "local_preference"));
	json_decref(r);
	end();
}
END_TEST

/* How many rows a request gives, and the prefix of the first. */
static void
check_filter(const char *command, const char *args, size_t n, const char *first)
{
	json_t *rows = ctltest_ask(&c, command, args);

	ck_assert_msg(json_array_size(rows) == n, "%s %s: %zu rows, not %zu", command, args, json_array_size(rows), n);
	if (first != NULL)
		ck_assert_str_eq(text_of(json_array_get(rows, 0), "prefix"), first);
	json_decref(rows);
}

#define FULL  "192.0.2.0/24"
#define PLAIN "198.51.100.0/24"
#define OWN   "192.0.2.0/25"
#define GONE  "203.0.113.0/24"

START_TEST(test_filters)
{
	begin();
	/* An address: its longest match; a prefix itself, or with longer its more specifics. */
	check_filter("show rib", "\"prefix\":\"192.0.2.1\"", 1, OWN);
	check_filter("show rib", "\"prefix\":\"192.0.2.129\"", 1, FULL);
	check_filter("show rib", "\"prefix\":\"192.0.2.0/24\",\"longer\":true", 2, NULL);
	check_filter("show rib", "\"prefix\":\"192.0.0.0/16\"", 0, NULL);
	check_filter("show rib", "\"prefix\":\"192.0.0.0/16\",\"longer\":true", 2, NULL);
	check_filter("show rib", "\"prefix\":\"10.9.9.9\"", 0, NULL);
	check_filter("show rib", "\"best\":true", 3, NULL);
	check_filter("show rib", "\"best\":false", 3, NULL);
	check_filter("show rib", "\"community\":\"65000:1\"", 1, FULL);
	check_filter("show rib", "\"community\":\"65000:*\"", 1, FULL);
	check_filter("show rib", "\"community\":\"65000:1:3\"", 1, FULL);
	check_filter("show rib", "\"community\":\"rt:65000:7\"", 1, FULL);
	check_filter("show rib", "\"community\":\"65000:2\"", 0, NULL);
	check_filter("show rib", "\"as_path\":\"^65002\"", 1, FULL);
	check_filter("show rib", "\"as_path\":\"65536\"", 1, FULL);
	check_filter("show rib", "\"as_path\":\"^$\"", 2, NULL);
	check_filter("show rib", "\"as_path\":\"^65536\"", 0, NULL);
	check_filter("show rib", "\"from\":\"peer\"", 2, NULL);
	check_filter("show rib", "\"from\":\"127.0.0.2\",\"community\":\"no-export\"", 1, FULL);
	check_filter("show rib", "\"rejected\":true", 1, GONE);
	check_filter("show rib", "\"invalid\":true", 0, NULL);
	check_filter("show rib", "\"limit\":2", 2, NULL);
	check_filter("show rib", "\"limit\":0", 0, NULL);
	/* in is before policy, with what was rejected; why too. */
	check_filter("show rib in", "\"neighbor\":\"peer\"", 3, NULL);
	check_filter("show rib in", "\"neighbor\":\"peer\",\"prefix\":\"203.0.113.0/24\"", 1, GONE);
	check_filter("show rib in", "\"neighbor\":\"peer\",\"rejected\":true", 1, GONE);
	check_filter("show rib in", "\"neighbor\":\"peer\",\"limit\":1", 1, NULL);
	json_t *r = one_row("show rib why", "\"prefix\":\"203.0.113.0/24\"");
	ck_assert_str_eq(text_of(r, "reason"), rib_reject_name(RIB_REJECT_POLICY));
	ck_assert(json_is_false(json_object_get(r, "best")) && json_is_false(json_object_get(r, "valid")));
	json_decref(r);
	/* out is as sent: our static route, with the next hop of our end; nothing goes back. */
	r = one_row("show rib out", "\"neighbor\":\"peer\"");
	ck_assert_str_eq(text_of(r, "prefix"), OWN);
	ck_assert_str_eq(text_of(r, "exit_nexthop"), "127.0.0.1");
	ck_assert_int_eq(json_integer_value(json_object_get(r, "local_preference")), 100);
	json_decref(r);
	end();
}
END_TEST

START_TEST(test_unresolved)
{
	/* 10.0.0.2 is behind no interface. */
	begin();
	struct fib_link l = {.ifindex = 2, .name = "e0"};
	kernel_watch_link(t.d.kernel, &l);
	UNTIL(t.d.loop, bgpdtest_best(&t, PLAIN) == NULL);
	check_filter("show rib", "\"invalid\":true", 2, NULL);
	check_filter("show rib", "\"best\":true", 1, OWN);
	json_t *r = one_row("show rib", "\"prefix\":\"198.51.100.0/24\"");
	ck_assert(json_is_false(json_object_get(r, "valid")) && null_of(r, "true_nexthop"));
	ck_assert_str_eq(text_of(r, "exit_nexthop"), "10.0.0.3");
	ck_assert_str_eq(text_of(r, "reason"), rib_reason_name(RIB_REASON_UNRESOLVED));
	json_decref(r);
	end();
}
END_TEST

static void
check_caps(const json_t *caps, const char *what)
{
	check_members(caps, caps_members, ARRAY_LEN(caps_members), what);
}

START_TEST(test_neighbor)
{
	static const struct member counts[] = {{"received", INTEGER}, {"accepted", INTEGER}, {"sent", INTEGER}};

	begin();
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE); /* our route */
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE); /* End-of-RIB */
	ctltest_send(&c, "show neighbor", "\"neighbor\":\"peer\"");
	json_t *head = ctltest_line(&c);
	const json_t *n = json_array_get(json_object_get(json_object_get(head, "head"), "neighbors"), 0);
	check_members(n, neighbor_members, ARRAY_LEN(neighbor_members), "show neighbor");
	ck_assert_str_eq(text_of(n, "state"), "Established");
	ck_assert_str_eq(text_of(n, "description"), "rack 12");
	ck_assert_str_eq(text_of(n, "bgpid"), "10.0.0.2");
	ck_assert_int_eq(json_integer_value(json_object_get(n, "hold_time_s")), 90);
	ck_assert_int_eq(json_integer_value(json_object_get(n, "keepalive_s")), 30);
	ck_assert(null_of(n, "last_error"));
	const json_t *caps = json_object_get(n, "capabilities");
	check_caps(json_object_get(caps, "advertised"), "advertised");
	check_caps(json_object_get(caps, "received"), "received");
	check_caps(json_object_get(caps, "negotiated"), "negotiated");
	check_list(json_object_get(caps, "received"), "multiprotocol", "ipv4-unicast", "ipv6-unicast");
	check_list(json_object_get(caps, "negotiated"), "multiprotocol", "ipv4-unicast", NULL);
	const json_t *stats = json_object_get(n, "stats"), *message = json_object_get(stats, "message");
	ck_assert_int_eq(json_integer_value(json_object_get(stats, "established")), 1);
	check_members(json_object_get(stats, "prefixes"), counts, ARRAY_LEN(counts), "prefixes");
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(stats, "prefixes"), "received")), 3);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(stats, "prefixes"), "accepted")), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(stats, "prefixes"), "sent")), 1);
	check_members(json_object_get(message, "received"), message_members, ARRAY_LEN(message_members), "received");
	check_members(json_object_get(message, "sent"), message_members, ARRAY_LEN(message_members), "sent");
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(message, "received"), "update")), 2);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(message, "received"), "open")), 1);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(message, "sent"), "update")), 2);
	json_decref(head);
	json_decref(ctltest_rows(&c));

	/* Down: what was negotiated is null, times are the configured ones. */
	peer_stop(p, BGP_CEASE_ADMIN_SHUTDOWN, NULL);
	json_t *rows = ctltest_ask(&c, "show neighbor", "");
	n = json_array_get(rows, 0);
	check_members(n, neighbor_members, ARRAY_LEN(neighbor_members), "show neighbor");
	ck_assert_str_eq(text_of(n, "state"), "Idle");
	ck_assert_ptr_nonnull(strstr(text_of(n, "last_error"), "Administrative Shutdown"));
	caps = json_object_get(n, "capabilities");
	check_caps(json_object_get(caps, "advertised"), "advertised");
	ck_assert(null_of(caps, "received") && null_of(caps, "negotiated"));
	json_decref(rows);
	end();
}
END_TEST

START_TEST(test_summary)
{
	static const struct member router[] = {{"as", INTEGER}, {"id", TEXT}, {"uptime_s", INTEGER}, {"version", TEXT}};
	static const struct member rib[] = {{"ipv4_prefixes", INTEGER},
					    {"ipv4_paths", INTEGER},
					    {"ipv6_prefixes", INTEGER},
					    {"ipv6_paths", INTEGER},
					    {"memory_bytes", INTEGER}};

	begin();
	ctltest_send(&c, "show summary", "");
	json_t *head = ctltest_line(&c);
	const json_t *o = json_object_get(head, "head");
	check_members(json_object_get(o, "router"), router, ARRAY_LEN(router), "router");
	check_members(json_object_get(o, "rib"), rib, ARRAY_LEN(rib), "rib");
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(o, "rib"), "ipv4_prefixes")), 4);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(o, "rib"), "ipv4_paths")), 4);
	json_decref(head);
	json_t *rows = ctltest_rows(&c);
	check_members(json_array_get(rows, 0), neighbor_members, ARRAY_LEN(neighbor_members), "show summary");
	json_decref(rows);
	end();
}
END_TEST

START_TEST(test_fib)
{
	static const struct member members[] = {{"prefix", TEXT},     {"nexthops", LIST},    {"type", TEXT},
						{"metric", INTEGER}, {"installed", BOOLEAN}, {"error", TEXT | OR_NULL}};
	static const struct member nexthop[] = {{"via", TEXT}, {"interface", TEXT}, {"weight", INTEGER}};
	unsigned blackholes = 0;

	begin();
	json_t *rows = ctltest_ask(&c, "show fib", "");
	ck_assert_uint_eq(json_array_size(rows), 3);
	for (size_t i = 0; i < 3; i++) {
		const json_t *r = json_array_get(rows, i), *nh = json_object_get(r, "nexthops");
		check_members(r, members, ARRAY_LEN(members), "show fib");
		if (strcmp(text_of(r, "type"), "blackhole") == 0) {
			blackholes++;
			ck_assert_str_eq(text_of(r, "prefix"), OWN);
			ck_assert_uint_eq(json_array_size(nh), 0);
			continue;
		}
		ck_assert_str_eq(text_of(r, "type"), "unicast");
		ck_assert_uint_eq(json_array_size(nh), 1);
		check_members(json_array_get(nh, 0), nexthop, ARRAY_LEN(nexthop), "nexthops");
		ck_assert_str_eq(text_of(json_array_get(nh, 0), "interface"), "e0");
	}
	ck_assert_uint_eq(blackholes, 1);
	json_decref(rows);
	end();
}
END_TEST

SUITE("ctl_path", test_rib_members, test_filters, test_unresolved, test_neighbor, test_summary, test_fib)
