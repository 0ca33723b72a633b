/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_known: links, addresses and foreign routes: what is reported, what a full
 * dump finds to be gone, and what the kernel drops without a word.
 */
#include "fib/known.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

static struct nhsets sets;
static struct known known;
static struct {
	unsigned links, addresses, routes;
	struct fib_link link;
	struct fib_address address;
	struct fib_foreign route;
	struct fib_nh nh;
	uint32_t unblocked;
} seen;

static void
on_link(void *ctx, const struct fib_link *l)
{
	(void)ctx;
	seen.links++;
	seen.link = *l;
}

static void
on_address(void *ctx, const struct fib_address *a)
{
	(void)ctx;
	seen.addresses++;
	seen.address = *a;
}

static void
on_foreign(void *ctx, const struct fib_foreign *r)
{
	(void)ctx;
	seen.routes++;
	seen.route = *r;
	if (r->nh_count > 0)
		seen.nh = r->nh[0];
}

static void
on_unblocked(void *arg, enum family f, uint32_t id)
{
	(void)arg, (void)f;
	seen.unblocked = id;
}

static const struct fib_callbacks callbacks = {.link = on_link, .address = on_address, .foreign = on_foreign};

static void
setup(void)
{
	memset(&seen, 0, sizeof seen);
	nhsets_init(&sets);
	known_init(&known, &sets, &callbacks, NULL);
	known.unblocked = on_unblocked;
}

static void
teardown(void)
{
	known_fini(&known);
	nhsets_fini(&sets);
}

static unsigned
link_event(uint32_t ifindex, unsigned flags, bool up, bool deleted)
{
	struct fib_ev ev = {.kind = FIB_EV_LINK};

	ev.u.link.ifindex = ifindex;
	ev.u.link.flags = flags;
	ev.u.link.up = up;
	ev.u.link.deleted = deleted;
	return known_link_event(&known, &ev);
}

static unsigned
address_event(uint32_t ifindex, const char *addr, uint8_t plen, bool deleted)
{
	struct fib_ev ev = {.kind = FIB_EV_ADDRESS};
	struct ip_addr a;

	ck_assert_int_eq(ip_addr_parse(addr, &a), 0);
	ev.u.address.ifindex = ifindex;
	ev.u.address.family = a.family;
	ev.u.address.plen = plen;
	ev.u.address.deleted = deleted;
	memcpy(ev.u.address.addr, a.bytes, 16);
	return known_address_event(&known, &ev);
}

/* A route over up to two gateways; via NULL: directly on the interface. */
static unsigned
route_event(const char *prefix, uint32_t metric, uint8_t protocol, unsigned flags, const char *via1,
	    uint32_t if1, const char *via2, uint32_t if2)
{
	struct ip_prefix p;
	struct fib_nh nh[2];

	memset(nh, 0, sizeof nh);
	ck_assert_int_eq(ip_prefix_parse(prefix, &p), 0);
	struct fib_ev_route r = {.family = p.family,
				 .plen = p.len,
				 .protocol = protocol,
				 .table = 254,
				 .metric = metric,
				 .rtm_type = RTN_UNICAST,
				 .flags = (uint8_t)flags,
				 .nh_count = (uint8_t)(if2 != 0 ? 2 : 1)};
	memcpy(r.dst, p.bytes, 16);
	if (via1 != NULL)
		ip_addr_parse(via1, &nh[0].via);
	if (via2 != NULL)
		ip_addr_parse(via2, &nh[1].via);
	nh[0].ifindex = if1;
	nh[1].ifindex = if2;
	return known_route_event(&known, &r, nh);
}

START_TEST(test_links)
{
	ck_assert_uint_eq(link_event(3, IFF_UP, true, false), KNOWN_UP);
	ck_assert_uint_eq(seen.links, 1);
	ck_assert_uint_eq(link_event(3, IFF_UP, true, false), 0);
	ck_assert_uint_eq(seen.links, 1); /* no news */
	ck_assert_uint_eq(link_event(3, IFF_UP, false, false),
			  0); /* carrier lost: the kernel keeps the routes */
	ck_assert(!seen.link.up);
	ck_assert(!known_link_is_dead(&known, 3));
	ck_assert_uint_eq(link_event(3, 0, false, false), KNOWN_FLUSHED);
	ck_assert(known_link_is_dead(&known, 3));
	ck_assert_uint_eq(link_event(3, IFF_UP, true, false), KNOWN_UP);
	ck_assert_uint_eq(link_event(3, 0, false, true), KNOWN_FLUSHED);
	ck_assert(seen.link.deleted);
	ck_assert_uint_eq(link_event(3, 0, false, true), 0);
	ck_assert_uint_eq(seen.links, 5);
	ck_assert(known_link_is_dead(&known, 3));
	ck_assert(!known_link_is_dead(&known, 0));
}
END_TEST

START_TEST(test_addresses)
{
	char text[IP_PREFIX_STRLEN];

	ck_assert_uint_eq(address_event(3, "10.0.0.9", 24, false), KNOWN_UP);
	ck_assert_str_eq(ip_prefix_str(&seen.address.subnet, text, sizeof text), "10.0.0.0/24");
	ck_assert_uint_eq(address_event(3, "10.0.0.9", 24, false), 0);
	ck_assert_uint_eq(seen.addresses, 1);
	address_event(3, "10.0.1.9", 24, false);
	address_event(4, "10.0.1.9", 32, false);
	/* Another address is left on the interface, and this one is no interface's any more. */
	ck_assert_uint_eq(address_event(3, "10.0.0.9", 24, true), KNOWN_NO_ADDR);
	/* The last one of the interface, but the same address is on another. */
	ck_assert_uint_eq(address_event(3, "10.0.1.9", 24, true), KNOWN_FLUSHED);
	ck_assert(seen.address.deleted);
	ck_assert_uint_eq(address_event(3, "10.0.1.9", 24, true), 0);
	ck_assert_uint_eq(address_event(5, "2001:db8::1", 64, false), KNOWN_UP);
	ck_assert_uint_eq(address_event(5, "2001:db8::1", 64, true), 0);
	address_event(5, "fe80::1", 64, false);
	ck_assert_uint_eq(seen.address.addr.scope_id, 5);
}
END_TEST

START_TEST(test_routes)
{
	struct ip_prefix p;

	route_event("10.9.0.0/16", 5, 4, 0, "10.0.0.1", 3, NULL, 0);
	ck_assert_uint_eq(seen.routes, 1);
	ck_assert_uint_eq(seen.nh.ifindex, 3);
	route_event("10.9.0.0/16", 5, 4, 0, "10.0.0.1", 3, NULL, 0);
	ck_assert_uint_eq(seen.routes, 1);
	route_event("10.9.0.0/16", 5, 4, FIB_RT_REPLACED, "10.0.0.2", 3, NULL, 0);
	ck_assert_uint_eq(seen.routes, 2);
	route_event("10.9.0.0/16", 6, 4, 0, "10.0.0.2", 3, NULL, 0); /* another metric: another route */
	ck_assert_uint_eq(seen.routes, 3);
	ck_assert_int_eq(ip_prefix_parse("10.9.0.0/16", &p), 0);
	struct foreign_route *f = known_foreign(&known, &p, 254, 5);
	ck_assert_ptr_nonnull(f);
	ck_assert_uint_eq(f->blocks, FIB_ID_NONE);
	f->blocks = 77;
	ck_assert_ptr_null(known_foreign(&known, &p, 255, 5));
	ck_assert_uint_eq(route_event("10.9.0.0/16", 5, 4, FIB_RT_DELETED, NULL, 0, NULL, 0), 0);
	ck_assert(seen.route.deleted);
	ck_assert_uint_eq(seen.unblocked, 77);
	ck_assert_ptr_null(known_foreign(&known, &p, 254, 5));
	/* Other kinds take their key but are not reported. */
	struct fib_ev_route r = {.family = FAMILY_IPV4, .plen = 16, .table = 254, .rtm_type = RTN_PROHIBIT};
	unsigned before = seen.routes;
	known_route_event(&known, &r, NULL);
	ck_assert_uint_eq(seen.routes, before);
	ck_assert_int_eq(ip_prefix_parse("0.0.0.0/16", &p), 0);
	ck_assert_ptr_nonnull(known_foreign(&known, &p, 254, 0));
}
END_TEST

START_TEST(test_ipv6_next_hops_go_singly)
{
	route_event("2001:db8::/32", 1024, 4, 0, "fe80::1", 3, "fe80::2", 4);
	ck_assert_uint_eq(seen.route.nh_count, 2);
	route_event("2001:db8::/32", 1024, 4, FIB_RT_DELETED | FIB_RT_NHS_ONLY, "fe80::1", 3, NULL, 0);
	ck_assert(!seen.route.deleted);
	ck_assert_uint_eq(seen.route.nh_count, 1);
	ck_assert_uint_eq(seen.nh.ifindex, 4);
	route_event("2001:db8::/32", 1024, 4, FIB_RT_DELETED | FIB_RT_NHS_ONLY, "fe80::2", 4, NULL, 0);
	ck_assert(seen.route.deleted);
	/* Every interface has fe80::/64 with the same metric. */
	route_event("fe80::/64", 256, 2, 0, NULL, 3, NULL, 0);
	route_event("fe80::/64", 256, 2, 0, NULL, 4, NULL, 0);
	ck_assert_uint_eq(
	    route_event("fe80::/64", 256, 2, FIB_RT_DELETED | FIB_RT_NHS_ONLY, NULL, 3, NULL, 0), 0);
	ck_assert_uint_eq(keyed_count(&known.routes), 1);
}
END_TEST

START_TEST(test_twins)
{
	route_event("10.9.0.0/16", 5, 4, 0, "10.0.0.1", 3, NULL, 0);
	route_event("10.9.0.0/16", 5, 4, FIB_RT_APPENDED, "10.0.0.2", 3, NULL, 0);
	ck_assert_uint_eq(seen.routes, 1); /* the kernel goes on using the first */
	ck_assert_uint_eq(route_event("10.9.0.0/16", 5, 4, FIB_RT_DELETED, "10.0.0.1", 3, NULL, 0),
			  KNOWN_RESYNC);
}
END_TEST

static void
expire_all(void)
{
	uint32_t cursor = 0;

	while (known_expire_link(&known, &cursor))
		;
	cursor = 0;
	while (known_expire_address(&known, &cursor))
		;
	cursor = 0;
	while (known_expire_route(&known, &cursor))
		;
}

START_TEST(test_dump_finds_the_difference)
{
	link_event(3, IFF_UP, true, false);
	link_event(4, IFF_UP, true, false);
	address_event(3, "10.0.0.9", 24, false);
	address_event(4, "10.0.1.9", 24, false);
	route_event("10.9.0.0/16", 5, 4, 0, "10.0.0.1", 3, NULL, 0);
	route_event("10.8.0.0/16", 5, 4, 0, "10.0.0.1", 3, NULL, 0);
	memset(&seen, 0, sizeof seen);
	known.gen++;
	known.dumping = true;
	link_event(3, IFF_UP, true, false);
	address_event(3, "10.0.0.9", 24, false);
	route_event("10.9.0.0/16", 5, 4, 0, "10.0.0.7", 3, NULL, 0); /* changed meanwhile */
	ck_assert_uint_eq(seen.routes, 1);
	known.dumping = false;
	expire_all();
	ck_assert_uint_eq(seen.links, 1);
	ck_assert(seen.link.deleted && seen.link.ifindex == 4);
	ck_assert_uint_eq(seen.addresses, 1);
	ck_assert(seen.address.deleted && seen.address.ifindex == 4);
	ck_assert_uint_eq(seen.routes, 2);
	ck_assert(seen.route.deleted);
	ck_assert_uint_eq(seen.route.prefix.bytes[1], 8);
}
END_TEST

START_TEST(test_silent_flush)
{
	uint32_t cursor = 0;

	link_event(3, IFF_UP, true, false);
	link_event(4, IFF_UP, true, false);
	route_event("10.1.0.0/16", 0, 2, 0, NULL, 3, NULL, 0);
	route_event("10.2.0.0/16", 0, 4, 0, "10.0.0.1", 3, "10.0.1.1", 4);
	route_event("2001:db8::/32", 1024, 4, 0, "fe80::1", 3, NULL,
		    0); /* the kernel tells about these itself */
	link_event(3, 0, false, false);
	while (known_flush_route(&known, &cursor, 3, 0))
		;
	ck_assert_uint_eq(keyed_count(&known.routes), 2);
	ck_assert(seen.route.deleted);
	ck_assert_uint_eq(seen.route.prefix.bytes[1], 1);
	link_event(4, 0, false, false);
	cursor = 0;
	while (known_flush_route(&known, &cursor, 4, 0))
		;
	ck_assert_uint_eq(keyed_count(&known.routes), 1);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("known");
	TCase *tc = tcase_create("known");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_links);
	tcase_add_test(tc, test_addresses);
	tcase_add_test(tc, test_routes);
	tcase_add_test(tc, test_ipv6_next_hops_go_singly);
	tcase_add_test(tc, test_twins);
	tcase_add_test(tc, test_dump_finds_the_difference);
	tcase_add_test(tc, test_silent_flush);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
