/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/nexthop: identity, longest match, recursion, default route, links, and what a change marks. */
#include "rib/nexthop.h"

#include "tests/unit/ribtest.h"
#include "tests/unit/suite.h"

static nexthop_id
intern(struct nexthop_table *t, const char *global, const char *link_local)
{
	struct ip_addr g = {0}, l = {0};

	if (global != NULL)
		g = ribtest_addr(global);
	if (link_local != NULL)
		l = ribtest_addr(link_local);
	return nexthop_intern(t, &g, &l);
}

static void
route(struct nexthop_table *t, const char *prefix, enum nexthop_route_kind kind, uint32_t metric,
      const char *via, uint32_t ifindex)
{
	struct ip_prefix p = ribtest_prefix(prefix);
	struct nexthop_via v = {.ifindex = ifindex, .weight = 1};

	if (via != NULL)
		v.via = ribtest_addr(via);
	nexthop_route_add(t, &p, kind, metric, &v, 1);
}

static bool
route_del(struct nexthop_table *t, const char *prefix, enum nexthop_route_kind kind, uint32_t metric)
{
	struct ip_prefix p = ribtest_prefix(prefix);

	return nexthop_route_del(t, &p, kind, metric, 2);
}

static void
count(void *ctx, nexthop_id id)
{
	(void)id;
	++*(unsigned *)ctx;
}

static unsigned
run(struct nexthop_table *t)
{
	unsigned changed = 0;

	ck_assert_uint_eq(nexthop_run(t, UINT32_MAX, count, &changed), 0);
	return changed;
}

static void
assert_via(struct nexthop_table *t, nexthop_id id, const char *via, uint32_t ifindex, uint32_t metric)
{
	struct nexthop_view v;
	struct ip_addr a = ribtest_addr(via);

	nexthop_get(t, id, &v);
	ck_assert(v.resolved);
	ck_assert_uint_eq(v.via_count, 1);
	ck_assert(ip_addr_eq(&v.via[0].via, &a));
	ck_assert_uint_eq(v.via[0].ifindex, ifindex);
	ck_assert_uint_eq(v.metric, metric);
}

START_TEST(test_identity)
{
	struct nexthop_table *t = nexthop_table_new(1);
	nexthop_id a = intern(t, "10.0.0.2", NULL), b = intern(t, "10.0.0.3", NULL);
	nexthop_id l = intern(t, "2001:db8::1", "fe80::1%3"), g = intern(t, "2001:db8::1", NULL);

	ck_assert_uint_ne(a, b);
	ck_assert_uint_ne(l, g);
	ck_assert_uint_eq(intern(t, "10.0.0.2", NULL), a);
	nexthop_unref(t, a);
	ck_assert_uint_eq(nexthop_count(t), 4);
	nexthop_unref(t, a);
	ck_assert_uint_eq(nexthop_count(t), 3);
	ck_assert_uint_eq(nexthop_next(t, a), b);
	ck_assert(nexthop_resolved(t, NEXTHOP_NONE));
	ck_assert_uint_eq(nexthop_metric(t, NEXTHOP_NONE), 0);
	nexthop_table_free(t);
}
END_TEST

START_TEST(test_kernel_routes)
{
	struct nexthop_table *t = nexthop_table_new(1);
	uint32_t ifindex = 0;

	route(t, "10.0.0.0/24", NEXTHOP_ROUTE_CONNECTED, 0, NULL, 2);
	nexthop_id near = intern(t, "10.0.0.9", NULL), far = intern(t, "192.0.2.1", NULL);
	assert_via(t, near, "10.0.0.9", 2, 0);
	ck_assert(!nexthop_resolved(t, far));
	ck_assert_uint_eq(nexthop_count(t), 2);
	ck_assert_uint_eq(nexthop_unresolved(t), 1);
	ck_assert_uint_eq(nexthop_metric(t, far), UINT32_MAX);
	struct ip_addr a = ribtest_addr("10.0.0.77"), b = ribtest_addr("192.0.2.1");
	ck_assert(nexthop_connected(t, &a, &ifindex) && ifindex == 2);
	ck_assert(!nexthop_connected(t, &b, NULL));

	route(t, "192.0.2.0/24", NEXTHOP_ROUTE_KERNEL, 50, "10.0.0.4", 2);
	ck_assert_uint_eq(nexthop_pending(t), 1);
	ck_assert_uint_eq(run(t), 1);
	assert_via(t, far, "10.0.0.4", 2, 50);
	/* a lower metric wins, whatever came first; then the blackhole inside it is the longer match */
	route(t, "192.0.2.0/24", NEXTHOP_ROUTE_KERNEL, 20, "10.0.0.5", 2);
	ck_assert_uint_eq(run(t), 1);
	assert_via(t, far, "10.0.0.5", 2, 20);
	route(t, "192.0.2.0/28", NEXTHOP_ROUTE_BLACKHOLE, 0, NULL, 0);
	ck_assert_uint_eq(run(t), 1);
	ck_assert(!nexthop_resolved(t, far));
	ck_assert(route_del(t, "192.0.2.0/28", NEXTHOP_ROUTE_BLACKHOLE, 0));
	ck_assert_uint_eq(run(t), 1);
	assert_via(t, far, "10.0.0.5", 2, 20);
	route(t, "192.0.2.0/28", NEXTHOP_ROUTE_UNREACHABLE, 0, NULL, 0);
	ck_assert_uint_eq(run(t), 1);
	ck_assert(!nexthop_resolved(t, far));
	ck_assert(route_del(t, "192.0.2.0/28", NEXTHOP_ROUTE_UNREACHABLE, 0));
	ck_assert(!route_del(t, "192.0.2.0/28", NEXTHOP_ROUTE_UNREACHABLE, 0));
	ck_assert(route_del(t, "192.0.2.0/24", NEXTHOP_ROUTE_KERNEL, 20));
	ck_assert_uint_eq(run(t), 1);
	assert_via(t, far, "10.0.0.4", 2, 50);
	ck_assert_uint_eq(nexthop_unresolved(t), 0);
	nexthop_unref(t, intern(t, "203.0.113.1", NULL));
	ck_assert_uint_eq(nexthop_unresolved(t), 0);
	/* a route elsewhere concerns nobody */
	route(t, "198.51.100.0/24", NEXTHOP_ROUTE_KERNEL, 50, "10.0.0.4", 2);
	ck_assert_uint_eq(nexthop_pending(t), 0);
	nexthop_table_free(t);
}
END_TEST

START_TEST(test_foreign)
{
	struct nexthop_table *t = nexthop_table_new(1);
	struct ip_prefix p = ribtest_prefix("192.0.2.0/24"), host = ribtest_prefix("10.0.0.1/32"), at;
	struct nexthop_foreign r;
	uint32_t from = 1, scan = UINT32_MAX, n = 0;

	/* neither a subnet of ours nor an address of ours is foreign */
	route(t, "192.0.2.0/24", NEXTHOP_ROUTE_CONNECTED, 0, NULL, 2);
	route(t, "10.0.0.1/32", NEXTHOP_ROUTE_OWN, 0, NULL, 0);
	ck_assert(!nexthop_foreign_get(t, &p, &r));
	ck_assert(!nexthop_foreign_get(t, &host, &r));
	/* the lowest metric counts, and the next one when that goes */
	route(t, "192.0.2.0/24", NEXTHOP_ROUTE_KERNEL, 50, "10.0.0.4", 3);
	route(t, "192.0.2.0/24", NEXTHOP_ROUTE_KERNEL, 20, "10.0.0.5", 4);
	ck_assert(nexthop_foreign_get(t, &p, &r) && r.metric == 20 && r.ifindex == 4);
	ck_assert(route_del(t, "192.0.2.0/24", NEXTHOP_ROUTE_KERNEL, 20));
	ck_assert(nexthop_foreign_get(t, &p, &r) && r.metric == 50 && r.ifindex == 3);
	ck_assert(route_del(t, "192.0.2.0/24", NEXTHOP_ROUTE_KERNEL, 50));
	ck_assert(!nexthop_foreign_get(t, &p, &r));
	route(t, "10.0.0.1/32", NEXTHOP_ROUTE_UNREACHABLE, 7, NULL, 0);
	ck_assert(nexthop_foreign_get(t, &host, &r) && r.metric == 7 && r.ifindex == 0 && r.from.protocol == 0);
	/* who made it may change alone */
	nexthop_foreign_add(t, &host, NEXTHOP_ROUTE_UNREACHABLE, 7, &(struct nexthop_origin){.protocol = 80}, NULL, 0);
	ck_assert(nexthop_foreign_get(t, &host, &r) && r.metric == 7 && r.from.protocol == 80);
	nexthop_foreign_add(t, &host, NEXTHOP_ROUTE_UNREACHABLE, 7, &(struct nexthop_origin){.protocol = 12}, NULL, 0);
	ck_assert(nexthop_foreign_get(t, &host, &r) && r.from.protocol == 12);
	ck_assert(!r.blackhole);
	/* and what it does to packets is known of the one that counts */
	nexthop_foreign_add(t, &host, NEXTHOP_ROUTE_BLACKHOLE, 6, &(struct nexthop_origin){.protocol = 80}, NULL, 0);
	ck_assert(nexthop_foreign_get(t, &host, &r) && r.metric == 6 && r.blackhole && r.via_count == 0);
	ck_assert(route_del(t, "10.0.0.1/32", NEXTHOP_ROUTE_BLACKHOLE, 6));
	ck_assert(nexthop_foreign_get(t, &host, &r) && r.metric == 7 && !r.blackhole);
	for (; nexthop_route_next(t, FAMILY_IPV4, &from, &scan, &at); n++)
		ck_assert(ip_prefix_eq(&at, &p) || ip_prefix_eq(&at, &host));
	ck_assert_uint_eq(n, 2);
	nexthop_table_free(t);
}
END_TEST

START_TEST(test_default_and_links)
{
	struct nexthop_table *t = nexthop_table_new(1);
	nexthop_id far = intern(t, "192.0.2.1", NULL), ll = intern(t, NULL, "fe80::1%3");

	route(t, "0.0.0.0/0", NEXTHOP_ROUTE_KERNEL, 100, "10.0.0.1", 2);
	ck_assert_uint_eq(run(t), 0);
	ck_assert(!nexthop_resolved(t, far));
	nexthop_set_allow_default(t, true);
	ck_assert_uint_eq(run(t), 1);
	assert_via(t, far, "10.0.0.1", 2, 100);
	ck_assert(!nexthop_resolved(t, ll));
	nexthop_link_set(t, 3, true);
	ck_assert_uint_eq(run(t), 1);
	assert_via(t, ll, "fe80::1%3", 3, 0);
	nexthop_link_set(t, 2, false);
	nexthop_link_set(t, 3, false);
	ck_assert_uint_eq(run(t), 2);
	ck_assert(!nexthop_resolved(t, far));
	ck_assert(!nexthop_resolved(t, ll));
	nexthop_table_free(t);
}
END_TEST

/* A reflector without a kernel has no routes to resolve by. */
START_TEST(test_reach_all)
{
	struct nexthop_table *t = nexthop_table_new(1);
	nexthop_id before = intern(t, "192.0.2.1", NULL);
	uint32_t metric;

	ck_assert(!nexthop_resolved(t, before));
	nexthop_set_reach_all(t);
	ck_assert_uint_eq(run(t), 1);
	nexthop_id after = intern(t, "2001:db8::1", NULL), ll = intern(t, NULL, "fe80::1%3");
	ck_assert(nexthop_reach(t, before, &metric) && metric == 0);
	ck_assert(nexthop_reach(t, after, &metric) && metric == 0);
	ck_assert(nexthop_reach(t, ll, &metric) && metric == 0);
	struct nexthop_view v;
	nexthop_get(t, before, &v);
	ck_assert(!v.recursive && v.via_count == 0);
	/* What is told all the same changes nothing. */
	route(t, "192.0.2.0/24", NEXTHOP_ROUTE_UNREACHABLE, 0, NULL, 0);
	ck_assert_uint_eq(run(t), 0);
	ck_assert(nexthop_resolved(t, before));
	nexthop_table_free(t);
}
END_TEST

/* BGP routes as a list, the way the RIB answers. */
struct bgp_routes {
	struct {
		struct ip_prefix p;
		nexthop_id id;
	} r[4];
	unsigned n;
};

static unsigned
lookup(void *ctx, const struct ip_addr *a, unsigned max_len, struct ip_prefix *matched, nexthop_id *ids,
       unsigned max)
{
	const struct bgp_routes *b = ctx;
	unsigned n = 0;

	for (unsigned i = 0; i < b->n && max > 0; i++) {
		if (b->r[i].p.len > max_len || !ip_prefix_contains(&b->r[i].p, a) ||
		    (n > 0 && b->r[i].p.len < matched->len))
			continue;
		*matched = b->r[i].p;
		ids[0] = b->r[i].id;
		n = 1;
	}
	return n;
}

START_TEST(test_recursive)
{
	struct nexthop_table *t = nexthop_table_new(1);
	struct bgp_routes b = {0};
	struct nexthop_view v;

	nexthop_set_lookup(t, lookup, &b);
	route(t, "10.0.0.0/24", NEXTHOP_ROUTE_CONNECTED, 0, NULL, 2);
	nexthop_id far = intern(t, "192.0.2.1", NULL), near = intern(t, "10.0.0.9", NULL);
	ck_assert(!nexthop_resolved(t, far));
	/* 192.0.2.0/24 is in BGP by way of 10.0.0.9 */
	b.r[b.n].p = ribtest_prefix("192.0.2.0/24");
	b.r[b.n++].id = near;
	nexthop_rib_changed(t, &b.r[0].p);
	ck_assert_uint_eq(run(t), 1);
	assert_via(t, far, "10.0.0.9", 2, 0);
	nexthop_get(t, far, &v);
	ck_assert(v.recursive);
	/* the neighbour announces its own address with itself as next hop: the connected subnet still counts
	 */
	b.r[b.n].p = ribtest_prefix("10.0.0.9/32");
	b.r[b.n++].id = near;
	nexthop_rib_changed(t, &b.r[1].p);
	ck_assert_uint_eq(run(t), 0);
	assert_via(t, near, "10.0.0.9", 2, 0);
	/* what happens to the next hop in the middle reaches the one behind it */
	route(t, "10.0.0.9/32", NEXTHOP_ROUTE_KERNEL, 30, "10.0.0.4", 2);
	ck_assert_uint_eq(run(t), 2);
	assert_via(t, far, "10.0.0.4", 2, 30);
	nexthop_table_free(t);
}
END_TEST

/* One that is new between two changes of the next hop in its middle was not marked by the first: the second has to. */
START_TEST(test_between_marks)
{
	struct nexthop_table *t = nexthop_table_new(1);
	struct bgp_routes b = {0};

	nexthop_set_lookup(t, lookup, &b);
	route(t, "10.0.0.0/24", NEXTHOP_ROUTE_CONNECTED, 0, NULL, 2);
	nexthop_id near = intern(t, "10.0.0.9", NULL);
	b.r[b.n].p = ribtest_prefix("192.0.2.0/24");
	b.r[b.n++].id = near;
	nexthop_id far = intern(t, "192.0.2.1", NULL);
	assert_via(t, far, "10.0.0.9", 2, 0);
	route(t, "10.0.0.9/32", NEXTHOP_ROUTE_KERNEL, 30, "10.0.0.4", 2);
	nexthop_id late = intern(t, "192.0.2.2", NULL);
	assert_via(t, late, "10.0.0.4", 2, 30);
	route(t, "10.0.0.9/32", NEXTHOP_ROUTE_KERNEL, 30, "10.0.0.5", 2);
	run(t);
	assert_via(t, far, "10.0.0.5", 2, 30);
	assert_via(t, late, "10.0.0.5", 2, 30);
	nexthop_table_free(t);
}
END_TEST

START_TEST(test_circle)
{
	struct nexthop_table *t = nexthop_table_new(1);
	struct bgp_routes b = {0};
	nexthop_id x = intern(t, "192.0.2.1", NULL), y = intern(t, "198.51.100.1", NULL);

	/* each in the other's prefix: neither resolves, and it ends */
	b.r[0].p = ribtest_prefix("192.0.2.0/24");
	b.r[0].id = y;
	b.r[1].p = ribtest_prefix("198.51.100.0/24");
	b.r[1].id = x;
	b.n = 2;
	nexthop_set_lookup(t, lookup, &b);
	nexthop_rib_changed(t, &b.r[0].p);
	nexthop_rib_changed(t, &b.r[1].p);
	ck_assert_uint_eq(run(t), 0);
	ck_assert(!nexthop_resolved(t, x));
	ck_assert(!nexthop_resolved(t, y));
	nexthop_table_free(t);
}
END_TEST

/* How many next hops a change of this prefix marks. */
static uint32_t
marks(struct nexthop_table *t, const char *prefix)
{
	struct ip_prefix p = ribtest_prefix(prefix);

	run(t);
	nexthop_rib_changed(t, &p);
	return nexthop_pending(t);
}

START_TEST(test_marks)
{
	struct nexthop_table *t = nexthop_table_new(1);
	nexthop_id ids[] = {intern(t, "10.0.0.2", NULL), intern(t, "10.0.0.9", NULL), intern(t, "10.0.2.1", NULL),
			    intern(t, "2001:db8::1", NULL), intern(t, "2001:db8::2", NULL)};

	ck_assert_uint_eq(marks(t, "9.0.0.0/8"), 0);
	ck_assert_uint_eq(marks(t, "10.0.0.0/8"), 3);
	ck_assert_uint_eq(marks(t, "0.0.0.0/1"), 3);
	ck_assert_uint_eq(marks(t, "0.0.0.0/0"), 0);
	ck_assert_uint_eq(marks(t, "10.0.0.0/32"), 0);
	ck_assert_uint_eq(marks(t, "10.0.0.0/29"), 1);
	ck_assert_uint_eq(marks(t, "10.0.0.2/32"), 1);
	ck_assert_uint_eq(marks(t, "10.0.1.0/24"), 0);
	ck_assert_uint_eq(marks(t, "10.0.2.1/32"), 1);
	ck_assert_uint_eq(marks(t, "10.0.2.2/32"), 0);
	ck_assert_uint_eq(marks(t, "11.0.0.0/8"), 0);
	ck_assert_uint_eq(marks(t, "2001:db8::/64"), 2);
	ck_assert_uint_eq(marks(t, "2001:db8::2/128"), 1);
	ck_assert_uint_eq(marks(t, "2001:db8::3/128"), 0);
	ck_assert_uint_eq(marks(t, "2001:db8:0:1::/64"), 0);
	nexthop_set_allow_default(t, true);
	ck_assert_uint_eq(marks(t, "0.0.0.0/0"), 3);
	nexthop_unref(t, ids[2]);
	ck_assert_uint_eq(marks(t, "10.0.2.0/24"), 0);
	ck_assert_uint_eq(marks(t, "10.0.0.9/32"), 1);
	nexthop_unref(t, ids[0]);
	ck_assert_uint_eq(marks(t, "10.0.0.2/32"), 0);
	ck_assert_uint_eq(marks(t, "10.0.0.0/8"), 1);
	nexthop_unref(t, ids[1]);
	ck_assert_uint_eq(marks(t, "0.0.0.0/0"), 0);
	intern(t, "192.0.2.1", NULL);
	ck_assert_uint_eq(marks(t, "192.0.2.0/24"), 1);
	nexthop_table_free(t);
}
END_TEST

SUITE("nexthop", test_marks, test_identity, test_kernel_routes, test_foreign, test_default_and_links, test_reach_all, test_recursive,
      test_between_marks, test_circle)
