/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_routes: see peer_routes.h.
 *
 * The source in the RIB lives as long as the peer. When a session ends its paths
 * go stale at once and are swept in slices; a new session may begin meanwhile,
 * since what it announces belongs to a new generation. RFC 2918, 7313, 4724 2.
 */
#include "bgpd/peer_routes.h"

#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/import.h"
#include "bgpd/nlri.h"
#include "bgpd/peer.h"
#include "bgpd/pipeline.h"
#include "bgpd/update_in.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "rib/walk.h"

#include <stdlib.h>

#define REFILTER_PORTION 256

struct peer_routes {
	struct peer *peer;
	struct rib_source *source;
	struct group_member member;
	bool joined;
	uint8_t eor; /* families whose End-of-RIB has come, OPEN_FAMILY bits */
	struct update_stats stats;
	uint32_t own_nexthop; /* a reference; 0: none */

	bool limit_warned[FAMILY_COUNT];

	struct job refilter; /* import policy has changed: every kept route is judged again */
	struct rib_walk refilter_walk;
};

static enum job_result refilter_run(struct job *job, uint64_t deadline_ns);

bool
peer_routes_new(struct peer *p)
{
	struct rib_source *s = rib_source_add(p->d->rib, RIB_SOURCE_BGP);

	if (s == NULL)
		return false;
	struct peer_routes *r = xcalloc(1, sizeof *r);
	r->peer = p;
	r->source = s;
	r->refilter = (struct job){.run = refilter_run, .name = "refilter"};
	s->owner = p;
	s->addr = p->addr;
	s->as = p->conf->remote_as.as;
	s->peer_type = peer_is_internal(p) ? RIB_PEER_IBGP : RIB_PEER_EBGP;
	s->rr_client = p->conf->route_reflector_client;
	p->routes = r;
	return true;
}

void
peer_routes_free(struct peer *p)
{
	struct peer_routes *r = p->routes;

	loop_job_cancel(&p->d->loop, &r->refilter);
	pipeline_sweep_cancel(p->d->pipeline, r->source);
	rib_source_remove(p->d->rib, r->source);
	free(r);
	p->routes = NULL;
}

struct rib_source *
peer_routes_source(struct peer *p)
{
	return p->routes->source;
}

struct update_stats *
peer_routes_update_stats(struct peer *p)
{
	return &p->routes->stats;
}

uint32_t
peer_routes_own_nexthop(struct peer *p)
{
	return p->routes->own_nexthop;
}

const struct group_member *
peer_routes_member(const struct peer *p)
{
	return p->routes->joined ? &p->routes->member : NULL;
}

bool
peer_routes_ready(const struct peer *p)
{
	return rib_source_ready(p->routes->source);
}

void
peer_routes_up(struct peer *p)
{
	struct peer_routes *r = p->routes;

	r->source->router_id = p->main->theirs.id;
	r->source->as = p->main->theirs.as;
	r->source->peer_type = p->session.internal ? RIB_PEER_IBGP : RIB_PEER_EBGP;
	r->source->rr_client = p->conf->route_reflector_client;
	r->eor = 0;
	r->own_nexthop = nexthop_intern(p->d->nexthops, &p->addr, NULL);
	groups_join(p->d->groups, p, &r->member);
	r->joined = true;
	session_stream_ready(p->main->session);
}

static void
swept(void *ctx)
{
	struct peer *p = ctx;

	if (p->removed)
		peer_free(p);
}

void
peer_routes_down(struct peer *p)
{
	struct peer_routes *r = p->routes;

	loop_job_cancel(&p->d->loop, &r->refilter);
	update_in_drop(p->d->updates);
	r->joined = false;
	groups_leave(p->d->groups, &r->member);
	nexthop_unref(p->d->nexthops, r->own_nexthop);
	r->own_nexthop = 0;
	rib_source_stale(r->source, FAMILY_NONE);
	pipeline_sweep(p->d->pipeline, r->source, FAMILY_NONE, swept, p);
}

static void
refresh_message(struct peer *p, const struct msg_frame *f)
{
	struct peer_routes *r = p->routes;
	struct msg_refresh m;
	struct bgp_error err;
	bool enhanced = p->session.caps.enhanced_refresh;

	if (!msg_refresh_decode(f, enhanced, &m, &err)) {
		peer_update_error(p, &err);
		return;
	}
	enum family fam = family_from_afi_safi(m.afi, m.safi);
	if (fam == FAMILY_NONE || !(p->session.caps.families & OPEN_FAMILY(fam)))
		return;
	log_debug("neighbor.refresh", LOG_S("neighbor", p->name), LOG_S("family", family_name(fam)),
	    LOG_U("subtype", m.subtype));
	switch (m.subtype) {
	case REFRESH_NORMAL:
		groups_refresh(p->d->groups, &r->member, fam, enhanced);
		break;
	case REFRESH_BORR:
		/* What was queued before belongs to the time before. */
		update_in_flush(p->d->updates, p);
		rib_source_stale(r->source, fam);
		break;
	case REFRESH_EORR:
		update_in_flush(p->d->updates, p);
		pipeline_sweep(p->d->pipeline, r->source, fam, NULL, NULL);
		break;
	default:
		break;
	}
}

void
peer_routes_message(struct peer *p, const struct msg_frame *f)
{
	struct peer_routes *r = p->routes;
	struct bgp_error err;
	uint8_t eor;

	if (f->type == BGP_MSG_REFRESH) {
		refresh_message(p, f);
		return;
	}
	enum attr_outcome o = update_in_message(p->d->updates, p, f->body, f->body_len, &eor, &err);
	if (o >= ATTR_AF_DISABLE) {
		peer_update_error(p, &err);
		return;
	}
	if (eor != 0 && !(r->eor & eor)) {
		r->eor |= eor;
		daemon_end_of_rib(p->d);
	}
}

void
peer_routes_batch(struct peer *p)
{
	update_in_flush(p->d->updates, p);
	peer_routes_check_limit(p);
}

void
peer_routes_check_limit(struct peer *p)
{
	struct peer_routes *r = p->routes;
	const struct conf_max_prefix *m = &p->conf->max_prefix;

	if (!CONF_HAS(p->conf, CONF_NB_MAX_PREFIX) || !r->joined)
		return;
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		uint32_t n = r->source->received[f];
		bool warn = n > (uint64_t)m->limit * m->warn_percent / 100;
		if (warn && !r->limit_warned[f])
			log_warn("neighbor.max_prefix", LOG_S("neighbor", p->name),
			    LOG_S("family", family_name((enum family)f)), LOG_U("received", n),
			    LOG_U("limit", m->limit));
		r->limit_warned[f] = warn;
		if (n <= m->limit || m->action == CONF_MAX_WARN || m->action == CONF_MAX_BLOCK)
			continue;
		/* RFC 4486 4: the family and the limit are told to the neighbour in the log of its own. */
		if (m->action == CONF_MAX_SHUTDOWN)
			peer_stop(p, BGP_CEASE_MAX_PREFIX, NULL);
		else
			peer_reset(p, BGP_ERR_CEASE, BGP_CEASE_MAX_PREFIX, "more prefixes than max-prefix allows");
		return;
	}
}

bool
peer_routes_in_sync(const struct peer *p)
{
	return (p->session.caps.families & ~p->routes->eor) == 0;
}

/* The received sets are kept, so a changed import policy needs nothing from the neighbour. */
static enum job_result
refilter_run(struct job *job, uint64_t deadline_ns)
{
	struct peer_routes *r = container_of(job, struct peer_routes, refilter);
	struct bgpd *d = r->peer->d;
	struct rib_walk *w = &r->refilter_walk;

	while (time_mono_ns() < deadline_ns) {
		uint32_t budget = REFILTER_PORTION, id;
		while ((id = rib_walk_next(d->rib, w, &budget)) != 0) {
			struct import_result res;
			struct ip_prefix prefix = rib_prefix(d->rib, w->family, id);
			const struct rib_path *path = rib_path_of(d->rib, w->family, id, r->source->index);
			if (path == NULL || rib_path_stale(d->rib, w->family, path))
				continue;
			attr_id received = attr_ref(d->attrs, rib_path_received(d->rib, w->family, id, path));
			import_run(r->peer, received, &prefix, &res);
			struct rib_op op = {.prefix = prefix,
			    .reject = (uint8_t)res.reject,
			    .hash = rib_hash(d->rib, &prefix),
			    .received = received,
			    .effective = res.effective};
			rib_apply(d->rib, r->source, &op, 1, loop_now_s(&d->loop), RIB_BULK);
			attr_unref(d->attrs, res.effective);
			attr_unref(d->attrs, received);
		}
		if (!w->done)
			continue;
		pipeline_decide(d->pipeline, RIB_BULK);
		if (w->family == FAMILY_IPV6)
			return JOB_DONE;
		rib_walk_source(w, FAMILY_IPV6, r->source);
	}
	pipeline_decide(d->pipeline, RIB_BULK);
	return JOB_MORE;
}

void
peer_routes_reconfigure(struct peer *p)
{
	struct peer_routes *r = p->routes;

	if (!r->joined)
		return;
	rib_walk_source(&r->refilter_walk, FAMILY_IPV4, r->source);
	loop_job_start(&p->d->loop, &r->refilter);
}

void
peer_routes_retire(struct peer *p)
{
	pipeline_sweep(p->d->pipeline, p->routes->source, FAMILY_NONE, swept, p);
}

void
peer_routes_refresh_in(struct peer *p)
{
	uint8_t msg[BGP_REFRESH_LEN];

	if (!peer_established(p) || !p->session.caps.route_refresh)
		return;
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		if (!(p->session.caps.families & OPEN_FAMILY(f)))
			continue;
		struct msg_refresh r = {.afi = family_afi((enum family)f), .safi = BGP_SAFI_UNICAST};
		peer_send(p, msg, msg_refresh_encode(msg, &r));
	}
}

void
peer_routes_refresh_out(struct peer *p)
{
	if (!p->routes->joined)
		return;
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (p->session.caps.families & OPEN_FAMILY(f))
			groups_refresh(p->d->groups, &p->routes->member, (enum family)f, p->session.caps.enhanced_refresh);
}

void
peer_routes_counts(const struct peer *p, enum family f, struct peer_route_counts *out)
{
	const struct peer_routes *r = p->routes;

	*out = (struct peer_route_counts){.received = r->source->received[f], .accepted = r->source->accepted[f]};
	if (r->joined)
		out->sent = adjout_member_count(&r->member.out, f, &r->source->best[f]);
}

void
peer_routes_wake(struct peer *p)
{
	if (p->main->session != NULL)
		session_stream_ready(p->main->session);
}

/*
 * Both connections of a collision have streams in name; only the established one has anything to send.
 */
int
peer_routes_iov(struct peer *p, struct iovec *iov, int max)
{
	return p->routes->joined ? group_member_iov(&p->routes->member, iov, max) : 0;
}

void
peer_routes_sent(struct peer *p, size_t octets)
{
	struct group_member *m = &p->routes->member;
	uint64_t updates = m->updates, refreshes = m->refreshes;

	group_member_sent(m, octets);
	/* The session counts what is not the stream's. */
	p->stats.out[BGP_MSG_UPDATE] += m->updates - updates;
	p->stats.out[BGP_MSG_REFRESH] += m->refreshes - refreshes;
	groups_room(p->d->groups, m);
}

size_t
peer_routes_partial(struct peer *p)
{
	return p->routes->joined ? group_member_partial(&p->routes->member) : 0;
}
