/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of bgpd/drain where the session does not last as long as the drain: what the command promises, that the neighbour
 * is down in the end, holds all the same. tests/net/drain.sh has the rest.
 */
#include "bgpd/drain.h"

#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#define PEER "127.0.0.2"
#define LEN16(n) (uint8_t)((n) >> 8), (uint8_t)(n)

static struct bgpdtest t;
static struct speaker s;

/* ORIGIN, an empty AS_PATH, next hop 10.0.0.2, LOCAL_PREF 100; 192.0.2.0/24 */
static const uint8_t route[] = {LEN16(0), LEN16(21), 0x40, 1, 1, 0, 0x40, 2, 0, 0x40, 3, 4, 10, 0, 0, 2, 0x40, 5, 4, 0, 0, 0,
    100, 24, 192, 0, 2};

static struct peer *
up(void)
{
	struct open_msg o = bgpdtest_open(BGPDTEST_AS, 0x0a000002);

	o.caps.gr = true;
	o.caps.gr_time_s = 120;
	o.caps.gr_families = o.caps.gr_forwarding = o.caps.families;
	struct peer *p = bgpdtest_session_open(&t, &s, PEER, &o);
	speaker_send_update(&s, route, sizeof(route));
	UNTIL(t.d.loop, bgpdtest_path(&t, p, "192.0.2.0/24") != NULL);
	return p;
}

static struct peer *
begin(void)
{
	bgpdtest_start(&t, "", "neighbors: [{address: " PEER ", remote-as: internal, passive: true, "
			       "idle-hold-time: {initial: 0, max: 0}}]\n");
	bgpdtest_interface(&t, 2, "e0", "10.0.0.1", 24);
	return up();
}

static void
lose(struct peer *p)
{
	speaker_close(&s);
	UNTIL(t.d.loop, !peer_established(p));
}

static uint32_t
local_pref(struct peer *p)
{
	bgpdtest_settle(&t);
	return attr_get(t.d.attrs, bgpdtest_path(&t, p, "192.0.2.0/24")->attr)->local_pref;
}

/* Lost while it drains, and back: it goes on, and the neighbour is down in the end. */
START_TEST(test_back)
{
	struct peer *p = begin();

	drain_begin(p, 1);
	ck_assert_uint_eq(local_pref(p), 0);
	lose(p);
	ck_assert(drain_is_on(&p->drain) && !p->admin_down);
	up();
	ck_assert_uint_eq(local_pref(p), 0);
	UNTIL(t.d.loop, p->admin_down);
	ck_assert_int_eq(peer_state(p), FSM_IDLE);
	ck_assert(!drain_is_on(&p->drain));
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

/* Lost for good: there is nobody to withdraw anything from, and what was kept goes. */
START_TEST(test_away)
{
	struct peer *p = begin();

	drain_begin(p, 1);
	lose(p);
	ck_assert_uint_eq(local_pref(p), 0);
	UNTIL(t.d.loop, p->admin_down);
	bgpdtest_settle(&t);
	ck_assert_ptr_null(bgpdtest_path(&t, p, "192.0.2.0/24"));
	ck_assert(!drain_is_on(&p->drain));
	bgpdtest_stop(&t);
}
END_TEST

/* Taken back while the session is lost: what is kept counts as before. */
START_TEST(test_taken_back)
{
	struct peer *p = begin();

	drain_begin(p, 600);
	lose(p);
	drain_cancel(p);
	ck_assert_uint_eq(local_pref(p), 100);
	up();
	ck_assert_uint_eq(local_pref(p), 100);
	speaker_close(&s);
	bgpdtest_stop(&t);
}
END_TEST

SUITE("drain", test_back, test_away, test_taken_back)
