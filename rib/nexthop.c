/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nexthop: the table of next hops and what makes them resolve anew.
 *
 * Global addresses stand in a sorted array for each family, so that a changed
 * prefix finds the next hops inside it by a binary search; there are far fewer
 * next hops than prefixes. A resolution is always worked out from the routes, not
 * from other next hops' results, so the order of work does not matter: when a
 * next hop that others lead through is touched, all recursive ones are.
 * The resolving itself is in nhresolve.c.
 */
#include "rib/nexthop_int.h"

#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

static uint32_t
key_hash(const struct nexthop_table *t, const struct ip_addr *global, const struct ip_addr *link_local)
{
	uint64_t h = hash_bytes(t->seed, global->bytes, 16);

	h = hash_bytes(h, link_local->bytes, 16);
	return (uint32_t)hash_u64(h, (uint64_t)link_local->scope_id << 8 | global->family);
}

static uint32_t
rehash(void *ctx, uint32_t id)
{
	const struct nexthop_table *t = ctx;
	const struct nh_entry *e = nh_at(t, id);

	return key_hash(t, &e->global, &e->link_local);
}

static bool
key_eq(const void *ctx, uint32_t id, const void *key)
{
	const struct nh_entry *e = nh_at(ctx, id), *k = key;

	return ip_addr_eq(&e->global, &k->global) && ip_addr_eq(&e->link_local, &k->link_local);
}

struct nexthop_table *
nexthop_table_new(uint64_t seed)
{
	struct nexthop_table *t = xcalloc(1, sizeof(*t));

	t->seed = seed;
	slab_init(&t->entries, sizeof(struct nh_entry));
	hidx_init(&t->index, rehash, NULL, t);
	nhroute_init(&t->routes, seed);
	return t;
}

void
nexthop_table_free(struct nexthop_table *t)
{
	for (nexthop_id id = nexthop_next(t, 1); id != 0; id = nexthop_next(t, id + 1))
		free(nh_at(t, id)->via);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		free(t->sorted[f].ids);
	bitmap_fini(&t->dirty);
	bitmap_fini(&t->links_up);
	bitmap_fini(&t->links_down);
	nhroute_fini(&t->routes);
	hidx_fini(&t->index);
	slab_fini(&t->entries);
	free(t);
}

void
nexthop_set_lookup(struct nexthop_table *t, nexthop_lookup_fn lookup, void *ctx)
{
	t->lookup = lookup;
	t->lookup_ctx = ctx;
}

/* The place of the first address ≥ a. */
static uint32_t
lower_bound(const struct nexthop_table *t, enum family f, const uint8_t *bytes)
{
	const struct nh_sorted *s = &t->sorted[f];
	uint32_t lo = 0, hi = s->count;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (memcmp(nh_at(t, s->ids[mid])->global.bytes, bytes, 16) < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

/* Where what an address begins with is counted: two octets of IPv4, four of IPv6. */
static unsigned
head_no(enum family f, const uint8_t *bytes)
{
	unsigned head = bytes[0] * 3u + bytes[1];

	if (f == FAMILY_IPV6)
		head += bytes[2] * 5u + bytes[3] * 7u;
	return head % NH_HEADS;
}

static uint32_t *
head_of(struct nh_sorted *s, enum family f, const uint8_t *bytes)
{
	return &s->heads[head_no(f, bytes)];
}

static unsigned
head_len(enum family f)
{
	return f == FAMILY_IPV6 ? 32 : 16;
}

static void
sorted_insert(struct nexthop_table *t, nexthop_id id)
{
	const struct nh_entry *e = nh_at(t, id);
	struct nh_sorted *s = &t->sorted[e->global.family];
	uint32_t at = lower_bound(t, (enum family)e->global.family, e->global.bytes);

	if (s->count == s->cap) {
		s->cap = s->cap != 0 ? s->cap * 2 : 16;
		s->ids = xreallocarray(s->ids, s->cap, sizeof(*s->ids));
	}
	memmove(&s->ids[at + 1], &s->ids[at], (s->count - at) * sizeof(*s->ids));
	s->ids[at] = id;
	s->count++;
	++*head_of(s, (enum family)e->global.family, e->global.bytes);
}

static void
sorted_remove(struct nexthop_table *t, nexthop_id id)
{
	const struct nh_entry *e = nh_at(t, id);
	struct nh_sorted *s = &t->sorted[e->global.family];
	uint32_t at = lower_bound(t, (enum family)e->global.family, e->global.bytes);

	while (s->ids[at] != id)
		at++;
	s->count--;
	--*head_of(s, (enum family)e->global.family, e->global.bytes);
	memmove(&s->ids[at], &s->ids[at + 1], (s->count - at) * sizeof(*s->ids));
}

static void
mark_all(struct nexthop_table *t, bool only_recursive)
{
	for (nexthop_id id = nexthop_next(t, 1); id != 0; id = nexthop_next(t, id + 1))
		if (!only_recursive || nh_at(t, id)->res.recursive)
			bitmap_set(&t->dirty, id);
}

__attribute__((noinline)) static void
mark_inside(struct nexthop_table *t, const struct ip_prefix *p)
{
	enum family f = (enum family)p->family;
	const struct nh_sorted *s = &t->sorted[f];

	for (uint32_t i = lower_bound(t, f, p->bytes); i < s->count; i++) {
		struct nh_entry *e = nh_at(t, s->ids[i]);
		if (!ip_prefix_contains(p, &e->global))
			break;
		bitmap_set(&t->dirty, s->ids[i]);
		if (e->leads_others && !t->recursive_marked) {
			t->recursive_marked = true;
			mark_all(t, true);
		}
	}
}

bool
nexthop_concerns(const struct nexthop_table *t, enum family f, const uint8_t *addr, uint8_t len)
{
	const struct nh_sorted *s = &t->sorted[f];

	if (len >= head_len(f))
		return s->heads[head_no(f, addr)] != 0;
	return s->count > 0 && (len > 0 || t->allow_default);
}

void
nexthop_rib_changed(struct nexthop_table *t, const struct ip_prefix *p)
{
	if (nexthop_concerns(t, (enum family)p->family, p->bytes, p->len))
		mark_inside(t, p);
}

void
nexthop_set_allow_default(struct nexthop_table *t, bool allow)
{
	if (t->allow_default == allow)
		return;
	t->allow_default = allow;
	mark_all(t, false);
}

void
nexthop_set_reach_all(struct nexthop_table *t)
{
	t->reach_all = true;
	mark_all(t, false);
}

nexthop_id
nexthop_intern(struct nexthop_table *t, const struct ip_addr *global, const struct ip_addr *link_local)
{
	struct nh_entry k = {.refs = 1};

	if (global != NULL)
		k.global = *global;
	if (link_local != NULL)
		k.link_local = *link_local;
	ASSERT(k.global.family != FAMILY_NONE || k.link_local.family != FAMILY_NONE);
	uint32_t hash = key_hash(t, &k.global, &k.link_local);
	nexthop_id id = hidx_find(&t->index, hash, key_eq, t, &k);
	if (id != 0) {
		nh_at(t, id)->refs++;
		return id;
	}
	id = slab_alloc(&t->entries);
	k.live = true;
	k.res.metric = UINT32_MAX;
	t->unresolved++;
	*nh_at(t, id) = k;
	hidx_insert(&t->index, hash, id);
	if (k.global.family != FAMILY_NONE)
		sorted_insert(t, id);
	nh_resolve(t, id);
	/* It has not been marked with the others: what changes before the next run has to mark it, too. */
	if (nh_at(t, id)->res.recursive)
		t->recursive_marked = false;
	return id;
}

void
nexthop_ref(struct nexthop_table *t, nexthop_id id)
{
	if (id != NEXTHOP_NONE)
		nh_at(t, id)->refs++;
}

void
nexthop_unref(struct nexthop_table *t, nexthop_id id)
{
	if (id == NEXTHOP_NONE)
		return;
	struct nh_entry *e = nh_at(t, id);
	ASSERT(e->live && e->refs > 0);
	if (--e->refs > 0)
		return;
	if (e->global.family != FAMILY_NONE)
		sorted_remove(t, id);
	hidx_remove(&t->index, key_hash(t, &e->global, &e->link_local), id);
	bitmap_clear(&t->dirty, id);
	free(e->via);
	t->unresolved -= !e->res.resolved;
	e->live = false;
	slab_free(&t->entries, id);
}

static void
ops_ref(void *ctx, uint32_t id)
{
	nexthop_ref(ctx, id);
}

static void
ops_unref(void *ctx, uint32_t id)
{
	nexthop_unref(ctx, id);
}

static struct ip_addr
ops_addr(void *ctx, uint32_t id)
{
	return nh_at(ctx, id)->global;
}

struct attr_nexthop_ops
nexthop_attr_ops(struct nexthop_table *t)
{
	return (struct attr_nexthop_ops){.ref = ops_ref, .unref = ops_unref, .addr = ops_addr, .ctx = t};
}

bool
nexthop_resolved(const struct nexthop_table *t, nexthop_id id)
{
	return id == NEXTHOP_NONE || nh_at(t, id)->res.resolved;
}

uint32_t
nexthop_metric(const struct nexthop_table *t, nexthop_id id)
{
	return id == NEXTHOP_NONE ? 0 : nh_at(t, id)->res.metric;
}

bool
nexthop_reach(const struct nexthop_table *t, nexthop_id id, uint32_t *metric)
{
	*metric = 0;
	if (id == NEXTHOP_NONE)
		return true;
	const struct nh_entry *e = nh_at(t, id);
	*metric = e->res.metric;
	return e->res.resolved;
}

void
nexthop_get(const struct nexthop_table *t, nexthop_id id, struct nexthop_view *out)
{
	const struct nh_entry *e = nh_at(t, id);

	ASSERT(id != NEXTHOP_NONE && e->live);
	*out = (struct nexthop_view){
	    .global = e->global,
	    .link_local = e->link_local,
	    .refs = e->refs,
	    .resolved = e->res.resolved,
	    .recursive = e->res.recursive,
	    .metric = e->res.metric,
	    .through = e->res.through,
	    .via_count = e->res.via_count,
	    .via = e->via,
	};
}

nexthop_id
nexthop_next(const struct nexthop_table *t, nexthop_id from)
{
	for (nexthop_id id = from != 0 ? from : 1; id < t->entries.top; id++)
		if (nh_at(t, id)->live)
			return id;
	return 0;
}

uint32_t
nexthop_count(const struct nexthop_table *t)
{
	return t->entries.used;
}

uint32_t
nexthop_unresolved(const struct nexthop_table *t)
{
	return t->unresolved;
}

void
nexthop_route_add(struct nexthop_table *t, const struct ip_prefix *p, enum nexthop_route_kind kind,
		  uint32_t metric, const struct nexthop_via *via, unsigned n)
{
	nexthop_foreign_add(t, p, kind, metric, &(struct nexthop_origin){0}, via, n);
}

void
nexthop_foreign_add(struct nexthop_table *t, const struct ip_prefix *p, enum nexthop_route_kind kind,
		    uint32_t metric, const struct nexthop_origin *from, const struct nexthop_via *via, unsigned n)
{
	nhroute_add(&t->routes, p, kind, metric, from, via, n);
	nexthop_rib_changed(t, p);
}

static bool
route_del(struct nexthop_table *t, const struct ip_prefix *p, const struct nhroute_name *name)
{
	if (!nhroute_del(&t->routes, p, name))
		return false;
	nexthop_rib_changed(t, p);
	return true;
}

bool
nexthop_route_del(struct nexthop_table *t, const struct ip_prefix *p, enum nexthop_route_kind kind,
		  uint32_t metric, uint32_t ifindex)
{
	return route_del(t, p, &(struct nhroute_name){.kind = kind, .metric = metric, .ifindex = ifindex});
}

void
nexthop_foreign_del(struct nexthop_table *t, const struct ip_prefix *p, uint32_t metric, uint32_t rank)
{
	static const enum nexthop_route_kind kinds[] = {
	    NEXTHOP_ROUTE_KERNEL, NEXTHOP_ROUTE_UNREACHABLE, NEXTHOP_ROUTE_BLACKHOLE};

	for (unsigned i = 0; i < ARRAY_LEN(kinds); i++)
		route_del(t, p, &(struct nhroute_name){.kind = kinds[i], .metric = metric, .rank = rank});
}

bool
nexthop_foreign_get(const struct nexthop_table *t, const struct ip_prefix *p, struct nexthop_foreign *out)
{
	const struct nhroute *r = nhroute_foreign(&t->routes, p);

	if (r != NULL)
		*out = (struct nexthop_foreign){.metric = r->metric,
						.ifindex = r->n > 0 ? r->via[0].ifindex : 0,
						.from = r->from,
						.blackhole = r->kind == NEXTHOP_ROUTE_BLACKHOLE,
						.via_count = r->n,
						.via = r->via};
	return r != NULL;
}

bool
nexthop_route_next(const struct nexthop_table *t, enum family f, uint32_t *at, uint32_t *scan,
		   struct ip_prefix *p)
{
	return nhroute_next(&t->routes, f, at, scan, p);
}

bool
nexthop_connected(const struct nexthop_table *t, const struct ip_addr *a, uint32_t *ifindex)
{
	const struct nhroute *r = nhroute_match_connected(&t->routes, a);

	if (r != NULL && ifindex != NULL)
		*ifindex = r->n > 0 ? r->via[0].ifindex : 0;
	return r != NULL;
}

void
nexthop_link_set(struct nexthop_table *t, uint32_t ifindex, bool up)
{
	bool was_up = bitmap_test(&t->links_up, ifindex), was_down = bitmap_test(&t->links_down, ifindex);

	if (up ? was_up : was_down)
		return;
	bitmap_set(up ? &t->links_up : &t->links_down, ifindex);
	bitmap_clear(up ? &t->links_down : &t->links_up, ifindex);
	mark_all(t, false);
}

uint32_t
nexthop_pending(const struct nexthop_table *t)
{
	return t->dirty.count;
}

uint32_t
nexthop_run(struct nexthop_table *t, uint32_t budget, void (*changed)(void *ctx, nexthop_id id), void *ctx)
{
	nexthop_id id = 0;

	t->recursive_marked = false;
	for (; budget > 0 && (id = bitmap_next(&t->dirty, id)) != BITMAP_END; budget--) {
		bitmap_clear(&t->dirty, id);
		if (nh_resolve(t, id))
			changed(ctx, id);
	}
	return t->dirty.count;
}
