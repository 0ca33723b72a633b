/* SPDX-License-Identifier: Apache-2.0 */
/*
 * suite: what every unit test program ends with.
 *
 * A program has one suite, named after the source file it tests, and a list of
 * test functions; each runs in a process of its own (check's fork mode), so that
 * one that crashes or leaks is named and the others still run.
 */
#ifndef TESTS_UNIT_SUITE_H
#define TESTS_UNIT_SUITE_H

#include <check.h>
#include <stddef.h>
#include <stdlib.h>

/* Runs a suite, and frees it; the exit status of main(): 0 when all tests passed. */
static inline int
suite_end(Suite *suite)
{
	SRunner *runner = srunner_create(suite);

	srunner_run_all(runner, CK_NORMAL);
	int failed = srunner_ntests_failed(runner);
	srunner_free(runner);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* The same for a list of tests. */
static inline int
suite_run(const char *name, const TTest *const *tests, size_t n)
{
	Suite *suite = suite_create(name);
	TCase *tc = tcase_create(name);

	for (size_t i = 0; i < n; i++)
		tcase_add_test(tc, tests[i]);
	tcase_set_timeout(tc, 60);
	suite_add_tcase(suite, tc);
	return suite_end(suite);
}

/* int main() of a test program: SUITE("addr", test_parse, test_print) */
#define SUITE(name, ...)                                                                                     \
	int main(void)                                                                                       \
	{                                                                                                    \
		const TTest *const tests[] = {__VA_ARGS__};                                                  \
		return suite_run(name, tests, sizeof(tests) / sizeof(tests[0]));                             \
	}

#endif
