/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tools/bench_table: the promised shape of the made-up table; special-use space of RFC 6890. */
#include "tools/bench_table.h"

#include "tests/unit/suite.h"

START_TEST(test_same_seed_same_table)
{
	struct bench_table *a = bench_table_make(FAMILY_IPV4, 5000, 7, 65001), *b = bench_table_make(FAMILY_IPV4, 5000, 7, 65001),
			   *c = bench_table_make(FAMILY_IPV4, 5000, 8, 65001);
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
	struct bench_table *t = bench_table_make(FAMILY_IPV4, 100000, 1, 65001);
	uint32_t len24 = 0;

	for (uint32_t i = 0; i < t->route_count; i++) {
		const struct bench_route *r = &t->routes[i];
		uint32_t addr = (uint32_t)(r->addr >> 32), first = addr >> 24;

		/* A prefix that is there twice would be found under one number only. */
		ck_assert_int_eq(bench_table_find(t, r->addr, r->len), i);
		ck_assert_uint_eq(r->addr & ((1ull << (64 - r->len)) - 1), 0);
		ck_assert(r->len >= 9 && r->len <= 24);
		ck_assert(first >= 1 && first <= 223 && first != 10 && first != 127);
		ck_assert_uint_ne(addr >> 16, 192u << 8 | 168);
		ck_assert_uint_ne(addr >> 20, 172u << 4 | 1);
		len24 += r->len == 24;
	}
	/* Runs of neighbours keep the length of the first, so the share wanders a little around 60 %. */
	ck_assert(len24 > 55000 && len24 < 65000);
	ck_assert_int_eq(bench_table_find(t, 0x0aull << 56, 8), -1);
	bench_table_free(t);
}
END_TEST

START_TEST(test_prefixes_v6)
{
	struct bench_table *t = bench_table_make(FAMILY_IPV6, 50000, 1, 65001);
	uint32_t len48 = 0;

	for (uint32_t i = 0; i < t->route_count; i++) {
		const struct bench_route *r = &t->routes[i];
		uint32_t first = (uint32_t)(r->addr >> 32);

		ck_assert_int_eq(bench_table_find(t, r->addr, r->len), i);
		ck_assert_uint_eq(r->addr & ((1ull << (64 - r->len)) - 1), 0);
		ck_assert(r->len >= 24 && r->len <= 48);
		/* Global unicast, and not documentation or 6to4. */
		ck_assert_uint_eq(first >> 29, 1);
		ck_assert_uint_ne(first, 0x20010db8);
		ck_assert_uint_ne(first >> 16, 0x2002);
		len48 += r->len == 48;
	}
	ck_assert(len48 > 20000 && len48 < 26000);
	bench_table_free(t);
}
END_TEST

/* Of all variants of a set only the winner's path is as long as the set's; all begin with their sender. */
START_TEST(test_variants)
{
	struct bench_table *t = bench_table_make(FAMILY_IPV4, 2000, 1, 65001);
	uint32_t won[10] = {0};

	t->variants = 10;
	t->winner = -1;
	for (uint32_t set = 0; set < t->set_count; set++) {
		unsigned winner = bench_set_winner(t, set);

		won[winner]++;
		for (unsigned v = 0; v < 10; v++) {
			struct bench_attrs a;

			bench_set_variant(t, set, v, &a);
			ck_assert_uint_eq(a.path[0], 65001 + v);
			if (v == winner)
				ck_assert_uint_eq(a.path_count, t->sets[set].path_count);
			else
				ck_assert(a.path_count > t->sets[set].path_count &&
					  a.path_count <= t->sets[set].path_count + 3);
			ck_assert_uint_eq(a.path[a.path_count - 1],
					  t->sets[set].path[t->sets[set].path_count - 1]);
		}
	}
	for (int v = 0; v < 10; v++)
		ck_assert_uint_gt(won[v], 0);
	t->winner = 3;
	ck_assert_uint_eq(bench_set_winner(t, 0), 3);
	bench_table_free(t);
}
END_TEST

START_TEST(test_add)
{
	struct bench_table *t = bench_table_new(FAMILY_IPV4);
	struct bench_attrs a = {.path = {65001}, .path_count = 1};
	char text[IP_PREFIX_STRLEN];

	bench_table_add_set(t, &a);
	ck_assert(bench_table_add(t, 0x0b0000000000000ull << 4, 8));
	ck_assert(!bench_table_add(t, 0x0b0000000000000ull << 4, 8));  /* twice */
	ck_assert(!bench_table_add(t, 0x0aull << 56, 8));              /* RFC 1918 */
	ck_assert(!bench_table_add(t, 0xcb007100ull << 32, 24));       /* RFC 5737 */
	ck_assert_uint_eq(t->route_count, 1);
	ck_assert_str_eq(bench_prefix_str(FAMILY_IPV4, 0x0b010000ull << 32, 16, text, sizeof(text)), "11.1.0.0/16");
	ck_assert_str_eq(bench_prefix_str(FAMILY_IPV6, 0x2a000001ull << 32, 32, text, sizeof(text)),
			 "2a00:1::/32");
	bench_table_free(t);
}
END_TEST

START_TEST(test_sets)
{
	struct bench_table *t = bench_table_make(FAMILY_IPV4, 200000, 1, 4200000001);
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

SUITE("bench_table", test_same_seed_same_table, test_prefixes, test_prefixes_v6, test_variants, test_add, test_sets,
      test_normalise)
