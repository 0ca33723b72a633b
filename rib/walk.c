/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk: going on from an id, over a table or a source's bitmap.
 *
 * A position is an id and nothing else, so nothing has to be told when prefixes
 * come and go between two portions.
 */
#include "rib/walk.h"

#include "rib/rib_int.h"

void
rib_walk_table(struct rib_walk *w, enum family f)
{
	*w = (struct rib_walk){.family = f, .at = 1};
}

void
rib_walk_source(struct rib_walk *w, enum family f, const struct rib_source *s)
{
	*w = (struct rib_walk){.family = f, .at = 1, .source = s->index};
}

static uint32_t
next_of_source(const struct rib *rib, struct rib_walk *w, uint32_t *budget)
{
	uint32_t id = bitmap_next(&rib_source_get(rib, w->source)->ids[w->family], w->at);

	if (id == BITMAP_END) {
		w->done = true;
		return 0;
	}
	--*budget;
	w->at = id + 1;
	return id;
}

uint32_t
rib_walk_next(const struct rib *rib, struct rib_walk *w, uint32_t *budget)
{
	const struct prefix_table *t = &rib->table[w->family];

	if (w->done || *budget == 0)
		return 0;
	if (w->source != 0)
		return next_of_source(rib, w, budget);
	uint32_t id = prefix_next(t, &w->at, budget);
	if (id != 0)
		w->at = id + 1;
	else
		w->done = w->at >= t->recs.top;
	return id;
}

void
rib_sweep_begin(struct rib_sweep *sw, const struct rib_source *s, enum family f)
{
	*sw = (struct rib_sweep){.walk = {.source = s->index}};
	rib_sweep_add(sw, s, f);
}

void
rib_sweep_add(struct rib_sweep *sw, const struct rib_source *s, enum family f)
{
	for (enum family i = FAMILY_IPV4; i < FAMILY_COUNT; i++) {
		if (f != FAMILY_NONE && f != i)
			continue;
		sw->gen[i] = s->gen[i];
		sw->todo[i] = true;
		if (sw->walk.family == i)
			rib_walk_source(&sw->walk, i, s);
	}
}

/* The next family that has to be swept; false: none is left. */
static bool
sweep_next(struct rib_sweep *sw, const struct rib_source *s)
{
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		if (!sw->todo[f])
			continue;
		rib_walk_source(&sw->walk, f, s);
		return true;
	}
	return false;
}

bool
rib_sweep_run(struct rib *rib, struct rib_sweep *sw, uint32_t budget, enum rib_queue q)
{
	struct rib_walk *w = &sw->walk;
	struct rib_source *s = rib_source_get(rib, w->source);

	while (w->family != FAMILY_NONE || sweep_next(sw, s)) {
		enum family f = w->family;
		uint32_t id = rib_walk_next(rib, w, &budget);
		uint8_t age = (uint8_t)(sw->gen[f] - s->oldest_gen[f]); /* generations wrap: counted from the oldest */
		if (id != 0) {
			rib_paths_expire(rib, s, f, id, age, q);
		} else if (!w->done) {
			return false;
		} else {
			s->oldest_gen[f] = sw->gen[f];
			sw->todo[f] = false;
			w->family = FAMILY_NONE;
		}
	}
	return true;
}

void
rib_path_generation_set(struct rib *rib, const struct rib_source *s, enum family f, uint32_t id, uint32_t path_id,
			uint8_t gen)
{
	struct rib_path *p = rib_first(rib, f, id);

	while (p->source != s->index || rib_path_id(p) != path_id)
		p = rib_further(rib, p->next);
	p->gen = gen;
}

bool
rib_walk_nexthops(struct rib *rib, struct rib_walk *w, const struct bitmap *nexthops, uint32_t budget,
		  enum rib_queue q)
{
	uint32_t id;

	while ((id = rib_walk_next(rib, w, &budget)) != 0) {
		unsigned what = 0;
		/* Undecided, it may come back to a path of theirs that is not there or not used now. */
		bool found = rib_prefix_dirty(rib, w->family, id);
		if (found)
			what = RIB_CHANGE_NEXTHOP;
		for (const struct rib_path *p = rib_path_first(rib, w->family, id); p != NULL;
		     p = rib_path_next(rib, w->family, p)) {
			if (!bitmap_test(nexthops, attr_get(rib->attrs, p->attr)->nexthop))
				continue;
			found = true;
			if (p->flags & (RIB_PATH_BEST | RIB_PATH_MULTIPATH))
				what = RIB_CHANGE_NEXTHOP;
		}
		if (found)
			rib_prefix_touch(rib, w->family, id, q, what);
	}
	return w->done;
}
