/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nlread: what was read last from a netlink socket, taken message by message.
 */
#ifndef FIB_NLREAD_H
#define FIB_NLREAD_H

#include <linux/netlink.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct nlread {
	uint8_t *buf;
	size_t cap, len, off;
	unsigned losses; /* reads that said ENOBUFS, one after the other */
};

void nlread_init(struct nlread *r, size_t cap);
void nlread_fini(struct nlread *r);
/*
 * Reads what comes next, without waiting; what was left of the last is forgotten. 0, or -errno: -EAGAIN: nothing is
 * there; -EMSGSIZE: it was larger than cap, and is lost.
 */
int nlread_fill(struct nlread *r, int fd);
/* The next message, which stays the next until nlread_advance; NULL: there is none any more. */
struct nlmsghdr *nlread_next(struct nlread *r);
void nlread_advance(struct nlread *r, const struct nlmsghdr *n);
void nlread_forget(struct nlread *r);
/*
 * Is it time to leave it alone for a while? The kernel says ENOBUFS of each part of a dump for which it has no memory,
 * and that may be all that it says.
 */
bool nlread_is_stuck(const struct nlread *r);
/* The errno that an acknowledgement or a dump's end says; 0: none. What is no errno is EBADMSG. */
int nlread_errno(const struct nlmsghdr *n);

#endif
