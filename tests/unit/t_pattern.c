/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/pattern: text of AS-path patterns and of the entries of prefix sets. */
#include "conf/pattern.h"

#include <errno.h>

#include "conf/arena.h"
#include "lib/mem.h"
#include "tests/unit/suite.h"

START_TEST(test_as_patterns)
{
	static const struct {
		const char *text;
		bool start, end;
		unsigned n;
		struct conf_as_token t[3];
	} rows[] = {
	    {"65001", false, false, 1, {{65001, 65001, false}}},
	    {"^65001", true, false, 1, {{65001, 65001, false}}},
	    {"65001$", false, true, 1, {{65001, 65001, false}}},
	    {"^$", true, true, 0, {{0, 0, false}}},
	    {"_65001_", false, false, 1, {{65001, 65001, false}}},
	    {"^65001 65002$", true, true, 2, {{65001, 65001, false}, {65002, 65002, false}}},
	    {"^65001_65002_$", true, true, 2, {{65001, 65001, false}, {65002, 65002, false}}},
	    {"^.*$", true, true, 1, {{0, 4294967295u, true}}},
	    {". .", false, false, 2, {{0, 4294967295u, false}, {0, 4294967295u, false}}},
	    {"[64512-65534]*", false, false, 1, {{64512, 65534, true}}},
	    {"[7-7]", false, false, 1, {{7, 7, false}}},
	    {"^1 .* 4294967295$", true, true, 3, {{1, 1, false}, {0, 4294967295u, true}, {4294967295u, 4294967295u, false}}},
	    {"5*", false, false, 1, {{5, 5, true}}},
	};
	struct conf_arena *arena = conf_arena_new();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct conf_as_pattern p;
		ck_assert_msg(conf_as_pattern_parse(arena, rows[i].text, &p), "%s", rows[i].text);
		ck_assert_str_eq(p.text, rows[i].text);
		ck_assert_msg(p.from_start == rows[i].start && p.to_end == rows[i].end, "%s", rows[i].text);
		ck_assert_uint_eq(p.tokens.n, rows[i].n);
		for (unsigned k = 0; k < rows[i].n; k++)
			ck_assert_msg(p.tokens.v[k].lo == rows[i].t[k].lo && p.tokens.v[k].hi == rows[i].t[k].hi &&
					  p.tokens.v[k].many == rows[i].t[k].many,
				      "%s: token %u", rows[i].text, k);
	}
	conf_arena_free(arena);
}
END_TEST

START_TEST(test_as_patterns_refused)
{
	static const char *const bad[] = {"",	  "_",	     "^",   "$",   "65001^", "a",	  "[5]", "[5-",	 "[5-4]",
					  "[-5]", "[1-2", "4294967296", "*", "1**",   "^$1", "1 $ 2", "-1",
					  "65001 AS65002"};
	struct conf_arena *arena = conf_arena_new();
	struct conf_as_pattern p;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!conf_as_pattern_parse(arena, bad[i], &p), "\"%s\" is taken", bad[i]);
	/* CONF_AS_TOKENS_MAX tokens and one more. */
	char text[2 * (CONF_AS_TOKENS_MAX + 1) + 1];
	for (unsigned i = 0; i <= CONF_AS_TOKENS_MAX; i++)
		memcpy(text + 2u * i, "7 ", 3);
	ck_assert(!conf_as_pattern_parse(arena, text, &p));
	text[2 * CONF_AS_TOKENS_MAX] = '\0';
	ck_assert(conf_as_pattern_parse(arena, text, &p));
	ck_assert_uint_eq(p.tokens.n, CONF_AS_TOKENS_MAX);
	conf_arena_free(arena);
}
END_TEST

/* P/n is that prefix alone; le N lengths n..N; ge N N..max; both together; in n..max. */
START_TEST(test_prefix_entries)
{
	static const struct {
		const char *text, *prefix;
		uint8_t min, max;
		const char *shortest;
	} rows[] = {
	    {"10.0.0.0/8", "10.0.0.0/8", 8, 8, "10.0.0.0/8"},
	    {"10.0.0.0/8 le 24", "10.0.0.0/8", 8, 24, "10.0.0.0/8 le 24"},
	    {"10.0.0.0/8 ge 24", "10.0.0.0/8", 24, 32, "10.0.0.0/8 ge 24"},
	    {"10.0.0.0/8 ge 16 le 24", "10.0.0.0/8", 16, 24, "10.0.0.0/8 ge 16 le 24"},
	    {"10.0.0.0/8 le 24 ge 16", "10.0.0.0/8", 16, 24, "10.0.0.0/8 ge 16 le 24"},
	    {"10.0.0.0/8 in", "10.0.0.0/8", 8, 32, "10.0.0.0/8 in"},
	    {"10.0.0.0/8 le 32", "10.0.0.0/8", 8, 32, "10.0.0.0/8 in"},
	    {"10.0.0.0/8 ge 8", "10.0.0.0/8", 8, 32, "10.0.0.0/8 in"},
	    {"10.0.0.0/8 le 8", "10.0.0.0/8", 8, 8, "10.0.0.0/8"},
	    {"10.0.0.0/8  ge  16   le  16", "10.0.0.0/8", 16, 16, "10.0.0.0/8 ge 16 le 16"},
	    {"0.0.0.0/0", "0.0.0.0/0", 0, 0, "0.0.0.0/0"},
	    {"0.0.0.0/0 in", "0.0.0.0/0", 0, 32, "0.0.0.0/0 in"},
	    {"10.1.2.3", "10.1.2.3/32", 32, 32, "10.1.2.3/32"},
	    {"10.1.2.3/32 in", "10.1.2.3/32", 32, 32, "10.1.2.3/32"},
	    {"2001:db8::/32 ge 48 le 64", "2001:db8::/32", 48, 64, "2001:db8::/32 ge 48 le 64"},
	    {"::/0 in", "::/0", 0, 128, "::/0 in"},
	    {"2001:db8::/32 ge 128", "2001:db8::/32", 128, 128, "2001:db8::/32 ge 128"},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		struct conf_prefix_entry e, again;
		struct str text = {0};
		struct ip_prefix want;
		ck_assert_msg(conf_prefix_entry_parse(rows[i].text, &e) == 0, "%s", rows[i].text);
		ck_assert_int_eq(ip_prefix_parse(rows[i].prefix, &want), 0);
		ck_assert(ip_prefix_eq(&e.prefix, &want));
		ck_assert_msg(e.min_len == rows[i].min && e.max_len == rows[i].max, "%s: %u..%u", rows[i].text, e.min_len,
			      e.max_len);
		conf_prefix_entry_text(&e, &text);
		ck_assert_str_eq(str_get(&text), rows[i].shortest);
		ck_assert_int_eq(conf_prefix_entry_parse(str_get(&text), &again), 0);
		ck_assert(again.min_len == e.min_len && again.max_len == e.max_len && ip_prefix_eq(&again.prefix, &e.prefix));
		str_free(&text);
	}
}
END_TEST

START_TEST(test_prefix_entries_refused)
{
	static const char *const bad[] = {"",
					  "10.0.0.0/33",
					  "2001:db8::/129",
					  "10.0.0.0/8 le",
					  "10.0.0.0/8 le 7",
					  "10.0.0.0/8 ge 7",
					  "10.0.0.0/8 le 33",
					  "10.0.0.0/8 ge 24 le 16",
					  "10.0.0.0/8 le 24 le 25",
					  "10.0.0.0/8 in le 24",
					  "10.0.0.0/8 le 24 in",
					  "10.0.0.0/8 le x",
					  "10.0.0.0/8 le -1",
					  "10.0.0.0/8 eq 24",
					  "10.0.0.0/8 24",
					  "ten/8"};
	struct conf_prefix_entry e;
	struct ip_prefix want;

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(conf_prefix_entry_parse(bad[i], &e) == -EINVAL, "\"%s\" is taken", bad[i]);
	/* Bits beyond the length: what was meant is told. */
	ck_assert_int_eq(conf_prefix_entry_parse("10.1.2.3/8 le 24", &e), -ERANGE);
	ck_assert_int_eq(ip_prefix_parse("10.0.0.0/8", &want), 0);
	ck_assert(ip_prefix_eq(&e.prefix, &want));
}
END_TEST

SUITE("pattern", test_as_patterns, test_as_patterns_refused, test_prefix_entries, test_prefix_entries_refused)
