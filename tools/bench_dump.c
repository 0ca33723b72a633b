/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_dump: see bench_dump.h. Nexthop objects are read first, the single ones before
 * the groups of them; what a route leads to is a bit for each gateway.
 */
#include <errno.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "tools/bench_dump.h"

#define TRIES_MAX 20
#define STRANGER  0x80000000u /* a next hop that is none of the gateways */

/* A nexthop object, and where it leads to. */
struct object {
	uint32_t id, ways;
};

struct dump {
	const struct bench_table *table;
	const struct bench_gateways *gateways;
	struct bench_fib_count *out;
	struct bitmap *seen;
	const struct bench_dump_watch *watch;
	struct object *objects;
	uint32_t object_count;
	bool groups; /* of the objects, the groups are read and not the others */
};

typedef void each_message(struct dump *d, const struct nlmsghdr *h);

static uint32_t
way_of(const struct dump *d, uint32_t gateway)
{
	for (unsigned i = 0; i < d->gateways->count; i++)
		if (d->gateways->addr[i] == gateway)
			return 1u << i;
	return STRANGER;
}

/* 0 for an object that is not known, or has no live next hop. */
static uint32_t
object_ways(const struct dump *d, uint32_t id)
{
	for (uint32_t i = 0; i < d->object_count; i++)
		if (d->objects[i].id == id)
			return d->objects[i].ways;
	return 0;
}

static void
object_take(struct dump *d, const struct nlmsghdr *h)
{
	const struct nhmsg *m = NLMSG_DATA(h);
	const struct rtattr *a = (const void *)((const uint8_t *)m + NLMSG_ALIGN(sizeof(*m)));
	uint32_t left = (uint32_t)NLMSG_PAYLOAD(h, sizeof(*m));
	struct object o = {.ways = 0};
	bool group = false;

	for (; RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type == NHA_ID) {
			memcpy(&o.id, RTA_DATA(a), 4);
		} else if (a->rta_type == NHA_GATEWAY) {
			o.ways |= RTA_PAYLOAD(a) == 4 ? way_of(d, be32_get(RTA_DATA(a))) : STRANGER;
		} else if (a->rta_type == NHA_GROUP) {
			const struct nexthop_grp *g = RTA_DATA(a);

			group = true;
			for (size_t i = 0; i < RTA_PAYLOAD(a) / sizeof(*g); i++)
				o.ways |= object_ways(d, g[i].id);
		}
	}
	if (group != d->groups)
		return;
	if (m->nh_flags & RTNH_F_DEAD)
		o.ways = 0;
	d->objects = xreallocarray(d->objects, d->object_count + 1, sizeof(*d->objects));
	d->objects[d->object_count++] = o;
}

static uint32_t
multipath_ways(const struct dump *d, const struct rtattr *list)
{
	const struct rtnexthop *nh = RTA_DATA(list);
	size_t left = RTA_PAYLOAD(list);
	uint32_t ways = 0;

	while (left >= sizeof(*nh) && nh->rtnh_len >= sizeof(*nh) && nh->rtnh_len <= left) {
		uint32_t room = (uint32_t)(nh->rtnh_len - sizeof(*nh)), way = STRANGER;

		for (const struct rtattr *a = (const void *)(nh + 1); RTA_OK(a, room); a = RTA_NEXT(a, room))
			if (a->rta_type == RTA_GATEWAY)
				way = way_of(d, be32_get(RTA_DATA(a)));
		if (!(nh->rtnh_flags & RTNH_F_DEAD))
			ways |= way;
		size_t step = (nh->rtnh_len + (size_t)RTNH_ALIGNTO - 1) & ~((size_t)RTNH_ALIGNTO - 1);
		left = step < left ? left - step : 0;
		nh = (const void *)((const uint8_t *)nh + step);
	}
	return ways;
}

static void
route_take(struct dump *d, const struct nlmsghdr *h)
{
	const struct rtmsg *m = NLMSG_DATA(h);
	uint32_t left = (uint32_t)RTM_PAYLOAD(h);
	uint32_t dst = 0, id = 0, ways = 0;

	if (m->rtm_table != RT_TABLE_MAIN || m->rtm_protocol == RTPROT_KERNEL)
		return;
	for (const struct rtattr *a = RTM_RTA(m); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		if (a->rta_type == RTA_DST)
			dst = be32_get(RTA_DATA(a));
		else if (a->rta_type == RTA_GATEWAY)
			ways = m->rtm_flags & RTNH_F_DEAD ? 0 : way_of(d, be32_get(RTA_DATA(a)));
		else if (a->rta_type == RTA_MULTIPATH)
			ways = multipath_ways(d, a);
		else if (a->rta_type == RTA_NH_ID)
			memcpy(&id, RTA_DATA(a), 4);
	}
	/* With nexthop_compat_mode off, a route names the object only. */
	if (id != 0)
		ways = object_ways(d, id);
	int64_t route = bench_table_find(d->table, (uint64_t)dst << 32, m->rtm_dst_len);
	bool right = ways == (1u << d->gateways->count) - 1;
	if (route < 0)
		d->out->other++;
	else if (right)
		d->out->there++;
	else
		d->out->wrong++;
	if (d->watch != NULL)
		d->watch->passed(d->watch->ctx, dst);
	if (route >= 0 && right && d->seen != NULL)
		bitmap_set(d->seen, (uint32_t)route);
}

/* One dump of so many octets of request behind the header. -EAGAIN: it may be incomplete. */
static int
dump_read(struct bench_netlink *n, uint16_t type, uint32_t size, each_message *each, struct dump *d)
{
	struct {
		struct nlmsghdr h;
		struct rtmsg family_first; /* as in struct nhmsg, which is smaller */
	} ask = {.h = {.nlmsg_len = NLMSG_LENGTH(size),
		       .nlmsg_type = type,
		       .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		       .nlmsg_seq = ++n->seq}};
	int rc = 0;

	ask.family_first.rtm_family = type == RTM_GETROUTE ? AF_INET : AF_UNSPEC;
	if (send(n->fd, &ask, ask.h.nlmsg_len, 0) < 0)
		return -errno;
	for (;;) {
		ssize_t got = recv(n->fd, n->buf, BENCH_NETLINK_BUF, 0);

		if (got < 0)
			return -errno;
		uint32_t left = (uint32_t)got;
		for (struct nlmsghdr *h = (struct nlmsghdr *)(void *)n->buf; NLMSG_OK(h, left);
		     h = NLMSG_NEXT(h, left)) {
			if (h->nlmsg_seq != ask.h.nlmsg_seq)
				continue;
			if (h->nlmsg_flags & NLM_F_DUMP_INTR)
				rc = -EAGAIN;
			if (h->nlmsg_type == NLMSG_DONE)
				return rc;
			if (h->nlmsg_type == NLMSG_ERROR)
				return ((const struct nlmsgerr *)NLMSG_DATA(h))->error;
			each(d, h);
		}
	}
}

static int
objects_read(struct bench_netlink *n, struct dump *d)
{
	int rc = 0;

	d->object_count = 0;
	for (int groups = 0; groups <= 1 && rc == 0; groups++) {
		d->groups = groups;
		rc = dump_read(n, RTM_GETNEXTHOP, sizeof(struct nhmsg), object_take, d);
	}
	return rc == -EOPNOTSUPP ? 0 : rc;
}

int
bench_dump_count(struct bench_netlink *n, const struct bench_table *t, const struct bench_gateways *gw,
		 struct bench_fib_count *out, struct bitmap *seen, const struct bench_dump_watch *watch)
{
	struct dump d = {.table = t, .gateways = gw, .out = out, .seen = seen, .watch = watch};
	int rc = -EAGAIN;

	for (int i = 0; i < TRIES_MAX && rc == -EAGAIN; i++) {
		memset(out, 0, sizeof(*out));
		if (seen != NULL)
			bitmap_fini(seen);
		rc = objects_read(n, &d);
		if (rc == 0)
			rc = dump_read(n, RTM_GETROUTE, sizeof(struct rtmsg), route_take, &d);
	}
	free(d.objects);
	return rc;
}
