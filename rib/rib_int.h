/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rib_int: the parts of struct rib, for the sources of rib/ that work on them
 * (rib.c, update.c, decide.c, walk.c). Nobody outside may include it.
 *
 * Invariant: a prefix id is live while it has a path, is dirty, or is pinned by
 * the owner. A path holds one reference to its attributes; its source has the
 * prefix's bit set. The first path is inside the prefix record unless it has an
 * id: the place there is free (attr 0, source 0) only while all others have one.
 */
#ifndef RIB_RIB_INT_H
#define RIB_RIB_INT_H

#include "rib/decide.h"
#include "rib/dirty.h"
#include "rib/rib.h"
#include "rib/side.h"
#include "rib/spare.h"

#include "lib/mem.h"

/* Bits of prefix_key.flags beside PREFIX_F_LIVE. */
#define RIB_F_DIRTY   0x02 /* in one of the queues */
#define RIB_F_SET     0x04 /* a member of the multipath set was changed or removed since the last decision */
#define RIB_F_NEXTHOP 0x08 /* rib_prefix_touch with RIB_CHANGE_NEXTHOP */
#define RIB_F_REDO    0x10 /* with RIB_CHANGE_REDO */
#define RIB_F_ASKED   0x20 /* a next hop was looked up in it while it waited for the decision */

struct rib {
	struct attr_table *attrs;
	struct nexthop_table *nexthops;
	struct rib_callbacks cb;
	struct rib_config conf;
	struct prefix_table table[FAMILY_COUNT]; /* data: struct rib_path, the first path */
	struct slab paths;                       /* further paths of both families */
	struct slab paths_with_id;               /* and those with an id */
	uint64_t paths_left_out;
	uint32_t spare[RIB_RECORDS]; /* rib_spare_allow, and not used since */
	uint64_t decisions, changes; /* see rib_stats */
	int64_t grown, grown_from;   /* what sources have grown by together, and octets of sets when that was 0 (growth.c) */
	bool track;                  /* rib_track_paths */
	struct side_table side;
	struct dirty_queue dirty[RIB_QUEUE_COUNT];
	struct rib_source **sources; /* by index; 0 is never used */
	uint32_t sources_cap;
	uint32_t path_count[FAMILY_COUNT];
	struct decide_path *cand; /* scratch of the decision */
	uint32_t cand_cap;
};

static inline struct rib_path *
rib_first(const struct rib *rib, enum family f, uint32_t id)
{
	return prefix_data(&rib->table[f], id);
}
/* The top bit of a path's handle says which slab it is of. */
#define RIB_HANDLE_WITH_ID 0x80000000u
static inline struct rib_path *
rib_further(const struct rib *rib, uint32_t handle)
{
	if (handle & RIB_HANDLE_WITH_ID)
		return slab_ptr(&rib->paths_with_id, handle & ~RIB_HANDLE_WITH_ID);
	return slab_ptr(&rib->paths, handle);
}

/* rib_source_get and rib_best for those that need them several times a route. */
static inline struct rib_source *
rib_source_at(const struct rib *rib, uint16_t index)
{
	ASSERT(index != 0 && index < rib->sources_cap && rib->sources[index] != NULL);
	return rib->sources[index];
}
static inline struct rib_path *
rib_best_at(const struct rib *rib, enum family f, uint32_t id)
{
	struct rib_path *p = rib_first(rib, f, id);

	/* A free place inside the prefix record has no flags. */
	while (!(p->flags & RIB_PATH_BEST)) {
		if (p->next == 0)
			return NULL;
		p = rib_further(rib, p->next);
	}
	return p;
}

/* Notes what is best now, unless that is noted already. Before any change to the prefix. */
void rib_mark_dirty(struct rib *rib, enum family f, uint32_t id, enum rib_queue q);
/* Removes the source's path with this id, if it has one. False: it has none. */
bool rib_path_remove(struct rib *rib, struct rib_source *s, enum family f, uint32_t id, uint32_t path_id,
		     enum rib_queue q);
/* Removes all paths of the source that are of a generation before the one that is age after its oldest. */
void rib_paths_expire(struct rib *rib, struct rib_source *s, enum family f, uint32_t id, uint8_t age,
		      enum rib_queue q);
/* Frees the id if nothing needs it. */
void rib_prefix_release(struct rib *rib, enum family f, uint32_t id);
/* Is there a free record for a new path beyond its source's cap? id: of its prefix, 0: there is none yet. Then it is used. */
bool rib_spare_take(struct rib *rib, const struct rib_op *op, uint32_t id);
/*
 * For a source with a cap (growth.c): a path is going to have these attributes, in place of p or (NULL) as a new one; false
 * where the source would grow by more than it may, and nothing is counted. The path p is going to be removed. It is not
 * going to have them, and had grown by so much.
 */
bool rib_growth_allow(struct rib *rib, struct rib_source *s, enum family f, uint32_t id, const struct rib_path *p,
		      const struct rib_op *op, attr_id attr);
void rib_growth_less(struct rib *rib, struct rib_source *s, enum family f, uint32_t id, const struct rib_path *p);
void rib_growth_undo(struct rib *rib, struct rib_source *s, int64_t grown, int64_t larger);
/* A dirty entry is done with: gives its references back; the second only the one on its source, where it has
 * one. */
void rib_dirty_release(struct rib *rib, const struct dirty_entry *e);
void rib_dirty_forget(struct rib *rib, uint16_t old_source);

#endif
