/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide: which path of a prefix is best, which are used beside it, and why not the others.
 *
 * The steps of RFC 4271 9.1.2 in the field's usual order, as set elimination:
 * each step keeps the paths that are best in it, so the order in which paths
 * arrived never matters, also not with MED, which is compared among paths of one
 * neighbouring AS only (9.1.2.2 c). A loser keeps the name of the step that beat
 * it. Pure functions over an array; rib/rib calls them for a dirty prefix.
 */
#ifndef RIB_DECIDE_H
#define RIB_DECIDE_H

#include "rib/rib.h"

struct decide_path {
	const struct rib_path *path;
	const struct attr_set *attr;
	const struct rib_source *source;
	uint32_t igp_metric;    /* of its next hop */
	enum rib_reason reason; /* in: _BEST, or _REJECTED or _UNRESOLVED to be left out; out: the verdict */
	bool used;              /* out: best, or in the multipath set */
	bool grouped;           /* scratch of the MED step, */
	uint32_t key;           /* of others, and */
	uint64_t high, low;     /* of those before MED, see decide.c */
};

/* The first of the steps: what policy has set, or how sure a kind of source is. */
uint32_t decide_preference(const struct attr_set *attr, enum rib_source_kind kind);

/*
 * Judges n paths. Returns the index of the best, or -1 if all are left out. *members is the size of the
 * multipath set (1: the best alone, 0: none).
 */
int decide_paths(struct decide_path *c, unsigned n, const struct rib_config *conf, unsigned *members);

#endif
