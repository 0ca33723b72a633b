/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/addr: text forms of RFC 4291 and RFC 5952, masks and coverage worked out by hand. */
#include "lib/addr.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netinet/in.h>
#include <string.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

static struct ip_addr
addr(const char *text)
{
	struct ip_addr a;

	ck_assert_msg(ip_addr_parse(text, &a) == 0, "%s", text);
	return a;
}

static struct ip_prefix
prefix(const char *text)
{
	struct ip_prefix p;

	ck_assert_msg(ip_prefix_parse(text, &p) == 0, "%s", text);
	return p;
}

START_TEST(test_addr_text)
{
	/* RFC 5952 sections 4 and 5 */
	static const struct {
		const char *in, *out;
	} rows[] = {
	    {"192.0.2.1", "192.0.2.1"},
	    {"2001:0db8::0001", "2001:db8::1"},
	    {"2001:db8:0:0:0:0:2:1", "2001:db8::2:1"},
	    {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
	    {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
	    {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
	    {"2001:DB8::AAAA", "2001:db8::aaaa"},
	    {"::ffff:192.0.2.1", "::ffff:192.0.2.1"},
	    {"::", "::"},
	};
	char buf[IP_ADDR_STRLEN];

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct ip_addr a = addr(rows[i].in);

		ck_assert_str_eq(ip_addr_str(&a, buf, sizeof(buf)), rows[i].out);
	}
	ck_assert_str_eq(ip_addr_str(&(struct ip_addr){0}, buf, sizeof(buf)), "-");
}
END_TEST

START_TEST(test_addr_bad_text)
{
	static const char *const rows[] = {
	    "",
	    "1.2.3",
	    "1.2.3.256",
	    "01.2.3.4",
	    " 1.2.3.4",
	    "1.2.3.4 ",
	    "::1::",
	    "fe80::1%",
	    "fe80::1%no-such-if",
	    "2001:db8::1%lo",
	    "192.0.2.1%lo",
	    "fe80::1%0",
	    "fe80::1%4294967296",
	    "fe80::1%1x",
	    "localhost",
	    "1111:2222:3333:4444:5555:6666:7777:8888:9999:aaaa:bbbb:cccc",
	};
	struct ip_addr a;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_msg(ip_addr_parse(rows[i], &a) == -EINVAL, "%s", rows[i]);
}
END_TEST

START_TEST(test_addr_scope)
{
	char buf[IP_ADDR_STRLEN];
	struct ip_addr a = addr("fe80::1%lo");

	ck_assert_uint_eq(a.scope_id, if_nametoindex("lo"));
	ck_assert_str_eq(ip_addr_str(&a, buf, sizeof(buf)), "fe80::1%lo");
	a = addr("fe80::1%4000000000");
	ck_assert_uint_eq(a.scope_id, 4000000000u);
	ck_assert_str_eq(ip_addr_str(&a, buf, sizeof(buf)), "fe80::1%4000000000");
}
END_TEST

START_TEST(test_addr_order)
{
	/* family, then the address as a number, then the scope */
	static const char *const rows[] = {
	    "0.0.0.0", "9.255.255.255", "10.0.0.0",     "255.0.0.0",    "::",
	    "::1",     "fe80::1",       "fe80::1%7000", "fe80::1%7001", "ff02::1",
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		for (size_t j = 0; j < ARRAY_LEN(rows); j++) {
			struct ip_addr a = addr(rows[i]), b = addr(rows[j]);

			ck_assert_int_eq(ip_addr_cmp(&a, &b), i < j ? -1 : i > j);
			ck_assert_int_eq(ip_addr_eq(&a, &b), i == j);
		}
	}
}
END_TEST

START_TEST(test_addr_kinds)
{
	static const char *const martian[] = {"0.0.0.0",   "0.1.2.3",   "127.0.0.1",
					      "224.0.0.1", "240.0.0.1", "255.255.255.255",
					      "::",        "::1",       "ff02::1"};
	static const char *const good[] = {"1.0.0.1", "126.255.255.255", "128.0.0.1",  "223.255.255.255",
					   "::2",     "fe80::1",         "2001:db8::1"};
	struct ip_addr a;

	for (size_t i = 0; i < ARRAY_LEN(martian); i++) {
		a = addr(martian[i]);
		ck_assert_msg(ip_addr_is_martian_nexthop(&a), "%s", martian[i]);
	}
	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		a = addr(good[i]);
		ck_assert_msg(!ip_addr_is_martian_nexthop(&a), "%s", good[i]);
	}
	a = addr("febf::1");
	ck_assert(ip_addr_is_link_local(&a));
	a = addr("fec0::1");
	ck_assert(!ip_addr_is_link_local(&a));
	a = addr("169.254.0.1");
	ck_assert(!ip_addr_is_link_local(&a));
	ck_assert(!ip_addr_is_unspecified(&a));
	a = addr("0.0.0.0");
	ck_assert(ip_addr_is_unspecified(&a));
}
END_TEST

START_TEST(test_addr_numbers)
{
	struct ip_addr a = ip_addr_v4(0xc0000201u), b = addr("192.0.2.1");

	ck_assert(ip_addr_eq(&a, &b));
	ck_assert_uint_eq(ip_addr_to_v4(&b), 0xc0000201u);
	a = ip_addr_from_bytes(FAMILY_IPV4, (const uint8_t[]){192, 0, 2, 1});
	ck_assert(ip_addr_eq(&a, &b));
}
END_TEST

START_TEST(test_sockaddr)
{
	struct sockaddr_storage ss;
	struct ip_addr a = addr("192.0.2.1"), b;
	struct sockaddr_in *sin = (struct sockaddr_in *)&ss;
	struct sockaddr_in6 *sin6 = (struct sockaddr_in6 *)&ss;
	uint16_t port;

	ck_assert_uint_eq(ip_addr_to_sockaddr(&a, 179, &ss), sizeof(*sin));
	ck_assert_uint_eq(sin->sin_port, htons(179));
	ck_assert_uint_eq(sin->sin_addr.s_addr, htonl(0xc0000201u));
	ck_assert_int_eq(ip_addr_from_sockaddr((struct sockaddr *)&ss, &b, &port), 0);
	ck_assert(ip_addr_eq(&a, &b));
	ck_assert_uint_eq(port, 179);

	a = addr("fe80::1%77");
	ck_assert_uint_eq(ip_addr_to_sockaddr(&a, 1790, &ss), sizeof(*sin6));
	ck_assert_uint_eq(sin6->sin6_scope_id, 77);
	ck_assert_int_eq(ip_addr_from_sockaddr((struct sockaddr *)&ss, &b, NULL), 0);
	ck_assert(ip_addr_eq(&a, &b));

	/* what a listener on :: sees of an IPv4 client */
	a = addr("::ffff:192.0.2.1");
	ip_addr_to_sockaddr(&a, 5, &ss);
	ck_assert_int_eq(ip_addr_from_sockaddr((struct sockaddr *)&ss, &b, &port), 0);
	ck_assert_uint_eq(b.family, FAMILY_IPV4);
	ck_assert_uint_eq(ip_addr_to_v4(&b), 0xc0000201u);

	ss.ss_family = AF_UNIX;
	ck_assert_int_eq(ip_addr_from_sockaddr((struct sockaddr *)&ss, &b, &port), -EAFNOSUPPORT);
}
END_TEST

START_TEST(test_prefix_text)
{
	static const struct {
		const char *in, *out;
		int rc;
	} rows[] = {
	    {"10.0.0.0/8", "10.0.0.0/8", 0},
	    {"10.1.2.3/8", "10.0.0.0/8", -ERANGE},
	    {"10.1.2.255/25", "10.1.2.128/25", -ERANGE},
	    {"0.0.0.0/0", "0.0.0.0/0", 0},
	    {"128.0.0.0/0", "0.0.0.0/0", -ERANGE},
	    {"192.0.2.1", "192.0.2.1/32", 0},
	    {"2001:db8::/32", "2001:db8::/32", 0},
	    {"2001:db8::1", "2001:db8::1/128", 0},
	    {"2001:db8:0:ffff::/49", "2001:db8:0:8000::/49", -ERANGE},
	    {"::/0", "::/0", 0},
	};
	static const char *const bad[] = {"",
					  "/8",
					  "10.0.0.0/",
					  "10.0.0.0/33",
					  "::/129",
					  "10.0.0.0/ 8",
					  "10.0.0.0/+8",
					  "10.0.0.0/8x",
					  "10.0.0.0/8/8",
					  "fe80::%1/64",
					  "10.0.0.0/0008"};
	char buf[IP_PREFIX_STRLEN];
	struct ip_prefix p;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		ck_assert_msg(ip_prefix_parse(rows[i].in, &p) == rows[i].rc, "%s", rows[i].in);
		ck_assert_str_eq(ip_prefix_str(&p, buf, sizeof(buf)), rows[i].out);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(ip_prefix_parse(bad[i], &p) == -EINVAL, "%s", bad[i]);
}
END_TEST

START_TEST(test_prefix_covers)
{
	struct ip_prefix p8 = prefix("10.0.0.0/8"), p9 = prefix("10.128.0.0/9"),
			 p24 = prefix("10.127.255.0/24");
	struct ip_prefix any4 = prefix("0.0.0.0/0"), any6 = prefix("::/0"), v6 = prefix("a00::/8");
	struct ip_addr in = addr("10.200.0.1"), out = addr("11.0.0.0");

	ck_assert(ip_prefix_covers(&p8, &p8));
	ck_assert(ip_prefix_covers(&p8, &p9));
	ck_assert(!ip_prefix_covers(&p9, &p8));
	ck_assert(!ip_prefix_covers(&p9, &p24));
	ck_assert(ip_prefix_covers(&any4, &p24));
	ck_assert(!ip_prefix_covers(&any6, &p24));
	ck_assert(!ip_prefix_covers(&p8, &v6));
	ck_assert(ip_prefix_contains(&p9, &in));
	ck_assert(ip_prefix_contains(&p8, &in));
	ck_assert(!ip_prefix_contains(&p8, &out));
	ck_assert(!ip_prefix_contains(&any6, &out));

	ck_assert_int_eq(ip_prefix_cmp(&p8, &p9), -1);
	ck_assert_int_eq(ip_prefix_cmp(&p9, &p24), 1);
	ck_assert_int_eq(ip_prefix_cmp(&any4, &any6), -1);
	ck_assert_int_eq(ip_prefix_cmp(&p8, &p8), 0);
	ck_assert(!ip_prefix_eq(&any4, &any6));
	struct ip_prefix made = ip_prefix_from_addr(&in, 9);
	ck_assert(ip_prefix_eq(&made, &p9));
}
END_TEST

SUITE("addr", test_addr_text, test_addr_bad_text, test_addr_scope, test_addr_order, test_addr_kinds,
      test_addr_numbers, test_sockaddr, test_prefix_text, test_prefix_covers)
