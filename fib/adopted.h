/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adopted: routes with our protocol number that were found in the kernel and
 * that nobody has asked for yet.
 *
 * Filled by every full dump: the first one finds what an earlier run left, a
 * later one (after lost notifications) what we installed ourselves. A route is
 * taken out when its prefix claims it; the rest is for the sweep. Next-hop sets
 * are interned, so comparing with what is wanted is comparing ids.
 */
#ifndef FIB_ADOPTED_H
#define FIB_ADOPTED_H

#include "fib/chan.h"
#include "fib/keyed.h"
#include "fib/nhset.h"

#define ADOPTED_METRICS 16 /* distinct metrics that are remembered */

struct adopted_key {
	uint8_t dst[16];
	uint8_t family, plen, protocol, pad;
	uint32_t table, metric;
};

struct adopted_route {
	struct keyed_head head;
	struct adopted_key key;
	uint32_t nhset; /* 0: a kind of route that we never make */
	uint32_t nhid;  /* of the nexthop object that it names, or 0 */
	uint32_t gen;   /* of the dump it was seen in */
};

struct adopted {
	struct keyed routes;
	struct nhsets *nhsets;
	uint32_t count[FAMILY_COUNT];
	uint32_t metrics[ADOPTED_METRICS];
	unsigned nmetrics;
};

void adopted_init(struct adopted *a, struct nhsets *nhsets);
void adopted_fini(struct adopted *a);
/* Makes a use of nhset (0: none). */
void adopted_put(struct adopted *a, const struct fib_ev_route *r, uint32_t nhset, uint32_t nhid,
		 uint32_t gen);
struct adopted_route *adopted_find(const struct adopted *a, const struct ip_prefix *p,
				   const struct fib_config *conf, uint32_t metric);
/* One of the prefix with any metric but this one, or NULL. */
struct adopted_route *adopted_find_other(const struct adopted *a, const struct ip_prefix *p,
					 const struct fib_config *conf, uint32_t metric);
void adopted_del(struct adopted *a, struct adopted_route *r);

#endif
