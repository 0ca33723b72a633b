/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of rib/export: rules of propagation of RFC 1997, 4456, 9234 and the attributes of RFC 4271 5.1, octet
 * by octet. */
#include "rib/export.h"

#include <string.h>

#include "lib/mem.h"
#include "rib/aspath.h"
#include "rib/policy.h"
#include "tests/unit/suite.h"

#define ORIGIN         0x40, 1, 1, 0
#define PATH_65002     0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xea
#define MED_10         0x80, 4, 4, 0, 0, 0, 10
#define LOCAL_PREF_200 0x40, 5, 4, 0, 0, 0, 200
#define LOCAL_PREF_100 0x40, 5, 4, 0, 0, 0, 100

static const struct export_params ebgp = {.type = RIB_PEER_EBGP, .local_as = 65001, .cluster_id = 0x0a0000fe};
static const struct export_params ibgp = {
    .type = RIB_PEER_IBGP, .local_as = 65001, .cluster_id = 0x0a0000fe, .default_local_pref = 100};
static const struct export_params confed = {
    .type = RIB_PEER_CONFED, .local_as = 65001, .cluster_id = 0x0a0000fe, .default_local_pref = 100};
static const struct rib_source from_confed = {.kind = RIB_SOURCE_BGP, .peer_type = RIB_PEER_CONFED};
static const struct rib_source from_ebgp = {.kind = RIB_SOURCE_BGP, .peer_type = RIB_PEER_EBGP};
static const struct rib_source from_ibgp = {
    .kind = RIB_SOURCE_BGP, .peer_type = RIB_PEER_IBGP, .router_id = 0x0a000009};
static const struct rib_source from_client = {
    .kind = RIB_SOURCE_BGP, .peer_type = RIB_PEER_IBGP, .rr_client = true, .router_id = 0x0a000009};
static const struct rib_source own = {.kind = RIB_SOURCE_NETWORK};

#define LINK_LOCAL 200 /* a next hop without a global address */

static struct ip_addr
hop_addr(void *ctx, uint32_t nexthop)
{
	(void)ctx;
	if (nexthop == LINK_LOCAL)
		return (struct ip_addr){0};
	return ip_addr_v4(0xc0000200 + nexthop); /* 192.0.2.x */
}

static void
table_init(struct attr_table *t)
{
	const struct attr_nexthop_ops ops = {.addr = hop_addr};

	attr_table_init(t, 1, &ops);
}

/* What is sent of a set must be want, octet by octet; returns its next hop. */
static uint32_t
check_send(const struct export_params *p, const struct rib_source *source, uint32_t nexthop,
	   uint32_t policy_set, const uint8_t *wire, size_t len, const uint8_t *want, size_t want_len)
{
	const struct attr_local local = {.metric = 1, .tag = 2};
	const struct attr_set *s;
	struct attr_table t;
	uint32_t sent_nexthop;
	attr_id in, out;

	table_init(&t);
	in = attr_intern(&t, nexthop, &local, wire, len);
	out = export_transform(p, source, &t, in, policy_set, &t);
	ck_assert_uint_ne(out, ATTR_NONE);
	s = attr_get(&t, out);
	ck_assert_uint_eq(s->wire_len, want_len);
	ck_assert_mem_eq(s->wire, want, want_len);
	ck_assert_uint_eq(attr_local(s).metric, 0);
	ck_assert_uint_eq(attr_slot(&t, in)->refs, 1);
	sent_nexthop = s->nexthop;
	attr_unref(&t, out);
	ck_assert_uint_eq(attr_table_count(&t), 1);
	attr_table_fini(&t);
	return sent_nexthop;
}
#define SEND(p, source, nexthop, policy_set, wire, want)                                                     \
	check_send(p, source, nexthop, policy_set, wire, sizeof(wire), want, sizeof(want))

static enum export_verdict
verdict(const struct export_params *p, const struct rib_source *source, const uint8_t *wire, size_t len)
{
	struct attr_table t;
	enum export_verdict v;

	table_init(&t);
	v = export_check(p, source, attr_get(&t, attr_intern(&t, 0, NULL, wire, len)));
	attr_table_fini(&t);
	return v;
}

/* RFC 4456 6: from a non-client to clients only, from a client to everybody. */
START_TEST(test_reflection_rules)
{
	struct export_params client = ibgp;

	client.rr_client = true;
	ck_assert_int_eq(verdict(&ibgp, &from_ibgp, NULL, 0), EXPORT_NOT_REFLECTED);
	ck_assert_int_eq(verdict(&client, &from_ibgp, NULL, 0), EXPORT_OK);
	ck_assert_int_eq(verdict(&ibgp, &from_client, NULL, 0), EXPORT_OK);
	ck_assert_int_eq(verdict(&client, &from_client, NULL, 0), EXPORT_OK);
	ck_assert_int_eq(verdict(&ibgp, &from_ebgp, NULL, 0), EXPORT_OK);
	ck_assert_int_eq(verdict(&ibgp, &own, NULL, 0), EXPORT_OK);
	ck_assert_int_eq(verdict(&ebgp, &from_ibgp, NULL, 0), EXPORT_OK);
	ck_assert_str_eq(export_verdict_name(EXPORT_NOT_REFLECTED), "not-reflected");
}
END_TEST

START_TEST(test_well_known)
{
	uint8_t c[] = {0xc0, 8, 4, 0xff, 0xff, 0xff, 1};

	ck_assert_int_eq(verdict(&ebgp, &from_ebgp, c, sizeof(c)), EXPORT_NO_EXPORT);
	ck_assert_int_eq(verdict(&ibgp, &from_ebgp, c, sizeof(c)), EXPORT_OK);
	ck_assert_int_eq(verdict(&confed, &from_ebgp, c, sizeof(c)), EXPORT_OK); /* RFC 1997: not outside a confederation */
	c[6] = 3; /* NO_EXPORT_SUBCONFED */
	ck_assert_int_eq(verdict(&confed, &from_ebgp, c, sizeof(c)), EXPORT_NO_EXPORT);
	ck_assert_int_eq(verdict(&ebgp, &from_ebgp, c, sizeof(c)), EXPORT_NO_EXPORT);
	ck_assert_int_eq(verdict(&ibgp, &from_ebgp, c, sizeof(c)), EXPORT_OK);
	c[6] = 2; /* NO_ADVERTISE */
	ck_assert_int_eq(verdict(&ebgp, &from_ebgp, c, sizeof(c)), EXPORT_NO_ADVERTISE);
	ck_assert_int_eq(verdict(&ibgp, &from_ebgp, c, sizeof(c)), EXPORT_NO_ADVERTISE);
	c[6] = 4; /* NOPEER is for policies */
	ck_assert_int_eq(verdict(&ebgp, &from_ebgp, c, sizeof(c)), EXPORT_OK);
}
END_TEST

/* RFC 9494 4.3: only to those who have the capability. */
START_TEST(test_llgr)
{
	static const uint8_t stale[] = {0xc0, 8, 4, 0xff, 0xff, 0, 6}, no_llgr[] = {0xc0, 8, 4, 0xff, 0xff, 0, 7};
	struct export_params p[] = {ebgp, ibgp};

	for (size_t i = 0; i < ARRAY_LEN(p); i++) {
		ck_assert_int_eq(verdict(&p[i], &from_ebgp, stale, sizeof(stale)), EXPORT_LLGR_STALE);
		ck_assert_int_eq(verdict(&p[i], &from_ebgp, no_llgr, sizeof(no_llgr)), EXPORT_OK);
		p[i].llgr = true;
		ck_assert_int_eq(verdict(&p[i], &from_ebgp, stale, sizeof(stale)), EXPORT_OK);
	}
}
END_TEST

/* RFC 9234 5. */
START_TEST(test_otc)
{
	static const uint8_t otc[] = {0xc0, 35, 4, 0, 0, 0, 9};
	static const uint8_t plain[] = {ORIGIN, PATH_65002};
	static const uint8_t added[] = {ORIGIN, 0x40, 2,    10,   2,  2, 0, 0, 0xfd, 0xe9, 0,
					0,      0xfd, 0xea, 0xc0, 35, 4, 0, 0, 0xfd, 0xe9};
	static const bool bars[EXPORT_ROLE_COUNT] = {
	    [EXPORT_ROLE_CUSTOMER] = true, [EXPORT_ROLE_PEER] = true, [EXPORT_ROLE_RS_CLIENT] = true};
	struct export_params p = ebgp;

	for (p.role = 0; p.role < EXPORT_ROLE_COUNT; p.role++)
		ck_assert_int_eq(verdict(&p, &from_ebgp, otc, sizeof(otc)),
				 bars[p.role] ? EXPORT_OTC : EXPORT_OK);
	p.role = EXPORT_ROLE_PROVIDER;
	SEND(&p, &from_ebgp, 1, 0, plain, added);
}
END_TEST

START_TEST(test_to_ebgp)
{
	static const uint8_t wire[] = {ORIGIN, PATH_65002, MED_10, LOCAL_PREF_200,
				       0xc0,   8,          4,      0xfc,
				       0,      0,          1, /* communities stay */
				       0x80,   9,          4,      10,
				       0,      0,          9,      0x80,
				       10,     4,          10,     0,
				       0,      8,          0xc0,   16,
				       16,     0x00,       2,      0,
				       1,      0,          0,      0,
				       1,      0x40,       4,      0,
				       1,      0,          0,      0,
				       2,      0x80,       26,     3,
				       1,      0,          3,          /* AIGP */
				       0xe0,   99,         1,      7}; /* unknown, Partial */
	static const uint8_t want[] = {ORIGIN, 0x40, 2,    10, 2, 2,    0, 0, 0xfd, 0xe9, 0,  0,
				       0xfd,   0xea, 0xc0, 8,  4, 0xfc, 0, 0, 1,    0xc0, 16, 8,
				       0x00,   2,    0,    1,  0, 0,    0, 1, 0xe0, 99,   1,  7};

	ck_assert_uint_eq(SEND(&ebgp, &from_ibgp, 1, 0, wire, want), ATTR_NEXTHOP_SELF);
}
END_TEST

/* RFC 4271 5.1.4: MED leaves only if it is ours. */
START_TEST(test_med)
{
	static const uint8_t wire[] = {ORIGIN, 0x40, 2, 0, MED_10};
	static const uint8_t without[] = {ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9};
	static const uint8_t with[] = {ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, MED_10};

	SEND(&ebgp, &from_ebgp, 1, 0, wire, without);
	SEND(&ebgp, &from_ebgp, 1, POLICY_SET_MED, wire, with);
	SEND(&ebgp, &own, 0, 0, wire, with);
}
END_TEST

#define AS(n)   0, 0, (uint8_t)((n) >> 8), (uint8_t)(n)
#define PATH(n) 0x40, 2, 2 + 4 * (n), 2, n

START_TEST(test_private)
{
	static const uint8_t wire[] = {ORIGIN, PATH(5), AS(64512), AS(64513), AS(3), AS(64514), AS(64512)};
	static const uint8_t leading[] = {ORIGIN, PATH(5), AS(65001), AS(64513), AS(3), AS(64514), AS(64512)};
	static const uint8_t all[] = {ORIGIN, PATH(3), AS(65001), AS(64513), AS(3)};
	static const uint8_t replace[] = {ORIGIN, PATH(6), AS(65001), AS(65001), AS(64513), AS(3), AS(65001), AS(65001)};
	struct export_params p = ebgp;

	p.remote_as = 64513; /* stays, in each of them */
	p.remove_private = ASPATH_PRIVATE_LEADING;
	SEND(&p, &from_ebgp, 1, 0, wire, leading);
	p.remove_private = ASPATH_PRIVATE_ALL;
	SEND(&p, &from_ebgp, 1, 0, wire, all);
	p.remove_private = ASPATH_PRIVATE_REPLACE;
	SEND(&p, &from_ebgp, 1, 0, wire, replace);
}
END_TEST

START_TEST(test_override)
{
	static const uint8_t wire[] = {ORIGIN, PATH(4), AS(3), AS(64513), AS(64512), AS(64513)};
	static const uint8_t want[] = {ORIGIN, PATH(5), AS(65001), AS(3), AS(65001), AS(64512), AS(65001)};
	static const uint8_t both[] = {ORIGIN, PATH(4), AS(65001), AS(3), AS(65001), AS(65001)};
	struct export_params p = ebgp;

	p.options = EXPORT_OPT_OVERRIDE;
	p.remote_as = 64513;
	SEND(&p, &from_ebgp, 1, 0, wire, want);
	p.remove_private = ASPATH_PRIVATE_ALL;
	SEND(&p, &from_ebgp, 1, 0, wire, both);
}
END_TEST

/* local-as without replacing: the neighbour's idea of us first, then who we are. */
START_TEST(test_own_as)
{
	static const uint8_t wire[] = {ORIGIN, PATH(1), AS(3)}, bare[] = {ORIGIN};
	static const uint8_t want[] = {ORIGIN, PATH(3), AS(65001), AS(65009), AS(3)};
	static const uint8_t alone[] = {ORIGIN, PATH(2), AS(65001), AS(65009)};
	struct export_params p = ebgp;

	p.own_as = 65009;
	SEND(&p, &from_ebgp, 1, 0, wire, want);
	SEND(&p, &own, ATTR_NEXTHOP_NONE, 0, bare, alone);
}
END_TEST

/* RFC 7947 2.2: path, next hop and MED stay, and NO_EXPORT is not the server's to obey. */
START_TEST(test_route_server)
{
	static const uint8_t wire[] = {ORIGIN, PATH(2), AS(3), AS(4), MED_10, LOCAL_PREF_200};
	static const uint8_t want[] = {ORIGIN, PATH(2), AS(3), AS(4), MED_10};
	static const uint8_t bare[] = {ORIGIN}, with_ours[] = {ORIGIN, PATH(1), AS(65001)};
	uint8_t no_export[] = {0xc0, 8, 4, 0xff, 0xff, 0xff, 1};
	struct export_params p = ebgp;
	struct rib_source client = from_ebgp;

	p.rs_client = true;
	client.rs_client = true;
	ck_assert_uint_eq(SEND(&p, &client, 5, 0, wire, want), 5);
	ck_assert_uint_eq(SEND(&p, &from_ebgp, 5, 0, wire, want), 5);
	ck_assert_uint_eq(SEND(&p, &client, LINK_LOCAL, 0, wire, want), ATTR_NEXTHOP_SELF);
	ck_assert_uint_eq(SEND(&p, &own, ATTR_NEXTHOP_NONE, 0, bare, with_ours), ATTR_NEXTHOP_SELF);
	ck_assert_int_eq(verdict(&p, &client, no_export, sizeof(no_export)), EXPORT_OK);
	ck_assert_int_eq(verdict(&p, &from_ebgp, no_export, sizeof(no_export)), EXPORT_NO_EXPORT);
	ck_assert_int_eq(verdict(&ebgp, &client, no_export, sizeof(no_export)), EXPORT_NO_EXPORT);
	no_export[6] = 2;
	ck_assert_int_eq(verdict(&p, &client, no_export, sizeof(no_export)), EXPORT_NO_ADVERTISE);
}
END_TEST

START_TEST(test_to_ibgp)
{
	static const uint8_t wire[] = {ORIGIN, PATH_65002, MED_10, 0x80, 26, 3, 1, 0, 3};
	static const uint8_t want[] = {ORIGIN, PATH_65002, MED_10, LOCAL_PREF_100};
	static const uint8_t aigp[] = {ORIGIN, PATH_65002, MED_10, LOCAL_PREF_100, 0x80, 26, 3, 1, 0, 3};
	static const uint8_t bare[] = {ORIGIN}, full[] = {ORIGIN, 0x40, 2, 0, LOCAL_PREF_100};
	struct export_params p = ibgp;

	ck_assert_uint_eq(SEND(&ibgp, &from_ebgp, 1, 0, wire, want), 1);
	ck_assert_uint_eq(SEND(&ibgp, &own, 0, 0, bare, full), ATTR_NEXTHOP_SELF);
	p.aigp = true;
	SEND(&p, &from_ebgp, 1, 0, wire, aigp);
}
END_TEST

/*
 * RFC 5065 4: to another member LOCAL_PREF, MED and the next hop go as inside an AS, our member AS stands in an
 * AS_CONFED_SEQUENCE, and what a reflector wrote stays here (RFC 4456 8).
 */
START_TEST(test_to_confed)
{
	static const uint8_t wire[] = {ORIGIN, PATH_65002, MED_10, LOCAL_PREF_200, 0x80, 9, 4, 10, 0, 0, 9,
				       0x80, 10, 4, 10, 0, 0, 0xfe, 0xc0, 16, 8, 0x40, 4, 0, 1, 0, 0, 0, 0};
	static const uint8_t want[] = {ORIGIN, 0x40, 2, 12, 3, 1, 0, 0, 0xfd, 0xe9, 2, 1, 0, 0, 0xfd, 0xea, MED_10,
				       LOCAL_PREF_200, 0xc0, 16, 8, 0x40, 4, 0, 1, 0, 0, 0, 0};
	static const uint8_t inside[] = {ORIGIN, 0x40, 2, 6, 3, 1, 0, 0, 0xfd, 0xf3};
	static const uint8_t longer[] = {ORIGIN, 0x40, 2, 10, 3, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0xfd, 0xf3, LOCAL_PREF_100};
	static const uint8_t bare[] = {ORIGIN}, first[] = {ORIGIN, 0x40, 2, 6, 3, 1, 0, 0, 0xfd, 0xe9, LOCAL_PREF_100};
	static const uint8_t drained[] = {ORIGIN, 0x40, 2, 6, 3, 1, 0, 0, 0xfd, 0xe9, 0x40, 5, 4, 0, 0, 0, 0,
					  0xc0, 8, 4, 0xff, 0xff, 0, 0};
	struct export_params p = confed;

	ck_assert_uint_eq(SEND(&p, &from_client, 1, 0, wire, want), 1);
	ck_assert_uint_eq(SEND(&p, &from_confed, 1, 0, inside, longer), 1);
	ck_assert_uint_eq(SEND(&p, &own, 0, 0, bare, first), ATTR_NEXTHOP_SELF);
	p.nexthop = EXPORT_NEXTHOP_SELF;
	ck_assert_uint_eq(SEND(&p, &from_client, 1, 0, wire, want), ATTR_NEXTHOP_SELF);
	p.options = EXPORT_OPT_GSHUT;
	SEND(&p, &own, 0, 0, bare, drained);
}
END_TEST

/* RFC 5065 4.1 c: nothing of the confederation is seen outside, RFC 5065 5: and within an AS nothing changes. */
START_TEST(test_from_confed)
{
	static const uint8_t wire[] = {ORIGIN, 0x40, 2, 12, 3, 1, 0, 0, 0xfd, 0xf3, 2, 1, 0, 0, 0xfd, 0xea, MED_10,
				       LOCAL_PREF_200};
	static const uint8_t outside[] = {ORIGIN, 0x40, 2, 10, 2, 2, 0, 0, 0, 100, 0, 0, 0xfd, 0xea};
	struct export_params out = ebgp;

	out.local_as = 100; /* the confederation's */
	ck_assert_uint_eq(SEND(&out, &from_confed, 1, 0, wire, outside), ATTR_NEXTHOP_SELF);
	ck_assert_uint_eq(SEND(&ibgp, &from_confed, 1, 0, wire, wire), 1);
	ck_assert_int_eq(verdict(&ibgp, &from_confed, NULL, 0), EXPORT_OK);
	ck_assert_int_eq(verdict(&confed, &from_ibgp, NULL, 0), EXPORT_OK);
	ck_assert_int_eq(verdict(&confed, &from_confed, NULL, 0), EXPORT_OK);
}
END_TEST

/* RFC 8326: the community 65535:0 once; towards internal ones LOCAL_PREF 0 too. At the end nothing. */
START_TEST(test_drain)
{
	static const uint8_t wire[] = {ORIGIN, PATH_65002, LOCAL_PREF_200};
	static const uint8_t marked[] = {ORIGIN, PATH_65002, LOCAL_PREF_200, 0xc0, 8, 4, 0xff, 0xff, 0, 0};
	static const uint8_t internal[] = {ORIGIN, PATH_65002, 0x40, 5, 4, 0, 0, 0, 0, 0xc0, 8, 4, 0xff, 0xff, 0, 0};
	static const uint8_t external[] = {ORIGIN, 0x40, 2,    10,   2, 2, 0, 0,    0xfd, 0xe9, 0,
					   0,      0xfd, 0xea, 0xc0, 8, 4, 0xff, 0xff, 0,    0};
	struct export_params in = ibgp, out = ebgp;

	in.options = out.options = EXPORT_OPT_GSHUT;
	SEND(&in, &from_ebgp, 1, 0, wire, internal);
	SEND(&in, &from_ebgp, 1, 0, marked, internal);
	SEND(&out, &from_ibgp, 1, 0, wire, external);
	SEND(&out, &from_ibgp, 1, 0, marked, external);
	ck_assert_int_eq(verdict(&out, &from_ebgp, NULL, 0), EXPORT_OK);
	in.options = out.options = EXPORT_OPT_NOTHING;
	ck_assert_int_eq(verdict(&in, &own, NULL, 0), EXPORT_DRAINED);
	ck_assert_int_eq(verdict(&out, &from_ebgp, NULL, 0), EXPORT_DRAINED);
	ck_assert_str_eq(export_verdict_name(EXPORT_DRAINED), "drained");
}
END_TEST

/* RFC 4456 8: ORIGINATOR_ID once, our cluster id in front. */
START_TEST(test_reflect)
{
	static const uint8_t wire[] = {ORIGIN, PATH_65002, LOCAL_PREF_200};
	static const uint8_t once[] = {
	    ORIGIN, PATH_65002, LOCAL_PREF_200, 0x80, 9, 4, 10, 0, 0, 9, 0x80, 10, 4, 10, 0, 0, 0xfe};
	static const uint8_t twice[] = {
	    ORIGIN, PATH_65002, LOCAL_PREF_200, 0x80, 9, 4, 10,  0, 0, 9, 0x80, 10, 8, 10,
	    0,      0,          0xfe,           10,   0, 0, 0xfe};
	struct rib_source other = from_client;
	struct export_params self = ibgp;

	ck_assert_uint_eq(SEND(&ibgp, &from_client, 1, 0, wire, once), 1);
	other.router_id = 0x0a000007;
	SEND(&ibgp, &other, 1, 0, once, twice);
	/* RFC 2545 3: a link-local address is for those on the link. */
	ck_assert_uint_eq(SEND(&ibgp, &from_client, LINK_LOCAL, 0, wire, once), ATTR_NEXTHOP_SELF);
	self.nexthop = EXPORT_NEXTHOP_SELF;
	ck_assert_uint_eq(SEND(&self, &from_client, 1, 0, wire, once), ATTR_NEXTHOP_SELF);
}
END_TEST

START_TEST(test_nexthop)
{
	static const uint8_t wire[] = {ORIGIN, 0x40, 2, 0},
			     want[] = {ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9};
	struct export_params p = ebgp;

	/* Third party on the shared subnet 192.0.2.0/28, and one beside it. */
	ck_assert_int_eq(ip_prefix_parse("192.0.2.0/28", &p.subnet), 0);
	ck_assert_uint_eq(SEND(&p, &from_ebgp, 5, 0, wire, want), 5);
	ck_assert_uint_eq(SEND(&p, &from_ebgp, 16, 0, wire, want), ATTR_NEXTHOP_SELF);
	p.nexthop = EXPORT_NEXTHOP_SELF;
	ck_assert_uint_eq(SEND(&p, &from_ebgp, 5, 0, wire, want), ATTR_NEXTHOP_SELF);
	ck_assert_uint_eq(SEND(&p, &from_ebgp, 16, POLICY_SET_NEXT_HOP, wire, want), 16);
	p.nexthop = EXPORT_NEXTHOP_KEEP;
	ck_assert_uint_eq(SEND(&p, &from_ebgp, 16, 0, wire, want), 16);
	ck_assert_uint_eq(SEND(&p, &own, ATTR_NEXTHOP_NONE, 0, wire, want), ATTR_NEXTHOP_SELF);
}
END_TEST

SUITE("export", test_reflection_rules, test_well_known, test_llgr, test_otc, test_to_ebgp, test_med, test_private, test_override,
      test_own_as, test_route_server, test_to_ibgp, test_to_confed, test_from_confed, test_drain,
      test_reflect, test_nexthop)
