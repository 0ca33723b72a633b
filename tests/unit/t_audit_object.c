/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_audit_object: what the audit finds of nexthop objects.
 */
#include "tests/unit/auditplay.h"
#include "tests/unit/suite.h"

static void
shown_object_route(uint32_t id, uint32_t nhid)
{
	struct ip_prefix p = prefix_of(NULL, FAMILY_IPV4, id);
	struct fib_ev ev = {.kind = FIB_EV_ROUTE};

	ev.u.route.r = (struct fib_ev_route){.family = FAMILY_IPV4,
					     .plen = p.len,
					     .protocol = 186,
					     .rtm_type = RTN_UNICAST,
					     .flags = FIB_RT_AUDIT | FIB_RT_OBJECT,
					     .table = 254,
					     .nh_count = 1,
					     .metric = 20};
	memcpy(ev.u.route.r.dst, p.bytes, 16);
	ev.u.route.nh.ifindex = nhid;
	event(&ev);
	run_ms(5);
}

static void
shown_object(uint32_t nhid, const char *gateway, uint32_t ifindex)
{
	struct fib_ev ev = {.kind = FIB_EV_NEXTHOP};
	struct ip_addr a;

	ck_assert_int_eq(ip_addr_parse(gateway, &a), 0);
	ev.u.nexthop.n = (struct fib_ev_nexthop){.nhid = nhid, .protocol = 186, .count = 1, .audit = true};
	ev.u.nexthop.nh = (struct fib_ev_nh){.ifindex = ifindex, .weight = 1, .via_family = a.family};
	memcpy(ev.u.nexthop.nh.via, a.bytes, 16);
	event(&ev);
	run_ms(5);
}

static uint32_t
install_object(uint32_t id)
{
	uint32_t set = via(1u << 3);
	struct fib_op op;

	fib_sweep(fib);
	fib_route_set(fib, FAMILY_IPV4, id, set, 0);
	fib_nhset_unref(fib, set);
	run_ms(5);
	op = expect_op(FIB_OP_NEXTHOP);
	uint32_t nhid = op.u.nexthop.nhid;
	answer(&op, 0);
	op = expect_route(FIB_ADD, id);
	answer(&op, 0);
	ck_assert_int_eq(state(id), FIB_INSTALLED);
	return nhid;
}

START_TEST(test_object)
{
	uint32_t nhid = install_object(9);

	round_begin();
	shown_object(nhid, "192.0.2.1", 3);
	shown_object_route(9, nhid);
	round_end();
	expect_none();
	ck_assert_uint_eq(drift_of_all(), 0);
	/* Another gateway: replaced in its place. */
	round_begin();
	shown_object(nhid, "192.0.2.77", 3);
	shown_object_route(9, nhid);
	round_end();
	struct fib_op op = expect_op(FIB_OP_NEXTHOP);
	ck_assert_uint_eq(op.u.nexthop.verb, FIB_REPLACE);
	ck_assert_uint_eq(op.u.nexthop.nhid, nhid);
	expect_op(FIB_OP_NH);
	answer(&op, 0);
	expect_none();
	ck_assert_uint_eq(drift(FIB_DRIFT_OBJECT_NEXTHOPS), 1);
	/* The route names another object, or none. */
	round_begin();
	shown_object(nhid, "192.0.2.1", 3);
	shown_hop(9, "192.0.2.1", 3);
	op = expect_route(FIB_REPLACE, 9);
	answer(&op, 0);
	round_end();
	ck_assert_uint_eq(drift(FIB_DRIFT_NEXTHOPS), 1);
	ck_assert_uint_eq(drift_of_all(), 2);
}
END_TEST

/* What a round has seen before it failed is put right all the same. */
START_TEST(test_object_in_a_round_that_fails)
{
	uint32_t nhid = install_object(9);

	round_begin();
	shown_object(nhid, "192.0.2.77", 3);
	round_read(false);
	struct fib_op op = expect_op(FIB_OP_NEXTHOP);
	ck_assert_uint_eq(op.u.nexthop.verb, FIB_REPLACE);
	ck_assert_uint_eq(op.u.nexthop.nhid, nhid);
	expect_op(FIB_OP_NH);
	answer(&op, 0);
	expect_none();
	ck_assert_uint_eq(rounds(), 0);
	ck_assert_uint_eq(drift_of_all(), 0);
	round_begin();
	shown_object(nhid, "192.0.2.1", 3);
	shown_object_route(9, nhid);
	round_end();
	expect_none();
	ck_assert_uint_eq(drift_of_all(), 0);
}
END_TEST

START_TEST(test_object_missing)
{
	uint32_t nhid = install_object(9);

	round_begin();
	round_end();
	/* And its route with it: first the object, then the route. */
	struct fib_op op = expect_op(FIB_OP_NEXTHOP);
	ck_assert_uint_eq(op.u.nexthop.verb, FIB_ADD);
	ck_assert_uint_eq(op.u.nexthop.nhid, nhid);
	answer(&op, 0);
	op = expect_route(FIB_ADD, 9);
	answer(&op, 0);
	ck_assert_int_eq(state(9), FIB_INSTALLED);
	ck_assert_uint_eq(drift(FIB_DRIFT_OBJECT_MISSING), 1);
	ck_assert_uint_eq(drift(FIB_DRIFT_MISSING), 1);
	ck_assert_uint_eq(drift_of_all(), 2);
	ck_assert_uint_eq(rounds(), 1);
	/* With its link it is no drift, though the link is heard of late. */
	round_begin();
	round_read(true);
	link_event(3, IFF_UP);
	run_ms(5);
	fib_audit_due(fib);
	run_ms(60);
	ck_assert_uint_eq(drift_of_all(), 2);
	ck_assert_int_eq(error_of(9), ENETDOWN);
}
END_TEST

/* The next operation is to make this object as if it were not there. */
static struct fib_op
expect_asked(uint32_t nhid)
{
	struct fib_op op = expect_op(FIB_OP_NEXTHOP);

	ck_assert_uint_eq(op.u.nexthop.verb, FIB_ADD);
	ck_assert_uint_eq(op.u.nexthop.nhid, nhid);
	expect_op(FIB_OP_NH);
	return op;
}

static uint32_t
install_two_on_object(void)
{
	uint32_t set = via(1u << 3), nhid = install_object(9);

	fib_route_set(fib, FAMILY_IPV4, 10, set, 0);
	fib_nhset_unref(fib, set);
	run_ms(5);
	struct fib_op op = expect_route(FIB_ADD, 10);
	answer(&op, 0);
	return nhid;
}

/* It goes when it was shown already, and its routes were not: these are refused for want of it. */
START_TEST(test_object_gone_in_a_round)
{
	uint32_t nhid = install_two_on_object();

	round_begin();
	shown_object(nhid, "192.0.2.1", 3);
	round_end();
	struct fib_op op = expect_route(FIB_ADD, 9), other = expect_route(FIB_ADD, 10);
	answer(&op, EINVAL);
	answer(&other, EINVAL);
	/* What could not be replaced is not to lead where nothing should go: but there is nothing. */
	op = expect_route(FIB_DEL, 9);
	other = expect_route(FIB_DEL, 10);
	reply_to(&op, ESRCH);
	reply_to(&other, ESRCH);
	run_ms(60);
	/* Made at once, and the routes sent behind it. */
	struct fib_op made = expect_asked(nhid);
	op = expect_route(FIB_ADD, 9);
	other = expect_route(FIB_ADD, 10);
	reply_to(&made, 0);
	reply_to(&op, 0);
	reply_to(&other, 0);
	run_ms(60);
	expect_none();
	ck_assert_int_eq(state(9), FIB_INSTALLED);
	ck_assert_int_eq(state(10), FIB_INSTALLED);
	ck_assert_uint_eq(drift(FIB_DRIFT_OBJECT_MISSING), 1);
	ck_assert_uint_eq(drift(FIB_DRIFT_MISSING), 2);
	ck_assert_uint_eq(drift_of_all(), 3);
	ck_assert_uint_eq(rounds(), 1);
}
END_TEST

/* No round is on: a new route is refused, and the others, which nobody has told of, went with the object. */
START_TEST(test_object_gone_between_rounds)
{
	uint32_t set = via(1u << 3), nhid = install_two_on_object();

	fib_route_set(fib, FAMILY_IPV4, 11, set, 0);
	fib_nhset_unref(fib, set);
	run_ms(5);
	struct fib_op op = expect_route(FIB_ADD, 11);
	reply_to(&op, EINVAL);
	run_ms(60);
	struct fib_op made = expect_asked(nhid);
	op = expect_route(FIB_ADD, 11);
	reply_to(&made, 0);
	reply_to(&op, 0);
	run_ms(60);
	op = expect_route(FIB_ADD, 9);
	struct fib_op other = expect_route(FIB_ADD, 10);
	reply_to(&op, 0);
	reply_to(&other, 0);
	run_ms(60);
	expect_none();
	for (uint32_t id = 9; id <= 11; id++)
		ck_assert_int_eq(state(id), FIB_INSTALLED);
	ck_assert_uint_eq(drift_of_all(), 1);
	ck_assert(!nhset_at(&fib->nhsets, set)->stolen);
}
END_TEST

/* It is there, and the route is refused for another reason: that is asked once. */
START_TEST(test_object_there_all_the_same)
{
	uint32_t set = via(1u << 3), nhid = install_two_on_object();

	fib_route_set(fib, FAMILY_IPV4, 11, set, 0);
	fib_nhset_unref(fib, set);
	run_ms(5);
	struct fib_op op = expect_route(FIB_ADD, 11);
	reply_to(&op, EINVAL);
	run_ms(60);
	struct fib_op made = expect_asked(nhid);
	op = expect_route(FIB_ADD, 11);
	reply_to(&made, EEXIST);
	reply_to(&op, EINVAL);
	run_ms(60);
	expect_none();
	ck_assert_int_eq(nhset_at(&fib->nhsets, set)->object, OBJECT_THERE);
	ck_assert_int_eq(error_of(11), EINVAL);
	ck_assert_int_eq(state(9), FIB_INSTALLED);
	ck_assert_uint_eq(drift_of_all(), 0);
	/* Others go on using it. */
	set = via(1u << 3);
	fib_route_set(fib, FAMILY_IPV4, 12, set, 0);
	fib_nhset_unref(fib, set);
	run_ms(5);
	op = expect_route(FIB_ADD, 12);
	ck_assert_uint_eq(op.u.route.object, true);
	answer(&op, 0);
	ck_assert_int_eq(state(12), FIB_INSTALLED);
}
END_TEST

/* A group that went with its members: they are asked for before it. */
START_TEST(test_group_gone)
{
	uint32_t set = via(1u << 3 | 1u << 4);
	struct fib_op op;

	fib_sweep(fib);
	fib_route_set(fib, FAMILY_IPV4, 9, set, 0);
	run_ms(5);
	play_pump(NULL);
	ring_wake(&chan->events);
	run_ms(20);
	ck_assert_int_eq(state(9), FIB_INSTALLED);
	fib_route_set(fib, FAMILY_IPV4, 10, set, 0);
	fib_nhset_unref(fib, set);
	run_ms(5);
	op = expect_route(FIB_ADD, 10);
	reply_to(&op, EINVAL);
	run_ms(60);
	const struct nhset *n = nhset_at(&fib->nhsets, set);
	struct fib_op asked[3];
	asked[0] = expect_asked(nhset_at(&fib->nhsets, n->member[0])->nhid);
	asked[1] = expect_asked(nhset_at(&fib->nhsets, n->member[1])->nhid);
	asked[2] = expect_asked(n->nhid);
	expect_op(FIB_OP_NH);
	op = expect_route(FIB_ADD, 10);
	/* One member is there after all. */
	reply_to(&asked[0], EEXIST);
	reply_to(&asked[1], 0);
	reply_to(&asked[2], 0);
	reply_to(&op, 0);
	run_ms(60);
	op = expect_route(FIB_ADD, 9);
	answer(&op, 0);
	expect_none();
	ck_assert_int_eq(state(9), FIB_INSTALLED);
	ck_assert_int_eq(n->object, OBJECT_THERE);
	ck_assert_uint_eq(drift(FIB_DRIFT_OBJECT_MISSING), 2);
	ck_assert_uint_eq(drift_of_all(), 2);
}
END_TEST

START_TEST(test_object_extra)
{
	uint32_t nhid = install_object(9);

	round_begin();
	shown_object(nhid, "192.0.2.1", 3);
	shown_object(nhid + 50, "192.0.2.50", 3);
	shown_object_route(9, nhid);
	round_end();
	struct fib_op op = expect_op(FIB_OP_NEXTHOP);
	ck_assert_uint_eq(op.u.nexthop.verb, FIB_DEL);
	ck_assert_uint_eq(op.u.nexthop.nhid, nhid + 50);
	answer(&op, 0);
	expect_none();
	ck_assert_uint_eq(drift(FIB_DRIFT_OBJECT_EXTRA), 1);
	ck_assert_uint_eq(drift_of_all(), 1);
}
END_TEST

static void
expect_deletion(uint32_t nhid)
{
	struct fib_op op = expect_op(FIB_OP_NEXTHOP);

	ck_assert_uint_eq(op.u.nexthop.verb, FIB_DEL);
	ck_assert_uint_eq(op.u.nexthop.nhid, nhid);
	answer(&op, 0);
}

/* Each goes when it is shown. What was read of one before that says nothing; of the others it does. */
START_TEST(test_objects_extra)
{
	uint32_t nhid = install_object(9);

	round_begin();
	shown_object(nhid, "192.0.2.1", 3);
	shown_object(nhid + 50, "192.0.2.50", 3);
	expect_deletion(nhid + 50);
	shown_object(nhid + 50, "192.0.2.50", 3);
	shown_object(nhid + 51, "192.0.2.50", 3);
	expect_deletion(nhid + 51);
	shown_object_route(9, nhid);
	round_end();
	expect_none();
	ck_assert_uint_eq(drift(FIB_DRIFT_OBJECT_EXTRA), 2);
	/* Made again after that, it is one too many again. */
	round_begin();
	shown_object(nhid, "192.0.2.1", 3);
	shown_object(nhid + 50, "192.0.2.50", 3);
	expect_deletion(nhid + 50);
	shown_object_route(9, nhid);
	round_end();
	expect_none();
	ck_assert_uint_eq(drift_of_all(), 3);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("audit");
	TCase *tc = tcase_create("objects");

	tcase_add_checked_fixture(tc, objects_setup, play_teardown);
	tcase_set_timeout(tc, 30);
	tcase_add_test(tc, test_object);
	tcase_add_test(tc, test_object_in_a_round_that_fails);
	tcase_add_test(tc, test_object_missing);
	tcase_add_test(tc, test_object_gone_in_a_round);
	tcase_add_test(tc, test_object_gone_between_rounds);
	tcase_add_test(tc, test_object_there_all_the_same);
	tcase_add_test(tc, test_group_gone);
	tcase_add_test(tc, test_object_extra);
	tcase_add_test(tc, test_objects_extra);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
