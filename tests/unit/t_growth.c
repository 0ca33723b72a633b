/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/growth: who changes paths for others of their kind has not grown, and who shares less has. */
#include "rib/growth.h"

#include <stdio.h>

#include "tests/unit/ribtest.h"
#include "tests/unit/suite.h"

#define PATHS 300
#define LEAST 60 /* octets of a set of these tests */
#define SLACK 4096

static struct ribtest t;
static struct rib_source *a, *b;

static void
begin(void)
{
	ribtest_init(&t, &(struct rib_callbacks){0});
	a = ribtest_peer(&t, RIB_PEER_EBGP, 1, "10.0.0.1");
	b = ribtest_peer(&t, RIB_PEER_EBGP, 2, "10.0.0.2");
}

static void
end(void)
{
	ribtest_fini(&t);
}

static void
decide(void)
{
	while (rib_decide_run(t.rib, RIB_URGENT, PATHS) > 0)
		;
}

static void
begin_caps(void)
{
	decide();
	a->cap[FAMILY_IPV4] = b->cap[FAMILY_IPV4] = PATHS;
	rib_growth_start(t.rib);
}

static attr_id
set(uint32_t med)
{
	return ribtest_attr(&t.attrs, &(struct ribtest_attr){.as = {7}, .has_med = true, .med = med});
}

static attr_id
large_set(uint32_t med)
{
	return ribtest_attr(&t.attrs, &(struct ribtest_attr){.as = {7, 8, 9, 10},
					  .has_med = true,
					  .med = med,
					  .local_pref = 100,
					  .originator_id = 1,
					  .clusters = 3});
}

static void
put(struct rib_source *s, unsigned i, attr_id id)
{
	char text[20];

	snprintf(text, sizeof(text), "10.0.%u.%u/32", i / 200, i % 200);
	attr_ref(&t.attrs, id); /* one for what was received, one for what is used */
	ribtest_apply(&t, s, text, id, id, RIB_REJECT_NONE);
	attr_unref(&t.attrs, id);
}

static void
settle_if_due(struct rib_source *s)
{
	if (rib_growth_is_due(s))
		rib_growth_settle(t.rib, s);
}

/* All paths of a source anew, so many with the same set; what they had is remembered until the last one is in. */
static void
all(struct rib_source *s, uint32_t med, unsigned sharing)
{
	attr_id remembered[PATHS];

	for (unsigned i = 0; i < PATHS; i++)
		put(s, i, remembered[i] = set(med + i / sharing));
	attr_unref_all(&t.attrs, remembered, PATHS);
	settle_if_due(s);
}

static void
none(struct rib_source *s)
{
	char text[20];

	for (unsigned i = 0; i < PATHS; i++) {
		snprintf(text, sizeof(text), "10.0.%u.%u/32", i / 200, i % 200);
		ribtest_apply(&t, s, text, 0, 0, RIB_REJECT_NONE);
	}
}

/* While a policy remembers what was there. */
static void
all_remembered(struct rib_source *s, uint32_t old, uint32_t med, unsigned sharing)
{
	attr_id remembered[PATHS];

	for (unsigned i = 0; i < PATHS; i++)
		remembered[i] = set(old + i / sharing);
	all(s, med, sharing);
	attr_unref_all(&t.attrs, remembered, PATHS);
	rib_growth_settle(t.rib, s);
}

/* Neither what memos remember nor what waits for a decision is anybody's. */
START_TEST(test_remembered)
{
	begin();
	all(a, 1000, 1);
	begin_caps();
	for (uint32_t i = 1; i < 10; i++) {
		all_remembered(a, 1000 * i, 1000 * (i + 1), 1);
		ck_assert_int_lt(a->grown, SLACK);
		if (i % 3 == 0)
			decide();
	}
	end();
}
END_TEST

/* Many paths leave a set one after the other, and all that while it is what was best before. */
START_TEST(test_together)
{
	begin();
	all(a, 1000, 10);
	begin_caps();
	for (uint32_t i = 1; i < 50; i++) {
		all(a, 1000 * (i + 1), 10);
		ck_assert_int_lt(a->grown, SLACK);
		if (i % 5 == 0)
			decide();
	}
	end();
}
END_TEST

/* Smaller sets come for larger ones, of which most are remembered and so count by half: the estimate does not rise. */
START_TEST(test_smaller)
{
	attr_id remembered[2 * PATHS];
	unsigned n = 0;

	begin();
	begin_caps();
	for (unsigned i = 0; i < PATHS; i++)
		put(a, i, remembered[n++] = large_set(i));
	attr_unref_all(&t.attrs, remembered, n);
	settle_if_due(a);
	decide();
	int64_t octets = (int64_t)t.attrs.wire_octets, grown = a->grown;
	n = 0;
	for (unsigned i = 0; i < PATHS; i++) {
		if (i % 3 != 0)
			remembered[n++] = large_set(i);
		put(a, i, remembered[n++] = set(i));
	}
	attr_unref_all(&t.attrs, remembered, n);
	ck_assert_int_le(a->grown, grown);
	decide();
	settle_if_due(a);
	octets -= (int64_t)t.attrs.wire_octets;
	ck_assert_int_gt(octets, 2 * SLACK);
	ck_assert_int_lt(a->grown, grown - octets + SLACK);
	ck_assert_int_ge(a->grown, grown - octets);
	end();
}
END_TEST

/* b always comes last with the same sets: those that come are shared by all, and those that go nobody has but b. */
START_TEST(test_follower)
{
	struct rib_source *others[4];

	begin();
	all(a, 1000, 1);
	for (unsigned k = 0; k < ARRAY_LEN(others); k++) {
		char address[20];
		snprintf(address, sizeof(address), "10.0.1.%u", k + 1);
		others[k] = ribtest_peer(&t, RIB_PEER_EBGP, 10 + k, address);
		all(others[k], 1000, 1);
	}
	all(b, 1000, 1);
	begin_caps();
	for (uint32_t i = 2; i < 20; i++) {
		/* Until b has come, too, there really is more. */
		all(a, 1000 * i, 1);
		ck_assert_int_lt(a->grown, 2 * PATHS * LEAST);
		decide();
		for (unsigned k = 0; k < ARRAY_LEN(others); k++)
			all(others[k], 1000 * i, 1);
		decide();
		all(b, 1000 * i, 1);
		ck_assert_int_gt(b->grown, -SLACK);
		decide();
	}
	rib_growth_settle(t.rib, a);
	ck_assert_int_lt(a->grown, SLACK);
	end();
}
END_TEST

/* Sets to themselves in place of a shared one, though somebody else gives back as much; who comes back for it. */
START_TEST(test_shared_no_more)
{
	begin();
	all(a, 1000, PATHS);
	all(b, 2000, 1);
	begin_caps();
	none(b);
	decide();
	ck_assert_int_lt(b->grown, -PATHS * LEAST);
	all(a, 3000, 1);
	ck_assert_int_gt(a->grown, (PATHS - 1) * LEAST);
	int64_t grown = a->grown;
	decide();
	all(b, 4000, 1);
	ck_assert_int_lt(b->grown, SLACK);
	/* Not by being settled, either. */
	rib_growth_settle(t.rib, a);
	ck_assert_int_gt(a->grown, grown - SLACK);
	ck_assert_int_le(a->grown, grown);
	/* By withdrawing, yes. */
	decide();
	none(a);
	ck_assert_int_lt(a->grown, SLACK);
	end();
}
END_TEST

/* As an import policy does: it remembers each set while that comes, twice, and has forgotten it when it goes. */
START_TEST(test_not_hidden)
{
	attr_id remembered[PATHS];

	begin();
	all(a, 1000, PATHS);
	begin_caps();
	for (uint32_t i = 2; i < 6; i++) {
		for (unsigned k = 0; k < PATHS; k++)
			attr_ref(&t.attrs, remembered[k] = set(1000 * i + k));
		all(a, 1000 * i, 1);
		for (unsigned k = 0; k < 2 * PATHS; k++)
			attr_unref(&t.attrs, remembered[k / 2]);
		decide();
		ck_assert_int_gt(a->grown, (PATHS - 1) * LEAST);
	}
	end();
}
END_TEST

/* All paths as a policy makes them, which adds something, or does not; the source announces them, or they are judged again. */
static void
all_by_policy(struct rib_source *s, bool adds, bool again)
{
	char text[20];

	for (unsigned i = 0; i < PATHS; i++) {
		attr_id received = set(i), effective = adds ? large_set(i) : attr_ref(&t.attrs, received);
		int64_t grown = s->grown, larger = s->larger;
		snprintf(text, sizeof(text), "10.0.%u.%u/32", i / 200, i % 200);
		ribtest_apply(&t, s, text, received, effective, RIB_REJECT_NONE);
		if (again)
			rib_growth_by_policy(s, grown, larger);
		attr_unref(&t.attrs, received);
		attr_unref(&t.attrs, effective);
	}
	decide();
	settle_if_due(s);
}

/* What a policy adds is no growth, and comes and goes as it likes; but what it takes off of what was counted is less. */
START_TEST(test_policy)
{
	begin();
	begin_caps();
	all_by_policy(a, true, false);
	int64_t octets = (int64_t)t.attrs.wire_octets, grown = a->grown;
	all_by_policy(a, false, true);
	octets -= (int64_t)t.attrs.wire_octets;
	ck_assert_int_gt(octets, 2 * SLACK);
	ck_assert_int_lt(a->grown, grown - octets + SLACK);
	ck_assert_int_gt(a->grown, PATHS * LEAST);
	grown = a->grown;
	for (unsigned i = 0; i < 5; i++) {
		all_by_policy(a, true, true);
		ck_assert_int_le(a->grown, grown + SLACK);
		ck_assert_int_ge(a->grown, grown - SLACK);
		/* It comes again with what is added. */
		none(a);
		decide();
		all_by_policy(a, true, false);
		ck_assert_int_le(a->grown, grown + SLACK);
		ck_assert_int_ge(a->grown, grown - SLACK);
		all_by_policy(a, false, true);
		ck_assert_int_le(a->grown, grown + SLACK);
		ck_assert_int_ge(a->grown, grown - SLACK);
	}
	end();
}
END_TEST

/* What there is when caps begin is nobody's growth, nor is that of a time before. */
START_TEST(test_begin)
{
	begin();
	all(a, 1000, PATHS);
	begin_caps();
	all(a, 2000, 1);
	ck_assert_int_gt(a->grown, (PATHS - 1) * LEAST);
	a->grown = 0; /* it was a policy of ours */
	decide();
	rib_growth_start(t.rib);
	ck_assert_int_eq(a->grown, 0);
	all(b, 5000, 1);
	ck_assert_int_gt(b->grown, (PATHS - 1) * LEAST);
	rib_growth_begin(t.rib, a, -1000);
	none(a);
	all(a, 3000, 1);
	ck_assert_int_lt(a->grown, SLACK - 1000);
	ck_assert_int_gt(a->grown, -1000 - SLACK);
	end();
}
END_TEST

SUITE("growth", test_remembered, test_together, test_smaller, test_follower, test_shared_no_more, test_not_hidden,
      test_policy, test_begin)
