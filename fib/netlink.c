/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netlink: the thread that talks to the kernel (fib_backend_netlink).
 *
 * It has an event loop, three sockets and one job. Operations come from the ring
 * and go out in batches over the first socket, which also carries dumps; the
 * second one receives notifications, and a socket filter keeps those out that
 * our own operations cause; the third is the audit's (slowdump.h). It keeps the next-hop sets and the batch
 * in hand, nothing else about routes.
 *
 * Order, which the main half relies on: while a dump runs neither operations
 * nor notifications are taken; notifications that were queued meanwhile are
 * older or newer than what the dump saw, but in the end the last one is right.
 * Replies of a batch in which something was already there (EEXIST) are held back
 * until all notifications are read, so that the main half knows whose it is.
 *
 * Nothing queues here without bound: if the ring of events is full, the thread
 * stops reading and sending until the main half has caught up and wakes it.
 * What the kernel drops in the meantime (ENOBUFS) is found again by a dump.
 */
#include "fib/batch.h"
#include "fib/chan.h"
#include "fib/link.h"
#include "fib/nhmsg.h"
#include "fib/nhdef.h"
#include "fib/nlread.h"
#include "fib/nlsock.h"
#include "fib/route.h"
#include "fib/slowdump.h"

#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"

#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <netlink/netlink.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define RX_BYTES      (64u * 1024u) /* the kernel makes dump messages of 32 KB at most */
#define NOTIFY_READS  64            /* a turn */
#define EVENT_ROOM    (2u + FIB_NH_MAX)
#define DUMP_SEQ      (1u << 31) /* a reply to a batch that was not read in time is not taken for a dump's end */
#define DUMP_TRIES    3 /* for a dump that changed while it was read */
#define RESYNC_MIN_MS 100u
#define RESYNC_MAX_MS 10000u
#define AUDIT_MIN_MS  25u /* from one portion of an audit to the next, */
#define AUDIT_MAX_MS  5000u
#define AUDIT_PAUSE                                                                                          \
	50u /* and so many times as long as the portion took: two parts in a hundred of a processor */
#define RESYNC_CALM_NS 30000000000ull /* after this long the delay starts small again */

/* Parts of a full dump, in order. Those of the main table are left out where it is the watched one. */
enum stage {
	STAGE_LINKS,
	STAGE_ADDRESSES,
	STAGE_NEXTHOPS,
	STAGE_IPV4,
	STAGE_IPV6,
	STAGE_MAIN_IPV4,
	STAGE_MAIN_IPV6,
	STAGE_ALSO, /* for each further table and family */
	STAGE_END,
};

enum step { STEP_MORE, STEP_IDLE, STEP_STALLED, STEP_DUMP_WAIT };

struct netlink {
	struct fib_chan *chan;
	struct loop loop;
	pthread_t thread;
	struct nl_sock *ops, *notify;
	int ops_fd, notify_fd;
	struct event *ev_ring, *ev_ops, *ev_notify, *ev_resync, *ev_audit;
	struct job job;

	struct nhdefs sets;
	struct batch *batch;
	bool replying;
	struct fib_op_nexthop nexthop; /* the one whose next hops are still coming out of the ring */
	struct fib_nh hops[FIB_NH_MAX];
	unsigned nhops;

	struct nlread rx; /* what was received last: a dump's or notifications */
	bool notify_empty;
	bool notify_failed; /* no more is read before the next dump */

	struct fib_op_watch watch; /* table 0: none is watched yet */
	unsigned also_at;          /* of STAGE_ALSO: twice the table's index, and 1 for IPv6 */
	bool dumping, dump_intr, resync, resync_wait, stopping, pushed;
	bool told;    /* a line has said why everything is to be read again */
	bool objects; /* the kernel has nexthop objects */
	enum stage stage;
	unsigned tries;
	uint32_t dump_seq;
	unsigned resync_ms;
	uint64_t resync_ns, complained_ns;
	struct slowdump slow;
	bool auditing, audit_due; /* a round is under way; its next portion is due */
};

static void
push(struct netlink *t, const struct fib_ev *ev)
{
	bool ok = ring_push(&t->chan->events, ev);
	ASSERT(ok);
	t->pushed = true;
}

static bool
has_event_room(const struct netlink *t, uint32_t n)
{
	return ring_has_room(&t->chan->events, n + (t->replying ? t->batch->count : 0));
}

/* What the kernel reports, taken from dumps and notifications alike. */

static void
push_hops(struct netlink *t, const struct fib_ev_nh *nh, unsigned count)
{
	for (unsigned i = 0; i < count; i++) {
		struct fib_ev more = {.kind = FIB_EV_NH, .u.nh = nh[i]};
		push(t, &more);
	}
}

static void
report_route(struct netlink *t, const struct nlmsghdr *n, unsigned flags)
{
	struct route_info info;

	if (route_decode(n, &info) != 0 || !fib_watches(&t->watch, info.r.table, info.r.protocol))
		return;
	struct fib_ev ev = {.kind = FIB_EV_ROUTE};
	unsigned i = 0;
	ev.u.route.r = info.r;
	ev.u.route.r.flags |= (uint8_t)flags;
	if (info.nhid != 0) {
		ev.u.route.r.flags |= FIB_RT_OBJECT;
		ev.u.route.r.nh_count++;
		ev.u.route.nh.ifindex = info.nhid;
	} else if (info.r.nh_count > 0) {
		ev.u.route.nh = info.nh[i++];
	}
	push(t, &ev);
	push_hops(t, info.nh + i, info.r.nh_count - i);
}

static void
report_nexthop(struct netlink *t, const struct nlmsghdr *n, bool audit)
{
	struct nhmsg_info info;

	if (nhmsg_decode(n, &info) != 0)
		return;
	struct fib_ev ev = {.kind = FIB_EV_NEXTHOP};
	ev.u.nexthop.n = info.n;
	ev.u.nexthop.n.audit = audit;
	if (info.n.count > 0)
		ev.u.nexthop.nh = info.nh[0];
	push(t, &ev);
	if (info.n.count > 1)
		push_hops(t, info.nh + 1, info.n.count - 1u);
}

static void
report(struct netlink *t, const struct nlmsghdr *n)
{
	struct fib_ev ev;

	switch (n->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		if (link_decode(n, &ev) == 0)
			push(t, &ev);
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		if (address_decode(n, &ev) == 0)
			push(t, &ev);
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		report_route(t, n, 0);
		break;
	case RTM_NEWNEXTHOP:
	case RTM_DELNEXTHOP:
		report_nexthop(t, n, false);
		break;
	default:
		break;
	}
}

/* Dumps. */

static size_t
dump_request(struct netlink *t, uint8_t *buf, size_t cap)
{
	switch (t->stage) {
	case STAGE_LINKS:
		return link_dump_encode(buf, cap, t->dump_seq);
	case STAGE_ADDRESSES:
		return address_dump_encode(buf, cap, t->dump_seq);
	case STAGE_NEXTHOPS:
		return nhmsg_dump_encode(buf, cap, t->dump_seq);
	case STAGE_IPV4:
	case STAGE_IPV6:
		return route_dump_encode(buf, cap, t->stage == STAGE_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6,
					 t->watch.table, 0, t->dump_seq);
	case STAGE_ALSO:
		return route_dump_encode(buf, cap, t->also_at % 2 == 0 ? FAMILY_IPV4 : FAMILY_IPV6,
					 t->watch.also[t->also_at / 2], 0, t->dump_seq);
	default:
		return route_dump_encode(buf, cap, t->stage == STAGE_MAIN_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6,
					 RT_TABLE_MAIN, 0, t->dump_seq);
	}
}

static void
resync_later(struct netlink *t)
{
	uint64_t now = time_mono_ns();

	t->resync = true;
	if (t->resync_wait)
		return;
	if (now - t->resync_ns > RESYNC_CALM_NS)
		t->resync_ms = RESYNC_MIN_MS;
	else
		t->resync_ms = t->resync_ms * 2 < RESYNC_MAX_MS ? t->resync_ms * 2 : RESYNC_MAX_MS;
	t->resync_ns = now;
	t->resync_wait = true;
	struct timeval tv = {.tv_sec = t->resync_ms / 1000, .tv_usec = t->resync_ms % 1000 * 1000};
	evtimer_add(t->ev_resync, &tv);
}

/* Something was lost, or could not be asked for. Until everything is read again, not more than one line says so. */
static void
trouble(struct netlink *t, const char *what, int error)
{
	if (!t->told)
		log_warn(what, LOG_S("error", strerror(error)), LOG_U("stage", (uint64_t)t->stage),
			 LOG_S("action", "reading everything again"));
	t->told = true;
	resync_later(t);
}

static void
dump_send(struct netlink *t)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	uint8_t buf[128];

	t->dump_seq = (t->dump_seq + 1) | DUMP_SEQ;
	t->dump_intr = false;
	size_t len = dump_request(t, buf, sizeof buf);
	ASSERT(len > 0);
	if (sendto(t->ops_fd, buf, len, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0)
		trouble(t, "fib.dump.failed", errno);
}

static void
dump_begin(struct netlink *t)
{
	struct fib_ev ev = {.kind = FIB_EV_SYNC_BEGIN};

	push(t, &ev);
	t->resync = t->notify_failed = false;
	t->dumping = true;
	t->stage = STAGE_LINKS;
	t->also_at = 0;
	t->tries = 0;
	dump_send(t);
}

static void
tell_objects(struct netlink *t)
{
	struct fib_ev ev = {.kind = FIB_EV_OBJECTS, .u.objects = t->objects};

	push(t, &ev);
}

static void
stage_next(struct netlink *t)
{
	if (t->stage == STAGE_NEXTHOPS)
		tell_objects(t);
	if (t->stage == STAGE_ALSO)
		t->also_at++;
	else
		t->stage++;
	if (t->stage == STAGE_NEXTHOPS && !t->objects) {
		tell_objects(t);
		t->stage++;
	}
	if (t->stage == STAGE_MAIN_IPV4 && (t->watch.table == RT_TABLE_MAIN || t->watch.alone))
		t->stage = STAGE_ALSO;
	if (t->stage == STAGE_ALSO && (t->also_at / 2 == FIB_ALSO_MAX || t->watch.also[t->also_at / 2] == 0))
		t->stage = STAGE_END;
}

static void
dump_stage_done(struct netlink *t)
{
	/* Something changed while it was read, so an entry may be missing: once more. Notifications tell the
	 * rest. */
	if (t->dump_intr && ++t->tries < DUMP_TRIES) {
		dump_send(t);
		return;
	}
	t->tries = 0;
	stage_next(t);
	if (t->stage == STAGE_END) {
		struct fib_ev ev = {.kind = FIB_EV_SYNC_END};
		push(t, &ev);
		t->dumping = false;
		return;
	}
	dump_send(t);
}

/* The end of a dump, or its failure; true: this was not data. */
static bool
dump_control(struct netlink *t, const struct nlmsghdr *n)
{
	if (n->nlmsg_type != NLMSG_DONE && n->nlmsg_type != NLMSG_ERROR)
		return false;
	int error = nlread_errno(n);
	/* ENOENT: a table that has no route yet does not exist. */
	if (error == 0 || error == ENOENT) {
		dump_stage_done(t);
		return true;
	}
	if (t->stage == STAGE_NEXTHOPS && (error == EOPNOTSUPP || error == EINVAL)) {
		t->objects = false;
		dump_stage_done(t);
		return true;
	}
	trouble(t, "fib.dump.failed", error);
	return true;
}

/*
 * A dump that failed is begun anew when its timer says so; until then nothing else is done. The kernel goes on with the
 * former one as it is read, and takes no other before that has come to its end.
 */
static enum step
dump_again(struct netlink *t)
{
	if (t->resync_wait || !has_event_room(t, EVENT_ROOM))
		return STEP_STALLED;
	int rc = nlread_fill(&t->rx, t->ops_fd);
	nlread_forget(&t->rx);
	if (nlread_is_stuck(&t->rx))
		trouble(t, "fib.dump.failed", ENOBUFS);
	else if (rc != 0 && rc != -ENOBUFS && rc != -EMSGSIZE)
		dump_begin(t);
	return STEP_MORE;
}

static enum step
dump_step(struct netlink *t)
{
	struct nlmsghdr *n;

	if (t->resync)
		return dump_again(t);
	if (t->rx.len == 0) {
		int rc = nlread_fill(&t->rx, t->ops_fd);
		if (rc == -EAGAIN)
			return STEP_DUMP_WAIT;
		if (rc != 0) {
			trouble(t, "fib.dump.failed", -rc);
			return STEP_MORE;
		}
	}
	while ((n = nlread_next(&t->rx)) != NULL) {
		if (!has_event_room(t, EVENT_ROOM))
			return STEP_STALLED;
		nlread_advance(&t->rx, n);
		if (n->nlmsg_seq != t->dump_seq)
			continue;
		t->dump_intr |= (n->nlmsg_flags & NLM_F_DUMP_INTR) != 0;
		if (dump_control(t, n)) {
			nlread_forget(&t->rx);
			break;
		}
		report(t, n);
	}
	return STEP_MORE;
}

/* Notifications. */

static enum step
notify_step(struct netlink *t)
{
	struct nlmsghdr *n;

	t->notify_empty = false;
	for (unsigned reads = 0;; reads++) {
		while ((n = nlread_next(&t->rx)) != NULL) {
			if (!has_event_room(t, EVENT_ROOM))
				return STEP_STALLED;
			nlread_advance(&t->rx, n);
			report(t, n);
		}
		if (reads == NOTIFY_READS)
			return STEP_MORE;
		int rc = t->notify_failed ? -EAGAIN : nlread_fill(&t->rx, t->notify_fd);
		if (rc == -EAGAIN) {
			t->notify_empty = true;
			return STEP_IDLE;
		}
		if (rc == 0)
			continue;
		trouble(t, "fib.notifications.lost", -rc);
		t->notify_failed = rc != -ENOBUFS && rc != -EMSGSIZE;
	}
}

/* Operations. */

static void
complain(struct netlink *t)
{
	const struct batch *b = t->batch;
	static const char *const verbs[] = {
	    [FIB_ADD] = "add", [FIB_REPLACE] = "replace", [FIB_DEL] = "delete"};

	/* One line a second at most: a link that goes down can fail a hundred thousand routes. */
	if (b->first_error < 0 || t->loop.turn_start_ns - t->complained_ns < 1000000000ull)
		return;
	t->complained_ns = t->loop.turn_start_ns;
	const struct batch_op *op = &b->ops[b->first_error];
	if (op->route.what == FIB_WHAT_NEXTHOP) {
		log_warn("fib.nexthop.refused", LOG_U("id", op->route.metric),
			 LOG_S("verb", verbs[op->route.verb]), LOG_S("error", strerror(op->error)),
			 LOG_S("kernel", b->text), LOG_U("in_batch", b->errors));
		return;
	}
	char prefix[IP_PREFIX_STRLEN];
	struct ip_prefix p = {.len = op->route.plen, .family = op->route.family};
	memcpy(p.bytes, op->route.dst, sizeof p.bytes);
	log_warn("fib.route.refused", LOG_S("prefix", ip_prefix_str(&p, prefix, sizeof prefix)),
		 LOG_S("verb", verbs[op->route.verb]), LOG_S("error", strerror(op->error)),
		 LOG_S("kernel", b->text), LOG_U("table", op->route.table), LOG_U("metric", op->route.metric),
		 LOG_U("in_batch", b->errors));
}

static bool
batch_has_collision(const struct batch *b)
{
	if (b->errors == 0)
		return false;
	for (unsigned i = 0; i < b->count; i++)
		if (b->ops[i].error == EEXIST)
			return true;
	return false;
}

static void
reply(struct netlink *t)
{
	const struct batch *b = t->batch;

	for (unsigned i = 0; i < b->count; i++) {
		const struct fib_op_route *r = &b->ops[i].route;
		struct fib_ev ev = {.kind = FIB_EV_RESULT};
		ev.u.result = (struct fib_ev_result){
		    .verb = r->verb,
		    .what = r->what,
		    .family = r->family,
		    .last = i + 1 == b->count,
		    .object = r->object,
		    .unsure = b->ops[i].unsure,
		    .nhset = r->nhset,
		    .id = r->id,
		    .metric = r->metric,
		    .error = b->ops[i].error,
		};
		push(t, &ev);
	}
	batch_reset(t->batch);
	t->replying = false;
}

static void
take_route(struct netlink *t, const struct fib_op_route *r)
{
	const struct route_attrs *a = NULL;

	if (r->verb != FIB_DEL) {
		a = nhdef_attrs(&t->sets, r->nhset, r->family);
		if (a == NULL) {
			batch_add_failed(t->batch, r, EAFNOSUPPORT);
			return;
		}
	}
	batch_add(t->batch, r, a);
}

static void
take_nexthop(struct netlink *t)
{
	if (t->nhops < t->nexthop.count)
		return;
	batch_add_nexthop(t->batch, &t->nexthop, t->hops);
	t->nexthop.count = 0;
}

/* A next hop of what stood before it: of a nexthop object, or of a set. */
static void
take_hop(struct netlink *t, const struct fib_nh *nh)
{
	if (t->nexthop.count == 0) {
		nhdef_add(&t->sets, nh);
		return;
	}
	t->hops[t->nhops++] = *nh;
	take_nexthop(t);
}

static void
take_op(struct netlink *t, const struct fib_op *op)
{
	switch (op->kind) {
	case FIB_OP_NHSET:
		if (op->u.nhset.nhid != 0)
			nhdef_object(&t->sets, op->u.nhset.id, op->u.nhset.nhid);
		else
			nhdef_begin(&t->sets, op->u.nhset.id, op->u.nhset.type, op->u.nhset.count);
		break;
	case FIB_OP_NEXTHOP:
		t->nexthop = op->u.nexthop;
		t->nhops = 0;
		take_nexthop(t);
		break;
	case FIB_OP_NH:
		take_hop(t, &op->u.nh);
		break;
	case FIB_OP_NHSET_FREE:
		nhdef_forget(&t->sets, op->u.nhset.id);
		break;
	case FIB_OP_ROUTE:
		take_route(t, &op->u.route);
		break;
	case FIB_OP_WATCH:
		t->watch = op->u.watch;
		/* Where it cannot be set, it costs time only: fib_watches says the same. */
		nlsock_filter(t->notify_fd, nl_socket_get_local_port(t->ops), t->watch.protocol,
			      t->watch.table);
		t->resync = true;
		break;
	case FIB_OP_RESYNC:
		resync_later(t);
		break;
	case FIB_OP_AUDIT:
		slowdump_begin(&t->slow, &op->u.audit);
		t->auditing = t->audit_due = true;
		break;
	default:
		ASSERT(op->kind == FIB_OP_STOP);
		t->stopping = true;
		break;
	}
}

/* Where there is no room for the last word, the main half makes some, and wakes us again. */
static void
say_stopped(struct netlink *t)
{
	struct fib_ev ev = {.kind = FIB_EV_STOPPED};

	if (t->loop.stopping || !ring_has_room(&t->chan->events, 1))
		return;
	push(t, &ev);
	loop_stop(&t->loop);
}

static enum step
ops_step(struct netlink *t)
{
	struct fib_op op;

	if (!ring_has_room(&t->chan->events, BATCH_MAX + EVENT_ROOM))
		return STEP_STALLED;
	while (batch_has_room(t->batch) && !t->stopping && ring_pop(&t->chan->ops, &op))
		take_op(t, &op);
	if (t->batch->count > 0) {
		batch_send(t->batch, t->ops_fd);
		complain(t);
		if (t->batch->unknown)
			trouble(t, "fib.replies.lost", ENOBUFS);
		t->replying = true;
		if (!batch_has_collision(t->batch))
			reply(t);
		return STEP_MORE;
	}
	if (t->stopping)
		say_stopped(t);
	return STEP_IDLE;
}

/* The audit. */

static void
audit_report(struct netlink *t, const struct nlmsghdr *n)
{
	if (n->nlmsg_type == RTM_NEWROUTE)
		report_route(t, n, FIB_RT_AUDIT);
	else if (n->nlmsg_type == RTM_NEWNEXTHOP)
		report_nexthop(t, n, true);
}

/*
 * One portion, when nothing else is to be done: so all notifications of before have been told. Those that
 * tell why something is missing from the last portion are read before the next call, which finds the end.
 */
static void
audit_portion(struct netlink *t)
{
	uint64_t begin_ns = time_mono_ns();
	enum slowdump_step s = SLOWDUMP_PAUSE;
	const struct nlmsghdr *n;

	t->audit_due = false;
	while (ring_has_room(&t->chan->events, BATCH_MAX + EVENT_ROOM) &&
	       (s = slowdump_next(&t->slow, &n)) == SLOWDUMP_MESSAGE)
		audit_report(t, n);
	if (s == SLOWDUMP_END || s == SLOWDUMP_FAILED) {
		struct fib_ev ev = {.kind = FIB_EV_AUDIT_END, .u.complete = s == SLOWDUMP_END};
		push(t, &ev);
		t->auditing = false;
		return;
	}
	uint64_t ms = (time_mono_ns() - begin_ns) * AUDIT_PAUSE / 1000000;
	ms = ms < AUDIT_MIN_MS ? AUDIT_MIN_MS : ms > AUDIT_MAX_MS ? AUDIT_MAX_MS : ms;
	struct timeval tv = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
	evtimer_add(t->ev_audit, &tv);
}

/* The end has waited long enough: nothing is read any more, but what is in the ring is still carried out. */
static void
dump_drop(struct netlink *t)
{
	if (t->dumping)
		nlread_forget(&t->rx);
	t->dumping = t->resync = false;
}

static enum step
step(struct netlink *t)
{
	if (t->chan->give_up)
		dump_drop(t);
	if (t->dumping)
		return dump_step(t);
	if (t->watch.table != 0) {
		enum step s = notify_step(t);
		if (s == STEP_STALLED)
			return s;
		if (t->replying && !t->notify_empty)
			return STEP_MORE;
	}
	if (t->replying)
		reply(t);
	if (t->resync && !t->resync_wait) {
		if (!has_event_room(t, EVENT_ROOM))
			return STEP_STALLED;
		dump_begin(t);
		return STEP_MORE;
	}
	enum step s = ops_step(t);
	if (s != STEP_IDLE)
		return s;
	/* Something to dump was asked for, or there is more to read. */
	return (t->resync && !t->resync_wait) || (t->watch.table != 0 && !t->notify_empty) ? STEP_MORE
											   : STEP_IDLE;
}

static enum job_result
netlink_run(struct job *job, uint64_t deadline_ns)
{
	struct netlink *t = container_of(job, struct netlink, job);
	enum step s;

	do
		s = step(t);
	while (s == STEP_MORE && !t->loop.stopping && time_mono_ns() < deadline_ns);
	if (s == STEP_IDLE && t->audit_due && has_event_room(t, 1))
		audit_portion(t);
	if (t->pushed) {
		t->pushed = false;
		ring_wake(&t->chan->events);
	}
	if (s == STEP_MORE)
		return JOB_MORE;
	/* While stalled nothing is armed: the main half wakes us through the ring of operations. */
	if (s == STEP_IDLE && t->watch.table != 0 && !t->notify_failed)
		event_add(t->ev_notify, NULL);
	else if (s == STEP_DUMP_WAIT)
		event_add(t->ev_ops, NULL);
	return JOB_DONE;
}

static void
on_ring(evutil_socket_t fd, short what, void *arg)
{
	struct netlink *t = arg;

	(void)fd, (void)what;
	loop_enter(&t->loop);
	ring_ack(&t->chan->ops);
	loop_job_start(&t->loop, &t->job);
}

static void
on_socket(evutil_socket_t fd, short what, void *arg)
{
	struct netlink *t = arg;

	(void)fd, (void)what;
	loop_enter(&t->loop);
	loop_job_start(&t->loop, &t->job);
}

static void
on_resync(evutil_socket_t fd, short what, void *arg)
{
	struct netlink *t = arg;

	(void)fd, (void)what;
	loop_enter(&t->loop);
	t->resync_wait = t->told = false;
	loop_job_start(&t->loop, &t->job);
}

static void
on_audit(evutil_socket_t fd, short what, void *arg)
{
	struct netlink *t = arg;

	(void)fd, (void)what;
	loop_enter(&t->loop);
	t->audit_due = t->auditing;
	loop_job_start(&t->loop, &t->job);
}

static void *
netlink_main(void *arg)
{
	struct netlink *t = arg;

	pthread_setname_np(pthread_self(), "fib");
	loop_run(&t->loop);
	return NULL;
}

/* Life. */

static int
sockets_open(struct netlink *t)
{
	static const int groups[] = {RTNLGRP_LINK, RTNLGRP_IPV4_IFADDR, RTNLGRP_IPV6_IFADDR,
				     RTNLGRP_IPV4_ROUTE, RTNLGRP_IPV6_ROUTE};
	int rc = nlsock_open(&t->ops, &t->ops_fd);

	if (rc == 0)
		rc = nlsock_probe(t->ops_fd);
	if (rc == 0)
		rc = nlsock_open(&t->notify, &t->notify_fd);
	if (rc == 0)
		rc = nlsock_filter(t->notify_fd, nl_socket_get_local_port(t->ops), t->watch.protocol,
				   t->watch.table);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(groups); i++)
		if (nl_socket_add_membership(t->notify, groups[i]) < 0)
			rc = errno != 0 ? -errno : -EIO;
	if (rc == 0)
		rc = slowdump_open(&t->slow);
	/* Older kernels do not have the group. */
	t->objects = rc == 0 && nl_socket_add_membership(t->notify, RTNLGRP_NEXTHOP) >= 0;
	return rc;
}

static void
netlink_free(struct netlink *t)
{
	struct event *events[] = {t->ev_ring, t->ev_ops, t->ev_notify, t->ev_resync, t->ev_audit};

	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (events[i] != NULL)
			event_free(events[i]);
	loop_fini(&t->loop);
	nhdefs_fini(&t->sets);
	batch_free(t->batch);
	nlread_fini(&t->rx);
	nl_socket_free(t->ops);
	nl_socket_free(t->notify);
	slowdump_close(&t->slow);
	free(t);
}

static int
events_make(struct netlink *t)
{
	int rc = loop_init(&t->loop);

	if (rc != 0)
		return rc;
	t->ev_ring = event_new(t->loop.base, t->chan->ops.wake_fd, EV_READ | EV_PERSIST, on_ring, t);
	t->ev_ops = event_new(t->loop.base, t->ops_fd, EV_READ, on_socket, t);
	t->ev_notify = event_new(t->loop.base, t->notify_fd, EV_READ, on_socket, t);
	t->ev_resync = evtimer_new(t->loop.base, on_resync, t);
	t->ev_audit = evtimer_new(t->loop.base, on_audit, t);
	if (t->ev_ring == NULL || t->ev_ops == NULL || t->ev_notify == NULL || t->ev_resync == NULL ||
	    t->ev_audit == NULL)
		return -ENOMEM;
	event_priority_set(t->ev_ring, LOOP_PRIO_IO);
	event_priority_set(t->ev_ops, LOOP_PRIO_IO);
	event_priority_set(t->ev_notify, LOOP_PRIO_IO);
	event_priority_set(t->ev_resync, LOOP_PRIO_URGENT);
	event_priority_set(t->ev_audit, LOOP_PRIO_URGENT);
	return event_add(t->ev_ring, NULL) == 0 ? 0 : -ENOMEM;
}

/* Signals are the main thread's business. */
static int
thread_start(struct netlink *t)
{
	sigset_t all, before;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&t->thread, NULL, netlink_main, t);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return -rc;
}

static int
netlink_start(struct fib_chan *chan, struct loop *loop, void **self)
{
	struct netlink *t = xcalloc(1, sizeof *t);

	(void)loop;
	t->chan = chan;
	t->ops_fd = t->notify_fd = -1;
	t->job = (struct job){.run = netlink_run, .name = "netlink"};
	t->batch = batch_new();
	nlread_init(&t->rx, RX_BYTES);
	int rc = sockets_open(t);
	if (rc == 0)
		rc = events_make(t);
	if (rc == 0)
		rc = thread_start(t);
	if (rc == 0) {
		*self = t;
		return 0;
	}
	log_error("fib.start.failed", LOG_S("error", strerror(-rc)),
		  LOG_S("hint", rc == -EPERM || rc == -EACCES ? "changing routes needs root or CAP_NET_ADMIN"
							      : "the kernel must be Linux 5.0 or later"));
	netlink_free(t);
	return rc;
}

static void
netlink_join(void *self)
{
	struct netlink *t = self;

	pthread_join(t->thread, NULL);
	netlink_free(t);
}

const struct fib_backend fib_backend_netlink = {
    .name = "netlink",
    .start = netlink_start,
    .pump = NULL,
    .join = netlink_join,
};
