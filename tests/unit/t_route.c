/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_route: route messages against libnl-route, which reads what we write and
 * writes what we read, and against malformed input.
 */
#include "fib/route.h"

#include "lib/mem.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <linux/rtnetlink.h>
#include <netlink/msg.h>
#include <netlink/route/nexthop.h>
#include <netlink/route/route.h>
#include <stdlib.h>
#include <string.h>

static struct fib_nh
hop(const char *via, uint32_t ifindex, uint16_t weight)
{
	struct fib_nh nh;

	memset(&nh, 0, sizeof nh);
	if (via != NULL)
		ck_assert_int_eq(ip_addr_parse(via, &nh.via), 0);
	nh.ifindex = ifindex;
	nh.weight = weight;
	return nh;
}

static struct fib_op_route
route(const char *prefix, enum fib_verb verb, uint32_t metric, uint32_t table)
{
	struct ip_prefix p;

	ck_assert_int_eq(ip_prefix_parse(prefix, &p), 0);
	struct fib_op_route r = {.verb = (uint8_t)verb,
				 .family = p.family,
				 .plen = p.len,
				 .protocol = 186,
				 .metric = metric,
				 .table = table};
	memcpy(r.dst, p.bytes, sizeof r.dst);
	return r;
}

static struct rtnl_route *
encode_and_parse(const struct fib_op_route *r, enum fib_type type, const struct fib_nh *nh, unsigned n,
		 struct nlmsghdr *out)
{
	static _Alignas(struct nlmsghdr) uint8_t buf[ROUTE_MSG_MAX];
	struct route_attrs a;
	struct rtnl_route *parsed = NULL;

	ck_assert_int_eq(route_attrs_init(&a, r->family, type, nh, n), 0);
	size_t len = route_encode(buf, sizeof buf, r, &a, 77, 0);
	route_attrs_fini(&a);
	ck_assert_uint_gt(len, 0);
	ck_assert_uint_eq(len % 4, 0);
	memcpy(out, buf, sizeof *out);
	ck_assert_uint_eq(out->nlmsg_len, len);
	ck_assert_uint_eq(out->nlmsg_seq, 77);
	ck_assert_int_eq(rtnl_route_parse((struct nlmsghdr *)(void *)buf, &parsed), 0);
	return parsed;
}

static void
check_addr(struct nl_addr *got, const char *want)
{
	char buf[64];

	ck_assert_ptr_nonnull(got);
	ck_assert_str_eq(nl_addr2str(got, buf, sizeof buf), want);
}

START_TEST(test_encode_ipv4_gateway)
{
	struct fib_op_route r = route("198.51.100.0/24", FIB_ADD, 20, 254);
	struct fib_nh nh = hop("192.0.2.1", 3, 1);
	struct nlmsghdr n;
	struct rtnl_route *p = encode_and_parse(&r, FIB_UNICAST, &nh, 1, &n);

	ck_assert_uint_eq(n.nlmsg_type, RTM_NEWROUTE);
	ck_assert_uint_eq(n.nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
	ck_assert_int_eq(rtnl_route_get_family(p), AF_INET);
	check_addr(rtnl_route_get_dst(p), "198.51.100.0/24");
	ck_assert_uint_eq(rtnl_route_get_priority(p), 20);
	ck_assert_uint_eq(rtnl_route_get_table(p), 254);
	ck_assert_uint_eq(rtnl_route_get_protocol(p), 186);
	ck_assert_uint_eq(rtnl_route_get_type(p), RTN_UNICAST);
	ck_assert_uint_eq(rtnl_route_get_scope(p), RT_SCOPE_UNIVERSE);
	ck_assert_int_eq(rtnl_route_get_nnexthops(p), 1);
	check_addr(rtnl_route_nh_get_gateway(rtnl_route_nexthop_n(p, 0)), "192.0.2.1");
	ck_assert_int_eq(rtnl_route_nh_get_ifindex(rtnl_route_nexthop_n(p, 0)), 3);
	rtnl_route_put(p);
}
END_TEST

START_TEST(test_encode_ecmp)
{
	struct fib_op_route r = route("2001:db8::/32", FIB_REPLACE, 1024, 1000);
	struct fib_nh nh[] = {hop("fe80::1", 3, 1), hop("2001:db8:1::1", 4, 256)};
	struct nlmsghdr n;
	struct rtnl_route *p = encode_and_parse(&r, FIB_UNICAST, nh, 2, &n);

	ck_assert_uint_eq(n.nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE);
	ck_assert_uint_eq(rtnl_route_get_table(p), 1000);
	ck_assert_int_eq(rtnl_route_get_nnexthops(p), 2);
	check_addr(rtnl_route_nh_get_gateway(rtnl_route_nexthop_n(p, 0)), "fe80::1");
	check_addr(rtnl_route_nh_get_gateway(rtnl_route_nexthop_n(p, 1)), "2001:db8:1::1");
	/* rtnetlink(7): rtnh_hops is the weight less one, in one octet. */
	ck_assert_uint_eq(rtnl_route_nh_get_weight(rtnl_route_nexthop_n(p, 0)), 0);
	ck_assert_uint_eq(rtnl_route_nh_get_weight(rtnl_route_nexthop_n(p, 1)), 255);
	rtnl_route_put(p);
}
END_TEST

START_TEST(test_encode_ipv4_via_ipv6)
{
	struct fib_op_route r = route("0.0.0.0/0", FIB_ADD, 0, 254);
	struct fib_nh nh = hop("fe80::9", 5, 1);
	struct nlmsghdr n;
	struct rtnl_route *p = encode_and_parse(&r, FIB_UNICAST, &nh, 1, &n);

	ck_assert_ptr_null(rtnl_route_nh_get_gateway(rtnl_route_nexthop_n(p, 0)));
	check_addr(rtnl_route_nh_get_via(rtnl_route_nexthop_n(p, 0)), "fe80::9");
	rtnl_route_put(p);
}
END_TEST

START_TEST(test_encode_kinds)
{
	struct fib_op_route r = route("203.0.113.7/32", FIB_ADD, 20, 254);
	struct fib_nh direct = hop(NULL, 9, 1);
	struct nlmsghdr n;
	struct rtnl_route *p = encode_and_parse(&r, FIB_BLACKHOLE, NULL, 0, &n);

	ck_assert_uint_eq(rtnl_route_get_type(p), RTN_BLACKHOLE);
	rtnl_route_put(p);
	p = encode_and_parse(&r, FIB_UNREACHABLE, NULL, 0, &n);
	ck_assert_uint_eq(rtnl_route_get_type(p), RTN_UNREACHABLE);
	rtnl_route_put(p);
	p = encode_and_parse(&r, FIB_UNICAST, &direct, 1, &n);
	ck_assert_uint_eq(rtnl_route_get_scope(p), RT_SCOPE_LINK);
	rtnl_route_put(p);
	r.verb = FIB_DEL;
	p = encode_and_parse(&r, FIB_UNICAST, &direct, 1, &n);
	ck_assert_uint_eq(n.nlmsg_type, RTM_DELROUTE);
	ck_assert_uint_eq(rtnl_route_get_protocol(p), 186);
	ck_assert_uint_eq(rtnl_route_get_priority(p), 20);
	ck_assert_uint_eq(rtnl_route_get_scope(p), RT_SCOPE_NOWHERE);
	rtnl_route_put(p);
}
END_TEST

START_TEST(test_encode_limits)
{
	struct fib_op_route r = route("198.51.100.0/24", FIB_ADD, 20, 254);
	struct fib_nh nh[FIB_NH_MAX], v4 = hop("192.0.2.1", 1, 1);
	struct route_attrs a;
	uint8_t small[40];
	struct nlmsghdr n;

	for (unsigned i = 0; i < FIB_NH_MAX; i++) {
		nh[i] = hop("2001:db8::1", 1, 1);
		nh[i].via.bytes[15] = (uint8_t)i;
	}
	struct rtnl_route *p = encode_and_parse(&r, FIB_UNICAST, nh, FIB_NH_MAX, &n);
	ck_assert_int_eq(rtnl_route_get_nnexthops(p), FIB_NH_MAX);
	rtnl_route_put(p);
	ck_assert_int_eq(route_attrs_init(&a, FAMILY_IPV6, FIB_UNICAST, &v4, 1), -EAFNOSUPPORT);
	ck_assert_int_eq(route_attrs_init(&a, FAMILY_IPV4, FIB_UNICAST, &v4, 1), 0);
	/* 16 header, 12 rtmsg, 8 RTA_DST, 8 RTA_PRIORITY, 8 RTA_GATEWAY, 8 RTA_OIF: 60. */
	ck_assert_uint_eq(route_encode(small, sizeof small, &r, &a, 1, 0), 0);
	uint8_t exact[60];
	ck_assert_uint_eq(route_encode(exact, sizeof exact, &r, &a, 1, 0), 60);
	route_attrs_fini(&a);
}
END_TEST

static struct nlmsghdr *
build(struct nl_msg **msg, const char *dst, int family, uint8_t type, const char *via1, const char *via2)
{
	struct rtnl_route *r = rtnl_route_alloc();
	struct nl_addr *addr;
	const char *via[] = {via1, via2};

	ck_assert_int_eq(nl_addr_parse(dst, family, &addr), 0);
	rtnl_route_set_family(r, (uint8_t)family);
	rtnl_route_set_dst(r, addr);
	nl_addr_put(addr);
	rtnl_route_set_type(r, type);
	rtnl_route_set_protocol(r, RTPROT_STATIC);
	rtnl_route_set_priority(r, 33);
	rtnl_route_set_table(r, 700);
	for (int i = 0; i < 2; i++) {
		if (via[i] == NULL)
			continue;
		struct rtnl_nexthop *nh = rtnl_route_nh_alloc();
		ck_assert_int_eq(nl_addr_parse(via[i], AF_UNSPEC, &addr), 0);
		rtnl_route_nh_set_ifindex(nh, 7 + i);
		rtnl_route_nh_set_weight(nh, (uint8_t)(i * 4));
		if (nl_addr_get_family(addr) == family)
			rtnl_route_nh_set_gateway(nh, addr);
		else
			rtnl_route_nh_set_via(nh, addr);
		rtnl_route_add_nexthop(r, nh);
		nl_addr_put(addr);
	}
	ck_assert_int_eq(rtnl_route_build_add_request(r, 0, msg), 0);
	struct nlmsghdr *n = nlmsg_hdr(*msg);
	rtnl_route_put(r);
	return n;
}

START_TEST(test_decode)
{
	struct route_info info;
	struct nl_msg *msg;
	struct nlmsghdr *n = build(&msg, "10.1.0.0/16", AF_INET, RTN_UNICAST, "192.0.2.1", NULL);
	static const uint8_t net[] = {10, 1, 0, 0}, gw[] = {192, 0, 2, 1};

	ck_assert_int_eq(route_decode(n, &info), 0);
	ck_assert_uint_eq(info.r.family, FAMILY_IPV4);
	ck_assert_uint_eq(info.r.plen, 16);
	ck_assert_mem_eq(info.r.dst, net, 4);
	ck_assert_uint_eq(info.r.table, 700);
	ck_assert_uint_eq(info.r.metric, 33);
	ck_assert_uint_eq(info.r.protocol, RTPROT_STATIC);
	ck_assert_uint_eq(info.r.rtm_type, RTN_UNICAST);
	ck_assert_uint_eq(info.r.nh_count, 1);
	ck_assert_mem_eq(info.nh[0].via, gw, 4);
	ck_assert_uint_eq(info.nh[0].via_family, FAMILY_IPV4);
	ck_assert_uint_eq(info.nh[0].ifindex, 7);
	nlmsg_free(msg);
	n = build(&msg, "10.1.0.0/16", AF_INET, RTN_UNICAST, "192.0.2.1", "2001:db8::5");
	ck_assert_int_eq(route_decode(n, &info), 0);
	ck_assert_uint_eq(info.r.nh_count, 2);
	ck_assert_uint_eq(info.nh[0].weight, 1);
	ck_assert_uint_eq(info.nh[1].weight, 5);
	ck_assert_uint_eq(info.nh[1].via_family, FAMILY_IPV6);
	ck_assert_uint_eq(info.nh[1].via[0], 0x20);
	ck_assert_uint_eq(info.nh[1].via[15], 5);
	ck_assert_uint_eq(info.nh[1].ifindex, 8);
	nlmsg_free(msg);
	n = build(&msg, "2001:db8::/32", AF_INET6, RTN_BLACKHOLE, NULL, NULL);
	ck_assert_int_eq(route_decode(n, &info), 0);
	ck_assert_uint_eq(info.r.rtm_type, RTN_BLACKHOLE);
	ck_assert_uint_eq(info.r.nh_count, 0);
	nlmsg_free(msg);
}
END_TEST

START_TEST(test_decode_flags)
{
	struct route_info info;
	struct nl_msg *msg;
	struct nlmsghdr *n = build(&msg, "2001:db8::/32", AF_INET6, RTN_UNICAST, "2001:db8::1", NULL);

	n->nlmsg_flags = NLM_F_REPLACE;
	ck_assert_int_eq(route_decode(n, &info), 0);
	ck_assert_uint_eq(info.r.flags, FIB_RT_REPLACED);
	n->nlmsg_flags = NLM_F_APPEND;
	ck_assert_int_eq(route_decode(n, &info), 0);
	ck_assert_uint_eq(info.r.flags, FIB_RT_APPENDED);
	n->nlmsg_type = RTM_DELROUTE;
	ck_assert_int_eq(route_decode(n, &info), 0);
	ck_assert_uint_eq(info.r.flags, FIB_RT_DELETED | FIB_RT_NHS_ONLY);
	((struct rtmsg *)nlmsg_data(n))->rtm_flags |= RTM_F_CLONED;
	ck_assert_int_eq(route_decode(n, &info), -ENOENT);
	nlmsg_free(msg);
}
END_TEST

START_TEST(test_decode_malformed)
{
	struct route_info info;
	struct nl_msg *msg;
	struct nlmsghdr *n = build(&msg, "10.1.0.0/16", AF_INET, RTN_UNICAST, "192.0.2.1", "192.0.2.2");
	struct rtmsg *m = nlmsg_data(n);
	uint32_t len = n->nlmsg_len;

	n->nlmsg_len = NLMSG_HDRLEN + 4;
	ck_assert_int_eq(route_decode(n, &info), -EBADMSG);
	n->nlmsg_len = len;
	m->rtm_dst_len = 33;
	ck_assert_int_eq(route_decode(n, &info), -EBADMSG);
	m->rtm_dst_len = 16;
	m->rtm_family = AF_INET6; /* four octets are no IPv6 address */
	ck_assert_int_eq(route_decode(n, &info), -EBADMSG);
	m->rtm_family = AF_UNIX;
	ck_assert_int_eq(route_decode(n, &info), -ENOENT);
	m->rtm_family = AF_INET;
	struct nlattr *mp = nlmsg_find_attr(n, sizeof *m, RTA_MULTIPATH);
	ck_assert_ptr_nonnull(mp);
	struct rtnexthop *h = (struct rtnexthop *)(void *)((uint8_t *)mp + 4);
	h->rtnh_len = 4; /* shorter than its own header */
	ck_assert_int_eq(route_decode(n, &info), -EBADMSG);
	h->rtnh_len = 4000;
	ck_assert_int_eq(route_decode(n, &info), -EBADMSG);
	nlmsg_free(msg);
}
END_TEST

START_TEST(test_dump_request)
{
	uint8_t buf[64];
	struct nlmsghdr n;
	struct rtmsg m;

	/* 16 header, 12 rtmsg, 8 RTA_TABLE. */
	ck_assert_uint_eq(route_dump_encode(buf, sizeof buf, FAMILY_IPV6, 254, 0, 9), 36);
	memcpy(&n, buf, sizeof n);
	memcpy(&m, buf + sizeof n, sizeof m);
	ck_assert_uint_eq(n.nlmsg_type, RTM_GETROUTE);
	ck_assert_uint_eq(n.nlmsg_flags, NLM_F_REQUEST | NLM_F_DUMP);
	ck_assert_uint_eq(m.rtm_family, AF_INET6);
	ck_assert_uint_eq(route_dump_encode(buf, 20, FAMILY_IPV6, 254, 0, 9), 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("route");
	TCase *tc = tcase_create("route");

	tcase_add_test(tc, test_encode_ipv4_gateway);
	tcase_add_test(tc, test_encode_ecmp);
	tcase_add_test(tc, test_encode_ipv4_via_ipv6);
	tcase_add_test(tc, test_encode_kinds);
	tcase_add_test(tc, test_encode_limits);
	tcase_add_test(tc, test_decode);
	tcase_add_test(tc, test_decode_flags);
	tcase_add_test(tc, test_decode_malformed);
	tcase_add_test(tc, test_dump_request);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
