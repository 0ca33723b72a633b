/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/max_out: what happens when more is to be sent than max-prefix-out allows. */
#include "bgpd/max_out.h"

#include "bgpd/groups.h"
#include "bgpd/own.h"
#include "bgpd/peer_routes.h"
#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#define A "127.0.0.2"

static struct bgpdtest t;
static struct speaker s;
static struct peer *p;

static void
begin(const char *action)
{
	char rest[256];

	snprintf(rest, sizeof(rest),
		 "networks: [{prefix: 192.0.2.0/25}, {prefix: 192.0.2.128/25}]\n"
		 "neighbors: [{address: " A ", remote-as: 65002, passive: true, export: [accept],\n"
		 "  max-prefix-out: {limit: 2, action: %s, restart-after: 1}}]\n",
		 action);
	bgpdtest_start(&t, "", rest);
	bgpdtest_settle(&t);
	p = bgpdtest_session(&t, &s, A, 65002, 0x0a000002);
	/* Two are allowed, and End-of-RIB behind them. */
	do
		ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE);
	while (s.body_len != 4);
}

static void
one_more(void)
{
	struct ip_prefix more = bgpdtest_prefix("198.51.100.0/24");

	own_network_add(&t.d, &more);
}

static void
check_ended(void)
{
	char text[BGP_SHUTDOWN_TEXT_MAX + 1];
	struct bgp_error err;

	/* Not one more UPDATE before it. */
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_NOTIFICATION);
	notify_decode(s.body, s.body_len, &err);
	ck_assert_uint_eq(err.code, BGP_ERR_CEASE);
	ck_assert_uint_eq(err.subcode, BGP_CEASE_ADMIN_SHUTDOWN);
	ck_assert(notify_shutdown_get(&err, text));
	ck_assert_str_eq(text, "more than 2 prefixes of ipv4-unicast to be sent");
	speaker_close(&s);
}

START_TEST(test_shutdown)
{
	begin("shutdown");
	one_more();
	check_ended();
	ck_assert(p->admin_down);
	ck_assert_int_eq(peer_state(p), FSM_IDLE);
	bgpdtest_stop(&t);
}
END_TEST

START_TEST(test_restart)
{
	begin("restart");
	one_more();
	check_ended();
	ck_assert(!p->admin_down);
	/* And again, since there are still three. */
	struct open_msg o = bgpdtest_open(65002, 0x0a000002);
	UNTIL(t.d.loop, peer_state(p) == FSM_ACTIVE);
	speaker_connect(&s, t.d.loop, A, "127.0.0.1", t.port);
	speaker_establish(&s, &o);
	check_ended();
	bgpdtest_stop(&t);
}
END_TEST

START_TEST(test_warn)
{
	begin("warn");
	one_more();
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE);
	ck_assert(peer_established(p));
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

static void
expect_counts(uint32_t sent, uint32_t held)
{
	struct peer_route_counts n;

	peer_routes_counts(p, FAMILY_IPV4, &n);
	ck_assert_uint_eq(n.sent, sent);
	ck_assert_uint_eq(n.held, held);
}

static void
expect_update(const char *what)
{
	ck_assert_int_eq(speaker_next_real(&s), BGP_MSG_UPDATE);
	/* Withdrawn routes come first (RFC 4271 4.3). */
	bool withdrawal = s.body[0] != 0 || s.body[1] != 0;
	ck_assert_str_eq(withdrawal ? "withdrawal" : "route", what);
}

START_TEST(test_block)
{
	static const char *const later = "networks: [{prefix: 192.0.2.128/25}]\n"
					 "neighbors: [{address: " A ", remote-as: 65002, passive: true, export: [accept],\n"
					 "  max-prefix-out: {limit: %u, action: block}}]\n";
	char rest[256];

	begin("block");
	UNTIL(t.d.loop, p->max_out.told[FAMILY_IPV4] == 1);
	one_more();
	UNTIL(t.d.loop, p->max_out.told[FAMILY_IPV4] == 2);
	expect_counts(2, 1);
	/* It is the next that follows, and only then. */
	snprintf(rest, sizeof(rest), later, 2);
	bgpdtest_reload(&t, "", rest);
	expect_update("withdrawal");
	expect_update("route");
	expect_counts(2, 0);
	/* The surplus goes when the limit comes down, and is back when it goes up. */
	snprintf(rest, sizeof(rest), later, 1);
	bgpdtest_reload(&t, "", rest);
	expect_update("withdrawal");
	expect_counts(1, 1);
	snprintf(rest, sizeof(rest), later, 3);
	bgpdtest_reload(&t, "", rest);
	expect_update("route");
	expect_counts(2, 0);
	ck_assert(peer_established(p));
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

/* The default route that is not in the RIB is one of them. */
START_TEST(test_block_default)
{
	bgpdtest_start(&t, "",
		       "networks: [{prefix: 192.0.2.0/25}, {prefix: 192.0.2.128/25}]\n"
		       "neighbors: [{address: " A ", remote-as: 65002, passive: true, export: [accept],\n"
		       "  default-originate: [ipv4-unicast], max-prefix-out: {limit: 2, action: block}}]\n");
	bgpdtest_settle(&t);
	p = bgpdtest_session(&t, &s, A, 65002, 0x0a000002);
	expect_update("route");
	expect_update("route");
	expect_counts(2, 1);
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

SUITE("max_out", test_shutdown, test_restart, test_warn, test_block, test_block_default)
