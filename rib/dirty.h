/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dirty: a first-in first-out queue of prefixes that wait for the decision.
 *
 * An entry remembers what was best before the first change, so that the prefix
 * record need not. A prefix is in at most one queue at most once (its flag says
 * so), so the number of prefixes bounds it. Memory comes and goes in chunks, but for
 * one that is kept.
 * Only rib/ uses it; the references that entries hold are the RIB's business.
 */
#ifndef RIB_DIRTY_H
#define RIB_DIRTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct dirty_entry {
	uint32_t id;
	uint32_t old_attr; /* a reference; 0: nothing was best */
	uint16_t old_source;
	uint8_t family;
	uint8_t pad;
};

#define DIRTY_CHUNK_ENTRIES 4095 /* 48 KB with the pointer: pages of their own, which go back at once */

struct dirty_chunk {
	struct dirty_chunk *next;
	struct dirty_entry e[DIRTY_CHUNK_ENTRIES];
};

/* Zero-initialised is an empty queue. */
struct dirty_queue {
	struct dirty_chunk *head, *tail;
	uint32_t head_at, tail_at; /* entry in the first chunk to pop; in the last chunk to fill */
	uint32_t count;
	struct dirty_chunk *spare; /* an empty one; NULL: none */
	uint32_t chunks;         /* the spare one, too */
	uint32_t pushed, popped; /* totals, modulo 2^32: rib_decision_mark */
};

void dirty_grow(struct dirty_queue *q);   /* a chunk more to fill */
void dirty_shrink(struct dirty_queue *q); /* all of the first chunk has been popped */
/*
 * A new last entry, to be written at once, where it is: a copy of one just written would wait for it, which costs as much
 * as the rest. Inline, as the two below: once a route each.
 */
static inline struct dirty_entry *
dirty_add(struct dirty_queue *q)
{
	if (q->tail == NULL || q->tail_at == DIRTY_CHUNK_ENTRIES)
		dirty_grow(q);
	q->count++;
	q->pushed++;
	return &q->tail->e[q->tail_at++];
}
/* The first entry, where it is, or NULL: the queue is empty. */
static inline const struct dirty_entry *
dirty_first(const struct dirty_queue *q)
{
	return q->count > 0 ? &q->head->e[q->head_at] : NULL;
}
/* Takes the first entry out; there is one. */
static inline void
dirty_drop(struct dirty_queue *q)
{
	q->head_at++;
	q->count--;
	q->popped++;
	if (q->count == 0 || q->head_at == DIRTY_CHUNK_ENTRIES)
		dirty_shrink(q);
}
/* False: empty. */
static inline bool
dirty_pop(struct dirty_queue *q, struct dirty_entry *e)
{
	if (q->count == 0)
		return false;
	*e = *dirty_first(q);
	dirty_drop(q);
	return true;
}
/* The entry n behind the first one if it is near (same chunk), or NULL: something to prefetch. */
static inline const struct dirty_entry *
dirty_peek(const struct dirty_queue *q, uint32_t n)
{
	if (n >= q->count || q->head_at + n >= DIRTY_CHUNK_ENTRIES)
		return NULL;
	return &q->head->e[q->head_at + n];
}
void dirty_fini(struct dirty_queue *q); /* the caller has popped what holds references */
size_t dirty_bytes(const struct dirty_queue *q);

#endif
