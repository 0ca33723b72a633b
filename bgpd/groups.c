/* SPDX-License-Identifier: Apache-2.0 */
/*
 * groups: see groups.h. The view that rib/adjout has of the RIB, and which
 * neighbours share a group, by the key that groups_key.c makes; encoding is in groups_encode.c.
 */
#include "bgpd/groups.h"

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "bgpd/groups_int.h"
#include "bgpd/nexthop_self.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/pipeline.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "rib/walk.h"

#include <stdlib.h>
#include <string.h>

static enum job_result drain_run(struct job *job, uint64_t deadline_ns);

/* ---- the RIB as groups see it ---- */

static enum adjout_current
view_current(void *ctx, enum family f, uint32_t id, uint32_t *attr, uint16_t *source)
{
	struct groups *g = ctx;
	const struct rib_path *best;

	if (rib_prefix_dirty(g->d->rib, f, id))
		return ADJOUT_DIRTY;
	best = aggregates_hides(&g->d->aggregates.set, f, id) ? NULL : rib_best(g->d->rib, f, id);
	*attr = best != NULL ? best->attr : ATTR_NONE;
	*source = best != NULL ? best->source : 0;
	return ADJOUT_SETTLED;
}

struct adjout_path
groups_path(const struct rib_path *p)
{
	return (struct adjout_path){.attr = p->attr,
	    /* It stays as long as the path does, whatever becomes of policies and the configuration. */
	    .path_id = rib_path_number(p) << 16 | p->source,
	    .source = p->source,
	    .changed = (p->flags & RIB_PATH_CHANGED) != 0};
}

static void
add_path(struct groups *g, uint32_t *n, const struct rib_path *p)
{
	if (*n == g->paths_cap) {
		g->paths_cap = g->paths_cap != 0 ? g->paths_cap * 2 : 16;
		g->paths = xreallocarray(g->paths, g->paths_cap, sizeof *g->paths);
	}
	g->paths[(*n)++] = groups_path(p);
}

static enum adjout_current
view_paths(void *ctx, enum family f, uint32_t id, uint32_t which, const struct adjout_path **paths, uint32_t *n)
{
	struct groups *g = ctx;
	struct rib *rib = g->d->rib;
	const struct rib_path *ranked[CONF_ADD_PATH_MAX];

	if (rib_prefix_dirty(rib, f, id))
		return ADJOUT_DIRTY;
	*n = 0;
	if (aggregates_hides(&g->d->aggregates.set, f, id))
		return ADJOUT_SETTLED;
	if (which < ADJOUT_PATHS_ECMP) {
		unsigned found = rib_rank(rib, f, id, ranked, which);
		for (unsigned i = 0; i < found; i++)
			add_path(g, n, ranked[i]);
	} else {
		unsigned used = RIB_PATH_BEST | RIB_PATH_MULTIPATH;
		for (const struct rib_path *p = rib_path_first(rib, f, id); p != NULL; p = rib_path_next(rib, f, p))
			if (which == ADJOUT_PATHS_ALL ? rib_path_usable(rib, p) : (p->flags & used) != 0)
				add_path(g, n, p);
	}
	*paths = g->paths;
	return ADJOUT_SETTLED;
}

bool
groups_chooses(struct groups *g, const struct group_member *m, enum family f, uint32_t id, const struct rib_path *p)
{
	uint32_t n = 0, i = 0, path_id = groups_path(p).path_id;
	const struct adjout_path *paths;

	if (view_paths(g, f, id, adjout_paths(&m->group->out, f), &paths, &n) == ADJOUT_DIRTY)
		return true;
	while (i < n && paths[i].path_id != path_id)
		i++;
	return i < n;
}

static uint32_t
view_next_id(void *ctx, enum family f, uint32_t from, uint32_t limit)
{
	struct groups *g = ctx;
	struct rib_walk w;

	rib_walk_table(&w, f);
	if (from > w.at)
		w.at = from;
	uint32_t budget = limit - w.at;
	uint32_t id = rib_walk_next(g->d->rib, &w, &budget);
	if (id != 0)
		return id;
	return w.done ? BITMAP_END : limit;
}

/*
 * RFC 8950 4: a next hop of the other family goes only to those who can read it. The others get our own address, and
 * nothing where we have none that they can. Takes the reference (in t), returns one, or ATTR_NONE.
 */
static attr_id
fit_next_hop(struct groups *g, const struct export_view *v, enum family f, attr_id out, struct attr_table *t)
{
	if (groups_next_hop_fits(g, v, f, attr_get(t, out)->nexthop))
		return out;
	struct attr_edit e = {0};
	attr_edit_begin(&e, attr_get(t, out));
	attr_unref(t, out);
	e.nexthop = ATTR_NEXTHOP_SELF;
	out = groups_next_hop_fits(g, v, f, e.nexthop) ? attr_edit_commit(&e, t) : ATTR_NONE;
	attr_edit_fini(&e);
	return out;
}

/* What the group remembers of attribute sets (rib/adjout_memo) leaves no more to remember. */
static void
policy_of_view(struct groups *g, const struct export_view *v, const struct policy_input *in,
    const struct policy_trace *trace, struct policy_result *res)
{
	if (trace != NULL || !(v->chain.reads & POLICY_READS_PREFIX))
		policy_run_traced(v->chain.v, v->chain.n, in, res, trace);
	else
		policies_run(g->d->policies, &v->chain, in, res);
}

/* *out is in the table to. */
static enum groups_verdict
judge_set(struct groups *g, const struct export_view *v, enum family f, const struct ip_prefix *prefix, attr_id attr,
    const struct rib_source *src, const struct policy_trace *trace, struct attr_table *to, attr_id *out)
{
	struct bgpd *d = g->d;
	struct policy_result res;

	*out = ATTR_NONE;
	enum export_verdict verdict = export_check(&v->params, src, attr_get(d->attrs, attr));
	if (verdict != EXPORT_OK)
		return (enum groups_verdict)verdict;
	struct policy_input in;
	policies_input(d, v->chain.reads, src, attr, prefix, &in);
	policy_of_view(g, v, &in, trace, &res);
	if (!res.accept)
		return v->chain.missing ? GROUPS_NO_POLICY : GROUPS_POLICY;
	*out = export_transform(&v->params, src, d->attrs, res.attr, res.set, to);
	attr_unref(d->attrs, res.attr);
	if (*out == ATTR_NONE)
		return GROUPS_TOO_LONG;
	*out = fit_next_hop(g, v, f, *out, to);
	return *out != ATTR_NONE ? GROUPS_SENT : GROUPS_NO_NEXT_HOP;
}

enum groups_verdict
groups_view_judge(struct groups *g, const struct export_view *v, enum family f, const struct ip_prefix *prefix,
    attr_id attr, const struct rib_source *src, const struct policy_trace *trace, attr_id *out)
{
	return judge_set(g, v, f, prefix, attr, src, trace, g->d->attrs, out);
}

/* The same for a path in the RIB; the prefix is looked up where somebody reads it. */
static enum groups_verdict
judge(struct groups *g, const struct export_view *v, enum family f, uint32_t id, attr_id attr, uint16_t source,
    const struct policy_trace *trace, struct attr_table *to, attr_id *out)
{
	const struct rib_source *src = rib_source_get(g->d->rib, source);
	struct ip_prefix prefix;

	if (groups_default_on(v, f) && rib_prefix(g->d->rib, f, id).len == 0) {
		*out = ATTR_NONE;
		return GROUPS_DEFAULT;
	}
	if (!(v->chain.reads & (POLICY_READS_PREFIX | POLICY_READS_INTERFACE)))
		return judge_set(g, v, f, NULL, attr, src, trace, to, out);
	prefix = rib_prefix(g->d->rib, f, id);
	return judge_set(g, v, f, &prefix, attr, src, trace, to, out);
}

static uint32_t
view_out(void *ctx, struct adjout_group *ag, enum family f, uint32_t id, uint32_t attr, uint16_t source)
{
	struct groups *g = ctx;
	attr_id out;

	judge(g, container_of(ag, struct group, out)->owner, f, id, attr, source, NULL, &g->sent, &out);
	return out;
}

static bool
view_is_default(void *ctx, enum family f, uint32_t id)
{
	return rib_prefix(((struct groups *)ctx)->d->rib, f, id).len == 0;
}

static void
view_attr_ref(void *ctx, uint32_t attr)
{
	attr_ref(((struct groups *)ctx)->d->attrs, attr);
}

static void
view_attr_unref(void *ctx, uint32_t attr)
{
	attr_unref(((struct groups *)ctx)->d->attrs, attr);
}

static void
view_out_ref(void *ctx, uint32_t out)
{
	attr_ref(&((struct groups *)ctx)->sent, out);
}

static void
view_out_unref(void *ctx, uint32_t out)
{
	attr_unref(&((struct groups *)ctx)->sent, out);
}

static uint32_t
view_nexthop(void *ctx, struct adjout_group *ag, uint32_t out)
{
	uint32_t nh = attr_get(&((struct groups *)ctx)->sent, out)->nexthop;

	(void)ag;
	return nh == ATTR_NEXTHOP_SELF ? 0 : nh;
}

static void
view_fetch_refs(void *ctx, uint32_t attr, uint32_t out)
{
	struct groups *g = ctx;

	if (attr != ATTR_NONE)
		__builtin_prefetch(attr_slot(g->d->attrs, attr), 1);
	if (out != ATTR_NONE)
		__builtin_prefetch(attr_slot(&g->sent, out), 1);
}

static void
view_fetch(void *ctx, enum family f, uint32_t id, uint32_t out)
{
	struct groups *g = ctx;

	rib_prefix_fetch(g->d->rib, f, id);
	if (out != ATTR_NONE)
		attr_fetch(&g->sent, out);
}

static void
view_unpin(void *ctx, enum family f, const uint32_t *ids, uint32_t n)
{
	rib_prefix_unpin_all(((struct groups *)ctx)->d->rib, f, ids, n);
}

static uint64_t
view_mark(void *ctx, enum family f)
{
	(void)f;
	return rib_decision_mark(((struct groups *)ctx)->d->rib);
}

static bool
view_done(void *ctx, enum family f, uint64_t mark)
{
	(void)f;
	return rib_decision_done(((struct groups *)ctx)->d->rib, mark);
}

/* ---- work in slices ---- */

static void
drain_start(struct groups *g)
{
	loop_job_start(g->d->loop, &g->drain);
}

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct groups *g = arg;

	(void)fd;
	(void)what;
	loop_enter(g->d->loop);
	group_list_tick(&g->list, loop_now_s(g->d->loop));
	groups_limit_tell(g);
	drain_start(g);
}

static void
wake(void *ctx, struct group_member *m)
{
	(void)ctx;
	peer_routes_wake(m->owner);
}

static void
too_slow(void *ctx, struct group_member *m)
{
	(void)ctx;
	peer_reset(m->owner, BGP_ERR_CEASE, BGP_CEASE_RESOURCES, "the neighbour does not follow");
}

static void
starved(void *ctx)
{
	drain_start(ctx);
}

/* Called where nothing of a group is on the stack. */
static void
starved_reset(struct groups *g)
{
	struct group_member *m;

	while ((m = group_list_starved(&g->list)) != NULL)
		peer_starve(m->owner, "what it is to be sent");
}

/* Of several members who lose a route the first one is named. */
static const struct group_member *
short_member(const struct group *grp)
{
	struct adjout_member *m;

	TAILQ_FOREACH(m, &grp->out.members, entry)
	if (!container_of(m, struct group_member, out)->extended)
		return container_of(m, struct group_member, out);
	return NULL;
}

static void
too_long(void *ctx, struct group *grp, const struct group_member *m, enum family f, const uint32_t *ids, uint32_t n)
{
	struct groups *g = ctx;
	char text[IP_PREFIX_STRLEN];
	struct ip_prefix p = rib_prefix(g->d->rib, f, ids[0]);
	uint32_t neighbors = m != NULL ? 1 : grp->out.nmembers - grp->extended;

	if (m == NULL)
		m = short_member(grp);
	if (!update_log_may(&g->too_long, loop_now_s(g->d->loop)))
		return;
	log_warn("export.too_long", LOG_S("prefix", ip_prefix_str(&p, text, sizeof text)), LOG_U("prefixes", n),
	    LOG_S("neighbor", m != NULL ? ((const struct peer *)m->owner)->name : NULL), LOG_U("neighbors", neighbors),
	    LOG_S("effect", "withdrawn from neighbours without extended messages (RFC 8654)"),
	    LOG_U("untold", g->too_long.untold));
	g->too_long.untold = 0;
}

struct groups *
groups_new(struct bgpd *d)
{
	struct groups *g = xcalloc(1, sizeof *g);
	struct adjout_view view = {
	    .ctx = g,
	    .current = view_current,
	    .paths = view_paths,
	    .next_id = view_next_id,
	    .out = view_out,
	    .is_default = view_is_default,
	    .attr_ref = view_attr_ref,
	    .attr_unref = view_attr_unref,
	    .out_ref = view_out_ref,
	    .out_unref = view_out_unref,
	    .nexthop = view_nexthop,
	    .fetch_refs = view_fetch_refs,
	    .fetch = view_fetch,
	    .unpin = view_unpin,
	    .mark = view_mark,
	    .done = view_done,
	};
	struct group_ops ops = {
	    .ctx = g,
	    .encode = groups_encode,
	    .mark = groups_mark,
	    .wake = wake,
	    .too_slow = too_slow,
	    .starved = starved,
	    .too_long = too_long,
	};

	struct attr_nexthop_ops nexthops = nexthop_attr_ops(d->nexthops);

	g->d = d;
	attr_table_init(&g->sent, d->attrs->seed, &nexthops);
	g->sent.plain = true;
	attr_table_share(&g->sent, d->attrs);
	group_list_init(&g->list, &view, &ops);
	g->drain = (struct job){.run = drain_run, .name = "export"};
	g->tick = event_new(d->loop->base, -1, EV_PERSIST, on_tick, g);
	ASSERT(g->tick != NULL);
	event_add(g->tick, &(struct timeval){.tv_sec = 1});
	return g;
}

void
groups_view_free(struct export_view *v)
{
	policies_chain_free(&v->chain);
	free(v);
}

/* The RIB tells of paths that are not the best one only while some group sends them. */
static void
track_paths(struct groups *g)
{
	const struct adjout_group *ag;
	bool any = false;

	TAILQ_FOREACH(ag, &g->list.adjout.groups, entry)
	any = any || ag->key.paths_ipv4 != ADJOUT_PATHS_NONE || ag->key.paths_ipv6 != ADJOUT_PATHS_NONE;
	rib_track_paths(g->d->rib, any);
}

static void
group_drop_if_empty(struct group *grp)
{
	struct export_view *v = grp->owner;

	if (grp->out.nmembers > 0)
		return;
	struct groups *g = grp->list->ops.ctx;
	group_free(grp);
	groups_view_free(v);
	track_paths(g);
}

void
groups_free(struct groups *g)
{
	loop_job_cancel(g->d->loop, &g->drain);
	event_free(g->tick);
	group_list_fini(&g->list);
	attr_table_fini(&g->sent);
	free(g->paths);
	free(g);
}

static bool
reads_interface(const struct adjout_group *ag)
{
	const struct export_view *v = container_of(ag, struct group, out)->owner;

	return (v->chain.reads & POLICY_READS_INTERFACE) != 0;
}

/* The best path is what it was, but its packets may leave through another interface, which a policy looks at. */
static void
interface_changed(struct groups *g, const struct rib_change *c)
{
	struct adjout_group *ag;

	if (!(c->what & RIB_CHANGE_NEXTHOP) || c->best == NULL ||
	    !(policies_reads(g->d->policies) & POLICY_READS_INTERFACE))
		return;
	struct adjout_news n = {.family = c->family,
	    .id = c->id,
	    .old_attr = c->best->attr,
	    .new_attr = c->best->attr,
	    .old_source = c->best->source,
	    .new_source = c->best->source};
	TAILQ_FOREACH(ag, &g->list.adjout.groups, entry)
	if (reads_interface(ag))
		adjout_change(ag, &n, 1);
}

void
groups_interfaces_changed(struct groups *g)
{
	struct adjout_group *ag;

	TAILQ_FOREACH(ag, &g->list.adjout.groups, entry)
	if (reads_interface(ag))
		adjout_group_refilter(ag, NULL, false);
	drain_start(g);
}

/* Where paths are sent, any of them counts, also one whose packets may leave through another interface now. */
static void
paths_changed(struct groups *g, const struct rib_change *c)
{
	struct adjout_group *ag;

	TAILQ_FOREACH(ag, &g->list.adjout.groups, entry)
	if (adjout_paths(ag, c->family) != ADJOUT_PATHS_NONE)
		adjout_paths_change(ag, c->family, c->id, reads_interface(ag));
}

static struct adjout_news
news_of(const struct rib_change *c)
{
	return (struct adjout_news){.family = c->family,
	    .id = c->id,
	    .old_attr = c->old_attr,
	    .old_source = c->old_source,
	    .new_attr = c->best != NULL ? c->best->attr : ATTR_NONE,
	    .new_source = c->best != NULL ? c->best->source : 0};
}

void
groups_rib_change(struct groups *g, struct rib_change *c, unsigned n)
{
	struct adjout_news news[RIB_TOLD_MAX];
	struct rib_change *of[RIB_TOLD_MAX];
	unsigned k = 0;

	ASSERT(n <= RIB_TOLD_MAX);
	for (struct rib_change *end = c + n; c < end; c++) {
		if (c->what & RIB_CHANGE_PATHS)
			paths_changed(g, c);
		if (c->what & RIB_CHANGE_BEST) {
			news[k] = news_of(c);
			of[k++] = c;
		} else {
			interface_changed(g, c);
		}
	}
	group_list_change(&g->list, news, k);
	for (unsigned i = 0; i < k; i++)
		of[i]->needed = news[i].waits;
}

void
groups_flush(struct groups *g, bool more)
{
	group_list_flush(&g->list, more);
	drain_start(g);
}

void
groups_source_changed(struct groups *g, const struct rib_source *s)
{
	adjout_source_changed(&g->list.adjout, s->index, s->best, s->ids);
	drain_start(g);
}

void
groups_forget(struct groups *g)
{
	adjout_forget(&g->list.adjout);
}

bool
groups_pin(const struct groups *g, enum family f, uint32_t id)
{
	return adjout_pins(&g->list.adjout, f, id);
}

/* ---- which group ---- */

static struct export_view *
view_new(const struct export_params *params, const struct adjout_key *key, const struct policy_chain *chain)
{
	struct export_view *v = xcalloc(1, sizeof *v);

	v->params = *params;
	v->as4 = key->as4;
	v->ext_next_hop = key->ext_nexthop;
	v->defaults = key->defaults;
	v->self_len[FAMILY_IPV4] = key->nexthop_len4;
	v->self_len[FAMILY_IPV6] = key->nexthop_len6;
	v->chain = policies_chain_copy(chain);
	return v;
}

struct export_view *
groups_view_new(struct peer *p)
{
	const struct policy_chain *chain = policies_export(p->d->policies, peer_number(p) - 1);
	struct group_member m = {.owner = p, .self_len = {[FAMILY_IPV4] = 4, [FAMILY_IPV6] = 16}};
	struct export_params params = groups_params(p);
	struct adjout_key key = groups_key(&m, &params, chain);

	return view_new(&params, &key, chain);
}

/* What becomes of a set is the same for all prefixes, but for a default route that is said in place of the RIB's. */
static bool
memoizable(const struct policy_chain *chain)
{
	return !(chain->reads & (POLICY_READS_PREFIX | POLICY_READS_INTERFACE));
}

static struct group *
group_for(struct groups *g, const struct group_member *m)
{
	const struct peer *p = m->owner;
	const struct policy_chain *chain = policies_export(g->d->policies, peer_number(p) - 1);
	struct export_params params = groups_params(p);
	struct adjout_key key = groups_key(m, &params, chain);
	struct group *grp = group_find(&g->list, &key);

	if (grp == NULL)
		grp = group_new(&g->list, &key, memoizable(chain), view_new(&params, &key, chain));
	groups_limit_set(g, grp, p);
	track_paths(g);
	return grp;
}

static void
end_of_rib(struct group_member *m)
{
	const struct peer *p = m->owner;

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (p->session.caps.families & OPEN_FAMILY(f))
			adjout_member_eor(&m->out, f);
}

void
groups_join(struct groups *g, struct peer *p, struct group_member *m)
{
	m->owner = p;
	m->extended = p->session.caps.extended_message;
	nexthop_self_set(p, m);
	m->out.source = peer_routes_source(p)->index;
	m->out.nexthop = peer_routes_own_nexthop(p);
	group_member_join(group_for(g, m), m);
	if (!restart_deferring(&g->d->restart))
		end_of_rib(m);
	drain_start(g);
}

void
groups_end_of_rib(struct groups *g)
{
	struct adjout_group *ag;
	struct adjout_member *m;

	TAILQ_FOREACH(ag, &g->list.adjout.groups, entry)
	TAILQ_FOREACH(m, &ag->members, entry)
	end_of_rib(container_of(m, struct group_member, out));
	drain_start(g);
}

void
groups_leave(struct groups *g, struct group_member *m)
{
	struct group *grp = m->group;

	group_member_leave(m);
	group_drop_if_empty(grp);
	drain_start(g);
}

static void
member_rejoin(struct groups *g, struct group_member *m)
{
	struct group *grp = group_for(g, m);

	if (grp == m->group)
		return;
	uint8_t defaults = ((const struct export_view *)m->group->owner)->defaults | grp->out.key.defaults;
	/* Where too many are on the move it keeps the old view until there is a place: rejoin_waiting. */
	if (group_member_move(m, grp) < 0)
		group_drop_if_empty(grp);
	else
		groups_default_tell(m, defaults);
}

/* One of those whose move had to wait for a place. True: there was one. */
static bool
rejoin_waiting(struct groups *g)
{
	struct group_member *m = group_list_place(&g->list);

	if (m == NULL)
		return false;
	struct group *from = m->group;
	member_rejoin(g, m);
	group_drop_if_empty(from);
	return true;
}

/* True: all members of the group want this one view. */
static bool
one_view(struct groups *g, struct group *grp, struct adjout_key *key, struct export_params *params,
    const struct policy_chain **chain)
{
	struct adjout_member *m;
	bool first = true;

	TAILQ_FOREACH(m, &grp->out.members, entry)
	{
		const struct group_member *gm = container_of(m, struct group_member, out);
		const struct peer *p = gm->owner;
		const struct policy_chain *c = policies_export(g->d->policies, peer_number(p) - 1);
		struct export_params e = groups_params(p);
		struct adjout_key k = groups_key(gm, &e, c);
		if (!first && !adjout_key_eq(&k, key))
			return false;
		*key = k;
		*params = e;
		*chain = c;
		first = false;
	}
	return !first;
}

static void
group_reconfigure(struct groups *g, struct group *grp)
{
	const struct policy_chain *chain = NULL;
	struct export_params params;
	struct adjout_key key;
	struct adjout_member *m, *next;

	if (!one_view(g, grp, &key, &params, &chain) || (!adjout_key_eq(&key, &grp->out.key) && group_find(&g->list, &key))) {
		for (m = TAILQ_FIRST(&grp->out.members); m != NULL; m = next) {
			next = TAILQ_NEXT(m, entry);
			struct group_member *gm = container_of(m, struct group_member, out);
			member_rejoin(g, gm);
		}
		group_drop_if_empty(grp);
		return;
	}
	const struct group_member *first = container_of(TAILQ_FIRST(&grp->out.members), struct group_member, out);
	if (adjout_key_eq(&key, &grp->out.key)) {
		groups_limit_set(g, grp, first->owner);
		return;
	}
	struct export_view *old = grp->owner;
	uint8_t defaults = old->defaults;
	adjout_flush(&grp->out);
	grp->owner = view_new(&params, &key, chain);
	groups_view_free(old);
	adjout_group_refilter(&grp->out, &key, memoizable(chain));
	groups_limit_set(g, grp, first->owner);
	TAILQ_FOREACH(m, &grp->out.members, entry)
	groups_default_tell(container_of(m, struct group_member, out), defaults | key.defaults);
}

/* Those whom it concerns; NULL: all. */
static void
reconfigure(struct groups *g, bool (*concerns)(const struct group *grp))
{
	struct adjout_group *ag, *next;

	for (ag = TAILQ_FIRST(&g->list.adjout.groups); ag != NULL; ag = next) {
		struct group *grp = container_of(ag, struct group, out);
		next = TAILQ_NEXT(ag, entry);
		if (concerns == NULL || concerns(grp))
			group_reconfigure(g, grp);
	}
}

void
groups_reconfigure(struct groups *g)
{
	reconfigure(g, NULL);
	drain_start(g);
}

void
groups_subnets_changed(struct groups *g)
{
	g->subnets_changed = true;
	drain_start(g);
}

static enum job_result
drain_run(struct job *job, uint64_t deadline_ns)
{
	struct groups *g = container_of(job, struct groups, drain);
	const struct rib *rib = g->d->rib;
	bool idle = rib_dirty_count(rib, RIB_URGENT) == 0 && rib_dirty_count(rib, RIB_BULK) == 0, more = true;

	starved_reset(g);
	if (g->subnets_changed)
		reconfigure(g, groups_subnet_moved);
	g->subnets_changed = false;
	while (more && time_mono_ns() < deadline_ns) {
		more = group_list_drain(&g->list, idle, g->d->portion);
		more = rejoin_waiting(g) || more;
	}
	return more ? JOB_MORE : JOB_DONE;
}

void
groups_room(struct groups *g, const struct group_member *m)
{
	if (!adjout_group_idle(&m->group->out))
		drain_start(g);
}

void
groups_refresh(struct groups *g, struct group_member *m, enum family f, bool enhanced)
{
	adjout_member_refresh(&m->out, f, enhanced);
	/* Else it goes before EoRR. */
	if (!enhanced && groups_default_on(m->group->owner, f))
		group_member_mark(m, f, ADJOUT_DEFAULT);
	drain_start(g);
}

enum groups_verdict
groups_judge(struct groups *g, const struct group_member *m, enum family f, uint32_t id, attr_id attr, uint16_t source,
    const struct policy_trace *trace, attr_id *out)
{
	return judge(g, m->group->owner, f, id, attr, source, trace, g->d->attrs, out);
}

attr_id
groups_told(struct groups *g, const struct group_member *m, enum family f, uint32_t id, const struct rib_path *p)
{
	struct adjout_path path;
	attr_id told, copy;

	if (p != NULL)
		path = groups_path(p);
	told = p != NULL ? adjout_member_told_path(&m->out, f, id, &path) : adjout_member_told(&m->out, f, id);
	if (told == ATTR_NONE)
		return ATTR_NONE;
	const struct attr_set *s = attr_get(&g->sent, told);
	copy = attr_intern(g->d->attrs, s->nexthop, NULL, s->wire, s->wire_len); /* export leaves no local part */
	attr_unref(&g->sent, told);
	return copy;
}

const char *
groups_verdict_name(enum groups_verdict v)
{
	static const char *const names[GROUPS_VERDICT_COUNT] = {
	    [GROUPS_SENT] = "sent",
	    [GROUPS_POLICY] = "policy",
	    [GROUPS_NO_POLICY] = "no-policy",
	    [GROUPS_NO_NEXT_HOP] = "no-next-hop",
	    [GROUPS_DEFAULT] = "default-originate",
	    [GROUPS_TOO_LONG] = "too-long",
	};

	return names[v] != NULL ? names[v] : export_verdict_name((enum export_verdict)v);
}
