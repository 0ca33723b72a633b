/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_messages: what a session reports becomes events of the state machine.
 * See peer.h. RFC 4271 6.2 (OPEN), 6.8 (collision).
 */
#include "bgpd/daemon.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "lib/log.h"

#include <stdio.h>
#include <string.h>

#define COLLISION_NS 2000000000ull /* connections that began so close to each other collide */

static void
connect_failed(struct peer *p, int error)
{
	p->failure = (struct peer_failure){.kind = PEER_FAILURE_SOCKET, .error = error};
	log_debug("neighbor.dial", LOG_S("neighbor", p->name), LOG_S("error", strerror(error)));
}

static void
on_connected(void *ctx, struct session *s, int err)
{
	struct peer_conn *c = ctx;

	(void)s;
	if (err < 0)
		connect_failed(c->peer, -err);
	peer_event(c, err < 0 ? FSM_EV_TCP_FAILS : FSM_EV_TCP_ACKED);
}

struct peer_conn *
peer_conn_other(const struct peer_conn *c)
{
	return c == c->peer->main ? c->peer->second : c->peer->main;
}

/*
 * RFC 4724 4.2: a new connection from a neighbour with graceful restart, whose session is up, tells that it has lost that
 * one. But not a connection of the same time, which is the other half of a collision that it has not noticed yet.
 */
static bool
has_restarted(const struct peer_conn *c)
{
	const struct peer *p = c->peer;

	return p->session.caps.gr && c->incoming && c->accepted_ns >= p->updown_ns + COLLISION_NS;
}

/*
 * RFC 4271 6.8: an OPEN has come while the other connection is past sending its own. True: c goes on now.
 *
 * No connection is closed for one that may be closed at the other end, or both would be lost. So the OPEN of c waits
 * - if c would lose, while the other has no OPEN: the neighbour may have closed that one already, for a reason of its
 *   own (OpenBGPD keeps whichever it has first);
 * - if c would win, while the other is in OpenConfirm: with our KEEPALIVE it may be Established over there, where c is
 *   closed for that. Their KEEPALIVE says that it is, or its end that it is not.
 * Two ends that do so never wait for each other: an OPEN goes as soon as its connection is there, and the KEEPALIVE of
 * the one that would lose waits for nothing but the other's OPEN.
 *
 * Nor does it wait for long: a neighbour may have forgotten a connection without closing it (GoBGP does, one that it
 * dialled while it took ours), and says nothing on it ever.
 */
static bool
collision_survives(struct peer_conn *c)
{
	struct peer *p = c->peer;
	struct peer_conn *o = peer_conn_other(c);

	if (o->state == FSM_ESTABLISHED && has_restarted(c)) {
		peer_event(o, FSM_EV_TCP_FAILS);
		return true;
	}
	if (o->state == FSM_ESTABLISHED) {
		peer_event(c, FSM_EV_COLLISION_DUMP);
		return false;
	}
	if (o->state != FSM_OPENCONFIRM && o->state != FSM_OPENSENT)
		return true;
	/* Who dials a second time has given up the first: it would be dead weight until its hold timer goes off. */
	bool again = c->incoming && o->incoming;
	bool keep_outgoing = fsm_collision_keeps_ours(p->ours.id, c->theirs.id, p->ours.as, c->theirs.as);
	bool wins = again || c->incoming != keep_outgoing;
	if (wins ? o->state == FSM_OPENCONFIRM && !again : !o->has_open) {
		peer_open_wait(c);
		return false;
	}
	if (!wins || o->has_open)
		peer_event(wins ? o : c, FSM_EV_COLLISION_DUMP);
	return wins;
}

/* The OPEN that ours is: sent, or about to be where several neighbours share an address and theirs came first. */
static const struct open_msg *
ours_of(const struct peer_conn *c)
{
	return c->state == FSM_OPENSENT ? &c->sent : &c->peer->ours;
}

/* Their OPEN is good and no other connection stands against it. */
static void
open_take(struct peer_conn *c)
{
	struct peer *p = c->peer;
	const struct open_msg *ours = ours_of(c);

	open_negotiate(ours, &c->theirs, ours->as, p->conf->keepalive_s, &p->session);
	peer_event(c, FSM_EV_OPEN);
}

static void
open_received(struct peer_conn *c, const struct msg_frame *f)
{
	bool waiting = c->shared && c->state == FSM_ACTIVE;

	if (c->state != FSM_OPENSENT && !waiting) {
		peer_event(c, FSM_EV_OPEN);
		return;
	}
	if (!open_decode(f->body, f->body_len, &c->theirs, &c->error)) {
		peer_event(c, FSM_EV_OPEN_ERR);
		return;
	}
	struct peer *p = waiting ? peer_of_open(c) : c->peer;
	if (p == NULL) {
		peer_event(c, FSM_EV_COLLISION_DUMP);
		return;
	}
	if (p != c->peer)
		c = peer_conn_move(c, p);
	const struct open_msg *ours = ours_of(c);
	struct open_expect expect = {
	    .remote_as = p->conf->remote_as.type == CONF_REMOTE_EXTERNAL ? 0 : p->conf->remote_as.as,
	    .local_as = ours->as,
	    .local_id = ours->id,
	    .role_strict = p->conf->role_strict};
	if (!open_check(&expect, ours, &c->theirs, &c->error)) {
		peer_event(c, FSM_EV_OPEN_ERR);
		return;
	}
	c->has_open = true;
	if (!collision_survives(c))
		return;
	open_take(c);
}

void
peer_open_resume(struct peer_conn *c)
{
	bool keepalive = c->keepalive_waits;

	c->open_waits = c->keepalive_waits = false;
	open_take(c);
	if (keepalive && c->state == FSM_OPENCONFIRM)
		peer_event(c, FSM_EV_KEEPALIVE);
}

static void
notification_received(struct peer_conn *c, const struct msg_frame *f)
{
	struct peer *p = c->peer;
	struct bgp_error err;
	char text[BGP_SHUTDOWN_TEXT_MAX + 1];

	notify_decode(f->body, f->body_len, &err);
	c->hard_reset = err.code == BGP_ERR_CEASE && err.subcode == BGP_CEASE_HARD_RESET;
	bool wrapped = notify_unwrap_hard_reset(&err);
	bool told = notify_shutdown_get(&err, text);
	snprintf(p->last_error, sizeof p->last_error, "received %s%s/%s%s%s%s", wrapped ? "Hard Reset: " : "",
	    notify_code_name(err.code), notify_subcode_name(err.code, err.subcode), told ? ": \"" : "", told ? text : "", told ? "\"" : "");
	p->failure = (struct peer_failure){.kind = PEER_FAILURE_RECEIVED, .code = err.code, .subcode = err.subcode};
	log_info("neighbor.notification", LOG_S("neighbor", p->name), LOG_S("direction", "received"),
	    LOG_U("code", err.code), LOG_U("subcode", err.subcode), LOG_S("name", notify_code_name(err.code)),
	    LOG_S("subname", notify_subcode_name(err.code, err.subcode)), LOG_S("text", told ? text : NULL),
	    LOG_S("hard_reset", c->hard_reset ? "yes" : NULL));
	if (notify_shutdown_malformed(&err))
		log_warn("neighbor.notification", LOG_S("neighbor", p->name), LOG_S("direction", "received"),
		    LOG_S("reason", "malformed shutdown communication"), LOG_U("length", err.data[0]),
		    LOG_U("octets", err.data_len - 1u));
	if (err.code == BGP_ERR_OPEN && err.subcode == BGP_OPEN_BAD_PEER_AS)
		peer_as_refused(p);
	bool version = err.code == BGP_ERR_OPEN && err.subcode == BGP_OPEN_BAD_VERSION;
	peer_event(c, version ? FSM_EV_NOTIF_VERSION : FSM_EV_NOTIF);
}

static void
on_message(void *ctx, struct session *s, const struct msg_frame *f)
{
	struct peer_conn *c = ctx;
	struct peer *p = c->peer;

	(void)s;
	c->last_rx_ns = p->d->loop->turn_start_ns;
	c->rx_type = f->type;
	if (p->debug != CONF_DEBUG_OFF)
		msg_log_received(p, f);
	switch (f->type) {
	case BGP_MSG_OPEN:
		open_received(c, f);
		break;
	case BGP_MSG_NOTIFICATION:
		notification_received(c, f);
		break;
	case BGP_MSG_KEEPALIVE:
		if (c->open_waits)
			c->keepalive_waits = true;
		else
			peer_event(c, FSM_EV_KEEPALIVE);
		break;
	default:
		/* The machine has nothing to do for an UPDATE in Established but the hold timer, which is noted above. */
		if (c->state == FSM_ESTABLISHED)
			peer_routes_message(p, f);
		else
			peer_event(c, FSM_EV_UPDATE);
		break;
	}
}

static void
on_batch(void *ctx, struct session *s)
{
	struct peer_conn *c = ctx;

	(void)s;
	if (c->state == FSM_ESTABLISHED)
		peer_routes_batch(c->peer);
}

static void
on_malformed(void *ctx, struct session *s, const struct bgp_error *err)
{
	struct peer_conn *c = ctx;

	(void)s;
	c->error = *err;
	peer_event(c, FSM_EV_HEADER_ERR);
}

static void
on_starved(void *ctx, struct session *s)
{
	struct peer_conn *c = ctx;

	(void)s;
	peer_starve(c->peer, "what it sends");
}

static void
on_closed(void *ctx, struct session *s, int err)
{
	struct peer_conn *c = ctx;

	(void)s;
	if (err < 0)
		log_debug("neighbor.connection", LOG_S("neighbor", c->peer->name), LOG_S("error", strerror(-err)));
	peer_event(c, FSM_EV_TCP_FAILS);
}

static void
on_progress(void *ctx, struct session *s)
{
	struct peer_conn *c = ctx;

	(void)s;
	c->last_tx_ns = c->peer->d->loop->turn_start_ns;
}

static int
stream_iov(void *ctx, struct iovec *iov, int max)
{
	return peer_routes_iov(((struct peer_conn *)ctx)->peer, iov, max);
}

static void
stream_sent(void *ctx, size_t octets)
{
	struct peer *p = ((struct peer_conn *)ctx)->peer;

	if (p->debug != CONF_DEBUG_OFF)
		msg_log_stream(p, octets);
	peer_routes_sent(p, octets);
}

static size_t
stream_partial(void *ctx)
{
	return peer_routes_partial(((struct peer_conn *)ctx)->peer);
}

const struct session_ops peer_session_ops = {
    .connected = on_connected,
    .message = on_message,
    .batch = on_batch,
    .malformed = on_malformed,
    .starved = on_starved,
    .closed = on_closed,
    .progress = on_progress,
    .stream_iov = stream_iov,
    .stream_sent = stream_sent,
    .stream_partial = stream_partial,
};
