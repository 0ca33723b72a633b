/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_fib_objects: nexthop objects of fib in the real kernel. Skipped without root, and where the kernel has none.
 */
#include "tests/net/fibrig.h"

/* Nexthop objects. */

static uint32_t
nhid_of(const char *filter)
{
	return (uint32_t)strtoul(out("ip nexthop show %s | grep proto | sed -n 's/^id \\([0-9]*\\) .*/\\1/p'", filter),
				 NULL, 10);
}

START_TEST(test_objects)
{
	struct fib_nh both[] = {hop("10.0.1.2", rig.east), hop("10.0.2.2", rig.west)};

	both[1].weight = 3;
	set_via(FAMILY_IPV4, 1, "10.0.1.2", rig.east);
	set_via(FAMILY_IPV4, 2, "fe80::9", rig.west); /* one object for both families */
	set_via(FAMILY_IPV6, 2, "fe80::9", rig.west);
	set_hops(FAMILY_IPV4, 3, both, 2, 0);
	ck_assert(wait_for(all_installed, 5));
	/* All under our protocol, in its own range; the group's members are the single next hops. */
	ck_assert_uint_eq(count("nexthop show | grep 'proto bgp'"), 4);
	uint32_t group = nhid_of("groups"), west = nhid_of("dev west | grep 10.0.2.2"),
		 one = nhid_of("dev east");
	ck_assert_uint_eq(group >> 20, 186);
	sh("ip nexthop show id %u | grep -q 'group %u/%u,3 '", group, one, west);
	ck_assert_uint_eq(strtoul(out("ip route show 20.0.0.48/28 | grep -c 'nexthop via'"), NULL, 10), 2);
	/* Another weight: another group, and the former one goes once no route names it. */
	both[1].weight = 5;
	set_hops(FAMILY_IPV4, 3, both, 2, 0);
	ck_assert(wait_for(all_installed, 5));
	settle();
	ck_assert_uint_eq(count("nexthop show groups"), 1);
	ck_assert_uint_ne(nhid_of("groups"), group);
	ck_assert_uint_eq(strtoul(out("ip route show 20.0.0.48/28 | grep -c 'weight 5'"), NULL, 10), 1);
	for (uint32_t id = 1; id < 4; id++)
		fib_route_del(rig.fib, FAMILY_IPV4, id);
	fib_route_del(rig.fib, FAMILY_IPV6, 2);
	settle();
	ck_assert_str_eq(out("ip nexthop"), "");
}
END_TEST

START_TEST(test_object_deleted_by_others)
{
	struct fib_nh both[] = {hop("10.0.1.2", rig.east), hop("10.0.2.2", rig.west)};

	for (uint32_t id = 0; id < 1000; id++) {
		set_via(FAMILY_IPV4, id, "10.0.1.2", rig.east);
		set_via(FAMILY_IPV6, id, "2001:db8:2::2", rig.west);
	}
	set_hops(FAMILY_IPV4, 2000, both, 2, 0);
	ck_assert(wait_for(all_installed, 5));
	sh("ip nexthop del id %u", nhid_of("dev east"));
	ck_assert_uint_eq(count("route show proto 186"), 1); /* the group has one next hop left */
	settle();
	ck_assert_uint_eq(count("route show proto 186 via 10.0.1.2"), 1000);
	ck_assert_uint_eq(strtoul(out("ip route show 20.0.125.0/28 | grep -c 'nexthop via'"), NULL, 10), 2);
	ck_assert_uint_eq(stats().restored, 1000);
	/* An IPv6 one, whose routes are notified one by one as well. */
	sh("ip nexthop del id %u", nhid_of("dev west | grep 2001"));
	settle();
	ck_assert_uint_eq(count("-6 route show proto 186"), 1000);
	/* The group, and somebody who changes an object of ours. */
	sh("ip nexthop del id %u", nhid_of("groups"));
	settle();
	sh("ip nexthop replace id %u via 10.0.1.77 dev east proto bgp", nhid_of("dev east"));
	settle();
	ck_assert_uint_eq(count("route show proto 186 via 10.0.1.2"), 1000);
	/* All of them, a second time: they wait a moment, and come back. */
	sh("ip nexthop flush >/dev/null 2>&1");
	ck_assert_uint_eq(count("route show proto 186"), 0);
	run_ms(100);
	ck_assert(wait_for(all_installed, 20));
	settle();
	ck_assert_uint_eq(count("route show proto 186"), 1000 + 3);
	ck_assert_uint_eq(count("-6 route show proto 186"), 1000);
}
END_TEST

START_TEST(test_carrier)
{
	struct fib_nh both[] = {hop("10.0.1.2", rig.east), hop("10.0.2.2", rig.west)};

	for (uint32_t id = 0; id < 100; id++)
		set_via(FAMILY_IPV4, id, "10.0.1.2", rig.east);
	set_via(FAMILY_IPV6, 5, "2001:db8:1::2", rig.east);
	set_hops(FAMILY_IPV4, 300, both, 2, 0);
	ck_assert(wait_for(all_installed, 5));
	/* Without carrier the kernel drops objects and routes, which plain routes survive. */
	sh("ip link set east1 down");
	wait_state(FAMILY_IPV4, 50, FIB_FAILED);
	settle();
	ck_assert_int_eq(error_of(FAMILY_IPV4, 50), ENETDOWN);
	ck_assert_uint_eq(count("route show proto 186"), 1);
	ck_assert_uint_eq(stats().installed, 1);
	sh("ip link set east1 up");
	ck_assert(wait_for(all_installed, 20));
	settle();
	ck_assert_uint_eq(count("route show proto 186 via 10.0.1.2"), 100);
	ck_assert_uint_eq(strtoul(out("ip route show 20.0.18.192/28 | grep -c 'nexthop via'"), NULL, 10), 2);
	ck_assert_uint_eq(stats().restored, 0);
}
END_TEST

START_TEST(test_objects_adopted)
{
	struct fib_nh both[] = {hop("10.0.1.2", rig.east), hop("10.0.2.2", rig.west)};

	sh("ip nexthop add id 7 via 10.0.1.2 dev east proto static && ip route add 50.0.0.0/24 nhid 7 proto static");
	for (uint32_t id = 0; id < 1000; id++)
		set_via(FAMILY_IPV4, id, "10.0.1.2", rig.east);
	set_hops(FAMILY_IPV4, 2000, both, 2, 0);
	ck_assert(wait_for(all_installed, 5));
	fib_stop(rig.fib, true, 5000);
	rig.fib = NULL;
	uint32_t east = nhid_of("dev east | grep -v static"), group = nhid_of("groups");
	/* A leftover that is nobody's. */
	sh("ip nexthop add id %u via 10.0.2.99 dev west proto bgp", (186u << 20) + 777);
	start();
	for (uint32_t id = 0; id < 500; id++)
		set_via(FAMILY_IPV4, id, "10.0.1.2", rig.east);
	set_hops(FAMILY_IPV4, 2000, both, 2, 0);
	ck_assert(wait_for(all_installed, 5));
	settle();
	struct fib_stats s = stats();
	ck_assert_uint_eq(s.adopted, 500);
	ck_assert_uint_eq(s.replies, 0); /* all was as it should be */
	ck_assert_uint_eq(nhid_of("dev east | grep -v static"), east);
	ck_assert_uint_eq(nhid_of("groups"), group);
	fib_sweep(rig.fib);
	ck_assert(wait_for(none_adopted, 5));
	settle();
	ck_assert_uint_eq(count("route show proto 186"), 500 + 3);
	ck_assert_uint_eq(count("nexthop show"), 4); /* two and the group, and the foreign one */
	fib_stop(rig.fib, false, 5000);
	rig.fib = NULL;
	ck_assert_uint_eq(count("nexthop show"), 1);
	ck_assert_uint_eq(count("route show 50.0.0.0/24"), 1);
}
END_TEST

START_TEST(test_objects_off_and_on)
{
	struct fib_nh both[] = {hop("10.0.1.2", rig.east), hop("10.0.2.2", rig.west)};

	for (uint32_t id = 0; id < 1000; id++) {
		set_via(FAMILY_IPV4, id, "10.0.1.2", rig.east);
		set_hops(FAMILY_IPV4, 2000 + id, both, 2, 0);
		set_via(FAMILY_IPV6, id, "2001:db8:2::2", rig.west);
	}
	fib_sweep(rig.fib);
	ck_assert(wait_for(all_installed, 5));
	for (int round = 0; round < 2; round++) {
		rig.conf.nexthop_objects = round == 1;
		fib_reconfigure(rig.fib, &rig.conf);
		settle();
		ck_assert_uint_eq(stats().installed, 3000);
		ck_assert_uint_eq(count("nexthop show"), round == 1 ? 4 : 0);
		ck_assert_uint_eq(strtoul(out("ip route show proto 186 | grep -c nhid"), NULL, 10),
				  round == 1 ? 2000 : 0);
		ck_assert_uint_eq(count("route show proto 186"), 1000 + 3000);
		ck_assert_uint_eq(count("-6 route show proto 186"), 1000);
	}
	ck_assert_uint_eq(stats().restored, 0);
}
END_TEST

START_TEST(test_many_go_at_once)
{
	for (uint32_t id = 0; id < 20000; id++)
		set_via(FAMILY_IPV4, id, id < 10000 ? "10.0.1.2" : "10.0.2.2", id < 10000 ? rig.east : rig.west);
	ck_assert(wait_for(all_installed, 20));
	uint64_t replies = stats().replies;
	/* All over east, and half of those over west; some are wanted again at once. */
	for (uint32_t id = 0; id < 15000; id++)
		fib_route_del(rig.fib, FAMILY_IPV4, id);
	run_ms(2);
	for (uint32_t id = 0; id < 100; id++)
		set_via(FAMILY_IPV4, id, "10.0.1.2", rig.east);
	settle();
	ck_assert_uint_eq(stats().installed, 5100);
	ck_assert_uint_eq(count("route show proto 186"), 5100);
	ck_assert_uint_eq(count("route show proto 186 via 10.0.1.2"), 100);
	for (uint32_t id = 0; id < 20000; id++)
		fib_route_del(rig.fib, FAMILY_IPV4, id);
	replies = stats().replies;
	settle();
	ck_assert_uint_lt(stats().replies - replies, 1000);
	ck_assert_uint_eq(count("route show proto 186"), 0);
	ck_assert_str_eq(out("ip nexthop"), "");
}
END_TEST

static TCase *
objects_case(void)
{
	TCase *tc = tcase_create("objects");

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, setup_objects, teardown);
	tcase_add_test(tc, test_objects);
	tcase_add_test(tc, test_object_deleted_by_others);
	tcase_add_test(tc, test_carrier);
	tcase_add_test(tc, test_objects_adopted);
	tcase_add_test(tc, test_objects_off_and_on);
	tcase_add_test(tc, test_many_go_at_once);
	return tc;
}

int
main(void)
{
	if (!is_root() || !has_objects())
		return 77;
	Suite *s = suite_create("fib_objects");
	suite_add_tcase(s, objects_case());
	return run_suite(s);
}
