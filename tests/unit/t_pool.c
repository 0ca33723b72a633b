/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/pool: things keep their octets, are apart, and their memory comes again, for other sizes, too. */
#include "lib/pool.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

struct thing {
	uint8_t *mem;
	size_t size;
	uint8_t mark;
};

static void
thing_check(const struct thing *t)
{
	/* An assertion an octet would be most of what the test does. */
	for (size_t i = 0; i < t->size; i++)
		if (t->mem[i] != t->mark)
			ck_abort_msg("octet %zu of %zu is %u, not %u", i, t->size, t->mem[i], t->mark);
}

static void
thing_make(struct pool *p, struct thing *t, size_t size, uint8_t mark)
{
	*t = (struct thing){.mem = pool_alloc(p, size), .size = size, .mark = mark};
	ck_assert_uint_eq((uintptr_t)t->mem % sizeof(void *), 0);
	memset(t->mem, mark, size);
}

static void
thing_drop(struct pool *p, struct thing *t)
{
	thing_check(t);
	pool_free(p, t->mem, t->size);
	t->mem = NULL;
}

/* Things of all sizes come and go at random; each has its own octets until it goes. */
START_TEST(test_random)
{
	static struct thing things[3000];
	const unsigned n = ARRAY_LEN(things);
	struct pool p = {0};

	memset(things, 0, sizeof things);
	srandom(1);
	for (unsigned step = 0; step < 60000; step++) {
		struct thing *t = &things[(unsigned)random() % n];
		if (t->mem != NULL)
			thing_drop(&p, t);
		else
			thing_make(&p, t, (unsigned)random() % (POOL_MAX + 100), (uint8_t)random());
	}
	size_t live = 0;
	for (unsigned i = 0; i < n; i++)
		live += things[i].mem != NULL ? things[i].size : 0;
	ck_assert_uint_ge(pool_bytes(&p), live);
	for (unsigned i = 0; i < n; i++)
		if (things[i].mem != NULL)
			thing_drop(&p, &things[i]);
	ck_assert_uint_eq(p.others, 0);
	pool_fini(&p);
	ck_assert_uint_eq(pool_bytes(&p), 0);
}
END_TEST

/* A hundred octets are 104 in a page, of which 39 are on one, so that 3,900 need a hundred pages. */
START_TEST(test_dense)
{
	static struct thing things[3900];
	struct pool p = {0};

	for (unsigned i = 0; i < ARRAY_LEN(things); i++)
		thing_make(&p, &things[i], 100, (uint8_t)i);
	size_t held = pool_bytes(&p);
#ifdef XMAP_HEAP
	ck_assert_uint_eq(held, 390000);
#else
	ck_assert_uint_eq(p.top, 100 * 4096);
	ck_assert_uint_lt(held, 101 * 4096 + 390000 / 3);
#endif
	for (unsigned i = 0; i < ARRAY_LEN(things); i++)
		thing_drop(&p, &things[i]);
	/* The same pages, for things twice as large: nineteen of 208 octets on each. */
	for (unsigned i = 0; i < 1900; i++)
		thing_make(&p, &things[i], 203, (uint8_t)i);
	ck_assert_uint_le(pool_bytes(&p), held);
	for (unsigned i = 0; i < 1900; i++)
		thing_drop(&p, &things[i]);
	pool_fini(&p);
}
END_TEST

/* What is freed is given out before fresh memory is. */
START_TEST(test_again)
{
	struct pool p = {0};
	struct thing a, b, c;

	thing_make(&p, &a, 40, 1);
	thing_make(&p, &b, 40, 2);
	uint8_t *was = a.mem;
	thing_drop(&p, &a);
	thing_make(&p, &c, 37, 3);
#ifndef XMAP_HEAP
	ck_assert_ptr_eq(c.mem, was);
#else
	(void)was;
#endif
	thing_drop(&p, &c);
	thing_drop(&p, &b);
	pool_fini(&p);
}
END_TEST

SUITE("pool", test_random, test_dense, test_again)
