/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slowdump: our routes and all nexthop objects as the kernel has them, read a
 * portion at a time.
 *
 * A netlink dump goes on where it stopped whenever the next portion is read, and
 * nothing is locked or held meanwhile, so however long the table is, each step
 * is short. It has a socket of its own, on which nothing else is asked. What is
 * read may be as old as the portion before it, and of a table that changes an
 * entry may be missed: who uses it must know what has changed since the
 * beginning. Only the netlink thread does, for the audit.
 */
#ifndef FIB_SLOWDUMP_H
#define FIB_SLOWDUMP_H

#include "fib/chan.h"
#include "fib/nlread.h"

#include <linux/netlink.h>
#include <netlink/socket.h>
#include <stddef.h>

enum slowdump_step {
	SLOWDUMP_MESSAGE, /* *n is the next message: RTM_NEWNEXTHOP or RTM_NEWROUTE */
	SLOWDUMP_PAUSE,   /* the portion is used up; the next call reads another */
	SLOWDUMP_END,     /* all was read before the last pause */
	SLOWDUMP_FAILED,  /* what was read is not all there is */
};

struct slowdump {
	struct nl_sock *sock;
	int fd;
	struct fib_op_audit what;
	struct nlread rx;
	unsigned stage;
	bool asked; /* this stage's dump is under way */
	bool stale; /* one that failed may be: no other begins before that has come to its end */
	uint32_t seq;
};

/* 0 or -errno; to be closed in either case. */
int slowdump_open(struct slowdump *s);
void slowdump_close(struct slowdump *s);
void slowdump_begin(struct slowdump *s, const struct fib_op_audit *what);
/* After SLOWDUMP_END and SLOWDUMP_FAILED only slowdump_begin may follow. */
enum slowdump_step slowdump_next(struct slowdump *s, const struct nlmsghdr **n);

#endif
