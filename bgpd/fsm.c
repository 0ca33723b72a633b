/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fsm: the tables of the state machine of RFC 4271 8.2.2.
 *
 * Called by the peer for everything that happens to a connection. Each state has
 * a list of rows; the first one whose event and facts fit is taken, and the last
 * row of each list takes every other event. Departures from the letter:
 * - Connect goes to Active, not Idle, when TCP fails: Idle refuses incoming
 *   connections, so two speakers that fail together would lock each other out.
 * - A passive neighbour is never connected to, also not from Active.
 * - No NOTIFICATION answers a NOTIFICATION (6.4), also not in OpenSent.
 * - A header error in Established is told as such (6.1), not as an FSM error,
 *   and an automatic start leaves ConnectRetryCounter alone, which drives the
 *   back-off in Idle (8.1, damping of oscillations).
 */
#include "bgpd/fsm.h"

#include <stddef.h>

#include "bgpd/notify.h"
#include "lib/mem.h"

#define ANY 0 /* no event has this number */

/* Everything that leads to Idle does this much. */
#define TO_IDLE (FSM_DO_RELEASE | FSM_DO_DROP_TCP | FSM_DO_STOP_CONNECT_RETRY | FSM_DO_STOP_TIMERS)
#define STOPPED (TO_IDLE | FSM_DO_ZERO_RETRIES)
#define FAILED  (TO_IDLE | FSM_DO_COUNT_RETRY | FSM_DO_IDLE_HOLD)
#define RETRY   (TO_IDLE | FSM_DO_IDLE_HOLD) /* not our fault: does not count */
#define OPENED                                                                                               \
	(FSM_DO_STOP_CONNECT_RETRY | FSM_DO_STOP_DELAY_OPEN | FSM_DO_SEND_OPEN | FSM_DO_START_HOLD_LARGE)
#define DELAYED (FSM_DO_STOP_CONNECT_RETRY | FSM_DO_START_DELAY_OPEN)
#define CONFIRM                                                                                              \
	(FSM_DO_STOP_CONNECT_RETRY | FSM_DO_STOP_DELAY_OPEN | FSM_DO_SEND_KEEPALIVE | FSM_DO_START_HOLD |    \
	 FSM_DO_START_KEEPALIVE)

struct row {
	uint8_t event;
	uint8_t when; /* facts that must all hold */
	uint8_t next;
	uint8_t code, subcode;
	uint32_t actions;
};

static const struct row idle_rows[] = {
    {FSM_EV_MANUAL_START, .when = FSM_PASSIVE, .next = FSM_ACTIVE, .actions = FSM_DO_ZERO_RETRIES},
    {FSM_EV_MANUAL_START, .next = FSM_CONNECT,
     .actions = FSM_DO_ZERO_RETRIES | FSM_DO_START_CONNECT_RETRY | FSM_DO_CONNECT},
    {FSM_EV_AUTO_START, .when = FSM_PASSIVE, .next = FSM_ACTIVE},
    {FSM_EV_AUTO_START, .next = FSM_CONNECT, .actions = FSM_DO_START_CONNECT_RETRY | FSM_DO_CONNECT},
    {ANY, .next = FSM_IDLE},
};

static const struct row connect_rows[] = {
    {FSM_EV_MANUAL_START, .next = FSM_CONNECT},
    {FSM_EV_AUTO_START, .next = FSM_CONNECT},
    {FSM_EV_MANUAL_STOP, .next = FSM_IDLE, .actions = STOPPED},
    {FSM_EV_AUTO_STOP, .next = FSM_IDLE, .actions = TO_IDLE | FSM_DO_COUNT_RETRY},
    {FSM_EV_CONNECT_RETRY_EXPIRES, .next = FSM_CONNECT,
     .actions = FSM_DO_DROP_TCP | FSM_DO_STOP_DELAY_OPEN | FSM_DO_START_CONNECT_RETRY | FSM_DO_CONNECT},
    {FSM_EV_DELAY_OPEN_EXPIRES, .next = FSM_OPENSENT, .actions = OPENED},
    {FSM_EV_TCP_ACKED, .when = FSM_DELAY_OPEN, .next = FSM_CONNECT, .actions = DELAYED},
    {FSM_EV_TCP_ACKED, .next = FSM_OPENSENT, .actions = OPENED},
    {FSM_EV_TCP_CONFIRMED, .when = FSM_DELAY_OPEN, .next = FSM_CONNECT, .actions = DELAYED},
    {FSM_EV_TCP_CONFIRMED, .next = FSM_OPENSENT, .actions = OPENED},
    {FSM_EV_TCP_FAILS, .next = FSM_ACTIVE,
     .actions = FSM_DO_DROP_TCP | FSM_DO_STOP_DELAY_OPEN | FSM_DO_START_CONNECT_RETRY},
    {FSM_EV_OPEN, .when = FSM_DELAY_RUNNING, .next = FSM_OPENCONFIRM, .actions = FSM_DO_SEND_OPEN | CONFIRM},
    {FSM_EV_HEADER_ERR, .when = FSM_NOTIFY_EARLY, .next = FSM_IDLE, .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_OPEN_ERR, .when = FSM_NOTIFY_EARLY, .next = FSM_IDLE, .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_NOTIF_VERSION, .when = FSM_DELAY_RUNNING, .next = FSM_IDLE, .actions = RETRY},
    {ANY, .next = FSM_IDLE, .actions = FAILED},
};

static const struct row active_rows[] = {
    {FSM_EV_MANUAL_START, .next = FSM_ACTIVE},
    {FSM_EV_AUTO_START, .next = FSM_ACTIVE},
    {FSM_EV_MANUAL_STOP, .when = FSM_DELAY_RUNNING | FSM_NOTIFY_EARLY, .next = FSM_IDLE,
     .code = BGP_ERR_CEASE, .actions = FSM_DO_NOTIFY | STOPPED},
    {FSM_EV_MANUAL_STOP, .next = FSM_IDLE, .actions = STOPPED},
    {FSM_EV_AUTO_STOP, .next = FSM_IDLE, .actions = TO_IDLE | FSM_DO_COUNT_RETRY},
    {FSM_EV_CONNECT_RETRY_EXPIRES, .when = FSM_PASSIVE, .next = FSM_ACTIVE},
    {FSM_EV_CONNECT_RETRY_EXPIRES, .next = FSM_CONNECT,
     .actions = FSM_DO_START_CONNECT_RETRY | FSM_DO_CONNECT},
    {FSM_EV_DELAY_OPEN_EXPIRES, .next = FSM_OPENSENT, .actions = OPENED},
    {FSM_EV_TCP_ACKED, .when = FSM_DELAY_OPEN, .next = FSM_ACTIVE, .actions = DELAYED},
    {FSM_EV_TCP_ACKED, .next = FSM_OPENSENT, .actions = OPENED},
    {FSM_EV_TCP_CONFIRMED, .when = FSM_DELAY_OPEN, .next = FSM_ACTIVE, .actions = DELAYED},
    {FSM_EV_TCP_CONFIRMED, .next = FSM_OPENSENT, .actions = OPENED},
    {FSM_EV_OPEN, .when = FSM_DELAY_RUNNING, .next = FSM_OPENCONFIRM, .actions = FSM_DO_SEND_OPEN | CONFIRM},
    {FSM_EV_HEADER_ERR, .when = FSM_NOTIFY_EARLY, .next = FSM_IDLE, .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_OPEN_ERR, .when = FSM_NOTIFY_EARLY, .next = FSM_IDLE, .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_NOTIF_VERSION, .when = FSM_DELAY_RUNNING, .next = FSM_IDLE, .actions = RETRY},
    {ANY, .next = FSM_IDLE, .actions = FAILED},
};

static const struct row opensent_rows[] = {
    {FSM_EV_MANUAL_START, .next = FSM_OPENSENT},
    {FSM_EV_AUTO_START, .next = FSM_OPENSENT},
    {FSM_EV_TCP_ACKED, .next = FSM_OPENSENT}, /* the second connection has a machine of its own */
    {FSM_EV_TCP_CONFIRMED, .next = FSM_OPENSENT},
    {FSM_EV_MANUAL_STOP, .next = FSM_IDLE, .code = BGP_ERR_CEASE, .actions = FSM_DO_NOTIFY | STOPPED},
    {FSM_EV_AUTO_STOP, .next = FSM_IDLE, .code = BGP_ERR_CEASE,
     .actions = FSM_DO_NOTIFY | TO_IDLE | FSM_DO_COUNT_RETRY},
    {FSM_EV_HOLD_EXPIRES, .next = FSM_IDLE, .code = BGP_ERR_HOLD_TIMER, .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_TCP_FAILS, .next = FSM_ACTIVE,
     .actions = FSM_DO_DROP_TCP | FSM_DO_STOP_TIMERS | FSM_DO_START_CONNECT_RETRY},
    {FSM_EV_OPEN, .next = FSM_OPENCONFIRM, .actions = CONFIRM},
    {FSM_EV_HEADER_ERR, .next = FSM_IDLE, .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_OPEN_ERR, .next = FSM_IDLE, .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_COLLISION_DUMP, .next = FSM_IDLE, .code = BGP_ERR_CEASE, .subcode = BGP_CEASE_COLLISION,
     .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_NOTIF_VERSION, .next = FSM_IDLE, .actions = RETRY},
    {FSM_EV_NOTIF, .next = FSM_IDLE, .actions = FAILED},
    {ANY, .next = FSM_IDLE, .code = BGP_ERR_FSM, .subcode = BGP_FSM_OPENSENT,
     .actions = FSM_DO_NOTIFY | FAILED},
};

static const struct row openconfirm_rows[] = {
    {FSM_EV_KEEPALIVE, .next = FSM_ESTABLISHED, .actions = FSM_DO_START_HOLD | FSM_DO_UP},
    {FSM_EV_MANUAL_START, .next = FSM_OPENCONFIRM},
    {FSM_EV_AUTO_START, .next = FSM_OPENCONFIRM},
    {FSM_EV_TCP_ACKED, .next = FSM_OPENCONFIRM},
    {FSM_EV_TCP_CONFIRMED, .next = FSM_OPENCONFIRM},
    {FSM_EV_MANUAL_STOP, .next = FSM_IDLE, .code = BGP_ERR_CEASE, .actions = FSM_DO_NOTIFY | STOPPED},
    {FSM_EV_AUTO_STOP, .next = FSM_IDLE, .code = BGP_ERR_CEASE,
     .actions = FSM_DO_NOTIFY | TO_IDLE | FSM_DO_COUNT_RETRY},
    {FSM_EV_HOLD_EXPIRES, .next = FSM_IDLE, .code = BGP_ERR_HOLD_TIMER, .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_KEEPALIVE_EXPIRES, .next = FSM_OPENCONFIRM,
     .actions = FSM_DO_SEND_KEEPALIVE | FSM_DO_START_KEEPALIVE},
    {FSM_EV_TCP_FAILS, .next = FSM_IDLE, .actions = FAILED},
    {FSM_EV_NOTIF, .next = FSM_IDLE, .actions = FAILED},
    {FSM_EV_NOTIF_VERSION, .next = FSM_IDLE, .actions = RETRY},
    {FSM_EV_HEADER_ERR, .next = FSM_IDLE, .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_OPEN_ERR, .next = FSM_IDLE, .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_COLLISION_DUMP, .next = FSM_IDLE, .code = BGP_ERR_CEASE, .subcode = BGP_CEASE_COLLISION,
     .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_SEND_HOLD_EXPIRES, .next = FSM_IDLE, .code = BGP_ERR_SEND_HOLD,
     .actions = FSM_DO_NOTIFY | FAILED},
    {ANY, .next = FSM_IDLE, .code = BGP_ERR_FSM, .subcode = BGP_FSM_OPENCONFIRM,
     .actions = FSM_DO_NOTIFY | FAILED},
};

static const struct row established_rows[] = {
    {FSM_EV_UPDATE, .next = FSM_ESTABLISHED, .actions = FSM_DO_START_HOLD | FSM_DO_UPDATE},
    {FSM_EV_KEEPALIVE, .next = FSM_ESTABLISHED, .actions = FSM_DO_START_HOLD},
    {FSM_EV_KEEPALIVE_EXPIRES, .next = FSM_ESTABLISHED,
     .actions = FSM_DO_SEND_KEEPALIVE | FSM_DO_START_KEEPALIVE},
    {FSM_EV_MANUAL_START, .next = FSM_ESTABLISHED},
    {FSM_EV_AUTO_START, .next = FSM_ESTABLISHED},
    {FSM_EV_TCP_ACKED, .next = FSM_ESTABLISHED},
    {FSM_EV_TCP_CONFIRMED, .next = FSM_ESTABLISHED},
    {FSM_EV_MANUAL_STOP, .next = FSM_IDLE, .code = BGP_ERR_CEASE, .actions = FSM_DO_NOTIFY | STOPPED},
    {FSM_EV_AUTO_STOP, .next = FSM_IDLE, .code = BGP_ERR_CEASE,
     .actions = FSM_DO_NOTIFY | TO_IDLE | FSM_DO_COUNT_RETRY},
    {FSM_EV_HOLD_EXPIRES, .next = FSM_IDLE, .code = BGP_ERR_HOLD_TIMER, .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_SEND_HOLD_EXPIRES, .next = FSM_IDLE, .code = BGP_ERR_SEND_HOLD,
     .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_UPDATE_ERR, .next = FSM_IDLE, .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_HEADER_ERR, .next = FSM_IDLE, .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_COLLISION_DUMP, .next = FSM_IDLE, .code = BGP_ERR_CEASE, .subcode = BGP_CEASE_COLLISION,
     .actions = FSM_DO_NOTIFY | FAILED},
    {FSM_EV_TCP_FAILS, .next = FSM_IDLE, .actions = FAILED},
    {FSM_EV_NOTIF, .next = FSM_IDLE, .actions = FAILED},
    {FSM_EV_NOTIF_VERSION, .next = FSM_IDLE, .actions = FAILED},
    {ANY, .next = FSM_IDLE, .code = BGP_ERR_FSM, .subcode = BGP_FSM_ESTABLISHED,
     .actions = FSM_DO_NOTIFY | FAILED},
};

static const struct state_row {
	const char *name;
	const struct row *rows;
} states[FSM_STATES] = {
    [FSM_IDLE] = {"Idle", idle_rows},
    [FSM_CONNECT] = {"Connect", connect_rows},
    [FSM_ACTIVE] = {"Active", active_rows},
    [FSM_OPENSENT] = {"OpenSent", opensent_rows},
    [FSM_OPENCONFIRM] = {"OpenConfirm", openconfirm_rows},
    [FSM_ESTABLISHED] = {"Established", established_rows},
};

struct fsm_result
fsm_step(enum fsm_state state, enum fsm_event event, uint32_t facts)
{
	ASSERT(state < FSM_STATES && event > ANY && event < FSM_EVENTS);
	const struct row *r = states[state].rows;
	while (r->event != ANY && (r->event != event || (facts & r->when) != r->when))
		r++;
	struct fsm_result res = {
	    .state = r->next, .code = r->code, .subcode = r->subcode, .actions = r->actions};
	/* RFC 6608 3: the subcodes tell of unexpected messages; timers have none. */
	if (res.code == BGP_ERR_FSM && event < FSM_EV_OPEN)
		res.subcode = BGP_FSM_UNSPECIFIC;
	/* RFC 4271 4.2: with a hold time of 0 there are neither hold timer nor KEEPALIVEs. */
	if ((facts & FSM_HOLD_ZERO) && (res.actions & FSM_DO_START_HOLD)) {
		res.actions &= ~(FSM_DO_START_HOLD | FSM_DO_START_KEEPALIVE);
		res.actions |= FSM_DO_STOP_HOLD;
	}
	return res;
}

const char *
fsm_state_name(enum fsm_state s)
{
	ASSERT(s < FSM_STATES);
	return states[s].name;
}

const char *
fsm_event_name(enum fsm_event e)
{
	static const char *const names[FSM_EVENTS] = {
	    [FSM_EV_MANUAL_START] = "ManualStart",
	    [FSM_EV_MANUAL_STOP] = "ManualStop",
	    [FSM_EV_AUTO_START] = "AutomaticStart",
	    [FSM_EV_AUTO_STOP] = "AutomaticStop",
	    [FSM_EV_CONNECT_RETRY_EXPIRES] = "ConnectRetryTimer_Expires",
	    [FSM_EV_HOLD_EXPIRES] = "HoldTimer_Expires",
	    [FSM_EV_KEEPALIVE_EXPIRES] = "KeepaliveTimer_Expires",
	    [FSM_EV_DELAY_OPEN_EXPIRES] = "DelayOpenTimer_Expires",
	    [FSM_EV_TCP_ACKED] = "Tcp_CR_Acked",
	    [FSM_EV_TCP_CONFIRMED] = "TcpConnectionConfirmed",
	    [FSM_EV_TCP_FAILS] = "TcpConnectionFails",
	    [FSM_EV_OPEN] = "BGPOpen",
	    [FSM_EV_HEADER_ERR] = "BGPHeaderErr",
	    [FSM_EV_OPEN_ERR] = "BGPOpenMsgErr",
	    [FSM_EV_COLLISION_DUMP] = "OpenCollisionDump",
	    [FSM_EV_NOTIF_VERSION] = "NotifMsgVerErr",
	    [FSM_EV_NOTIF] = "NotifMsg",
	    [FSM_EV_KEEPALIVE] = "KeepAliveMsg",
	    [FSM_EV_UPDATE] = "UpdateMsg",
	    [FSM_EV_UPDATE_ERR] = "UpdateMsgErr",
	    [FSM_EV_SEND_HOLD_EXPIRES] = "SendHoldTimer_Expires",
	};
	return e < FSM_EVENTS && names[e] != NULL ? names[e] : "unknown";
}

uint32_t
fsm_idle_hold(uint32_t initial_s, uint32_t max_s, uint32_t failures)
{
	uint64_t v = initial_s;

	/* Twice nothing would be nothing: at once is for the first time alone. */
	for (uint32_t i = 1; i < failures && v < max_s; i++)
		v = v != 0 ? v * 2 : 1;
	return v < max_s ? (uint32_t)v : max_s;
}

uint64_t
fsm_jitter(uint64_t v, uint32_t random)
{
	return v - v / 4 + (v / 4) * random / UINT32_MAX;
}

uint32_t
fsm_send_hold(uint32_t hold_s)
{
	if (hold_s == 0)
		return 0;
	return hold_s * 2 > 480 ? hold_s * 2 : 480;
}

bool
fsm_collision_keeps_ours(uint32_t local_id, uint32_t remote_id, uint32_t local_as, uint32_t remote_as)
{
	if (local_id != remote_id)
		return local_id > remote_id;
	return local_as > remote_as;
}
