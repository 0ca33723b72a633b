/* SPDX-License-Identifier: Apache-2.0 */
/*
 * route: see route.h. The rules of the kernel that shape the messages:
 * - an IPv4 route with an IPv6 gateway carries RTA_VIA instead of RTA_GATEWAY;
 * - one next hop is given by attributes of the route, its onlink flag by
 *   rtm_flags; several are nested in RTA_MULTIPATH, with flags of their own;
 * - a deletion without next hops, type or scope matches on destination, table,
 *   protocol and metric, which is just what names a route of ours;
 * - tables above 255 do not fit rtm_table and are given by RTA_TABLE alone.
 */
#include "fib/route.h"

#include "lib/buf.h"
#include "lib/mem.h"

#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <stdlib.h>
#include <string.h>

static void
put_attr(struct wbuf *w, unsigned type, const void *data, size_t len)
{
	struct nlattr a = {.nla_len = (uint16_t)(sizeof(struct nlattr) + len), .nla_type = (uint16_t)type};
	static const uint8_t zero[NLA_ALIGNTO];

	wbuf_put(w, &a, sizeof a);
	wbuf_put(w, data, len);
	wbuf_put(w, zero, (NLA_ALIGNTO - len % NLA_ALIGNTO) % NLA_ALIGNTO);
}

static void
put_attr_u32(struct wbuf *w, unsigned type, uint32_t v)
{
	put_attr(w, type, &v, sizeof v);
}

static void
put_gateway(struct wbuf *w, enum family f, const struct ip_addr *via)
{
	if (via->family == FAMILY_NONE)
		return;
	if (via->family == f) {
		put_attr(w, RTA_GATEWAY, via->bytes, family_octets(f));
		return;
	}
	uint8_t buf[sizeof(uint16_t) + 16];
	uint16_t af = (uint16_t)family_to_af(via->family);
	memcpy(buf, &af, sizeof af);
	memcpy(buf + sizeof af, via->bytes, 16);
	put_attr(w, RTA_VIA, buf, sizeof buf);
}

static void
put_multipath(struct wbuf *w, enum family f, const struct fib_nh *nh, unsigned nh_count)
{
	size_t start = w->len;

	put_attr(w, RTA_MULTIPATH, NULL, 0);
	for (unsigned i = 0; i < nh_count; i++) {
		size_t at = w->len;
		struct rtnexthop h = {
		    .rtnh_flags = nh[i].onlink ? RTNH_F_ONLINK : 0,
		    .rtnh_hops = (uint8_t)(nh[i].weight - 1),
		    .rtnh_ifindex = (int)nh[i].ifindex,
		};
		wbuf_put(w, &h, sizeof h);
		put_gateway(w, f, &nh[i].via);
		h.rtnh_len = (uint16_t)(w->len - at);
		if (!w->err)
			memcpy(w->base + at, &h, sizeof h);
	}
	struct nlattr a = {.nla_len = (uint16_t)(w->len - start), .nla_type = RTA_MULTIPATH};
	if (!w->err)
		memcpy(w->base + start, &a, sizeof a);
}

static uint8_t
scope_of(enum family f, const struct fib_nh *nh, unsigned nh_count)
{
	/* The kernel demands that a gateway be nearer than the route: only routes without any gateway have
	 * link scope. */
	for (unsigned i = 0; i < nh_count; i++)
		if (nh[i].via.family != FAMILY_NONE)
			return RT_SCOPE_UNIVERSE;
	return f == FAMILY_IPV4 && nh_count > 0 ? RT_SCOPE_LINK : RT_SCOPE_UNIVERSE;
}

int
route_attrs_init(struct route_attrs *a, enum family f, enum fib_type type, const struct fib_nh *nh,
		 unsigned nh_count)
{
	static const uint8_t rtm_types[] = {
	    [FIB_UNICAST] = RTN_UNICAST,
	    [FIB_BLACKHOLE] = RTN_BLACKHOLE,
	    [FIB_UNREACHABLE] = RTN_UNREACHABLE,
	};
	uint8_t buf[ROUTE_MSG_MAX];
	struct wbuf w = wbuf_of(buf, sizeof buf);

	*a = (struct route_attrs){.rtm_type = rtm_types[type], .scope = scope_of(f, nh, nh_count)};
	for (unsigned i = 0; i < nh_count; i++)
		if (nh[i].via.family == FAMILY_IPV4 && f == FAMILY_IPV6)
			return -EAFNOSUPPORT;
	if (nh_count == 1) {
		put_gateway(&w, f, &nh->via);
		if (nh->ifindex != 0)
			put_attr_u32(&w, RTA_OIF, nh->ifindex);
		a->rtm_flags = nh->onlink ? RTNH_F_ONLINK : 0;
	} else if (nh_count > 1) {
		put_multipath(&w, f, nh, nh_count);
	}
	ASSERT(!w.err);
	a->len = (uint32_t)w.len;
	if (w.len > 0) {
		a->data = xmalloc(w.len);
		memcpy(a->data, buf, w.len);
	}
	return 0;
}

void
route_attrs_object(struct route_attrs *a, uint32_t nhid)
{
	struct nlattr head = {.nla_len = sizeof head + sizeof nhid, .nla_type = RTA_NH_ID};

	*a = (struct route_attrs){
	    .rtm_type = RTN_UNICAST, .scope = RT_SCOPE_UNIVERSE, .len = sizeof head + sizeof nhid};
	a->data = xmalloc(a->len);
	memcpy(a->data, &head, sizeof head);
	memcpy(a->data + sizeof head, &nhid, sizeof nhid);
}

void
route_attrs_fini(struct route_attrs *a)
{
	free(a->data);
	*a = (struct route_attrs){0};
}

static const struct {
	uint16_t type, flags;
} verbs[] = {
    [FIB_ADD] = {RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL},
    [FIB_REPLACE] = {RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE},
    [FIB_DEL] = {RTM_DELROUTE, 0},
};

/* What a route message begins with, whatever it says: the first attribute is the destination. */
struct route_head {
	struct nlmsghdr n;
	struct rtmsg m;
	struct nlattr dst;
};
_Static_assert(sizeof(struct route_head) == sizeof(struct nlmsghdr) + sizeof(struct rtmsg) + sizeof(struct nlattr),
	       "nothing but what the kernel reads");

#define ATTR_U32_OCTETS (sizeof(struct nlattr) + sizeof(uint32_t))

/* Appends an attribute at p, where there is room; returns the end of it. */
static uint8_t *
append_u32(uint8_t *p, uint16_t type, uint32_t v)
{
	struct nlattr a = {.nla_len = sizeof a + sizeof v, .nla_type = type};

	memcpy(p, &a, sizeof a);
	memcpy(p + sizeof a, &v, sizeof v);
	return p + sizeof a + sizeof v;
}

/*
 * Half a million of these are written at once when a full table comes or goes: the length is known first,
 * and every part is copied with a size that the compiler knows.
 */
size_t
route_encode(void *buf, size_t cap, const struct fib_op_route *r, const struct route_attrs *a, uint32_t seq,
	     uint16_t flags)
{
	bool del = r->verb == FIB_DEL;
	size_t octets = r->family == FAMILY_IPV4 ? 4 : 16;
	size_t len = sizeof(struct route_head) + octets + (r->metric != 0 ? ATTR_U32_OCTETS : 0) +
		     (r->table > 255 ? ATTR_U32_OCTETS : 0) + (del ? 0 : a->len); /* all parts are aligned */

	if (len > cap)
		return 0;
	struct route_head h = {
	    .n = {.nlmsg_len = (uint32_t)len,
		  .nlmsg_type = verbs[r->verb].type,
		  .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags | verbs[r->verb].flags),
		  .nlmsg_seq = seq},
	    .m = {.rtm_family = (uint8_t)family_to_af(r->family),
		  .rtm_dst_len = r->plen,
		  .rtm_table = r->table < 256 ? (uint8_t)r->table : RT_TABLE_UNSPEC,
		  .rtm_protocol = r->protocol,
		  .rtm_scope = del ? RT_SCOPE_NOWHERE : a->scope,
		  .rtm_type = del ? 0 : a->rtm_type,
		  .rtm_flags = del ? 0 : a->rtm_flags},
	    .dst = {.nla_len = (uint16_t)(sizeof(struct nlattr) + octets), .nla_type = RTA_DST},
	};
	uint8_t *p = buf;
	memcpy(p, &h, sizeof h);
	p += sizeof h;
	if (octets == 4)
		memcpy(p, r->dst, 4);
	else
		memcpy(p, r->dst, 16);
	p += octets;
	if (r->metric != 0)
		p = append_u32(p, RTA_PRIORITY, r->metric);
	if (r->table > 255)
		p = append_u32(p, RTA_TABLE, r->table);
	if (!del && a->len > 0)
		memcpy(p, a->data, a->len);
	return len;
}

size_t
route_dump_encode(void *buf, size_t cap, enum family f, uint32_t table, uint8_t protocol, uint32_t seq)
{
	struct wbuf w = wbuf_of(buf, cap);
	struct nlmsghdr n = {
	    .nlmsg_type = RTM_GETROUTE,
	    .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
	    .nlmsg_seq = seq,
	};
	struct rtmsg m = {.rtm_family = (uint8_t)family_to_af(f), .rtm_protocol = protocol};

	wbuf_put(&w, &n, sizeof n);
	wbuf_put(&w, &m, sizeof m);
	put_attr_u32(&w, RTA_TABLE, table);
	if (w.err)
		return 0;
	n.nlmsg_len = (uint32_t)w.len;
	memcpy(buf, &n, sizeof n);
	return w.len;
}

static int
decode_gateway(struct nlattr *const tb[], enum family f, struct fib_ev_nh *nh)
{
	if (tb[RTA_GATEWAY] != NULL) {
		if ((unsigned)nla_len(tb[RTA_GATEWAY]) != family_octets(f))
			return -EBADMSG;
		nh->via_family = (uint8_t)f;
		memcpy(nh->via, nla_data(tb[RTA_GATEWAY]), family_octets(f));
	} else if (tb[RTA_VIA] != NULL) {
		uint16_t af;
		size_t len = (size_t)nla_len(tb[RTA_VIA]);
		if (len < sizeof af)
			return -EBADMSG;
		memcpy(&af, nla_data(tb[RTA_VIA]), sizeof af);
		enum family vf = family_from_af(af);
		if (vf == FAMILY_NONE || len - sizeof af < family_octets(vf))
			return -EBADMSG;
		nh->via_family = (uint8_t)vf;
		memcpy(nh->via, (const uint8_t *)nla_data(tb[RTA_VIA]) + sizeof af, family_octets(vf));
	}
	return 0;
}

static int
decode_multipath(const struct nlattr *mp, enum family f, struct route_info *out)
{
	const uint8_t *p = nla_data(mp);
	size_t left = (size_t)nla_len(mp);
	unsigned n = 0;

	while (left >= sizeof(struct rtnexthop) && n < FIB_NH_MAX) {
		struct nlattr *tb[RTA_MAX + 1];
		struct rtnexthop h;
		memcpy(&h, p, sizeof h);
		if (h.rtnh_len < sizeof h || h.rtnh_len > left)
			return -EBADMSG;
		/* nla_parse does not write, though its signature says so. */
		if (nla_parse(tb, RTA_MAX, (struct nlattr *)(uintptr_t)(p + sizeof h),
			      (int)(h.rtnh_len - sizeof h), NULL) < 0)
			return -EBADMSG;
		struct fib_ev_nh *nh = &out->nh[n++];
		*nh = (struct fib_ev_nh){
		    .ifindex = (uint32_t)h.rtnh_ifindex,
		    .weight = (uint16_t)(h.rtnh_hops + 1),
		    .onlink = (h.rtnh_flags & RTNH_F_ONLINK) != 0,
		};
		if (decode_gateway(tb, f, nh) != 0)
			return -EBADMSG;
		size_t step = (h.rtnh_len + RTNH_ALIGNTO - 1u) / RTNH_ALIGNTO * RTNH_ALIGNTO;
		p += step < left ? step : left;
		left -= step < left ? step : left;
	}
	out->r.nh_count = (uint8_t)n;
	return 0;
}

static uint32_t
attr_u32(const struct nlattr *a, uint32_t missing)
{
	return a != NULL && nla_len(a) >= 4 ? nla_get_u32(a) : missing;
}

static int
decode_nexthops(struct nlattr *const tb[], const struct rtmsg *m, enum family f, struct route_info *out)
{
	if (tb[RTA_MULTIPATH] != NULL)
		return decode_multipath(tb[RTA_MULTIPATH], f, out);
	/* IPv6 gives blackholes a next hop on the loopback interface, which is no part of what they mean. */
	if (m->rtm_type != RTN_UNICAST)
		return 0;
	if (tb[RTA_OIF] == NULL && tb[RTA_GATEWAY] == NULL && tb[RTA_VIA] == NULL)
		return 0;
	out->nh[0] = (struct fib_ev_nh){
	    .ifindex = attr_u32(tb[RTA_OIF], 0),
	    .weight = 1,
	    .onlink = (m->rtm_flags & RTNH_F_ONLINK) != 0,
	};
	out->r.nh_count = 1;
	return decode_gateway(tb, f, &out->nh[0]);
}

int
route_decode(const struct nlmsghdr *n, struct route_info *out)
{
	struct nlattr *tb[RTA_MAX + 1];
	struct rtmsg m;

	if (n->nlmsg_len < NLMSG_LENGTH(sizeof m))
		return -EBADMSG;
	memcpy(&m, NLMSG_DATA(n), sizeof m);
	enum family f = family_from_af(m.rtm_family);
	if (f == FAMILY_NONE || (m.rtm_flags & RTM_F_CLONED) != 0)
		return -ENOENT;
	if (nlmsg_parse((struct nlmsghdr *)(uintptr_t)n, sizeof m, tb, RTA_MAX, NULL) < 0)
		return -EBADMSG;
	if (m.rtm_dst_len > family_bits(f) || m.rtm_src_len != 0)
		return m.rtm_src_len != 0 ? -ENOENT : -EBADMSG;
	out->r = (struct fib_ev_route){
	    .family = (uint8_t)f,
	    .plen = m.rtm_dst_len,
	    .tos = m.rtm_tos,
	    .protocol = m.rtm_protocol,
	    .rtm_type = m.rtm_type,
	    .scope = m.rtm_scope,
	    .table = attr_u32(tb[RTA_TABLE], m.rtm_table),
	    .metric = attr_u32(tb[RTA_PRIORITY], 0),
	};
	if (tb[RTA_DST] != NULL) {
		if ((unsigned)nla_len(tb[RTA_DST]) != family_octets(f))
			return -EBADMSG;
		memcpy(out->r.dst, nla_data(tb[RTA_DST]), family_octets(f));
	} else if (m.rtm_dst_len != 0) {
		return -EBADMSG;
	}
	out->nhid = attr_u32(tb[RTA_NH_ID], 0);
	if (f == FAMILY_IPV4 && tb[RTA_PREFSRC] != NULL)
		out->r.prefsrc = attr_u32(tb[RTA_PREFSRC], 0);
	if (n->nlmsg_type == RTM_DELROUTE)
		out->r.flags = FIB_RT_DELETED;
	else if ((n->nlmsg_flags & NLM_F_REPLACE) != 0)
		out->r.flags = FIB_RT_REPLACED;
	else if ((n->nlmsg_flags & NLM_F_APPEND) != 0)
		out->r.flags = FIB_RT_APPENDED;
	int rc = decode_nexthops(tb, &m, f, out);
	if (rc == 0 && f == FAMILY_IPV6 && n->nlmsg_type == RTM_DELROUTE && out->r.nh_count > 0)
		out->r.flags |= FIB_RT_NHS_ONLY;
	return rc;
}
