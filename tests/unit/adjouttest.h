/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adjouttest: a small world for the tests of rib/adjout: what the RIB has is set by
 * hand, and what is emitted is a text. The outgoing set of attribute a is a + 100; a
 * of 9 is rejected; a of 20 and more has the third-party next hop a.
 */
#ifndef TESTS_UNIT_ADJOUTTEST_H
#define TESTS_UNIT_ADJOUTTEST_H

#include "rib/adjout.h"

#include "lib/str.h"
#include "tests/unit/suite.h"

#include <errno.h>
#include <string.h>
#define NID 3000

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
	unsigned looked;   /* ids without a prefix that scans have passed over */
	uint32_t reject;
	uint32_t alike; /* becomes the same as 5; 0: none */
	bool full, full_own;
	uint64_t decided;
	uint32_t unpinned[NID];
	struct str log; /* what was emitted since take() */
};

static inline enum adjout_current
current(void *ctx, enum family f, uint32_t id, uint32_t *attr, uint16_t *source)
{
	struct fake *k = ctx;

	(void)f;
	*attr = k->best[id].attr;
	*source = k->best[id].source;
	return k->best[id].dirty ? ADJOUT_DIRTY : ADJOUT_SETTLED;
}

static inline enum adjout_current
paths(void *ctx, enum family f, uint32_t id, uint32_t which, const struct adjout_path **p, uint32_t *n)
{
	struct fake *k = ctx;

	(void)f;
	*p = k->path[id];
	*n = which < k->npath[id] ? which : k->npath[id];
	return k->best[id].dirty ? ADJOUT_DIRTY : ADJOUT_SETTLED;
}

static inline uint32_t
next_id(void *ctx, enum family f, uint32_t from, uint32_t limit)
{
	struct fake *k = ctx;

	(void)f;
	for (; from < NID && from < limit; from++, k->looked++)
		if (k->best[from].attr != 0)
			return from;
	if (from < NID)
		return limit;
	return BITMAP_END;
}

/* Sets of paths have numbers below 100, outgoing ones from there on: they may be of two tables. */
static inline void
ref(void *ctx, uint32_t attr)
{
	ck_assert_uint_lt(attr, 100);
	((struct fake *)ctx)->refs[attr]++;
}

static inline void
unref(void *ctx, uint32_t attr)
{
	ck_assert_uint_lt(attr, 100);
	((struct fake *)ctx)->refs[attr]--;
}

static inline void
out_ref(void *ctx, uint32_t o)
{
	ck_assert_uint_ge(o, 100);
	((struct fake *)ctx)->refs[o]++;
}

static inline void
out_unref(void *ctx, uint32_t o)
{
	ck_assert_uint_ge(o, 100);
	((struct fake *)ctx)->refs[o]--;
}

static inline uint32_t
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
	if (attr == k->alike)
		attr = 5;
	out_ref(ctx, attr + 100);
	return attr + 100;
}

static inline uint32_t
nexthop(void *ctx, struct adjout_group *g, uint32_t o)
{
	(void)ctx;
	(void)g;
	return o >= 120 ? o - 100 : 0;
}

static inline void
fetch_refs(void *ctx, uint32_t attr, uint32_t out)
{
	struct fake *k = ctx;

	ck_assert(attr == 0 || k->refs[attr] > 0);
	ck_assert(out == 0 || k->refs[out] > 0);
}

static inline void
fetch(void *ctx, enum family f, uint32_t id, uint32_t out)
{
	(void)ctx;
	(void)f;
	ck_assert(id != 0 && (out == 0 || out > 100));
}

static inline void
unpin(void *ctx, enum family f, const uint32_t *ids, uint32_t n)
{
	(void)f;
	for (uint32_t i = 0; i < n; i++)
		((struct fake *)ctx)->unpinned[ids[i]]++;
}

static inline uint64_t
mark(void *ctx, enum family f)
{
	(void)f;
	return ((struct fake *)ctx)->decided + 1;
}

static inline bool
done(void *ctx, enum family f, uint64_t m)
{
	(void)f;
	return ((struct fake *)ctx)->decided >= m;
}

/* "*+105:1,2 " everybody is told 105 for 1 and 2; "!1" all but source 1; "=n21" only next hop 21; "m2" m2's
 * own queue. */
static inline void
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

static inline void
emit_mark(void *ctx, struct adjout_member *m, enum family f, enum adjout_mark what)
{
	static const char *const names[] = {
	    [ADJOUT_EOR] = "EOR", [ADJOUT_BORR] = "BORR", [ADJOUT_EORR] = "EORR"};

	(void)f;
	str_addf(&((struct fake *)ctx)->log, "m%u%s ", m->source, names[what]);
}

static inline bool
room(void *ctx, struct adjout_group *g, struct adjout_member *m)
{
	struct fake *k = ctx;

	(void)g;
	return m != NULL ? !k->full_own : !k->full;
}

static inline void
attach(void *ctx, struct adjout_member *m)
{
	str_addf(&((struct fake *)ctx)->log, "m%uin ", m->source);
}

static inline void
detach(void *ctx, struct adjout_member *m)
{
	str_addf(&((struct fake *)ctx)->log, "m%uout ", m->source);
}

static const struct adjout_key key4 = {.policy = 1, .families = 1 << FAMILY_IPV4};

static const struct adjout_key key_paths = {
    .policy = 2, .families = 1 << FAMILY_IPV4, .paths_ipv4 = ADJOUT_PATHS_ALL};

static inline struct fake *
fake_with(const struct adjout_key *key)
{
	struct fake *k = calloc(1, sizeof *k);
	const struct adjout_view view = {k, current, paths, next_id, out, ref, unref, out_ref, out_unref, nexthop, fetch_refs, fetch, unpin, mark, done, NULL};
	const struct adjout_sink sink = {k, emit, emit_mark, room, attach, detach};

	k->reject = 9;
	adjout_init(&k->a, &view, &sink);
	adjout_group_open(&k->a, &k->g, key, true);
	k->m1 = (struct adjout_member){.source = 1, .nexthop = 21};
	k->m2 = (struct adjout_member){.source = 2, .nexthop = 22};
	k->m3 = (struct adjout_member){.source = 3, .nexthop = 23};
	adjout_member_join(&k->g, &k->m1);
	if (key->sole == 0)
		adjout_member_join(&k->g, &k->m2);
	adjout_group_drain(&k->g, 100);
	str_reset(&k->log);
	return k;
}

static inline struct fake *
fake_new(void)
{
	return fake_with(&key4);
}

/* Two seconds later: nothing that was let go of is kept any more. */
static inline void
reap(struct fake *k)
{
	for (int i = 0; i < 2; i++) {
		adjout_tick(&k->a);
		while (adjout_reap(&k->a, true, 10))
			;
	}
}

static inline void
fake_free(struct fake *k)
{
	struct adjout_member *m;
	struct adjout_group *g;

	while ((g = TAILQ_FIRST(&k->a.groups)) != NULL) {
		while ((m = TAILQ_FIRST(&g->members)) != NULL)
			adjout_member_leave(m);
		adjout_group_close(g);
	}
	reap(k);
	adjout_fini(&k->a);
	for (size_t i = 0; i < 256; i++)
		ck_assert_int_eq(k->refs[i], 0);
	str_free(&k->log);
	free(k);
}

static inline void
change(struct fake *k, uint32_t id, uint32_t attr, uint16_t source)
{
	uint32_t old = k->best[id].attr;
	uint16_t old_source = k->best[id].source;

	k->best[id].attr = attr;
	k->best[id].source = source;
	k->best[id].dirty = false;
	struct adjout_news n = {.family = FAMILY_IPV4,
	    .id = id,
	    .old_attr = old,
	    .old_source = old_source,
	    .new_attr = attr,
	    .new_source = source};
	adjout_change(&k->g, &n, 1);
	if (n.waits)
		ck_assert(adjout_pins(&k->a, FAMILY_IPV4, id));
}

#define PATHS(k, id, ...)                                                                                    \
	do {                                                                                                 \
		const struct adjout_path p_[] = {__VA_ARGS__};                                               \
		set_paths(k, id, p_, sizeof(p_) / sizeof(p_[0]));                                            \
	} while (0)

/* The decision of a prefix is told. */
static inline void
set_paths(struct fake *k, uint32_t id, const struct adjout_path *p, uint32_t n)
{
	memcpy(k->path[id], p, n * sizeof *p);
	k->npath[id] = n;
	k->best[id].attr = n > 0 ? p[0].attr : 0;
	adjout_paths_change(&k->g, FAMILY_IPV4, id, false);
	for (uint32_t i = 0; i < n; i++)
		k->path[id][i].changed = false;
}

static inline void
no_paths(struct fake *k, uint32_t id)
{
	set_paths(k, id, k->path[id], 0);
}

/* Flushes and compares what was emitted. */
static inline void
expect(struct fake *k, const char *want)
{
	adjout_flush(&k->g);
	ck_assert_str_eq(str_get(&k->log), want);
	str_reset(&k->log);
}

static inline void
drain_group(struct adjout_group *g, uint32_t budget)
{
	bool more = true;

	while (more) {
		more = adjout_group_drain(g, budget);
		more = adjout_members_drain(g, budget) || more;
	}
}

static inline void
drain(struct fake *k)
{
	drain_group(&k->g, 4);
}

#endif
