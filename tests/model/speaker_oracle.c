/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_oracle: what must come out, told in the simplest way.
 *
 * Best paths depend on next hops and next hops, where they resolve through BGP
 * routes, on best paths. Everything is computed over and over until nothing
 * changes. That this ends at one answer is the prefixes' doing: covers of the
 * first kind have next hops on connected subnets alone, those of the second kind
 * also such as resolve through the first; PFX_SELF always has the same next hop,
 * which lies inside it.
 */
#include "tests/model/speaker_model.h"

#include "lib/mem.h"

#include <string.h>

/* ---- policies ---- */

static bool
from_bgp(unsigned source)
{
	return source < NPEER;
}

/* RFC 5065 5.3: what is for the confederation does not count. */
static unsigned
path_length(const struct mattr *a)
{
	return a->npath - (unsigned)__builtin_popcount(a->confed);
}

static bool
rule_matches(const struct mrule *r, enum policy_kind kind, unsigned source, enum family f, unsigned prefix,
    const struct mattr *a)
{
	static const char *const subnets[] = {"10.0.1.0/24", "2001:db8:1::/64"};
	struct ip_prefix p;
	bool inside = false;

	switch (r->match) {
	case MATCH_PREFIX_SET:
		if (kind != POLICY_EXPORT && (r->set & SET_NEXT_HOP))
			return f == FAMILY_IPV4 && prefix < PFX_ORDINARY && prefix % 3 == r->arg;
		return prefix % 3 == r->arg;
	case MATCH_COMMUNITY:
		return a->communities & 1u << r->arg;
	case MATCH_EXTERNAL:
		return from_bgp(source) && !is_inside(&the_model->peer[source]);
	case MATCH_BGP:
		return from_bgp(source);
	case MATCH_LOCAL_PREF:
		return (a->has_local_pref ? a->local_pref : the_model->conf.default_local_pref) > 99;
	case MATCH_ORIGIN_IGP:
		return a->origin == ATTR_ORIGIN_IGP;
	case MATCH_PATH_LENGTH:
		return path_length(a) > 2;
	case MATCH_NEXT_HOP:
		for (unsigned i = 0; i < 2; i++) {
			CHECK(ip_prefix_parse(subnets[i], &p) == 0);
			inside = inside || (a->nexthop.family == p.family && ip_prefix_contains(&p, &a->nexthop));
		}
		return inside;
	case MATCH_PATH_PREFIX:
		return a->npath > 0 && a->path[0] == 65002;
	case MATCH_NEIGHBOR:
		return source == 5 || source == 0;
	default:
		return true;
	}
}

static void
prepend(struct mattr *a, uint32_t as, bool confed)
{
	CHECK(a->npath < PATH_MAX_AS);
	a->confed = (uint16_t)(a->confed << 1 | confed);
	memmove(&a->path[1], &a->path[0], a->npath * sizeof a->path[0]);
	a->path[0] = as;
	a->npath++;
}

static void
rule_apply(const struct mrule *r, enum policy_kind kind, struct mattr *a)
{
	if (r->set & SET_LOCAL_PREF) {
		a->has_local_pref = true;
		a->local_pref = r->local_pref;
	}
	if (r->set & SET_MED) {
		a->has_med = true;
		a->med = r->med;
	}
	if (r->set & SET_ORIGIN)
		a->origin = r->origin;
	if (r->set & SET_PREPEND) {
		if (r->prepend == 2)
			prepend(a, 65098, false);
		prepend(a, r->prepend_as, false);
	}
	if (r->set & SET_REMOVE_COMMUNITY)
		a->communities &= (uint16_t)~7u;
	if (r->set & SET_ADD_COMMUNITY)
		a->communities |= (uint16_t)(1u << r->community);
	if (r->set & SET_PREFERENCE) {
		a->has_preference = true;
		a->preference = r->preference;
	}
	if (r->set & SET_METRIC)
		a->metric = r->metric;
	if (r->set & SET_NEXT_HOP) {
		a->nexthop = (struct ip_addr){0};
		if (kind != POLICY_EXPORT)
			CHECK(ip_addr_parse("10.0.3.99", &a->nexthop) == 0);
	}
}

bool
oracle_policies(const struct mchain *c, enum policy_kind kind, unsigned source, enum family f, unsigned prefix,
    struct mattr *a, uint32_t *set)
{
	*set = 0;
	for (unsigned i = 0; i < c->n; i++) {
		const struct mpolicy *p = &the_model->conf.policy[kind][c->policy[i]];
		for (unsigned k = 0; k < p->n; k++) {
			const struct mrule *r = &p->rule[k];
			if (rule_matches(r, kind, source, f, prefix, a) == r->not)
				continue;
			if (r->action == ACTION_REJECT)
				return false;
			rule_apply(r, kind, a);
			*set |= r->set;
			if (r->action == ACTION_ACCEPT)
				return true;
		}
	}
	return false;
}

/* Without a list iBGP and the confederation take and give everything, eBGP nothing (RFC 8212). */
static bool
chain_run(const struct mchain *c, unsigned peer, enum policy_kind kind, unsigned source, enum family f, unsigned prefix,
    struct mattr *a, uint32_t *set)
{
	*set = 0;
	if (c->kind == CHAIN_DEFAULT)
		return is_inside(&the_model->peer[peer]);
	return oracle_policies(c, kind, source, f, prefix, a, set);
}

/* ---- import ---- */

static bool
loops(const struct mattr *a)
{
	for (unsigned i = 0; i < a->npath; i++)
		if (a->path[i] == LOCAL_AS || a->path[i] == outside_as())
			return true;
	for (unsigned i = 0; i < a->ncluster; i++)
		if (a->cluster[i] == the_model->conf.cluster_id)
			return true;
	return a->originator == ROUTER_ID;
}

/* The link whose subnet of the family this is on; -1: none. */
static int
link_of(const struct ip_addr *a)
{
	for (unsigned i = 0; i < NLINK; i++) {
		struct ip_addr self = model_address(a->family, 10 << 16 | (i + 1), i + 1, 1);
		struct ip_prefix p = ip_prefix_from_addr(&self, a->family == FAMILY_IPV4 ? 24 : 64);
		if (ip_prefix_contains(&p, a))
			return (int)i;
	}
	return -1;
}

/* RFC 4271 6.3 b: from a neighbour one hop away it is the neighbour, or on a subnet that we are on. */
static bool
next_hop_is_far(unsigned source, const struct mattr *a)
{
	const struct mpeer *n = &the_model->peer[source];

	return !is_inside(n) && !the_model->conf.neighbor[source].multihop && !ip_addr_eq(&a->nexthop, &n->addr) &&
	    link_of(&a->nexthop) < 0;
}

/* RFC 9234 5, on the way in: what went to a customer comes back from below or from beside. */
static bool
is_leak(unsigned source, const struct mattr *a)
{
	const struct mpeer *n = &the_model->peer[source];
	uint8_t role = is_inside(n) ? ROLE_NONE : the_model->conf.neighbor[source].role;

	if (role == ROLE_PEER)
		return a->otc != 0 && a->otc != n->as;
	return a->otc != 0 && (role == ROLE_PROVIDER || role == ROLE_RS);
}

/* The same: what comes from above or from beside may only go to customers from here on. */
static void
mark_otc(unsigned source, struct mattr *a)
{
	const struct mpeer *n = &the_model->peer[source];
	uint8_t role = is_inside(n) ? ROLE_NONE : the_model->conf.neighbor[source].role;

	if (a->otc == 0 && (role == ROLE_CUSTOMER || role == ROLE_PEER || role == ROLE_RS_CLIENT))
		a->otc = n->as;
}

static void
import_all(enum family f, unsigned prefix, struct verdict *v)
{
	const struct mroute *own = &the_model->conf.own[f][prefix];
	uint32_t set;

	memset(v, 0, sizeof *v);
	v->best = -1;
	for (unsigned x = 0; x < OWN; x++) {
		unsigned s = path_source(x);
		const struct mroute *r = &the_model->peer[s].route[f][prefix][x % NSLOT];
		v->a[x] = r->a;
		mark_otc(s, &v->a[x]);
		v->in[x] = table_of(s) == the_model->at && r->there && !r->refused && !r->blocked && !loops(&r->a) &&
		    !next_hop_is_far(s, &r->a) &&
		    !is_leak(s, &r->a) &&
		    chain_run(&the_model->conf.neighbor[s].import, s, POLICY_IMPORT, s, f, prefix, &v->a[x], &set);
		drain_import(&the_model->peer[s], &r->a, &v->a[x]);
		/* RFC 9494 4.2 */
		if (r->kept && the_model->peer[s].keeps[f] == KEEPS_LONG) {
			v->in[x] = v->in[x] && !(v->a[x].communities & C_NO_LLGR);
			v->a[x].communities |= C_LLGR_STALE;
		}
	}
	v->in[OWN] = the_model->at == TABLE_MAIN && own->there &&
	    (own->while_link == 0 || the_model->link_up[DOMAIN_MAIN][own->while_link - 1]);
	v->a[OWN] = own->a;
	if (prefix >= PFX_AGG)
		v->a[AGGREGATE] = the_model->conf.aggregate[f][prefix - PFX_AGG].a;
}

/* ---- aggregates ---- */

static bool
inside(enum family f, unsigned i, unsigned aggregate)
{
	const struct ip_prefix *p = &the_model->prefix[f][i], *g = &the_model->prefix[f][PFX_AGG + aggregate];

	return p->len > g->len && ip_prefix_covers(g, p);
}

bool
oracle_related(enum family f, unsigned i, unsigned j)
{
	for (unsigned g = 0; g < NAGG; g++)
		if (the_model->conf.aggregate[f][g].there && (i == PFX_AGG + g || inside(f, i, g)) && inside(f, j, g))
			return true;
	return false;
}

/* What counts for an aggregate around it, and may be hidden by one. */
static bool
contributes(const struct verdict *v)
{
	return v->best >= 0 && v->best != AGGREGATE;
}

static bool
aggregate_is_there(const struct verdict v[NPREFIX], enum family f, unsigned aggregate)
{
	if (the_model->at != TABLE_MAIN || !the_model->conf.aggregate[f][aggregate].there)
		return false;
	for (unsigned i = 0; i < NPREFIX; i++)
		if (inside(f, i, aggregate) && contributes(&v[i]))
			return true;
	return false;
}

static bool
is_hidden(const struct verdict v[NPREFIX], enum family f, unsigned i)
{
	for (unsigned g = 0; g < NAGG; g++)
		if (the_model->conf.aggregate[f][g].summary_only && inside(f, i, g) && contributes(&v[i]) &&
		    aggregate_is_there(v, f, g))
			return true;
	return false;
}

/* ---- next hops ---- */

struct resolved {
	bool ok;
	uint32_t metric;
	unsigned nways;
	struct way ways[WAYS_MAX];
};

struct resolver {
	const struct verdict (*v)[NPREFIX];
	struct ip_addr stack[8];
	unsigned depth;
};

static void
way_add(struct resolved *r, const struct ip_addr *via, uint32_t ifindex)
{
	for (unsigned i = 0; i < r->nways; i++)
		if (r->ways[i].ifindex == ifindex && ip_addr_eq(&r->ways[i].via, via))
			return;
	CHECK(r->nways < WAYS_MAX);
	r->ways[r->nways++] = (struct way){.via = *via, .ifindex = ifindex};
}

/* The longest match outside BGP: 0 none, 1 connected, 2 the foreign route. */
static int
match_outside(const struct ip_addr *a, unsigned max_len, unsigned *link, unsigned *len)
{
	int at = link_of(a);
	struct ip_prefix p;

	*len = a->family == FAMILY_IPV4 ? 24 : 64;
	if (at >= 0 && *len <= max_len) {
		*link = (unsigned)at;
		return 1;
	}
	CHECK(ip_prefix_parse(a->family == FAMILY_IPV4 ? "192.168.9.0/24" : "2001:db8:909::/48", &p) == 0);
	*len = p.len;
	bool there = the_model->foreign[table_foreign(the_model->at)][a->family].there;
	return p.len <= max_len && there && ip_prefix_contains(&p, a) ? 2 : 0;
}

static int
match_bgp(const struct resolver *r, const struct ip_addr *a, unsigned max_len)
{
	int found = -1;

	for (unsigned i = 0; i < NPREFIX; i++) {
		const struct ip_prefix *p = &the_model->prefix[a->family][i];
		const struct verdict *v = &r->v[a->family][i];
		if (p->len > max_len || !ip_prefix_contains(p, a) || v->best < 0 ||
		    v->a[v->best].nexthop.family == FAMILY_NONE || (p->len == 0 && !the_model->conf.via_default))
			continue;
		if (found < 0 || p->len > the_model->prefix[a->family][found].len)
			found = (int)i;
	}
	return found;
}

static bool
outside(int what, unsigned link, const struct ip_addr *a, struct resolved *out)
{
	const struct mforeign *fr = &the_model->foreign[table_foreign(the_model->at)][a->family];
	unsigned domain = table_domain(the_model->at);
	struct ip_addr via = *a;

	if (what == 2) {
		if (fr->unreachable)
			return false;
		link = 1;
		CHECK(ip_addr_parse(a->family == FAMILY_IPV4 ? "10.0.2.254" : "2001:db8:2::254", &via) == 0);
	}
	if (!the_model->link_up[domain][link])
		return false;
	way_add(out, &via, links_ifindex(domain, link));
	/* The first way found says how far it is. */
	if (out->nways == 1)
		out->metric = what == 2 ? fr->metric : 0;
	return true;
}

/* RFC 4271 5.1.3: a route is no way to its own next hop. */
static bool
leads_back(const struct resolver *r, const struct verdict *v)
{
	for (unsigned s = 0; s < NPATH; s++)
		for (unsigned k = 0; v->used[s] && k < r->depth; k++)
			if (ip_addr_eq(&v->a[s].nexthop, &r->stack[k]))
				return true;
	return false;
}

static bool
resolve(struct resolver *r, const struct ip_addr *a, struct resolved *out)
{
	unsigned max_len = family_bits((enum family)a->family), link = 0, len;
	bool any = false;

	CHECK(r->depth < ARRAY_LEN(r->stack));
	r->stack[r->depth++] = *a;
	for (;;) {
		int o = match_outside(a, max_len, &link, &len), b = match_bgp(r, a, max_len);
		if (b < 0 || (o != 0 && len >= the_model->prefix[a->family][b].len)) {
			any = o != 0 && outside(o, link, a, out);
			break;
		}
		const struct verdict *v = &r->v[a->family][b];
		if (!leads_back(r, v)) {
			the_model->seen_recursive++;
			any = resolve(r, &v->a[v->best].nexthop, out);
			for (unsigned s = 0; s < NPATH; s++)
				if (v->used[s] && (int)s != v->best)
					any = resolve(r, &v->a[s].nexthop, out) || any;
			if (any)
				break;
		}
		if (the_model->prefix[a->family][b].len == 0)
			break;
		max_len = the_model->prefix[a->family][b].len - 1u;
	}
	r->depth--;
	return any;
}

/* Distinct next hops are few: each is resolved once a round. */
struct cache {
	unsigned n;
	struct {
		struct ip_addr a;
		struct resolved r;
	} e[128];
};

static const struct resolved *
resolve_cached(struct cache *c, const struct verdict (*v)[NPREFIX], const struct ip_addr *a)
{
	struct resolver r = {.v = v};

	for (unsigned i = 0; i < c->n; i++)
		if (ip_addr_eq(&c->e[i].a, a))
			return &c->e[i].r;
	CHECK(c->n < ARRAY_LEN(c->e));
	c->e[c->n].a = *a;
	memset(&c->e[c->n].r, 0, sizeof c->e[c->n].r);
	c->e[c->n].r.ok = resolve(&r, a, &c->e[c->n].r);
	return &c->e[c->n++].r;
}

/* ---- the decision, RFC 4271 9.1.2 ---- */

#define NKEY 6
static void
keys(const struct verdict *v, unsigned x, uint32_t before[NKEY], uint32_t after[2])
{
	const struct mattr *a = &v->a[x];

	before[0] = (a->communities & C_LLGR_STALE) != 0;
	before[1] = ~(a->has_preference ? a->preference : x >= OWN ? 200 : 100);
	before[2] = ~(a->has_local_pref ? a->local_pref : the_model->conf.default_local_pref);
	before[3] = x < OWN;
	before[4] = path_length(a);
	before[5] = a->origin;
	after[0] = x >= OWN || is_inside(&the_model->peer[path_source(x)]);
	after[1] = v->metric[x];
}

/* Is x before y among equals? f to g of 9.1.2.2, RFC 4456 9; then the path id. Our networks are before aggregates. */
static bool
ranks_before(const struct verdict *v, unsigned x, unsigned y)
{
	const struct mpeer *px = &the_model->peer[path_source(x)], *py = &the_model->peer[path_source(y)];

	/* Neither is ever level with a neighbour's. */
	if (x >= OWN || y >= OWN)
		return x < y;
	uint32_t ix = v->a[x].originator != 0 ? v->a[x].originator : px->id;
	uint32_t iy = v->a[y].originator != 0 ? v->a[y].originator : py->id;
	if (ix != iy)
		return ix < iy;
	if (v->a[x].ncluster != v->a[y].ncluster)
		return v->a[x].ncluster < v->a[y].ncluster;
	if (px == py)
		return slot_ids[x % NSLOT] < slot_ids[y % NSLOT];
	if (px->addr.family != py->addr.family)
		return px->addr.family == FAMILY_IPV4;
	return memcmp(px->addr.bytes, py->addr.bytes, 16) < 0;
}

static void
keep_least(bool *alive, uint32_t k[NPATH][NKEY + 2], unsigned col)
{
	uint32_t low = UINT32_MAX;

	for (unsigned s = 0; s < NPATH; s++)
		if (alive[s] && k[s][col] < low)
			low = k[s][col];
	for (unsigned s = 0; s < NPATH; s++)
		alive[s] = alive[s] && k[s][col] == low;
}

/* The AS that it came from, seen from outside of the confederation; 0: none. */
static uint32_t
neighbor_as(const struct mattr *a)
{
	for (unsigned i = 0; i < a->npath; i++)
		if (!(a->confed >> i & 1))
			return a->path[i];
	return 0;
}

/* A path goes if another one from the same neighbouring AS has a lower MED; none is the lowest. */
static void
drop_by_med(const struct verdict *v, bool *alive)
{
	bool gone[NPATH] = {false};

	for (unsigned x = 0; x < NPATH; x++)
		for (unsigned y = 0; alive[x] && y < NPATH; y++) {
			bool same = neighbor_as(&v->a[x]) == neighbor_as(&v->a[y]);
			gone[x] = gone[x] || (alive[y] && same && v->a[y].med < v->a[x].med);
		}
	for (unsigned s = 0; s < NPATH; s++)
		alive[s] = alive[s] && !gone[s];
}

static bool
same_path(const struct mattr *a, const struct mattr *b)
{
	return a->npath == b->npath && a->confed == b->confed && memcmp(a->path, b->path, sizeof a->path) == 0;
}

static int
first_of(const struct verdict *v, const bool *alive)
{
	int best = -1;

	for (unsigned s = 0; s < NPATH; s++)
		if (alive[s] && (best < 0 || ranks_before(v, s, (unsigned)best)))
			best = (int)s;
	return best;
}

/* The best of those; alive are afterwards the ones that are level with it up to the metric. */
static int
eliminate(const struct verdict *v, bool alive[NPATH])
{
	uint32_t k[NPATH][NKEY + 2];

	for (unsigned x = 0; x < NPATH; x++)
		if (alive[x])
			keys(v, x, k[x], k[x] + NKEY);
	for (unsigned i = 0; i < NKEY; i++)
		keep_least(alive, k, i);
	drop_by_med(v, alive);
	keep_least(alive, k, NKEY);
	keep_least(alive, k, NKEY + 1);
	return first_of(v, alive);
}

static void
decide(struct verdict *v, struct cache *c, const struct verdict (*all)[NPREFIX])
{
	bool alive[NPATH];

	for (unsigned x = 0; x < NPATH; x++) {
		v->metric[x] = 0;
		v->usable[x] = v->in[x];
		if (v->in[x] && v->a[x].nexthop.family != FAMILY_NONE) {
			const struct resolved *r = resolve_cached(c, all, &v->a[x].nexthop);
			v->usable[x] = r->ok;
			v->metric[x] = r->metric;
		}
	}
	memset(v->used, 0, sizeof v->used);
	v->nused = 0;
	memcpy(alive, v->usable, sizeof alive);
	v->best = eliminate(v, alive);
	if (v->best < 0)
		return;
	unsigned limit = v->best >= OWN ? 1
	    : is_inside(&the_model->peer[path_source((unsigned)v->best)]) ? the_model->conf.multipath_ibgp
								       : the_model->conf.multipath_ebgp;
	for (unsigned s = 0; s < NPATH; s++)
		alive[s] = alive[s] && (the_model->conf.relax || same_path(&v->a[s], &v->a[v->best]));
	for (int s = v->best; s >= 0 && v->nused < limit; s = first_of(v, alive)) {
		v->used[s] = true;
		alive[s] = false;
		v->nused++;
	}
}

void
oracle_decide(unsigned table, struct verdict v[FAMILY_COUNT][NPREFIX])
{
	static struct verdict old[FAMILY_COUNT][NPREFIX];
	static struct cache c;
	bool changed = true;

	the_model->at = table;
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		for (unsigned i = 0; i < NPREFIX; i++)
			import_all((enum family)f, i, &v[f][i]);
	for (unsigned round = 0; changed; round++) {
		CHECK(round < 20);
		memcpy(old, v, sizeof old);
		c.n = 0;
		changed = false;
		for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
			for (unsigned i = 0; i < NPREFIX; i++) {
				v[f][i].in[AGGREGATE] = i >= PFX_AGG && aggregate_is_there(old[f], (enum family)f, i - PFX_AGG);
				decide(&v[f][i], &c, (const struct verdict(*)[NPREFIX])old);
				changed = changed || v[f][i].best != old[f][i].best ||
				    memcmp(v[f][i].used, old[f][i].used, sizeof v[f][i].used) != 0;
			}
	}
	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		for (unsigned i = 0; i < NPREFIX; i++) {
			v[f][i].hidden = is_hidden(v[f], (enum family)f, i);
			the_model->seen_hidden += v[f][i].hidden;
			the_model->seen_aggregate += v[f][i].best == AGGREGATE;
		}
}

/* The best, the best of the others, and so on. */
static void
choose_best(const struct verdict *v, unsigned count, bool chosen[NPATH])
{
	bool left[NPATH], alive[NPATH];
	int best;

	memcpy(left, v->usable, sizeof left);
	for (; count > 0; count--) {
		memcpy(alive, left, sizeof alive);
		best = eliminate(v, alive);
		if (best < 0)
			return;
		chosen[best] = true;
		left[best] = false;
	}
}

void
oracle_chosen(unsigned peer, enum family f, const struct verdict *v, bool chosen[NPATH])
{
	const struct mneighbor *conf = &the_model->conf.neighbor[peer];

	memset(chosen, 0, NPATH * sizeof *chosen);
	if (v->best < 0 || v->hidden)
		return;
	if (!the_model->peer[peer].ids_out[f])
		chosen[v->best] = true;
	else if (conf->many_out == SEND_ALL)
		memcpy(chosen, v->usable, sizeof v->usable);
	else if (conf->many_out == SEND_ECMP)
		memcpy(chosen, v->used, sizeof v->used);
	else
		choose_best(v, conf->count, chosen);
}

unsigned
oracle_ways(struct verdict v[FAMILY_COUNT][NPREFIX], enum family f, unsigned prefix, struct way *ways)
{
	struct resolved all = {0};
	const struct verdict *x = &v[f][prefix];

	for (unsigned s = 0; s < OWN; s++) {
		struct resolver r = {.v = (const struct verdict(*)[NPREFIX])v};
		if (x->used[s])
			resolve(&r, &x->a[s].nexthop, &all);
	}
	memcpy(ways, all.ways, all.nways * sizeof *ways);
	return all.nways;
}

unsigned
oracle_ways_of(struct verdict v[FAMILY_COUNT][NPREFIX], const struct ip_addr *nexthop, struct way *ways)
{
	struct resolver r = {.v = (const struct verdict(*)[NPREFIX])v};
	struct resolved all = {0};

	resolve(&r, nexthop, &all);
	memcpy(ways, all.ways, all.nways * sizeof *ways);
	return all.nways;
}

/* ---- export ---- */

static bool
may_go(unsigned peer, unsigned source, const struct mattr *a)
{
	const struct mpeer *n = &the_model->peer[peer];
	const struct mneighbor *conf = the_model->conf.neighbor;

	if (a->communities & C_NO_ADVERTISE)
		return false;
	/* RFC 9494 4.3 */
	if ((a->communities & C_LLGR_STALE) && !n->caps.llgr)
		return false;
	if (n->member)
		return !(a->communities & C_NO_EXPORT_SUBCONFED);
	if (!n->internal) {
		/* RFC 9234 5, on the way out */
		uint8_t role = conf[peer].role;
		bool upwards = role == ROLE_CUSTOMER || role == ROLE_PEER || role == ROLE_RS_CLIENT;
		return !(a->communities & (C_NO_EXPORT | C_NO_EXPORT_SUBCONFED)) && !(upwards && a->otc != 0);
	}
	/* RFC 4456 6 */
	return !from_bgp(source) || !the_model->peer[source].internal || conf[source].rr_client || conf[peer].rr_client;
}

static void
export_nexthop(const struct mpeer *n, uint8_t rule, bool multihop, uint32_t set, struct mattr *a)
{
	const struct ip_addr *self = &n->self[n->addr.family];
	struct ip_prefix subnet = ip_prefix_from_addr(self, n->addr.family == FAMILY_IPV4 ? 24 : 64);

	if (a->nexthop.family == FAMILY_NONE || (set & SET_NEXT_HOP) || rule == 2)
		return;
	if (rule == 1) {
		a->nexthop = (struct ip_addr){0};
		return;
	}
	/* RFC 4271 5.1.3: a third party on the subnet shared with the receiver, if that is one hop away. */
	if (!is_inside(n) && !(!multihop && a->nexthop.family == subnet.family && ip_prefix_contains(&subnet, &a->nexthop)))
		a->nexthop = (struct ip_addr){0};
}

static void
put_local_pref(struct mattr *a)
{
	if (a->has_local_pref)
		return;
	a->has_local_pref = true;
	a->local_pref = the_model->conf.default_local_pref;
}

static void
drop_reflection(struct mattr *a)
{
	a->originator = 0;
	a->ncluster = 0;
	memset(a->cluster, 0, sizeof a->cluster);
}

/* RFC 5065 4.1 b and 4: our member AS in front, and all else as inside an AS. */
static void
to_member(struct mattr *a)
{
	put_local_pref(a);
	drop_reflection(a);
	prepend(a, LOCAL_AS, true);
}

static void
to_internal(unsigned source, struct mattr *a)
{
	put_local_pref(a);
	if (!from_bgp(source) || !the_model->peer[source].internal)
		return;
	/* RFC 4456 8 */
	if (a->originator == 0)
		a->originator = the_model->peer[source].id;
	memmove(&a->cluster[1], &a->cluster[0], a->ncluster * sizeof a->cluster[0]);
	a->cluster[0] = the_model->conf.cluster_id;
	a->ncluster++;
}

static void
to_external(unsigned source, uint8_t role, uint32_t set, struct mattr *a)
{
	if (a->otc == 0 && (role == ROLE_PROVIDER || role == ROLE_PEER || role == ROLE_RS))
		a->otc = outside_as();
	a->has_local_pref = false;
	a->local_pref = 0;
	drop_reflection(a);
	if (from_bgp(source) && !(set & SET_MED)) {
		a->has_med = false;
		a->med = 0;
	}
	a->ext &= X_TRANSITIVE;
	path_leave_confed(a);
	prepend(a, outside_as(), false);
}

enum oracle_out
oracle_export(unsigned peer, enum family f, unsigned prefix, const struct verdict *v, unsigned path, struct mattr *out)
{
	const struct mpeer *n = &the_model->peer[peer];
	const struct mneighbor *conf = &the_model->conf.neighbor[peer];
	uint32_t set;

	unsigned source = path_source(path);
	if (source == peer || !(n->caps.families & OPEN_FAMILY(f)) || n->drain == DRAIN_WITHDRAWN)
		return OUT_NONE;
	*out = v->a[path];
	if (!may_go(peer, source, out) || !chain_run(&conf->export, peer, POLICY_EXPORT, source, f, prefix, out, &set))
		return OUT_NONE;
	out->has_preference = false;
	out->preference = out->metric = 0;
	out->blackhole = false;
	export_nexthop(n, conf->next_hop, conf->multihop, set, out);
	if (n->internal)
		to_internal(source, out);
	else if (n->member)
		to_member(out);
	else
		to_external(source, conf->role, set, out);
	drain_export(n, out);
	if (!n->caps.as4)
		path_narrow(out);
	/* RFC 8950 4: an IPv6 next hop of an IPv4 route only goes to those who said that they take it. We are one, too. */
	bool takes_ipv6 = f == FAMILY_IPV6 || n->caps.ext_next_hop & OPEN_FAMILY(f);
	if (out->nexthop.family == FAMILY_IPV6 && !takes_ipv6)
		out->nexthop = (struct ip_addr){0};
	/* RFC 4271 5.1.3: never the receiver's own address. */
	if (ip_addr_eq(&out->nexthop, &n->addr))
		return OUT_NONE;
	/* Ours is our end of the session if it can be, else our address beside it. */
	if (out->nexthop.family == FAMILY_NONE)
		out->nexthop = n->self[n->addr.family == FAMILY_IPV6 && takes_ipv6 ? FAMILY_IPV6 : f];
	if (!n->caps.extended_message && wire_size(out, f, family_bits(f), n->caps.as4, n->ids_out[f]) > BGP_MSG_MAX) {
		the_model->seen_long++;
		return OUT_TOO_LONG;
	}
	return OUT_TOLD;
}
