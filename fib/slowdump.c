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
#include <string.h>
#include <sys/socket.h>

#define PORTION_BYTES (16u * 1024u) /* the kernel fills as much as is asked for: some 250 routes */

enum stage { STAGE_NEXTHOPS, STAGE_IPV4, STAGE_IPV6, STAGE_END };

int
slowdump_open(struct slowdump *s)
{
	*s = (struct slowdump){.fd = -1, .stage = STAGE_END};
	nlread_init(&s->rx, PORTION_BYTES);
	return nlsock_open(&s->sock, &s->fd);
}

void
slowdump_close(struct slowdump *s)
{
	nlread_fini(&s->rx);
	nl_socket_free(s->sock);
}

void
slowdump_begin(struct slowdump *s, const struct fib_op_audit *what)
{
	s->what = *what;
	s->stage = what->objects ? STAGE_NEXTHOPS : STAGE_IPV4;
	s->asked = false;
	nlread_forget(&s->rx);
}

static enum slowdump_step
failed(struct slowdump *s, int error)
{
	s->stale = true;
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

/* The end of a stage: 0, or the errno that it ended with. */
static int
stage_end(struct slowdump *s, const struct nlmsghdr *n)
{
	int error = nlread_errno(n);

	s->stage++;
	s->asked = false;
	nlread_forget(&s->rx);
	/* ENOENT: a table that has no route does not exist. */
	return error == ENOENT ? 0 : error;
}

/* A portion of a dump that failed. The next one is asked for when there is none any more, if that comes. */
static enum slowdump_step
leftover(struct slowdump *s, int error)
{
	nlread_forget(&s->rx);
	if (nlread_is_stuck(&s->rx) || (error != 0 && error != EAGAIN && error != ENOBUFS && error != EMSGSIZE))
		return failed(s, error);
	s->stale = error != EAGAIN;
	return SLOWDUMP_PAUSE;
}

enum slowdump_step
slowdump_next(struct slowdump *s, const struct nlmsghdr **n)
{
	int error;

	if (s->rx.len == 0) {
		if (s->stage == STAGE_END)
			return SLOWDUMP_END;
		error = s->asked || s->stale ? 0 : ask(s);
		if (error == 0)
			error = -nlread_fill(&s->rx, s->fd);
		if (s->stale)
			return leftover(s, error);
		if (error != 0 && error != EAGAIN)
			return failed(s, error);
	}
	while ((*n = nlread_next(&s->rx)) != NULL) {
		nlread_advance(&s->rx, *n);
		if ((*n)->nlmsg_seq != s->seq)
			continue;
		if ((*n)->nlmsg_type != NLMSG_DONE && (*n)->nlmsg_type != NLMSG_ERROR)
			return SLOWDUMP_MESSAGE;
		error = stage_end(s, *n);
		return error != 0 ? failed(s, error) : SLOWDUMP_PAUSE;
	}
	return SLOWDUMP_PAUSE;
}
