/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/base64: the vectors of RFC 4648 section 10, all octets, and what is none. */
#include "lib/base64.h"

#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/suite.h"

static const char *const vectors[][2] = {{"", ""},
					 {"f", "Zg=="},
					 {"fo", "Zm8="},
					 {"foo", "Zm9v"},
					 {"foob", "Zm9vYg=="},
					 {"fooba", "Zm9vYmE="},
					 {"foobar", "Zm9vYmFy"}};

START_TEST(test_vectors)
{
	size_t len;

	for (size_t i = 0; i < ARRAY_LEN(vectors); i++) {
		struct str out = {0};
		base64_encode(&out, vectors[i][0], strlen(vectors[i][0]));
		ck_assert_str_eq(str_get(&out), vectors[i][1]);
		str_free(&out);
		char *back = base64_decode(vectors[i][1], &len);
		ck_assert_str_eq(back, vectors[i][0]);
		ck_assert_uint_eq(len, strlen(vectors[i][0]));
		free(back);
	}
}
END_TEST

START_TEST(test_octets)
{
	unsigned char all[256];
	struct str out = {0};
	size_t len;

	for (unsigned i = 0; i < 256; i++)
		all[i] = (unsigned char)i;
	base64_encode(&out, all, sizeof(all));
	char *back = base64_decode(str_get(&out), &len);
	ck_assert_uint_eq(len, sizeof(all));
	ck_assert_mem_eq(back, all, sizeof(all));
	free(back);
	str_free(&out);
}
END_TEST

START_TEST(test_loose)
{
	size_t len;
	char *back = base64_decode("Zm9v\n YmFy\r\n", &len);

	ck_assert_str_eq(back, "foobar");
	free(back);
	back = base64_decode("Zg", &len);
	ck_assert_str_eq(back, "f");
	free(back);
	ck_assert_ptr_null(base64_decode("Zm9v!", &len));
	ck_assert_ptr_null(base64_decode("Zm-_", &len));
	ck_assert_ptr_null(base64_decode("\xff", &len));
	/* Cut off within. */
	ck_assert_ptr_null(base64_decode("Z", &len));
	ck_assert_ptr_null(base64_decode("Zm9vY", &len));
}
END_TEST

SUITE("base64", test_vectors, test_octets, test_loose)
