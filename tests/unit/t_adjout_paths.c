/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/adjout_paths: several paths of a prefix towards a group. See adjouttest.h. */
#include "tests/unit/adjouttest.h"

/* RFC 7911: each path with its id; only what is new, changed or gone. */
START_TEST(test_paths)
{
	struct fake *k = fake_with(&key_paths);

	PATHS(k, 1, {.attr = 5, .path_id = 11, .source = 50}, {.attr = 6, .path_id = 12, .source = 51});
	PATHS(k, 2, {.attr = 5, .path_id = 11, .source = 50}, {.attr = 9, .path_id = 12, .source = 51});
	expect(k, "*p11+105:1,2 *p12+106:1 ");
	PATHS(k, 1, {.attr = 5, .path_id = 11, .source = 50}, {.attr = 7, .path_id = 12, .source = 51, .changed = true});
	expect(k, "*p12+107:1 ");
	/* What no group of best paths would be told of, and what it would be. */
	struct adjout_news best = {.family = FAMILY_IPV4, .id = 1, .old_attr = 5, .old_source = 50, .new_attr = 7, .new_source = 51};
	adjout_change(&k->g, &best, 1);
	ck_assert(!best.waits);
	expect(k, "");
	PATHS(k, 1, {.attr = 7, .path_id = 12, .source = 51});
	expect(k, "*p11-:1 ");
	/* Another in the place of one that is gone replaces it. */
	PATHS(k, 1, {.attr = 8, .path_id = 12, .source = 51, .changed = true});
	no_paths(k, 2);
	expect(k, "*p11-:2 *p12+108:1 ");
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, 1));
	no_paths(k, 1);
	expect(k, "*p12-:1 ");
	reap(k);
	ck_assert(!adjout_pins(&k->a, FAMILY_IPV4, 1) && !adjout_pins(&k->a, FAMILY_IPV4, 2));
	fake_free(k);
}
END_TEST

/* To nobody its own path, nor one whose next hop it is; others hear of theirs all the same. */
START_TEST(test_paths_audience)
{
	struct fake *k = fake_with(&key_paths);

	PATHS(k, 1, {.attr = 5, .path_id = 1, .source = 1}, {.attr = 6, .path_id = 2, .source = 2});
	expect(k, "!1p1+105:1 !2p2+106:1 ");
	ck_assert_uint_eq(adjout_member_count(&k->m1, FAMILY_IPV4, NULL), 1);
	PATHS(k, 1, {.attr = 22, .path_id = 1, .source = 1, .changed = true}, {.attr = 6, .path_id = 2, .source = 2});
	expect(k, "=n22p1-:1 !1n22p1+122:1 ");
	ck_assert_uint_eq(adjout_member_count(&k->m2, FAMILY_IPV4, NULL), 0);
	ck_assert_uint_eq(adjout_member_told_path(&k->m2, FAMILY_IPV4, 1, &k->path[1][0]), 0);
	PATHS(k, 1, {.attr = 5, .path_id = 1, .source = 1, .changed = true});
	expect(k, "!2p2-:1 !1p1+105:1 ");
	ck_assert_uint_eq(adjout_member_count(&k->m2, FAMILY_IPV4, NULL), 1);
	uint32_t o = adjout_member_told_path(&k->m2, FAMILY_IPV4, 1, &k->path[1][0]);
	ck_assert_uint_eq(o, 105);
	out_unref(k, o);
	ck_assert_uint_eq(adjout_member_told_path(&k->m1, FAMILY_IPV4, 1, &k->path[1][0]), 0);
	fake_free(k);
}
END_TEST

/* What found no room is sent later, and no more than that. */
START_TEST(test_paths_room)
{
	struct fake *k = fake_with(&key_paths);

	PATHS(k, 1, {.attr = 5, .path_id = 11, .source = 50}, {.attr = 6, .path_id = 12, .source = 51});
	expect(k, "*p11+105:1 *p12+106:1 ");
	PATHS(k, 1, {.attr = 5, .path_id = 11, .source = 50}, {.attr = 7, .path_id = 12, .source = 51, .changed = true});
	k->full = true;
	expect(k, "");
	/* It comes and goes while it waits. */
	PATHS(k, 1, {.attr = 5, .path_id = 11, .source = 50});
	k->full = false;
	drain(k);
	expect(k, "*p12-:1 *p11+105:1 ");
	PATHS(k, 1, {.attr = 5, .path_id = 11, .source = 50}, {.attr = 7, .path_id = 12, .source = 51, .changed = true});
	k->full = true;
	expect(k, "");
	k->full = false;
	drain(k);
	expect(k, "*p12+107:1 ");
	fake_free(k);
}
END_TEST

/* A detached member is due what went past it, a refresh brings all, and who comes from another group loses the rest. */
START_TEST(test_paths_detached)
{
	static const struct adjout_key key_one = {.policy = 2, .families = 1 << FAMILY_IPV4, .paths_ipv4 = 1};
	struct fake *k = fake_with(&key_paths);

	PATHS(k, 1, {.attr = 5, .path_id = 11, .source = 50}, {.attr = 6, .path_id = 12, .source = 51},
	      {.attr = 7, .path_id = 13, .source = 52});
	expect(k, "*p11+105:1 *p12+106:1 *p13+107:1 ");
	ck_assert_int_eq(adjout_member_slow(&k->m1), 0);
	PATHS(k, 1, {.attr = 5, .path_id = 11, .source = 50}, {.attr = 8, .path_id = 12, .source = 51, .changed = true});
	expect(k, "m1out *p13-:1 *p12+108:1 ");
	drain(k);
	expect(k, "m1p13-:1 m1p12+108:1 m1in ");
	adjout_member_refresh(&k->m2, FAMILY_IPV4, false);
	drain(k);
	expect(k, "m2out m2p11+105:1 m2p12+108:1 m2in ");
	adjout_group_open(&k->a, &k->h, &key_one, true);
	drain_group(&k->h, 4);
	ck_assert_int_eq(adjout_member_move(&k->m1, &k->h), 0);
	drain_group(&k->h, 4);
	expect(k, "*p11+105:1 m1out m1p12-:1 m1p11+105:1 m1in ");
	fake_free(k);
}
END_TEST

/* Of a member's own paths nothing is sent to it, but their prefix's id is let go of all the same when it is the last to. */
START_TEST(test_paths_own_gone)
{
	static const struct adjout_key key_one = {.policy = 2, .families = 1 << FAMILY_IPV4, .paths_ipv4 = 1};
	struct fake *k = fake_with(&key_paths);

	PATHS(k, 1, {.attr = 5, .path_id = 11, .source = 1});
	expect(k, "!1p11+105:1 ");
	adjout_group_open(&k->a, &k->h, &key_one, true);
	ck_assert_int_eq(adjout_member_move(&k->m1, &k->h), 0);
	no_paths(k, 1);
	expect(k, "m1out *p11-:1 ");
	reap(k);
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, 1));
	uint32_t before = k->unpinned[1];
	drain_group(&k->h, 4);
	expect(k, "m1in ");
	reap(k);
	ck_assert(!adjout_pins(&k->a, FAMILY_IPV4, 1));
	ck_assert_uint_gt(k->unpinned[1], before);
	fake_free(k);
}
END_TEST

/* Whoever comes into a group is not among those for whom its batch is: it may be of paths that nobody has told it. */
START_TEST(test_paths_move_amid_batch)
{
	static const struct adjout_key key_one = {.policy = 2, .families = 1 << FAMILY_IPV4, .paths_ipv4 = 1};
	struct fake *k = fake_with(&key_paths);

	adjout_group_open(&k->a, &k->h, &key_one, true);
	drain_group(&k->h, 4);
	k->path[1][0] = (struct adjout_path){.attr = 5, .path_id = 11, .source = 50};
	k->npath[1] = 1;
	adjout_paths_change(&k->h, FAMILY_IPV4, 1, false);
	adjout_flush(&k->h);
	expect(k, "*p11+105:1 ");
	k->npath[1] = 0;
	adjout_paths_change(&k->h, FAMILY_IPV4, 1, false);
	expect(k, "");
	ck_assert_int_eq(adjout_member_move(&k->m1, &k->h), 0);
	expect(k, "*p11-:1 m1out ");
	drain_group(&k->h, 4);
	expect(k, "m1in ");
	fake_free(k);
}
END_TEST

SUITE("adjout_paths", test_paths, test_paths_audience, test_paths_room, test_paths_detached, test_paths_own_gone,
      test_paths_move_amid_batch)
