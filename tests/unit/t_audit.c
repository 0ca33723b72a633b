/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_audit: rounds of the audit over a back end that the test plays: what it shows of the kernel is the test's choice.
 */
#include "tests/unit/fibplay.h"

static uint64_t
drift(enum fib_drift kind)
{
	struct fib_stats s;

	fib_stats_get(fib, &s);
	return s.drift[kind];
}

static uint64_t
drift_of_all(void)
{
	uint64_t sum = 0;

	for (enum fib_drift kind = 0; kind < FIB_DRIFT_COUNT; kind++)
		sum += drift(kind);
	return sum;
}

static uint64_t
rounds(void)
{
	struct fib_stats s;

	fib_stats_get(fib, &s);
	return s.audits;
}

/* The interval is over. */
static void
round_begin(void)
{
	fib_audit_due(fib);
	run_ms(5);
	struct fib_op op = expect_op(FIB_OP_AUDIT);
	ck_assert_uint_eq(op.u.audit.table, 254);
	ck_assert_uint_eq(op.u.audit.protocol, 186);
	ck_assert_uint_eq(op.u.audit.objects, fib->objects);
}

static void
round_read(bool complete)
{
	struct fib_ev ev = {.kind = FIB_EV_AUDIT_END, .u.complete = complete};

	event(&ev);
	run_ms(5);
}

/* All is read, and the moment after it is over, too. */
static void
round_end(void)
{
	round_read(true);
	fib_audit_due(fib);
	run_ms(5);
}

static void
shown_blackhole(uint32_t id)
{
	route_event(id, 186, RTN_BLACKHOLE, FIB_RT_AUDIT);
}

static void
shown_hop_with(uint32_t id, const char *gateway, uint32_t ifindex, unsigned flags)
{
	struct ip_prefix p = prefix_of(NULL, FAMILY_IPV4, id);
	struct fib_ev ev = {.kind = FIB_EV_ROUTE};
	struct ip_addr a;

	ev.u.route.r = (struct fib_ev_route){.family = FAMILY_IPV4,
					     .plen = p.len,
					     .protocol = 186,
					     .rtm_type = RTN_UNICAST,
					     .flags = (uint8_t)flags,
					     .table = 254,
					     .nh_count = 1,
					     .metric = 20};
	memcpy(ev.u.route.r.dst, p.bytes, 16);
	ev.u.route.nh = (struct fib_ev_nh){.ifindex = ifindex, .weight = 1};
	if (gateway != NULL) {
		ck_assert_int_eq(ip_addr_parse(gateway, &a), 0);
		ev.u.route.nh.via_family = a.family;
		memcpy(ev.u.route.nh.via, a.bytes, 16);
	}
	event(&ev);
	run_ms(5);
}

static void
shown_hop(uint32_t id, const char *gateway, uint32_t ifindex)
{
	shown_hop_with(id, gateway, ifindex, FIB_RT_AUDIT);
}

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

/* Drops what defines next-hop sets. */
static struct fib_op
expect_route(enum fib_verb verb, uint32_t id)
{
	struct fib_op op;

	do
		ck_assert_msg(ring_pop(&chan->ops, &op), "an operation of route %u was expected", id);
	while (op.kind != FIB_OP_ROUTE);
	ck_assert_uint_eq(op.u.route.verb, verb);
	ck_assert_uint_eq(op.u.route.id, id);
	return op;
}

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

int
main(void)
{
	Suite *s = suite_create("audit");
	TCase *tc = tcase_create("routes"), *objects = tcase_create("objects");

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
	tcase_add_checked_fixture(objects, objects_setup, play_teardown);
	tcase_set_timeout(objects, 30);
	tcase_add_test(objects, test_object);
	tcase_add_test(objects, test_object_missing);
	tcase_add_test(objects, test_object_gone_in_a_round);
	tcase_add_test(objects, test_object_gone_between_rounds);
	tcase_add_test(objects, test_object_there_all_the_same);
	tcase_add_test(objects, test_group_gone);
	tcase_add_test(objects, test_object_extra);
	suite_add_tcase(s, objects);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
