/* SPDX-License-Identifier: Apache-2.0 */
/*
 * gr: the state machines of graceful restart, as pure functions.
 *
 * The helper (RFC 4724 4.2, RFC 8538, RFC 9494): one machine for each neighbour
 * and family says what becomes of the neighbour's routes when its session ends.
 *
 *            lost for good: routes go
 *     +--> FRESH <--------------------------------------------+--------+
 *     |      | lost gracefully: kept, stale      too late or  |        | End-of-RIB
 *     |      v                                   no F bit     |        | or too late:
 *     |  RESTARTING -------------------------------------->---+        | the stale go
 *     |      |    \ back, with F bit                                   |
 *     |      |     +---------> RESYNC ---------------------------------+
 *     |      |  <-- lost again: older ones go --- |                    |
 *     |      | too late, long-lived               |                    |
 *     |      v                                                         |
 *     +--- LONG ------------> LONG_RESYNC -----------------------------+
 *             back, with F bit
 *
 * The restarting speaker (RFC 4724 4.1): one machine for the daemon says when
 * routes are selected and when kernel routes of an earlier run are swept.
 *
 *   START ---- nothing kept -------------------------> SETTLE ------> DONE
 *     |                                                ^     the sweep
 *     +-- kernel routes of ours --> DEFER --> SELECT --+     follows
 *                      End-of-RIB of all who      all is decided
 *                      are waited for             and told
 *
 * Waited for is, at most until the limit, End-of-RIB of each neighbour that has
 * graceful restart and does not restart itself, and, for a shorter time, who has
 * not come back or restarts itself: one dead neighbour must not hold up everybody for minutes.
 * One without graceful restart delays the sweep for that shorter time, since its
 * routes are still coming in, but never the selection.
 *
 * The functions know no session, timer, route or clock: they take a state, an
 * event and facts, and give the next state and what to do. Glue: peer_gr.c for
 * the helper, restart.c for the restarting speaker.
 */
#ifndef BGPD_GR_H
#define BGPD_GR_H

#include <stdbool.h>
#include <stdint.h>

struct gr_result {
	uint8_t state;
	uint32_t actions;
};

/* ---- the helper: of one family of one neighbour ---- */

enum gr_state {
	GR_FRESH,       /* no route is kept: the session is up, or its routes are gone */
	GR_RESTARTING,  /* the session is lost, its routes are kept as stale */
	GR_RESYNC,      /* it is back, what it has not announced again is kept still */
	GR_LONG,        /* the restart time is over, routes are kept as the last resort (RFC 9494) */
	GR_LONG_RESYNC, /* it is back in that time */
};
#define GR_STATES 5

enum gr_event {
	GR_EV_LOST,   /* the session has ended; facts are of that session */
	GR_EV_UP,     /* a session is established; facts are of its OPEN */
	GR_EV_EOR,    /* End-of-RIB has come */
	GR_EV_TIMER,  /* the timer that an action started has expired */
	GR_EV_FORGET, /* the operator or the configuration wants nothing kept */
};
#define GR_EVENTS 5

#define GR_IF_GRACEFUL  0x01u /* LOST: the end was one to keep routes for, and the family was in the capability */
#define GR_IF_TIME      0x02u /* LOST: its restart time is not 0 */
#define GR_IF_LONG      0x04u /* LOST, TIMER: long-lived graceful restart was agreed for the family */
#define GR_IF_KEPT      0x08u /* UP: the new OPEN says that its forwarding state was preserved */
#define GR_IF_KEPT_LONG 0x10u /* UP: so does the long-lived capability */

/* What the caller does, in this order. */
#define GR_DO_STOP_TIMER    0x01u
#define GR_DO_SWEEP         0x02u /* what is stale now goes; before DO_MARK: what an earlier loss made so */
#define GR_DO_MARK          0x04u /* all routes become stale */
#define GR_DO_DROP          0x08u /* what is stale now goes; after DO_MARK: everything */
#define GR_DO_LAST_RESORT   0x10u /* stale ones get LLGR_STALE, those with NO_LLGR go */
#define GR_DO_TIMER_RESTART 0x20u /* the neighbour's restart time, at most our stale-time */
#define GR_DO_TIMER_STALE   0x40u /* what is left of our stale-time since the loss */
#define GR_DO_TIMER_LONG    0x80u /* the neighbour's long-lived stale time, at most our own */

/* One step. What a state ignores gives the same state and no action. Never fails. */
struct gr_result gr_step(enum gr_state state, enum gr_event event, uint32_t facts);
const char *gr_state_name(enum gr_state s); /* "fresh", "restarting", … */

/* ---- the restarting speaker ---- */

enum gr_start_state {
	GR_START,  /* the kernel is not known yet; no session has begun */
	GR_DEFER,  /* no route is selected: neighbours are waited for */
	GR_SELECT, /* they are now, and End-of-RIB follows */
	GR_SETTLE, /* routes are selected; the kernel still has those of an earlier run */
	GR_DONE,
};
#define GR_START_STATES 5

enum gr_start_event {
	GR_START_EV_SYNCED, /* the kernel is known: sessions begin */
	GR_START_EV_CHANGE, /* something that the facts tell has changed, or may have */
};
#define GR_START_EVENTS 2

#define GR_START_IF_KEPT    0x01u /* SYNCED: kernel routes of ours are there, and graceful restart is on */
#define GR_START_IF_AWAY    0x02u /* a neighbour has no session, or restarts itself and has only just come */
#define GR_START_IF_PLAIN   0x04u /* one without graceful restart, or that restarts still, has not sent End-of-RIB */
#define GR_START_IF_SENDING 0x08u /* End-of-RIB is due from another one */
#define GR_START_IF_LATE    0x10u /* GR_LATE_S are over: only the last of these three counts */
#define GR_START_IF_LIMIT   0x20u /* GR_LIMIT_S are over: none of them counts */
#define GR_START_IF_IDLE    0x40u /* nothing is left to decide */

#define GR_START_DO_DEFER  0x01u /* from now on nothing is selected */
#define GR_START_DO_TIMERS 0x02u /* for the facts LATE and LIMIT */
#define GR_START_DO_SELECT 0x04u /* now everything is */
#define GR_START_DO_TELL   0x08u /* End-of-RIB to everybody */
#define GR_START_DO_POLL   0x10u /* CHANGE again in a moment: decisions are on their way */
#define GR_START_DO_SWEEP  0x20u /* kernel routes of an earlier run that nobody has claimed go */

struct gr_result gr_start_step(enum gr_start_state state, enum gr_start_event event, uint32_t facts);
const char *gr_start_state_name(enum gr_start_state s); /* "start", "defer", … */

/* Seconds that neighbours have to come back and to send End-of-RIB, of the restart time that we announce. */
#define GR_LATE_S  15u
#define GR_LIMIT_S 60u
static inline uint32_t
gr_at_most(uint32_t restart_s, uint32_t bound_s)
{
	return restart_s < bound_s ? restart_s : bound_s;
}

#endif
