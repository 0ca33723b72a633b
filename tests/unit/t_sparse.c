/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/sparse: against an array, whatever comes and goes; and what a value costs. */
#include "lib/sparse.h"

#include <stdlib.h>

#include "lib/mem.h"
#include "lib/pool.h"
#include "tests/unit/suite.h"

#define IDS 20000u /* several tops */

static struct pool pool;
static struct sparse map;
static uint32_t values[IDS]; /* 0: none */
static uint32_t count;

static void
begin(void)
{
	memset(values, 0, sizeof(values));
	count = 0;
}

static void
check_all(void)
{
	ck_assert_uint_eq(map.count, count);
	for (uint32_t id = 0; id < IDS; id++) {
		const uint32_t *v = sparse_find(&map, id);
		ck_assert((v != NULL) == (values[id] != 0));
		ck_assert(v == NULL || *v == values[id]);
	}
}

static void
put(uint32_t id, uint32_t value)
{
	if (values[id] != 0) {
		ck_assert_uint_eq(sparse_take(&map, &pool, id), values[id]);
		count--;
	}
	if (value != 0) {
		sparse_add(&map, &pool, id, value);
		count++;
	}
	values[id] = value;
}

/* An empty map holds no memory but whole pages of the pool, none of which is in use. */
static void
end(void)
{
	for (uint32_t id = 0; id < IDS; id++)
		put(id, 0);
	check_all();
	ck_assert_uint_eq(sparse_bytes(&map), 0);
	ck_assert_ptr_null(map.tops);
	pool_fini(&pool);
	pool = (struct pool){0};
}

START_TEST(test_random)
{
	uint32_t r = 1;

	begin();
	for (unsigned round = 0; round < 40; round++) {
		/* Rounds of full, of few, and of what lies between; runs of ids, since those are what comes.
		 */
		uint32_t share = round * 7 % 10, n = round % 4 == 0 ? IDS : 2000, from = r % IDS;
		for (uint32_t i = 0; i < n; i++) {
			r = r * 1103515245 + 12345;
			uint32_t id = round % 2 ? (from + i) % IDS : (r >> 8) % IDS;
			put(id, (r >> 16) % 10 < share ? r | 1 : 0);
		}
		check_all();
	}
	end();
}
END_TEST

START_TEST(test_ends)
{
	static const uint32_t ids[] = {0, 63, 64, 4095, 4096, 1u << 24};

	for (unsigned i = 0; i < ARRAY_LEN(ids); i++)
		ck_assert_ptr_null(sparse_find(&map, ids[i]));
	for (unsigned i = 0; i < ARRAY_LEN(ids); i++)
		sparse_add(&map, &pool, ids[i], ids[i] + 1);
	*sparse_find(&map, 64) = 7;
	for (unsigned i = 0; i < ARRAY_LEN(ids); i++)
		ck_assert_uint_eq(*sparse_find(&map, ids[i]), ids[i] == 64 ? 7 : ids[i] + 1);
	ck_assert_ptr_null(sparse_find(&map, 1));
	ck_assert_ptr_null(sparse_find(&map, 128));
	ck_assert_ptr_null(sparse_find(&map, (1u << 24) + 1));
	for (unsigned i = 0; i < ARRAY_LEN(ids); i++)
		sparse_take(&map, &pool, ids[i]);
	ck_assert_ptr_null(map.tops);
	pool_fini(&pool);
	pool = (struct pool){0};
}
END_TEST

/* The array grows to both sides; and a few ids that lie together cost the same wherever that is. */
START_TEST(test_first)
{
	static const uint32_t ids[] = {1u << 24, (1u << 24) - 1, (1u << 24) + 4096, 5u << 20, 12288, 12287,
				       0,        UINT32_MAX};

	sparse_add(&map, &pool, ids[0], 1);
	size_t bytes = sparse_bytes(&map);
	ck_assert_uint_le(bytes, 16);
	for (unsigned i = 1; i < ARRAY_LEN(ids); i++) {
		ck_assert_ptr_null(sparse_find(&map, ids[i]));
		sparse_add(&map, &pool, ids[i], i + 1);
		for (unsigned j = 0; j < ARRAY_LEN(ids); j++) {
			const uint32_t *v = sparse_find(&map, ids[j]);
			ck_assert(j <= i ? v != NULL && *v == j + 1 : v == NULL);
		}
	}
	for (unsigned i = 0; i < ARRAY_LEN(ids); i++)
		ck_assert_uint_eq(sparse_take(&map, &pool, ids[i]), i + 1);
	ck_assert_ptr_null(map.tops);
	sparse_add(&map, &pool, 7, 1);
	ck_assert_uint_eq(sparse_bytes(&map), bytes);
	sparse_take(&map, &pool, 7);
	pool_fini(&pool);
	pool = (struct pool){0};
}
END_TEST

/* 64 values of 4 octets, their node of 16, and its part of the top: less than 5 octets each, with the pool's
 * own. */
START_TEST(test_bytes)
{
	enum { MANY = 1 << 20 };

	for (uint32_t id = 1; id <= MANY; id++)
		sparse_add(&map, &pool, id, id);
	ck_assert_uint_lt(pool_bytes(&pool) + sparse_bytes(&map), 5ul * MANY);
	for (uint32_t id = 1; id <= MANY; id++)
		sparse_take(&map, &pool, id);
	pool_fini(&pool);
	pool = (struct pool){0};
}
END_TEST

SUITE("sparse", test_random, test_ends, test_first, test_bytes)
