/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route: RTM_NEWROUTE, RTM_DELROUTE and RTM_GETROUTE messages.
 *
 * Encoding is done by the netlink thread into its batch buffer; what depends on
 * the next-hop set alone (gateways, interfaces, weights) is encoded once for
 * each set and family and then copied into every message. Decoding takes apart
 * what the kernel reports in dumps and notifications. Multi-octet integers of
 * netlink are in host order, addresses in network order.
 */
#ifndef FIB_ROUTE_H
#define FIB_ROUTE_H

#include "fib/chan.h"

#include <linux/netlink.h>
#include <stddef.h>

#define ROUTE_MSG_MAX 4096 /* octets of the longest message: FIB_NH_MAX next hops */

/* The part of a route message that is the same for all routes of a next-hop set. */
struct route_attrs {
	uint8_t *data; /* encoded attributes; NULL: none */
	uint32_t len;
	uint32_t rtm_flags;
	uint8_t rtm_type, scope;
};

/* Encodes for routes of family f. -EAFNOSUPPORT: an IPv4 next hop of an IPv6 route. The caller frees with
 * fini. */
int route_attrs_init(struct route_attrs *a, enum family f, enum fib_type type, const struct fib_nh *nh,
		     unsigned nh_count);
/* The same for routes that name a nexthop object. */
void route_attrs_object(struct route_attrs *a, uint32_t nhid);
void route_attrs_fini(struct route_attrs *a);

/*
 * Writes one message into buf; returns its length, aligned, or 0 where cap is too small. a is not used by
 * FIB_DEL. flags are NLM_F_ACK or 0; NLM_F_REQUEST and the verb's flags are added.
 */
size_t route_encode(void *buf, size_t cap, const struct fib_op_route *r, const struct route_attrs *a,
		    uint32_t seq, uint16_t flags);
/* The request for a dump of one table and family; protocol 0: of all protocols. */
size_t route_dump_encode(void *buf, size_t cap, enum family f, uint32_t table, uint8_t protocol,
			 uint32_t seq);

struct route_info {
	struct fib_ev_route r; /* nh_count says how many of nh are filled in */
	uint32_t nhid;         /* of the nexthop object that it names, or 0 */
	struct fib_ev_nh nh[FIB_NH_MAX];
};

/*
 * Takes apart an RTM_NEWROUTE or RTM_DELROUTE. 0; -ENOENT: nothing for us (a cache entry, another family,
 * more next hops than FIB_NH_MAX are cut off, not refused); -EBADMSG: malformed.
 */
int route_decode(const struct nlmsghdr *n, struct route_info *out);

#endif
