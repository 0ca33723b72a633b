/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sparse: a map of 32-bit ids to 32-bit values, for ids that mostly lie near each other.
 *
 * The ids are a tree of two levels with 64 branches each, below an array. A node says by a bit for each
 * branch which it has, and keeps those alone, one behind the other: a value costs 4 to 5 octets where every
 * id has one, 6 to 8 where every eighth has, and at most 100 where it has no other near; and the array 16 to
 * 64 octets for every 4,096 ids from the lowest to the highest. Ids that come in ascending order find what
 * they need in the cache, where a hash index would miss for each.
 */
#ifndef LIB_SPARSE_H
#define LIB_SPARSE_H

#include <stddef.h>
#include <stdint.h>

struct pool;

struct sparse_node {
	uint64_t has; /* bits: branches that are there */
	void *v;      /* from the pool; NULL: none is */
};

/* Zero-initialised is an empty map. All calls for one name the same pool, which others may share. */
struct sparse {
	struct sparse_node *tops; /* by the leading bits of the id, less first; NULL while the map is empty */
	uint32_t first, ntops;
	uint32_t count;
};

/* The value of an id, good until the map is changed; NULL: it has none. */
uint32_t *sparse_find(const struct sparse *s, uint32_t id);
void sparse_add(struct sparse *s, struct pool *p, uint32_t id, uint32_t value); /* must not be there */
/* Takes an id that must be there out of the map; returns its value. */
uint32_t sparse_take(struct sparse *s, struct pool *p, uint32_t id);
size_t sparse_bytes(const struct sparse *s); /* without what is the pool's */

#endif
