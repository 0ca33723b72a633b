/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_link: link and address messages as libnl-route builds them, and malformed.
 */
#include "fib/link.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <linux/if_addr.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <netlink/msg.h>
#include <netlink/route/addr.h>
#include <stdlib.h>
#include <string.h>

static struct nl_msg *
link_msg(unsigned flags, uint8_t operstate, int type)
{
	static const uint8_t mac[] = {2, 0, 0, 0, 0, 9};
	struct ifinfomsg m = {.ifi_index = 12, .ifi_flags = flags, .ifi_type = 1};
	struct nl_msg *msg = nlmsg_alloc_simple(type, 0);

	nlmsg_append(msg, &m, sizeof m, NLMSG_ALIGNTO);
	nla_put_string(msg, IFLA_IFNAME, "eth12");
	nla_put_u32(msg, IFLA_MTU, 1500);
	nla_put(msg, IFLA_ADDRESS, sizeof mac, mac);
	nla_put_u8(msg, IFLA_OPERSTATE, operstate);
	return msg;
}

static bool
link_up(unsigned flags, uint8_t operstate)
{
	struct nl_msg *msg = link_msg(flags, operstate, RTM_NEWLINK);
	struct fib_ev ev;

	ck_assert_int_eq(link_decode(nlmsg_hdr(msg), &ev), 0);
	nlmsg_free(msg);
	return ev.u.link.up;
}

START_TEST(test_link)
{
	struct nl_msg *msg = link_msg(IFF_UP | IFF_RUNNING, 6, RTM_NEWLINK);
	struct fib_ev ev;

	ck_assert_int_eq(link_decode(nlmsg_hdr(msg), &ev), 0);
	ck_assert_uint_eq(ev.kind, FIB_EV_LINK);
	ck_assert_uint_eq(ev.u.link.ifindex, 12);
	ck_assert_str_eq(ev.u.link.name, "eth12");
	ck_assert_uint_eq(ev.u.link.mtu, 1500);
	ck_assert_uint_eq(ev.u.link.mac_len, 6);
	ck_assert_uint_eq(ev.u.link.mac[5], 9);
	ck_assert(ev.u.link.up && !ev.u.link.deleted);
	nlmsg_hdr(msg)->nlmsg_type = RTM_DELLINK;
	ck_assert_int_eq(link_decode(nlmsg_hdr(msg), &ev), 0);
	ck_assert(!ev.u.link.up && ev.u.link.deleted);
	((struct ifinfomsg *)nlmsg_data(nlmsg_hdr(msg)))->ifi_family = AF_BRIDGE;
	ck_assert_int_eq(link_decode(nlmsg_hdr(msg), &ev), -ENOENT);
	nlmsg_hdr(msg)->nlmsg_len = NLMSG_HDRLEN + 3;
	ck_assert_int_eq(link_decode(nlmsg_hdr(msg), &ev), -EBADMSG);
	nlmsg_free(msg);
	/* RFC 2863 operational states as linux/if.h numbers them: 0 unknown, 2 down, 3 lower layer down, 6
	 * up. */
	ck_assert(link_up(IFF_UP, 0));
	ck_assert(!link_up(IFF_UP, 2));
	ck_assert(!link_up(IFF_UP, 3));
	ck_assert(!link_up(0, 6));
}
END_TEST

/* A VRF's own device has its table in IFLA_INFO_DATA, who is in it has the kind of its master. */
START_TEST(test_vrf)
{
	struct nl_msg *red = link_msg(IFF_UP, 6, RTM_NEWLINK), *port = link_msg(IFF_UP, 6, RTM_NEWLINK);
	struct nl_msg *bridged = link_msg(IFF_UP, 6, RTM_NEWLINK);
	struct nlattr *info = nla_nest_start(red, IFLA_LINKINFO), *data;
	struct fib_ev ev;

	nla_put_string(red, IFLA_INFO_KIND, "vrf");
	data = nla_nest_start(red, IFLA_INFO_DATA);
	nla_put_u32(red, IFLA_VRF_TABLE, 70000);
	nla_nest_end(red, data);
	nla_nest_end(red, info);
	ck_assert_int_eq(link_decode(nlmsg_hdr(red), &ev), 0);
	ck_assert_uint_eq(ev.u.link.vrf, 12);
	ck_assert_uint_eq(ev.u.link.vrf_table, 70000);
	nla_put_u32(port, IFLA_MASTER, 7);
	info = nla_nest_start(port, IFLA_LINKINFO);
	nla_put_string(port, IFLA_INFO_KIND, "veth");
	nla_put_string(port, IFLA_INFO_SLAVE_KIND, "vrf");
	nla_nest_end(port, info);
	ck_assert_int_eq(link_decode(nlmsg_hdr(port), &ev), 0);
	ck_assert_uint_eq(ev.u.link.vrf, 7);
	ck_assert_uint_eq(ev.u.link.vrf_table, 0);
	nla_put_u32(bridged, IFLA_MASTER, 7);
	info = nla_nest_start(bridged, IFLA_LINKINFO);
	nla_put_string(bridged, IFLA_INFO_SLAVE_KIND, "bridge");
	nla_nest_end(bridged, info);
	ck_assert_int_eq(link_decode(nlmsg_hdr(bridged), &ev), 0);
	ck_assert_uint_eq(ev.u.link.vrf, 0);
	nlmsg_free(red);
	nlmsg_free(port);
	nlmsg_free(bridged);
}
END_TEST

static struct nl_msg *
address_msg(const char *local, int plen, const char *peer)
{
	struct rtnl_addr *a = rtnl_addr_alloc();
	struct nl_addr *n;
	struct nl_msg *msg;

	rtnl_addr_set_ifindex(a, 5);
	ck_assert_int_eq(nl_addr_parse(local, AF_UNSPEC, &n), 0);
	rtnl_addr_set_local(a, n);
	nl_addr_put(n);
	if (peer != NULL) {
		ck_assert_int_eq(nl_addr_parse(peer, AF_UNSPEC, &n), 0);
		rtnl_addr_set_peer(a, n);
		nl_addr_put(n);
	}
	rtnl_addr_set_prefixlen(a, plen);
	ck_assert_int_eq(rtnl_addr_build_add_request(a, 0, &msg), 0);
	rtnl_addr_put(a);
	return msg;
}

START_TEST(test_address)
{
	struct nl_msg *msg = address_msg("192.0.2.9", 24, NULL);
	struct fib_ev ev;

	ck_assert_int_eq(address_decode(nlmsg_hdr(msg), &ev), 0);
	ck_assert_uint_eq(ev.kind, FIB_EV_ADDRESS);
	ck_assert_uint_eq(ev.u.address.ifindex, 5);
	ck_assert_uint_eq(ev.u.address.plen, 24);
	ck_assert_uint_eq(ev.u.address.addr[3], 9);
	ck_assert(!ev.u.address.has_peer && !ev.u.address.deleted);
	nlmsg_hdr(msg)->nlmsg_type = RTM_DELADDR;
	ck_assert_int_eq(address_decode(nlmsg_hdr(msg), &ev), 0);
	ck_assert(ev.u.address.deleted);
	((struct ifaddrmsg *)nlmsg_data(nlmsg_hdr(msg)))->ifa_prefixlen = 33;
	ck_assert_int_eq(address_decode(nlmsg_hdr(msg), &ev), -EBADMSG);
	nlmsg_free(msg);
	msg = address_msg("192.0.2.9", 32, "192.0.2.77");
	ck_assert_int_eq(address_decode(nlmsg_hdr(msg), &ev), 0);
	ck_assert_uint_eq(ev.u.address.addr[3], 9);
	ck_assert(ev.u.address.has_peer);
	ck_assert_uint_eq(ev.u.address.peer[3], 77);
	nlmsg_free(msg);
}
END_TEST

START_TEST(test_tentative_address)
{
	static const uint8_t addr[16] = {0x20, 0x01, 0x0d, 0xb8, [15] = 1};
	struct ifaddrmsg m = {
	    .ifa_family = AF_INET6, .ifa_prefixlen = 64, .ifa_index = 5, .ifa_flags = IFA_F_TENTATIVE};
	struct nl_msg *msg = nlmsg_alloc_simple(RTM_NEWADDR, 0);
	struct ifaddrmsg *in;
	struct fib_ev ev;

	nlmsg_append(msg, &m, sizeof m, NLMSG_ALIGNTO);
	nla_put(msg, IFA_ADDRESS, sizeof addr, addr);
	/* RFC 4862 5.4: not to be used until it is known to be unique. */
	ck_assert_int_eq(address_decode(nlmsg_hdr(msg), &ev), -ENOENT);
	in = nlmsg_data(nlmsg_hdr(msg));
	in->ifa_flags = IFA_F_DADFAILED;
	ck_assert_int_eq(address_decode(nlmsg_hdr(msg), &ev), -ENOENT);
	in->ifa_flags = IFA_F_PERMANENT;
	ck_assert_int_eq(address_decode(nlmsg_hdr(msg), &ev), 0);
	ck_assert_mem_eq(ev.u.address.addr, addr, 16);
	in->ifa_family = AF_INET; /* sixteen octets are no IPv4 address */
	in->ifa_prefixlen = 24;
	ck_assert_int_eq(address_decode(nlmsg_hdr(msg), &ev), -EBADMSG);
	nlmsg_free(msg);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("link");
	TCase *tc = tcase_create("link");

	tcase_add_test(tc, test_link);
	tcase_add_test(tc, test_vrf);
	tcase_add_test(tc, test_address);
	tcase_add_test(tc, test_tentative_address);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
