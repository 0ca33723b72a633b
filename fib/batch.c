/* SPDX-License-Identifier: Apache-2.0 */
/*
 * batch: see batch.h. NLM_F_ACK is asked for on the last message only, since an
 * acknowledgement costs about as much as a small route. If the kernel had to
 * drop replies (ENOBUFS) the outcome of the batch is unknown; all operations
 * may be repeated without harm, so they are sent again one at a time: an ADD
 * that had succeeded then gives EEXIST, which the main half resolves, and a DEL
 * gives ESRCH, which counts as done. Where even that has no answer, it stays
 * unknown, and who sends has to look.
 */
#include "fib/batch.h"

#include "fib/nhmsg.h"
#include "fib/nlread.h"
#include "lib/mem.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define RX_BYTES   16384
#define LOSSES_MAX 100u /* of replies that are read at once: a dump that was given up may say it of each part */

struct batch *
batch_new(void)
{
	struct batch *b = xcalloc(1, sizeof *b);
	b->buf = xmalloc(BATCH_BYTES);
	b->first_error = -1;
	return b;
}

void
batch_free(struct batch *b)
{
	if (b == NULL)
		return;
	free(b->buf);
	free(b);
}

void
batch_reset(struct batch *b)
{
	b->seq += b->count;
	b->len = 0;
	b->count = 0;
	b->errors = 0;
	b->unknown = false;
	b->first_error = -1;
	b->text[0] = '\0';
}

bool
batch_has_room(const struct batch *b)
{
	return b->count < BATCH_MAX && BATCH_BYTES - b->len >= ROUTE_MSG_MAX;
}

void
batch_add(struct batch *b, const struct fib_op_route *r, const struct route_attrs *a)
{
	ASSERT(batch_has_room(b));
	struct batch_op *op = &b->ops[b->count];
	size_t len = route_encode(b->buf + b->len, BATCH_BYTES - b->len, r, a, b->seq + b->count, 0);

	ASSERT(len > 0);
	*op = (struct batch_op){.route = *r, .offset = (uint32_t)b->len, .len = (uint32_t)len};
	b->len += len;
	b->count++;
}

void
batch_add_nexthop(struct batch *b, const struct fib_op_nexthop *o, const struct fib_nh *nh)
{
	ASSERT(batch_has_room(b));
	struct batch_op *op = &b->ops[b->count];
	size_t len = nhmsg_encode(b->buf + b->len, BATCH_BYTES - b->len, o, nh, b->seq + b->count);

	ASSERT(len > 0);
	*op = (struct batch_op){
	    .route = {.verb = o->verb, .what = FIB_WHAT_NEXTHOP, .id = o->nhset, .metric = o->nhid},
	    .offset = (uint32_t)b->len,
	    .len = (uint32_t)len};
	b->len += len;
	b->count++;
}

void
batch_add_failed(struct batch *b, const struct fib_op_route *r, int error)
{
	ASSERT(batch_has_room(b));
	b->ops[b->count++] = (struct batch_op){.route = *r, .offset = (uint32_t)b->len, .error = error};
	b->errors++;
}

static void
take_text(struct batch *b, const struct nlmsghdr *n)
{
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1];
	/* With NETLINK_CAP_ACK the error holds the header of the failed message and no more. */
	size_t head = sizeof(struct nlmsgerr);

	if ((n->nlmsg_flags & NLM_F_ACK_TLVS) == 0 || n->nlmsg_len < NLMSG_HDRLEN + head)
		return;
	if (nlmsg_parse((struct nlmsghdr *)(uintptr_t)n, (int)head, tb, NLMSGERR_ATTR_MAX, NULL) == 0 &&
	    tb[NLMSGERR_ATTR_MSG] != NULL)
		nla_strlcpy(b->text, tb[NLMSGERR_ATTR_MSG], sizeof b->text);
}

/* False: it has been cut off. */
static bool
take_reply(struct batch *b, const struct nlmsghdr *n, unsigned last)
{
	uint32_t i = n->nlmsg_seq - b->seq;

	if (n->nlmsg_type != NLMSG_ERROR || i >= b->count)
		return true;
	if (n->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr)))
		return false;
	struct batch_op *op = &b->ops[i];
	if (i == last)
		b->acked = true;
	op->error = nlread_errno(n);
	if (op->error == 0)
		return true;
	b->errors++;
	bool expected = (op->error == EEXIST && op->route.verb == FIB_ADD) ||
			((op->error == ESRCH || op->error == ENOENT) && op->route.verb == FIB_DEL);
	if (!expected && b->first_error < 0) {
		b->first_error = (int)i;
		take_text(b, n);
	}
	return true;
}

/* Reads all replies there are. -ENOBUFS: some were lost. */
static int
take_replies(struct batch *b, int fd, unsigned last)
{
	_Alignas(struct nlmsghdr) uint8_t rx[RX_BYTES];

	unsigned losses = 0;
	int rc = 0;

	b->acked = false;
	for (;;) {
		ssize_t got = recv(fd, rx, sizeof rx, MSG_DONTWAIT);
		if (got < 0 && errno == EINTR)
			continue;
		/* The socket takes no new replies before all of the old ones are read. */
		if (got < 0 && errno == ENOBUFS && losses++ < LOSSES_MAX) {
			rc = -ENOBUFS;
			continue;
		}
		if (got < 0)
			return errno == EAGAIN ? rc : -errno;
		int left = (int)got;
		bool whole = true;
		for (struct nlmsghdr *n = (struct nlmsghdr *)(void *)rx; nlmsg_ok(n, left);
		     n = nlmsg_next(n, &left))
			whole &= take_reply(b, n, last);
		/* A reply that cannot be read is as good as lost. */
		if (!whole || left > 0)
			rc = -ENOBUFS;
	}
}

static int
send_range(struct batch *b, int fd, unsigned first, unsigned last)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	size_t from = b->ops[first].offset, to = b->ops[last].offset + b->ops[last].len;
	struct nlmsghdr n;

	memcpy(&n, b->buf + b->ops[last].offset, sizeof n);
	n.nlmsg_flags |= NLM_F_ACK;
	memcpy(b->buf + b->ops[last].offset, &n, sizeof n);
	for (;;) {
		if (sendto(fd, b->buf + from, to - from, 0, (struct sockaddr *)&kernel, sizeof kernel) >= 0)
			return 0;
		if (errno != EINTR)
			return -errno;
	}
}

/* Nothing is told of the operation but what its sending, or the want of an answer, has said. */
static void
op_failed(struct batch *b, unsigned i, int error)
{
	b->ops[i].error = error;
	b->errors++;
	if (b->first_error < 0)
		b->first_error = (int)i;
}

static void
send_singly(struct batch *b, int fd)
{
	/* What was refused before is asked anew. */
	b->errors = 0;
	b->first_error = -1;
	b->text[0] = '\0';
	for (unsigned i = 0; i < b->count; i++) {
		if (b->ops[i].len == 0) {
			b->errors++;
			continue;
		}
		int rc = send_range(b, fd, i, i);
		b->ops[i].error = 0;
		b->ops[i].unsure = true;
		if (rc == 0) {
			rc = take_replies(b, fd, i);
			rc = b->acked ? 0 : rc != 0 ? rc : -ENOBUFS;
		}
		if (rc == 0)
			continue;
		b->unknown = true;
		op_failed(b, i, -rc);
	}
}

void
batch_send(struct batch *b, int fd)
{
	unsigned first = 0, last = b->count;

	while (last > 0 && b->ops[last - 1].len == 0)
		last--;
	if (last == 0)
		return;
	last--;
	while (b->ops[first].len == 0)
		first++;
	int rc = send_range(b, fd, first, last);
	if (rc == 0) {
		rc = take_replies(b, fd, last);
		if (rc != 0 || !b->acked)
			send_singly(b, fd);
		return;
	}
	for (unsigned i = first; i <= last; i++)
		if (b->ops[i].len > 0)
			b->ops[i].error = -rc;
	b->errors = b->count;
	b->first_error = (int)first;
}
