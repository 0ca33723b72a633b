/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_world: a world small enough to be obviously right, for export_model.c.
 *
 * The world is a list of paths by (family, prefix, lane), where a lane is a source and
 * a path id, a rule that ranks them, and policies that are arithmetic on a few bits of an attribute set.
 * Prefixes get ids that are reused as soon as nobody pins them, attribute sets
 * ids that are reused with their last reference, so that whoever forgets to hold
 * on to one is found out.
 */
#ifndef TESTS_EXPORT_WORLD_H
#define TESTS_EXPORT_WORLD_H

#include "bgpd/group.h"

#define NPREFIX 48
#define NSOURCE 11 /* 1..8 are neighbours, 9 and 10 our own routes */
#define NLANE   14 /* those below NSOURCE are the only or first paths of the source of that number */
#define NMEMBER 8
#define NPOLICY 4
#define NFAMILY 2
#define ID_STEP 997u /* ids are spread over several pages of a bitmap */

/* An attribute set is what it means: value, next hop, and on export the policy and the source it went
 * through. */
#define SET_NEXTHOP_SELF 15u
static inline uint32_t
set_make(uint32_t value, uint32_t nexthop, uint32_t policy, uint32_t source)
{
	return 1u << 15 | value | nexthop << 3 | policy << 7 | source << 11;
}
static inline uint32_t
set_value(uint32_t set)
{
	return set & 7;
}
static inline uint32_t
set_nexthop(uint32_t set)
{
	return set >> 3 & 15;
}
#define SET_LONG 7u /* sets of this value do not fit into 4096 octets */

struct world_prefix {
	uint32_t path[NLANE];      /* set of each path, 0: none */
	uint32_t path_attr[NLANE]; /* its attribute id with a reference */
	bool path_changed[NLANE];  /* since the last decision */
	uint32_t id;            /* 0: not in the table */
	uint32_t attr;          /* decided best: attribute id with a reference */
	uint16_t source;
	bool dirty;
	uint64_t changed; /* step of the last change of any path */
};

struct world {
	struct world_prefix prefix[NFAMILY + 1][NPREFIX];
	uint8_t by_id[NFAMILY + 1][NPREFIX + 1]; /* prefix + 1; 0: free */
	uint32_t set[2048];                      /* by attribute id */
	uint32_t refs[2048];
	uint32_t id_of[1u << 16]; /* attribute id by set */
	uint32_t outside;         /* what a policy that is not memoized reads besides the attributes */
	struct {
		uint8_t family, prefix;
	} queue[NFAMILY * NPREFIX + 1];
	uint32_t nqueue;
	uint64_t pushed, popped;
	uint8_t last_of[NFAMILY + 1][NPREFIX + 1]; /* by id, the prefix that had it last */
	uint64_t reused;                           /* ids by another prefix */
};

uint32_t world_intern(struct world *w, uint32_t set); /* with a reference */
void world_ref(struct world *w, uint32_t attr);
void world_unref(struct world *w, uint32_t attr);
/* The best path by the list alone: its set and source; 0: none. */
uint32_t world_best(const struct world_prefix *p, uint16_t *source);
/* Whose the path is, and the id that it is sent with. */
uint16_t world_source(uint32_t lane);
static inline uint32_t
world_path_id(uint32_t lane)
{
	return lane << 16 | world_source(lane);
}
/* The lanes that are to be sent: which is as in rib/adjout_key.h. Returns how many. */
uint32_t world_select(const struct world_prefix *p, uint32_t which, uint32_t lanes[NLANE]);
/* What policy makes of it: the outgoing set, or 0. */
uint32_t world_export(const struct world *w, uint32_t policy, uint32_t prefix, uint32_t set, uint16_t source);
static inline bool
world_memoize(uint32_t policy)
{
	return policy != 3;
}
/* Announces (set ≠ 0) or withdraws, and queues the decision. */
void world_path(struct world *w, struct group_list *l, unsigned f, unsigned prefix, uint32_t lane,
		uint32_t set, uint64_t step);
/* Decides the prefixes that wait longest, and tells of them together; false: none waits. */
#define WORLD_TOLD_MAX 32
bool world_decide(struct world *w, struct group_list *l, unsigned max);
/* Frees the record if there is no path and no pin. */
void world_unpin(struct world *w, struct group_list *l, unsigned f, uint32_t id);

#endif
