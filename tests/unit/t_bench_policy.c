/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tools/bench_policy: what the three rules make of routes chosen by hand, and the shares of a table. */
#include "tools/bench_policy.h"

#include "tests/unit/suite.h"
#include "tools/bench_expect.h"

START_TEST(test_rules)
{
	struct bench_attrs sets[] = {
	    {.path = {65001, 701}, .path_count = 2},
	    {.path = {65001, 701, 3356}, .path_count = 3, .communities = {3356u << 16 | 666}, .community_count = 1},
	    {.path = {65001, 701}, .path_count = 2, .communities = {3356u << 16 | 666}, .community_count = 1},
	    {.path = {65001, 33560}, .path_count = 2, .communities = {3356u << 16 | 667}, .community_count = 1},
	};
	struct bench_route routes[] = {
	    {.addr = 0x0b010000ull << 32, .len = 16, .set = 0}, /* listed: 11.0.0.0/13 */
	    {.addr = 0x0b020000ull << 32, .len = 16, .set = 1}, /* listed, but with the unwanted AS */
	    {.addr = 0x0b070000ull << 32, .len = 16, .set = 2}, /* listed and marked */
	    {.addr = 0x0b080000ull << 32, .len = 16, .set = 3}, /* neither */
	    {.addr = 0x0b000000ull << 32, .len = 12, .set = 0}, /* shorter than the entry */
	    {.addr = 0x0b010280ull << 32, .len = 25, .set = 0}, /* longer than the list allows */
	};
	struct bench_route entry = {.addr = 0x0b000000ull << 32, .len = 13};
	struct bench_table t = {.routes = routes, .sets = sets, .route_count = 6, .set_count = 4};
	struct bench_policy p = {.list = &entry, .count = 1, .max_len = 24};

	ck_assert_uint_eq(bench_policy_want(&p, &t, 0), 1 | BENCH_WANT_LISTED);
	ck_assert_uint_eq(bench_policy_want(&p, &t, 1), BENCH_WANT_NONE);
	ck_assert_uint_eq(bench_policy_want(&p, &t, 2), 1 | BENCH_WANT_LISTED | BENCH_WANT_MARKED);
	ck_assert_uint_eq(bench_policy_want(&p, &t, 3), 1);
	ck_assert_uint_eq(bench_policy_want(&p, &t, 4), 1);
	ck_assert_uint_eq(bench_policy_want(&p, &t, 5), 1);
}
END_TEST

/* Each rule has something to do, and none has all. */
START_TEST(test_table)
{
	struct bench_table *t = bench_table_make(FAMILY_IPV4, 50000, 1, 65001);
	struct bench_policy p;
	uint32_t rejected = 0, marked = 0, listed = 0;

	bench_policy_stamp(t);
	bench_policy_make(&p, t, 1000);
	ck_assert(p.count > 900 && p.count <= 1000);
	for (uint32_t i = 1; i < p.count; i++)
		ck_assert(p.list[i].addr > p.list[i - 1].addr || p.list[i].len > p.list[i - 1].len);
	for (uint32_t route = 0; route < t->route_count; route++) {
		uint8_t want = bench_policy_want(&p, t, route);

		rejected += want == BENCH_WANT_NONE;
		marked += (want & BENCH_WANT_MARKED) != 0;
		listed += (want & BENCH_WANT_LISTED) != 0;
	}
	ck_assert(rejected > 2000 && rejected < 15000);
	ck_assert(marked > 2000 && marked < 15000);
	ck_assert(listed > 1000 && listed < 40000);
	bench_policy_free(&p);
	bench_table_free(t);
}
END_TEST

SUITE("bench_policy", test_rules, test_table)
