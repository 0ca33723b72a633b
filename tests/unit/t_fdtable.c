/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/fdtable: what /proc says of the table's size, and that nothing stays open. */
#include "lib/fdtable.h"

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>

#include "tests/unit/fdsize.h"
#include "tests/unit/suite.h"

static unsigned
open_count(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	ck_assert_ptr_nonnull(d);
	while (readdir(d) != NULL)
		n++;
	closedir(d);
	return n;
}

START_TEST(test_reserve)
{
	unsigned size = table_size(), open = open_count();

	ck_assert_uint_lt(size, 900);
	ck_assert_int_eq(fdtable_reserve(0), 0);
	ck_assert_int_eq(fdtable_reserve(size), 0);
	ck_assert_uint_eq(table_size(), size);
	ck_assert_int_eq(fdtable_reserve(900), 0);
	ck_assert_uint_ge(table_size(), 900);
	ck_assert_uint_eq(open_count(), open);
}
END_TEST

/* More than the limit is no error: as much as may be had. */
START_TEST(test_limit)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 300;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(fdtable_reserve(1000000), 0);
	ck_assert_uint_ge(table_size(), 300);
	ck_assert_uint_lt(table_size(), 1000000);
}
END_TEST

START_TEST(test_raise)
{
	struct rlimit limit;

	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	limit.rlim_cur = 100;
	limit.rlim_max = 200;
	ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_int_eq(fdtable_limit_raise(), 200);
	ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
	ck_assert_uint_eq(limit.rlim_cur, 200);
	ck_assert_int_eq(fdtable_limit_raise(), 200);
}
END_TEST

SUITE("fdtable", test_reserve, test_limit, test_raise)
