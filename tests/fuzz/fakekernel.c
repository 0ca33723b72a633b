/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fakekernel: see fakekernel.h.
 */
#include "tests/fuzz/fakekernel.h"

#include "lib/mem.h"

#include <errno.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>
#include <sys/socket.h>

#define QUEUE_MAX      96 /* datagrams; more are lost, with ENOBUFS */
#define DATAGRAM_BYTES 2048
#define A_PORTION      3 /* messages of a dump at a read */
#define IFF_LOWER_UP   0x10000u

struct datagram {
	size_t len;
	_Alignas(struct nlmsghdr) uint8_t data[DATAGRAM_BYTES];
};

/* A dump that is under way: what, and where it stands. */
struct dump {
	uint16_t type; /* of the request; 0: none */
	uint8_t family, protocol;
	uint32_t table, seq;
	unsigned at;
};

struct kernel kernel;

static struct queue {
	struct datagram item[QUEUE_MAX];
	unsigned first, count;
	bool overrun;
	int error; /* of a part of the dump: said by the next call */
	struct dump dump;
} queues[KERNEL_SOCKETS];

static const int errors[] = {EEXIST, ENETUNREACH, EHOSTUNREACH, EINVAL, ENOENT, ESRCH,
			     [FAULT_CHANGE_BUSY] = EBUSY, ENODEV, ENOMEM, ENOBUFS, EPERM, EAGAIN,
			     EINTR, ENOSPC, EMSGSIZE, EOPNOTSUPP, EAFNOSUPPORT};

void
kernel_reset(void)
{
	for (unsigned s = 0; s < KERNEL_SOCKETS; s++) {
		struct queue *q = &queues[s];
		q->first = q->count = 0;
		q->overrun = false;
		q->error = 0;
		q->dump = (struct dump){0};
	}
	memset(&kernel, 0, sizeof(kernel));
	for (unsigned i = 1; i <= KERNEL_LINKS; i++)
		kernel.link[i] = (struct kernel_link){.up = true, .carrier = true, .addressed = true};
	kernel.has_objects = true;
}

/* What goes wrong here; 0: nothing. */
static unsigned
fault(enum kernel_place place, enum kernel_socket s)
{
	uint8_t octet = kernel.fault != NULL ? kernel.fault(place, s) : 0;

	return octet > KERNEL_FAULT ? octet - KERNEL_FAULT : 0;
}

/* ---- queues ---- */

static struct datagram *
queue_push(struct queue *q)
{
	if (q->count == QUEUE_MAX) {
		q->overrun = true;
		return NULL;
	}
	struct datagram *d = &q->item[(q->first + q->count++) % QUEUE_MAX];
	d->len = 0;
	return d;
}

static void *
put(struct datagram *d, const void *data, size_t len)
{
	uint8_t *at = d->data + d->len;

	ASSERT(d->len + NLMSG_ALIGN(len) <= sizeof(d->data));
	memset(at, 0, NLMSG_ALIGN(len));
	if (data != NULL)
		memcpy(at, data, len);
	d->len += NLMSG_ALIGN(len);
	return at;
}

static void
put_attr(struct datagram *d, uint16_t type, const void *data, size_t len)
{
	struct nlattr a = {.nla_len = (uint16_t)(sizeof(a) + len), .nla_type = type};

	put(d, &a, sizeof(a));
	put(d, data, len);
}

static void
put_u32(struct datagram *d, uint16_t type, uint32_t v)
{
	put_attr(d, type, &v, sizeof(v));
}

static size_t
message_begin(struct datagram *d, uint16_t type, unsigned flags, uint32_t seq)
{
	struct nlmsghdr n = {.nlmsg_type = type, .nlmsg_flags = (uint16_t)flags, .nlmsg_seq = seq};
	size_t at = d->len;

	put(d, &n, sizeof(n));
	return at;
}

static void
message_end(struct datagram *d, size_t at)
{
	((struct nlmsghdr *)(void *)(d->data + at))->nlmsg_len = (uint32_t)(d->len - at);
}

/* ---- messages ---- */

static unsigned
octets_of(uint8_t family)
{
	return family == FAMILY_IPV4 ? 4 : 16;
}

static void
put_gateway(struct datagram *d, uint8_t family, const struct kernel_hop *h)
{
	uint8_t via[2 + 16];
	uint16_t af = AF_INET6;

	if (h->via_family == FAMILY_NONE)
		return;
	if (h->via_family == family) {
		put_attr(d, RTA_GATEWAY, h->via, octets_of(family));
		return;
	}
	memcpy(via, &af, sizeof(af));
	memcpy(via + sizeof(af), h->via, 16);
	put_attr(d, RTA_VIA, via, sizeof(via));
}

static void
put_hops(struct datagram *d, const struct kernel_route *r)
{
	size_t at = d->len;

	if (r->nhid != 0)
		put_u32(d, RTA_NH_ID, r->nhid);
	if (r->count == 1) {
		put_gateway(d, r->family, &r->hop[0]);
		put_u32(d, RTA_OIF, r->hop[0].ifindex);
	}
	if (r->count < 2)
		return;
	put_attr(d, RTA_MULTIPATH, NULL, 0);
	for (unsigned i = 0; i < r->count; i++) {
		size_t hop_at = d->len;
		struct rtnexthop h = {.rtnh_hops = (uint8_t)(r->hop[i].weight - 1),
				      .rtnh_ifindex = (int)r->hop[i].ifindex};
		put(d, &h, sizeof(h));
		put_gateway(d, r->family, &r->hop[i]);
		((struct rtnexthop *)(void *)(d->data + hop_at))->rtnh_len = (uint16_t)(d->len - hop_at);
	}
	((struct nlattr *)(void *)(d->data + at))->nla_len = (uint16_t)(d->len - at);
}

static void
put_route(struct datagram *d, uint16_t type, unsigned flags, uint32_t seq, const struct kernel_route *r)
{
	size_t at = message_begin(d, type, flags, seq);
	struct rtmsg m = {.rtm_family = r->family == FAMILY_IPV4 ? AF_INET : AF_INET6,
			  .rtm_dst_len = r->plen,
			  .rtm_table = (uint8_t)(r->table < 256 ? r->table : 0),
			  .rtm_protocol = r->protocol,
			  .rtm_type = r->type};

	put(d, &m, sizeof(m));
	put_attr(d, RTA_DST, r->dst, octets_of(r->family));
	put_u32(d, RTA_TABLE, r->table);
	if (r->metric != 0)
		put_u32(d, RTA_PRIORITY, r->metric);
	put_hops(d, r);
	message_end(d, at);
}

static void
put_object(struct datagram *d, uint16_t type, unsigned flags, uint32_t seq, const struct kernel_object *o)
{
	size_t at = message_begin(d, type, flags, seq);
	struct nexthop_grp members[KERNEL_HOPS];
	uint8_t family = o->group ? FAMILY_NONE : o->hop[0].via_family;
	struct nhmsg m = {.nh_family = family == FAMILY_IPV4 ? AF_INET : family == FAMILY_IPV6 ? AF_INET6 : 0,
			  .nh_protocol = o->protocol};

	put(d, &m, sizeof(m));
	put_u32(d, NHA_ID, o->id);
	memset(members, 0, sizeof(members));
	for (unsigned i = 0; i < o->count; i++) {
		members[i].id = o->hop[i].ifindex;
		members[i].weight = (uint8_t)(o->hop[i].weight - 1);
	}
	if (o->group) {
		put_attr(d, NHA_GROUP, members, o->count * sizeof(*members));
	} else {
		put_u32(d, NHA_OIF, o->hop[0].ifindex);
		put_attr(d, NHA_GATEWAY, o->hop[0].via, octets_of(family));
	}
	message_end(d, at);
}

static void
put_link(struct datagram *d, unsigned flags, uint32_t seq, uint32_t ifindex)
{
	size_t at = message_begin(d, RTM_NEWLINK, flags, seq);
	const struct kernel_link *l = &kernel.link[ifindex];
	struct ifinfomsg m = {.ifi_index = (int)ifindex,
			      .ifi_flags = (l->up ? IFF_UP : 0) |
					   (l->up && l->carrier ? IFF_RUNNING | IFF_LOWER_UP : 0)};
	uint8_t oper = l->up && l->carrier ? 6 : 2;
	char name[] = "net0";

	name[3] = (char)('0' + ifindex);
	put(d, &m, sizeof(m));
	put_attr(d, IFLA_IFNAME, name, sizeof(name));
	put_attr(d, IFLA_OPERSTATE, &oper, 1);
	message_end(d, at);
}

static void
put_address(struct datagram *d, uint16_t type, unsigned flags, uint32_t seq, uint32_t ifindex)
{
	size_t at = message_begin(d, type, flags, seq);
	struct ifaddrmsg m = {.ifa_family = AF_INET, .ifa_prefixlen = 24, .ifa_index = ifindex};
	uint8_t addr[4] = {192, 0, (uint8_t)ifindex, 1};

	put(d, &m, sizeof(m));
	put_attr(d, IFA_LOCAL, addr, 4);
	put_attr(d, IFA_ADDRESS, addr, 4);
	message_end(d, at);
}

static void
put_answer(struct datagram *d, const struct nlmsghdr *to, int error)
{
	unsigned flags = error != 0 ? NLM_F_CAPPED | NLM_F_ACK_TLVS : NLM_F_CAPPED;
	size_t at = message_begin(d, NLMSG_ERROR, flags, to->nlmsg_seq);
	struct nlmsgerr e = {.error = -error, .msg = *to};

	put(d, &e, sizeof(e));
	if (error != 0)
		put_attr(d, NLMSGERR_ATTR_MSG, "why", 4);
	message_end(d, at);
}

/* ---- state ---- */

struct kernel_route *
kernel_find(enum family f, const uint8_t dst[16], uint8_t plen, uint32_t table, uint32_t metric)
{
	for (unsigned i = 0; i < KERNEL_ROUTES; i++) {
		struct kernel_route *r = &kernel.route[i];
		if (r->used && r->family == f && r->plen == plen && r->table == table && r->metric == metric &&
		    memcmp(r->dst, dst, 16) == 0)
			return r;
	}
	return NULL;
}

struct kernel_object *
kernel_object(uint32_t id)
{
	for (unsigned i = 0; i < KERNEL_OBJECTS; i++)
		if (kernel.object[i].id == id)
			return &kernel.object[i];
	return NULL;
}

bool
kernel_is_up(uint32_t ifindex, bool carrier)
{
	return kernel.link[ifindex].up && (!carrier || kernel.link[ifindex].carrier);
}

/* Of a route without an object, or of a single object: 0 or errno. */
static int
check_hops(const struct kernel_hop *hop, unsigned count, bool carrier)
{
	for (unsigned i = 0; i < count; i++) {
		if (hop[i].ifindex < 1 || hop[i].ifindex > KERNEL_LINKS)
			return ENODEV;
		if (!kernel_is_up(hop[i].ifindex, carrier))
			return ENETDOWN;
	}
	return 0;
}

static void
notify_route(uint16_t type, unsigned flags, const struct kernel_route *r)
{
	struct datagram *d = kernel.silent ? NULL : queue_push(&queues[KERNEL_NOTIFY]);

	if (d != NULL)
		put_route(d, type, flags, 0, r);
}

static void
notify_object(uint16_t type, const struct kernel_object *o)
{
	struct datagram *d = kernel.silent ? NULL : queue_push(&queues[KERNEL_NOTIFY]);

	if (d != NULL)
		put_object(d, type, 0, 0, o);
}

/*
 * An object goes: without a word go its routes, and it goes from groups, which go with their last member. Of objects
 * and groups it is told where somebody else has deleted it.
 */
static void
object_drop(struct kernel_object *o, bool told)
{
	uint32_t id = o->id;

	if (told)
		notify_object(RTM_DELNEXTHOP, o);
	o->id = 0;
	for (unsigned i = 0; i < KERNEL_ROUTES; i++)
		if (kernel.route[i].used && kernel.route[i].nhid == id)
			kernel.route[i].used = false;
	for (unsigned i = 0; i < KERNEL_OBJECTS; i++) {
		struct kernel_object *g = &kernel.object[i];
		unsigned kept = 0;
		if (g->id == 0 || !g->group)
			continue;
		for (unsigned k = 0; k < g->count; k++)
			if (g->hop[k].ifindex != id)
				g->hop[kept++] = g->hop[k];
		if (kept == g->count)
			continue;
		if (kept == 0) {
			object_drop(g, told);
			continue;
		}
		g->count = kept;
		if (told)
			notify_object(RTM_NEWNEXTHOP, g);
	}
}

static int
route_put(const struct kernel_route *r, unsigned flags)
{
	struct kernel_route *at = kernel_find(r->family, r->dst, r->plen, r->table, r->metric);
	const struct kernel_object *o = r->nhid != 0 ? kernel_object(r->nhid) : NULL;

	if (r->nhid != 0 && o == NULL)
		return EINVAL;
	int error = check_hops(r->hop, r->count, false);
	if (error != 0)
		return error;
	if (at != NULL && (flags & NLM_F_EXCL) != 0)
		return EEXIST;
	for (unsigned i = 0; at == NULL && i < KERNEL_ROUTES; i++)
		if (!kernel.route[i].used)
			at = &kernel.route[i];
	if (at == NULL)
		return ENOMEM;
	*at = *r;
	at->used = true;
	return 0;
}

static int
route_remove(const struct kernel_route *r, bool any_metric)
{
	for (unsigned i = 0; i < KERNEL_ROUTES; i++) {
		struct kernel_route *at = &kernel.route[i];
		if (!at->used || at->family != r->family || at->plen != r->plen || at->table != r->table ||
		    at->protocol != r->protocol || (!any_metric && at->metric != r->metric) ||
		    memcmp(at->dst, r->dst, 16) != 0)
			continue;
		at->used = false;
		return 0;
	}
	return ESRCH;
}

static int
object_put(const struct kernel_object *o, unsigned flags)
{
	struct kernel_object *at = kernel_object(o->id);
	int error = o->group ? 0 : check_hops(o->hop, o->count, true);

	if (error != 0)
		return error;
	if (at != NULL && (flags & NLM_F_EXCL) != 0)
		return EEXIST;
	for (unsigned i = 0; o->group && i < o->count; i++) {
		const struct kernel_object *m = kernel_object(o->hop[i].ifindex);
		if (m == NULL || m->group)
			return EINVAL;
	}
	if (o->count == 0 || (at != NULL && at->group != o->group))
		return EINVAL;
	if (at == NULL)
		at = kernel_object(0);
	if (at == NULL)
		return ENOMEM;
	*at = *o;
	return 0;
}

/* ---- what others do ---- */

void
kernel_put(const struct kernel_route *r)
{
	bool replaces = kernel_find(r->family, r->dst, r->plen, r->table, r->metric) != NULL;

	if (route_put(r, 0) == 0)
		notify_route(RTM_NEWROUTE, replaces ? NLM_F_REPLACE : 0, r);
}

void
kernel_delete(struct kernel_route *r)
{
	r->used = false;
	notify_route(RTM_DELROUTE, 0, r);
}

void
kernel_object_put(const struct kernel_object *o)
{
	if (object_put(o, 0) == 0)
		notify_object(RTM_NEWNEXTHOP, o);
}

void
kernel_object_delete(struct kernel_object *o)
{
	object_drop(o, true);
}

static void
link_notify(uint32_t ifindex)
{
	struct datagram *d = queue_push(&queues[KERNEL_NOTIFY]);

	if (d != NULL)
		put_link(d, 0, 0, ifindex);
}

static void
route_loses_link(struct kernel_route *r, uint32_t ifindex, bool told)
{
	unsigned live = 0;

	if (!r->used || r->count == 0)
		return;
	bool hit = false;
	for (unsigned i = 0; i < r->count; i++) {
		hit |= r->hop[i].ifindex == ifindex;
		live += r->hop[i].ifindex != ifindex && kernel.link[r->hop[i].ifindex].up;
	}
	if (!hit || live > 0)
		return;
	r->used = false;
	if (told)
		notify_route(RTM_DELROUTE, 0, r);
}

void
kernel_link_set(uint32_t ifindex, bool up, bool carrier)
{
	struct kernel_link *l = &kernel.link[ifindex];
	bool was = l->up && l->carrier, went = l->up && !up;

	l->up = up;
	l->carrier = carrier;
	for (unsigned i = 0; was && !(up && carrier) && i < KERNEL_OBJECTS; i++) {
		struct kernel_object *o = &kernel.object[i];
		if (o->id != 0 && !o->group && o->hop[0].ifindex == ifindex)
			object_drop(o, false);
	}
	for (unsigned i = 0; went && i < KERNEL_ROUTES; i++)
		route_loses_link(&kernel.route[i], ifindex, kernel.route[i].family == FAMILY_IPV6);
	link_notify(ifindex);
}

void
kernel_address_set(uint32_t ifindex, bool there)
{
	struct kernel_link *l = &kernel.link[ifindex];

	if (l->addressed == there)
		return;
	l->addressed = there;
	for (unsigned i = 0; !there && i < KERNEL_ROUTES; i++)
		if (kernel.route[i].family == FAMILY_IPV4)
			route_loses_link(&kernel.route[i], ifindex, false);
	struct datagram *d = queue_push(&queues[KERNEL_NOTIFY]);
	if (d != NULL)
		put_address(d, there ? RTM_NEWADDR : RTM_DELADDR, 0, 0, ifindex);
}

/* ---- requests ---- */

static void
gateway_of(const struct nlattr *gateway, const struct nlattr *via, uint8_t family, struct kernel_hop *h)
{
	if (gateway != NULL) {
		h->via_family = family;
		memcpy(h->via, nla_data(gateway), octets_of(family));
	} else if (via != NULL) {
		h->via_family = FAMILY_IPV6;
		memcpy(h->via, (const uint8_t *)nla_data(via) + 2, 16);
	}
}

static void
multipath_of(const struct nlattr *a, struct kernel_route *r)
{
	const uint8_t *p = nla_data(a);
	struct nlattr *tb[RTA_MAX + 1];

	for (int left = nla_len(a); left >= (int)sizeof(struct rtnexthop) && r->count < KERNEL_HOPS;) {
		struct rtnexthop h;
		memcpy(&h, p, sizeof(h));
		int rc = nla_parse(tb, RTA_MAX, (struct nlattr *)(uintptr_t)(p + sizeof(h)),
				   h.rtnh_len - (int)sizeof(h), NULL);
		ASSERT(rc == 0);
		struct kernel_hop *hop = &r->hop[r->count++];
		hop->ifindex = (uint32_t)h.rtnh_ifindex;
		hop->weight = (uint16_t)(h.rtnh_hops + 1);
		hop->onlink = (h.rtnh_flags & RTNH_F_ONLINK) != 0;
		gateway_of(tb[RTA_GATEWAY], tb[RTA_VIA], r->family, hop);
		p += h.rtnh_len;
		left -= h.rtnh_len;
	}
}

static int
route_request(const struct nlmsghdr *n)
{
	struct nlattr *tb[RTA_MAX + 1];
	struct kernel_route r;
	struct rtmsg m;

	memcpy(&m, NLMSG_DATA(n), sizeof(m));
	int rc = nlmsg_parse((struct nlmsghdr *)(uintptr_t)n, sizeof(m), tb, RTA_MAX, NULL);
	ASSERT(rc == 0 && tb[RTA_DST] != NULL);
	memset(&r, 0, sizeof(r));
	r.family = m.rtm_family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
	r.plen = m.rtm_dst_len;
	r.protocol = m.rtm_protocol;
	r.type = m.rtm_type;
	memcpy(r.dst, nla_data(tb[RTA_DST]), octets_of(r.family));
	r.table = tb[RTA_TABLE] != NULL ? nla_get_u32(tb[RTA_TABLE]) : m.rtm_table;
	r.metric = tb[RTA_PRIORITY] != NULL ? nla_get_u32(tb[RTA_PRIORITY]) : r.family == FAMILY_IPV6 ? 1024 : 0;
	if (n->nlmsg_type == RTM_DELROUTE)
		return route_remove(&r, tb[RTA_PRIORITY] == NULL);
	if (tb[RTA_NH_ID] != NULL)
		r.nhid = nla_get_u32(tb[RTA_NH_ID]);
	if (tb[RTA_MULTIPATH] != NULL) {
		multipath_of(tb[RTA_MULTIPATH], &r);
	} else if (tb[RTA_OIF] != NULL) {
		r.count = 1;
		r.hop[0].ifindex = nla_get_u32(tb[RTA_OIF]);
		r.hop[0].weight = 1;
		r.hop[0].onlink = (m.rtm_flags & RTNH_F_ONLINK) != 0;
		gateway_of(tb[RTA_GATEWAY], tb[RTA_VIA], r.family, &r.hop[0]);
	}
	return route_put(&r, n->nlmsg_flags);
}

static int
object_request(const struct nlmsghdr *n)
{
	struct nlattr *tb[NHA_MAX + 1];
	struct kernel_object o;
	struct nhmsg m;

	memcpy(&m, NLMSG_DATA(n), sizeof(m));
	int rc = nlmsg_parse((struct nlmsghdr *)(uintptr_t)n, sizeof(m), tb, NHA_MAX, NULL);
	ASSERT(rc == 0 && tb[NHA_ID] != NULL);
	if (!kernel.has_objects)
		return EOPNOTSUPP;
	memset(&o, 0, sizeof(o));
	o.id = nla_get_u32(tb[NHA_ID]);
	o.protocol = m.nh_protocol;
	if (n->nlmsg_type == RTM_DELNEXTHOP) {
		struct kernel_object *at = kernel_object(o.id);
		if (at == NULL)
			return ENOENT;
		object_drop(at, false);
		return 0;
	}
	o.group = tb[NHA_GROUP] != NULL;
	if (o.group) {
		const struct nexthop_grp *g = nla_data(tb[NHA_GROUP]);
		o.count = (unsigned)nla_len(tb[NHA_GROUP]) / sizeof(*g);
		ASSERT(o.count <= KERNEL_HOPS);
		for (unsigned i = 0; i < o.count; i++)
			o.hop[i] = (struct kernel_hop){.ifindex = g[i].id, .weight = (uint16_t)(g[i].weight + 1)};
	} else {
		ASSERT(tb[NHA_OIF] != NULL && tb[NHA_GATEWAY] != NULL);
		o.count = 1;
		o.hop[0].ifindex = nla_get_u32(tb[NHA_OIF]);
		o.hop[0].weight = 1;
		gateway_of(tb[NHA_GATEWAY], NULL, m.nh_family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6, &o.hop[0]);
	}
	return object_put(&o, n->nlmsg_flags);
}

/* That there is nothing to dump, or never will be, is no fault. */
static int
dump_error(unsigned f)
{
	int error = errors[f % ARRAY_LEN(errors)];

	return error == EINVAL || error == EOPNOTSUPP || error == ENOENT ? ENOMEM : error;
}

/* The next thing of a dump from at on; false: there is none any more. */
static bool
dump_item(struct dump *u, struct datagram *d, unsigned flags)
{
	for (;; u->at++) {
		if (u->type == RTM_GETLINK && u->at < KERNEL_LINKS) {
			put_link(d, flags, u->seq, ++u->at);
			return true;
		}
		if (u->type == RTM_GETADDR && u->at < KERNEL_LINKS) {
			if (!kernel.link[u->at + 1].addressed)
				continue;
			put_address(d, RTM_NEWADDR, flags, u->seq, ++u->at);
			return true;
		}
		if (u->type == RTM_GETNEXTHOP && u->at < KERNEL_OBJECTS) {
			if (kernel.object[u->at].id == 0)
				continue;
			put_object(d, RTM_NEWNEXTHOP, flags, u->seq, &kernel.object[u->at++]);
			return true;
		}
		if (u->type != RTM_GETROUTE || u->at >= KERNEL_ROUTES)
			return false;
		const struct kernel_route *r = &kernel.route[u->at];
		if (!r->used || r->family != u->family || r->table != u->table ||
		    (u->protocol != 0 && r->protocol != u->protocol))
			continue;
		u->at++;
		put_route(d, RTM_NEWROUTE, flags, u->seq, r);
		return true;
	}
}

/* A dump that has failed is over; one of which a part could not be made goes on. */
static int
dump_portion(enum kernel_socket s)
{
	struct queue *q = &queues[s];
	struct dump *u = &q->dump;
	unsigned f = fault(KERNEL_PORTION, s), flags = NLM_F_MULTI | (f >= 32 && f < 48 ? NLM_F_DUMP_INTR : 0);
	int error = f >= 8 && f < 24 ? -dump_error(f) : 0;

	if (f >= FAULT_PORTION_LOST && f < 8)
		return ENOBUFS;
	struct datagram *d = queue_push(q);
	if (d == NULL)
		return ENOBUFS;
	for (unsigned i = 0; error == 0 && i < A_PORTION && dump_item(u, d, flags); i++)
		;
	if (d->len > 0 && error == 0)
		return 0;
	size_t at = message_begin(d, NLMSG_DONE, flags, u->seq);
	put(d, &error, sizeof(error));
	message_end(d, at);
	u->type = 0;
	return 0;
}

static void
dump_request(enum kernel_socket s, const struct nlmsghdr *n)
{
	struct nlattr *tb[RTA_MAX + 1];
	struct queue *q = &queues[s];
	struct datagram *d;
	int error = q->dump.type != 0 ? EBUSY : 0;
	unsigned f = fault(KERNEL_DUMP, s);

	kernel.busy += error != 0;
	if (n->nlmsg_type == RTM_GETNEXTHOP && !kernel.has_objects)
		error = EOPNOTSUPP;
	if (error == 0 && f != 0 && f < 24)
		error = dump_error(f);
	if (error != 0) {
		d = queue_push(q);
		if (d != NULL)
			put_answer(d, n, error);
		return;
	}
	q->dump = (struct dump){.type = n->nlmsg_type, .seq = n->nlmsg_seq};
	if (n->nlmsg_type == RTM_GETROUTE) {
		struct rtmsg m;
		memcpy(&m, NLMSG_DATA(n), sizeof(m));
		int rc = nlmsg_parse((struct nlmsghdr *)(uintptr_t)n, sizeof(m), tb, RTA_MAX, NULL);
		ASSERT(rc == 0 && tb[RTA_TABLE] != NULL);
		q->dump.family = m.rtm_family == AF_INET ? FAMILY_IPV4 : FAMILY_IPV6;
		q->dump.protocol = m.rtm_protocol;
		q->dump.table = nla_get_u32(tb[RTA_TABLE]);
	}
	error = dump_portion(s);
	d = error != 0 ? queue_push(q) : NULL;
	if (d != NULL)
		put_answer(d, n, error);
}

/* An error that is no lie: nothing is said to be there, or not to be there, that is not so. */
static int
refusal(const struct nlmsghdr *n, unsigned f)
{
	int error = f != 0 && f <= 34 ? errors[f % ARRAY_LEN(errors)] : 0;

	if (error == EEXIST || error == ENOENT || error == ESRCH)
		return ENOMEM;
	/* Only of a next hop's own can it be said. */
	return error == EOPNOTSUPP && n->nlmsg_type != RTM_NEWROUTE ? EBUSY : error;
}

static void
change_request(enum kernel_socket s, const struct nlmsghdr *n)
{
	bool object = n->nlmsg_type == RTM_NEWNEXTHOP || n->nlmsg_type == RTM_DELNEXTHOP;
	int error = refusal(n, fault(KERNEL_CHANGE, s));

	if (error == 0)
		error = object ? object_request(n) : route_request(n);
	if (error == 0 && (n->nlmsg_flags & NLM_F_ACK) == 0)
		return;
	struct datagram *d = queue_push(&queues[s]);
	if (d != NULL)
		put_answer(d, n, error);
}

ssize_t
kernel_send(enum kernel_socket s, const void *buf, size_t len)
{
	const struct nlmsghdr *n = buf;
	unsigned f = fault(KERNEL_SEND, s);

	ASSERT(s != KERNEL_NOTIFY);
	if (f >= FAULT_SEND_NOBUFS && f < 12) {
		errno = f < 3 ? ENOBUFS : f < 6 ? ENOMEM : f < 8 ? EINTR : f < 10 ? EPERM : EBADF;
		return -1;
	}
	for (size_t left = len; left > 0;) {
		ASSERT(left >= sizeof(*n) && n->nlmsg_len >= sizeof(*n) &&
		       NLMSG_ALIGN(n->nlmsg_len) <= NLMSG_ALIGN(left));
		if ((n->nlmsg_flags & NLM_F_DUMP) == NLM_F_DUMP)
			dump_request(s, n);
		else
			change_request(s, n);
		size_t step = NLMSG_ALIGN(n->nlmsg_len) < left ? NLMSG_ALIGN(n->nlmsg_len) : left;
		left -= step;
		n = (const struct nlmsghdr *)(const void *)((const uint8_t *)n + step);
	}
	return (ssize_t)len;
}

/* ---- reading ---- */

bool
kernel_has_something(enum kernel_socket s)
{
	return queues[s].count > 0 || queues[s].error != 0 || queues[s].overrun;
}

static ssize_t
fails(int error)
{
	errno = error;
	return -1;
}

ssize_t
kernel_receive(enum kernel_socket s, void *buf, size_t len, int flags)
{
	struct queue *q = &queues[s];
	unsigned f = fault(KERNEL_READ, s);
	size_t got;

	if (f == 1)
		return fails(EINTR);
	if (f == FAULT_READ_FAILS)
		return fails(EBADF);
	if (f == FAULT_READ_NOBUFS)
		return fails(ENOBUFS);
	if (q->overrun) {
		q->overrun = false;
		return fails(ENOBUFS);
	}
	if (q->error != 0) {
		int error = q->error;
		q->error = 0;
		return fails(error);
	}
	if (q->count == 0)
		return fails(EAGAIN);
	struct datagram *d = &q->item[q->first];
	q->first = (q->first + 1) % QUEUE_MAX;
	q->count--;
	got = d->len;
	memcpy(buf, d->data, got < len ? got : len);
	/* What is read makes room for the next part. Where that fails, the dump stands still until something is read again. */
	if (q->dump.type != 0)
		q->error = dump_portion(s);
	/* Lost, and said so; cut off. */
	if (f >= FAULT_READ_LOST && f < FAULT_READ_CUT)
		return fails(ENOBUFS);
	if (f >= FAULT_READ_CUT && f < FAULT_READ_NOBUFS)
		got = (flags & MSG_TRUNC) != 0 ? len + 1 : NLMSG_LENGTH(sizeof(int));
	return (ssize_t)got;
}
