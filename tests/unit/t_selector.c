/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/selector: each operator with the label there and not there, precedence, and what is no selector. */
#include "conf/selector.h"

#include <stdio.h>
#include <string.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

static bool
matches(const char *text, const char *labels)
{
	char error[200] = "";
	struct selector *s = selector_parse(text, error, sizeof(error));
	json_t *l = json_loads(labels, 0, NULL);

	ck_assert_msg(s != NULL && l != NULL, "%s: %s", text, error);
	bool m = selector_matches(s, l);
	selector_free(s);
	json_decref(l);
	return m;
}

struct example {
	const char *text;
	bool yes;
};

static void
check_all(const struct example *v, size_t n, const char *labels)
{
	for (size_t i = 0; i < n; i++)
		ck_assert_msg(matches(v[i].text, labels) == v[i].yes, "%s of %s", v[i].text, labels);
}

START_TEST(test_operators)
{
	static const struct example examples[] = {
	    {"", true},
	    {" \t", true},
	    {"all()", true},
	    {"global()", true},
	    {"all ( )", true},
	    {"has(rack)", true},
	    {"has( rack )", true},
	    {"has(missing)", false},
	    {"has(a.b/c-d_e)", true},
	    {"rack == 'r1'", true},
	    {"rack=='r1'", true},
	    {"rack == \"r1\"", true},
	    {"rack == 'r2'", false},
	    {"rack == \"it's\"", false},
	    {"missing == ''", false},
	    {"empty == ''", true},
	    {"rack != 'r2'", true},
	    {"rack != 'r1'", false},
	    {"missing != 'r1'", true},
	    {"rack in {'r0', 'r1'}", true},
	    {"rack in{'r0','r1'}", true},
	    {"rack in { 'r0' }", false},
	    {"rack in {}", false},
	    {"missing in {'r1'}", false},
	    {"rack not in {'r0'}", true},
	    {"rack notin {'r1'}", false},
	    {"rack not\tin {'r1'}", false},
	    {"missing not in {'r1'}", true},
	    {"rack contains '1'", true},
	    {"rack contains '2'", false},
	    {"rack starts with 'r'", true},
	    {"rack starts  with '1'", false},
	    {"rack ends with '1'", true},
	    {"rack ends with 'xr1'", false},
	    {"missing contains ''", false},
	    {"has == 'label'", true}, /* the names of functions are labels, too */
	    {"in in {'x'}", true},
	    {"number == '5'", false}, /* no string */
	};

	check_all(examples, ARRAY_LEN(examples),
		  "{\"rack\": \"r1\", \"empty\": \"\", \"a.b/c-d_e\": \"\", \"has\": \"label\", \"in\": \"x\", \"number\": 5}");
	ck_assert(matches("rack != 'r1'", "{}"));
}
END_TEST

START_TEST(test_precedence)
{
	static const struct example examples[] = {
	    {"has(a) || has(x) && has(y)", true},      /* a || (x && y) */
	    {"(has(a) || has(x)) && has(y)", false},
	    {"has(y) && has(x) || has(a)", true},
	    {"!has(x) && has(a)", true},
	    {"!(has(a) || has(x))", false},
	    {"!!has(a)", true},
	    {"! has(a) || has(b)", true},
	    {"!a == '2'", true},
	    {"has(a)&&has(b)&&!has(x)", true},
	    {"((((has(a)))))", true},
	    {"has(x) || has(x) || has(x) || (has(a) && (has(b) && (has(a) || has(x))))", true},
	};

	check_all(examples, ARRAY_LEN(examples), "{\"a\": \"1\", \"b\": \"2\"}");
}
END_TEST

START_TEST(test_errors)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
	    {"has(", "found the end at character 5, expected a label of 1 to 512 of the characters A-Z a-z 0-9 _ . / -"},
	    {"has(a", "found the end at character 6, expected a closing parenthesis"},
	    {"a = 'b'", "found \"= 'b'\" at character 3, expected one of ==, !=, in, not in, contains, starts with, ends with"},
	    {"a == b", "found \"b\" at character 6, expected a value in quotes"},
	    {"a == 'b", "found \"'b\" at character 6, expected a value in quotes"},
	    {"a in 'b'", "found \"'b'\" at character 6, expected a set, as in {'a', 'b'}"},
	    {"a in {'b' 'c'}", "found \"'c'}\" at character 11, expected a comma or the end of the set"},
	    {"has(a) has(b)", "found \"has(b)\" at character 8, expected &&, || or the end"},
	    {"(has(a)", "found the end at character 8, expected a closing parenthesis"},
	    {"has(a) &&", "found the end at character 10, expected a label of 1 to 512 of the characters A-Z a-z 0-9 _ . / -"},
	};
	char deep[100], error[200];

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		ck_assert_msg(selector_parse(cases[i].text, error, sizeof(error)) == NULL, "%s", cases[i].text);
		ck_assert_str_eq(error, cases[i].error);
	}
	memset(deep, '(', sizeof(deep) - 1);
	deep[sizeof(deep) - 1] = '\0';
	ck_assert_ptr_null(selector_parse(deep, error, sizeof(error)));
	ck_assert_ptr_nonnull(strstr(error, "expected no more than 64 levels"));
}
END_TEST

SUITE("selector", test_operators, test_precedence, test_errors)
