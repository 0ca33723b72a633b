/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/reload and bgpd/own: what a changed configuration does to sessions, routes and neighbours. */
#include "bgpd/reload.h"

#include "bgpd/own.h"
#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#define A "127.0.0.2"

static struct bgpdtest t;
static struct speaker s;
static struct peer *p;

static void
change(const char *router, const char *rest)
{
	struct str errors = {0};

	bgpdtest_write(&t, router, rest);
	int r = reload(&t.d, t.conf, &errors);
	ck_assert_msg(r == 0, "%s", str_get(&errors));
	str_free(&errors);
}

#define ONE(keys)                                                                                            \
	"neighbors: [{address: 127.0.0.2, remote-as: 65002, passive: true, idle-hold-time: {initial: 1, max: 1}" keys "}]\n"
#define IBGP(keys) "neighbors: [{address: 127.0.0.2, remote-as: 65001, passive: true" keys "}]\n"
#define OPEN_BOTH  ", import: [accept], export: [accept]"

#define GOOD   0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xea, 0x40, 3, 4, 10, 0, 0, 2
#define NLRI_A 24, 192, 0, 2
#define PREFIX "192.0.2.0/24"
static const uint8_t announce[] = {0, 0, 0, 20, GOOD, NLRI_A};

static void
begin(const char *rest, uint32_t as)
{
	bgpdtest_start(&t, "", rest);
	bgpdtest_interface(&t, 2, "e0", "10.0.0.1", 24);
	p = bgpdtest_session(&t, &s, A, as, 0x0a000002);
}

static void
end(void)
{
	bgpdtest_stop(&t);
	speaker_close(&s);
}

/* The session of before still stands, and the neighbour has not been told anything. */
static void
check_unnoticed(void)
{
	struct peer_stats before, now;

	bgpdtest_settle(&t);
	peer_stats_get(p, &before);
	looptest_turns_ms(&t.d.loop, 100);
	peer_stats_get(p, &now);
	ck_assert(peer_established(p));
	ck_assert_uint_eq(p->stats.established, 1);
	ck_assert_uint_eq(now.out[BGP_MSG_NOTIFICATION], 0);
	ck_assert_uint_eq(now.out[BGP_MSG_OPEN], 1);
	ck_assert_ptr_eq(p, bgpdtest_peer(&t, A));
}

START_TEST(test_bad_file)
{
	struct str errors = {0};

	begin(ONE(OPEN_BOTH), 65002);
	const struct conf *before = t.d.conf;
	bgpdtest_write(&t, "", "neighbors: [{address: 127.0.0.2, remote-as: 0, hold-time: 2}]\n");
	ck_assert_int_eq(reload(&t.d, t.conf, &errors), -EINVAL);
	/* All errors, with their place. */
	ck_assert_ptr_nonnull(strstr(str_get(&errors), "bgpd.yaml:3:45: neighbors[0].remote-as"));
	ck_assert_ptr_nonnull(strstr(str_get(&errors), "bgpd.yaml:3:59: neighbors[0].hold-time"));
	str_free(&errors);
	ck_assert_ptr_eq(t.d.conf, before);
	check_unnoticed();
	end();
}
END_TEST

START_TEST(test_nothing_changed)
{
	begin(ONE(OPEN_BOTH), 65002);
	speaker_send_update(&s, announce, sizeof(announce));
	UNTIL(&t.d.loop, bgpdtest_best(&t, PREFIX) != NULL);
	change("", ONE(OPEN_BOTH));
	check_unnoticed();
	ck_assert_ptr_nonnull(bgpdtest_best(&t, PREFIX));
	/* Keys that concern nobody's session. */
	change("", ONE(OPEN_BOTH ", description: rack 12, connect-retry-time: 9"));
	check_unnoticed();
	ck_assert_str_eq(p->conf->description, "rack 12");
	end();
}
END_TEST

/* A key of the session itself: Cease/Other Configuration Change (RFC 4486), and it comes back with the new value. */
START_TEST(test_reset)
{
	begin(ONE(OPEN_BOTH), 65002);
	change("", ONE(OPEN_BOTH ", families: [ipv4-unicast, ipv6-unicast]"));
	while (speaker_next_real(&s) == BGP_MSG_UPDATE)
		;
	ck_assert_uint_eq(s.body[0], BGP_ERR_CEASE);
	ck_assert_uint_eq(s.body[1], BGP_CEASE_CONFIG_CHANGE);
	speaker_close(&s);
	p = bgpdtest_session(&t, &s, A, 65002, 0x0a000002);
	ck_assert_uint_eq(p->session.caps.families, OPEN_FAMILY(FAMILY_IPV4) | OPEN_FAMILY(FAMILY_IPV6));
	end();
}
END_TEST

/* A changed import policy is run over what is kept: the neighbour is asked nothing. */
START_TEST(test_import)
{
	begin(ONE(", import: [x], export: []") "policies: {x: [{action: accept}]}\n", 65002);
	speaker_send_update(&s, announce, sizeof(announce));
	UNTIL(&t.d.loop, bgpdtest_best(&t, PREFIX) != NULL);
	change("", ONE(", import: [x], export: []") "policies: {x: [{set: {local-preference: 7}, action: accept}]}\n");
	UNTIL(&t.d.loop, bgpdtest_best(&t, PREFIX) != NULL &&
			     attr_get(t.d.attrs, bgpdtest_best(&t, PREFIX)->attr)->local_pref == 7);
	check_unnoticed();
	change("", ONE(", import: [], export: []"));
	UNTIL(&t.d.loop, bgpdtest_best(&t, PREFIX) == NULL);
	ck_assert_int_eq(rib_path_reject(bgpdtest_path(&t, p, PREFIX)), RIB_REJECT_POLICY);
	/* None at all: RFC 8212. */
	change("", ONE(", export: []"));
	UNTIL(&t.d.loop, rib_path_reject(bgpdtest_path(&t, p, PREFIX)) == RIB_REJECT_NO_POLICY);
	change("", ONE(", import: [accept], export: []"));
	UNTIL(&t.d.loop, bgpdtest_best(&t, PREFIX) != NULL);
	check_unnoticed();
	end();
}
END_TEST

/* A changed prefix set counts as a change of the policies that use it, and of those that use them. */
START_TEST(test_import_set)
{
	static const char policies[] = "policies: {x: [{match: {prefix-set: s}, action: accept}]}\n";
	struct str conf = {0};

	str_addf(&conf, "%s%sprefix-sets: {s: [192.0.2.0/24]}\n", ONE(", import: [x], export: []"), policies);
	begin(str_get(&conf), 65002);
	speaker_send_update(&s, announce, sizeof(announce));
	UNTIL(&t.d.loop, bgpdtest_best(&t, PREFIX) != NULL);
	str_reset(&conf);
	str_addf(&conf, "%s%sprefix-sets: {s: [192.0.3.0/24]}\n", ONE(", import: [x], export: []"), policies);
	change("", str_get(&conf));
	UNTIL(&t.d.loop, bgpdtest_best(&t, PREFIX) == NULL);
	check_unnoticed();
	str_free(&conf);
	end();
}
END_TEST

/* The next UPDATE for the prefix announces (with what in its attributes) or withdraws. */
static bool
next_update_is_withdrawal(void)
{
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE);
	return s.body_len == 8 && s.body[1] == 4;
}

START_TEST(test_export)
{
	begin(ONE(OPEN_BOTH) "networks: [{prefix: 192.0.2.0/24}]\n", 65002);
	ck_assert(!next_update_is_withdrawal());
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE); /* End-of-RIB */
	change("", ONE(", import: [accept], export: []") "networks: [{prefix: 192.0.2.0/24}]\n");
	ck_assert(next_update_is_withdrawal());
	change("", ONE(", import: [accept], export: [m]") "networks: [{prefix: 192.0.2.0/24}]\n"
							  "policies: {m: [{set: {med: 9}, action: accept}]}\n");
	ck_assert(!next_update_is_withdrawal());
	/* ORIGIN, AS_PATH, NEXT_HOP, then MED 9. */
	static const uint8_t med[] = {0x80, 4, 4, 0, 0, 0, 9};
	ck_assert_mem_eq(s.body + 4 + 20, med, sizeof(med));
	check_unnoticed();
	end();
}
END_TEST

/* RFC 4271 5.1.5: towards iBGP the degree of preference goes along; a new default is a new value. */
START_TEST(test_default_local_preference)
{
	static const uint8_t lp100[] = {0x40, 5, 4, 0, 0, 0, 100}, lp150[] = {0x40, 5, 4, 0, 0, 0, 150};

	begin(IBGP("") "networks: [{prefix: 192.0.2.0/24}]\n", BGPDTEST_AS);
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE);
	ck_assert_mem_eq(s.body + 4 + 14, lp100, sizeof(lp100));
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE);
	change(", default-local-preference: 150", IBGP("") "networks: [{prefix: 192.0.2.0/24}]\n");
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE);
	ck_assert_mem_eq(s.body + 4 + 14, lp150, sizeof(lp150));
	check_unnoticed();
	end();
}
END_TEST

/* Towards eBGP it is not sent, but export policy may look at it. */
START_TEST(test_default_local_preference_in_policy)
{
	static const char rest[] = ONE(", import: [], export: [x]") "networks: [{prefix: 192.0.2.0/24}]\n"
								    "policies: {x: [{match: {local-preference: {above: 120}}, "
								    "action: accept}]}\n";

	begin(rest, 65002);
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE);
	ck_assert_uint_eq(s.body_len, 4); /* End-of-RIB */
	change(", default-local-preference: 150", rest);
	ck_assert(!next_update_is_withdrawal());
	change("", rest);
	ck_assert(next_update_is_withdrawal());
	check_unnoticed();
	end();
}
END_TEST

START_TEST(test_add_remove)
{
	static struct speaker s2;

	begin(ONE(OPEN_BOTH), 65002);
	speaker_send_update(&s, announce, sizeof(announce));
	UNTIL(&t.d.loop, bgpdtest_best(&t, PREFIX) != NULL);
	change("", "neighbors:\n"
		   "  - {address: 127.0.0.3, remote-as: 65003, passive: true}\n"
		   "  - {address: 127.0.0.2, remote-as: 65002, passive: true, idle-hold-time: {initial: 1, max: 1}" OPEN_BOTH
		   "}\n");
	check_unnoticed();
	ck_assert_uint_eq(peer_number(p), 2);
	struct peer *q = bgpdtest_session(&t, &s2, "127.0.0.3", 65003, 0x0a000003);
	ck_assert_uint_eq(peer_number(q), 1);
	change("", "neighbors: [{address: 127.0.0.3, remote-as: 65003, passive: true}]\n");
	while (speaker_next_real(&s) == BGP_MSG_UPDATE)
		;
	ck_assert_uint_eq(s.body[0], BGP_ERR_CEASE);
	ck_assert_uint_eq(s.body[1], BGP_CEASE_DECONFIGURED);
	UNTIL(&t.d.loop, bgpdtest_peer(&t, A) == NULL);
	ck_assert_ptr_null(bgpdtest_best(&t, PREFIX));
	ck_assert(peer_established(q));
	speaker_close(&s2);
	end();
}
END_TEST

/* RFC 4486: by configuration it is a shutdown, and its end starts the neighbour again. */
START_TEST(test_shutdown)
{
	begin(ONE(OPEN_BOTH), 65002);
	change("", ONE(OPEN_BOTH ", shutdown: true"));
	while (speaker_next_real(&s) == BGP_MSG_UPDATE)
		;
	ck_assert_uint_eq(s.body[0], BGP_ERR_CEASE);
	ck_assert_uint_eq(s.body[1], BGP_CEASE_ADMIN_SHUTDOWN);
	speaker_close(&s);
	ck_assert_int_eq(peer_state(p), FSM_IDLE);
	change("", ONE(OPEN_BOTH));
	bgpdtest_session(&t, &s, A, 65002, 0x0a000002);
	/* What a command took down a reload does not start. */
	peer_stop(p, BGP_CEASE_ADMIN_SHUTDOWN, NULL);
	change("", ONE(OPEN_BOTH ", description: still down"));
	ck_assert_int_eq(peer_state(p), FSM_IDLE);
	end();
}
END_TEST

/* bgpd/own: networks and statics of the configuration come and go; those of commands stay over a reload. */
START_TEST(test_own)
{
	struct ip_prefix cmd = bgpdtest_prefix("203.0.113.0/24"), both = bgpdtest_prefix("198.51.100.0/24");
	size_t len;

	bgpdtest_start(&t, "",
	    "networks:\n"
	    "  - {prefix: 192.0.2.0/24, med: 5, local-preference: 70, communities: [\"65001:9\", \"65001:1\"]}\n"
	    "  - {prefix: 198.51.100.0/24, blackhole: true}\n"
	    "statics: [{prefix: 10.9.0.0/16, unreachable: true}]\n");
	bgpdtest_settle(&t);
	const struct attr_set *a = attr_get(t.d.attrs, bgpdtest_best(&t, PREFIX)->attr);
	ck_assert_uint_eq(a->med, 5);
	ck_assert_uint_eq(a->local_pref, 70);
	ck_assert_uint_eq(a->origin, ATTR_ORIGIN_IGP);
	static const uint8_t communities[] = {0xfd, 0xe9, 0, 1, 0xfd, 0xe9, 0, 9};
	const uint8_t *v = attr_find(a, ATTR_COMMUNITIES, &len);
	ck_assert_uint_eq(len, sizeof(communities));
	ck_assert_mem_eq(v, communities, sizeof(communities));
	const struct rib_path *st = bgpdtest_best(&t, "10.9.0.0/16");
	ck_assert_int_eq(rib_source_get(t.d.rib, st->source)->kind, RIB_SOURCE_STATIC);
	ck_assert_int_eq(attr_local(attr_get(t.d.attrs, st->attr)).discard, ATTR_DISCARD_UNREACHABLE);
	const struct rib_path *bh = bgpdtest_best(&t, "198.51.100.0/24");
	ck_assert_int_eq(attr_local(attr_get(t.d.attrs, bh->attr)).discard, ATTR_DISCARD_BLACKHOLE);

	own_network_add(&t.d, &cmd);
	own_network_add(&t.d, &both);
	change("", "networks: [{prefix: 192.0.2.0/24}]\n");
	bgpdtest_settle(&t);
	ck_assert_uint_eq(attr_get(t.d.attrs, bgpdtest_best(&t, PREFIX)->attr)->med, 0);
	ck_assert_ptr_null(bgpdtest_best(&t, "10.9.0.0/16"));
	ck_assert_ptr_nonnull(bgpdtest_best(&t, "203.0.113.0/24"));
	ck_assert_ptr_nonnull(bgpdtest_best(&t, "198.51.100.0/24"));
	ck_assert(own_network_del(&t.d, &cmd));
	ck_assert(!own_network_del(&t.d, &cmd));
	ck_assert(own_network_del(&t.d, &both));
	bgpdtest_settle(&t);
	ck_assert_ptr_null(bgpdtest_best(&t, "203.0.113.0/24"));
	ck_assert_ptr_null(bgpdtest_best(&t, "198.51.100.0/24"));
	/* A network of the configuration is not a command's to delete. */
	struct ip_prefix conf = bgpdtest_prefix(PREFIX);
	ck_assert(!own_network_del(&t.d, &conf));
	bgpdtest_settle(&t);
	ck_assert_ptr_nonnull(bgpdtest_best(&t, PREFIX));
	bgpdtest_stop(&t);
}
END_TEST

/* Listeners follow router.listen. */
START_TEST(test_listen)
{
	begin(ONE(OPEN_BOTH), 65002);
	uint16_t old = t.port;
	t.port = speaker_free_port("127.0.0.1");
	change("", ONE(OPEN_BOTH));
	check_unnoticed();
	struct sockaddr_storage ss;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	socklen_t len = speaker_sockaddr("127.0.0.1", old, &ss);
	ck_assert_int_lt(connect(fd, (struct sockaddr *)&ss, len), 0);
	ck_assert_int_eq(errno, ECONNREFUSED);
	close(fd);
	static struct speaker stranger;
	speaker_connect(&stranger, &t.d.loop, "127.0.0.9", "127.0.0.1", t.port);
	ck_assert_int_eq(speaker_next(&stranger), SPEAKER_END);
	end();
}
END_TEST

SUITE("reload", test_bad_file, test_nothing_changed, test_reset, test_import, test_import_set, test_export,
    test_default_local_preference, test_default_local_preference_in_policy, test_add_remove, test_shutdown, test_own,
    test_listen)
