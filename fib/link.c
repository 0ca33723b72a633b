/* SPDX-License-Identifier: Apache-2.0 */
/*
 * link: see link.h. A link is up when it is administratively up and its
 * operational state (RFC 2863) is up or unknown; drivers without carrier
 * detection leave it unknown.
 */
#include "fib/link.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/attr.h>
#include <netlink/msg.h>
#include <string.h>

#define OPERSTATE_UNKNOWN 0 /* RFC 2863 ifOperStatus as the kernel numbers it: IF_OPER_* */
#define OPERSTATE_UP      6

/*
 * Which VRF a link is in, and the table of a VRF's own device. One that is in a VRF through its master, as a
 * bridge's port, has no addresses that count.
 */
static void
vrf_decode(struct nlattr *info, const struct nlattr *master, struct fib_ev *out)
{
	struct nlattr *tb[IFLA_INFO_MAX + 1], *data[IFLA_VRF_MAX + 1];
	const struct nlattr *kind, *slave;

	if (info == NULL || nla_parse_nested(tb, IFLA_INFO_MAX, info, NULL) < 0)
		return;
	kind = tb[IFLA_INFO_KIND];
	slave = tb[IFLA_INFO_SLAVE_KIND];
	if (kind != NULL && nla_strcmp(kind, "vrf") == 0 && tb[IFLA_INFO_DATA] != NULL &&
	    nla_parse_nested(data, IFLA_VRF_MAX, tb[IFLA_INFO_DATA], NULL) >= 0 &&
	    data[IFLA_VRF_TABLE] != NULL && nla_len(data[IFLA_VRF_TABLE]) >= 4) {
		out->u.link.vrf = out->u.link.ifindex;
		out->u.link.vrf_table = nla_get_u32(data[IFLA_VRF_TABLE]);
	} else if (slave != NULL && nla_strcmp(slave, "vrf") == 0 && master != NULL && nla_len(master) >= 4) {
		out->u.link.vrf = nla_get_u32(master);
	}
}

int
link_decode(const struct nlmsghdr *n, struct fib_ev *out)
{
	struct nlattr *tb[IFLA_MAX + 1];
	struct ifinfomsg m;

	if (n->nlmsg_len < NLMSG_LENGTH(sizeof m))
		return -EBADMSG;
	memcpy(&m, NLMSG_DATA(n), sizeof m);
	if (m.ifi_family != AF_UNSPEC)
		return -ENOENT;
	if (nlmsg_parse((struct nlmsghdr *)(uintptr_t)n, sizeof m, tb, IFLA_MAX, NULL) < 0)
		return -EBADMSG;
	memset(out, 0, sizeof *out);
	out->kind = FIB_EV_LINK;
	out->u.link.ifindex = (uint32_t)m.ifi_index;
	out->u.link.flags = m.ifi_flags;
	out->u.link.type = m.ifi_type;
	out->u.link.deleted = n->nlmsg_type == RTM_DELLINK;
	if (tb[IFLA_IFNAME] != NULL)
		nla_strlcpy(out->u.link.name, tb[IFLA_IFNAME], sizeof out->u.link.name);
	if (tb[IFLA_MTU] != NULL && nla_len(tb[IFLA_MTU]) >= 4)
		out->u.link.mtu = nla_get_u32(tb[IFLA_MTU]);
	if (tb[IFLA_ADDRESS] != NULL && (size_t)nla_len(tb[IFLA_ADDRESS]) <= sizeof out->u.link.mac) {
		out->u.link.mac_len = (uint8_t)nla_len(tb[IFLA_ADDRESS]);
		memcpy(out->u.link.mac, nla_data(tb[IFLA_ADDRESS]), out->u.link.mac_len);
	}
	vrf_decode(tb[IFLA_LINKINFO], tb[IFLA_MASTER], out);
	uint8_t oper = OPERSTATE_UNKNOWN;
	if (tb[IFLA_OPERSTATE] != NULL && nla_len(tb[IFLA_OPERSTATE]) >= 1)
		oper = nla_get_u8(tb[IFLA_OPERSTATE]);
	out->u.link.up = !out->u.link.deleted && (m.ifi_flags & IFF_UP) != 0 &&
			 (oper == OPERSTATE_UP || oper == OPERSTATE_UNKNOWN);
	return 0;
}

int
address_decode(const struct nlmsghdr *n, struct fib_ev *out)
{
	struct nlattr *tb[IFA_MAX + 1];
	struct ifaddrmsg m;

	if (n->nlmsg_len < NLMSG_LENGTH(sizeof m))
		return -EBADMSG;
	memcpy(&m, NLMSG_DATA(n), sizeof m);
	enum family f = family_from_af(m.ifa_family);
	if (f == FAMILY_NONE)
		return -ENOENT;
	if (nlmsg_parse((struct nlmsghdr *)(uintptr_t)n, sizeof m, tb, IFA_MAX, NULL) < 0 ||
	    m.ifa_prefixlen > family_bits(f))
		return -EBADMSG;
	uint32_t flags = m.ifa_flags;
	if (tb[IFA_FLAGS] != NULL && nla_len(tb[IFA_FLAGS]) >= 4)
		flags = nla_get_u32(tb[IFA_FLAGS]);
	bool deleted = n->nlmsg_type == RTM_DELADDR;
	/* RFC 4862 5.4: nothing may use an address before it is known to be unique; another message follows
	 * then. */
	if (!deleted && (flags & (IFA_F_TENTATIVE | IFA_F_DADFAILED)) != 0 && (flags & IFA_F_OPTIMISTIC) == 0)
		return -ENOENT;
	/* IFA_ADDRESS is the far end of a point-to-point address, else the same as IFA_LOCAL (which IPv6
	 * leaves out). */
	const struct nlattr *far = tb[IFA_ADDRESS], *local = tb[IFA_LOCAL] != NULL ? tb[IFA_LOCAL] : far;
	unsigned octets = family_octets(f);
	if (local == NULL || (unsigned)nla_len(local) != octets)
		return -EBADMSG;
	if (far != NULL && (unsigned)nla_len(far) != octets)
		return -EBADMSG;
	memset(out, 0, sizeof *out);
	out->kind = FIB_EV_ADDRESS;
	out->u.address.ifindex = m.ifa_index;
	out->u.address.family = (uint8_t)f;
	out->u.address.plen = m.ifa_prefixlen;
	out->u.address.deleted = deleted;
	memcpy(out->u.address.addr, nla_data(local), octets);
	if (far != NULL && memcmp(nla_data(far), nla_data(local), octets) != 0) {
		out->u.address.has_peer = true;
		memcpy(out->u.address.peer, nla_data(far), octets);
	}
	return 0;
}

size_t
link_dump_encode(void *buf, size_t cap, uint32_t seq)
{
	struct {
		struct nlmsghdr n;
		struct ifinfomsg m;
		struct nlattr a;
		uint32_t mask;
	} req = {
	    .n = {.nlmsg_len = sizeof req,
		  .nlmsg_type = RTM_GETLINK,
		  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		  .nlmsg_seq = seq},
	    .m = {.ifi_family = AF_UNSPEC},
	    .a = {.nla_len = sizeof req.a + sizeof req.mask, .nla_type = IFLA_EXT_MASK},
	    .mask = RTEXT_FILTER_SKIP_STATS,
	};

	if (cap < sizeof req)
		return 0;
	memcpy(buf, &req, sizeof req);
	return sizeof req;
}

size_t
address_dump_encode(void *buf, size_t cap, uint32_t seq)
{
	struct {
		struct nlmsghdr n;
		struct ifaddrmsg m;
	} req = {
	    .n = {.nlmsg_len = sizeof req,
		  .nlmsg_type = RTM_GETADDR,
		  .nlmsg_flags = NLM_F_REQUEST | NLM_F_DUMP,
		  .nlmsg_seq = seq},
	    .m = {.ifa_family = AF_UNSPEC},
	};

	if (cap < sizeof req)
		return 0;
	memcpy(buf, &req, sizeof req);
	return sizeof req;
}
