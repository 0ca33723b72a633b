/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/buf: big-endian integers, and the error that sticks at the first octet out of bounds. */
#include "lib/buf.h"

#include "tests/unit/suite.h"

START_TEST(test_read)
{
	static const uint8_t in[] = {0x12, 0x34, 0x56, 0x78, 0x9a, 0xbc, 0xde, 0xf0};
	struct rbuf r = rbuf_of(in, sizeof(in));

	ck_assert_uint_eq(rbuf_u8(&r), 0x12);
	ck_assert_uint_eq(rbuf_u16(&r), 0x3456);
	ck_assert_uint_eq(rbuf_u32(&r), 0x789abcde);
	ck_assert_uint_eq(rbuf_left(&r), 1);
	ck_assert(!r.err);
	ck_assert_uint_eq(rbuf_u16(&r), 0);
	ck_assert(r.err);
	/* one octet would be there, but the error sticks */
	ck_assert_uint_eq(rbuf_u8(&r), 0);
	ck_assert_uint_eq(be64_get(in), 0x123456789abcdef0ull);
}
END_TEST

START_TEST(test_sub)
{
	static const uint8_t in[] = {1, 2, 3, 4, 5};
	struct rbuf r = rbuf_of(in, sizeof(in));
	struct rbuf s = rbuf_sub(&r, 3);

	ck_assert_uint_eq(rbuf_left(&s), 3);
	ck_assert_uint_eq(rbuf_left(&r), 2);
	ck_assert_uint_eq(rbuf_u8(&r), 4);
	ck_assert_uint_eq(rbuf_u32(&s), 0);
	ck_assert(s.err);
	ck_assert(!r.err);
	s = rbuf_sub(&r, 2);
	ck_assert(s.err);
	ck_assert(r.err);
	ck_assert_uint_eq(rbuf_left(&s), 0);
}
END_TEST

START_TEST(test_write)
{
	uint8_t out[8] = {0};
	struct wbuf w = wbuf_of(out, 6);

	wbuf_put(&w, "ab", 2);
	ck_assert_uint_eq(w.len, 2);
	be32_put(wbuf_room(&w, 4), 0x01020304);
	ck_assert(!w.err);
	ck_assert_ptr_null(wbuf_room(&w, 1));
	ck_assert(w.err);
	wbuf_put(&w, "c", 1);
	ck_assert_uint_eq(w.len, 6);
	ck_assert_mem_eq(out, "ab\1\2\3\4\0\0", 8);
	be64_put(out, 0x1122334455667788ull);
	ck_assert_mem_eq(out, "\x11\x22\x33\x44\x55\x66\x77\x88", 8);
	be16_put(out, 0xabcd);
	ck_assert_mem_eq(out, "\xab\xcd\x33", 3);
}
END_TEST

SUITE("buf", test_read, test_sub, test_write)
