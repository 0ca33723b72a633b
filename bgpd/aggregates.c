/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aggregates: see aggregates.h.
 */
#include "bgpd/aggregates.h"

#include "bgpd/daemon.h"
#include "bgpd/own.h"
#include "bgpd/pipeline.h"
#include "lib/buf.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <stdlib.h>

/* RFC 4271 5.1.6, 5.1.7: the path that the more specific ones have is not in it, and we are who left it out. */
static attr_id
attr_of(struct bgpd *d, const struct conf_aggregate *a)
{
	struct attr_edit e = {0};
	uint8_t aggregator[8];

	own_attr_begin(&e);
	be32_put(aggregator, conf_outside_as(&d->conf->router));
	be32_put(aggregator + 4, d->router_id);
	attr_edit_put(&e, ATTR_FLAG_TRANSITIVE, ATTR_ATOMIC_AGGREGATE, "", 0);
	attr_edit_put(&e, ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, ATTR_AGGREGATOR, aggregator, sizeof aggregator);
	if (a->blackhole)
		e.local.discard = ATTR_DISCARD_BLACKHOLE;
	own_attr_extras(&e, CONF_HAS(a, CONF_AGG_MED) ? &a->med : NULL,
	    CONF_HAS(a, CONF_AGG_LOCAL_PREFERENCE) ? &a->local_preference : NULL, a->communities.v, a->communities.n);
	attr_id id = attr_edit_commit(&e, d->attrs);
	attr_edit_fini(&e);
	return id;
}

static void
routes_free(struct aggregates_own *ao)
{
	for (uint32_t i = 0; i < ao->n; i++)
		attr_unref(ao->d->attrs, ao->routes[i].attr);
	free(ao->routes);
	ao->routes = NULL;
	ao->n = 0;
}

static void
announce(struct aggregates_own *ao, uint32_t number)
{
	struct bgpd *d = ao->d;
	const struct aggregate_route *r = &ao->routes[number];

	originate_add(&d->originate, ORIGINATE_AGGREGATE, &r->prefix, r->attr, RIB_REJECT_NONE, loop_now_s(d->loop));
}

static void
told(void *ctx, const struct ip_prefix *p, uint32_t number, bool active)
{
	struct aggregates_own *ao = ctx;
	struct bgpd *d = ao->d;
	char text[IP_PREFIX_STRLEN];

	log_info("aggregate.changed", LOG_S("prefix", ip_prefix_str(p, text, sizeof text)),
	    LOG_S("state", active ? "announced" : "withdrawn"));
	if (active)
		announce(ao, number);
	else
		originate_del(&d->originate, ORIGINATE_AGGREGATE, p, loop_now_s(d->loop));
}

static enum job_result
job_run(struct job *job, uint64_t deadline_ns)
{
	struct aggregates_own *ao = container_of(job, struct aggregates_own, job);
	bool done = false;

	while (!done && time_mono_ns() < deadline_ns)
		done = aggregates_run(&ao->set, ao->d->portion, told, ao);
	pipeline_decide(ao->d->pipeline);
	return done ? JOB_DONE : JOB_MORE;
}

void
aggregates_own_init(struct aggregates_own *ao, struct bgpd *d, uint64_t seed)
{
	*ao = (struct aggregates_own){.d = d, .job = {.run = job_run, .name = "aggregates"}};
	aggregates_init(&ao->set, d->rib, seed);
}

void
aggregates_own_fini(struct aggregates_own *ao)
{
	loop_job_cancel(ao->d->loop, &ao->job);
	routes_free(ao);
	aggregates_fini(&ao->set);
}

void
aggregates_own_apply(struct aggregates_own *ao)
{
	const struct conf *c = ao->d->conf;
	struct aggregates_old old;

	routes_free(ao);
	ao->routes = xcalloc(c->aggregates.n + 1u, sizeof *ao->routes);
	ao->n = c->aggregates.n;
	aggregates_begin(&ao->set, &old);
	for (uint32_t i = 0; i < ao->n; i++) {
		const struct conf_aggregate *a = &c->aggregates.v[i];
		ao->routes[i] = (struct aggregate_route){.prefix = a->prefix, .attr = attr_of(ao->d, a)};
		aggregates_add(&ao->set, &old, &a->prefix, i, a->summary_only);
	}
	aggregates_end(&ao->set, &old);
	loop_job_start(ao->d->loop, &ao->job);
}

void
aggregates_own_say(struct aggregates_own *ao, uint32_t number)
{
	if (aggregates_active(&ao->set, &ao->routes[number].prefix))
		announce(ao, number);
}

void
aggregates_own_change(struct aggregates_own *ao, const struct rib_change *c, struct rib_change *seen)
{
	if (aggregates_change(&ao->set, c, seen))
		loop_job_soon(ao->d->loop, &ao->job);
}
