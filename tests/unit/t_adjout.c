/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of rib/adjout (with its batch, memo and drain): one for each rule of export
 * groups. The outgoing set of attribute a is a + 100; a of 9 is rejected; a of 20 and
 * more has the third-party next hop a.
 */
#include "rib/adjout.h"

#include "lib/str.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <string.h>

#define NID 16

struct fake {
	struct adjout a;
	struct adjout_group g, h;
	struct adjout_member m1, m2, m3; /* sources 1, 2, 3; next hops 21, 22, 23 */
	struct {
		uint32_t attr;
		uint16_t source;
		bool dirty;
	} best[NID];
	struct adjout_path path[NID][4];
	uint32_t npath[NID];
	int refs[256];
	unsigned computed; /* calls of the policy */
	uint32_t reject;
	bool full, full_own;
	uint64_t decided;
	uint32_t unpinned[NID];
	struct str log; /* what was emitted since take() */
};

static enum adjout_current
current(void *ctx, enum family f, uint32_t id, uint32_t *attr, uint16_t *source)
{
	struct fake *k = ctx;

	(void)f;
	*attr = k->best[id].attr;
	*source = k->best[id].source;
	return k->best[id].dirty ? ADJOUT_DIRTY : ADJOUT_SETTLED;
}

static enum adjout_current
paths(void *ctx, enum family f, uint32_t id, uint32_t which, const struct adjout_path **p, uint32_t *n)
{
	struct fake *k = ctx;

	(void)f;
	*p = k->path[id];
	*n = which < k->npath[id] ? which : k->npath[id];
	return k->best[id].dirty ? ADJOUT_DIRTY : ADJOUT_SETTLED;
}

static uint32_t
next_id(void *ctx, enum family f, uint32_t from)
{
	struct fake *k = ctx;

	(void)f;
	for (; from < NID; from++)
		if (k->best[from].attr != 0)
			return from;
	return BITMAP_END;
}

static void
ref(void *ctx, uint32_t attr)
{
	((struct fake *)ctx)->refs[attr]++;
}

static void
unref(void *ctx, uint32_t attr)
{
	((struct fake *)ctx)->refs[attr]--;
}

static uint32_t
out(void *ctx, struct adjout_group *g, enum family f, uint32_t id, uint32_t attr, uint16_t source)
{
	struct fake *k = ctx;

	(void)g;
	(void)f;
	(void)id;
	(void)source;
	k->computed++;
	if (attr == k->reject)
		return 0;
	ref(ctx, attr + 100);
	return attr + 100;
}

static uint32_t
nexthop(void *ctx, struct adjout_group *g, uint32_t o)
{
	(void)ctx;
	(void)g;
	return o >= 120 ? o - 100 : 0;
}

static void
unpin(void *ctx, enum family f, const uint32_t *ids, uint32_t n)
{
	(void)f;
	for (uint32_t i = 0; i < n; i++)
		((struct fake *)ctx)->unpinned[ids[i]]++;
}

static uint64_t
mark(void *ctx, enum family f)
{
	(void)f;
	return ((struct fake *)ctx)->decided + 1;
}

static bool
done(void *ctx, enum family f, uint64_t m)
{
	(void)f;
	return ((struct fake *)ctx)->decided >= m;
}

/* "*+105:1,2 " everybody is told 105 for 1 and 2; "!1" all but source 1; "=n21" only next hop 21; "m2" m2's
 * own queue. */
static void
emit(void *ctx, struct adjout_group *g, struct adjout_member *m, enum family f, uint32_t path_id, uint32_t o,
     struct adjout_audience to, const uint32_t *ids, uint32_t n)
{
	struct fake *k = ctx;

	(void)g;
	(void)f;
	if (m != NULL)
		str_addf(&k->log, "m%u", m->source);
	else
		str_add(&k->log, to.who == ADJOUT_ALL ? "*" : to.who == ADJOUT_ALL_BUT ? "!" : "=");
	if (to.source != 0)
		str_addf(&k->log, "%u", to.source);
	if (to.nexthop != 0)
		str_addf(&k->log, "n%u", to.nexthop);
	if (path_id != 0)
		str_addf(&k->log, "p%u", path_id);
	str_addf(&k->log, o != 0 ? "+%u:" : "-:", o);
	for (uint32_t i = 0; i < n; i++)
		str_addf(&k->log, i == 0 ? "%u" : ",%u", ids[i]);
	str_add(&k->log, " ");
}

static void
emit_mark(void *ctx, struct adjout_member *m, enum family f, enum adjout_mark what)
{
	static const char *const names[] = {
	    [ADJOUT_EOR] = "EOR", [ADJOUT_BORR] = "BORR", [ADJOUT_EORR] = "EORR"};

	(void)f;
	str_addf(&((struct fake *)ctx)->log, "m%u%s ", m->source, names[what]);
}

static bool
room(void *ctx, struct adjout_group *g, struct adjout_member *m)
{
	struct fake *k = ctx;

	(void)g;
	return m != NULL ? !k->full_own : !k->full;
}

static void
attach(void *ctx, struct adjout_member *m)
{
	str_addf(&((struct fake *)ctx)->log, "m%uin ", m->source);
}

static void
detach(void *ctx, struct adjout_member *m)
{
	str_addf(&((struct fake *)ctx)->log, "m%uout ", m->source);
}

static const struct adjout_key key4 = {.policy = 1, .families = 1 << FAMILY_IPV4};

static const struct adjout_key key_paths = {
    .policy = 2, .families = 1 << FAMILY_IPV4, .paths_ipv4 = ADJOUT_PATHS_ALL};

static struct fake *
fake_with(const struct adjout_key *key)
{
	struct fake *k = calloc(1, sizeof *k);
	const struct adjout_view view = {k, current, paths, next_id, out, ref, unref, nexthop, unpin, mark, done};
	const struct adjout_sink sink = {k, emit, emit_mark, room, attach, detach};

	k->reject = 9;
	adjout_init(&k->a, &view, &sink);
	adjout_group_open(&k->a, &k->g, key, true);
	k->m1 = (struct adjout_member){.source = 1, .nexthop = 21};
	k->m2 = (struct adjout_member){.source = 2, .nexthop = 22};
	k->m3 = (struct adjout_member){.source = 3, .nexthop = 23};
	adjout_member_join(&k->g, &k->m1);
	adjout_member_join(&k->g, &k->m2);
	adjout_group_drain(&k->g, 100);
	str_reset(&k->log);
	return k;
}

static struct fake *
fake_new(void)
{
	return fake_with(&key4);
}

static void
fake_free(struct fake *k)
{
	struct adjout_member *m;
	struct adjout_group *g;

	while ((g = TAILQ_FIRST(&k->a.groups)) != NULL) {
		while ((m = TAILQ_FIRST(&g->members)) != NULL)
			adjout_member_leave(m);
		adjout_group_close(g);
	}
	while (adjout_reap(&k->a, 10))
		;
	adjout_fini(&k->a);
	for (size_t i = 0; i < 256; i++)
		ck_assert_int_eq(k->refs[i], 0);
	str_free(&k->log);
	free(k);
}

static void
change(struct fake *k, uint32_t id, uint32_t attr, uint16_t source)
{
	uint32_t old = k->best[id].attr;
	uint16_t old_source = k->best[id].source;

	k->best[id].attr = attr;
	k->best[id].source = source;
	k->best[id].dirty = false;
	adjout_change(&k->g, FAMILY_IPV4, id, old, old_source, attr, source);
}

/* Flushes and compares what was emitted. */
static void
expect(struct fake *k, const char *want)
{
	adjout_flush(&k->g);
	ck_assert_str_eq(str_get(&k->log), want);
	str_reset(&k->log);
}

static void
drain_group(struct adjout_group *g, uint32_t budget)
{
	bool more = true;

	while (more) {
		more = adjout_group_drain(g, budget);
		more = adjout_members_drain(g, budget) || more;
	}
}

static void
drain(struct fake *k)
{
	drain_group(&k->g, 4);
}

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
	adjout_group_refilter(&k->g, false);
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
	adjout_group_refilter(&k->g, false);
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
	adjout_group_refilter(&k->g, true);
	drain(k);
	ck_assert_uint_eq(k->computed, 2);
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

START_TEST(test_policy_change)
{
	struct fake *k = fake_new();

	change(k, 1, 5, 50);
	change(k, 2, 6, 50);
	change(k, 3, 9, 50);
	expect(k, "*+105:1 *+106:2 ");
	k->reject = 6;
	adjout_group_refilter(&k->g, true);
	/* Ahead of the scan: nothing now, the current state when it comes by. */
	change(k, 1, 7, 50);
	expect(k, "");
	drain(k);
	expect(k, "*-:2 *+107:1 *+109:3 ");
	fake_free(k);
}
END_TEST

START_TEST(test_dirty_is_left)
{
	struct fake *k = fake_new();

	change(k, 1, 5, 50);
	expect(k, "*+105:1 ");
	adjout_group_refilter(&k->g, true);
	/* Gone for the moment, and back before the decision: no change would be reported. */
	k->best[1].dirty = true;
	drain(k);
	expect(k, "");
	k->best[1].dirty = false;
	drain(k);
	expect(k, "*+105:1 ");
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
	while (adjout_reap(&k->a, 10))
		;
	ck_assert_uint_eq(k->unpinned[1], 1);
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, 1));
	drain(k);
	ck_assert(adjout_pins(&k->a, FAMILY_IPV4, 1));
	while (adjout_reap(&k->a, 10))
		;
	ck_assert_uint_eq(k->unpinned[1], 2);
	ck_assert(!adjout_pins(&k->a, FAMILY_IPV4, 1));
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
	adjout_member_leave(&k->m1);
	ck_assert_uint_eq(k->a.ndetached, 0);
	while (adjout_reap(&k->a, 10))
		;
	ck_assert(!adjout_pins(&k->a, FAMILY_IPV4, 1));
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

	adjout_change(&k->g, FAMILY_IPV6, 1, 0, 0, 5, 50);
	expect(k, "");
	ck_assert(!adjout_pins(&k->a, FAMILY_IPV6, 1));
	fake_free(k);
}
END_TEST

#define PATHS(k, id, ...)                                                                                    \
	do {                                                                                                 \
		const struct adjout_path p_[] = {__VA_ARGS__};                                               \
		set_paths(k, id, p_, sizeof(p_) / sizeof(p_[0]));                                            \
	} while (0)

/* The decision of a prefix is told. */
static void
set_paths(struct fake *k, uint32_t id, const struct adjout_path *p, uint32_t n)
{
	memcpy(k->path[id], p, n * sizeof *p);
	k->npath[id] = n;
	k->best[id].attr = n > 0 ? p[0].attr : 0;
	adjout_paths_change(&k->g, FAMILY_IPV4, id, false);
	for (uint32_t i = 0; i < n; i++)
		k->path[id][i].changed = false;
}

static void
no_paths(struct fake *k, uint32_t id)
{
	set_paths(k, id, k->path[id], 0);
}

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
	adjout_change(&k->g, FAMILY_IPV4, 1, 5, 50, 7, 51);
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
	while (adjout_reap(&k->a, 10))
		;
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
	unref(k, o);
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

SUITE("adjout", test_packing, test_split_horizon, test_nexthop_is_member, test_suppress,
      test_twice_in_a_slice, test_memo, test_repeated, test_source_changed, test_paced, test_no_room_at_flush, test_policy_change,
      test_dirty_is_left, test_new_member, test_member_count, test_member_count_nexthop, test_first_members_attach, test_slow, test_bound, test_refresh,
      test_eor, test_eor_waits_for_room, test_move, test_pins, test_leave, test_families,
      test_paths, test_paths_audience, test_paths_room, test_paths_detached)
