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
			dirty_push(&q, &(struct dirty_entry){.id = ++in, .old_source = 9});
		for (int i = 0; i < 2; i++) {
			ck_assert(dirty_pop(&q, &e));
			ck_assert_uint_eq(e.id, ++out);
		}
	}
	ck_assert_uint_eq(q.count, in - out);
	ck_assert_uint_eq(dirty_peek(&q, 0)->id, out + 1);
	ck_assert_ptr_null(dirty_peek(&q, q.count));
	size_t full = dirty_bytes(&q);
	while (dirty_pop(&q, &e))
		ck_assert_uint_eq(e.id, ++out);
	ck_assert_uint_eq(out, in);
	ck_assert_uint_eq(e.old_source, 9);
	ck_assert_uint_lt(dirty_bytes(&q), full);
	dirty_push(&q, &e);
	ck_assert_uint_eq(q.count, 1);
	dirty_fini(&q);
	ck_assert_uint_eq(dirty_bytes(&q), 0);
}
END_TEST

SUITE("dirty", test_order)
