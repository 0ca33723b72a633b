/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dirty: a list of chunks, filled at the tail and emptied at the head.
 *
 * A growing array would need both its old and its new self at the moment a full
 * table arrives, which is the moment memory is counted; chunks need neither that
 * nor a shrinking policy. One is kept when it is empty, for a queue whose length
 * goes up and down around the end of a chunk. More would be half an octet a route
 * of a small table, and not be seen in the time of a large one.
 */
#include "rib/dirty.h"

#include "lib/mem.h"

#include <stdlib.h>

static struct dirty_chunk *
chunk_get(struct dirty_queue *q)
{
	struct dirty_chunk *c = q->spare;

	if (c == NULL) {
		q->chunks++;
		return xmap(sizeof(*c), false);
	}
	q->spare = NULL;
	return c;
}

static void
chunk_free(struct dirty_queue *q, struct dirty_chunk *c)
{
	q->chunks--;
	xunmap(c, sizeof(*c));
}

static void
chunk_put(struct dirty_queue *q, struct dirty_chunk *c)
{
	if (q->spare != NULL)
		chunk_free(q, c);
	else
		q->spare = c;
}

void
dirty_grow(struct dirty_queue *q)
{
	struct dirty_chunk *c = chunk_get(q);

	c->next = NULL;
	if (q->tail == NULL) {
		q->head = c;
		q->head_at = 0;
	} else {
		q->tail->next = c;
	}
	q->tail = c;
	q->tail_at = 0;
}

static void
drop_head(struct dirty_queue *q)
{
	struct dirty_chunk *c = q->head;

	q->head = c->next;
	q->head_at = 0;
	if (q->head == NULL)
		q->tail = NULL;
	chunk_put(q, c);
}

void
dirty_shrink(struct dirty_queue *q)
{
	/* An emptied last chunk is used again from its start: an idle daemon decides without allocating. */
	if (q->count == 0 && q->head == q->tail)
		q->head_at = q->tail_at = 0;
	else if (q->head_at == DIRTY_CHUNK_ENTRIES)
		drop_head(q);
}

void
dirty_fini(struct dirty_queue *q)
{
	while (q->head != NULL)
		drop_head(q);
	if (q->spare != NULL)
		chunk_free(q, q->spare);
	*q = (struct dirty_queue){0};
}

size_t
dirty_bytes(const struct dirty_queue *q)
{
	return q->chunks * sizeof(struct dirty_chunk);
}
