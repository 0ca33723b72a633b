/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gr: both machines, every state with every event and every set of facts.
 *
 * What is expected is written here as the RFCs have it: 4724 4.1 and 4.2, 8538 4, 9494 4.2.
 */
#include <check.h>
#include <stdbool.h>

#include "bgpd/gr.h"
#include "tests/unit/suite.h"

#define G  GR_IF_GRACEFUL
#define T  GR_IF_TIME
#define L  GR_IF_LONG
#define K  GR_IF_KEPT
#define KL GR_IF_KEPT_LONG

/* A row stands for all facts that agree with `facts` where `care` says so. */
static const struct want {
	uint8_t from, event;
	uint32_t care, facts;
	uint8_t to;
	uint32_t actions;
} helper[] = {
    /* No route is kept, the session is up (or has never been). */
    {GR_FRESH, GR_EV_LOST, G, 0, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_MARK | GR_DO_DROP},
    {GR_FRESH, GR_EV_LOST, G | T, G | T, GR_RESTARTING, GR_DO_MARK | GR_DO_TIMER_RESTART},
    {GR_FRESH, GR_EV_LOST, G | T | L, G | L, GR_LONG, GR_DO_MARK | GR_DO_LAST_RESORT | GR_DO_TIMER_LONG},
    {GR_FRESH, GR_EV_LOST, G | T | L, G, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_MARK | GR_DO_DROP},
    {GR_FRESH, GR_EV_UP, 0, 0, GR_FRESH, 0},
    {GR_FRESH, GR_EV_EOR, 0, 0, GR_FRESH, 0},
    {GR_FRESH, GR_EV_TIMER, 0, 0, GR_FRESH, 0},
    {GR_FRESH, GR_EV_FORGET, 0, 0, GR_FRESH, 0},

    /* "If the session does not get re-established within the Restart Time [...] delete all the stale routes" */
    {GR_RESTARTING, GR_EV_LOST, 0, 0, GR_RESTARTING, 0},
    {GR_RESTARTING, GR_EV_UP, K, K, GR_RESYNC, GR_DO_TIMER_STALE},
    {GR_RESTARTING, GR_EV_UP, K, 0, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_DROP},
    {GR_RESTARTING, GR_EV_EOR, 0, 0, GR_RESTARTING, 0},
    {GR_RESTARTING, GR_EV_TIMER, L, 0, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_DROP},
    {GR_RESTARTING, GR_EV_TIMER, L, L, GR_LONG, GR_DO_LAST_RESORT | GR_DO_TIMER_LONG},
    {GR_RESTARTING, GR_EV_FORGET, 0, 0, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_DROP},

    /* "a route [...] previously marked as stale MUST be deleted", and the others are stale now */
    {GR_RESYNC, GR_EV_LOST, G | T, G | T, GR_RESTARTING, GR_DO_SWEEP | GR_DO_MARK | GR_DO_TIMER_RESTART},
    {GR_RESYNC, GR_EV_LOST, G | T | L, G | L, GR_LONG,
     GR_DO_SWEEP | GR_DO_MARK | GR_DO_LAST_RESORT | GR_DO_TIMER_LONG},
    {GR_RESYNC, GR_EV_LOST, G | T | L, G, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_MARK | GR_DO_DROP},
    {GR_RESYNC, GR_EV_LOST, G, 0, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_MARK | GR_DO_DROP},
    {GR_RESYNC, GR_EV_UP, 0, 0, GR_RESYNC, 0},
    {GR_RESYNC, GR_EV_EOR, 0, 0, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_DROP},
    {GR_RESYNC, GR_EV_TIMER, 0, 0, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_DROP},
    {GR_RESYNC, GR_EV_FORGET, 0, 0, GR_RESYNC, 0},

    /* RFC 9494: its own F bit counts now, and its time goes on while the session is back. */
    {GR_LONG, GR_EV_LOST, 0, 0, GR_LONG, 0},
    {GR_LONG, GR_EV_UP, KL, KL, GR_LONG_RESYNC, 0},
    {GR_LONG, GR_EV_UP, KL, 0, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_DROP},
    {GR_LONG, GR_EV_EOR, 0, 0, GR_LONG, 0},
    {GR_LONG, GR_EV_TIMER, 0, 0, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_DROP},
    {GR_LONG, GR_EV_FORGET, 0, 0, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_DROP},

    {GR_LONG_RESYNC, GR_EV_LOST, G | L, G | L, GR_LONG, GR_DO_MARK | GR_DO_LAST_RESORT},
    {GR_LONG_RESYNC, GR_EV_LOST, G | T | L, G | T, GR_RESTARTING,
     GR_DO_STOP_TIMER | GR_DO_SWEEP | GR_DO_MARK | GR_DO_TIMER_RESTART},
    {GR_LONG_RESYNC, GR_EV_LOST, G | T | L, G, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_MARK | GR_DO_DROP},
    {GR_LONG_RESYNC, GR_EV_LOST, G, 0, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_MARK | GR_DO_DROP},
    {GR_LONG_RESYNC, GR_EV_UP, 0, 0, GR_LONG_RESYNC, 0},
    {GR_LONG_RESYNC, GR_EV_EOR, 0, 0, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_DROP},
    {GR_LONG_RESYNC, GR_EV_TIMER, 0, 0, GR_FRESH, GR_DO_STOP_TIMER | GR_DO_DROP},
    {GR_LONG_RESYNC, GR_EV_FORGET, 0, 0, GR_LONG_RESYNC, 0},
};

#define KEPT    GR_START_IF_KEPT
#define AWAY    GR_START_IF_AWAY
#define PLAIN   GR_START_IF_PLAIN
#define SENDING GR_START_IF_SENDING
#define LATE    GR_START_IF_LATE
#define LIMIT   GR_START_IF_LIMIT
#define IDLE    GR_START_IF_IDLE

static const struct want restarting[] = {
    {GR_START, GR_START_EV_SYNCED, KEPT, KEPT, GR_DEFER,
     GR_START_DO_DEFER | GR_START_DO_TIMERS | GR_START_DO_POLL},
    {GR_START, GR_START_EV_SYNCED, KEPT, 0, GR_SETTLE, GR_START_DO_TIMERS | GR_START_DO_POLL},
    {GR_START, GR_START_EV_CHANGE, 0, 0, GR_START, 0},

    /* Selection: when all have come back and sent End-of-RIB, ... */
    {GR_DEFER, GR_START_EV_SYNCED, 0, 0, GR_DEFER, 0},
    {GR_DEFER, GR_START_EV_CHANGE, AWAY | SENDING, 0, GR_SELECT, GR_START_DO_SELECT | GR_START_DO_POLL},
    /* ... or those who are here have, and the others are late, or the limit is reached. */
    {GR_DEFER, GR_START_EV_CHANGE, AWAY | SENDING | LATE, AWAY | LATE, GR_SELECT,
     GR_START_DO_SELECT | GR_START_DO_POLL},
    {GR_DEFER, GR_START_EV_CHANGE, AWAY | SENDING | LIMIT, AWAY | LIMIT, GR_SELECT,
     GR_START_DO_SELECT | GR_START_DO_POLL},
    {GR_DEFER, GR_START_EV_CHANGE, SENDING | LIMIT, SENDING | LIMIT, GR_SELECT,
     GR_START_DO_SELECT | GR_START_DO_POLL},
    {GR_DEFER, GR_START_EV_CHANGE, SENDING | LIMIT, SENDING, GR_DEFER, 0},
    {GR_DEFER, GR_START_EV_CHANGE, AWAY | LATE | LIMIT, AWAY, GR_DEFER, 0},

    /* End-of-RIB: when all is decided, or after the limit. */
    {GR_SELECT, GR_START_EV_SYNCED, 0, 0, GR_SELECT, 0},
    {GR_SELECT, GR_START_EV_CHANGE, IDLE, IDLE, GR_SETTLE, GR_START_DO_TELL | GR_START_DO_POLL},
    {GR_SELECT, GR_START_EV_CHANGE, LIMIT, LIMIT, GR_SETTLE, GR_START_DO_TELL | GR_START_DO_POLL},
    {GR_SELECT, GR_START_EV_CHANGE, IDLE | LIMIT, 0, GR_SELECT, GR_START_DO_POLL},

    /* The sweep waits for those without graceful restart too, and for the decisions. */
    {GR_SETTLE, GR_START_EV_SYNCED, 0, 0, GR_SETTLE, 0},
    {GR_SETTLE, GR_START_EV_CHANGE, AWAY | PLAIN | SENDING | IDLE, IDLE, GR_DONE, GR_START_DO_SWEEP},
    {GR_SETTLE, GR_START_EV_CHANGE, AWAY | PLAIN | SENDING | IDLE, 0, GR_SETTLE, GR_START_DO_POLL},
    {GR_SETTLE, GR_START_EV_CHANGE, SENDING | LATE | IDLE, LATE | IDLE, GR_DONE, GR_START_DO_SWEEP},
    {GR_SETTLE, GR_START_EV_CHANGE, SENDING | LATE | IDLE, LATE, GR_SETTLE, GR_START_DO_POLL},
    {GR_SETTLE, GR_START_EV_CHANGE, LIMIT | IDLE, LIMIT | IDLE, GR_DONE, GR_START_DO_SWEEP},
    {GR_SETTLE, GR_START_EV_CHANGE, LIMIT | IDLE, LIMIT, GR_SETTLE, GR_START_DO_POLL},
    {GR_SETTLE, GR_START_EV_CHANGE, SENDING | LIMIT, SENDING, GR_SETTLE, 0},
    {GR_SETTLE, GR_START_EV_CHANGE, AWAY | LATE | LIMIT, AWAY, GR_SETTLE, 0},
    {GR_SETTLE, GR_START_EV_CHANGE, PLAIN | LATE | LIMIT, PLAIN, GR_SETTLE, 0},

    {GR_DONE, GR_START_EV_SYNCED, 0, 0, GR_DONE, 0},
    {GR_DONE, GR_START_EV_CHANGE, 0, 0, GR_DONE, 0},
};

static struct gr_result
step_helper(unsigned state, unsigned event, uint32_t facts)
{
	return gr_step((enum gr_state)state, (enum gr_event)event, facts);
}

static struct gr_result
step_restarting(unsigned state, unsigned event, uint32_t facts)
{
	return gr_start_step((enum gr_start_state)state, (enum gr_start_event)event, facts);
}

/* Every combination must be named by a row, and all rows that name it must agree with the machine. */
static void
walk(const struct want *rows, size_t n, unsigned states, unsigned events, uint32_t all_facts,
     struct gr_result (*step)(unsigned, unsigned, uint32_t))
{
	for (unsigned s = 0; s < states; s++)
		for (unsigned e = 0; e < events; e++)
			for (uint32_t facts = 0; facts <= all_facts; facts++) {
				struct gr_result r = step(s, e, facts);
				unsigned named = 0;
				for (const struct want *w = rows; w < rows + n; w++) {
					if (w->from != s || w->event != e || (facts & w->care) != w->facts)
						continue;
					named++;
					ck_assert_msg(r.state == w->to && r.actions == w->actions,
						      "row %td, state %u event %u facts %#x: got state %u actions %#x",
						      w - rows, s, e, facts, r.state, r.actions);
				}
				ck_assert_msg(named > 0, "state %u event %u facts %#x is not in the table", s, e, facts);
			}
}

START_TEST(helper_table)
{
	walk(helper, sizeof(helper) / sizeof(helper[0]), GR_STATES, GR_EVENTS, 0x1f, step_helper);
}
END_TEST

START_TEST(restarting_table)
{
	walk(restarting, sizeof(restarting) / sizeof(restarting[0]), GR_START_STATES, GR_START_EVENTS, 0x7f,
	     step_restarting);
}
END_TEST

/* A state with stale routes and no session must have a timer: nothing is kept for ever. */
START_TEST(kept_has_a_timer)
{
	const uint32_t timers = GR_DO_TIMER_RESTART | GR_DO_TIMER_STALE | GR_DO_TIMER_LONG;
	/* Breadth first over (state, is a timer running). */
	bool seen[GR_STATES][2] = {[GR_FRESH] = {true}};
	bool more = true;

	while (more) {
		more = false;
		for (unsigned s = 0; s < GR_STATES; s++)
			for (unsigned on = 0; on < 2; on++)
				for (unsigned e = 0; seen[s][on] && e < GR_EVENTS; e++)
					for (uint32_t facts = 0; facts <= 0x1f; facts++) {
						if (e == GR_EV_TIMER && !on)
							continue;
						struct gr_result r = step_helper(s, e, facts);
						bool runs = on && e != GR_EV_TIMER && !(r.actions & GR_DO_STOP_TIMER);
						runs |= (r.actions & timers) != 0;
						ck_assert_msg(runs == (r.state != GR_FRESH), "state %u event %u facts %#x",
							      s, e, facts);
						more |= !seen[r.state][runs];
						seen[r.state][runs] = true;
					}
	}
	for (unsigned s = 0; s < GR_STATES; s++)
		ck_assert_msg(seen[s][0] || seen[s][1], "%s is never reached", gr_state_name((enum gr_state)s));
}
END_TEST

START_TEST(names)
{
	ck_assert_str_eq(gr_state_name(GR_FRESH), "fresh");
	ck_assert_str_eq(gr_state_name(GR_RESTARTING), "restarting");
	ck_assert_str_eq(gr_state_name(GR_RESYNC), "resync");
	ck_assert_str_eq(gr_state_name(GR_LONG), "long-lived");
	ck_assert_str_eq(gr_state_name(GR_LONG_RESYNC), "long-lived-resync");
	ck_assert_str_eq(gr_start_state_name(GR_START), "start");
	ck_assert_str_eq(gr_start_state_name(GR_DONE), "done");
	/* A short restart time bounds the waits as well. */
	ck_assert_uint_eq(gr_at_most(5, GR_LATE_S), 5);
	ck_assert_uint_eq(gr_at_most(120, GR_LATE_S), GR_LATE_S);
}
END_TEST

SUITE("gr", helper_table, restarting_table, kept_has_a_timer, names)
