/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel_watch: links and addresses in any order, and what the resolver and the
 * RIB are told of them. No kernel: the reports are made up here.
 */
#include "suite.h"

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/kernel.h"
#include "bgpd/kernel_watch.h"
#include "bgpd/pipeline.h"
#include "lib/mem.h"

#include <stdio.h>
#include <string.h>

static const struct daemon_options options = {.kernel = true};
static struct loop loop;
static struct bgpd d;
static struct kernel k;
static struct attr_table attrs;

static void
no_change(void *ctx, struct rib_change *c, unsigned n)
{
	(void)ctx, (void)c, (void)n;
}

static bool
no_pin(void *ctx, enum family f, uint32_t id)
{
	(void)ctx, (void)f, (void)id;
	return false;
}

static struct conf *
conf_of(const char *patterns)
{
	struct conf_errors errs = {0};
	struct conf *c = NULL;
	char text[256];

	snprintf(text, sizeof text, "router: {as: 65001, id: 10.0.0.1}\nkernel: {connected: {interfaces: [%s]}}\n", patterns);
	ck_assert_int_eq(conf_load_text("t", text, strlen(text), CONF_NO_FILES, &c, &errs), 0);
	conf_errors_free(&errs);
	return c;
}

static void
setup(const char *patterns)
{
	static const struct rib_callbacks cb = {.change = no_change, .pinned = no_pin};

	d = (struct bgpd){.main = &d, .loop = &loop, .options = &options, .conf = conf_of(patterns), .attrs = &attrs, .kernel = &k};
	ck_assert_int_eq(loop_init(d.loop), 0);
	d.nexthops = nexthop_table_new(1);
	struct attr_nexthop_ops ops = nexthop_attr_ops(d.nexthops);
	attr_table_init(&attrs, 1, &ops);
	d.rib = rib_new(&attrs, d.nexthops, &cb, 1);
	originate_init(&d.originate, d.rib);
	d.policies = policies_new(&d, d.conf, NULL);
	d.pipeline = pipeline_new(&d);
	d.groups = groups_new(&d);
	d.sessions = session_pool_new(d.loop);
	k = (struct kernel){.d = &d, .learn = {.run = kernel_watch_learn, .name = "learn"}};
	interfaces_init(&k.interfaces);
	interfaces_init(&k.elsewhere);
}

static void
teardown(void)
{
	for (unsigned i = 0; i < k.n_others; i++)
		nexthop_table_free(k.others[i].routes);
	free(k.others);
	loop_job_cancel(d.loop, &k.learn);
	interfaces_fini(&k.interfaces);
	interfaces_fini(&k.elsewhere);
	session_pool_free(d.sessions);
	groups_free(d.groups);
	pipeline_free(d.pipeline);
	policies_free(d.policies);
	rib_free(d.rib);
	attr_table_fini(&attrs);
	nexthop_table_free(d.nexthops);
	conf_free(d.conf);
	loop_fini(d.loop);
}

static void
link_is(uint32_t ifindex, const char *name, bool up)
{
	struct fib_link l = {.ifindex = ifindex, .up = up};

	strlcpy(l.name, name, sizeof l.name);
	kernel_watch_link(&k, &l);
}

static void
link_gone(uint32_t ifindex, const char *name)
{
	struct fib_link l = {.ifindex = ifindex, .deleted = true};

	strlcpy(l.name, name, sizeof l.name);
	kernel_watch_link(&k, &l);
}

static struct ip_addr
addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_addr_parse(text, &a), 0);
	return a;
}

static void
address(uint32_t ifindex, const char *text, unsigned len, bool there)
{
	struct fib_address a = {.ifindex = ifindex, .addr = addr(text), .deleted = !there};

	a.subnet = ip_prefix_from_addr(&a.addr, len);
	kernel_watch_address(&k, &a);
}

/* Is the prefix a connected route of the RIB? */
static bool
routed(const char *text)
{
	struct ip_prefix p;

	ck_assert_int_eq(ip_prefix_parse(text, &p), 0);
	uint32_t id = rib_find(d.rib, &p);
	return id != 0 && rib_path_first(d.rib, (enum family)p.family, id) != NULL;
}

static bool
subnet_is(const char *text, const char *want)
{
	struct ip_addr a = addr(text);
	struct ip_prefix p, w = {0};

	if (want != NULL)
		ck_assert_int_eq(ip_prefix_parse(want, &w), 0);
	return kernel_subnet_of(&k, &a, &p) == (want != NULL) && p.family == w.family && ip_prefix_eq(&p, &w);
}

/* Where the resolver sees the address connected; 0: nowhere. */
static uint32_t
connected_on(const char *text)
{
	struct ip_addr a = addr(text);
	uint32_t ifindex = 0;

	return nexthop_connected(d.nexthops, &a, &ifindex) ? ifindex : 0;
}

START_TEST(test_subnet_on_two_interfaces)
{
	setup("\"eth*\"");
	link_is(1, "eth0", true);
	link_is(2, "eth1", true);
	address(1, "192.0.2.1", 24, true);
	address(2, "192.0.2.2", 24, true);
	ck_assert(routed("192.0.2.0/24"));
	link_is(1, "eth0", false);
	ck_assert(routed("192.0.2.0/24"));
	address(2, "192.0.2.2", 24, false);
	ck_assert(!routed("192.0.2.0/24")); /* its only interface is down */
	ck_assert_uint_eq(connected_on("192.0.2.9"), 1);
	link_is(1, "eth0", true);
	ck_assert(routed("192.0.2.0/24"));
	address(1, "192.0.2.1", 24, false);
	ck_assert(!routed("192.0.2.0/24"));
	ck_assert(subnet_is("192.0.2.9", NULL));
	ck_assert_uint_eq(connected_on("192.0.2.9"), 0);
	teardown();
}
END_TEST

/* A secondary address goes, the subnet stays; the same report twice is one address. */
START_TEST(test_two_addresses_of_a_subnet)
{
	setup("\"eth*\"");
	link_is(1, "eth0", true);
	address(1, "192.0.2.1", 24, true);
	address(1, "192.0.2.2", 24, true);
	address(1, "192.0.2.2", 24, true);
	address(1, "192.0.2.2", 24, false);
	ck_assert(routed("192.0.2.0/24"));
	ck_assert_uint_eq(connected_on("192.0.2.9"), 1);
	address(1, "192.0.2.2", 24, false);
	ck_assert(routed("192.0.2.0/24"));
	ck_assert_uint_eq(connected_on("192.0.2.9"), 1);
	address(1, "192.0.2.1", 24, false);
	ck_assert(!routed("192.0.2.0/24"));
	ck_assert_uint_eq(connected_on("192.0.2.9"), 0);
	teardown();
}
END_TEST

/* One address on two interfaces: while it is on one a next hop that is it cannot be resolved. */
START_TEST(test_own_address_twice)
{
	struct nexthop_view v;

	setup("\"eth*\"");
	link_is(1, "eth0", true);
	link_is(2, "eth1", true);
	address(1, "192.0.2.1", 24, true);
	address(2, "192.0.2.1", 32, true);
	struct ip_addr own = addr("192.0.2.1");
	address(2, "192.0.2.1", 32, false);
	nexthop_id id = nexthop_intern(d.nexthops, &own, NULL);
	nexthop_get(d.nexthops, id, &v);
	ck_assert(!v.resolved);
	nexthop_unref(d.nexthops, id);
	address(1, "192.0.2.1", 24, false);
	address(1, "192.0.2.3", 24, true);
	id = nexthop_intern(d.nexthops, &own, NULL);
	nexthop_get(d.nexthops, id, &v);
	ck_assert(v.resolved);
	nexthop_unref(d.nexthops, id);
	teardown();
}
END_TEST

START_TEST(test_address_before_link)
{
	setup("\"eth*\"");
	address(7, "192.0.2.1", 24, true);
	ck_assert_ptr_null(kernel_ifname(&k, 7));
	ck_assert(!routed("192.0.2.0/24"));
	ck_assert(subnet_is("192.0.2.9", "192.0.2.0/24"));
	link_is(7, "eth0", true);
	ck_assert_str_eq(kernel_ifname(&k, 7), "eth0");
	ck_assert(routed("192.0.2.0/24"));
	/* Nothing is left of a link that never came. */
	address(8, "198.51.100.1", 24, true);
	address(8, "198.51.100.1", 24, false);
	ck_assert_ptr_null(interfaces_find(&k.interfaces, 8));
	address(9, "198.51.100.1", 24, false);
	link_gone(9, "eth9");
	ck_assert_ptr_null(interfaces_find(&k.interfaces, 9));
	teardown();
}
END_TEST

START_TEST(test_rename)
{
	setup("\"eth*\"");
	link_is(1, "veth0", true);
	link_is(2, "eth1", true);
	address(1, "192.0.2.1", 24, true);
	ck_assert(!routed("192.0.2.0/24"));
	link_is(1, "eth0", true);
	ck_assert(routed("192.0.2.0/24"));
	ck_assert_uint_eq(kernel_ifindex(&k, "eth0"), 1);
	ck_assert_uint_eq(kernel_ifindex(&k, "veth0"), 0);
	/* The old name is taken by another before we hear of the new one. */
	link_is(2, "eth0", true);
	ck_assert_uint_eq(kernel_ifindex(&k, "eth0"), 2);
	link_is(1, "lan", true);
	ck_assert(!routed("192.0.2.0/24"));
	ck_assert_uint_eq(kernel_ifindex(&k, "eth0"), 2);
	ck_assert_uint_eq(kernel_ifindex(&k, "lan"), 1);
	ck_assert_uint_eq(kernel_ifindex(&k, "eth1"), 0);
	ck_assert_uint_eq(kernel_ifindex(&k, "a-name-of-more-than-fifteen"), 0);
	teardown();
}
END_TEST

static void
link_in(uint32_t ifindex, const char *name, uint32_t vrf)
{
	struct fib_link l = {.ifindex = ifindex, .up = true, .vrf = vrf, .vrf_table = ifindex == vrf ? 100 : 0};

	strlcpy(l.name, name, sizeof l.name);
	kernel_watch_link(&k, &l);
}

/* A link goes into a VRF and comes back, with its addresses, which nobody tells again. */
START_TEST(test_vrf)
{
	struct ip_addr own = addr("192.0.2.1");

	setup("\"*\"");
	link_is(1, "eth0", true);
	address(1, "192.0.2.1", 24, true);
	link_in(7, "red", 7);
	address(7, "198.51.100.1", 24, true);
	ck_assert(routed("192.0.2.0/24"));
	ck_assert(!routed("198.51.100.0/24"));
	ck_assert_uint_eq(connected_on("198.51.100.9"), 0);
	link_in(1, "eth0", 7);
	ck_assert(!routed("192.0.2.0/24"));
	ck_assert_uint_eq(connected_on("192.0.2.9"), 0);
	ck_assert(!kernel_is_own(&k, &own));
	ck_assert_uint_eq(kernel_ifindex(&k, "eth0"), 0);
	ck_assert_str_eq(kernel_ifname(&k, 1), "eth0");
	ck_assert_uint_eq(kernel_link(&k, "eth0")->vrf, 7);
	ck_assert(kernel_is_elsewhere(&k, 1));
	ck_assert_uint_eq(kernel_link(&k, "red")->vrf_table, 100);
	/* One that comes and one that goes meanwhile. */
	address(1, "192.0.2.2", 24, true);
	address(1, "203.0.113.1", 24, true);
	address(1, "192.0.2.1", 24, false);
	link_is(1, "eth0", true);
	ck_assert(routed("192.0.2.0/24"));
	ck_assert(routed("203.0.113.0/24"));
	ck_assert_uint_eq(connected_on("192.0.2.9"), 1);
	ck_assert(!kernel_is_own(&k, &own));
	/* An address before its link, which turns out to be in a VRF. */
	address(3, "10.3.0.1", 24, true);
	link_in(3, "eth3", 7);
	ck_assert_uint_eq(connected_on("10.3.0.9"), 0);
	ck_assert(!routed("10.3.0.0/24"));
	link_gone(3, "eth3");
	link_gone(7, "red");
	ck_assert_ptr_null(kernel_link(&k, "red"));
	ck_assert_uint_eq(keyed_count(&k.elsewhere.addresses), 0);
	ck_assert_uint_eq(keyed_count(&k.elsewhere.names), 0);
	teardown();
}
END_TEST

START_TEST(test_delete_with_addresses)
{
	struct ip_addr own = addr("192.0.2.1"), out;

	setup("\"eth*\"");
	link_is(1, "eth0", true);
	address(1, "192.0.2.1", 24, true);
	address(1, "fe80::1", 64, true);
	ck_assert(!kernel_address_beside(&k, &own, FAMILY_IPV6, &out));
	address(1, "2001:db8::1", 64, true);
	ck_assert(kernel_address_beside(&k, &own, FAMILY_IPV6, &out));
	ck_assert_mem_eq(out.bytes, addr("2001:db8::1").bytes, 16);
	ck_assert(routed("2001:db8::/64"));
	ck_assert(!routed("fe80::/64"));
	link_gone(1, "eth0");
	ck_assert(!routed("192.0.2.0/24"));
	ck_assert(!routed("2001:db8::/64"));
	ck_assert(!kernel_address_beside(&k, &own, FAMILY_IPV6, &out));
	ck_assert_uint_eq(kernel_ifindex(&k, "eth0"), 0);
	ck_assert_uint_eq(connected_on("192.0.2.9"), 0);
	ck_assert(subnet_is("192.0.2.9", NULL));
	ck_assert_uint_eq(keyed_count(&k.interfaces.addresses), 0);
	ck_assert_uint_eq(keyed_count(&k.interfaces.hosts), 0);
	ck_assert_uint_eq(keyed_count(&k.interfaces.nets), 0);
	ck_assert_uint_eq(keyed_count(&k.interfaces.names), 0);
	teardown();
}
END_TEST

START_TEST(test_longest_subnet)
{
	setup("");
	address(1, "10.0.0.1", 8, true);
	address(2, "10.1.0.1", 16, true);
	address(3, "10.1.2.1", 32, true);
	address(4, "2001:db8::1", 48, true);
	ck_assert(subnet_is("10.1.2.1", "10.1.2.1/32"));
	ck_assert(subnet_is("10.1.2.2", "10.1.0.0/16"));
	ck_assert(subnet_is("10.2.0.1", "10.0.0.0/8"));
	ck_assert(subnet_is("11.0.0.1", NULL));
	ck_assert(subnet_is("2001:db8::9", "2001:db8::/48"));
	ck_assert(subnet_is("2001:db9::9", NULL));
	address(2, "10.1.0.1", 16, false);
	ck_assert(subnet_is("10.1.2.2", "10.0.0.0/8"));
	teardown();
}
END_TEST

START_TEST(test_rescan)
{
	setup("\"eth*\"");
	link_is(1, "eth0", true);
	link_is(2, "lan0", true);
	address(1, "192.0.2.1", 24, true);
	address(2, "198.51.100.1", 24, true);
	struct conf *old = d.conf;
	d.conf = conf_of("\"-eth0\", \"*\"");
	conf_free(old);
	kernel_watch_rescan(&k);
	ck_assert(!routed("192.0.2.0/24"));
	ck_assert(routed("198.51.100.0/24"));
	teardown();
}
END_TEST

/* The table that fib works with. */
static uint32_t own_table = 254;

static void
foreign(uint32_t table, enum fib_type type, uint32_t metric, uint8_t protocol, bool deleted)
{
	struct fib_nh nh = {.ifindex = 1, .weight = 1};
	struct fib_foreign f = {.table = table,
				.metric = metric,
				.protocol = protocol,
				.type = (uint8_t)type,
				.deleted = deleted,
				.further = table != 254 && table != own_table,
				.nh_count = type == FIB_UNICAST,
				.nh = &nh};

	ck_assert_int_eq(ip_prefix_parse("203.0.113.0/24", &f.prefix), 0);
	kernel_watch_foreign(&k, &f);
}

/* The protocol of the route that counts where routes are learned; 0: there is none. */
static uint8_t
learned_from(void)
{
	struct nexthop_foreign r;
	struct ip_prefix p;

	ck_assert_int_eq(ip_prefix_parse("203.0.113.0/24", &p), 0);
	return kernel_foreign(&d, &p, &r) ? r.from.protocol : 0;
}

/* Does a next hop inside that prefix resolve? */
static bool
resolves(void)
{
	struct ip_addr a = addr("203.0.113.7");
	nexthop_id id = nexthop_intern(d.nexthops, &a, NULL);
	bool is = nexthop_resolved(d.nexthops, id);

	nexthop_unref(d.nexthops, id);
	return is;
}

START_TEST(test_further_tables)
{
	setup("\"eth*\"");
	link_is(1, "eth0", true);
	foreign(300, FIB_UNICAST, 5, 30, false);
	ck_assert_uint_eq(learned_from(), 30);
	ck_assert(!resolves());
	/* A lower number, though it came later; then the main table. */
	foreign(200, FIB_UNICAST, 9, 20, false);
	foreign(400, FIB_UNICAST, 1, 40, false);
	ck_assert_uint_eq(learned_from(), 20);
	foreign(254, FIB_UNICAST, 5, 10, false);
	ck_assert_uint_eq(learned_from(), 10);
	ck_assert(resolves());
	/* The same prefix and metric in another table is another route. */
	foreign(300, FIB_UNICAST, 5, 30, true);
	ck_assert_uint_eq(learned_from(), 10);
	foreign(254, FIB_UNICAST, 5, 10, true);
	ck_assert_uint_eq(learned_from(), 20);
	foreign(200, FIB_UNICAST, 9, 20, true);
	ck_assert_uint_eq(learned_from(), 40);
	/* A table that becomes the daemon's own: what was told of it before goes, and is told again. */
	d.conf->kernel.table = 400;
	foreign(400, FIB_UNICAST, 1, 40, true);
	ck_assert_uint_eq(learned_from(), 0);
	own_table = 400;
	foreign(400, FIB_UNICAST, 1, 40, false);
	ck_assert(resolves());
	/* And one of the others again. */
	d.conf->kernel.table = 254;
	foreign(400, FIB_UNICAST, 1, 40, true);
	ck_assert(!resolves());
	ck_assert_uint_eq(learned_from(), 0);
	own_table = 254;
	teardown();
}
END_TEST

/* The daemon's table and the main one have a route each of one prefix and metric: next hops resolve through both. */
START_TEST(test_equal_in_two_tables)
{
	setup("\"eth*\"");
	own_table = 100;
	link_is(1, "eth0", true);
	for (unsigned first = 0; first < 2; first++) {
		/* The daemon's counts, whichever came first. */
		foreign(first ? 100 : 254, FIB_UNICAST, 5, first ? 20 : 10, false);
		foreign(first ? 254 : 100, FIB_UNICAST, 5, first ? 10 : 20, false);
		ck_assert_uint_eq(learned_from(), 20);
		foreign(100, FIB_UNICAST, 5, 20, true);
		ck_assert_uint_eq(learned_from(), 10);
		ck_assert(resolves());
		/* One of another kind is no end of the other. */
		foreign(100, FIB_BLACKHOLE, 5, 20, false);
		ck_assert(!resolves());
		foreign(254, FIB_UNICAST, 5, 10, true);
		ck_assert_uint_eq(learned_from(), 20);
		foreign(254, FIB_UNICAST, 5, 10, false);
		foreign(100, FIB_UNICAST, 5, 20, false);
		ck_assert(resolves());
		foreign(254, FIB_UNICAST, 5, 10, true);
		ck_assert_uint_eq(learned_from(), 20);
		ck_assert(resolves());
		foreign(100, FIB_UNICAST, 5, 20, true);
		ck_assert_uint_eq(learned_from(), 0);
	}
	/* Whoever forgets what it was told, forgets both. */
	foreign(100, FIB_UNICAST, 5, 20, false);
	foreign(254, FIB_UNICAST, 5, 10, false);
	kernel_watch_forget(&k);
	ck_assert_uint_eq(learned_from(), 0);
	own_table = 254;
	teardown();
}
END_TEST

START_TEST(test_foreign_of_another_kind)
{
	setup("\"eth*\"");
	link_is(1, "eth0", true);
	foreign(254, FIB_UNICAST, 5, 10, false);
	ck_assert(resolves());
	foreign(254, FIB_BLACKHOLE, 5, 10, false);
	ck_assert(!resolves());
	/* Each takes the place of the other. */
	foreign(254, FIB_UNICAST, 5, 10, false);
	ck_assert(resolves());
	foreign(254, FIB_UNICAST, 5, 10, true);
	ck_assert(!resolves());
	ck_assert_uint_eq(learned_from(), 0);
	teardown();
}
END_TEST

/* Ten thousand interfaces, each flapping: in steps that do not depend on how many others there are. */
START_TEST(test_many)
{
	enum { N = 10000 };
	char name[16], text[32];

	setup("\"eth*\"");
	for (unsigned turn = 0; turn < 3; turn++) {
		for (uint32_t i = 1; i <= N; i++) {
			snprintf(name, sizeof name, "eth%u", i);
			link_is(i, name, turn != 1);
			snprintf(text, sizeof text, "10.%u.%u.1", i >> 8, i & 255);
			address(i, text, 24, true);
			address(i, "192.0.2.1", 32, true); /* unnumbered: all have it */
		}
		ck_assert(routed("192.0.2.1/32") == (turn != 1));
		ck_assert(routed("10.1.1.0/24") == (turn != 1));
	}
	ck_assert_uint_eq(keyed_count(&k.interfaces.addresses), 2 * N);
	ck_assert_uint_eq(kernel_ifindex(&k, "eth9999"), 9999);
	ck_assert(subnet_is("10.39.16.7", "10.39.16.0/24"));
	uint32_t n = 0, from = 0;
	for (const struct kernel_link *l; (l = interfaces_next(&k.interfaces, from)) != NULL; from = l->l.ifindex + 1)
		ck_assert_uint_eq(l->l.ifindex, ++n);
	ck_assert_uint_eq(n, N);
	for (uint32_t i = N; i > 0; i--) {
		snprintf(name, sizeof name, "eth%u", i);
		link_gone(i, name);
	}
	ck_assert(!routed("192.0.2.1/32"));
	ck_assert_uint_eq(keyed_count(&k.interfaces.nets), 0);
	teardown();
}
END_TEST

SUITE("kernel_watch", test_vrf, test_subnet_on_two_interfaces, test_two_addresses_of_a_subnet, test_own_address_twice,
    test_address_before_link, test_rename, test_delete_with_addresses, test_longest_subnet, test_rescan,
    test_further_tables, test_equal_in_two_tables, test_foreign_of_another_kind, test_many)
