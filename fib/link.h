/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link: link and address messages of rtnetlink, taken apart.
 *
 * Called by the netlink thread for dumps and notifications. The results are
 * event records, ready for the ring.
 */
#ifndef FIB_LINK_H
#define FIB_LINK_H

#include "fib/chan.h"

#include <linux/netlink.h>
#include <stddef.h>

/*
 * RTM_NEWLINK, RTM_DELLINK → FIB_EV_LINK; RTM_NEWADDR, RTM_DELADDR → FIB_EV_ADDRESS. 0; -ENOENT: nothing for
 * us (a bridge port's message, an address that duplicate address detection has not passed yet, another
 * family); -EBADMSG: malformed.
 */
int link_decode(const struct nlmsghdr *n, struct fib_ev *out);
int address_decode(const struct nlmsghdr *n, struct fib_ev *out);
/* The requests for a dump of all links, of all addresses. Return the length, or 0 where cap is too small. */
size_t link_dump_encode(void *buf, size_t cap, uint32_t seq);
size_t address_dump_encode(void *buf, size_t cap, uint32_t seq);

#endif
