/* SPDX-License-Identifier: Apache-2.0 */
/*
 * t_nhset: equal sets have equal ids, and an id is not reused before its time.
 */
#include "fib/nhset.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

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

static struct nhsets sets;

static void
setup(void)
{
	nhsets_init(&sets);
}

static void
teardown(void)
{
	nhsets_fini(&sets);
}

START_TEST(test_order_and_duplicates)
{
	struct fib_nh ab[] = {hop("10.0.0.1", 1, 1), hop("10.0.0.2", 2, 1)};
	struct fib_nh ba[] = {hop("10.0.0.2", 2, 1), hop("10.0.0.1", 1, 0), hop("10.0.0.1", 1, 1)};
	uint32_t id = nhset_intern(&sets, FIB_UNICAST, ab, 2);

	ck_assert_uint_ne(id, 0);
	ck_assert_uint_eq(nhset_intern(&sets, FIB_UNICAST, ba, 3), id);
	ck_assert_uint_eq(nhset_at(&sets, id)->count, 2);
	ck_assert_uint_eq(nhset_at(&sets, id)->refs, 2);
	ba[0].weight = 2;
	ck_assert_uint_ne(nhset_intern(&sets, FIB_UNICAST, ba, 3), id);
	ab[0].ifindex = 9;
	ck_assert_uint_ne(nhset_intern(&sets, FIB_UNICAST, ab, 2), id);
}
END_TEST

START_TEST(test_canonical_form)
{
	struct fib_nh plain = hop("fe80::1", 3, 1), scoped = plain, heavy = plain, onlink = plain;

	scoped.via.scope_id = 3;
	scoped.pad = 7;
	scoped.weight = 0;
	uint32_t id = nhset_intern(&sets, FIB_UNICAST, &plain, 1);
	ck_assert_uint_eq(nhset_intern(&sets, FIB_UNICAST, &scoped, 1), id);
	/* The weight of the only next hop says nothing; beside another it is 256 at most. */
	heavy.weight = 65535;
	ck_assert_uint_eq(nhset_intern(&sets, FIB_UNICAST, &heavy, 1), id);
	struct fib_nh two[] = {heavy, hop("fe80::2", 4, 0)};
	uint32_t h = nhset_intern(&sets, FIB_UNICAST, two, 2);
	ck_assert_uint_eq(nhset_at(&sets, h)->nh[0].weight, 256);
	ck_assert_uint_eq(nhset_at(&sets, h)->nh[1].weight, 1);
	onlink.onlink = true;
	ck_assert_uint_ne(nhset_intern(&sets, FIB_UNICAST, &onlink, 1), id);
}
END_TEST

START_TEST(test_types)
{
	uint32_t hole = nhset_intern(&sets, FIB_BLACKHOLE, NULL, 0),
		 un = nhset_intern(&sets, FIB_UNREACHABLE, NULL, 0);

	ck_assert_uint_ne(hole, un);
	ck_assert_uint_eq(nhset_intern(&sets, FIB_BLACKHOLE, NULL, 0), hole);
	ck_assert_uint_eq(nhset_at(&sets, hole)->type, FIB_BLACKHOLE);
	ck_assert_ptr_null(nhset_at(&sets, hole)->nh);
}
END_TEST

START_TEST(test_life)
{
	struct fib_nh a = hop("10.0.0.1", 1, 1), b = hop("10.0.0.2", 1, 1);
	uint32_t id = nhset_intern(&sets, FIB_UNICAST, &a, 1);

	ck_assert_uint_eq(nhset_dead_next(&sets), 0);
	nhset_unref(&sets, id);
	ck_assert_uint_eq(nhset_dead_next(&sets), id);
	/* Not freed yet, so nothing else may have the id, and the same set finds it again. */
	ck_assert_uint_ne(nhset_intern(&sets, FIB_UNICAST, &b, 1), id);
	ck_assert_uint_eq(nhset_intern(&sets, FIB_UNICAST, &a, 1), id);
	ck_assert_uint_eq(nhset_dead_next(&sets), 0);
	nhset_unref(&sets, id);
	nhset_bury(&sets, id);
	ck_assert_uint_eq(nhset_dead_next(&sets), 0);
	a = hop("10.0.0.3", 1, 1);
	ck_assert_uint_eq(nhset_intern(&sets, FIB_UNICAST, &a, 1), id);
	ck_assert_uint_eq(sets.nh_bytes, 2 * sizeof(struct fib_nh));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nhset");
	TCase *tc = tcase_create("nhset");

	tcase_add_checked_fixture(tc, setup, teardown);
	tcase_add_test(tc, test_order_and_duplicates);
	tcase_add_test(tc, test_canonical_form);
	tcase_add_test(tc, test_types);
	tcase_add_test(tc, test_life);
	suite_add_tcase(s, tc);
	return suite_end(s);
}
