/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/sets: prefix sets also against a plain list, which is obviously right. */
#include "rib/sets.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

static struct ip_prefix
prefix(const char *text)
{
	struct ip_prefix p;

	ck_assert_int_eq(ip_prefix_parse(text, &p), 0);
	return p;
}

static bool
match(const struct prefix_set *s, const char *text)
{
	struct ip_prefix p = prefix(text);

	return prefix_set_match(s, &p);
}

START_TEST(test_prefix)
{
	struct prefix_set_entry e[] = {
	    {prefix("203.0.113.0/24"), 24, 28}, {prefix("198.51.100.0/22"), 22, 22},
	    {prefix("10.0.0.0/8"), 8, 32},      {prefix("10.1.0.0/16"), 16, 16},
	    {prefix("2001:db8::/32"), 48, 64},  {prefix("203.0.113.0/24"), 32, 32},
	};
	struct prefix_set *s = prefix_set_new(e, ARRAY_LEN(e)), *none = prefix_set_new(NULL, 0);

	ck_assert(match(s, "203.0.113.0/24"));
	ck_assert(match(s, "203.0.113.16/28"));
	ck_assert(!match(s, "203.0.113.16/29"));
	ck_assert(match(s, "203.0.113.16/32"));
	ck_assert(!match(s, "203.0.112.0/23"));
	ck_assert(match(s, "198.51.100.0/22"));
	ck_assert(!match(s, "198.51.100.0/23"));
	/* Outside the inner entry's lengths, but inside the outer's. */
	ck_assert(match(s, "10.1.2.0/24"));
	ck_assert(match(s, "10.255.0.0/16"));
	ck_assert(!match(s, "11.0.0.0/8"));
	ck_assert(!match(s, "2001:db8::/32"));
	ck_assert(match(s, "2001:db8:1::/48"));
	ck_assert(!match(s, "2001:db9::/48"));
	ck_assert(!match(s, "0.0.0.0/0"));
	ck_assert(!match(none, "10.0.0.0/8"));
	prefix_set_unref(prefix_set_ref(s));
	ck_assert(match(s, "10.0.0.0/8"));
	prefix_set_unref(s);
	prefix_set_unref(none);
	prefix_set_unref(NULL);
}
END_TEST

static uint32_t
random_next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

/* A prefix in a small space, so that entries nest and repeat often. */
static struct ip_prefix
random_prefix(uint32_t *state)
{
	struct ip_addr a = ip_addr_v4((random_next(state) & 0xff) << 24);

	return ip_prefix_from_addr(&a, random_next(state) % 11);
}

START_TEST(test_prefix_against_list)
{
	struct prefix_set_entry e[60];
	uint32_t state = 20240611, hits = 0;

	for (int round = 0; round < 300; round++) {
		size_t n = random_next(&state) % ARRAY_LEN(e);
		struct prefix_set *s;

		for (size_t i = 0; i < n; i++) {
			e[i].prefix = random_prefix(&state);
			e[i].min_len = (uint8_t)(e[i].prefix.len + random_next(&state) % 3);
			e[i].max_len = (uint8_t)(e[i].min_len + random_next(&state) % 3);
		}
		s = prefix_set_new(e, n);
		for (int k = 0; k < 200; k++) {
			struct ip_prefix p = random_prefix(&state);
			bool want = false;

			for (size_t i = 0; i < n; i++)
				want |= ip_prefix_covers(&e[i].prefix, &p) && p.len >= e[i].min_len &&
					p.len <= e[i].max_len;
			ck_assert_int_eq(prefix_set_match(s, &p), want);
			hits += want;
		}
		prefix_set_unref(s);
	}
	/* Both answers must have been asked for. */
	ck_assert_uint_gt(hits, 1000);
	ck_assert_uint_lt(hits, 59000);
}
END_TEST

START_TEST(test_community)
{
	static const uint8_t wire[] = {0xc0, 8, 4, 0xff, 0xff, 0x02, 0x9a};
	static const struct community_pattern in[] = {
	    {.kind = COMMUNITY_LARGE, .part = {{1, 1}, {0, UINT32_MAX}, {0, UINT32_MAX}}},
	    {.kind = COMMUNITY_STD, .part = {{65535, 65535}, {600, 700}}}};
	struct community_set *s = community_set_new(in, 2), *large = community_set_new(in, 1);
	struct attr_table t;
	size_t n;

	attr_table_init(&t, 1, NULL);
	ck_assert(community_set_match(s, attr_get(&t, attr_intern(&t, 0, NULL, wire, sizeof(wire)))));
	ck_assert(!community_set_match(large, attr_get(&t, attr_intern(&t, 0, NULL, wire, sizeof(wire)))));
	ck_assert(!community_set_match(s, attr_get(&t, attr_intern(&t, 0, NULL, wire, 0))));
	ck_assert_uint_eq(community_set_patterns(s, &n)[1].part[1].lo, 600);
	ck_assert_uint_eq(n, 2);
	community_set_unref(community_set_ref(s));
	community_set_unref(s);
	community_set_unref(large);
	attr_table_fini(&t);
}
END_TEST

START_TEST(test_aspath)
{
	static const uint8_t path[] = {ASPATH_SEQUENCE, 2, 0, 0, 0, 1, 0, 0, 0, 2};
	struct aspath_token first[] = {{.lo = 2, .hi = 2}},
			    second[] = {{.lo = 1, .hi = 3}, {.lo = 2, .hi = 2}};
	struct aspath_pattern in[] = {{.from_start = true, .n = 1, .tokens = first},
				      {.from_start = true, .to_end = true, .n = 2, .tokens = second}};
	struct aspath_set *both = aspath_set_new(in, 2), *one = aspath_set_new(in, 1);

	first[0].lo = 1; /* the sets have copies */
	ck_assert(aspath_set_match(both, (struct aspath){path, sizeof(path)}));
	ck_assert(!aspath_set_match(one, (struct aspath){path, sizeof(path)}));
	aspath_set_unref(aspath_set_ref(both));
	aspath_set_unref(both);
	aspath_set_unref(one);
}
END_TEST

SUITE("sets", test_prefix, test_prefix_against_list, test_community, test_aspath)
