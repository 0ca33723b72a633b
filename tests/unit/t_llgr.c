/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/llgr: the mark of RFC 9494 on attribute sets. */
#include "rib/llgr.h"

#include "tests/unit/suite.h"

#define ORIGIN 0x40, 1, 1, 0

static attr_id
intern(struct attr_table *t, const uint8_t *wire, size_t len)
{
	return attr_intern(t, 7, NULL, wire, len);
}

START_TEST(test_add)
{
	static const uint8_t plain[] = {ORIGIN}, with[] = {ORIGIN, 0xc0, 8, 8, 0xfb, 0xf1, 0, 1, 0xff, 0xff, 0xff, 1};
	static const uint8_t plain_out[] = {ORIGIN, 0xc0, 8, 4, 0xff, 0xff, 0, 6};
	static const uint8_t with_out[] = {ORIGIN, 0xc0, 8,    12,   0xfb, 0xf1, 0,    1,   0xff,
					   0xff,   0,    6,    0xff, 0xff, 0xff, 1};
	struct attr_table t;

	attr_table_init(&t, 1, NULL);
	attr_id a = intern(&t, plain, sizeof(plain)), b = intern(&t, with, sizeof(with));
	ck_assert(!llgr_is_stale(attr_get(&t, a)) && !llgr_is_stale(attr_get(&t, b)));
	attr_id am = llgr_stale_add(&t, a), bm = llgr_stale_add(&t, b);
	ck_assert(llgr_is_stale(attr_get(&t, am)) && llgr_is_stale(attr_get(&t, bm)));
	ck_assert_uint_eq(attr_get(&t, am)->wire_len, sizeof(plain_out));
	ck_assert_mem_eq(attr_get(&t, am)->wire, plain_out, sizeof(plain_out));
	ck_assert_uint_eq(attr_get(&t, bm)->wire_len, sizeof(with_out));
	ck_assert_mem_eq(attr_get(&t, bm)->wire, with_out, sizeof(with_out));
	ck_assert_uint_eq(attr_get(&t, am)->nexthop, 7);
	/* Twice is once. */
	attr_id again = llgr_stale_add(&t, am);
	ck_assert_uint_eq(again, am);
	ck_assert_uint_eq(attr_slot(&t, am)->refs, 2);
	attr_unref(&t, again);
	attr_unref(&t, am);
	attr_unref(&t, bm);
	attr_unref(&t, a);
	attr_unref(&t, b);
	ck_assert_uint_eq(attr_table_count(&t), 0);
	attr_table_fini(&t);
}
END_TEST

SUITE("llgr", test_add)
