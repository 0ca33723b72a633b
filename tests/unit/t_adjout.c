/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/adjout (with its batch, memo and drain): one for each rule of export groups. See adjouttest.h. */
#include "tests/unit/adjouttest.h"

START_TEST(test_packing)
{
	struct fake *k = fake_new();

	change(k, 3, 5, 7);
	change(k, 1, 6, 7);
	change(k, 2, 5, 8);
	expect(k, "*+105:3,2 *+106:1 ");
	/* Rejected: nothing; no longer there: a withdrawal once. */
	change(k, 4, 9, 7);
	change(k, 3, 0, 0);
	expect(k, "*-:3 ");
	change(k, 4, 0, 0);
	expect(k, "");
	fake_free(k);
}
END_TEST

START_TEST(test_split_horizon)
{
	struct fake *k = fake_new();

	change(k, 1, 5, 1);
	expect(k, "!1+105:1 ");
	/* The new source had the old route. */
	change(k, 1, 6, 2);
	expect(k, "=2-:1 !2+106:1 ");
	/* From a stranger: for all. */
	change(k, 1, 7, 50);
	expect(k, "*+107:1 ");
	change(k, 1, 8, 1);
	expect(k, "=1-:1 !1+108:1 ");
	/* It never had its own: nothing to withdraw from it. */
	change(k, 1, 0, 0);
	expect(k, "!1-:1 ");
	fake_free(k);
}
END_TEST

START_TEST(test_nexthop_is_member)
{
	struct fake *k = fake_new();

	change(k, 1, 22, 50);
	expect(k, "!n22+122:1 ");
	change(k, 1, 22, 1);
	expect(k, "=1n22-:1 !1n22+122:1 ");
	change(k, 1, 30, 50);
	expect(k, "*+130:1 ");
	fake_free(k);
}
END_TEST

START_TEST(test_suppress)
{
	struct fake *k = fake_new();

	change(k, 1, 5, 50);
	expect(k, "*+105:1 ");
	/* The same output for the same members. */
	change(k, 1, 5, 51);
	expect(k, "");
	/* Other members. */
	change(k, 1, 5, 1);
	expect(k, "=1-:1 !1+105:1 ");
	/* A policy that reads more than attributes: what was sent is not known. */
	adjout_group_refilter(&k->g, NULL, false);
	drain(k);
	str_reset(&k->log);
	change(k, 1, 5, 50);
	expect(k, "*+105:1 ");
	change(k, 1, 5, 51);
	expect(k, "*+105:1 ");
	fake_free(k);
}
END_TEST

START_TEST(test_twice_in_a_slice)
{
	struct fake *k = fake_new();

	change(k, 1, 6, 50);
	change(k, 1, 5, 50);
	expect(k, "*+106:1 *+105:1 ");
	change(k, 1, 0, 0);
	change(k, 1, 5, 50);
	expect(k, "*-:1 *+105:1 ");
	fake_free(k);
}
END_TEST

START_TEST(test_memo)
{
	struct fake *k = fake_new();

	for (uint32_t id = 1; id <= 10; id++)
		change(k, id, 5, 50);
	ck_assert_uint_eq(k->computed, 1);
	/* Another source is another question. */
	change(k, 11, 5, 51);
	ck_assert_uint_eq(k->computed, 2);
	/* The id of a remembered set is held. */
	ck_assert_int_eq(k->refs[5], 2);
	adjout_group_refilter(&k->g, NULL, false);
	ck_assert_int_eq(k->refs[5], 0);
	drain(k);
	ck_assert_uint_eq(k->computed, 13);
	fake_free(k);
}
END_TEST

/* The same output as for the prefix before is taken from there, but only while it is what stands last in the batch. */
START_TEST(test_repeated)
{
	struct fake *k = fake_new();

	change(k, 1, 5, 50);
	expect(k, "*+105:1 ");
	change(k, 2, 5, 50);
	change(k, 1, 0, 0);
	change(k, 3, 5, 50);
	expect(k, "*-:1 *+105:2,3 ");
	change(k, 4, 5, 50);
	change(k, 5, 5, 50);
	expect(k, "*+105:4,5 ");
	ck_assert_uint_eq(k->computed, 1);
	adjout_group_refilter(&k->g, NULL, true);
	drain(k);
	ck_assert_uint_eq(k->computed, 2);
	fake_free(k);
}
END_TEST

/* What the policy let nothing out of, it need not be asked again, whatever waits for the prefix. */
START_TEST(test_repeated_rejection)
{
	struct fake *k = fake_new();

	change(k, 1, 5, 50);
	expect(k, "*+105:1 ");
	k->reject = 6;
	change(k, 2, 6, 50);
	uint64_t asked = k->g.memo_hits + k->g.memo_misses;
	change(k, 3, 6, 50);
	change(k, 4, 6, 50);
	ck_assert_uint_eq(k->g.memo_hits + k->g.memo_misses, asked);
	/* Another source is another question, and so is a prefix that was announced. */
	change(k, 4, 6, 51);
	ck_assert_uint_eq(k->g.memo_hits + k->g.memo_misses, asked + 1);
	change(k, 1, 6, 51);
	expect(k, "*-:1 ");
	/* Its withdrawal waits for room. */
	change(k, 1, 5, 50);
	expect(k, "*+105:1 ");
	change(k, 1, 6, 50);
	change(k, 2, 6, 50);
	change(k, 1, 6, 50);
	k->full = true;
	expect(k, "");
	k->full = false;
	drain(k);
	expect(k, "*-:1 ");
	/* Nothing of it stays true with another policy. */
	k->reject = 0;
	adjout_group_refilter(&k->g, NULL, true);
	change(k, 3, 6, 50);
	drain(k);
	ck_assert(bitmap_test(&k->g.fam[FAMILY_IPV4].announced, 3));
	fake_free(k);
}
END_TEST

START_TEST(test_source_changed)
{
	struct fake *k = fake_new();
	struct bitmap best[FAMILY_COUNT] = {0};

	change(k, 1, 5, 50);
	change(k, 2, 5, 50);
	change(k, 3, 5, 51);
	adjout_flush(&k->g);
	ck_assert_uint_eq(k->computed, 2);
	str_reset(&k->log);
	/* Source 50 is another neighbour now, whose old path of prefix 2 is still the best one there. */
	bitmap_set(&best[FAMILY_IPV4], 2);
	adjout_source_changed(&k->a, 50, best, best);
	bitmap_fini(&best[FAMILY_IPV4]);
	drain(k);
	ck_assert_str_eq(str_get(&k->log), "*+105:2 ");
	ck_assert_uint_eq(k->computed, 3);
	/* What is remembered of source 51 still holds. */
	change(k, 4, 5, 51);
	ck_assert_uint_eq(k->computed, 3);
	fake_free(k);
}
END_TEST

START_TEST(test_paced)
{
	struct fake *k = fake_new();

	change(k, 1, 5, 50);
	change(k, 2, 5, 50);
	expect(k, "*+105:1,2 ");
	k->full = true;
	change(k, 1, 0, 0);
	change(k, 2, 6, 50);
	change(k, 2, 7, 50);
	change(k, 3, 5, 50);
	change(k, 3, 0, 0);
	expect(k, "");
	ck_assert(!adjout_group_drain(&k->g, 100));
	ck_assert(!adjout_group_idle(&k->g));
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, 3));
	k->full = false;
	drain(k);
	expect(k, "*-:1 *+107:2 ");
	ck_assert(adjout_group_idle(&k->g));
	fake_free(k);
}
END_TEST

START_TEST(test_no_room_at_flush)
{
	struct fake *k = fake_new();

	change(k, 1, 5, 50);
	expect(k, "*+105:1 ");
	change(k, 1, 0, 0);
	k->full = true;
	expect(k, "");
	k->full = false;
	drain(k);
	expect(k, "*-:1 ");
	fake_free(k);
}
END_TEST

/* So many that what the batch has is forgotten as a whole, also if there is no room for it. */
START_TEST(test_many_at_once)
{
	enum { MANY = 1000 };
	struct fake *k = fake_new();
	const struct adjout_family *fam = &k->g.fam[FAMILY_IPV4];

	for (uint32_t id = 1; id <= MANY; id++)
		change(k, id, 5, 50);
	ck_assert_uint_eq(fam->in_batch.count, MANY);
	adjout_flush(&k->g);
	ck_assert_uint_eq(fam->in_batch.count, 0);
	ck_assert_uint_eq(fam->announced.count, MANY);
	str_reset(&k->log);
	/* None of them is in the batch any more: both are sent together. */
	change(k, 1, 6, 50);
	change(k, 2, 6, 50);
	expect(k, "*+106:1,2 ");
	for (uint32_t id = 1; id <= MANY; id++)
		change(k, id, 0, 0);
	ck_assert_uint_eq(fam->in_batch.count, MANY);
	k->full = true;
	expect(k, "");
	ck_assert_uint_eq(fam->in_batch.count, 0);
	ck_assert_uint_eq(fam->pending.count, MANY);
	k->full = false;
	drain(k);
	ck_assert_uint_eq(fam->pending.count, 0);
	ck_assert_uint_eq(fam->announced.count, 0);
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, MANY));
	fake_free(k);
}
END_TEST

START_TEST(test_policy_change)
{
	struct fake *k = fake_new();

	change(k, 1, 5, 50);
	change(k, 2, 6, 50);
	change(k, 3, 9, 50);
	expect(k, "*+105:1 *+106:2 ");
	k->reject = 6;
	adjout_group_refilter(&k->g, NULL, true);
	/* Ahead of the scan: nothing now, the current state when it comes by. */
	change(k, 1, 7, 50);
	expect(k, "");
	drain(k);
	expect(k, "*-:2 *+107:1 *+109:3 ");
	fake_free(k);
}
END_TEST

/* A step of a scan has its bound also where there are no prefixes. */
START_TEST(test_scan_empty)
{
	struct fake *k = fake_new();
	unsigned steps = 0;
	bool more = true;

	change(k, 1, 5, 50);
	change(k, NID - 1, 6, 50);
	expect(k, "*+105:1 *+106:2999 ");
	adjout_group_refilter(&k->g, NULL, true);
	while (more) {
		k->looked = 0;
		more = adjout_group_drain(&k->g, 1);
		ck_assert_uint_le(k->looked, 256);
		steps++;
	}
	ck_assert_uint_ge(steps, NID / 256);
	ck_assert_uint_le(steps, NID / 256 + 4);
	expect(k, "*+105:1 *+106:2999 ");
	fake_free(k);
}
END_TEST

START_TEST(test_dirty_is_left)
{
	struct fake *k = fake_new();

	change(k, 1, 5, 50);
	expect(k, "*+105:1 ");
	adjout_group_refilter(&k->g, NULL, true);
	/* Gone for the moment, and back before the decision: no change would be reported. */
	k->best[1].dirty = true;
	drain(k);
	expect(k, "");
	k->best[1].dirty = false;
	adjout_group_decided(&k->g);
	drain(k);
	expect(k, "*+105:1 ");
	fake_free(k);
}
END_TEST

/* A walk that is cut short just before its end takes what is decided then for decided, not for waiting. */
START_TEST(test_dirty_decided_amid_walk)
{
	struct fake *k = fake_new();
	struct adjout_family *fam = &k->g.fam[FAMILY_IPV4];

	change(k, 1, 5, 50);
	expect(k, "*+105:1 ");
	k->best[1].dirty = true;
	bitmap_set(&fam->pending, 1);
	/* The walk has come so far that only its end is left, and is cut short. */
	ck_assert(adjout_group_drain(&k->g, 3));
	/* A decision that changes nothing is not told. */
	k->best[1].dirty = false;
	adjout_group_decided(&k->g);
	drain(k);
	expect(k, "*+105:1 ");
	ck_assert_uint_eq(fam->pending.count, 0);
	fake_free(k);
}
END_TEST

/* The same where all of a source's is to be sent again, and more than that waits for decisions. */
START_TEST(test_source_changed_amid_walk)
{
	enum { WAIT = 20, AMID = 10 };
	struct fake *k = fake_new();
	struct adjout_family *fam = &k->g.fam[FAMILY_IPV4];
	struct bitmap best[FAMILY_COUNT] = {0};

	change(k, AMID, 5, 50);
	expect(k, "*+105:10 ");
	for (uint32_t id = 1; id <= WAIT + 1; id++) {
		if (id == AMID)
			continue;
		k->best[id].dirty = true;
		bitmap_set(&fam->pending, id);
	}
	ck_assert(adjout_group_drain(&k->g, 2 * (WAIT + 1) - 1));
	bitmap_set(&best[FAMILY_IPV4], AMID);
	adjout_source_changed(&k->a, 50, best, best);
	drain(k);
	expect(k, "*+105:10 ");
	ck_assert_uint_eq(fam->pending.count, WAIT);
	bitmap_fini(&best[FAMILY_IPV4]);
	fake_free(k);
}
END_TEST

/* More than a call's budget waits for decisions, as after a restart: that is no work until some are made. */
START_TEST(test_many_dirty_are_left)
{
	struct fake *k = fake_new();
	unsigned calls = 0;

	for (uint32_t id = 1; id <= 500; id++) {
		k->best[id].attr = 5;
		k->best[id].source = 50;
		k->best[id].dirty = true;
	}
	adjout_group_refilter(&k->g, NULL, true);
	while (adjout_group_drain(&k->g, 100))
		ck_assert_uint_lt(++calls, 50);
	expect(k, "");
	k->best[400].dirty = false;
	adjout_group_decided(&k->g);
	for (calls = 0; adjout_group_drain(&k->g, 100);)
		ck_assert_uint_lt(++calls, 50);
	expect(k, "*+105:400 ");
	fake_free(k);
}
END_TEST

START_TEST(test_new_member)
{
	struct fake *k = fake_new();

	change(k, 1, 5, 50);
	change(k, 2, 6, 3);
	change(k, 3, 23, 50);
	change(k, 4, 5, 50);
	adjout_flush(&k->g);
	str_reset(&k->log);
	adjout_member_join(&k->g, &k->m3);
	ck_assert_int_eq(k->m3.state, ADJOUT_WAITING);
	adjout_members_drain(&k->g, 3);
	/* Its own route and the one through it are not for it. */
	change(k, 1, 7, 50);
	adjout_flush(&k->g);
	drain(k);
	expect(k, "m3+105:1 *+107:1 m3+107:1 m3+105:4 m3in ");
	ck_assert_int_eq(k->m3.state, ADJOUT_ATTACHED);
	change(k, 2, 0, 0);
	expect(k, "!3-:2 ");
	fake_free(k);
}
END_TEST

/* What each member has been told of, counted: its own routes are not, a dump counts as far as it has come. */
START_TEST(test_member_count)
{
	struct fake *k = fake_new();
	struct bitmap none = {0}, own = {0};

	change(k, 1, 5, 50);
	change(k, 2, 6, 1);
	change(k, 3, k->reject, 50);
	change(k, 4, 7, 1);
	adjout_flush(&k->g);
	bitmap_set(&own, 2);
	bitmap_set(&own, 4);
	ck_assert_uint_eq(adjout_member_count(&k->m1, FAMILY_IPV4, &own), 1);
	ck_assert_uint_eq(adjout_member_count(&k->m2, FAMILY_IPV4, &none), 3);
	ck_assert_uint_eq(adjout_member_count(&k->m2, FAMILY_IPV6, &none), 0);
	change(k, 1, 0, 0);
	ck_assert_uint_eq(adjout_member_count(&k->m2, FAMILY_IPV4, &none), 2);

	adjout_member_join(&k->g, &k->m3);
	adjout_member_eor(&k->m3, FAMILY_IPV4);
	ck_assert_uint_eq(adjout_member_count(&k->m3, FAMILY_IPV4, &none), 0);
	adjout_members_drain(&k->g, 1);
	ck_assert_uint_eq(adjout_member_count(&k->m3, FAMILY_IPV4, &none), 1);
	drain(k);
	ck_assert_uint_eq(adjout_member_count(&k->m3, FAMILY_IPV4, &none), 2);
	bitmap_fini(&own);
	fake_free(k);
}
END_TEST

/* A route is not for whom its next hop belongs to, whoever it comes from. */
START_TEST(test_member_count_nexthop)
{
	struct fake *k = fake_new();
	struct bitmap none = {0}, own = {0};

	change(k, 1, 22, 50);
	change(k, 2, 22, 2);
	change(k, 3, 5, 50);
	adjout_flush(&k->g);
	bitmap_set(&own, 2);
	ck_assert_uint_eq(adjout_member_count(&k->m1, FAMILY_IPV4, &none), 3);
	ck_assert_uint_eq(adjout_member_count(&k->m2, FAMILY_IPV4, &own), 1);
	/* another next hop: now it is for m2 too */
	change(k, 1, 23, 50);
	adjout_flush(&k->g);
	ck_assert_uint_eq(adjout_member_count(&k->m2, FAMILY_IPV4, &own), 2);
	/* one that comes later is fed by a drain, and the count follows that as well */
	adjout_member_join(&k->g, &k->m3);
	drain(k);
	ck_assert_uint_eq(adjout_member_count(&k->m3, FAMILY_IPV4, &none), 2);
	change(k, 1, 0, 0);
	adjout_flush(&k->g);
	ck_assert_uint_eq(adjout_member_count(&k->m3, FAMILY_IPV4, &none), 2);
	ck_assert_uint_eq(adjout_member_count(&k->m2, FAMILY_IPV4, &own), 1);
	bitmap_fini(&own);
	fake_free(k);
}
END_TEST

START_TEST(test_first_members_attach)
{
	struct fake *k = fake_new();

	adjout_member_join(&k->g, &k->m3);
	expect(k, "m3in ");
	fake_free(k);
}
END_TEST

START_TEST(test_slow)
{
	struct fake *k = fake_new();

	change(k, 1, 5, 50);
	change(k, 2, 5, 50);
	expect(k, "*+105:1,2 ");
	ck_assert_int_eq(adjout_member_slow(&k->m1), 0);
	change(k, 1, 0, 0);
	change(k, 2, 6, 50);
	change(k, 3, 5, 1);
	expect(k, "m1out *-:1 !1+105:3 *+106:2 ");
	k->full_own = true;
	drain(k);
	expect(k, "");
	change(k, 2, 7, 50);
	expect(k, "*+107:2 ");
	k->full_own = false;
	drain(k);
	/* The current state, and nothing of what was not for it. */
	expect(k, "m1-:1 m1+107:2 m1in ");
	fake_free(k);
}
END_TEST

START_TEST(test_bound)
{
	struct fake *k = fake_new();

	k->a.detached_max = 1;
	change(k, 1, 5, 50);
	adjout_flush(&k->g);
	ck_assert_int_eq(adjout_member_slow(&k->m1), 0);
	ck_assert_int_eq(adjout_member_slow(&k->m1), 0);
	ck_assert_int_eq(adjout_member_slow(&k->m2), -EAGAIN);
	adjout_member_refresh(&k->m2, FAMILY_IPV4, false);
	k->full_own = true;
	drain(k);
	ck_assert_int_eq(k->m2.state, ADJOUT_ATTACHED);
	k->full_own = false;
	str_reset(&k->log);
	drain(k);
	expect(k, "m1in m2out m2+105:1 m2in ");
	fake_free(k);
}
END_TEST

START_TEST(test_refresh)
{
	struct fake *k = fake_new();

	change(k, 1, 5, 50);
	change(k, 2, 6, 50);
	expect(k, "*+105:1 *+106:2 ");
	adjout_member_refresh(&k->m1, FAMILY_IPV4, true);
	drain(k);
	expect(k, "m1out m1BORR m1+105:1 m1+106:2 m1EORR m1in ");
	fake_free(k);
}
END_TEST

START_TEST(test_eor)
{
	struct fake *k = fake_new();

	adjout_member_eor(&k->m1, FAMILY_IPV4);
	drain(k);
	expect(k, "");
	/* What was being decided then comes first. */
	change(k, 1, 5, 50);
	k->decided++;
	drain(k);
	expect(k, "*+105:1 m1EOR ");
	drain(k);
	expect(k, "");
	fake_free(k);
}
END_TEST

START_TEST(test_eor_waits_for_room)
{
	struct fake *k = fake_new();

	adjout_member_eor(&k->m1, FAMILY_IPV4);
	k->full = true;
	change(k, 1, 5, 50);
	k->decided++;
	drain(k);
	expect(k, "");
	k->full = false;
	drain(k);
	expect(k, "*+105:1 m1EOR ");
	fake_free(k);
}
END_TEST

START_TEST(test_move)
{
	struct fake *k = fake_new();
	struct adjout_key other = {.policy = 2, .families = 1 << FAMILY_IPV4};

	change(k, 1, 5, 50);
	change(k, 2, 6, 50);
	expect(k, "*+105:1 *+106:2 ");
	adjout_group_open(&k->a, &k->h, &other, true);
	k->reject = 6;
	/* A withdrawal that is still in the batch goes out to it as well. */
	change(k, 1, 0, 0);
	ck_assert_int_eq(adjout_member_move(&k->m1, &k->h), 0);
	expect(k, "*-:1 m1out ");
	drain_group(&k->h, 10);
	expect(k, "m1-:2 m1in ");
	ck_assert_uint_eq(k->g.nmembers, 1);
	ck_assert_uint_eq(k->h.nattached, 1);
	k->a.detached_max = 0;
	ck_assert_int_eq(adjout_member_move(&k->m2, &k->h), -EAGAIN);
	ck_assert_ptr_eq(k->m2.group, &k->g);
	fake_free(k);
}
END_TEST

START_TEST(test_pins)
{
	struct fake *k = fake_new();

	ck_assert(!adjout_pins(&k->a, FAMILY_IPV4, 1));
	change(k, 1, 5, 50);
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, 1));
	ck_assert_int_eq(adjout_member_slow(&k->m1), 0);
	change(k, 1, 0, 0);
	/* In the batch, then in the bits of the slow one, then until it is reaped. */
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, 1));
	adjout_flush(&k->g);
	reap(k);
	ck_assert_uint_eq(k->unpinned[1], 0);
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, 1));
	drain(k);
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, 1));
	reap(k);
	ck_assert_uint_eq(k->unpinned[1], 1);
	ck_assert(!adjout_pins(&k->a, FAMILY_IPV4, 1));
	fake_free(k);
}
END_TEST

static uint32_t
unpinned_up_to(const struct fake *k, uint32_t last)
{
	uint32_t n = 0;

	for (uint32_t id = 1; id <= last; id++)
		n += k->unpinned[id];
	return n;
}

static void
reap_due(struct fake *k)
{
	while (adjout_reap(&k->a, true, 10))
		;
}

/* What is withdrawn keeps its id until the second second is over, in which most come back; too many do not. */
START_TEST(test_kept)
{
	struct fake *k = fake_new();

	change(k, 1, 5, 50);
	change(k, 1, 0, 0);
	adjout_flush(&k->g);
	reap_due(k);
	adjout_tick(&k->a);
	reap_due(k);
	change(k, 2, 5, 50);
	change(k, 2, 0, 0);
	adjout_flush(&k->g);
	reap_due(k);
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, 1) && adjout_pins(&k->a, FAMILY_IPV4, 2));
	ck_assert_uint_eq(unpinned_up_to(k, 2), 0);
	adjout_tick(&k->a);
	/* There is something else to do. */
	ck_assert(!adjout_reap(&k->a, false, 10));
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, 1));
	reap_due(k);
	ck_assert(!adjout_pins(&k->a, FAMILY_IPV4, 1) && adjout_pins(&k->a, FAMILY_IPV4, 2));
	ck_assert(k->unpinned[1] == 1 && k->unpinned[2] == 0);

	k->a.kept_max = 30;
	for (uint32_t id = 3; id <= 42; id++)
		change(k, id, 5, 50);
	for (uint32_t id = 3; id <= 42; id++)
		change(k, id, 0, 0);
	adjout_flush(&k->g);
	while (adjout_reap(&k->a, false, 10))
		;
	ck_assert_uint_eq(unpinned_up_to(k, 42), 1 + 10);
	/* What is back is not asked for. */
	change(k, 42, 5, 50);
	reap(k);
	ck_assert_uint_eq(unpinned_up_to(k, 42), 41);
	fake_free(k);
}
END_TEST

START_TEST(test_leave)
{
	struct fake *k = fake_new();

	change(k, 1, 5, 50);
	adjout_flush(&k->g);
	ck_assert_int_eq(adjout_member_slow(&k->m1), 0);
	change(k, 1, 0, 0);
	adjout_flush(&k->g);
	/* While it is owed to the one it is not let go of, and who leaves is owed nothing. */
	reap(k);
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, 1));
	ck_assert_uint_eq(k->unpinned[1], 0);
	adjout_member_leave(&k->m1);
	ck_assert_uint_eq(k->a.ndetached, 0);
	reap(k);
	ck_assert(!adjout_pins(&k->a, FAMILY_IPV4, 1));
	ck_assert_uint_eq(k->unpinned[1], 1);
	/* Nobody is named any more. */
	str_reset(&k->log);
	change(k, 1, 5, 1);
	expect(k, "*+105:1 ");
	fake_free(k);
}
END_TEST

START_TEST(test_families)
{
	struct fake *k = fake_new();

	struct adjout_news news = {.family = FAMILY_IPV6, .id = 1, .new_attr = 5, .new_source = 50};
	adjout_change(&k->g, &news, 1);
	ck_assert(!news.waits);
	expect(k, "");
	ck_assert(!adjout_pins(&k->a, FAMILY_IPV6, 1));
	fake_free(k);
}
END_TEST

/* Changes that are told together: each has an answer of its own. */
START_TEST(test_together)
{
	struct fake *k = fake_new();
	const bool waits[] = {true, true, false, true, true, true};

	for (uint32_t id = 1; id <= 3; id++)
		change(k, id, 5, 50);
	expect(k, "*+105:1,2,3 ");
	struct adjout_news n[] = {{.family = FAMILY_IPV4, .id = 1, .old_attr = 5, .old_source = 50},
				  {.family = FAMILY_IPV4, .id = 2, .old_attr = 5, .old_source = 50},
				  {.family = FAMILY_IPV4, .id = 4, .old_attr = 9, .old_source = 50},
				  {.family = FAMILY_IPV4, .id = 5, .new_attr = 5, .new_source = 50},
				  {.family = FAMILY_IPV4, .id = 6, .new_attr = 5, .new_source = 50},
				  {.family = FAMILY_IPV4, .id = 3, .old_attr = 5, .old_source = 50}};
	adjout_change(&k->g, n, ARRAY_LEN(n));
	for (size_t i = 0; i < ARRAY_LEN(n); i++)
		ck_assert_int_eq(n[i].waits, waits[i]);
	expect(k, "*-:1,2,3 *+105:5,6 ");
	k->best[5].attr = k->best[6].attr = 5;
	k->best[5].source = k->best[6].source = 50;
	/* What is in the batch goes out before it changes again, also where it would go on with a run. */
	change(k, 8, 5, 50);
	change(k, 5, 0, 0);
	change(k, 8, 0, 0);
	expect(k, "*-:5 *+105:8 *-:8 ");
	change(k, 6, 0, 0);
	change(k, 9, 5, 50);
	change(k, 6, 5, 50);
	expect(k, "*-:6 *+105:9 *+105:6 ");
	fake_free(k);
}
END_TEST

SUITE("adjout", test_together, test_packing, test_split_horizon, test_nexthop_is_member, test_suppress,
    test_twice_in_a_slice, test_memo, test_repeated, test_repeated_rejection, test_source_changed, test_paced,
    test_no_room_at_flush, test_many_at_once, test_policy_change, test_scan_empty, test_dirty_is_left, test_dirty_decided_amid_walk, test_source_changed_amid_walk, test_many_dirty_are_left, test_new_member,
    test_member_count, test_member_count_nexthop,
    test_first_members_attach, test_slow, test_bound, test_refresh, test_eor, test_eor_waits_for_room,
    test_move, test_pins, test_kept, test_leave, test_families)
