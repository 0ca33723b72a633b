/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sparse: see sparse.h.
 *
 * A top has nodes, a node has values. Both kinds keep their branches in the order of their bits, with room
 * for a few more, which follows from their number: so the same functions do for both, told how large a branch
 * is. The array of tops reaches from the first that has been needed to the last: who has few ids mostly has
 * them near each other, wherever that is, and a map of 10 in a million does not cost what one of all does.
 */
#include "lib/sparse.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/pool.h"

#define BITS  6u
#define STEP  4u /* branches for which room is made or given up at once */
#define VALUE sizeof(uint32_t)
#define NODE  sizeof(struct sparse_node)

static unsigned
branch_of(uint32_t id, unsigned level)
{
	return id >> (level * BITS) & ((1u << BITS) - 1);
}

static uint32_t
top_of(uint32_t id)
{
	return id >> (2 * BITS);
}

/* The place of an id's top in the array; not below ntops where it has none. */
static uint32_t
top_at(const struct sparse *s, uint32_t id)
{
	return top_of(id) - s->first;
}

/* How many branches come before this one. */
static unsigned
place_of(const struct sparse_node *n, unsigned branch)
{
	return (unsigned)__builtin_popcountll(n->has & ((1ull << branch) - 1));
}

static void *
branch_find(const struct sparse_node *n, unsigned branch, size_t size)
{
	return n->has >> branch & 1 ? (uint8_t *)n->v + place_of(n, branch) * size : NULL;
}

/* A new branch, to be written. */
static void *
branch_add(struct sparse_node *n, struct pool *p, unsigned branch, size_t size)
{
	unsigned place = place_of(n, branch);
	/* Mostly it is the last one. */
	unsigned count = n->has >> branch == 0 ? place : (unsigned)__builtin_popcountll(n->has);

	if (count % STEP == 0) {
		void *more = pool_alloc(p, (count + STEP) * size);
		if (count > 0) {
			ASSERT(n->v != NULL);
			memcpy(more, n->v, count * size);
			pool_free(p, n->v, count * size);
		}
		n->v = more;
	}
	ASSERT(n->v != NULL);
	uint8_t *at = (uint8_t *)n->v + place * size;
	memmove(at + size, at, (count - place) * size);
	n->has |= 1ull << branch;
	return at;
}

static void
branch_del(struct sparse_node *n, struct pool *p, unsigned branch, size_t size)
{
	unsigned place = place_of(n, branch);
	uint8_t *at = (uint8_t *)n->v + place * size;

	n->has &= ~(1ull << branch);
	unsigned left = (unsigned)__builtin_popcountll(n->has);
	memmove(at, at + size, (left - place) * size);
	if (left % STEP == 0) {
		void *less = NULL;
		if (left > 0) {
			less = pool_alloc(p, left * size);
			memcpy(less, n->v, left * size);
		}
		pool_free(p, n->v, (left + STEP) * size);
		n->v = less;
	}
}

uint32_t *
sparse_find(const struct sparse *s, uint32_t id)
{
	if (top_at(s, id) >= s->ntops)
		return NULL;
	const struct sparse_node *n = branch_find(&s->tops[top_at(s, id)], branch_of(id, 1), NODE);
	return n != NULL ? branch_find(n, branch_of(id, 0), VALUE) : NULL;
}

static uint32_t
max_u32(uint32_t a, uint32_t b)
{
	return a > b ? a : b;
}

static uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* The array as it is to reach to this top, too: at least twice as long as it was, as far as there are
 * numbers. */
static void
tops_make(struct sparse *s, uint32_t top)
{
	uint32_t below = 0, n = s->ntops;

	if (n == 0)
		s->first = top;
	if (top < s->first)
		below = max_u32(s->first - top, min_u32(n, s->first));
	n = below > 0 ? n + below : max_u32(n * 2, top - s->first + 1);
	s->tops = xreallocarray(s->tops, n, sizeof(*s->tops));
	memmove(s->tops + below, s->tops, s->ntops * sizeof(*s->tops));
	memset(s->tops, 0, below * sizeof(*s->tops));
	memset(s->tops + below + s->ntops, 0, (n - below - s->ntops) * sizeof(*s->tops));
	s->first -= below;
	s->ntops = n;
}

void
sparse_add(struct sparse *s, struct pool *p, uint32_t id, uint32_t value)
{
	if (top_at(s, id) >= s->ntops)
		tops_make(s, top_of(id));
	struct sparse_node *top = &s->tops[top_at(s, id)], *n = branch_find(top, branch_of(id, 1), NODE);
	if (n == NULL) {
		n = branch_add(top, p, branch_of(id, 1), NODE);
		*n = (struct sparse_node){0};
	}
	ASSERT(!(n->has >> branch_of(id, 0) & 1));
	uint32_t *v = branch_add(n, p, branch_of(id, 0), VALUE);
	*v = value;
	s->count++;
}

uint32_t
sparse_take(struct sparse *s, struct pool *p, uint32_t id)
{
	ASSERT(top_at(s, id) < s->ntops);
	struct sparse_node *top = &s->tops[top_at(s, id)], *n = branch_find(top, branch_of(id, 1), NODE);
	const uint32_t *v = n != NULL ? branch_find(n, branch_of(id, 0), VALUE) : NULL;
	ASSERT(v != NULL);
	uint32_t value = *v;

	branch_del(n, p, branch_of(id, 0), VALUE);
	if (n->has == 0)
		branch_del(top, p, branch_of(id, 1), NODE);
	if (--s->count == 0) {
		free(s->tops);
		*s = (struct sparse){0};
	}
	return value;
}

size_t
sparse_bytes(const struct sparse *s)
{
	return s->ntops * sizeof(*s->tops);
}
