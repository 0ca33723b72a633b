/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_table: what is sent for a route in each state, and what the replies do.
 * The expectations follow from two rules: a first install is CREATE|EXCL and a
 * replacement a replace of what is known to be ours; a route with a new metric
 * is there before the old one goes.
 */
#include "fib/table.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <stdlib.h>

static struct fib_table t;
static struct table_env env;

static void
setup(void)
{
	env = (struct table_env){.conf = {.table = 254, .protocol = 186, .metric = 20}};
	table_init(&t, FAMILY_IPV4);
}

static void
teardown(void)
{
	table_fini(&t);
}

/* The next operation must be this; it is sent, and answered with error. */
static enum table_outcome
expect(uint32_t id, enum fib_verb verb, enum fib_what what, uint32_t metric, int error, bool foreign)
{
	struct fib_op_route op;

	ck_assert(bitmap_test(&t.dirty, id));
	ck_assert(table_next_op(&t, id, &env, &op));
	ck_assert_uint_eq(op.verb, verb);
	ck_assert_uint_eq(op.what, what);
	ck_assert_uint_eq(op.metric, metric);
	ck_assert_uint_eq(op.id, id);
	table_sent(&t, id);
	ck_assert(!bitmap_test(&t.dirty, id));
	struct fib_ev_result r = {.verb = op.verb,
				  .what = op.what,
				  .family = op.family,
				  .id = id,
				  .metric = op.metric,
				  .error = error};
	return table_reply(&t, &env, &r, foreign);
}

static void
expect_nothing(uint32_t id)
{
	struct fib_op_route op;
	ck_assert(!table_next_op(&t, id, &env, &op));
	ck_assert(!bitmap_test(&t.dirty, id));
}

static void
install(uint32_t id, uint32_t nhset, uint32_t metric)
{
	table_want(&t, id, nhset, metric);
	ck_assert_int_eq(expect(id, FIB_ADD, FIB_WHAT_ROUTE, metric == 0 ? 20 : metric, 0, false),
			 TABLE_INSTALLED);
}

START_TEST(test_install_replace_delete)
{
	ck_assert(!table_pins(&t, 5));
	ck_assert_uint_eq(table_want(&t, 5, 7, 0), 0);
	ck_assert(table_pins(&t, 5));
	ck_assert_int_eq(expect(5, FIB_ADD, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	expect_nothing(5);
	ck_assert_uint_eq(table_want(&t, 5, 7, 0), 7); /* the same wish: nothing to do */
	expect_nothing(5);
	ck_assert_uint_eq(table_want(&t, 5, 8, 0), 7);
	ck_assert(!bitmap_test(&t.installed, 5));
	ck_assert_int_eq(expect(5, FIB_REPLACE, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	ck_assert_uint_eq(table_unwant(&t, 5), 8);
	ck_assert(table_pins(&t, 5));
	ck_assert_int_eq(expect(5, FIB_DEL, FIB_WHAT_ROUTE, 20, 0, false), TABLE_OK);
	expect_nothing(5);
	ck_assert(!table_pins(&t, 5));
	ck_assert_uint_eq(table_unwant(&t, 5), 0);
}
END_TEST

START_TEST(test_change_in_flight)
{
	struct fib_op_route op;

	table_want(&t, 1, 7, 0);
	ck_assert(table_next_op(&t, 1, &env, &op));
	table_sent(&t, 1);
	table_want(&t, 1, 8, 0);
	struct fib_ev_result r = {.verb = FIB_ADD, .family = FAMILY_IPV4, .id = 1, .metric = 20};
	ck_assert_int_eq(table_reply(&t, &env, &r, false), TABLE_OK);
	ck_assert(!bitmap_test(&t.installed, 1)); /* 7 is in the kernel, 8 is wanted */
	ck_assert_int_eq(expect(1, FIB_REPLACE, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	/* Withdrawn while an operation is in flight: it stays pinned until the deletion is answered. */
	table_want(&t, 1, 9, 0);
	table_next_op(&t, 1, &env, &op);
	table_sent(&t, 1);
	table_unwant(&t, 1);
	r.verb = FIB_REPLACE;
	table_reply(&t, &env, &r, false);
	ck_assert(table_pins(&t, 1));
	expect(1, FIB_DEL, FIB_WHAT_ROUTE, 20, 0, false);
	ck_assert(!table_pins(&t, 1));
}
END_TEST

START_TEST(test_withdrawn_before_sent)
{
	table_want(&t, 3, 7, 50);
	ck_assert_uint_eq(table_unwant(&t, 3), 7);
	expect_nothing(3);
	ck_assert(!table_pins(&t, 3));
	ck_assert_uint_eq(keyed_count(&t.extra), 0);
}
END_TEST

START_TEST(test_metric_change)
{
	install(4, 7, 0);
	table_want(&t, 4, 7, 100);
	ck_assert_int_eq(expect(4, FIB_ADD, FIB_WHAT_ROUTE, 100, 0, false), TABLE_INSTALLED);
	ck_assert_int_eq(expect(4, FIB_DEL, FIB_WHAT_STALE, 20, 0, false), TABLE_OK);
	expect_nothing(4);
	ck_assert(bitmap_test(&t.installed, 4));
	ck_assert_uint_eq(table_kern_metric(&t, 4, &env), 100);
	ck_assert_uint_eq(t.nstale, 0);
	/* Back again, and once more before the first is cleaned up. */
	table_want(&t, 4, 7, 0);
	ck_assert_int_eq(expect(4, FIB_ADD, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	table_want(&t, 4, 7, 300);
	ck_assert_int_eq(expect(4, FIB_DEL, FIB_WHAT_STALE, 100, 0, false), TABLE_OK);
	ck_assert_int_eq(expect(4, FIB_ADD, FIB_WHAT_ROUTE, 300, 0, false), TABLE_INSTALLED);
	table_unwant(&t, 4);
	ck_assert_int_eq(expect(4, FIB_DEL, FIB_WHAT_ROUTE, 300, 0, false), TABLE_OK);
	ck_assert(table_pins(&t, 4));
	ck_assert_int_eq(expect(4, FIB_DEL, FIB_WHAT_STALE, 20, 0, false), TABLE_OK);
	ck_assert(!table_pins(&t, 4));
	ck_assert_uint_eq(keyed_count(&t.extra), 0);
}
END_TEST

START_TEST(test_foreign_keeps_its_key)
{
	table_want(&t, 2, 7, 0);
	ck_assert_int_eq(expect(2, FIB_ADD, FIB_WHAT_ROUTE, 20, EEXIST, true), TABLE_FAILED);
	ck_assert_int_eq(table_error(&t, 2), EEXIST);
	expect_nothing(2);
	table_retry(&t, 2);
	ck_assert_int_eq(expect(2, FIB_ADD, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	ck_assert_int_eq(table_error(&t, 2), 0);
}
END_TEST

static uint32_t
wait_s(uint32_t now_s, uint32_t chance)
{
	ck_assert_int_eq(expect(2, FIB_ADD, FIB_WHAT_ROUTE, 20, EEXIST, true), TABLE_FAILED);
	uint32_t due_s = table_plan(&t, 2, now_s, chance);
	ck_assert_uint_eq(table_due(&t, 2), due_s);
	table_retry(&t, 2);
	ck_assert_uint_eq(table_due(&t, 2), 0);
	return due_s - now_s;
}

/* Later and later, to a limit, and never all at the same time. */
START_TEST(test_back_off)
{
	static const uint32_t steps[] = {1, 2, 4, 8, 16, 32, 64, 64, 64};

	table_want(&t, 2, 7, 0);
	for (size_t i = 0; i < ARRAY_LEN(steps); i++)
		ck_assert_uint_eq(wait_s(1000, 0), steps[i]);
	/* The chance is 0 to half of it, whatever number it comes as. */
	ck_assert_uint_eq(wait_s(5000, 32), 96);
	ck_assert_uint_eq(wait_s(5000, 33), 64);
	ck_assert_uint_eq(wait_s(UINT32_MAX - 10, UINT32_MAX), 64 + UINT32_MAX % 33);
	/* A success, or another wish, is a new beginning. */
	ck_assert_int_eq(expect(2, FIB_ADD, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	ck_assert_uint_eq(keyed_count(&t.extra), 0);
	table_lost(&t, 2, 0);
	ck_assert_int_eq(expect(2, FIB_ADD, FIB_WHAT_ROUTE, 20, ENETUNREACH, false), TABLE_FAILED);
	ck_assert_uint_eq(table_plan(&t, 2, 10, 0), 11);
	table_retry(&t, 2);
	table_want(&t, 2, 8, 0);
	ck_assert_uint_eq(table_due(&t, 2), 0);
}
END_TEST

/* What waits for its link is not planned: there may be very many. */
START_TEST(test_no_plan_for_a_dead_link)
{
	table_want(&t, 2, 7, 0);
	ck_assert_int_eq(expect(2, FIB_ADD, FIB_WHAT_ROUTE, 20, ENETDOWN, false), TABLE_FAILED);
	ck_assert_uint_eq(table_plan(&t, 2, 10, 0), 0);
	ck_assert_uint_eq(table_due(&t, 2), 0);
	ck_assert_uint_eq(keyed_count(&t.extra), 0);
}
END_TEST

START_TEST(test_exists_but_is_ours)
{
	table_want(&t, 2, 7, 0);
	ck_assert_int_eq(expect(2, FIB_ADD, FIB_WHAT_ROUTE, 20, EEXIST, false), TABLE_OK);
	ck_assert_int_eq(expect(2, FIB_REPLACE, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	/* To a replacement it is another answer: not so again and again. */
	table_want(&t, 2, 8, 0);
	ck_assert_int_eq(expect(2, FIB_REPLACE, FIB_WHAT_ROUTE, 20, EEXIST, false), TABLE_FAILED);
	ck_assert_int_eq(table_error(&t, 2), EEXIST);
	ck_assert_int_eq(expect(2, FIB_DEL, FIB_WHAT_ROUTE, 20, 0, false), TABLE_OK);
	expect_nothing(2);
}
END_TEST

START_TEST(test_stray)
{
	table_want(&t, 2, 7, 0);
	ck_assert_int_eq(expect(2, FIB_ADD, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	table_lost(&t, 2, ENETDOWN);
	expect_nothing(2);
	table_stray(&t, 2);
	ck_assert_int_eq(expect(2, FIB_DEL, FIB_WHAT_ROUTE, 20, 0, false), TABLE_OK);
	table_stray(&t, 2);
	expect_nothing(2);
	table_retry(&t, 2);
	ck_assert_int_eq(expect(2, FIB_ADD, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	/* Before ours fails: only then. */
	table_stray(&t, 2);
	expect_nothing(2);
	table_lost(&t, 2, 0);
	ck_assert_int_eq(expect(2, FIB_ADD, FIB_WHAT_ROUTE, 20, EEXIST, false), TABLE_OK);
	ck_assert_int_eq(expect(2, FIB_REPLACE, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	table_lost(&t, 2, ENETDOWN);
	expect_nothing(2);
	table_retry(&t, 2);
	ck_assert_int_eq(expect(2, FIB_ADD, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	table_stray(&t, 2);
	table_lost(&t, 2, ENETDOWN);
	ck_assert_int_eq(expect(2, FIB_DEL, FIB_WHAT_ROUTE, 20, 0, false), TABLE_OK);
	expect_nothing(2);
}
END_TEST

START_TEST(test_reply_lost)
{
	struct fib_op_route op;
	struct fib_ev_result r = {.verb = FIB_ADD, .family = FAMILY_IPV4, .id = 2, .metric = 20, .error = ENOBUFS, .unsure = true};

	table_want(&t, 2, 7, 0);
	ck_assert(table_next_op(&t, 2, &env, &op));
	table_sent(&t, 2);
	ck_assert_int_eq(table_reply(&t, &env, &r, false), TABLE_FAILED);
	/* It may have been carried out: its deletion is not forgotten. */
	table_unwant(&t, 2);
	ck_assert(table_pins(&t, 2));
	ck_assert_int_eq(expect(2, FIB_DEL, FIB_WHAT_ROUTE, 20, ESRCH, false), TABLE_OK);
	ck_assert(!table_pins(&t, 2));
}
END_TEST

START_TEST(test_failed_replacement_is_dropped)
{
	install(6, 7, 0);
	table_want(&t, 6, 8, 0);
	ck_assert_int_eq(expect(6, FIB_REPLACE, FIB_WHAT_ROUTE, 20, ENETUNREACH, false), TABLE_FAILED);
	/* What it should have replaced leads nowhere good. */
	ck_assert_int_eq(expect(6, FIB_DEL, FIB_WHAT_ROUTE, 20, 0, false), TABLE_OK);
	expect_nothing(6);
	ck_assert_int_eq(table_error(&t, 6), ENETUNREACH);
	ck_assert(table_pins(&t, 6));
	table_retry(&t, 6);
	ck_assert_int_eq(expect(6, FIB_ADD, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	/* A shortage is no reason to delete what works, nor is anything else that may pass. */
	static const int passing[] = {ENOBUFS, ENOMEM, ENOSPC, EPERM, EACCES, EAGAIN, EINTR, EBUSY, EBADF};
	for (size_t i = 0; i < ARRAY_LEN(passing); i++) {
		table_want(&t, 6, 9, 0);
		ck_assert_int_eq(expect(6, FIB_REPLACE, FIB_WHAT_ROUTE, 20, passing[i], false), TABLE_FAILED);
		expect_nothing(6);
	}
	table_retry(&t, 6);
	ck_assert_int_eq(expect(6, FIB_REPLACE, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
}
END_TEST

START_TEST(test_lost_and_gone)
{
	install(1, 7, 0);
	table_lost(&t, 1, ENETDOWN);
	ck_assert_int_eq(table_error(&t, 1), ENETDOWN);
	ck_assert_uint_eq(keyed_count(&t.extra), 0); /* a link going down costs nothing per route */
	expect_nothing(1);
	table_retry(&t, 1);
	/* It may be there or not, so it must not be replaced blindly. */
	ck_assert_int_eq(expect(1, FIB_ADD, FIB_WHAT_ROUTE, 20, EEXIST, false), TABLE_OK);
	ck_assert_int_eq(expect(1, FIB_REPLACE, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	table_gone(&t, 1);
	ck_assert(!bitmap_test(&t.installed, 1));
	table_lost(&t, 1, 0);
	ck_assert_int_eq(expect(1, FIB_ADD, FIB_WHAT_ROUTE, 20, 0, false), TABLE_RESTORED);
	/* Deleted while an operation is in flight: the reply cannot be believed. */
	struct fib_op_route op;
	table_want(&t, 1, 8, 0);
	table_next_op(&t, 1, &env, &op);
	table_sent(&t, 1);
	table_gone(&t, 1);
	struct fib_ev_result r = {.verb = op.verb, .family = FAMILY_IPV4, .id = 1, .metric = 20};
	ck_assert_int_eq(table_reply(&t, &env, &r, false), TABLE_OK);
	ck_assert_int_eq(expect(1, FIB_REPLACE, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	table_unwant(&t, 1);
	/* The kernel had dropped it already: that is what a deletion wants. */
	ck_assert_int_eq(expect(1, FIB_DEL, FIB_WHAT_ROUTE, 20, ESRCH, false), TABLE_OK);
	ck_assert(!table_pins(&t, 1));
}
END_TEST

START_TEST(test_failed_deletion_is_kept)
{
	install(1, 7, 0);
	table_unwant(&t, 1);
	ck_assert_int_eq(expect(1, FIB_DEL, FIB_WHAT_ROUTE, 20, EPERM, false), TABLE_FAILED);
	ck_assert(table_pins(&t, 1));
	table_retry(&t, 1);
	ck_assert_int_eq(expect(1, FIB_DEL, FIB_WHAT_ROUTE, 20, 0, false), TABLE_OK);
	ck_assert(!table_pins(&t, 1));
	ck_assert_uint_eq(t.failed.count, 0);
}
END_TEST

START_TEST(test_claim)
{
	table_want(&t, 1, 7, 0);
	ck_assert(table_claim(&t, 1, &env, 7, 20)); /* as wanted: no operation at all */
	expect_nothing(1);
	ck_assert(bitmap_test(&t.installed, 1));
	table_want(&t, 2, 7, 0);
	ck_assert(!table_claim(&t, 2, &env, 9, 20)); /* other next hops */
	ck_assert_int_eq(expect(2, FIB_REPLACE, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	table_want(&t, 3, 7, 0);
	ck_assert(!table_claim(&t, 3, &env, 7, 500)); /* another metric */
	ck_assert_int_eq(expect(3, FIB_ADD, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	ck_assert_int_eq(expect(3, FIB_DEL, FIB_WHAT_STALE, 500, 0, false), TABLE_OK);
	table_want(&t, 4, 7, 0);
	table_claim(&t, 4, &env, 7, 500); /* both */
	ck_assert(table_claim(&t, 4, &env, 7, 20));
	ck_assert_int_eq(expect(4, FIB_DEL, FIB_WHAT_STALE, 500, 0, false), TABLE_OK);
	ck_assert(bitmap_test(&t.installed, 4));
}
END_TEST

START_TEST(test_move_to_another_table)
{
	install(1, 7, 0);
	install(2, 7, 900);
	install(3, 7, 0);
	env.old = env.conf;
	env.conf.table = 100;
	env.conf.metric = 30;
	table_move(&t);
	struct fib_op_route op;
	ck_assert(table_next_op(&t, 1, &env, &op));
	ck_assert_uint_eq(op.table, 100);
	ck_assert_int_eq(expect(1, FIB_ADD, FIB_WHAT_ROUTE, 30, 0, false), TABLE_INSTALLED);
	ck_assert(table_next_op(&t, 1, &env, &op));
	ck_assert_uint_eq(op.table, 254);
	ck_assert_int_eq(expect(1, FIB_DEL, FIB_WHAT_OLD, 20, 0, false), TABLE_OK);
	ck_assert_int_eq(expect(2, FIB_ADD, FIB_WHAT_ROUTE, 900, 0, false), TABLE_INSTALLED);
	ck_assert_int_eq(expect(2, FIB_DEL, FIB_WHAT_OLD, 900, 0, false), TABLE_OK);
	table_unwant(&t, 3);
	ck_assert(table_pins(&t, 3));
	ck_assert_int_eq(expect(3, FIB_DEL, FIB_WHAT_OLD, 20, 0, false), TABLE_OK);
	ck_assert(!table_pins(&t, 3));
	ck_assert_uint_eq(t.old.count, 0);
}
END_TEST

START_TEST(test_move_to_another_protocol)
{
	install(1, 7, 0);
	env.old = env.conf;
	env.conf.protocol = 12;
	table_move(&t);
	/* The key is the same, so it is changed in place; there is nothing left to delete. */
	ck_assert_int_eq(expect(1, FIB_REPLACE, FIB_WHAT_MOVE, 20, 0, false), TABLE_INSTALLED);
	expect_nothing(1);
	ck_assert_uint_eq(t.old.count, 0);
	ck_assert(bitmap_test(&t.kernel, 1));
}
END_TEST

/* Somebody's route in our name is under the old configuration as ours would be; of the new one nothing is to go. */
START_TEST(test_move_of_a_stray)
{
	install(1, 7, 0);
	table_gone(&t, 1);
	table_stray(&t, 1);
	env.old = env.conf;
	env.conf.protocol = 12;
	table_move(&t);
	ck_assert_int_eq(expect(1, FIB_REPLACE, FIB_WHAT_MOVE, 20, ENETDOWN, false), TABLE_FAILED);
	ck_assert_int_eq(expect(1, FIB_DEL, FIB_WHAT_OLD, 20, 0, false), TABLE_OK);
	expect_nothing(1);
	table_retry(&t, 1);
	ck_assert_int_eq(expect(1, FIB_ADD, FIB_WHAT_ROUTE, 20, 0, false), TABLE_INSTALLED);
	expect_nothing(1);
}
END_TEST

START_TEST(test_ipv6_default_metric)
{
	struct fib_op_route op;
	struct fib_table six;

	table_init(&six, FAMILY_IPV6);
	env.conf.metric = 0;
	table_want(&six, 1, 7, 0);
	ck_assert(table_next_op(&six, 1, &env, &op));
	ck_assert_uint_eq(op.metric, 1024); /* IP6_RT_PRIO_USER of linux/ipv6_route.h */
	table_want(&t, 1, 7, 0);
	ck_assert(table_next_op(&t, 1, &env, &op));
	ck_assert_uint_eq(op.metric, 0);
	table_fini(&six);
}
END_TEST

START_TEST(test_far_ids)
{
	install(5000000, 7, 0);
	ck_assert_uint_eq(table_nhset(&t, 5000000), 7);
	ck_assert_uint_eq(table_nhset(&t, 4999999), 0);
	ck_assert_uint_eq(table_nhset(&t, 60000000), 0);
	/* One page of 4,096 ids, its directory, and bitmap pages of 512 octets: no more than 200 KB. */
	ck_assert_uint_lt(table_bytes(&t), 400000);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("table");
	TCase *tc = tcase_create("table");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_install_replace_delete);
	tcase_add_test(tc, test_change_in_flight);
	tcase_add_test(tc, test_withdrawn_before_sent);
	tcase_add_test(tc, test_metric_change);
	tcase_add_test(tc, test_foreign_keeps_its_key);
	tcase_add_test(tc, test_back_off);
	tcase_add_test(tc, test_no_plan_for_a_dead_link);
	tcase_add_test(tc, test_exists_but_is_ours);
	tcase_add_test(tc, test_stray);
	tcase_add_test(tc, test_reply_lost);
	tcase_add_test(tc, test_failed_replacement_is_dropped);
	tcase_add_test(tc, test_lost_and_gone);
	tcase_add_test(tc, test_failed_deletion_is_kept);
	tcase_add_test(tc, test_claim);
	tcase_add_test(tc, test_move_to_another_table);
	tcase_add_test(tc, test_move_to_another_protocol);
	tcase_add_test(tc, test_move_of_a_stray);
	tcase_add_test(tc, test_ipv6_default_metric);
	tcase_add_test(tc, test_far_ids);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
