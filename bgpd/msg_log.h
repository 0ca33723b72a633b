/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msg_log: a line of the log for each message of a neighbour whose debug key, or
 * a command, asks for that; with its octets where hex is asked for.
 *
 * What it costs is bounded: so many lines a second for a neighbour, so many for
 * all, and those left out are counted in the next line. Callers ask peer.debug
 * first, so that neighbours without it pay for nothing else. Messages are told when they are
 * given to the session, those of the stream of UPDATEs when their first octet is
 * written; nothing that the kernel does with keys is in them.
 */
#ifndef BGPD_MSG_LOG_H
#define BGPD_MSG_LOG_H

#include "bgpd/msg.h"

#include <stddef.h>
#include <stdint.h>

struct peer;

#define MSG_LOG_NEIGHBOR_LINES 200u /* a second */
#define MSG_LOG_ALL_LINES      1000u

/* Of a neighbour, or of all. Zero-initialised: none so far. */
struct msg_log {
	uint32_t second; /* of the last line, monotonic */
	uint32_t lines;  /* in that second */
	uint64_t untold; /* messages since the last one that was told; a neighbour's */
};

/* f->body stands behind its header. */
void msg_log_received(struct peer *p, const struct msg_frame *f);
/* A whole message. */
void msg_log_sent(struct peer *p, const uint8_t *msg, size_t len);
/* So many octets of the stream have been written, and peer_routes_sent does not know yet. */
void msg_log_stream(struct peer *p, size_t octets);

#endif
