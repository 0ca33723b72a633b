/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instance: see instance.h.
 */
#include "bgpd/instance.h"

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/kernel.h"
#include "bgpd/kernel_watch.h"
#include "bgpd/metrics.h"
#include "bgpd/peer.h"
#include "bgpd/pipeline.h"
#include "bgpd/update_in.h"
#include "bgpd/vrf.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#define LEFT_MS 50 /* from one look at one that goes to the next */

struct instance {
	LIST_ENTRY(instance) entry;
	struct bgpd d;
	struct conf view[2]; /* d.conf is one of them; the other is that of the configuration before */
	uint32_t table, number;
	char *vrf;                /* NULL: it is of a table */
	struct vrf_device device; /* as it is used: with another table it has a why, as a table that waits for another */
	struct event *ev_follow;  /* something about the device has changed */
	struct event *ev_left; /* while it goes, or its table does: is everything gone? */
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
	if (d->options->reach_all)
		nexthop_set_reach_all(d->nexthops);
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

const char *
instance_vrf(const struct bgpd *d)
{
	return d == d->main ? NULL : of(d)->vrf;
}

uint32_t
instance_device(const struct bgpd *d)
{
	return d == NULL || d == d->main ? 0 : of(d)->device.ifindex;
}

const char *
instance_missing(const struct bgpd *d)
{
	return d == d->main || of(d)->device.why[0] == '\0' ? NULL : of(d)->device.why;
}

bool
instance_is_nowhere(const struct bgpd *d)
{
	return instance_vrf(d) != NULL ? instance_table(d) == 0 : instance_missing(d) != NULL;
}

struct bgpd *
instance_domain(struct bgpd *d)
{
	return instance_vrf(d) != NULL ? d : d->main;
}

bool
instance_has(const struct bgpd *d, const struct conf_neighbor *nb)
{
	const char *vrf = instance_vrf(d);

	if (vrf == NULL || nb->vrf == NULL)
		return vrf == nb->vrf && nb->table == instance_table(d);
	return strcmp(vrf, nb->vrf) == 0;
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

struct bgpd *
instance_of_vrf(struct bgpd *main, const char *vrf)
{
	struct bgpd *d = instance_next(main);

	while (d != NULL && (instance_vrf(d) == NULL || strcmp(instance_vrf(d), vrf) != 0))
		d = instance_next(d);
	return d;
}

struct bgpd *
instance_of_device(struct bgpd *main, uint32_t device)
{
	struct bgpd *d = main;

	while (device != 0 && d != NULL && instance_device(d) != device)
		d = instance_next(d);
	return d;
}

/* As instance_of, but of neighbours with this table: a VRF's may have it until it is gone. */
static struct bgpd *
of_table(struct bgpd *main, uint32_t table)
{
	struct bgpd *d = main;

	while (d != NULL && (instance_vrf(d) != NULL || instance_table(d) != table))
		d = instance_next(d);
	return d;
}

struct bgpd *
instance_of_neighbor(struct bgpd *main, const struct conf_neighbor *nb)
{
	return nb->vrf != NULL ? instance_of_vrf(main, nb->vrf) : of_table(main, nb->table);
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
	event_free(i->ev_follow);
	instance_fini(&i->d, keep);
	free(i->vrf);
	free(i);
}

/* A table is free: somebody may have waited for it. */
static void
table_left(struct bgpd *main)
{
	struct instance *i;

	LIST_FOREACH(i, &main->instances, entry)
	if (instance_missing(&i->d) != NULL)
		event_add(i->ev_follow, &(struct timeval){0});
}

/* Has its VRF lost the device, and it still the table? */
static bool
waits_for_device(const struct instance *i)
{
	return i->vrf != NULL && i->device.ifindex == 0 && i->table != 0;
}

static void
look_again(struct instance *i)
{
	event_add(i->ev_left, &(struct timeval){.tv_usec = LEFT_MS * 1000});
}

static bool
has_routes(const struct instance *i)
{
	return !pipeline_idle(i->d.pipeline) || !fib_is_empty(i->d.kernel->fib);
}

/* Without its device the table is another VRF's to have, once nothing is in it. */
static void
table_give_up(struct instance *i)
{
	struct kernel *before = i->d.kernel;
	uint32_t table = i->table;

	i->table = i->d.conf->kernel.table = 0;
	if (!instance_open(&i->d)) {
		i->d.kernel = before;
		i->table = i->d.conf->kernel.table = table;
		return;
	}
	kernel_watch_forget(before);
	kernel_free(before, false);
	/* What an earlier run left in the next one is another matter. */
	restart_fini(&i->d.restart);
	restart_init(&i->d.restart, &i->d);
	pipeline_defer(i->d.pipeline, false);
	log_info("vrf.table", LOG_S("vrf", i->vrf), LOG_U("left", table));
	table_left(i->d.main);
}

static void
on_left(evutil_socket_t fd, short what, void *arg)
{
	struct instance *i = arg;

	(void)fd;
	(void)what;
	loop_enter(i->d.loop);
	/* At the end of the daemon it goes with the others. */
	if (i->d.stopping || (!i->leaving && !waits_for_device(i)))
		return;
	if (has_routes(i) || (i->leaving && !TAILQ_EMPTY(&i->d.peers))) {
		look_again(i);
		return;
	}
	if (!i->leaving) {
		table_give_up(i);
		return;
	}
	log_info("table.gone", LOG_U("table", i->table), LOG_S("vrf", i->vrf));
	metrics_table_gone(i->d.main->metrics, &i->d);
	struct bgpd *main = i->d.main;
	instance_free(i, false);
	table_left(main);
}

/* The regions of one table take most of what there is then (lib/region), and running out of it is the end. */
static bool
addresses_limited(void)
{
	struct rlimit limit;

	return getrlimit(RLIMIT_AS, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY;
}

/* ---- devices of VRFs ---- */

/* Nexthop objects have their numbers by tables. */
static bool
clash(uint32_t a, uint32_t b)
{
	return (a - b) % CONF_TABLE_STRIDE == 0;
}

/* Somebody else's table, which this one may not have. NULL: nobody's. */
static const struct bgpd *
owner_of(const struct instance *i, uint32_t table)
{
	const struct bgpd *main = i->d.main;

	if (table == main->conf->kernel.table)
		return main;
	for (const struct bgpd *d = instance_next(main); d != NULL; d = instance_next(d))
		if (d != &i->d && instance_table(d) != 0 && clash(instance_table(d), table))
			return d;
	return NULL;
}

/* What can be used of its VRF's device now. */
static void
look(const struct instance *i, struct vrf_device *out)
{
	const struct kernel *k = i->d.main->kernel;

	vrf_look(i->vrf, kernel_link(k, i->vrf), i->d.options->kernel, out);
	const struct bgpd *owner = out->ifindex != 0 ? owner_of(i, out->table) : NULL;
	if (owner == NULL)
		return;
	snprintf(out->why, sizeof out->why,
	    "VRF %s has table %u, and %s%s has %u: tables of one bgpd must not be the same, nor differ by a multiple of %u", i->vrf,
	    out->table, instance_vrf(owner) != NULL ? "VRF " : owner == owner->main ? "kernel.table" : "table of neighbors",
	    instance_vrf(owner) != NULL ? instance_vrf(owner) : "", owner->conf->kernel.table, CONF_TABLE_STRIDE);
	out->ifindex = 0;
}

/* Its kernel was nowhere, and need not be any more. False: the next one could not be started; logged. */
static bool
kernel_begin(struct bgpd *d)
{
	struct kernel *before = d->kernel;

	if (!instance_open(d)) {
		d->kernel = before;
		return false;
	}
	kernel_free(before, true);
	return true;
}

/* The device has a table, the first one or another. False: the kernel's part could not be started; logged. */
static bool
table_set(struct instance *i, uint32_t table)
{
	struct bgpd *d = &i->d;

	i->table = table;
	d->conf->kernel.table = table;
	if (!d->kernel->nowhere) {
		kernel_reconfigure(d->kernel);
		return true;
	}
	if (kernel_begin(d))
		return true;
	i->table = d->conf->kernel.table = 0;
	return false;
}

/* Of a table of neighbours: is it still one's that goes? */
static void
look_for_table(struct instance *i)
{
	const struct bgpd *owner = owner_of(i, i->table);
	const char *vrf = owner != NULL ? instance_vrf(owner) : NULL;

	i->device.why[0] = '\0';
	if (owner != NULL)
		snprintf(i->device.why, sizeof i->device.why,
		    "table %u has to wait for %s%s, which goes, and has table %u until its routes are gone", i->table,
		    vrf != NULL ? "VRF " : "another one", vrf != NULL ? vrf : "", instance_table(owner));
}

/* Its table may be free now. */
static void
follow_table(struct instance *i)
{
	if (instance_missing(&i->d) == NULL)
		return;
	look_for_table(i);
	if (instance_missing(&i->d) == NULL && !kernel_begin(&i->d))
		snprintf(i->device.why, sizeof i->device.why, "table %u could not be opened: see the log", i->table);
}

/* The sessions are with who was reached over the device, whose routes led there. */
static void
sessions_end(struct bgpd *d, const char *why)
{
	struct bgp_error err;
	struct peer *p;

	bgp_error_set(&err, BGP_ERR_CEASE, BGP_CEASE_CONFIG_CHANGE, why, NULL, 0);
	TAILQ_FOREACH(p, &d->peers, entry)
	{
		peer_end(p, &err, 0);
		peer_gr_forget(p);
	}
}

static void
sessions_begin(struct bgpd *d)
{
	d->start_next = TAILQ_FIRST(&d->peers);
	loop_job_start(d->loop, &d->starts);
}

/* Something about the device may have changed. */
static void
follow(struct instance *i)
{
	struct vrf_device is, was = i->device;

	look(i, &is);
	if (is.ifindex == was.ifindex && (is.ifindex == 0 || is.table == was.table)) {
		bool other = strcmp(is.why, was.why) != 0;
		i->device = is;
		/* Neighbours that wait say why. */
		if (other && i->d.kernel->synced)
			sessions_begin(&i->d);
		return;
	}
	log_info("vrf.device", LOG_S("vrf", i->vrf), LOG_S("state", is.ifindex != 0 ? "there" : "missing"), LOG_U("table", is.table),
	    LOG_S("error", is.ifindex != 0 ? NULL : is.why));
	i->device = is;
	if (was.ifindex != 0)
		sessions_end(&i->d, is.ifindex != 0 ? "its VRF is another one" : is.why);
	if (is.ifindex != 0 && is.table != i->table && !table_set(i, is.table)) {
		i->device = (struct vrf_device){.why = "the table of its VRF could not be opened: see the log"};
		return;
	}
	if (waits_for_device(i)) {
		/* Nobody will ask for routes of an earlier run. */
		kernel_sweep(i->d.kernel);
		look_again(i);
	}
	table_left(i->d.main);
	daemon_keys_changed(i->d.main);
	/* With a kernel that is new they begin when that is known. */
	if (i->d.kernel->synced)
		sessions_begin(&i->d);
}

static void
on_follow(evutil_socket_t fd, short what, void *arg)
{
	struct instance *i = arg;

	(void)fd;
	(void)what;
	loop_enter(i->d.loop);
	if (i->d.main->stopping)
		return;
	if (i->vrf != NULL)
		follow(i);
	else
		follow_table(i);
}

void
instances_link_changed(struct bgpd *main, const struct fib_link *link)
{
	struct instance *i;

	LIST_FOREACH(i, &main->instances, entry)
	if (i->vrf != NULL && (link->vrf_table != 0 || strcmp(i->vrf, link->name) == 0 || i->device.ifindex == link->ifindex))
		event_add(i->ev_follow, &(struct timeval){0});
}

/* ---- made and gone ---- */

/* As many as there are come and go, so that the order is that of their numbers. */
static void
append(struct instance_list *list, struct instance *new)
{
	struct instance *at = LIST_FIRST(list);

	while (at != NULL && LIST_NEXT(at, entry) != NULL)
		at = LIST_NEXT(at, entry);
	if (at == NULL)
		LIST_INSERT_HEAD(list, new, entry);
	else
		LIST_INSERT_AFTER(at, new, entry);
}

/* Of this table, or of this VRF. NULL: it cannot be, or the kernel's part could not be started; logged. */
static struct bgpd *
instance_new(struct bgpd *main, uint32_t table, const char *vrf)
{
	if (addresses_limited()) {
		log_error("table.new", LOG_U("table", table), LOG_S("vrf", vrf), LOG_S("error", "addresses are limited"),
		    LOG_S("hint", "each table reserves 126 GB of them: lift the limit (ulimit -v, LimitAS=)"));
		return NULL;
	}
	struct instance *i = xcalloc(1, sizeof *i);
	struct bgpd *d = &i->d;

	i->table = table;
	i->number = ++main->instances_made;
	i->ev_left = evtimer_new(main->loop->base, on_left, i);
	i->ev_follow = evtimer_new(main->loop->base, on_follow, i);
	ASSERT(i->ev_left != NULL && i->ev_follow != NULL);
	d->main = main;
	d->loop = main->loop;
	d->portion = main->portion;
	d->options = main->options;
	d->start_ns = main->start_ns;
	d->sessions = main->sessions;
	if (vrf != NULL) {
		i->vrf = xstrdup(vrf);
		look(i, &i->device);
		i->table = i->device.ifindex != 0 ? i->device.table : 0;
	} else {
		look_for_table(i);
	}
	share(i);
	instance_init(d);
	append(&main->instances, i);
	if (!instance_open(d)) {
		instance_free(i, true);
		return NULL;
	}
	instance_apply_settings(d);
	log_info("table.new", LOG_U("table", i->table), LOG_S("vrf", i->vrf), LOG_S("error", instance_missing(d)));
	return d;
}

bool
instances_start(struct bgpd *main)
{
	for (uint32_t i = 0; i < main->conf->tables.n; i++) {
		struct bgpd *d = instance_new(main, main->conf->tables.v[i], NULL);
		if (d == NULL)
			return false;
		instance_fill(d);
	}
	return true;
}

/* Makes those of VRFs that are missing. fill: with their neighbours. True: there is a new one. */
static bool
vrfs_make(struct bgpd *main, bool fill)
{
	bool made = false;

	for (uint32_t v = 0; v < main->conf->vrfs.n; v++) {
		struct bgpd *d = instance_of_vrf(main, main->conf->vrfs.v[v]);
		if (d != NULL || (d = instance_new(main, 0, main->conf->vrfs.v[v])) == NULL)
			continue;
		made = true;
		if (fill)
			instance_fill(d);
	}
	return made;
}

void
instances_synced(struct bgpd *main)
{
	if (!main->stopping && vrfs_make(main, true))
		daemon_keys_changed(main);
}

static bool
is_configured(const struct conf *c, const struct instance *i)
{
	for (uint32_t t = 0; i->vrf == NULL && t < c->tables.n; t++)
		if (c->tables.v[t] == i->table)
			return true;
	for (uint32_t v = 0; i->vrf != NULL && v < c->vrfs.n; v++)
		if (strcmp(c->vrfs.v[v], i->vrf) == 0)
			return true;
	return false;
}

unsigned
instances_refuse(struct bgpd *main, const struct conf *c, struct str *why)
{
	const struct instance *i;
	unsigned n = 0;

	LIST_FOREACH(i, &main->instances, entry)
	{
		if (i->vrf == NULL || i->table == 0 || !is_configured(c, i))
			continue;
		if (i->table == c->kernel.table)
			str_addf(why, "%skernel.table: found %u, the table of VRF %s, expected another one", n++ > 0 ? "\n" : "",
			    c->kernel.table, i->vrf);
		for (uint32_t t = 0; t < c->tables.n; t++)
			if (clash(i->table, c->tables.v[t]))
				str_addf(why, "%stable: found %u, and VRF %s has table %u, expected another one, no multiple of %u away",
				    n++ > 0 ? "\n" : "", c->tables.v[t], i->vrf, i->table, CONF_TABLE_STRIDE);
	}
	return n;
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
		leave(i, !is_configured(main->conf, i));
	}
	for (uint32_t t = 0; t < main->conf->tables.n; t++)
		if (of_table(main, main->conf->tables.v[t]) == NULL)
			instance_new(main, main->conf->tables.v[t], NULL);
	if (main->kernel->synced)
		vrfs_make(main, false);
	/* kernel.table may be another one. */
	table_left(main);
}

void
instances_free(struct bgpd *main, bool keep)
{
	while (!LIST_EMPTY(&main->instances))
		instance_free(LIST_FIRST(&main->instances), keep);
}
