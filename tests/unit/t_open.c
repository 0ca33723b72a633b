/* SPDX-License-Identifier: Apache-2.0 */
/* open: messages and capabilities written down by hand from their RFCs; every error of RFC 4271 6.2. */
#include <check.h>
#include <stdlib.h>
#include <string.h>

#include "bgpd/msg.h"
#include "bgpd/open.h"

static struct open_msg o;
static struct bgp_error e;

/* AS 64512, hold 90, id 10.0.0.1, then the parameters */
#define FIXED 4, 0xfc, 0x00, 0, 90, 10, 0, 0, 1
#define DECODE(...)                                                                                          \
	open_decode((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}), &o, &e)

START_TEST(plain)
{
	ck_assert(DECODE(FIXED, 0));
	ck_assert_uint_eq(o.as, 64512);
	ck_assert_uint_eq(o.hold_s, 90);
	ck_assert_uint_eq(o.id, 0x0a000001);
	ck_assert_uint_eq(o.caps.families, OPEN_FAMILY(FAMILY_IPV4)); /* RFC 4760 8 */
	ck_assert(!o.caps.as4);
}
END_TEST

START_TEST(all_capabilities)
{
	ck_assert(DECODE(FIXED, 71, 2, 12, 1, 4, 0, 1, 0, 1, 1, 4, 0, 2, 0,
			 1,                            /* two families in one parameter */
			 2, 2, 2, 0,                   /* refresh */
			 2, 8, 5, 6, 0, 1, 0, 1, 0, 2, /* IPv4 with IPv6 next hop */
			 2, 5, 6, 0, 9, 1, 3,          /* extended message, customer */
			 2, 12, 64, 10, 0xc0, 0x78, 0, 1, 1, 0x80, 0, 2, 1, 0, /* R and N, 120 s */
			 2, 6, 65, 4, 0, 1, 0, 0,                              /* AS 65536 */
			 2, 6, 69, 4, 0, 2, 1, 3,                              /* add-path both, IPv6 */
			 2, 4, 70, 0, 199, 0)); /* enhanced refresh, one nobody knows */
	ck_assert_uint_eq(o.caps.families, OPEN_FAMILY(FAMILY_IPV4) | OPEN_FAMILY(FAMILY_IPV6));
	ck_assert(o.caps.route_refresh && o.caps.enhanced_refresh && o.caps.extended_message);
	ck_assert_uint_eq(o.caps.ext_next_hop, OPEN_FAMILY(FAMILY_IPV4));
	ck_assert(o.caps.has_role);
	ck_assert_uint_eq(o.caps.role, BGP_ROLE_CUSTOMER);
	ck_assert(o.caps.gr && o.caps.gr_restarting && o.caps.gr_notification);
	ck_assert_uint_eq(o.caps.gr_time_s, 120);
	ck_assert_uint_eq(o.caps.gr_families, OPEN_FAMILY(FAMILY_IPV4) | OPEN_FAMILY(FAMILY_IPV6));
	ck_assert_uint_eq(o.caps.gr_forwarding, OPEN_FAMILY(FAMILY_IPV4));
	ck_assert(o.caps.as4);
	ck_assert_uint_eq(o.as, 65536);
	ck_assert_uint_eq(o.caps.add_path[FAMILY_IPV4], 0);
	ck_assert_uint_eq(o.caps.add_path[FAMILY_IPV6], ADD_PATH_BOTH);
}
END_TEST

START_TEST(llgr_and_unknown_families)
{
	ck_assert(DECODE(FIXED, 37, 2, 6, 1, 4, 0, 25, 0, 70, /* L2VPN EVPN alone */
			 2, 16, 71, 14, 0, 1, 1, 0x80, 1, 0, 2, 0, 1, 2, 0, 0, 0,
			 9,                                  /* IPv4 unicast 65538 s; IPv4 multicast */
			 2, 9, 69, 7, 0, 1, 1, 9, 0, 1, 1)); /* wrong length: as if it was not there */
	ck_assert_uint_eq(o.caps.families, 0);
	ck_assert_uint_eq(o.caps.llgr_families, OPEN_FAMILY(FAMILY_IPV4));
	ck_assert_uint_eq(o.caps.llgr_forwarding, OPEN_FAMILY(FAMILY_IPV4));
	ck_assert_uint_eq(o.caps.llgr_time_s[FAMILY_IPV4], 65538);
	ck_assert_uint_eq(o.caps.add_path[FAMILY_IPV4], 0);
}
END_TEST

START_TEST(names)
{
	/* r1 of example, and Bird 2; then without a domain, with a control character and an octet that is not ASCII. */
	ck_assert(DECODE(FIXED, 23, 2, 12, 73, 10, 2, 'r', '1', 6, 'd', '.', 't', 'e', 's', 't', 2, 7, 75, 5, 4, 'B', 'i',
			 'r', 'd'));
	ck_assert_str_eq(o.hostname, "r1.d.test");
	ck_assert_str_eq(o.software, "Bird");
	ck_assert(DECODE(FIXED, 12, 2, 10, 73, 6, 4, 'r', 7, 0xff, '2', 0, 75, 0));
	ck_assert_str_eq(o.hostname, "r??2");
	ck_assert_str_eq(o.software, "");
	/* A length beyond the value: as if nothing was said. An OPEN without them says nothing. */
	ck_assert(DECODE(FIXED, 10, 2, 8, 73, 2, 9, 'r', 75, 2, 4, 'B'));
	ck_assert_str_eq(o.hostname, "");
	ck_assert_str_eq(o.software, "");
	ck_assert(DECODE(FIXED, 0));
	ck_assert_str_eq(o.hostname, "");
	/* Longer than what is kept. */
	uint8_t in[10 + 4 + 102] = {FIXED, 104, 2, 102, 75, 100, 99};
	memset(in + 15, 'x', 99);
	ck_assert(open_decode(in, 10 + 104, &o, &e));
	ck_assert_uint_eq(strlen(o.software), OPEN_NAME_MAX);
}
END_TEST

START_TEST(names_sent)
{
	static const uint8_t want[] = {2, 13, 73, 4, 2, 'r', '1', 0, 75, 5, 4, 'B', 'i', 'r', 'd'};
	struct open_msg out = {.as = 1, .id = 1, .hostname = "r1", .software = "Bird"};
	uint8_t msg[OPEN_MAX];

	ck_assert_uint_eq(open_encode(&out, msg, sizeof(msg)), 29 + sizeof(want));
	ck_assert_uint_eq(msg[28], sizeof(want));
	ck_assert_mem_eq(msg + 29, want, sizeof(want));
	/* The longest names fit in beside all there is. */
	out.caps = (struct open_caps){.families = OPEN_FAMILY(FAMILY_IPV4) | OPEN_FAMILY(FAMILY_IPV6),
				      .ext_next_hop = OPEN_FAMILY(FAMILY_IPV4) | OPEN_FAMILY(FAMILY_IPV6),
				      .as4 = true, .route_refresh = true, .enhanced_refresh = true,
				      .extended_message = true, .has_role = true, .gr = true,
				      .gr_families = OPEN_FAMILY(FAMILY_IPV4) | OPEN_FAMILY(FAMILY_IPV6),
				      .llgr_families = OPEN_FAMILY(FAMILY_IPV4) | OPEN_FAMILY(FAMILY_IPV6),
				      .add_path = {[FAMILY_IPV4] = ADD_PATH_BOTH, [FAMILY_IPV6] = ADD_PATH_BOTH}};
	memset(out.hostname, 'h', OPEN_NAME_MAX);
	memset(out.software, 's', OPEN_NAME_MAX);
	size_t len = open_encode(&out, msg, sizeof(msg));
	ck_assert_uint_gt(len, 0);
	ck_assert(open_decode(msg + BGP_HEADER_LEN, len - BGP_HEADER_LEN, &o, &e));
	ck_assert_str_eq(o.hostname, out.hostname);
	ck_assert_str_eq(o.software, out.software);
}
END_TEST

START_TEST(extended_parameters)
{
	/* RFC 9072: 255, 255, length in two octets; parameters with two octets of length */
	ck_assert(DECODE(FIXED, 255, 255, 0, 9, 2, 0, 6, 1, 4, 0, 2, 0, 1));
	ck_assert_uint_eq(o.caps.families, OPEN_FAMILY(FAMILY_IPV6));
	/* any length but 0 in front of the 255 will do */
	ck_assert(DECODE(FIXED, 1, 255, 0, 5, 2, 0, 2, 2, 0));
	ck_assert(o.caps.route_refresh);
	ck_assert(!DECODE(FIXED, 255, 255, 0, 10, 2, 0, 6, 1, 4, 0, 2, 0, 1));
	ck_assert_uint_eq(e.subcode, 0);
}
END_TEST

static const struct bad {
	uint8_t subcode, data_len, data[2], len, in[24];
} bads[] = {
    {1, 2, {0, 4}, 10, {3, 0xfc, 0, 0, 90, 10, 0, 0, 1, 0}}, /* version 3 */
    {2, 0, {0}, 10, {4, 0, 0, 0, 90, 10, 0, 0, 1, 0}},       /* AS 0 */
    {2, 0, {0}, 18, {FIXED, 8, 2, 6, 65, 4, 0, 0, 0, 0}},    /* AS 0 of four octets */
    {3, 0, {0}, 10, {4, 0xfc, 0, 0, 90, 0, 0, 0, 0, 0}},     /* id 0 */
    {6, 0, {0}, 10, {4, 0xfc, 0, 0, 1, 10, 0, 0, 1, 0}},     /* hold time 1 */
    {6, 0, {0}, 10, {4, 0xfc, 0, 0, 2, 10, 0, 0, 1, 0}},     /* hold time 2 */
    {4, 0, {0}, 13, {FIXED, 3, 1, 1, 0}},                    /* authentication parameter */
    {0, 0, {0}, 10, {FIXED, 2}},                             /* parameters cut off */
    {0, 0, {0}, 12, {FIXED, 0, 2, 0}},                       /* octets behind the end */
    {0, 0, {0}, 13, {FIXED, 3, 2, 2, 2}},                    /* parameter longer than the rest */
    {0, 0, {0}, 14, {FIXED, 4, 2, 2, 2, 1}},                 /* capability longer than the parameter */
    {0, 0, {0}, 11, {FIXED, 1, 2}},                          /* a type and no length */
    {0, 0, {0}, 17, {FIXED, 7, 2, 5, 1, 3, 0, 1, 0}},        /* multiprotocol of three octets */
    {0, 0, {0}, 16, {FIXED, 6, 2, 4, 65, 2, 0xfc, 0}},       /* AS of two octets */
};

START_TEST(decode_bad)
{
	const struct bad *b = &bads[_i];

	ck_assert(!open_decode(b->in, b->len, &o, &e));
	ck_assert_uint_eq(e.code, 2);
	ck_assert_uint_eq(e.subcode, b->subcode);
	ck_assert_uint_eq(e.data_len, b->data_len);
	ck_assert_mem_eq(e.data, b->data, b->data_len);
}
END_TEST

START_TEST(encode)
{
	uint8_t out[OPEN_MAX];
	struct open_msg m = {
	    .as = 65536, .id = 0x0a000001, .hold_s = 90, .caps = {.as4 = true, .route_refresh = true}};
	/* AS_TRANS in the fixed field; one parameter with both capabilities */
	static const uint8_t want[] = {0,  39, 1, 4, 0x5b, 0xa0, 0, 90, 10, 0, 0, 1,
				       10, 2,  8, 2, 0,    65,   4, 0,  1,  0, 0};

	ck_assert_uint_eq(open_encode(&m, out, sizeof(out)), 39);
	ck_assert_mem_eq(out + 16, want, sizeof(want));
	ck_assert_uint_eq(open_encode(&m, out, 38), 0);
	m.as = 64512;
	memset(&m.caps, 0, sizeof(m.caps));
	ck_assert_uint_eq(open_encode(&m, out, sizeof(out)), 29);
	ck_assert_mem_eq(out + 19, ((const uint8_t[]){FIXED, 0}), 10);
}
END_TEST

static const struct open_msg rich = {.as = 4200000000u,
				     .id = 0xc0000201,
				     .hold_s = 180,
				     .caps = {.families = 6,
					      .ext_next_hop = 2,
					      .as4 = true,
					      .route_refresh = true,
					      .enhanced_refresh = true,
					      .extended_message = true,
					      .has_role = true,
					      .role = BGP_ROLE_PROVIDER,
					      .add_path = {0, 2, 3},
					      .gr = true,
					      .gr_restarting = true,
					      .gr_notification = true,
					      .gr_time_s = 4095,
					      .gr_families = 6,
					      .gr_forwarding = 4,
					      .llgr_families = 6,
					      .llgr_forwarding = 2,
					      .llgr_time_s = {0, 86400, 16777215}}};

START_TEST(round_trip)
{
	uint8_t out[OPEN_MAX];
	struct msg_frame f;
	size_t len = open_encode(&rich, out, sizeof(out));

	ck_assert_uint_gt(len, 29);
	ck_assert_int_eq(msg_frame(out, len, 4096, &f, &e), MSG_FRAME_READY);
	ck_assert(open_decode(f.body, f.body_len, &o, &e));
	ck_assert_uint_eq(o.as, rich.as);
	ck_assert_uint_eq(o.id, rich.id);
	ck_assert_uint_eq(o.hold_s, rich.hold_s);
	const struct open_caps *c = &o.caps;
	ck_assert_uint_eq(c->families, 6);
	ck_assert_uint_eq(c->ext_next_hop, 2);
	ck_assert(c->as4 && c->route_refresh && c->enhanced_refresh && c->extended_message && c->has_role);
	ck_assert_uint_eq(c->role, BGP_ROLE_PROVIDER);
	ck_assert_mem_eq(c->add_path, rich.caps.add_path, sizeof(c->add_path));
	ck_assert(c->gr && c->gr_restarting && c->gr_notification);
	ck_assert_uint_eq(c->gr_time_s, 4095);
	ck_assert_uint_eq(c->gr_families, 6);
	ck_assert_uint_eq(c->gr_forwarding, 4);
	ck_assert_uint_eq(c->llgr_families, 6);
	ck_assert_uint_eq(c->llgr_forwarding, 2);
	ck_assert_mem_eq(c->llgr_time_s, rich.caps.llgr_time_s, sizeof(c->llgr_time_s));
}
END_TEST

START_TEST(check_as_and_id)
{
	struct open_expect x = {.remote_as = 65001, .local_as = 64512, .local_id = 7};
	struct open_msg us = {.as = 64512, .id = 7, .caps = {.families = 2}}, them = us;

	them.as = 65001;
	ck_assert(open_check(&x, &us, &them, &e)); /* RFC 6286: the same id in another AS is fine */
	them.as = 65002;
	ck_assert(!open_check(&x, &us, &them, &e));
	ck_assert_uint_eq(e.subcode, BGP_OPEN_BAD_PEER_AS);
	x.remote_as = 0; /* external, whichever */
	ck_assert(open_check(&x, &us, &them, &e));
	them.as = 64512;
	ck_assert(!open_check(&x, &us, &them, &e));
	ck_assert_uint_eq(e.subcode, BGP_OPEN_BAD_PEER_AS);
	x.remote_as = 64512;
	ck_assert(!open_check(&x, &us, &them, &e));
	ck_assert_uint_eq(e.subcode, BGP_OPEN_BAD_ID);
	them.id = 8;
	ck_assert(open_check(&x, &us, &them, &e));
	x.min_hold_s = 20;
	ck_assert(open_check(&x, &us, &them, &e)); /* 0 means no timers, not a short one */
	them.hold_s = 19;
	ck_assert(!open_check(&x, &us, &them, &e));
	ck_assert_uint_eq(e.subcode, BGP_OPEN_BAD_HOLD);
}
END_TEST

/* RFC 6793 9: AS_TRANS stands for a number that does not fit, and is nobody's own. */
START_TEST(as_trans)
{
	static const uint8_t two[] = {4, 0x5b, 0xa0, 0, 90, 10, 0, 0, 1, 0};
	static const uint8_t four[] = {4, 0x5b, 0xa0, 0, 90, 10, 0, 0, 1, 8, 2, 6, 65, 4, 0, 0, 0x5b, 0xa0};
	static const uint8_t good[] = {4, 0x5b, 0xa0, 0, 90, 10, 0, 0, 1, 8, 2, 6, 65, 4, 0, 1, 0, 0};

	ck_assert(!open_decode(two, sizeof(two), &o, &e));
	ck_assert_uint_eq(e.subcode, BGP_OPEN_BAD_PEER_AS);
	ck_assert(!open_decode(four, sizeof(four), &o, &e));
	ck_assert_uint_eq(e.subcode, BGP_OPEN_BAD_PEER_AS);
	ck_assert(open_decode(good, sizeof(good), &o, &e));
	ck_assert_uint_eq(o.as, 65536);
}
END_TEST

START_TEST(check_role)
{
	/* RFC 9234 table 2: row ours, column theirs */
	static const bool good[5][5] = {
	    [0][3] = true, [1][2] = true, [2][1] = true, [3][0] = true, [4][4] = true};
	struct open_expect x = {.remote_as = 65001, .local_as = 64512};
	struct open_msg us = {.as = 64512, .caps = {.families = 2, .has_role = true}};
	struct open_msg them = {.as = 65001, .caps = {.families = 2, .has_role = true}};

	for (uint8_t a = 0; a < 5; a++)
		for (uint8_t b = 0; b < 5; b++) {
			us.caps.role = a;
			them.caps.role = b;
			ck_assert_int_eq(open_check(&x, &us, &them, &e), good[a][b]);
			if (!good[a][b])
				ck_assert_uint_eq(e.subcode, BGP_OPEN_ROLE_MISMATCH);
		}
	them.caps.has_role = false;
	ck_assert(open_check(&x, &us, &them, &e));
	x.role_strict = true;
	ck_assert(!open_check(&x, &us, &them, &e));
	ck_assert_uint_eq(e.subcode, BGP_OPEN_ROLE_MISMATCH);
}
END_TEST

START_TEST(two_roles)
{
	struct open_expect x = {.remote_as = 64512, .local_as = 65001};
	struct open_msg us = {.as = 65001,
			      .caps = {.families = 2, .has_role = true, .role = BGP_ROLE_PROVIDER}};

	ck_assert(DECODE(FIXED, 8, 2, 6, 9, 1, 3, 9, 1, 3));
	ck_assert(open_check(&x, &us, &o, &e));
	ck_assert(DECODE(FIXED, 8, 2, 6, 9, 1, 4, 9, 1, 3));
	ck_assert(!open_check(&x, &us, &o, &e));
	ck_assert_uint_eq(e.subcode, BGP_OPEN_ROLE_MISMATCH);
	/* also where we have none */
	us.caps.has_role = false;
	ck_assert(!open_check(&x, &us, &o, &e));
	ck_assert_uint_eq(e.subcode, BGP_OPEN_ROLE_MISMATCH);
	ck_assert(DECODE(FIXED, 5, 2, 3, 9, 1, 255));
	ck_assert(open_check(&x, &us, &o, &e));
}
END_TEST

START_TEST(check_families)
{
	struct open_expect x = {.remote_as = 65001, .local_as = 64512};
	struct open_msg us = {.as = 64512, .caps = {.families = 4}},
			them = {.as = 65001, .caps = {.families = 2}};

	ck_assert(!open_check(&x, &us, &them, &e));
	ck_assert_uint_eq(e.subcode, BGP_OPEN_UNSUPPORTED_CAP);
	ck_assert_uint_eq(e.data_len, 6);
	ck_assert_mem_eq(e.data, "\x01\x04\x00\x02\x00\x01", 6);
}
END_TEST

START_TEST(negotiate)
{
	struct open_msg them = rich, us = rich;
	struct open_session s;

	us.as = 64512;
	us.hold_s = 90;
	us.caps.add_path[FAMILY_IPV4] = ADD_PATH_RECEIVE; /* they send: we receive */
	us.caps.add_path[FAMILY_IPV6] = ADD_PATH_SEND;
	them.caps.families = 2;
	them.caps.gr_time_s = 30;
	open_negotiate(&us, &them, 64512, 0, &s);
	ck_assert_uint_eq(s.hold_s, 90);
	ck_assert_uint_eq(s.keepalive_s, 30);
	ck_assert_uint_eq(s.max_len, 65535);
	ck_assert(!s.internal);
	ck_assert_uint_eq(s.caps.families, 2);
	ck_assert_uint_eq(s.caps.add_path[FAMILY_IPV4], ADD_PATH_RECEIVE);
	ck_assert_uint_eq(s.caps.add_path[FAMILY_IPV6], 0); /* the family is not common */
	ck_assert_uint_eq(s.caps.gr_time_s, 30);
	ck_assert_uint_eq(s.caps.gr_families, 2);
	ck_assert_uint_eq(s.caps.llgr_time_s[FAMILY_IPV4], 86400);
	them.caps.extended_message = us.caps.as4 = them.caps.gr = false;
	them.hold_s = 0;
	open_negotiate(&us, &them, rich.as, 0, &s);
	ck_assert(s.internal);
	/* RFC 8654 4: what we have offered to take may come, but none goes to who has not offered. */
	ck_assert_uint_eq(s.max_len, 65535);
	ck_assert(!s.caps.extended_message);
	ck_assert_uint_eq(s.hold_s, 0);
	ck_assert_uint_eq(s.keepalive_s, 0);
	ck_assert(!s.caps.as4 && !s.caps.gr && !s.caps.has_role);
	ck_assert_uint_eq(s.caps.llgr_families, 0);
	us.caps.extended_message = false;
	them.caps.extended_message = true;
	open_negotiate(&us, &them, rich.as, 0, &s);
	ck_assert_uint_eq(s.max_len, 4096);
	ck_assert(!s.caps.extended_message);
}
END_TEST

/* RFC 4271 4.4 and 10: the configured time between keepalives, at most a third of a hold time that was cut. */
START_TEST(keepalive)
{
	struct open_msg them = rich, us = rich;
	struct open_session s;

	us.hold_s = 90;
	them.hold_s = 180;
	open_negotiate(&us, &them, 64512, 10, &s);
	ck_assert_uint_eq(s.hold_s, 90);
	ck_assert_uint_eq(s.keepalive_s, 10);
	open_negotiate(&us, &them, 64512, 40, &s);
	ck_assert_uint_eq(s.keepalive_s, 40);
	them.hold_s = 60;
	open_negotiate(&us, &them, 64512, 40, &s);
	ck_assert_uint_eq(s.keepalive_s, 20);
	open_negotiate(&us, &them, 64512, 5, &s);
	ck_assert_uint_eq(s.keepalive_s, 5);
	them.hold_s = 3;
	open_negotiate(&us, &them, 64512, 30, &s);
	ck_assert_uint_eq(s.keepalive_s, 1);
	them.hold_s = 0;
	open_negotiate(&us, &them, 64512, 30, &s);
	ck_assert_uint_eq(s.keepalive_s, 0);
}
END_TEST

int
main(void)
{
	Suite *s = suite_create("open");
	TCase *t = tcase_create("open");

	tcase_add_test(t, plain);
	tcase_add_test(t, all_capabilities);
	tcase_add_test(t, llgr_and_unknown_families);
	tcase_add_test(t, extended_parameters);
	tcase_add_test(t, names);
	tcase_add_test(t, names_sent);
	tcase_add_loop_test(t, decode_bad, 0, sizeof(bads) / sizeof(bads[0]));
	tcase_add_test(t, encode);
	tcase_add_test(t, round_trip);
	tcase_add_test(t, check_as_and_id);
	tcase_add_test(t, as_trans);
	tcase_add_test(t, check_role);
	tcase_add_test(t, two_roles);
	tcase_add_test(t, check_families);
	tcase_add_test(t, negotiate);
	tcase_add_test(t, keepalive);
	suite_add_tcase(s, t);
	SRunner *sr = srunner_create(s);
	srunner_run_all(sr, CK_NORMAL);
	int failed = srunner_ntests_failed(sr);
	srunner_free(sr);
	return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
