/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload: see reload.h.
 */
#include "bgpd/reload.h"

#include "bgpd/compile.h"
#include "bgpd/ctl.h"
#include "bgpd/daemon.h"
#include "bgpd/dynamic.h"
#include "bgpd/groups.h"
#include "bgpd/instance.h"
#include "bgpd/kernel.h"
#include "bgpd/loader.h"
#include "bgpd/notify.h"
#include "bgpd/own.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/pipeline.h"
#include "conf/diff.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/service.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct reload_order {
	TAILQ_ENTRY(reload_order) entry;
	struct reload *reload;
	struct loader_task task;
	reload_done_fn done; /* NULL: nobody waits */
	void *ctx;
	uint32_t confirm_s;
	bool rollback;      /* not the file, but what was before the trial */
	uint32_t countdown; /* because this one is over; 0: by command */
};

/*
 * A session that ends, or a neighbour that comes, takes up to a fifth of a millisecond, so they do in slices. Sessions
 * end while the old configuration is still there for it. Then the new one is taken over within a turn of the loop, by
 * all neighbours, policies and groups. What that means for each neighbour follows, and last those begin who are new.
 */
enum reload_phase { RELOAD_WAITS, RELOAD_ENDS, RELOAD_TAKES_OVER, RELOAD_CHANGES, RELOAD_ADDS };

struct reload {
	struct bgpd *d;
	TAILQ_HEAD(reload_orders, reload_order) orders; /* the first is under way */
	enum reload_phase phase;
	uint32_t at;   /* next slot of the peer table, or next of the changed neighbours */
	bool refilter; /* something that all neighbours depend on has changed */
	struct job job;
	struct conf *before;               /* what comes back; NULL: no trial */
	uint64_t due_ns;
	uint32_t countdown; /* number of the last time to confirm that was set */
	struct event *timer;
	struct reload_stats stats;
	uint64_t generation; /* of the running configuration */
	uint64_t since_ns;   /* that it is this one, monotonic */
};

#define SECTION(s) (1ull << (s))
#define OWN_SECTIONS (SECTION(CONF_SEC_NETWORKS) | SECTION(CONF_SEC_STATICS) | SECTION(CONF_SEC_AGGREGATES))
#define POLICY_SECTIONS                                                                                     \
	(SECTION(CONF_SEC_PREFIX_SETS) | SECTION(CONF_SEC_AS_PATH_SETS) | SECTION(CONF_SEC_COMMUNITY_SETS) | \
	    SECTION(CONF_SEC_POLICIES))

static void
compile(struct bgpd *d, const struct conf_changes *ch)
{
	struct policies *old = d->policies;
	bool same = (ch->sections & POLICY_SECTIONS) == 0 &&
	    !(ch->neighbors.n > 0 && policies_read_neighbor(old));

	d->policies = policies_new(d, d->conf, same ? old : NULL);
	policies_free(old);
}

/* Whatever it was, it may be somebody else now: of its routes nothing is kept, also not those of an earlier loss. */
static void
reset_peer(struct peer *p)
{
	peer_reset(p, BGP_ERR_CEASE, BGP_CEASE_CONFIG_CHANGE, "its configuration changed");
	peer_gr_forget(p);
}

/* As reset_peer, and it does not begin again, with what is half the configuration of before, until change_peer has come. */
static void
hold_peer(struct peer *p)
{
	reset_peer(p);
	/* One that came from a range goes, if it does not connect. */
	p->held = p->range == NULL && event_pending(p->idle_hold, EV_TIMEOUT, NULL);
	if (p->held)
		event_del(p->idle_hold);
}

/*
 * What p, of the running configuration, is in c, the coming one; NULL: it is not there any more, or in another table,
 * where it is another one. *nc: its change, or NULL.
 */
static const struct conf_neighbor *
coming(const struct conf *c, const struct conf_changes *ch, const struct peer *p, const struct conf_neighbor_change **nc)
{
	const struct conf_neighbor_fate *fate = &ch->fates.v[peer_number(p) - 1];
	const struct conf_neighbor *nb = fate->index >= 0 ? &c->neighbors.v[fate->index] : NULL;

	*nc = fate->change >= 0 ? &ch->neighbors.v[fate->change] : NULL;
	return nb != NULL && conf_neighbor_is_range(nb) == (p->range != NULL) && instance_has(p->d, nb) ? nb : NULL;
}

static bool
is_reset(const struct conf_neighbor *nb, const struct conf_neighbor_change *nc)
{
	return nc != NULL && nc->effect == CONF_EFFECT_RESET && !nb->shutdown;
}

/* Still under the old configuration: the session of one that will be gone, or that is to be reset, ends. */
static void
end_peer(struct reload_order *o, struct peer *p)
{
	const struct conf *c = o->rollback ? o->reload->before : o->task.conf;
	const struct conf_neighbor_change *nc;
	const struct conf_neighbor *nb = coming(c, &o->task.changes, p, &nc);

	if (nb == NULL)
		peer_retire(p);
	else if (is_reset(nb, nc))
		hold_peer(p);
}

/*
 * Every neighbour has its part of the new configuration, so that nothing refers to the old one any more. Who is gone, or
 * has a session that should have ended, came while others ended, and those are few.
 */
static void
configure_peers(struct bgpd *d, const struct conf_changes *ch)
{
	const struct conf_neighbor_change *nc;
	struct peer *p;
	uint32_t at = 0;

	while ((p = peer_table_next(&d->peer_table, &at)) != NULL) {
		const struct conf_neighbor *nb = coming(d->conf, ch, p, &nc);
		if (nb == NULL) {
			peer_retire(p);
			continue;
		}
		peer_configure(p, nb);
		if (is_reset(nb, nc) && peer_state(p) != FSM_IDLE)
			hold_peer(p);
	}
}

/* What its new configuration means for a neighbour. */
static void
change_peer(struct reload_order *o, struct peer *p)
{
	const struct conf_neighbor_change *nc = conf_changes_neighbor(&o->task.changes, p->conf->name);
	/* Of a range that is new some may have come already. */
	uint32_t effects = nc != NULL && nc->kind == CONF_NB_CHANGED ? nc->effects : 0;

	if (p->range != NULL && dynamic_conf(p->d, p) == NULL) {
		peer_retire(p);
		return;
	}
	/* Now its idle hold time begins. */
	if (p->held && peer_state(p) == FSM_IDLE)
		reset_peer(p);
	p->held = false;
	peer_reconfigure(p);
	if (effects & CONF_EFFECT_BIT(CONF_EFFECT_RESET))
		return;
	if (o->reload->refilter ||
	    effects & (CONF_EFFECT_BIT(CONF_EFFECT_POLICY) | CONF_EFFECT_BIT(CONF_EFFECT_REFRESH)))
		peer_routes_reconfigure(p);
	if (effects & CONF_EFFECT_BIT(CONF_EFFECT_REFRESH))
		peer_routes_refresh_in(p);
}

/* Begins a neighbour that has no peer, unless it is a range. */
static void
begin_peer(struct bgpd *d, const struct conf_neighbor *nb)
{
	if (conf_neighbor_is_range(nb) || peer_table_by_name(&d->peer_table, nb->name) != NULL)
		return;
	/* Those of a VRF come with it once the kernel's links are known. */
	if (nb->vrf != NULL && !d->kernel->synced)
		return;
	log_info("neighbor.added", LOG_S("neighbor", nb->name));
	d = instance_of_neighbor(d, nb);
	if (d == NULL) {
		log_error("neighbor.add", LOG_S("neighbor", nb->name), LOG_U("table", nb->table), LOG_S("vrf", nb->vrf),
		    LOG_S("error", "the table could not be opened"));
		return;
	}
	struct peer *p = peer_new(d, nb);
	/* With a new table it waits for the kernel. */
	if (p != NULL && (d == d->main || d->kernel->synced))
		peer_start(p);
}

/* A neighbour's change is said, and one that is new begins; also one that has changed, where it was a range before. */
static void
add_peer(struct bgpd *d, const struct conf_neighbor_change *nc)
{
	if (nc->kind == CONF_NB_CHANGED)
		log_info("neighbor.changed", LOG_S("neighbor", nc->name), LOG_S("effect", conf_effect_name(nc->effect)));
	if (nc->new_index >= 0)
		begin_peer(d, &d->conf->neighbors.v[nc->new_index]);
}

/* Routes of our own are of the main table. */
static void
apply_own(struct bgpd *d, const struct conf_changes *ch, bool aggregator_changed)
{
	aggregator_changed &= d->conf->aggregates.n > 0;
	health_apply(&d->health);
	if (ch->sections & SECTION(CONF_SEC_AGGREGATES) || aggregator_changed)
		aggregates_own_apply(&d->aggregates);
	if (ch->sections & OWN_SECTIONS || aggregator_changed)
		own_begin(&d->own);
}

/* Makes new_conf the running configuration. The one from before, which nothing refers to any more. */
static struct conf *
apply(struct reload *r, struct conf *new_conf, const struct conf_changes *ch)
{
	struct bgpd *main = r->d;
	struct conf *old_conf = main->conf;
	uint32_t old_cluster_id = main->cluster_id, old_router_id = main->router_id;
	bool default_changed =
	    new_conf->router.default_local_preference != old_conf->router.default_local_preference;

	main->conf = new_conf;
	r->generation++;
	r->since_ns = main->loop->turn_start_ns;
	if (new_conf->router.id != 0)
		main->router_id = new_conf->router.id;
	main->cluster_id = new_conf->router.cluster_id != 0 ? new_conf->router.cluster_id : main->router_id;
	instances_reload(main);
	for (struct bgpd *d = main; d != NULL; d = instance_next(d))
		compile(d, ch);
	dynamic_apply(main);
	configure_peers(main, ch);
	r->refilter = main->cluster_id != old_cluster_id || default_changed;
	for (struct bgpd *d = main; d != NULL; d = instance_next(d))
		instance_apply_settings(d);
	daemon_apply_settings(main);
	apply_own(main, ch, main->router_id != old_router_id);
	bool kernel_changed =
	    ch->kernel_export || ch->kernel_learn || (ch->sections & SECTION(CONF_SEC_KERNEL)) || default_changed;
	for (struct bgpd *d = main; d != NULL; d = instance_next(d)) {
		groups_reconfigure(d->groups);
		if (!kernel_changed)
			continue;
		kernel_reconfigure(d->kernel);
		pipeline_touch_all(d->pipeline);
	}
	ctl_reconfigure(main->ctl);
	return old_conf;
}

/* An event for each line of a text. */
static void
log_lines(const char *event, const char *text)
{
	char *all = xstrdup(text), *rest = all, *line;

	while ((line = strsep(&rest, "\n")) != NULL)
		if (line[0] != '\0')
			log_error(event, LOG_S("error", line));
	free(all);
}

/* ---- orders ---- */

static void begin(struct reload *r);

/* The first order is carried out, or was given up. */
static void
finish(struct reload *r, int result, const char *reason)
{
	struct reload_order *o = TAILQ_FIRST(&r->orders);

	TAILQ_REMOVE(&r->orders, o, entry);
	/* Before the one who waits knows: systemctl takes that for the end of the reload. */
	service_reloaded(r->d->service);
	if (o->done != NULL)
		o->done(o->ctx, result, reason);
	loader_task_fini(&o->task);
	free(o);
	begin(r);
}

static void
trial_end(struct reload *r)
{
	event_del(r->timer);
	conf_free(r->before);
	r->before = NULL;
}

/* Keeps old, unless an earlier configuration is kept already. */
static void
trial_begin(struct reload *r, struct conf *old, uint32_t confirm_s)
{
	if (r->before == NULL)
		r->before = old;
	else
		conf_free(old);
	r->due_ns = time_mono_ns() + confirm_s * 1000000000ull;
	r->countdown++;
	event_add(r->timer, &(struct timeval){.tv_sec = (time_t)confirm_s});
	log_warn("config.trial", LOG_U("seconds", confirm_s), LOG_S("effect", "rolls back unless confirmed"));
}

static void
roll_back(struct reload *r, const struct reload_order *o)
{
	struct conf *back = r->before;

	r->before = NULL;
	event_del(r->timer);
	log_warn("config.rollback", LOG_S("reason", o->countdown != 0 ? "not confirmed in time" : "command"),
	    LOG_S("effect", "the configuration is not that of the file"));
	conf_free(apply(r, back, &o->task.changes));
}

/* The new configuration is the running one from now on. */
static void
take_over(struct reload *r, struct reload_order *o)
{
	struct loader_task *t = &o->task;

	if (o->rollback) {
		roll_back(r, o);
	} else {
		struct conf *old = apply(r, t->conf, &t->changes);
		r->stats.good++;
		r->stats.last_bad = false;
		r->stats.good_s = time(NULL);
		t->conf = NULL;
		if (o->confirm_s > 0)
			trial_begin(r, old, o->confirm_s);
		else
			conf_free(old);
	}
	loader_release(r->d->loader);
}

/* Does something for each neighbour there is; false: the time is over. */
static bool
each_peer(struct reload *r, void (*one)(struct reload_order *o, struct peer *p), uint64_t deadline_ns)
{
	struct reload_order *o = TAILQ_FIRST(&r->orders);
	struct peer *p;

	while ((p = peer_table_next(&r->d->peer_table, &r->at)) != NULL) {
		one(o, p);
		if (time_mono_ns() >= deadline_ns)
			return false;
	}
	r->at = 0;
	return true;
}

/* Begins who is new, and who is not, but had a table that could not be opened; false: the time is over. */
static bool
add_peers(struct reload *r, uint64_t deadline_ns)
{
	const struct conf_changes *ch = &TAILQ_FIRST(&r->orders)->task.changes;
	const struct conf *c = r->d->conf;
	uint32_t n = ch->neighbors.n, end = n + (c->tables.n + c->vrfs.n > 0 ? c->neighbors.n : 0);

	while (r->at < end) {
		uint32_t at = r->at++;
		if (at < n)
			add_peer(r->d, &ch->neighbors.v[at]);
		else if (c->neighbors.v[at - n].table != 0 || c->neighbors.v[at - n].vrf != NULL)
			begin_peer(r->d, &c->neighbors.v[at - n]);
		if (time_mono_ns() >= deadline_ns)
			return false;
	}
	r->at = 0;
	return true;
}

/* What no reload does. It is said by each that finds it changed, and counts at the next start. */
static void
tell_restarts(const struct conf_changes *ch)
{
	for (uint32_t i = 0; i < ch->all.n; i++) {
		const struct conf_change *c = &ch->all.v[i];
		if (c->effect == CONF_EFFECT_RESTART)
			log_warn("config.restart", LOG_S("key", c->path), LOG_S("old", c->old), LOG_S("new", c->new),
			    LOG_S("effect", "none until bgpd is started again"));
	}
}

static void
applied(struct reload *r)
{
	const struct conf_changes *ch = &TAILQ_FIRST(&r->orders)->task.changes;

	tell_restarts(ch);
	log_info("config.reload", LOG_U("changes", ch->all.n), LOG_U("neighbors", ch->neighbors.n));
	if (!own_busy(&r->d->own))
		finish(r, 0, "");
}

static enum job_result
job_run(struct job *job, uint64_t deadline_ns)
{
	struct reload *r = container_of(job, struct reload, job);

	switch (r->phase) {
	case RELOAD_ENDS:
		if (each_peer(r, end_peer, deadline_ns))
			r->phase = RELOAD_TAKES_OVER;
		return JOB_MORE;
	case RELOAD_TAKES_OVER:
		take_over(r, TAILQ_FIRST(&r->orders));
		r->phase = RELOAD_CHANGES;
		return JOB_MORE;
	case RELOAD_CHANGES:
		if (each_peer(r, change_peer, deadline_ns))
			r->phase = RELOAD_ADDS;
		return JOB_MORE;
	default:
		if (!add_peers(r, deadline_ns))
			return JOB_MORE;
		r->phase = RELOAD_WAITS;
		applied(r);
		return JOB_DONE;
	}
}

static void
loaded(struct loader_task *t)
{
	struct reload_order *o = container_of(t, struct reload_order, task);
	struct reload *r = o->reload;

	if (t->dropped)
		return;
	if (!o->rollback && t->conf != NULL)
		t->n_errors = instances_refuse(r->d, t->conf, &t->errors);
	if (!o->rollback && (t->conf == NULL || t->n_errors > 0)) {
		log_lines("config.error", str_get(&t->errors));
		log_error("config.reload", LOG_S("file", t->path), LOG_U("errors", t->n_errors),
		    LOG_S("effect", "nothing changed"));
		r->stats.bad++;
		r->stats.last_bad = true;
		finish(r, -EINVAL, str_get(&t->errors));
		return;
	}
	r->phase = RELOAD_ENDS;
	r->at = 0;
	loader_hold(r->d->loader);
	loop_job_start(r->d->loop, &r->job);
}

void
reload_own_done(struct reload *r)
{
	/* At the start of the daemon there is no order; and one may not have come so far. */
	if (!TAILQ_EMPTY(&r->orders) && r->phase == RELOAD_WAITS)
		finish(r, 0, "");
}

/* Starts the first order. */
static void
begin(struct reload *r)
{
	struct reload_order *o = TAILQ_FIRST(&r->orders);

	if (o == NULL)
		return;
	service_reloading(r->d->service);
	if (!o->rollback) {
		o->task.path = r->d->options->conf_path;
	} else if (r->before == NULL) {
		finish(r, -ENOENT, "the trial has ended meanwhile");
		return;
	} else if (o->countdown != 0 && o->countdown != r->countdown) { /* it was given more time */
		finish(r, 0, "");
		return;
	} else {
		o->task.given = r->before;
	}
	o->task.diff = true;
	o->task.done = loaded;
	loader_start(r->d->loader, &o->task);
}

static struct reload_order *
order(struct reload *r, const struct reload_order *what)
{
	struct reload_order *o = xcalloc(1, sizeof *o);
	bool first = TAILQ_EMPTY(&r->orders);

	*o = *what;
	o->reload = r;
	TAILQ_INSERT_TAIL(&r->orders, o, entry);
	if (first)
		begin(r);
	return o;
}

struct reload_order *
reload_file(struct reload *r, uint32_t confirm_s, reload_done_fn done, void *ctx)
{
	struct reload_order *last = TAILQ_LAST(&r->orders, reload_orders);

	/* One that has not begun and that nobody waits for is as good: signals come in bursts. */
	if (done == NULL && confirm_s == 0 && last != NULL && last != TAILQ_FIRST(&r->orders) && last->done == NULL &&
	    !last->rollback)
		return last;
	return order(r, &(struct reload_order){.confirm_s = confirm_s, .done = done, .ctx = ctx});
}

struct reload_order *
reload_rollback(struct reload *r, reload_done_fn done, void *ctx)
{
	if (r->before == NULL)
		return NULL;
	return order(r, &(struct reload_order){.rollback = true, .done = done, .ctx = ctx});
}

void
reload_forget(struct reload_order *o)
{
	o->done = NULL;
}

int
reload_confirm(struct reload *r)
{
	const struct reload_order *o = TAILQ_FIRST(&r->orders);

	if (r->before == NULL)
		return -ENOENT;
	if (o != NULL && o->rollback)
		return -EBUSY;
	trial_end(r);
	log_info("config.confirm", LOG_S("effect", "what was reloaded stays"));
	return 0;
}

bool
reload_on_trial(const struct reload *r, uint32_t *left_s)
{
	uint64_t now_ns = time_mono_ns();

	*left_s = r->due_ns > now_ns ? (uint32_t)((r->due_ns - now_ns + 999999999) / 1000000000) : 0;
	return r->before != NULL;
}

bool
reload_idle(const struct reload *r)
{
	return TAILQ_EMPTY(&r->orders);
}

void
reload_stats_get(const struct reload *r, struct reload_stats *out)
{
	*out = r->stats;
}

uint64_t
reload_generation(const struct reload *r)
{
	return r->generation;
}

uint64_t
reload_since_ns(const struct reload *r)
{
	return r->since_ns;
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct reload *r = arg;

	(void)fd;
	(void)what;
	loop_enter(r->d->loop);
	order(r, &(struct reload_order){.rollback = true, .countdown = r->countdown});
}

struct reload *
reload_new(struct bgpd *d)
{
	struct reload *r = xcalloc(1, sizeof *r);

	r->d = d;
	r->since_ns = d->start_ns;
	r->stats.good_s = time(NULL);
	TAILQ_INIT(&r->orders);
	r->job = (struct job){.run = job_run, .name = "reload"};
	r->timer = evtimer_new(d->loop->base, on_timer, r);
	ASSERT(r->timer != NULL);
	return r;
}

void
reload_free(struct reload *r)
{
	struct reload_order *o;

	if (r == NULL)
		return;
	loop_job_cancel(r->d->loop, &r->job);
	while ((o = TAILQ_FIRST(&r->orders)) != NULL) {
		TAILQ_REMOVE(&r->orders, o, entry);
		if (o->done != NULL)
			o->done(o->ctx, -ECANCELED, "bgpd ends");
		loader_task_fini(&o->task);
		free(o);
	}
	conf_free(r->before);
	event_free(r->timer);
	free(r);
}
