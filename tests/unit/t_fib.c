/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_fib: the main-thread half over the null back end, and over one that the test
 * plays itself, operation by operation.
 */
#include "tests/unit/fibplay.h"
#include "tests/unit/suite.h"

START_TEST(test_null)
{
	struct fib_stats s;

	ck_assert_int_eq(fib_start_null(&loop, &conf, &callbacks, NULL, &fib), 0);
	uint32_t hole = blackhole();
	for (uint32_t id = 0; id < 50000; id++) {
		fib_route_set(fib, FAMILY_IPV4, id, hole, 0);
		fib_route_set(fib, FAMILY_IPV6, id, hole, 0);
	}
	ck_assert_int_eq(state(7), FIB_PENDING);
	run_ms(300);
	ck_assert_uint_eq(synced, 1);
	fib_stats_get(fib, &s);
	ck_assert_uint_eq(s.installed, 100000);
	ck_assert_uint_eq(s.replies, 100000);
	ck_assert_int_eq(state(7), FIB_INSTALLED);
	ck_assert_uint_eq(fib_route_next(fib, FAMILY_IPV4, 49999), 49999);
	ck_assert_uint_eq(fib_route_next(fib, FAMILY_IPV4, 50000), BITMAP_END);
	/* Four octets and seven bits a route, and what is there in any case: well under eight. */
	ck_assert_uint_lt(s.memory_bytes, 100000 * 8 + 2000000);
	for (uint32_t id = 0; id < 50000; id++)
		fib_route_del(fib, FAMILY_IPV4, id);
	ck_assert(fib_pins(fib, FAMILY_IPV4, 7));
	run_ms(300);
	ck_assert_uint_eq(unpinned, 50000);
	ck_assert(!fib_pins(fib, FAMILY_IPV4, 7));
	fib_nhset_unref(fib, hole);
	fib_stop(fib, false, 5000);
}
END_TEST

START_TEST(test_order_of_operations)
{
	uint32_t hole = blackhole(), three = over(3);

	fib_route_set(fib, FAMILY_IPV4, 9, hole, 0);
	run_ms(5);
	expect_none(); /* nothing before the first dump is in */
	sync_up();
	ck_assert_uint_eq(synced, 1);
	struct fib_op def = expect_op(FIB_OP_NHSET);
	ck_assert_uint_eq(def.u.nhset.id, hole);
	ck_assert_uint_eq(def.u.nhset.count, 0);
	struct fib_op add = expect_op(FIB_OP_ROUTE);
	ck_assert_uint_eq(add.u.route.verb, FIB_ADD);
	ck_assert_uint_eq(add.u.route.nhset, hole);
	ck_assert_uint_eq(add.u.route.dst[3], 9);
	expect_none();
	/* Changes while it is in flight make one operation, whatever their number. */
	fib_route_set(fib, FAMILY_IPV4, 9, three, 0);
	fib_route_set(fib, FAMILY_IPV4, 9, hole, 0);
	fib_route_set(fib, FAMILY_IPV4, 9, three, 0);
	run_ms(5);
	expect_none();
	answer(&add, 0);
	def = expect_op(FIB_OP_NHSET);
	ck_assert_uint_eq(def.u.nhset.id, three);
	ck_assert_uint_eq(expect_op(FIB_OP_NH).u.nh.ifindex, 3);
	struct fib_op rep = expect_op(FIB_OP_ROUTE);
	ck_assert_uint_eq(rep.u.route.verb, FIB_REPLACE);
	expect_none();
	fib_nhset_unref(fib, hole);
	fib_nhset_unref(fib, three);
	answer(&rep, 0);
	ck_assert_int_eq(state(9), FIB_INSTALLED);
	/* The set that nothing uses any more is forgotten, once. */
	ck_assert_uint_eq(expect_op(FIB_OP_NHSET_FREE).u.nhset.id, hole);
	fib_route_del(fib, FAMILY_IPV4, 9);
	run_ms(5);
	ck_assert_uint_eq(expect_op(FIB_OP_NHSET_FREE).u.nhset.id, three);
	struct fib_op del = expect_op(FIB_OP_ROUTE);
	ck_assert_uint_eq(del.u.route.verb, FIB_DEL);
	ck_assert_uint_eq(del.u.route.protocol, 186);
	ck_assert_uint_eq(unpinned, 0);
	answer(&del, 0);
	ck_assert_uint_eq(unpinned, 1);
}
END_TEST

/* Route 9 is to be a blackhole: what is sent for it. */
static struct fib_op
begin_hole(void)
{
	sync_up();
	uint32_t hole = blackhole();
	fib_route_set(fib, FAMILY_IPV4, 9, hole, 0);
	fib_nhset_unref(fib, hole);
	run_ms(5);
	expect_op(FIB_OP_NHSET);
	return expect_op(FIB_OP_ROUTE);
}

static struct fib_op
expect_route(enum fib_verb verb, enum fib_what what, uint32_t id, uint32_t metric)
{
	struct fib_op op = expect_op(FIB_OP_ROUTE);

	ck_assert_uint_eq(op.u.route.verb, verb);
	ck_assert_uint_eq(op.u.route.what, what);
	ck_assert_uint_eq(op.u.route.id, id);
	ck_assert_uint_eq(op.u.route.metric, metric);
	return op;
}

static void
metric_set(uint32_t metric)
{
	struct fib_config c = conf;

	c.metric = metric;
	fib_reconfigure(fib, &c);
}

/* The metric changes again while routes move: each is where it is to be before the next move begins. */
START_TEST(test_move_again)
{
	struct fib_op op = begin_hole();

	answer(&op, 0);
	metric_set(30);
	metric_set(40);
	run_ms(5);
	op = expect_route(FIB_ADD, FIB_WHAT_ROUTE, 9, 30);
	answer(&op, 0);
	op = expect_route(FIB_DEL, FIB_WHAT_OLD, 9, 20);
	answer(&op, 0);
	op = expect_route(FIB_ADD, FIB_WHAT_ROUTE, 9, 40);
	answer(&op, 0);
	op = expect_route(FIB_DEL, FIB_WHAT_OLD, 9, 30);
	answer(&op, 0);
	expect_none();
	ck_assert_int_eq(state(9), FIB_INSTALLED);
}
END_TEST

/* A route of which the kernel has two is given up while the next configuration waits. */
START_TEST(test_given_up_in_a_move)
{
	struct fib_op op = begin_hole();

	answer(&op, 0);
	metric_set(30);
	run_ms(5);
	op = expect_route(FIB_ADD, FIB_WHAT_ROUTE, 9, 30);
	fib_route_del(fib, FAMILY_IPV4, 9);
	metric_set(20);
	answer(&op, 0);
	expect_op(FIB_OP_NHSET_FREE);
	op = expect_route(FIB_DEL, FIB_WHAT_ROUTE, 9, 30);
	answer(&op, 0);
	op = expect_route(FIB_DEL, FIB_WHAT_OLD, 9, 20);
	answer(&op, 0);
	expect_none();
	ck_assert_uint_eq(unpinned, 1);
	/* Nothing is held up by it. */
	uint32_t hole = blackhole();
	fib_route_set(fib, FAMILY_IPV4, 8, hole, 0);
	fib_nhset_unref(fib, hole);
	run_ms(5);
	expect_op(FIB_OP_NHSET);
	op = expect_route(FIB_ADD, FIB_WHAT_ROUTE, 8, 20);
	answer(&op, 0);
	ck_assert_int_eq(state(8), FIB_INSTALLED);
}
END_TEST

/* The same with a metric of its own that has just changed: no move, but another configuration that waits. */
START_TEST(test_given_up_with_two_metrics)
{
	struct fib_op op = begin_hole();

	answer(&op, 0);
	uint32_t hole = blackhole();
	fib_route_set(fib, FAMILY_IPV4, 9, hole, 77);
	fib_nhset_unref(fib, hole);
	run_ms(5);
	op = expect_route(FIB_ADD, FIB_WHAT_ROUTE, 9, 77);
	fib_route_del(fib, FAMILY_IPV4, 9);
	metric_set(20);
	answer(&op, 0);
	expect_op(FIB_OP_NHSET_FREE);
	op = expect_route(FIB_DEL, FIB_WHAT_ROUTE, 9, 77);
	answer(&op, 0);
	op = expect_route(FIB_DEL, FIB_WHAT_STALE, 9, 20);
	answer(&op, 0);
	ck_assert_uint_eq(unpinned, 1);
}
END_TEST

START_TEST(test_foreign_conflict)
{
	struct fib_op add = begin_hole();
	route_event(9, 4, RTN_PROHIBIT, 0); /* its notification comes before the reply */
	answer(&add, EEXIST);
	ck_assert_int_eq(state(9), FIB_FAILED);
	ck_assert_int_eq(error_of(9), EEXIST);
	struct fib_stats counted;
	fib_stats_get(fib, &counted);
	ck_assert_uint_eq(counted.refused[FIB_REFUSAL_EXISTS], 1);
	ck_assert_uint_eq(counted.errors, 1);
	/* By the clock it is tried again, too, since an event may be missed; the next time later. */
	uint32_t in_s;
	ck_assert(fib_route_retry(fib, FAMILY_IPV4, 9, &in_s));
	ck_assert_uint_le(in_s, 1);
	run_ms(1500);
	add = expect_op(FIB_OP_ROUTE);
	ck_assert_uint_eq(add.u.route.verb, FIB_ADD);
	answer(&add, EEXIST);
	expect_none();
	ck_assert(fib_route_retry(fib, FAMILY_IPV4, 9, &in_s));
	ck_assert_uint_ge(in_s, 1);
	ck_assert_uint_le(in_s, 3);
	link_event(4, IFF_UP); /* no business of his */
	run_ms(50);
	expect_none();
	route_event(9, 4, RTN_PROHIBIT, FIB_RT_DELETED);
	add = expect_op(FIB_OP_ROUTE);
	ck_assert_uint_eq(add.u.route.verb, FIB_ADD);
	answer(&add, EEXIST); /* nobody's that we know of: then it is ours */
	ck_assert_uint_eq(expect_op(FIB_OP_ROUTE).u.route.verb, FIB_REPLACE);
}
END_TEST

/* His route went without a word: ours gets in by the clock, and all is read again to see what else was
 * missed. */
START_TEST(test_foreign_missed)
{
	struct fib_op add = begin_hole();
	route_event(9, 4, RTN_PROHIBIT, 0);
	answer(&add, EEXIST);
	run_ms(1500);
	add = expect_op(FIB_OP_ROUTE);
	answer(&add, 0);
	ck_assert_int_eq(state(9), FIB_INSTALLED);
	expect_op(FIB_OP_RESYNC);
	expect_none();
}
END_TEST

START_TEST(test_link_down)
{
	sync_up();
	uint32_t three = over(3);
	fib_route_set(fib, FAMILY_IPV4, 9, three, 0);
	fib_nhset_unref(fib, three);
	run_ms(5);
	expect_op(FIB_OP_NHSET);
	expect_op(FIB_OP_NH);
	struct fib_op add = expect_op(FIB_OP_ROUTE);
	answer(&add, 0);
	link_event(3, 0);
	run_ms(5);
	ck_assert_int_eq(error_of(9), ENETDOWN);
	expect_none();
	link_event(3, IFF_UP);
	run_ms(60);
	add = expect_op(FIB_OP_ROUTE);
	ck_assert_uint_eq(add.u.route.verb, FIB_ADD);
	/* A failure for another reason is tried again after a second. */
	answer(&add, ENETUNREACH);
	add = expect_op(FIB_OP_ROUTE);
	ck_assert_uint_eq(add.u.route.verb, FIB_DEL); /* what may be left of it */
	answer(&add, ESRCH);
	run_ms(500);
	expect_none();
	run_ms(700);
	ck_assert_uint_eq(expect_op(FIB_OP_ROUTE).u.route.verb, FIB_ADD);
}
END_TEST

/* A link comes while the failed ones are looked at: it may help those that have just been passed over, too. */
START_TEST(test_event_during_retry)
{
	enum { N = 200 };
	struct fib_op op;
	unsigned again = 0;

	sync_up();
	uint32_t hole = blackhole();
	for (uint32_t id = 1; id <= N; id++)
		fib_route_set(fib, FAMILY_IPV4, id, hole, 0);
	fib_nhset_unref(fib, hole);
	run_ms(5);
	while (ring_pop(&chan->ops, &op))
		if (op.kind == FIB_OP_ROUTE)
			reply_to(&op, op.u.route.verb == FIB_DEL ? ESRCH : ENETUNREACH);
	run_ms(20);
	while (ring_pop(&chan->ops, &op)) /* what may be left of them */
		if (op.kind == FIB_OP_ROUTE)
			reply_to(&op, ESRCH);
	run_ms(20);
	ck_assert_int_eq(state(1), FIB_FAILED);
	ck_assert_int_eq(state(N), FIB_FAILED);
	fib_walk_start(fib, WALK_RETRY);
	ck_assert(!fib_walk_run(fib, 0));
	fib_retry_soon(fib);
	struct timeval now = {0};
	evtimer_add(fib->ev_soon, &now);
	run_ms(20);
	while (ring_pop(&chan->ops, &op))
		again += op.kind == FIB_OP_ROUTE && op.u.route.verb == FIB_ADD;
	ck_assert_uint_eq(again, N);
}
END_TEST

START_TEST(test_adopt_and_sweep)
{
	uint32_t hole = blackhole();

	fib_route_set(fib, FAMILY_IPV4, 1, hole, 0);
	fib_route_set(fib, FAMILY_IPV4, 2, hole, 0);
	fib_nhset_unref(fib, hole);
	simple_event(FIB_EV_SYNC_BEGIN);
	route_event(1, 186, RTN_BLACKHOLE, 0);
	route_event(2, 186, RTN_UNREACHABLE, 0);
	route_event(3, 186, RTN_BLACKHOLE, 0);
	simple_event(FIB_EV_SYNC_END);
	run_ms(5);
	ck_assert_int_eq(state(1), FIB_INSTALLED); /* without an operation */
	expect_op(FIB_OP_NHSET);
	struct fib_op rep = expect_op(FIB_OP_ROUTE);
	ck_assert_uint_eq(rep.u.route.id, 2);
	ck_assert_uint_eq(rep.u.route.verb, FIB_REPLACE);
	answer(&rep, 0);
	expect_none();
	struct fib_stats s;
	fib_stats_get(fib, &s);
	ck_assert_uint_eq(s.adopted, 1);
	fib_sweep(fib);
	run_ms(5);
	struct fib_op del = expect_op(FIB_OP_ROUTE);
	ck_assert_uint_eq(del.u.route.verb, FIB_DEL);
	ck_assert_uint_eq(del.u.route.id, FIB_ID_NONE);
	ck_assert_uint_eq(del.u.route.dst[3], 3);
	answer(&del, 0);
	expect_none();
}
END_TEST

/* Others' routes in a table that is left go before those in the next one are told, which may have the same name. */
START_TEST(test_move_from_others)
{
	struct fib_config c = conf;

	sync_up();
	route_event(77, 4, RTN_BLACKHOLE, 0);
	run_ms(5);
	ck_assert_uint_eq(foreign_deleted, 0);
	c.table = 101;
	c.alone = true;
	fib_reconfigure(fib, &c);
	ck_assert_uint_eq(foreign_deleted, 1);
	run_ms(5);
	ck_assert_uint_eq(expect_op(FIB_OP_WATCH).u.watch.table, 101);
	/* It was on its way. */
	route_event(78, 4, RTN_BLACKHOLE, 0);
	simple_event(FIB_EV_SYNC_BEGIN);
	simple_event(FIB_EV_SYNC_END);
	run_ms(5);
	ck_assert_uint_eq(foreign_deleted, 1);
}
END_TEST

/* What an earlier run left in a table that is left stays until the sweep, and is swept: the next dump is of another. */
START_TEST(test_move_from_earlier)
{
	struct fib_config c = conf;
	struct fib_stats s;

	simple_event(FIB_EV_SYNC_BEGIN);
	route_event(3, 186, RTN_BLACKHOLE, 0);
	route_event(4, 186, RTN_BLACKHOLE, 0);
	simple_event(FIB_EV_SYNC_END);
	run_ms(5);
	c.table = 101;
	fib_reconfigure(fib, &c);
	run_ms(5);
	ck_assert_uint_eq(expect_op(FIB_OP_WATCH).u.watch.table, 101);
	simple_event(FIB_EV_SYNC_BEGIN);
	simple_event(FIB_EV_SYNC_END);
	run_ms(5);
	fib_stats_get(fib, &s);
	ck_assert_uint_eq(s.adopted, 2);
	expect_none();
	/* The route that is wanted in the new table is none of them. */
	uint32_t hole = blackhole();
	fib_route_set(fib, FAMILY_IPV4, 3, hole, 0);
	fib_nhset_unref(fib, hole);
	run_ms(5);
	expect_op(FIB_OP_NHSET);
	struct fib_op op = expect_route(FIB_ADD, FIB_WHAT_ROUTE, 3, 20);
	ck_assert_uint_eq(op.u.route.table, 101);
	answer(&op, 0);
	fib_sweep(fib);
	run_ms(5);
	for (unsigned i = 0; i < 2; i++) {
		op = expect_route(FIB_DEL, FIB_WHAT_SWEEP, FIB_ID_NONE, 20);
		ck_assert_uint_eq(op.u.route.table, conf.table);
		answer(&op, 0);
	}
	expect_none();
	ck_assert_int_eq(state(3), FIB_INSTALLED);
	fib_stats_get(fib, &s);
	ck_assert_uint_eq(s.adopted, 0);
}
END_TEST

START_TEST(test_resync)
{
	sync_up();
	uint32_t hole = blackhole();
	fib_route_set(fib, FAMILY_IPV4, 1, hole, 0);
	fib_route_set(fib, FAMILY_IPV4, 2, hole, 0);
	fib_nhset_unref(fib, hole);
	run_ms(5);
	expect_op(FIB_OP_NHSET);
	struct fib_op a = expect_op(FIB_OP_ROUTE), b = expect_op(FIB_OP_ROUTE);
	answer(&a, 0);
	answer(&b, 0);
	route_event(77, 4, RTN_BLACKHOLE, 0);
	simple_event(FIB_EV_SYNC_BEGIN);
	route_event(a.u.route.id, 186, RTN_BLACKHOLE, 0);
	/* Nothing is sent while a dump is under way. */
	hole = blackhole();
	fib_route_set(fib, FAMILY_IPV4, 5, hole, 0);
	fib_nhset_unref(fib, hole);
	run_ms(5);
	expect_none();
	simple_event(FIB_EV_SYNC_END);
	run_ms(5);
	ck_assert_uint_eq(links_deleted, 1);
	ck_assert_uint_eq(foreign_deleted, 1);
	ck_assert_int_eq(state(a.u.route.id), FIB_INSTALLED);
	struct fib_op first = expect_op(FIB_OP_ROUTE), second = expect_op(FIB_OP_ROUTE);
	ck_assert_uint_eq(first.u.route.id + second.u.route.id, b.u.route.id + 5);
	ck_assert_uint_eq(first.u.route.verb, FIB_ADD);
	answer(&first, 0);
	answer(&second, 0);
	struct fib_stats s;
	fib_stats_get(fib, &s);
	ck_assert_uint_eq(s.resyncs, 1);
	ck_assert_uint_eq(s.restored, 1);
	ck_assert_uint_eq(synced, 1);
}
END_TEST

/* Others' routes of the main table and of further ones; ours only of our own, since others are another fib's. */
START_TEST(test_watches)
{
	const struct fib_op_watch w = {.table = 100, .protocol = 186, .also = {7, 300}};

	ck_assert(fib_watches(&w, 100, 186));
	ck_assert(fib_watches(&w, 100, 4));
	ck_assert(fib_watches(&w, 254, 4));
	ck_assert(fib_watches(&w, 7, 4));
	ck_assert(fib_watches(&w, 300, 4));
	ck_assert(!fib_watches(&w, 8, 4));
	ck_assert(!fib_watches(&w, 254, 186));
	ck_assert(!fib_watches(&w, 7, 186));
	ck_assert(!fib_watches(&w, 200, 186));
	/* No table is that of index 0 of a short list. */
	ck_assert(!fib_watches(&w, 0, 4));
}
END_TEST

START_TEST(test_without_reverse_lookup)
{
	callbacks.id_of = NULL;
	fib_stop(fib, true, 1000);
	ck_assert_int_eq(fib_start_on(&play, &loop, &conf, &callbacks, NULL, &fib), 0);
	run_ms(5);
	expect_op(FIB_OP_WATCH);
	sync_up();
	route_event(9, 186, RTN_BLACKHOLE, FIB_RT_DELETED);
	expect_op(FIB_OP_RESYNC);
}
END_TEST

START_TEST(test_full_ring)
{
	struct fib_op op;
	struct fib_stats s;
	unsigned routes = 0;

	sync_up();
	uint32_t hole = blackhole();
	for (uint32_t id = 0; id < 20000; id++)
		fib_route_set(fib, FAMILY_IPV4, id, hole, 0);
	fib_nhset_unref(fib, hole);
	run_ms(100);
	ck_assert_uint_le(ring_used(&chan->ops), FIB_OPS_RING);
	fib_stats_get(fib, &s);
	ck_assert_uint_gt(s.ops, 3000);
	ck_assert_uint_lt(s.ops, FIB_OPS_RING);
	for (unsigned i = 0; i < 100 && routes < 20000; i++) {
		while (ring_pop(&chan->ops, &op)) {
			if (op.kind != FIB_OP_ROUTE)
				continue;
			struct fib_ev ev = {.kind = FIB_EV_RESULT};
			ev.u.result.family = FAMILY_IPV4;
			ev.u.result.id = op.u.route.id;
			ev.u.result.metric = 20;
			event(&ev);
			routes++;
		}
		run_ms(10);
	}
	ck_assert_uint_eq(routes, 20000);
	fib_stats_get(fib, &s);
	ck_assert_uint_eq(s.installed, 20000);
}
END_TEST

/* Nexthop objects. */

static void
set(uint32_t id, uint32_t nhset)
{
	fib_route_set(fib, FAMILY_IPV4, id, nhset, 0);
	fib_nhset_unref(fib, nhset);
	run_ms(5);
}

static struct fib_op
expect_object(enum fib_verb verb, unsigned count)
{
	struct fib_op op = expect_op(FIB_OP_NEXTHOP);

	ck_assert_uint_eq(op.u.nexthop.verb, verb);
	ck_assert_uint_eq(op.u.nexthop.count, count);
	ck_assert_uint_eq(op.u.nexthop.nhid >> 20, 186);
	for (unsigned i = 0; i < count; i++)
		expect_op(FIB_OP_NH);
	return op;
}

static struct fib_op
expect_named(enum fib_verb verb, uint32_t nhid)
{
	struct fib_op def = expect_op(FIB_OP_NHSET);
	ck_assert_uint_eq(def.u.nhset.nhid, nhid);
	ck_assert_uint_eq(def.u.nhset.count, 0);
	struct fib_op route = expect_op(FIB_OP_ROUTE);
	ck_assert_uint_eq(route.u.route.verb, verb);
	ck_assert(route.u.route.object);
	return route;
}

START_TEST(test_object_life)
{
	set(1, via(1u << 3));
	struct fib_op one = expect_object(FIB_ADD, 1);
	struct fib_op route = expect_named(FIB_ADD, one.u.nexthop.nhid);
	answer(&one, 0);
	answer(&route, 0);
	ck_assert_int_eq(state(1), FIB_INSTALLED);
	/* Over both: a group, of which one member is there already. */
	set(1, via(1u << 3 | 1u << 4));
	struct fib_op four = expect_object(FIB_ADD, 1), both = expect_object(FIB_ADD, 2);
	ck_assert(both.u.nexthop.group);
	struct fib_op rep = expect_named(FIB_REPLACE, both.u.nexthop.nhid);
	expect_none();
	answer(&four, 0);
	answer(&both, 0);
	/* Back to the other, while the replacement is under way: until it is known, nothing is deleted. */
	set(1, via(1u << 4));
	expect_none();
	answer(&rep, 0);
	struct fib_op last = expect_named(FIB_REPLACE, four.u.nexthop.nhid);
	expect_none();
	answer(&last, 0);
	/* The group goes, and the member that nothing else uses. */
	struct fib_op del = expect_object(FIB_DEL, 0);
	ck_assert_uint_eq(del.u.nexthop.nhid, both.u.nexthop.nhid);
	expect_op(FIB_OP_NHSET_FREE);
	ck_assert_uint_eq(expect_object(FIB_DEL, 0).u.nexthop.nhid, one.u.nexthop.nhid);
	expect_op(FIB_OP_NHSET_FREE);
	expect_none();
}
END_TEST

START_TEST(test_object_refused)
{
	set(1, via(1u << 3));
	struct fib_op one = expect_object(FIB_ADD, 1);
	struct fib_op route = expect_named(FIB_ADD, one.u.nexthop.nhid);
	answer(&one, ENETUNREACH);
	answer(&route, EINVAL); /* no such nexthop: the reason is the object's */
	ck_assert_int_eq(error_of(1), ENETUNREACH);
	run_ms(1200);
	struct fib_op again = expect_object(FIB_ADD, 1);
	ck_assert_uint_eq(again.u.nexthop.nhid, one.u.nexthop.nhid);
	route = expect_op(FIB_OP_ROUTE);
	/* Somebody has the number: another one, and a look at who it is. */
	answer(&again, EEXIST);
	answer(&route, EINVAL);
	expect_op(FIB_OP_RESYNC);
	run_ms(60);
	struct fib_op other = expect_object(FIB_ADD, 1);
	ck_assert_uint_ne(other.u.nexthop.nhid, one.u.nexthop.nhid);
	expect_op(FIB_OP_NHSET_FREE);
	expect_named(FIB_ADD, other.u.nexthop.nhid);
	expect_none();
}
END_TEST

/* Its reply was lost, and there is one: whose, a dump will show. The route that names it is given another one. */
START_TEST(test_object_reply_lost)
{
	struct fib_ev ev = {.kind = FIB_EV_RESULT};

	set(1, via(1u << 3));
	struct fib_op one = expect_object(FIB_ADD, 1);
	struct fib_op route = expect_named(FIB_ADD, one.u.nexthop.nhid);
	ev.u.result = (struct fib_ev_result){.verb = FIB_ADD,
					     .what = FIB_WHAT_NEXTHOP,
					     .id = one.u.nexthop.nhset,
					     .metric = one.u.nexthop.nhid,
					     .error = EEXIST,
					     .unsure = true};
	event(&ev);
	answer(&route, 0);
	expect_op(FIB_OP_RESYNC);
	struct fib_op other = expect_object(FIB_ADD, 1);
	ck_assert_uint_ne(other.u.nexthop.nhid, one.u.nexthop.nhid);
	expect_op(FIB_OP_NHSET_FREE);
	route = expect_named(FIB_REPLACE, other.u.nexthop.nhid);
	expect_none();
	answer(&other, 0);
	answer(&route, 0);
	ck_assert_int_eq(state(1), FIB_INSTALLED);
	expect_none();
}
END_TEST

START_TEST(test_object_deletion_refused)
{
	set(1, via(1u << 3));
	struct fib_op one = expect_object(FIB_ADD, 1);
	struct fib_op route = expect_named(FIB_ADD, one.u.nexthop.nhid);
	answer(&one, 0);
	answer(&route, 0);
	fib_sweep(fib);
	fib_route_del(fib, FAMILY_IPV4, 1);
	run_ms(5);
	route = expect_op(FIB_OP_ROUTE);
	answer(&route, 0);
	struct fib_op del = expect_object(FIB_DEL, 0);
	expect_op(FIB_OP_NHSET_FREE);
	answer(&del, ENOMEM);
	/* Not at once, and not never. */
	expect_none();
	run_ms(1200);
	struct fib_op again = expect_object(FIB_DEL, 0);
	ck_assert_uint_eq(again.u.nexthop.nhid, del.u.nexthop.nhid);
	answer(&again, 0);
	run_ms(1200);
	expect_none();
}
END_TEST

START_TEST(test_object_and_carrier)
{
	set(1, via(1u << 3));
	struct fib_op one = expect_object(FIB_ADD, 1);
	struct fib_op route = expect_named(FIB_ADD, one.u.nexthop.nhid);
	answer(&one, 0);
	answer(&route, 0);
	link_event(3, IFF_UP); /* no carrier: the kernel has dropped both without a word */
	run_ms(5);
	ck_assert_int_eq(error_of(1), ENETDOWN);
	expect_none();
	link_event(3, CARRIER);
	run_ms(60);
	ck_assert_uint_eq(expect_object(FIB_ADD, 1).u.nexthop.nhid, one.u.nexthop.nhid);
	route = expect_op(FIB_OP_ROUTE);
	ck_assert_uint_eq(route.u.route.verb, FIB_ADD);
	expect_none();
}
END_TEST

/* Route 1 over link 3 and route 2 over both, all installed; the group's creation is left in *both. */
static struct fib_op
one_and_both(struct fib_op *both)
{
	set(1, via(1u << 3));
	struct fib_op one = expect_object(FIB_ADD, 1);
	struct fib_op route = expect_named(FIB_ADD, one.u.nexthop.nhid);
	answer(&one, 0);
	answer(&route, 0);
	set(2, via(1u << 3 | 1u << 4));
	struct fib_op four = expect_object(FIB_ADD, 1);
	*both = expect_object(FIB_ADD, 2);
	route = expect_named(FIB_ADD, both->u.nexthop.nhid);
	answer(&four, 0);
	answer(both, 0);
	answer(&route, 0);
	return one;
}

/* A member was asked for while its link had no carrier, and is refused after that is back. */
START_TEST(test_carrier_after_another_link)
{
	uint32_t three = over(3);

	link_event(4, IFF_UP | IFF_RUNNING);
	fib_route_set(fib, FAMILY_IPV4, 9, three, 0);
	fib_nhset_unref(fib, three);
	run_ms(5);
	expect_op(FIB_OP_NHSET);
	expect_op(FIB_OP_NH);
	struct fib_op add = expect_op(FIB_OP_ROUTE);
	answer(&add, 0);
	link_event(3, 0);
	run_ms(5);
	ck_assert_int_eq(state(9), FIB_FAILED);
	link_event(3, IFF_UP | IFF_RUNNING);
	run_ms(60);
	add = expect_op(FIB_OP_ROUTE);
	answer(&add, 0);
	ck_assert_int_eq(state(9), FIB_INSTALLED);
	/* What happens to another link later says nothing about this one. */
	link_event(4, IFF_UP);
	run_ms(60);
	ck_assert_int_eq(state(9), FIB_INSTALLED);
	expect_none();
}
END_TEST

START_TEST(test_group_after_refused_member)
{
	struct fib_op both, one = one_and_both(&both);

	link_event(3, IFF_UP);
	run_ms(5);
	set(3, via(1u << 3));
	ck_assert_uint_eq(expect_object(FIB_ADD, 1).u.nexthop.nhid, one.u.nexthop.nhid);
	struct fib_op route = expect_op(FIB_OP_ROUTE);
	link_event(3, CARRIER);
	run_ms(5);
	struct fib_op repair = expect_object(FIB_REPLACE, 2);
	answer(&one, ENETDOWN);
	answer(&route, EINVAL);
	answer(&repair, EINVAL);
	run_ms(60);
	/* The routes ask for the member again, and when it is there the group gets it. */
	ck_assert_uint_eq(expect_object(FIB_ADD, 1).u.nexthop.nhid, one.u.nexthop.nhid);
	expect_op(FIB_OP_ROUTE);
	expect_op(FIB_OP_ROUTE);
	expect_none();
	answer(&one, 0);
	ck_assert_uint_eq(expect_object(FIB_REPLACE, 2).u.nexthop.nhid, both.u.nexthop.nhid);
	expect_none();
}
END_TEST

/* Nothing else uses the missing member: the group asks for it again after the back-off. */
START_TEST(test_group_repair_refused)
{
	struct fib_op both, one = one_and_both(&both);

	fib_route_del(fib, FAMILY_IPV4, 1);
	run_ms(5);
	struct fib_op del = expect_op(FIB_OP_ROUTE);
	answer(&del, 0);
	link_event(3, IFF_UP);
	run_ms(5);
	link_event(3, CARRIER);
	run_ms(5);
	ck_assert_uint_eq(expect_object(FIB_ADD, 1).u.nexthop.nhid, one.u.nexthop.nhid);
	struct fib_op repair = expect_object(FIB_REPLACE, 2);
	answer(&one, ENETDOWN);
	answer(&repair, EINVAL);
	expect_none();
	run_ms(1200);
	expect_object(FIB_ADD, 1);
	repair = expect_object(FIB_REPLACE, 2);
	answer(&one, 0);
	answer(&repair, 0);
	run_ms(2200);
	expect_none();
}
END_TEST

START_TEST(test_link_up_while_group_is_made)
{
	link_event(3, IFF_UP);
	run_ms(5);
	set(2, via(1u << 3 | 1u << 4));
	struct fib_op four = expect_object(FIB_ADD, 1), both = expect_object(FIB_ADD, 1);
	struct fib_op route = expect_named(FIB_ADD, both.u.nexthop.nhid);
	link_event(3, CARRIER);
	run_ms(5);
	expect_none();
	answer(&four, 0);
	answer(&both, 0);
	answer(&route, 0);
	struct fib_op three = expect_object(FIB_ADD, 1), repair = expect_object(FIB_REPLACE, 2);
	ck_assert_uint_eq(repair.u.nexthop.nhid, both.u.nexthop.nhid);
	answer(&three, 0);
	answer(&repair, 0);
	expect_none();
}
END_TEST

START_TEST(test_many_part)
{
	struct fib_op op;
	unsigned routes = 0, objects = 0;

	uint32_t three = via(1u << 3);
	for (uint32_t id = 0; id < 3000; id++)
		fib_route_set(fib, FAMILY_IPV4, id, three, 0);
	fib_nhset_unref(fib, three);
	run_ms(20);
	play_pump(NULL);
	ring_wake(&chan->events);
	run_ms(20);
	ck_assert_int_eq(state(2999), FIB_INSTALLED);
	/* A few go one by one at once; all that are left go with the object. */
	for (uint32_t id = 0; id < 10; id++)
		fib_route_del(fib, FAMILY_IPV4, id);
	run_ms(3);
	for (unsigned i = 0; i < 10; i++) {
		op = expect_op(FIB_OP_ROUTE);
		ck_assert_uint_eq(op.u.route.verb, FIB_DEL);
		answer(&op, 0);
	}
	for (uint32_t id = 10; id < 3000; id++)
		fib_route_del(fib, FAMILY_IPV4, id);
	run_ms(30);
	while (ring_pop(&chan->ops, &op)) {
		routes += op.kind == FIB_OP_ROUTE;
		objects += op.kind == FIB_OP_NEXTHOP && op.u.nexthop.verb == FIB_DEL;
		if (op.kind == FIB_OP_NEXTHOP)
			answer(&op, 0);
	}
	ck_assert_uint_eq(routes, 0);
	ck_assert_uint_eq(objects, 1);
	run_ms(20);
	ck_assert_uint_eq(unpinned, 3000);
	ck_assert(!fib_pins(fib, FAMILY_IPV4, 2999));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("fib");
	TCase *tc = tcase_create("null"), *played = tcase_create("played"),
	      *objects = tcase_create("objects");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_null);
	tcase_add_checked_fixture(played, play_setup, play_teardown);
	tcase_set_timeout(played, 20);
	tcase_add_test(played, test_order_of_operations);
	tcase_add_test(played, test_move_again);
	tcase_add_test(played, test_given_up_in_a_move);
	tcase_add_test(played, test_given_up_with_two_metrics);
	tcase_add_test(played, test_foreign_conflict);
	tcase_add_test(played, test_foreign_missed);
	tcase_add_test(played, test_link_down);
	tcase_add_test(played, test_event_during_retry);
	tcase_add_test(played, test_adopt_and_sweep);
	tcase_add_test(played, test_move_from_others);
	tcase_add_test(played, test_move_from_earlier);
	tcase_add_test(played, test_resync);
	tcase_add_test(played, test_watches);
	tcase_add_test(played, test_without_reverse_lookup);
	tcase_add_test(played, test_full_ring);
	tcase_add_checked_fixture(objects, objects_setup, play_teardown);
	tcase_set_timeout(objects, 20);
	tcase_add_test(objects, test_object_life);
	tcase_add_test(objects, test_object_refused);
	tcase_add_test(objects, test_object_reply_lost);
	tcase_add_test(objects, test_object_deletion_refused);
	tcase_add_test(objects, test_object_and_carrier);
	tcase_add_test(objects, test_carrier_after_another_link);
	tcase_add_test(objects, test_group_after_refused_member);
	tcase_add_test(objects, test_group_repair_refused);
	tcase_add_test(objects, test_link_up_while_group_is_made);
	tcase_add_test(objects, test_many_part);
	suite_add_tcase(s, objects);
	suite_add_tcase(s, played);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
