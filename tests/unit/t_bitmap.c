/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/bitmap, with ids on both sides of word and page borders. */
#include "lib/bitmap.h"

#include "lib/mem.h"
#include "tests/unit/suite.h"

static const uint32_t ids[] = {0, 1, 63, 64, 4095, 4096, 8191, 1000000, 1u << 31, UINT32_MAX - 1};

START_TEST(test_set_clear)
{
	struct bitmap b = {0};

	ck_assert_uint_eq(bitmap_bytes(&b), 0);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		ck_assert(!bitmap_test(&b, ids[i]));
		ck_assert(!bitmap_clear(&b, ids[i]));
		ck_assert(bitmap_set(&b, ids[i]));
		ck_assert(!bitmap_set(&b, ids[i]));
		ck_assert(bitmap_test(&b, ids[i]));
		ck_assert_uint_eq(b.count, i + 1);
	}
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		ck_assert(bitmap_clear(&b, ids[i]));
		ck_assert(!bitmap_clear(&b, ids[i]));
		ck_assert(!bitmap_test(&b, ids[i]));
	}
	ck_assert_uint_eq(b.count, 0);
	for (uint32_t p = 0; p < b.npages; p++)
		ck_assert_ptr_null(b.pages[p]);
	bitmap_fini(&b);
	ck_assert(!bitmap_test(&b, 0));
}
END_TEST

START_TEST(test_walk)
{
	struct bitmap b = {0};
	uint32_t id = 0;

	ck_assert_uint_eq(bitmap_next(&b, 0), BITMAP_END);
	for (size_t i = ARRAY_LEN(ids); i-- > 0;)
		bitmap_set(&b, ids[i]);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++, id++) {
		id = bitmap_next(&b, id);
		ck_assert_uint_eq(id, ids[i]);
		ck_assert_uint_eq(bitmap_next(&b, id), id);
	}
	ck_assert_uint_eq(bitmap_next(&b, id), BITMAP_END);
	ck_assert_uint_eq(bitmap_next(&b, BITMAP_END), BITMAP_END);
	bitmap_fini(&b);
}
END_TEST

START_TEST(test_or)
{
	struct bitmap a = {0}, b = {0};

	bitmap_set(&a, 5);
	bitmap_set(&a, 5000);
	bitmap_set(&b, 5000);
	bitmap_set(&b, 5001);
	bitmap_set(&b, 50000);
	bitmap_or(&a, &b);
	ck_assert_uint_eq(a.count, 4);
	ck_assert_uint_eq(b.count, 3);
	ck_assert(bitmap_test(&a, 5) && bitmap_test(&a, 5000) && bitmap_test(&a, 5001) &&
		  bitmap_test(&a, 50000));
	ck_assert(!bitmap_test(&b, 5));
	/* the page counts were kept too: emptying a page frees it */
	bitmap_clear(&a, 5000);
	bitmap_clear(&a, 5001);
	ck_assert_ptr_null(a.pages[1]);
	bitmap_fini(&a);
	bitmap_fini(&b);
}
END_TEST

START_TEST(test_count_without)
{
	struct bitmap b = {0}, minus = {0};

	ck_assert_uint_eq(bitmap_count_without(&b, &minus, BITMAP_END), 0);
	for (size_t i = 0; i < ARRAY_LEN(ids); i++)
		bitmap_set(&b, ids[i]);
	ck_assert_uint_eq(bitmap_count_without(&b, &minus, BITMAP_END), ARRAY_LEN(ids));
	/* each bound leaves out the ids from it on: the limit lies on every word and page border in turn */
	for (size_t i = 0; i < ARRAY_LEN(ids); i++) {
		ck_assert_uint_eq(bitmap_count_without(&b, &minus, ids[i]), i);
		ck_assert_uint_eq(bitmap_count_without(&b, &minus, ids[i] + 1), i + 1);
	}
	bitmap_set(&minus, 63);
	bitmap_set(&minus, 65); /* not in b */
	bitmap_set(&minus, 8191);
	bitmap_set(&minus, UINT32_MAX - 1);
	ck_assert_uint_eq(bitmap_count_without(&b, &minus, BITMAP_END), ARRAY_LEN(ids) - 3);
	ck_assert_uint_eq(bitmap_count_without(&b, &minus, 64), 2);
	bitmap_fini(&b);
	bitmap_fini(&minus);
}
END_TEST

START_TEST(test_full_table_size)
{
	struct bitmap b = {0};

	/* a million ids: 245 pages of 512 octets, about 125 KB */
	for (uint32_t id = 0; id < 1000000; id++)
		bitmap_set(&b, id);
	ck_assert_uint_eq(b.count, 1000000);
	ck_assert_uint_ge(bitmap_bytes(&b), 245 * 512);
	ck_assert_uint_le(bitmap_bytes(&b), 135000);
	bitmap_fini(&b);
}
END_TEST

SUITE("bitmap", test_set_clear, test_walk, test_or, test_count_without, test_full_table_size)
