/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ring: the single-producer single-consumer queue.
 *
 * head and tail count without wrapping at the capacity, so that full and empty
 * differ and no record is wasted. The producer publishes a record by storing
 * head with release order, the consumer gives its place back by storing tail.
 * Each looks at the other's counter only when what it saw of it is used up: the
 * cache line of a counter would go to and fro with every record otherwise.
 */
#include "lib/ring.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "lib/mem.h"

int
ring_init(struct ring *r, size_t rec_size, uint32_t capacity)
{
	uint32_t cap = 1;

	ASSERT(rec_size > 0 && rec_size <= UINT32_MAX && capacity <= 1u << 30);
	while (cap < capacity)
		cap *= 2;
	r->recs = NULL;
	r->rec_size = (uint32_t)rec_size;
	r->mask = cap - 1;
	atomic_init(&r->head, 0);
	atomic_init(&r->tail, 0);
	r->tail_seen = r->head_seen = 0;
	r->wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (r->wake_fd < 0)
		return -errno;
	r->recs = xreallocarray(NULL, cap, rec_size);
	return 0;
}

void
ring_fini(struct ring *r)
{
	if (r->recs == NULL)
		return;
	close(r->wake_fd);
	free(r->recs);
	r->recs = NULL;
	r->wake_fd = -1;
}

static uint8_t *
rec_at(const struct ring *r, uint32_t n)
{
	return r->recs + (size_t)(n & r->mask) * r->rec_size;
}

bool
ring_push(struct ring *r, const void *rec)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	if (!ring_has_room(r, 1))
		return false;
	memcpy(rec_at(r, head), rec, r->rec_size);
	atomic_store_explicit(&r->head, head + 1, memory_order_release);
	return true;
}

bool
ring_pop(struct ring *r, void *rec)
{
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_relaxed);

	if (tail == r->head_seen) {
		r->head_seen = atomic_load_explicit(&r->head, memory_order_acquire);
		if (tail == r->head_seen)
			return false;
	}
	memcpy(rec, rec_at(r, tail), r->rec_size);
	atomic_store_explicit(&r->tail, tail + 1, memory_order_release);
	return true;
}

void
ring_wake(struct ring *r)
{
	uint64_t one = 1;

	/* It fails only where the counter is full, and then the consumer has been woken already. */
	while (write(r->wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

void
ring_ack(struct ring *r)
{
	uint64_t n;

	/* EAGAIN: nothing was pending, which is as good. */
	while (read(r->wake_fd, &n, sizeof(n)) < 0 && errno == EINTR)
		;
}

uint32_t
ring_used(const struct ring *r)
{
	/* tail first: it can only grow towards head meanwhile, so the difference never goes below zero. */
	uint32_t tail = atomic_load_explicit(&r->tail, memory_order_acquire);

	return atomic_load_explicit(&r->head, memory_order_acquire) - tail;
}

bool
ring_has_room(struct ring *r, uint32_t n)
{
	uint32_t head = atomic_load_explicit(&r->head, memory_order_relaxed);

	if (head - r->tail_seen + n <= r->mask + 1)
		return true;
	r->tail_seen = atomic_load_explicit(&r->tail, memory_order_acquire);
	return head - r->tail_seen + n <= r->mask + 1;
}
