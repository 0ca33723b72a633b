/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/update_in and bgpd/import: UPDATEs of a neighbour, octet by octet, and what is in the RIB then. */
#include "bgpd/compile.h"
#include "bgpd/session_internal.h"
#include "bgpd/update_in.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>

#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#define LEN16(n)     (uint8_t)((n) >> 8), (uint8_t)(n)
#define ORIGIN       0x40, 1, 1, 0
#define PATH_65002   0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xea
#define NEXT_HOP 0x40, 3, 4, 10, 0, 0, 2
#define GOOD         ORIGIN, PATH_65002, NEXT_HOP
#define GOOD_LEN     20
#define NLRI_A       24, 192, 0, 2     /* 192.0.2.0/24 */
#define NLRI_B       24, 198, 51, 100  /* 198.51.100.0/24 */
#define NLRI_C       24, 203, 0, 113   /* 203.0.113.0/24 */
#define NLRI_D       24, 100, 64, 0    /* 100.64.0.0/24 */
#define PREFIX_A     "192.0.2.0/24"
#define PREFIX_B     "198.51.100.0/24"
#define PREFIX_C     "203.0.113.0/24"
#define PREFIX_D     "100.64.0.0/24"

static const char one_peer[] = "neighbors:\n"
			       "  - {address: 127.0.0.2, remote-as: 65002, passive: true, families: [ipv4-unicast, "
			       "ipv6-unicast], import: [accept], export: []}\n";

static struct bgpdtest t;
static struct speaker s;
static struct peer *p;

static void
begin(const char *conf)
{
	bgpdtest_start(&t, "", conf);
	p = bgpdtest_session(&t, &s, "127.0.0.2", 65002, 0x0a000002);
}

static void
end(void)
{
	bgpdtest_stop(&t);
	speaker_close(&s);
}

/* Sends an UPDATE and waits until it has been read and decided. */
static void
update(const uint8_t *body, size_t len)
{
	struct peer_stats before, now;

	peer_stats_get(p, &before);
	speaker_send_update(&s, body, len);
	UNTIL(t.d.loop, (peer_stats_get(p, &now), now.in[BGP_MSG_UPDATE] > before.in[BGP_MSG_UPDATE]));
	bgpdtest_settle(&t);
}
#define UPDATE(...)                                                                                          \
	do {                                                                                                 \
		static const uint8_t body_[] = {__VA_ARGS__};                                                \
		update(body_, sizeof(body_));                                                                \
	} while (0)

START_TEST(test_announce_withdraw)
{
	struct peer_route_counts n;

	begin(one_peer);
	UPDATE(LEN16(0), LEN16(GOOD_LEN), GOOD, NLRI_A, NLRI_B);
	const struct rib_path *a = bgpdtest_path(&t, p, PREFIX_A), *b = bgpdtest_path(&t, p, PREFIX_B);
	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_nonnull(b);
	ck_assert_uint_eq(a->attr, b->attr);
	const struct attr_set *set = attr_get(t.d.attrs, a->attr);
	ck_assert_uint_eq(set->neighbor_as, 65002);
	ck_assert_uint_eq(set->path_len, 1);
	ck_assert_uint_eq(set->origin, ATTR_ORIGIN_IGP);
	peer_routes_counts(p, FAMILY_IPV4, &n);
	ck_assert_uint_eq(n.received, 2);
	ck_assert_uint_eq(n.accepted, 2);
	/* RFC 4271 4.3: a withdrawal and an announcement in one UPDATE. */
	UPDATE(LEN16(4), NLRI_A, LEN16(GOOD_LEN), GOOD, NLRI_C);
	ck_assert_ptr_null(bgpdtest_path(&t, p, PREFIX_A));
	ck_assert_ptr_nonnull(bgpdtest_path(&t, p, PREFIX_B));
	ck_assert_ptr_nonnull(bgpdtest_path(&t, p, PREFIX_C));
	/* What was never announced may be withdrawn. */
	UPDATE(LEN16(12), NLRI_A, NLRI_B, NLRI_C, LEN16(0));
	peer_routes_counts(p, FAMILY_IPV4, &n);
	ck_assert_uint_eq(n.received, 0);
	end();
}
END_TEST

/* RFC 4271 4.3: a prefix that is withdrawn and announced by one UPDATE is announced. */
START_TEST(test_withdraw_then_announce)
{
	begin(one_peer);
	UPDATE(LEN16(4), NLRI_A, LEN16(GOOD_LEN), GOOD, NLRI_A);
	ck_assert_ptr_nonnull(bgpdtest_path(&t, p, PREFIX_A));
	end();
}
END_TEST

#define MP_REACH                                                                                             \
	0x80, 14, 26, 0, 2, 1, 16, 0x20, 0x01, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 32, 0x20,   \
	    0x01, 0x0d, 0xb8 /* 2001:db8::/32 by 2001:db8::2 */
#define MP_UNREACH 0x80, 15, 8, 0, 2, 1, 32, 0x20, 0x01, 0x0d, 0xb9 /* 2001:db9::/32 */
#define MP_UNREACH_SAME 0x80, 15, 8, 0, 2, 1, 32, 0x20, 0x01, 0x0d, 0xb8

#define SEND(...)                                                                                            \
	do {                                                                                                 \
		static const uint8_t body_[] = {__VA_ARGS__};                                                \
		speaker_send_update(&s, body_, sizeof(body_));                                               \
	} while (0)
#define MED(n) 0x80, 4, 4, 0, 0, 0, (n)

/* What is sent from here on lies in the socket together when the daemon reads. */
static void
send_at_once(void)
{
	ck_assert_int_eq(setsockopt(s.fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int)), 0);
}

/* RFC 4271 4.3: what several UPDATEs of one read say of a prefix counts in their order, with the attributes of each. */
START_TEST(test_one_read)
{
	begin(one_peer);
	send_at_once();
	uint32_t sets = attr_table_count(t.d.attrs);
	SEND(LEN16(0), LEN16(GOOD_LEN + 7), GOOD, MED(1), NLRI_A, NLRI_B, NLRI_C);
	SEND(LEN16(4), NLRI_B, LEN16(0));
	SEND(LEN16(0), LEN16(GOOD_LEN + 7), GOOD, MED(2), NLRI_A);
	SEND(LEN16(4), NLRI_D, LEN16(0));
	SEND(LEN16(0), LEN16(GOOD_LEN + 7), GOOD, MED(3), NLRI_D);
	/* Treated as a withdrawal: RFC 7606 7.1. */
	SEND(LEN16(0), LEN16(GOOD_LEN), 0x40, 1, 1, 3, PATH_65002, NEXT_HOP, NLRI_C);
	SEND(LEN16(0), LEN16(GOOD_LEN + 7 + 29), GOOD, MED(4), MP_REACH);
	UNTIL(t.d.loop, bgpdtest_path(&t, p, "2001:db8::/32") != NULL);
	bgpdtest_settle(&t);
	ck_assert_uint_eq(attr_get(t.d.attrs, bgpdtest_path(&t, p, PREFIX_A)->attr)->med, 2);
	ck_assert_ptr_null(bgpdtest_path(&t, p, PREFIX_B));
	ck_assert_ptr_null(bgpdtest_path(&t, p, PREFIX_C));
	ck_assert_uint_eq(attr_get(t.d.attrs, bgpdtest_path(&t, p, PREFIX_D)->attr)->med, 3);
	ck_assert_uint_eq(attr_get(t.d.attrs, bgpdtest_path(&t, p, "2001:db8::/32")->attr)->med, 4);
	UPDATE(LEN16(8), NLRI_A, NLRI_D, LEN16(11), MP_UNREACH_SAME);
	UNTIL(t.d.loop, attr_table_count(t.d.attrs) == sets);
	end();
}
END_TEST

/* A session that ends within a read takes what waits with it, also its references. */
START_TEST(test_one_read_reset)
{
	begin(one_peer);
	speaker_next_real(&s); /* End-of-RIB of each family, which otherwise may be overtaken by the end */
	speaker_next_real(&s);
	send_at_once();
	uint32_t sets = attr_table_count(t.d.attrs);
	SEND(LEN16(0), LEN16(GOOD_LEN), GOOD, NLRI_A);
	SEND(LEN16(0), LEN16(GOOD_LEN + 7), GOOD, MED(2), NLRI_B);
	SEND(LEN16(200), LEN16(0));
	SPEAKER_NOTIFIED(&s, BGP_ERR_UPDATE, BGP_UPDATE_MALFORMED_LIST);
	bgpdtest_settle(&t);
	ck_assert_ptr_null(bgpdtest_path(&t, p, PREFIX_A));
	ck_assert_ptr_null(bgpdtest_path(&t, p, PREFIX_B));
	UNTIL(t.d.loop, attr_table_count(t.d.attrs) == sets);
	end();
}
END_TEST

/* RFC 4760 3, 4: all four fields in one UPDATE, each with its own next hop. */
START_TEST(test_four_fields)
{
	struct nexthop_view nh;

	begin(one_peer);
	UPDATE(LEN16(0), LEN16(GOOD_LEN), GOOD, NLRI_A);
	UPDATE(LEN16(4), NLRI_A, LEN16(GOOD_LEN + 29 + 11), GOOD, MP_REACH, MP_UNREACH, NLRI_B);
	ck_assert_ptr_null(bgpdtest_path(&t, p, PREFIX_A));
	const struct rib_path *v4 = bgpdtest_path(&t, p, PREFIX_B), *v6 = bgpdtest_path(&t, p, "2001:db8::/32");
	ck_assert_ptr_nonnull(v4);
	ck_assert_ptr_nonnull(v6);
	nexthop_get(t.d.nexthops, attr_get(t.d.attrs, v4->attr)->nexthop, &nh);
	ck_assert_int_eq(nh.global.family, FAMILY_IPV4);
	nexthop_get(t.d.nexthops, attr_get(t.d.attrs, v6->attr)->nexthop, &nh);
	struct ip_addr want;
	ck_assert_int_eq(ip_addr_parse("2001:db8::2", &want), 0);
	ck_assert(ip_addr_eq(&nh.global, &want));
	UPDATE(LEN16(0), LEN16(11), MP_UNREACH_SAME);
	ck_assert_ptr_null(bgpdtest_path(&t, p, "2001:db8::/32"));
	ck_assert_ptr_nonnull(bgpdtest_path(&t, p, PREFIX_B));
	end();
}
END_TEST

/* RFC 7606 2: all that a malformed UPDATE announces counts as withdrawn, and the session stays. */
START_TEST(test_treat_as_withdraw)
{
	begin(one_peer);
	UPDATE(LEN16(0), LEN16(GOOD_LEN), GOOD, NLRI_A, NLRI_B);
	/* ORIGIN 3 is undefined: RFC 7606 7.1. */
	UPDATE(LEN16(0), LEN16(GOOD_LEN), 0x40, 1, 1, 3, PATH_65002, NEXT_HOP, NLRI_A, NLRI_C);
	ck_assert(peer_established(p));
	ck_assert_ptr_null(bgpdtest_path(&t, p, PREFIX_A));
	ck_assert_ptr_null(bgpdtest_path(&t, p, PREFIX_C));
	ck_assert_ptr_nonnull(bgpdtest_path(&t, p, PREFIX_B));
	ck_assert_uint_eq(peer_routes_update_stats(p)->treat_as_withdraw, 1);
	ck_assert_uint_eq(peer_routes_update_stats(p)->attribute_discard, 0);
	/* MP_REACH of such an UPDATE too: ORIGINATOR_ID of five octets, RFC 7606 7.9, is a matter of iBGP; here
	 * a MED of three, 7.4. */
	UPDATE(LEN16(0), LEN16(13 + 29), ORIGIN, PATH_65002, MP_REACH);
	ck_assert_ptr_nonnull(bgpdtest_path(&t, p, "2001:db8::/32"));
	UPDATE(LEN16(0), LEN16(13 + 6 + 29), ORIGIN, PATH_65002, 0x80, 4, 3, 0, 0, 1, MP_REACH);
	ck_assert_ptr_null(bgpdtest_path(&t, p, "2001:db8::/32"));
	ck_assert_uint_eq(peer_routes_update_stats(p)->treat_as_withdraw, 2);
	ck_assert(peer_established(p));
	end();
}
END_TEST

/* RFC 7606 7.7: an AGGREGATOR of wrong length is left out, and the route is good. */
START_TEST(test_attribute_discard)
{
	begin(one_peer);
	UPDATE(LEN16(0), LEN16(GOOD_LEN + 8), GOOD, 0xc0, 7, 5, 1, 2, 3, 4, 5, NLRI_A);
	const struct rib_path *a = bgpdtest_path(&t, p, PREFIX_A);
	size_t len;
	ck_assert_ptr_nonnull(a);
	ck_assert_ptr_null(attr_find(attr_get(t.d.attrs, a->attr), ATTR_AGGREGATOR, &len));
	ck_assert_uint_eq(peer_routes_update_stats(p)->attribute_discard, 1);
	ck_assert_uint_eq(peer_routes_update_stats(p)->treat_as_withdraw, 0);
	end();
}
END_TEST

/* RFC 7606 3 j, RFC 4271 6.3: a length that goes beyond the message ends the session with 3/1. */
START_TEST(test_reset)
{
	begin(one_peer);
	UPDATE(LEN16(0), LEN16(GOOD_LEN), GOOD, NLRI_A);
	static const uint8_t bad[] = {LEN16(200), LEN16(0)};
	speaker_send_update(&s, bad, sizeof(bad));
	speaker_next_real(&s); /* End-of-RIB of each family comes first */
	speaker_next_real(&s);
	SPEAKER_NOTIFIED(&s, BGP_ERR_UPDATE, BGP_UPDATE_MALFORMED_LIST);
	bgpdtest_settle(&t);
	ck_assert_ptr_null(bgpdtest_path(&t, p, PREFIX_A));
	end();
}
END_TEST

/* RFC 1997: a set has no order, so that equal ones are one attribute set, also with doubles. */
START_TEST(test_communities_sorted)
{
	begin(one_peer);
	UPDATE(LEN16(0), LEN16(GOOD_LEN + 11), GOOD, 0xc0, 8, 8, 0, 1, 0, 2, 0, 1, 0, 1, NLRI_A);
	UPDATE(LEN16(0), LEN16(GOOD_LEN + 15), GOOD, 0xc0, 8, 12, 0, 1, 0, 1, 0, 1, 0, 2, 0, 1, 0, 1, NLRI_B);
	const struct rib_path *a = bgpdtest_path(&t, p, PREFIX_A), *b = bgpdtest_path(&t, p, PREFIX_B);
	ck_assert_uint_eq(a->attr, b->attr);
	static const uint8_t sorted[] = {0, 1, 0, 1, 0, 1, 0, 2};
	size_t len;
	const uint8_t *v = attr_find(attr_get(t.d.attrs, a->attr), ATTR_COMMUNITIES, &len);
	ck_assert_uint_eq(len, sizeof(sorted));
	ck_assert_mem_eq(v, sorted, sizeof(sorted));
	/* Large ones, RFC 8092: twelve octets each. */
	UPDATE(LEN16(0), LEN16(GOOD_LEN + 27), GOOD, 0xc0, 32, 24, 0, 0, 0, 9, 0, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 2, 0, 0,
	    0, 1, 0, 0, 0, 1, NLRI_A);
	v = attr_find(attr_get(t.d.attrs, bgpdtest_path(&t, p, PREFIX_A)->attr), ATTR_LARGE_COMMUNITIES, &len);
	ck_assert_uint_eq(len, 24);
	ck_assert_uint_eq(v[3], 2);
	ck_assert_uint_eq(v[15], 9);
	end();
}
END_TEST

/* Whatever was announced in whatever way, nothing refers to a set when it is withdrawn. */
START_TEST(test_references)
{
	static const char med_by_prefix[] =
	    "neighbors:\n"
	    "  - {address: 127.0.0.2, remote-as: 65002, passive: true, families: [ipv4-unicast, ipv6-unicast], "
	    "import: [p], export: [accept]}\n"
	    "policies:\n"
	    "  p:\n"
	    "    - {match: {prefix-set: [192.0.2.0/24]}, set: {local-preference: 300}, action: accept}\n"
	    "    - {match: {prefix-set: [198.51.100.0/24]}, set: {med: 7}, action: accept}\n"
	    "    - {action: reject}\n";

	begin(med_by_prefix);
	uint32_t sets = attr_table_count(t.d.attrs);
	UPDATE(LEN16(0), LEN16(GOOD_LEN), GOOD, NLRI_A, NLRI_B, NLRI_C);
	const struct rib_path *a = bgpdtest_path(&t, p, PREFIX_A), *b = bgpdtest_path(&t, p, PREFIX_B),
			      *c = bgpdtest_path(&t, p, PREFIX_C);
	ck_assert_uint_eq(attr_get(t.d.attrs, a->attr)->local_pref, 300);
	ck_assert_uint_eq(attr_get(t.d.attrs, b->attr)->med, 7);
	ck_assert_int_eq(rib_path_reject(c), RIB_REJECT_POLICY);
	/* The received set, and what the two rules made of it. */
	ck_assert_uint_ge(attr_table_count(t.d.attrs), sets + 3);
	UPDATE(LEN16(0), LEN16(GOOD_LEN), GOOD, NLRI_B);
	UPDATE(LEN16(0), LEN16(GOOD_LEN), 0x40, 1, 1, 3, PATH_65002, NEXT_HOP, NLRI_B);
	UPDATE(LEN16(8), NLRI_A, NLRI_C, LEN16(0));
	UNTIL(t.d.loop, bgpdtest_path(&t, p, PREFIX_A) == NULL);
	policies_forget(t.d.policies);
	UNTIL(t.d.loop, attr_table_count(t.d.attrs) == sets);
	end();
}
END_TEST

/* More prefixes in a message than are applied at once, and a policy that has a word on each. */
START_TEST(test_prefixes_judged)
{
	enum { FIRST = 10, KINDS = 5, EACH = 255 };
	static const uint8_t head[] = {LEN16(0), LEN16(GOOD_LEN), GOOD};
	static uint8_t body[sizeof(head) + (size_t)3 * KINDS * EACH];
	struct peer_route_counts n;
	char text[IP_PREFIX_STRLEN];

	begin("neighbors:\n"
	      "  - {address: 127.0.0.2, remote-as: 65002, passive: true, import: [p], export: []}\n"
	      "policies:\n"
	      "  p:\n"
	      "    - {match: {prefix-set: [10.0.0.0/8 le 16]}, set: {local-preference: 300}, action: accept}\n"
	      "    - {match: {prefix-set: [11.0.0.0/8 le 16]}, action: reject}\n"
	      "    - {match: {prefix-set: [12.0.0.0/8 le 16]}, action: accept}\n"
	      "    - {set: {med: 7}, action: accept}\n");
	uint32_t sets = attr_table_count(t.d.attrs);
	memcpy(body, head, sizeof(head));
	for (unsigned i = 0; i < KINDS * EACH; i++)
		memcpy(&body[sizeof(head) + (size_t)3 * i],
		    ((const uint8_t[]){16, (uint8_t)(FIRST + i % KINDS), (uint8_t)(i / KINDS)}), 3);
	for (unsigned round = 0; round < 2; round++) {
		update(body, sizeof(body));
		for (unsigned i = 0; i < KINDS * EACH; i++) {
			snprintf(text, sizeof(text), "%u.%u.0.0/16", FIRST + i % KINDS, i / KINDS);
			const struct rib_path *path = bgpdtest_path(&t, p, text);
			const struct attr_set *set = attr_get(t.d.attrs, path->attr);
			ck_assert_int_eq(rib_path_reject(path), i % KINDS == 1 ? RIB_REJECT_POLICY : RIB_REJECT_NONE);
			ck_assert_uint_eq(set->local_pref, i % KINDS == 0 ? 300 : 0);
			ck_assert_uint_eq(set->med, i % KINDS > 2 ? 7 : 0);
		}
	}
	peer_routes_counts(p, FAMILY_IPV4, &n);
	ck_assert_uint_eq(n.accepted, (KINDS - 1) * EACH);
	speaker_close(&s);
	UNTIL(t.d.loop, (peer_routes_counts(p, FAMILY_IPV4, &n), n.received == 0));
	policies_forget(t.d.policies);
	UNTIL(t.d.loop, attr_table_count(t.d.attrs) == sets);
	end();
}
END_TEST

/* RFC 4724 2: an empty UPDATE, and an MP_UNREACH without prefixes. */
START_TEST(test_end_of_rib)
{
	begin(one_peer);
	ck_assert(!peer_routes_in_sync(p));
	UPDATE(LEN16(0), LEN16(0));
	ck_assert(!peer_routes_in_sync(p));
	UPDATE(LEN16(0), LEN16(6), 0x80, 15, 3, 0, 2, 1);
	ck_assert(peer_routes_in_sync(p));
	end();
}
END_TEST

/* RFC 4271 9.1.2: own AS in the path; RFC 8212: no policy, nothing in. The routes stay, marked. */
START_TEST(test_import_loop)
{
	begin(one_peer);
	UPDATE(LEN16(0), LEN16(GOOD_LEN + 4), ORIGIN, 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xea, 0, 0, 0xfd, 0xe9, NEXT_HOP,
	    NLRI_A);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_A)), RIB_REJECT_AS_LOOP);
	ck_assert_ptr_null(bgpdtest_best(&t, PREFIX_A));
	end();
}
END_TEST

/*
 * RFC 5065 4: our member AS and the number of the confederation must not be in the path, in a segment of whatever type;
 * a path without a segment of the member that sends it is malformed (5). The policy is that of internal neighbours.
 */
START_TEST(test_import_confederation)
{
	bgpdtest_start(&t, ", confederation: {as: 100, members: [65002, 65003]}",
	    "neighbors: [{address: 127.0.0.2, remote-as: 65002, passive: true}]\n");
	p = bgpdtest_session(&t, &s, "127.0.0.2", 65002, 0x0a000002);
	ck_assert_uint_eq(peer_routes_source(p)->peer_type, RIB_PEER_CONFED);
	UPDATE(LEN16(0), LEN16(GOOD_LEN + 7), ORIGIN, 0x40, 2, 6, 3, 1, 0, 0, 0xfd, 0xea, NEXT_HOP, 0x40, 5, 4, 0, 0, 0, 7,
	    NLRI_A);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_A)), RIB_REJECT_NONE);
	ck_assert_uint_eq(attr_get(t.d.attrs, bgpdtest_path(&t, p, PREFIX_A)->attr)->local_pref, 7);
	UPDATE(LEN16(0), LEN16(GOOD_LEN + 4), ORIGIN, 0x40, 2, 10, 3, 2, 0, 0, 0xfd, 0xea, 0, 0, 0xfd, 0xe9, NEXT_HOP,
	    NLRI_B);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_B)), RIB_REJECT_AS_LOOP);
	UPDATE(LEN16(0), LEN16(GOOD_LEN + 6), ORIGIN, 0x40, 2, 12, 3, 1, 0, 0, 0xfd, 0xea, 2, 1, 0, 0, 0, 100, NEXT_HOP,
	    NLRI_C);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_C)), RIB_REJECT_AS_LOOP);
	UPDATE(LEN16(0), LEN16(GOOD_LEN), GOOD, NLRI_A);
	ck_assert_ptr_null(bgpdtest_path(&t, p, PREFIX_A));
	ck_assert(peer_established(p));
	end();
}
END_TEST

/* From outside no segment of a confederation is taken, and its own number counts in the path. */
START_TEST(test_import_outside)
{
	bgpdtest_start(&t, ", confederation: {as: 100, members: [65003]}", one_peer);
	p = bgpdtest_session(&t, &s, "127.0.0.2", 65002, 0x0a000002);
	ck_assert_uint_eq(peer_routes_source(p)->peer_type, RIB_PEER_EBGP);
	UPDATE(LEN16(0), LEN16(GOOD_LEN), GOOD, NLRI_A);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_A)), RIB_REJECT_NONE);
	UPDATE(LEN16(0), LEN16(GOOD_LEN + 4), ORIGIN, 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xea, 0, 0, 0, 100, NEXT_HOP, NLRI_B);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_B)), RIB_REJECT_AS_LOOP);
	UPDATE(LEN16(0), LEN16(GOOD_LEN + 6), ORIGIN, 0x40, 2, 12, 3, 1, 0, 0, 0xfd, 0xeb, 2, 1, 0, 0, 0xfd, 0xea, NEXT_HOP,
	    NLRI_A);
	ck_assert_ptr_null(bgpdtest_path(&t, p, PREFIX_A));
	end();
}
END_TEST

START_TEST(test_import_no_policy)
{
	struct peer_route_counts n;

	begin("neighbors: [{address: 127.0.0.2, remote-as: 65002, passive: true}]\n");
	UPDATE(LEN16(0), LEN16(GOOD_LEN), GOOD, NLRI_A);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_A)), RIB_REJECT_NO_POLICY);
	peer_routes_counts(p, FAMILY_IPV4, &n);
	ck_assert_uint_eq(n.received, 1);
	ck_assert_uint_eq(n.accepted, 0);
	end();
}
END_TEST

/* RFC 4456 8: own router id as ORIGINATOR_ID, own cluster id in CLUSTER_LIST, from an iBGP neighbour. */
START_TEST(test_import_reflection_loops)
{
	bgpdtest_start(&t, ", cluster-id: 10.0.0.99", "neighbors: [{address: 127.0.0.2, remote-as: 65001, passive: true}]\n");
	p = bgpdtest_session(&t, &s, "127.0.0.2", 65001, 0x0a000002);
#define IBGP 0x40, 1, 1, 0, 0x40, 2, 0, NEXT_HOP, 0x40, 5, 4, 0, 0, 0, 100
	UPDATE(LEN16(0), LEN16(21), IBGP, NLRI_A);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_A)), RIB_REJECT_NONE);
	UPDATE(LEN16(0), LEN16(28), IBGP, 0x80, 9, 4, 10, 0, 0, 1, NLRI_A);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_A)), RIB_REJECT_ORIGINATOR_LOOP);
	UPDATE(LEN16(0), LEN16(28), IBGP, 0x80, 9, 4, 10, 0, 0, 9, NLRI_A);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_A)), RIB_REJECT_NONE);
	UPDATE(LEN16(0), LEN16(39), IBGP, 0x80, 9, 4, 10, 0, 0, 9, 0x80, 10, 8, 10, 0, 0, 1, 10, 0, 0, 99, NLRI_A);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_A)), RIB_REJECT_CLUSTER_LOOP);
	/* The router id is not the cluster id here. */
	UPDATE(LEN16(0), LEN16(35), IBGP, 0x80, 9, 4, 10, 0, 0, 9, 0x80, 10, 4, 10, 0, 0, 1, NLRI_A);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_A)), RIB_REJECT_NONE);
	end();
}
END_TEST

/* allow-own-as N: N times is no loop, N + 1 times is. */
START_TEST(test_import_allow_own_as)
{
	begin("neighbors:\n"
	      "  - {address: 127.0.0.2, remote-as: 65002, passive: true, import: [accept], export: [], allow-own-as: 1}\n");
	UPDATE(LEN16(0), LEN16(GOOD_LEN + 4), ORIGIN, 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xea, 0, 0, 0xfd, 0xe9, NEXT_HOP,
	    NLRI_A);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_A)), RIB_REJECT_NONE);
	UPDATE(LEN16(0), LEN16(GOOD_LEN + 8), ORIGIN, 0x40, 2, 14, 2, 3, 0, 0, 0xfd, 0xea, 0, 0, 0xfd, 0xe9, 0, 0, 0xfd,
	    0xe9, NEXT_HOP, NLRI_B);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_B)), RIB_REJECT_AS_LOOP);
	end();
}
END_TEST

#define PATH_3 0x40, 2, 6, 2, 1, 0, 0, 0, 3 /* not the neighbour's AS */

/* RFC 4271 6.3 and 7606 7.2: not its own AS first, treat as withdraw; RFC 7947 2.2.2.1: a route server's clients do. */
START_TEST(test_enforce_first_as)
{
	static const struct {
		const char *keys;
		bool taken;
	} cases[] = {{"", false},
		     {", enforce-first-as: false", true},
		     {", role: rs-client", true},
		     {", role: rs-client, enforce-first-as: true", false},
		     {", role: customer", false}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct str conf = {0};
		str_addf(&conf, "neighbors: [{address: 127.0.0.2, remote-as: 65002, passive: true, import: [accept]%s}]\n",
			 cases[i].keys);
		begin(str_get(&conf));
		str_free(&conf);
		UPDATE(LEN16(0), LEN16(GOOD_LEN), ORIGIN, PATH_3, NEXT_HOP, NLRI_A);
		ck_assert_msg((bgpdtest_path(&t, p, PREFIX_A) != NULL) == cases[i].taken, "with \"%s\"", cases[i].keys);
		end();
	}
}
END_TEST

/* As FRR's local-as without no-prepend: what policies and others see begins with local-as. */
START_TEST(test_local_as_prepend)
{
	static const uint8_t want[] = {ORIGIN, 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xe8, 0, 0, 0xfd, 0xea};

	begin("neighbors: [{address: 127.0.0.2, remote-as: 65002, local-as: 65000, local-as-prepend: true, passive: true, "
	      "import: [accept]}]\n");
	UPDATE(LEN16(0), LEN16(GOOD_LEN), GOOD, NLRI_A);
	const struct attr_set *set = attr_get(t.d.attrs, bgpdtest_path(&t, p, PREFIX_A)->attr);
	ck_assert_uint_eq(set->wire_len, sizeof(want));
	ck_assert_mem_eq(set->wire, want, sizeof(want));
	end();
}
END_TEST

static const uint8_t head[] = {LEN16(0), LEN16(GOOD_LEN), GOOD};

/* 11.x.y.0/24, the first of them with this number. */
static size_t
many_put(uint8_t *body, unsigned first, unsigned n)
{
	memcpy(body, head, sizeof(head));
	for (unsigned i = first; i < first + n; i++, body += 4)
		memcpy(body + sizeof(head), (uint8_t[]){24, 11, (uint8_t)(i >> 8), (uint8_t)i}, 4);
	return sizeof(head) + n * 4u;
}

/* A few routes are decided before all that came in bulk, hundreds are bulk themselves, and so is what a new session says. */
START_TEST(test_many)
{
	uint8_t body[sizeof(head) + 300 * 4];

	begin(one_peer);
	uint64_t mark = rib_decision_mark(t.d.rib);
	UPDATE(LEN16(0), LEN16(GOOD_LEN), GOOD, NLRI_A);
	ck_assert_uint_eq(rib_decision_mark(t.d.rib) - mark, 1);
	p->main->session->opened_ns -= SESSION_NEW_S * 1000000000ull;
	mark = rib_decision_mark(t.d.rib);
	UPDATE(LEN16(4), NLRI_A, LEN16(GOOD_LEN), GOOD, NLRI_B);
	ck_assert_uint_eq(rib_decision_mark(t.d.rib) - mark, (uint64_t)2 << 32);
	ck_assert_uint_eq(many_put(body, 0, 300), sizeof(body));
	mark = rib_decision_mark(t.d.rib);
	update(body, sizeof(body));
	ck_assert_uint_eq(rib_decision_mark(t.d.rib) - mark, 300);
	ck_assert_ptr_nonnull(bgpdtest_path(&t, p, "11.1.43.0/24"));
	end();
}
END_TEST

/* Also the last few of a read that is more than is applied at a time. */
START_TEST(test_many_in_portions)
{
	uint8_t body[sizeof(head) + 225 * 4];

	begin(one_peer);
	send_at_once();
	uint64_t mark = rib_decision_mark(t.d.rib);
	for (unsigned i = 0; i < 5; i++)
		speaker_send_update(&s, body, many_put(body, i * 225, 225));
	UNTIL(t.d.loop, bgpdtest_path(&t, p, "11.4.100.0/24") != NULL); /* the last, number 1124 */
	bgpdtest_settle(&t);
	ck_assert_uint_eq(rib_decision_mark(t.d.rib) - mark, 1125);
	end();
}
END_TEST

/* RFC 4271 6.3: prefixes that are ignored leave nothing behind, however many messages of a read have nothing else. */
START_TEST(test_many_ignored)
{
	static const uint8_t multicast[] = {LEN16(0), LEN16(GOOD_LEN + 7), GOOD, MED(9), 24, 239, 1, 1};
	struct peer_stats now;

	begin(one_peer);
	uint32_t sets = attr_table_count(t.d.attrs);
	uint64_t sent = 0;
	peer_stats_get(p, &now);
	uint64_t before = now.in[BGP_MSG_UPDATE];
	for (unsigned n = 350; n < 1400; n *= 2) {
		for (unsigned i = 0; i < n; i++)
			speaker_send_update(&s, multicast, sizeof(multicast));
		sent += n;
		UNTIL(t.d.loop, (peer_stats_get(p, &now), now.in[BGP_MSG_UPDATE] == before + sent));
		bgpdtest_settle(&t);
	}
	ck_assert_uint_eq(attr_table_count(t.d.attrs), sets);
	UPDATE(LEN16(0), LEN16(GOOD_LEN), GOOD, NLRI_A);
	ck_assert_ptr_nonnull(bgpdtest_path(&t, p, PREFIX_A));
	end();
}
END_TEST

/* max-prefix with block: whenever one goes the next one that was kept out comes in. */
START_TEST(test_block)
{
	begin("neighbors:\n"
	      "  - {address: 127.0.0.2, remote-as: 65002, passive: true, import: [accept], export: [], "
	      "max-prefix: {limit: 2, action: block}}\n");
	UPDATE(LEN16(0), LEN16(GOOD_LEN), GOOD, NLRI_A, NLRI_B, NLRI_C, NLRI_D);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_B)), RIB_REJECT_NONE);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_C)), RIB_REJECT_MAX_PREFIX);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX_D)), RIB_REJECT_MAX_PREFIX);
	UPDATE(LEN16(4), NLRI_A, LEN16(0));
	UNTIL(t.d.loop, (rib_path_reject(bgpdtest_path(&t, p, PREFIX_C)) == RIB_REJECT_NONE) !=
			     (rib_path_reject(bgpdtest_path(&t, p, PREFIX_D)) == RIB_REJECT_NONE));
	UPDATE(LEN16(4), NLRI_B, LEN16(0));
	UNTIL(t.d.loop, rib_path_reject(bgpdtest_path(&t, p, PREFIX_C)) == RIB_REJECT_NONE &&
			     rib_path_reject(bgpdtest_path(&t, p, PREFIX_D)) == RIB_REJECT_NONE);
	end();
}
END_TEST

static const struct rib_path *
path_with_id(const char *prefix, uint32_t path_id)
{
	struct ip_prefix pf = bgpdtest_prefix(prefix);
	uint32_t id = rib_find(t.d.rib, &pf);

	return id == 0 ? NULL
		       : rib_path_by_id(t.d.rib, (enum family)pf.family, id, peer_routes_source(p)->index, path_id);
}

/* RFC 7911: negotiated for IPv4 alone; each path is one of its own for policy, refresh and the end of the session. */
START_TEST(test_add_path)
{
	struct open_msg o = bgpdtest_open(65002, 0x0a000002);

	o.caps.add_path[FAMILY_IPV4] = ADD_PATH_BOTH;
	bgpdtest_start(&t, "", "neighbors:\n"
	    "  - {address: 127.0.0.2, remote-as: 65002, passive: true, families: [ipv4-unicast, ipv6-unicast], "
	    "import: [p], export: [], add-path: {receive: true}}\n"
	    "policies:\n"
	    "  p:\n"
	    "    - {match: {origin: incomplete}, action: reject}\n"
	    "    - {set: {local-preference: 300}, action: accept}\n");
	p = bgpdtest_session_open(&t, &s, "127.0.0.2", &o);
	ck_assert_uint_eq(p->session.caps.add_path[FAMILY_IPV4], ADD_PATH_RECEIVE);
	ck_assert_uint_eq(p->session.caps.add_path[FAMILY_IPV6], 0);
	UPDATE(LEN16(0), LEN16(GOOD_LEN), GOOD, 0, 0, 0, 1, NLRI_A, 0, 0, 0, 2, NLRI_A, 0, 0, 0, 0, NLRI_A);
	UPDATE(LEN16(0), LEN16(GOOD_LEN), 0x40, 1, 1, 2, PATH_65002, NEXT_HOP, 0xff, 0, 0, 1, NLRI_A);
	UPDATE(LEN16(0), LEN16(GOOD_LEN + 7), GOOD, 0x80, 4, 4, 0, 0, 0, 5, 0, 0, 0, 2, NLRI_A);
	UPDATE(LEN16(0), LEN16(GOOD_LEN + 29), GOOD, MP_REACH);
	struct peer_route_counts n;
	peer_routes_counts(p, FAMILY_IPV4, &n);
	ck_assert_uint_eq(n.received, 4);
	ck_assert_uint_eq(n.accepted, 3);
	ck_assert_int_eq(rib_path_reject(path_with_id(PREFIX_A, 0xff000001)), RIB_REJECT_POLICY);
	ck_assert_uint_eq(attr_get(t.d.attrs, path_with_id(PREFIX_A, 2)->attr)->local_pref, 300);
	ck_assert_uint_eq(attr_get(t.d.attrs, path_with_id(PREFIX_A, 2)->attr)->med, 5);
	ck_assert_ptr_nonnull(bgpdtest_path(&t, p, "2001:db8::/32"));
	UPDATE(LEN16(8), 0, 0, 0, 1, NLRI_A, LEN16(0));
	ck_assert_ptr_null(path_with_id(PREFIX_A, 1));
	ck_assert_ptr_nonnull(path_with_id(PREFIX_A, 0));
	/* a malformed one takes just the paths that it names, RFC 7606 2 */
	UPDATE(LEN16(0), LEN16(GOOD_LEN), 0x40, 1, 1, 3, PATH_65002, NEXT_HOP, 0, 0, 0, 2, NLRI_A);
	ck_assert_ptr_null(path_with_id(PREFIX_A, 2));
	ck_assert_ptr_nonnull(path_with_id(PREFIX_A, 0xff000001));
	speaker_close(&s);
	UNTIL(t.d.loop, !peer_established(p));
	UNTIL(t.d.loop, path_with_id(PREFIX_A, 0) == NULL && path_with_id(PREFIX_A, 0xff000001) == NULL);
	bgpdtest_stop(&t);
}
END_TEST

SUITE("update_in", test_announce_withdraw, test_withdraw_then_announce, test_one_read, test_one_read_reset,
    test_four_fields, test_treat_as_withdraw, test_attribute_discard, test_reset, test_communities_sorted,
    test_references, test_prefixes_judged, test_end_of_rib, test_import_loop, test_import_confederation, test_import_outside,
    test_import_no_policy, test_import_reflection_loops, test_import_allow_own_as, test_enforce_first_as,
    test_local_as_prepend, test_many, test_many_in_portions, test_many_ignored, test_block, test_add_path)
