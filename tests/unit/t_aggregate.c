/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/aggregate: by hand, and random changes beside a naive recomputation. */
#include "rib/aggregate.h"

#include "rib/originate.h"
#include "tests/unit/ribtest.h"
#include "tests/unit/suite.h"

#include <stdio.h>

#define N 32u /* prefixes: 10.0.0.0/8 and its halves, their halves and so on, by heap number */

struct world {
	struct ribtest t;
	struct originate orig;
	struct aggregates a;
	struct rib_source *peer;
	attr_id attr[2], own;
	struct ip_prefix p[N];
	attr_id told[N];  /* what neighbours know */
	bool conf[N], summary[N], route[N];
	unsigned comings, goings;
};

static unsigned
heap_number(const struct world *w, const struct ip_prefix *p)
{
	for (unsigned i = 1; i < N; i++)
		if (ip_prefix_eq(&w->p[i], p))
			return i;
	ck_abort();
}

static void
change_one(struct world *w, const struct rib_change *c)
{
	struct ip_prefix p = rib_prefix(w->t.rib, c->family, c->id);
	unsigned i = heap_number(w, &p);
	struct rib_change seen = *c;

	if (aggregates_any(&w->a, c->family))
		aggregates_change(&w->a, c, &seen);
	if (!(seen.what & RIB_CHANGE_BEST))
		return;
	ck_assert_uint_eq(seen.old_attr, w->told[i]);
	w->told[i] = seen.best != NULL ? seen.best->attr : ATTR_NONE;
}

static void
change(void *ctx, struct rib_change *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		change_one(ctx, &c[i]);
}

static void
on_told(void *ctx, const struct ip_prefix *p, uint32_t number, bool active)
{
	struct world *w = ctx;

	ck_assert_uint_eq(heap_number(w, p), number);
	if (active) {
		w->comings++;
		originate_add(&w->orig, ORIGINATE_AGGREGATE, p, w->own, RIB_REJECT_NONE, 1);
	} else {
		w->goings++;
		ck_assert(originate_del(&w->orig, ORIGINATE_AGGREGATE, p, 1));
	}
}

static void
world_init(struct world *w)
{
	*w = (struct world){0};
	ribtest_init(&w->t, &(struct rib_callbacks){.change = change, .ctx = w});
	originate_init(&w->orig, w->t.rib);
	aggregates_init(&w->a, w->t.rib, 5);
	w->peer = ribtest_peer(&w->t, RIB_PEER_EBGP, 1, "192.0.2.1");
	for (unsigned i = 0; i < 2; i++)
		w->attr[i] = ribtest_attr(&w->t.attrs, &(struct ribtest_attr){.nexthop = NEXTHOP_NONE, .as = {i + 1}});
	w->own = ribtest_attr(&w->t.attrs, &(struct ribtest_attr){.nexthop = NEXTHOP_NONE});
	for (unsigned i = 1; i < N; i++) {
		unsigned depth = 31u - (unsigned)__builtin_clz(i);
		w->p[i] = ribtest_prefix("10.0.0.0/8");
		w->p[i].len = (uint8_t)(8 + depth);
		if (depth > 0)
			w->p[i].bytes[1] = (uint8_t)((i - (1u << depth)) << (8 - depth));
	}
}

static void
world_fini(struct world *w)
{
	aggregates_fini(&w->a);
	ribtest_fini(&w->t);
}

static void
configure(struct world *w)
{
	struct aggregates_old old;
	bool was[N] = {0};

	for (unsigned i = 1; i < N; i++)
		was[i] = aggregates_active(&w->a, &w->p[i]);
	aggregates_begin(&w->a, &old);
	for (unsigned i = 1; i < N; i++)
		if (w->conf[i])
			ck_assert(aggregates_add(&w->a, &old, &w->p[i], i, w->summary[i]));
	aggregates_end(&w->a, &old);
	for (unsigned i = 1; i < N; i++)
		if (was[i] && !w->conf[i])
			ck_assert(originate_del(&w->orig, ORIGINATE_AGGREGATE, &w->p[i], 1));
}

static void
set_route(struct world *w, unsigned i, unsigned attr)
{
	struct rib_op op = {.prefix = w->p[i], .withdraw = attr == 0, .hash = rib_hash(w->t.rib, &w->p[i])};

	w->route[i] = attr != 0;
	if (attr != 0)
		op.received = op.effective = w->attr[attr - 1];
	rib_apply(w->t.rib, w->peer, &op, 1, 7, RIB_BULK);
}

static void
settle(struct world *w)
{
	do {
		rib_decide_run(w->t.rib, RIB_URGENT, 3);
		rib_decide_run(w->t.rib, RIB_BULK, 2);
		aggregates_run(&w->a, 2, on_told, w);
	} while (!aggregates_idle(&w->a) || rib_dirty_count(w->t.rib, RIB_URGENT) + rib_dirty_count(w->t.rib, RIB_BULK) > 0);
}

/* A route of an aggregate has preference 200, one of BGP 100: where there are both, the aggregate's is best. */
static void
compare(const struct world *w)
{
	bool want[N] = {0};

	for (unsigned i = 1; i < N; i++)
		if (w->route[i] && !(w->conf[i] && aggregates_active(&w->a, &w->p[i])))
			for (unsigned up = i / 2; up > 0; up /= 2)
				want[up] = true;
	for (unsigned i = 1; i < N; i++) {
		bool active = w->conf[i] && want[i], hidden = false;
		ck_assert_int_eq(aggregates_active(&w->a, &w->p[i]), active);
		for (unsigned up = i / 2; up > 0; up /= 2)
			hidden = hidden || (w->conf[up] && want[up] && w->summary[up]);
		uint32_t id = rib_find(w->t.rib, &w->p[i]);
		const struct rib_path *best = id != 0 ? rib_best(w->t.rib, FAMILY_IPV4, id) : NULL;
		ck_assert_int_eq(best != NULL, active || w->route[i]);
		if (active)
			ck_assert_uint_eq(w->told[i], w->own);
		else
			ck_assert_uint_eq(w->told[i], w->route[i] && !hidden ? best->attr : ATTR_NONE);
		if (id != 0)
			ck_assert_int_eq(aggregates_hides(&w->a, FAMILY_IPV4, id), hidden && w->route[i] && !active);
	}
}

/* 1: 10.0.0.0/8, 2 and 3: its halves, 4 and 5: the halves of 2. */
START_TEST(test_nested)
{
	struct world w;
	struct ip_prefix hider;

	world_init(&w);
	w.conf[1] = w.conf[2] = w.summary[2] = true;
	configure(&w);
	settle(&w);
	ck_assert_uint_eq(w.comings, 0);
	set_route(&w, 2, 1); /* not more specific than 2, but than 1 */
	settle(&w);
	ck_assert(aggregates_active(&w.a, &w.p[1]) && !aggregates_active(&w.a, &w.p[2]));
	set_route(&w, 4, 1);
	settle(&w);
	ck_assert_uint_eq(w.comings, 2);
	ck_assert_uint_eq(w.told[4], ATTR_NONE);
	ck_assert_uint_eq(w.told[2], w.own);
	ck_assert(aggregates_hider(&w.a, &w.p[4], &hider));
	ck_assert(ip_prefix_eq(&hider, &w.p[2]));
	ck_assert(!aggregates_hider(&w.a, &w.p[3], &hider));
	compare(&w);
	set_route(&w, 2, 0);
	settle(&w);
	ck_assert_uint_eq(w.goings, 0);
	set_route(&w, 4, 0);
	settle(&w);
	ck_assert_uint_eq(w.goings, 2); /* an aggregate alone keeps none */
	compare(&w);
	world_fini(&w);
}
END_TEST

/* Another set with the same aggregate: it does not go for a moment, and what it hides follows the new set. */
START_TEST(test_another_set)
{
	struct world w;

	world_init(&w);
	w.conf[1] = true;
	configure(&w);
	set_route(&w, 4, 1);
	set_route(&w, 5, 2);
	settle(&w);
	ck_assert_uint_eq(w.told[4], w.attr[0]);
	w.summary[1] = w.conf[3] = true;
	configure(&w);
	settle(&w);
	ck_assert_uint_eq(w.told[4], ATTR_NONE);
	ck_assert_uint_eq(w.told[5], ATTR_NONE);
	w.conf[1] = w.conf[3] = false;
	configure(&w);
	settle(&w);
	ck_assert_uint_eq(w.told[4], w.attr[0]);
	ck_assert_uint_eq(w.told[5], w.attr[1]);
	ck_assert_uint_eq(w.told[1], ATTR_NONE);
	ck_assert_uint_eq(w.comings, 1);
	ck_assert_uint_eq(w.goings, 0);
	compare(&w);
	world_fini(&w);
}
END_TEST

static uint32_t
next_random(uint64_t *state)
{
	*state = *state * 6364136223846793005ull + 1442695040888963407ull;
	return (uint32_t)(*state >> 33);
}

static void
random_step(struct world *w, uint64_t *r)
{
	unsigned i = 1 + next_random(r) % (N - 1);

	switch (next_random(r) % 16) {
	case 0:
		w->conf[i] = !w->conf[i] && i < N / 2;
		configure(w);
		break;
	case 1:
		w->summary[i] = !w->summary[i];
		configure(w);
		break;
	case 2:
	case 3:
		rib_decide_run(w->t.rib, RIB_BULK, 1 + next_random(r) % 3);
		break;
	case 4:
		rib_decide_run(w->t.rib, RIB_URGENT, 1 + next_random(r) % 3);
		break;
	case 5:
	case 6:
		aggregates_run(&w->a, 1 + next_random(r) % 3, on_told, w);
		break;
	case 7:
		settle(w);
		compare(w);
		break;
	default:
		set_route(w, i, next_random(r) % 3);
	}
}

START_TEST(test_random)
{
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct world w;
		uint64_t r = seed;
		world_init(&w);
		for (unsigned n = 0; n < 2000; n++)
			random_step(&w, &r);
		settle(&w);
		compare(&w);
		ck_assert_uint_gt(w.comings, 0);
		ck_assert_uint_gt(w.goings, 0);
		world_fini(&w);
	}
}
END_TEST

SUITE("aggregate", test_nested, test_another_set, test_random)
