/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/groups and groups_encode: who shares an export group, and the octets that members get. */
#include "bgpd/groups.h"

#include "bgpd/attr_codec.h"
#include "bgpd/nlri.h"
#include "bgpd/own.h"
#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#define A "127.0.0.2"
#define B "127.0.0.3"
#define C "127.0.0.6" /* outside of A's and B's /30 */

static struct bgpdtest t;
static struct speaker sa, sb;

/* What is different in the OPEN of the second of a pair. */
enum twist { NOTHING, NO_AS4, ONLY_IPV4, EXTENDED, EXT_NEXT_HOP, LLGR };

static const struct pair {
	const char *what;
	const char *a_keys, *b_keys; /* of the neighbours, besides address, passive and families */
	const char *b_addr;
	enum twist twist;
	uint32_t a_as, b_as;
	bool share;
} pairs[] = {
    /* What the neighbours get is the same. */
    {"nothing", "", "", B, NOTHING, 65002, 65002, true},
    {"remote AS", "", "", B, NOTHING, 65002, 4200000000u, true},
    {"import", ", import: [accept]", ", import: [x]", B, NOTHING, 65002, 65002, true},
    {"timers", ", hold-time: 30", ", hold-time: 60", B, NOTHING, 65002, 65002, true},
    {"max-prefix", ", max-prefix: {limit: 10}", "", B, NOTHING, 65002, 65002, true},
    {"extended messages", "", "", B, EXTENDED, 65002, 65002, true},
    {"the same export policies", ", export: [x, y]", ", export: [x, y]", B, NOTHING, 65002, 65002, true},
    {"iBGP's default and [accept]", "", ", export: [accept]", B, NOTHING, BGPDTEST_AS, BGPDTEST_AS, true},
    {"subnets with next hop self", ", next-hop: self", ", next-hop: self", C, NOTHING, 65002, 65002, true},
    {"subnets of neighbours several hops away", ", multihop: 2", ", multihop: 3", C, NOTHING, 65002, 65002, true},
    {"subnets of iBGP neighbours", "", "", C, NOTHING, BGPDTEST_AS, BGPDTEST_AS, true},
    {"clients", ", route-reflector-client: true", ", route-reflector-client: true", B, NOTHING, BGPDTEST_AS,
     BGPDTEST_AS, true},
    {"route-server clients", ", route-server-client: true", ", route-server-client: true", B, NOTHING, 3, 65003, true},
    {"AS override towards one AS", ", as-override: true", ", as-override: true", B, NOTHING, 65002, 65002, true},
    {"private ASes, remote ones public", ", remove-private-as: all", ", remove-private-as: all", B, NOTHING, 3, 4, true},
    {"first AS and AS put in", ", enforce-first-as: false", ", local-as-prepend: true", B, NOTHING, 65002, 65003, true},
    {"the same role", ", role: provider", ", role: provider", B, NOTHING, 65002, 65003, true},
    /* It is not. */
    {"iBGP and eBGP", "", "", B, NOTHING, BGPDTEST_AS, 65002, false},
    {"client and non-client", ", route-reflector-client: true", "", B, NOTHING, BGPDTEST_AS, BGPDTEST_AS, false},
    {"other export policies", ", export: [x]", ", export: [y]", B, NOTHING, 65002, 65002, false},
    {"another order of them", ", export: [x, y]", ", export: [y, x]", B, NOTHING, 65002, 65002, false},
    {"some and none (RFC 8212)", ", export: [accept]", "", B, NOTHING, 65002, 65002, false},
    {"an empty list", ", export: []", ", export: [accept]", B, NOTHING, 65002, 65002, false},
    {"local AS", "", ", local-as: 65010", B, NOTHING, 65002, 65002, false},
    {"local AS in front", ", local-as: 65010, local-as-replace: false", ", local-as: 65010", B, NOTHING, 65002, 65002, false},
    {"route-server client", ", route-server-client: true", "", B, NOTHING, 65002, 65002, false},
    {"AS override and none", ", as-override: true", "", B, NOTHING, 65002, 65002, false},
    {"AS override towards two ASes", ", as-override: true", ", as-override: true", B, NOTHING, 65002, 65003, false},
    {"private ASes", ", remove-private-as: all", "", B, NOTHING, 65002, 65002, false},
    {"private ASes in two ways", ", remove-private-as: all", ", remove-private-as: leading", B, NOTHING, 65002, 65002, false},
    {"private ASes, remote ones private", ", remove-private-as: all", ", remove-private-as: all", B, NOTHING, 65002, 65003, false},
    {"default route", ", default-originate: [ipv4-unicast]", "", B, NOTHING, 65002, 65002, false},
    {"next hop", "", ", next-hop: self", B, NOTHING, 65002, 65002, false},
    {"next hop keep", ", next-hop: keep", ", next-hop: self", B, NOTHING, BGPDTEST_AS, BGPDTEST_AS, false},
    {"subnets with next hop auto", "", "", C, NOTHING, 65002, 65002, false},
    {"one and several hops away", "", ", multihop: 2", B, NOTHING, 65002, 65002, false},
    {"role", ", role: provider", ", role: peer", B, NOTHING, 65002, 65002, false},
    {"role and none", ", role: provider", "", B, NOTHING, 65002, 65002, false},
    {"four-octet AS", "", "", B, NO_AS4, 65002, 65002, false},
    {"families", "", "", B, ONLY_IPV4, 65002, 65002, false},
    {"extended next hop", "", "", B, EXT_NEXT_HOP, 65002, 65002, false},
    {"long-lived graceful restart", "", "", B, LLGR, 65002, 65002, false},
};

static struct peer *
session(struct speaker *s, const char *addr, uint32_t as, uint32_t id, enum twist twist)
{
	struct open_msg o = bgpdtest_open(as, id);

	o.caps.as4 = twist != NO_AS4;
	if (twist == ONLY_IPV4)
		o.caps.families = OPEN_FAMILY(FAMILY_IPV4);
	o.caps.extended_message = twist == EXTENDED;
	if (twist == LLGR) {
		o.caps.gr = true;
		o.caps.llgr_families = OPEN_FAMILY(FAMILY_IPV4);
		o.caps.llgr_time_s[FAMILY_IPV4] = 60;
	}
	if (twist == EXT_NEXT_HOP)
		o.caps.ext_next_hop = OPEN_FAMILY(FAMILY_IPV4);
	return bgpdtest_session_open(&t, s, addr, &o);
}

#define FIXED "passive: true, families: [ipv4-unicast, ipv6-unicast]"

START_TEST(test_who_shares)
{
	for (size_t i = 0; i < ARRAY_LEN(pairs); i++) {
		const struct pair *pr = &pairs[i];
		struct str conf = {0};
		str_addf(&conf,
			 "neighbors:\n"
			 "  - {address: %s, remote-as: %u, " FIXED "%s}\n"
			 "  - {address: %s, remote-as: %u, " FIXED "%s}\n"
			 "policies: {x: [{action: accept}], y: [{action: accept}]}\n",
			 A, pr->a_as, pr->a_keys, pr->b_addr, pr->b_as, pr->b_keys);
		bgpdtest_start(&t, "", str_get(&conf));
		str_free(&conf);
		bgpdtest_interface(&t, 2, "e0", "127.0.0.1", 30);
		bgpdtest_interface(&t, 3, "e1", "127.0.0.5", 30);
		struct peer *a = session(&sa, A, pr->a_as, 0x0a000002, NOTHING);
		struct peer *b = session(&sb, pr->b_addr, pr->b_as, 0x0a000003, pr->twist);
		const struct group *ga = peer_routes_member(a)->group, *gb = peer_routes_member(b)->group;
		ck_assert_msg((ga == gb) == pr->share, "%s: they %s", pr->what, pr->share ? "do not share" : "share");
		bgpdtest_stop(&t);
		speaker_close(&sa);
		speaker_close(&sb);
	}
}
END_TEST

#define BODY(s, ...)                                                                                         \
	do {                                                                                                 \
		static const uint8_t want_[] = {__VA_ARGS__};                                                \
		ck_assert_int_eq(speaker_next_real(s), BGP_MSG_UPDATE);                                      \
		ck_assert_uint_eq((s)->body_len, sizeof(want_));                                             \
		ck_assert_mem_eq((s)->body, want_, sizeof(want_));                                           \
	} while (0)

#define ORIGIN    0x40, 1, 1, 0
#define SELF      0x40, 3, 4, 127, 0, 0, 1
#define NET       24, 192, 0, 2
#define EOR_IPV4  0, 0, 0, 0
#define ONE_NET   "networks: [{prefix: 192.0.2.0/24}]\n"
#define NEIGHBOR(as, more)                                                                                   \
	"neighbors: [{address: 127.0.0.2, remote-as: " as ", passive: true, families: [ipv4-unicast]" more "}]\n"

static struct ip_prefix net;

static void
begin(const char *conf)
{
	net = bgpdtest_prefix("192.0.2.0/24");
	bgpdtest_start(&t, "", conf);
}

/* RFC 4271 5.1: to eBGP own AS and own address; RFC 6793 4.1: AS numbers of four octets. End-of-RIB: RFC 4724 2. */
START_TEST(test_ebgp)
{
	begin(ONE_NET NEIGHBOR("65002", ", export: [accept], import: []"));
	session(&sa, A, 65002, 0x0a000002, NOTHING);
	BODY(&sa, 0, 0, 0, 20, ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, SELF, NET);
	BODY(&sa, EOR_IPV4);
	/* A second network of the same attributes, then both are gone. */
	struct ip_prefix more = bgpdtest_prefix("198.51.100.0/24");
	own_network_add(&t.d, &more);
	BODY(&sa, 0, 0, 0, 20, ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, SELF, 24, 198, 51, 100);
	ck_assert(own_network_del(&t.d, &more));
	BODY(&sa, 0, 4, 24, 198, 51, 100, 0, 0);
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 6793 4.2.2: AS numbers of two octets for a neighbour without the capability. */
START_TEST(test_ebgp_as2)
{
	begin(ONE_NET NEIGHBOR("65002", ", export: [accept], import: []"));
	session(&sa, A, 65002, 0x0a000002, NO_AS4);
	BODY(&sa, 0, 0, 0, 18, ORIGIN, 0x40, 2, 4, 2, 1, 0xfd, 0xe9, SELF, NET);
	BODY(&sa, EOR_IPV4);
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 4271 5.1.2, 5.1.5: to iBGP an empty path and LOCAL_PREF. */
START_TEST(test_ibgp)
{
	begin(ONE_NET NEIGHBOR("65001", ""));
	session(&sa, A, BGPDTEST_AS, 0x0a000002, NOTHING);
	BODY(&sa, 0, 0, 0, 21, ORIGIN, 0x40, 2, 0, SELF, 0x40, 5, 4, 0, 0, 0, 100, NET);
	BODY(&sa, EOR_IPV4);
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 5065 4: another member is told LOCAL_PREF and our member AS, outside there is only the confederation's number. */
START_TEST(test_confederation)
{
	net = bgpdtest_prefix("192.0.2.0/24");
	bgpdtest_start(&t, ", confederation: {as: 100, members: [65002]}",
		       ONE_NET "neighbors:\n"
			       "  - {address: " A ", remote-as: 65002, passive: true}\n"
			       "  - {address: " B ", remote-as: 65003, passive: true, export: [accept], import: []}\n");
	session(&sa, A, 65002, 0x0a000002, NOTHING);
	session(&sb, B, 65003, 0x0a000003, NOTHING);
	BODY(&sa, 0, 0, 0, 27, ORIGIN, 0x40, 2, 6, 3, 1, 0, 0, 0xfd, 0xe9, SELF, 0x40, 5, 4, 0, 0, 0, 100, NET);
	BODY(&sa, EOR_IPV4);
	BODY(&sb, 0, 0, 0, 20, ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0, 100, SELF, NET);
	BODY(&sb, EOR_IPV4);
	bgpdtest_stop(&t);
	speaker_close(&sb);
}
END_TEST

/* RFC 8212: without a policy nothing, but End-of-RIB all the same. */
START_TEST(test_no_policy)
{
	begin(ONE_NET NEIGHBOR("65002", ""));
	session(&sa, A, 65002, 0x0a000002, NOTHING);
	BODY(&sa, EOR_IPV4);
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 7313 4: BoRR, all routes, EoRR; RFC 2918 without it. */
START_TEST(test_refresh)
{
	static const uint8_t borr[] = {0, 1, 1, 1}, eorr[] = {0, 1, 2, 1};
	struct open_msg o = bgpdtest_open(65002, 0x0a000002);
	uint8_t msg[BGP_REFRESH_LEN];
	struct msg_refresh r = {.afi = 1, .safi = 1, .subtype = REFRESH_NORMAL};

	begin(ONE_NET NEIGHBOR("65002", ", export: [accept], import: []"));
	bgpdtest_session_open(&t, &sa, A, &o);
	BODY(&sa, 0, 0, 0, 20, ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, SELF, NET);
	BODY(&sa, EOR_IPV4);
	speaker_write(&sa, msg, msg_refresh_encode(msg, &r));
	ck_assert_int_eq(speaker_next_real(&sa), BGP_MSG_REFRESH);
	ck_assert_mem_eq(sa.body, borr, sizeof(borr));
	BODY(&sa, 0, 0, 0, 20, ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, SELF, NET);
	ck_assert_int_eq(speaker_next_real(&sa), BGP_MSG_REFRESH);
	ck_assert_mem_eq(sa.body, eorr, sizeof(eorr));
	bgpdtest_stop(&t);
	speaker_close(&sa);

	begin(ONE_NET NEIGHBOR("65002", ", export: [accept], import: []"));
	o.caps.enhanced_refresh = false;
	bgpdtest_session_open(&t, &sa, A, &o);
	BODY(&sa, 0, 0, 0, 20, ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, SELF, NET);
	BODY(&sa, EOR_IPV4);
	speaker_write(&sa, msg, msg_refresh_encode(msg, &r));
	BODY(&sa, 0, 0, 0, 20, ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, SELF, NET);
	bgpdtest_stop(&t);
}
END_TEST

#define DEFAULT   0, 0, 0, 20, ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9, SELF, 0
#define OUT_OPEN  ", export: [accept], import: [], default-originate: [ipv4-unicast]"
#define OUT_NONE  ", export: [accept], import: []"

/* A default route of our own: before End-of-RIB and EoRR, whatever the RIB has, and by reload. */
START_TEST(test_default)
{
	struct ip_prefix any = bgpdtest_prefix("0.0.0.0/0");
	uint8_t msg[BGP_REFRESH_LEN];
	struct msg_refresh r = {.afi = 1, .safi = 1, .subtype = REFRESH_NORMAL};

	begin(NEIGHBOR("65002", OUT_OPEN));
	struct peer *p = session(&sa, A, 65002, 0x0a000002, NOTHING);
	struct peer_route_counts n;
	BODY(&sa, DEFAULT);
	BODY(&sa, EOR_IPV4);
	ck_assert_ptr_null(bgpdtest_best(&t, "0.0.0.0/0"));
	peer_routes_counts(p, FAMILY_IPV4, &n);
	ck_assert_uint_eq(n.sent, 1);
	speaker_write(&sa, msg, msg_refresh_encode(msg, &r));
	ck_assert_int_eq(speaker_next_real(&sa), BGP_MSG_REFRESH);
	BODY(&sa, DEFAULT);
	ck_assert_int_eq(speaker_next_real(&sa), BGP_MSG_REFRESH);
	/* One in the RIB changes nothing, until ours is not to be sent any more. */
	own_network_add(&t.d, &any);
	bgpdtest_settle(&t);
	bgpdtest_reload(&t, "", NEIGHBOR("65002", OUT_NONE));
	BODY(&sa, 0, 1, 0, 0, 0);
	BODY(&sa, DEFAULT);
	/* Back again: it is the same route on the wire, said once more in place of a withdrawal. */
	bgpdtest_reload(&t, "", NEIGHBOR("65002", OUT_OPEN));
	BODY(&sa, DEFAULT);
	BODY(&sa, DEFAULT);
	ck_assert(own_network_del(&t.d, &any));
	bgpdtest_settle(&t);
	bgpdtest_reload(&t, "", NEIGHBOR("65002", OUT_NONE));
	BODY(&sa, 0, 1, 0, 0, 0);
	peer_routes_counts(p, FAMILY_IPV4, &n);
	ck_assert_uint_eq(n.sent, 0);
	bgpdtest_stop(&t);
}
END_TEST

/* What becomes of the RIB's default route is nothing that other prefixes with its attributes share, in whatever order. */
START_TEST(test_default_beside)
{
	static const uint8_t first[] = {0, 0, 0, 20, ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xeb, 0x40, 3, 4, 10, 0, 0, 3, 0, NET},
			     last[] = {0, 0, 0, 20, ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xeb, 0x40, 3, 4, 10, 0, 0, 4, 24, 198, 51, 100};

	begin("neighbors:\n"
	      "  - {address: 127.0.0.2, remote-as: 65002, passive: true, families: [ipv4-unicast]" OUT_OPEN "}\n"
	      "  - {address: 127.0.0.3, remote-as: 65003, passive: true, import: [accept], export: []}\n");
	bgpdtest_interface(&t, 2, "e0", "10.0.0.1", 24);
	struct peer *p = session(&sa, A, 65002, 0x0a000002, NOTHING);
	session(&sb, B, 65003, 0x0a000003, NOTHING);
	BODY(&sa, DEFAULT);
	BODY(&sa, EOR_IPV4);
	speaker_send_update(&sb, first, sizeof(first));
	BODY(&sa, 0, 0, 0, 24, ORIGIN, 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0xfd, 0xeb, SELF, NET);
	ck_assert_ptr_nonnull(bgpdtest_best(&t, "0.0.0.0/0"));
	speaker_send_update(&sb, last, sizeof(last));
	BODY(&sa, 0, 0, 0, 24, ORIGIN, 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0xfd, 0xeb, SELF, 24, 198, 51, 100);
	/* The one of the RIB, with the attributes that were there last; nothing is heard of it. */
	static const uint8_t again[] = {0, 0, 0, 20, ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xeb, 0x40, 3, 4, 10, 0, 0, 4, 0, 24, 198, 51, 101};
	speaker_send_update(&sb, again, sizeof(again));
	BODY(&sa, 0, 0, 0, 24, ORIGIN, 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0xfd, 0xeb, SELF, 24, 198, 51, 101);
	ck_assert_uint_gt(peer_routes_member(p)->group->out.memo_hits + peer_routes_member(p)->group->out.memo_misses, 0);
	bgpdtest_stop(&t);
}
END_TEST

/* To iBGP with LOCAL_PREF, without a policy, and for a member that comes to a group alone. */
START_TEST(test_default_ibgp)
{
	begin("neighbors:\n"
	      "  - {address: 127.0.0.2, remote-as: 65001, passive: true, export: []}\n"
	      "  - {address: 127.0.0.3, remote-as: 65001, passive: true, export: []}\n");
	session(&sa, A, BGPDTEST_AS, 0x0a000002, NOTHING);
	session(&sb, B, BGPDTEST_AS, 0x0a000003, NOTHING);
	BODY(&sa, EOR_IPV4);
	BODY(&sb, EOR_IPV4);
	bgpdtest_reload(&t, "", "neighbors:\n"
	      "  - {address: 127.0.0.2, remote-as: 65001, passive: true, export: [], default-originate: [ipv4-unicast]}\n"
	      "  - {address: 127.0.0.3, remote-as: 65001, passive: true, export: []}\n");
	BODY(&sa, 0, 0, 0, 21, ORIGIN, 0x40, 2, 0, SELF, 0x40, 5, 4, 0, 0, 0, 100, 0);
	bgpdtest_reload(&t, "", "neighbors:\n"
	      "  - {address: 127.0.0.2, remote-as: 65001, passive: true, export: []}\n"
	      "  - {address: 127.0.0.3, remote-as: 65001, passive: true, export: []}\n");
	BODY(&sa, 0, 1, 0, 0, 0);
	/* The other one was told nothing of it. */
	own_network_add(&t.d, &net);
	bgpdtest_reload(&t, "", "neighbors: [{address: 127.0.0.3, remote-as: 65001, passive: true}]\n");
	BODY(&sb, 0, 0, 0, 21, ORIGIN, 0x40, 2, 0, SELF, 0x40, 5, 4, 0, 0, 0, 100, NET);
	bgpdtest_stop(&t);
}
END_TEST

/*
 * Two members of a group: what one announces goes to the other alone, and where another path becomes best, its
 * sender gets a withdrawal of what it had.
 */
START_TEST(test_split_horizon)
{
	static const uint8_t long_path[] = {0, 0, 0, 24, ORIGIN, 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xea, 0, 0, 0xff, 0, 0x40, 3, 4, 10,
					    0, 0, 2, NET},
			     short_path[] = {0, 0, 0, 20, ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xea, 0x40, 3, 4, 10, 0, 0, 3,
					     NET};

	begin("neighbors:\n"
	      "  - {address: 127.0.0.2, remote-as: 65002, passive: true, import: [accept], export: [accept]}\n"
	      "  - {address: 127.0.0.3, remote-as: 65002, passive: true, import: [accept], export: [accept]}\n");
	bgpdtest_interface(&t, 2, "e0", "10.0.0.1", 24);
	struct peer *a = session(&sa, A, 65002, 0x0a000002, NOTHING), *b = session(&sb, B, 65002, 0x0a000003, NOTHING);
	ck_assert_ptr_eq(peer_routes_member(a)->group, peer_routes_member(b)->group);
	BODY(&sa, EOR_IPV4);
	BODY(&sb, EOR_IPV4);
	speaker_send_update(&sa, long_path, sizeof(long_path));
	BODY(&sb, 0, 0, 0, 28, ORIGIN, 0x40, 2, 14, 2, 3, 0, 0, 0xfd, 0xe9, 0, 0, 0xfd, 0xea, 0, 0, 0xff, 0, SELF, NET);
	speaker_send_update(&sb, short_path, sizeof(short_path));
	BODY(&sb, 0, 4, NET, 0, 0);
	BODY(&sa, 0, 0, 0, 24, ORIGIN, 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0xfd, 0xea, SELF, NET);
	/* b's session ends: a's own path is best again, and a is told that b's is gone. */
	speaker_close(&sb);
	BODY(&sa, 0, 4, NET, 0, 0);
	bgpdtest_stop(&t);
}
END_TEST

/* What a neighbour with ADD-PATH has been told: prefixes and path ids. */
struct told {
	struct nlri v[8];
	unsigned n;
};

static void
told_set(struct told *told, const struct nlri *nl, bool there)
{
	unsigned i = 0;

	while (i < told->n && !(told->v[i].path_id == nl->path_id && ip_prefix_eq(&told->v[i].prefix, &nl->prefix)))
		i++;
	/* Nothing is withdrawn that was not told. */
	ck_assert(there || i < told->n);
	if (!there) {
		told->v[i] = told->v[--told->n];
	} else if (i == told->n) {
		ck_assert_uint_lt(told->n, ARRAY_LEN(told->v));
		told->v[told->n++] = *nl;
	}
}

static void
told_field(struct told *told, const struct update_nlri *field, bool there)
{
	struct rbuf r = rbuf_of(field->p, field->len);
	struct nlri nl;

	if (field->family == FAMILY_NONE)
		return;
	while (nlri_next(&r, FAMILY_IPV4, true, &nl) == NLRI_OK)
		told_set(told, &nl, there);
}

static void
told_next(struct told *told, struct speaker *s)
{
	struct attr_session as = {
	    .external = true, .as4 = true, .families = OPEN_FAMILY(FAMILY_IPV4), .add_path = {[FAMILY_IPV4] = true}};
	static struct attr_scratch scratch;
	struct update_in u;

	ck_assert_int_eq(speaker_next_real(s), BGP_MSG_UPDATE);
	update_decode(&as, s->body, s->body_len, &scratch, &u);
	/* Our address here, 127.0.0.1, is nobody's next hop. */
	ck_assert(u.outcome == ATTR_OK || u.outcome == ATTR_WITHDRAW);
	told_field(told, &u.withdraw, false);
	told_field(told, &u.announce, true);
}

/* Paths to the prefix that it has been told of, of this neighbour or (NULL) of anybody. */
static unsigned
told_count(const struct told *told, const char *prefix, const struct peer *of)
{
	struct ip_prefix p = bgpdtest_prefix(prefix);
	unsigned n = 0;

	for (unsigned i = 0; i < told->n; i++)
		n += ip_prefix_eq(&told->v[i].prefix, &p) &&
		     (of == NULL || (told->v[i].path_id & 0xffff) == peer_routes_source(of)->index);
	return n;
}

/* An aggregate that is summary-only hides every path from a neighbour that gets several, and shows them again. */
START_TEST(test_hidden_paths)
{
	static const uint8_t from_a[] = {0, 0, 0, 20, ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xea, 0x40, 3, 4, 10, 0, 0, 2, NET},
			     from_b[] = {0, 0, 0, 24, ORIGIN, 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xea, 0, 0, 0xff, 0, 0x40, 3, 4, 10,
					 0, 0, 3, NET},
			     withdrawn[] = {0, 4, NET, 0, 0};
	static const char neighbors[] =
	    "groups: {g: {remote-as: 65002, passive: true, families: [ipv4-unicast], import: [accept], export: [accept]}}\n"
	    "neighbors:\n"
	    "  - {address: 127.0.0.2, group: g}\n"
	    "  - {address: 127.0.0.3, group: g}\n"
	    "  - {address: 127.0.0.6, group: g, add-path: {send: all}}\n";
	static struct speaker sc;
	struct told told = {0};
	struct open_msg o = bgpdtest_open(65002, 0x0a000006);
	struct str conf = {0};

	begin(neighbors);
	bgpdtest_interface(&t, 2, "e0", "10.0.0.1", 24);
	struct peer *a = session(&sa, A, 65002, 0x0a000002, NOTHING), *b = session(&sb, B, 65002, 0x0a000003, NOTHING);
	speaker_send_update(&sa, from_a, sizeof(from_a));
	speaker_send_update(&sb, from_b, sizeof(from_b));
	bgpdtest_settle(&t);
	o.caps.add_path[FAMILY_IPV4] = ADD_PATH_RECEIVE;
	bgpdtest_session_open(&t, &sc, C, &o);
	while (told.n < 2)
		told_next(&told, &sc);
	ck_assert_uint_eq(told_count(&told, "192.0.2.0/24", a), 1);
	ck_assert_uint_eq(told_count(&told, "192.0.2.0/24", b), 1);

	str_addf(&conf, "%saggregates: [{prefix: 192.0.0.0/16, summary-only: true}]\n", neighbors);
	bgpdtest_reload(&t, "", str_get(&conf));
	while (told.n != 1 || told_count(&told, "192.0.0.0/16", NULL) != 1)
		told_next(&told, &sc);
	/* What changes behind it is not told, a path that goes nor one that comes: the next one is of another prefix. */
	speaker_send_update(&sb, withdrawn, sizeof(withdrawn));
	bgpdtest_settle(&t);
	speaker_send_update(&sb, from_b, sizeof(from_b));
	bgpdtest_settle(&t);
	struct ip_prefix other = bgpdtest_prefix("198.51.100.0/24");
	own_network_add(&t.d, &other);
	while (told_count(&told, "198.51.100.0/24", NULL) == 0)
		told_next(&told, &sc);
	ck_assert_uint_eq(told.n, 2);
	/* The aggregate is one no longer: its paths are told again, with the ids that they had. */
	bgpdtest_reload(&t, "", neighbors);
	while (told_count(&told, "192.0.2.0/24", NULL) < 2 || told_count(&told, "192.0.0.0/16", NULL) > 0)
		told_next(&told, &sc);
	ck_assert_uint_eq(told.n, 3);
	ck_assert_uint_eq(told_count(&told, "192.0.2.0/24", a), 1);
	ck_assert_uint_eq(told_count(&told, "192.0.2.0/24", b), 1);
	str_free(&conf);
	bgpdtest_stop(&t);
}
END_TEST

/* A subnet of ours that has the neighbour comes, or goes, while the session is up. */
static void
subnet_is(const char *addr, unsigned len, bool there)
{
	struct fib_address a = {.ifindex = 3, .deleted = !there};

	ck_assert_int_eq(ip_addr_parse(addr, &a.addr), 0);
	a.subnet = ip_prefix_from_addr(&a.addr, len);
	kernel_watch_address(t.d.kernel, &a);
}

#define FROM_B(nexthop, ...)                                                                                           \
	0, 0, 0, 20, ORIGIN, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xeb, 0x40, 3, 4, nexthop, __VA_ARGS__
#define TO_A(nexthop, ...)                                                                                             \
	0, 0, 0, 24, ORIGIN, 0x40, 2, 10, 2, 2, 0, 0, 0xfd, 0xe9, 0, 0, 0xfd, 0xeb, 0x40, 3, 4, nexthop, __VA_ARGS__
#define THIRD 10, 0, 0, 3
#define LOCAL 127, 0, 0, 1

/* RFC 4271 5.1.3: which next hops may be named goes by the addresses that we have, not by those that we had. */
START_TEST(test_subnet_of_a_session)
{
	static const uint8_t first[] = {FROM_B(THIRD, NET)}, more[] = {FROM_B(THIRD, 24, 198, 51, 100)},
			     last[] = {FROM_B(THIRD, 24, 198, 51, 101)};

	begin("neighbors:\n"
	      "  - {address: 127.0.0.2, remote-as: 65002, passive: true, import: [], export: [accept]}\n"
	      "  - {address: 127.0.0.3, remote-as: 65003, passive: true, import: [accept], export: []}\n");
	bgpdtest_interface(&t, 2, "e0", "10.0.0.1", 24);
	bgpdtest_interface(&t, 3, "e1", "127.0.0.1", 8);
	session(&sa, A, 65002, 0x0a000002, NOTHING);
	session(&sb, B, 65003, 0x0a000003, NOTHING);
	BODY(&sa, EOR_IPV4);
	speaker_send_update(&sb, first, sizeof(first));
	BODY(&sa, TO_A(LOCAL, NET));
	/* The longest one counts, so that with the shorter one beside it nothing changes. */
	subnet_is("10.0.0.1", 1, true);
	bgpdtest_settle(&t);
	speaker_send_update(&sb, more, sizeof(more));
	BODY(&sa, TO_A(LOCAL, 24, 198, 51, 100));
	subnet_is("127.0.0.1", 8, false);
	BODY(&sa, TO_A(THIRD, NET, 24, 198, 51, 100));
	/* Of what is as before when the turn is over nobody hears. */
	subnet_is("127.0.0.1", 8, true);
	subnet_is("127.0.0.1", 8, false);
	bgpdtest_settle(&t);
	speaker_send_update(&sb, last, sizeof(last));
	BODY(&sa, TO_A(THIRD, 24, 198, 51, 101));
	bgpdtest_stop(&t);
}
END_TEST

/* Who shares a group now: those that the same subnet has. */
START_TEST(test_subnets_and_groups)
{
	begin("groups: {g: {remote-as: 65002, passive: true, import: [], export: [accept]}}\n"
	      "neighbors: [{address: 127.0.0.2, group: g}, {address: 127.0.0.3, group: g}, {address: 127.0.0.6, group: g}]\n");
	static struct speaker sc;
	struct peer *a = session(&sa, A, 65002, 0x0a000002, NOTHING);
	struct peer *b = session(&sb, B, 65002, 0x0a000003, NOTHING);
	struct peer *c = session(&sc, C, 65002, 0x0a000006, NOTHING);
	const struct group *outside = peer_routes_member(c)->group;
	ck_assert_ptr_eq(peer_routes_member(a)->group, outside);
	bgpdtest_interface(&t, 3, "e1", "127.0.0.1", 30);
	bgpdtest_settle(&t);
	ck_assert_ptr_eq(peer_routes_member(c)->group, outside);
	ck_assert_ptr_ne(peer_routes_member(a)->group, outside);
	ck_assert_ptr_eq(peer_routes_member(a)->group, peer_routes_member(b)->group);
	/* The same subnet on another interface, too, is no news, neither when it comes nor when it goes. */
	bgpdtest_interface(&t, 4, "e2", "127.0.0.1", 30);
	subnet_is("127.0.0.1", 30, false);
	bgpdtest_settle(&t);
	ck_assert_ptr_ne(peer_routes_member(a)->group, outside);
	struct fib_link gone = {.ifindex = 4, .name = "e2", .deleted = true};
	kernel_watch_link(t.d.kernel, &gone);
	bgpdtest_settle(&t);
	ck_assert_ptr_eq(peer_routes_member(a)->group, peer_routes_member(c)->group);
	ck_assert_ptr_eq(peer_routes_member(b)->group, peer_routes_member(c)->group);
	bgpdtest_stop(&t);
	speaker_close(&sc);
}
END_TEST

SUITE("groups", test_who_shares, test_ebgp, test_ebgp_as2, test_ibgp, test_confederation, test_no_policy, test_refresh,
      test_default, test_default_beside, test_default_ibgp, test_split_horizon,
      test_hidden_paths, test_subnet_of_a_session, test_subnets_and_groups)
