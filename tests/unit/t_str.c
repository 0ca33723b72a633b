/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/str: growth over several sizes, formatting, and name matching. */
#include "lib/str.h"

#include <string.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"
#include "tests/unit/tryfail.h"

START_TEST(test_build)
{
	struct str b = {0};

	ck_assert_str_eq(str_get(&b), "");
	str_add(&b, "");
	ck_assert_str_eq(str_get(&b), "");
	str_add(&b, "as ");
	str_addf(&b, "%u %s", 64512u, "x");
	str_addn(&b, "yyyy", 2);
	ck_assert_str_eq(str_get(&b), "as 64512 xyy");
	ck_assert_uint_eq(b.len, 12);
	str_reset(&b);
	ck_assert_str_eq(str_get(&b), "");
	ck_assert_uint_eq(b.len, 0);
	str_free(&b);
	ck_assert_ptr_null(b.s);
}
END_TEST

START_TEST(test_growth)
{
	struct str b = {0};
	char text[301];

	memset(text, 'a', 300);
	text[300] = '\0';
	/* every length around the first sizes of the buffer, added and formatted */
	for (size_t n = 0; n <= 300; n++) {
		str_addn(&b, text, n);
		ck_assert_uint_eq(strlen(str_get(&b)), n);
		str_free(&b);
		str_addf(&b, "%.*s", (int)n, text);
		ck_assert_uint_eq(strlen(str_get(&b)), n);
		ck_assert_uint_eq(b.len, n);
		str_addf(&b, "%s", text);
		ck_assert_uint_eq(strlen(str_get(&b)), n + 300);
		str_free(&b);
	}
}
END_TEST

START_TEST(test_steal)
{
	struct str b = {0};
	char *s = str_steal(&b);

	ck_assert_str_eq(s, "");
	free(s);
	str_add(&b, "x");
	s = str_steal(&b);
	ck_assert_str_eq(s, "x");
	ck_assert_ptr_null(b.s);
	ck_assert_uint_eq(b.len, 0);
	free(s);
}
END_TEST

START_TEST(test_glob)
{
	static const struct {
		const char *pattern, *name;
		bool match;
	} rows[] = {
	    {"cali*", "cali1234", true},
	    {"cali*", "cali", true},
	    {"cali*", "eth0", false},
	    {"*", "", true},
	    {"*", "x", true},
	    {"", "", true},
	    {"", "x", false},
	    {"eth?", "eth0", true},
	    {"eth?", "eth", false},
	    {"eth?", "eth10", false},
	    {"*.10", "eth0.10", true},
	    {"*.10", "eth0.101", false},
	    {"a*b*c", "aXbYbZc", true},
	    {"a*b*c", "aXbYbZ", false},
	    {"**", "ab", true},
	    {"[a]", "a", false},
	    {"[a]", "[a]", true},
	    {"a*a", "a", false},
	    {"ETH0", "eth0", false},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		ck_assert_msg(str_glob(rows[i].pattern, rows[i].name) == rows[i].match, "%s %s",
			      rows[i].pattern, rows[i].name);
}
END_TEST

START_TEST(test_glob_bounded)
{
	char name[2001];

	/* exponential in a matcher that goes back to every * */
	memset(name, 'a', 2000);
	name[2000] = '\0';
	ck_assert(!str_glob("a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*a*b", name));
}
END_TEST

START_TEST(test_plain)
{
	struct str b = {0};

	str_add_plain(&b, "a\n\xc3\xa9~\x7f", 10);
	ck_assert_str_eq(str_get(&b), "a???~?");
	str_add_plain(&b, "xyz", 2);
	ck_assert_str_eq(str_get(&b), "a???~?xy");
	str_free(&b);
}
END_TEST

START_TEST(test_cut)
{
	struct str b = {0};

	str_cut(&b, 0);
	str_add(&b, "one two");
	str_cut(&b, 3);
	ck_assert_str_eq(str_get(&b), "one");
	str_reserve(&b, 1000);
	ck_assert_str_eq(str_get(&b), "one");
	const char *before = str_get(&b);
	for (unsigned i = 0; i < 100; i++)
		str_add(&b, " and two.."); /* 1,000 octets */
	ck_assert_ptr_eq(str_get(&b), before);
	ck_assert_uint_eq(b.len, 1003);
	str_free(&b);
}
END_TEST

/* One that may fail is empty from then on, whatever is added; what it had is freed. */
START_TEST(test_may_fail)
{
	struct str b = {.may_fail = true};

	for (unsigned at = 0; at < 3; at++) {
		b.may_fail = true;
		tryfail_set(at, 1);
		str_add(&b, "one");
		str_addf(&b, "%0100d", 2);
		str_reserve(&b, 1000);
		ck_assert_uint_eq(tryfail.failed, 1);
		ck_assert(b.failed);
		str_add(&b, "more");
		str_addf(&b, "%d", 2);
		str_cut(&b, 1);
		ck_assert_str_eq(str_get(&b), "");
		ck_assert_uint_eq(b.len, 0);
		ck_assert_uint_eq(tryfail.asked, at + 1);
		str_free(&b);
	}
	str_add(&b, "one");
	ck_assert(!b.failed);
	ck_assert_str_eq(str_get(&b), "one");
	str_free(&b);
}
END_TEST

SUITE("str", test_may_fail, test_cut, test_plain, test_build, test_growth, test_steal, test_glob, test_glob_bounded)
