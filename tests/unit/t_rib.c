/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/rib, rib/update and rib/pass: what is kept, what is told, and when ids go. */
#include "rib/rib.h"

#include "rib/spare.h"
#include "tests/unit/ribtest.h"
#include "tests/unit/suite.h"

/* What the change callback said last. */
struct told {
	unsigned calls, what;
	attr_id old_attr, attr;
	uint16_t old_source, source;
	bool pin, needed;
	unsigned asked; /* whether it is pinned */
};

static void
change_one(struct told *t, struct rib_change *c)
{
	t->calls++;
	t->what = c->what;
	t->old_attr = c->old_attr;
	t->old_source = c->old_source;
	t->attr = c->best != NULL ? c->best->attr : 0;
	t->source = c->best != NULL ? c->best->source : 0;
	c->needed = t->needed;
}

static void
change(void *ctx, struct rib_change *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		change_one(ctx, &c[i]);
}

static bool
pinned(void *ctx, enum family f, uint32_t id)
{
	(void)f, (void)id;
	((struct told *)ctx)->asked++;
	return ((struct told *)ctx)->pin;
}

struct world {
	struct told told;
	struct ribtest t;
	struct rib_source *a, *b;
	attr_id lp100, lp200;
};

static void
begin(struct world *w)
{
	memset(w, 0, sizeof(*w));
	ribtest_init(&w->t, &(struct rib_callbacks){.change = change, .pinned = pinned, .ctx = &w->told});
	w->a = ribtest_peer(&w->t, RIB_PEER_EBGP, 1, "10.0.0.1");
	w->b = ribtest_peer(&w->t, RIB_PEER_EBGP, 2, "10.0.0.2");
	w->lp100 = ribtest_attr(&w->t.attrs, &(struct ribtest_attr){.as = {7}, .local_pref = 100});
	w->lp200 = ribtest_attr(&w->t.attrs, &(struct ribtest_attr){.as = {7}, .local_pref = 200});
}

/* All references but the test's own two must be back. */
static void
end(struct world *w)
{
	rib_free(w->t.rib);
	ck_assert_uint_eq(attr_slot(&w->t.attrs, w->lp100)->refs, 1);
	ck_assert_uint_eq(attr_slot(&w->t.attrs, w->lp200)->refs, 1);
	attr_table_fini(&w->t.attrs);
	nexthop_table_free(w->t.nexthops);
}

static unsigned
announce(struct world *w, struct rib_source *s, const char *prefix, attr_id attr)
{
	return ribtest_apply(&w->t, s, prefix, attr, attr, RIB_REJECT_NONE);
}

static void
decide(struct world *w)
{
	memset(&w->told, 0, offsetof(struct told, pin));
	ck_assert_uint_eq(rib_decide_run(w->t.rib, RIB_URGENT, UINT32_MAX), 0);
}

/* The reasons of the paths of a and b, RIB_REASON_COUNT for none. */
struct reasons {
	const struct world *w;
	enum rib_reason a, b;
};

static void
note_reason(void *ctx, const struct rib_path *p, enum rib_reason reason)
{
	struct reasons *r = ctx;

	*(p->source == r->w->a->index ? &r->a : &r->b) = reason;
}

static void
expect_reasons(struct world *w, const char *prefix, enum rib_reason a, enum rib_reason b)
{
	struct reasons r = {w, RIB_REASON_COUNT, RIB_REASON_COUNT};
	struct ip_prefix p = ribtest_prefix(prefix);

	rib_why(w->t.rib, FAMILY_IPV4, rib_find(w->t.rib, &p), note_reason, &r);
	ck_assert_int_eq(r.a, a);
	ck_assert_int_eq(r.b, b);
}

/* Nothing is called best that is not, nor lost what is still used. */
START_TEST(test_why_undecided)
{
	struct world w;

	begin(&w);
	announce(&w, w.a, "10.0.0.0/8", w.lp100);
	expect_reasons(&w, "10.0.0.0/8", RIB_REASON_UNDECIDED, RIB_REASON_COUNT);
	decide(&w);
	expect_reasons(&w, "10.0.0.0/8", RIB_REASON_BEST, RIB_REASON_COUNT);
	announce(&w, w.b, "10.0.0.0/8", w.lp200);
	expect_reasons(&w, "10.0.0.0/8", RIB_REASON_UNDECIDED, RIB_REASON_UNDECIDED);
	decide(&w);
	expect_reasons(&w, "10.0.0.0/8", RIB_REASON_LOCAL_PREF, RIB_REASON_BEST);
	/* Two that come together: only the one that will win is not decided on. */
	announce(&w, w.a, "11.0.0.0/8", w.lp100);
	announce(&w, w.b, "11.0.0.0/8", w.lp200);
	expect_reasons(&w, "11.0.0.0/8", RIB_REASON_LOCAL_PREF, RIB_REASON_UNDECIDED);
	end(&w);
}
END_TEST

START_TEST(test_best_changes)
{
	struct world w;

	begin(&w);
	ck_assert_uint_eq(announce(&w, w.a, "10.0.0.0/8", w.lp100), 1);
	decide(&w);
	ck_assert_uint_eq(w.told.calls, 1);
	ck_assert_uint_eq(w.told.what, RIB_CHANGE_BEST);
	ck_assert_uint_eq(w.told.old_attr, 0);
	ck_assert_uint_eq(w.told.source, w.a->index);
	ck_assert_uint_eq(w.a->best[FAMILY_IPV4].count, 1);
	/* a better one, then the same again: told once, nothing the second time */
	announce(&w, w.b, "10.0.0.0/8", w.lp200);
	decide(&w);
	ck_assert_uint_eq(w.told.old_attr, w.lp100);
	ck_assert_uint_eq(w.told.old_source, w.a->index);
	ck_assert_uint_eq(w.told.attr, w.lp200);
	ck_assert_uint_eq(w.a->best[FAMILY_IPV4].count, 0);
	ck_assert_uint_eq(w.b->best[FAMILY_IPV4].count, 1);
	ck_assert_uint_eq(announce(&w, w.b, "10.0.0.0/8", w.lp200), 0);
	ck_assert_uint_eq(rib_dirty_count(w.t.rib, RIB_URGENT), 0);
	/* the best goes: the other again; both go: none, and the id is free */
	announce(&w, w.b, "10.0.0.0/8", 0);
	decide(&w);
	ck_assert_uint_eq(w.told.old_attr, w.lp200);
	ck_assert_uint_eq(w.told.source, w.a->index);
	announce(&w, w.a, "10.0.0.0/8", 0);
	decide(&w);
	ck_assert_uint_eq(w.told.attr, 0);
	ck_assert_uint_eq(w.a->best[FAMILY_IPV4].count + w.b->best[FAMILY_IPV4].count, 0);
	struct ip_prefix p = ribtest_prefix("10.0.0.0/8");
	ck_assert_uint_eq(rib_find(w.t.rib, &p), 0);
	ck_assert_uint_eq(announce(&w, w.a, "10.0.0.0/8", 0), 0);
	end(&w);
}
END_TEST

START_TEST(test_there_and_back)
{
	struct world w;

	begin(&w);
	announce(&w, w.a, "10.0.0.0/8", w.lp100);
	decide(&w);
	announce(&w, w.a, "10.0.0.0/8", w.lp200);
	announce(&w, w.a, "10.0.0.0/8", 0);
	announce(&w, w.a, "10.0.0.0/8", w.lp100);
	ck_assert_uint_eq(rib_dirty_count(w.t.rib, RIB_URGENT), 1);
	struct ip_prefix p = ribtest_prefix("10.0.0.0/8");
	uint32_t id = rib_find(w.t.rib, &p);
	ck_assert(rib_prefix_dirty(w.t.rib, FAMILY_IPV4, id));
	decide(&w);
	ck_assert_uint_eq(w.told.calls, 0);
	ck_assert(!rib_prefix_dirty(w.t.rib, FAMILY_IPV4, id));
	end(&w);
}
END_TEST

START_TEST(test_decision_mark)
{
	struct world w;

	begin(&w);
	announce(&w, w.a, "10.0.0.0/8", w.lp100);
	announce(&w, w.a, "10.1.0.0/16", w.lp100);
	uint64_t mark = rib_decision_mark(w.t.rib);
	announce(&w, w.a, "10.2.0.0/16", w.lp100);
	ck_assert_uint_eq(rib_decide_run(w.t.rib, RIB_URGENT, 1), 2);
	ck_assert(!rib_decision_done(w.t.rib, mark));
	/* the third came after the mark: nobody waits for it */
	ck_assert_uint_eq(rib_decide_run(w.t.rib, RIB_URGENT, 1), 1);
	ck_assert(rib_decision_done(w.t.rib, mark));
	end(&w);
}
END_TEST

START_TEST(test_rejected_and_side)
{
	struct world w;
	struct ip_prefix p = ribtest_prefix("2001:db8::/32");

	begin(&w);
	ribtest_apply(&w.t, w.a, "2001:db8::/32", w.lp100, w.lp200, RIB_REJECT_NONE);
	decide(&w);
	uint32_t id = rib_find(w.t.rib, &p);
	const struct rib_path *path = rib_best(w.t.rib, FAMILY_IPV6, id);
	ck_assert_uint_eq(path->attr, w.lp200);
	ck_assert_uint_eq(rib_path_received(w.t.rib, FAMILY_IPV6, id, path), w.lp100);
	ck_assert_uint_eq(w.a->accepted[FAMILY_IPV6], 1);
	/* rejected: kept as received, not best, still counted as received */
	ribtest_apply(&w.t, w.a, "2001:db8::/32", w.lp100, 0, RIB_REJECT_AS_LOOP);
	decide(&w);
	ck_assert_uint_eq(w.told.old_attr, w.lp200);
	ck_assert_uint_eq(w.told.attr, 0);
	path = rib_path_first(w.t.rib, FAMILY_IPV6, id);
	ck_assert_int_eq(rib_path_reject(path), RIB_REJECT_AS_LOOP);
	ck_assert_uint_eq(path->flags & RIB_PATH_SIDE, 0);
	ck_assert_uint_eq(w.a->accepted[FAMILY_IPV6], 0);
	ck_assert_uint_eq(w.a->received[FAMILY_IPV6], 1);
	/* accepted as it came */
	announce(&w, w.a, "2001:db8::/32", w.lp100);
	decide(&w);
	ck_assert_uint_eq(w.told.attr, w.lp100);
	ck_assert_uint_eq(w.a->accepted[FAMILY_IPV6], 1);
	end(&w);
}
END_TEST

START_TEST(test_multipath_told)
{
	struct world w;

	begin(&w);
	rib_config_set(w.t.rib, &(struct rib_config){
				    .default_local_pref = 100, .multipath_ebgp = 4, .multipath_ibgp = 4});
	announce(&w, w.a, "10.0.0.0/8", w.lp100);
	decide(&w);
	announce(&w, w.b, "10.0.0.0/8", w.lp100);
	decide(&w);
	/* the best stays (lower router id) and has company now */
	ck_assert_uint_eq(w.told.what, RIB_CHANGE_SET);
	ck_assert_uint_eq(w.told.source, w.a->index);
	announce(&w, w.b, "10.0.0.0/8", 0);
	decide(&w);
	ck_assert_uint_eq(w.told.what, RIB_CHANGE_SET);
	end(&w);
}
END_TEST

static void
count_changed(void *ctx, nexthop_id id)
{
	(void)id;
	++*(unsigned *)ctx;
}

START_TEST(test_nexthop_unresolved)
{
	struct world w;
	struct ip_addr nh = ribtest_addr("192.0.2.1");
	struct ip_prefix sub = ribtest_prefix("192.0.2.0/24"), p = ribtest_prefix("10.0.0.0/8");

	begin(&w);
	nexthop_id n = nexthop_intern(w.t.nexthops, &nh, NULL);
	attr_id attr = ribtest_attr(&w.t.attrs, &(struct ribtest_attr){.nexthop = n, .local_pref = 300});
	nexthop_unref(w.t.nexthops, n);
	announce(&w, w.a, "10.0.0.0/8", attr);
	announce(&w, w.b, "10.0.0.0/8", w.lp100);
	decide(&w);
	ck_assert_uint_eq(w.told.source, w.b->index);
	nexthop_route_add(w.t.nexthops, &sub, NEXTHOP_ROUTE_CONNECTED, 0, &(struct nexthop_via){.ifindex = 2},
			  1);
	unsigned changed = 0;
	nexthop_run(w.t.nexthops, UINT32_MAX, count_changed, &changed);
	ck_assert_uint_eq(changed, 1);
	rib_prefix_touch(w.t.rib, FAMILY_IPV4, rib_find(w.t.rib, &p), RIB_URGENT, 0);
	decide(&w);
	ck_assert_uint_eq(w.told.what, RIB_CHANGE_BEST);
	ck_assert_uint_eq(w.told.source, w.a->index);
	ck_assert_uint_eq(w.told.old_source, w.b->index);
	end(&w);
}
END_TEST

/* A next hop that is looked up between two states of a prefix which are the same must not keep what was between. */
START_TEST(test_nexthop_between)
{
	struct world w;
	struct ip_addr near = ribtest_addr("192.0.2.1"), far = ribtest_addr("10.0.0.1");
	struct ip_prefix sub = ribtest_prefix("192.0.2.0/24");
	unsigned changed = 0;

	begin(&w);
	nexthop_route_add(w.t.nexthops, &sub, NEXTHOP_ROUTE_CONNECTED, 0, &(struct nexthop_via){.ifindex = 2},
			  1);
	nexthop_id n = nexthop_intern(w.t.nexthops, &near, NULL);
	attr_id attr = ribtest_attr(&w.t.attrs, &(struct ribtest_attr){.nexthop = n, .local_pref = 300});
	nexthop_unref(w.t.nexthops, n);
	announce(&w, w.a, "10.0.0.0/8", attr);
	decide(&w);
	announce(&w, w.a, "10.0.0.0/8", 0);
	n = nexthop_intern(w.t.nexthops, &far, NULL);
	ck_assert(!nexthop_resolved(w.t.nexthops, n));
	announce(&w, w.a, "10.0.0.0/8", attr);
	decide(&w);
	nexthop_run(w.t.nexthops, UINT32_MAX, count_changed, &changed);
	ck_assert(nexthop_resolved(w.t.nexthops, n));
	nexthop_unref(w.t.nexthops, n);
	end(&w);
}
END_TEST

START_TEST(test_pin)
{
	struct world w;
	struct ip_prefix p = ribtest_prefix("10.0.0.0/8");

	begin(&w);
	announce(&w, w.a, "10.0.0.0/8", w.lp100);
	decide(&w);
	w.told.pin = true;
	announce(&w, w.a, "10.0.0.0/8", 0);
	decide(&w);
	uint32_t id = rib_find(w.t.rib, &p);
	ck_assert_uint_ne(id, 0);
	rib_prefix_unpin(w.t.rib, FAMILY_IPV4, id);
	ck_assert_uint_eq(rib_find(w.t.rib, &p), id);
	w.told.pin = false;
	rib_prefix_unpin(w.t.rib, FAMILY_IPV4, id);
	ck_assert_uint_eq(rib_find(w.t.rib, &p), 0);
	end(&w);
}
END_TEST

/* An owner who says with the change that it needs the id is not asked, and has it until it says otherwise. */
START_TEST(test_pin_told)
{
	struct world w;
	struct ip_prefix p = ribtest_prefix("10.0.0.0/8");

	begin(&w);
	announce(&w, w.a, "10.0.0.0/8", w.lp100);
	decide(&w);
	w.told.needed = true;
	announce(&w, w.a, "10.0.0.0/8", 0);
	decide(&w);
	uint32_t id = rib_find(w.t.rib, &p);
	ck_assert_uint_ne(id, 0);
	ck_assert_uint_eq(w.told.asked, 0);
	rib_prefix_unpin(w.t.rib, FAMILY_IPV4, id);
	ck_assert_uint_eq(w.told.asked, 1);
	ck_assert_uint_eq(rib_find(w.t.rib, &p), 0);
	end(&w);
}
END_TEST

START_TEST(test_pin_many)
{
	static const char *const text[] = {"10.0.0.0/8", "10.1.0.0/16", "10.2.0.0/16", "10.3.0.0/16"};
	struct ip_prefix p[ARRAY_LEN(text)];
	uint32_t ids[ARRAY_LEN(text)];
	struct world w;

	begin(&w);
	for (unsigned i = 0; i < ARRAY_LEN(text); i++)
		announce(&w, w.a, text[i], w.lp100);
	decide(&w);
	w.told.pin = true;
	for (unsigned i = 1; i < ARRAY_LEN(text); i++)
		announce(&w, w.a, text[i], 0);
	decide(&w);
	announce(&w, w.b, text[1], w.lp100);
	for (unsigned i = 0; i < ARRAY_LEN(text); i++) {
		p[i] = ribtest_prefix(text[i]);
		ids[i] = rib_find(w.t.rib, &p[i]);
		ck_assert_uint_ne(ids[i], 0);
	}
	w.told.pin = false;
	/* The first has a path, the second one that waits for the decision, the last two have none; again they are not there. */
	for (unsigned turn = 0; turn < 2; turn++) {
		rib_prefix_unpin_all(w.t.rib, FAMILY_IPV4, ids, ARRAY_LEN(ids));
		for (unsigned i = 0; i < ARRAY_LEN(text); i++)
			ck_assert_uint_eq(rib_find(w.t.rib, &p[i]), i < 2 ? ids[i] : 0);
	}
	end(&w);
}
END_TEST

START_TEST(test_sources)
{
	struct world w;

	begin(&w);
	uint16_t b = w.b->index;
	announce(&w, w.b, "10.0.0.0/8", w.lp100);
	ck_assert(!rib_source_remove(w.t.rib, w.b));
	decide(&w);
	announce(&w, w.b, "10.0.0.0/8", 0);
	/* the dirty entry names it as what was best: its number is not free yet */
	ck_assert(rib_source_remove(w.t.rib, w.b));
	ck_assert_uint_ne(rib_source_add(w.t.rib, RIB_SOURCE_BGP)->index, b);
	decide(&w);
	ck_assert_uint_eq(w.told.old_source, b);
	ck_assert_uint_eq(rib_source_add(w.t.rib, RIB_SOURCE_BGP)->index, b);
	/* generations do not wrap unswept */
	for (int i = 0; i < 255; i++)
		ck_assert(rib_source_stale(w.a, FAMILY_NONE));
	ck_assert(!rib_source_stale(w.a, FAMILY_NONE));
	ck_assert(!rib_source_ready(w.a));
	end(&w);
}
END_TEST

static uint32_t
spare(const struct world *w, enum rib_record r)
{
	return rib_spare_count(w->t.rib, r);
}

/* Beyond its cap nothing new of a source is kept; what is there may change and go. */
START_TEST(test_cap)
{
	struct world w;
	struct ip_prefix p2 = ribtest_prefix("10.2.0.0/16");

	begin(&w);
	ck_assert_uint_eq(w.a->cap[FAMILY_IPV4], RIB_CAP_NONE);
	w.a->cap[FAMILY_IPV4] = 1;
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "10.1.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE), 1);
	ck_assert(!w.a->misses);
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "10.2.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE), 0);
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "10.3.0.0/16", w.lp100, w.lp100, RIB_REJECT_POLICY), 0);
	decide(&w);
	/* Not even a prefix without paths is left. */
	ck_assert_uint_eq(rib_find(w.t.rib, &p2), 0);
	ck_assert_uint_eq(w.told.calls, 1);
	ck_assert(w.a->misses);
	ck_assert_uint_eq(w.a->received[FAMILY_IPV4], 1);
	ck_assert_uint_eq(w.a->missing[FAMILY_IPV4], 2);
	ck_assert_uint_eq(w.a->refused, 2);
	/* others, and the other family, are not concerned; nor is a prefix of others any better */
	ck_assert_uint_eq(ribtest_apply(&w.t, w.b, "10.2.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE), 1);
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "2001:db8::/32", w.lp100, w.lp100, RIB_REJECT_NONE), 1);
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "10.2.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE), 0);
	ck_assert_uint_eq(w.a->missing[FAMILY_IPV4], 3);
	/* a withdrawal of what was refused is one less; of what is there it makes room */
	ribtest_apply(&w.t, w.a, "10.3.0.0/16", 0, 0, RIB_REJECT_NONE);
	ribtest_apply(&w.t, w.a, "10.2.0.0/16", 0, 0, RIB_REJECT_NONE);
	ck_assert_uint_eq(w.a->missing[FAMILY_IPV4], 1);
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "10.1.0.0/16", w.lp200, w.lp200, RIB_REJECT_NONE), 1);
	ribtest_apply(&w.t, w.a, "10.1.0.0/16", 0, 0, RIB_REJECT_NONE);
	ck_assert_uint_eq(w.a->missing[FAMILY_IPV4], 1);
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "10.2.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE), 1);
	end(&w);
}
END_TEST

/* Records that are free may be used beyond the cap, as many of each kind as the owner says. */
START_TEST(test_cap_spare)
{
	struct world w;

	begin(&w);
	ck_assert_uint_eq(spare(&w, RIB_RECORD_IPV4), 0);
	ribtest_apply(&w.t, w.b, "10.1.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE);
	ribtest_apply(&w.t, w.b, "10.2.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE);
	ribtest_apply(&w.t, w.b, "10.3.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE);
	ribtest_apply(&w.t, w.a, "10.3.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE);
	ribtest_apply(&w.t, w.a, "10.3.0.0/16", 0, 0, RIB_REJECT_NONE);
	ribtest_apply(&w.t, w.b, "10.1.0.0/16", 0, 0, RIB_REJECT_NONE);
	ribtest_apply(&w.t, w.b, "10.2.0.0/16", 0, 0, RIB_REJECT_NONE);
	decide(&w);
	ck_assert_uint_eq(spare(&w, RIB_RECORD_IPV4), 2);
	ck_assert_uint_eq(spare(&w, RIB_RECORD_IPV6), 0);
	ck_assert_uint_eq(spare(&w, RIB_RECORD_PATH), 1);
	ck_assert_uint_eq(rib_spare_octets(w.t.rib, RIB_RECORD_IPV4), 24 + 5);
	ck_assert_uint_eq(rib_spare_octets(w.t.rib, RIB_RECORD_PATH), 16);

	w.a->cap[FAMILY_IPV4] = w.a->cap[FAMILY_IPV6] = 0;
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "10.1.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE), 0);
	rib_spare_allow(w.t.rib, (const uint32_t[RIB_RECORDS]){[RIB_RECORD_IPV4] = 1, [RIB_RECORD_PATH] = 1});
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "2001:db8::/32", w.lp100, w.lp100, RIB_REJECT_NONE), 0);
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "10.1.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE), 1);
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "10.2.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE), 0);
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "10.3.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE), 1);
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "10.4.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE), 0);
	ck_assert_uint_eq(w.a->received[FAMILY_IPV4], 2);
	decide(&w);
	ck_assert_uint_eq(spare(&w, RIB_RECORD_IPV4), 1);
	ck_assert_uint_eq(spare(&w, RIB_RECORD_PATH), 0);
	end(&w);
}
END_TEST

START_TEST(test_limit)
{
	struct world w;

	begin(&w);
	w.a->limit[FAMILY_IPV4] = 2;
	ribtest_apply(&w.t, w.a, "10.1.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE);
	ribtest_apply(&w.t, w.a, "10.2.0.0/16", w.lp100, w.lp100, RIB_REJECT_POLICY); /* before policy */
	ribtest_apply(&w.t, w.a, "10.3.0.0/16", w.lp100, w.lp200, RIB_REJECT_NONE);
	ribtest_apply(&w.t, w.b, "10.3.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE); /* others are not concerned */
	ribtest_apply(&w.t, w.a, "2001:db8::/32", w.lp100, w.lp100, RIB_REJECT_NONE);
	decide(&w);
	struct ip_prefix p3 = ribtest_prefix("10.3.0.0/16");
	uint32_t id = rib_find(w.t.rib, &p3);
	const struct rib_path *p = rib_path_of(w.t.rib, FAMILY_IPV4, id, w.a->index);
	ck_assert_int_eq(rib_path_reject(p), RIB_REJECT_MAX_PREFIX);
	ck_assert_uint_eq(p->attr, w.lp100);
	ck_assert_uint_eq(rib_best(w.t.rib, FAMILY_IPV4, id)->source, w.b->index);
	ck_assert_uint_eq(w.a->received[FAMILY_IPV4], 3);
	ck_assert_uint_eq(w.a->accepted[FAMILY_IPV4], 1);
	ck_assert_uint_eq(w.a->blocked[FAMILY_IPV4], 1);
	ck_assert_uint_eq(w.a->accepted[FAMILY_IPV6], 1);
	/* what is in may change, what is out stays out until there is room */
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "10.1.0.0/16", w.lp200, w.lp200, RIB_REJECT_NONE), 1);
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "10.3.0.0/16", w.lp100, w.lp200, RIB_REJECT_NONE), 0);
	ribtest_apply(&w.t, w.a, "10.2.0.0/16", 0, 0, RIB_REJECT_NONE);
	ck_assert(rib_source_has_room(w.a, FAMILY_IPV4));
	ck_assert_uint_eq(ribtest_apply(&w.t, w.a, "10.3.0.0/16", w.lp100, w.lp200, RIB_REJECT_NONE), 1);
	ck_assert(!rib_source_has_room(w.a, FAMILY_IPV4));
	decide(&w);
	ck_assert_uint_eq(rib_best(w.t.rib, FAMILY_IPV4, id)->source, w.a->index);
	ck_assert_uint_eq(w.a->blocked[FAMILY_IPV4], 0);
	ck_assert_uint_eq(w.a->accepted[FAMILY_IPV4], 2);
	/* a blocked one that goes */
	ribtest_apply(&w.t, w.a, "10.4.0.0/16", w.lp100, w.lp100, RIB_REJECT_NONE);
	ck_assert_uint_eq(w.a->blocked[FAMILY_IPV4], 1);
	ribtest_apply(&w.t, w.a, "10.4.0.0/16", 0, 0, RIB_REJECT_NONE);
	ck_assert_uint_eq(w.a->blocked[FAMILY_IPV4], 0);
	ck_assert_uint_eq(w.a->received[FAMILY_IPV4], 2);
	end(&w);
}
END_TEST

static unsigned
apply_with_id(struct world *w, struct rib_source *s, const char *prefix, uint32_t path_id, attr_id received,
	      attr_id effective)
{
	struct rib_op op = {.prefix = ribtest_prefix(prefix),
			    .withdraw = received == 0,
			    .received = received,
			    .effective = effective,
			    .path_id = path_id};

	op.hash = rib_hash(w->t.rib, &op.prefix);
	return rib_apply(w->t.rib, s, &op, 1, 7, RIB_URGENT);
}

/* RFC 7911 3: prefix and id together name a path; 5: the same again replaces it. */
START_TEST(test_path_ids)
{
	struct world w;
	struct ip_prefix p = ribtest_prefix("10.0.0.0/8");

	begin(&w);
	ck_assert_uint_eq(apply_with_id(&w, w.a, "10.0.0.0/8", 7, w.lp100, w.lp100), 1);
	ck_assert_uint_eq(apply_with_id(&w, w.a, "10.0.0.0/8", 3, w.lp100, w.lp200), 1);
	decide(&w);
	uint32_t id = rib_find(w.t.rib, &p);
	const struct rib_path *three = rib_path_by_id(w.t.rib, FAMILY_IPV4, id, w.a->index, 3);
	ck_assert_uint_eq(rib_path_id(three), 3);
	ck_assert_uint_eq(rib_path_received(w.t.rib, FAMILY_IPV4, id, three), w.lp100);
	ck_assert_ptr_eq(rib_best(w.t.rib, FAMILY_IPV4, id), three);
	ck_assert_uint_eq(w.a->received[FAMILY_IPV4], 2);
	ck_assert_uint_eq(w.a->ids[FAMILY_IPV4].count, 1);
	/* the first of them is not inside the record, and a path without an id may take that place later */
	ck_assert_ptr_null(rib_path_by_id(w.t.rib, FAMILY_IPV4, id, w.a->index, 0));
	announce(&w, w.b, "10.0.0.0/8", w.lp100);
	announce(&w, w.a, "10.0.0.0/8", w.lp100);
	decide(&w);
	ck_assert_ptr_eq(rib_best(w.t.rib, FAMILY_IPV4, id), three);
	ck_assert_uint_eq(w.a->received[FAMILY_IPV4], 3);
	/* replaced: of three equal ones the lowest id is best */
	ck_assert_uint_eq(apply_with_id(&w, w.a, "10.0.0.0/8", 3, w.lp100, w.lp100), 1);
	ck_assert_uint_eq(apply_with_id(&w, w.a, "10.0.0.0/8", 3, w.lp100, w.lp100), 0);
	decide(&w);
	ck_assert_uint_eq(w.a->received[FAMILY_IPV4], 3);
	ck_assert_uint_eq(rib_path_received(w.t.rib, FAMILY_IPV4, id, three), w.lp100);
	/* each goes by its own id, and the source has the prefix until the last is gone */
	ck_assert_uint_eq(apply_with_id(&w, w.a, "10.0.0.0/8", 5, 0, 0), 0);
	ck_assert_uint_eq(apply_with_id(&w, w.a, "10.0.0.0/8", 0, 0, 0), 1);
	ck_assert_uint_eq(apply_with_id(&w, w.a, "10.0.0.0/8", 7, 0, 0), 1);
	ck_assert_uint_eq(w.a->ids[FAMILY_IPV4].count, 1);
	ck_assert_uint_eq(apply_with_id(&w, w.a, "10.0.0.0/8", 3, 0, 0), 1);
	ck_assert_uint_eq(w.a->ids[FAMILY_IPV4].count, 0);
	decide(&w);
	ck_assert_uint_eq(rib_best(w.t.rib, FAMILY_IPV4, id)->source, w.b->index);
	end(&w);
}
END_TEST

/* Best first, and each what would be best without those before it; MED counts only among those that are left. */
START_TEST(test_rank)
{
	struct world w;
	const struct rib_path *r[4];
	struct ip_prefix p = ribtest_prefix("10.0.0.0/8");
	struct ribtest_attr m = {.as = {7}, .has_med = true};
	attr_id med[3];

	begin(&w);
	for (unsigned i = 0; i < 3; i++) {
		m.med = i + 1;
		m.as[0] = i == 1 ? 8 : 7;
		med[i] = ribtest_attr(&w.t.attrs, &m);
	}
	/* 1 and 3 are of AS 7, so that 3 (id 1) loses to 1 (id 9) by MED, and 2 (id 5) to nothing but 1's absence */
	apply_with_id(&w, w.a, "10.0.0.0/8", 9, med[0], med[0]);
	apply_with_id(&w, w.a, "10.0.0.0/8", 5, med[1], med[1]);
	apply_with_id(&w, w.a, "10.0.0.0/8", 1, med[2], med[2]);
	decide(&w);
	uint32_t id = rib_find(w.t.rib, &p);
	ck_assert_uint_eq(rib_rank(w.t.rib, FAMILY_IPV4, id, r, 2), 2);
	ck_assert_uint_eq(rib_path_id(r[0]), 5);
	ck_assert_uint_eq(rib_path_id(r[1]), 9);
	ck_assert_ptr_eq(rib_best(w.t.rib, FAMILY_IPV4, id), r[0]);
	ck_assert_uint_eq(rib_rank(w.t.rib, FAMILY_IPV4, id, r, 4), 3);
	ck_assert_uint_eq(rib_rank(w.t.rib, FAMILY_IPV4, id, r, 1), 1);
	ck_assert_uint_eq(rib_path_id(r[0]), 5);
	/* numbers are different, and stay */
	uint32_t number = rib_path_number(rib_path_by_id(w.t.rib, FAMILY_IPV4, id, w.a->index, 9));
	apply_with_id(&w, w.a, "10.0.0.0/8", 5, 0, 0);
	apply_with_id(&w, w.a, "10.0.0.0/8", 9, med[2], med[2]);
	ck_assert_uint_eq(rib_path_number(rib_path_by_id(w.t.rib, FAMILY_IPV4, id, w.a->index, 9)), number);
	ck_assert_uint_ne(rib_path_number(rib_path_by_id(w.t.rib, FAMILY_IPV4, id, w.a->index, 1)), number);
	for (unsigned i = 0; i < 3; i++)
		attr_unref(&w.t.attrs, med[i]);
	end(&w);
}
END_TEST

/* Nobody makes a search endless: what would be too many is left out, and there is room again when others go. */
START_TEST(test_paths_max)
{
	struct world w;
	struct rib_stats st;

	begin(&w);
	for (uint32_t i = 1; i < RIB_PATHS_MAX; i++)
		ck_assert_uint_eq(apply_with_id(&w, w.a, "10.0.0.0/8", i, w.lp100, w.lp100), 1);
	ck_assert_uint_eq(apply_with_id(&w, w.a, "10.0.0.0/8", 7777, w.lp200, w.lp200), 0);
	ck_assert_uint_eq(w.a->received[FAMILY_IPV4], RIB_PATHS_MAX - 1);
	rib_stats(w.t.rib, &st);
	ck_assert_uint_eq(st.paths_left_out, 1);
	/* Nor has its source grown by what is left out. */
	w.a->cap[FAMILY_IPV4] = RIB_PATHS_MAX;
	ck_assert_uint_eq(apply_with_id(&w, w.a, "10.0.0.0/8", 7777, w.lp200, w.lp200), 0);
	ck_assert_int_eq(w.a->grown, 0);
	w.a->cap[FAMILY_IPV4] = RIB_CAP_NONE;
	ck_assert_uint_eq(apply_with_id(&w, w.a, "10.0.0.0/8", 500, 0, 0), 1);
	ck_assert_uint_eq(apply_with_id(&w, w.a, "10.0.0.0/8", 7777, w.lp200, w.lp200), 1);
	decide(&w);
	ck_assert_uint_eq(w.told.attr, w.lp200);
	end(&w);
}
END_TEST

static const struct rib_part *
part_of(const struct rib_stats *st, const char *name)
{
	for (unsigned i = 0; i < RIB_PARTS; i++)
		if (strcmp(st->parts[i].name, name) == 0)
			return &st->parts[i];
	ck_abort_msg("there is no part %s", name);
	return NULL;
}

/* Parts count what they hold, and together are the whole. */
START_TEST(test_stats)
{
	struct world w;
	struct rib_stats st;
	size_t sum = 0;

	begin(&w);
	announce(&w, w.a, "10.1.0.0/16", w.lp100);
	announce(&w, w.b, "10.1.0.0/16", w.lp200);
	announce(&w, w.a, "10.2.0.0/16", w.lp100);
	announce(&w, w.a, "2001:db8::/32", w.lp100);
	ribtest_apply(&w.t, w.b, "10.2.0.0/16", w.lp100, w.lp200, RIB_REJECT_NONE);
	rib_stats(w.t.rib, &st);
	ck_assert_uint_eq(part_of(&st, "IPv4 prefix records")->count, 2);
	ck_assert_uint_ge(part_of(&st, "IPv4 prefix records")->bytes, 2 * 24);
	ck_assert_uint_eq(part_of(&st, "IPv6 prefix index")->count, 1);
	ck_assert_uint_eq(part_of(&st, "further paths")->count, 2);
	ck_assert_uint_ge(part_of(&st, "further paths")->bytes, 2 * 16);
	ck_assert_uint_eq(part_of(&st, "received attributes")->count, 1);
	ck_assert_uint_eq(part_of(&st, "undecided prefixes")->count, 3);
	ck_assert_uint_eq(part_of(&st, "bitmaps of neighbors")->count, 2);
	for (unsigned i = 0; i < RIB_PARTS; i++)
		sum += st.parts[i].bytes;
	ck_assert_uint_eq(st.bytes, sum);
	ck_assert_uint_eq(st.undecided, 3);
	ck_assert_uint_eq(st.decisions, 0);
	ck_assert_uint_eq(st.paths_of[RIB_SOURCE_BGP][FAMILY_IPV4], 4);
	ck_assert_uint_eq(st.paths_of[RIB_SOURCE_BGP][FAMILY_IPV6], 1);
	ck_assert_uint_eq(st.rejected[FAMILY_IPV4], 0);
	decide(&w);
	ribtest_apply(&w.t, w.b, "10.2.0.0/16", w.lp100, w.lp200, RIB_REJECT_POLICY);
	rib_stats(w.t.rib, &st);
	ck_assert_uint_eq(part_of(&st, "undecided prefixes")->count, 1);
	/* Each of the three was news. */
	ck_assert_uint_eq(st.decisions, 3);
	ck_assert_uint_eq(st.changes, 3);
	ck_assert_uint_eq(st.rejected[FAMILY_IPV4], 1);
	ck_assert_uint_eq(st.paths_of[RIB_SOURCE_BGP][FAMILY_IPV4], 4);
	decide(&w);
	end(&w);
}
END_TEST

#define MANY 2000

/* The changes in their order; every other prefix is needed. */
struct many {
	unsigned calls, n;
	uint32_t id[MANY];
};

static void
change_many(void *ctx, struct rib_change *c, unsigned n)
{
	struct many *m = ctx;

	m->calls++;
	ck_assert(n > 0 && n <= RIB_TOLD_MAX);
	for (unsigned i = 0; i < n; i++) {
		ck_assert_uint_lt(m->n, MANY);
		ck_assert(!c[i].needed);
		c[i].needed = m->n % 2 == 0;
		m->id[m->n++] = c[i].id;
	}
}

/* A prefix of each number below 65536. */
static struct ip_prefix
prefix_of(unsigned i)
{
	return (struct ip_prefix){.family = FAMILY_IPV4, .len = 24, .bytes = {10, (uint8_t)(i >> 8), (uint8_t)i}};
}

static unsigned
apply_many(struct ribtest *t, struct rib_source *s, attr_id attr, unsigned first, unsigned step)
{
	static struct rib_op ops[MANY];
	unsigned n = 0;

	for (; n < MANY; n++) {
		struct ip_prefix p = prefix_of(first + n * step);
		ops[n] = (struct rib_op){.prefix = p,
					 .hash = rib_hash(t->rib, &p),
					 .withdraw = attr == ATTR_NONE,
					 .received = attr,
					 .effective = attr};
	}
	return rib_apply(t->rib, s, ops, n, 1, RIB_BULK);
}

/* Many operations at once, of whose prefixes some are there and some are not; and their changes are told together. */
START_TEST(test_many)
{
	struct many m = {0};
	struct ribtest t;
	struct rib_stats st;

	ribtest_init(&t, &(struct rib_callbacks){.change = change_many, .ctx = &m});
	struct rib_source *s = ribtest_peer(&t, RIB_PEER_EBGP, 1, "10.0.0.1");
	attr_id attr = ribtest_attr(&t.attrs, &(struct ribtest_attr){.as = {7}});
	ck_assert_uint_eq(apply_many(&t, s, attr, 0, 1), MANY);
	ck_assert_uint_eq(apply_many(&t, s, attr, 0, 1), 0);
	ck_assert_uint_eq(rib_decide_run(t.rib, RIB_BULK, UINT32_MAX), 0);
	ck_assert_uint_eq(m.n, MANY);
	ck_assert_uint_eq(m.calls, (MANY + RIB_TOLD_MAX - 1) / RIB_TOLD_MAX);
	for (unsigned i = 0; i < MANY; i++) {
		struct ip_prefix p = prefix_of(i);
		ck_assert_uint_eq(m.id[i], rib_find(t.rib, &p));
	}
	ck_assert_uint_eq(attr_slot(&t.attrs, attr)->refs, 1 + MANY);

	/* 0, 3, 6, … to 1998 are there. */
	m = (struct many){0};
	ck_assert_uint_eq(apply_many(&t, s, ATTR_NONE, 0, 3), 667);
	ck_assert_uint_eq(apply_many(&t, s, ATTR_NONE, 0, 3), 0);
	ck_assert_uint_eq(s->received[FAMILY_IPV4], MANY - 667);
	ck_assert_uint_eq(s->accepted[FAMILY_IPV4], MANY - 667);
	ck_assert_uint_eq(rib_decide_run(t.rib, RIB_BULK, UINT32_MAX), 0);
	ck_assert_uint_eq(m.n, 667);
	ck_assert_uint_eq(attr_slot(&t.attrs, attr)->refs, 1 + MANY - 667);
	for (unsigned i = 0; i < 667; i++) {
		struct ip_prefix p = prefix_of(i * 3);
		ck_assert_uint_eq(rib_find(t.rib, &p), i % 2 == 0 ? m.id[i] : 0);
	}
	rib_stats(t.rib, &st);
	ck_assert_uint_eq(st.paths[FAMILY_IPV4], MANY - 667);
	ck_assert_uint_eq(st.prefixes[FAMILY_IPV4], MANY - 333);
	ck_assert_uint_eq(s->ids[FAMILY_IPV4].count, MANY - 667);
	ck_assert_uint_eq(s->best[FAMILY_IPV4].count, MANY - 667);

	/* Those that come back are found again, the kept ones by their ids. */
	m = (struct many){0};
	ck_assert_uint_eq(apply_many(&t, s, attr, 0, 1), 667);
	ck_assert_uint_eq(rib_decide_run(t.rib, RIB_BULK, UINT32_MAX), 0);
	ck_assert_uint_eq(m.n, 667);
	attr_unref(&t.attrs, attr);
	ribtest_fini(&t);
}
END_TEST

static bool
has_changed(struct world *w, const char *prefix)
{
	struct ip_prefix p = ribtest_prefix(prefix);
	uint32_t id = rib_find(w->t.rib, &p);
	unsigned flags = 0;

	for (const struct rib_path *q = rib_path_first(w->t.rib, FAMILY_IPV4, id); q != NULL;
	     q = rib_path_next(w->t.rib, FAMILY_IPV4, q))
		flags |= q->flags;
	return (flags & RIB_PATH_CHANGED) != 0;
}

/* A path has changed until its prefix is decided, also if nobody is told of paths then. */
START_TEST(test_changed)
{
	struct world w;

	begin(&w);
	for (unsigned tracked = 0; tracked < 2; tracked++) {
		rib_track_paths(w.t.rib, tracked != 0);
		announce(&w, w.a, "10.0.0.0/8", tracked ? w.lp200 : w.lp100);
		announce(&w, w.a, "11.0.0.0/8", tracked ? w.lp200 : w.lp100);
		announce(&w, w.b, "11.0.0.0/8", tracked ? w.lp200 : w.lp100);
		ck_assert(has_changed(&w, "10.0.0.0/8") && has_changed(&w, "11.0.0.0/8"));
		decide(&w);
		ck_assert(!has_changed(&w, "10.0.0.0/8"));
		ck_assert(!has_changed(&w, "11.0.0.0/8"));
	}
	end(&w);
}
END_TEST

SUITE("rib", test_best_changes, test_why_undecided, test_there_and_back, test_decision_mark, test_rejected_and_side,
      test_multipath_told, test_nexthop_unresolved, test_nexthop_between, test_pin, test_pin_told, test_pin_many,
      test_sources, test_limit, test_cap, test_cap_spare, test_path_ids, test_changed, test_rank,
      test_paths_max, test_stats, test_many)
