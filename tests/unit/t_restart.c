/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of bgpd/restart: a start that finds routes of an earlier run waits for its neighbours, but not for ever; and
 * the bits of an OPEN. There is no kernel here: what it would have said is told to restart_synced.
 */
#include "bgpd/restart.h"

#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#define PEER  "127.0.0.2"
#define OTHER "127.0.0.3"
#define BOTH  (OPEN_FAMILY(FAMILY_IPV4) | OPEN_FAMILY(FAMILY_IPV6))
#define IPV4  OPEN_FAMILY(FAMILY_IPV4)
#define NET   "192.0.2.0/24"

static struct bgpdtest t;
static struct speaker s;

/* A restart with these families kept, and one or two neighbours. */
static void
begin(const char *restart_time, bool two, uint8_t kept)
{
	char router[64], conf[512];

	snprintf(router, sizeof(router), ", graceful-restart: {restart-time: %s}", restart_time);
	snprintf(conf, sizeof(conf),
		 "neighbors:\n"
		 "  - {address: " PEER ", remote-as: 65002, passive: true, families: [ipv4-unicast, ipv6-unicast], "
		 "import: [accept], export: [accept], multihop: 2, idle-hold-time: {initial: 1, max: 1}}\n"
		 "%s",
		 two ? "  - {address: " OTHER ", remote-as: 65003, passive: true, multihop: 2}\n" : "");
	bgpdtest_start(&t, router, conf);
	bgpdtest_interface(&t, 1, "eth0", "10.1.1.1", 24);
	bgpdtest_settle(&t);
	restart_fini(&t.d.restart);
	restart_init(&t.d.restart, &t.d);
	restart_synced(&t.d.restart, kept);
}

static struct open_msg
open_with(bool gr, bool restarting)
{
	struct open_msg o = bgpdtest_open(65002, 0x0a000002);

	o.caps.gr = gr;
	o.caps.gr_restarting = restarting;
	o.caps.gr_time_s = 60;
	o.caps.gr_families = gr ? BOTH : 0;
	return o;
}

static void
announce(void)
{
	static const uint8_t body[] = {0, 0, 0, 20, 0x40, 1, 1, 0, 0x40, 2, 6,  2,   1, 0,
				       0, 0xfd, 0xea, 0x40, 3, 4, 10, 1, 1, 2, 24, 192, 0, 2};

	speaker_send_update(&s, body, sizeof(body));
	UNTIL(t.d.loop, bgpdtest_path(&t, bgpdtest_peer(&t, PEER), NET) != NULL);
}

static void
end_of_rib(void)
{
	static const uint8_t v4[4], v6[] = {0, 0, 0, 6, 0x80, 15, 3, 0, 2, 1};

	speaker_send_update(&s, v4, sizeof(v4));
	speaker_send_update(&s, v6, sizeof(v6));
	UNTIL(t.d.loop, peer_routes_in_sync(bgpdtest_peer(&t, PEER)));
}

static bool
selected(void)
{
	return bgpdtest_best(&t, NET) != NULL;
}

/* The next message is End-of-RIB of IPv4: four octets, all zero. */
static void
told_end_of_rib(void)
{
	static const uint8_t eor[4];

	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE);
	ck_assert_uint_eq(s.body_len, sizeof(eor));
	ck_assert_mem_eq(s.body, eor, sizeof(eor));
}

START_TEST(test_end_of_rib)
{
	struct open_msg o = open_with(true, false);

	begin("60", false, BOTH);
	ck_assert_int_eq(t.d.restart.state, GR_DEFER);
	bgpdtest_session_open(&t, &s, PEER, &o);
	announce();
	for (int i = 0; i < 300; i++)
		looptest_turn(t.d.loop);
	ck_assert(!selected() && restart_deferring(&t.d.restart));
	end_of_rib();
	UNTIL(t.d.loop, selected());
	told_end_of_rib();
	UNTIL(t.d.loop, t.d.restart.state == GR_DONE);
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

/* Whoever says that this start is a first one is believed, whatever is in the kernel. */
START_TEST(test_afresh)
{
	struct open_caps c = {.gr = true, .gr_families = BOTH};

	begin("60", false, 0);
	t.options.afresh = true;
	restart_fini(&t.d.restart);
	restart_init(&t.d.restart, &t.d);
	restart_synced(&t.d.restart, BOTH);
	ck_assert_int_ne(t.d.restart.state, GR_DEFER);
	restart_caps(&t.d.restart, bgpdtest_peer(&t, PEER), &c);
	ck_assert(!c.gr_restarting);
	bgpdtest_stop(&t);
}
END_TEST

/* A neighbour that does not come back is waited for until the time for that is over. */
START_TEST(test_dead_neighbor)
{
	struct open_msg o = open_with(true, false);

	begin("2", true, BOTH);
	bgpdtest_session_open(&t, &s, PEER, &o);
	announce();
	end_of_rib();
	ck_assert(!t.d.restart.late);
	ck_assert(!selected());
	UNTIL(t.d.loop, selected());
	ck_assert(t.d.restart.late);
	UNTIL(t.d.loop, t.d.restart.state == GR_DONE);
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

/* One that never sends End-of-RIB: the limit. One without graceful restart does not delay the selection. */
START_TEST(test_others)
{
	struct open_msg silent = open_with(true, false), plain = open_with(false, false);

	begin("2", false, BOTH);
	bgpdtest_session_open(&t, &s, PEER, &silent);
	announce();
	UNTIL(t.d.loop, selected());
	ck_assert(t.d.restart.limit);
	speaker_close(&s);
	bgpdtest_stop(&t);

	begin("60", false, BOTH);
	bgpdtest_session_open(&t, &s, PEER, &plain);
	announce();
	UNTIL(t.d.loop, selected());
	ck_assert(!t.d.restart.late && !t.d.restart.limit);
	/* That all is selected is noticed when it is next asked for; the sweep of the kernel waits on. */
	UNTIL(t.d.loop, t.d.restart.state != GR_SELECT);
	ck_assert_int_eq(t.d.restart.state, GR_SETTLE);
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

START_TEST(test_bits)
{
	struct open_caps c = {.gr = true, .gr_families = BOTH, .llgr_families = IPV4};
	struct open_caps none = {.gr_families = BOTH};
	struct peer *p;

	/* With a kernel (the daemon only asks its options here). */
	begin("60", true, IPV4);
	t.options.kernel = true;
	p = bgpdtest_peer(&t, PEER);
	restart_caps(&t.d.restart, p, &c);
	ck_assert(c.gr_restarting);
	ck_assert_uint_eq(c.gr_forwarding, IPV4);
	ck_assert_uint_eq(c.llgr_forwarding, IPV4);
	/* A second session while it still waits is one of the restart; afterwards forwarding has gone on. */
	p->stats.established = 1;
	restart_caps(&t.d.restart, p, &c);
	ck_assert(c.gr_restarting);
	ck_assert_uint_eq(c.gr_forwarding, IPV4);
	t.d.restart.state = GR_DONE;
	restart_caps(&t.d.restart, p, &c);
	ck_assert(!c.gr_restarting);
	ck_assert_uint_eq(c.gr_forwarding, BOTH);
	/* Who comes only then has its first session after the restart. */
	restart_caps(&t.d.restart, bgpdtest_peer(&t, OTHER), &c);
	ck_assert(c.gr_restarting);
	ck_assert_uint_eq(c.gr_forwarding, IPV4);
	restart_caps(&t.d.restart, p, &none);
	ck_assert(!none.gr_restarting && none.gr_forwarding == 0);
	t.options.kernel = false;
	bgpdtest_stop(&t);

	/* Nothing kept: a first start. */
	begin("60", false, 0);
	t.options.kernel = true;
	ck_assert_int_eq(t.d.restart.state, GR_SETTLE);
	restart_caps(&t.d.restart, bgpdtest_peer(&t, PEER), &c);
	ck_assert(!c.gr_restarting);
	ck_assert_uint_eq(c.gr_forwarding, 0);
	t.options.kernel = false;
	/* Without a kernel nothing is lost by us. */
	restart_caps(&t.d.restart, bgpdtest_peer(&t, PEER), &c);
	ck_assert(!c.gr_restarting);
	ck_assert_uint_eq(c.gr_forwarding, BOTH);
	bgpdtest_stop(&t);
}
END_TEST

SUITE("restart", test_end_of_rib, test_afresh, test_dead_neighbor, test_others, test_bits)
