/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_fib_kernel: fib against the real kernel, each test in a network namespace of
 * its own, and the outcome looked at with ip(8). Needs root (skipped otherwise)
 * and veth.
 *
 * The namespace has two veth pairs, east–east1 and west–west1, with 10.0.1.1/24 and 10.0.2.1/24,
 * 2001:db8:1::1/64 and 2001:db8:2::1/64 on east and west. The prefix of id n is
 * 20.0.0.0 + 16n /28, or 2001:db8:n::/64 in the high sixteen bits of n.
 */
#include "fib/fib.h"
#include "fib/state.h"

#include "lib/mem.h"

#include <check.h>
#include <errno.h>
#include <net/if.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MANY 100000u

struct rig {
	struct loop loop;
	struct fib *fib;
	struct fib_config conf;
	struct event *tick;
	bool (*until)(struct rig *);
	uint64_t deadline_ns;
	bool met, synced;
	uint32_t east, west; /* interface indices */
	struct keyed foreign_keys;
	uint32_t foreign; /* reported and not deleted */
	uint32_t unpinned;
	bool east_up, addr_seen;
	enum family wait_family;
	uint32_t wait_id, wait_n;
	enum fib_state wait_state;
	struct fib_foreign last_foreign;
	struct fib_nh last_nh;
};

static struct rig rig;

__attribute__((format(printf, 1, 2))) static void
sh(const char *fmt, ...)
{
	char cmd[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof cmd, fmt, ap);
	va_end(ap);
	ck_assert_msg(system(cmd) == 0, "failed: %s", cmd);
}

/* Takes "nhid 1234 " out: the same routes are expected in both forms. */
static void
without_nhid(char *text)
{
	char *at;

	while ((at = strstr(text, "nhid ")) != NULL) {
		char *end = at + strlen("nhid ");
		end += strspn(end, "0123456789");
		end += *end == ' ';
		memmove(at, end, strlen(end) + 1);
	}
}

/* What a shell command prints, without the last newline and the numbers of nexthop objects. */
__attribute__((format(printf, 1, 2))) static const char *
out(const char *fmt, ...)
{
	static char text[8192];
	char cmd[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(cmd, sizeof cmd, fmt, ap);
	va_end(ap);
	FILE *f = popen(cmd, "r");
	ck_assert_ptr_nonnull(f);
	size_t n = fread(text, 1, sizeof text - 1, f);
	pclose(f);
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == ' '))
		n--;
	text[n] = '\0';
	without_nhid(text);
	return text;
}

static struct ip_prefix
prefix_of(void *ctx, enum family f, uint32_t id)
{
	struct ip_prefix p;

	(void)ctx;
	memset(&p, 0, sizeof p);
	p.family = (uint8_t)f;
	if (f == FAMILY_IPV4) {
		uint32_t a = (20u << 24) + id * 16;
		p.len = 28;
		for (int i = 0; i < 4; i++)
			p.bytes[i] = (uint8_t)(a >> (24 - 8 * i));
	} else {
		static const uint8_t head[4] = {0x20, 0x01, 0x0d, 0xb9};
		p.len = 64;
		memcpy(p.bytes, head, 4);
		for (int i = 0; i < 4; i++)
			p.bytes[4 + i] = (uint8_t)(id >> (24 - 8 * i));
	}
	return p;
}

static uint32_t
id_of(void *ctx, const struct ip_prefix *p)
{
	uint32_t v = 0;

	(void)ctx;
	for (int i = 0; i < 4; i++)
		v = v << 8 | p->bytes[i + (p->family == FAMILY_IPV4 ? 0 : 4)];
	if (p->family == FAMILY_IPV4)
		return v >= 20u << 24 && v < 22u << 24 && p->len == 28 ? (v - (20u << 24)) / 16 : BITMAP_END;
	return p->bytes[3] == 0xb9 && p->len == 64 ? v : BITMAP_END;
}

static void
on_unpinned(void *ctx, enum family f, uint32_t id)
{
	struct rig *r = ctx;

	ck_assert(!fib_pins(r->fib, f, id));
	r->unpinned++;
}

static void
on_link(void *ctx, const struct fib_link *l)
{
	struct rig *r = ctx;

	if (strcmp(l->name, "east") == 0)
		r->east_up = l->up;
}

static void
on_address(void *ctx, const struct fib_address *a)
{
	struct rig *r = ctx;
	char text[IP_PREFIX_STRLEN];

	if (strcmp(ip_prefix_str(&a->subnet, text, sizeof text), "10.0.3.0/24") == 0)
		r->addr_seen = !a->deleted;
}

static void
on_foreign(void *ctx, const struct fib_foreign *f)
{
	struct rig *r = ctx;

	/* Our own routes must never be taken for foreign ones. */
	ck_assert_uint_ne(f->protocol, r->conf.protocol);
	struct {
		uint8_t dst[16];
		uint32_t table, metric;
		uint8_t family, plen, pad[2];
	} key = {.table = f->table, .metric = f->metric, .family = f->prefix.family, .plen = f->prefix.len};
	memcpy(key.dst, f->prefix.bytes, sizeof key.dst);
	bool fresh;
	void *rec = keyed_put(&r->foreign_keys, &key, &fresh);
	if (f->deleted) {
		ck_assert(!fresh);
		keyed_del(&r->foreign_keys, rec);
	}
	r->foreign = keyed_count(&r->foreign_keys);
	r->last_foreign = *f;
	if (f->nh_count > 0)
		r->last_nh = f->nh[0];
}

static void
on_synced(void *ctx)
{
	((struct rig *)ctx)->synced = true;
}

static const struct fib_callbacks callbacks = {
    .prefix_of = prefix_of,
    .id_of = id_of,
    .unpinned = on_unpinned,
    .link = on_link,
    .address = on_address,
    .foreign = on_foreign,
    .synced = on_synced,
};

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct rig *r = arg;

	(void)fd, (void)what;
	loop_enter(&r->loop);
	r->met = r->until(r);
	if (r->met || time_mono_ns() > r->deadline_ns)
		loop_stop(&r->loop);
}

/* Runs the loop until the condition holds; false: it did not within the time. */
static bool
wait_for(bool (*until)(struct rig *), unsigned seconds)
{
	struct timeval tv = {.tv_usec = 2000};

	rig.until = until;
	rig.deadline_ns = time_mono_ns() + seconds * 1000000000ull;
	rig.loop.stopping = false;
	event_add(rig.tick, &tv);
	loop_run(&rig.loop);
	event_del(rig.tick);
	return rig.met;
}

static bool
is_synced(struct rig *r)
{
	return r->synced;
}

static struct fib_stats
stats(void)
{
	struct fib_stats s;
	fib_stats_get(rig.fib, &s);
	return s;
}

static bool
all_installed(struct rig *r)
{
	(void)r;
	struct fib_stats s = stats();
	return s.installed == s.wanted;
}

static bool
state_is(struct rig *r)
{
	uint32_t nhset, metric;
	int error;
	return fib_route_get(r->fib, r->wait_family, r->wait_id, &nhset, &metric, &error) == r->wait_state;
}

static void
wait_state(enum family f, uint32_t id, enum fib_state s)
{
	rig.wait_family = f;
	rig.wait_id = id;
	rig.wait_state = s;
	ck_assert_msg(wait_for(state_is, 10), "route %u of family %d is not in state %d", id, f, s);
}

static int
error_of(enum family f, uint32_t id)
{
	uint32_t nhset, metric;
	int error;
	fib_route_get(rig.fib, f, id, &nhset, &metric, &error);
	return error;
}

static bool
never(struct rig *r)
{
	(void)r;
	return false;
}

static void
run_ms(unsigned ms)
{
	struct timeval tv = {.tv_usec = 2000};

	rig.until = never;
	rig.deadline_ns = time_mono_ns() + ms * 1000000ull;
	rig.loop.stopping = false;
	event_add(rig.tick, &tv);
	loop_run(&rig.loop);
	event_del(rig.tick);
}

static bool
settled(struct rig *r)
{
	const struct fib *f = r->fib;

	return !f->has_next && !f->moving && !f->hold && f->walk.running == NULL && fib_send_idle(f) &&
	       ring_used(&f->chan.ops) == 0 && ring_used(&f->chan.events) == 0 &&
	       evtimer_pending(f->ev_soon, NULL) == 0;
}

/* Lets what has just happened in the kernel arrive, and what follows from it be done. */
static void
settle(void)
{
	run_ms(100);
	ck_assert(wait_for(settled, 20));
}

static bool
resynced(struct rig *r)
{
	return stats().resyncs > 0 && stats().failed == 0 && settled(r);
}

static void
start(void)
{
	rig.synced = false;
	ck_assert_int_eq(fib_start(&rig.loop, &rig.conf, &callbacks, &rig, &rig.fib), 0);
	ck_assert(wait_for(is_synced, 10));
}

static void
setup(bool objects)
{
	memset(&rig, 0, sizeof rig);
	keyed_init(&rig.foreign_keys, sizeof(struct keyed_head) + 28, 28);
	ck_assert_int_eq(unshare(CLONE_NEWNET), 0);
	sh("sysctl -qw net.ipv6.conf.default.accept_dad=0 net.ipv6.conf.all.accept_dad=0 && ip link set lo "
	   "up &&"
	   " ip link add east type veth peer name east1 && ip link add west type veth peer name west1 &&"
	   " for i in east east1 west west1; do ip link set $i up; done &&"
	   " ip addr add 10.0.1.1/24 dev east && ip addr add 10.0.2.1/24 dev west &&"
	   " ip addr add 2001:db8:1::1/64 dev east && ip addr add 2001:db8:2::1/64 dev west");
	rig.east = if_nametoindex("east");
	rig.west = if_nametoindex("west");
	rig.conf = (struct fib_config){.table = 254, .protocol = 186, .metric = 20, .learn = true, .nexthop_objects = objects};
	ck_assert_int_eq(loop_init(&rig.loop), 0);
	rig.tick = event_new(rig.loop.base, -1, EV_PERSIST, on_tick, &rig);
	start();
}

static void
setup_plain(void)
{
	setup(false);
}

static void
setup_objects(void)
{
	setup(true);
}

static void
teardown(void)
{
	if (rig.fib != NULL)
		fib_stop(rig.fib, false, 5000);
	event_free(rig.tick);
	loop_fini(&rig.loop);
	keyed_fini(&rig.foreign_keys);
}

static struct fib_nh
hop(const char *via, uint32_t ifindex)
{
	struct fib_nh nh;

	memset(&nh, 0, sizeof nh);
	if (via != NULL)
		ck_assert_int_eq(ip_addr_parse(via, &nh.via), 0);
	nh.ifindex = ifindex;
	nh.weight = 1;
	return nh;
}

static void
set_hops(enum family f, uint32_t id, const struct fib_nh *nh, unsigned n, uint32_t metric)
{
	uint32_t set = fib_nhset_intern(rig.fib, FIB_UNICAST, nh, n);
	fib_route_set(rig.fib, f, id, set, metric);
	fib_nhset_unref(rig.fib, set);
}

static void
set_via(enum family f, uint32_t id, const char *via, uint32_t ifindex)
{
	struct fib_nh nh = hop(via, ifindex);
	set_hops(f, id, &nh, 1, 0);
}

static unsigned long
count(const char *what)
{
	return strtoul(out("ip %s | wc -l", what), NULL, 10);
}

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
	/* The one over both takes three lines, but one where the kernel took the dead member out of its group. */
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

static bool
none_adopted(struct rig *r)
{
	(void)r;
	return stats().adopted == 0;
}

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

static bool
has_objects(void)
{
	if (system("ip nexthop show >/dev/null 2>&1") == 0)
		return true;
	printf("no nexthop objects here: their tests are left out\n");
	return false;
}

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
	tcase_add_test(tc, test_foreign_reports);
	tcase_add_test(tc, test_deleted_by_others);
	tcase_add_test(tc, test_restart);
	tcase_add_test(tc, test_stop_removes_adopted_too);
	tcase_add_test(tc, test_lost_notifications);
	tcase_add_test(tc, test_reconfigure);
	tcase_add_test(tc, test_without_permission);
	return tc;
}

static TCase *
objects_case(void)
{
	TCase *tc = common_case("objects", setup_objects);

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
	Suite *s = suite_create("fib_kernel");

	if (geteuid() != 0) {
		printf("skipped: needs root for a network namespace\n");
		return 77;
	}
	suite_add_tcase(s, common_case("kernel", setup_plain));
	if (has_objects())
		suite_add_tcase(s, objects_case());
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
