/* SPDX-License-Identifier: Apache-2.0 */
/* msg: framing, every error of RFC 4271 6.1, KEEPALIVE and ROUTE-REFRESH. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/msg.h"

static uint8_t m[70000];
static struct msg_frame f;
static struct bgp_error e;

static void
head(unsigned len, unsigned type)
{
	memset(m, 0xff, 16);
	m[16] = (uint8_t)(len >> 8);
	m[17] = (uint8_t)len;
	m[18] = (uint8_t)type;
}

static const struct length {
	unsigned type, len, max;
	bool ok;
} lengths[] = {
    {1, 28, 4096, false},    {1, 29, 4096, true},  {1, 4096, 65535, true}, {1, 4097, 65535, false},
    {2, 22, 4096, false},    {2, 23, 4096, true},  {2, 4096, 4096, true},  {2, 4097, 4096, false},
    {2, 65535, 65535, true}, {3, 20, 4096, false}, {3, 21, 4096, true},    {3, 5000, 65535, true},
    {4, 19, 4096, true},     {4, 20, 4096, false}, {4, 20, 65535, false},  {5, 22, 4096, false},
    {5, 23, 4096, true},     {2, 18, 4096, false}, {2, 0, 4096, false},
};

START_TEST(length_per_type)
{
	const struct length *l = &lengths[_i];

	head(l->len, l->type);
	if (l->ok) {
		ck_assert_int_eq(msg_frame(m, sizeof(m), l->max, &f, &e), MSG_FRAME_READY);
		ck_assert_uint_eq(f.type, l->type);
		ck_assert_uint_eq(f.len, l->len);
		ck_assert_uint_eq(f.body_len, l->len - 19);
		ck_assert_ptr_eq(f.body, m + 19);
		return;
	}
	/* RFC 4271 6.1: the data is the erroneous Length field */
	ck_assert_int_eq(msg_frame(m, 19, l->max, &f, &e), MSG_FRAME_ERROR);
	ck_assert_uint_eq(e.code, 1);
	ck_assert_uint_eq(e.subcode, 2);
	ck_assert_uint_eq(e.data_len, 2);
	ck_assert_uint_eq((unsigned)e.data[0] << 8 | e.data[1], l->len);
}
END_TEST

START_TEST(partial)
{
	head(23, 2);
	ck_assert_int_eq(msg_frame(m, 0, 4096, &f, &e), MSG_FRAME_MORE);
	ck_assert_int_eq(msg_frame(m, 18, 4096, &f, &e), MSG_FRAME_MORE);
	ck_assert_int_eq(msg_frame(m, 22, 4096, &f, &e), MSG_FRAME_MORE);
	ck_assert_int_eq(msg_frame(m, 23, 4096, &f, &e), MSG_FRAME_READY);
}
END_TEST

START_TEST(bad_marker)
{
	head(19, 4);
	m[15] = 0xfe;
	ck_assert_int_eq(msg_frame(m, 19, 4096, &f, &e), MSG_FRAME_ERROR);
	ck_assert_uint_eq(e.code, 1);
	ck_assert_uint_eq(e.subcode, 1);
	ck_assert_uint_eq(e.data_len, 0);
}
END_TEST

START_TEST(bad_type)
{
	static const uint8_t bad[] = {0, 6, 255};

	for (size_t i = 0; i < sizeof(bad); i++) {
		head(19, bad[i]);
		ck_assert_int_eq(msg_frame(m, 19, 4096, &f, &e), MSG_FRAME_ERROR);
		ck_assert_uint_eq(e.code, 1);
		ck_assert_uint_eq(e.subcode, 3);
		ck_assert_uint_eq(e.data_len, 1);
		ck_assert_uint_eq(e.data[0], bad[i]);
	}
}
END_TEST

START_TEST(keepalive)
{
	uint8_t out[19];

	ck_assert_uint_eq(msg_keepalive_encode(out), 19);
	head(19, 4);
	ck_assert_mem_eq(out, m, 19);
}
END_TEST

START_TEST(refresh)
{
	uint8_t out[23];
	struct msg_refresh r = {.afi = 2, .subtype = REFRESH_EORR, .safi = 1}, back;

	ck_assert_uint_eq(msg_refresh_encode(out, &r), 23);
	head(23, 5);
	memcpy(m + 19, "\x00\x02\x02\x01", 4);
	ck_assert_mem_eq(out, m, 23);
	ck_assert_int_eq(msg_frame(out, 23, 4096, &f, &e), MSG_FRAME_READY);
	ck_assert(msg_refresh_decode(&f, true, &back, &e));
	ck_assert_uint_eq(back.afi, 2);
	ck_assert_uint_eq(back.subtype, 2);
	ck_assert_uint_eq(back.safi, 1);
	/* without RFC 7313 the octet is reserved */
	ck_assert(msg_refresh_decode(&f, false, &back, &e));
	ck_assert_uint_eq(back.subtype, 0);
}
END_TEST

START_TEST(refresh_length)
{
	struct msg_refresh r;

	head(24, 5);
	memcpy(m + 19, "\x00\x01\x01\x01\x00", 5);
	ck_assert_int_eq(msg_frame(m, 24, 4096, &f, &e), MSG_FRAME_READY);
	/* RFC 7313 5: code 7, subcode 1, the whole message */
	ck_assert(!msg_refresh_decode(&f, true, &r, &e));
	ck_assert_uint_eq(e.code, 7);
	ck_assert_uint_eq(e.subcode, 1);
	ck_assert_uint_eq(e.data_len, 24);
	ck_assert_mem_eq(e.data, m, 24);
	ck_assert(msg_refresh_decode(&f, false, &r, &e));
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(msg_type_name(1), "OPEN");
	ck_assert_str_eq(msg_type_name(5), "ROUTE-REFRESH");
	ck_assert_str_eq(msg_type_name(0), "unknown");
	ck_assert_str_eq(msg_type_name(6), "unknown");
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("msg");
	TCase *t = tcase_create("msg");

	tcase_add_loop_test(t, length_per_type, 0, sizeof(lengths) / sizeof(lengths[0]));
	tcase_add_test(t, partial);
	tcase_add_test(t, bad_marker);
	tcase_add_test(t, bad_type);
	tcase_add_test(t, keepalive);
	tcase_add_test(t, refresh);
	tcase_add_test(t, refresh_length);
	tcase_add_test(t, names);
	suite_add_tcase(s, t);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
