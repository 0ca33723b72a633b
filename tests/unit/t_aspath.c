/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/aspath: counting, prepending, text and patterns, by RFC 4271 and RFC 5065. */
#include "rib/aspath.h"

#include <string.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

#define AS(...)                                                                                              \
	(const uint32_t[])                                                                                   \
	{                                                                                                    \
		__VA_ARGS__                                                                                  \
	}

/* A path from its text, in memory of the caller. */
static struct aspath
path_of(const char *text, uint8_t *mem, size_t size)
{
	struct wbuf w = wbuf_of(mem, size);

	ck_assert_msg(aspath_parse(text, &w), "%s", text);
	return (struct aspath){mem, w.len};
}

static void
check_text(struct aspath path, const char *want)
{
	struct str s = {0};

	aspath_text(path, &s);
	ck_assert_str_eq(str_get(&s), want);
	str_free(&s);
}

START_TEST(test_check)
{
	static const uint8_t good[] = {2, 1, 0, 0, 0xfd, 0xe9, 1, 2, 0, 0, 0, 1, 0, 0, 0, 2};
	static const uint8_t empty_seg[] = {2, 0};
	static const uint8_t type5[] = {5, 1, 0, 0, 0, 1};

	ck_assert(aspath_check((struct aspath){good, sizeof(good)}));
	ck_assert(aspath_check((struct aspath){NULL, 0}));
	ck_assert(!aspath_check((struct aspath){good, sizeof(good) - 1}));
	ck_assert(!aspath_check((struct aspath){good, 1}));
	ck_assert(!aspath_check((struct aspath){empty_seg, sizeof(empty_seg)}));
	ck_assert(!aspath_check((struct aspath){type5, sizeof(type5)}));
	check_text((struct aspath){good, sizeof(good)}, "65001 {1 2}");
}
END_TEST

START_TEST(test_numbers)
{
	uint8_t m[256];
	struct aspath p = path_of("(64512 64513) 65001 65002 65001 {1 2 65001}", m, sizeof(m));

	/* Three of the sequence, one for the set, none for the confederation. */
	ck_assert_uint_eq(aspath_hops(p), 4);
	ck_assert_uint_eq(aspath_count_of(p, 65001), 3);
	ck_assert_uint_eq(aspath_count_of(p, 64513), 1);
	ck_assert_uint_eq(aspath_count_of(p, 3), 0);
	ck_assert_uint_eq(aspath_neighbor_as(p), 65001);
	ck_assert_uint_eq(aspath_origin_as(p), 0);
	ck_assert(aspath_has_segment(p, ASPATH_SET));
	ck_assert(!aspath_has_segment(p, ASPATH_CONFED_SET));
	p = path_of("{1 2} 65001", m, sizeof(m));
	ck_assert_uint_eq(aspath_neighbor_as(p), 0);
	ck_assert_uint_eq(aspath_origin_as(p), 65001);
	ck_assert_uint_eq(aspath_neighbor_as((struct aspath){0}), 0);
	ck_assert_uint_eq(aspath_origin_as((struct aspath){0}), 0);
	ck_assert_uint_eq(aspath_hops((struct aspath){0}), 0);
}
END_TEST

static void
check_prepend(const char *path, const uint32_t *as, size_t n, const char *want)
{
	uint8_t m[256], o[512];
	struct wbuf w = wbuf_of(o, sizeof(o));

	aspath_prepend(&w, path_of(path, m, sizeof(m)), as, n);
	ck_assert(!w.err);
	check_text((struct aspath){o, w.len}, want);
}

START_TEST(test_prepend)
{
	check_prepend("", AS(1), 1, "1");
	check_prepend("2 3", AS(1, 9), 2, "1 9 2 3");
	check_prepend("{2 3}", AS(1), 1, "1 {2 3}");
	check_prepend("2 {3}", AS(1), 1, "1 2 {3}");
	check_prepend("2 {3}", NULL, 0, "2 {3}");
}
END_TEST

static void
check_prepend_confed(const char *path, const char *want)
{
	uint8_t m[256], o[262];
	struct aspath p = path_of(path, m, sizeof(m));
	struct wbuf w = wbuf_of(o, p.len + 6);

	aspath_prepend_confed(&w, p, 1);
	ck_assert(!w.err);
	check_text((struct aspath){o, w.len}, want);
}

/* RFC 5065 4.1 b */
START_TEST(test_prepend_confed)
{
	check_prepend_confed("", "(1)");
	check_prepend_confed("2 3", "(1) 2 3");
	check_prepend_confed("(2) 3", "(1 2) 3");
	check_prepend_confed("[2] 3", "(1) [2] 3");
	check_prepend_confed("9 (2) 3", "(1) 9 (2) 3");
}
END_TEST

/* A segment holds 255 ASes: RFC 4271 5.1.2 has a new one begun when it is full. */
START_TEST(test_prepend_full)
{
	static const uint32_t as[300] = {[0] = 7, [299] = 8};
	uint8_t m[2 + 4 * 255] = {ASPATH_SEQUENCE, 255}, o[4096];
	struct wbuf w = wbuf_of(o, sizeof(o));
	struct aspath full = {m, sizeof(m)};

	m[sizeof(m) - 1] = 5;
	aspath_prepend(&w, full, AS(7), 1);
	ck_assert_uint_eq(w.len, sizeof(m) + 6);
	ck_assert_mem_eq(o, ((uint8_t[]){ASPATH_SEQUENCE, 1, 0, 0, 0, 7}), 6);
	ck_assert_mem_eq(o + 6, m, sizeof(m));
	w = wbuf_of(o, sizeof(m) + 4 * 300 + 2 * 2);
	aspath_prepend(&w, full, as, 300);
	ck_assert(!w.err);
	/* 555 = 45 + 255 + 255 */
	ck_assert_uint_eq(w.len, 3 * 2 + 4 * 555);
	ck_assert_uint_eq(o[1], 45);
	ck_assert_uint_eq(be32_get(o + 2), 7);
	ck_assert_uint_eq(be32_get(o + 2 + 4 * 45 + 2 + 4 * 254), 8);
	ck_assert(aspath_check((struct aspath){o, w.len}));
	ck_assert_uint_eq(aspath_origin_as((struct aspath){o, w.len}), 5);
}
END_TEST

START_TEST(test_strip_confed)
{
	uint8_t m[256], o[256];
	struct wbuf w = wbuf_of(o, sizeof(o));

	aspath_strip_confed(&w, path_of("(1 2) [3] 4 {5 6}", m, sizeof(m)));
	check_text((struct aspath){o, w.len}, "4 {5 6}");
}
END_TEST

/* RFC 6996 5. */
START_TEST(test_private)
{
	static const uint32_t no[] = {0, 64511, 65535, 65536, 4199999999, 4294967295};
	static const uint32_t yes[] = {64512, 65534, 4200000000, 4294967294};
	static const struct {
		const char *path, *leading, *all, *replace;
	} paths[] = {
	    {"", "", "", ""},
	    {"64512 65001", "", "", "7 7"},
	    {"1 64512 2", "1 64512 2", "1 2", "1 7 2"},
	    {"64512 1 65001", "1 65001", "1", "7 1 7"},
	    {"64512 64999 65001", "64999 65001", "64999", "7 64999 7"}, /* 64999 is kept */
	    {"64512 {64513 64514} {3 64515} 64516", "{3 64515} 64516", "{3}", "7 {7 7} {3 7} 7"},
	    {"65535 4200000000", "65535 4200000000", "65535", "65535 7"},
	};

	for (size_t i = 0; i < ARRAY_LEN(no); i++)
		ck_assert_msg(!aspath_as_is_private(no[i]), "%u", no[i]);
	for (size_t i = 0; i < ARRAY_LEN(yes); i++)
		ck_assert_msg(aspath_as_is_private(yes[i]), "%u", yes[i]);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++) {
		const char *want[] = {[ASPATH_PRIVATE_KEEP] = paths[i].path,
				      [ASPATH_PRIVATE_LEADING] = paths[i].leading,
				      [ASPATH_PRIVATE_ALL] = paths[i].all,
				      [ASPATH_PRIVATE_REPLACE] = paths[i].replace};
		for (enum aspath_private mode = ASPATH_PRIVATE_KEEP; mode <= ASPATH_PRIVATE_REPLACE; mode++) {
			uint8_t m[256], o[256];
			struct aspath path = path_of(paths[i].path, m, sizeof(m));
			struct wbuf w = wbuf_of(o, path.len);
			aspath_private_remove(&w, path, mode, 64999, 7);
			ck_assert(!w.err);
			check_text((struct aspath){o, w.len}, want[mode]);
		}
	}
}
END_TEST

START_TEST(test_replace)
{
	uint8_t m[256], o[256];
	struct aspath path = path_of("1 2 1 {1 3} 4", m, sizeof(m));
	struct wbuf w = wbuf_of(o, path.len);

	aspath_replace(&w, path, 1, 9);
	ck_assert(!w.err);
	check_text((struct aspath){o, w.len}, "9 2 9 {9 3} 4");
}
END_TEST

START_TEST(test_text)
{
	static const char *const same[] = {"", "4294967295", "65001 65002 {1 2}", "(1 2) [3 4] 5 {6}"};
	static const char *const bad[] = {"4294967296", "a", "{1", "{}", "1 }", "{1)", "1,2"};
	uint8_t m[64], tiny[9];
	struct wbuf w;

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		check_text(path_of(same[i], m, sizeof(m)), same[i]);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		w = wbuf_of(m, sizeof(m));
		ck_assert_msg(!aspath_parse(bad[i], &w), "%s", bad[i]);
	}
	w = wbuf_of(tiny, sizeof(tiny));
	ck_assert(!aspath_parse("1 2", &w));
}
END_TEST

#define ONE(a)                                                                                               \
	{                                                                                                    \
		.lo = (a), .hi = (a)                                                                         \
	}
#define ANY_MANY                                                                                             \
	{                                                                                                    \
		.lo = 0, .hi = UINT32_MAX, .many = true                                                      \
	}
#define PATTERN(start, end, ...)                                                                             \
	(&(struct aspath_pattern){.from_start = (start),                                                     \
				  .to_end = (end),                                                           \
				  .n = sizeof((struct aspath_token[]){__VA_ARGS__}) /                        \
				       sizeof(struct aspath_token),                                          \
				  .tokens = (struct aspath_token[]){__VA_ARGS__}})

static bool
match(const struct aspath_pattern *pattern, const char *path)
{
	uint8_t m[256];

	return aspath_match(pattern, path_of(path, m, sizeof(m)));
}

START_TEST(test_match)
{
	const struct aspath_pattern nothing = {.from_start = true, .to_end = true};

	ck_assert(match(&nothing, ""));
	ck_assert(!match(&nothing, "1"));
	/* _2_ */
	ck_assert(match(PATTERN(false, false, ONE(2)), "1 2 3"));
	ck_assert(match(PATTERN(false, false, ONE(2)), "1 {3 2}"));
	ck_assert(!match(PATTERN(false, false, ONE(2)), "1 22 3"));
	ck_assert(!match(PATTERN(false, false, ONE(2)), ""));
	/* ^1 2 */
	ck_assert(match(PATTERN(true, false, ONE(1), ONE(2)), "1 2 3"));
	ck_assert(!match(PATTERN(true, false, ONE(1), ONE(2)), "3 1 2"));
	/* 2 3$, found only at the second 2 */
	ck_assert(match(PATTERN(false, true, ONE(2), ONE(3)), "2 2 3"));
	ck_assert(!match(PATTERN(false, true, ONE(2), ONE(3)), "2 3 1"));
	/* ^1 .* 3$ */
	ck_assert(match(PATTERN(true, true, ONE(1), ANY_MANY, ONE(3)), "1 3"));
	ck_assert(match(PATTERN(true, true, ONE(1), ANY_MANY, ONE(3)), "1 3 2 3"));
	ck_assert(!match(PATTERN(true, true, ONE(1), ANY_MANY, ONE(3)), "1 3 2"));
	/* ^[64512-65534]*$ : private ASes only */
	ck_assert(match(PATTERN(true, true, {.lo = 64512, .hi = 65534, .many = true}), "64512 65534"));
	ck_assert(!match(PATTERN(true, true, {.lo = 64512, .hi = 65534, .many = true}), "64512 65535"));
	ck_assert(match(PATTERN(true, true, {.lo = 64512, .hi = 65534, .many = true}), ""));
}
END_TEST

START_TEST(test_begins_with)
{
	uint8_t m[256];

	ck_assert(aspath_begins_with(path_of("1 2 3", m, sizeof(m)), AS(1, 2), 2));
	ck_assert(!aspath_begins_with(path_of("1 2 3", m, sizeof(m)), AS(2), 1));
	ck_assert(!aspath_begins_with(path_of("1 {2}", m, sizeof(m)), AS(1, 2), 2));
	ck_assert(!aspath_begins_with(path_of("1", m, sizeof(m)), AS(1, 2), 2));
	ck_assert(aspath_begins_with(path_of("1", m, sizeof(m)), NULL, 0));
}
END_TEST

SUITE("aspath", test_check, test_numbers, test_prepend, test_prepend_confed, test_prepend_full, test_strip_confed, test_private, test_replace, test_text,
      test_match, test_begins_with)
