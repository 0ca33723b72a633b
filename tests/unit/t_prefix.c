/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/prefix: insert, find, longest match, ids that come and go. */
#include "rib/prefix.h"

#include "tests/unit/ribtest.h"
#include "tests/unit/suite.h"

static uint32_t
add(struct prefix_table *t, const char *text)
{
	struct ip_prefix p = ribtest_prefix(text);

	return prefix_insert(t, &p, prefix_hash(t, &p));
}

static uint32_t
find(const struct prefix_table *t, const char *text)
{
	struct ip_prefix p = ribtest_prefix(text);

	return prefix_find(t, &p, prefix_hash(t, &p));
}

static uint32_t
match(const struct prefix_table *t, const char *addr, unsigned max_len)
{
	return prefix_match(t, ribtest_addr(addr).bytes, max_len, NULL, NULL);
}

START_TEST(test_find)
{
	struct prefix_table t;

	prefix_table_init(&t, FAMILY_IPV4, 16, 5);
	uint32_t a = add(&t, "10.0.0.0/8"), b = add(&t, "10.0.0.0/16");
	ck_assert_uint_ne(a, b);
	ck_assert_uint_eq(find(&t, "10.0.0.0/8"), a);
	ck_assert_uint_eq(find(&t, "10.0.0.0/16"), b);
	ck_assert_uint_eq(find(&t, "10.0.0.0/9"), 0);
	struct ip_prefix v = prefix_value(&t, b), want = ribtest_prefix("10.0.0.0/16");
	ck_assert(ip_prefix_eq(&v, &want));
	prefix_remove(&t, a);
	ck_assert(!prefix_live(&t, a));
	ck_assert_uint_eq(find(&t, "10.0.0.0/8"), 0);
	ck_assert_uint_eq(prefix_count(&t), 1);
	prefix_table_fini(&t);
}
END_TEST

START_TEST(test_match_v4)
{
	struct prefix_table t;

	prefix_table_init(&t, FAMILY_IPV4, 4, 6);
	uint32_t d = add(&t, "0.0.0.0/0"), a = add(&t, "10.0.0.0/8"), b = add(&t, "10.1.0.0/16");
	uint32_t h = add(&t, "10.1.2.3/32");
	ck_assert_uint_eq(match(&t, "10.1.2.3", 32), h);
	ck_assert_uint_eq(match(&t, "10.1.2.3", 31), b);
	ck_assert_uint_eq(match(&t, "10.1.2.3", 15), a);
	ck_assert_uint_eq(match(&t, "10.2.0.1", 32), a);
	ck_assert_uint_eq(match(&t, "192.0.2.1", 32), d);
	prefix_remove(&t, d);
	ck_assert_uint_eq(match(&t, "192.0.2.1", 32), 0);
	prefix_table_fini(&t);
}
END_TEST

START_TEST(test_match_v6)
{
	struct prefix_table t;

	/* Lengths on both sides of the bitmap's word borders. */
	prefix_table_init(&t, FAMILY_IPV6, 16, 7);
	uint32_t a = add(&t, "2001:db8::/63"), b = add(&t, "2001:db8::/64"), c = add(&t, "2001:db8::/127");
	uint32_t h = add(&t, "2001:db8::1/128"), d = add(&t, "::/0");
	ck_assert_uint_eq(match(&t, "2001:db8::1", 128), h);
	ck_assert_uint_eq(match(&t, "2001:db8::", 128), c);
	ck_assert_uint_eq(match(&t, "2001:db8::2", 128), b);
	ck_assert_uint_eq(match(&t, "2001:db8:0:1::2", 128), a);
	ck_assert_uint_eq(match(&t, "2001:db8:0:2::2", 128), d);
	prefix_table_fini(&t);
}
END_TEST

START_TEST(test_many)
{
	struct prefix_table t;
	struct ip_prefix p = {.family = FAMILY_IPV4, .len = 24};
	uint32_t ids = 0, at = 1, scan = UINT32_MAX;

	prefix_table_init(&t, FAMILY_IPV4, 16, 8);
	for (unsigned i = 0; i < 20000; i++) {
		p.bytes[0] = 10;
		p.bytes[1] = (uint8_t)(i >> 8);
		p.bytes[2] = (uint8_t)i;
		ck_assert_uint_eq(prefix_find(&t, &p, prefix_hash(&t, &p)), 0);
		prefix_insert(&t, &p, prefix_hash(&t, &p));
	}
	for (uint32_t id = 1; id <= 20000; id += 2)
		prefix_remove(&t, id);
	for (uint32_t id; (id = prefix_next(&t, &at, &scan)) != 0; at++) {
		struct ip_prefix v = prefix_value(&t, id);
		ck_assert_uint_eq(prefix_find(&t, &v, prefix_hash(&t, &v)), id);
		ck_assert(prefix_is(&t, id, &v));
		v.len--;
		ck_assert(!prefix_is(&t, id, &v));
		ids++;
	}
	ck_assert_uint_eq(ids, 10000);
	at = 1, scan = 1; /* id 1 is free: the portion is used up without a find */
	ck_assert_uint_eq(prefix_next(&t, &at, &scan), 0);
	ck_assert_uint_eq(at, 2);
	prefix_table_fini(&t);
}
END_TEST

SUITE("prefix", test_find, test_match_v4, test_match_v6, test_many)
