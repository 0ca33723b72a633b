/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aggregate: configured prefixes that are there while a more specific one is.
 *
 * What contributes is every best path that is not an aggregate itself, to each
 * configured prefix around it. aggregates_change() keeps the counts from the
 * decision's changes alone: it finds the closest aggregate by longest match and
 * goes outwards from there. After a new set of prefixes everything is counted
 * anew in portions; until that is done no aggregate goes.
 *
 * An aggregate that is summary-only hides the more specific ones from neighbours
 * while it is there. Which are hidden changes nowhere but in aggregates_change(),
 * so that what groups were told and what is hidden never differ; when an
 * aggregate comes or goes, what is inside is touched, in portions.
 *
 * The owner announces: it is told of aggregates that come and go. RFC 4271 9.2.2.2.
 */
#ifndef RIB_AGGREGATE_H
#define RIB_AGGREGATE_H

#include "lib/bitmap.h"
#include "rib/prefix.h"
#include "rib/rib.h"
#include "rib/walk.h"

struct aggregate_due {
	uint32_t id;
	enum family family;
};

struct aggregates {
	struct rib *rib;
	struct prefix_table table[FAMILY_COUNT]; /* the configured ones */
	struct bitmap counted[FAMILY_COUNT];     /* prefixes of the RIB that contribute */
	struct bitmap hidden[FAMILY_COUNT];      /* and of those the ones that neighbours are not to see */
	struct aggregate_due *due;               /* those that came to be or ceased to, perhaps */
	uint32_t due_n, due_cap;
	struct rib_walk recount; /* family FAMILY_NONE: none under way */
	enum family touch;       /* what is counted is touched where hiding differs; FAMILY_NONE: no */
	uint32_t touch_at;
};

void aggregates_init(struct aggregates *a, struct rib *rib, uint64_t seed);
void aggregates_fini(struct aggregates *a);

/*
 * A new set: begin, add..., end. One that was there before and is again stays; number is the owner's. False from
 * aggregates_add: that prefix is there already. What is gone is not told: its owner withdraws it.
 */
struct aggregates_old {
	struct prefix_table table[FAMILY_COUNT];
};
void aggregates_begin(struct aggregates *a, struct aggregates_old *old);
bool aggregates_add(struct aggregates *a, const struct aggregates_old *old, const struct ip_prefix *p, uint32_t number,
		    bool summary_only);
void aggregates_end(struct aggregates *a, struct aggregates_old *old);

/* Is there anything for aggregates_change to look at in this family? If not, neighbours see changes as they are. */
static inline bool
aggregates_any(const struct aggregates *a, enum family f)
{
	return prefix_count(&a->table[f]) + a->hidden[f].count != 0;
}
/*
 * From the change callback of the RIB. *seen is the change as neighbours see it: without what is hidden, and nothing
 * (what 0) where that is no change. True: there is something for aggregates_run.
 */
bool aggregates_change(struct aggregates *a, const struct rib_change *c, struct rib_change *seen);

/* Is the best path of this prefix of the RIB, as it was told last, hidden from neighbours? */
static inline bool
aggregates_hides(const struct aggregates *a, enum family f, uint32_t id)
{
	return bitmap_test(&a->hidden[f], id);
}
/* The closest aggregate that hides what is inside it; false: none around p does. */
bool aggregates_hider(const struct aggregates *a, const struct ip_prefix *p, struct ip_prefix *out);
/* Is the aggregate there now? */
bool aggregates_active(const struct aggregates *a, const struct ip_prefix *p);

/*
 * Some of what is left to do: budget aggregates and ids at most. told is called for an aggregate that is there from
 * now on, or no longer; it may apply to the RIB. True: nothing is left.
 */
bool aggregates_run(struct aggregates *a, uint32_t budget,
		    void (*told)(void *ctx, const struct ip_prefix *p, uint32_t number, bool active), void *ctx);
bool aggregates_idle(const struct aggregates *a);

#endif
