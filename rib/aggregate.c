/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aggregate: see aggregate.h.
 *
 * `counted` says of each prefix whether it is in the counts, which is what makes
 * counting anew simple: a walk and the changes that come meanwhile both do no
 * more than make the bit agree with the best path. Of a prefix that waits for
 * the decision the walk may be wrong: it is touched, so that a change comes.
 */
#include "rib/aggregate.h"

#include "lib/mem.h"

#include <stdlib.h>

/* A record of a configured prefix. */
struct aggregate {
	uint32_t parent; /* id of the next one around it, 0: none */
	uint32_t count;  /* prefixes inside that contribute */
	uint32_t number; /* the owner's */
	bool active;     /* told to the owner */
	bool summary_only;
	bool due;        /* is in the list of those */
	uint8_t pad;
};

static struct aggregate *
record(const struct aggregates *a, enum family f, uint32_t id)
{
	return prefix_data(&a->table[f], id);
}

static void
tables_init(struct aggregates *a, uint64_t seed)
{
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		prefix_table_init(&a->table[f], f, sizeof(struct aggregate), seed);
}

void
aggregates_init(struct aggregates *a, struct rib *rib, uint64_t seed)
{
	*a = (struct aggregates){.rib = rib};
	tables_init(a, seed);
}

void
aggregates_fini(struct aggregates *a)
{
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		prefix_table_fini(&a->table[f]);
		bitmap_fini(&a->counted[f]);
		bitmap_fini(&a->hidden[f]);
	}
	free(a->due);
}

/* The closest configured prefix around p that is shorter than it, or 0. */
static uint32_t
around(const struct aggregates *a, const struct ip_prefix *p)
{
	return p->len == 0 ? 0 : prefix_match(&a->table[p->family], p->bytes, p->len - 1u, NULL, NULL);
}

static void
note_due(struct aggregates *a, enum family f, uint32_t id)
{
	struct aggregate *r = record(a, f, id);

	if (r->due || r->active == (r->count > 0))
		return;
	if (a->due_n == a->due_cap) {
		a->due_cap = a->due_cap != 0 ? a->due_cap * 2 : 16;
		a->due = xreallocarray(a->due, a->due_cap, sizeof(*a->due));
	}
	a->due[a->due_n++] = (struct aggregate_due){.id = id, .family = f};
	r->due = true;
}

/* ---- the set ---- */

void
aggregates_begin(struct aggregates *a, struct aggregates_old *old)
{
	uint64_t seed = a->table[FAMILY_IPV4].seed;

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		old->table[f] = a->table[f];
		/* The index points to its table. */
		old->table[f].index.ctx = &old->table[f];
	}
	tables_init(a, seed);
	a->due_n = 0;
}

bool
aggregates_add(struct aggregates *a, const struct aggregates_old *old, const struct ip_prefix *p, uint32_t number,
	       bool summary_only)
{
	struct prefix_table *t = &a->table[p->family];
	uint32_t hash = prefix_hash(t, p), was = prefix_find(&old->table[p->family], p, hash);

	if (prefix_find(t, p, hash) != 0)
		return false;
	struct aggregate *r = prefix_data(t, prefix_insert(t, p, hash));
	r->number = number;
	r->summary_only = summary_only;
	r->active = was != 0 && ((const struct aggregate *)prefix_data(&old->table[p->family], was))->active;
	return true;
}

void
aggregates_end(struct aggregates *a, struct aggregates_old *old)
{
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		uint32_t from = 1, scan = UINT32_MAX, id;
		prefix_table_fini(&old->table[f]);
		bitmap_fini(&a->counted[f]);
		for (; (id = prefix_next(&a->table[f], &from, &scan)) != 0; from++) {
			struct ip_prefix p = prefix_value(&a->table[f], id);
			record(a, f, id)->parent = around(a, &p);
		}
	}
	a->touch = FAMILY_NONE;
	rib_walk_table(&a->recount, FAMILY_IPV4);
}

/* ---- counting and hiding ---- */

static void
count_set(struct aggregates *a, enum family f, uint32_t id, uint32_t closest, bool on)
{
	if (on ? !bitmap_set(&a->counted[f], id) : !bitmap_clear(&a->counted[f], id))
		return;
	for (uint32_t at = closest; at != 0; at = record(a, f, at)->parent) {
		record(a, f, at)->count += on ? 1u : UINT32_MAX;
		note_due(a, f, at);
	}
}

static uint32_t
hider_from(const struct aggregates *a, enum family f, uint32_t closest)
{
	while (closest != 0) {
		const struct aggregate *r = record(a, f, closest);
		if (r->active && r->summary_only)
			break;
		closest = r->parent;
	}
	return closest;
}

static bool
contributes(const struct aggregates *a, const struct rib_path *best)
{
	return best != NULL && rib_source_get(a->rib, best->source)->kind != RIB_SOURCE_AGGREGATE;
}

static uint32_t
closest_of(const struct aggregates *a, enum family f, uint32_t id)
{
	struct ip_prefix p;

	if (prefix_count(&a->table[f]) == 0)
		return 0;
	p = rib_prefix(a->rib, f, id);
	return around(a, &p);
}

bool
aggregates_change(struct aggregates *a, const struct rib_change *c, struct rib_change *seen)
{
	enum family f = c->family;
	bool was = aggregates_hides(a, f, c->id), is = false;
	uint32_t closest = closest_of(a, f, c->id);

	*seen = *c;
	if (closest != 0) {
		bool on = contributes(a, c->best);
		count_set(a, f, c->id, closest, on);
		is = on && hider_from(a, f, closest) != 0;
	}
	if (was != is && is)
		bitmap_set(&a->hidden[f], c->id);
	else if (was != is)
		bitmap_clear(&a->hidden[f], c->id);
	if (was) {
		seen->old_attr = ATTR_NONE;
		seen->old_source = 0;
	}
	if (is)
		seen->best = NULL;
	if (was && is)
		seen->what = 0;
	else if (was != is)
		seen->what |= RIB_CHANGE_BEST | RIB_CHANGE_PATHS;
	return a->due_n > 0;
}

bool
aggregates_hider(const struct aggregates *a, const struct ip_prefix *p, struct ip_prefix *out)
{
	enum family f = (enum family)p->family;
	uint32_t id = hider_from(a, f, around(a, p));

	if (id != 0)
		*out = prefix_value(&a->table[f], id);
	return id != 0;
}

bool
aggregates_active(const struct aggregates *a, const struct ip_prefix *p)
{
	const struct prefix_table *t = &a->table[p->family];
	uint32_t id = prefix_find(t, p, prefix_hash(t, p));

	return id != 0 && record(a, (enum family)p->family, id)->active;
}

/* ---- work in portions ---- */

static void
touch(struct aggregates *a, enum family f, uint32_t id)
{
	rib_prefix_touch(a->rib, f, id, RIB_BULK, RIB_CHANGE_REDO);
}

static void
recount_one(struct aggregates *a, enum family f, uint32_t id)
{
	uint32_t closest = closest_of(a, f, id);
	bool on = closest != 0 && contributes(a, rib_best(a->rib, f, id));
	bool hide = on && hider_from(a, f, closest) != 0;

	if (closest != 0)
		count_set(a, f, id, closest, on);
	if (hide != aggregates_hides(a, f, id) || rib_prefix_dirty(a->rib, f, id))
		touch(a, f, id);
}

/* All is counted: those are due that nothing contributes to any more. */
static void
recounted(struct aggregates *a)
{
	a->recount.family = FAMILY_NONE;
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		uint32_t from = 1, scan = UINT32_MAX, id;
		for (; (id = prefix_next(&a->table[f], &from, &scan)) != 0; from++)
			note_due(a, f, id);
	}
}

static uint32_t
recount(struct aggregates *a, uint32_t budget)
{
	uint32_t id;

	while (budget > 0 && a->recount.family != FAMILY_NONE) {
		while ((id = rib_walk_next(a->rib, &a->recount, &budget)) != 0)
			recount_one(a, a->recount.family, id);
		if (!a->recount.done)
			break;
		if (a->recount.family == FAMILY_IPV4)
			rib_walk_table(&a->recount, FAMILY_IPV6);
		else
			recounted(a);
	}
	return budget;
}

static void
settle(struct aggregates *a, const struct aggregate_due *due,
       void (*told)(void *ctx, const struct ip_prefix *p, uint32_t number, bool active), void *ctx)
{
	struct aggregate *r = record(a, due->family, due->id);
	struct ip_prefix p = prefix_value(&a->table[due->family], due->id);

	r->due = false;
	/* Nobody knows yet what contributes to those without: recounted() asks again. */
	if (r->active == (r->count > 0) || (r->active && a->recount.family != FAMILY_NONE))
		return;
	r->active = !r->active;
	told(ctx, &p, r->number, r->active);
	if (r->summary_only) {
		a->touch = FAMILY_IPV4;
		a->touch_at = 0;
	}
}

/* What is counted is all that can be hidden. */
static void
touch_some(struct aggregates *a, uint32_t budget)
{
	for (; budget > 0 && a->touch != FAMILY_NONE; budget--) {
		enum family f = a->touch;
		uint32_t id = bitmap_next(&a->counted[f], a->touch_at);
		if (id == BITMAP_END) {
			a->touch = f == FAMILY_IPV4 ? FAMILY_IPV6 : FAMILY_NONE;
			a->touch_at = 0;
			continue;
		}
		a->touch_at = id + 1;
		if ((hider_from(a, f, closest_of(a, f, id)) != 0) != aggregates_hides(a, f, id))
			touch(a, f, id);
	}
}

bool
aggregates_run(struct aggregates *a, uint32_t budget,
	       void (*told)(void *ctx, const struct ip_prefix *p, uint32_t number, bool active), void *ctx)
{
	budget = recount(a, budget);
	for (; budget > 0 && a->due_n > 0; budget--) {
		struct aggregate_due due = a->due[--a->due_n];
		settle(a, &due, told, ctx);
	}
	/* Before everything is counted, the walk looks at hiding itself; what it has passed comes here afterwards. */
	if (a->recount.family == FAMILY_NONE)
		touch_some(a, budget);
	return aggregates_idle(a);
}

bool
aggregates_idle(const struct aggregates *a)
{
	return a->due_n == 0 && a->recount.family == FAMILY_NONE && a->touch == FAMILY_NONE;
}
