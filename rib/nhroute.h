/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nhroute: the routes outside BGP that next hops resolve through.
 *
 * Foreign kernel routes and connected subnets of both families by prefix, several
 * for one prefix ordered by metric. Only rib/nexthop uses it.
 */
#ifndef RIB_NHROUTE_H
#define RIB_NHROUTE_H

#include "rib/nexthop.h"
#include "rib/prefix.h"

struct nhroute {
	struct nhroute *next; /* of the same prefix, later in order */
	uint32_t metric;
	struct nexthop_origin from;
	uint8_t kind; /* enum nexthop_route_kind */
	uint16_t n;
	struct nexthop_via via[];
};

/* What one of a prefix is found by; ifindex matters only for connected ones, rank only for foreign ones. */
struct nhroute_name {
	enum nexthop_route_kind kind;
	uint32_t metric, ifindex, rank;
};

struct nhroute_table {
	struct prefix_table prefixes[FAMILY_COUNT]; /* data: a pointer to the first struct nhroute */
};

void nhroute_init(struct nhroute_table *t, uint64_t seed);
void nhroute_fini(struct nhroute_table *t);
/* As nexthop_foreign_add and nexthop_route_del. */
void nhroute_add(struct nhroute_table *t, const struct ip_prefix *p, enum nexthop_route_kind kind,
		 uint32_t metric, const struct nexthop_origin *from, const struct nexthop_via *via, unsigned n);
bool nhroute_del(struct nhroute_table *t, const struct ip_prefix *p, const struct nhroute_name *name);
/* Is it one over which next hops may be resolved? */
bool nhroute_leads_somewhere(const struct nhroute *r);
/* The first route of the longest prefix of at most max_len bits that contains a, or NULL. *p is filled in. */
const struct nhroute *nhroute_match(const struct nhroute_table *t, const struct ip_addr *a, unsigned max_len,
				    struct ip_prefix *p);
/* The same among connected ones alone. */
const struct nhroute *nhroute_match_connected(const struct nhroute_table *t, const struct ip_addr *a);
/* The first foreign route of exactly that prefix, or NULL. */
const struct nhroute *nhroute_foreign(const struct nhroute_table *t, const struct ip_prefix *p);
/* As nexthop_route_next. */
bool nhroute_next(const struct nhroute_table *t, enum family f, uint32_t *at, uint32_t *scan,
		  struct ip_prefix *p);

#endif
