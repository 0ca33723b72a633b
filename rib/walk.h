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
	uint8_t gen;     /* the source's generation when the walk began */
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
 * Removes stale paths of a source: both families one after the other. Begin with rib_sweep_begin; true from
 * rib_sweep_run means that it is over. When the source was made stale again meanwhile, paths of that
 * generation that were already passed stay: begin again.
 */
struct rib_sweep {
	struct rib_walk walk;
};
void rib_sweep_begin(struct rib_sweep *sw, const struct rib_source *s);
bool rib_sweep_run(struct rib *rib, struct rib_sweep *sw, uint32_t budget, enum rib_queue q);

/*
 * Marks prefixes that have a path over one of a set of next hops (ids as bits), which is how changes of
 * resolution reach the decision. The set may grow during the walk; then begin again afterwards. True: over.
 */
bool rib_walk_nexthops(struct rib *rib, struct rib_walk *w, const struct bitmap *nexthops, uint32_t budget,
		       enum rib_queue q);

#endif
