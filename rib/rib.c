/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rib: making and ending a RIB, its sources, and looking into it.
 *
 * Writing is in update.c, deciding in pass.c. A source's number is part of every
 * path and of every dirty entry, so it is given out again only when neither a
 * path nor an entry names it.
 */
#include "rib/growth.h"
#include "rib/rib_int.h"

#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

/* Beyond this many unswept generations no new session begins; the rest is room for going down and refreshing.
 */
#define GEN_SESSION_MAX 192

struct lookup_ctx {
	const struct rib *rib;
	enum family family;
};

static bool
has_best(void *ctx, uint32_t id)
{
	const struct lookup_ctx *l = ctx;

	return rib_best(l->rib, l->family, id) != NULL;
}

/* Routes of the kernel's are known to the next-hop table first hand, and our own lead nowhere. */
static bool
leads_on(void *ctx, uint32_t id)
{
	const struct lookup_ctx *l = ctx;
	const struct rib_path *p = rib_best(l->rib, l->family, id);
	struct prefix_key *k = prefix_key(&l->rib->table[l->family], id);

	/* What is seen now may come back to what it was without a change that would be told. */
	if (k->flags & RIB_F_DIRTY)
		k->flags |= RIB_F_ASKED;
	if (p == NULL || attr_get(l->rib->attrs, p->attr)->nexthop == NEXTHOP_NONE)
		return false;
	unsigned kind = rib_source_get(l->rib, p->source)->kind;
	return kind == RIB_SOURCE_BGP || kind == RIB_SOURCE_STATIC;
}

/* nexthop_lookup_fn; the best path's next hop comes first, since its metric counts. */
static unsigned
nexthop_lookup(void *ctx, const struct ip_addr *a, unsigned max_len, struct ip_prefix *matched,
	       nexthop_id *ids, unsigned max)
{
	const struct rib *rib = ctx;
	struct lookup_ctx l = {rib, (enum family)a->family};
	uint32_t id = prefix_match(&rib->table[l.family], a->bytes, max_len, leads_on, &l);
	unsigned n = 0;

	if (id == 0)
		return 0;
	const struct rib_path *best = rib_best(rib, l.family, id);
	ASSERT(best != NULL); /* or it would not lead on */
	*matched = rib_prefix(rib, l.family, id);
	ids[n++] = attr_get(rib->attrs, best->attr)->nexthop;
	for (const struct rib_path *p = rib_path_first(rib, l.family, id); p != NULL && n < max;
	     p = rib_path_next(rib, l.family, p))
		if ((p->flags & (RIB_PATH_BEST | RIB_PATH_MULTIPATH)) == RIB_PATH_MULTIPATH)
			ids[n++] = attr_get(rib->attrs, p->attr)->nexthop;
	return n;
}

struct rib *
rib_new(struct attr_table *attrs, struct nexthop_table *nexthops, const struct rib_callbacks *cb,
	uint64_t seed)
{
	struct rib *rib = xcalloc(1, sizeof(*rib));

	rib->attrs = attrs;
	rib->nexthops = nexthops;
	rib->cb = *cb;
	rib->conf = (struct rib_config){.default_local_pref = 100, .multipath_ebgp = 1, .multipath_ibgp = 1};
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		prefix_table_init(&rib->table[f], f, sizeof(struct rib_path), seed);
	ASSERT(rib->table[FAMILY_IPV4].recs.rec_size == 24);
	ASSERT(rib->table[FAMILY_IPV6].recs.rec_size == 36);
	slab_init(&rib->paths, sizeof(struct rib_path));
	slab_init(&rib->paths_with_id, sizeof(struct rib_path_with_id));
	side_init(&rib->side, attrs);
	nexthop_set_lookup(nexthops, nexthop_lookup, rib);
	return rib;
}

static void
free_paths(struct rib *rib, enum family f)
{
	uint32_t at = 1, scan = UINT32_MAX, id;
	const struct rib_path *p;

	for (; (id = prefix_next(&rib->table[f], &at, &scan)) != 0; at++)
		while ((p = rib_path_first(rib, f, id)) != NULL)
			rib_path_remove(rib, rib_source_get(rib, p->source), f, id, rib_path_id(p), RIB_URGENT);
}

static void
bitmaps_fini(struct rib_source *s)
{
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		bitmap_fini(&s->ids[f]);
		bitmap_fini(&s->best[f]);
	}
}

void
rib_free(struct rib *rib)
{
	struct dirty_entry e;

	nexthop_set_lookup(rib->nexthops, NULL, NULL);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		free_paths(rib, f);
	for (int q = 0; q < RIB_QUEUE_COUNT; q++) {
		while (dirty_pop(&rib->dirty[q], &e))
			rib_dirty_release(rib, &e);
		dirty_fini(&rib->dirty[q]);
	}
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		prefix_table_fini(&rib->table[f]);
	for (uint32_t i = 1; i < rib->sources_cap; i++) {
		if (rib->sources[i] == NULL)
			continue;
		bitmaps_fini(rib->sources[i]);
		free(rib->sources[i]);
	}
	free(rib->sources);
	side_fini(&rib->side);
	slab_fini(&rib->paths);
	slab_fini(&rib->paths_with_id);
	free(rib->cand);
	free(rib);
}

void
rib_config_get(const struct rib *rib, struct rib_config *out)
{
	*out = rib->conf;
}

void
rib_config_set(struct rib *rib, const struct rib_config *conf)
{
	rib->conf = *conf;
}

void
rib_track_paths(struct rib *rib, bool on)
{
	rib->track = on;
}

struct rib_source *
rib_source_add(struct rib *rib, enum rib_source_kind kind)
{
	uint32_t i = 1;

	while (i < rib->sources_cap && rib->sources[i] != NULL)
		i++;
	if (i > RIB_SOURCE_MAX)
		return NULL;
	if (i >= rib->sources_cap) {
		uint32_t cap = rib->sources_cap != 0 ? rib->sources_cap * 2 : 16;
		rib->sources = xreallocarray(rib->sources, cap, sizeof(struct rib_source *));
		for (uint32_t j = rib->sources_cap; j < cap; j++)
			rib->sources[j] = NULL;
		rib->sources_cap = cap;
	}
	struct rib_source *s = xcalloc(1, sizeof(*s));
	s->index = (uint16_t)i;
	s->kind = (uint8_t)kind;
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		s->cap[f] = RIB_CAP_NONE;
	s->may_grow = INT64_MAX;
	rib->sources[i] = s;
	return s;
}

struct rib_source *
rib_source_get(const struct rib *rib, uint16_t index)
{
	return rib_source_at(rib, index);
}

static void
free_source(struct rib *rib, struct rib_source *s)
{
	rib->sources[s->index] = NULL;
	free(s);
}

bool
rib_source_remove(struct rib *rib, struct rib_source *s)
{
	ASSERT(!s->removed);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (s->ids[f].count != 0)
			return false;
	bitmaps_fini(s);
	rib_growth_begin(rib, s, 0);
	s->removed = true;
	s->owner = NULL;
	if (s->dirty_refs == 0)
		free_source(rib, s);
	return true;
}

bool
rib_source_stale(struct rib_source *s, enum family f)
{
	for (enum family i = FAMILY_IPV4; i < FAMILY_COUNT; i++)
		if ((f == FAMILY_NONE || f == i) && (uint8_t)(s->gen[i] - s->oldest_gen[i]) == UINT8_MAX)
			return false;
	for (enum family i = FAMILY_IPV4; i < FAMILY_COUNT; i++)
		if (f == FAMILY_NONE || f == i)
			s->gen[i]++;
	return true;
}

bool
rib_source_ready(const struct rib_source *s)
{
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if ((uint8_t)(s->gen[f] - s->oldest_gen[f]) > GEN_SESSION_MAX)
			return false;
	return true;
}

bool
rib_source_has_room(const struct rib_source *s, enum family f)
{
	return s->limit[f] == 0 || s->received[f] - s->blocked[f] < s->limit[f];
}

void
rib_dirty_forget(struct rib *rib, uint16_t old_source)
{
	struct rib_source *s = rib_source_at(rib, old_source);

	if (--s->dirty_refs == 0 && s->removed)
		free_source(rib, s);
}

void
rib_dirty_release(struct rib *rib, const struct dirty_entry *e)
{
	if (e->old_attr == ATTR_NONE)
		return;
	attr_unref(rib->attrs, e->old_attr);
	rib_dirty_forget(rib, e->old_source);
}

uint32_t
rib_hash(const struct rib *rib, const struct ip_prefix *p)
{
	return prefix_hash(&rib->table[p->family], p);
}

uint32_t
rib_find(const struct rib *rib, const struct ip_prefix *p)
{
	const struct prefix_table *t = &rib->table[p->family];

	return prefix_find(t, p, prefix_hash(t, p));
}

uint32_t
rib_match(const struct rib *rib, const struct ip_addr *a)
{
	struct lookup_ctx l = {rib, (enum family)a->family};

	return prefix_match(&rib->table[a->family], a->bytes, family_bits(l.family), has_best, &l);
}

struct ip_prefix
rib_prefix(const struct rib *rib, enum family f, uint32_t id)
{
	return prefix_value(&rib->table[f], id);
}

void
rib_prefix_get(const struct rib *rib, enum family f, uint32_t id, struct ip_prefix *out)
{
	prefix_get(&rib->table[f], id, out);
}

void
rib_prefix_fetch(const struct rib *rib, enum family f, uint32_t id)
{
	prefix_fetch(&rib->table[f], id);
}

const struct rib_path *
rib_path_first(const struct rib *rib, enum family f, uint32_t id)
{
	const struct rib_path *p = rib_first(rib, f, id);

	if (p->attr != 0)
		return p;
	return p->next != 0 ? rib_further(rib, p->next) : NULL;
}

const struct rib_path *
rib_path_next(const struct rib *rib, enum family f, const struct rib_path *p)
{
	(void)f;
	return p->next != 0 ? rib_further(rib, p->next) : NULL;
}

const struct rib_path *
rib_best(const struct rib *rib, enum family f, uint32_t id)
{
	return rib_best_at(rib, f, id);
}

const struct rib_path *
rib_path_of(const struct rib *rib, enum family f, uint32_t id, uint16_t source)
{
	const struct rib_path *p = rib_path_first(rib, f, id);

	while (p != NULL && p->source != source)
		p = rib_path_next(rib, f, p);
	return p;
}

const struct rib_path *
rib_path_of_next(const struct rib *rib, enum family f, const struct rib_path *p)
{
	uint16_t source = p->source;

	do
		p = rib_path_next(rib, f, p);
	while (p != NULL && p->source != source);
	return p;
}

const struct rib_path *
rib_path_by_id(const struct rib *rib, enum family f, uint32_t id, uint16_t source, uint32_t path_id)
{
	const struct rib_path *p = rib_path_of(rib, f, id, source);

	while (p != NULL && rib_path_id(p) != path_id)
		p = rib_path_of_next(rib, f, p);
	return p;
}

bool
rib_path_usable(const struct rib *rib, const struct rib_path *p)
{
	return !rib_path_rejected(p) && nexthop_resolved(rib->nexthops, attr_get(rib->attrs, p->attr)->nexthop);
}

attr_id
rib_path_received(const struct rib *rib, enum family f, uint32_t id, const struct rib_path *p)
{
	if (!(p->flags & RIB_PATH_SIDE))
		return p->attr;
	if (p->has_id)
		return ((const struct rib_path_with_id *)(const void *)p)->received;
	return side_get(&rib->side, f, id, p->source);
}

bool
rib_path_stale(const struct rib *rib, enum family f, const struct rib_path *p)
{
	return p->gen != rib_source_get(rib, p->source)->gen[f];
}

/* The bitmaps of all sources: which prefixes they have paths for, and where these are the best. */
static struct rib_part
source_part(const struct rib *rib)
{
	struct rib_part part = {.name = "bitmaps of neighbors"};

	for (uint32_t i = 1; i < rib->sources_cap; i++) {
		const struct rib_source *s = rib->sources[i];
		if (s == NULL)
			continue;
		part.count++;
		for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
			part.bytes += bitmap_bytes(&s->ids[f]) + bitmap_bytes(&s->best[f]);
	}
	return part;
}

/* Each source counts its own paths. */
static void
source_stats(const struct rib *rib, struct rib_stats *out)
{
	for (uint32_t i = 1; i < rib->sources_cap; i++) {
		const struct rib_source *s = rib->sources[i];
		for (enum family f = FAMILY_IPV4; s != NULL && f < FAMILY_COUNT; f++) {
			out->paths_of[s->kind][f] += s->received[f];
			out->rejected[f] += s->received[f] - s->accepted[f];
		}
	}
}

void
rib_stats(const struct rib *rib, struct rib_stats *out)
{
	const struct prefix_table *t4 = &rib->table[FAMILY_IPV4], *t6 = &rib->table[FAMILY_IPV6];
	const struct dirty_queue *dq = rib->dirty;

	*out = (struct rib_stats){
	    .parts = {{"IPv4 prefix records", prefix_count(t4), slab_bytes(&t4->recs)},
		      {"IPv4 prefix index", prefix_count(t4), hidx_bytes(&t4->index)},
		      {"IPv6 prefix records", prefix_count(t6), slab_bytes(&t6->recs)},
		      {"IPv6 prefix index", prefix_count(t6), hidx_bytes(&t6->index)},
		      {"further paths", rib->paths.used, slab_bytes(&rib->paths)},
		      {"paths with an id", rib->paths_with_id.used, slab_bytes(&rib->paths_with_id)},
		      {"received attributes", rib->side.count, side_bytes(&rib->side)},
		      {"undecided prefixes", (uint64_t)dq[RIB_URGENT].count + dq[RIB_BULK].count,
		       dirty_bytes(&dq[RIB_URGENT]) + dirty_bytes(&dq[RIB_BULK])},
		      source_part(rib)},
	    .undecided = dq[RIB_URGENT].count + dq[RIB_BULK].count,
	    .decisions = rib->decisions,
	    .changes = rib->changes,
	    .paths_left_out = rib->paths_left_out,
	};
	source_stats(rib, out);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		out->prefixes[f] = prefix_count(&rib->table[f]);
		out->paths[f] = rib->path_count[f];
	}
	for (unsigned i = 0; i < RIB_PARTS; i++)
		out->bytes += out->parts[i].bytes;
}

static const char *const reason_names[RIB_REASON_COUNT] = {
    [RIB_REASON_BEST] = "best",
    [RIB_REASON_MULTIPATH] = "multipath",
    [RIB_REASON_UNDECIDED] = "undecided",
    [RIB_REASON_REJECTED] = "rejected",
    [RIB_REASON_UNRESOLVED] = "next-hop-unresolved",
    [RIB_REASON_LLGR_STALE] = "llgr-stale",
    [RIB_REASON_PREFERENCE] = "preference",
    [RIB_REASON_LOCAL_PREF] = "local-preference",
    [RIB_REASON_LOCAL_ORIGIN] = "locally-originated",
    [RIB_REASON_PATH_LENGTH] = "as-path-length",
    [RIB_REASON_ORIGIN] = "origin",
    [RIB_REASON_MED] = "med",
    [RIB_REASON_EBGP] = "ebgp-over-ibgp",
    [RIB_REASON_IGP_METRIC] = "igp-metric",
    [RIB_REASON_ROUTER_ID] = "router-id",
    [RIB_REASON_CLUSTER_LENGTH] = "cluster-list-length",
    [RIB_REASON_NEIGHBOR_ADDRESS] = "neighbor-address",
    [RIB_REASON_PATH_ID] = "path-id",
};

const char *
rib_reason_name(enum rib_reason r)
{
	ASSERT((unsigned)r < RIB_REASON_COUNT);
	return reason_names[r];
}

static const char *const reject_names[RIB_REJECT_COUNT] = {
    [RIB_REJECT_NONE] = "none",
    [RIB_REJECT_POLICY] = "policy",
    [RIB_REJECT_NO_POLICY] = "no-policy",
    [RIB_REJECT_AS_LOOP] = "as-loop",
    [RIB_REJECT_ORIGINATOR_LOOP] = "originator-loop",
    [RIB_REJECT_CLUSTER_LOOP] = "cluster-loop",
    [RIB_REJECT_FIRST_AS] = "first-as",
    [RIB_REJECT_NEXTHOP] = "next-hop",
    [RIB_REJECT_ROUTE_LEAK] = "route-leak",
    [RIB_REJECT_MAX_PREFIX] = "max-prefix",
    [RIB_REJECT_ORIGIN_INVALID] = "origin-invalid",
};

const char *
rib_reject_name(enum rib_reject r)
{
	ASSERT((unsigned)r < RIB_REJECT_COUNT);
	return reject_names[r];
}

static const char *const kind_names[RIB_SOURCE_KIND_COUNT] = {
    [RIB_SOURCE_BGP] = "bgp",       [RIB_SOURCE_NETWORK] = "network",
    [RIB_SOURCE_STATIC] = "static", [RIB_SOURCE_CONNECTED] = "connected",
    [RIB_SOURCE_KERNEL] = "kernel", [RIB_SOURCE_AGGREGATE] = "aggregate",
};

const char *
rib_source_kind_name(enum rib_source_kind k)
{
	ASSERT((unsigned)k < RIB_SOURCE_KIND_COUNT);
	return kind_names[k];
}
