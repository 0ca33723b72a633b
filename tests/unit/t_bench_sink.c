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

/* What a right daemon makes of the table: its AS in front, no MED. */
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
feed(struct bench_sink *s, const struct bench_table *t, uint32_t next_hop)
{
	struct bench_stream stream;
	size_t len;

	bench_stream_make(&stream, t, next_hop);
	for (size_t at = 0; at < stream.len; at += len) {
		len = be16_get(stream.data + at + 16);
		bench_sink_update(s, stream.data + at, len);
	}
	bench_stream_free(&stream);
}

struct bed {
	struct bench_table *sent, *heard;
	struct bench_sink sink;
};

static struct bed
bed_make(void)
{
	struct bed b = {
	    .sent = bench_table_make(ROUTES, 3, 65001),
	    .heard = bench_table_make(ROUTES, 3, 65001),
	};

	sets_forward(b.heard);
	bench_sink_init(&b.sink, b.sent, DAEMON_AS, NEXT_HOP, false);
	return b;
}

static void
bed_free(struct bed *b)
{
	bench_sink_fini(&b->sink);
	bench_table_free(b->sent);
	bench_table_free(b->heard);
}

START_TEST(test_right)
{
	struct bed b = bed_make();

	feed(&b.sink, b.heard, NEXT_HOP);
	ck_assert_uint_eq(b.sink.right, ROUTES);
	ck_assert_uint_eq(b.sink.wrong, 0);
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
		struct bed b = bed_make();

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
	struct bed b = bed_make();

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
	struct bed b = bed_make();
	struct bench_route route = {.addr = 0x0a000000, .len = 8};
	struct bench_table other = {
	    .routes = &route, .sets = b.heard->sets, .route_count = 1, .set_count = 1};

	feed(&b.sink, &other, NEXT_HOP);
	ck_assert_uint_eq(b.sink.faults[BENCH_FAULT_STRANGER], 1);
	ck_assert_uint_eq(b.sink.right + b.sink.wrong, 0);
	bed_free(&b);
}
END_TEST

START_TEST(test_withdraw)
{
	struct bed b = bed_make();
	uint8_t msg[64];
	struct wbuf w = wbuf_of(msg, sizeof(msg));

	feed(&b.sink, b.heard, NEXT_HOP);
	memset(wbuf_room(&w, BENCH_HEADER_LEN), 0, BENCH_HEADER_LEN); /* the header is not looked at again */
	wbuf_u16(&w, (uint16_t)(1 + (b.sent->routes[9].len + 7) / 8));
	wbuf_u8(&w, b.sent->routes[9].len);
	for (int i = 0; i < (b.sent->routes[9].len + 7) / 8; i++)
		wbuf_u8(&w, (uint8_t)(b.sent->routes[9].addr >> (24 - 8 * i)));
	wbuf_u16(&w, 0);
	bench_sink_update(&b.sink, msg, w.len);
	ck_assert_uint_eq(b.sink.withdrawn, 1);
	ck_assert_uint_eq(b.sink.right, ROUTES - 1);
	bed_free(&b);
}
END_TEST

START_TEST(test_malformed)
{
	struct bed b = bed_make();
	/* Attributes that end past the message; a prefix of 33 bits. */
	static const uint8_t too_long[BENCH_HEADER_LEN + 4] = {[BENCH_HEADER_LEN + 3] = 1};
	static const uint8_t bits_33[BENCH_HEADER_LEN + 10] = {[BENCH_HEADER_LEN + 4] = 33};

	bench_sink_update(&b.sink, too_long, sizeof(too_long));
	ck_assert_uint_eq(b.sink.faults[BENCH_FAULT_MALFORMED], 1);
	bench_sink_update(&b.sink, bits_33, sizeof(bits_33));
	ck_assert_uint_eq(b.sink.faults[BENCH_FAULT_MALFORMED], 2);
	ck_assert_uint_eq(b.sink.right + b.sink.wrong, 0);
	bed_free(&b);
}
END_TEST

START_TEST(test_local_pref)
{
	struct bed b = bed_make();
	struct bench_route *r = &b.sent->routes[0];
	uint8_t msg[64];
	struct wbuf w = wbuf_of(msg, sizeof(msg));
	static const uint8_t attrs[] = {0, 0, 0, 7, 0x40, BENCH_ATTR_LOCAL_PREF, 4, 0, 0, 0, 100};

	memset(wbuf_room(&w, BENCH_HEADER_LEN), 0, BENCH_HEADER_LEN);
	wbuf_put(&w, attrs, sizeof(attrs));
	wbuf_u8(&w, r->len);
	for (int i = 0; i < (r->len + 7) / 8; i++)
		wbuf_u8(&w, (uint8_t)(r->addr >> (24 - 8 * i)));
	bench_sink_update(&b.sink, msg, w.len);
	ck_assert_uint_eq(b.sink.faults[BENCH_FAULT_OTHER_ATTR], 1);
	ck_assert_uint_eq(b.sink.wrong, 1);
	bed_free(&b);
}
END_TEST

SUITE("bench_sink", test_right, test_wrong_attribute, test_wrong_next_hop_then_right, test_other_table,
      test_withdraw, test_malformed, test_local_pref)
