/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of fib/fade: a next hop that many routes leave goes out of their group at once. */
#include "tests/unit/fibplay.h"
#include "tests/unit/suite.h"

#define ROUTES 200u

static uint32_t one, both;

/* Answers everything, and says how the object nhid was replaced: with so many next hops, or 0. */
static unsigned
replaced(uint32_t nhid, unsigned *routes_before)
{
	struct fib_op op;
	unsigned members = 0, routes = 0;

	while (ring_pop(&chan->ops, &op)) {
		if (op.kind == FIB_OP_NEXTHOP && op.u.nexthop.nhid == nhid && op.u.nexthop.verb == FIB_REPLACE) {
			members = op.u.nexthop.count;
			*routes_before = routes;
		}
		routes += op.kind == FIB_OP_ROUTE;
		if (op.kind == FIB_OP_NEXTHOP || op.kind == FIB_OP_ROUTE)
			reply_to(&op, 0);
	}
	run_ms(20);
	return members;
}

static uint32_t
nhid_of(uint32_t nhset)
{
	return nhset_at(&fib->nhsets, nhset)->nhid;
}

static void
fade_setup(void)
{
	objects_setup();
	one = via(1u << 3);
	both = via(1u << 3 | 1u << 4);
	for (uint32_t id = 0; id < ROUTES; id++)
		fib_route_set(fib, FAMILY_IPV4, id, both, 0);
	run_ms(5);
	play_pump(NULL);
	ring_wake(&chan->events);
	run_ms(20);
	ck_assert_int_eq(state(ROUTES - 1), FIB_INSTALLED);
}

static void
fade_teardown(void)
{
	fib_nhset_unref(fib, one);
	fib_nhset_unref(fib, both);
	play_teardown();
}

static void
move(uint32_t from, uint32_t to, uint32_t nhset)
{
	for (uint32_t id = from; id < to; id++)
		fib_route_set(fib, FAMILY_IPV4, id, nhset, 0);
	run_ms(5);
}

START_TEST(test_ahead_of_the_routes)
{
	unsigned before = 999;
	uint32_t group = nhid_of(both);

	fib_paths_going(fib);
	move(0, 100, one);
	ck_assert_uint_eq(replaced(group, &before), 1);
	ck_assert_uint_eq(before, 0);
	/* What still wants both gets both again, once it is quiet. */
	run_ms(1300);
	ck_assert_uint_eq(replaced(group, &before), 2);
	ck_assert_uint_eq(before, 0);
	ck_assert_int_eq(nhset_at(&fib->nhsets, both)->object, OBJECT_THERE);
	for (uint32_t id = 0; id < ROUTES; id++)
		ck_assert_int_eq(state(id), FIB_INSTALLED);
	/* And then it is over: as nobody says that paths are going, routes move one by one. */
	move(100, ROUTES, one);
	ck_assert_uint_eq(replaced(group, &before), 0);
}
END_TEST

/* Where some routes move all the time, the group is whole again all the same. */
START_TEST(test_never_quiet)
{
	unsigned before;
	uint32_t group = nhid_of(both);

	fib_paths_going(fib);
	move(0, 100, one);
	ck_assert_uint_eq(replaced(group, &before), 1);
	fib->fade.said_ns -= 60000000000ull;
	for (uint32_t id = 100; id < 106; id++) {
		move(id, id + 1, one);
		run_ms(250);
	}
	ck_assert_uint_eq(replaced(group, &before), 2);
}
END_TEST

/* Nor does a neighbour that goes every other moment keep it narrow: with nothing moving, */
START_TEST(test_said_again)
{
	unsigned before;
	uint32_t group = nhid_of(both);

	fib_paths_going(fib);
	move(0, 100, one);
	ck_assert_uint_eq(replaced(group, &before), 1);
	for (unsigned i = 0; i < 6; i++) {
		fib_paths_going(fib);
		run_ms(250);
	}
	ck_assert_uint_eq(replaced(group, &before), 2);
}
END_TEST

/* nor while some routes move, after a minute. */
START_TEST(test_said_again_never_quiet)
{
	unsigned before;
	uint32_t group = nhid_of(both);

	fib_paths_going(fib);
	move(0, 100, one);
	ck_assert_uint_eq(replaced(group, &before), 1);
	nhset_at(&fib->nhsets, both)->faded_ns -= 60000000000ull;
	for (uint32_t id = 100; id < 106; id++) {
		fib_paths_going(fib);
		move(id, id + 1, one);
		run_ms(250);
	}
	ck_assert_uint_eq(replaced(group, &before), 2);
	/* And when many move again, it fades again. */
	fib_paths_going(fib);
	move(106, 190, one);
	ck_assert_uint_eq(replaced(group, &before), 1);
}
END_TEST

START_TEST(test_few)
{
	unsigned before;

	fib_paths_going(fib);
	move(0, 60, one);
	ck_assert_uint_eq(replaced(nhid_of(both), &before), 0);
	run_ms(1300);
	move(60, 120, one);
	ck_assert_uint_eq(replaced(nhid_of(both), &before), 0);
}
END_TEST

/* Other next hops than before are no part of them: the group must not change under routes that stay. */
START_TEST(test_no_part)
{
	unsigned before;
	uint32_t more;
	struct fib_nh nh[2];

	memset(nh, 0, sizeof nh);
	ck_assert_int_eq(ip_addr_parse("192.0.2.1", &nh[0].via), 0);
	nh[0].ifindex = 3;
	ck_assert_int_eq(ip_addr_parse("192.0.2.77", &nh[1].via), 0);
	nh[1].ifindex = 3;
	more = fib_nhset_intern(fib, FIB_UNICAST, nh, 2);
	fib_paths_going(fib);
	move(0, 100, more);
	ck_assert_uint_eq(replaced(nhid_of(both), &before), 0);
	/* Nor is more than before, */
	uint32_t others = fib_nhset_intern(fib, FIB_UNICAST, nh, 1);
	move(0, 100, others);
	ck_assert_uint_eq(replaced(nhid_of(more), &before), 1);
	move(0, 100, more);
	ck_assert_uint_eq(replaced(nhid_of(others), &before), 0);
	/* nor a blackhole. */
	uint32_t hole = blackhole();
	move(100, ROUTES, hole);
	ck_assert_uint_eq(replaced(nhid_of(both), &before), 0);
	fib_nhset_unref(fib, more);
	fib_nhset_unref(fib, others);
	fib_nhset_unref(fib, hole);
}
END_TEST

/* The link of the next hop that is kept goes down: the other one is all that is left. */
START_TEST(test_kept_one_lost)
{
	unsigned before;
	uint32_t group = nhid_of(both);

	fib_paths_going(fib);
	move(0, 100, one);
	ck_assert_uint_eq(replaced(group, &before), 1);
	/* The kernel has nothing left in the group and drops it with its routes: they are put back over the other. */
	link_event(3, IFF_UP);
	run_ms(5);
	struct fib_op op;
	unsigned made = 0, routes = 0;
	while (ring_pop(&chan->ops, &op)) {
		if (op.kind == FIB_OP_NEXTHOP && op.u.nexthop.nhid == group) {
			ck_assert_uint_eq(op.u.nexthop.verb, FIB_ADD);
			ck_assert_uint_eq(op.u.nexthop.count, 1);
			made++;
		}
		routes += op.kind == FIB_OP_ROUTE && op.u.route.nhset == both && op.u.route.verb == FIB_ADD;
		if (op.kind == FIB_OP_NEXTHOP || op.kind == FIB_OP_ROUTE)
			reply_to(&op, 0);
	}
	run_ms(20);
	ck_assert_uint_eq(made, 1);
	ck_assert_uint_eq(routes, ROUTES - 100);
	ck_assert_int_eq(state(ROUTES - 1), FIB_INSTALLED);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fade");
	TCase *tc = tcase_create("fade");

	tcase_add_checked_fixture(tc, fade_setup, fade_teardown);
	tcase_set_timeout(tc, 60);
	tcase_add_test(tc, test_ahead_of_the_routes);
	tcase_add_test(tc, test_never_quiet);
	tcase_add_test(tc, test_said_again);
	tcase_add_test(tc, test_said_again_never_quiet);
	tcase_add_test(tc, test_few);
	tcase_add_test(tc, test_no_part);
	tcase_add_test(tc, test_kept_one_lost);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
