/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/kernel: best paths into fib, and the kernel's routes of others into the RIB and the resolver. */
#include "bgpd/kernel.h"

#include <linux/rtnetlink.h>

#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

static struct bgpdtest t;

static struct ip_addr
addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_addr_parse(text, &a), 0);
	return a;
}

static void
foreign_is(const char *prefix, const char *via, uint32_t ifindex, uint8_t protocol, enum fib_type type, bool deleted)
{
	struct fib_nh nh = {.ifindex = ifindex, .weight = 1};
	struct fib_foreign f = {.prefix = bgpdtest_prefix(prefix),
				.table = 254,
				.metric = 100,
				.protocol = protocol,
				.type = (uint8_t)type,
				.deleted = deleted};

	if (via != NULL) {
		nh.via = addr(via);
		f.nh_count = 1;
		f.nh = &nh;
	}
	kernel_watch_foreign(t.d.kernel, &f);
}

static enum rib_source_kind
source_of(const char *prefix)
{
	const struct rib_path *p = bgpdtest_best(&t, prefix);

	ck_assert_msg(p != NULL, "no best path of %s", prefix);
	return (enum rib_source_kind)rib_source_get(t.d.rib, p->source)->kind;
}

static bool
has(const char *prefix)
{
	bgpdtest_settle(&t);
	return bgpdtest_best(&t, prefix) != NULL;
}

/* Does this address resolve as a next hop, and through which interface? 0: it does not. */
static uint32_t
resolves(const char *text)
{
	struct ip_addr a = addr(text);
	uint32_t nh = nexthop_intern(t.d.nexthops, &a, NULL);
	struct nexthop_view v;

	pipeline_resolve(t.d.pipeline);
	looptest_turns_ms(t.d.loop, 10);
	bgpdtest_settle(&t);
	UNTIL(t.d.loop, nexthop_pending(t.d.nexthops) == 0);
	nexthop_get(t.d.nexthops, nh, &v);
	uint32_t ifindex = v.resolved && v.via_count > 0 ? v.via[0].ifindex : 0;
	nexthop_unref(t.d.nexthops, nh);
	return ifindex;
}

/* Routes of others resolve next hops; what the kernel makes of addresses is known from those. */
START_TEST(test_foreign)
{
	bgpdtest_start(&t, "", "");
	bgpdtest_interface(&t, 2, "eth0", "10.0.0.1", 24);
	foreign_is("172.16.0.0/12", "10.0.0.9", 2, RTPROT_STATIC, FIB_UNICAST, false);
	ck_assert_uint_eq(resolves("172.16.1.1"), 2);
	foreign_is("172.16.1.0/24", NULL, 0, RTPROT_STATIC, FIB_BLACKHOLE, false);
	ck_assert_uint_eq(resolves("172.16.1.1"), 0);
	ck_assert_uint_eq(resolves("172.16.2.1"), 2);
	foreign_is("172.16.1.0/24", NULL, 0, RTPROT_STATIC, FIB_BLACKHOLE, true);
	ck_assert_uint_eq(resolves("172.16.1.1"), 2);
	foreign_is("172.16.0.0/12", "10.0.0.9", 2, RTPROT_STATIC, FIB_UNICAST, true);
	ck_assert_uint_eq(resolves("172.16.1.1"), 0);
	/* The default is [reject]: nothing is learned. */
	foreign_is("198.51.100.0/24", "10.0.0.9", 2, RTPROT_STATIC, FIB_UNICAST, false);
	ck_assert(!has("198.51.100.0/24"));
	bgpdtest_stop(&t);
}
END_TEST

START_TEST(test_learn)
{
	bgpdtest_start(&t, "",
	    "kernel: {learn: [l]}\n"
	    "policies:\n"
	    "  l:\n"
	    "    - {match: {interface: \"cali*\"}, set: {tag: 5}, action: accept}\n"
	    "    - {match: {prefix-set: [198.51.100.0/24], metric: 100}, action: accept}\n");
	bgpdtest_interface(&t, 2, "eth0", "10.0.0.1", 24);
	bgpdtest_interface(&t, 3, "cali7", "169.254.1.2", 24);
	foreign_is("10.65.0.7/32", "169.254.1.1", 3, RTPROT_BOOT, FIB_UNICAST, false);
	foreign_is("198.51.100.0/24", "10.0.0.9", 2, RTPROT_STATIC, FIB_UNICAST, false);
	foreign_is("203.0.113.0/24", "10.0.0.9", 2, RTPROT_STATIC, FIB_UNICAST, false);
	foreign_is("10.65.0.8/32", "169.254.1.1", 3, RTPROT_KERNEL, FIB_UNICAST, false);
	foreign_is("10.65.0.9/32", "169.254.1.1", 3, RTPROT_UNSPEC, FIB_UNICAST, false);
	ck_assert(has("10.65.0.7/32"));
	ck_assert(!has("10.65.0.9/32"));
	ck_assert_int_eq(source_of("10.65.0.7/32"), RIB_SOURCE_KERNEL);
	ck_assert_uint_eq(attr_local(attr_get(t.d.attrs, bgpdtest_best(&t, "10.65.0.7/32")->attr)).tag, 5);
	ck_assert_uint_eq(attr_local(attr_get(t.d.attrs, bgpdtest_best(&t, "10.65.0.7/32")->attr)).metric, 100);
	ck_assert(has("198.51.100.0/24"));
	ck_assert(!has("203.0.113.0/24"));
	ck_assert(!has("10.65.0.8/32"));
	/* It moves to an interface whose routes are not wanted; another goes. */
	foreign_is("10.65.0.7/32", "10.0.0.9", 2, RTPROT_BOOT, FIB_UNICAST, false);
	ck_assert(!has("10.65.0.7/32"));
	foreign_is("198.51.100.0/24", "10.0.0.9", 2, RTPROT_STATIC, FIB_UNICAST, true);
	ck_assert(!has("198.51.100.0/24"));
	bgpdtest_stop(&t);
}
END_TEST

/* What fib is asked for a prefix: the type, the ways (into nh, 2 at most) and the metric. False: nothing. */
static bool
wanted(const char *prefix, enum fib_type *type, struct fib_nh *nh, unsigned *n, uint32_t *metric)
{
	struct ip_prefix p = bgpdtest_prefix(prefix);
	uint32_t id = rib_find(t.d.rib, &p), nhset;
	const struct fib_nh *v;
	int error;

	*n = 0;
	if (id == 0 || fib_route_get(t.d.kernel->fib, (enum family)p.family, id, &nhset, metric, &error) == FIB_ABSENT ||
	    nhset == 0)
		return false;
	*n = fib_nhset_get(t.d.kernel->fib, nhset, &v, type);
	ck_assert_uint_le(*n, 2);
	for (unsigned i = 0; i < *n; i++)
		nh[i] = v[i];
	return true;
}

/* Own routes: networks need no kernel route unless they say blackhole; kernel.export chooses and sets the metric. */
START_TEST(test_export)
{
	struct fib_nh nh[2];
	enum fib_type type;
	uint32_t metric;
	unsigned n;

	bgpdtest_start(&t, "",
	    "kernel: {export: [k], connected: {interfaces: [\"*\"]}}\n"
	    "policies:\n"
	    "  k:\n"
	    "    - {match: {prefix-set: [198.51.100.0/24]}, action: reject}\n"
	    "    - {match: {prefix-set: [172.16.0.0/12]}, set: {metric: 77}, action: accept}\n"
	    "    - {action: accept}\n"
	    "networks: [{prefix: 192.0.2.0/24}, {prefix: 192.0.3.0/24, blackhole: true}]\n"
	    "statics:\n"
	    "  - {prefix: 198.51.100.0/24, blackhole: true}\n"
	    "  - {prefix: 203.0.113.0/24, unreachable: true}\n"
	    "  - {prefix: 172.16.0.0/12, via: 10.0.0.9}\n");
	bgpdtest_settle(&t);
	ck_assert(!wanted("172.16.0.0/12", &type, nh, &n, &metric));
	bgpdtest_interface(&t, 2, "eth0", "10.0.0.1", 24);
	UNTIL(t.d.loop, wanted("172.16.0.0/12", &type, nh, &n, &metric));
	struct ip_addr via = addr("10.0.0.9");
	ck_assert_int_eq(type, FIB_UNICAST);
	ck_assert_uint_eq(n, 1);
	ck_assert(ip_addr_eq(&nh[0].via, &via));
	ck_assert_uint_eq(nh[0].ifindex, 2);
	ck_assert_uint_eq(metric, 77);
	bgpdtest_settle(&t);
	ck_assert(!wanted("192.0.2.0/24", &type, nh, &n, &metric));
	ck_assert(wanted("192.0.3.0/24", &type, nh, &n, &metric));
	ck_assert_int_eq(type, FIB_BLACKHOLE);
	ck_assert(!wanted("198.51.100.0/24", &type, nh, &n, &metric));
	ck_assert(wanted("203.0.113.0/24", &type, nh, &n, &metric));
	ck_assert_int_eq(type, FIB_UNREACHABLE);
	/* A connected route is in the kernel anyway. */
	ck_assert_ptr_nonnull(bgpdtest_best(&t, "10.0.0.0/24"));
	ck_assert(!wanted("10.0.0.0/24", &type, nh, &n, &metric));
	/* The way is lost, and the route with it. */
	struct fib_link down = {.ifindex = 2, .name = "eth0"};
	kernel_watch_link(t.d.kernel, &down);
	UNTIL(t.d.loop, !wanted("172.16.0.0/12", &type, nh, &n, &metric));
	bgpdtest_stop(&t);
}
END_TEST

SUITE("kernel", test_foreign, test_learn, test_export)
