/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tools/bench_mrt: records written by hand from RFC 6396 sections 4.3 and 4.4 and RFC 8050. */
#include "tools/bench_mrt.h"

#include "tests/unit/suite.h"

#define TIME   0, 0, 0, 0
#define MARKER 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255

/* ORIGIN igp; AS_PATH of these two; COMMUNITIES NO_EXPORT and 3356:7: 4 + 13 + 11 octets. */
#define ATTRS(a, b)                                                                                            \
	0x40, 1, 1, 0, 0x40, 2, 10, 2, 2, 0, 0, (a) >> 8, (a) & 255, 0, 0, (b) >> 8, (b) & 255, 0xc0, 8, 8, 255, \
	    255, 255, 1, 0x0d, 0x1c, 0, 7

static struct bench_table *
parse(const uint8_t *data, size_t len, enum family family, struct bench_mrt_stats *stats)
{
	*stats = (struct bench_mrt_stats){0};
	return bench_mrt_parse(data, len, family, 1000, 65001, stats);
}

START_TEST(test_table_dump)
{
	/* Three prefixes, of which two have one set; 10/8 is special-use; a peer index table in front. */
	static const uint8_t dump[] = {
	    TIME, 0, 13, 0, 1, 0, 0, 0, 1, 99,
	    TIME, 0, 13, 0, 2, 0, 0, 0, 45, 0, 0, 0, 0, 16, 11, 1, 0, 1, 0, 0, TIME, 0, 28, ATTRS(701, 3356),
	    TIME, 0, 13, 0, 2, 0, 0, 0, 45, 0, 0, 0, 1, 16, 11, 2, 0, 1, 0, 0, TIME, 0, 28, ATTRS(701, 1299),
	    TIME, 0, 13, 0, 2, 0, 0, 0, 45, 0, 0, 0, 2, 16, 11, 3, 0, 1, 0, 0, TIME, 0, 28, ATTRS(701, 3356),
	    TIME, 0, 13, 0, 2, 0, 0, 0, 44, 0, 0, 0, 3, 8, 10, 0, 1, 0, 0, TIME, 0, 28, ATTRS(701, 3356),
	};
	struct bench_mrt_stats stats;
	struct bench_table *t = parse(dump, sizeof(dump), FAMILY_IPV4, &stats);

	ck_assert_ptr_nonnull(t);
	ck_assert_uint_eq(t->route_count, 3);
	ck_assert_uint_eq(t->set_count, 2);
	ck_assert_uint_eq(stats.skipped, 1);
	int64_t first = bench_table_find(t, 0x0b01ull << 48, 16), third = bench_table_find(t, 0x0b03ull << 48, 16);
	ck_assert_int_ge(first, 0);
	ck_assert_int_ge(third, 0);
	ck_assert_uint_eq(t->routes[first].set, t->routes[third].set);
	const struct bench_attrs *a = &t->sets[t->routes[first].set];
	/* The sender's AS in front; NO_EXPORT, which would stop the route, is left out. */
	ck_assert_uint_eq(a->path_count, 3);
	ck_assert_uint_eq(a->path[0], 65001);
	ck_assert_uint_eq(a->path[1], 701);
	ck_assert_uint_eq(a->path[2], 3356);
	ck_assert_uint_eq(a->community_count, 1);
	ck_assert_uint_eq(a->communities[0], 3356u << 16 | 7);
	bench_table_free(t);
}
END_TEST

START_TEST(test_first_usable_path)
{
	/* The first path has the daemon's own AS 65000 in it, the second none. */
	static const uint8_t dump[] = {
	    TIME, 0, 13, 0, 2, 0, 0, 0, 81, 0, 0, 0, 0, 16, 11, 1, 0, 2,
	    0, 0, TIME, 0, 28, ATTRS(701, 65000), 0, 1, TIME, 0, 28, ATTRS(702, 1299),
	};
	struct bench_mrt_stats stats;
	struct bench_table *t = parse(dump, sizeof(dump), FAMILY_IPV4, &stats);

	ck_assert_ptr_nonnull(t);
	ck_assert_uint_eq(t->route_count, 1);
	ck_assert_uint_eq(t->sets[0].path[1], 702);
	ck_assert_uint_eq(stats.skipped, 1);
	bench_table_free(t);
}
END_TEST

START_TEST(test_table_dump_v6)
{
	/* RFC 6396 4.3.4: MP_REACH_NLRI has the next hop alone. RFC 8050: an identifier before the attributes. */
	static const uint8_t dump[] = {
	    TIME, 0, 13, 0, 10, 0, 0, 0, 71, 0, 0, 0, 0, 32, 0x2a, 0, 0, 9, 0, 1, 0, 0, TIME, 0, 0, 0, 5, 0, 48,
	    ATTRS(701, 3356), 0x80, 14, 17, 16, 0x20, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1,
	};
	struct bench_mrt_stats stats;
	struct bench_table *t = parse(dump, sizeof(dump), FAMILY_IPV6, &stats);

	ck_assert_ptr_nonnull(t);
	ck_assert_uint_eq(t->route_count, 1);
	ck_assert_int_eq(bench_table_find(t, 0x2a000009ull << 32, 32), 0);
	bench_table_free(t);
	ck_assert_ptr_null(parse(dump, sizeof(dump), FAMILY_IPV4, &stats));
}
END_TEST

START_TEST(test_messages)
{
	/* BGP4MP_MESSAGE (two-octet AS numbers) and BGP4MP_ET with BGP4MP_MESSAGE_AS4; the second file end is cut. */
	static const uint8_t dump[] = {
	    TIME, 0, 16, 0, 1, 0, 0, 0, 58, 0, 1, 0, 2, 0, 0, 0, 1, 10, 0, 0, 1, 10, 0, 0, 2, /* 16 */
	    MARKER, 0, 42, 2, 0, 0, 0, 16, 0x40, 1, 1, 2, 0x40, 2, 2, 2, 0, 0x40, 3, 4, 10, 0, 0, 1, 16, 11, 7,
	    TIME, 0, 17, 0, 4, 0, 0, 0, 78, 0, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 1, 10, 0, 0, 1, 10, 0, 0, 2,
	    MARKER, 0, 54, 2, 0, 0, 0, 28, ATTRS(701, 1299), 16, 11, 8,
	    TIME, 0, 16, 0, 4, 0, 0, 1, 0, 1, 2, 3,
	};
	struct bench_mrt_stats stats;
	struct bench_table *t = parse(dump, sizeof(dump), FAMILY_IPV4, &stats);

	ck_assert_ptr_nonnull(t);
	ck_assert_uint_eq(t->route_count, 2);
	int64_t route = bench_table_find(t, 0x0b08ull << 48, 16);
	ck_assert_int_ge(route, 0);
	ck_assert_uint_eq(t->sets[t->routes[route].set].path[2], 1299);
	bench_table_free(t);
}
END_TEST

SUITE("bench_mrt", test_table_dump, test_first_usable_path, test_table_dump_v6, test_messages)
