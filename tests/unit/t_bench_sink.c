/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tools/bench_sink: one fault at a time put into an otherwise right feed (RFC 4271 section 5.1). */
#include "tools/bench_sink.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "tests/unit/suite.h"
#include "tools/bench_encode.h"

#define ROUTES    500
#define DAEMON_AS 65000
#define NEXT_HOP  0x0a630201
#define NOW       77

/* What a right daemon makes of the table for an external neighbour: its AS in front, no MED. */
static void
sets_forward(struct bench_table *t)
{
	for (uint32_t i = 0; i < t->set_count; i++) {
		struct bench_attrs *a = &t->sets[i];

		memmove(a->path + 1, a->path, a->path_count * sizeof(a->path[0]));
		a->path[0] = DAEMON_AS;
		a->path_count++;
		a->has_med = false;
	}
}

static void
feed_stream(struct bench_sink *s, struct bench_stream *stream)
{
	size_t len;

	for (size_t at = 0; at < stream->len; at += len) {
		len = be16_get(stream->data + at + 16);
		bench_sink_update(s, stream->data + at, len, NOW);
	}
	bench_stream_free(stream);
}

static void
feed(struct bench_sink *s, const struct bench_table *t, uint32_t next_hop)
{
	struct bench_part all = {.end = t->route_count};
	struct bench_voice voice = {.next_hop = ip_addr_v4(next_hop)};
	struct bench_stream stream;

	bench_stream_announce(&stream, t, &all, &voice, true);
	feed_stream(s, &stream);
}

struct bed {
	struct bench_table *sent, *heard;
	struct bench_expect expect;
	struct bench_sink sink;
};

static void
bed_make(struct bed *b)
{
	b->sent = bench_table_make(FAMILY_IPV4, ROUTES, 3, 65001);
	b->heard = bench_table_make(FAMILY_IPV4, ROUTES, 3, 65001);
	sets_forward(b->heard);
	bench_expect_init(&b->expect, b->sent);
	b->expect.daemon_as = DAEMON_AS;
	b->expect.next_hop = ip_addr_v4(NEXT_HOP);
	for (uint32_t route = 0; route < ROUTES; route++)
		bench_expect_want(&b->expect, route, 1);
	bench_sink_init(&b->sink, &b->expect);
}

static void
bed_free(struct bed *b)
{
	bench_sink_fini(&b->sink);
	bench_expect_fini(&b->expect);
	bench_table_free(b->sent);
	bench_table_free(b->heard);
}

START_TEST(test_right)
{
	struct bed b;

	bed_make(&b);
	feed(&b.sink, b.heard, NEXT_HOP);
	ck_assert_uint_eq(b.sink.right, ROUTES);
	ck_assert_uint_eq(b.sink.wrong, 0);
	ck_assert_uint_eq(b.sink.unmet, 0);
	ck_assert_uint_eq(b.sink.met_ns, NOW);
	ck_assert_uint_eq(b.sink.announced, ROUTES);
	for (enum bench_fault f = 0; f < BENCH_FAULT_COUNT; f++)
		ck_assert_msg(b.sink.faults[f] == 0, "%s", bench_fault_name(f));
	bed_free(&b);
}
END_TEST

static void
origin_break(struct bench_attrs *a)
{
	a->origin = 1;
}
static void
path_break(struct bench_attrs *a)
{
	a->path[a->path_count - 1]++;
}
static void
med_break(struct bench_attrs *a)
{
	a->has_med = true;
}
static void
communities_break(struct bench_attrs *a)
{
	a->communities[a->community_count++] = 65535u << 16 | 7;
}
static void
larges_break(struct bench_attrs *a)
{
	a->larges[a->large_count++] = (struct bench_large){65535, 0, 0};
}

static const struct {
	enum bench_fault fault;
	void (*change)(struct bench_attrs *a);
} breaks[] = {
    {BENCH_FAULT_ORIGIN, origin_break}, {BENCH_FAULT_AS_PATH, path_break},
    {BENCH_FAULT_MED, med_break},       {BENCH_FAULT_COMMUNITIES, communities_break},
    {BENCH_FAULT_LARGE, larges_break},
};

START_TEST(test_wrong_attribute)
{
	for (size_t i = 0; i < ARRAY_LEN(breaks); i++) {
		struct bed b;

		bed_make(&b);
		for (uint32_t set = 0; set < b.heard->set_count; set++)
			breaks[i].change(&b.heard->sets[set]);
		feed(&b.sink, b.heard, NEXT_HOP);
		ck_assert_uint_eq(b.sink.right, 0);
		ck_assert_uint_eq(b.sink.wrong, ROUTES);
		for (enum bench_fault f = 0; f < BENCH_FAULT_COUNT; f++)
			ck_assert_uint_eq(b.sink.faults[f], f == breaks[i].fault ? ROUTES : 0);
		bed_free(&b);
	}
}
END_TEST

START_TEST(test_wrong_next_hop_then_right)
{
	struct bed b;

	bed_make(&b);
	feed(&b.sink, b.heard, 0x0a630102);
	ck_assert_uint_eq(b.sink.wrong, ROUTES);
	ck_assert_uint_eq(b.sink.faults[BENCH_FAULT_NEXT_HOP], ROUTES);
	/* The last word counts. */
	feed(&b.sink, b.heard, NEXT_HOP);
	ck_assert_uint_eq(b.sink.wrong, 0);
	ck_assert_uint_eq(b.sink.right, ROUTES);
	bed_free(&b);
}
END_TEST

START_TEST(test_other_table)
{
	struct bed b;

	bed_make(&b);
	struct bench_route route = {.addr = 0x0aull << 56, .len = 8};
	struct bench_table other = {
	    .routes = &route, .sets = b.heard->sets, .route_count = 1, .set_count = 1, .variants = 1, .family = FAMILY_IPV4};

	feed(&b.sink, &other, NEXT_HOP);
	ck_assert_uint_eq(b.sink.faults[BENCH_FAULT_STRANGER], 1);
	ck_assert_uint_eq(b.sink.right + b.sink.wrong, 0);
	bed_free(&b);
}
END_TEST

START_TEST(test_withdraw)
{
	struct bed b;
	uint8_t msg[64];
	struct wbuf w = wbuf_of(msg, sizeof(msg));

	bed_make(&b);
	feed(&b.sink, b.heard, NEXT_HOP);
	memset(wbuf_room(&w, BENCH_HEADER_LEN), 0, BENCH_HEADER_LEN); /* the header is not looked at again */
	wbuf_u16(&w, (uint16_t)(1 + (b.sent->routes[9].len + 7) / 8));
	wbuf_u8(&w, b.sent->routes[9].len);
	for (int i = 0; i < (b.sent->routes[9].len + 7) / 8; i++)
		wbuf_u8(&w, (uint8_t)(b.sent->routes[9].addr >> (56 - 8 * i)));
	wbuf_u16(&w, 0);
	bench_sink_update(&b.sink, msg, w.len, NOW);
	ck_assert_uint_eq(b.sink.withdrawn, 1);
	ck_assert_uint_eq(b.sink.right, ROUTES - 1);
	ck_assert_uint_eq(b.sink.unmet, 1);
	ck_assert_uint_eq(b.sink.met_ns, 0);
	/* Where that is what should be, all is right. */
	bench_expect_want(&b.expect, 9, BENCH_WANT_NONE);
	bench_sink_restart(&b.sink);
	ck_assert_uint_eq(b.sink.unmet, 0);
	bed_free(&b);
}
END_TEST

START_TEST(test_malformed)
{
	struct bed b;
	/* Attributes that end past the message; a prefix of 33 bits. */
	static const uint8_t too_long[BENCH_HEADER_LEN + 4] = {[BENCH_HEADER_LEN + 3] = 1};
	static const uint8_t bits_33[BENCH_HEADER_LEN + 10] = {[BENCH_HEADER_LEN + 4] = 33};

	bed_make(&b);
	bench_sink_update(&b.sink, too_long, sizeof(too_long), NOW);
	ck_assert_uint_eq(b.sink.faults[BENCH_FAULT_MALFORMED], 1);
	bench_sink_update(&b.sink, bits_33, sizeof(bits_33), NOW);
	ck_assert_uint_eq(b.sink.faults[BENCH_FAULT_MALFORMED], 2);
	ck_assert_uint_eq(b.sink.right + b.sink.wrong, 0);
	bed_free(&b);
}
END_TEST

START_TEST(test_local_pref)
{
	struct bed b;

	bed_make(&b);
	struct bench_route *r = &b.sent->routes[0];
	uint8_t msg[64];
	struct wbuf w = wbuf_of(msg, sizeof(msg));
	static const uint8_t attrs[] = {0, 0, 0, 7, 0x40, BENCH_ATTR_LOCAL_PREF, 4, 0, 0, 0, 100};

	memset(wbuf_room(&w, BENCH_HEADER_LEN), 0, BENCH_HEADER_LEN);
	wbuf_put(&w, attrs, sizeof(attrs));
	wbuf_u8(&w, r->len);
	for (int i = 0; i < (r->len + 7) / 8; i++)
		wbuf_u8(&w, (uint8_t)(r->addr >> (56 - 8 * i)));
	bench_sink_update(&b.sink, msg, w.len, NOW);
	ck_assert_uint_eq(b.sink.faults[BENCH_FAULT_LOCAL_PREF], 1);
	ck_assert_uint_eq(b.sink.wrong, 1);
	bed_free(&b);
}
END_TEST

/* When another variant becomes the right one, the old one is wrong until it is replaced. */
START_TEST(test_want_changes)
{
	struct bed b;

	bed_make(&b);
	feed(&b.sink, b.heard, NEXT_HOP);
	b.sent->variants = 2;
	for (uint32_t route = 0; route < 10; route++) {
		bench_sink_forget(&b.sink, route);
		bench_expect_want(&b.expect, route, 2);
	}
	bench_sink_restart(&b.sink);
	ck_assert_uint_eq(b.sink.unmet, 10);
	ck_assert_uint_eq(b.sink.wrong, 10);
	bed_free(&b);
}
END_TEST

/* RFC 4456: reflected routes are as they were, with ORIGINATOR_ID and CLUSTER_LIST. */
START_TEST(test_reflected)
{
	struct bench_attrs set = {.path = {65001}, .path_count = 1, .has_med = true, .med = 5};
	struct bench_table *t = bench_table_new(FAMILY_IPV4);
	static const uint8_t msg[] = {
	    [BENCH_HEADER_LEN] = 0, 0, 0, 48, /* 4+9+7+7+7+7+7 */
	    0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, /* ORIGIN, AS_PATH */
	    0x40, 3, 4, 10, 99, 1, 2, 0x80, 4, 4, 0, 0, 0, 5, 0x40, 5, 4, 0, 0, 0, 100, /* NEXT_HOP, MED, LOCAL_PREF */
	    0x80, 9, 4, 1, 2, 3, 4, 0x80, 10, 4, 10, 99, 0, 1, /* ORIGINATOR_ID, CLUSTER_LIST */
	    8, 11,
	};
	struct bench_expect e;
	struct bench_sink s;

	bench_table_add_set(t, &set);
	ck_assert(bench_table_add(t, 0x0bull << 56, 8));
	bench_expect_init(&e, t);
	e.passage = BENCH_REFLECTED;
	e.next_hop = ip_addr_v4(0x0a630102);
	e.originator_id = 0x01020304;
	e.cluster_id = 0x0a630001;
	bench_expect_want(&e, 0, 1);
	bench_sink_init(&s, &e);
	bench_sink_update(&s, msg, sizeof(msg), NOW);
	ck_assert_uint_eq(s.unmet, 0);
	e.originator_id++;
	bench_sink_update(&s, msg, sizeof(msg), NOW);
	ck_assert_uint_eq(s.unmet, 1);
	ck_assert_uint_eq(s.faults[BENCH_FAULT_ORIGINATOR], 1);
	bench_sink_fini(&s);
	bench_expect_fini(&e);
	bench_table_free(t);
}
END_TEST

/* The next hop of an IPv6 route may come with a link-local one (RFC 2545 section 3). */
START_TEST(test_ipv6)
{
	struct bench_table *t = bench_table_make(FAMILY_IPV6, ROUTES, 1, 65001);
	struct bench_part all = {.end = ROUTES};
	struct bench_voice voice = {0};
	struct bench_stream stream;
	struct bench_expect e;
	struct bench_sink s;

	ck_assert_int_eq(ip_addr_parse("fd99:1::2", &voice.next_hop), 0);
	bench_expect_init(&e, t);
	e.passage = BENCH_UNCHANGED;
	e.next_hop = voice.next_hop;
	for (uint32_t route = 0; route < ROUTES; route++)
		bench_expect_want(&e, route, 1);
	bench_sink_init(&s, &e);
	bench_stream_announce(&stream, t, &all, &voice, true);
	feed_stream(&s, &stream);
	ck_assert_uint_eq(s.right, ROUTES);
	ck_assert_uint_eq(s.unmet, 0);
	all = (struct bench_part){.first = 5, .end = 12};
	bench_stream_withdraw(&stream, t, &all);
	feed_stream(&s, &stream);
	ck_assert_uint_eq(s.withdrawn, 7);
	ck_assert_uint_eq(s.unmet, 7);
	bench_sink_fini(&s);
	bench_expect_fini(&e);
	bench_table_free(t);
}
END_TEST

SUITE("bench_sink", test_right, test_wrong_attribute, test_wrong_next_hop_then_right, test_other_table,
      test_withdraw, test_malformed, test_local_pref, test_want_changes, test_reflected, test_ipv6)
