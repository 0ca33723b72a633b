/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own: see own.h.
 */
#include "bgpd/own.h"

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "bgpd/pipeline.h"
#include "bgpd/reload.h"
#include "lib/mem.h"
#include "rib/community.h"

#include <string.h>

void
own_attr_begin(struct attr_edit *e)
{
	static const uint8_t igp = ATTR_ORIGIN_IGP;

	attr_edit_begin(e, NULL);
	attr_edit_put(e, ATTR_FLAG_TRANSITIVE, ATTR_ORIGIN, &igp, 1);
	attr_edit_put(e, ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH, "", 0);
}

void
own_attr_extras(struct attr_edit *e, const uint32_t *med, const uint32_t *local_preference,
    const struct conf_community *communities, uint32_t n)
{
	if (med != NULL)
		attr_edit_put_u32(e, ATTR_FLAG_OPTIONAL, ATTR_MED, *med);
	if (local_preference != NULL)
		attr_edit_put_u32(e, ATTR_FLAG_TRANSITIVE, ATTR_LOCAL_PREF, *local_preference);
	for (uint32_t i = 0; i < n; i++) {
		struct community_pattern c = compile_community(&communities[i]);
		community_add(e, &c);
	}
}

static attr_id
network_attr(struct bgpd *d, const struct conf_network *n)
{
	struct attr_edit e = {0};

	own_attr_begin(&e);
	if (n->blackhole)
		e.local.discard = ATTR_DISCARD_BLACKHOLE;
	own_attr_extras(&e, CONF_HAS(n, CONF_NET_MED) ? &n->med : NULL,
	    CONF_HAS(n, CONF_NET_LOCAL_PREFERENCE) ? &n->local_preference : NULL, n->communities.v, n->communities.n);
	attr_id id = attr_edit_commit(&e, d->attrs);
	attr_edit_fini(&e);
	return id;
}

static attr_id
static_attr(struct bgpd *d, const struct conf_static *st)
{
	struct attr_edit e = {0};

	own_attr_begin(&e);
	if (st->blackhole)
		e.local.discard = ATTR_DISCARD_BLACKHOLE;
	if (st->unreachable)
		e.local.discard = ATTR_DISCARD_UNREACHABLE;
	/* With an interface alone, or a gateway said to be on one, the kernel needs no resolving of ours. */
	if (st->via.family != FAMILY_NONE && st->interface == NULL)
		e.nexthop = nexthop_intern(d->nexthops, &st->via, NULL);
	attr_id id = attr_edit_commit(&e, d->attrs);
	if (e.nexthop != ATTR_NEXTHOP_NONE)
		nexthop_unref(d->nexthops, e.nexthop);
	attr_edit_fini(&e);
	return id;
}

static void
announce(struct bgpd *d, enum originate_set set, const struct ip_prefix *p, attr_id attr, enum rib_reject reject)
{
	originate_add(&d->originate, set, p, attr, reject, loop_now_s(d->loop));
	attr_unref(d->attrs, attr);
}

static void
announce_network(struct bgpd *d, const struct conf_network *n)
{
	announce(d, ORIGINATE_NETWORK, &n->prefix, network_attr(d, n), RIB_REJECT_NONE);
}

/*
 * No resolver looks after a route that names its interface: it is good as long as that is up. Nor do its attributes
 * tell which one it is, so the kernel half is to look again even where they are the same.
 */
static void
announce_static(struct bgpd *d, const struct conf_static *st)
{
	bool good = st->interface == NULL || kernel_is_up(d->kernel, st->interface);
	uint32_t id;

	announce(d, ORIGINATE_STATIC, &st->prefix, static_attr(d, st), good ? RIB_REJECT_NONE : RIB_REJECT_NEXTHOP);
	if (st->interface != NULL && (id = rib_find(d->rib, &st->prefix)) != 0)
		rib_prefix_touch(d->rib, (enum family)st->prefix.family, id, RIB_URGENT, RIB_CHANGE_NEXTHOP);
}

void
own_begin(struct own *o)
{
	struct originate *orig = &o->d->originate;

	ASSERT(!o->busy);
	bool began = originate_begin(orig, ORIGINATE_NETWORK) && originate_begin(orig, ORIGINATE_STATIC) &&
	    originate_begin(orig, ORIGINATE_AGGREGATE);
	ASSERT(began); /* the one before has been swept */
	o->set = ORIGINATE_NETWORK;
	o->at = 0;
	o->saying = o->busy = true;
	loop_job_start(o->d->loop, &o->job);
}

/* Says up to budget routes again; what is left of the budget. */
static uint32_t
say(struct own *o, uint32_t budget)
{
	struct bgpd *d = o->d;
	const struct conf *conf = d->conf;

	for (; budget > 0 && o->set == ORIGINATE_NETWORK && o->at < conf->networks.n; o->at++, budget--)
		if (health_holds(&d->health, o->at))
			announce_network(d, &conf->networks.v[o->at]);
	if (budget > 0 && o->set == ORIGINATE_NETWORK) {
		o->set = ORIGINATE_STATIC;
		o->at = 0;
	}
	for (; budget > 0 && o->set == ORIGINATE_STATIC && o->at < conf->statics.n; o->at++, budget--)
		announce_static(d, &conf->statics.v[o->at]);
	if (budget > 0 && o->set == ORIGINATE_STATIC) {
		o->set = ORIGINATE_AGGREGATE;
		o->at = 0;
	}
	for (; budget > 0 && o->at < d->aggregates.n; o->at++, budget--)
		aggregates_own_say(&d->aggregates, o->at);
	if (budget > 0) {
		originate_end(&d->originate, ORIGINATE_NETWORK);
		originate_end(&d->originate, ORIGINATE_STATIC);
		originate_end(&d->originate, ORIGINATE_AGGREGATE);
		o->saying = false;
	}
	return budget;
}

/* True: all is done. */
static bool
run(struct own *o, uint32_t budget)
{
	if (o->saying)
		budget = say(o, budget);
	o->busy = o->saying || !originate_run(&o->d->originate, budget);
	return !o->busy;
}

static enum job_result
job_run(struct job *job, uint64_t deadline_ns)
{
	struct own *o = container_of(job, struct own, job);
	struct bgpd *d = o->d;
	bool done = false;

	while (!done && time_mono_ns() < deadline_ns)
		done = run(o, d->portion);
	pipeline_decide(d->pipeline);
	if (!done)
		return JOB_MORE;
	/* Next hops of statics may be new ones. */
	pipeline_resolve(d->pipeline);
	reload_own_done(d->reload);
	return JOB_DONE;
}

void
own_run_all(struct own *o)
{
	while (o->busy)
		run(o, o->d->portion);
	loop_job_cancel(o->d->loop, &o->job);
	pipeline_resolve(o->d->pipeline);
	pipeline_decide(o->d->pipeline);
}

bool
own_busy(const struct own *o)
{
	return o->busy;
}

void
own_init(struct own *o, struct bgpd *d)
{
	*o = (struct own){.d = d, .job = {.run = job_run, .name = "own"}};
}

void
own_fini(struct own *o)
{
	loop_job_cancel(o->d->loop, &o->job);
}

void
own_link_changed(struct bgpd *d, const char *name)
{
	const struct conf *conf = d->conf;
	bool any = false;

	for (uint32_t i = 0; i < conf->statics.n; i++) {
		if (conf->statics.v[i].interface == NULL || strcmp(conf->statics.v[i].interface, name) != 0)
			continue;
		announce_static(d, &conf->statics.v[i]);
		any = true;
	}
	if (any)
		pipeline_decide(d->pipeline);
	health_link_changed(&d->health, name);
}

void
own_network_changed(struct bgpd *d, uint32_t number)
{
	const struct conf_network *n = &d->conf->networks.v[number];

	if (health_holds(&d->health, number))
		announce_network(d, n);
	else
		originate_del(&d->originate, ORIGINATE_NETWORK, &n->prefix, loop_now_s(d->loop));
	pipeline_decide(d->pipeline);
}

void
own_network_add(struct bgpd *d, const struct ip_prefix *p)
{
	struct attr_edit e = {0};

	own_attr_begin(&e);
	announce(d, ORIGINATE_CONTROL, p, attr_edit_commit(&e, d->attrs), RIB_REJECT_NONE);
	attr_edit_fini(&e);
	pipeline_decide(d->pipeline);
}

bool
own_network_del(struct bgpd *d, const struct ip_prefix *p)
{
	bool was = originate_del(&d->originate, ORIGINATE_CONTROL, p, loop_now_s(d->loop));

	pipeline_decide(d->pipeline);
	return was;
}
