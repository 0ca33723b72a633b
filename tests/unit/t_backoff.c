/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/backoff: the bounds of each wait, and that they differ. */
#include "conf/backoff.h"

#include "lib/mem.h"
#include "tests/unit/suite.h"

START_TEST(test_waits)
{
	static const unsigned most[] = {250, 500, 1000, 2000, 3000, 3000, 3000};
	unsigned before = 0, n = 0;

	for (unsigned round = 0; round < 200; round++) {
		struct backoff b = {.min_ms = 250, .max_ms = 3000};
		for (size_t i = 0; i < ARRAY_LEN(most); i++) {
			unsigned ms = backoff_next(&b);
			ck_assert_uint_ge(ms, most[i] / 2);
			ck_assert_uint_le(ms, most[i]);
			if (i == 4)
				n += ms != before, before = ms;
		}
		backoff_reset(&b);
		ck_assert_uint_le(backoff_next(&b), 250);
	}
	/* Of 200 draws among 1501 a few may be the same as the one before. */
	ck_assert_uint_ge(n, 150);
}
END_TEST

START_TEST(test_small)
{
	struct backoff b = {.min_ms = 1, .max_ms = 1};

	for (unsigned i = 0; i < 100; i++)
		ck_assert_uint_le(backoff_next(&b), 1);
}
END_TEST

SUITE("backoff", test_waits, test_small)
