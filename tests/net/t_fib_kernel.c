/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_fib_kernel: routes of fib in the real kernel, with nexthop objects and without. Skipped without root.
 */
#include "tests/net/fibrig.h"

#include <linux/filter.h>
#include <linux/netlink.h>
#include <sys/socket.h>

static bool
all_unpinned(struct rig *r)
{
	return r->unpinned == MANY;
}

START_TEST(test_many)
{
	uint64_t t0 = time_mono_ns();

	for (uint32_t id = 0; id < MANY; id++)
		set_via(FAMILY_IPV4, id, id % 2 == 0 ? "10.0.1.2" : "10.0.1.3", rig.east);
	ck_assert(wait_for(all_installed, 30));
	uint64_t t1 = time_mono_ns();
	ck_assert_uint_eq(count("route show proto 186 metric 20"), MANY);
	for (uint32_t id = 0; id < MANY; id++)
		set_via(FAMILY_IPV4, id, "10.0.2.2", rig.west);
	uint64_t t2 = time_mono_ns();
	ck_assert(wait_for(all_installed, 30));
	uint64_t t3 = time_mono_ns();
	ck_assert_uint_eq(count("route show proto 186 via 10.0.2.2"), MANY);
	ck_assert_uint_eq(count("route show proto 186"), MANY);
	for (uint32_t id = 0; id < MANY; id++)
		fib_route_del(rig.fib, FAMILY_IPV4, id);
	ck_assert(fib_pins(rig.fib, FAMILY_IPV4, 0));
	ck_assert(wait_for(all_unpinned, 30));
	ck_assert_uint_eq(count("route show proto 186"), 0);
	ck_assert_uint_eq(rig.unpinned, MANY);
	ck_assert_uint_eq(fib_route_next(rig.fib, FAMILY_IPV4, 0), BITMAP_END);
	/* None of it came back as a notification. */
	struct fib_stats s = stats();
	ck_assert_uint_eq(s.resyncs, 0);
	ck_assert_uint_eq(s.errors, 0);
	if (rig.conf.nexthop_objects)
		ck_assert_uint_lt(s.replies, 3 * MANY); /* most went with their nexthop object */
	else
		ck_assert_uint_eq(s.replies, 3 * MANY);
	ck_assert_str_eq(out("ip nexthop"), "");
	printf("many: install %.2f s, replace %.2f s\n", (double)(t1 - t0) / 1e9, (double)(t3 - t2) / 1e9);
}
END_TEST

START_TEST(test_kinds)
{
	struct fib_nh v4[] = {hop("10.0.1.2", rig.east), hop("10.0.2.2", rig.west)};
	struct fib_nh v6[] = {hop("2001:db8:1::2", rig.east), hop("2001:db8:2::2", rig.west)};
	struct fib_nh other[] = {hop("2001:db8:1::3", rig.east), hop("2001:db8:2::3", rig.west)};

	v4[1].weight = 3;
	set_hops(FAMILY_IPV4, 1, v4, 2, 0);
	set_hops(FAMILY_IPV6, 1, v6, 2, 0);
	set_via(FAMILY_IPV4, 2, "fe80::99", rig.east);
	set_via(FAMILY_IPV4, 3, NULL, rig.west);
	uint32_t hole = fib_nhset_intern(rig.fib, FIB_BLACKHOLE, NULL, 0);
	fib_route_set(rig.fib, FAMILY_IPV4, 4, hole, 77);
	fib_route_set(rig.fib, FAMILY_IPV6, 4, hole, 0);
	fib_nhset_unref(rig.fib, hole);
	uint32_t unreach = fib_nhset_intern(rig.fib, FIB_UNREACHABLE, NULL, 0);
	fib_route_set(rig.fib, FAMILY_IPV4, 5, unreach, 0);
	fib_nhset_unref(rig.fib, unreach);
	ck_assert(wait_for(all_installed, 5));
	ck_assert_str_eq(out("ip -N route show 20.0.0.16/28 | tr -s ' \\t\\n' ' '"),
			 "20.0.0.16/28 proto 186 metric 20 nexthop via 10.0.1.2 dev east weight 1 nexthop "
			 "via 10.0.2.2 dev west weight 3");
	ck_assert_str_eq(out("ip -N route show 20.0.0.32/28"),
			 "20.0.0.32/28 via inet6 fe80::99 dev east proto 186 metric 20");
	ck_assert_str_eq(out("ip -N route show 20.0.0.48/28"),
			 "20.0.0.48/28 dev west proto 186 scope 253 metric 20");
	ck_assert_str_eq(out("ip -N route show 20.0.0.64/28"), "6 20.0.0.64/28 proto 186 metric 77");
	ck_assert_str_eq(out("ip -N route show 20.0.0.80/28"), "7 20.0.0.80/28 proto 186 metric 20");
	ck_assert_str_eq(out("ip -N -6 route show 2001:db9:0:4::/64"),
			 "6 2001:db9:0:4::/64 dev lo proto 186 metric 20 pref medium");
	ck_assert_str_eq(
	    out("ip -N -6 route show 2001:db9:0:1::/64 | grep -o 'via [^ ]* dev [a-z]*' | sort | tr '\\n' ,"),
	    "via 2001:db8:1::2 dev east,via 2001:db8:2::2 dev west,");
	/* A replaced IPv6 multipath route keeps none of its old next hops. */
	set_hops(FAMILY_IPV6, 1, other, 2, 0);
	set_via(FAMILY_IPV6, 4, "2001:db8:1::2", rig.east);
	ck_assert(wait_for(all_installed, 5));
	ck_assert_str_eq(
	    out("ip -N -6 route show 2001:db9:0:1::/64 | grep -o 'via [^ ]* dev [a-z]*' | sort | tr '\\n' ,"),
	    "via 2001:db8:1::3 dev east,via 2001:db8:2::3 dev west,");
	ck_assert_str_eq(out("ip -N -6 route show 2001:db9:0:4::/64"),
			 "2001:db9:0:4::/64 via 2001:db8:1::2 dev east proto 186 metric 20 pref medium");
	set_via(FAMILY_IPV6, 1, "2001:db8:1::2", rig.east);
	ck_assert(wait_for(all_installed, 5));
	ck_assert_str_eq(out("ip -N -6 route show 2001:db9:0:1::/64"),
			 "2001:db9:0:1::/64 via 2001:db8:1::2 dev east proto 186 metric 20 pref medium");
	set_hops(FAMILY_IPV6, 1, v6, 2, 0);
	ck_assert(wait_for(all_installed, 5));
	fib_route_del(rig.fib, FAMILY_IPV6, 1);
	wait_state(FAMILY_IPV6, 1, FIB_ABSENT);
	ck_assert_str_eq(out("ip -N -6 route show 2001:db9:0:1::/64"), "");
}
END_TEST

START_TEST(test_metric_change)
{
	struct fib_nh nh = hop("10.0.1.2", rig.east), nh6 = hop("2001:db8:1::2", rig.east);

	set_hops(FAMILY_IPV4, 1, &nh, 1, 0);
	set_hops(FAMILY_IPV6, 1, &nh6, 1, 0);
	ck_assert(wait_for(all_installed, 5));
	set_hops(FAMILY_IPV4, 1, &nh, 1, 500);
	set_hops(FAMILY_IPV6, 1, &nh6, 1, 500);
	ck_assert(wait_for(all_installed, 5));
	settle();
	ck_assert_str_eq(out("ip -N route show 20.0.0.16/28"),
			 "20.0.0.16/28 via 10.0.1.2 dev east proto 186 metric 500");
	ck_assert_str_eq(out("ip -N -6 route show 2001:db9:0:1::/64"),
			 "2001:db9:0:1::/64 via 2001:db8:1::2 dev east proto 186 metric 500 pref medium");
}
END_TEST

START_TEST(test_link_down_and_up)
{
	struct fib_nh both[] = {hop("10.0.1.2", rig.east), hop("10.0.2.2", rig.west)};

	for (uint32_t id = 0; id < 100; id++) {
		set_via(FAMILY_IPV4, id, "10.0.1.2", rig.east);
		set_via(FAMILY_IPV6, id, "fe80::2", rig.east);
	}
	set_via(FAMILY_IPV4, 200, "10.0.2.2", rig.west);
	set_hops(FAMILY_IPV4, 300, both, 2, 0);
	ck_assert(wait_for(all_installed, 5));
	sh("ip link set east down");
	wait_state(FAMILY_IPV4, 50, FIB_FAILED);
	wait_state(FAMILY_IPV6, 50, FIB_FAILED);
	ck_assert_int_eq(error_of(FAMILY_IPV4, 50), ENETDOWN);
	ck_assert(!rig.east_up);
	settle();
	struct fib_stats s = stats();
	ck_assert_uint_eq(s.installed, 2); /* the one over b, and the one over both */
	ck_assert_uint_eq(s.failed, 200);
	/* The one over both takes three lines, but one where the kernel took the dead member out of its
	 * group. */
	ck_assert_uint_eq(count("route show proto 186"), rig.conf.nexthop_objects ? 2 : 4);
	sh("ip link set east up");
	ck_assert(wait_for(all_installed, 10));
	ck_assert_uint_eq(count("route show proto 186 via 10.0.1.2 dev east"), 100);
	ck_assert_uint_eq(count("-6 route show proto 186"), 100);
	settle();
	ck_assert_uint_eq(count("route show proto 186"), 104);
	s = stats();
	ck_assert_uint_eq(s.restored, 0); /* nobody deleted them: the link went away */
}
END_TEST

START_TEST(test_last_address)
{
	set_via(FAMILY_IPV4, 1, "10.0.1.2", rig.east);
	ck_assert(wait_for(all_installed, 5));
	sh("ip addr del 10.0.1.1/24 dev east");
	if (rig.conf.nexthop_objects) {
		/* Then the kernel keeps the object, and the route with it. */
		settle();
		wait_state(FAMILY_IPV4, 1, FIB_INSTALLED);
	} else {
		wait_state(FAMILY_IPV4, 1, FIB_FAILED);
		ck_assert_str_eq(out("ip -N route show proto 186"), "");
	}
	sh("ip addr add 10.0.1.1/24 dev east");
	wait_state(FAMILY_IPV4, 1, FIB_INSTALLED);
	ck_assert_str_eq(out("ip -N route show proto 186"), "20.0.0.16/28 via 10.0.1.2 dev east metric 20");
}
END_TEST

START_TEST(test_unreachable_next_hop)
{
	set_via(FAMILY_IPV4, 1, "10.0.3.2", rig.east);
	wait_state(FAMILY_IPV4, 1, FIB_FAILED);
	ck_assert_int_eq(error_of(FAMILY_IPV4, 1), ENETUNREACH);
	sh("ip addr add 10.0.3.1/24 dev east");
	wait_state(FAMILY_IPV4, 1, FIB_INSTALLED);
	ck_assert(rig.addr_seen);
	/* Changing to a next hop that cannot be takes the old route away too. */
	set_via(FAMILY_IPV4, 1, "10.0.4.2", rig.east);
	wait_state(FAMILY_IPV4, 1, FIB_FAILED);
	settle();
	ck_assert_str_eq(out("ip -N route show proto 186"), "");
}
END_TEST

START_TEST(test_foreign_is_left_alone)
{
	sh("ip route add 20.0.0.16/28 via 10.0.1.9 metric 20 proto static &&"
	   " ip -6 route add 2001:db9:0:1::/64 via 2001:db8:1::9 metric 20 proto static &&"
	   " ip route add prohibit 20.0.0.32/28 metric 20 proto static");
	set_via(FAMILY_IPV4, 1, "10.0.2.2", rig.west);
	set_via(FAMILY_IPV6, 1, "2001:db8:2::2", rig.west);
	set_via(FAMILY_IPV4, 2, "10.0.2.2", rig.west);
	wait_state(FAMILY_IPV4, 1, FIB_FAILED);
	wait_state(FAMILY_IPV6, 1, FIB_FAILED);
	wait_state(FAMILY_IPV4, 2, FIB_FAILED);
	ck_assert_int_eq(error_of(FAMILY_IPV4, 1), EEXIST);
	ck_assert_str_eq(out("ip -N route show 20.0.0.16/28"),
			 "20.0.0.16/28 via 10.0.1.9 dev east proto 4 metric 20");
	ck_assert_str_eq(out("ip -N -6 route show 2001:db9:0:1::/64"),
			 "2001:db9:0:1::/64 via 2001:db8:1::9 dev east proto 4 metric 20 pref medium");
	sh("ip route del 20.0.0.16/28 && ip -6 route del 2001:db9:0:1::/64 && ip route del prohibit "
	   "20.0.0.32/28");
	ck_assert(wait_for(all_installed, 5));
	ck_assert_str_eq(out("ip -N route show 20.0.0.16/28"),
			 "20.0.0.16/28 via 10.0.2.2 dev west proto 186 metric 20");
	/* Somebody puts his in the place of ours. */
	sh("ip route replace 20.0.0.16/28 via 10.0.1.8 metric 20 proto static &&"
	   " ip -6 route replace 2001:db9:0:1::/64 via 2001:db8:1::8 metric 20 proto static");
	wait_state(FAMILY_IPV4, 1, FIB_FAILED);
	wait_state(FAMILY_IPV6, 1, FIB_FAILED);
	ck_assert_int_eq(error_of(FAMILY_IPV4, 1), EEXIST);
	fib_route_del(rig.fib, FAMILY_IPV4, 1);
	fib_route_del(rig.fib, FAMILY_IPV6, 1);
	wait_state(FAMILY_IPV4, 1, FIB_ABSENT);
	wait_state(FAMILY_IPV6, 1, FIB_ABSENT);
	ck_assert_str_eq(out("ip -N route show 20.0.0.16/28"),
			 "20.0.0.16/28 via 10.0.1.8 dev east proto 4 metric 20");
	ck_assert_str_eq(out("ip -N -6 route show 2001:db9:0:1::/64"),
			 "2001:db9:0:1::/64 via 2001:db8:1::8 dev east proto 4 metric 20 pref medium");
}
END_TEST

/* The socket that fib hears notifications on: the only one that is a member of groups. */
static int
notify_socket(void)
{
	for (int fd = 3; fd < 256; fd++) {
		int protocol = 0;
		uint32_t groups[8] = {0};
		socklen_t size = sizeof protocol, groups_size = sizeof groups;

		if (getsockopt(fd, SOL_SOCKET, SO_DOMAIN, &protocol, &size) != 0 || protocol != AF_NETLINK)
			continue;
		if (getsockopt(fd, SOL_NETLINK, NETLINK_LIST_MEMBERSHIPS, groups, &groups_size) == 0 &&
		    groups[0] != 0)
			return fd;
	}
	return -1;
}

static bool
reread(struct rig *r)
{
	(void)r;
	return stats().resyncs >= 1;
}

/* The route of another program goes, and we do not hear of it. */
START_TEST(test_foreign_goes_unheard)
{
	struct sock_filter none = BPF_STMT(BPF_RET | BPF_K, 0);
	struct sock_fprog deaf = {.len = 1, .filter = &none};
	uint32_t in_s, before = rig.foreign;

	sh("ip route add 20.0.0.16/28 via 10.0.1.9 metric 20 proto static &&"
	   " ip -6 route add 2001:db9:0:1::/64 via 2001:db8:1::9 metric 20 proto static");
	set_via(FAMILY_IPV4, 1, "10.0.2.2", rig.west);
	set_via(FAMILY_IPV6, 1, "2001:db8:2::2", rig.west);
	wait_state(FAMILY_IPV4, 1, FIB_FAILED);
	wait_state(FAMILY_IPV6, 1, FIB_FAILED);
	int fd = notify_socket();
	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &deaf, sizeof deaf), 0);
	sh("ip route del 20.0.0.16/28 && ip -6 route del 2001:db9:0:1::/64");
	ck_assert(fib_route_retry(rig.fib, FAMILY_IPV4, 1, &in_s));
	ck_assert_uint_le(in_s, 96);
	ck_assert(wait_for(all_installed, 20));
	ck_assert_str_eq(out("ip -N route show 20.0.0.16/28"),
			 "20.0.0.16/28 via 10.0.2.2 dev west proto 186 metric 20");
	ck_assert(!fib_route_retry(rig.fib, FAMILY_IPV4, 1, &in_s));
	/* That we had not heard of it is a reason to read everything, and then his routes are known to be
	 * gone. */
	ck_assert(wait_for(reread, 10));
	ck_assert_uint_eq(rig.foreign, before);
}
END_TEST

START_TEST(test_foreign_reports)
{
	uint32_t before = rig.foreign;

	ck_assert_uint_ge(before, 4); /* the connected ones at least */
	sh("ip route add 30.0.0.0/8 proto static metric 5 nexthop via 10.0.1.2 nexthop via 10.0.2.2 weight "
	   "2");
	settle();
	ck_assert_uint_eq(rig.foreign, before + 1);
	ck_assert_uint_eq(rig.last_foreign.nh_count, 2);
	ck_assert_uint_eq(rig.last_foreign.metric, 5);
	ck_assert_uint_eq(rig.last_foreign.protocol, 4);
	sh("ip -6 route append 2001:db8:30::/48 via 2001:db8:1::2 proto static metric 7");
	sh("ip -6 route append 2001:db8:30::/48 via 2001:db8:2::2 proto static metric 7");
	settle();
	ck_assert_uint_eq(rig.last_foreign.nh_count, 2);
	sh("ip -6 route del 2001:db8:30::/48 via 2001:db8:1::2 metric 7");
	run_ms(400); /* the dump that makes sure is put off a little */
	settle();
	ck_assert(!rig.last_foreign.deleted);
	ck_assert_uint_eq(rig.last_foreign.nh_count, 1);
	ck_assert_uint_eq(rig.last_nh.ifindex, rig.west);
	sh("ip -6 route del 2001:db8:30::/48 && ip route del 30.0.0.0/8");
	/* A route that prefers an address as source goes with it, without a notification on older kernels. */
	run_ms(400);
	sh("ip addr add 10.0.1.77/24 dev east && ip route add 31.0.0.0/8 via 10.0.1.2 src 10.0.1.77");
	settle();
	ck_assert_uint_eq(rig.foreign, before + 1);
	sh("ip addr del 10.0.1.77/24 dev east");
	settle();
	ck_assert_uint_eq(rig.foreign, before);
	/* The connected IPv4 route vanishes with the link, silently, and returns with it. */
	sh("ip link set west down");
	settle();
	ck_assert_str_eq(out("ip -N route show 10.0.2.0/24"), "");
	uint32_t down = rig.foreign;
	ck_assert_uint_lt(down, before);
	sh("ip link set west up && ip addr add 2001:db8:2::1/64 dev west");
	settle();
	ck_assert_uint_eq(rig.foreign, before);
}
END_TEST

START_TEST(test_deleted_by_others)
{
	set_via(FAMILY_IPV4, 1, "10.0.1.2", rig.east);
	set_via(FAMILY_IPV6, 1, "2001:db8:1::2", rig.east);
	ck_assert(wait_for(all_installed, 5));
	sh("ip route del 20.0.0.16/28 && ip -6 route del 2001:db9:0:1::/64");
	settle();
	ck_assert_uint_eq(count("route show proto 186"), 1);
	ck_assert_uint_eq(count("-6 route show proto 186"), 1);
	ck_assert_uint_eq(stats().restored, 2);
	/* Changed under our protocol number: made right again. */
	sh("ip -6 route replace 2001:db9:0:1::/64 via 2001:db8:2::7 metric 20 proto 186");
	settle();
	/* The second time within a minute it waits: a second. */
	wait_state(FAMILY_IPV6, 1, FIB_INSTALLED);
	ck_assert_str_eq(out("ip -N -6 route show 2001:db9:0:1::/64"),
			 "2001:db9:0:1::/64 via 2001:db8:1::2 dev east proto 186 metric 20 pref medium");
	sh("ip route del 20.0.0.16/28");
	settle();
	ck_assert_int_eq(error_of(FAMILY_IPV4, 1), EBUSY);
	ck_assert_uint_eq(count("route show proto 186"), 0);
	wait_state(FAMILY_IPV4, 1, FIB_INSTALLED);
	ck_assert_uint_eq(count("route show proto 186"), 1);
}
END_TEST

START_TEST(test_restart)
{
	struct fib_nh v6[] = {hop("2001:db8:1::2", rig.east), hop("2001:db8:2::2", rig.west)};

	for (uint32_t id = 0; id < 1000; id++)
		set_via(FAMILY_IPV4, id, "10.0.1.2", rig.east);
	set_hops(FAMILY_IPV6, 1, v6, 2, 0);
	set_via(FAMILY_IPV4, 2000, "fe80::5", rig.east);
	ck_assert(wait_for(all_installed, 5));
	fib_stop(rig.fib, true, 5000);
	rig.fib = NULL;
	ck_assert_uint_eq(count("route show proto 186"), 1001);
	/* One with another metric, as after a changed configuration. */
	sh("ip route add 20.0.3.0/28 via 10.0.1.2 metric 7 proto 186 && ip route del 20.0.3.0/28 metric 20");
	start();
	ck_assert_uint_eq(stats().adopted, 1002);
	for (uint32_t id = 0; id < 400; id++)
		set_via(FAMILY_IPV4, id, "10.0.1.2",
			rig.east); /* as it was (but 48, which has another metric) */
	for (uint32_t id = 400; id < 500; id++)
		set_via(FAMILY_IPV4, id, "10.0.2.2", rig.west); /* over another next hop */
	set_hops(FAMILY_IPV6, 1, v6, 2, 0);
	set_via(FAMILY_IPV4, 2000, "fe80::5", rig.east);
	ck_assert(wait_for(all_installed, 5));
	settle();
	struct fib_stats s = stats();
	ck_assert_uint_eq(s.adopted, 500);
	ck_assert_uint_eq(s.replies, 102); /* 100 replaced; 48 added anew and its old route deleted */
	ck_assert_uint_eq(count("route show proto 186"), 1001);
	fib_sweep(rig.fib);
	ck_assert(wait_for(none_adopted, 5));
	settle();
	ck_assert_uint_eq(count("route show proto 186"), 501);
	ck_assert_uint_eq(count("route show proto 186 via 10.0.2.2"), 100);
	fib_stop(rig.fib, false, 5000);
	rig.fib = NULL;
	ck_assert_uint_eq(count("route show proto 186"), 0);
	ck_assert_uint_eq(count("-6 route show proto 186"), 0);
	ck_assert_str_eq(out("ip nexthop"), "");
}
END_TEST

START_TEST(test_stop_removes_adopted_too)
{
	set_via(FAMILY_IPV4, 1, "10.0.1.2", rig.east);
	ck_assert(wait_for(all_installed, 5));
	fib_stop(rig.fib, true, 5000);
	rig.synced = false;
	ck_assert_int_eq(fib_start(&rig.loop, &rig.conf, &callbacks, &rig, &rig.fib), 0);
	/* Not even the first dump is in. */
	fib_stop(rig.fib, false, 5000);
	rig.fib = NULL;
	ck_assert_uint_eq(count("route show proto 186"), 0);
}
END_TEST

START_TEST(test_lost_notifications)
{
	uint32_t before = rig.foreign;
	ck_assert(rig.east_up);

	for (uint32_t id = 0; id < 1000; id++)
		set_via(FAMILY_IPV4, id, "10.0.1.2", rig.east);
	ck_assert(wait_for(all_installed, 5));
	/* The main thread does not run its loop meanwhile, so nobody takes the events. */
	sh("for i in $(seq 0 255); do for j in $(seq 0 255); do echo route add 40.$i.$j.0/24 via 10.0.1.2; "
	   "done; done"
	   " | ip -batch -");
	sh("ip route del 20.0.0.16/28 && ip route del 20.0.0.32/28 && ip route change 20.0.0.48/28 via "
	   "10.0.2.2"
	   " metric 20 proto 186 && ip route del 10.0.2.0/24 dev west && ip route del 40.0.0.0/24");
	sh("ip link add c type veth peer name c1");
	ck_assert(wait_for(resynced, 30));
	struct fib_stats s = stats();
	ck_assert_uint_ge(s.resyncs, 1);
	ck_assert_uint_eq(rig.foreign, before + 65536 - 2);
	ck_assert_uint_eq(count("route show proto 186 via 10.0.1.2"), 1000);
	ck_assert_uint_eq(s.installed, 1000);
	ck_assert_uint_ge(s.restored, 2);
}
END_TEST

START_TEST(test_reconfigure)
{
	struct fib_nh nh = hop("10.0.1.2", rig.east);

	for (uint32_t id = 0; id < 5000; id++)
		set_via(FAMILY_IPV4, id, "10.0.1.2", rig.east);
	set_hops(FAMILY_IPV4, 6000, &nh, 1, 600);
	set_via(FAMILY_IPV6, 1, "2001:db8:1::2", rig.east);
	run_ms(5); /* some are in flight */
	rig.conf.metric = 30;
	fib_reconfigure(rig.fib, &rig.conf);
	settle();
	ck_assert_uint_eq(count("route show proto 186 metric 30"), 5000);
	ck_assert_uint_eq(count("route show proto 186"), 5001);
	rig.conf.protocol = 12;
	fib_reconfigure(rig.fib, &rig.conf);
	settle();
	ck_assert_uint_eq(count("route show proto 186"), 0);
	ck_assert_uint_eq(count("route show proto 12 metric 30"), 5000);
	ck_assert_uint_eq(count("route show proto 12"), 5001);
	rig.conf.table = 1000;
	rig.conf.metric = 0;
	fib_reconfigure(rig.fib, &rig.conf);
	fib_route_del(rig.fib, FAMILY_IPV4, 0);
	settle();
	ck_assert_uint_eq(count("route show proto 12"), 0);
	ck_assert_uint_eq(count("route show table 1000 proto 12"), 5000);
	ck_assert_str_eq(out("ip -N route show table 1000 20.1.119.0/28"),
			 "20.1.119.0/28 via 10.0.1.2 dev east proto 12 metric 600");
	ck_assert_str_eq(out("ip -N -6 route show table 1000"),
			 "2001:db9:0:1::/64 via 2001:db8:1::2 dev east proto 12 metric 1024 pref medium");
	struct fib_stats s = stats();
	ck_assert_uint_eq(s.installed, s.wanted);
	ck_assert_uint_eq(s.wanted, 5001);
	/* Routes of the main table are still reported, for next hops. */
	uint32_t before = rig.foreign;
	sh("ip route add 50.0.0.0/8 via 10.0.1.2 && ip route add 50.0.0.0/8 via 10.0.1.2 table 1000 &&"
	   " ip route add 50.0.0.0/8 via 10.0.1.2 table 1001");
	settle();
	ck_assert_uint_eq(rig.foreign, before + 2);
	/* Those of further ones too, if that is asked for, and no longer when not. */
	rig.conf.also[0] = 1001;
	rig.conf.also[1] = 70000;
	fib_reconfigure(rig.fib, &rig.conf);
	settle();
	ck_assert_uint_eq(rig.foreign, before + 3);
	sh("ip -6 route add blackhole 2001:db8:70::/48 table 70000 && ip route del 50.0.0.0/8 table 1001");
	settle();
	ck_assert_uint_eq(rig.foreign, before + 3);
	ck_assert_uint_eq(rig.last_foreign.table, 1001);
	memset(rig.conf.also, 0, sizeof rig.conf.also);
	fib_reconfigure(rig.fib, &rig.conf);
	settle();
	ck_assert_uint_eq(rig.foreign, before + 2);
	s = stats();
	ck_assert_uint_eq(s.installed, s.wanted);
	fib_stop(rig.fib, false, 5000);
	rig.fib = NULL;
	ck_assert_uint_eq(count("route show table 1000 proto 12"), 0);
}
END_TEST

START_TEST(test_without_permission)
{
	struct fib *fib = NULL;

	ck_assert_int_eq(setuid(65534), 0);
	ck_assert_int_eq(fib_start(&rig.loop, &rig.conf, &callbacks, &rig, &fib), -EPERM);
	ck_assert_ptr_null(fib);
}
END_TEST

static TCase *
common_case(const char *name, void (*fixture)(void))
{
	TCase *tc = tcase_create(name);

	tcase_set_timeout(tc, 60);
	tcase_add_checked_fixture(tc, fixture, teardown);
	tcase_add_test(tc, test_many);
	tcase_add_test(tc, test_kinds);
	tcase_add_test(tc, test_metric_change);
	tcase_add_test(tc, test_link_down_and_up);
	tcase_add_test(tc, test_last_address);
	tcase_add_test(tc, test_unreachable_next_hop);
	tcase_add_test(tc, test_foreign_is_left_alone);
	tcase_add_test(tc, test_foreign_goes_unheard);
	tcase_add_test(tc, test_foreign_reports);
	tcase_add_test(tc, test_deleted_by_others);
	tcase_add_test(tc, test_restart);
	tcase_add_test(tc, test_stop_removes_adopted_too);
	tcase_add_test(tc, test_lost_notifications);
	tcase_add_test(tc, test_reconfigure);
	tcase_add_test(tc, test_without_permission);
	return tc;
}

int
main(void)
{
	if (!is_root())
		return 77;
	Suite *s = suite_create("fib_kernel");
	suite_add_tcase(s, common_case("kernel", setup_plain));
	if (has_objects())
		suite_add_tcase(s, common_case("objects", setup_objects));
	return run_suite(s);
}
