/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slowdump: see slowdump.h.
 */
#include "fib/slowdump.h"

#include "fib/nhmsg.h"
#include "fib/nlsock.h"
#include "fib/route.h"

#include "lib/log.h"
#include "lib/mem.h"

#include <errno.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#define PORTION_BYTES (16u * 1024u) /* the kernel fills as much as is asked for: some 250 routes */

enum stage { STAGE_NEXTHOPS, STAGE_IPV4, STAGE_IPV6, STAGE_END };

int
slowdump_open(struct slowdump *s)
{
	*s = (struct slowdump){.fd = -1, .stage = STAGE_END};
	s->rx = xmalloc(PORTION_BYTES);
	return nlsock_open(&s->sock, &s->fd);
}

void
slowdump_close(struct slowdump *s)
{
	free(s->rx);
	nl_socket_free(s->sock);
}

void
slowdump_begin(struct slowdump *s, const struct fib_op_audit *what)
{
	s->what = *what;
	s->stage = what->objects ? STAGE_NEXTHOPS : STAGE_IPV4;
	s->asked = false;
	s->rx_len = s->rx_off = 0;
}

static enum slowdump_step
failed(const struct slowdump *s, int error)
{
	log_warn("fib.audit.failed", LOG_S("error", strerror(error)), LOG_U("stage", s->stage));
	return SLOWDUMP_FAILED;
}

static int
ask(struct slowdump *s)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	uint8_t buf[128];
	size_t len;

	s->seq++;
	if (s->stage == STAGE_NEXTHOPS)
		len = nhmsg_dump_encode(buf, sizeof buf, s->seq);
	else
		len = route_dump_encode(buf, sizeof buf, s->stage == STAGE_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6,
					s->what.table, s->what.protocol, s->seq);
	ASSERT(len > 0);
	s->asked = true;
	return sendto(s->fd, buf, len, 0, (struct sockaddr *)&kernel, sizeof kernel) < 0 ? errno : 0;
}

/* 0, or errno. */
static int
fill(struct slowdump *s)
{
	ssize_t got;

	do
		got = recv(s->fd, s->rx, PORTION_BYTES, MSG_DONTWAIT | MSG_TRUNC);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? 0 : errno;
	if ((size_t)got > PORTION_BYTES)
		return EMSGSIZE;
	s->rx_off = 0;
	s->rx_len = (size_t)got;
	return 0;
}

static const struct nlmsghdr *
take(struct slowdump *s)
{
	struct nlmsghdr *n = (struct nlmsghdr *)(void *)(s->rx + s->rx_off);

	if (!nlmsg_ok(n, (int)(s->rx_len - s->rx_off))) {
		s->rx_len = s->rx_off = 0;
		return NULL;
	}
	s->rx_off += NLMSG_ALIGN(n->nlmsg_len);
	if (s->rx_off > s->rx_len)
		s->rx_off = s->rx_len;
	return n;
}

/* The end of a stage: 0, or the errno that it ended with. */
static int
stage_end(struct slowdump *s, const struct nlmsghdr *n)
{
	int error = 0;

	if (n->nlmsg_len >= NLMSG_LENGTH(sizeof error))
		memcpy(&error, NLMSG_DATA(n), sizeof error);
	s->stage++;
	s->asked = false;
	s->rx_len = s->rx_off = 0;
	/* ENOENT: a table that has no route does not exist. */
	return error == -ENOENT ? 0 : -error;
}

enum slowdump_step
slowdump_next(struct slowdump *s, const struct nlmsghdr **n)
{
	int error;

	if (s->rx_len == 0) {
		if (s->stage == STAGE_END)
			return SLOWDUMP_END;
		error = s->asked ? 0 : ask(s);
		if (error == 0)
			error = fill(s);
		if (error != 0)
			return failed(s, error);
	}
	while ((*n = take(s)) != NULL) {
		if ((*n)->nlmsg_seq != s->seq)
			continue;
		if ((*n)->nlmsg_type != NLMSG_DONE && (*n)->nlmsg_type != NLMSG_ERROR)
			return SLOWDUMP_MESSAGE;
		error = stage_end(s, *n);
		return error != 0 ? failed(s, error) : SLOWDUMP_PAUSE;
	}
	return SLOWDUMP_PAUSE;
}
