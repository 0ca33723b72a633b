/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit: is the kernel what it is believed to be? A slow walk, round after round.
 *
 * At the beginning of a round every route that is known to be installed gets a
 * bit (fib_table.unseen), and every nexthop object a flag. The netlink thread then
 * reads what the kernel has of ours, little by little, and each route or object
 * that it shows as it should be loses its mark; so does each that is changed by us
 * or by an event meanwhile, since what was read may be older than the change. No
 * copy of the table is made. When all is read, and a moment later, so that the
 * notification of a link that took routes along has come, what is still marked is
 * doubted and sent again as a route that must not exist yet: if that succeeds, it
 * was missing, and is there now; if not, the dump has missed it. Likewise an extra
 * route counts when deleting it succeeds. So whatever is counted was so.
 *
 * A full dump (after lost notifications, or for a new configuration) makes the
 * round void: it compares everything itself.
 */
#include "fib/state.h"

#include "lib/log.h"
#include "lib/mem.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define SETTLE_S 1u /* a link's notification comes after the kernel has dropped its routes */
#define REPAIR_S 5u /* without any reply about a doubted route: those left wait for something else by now */
#define BUSY_S   1u /* a round cannot begin now */

static const char *const kinds[FIB_DRIFT_COUNT] = {
    [FIB_DRIFT_MISSING] = "missing",
    [FIB_DRIFT_EXTRA] = "extra",
    [FIB_DRIFT_NEXTHOPS] = "next-hops",
    [FIB_DRIFT_TYPE] = "type",
    [FIB_DRIFT_OBJECT_MISSING] = "object-missing",
    [FIB_DRIFT_OBJECT_EXTRA] = "object-extra",
    [FIB_DRIFT_OBJECT_NEXTHOPS] = "object-next-hops",
};

static void
timer_s(struct fib *fib, uint32_t seconds)
{
	evtimer_add(fib->audit.timer, &(struct timeval){.tv_sec = (time_t)seconds});
}

static void
forget_marks(struct fib *fib)
{
	for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++) {
		bitmap_fini(&fib->table[f].unseen);
		bitmap_fini(&fib->table[f].doubted);
	}
	for (uint32_t id = 1; id < fib->nhsets.slab.top; id++)
		nhset_at(&fib->nhsets, id)->unseen = false;
	bitmap_fini(&fib->audit.deleted);
}

void
fib_audit_arm(struct fib *fib)
{
	if (fib->audit.state != AUDIT_IDLE || fib->stopping)
		return;
	if (fib->env.conf.audit_s > 0)
		timer_s(fib, fib->env.conf.audit_s);
	else
		event_del(fib->audit.timer);
}

static bool
may_begin(struct fib *fib)
{
	return fib->synced && !fib->hold && !fib->has_next && !fib->moving && !fib->watch_wanted &&
	       !fib->resync_wanted && fib->cb.id_of != NULL && ring_has_room(&fib->chan.ops, 1);
}

static void
begin(struct fib *fib)
{
	struct audit *a = &fib->audit;
	struct fib_op op = {.kind = FIB_OP_AUDIT};

	if (!may_begin(fib)) {
		timer_s(fib, BUSY_S);
		return;
	}
	for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++)
		bitmap_or(&fib->table[f].unseen, &fib->table[f].installed);
	for (uint32_t id = 1; fib->objects && id < fib->nhsets.slab.top; id++) {
		struct nhset *n = nhset_at(&fib->nhsets, id);
		n->unseen = n->refs > 0 && n->nhid != 0 && nhset_is_there(n);
		n->differs = false;
	}
	/* Where we make none any more, one may be left whose reply was lost. */
	op.u.audit = (struct fib_op_audit){
	    .table = fib->env.conf.table, .protocol = fib->env.conf.protocol, .objects = fib->objects_known};
	ring_push(&fib->chan.ops, &op);
	ring_wake(&fib->chan.ops);
	a->state = AUDIT_READING;
	a->begin_ns = time_mono_ns();
}

static void
finish(struct fib *fib)
{
	struct audit *a = &fib->audit;
	uint64_t now = time_mono_ns();
	char text[IP_PREFIX_STRLEN];

	forget_marks(fib);
	a->rounds++;
	a->took_ms = (uint32_t)((now - a->begin_ns) / 1000000);
	a->end_ns = now;
	a->state = AUDIT_IDLE;
	for (unsigned kind = 0; kind < FIB_DRIFT_COUNT; kind++) {
		const struct audit_burst *b = &a->burst[kind];
		if (b->count == 0)
			continue;
		if (kind < FIB_DRIFT_OBJECT_MISSING)
			log_warn("fib.drift", LOG_S("kind", kinds[kind]), LOG_U("count", b->count),
				 LOG_S("example", ip_prefix_str(&b->prefix, text, sizeof text)),
				 LOG_S("action", "repaired"));
		else
			log_warn("fib.drift", LOG_S("kind", kinds[kind]), LOG_U("count", b->count),
				 LOG_U("example", b->nhid), LOG_S("action", "repaired"));
	}
	memset(a->burst, 0, sizeof a->burst);
	fib_audit_arm(fib);
}

static void
drifted(struct fib *fib, enum fib_drift kind, const struct ip_prefix *p, uint32_t nhid)
{
	struct audit_burst *b = &fib->audit.burst[kind];

	fib->audit.drift[kind]++;
	if (b->count++ > 0)
		return;
	b->nhid = nhid;
	if (p != NULL)
		b->prefix = *p;
}

static uint32_t
doubted_count(const struct fib *fib)
{
	return fib->table[FAMILY_IPV4].doubted.count + fib->table[FAMILY_IPV6].doubted.count;
}

void
fib_audit_due(struct fib *fib)
{
	struct audit *a = &fib->audit;

	switch (a->state) {
	case AUDIT_IDLE:
		begin(fib);
		break;
	case AUDIT_SETTLING:
		a->state = AUDIT_REPAIRING;
		a->doubted_left = UINT32_MAX;
		timer_s(fib, REPAIR_S);
		fib_walk_start(fib, WALK_AUDIT);
		break;
	case AUDIT_REPAIRING:
		if (doubted_count(fib) == a->doubted_left) {
			finish(fib);
			break;
		}
		a->doubted_left = doubted_count(fib);
		timer_s(fib, REPAIR_S);
		break;
	case AUDIT_READING:
	case AUDIT_VOID:
		break; /* its end is an event */
	}
}

/*
 * Objects that a round has shown to differ before it failed: what was seen is what is believed of them from then on, so
 * the next round would find nothing wrong. No drift is counted, since the news of a link may still be on its way.
 */
static void
mend_seen(struct fib *fib)
{
	for (uint32_t id = 1; id < fib->nhsets.slab.top; id++) {
		const struct nhset *n = nhset_at(&fib->nhsets, id);
		if (n->refs > 0 && n->differs)
			fib_object_repair(fib, id);
	}
}

void
fib_audit_end(struct fib *fib, bool complete)
{
	struct audit *a = &fib->audit;

	if (a->state == AUDIT_READING && complete) {
		a->state = AUDIT_SETTLING;
		timer_s(fib, SETTLE_S);
		return;
	}
	mend_seen(fib);
	forget_marks(fib);
	a->state = AUDIT_IDLE;
	fib_audit_arm(fib);
}

void
fib_audit_void(struct fib *fib)
{
	struct audit *a = &fib->audit;

	if (a->state == AUDIT_IDLE || a->state == AUDIT_VOID)
		return;
	forget_marks(fib);
	/* The thread is still reading, or its events are on their way: no new round before that has ended. */
	a->state = a->state == AUDIT_READING ? AUDIT_VOID : AUDIT_IDLE;
	event_del(fib->audit.timer);
}

void
fib_audit_check(struct fib *fib)
{
	if (fib->audit.state == AUDIT_REPAIRING && fib_walk_idle(fib) && fib->audit.extras_inflight == 0 &&
	    doubted_count(fib) == 0)
		finish(fib);
}

/* What the kernel shows. */

/* The kernel shows the interface that it has chosen where none is wanted. */
static bool
has_hops(const struct nhset *n, const struct fib_nh *nh, unsigned count)
{
	if (n->count != count)
		return false;
	for (unsigned i = 0; i < count; i++) {
		const struct fib_nh *w = &n->nh[i];
		unsigned k = 0;
		while (k < count && !((w->ifindex == 0 || w->ifindex == nh[k].ifindex) &&
				      (count == 1 || w->weight == nh[k].weight) &&
				      w->onlink == nh[k].onlink && w->via.family == nh[k].via.family &&
				      memcmp(w->via.bytes, nh[k].via.bytes, sizeof w->via.bytes) == 0))
			k++;
		if (k == count)
			return false;
	}
	return true;
}

/* How the kernel's route differs from the set; FIB_DRIFT_COUNT: not at all. */
static enum fib_drift
difference(const struct fib *fib, const struct nhset *n, const struct fib_ev_route *r)
{
	static const uint8_t types[] = {[FIB_UNICAST] = RTN_UNICAST,
					[FIB_BLACKHOLE] = RTN_BLACKHOLE,
					[FIB_UNREACHABLE] = RTN_UNREACHABLE};
	uint32_t nhid = fib_object_wanted(fib, n) ? n->nhid : 0;

	if (r->rtm_type != types[n->type])
		return FIB_DRIFT_TYPE;
	if (fib->assembly.nhid != nhid)
		return FIB_DRIFT_NEXTHOPS;
	if (nhid == 0 && n->type == FIB_UNICAST && !has_hops(n, fib->assembly.nh, r->nh_count))
		return FIB_DRIFT_NEXTHOPS;
	return FIB_DRIFT_COUNT;
}

/* One of ours that nobody wants, as far as was read: deleting it shows whether that was so. */
static void
extra(struct fib *fib, const struct fib_ev_route *r, const struct ip_prefix *p, uint32_t id)
{
	struct fib_table *t = &fib->table[r->family];
	struct fib_op op = {.kind = FIB_OP_ROUTE};

	/* Routes of an earlier run are the sweep's. */
	if (!fib->swept || adopted_find(&fib->adopted, p, &fib->env.conf, r->metric) != NULL)
		return;
	if (id != BITMAP_END) {
		const struct route_extra *e = table_extra(t, id);
		if (bitmap_test(&t->inflight, id) || bitmap_test(&t->dirty, id) || bitmap_test(&t->old, id) ||
		    (e != NULL && (e->flags & EX_STALE) != 0))
			return;
		/* A deletion that names no metric would take the one that is wanted. */
		if (r->metric == 0 && bitmap_test(&t->kernel, id) && table_kern_metric(t, id, &fib->env) != 0)
			return;
	}
	if (!ring_has_room(&fib->chan.ops, 1))
		return;
	op.u.route = (struct fib_op_route){.verb = FIB_DEL,
					   .what = FIB_WHAT_EXTRA,
					   .family = r->family,
					   .plen = r->plen,
					   .protocol = r->protocol,
					   .id = FIB_ID_NONE,
					   .metric = r->metric,
					   .table = r->table};
	memcpy(op.u.route.dst, r->dst, sizeof op.u.route.dst);
	ring_push(&fib->chan.ops, &op);
	ring_wake(&fib->chan.ops);
	fib->ops++;
	fib->audit.extras_inflight++;
	fib->audit.extra = *p;
}

/*
 * Ours has failed and is known to have gone, or to have been changed, and here is another one in its place. One that is
 * as wanted may be ours, of which the reply was lost; and while we are only held off, or short of something, his
 * carries.
 * Over an object that is not there it is as wanted by its number alone: somebody had made that object his own, over
 * another link, when ours was taken for gone with its link.
 */
static bool
is_stray(const struct fib *fib, const struct fib_table *t, uint32_t id, const struct fib_ev_route *r)
{
	if (!bitmap_test(&t->wanted, id) || !table_failed_for_good(t, id) || !bitmap_test(&t->lost, id))
		return false;
	const struct nhset *n = nhset_at(&fib->nhsets, table_nhset(t, id));
	return difference(fib, n, r) != FIB_DRIFT_COUNT || (fib->assembly.nhid != 0 && n->object == OBJECT_NONE);
}

void
fib_audit_route(struct fib *fib, const struct fib_ev_route *r)
{
	struct ip_prefix p = {.len = r->plen, .family = r->family};
	struct fib_table *t = &fib->table[r->family];

	/* A route with a TOS is never one of ours, whatever its protocol number. */
	if (fib->audit.state != AUDIT_READING || r->tos != 0 || r->protocol != fib->env.conf.protocol ||
	    r->table != fib->env.conf.table)
		return;
	memcpy(p.bytes, r->dst, sizeof p.bytes);
	uint32_t id = fib->cb.id_of(fib->ctx, &p);
	if (id == BITMAP_END || !bitmap_test(&t->kernel, id) ||
	    table_kern_metric(t, id, &fib->env) != r->metric || is_stray(fib, t, id, r)) {
		extra(fib, r, &p, id);
		return;
	}
	if (!bitmap_clear(&t->unseen, id))
		return;
	bitmap_clear(&t->unproven, id);
	enum fib_drift kind = difference(fib, nhset_at(&fib->nhsets, table_nhset(t, id)), r);
	if (kind == FIB_DRIFT_COUNT)
		return;
	drifted(fib, kind, &p, 0);
	table_reform(t, id);
	fib_send_kick(fib);
}

void
fib_audit_object_deleted(struct fib *fib, uint32_t nhid)
{
	const struct nhobj_range *range = &fib->nhobjs.range;

	if (fib->audit.state == AUDIT_READING && nhid - range->first < range->size)
		bitmap_set(&fib->audit.deleted, nhid - range->first);
}

/* The number is no set's, or that of one which has no object, as far as is known. */
static bool
is_nobodys(const struct fib *fib, uint32_t nhid)
{
	if (!nhobjs_is_taken(&fib->nhobjs, nhid))
		return true;
	for (uint32_t id = 1; id < fib->nhsets.slab.top; id++) {
		const struct nhset *n = nhset_at(&fib->nhsets, id);
		if (n->refs > 0 && n->nhid == nhid)
			return n->object == OBJECT_NONE;
	}
	return false;
}

void
fib_audit_object(struct fib *fib, const struct fib_ev_nexthop *ev, const struct fib_nh *nh)
{
	struct nhobj *e = nhobjs_find(&fib->nhobjs, ev->nhid);
	bool ours = nhobj_is_ours(&fib->nhobjs, ev->nhid, ev->protocol);

	/* One that a set of ours has may have become somebody else's. */
	if (fib->audit.state != AUDIT_READING || (!ours && (e == NULL || e->nhset == 0)))
		return;
	if (e == NULL || (e->nhset == 0 && !e->leftover && !e->refused)) {
		/* Unless it is one that was deleted when this had been read. */
		if (bitmap_test(&fib->audit.deleted, ev->nhid - fib->nhobjs.range.first) ||
		    !is_nobodys(fib, ev->nhid) || !fib->swept)
			return;
		drifted(fib, FIB_DRIFT_OBJECT_EXTRA, NULL, ev->nhid);
		nhobjs_leave(&fib->nhobjs,
			     nhobjs_put(&fib->nhobjs, ev->nhid, ev->protocol, ev->group, nh, ev->count));
		return;
	}
	struct nhset *n = e->nhset != 0 ? nhset_at(&fib->nhsets, e->nhset) : NULL;
	if (n == NULL || !n->unseen)
		return;
	n->differs = !ours || !nhobj_has_content(e, ev->group, nh, ev->count);
	n->unseen = n->differs;
	if (n->differs)
		nhobjs_put(&fib->nhobjs, ev->nhid, ev->protocol, ev->group, nh, ev->count);
}

/* Steps of WALK_AUDIT: what is still marked. */

bool
fib_audit_set_step(struct fib *fib, uint32_t *cursor)
{
	if (++*cursor >= fib->nhsets.slab.top)
		return false;
	struct nhset *n = nhset_at(&fib->nhsets, *cursor);
	if (n->refs == 0 || !n->unseen)
		return true;
	drifted(fib, n->differs ? FIB_DRIFT_OBJECT_NEXTHOPS : FIB_DRIFT_OBJECT_MISSING, NULL, n->nhid);
	if (n->differs)
		fib_object_repair(fib, *cursor);
	else
		fib_object_vanished(fib, *cursor);
	n->unseen = n->differs = false;
	return true;
}

bool
fib_audit_route_step(struct fib *fib, struct fib_table *t, uint32_t *cursor)
{
	uint32_t id = bitmap_next(&t->unseen, *cursor);

	if (id == BITMAP_END)
		return false;
	*cursor = id + 1;
	/* Twice not shown and not missing: somebody else's route has the key, or it is high time to look
	 * again. */
	if (bitmap_clear(&t->unproven, id)) {
		bitmap_clear(&t->unseen, id);
		fib->resync_wanted = true;
		fib_send_kick(fib);
		return true;
	}
	table_lost(t, id, 0);
	bitmap_set(&t->doubted, id);
	return true;
}

void
fib_audit_result(struct fib *fib, struct fib_table *t, struct fib_ev_result *r, bool foreign)
{
	struct ip_prefix p;

	if (!bitmap_clear(&t->doubted, r->id))
		return;
	/* It could be added, or (refused for want of its object, and so to be deleted) was not there to delete. */
	if (r->error == (r->verb == FIB_DEL ? ESRCH : 0)) {
		p = fib_prefix(fib, t->family, r->id);
		drifted(fib, FIB_DRIFT_MISSING, &p, 0);
	} else if (r->verb != FIB_DEL && r->error == EEXIST && !foreign) {
		/* There is a route, and ours until shown otherwise. */
		bitmap_set(&t->unproven, r->id);
		r->error = 0;
	}
}

void
fib_audit_object_gone(struct fib *fib, uint32_t nhid)
{
	drifted(fib, FIB_DRIFT_OBJECT_MISSING, NULL, nhid);
}

void
fib_audit_extra_result(struct fib *fib, const struct fib_ev_result *r)
{
	fib->audit.extras_inflight--;
	if (r->error == 0)
		drifted(fib, FIB_DRIFT_EXTRA, &fib->audit.extra, 0);
	else if (r->error != ESRCH)
		fib_refused(fib, r->error);
}
