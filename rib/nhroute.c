/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nhroute: a sorted list of routes behind each prefix of two prefix tables.
 */
#include "rib/nhroute.h"

#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

/* The data octets of a record are aligned to four only, so the pointer is copied. */
static struct nhroute *
head_get(const struct prefix_table *t, uint32_t id)
{
	struct nhroute *r;

	memcpy(&r, prefix_data(t, id), sizeof(r));
	return r;
}

static void
head_set(struct prefix_table *t, uint32_t id, struct nhroute *r)
{
	memcpy(prefix_data(t, id), &r, sizeof(r));
}

void
nhroute_init(struct nhroute_table *t, uint64_t seed)
{
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		prefix_table_init(&t->prefixes[f], f, sizeof(struct nhroute *), seed);
}

void
nhroute_fini(struct nhroute_table *t)
{
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		uint32_t at = 1, scan = UINT32_MAX, id;
		for (; (id = prefix_next(&t->prefixes[f], &at, &scan)) != 0; at++) {
			struct nhroute *next, *r = head_get(&t->prefixes[f], id);
			for (; r != NULL; r = next) {
				next = r->next;
				free(r);
			}
		}
		prefix_table_fini(&t->prefixes[f]);
	}
}

static bool
is_named(const struct nhroute *r, const struct nhroute_name *name)
{
	return r->kind == name->kind && r->metric == name->metric && r->from.rank == name->rank &&
	       (name->kind != NEXTHOP_ROUTE_CONNECTED || (r->n > 0 ? r->via[0].ifindex : 0) == name->ifindex);
}

bool
nhroute_leads_somewhere(const struct nhroute *r)
{
	return r->kind == NEXTHOP_ROUTE_CONNECTED || r->kind == NEXTHOP_ROUTE_KERNEL;
}

static bool
comes_before(const struct nhroute *a, const struct nhroute *b)
{
	if (a->metric != b->metric)
		return a->metric < b->metric;
	if (nhroute_leads_somewhere(a) != nhroute_leads_somewhere(b))
		return nhroute_leads_somewhere(b);
	return a->from.rank < b->from.rank;
}

/* Unlinks and frees the route of that name. */
static bool
list_remove(struct nhroute **head, const struct nhroute_name *name)
{
	for (struct nhroute **at = head; *at != NULL; at = &(*at)->next) {
		struct nhroute *r = *at;
		if (!is_named(r, name))
			continue;
		*at = r->next;
		free(r);
		return true;
	}
	return false;
}

void
nhroute_add(struct nhroute_table *t, const struct ip_prefix *p, enum nexthop_route_kind kind, uint32_t metric,
	    const struct nexthop_origin *from, const struct nexthop_via *via, unsigned n)
{
	struct prefix_table *pt = &t->prefixes[p->family];
	uint32_t hash = prefix_hash(pt, p), id = prefix_find(pt, p, hash);
	struct nhroute_name name = {
	    .kind = kind, .metric = metric, .ifindex = n > 0 ? via[0].ifindex : 0, .rank = from->rank};

	ASSERT(n <= NEXTHOP_VIA_MAX);
	if (id == 0)
		id = prefix_insert(pt, p, hash);
	struct nhroute *head = head_get(pt, id), **at = &head;
	list_remove(&head, &name);

	struct nhroute *r = xmalloc(sizeof(*r) + n * sizeof(*via));
	r->metric = metric;
	r->kind = (uint8_t)kind;
	r->from = *from;
	r->n = (uint16_t)n;
	if (n > 0)
		memcpy(r->via, via, n * sizeof(*via));
	while (*at != NULL && !comes_before(r, *at))
		at = &(*at)->next;
	r->next = *at;
	*at = r;
	head_set(pt, id, head);
}

bool
nhroute_del(struct nhroute_table *t, const struct ip_prefix *p, const struct nhroute_name *name)
{
	struct prefix_table *pt = &t->prefixes[p->family];
	uint32_t id = prefix_find(pt, p, prefix_hash(pt, p));

	if (id == 0)
		return false;
	struct nhroute *head = head_get(pt, id);
	bool found = list_remove(&head, name);
	head_set(pt, id, head);
	if (head == NULL)
		prefix_remove(pt, id);
	return found;
}

const struct nhroute *
nhroute_match(const struct nhroute_table *t, const struct ip_addr *a, unsigned max_len, struct ip_prefix *p)
{
	const struct prefix_table *pt = &t->prefixes[a->family];
	uint32_t id = prefix_match(pt, a->bytes, max_len, NULL, NULL);

	if (id == 0)
		return NULL;
	*p = prefix_value(pt, id);
	return head_get(pt, id);
}

const struct nhroute *
nhroute_foreign(const struct nhroute_table *t, const struct ip_prefix *p)
{
	const struct prefix_table *pt = &t->prefixes[p->family];
	uint32_t id = prefix_find(pt, p, prefix_hash(pt, p));
	const struct nhroute *r = id != 0 ? head_get(pt, id) : NULL;

	while (r != NULL && (r->kind == NEXTHOP_ROUTE_CONNECTED || r->kind == NEXTHOP_ROUTE_OWN))
		r = r->next;
	return r;
}

bool
nhroute_next(const struct nhroute_table *t, enum family f, uint32_t *at, uint32_t *scan, struct ip_prefix *p)
{
	uint32_t id = prefix_next(&t->prefixes[f], at, scan);

	if (id == 0)
		return false;
	*p = prefix_value(&t->prefixes[f], id);
	*at = id + 1;
	return true;
}

static const struct nhroute *
connected_of(const struct prefix_table *pt, uint32_t id)
{
	const struct nhroute *r = head_get(pt, id);

	while (r != NULL && r->kind != NEXTHOP_ROUTE_CONNECTED)
		r = r->next;
	return r;
}

static bool
is_connected(void *ctx, uint32_t id)
{
	return connected_of(ctx, id) != NULL;
}

const struct nhroute *
nhroute_match_connected(const struct nhroute_table *t, const struct ip_addr *a)
{
	const struct prefix_table *pt = &t->prefixes[a->family];
	struct prefix_table *ctx = (struct prefix_table *)(uintptr_t)pt;
	uint32_t id = prefix_match(pt, a->bytes, family_bits(pt->family), is_connected, ctx);

	return id != 0 ? connected_of(pt, id) : NULL;
}
