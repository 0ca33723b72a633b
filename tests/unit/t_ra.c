/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/ra: what is sent, and which messages of others count. Values from RFC 4861 4.1, 4.2, 6.1. */
#include "bgpd/ra.h"

#include <string.h>

#include "tests/unit/suite.h"

static struct ip_addr
addr(const char *text)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_addr_parse(text, &a), 0);
	return a;
}

START_TEST(test_encode)
{
	/* Type 134, no flags, router lifetime 0: no default router. Type 133: 8 octets. */
	static const uint8_t advert[16] = {134}, solicit[8] = {133};
	uint8_t out[RA_MAX];

	ck_assert_uint_eq(ra_encode(RA_ADVERT, out), sizeof(advert));
	ck_assert_mem_eq(out, advert, sizeof(advert));
	ck_assert_uint_eq(ra_encode(RA_SOLICIT, out), sizeof(solicit));
	ck_assert_mem_eq(out, solicit, sizeof(solicit));
}
END_TEST

START_TEST(test_decode)
{
	struct ip_addr from = addr("fe80::1"), global = addr("2001:db8::1");
	/* An advertisement with the sender's Ethernet address, and a prefix option of 32 octets cut to nothing else. */
	uint8_t advert[24] = {134, 0, 0, 0, 64, 0, 7, 8, [16] = 1, 1, 2, 0, 0, 0, 0, 1};
	uint8_t solicit[16] = {133, [8] = 1, 1, 2, 0, 0, 0, 0, 1};

	ck_assert_int_eq(ra_decode(advert, 24, 255, &from), RA_ADVERT);
	ck_assert_int_eq(ra_decode(advert, 16, 255, &from), RA_ADVERT);
	ck_assert_int_eq(ra_decode(solicit, 8, 255, &from), RA_SOLICIT);
	ck_assert_int_eq(ra_decode(solicit, 16, 255, &from), RA_SOLICIT);
	/* It has crossed a router, it is not from this link, or it is too short. */
	ck_assert_int_eq(ra_decode(advert, 24, 254, &from), RA_NONE);
	ck_assert_int_eq(ra_decode(advert, 24, -1, &from), RA_NONE);
	ck_assert_int_eq(ra_decode(advert, 24, 255, &global), RA_NONE);
	for (size_t len = 0; len < 16; len++)
		ck_assert_int_eq(ra_decode(advert, len, 255, &from), RA_NONE);
	for (size_t len = 0; len < 8; len++)
		ck_assert_int_eq(ra_decode(solicit, len, 255, &from), RA_NONE);
	/* An option that is cut, or of length 0. */
	for (size_t len = 17; len < 24; len++)
		ck_assert_int_eq(ra_decode(advert, len, 255, &from), RA_NONE);
	advert[17] = 0;
	ck_assert_int_eq(ra_decode(advert, 24, 255, &from), RA_NONE);
	advert[17] = 2;
	ck_assert_int_eq(ra_decode(advert, 24, 255, &from), RA_NONE);
	advert[17] = 1;
	/* Another code, another type. */
	advert[1] = 1;
	ck_assert_int_eq(ra_decode(advert, 24, 255, &from), RA_NONE);
	advert[1] = 0;
	advert[0] = 135;
	ck_assert_int_eq(ra_decode(advert, 24, 255, &from), RA_NONE);
}
END_TEST

SUITE("ra", test_encode, test_decode)
