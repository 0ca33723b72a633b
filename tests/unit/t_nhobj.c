/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_nhobj: numbers of nexthop objects, and what objects stand for.
 */
#include "fib/nhobj.h"

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

START_TEST(test_numbers)
{
	struct nhobjs o;
	struct fib_nh nh = hop("10.0.0.1", 3, 1);

	/* Both the number and the protocol make an object ours. */
	ck_assert(nhobj_is_ours(FIRST + 1, 186, 186));
	ck_assert(nhobj_is_ours(FIRST + 1048575, 186, 186));
	ck_assert(!nhobj_is_ours(FIRST, 186, 186));
	ck_assert(!nhobj_is_ours(FIRST + 1048576, 186, 186));
	ck_assert(!nhobj_is_ours(FIRST + 1, 4, 186));
	ck_assert(!nhobj_is_ours(1, 186, 186));
	nhobjs_init(&o);
	/* Somebody else has the second one. */
	nhobjs_put(&o, FIRST + 2, 4, false, &nh, 1);
	ck_assert_uint_eq(nhobjs_take(&o, 186), FIRST + 1);
	ck_assert_uint_eq(nhobjs_take(&o, 186), FIRST + 3);
	/* A freed one is not taken again before the others were. */
	nhobjs_free(&o, FIRST + 1);
	ck_assert_uint_eq(nhobjs_take(&o, 186), FIRST + 4);
	nhobjs_keep(&o, FIRST + 5);
	ck_assert_uint_eq(nhobjs_take(&o, 186), FIRST + 6);
	o.next = 1048575;
	ck_assert_uint_eq(nhobjs_take(&o, 186), FIRST + 1048575);
	ck_assert_uint_eq(nhobjs_take(&o, 186), FIRST + 1);
	ck_assert_uint_eq(nhobjs_take(&o, 186), FIRST + 7);
	nhobjs_fini(&o);
}
END_TEST

START_TEST(test_resolve)
{
	struct nhobjs o;
	struct fib_nh a = hop("10.0.0.1", 3, 1), b = hop("fe80::1", 4, 1), out[FIB_NH_MAX];
	struct fib_nh members[] = {hop(NULL, 8, 1), hop(NULL, 9, 7), hop(NULL, 77, 1)};

	nhobjs_init(&o);
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
	tcase_add_test(tc, test_resolve);
	suite_add_tcase(s, tc);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
