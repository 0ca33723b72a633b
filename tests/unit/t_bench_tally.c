/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tools/bench_tally. */
#include "tools/bench_tally.h"

#include "tests/unit/suite.h"

#define MS 1000000ull

static struct bench_tally
tally(uint32_t dests)
{
	return (struct bench_tally){.dests = dests, .dead = -1};
}

START_TEST(test_all_arrive)
{
	struct bench_tally t = tally(2);

	bench_tally_begin(&t, -1, 0);
	for (uint32_t i = 0; i < 200000; i++) {
		ck_assert_uint_eq(bench_tally_send(&t), i);
		bench_tally_arrive(&t, i, i % 3 == 0, i * MS);
	}
	ck_assert_uint_eq(bench_tally_lost(&t), 0);
	ck_assert_uint_eq(t.over[0] + t.over[1], 200000);
	/* Each destination gets every second one. */
	ck_assert_uint_eq(bench_tally_gap_ns(&t, 200000 * MS), 2 * MS);
	bench_tally_free(&t);
}
END_TEST

START_TEST(test_lost)
{
	struct bench_tally t = tally(1);

	bench_tally_begin(&t, -1, 0);
	for (uint32_t i = 0; i < 10; i++) {
		bench_tally_send(&t);
		if (i < 3 || i > 6)
			bench_tally_arrive(&t, i, 0, i * MS);
	}
	ck_assert_uint_eq(bench_tally_lost(&t), 4);
	ck_assert_uint_eq(bench_tally_gap_ns(&t, 9 * MS), 5 * MS); /* from 2 to 7 */
	ck_assert_uint_eq(bench_tally_gap_ns(&t, 20 * MS), 11 * MS);
	/* A straggler, and its double. */
	bench_tally_arrive(&t, 4, 1, 30 * MS);
	bench_tally_arrive(&t, 4, 0, 31 * MS);
	ck_assert_uint_eq(bench_tally_lost(&t), 3);
	bench_tally_free(&t);
}
END_TEST

START_TEST(test_window)
{
	struct bench_tally t = tally(1);

	bench_tally_begin(&t, -1, 0);
	bench_tally_send(&t);
	bench_tally_send(&t);
	bench_tally_begin(&t, -1, 100 * MS);
	bench_tally_send(&t);
	/* Of before, and never sent: neither counts. */
	bench_tally_arrive(&t, 1, 0, 101 * MS);
	bench_tally_arrive(&t, 3, 0, 101 * MS);
	ck_assert_uint_eq(bench_tally_lost(&t), 1);
	bench_tally_arrive(&t, 2, 0, 107 * MS);
	ck_assert_uint_eq(bench_tally_lost(&t), 0);
	ck_assert_uint_eq(bench_tally_gap_ns(&t, 107 * MS), 7 * MS);
	bench_tally_free(&t);
}
END_TEST

START_TEST(test_dead_way)
{
	struct bench_tally t = tally(2);

	bench_tally_begin(&t, 1, 0);
	for (uint32_t i = 0; i < 8; i++) {
		bench_tally_send(&t);
		bench_tally_arrive(&t, i, i % 2, i * MS);
	}
	ck_assert_uint_eq(bench_tally_lost(&t), 4);
	ck_assert_uint_eq(t.over[0], 4);
	ck_assert_uint_eq(t.over[1], 0);
	ck_assert_uint_eq(bench_tally_gap_ns(&t, 8 * MS), 8 * MS);
	bench_tally_free(&t);
}
END_TEST

SUITE("bench_tally", test_all_arrive, test_lost, test_window, test_dead_way)
