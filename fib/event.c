/* SPDX-License-Identifier: Apache-2.0 */
/*
 * event: takes the ring of events, in the order they came.
 *
 * Replies go to the table of their family. Routes that the kernel reports are
 * sorted by whose they are: ours during a dump are collected as adopted and
 * compared at its end; ours otherwise mean that somebody has meddled with them,
 * since our own changes are not notified; all others are foreign. An event that
 * concerns many routes starts a walk, and no further event is taken until the
 * walk is done.
 */
#include "fib/state.h"

#include "lib/log.h"
#include "lib/mem.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <string.h>

#define EVENTS_A_SLICE  1000u
#define LOOK_EVERY      64u
#define CONFLICT_LOG_NS 1000000000ull

void
fib_unpinned_check(struct fib *fib, struct fib_table *t, uint32_t id)
{
	if (!fib->stopping && fib->cb.unpinned != NULL && !table_pins(t, id))
		fib->cb.unpinned(fib->ctx, t->family, id);
}

static void
conflict(struct fib *fib, const struct ip_prefix *p, uint32_t metric, const struct foreign_route *r)
{
	char text[IP_PREFIX_STRLEN];
	uint64_t now = fib->loop->turn_start_ns;

	if (fib->conflict_log_ns != 0 && now - fib->conflict_log_ns < CONFLICT_LOG_NS)
		return;
	fib->conflict_log_ns = now;
	log_warn(
	    "fib.route.conflict", LOG_S("prefix", ip_prefix_str(p, text, sizeof text)),
	    LOG_U("table", fib->env.conf.table), LOG_U("metric", metric),
	    LOG_U("owner_protocol", r->protocol),
	    LOG_S("hint",
		  "another program has a route with this prefix and metric; it is left alone: remove it or "
		  "give ours another metric (kernel: metric)"));
}

/* Which nexthop object does the kernel's route of the id name now? */
static void
named_by(struct fib *fib, struct fib_table *t, const struct fib_ev_result *r)
{
	bool gone = r->verb == FIB_DEL && r->what == FIB_WHAT_ROUTE && (r->error == 0 || r->error == ESRCH);
	bool installed = r->verb != FIB_DEL && r->error == 0;

	if (gone || installed) {
		uint32_t named = installed && r->object ? r->nhset : 0;
		if (named == table_nhset(t, r->id))
			named = 0;
		if (named != 0)
			nhset_use(&fib->nhsets, named);
		uint32_t before = idmap_put(&t->held, r->id, named);
		if (before != 0)
			nhset_unuse(&fib->nhsets, before);
	}
	if (r->object)
		nhset_unuse(&fib->nhsets, r->nhset);
}

/* A route whose key somebody else had is in the kernel. If we still believe in his, we have missed something.
 */
static void
unblocked_check(struct fib *fib, const struct fib_table *t, const struct fib_ev_result *r)
{
	struct ip_prefix p = fib_prefix(fib, t->family, r->id);

	if (known_foreign(&fib->known, &p, fib->env.conf.table, r->metric) == NULL)
		return;
	fib->resync_wanted = true;
	fib_send_kick(fib);
}

/*
 * A route was taken, but the object that it was to name has been refused: its number is somebody else's, and so is the
 * way the route goes now. It goes with the object's error, unless the object gets another number: then true, it is sent
 * again.
 */
static bool
is_astray(const struct fib *fib, struct fib_ev_result *r)
{
	const struct nhset *n = nhset_at(&fib->nhsets, r->nhset);

	if (!r->object || r->verb == FIB_DEL || r->error != 0 || n->object != OBJECT_NONE)
		return false;
	if (n->error == 0 || n->error == EEXIST)
		return true;
	r->error = n->error;
	r->unsure = true;
	return false;
}

static void
result_event(struct fib *fib, const struct fib_ev_result *reply)
{
	struct foreign_route *foreign = NULL;
	struct fib_ev_result own = *reply, *r = &own;

	fib->batches += r->last;
	if (r->what == FIB_WHAT_NEXTHOP) {
		fib_object_result(fib, r);
		return;
	}
	fib->replies++;
	if (r->what == FIB_WHAT_EXTRA) {
		fib_audit_extra_result(fib, r);
		return;
	}
	if (r->id == FIB_ID_NONE) {
		fib->sweeps_inflight--;
		if (r->error != 0 && r->error != ESRCH)
			fib_refused(fib, r->error);
		return;
	}
	struct fib_table *t = &fib->table[r->family];
	const struct route_extra *e = table_extra(t, r->id);
	bool was_blocked = e != NULL && (e->flags & EX_ERROR) != 0 && e->error == EEXIST;
	bool astray = is_astray(fib, r), doubt = fib_object_doubt(fib, r);
	if (!doubt)
		r->error = fib_object_error(fib, r);
	if (r->error == EEXIST) {
		struct ip_prefix p = fib_prefix(fib, t->family, r->id);
		foreign = known_foreign(&fib->known, &p, fib->env.conf.table, r->metric);
		if (foreign != NULL)
			foreign->blocks = r->id;
		if (foreign != NULL && !was_blocked)
			conflict(fib, &p, r->metric, foreign);
	}
	/* With a doubt it says nothing of the route yet. */
	if (!doubt)
		fib_audit_result(fib, t, r, foreign != NULL);
	named_by(fib, t, r);
	if (was_blocked && r->error == 0)
		unblocked_check(fib, t, r);
	switch (table_reply(t, &fib->env, r, foreign != NULL)) {
	case TABLE_RESTORED:
		fib->restored++;
		break;
	case TABLE_FAILED:
		fib_refused(fib, r->error);
		if (doubt || (r->object && nhset_at(&fib->nhsets, r->nhset)->error == EEXIST))
			fib_retry_soon(fib); /* the object is made anew, or gets another number */
		else
			fib_retry_plan(fib, t, r->id);
		break;
	default:
		break;
	}
	if (astray)
		table_reform(t, r->id);
	fib_unpinned_check(fib, t, r->id);
}

static void
known_changed(struct fib *fib, unsigned bits, uint32_t ifindex, uint32_t prefsrc, bool v4_only)
{
	if ((bits & KNOWN_RESYNC) != 0 && !fib->known.dumping) {
		fib->resync_wanted = true;
		fib_send_kick(fib);
	}
	if ((bits & KNOWN_CARRIER) != 0 || ((bits & KNOWN_FLUSHED) != 0 && !v4_only))
		fib_object_link_down(fib, ifindex);
	if ((bits & KNOWN_CARRIER) != 0 && fib->objects)
		fib_walk_lost(fib, 0, false);
	if ((bits & (KNOWN_FLUSHED | KNOWN_NO_ADDR)) != 0) {
		fib->walk.flushed = 0;
		if ((bits & KNOWN_FLUSHED) != 0)
			fib_walk_lost(fib, ifindex, v4_only);
		fib->walk.prefsrc = (bits & KNOWN_NO_ADDR) != 0 ? prefsrc : 0;
		fib_walk_start(fib, WALK_FLUSH);
	}
	if ((bits & KNOWN_UP) != 0) {
		fib_object_link_up(fib);
		fib_retry_soon(fib);
	}
}

static void
address_event(struct fib *fib, const struct fib_ev *ev)
{
	uint32_t prefsrc;

	memcpy(&prefsrc, ev->u.address.addr, sizeof prefsrc);
	known_changed(fib, known_address_event(&fib->known, ev), ev->u.address.ifindex, prefsrc, true);
}

static bool
is_under(const struct fib_config *conf, const struct fib_ev_route *r)
{
	return r->protocol == conf->protocol && r->table == conf->table;
}

/* What an RTM_NEWROUTE of ours has for next hops, as an interned set (a reference is taken); 0: never one of
 * ours. */
static uint32_t
ours_nhset(struct fib *fib, const struct fib_ev_route *r)
{
	switch (r->rtm_type) {
	case RTN_UNICAST:
		if (fib->assembly.nhid != 0 && r->nh_count == 0)
			return 0;
		return nhset_intern(&fib->nhsets, FIB_UNICAST, fib->assembly.nh, r->nh_count);
	case RTN_BLACKHOLE:
		return nhset_intern(&fib->nhsets, FIB_BLACKHOLE, NULL, 0);
	case RTN_UNREACHABLE:
		return nhset_intern(&fib->nhsets, FIB_UNREACHABLE, NULL, 0);
	default:
		return 0;
	}
}

/* A route of ours that nobody here knows of. */
static void
adopt(struct fib *fib, const struct fib_ev_route *r)
{
	uint32_t nhset = ours_nhset(fib, r);

	adopted_put(&fib->adopted, r, nhset, fib->assembly.nhid, fib->known.gen);
	if (nhset != 0)
		nhset_unref(&fib->nhsets, nhset);
}

/* Somebody has deleted, changed or added a route with our protocol number, or put another one in its place.
 */
static void
meddled(struct fib *fib, const struct fib_ev_route *r, bool ours)
{
	struct ip_prefix p = {.len = r->plen, .family = r->family};

	memcpy(p.bytes, r->dst, sizeof p.bytes);
	if (fib->cb.id_of == NULL) {
		fib->resync_wanted = true;
		fib_send_kick(fib);
		return;
	}
	uint32_t id = fib->cb.id_of(fib->ctx, &p);
	struct fib_table *t = &fib->table[r->family];
	if (id != BITMAP_END && bitmap_test(&t->kernel, id) &&
	    table_kern_metric(t, id, &fib->env) == r->metric) {
		fib_gone(fib, t, id);
		if (ours && (r->flags & FIB_RT_DELETED) == 0)
			table_stray(t, id);
		return;
	}
	if (!ours || (r->flags & FIB_RT_DELETED) != 0)
		return;
	adopt(fib, r);
	if (fib->swept)
		fib_sweep_start(fib);
}

static void
forget_ours(struct fib *fib, const struct fib_ev_route *r)
{
	struct ip_prefix p = {.len = r->plen, .family = r->family};

	memcpy(p.bytes, r->dst, sizeof p.bytes);
	struct adopted_route *a = adopted_find(&fib->adopted, &p, &fib->env.conf, r->metric);
	if (a != NULL)
		adopted_del(&fib->adopted, a);
}

/*
 * A route that names a nexthop object comes without next hops where net.ipv4.nexthop_compat_mode is off; and
 * a group that lacks a member is another thing than a route that never had it. So the objects tell.
 */
static void
resolve(struct fib *fib)
{
	struct assembly *a = &fib->assembly;
	struct fib_nh nh[FIB_NH_MAX];
	unsigned count = a->nhid != 0 ? nhobjs_resolve(&fib->nhobjs, a->nhid, nh) : 0;

	if (count == 0)
		return;
	memcpy(a->nh, nh, count * sizeof *nh);
	a->route.nh_count = (uint8_t)count;
}

static void
route_complete(struct fib *fib)
{
	if ((fib->assembly.route.flags & FIB_RT_AUDIT) != 0) {
		fib_audit_route(fib, &fib->assembly.route);
		return;
	}
	resolve(fib);
	const struct fib_ev_route *r = &fib->assembly.route;
	bool deleted = (r->flags & FIB_RT_DELETED) != 0;

	if (is_under(&fib->env.conf, r)) {
		if (fib->known.dumping) {
			adopt(fib, r);
			return;
		}
		if (deleted)
			forget_ours(fib, r);
		meddled(fib, r, true);
		return;
	}
	if (fib->moving && is_under(&fib->env.old, r))
		return;
	/* On its way since before a reload. */
	struct fib_op_watch watch = fib_watch_of(&fib->env.conf);
	if (!fib_watches(&watch, r->table, r->protocol))
		return;
	known_changed(fib, known_route_event(&fib->known, r, fib->assembly.nh), 0, 0, false);
	/* Not by us, since we would have been told of no such thing: ours, if there was one, is no more. */
	if ((r->flags & FIB_RT_REPLACED) != 0 && r->tos == 0 && r->table == fib->env.conf.table)
		meddled(fib, r, false);
}

static void
complete(struct fib *fib)
{
	struct assembly *a = &fib->assembly;

	if (a->have < a->need)
		return;
	if (a->nexthop && a->object.audit)
		fib_audit_object(fib, &a->object, a->nh);
	else if (a->nexthop)
		fib_object_event(fib, &a->object, a->nh);
	else
		route_complete(fib);
}

static void
nh_event(struct fib *fib, const struct fib_ev_nh *nh)
{
	struct assembly *a = &fib->assembly;

	ASSERT(a->have < a->need && a->have < FIB_NH_MAX);
	struct fib_nh *o = &a->nh[a->have++];
	memset(o, 0, sizeof *o);
	if (nh->via_family != FAMILY_NONE)
		o->via = ip_addr_from_bytes(nh->via_family, nh->via);
	o->ifindex = nh->ifindex;
	o->weight = nh->weight;
	o->onlink = nh->onlink;
	complete(fib);
}

static void
route_event(struct fib *fib, const struct fib_ev *ev)
{
	struct assembly *a = &fib->assembly;

	a->nexthop = false;
	a->route = ev->u.route.r;
	a->nhid = 0;
	if ((a->route.flags & FIB_RT_OBJECT) != 0) {
		a->nhid = ev->u.route.nh.ifindex;
		a->route.nh_count--;
	}
	a->have = 0;
	a->need = a->route.nh_count;
	if (a->need > 0 && a->nhid == 0)
		nh_event(fib, &ev->u.route.nh);
	else
		complete(fib);
}

static void
nexthop_event(struct fib *fib, const struct fib_ev *ev)
{
	struct assembly *a = &fib->assembly;

	a->nexthop = true;
	a->object = ev->u.nexthop.n;
	a->have = 0;
	a->need = a->object.count;
	if (a->need > 0)
		nh_event(fib, &ev->u.nexthop.nh);
	else
		complete(fib);
}

static void
take_event(struct fib *fib, const struct fib_ev *ev)
{
	switch (ev->kind) {
	case FIB_EV_RESULT:
		result_event(fib, &ev->u.result);
		break;
	case FIB_EV_LINK:
		known_changed(fib, known_link_event(&fib->known, ev), ev->u.link.ifindex, 0, false);
		break;
	case FIB_EV_ADDRESS:
		address_event(fib, ev);
		break;
	case FIB_EV_ROUTE:
		route_event(fib, ev);
		break;
	case FIB_EV_NH:
		nh_event(fib, &ev->u.nh);
		break;
	case FIB_EV_NEXTHOP:
		nexthop_event(fib, ev);
		break;
	case FIB_EV_OBJECTS:
		fib->objects_known = ev->u.objects;
		fib_object_mode(fib);
		break;
	case FIB_EV_AUDIT_END:
		fib_audit_end(fib, ev->u.complete);
		break;
	case FIB_EV_SYNC_BEGIN:
		fib_audit_void(fib);
		fib->hold = true;
		fib->dumps++;
		fib->known.gen++;
		fib->known.dumping = true;
		break;
	case FIB_EV_SYNC_END:
		fib->known.dumping = false;
		fib_walk_start(fib, WALK_OBJECTS);
		fib_walk_start(fib, WALK_EXPIRE);
		fib_walk_start(fib, WALK_VERIFY);
		fib_walk_start(fib, WALK_SYNCED);
		break;
	default:
		ASSERT(ev->kind == FIB_EV_STOPPED);
		fib->stopped = true;
		break;
	}
}

enum job_result
fib_events_run(struct job *job, uint64_t deadline_ns)
{
	struct fib *fib = container_of(job, struct fib, events_job);
	bool was_full = ring_used(&fib->chan.events) >= FIB_EVENTS_RING / 2;
	enum job_result result = JOB_MORE;
	struct fib_ev ev;

	for (unsigned n = 0; n < EVENTS_A_SLICE; n++) {
		if (n % LOOK_EVERY == LOOK_EVERY - 1 && time_mono_ns() >= deadline_ns)
			break;
		if (!fib_walk_run(fib, deadline_ns))
			break;
		if (!ring_pop(&fib->chan.events, &ev)) {
			result = JOB_DONE;
			break;
		}
		take_event(fib, &ev);
	}
	fib_audit_check(fib);
	/* The back end stops where its events would not fit, and waits to be woken. */
	if (was_full)
		ring_wake(&fib->chan.ops);
	if (fib->table[FAMILY_IPV4].dirty.count > 0 || fib->table[FAMILY_IPV6].dirty.count > 0 ||
	    fib->nhsets.idle.count > 0 || fib->repairs.count > 0 || fib->nhobjs.leftovers > 0 ||
	    fib->sweeping || fib->has_next || fib->moving || fib->watch_wanted || fib->resync_wanted)
		fib_send_kick(fib);
	return result;
}
