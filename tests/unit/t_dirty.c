/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/dirty: order over many chunks, and memory that comes and goes. */
#include "rib/dirty.h"

#include "tests/unit/suite.h"

START_TEST(test_order)
{
	struct dirty_queue q = {0};
	struct dirty_entry e = {0};
	uint32_t in = 0, out = 0;

	ck_assert(!dirty_pop(&q, &e));
	/* three in and two out, until 10,000 are in */
	while (in < 10000) {
		for (int i = 0; i < 3; i++)
			*dirty_add(&q) = (struct dirty_entry){.id = ++in, .old_source = 9};
		for (int i = 0; i < 2; i++) {
			ck_assert(dirty_pop(&q, &e));
			ck_assert_uint_eq(e.id, ++out);
		}
	}
	ck_assert_uint_eq(q.count, in - out);
	ck_assert_uint_eq(dirty_peek(&q, 0)->id, out + 1);
	ck_assert_ptr_null(dirty_peek(&q, q.count));
	while (dirty_pop(&q, &e))
		ck_assert_uint_eq(e.id, ++out);
	ck_assert_uint_eq(out, in);
	ck_assert_uint_eq(e.old_source, 9);
	dirty_fini(&q);
	ck_assert_uint_eq(dirty_bytes(&q), 0);
}
END_TEST

static void
fill_and_empty(struct dirty_queue *q, uint32_t n, size_t *full)
{
	struct dirty_entry e;

	for (uint32_t i = 1; i <= n; i++)
		*dirty_add(q) = (struct dirty_entry){.id = i};
	*full = dirty_bytes(q);
	for (uint32_t i = 1; i <= n; i++) {
		ck_assert(dirty_pop(q, &e));
		ck_assert_uint_eq(e.id, i);
	}
	ck_assert(!dirty_pop(q, &e));
}

/* What a full table needed goes back but for a little, and with that the queue fills again without more. */
START_TEST(test_memory)
{
	struct dirty_queue q = {0};
	size_t full, idle, some;

	fill_and_empty(&q, 200000, &full);
	ck_assert_uint_ge(full, 200000 * sizeof(struct dirty_entry));
	idle = dirty_bytes(&q);
	ck_assert_uint_le(idle, 2 * sizeof(struct dirty_chunk));
	for (int i = 0; i < 3; i++) {
		fill_and_empty(&q, 2 * DIRTY_CHUNK_ENTRIES, &some);
		ck_assert_uint_eq(some, idle);
	}
	ck_assert_uint_eq(dirty_bytes(&q), idle);
	dirty_fini(&q);
	ck_assert_uint_eq(dirty_bytes(&q), 0);
}
END_TEST

SUITE("dirty", test_order, test_memory)
