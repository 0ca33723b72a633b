/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ra: see ra.h.
 */
#include "bgpd/ra.h"

#include "lib/log.h"
#include "lib/mem.h"

#include <errno.h>
#include <netinet/icmp6.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#define HOP_LIMIT    255 /* RFC 4861 6.1: it has crossed no router */
#define READS_A_TURN 64
#define ADVERT_LEN   sizeof(struct nd_router_advert)  /* 16 */
#define SOLICIT_LEN  sizeof(struct nd_router_solicit) /* 8 */

static const uint8_t all_nodes[16] = {0xff, 2, [15] = 1};
static const uint8_t all_routers[16] = {0xff, 2, [15] = 2};

struct ra {
	struct loop *loop;
	int fd;
	struct event *ev;
	ra_fn fn;
	void *ctx;
};

size_t
ra_encode(enum ra_kind kind, uint8_t out[RA_MAX])
{
	/* Hop limit, flags, lifetime and both timers 0: nothing that a host would go by. */
	memset(out, 0, RA_MAX);
	out[0] = kind == RA_ADVERT ? ND_ROUTER_ADVERT : ND_ROUTER_SOLICIT;
	return kind == RA_ADVERT ? ADVERT_LEN : SOLICIT_LEN;
}

/* RFC 4861 6.1: every option has a length other than 0 and ends within the message. */
static bool
options_good(const uint8_t *p, size_t len)
{
	while (len > 0) {
		size_t octets = len >= 2 ? 8u * p[1] : 0;
		if (octets == 0 || octets > len)
			return false;
		p += octets;
		len -= octets;
	}
	return true;
}

enum ra_kind
ra_decode(const uint8_t *msg, size_t len, int hop_limit, const struct ip_addr *from)
{
	if (hop_limit != HOP_LIMIT || len < SOLICIT_LEN || msg[1] != 0 || !ip_addr_is_link_local(from))
		return RA_NONE;
	if (msg[0] == ND_ROUTER_ADVERT && len >= ADVERT_LEN && options_good(msg + ADVERT_LEN, len - ADVERT_LEN))
		return RA_ADVERT;
	if (msg[0] == ND_ROUTER_SOLICIT && options_good(msg + SOLICIT_LEN, len - SOLICIT_LEN))
		return RA_SOLICIT;
	return RA_NONE;
}

/* One message from the socket. False: there is none. */
static bool
read_one(struct ra *r)
{
	uint8_t msg[1500];
	union {
		struct cmsghdr align;
		char octets[CMSG_SPACE(sizeof(int)) + CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control;
	struct sockaddr_storage ss;
	struct iovec iov = {.iov_base = msg, .iov_len = sizeof msg};
	struct msghdr mh = {.msg_name = &ss,
	    .msg_namelen = sizeof ss,
	    .msg_iov = &iov,
	    .msg_iovlen = 1,
	    .msg_control = &control,
	    .msg_controllen = sizeof control};
	struct ip_addr from;
	int hop_limit = -1;

	ssize_t n = recvmsg(r->fd, &mh, 0);
	if (n < 0)
		return errno == EINTR;
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&mh); c != NULL; c = CMSG_NXTHDR(&mh, c))
		if (c->cmsg_level == IPPROTO_IPV6 && c->cmsg_type == IPV6_HOPLIMIT)
			memcpy(&hop_limit, CMSG_DATA(c), sizeof hop_limit);
	/* The scope of the sender's address is the interface that it came by. */
	if (ip_addr_from_sockaddr((struct sockaddr *)&ss, &from, NULL) < 0)
		return true;
	enum ra_kind kind = ra_decode(msg, (size_t)n, hop_limit, &from);
	if (kind != RA_NONE && from.scope_id != 0)
		r->fn(r->ctx, kind, &from);
	return true;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct ra *r = arg;

	(void)fd;
	(void)what;
	loop_enter(r->loop);
	for (int i = 0; i < READS_A_TURN && read_one(r); i++)
		;
}

static int
set_options(int fd)
{
	static const struct {
		int option, value;
	} ints[] = {{IPV6_MULTICAST_HOPS, HOP_LIMIT}, {IPV6_UNICAST_HOPS, HOP_LIMIT}, {IPV6_MULTICAST_LOOP, 0},
	    {IPV6_RECVHOPLIMIT, 1}};
	struct icmp6_filter filter;

	for (size_t i = 0; i < ARRAY_LEN(ints); i++)
		if (setsockopt(fd, IPPROTO_IPV6, ints[i].option, &ints[i].value, sizeof(int)) < 0)
			return -errno;
	ICMP6_FILTER_SETBLOCKALL(&filter);
	ICMP6_FILTER_SETPASS(ND_ROUTER_ADVERT, &filter);
	ICMP6_FILTER_SETPASS(ND_ROUTER_SOLICIT, &filter);
	return setsockopt(fd, IPPROTO_ICMPV6, ICMP6_FILTER, &filter, sizeof filter) < 0 ? -errno : 0;
}

struct ra *
ra_open(struct loop *loop, ra_fn fn, void *ctx, int *err)
{
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, IPPROTO_ICMPV6);

	*err = fd < 0 ? -errno : set_options(fd);
	if (*err < 0) {
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	struct ra *r = xcalloc(1, sizeof *r);
	*r = (struct ra){.loop = loop, .fd = fd, .fn = fn, .ctx = ctx};
	r->ev = event_new(loop->base, fd, EV_READ | EV_PERSIST, on_readable, r);
	ASSERT(r->ev != NULL);
	event_priority_set(r->ev, LOOP_PRIO_IO);
	event_add(r->ev, NULL);
	return r;
}

void
ra_close(struct ra *r)
{
	if (r == NULL)
		return;
	event_free(r->ev);
	close(r->fd);
	free(r);
}

int
ra_join(struct ra *r, uint32_t ifindex)
{
	struct ipv6_mreq m = {.ipv6mr_interface = ifindex};

	memcpy(&m.ipv6mr_multiaddr, all_routers, sizeof all_routers);
	if (setsockopt(r->fd, IPPROTO_IPV6, IPV6_JOIN_GROUP, &m, sizeof m) == 0 || errno == EADDRINUSE)
		return 0;
	return -errno;
}

int
ra_send(struct ra *r, enum ra_kind kind, uint32_t ifindex)
{
	uint8_t msg[RA_MAX];
	size_t len = ra_encode(kind, msg);
	struct sockaddr_in6 to = {.sin6_family = AF_INET6, .sin6_scope_id = ifindex};

	memcpy(&to.sin6_addr, kind == RA_ADVERT ? all_nodes : all_routers, sizeof all_nodes);
	return sendto(r->fd, msg, len, 0, (struct sockaddr *)&to, sizeof to) < 0 ? -errno : 0;
}
