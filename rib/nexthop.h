/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nexthop: interned next hops and how they resolve (RFC 4271 5.1.3, 9.1.2.1).
 *
 * A next hop is a global address and, for IPv6, perhaps a link-local one
 * (RFC 2545 3, RFC 8950). It resolves by longest match over the kernel's foreign
 * and connected routes, which the owner feeds in, and over BGP's own routes,
 * which are asked for through a callback. Recursion is bounded and a route never
 * resolves through itself. The default route counts only where allowed.
 *
 * A change of a route marks the next hops it can affect; nexthop_run resolves
 * them again in portions and tells which ones came out differently. When to run
 * is the owner's choice, which is where changes are damped. Attribute sets hold
 * references; NEXTHOP_NONE is the next hop of local routes and always resolved.
 */
#ifndef RIB_NEXTHOP_H
#define RIB_NEXTHOP_H

#include "lib/addr.h"
#include "rib/attr.h"

#include <stdbool.h>
#include <stdint.h>

#define NEXTHOP_NONE    0u
#define NEXTHOP_VIA_MAX 64 /* forwarding next hops of one resolved set */

typedef uint32_t nexthop_id;

/* One way out: a gateway on an interface. */
struct nexthop_via {
	struct ip_addr via; /* FAMILY_NONE only in routes given by the owner: directly on the interface */
	uint32_t ifindex;   /* 0: not known, the kernel finds it */
	uint16_t weight;    /* 1..256 */
};

/* A next hop as others see it; pointers are good until the next call that changes the table. */
struct nexthop_view {
	struct ip_addr global;     /* FAMILY_NONE: link-local only */
	struct ip_addr link_local; /* FAMILY_NONE: none */
	uint32_t refs;
	bool resolved;
	bool recursive;  /* the way leads through a BGP route */
	uint32_t metric; /* IGP metric: kernel priority of the resolving route; connected 0 */
	struct ip_prefix
	    through; /* the route that was matched first; len 0 and FAMILY_NONE: none (link-local) */
	unsigned via_count;
	const struct nexthop_via *via;
};

enum nexthop_route_kind {
	NEXTHOP_ROUTE_CONNECTED, /* a subnet of an interface: metric 0, the next hop itself is the gateway */
	NEXTHOP_ROUTE_KERNEL,    /* a foreign kernel route */
	NEXTHOP_ROUTE_UNREACHABLE, /* a foreign unreachable route: whatever matches is unresolved */
	NEXTHOP_ROUTE_BLACKHOLE,   /* a foreign blackhole: likewise */
	NEXTHOP_ROUTE_OWN,         /* an address of our own: likewise */
};

/*
 * Asks the RIB: the longest prefix of at most max_len bits that contains a and whose best path has a next
 * hop. Fills in *matched and up to max ids of the next hops of its best and multipath paths; returns how many
 * (0: none).
 */
typedef unsigned (*nexthop_lookup_fn)(void *ctx, const struct ip_addr *a, unsigned max_len,
				      struct ip_prefix *matched, nexthop_id *ids, unsigned max);

struct nexthop_table; /* opaque */

struct nexthop_table *nexthop_table_new(uint64_t seed);
void nexthop_table_free(
    struct nexthop_table *t); /* all references must be gone, or their holders never used again */
/* What an attribute table needs to hold next hops of this table. */
struct attr_nexthop_ops nexthop_attr_ops(struct nexthop_table *t);
/* Where BGP routes are found; without it only the owner's routes count. */
void nexthop_set_lookup(struct nexthop_table *t, nexthop_lookup_fn lookup, void *ctx);
/* May 0.0.0.0/0 and ::/0 resolve a next hop? Marks all next hops when it changes. */
void nexthop_set_allow_default(struct nexthop_table *t, bool allow);
/* From now on every next hop is resolved, with metric 0 and no ways: for an owner that knows of no routes. */
void nexthop_set_reach_all(struct nexthop_table *t);

/*
 * The id of a next hop, with one reference taken. Either address may be NULL or of FAMILY_NONE, not both; a
 * link-local address carries its interface in scope_id. A new one is resolved at once.
 */
nexthop_id nexthop_intern(struct nexthop_table *t, const struct ip_addr *global,
			  const struct ip_addr *link_local);
void nexthop_ref(struct nexthop_table *t, nexthop_id id);   /* NEXTHOP_NONE is allowed and ignored */
void nexthop_unref(struct nexthop_table *t, nexthop_id id); /* frees at 0; the same */

bool nexthop_resolved(const struct nexthop_table *t, nexthop_id id); /* true for NEXTHOP_NONE */
/* Both in one: resolved, and *metric. */
bool nexthop_reach(const struct nexthop_table *t, nexthop_id id, uint32_t *metric);
uint32_t nexthop_metric(const struct nexthop_table *t,
			nexthop_id id); /* 0 for NEXTHOP_NONE, UINT32_MAX unresolved */
void nexthop_get(const struct nexthop_table *t, nexthop_id id,
		 struct nexthop_view *out); /* id ≠ NEXTHOP_NONE */
/* The first next hop with id ≥ from, or 0: for show. */
nexthop_id nexthop_next(const struct nexthop_table *t, nexthop_id from);
uint32_t nexthop_count(const struct nexthop_table *t);
uint32_t nexthop_unresolved(const struct nexthop_table *t); /* how many of them lead nowhere */

/*
 * A route that next hops may resolve through. It is named by (prefix, kind, metric, for connected ones also
 * the first via's ifindex): the next one with the same name replaces it. Of several for one prefix the lowest
 * metric counts, as in the kernel, and an unreachable one before another of its metric. n ≤ NEXTHOP_VIA_MAX.
 */
void nexthop_route_add(struct nexthop_table *t, const struct ip_prefix *p, enum nexthop_route_kind kind,
		       uint32_t metric, const struct nexthop_via *via, unsigned n);
/*
 * Where a foreign kernel route is from. Tables are told apart by their ranks: of routes that are equal else, the one of
 * the lowest rank counts.
 */
struct nexthop_origin {
	uint32_t rank;
	uint8_t protocol; /* the number of who made it (rtm_protocol) */
};
/* The same of a foreign kernel route, whose name has the rank of its table, too. That of any other route is 0. */
void nexthop_foreign_add(struct nexthop_table *t, const struct ip_prefix *p, enum nexthop_route_kind kind,
			 uint32_t metric, const struct nexthop_origin *from, const struct nexthop_via *via, unsigned n);
/* Takes it away, of whatever kind it is. */
void nexthop_foreign_del(struct nexthop_table *t, const struct ip_prefix *p, uint32_t metric, uint32_t rank);
/* Takes it away; ifindex matters only for connected ones. false: there was none of that name. */
bool nexthop_route_del(struct nexthop_table *t, const struct ip_prefix *p, enum nexthop_route_kind kind,
		       uint32_t metric, uint32_t ifindex);
/* The foreign route that counts for a prefix. */
struct nexthop_foreign {
	uint32_t metric;
	uint32_t ifindex; /* of its first way, 0: none */
	struct nexthop_origin from;
	bool blackhole;
	unsigned via_count; /* 0: a blackhole, or else unreachable */
	const struct nexthop_via *via; /* good until the table changes */
};
/* False: there is no foreign route for exactly this prefix. */
bool nexthop_foreign_get(const struct nexthop_table *t, const struct ip_prefix *p,
			 struct nexthop_foreign *out);
/*
 * The first prefix of family f with any route at or after *at (begin with 1), which moves behind it. False: none,
 * or *scan records were looked at, which is counted down: 0 means to go on.
 */
bool nexthop_route_next(const struct nexthop_table *t, enum family f, uint32_t *at, uint32_t *scan,
			struct ip_prefix *p);
/* Is the address on a connected subnet? *ifindex (may be NULL) is filled in. For eBGP's third-party next
 * hops. */
bool nexthop_connected(const struct nexthop_table *t, const struct ip_addr *a, uint32_t *ifindex);
/* An interface came up or went down. Link-local next hops need theirs known and up; ways over a down one are
 * left out. */
void nexthop_link_set(struct nexthop_table *t, uint32_t ifindex, bool up);
/* The best path or multipath set of a BGP prefix has changed: marks the next hops inside it. Cheap when there
 * are none. */
void nexthop_rib_changed(struct nexthop_table *t, const struct ip_prefix *p);
/* Might there be some, as the first octets say? Else that need not be called. */
bool nexthop_concerns(const struct nexthop_table *t, enum family f, const uint8_t *addr, uint8_t len);

/* How many next hops wait to be resolved. */
uint32_t nexthop_pending(const struct nexthop_table *t);
/*
 * Resolves up to budget waiting next hops. changed is called for each that came out differently (resolved,
 * metric or ways); it may not intern, unref or run. Returns how many still wait.
 */
uint32_t nexthop_run(struct nexthop_table *t, uint32_t budget, void (*changed)(void *ctx, nexthop_id id),
		     void *ctx);

#endif
