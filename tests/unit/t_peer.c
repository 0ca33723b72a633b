/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/peer, peer_fsm and peer_messages: sessions over loopback, as the neighbour sees them. */
#include "bgpd/peer.h"

#include "lib/version.h"
#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"
#include "tests/unit/tryfail.h"

#define PEER_ADDR "127.0.0.2"
#define PEER_AS   65002u
#define LOW_ID    0x09000001u /* below BGPDTEST_ID */
#define HIGH_ID   0x0b000001u

static struct bgpdtest t;
static struct speaker in, out; /* the connection that we dial, and the one that the daemon dials */
static struct peer *p;

/* A daemon with one neighbour; more are further keys of it. */
static void
begin(const char *more)
{
	struct str conf = {0};

	str_addf(&conf, "neighbors: [{address: " PEER_ADDR ", remote-as: %u%s}]\n", PEER_AS, more);
	bgpdtest_start(&t, "", str_get(&conf));
	str_free(&conf);
	p = bgpdtest_peer(&t, PEER_ADDR);
	ck_assert_ptr_nonnull(p);
}

/* The same for a neighbour that the daemon dials: what is listening, at its port. */
static int
begin_dialled(const char *more)
{
	uint16_t port = 0;
	int fd = speaker_listen(PEER_ADDR, &port);
	char keys[240];

	snprintf(keys, sizeof(keys), ", name: " PEER_ADDR ", port: %u%s", port, more);
	begin(keys);
	return fd;
}

static void
dial_in(void)
{
	UNTIL(t.d.loop, peer_state(p) != FSM_IDLE);
	speaker_connect(&in, t.d.loop, PEER_ADDR, "127.0.0.1", t.port);
}

START_TEST(test_passive)
{
	struct peer_stats st;

	begin(", passive: true");
	bgpdtest_session(&t, &in, PEER_ADDR, PEER_AS, LOW_ID);
	ck_assert_int_eq(peer_state(p), FSM_ESTABLISHED);
	ck_assert_uint_eq(p->stats.established, 1);
	ck_assert_uint_eq(p->session.hold_s, 90);
	ck_assert(!p->session.internal);
	peer_stats_get(p, &st);
	ck_assert_uint_eq(st.in[BGP_MSG_OPEN], 1);
	ck_assert_uint_eq(st.out[BGP_MSG_OPEN], 1);
	/* An end by the neighbour: Idle, and later it may come again. */
	speaker_close(&in);
	UNTIL(t.d.loop, !peer_established(p));
	UNTIL(t.d.loop, peer_state(p) == FSM_ACTIVE);
	bgpdtest_session(&t, &in, PEER_ADDR, PEER_AS, LOW_ID);
	peer_stats_get(p, &st);
	ck_assert_uint_eq(st.established, 2);
	ck_assert_uint_eq(st.in[BGP_MSG_OPEN], 2);
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 4271 4.2: the OPEN that the neighbour gets. */
START_TEST(test_dialled)
{
	int fd = begin_dialled(", hold-time: 30");
	struct open_msg o = bgpdtest_open(PEER_AS, LOW_ID), ours;
	struct bgp_error err;

	speaker_accept(&out, t.d.loop, fd);
	ck_assert_int_eq(speaker_next(&out), BGP_MSG_OPEN);
	ck_assert(open_decode(out.body, out.body_len, &ours, &err));
	ck_assert_uint_eq(ours.as, BGPDTEST_AS);
	ck_assert_uint_eq(ours.id, BGPDTEST_ID);
	ck_assert_uint_eq(ours.hold_s, 30);
	ck_assert_uint_eq(ours.caps.families, OPEN_FAMILY(FAMILY_IPV4));
	ck_assert(ours.caps.as4 && ours.caps.route_refresh && ours.caps.enhanced_refresh);
	o.hold_s = 12;
	speaker_send_open(&out, &o);
	ck_assert_int_eq(speaker_next(&out), BGP_MSG_KEEPALIVE);
	speaker_send_keepalive(&out);
	UNTIL(t.d.loop, peer_established(p));
	/* RFC 4271 4.2: the smaller of both; 10: a third of it. */
	ck_assert_uint_eq(p->session.hold_s, 12);
	ck_assert_uint_eq(p->session.keepalive_s, 4);
	close(fd);
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 5065 4: inside a confederation we are the member AS, outside its number. */
START_TEST(test_confederation)
{
	bgpdtest_start(&t, ", confederation: {as: 100, members: [65002]}",
	    "neighbors:\n"
	    "  - {address: 127.0.0.2, remote-as: 65001, passive: true}\n"
	    "  - {address: 127.0.0.3, remote-as: 65002, passive: true}\n"
	    "  - {address: 127.0.0.4, remote-as: 65003, passive: true}\n"
	    "  - {address: 127.0.0.5, remote-as: external, passive: true}\n"
	    "  - {address: 127.0.0.6, remote-as: internal, passive: true}\n"
	    "  - {address: 127.0.0.7, remote-as: 65004, local-as: 65010, passive: true}\n");
	static const struct {
		uint32_t as;
		enum rib_peer_type type;
	} want[] = {{65001, RIB_PEER_IBGP}, {65002, RIB_PEER_CONFED}, {65003, RIB_PEER_EBGP}, {65004, RIB_PEER_EBGP},
		    {65001, RIB_PEER_IBGP}, {65004, RIB_PEER_EBGP}};
	static const uint32_t ours[] = {65001, 65001, 100, 100, 65001, 65010};

	for (unsigned i = 0; i < ARRAY_LEN(want); i++) {
		struct open_msg o = bgpdtest_open(want[i].as, LOW_ID), got;
		char addr[16];
		struct bgp_error err;

		snprintf(addr, sizeof(addr), "127.0.0.%u", i + 2);
		speaker_connect(&in, t.d.loop, addr, "127.0.0.1", t.port);
		speaker_send_open(&in, &o);
		ck_assert_int_eq(speaker_next(&in), BGP_MSG_OPEN);
		ck_assert(open_decode(in.body, in.body_len, &got, &err));
		ck_assert_uint_eq(got.as, ours[i]);
		ck_assert_int_eq(speaker_next(&in), BGP_MSG_KEEPALIVE);
		speaker_send_keepalive(&in);
		p = TAILQ_FIRST(&t.d.peers);
		for (unsigned j = 0; j < i; j++)
			p = TAILQ_NEXT(p, entry);
		UNTIL(t.d.loop, peer_established(p));
		ck_assert_int_eq(peer_type(p), want[i].type);
		speaker_close(&in);
		UNTIL(t.d.loop, !peer_established(p));
	}
	bgpdtest_stop(&t);
}
END_TEST

/* The AS of the OPEN on the next connection, which is then refused with Bad Peer AS. */
static uint32_t
refuse(int fd)
{
	const struct bgp_error bad = {.code = BGP_ERR_OPEN, .subcode = BGP_OPEN_BAD_PEER_AS};
	uint8_t msg[BGP_MSG_MAX];
	struct open_msg ours;
	struct bgp_error err;

	speaker_accept(&out, t.d.loop, fd);
	ck_assert_int_eq(speaker_next(&out), BGP_MSG_OPEN);
	ck_assert(open_decode(out.body, out.body_len, &ours, &err));
	speaker_write(&out, msg, notify_encode(&bad, msg, sizeof(msg)));
	speaker_close(&out);
	return ours.as;
}

/* In turn, as often as it is refused; a reload in between does not start over. Without it always the same. */
START_TEST(test_local_as_dual)
{
	int fd = begin_dialled(", local-as: 65010, local-as-dual: true, connect-retry-time: 1, "
			       "idle-hold-time: {initial: 0, max: 0}");

	ck_assert_uint_eq(refuse(fd), 65010);
	ck_assert_uint_eq(refuse(fd), BGPDTEST_AS);
	ck_assert_uint_eq(refuse(fd), 65010);
	UNTIL(t.d.loop, p->ours.as == BGPDTEST_AS);
	peer_configure(p, p->conf);
	peer_reconfigure(p);
	ck_assert_uint_eq(refuse(fd), BGPDTEST_AS);
	close(fd);
	bgpdtest_stop(&t);
	fd = begin_dialled(", local-as: 65010, connect-retry-time: 1, idle-hold-time: {initial: 0, max: 0}");
	ck_assert_uint_eq(refuse(fd), 65010);
	ck_assert_uint_eq(refuse(fd), 65010);
	close(fd);
	bgpdtest_stop(&t);
}
END_TEST

/* Extended messages are offered unless they are not to be; a role is refused where there is none only if it has to be one. */
START_TEST(test_open_keys)
{
	static const struct {
		const char *keys;
		bool extended, has_role, refused;
	} rows[] = {{"", true, false, false},
		    {", extended-messages: false", false, false, false},
		    {", role: customer", true, true, false},
		    {", role: customer, role-strict: true", true, true, true}};
	struct open_msg ours, theirs = bgpdtest_open(65002, LOW_ID);
	struct bgp_error err;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		int fd = begin_dialled(rows[i].keys);
		speaker_accept(&out, t.d.loop, fd);
		ck_assert_int_eq(speaker_next(&out), BGP_MSG_OPEN);
		ck_assert(open_decode(out.body, out.body_len, &ours, &err));
		ck_assert_msg(ours.caps.extended_message == rows[i].extended && ours.caps.has_role == rows[i].has_role, "%s",
		    rows[i].keys);
		speaker_send_open(&out, &theirs);
		ck_assert_int_eq(speaker_next(&out), rows[i].refused ? BGP_MSG_NOTIFICATION : BGP_MSG_KEEPALIVE);
		if (rows[i].refused)
			ck_assert(out.body[0] == BGP_ERR_OPEN && out.body[1] == BGP_OPEN_ROLE_MISMATCH);
		speaker_close(&out);
		close(fd);
		bgpdtest_stop(&t);
	}
}
END_TEST

/* Only who is to be told who we are is told. */
START_TEST(test_names)
{
	static const char *const keys[] = {"", ", send-hostname: true, send-software-version: true"};
	char host[OPEN_NAME_MAX + 1] = "";
	struct open_msg ours;
	struct bgp_error err;

	ck_assert_int_eq(gethostname(host, sizeof(host) - 1), 0);
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		int fd = begin_dialled(keys[i]);
		speaker_accept(&out, t.d.loop, fd);
		ck_assert_int_eq(speaker_next(&out), BGP_MSG_OPEN);
		ck_assert(open_decode(out.body, out.body_len, &ours, &err));
		ck_assert_str_eq(ours.hostname, i == 0 ? "" : host);
		ck_assert_msg((strncmp(ours.software, "Godwit ", 7) == 0) == (i == 1), "software \"%s\"", ours.software);
		ck_assert_str_eq(ours.software, i == 1 ? "Godwit " PACKAGE_VERSION : "");
		ck_assert_ptr_null(strstr(ours.software, "unknown"));
		close(fd);
		bgpdtest_stop(&t);
	}
}
END_TEST

/* RFC 4271 6.8: two connections, both OPENs sent to us; the one of the higher identifier's side stays. */
static void
collide(uint32_t id, bool daemons_stays, bool incoming_open_first)
{
	int fd = begin_dialled("");
	struct open_msg o = bgpdtest_open(PEER_AS, id);

	speaker_accept(&out, t.d.loop, fd);
	ck_assert_int_eq(speaker_next(&out), BGP_MSG_OPEN);
	dial_in();
	ck_assert_int_eq(speaker_next(&in), BGP_MSG_OPEN);
	struct speaker *first = incoming_open_first ? &in : &out, *second = incoming_open_first ? &out : &in;
	struct speaker *stays = daemons_stays ? &out : &in, *goes = daemons_stays ? &in : &out;
	speaker_send_open(first, &o);
	if (first == stays) {
		/* Nobody knows the second's OPEN yet, which decides: RFC 4271 6.8. */
		ck_assert_int_eq(speaker_next(first), BGP_MSG_KEEPALIVE);
		ck_assert_int_eq(peer_state(p), FSM_OPENCONFIRM);
		speaker_send_open(second, &o);
	}
	if (first != stays) {
		/* Nothing is closed for a connection that may never get an OPEN: it waits for the other's. */
		looptest_turns_ms(t.d.loop, 50);
		ck_assert_int_eq(peer_state(p), FSM_OPENSENT);
		speaker_send_open(second, &o);
		ck_assert_int_eq(speaker_next(stays), BGP_MSG_KEEPALIVE);
	}
	SPEAKER_NOTIFIED(goes, BGP_ERR_CEASE, BGP_CEASE_COLLISION);
	speaker_send_keepalive(stays);
	UNTIL(t.d.loop, peer_established(p));
	ck_assert_int_eq(p->main->incoming, !daemons_stays);
	ck_assert_ptr_null(p->second->session);
	ck_assert_int_eq(p->second->state, FSM_IDLE);
	ck_assert_uint_eq(p->stats.established, 1);
	/* It goes on with the one that stayed. */
	speaker_send_keepalive(stays);
	looptest_turns_ms(t.d.loop, 50);
	ck_assert(peer_established(p));
	close(fd);
	bgpdtest_stop(&t);
}

START_TEST(test_collision)
{
	/* Ours is the higher identifier: what the daemon dialled stays. */
	collide(LOW_ID, true, false);
	collide(LOW_ID, true, true);
	collide(HIGH_ID, false, false);
	collide(HIGH_ID, false, true);
}
END_TEST

/*
 * The daemon's connection has its KEEPALIVE and may be established for the neighbour, which then closes its own, though
 * that one should win: it waits. Keeps is whether the neighbour takes the daemon's for established.
 */
static void
collide_confirmed(bool keeps)
{
	int fd = begin_dialled("");
	struct open_msg o = bgpdtest_open(PEER_AS, HIGH_ID);

	speaker_accept(&out, t.d.loop, fd);
	ck_assert_int_eq(speaker_next(&out), BGP_MSG_OPEN);
	speaker_send_open(&out, &o);
	ck_assert_int_eq(speaker_next(&out), BGP_MSG_KEEPALIVE);
	dial_in();
	ck_assert_int_eq(speaker_next(&in), BGP_MSG_OPEN);
	speaker_send_open(&in, &o);
	looptest_turns_ms(t.d.loop, 50);
	ck_assert_int_eq(p->main->state, FSM_OPENCONFIRM);
	ck_assert_int_eq(p->second->state, FSM_OPENSENT);
	if (keeps) {
		speaker_send_keepalive(&out);
		SPEAKER_NOTIFIED(&in, BGP_ERR_CEASE, BGP_CEASE_COLLISION);
	} else {
		speaker_close(&out);
		ck_assert_int_eq(speaker_next(&in), BGP_MSG_KEEPALIVE);
		speaker_send_keepalive(&in);
	}
	UNTIL(t.d.loop, peer_established(p));
	ck_assert_int_eq(p->main->incoming, !keeps);
	ck_assert_ptr_null(p->second->session);
	ck_assert_int_eq(p->second->state, FSM_IDLE);
	ck_assert_uint_eq(p->stats.established, 1);
	close(fd);
	bgpdtest_stop(&t);
}

START_TEST(test_collision_confirmed)
{
	collide_confirmed(true);
	collide_confirmed(false);
}
END_TEST

/*
 * A neighbour has forgotten one of two connections without closing it, which should win and on which it never says
 * anything more: before its OPEN (not confirmed), or behind it.
 */
static void
collide_forgotten(bool confirmed)
{
	int fd = begin_dialled("");
	struct open_msg o = bgpdtest_open(PEER_AS, HIGH_ID);
	struct speaker *silent = confirmed ? &out : &in, *lives = confirmed ? &in : &out;

	speaker_accept(&out, t.d.loop, fd);
	ck_assert_int_eq(speaker_next(&out), BGP_MSG_OPEN);
	if (confirmed) {
		speaker_send_open(&out, &o);
		ck_assert_int_eq(speaker_next(&out), BGP_MSG_KEEPALIVE);
	}
	dial_in();
	ck_assert_int_eq(speaker_next(&in), BGP_MSG_OPEN);
	speaker_send_open(lives, &o);
	looptest_turns_ms(t.d.loop, 50);
	ck_assert(event_pending(p->collision, EV_TIMEOUT, NULL));
	event_active(p->collision, EV_TIMEOUT, 0);
	SPEAKER_NOTIFIED(silent, BGP_ERR_CEASE, BGP_CEASE_COLLISION);
	ck_assert_int_eq(speaker_next(lives), BGP_MSG_KEEPALIVE);
	speaker_send_keepalive(lives);
	UNTIL(t.d.loop, peer_established(p));
	ck_assert_int_eq(p->main->incoming, confirmed);
	ck_assert_ptr_null(p->second->session);
	close(fd);
	bgpdtest_stop(&t);
}

START_TEST(test_collision_forgotten)
{
	collide_forgotten(false);
	collide_forgotten(true);
}
END_TEST

/* RFC 4271 6.8: without CollisionDetectEstablishedState a further connection is closed. */
START_TEST(test_collision_established)
{
	struct open_msg o = bgpdtest_open(PEER_AS, HIGH_ID);

	begin(", passive: true");
	bgpdtest_session(&t, &in, PEER_ADDR, PEER_AS, HIGH_ID);
	speaker_connect(&out, t.d.loop, PEER_ADDR, "127.0.0.1", t.port);
	ck_assert_int_eq(speaker_next(&out), BGP_MSG_OPEN);
	speaker_send_open(&out, &o);
	SPEAKER_NOTIFIED(&out, BGP_ERR_CEASE, BGP_CEASE_COLLISION);
	ck_assert(peer_established(p));
	ck_assert_uint_eq(p->stats.established, 1);
	bgpdtest_stop(&t);
}
END_TEST

/* A second connection that says nothing does not hinder the first, and gives way to a third. */
START_TEST(test_second_silent)
{
	int fd = begin_dialled("");
	struct open_msg o = bgpdtest_open(PEER_AS, LOW_ID);
	static struct speaker third;

	speaker_accept(&out, t.d.loop, fd);
	dial_in();
	ck_assert_int_eq(speaker_next(&in), BGP_MSG_OPEN);
	speaker_connect(&third, t.d.loop, PEER_ADDR, "127.0.0.1", t.port);
	SPEAKER_NOTIFIED(&in, BGP_ERR_CEASE, BGP_CEASE_COLLISION);
	ck_assert_int_eq(speaker_next(&third), BGP_MSG_OPEN);
	speaker_establish(&out, &o);
	UNTIL(t.d.loop, peer_established(p));
	/* RFC 4271 6.8: a collision is seen when the OPEN comes. */
	speaker_send_open(&third, &o);
	SPEAKER_NOTIFIED(&third, BGP_ERR_CEASE, BGP_CEASE_COLLISION);
	ck_assert(peer_established(p));
	close(fd);
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 9003: the reason goes along; what is down stays down, and refuses connections. */
START_TEST(test_admin)
{
	begin(", passive: true, idle-hold-time: {initial: 1, max: 1}");
	bgpdtest_session(&t, &in, PEER_ADDR, PEER_AS, LOW_ID);
	peer_stop(p, BGP_CEASE_ADMIN_SHUTDOWN, "rack move");
	ck_assert_int_eq(peer_state(p), FSM_IDLE);
	while (speaker_next_real(&in) == BGP_MSG_UPDATE) /* End-of-RIB */
		;
	static const uint8_t want[] = {BGP_ERR_CEASE, BGP_CEASE_ADMIN_SHUTDOWN, 9, 'r', 'a', 'c', 'k', ' ', 'm', 'o', 'v', 'e'};
	ck_assert_uint_eq(in.body_len, sizeof(want));
	ck_assert_mem_eq(in.body, want, sizeof(want));
	ck_assert_int_eq(speaker_next(&in), SPEAKER_END);
	speaker_close(&in);
	looptest_turns_ms(t.d.loop, 1500);
	ck_assert_int_eq(peer_state(p), FSM_IDLE);
	speaker_connect(&in, t.d.loop, PEER_ADDR, "127.0.0.1", t.port);
	ck_assert_int_eq(speaker_next(&in), SPEAKER_END);
	speaker_close(&in);
	peer_start(p);
	ck_assert_int_eq(peer_state(p), FSM_ACTIVE);
	bgpdtest_session(&t, &in, PEER_ADDR, PEER_AS, LOW_ID);
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 4486 4: a reset by command; it comes back by itself. */
START_TEST(test_reset)
{
	begin(", passive: true, idle-hold-time: {initial: 1, max: 1}");
	bgpdtest_session(&t, &in, PEER_ADDR, PEER_AS, LOW_ID);
	peer_reset(p, BGP_ERR_CEASE, BGP_CEASE_ADMIN_RESET, "by command");
	while (speaker_next_real(&in) == BGP_MSG_UPDATE)
		;
	ck_assert_uint_eq(in.body[0], BGP_ERR_CEASE);
	ck_assert_uint_eq(in.body[1], BGP_CEASE_ADMIN_RESET);
	speaker_close(&in);
	UNTIL(t.d.loop, peer_state(p) == FSM_ACTIVE);
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 4486 4 Out of Resources: no memory for what it sends, or for what it is sent; it comes back by itself. */
static void
starves(void (*fn)(void))
{
	uint64_t drops = p->stats.drops[PEER_DROP_LIMIT];

	bgpdtest_session(&t, &in, PEER_ADDR, PEER_AS, LOW_ID);
	ck_assert_int_eq(peer_state(p), FSM_ESTABLISHED);
	fn();
	while (speaker_next_real(&in) == BGP_MSG_UPDATE)
		;
	ck_assert_uint_eq(in.body[0], BGP_ERR_CEASE);
	ck_assert_uint_eq(in.body[1], BGP_CEASE_RESOURCES);
	ck_assert_int_eq(speaker_next(&in), SPEAKER_END);
	ck_assert_uint_ge(tryfail.failed, 1);
	ck_assert_uint_eq(p->stats.drops[PEER_DROP_LIMIT], drops + 1);
	ck_assert_str_eq(p->last_error, "sent Cease/Out of Resources: no memory");
	speaker_close(&in);
	UNTIL(t.d.loop, peer_state(p) == FSM_ACTIVE);
}

static void
starve_input(void)
{
	static const uint8_t begun[10] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

	/* what it is sent at first is out */
	while (speaker_next_real(&in) != BGP_MSG_UPDATE)
		;
	tryfail_set(0, 1);
	speaker_write(&in, begun, sizeof(begun));
	UNTIL(t.d.loop, tryfail.failed > 0);
}

static void
starve_stream(void)
{
	struct ip_addr net = ip_addr_v4(0xc6336400);
	struct ip_prefix prefix = ip_prefix_from_addr(&net, 24);

	while (speaker_next_real(&in) != BGP_MSG_UPDATE)
		;
	tryfail_set(0, 1);
	own_network_add(&t.d, &prefix);
	UNTIL(t.d.loop, tryfail.failed > 0);
}

static void
starve_queue(void)
{
	uint8_t msg[BGP_HEADER_LEN];

	while (speaker_next_real(&in) != BGP_MSG_UPDATE)
		;
	tryfail_set(0, 1);
	peer_send(p, msg, msg_keepalive_encode(msg));
}

START_TEST(test_starved)
{
	begin(", passive: true, idle-hold-time: {initial: 1, max: 1}, import: [accept], export: [accept]");
	starves(starve_input);
	starves(starve_stream);
	starves(starve_queue);
	/* with memory again it gets what it should have had */
	bgpdtest_session(&t, &in, PEER_ADDR, PEER_AS, LOW_ID);
	ck_assert_int_eq(speaker_next_real(&in), BGP_MSG_UPDATE);
	ck_assert_uint_gt(in.len, BGP_HEADER_LEN + 4);
	bgpdtest_stop(&t);
}
END_TEST

/* No memory for the answer to a connection: another one comes, and is taken. */
START_TEST(test_starved_connection)
{
	begin(", passive: true");
	UNTIL(t.d.loop, peer_state(p) == FSM_ACTIVE);
	tryfail_set(0, 1);
	dial_in();
	ck_assert_int_eq(speaker_next(&in), SPEAKER_END);
	ck_assert_uint_eq(tryfail.failed, 1);
	speaker_close(&in);
	ck_assert_int_eq(peer_state(p), FSM_ACTIVE);
	/* nor for the OPEN to it */
	tryfail_set(1, 1);
	dial_in();
	SPEAKER_NOTIFIED(&in, BGP_ERR_CEASE, BGP_CEASE_RESOURCES);
	ck_assert_uint_eq(tryfail.failed, 1);
	speaker_close(&in);
	peer_start(p);
	bgpdtest_session(&t, &in, PEER_ADDR, PEER_AS, LOW_ID);
	bgpdtest_stop(&t);
}
END_TEST

START_TEST(test_configured_down)
{
	begin(", passive: true, shutdown: true");
	ck_assert_int_eq(peer_state(p), FSM_IDLE);
	peer_start(p);
	ck_assert_int_eq(peer_state(p), FSM_IDLE);
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 4271 8.1.1 DampPeerOscillations: after each error in a row the wait in Idle is twice as long: 1, 2, 4 s. */
START_TEST(test_idle_hold_backoff)
{
	begin(", passive: true, idle-hold-time: {initial: 1, max: 4}");
	for (unsigned n = 0; n < 3; n++) {
		struct open_msg wrong = bgpdtest_open(PEER_AS + 1, LOW_ID);
		UNTIL(t.d.loop, peer_state(p) == FSM_ACTIVE);
		dial_in();
		ck_assert_int_eq(speaker_next(&in), BGP_MSG_OPEN);
		speaker_send_open(&in, &wrong);
		/* RFC 4271 6.2 Bad Peer AS. */
		SPEAKER_NOTIFIED(&in, BGP_ERR_OPEN, BGP_OPEN_BAD_PEER_AS);
		UNTIL(t.d.loop, peer_state(p) == FSM_IDLE);
		speaker_close(&in);
		struct timeval at, now;
		ck_assert(event_pending(p->idle_hold, EV_TIMEOUT, &at));
		gettimeofday(&now, NULL);
		double left = (double)(at.tv_sec - now.tv_sec) + (double)(at.tv_usec - now.tv_usec) / 1e6;
		double want = (double)(1u << n);
		ck_assert_msg(left <= want + 0.1 && left > want - 1.0, "after %u errors: %f s of %f", n + 1, left, want);
		/* Meanwhile nobody gets in. */
		speaker_connect(&in, t.d.loop, PEER_ADDR, "127.0.0.1", t.port);
		ck_assert_int_eq(speaker_next(&in), SPEAKER_END);
		speaker_close(&in);
		if (n < 2)
			continue;
		/* A start by command does not wait. */
		peer_start(p);
		ck_assert_int_eq(peer_state(p), FSM_ACTIVE);
	}
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 4271 6.5: silence for the negotiated hold time of 3 s. */
START_TEST(test_hold_timer)
{
	struct open_msg o = bgpdtest_open(PEER_AS, LOW_ID);
	unsigned keepalives = 0;
	int type;

	begin(", passive: true");
	o.hold_s = 3;
	dial_in();
	speaker_establish(&in, &o);
	uint64_t start = time_mono_ns();
	while ((type = speaker_next(&in)) == BGP_MSG_KEEPALIVE || type == BGP_MSG_UPDATE)
		keepalives += type == BGP_MSG_KEEPALIVE;
	ck_assert_int_eq(type, BGP_MSG_NOTIFICATION);
	ck_assert_uint_eq(in.body[0], BGP_ERR_HOLD_TIMER);
	ck_assert_uint_ge(time_mono_ns() - start, 2900000000ull);
	/* RFC 4271 4.4 and 10: one each second, with jitter down to three quarters. */
	ck_assert_uint_ge(keepalives, 2);
	ck_assert_int_eq(peer_state(p), FSM_IDLE);
	ck_assert_msg(strstr(p->last_error, "Hold Timer Expired") != NULL, "%s", p->last_error);
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 4271 4.2, 4.4: hold time 0 means neither keepalives nor a timer. */
START_TEST(test_hold_zero)
{
	struct open_msg o = bgpdtest_open(PEER_AS, LOW_ID);

	begin(", passive: true");
	o.hold_s = 0;
	dial_in();
	speaker_establish(&in, &o);
	UNTIL(t.d.loop, peer_established(p));
	ck_assert_uint_eq(p->session.keepalive_s, 0);
	ck_assert(!event_pending(p->main->hold, EV_TIMEOUT, NULL));
	ck_assert(!event_pending(p->main->keepalive, EV_TIMEOUT, NULL));
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 4271 6.1 and RFC 6608: errors in each state, with their subcodes. */
START_TEST(test_errors)
{
	static const uint8_t bad_marker[BGP_HEADER_LEN] = {[16] = 0, 19, BGP_MSG_KEEPALIVE};
	struct open_msg o = bgpdtest_open(PEER_AS, LOW_ID);

	begin(", passive: true, idle-hold-time: {initial: 1, max: 1}");
	dial_in();
	ck_assert_int_eq(speaker_next(&in), BGP_MSG_OPEN);
	speaker_write(&in, bad_marker, sizeof(bad_marker));
	SPEAKER_NOTIFIED(&in, BGP_ERR_HEADER, BGP_HEADER_NOT_SYNC);
	speaker_close(&in);
	/* A KEEPALIVE in OpenSent. */
	UNTIL(t.d.loop, peer_state(p) == FSM_ACTIVE);
	dial_in();
	ck_assert_int_eq(speaker_next(&in), BGP_MSG_OPEN);
	speaker_send_keepalive(&in);
	SPEAKER_NOTIFIED(&in, BGP_ERR_FSM, BGP_FSM_OPENSENT);
	speaker_close(&in);
	/* An UPDATE in OpenConfirm. */
	UNTIL(t.d.loop, peer_state(p) == FSM_ACTIVE);
	dial_in();
	ck_assert_int_eq(speaker_next(&in), BGP_MSG_OPEN);
	speaker_send_open(&in, &o);
	ck_assert_int_eq(speaker_next(&in), BGP_MSG_KEEPALIVE);
	static const uint8_t eor[] = {0, 0, 0, 0};
	speaker_send_update(&in, eor, sizeof(eor));
	SPEAKER_NOTIFIED(&in, BGP_ERR_FSM, BGP_FSM_OPENCONFIRM);
	speaker_close(&in);
	bgpdtest_stop(&t);
}
END_TEST

/* A NOTIFICATION of the neighbour is remembered with its text, RFC 9003. */
START_TEST(test_notified)
{
	uint8_t msg[BGP_MSG_MAX];
	struct bgp_error err = {0};

	begin(", passive: true");
	bgpdtest_session(&t, &in, PEER_ADDR, PEER_AS, LOW_ID);
	notify_shutdown_set(&err, BGP_CEASE_ADMIN_SHUTDOWN, "gone fishing");
	speaker_write(&in, msg, notify_encode(&err, msg, sizeof(msg)));
	UNTIL(t.d.loop, !peer_established(p));
	ck_assert_msg(strstr(p->last_error, "received Cease/Administrative Shutdown") != NULL, "%s", p->last_error);
	ck_assert_msg(strstr(p->last_error, "\"gone fishing\"") != NULL, "%s", p->last_error);
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 4486 4: Peer De-configured; the peer is freed when its routes are gone. */
START_TEST(test_retire)
{
	static const uint8_t update[] = {0,    0, 0, 20, 0x40, 1,    1, 0, 0x40, 2, 6, 2,  1,  0,   0, 0xfd,
					 0xea, 0x40, 3, 4, 10,   0, 0, 2, 24,   192, 0, 2};

	begin(", passive: true, import: [accept], export: [], idle-hold-time: {initial: 1, max: 1}");
	bgpdtest_session(&t, &in, PEER_ADDR, PEER_AS, LOW_ID);
	speaker_send_update(&in, update, sizeof(update));
	UNTIL(t.d.loop, bgpdtest_path(&t, p, "192.0.2.0/24") != NULL);
	struct ip_prefix prefix = bgpdtest_prefix("192.0.2.0/24");
	peer_retire(p);
	while (speaker_next_real(&in) == BGP_MSG_UPDATE)
		;
	ck_assert_uint_eq(in.body[0], BGP_ERR_CEASE);
	ck_assert_uint_eq(in.body[1], BGP_CEASE_DECONFIGURED);
	UNTIL(t.d.loop, TAILQ_EMPTY(&t.d.peers));
	UNTIL(t.d.loop, rib_find(t.d.rib, &prefix) == 0);
	speaker_close(&in);
	/* It is a stranger now. */
	speaker_connect(&in, t.d.loop, PEER_ADDR, "127.0.0.1", t.port);
	ck_assert_int_eq(speaker_next(&in), SPEAKER_END);
	bgpdtest_stop(&t);
}
END_TEST

/* Several neighbours at one address: the local address chooses, then who waits for a connection. */
START_TEST(test_find)
{
	struct ip_addr remote, local_a, local_b;
	bool shared;

	bgpdtest_start(&t, "",
	    "neighbors:\n"
	    "  - {address: 127.0.0.2, name: a, remote-as: 65002, passive: true, source: 127.0.0.1}\n"
	    "  - {address: 127.0.0.2, name: b, remote-as: 65002, passive: true, port: 1179, source: 127.0.0.9}\n"
	    "  - {address: 127.0.0.3, name: c, remote-as: 65002, passive: true}\n");
	ip_addr_parse("127.0.0.2", &remote);
	ip_addr_parse("127.0.0.1", &local_a);
	ip_addr_parse("127.0.0.9", &local_b);
	ck_assert_ptr_eq(peer_find_addr(&t.d, &remote, &local_a, &shared), bgpdtest_peer(&t, "a"));
	ck_assert_ptr_eq(peer_find_addr(&t.d, &remote, &local_b, &shared), bgpdtest_peer(&t, "b"));
	ip_addr_parse("127.0.0.3", &remote);
	ck_assert_ptr_eq(peer_find_addr(&t.d, &remote, &local_b, &shared), bgpdtest_peer(&t, "c"));
	ip_addr_parse("127.0.0.4", &remote);
	ck_assert_ptr_null(peer_find_addr(&t.d, &remote, &local_a, &shared));
	bgpdtest_stop(&t);
}
END_TEST

/* Two neighbours at one address, one of them of any AS, and a connection that waits at each: a and b in some order. */
static void
begin_shared(struct speaker *a, struct speaker *b, struct peer **named, struct peer **any, struct speaker **at_two, struct speaker **at_any)
{
	bgpdtest_start(&t, "",
	    "neighbors:\n"
	    "  - {address: 127.0.0.2, name: two, remote-as: 65002, passive: true}\n"
	    "  - {address: 127.0.0.2, name: any, remote-as: external, passive: true, port: 1179}\n");
	*named = bgpdtest_peer(&t, "two");
	*any = bgpdtest_peer(&t, "any");
	speaker_connect(a, t.d.loop, PEER_ADDR, "127.0.0.1", t.port);
	UNTIL(t.d.loop, (*named)->second->session != NULL || (*any)->second->session != NULL);
	bool straight = (*named)->second->session != NULL;
	speaker_connect(b, t.d.loop, PEER_ADDR, "127.0.0.1", t.port);
	UNTIL(t.d.loop, (*named)->second->session != NULL && (*any)->second->session != NULL);
	*at_two = straight ? a : b;
	*at_any = straight ? b : a;
}

/* Of several neighbours at one address the OPEN says who it is, also where each connection waited at the other's. */
START_TEST(test_shared_exchange)
{
	struct open_msg two = bgpdtest_open(65002, LOW_ID), three = bgpdtest_open(65003, HIGH_ID);
	struct speaker a = {0}, b = {0}, *at_two, *at_any;
	struct peer *named, *any;

	begin_shared(&a, &b, &named, &any, &at_two, &at_any);
	/* It fits there as well, but another fits better, whose connection has not spoken yet. */
	speaker_send_open(at_any, &two);
	ck_assert_int_eq(speaker_next(at_any), BGP_MSG_OPEN);
	ck_assert_int_eq(speaker_next(at_any), BGP_MSG_KEEPALIVE);
	speaker_send_open(at_two, &three);
	ck_assert_int_eq(speaker_next(at_two), BGP_MSG_OPEN);
	ck_assert_int_eq(speaker_next(at_two), BGP_MSG_KEEPALIVE);
	speaker_send_keepalive(at_two);
	speaker_send_keepalive(at_any);
	UNTIL(t.d.loop, peer_established(named) && peer_established(any));
	ck_assert_uint_eq(named->main->theirs.as, 65002);
	ck_assert_uint_eq(any->main->theirs.as, 65003);
	speaker_close(&a);
	speaker_close(&b);
	bgpdtest_stop(&t);
}
END_TEST

/* The one that waits there has been told who we are to that neighbour: it cannot become another's, and ends. */
START_TEST(test_shared_silent)
{
	struct open_msg two = bgpdtest_open(65002, LOW_ID);
	struct speaker a = {0}, b = {0}, *at_two, *at_any;
	struct peer *named, *any;

	begin_shared(&a, &b, &named, &any, &at_two, &at_any);
	event_active(named->second->delay_open, EV_TIMEOUT, 0);
	ck_assert_int_eq(speaker_next(at_two), BGP_MSG_OPEN);
	speaker_send_open(at_any, &two);
	ck_assert_int_eq(speaker_next(at_any), BGP_MSG_OPEN);
	ck_assert_ptr_null(any->second->session);
	ck_assert_int_eq(speaker_next(at_any), BGP_MSG_KEEPALIVE);
	ck_assert_int_eq(speaker_next(at_two), BGP_MSG_NOTIFICATION);
	speaker_send_keepalive(at_any);
	UNTIL(t.d.loop, peer_established(named));
	speaker_close(&a);
	speaker_close(&b);
	bgpdtest_stop(&t);
}
END_TEST

/* Whose it is wants no connection now: nobody else takes it, and it is told nothing wrong about itself. */
START_TEST(test_shared_idle)
{
	struct open_msg two = bgpdtest_open(65002, LOW_ID);

	bgpdtest_start(&t, "",
	    "neighbors:\n"
	    "  - {address: 127.0.0.2, name: two, remote-as: 65002, passive: true, shutdown: true}\n"
	    "  - {address: 127.0.0.2, name: any, remote-as: external, passive: true, port: 1179}\n");
	struct peer *any = bgpdtest_peer(&t, "any");
	speaker_connect(&in, t.d.loop, PEER_ADDR, "127.0.0.1", t.port);
	UNTIL(t.d.loop, any->second->session != NULL);
	speaker_send_open(&in, &two);
	ck_assert_int_eq(speaker_next(&in), SPEAKER_END);
	ck_assert_int_eq(peer_state(any), FSM_ACTIVE);
	speaker_close(&in);
	bgpdtest_stop(&t);
}
END_TEST

SUITE("peer", test_starved, test_starved_connection, test_passive, test_dialled, test_confederation,
    test_local_as_dual, test_open_keys, test_names, test_collision, test_collision_confirmed,
    test_collision_forgotten, test_collision_established, test_second_silent, test_admin, test_reset, test_configured_down,
    test_idle_hold_backoff, test_hold_timer, test_hold_zero, test_errors, test_notified, test_retire, test_find,
    test_shared_exchange, test_shared_silent, test_shared_idle)
