/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adjout_key: what makes two neighbours share an export group.
 *
 * The key holds everything that changes the outgoing view of a neighbour and
 * nothing else: whatever differs only in octets at fixed places (the next hop of
 * next-hop-self) or in who may read a message (split horizon, RFC 8654) is not in
 * it. One table names the members; hash, comparison and text all come from it, so
 * a member that is added there is in all three.
 */
#ifndef RIB_ADJOUT_KEY_H
#define RIB_ADJOUT_KEY_H

#include "lib/str.h"

#include <stdbool.h>
#include <stdint.h>

/* Zero everything before filling it in; members are compared one by one, padding never is. */
struct adjout_key {
	uint64_t policy;   /* identity of the compiled export policy chain, the same for equal ones */
	uint32_t local_as; /* the AS number that is prepended */
	uint32_t own_as;   /* the one behind it, 0: none */
	uint32_t
	    remote_as;    /* only where the outgoing view depends on it (as-override and the like), else 0 */
	uint32_t subnet;  /* shared link on which a third-party next hop is kept (RFC 4271 5.1.3), 0: none */
	uint32_t cluster_id;         /* towards internal ones: what is put into CLUSTER_LIST (RFC 4456) */
	uint32_t paths_ipv4, paths_ipv6; /* which are sent with ADD-PATH, see below; ADJOUT_PATHS_NONE: without */
	uint32_t default_local_pref; /* towards internal ones and the confederation, or if policy reads it: for routes without one */
	uint32_t sole;    /* number of the source that is its only member, whose prefixes are limited; 0: shared */
	uint8_t type;     /* internal, external, confederation: the owner's numbers */
	uint8_t role;     /* reflector client, route-server client, RFC 9234 role: the owner's bits */
	uint8_t families; /* bit 1 << enum family */
	uint8_t as4;      /* RFC 6793 negotiated */
	uint8_t ext_nexthop;  /* RFC 8950: bits of the families with an IPv6 next hop */
	uint8_t nexthop_rule; /* self, keep, auto: the owner's numbers */
	uint8_t nexthop_len4; /* octets of our own next hop for IPv4 routes: 4, or 16 or 32 for an IPv6 one; 0: none */
	uint8_t nexthop_len6; /* for IPv6 routes: 16, or 32 with a link-local address; 0: none */
	uint8_t remove_private;
	uint8_t defaults; /* families with a default route that is not the table's: bits 1 << enum family */
	uint8_t options; /* further booleans of the outgoing view: the owner's bits */
};

/* Values of paths_*; any other N is the best N. */
#define ADJOUT_PATHS_NONE 0u
#define ADJOUT_PATHS_ECMP 0x10000u /* the multipath set, or the best one */
#define ADJOUT_PATHS_ALL  0x10001u

uint64_t adjout_key_hash(const struct adjout_key *k, uint64_t seed);
bool adjout_key_eq(const struct adjout_key *a, const struct adjout_key *b);
/* Adds "policy=1 local_as=65001 ..." without members that are 0. */
void adjout_key_print(const struct adjout_key *k, struct str *out);

#endif
