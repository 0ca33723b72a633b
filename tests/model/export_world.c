/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_world: see export_model.h.
 */
#include "tests/model/export_model.h"

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

uint32_t
world_best(const struct world_prefix *p, uint16_t *source)
{
	uint32_t best = 0, rank = 0;

	*source = 0;
	for (uint16_t s = 1; s < NSOURCE; s++) {
		uint32_t r = (set_value(p->path[s]) * 5 + s * 3) % 16 + 1;
		if (p->path[s] != 0 && r > rank) {
			rank = r;
			best = p->path[s];
			*source = s;
		}
	}
	return best;
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
world_path(struct world *w, struct group_list *l, unsigned f, unsigned prefix, uint16_t source, uint32_t set,
	   uint64_t step)
{
	struct world_prefix *p = &w->prefix[f][prefix];

	(void)l;
	if (p->path[source] == set)
		return;
	prefix_enter(w, f, prefix);
	p->path[source] = set;
	p->changed = step;
	if (p->dirty)
		return;
	p->dirty = true;
	w->queue[w->nqueue].family = (uint8_t)f;
	w->queue[w->nqueue++].prefix = (uint8_t)prefix;
	w->pushed++;
}

bool
world_decide(struct world *w, struct group_list *l)
{
	if (w->nqueue == 0)
		return false;
	unsigned f = w->queue[0].family;
	struct world_prefix *p = &w->prefix[f][w->queue[0].prefix];
	memmove(&w->queue[0], &w->queue[1], --w->nqueue * sizeof w->queue[0]);
	w->popped++;
	p->dirty = false;

	uint32_t old = p->attr;
	uint16_t old_source = p->source;
	uint32_t set = world_best(p, &p->source);
	p->attr = set != 0 ? world_intern(w, set) : 0;
	if (p->attr != old || p->source != old_source)
		group_list_change(l, (enum family)f, p->id, old, old_source, p->attr, p->source);
	if (old != 0)
		world_unref(w, old);
	world_unpin(w, l, f, p->id);
	return true;
}
