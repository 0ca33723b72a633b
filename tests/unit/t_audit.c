/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_audit: what the audit finds of routes. Nexthop objects are in t_audit_object.c.
 */
#include "tests/unit/auditplay.h"
#include "tests/unit/suite.h"

static void
install(uint32_t id, uint32_t nhset)
{
	fib_route_set(fib, FAMILY_IPV4, id, nhset, 0);
	run_ms(5);
	struct fib_op op = expect_route(FIB_ADD, id);
	answer(&op, 0);
	ck_assert_int_eq(state(id), FIB_INSTALLED);
}

static void
install_blackholes(uint32_t from, uint32_t to)
{
	uint32_t hole = blackhole();

	for (uint32_t id = from; id <= to; id++)
		install(id, hole);
	fib_nhset_unref(fib, hole);
}

static void
audit_setup(void)
{
	play_setup();
	sync_up();
	fib_sweep(fib);
	run_ms(5);
}

START_TEST(test_nothing_wrong)
{
	install_blackholes(1, 3);
	round_begin();
	for (uint32_t id = 1; id <= 3; id++)
		shown_blackhole(id);
	shown_blackhole(2); /* a dump may show one twice */
	ck_assert_uint_eq(rounds(), 0);
	round_end();
	expect_none();
	ck_assert_uint_eq(rounds(), 1);
	ck_assert_uint_eq(drift_of_all(), 0);
}
END_TEST

START_TEST(test_missing)
{
	install_blackholes(1, 3);
	round_begin();
	shown_blackhole(1);
	round_read(true);
	expect_none(); /* not before the moment in which an explanation may come */
	ck_assert_int_eq(state(2), FIB_INSTALLED);
	fib_audit_due(fib);
	run_ms(5);
	struct fib_op two = expect_route(FIB_ADD, 2), three = expect_route(FIB_ADD, 3);
	answer(&two, 0);
	ck_assert_uint_eq(rounds(), 0);
	/* The dump has missed this one. */
	answer(&three, EEXIST);
	ck_assert_uint_eq(rounds(), 1);
	ck_assert_uint_eq(drift(FIB_DRIFT_MISSING), 1);
	ck_assert_uint_eq(drift_of_all(), 1);
	ck_assert_int_eq(state(2), FIB_INSTALLED);
	ck_assert_int_eq(state(3), FIB_INSTALLED);
	expect_none();
	/* Once more, and everything is read again. */
	round_begin();
	shown_blackhole(1);
	shown_blackhole(2);
	round_end();
	expect_op(FIB_OP_RESYNC);
	expect_none();
	/* Of one that is shown in between nothing is remembered. */
	round_begin();
	shown_blackhole(1);
	shown_blackhole(2);
	shown_blackhole(3);
	round_end();
	round_begin();
	shown_blackhole(1);
	shown_blackhole(2);
	round_end();
	three = expect_route(FIB_ADD, 3);
	answer(&three, EEXIST);
	ck_assert_uint_eq(drift_of_all(), 1);
}
END_TEST

/* Many repairs take their time; but nobody waits for one that is not answered. */
START_TEST(test_long_repair)
{
	install_blackholes(1, 3);
	round_begin();
	round_end();
	struct fib_op op = expect_route(FIB_ADD, 1);
	fib_audit_due(fib);
	answer(&op, 0);
	fib_audit_due(fib);
	ck_assert_uint_eq(rounds(), 0);
	op = expect_route(FIB_ADD, 2);
	answer(&op, 0);
	fib_audit_due(fib);
	ck_assert_uint_eq(rounds(), 0);
	fib_audit_due(fib);
	ck_assert_uint_eq(rounds(), 1);
	ck_assert_uint_eq(drift(FIB_DRIFT_MISSING), 2);
	/* Then the reply is one like any other. */
	op = expect_route(FIB_ADD, 3);
	answer(&op, EEXIST);
	op = expect_route(FIB_REPLACE, 3);
	answer(&op, 0);
	ck_assert_uint_eq(drift_of_all(), 2);
}
END_TEST

/* What is said of a route that has been doubted holds for what was wanted then. */
START_TEST(test_changed_while_doubted)
{
	uint32_t three = over(3), four = over(4);

	install_blackholes(1, 2);
	round_begin();
	round_end();
	struct fib_op one = expect_route(FIB_ADD, 1), two = expect_route(FIB_ADD, 2);
	fib_route_set(fib, FAMILY_IPV4, 1, three, 0);
	fib_route_set(fib, FAMILY_IPV4, 2, three, 0);
	fib_route_set(fib, FAMILY_IPV4, 2, four, 0);
	fib_nhset_unref(fib, three);
	fib_nhset_unref(fib, four);
	answer(&one, EEXIST);
	one = expect_route(FIB_REPLACE, 1);
	ck_assert_int_eq(state(1), FIB_PENDING);
	answer(&one, 0);
	answer(&two, EEXIST);
	two = expect_route(FIB_REPLACE, 2);
	answer(&two, 0);
	ck_assert_int_eq(state(1), FIB_INSTALLED);
	ck_assert_int_eq(state(2), FIB_INSTALLED);
	ck_assert_uint_eq(drift_of_all(), 0);
	ck_assert_uint_eq(rounds(), 1);
}
END_TEST

START_TEST(test_changed_meanwhile)
{
	install_blackholes(1, 4);
	uint32_t three = over(3);
	round_begin();
	/* 1 gets another next hop, and what is shown is the one of before. */
	fib_route_set(fib, FAMILY_IPV4, 1, three, 0);
	fib_nhset_unref(fib, three);
	run_ms(5);
	struct fib_op op = expect_route(FIB_REPLACE, 1);
	answer(&op, 0);
	shown_blackhole(1);
	/* 2 is deleted by us, and shown all the same. */
	fib_route_del(fib, FAMILY_IPV4, 2);
	run_ms(5);
	op = expect_route(FIB_DEL, 2);
	shown_blackhole(2);
	answer(&op, 0);
	/* 3 is deleted by somebody, who is heard only after the end. */
	shown_blackhole(4);
	round_read(true);
	route_event(3, 186, RTN_BLACKHOLE, FIB_RT_DELETED);
	fib_audit_due(fib);
	run_ms(60);
	op = expect_route(FIB_ADD, 3); /* put back, as ever */
	answer(&op, 0);
	while (ring_pop(&chan->ops, &op))
		ck_assert_uint_ne(op.kind, FIB_OP_ROUTE);
	ck_assert_uint_eq(drift_of_all(), 0);
	ck_assert_uint_eq(rounds(), 1);
}
END_TEST

START_TEST(test_different)
{
	uint32_t three = over(3), hole = blackhole();

	install(1, three);
	install(2, three);
	install(3, hole);
	fib_nhset_unref(fib, three);
	fib_nhset_unref(fib, hole);
	round_begin();
	shown_hop(1, NULL, 4);
	struct fib_op op = expect_route(FIB_REPLACE, 1);
	answer(&op, 0);
	shown_blackhole(2);
	op = expect_route(FIB_REPLACE, 2);
	answer(&op, 0);
	shown_hop(3, NULL, 3);
	op = expect_route(FIB_REPLACE, 3);
	answer(&op, 0);
	round_end();
	expect_none();
	ck_assert_uint_eq(drift(FIB_DRIFT_NEXTHOPS), 1);
	ck_assert_uint_eq(drift(FIB_DRIFT_TYPE), 2);
	ck_assert_uint_eq(drift_of_all(), 3);
}
END_TEST

START_TEST(test_interface_of_the_kernels_choice)
{
	struct fib_nh nh;

	memset(&nh, 0, sizeof nh);
	ck_assert_int_eq(ip_addr_parse("192.0.2.1", &nh.via), 0);
	nh.weight = 1;
	uint32_t set = fib_nhset_intern(fib, FIB_UNICAST, &nh, 1);
	install(1, set);
	fib_nhset_unref(fib, set);
	round_begin();
	shown_hop(1, "192.0.2.1", 3);
	round_end();
	expect_none();
	ck_assert_uint_eq(drift_of_all(), 0);
	round_begin();
	shown_hop(1, "192.0.2.2", 3);
	expect_route(FIB_REPLACE, 1);
	ck_assert_uint_eq(drift(FIB_DRIFT_NEXTHOPS), 1);
}
END_TEST

START_TEST(test_extra)
{
	install_blackholes(1, 1);
	round_begin();
	shown_blackhole(1);
	shown_blackhole(7);
	struct fib_op op = expect_op(FIB_OP_ROUTE);
	ck_assert_uint_eq(op.u.route.verb, FIB_DEL);
	ck_assert_uint_eq(op.u.route.what, FIB_WHAT_EXTRA);
	ck_assert_uint_eq(op.u.route.metric, 20);
	ck_assert_uint_eq(op.u.route.dst[3], 7);
	round_end();
	ck_assert_uint_eq(rounds(), 0); /* it waits for the reply */
	answer(&op, 0);
	ck_assert_uint_eq(rounds(), 1);
	ck_assert_uint_eq(drift(FIB_DRIFT_EXTRA), 1);
	/* Deleted since it was read. */
	round_begin();
	shown_blackhole(1);
	shown_blackhole(7);
	op = expect_op(FIB_OP_ROUTE);
	answer(&op, ESRCH);
	round_end();
	ck_assert_uint_eq(drift_of_all(), 1);
	/* One that is just being installed is none, nor is one with a TOS. */
	uint32_t hole = blackhole();
	round_begin();
	fib_route_set(fib, FAMILY_IPV4, 8, hole, 0);
	fib_nhset_unref(fib, hole);
	run_ms(5);
	struct fib_op add = expect_route(FIB_ADD, 8);
	shown_blackhole(8);
	shown_blackhole(1);
	struct fib_ev ev = {.kind = FIB_EV_ROUTE};
	ev.u.route.r = (struct fib_ev_route){.family = FAMILY_IPV4,
					     .plen = 32,
					     .tos = 16,
					     .protocol = 186,
					     .rtm_type = RTN_BLACKHOLE,
					     .flags = FIB_RT_AUDIT,
					     .table = 254,
					     .metric = 20};
	event(&ev);
	round_end();
	expect_none();
	answer(&add, 0);
	ck_assert_uint_eq(drift_of_all(), 1);
}
END_TEST

/* Ours went with its link, or so we know: what is in its place is to go, but not ours. */
START_TEST(test_in_the_place_of_a_failed_one)
{
	uint32_t three = over(3);

	install(1, three);
	fib_nhset_unref(fib, three);
	link_event(3, 0);
	run_ms(5);
	ck_assert_int_eq(error_of(1), ENETDOWN);
	round_begin();
	shown_hop(1, NULL, 3); /* was read before */
	expect_none();
	shown_blackhole(1);
	struct fib_op op = expect_op(FIB_OP_ROUTE);
	ck_assert_uint_eq(op.u.route.verb, FIB_DEL);
	ck_assert_uint_eq(op.u.route.what, FIB_WHAT_EXTRA);
	answer(&op, 0);
	round_end();
	ck_assert_uint_eq(drift(FIB_DRIFT_EXTRA), 1);
	ck_assert_int_eq(state(1), FIB_FAILED);
	/* It is made again, and the reply is lost. */
	link_event(3, IFF_UP);
	run_ms(100);
	op = expect_route(FIB_ADD, 1);
	struct fib_ev ev = {.kind = FIB_EV_RESULT};
	ev.u.result = (struct fib_ev_result){.verb = FIB_ADD,
					     .family = FAMILY_IPV4,
					     .unsure = true,
					     .id = 1,
					     .nhset = op.u.route.nhset,
					     .metric = 20,
					     .error = ENOBUFS};
	event(&ev);
	run_ms(5);
	ck_assert_int_eq(error_of(1), ENOBUFS);
	round_begin();
	shown_hop(1, NULL, 3);
	expect_none();
	/* Nor is one cut that could not be replaced. */
	simple_event(FIB_EV_SYNC_BEGIN);
	link_event(3, IFF_UP);
	shown_hop_with(1, NULL, 3, 0);
	simple_event(FIB_EV_SYNC_END);
	round_read(false);
	ck_assert_int_eq(state(1), FIB_INSTALLED);
	uint32_t hole = blackhole();
	fib_route_set(fib, FAMILY_IPV4, 1, hole, 0);
	fib_nhset_unref(fib, hole);
	run_ms(5);
	op = expect_route(FIB_REPLACE, 1);
	answer(&op, ENOMEM);
	ck_assert_int_eq(error_of(1), ENOMEM);
	while (ring_pop(&chan->ops, &op))
		ck_assert(op.kind != FIB_OP_ROUTE);
	round_begin();
	shown_hop(1, NULL, 3);
	expect_none();
}
END_TEST

START_TEST(test_earlier_run_is_no_extra)
{
	simple_event(FIB_EV_SYNC_BEGIN);
	route_event(7, 186, RTN_BLACKHOLE, 0);
	simple_event(FIB_EV_SYNC_END);
	run_ms(5);
	round_begin();
	shown_blackhole(7);
	shown_blackhole(8); /* not swept yet: it may be wanted again */
	round_end();
	expect_none();
	ck_assert_uint_eq(drift_of_all(), 0);
}
END_TEST

START_TEST(test_foreign_in_its_place)
{
	install_blackholes(1, 1);
	round_begin();
	round_end();
	struct fib_op op = expect_route(FIB_ADD, 1);
	route_event(1, 4, RTN_PROHIBIT, 0);
	answer(&op, EEXIST);
	ck_assert_int_eq(state(1), FIB_FAILED);
	ck_assert_int_eq(error_of(1), EEXIST);
	ck_assert_uint_eq(rounds(), 1);
	ck_assert_uint_eq(drift_of_all(), 0);
	while (ring_pop(&chan->ops, &op)) /* never a replacement of what is another's */
		ck_assert(op.kind != FIB_OP_ROUTE || op.u.route.verb == FIB_DEL);
}
END_TEST

START_TEST(test_void)
{
	install_blackholes(1, 1);
	round_begin();
	simple_event(FIB_EV_SYNC_BEGIN);
	shown_blackhole(9); /* still on its way */
	route_event(1, 186, RTN_BLACKHOLE, 0);
	simple_event(FIB_EV_SYNC_END);
	run_ms(5);
	fib_audit_due(fib);
	run_ms(5);
	expect_none(); /* no new round before the former has ended */
	round_read(true);
	expect_none();
	ck_assert_uint_eq(rounds(), 0);
	/* Nor does one count that could not be read to its end. */
	round_begin();
	round_read(false);
	expect_none();
	ck_assert_uint_eq(rounds(), 0);
	ck_assert_int_eq(state(1), FIB_INSTALLED);
	round_begin();
	shown_blackhole(1);
	round_end();
	ck_assert_uint_eq(rounds(), 1);
	ck_assert_uint_eq(drift_of_all(), 0);
}
END_TEST

START_TEST(test_interval)
{
	struct fib_config c = conf;
	struct fib_op op;

	run_ms(1200);
	expect_none(); /* none is configured */
	c.audit_s = 1;
	fib_reconfigure(fib, &c);
	run_ms(1200);
	expect_op(FIB_OP_AUDIT);
	round_read(true);
	run_ms(1200);
	ck_assert_uint_eq(rounds(), 1);
	run_ms(1200);
	expect_op(FIB_OP_AUDIT);
	round_read(true);
	c.audit_s = 0;
	fib_reconfigure(fib, &c);
	run_ms(2500);
	ck_assert_uint_eq(rounds(), 2);
	ck_assert(!ring_pop(&chan->ops, &op));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("audit");
	TCase *tc = tcase_create("routes");

	tcase_add_checked_fixture(tc, audit_setup, play_teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, test_nothing_wrong);
	tcase_add_test(tc, test_missing);
	tcase_add_test(tc, test_changed_meanwhile);
	tcase_add_test(tc, test_changed_while_doubted);
	tcase_add_test(tc, test_long_repair);
	tcase_add_test(tc, test_different);
	tcase_add_test(tc, test_interface_of_the_kernels_choice);
	tcase_add_test(tc, test_extra);
	tcase_add_test(tc, test_in_the_place_of_a_failed_one);
	tcase_add_test(tc, test_foreign_in_its_place);
	tcase_add_test(tc, test_void);
	tcase_add_test(tc, test_interval);
	suite_add_tcase(s, tc);
	TCase *early = tcase_create("before the sweep");
	tcase_add_checked_fixture(early, play_setup, play_teardown);
	tcase_add_test(early, test_earlier_run_is_no_extra);
	suite_add_tcase(s, early);
	return suite_end(s);
}
