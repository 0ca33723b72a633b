/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_routes: see peer_routes.h.
 *
 * The source in the RIB lives as long as the peer. When a session ends its paths
 * go stale at once and are swept in slices, or kept for a graceful restart; a new
 * session may begin meanwhile, since what it announces belongs to a new generation.
 * RFC 2918, 7313, 4724 2, 9494 4.2.
 */
#include "bgpd/peer_routes.h"

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/import.h"
#include "bgpd/nlri.h"
#include "bgpd/peer.h"
#include "bgpd/pipeline.h"
#include "bgpd/update_in.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "rib/community.h"
#include "rib/growth.h"
#include "rib/llgr.h"
#include "rib/walk.h"

#include <stdlib.h>
#include <string.h>

enum refilter_mode {
	REFILTER_ALL,
	REFILTER_BLOCKED, /* routes that max-prefix keeps out */
};

struct peer_routes {
	struct peer *peer;
	struct rib_source *source;
	struct group_member member;
	bool joined;
	uint8_t eor; /* families whose End-of-RIB has come, OPEN_FAMILY bits */
	struct update_stats stats;
	uint32_t own_nexthop; /* a reference; 0: none */

	uint8_t limit_told[FAMILY_COUNT]; /* enum limit_level: the log has said so */
	uint32_t vacated[FAMILY_COUNT];   /* of the source, when room was looked for last */

	struct job refilter; /* import policy has changed: every kept route is judged again */
	struct rib_walk refilter_walk;
	bool refiltering;
	enum refilter_mode mode;
	bool blocked_due;  /* there was room for some when the walk was under way */
};

enum limit_level { LIMIT_BELOW, LIMIT_NEAR, LIMIT_OVER };

static enum job_result refilter_run(struct job *job, uint64_t deadline_ns);
static void set_limits(struct peer_routes *r);
static void check_limits(struct peer *p);
static void admit_blocked(struct peer_routes *r);

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
	s->peer_type = peer_is_internal(p) ? RIB_PEER_IBGP : (uint8_t)peer_type(p);
	s->rr_client = p->conf->route_reflector_client;
	s->rs_client = p->conf->route_server_client;
	p->routes = r;
	memory_peer_new(p);
	set_limits(r);
	return true;
}

void
peer_routes_free(struct peer *p)
{
	struct peer_routes *r = p->routes;

	memory_peer_down(p);
	loop_job_cancel(p->d->loop, &r->refilter);
	pipeline_sweep_cancel(p->d->pipeline, r->source);
	groups_source_changed(p->d->groups, r->source);
	rib_source_remove(p->d->rib, r->source);
	free(r);
	p->routes = NULL;
}

struct rib_source *
peer_routes_source(const struct peer *p)
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

/* RFC 8212: an external session without policies comes up, and somebody wonders why nothing goes over it. */
static void
tell_missing_policy(const struct peer *p)
{
	bool in = !policies_import(p->d->policies, peer_number(p) - 1)->missing;
	bool out = !policies_export(p->d->policies, peer_number(p) - 1)->missing;

	if (!in || !out)
		log_warn("neighbor.no_policy", LOG_S("neighbor", p->name), LOG_S("import", in ? "configured" : "none"),
		    LOG_S("export", out ? "configured" : "none"),
		    LOG_S("effect", "nothing goes through without one (RFC 8212)"));
}

/*
 * Tells the source who the neighbour is now. Where it is another than it was (a reload made it a reflector client, or
 * paths of a session before are still there and kept when it announces the same), its paths are decided and exported anew.
 */
static void
source_identify(struct peer *p)
{
	struct rib_source *s = p->routes->source, was = *s;

	s->router_id = p->main->theirs.id;
	s->as = p->main->theirs.as;
	s->peer_type = (uint8_t)peer_type(p);
	s->rr_client = p->conf->route_reflector_client;
	s->rs_client = p->conf->route_server_client;
	s->addr = p->addr;
	if (was.router_id == s->router_id && was.as == s->as && was.peer_type == s->peer_type &&
	    was.rr_client == s->rr_client && was.rs_client == s->rs_client && ip_addr_eq(&was.addr, &s->addr))
		return;
	groups_source_changed(p->d->groups, s);
	if (s->ids[FAMILY_IPV4].count + s->ids[FAMILY_IPV6].count > 0)
		pipeline_touch_all(p->d->pipeline);
}

void
peer_routes_up(struct peer *p)
{
	struct peer_routes *r = p->routes;

	source_identify(p);
	r->eor = 0;
	set_limits(r);
	memset(r->limit_told, LIMIT_BELOW, sizeof r->limit_told);
	r->own_nexthop = nexthop_intern(p->d->nexthops, &p->addr, NULL);
	max_out_up(p);
	memory_peer_up(p);
	groups_join(p->d->groups, p, &r->member);
	r->joined = true;
	session_stream_ready(p->main->session);
	tell_missing_policy(p);
	peer_gr_up(p);
	admit_blocked(r);
	restart_peers_changed(&p->d->restart);
}

static void
swept(void *ctx)
{
	struct peer *p = ctx;

	if (p->removed) {
		peer_free(p);
		return;
	}
	admit_blocked(p->routes);
	check_limits(p);
}

void
peer_routes_mark(struct peer *p, enum family f)
{
	rib_source_stale(p->routes->source, f);
}

void
peer_routes_sweep(struct peer *p, enum family f)
{
	pipeline_sweep(p->d->pipeline, p->routes->source, f, swept, p);
}

void
peer_routes_down(struct peer *p, bool graceful)
{
	struct peer_routes *r = p->routes;

	bool refiltering = r->refiltering && r->mode == REFILTER_ALL;
	loop_job_cancel(p->d->loop, &r->refilter);
	r->refiltering = r->blocked_due = false;
	update_in_drop(p->d->updates);
	policies_forget(p->d->policies);
	r->joined = false;
	max_out_down(p);
	memory_peer_down(p);
	groups_leave(p->d->groups, &r->member);
	nexthop_unref(p->d->nexthops, r->own_nexthop);
	r->own_nexthop = 0;
	peer_gr_lost(p, graceful);
	/* A new policy counts for what is kept, too. */
	if (refiltering)
		peer_routes_rejudge_stale(p);
	restart_peers_changed(&p->d->restart);
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
		pipeline_sweep(p->d->pipeline, r->source, fam, swept, p);
		break;
	default:
		break;
	}
}

static void
end_of_rib(struct peer *p, uint8_t families)
{
	/* What was queued before it is not stale. */
	update_in_flush(p->d->updates, p);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (families & OPEN_FAMILY(f))
			peer_gr_end_of_rib(p, f);
	restart_peers_changed(&p->d->restart);
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
		end_of_rib(p, eor);
	}
}

void
peer_routes_batch(struct peer *p)
{
	struct peer_routes *r = p->routes;
	bool room = false;

	update_in_flush(p->d->updates, p);
	memory_peer_took(p);
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		room |= r->source->vacated[f] != r->vacated[f];
		r->vacated[f] = r->source->vacated[f];
	}
	if (room)
		admit_blocked(r);
	if (r->source->misses)
		memory_peer_refused(p);
	check_limits(p);
}

static void
set_limits(struct peer_routes *r)
{
	const struct conf_neighbor *nb = r->peer->conf;
	bool block = CONF_HAS(nb, CONF_NB_MAX_PREFIX) && nb->max_prefix.action == CONF_MAX_BLOCK;

	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		r->source->limit[f] = block ? nb->max_prefix.limit : 0;
}

/* Each level is told once on the way up. */
static void
tell_limit(struct peer_routes *r, enum family f, const struct conf_max_prefix *m)
{
	static const char *const effects[] = {[CONF_MAX_WARN] = "none",
	    [CONF_MAX_BLOCK] = "further prefixes are kept out",
	    [CONF_MAX_RESTART] = "the session ends for a while",
	    [CONF_MAX_SHUTDOWN] = "the session ends"};
	uint32_t n = r->source->received[f];
	enum limit_level level = n > m->limit ? LIMIT_OVER
	    : n > (uint64_t)m->limit * m->warn_percent / 100 ? LIMIT_NEAR
							     : LIMIT_BELOW;

	if (level > r->limit_told[f])
		log_warn("neighbor.max_prefix", LOG_S("neighbor", r->peer->name), LOG_S("family", family_name(f)),
		    LOG_U("received", n), LOG_U("limit", m->limit),
		    LOG_S("effect", level == LIMIT_OVER ? effects[m->action] : "none yet"));
	r->limit_told[f] = (uint8_t)level;
}

static void
check_limits(struct peer *p)
{
	struct peer_routes *r = p->routes;
	const struct conf_max_prefix *m = &p->conf->max_prefix;
	struct bgp_error cease;

	if (!CONF_HAS(p->conf, CONF_NB_MAX_PREFIX) || !r->joined)
		return;
	/* Until stale paths are swept, what a neighbour has renamed while it restarted is there under both names. */
	bool twice = peer_gr_keeps(p, FAMILY_NONE) || pipeline_sweeping(p->d->pipeline, r->source);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		uint64_t limit = twice ? 2ull * m->limit : m->limit;
		if (!twice)
			tell_limit(r, f, m);
		if (r->source->received[f] <= limit || m->action == CONF_MAX_WARN || m->action == CONF_MAX_BLOCK)
			continue;
		notify_max_prefix_set(&cease, family_afi(f), BGP_SAFI_UNICAST, m->limit);
		peer_end(p, &cease, m->action == CONF_MAX_SHUTDOWN ? PEER_STAY_DOWN : m->restart_after_s);
		return;
	}
}

void
peer_routes_limit_changed(struct peer *p)
{
	set_limits(p->routes);
	check_limits(p);
	admit_blocked(p->routes);
	max_out_up(p);
	peer_routes_wake(p);
}

bool
peer_routes_in_sync(const struct peer *p)
{
	return (p->session.caps.families & ~p->routes->eor) == 0;
}

/* RFC 9494 4.2: the result of import as a route of last resort, with LLGR_STALE. False: it has NO_LLGR and goes. */
static bool
last_resort(struct bgpd *d, struct import_result *res)
{
	if (res->reject != RIB_REJECT_NONE)
		return true;
	const struct attr_set *s = attr_get(d->attrs, res->effective);
	if (community_has(s, COMMUNITY_NO_LLGR))
		return false;
	attr_id marked = llgr_stale_add(d->attrs, res->effective);
	attr_unref(d->attrs, res->effective);
	res->effective = marked;
	/* No room for a community more in 64 KB: then it cannot be told from a good one, and goes. */
	return marked != ATTR_NONE;
}

/* What a policy of ours makes of a path is no growth of the neighbour's, and never refused for want of memory. */
static void
apply_again(struct peer_routes *r, const struct rib_op *op)
{
	struct bgpd *d = r->peer->d;
	int64_t grown = r->source->grown, larger = r->source->larger, may_grow = r->source->may_grow;

	r->source->may_grow = INT64_MAX;
	rib_apply(d->rib, r->source, op, 1, loop_now_s(d->loop), RIB_BULK);
	r->source->may_grow = may_grow;
	if (!op->withdraw)
		rib_growth_by_policy(r->source, grown, larger);
}

/* Judges one path again, as it was received. */
static void
refilter_path(struct peer_routes *r, enum family f, uint32_t id, const struct rib_path *path)
{
	struct bgpd *d = r->peer->d;
	struct ip_prefix prefix = rib_prefix(d->rib, f, id);
	uint8_t gen = path->gen;
	attr_id received = attr_ref(d->attrs, rib_path_received(d->rib, f, id, path));
	struct import_result res;

	import_run(r->peer, received, &prefix, &res);
	bool stale = rib_path_stale(d->rib, f, path);
	bool keep = !stale || !peer_gr_is_long(&r->peer->gr, f) || last_resort(d, &res);
	struct rib_op op = {.prefix = prefix,
	    .withdraw = !keep,
	    .reject = (uint8_t)res.reject,
	    .hash = rib_hash(d->rib, &prefix),
	    .received = received,
	    .effective = res.effective,
	    .path_id = rib_path_id(path)};
	apply_again(r, &op);
	if (keep && stale)
		rib_path_generation_set(d->rib, r->source, f, id, op.path_id, gen);
	attr_unref(d->attrs, res.effective);
	attr_unref(d->attrs, received);
}

static bool
refilter_wants(const struct peer_routes *r, enum family f, const struct rib_path *path)
{
	/* Also what is stale: should the session end before it is announced again or swept, it is kept. */
	if (path == NULL)
		return false;
	return r->mode == REFILTER_ALL ||
	    (rib_path_reject(path) == RIB_REJECT_MAX_PREFIX && rib_source_has_room(r->source, f));
}

/* All paths of one prefix; by their ids, since one that goes may move another. */
static void
refilter_prefix(struct peer_routes *r, enum family f, uint32_t id)
{
	const struct rib *rib = r->peer->d->rib;
	uint16_t source = r->source->index;
	uint32_t ids[RIB_PATHS_MAX], n = 0;

	for (const struct rib_path *p = rib_path_of(rib, f, id, source); p != NULL; p = rib_path_of_next(rib, f, p))
		ids[n++] = rib_path_id(p);
	for (uint32_t i = 0; i < n; i++) {
		const struct rib_path *p = rib_path_by_id(rib, f, id, source, ids[i]);
		if (refilter_wants(r, f, p))
			refilter_path(r, f, id, p);
	}
}

/* The received sets are kept, so a changed import policy needs nothing from the neighbour. */
static enum job_result
refilter_run(struct job *job, uint64_t deadline_ns)
{
	struct peer_routes *r = container_of(job, struct peer_routes, refilter);
	struct bgpd *d = r->peer->d;
	struct rib_walk *w = &r->refilter_walk;

	while (r->refiltering && time_mono_ns() < deadline_ns) {
		uint32_t budget = d->portion, id;
		while ((id = rib_walk_next(d->rib, w, &budget)) != 0)
			refilter_prefix(r, w->family, id);
		if (!w->done)
			continue;
		if (w->family == FAMILY_IPV4) {
			rib_walk_source(w, FAMILY_IPV6, r->source);
			continue;
		}
		r->refiltering = r->blocked_due;
		r->mode = REFILTER_BLOCKED;
		r->blocked_due = false;
		rib_walk_source(w, FAMILY_IPV4, r->source);
	}
	pipeline_decide(d->pipeline);
	return r->refiltering ? JOB_MORE : JOB_DONE;
}

static void
refilter_start(struct peer_routes *r, enum refilter_mode mode)
{
	r->refiltering = true;
	r->mode = mode;
	rib_walk_source(&r->refilter_walk, FAMILY_IPV4, r->source);
	loop_job_start(r->peer->d->loop, &r->refilter);
}

/* Lets in routes that max-prefix keeps out, as far as there is room. */
static void
admit_blocked(struct peer_routes *r)
{
	bool any = false;

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		any |= r->source->blocked[f] > 0 && rib_source_has_room(r->source, f);
	if (!any || !r->joined)
		return;
	if (r->refiltering)
		r->blocked_due = true;
	else
		refilter_start(r, REFILTER_BLOCKED);
}

void
peer_routes_reconfigure(struct peer *p)
{
	if (!p->routes->joined) {
		peer_routes_rejudge_stale(p);
		return;
	}
	source_identify(p);
	refilter_start(p->routes, REFILTER_ALL);
}

void
peer_routes_rejudge_stale(struct peer *p)
{
	if (peer_gr_keeps(p, FAMILY_NONE))
		refilter_start(p->routes, REFILTER_ALL);
}

void
peer_routes_retire(struct peer *p)
{
	/* Kept routes may just be judged again; it has no policies any more. */
	loop_job_cancel(p->d->loop, &p->routes->refilter);
	p->routes->refiltering = p->routes->blocked_due = false;
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
	if (!r->joined)
		return;
	out->sent = adjout_member_count(&r->member.out, f, &r->source->best[f]) +
	    groups_default_sent(p->d->groups, &r->member, f);
	out->held = adjout_member_held_count(&r->member.out, f);
}

bool
peer_routes_written(struct peer *p)
{
	struct iovec one;

	return !p->routes->joined || group_member_iov(&p->routes->member, &one, 1) == 0;
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
	struct peer_routes *r = p->routes;

	if (!r->joined || !max_out_allows(p))
		return 0;
	int n = group_member_iov(&r->member, iov, max);
	/* What was left may have been for others alone, and the ring has room now without anything being sent. */
	if (n == 0)
		groups_room(p->d->groups, &r->member);
	return n;
}

int
peer_routes_peek(struct peer *p, struct iovec *iov, int max)
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
