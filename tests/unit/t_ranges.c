/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/ranges: by hand at the ends of the address space, and against a plain list. */
#include "rib/ranges.h"

#include "lib/mem.h"
#include "tests/unit/suite.h"

#include <stdlib.h>

START_TEST(test_ends)
{
	static const struct range_entry all[] = {{0, 0, 0, 8}},
					last[] = {{0, 32, 32, 32},
						  {0xfffffffe, 31, 31, 32},
						  {0xffffffff, 32, 32, 32}},
					wrong[] = {{0x0a000000, 8, 0, 9}, {0x0b000000, 8, 12, 11}};
	struct ranges r;

	ranges_init(&r, NULL, 0);
	ck_assert(!ranges_match(&r, 0, 0));
	ck_assert(!ranges_match(&r, UINT32_MAX, 32));
	ranges_fini(&r);

	ranges_init(&r, all, 1);
	ck_assert(ranges_match(&r, 0, 0));
	ck_assert(ranges_match(&r, 0xff000000, 8));
	ck_assert(!ranges_match(&r, 0xff000000, 9));
	ranges_fini(&r);

	ranges_init(&r, last, 3);
	ck_assert(ranges_match(&r, 0, 32));
	ck_assert(!ranges_match(&r, 1, 32));
	ck_assert(!ranges_match(&r, 0xfffffffc, 30));
	ck_assert(ranges_match(&r, 0xfffffffe, 31));
	ck_assert(ranges_match(&r, 0xfffffffe, 32));
	ck_assert(ranges_match(&r, 0xffffffff, 32));
	ranges_fini(&r);

	/* Shorter ones are not covered, whatever min_len says; and from 12 to 11 is nothing. */
	ranges_init(&r, wrong, 2);
	ck_assert(!ranges_match(&r, 0x0a000000, 7));
	ck_assert(ranges_match(&r, 0x0a000000, 8));
	ck_assert(ranges_match(&r, 0x0a800000, 9));
	ck_assert(!ranges_match(&r, 0x0b000000, 11));
	ck_assert(!ranges_match(&r, 0x0b000000, 12));
	ranges_fini(&r);
}
END_TEST

static uint32_t
random_next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* Of a few addresses all over the space, so that entries nest, repeat and touch. */
static struct range_entry
random_entry(uint32_t *state)
{
	struct range_entry e = {.len = (uint8_t)(random_next(state) % 33)};
	uint32_t addr =
	    (random_next(state) % 8) << 29 | (random_next(state) % 8) << 12 | random_next(state) % 4;

	if (random_next(state) % 4 == 0)
		addr |= 0x1ffffff8;
	e.addr = e.len == 0 ? 0 : addr & UINT32_MAX << (32 - e.len);
	e.min_len = (uint8_t)(e.len + random_next(state) % 4);
	e.max_len = (uint8_t)(e.min_len + random_next(state) % 6);
	return e;
}

static int
entry_cmp(const void *a, const void *b)
{
	const struct range_entry *x = a, *y = b;

	if (x->addr != y->addr)
		return x->addr < y->addr ? -1 : 1;
	return (int)x->len - (int)y->len;
}

static bool
listed(const struct range_entry *e, size_t n, const struct range_entry *p)
{
	for (size_t i = 0; i < n; i++) {
		uint32_t mask = e[i].len == 0 ? 0 : UINT32_MAX << (32 - e[i].len);
		if (e[i].len <= p->len && (p->addr & mask) == e[i].addr && p->len >= e[i].min_len &&
		    p->len <= e[i].max_len)
			return true;
	}
	return false;
}

START_TEST(test_against_list)
{
	struct range_entry e[120];
	uint32_t state = 4271, hits = 0, asked = 0;

	for (int round = 0; round < 400; round++) {
		size_t n = random_next(&state) % ARRAY_LEN(e);
		struct ranges r;

		for (size_t i = 0; i < n; i++)
			e[i] = random_entry(&state);
		qsort(e, n, sizeof(e[0]), entry_cmp);
		ranges_init(&r, e, n);
		for (int k = 0; k < 300; k++, asked++) {
			struct range_entry p = random_entry(&state);
			bool want = listed(e, n, &p);
			ck_assert_int_eq(ranges_match(&r, p.addr, p.len), want);
			hits += want;
		}
		ranges_fini(&r);
	}
	/* Both answers must have been asked for. */
	ck_assert_uint_gt(hits, asked / 50);
	ck_assert_uint_lt(hits, asked - asked / 50);
}
END_TEST

/* Every second /24 of 10/8, as long lists are. */
START_TEST(test_many)
{
	uint32_t n = 32768;
	struct range_entry *e = xcalloc(n, sizeof(*e));
	struct ranges r;

	for (uint32_t i = 0; i < n; i++)
		e[i] =
		    (struct range_entry){.addr = 10u << 24 | i << 9, .len = 24, .min_len = 24, .max_len = 32};
	ranges_init(&r, e, n);
	free(e);
	for (uint32_t i = 0; i < n; i++) {
		ck_assert(ranges_match(&r, 10u << 24 | i << 9, 24));
		ck_assert(ranges_match(&r, 10u << 24 | i << 9 | 255, 32));
		ck_assert(!ranges_match(&r, 10u << 24 | i << 9, 23));
		ck_assert(!ranges_match(&r, 10u << 24 | i << 9 | 256, 24));
	}
	ck_assert(!ranges_match(&r, 11u << 24, 24));
	ck_assert(!ranges_match(&r, 9u << 24 | 0xffff00, 24));
	ranges_fini(&r);
}
END_TEST

SUITE("ranges", test_ends, test_against_list, test_many)
