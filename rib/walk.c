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
	*w = (struct rib_walk){.family = f, .at = 1, .source = s->index, .gen = s->gen};
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
rib_sweep_begin(struct rib_sweep *sw, const struct rib_source *s)
{
	rib_walk_source(&sw->walk, FAMILY_IPV4, s);
}

bool
rib_sweep_run(struct rib *rib, struct rib_sweep *sw, uint32_t budget, enum rib_queue q)
{
	struct rib_walk *w = &sw->walk;
	struct rib_source *s = rib_source_get(rib, w->source);

	for (;;) {
		uint32_t id = rib_walk_next(rib, w, &budget);
		if (id != 0) {
			const struct rib_path *p = rib_path_of(rib, w->family, id, s->index);
			if (p->gen != s->gen)
				rib_path_remove(rib, s, w->family, id, q);
		} else if (!w->done) {
			return false;
		} else if (w->family == FAMILY_IPV4) {
			uint8_t gen = w->gen;
			rib_walk_source(w, FAMILY_IPV6, s);
			w->gen = gen;
		} else {
			/* Paths stale since before the walk began are gone; those of a later one may not be.
			 */
			s->oldest_gen = w->gen;
			return true;
		}
	}
}

bool
rib_walk_nexthops(struct rib *rib, struct rib_walk *w, const struct bitmap *nexthops, uint32_t budget,
		  enum rib_queue q)
{
	uint32_t id;

	while ((id = rib_walk_next(rib, w, &budget)) != 0) {
		unsigned what = 0;
		bool found = false;
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
