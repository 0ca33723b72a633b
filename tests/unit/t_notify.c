/* SPDX-License-Identifier: Apache-2.0 */
/* notify: names from the IANA registry, RFC 8538 and RFC 9003 forms by hand. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/msg.h"
#include "bgpd/notify.h"

static struct bgp_error e;
static char text[BGP_SHUTDOWN_TEXT_MAX + 1];

START_TEST(names)
{
	ck_assert_str_eq(notify_code_name(3), "UPDATE Message Error");
	ck_assert_str_eq(notify_code_name(8), "Send Hold Timer Expired");
	ck_assert_str_eq(notify_code_name(0), "unknown");
	ck_assert_str_eq(notify_code_name(9), "unknown");
	ck_assert_str_eq(notify_subcode_name(2, 7), "Unsupported Capability");
	ck_assert_str_eq(notify_subcode_name(2, 11), "Role Mismatch");
	ck_assert_str_eq(notify_subcode_name(2, 9), "unknown");
	ck_assert_str_eq(notify_subcode_name(2, 12), "unknown");
	ck_assert_str_eq(notify_subcode_name(6, 2), "Administrative Shutdown");
	ck_assert_str_eq(notify_subcode_name(6, 9), "Hard Reset");
	ck_assert_str_eq(notify_subcode_name(5, 1), "Receive Unexpected Message in OpenSent State");
	ck_assert_str_eq(notify_subcode_name(4, 0), "Unspecific");
	ck_assert_str_eq(notify_subcode_name(4, 1), "unknown");
}
END_TEST

START_TEST(encode_decode)
{
	uint8_t out[4096];
	struct bgp_error back;
	struct msg_frame f;

	bgp_error_set(&e, 1, 2, "length", "\x10\x01", 2);
	ck_assert_uint_eq(notify_encode(&e, out, 22), 0);
	ck_assert_uint_eq(notify_encode(&e, out, sizeof(out)), 23);
	ck_assert_mem_eq(out + 16, "\x00\x17\x03\x01\x02\x10\x01", 7);
	ck_assert_int_eq(msg_frame(out, 23, 4096, &f, &back), MSG_FRAME_READY);
	notify_decode(f.body, f.body_len, &back);
	ck_assert_uint_eq(back.code, 1);
	ck_assert_uint_eq(back.subcode, 2);
	ck_assert_uint_eq(back.data_len, 2);
	ck_assert_mem_eq(back.data, "\x10\x01", 2);
}
END_TEST

START_TEST(max_prefix)
{
	/* RFC 4486 4: AFI, SAFI, upper bound */
	notify_max_prefix_set(&e, 2, 1, 70000);
	ck_assert_uint_eq(e.code, 6);
	ck_assert_uint_eq(e.subcode, 1);
	ck_assert_uint_eq(e.data_len, 7);
	ck_assert_mem_eq(e.data, "\x00\x02\x01\x00\x01\x11\x70", 7);
	ck_assert_str_eq(e.reason, "Maximum Number of Prefixes Reached");
}
END_TEST

/* RFC 9003 4: a wrong length or text that is not UTF-8 is to be logged; no communication at all is not. */
START_TEST(shutdown_malformed)
{
	bgp_error_set(&e, 6, 2, "", NULL, 0);
	ck_assert(!notify_shutdown_malformed(&e));
	bgp_error_set(&e, 6, 2, "", "\x00", 1);
	ck_assert(!notify_shutdown_malformed(&e));
	bgp_error_set(&e, 6, 4, "", "\x02ok", 3);
	ck_assert(!notify_shutdown_malformed(&e));
	bgp_error_set(&e, 6, 4, "", "\x03ok", 3);
	ck_assert(notify_shutdown_malformed(&e));
	bgp_error_set(&e, 6, 2, "", "\x02o\xff", 3);
	ck_assert(notify_shutdown_malformed(&e));
	bgp_error_set(&e, 6, 1, "", "\x00\x01\x01\x00\x00\x00\x05", 7); /* not about these */
	ck_assert(!notify_shutdown_malformed(&e));
}
END_TEST

START_TEST(data_is_cut)
{
	static const uint8_t big[5000];
	uint8_t out[4096];

	bgp_error_set(&e, 3, 5, "long", big, sizeof(big));
	ck_assert_uint_eq(e.data_len, 4096 - 21);
	ck_assert_uint_eq(notify_encode(&e, out, sizeof(out)), 4096);
}
END_TEST

START_TEST(hard_reset)
{
	bgp_error_set(&e, 6, 2, "shutdown", "\x02hi", 3);
	notify_wrap_hard_reset(&e);
	ck_assert_uint_eq(e.code, 6);
	ck_assert_uint_eq(e.subcode, 9);
	ck_assert_uint_eq(e.data_len, 5);
	ck_assert_mem_eq(e.data, "\x06\x02\x02hi", 5);
	ck_assert(notify_unwrap_hard_reset(&e));
	ck_assert_uint_eq(e.subcode, 2);
	ck_assert_uint_eq(e.data_len, 3);
	ck_assert(notify_shutdown_get(&e, text));
	ck_assert_str_eq(text, "hi");
	ck_assert(!notify_unwrap_hard_reset(&e));
	bgp_error_set(&e, 6, 9, "empty", "\x06", 1);
	ck_assert(!notify_unwrap_hard_reset(&e));
}
END_TEST

START_TEST(shutdown_set)
{
	char longtext[400];

	notify_shutdown_set(&e, BGP_CEASE_ADMIN_SHUTDOWN, "gr\xc3\xbc\xc3\x9f");
	ck_assert_uint_eq(e.code, 6);
	ck_assert_uint_eq(e.subcode, 2);
	ck_assert_uint_eq(e.data_len, 7);
	ck_assert_mem_eq(e.data, "\x06gr\xc3\xbc\xc3\x9f", 7);
	notify_shutdown_set(&e, BGP_CEASE_ADMIN_RESET, NULL);
	ck_assert_uint_eq(e.subcode, 4);
	ck_assert_uint_eq(e.data_len, 0);
	notify_shutdown_set(&e, BGP_CEASE_ADMIN_RESET, "\xff");
	ck_assert_uint_eq(e.data_len, 0);
	/* 254 octets and then a character of two: it must not be cut in half */
	memset(longtext, 'a', 254);
	strcpy(longtext + 254, "\xc3\xbcz");
	notify_shutdown_set(&e, BGP_CEASE_ADMIN_SHUTDOWN, longtext);
	ck_assert_uint_eq(e.data[0], 254);
	ck_assert_uint_eq(e.data_len, 255);
}
END_TEST

static const struct bad_text {
	uint8_t subcode, len;
	const char *data;
} bad_texts[] = {
    {2, 0, ""},
    {2, 1, "\x00"},                 /* empty communication */
    {2, 3, "\x05hi"},               /* longer than the data */
    {2, 3, "\x02\xc0\x80"},         /* overlong NUL */
    {2, 4, "\x03\xed\xa0\x80"},     /* surrogate */
    {2, 5, "\x04\xf4\x90\x80\x80"}, /* above U+10FFFF */
    {2, 2, "\x01\x80"},             /* lone continuation */
    {2, 2, "\x01\xc3"},             /* truncated character */
    {3, 3, "\x02hi"},               /* not a subcode that carries one */
};

START_TEST(shutdown_get_bad)
{
	const struct bad_text *b = &bad_texts[_i];

	bgp_error_set(&e, 6, b->subcode, "test", b->data, b->len);
	ck_assert(!notify_shutdown_get(&e, text));
	ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(shutdown_get)
{
	bgp_error_set(&e, 6, 2, "test",
		      "\x05"
		      "a\nb\x7f"
		      "c-trailing",
		      16);
	ck_assert(notify_shutdown_get(&e, text));
	ck_assert_str_eq(text, "a b c");
	bgp_error_set(&e, 3, 2, "test", "\x02hi", 3);
	ck_assert(!notify_shutdown_get(&e, text));
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("notify");
	TCase *t = tcase_create("notify");

	tcase_add_test(t, names);
	tcase_add_test(t, encode_decode);
	tcase_add_test(t, shutdown_malformed);
	tcase_add_test(t, max_prefix);
	tcase_add_test(t, data_is_cut);
	tcase_add_test(t, hard_reset);
	tcase_add_test(t, shutdown_set);
	tcase_add_loop_test(t, shutdown_get_bad, 0, sizeof(bad_texts) / sizeof(bad_texts[0]));
	tcase_add_test(t, shutdown_get);
	suite_add_tcase(s, t);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
