/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nlread: see nlread.h.
 */
#include "fib/nlread.h"

#include "lib/mem.h"

#include <errno.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define ERRNO_MAX 4095 /* the kernel's */
#define STUCK     100u /* losses */

void
nlread_init(struct nlread *r, size_t cap)
{
	*r = (struct nlread){.buf = xmalloc(cap), .cap = cap};
}

void
nlread_fini(struct nlread *r)
{
	free(r->buf);
}

int
nlread_fill(struct nlread *r, int fd)
{
	ssize_t got;

	nlread_forget(r);
	do
		got = recv(fd, r->buf, r->cap, MSG_DONTWAIT | MSG_TRUNC);
	while (got < 0 && errno == EINTR);
	r->losses = got < 0 && errno == ENOBUFS ? r->losses + 1 : 0;
	if (got < 0)
		return -errno;
	if ((size_t)got > r->cap)
		return -EMSGSIZE;
	r->len = (size_t)got;
	return 0;
}

bool
nlread_is_stuck(const struct nlread *r)
{
	return r->losses > 0 && r->losses % STUCK == 0;
}

struct nlmsghdr *
nlread_next(struct nlread *r)
{
	struct nlmsghdr *n = (struct nlmsghdr *)(void *)(r->buf + r->off);

	if (nlmsg_ok(n, (int)(r->len - r->off)))
		return n;
	nlread_forget(r);
	return NULL;
}

void
nlread_advance(struct nlread *r, const struct nlmsghdr *n)
{
	r->off += NLMSG_ALIGN(n->nlmsg_len);
	if (r->off > r->len)
		r->off = r->len;
}

void
nlread_forget(struct nlread *r)
{
	r->len = r->off = 0;
}

int
nlread_errno(const struct nlmsghdr *n)
{
	int error = 0;

	if (n->nlmsg_len >= NLMSG_LENGTH(sizeof(error)))
		memcpy(&error, NLMSG_DATA(n), sizeof(error));
	return error > 0 || error < -ERRNO_MAX ? EBADMSG : -error;
}
