/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch: up to BATCH_MAX route operations in one sendmsg, and their replies.
 *
 * The kernel carries out the whole batch inside sendmsg and leaves its replies
 * in the socket: an error for each message that failed, by sequence number, and
 * the acknowledgement of the last one. What is neither is done. Only the netlink
 * thread uses it; a sent batch waits for nothing.
 */
#ifndef FIB_BATCH_H
#define FIB_BATCH_H

#include "fib/route.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BATCH_MAX   512u
#define BATCH_BYTES (256u * 1024u)

struct batch_op {
	struct fib_op_route route;
	uint32_t offset, len; /* of its message; len 0: not sent, error says why */
	int32_t error;        /* errno, 0: done */
	bool unsure;          /* it was sent twice, for want of a reply */
};

struct batch {
	uint8_t *buf;
	size_t len;
	unsigned count;
	uint32_t seq; /* of op 0; the others follow */
	bool acked;   /* the last one was answered */
	bool unknown; /* of some it is not known whether they were carried out: their error is of the reading */
	unsigned errors;
	int first_error; /* index of the first failed op that is worth a line in the log, or -1 */
	char text[128];  /* what the kernel said about it (extended acknowledgement), or "" */
	struct batch_op ops[BATCH_MAX];
};

struct batch *batch_new(void);
void batch_free(struct batch *b);
/* Empties it. */
void batch_reset(struct batch *b);
/* Is there room for one more operation of any size? */
bool batch_has_room(const struct batch *b);
/* Adds one; a is not used by FIB_DEL. There must be room. */
void batch_add(struct batch *b, const struct fib_op_route *r, const struct route_attrs *a);
/* Adds one about a nexthop object (FIB_WHAT_NEXTHOP in its route). There must be room. */
void batch_add_nexthop(struct batch *b, const struct fib_op_nexthop *o, const struct fib_nh *nh);
/* Adds one that fails without being sent. */
void batch_add_failed(struct batch *b, const struct fib_op_route *r, int error);
/* Carries it out over a netlink socket: afterwards the ops' error fields are final. */
void batch_send(struct batch *b, int fd);

#endif
