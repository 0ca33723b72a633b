/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tools/bench_encode: octets written out by hand from RFC 4271 section 4, RFC 5492, 6793 and 8092.
 */
#include "tools/bench_encode.h"

#include <string.h>

#include "lib/buf.h"
#include "tests/unit/suite.h"

#define MARKER 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255

static const uint8_t end_of_rib[] = {MARKER, 0, 23, 2, 0, 0, 0, 0};

START_TEST(test_update)
{
	struct bench_route routes[] = {
	    {.addr = 0xc6336400ull << 32, .len = 24},
	    {.addr = 0x0bull << 56, .len = 9},
	};
	struct bench_attrs set = {
	    .path = {65001, 196608},
	    .path_count = 2,
	    .origin = 2,
	    .has_med = true,
	    .med = 258,
	    .communities = {65001u << 16 | 100},
	    .community_count = 1,
	    .larges = {{65001, 1, 2}},
	    .large_count = 1,
	};
	struct bench_table t = {.routes = routes, .sets = &set, .route_count = 2, .set_count = 1, .variants = 1, .family = FAMILY_IPV4};
	static const uint8_t want[] = {
	    MARKER, 0,   83, 2,    0,    0,    0,    53, /* 19+2+2+53+7; nothing withdrawn; 4+13+7+7+7+15 */
	    0x40,   1,   1,  2,                          /* ORIGIN incomplete */
	    0x40,   2,   10, 2,    2,    0,    0,    0xfd, 0xe9, 0, 3, 0, 0,       /* AS_PATH */
	    0x40,   3,   4,  10,   99,   1,    2,                                  /* NEXT_HOP */
	    0x80,   4,   4,  0,    0,    1,    2,                                  /* MED */
	    0xc0,   8,   4,  0xfd, 0xe9, 0,    100,                                /* COMMUNITIES */
	    0xc0,   32,  12, 0,    0,    0xfd, 0xe9, 0,    0,    0, 1, 0, 0, 0, 2, /* LARGE_COMMUNITY */
	    24,     198, 51, 100,  9,    11,   0,
	};
	struct bench_part all = {.end = 2};
	struct bench_voice voice = {.next_hop = ip_addr_v4(0x0a630102)};
	struct bench_stream s;

	bench_stream_announce(&s, &t, &all, &voice, true);
	ck_assert_uint_eq(s.update_count, 1);
	ck_assert_uint_eq(s.len, sizeof(want) + sizeof(end_of_rib));
	ck_assert_mem_eq(s.data, want, sizeof(want));
	ck_assert_mem_eq(s.data + sizeof(want), end_of_rib, sizeof(end_of_rib));
	bench_stream_free(&s);
}
END_TEST

/* Attributes of 4+9+7 octets leave 4096 - 23 - 20 = 4053 for prefixes of 4: 1013, so 2500 need three
 * messages. */
START_TEST(test_split)
{
	struct bench_route routes[2500] = {0};
	struct bench_attrs set = {.path = {65001}, .path_count = 1};
	struct bench_table t = {.routes = routes, .sets = &set, .route_count = 2500, .set_count = 1, .variants = 1, .family = FAMILY_IPV4};
	struct bench_part all = {.end = 2500};
	struct bench_voice voice = {.next_hop = ip_addr_v4(1)};
	struct bench_stream s;
	size_t at = 0, octets = 0;

	for (uint32_t i = 0; i < 2500; i++)
		routes[i] = (struct bench_route){.addr = (0x0b000000ull + (i << 8)) << 32, .len = 24};
	bench_stream_announce(&s, &t, &all, &voice, true);
	ck_assert_uint_eq(s.update_count, 3);
	for (int i = 0; i < 3; i++) {
		size_t len = be16_get(s.data + at + 16);

		ck_assert_uint_le(len, 4096);
		ck_assert_uint_eq(be16_get(s.data + at + 21), 20);
		octets += len - 23 - 20;
		at += len;
	}
	ck_assert_uint_eq(octets, 2500 * 4);
	ck_assert_uint_eq(s.len - at, sizeof(end_of_rib));
	bench_stream_free(&s);
}
END_TEST

/* RFC 4760 sections 3 and 4: IPv6 routes, the announcement first in the message (RFC 7606 5.1). */
START_TEST(test_update_v6)
{
	struct bench_route routes[] = {{.addr = 0x2a00000100020000ull, .len = 48}, {.addr = 0x2a01ull << 48, .len = 29}};
	struct bench_attrs set = {.path = {65001}, .path_count = 1};
	struct bench_table t = {
	    .routes = routes, .sets = &set, .route_count = 2, .set_count = 1, .variants = 1, .family = FAMILY_IPV6};
	struct bench_part all = {.end = 2};
	struct bench_voice voice = {.internal = true};
	static const uint8_t reach[] = {
	    MARKER, 0,  80, 2,  0,  0, 0,    57,                                  /* 23 + 4+33 + 4 + 9 + 7 */
	    0x90,   14, 0,  33, 0,  2, 1,    16,                                  /* MP_REACH_NLRI */
	    0xfd,   0,  0,  0,  0,  0, 0,    0,    0, 0, 0, 0, 0, 0,    0,    1, 0, /* fd00::1 */
	    48,     0x2a, 0, 0, 1, 0, 2, 29, 0x2a, 1, 0, 0,
	    0x40,   1,  1,  0,  0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9,               /* ORIGIN, AS_PATH */
	    0x40,   5,  4,  0,  0,  0, 100,                                       /* LOCAL_PREF */
	};
	static const uint8_t unreach[] = {
	    MARKER, 0, 42, 2, 0, 0, 0, 19, 0x90, 15, 0, 15, 0, 2, 1, 48, 0x2a, 0, 0, 1, 0, 2, 29, 0x2a, 1, 0, 0,
	};
	static const uint8_t end[] = {MARKER, 0, 30, 2, 0, 0, 0, 7, 0x90, 15, 0, 3, 0, 2, 1};
	struct bench_stream s;

	ck_assert_int_eq(ip_addr_parse("fd00::1", &voice.next_hop), 0);
	bench_stream_announce(&s, &t, &all, &voice, true);
	ck_assert_uint_eq(s.len, sizeof(reach) + sizeof(end));
	ck_assert_mem_eq(s.data, reach, sizeof(reach));
	ck_assert_mem_eq(s.data + sizeof(reach), end, sizeof(end));
	bench_stream_free(&s);
	bench_stream_withdraw(&s, &t, &all);
	ck_assert_uint_eq(s.len, sizeof(unreach));
	ck_assert_mem_eq(s.data, unreach, sizeof(unreach));
	bench_stream_free(&s);
}
END_TEST

START_TEST(test_withdraw)
{
	struct bench_route routes[] = {{.addr = 0xc6336400ull << 32, .len = 24}, {.addr = 0x0bull << 56, .len = 9}};
	struct bench_table t = {.routes = routes, .route_count = 2, .variants = 1, .family = FAMILY_IPV4};
	struct bench_part second = {.first = 1, .end = 2};
	static const uint8_t want[] = {MARKER, 0, 26, 2, 0, 3, 9, 11, 0, 0, 0};
	struct bench_stream s;

	bench_stream_withdraw(&s, &t, &second);
	ck_assert_uint_eq(s.len, sizeof(want));
	ck_assert_mem_eq(s.data, want, sizeof(want));
	bench_stream_free(&s);
}
END_TEST

/* The parts of one share are disjoint and make the whole. */
START_TEST(test_part)
{
	struct bench_part p = {.first = 100, .end = 20100, .mod = 20};
	uint32_t in_part[20] = {0}, total = 0;

	for (p.rem = 0; p.rem < 20; p.rem++)
		for (uint32_t route = 0; route < 30000; route++)
			in_part[p.rem] += bench_part_has(&p, route);
	for (int i = 0; i < 20; i++) {
		ck_assert(in_part[i] > 800 && in_part[i] < 1200);
		total += in_part[i];
	}
	ck_assert_uint_eq(total, 20000);
}
END_TEST

START_TEST(test_open)
{
	static const uint8_t want[] = {
	    MARKER, 0, 45, 1, 4, 0x5b, 0xa0, 0, 90, 10, 0, 0,  1, /* AS_TRANS */
	    16,     2, 14, 1, 4, 0,    1,    0, 1,  2,  0, 65, 4, 0, 3, 0, 1,
	};
	uint8_t msg[BENCH_MSG_MAX];

	ck_assert_uint_eq(bench_open_put(msg, FAMILY_IPV4, 196609, 90, 0x0a000001), 45);
	ck_assert_uint_eq(sizeof(want), 45);
	ck_assert_mem_eq(msg, want, sizeof(want));
}
END_TEST

START_TEST(test_keepalive)
{
	static const uint8_t want[] = {MARKER, 0, 19, 4};
	uint8_t msg[BENCH_MSG_MAX];

	ck_assert_uint_eq(bench_keepalive_put(msg), 19);
	ck_assert_mem_eq(msg, want, sizeof(want));
}
END_TEST

SUITE("bench_encode", test_update, test_split, test_update_v6, test_withdraw, test_part, test_open,
      test_keepalive)
