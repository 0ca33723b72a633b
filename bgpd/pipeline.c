/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pipeline: see pipeline.h.
 */
#include "bgpd/pipeline.h"

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/kernel.h"
#include "bgpd/peer.h"
#include "lib/bitmap.h"
#include "lib/loop.h"
#include "lib/mem.h"
#include "rib/walk.h"

#include <stdlib.h>
#include <string.h>

struct sweep {
	TAILQ_ENTRY(sweep) entry;
	struct rib_source *source;
	struct rib_sweep walk;
	void (*done)(void *ctx);
	void *ctx;
};

struct pipeline {
	struct bgpd *d;
	struct job decide, resolve, sweep, touch;
	struct event *bulk_timer, *resolve_timer;
	bool bulk_due;
	bool holds;    /* bulk input of all sessions */
	bool deferred; /* graceful restart waits for neighbours before anything is decided */

	struct bitmap changed; /* next hops that resolve differently and whose prefixes are to be marked */
	bool rejudge; /* and there were some since policies were told */
	bool replace; /* one of them is kernel.export's own */
	struct bitmap walked;  /* those of the walk that is under way */
	struct rib_walk nh_walk;
	bool nh_walking;

	TAILQ_HEAD(, sweep) sweeps;
	struct sweep **sweep_of; /* by the source's index; NULL: none under way */
	uint32_t sweep_of_n;

	struct rib_walk touch_walk;
	bool touching;
};

static bool
due(uint64_t deadline_ns)
{
	return time_mono_ns() >= deadline_ns;
}

static void
arm(struct event *ev, unsigned ms)
{
	if (!event_pending(ev, EV_TIMEOUT, NULL))
		timer_after_ms(ev, ms);
}

static bool
several(const struct pipeline *p)
{
	return session_pool_busy(p->d->sessions) > 1;
}

/* With so many dirty prefixes bulk input stops. */
static uint32_t
bulk_high(const struct pipeline *p)
{
	return several(p) ? PIPELINE_SEVERAL_HIGH : PIPELINE_BULK_HIGH;
}

static void
hold(struct pipeline *p, bool holds)
{
	if (holds == p->holds)
		return;
	p->holds = holds;
	session_pool_hold(p->d->sessions, holds);
}

/* Are so many worth their decision? */
static bool
bulk_enough(const struct pipeline *p, uint32_t bulk)
{
	return bulk >= (several(p) ? PIPELINE_SEVERAL_HIGH : PIPELINE_BULK_FULL) ||
	    (bulk > 0 && session_pool_busy(p->d->sessions) == 0);
}

void
pipeline_decide(struct pipeline *p)
{
	uint32_t bulk = rib_dirty_count(p->d->rib, RIB_BULK);

	if (p->deferred) {
		if (nexthop_pending(p->d->nexthops) > 0)
			pipeline_resolve(p);
		return;
	}
	if (bulk >= bulk_high(p))
		hold(p, true);
	if (bulk_enough(p, bulk))
		p->bulk_due = true;
	else if (bulk > 0 && !p->bulk_due)
		arm(p->bulk_timer, several(p) ? PIPELINE_SEVERAL_DELAY_MS : PIPELINE_BULK_DELAY_MS);
	if (rib_dirty_count(p->d->rib, RIB_URGENT) > 0)
		loop_job_soon(p->d->loop, &p->decide);
	else if (p->bulk_due)
		loop_job_start(p->d->loop, &p->decide);
}

void
pipeline_defer(struct pipeline *p, bool on)
{
	p->deferred = on;
	if (on) {
		loop_job_cancel(p->d->loop, &p->decide);
		hold(p, false);
	} else {
		pipeline_decide(p);
	}
}

static void
on_bulk_timer(evutil_socket_t fd, short what, void *arg)
{
	struct pipeline *p = arg;

	(void)fd;
	(void)what;
	loop_enter(p->d->loop);
	p->bulk_due = true;
	pipeline_decide(p);
}

static enum job_result
decide_run(struct job *job, uint64_t deadline_ns)
{
	struct pipeline *p = container_of(job, struct pipeline, decide);
	struct rib *rib = p->d->rib;
	uint32_t left = rib_dirty_count(rib, RIB_URGENT);
	bool urgent = left > 0;

	/* Encoding what is decided here takes about as long as deciding it. */
	deadline_ns -= LOOP_SLICE_NS / 2;
	while (left > 0 && !due(deadline_ns))
		left = rib_decide_run(rib, RIB_URGENT, p->d->portion);
	if (left == 0 && p->bulk_due) {
		left = rib_dirty_count(rib, RIB_BULK);
		while (left > 0 && !due(deadline_ns))
			left = rib_decide_run(rib, RIB_BULK, p->d->portion);
		p->bulk_due = left > 0;
	}
	if (rib_dirty_count(rib, RIB_BULK) < bulk_high(p) / 2)
		hold(p, false);
	groups_flush(p->d->groups, left > 0 && !urgent);
	if (nexthop_pending(p->d->nexthops) > 0)
		pipeline_resolve(p);
	return left > 0 ? JOB_MORE : JOB_DONE;
}

/* Groups learn of changes without what aggregates hide. */
static void
tell_groups_seen(struct bgpd *d, struct rib_change *c, unsigned n)
{
	struct rib_change seen[RIB_TOLD_MAX];

	for (unsigned i = 0; i < n; i++) {
		seen[i] = c[i];
		if (aggregates_any(&d->aggregates.set, c[i].family))
			aggregates_own_change(&d->aggregates, &c[i], &seen[i]);
	}
	groups_rib_change(d->groups, seen, n);
	for (unsigned i = 0; i < n; i++)
		c[i].needed = seen[i].needed;
}

void
pipeline_rib_change(void *ctx, struct rib_change *c, unsigned n)
{
	struct bgpd *d = ctx;
	const struct aggregates *a = &d->aggregates.set;

	kernel_rib_change(d->kernel, c, n);
	if (aggregates_any(a, FAMILY_IPV4) || aggregates_any(a, FAMILY_IPV6))
		tell_groups_seen(d, c, n);
	else
		groups_rib_change(d->groups, c, n);
	monitor_rib(&d->main->monitors, d, c, n);
}

void
pipeline_resolve(struct pipeline *p)
{
	arm(p->resolve_timer, PIPELINE_NEXTHOP_DELAY_MS);
}

static void
on_resolve_timer(evutil_socket_t fd, short what, void *arg)
{
	struct pipeline *p = arg;

	(void)fd;
	(void)what;
	loop_enter(p->d->loop);
	loop_job_start(p->d->loop, &p->resolve);
}

static void
nexthop_changed(void *ctx, nexthop_id id)
{
	struct pipeline *p = ctx;

	bitmap_set(&p->changed, id);
	kernel_paths_going(p->d->kernel);
	p->rejudge = true;
	p->replace = p->replace || policies_kernel_export_sets(p->d->policies, id);
}

/* Marks prefixes over changed next hops; what changes during a walk gets one of its own. True: nothing left. */
static bool
mark_users(struct pipeline *p, uint64_t deadline_ns)
{
	while (!due(deadline_ns)) {
		if (!p->nh_walking) {
			if (p->changed.count == 0)
				return true;
			bitmap_fini(&p->walked);
			p->walked = p->changed;
			p->changed = (struct bitmap){0};
			rib_walk_table(&p->nh_walk, FAMILY_IPV4);
			p->nh_walking = true;
		}
		if (!rib_walk_nexthops(p->d->rib, &p->nh_walk, &p->walked, p->d->portion, RIB_BULK))
			continue;
		p->nh_walking = p->nh_walk.family == FAMILY_IPV4;
		if (p->nh_walking)
			rib_walk_table(&p->nh_walk, FAMILY_IPV6);
	}
	return false;
}

/* What policies said of routes over them may not be what they say now. */
static void
tell_policies(struct pipeline *p)
{
	if (p->rejudge && policies_reads(p->d->policies) & POLICY_READS_INTERFACE)
		peer_interfaces_changed(p->d);
	if (p->replace)
		pipeline_touch_all(p);
	p->rejudge = p->replace = false;
}

static enum job_result
resolve_run(struct job *job, uint64_t deadline_ns)
{
	struct pipeline *p = container_of(job, struct pipeline, resolve);
	uint32_t left = nexthop_pending(p->d->nexthops);

	while (left > 0 && !due(deadline_ns))
		left = nexthop_run(p->d->nexthops, p->d->portion, nexthop_changed, p);
	if (left == 0)
		tell_policies(p);
	bool marked = left == 0 && mark_users(p, deadline_ns);
	pipeline_decide(p);
	return marked ? JOB_DONE : JOB_MORE;
}

static struct sweep *
sweep_find(const struct pipeline *p, const struct rib_source *s)
{
	return s->index < p->sweep_of_n ? p->sweep_of[s->index] : NULL;
}

static struct sweep *
sweep_add(struct pipeline *p, struct rib_source *s)
{
	struct sweep *sw = xcalloc(1, sizeof *sw);

	if (s->index >= p->sweep_of_n) {
		uint32_t n = s->index + s->index / 2u + 16;
		p->sweep_of = xreallocarray(p->sweep_of, n, sizeof(struct sweep *));
		memset(p->sweep_of + p->sweep_of_n, 0, (n - p->sweep_of_n) * sizeof(struct sweep *));
		p->sweep_of_n = n;
	}
	sw->source = s;
	p->sweep_of[s->index] = sw;
	TAILQ_INSERT_TAIL(&p->sweeps, sw, entry);
	return sw;
}

static void
sweep_remove(struct pipeline *p, struct sweep *sw)
{
	p->sweep_of[sw->source->index] = NULL;
	TAILQ_REMOVE(&p->sweeps, sw, entry);
	free(sw);
}

void
pipeline_sweep(struct pipeline *p, struct rib_source *s, enum family f, void (*done)(void *ctx), void *ctx)
{
	struct sweep *sw = sweep_find(p, s);

	if (sw == NULL) {
		sw = sweep_add(p, s);
		rib_sweep_begin(&sw->walk, s, f);
	} else {
		rib_sweep_add(&sw->walk, s, f);
	}
	if (done != NULL) {
		sw->done = done;
		sw->ctx = ctx;
	}
	kernel_paths_going(p->d->kernel);
	loop_job_start(p->d->loop, &p->sweep);
}

bool
pipeline_sweeping(const struct pipeline *p, const struct rib_source *s)
{
	return sweep_find(p, s) != NULL;
}

void
pipeline_sweep_cancel(struct pipeline *p, const struct rib_source *s)
{
	struct sweep *sw = sweep_find(p, s);

	if (sw != NULL)
		sweep_remove(p, sw);
}

static enum job_result
sweep_run(struct job *job, uint64_t deadline_ns)
{
	struct pipeline *p = container_of(job, struct pipeline, sweep);
	struct sweep *sw;

	while ((sw = TAILQ_FIRST(&p->sweeps)) != NULL && !due(deadline_ns)) {
		if (!rib_sweep_run(p->d->rib, &sw->walk, p->d->portion, RIB_BULK))
			continue;
		void (*done)(void *) = sw->done;
		void *ctx = sw->ctx;
		sweep_remove(p, sw);
		if (done != NULL)
			done(ctx);
	}
	pipeline_decide(p);
	return TAILQ_EMPTY(&p->sweeps) ? JOB_DONE : JOB_MORE;
}

void
pipeline_touch_all(struct pipeline *p)
{
	rib_walk_table(&p->touch_walk, FAMILY_IPV4);
	p->touching = true;
	loop_job_start(p->d->loop, &p->touch);
}

static enum job_result
touch_run(struct job *job, uint64_t deadline_ns)
{
	struct pipeline *p = container_of(job, struct pipeline, touch);

	while (p->touching && !due(deadline_ns)) {
		uint32_t budget = p->d->portion, id;
		while ((id = rib_walk_next(p->d->rib, &p->touch_walk, &budget)) != 0)
			rib_prefix_touch(p->d->rib, p->touch_walk.family, id, RIB_BULK, RIB_CHANGE_REDO);
		if (!p->touch_walk.done)
			continue;
		if (p->touch_walk.family == FAMILY_IPV4)
			rib_walk_table(&p->touch_walk, FAMILY_IPV6);
		else
			p->touching = false;
	}
	pipeline_decide(p);
	return p->touching ? JOB_MORE : JOB_DONE;
}

bool
pipeline_idle(const struct pipeline *p)
{
	return rib_dirty_count(p->d->rib, RIB_URGENT) == 0 && rib_dirty_count(p->d->rib, RIB_BULK) == 0 &&
	    nexthop_pending(p->d->nexthops) == 0 && p->changed.count == 0 && !p->nh_walking && !p->touching &&
	    TAILQ_EMPTY(&p->sweeps) && aggregates_idle(&p->d->aggregates.set);
}

struct pipeline *
pipeline_new(struct bgpd *d)
{
	struct pipeline *p = xcalloc(1, sizeof *p);

	p->d = d;
	TAILQ_INIT(&p->sweeps);
	p->decide = (struct job){.run = decide_run, .name = "decide"};
	p->resolve = (struct job){.run = resolve_run, .name = "resolve"};
	p->sweep = (struct job){.run = sweep_run, .name = "sweep"};
	p->touch = (struct job){.run = touch_run, .name = "touch"};
	p->bulk_timer = evtimer_new(d->loop->base, on_bulk_timer, p);
	p->resolve_timer = evtimer_new(d->loop->base, on_resolve_timer, p);
	ASSERT(p->bulk_timer != NULL && p->resolve_timer != NULL);
	return p;
}

void
pipeline_free(struct pipeline *p)
{
	struct sweep *sw;

	hold(p, false);
	loop_job_cancel(p->d->loop, &p->decide);
	loop_job_cancel(p->d->loop, &p->resolve);
	loop_job_cancel(p->d->loop, &p->sweep);
	loop_job_cancel(p->d->loop, &p->touch);
	event_free(p->bulk_timer);
	event_free(p->resolve_timer);
	while ((sw = TAILQ_FIRST(&p->sweeps)) != NULL) {
		TAILQ_REMOVE(&p->sweeps, sw, entry);
		free(sw);
	}
	free(p->sweep_of);
	bitmap_fini(&p->changed);
	bitmap_fini(&p->walked);
	free(p);
}
