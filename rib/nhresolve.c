/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nhresolve: finds the ways to a next hop (RFC 4271 9.1.2.1, 5.1.3).
 *
 * The longest match among the routes outside BGP and those of BGP decides; where
 * both have the same prefix, the former. A BGP route leads on to its own next
 * hops. One of them being a next hop that is just being resolved means that the
 * route would lead to itself: it is passed over and the next shorter match
 * tried, so a neighbour that announces the prefix of its own next hop does no harm.
 */
#include "rib/nexthop_int.h"

#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX 8
#define WORK_MAX  128 /* next hops looked at for one; bounds wide and deep recursion */

struct resolving {
	struct nexthop_table *t;
	nexthop_id stack[DEPTH_MAX];
	unsigned depth;
	unsigned work;
	struct nh_result res;
	struct nexthop_via via[NEXTHOP_VIA_MAX];
};

static bool resolve_one(struct resolving *r, nexthop_id id);

static int
via_cmp(const struct nexthop_via *a, const struct nexthop_via *b)
{
	int d = ip_addr_cmp(&a->via, &b->via);

	if (d == 0 && a->ifindex != b->ifindex)
		d = a->ifindex < b->ifindex ? -1 : 1;
	return d;
}

/* Adds a way in order. A second one to the same gateway and ways beyond the limit are dropped. */
static void
add_via(struct resolving *r, const struct nexthop_via *v)
{
	unsigned at = 0, n = r->res.via_count;

	while (at < n && via_cmp(&r->via[at], v) < 0)
		at++;
	if (n == NEXTHOP_VIA_MAX || (at < n && via_cmp(&r->via[at], v) == 0))
		return;
	memmove(&r->via[at + 1], &r->via[at], (n - at) * sizeof(*v));
	r->via[at] = *v;
	r->res.via_count++;
}

static void
set_metric(struct resolving *r, uint32_t metric)
{
	if (r->res.metric == UINT32_MAX)
		r->res.metric = metric;
}

/* A route outside BGP: its gateways, or the next hop itself where there is none. */
static bool
follow_route(struct resolving *r, const struct ip_addr *a, const struct nhroute *kr)
{
	bool any = false;

	if (!nhroute_leads_somewhere(kr))
		return false;
	for (unsigned i = 0; i < kr->n; i++) {
		struct nexthop_via v = kr->via[i];
		if (bitmap_test(&r->t->links_down, v.ifindex))
			continue;
		if (v.via.family == FAMILY_NONE)
			v.via = *a;
		add_via(r, &v);
		any = true;
	}
	if (any)
		set_metric(r, kr->metric);
	return any;
}

static bool
on_stack(const struct resolving *r, const nexthop_id *ids, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		for (unsigned j = 0; j < r->depth; j++)
			if (ids[i] == r->stack[j])
				return true;
	return false;
}

/* A BGP route: on to its next hops. */
static bool
follow_bgp(struct resolving *r, const nexthop_id *ids, unsigned n)
{
	bool any = false;

	if (r->depth == DEPTH_MAX || on_stack(r, ids, n))
		return false;
	for (unsigned i = 0; i < n && r->work < WORK_MAX; i++) {
		nh_at(r->t, ids[i])->leads_others = true;
		any = resolve_one(r, ids[i]) || any;
	}
	return any;
}

static bool
usable_len(const struct resolving *r, const struct ip_prefix *p)
{
	return p->len > 0 || r->t->allow_default;
}

static bool
resolve_addr(struct resolving *r, const struct ip_addr *a)
{
	unsigned max_len = family_bits((enum family)a->family);
	nexthop_id ids[NEXTHOP_VIA_MAX];

	for (;;) {
		struct ip_prefix kp, bp;
		const struct nhroute *kr = nhroute_match(&r->t->routes, a, max_len, &kp);
		unsigned n = 0;
		if (kr != NULL && !usable_len(r, &kp))
			kr = NULL;
		if (r->t->lookup != NULL)
			n = r->t->lookup(r->t->lookup_ctx, a, max_len, &bp, ids, NEXTHOP_VIA_MAX);
		if (n > 0 && !usable_len(r, &bp))
			n = 0;
		if (kr == NULL && n == 0)
			return false;
		bool outside = n == 0 || (kr != NULL && kp.len >= bp.len);
		if (r->depth == 1)
			r->res.through = outside ? kp : bp;
		if (outside)
			return follow_route(r, a, kr);
		r->res.recursive = true;
		if (follow_bgp(r, ids, n))
			return true;
		if (bp.len == 0)
			return false;
		max_len = bp.len - 1u;
	}
}

static bool
resolve_one(struct resolving *r, nexthop_id id)
{
	const struct nh_entry *e = nh_at(r->t, id);
	const struct ip_addr *ll = &e->link_local;
	bool ok = false;

	r->work++;
	/* A link-local address is a neighbour on its interface, with no route to ask for (RFC 2545 3). */
	if (ll->family != FAMILY_NONE && bitmap_test(&r->t->links_up, ll->scope_id)) {
		add_via(r, &(struct nexthop_via){.via = *ll, .ifindex = ll->scope_id, .weight = 1});
		set_metric(r, 0);
		return true;
	}
	if (e->global.family != FAMILY_NONE) {
		r->stack[r->depth++] = id;
		ok = resolve_addr(r, &e->global);
		r->depth--;
	}
	return ok;
}

static bool
same_result(const struct nh_entry *e, const struct resolving *r)
{
	if (e->res.resolved != r->res.resolved || e->res.metric != r->res.metric ||
	    e->res.via_count != r->res.via_count)
		return false;
	for (unsigned i = 0; i < r->res.via_count; i++)
		if (via_cmp(&e->via[i], &r->via[i]) != 0 || e->via[i].weight != r->via[i].weight)
			return false;
	return true;
}

bool
nh_resolve(struct nexthop_table *t, nexthop_id id)
{
	struct nh_entry *e = nh_at(t, id);
	struct resolving r = {.t = t, .res.metric = UINT32_MAX};

	if (t->reach_all)
		r.res = (struct nh_result){.resolved = true};
	else
		r.res.resolved = resolve_one(&r, id);
	bool same = same_result(e, &r);
	t->unresolved += (uint32_t)e->res.resolved - (uint32_t)r.res.resolved;
	e->res = r.res;
	if (same)
		return false;
	free(e->via);
	e->via = NULL;
	if (r.res.via_count > 0) {
		e->via = xreallocarray(NULL, r.res.via_count, sizeof(*e->via));
		memcpy(e->via, r.via, r.res.via_count * sizeof(*e->via));
	}
	return true;
}
