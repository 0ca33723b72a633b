/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/vrf: what a link of the name of a VRF is good for. */
#include "bgpd/vrf.h"

#include "tests/unit/suite.h"

#include <net/if.h>
#include <string.h>

static struct vrf_device is;

static const char *
why(const struct fib_link *link, bool kernel)
{
	memset(&is, 0xff, sizeof is);
	vrf_look("red", link, kernel, &is);
	return is.why;
}

START_TEST(test_look)
{
	struct fib_link l = {.ifindex = 5, .name = "red", .flags = IFF_UP, .vrf = 5, .vrf_table = 100};

	ck_assert_str_eq(why(&l, true), "");
	ck_assert_uint_eq(is.ifindex, 5);
	ck_assert_uint_eq(is.table, 100);
	l.flags = 0;
	ck_assert_str_eq(why(&l, true), "VRF red is down: ip link set red up");
	ck_assert_uint_eq(is.ifindex, 0);
	l = (struct fib_link){.ifindex = 5, .name = "red", .flags = IFF_UP, .vrf = 9};
	ck_assert_str_eq(why(&l, true),
			 "red is an interface, but no VRF: vrf takes the name of a device of type vrf");
	ck_assert_uint_eq(is.ifindex, 0);
	ck_assert_ptr_nonnull(strstr(why(NULL, false), "--no-kernel"));
	ck_assert_uint_eq(is.ifindex, 0);
}
END_TEST

/* Whether this kernel has VRFs is not ours to say; that nothing is made by asking is. */
START_TEST(test_missing)
{
	struct if_nameindex *before = if_nameindex(), *after;
	const char *text = why(NULL, true);
	size_t n = 0, m = 0;

	ck_assert_uint_eq(is.ifindex, 0);
	ck_assert_str_eq(
	    text, vrf_known() ? "there is no VRF red: ip link add red type vrf table N && ip link set red up"
			      : "this kernel has no VRFs: it takes one built with CONFIG_NET_VRF (modprobe "
				"vrf), or table instead of vrf");
	after = if_nameindex();
	while (before[n].if_index != 0)
		n++;
	while (after[m].if_index != 0)
		m++;
	ck_assert_uint_eq(n, m);
	if_freenameindex(before);
	if_freenameindex(after);
}
END_TEST

SUITE("vrf", test_look, test_missing)
