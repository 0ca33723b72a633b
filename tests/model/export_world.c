/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_world: see export_world.h.
 */
#include "tests/model/export_world.h"

#include "lib/mem.h"

#include <string.h>

uint32_t
world_intern(struct world *w, uint32_t set)
{
	uint32_t id = w->id_of[set];

	if (id == 0) {
		for (id = 1; w->refs[id] != 0; id++)
			ASSERT(id + 1 < ARRAY_LEN(w->refs));
		w->set[id] = set;
		w->id_of[set] = id;
	}
	w->refs[id]++;
	return id;
}

void
world_ref(struct world *w, uint32_t attr)
{
	ASSERT(w->refs[attr] > 0);
	w->refs[attr]++;
}

void
world_unref(struct world *w, uint32_t attr)
{
	ASSERT(w->refs[attr] > 0);
	if (--w->refs[attr] == 0) {
		w->id_of[w->set[attr]] = 0;
		w->set[attr] = 0;
	}
}

uint16_t
world_source(uint32_t lane)
{
	static const uint16_t further[NLANE - NSOURCE] = {1, 2, 1};

	return (uint16_t)(lane < NSOURCE ? lane : further[lane - NSOURCE]);
}

/* Of two with one rank the lower lane is the better. */
static uint32_t
rank_of(const struct world_prefix *p, uint32_t lane)
{
	return p->path[lane] != 0 ? ((set_value(p->path[lane]) * 5 + lane * 3) % 16 + 1) * NLANE - lane : 0;
}

static uint32_t
best_lane(const struct world_prefix *p)
{
	uint32_t best = 0;

	for (uint32_t lane = 1; lane < NLANE; lane++)
		if (rank_of(p, lane) > (best != 0 ? rank_of(p, best) : 0))
			best = lane;
	return best;
}

uint32_t
world_best(const struct world_prefix *p, uint16_t *source)
{
	uint32_t lane = best_lane(p);

	*source = lane != 0 ? world_source(lane) : 0;
	return lane != 0 ? p->path[lane] : 0;
}

uint32_t
world_select(const struct world_prefix *p, uint32_t which, uint32_t lanes[NLANE])
{
	uint32_t best = best_lane(p), n = 0;

	for (uint32_t lane = 1; lane < NLANE; lane++) {
		uint32_t better = 0;
		for (uint32_t other = 1; other < NLANE; other++)
			better += rank_of(p, other) > rank_of(p, lane);
		bool equal = best != 0 && set_value(p->path[lane]) == set_value(p->path[best]);
		if (p->path[lane] != 0 && (which == ADJOUT_PATHS_ALL || (which == ADJOUT_PATHS_ECMP ? equal : better < which)))
			lanes[n++] = lane;
	}
	return n;
}

uint32_t
world_export(const struct world *w, uint32_t policy, uint32_t prefix, uint32_t set, uint16_t source)
{
	uint32_t value = set_value(set);

	if ((value * 3 + policy * 5) % 7 == 0)
		return 0;
	if (!world_memoize(policy) && (prefix + w->outside) % 3 == 0)
		return 0;
	/* Policy 1 reflects: the source shows. 2 and 3 pass the next hop on. */
	return set_make(value, policy >= 2 ? set_nexthop(set) : SET_NEXTHOP_SELF, policy,
			policy == 1 ? source : 0);
}

static void
prefix_enter(struct world *w, unsigned f, unsigned prefix)
{
	unsigned i = 0;

	if (w->prefix[f][prefix].id != 0)
		return;
	while (w->by_id[f][i] != 0)
		i++;
	w->by_id[f][i] = (uint8_t)(prefix + 1);
	w->reused += w->last_of[f][i] != 0 && w->last_of[f][i] != prefix + 1;
	w->last_of[f][i] = (uint8_t)(prefix + 1);
	w->prefix[f][prefix].id = i * ID_STEP + 1;
}

static bool
has_path(const struct world_prefix *p)
{
	uint16_t source;
	return world_best(p, &source) != 0;
}

void
world_unpin(struct world *w, struct group_list *l, unsigned f, uint32_t id)
{
	unsigned i = (id - 1) / ID_STEP;

	ASSERT(w->by_id[f][i] != 0); /* nobody lets go of an id that is free already */
	struct world_prefix *p = &w->prefix[f][w->by_id[f][i] - 1];
	if (p->dirty || has_path(p) || adjout_pins(&l->adjout, (enum family)f, id))
		return;
	w->by_id[f][i] = 0;
	p->id = 0;
}

void
world_path(struct world *w, struct group_list *l, unsigned f, unsigned prefix, uint32_t lane, uint32_t set,
	   uint64_t step)
{
	struct world_prefix *p = &w->prefix[f][prefix];
	uint32_t old = p->path_attr[lane];

	(void)l;
	if (p->path[lane] == set)
		return;
	prefix_enter(w, f, prefix);
	p->path[lane] = set;
	p->path_attr[lane] = set != 0 ? world_intern(w, set) : 0;
	p->path_changed[lane] = true;
	if (old != 0)
		world_unref(w, old);
	p->changed = step;
	if (p->dirty)
		return;
	p->dirty = true;
	w->queue[w->nqueue].family = (uint8_t)f;
	w->queue[w->nqueue++].prefix = (uint8_t)prefix;
	w->pushed++;
}

/* The oldest of those that wait is decided. */
static struct adjout_news
decide_next(struct world *w)
{
	unsigned f = w->queue[0].family;
	struct world_prefix *p = &w->prefix[f][w->queue[0].prefix];

	memmove(&w->queue[0], &w->queue[1], --w->nqueue * sizeof w->queue[0]);
	w->popped++;
	p->dirty = false;
	struct adjout_news n = {
	    .family = (enum family)f, .id = p->id, .old_attr = p->attr, .old_source = p->source};
	uint32_t set = world_best(p, &p->source);
	p->attr = set != 0 ? world_intern(w, set) : 0;
	n.new_attr = p->attr;
	n.new_source = p->source;
	return n;
}

/* As groups_rib_change does: first those with several paths learn of all, then the others of what is best. */
static void
tell(struct group_list *l, struct adjout_news *all, unsigned n)
{
	struct adjout_news best[WORLD_TOLD_MAX];
	unsigned of[WORLD_TOLD_MAX], k = 0;
	struct adjout_group *g;

	for (unsigned i = 0; i < n; i++) {
		TAILQ_FOREACH(g, &l->adjout.groups, entry)
		adjout_paths_change(g, all[i].family, all[i].id, false);
		if (all[i].new_attr == all[i].old_attr && all[i].new_source == all[i].old_source)
			continue;
		best[k] = all[i];
		of[k++] = i;
	}
	group_list_change(l, best, k);
	for (unsigned i = 0; i < k; i++) {
		enum family f = best[i].family;
		/* It is sent already where the batch was full. */
		ASSERT(!best[i].waits || adjout_pins(&l->adjout, f, best[i].id) ||
		       bitmap_test(&l->adjout.orphan[f], best[i].id));
		all[of[i]].waits = best[i].waits;
	}
}

bool
world_decide(struct world *w, struct group_list *l, unsigned max)
{
	struct adjout_news all[WORLD_TOLD_MAX], *end = all;

	ASSERT(max <= WORLD_TOLD_MAX);
	while (w->nqueue > 0 && end < all + max)
		*end++ = decide_next(w);
	tell(l, all, (unsigned)(end - all));
	for (const struct adjout_news *n = all; n < end; n++) {
		unsigned at = (n->id - 1) / ID_STEP;
		struct world_prefix *p = &w->prefix[n->family][w->by_id[n->family][at] - 1];
		memset(p->path_changed, 0, sizeof p->path_changed);
		if (n->old_attr != 0)
			world_unref(w, n->old_attr);
		/* As the RIB, which asks nobody who has just said that he needs it. */
		if (!n->waits)
			world_unpin(w, l, (unsigned)n->family, n->id);
	}
	return end > all;
}
