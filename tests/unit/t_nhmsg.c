/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_nhmsg: messages about nexthop objects, octet by octet and back.
 */
#include "fib/nhmsg.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <errno.h>
#include <linux/nexthop.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

static _Alignas(8) uint8_t buf[1024];

static const struct nlmsghdr *
header(void)
{
	return (const struct nlmsghdr *)(const void *)buf;
}

START_TEST(test_single)
{
	struct fib_op_nexthop o = {.verb = FIB_ADD, .protocol = 186, .count = 1, .nhid = 195035137};
	struct fib_nh nh;
	struct nhmsg_info info;

	memset(&nh, 0, sizeof nh);
	ck_assert_int_eq(ip_addr_parse("192.0.2.1", &nh.via), 0);
	nh.ifindex = 7;
	nh.weight = 1;
	nh.onlink = true;
	/* Header 16, nhmsg 8, number, interface and gateway 8 each. */
	ck_assert_uint_eq(nhmsg_encode(buf, sizeof buf, &o, &nh, 9), 48);
	ck_assert_uint_eq(header()->nlmsg_len, 48);
	ck_assert_uint_eq(header()->nlmsg_type, RTM_NEWNEXTHOP);
	ck_assert_uint_eq(header()->nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_EXCL);
	ck_assert_uint_eq(header()->nlmsg_seq, 9);
	const struct nhmsg *m = (const struct nhmsg *)(const void *)(buf + 16);
	ck_assert_uint_eq(m->nh_family, 2);
	ck_assert_uint_eq(m->nh_protocol, 186);
	ck_assert_uint_eq(m->nh_flags, RTNH_F_ONLINK);
	ck_assert_uint_eq(m->nh_scope, 0);
	ck_assert_int_eq(nhmsg_decode(header(), &info), 0);
	ck_assert_uint_eq(info.n.nhid, 195035137);
	ck_assert_uint_eq(info.n.protocol, 186);
	ck_assert_uint_eq(info.n.count, 1);
	ck_assert(!info.n.group && !info.n.deleted);
	ck_assert_uint_eq(info.nh[0].ifindex, 7);
	ck_assert_uint_eq(info.nh[0].via_family, FAMILY_IPV4);
	ck_assert(info.nh[0].onlink);
	ck_assert_uint_eq(info.nh[0].via[3], 1);
	ck_assert_uint_eq(nhmsg_encode(buf, 47, &o, &nh, 9), 0);
	/* An IPv6 gateway takes twelve octets more. */
	ck_assert_int_eq(ip_addr_parse("fe80::1", &nh.via), 0);
	o.verb = FIB_REPLACE;
	ck_assert_uint_eq(nhmsg_encode(buf, sizeof buf, &o, &nh, 9), 60);
	ck_assert_uint_eq(header()->nlmsg_flags, NLM_F_REQUEST | NLM_F_CREATE | NLM_F_REPLACE);
	ck_assert_int_eq(nhmsg_decode(header(), &info), 0);
	ck_assert_uint_eq(info.nh[0].via[15], 1);
	o.verb = FIB_DEL;
	ck_assert_uint_eq(nhmsg_encode(buf, sizeof buf, &o, NULL, 9), 32);
	ck_assert_int_eq(nhmsg_decode(header(), &info), 0);
	ck_assert(info.n.deleted);
	ck_assert_uint_eq(info.n.count, 0);
}
END_TEST

START_TEST(test_group)
{
	struct fib_op_nexthop o = {
	    .verb = FIB_ADD, .protocol = 186, .count = 2, .group = true, .nhid = 195035139};
	struct fib_nh nh[2];
	struct nhmsg_info info;

	memset(nh, 0, sizeof nh);
	nh[0].ifindex = 195035137;
	nh[0].weight = 1;
	nh[1].ifindex = 195035138;
	nh[1].weight = 256;
	/* 24, number 8, two members of eight octets behind four. */
	ck_assert_uint_eq(nhmsg_encode(buf, sizeof buf, &o, nh, 1), 52);
	ck_assert_uint_eq(buf[32], 20);
	ck_assert_uint_eq(buf[34], NHA_GROUP);
	ck_assert_uint_eq(buf[40], 0); /* weights are given less one */
	ck_assert_uint_eq(buf[48], 255);
	ck_assert_int_eq(nhmsg_decode(header(), &info), 0);
	ck_assert(info.n.group);
	ck_assert_uint_eq(info.n.count, 2);
	ck_assert_uint_eq(info.nh[1].ifindex, 195035138);
	ck_assert_uint_eq(info.nh[1].weight, 256);
}
END_TEST

START_TEST(test_malformed)
{
	struct fib_op_nexthop o = {.verb = FIB_ADD, .count = 1, .nhid = 5};
	struct fib_nh nh;
	struct nhmsg_info info;
	struct nlmsghdr *h = (struct nlmsghdr *)(void *)buf;

	memset(&nh, 0, sizeof nh);
	ck_assert_int_eq(ip_addr_parse("192.0.2.1", &nh.via), 0);
	nhmsg_encode(buf, sizeof buf, &o, &nh, 1);
	h->nlmsg_len = 20; /* shorter than its head */
	ck_assert_int_eq(nhmsg_decode(h, &info), -EBADMSG);
	h->nlmsg_len = 24; /* no number */
	ck_assert_int_eq(nhmsg_decode(h, &info), -EBADMSG);
	h->nlmsg_len = 48;
	buf[16] = 10; /* an IPv6 gateway of four octets */
	ck_assert_int_eq(nhmsg_decode(h, &info), -EBADMSG);
	h->nlmsg_len = 32; /* a number and nothing else: a kind that we never make */
	ck_assert_int_eq(nhmsg_decode(h, &info), 0);
	ck_assert_uint_eq(info.n.count, 0);
	ck_assert_uint_eq(nhmsg_dump_encode(buf, sizeof buf, 3), 24);
	ck_assert_uint_eq(nhmsg_dump_encode(buf, 23, 3), 0);
	ck_assert_uint_eq(h->nlmsg_type, RTM_GETNEXTHOP);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nhmsg");
	TCase *tc = tcase_create("nhmsg");

	tcase_add_test(tc, test_single);
	tcase_add_test(tc, test_group);
	tcase_add_test(tc, test_malformed);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
