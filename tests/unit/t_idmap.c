/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_idmap: numbers by prefix id, and pages that come and go with them.
 */
#include "fib/idmap.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>

START_TEST(test_pages)
{
	struct idmap m = {0};

	ck_assert_uint_eq(idmap_get(&m, 7), 0);
	ck_assert_uint_eq(idmap_put(&m, 7, 0), 0);
	ck_assert_uint_eq(idmap_bytes(&m), 0);
	ck_assert_uint_eq(idmap_put(&m, 4095, 1), 0);
	size_t one = idmap_bytes(&m);
	ck_assert_uint_eq(idmap_put(&m, 4095, 2), 1);
	ck_assert_uint_eq(idmap_put(&m, 0, 3), 0);
	ck_assert_uint_eq(idmap_bytes(&m), one);
	/* The next page, and one far away. */
	idmap_put(&m, 4096, 4);
	idmap_put(&m, 1000000, 5);
	ck_assert_uint_ge(idmap_bytes(&m), one + 2 * 4096 * 4);
	ck_assert_uint_eq(m.count, 4);
	ck_assert_uint_eq(idmap_get(&m, 4095), 2);
	ck_assert_uint_eq(idmap_get(&m, 4096), 4);
	ck_assert_uint_eq(idmap_get(&m, 999999), 0);
	ck_assert_uint_eq(idmap_get(&m, 5000000), 0);
	/* A page goes with its last number. */
	ck_assert_uint_eq(idmap_put(&m, 1000000, 0), 5);
	ck_assert_uint_eq(idmap_put(&m, 4096, 0), 4);
	size_t less = idmap_bytes(&m);
	ck_assert_uint_eq(idmap_put(&m, 4095, 0), 2);
	ck_assert_uint_eq(idmap_bytes(&m), less);
	ck_assert_uint_eq(idmap_put(&m, 0, 0), 3);
	ck_assert_uint_eq(idmap_bytes(&m), less - 4096 * 4);
	ck_assert_uint_eq(m.count, 0);
	idmap_fini(&m);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("idmap");
	TCase *tc = tcase_create("idmap");

	tcase_add_test(tc, test_pages);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
