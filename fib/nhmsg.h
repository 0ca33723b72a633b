/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nhmsg: RTM_NEWNEXTHOP, RTM_DELNEXTHOP and RTM_GETNEXTHOP messages (Linux 5.3
 * and later).
 *
 * A nexthop object is one next hop or a group of others with weights, under a
 * number by which routes name it. Only the netlink thread uses this.
 */
#ifndef FIB_NHMSG_H
#define FIB_NHMSG_H

#include "fib/chan.h"

#include <linux/netlink.h>
#include <stddef.h>

/*
 * Writes one message; returns its length, aligned, or 0 where cap is too small. nh has o->count next hops: of
 * an object that is no group just one; of a group the members, their numbers in ifindex. FIB_DEL takes none.
 */
size_t nhmsg_encode(void *buf, size_t cap, const struct fib_op_nexthop *o, const struct fib_nh *nh,
		    uint32_t seq);
/* The request for a dump of all. */
size_t nhmsg_dump_encode(void *buf, size_t cap, uint32_t seq);

struct nhmsg_info {
	struct fib_ev_nexthop n; /* count says how many of nh are filled in */
	struct fib_ev_nh nh[FIB_NH_MAX];
};

/* Takes apart an RTM_NEWNEXTHOP or RTM_DELNEXTHOP. 0; -EBADMSG: malformed. */
int nhmsg_decode(const struct nlmsghdr *n, struct nhmsg_info *out);

#endif
