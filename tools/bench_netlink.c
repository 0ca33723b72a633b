/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_netlink: route messages written without any library.
 *
 * Used by bench_kernel. A batch is one sendmsg; errors inside it come back by
 * themselves, the acknowledgement is asked of its last message only.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "tools/bench_netlink.h"

#define BATCH     512
#define PROTOCOL  186 /* bgp, as daemons use it */
#define METRIC    20
#define NEXTHOP   1u

int
bench_netlink_open(struct bench_netlink *n)
{
	int size = 4 * 1024 * 1024, on = 1;

	memset(n, 0, sizeof(*n));
	n->fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (n->fd < 0)
		return -errno;
	setsockopt(n->fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	setsockopt(n->fd, SOL_SOCKET, SO_SNDBUFFORCE, &size, sizeof(size));
	setsockopt(n->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	n->buf = xmalloc(BENCH_NETLINK_BUF);
	return 0;
}

void
bench_netlink_close(struct bench_netlink *n)
{
	if (n->fd >= 0)
		close(n->fd);
	free(n->buf);
}

/* Begins a message of the type at the end of what is in the buffer. */
static struct nlmsghdr *
message_begin(struct bench_netlink *n, size_t at, uint16_t type, uint16_t flags)
{
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)(n->buf + at);

	*h = (struct nlmsghdr){.nlmsg_len = NLMSG_LENGTH(0),
			       .nlmsg_type = type,
			       .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags),
			       .nlmsg_seq = ++n->seq};
	return h;
}

/* Room for so many octets at the end of the message, aligned. */
static void *
message_room(struct nlmsghdr *h, size_t size)
{
	uint8_t *end = (uint8_t *)h + NLMSG_ALIGN(h->nlmsg_len);

	h->nlmsg_len = (uint32_t)(NLMSG_ALIGN(h->nlmsg_len) + size);
	memset(end, 0, NLMSG_ALIGN(size));
	return end;
}

static void
attr_u32(struct nlmsghdr *h, uint16_t type, uint32_t value)
{
	struct rtattr *a = message_room(h, RTA_LENGTH(4));

	*a = (struct rtattr){.rta_len = RTA_LENGTH(4), .rta_type = type};
	memcpy(RTA_DATA(a), &value, 4);
}

static uint32_t
network_order(uint32_t host)
{
	uint8_t octets[4];
	uint32_t value;

	be32_put(octets, host);
	memcpy(&value, octets, 4);
	return value;
}

/* Reads until the acknowledgement of seq; the first error that comes in between. */
static int
acknowledgement_wait(struct bench_netlink *n, uint32_t seq)
{
	uint8_t answer[8192] __attribute__((aligned(8)));
	int rc = 0;

	for (;;) {
		ssize_t got = recv(n->fd, answer, sizeof(answer), 0);

		if (got < 0)
			return -errno;
		uint32_t left = (uint32_t)got;
		for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)answer; NLMSG_OK(h, left);
		     h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_type != NLMSG_ERROR)
				continue;
			const struct nlmsgerr *e = NLMSG_DATA(h);
			if (e->error != 0 && rc == 0)
				rc = e->error;
			if (h->nlmsg_seq == seq)
				return rc;
		}
	}
}

static int
batch_send(struct bench_netlink *n, size_t len, struct nlmsghdr *last)
{
	struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};

	last->nlmsg_flags |= NLM_F_ACK;
	if (sendto(n->fd, n->buf, len, 0, (struct sockaddr *)&kernel, sizeof(kernel)) < 0)
		return -errno;
	return acknowledgement_wait(n, last->nlmsg_seq);
}

static int
nexthop_change(struct bench_netlink *n, const struct bench_hop *hop, uint16_t type)
{
	struct nlmsghdr *h =
	    message_begin(n, 0, type, type == RTM_NEWNEXTHOP ? NLM_F_CREATE | NLM_F_EXCL : 0);
	struct nhmsg *m = message_room(h, sizeof(*m));

	m->nh_family = type == RTM_NEWNEXTHOP ? AF_INET : AF_UNSPEC;
	attr_u32(h, NHA_ID, NEXTHOP);
	if (type == RTM_NEWNEXTHOP) {
		m->nh_protocol = PROTOCOL;
		attr_u32(h, NHA_GATEWAY, network_order(hop->gateway));
		attr_u32(h, NHA_OIF, hop->ifindex);
	}
	return batch_send(n, h->nlmsg_len, h);
}

static struct nlmsghdr *
route_put(struct bench_netlink *n, size_t at, const struct bench_route *r, const struct bench_hop *hop, uint16_t type)
{
	struct nlmsghdr *h = message_begin(n, at, type, type == RTM_NEWROUTE ? NLM_F_CREATE | NLM_F_EXCL : 0);
	struct rtmsg *m = message_room(h, sizeof(*m));

	m->rtm_family = AF_INET;
	m->rtm_dst_len = r->len;
	m->rtm_table = RT_TABLE_MAIN;
	m->rtm_protocol = PROTOCOL;
	m->rtm_scope = type == RTM_NEWROUTE ? RT_SCOPE_UNIVERSE : RT_SCOPE_NOWHERE;
	m->rtm_type = type == RTM_NEWROUTE ? RTN_UNICAST : RTN_UNSPEC;
	attr_u32(h, RTA_DST, network_order((uint32_t)(r->addr >> 32)));
	attr_u32(h, RTA_PRIORITY, METRIC);
	if (type == RTM_NEWROUTE && hop->object) {
		attr_u32(h, RTA_NH_ID, NEXTHOP);
	} else if (type == RTM_NEWROUTE) {
		attr_u32(h, RTA_GATEWAY, network_order(hop->gateway));
		attr_u32(h, RTA_OIF, hop->ifindex);
	}
	return h;
}

static int
routes_change(struct bench_netlink *n, const struct bench_table *t, const struct bench_hop *hop, uint16_t type)
{
	int rc = 0;

	for (uint32_t next = 0; next < t->route_count && rc == 0;) {
		struct nlmsghdr *h = NULL;
		size_t len = 0;

		for (int i = 0; i < BATCH && next < t->route_count; i++) {
			h = route_put(n, len, &t->routes[next++], hop, type);
			len += NLMSG_ALIGN(h->nlmsg_len);
		}
		ASSERT(h != NULL);
		rc = batch_send(n, len, h);
	}
	return rc;
}

int
bench_netlink_install(struct bench_netlink *n, const struct bench_table *t, const struct bench_hop *hop)
{
	int rc = hop->object ? nexthop_change(n, hop, RTM_NEWNEXTHOP) : 0;

	return rc == 0 ? routes_change(n, t, hop, RTM_NEWROUTE) : rc;
}

int
bench_netlink_remove(struct bench_netlink *n, const struct bench_table *t, const struct bench_hop *hop)
{
	return hop->object ? nexthop_change(n, hop, RTM_DELNEXTHOP) : routes_change(n, t, hop, RTM_DELROUTE);
}
