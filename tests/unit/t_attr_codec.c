/* SPDX-License-Identifier: Apache-2.0 */
/* attr_codec: UPDATE bodies put together by hand; outcomes from RFC 7606 section 7 and the RFCs named. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/attr_codec.h"

static struct attr_scratch scratch;
static struct update_in u;
static uint8_t body[4096];

#define V4 (1u << FAMILY_IPV4)
#define V6 (1u << FAMILY_IPV6)
static const struct attr_session ebgp = {.external = true, .as4 = true, .families = V4 | V6};
static const struct attr_session ibgp = {.as4 = true, .families = V4 | V6};
/* In a confederation: a neighbour in another member AS, and one in our own. */
static const struct attr_session confed = {.external = true, .confed = true, .as4 = true, .families = V4 | V6};
static const struct attr_session inside = {.confed = true, .as4 = true, .families = V4 | V6};
static const struct attr_session old = {.external = true, .families = V4 | V6};

/* No withdrawals, these attributes, and 10.0.0.0/8 if nlri is set. */
static void
decode(const struct attr_session *s, const void *attrs, size_t len, bool nlri)
{
	body[0] = body[1] = 0;
	body[2] = (uint8_t)(len >> 8);
	body[3] = (uint8_t)len;
	memcpy(body + 4, attrs, len);
	memcpy(body + 4 + len, "\x08\x0a", 2);
	update_decode(s, body, 4 + len + (nlri ? 2 : 0), &scratch, &u);
}
#define DECODE(s, nlri, ...)                                                                                 \
	decode(s, (const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), nlri)
#define CANON(...)                                                                                           \
	do {                                                                                                 \
		static const uint8_t want[] = {__VA_ARGS__};                                                 \
		ck_assert_uint_eq(u.attrs_len, sizeof(want));                                                \
		ck_assert_mem_eq(u.attrs, want, sizeof(want));                                               \
	} while (0)

#define ORIGIN  0x40, 1, 1, 0
#define PATH    0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9 /* 65001 */
#define PATH2   0x40, 2, 4, 2, 1, 0xfd, 0xe9
#define NEXTHOP 0x40, 3, 4, 192, 0, 2, 1
#define BASE    ORIGIN, PATH, NEXTHOP

START_TEST(plain)
{
	DECODE(&ebgp, true, BASE, 0x80, 4, 4, 0, 0, 0, 5);
	ck_assert_uint_eq(u.outcome, ATTR_OK);
	CANON(ORIGIN, PATH, 0x80, 4, 4, 0, 0, 0, 5);
	ck_assert_mem_eq(u.next_hop.bytes, "\xc0\x00\x02\x01", 4);
	ck_assert_uint_eq(u.announce.len, 2);
	ck_assert_uint_eq(u.announce.family, FAMILY_IPV4);
}
END_TEST

START_TEST(canonical_form)
{
	/* out of order, needless extended length, low flag bits, unknown transitive and non-transitive */
	DECODE(&ebgp, true, 0xc0, 99, 1, 7, 0x80, 98, 1, 7, 0xd0, 8, 0, 4, 1, 2, 3, 4, NEXTHOP, PATH, 0x4f, 1,
	       1, 2);
	ck_assert_uint_eq(u.outcome, ATTR_OK);
	CANON(0x40, 1, 1, 2, PATH, 0xc0, 8, 4, 1, 2, 3, 4, 0xe0, 99, 1, 7);
}
END_TEST

/* RFC 1997, 4360, 8092: the lists are sets; equal sets are equal octets. */
START_TEST(communities_sorted)
{
	DECODE(&ebgp, true, BASE, 0xc0, 8, 16, 0xff, 0xff, 0xff, 1, 0, 1, 0, 2, 0xff, 0xff, 0xff, 1, 0, 1, 0, 1);
	ck_assert_uint_eq(u.outcome, ATTR_OK);
	CANON(ORIGIN, PATH, 0xc0, 8, 12, 0, 1, 0, 1, 0, 1, 0, 2, 0xff, 0xff, 0xff, 1);
	DECODE(&ebgp, true, BASE, 0xc0, 8, 8, 0, 1, 0, 1, 0, 1, 0, 2);
	CANON(ORIGIN, PATH, 0xc0, 8, 8, 0, 1, 0, 1, 0, 1, 0, 2);
	DECODE(&ebgp, true, BASE, 0xc0, 16, 16, 0, 2, 0, 1, 0, 0, 0, 2, 0, 2, 0, 1, 0, 0, 0, 1);
	CANON(ORIGIN, PATH, 0xc0, 16, 16, 0, 2, 0, 1, 0, 0, 0, 1, 0, 2, 0, 1, 0, 0, 0, 2);
	DECODE(&ebgp, true, BASE, 0xe0, 32, 24, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3);
	CANON(ORIGIN, PATH, 0xe0, 32, 12, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 0, 3);
	/* Order means something in CLUSTER_LIST (RFC 4456 8). */
	DECODE(&ibgp, true, BASE, 0x80, 10, 8, 2, 0, 0, 0, 1, 0, 0, 0);
	CANON(ORIGIN, PATH, 0x80, 10, 8, 2, 0, 0, 0, 1, 0, 0, 0);
}
END_TEST

/* 64 values and the first of them again: 256 of 260 octets are left, and still need the extended length. */
START_TEST(communities_length)
{
	uint8_t in[20 + 4 + 260] = {ORIGIN, PATH, NEXTHOP, 0xd0, 8, 260 / 256, 260 % 256};

	for (size_t i = 0; i <= 64; i++)
		in[24 + 4 * i + 3] = (uint8_t)(64 - i % 64);
	decode(&ebgp, in, sizeof(in), true);
	ck_assert_uint_eq(u.attrs_len, 13 + 4 + 256);
	ck_assert_mem_eq(u.attrs + 13, "\xd0\x08\x01\x00\0\0\0\x01\0\0\0\x02", 12);
	in[24 + 3] = 63; /* now 63 values: 252 octets need no extended length */
	in[24 + 4 * 64 + 3] = 63;
	decode(&ebgp, in, sizeof(in), true);
	ck_assert_uint_eq(u.attrs_len, 13 + 3 + 252);
	ck_assert_mem_eq(u.attrs + 13, "\xc0\x08\xfc\0\0\0\x01", 7);
}
END_TEST

/* One attribute added to (or, with alone, instead of) good ones of eBGP. */
static const struct fault {
	const struct attr_session *s;
	uint8_t outcome, subcode, len, in[24];
} faults[] = {
    {&ebgp, ATTR_WITHDRAW, 5, 5, {0x40, 1, 2, 0, 0}},                  /* 7.1 ORIGIN length */
    {&ebgp, ATTR_WITHDRAW, 6, 4, {0x40, 1, 1, 3}},                     /* 7.1 ORIGIN value */
    {&ebgp, ATTR_WITHDRAW, 4, 4, {0xc0, 1, 1, 0}},                     /* 3.c flags */
    {&ebgp, ATTR_WITHDRAW, 11, 7, {0x40, 2, 4, 2, 1, 0, 0}},           /* 7.2 segment overrun */
    {&ebgp, ATTR_WITHDRAW, 11, 4, {0x40, 2, 1, 2}},                    /* 7.2 one octet */
    {&ebgp, ATTR_WITHDRAW, 11, 5, {0x40, 2, 2, 2, 0}},                 /* 7.2 segment length 0 */
    {&ebgp, ATTR_WITHDRAW, 11, 9, {0x40, 2, 6, 5, 1, 0, 0, 0, 1}},     /* 7.2 segment type */
    {&ebgp, ATTR_WITHDRAW, 11, 9, {0x40, 2, 6, 1, 1, 0, 0, 0, 1}},     /* RFC 9774 AS_SET */
    {&ebgp, ATTR_WITHDRAW, 11, 9, {0x40, 2, 6, 2, 1, 0, 0, 0, 0}},     /* RFC 7607 AS 0 */
    {&ebgp, ATTR_WITHDRAW, 11, 9, {0x40, 2, 6, 3, 1, 0, 0, 0, 1}},     /* RFC 5065 confederation */
    {&confed, ATTR_OK, 0, 15, {0x40, 2, 12, 3, 1, 0, 0, 0, 1, 2, 1, 0, 0, 0, 2}},
    {&confed, ATTR_WITHDRAW, 11, 9, {0x40, 2, 6, 2, 1, 0, 0, 0, 1}},   /* RFC 5065 5: no AS_CONFED_SEQUENCE first */
    {&confed, ATTR_WITHDRAW, 11, 3, {0x40, 2, 0}},                     /* 5 */
    {&confed, ATTR_WITHDRAW, 11, 9, {0x40, 2, 6, 4, 1, 0, 0, 0, 1}},   /* RFC 9774 AS_CONFED_SET */
    {&confed, ATTR_WITHDRAW, 11, 5, {0x40, 2, 2, 3, 0}},               /* 7.2 segment length 0 */
    {&confed, ATTR_WITHDRAW, 11, 9, {0x40, 2, 6, 3, 1, 0, 0, 0, 0}},   /* RFC 7607 AS 0 */
    {&inside, ATTR_OK, 0, 9, {0x40, 2, 6, 3, 1, 0, 0, 0, 1}},
    {&inside, ATTR_OK, 0, 9, {0x40, 2, 6, 2, 1, 0, 0, 0, 1}},
    {&ibgp, ATTR_WITHDRAW, 11, 9, {0x40, 2, 6, 3, 1, 0, 0, 0, 1}},     /* RFC 5065 5: there is no confederation */
    {&ebgp, ATTR_WITHDRAW, 5, 6, {0x40, 3, 3, 1, 2, 3}},               /* 7.3 NEXT_HOP length */
    {&ebgp, ATTR_WITHDRAW, 8, 7, {0x40, 3, 4, 224, 0, 0, 1}},          /* no host address */
    {&ebgp, ATTR_WITHDRAW, 5, 6, {0x80, 4, 3, 0, 0, 0}},               /* 7.4 MED */
    {&ebgp, ATTR_OK, 0, 6, {0x40, 5, 3, 0, 0, 0}},                     /* 7.5 eBGP: not looked at */
    {&ibgp, ATTR_WITHDRAW, 5, 6, {0x40, 5, 3, 0, 0, 0}},               /* 7.5 iBGP */
    {&ebgp, ATTR_IGNORE, 5, 4, {0x40, 6, 1, 0}},                       /* 7.6 ATOMIC_AGGREGATE */
    {&ebgp, ATTR_IGNORE, 5, 9, {0xc0, 7, 6, 0, 1, 1, 2, 3, 4}},        /* 7.7 AGGREGATOR of two octets */
    {&ebgp, ATTR_IGNORE, 9, 11, {0xc0, 7, 8, 0, 0, 0, 0, 1, 2, 3, 4}}, /* RFC 7607 */
    {&ebgp, ATTR_WITHDRAW, 5, 6, {0xc0, 8, 3, 0, 0, 0}},               /* 7.8 COMMUNITIES */
    {&ebgp, ATTR_WITHDRAW, 5, 3, {0xc0, 8, 0}},                        /* 7.8 none at all */
    {&ebgp, ATTR_OK, 0, 4, {0x80, 9, 1, 0}},                           /* 7.9 eBGP */
    {&ibgp, ATTR_WITHDRAW, 5, 4, {0x80, 9, 1, 0}},                     /* 7.9 iBGP */
    {&ibgp, ATTR_WITHDRAW, 5, 3, {0x80, 10, 0}},                       /* 7.10 CLUSTER_LIST */
    {&ebgp, ATTR_WITHDRAW, 5, 7, {0xc0, 16, 4, 0, 0, 0, 0}},           /* 7.14 extended communities */
    {&ebgp, ATTR_WITHDRAW, 5, 7, {0xc0, 32, 4, 0, 0, 0, 0}},           /* RFC 8092 6 */
    {&ebgp, ATTR_WITHDRAW, 5, 6, {0xc0, 35, 3, 0, 0, 0}},              /* RFC 9234 5 */
    {&old, ATTR_IGNORE, 5, 7, {0xc0, 18, 4, 0, 0, 0, 1}},              /* RFC 6793 6 AS4_AGGREGATOR */
    {&old, ATTR_IGNORE, 9, 7, {0xc0, 17, 4, 2, 1, 0, 0}},              /* RFC 6793 6 AS4_PATH */
    {&old, ATTR_WITHDRAW, 11, 9, {0xc0, 17, 6, 1, 1, 0, 3, 0, 0}},     /* RFC 9774 3: also in AS4_PATH */
    {&old, ATTR_WITHDRAW, 11, 9, {0xc0, 17, 6, 4, 1, 0, 3, 0, 0}},     /* and AS_CONFED_SET */
    {&old, ATTR_IGNORE, 9, 9, {0xc0, 17, 6, 2, 1, 0, 0, 0, 0}},        /* RFC 7607 2, 6793 6: AS 0 in AS4_PATH */
    {&old, ATTR_WITHDRAW, 11, 15, {0xc0, 17, 12, 2, 1, 0, 3, 0, 0, 4, 1, 0, 3, 0, 0}}, /* AS_CONFED_SET */
    {&ebgp, ATTR_OK, 0, 9, {0xc0, 17, 6, 1, 1, 0, 3, 0, 0}}, /* RFC 6793 4.1: not from a four-octet speaker */
    {&ebgp, ATTR_RESET, 2, 3, {0x40, 99, 0}},                          /* RFC 4271 6.3 unknown well-known */
    {&ebgp, ATTR_RESET, 2, 3, {0x40, 0, 0}},                           /* as well with the reserved type 0 */
    {&ebgp, ATTR_IGNORE, 9, 4, {0xc0, 0, 1, 0}},                       /* that one is discarded where it is optional */
    {&ebgp, ATTR_RESET, 9, 7, {0x80, 14, 4, 0, 2, 1, 16}},             /* 7.11 too short */
    {&ebgp, ATTR_RESET, 9, 14, {0x80, 14, 11, 0, 2, 1, 6, 1, 2, 3, 4, 5, 6, 0}}, /* 7.11 next hop length */
    {&ebgp, ATTR_IGNORE, 9, 12, {0x80, 14, 9, 0, 1, 2, 4, 1, 2, 3, 4, 0}}, /* multicast: not negotiated */
    {&ebgp, ATTR_RESET, 9, 5, {0x80, 15, 2, 0, 2}},                        /* 7.12 too short */
    {&ebgp, ATTR_RESET, 9, 8, {0x80, 15, 5, 0, 2, 1, 129, 0}},             /* 5.3 NLRI */
    {&ebgp, ATTR_WITHDRAW, 1, 4, {0xc0, 99, 9, 1}},                        /* 4 attribute overrun */
    {&ebgp, ATTR_WITHDRAW, 1, 2, {0xc0, 99}},                              /* 4 no room for a length */
};

START_TEST(fault_outcome)
{
	static const uint8_t parts[3][9] = {{ORIGIN}, {PATH}, {NEXTHOP}};
	static const uint8_t plen[3] = {4, 9, 7};
	const struct fault *f = &faults[_i];
	uint8_t in[64];
	size_t n = 0;

	for (unsigned i = 0; i < 3; i++) { /* the good ones, without the one that the fault replaces */
		if (f->in[1] == i + 1)
			continue;
		if (i == 1 && !f->s->as4) {
			memcpy(in + n, (const uint8_t[]){PATH2}, 7);
			n += 7;
			continue;
		}
		memcpy(in + n, parts[i], plen[i]);
		n += plen[i];
	}
	memcpy(in + n, f->in, f->len);
	decode(f->s, in, n + f->len, true);
	ck_assert_uint_eq(u.outcome, f->outcome);
	ck_assert_uint_eq(u.err.code, f->outcome == ATTR_OK ? 0 : 3);
	if (f->outcome == ATTR_OK)
		return;
	ck_assert_uint_eq(u.err.subcode, f->subcode);
	ck_assert_uint_eq(u.bad_attr, f->len > 2 ? f->in[1] : 0);
	if (f->subcode != 1 && f->subcode != 11) { /* RFC 4271 6.3: the data is the attribute */
		ck_assert_uint_eq(u.err.data_len, f->len);
		ck_assert_mem_eq(u.err.data, f->in, f->len);
	}
	ck_assert_uint_eq(u.announce.len, 2); /* what is to be withdrawn can be found */
	ck_assert(f->outcome != ATTR_IGNORE || u.attrs != NULL);
}
END_TEST

/* RFC 5065 4: LOCAL_PREF goes from member to member, what a reflector wrote is for one of them. */
START_TEST(confederation_attributes)
{
#define CONFED_PATH 0x40, 2, 6, 3, 1, 0, 0, 0xfd, 0xe9
#define LOCAL_PREF  0x40, 5, 4, 0, 0, 0, 200
#define REFLECTED   0x80, 9, 4, 1, 2, 3, 4, 0x80, 10, 4, 1, 2, 3, 4
	DECODE(&confed, true, ORIGIN, CONFED_PATH, NEXTHOP, LOCAL_PREF, REFLECTED);
	ck_assert_uint_eq(u.outcome, ATTR_OK);
	CANON(ORIGIN, CONFED_PATH, LOCAL_PREF);
	DECODE(&inside, true, ORIGIN, CONFED_PATH, NEXTHOP, LOCAL_PREF, REFLECTED);
	ck_assert_uint_eq(u.outcome, ATTR_OK);
	CANON(ORIGIN, CONFED_PATH, LOCAL_PREF, REFLECTED);
	DECODE(&ebgp, true, BASE, LOCAL_PREF, REFLECTED);
	ck_assert_uint_eq(u.outcome, ATTR_OK);
	CANON(ORIGIN, PATH);
	DECODE(&confed, true, ORIGIN, CONFED_PATH, NEXTHOP, 0x40, 5, 3, 0, 0, 0);
	ck_assert_uint_eq(u.outcome, ATTR_WITHDRAW);
}
END_TEST

START_TEST(missing)
{
	DECODE(&ebgp, true, PATH, NEXTHOP);
	ck_assert_uint_eq(u.outcome, ATTR_WITHDRAW);
	ck_assert_uint_eq(u.err.subcode, 3);
	ck_assert_uint_eq(u.err.data_len, 1);
	ck_assert_uint_eq(u.err.data[0], 1);
	DECODE(&ebgp, true, ORIGIN, PATH);
	ck_assert_uint_eq(u.err.data[0], 3);
	DECODE(&ibgp, true, ORIGIN, 0x40, 2, 0, NEXTHOP); /* an empty path is there */
	ck_assert_uint_eq(u.outcome, ATTR_OK);
}
END_TEST

START_TEST(twice)
{
	DECODE(&ebgp, true, BASE, 0x40, 1, 1, 2); /* RFC 7606 3.g: the first one counts */
	ck_assert_uint_eq(u.outcome, ATTR_IGNORE);
	CANON(ORIGIN, PATH);
	DECODE(&ebgp, true, BASE, 0x80, 15, 3, 0, 2, 1, 0x80, 15, 3, 0, 2, 1);
	ck_assert_uint_eq(u.outcome, ATTR_RESET);
	ck_assert_uint_eq(u.err.subcode, 1);
}
END_TEST

START_TEST(nothing_to_withdraw)
{
	DECODE(&ebgp, false, 0x40, 1, 1, 9); /* RFC 7606 5.2 */
	ck_assert_uint_eq(u.outcome, ATTR_RESET);
	ck_assert_uint_eq(u.err.subcode, 6);
	/* MP_UNREACH_NLRI alone is a withdrawal whatever its flags; 5.2 is about other attributes */
	DECODE(&ebgp, false, 0xc0, 15, 4, 0, 2, 1, 0);
	ck_assert_uint_eq(u.outcome, ATTR_WITHDRAW);
	ck_assert_uint_eq(u.err.subcode, 4);
	ck_assert_uint_eq(u.mp_withdraw.len, 1);
	DECODE(&ebgp, false, 0xc0, 15, 4, 0, 2, 1, 0, ORIGIN);
	ck_assert_uint_eq(u.outcome, ATTR_RESET);
}
END_TEST

START_TEST(framing)
{
	static const struct {
		uint8_t len, subcode, in[10];
	} bad[] = {
	    {4, 1, {0, 1, 0, 0}},          /* withdrawn routes leave no room for a length */
	    {4, 1, {0, 0, 0, 1}},          /* attributes longer than the message */
	    {6, 10, {0, 2, 33, 0, 0, 0}},  /* withdrawn NLRI */
	    {6, 10, {0, 0, 0, 0, 24, 10}}, /* NLRI */
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		update_decode(&ebgp, bad[i].in, bad[i].len, &scratch, &u);
		ck_assert_uint_eq(u.outcome, ATTR_RESET);
		ck_assert_uint_eq(u.err.code, 3);
		ck_assert_uint_eq(u.err.subcode, bad[i].subcode);
	}
}
END_TEST

START_TEST(end_of_rib)
{
	DECODE(&ebgp, false, 0x80, 15, 3, 0, 2, 1);
	ck_assert(u.end_of_rib);
	ck_assert_uint_eq(u.eor_family, FAMILY_IPV6);
	update_decode(&ebgp, (const uint8_t[4]){0}, 4, &scratch, &u);
	ck_assert(u.end_of_rib);
	ck_assert_uint_eq(u.eor_family, FAMILY_IPV4);
	DECODE(&ebgp, false, 0x80, 15, 4, 0, 2, 1, 0); /* withdraws ::/0 */
	ck_assert(!u.end_of_rib);
	ck_assert_uint_eq(u.mp_withdraw.len, 1);
}
END_TEST

#define GLOBAL 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1
#define LOCAL  0xfe, 0x80, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2

START_TEST(mp_reach)
{
	static const uint8_t global[] = {GLOBAL}, local[] = {LOCAL};

	DECODE(&ebgp, false, ORIGIN, PATH, 0x80, 14, 22, 0, 2, 1, 16, GLOBAL, 0, 0);
	ck_assert_uint_eq(u.outcome, ATTR_OK);
	CANON(ORIGIN, PATH);
	ck_assert_uint_eq(u.mp_announce.family, FAMILY_IPV6);
	ck_assert_uint_eq(u.mp_announce.len, 1);
	ck_assert_mem_eq(u.mp_next_hop.bytes, global, 16);
	ck_assert_uint_eq(u.mp_link_local.family, FAMILY_NONE);
	DECODE(&ebgp, false, ORIGIN, PATH, 0x80, 14, 38, 0, 2, 1, 32, GLOBAL, LOCAL, 0, 0);
	ck_assert_mem_eq(u.mp_next_hop.bytes, global, 16);
	ck_assert_mem_eq(u.mp_link_local.bytes, local, 16);
	DECODE(&ebgp, false, ORIGIN, PATH, 0x80, 14, 22, 0, 2, 1, 16, LOCAL, 0, 0);
	ck_assert_uint_eq(u.outcome, ATTR_OK);
	ck_assert_mem_eq(u.mp_next_hop.bytes, local, 16);
	ck_assert_mem_eq(u.mp_link_local.bytes, local, 16);
}
END_TEST

START_TEST(mp_reach_ipv4_over_ipv6)
{
	struct attr_session s = ebgp;

	DECODE(&s, false, ORIGIN, PATH, 0x80, 14, 23, 0, 1, 1, 16, GLOBAL, 0, 8, 10);
	ck_assert_uint_eq(u.outcome, ATTR_RESET); /* RFC 8950 was not negotiated */
	s.af_disable = true;
	DECODE(&s, false, ORIGIN, PATH, 0x80, 14, 23, 0, 1, 1, 16, GLOBAL, 0, 8, 10);
	ck_assert_uint_eq(u.outcome, ATTR_AF_DISABLE);
	ck_assert_uint_eq(u.bad_family, FAMILY_IPV4);
	s.ext_next_hop = V4;
	DECODE(&s, false, ORIGIN, PATH, 0x80, 14, 23, 0, 1, 1, 16, GLOBAL, 0, 8, 10);
	ck_assert_uint_eq(u.outcome, ATTR_OK);
	ck_assert_uint_eq(u.mp_announce.family, FAMILY_IPV4);
	ck_assert_uint_eq(u.mp_next_hop.family, FAMILY_IPV6);
}
END_TEST

START_TEST(as4_merge)
{
	/* AS_PATH 65001 23456 23456, AS4_PATH 196608 196609; RFC 6793 4.2.3 */
	DECODE(&old, true, ORIGIN, 0x40, 2, 8, 2, 3, 0xfd, 0xe9, 0x5b, 0xa0, 0x5b, 0xa0, NEXTHOP, 0xc0, 17,
	       10, 2, 2, 0, 3, 0, 0, 0, 3, 0, 1);
	ck_assert_uint_eq(u.outcome, ATTR_OK);
	CANON(ORIGIN, 0x40, 2, 14, 2, 3, 0, 0, 0xfd, 0xe9, 0, 3, 0, 0, 0, 3, 0, 1);
	/* AS4_PATH longer than AS_PATH: ignored */
	DECODE(&old, true, ORIGIN, PATH2, NEXTHOP, 0xc0, 17, 10, 2, 2, 0, 3, 0, 0, 0, 3, 0, 1);
	CANON(ORIGIN, PATH);
	/* AGGREGATOR without AS_TRANS: both AS4 attributes are ignored */
	DECODE(&old, true, ORIGIN, 0x40, 2, 4, 2, 1, 0x5b, 0xa0, NEXTHOP, 0xc0, 7, 6, 0xfd, 0xe9, 1, 2, 3, 4,
	       0xc0, 17, 6, 2, 1, 0, 3, 0, 0, 0xc0, 18, 8, 0, 3, 0, 0, 1, 2, 3, 5);
	CANON(ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0x5b, 0xa0, 0xc0, 7, 8, 0, 0, 0xfd, 0xe9, 1, 2, 3, 4);
	/* with AS_TRANS: both count */
	DECODE(&old, true, ORIGIN, 0x40, 2, 4, 2, 1, 0x5b, 0xa0, NEXTHOP, 0xc0, 7, 6, 0x5b, 0xa0, 1, 2, 3, 4,
	       0xc0, 17, 6, 2, 1, 0, 3, 0, 0, 0xc0, 18, 8, 0, 3, 0, 0, 1, 2, 3, 5);
	CANON(ORIGIN, 0x40, 2, 6, 2, 1, 0, 3, 0, 0, 0xc0, 7, 8, 0, 3, 0, 0, 1, 2, 3, 5);
	/* a speaker with four octets must not send them */
	DECODE(&ebgp, true, BASE, 0xc0, 17, 6, 2, 1, 0, 3, 0, 0);
	CANON(ORIGIN, PATH);
}
END_TEST

START_TEST(widened_length)
{
	/* 100 two-octet ASes: 202 octets of value become 402, so the length becomes extended */
	uint8_t in[4 + 3 + 202 + 7] = {ORIGIN, 0x40, 2, 202, 2, 100};

	for (size_t i = 0; i < 100; i++)
		in[9 + 2 * i + 1] = 1;
	memcpy(in + 209, (const uint8_t[]){NEXTHOP}, 7);
	decode(&old, in, sizeof(in), true);
	ck_assert_uint_eq(u.outcome, ATTR_OK);
	ck_assert_uint_eq(u.attrs_len, 4 + 4 + 402);
	ck_assert_mem_eq(u.attrs + 4, "\x50\x02\x01\x92\x02\x64\0\0\0\x01", 10);
}
END_TEST

START_TEST(first_as)
{
	struct attr_session s = ebgp;

	s.first_as = 65001;
	DECODE(&s, true, BASE);
	ck_assert_uint_eq(u.outcome, ATTR_OK);
	s.first_as = 65002;
	DECODE(&s, true, BASE);
	ck_assert_uint_eq(u.outcome, ATTR_WITHDRAW);
	ck_assert_uint_eq(u.err.subcode, 11);
}
END_TEST

START_TEST(family_not_negotiated)
{
	struct attr_session s = ebgp;

	s.families = V6;
	DECODE(&s, true, BASE);
	ck_assert_uint_eq(u.outcome, ATTR_IGNORE);
	ck_assert_uint_eq(u.announce.len, 0);
	ck_assert_ptr_null(u.attrs);
}
END_TEST

START_TEST(aigp)
{
	struct attr_session s = ibgp;
	s.aigp = true;

	DECODE(&s, true, BASE, 0x80, 26, 11, 1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 9);
	CANON(ORIGIN, PATH, 0x80, 26, 11, 1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 9);
	DECODE(&s, true, BASE, 0x80, 26, 3, 1, 0, 4);
	ck_assert_uint_eq(u.outcome, ATTR_IGNORE);
	CANON(ORIGIN, PATH);
	DECODE(&ibgp, true, BASE, 0x80, 26, 11, 1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 9);
	CANON(ORIGIN, PATH);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("attr_codec");
	TCase *t = tcase_create("attr_codec");

	tcase_add_test(t, plain);
	tcase_add_test(t, canonical_form);
	tcase_add_test(t, communities_sorted);
	tcase_add_test(t, communities_length);
	tcase_add_loop_test(t, fault_outcome, 0, sizeof(faults) / sizeof(faults[0]));
	tcase_add_test(t, confederation_attributes);
	tcase_add_test(t, missing);
	tcase_add_test(t, twice);
	tcase_add_test(t, nothing_to_withdraw);
	tcase_add_test(t, framing);
	tcase_add_test(t, end_of_rib);
	tcase_add_test(t, mp_reach);
	tcase_add_test(t, mp_reach_ipv4_over_ipv6);
	tcase_add_test(t, as4_merge);
	tcase_add_test(t, widened_length);
	tcase_add_test(t, first_as);
	tcase_add_test(t, family_not_negotiated);
	tcase_add_test(t, aigp);
	suite_add_tcase(s, t);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
