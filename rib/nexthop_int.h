/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nexthop_int: the parts of the next-hop table, for nexthop.c and nhresolve.c.
 */
#ifndef RIB_NEXTHOP_INT_H
#define RIB_NEXTHOP_INT_H

#include "lib/bitmap.h"
#include "lib/hash.h"
#include "lib/slab.h"
#include "rib/nexthop.h"
#include "rib/nhroute.h"

/* What came out of resolving; the ways are beside it. */
struct nh_result {
	bool resolved;
	bool recursive;
	uint16_t via_count;
	uint32_t metric; /* UINT32_MAX: unresolved */
	struct ip_prefix through;
};

struct nh_entry {
	uint32_t refs; /* first, where a free record holds the free list */
	bool live;
	bool leads_others; /* some other next hop was resolved through it */
	struct ip_addr global, link_local;
	struct nh_result res;
	struct nexthop_via *via; /* sorted, each once */
};

/* Next hops with a global address, by that address. */
/* Of the addresses how many begin with what: most prefixes that change have none inside, and need not be looked for. */
#define NH_HEADS 256
struct nh_sorted {
	nexthop_id *ids;
	uint32_t count, cap;
	uint32_t heads[NH_HEADS];
};

struct nexthop_table {
	uint64_t seed;
	struct slab entries;
	struct hidx index;
	struct nhroute_table routes;
	struct nh_sorted sorted[FAMILY_COUNT];
	struct bitmap dirty;                /* to be resolved again */
	struct bitmap links_up, links_down; /* interfaces that the owner told about */
	nexthop_lookup_fn lookup;
	void *lookup_ctx;
	uint32_t unresolved; /* entries */
	bool allow_default;
	bool reach_all; /* nothing is known of the ways, all are taken to be there */
	bool recursive_marked; /* all recursive ones are in dirty since the last run */
};

static inline struct nh_entry *
nh_at(const struct nexthop_table *t, nexthop_id id)
{
	return slab_ptr(&t->entries, id);
}

/* Resolves anew and stores the result. True: resolved, metric or ways are not what they were. */
bool nh_resolve(struct nexthop_table *t, nexthop_id id);

#endif
