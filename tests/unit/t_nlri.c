/* SPDX-License-Identifier: Apache-2.0 */
/* nlri: wire forms written down by hand from RFC 4271 4.3 and RFC 7911 3. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/nlri.h"

START_TEST(decode_ipv4)
{
	/* 10.0.0.0/8, 192.0.2.129/25 with dirty host bits, default route */
	const uint8_t in[] = {8, 10, 25, 192, 0, 2, 0x81, 0};
	struct rbuf r = rbuf_of(in, sizeof(in));
	struct nlri n;

	ck_assert_int_eq(nlri_check(in, sizeof(in), FAMILY_IPV4, false), 3);
	ck_assert_int_eq(nlri_next(&r, FAMILY_IPV4, false, &n), NLRI_OK);
	ck_assert_uint_eq(n.prefix.len, 8);
	ck_assert_mem_eq(n.prefix.bytes, "\x0a\0\0\0", 4);
	ck_assert_int_eq(nlri_next(&r, FAMILY_IPV4, false, &n), NLRI_OK);
	ck_assert_uint_eq(n.prefix.len, 25);
	ck_assert_mem_eq(n.prefix.bytes, "\xc0\x00\x02\x80", 4);
	ck_assert_int_eq(nlri_next(&r, FAMILY_IPV4, false, &n), NLRI_OK);
	ck_assert_uint_eq(n.prefix.len, 0);
	ck_assert_mem_eq(n.prefix.bytes, "\0\0\0\0", 4);
	ck_assert_int_eq(nlri_next(&r, FAMILY_IPV4, false, &n), NLRI_END);
}
END_TEST

/* Of an address of ones as many bits as each length has stay, at the end of a field and with more behind. */
static void
decode_lengths(enum family f, size_t more)
{
	for (unsigned bits = 0; bits <= family_bits(f); bits++) {
		uint8_t in[17 + 16];
		memset(in, 255, sizeof(in));
		in[0] = (uint8_t)bits;
		struct rbuf r = rbuf_of(in, 1 + (bits + 7) / 8 + more);
		struct ip_prefix p;
		uint32_t path_id;

		memset(&p, 0xaa, sizeof(p));
		ck_assert_int_eq(nlri_read(&r, f, false, &path_id, &p), NLRI_OK);
		ck_assert_uint_eq(rbuf_left(&r), more);
		ck_assert_uint_eq(path_id, 0);
		ck_assert_uint_eq(p.len, bits);
		ck_assert_uint_eq(p.family, f);
		for (unsigned i = 0; i < 128; i++)
			ck_assert_uint_eq(p.bytes[i / 8] >> (7 - i % 8) & 1, i < bits);
	}
}

START_TEST(decode_all_lengths)
{
	for (size_t more = 0; more <= 16; more++) {
		decode_lengths(FAMILY_IPV4, more);
		decode_lengths(FAMILY_IPV6, more);
	}
}
END_TEST

START_TEST(decode_ipv6_add_path)
{
	const uint8_t in[] = {0, 0, 1, 2, 32, 0x20, 0x01, 0x0d, 0xb8};
	struct rbuf r = rbuf_of(in, sizeof(in));
	struct nlri n;

	ck_assert_int_eq(nlri_next(&r, FAMILY_IPV6, true, &n), NLRI_OK);
	ck_assert_uint_eq(n.path_id, 258);
	ck_assert_uint_eq(n.prefix.family, FAMILY_IPV6);
	ck_assert_mem_eq(n.prefix.bytes, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\0", 16);
	ck_assert_int_eq(nlri_next(&r, FAMILY_IPV6, true, &n), NLRI_END);
}
END_TEST

static const struct bad {
	enum family f;
	bool add_path;
	uint8_t len, in[8];
} bads[] = {
    {FAMILY_IPV4, false, 6, {33, 1, 2, 3, 4, 5}}, /* longer than an address */
    {FAMILY_IPV4, false, 3, {24, 10, 0}},         /* truncated address */
    {FAMILY_IPV6, false, 2, {129, 0}},
    {FAMILY_IPV4, true, 4, {0, 0, 0, 1}},   /* a path id and nothing else */
    {FAMILY_IPV4, true, 3, {0, 0, 1}},      /* half a path id */
    {FAMILY_IPV4, false, 4, {8, 10, 9, 1}}, /* the second is truncated */
};

START_TEST(decode_bad)
{
	const struct bad *b = &bads[_i];
	struct rbuf r = rbuf_of(b->in, b->len);
	struct nlri n;
	enum nlri_result res;

	ck_assert_int_eq(nlri_check(b->in, b->len, b->f, b->add_path), -1);
	do
		res = nlri_next(&r, b->f, b->add_path, &n);
	while (res == NLRI_OK);
	ck_assert_int_eq(res, NLRI_BAD);
	/* sticky: asking again does not bring it back to life */
	ck_assert_int_eq(nlri_next(&r, b->f, b->add_path, &n), NLRI_BAD);
}
END_TEST

START_TEST(encode)
{
	uint8_t out[16];
	struct wbuf w = wbuf_of(out, 14);
	struct nlri a = {.path_id = 7, .prefix = {.bytes = {192, 0, 2, 0}, .len = 24, .family = FAMILY_IPV4}};

	ck_assert_uint_eq(nlri_octets(&a, false), 4);
	ck_assert_uint_eq(nlri_octets(&a, true), 8);
	ck_assert(nlri_put(&w, &a, true));
	ck_assert(nlri_put(&w, &a, false));
	ck_assert_mem_eq(out, "\0\0\0\x07\x18\xc0\0\x02\x18\xc0\0\x02", 12);
	ck_assert(!nlri_put(&w, &a, false)); /* two octets are left */
	ck_assert_uint_eq(w.len, 12);
	ck_assert(!w.err);
}
END_TEST

START_TEST(unicast)
{
	ck_assert(nlri_is_unicast(&(struct ip_prefix){.len = 0, .family = FAMILY_IPV4}));
	ck_assert(nlri_is_unicast(&(struct ip_prefix){.bytes = {223}, .len = 8, .family = FAMILY_IPV4}));
	ck_assert(!nlri_is_unicast(&(struct ip_prefix){.bytes = {224}, .len = 4, .family = FAMILY_IPV4}));
	ck_assert(!nlri_is_unicast(&(struct ip_prefix){.bytes = {240, 1}, .len = 16, .family = FAMILY_IPV4}));
	ck_assert(nlri_is_unicast(&(struct ip_prefix){.len = 0, .family = FAMILY_IPV6}));
	ck_assert(nlri_is_unicast(&(struct ip_prefix){.bytes = {0xfc}, .len = 7, .family = FAMILY_IPV6}));
	ck_assert(
	    !nlri_is_unicast(&(struct ip_prefix){.bytes = {0xff, 2}, .len = 16, .family = FAMILY_IPV6}));
	ck_assert(
	    !nlri_is_unicast(&(struct ip_prefix){.bytes = {0xfe, 0x80}, .len = 64, .family = FAMILY_IPV6}));
}
END_TEST

START_TEST(families)
{
	ck_assert_int_eq(family_from_afi_safi(1, 1), FAMILY_IPV4);
	ck_assert_int_eq(family_from_afi_safi(2, 1), FAMILY_IPV6);
	ck_assert_int_eq(family_from_afi_safi(1, 2), FAMILY_NONE);
	ck_assert_int_eq(family_from_afi_safi(25, 1), FAMILY_NONE);
	ck_assert_uint_eq(family_afi(FAMILY_IPV6), 2);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("nlri");
	TCase *t = tcase_create("nlri");

	tcase_add_test(t, decode_ipv4);
	tcase_add_test(t, decode_all_lengths);
	tcase_add_test(t, decode_ipv6_add_path);
	tcase_add_loop_test(t, decode_bad, 0, sizeof(bads) / sizeof(bads[0]));
	tcase_add_test(t, encode);
	tcase_add_test(t, unicast);
	tcase_add_test(t, families);
	suite_add_tcase(s, t);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
