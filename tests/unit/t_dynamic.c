/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/dynamic: who is let in by a prefix, as whom, how many, and for how long. */
#include "bgpd/dynamic.h"

#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#define RANGE(prefix, keys) "  - {prefix: " prefix ", remote-as: external, idle-hold-time: {initial: 0, max: 1}" keys "}\n"
#define OPEN_BOTH ", import: [accept], export: [accept]"

static struct bgpdtest t;
static struct speaker s, other;

static void
change(const char *rest)
{
	bgpdtest_reload(&t, "", rest);
}

/* Somebody connects from there; the session comes up. The last one from there may not be quite gone yet. */
static struct peer *
come_with(struct speaker *sp, const char *from, const struct open_msg *o)
{
	speaker_connect(sp, t.d.loop, from, "127.0.0.1", t.port);
	UNTIL(t.d.loop, peer_table_by_name(&t.d.peer_table, from) != NULL);
	struct peer *p = peer_table_by_name(&t.d.peer_table, from);
	speaker_establish(sp, o);
	UNTIL(t.d.loop, peer_established(p));
	return p;
}

static struct peer *
come(struct speaker *sp, const char *from, uint32_t as)
{
	struct open_msg o = bgpdtest_open(as, 0x0a000002);

	return come_with(sp, from, &o);
}

static void
turned_away(struct speaker *sp, const char *from)
{
	speaker_connect(sp, t.d.loop, from, "127.0.0.1", t.port);
	ck_assert_int_eq(speaker_next(sp), SPEAKER_END);
	speaker_close(sp);
}

/* What the neighbour is told at the end. */
static void
check_cease(struct speaker *sp, uint8_t subcode)
{
	while (speaker_next_real(sp) == BGP_MSG_UPDATE)
		;
	ck_assert_uint_eq(sp->body[0], BGP_ERR_CEASE);
	ck_assert_uint_eq(sp->body[1], subcode);
	speaker_close(sp);
}

START_TEST(test_longest)
{
	bgpdtest_start(&t, "",
		       "neighbors:\n" RANGE("127.0.0.0/8", ", description: wide") RANGE(
			   "127.0.2.0/24", ", description: narrow, name: lab, local-as: 65009")
			   RANGE("127.0.0.0/16", ", description: middle, source: 127.0.0.77")
		       "  - {address: 127.0.2.8, remote-as: 65002, passive: true, source: 127.0.0.77}\n"
		       "  - {address: 127.0.2.9, remote-as: 65002, passive: true, description: own}\n");
	/* The prefixes themselves are no neighbours. */
	ck_assert_ptr_null(bgpdtest_peer(&t, "127.0.0.0/8"));
	struct peer *p = come(&s, "127.0.2.1", 65002);
	ck_assert_str_eq(p->conf->description, "narrow");
	ck_assert_uint_eq(p->ours.as, 65009);
	ck_assert_ptr_eq(peer_table_by_name(&t.d.peer_table, "127.0.2.1"), p);
	/* The one between is for another address of ours. */
	struct peer *q = come(&other, "127.0.3.1", 65003);
	ck_assert_str_eq(q->conf->description, "wide");
	speaker_close(&other);
	/* One with an address of its own is never anybody of a prefix, nor where its own settings do not let it in. */
	turned_away(&other, "127.0.2.8");
	q = come(&other, "127.0.2.9", 65002);
	ck_assert_str_eq(q->conf->description, "own");
	ck_assert_ptr_null(q->range);
	speaker_close(&s);
	speaker_close(&other);
	bgpdtest_stop(&t);
}
END_TEST

/* What it announced goes with it, and so does the peer. */
/* A route of the neighbour's is announced, through next hop 10.0.0.2, and is in the RIB. */
static void
announce(struct speaker *sp, struct peer *p)
{
	static const uint8_t update[] = {0,    0, 0, 20, 0x40, 1,    1, 0, 0x40, 2, 6, 2,  1,  0,   0, 0xfd,
					 0xea, 0x40, 3, 4, 10,   0, 0, 2, 24,   192, 0, 2};

	speaker_send_update(sp, update, sizeof(update));
	UNTIL(t.d.loop, bgpdtest_path(&t, p, "192.0.2.0/24") != NULL &&
			     !rib_path_stale(t.d.rib, FAMILY_IPV4, bgpdtest_path(&t, p, "192.0.2.0/24")));
}

START_TEST(test_leave)
{
	bgpdtest_start(&t, "", "neighbors:\n" RANGE("127.0.2.0/24", OPEN_BOTH));
	bgpdtest_interface(&t, 2, "e0", "10.0.0.1", 24);
	struct peer *p = come(&s, "127.0.2.1", 65002);
	announce(&s, p);
	speaker_close(&s);
	UNTIL(t.d.loop, TAILQ_EMPTY(&t.d.peers));
	ck_assert_ptr_null(bgpdtest_best(&t, "192.0.2.0/24"));
	ck_assert_uint_eq(TAILQ_FIRST(&t.d.ranges)->peers, 0);
	/* One that never says a word goes too, and one that is refused. */
	speaker_connect(&s, t.d.loop, "127.0.2.2", "127.0.0.1", t.port);
	UNTIL(t.d.loop, !TAILQ_EMPTY(&t.d.peers));
	speaker_close(&s);
	UNTIL(t.d.loop, TAILQ_EMPTY(&t.d.peers));
	struct open_msg own_as = bgpdtest_open(BGPDTEST_AS, 0x0a000002);
	speaker_connect(&s, t.d.loop, "127.0.2.3", "127.0.0.1", t.port);
	speaker_send_open(&s, &own_as);
	ck_assert_int_eq(speaker_next(&s), BGP_MSG_OPEN);
	ck_assert_int_eq(speaker_next(&s), BGP_MSG_NOTIFICATION);
	ck_assert_uint_eq(s.body[0], BGP_ERR_OPEN);
	ck_assert_uint_eq(s.body[1], BGP_OPEN_BAD_PEER_AS);
	speaker_close(&s);
	UNTIL(t.d.loop, TAILQ_EMPTY(&t.d.peers));
	bgpdtest_stop(&t);
}
END_TEST

static bool
is_stale(struct peer *p)
{
	const struct rib_path *path = bgpdtest_path(&t, p, "192.0.2.0/24");

	return path != NULL && rib_path_stale(t.d.rib, FAMILY_IPV4, path);
}

/*
 * RFC 4724 4.2: one that restarts gracefully stays, with its place in the range, and its routes are kept until it comes
 * back for them, or its restart time is over.
 */
START_TEST(test_restart)
{
	static const uint8_t end_of_rib[4];
	struct open_msg o = bgpdtest_open(65002, 0x0a000002);

	o.caps.gr = true;
	o.caps.gr_time_s = 60;
	o.caps.gr_families = o.caps.gr_forwarding = OPEN_FAMILY(FAMILY_IPV4);
	bgpdtest_start(&t, "", "neighbors:\n" RANGE("127.0.2.0/24", OPEN_BOTH ", max-neighbors: 1"));
	bgpdtest_interface(&t, 2, "e0", "10.0.0.1", 24);
	struct peer *p = come_with(&s, "127.0.2.1", &o);
	announce(&s, p);
	speaker_close(&s);
	UNTIL(t.d.loop, !peer_established(p));
	/* Longer than its idle hold time, and than it is looked at whether it still has a reason to be there. */
	looptest_turns_ms(t.d.loop, 2500);
	ck_assert_ptr_eq(bgpdtest_peer(&t, "127.0.2.1"), p);
	ck_assert(is_stale(p));
	ck_assert_ptr_nonnull(bgpdtest_best(&t, "192.0.2.0/24"));
	ck_assert_uint_eq(TAILQ_FIRST(&t.d.ranges)->peers, 1);
	turned_away(&other, "127.0.2.2");
	/* Nor does a reload take them. */
	change("neighbors:\n" RANGE("127.0.2.0/24", OPEN_BOTH ", max-neighbors: 1, description: x"));
	ck_assert_ptr_eq(bgpdtest_peer(&t, "127.0.2.1"), p);
	ck_assert(is_stale(p));
	/* Back, as the same neighbour, with the same route. */
	o.caps.gr_restarting = true;
	o.caps.gr_time_s = 1;
	ck_assert_ptr_eq(come_with(&s, "127.0.2.1", &o), p);
	ck_assert(is_stale(p));
	announce(&s, p);
	speaker_send_update(&s, end_of_rib, sizeof(end_of_rib));
	UNTIL(t.d.loop, peer_routes_in_sync(p));
	bgpdtest_settle(&t);
	ck_assert_ptr_nonnull(bgpdtest_best(&t, "192.0.2.0/24"));
	/* It does not come back in time: the routes go, and so does the neighbour. */
	speaker_close(&s);
	UNTIL(t.d.loop, !peer_established(p));
	ck_assert(is_stale(p));
	UNTIL(t.d.loop, TAILQ_EMPTY(&t.d.peers));
	ck_assert_ptr_null(bgpdtest_best(&t, "192.0.2.0/24"));
	ck_assert_uint_eq(TAILQ_FIRST(&t.d.ranges)->peers, 0);
	bgpdtest_stop(&t);
}
END_TEST

START_TEST(test_bound)
{
	bgpdtest_start(&t, "", "neighbors:\n" RANGE("127.0.2.0/24", ", max-neighbors: 1"));
	come(&s, "127.0.2.1", 65002);
	turned_away(&other, "127.0.2.2");
	turned_away(&other, "127.0.3.1");
	/* With a higher bound, at once; with a lower one nobody has to go. */
	change("neighbors:\n" RANGE("127.0.2.0/24", ", max-neighbors: 2"));
	come(&other, "127.0.2.2", 65002);
	change("neighbors:\n" RANGE("127.0.2.0/24", ", max-neighbors: 1"));
	ck_assert(peer_established(bgpdtest_peer(&t, "127.0.2.1")));
	ck_assert(peer_established(bgpdtest_peer(&t, "127.0.2.2")));
	speaker_close(&s);
	UNTIL(t.d.loop, bgpdtest_peer(&t, "127.0.2.1") == NULL);
	turned_away(&s, "127.0.2.1");
	speaker_close(&other);
	UNTIL(t.d.loop, TAILQ_EMPTY(&t.d.peers));
	come(&s, "127.0.2.3", 65002);
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

START_TEST(test_reload)
{
	bgpdtest_start(&t, "", "neighbors:\n" RANGE("127.0.2.0/24", ", name: r"));
	struct peer *p = come(&s, "127.0.2.1", 65002);
	/* What needs no reset needs none here; the place in the file is another one. */
	change("neighbors:\n  - {address: 127.0.0.9, remote-as: 65001, passive: true}\n" RANGE(
	    "127.0.2.0/24", ", name: r, description: new"));
	ck_assert_ptr_eq(bgpdtest_peer(&t, "127.0.2.1"), p);
	ck_assert(peer_established(p));
	ck_assert_str_eq(p->conf->description, "new");
	ck_assert_uint_eq(peer_number(p), 2);
	ck_assert_uint_eq(p->stats.established, 1);
	/* A reset, after which it comes as a new one. */
	change("neighbors:\n" RANGE("127.0.2.0/24", ", name: r, local-as: 65009"));
	check_cease(&s, BGP_CEASE_CONFIG_CHANGE);
	UNTIL(t.d.loop, TAILQ_EMPTY(&t.d.peers));
	p = come(&s, "127.0.2.1", 65002);
	ck_assert_uint_eq(p->ours.as, 65009);
	/* A longer prefix takes it over, */
	change("neighbors:\n" RANGE("127.0.2.0/24", ", name: r, local-as: 65009") RANGE("127.0.2.0/28", ", name: n, description: narrow"));
	check_cease(&s, BGP_CEASE_DECONFIGURED);
	p = come(&s, "127.0.2.1", 65002);
	ck_assert_str_eq(p->conf->description, "narrow");
	/* a neighbour configured with the address, */
	change("neighbors:\n" RANGE("127.0.2.0/28", ", name: n")
	       "  - {address: 127.0.2.1, remote-as: 65002, passive: true}\n");
	check_cease(&s, BGP_CEASE_DECONFIGURED);
	UNTIL(t.d.loop, TAILQ_NEXT(TAILQ_FIRST(&t.d.peers), entry) == NULL);
	p = bgpdtest_session(&t, &s, "127.0.2.1", 65002, 0x0a000002);
	ck_assert_ptr_null(p->range);
	/* and nobody when its range is gone or shut down. */
	come(&other, "127.0.2.2", 65002);
	change("neighbors:\n  - {address: 127.0.2.1, remote-as: 65002, passive: true}\n" RANGE("127.0.2.0/28",
											     ", name: n, shutdown: true"));
	check_cease(&other, BGP_CEASE_DECONFIGURED);
	turned_away(&other, "127.0.2.2");
	change("neighbors:\n  - {address: 127.0.2.1, remote-as: 65002, passive: true}\n");
	turned_away(&other, "127.0.2.2");
	ck_assert(peer_established(p));
	UNTIL(t.d.loop, TAILQ_EMPTY(&t.d.ranges));
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

/* What has been a range is one neighbour now, and the other way round. */
START_TEST(test_kind)
{
	bgpdtest_start(&t, "", "neighbors:\n" RANGE("127.0.2.0/24", ", name: n"));
	come(&s, "127.0.2.1", 65002);
	change("neighbors: [{address: 127.0.2.1, name: n, remote-as: 65002, passive: true}]\n");
	check_cease(&s, BGP_CEASE_DECONFIGURED);
	UNTIL(t.d.loop, bgpdtest_peer(&t, "127.0.2.1") == NULL);
	ck_assert_ptr_nonnull(bgpdtest_peer(&t, "n"));
	change("neighbors:\n" RANGE("127.0.2.0/24", ", name: n"));
	UNTIL(t.d.loop, TAILQ_EMPTY(&t.d.peers));
	come(&s, "127.0.2.1", 65002);
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

/* By command: it is kept out until a command lets it in again. */
START_TEST(test_down)
{
	bgpdtest_start(&t, "", "neighbors:\n" RANGE("127.0.2.0/24", ""));
	struct peer *p = come(&s, "127.0.2.1", 65002);
	peer_stop(p, BGP_CEASE_ADMIN_SHUTDOWN, NULL);
	check_cease(&s, BGP_CEASE_ADMIN_SHUTDOWN);
	looptest_turns_ms(t.d.loop, 50);
	turned_away(&s, "127.0.2.1");
	ck_assert_ptr_eq(bgpdtest_peer(&t, "127.0.2.1"), p);
	peer_start(p);
	UNTIL(t.d.loop, TAILQ_EMPTY(&t.d.peers));
	come(&s, "127.0.2.1", 65002);
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

/* Two are made of one password: the key is there for the whole prefix. */
START_TEST(test_key)
{
	bgpdtest_start(&t, "", "neighbors:\n" RANGE("127.0.2.0/24", ", password: carrot"));
	ck_assert_uint_eq(t.d.listen.nkeys, 1);
	ck_assert_uint_eq(t.d.listen.keys[0].prefix_len, 24);
	ck_assert(!t.d.listen.keys[0].refused);
	change("neighbors:\n" RANGE("127.0.2.0/24", ""));
	ck_assert_uint_eq(t.d.listen.nkeys, 0);
	bgpdtest_stop(&t);
}
END_TEST

SUITE("dynamic", test_longest, test_leave, test_restart, test_bound, test_reload, test_kind, test_down, test_key)
