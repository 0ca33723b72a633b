/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_nhobj: numbers of nexthop objects, and what objects stand for.
 */
#include "fib/nhobj.h"

#include "lib/mem.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

#define FIRST (186u << 20)

static struct fib_nh
hop(const char *via, uint32_t ifindex, uint16_t weight)
{
	struct fib_nh nh;

	memset(&nh, 0, sizeof nh);
	if (via != NULL)
		ck_assert_int_eq(ip_addr_parse(via, &nh.via), 0);
	nh.ifindex = ifindex;
	nh.weight = weight;
	return nh;
}

static void
init(struct nhobjs *o, bool by_table, uint32_t table)
{
	struct fib_config conf = {.table = table, .protocol = 186, .by_table = by_table};
	struct nhobj_range range = nhobj_range_of(&conf);

	nhobjs_init(o, &range);
}

START_TEST(test_numbers)
{
	struct nhobjs o;
	struct fib_nh nh = hop("10.0.0.1", 3, 1);

	init(&o, false, 254);
	/* Both the number and the protocol make an object ours. */
	ck_assert(nhobj_is_ours(&o, FIRST + 1, 186));
	ck_assert(nhobj_is_ours(&o, FIRST + 1048575, 186));
	ck_assert(!nhobj_is_ours(&o, FIRST, 186));
	ck_assert(!nhobj_is_ours(&o, FIRST + 1048576, 186));
	ck_assert(!nhobj_is_ours(&o, FIRST + 1, 4));
	ck_assert(!nhobj_is_ours(&o, 1, 186));
	/* Somebody else has the second one. */
	nhobjs_put(&o, FIRST + 2, 4, false, &nh, 1);
	ck_assert_uint_eq(nhobjs_take(&o), FIRST + 1);
	ck_assert_uint_eq(nhobjs_take(&o), FIRST + 3);
	/* A freed one is not taken again before the others were. */
	nhobjs_free(&o, FIRST + 1);
	ck_assert_uint_eq(nhobjs_take(&o), FIRST + 4);
	nhobjs_keep(&o, FIRST + 5);
	ck_assert_uint_eq(nhobjs_take(&o), FIRST + 6);
	o.next = 1048575;
	ck_assert_uint_eq(nhobjs_take(&o), FIRST + 1048575);
	ck_assert_uint_eq(nhobjs_take(&o), FIRST + 1);
	ck_assert_uint_eq(nhobjs_take(&o), FIRST + 7);
	nhobjs_fini(&o);
}
END_TEST

/* Each table of a protocol has numbers of its own, which are no protocol's. */
START_TEST(test_numbers_by_table)
{
	static const uint32_t tables[] = {1, 100, 101, 254, 61439, 61440};
	struct nhobjs o, of[ARRAY_LEN(tables)];
	struct fib_nh nh = hop("10.0.0.1", 3, 1);

	init(&o, false, 254);
	for (unsigned i = 0; i < ARRAY_LEN(tables); i++) {
		init(&of[i], true, tables[i]);
		uint32_t first = nhobjs_take(&of[i]);
		ck_assert_uint_ge(first, 1u << 28);
		ck_assert(!nhobj_is_ours(&o, first, 186));
		for (unsigned j = 0; j <= i; j++)
			ck_assert_int_eq(nhobj_is_ours(&of[j], first, 186), i == j);
		/* 65,535 of them. */
		ck_assert(nhobj_is_ours(&of[i], first + 65534, 186));
		ck_assert(!nhobj_is_ours(&of[i], first + 65535, 186));
		ck_assert(!nhobj_is_ours(&of[i], first - 1, 186));
		ck_assert(!nhobj_is_ours(&of[i], first, 187));
		of[i].next = 65535;
		ck_assert_uint_eq(nhobjs_take(&of[i]), first + 65534);
		ck_assert_uint_eq(nhobjs_take(&of[i]), first + 1);
		ck_assert(nhobjs_is_taken(&of[i], first));
		nhobjs_free(&of[i], first);
		ck_assert(!nhobjs_is_taken(&of[i], first));
	}
	/* None is left. */
	for (uint32_t n = 1; n <= 65535; n++)
		nhobjs_keep(&of[0], of[0].range.first + n);
	ck_assert_uint_eq(nhobjs_take(&of[0]), 0);
	nhobjs_put(&of[1], of[1].range.first + 3, 4, false, &nh, 1);
	ck_assert_uint_eq(nhobjs_take(&of[1]), of[1].range.first + 4);
	for (unsigned i = 0; i < ARRAY_LEN(tables); i++)
		nhobjs_fini(&of[i]);
	nhobjs_fini(&o);
}
END_TEST

START_TEST(test_resolve)
{
	struct nhobjs o;
	struct fib_nh a = hop("10.0.0.1", 3, 1), b = hop("fe80::1", 4, 1), out[FIB_NH_MAX];
	struct fib_nh members[] = {hop(NULL, 8, 1), hop(NULL, 9, 7), hop(NULL, 77, 1)};

	init(&o, false, 254);
	/* A group may come before its members. */
	nhobjs_put(&o, 5, 4, true, members, 3);
	ck_assert_uint_eq(nhobjs_resolve(&o, 5, out), 0);
	nhobjs_put(&o, 8, 4, false, &a, 1);
	nhobjs_put(&o, 9, 4, false, &b, 1);
	nhobjs_put(&o, 10, 4, false, NULL, 0); /* a blackhole */
	ck_assert_uint_eq(nhobjs_resolve(&o, 9, out), 1);
	ck_assert(ip_addr_eq(&out[0].via, &b.via));
	ck_assert_uint_eq(nhobjs_resolve(&o, 10, out), 0);
	ck_assert_uint_eq(nhobjs_resolve(&o, 11, out), 0);
	ck_assert_uint_eq(nhobjs_resolve(&o, 5, out), 2);
	ck_assert(ip_addr_eq(&out[0].via, &a.via));
	ck_assert_uint_eq(out[1].ifindex, 4);
	ck_assert_uint_eq(out[1].weight, 7);
	/* Replaced, left, gone. */
	struct nhobj *e = nhobjs_put(&o, 8, 4, false, &b, 1);
	ck_assert_uint_eq(nhobjs_resolve(&o, 5, out), 2);
	ck_assert_uint_eq(out[0].ifindex, 4);
	nhobjs_leave(&o, e);
	nhobjs_leave(&o, e);
	ck_assert_uint_eq(o.leftovers, 1);
	nhobjs_del(&o, e);
	ck_assert_uint_eq(o.leftovers, 0);
	ck_assert_uint_eq(nhobjs_resolve(&o, 5, out), 1);
	nhobjs_fini(&o);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nhobj");
	TCase *tc = tcase_create("nhobj");

	tcase_add_test(tc, test_numbers);
	tcase_add_test(tc, test_numbers_by_table);
	tcase_add_test(tc, test_resolve);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
