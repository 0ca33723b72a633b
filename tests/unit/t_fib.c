/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_fib: the main-thread half over the null back end, and over one that the test
 * plays itself, operation by operation.
 */
#include "fib/state.h"

#include "lib/mem.h"

#include <check.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

static struct loop loop;
static struct fib *fib;
static struct fib_chan *chan; /* of the played back end */
static struct event *stop_event;
static unsigned synced, unpinned, links_deleted, foreign_deleted;
static const struct fib_config conf = {.table = 254, .protocol = 186, .metric = 20};

static struct ip_prefix
prefix_of(void *ctx, enum family f, uint32_t id)
{
	struct ip_prefix p;

	(void)ctx;
	memset(&p, 0, sizeof p);
	p.family = (uint8_t)f;
	p.len = 32;
	for (int i = 0; i < 4; i++)
		p.bytes[i] = (uint8_t)(id >> (24 - 8 * i));
	return p;
}

static uint32_t
id_of(void *ctx, const struct ip_prefix *p)
{
	(void)ctx;
	return (uint32_t)p->bytes[0] << 24 | (uint32_t)p->bytes[1] << 16 | (uint32_t)p->bytes[2] << 8 |
	       p->bytes[3];
}

static void
on_synced(void *ctx)
{
	(void)ctx;
	synced++;
}

static void
on_unpinned(void *ctx, enum family f, uint32_t id)
{
	(void)ctx;
	ck_assert(!fib_pins(fib, f, id));
	unpinned++;
}

static void
on_link(void *ctx, const struct fib_link *l)
{
	(void)ctx;
	links_deleted += l->deleted;
}

static void
on_foreign(void *ctx, const struct fib_foreign *r)
{
	(void)ctx;
	foreign_deleted += r->deleted;
}

static struct fib_callbacks callbacks = {.prefix_of = prefix_of,
					 .id_of = id_of,
					 .synced = on_synced,
					 .unpinned = on_unpinned,
					 .link = on_link,
					 .foreign = on_foreign};

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
	struct timeval more = {.tv_usec = 5000};

	(void)fd, (void)what, (void)arg;
	loop_enter(&loop);
	/* On a busy machine the time may be over before the work is done. */
	if (!TAILQ_EMPTY(&loop.jobs) || (fib != NULL && ring_used(&fib->chan.events) > 0))
		evtimer_add(stop_event, &more);
	else
		loop_stop(&loop);
}

static void
run_ms(unsigned ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	loop.stopping = false;
	evtimer_add(stop_event, &tv);
	loop_run(&loop);
}

static void
setup(void)
{
	ck_assert_int_eq(loop_init(&loop), 0);
	stop_event = evtimer_new(loop.base, on_stop, NULL);
}

static void
teardown(void)
{
	event_free(stop_event);
	loop_fini(&loop);
}

static uint32_t
blackhole(void)
{
	return fib_nhset_intern(fib, FIB_BLACKHOLE, NULL, 0);
}

static uint32_t
over(uint32_t ifindex)
{
	struct fib_nh nh;

	memset(&nh, 0, sizeof nh);
	nh.ifindex = ifindex;
	return fib_nhset_intern(fib, FIB_UNICAST, &nh, 1);
}

static enum fib_state
state(uint32_t id)
{
	uint32_t nhset, metric;
	int error;
	return fib_route_get(fib, FAMILY_IPV4, id, &nhset, &metric, &error);
}

static int
error_of(uint32_t id)
{
	uint32_t nhset, metric;
	int error;
	fib_route_get(fib, FAMILY_IPV4, id, &nhset, &metric, &error);
	return error;
}

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

/* The back end that the test plays. */

static int
play_start(struct fib_chan *c, struct loop *l, void **self)
{
	(void)l;
	chan = c;
	*self = NULL;
	return 0;
}

/* Only while stopping: answers everything. */
static void
play_pump(void *self)
{
	struct fib_op op;

	(void)self;
	while (ring_room(&chan->events) > 2 && ring_pop(&chan->ops, &op)) {
		struct fib_ev ev = {.kind = FIB_EV_RESULT};
		ev.u.result.verb = op.u.route.verb;
		ev.u.result.what = op.u.route.what;
		ev.u.result.family = op.u.route.family;
		ev.u.result.id = op.u.route.id;
		ev.u.result.metric = op.u.route.metric;
		ev.u.result.object = op.u.route.object;
		ev.u.result.nhset = op.u.route.nhset;
		if (op.kind == FIB_OP_NEXTHOP)
			ev.u.result = (struct fib_ev_result){.verb = op.u.nexthop.verb,
							     .what = FIB_WHAT_NEXTHOP,
							     .id = op.u.nexthop.nhset,
							     .metric = op.u.nexthop.nhid};
		if (op.kind == FIB_OP_STOP)
			ev.kind = FIB_EV_STOPPED;
		if (op.kind == FIB_OP_STOP || op.kind == FIB_OP_ROUTE || op.kind == FIB_OP_NEXTHOP)
			ring_push(&chan->events, &ev);
	}
}

static void
play_join(void *self)
{
	(void)self;
}

static const struct fib_backend play = {
    .name = "play", .start = play_start, .pump = play_pump, .join = play_join};

static void
event(const struct fib_ev *ev)
{
	ck_assert(ring_push(&chan->events, ev));
	ring_wake(&chan->events);
}

static void
simple_event(enum fib_ev_kind kind)
{
	struct fib_ev ev = {.kind = (uint8_t)kind};
	event(&ev);
}

static struct fib_op
expect_op(enum fib_op_kind kind)
{
	struct fib_op op;

	ck_assert_msg(ring_pop(&chan->ops, &op), "an operation of kind %d was expected", kind);
	ck_assert_uint_eq(op.kind, kind);
	return op;
}

static void
expect_none(void)
{
	struct fib_op op;
	ck_assert(!ring_pop(&chan->ops, &op));
}

static void
answer(const struct fib_op *op, int error)
{
	struct fib_ev ev = {.kind = FIB_EV_RESULT};

	ev.u.result = (struct fib_ev_result){.verb = op->u.route.verb,
					     .what = op->u.route.what,
					     .family = op->u.route.family,
					     .object = op->u.route.object,
					     .id = op->u.route.id,
					     .nhset = op->u.route.nhset,
					     .metric = op->u.route.metric,
					     .error = error};
	if (op->kind == FIB_OP_NEXTHOP)
		ev.u.result = (struct fib_ev_result){.verb = op->u.nexthop.verb,
						     .what = FIB_WHAT_NEXTHOP,
						     .id = op->u.nexthop.nhset,
						     .metric = op->u.nexthop.nhid,
						     .error = error};
	event(&ev);
	run_ms(5);
}

static void
link_event(uint32_t ifindex, unsigned flags)
{
	struct fib_ev ev = {.kind = FIB_EV_LINK};

	ev.u.link.ifindex = ifindex;
	ev.u.link.flags = flags;
	ev.u.link.up = (flags & IFF_UP) != 0;
	event(&ev);
}

static void
route_event(uint32_t id, uint8_t protocol, uint8_t type, unsigned flags)
{
	struct ip_prefix p = prefix_of(NULL, FAMILY_IPV4, id);
	struct fib_ev ev = {.kind = FIB_EV_ROUTE};

	ev.u.route.r = (struct fib_ev_route){.family = FAMILY_IPV4,
					     .plen = p.len,
					     .protocol = protocol,
					     .rtm_type = type,
					     .flags = (uint8_t)flags,
					     .table = 254,
					     .metric = 20};
	memcpy(ev.u.route.r.dst, p.bytes, 16);
	event(&ev);
	run_ms(5);
}

static void
play_setup(void)
{
	setup();
	ck_assert_int_eq(fib_start_on(&play, &loop, &conf, &callbacks, NULL, &fib), 0);
	run_ms(5);
	ck_assert_uint_eq(expect_op(FIB_OP_WATCH).u.table, 254);
}

static void
sync_up(void)
{
	simple_event(FIB_EV_SYNC_BEGIN);
	link_event(3, IFF_UP);
	simple_event(FIB_EV_SYNC_END);
	run_ms(5);
}

static void
play_teardown(void)
{
	fib_stop(fib, false, 1000);
	teardown();
}

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

START_TEST(test_foreign_conflict)
{
	sync_up();
	uint32_t hole = blackhole();
	fib_route_set(fib, FAMILY_IPV4, 9, hole, 0);
	fib_nhset_unref(fib, hole);
	run_ms(5);
	expect_op(FIB_OP_NHSET);
	struct fib_op add = expect_op(FIB_OP_ROUTE);
	route_event(9, 4, RTN_PROHIBIT, 0); /* its notification comes before the reply */
	answer(&add, EEXIST);
	ck_assert_int_eq(state(9), FIB_FAILED);
	ck_assert_int_eq(error_of(9), EEXIST);
	run_ms(1500);
	expect_none(); /* no retry by the clock */
	route_event(9, 4, RTN_PROHIBIT, FIB_RT_DELETED);
	add = expect_op(FIB_OP_ROUTE);
	ck_assert_uint_eq(add.u.route.verb, FIB_ADD);
	answer(&add, EEXIST); /* nobody's that we know of: then it is ours */
	ck_assert_uint_eq(expect_op(FIB_OP_ROUTE).u.route.verb, FIB_REPLACE);
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

#define CARRIER (IFF_UP | IFF_RUNNING)

static void
objects_setup(void)
{
	struct fib_config c = conf;
	struct fib_ev ev = {.kind = FIB_EV_OBJECTS, .u.objects = true};

	setup();
	c.nexthop_objects = true;
	ck_assert_int_eq(fib_start_on(&play, &loop, &c, &callbacks, NULL, &fib), 0);
	run_ms(5);
	expect_op(FIB_OP_WATCH);
	simple_event(FIB_EV_SYNC_BEGIN);
	link_event(3, CARRIER);
	link_event(4, CARRIER);
	event(&ev);
	simple_event(FIB_EV_SYNC_END);
	run_ms(5);
}

static uint32_t
via(unsigned links)
{
	struct fib_nh nh[2];
	unsigned n = 0;

	memset(nh, 0, sizeof nh);
	for (uint32_t i = 3; i <= 4; i++) {
		if ((links & 1u << i) == 0)
			continue;
		ck_assert_int_eq(ip_addr_parse(i == 3 ? "192.0.2.1" : "fe80::1", &nh[n].via), 0);
		nh[n++].ifindex = i;
	}
	return fib_nhset_intern(fib, FIB_UNICAST, nh, n);
}

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
	tcase_add_test(played, test_foreign_conflict);
	tcase_add_test(played, test_link_down);
	tcase_add_test(played, test_adopt_and_sweep);
	tcase_add_test(played, test_resync);
	tcase_add_test(played, test_without_reverse_lookup);
	tcase_add_test(played, test_full_ring);
	tcase_add_checked_fixture(objects, objects_setup, play_teardown);
	tcase_set_timeout(objects, 20);
	tcase_add_test(objects, test_object_life);
	tcase_add_test(objects, test_object_refused);
	tcase_add_test(objects, test_object_and_carrier);
	tcase_add_test(objects, test_carrier_after_another_link);
	tcase_add_test(objects, test_group_after_refused_member);
	tcase_add_test(objects, test_group_repair_refused);
	tcase_add_test(objects, test_link_up_while_group_is_made);
	tcase_add_test(objects, test_many_part);
	suite_add_tcase(s, objects);
	suite_add_tcase(s, played);
	suite_add_tcase(s, tc);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
