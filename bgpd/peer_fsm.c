/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_fsm: carries out what the pure state machine decides: sockets, timers,
 * messages. See peer.h and fsm.h.
 *
 * Every input (a timer, a connection, a message) becomes one event for one
 * connection: peer_event. Whatever ends a connection goes through here too, so
 * that timers and sessions are given up in one place.
 */
#include "bgpd/peer.h"

#include "bgpd/daemon.h"
#include "bgpd/keys.h"
#include "bgpd/peer_routes.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* How long our OPEN waits for theirs where only that tells whom we speak to: they send it at once. */
#define DELAY_OPEN_S 5
/* How long an OPEN waits for what becomes of the other connection: a neighbour that has it sends OPEN and KEEPALIVE at once. */
#define COLLISION_S 5
#define DYNAMIC_LOOK_MS 1000 /* whether a dynamic neighbour still has a reason to be there */

static uint64_t
jittered_ms(uint32_t seconds)
{
	return fsm_jitter((uint64_t)seconds * 1000, arc4random());
}

static uint32_t
conn_facts(const struct peer_conn *c)
{
	uint32_t facts = FSM_NOTIFY_EARLY;

	if (c->peer->conf->passive || c->incoming || !peer_can_dial(c->peer))
		facts |= FSM_PASSIVE;
	if (c->shared)
		facts |= FSM_DELAY_OPEN;
	if (c->delay_open != NULL && event_pending(c->delay_open, EV_TIMEOUT, NULL))
		facts |= FSM_DELAY_RUNNING;
	if (c->peer->session.hold_s == 0 && c->has_open)
		facts |= FSM_HOLD_ZERO;
	return facts;
}

static void
stop_timers(struct peer_conn *c)
{
	event_del(c->hold);
	event_del(c->keepalive);
	event_del(c->delay_open);
	event_del(c->send_hold);
	c->hold_s = 0;
}

static void
hold_start(struct peer_conn *c, uint32_t seconds)
{
	c->hold_s = seconds;
	c->last_rx_ns = c->peer->d->loop->turn_start_ns;
	if (seconds > 0)
		timer_after_ms(c->hold, (uint64_t)seconds * 1000);
	else
		event_del(c->hold);
}

/* As session_send. */
static int
conn_send(struct peer_conn *c, const uint8_t *msg, size_t len)
{
	if (c->session == NULL)
		return 0;
	int r = session_send(c->session, msg, len);
	if (r == 0 && c->peer->debug != CONF_DEBUG_OFF)
		msg_log_sent(c->peer, msg, len);
	return r;
}

static void
dial(struct peer_conn *c)
{
	const struct conf_neighbor *nb = c->peer->conf;
	struct session_dial d = {.remote = c->peer->addr,
	    .local = nb->source,
	    .port = (uint16_t)nb->port,
	    .device = nb->vrf,
	    .gtsm_hops = nb->ttl_security,
	    .ttl = nb->multihop};
	struct tcp_ao_key ao[CONF_AO_KEYS_MAX];
	int err;

	if (nb->passive || c->session != NULL || !peer_can_dial(c->peer))
		return;
	if (nb->password.secret != NULL) {
		d.md5_key = (const uint8_t *)nb->password.secret;
		d.md5_len = strlen(nb->password.secret);
	}
	d.ao_keys = ao;
	d.nao_keys = keys_ao_get(nb, ao);
	c->incoming = false;
	c->session = session_dial(c->peer->d->sessions, &d, &peer_session_ops, c, &err);
	explicit_bzero(ao, sizeof ao);
	if (c->session != NULL)
		return;
	snprintf(c->peer->last_error, sizeof c->peer->last_error, "no connection could be begun: %s", strerror(-err));
	c->peer->failure = (struct peer_failure){.kind = PEER_FAILURE_SOCKET, .error = -err};
	log_debug("neighbor.dial", LOG_S("neighbor", c->peer->name), LOG_S("error", strerror(-err)));
}

/*
 * The NOTIFICATION that this step sends, or NULL. What a decoder or a command left in c->error says more than the
 * machine's own code, unless it is about something else.
 */
static struct bgp_error *
notification_of(struct peer_conn *c, const struct fsm_result *r, struct bgp_error *own)
{
	if (!(r->actions & FSM_DO_NOTIFY) || c->silent)
		return NULL;
	if (c->error.code != 0 && (r->code == 0 || r->code == c->error.code))
		return &c->error;
	/* RFC 6608 3: the data of an unexpected message is its type. */
	bool unexpected = r->code == BGP_ERR_FSM && r->subcode != BGP_FSM_UNSPECIFIC;
	bgp_error_set(own, r->code, r->subcode, "", &c->rx_type, unexpected ? 1 : 0);
	return r->code != 0 ? own : NULL;
}

/*
 * RFC 8538 4: between two who keep routes over a NOTIFICATION, those that are meant to take the routes away go
 * inside a Hard Reset.
 */
static void
harden(const struct peer_conn *c, struct bgp_error *send)
{
	static const bool hard[] = {[BGP_CEASE_MAX_PREFIX] = true,
	    [BGP_CEASE_ADMIN_SHUTDOWN] = true,
	    [BGP_CEASE_DECONFIGURED] = true};

	if (send != NULL && c->state == FSM_ESTABLISHED && c->peer->session.caps.gr_notification &&
	    send->code == BGP_ERR_CEASE && send->subcode < ARRAY_LEN(hard) && hard[send->subcode])
		notify_wrap_hard_reset(send);
}

/* May the neighbour's routes be kept after this end of its session, if it agreed on graceful restart? */
static bool
loss_is_graceful(const struct peer_conn *c, enum fsm_event ev, const struct bgp_error *send)
{
	if (ev == FSM_EV_TCP_FAILS)
		return true;
	/* RFC 8538 4.1: any NOTIFICATION, and the hold timer, but no Hard Reset and nobody's will. */
	if (!c->peer->session.caps.gr_notification || ev == FSM_EV_MANUAL_STOP || c->hard_reset)
		return false;
	return send == NULL || send->code != BGP_ERR_CEASE || send->subcode != BGP_CEASE_HARD_RESET;
}

static void
log_notification(struct peer *p, const struct bgp_error *send)
{
	uint8_t msg[BGP_MSG_MAX];

	msg_log_sent(p, msg, notify_encode(send, msg, sizeof msg));
}

static void
drop_tcp(struct peer_conn *c, const struct bgp_error *send)
{
	struct session *s = c->session;

	c->session = NULL;
	c->has_open = c->open_waits = c->keepalive_waits = false;
	c->incoming = c->silent = c->hard_reset = false;
	c->shared = false;
	if (s == NULL)
		return;
	const struct session_stats *st = session_stats_get(s);
	for (int i = 0; i < BGP_MSG_TYPES; i++) {
		c->peer->stats.in[i] += st->messages_in[i];
		c->peer->stats.out[i] += st->messages_out[i];
	}
	c->peer->stats.octets_in += st->octets_in;
	c->peer->stats.octets_out += st->octets_out;
	if (send != NULL) {
		c->peer->stats.out[BGP_MSG_NOTIFICATION]++;
		if (c->peer->debug != CONF_DEBUG_OFF)
			log_notification(c->peer, send);
	}
	session_close(s, send);
}

/* For the count; send is not yet a Hard Reset. */
static enum peer_drop
drop_of(enum fsm_event ev, const struct bgp_error *send)
{
	if (ev == FSM_EV_NOTIF || ev == FSM_EV_NOTIF_VERSION)
		return PEER_DROP_RECEIVED;
	if (ev == FSM_EV_HOLD_EXPIRES || ev == FSM_EV_SEND_HOLD_EXPIRES)
		return PEER_DROP_HOLD_TIMER;
	if (ev == FSM_EV_TCP_FAILS)
		return PEER_DROP_CONNECTION;
	if (send != NULL && send->code != BGP_ERR_CEASE)
		return PEER_DROP_PROTOCOL;
	if (send != NULL && (send->subcode == BGP_CEASE_MAX_PREFIX || send->subcode == BGP_CEASE_RESOURCES))
		return PEER_DROP_LIMIT;
	return PEER_DROP_ADMINISTRATIVE;
}

/* What show neighbor tells of the last failure; of a NOTIFICATION that came peer_messages.c has noted it. */
static void
remember_error(struct peer_conn *c, const struct bgp_error *send, enum fsm_event ev)
{
	struct peer *p = c->peer;
	char text[BGP_SHUTDOWN_TEXT_MAX + 1];

	if (send != NULL) {
		const char *subname = notify_subcode_name(send->code, send->subcode);
		const char *reason = notify_shutdown_get(send, text) ? text : send->reason;
		if (reason == NULL || strcmp(reason, subname) == 0)
			reason = "";
		snprintf(p->last_error, sizeof p->last_error, "sent %s/%s%s%s", notify_code_name(send->code), subname,
		    reason[0] != '\0' ? ": " : "", reason);
		log_info("neighbor.notification", LOG_S("neighbor", p->name), LOG_S("direction", "sent"),
		    LOG_U("code", send->code), LOG_U("subcode", send->subcode),
		    LOG_S("name", notify_code_name(send->code)), LOG_S("subname", subname), LOG_S("text", reason));
		p->failure = (struct peer_failure){.kind = PEER_FAILURE_SENT, .code = send->code, .subcode = send->subcode};
	} else if (ev == FSM_EV_TCP_FAILS && c->state >= FSM_OPENSENT) {
		snprintf(p->last_error, sizeof p->last_error, "connection closed by the neighbour");
		p->failure = (struct peer_failure){.kind = PEER_FAILURE_CLOSED};
	}
}

/* While main has nothing, the connection that competes with it takes its place. */
static bool
promote_second(struct peer *p)
{
	struct peer_conn *c = p->main;

	if (c->state != FSM_IDLE || p->second->session == NULL)
		return false;
	p->main = p->second;
	p->second = c;
	return true;
}

static void
log_change(const struct peer_conn *c, enum fsm_state from, enum fsm_state to, enum fsm_event ev)
{
	const struct peer *p = c->peer;
	bool bad = from > FSM_ACTIVE && to == FSM_IDLE;

	if (from == to)
		return;
	monitor_neighbor(&p->d->main->monitors, p->d, p, fsm_state_name(from), fsm_state_name(to), bad ? p->last_error : "");
	enum log_level level = from == FSM_ESTABLISHED || to == FSM_ESTABLISHED ? LOG_INFO : LOG_DEBUG;
	log_at(level, "neighbor.state", LOG_S("neighbor", p->name), LOG_S("from", fsm_state_name(from)),
	    LOG_S("to", fsm_state_name(to)), LOG_S("cause", fsm_event_name(ev)),
	    LOG_S("connection", c->incoming ? "incoming" : "outgoing"), LOG_S("error", bad ? p->last_error : ""));
}

static void
become_established(struct peer_conn *c)
{
	struct peer *p = c->peer;

	struct peer_conn *loser = peer_conn_other(c);
	bool lost = loser->open_waits; /* for what c would become */

	if (c == p->second) {
		/* The other connection lost, or never came up. */
		p->main = c;
		p->second = loser;
		lost = loser->session != NULL || loser->state != FSM_IDLE;
	}
	if (lost)
		peer_event(loser, FSM_EV_COLLISION_DUMP);
	event_del(p->connect_retry);
	p->updown_ns = p->d->loop->turn_start_ns;
	p->stats.established++;
	p->failures = 0;
	p->failure = (struct peer_failure){0};
	session_max_len_set(c->session, p->session.max_len);
	peer_routes_up(p);
}

static void
start_keepalive(struct peer_conn *c)
{
	if (c->peer->session.keepalive_s > 0)
		timer_after_ms(c->keepalive, jittered_ms(c->peer->session.keepalive_s));
}

/* 0, or why one could not be sent, as peer_unsent wants it. */
static int
do_messages(struct peer_conn *c, uint32_t actions)
{
	uint8_t msg[BGP_MSG_MAX];
	int r = 0;

	if (actions & FSM_DO_SEND_OPEN) {
		c->sent = c->peer->ours;
		restart_caps(&c->peer->d->restart, c->peer, &c->sent.caps);
		r = conn_send(c, msg, open_encode(&c->sent, msg, sizeof msg));
	}
	if (r == 0 && actions & FSM_DO_SEND_KEEPALIVE)
		r = conn_send(c, msg, msg_keepalive_encode(msg));
	return r;
}

static void
do_timers(struct peer_conn *c, uint32_t actions)
{
	struct peer *p = c->peer;
	uint32_t send_hold_s = fsm_send_hold(p->session.hold_s);

	if (actions & FSM_DO_STOP_DELAY_OPEN)
		event_del(c->delay_open);
	if (actions & FSM_DO_START_DELAY_OPEN)
		timer_after_ms(c->delay_open, DELAY_OPEN_S * 1000);
	if (actions & FSM_DO_START_HOLD_LARGE)
		hold_start(c, FSM_HOLD_LARGE_S);
	if (actions & FSM_DO_START_HOLD)
		hold_start(c, p->session.hold_s);
	if (actions & FSM_DO_STOP_HOLD)
		hold_start(c, 0);
	if (actions & FSM_DO_START_KEEPALIVE)
		start_keepalive(c);
	if (actions & FSM_DO_UP && send_hold_s > 0) {
		c->last_tx_ns = p->d->loop->turn_start_ns;
		timer_after_ms(c->send_hold, (uint64_t)send_hold_s * 1000);
	}
}

static void
idle_hold(struct peer_conn *c)
{
	struct peer *p = c->peer;

	/* Only main starts again; a second connection is made anew when one comes in. */
	if (c != p->main || peer_is_down(p))
		return;
	uint32_t s = fsm_idle_hold(p->conf->idle_hold.initial_s, p->conf->idle_hold.max_s, p->failures > 0 ? p->failures : 1);
	timer_after_ms(p->idle_hold, (uint64_t)s * 1000);
}

void
peer_event(struct peer_conn *c, enum fsm_event ev)
{
	struct peer *p = c->peer;
	enum fsm_state from = c->state;
	struct fsm_result r = fsm_step(from, ev, conn_facts(c));
	struct bgp_error own;
	struct bgp_error *send = c->session != NULL ? notification_of(c, &r, &own) : NULL;

	remember_error(c, send, ev);
	if (from == FSM_ESTABLISHED && r.state != FSM_ESTABLISHED)
		p->stats.drops[drop_of(ev, send)]++;
	harden(c, send);
	c->state = r.state;
	/* Only main waits or dials: a second connection that fails is forgotten. */
	if (c == p->second && r.actions & FSM_DO_DROP_TCP)
		c->state = FSM_IDLE;
	log_change(c, from, r.state, ev);
	if (from == FSM_ESTABLISHED && r.state != FSM_ESTABLISHED) {
		p->updown_ns = p->d->loop->turn_start_ns;
		peer_routes_down(p, loss_is_graceful(c, ev, send));
	}
	if (r.actions & FSM_DO_STOP_TIMERS)
		stop_timers(c);
	if (r.actions & (FSM_DO_NOTIFY | FSM_DO_DROP_TCP))
		drop_tcp(c, send);
	if (c == p->main && r.actions & FSM_DO_STOP_CONNECT_RETRY)
		event_del(p->connect_retry);
	if (r.actions & FSM_DO_ZERO_RETRIES)
		p->failures = 0;
	if (r.actions & FSM_DO_COUNT_RETRY)
		p->failures++;
	if (c == p->main && r.actions & FSM_DO_START_CONNECT_RETRY)
		timer_after_ms(p->connect_retry, jittered_ms(p->conf->connect_retry_s));
	if (c == p->main && r.actions & FSM_DO_CONNECT)
		dial(c);
	int unsent = do_messages(c, r.actions);
	do_timers(c, r.actions);
	if (c->state == FSM_IDLE)
		c->error.code = 0;
	if (!promote_second(p) && r.actions & FSM_DO_IDLE_HOLD)
		idle_hold(c);
	if (r.actions & FSM_DO_UP)
		become_established(c);
	struct peer_conn *other = peer_conn_other(c);
	if (c->state < FSM_OPENSENT && other->open_waits)
		peer_open_resume(other);
	/* Nobody may connect any more: a dynamic neighbour that is left without a connection goes. */
	if (p->range != NULL && p->main->state == FSM_ACTIVE && p->main->session == NULL)
		timer_after_ms(p->idle_hold, 0);
	if (unsent < 0)
		peer_unsent(p, unsent);
}

/* What a connection in Active is before any OPEN but for its timers, which belong to the place. */
struct waiting {
	struct session *session;
	uint8_t rx_type;
	uint64_t accepted_ns, last_rx_ns, last_tx_ns;
};

static struct waiting
waiting_take(struct peer_conn *c)
{
	struct waiting w = {c->session, c->rx_type, c->accepted_ns, c->last_rx_ns, c->last_tx_ns};

	stop_timers(c);
	c->session = NULL;
	c->state = FSM_IDLE;
	c->incoming = c->shared = false;
	return w;
}

static void
waiting_put(struct peer_conn *c, const struct waiting *w)
{
	c->session = w->session;
	session_user_set(c->session, &peer_session_ops, c);
	c->state = FSM_ACTIVE;
	c->incoming = c->shared = true;
	c->accepted_ns = w->accepted_ns;
	c->last_rx_ns = w->last_rx_ns;
	c->last_tx_ns = w->last_tx_ns;
	c->rx_type = w->rx_type;
	timer_after_ms(c->delay_open, DELAY_OPEN_S * 1000);
}

struct peer_conn *
peer_conn_move(struct peer_conn *c, struct peer *to)
{
	struct peer_conn *n = to->second;

	/* It has our OPEN as that neighbour's, and has said nothing: who does is the better one. */
	if (n->session != NULL && n->state != FSM_ACTIVE)
		peer_event(n, FSM_EV_COLLISION_DUMP);
	struct waiting ours = waiting_take(c), other = {0};
	if (n->session != NULL)
		other = waiting_take(n);
	waiting_put(n, &ours);
	n->theirs = c->theirs;
	if (other.session != NULL)
		waiting_put(c, &other);
	/* It may have taken the place of one that failed, which then waits as it would have done. */
	else if (c == c->peer->main)
		idle_hold(c);
	return n;
}

static void
on_hold(evutil_socket_t fd, short what, void *arg)
{
	struct peer_conn *c = arg;
	uint64_t due_ns = c->last_rx_ns + (uint64_t)c->hold_s * 1000000000ull;

	(void)fd;
	(void)what;
	loop_enter(c->peer->d->loop);
	uint64_t now = time_mono_ns();
	/* Messages only note the time: the timer is moved when it fires, not for each of them. */
	if (now < due_ns) {
		timer_after_ms(c->hold, (due_ns - now) / 1000000 + 1);
		return;
	}
	peer_event(c, FSM_EV_HOLD_EXPIRES);
}

static void
on_keepalive(evutil_socket_t fd, short what, void *arg)
{
	struct peer_conn *c = arg;

	(void)fd;
	(void)what;
	loop_enter(c->peer->d->loop);
	peer_event(c, FSM_EV_KEEPALIVE_EXPIRES);
}

static void
on_delay_open(evutil_socket_t fd, short what, void *arg)
{
	struct peer_conn *c = arg;

	(void)fd;
	(void)what;
	loop_enter(c->peer->d->loop);
	peer_event(c, FSM_EV_DELAY_OPEN_EXPIRES);
}

static void
on_send_hold(evutil_socket_t fd, short what, void *arg)
{
	struct peer_conn *c = arg;
	uint64_t limit_ns = (uint64_t)fsm_send_hold(c->peer->session.hold_s) * 1000000000ull;

	(void)fd;
	(void)what;
	loop_enter(c->peer->d->loop);
	uint64_t now = time_mono_ns(), due_ns = c->last_tx_ns + limit_ns;
	if (now < due_ns) {
		timer_after_ms(c->send_hold, (due_ns - now) / 1000000 + 1);
		return;
	}
	peer_event(c, FSM_EV_SEND_HOLD_EXPIRES);
}

/* Nothing has come of the other connection. */
static void
on_collision(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	(void)what;
	loop_enter(p->d->loop);
	struct peer_conn *silent = p->main->open_waits ? p->second : p->main;
	if (peer_conn_other(silent)->open_waits)
		peer_event(silent, FSM_EV_COLLISION_DUMP);
}

void
peer_open_wait(struct peer_conn *c)
{
	c->open_waits = true;
	timer_after_ms(c->peer->collision, COLLISION_S * 1000);
	log_debug("neighbor.collision", LOG_S("neighbor", c->peer->name),
	    LOG_S("connection", c->incoming ? "incoming" : "outgoing"),
	    LOG_S("waits", "its OPEN, for the other connection"));
}

static void
on_connect_retry(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	(void)what;
	loop_enter(p->d->loop);
	peer_event(p->main, FSM_EV_CONNECT_RETRY_EXPIRES);
}

static void
on_idle_hold(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;

	(void)fd;
	(void)what;
	loop_enter(p->d->loop);
	if (p->range != NULL && p->main->session == NULL && p->second->session == NULL) {
		/* One that restarts gracefully may come back for its routes. */
		if (!peer_gr_keeps(p, FAMILY_NONE)) {
			peer_retire(p);
			return;
		}
		if (p->main->state != FSM_IDLE) {
			timer_after_ms(p->idle_hold, DYNAMIC_LOOK_MS);
			return;
		}
	}
	if (p->main->state != FSM_IDLE)
		return;
	if (!peer_routes_ready(p)) {
		idle_hold(p->main);
		return;
	}
	if (peer_may_start(p))
		peer_event(p->main, FSM_EV_AUTO_START);
}

static struct event *
timer_new(struct peer *p, event_callback_fn fn, void *arg)
{
	struct event *ev = evtimer_new(p->d->loop->base, fn, arg);

	ASSERT(ev != NULL);
	event_priority_set(ev, LOOP_PRIO_URGENT);
	return ev;
}

void
peer_timers_init(struct peer *p)
{
	for (unsigned i = 0; i < ARRAY_LEN(p->conns); i++) {
		struct peer_conn *c = &p->conns[i];
		c->hold = timer_new(p, on_hold, c);
		c->keepalive = timer_new(p, on_keepalive, c);
		c->delay_open = timer_new(p, on_delay_open, c);
		c->send_hold = timer_new(p, on_send_hold, c);
	}
	p->connect_retry = timer_new(p, on_connect_retry, p);
	p->idle_hold = timer_new(p, on_idle_hold, p);
	p->collision = timer_new(p, on_collision, p);
}

void
peer_timers_fini(struct peer *p)
{
	for (unsigned i = 0; i < ARRAY_LEN(p->conns); i++) {
		event_free(p->conns[i].hold);
		event_free(p->conns[i].keepalive);
		event_free(p->conns[i].delay_open);
		event_free(p->conns[i].send_hold);
	}
	event_free(p->connect_retry);
	event_free(p->idle_hold);
	event_free(p->collision);
}
