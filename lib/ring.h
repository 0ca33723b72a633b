/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring: a bounded queue of fixed-size records from one thread to one other.
 *
 * Records are copied by value. Each direction has an eventfd that becomes
 * readable when something was pushed into an empty ring; the consumer arms it in
 * its event loop. Neither side ever blocks or allocates: a full ring refuses.
 */
#ifndef LIB_RING_H
#define LIB_RING_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct ring {
	uint8_t *recs;
	uint32_t rec_size, mask; /* capacity - 1 */
	int wake_fd;             /* eventfd, non-blocking; readable: the consumer should look */
	_Alignas(64) _Atomic uint32_t head; /* next to write; the producer's, */
	uint32_t tail_seen;                 /* and what it last saw of the other */
	_Alignas(64) _Atomic uint32_t tail; /* next to read; the consumer's, */
	uint32_t head_seen;                 /* and what it last saw of the other */
};

/* capacity is rounded up to a power of two. Returns 0 or -errno (eventfd). */
int ring_init(struct ring *r, size_t rec_size, uint32_t capacity);
void ring_fini(struct ring *r);
bool ring_push(struct ring *r, const void *rec); /* producer; false: full */
void ring_wake(struct ring *r);                  /* producer: after a burst of pushes, wakes the consumer once */
bool ring_pop(struct ring *r, void *rec);        /* consumer; false: empty */
void ring_ack(struct ring *r);                   /* consumer: clears the eventfd before draining */
uint32_t ring_used(const struct ring *r);
bool ring_has_room(struct ring *r, uint32_t n);  /* producer: will n pushes succeed? */

#endif
