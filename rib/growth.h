/* SPDX-License-Identifier: Apache-2.0 */
/*
 * growth: what the attribute sets of a source's paths take more than before, while it has a cap.
 *
 * As many paths as before need not mean as much memory: a neighbour may replace paths that share a set by
 * such with large sets of their own. Each path counts with its part of its sets, that is their octets divided
 * by their references, as they are when it comes and when it goes.
 *
 * That is an estimate, and mostly too much: a set that comes has no other reference yet, while one that goes
 * may still be remembered (by a policy's memo, or as what was best before), or have come to be another
 * source's, too. What the sets of all sources take together is known, though. So much as the estimates of all
 * are more than that is nobody's growth, and settling takes it from the source that has just changed its paths:
 * whoever changes them for others of their kind stays where it was. Nothing is taken from one that has not
 * grown, so what a source has given back stays its own until it comes back for it.
 *
 * Where one source always comes first with sets that another has, too, it would seem to grow at the cost of that
 * one, which has given back nothing: not more, anyway, than its paths are smaller than they were, or fewer.
 */
#ifndef RIB_GROWTH_H
#define RIB_GROWTH_H

#include <stdbool.h>
#include <stdint.h>

struct rib;
struct rib_source;

/* Caps begin: nobody has grown. */
void rib_growth_start(struct rib *rib);
/* Nor has this one, which begins here: what is below 0 it may grow by on top of what others may. */
void rib_growth_begin(struct rib *rib, struct rib_source *s, int64_t from);
/*
 * A policy of ours has been at work on its paths, which before had grown by so much and been so much larger. What it makes
 * more of them is no growth; nor is it less when that is taken away again. What goes beyond that is of what the source
 * has announced since, and was counted when it came. In the sum of all both stay, as in the octets of all sets.
 */
void rib_growth_by_policy(struct rib_source *s, int64_t grown, int64_t larger);
/* Has its estimate risen so far, by itself or against what its sets take, that it is worth settling? */
bool rib_growth_is_due(struct rib_source *s);
/* What only memos refer to should have been forgotten. */
void rib_growth_settle(struct rib *rib, struct rib_source *s);

#endif
