/* SPDX-License-Identifier: Apache-2.0 */
/* aspath_wire: paths by hand; merging as RFC 6793 4.2.3 has it. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/aspath_wire.h"

static uint8_t out[2048];

START_TEST(count_and_first)
{
	/* confederation (65010), sequence 1 2 3, set {4 5}: 3 + 1 (RFC 4271 9.1.2.2, 5065 5.3) */
	static const uint8_t p[] = {3, 1, 0xfd, 0xf2, 2, 3, 0, 1, 0, 2, 0, 3, 1, 2, 0, 4, 0, 5};

	ck_assert_uint_eq(aspath_wire_count(p, sizeof(p), 2), 4);
	ck_assert_uint_eq(aspath_wire_first(p, sizeof(p), 2), 65010);
	ck_assert_uint_eq(aspath_wire_first(p + 12, 6, 2), 0);
	ck_assert_uint_eq(aspath_wire_first(p, 0, 2), 0);
	ck_assert_ptr_null(aspath_wire_check(p, 12, 2, true));
	ck_assert_ptr_nonnull(aspath_wire_check(p, 12, 2, false));
	ck_assert_ptr_nonnull(aspath_wire_check(p, sizeof(p), 2, true)); /* RFC 9774 */
	ck_assert_ptr_null(aspath_wire_check(p, 0, 2, false));
}
END_TEST

START_TEST(merge_keeps_leading_confederation)
{
	static const uint8_t p2[] = {3, 1, 0xfd, 0xf2, 2, 2, 0, 7, 0x5b, 0xa0};
	static const uint8_t p4[] = {2, 1, 0, 3, 0, 0};
	static const uint8_t want[] = {3, 1, 0, 0, 0xfd, 0xf2, 2, 2, 0, 0, 0, 7, 0, 3, 0, 0};
	struct wbuf w = wbuf_of(out, sizeof(out));

	aspath_wire_merge(&w, p2, sizeof(p2), p4, sizeof(p4));
	ck_assert_uint_eq(w.len, sizeof(want));
	ck_assert_mem_eq(out, want, sizeof(want));
}
END_TEST

START_TEST(merge_full_segment)
{
	/* 1 AS in front of 255: two segments, for one cannot hold 256 */
	static uint8_t p2[2 + 510 + 4] = {2, 255}, p4[2 + 1020] = {2, 255};
	struct wbuf w = wbuf_of(out, sizeof(out));

	memset(p2 + 2, 1, 510);
	memcpy(p2 + 512, "\x02\x01\x00\x09", 4);
	memset(p4 + 2, 2, 1020);
	aspath_wire_merge(&w, p2, sizeof(p2), p4, sizeof(p4));
	ck_assert_uint_eq(w.len, 6 + 2 + 1020);
	ck_assert_mem_eq(out, "\x02\x01\0\0\x01\x01\x02\xff\x02\x02", 10);
}
END_TEST

START_TEST(merge_ignores_confederation_in_as4)
{
	static const uint8_t p2[] = {2, 1, 0x5b, 0xa0};
	static const uint8_t p4[] = {3, 1, 0, 9, 0, 0, 2, 1, 0, 3, 0, 0};
	struct wbuf w = wbuf_of(out, sizeof(out));

	aspath_wire_merge(&w, p2, sizeof(p2), p4, sizeof(p4));
	ck_assert_uint_eq(w.len, 6);
	ck_assert_mem_eq(out, p4 + 6, 6);
}
END_TEST

START_TEST(narrow)
{
	static const uint8_t small[] = {2, 2, 0, 0, 0xff, 0xff, 0, 0, 0, 1}, large[] = {2, 1, 0, 1, 0, 0};
	struct wbuf w = wbuf_of(out, sizeof(out));

	ck_assert(!aspath_wire_narrow(&w, small, sizeof(small)));
	ck_assert(aspath_wire_narrow(&w, large, sizeof(large)));
	ck_assert_uint_eq(w.len, 10);
	ck_assert_mem_eq(out, "\x02\x02\xff\xff\x00\x01\x02\x01\x5b\xa0", 10);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("aspath_wire");
	TCase *t = tcase_create("aspath_wire");

	tcase_add_test(t, count_and_first);
	tcase_add_test(t, merge_keeps_leading_confederation);
	tcase_add_test(t, merge_full_segment);
	tcase_add_test(t, merge_ignores_confederation_in_as4);
	tcase_add_test(t, narrow);
	suite_add_tcase(s, t);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
