/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tools/bench_table: the promised shape of the made-up table; special-use space of RFC 6890. */
#include "tools/bench_table.h"

#include "tests/unit/suite.h"

START_TEST(test_same_seed_same_table)
{
	struct bench_table *a = bench_table_make(5000, 7, 65001), *b = bench_table_make(5000, 7, 65001),
			   *c = bench_table_make(5000, 8, 65001);
	uint32_t other = 0;

	ck_assert_uint_eq(a->route_count, 5000);
	ck_assert_uint_eq(a->set_count, b->set_count);
	for (uint32_t i = 0; i < 5000; i++) {
		ck_assert_uint_eq(a->routes[i].addr, b->routes[i].addr);
		ck_assert_uint_eq(a->routes[i].len, b->routes[i].len);
		ck_assert_uint_eq(a->routes[i].set, b->routes[i].set);
		other += a->routes[i].addr != c->routes[i].addr;
	}
	ck_assert_uint_gt(other, 4900);
	bench_table_free(a);
	bench_table_free(b);
	bench_table_free(c);
}
END_TEST

START_TEST(test_prefixes)
{
	struct bench_table *t = bench_table_make(100000, 1, 65001);
	uint32_t len24 = 0;

	for (uint32_t i = 0; i < t->route_count; i++) {
		const struct bench_route *r = &t->routes[i];
		uint32_t first = r->addr >> 24;

		/* A prefix that is there twice would be found under one number only. */
		ck_assert_int_eq(bench_table_find(t, r->addr, r->len), i);
		ck_assert_uint_eq(r->addr & (uint32_t)((1ull << (32 - r->len)) - 1), 0);
		ck_assert(r->len >= 9 && r->len <= 24);
		ck_assert(first >= 1 && first <= 223 && first != 10 && first != 127);
		ck_assert_uint_ne(r->addr >> 16, 192u << 8 | 168);
		ck_assert_uint_ne(r->addr >> 20, 172u << 4 | 1);
		len24 += r->len == 24;
	}
	/* Runs of neighbours keep the length of the first, so the share wanders a little around 60 %. */
	ck_assert(len24 > 55000 && len24 < 65000);
	ck_assert_int_eq(bench_table_find(t, 0x0a000000, 8), -1);
	bench_table_free(t);
}
END_TEST

START_TEST(test_sets)
{
	struct bench_table *t = bench_table_make(200000, 1, 4200000001);
	uint32_t with_communities = 0, with_larges = 0, with_med = 0;

	/* About twelve prefixes a set; the tail of a smaller table is shorter. */
	ck_assert_uint_gt(t->set_count, 200000 / 16);
	ck_assert_uint_lt(t->set_count, 200000 / 9);
	for (uint32_t i = 0; i < t->set_count; i++) {
		const struct bench_attrs *a = &t->sets[i];

		ck_assert(a->path_count >= 2 && a->path_count <= 8);
		ck_assert_uint_eq(a->path[0], 4200000001);
		for (int j = 1; j < a->path_count; j++) {
			ck_assert(a->path[j] > 0 && a->path[j] != 23456);
			ck_assert(a->path[j] < 64000 || (a->path[j] >= 196608 && a->path[j] < 4200000000));
		}
		for (int j = 1; j < a->community_count; j++)
			ck_assert_uint_lt(a->communities[j - 1], a->communities[j]);
		with_communities += a->community_count > 0;
		with_larges += a->large_count > 0;
		with_med += a->has_med;
	}
	ck_assert(with_communities * 100 > t->set_count * 72 && with_communities * 100 < t->set_count * 78);
	ck_assert(with_larges * 100 > t->set_count * 10 && with_larges * 100 < t->set_count * 15);
	ck_assert(with_med * 100 > t->set_count * 30 && with_med * 100 < t->set_count * 37);
	bench_table_free(t);
}
END_TEST

START_TEST(test_normalise)
{
	struct bench_attrs a = {
	    .communities = {30, 10, 30, 20},
	    .community_count = 4,
	    .larges = {{2, 0, 0}, {1, 9, 9}, {1, 9, 9}, {1, 9, 8}},
	    .large_count = 4,
	};

	bench_attrs_normalise(&a);
	ck_assert_uint_eq(a.community_count, 3);
	ck_assert_uint_eq(a.communities[0], 10);
	ck_assert_uint_eq(a.communities[1], 20);
	ck_assert_uint_eq(a.communities[2], 30);
	ck_assert_uint_eq(a.large_count, 3);
	ck_assert_uint_eq(a.larges[0].local2, 8);
	ck_assert_uint_eq(a.larges[1].local2, 9);
	ck_assert_uint_eq(a.larges[2].global, 2);
}
END_TEST

SUITE("bench_table", test_same_seed_same_table, test_prefixes, test_sets, test_normalise)
