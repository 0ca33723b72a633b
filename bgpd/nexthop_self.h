/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nexthop_self: our own address as the next hop of what a neighbour is sent.
 *
 * Our end of the session wherever the family allows it, which it does for IPv4
 * routes over an IPv6 session that has negotiated RFC 8950; else an address of the
 * interface that the session runs over. IPv6 routes over IPv4, where that interface
 * has no global address: one of another interface, a loopback's first, and behind
 * it the link-local one of the interface if the neighbour is on the same link,
 * so that it can reach what it has no route to (RFC 2545 3). A family without any
 * of these has no next hop of ours, and routes that need it are not announced.
 */
#ifndef BGPD_NEXTHOP_SELF_H
#define BGPD_NEXTHOP_SELF_H

#include "bgpd/group.h"

struct peer;

/* Fills in m->self and m->self_len of an established session; logs the families that have none. */
void nexthop_self_set(const struct peer *p, struct group_member *m);
/* The address, for show; FAMILY_NONE: there is none. */
struct ip_addr nexthop_self_addr(const struct group_member *m, enum family f);

#endif
