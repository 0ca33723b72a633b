/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/community: the three kinds, with octets from RFC 1997, 4360, 5668 and 8092. */
#include "rib/community.h"

#include <string.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

#define STD(a, b)                                                                                            \
	{                                                                                                    \
		.kind = COMMUNITY_STD, .part = { {(a), (a)}, {(b), (b)} }                                    \
	}
#define LARGE(a, b, c)                                                                                       \
	{                                                                                                    \
		.kind = COMMUNITY_LARGE, .part = { {(a), (a)}, {(b), (b)}, {(c), (c)} }                      \
	}

static const uint8_t no_export[] = {0xff, 0xff, 0xff, 0x01};
static const uint8_t std_entry[] = {0xfc, 0x00, 0x00, 0x64}; /* 64512:100 */
static const uint8_t large_entry[] = {0, 0, 0xfc, 0, 0, 0, 0, 1, 0, 0, 0, 2};
static const uint8_t rt2[] = {0x00, 2, 0xfc, 0x00, 0, 0, 0, 1};
static const uint8_t soo_ip[] = {0x01, 3, 10, 0, 0, 1, 0, 5};
static const uint8_t rt4[] = {0x02, 2, 0, 1, 0, 0, 0, 7}; /* AS 65536 */
static const uint8_t opaque[] = {0x03, 0x0c, 0, 0, 0, 0, 0, 8};

static void
check_text(enum community_kind kind, const uint8_t *entry, const char *want)
{
	struct str s = {0};

	community_text(kind, entry, &s);
	ck_assert_str_eq(str_get(&s), want);
	str_free(&s);
}

/* draft-ietf-idr-link-bandwidth: AS 65001, 100 Mbit/s = 12500000 octets a second = 0x1.7d784p23, within an AS or not. */
START_TEST(test_bandwidth)
{
	static const uint8_t in_as[] = {0x40, 4, 0xfd, 0xe9, 0x4b, 0x3e, 0xbc, 0x20}, out[] = {0, 4, 0xfd, 0xe9, 0x4b, 0x3e, 0xbc, 0x20};
	static const uint8_t odd[] = {0, 4, 0xfd, 0xe9, 0x4b, 0x3e, 0xbc, 0x21}, zero[] = {0, 4, 0xfd, 0xe9, 0, 0, 0, 0};
	struct community_pattern p = {.kind = COMMUNITY_EXT, .part = {{65001, 65001}, {100, 100}},
				      .ext_types = COMMUNITY_EXT_TWO_OCTET_AS, .ext_subtype = 4};
	uint8_t made[12];

	check_text(COMMUNITY_EXT, in_as, "bandwidth:65001:100");
	check_text(COMMUNITY_EXT, out, "bandwidth:65001:100");
	check_text(COMMUNITY_EXT, odd, "0x0004fde94b3ebc21");
	check_text(COMMUNITY_EXT, zero, "0x0004fde900000000");
	ck_assert(community_is_exact(&p));
	ck_assert_uint_eq(community_value(&p, made), 8);
	ck_assert_mem_eq(made, out, 8);
	ck_assert(community_fits(&p, in_as) && community_fits(&p, out) && community_fits(&p, odd));
	p.part[1] = (struct community_range){101, UINT32_MAX};
	ck_assert(!community_fits(&p, out));
	p.part[1] = (struct community_range){0, 99};
	ck_assert(!community_fits(&p, out) && !community_fits(&p, zero));
}
END_TEST

START_TEST(test_text)
{
	check_text(COMMUNITY_STD, std_entry, "64512:100");
	check_text(COMMUNITY_STD, no_export, "no-export");
	check_text(COMMUNITY_LARGE, large_entry, "64512:1:2");
	check_text(COMMUNITY_EXT, rt2, "rt:64512:1");
	check_text(COMMUNITY_EXT, soo_ip, "soo:10.0.0.1:5");
	check_text(COMMUNITY_EXT, rt4, "rt:65536:7");
	check_text(COMMUNITY_EXT, opaque, "0x030c000000000008");
	ck_assert_str_eq(community_name(0xffff029a), "blackhole");
	/* bgpd.yaml(5) takes these names too */
	ck_assert_str_eq(community_name(0xffff0001), "accept-own");
	ck_assert_str_eq(community_name(0xffffff04), "no-peer");
	ck_assert_ptr_null(community_name(0xfc000064));
}
END_TEST

START_TEST(test_sort)
{
	uint8_t list[] = {0xff, 0xff, 0xff, 1, 0, 1, 0, 2, 0xff, 0xff, 0xff, 1, 0, 1, 0, 1};
	static const uint8_t want[] = {0, 1, 0, 1, 0, 1, 0, 2, 0xff, 0xff, 0xff, 1};

	ck_assert_uint_eq(community_sort(COMMUNITY_STD, list, sizeof(list)), sizeof(want));
	ck_assert_mem_eq(list, want, sizeof(want));
	ck_assert_uint_eq(community_sort(COMMUNITY_EXT, list, 0), 0);
}
END_TEST

START_TEST(test_fits)
{
	const struct community_pattern any_of_as = {.kind = COMMUNITY_STD,
						    .part = {{64512, 64512}, {0, 65535}}};
	const struct community_pattern range = {.kind = COMMUNITY_STD, .part = {{64512, 64512}, {1, 99}}};
	const struct community_pattern large = {.kind = COMMUNITY_LARGE,
						.part = {{64512, 64512}, {0, UINT32_MAX}, {2, 2}}};
	struct community_pattern ext = {.kind = COMMUNITY_EXT,
					.part = {{0, UINT32_MAX}, {0, UINT32_MAX}},
					.ext_types = COMMUNITY_EXT_TWO_OCTET_AS | COMMUNITY_EXT_FOUR_OCTET_AS,
					.ext_subtype = 2};

	ck_assert(community_fits(&any_of_as, std_entry));
	ck_assert(!community_fits(&any_of_as, no_export));
	ck_assert(!community_fits(&range, std_entry));
	ck_assert(community_fits(&large, large_entry));
	ck_assert(community_fits(&ext, rt2));
	ck_assert(community_fits(&ext, rt4));
	ck_assert(!community_fits(&ext, soo_ip));
	ck_assert(!community_fits(&ext, opaque));
	ext.part[0] = (struct community_range){65536, 65536};
	ck_assert(!community_fits(&ext, rt2));
	ck_assert(community_fits(&ext, rt4));
	ck_assert(!community_is_exact(&ext));
	ck_assert(!community_is_exact(&any_of_as));
}
END_TEST

START_TEST(test_value)
{
	struct community_pattern p = {
	    .kind = COMMUNITY_EXT, .part = {{65536, 65536}, {7, 7}}, .ext_subtype = 2};
	const struct community_pattern large = LARGE(64512, 1, 2);
	uint8_t out[12];

	p.ext_types = COMMUNITY_EXT_FOUR_OCTET_AS;
	ck_assert_uint_eq(community_value(&p, out), 8);
	ck_assert_mem_eq(out, rt4, 8);
	p.ext_types |= COMMUNITY_EXT_IPV4;
	ck_assert(!community_is_exact(&p));
	p = (struct community_pattern){.kind = COMMUNITY_EXT,
				       .part = {{64512, 64512}, {1, 1}},
				       .ext_types = COMMUNITY_EXT_TWO_OCTET_AS,
				       .ext_subtype = 2};
	community_value(&p, out);
	ck_assert_mem_eq(out, rt2, 8);
	ck_assert_uint_eq(community_value(&large, out), 12);
	ck_assert_mem_eq(out, large_entry, 12);
}
END_TEST

START_TEST(test_edit)
{
	static const struct community_pattern add[] = {STD(65535, 65281), STD(64512, 100), STD(64512, 100)};
	static const struct community_pattern remove[] = {
	    {.kind = COMMUNITY_STD, .part = {{64512, 64512}, {0, 65535}}}, LARGE(64512, 1, 2)};
	static const uint8_t want[] = {0xc0, 8, 8, 0xfc, 0, 0, 0x64, 0xff, 0xff, 0xff, 1};
	const struct community_pattern large = LARGE(64512, 1, 2);
	struct attr_table t;
	struct attr_edit e = {0};
	const struct attr_set *s;

	attr_table_init(&t, 1, NULL);
	attr_edit_begin(&e, NULL);
	for (size_t i = 0; i < ARRAY_LEN(add); i++)
		community_add(&e, &add[i]);
	ck_assert_uint_eq(e.len, sizeof(want));
	ck_assert_mem_eq(e.wire, want, sizeof(want));
	community_add(&e, &large);
	s = attr_get(&t, attr_edit_commit(&e, &t));
	ck_assert(community_has(s, COMMUNITY_NO_EXPORT));
	ck_assert(community_has(s, 0xfc000064));
	ck_assert(!community_has(s, COMMUNITY_NO_ADVERTISE));
	ck_assert(community_remove(&e, remove, ARRAY_LEN(remove)));
	ck_assert_uint_eq(e.len, 7);
	ck_assert_mem_eq(e.wire + 3, no_export, 4);
	ck_assert(!community_remove(&e, remove, ARRAY_LEN(remove)));
	/* A Partial bit, once set, stays (RFC 4271 5). */
	attr_edit_put(&e, 0xe0, ATTR_COMMUNITIES, no_export, 4);
	community_add(&e, &add[1]);
	ck_assert_uint_eq(e.wire[0], 0xe0);
	attr_edit_fini(&e);
	attr_table_fini(&t);
}
END_TEST

SUITE("community", test_bandwidth, test_text, test_sort, test_fits, test_value, test_edit)
