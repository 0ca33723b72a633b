/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/slab: stable handles and pointers, reuse, and its account of memory. */
#include "lib/slab.h"

#include <string.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

START_TEST(test_handles)
{
	struct slab s;
	void *where[100];

	slab_init(&s, 24);
	for (uint32_t h = 1; h < 100; h++) {
		ck_assert_uint_eq(slab_alloc(&s), h);
		where[h] = slab_ptr(&s, h);
		memset(where[h], (int)h, 24);
	}
	ck_assert_uint_eq(s.used, 99);
	for (uint32_t h = 1; h < 100; h++) {
		uint8_t want[24];

		memset(want, (int)h, sizeof(want));
		ck_assert_ptr_eq(slab_ptr(&s, h), where[h]);
		ck_assert_mem_eq(where[h], want, sizeof(want));
	}
	ck_assert_uint_ge(slab_bytes(&s), 100 * 24);
	slab_fini(&s);
	ck_assert_uint_eq(slab_bytes(&s), 0);
}
END_TEST

START_TEST(test_reuse)
{
	struct slab s;
	uint32_t a, b, c;
	uint8_t rest[4] = {9, 9, 9, 9};

	slab_init(&s, 8);
	a = slab_alloc(&s);
	b = slab_alloc(&s);
	c = slab_alloc(&s);
	memset(slab_ptr(&s, b), 9, 8);
	slab_free(&s, a);
	slab_free(&s, b);
	ck_assert_uint_eq(s.used, 1);
	ck_assert_mem_eq((uint8_t *)slab_ptr(&s, b) + 4, rest, 4);
	ck_assert_uint_eq(slab_alloc(&s), b);
	ck_assert_uint_eq(slab_alloc(&s), a);
	ck_assert_uint_eq(slab_alloc(&s), c + 1);
	slab_fini(&s);
}
END_TEST

SUITE("slab", test_handles, test_reuse)
