/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk: goes over all routes, links or addresses where an event concerns many.
 *
 * Walks run in slices inside the events job, one after the other in the order of
 * enum walk_kind, and no event is taken meanwhile: so a walk sees the state that
 * its event found. They only set bits; sending is send.c's. The timers for what
 * is to be tried again live here too, since each of them ends in a walk.
 */
#include "fib/state.h"

#include "lib/log.h"
#include "lib/mem.h"

#include <errno.h>
#include <string.h>

#define LOOK_EVERY    64u
#define SOON_MS       20u /* events of one cause come close together */
#define PER_ROUTE_US  10u /* a retry of many waits in proportion */
#define BACKOFF_MAX_S 64u
#define FIGHT_CALM_S  60u /* not deleted for so long: all is forgotten */

enum hit { HIT_NONE, HIT_DEAD, HIT_UNSURE, HIT_STOLEN };

void
fib_walk_start(struct fib *fib, enum walk_kind kind)
{
	fib->walk.pending[kind] = true;
	if (!fib->stopping)
		loop_job_start(fib->loop, &fib->events_job);
}

void
fib_walk_lost(struct fib *fib, uint32_t ifindex, bool v4_only)
{
	fib->walk.flushed = ifindex;
	fib->walk.flushed_v4_only = v4_only;
	fib_walk_start(fib, WALK_LOST);
}

static void
timer_ms(struct event *ev, uint64_t ms)
{
	struct timeval tv = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000 * 1000)};
	struct timeval now, then, due;

	/* Never later than it was already due. */
	if (evtimer_pending(ev, &due) != 0) {
		event_base_gettimeofday_cached(event_get_base(ev), &now);
		evutil_timeradd(&now, &tv, &then);
		if (evutil_timercmp(&due, &then, <=))
			return;
	}
	evtimer_add(ev, &tv);
}

static uint32_t
failed_count(const struct fib *fib)
{
	return fib->table[FAMILY_IPV4].failed.count + fib->table[FAMILY_IPV6].failed.count;
}

void
fib_retry_soon(struct fib *fib)
{
	fib->retry_s = 1;
	if (failed_count(fib) == 0)
		return;
	fib->retry_wanted = true;
	timer_ms(fib->ev_soon, SOON_MS + (uint64_t)failed_count(fib) * PER_ROUTE_US / 1000);
}

void
fib_retry_arm(struct fib *fib)
{
	timer_ms(fib->ev_retry, (uint64_t)fib->retry_s * 1000);
}

void
fib_retry_at(struct fib *fib, uint32_t due_s)
{
	uint32_t now_s = loop_now_s(fib->loop), wait_s = due_s > now_s ? due_s - now_s : 0;

	/* One walk for all that come due together; and a walk over many, less often. */
	timer_ms(fib->ev_retry,
		 wait_s * 1000ull + SOON_MS + (uint64_t)failed_count(fib) * PER_ROUTE_US / 1000);
}

void
fib_retry_plan(struct fib *fib, struct fib_table *t, uint32_t id)
{
	uint32_t due_s = table_plan(t, id, loop_now_s(fib->loop), arc4random());

	if (due_s != 0)
		fib_retry_at(fib, due_s);
	else
		fib_retry_arm(fib);
}

void
fib_gone(struct fib *fib, struct fib_table *t, uint32_t id)
{
	table_gone(t, id);
	/* IPv6 routes are deleted a moment before their link is said to be down: only then is it known why.
	 */
	timer_ms(fib->ev_soon, SOON_MS);
}

/* Steps of the walks. Each does one thing at the cursor; false: the part is done. */

/* The dump is of the table that is configured: what is in a former one still waits for the sweep. */
static bool
is_expired(const struct fib *fib, const struct adopted_route *r)
{
	const struct fib_config *conf = &fib->env.conf;

	return r->gen != fib->known.gen && r->key.table == conf->table && r->key.protocol == conf->protocol;
}

static bool
expire_step(struct fib *fib)
{
	struct walk *w = &fib->walk;
	struct adopted_route *r;

	switch (w->part) {
	case 0:
		return known_expire_link(&fib->known, &w->cursor);
	case 1:
		return known_expire_address(&fib->known, &w->cursor);
	case 2:
		return known_expire_route(&fib->known, &w->cursor);
	default:
		r = keyed_next(&fib->adopted.routes, &w->cursor);
		if (r != NULL && is_expired(fib, r))
			adopted_del(&fib->adopted, r);
		return r != NULL;
	}
}

static bool
next_id(struct walk *w, const struct bitmap *b, uint32_t *id)
{
	*id = bitmap_next(b, w->cursor);
	w->cursor = *id + 1;
	return *id != BITMAP_END;
}

static struct fib_table *
walk_table(struct fib *fib)
{
	return &fib->table[fib->walk.part == 0 ? FAMILY_IPV4 : FAMILY_IPV6];
}

static void
take_adopted(struct fib *fib, const struct ip_prefix *p, uint32_t metric)
{
	struct adopted_route *r = adopted_find(&fib->adopted, p, &fib->env.conf, metric);
	if (r != NULL)
		adopted_del(&fib->adopted, r);
}

static bool
verify_step(struct fib *fib)
{
	struct fib_table *t = walk_table(fib);
	uint32_t id;

	if (!next_id(&fib->walk, &t->kernel, &id))
		return false;
	struct ip_prefix p = fib_prefix(fib, t->family, id);
	uint32_t metric = table_kern_metric(t, id, &fib->env);
	if (bitmap_test(&t->inflight, id)) {
		/* Its reply says how things are; the dump may be older. */
		take_adopted(fib, &p, metric);
		take_adopted(fib, &p, table_want_metric(t, id, &fib->env));
		return true;
	}
	struct adopted_route *r = adopted_find(&fib->adopted, &p, &fib->env.conf, metric);
	if (r != NULL) {
		fib_claim(fib, t, id, r);
		return true;
	}
	table_gone(t, id);
	table_lost(t, id, 0);
	return true;
}

static bool
synced_step(struct fib *fib)
{
	bool first = !fib->synced;

	fib->synced = true;
	fib->hold = false;
	log_info(first ? "fib.synced" : "fib.resynced", LOG_U("links", keyed_count(&fib->known.links)),
		 LOG_U("addresses", keyed_count(&fib->known.addresses)),
		 LOG_U("foreign_routes", keyed_count(&fib->known.routes)),
		 LOG_U("earlier_routes", keyed_count(&fib->adopted.routes)));
	if (fib->swept && keyed_count(&fib->adopted.routes) > 0)
		fib_sweep_start(fib);
	if (first && !fib->stopping && fib->cb.synced != NULL)
		fib->cb.synced(fib->ctx);
	fib_send_kick(fib);
	fib_retry_soon(fib);
	fib_audit_arm(fib);
	return false;
}

static bool
flush_step(struct fib *fib)
{
	return known_flush_route(&fib->known, &fib->walk.cursor, fib->walk.flushed, fib->walk.prefsrc);
}

static enum hit
nhset_hit(const struct fib *fib, const struct nhset *n)
{
	const struct walk *w = &fib->walk;

	/* Without the object there are no routes. */
	if (n->nhid != 0 && fib_object_wanted(fib, n)) {
		if (n->stolen)
			return HIT_STOLEN;
		/* A group whose next hops had just been narrowed to those over that link: the others can
		 * carry. */
		if (n->object == OBJECT_NONE)
			return fib_object_all_dead(fib, n) ? HIT_DEAD : HIT_UNSURE;
	}
	if (known_nh_all_dead(&fib->known, n, w->flushed))
		return w->flushed_v4_only ? HIT_UNSURE : HIT_DEAD;
	/* The kernel chose the interface: it may have been this one. */
	for (unsigned i = 0; i < n->count; i++)
		if (n->nh[i].ifindex == 0)
			return HIT_UNSURE;
	return HIT_NONE;
}

/* Marks the next-hop sets that the dead interface takes along; false: there are none. */
static bool
mark_nhsets(struct fib *fib)
{
	bool any = false;

	for (uint32_t id = 1; id < fib->nhsets.slab.top; id++) {
		struct nhset *n = nhset_at(&fib->nhsets, id);
		if (n->refs == 0)
			continue;
		n->hit = (uint8_t)nhset_hit(fib, n);
		any |= n->hit != HIT_NONE;
	}
	return any;
}

/* The routes of objects that were not there are known to be gone by now; and groups to be without them. */
static bool
settle_step(struct fib *fib)
{
	if (++fib->walk.cursor >= fib->nhsets.slab.top)
		return false;
	struct nhset *n = nhset_at(&fib->nhsets, fib->walk.cursor);
	if (n->refs == 0 || !nhset_is_there(n))
		return true;
	n->stolen = false;
	fib_object_complete(fib, fib->walk.cursor);
	return true;
}

static bool
lost_step(struct fib *fib)
{
	uint32_t id;

	if (fib->walk.part == 2)
		return settle_step(fib);
	struct fib_table *t = walk_table(fib);
	if (fib->walk.cursor == 0 && !mark_nhsets(fib))
		return false;
	if (t->family != FAMILY_IPV4 && fib->walk.flushed_v4_only)
		return false;
	if (!next_id(&fib->walk, &t->installed, &id))
		return false;
	switch ((enum hit)nhset_at(&fib->nhsets, table_nhset(t, id))->hit) {
	case HIT_DEAD:
		table_lost(t, id, ENETDOWN);
		break;
	case HIT_UNSURE:
		table_lost(t, id, 0);
		break;
	case HIT_STOLEN:
		table_gone(t, id);
		if (nhset_at(&fib->nhsets, table_nhset(t, id))->hold_off) {
			table_lost(t, id, EBUSY);
			fib_retry_arm(fib);
		} else {
			table_lost(t, id, 0);
		}
		break;
	case HIT_NONE:
		break;
	}
	return true;
}

static struct fight *
fight_of(struct fib *fib, enum family f, uint32_t id)
{
	struct fight *g =
	    &fib->fights[((id * 2u + (f == FAMILY_IPV6)) * 2654435761u >> 16) & (FIB_FIGHTS - 1)];
	uint32_t now = loop_now_s(fib->loop);

	if (g->id != id || g->family != f || now - g->last_s > FIGHT_CALM_S)
		*g = (struct fight){.id = id, .family = (uint8_t)f};
	g->last_s = now;
	if (g->count < UINT16_MAX)
		g->count++;
	return g;
}

static bool
has_no_link(const struct fib *fib, const struct nhset *n)
{
	return known_nh_all_dead(&fib->known, n, 0) || fib_object_all_dead(fib, n);
}

/* Puts back a route that somebody deleted: at once the first time, later and later if he keeps doing it. */
static void
put_back(struct fib *fib, struct fib_table *t, uint32_t id)
{
	char text[IP_PREFIX_STRLEN];
	struct ip_prefix p = fib_prefix(fib, t->family, id);

	const struct nhset *n = nhset_at(&fib->nhsets, table_nhset(t, id));
	if (has_no_link(fib, n)) {
		table_lost(t, id, ENETDOWN);
		return;
	}
	/* It went with its nexthop object, not by itself: no quarrel about this one route. */
	if (n->stolen || (n->nhid != 0 && n->object == OBJECT_NONE)) {
		table_lost(t, id, n->hold_off ? EBUSY : 0);
		fib_retry_arm(fib);
		return;
	}
	struct fight *g = fight_of(fib, t->family, id);
	if (g->count <= 1) {
		table_lost(t, id, 0);
		return;
	}
	unsigned wait_s = g->count < 8 ? 1u << (g->count - 2) : BACKOFF_MAX_S;
	table_hold_off(t, id, loop_now_s(fib->loop) + wait_s);
	fib->retry_s = 1;
	fib_retry_arm(fib);
	log_warn("fib.route.fight", LOG_S("prefix", ip_prefix_str(&p, text, sizeof text)),
		 LOG_U("times", g->count), LOG_U("retry_s", wait_s),
		 LOG_S("hint", "another program keeps deleting or changing our route"));
}

static bool
gone_step(struct fib *fib)
{
	struct fib_table *t = walk_table(fib);
	uint32_t id;

	if (!next_id(&fib->walk, &t->gone, &id))
		return false;
	if (!bitmap_test(&t->dirty, id) && !bitmap_test(&t->inflight, id) && !bitmap_test(&t->failed, id))
		put_back(fib, t, id);
	return true;
}

/* Can a link, an address or a route that came be what a refused route was waiting for? */
static bool
may_help(const struct fib_table *t, uint32_t id)
{
	const struct route_extra *e = table_extra(t, id);

	/* A taken key is free only when its owner's route goes, which is an event of its own. */
	return e == NULL || ((e->flags & EX_FIGHT) == 0 && table_error(t, id) != EEXIST);
}

static bool
retry_step(struct fib *fib)
{
	struct fib_table *t = walk_table(fib);
	uint32_t id;

	if (!next_id(&fib->walk, &t->failed, &id)) {
		/* The event may have come when this walk was on its way: the next one looks at all. */
		if (t->family == FAMILY_IPV6 && !fib->walk.pending[WALK_RETRY])
			fib->retry_eager = false;
		return false;
	}
	uint32_t due_s = table_due(t, id);
	if (due_s == 0 && !fib->retry_eager && has_no_link(fib, nhset_at(&fib->nhsets, table_nhset(t, id))))
		return true; /* a link that comes is an event, and they may be very many */
	if (due_s == 0 || (int32_t)(loop_now_s(fib->loop) - due_s) >= 0 ||
	    (fib->retry_eager && may_help(t, id)))
		table_retry(t, id);
	else
		fib_retry_at(fib, due_s);
	return true;
}

static bool
parted_step(struct fib *fib)
{
	if (fib->walk.part == 2)
		return fib_part_set_step(fib, &fib->walk.cursor);
	return fib_part_route_step(fib, walk_table(fib), &fib->walk.cursor);
}

static bool
reform_step(struct fib *fib)
{
	struct fib_table *t = walk_table(fib);
	uint32_t id;

	if (!next_id(&fib->walk, &t->installed, &id))
		return false;
	if (nhset_at(&fib->nhsets, table_nhset(t, id))->objectable)
		table_reform(t, id);
	return true;
}

static bool
objects_step(struct fib *fib)
{
	return fib_object_dumped_step(fib, fib->walk.part, &fib->walk.cursor);
}

/* The objects first: routes name them. */
static bool
audit_step(struct fib *fib)
{
	struct walk *w = &fib->walk;

	if (w->part == 0)
		return fib_audit_set_step(fib, &w->cursor);
	return fib_audit_route_step(fib, &fib->table[w->part == 1 ? FAMILY_IPV4 : FAMILY_IPV6], &w->cursor);
}

static const struct walk_steps walks[WALK_COUNT] = {
    [WALK_PARTED] = {parted_step, 3}, [WALK_REFORM] = {reform_step, 2}, [WALK_OBJECTS] = {objects_step, 3},
    [WALK_EXPIRE] = {expire_step, 4}, [WALK_VERIFY] = {verify_step, 2}, [WALK_SYNCED] = {synced_step, 1},
    [WALK_AUDIT] = {audit_step, 3},   [WALK_FLUSH] = {flush_step, 1},   [WALK_LOST] = {lost_step, 3},
    [WALK_GONE] = {gone_step, 2},     [WALK_RETRY] = {retry_step, 2},
};

static bool
walk_pick(struct walk *w)
{
	for (unsigned kind = 0; kind < WALK_COUNT; kind++) {
		if (!w->pending[kind])
			continue;
		w->pending[kind] = false;
		w->running = &walks[kind];
		w->part = 0;
		w->cursor = 0;
		return true;
	}
	return false;
}

bool
fib_walk_idle(const struct fib *fib)
{
	for (unsigned i = 0; i < WALK_COUNT; i++)
		if (fib->walk.pending[i])
			return false;
	return fib->walk.running == NULL;
}

bool
fib_walk_run(struct fib *fib, uint64_t deadline_ns)
{
	struct walk *w = &fib->walk;
	unsigned n = 0;

	while (w->running != NULL || walk_pick(w)) {
		if (++n % LOOK_EVERY == 0 && time_mono_ns() >= deadline_ns)
			return false;
		if (w->running->step(fib))
			continue;
		w->cursor = 0;
		if (++w->part == w->running->parts)
			w->running = NULL;
	}
	return true;
}
