/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/memory: what neighbours may still announce when memory is used up, and how what was refused
 * comes. */
#include "bgpd/memory.h"

#include "bgpd/peer_routes.h"
#include "lib/mem.h"
#include "lib/pool.h"
#include "rib/spare.h"
#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#define A  "127.0.0.2"
#define B  "127.0.0.3"
#define MB ((size_t)1 << 20)

#define NEIGHBORS                                                                                            \
	"neighbors:\n"                                                                                       \
	"  - {address: " A ", remote-as: 65002, passive: true, import: [accept], export: [], "               \
	"idle-hold-time: {initial: 0, max: 1}}\n"                                                            \
	"  - {address: " B ", remote-as: 65003, passive: true, import: [accept], export: []}\n"
#define LIMIT ", memory-limit: 1G"

static struct bgpdtest t;
static struct speaker s, other;
static struct peer *a, *b;
static size_t resident; /* what the daemon is told */

static size_t
measured(size_t *of_files)
{
	*of_files = 10 * MB;
	return resident + 10 * MB;
}

static void
look(size_t mb)
{
	resident = mb * MB;
	memory_look(&t.d.memory);
}

static void
begin_with(const char *neighbors, bool refresh)
{
	struct open_msg o = bgpdtest_open(65002, 0x0a000002);

	bgpdtest_start(&t, LIMIT, neighbors);
	t.d.memory.measure = measured;
	look(100);
	o.caps.route_refresh = o.caps.enhanced_refresh = refresh;
	a = bgpdtest_session_open(&t, &s, A, &o);
	b = bgpdtest_session(&t, &other, B, 65003, 0x0a000003);
}

static void
begin(bool refresh)
{
	begin_with(NEIGHBORS, refresh);
}

static void
end(void)
{
	bgpdtest_stop(&t);
	speaker_close(&s);
	speaker_close(&other);
}

/* An UPDATE with n host routes from 10.0.0.first on. */
static void
hosts(struct speaker *from, struct peer *p, bool withdraw, uint8_t first, unsigned n)
{
	uint8_t body[1500] = {0};
	const uint8_t attrs[] = {0x40, 1, 1, 0,   0x40, 2, 6, 2, 1, 0, 0, 0xfd, p == a ? 0xea : 0xeb,
				 0x40, 3, 4, 192, 0,    2, 9};
	struct peer_stats before, now;
	size_t at = withdraw ? 2 : 4 + sizeof(attrs), len = 5ul * n;

	body[0] = withdraw ? (uint8_t)(len >> 8) : 0;
	body[1] = withdraw ? (uint8_t)len : 0;
	if (!withdraw) {
		body[3] = sizeof(attrs);
		memcpy(body + 4, attrs, sizeof(attrs));
	}
	for (unsigned i = 0; i < n; i++)
		memcpy(body + at + 5ul * i, (const uint8_t[]){32, 10, 0, 0, (uint8_t)(first + i)}, 5);
	peer_stats_get(p, &before);
	speaker_send_update(from, body, at + len + (withdraw ? 2 : 0));
	UNTIL(t.d.loop, (peer_stats_get(p, &now), now.in[BGP_MSG_UPDATE] > before.in[BGP_MSG_UPDATE]));
	bgpdtest_settle(&t);
}

/* What comes next, but for our own End-of-RIB. */
static int
next(struct speaker *from)
{
	int type;

	do
		type = speaker_next_real(from);
	while (type == BGP_MSG_UPDATE);
	return type;
}

static uint32_t
has(struct peer *p)
{
	return peer_routes_source(p)->received[FAMILY_IPV4];
}

static uint32_t
misses(struct peer *p)
{
	return peer_routes_source(p)->missing[FAMILY_IPV4];
}

static void
check_state(const char *want)
{
	json_t *o = memory_json(&t.d.memory);

	ck_assert_str_eq(json_string_value(json_object_get(o, "state")), want);
	json_decref(o);
}

/* Up at 80, 100; down at 90, 75. */
START_TEST(test_levels)
{
	begin(true);
	check_state("free");
	look(819);
	check_state("free");
	look(820);
	check_state("near");
	look(769);
	check_state("near");
	look(767);
	check_state("free");
	look(1023);
	check_state("near");
	look(1024);
	check_state("full");
	look(922);
	check_state("full");
	look(921);
	check_state("near");
	ck_assert(!t.d.memory.capped);
	look(2000);
	check_state("full");
	look(1);
	check_state("free");
	json_t *o = memory_json(&t.d.memory);
	ck_assert_int_eq(json_integer_value(json_object_get(o, "limit_bytes")), 1 << 30);
	ck_assert_int_eq(json_integer_value(json_object_get(o, "used_bytes")), 1 << 20);
	ck_assert_int_eq(json_integer_value(json_object_get(o, "used_percent")), 0);
	json_decref(o);
	end();
}
END_TEST

/* A cap is what a neighbour has, or had at 80, with a 64th and 16 on top. */
START_TEST(test_caps)
{
	begin(true);
	hosts(&s, a, false, 0, 200);
	look(820);
	hosts(&other, b, false, 0, 10);
	hosts(&s, a, true, 0, 50);
	look(1100);
	ck_assert_uint_eq(peer_routes_source(a)->cap[FAMILY_IPV4], 200 + 3 + 16);
	ck_assert_uint_eq(peer_routes_source(b)->cap[FAMILY_IPV4], 10 + 16);
	ck_assert_uint_eq(peer_routes_source(b)->cap[FAMILY_IPV6], 16);
	ck_assert_uint_eq(t.d.originate.source[0]->cap[FAMILY_IPV4], RIB_CAP_NONE);
	/* up to it all is taken, and what is there may go and come again */
	hosts(&s, a, false, 0, 60);
	ck_assert_uint_eq(has(a), 200);
	hosts(&other, b, false, 0, 30);
	ck_assert_uint_eq(has(b), 26);
	ck_assert_uint_eq(misses(b), 4);
	ck_assert(!peer_routes_source(a)->misses);
	hosts(&other, b, true, 0, 30);
	ck_assert_uint_eq(has(b), 0);
	ck_assert_uint_eq(misses(b), 0);
	/* what is withdrawn beyond the base is nobody's any more, and the cap does not follow its own 64th */
	look(1100);
	ck_assert_uint_eq(peer_routes_source(b)->cap[FAMILY_IPV4], 16);
	hosts(&s, a, false, 0, 219);
	ck_assert_uint_eq(has(a), 219);
	look(1100);
	ck_assert_uint_eq(peer_routes_source(a)->cap[FAMILY_IPV4], 219);
	/* a session that ends takes nothing away */
	speaker_close(&s);
	UNTIL(t.d.loop, !peer_established(a));
	bgpdtest_settle(&t);
	ck_assert_uint_eq(has(a), 0);
	look(1100);
	ck_assert_uint_eq(peer_routes_source(a)->cap[FAMILY_IPV4], 219);
	a = bgpdtest_session(&t, &s, A, 65002, 0x0a000002);
	hosts(&s, a, false, 0, 219);
	ck_assert_uint_eq(has(a), 219);
	end();
}
END_TEST

/* What was refused is asked for when there is room again, and not at 91. */
START_TEST(test_refresh)
{
	begin(true);
	look(1024);
	hosts(&s, a, false, 0, 30);
	ck_assert_uint_eq(has(a), 16);
	json_t *o = memory_peer_json(a);
	ck_assert_str_eq(json_string_value(json_object_get(o, "state")),
			 "paths are refused, for want of memory");
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(o, "refused"), "ipv4-unicast")),
			 14);
	ck_assert_int_eq(json_integer_value(json_object_get(json_object_get(o, "max_paths"), "ipv4-unicast")),
			 16);
	json_decref(o);
	look(931);
	ck_assert(t.d.memory.capped);
	resident = 900 * MB;
	ck_assert_int_eq(next(&s), BGP_MSG_REFRESH);
	ck_assert_int_eq(s.body[1], 1);
	ck_assert_uint_eq(misses(a), 0);
	ck_assert(!peer_routes_source(a)->misses && TAILQ_EMPTY(&t.d.memory.missing));
	hosts(&s, a, false, 0, 30);
	ck_assert_uint_eq(has(a), 30);
	ck_assert_uint_eq(a->memory.in_vain, 1);
	end();
}
END_TEST

/* Whoever misses more than there is room for is not asked; whoever misses less is. */
START_TEST(test_fits)
{
	begin(true);
	look(1024);
	hosts(&other, b, false, 0, 20);
	hosts(&s, a, false, 0, 20);
	peer_routes_source(b)->missing[FAMILY_IPV4] = 2u << 20;
	resident = 900 * MB;
	ck_assert_int_eq(next(&s), BGP_MSG_REFRESH);
	ck_assert_uint_eq(b->memory.asked_ns, 0);
	ck_assert(peer_routes_source(b)->misses);
	resident = 600 * MB;
	ck_assert_int_eq(next(&other), BGP_MSG_REFRESH);
	end();
}
END_TEST

START_TEST(test_no_refresh)
{
	struct bgp_error err;

	begin(false);
	look(1024);
	hosts(&s, a, false, 0, 30);
	resident = 900 * MB;
	ck_assert_int_eq(next(&s), BGP_MSG_NOTIFICATION);
	notify_decode(s.body, s.body_len, &err);
	ck_assert_uint_eq(err.code, BGP_ERR_CEASE);
	ck_assert_uint_eq(err.subcode, BGP_CEASE_RESOURCES);
	speaker_close(&s);
	a = bgpdtest_session(&t, &s, A, 65002, 0x0a000002);
	hosts(&s, a, false, 0, 30);
	ck_assert_uint_eq(has(a), 30);
	end();
}
END_TEST

/* Records that were freed are taken before there is more memory; not those of neighbours that may come back.
 */
START_TEST(test_spare)
{
	begin(true);
	hosts(&other, b, false, 0, 250);
	look(820);
	hosts(&other, b, true, 0, 250);
	look(1100);
	check_state("full");
	hosts(&s, a, false, 0, 30);
	ck_assert_uint_eq(has(a), 16);
	/* The limit is still what is resident, but somebody else's share of it is free. */
	b->memory.base[FAMILY_IPV4] = 0;
	look(1100);
	t.d.memory.level = MEMORY_NEAR;
	look(1024);
	check_state("near");
	ck_assert(t.d.memory.capped);
	hosts(&s, a, false, 0, 40);
	ck_assert_uint_eq(has(a), 40);
	end();
}
END_TEST

/* n UPDATEs with one host route each, from 10.0.0.first on, and so many octets of an unknown attribute of
 * their own. */
static void
large(struct speaker *from, struct peer *p, uint8_t first, unsigned n, uint16_t octets)
{
	const uint8_t attrs[] = {0x40,
				 1,
				 1,
				 0,
				 0x40,
				 2,
				 6,
				 2,
				 1,
				 0,
				 0,
				 0xfd,
				 p == a ? 0xea : 0xeb,
				 0x40,
				 3,
				 4,
				 192,
				 0,
				 2,
				 9,
				 0xd0,
				 250,
				 (uint8_t)(octets >> 8),
				 (uint8_t)octets};
	uint8_t body[4000] = {0};
	size_t len = sizeof(attrs) + octets;
	struct peer_stats before, now;

	peer_stats_get(p, &before);
	for (unsigned i = 0; i < n; i++) {
		body[2] = (uint8_t)(len >> 8);
		body[3] = (uint8_t)len;
		memcpy(body + 4, attrs, sizeof(attrs));
		body[4 + sizeof(attrs)] = (uint8_t)(first + i);
		memcpy(body + 4 + len, (const uint8_t[]){32, 10, 0, 0, (uint8_t)(first + i)}, 5);
		speaker_send_update(from, body, 4 + len + 5);
	}
	UNTIL(t.d.loop, (peer_stats_get(p, &now), now.in[BGP_MSG_UPDATE] == before.in[BGP_MSG_UPDATE] + n));
	bgpdtest_settle(&t);
}

/* Attributes may not grow for ever, either: the path that they would replace is gone then. Others change
 * theirs. */
START_TEST(test_attributes)
{
	begin(true);
	hosts(&s, a, false, 0, 200);
	hosts(&other, b, false, 0, 200);
	look(1055);
	ck_assert(peer_routes_source(a)->may_grow == INT64_MAX);
	large(&s, a, 0, 10, 3000);
	ck_assert_uint_eq(has(a), 200);
	look(1057);
	large(&s, a, 0, 60, 3000);
	ck_assert_uint_lt(has(a), 190);
	ck_assert_uint_eq(misses(a), 200 - has(a));
	ck_assert_ptr_null(bgpdtest_path(&t, a, "10.0.0.59/32"));
	ck_assert_ptr_nonnull(bgpdtest_path(&t, a, "10.0.0.199/32"));
	/* What is smaller again, and what is there, goes through; and b may change all that it has. */
	hosts(&s, a, false, 0, 5);
	ck_assert_ptr_nonnull(bgpdtest_path(&t, a, "10.0.0.4/32"));
	for (uint16_t octets = 10; octets < 14; octets++)
		large(&other, b, 0, 200, octets);
	ck_assert_uint_eq(has(b), 200);
	ck_assert(!peer_routes_source(b)->misses);
	/* Nor does it come to anything to withdraw and announce again. */
	hosts(&s, a, true, 0, 200);
	large(&s, a, 0, 100, 3000);
	ck_assert_uint_lt(has(a), 40);
	look(900);
	ck_assert(peer_routes_source(a)->cap[FAMILY_IPV4] == RIB_CAP_NONE);
	large(&s, a, 0, 100, 3000);
	ck_assert_uint_eq(has(a), 100);
	end();
}
END_TEST

/* What a's paths take stays as it was, though policies remember its sets beyond that. */
START_TEST(test_others_of_the_kind)
{
	struct rib_source *src;

	begin_with("policies: {more: [{set: {add-communities: [\"65001:1\"]}, action: accept}]}\n"
		   "neighbors:\n"
		   "  - {address: " A ", remote-as: 65002, passive: true, import: [more], export: []}\n"
		   "  - {address: " B ", remote-as: 65003, passive: true, import: [accept], export: []}\n",
		   true);
	large(&s, a, 0, 4, 2000);
	look(1057);
	src = peer_routes_source(a);
	for (uint16_t octets = 1900; octets < 2000; octets++) {
		large(&s, a, 0, 4, octets);
		ck_assert(!src->misses);
		ck_assert_int_lt(src->grown, src->may_grow / 2);
	}
	ck_assert_uint_eq(has(a), 4);
	end();
}
END_TEST

/* What b has given back is not a's, who grows; nor does b feel that a has. */
START_TEST(test_given_back)
{
	begin(true);
	hosts(&s, a, false, 0, 200);
	large(&other, b, 0, 40, 3000);
	look(1057);
	hosts(&other, b, true, 0, 40);
	large(&s, a, 0, 60, 3000);
	ck_assert_uint_lt(has(a), 190);
	for (uint16_t octets = 3000; octets > 2980; octets--) {
		large(&other, b, 0, 40, octets);
		ck_assert(!peer_routes_source(b)->misses);
	}
	ck_assert_uint_eq(has(b), 40);
	end();
}
END_TEST

/* A policy that makes routes larger is ours, whatever the neighbour may do. */
START_TEST(test_policy)
{
	struct rib_source *src;

	begin(true);
	hosts(&s, a, false, 0, 100);
	look(1057);
	src = peer_routes_source(a);
	src->grown = src->may_grow;
	large(&s, a, 100, 1, 3000);
	ck_assert_uint_eq(has(a), 100);
	bgpdtest_reload(
	    &t, LIMIT,
	    "policies: {more: [{set: {add-communities: [\"65001:1\", \"65001:2\"]}, action: accept}]}\n"
	    "neighbors:\n"
	    "  - {address: " A ", remote-as: 65002, passive: true, import: [more], export: [], "
	    "idle-hold-time: {initial: 0, max: 1}}\n"
	    "  - {address: " B ", remote-as: 65003, passive: true, import: [accept], export: []}\n");
	bgpdtest_settle(&t);
	ck_assert_uint_eq(has(a), 100);
	const struct rib_path *path = bgpdtest_path(&t, a, "10.0.0.7/32");
	ck_assert(path->flags & RIB_PATH_SIDE);
	ck_assert_int_eq(src->grown, src->may_grow);
	end();
}
END_TEST

/* What a neighbour had at 80 and comes back with is used, so that nobody else takes it meanwhile. */
START_TEST(test_away)
{
	begin(true);
	hosts(&other, b, false, 0, 200);
	look(820);
	ck_assert_uint_le(t.d.memory.used, 820 * MB);
	b->memory.base[FAMILY_IPV4] = 4u << 20;
	look(820);
	uint64_t free_records = rib_spare_count(t.d.rib, RIB_RECORD_IPV4);
	ck_assert_uint_gt(t.d.memory.used, 820 * MB + ((4u << 20) - 200 - free_records) * 64 - 4 * POOL_PAGE);
	check_state("full");
	ck_assert_uint_gt(peer_routes_source(b)->cap[FAMILY_IPV4], 4u << 20);
	hosts(&s, a, false, 0, 30);
	ck_assert_uint_eq(has(a), 16);
	end();
}
END_TEST

/* Nothing is kept for one that is not configured any more. */
START_TEST(test_gone)
{
	begin(true);
	hosts(&other, b, false, 0, 200);
	b->memory.base[FAMILY_IPV4] = 4u << 20;
	look(820);
	b->memory.base[FAMILY_IPV4] = 4u << 20;
	b->removed = true;
	look(820);
	ck_assert_uint_le(t.d.memory.used, 820 * MB);
	b->removed = false;
	look(820);
	ck_assert_uint_gt(t.d.memory.used, 900 * MB);
	end();
}
END_TEST

static void
look_ten_minutes_later(struct peer *p, size_t mb)
{
	resident = mb * MB;
	p->memory.most_ns -= 600 * 1000000000ull;
	uint64_t was = p->memory.most_ns;
	UNTIL(t.d.loop, p->memory.most_ns != was);
}

/* What a neighbour has withdrawn for good is not kept for it. */
START_TEST(test_base_follows)
{
	begin(true);
	hosts(&s, a, false, 0, 200);
	look(820);
	look(1024);
	UNTIL(t.d.loop, a->memory.most[FAMILY_IPV4] == 200 && a->memory.most_ns != 0);
	hosts(&s, a, true, 0, 150);
	/* It had them within these ten minutes, */
	look_ten_minutes_later(a, 1024);
	ck_assert_uint_eq(a->memory.base[FAMILY_IPV4], 200);
	ck_assert_uint_eq(peer_routes_source(a)->cap[FAMILY_IPV4], 219);
	hosts(&s, a, false, 0, 20);
	hosts(&s, a, true, 0, 20);
	UNTIL(t.d.loop, a->memory.most[FAMILY_IPV4] == 50);
	/* not within these. */
	look_ten_minutes_later(a, 1024);
	UNTIL(t.d.loop, peer_routes_source(a)->cap[FAMILY_IPV4] < 219);
	ck_assert_uint_eq(a->memory.base[FAMILY_IPV4], 50);
	ck_assert_uint_eq(peer_routes_source(a)->cap[FAMILY_IPV4], 50 + 16);
	ck_assert_int_eq(peer_routes_source(a)->grown, -(16 + 16) * (int)MEMORY_PATH_OCTETS);
	/* Who is away comes back. */
	speaker_close(&s);
	UNTIL(t.d.loop, !peer_established(a));
	ck_assert_uint_eq(a->memory.most_ns, 0);
	a = bgpdtest_session(&t, &s, A, 65002, 0x0a000002);
	UNTIL(t.d.loop, a->memory.most_ns != 0);
	ck_assert_uint_eq(a->memory.base[FAMILY_IPV4], 50);
	end();
}
END_TEST

/* New ones first, then the old ones withdrawn: what was refused has room within the cap, and is asked for. */
START_TEST(test_replaced)
{
	begin(true);
	hosts(&s, a, false, 0, 100);
	look(1024);
	ck_assert_uint_eq(peer_routes_source(a)->cap[FAMILY_IPV4], 117);
	hosts(&s, a, false, 100, 100);
	ck_assert_uint_eq(misses(a), 83);
	hosts(&s, a, true, 0, 82);
	a->memory.most_ns = 0;
	UNTIL(t.d.loop, a->memory.most_ns != 0); /* a tick */
	ck_assert_uint_eq(a->memory.asked_ns, 0);
	hosts(&s, a, true, 82, 18);
	ck_assert_int_eq(next(&s), BGP_MSG_REFRESH);
	check_state("full");
	hosts(&s, a, false, 100, 100);
	ck_assert_uint_eq(has(a), 100);
	ck_assert(!peer_routes_source(a)->misses);
	end();
}
END_TEST

/* The limit counts at once, and so does having none. */
START_TEST(test_reload)
{
	begin(true);
	look(100);
	hosts(&s, a, false, 0, 40);
	bgpdtest_reload(&t, ", memory-limit: 64M", NEIGHBORS);
	check_state("full");
	ck_assert_uint_eq(has(a), 40);
	ck_assert_uint_eq(peer_routes_source(a)->cap[FAMILY_IPV4], 56);
	hosts(&s, a, false, 40, 40);
	ck_assert_uint_eq(has(a), 56);
	bgpdtest_reload(&t, "", NEIGHBORS);
	json_t *o = memory_json(&t.d.memory);
	ck_assert(json_is_null(o));
	json_decref(o);
	ck_assert_uint_eq(t.d.memory.used, 0);
	ck_assert_uint_eq(peer_routes_source(a)->cap[FAMILY_IPV4], RIB_CAP_NONE);
	ck_assert_int_eq(next(&s), BGP_MSG_REFRESH);
	hosts(&s, a, false, 0, 80);
	ck_assert_uint_eq(has(a), 80);
	end();
}
END_TEST

/* Looking does not wait for the second, where much comes. */
START_TEST(test_spend)
{
	begin(true);
	look(1000);
	ck_assert_uint_eq(t.d.memory.look_at, 12 * MB);
	resident = 1023 * MB;
	memory_spend(&t.d.memory, 12 * MB - 1 - t.d.memory.spent);
	ck_assert_uint_eq(t.d.memory.resident, 1000 * MB);
	memory_spend(&t.d.memory, 1);
	ck_assert_uint_eq(t.d.memory.resident, 1023 * MB);
	ck_assert_uint_eq(t.d.memory.look_at, MB);
	resident = 10 * MB;
	memory_spend(&t.d.memory, MB);
	ck_assert_uint_eq(t.d.memory.look_at, 16 * MB);
	end();
}
END_TEST

SUITE("memory", test_levels, test_caps, test_refresh, test_fits, test_no_refresh, test_spare, test_attributes,
      test_others_of_the_kind, test_given_back, test_policy, test_away, test_gone, test_base_follows, test_replaced,
      test_reload, test_spend)
