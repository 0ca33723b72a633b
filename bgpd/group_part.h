/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group_part: what group.c and group_read.c share among themselves; nobody else
 * includes it.
 */
#ifndef BGPD_GROUP_PART_H
#define BGPD_GROUP_PART_H

#include "bgpd/group.h"

struct group_out {
	struct group *group;
	struct group_member *member; /* NULL: the stream */
	struct chunk_for who;
	bool discards; /* group_out_discards */
};

struct chunk *group_chunk(const struct group *g, uint64_t no); /* tail ≤ no < head */
void group_chunk_seal(struct group *g, struct chunk *c);
void group_trim(struct group *g); /* drops chunks that nobody waits for from the end of the ring */

/* Something that it should have been sent is lost for want of memory. */
void group_starve(struct group_member *m);

/* A member's own queue. push takes the reference over. */
void group_own_push(struct group_member *m, struct chunk *c, struct group_pos pos);
void group_own_seal(struct group_member *m, struct chunk *c);
void group_own_pop(struct group_member *m);

#endif
