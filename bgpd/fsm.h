/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fsm: the state machine of RFC 4271 section 8, as a pure function.
 *
 *                  start                       passive start
 *         +---------- Idle <--- any stop, -----------+
 *         |            any error in any state        |
 *         v     TCP fails                            v
 *      Connect ------------------------------------> Active
 *         |   <------------------------------------  |   ^
 *         |       ConnectRetryTimer expires          |   |
 *         | TCP up: OPEN sent           TCP up: OPEN |   | TCP fails
 *         +------------------> OpenSent <------------+   |
 *                                |  |                    |
 *                                |  +--------------------+
 *                                | OPEN came: KEEPALIVE sent
 *                                v
 *                           OpenConfirm
 *                                | KEEPALIVE came
 *                                v
 *                           Established
 *
 * One fsm is one connection (RFC 4271 8.2.1.1): the peer runs a second one for
 * a connection that came in while another is tried, and fsm_collision says
 * which survives. The function knows no socket, timer or clock: it takes state,
 * event and facts, and returns the next state and what to do. Also RFC 9687
 * (send hold timer), 6608 (FSM subcodes), 6286 (collision with equal
 * identifiers). Four departures from the letter of 8.2.2 stand in fsm.c.
 */
#ifndef BGPD_FSM_H
#define BGPD_FSM_H

#include <stdbool.h>
#include <stdint.h>

enum fsm_state {
	FSM_IDLE,
	FSM_CONNECT,
	FSM_ACTIVE,
	FSM_OPENSENT,
	FSM_OPENCONFIRM,
	FSM_ESTABLISHED,
};
#define FSM_STATES 6

enum fsm_event {                          /* numbers of RFC 4271 8.1 */
		 FSM_EV_MANUAL_START = 1, /* passive or not: see FSM_PASSIVE */
		 FSM_EV_MANUAL_STOP = 2,
		 FSM_EV_AUTO_START = 3, /* IdleHold timer expired (13) comes as this one */
		 FSM_EV_AUTO_STOP = 8,
		 FSM_EV_CONNECT_RETRY_EXPIRES = 9,
		 FSM_EV_HOLD_EXPIRES = 10,
		 FSM_EV_KEEPALIVE_EXPIRES = 11,
		 FSM_EV_DELAY_OPEN_EXPIRES = 12,
		 FSM_EV_TCP_ACKED = 16,     /* our connection is up */
		 FSM_EV_TCP_CONFIRMED = 17, /* an incoming one is */
		 FSM_EV_TCP_FAILS = 18,
		 FSM_EV_OPEN = 19, /* a good OPEN; with the DelayOpen timer running the same as 20 */
		 FSM_EV_HEADER_ERR = 21,
		 FSM_EV_OPEN_ERR = 22,
		 FSM_EV_COLLISION_DUMP = 23,
		 FSM_EV_NOTIF_VERSION = 24, /* NOTIFICATION with the code of a version error */
		 FSM_EV_NOTIF = 25,
		 FSM_EV_KEEPALIVE = 26,
		 FSM_EV_UPDATE = 27, /* also a good ROUTE-REFRESH */
		 FSM_EV_UPDATE_ERR = 28,
		 FSM_EV_SEND_HOLD_EXPIRES = 29, /* RFC 9687 */
};
#define FSM_EVENTS 30

/* Facts the machine must know. */
#define FSM_PASSIVE       0x01u /* PassiveTcpEstablishment */
#define FSM_DELAY_OPEN    0x02u /* DelayOpen is configured */
#define FSM_DELAY_RUNNING 0x04u /* the DelayOpen timer runs */
#define FSM_HOLD_ZERO     0x08u /* negotiated hold time is 0 */
#define FSM_NOTIFY_EARLY  0x10u /* SendNOTIFICATIONwithoutOPEN */

/* What the caller does, in this order. */
#define FSM_DO_NOTIFY                                                                                        \
	0x000001u /* code and subcode of the result, code 0: the error at hand; for a stop, the Cease that   \
		     says why */
#define FSM_DO_RELEASE             0x000002u /* routes and other resources of the connection */
#define FSM_DO_DROP_TCP            0x000004u
#define FSM_DO_STOP_CONNECT_RETRY  0x000008u
#define FSM_DO_STOP_TIMERS         0x000010u /* hold, keepalive, DelayOpen, send hold */
#define FSM_DO_STOP_DELAY_OPEN     0x000020u
#define FSM_DO_ZERO_RETRIES        0x000040u /* ConnectRetryCounter, and the IdleHold back-off */
#define FSM_DO_COUNT_RETRY         0x000080u
#define FSM_DO_START_CONNECT_RETRY 0x000100u /* jittered (RFC 4271 10) */
#define FSM_DO_CONNECT             0x000200u /* open a TCP connection */
#define FSM_DO_START_DELAY_OPEN    0x000400u
#define FSM_DO_SEND_OPEN           0x000800u
#define FSM_DO_SEND_KEEPALIVE      0x001000u
#define FSM_DO_START_HOLD_LARGE    0x002000u /* FSM_HOLD_LARGE_S */
#define FSM_DO_START_HOLD          0x004000u /* negotiated */
#define FSM_DO_START_KEEPALIVE     0x008000u /* jittered */
#define FSM_DO_STOP_HOLD           0x010000u
#define FSM_DO_UP                  0x020000u /* the session is there: exchange routes */
#define FSM_DO_UPDATE              0x040000u /* apply the message */
#define FSM_DO_IDLE_HOLD           0x080000u /* start again after fsm_idle_hold */

#define FSM_HOLD_LARGE_S 240u /* RFC 4271 8.2.2, while the OPEN is awaited */

struct fsm_result {
	uint8_t state;         /* enum fsm_state */
	uint8_t code, subcode; /* for FSM_DO_NOTIFY; code 0: what the decoder found */
	uint32_t actions;
};

/* One step. facts are FSM_PASSIVE …; what a state ignores gives the same state and no action. Never fails. */
struct fsm_result fsm_step(enum fsm_state state, enum fsm_event event, uint32_t facts);

const char *fsm_state_name(enum fsm_state s); /* "OpenSent" */
const char *fsm_event_name(enum fsm_event e); /* "KeepAliveMsg"; for the log's cause */

/* Seconds to stay in Idle after failures errors in a row (0 or 1: initial_s), doubled each time (after 0: 1), at
 * most max_s. */
uint32_t fsm_idle_hold(uint32_t initial_s, uint32_t max_s, uint32_t failures);
/* RFC 4271 10: 75 to 100 per cent of v (below 2^33); random is any evenly spread number. */
uint64_t fsm_jitter(uint64_t v, uint32_t random);

/* RFC 9687 3: seconds for the send hold timer: 480 or twice the hold time, whichever is more; 0 (off) for 0.
 */
uint32_t fsm_send_hold(uint32_t hold_s);

/*
 * RFC 4271 6.8: of two connections to one peer, may the one that we opened stay? Identifiers and,
 * where they are equal (RFC 6286 2.3), AS numbers decide; in host order.
 */
bool fsm_collision_keeps_ours(uint32_t local_id, uint32_t remote_id, uint32_t local_as, uint32_t remote_as);

#endif
