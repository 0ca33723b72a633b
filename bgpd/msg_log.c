/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msg_log: see msg_log.h.
 */
#include "bgpd/msg_log.h"

#include "bgpd/daemon.h"
#include "bgpd/msg_text.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "lib/buf.h"
#include "lib/log.h"
#include "lib/str.h"

#define DUMP_OCTETS 480 /* of the message in a line */

/* Is there a line left in this second? */
static bool
has_line(struct msg_log *l, uint32_t now_s, uint32_t limit)
{
	if (l->second != now_s) {
		l->second = now_s;
		l->lines = 0;
	}
	return l->lines < limit;
}

static bool
line_take(struct peer *p)
{
	uint32_t now_s = (uint32_t)(p->d->loop->turn_start_ns / 1000000000u);

	if (!has_line(&p->msg_log, now_s, MSG_LOG_NEIGHBOR_LINES) ||
	    !has_line(&p->d->main->msg_log, now_s, MSG_LOG_ALL_LINES))
		return false;
	p->msg_log.lines++;
	p->d->main->msg_log.lines++;
	return true;
}

static void
log_hex(struct peer *p, const char *direction, const uint8_t *msg, size_t len)
{
	struct str hex = {0};

	for (size_t at = 0; at < len && line_take(p); at += DUMP_OCTETS) {
		str_reset(&hex);
		for (size_t i = at; i < len && i < at + DUMP_OCTETS; i++)
			str_addf(&hex, "%02x", msg[i]);
		log_info("neighbor.message.octets", LOG_S("neighbor", p->name), LOG_S("direction", direction),
			 LOG_U("offset", at), LOG_U("of", len), LOG_S("hex", str_get(&hex)));
	}
	str_free(&hex);
}

static void
log_message(struct peer *p, const char *direction, enum add_path_mode ids, const uint8_t *msg, size_t len)
{
	struct msg_text_session s = {.as4 = true};
	struct str text = {0}, prefixes = {0};
	uint8_t type = msg[BGP_HEADER_LEN - 1];

	if (!line_take(p)) {
		p->msg_log.untold++;
		return;
	}
	if (peer_established(p)) {
		s.as4 = p->session.caps.as4;
		for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
			s.add_path[f] = p->session.caps.add_path[f] & ids;
	}
	msg_text(&s, type, msg + BGP_HEADER_LEN, len - BGP_HEADER_LEN, &text, &prefixes);
	log_info("neighbor.message", LOG_S("neighbor", p->name), LOG_S("direction", direction),
		 LOG_S("type", msg_type_name(type)), LOG_U("length", len), LOG_S("text", str_get(&text)),
		 LOG_S("prefixes", prefixes.len > 0 ? str_get(&prefixes) : NULL),
		 LOG_U("untold", p->msg_log.untold));
	p->msg_log.untold = 0;
	if (p->debug == CONF_DEBUG_HEX)
		log_hex(p, direction, msg, len);
	str_free(&text);
	str_free(&prefixes);
}

void
msg_log_received(struct peer *p, const struct msg_frame *f)
{
	log_message(p, "received", ADD_PATH_RECEIVE, f->body - BGP_HEADER_LEN, f->len);
}

void
msg_log_sent(struct peer *p, const uint8_t *msg, size_t len)
{
	log_message(p, "sent", ADD_PATH_SEND, msg, len);
}

void
msg_log_stream(struct peer *p, size_t octets)
{
	struct iovec iov[SESSION_IOV_MAX];
	size_t at = peer_routes_partial(p); /* of the octets that are left: what was begun has been told */
	int n = peer_routes_peek(p, iov, SESSION_IOV_MAX);

	/* Vectors hold whole messages, but for the one that was begun. */
	for (int i = 0; i < n && octets > 0; i++) {
		const uint8_t *msg = iov[i].iov_base;
		size_t taken = octets < iov[i].iov_len ? octets : iov[i].iov_len;
		while (at < taken) {
			size_t len = be16_get(msg + at + BGP_HEADER_LEN - 3);
			msg_log_sent(p, msg + at, len);
			at += len;
		}
		at = 0;
		octets -= taken;
	}
}
