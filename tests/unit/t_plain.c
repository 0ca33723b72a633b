/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/plain: what is told, in which order and with which places; that it gives up; that it keeps to its text. */
#include "conf/plain.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/suite.h"

struct told {
	struct str events;
	unsigned n, most; /* gives up at that event */
};

static bool
tell(struct told *t)
{
	return ++t->n <= t->most;
}

static bool
on_open(void *ctx, bool is_map, struct plain_at at)
{
	struct told *t = ctx;

	str_addf(&t->events, "%s%u:%u ", is_map ? "{" : "[", at.line, at.column);
	return tell(t);
}

static bool
on_close(void *ctx)
{
	struct told *t = ctx;

	str_add(&t->events, "end ");
	return tell(t);
}

static bool
on_key(void *ctx, struct plain_at at, const char *text, size_t len)
{
	struct told *t = ctx;

	str_addf(&t->events, "%u:%u=%.*s ", at.line, at.column, (int)len, text);
	return tell(t);
}

static bool
on_scalar(void *ctx, struct plain_at at, const char *text, size_t len, bool quoted)
{
	struct told *t = ctx;

	str_addf(&t->events, "%u:%u%s<%.*s> ", at.line, at.column, quoted ? "q" : "", (int)len, text);
	return tell(t);
}

static const struct plain_events events = {.open = on_open, .close = on_close, .key = on_key, .scalar = on_scalar};

static const char text[] = "# x\n---\na: b c # d\ne:\n- 'f'\n- g: [h, {i: \"j\"}, ]\n  k:\n-\nl: {}\nm:\n  n";

START_TEST(test_events)
{
	struct told t = {.most = 100};
	uint32_t line;

	ck_assert(plain_read(text, strlen(text), &events, &t, &line));
	ck_assert_uint_eq(line, 2);
	ck_assert_str_eq(str_get(&t.events), "{3:1 3:1=a 3:4<b c> 4:1=e [5:1 5:3q<f> {6:3 6:3=g [6:6 6:7<h> {6:10 6:11=i 6:14q<j> end end "
					     "7:3=k 7:5<> end 8:2<> end 9:1=l {9:4 end 10:1=m 11:3<n> end ");
	str_free(&t.events);
}
END_TEST

/* Nothing is told behind an event that gave up. */
START_TEST(test_gives_up)
{
	struct told all = {.most = 100};
	uint32_t line;

	ck_assert(plain_read(text, strlen(text), &events, &all, &line));
	for (unsigned most = 0; most < all.n; most++) {
		struct told t = {.most = most};
		ck_assert(!plain_read(text, strlen(text), &events, &t, &line));
		ck_assert_uint_eq(t.n, most + 1);
		str_free(&t.events);
	}
	str_free(&all.events);
}
END_TEST

/* Of what is no map, or not for it. */
START_TEST(test_not_plain)
{
	static const char *const others[] = {
	    "", "# a", "---", "- a", "a", "{a: b}", " a: b", "a: &b c", "a: *b", "a: !b c", "a: |\n  b", "a: >-\n  b", "a: \"\\n\"", "a: 'b''c'",
	    "a: b\n  c", "a: [b,\n  c]", "a: b: c", "a:\tb", "a: \xc3\xa9", "? a\n: b", "a: b\n---\nc: d", "a: b\n...\n", "%YAML 1.1\n---\na: b",
	    "<<: {}", "a: {b}", "a: [b: c]", "a: \"b\" c", "a: @b", "a: `b", "a: %b",
	};

	for (size_t i = 0; i < ARRAY_LEN(others); i++) {
		struct told t = {.most = 100};
		uint32_t line;
		ck_assert_msg(!plain_read(others[i], strlen(others[i]), &events, &t, &line), "%s", others[i]);
		str_free(&t.events);
	}
}
END_TEST

/* Texts that end anywhere, in memory that ends with them: for sanitizers and valgrind. */
START_TEST(test_ends)
{
	for (size_t n = 1; n < sizeof(text); n++) {
		struct told t = {.most = 100};
		char *cut = xmalloc(n);
		uint32_t line;
		memcpy(cut, text, n);
		plain_read(cut, n, &events, &t, &line);
		free(cut);
		str_free(&t.events);
	}
}
END_TEST

SUITE("plain", test_events, test_gives_up, test_not_plain, test_ends)
