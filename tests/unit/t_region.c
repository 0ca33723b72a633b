/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/region: it grows, is zeroed and stays where it is, whatever the steps; and how it ends for want of addresses. */
#include "lib/region.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

static uint8_t
pattern(size_t at)
{
	return (uint8_t)(at / 4096 % 251 + 1);
}

/* Grows as a table with records of this size does, looking at memory when the region says that it is time. */
static void
grow(size_t step, size_t end)
{
	struct region r = {0};
	size_t ready = 0, used = 0;
	const uint8_t *base = NULL;

	for (; used < end; used += step) {
		if (used + step > ready) {
			ready = region_use(&r, used + step);
			ck_assert_uint_ge(ready, used + step);
			ck_assert_uint_ge(region_bytes(&r, used + step), used + step);
		}
		if (base == NULL)
			base = r.base;
		ck_assert_ptr_eq(r.base, base);
		ck_assert_uint_eq(base[used] | base[used + step / 2] | base[used + step - 1], 0);
		memset(r.base + used, pattern(used), step);
	}
	for (size_t at = 0; at < used; at += step) {
		ck_assert_uint_eq(base[at], pattern(at));
		ck_assert_uint_eq(base[at + step - 1], pattern(at));
	}
	ck_assert_uint_lt(region_bytes(&r, used), used + (5u << 20));
	region_fini(&r);
	ck_assert_ptr_null(r.base);
	ck_assert_uint_eq(region_bytes(&r, 0), 0);
	region_fini(&r);
}

START_TEST(test_grow)
{
	grow(24, 1000);
	grow(24, 128 << 10);
	grow(64, (128 << 10) + 64);
	/* through small strides into huge pages */
	grow(36, 24 << 20);
	/* several strides in one step */
	grow(3000000, 40 << 20);
	/* at once, with nothing brought before */
	grow(30 << 20, 30 << 20);
}
END_TEST

/* What is small costs what it has touched. */
START_TEST(test_small)
{
	struct region r = {0};

	ck_assert_uint_eq(region_bytes(&r, 0), 0);
	region_use(&r, 100);
	ck_assert_uint_eq(region_bytes(&r, 100), 4096);
	ck_assert_uint_eq(region_bytes(&r, 5000), 8192);
	region_fini(&r);
}
END_TEST

/* What grows by little is brought in steps that are small beside it: a sixteenth, or 64 KB, and 32 KB ahead. */
START_TEST(test_ahead)
{
	static const size_t sizes[] = {(64u << 10) + 1, 150u << 10, 300u << 10, 1500u << 10, 7200u << 10};

	for (unsigned i = 0; i < ARRAY_LEN(sizes); i++) {
		struct region r = {0};
		size_t ready = 0, step = sizes[i] / 16 > 64u << 10 ? sizes[i] / 16 : 64u << 10;

		for (size_t used = 0; used < sizes[i]; used += 36)
			if (used + 36 > ready)
				ready = region_use(&r, used + 36);
		ck_assert_uint_ge(region_bytes(&r, sizes[i]), sizes[i]);
		ck_assert_uint_le(region_bytes(&r, sizes[i]), sizes[i] + step + (32u << 10));
		region_fini(&r);
	}
}
END_TEST

static void
limit_addresses(rlim_t max)
{
	setrlimit(RLIMIT_AS, &(struct rlimit){max, max});
}

static void
limit_data(rlim_t max)
{
	setrlimit(RLIMIT_DATA, &(struct rlimit){max, max});
}

/* What becomes of a process with this limit that uses so much of each of n regions. */
static int
use(void (*limit)(rlim_t max), rlim_t max, unsigned n, size_t size)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		close(STDERR_FILENO);
		limit(max);
		for (unsigned i = 0; i < n; i++) {
			struct region r = {0};
			region_use(&r, size);
			r.base[size - 1] = 1;
		}
		_exit(0);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

/* Where addresses are few all regions have their share of them; too few are what running out of memory is. */
START_TEST(test_addresses)
{
#ifdef XMAP_HEAP
	return; /* its own addresses are beyond every limit */
#endif
	ck_assert_int_eq(use(limit_addresses, (rlim_t)1 << 30, 50, 1 << 20), 0);
	ck_assert_int_eq(use(limit_addresses, (rlim_t)1 << 30, 1, 16 << 20), 0);
	ck_assert_int_eq(use(limit_addresses, (rlim_t)1 << 30, 1, 24 << 20), EX_OSERR);
}
END_TEST

/* No more is opened than may be, if need be. */
START_TEST(test_data)
{
#ifdef XMAP_HEAP
	return;
#endif
	ck_assert_int_eq(use(limit_data, (rlim_t)48 << 20, 4, 5 << 20), 0);
	ck_assert_int_eq(use(limit_data, (rlim_t)48 << 20, 10, 5 << 20), EX_OSERR);
}
END_TEST

SUITE("region", test_grow, test_small, test_ahead, test_addresses, test_data)
