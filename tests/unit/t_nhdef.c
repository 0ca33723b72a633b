/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_nhdef: the thread's copy of the next-hop sets.
 */
#include "fib/nhdef.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <linux/rtnetlink.h>
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

START_TEST(test_define_and_encode)
{
	struct nhdefs d = {0};
	struct fib_nh v4 = hop("10.0.0.1", 7, 1), v6 = hop("2001:db8::1", 7, 1);

	nhdef_begin(&d, 5, FIB_UNICAST, 1);
	nhdef_add(&d, &v4);
	nhdef_begin(&d, 900, FIB_UNICAST, 1);
	nhdef_add(&d, &v6);
	nhdef_begin(&d, 1, FIB_BLACKHOLE, 0);
	const struct route_attrs *a = nhdef_attrs(&d, 5, FAMILY_IPV4);
	ck_assert_ptr_nonnull(a);
	ck_assert_uint_eq(a->len, 16); /* RTA_GATEWAY with four octets, RTA_OIF with four */
	ck_assert_ptr_eq(nhdef_attrs(&d, 5, FAMILY_IPV4), a);
	ck_assert_ptr_null(nhdef_attrs(&d, 5, FAMILY_IPV6)); /* no IPv4 gateway of an IPv6 route */
	a = nhdef_attrs(&d, 900, FAMILY_IPV4);
	ck_assert_uint_eq(a->len, 24 + 8); /* RTA_VIA: 4 + 2 + 16, padded to 24 */
	a = nhdef_attrs(&d, 900, FAMILY_IPV6);
	ck_assert_uint_eq(a->len, 20 + 8);
	a = nhdef_attrs(&d, 1, FAMILY_IPV6);
	ck_assert_uint_eq(a->len, 0);
	ck_assert_uint_eq(a->rtm_type, RTN_BLACKHOLE);
	/* Freed, and the id defined anew with other next hops. */
	nhdef_forget(&d, 5);
	nhdef_begin(&d, 5, FIB_UNICAST, 1);
	nhdef_add(&d, &v6);
	ck_assert_uint_eq(nhdef_attrs(&d, 5, FAMILY_IPV4)->len, 32);
	nhdefs_fini(&d);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nhdef");
	TCase *tc = tcase_create("nhdef");

	tcase_add_test(tc, test_define_and_encode);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
