/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of bgpd/peer_gr: what becomes of a neighbour's routes when it goes and comes back, seen in the RIB of a
 * daemon over loopback. Times are real, and as short as the protocol allows: a second.
 */
#include "bgpd/peer_gr.h"

#include "rib/community.h"
#include "rib/llgr.h"
#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#define PEER  "127.0.0.2"
#define OTHER "127.0.0.3"
#define PEER_AS 65002u
#define BOTH  (OPEN_FAMILY(FAMILY_IPV4) | OPEN_FAMILY(FAMILY_IPV6))

#define NET1 "192.0.2.0/24"
#define NET2 "198.51.100.0/24"
#define NET3 "203.0.113.0/24" /* announced with NO_LLGR */

static struct bgpdtest t;
static struct speaker s;
static struct peer *p;

static void
begin(const char *restart, const char *more)
{
	char conf[640];

	snprintf(conf, sizeof(conf),
		 "neighbors:\n"
		 "  - {address: " PEER ", remote-as: 65002, passive: true, families: [ipv4-unicast, ipv6-unicast], "
		 "import: [accept], export: [accept], multihop: 2, idle-hold-time: {initial: 1, max: 1}, "
		 "graceful-restart: {%s}%s}\n"
		 "  - {address: " OTHER ", remote-as: 65003, passive: true, export: [accept], multihop: 2}\n",
		 restart, more);
	bgpdtest_start(&t, "", conf);
	bgpdtest_interface(&t, 1, "eth0", "10.1.1.1", 24);
	p = bgpdtest_peer(&t, PEER);
	ck_assert_ptr_nonnull(p);
}

static struct open_msg
open_with(uint16_t time_s, uint8_t forwarding, uint32_t long_s)
{
	struct open_msg o = bgpdtest_open(PEER_AS, 0x0a000002);

	o.caps.gr = true;
	o.caps.gr_notification = true;
	o.caps.gr_time_s = time_s;
	o.caps.gr_families = BOTH;
	o.caps.gr_forwarding = forwarding;
	if (long_s > 0) {
		o.caps.llgr_families = BOTH;
		o.caps.llgr_forwarding = forwarding;
		o.caps.llgr_time_s[FAMILY_IPV4] = o.caps.llgr_time_s[FAMILY_IPV6] = long_s;
	}
	return o;
}

static void
come_up(const struct open_msg *o)
{
	ck_assert_ptr_eq(bgpdtest_session_open(&t, &s, PEER, o), p);
}

/* Without a NOTIFICATION. */
static void
lose(void)
{
	speaker_close(&s);
	UNTIL(t.d.loop, !peer_established(p));
}

static void
announce_only(const char *prefix, uint32_t community)
{
	uint8_t body[64] = {0, 0, 0, 0, 0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xea, 0x40, 3, 4, 10, 1, 1, 2};
	size_t attrs = 20, len = 24;
	struct ip_prefix pf = bgpdtest_prefix(prefix);

	if (community != 0) {
		const uint8_t value[] = {0xc0, 8, 4, (uint8_t)(community >> 24), (uint8_t)(community >> 16),
					 (uint8_t)(community >> 8), (uint8_t)community};
		memcpy(body + len, value, sizeof(value));
		len += sizeof(value);
		attrs += sizeof(value);
	}
	body[3] = (uint8_t)attrs;
	body[len++] = pf.len;
	memcpy(body + len, pf.bytes, 3);
	speaker_send_update(&s, body, len + 3);
}

static void
announce(const char *prefix, uint32_t community)
{
	announce_only(prefix, community);
	UNTIL(t.d.loop, bgpdtest_path(&t, p, prefix) != NULL &&
			     !rib_path_stale(t.d.rib, FAMILY_IPV4, bgpdtest_path(&t, p, prefix)));
}

static void
end_of_rib(void)
{
	static const uint8_t v4[4], v6[] = {0, 0, 0, 6, 0x80, 15, 3, 0, 2, 1};

	speaker_send_update(&s, v4, sizeof(v4));
	speaker_send_update(&s, v6, sizeof(v6));
	UNTIL(t.d.loop, peer_routes_in_sync(p));
}

static bool
is_stale(const char *prefix)
{
	const struct rib_path *path = bgpdtest_path(&t, p, prefix);

	return path != NULL && rib_path_stale(t.d.rib, FAMILY_IPV4, path);
}

static bool
is_gone(const char *prefix)
{
	return bgpdtest_path(&t, p, prefix) == NULL;
}

static bool
has_llgr_stale(const char *prefix)
{
	const struct rib_path *path = bgpdtest_path(&t, p, prefix);

	return path != NULL && llgr_is_stale(attr_get(t.d.attrs, path->attr));
}

static enum gr_state
state4(void)
{
	return (enum gr_state)p->gr.fam[FAMILY_IPV4].state;
}

/* A session with two routes, which is lost. */
static void
up_and_lost(const struct open_msg *o)
{
	come_up(o);
	announce(NET1, 0);
	announce(NET2, 0);
	end_of_rib();
	lose();
}

START_TEST(test_kept_and_swept)
{
	struct open_msg o = open_with(60, BOTH, 0);

	begin("restart-time: 60", "");
	up_and_lost(&o);
	ck_assert_int_eq(state4(), GR_RESTARTING);
	bgpdtest_settle(&t);
	ck_assert(is_stale(NET1) && is_stale(NET2));
	ck_assert_ptr_nonnull(bgpdtest_best(&t, NET1));
	/* Back: what it says again is fresh, the rest goes at End-of-RIB and not before. */
	come_up(&o);
	ck_assert_int_eq(state4(), GR_RESYNC);
	announce(NET1, 0);
	bgpdtest_settle(&t);
	ck_assert(is_stale(NET2));
	end_of_rib();
	UNTIL(t.d.loop, is_gone(NET2));
	bgpdtest_settle(&t);
	ck_assert_int_eq(state4(), GR_FRESH);
	ck_assert(!is_gone(NET1) && !is_stale(NET1));
	bgpdtest_stop(&t);
}
END_TEST

START_TEST(test_restart_time)
{
	struct open_msg o = open_with(1, BOTH, 0);

	begin("restart-time: 60", "");
	up_and_lost(&o);
	bgpdtest_settle(&t);
	ck_assert(is_stale(NET1));
	UNTIL(t.d.loop, is_gone(NET1) && is_gone(NET2));
	ck_assert_int_eq(state4(), GR_FRESH);
	bgpdtest_stop(&t);
}
END_TEST

/* Ours bounds it, also when the neighbour is back and goes on without End-of-RIB. */
START_TEST(test_stale_time)
{
	struct open_msg o = open_with(60, BOTH, 0);

	begin("restart-time: 60, stale-time: 3", "");
	up_and_lost(&o);
	come_up(&o);
	ck_assert_int_eq(state4(), GR_RESYNC);
	announce(NET1, 0);
	UNTIL(t.d.loop, is_gone(NET2));
	ck_assert(!is_gone(NET1));
	ck_assert(peer_established(p));
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 4724 4.2: without the F bit, or without the capability, they go at once. */
START_TEST(test_not_preserved)
{
	struct open_msg o = open_with(60, BOTH, 0), other;

	for (int i = 0; i < 2; i++) {
		other = i == 0 ? open_with(60, OPEN_FAMILY(FAMILY_IPV6), 0) : bgpdtest_open(PEER_AS, 0x0a000002);
		begin("restart-time: 60", "");
		up_and_lost(&o);
		ck_assert(is_stale(NET1));
		come_up(&other);
		ck_assert_int_eq(state4(), GR_FRESH);
		ck_assert_int_eq(p->gr.fam[FAMILY_IPV6].state, i == 0 ? GR_RESYNC : GR_FRESH);
		UNTIL(t.d.loop, is_gone(NET1) && is_gone(NET2));
		bgpdtest_stop(&t);
	}
}
END_TEST

START_TEST(test_consecutive)
{
	struct open_msg o = open_with(60, BOTH, 0);

	begin("restart-time: 60", "");
	up_and_lost(&o);
	come_up(&o);
	announce(NET1, 0);
	lose();
	/* What was stale before is gone, what came since is kept. */
	UNTIL(t.d.loop, is_gone(NET2));
	ck_assert(is_stale(NET1));
	ck_assert_int_eq(state4(), GR_RESTARTING);
	bgpdtest_stop(&t);
}
END_TEST

static void
notify(uint8_t code, uint8_t subcode, bool hard)
{
	uint8_t msg[64];
	struct bgp_error err;

	bgp_error_set(&err, code, subcode, "", NULL, 0);
	if (hard)
		notify_wrap_hard_reset(&err);
	speaker_write(&s, msg, notify_encode(&err, msg, sizeof(msg)));
	UNTIL(t.d.loop, !peer_established(p));
	speaker_close(&s);
}

/* RFC 8538: a NOTIFICATION ends the session and keeps the routes, but not a Hard Reset, nor without the N bit. */
START_TEST(test_notification)
{
	static const struct {
		bool n_bit, hard, kept;
	} cases[] = {{true, false, true}, {true, true, false}, {false, false, false}};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		struct open_msg o = open_with(60, BOTH, 0);
		o.caps.gr_notification = cases[i].n_bit;
		begin("restart-time: 60", "");
		come_up(&o);
		announce(NET1, 0);
		notify(BGP_ERR_CEASE, BGP_CEASE_ADMIN_RESET, cases[i].hard);
		if (cases[i].kept)
			bgpdtest_settle(&t);
		else
			UNTIL(t.d.loop, is_gone(NET1));
		ck_assert(is_stale(NET1) == cases[i].kept);
		bgpdtest_stop(&t);
	}
}
END_TEST

/* What we send: Hard Reset where the routes are to go, a plain one else; and what is left of its routes here. */
START_TEST(test_we_end_it)
{
	struct open_msg o = open_with(60, BOTH, 0);

	begin("restart-time: 60", "");
	come_up(&o);
	announce(NET1, 0);
	peer_reset(p, BGP_ERR_CEASE, BGP_CEASE_ADMIN_RESET, "");
	ck_assert_int_eq(state4(), GR_RESTARTING);
	while (speaker_next_real(&s) != BGP_MSG_NOTIFICATION)
		;
	ck_assert(s.body[0] == BGP_ERR_CEASE && s.body[1] == BGP_CEASE_ADMIN_RESET);
	speaker_close(&s);
	come_up(&o);
	announce(NET1, 0);
	peer_stop(p, BGP_CEASE_ADMIN_SHUTDOWN, "out");
	while (speaker_next_real(&s) != BGP_MSG_NOTIFICATION)
		;
	ck_assert(s.body[0] == BGP_ERR_CEASE && s.body[1] == BGP_CEASE_HARD_RESET);
	ck_assert(s.body[2] == BGP_ERR_CEASE && s.body[3] == BGP_CEASE_ADMIN_SHUTDOWN);
	ck_assert(s.body[4] == 3 && memcmp(s.body + 5, "out", 3) == 0);
	UNTIL(t.d.loop, is_gone(NET1));
	speaker_close(&s);
	/* Shut down while it is away: they go as well. */
	peer_start(p);
	come_up(&o);
	announce(NET1, 0);
	lose();
	ck_assert(is_stale(NET1));
	peer_stop(p, BGP_CEASE_ADMIN_SHUTDOWN, NULL);
	UNTIL(t.d.loop, is_gone(NET1));
	bgpdtest_stop(&t);
}
END_TEST

/* Before a restart of our own nothing is said, so that it keeps our routes. */
START_TEST(test_leave)
{
	struct open_msg o = open_with(60, BOTH, 0), plain = bgpdtest_open(PEER_AS, 0x0a000002);

	for (int i = 0; i < 2; i++) {
		begin("restart-time: 60", "");
		come_up(i == 0 ? &o : &plain);
		peer_leave(p);
		int type;
		while ((type = speaker_next_real(&s)) == BGP_MSG_UPDATE)
			;
		ck_assert_int_eq(type, i == 0 ? SPEAKER_END : BGP_MSG_NOTIFICATION);
		ck_assert_int_eq(peer_state(p), FSM_IDLE);
		speaker_close(&s);
		bgpdtest_stop(&t);
	}
}
END_TEST

/* RFC 4724 4.2: a new connection tells that the old one is lost. */
START_TEST(test_second_connection)
{
	struct open_msg o = open_with(60, BOTH, 0);
	static struct speaker again;

	begin("restart-time: 60", "");
	come_up(&o);
	announce(NET1, 0);
	p->updown_ns -= 3000000000ull; /* it has been up for a while */
	speaker_connect(&again, t.d.loop, PEER, "127.0.0.1", t.port);
	speaker_establish(&again, &o);
	UNTIL(t.d.loop, p->stats.established == 2 && peer_established(p));
	ck_assert_int_eq(state4(), GR_RESYNC);
	ck_assert(is_stale(NET1));
	while (speaker_next_real(&s) != SPEAKER_END)
		;
	speaker_close(&s);
	speaker_close(&again);
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 9494: when the restart time is over routes stay as a last resort, but for those that are not to. */
START_TEST(test_long_lived)
{
	struct open_msg o = open_with(1, BOTH, 60);

	begin("restart-time: 60, long-lived-time: 100", "");
	come_up(&o);
	ck_assert_uint_eq(p->main->sent.caps.llgr_time_s[FAMILY_IPV4], 100);
	announce(NET1, 0);
	announce(NET3, COMMUNITY_NO_LLGR);
	end_of_rib();
	lose();
	ck_assert(!has_llgr_stale(NET1));
	UNTIL(t.d.loop, is_gone(NET3));
	bgpdtest_settle(&t);
	ck_assert_int_eq(state4(), GR_LONG);
	ck_assert(is_stale(NET1) && has_llgr_stale(NET1));
	ck_assert_ptr_nonnull(bgpdtest_best(&t, NET1));
	/* What was received is still known, without the mark. */
	struct ip_prefix pf = bgpdtest_prefix(NET1);
	uint32_t id = rib_find(t.d.rib, &pf);
	attr_id received = rib_path_received(t.d.rib, FAMILY_IPV4, id, bgpdtest_path(&t, p, NET1));
	ck_assert(!llgr_is_stale(attr_get(t.d.attrs, received)));
	/* Back, and said again. */
	come_up(&o);
	ck_assert_int_eq(state4(), GR_LONG_RESYNC);
	ck_assert(has_llgr_stale(NET1));
	announce(NET1, 0);
	ck_assert(!has_llgr_stale(NET1));
	end_of_rib();
	bgpdtest_settle(&t);
	ck_assert_int_eq(state4(), GR_FRESH);
	ck_assert(!is_gone(NET1));
	bgpdtest_stop(&t);
}
END_TEST

/* It ends, too; with a restart time of 0 it begins at once. */
START_TEST(test_long_lived_end)
{
	struct open_msg o = open_with(0, BOTH, 2);

	begin("long-lived-time: 100", "");
	up_and_lost(&o);
	ck_assert_int_eq(state4(), GR_LONG);
	UNTIL(t.d.loop, has_llgr_stale(NET1));
	UNTIL(t.d.loop, is_gone(NET1) && is_gone(NET2));
	ck_assert_int_eq(state4(), GR_FRESH);
	bgpdtest_stop(&t);
}
END_TEST

/* A policy that changes while the neighbour is away counts for its stale routes, which stay stale. */
START_TEST(test_policy_meanwhile)
{
	struct open_msg o = open_with(60, BOTH, 0);

	begin("restart-time: 60", "");
	up_and_lost(&o);
	bgpdtest_settle(&t);
	ck_assert_ptr_nonnull(bgpdtest_best(&t, NET1));
	peer_routes_rejudge_stale(p);
	bgpdtest_settle(&t);
	ck_assert(is_stale(NET1) && is_stale(NET2));
	bgpdtest_stop(&t);
}
END_TEST

/* While old and new names of its prefixes are both there, max-prefix allows for both. */
START_TEST(test_max_prefix)
{
	struct open_msg o = open_with(60, BOTH, 0);

	begin("restart-time: 60", ", max-prefix: {limit: 2, action: shutdown}");
	up_and_lost(&o);
	come_up(&o);
	announce(NET3, 0);
	bgpdtest_settle(&t);
	ck_assert(peer_established(p));
	ck_assert_uint_eq(peer_routes_source(p)->received[FAMILY_IPV4], 3);
	end_of_rib();
	UNTIL(t.d.loop, is_gone(NET1) && is_gone(NET2));
	bgpdtest_settle(&t);
	ck_assert(peer_established(p));
	/* Afterwards it does. */
	announce(NET1, 0);
	announce_only(NET2, 0);
	UNTIL(t.d.loop, !peer_established(p));
	bgpdtest_stop(&t);
}
END_TEST

/* Its kept routes are being judged by a new policy when it is configured away: they go, and nobody judges them. */
START_TEST(test_retired_meanwhile)
{
	struct open_msg o = open_with(60, BOTH, 0);

	begin("enabled: true", "");
	come_up(&o);
	announce(NET1, 0);
	lose();
	ck_assert(peer_gr_keeps(p, FAMILY_IPV4));
	peer_routes_rejudge_stale(p);
	peer_retire(p);
	UNTIL(t.d.loop, bgpdtest_peer(&t, PEER) == NULL);
	ck_assert_ptr_null(bgpdtest_best(&t, NET1));
	bgpdtest_stop(&t);
}
END_TEST

SUITE("peer_gr", test_kept_and_swept, test_restart_time, test_stale_time, test_not_preserved, test_consecutive,
      test_notification, test_we_end_it, test_leave, test_second_connection, test_long_lived, test_long_lived_end,
      test_policy_meanwhile, test_max_prefix, test_retired_meanwhile)
