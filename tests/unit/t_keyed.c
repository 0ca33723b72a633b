/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_keyed: records found by key, against a plain array as the model.
 */
#include "fib/keyed.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

struct rec {
	struct keyed_head head;
	uint32_t key;
	uint32_t value;
};

#define KEYS 3000u

START_TEST(test_model)
{
	static uint32_t model[KEYS]; /* value + 1; 0: absent */
	struct keyed k;
	uint32_t used = 0, seed = 12345;
	bool fresh;

	keyed_init(&k, sizeof(struct rec), sizeof(uint32_t));
	for (unsigned i = 0; i < 50000; i++) {
		seed = seed * 1664525u + 1013904223u;
		uint32_t key = (seed >> 8) % KEYS;
		struct rec *r = keyed_find(&k, &key);
		ck_assert_int_eq(r != NULL, model[key] != 0);
		if (r != NULL)
			ck_assert_uint_eq(r->value, model[key] - 1);
		if ((seed >> 28) % 2 == 0) {
			r = keyed_put(&k, &key, &fresh);
			ck_assert_int_eq(fresh, model[key] == 0);
			if (fresh)
				ck_assert_uint_eq(r->value, 0);
			ck_assert_uint_eq(r->key, key);
			r->value = i;
			used += fresh;
			model[key] = i + 1;
		} else if (r != NULL) {
			keyed_del(&k, r);
			used--;
			model[key] = 0;
		}
		ck_assert_uint_eq(keyed_count(&k), used);
	}
	keyed_fini(&k);
}
END_TEST

START_TEST(test_walk)
{
	struct keyed k;
	bool fresh;
	uint32_t seen = 0, sum = 0, cursor = 0;
	struct rec *r;

	keyed_init(&k, sizeof(struct rec), sizeof(uint32_t));
	ck_assert_ptr_null(keyed_next(&k, &cursor));
	for (uint32_t key = 1; key <= 1000; key++)
		keyed_put(&k, &key, &fresh);
	cursor = 0;
	while ((r = keyed_next(&k, &cursor)) != NULL) {
		ck_assert_ptr_eq(keyed_at(&k, cursor), r);
		seen++;
		sum += r->key;
		if (r->key % 2 == 0)
			keyed_del(&k, r); /* what the walk stands on may go */
	}
	ck_assert_uint_eq(seen, 1000);
	ck_assert_uint_eq(sum, 500500); /* 1000 × 1001 / 2 */
	ck_assert_uint_eq(keyed_count(&k), 500);
	ck_assert_ptr_null(keyed_at(&k, 0));
	ck_assert_ptr_null(keyed_at(&k, keyed_top(&k)));
	cursor = seen = 0;
	while (keyed_next(&k, &cursor) != NULL)
		seen++;
	ck_assert_uint_eq(seen, 500);
	keyed_fini(&k);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("keyed");
	TCase *tc = tcase_create("keyed");

	tcase_add_test(tc, test_model);
	tcase_add_test(tc, test_walk);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
