/* SPDX-License-Identifier: Apache-2.0 */
/*
 * walk: long jobs over prefixes, in portions.
 *
 * A walk goes up through the ids of a family, of the whole table or of one
 * source's paths. Between two portions prefixes may come and go: whatever is
 * there from start to end is seen once, what comes or goes meanwhile perhaps.
 * Portions are counted in ids looked at; the caller reads the clock between them.
 * The ready-made jobs are the sweep of stale paths and the marking of prefixes
 * whose next hop resolves differently.
 */
#ifndef RIB_WALK_H
#define RIB_WALK_H

#include "rib/rib.h"

struct rib_walk {
	enum family family;
	uint32_t at;     /* the next id to look at */
	uint16_t source; /* 0: the whole table */
	bool done;
};

void rib_walk_table(struct rib_walk *w, enum family f);
void rib_walk_source(struct rib_walk *w, enum family f, const struct rib_source *s);
/*
 * The next id, or 0: the walk is over (w->done) or *budget, which is counted down by the ids looked at, is
 * used up. A source that is walked may not be removed.
 */
uint32_t rib_walk_next(const struct rib *rib, struct rib_walk *w, uint32_t *budget);

/*
 * Removes the paths of a source that are stale when the sweep begins and are not announced again before it
 * comes to them, one family after the other; what becomes stale later is for another sweep. True from
 * rib_sweep_run means that it is over. A source has one sweep at a time.
 */
struct rib_sweep {
	struct rib_walk walk;      /* of the family under way */
	uint8_t gen[FAMILY_COUNT]; /* what is older goes */
	bool todo[FAMILY_COUNT];
};
/* f: FAMILY_NONE for both. */
void rib_sweep_begin(struct rib_sweep *sw, const struct rib_source *s, enum family f);
/* Into a sweep of the source that is under way: what is stale now of this family (FAMILY_NONE: of both) goes too. */
void rib_sweep_add(struct rib_sweep *sw, const struct rib_source *s, enum family f);
bool rib_sweep_run(struct rib *rib, struct rib_sweep *sw, uint32_t budget, enum rib_queue q);

/* The source's path of a prefix counts as announced in this generation again: after a change of it that was our own. */
void rib_path_generation_set(struct rib *rib, const struct rib_source *s, enum family f, uint32_t id, uint32_t path_id,
			uint8_t gen);

/*
 * Marks prefixes that have a path over one of a set of next hops (ids as bits), which is how changes of
 * resolution reach the decision. The set may grow during the walk; then begin again afterwards. True: over.
 */
bool rib_walk_nexthops(struct rib *rib, struct rib_walk *w, const struct bitmap *nexthops, uint32_t budget,
		       enum rib_queue q);

#endif
