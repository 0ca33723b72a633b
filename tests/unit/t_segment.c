/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/segment: pieces of tables through all kinds of regions. */
#include "lib/segment.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

/* Each piece zeroed when it is new, none of them over another, through all regions that a table has. */
static void
grow(size_t size, uint32_t n)
{
	void **segs = xcalloc(n, sizeof *segs);

	for (uint32_t i = 0; i < n; i++) {
		segs[i] = segment_map(size, i, i > 0 ? segs[i - 1] : NULL);
		const uint8_t *p = segs[i];
		ck_assert_uint_eq(p[0] | p[size / 2] | p[size - 1], 0);
		memset(segs[i], (int)(i % 255 + 1), size);
	}
	for (uint32_t i = 0; i < n; i++) {
		const uint8_t *p = segs[i];
		ck_assert_uint_eq(p[0], i % 255 + 1);
		ck_assert_uint_eq(p[size - 1], i % 255 + 1);
	}
	segment_unmap(segs, n, size);
	free(segs);
}

START_TEST(test_grow)
{
	grow(XMAP_MIN, SEGMENT_LAZY - 1);
	grow(XMAP_MIN, SEGMENT_LAZY);
	grow(XMAP_MIN, SEGMENT_LAZY + 1);
	/* past the end of the first region of huge pages */
	grow(XMAP_MIN + 4096, SEGMENT_HUGE / (XMAP_MIN + 4096) + SEGMENT_LAZY + 1 + 128 + 3);
	/* pieces that are no whole pages, and one that is longer than what is brought at once */
	grow(XMAP_MIN + 100, SEGMENT_HUGE / (XMAP_MIN + 100) + SEGMENT_LAZY + 2);
	grow(3u << 20, 12);
	segment_unmap(NULL, 0, XMAP_MIN);
}
END_TEST

SUITE("segment", test_grow)
