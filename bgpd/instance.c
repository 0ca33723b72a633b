/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instance: see instance.h.
 */
#include "bgpd/instance.h"

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/kernel.h"
#include "bgpd/metrics.h"
#include "bgpd/peer.h"
#include "bgpd/pipeline.h"
#include "bgpd/update_in.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define LEFT_MS 50 /* from one look at one that goes to the next */

struct instance {
	LIST_ENTRY(instance) entry;
	struct bgpd d;
	struct conf view[2]; /* d.conf is one of them; the other is that of the configuration before */
	uint32_t table, number;
	struct event *ev_left; /* while it goes: is everything gone? */
	bool leaving;
};

/* ---- any of them ---- */

static bool
pinned(void *ctx, enum family f, uint32_t id)
{
	struct bgpd *d = ctx;

	return (d->kernel != NULL && fib_pins(d->kernel->fib, f, id)) || (d->groups != NULL && groups_pin(d->groups, f, id));
}

static struct rib_config
rib_config_of(const struct conf *c)
{
	return (struct rib_config){
	    .default_local_pref = c->router.default_local_preference,
	    .multipath_ebgp = (uint16_t)c->router.multipath.ebgp,
	    .multipath_ibgp = (uint16_t)c->router.multipath.ibgp,
	    .as_path_relax = c->router.multipath.as_path_relax,
	};
}

static uint64_t
seed(void)
{
	return (uint64_t)arc4random() << 32 | arc4random();
}

static void
rib_start(struct bgpd *d)
{
	struct rib_callbacks cb = {.change = pipeline_rib_change, .pinned = pinned, .ctx = d};
	struct rib_config rc = rib_config_of(d->conf);

	d->nexthops = nexthop_table_new(seed());
	struct attr_nexthop_ops ops = nexthop_attr_ops(d->nexthops);
	d->attrs = xcalloc(1, sizeof *d->attrs);
	attr_table_init(d->attrs, seed(), &ops);
	d->rib = rib_new(d->attrs, d->nexthops, &cb, seed());
	rib_config_set(d->rib, &rc);
	nexthop_set_allow_default(d->nexthops, d->conf->router.resolve_via_default);
	originate_init(&d->originate, d->rib);
	aggregates_own_init(&d->aggregates, d, seed());
	d->policies = policies_new(d, d->conf, NULL);
}

/* Those that somebody has stopped or started before their turn came are left alone. */
static enum job_result
starts_run(struct job *job, uint64_t deadline_ns)
{
	struct bgpd *d = container_of(job, struct bgpd, starts);
	struct peer *p;

	while ((p = d->start_next) != NULL) {
		d->start_next = TAILQ_NEXT(p, entry);
		if (!p->admin_down && !event_pending(p->idle_hold, EV_TIMEOUT, NULL))
			peer_start(p);
		if (time_mono_ns() >= deadline_ns)
			break;
	}
	return d->start_next != NULL ? JOB_MORE : JOB_DONE;
}

void
instance_init(struct bgpd *d)
{
	TAILQ_INIT(&d->peers);
	d->starts = (struct job){.run = starts_run, .name = "start"};
	rib_start(d);
	d->pipeline = pipeline_new(d);
	own_init(&d->own, d);
	health_init(&d->health, d);
	d->groups = groups_new(d);
	d->updates = update_queue_new(d);
	restart_init(&d->restart, d);
}

static void
rib_stop(struct bgpd *d)
{
	aggregates_own_fini(&d->aggregates);
	rib_free(d->rib);
	attr_table_fini(d->attrs);
	nexthop_table_free(d->nexthops);
	free(d->attrs);
}

void
instance_fini(struct bgpd *d, bool keep)
{
	struct peer *p;

	if (d->rib == NULL)
		return;
	loop_job_cancel(d->loop, &d->starts);
	while ((p = TAILQ_FIRST(&d->peers)) != NULL)
		peer_free(p);
	own_fini(&d->own);
	health_fini(&d->health);
	restart_fini(&d->restart);
	update_queue_free(d->updates);
	if (d->kernel != NULL)
		kernel_free(d->kernel, keep || d->conf->kernel.keep_on_stop);
	groups_free(d->groups);
	pipeline_free(d->pipeline);
	policies_free(d->policies);
	rib_stop(d);
}

bool
instance_open(struct bgpd *d)
{
	d->kernel = kernel_new(d);
	return d->kernel != NULL;
}

void
instance_fill(struct bgpd *d)
{
	for (uint32_t i = 0; i < d->conf->neighbors.n; i++) {
		const struct conf_neighbor *nb = &d->conf->neighbors.v[i];
		if (!conf_neighbor_is_range(nb) && instance_has(d, nb))
			peer_new(d, nb);
	}
}

void
instance_apply_settings(struct bgpd *d)
{
	struct rib_config rc = rib_config_of(d->conf), old;

	nexthop_set_allow_default(d->nexthops, d->conf->router.resolve_via_default);
	pipeline_resolve(d->pipeline);
	rib_config_get(d->rib, &old);
	bool weights = kernel_weights(d->kernel, d->conf->router.multipath.link_bandwidth);
	if (!weights && memcmp(&old, &rc, sizeof rc) == 0)
		return;
	rib_config_set(d->rib, &rc);
	pipeline_touch_all(d->pipeline);
}

static const struct instance *
of(const struct bgpd *d)
{
	return d == d->main ? NULL : container_of(d, const struct instance, d);
}

uint32_t
instance_table(const struct bgpd *d)
{
	return d == d->main ? 0 : of(d)->table;
}

bool
instance_has(const struct bgpd *d, const struct conf_neighbor *nb)
{
	return nb->table == instance_table(d);
}

/* ---- the others ---- */

struct bgpd *
instance_next(const struct bgpd *d)
{
	struct instance *next = d == d->main ? LIST_FIRST(&d->instances) : LIST_NEXT(of(d), entry);

	return next != NULL ? &next->d : NULL;
}

struct bgpd *
instance_of(struct bgpd *main, uint32_t table)
{
	struct bgpd *d = main;

	while (d != NULL && instance_table(d) != table)
		d = instance_next(d);
	return d;
}

uint32_t
instance_number(const struct bgpd *d)
{
	return d == d->main ? 0 : of(d)->number;
}

struct bgpd *
instance_by_number(struct bgpd *main, uint32_t number)
{
	struct bgpd *d = main;

	while (d != NULL && instance_number(d) != number)
		d = instance_next(d);
	return d;
}

/* The configuration as it is for a table of neighbours. */
static void
view_make(struct conf *view, const struct conf *c, uint32_t table)
{
	static struct conf_ref nothing[] = {{.name = "reject", .index = CONF_POLICY_REJECT}};

	*view = *c;
	view->networks.n = view->statics.n = view->statics_by_prefix.n = view->aggregates.n = 0;
	view->kernel.table = table;
	view->kernel.learn.v = nothing;
	view->kernel.learn.n = ARRAY_LEN(nothing);
	view->kernel.learn_tables.n = 0;
	view->kernel.connected.interfaces.n = 0;
}

/* What of main is also every instance's. */
static void
share(struct instance *i)
{
	struct bgpd *d = &i->d, *main = d->main;

	d->conf = d->conf == &i->view[0] ? &i->view[1] : &i->view[0];
	view_make(d->conf, main->conf, i->table);
	d->router_id = main->router_id;
	d->cluster_id = main->cluster_id;
}

static void
instance_free(struct instance *i, bool keep)
{
	LIST_REMOVE(i, entry);
	event_free(i->ev_left);
	instance_fini(&i->d, keep);
	free(i);
}

static void
look_again(struct instance *i)
{
	event_add(i->ev_left, &(struct timeval){.tv_usec = LEFT_MS * 1000});
}

static void
on_left(evutil_socket_t fd, short what, void *arg)
{
	struct instance *i = arg;

	(void)fd;
	(void)what;
	loop_enter(i->d.loop);
	/* At the end of the daemon it goes with the others. */
	if (!i->leaving || i->d.stopping)
		return;
	if (!TAILQ_EMPTY(&i->d.peers) || !pipeline_idle(i->d.pipeline) || !fib_is_empty(i->d.kernel->fib)) {
		look_again(i);
		return;
	}
	log_info("table.gone", LOG_U("table", i->table));
	metrics_table_gone(i->d.main->metrics, &i->d);
	instance_free(i, false);
}

static void
insert(struct instance_list *list, struct instance *new)
{
	struct instance *at, *last = NULL;

	LIST_FOREACH(at, list, entry)
	{
		if (at->table > new->table)
			break;
		last = at;
	}
	if (last == NULL)
		LIST_INSERT_HEAD(list, new, entry);
	else
		LIST_INSERT_AFTER(last, new, entry);
}

/* The regions of one table take most of what there is then (lib/region), and running out of it is the end. */
static bool
addresses_limited(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

/* NULL: it cannot be, or the kernel's part could not be started; logged. */
static struct bgpd *
instance_new(struct bgpd *main, uint32_t table)
{
	if (addresses_limited()) {
		log_error("table.new", LOG_U("table", table), LOG_S("error", "addresses are limited"),
		    LOG_S("hint", "each table reserves 126 GB of them: lift the limit (ulimit -v, LimitAS=)"));
		return NULL;
	}
	struct instance *i = xcalloc(1, sizeof *i);
	struct bgpd *d = &i->d;

	i->table = table;
	i->number = ++main->instances_made;
	i->ev_left = evtimer_new(main->loop->base, on_left, i);
	ASSERT(i->ev_left != NULL);
	d->main = main;
	d->loop = main->loop;
	d->portion = main->portion;
	d->options = main->options;
	d->start_ns = main->start_ns;
	d->sessions = main->sessions;
	share(i);
	instance_init(d);
	insert(&main->instances, i);
	if (!instance_open(d)) {
		instance_free(i, true);
		return NULL;
	}
	instance_apply_settings(d);
	log_info("table.new", LOG_U("table", table));
	return d;
}

bool
instances_start(struct bgpd *main)
{
	for (uint32_t i = 0; i < main->conf->tables.n; i++) {
		struct bgpd *d = instance_new(main, main->conf->tables.v[i]);
		if (d == NULL)
			return false;
		instance_fill(d);
	}
	return true;
}

static bool
is_configured(const struct conf *c, uint32_t table)
{
	for (uint32_t i = 0; i < c->tables.n; i++)
		if (c->tables.v[i] == table)
			return true;
	return false;
}

/* No neighbour has its table any more, or one has it again. share() comes first. */
static void
leave(struct instance *i, bool leaving)
{
	/* What it kept in the kernel at the end of the daemon no later run would know of. */
	if (leaving)
		i->d.conf->kernel.keep_on_stop = false;
	if (i->leaving == leaving)
		return;
	i->leaving = leaving;
	kernel_reconfigure(i->d.kernel);
	if (!leaving)
		return;
	/* Nobody will ask for routes of an earlier run. */
	kernel_sweep(i->d.kernel);
	look_again(i);
}

void
instances_reload(struct bgpd *main)
{
	struct instance *i;

	LIST_FOREACH(i, &main->instances, entry)
	{
		share(i);
		leave(i, !is_configured(main->conf, i->table));
	}
	for (uint32_t t = 0; t < main->conf->tables.n; t++)
		if (instance_of(main, main->conf->tables.v[t]) == NULL)
			instance_new(main, main->conf->tables.v[t]);
}

void
instances_free(struct bgpd *main, bool keep)
{
	while (!LIST_EMPTY(&main->instances))
		instance_free(LIST_FIRST(&main->instances), keep);
}
