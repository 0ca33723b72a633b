/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fib_null: a back end without a kernel (fib_backend_null).
 *
 * Every operation succeeds and no link, address or foreign route exists. It runs
 * in the main thread, woken by the same eventfd as the netlink thread would be.
 * For tests, and for hosts that only reflect routes.
 */
#include "fib/chan.h"

#include "lib/loop.h"
#include "lib/mem.h"

#include <errno.h>
#include <stdlib.h>

#define OPS_A_TURN 512u

struct null {
	struct fib_chan *chan;
	struct loop *loop;
	struct event *ev;
};

static void
answer(struct null *n, const struct fib_op *op)
{
	struct fib_ev ev = {.kind = FIB_EV_RESULT};

	switch (op->kind) {
	case FIB_OP_ROUTE:
		ev.u.result = (struct fib_ev_result){
		    .verb = op->u.route.verb,
		    .what = op->u.route.what,
		    .family = op->u.route.family,
		    .last = true,
		    .id = op->u.route.id,
		    .metric = op->u.route.metric,
		};
		break;
	case FIB_OP_WATCH:
	case FIB_OP_RESYNC:
		ev.kind = FIB_EV_SYNC_BEGIN;
		ring_push(&n->chan->events, &ev);
		ev.kind = FIB_EV_SYNC_END;
		break;
	case FIB_OP_AUDIT:
		ev.kind = FIB_EV_AUDIT_END; /* there is nothing to compare with */
		break;
	case FIB_OP_STOP:
		ev.kind = FIB_EV_STOPPED;
		break;
	default:
		return;
	}
	ring_push(&n->chan->events, &ev);
}

static void
null_pump(void *self)
{
	struct null *n = self;
	struct fib_op op;
	unsigned done = 0;

	/* A full ring of events: fib wakes us when it has taken some. */
	while (done < OPS_A_TURN && ring_has_room(&n->chan->events, 2) && ring_pop(&n->chan->ops, &op)) {
		answer(n, &op);
		done++;
	}
	if (done == 0)
		return;
	ring_wake(&n->chan->events);
	if (done == OPS_A_TURN)
		ring_wake(&n->chan->ops);
}

static void
on_ops(evutil_socket_t fd, short what, void *arg)
{
	struct null *n = arg;

	(void)fd, (void)what;
	loop_enter(n->loop);
	ring_ack(&n->chan->ops);
	null_pump(n);
}

static int
null_start(struct fib_chan *chan, struct loop *loop, void **self)
{
	struct null *n = xcalloc(1, sizeof *n);

	n->chan = chan;
	n->loop = loop;
	n->ev = event_new(loop->base, chan->ops.wake_fd, EV_READ | EV_PERSIST, on_ops, n);
	if (n->ev == NULL || event_priority_set(n->ev, LOOP_PRIO_IO) != 0 || event_add(n->ev, NULL) != 0) {
		if (n->ev != NULL)
			event_free(n->ev);
		free(n);
		return -ENOMEM;
	}
	*self = n;
	return 0;
}

static void
null_join(void *self)
{
	struct null *n = self;

	event_free(n->ev);
	free(n);
}

const struct fib_backend fib_backend_null = {
    .name = "null",
    .start = null_start,
    .pump = null_pump,
    .join = null_join,
};
