/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fibrig: fib against the real kernel in a network namespace of the test's own, whose
 * state is looked at with ip(8). Needs root and veth.
 *
 * The namespace has two veth pairs, east–east1 and west–west1, with 10.0.1.1/24 and 10.0.2.1/24,
 * 2001:db8:1::1/64 and 2001:db8:2::1/64 on east and west. The prefix of id n is
 * 20.0.0.0 + 16n /28, or 2001:db8:n::/64 in the high sixteen bits of n.
 */
#ifndef TESTS_NET_FIBRIG_H
#define TESTS_NET_FIBRIG_H

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

__attribute__((format(printf, 1, 2))) static inline void
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
static inline void
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
__attribute__((format(printf, 1, 2))) static inline const char *
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

static inline struct ip_prefix
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

static inline uint32_t
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

static inline void
on_unpinned(void *ctx, enum family f, uint32_t id)
{
	struct rig *r = ctx;

	ck_assert(!fib_pins(r->fib, f, id));
	r->unpinned++;
}

static inline void
on_link(void *ctx, const struct fib_link *l)
{
	struct rig *r = ctx;

	if (strcmp(l->name, "east") == 0)
		r->east_up = l->up;
}

static inline void
on_address(void *ctx, const struct fib_address *a)
{
	struct rig *r = ctx;
	char text[IP_PREFIX_STRLEN];

	if (strcmp(ip_prefix_str(&a->subnet, text, sizeof text), "10.0.3.0/24") == 0)
		r->addr_seen = !a->deleted;
}

static inline void
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

static inline void
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

static inline void
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
static inline bool
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

static inline bool
is_synced(struct rig *r)
{
	return r->synced;
}

static inline struct fib_stats
stats(void)
{
	struct fib_stats s;
	fib_stats_get(rig.fib, &s);
	return s;
}

static inline bool
all_installed(struct rig *r)
{
	(void)r;
	struct fib_stats s = stats();
	return s.installed == s.wanted;
}

static inline bool
state_is(struct rig *r)
{
	uint32_t nhset, metric;
	int error;
	return fib_route_get(r->fib, r->wait_family, r->wait_id, &nhset, &metric, &error) == r->wait_state;
}

static inline void
wait_state(enum family f, uint32_t id, enum fib_state s)
{
	rig.wait_family = f;
	rig.wait_id = id;
	rig.wait_state = s;
	ck_assert_msg(wait_for(state_is, 10), "route %u of family %d is not in state %d", id, f, s);
}

static inline int
error_of(enum family f, uint32_t id)
{
	uint32_t nhset, metric;
	int error;
	fib_route_get(rig.fib, f, id, &nhset, &metric, &error);
	return error;
}

static inline bool
never(struct rig *r)
{
	(void)r;
	return false;
}

static inline void
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

static inline bool
settled(struct rig *r)
{
	const struct fib *f = r->fib;

	return !f->has_next && !f->moving && !f->hold && f->walk.running == NULL && fib_send_idle(f) &&
	       ring_used(&f->chan.ops) == 0 && ring_used(&f->chan.events) == 0 &&
	       evtimer_pending(f->ev_soon, NULL) == 0;
}

/* Lets what has just happened in the kernel arrive, and what follows from it be done. */
static inline void
settle(void)
{
	run_ms(100);
	ck_assert(wait_for(settled, 20));
}

static inline bool
resynced(struct rig *r)
{
	return stats().resyncs > 0 && stats().failed == 0 && settled(r);
}

static inline void
start(void)
{
	rig.synced = false;
	ck_assert_int_eq(fib_start(&rig.loop, &rig.conf, &callbacks, &rig, &rig.fib), 0);
	ck_assert(wait_for(is_synced, 10));
}

static inline void
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

static inline void
setup_plain(void)
{
	setup(false);
}

static inline void
setup_objects(void)
{
	setup(true);
}

static inline void
teardown(void)
{
	if (rig.fib != NULL)
		fib_stop(rig.fib, false, 5000);
	event_free(rig.tick);
	loop_fini(&rig.loop);
	keyed_fini(&rig.foreign_keys);
}

static inline struct fib_nh
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

static inline void
set_hops(enum family f, uint32_t id, const struct fib_nh *nh, unsigned n, uint32_t metric)
{
	uint32_t set = fib_nhset_intern(rig.fib, FIB_UNICAST, nh, n);
	fib_route_set(rig.fib, f, id, set, metric);
	fib_nhset_unref(rig.fib, set);
}

static inline void
set_via(enum family f, uint32_t id, const char *via, uint32_t ifindex)
{
	struct fib_nh nh = hop(via, ifindex);
	set_hops(f, id, &nh, 1, 0);
}

static inline unsigned long
count(const char *what)
{
	return strtoul(out("ip %s | wc -l", what), NULL, 10);
}

static inline bool
none_adopted(struct rig *r)
{
	(void)r;
	return stats().adopted == 0;
}

static inline bool
has_objects(void)
{
	if (system("ip nexthop show >/dev/null 2>&1") == 0)
		return true;
	printf("no nexthop objects here: tests of them are left out\n");
	return false;
}

/* Runs the suite and frees it; what main() returns. */
static inline int
run_suite(Suite *s)
{
	SRunner *sr = srunner_create(s);

	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

static inline bool
is_root(void)
{
	if (geteuid() == 0)
		return true;
	printf("skipped: needs root for a network namespace\n");
	return false;
}

#endif
