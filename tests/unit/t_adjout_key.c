/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/adjout_key: every octet of every member counts, in comparison, hash and text. */
#include "rib/adjout_key.h"

#include "tests/unit/suite.h"

#include <string.h>

START_TEST(test_members)
{
	const struct adjout_key a = {.policy = 7, .local_as = 65001, .families = 6};
	const struct {
		struct adjout_key key;
		const char *text;
	} other[] = {
	    {{.policy = 7 + (1ull << 40), .local_as = 65001, .families = 6},
	     "policy=1099511627783 local_as=65001 families=6"},
	    {{.policy = 7, .local_as = 65001, .own_as = 65002, .families = 6},
	     "policy=7 local_as=65001 own_as=65002 families=6"},
	    {{.policy = 7, .local_as = 4200000000, .families = 6}, "policy=7 local_as=4200000000 families=6"},
	    {{.policy = 7, .local_as = 65001, .families = 6, .nexthop_len6 = 32},
	     "policy=7 local_as=65001 families=6 nexthop_len6=32"},
	    {{.policy = 7, .local_as = 65001, .families = 6, .options = 128},
	     "policy=7 local_as=65001 families=6 options=128"},
	};
	struct adjout_key same = {.policy = 7, .local_as = 65001, .families = 6};

	ck_assert(adjout_key_eq(&a, &same));
	ck_assert_uint_eq(adjout_key_hash(&a, 1), adjout_key_hash(&same, 1));
	ck_assert_uint_ne(adjout_key_hash(&a, 1), adjout_key_hash(&a, 2));
	for (size_t i = 0; i < sizeof other / sizeof other[0]; i++) {
		struct str s = {0};
		ck_assert(!adjout_key_eq(&a, &other[i].key));
		ck_assert_uint_ne(adjout_key_hash(&a, 1), adjout_key_hash(&other[i].key, 1));
		adjout_key_print(&other[i].key, &s);
		ck_assert_str_eq(str_get(&s), other[i].text);
		str_free(&s);
	}
}
END_TEST

START_TEST(test_position)
{
	/* The same number in another member is another key. */
	const struct adjout_key a = {.local_as = 65001}, b = {.remote_as = 65001};

	ck_assert(!adjout_key_eq(&a, &b));
	ck_assert_uint_ne(adjout_key_hash(&a, 1), adjout_key_hash(&b, 1));
}
END_TEST

SUITE("adjout_key", test_members, test_position)
