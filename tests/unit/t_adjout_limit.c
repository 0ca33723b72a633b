/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/adjout_limit: a member that may have so many prefixes and no more. See adjouttest.h. */
#include "tests/unit/adjouttest.h"

static const struct adjout_key key_sole = {.policy = 1, .families = 1 << FAMILY_IPV4, .sole = 1};
static const struct adjout_key key_sole_paths = {
    .policy = 2, .families = 1 << FAMILY_IPV4, .sole = 1, .paths_ipv4 = ADJOUT_PATHS_ALL};

static struct fake *
fake_limited(const struct adjout_key *key, uint32_t limit)
{
	struct fake *k = fake_with(key);

	adjout_group_limit(&k->g, FAMILY_IPV4, limit);
	return k;
}

static void
expect_held(const struct fake *k, uint32_t n)
{
	ck_assert_uint_eq(adjout_member_held_count(&k->m1, FAMILY_IPV4), n);
}

/* Whoever is in stays in and is updated; others come in when there is room, once the withdrawal is out. */
START_TEST(test_order)
{
	struct fake *k = fake_limited(&key_sole, 2);

	change(k, 1, 5, 50);
	change(k, 2, 5, 50);
	change(k, 3, 5, 50);
	change(k, 4, 9, 50);
	expect(k, "*+105:1,2 ");
	expect_held(k, 1);
	ck_assert(adjout_member_held(&k->m1, FAMILY_IPV4, 3));
	change(k, 1, 6, 51);
	expect(k, "*+106:1 ");
	drain(k);
	expect(k, "");
	ck_assert(adjout_group_idle(&k->g));
	change(k, 2, 0, 0);
	change(k, 5, 5, 50);
	expect(k, "*-:2 ");
	ck_assert(!adjout_group_idle(&k->g));
	drain(k);
	expect(k, "*+105:3 ");
	expect_held(k, 1);
	/* One that policy does not let out any more goes, too. */
	change(k, 3, 9, 50);
	expect(k, "*-:3 ");
	drain(k);
	expect(k, "*+105:5 ");
	expect_held(k, 0);
	ck_assert_uint_eq(adjout_member_count(&k->m1, FAMILY_IPV4, &(struct bitmap){0}), 2);
	fake_free(k);
}
END_TEST

/* What is held back is pinned; when it goes nobody is told, and nothing of it is left. */
START_TEST(test_held_goes)
{
	struct fake *k = fake_limited(&key_sole, 1);

	change(k, 1, 5, 50);
	change(k, 2, 5, 50);
	expect(k, "*+105:1 ");
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, 2));
	change(k, 2, 0, 0);
	expect(k, "");
	expect_held(k, 0);
	ck_assert(!adjout_pins(&k->a, FAMILY_IPV4, 2));
	/* The same while the scan of a new policy has not come so far. */
	change(k, 2, 5, 50);
	adjout_group_refilter(&k->g, NULL, true);
	change(k, 2, 0, 0);
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, 2));
	drain(k);
	expect(k, "*+105:1 ");
	reap(k);
	ck_assert_uint_gt(k->unpinned[2], 0);
	ck_assert(!adjout_pins(&k->a, FAMILY_IPV4, 2));
	fake_free(k);
}
END_TEST

/* Its own routes, and those with its own address as next hop, are not sent and take no place. */
START_TEST(test_own)
{
	struct fake *k = fake_limited(&key_sole, 1);

	change(k, 1, 5, 1);
	change(k, 2, 21, 50);
	change(k, 3, 5, 50);
	expect(k, "*+105:3 ");
	expect_held(k, 0);
	change(k, 1, 6, 50);
	expect_held(k, 1);
	change(k, 3, 5, 1);
	expect(k, "*-:3 ");
	drain(k);
	expect(k, "*+106:1 ");
	fake_free(k);
}
END_TEST

START_TEST(test_changed)
{
	struct fake *k = fake_limited(&key_sole, 3);

	for (uint32_t id = 1; id <= 4; id++)
		change(k, id, 5, 50);
	expect(k, "*+105:1,2,3 ");
	/* Down: as many go as are too many, and are held back. */
	adjout_group_limit(&k->g, FAMILY_IPV4, 1);
	ck_assert(!adjout_group_idle(&k->g));
	drain(k);
	expect(k, "*-:1,2 ");
	expect_held(k, 3);
	ck_assert(adjout_group_idle(&k->g));
	/* Up: they follow. */
	adjout_group_limit(&k->g, FAMILY_IPV4, 10);
	drain(k);
	expect(k, "*+105:1,2,4 ");
	expect_held(k, 0);
	/* A waiting decision does not keep others. */
	adjout_group_limit(&k->g, FAMILY_IPV4, 3);
	k->best[1].dirty = k->best[2].dirty = true;
	drain(k);
	expect(k, "*-:3 ");
	fake_free(k);
}
END_TEST

/*
 * A call's budget is used up by what waits for a decision: those that are held back follow all the same, and the work has an
 * end before the decision.
 */
START_TEST(test_waiting_takes_no_turn)
{
	struct fake *k = fake_limited(&key_sole, 1);
	struct bitmap *pending = &k->g.fam[FAMILY_IPV4].pending;

	for (uint32_t id = 1; id <= 3; id++)
		change(k, id, 5, 50);
	expect(k, "*+105:1 ");
	k->best[4].dirty = true;
	bitmap_set(pending, 4);
	adjout_group_limit(&k->g, FAMILY_IPV4, 10);
	/* As many steps as the walk of the one that waits has. */
	drain_group(&k->g, 4);
	expect(k, "*+105:2,3 ");
	expect_held(k, 0);
	ck_assert_uint_eq(pending->count, 1);
	/* And those that are too many, and wait, take no turns either. */
	for (uint32_t id = 1; id <= 3; id++)
		k->best[id].dirty = true;
	adjout_group_limit(&k->g, FAMILY_IPV4, 1);
	drain_group(&k->g, 4);
	expect(k, "");
	ck_assert_uint_eq(pending->count, 4);
	for (uint32_t id = 1; id <= 4; id++)
		k->best[id].dirty = false;
	adjout_group_decided(&k->g);
	drain_group(&k->g, 4);
	expect(k, "*-:2,3 *+105:1 ");
	expect_held(k, 2);
	ck_assert(adjout_group_idle(&k->g));
	fake_free(k);
}
END_TEST

/* Without room in the stream neither a withdrawal nor what might follow it gets lost, nor do they change
 * places. */
START_TEST(test_no_room)
{
	struct fake *k = fake_limited(&key_sole, 1);

	change(k, 1, 5, 50);
	expect(k, "*+105:1 ");
	change(k, 1, 0, 0);
	change(k, 2, 6, 50);
	k->full = true;
	expect(k, "");
	drain(k);
	expect(k, "");
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, 1));
	k->full = false;
	drain(k);
	expect(k, "*-:1 *+106:2 ");
	expect_held(k, 0);
	fake_free(k);
}
END_TEST

/* A detached member is let in nothing new: what is gone it may not have been told yet. */
START_TEST(test_detached)
{
	struct fake *k = fake_limited(&key_sole, 1);

	change(k, 1, 5, 50);
	expect(k, "*+105:1 ");
	adjout_member_refresh(&k->m1, FAMILY_IPV4, true);
	k->full_own = true;
	drain(k);
	change(k, 1, 0, 0);
	change(k, 2, 6, 50);
	expect(k, "m1out *-:1 ");
	drain(k);
	expect_held(k, 1);
	k->full_own = false;
	drain(k);
	expect(k, "m1BORR m1-:1 m1EORR m1in *+106:2 ");
	fake_free(k);
}
END_TEST

/* End-of-RIB comes when those that follow are out. */
START_TEST(test_end_of_rib)
{
	struct fake *k = fake_limited(&key_sole, 1);

	change(k, 1, 5, 50);
	change(k, 2, 6, 50);
	expect(k, "*+105:1 ");
	adjout_group_limit(&k->g, FAMILY_IPV4, 2);
	adjout_member_eor(&k->m1, FAMILY_IPV4);
	k->decided = 1;
	adjout_members_drain(&k->g, 10);
	expect(k, "");
	drain(k);
	expect(k, "*+106:2 m1EOR ");
	fake_free(k);
}
END_TEST

/* From a shared group to one of its own and back: it keeps what it may, and gets the rest again. */
START_TEST(test_move)
{
	struct fake *k = fake_new();

	for (uint32_t id = 1; id <= 3; id++)
		change(k, id, 5, 50);
	expect(k, "*+105:1,2,3 ");
	adjout_group_open(&k->a, &k->h, &key_sole, true);
	adjout_group_limit(&k->h, FAMILY_IPV4, 2);
	ck_assert_int_eq(adjout_member_move(&k->m1, &k->h), 0);
	drain_group(&k->h, 100);
	ck_assert_uint_eq(adjout_member_count(&k->m1, FAMILY_IPV4, &(struct bitmap){0}), 2);
	expect_held(k, 1);
	ck_assert(adjout_member_held(&k->m1, FAMILY_IPV4, 1));
	ck_assert_ptr_nonnull(strstr(str_get(&k->log), "m1-:1 "));
	str_reset(&k->log);
	ck_assert_int_eq(adjout_member_move(&k->m1, &k->g), 0);
	adjout_group_close(&k->h);
	drain(k);
	ck_assert_uint_eq(adjout_member_count(&k->m1, FAMILY_IPV4, &(struct bitmap){0}), 3);
	ck_assert_ptr_nonnull(strstr(str_get(&k->log), "m1+105:"));
	fake_free(k);
}
END_TEST

/* The group itself becomes one with a limit, and is again one without. */
START_TEST(test_key)
{
	struct fake *k = fake_new();
	struct adjout_key key = key4;

	adjout_member_leave(&k->m2);
	change(k, 1, 5, 50);
	change(k, 2, 5, 50);
	change(k, 3, 5, 1);
	/* Its own is passed over while it is alone. */
	expect(k, "m2out *+105:1,2 ");
	key.sole = 1;
	adjout_group_refilter(&k->g, &key, true);
	adjout_group_limit(&k->g, FAMILY_IPV4, 1);
	drain(k);
	expect_held(k, 1);
	ck_assert_uint_eq(adjout_member_count(&k->m1, FAMILY_IPV4, &(struct bitmap){0}), 1);
	str_reset(&k->log);
	adjout_group_refilter(&k->g, &key4, true);
	expect_held(k, 0);
	drain(k);
	expect(k, "*+105:1,2 !1+105:3 ");
	fake_free(k);
}
END_TEST

/* A prefix that is on its way out comes back: it has been withdrawn, and the same as before is not what it has. */
START_TEST(test_comes_back)
{
	struct fake *k = fake_limited(&key_sole, 2);

	/* What these become is the same. */
	k->alike = 6;
	change(k, 1, 5, 50);
	change(k, 2, 5, 50);
	expect(k, "*+105:1,2 ");
	adjout_group_limit(&k->g, FAMILY_IPV4, 1);
	change(k, 1, 6, 50);
	change(k, 2, 0, 0);
	change(k, 1, 5, 50);
	expect(k, "*-:1,2 *+105:1 ");
	expect_held(k, 0);
	ck_assert_uint_eq(adjout_member_count(&k->m1, FAMILY_IPV4, &(struct bitmap){0}), 1);
	/* Nor is it withdrawn twice. */
	change(k, 1, 9, 50);
	change(k, 1, 9, 51);
	expect(k, "*-:1 ");
	fake_free(k);
}
END_TEST

/* With ADD-PATH a prefix has all of its paths or none. */
START_TEST(test_paths)
{
	struct fake *k = fake_limited(&key_sole_paths, 1);

	PATHS(k, 1, {.attr = 5, .path_id = 11, .source = 50}, {.attr = 6, .path_id = 12, .source = 1});
	PATHS(k, 2, {.attr = 5, .path_id = 11, .source = 50});
	PATHS(k, 3, {.attr = 5, .path_id = 12, .source = 1});
	expect(k, "*p11+105:1 ");
	expect_held(k, 1);
	PATHS(k, 1, {.attr = 7, .path_id = 13, .source = 51, .changed = true},
	      {.attr = 8, .path_id = 14, .source = 52, .changed = true});
	expect(k, "*p11-:1 *p13+107:1 *p14+108:1 ");
	drain(k);
	expect(k, "");
	/* None for it, of an announced prefix and of one that is held back. */
	no_paths(k, 1);
	expect(k, "*p13-:1 *p14-:1 ");
	drain(k);
	expect(k, "*p11+105:2 ");
	expect_held(k, 0);
	PATHS(k, 1, {.attr = 5, .path_id = 11, .source = 50});
	expect_held(k, 1);
	no_paths(k, 1);
	expect_held(k, 0);
	fake_free(k);
}
END_TEST

SUITE("adjout_limit", test_order, test_held_goes, test_own, test_changed, test_waiting_takes_no_turn, test_no_room, test_detached,
      test_end_of_rib, test_move, test_key, test_comes_back, test_paths)
