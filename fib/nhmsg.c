/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nhmsg: see nhmsg.h. The kernel takes no scope and no attribute that says
 * nothing; a gateway's family is the object's.
 */
#include "fib/nhmsg.h"

#include "lib/buf.h"

#include <errno.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

static void
put_attr(struct wbuf *w, unsigned type, const void *data, size_t len)
{
	struct nlattr a = {.nla_len = (uint16_t)(sizeof(struct nlattr) + len), .nla_type = (uint16_t)type};

	wbuf_put(w, &a, sizeof a);
	wbuf_put(w, data, len); /* all of them have a multiple of four octets */
}

static void
put_members(struct wbuf *w, const struct fib_nh *nh, unsigned count)
{
	struct nexthop_grp members[FIB_NH_MAX];

	memset(members, 0, sizeof members);
	for (unsigned i = 0; i < count; i++) {
		members[i].id = nh[i].ifindex;
		members[i].weight = (uint8_t)(nh[i].weight - 1);
	}
	put_attr(w, NHA_GROUP, members, count * sizeof *members);
}

size_t
nhmsg_encode(void *buf, size_t cap, const struct fib_op_nexthop *o, const struct fib_nh *nh, uint32_t seq)
{
	static const struct {
		uint16_t type, flags;
	} verbs[] = {
	    [FIB_ADD] = {RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_EXCL},
	    [FIB_REPLACE] = {RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_REPLACE},
	    [FIB_DEL] = {RTM_DELNEXTHOP, 0},
	};
	struct wbuf w = wbuf_of(buf, cap);
	struct nlmsghdr n = {
	    .nlmsg_type = verbs[o->verb].type,
	    .nlmsg_flags = (uint16_t)(NLM_F_REQUEST | verbs[o->verb].flags),
	    .nlmsg_seq = seq,
	};
	struct nhmsg m = {0};

	if (o->verb != FIB_DEL) {
		m.nh_protocol = o->protocol;
		if (!o->group) {
			m.nh_family = (uint8_t)family_to_af(nh->via.family);
			m.nh_flags = nh->onlink ? RTNH_F_ONLINK : 0;
		}
	}
	wbuf_put(&w, &n, sizeof n);
	wbuf_put(&w, &m, sizeof m);
	put_attr(&w, NHA_ID, &o->nhid, sizeof o->nhid);
	if (o->verb != FIB_DEL && o->group) {
		put_members(&w, nh, o->count);
	} else if (o->verb != FIB_DEL) {
		put_attr(&w, NHA_OIF, &nh->ifindex, sizeof nh->ifindex);
		put_attr(&w, NHA_GATEWAY, nh->via.bytes, family_octets(nh->via.family));
	}
	if (w.err)
		return 0;
	n.nlmsg_len = (uint32_t)w.len;
	memcpy(buf, &n, sizeof n);
	return w.len;
}

size_t
nhmsg_dump_encode(void *buf, size_t cap, uint32_t seq)
{
	struct {
		struct nlmsghdr n;
		struct nhmsg m;
	} req = {
	    .n = {.nlmsg_len = sizeof req,
		  .nlmsg_type = RTM_GETNEXTHOP,
		  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		  .nlmsg_seq = seq},
	};

	if (cap < sizeof req)
		return 0;
	memcpy(buf, &req, sizeof req);
	return sizeof req;
}

/* A group with more members than a route may have next hops is one that we cannot use, and never make. */
static int
decode_members(const struct nlattr *a, struct nhmsg_info *out)
{
	const uint8_t *p = nla_data(a);
	size_t count = (size_t)nla_len(a) / sizeof(struct nexthop_grp);

	if (count > FIB_NH_MAX)
		return 0;
	for (size_t i = 0; i < count; i++) {
		struct nexthop_grp member;
		memcpy(&member, p + i * sizeof member, sizeof member);
		out->nh[i] =
		    (struct fib_ev_nh){.ifindex = member.id, .weight = (uint16_t)(member.weight + 1)};
	}
	out->n.count = (uint8_t)count;
	return 0;
}

static int
decode_hop(struct nlattr *const tb[], const struct nhmsg *m, struct nhmsg_info *out)
{
	enum family f = family_from_af(m->nh_family);

	if (tb[NHA_BLACKHOLE] != NULL || tb[NHA_OIF] == NULL || nla_len(tb[NHA_OIF]) < 4)
		return 0;
	out->nh[0] = (struct fib_ev_nh){
	    .ifindex = nla_get_u32(tb[NHA_OIF]), .weight = 1, .onlink = (m->nh_flags & RTNH_F_ONLINK) != 0};
	if (tb[NHA_GATEWAY] != NULL) {
		if (f == FAMILY_NONE || (unsigned)nla_len(tb[NHA_GATEWAY]) != family_octets(f))
			return -EBADMSG;
		out->nh[0].via_family = (uint8_t)f;
		memcpy(out->nh[0].via, nla_data(tb[NHA_GATEWAY]), family_octets(f));
	}
	out->n.count = 1;
	return 0;
}

int
nhmsg_decode(const struct nlmsghdr *n, struct nhmsg_info *out)
{
	struct nlattr *tb[NHA_MAX + 1];
	struct nhmsg m;

	if (n->nlmsg_len < NLMSG_LENGTH(sizeof m))
		return -EBADMSG;
	memcpy(&m, NLMSG_DATA(n), sizeof m);
	if (nlmsg_parse((struct nlmsghdr *)(uintptr_t)n, sizeof m, tb, NHA_MAX, NULL) < 0)
		return -EBADMSG;
	if (tb[NHA_ID] == NULL || nla_len(tb[NHA_ID]) < 4)
		return -EBADMSG;
	out->n = (struct fib_ev_nexthop){.nhid = nla_get_u32(tb[NHA_ID]),
					 .protocol = m.nh_protocol,
					 .group = tb[NHA_GROUP] != NULL,
					 .deleted = n->nlmsg_type == RTM_DELNEXTHOP};
	if (out->n.deleted)
		return 0;
	return out->n.group ? decode_members(tb[NHA_GROUP], out) : decode_hop(tb, &m, out);
}
