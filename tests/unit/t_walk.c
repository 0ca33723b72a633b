/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/walk: portions, sweeps, marking by next hop. */
#include "rib/walk.h"

#include "tests/unit/ribtest.h"
#include "tests/unit/suite.h"

static const char *const prefixes[] = {"10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16",
				       "2001:db8::/32"};

static void
announce_all(struct ribtest *t, struct rib_source *s, attr_id attr)
{
	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		ribtest_apply(t, s, prefixes[i], attr, attr, RIB_REJECT_NONE);
	rib_decide_run(t->rib, RIB_URGENT, UINT32_MAX);
}

START_TEST(test_portions)
{
	struct ribtest t;
	struct rib_walk w;
	uint32_t seen = 0, budget;

	ribtest_init(&t, &(struct rib_callbacks){0});
	struct rib_source *s = ribtest_peer(&t, RIB_PEER_EBGP, 1, "10.0.0.1");
	attr_id attr = ribtest_attr(&t.attrs, &(struct ribtest_attr){.as = {7}});
	announce_all(&t, s, attr);
	/* one goes while the walk pauses before it: three are seen */
	rib_walk_table(&w, FAMILY_IPV4);
	budget = 2;
	while (rib_walk_next(t.rib, &w, &budget) != 0)
		seen++;
	ck_assert_uint_eq(seen, 2);
	ck_assert(!w.done);
	ribtest_apply(&t, s, "10.3.0.0/16", 0, 0, RIB_REJECT_NONE);
	rib_decide_run(t.rib, RIB_URGENT, UINT32_MAX);
	budget = 100;
	while (rib_walk_next(t.rib, &w, &budget) != 0)
		seen++;
	ck_assert_uint_eq(seen, 3);
	ck_assert(w.done);
	/* of a source: its own only */
	struct rib_source *b = ribtest_peer(&t, RIB_PEER_EBGP, 2, "10.0.0.2");
	ribtest_apply(&t, b, "10.2.0.0/16", attr, attr, RIB_REJECT_NONE);
	rib_walk_source(&w, FAMILY_IPV4, b);
	uint32_t id = rib_walk_next(t.rib, &w, &budget);
	struct ip_prefix p = rib_prefix(t.rib, FAMILY_IPV4, id), want = ribtest_prefix("10.2.0.0/16");
	ck_assert(ip_prefix_eq(&p, &want));
	ck_assert_uint_eq(rib_walk_next(t.rib, &w, &budget), 0);
	ck_assert(w.done);
	ribtest_fini(&t);
}
END_TEST

START_TEST(test_sweep)
{
	struct ribtest t;
	struct rib_sweep sw;
	unsigned slices = 1;

	ribtest_init(&t, &(struct rib_callbacks){0});
	struct rib_source *s = ribtest_peer(&t, RIB_PEER_EBGP, 1, "10.0.0.1");
	attr_id attr = ribtest_attr(&t.attrs, &(struct ribtest_attr){.as = {7}});
	announce_all(&t, s, attr);
	ck_assert(rib_source_stale(s, FAMILY_NONE));
	/* said again: refreshed without a decision */
	ck_assert_uint_eq(ribtest_apply(&t, s, "10.2.0.0/16", attr, attr, RIB_REJECT_NONE), 0);
	ck_assert_uint_eq(rib_dirty_count(t.rib, RIB_URGENT), 0);
	rib_sweep_begin(&sw, s, FAMILY_NONE);
	while (!rib_sweep_run(t.rib, &sw, 1, RIB_BULK))
		slices++;
	ck_assert_uint_ge(slices, 5);
	ck_assert_uint_eq(s->received[FAMILY_IPV4], 1);
	ck_assert_uint_eq(s->received[FAMILY_IPV6], 0);
	ck_assert_uint_eq(s->oldest_gen[FAMILY_IPV4], s->gen[FAMILY_IPV4]);
	ck_assert_uint_eq(rib_dirty_count(t.rib, RIB_BULK), 4);
	ck_assert_uint_eq(rib_decide_run(t.rib, RIB_BULK, 3), 1);
	ck_assert_uint_eq(rib_decide_run(t.rib, RIB_BULK, 3), 0);
	struct rib_stats st;
	rib_stats(t.rib, &st);
	ck_assert_uint_eq(st.prefixes[FAMILY_IPV4], 1);
	ck_assert_uint_eq(st.paths[FAMILY_IPV4], 1);
	ck_assert_uint_eq(st.prefixes[FAMILY_IPV6], 0);
	ribtest_fini(&t);
}
END_TEST

/* RFC 7313 4: a refresh is of one family, and what became stale after a sweep began is not its business. */
START_TEST(test_sweep_family)
{
	struct ribtest t;
	struct rib_sweep sw;

	ribtest_init(&t, &(struct rib_callbacks){0});
	struct rib_source *s = ribtest_peer(&t, RIB_PEER_EBGP, 1, "10.0.0.1");
	attr_id attr = ribtest_attr(&t.attrs, &(struct ribtest_attr){.as = {7}});
	announce_all(&t, s, attr);
	ck_assert(rib_source_stale(s, FAMILY_IPV4));
	ribtest_apply(&t, s, "10.1.0.0/16", attr, attr, RIB_REJECT_NONE);
	rib_sweep_begin(&sw, s, FAMILY_IPV4);
	ck_assert(rib_sweep_run(t.rib, &sw, UINT32_MAX, RIB_BULK));
	ck_assert_uint_eq(s->received[FAMILY_IPV4], 1);
	ck_assert_uint_eq(s->received[FAMILY_IPV6], 1);
	/* BoRR of both, EoRR of IPv4, BoRR of IPv4 again before the sweep has run */
	ck_assert(rib_source_stale(s, FAMILY_NONE));
	ribtest_apply(&t, s, "10.2.0.0/16", attr, attr, RIB_REJECT_NONE);
	rib_sweep_begin(&sw, s, FAMILY_IPV4);
	ck_assert(rib_source_stale(s, FAMILY_IPV4));
	ck_assert(rib_sweep_run(t.rib, &sw, UINT32_MAX, RIB_BULK));
	ck_assert_uint_eq(s->received[FAMILY_IPV4], 1); /* 10.2.0.0/16, stale again and waiting for its EoRR */
	ck_assert_uint_eq(s->received[FAMILY_IPV6], 1);
	/* both EoRR */
	rib_sweep_begin(&sw, s, FAMILY_IPV6);
	rib_sweep_add(&sw, s, FAMILY_IPV4);
	ck_assert(rib_sweep_run(t.rib, &sw, UINT32_MAX, RIB_BULK));
	ck_assert_uint_eq(s->received[FAMILY_IPV4], 0);
	ck_assert_uint_eq(s->received[FAMILY_IPV6], 0);
	ribtest_fini(&t);
}
END_TEST

START_TEST(test_nexthops)
{
	struct ribtest t;
	struct rib_walk w;
	struct bitmap set = {0};
	struct ip_addr a = ribtest_addr("192.0.2.1");

	ribtest_init(&t, &(struct rib_callbacks){0});
	struct rib_source *s = ribtest_peer(&t, RIB_PEER_EBGP, 1, "10.0.0.1");
	nexthop_id n = nexthop_intern(t.nexthops, &a, NULL);
	attr_id over = ribtest_attr(&t.attrs, &(struct ribtest_attr){.as = {7}, .nexthop = n});
	announce_all(&t, s, ribtest_attr(&t.attrs, &(struct ribtest_attr){.as = {7}}));
	ribtest_apply(&t, s, "10.1.0.0/16", over, over, RIB_REJECT_NONE);
	rib_decide_run(t.rib, RIB_URGENT, UINT32_MAX);
	bitmap_set(&set, n);
	rib_walk_table(&w, FAMILY_IPV4);
	ck_assert(!rib_walk_nexthops(t.rib, &w, &set, 1, RIB_URGENT));
	ck_assert(rib_walk_nexthops(t.rib, &w, &set, 100, RIB_URGENT));
	ck_assert_uint_eq(rib_dirty_count(t.rib, RIB_URGENT), 1);
	bitmap_fini(&set);
	ribtest_fini(&t);
}
END_TEST

SUITE("walk", test_portions, test_sweep, test_sweep_family, test_nexthops)
