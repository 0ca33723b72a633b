/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fibplay: the main-thread half of fib over a back end that the test plays itself,
 * operation by operation: what it sends is taken with expect_op, and answered or
 * told with answer, event and their like.
 */
#ifndef TESTS_UNIT_FIBPLAY_H
#define TESTS_UNIT_FIBPLAY_H

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

static inline struct ip_prefix
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

static inline uint32_t
id_of(void *ctx, const struct ip_prefix *p)
{
	(void)ctx;
	return (uint32_t)p->bytes[0] << 24 | (uint32_t)p->bytes[1] << 16 | (uint32_t)p->bytes[2] << 8 |
	       p->bytes[3];
}

static inline void
on_synced(void *ctx)
{
	(void)ctx;
	synced++;
}

static inline void
on_unpinned(void *ctx, enum family f, uint32_t id)
{
	(void)ctx;
	ck_assert(!fib_pins(fib, f, id));
	unpinned++;
}

static inline void
on_link(void *ctx, const struct fib_link *l)
{
	(void)ctx;
	links_deleted += l->deleted;
}

static inline void
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

static inline void
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

static inline void
run_ms(unsigned ms)
{
	struct timeval tv = {.tv_sec = ms / 1000, .tv_usec = ms % 1000 * 1000};

	loop.stopping = false;
	evtimer_add(stop_event, &tv);
	loop_run(&loop);
}

static inline void
setup(void)
{
	ck_assert_int_eq(loop_init(&loop), 0);
	stop_event = evtimer_new(loop.base, on_stop, NULL);
}

static inline void
teardown(void)
{
	event_free(stop_event);
	loop_fini(&loop);
}

static inline uint32_t
blackhole(void)
{
	return fib_nhset_intern(fib, FIB_BLACKHOLE, NULL, 0);
}

static inline uint32_t
over(uint32_t ifindex)
{
	struct fib_nh nh;

	memset(&nh, 0, sizeof nh);
	nh.ifindex = ifindex;
	return fib_nhset_intern(fib, FIB_UNICAST, &nh, 1);
}

static inline enum fib_state
state(uint32_t id)
{
	uint32_t nhset, metric;
	int error;
	return fib_route_get(fib, FAMILY_IPV4, id, &nhset, &metric, &error);
}

static inline int
error_of(uint32_t id)
{
	uint32_t nhset, metric;
	int error;
	fib_route_get(fib, FAMILY_IPV4, id, &nhset, &metric, &error);
	return error;
}

/* The back end that the test plays. */

static inline int
play_start(struct fib_chan *c, struct loop *l, void **self)
{
	(void)l;
	chan = c;
	*self = NULL;
	return 0;
}

/* Only while stopping: answers everything. */
static inline void
play_pump(void *self)
{
	struct fib_op op;

	(void)self;
	while (ring_has_room(&chan->events, 3) && ring_pop(&chan->ops, &op)) {
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

static inline void
play_join(void *self)
{
	(void)self;
}

static const struct fib_backend play = {
    .name = "play", .start = play_start, .pump = play_pump, .join = play_join};

static inline void
event(const struct fib_ev *ev)
{
	ck_assert(ring_push(&chan->events, ev));
	ring_wake(&chan->events);
}

static inline void
simple_event(enum fib_ev_kind kind)
{
	struct fib_ev ev = {.kind = (uint8_t)kind};
	event(&ev);
}

static inline struct fib_op
expect_op(enum fib_op_kind kind)
{
	struct fib_op op;

	ck_assert_msg(ring_pop(&chan->ops, &op), "an operation of kind %d was expected", kind);
	ck_assert_uint_eq(op.kind, kind);
	return op;
}

static inline void
expect_none(void)
{
	struct fib_op op;
	ck_assert(!ring_pop(&chan->ops, &op));
}

/* Replies to an operation, which is not taken up before the loop runs. */
static inline void
reply_to(const struct fib_op *op, int error)
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
}

static inline void
answer(const struct fib_op *op, int error)
{
	reply_to(op, error);
	run_ms(5);
}

static inline void
link_event(uint32_t ifindex, unsigned flags)
{
	struct fib_ev ev = {.kind = FIB_EV_LINK};

	ev.u.link.ifindex = ifindex;
	ev.u.link.flags = flags;
	ev.u.link.up = (flags & IFF_UP) != 0;
	event(&ev);
}

static inline void
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

static inline void
play_setup(void)
{
	setup();
	ck_assert_int_eq(fib_start_on(&play, &loop, &conf, &callbacks, NULL, &fib), 0);
	run_ms(5);
	struct fib_op watch = expect_op(FIB_OP_WATCH);
	ck_assert_uint_eq(watch.u.watch.table, 254);
	ck_assert_uint_eq(watch.u.watch.protocol, 186);
}

static inline void
sync_up(void)
{
	simple_event(FIB_EV_SYNC_BEGIN);
	link_event(3, IFF_UP);
	simple_event(FIB_EV_SYNC_END);
	run_ms(5);
}

static inline void
play_teardown(void)
{
	fib_stop(fib, false, 1000);
	teardown();
}

/* Nexthop objects. */

#define CARRIER (IFF_UP | IFF_RUNNING)

static inline void
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

static inline uint32_t
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

#endif
