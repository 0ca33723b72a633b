/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/msg_text: messages written by hand after their RFCs, good and bad, and what people read of
 * them. */
#include "bgpd/msg_text.h"

#include "bgpd/msg.h"
#include "tests/unit/suite.h"

#include <check.h>
#include <stdlib.h>
#include <string.h>

static const struct msg_text_session plain = {.as4 = true};
static struct str text, prefixes;

static void
say(const struct msg_text_session *s, uint8_t type, const uint8_t *body, size_t len)
{
	/* Exactly as long as it is, so that a sanitizer sees what reads beyond. */
	uint8_t *copy = malloc(len > 0 ? len : 1);

	for (size_t i = 0; i < len; i++)
		copy[i] = body[i];
	str_reset(&text);
	str_reset(&prefixes);
	msg_text(s, type, copy, len, &text, &prefixes);
	free(copy);
}
#define SAY(s, type, ...)                                                                                    \
	say((s), (type), (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

START_TEST(test_open)
{
	/* Families, refresh, role, graceful restart (R, 120 s, forwarding), AS 65551, ADD-PATH, and code 99
	 * that nobody knows. */
	SAY(&plain, BGP_MSG_OPEN, 4, 0x5b, 0xa0, 0, 90, 10, 0, 0, 1, 41, 2, 39, /**/
	    1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0, 1, 2, 0, 9, 1, 3,                  /**/
	    64, 6, 0x80, 120, 0, 1, 1, 0x80, 65, 4, 0, 1, 0, 15, 69, 4, 0, 1, 1, 3, 99, 0);
	ck_assert_str_eq(
	    str_get(&text),
	    "version 4; AS 65551; hold time 90 s; id 10.0.0.1; families ipv4-unicast ipv6-unicast; "
	    "four-octet AS; route refresh; role customer; ADD-PATH ipv4-unicast both; graceful restart 120 s "
	    "restarting ipv4-unicast forwarding ipv4-unicast; capabilities 1 1 2 9 64 65 69 99");
	/* A capability that is longer than its parameter. */
	SAY(&plain, BGP_MSG_OPEN, 4, 0x5b, 0xa0, 0, 90, 10, 0, 0, 1, 4, 2, 2, 2, 9);
	ck_assert_str_eq(str_get(&text), "(malformed: capability longer than its parameter) 14 octets "
					 "045ba0005a0a0000010402020209");
}
END_TEST

START_TEST(test_update)
{
	SAY(&plain, BGP_MSG_UPDATE, 0, 3, 16, 10, 9, 0, 46,        /**/
	    0x40, 1, 1, 0,                                         /**/
	    0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0xfd, 0xea, /**/
	    0x40, 3, 4, 192, 0, 2, 1,                              /**/
	    0x80, 4, 4, 0, 0, 0, 5,                                /**/
	    0xc0, 8, 8, 0xfd, 0xe9, 0, 7, 0xff, 0xff, 0xff, 1,     /**/
	    0xe0, 200, 1, 0xab,                                    /**/
	    24, 198, 51, 100, 8, 11);
	ck_assert_str_eq(str_get(&text),
			 "ORIGIN IGP; AS_PATH 65001 65002; NEXT_HOP 192.0.2.1; MULTI_EXIT_DISC 5; "
			 "COMMUNITIES 65001:7 no-export; attribute 200 flags 0xe0 1 octets ab");
	ck_assert_str_eq(str_get(&prefixes),
			 "withdrawn 1: 10.9.0.0/16; announced 2: 198.51.100.0/24 11.0.0.0/8");
	SAY(&plain, BGP_MSG_UPDATE, 0, 0, 0, 0);
	ck_assert_str_eq(str_get(&text), "End-of-RIB ipv4-unicast");
	ck_assert_str_eq(str_get(&prefixes), "");
}
END_TEST

/* Numbers of two octets, path ids, and a set. */
START_TEST(test_update_of_session)
{
	static const struct msg_text_session s = {.as4 = false, .add_path = {[FAMILY_IPV4] = true}};

	SAY(&s, BGP_MSG_UPDATE, 0, 0, 0, 13, 0x40, 2, 10, 2, 1, 0xfd, 0xe9, 1, 2, 0, 1, 0, 2, 0, 0, 0, 7, 8,
	    11);
	ck_assert_str_eq(str_get(&text), "AS_PATH 65001 {1 2}");
	ck_assert_str_eq(str_get(&prefixes), "announced 1: 11.0.0.0/8 (id 7)");
}
END_TEST

START_TEST(test_update_mp)
{
	SAY(&plain, BGP_MSG_UPDATE, 0, 0, 0, 37, /**/
	    0x80, 14, 26, 0, 2, 1, 16, 0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 32, 0x20, 1,
	    0xd, 0xb8, /**/
	    0x80, 15, 5, 0, 2, 1, 8, 0x20);
	ck_assert_str_eq(str_get(&text),
			 "MP_REACH_NLRI ipv6-unicast next hop fe80::1; MP_UNREACH_NLRI ipv6-unicast");
	ck_assert_str_eq(str_get(&prefixes), "announced 1: 2001:db8::/32; withdrawn 1: 2000::/8");
	/* A family that is not ours: VPN-IPv4. */
	SAY(&plain, BGP_MSG_UPDATE, 0, 0, 0, 8, 0x80, 15, 5, 0, 1, 128, 8, 10);
	ck_assert_str_eq(str_get(&text), "MP_UNREACH_NLRI AFI 1 SAFI 128 2 octets 080a");
}
END_TEST

START_TEST(test_update_malformed)
{
	/* MED of three octets, and a prefix of 33 bits behind a good one. */
	SAY(&plain, BGP_MSG_UPDATE, 0, 0, 0, 6, 0x80, 4, 3, 0, 0, 5, 8, 10, 33, 1, 2, 3, 4, 5);
	ck_assert_str_eq(str_get(&text), "MULTI_EXIT_DISC 0 (malformed)");
	ck_assert_str_eq(str_get(&prefixes), "announced 1: 10.0.0.0/8 (malformed)");
	/* An attribute that is longer than all of them. */
	SAY(&plain, BGP_MSG_UPDATE, 0, 0, 0, 7, 0x40, 1, 1, 2, 0x40, 2, 9);
	ck_assert_str_eq(str_get(&text), "ORIGIN incomplete (malformed)");
	/* Lengths that lead out of the message. */
	SAY(&plain, BGP_MSG_UPDATE, 0, 9, 0, 0);
	ck_assert_str_eq(str_get(&text), "(malformed)");
	SAY(&plain, BGP_MSG_UPDATE, 0);
	ck_assert_str_eq(str_get(&text), "(malformed)");
}
END_TEST

/* A line does not grow with the message. */
START_TEST(test_bounds)
{
	static uint8_t m[4000];
	size_t n = 4;

	for (unsigned i = 0; i < 1000; i++) {
		m[n++] = 16;
		m[n++] = 10;
		m[n++] = (uint8_t)i;
	}
	say(&plain, BGP_MSG_UPDATE, m, n);
	ck_assert_ptr_nonnull(strstr(str_get(&prefixes), "announced 1000: 10.0.0.0/16 10.1.0.0/16 "));
	ck_assert_ptr_nonnull(strstr(str_get(&prefixes), " 10.15.0.0/16 ..."));
	ck_assert_ptr_null(strstr(str_get(&prefixes), "10.16.0.0"));
	/* 200 communities, and a path of 200 ASes. */
	n = 4;
	m[n++] = 0xd0;
	m[n++] = 8;
	m[n++] = 800 >> 8;
	m[n++] = 800 & 0xff;
	n += 800;
	m[n++] = 0x50;
	m[n++] = 2;
	m[n++] = 802 >> 8;
	m[n++] = 802 & 0xff;
	m[n++] = 2;
	m[n++] = 200;
	n += 800;
	m[2] = (uint8_t)((n - 4) >> 8);
	m[3] = (uint8_t)(n - 4);
	say(&plain, BGP_MSG_UPDATE, m, n);
	ck_assert_ptr_nonnull(strstr(str_get(&text), " ... 200; AS_PATH "));
	ck_assert_ptr_nonnull(strstr(str_get(&text), " ... 200 ASes"));
	ck_assert_uint_lt(text.len, 800);
}
END_TEST

START_TEST(test_notification)
{
	SAY(&plain, BGP_MSG_NOTIFICATION, 6, 2, 5, 'l', 'a', 't', 'e', 'r');
	ck_assert_str_eq(str_get(&text), "6/2 Cease/Administrative Shutdown: later");
	SAY(&plain, BGP_MSG_NOTIFICATION, 2, 2, 0xfd, 0xe9);
	ck_assert_str_eq(str_get(&text), "2/2 OPEN Message Error/Bad Peer AS data 2 octets fde9");
	SAY(&plain, BGP_MSG_NOTIFICATION, 6, 9, 6, 3);
	ck_assert_str_eq(str_get(&text), "6/9 Hard Reset: 6/3 Cease/Peer De-configured");
}
END_TEST

START_TEST(test_refresh)
{
	SAY(&plain, BGP_MSG_REFRESH, 0, 1, 0, 1);
	ck_assert_str_eq(str_get(&text), "ipv4-unicast request");
	SAY(&plain, BGP_MSG_REFRESH, 0, 2, 1, 1);
	ck_assert_str_eq(str_get(&text), "ipv6-unicast BoRR");
	SAY(&plain, BGP_MSG_REFRESH, 0, 2, 2, 1);
	ck_assert_str_eq(str_get(&text), "ipv6-unicast EoRR");
	SAY(&plain, BGP_MSG_REFRESH, 0, 1, 9, 128);
	ck_assert_str_eq(str_get(&text), "AFI 1 SAFI 128 subtype 9");
	say(&plain, BGP_MSG_KEEPALIVE, NULL, 0);
	ck_assert_str_eq(str_get(&text), "");
}
END_TEST

SUITE("msg_text", test_open, test_update, test_update_of_session, test_update_mp, test_update_malformed,
      test_bounds, test_notification, test_refresh)
