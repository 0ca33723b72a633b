/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_session: the smallest BGP session that a daemon accepts.
 *
 * It sends OPEN and KEEPALIVE in time, frames what comes in and writes a stream
 * that its owner lends. It has no FSM for errors: a NOTIFICATION, a closed
 * connection or an expired wait ends the benchmark with a message. All sockets
 * are non-blocking; the owner polls.
 */
#ifndef TOOLS_BENCH_SESSION_H
#define TOOLS_BENCH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define BENCH_INBUF (256 * 1024)

struct bench_session {
	const char *name; /* "sender" or "sink", for messages */
	int fd;
	bool established; /* OPEN and KEEPALIVE were exchanged */
	bool open_seen;
	uint16_t hold_s; /* negotiated (smaller of both OPENs) */
	uint32_t peer_as;
	uint64_t heard_ns;       /* monotonic time of the last message in */
	uint64_t told_ns;        /* and of the last octets out */
	uint64_t silence_max_ns; /* longest time between two messages; the owner may reset it */

	uint8_t *in; /* BENCH_INBUF octets */
	size_t in_len;
	uint8_t own[512]; /* OPEN and KEEPALIVE that are still to be written */
	size_t own_len;
	const uint8_t *out; /* lent stream, not owned */
	size_t out_len, out_done;
	uint64_t bytes_in, messages_in;
	/* Called for each UPDATE, header included; the memory is the session's. */
	void (*on_update)(void *ctx, const uint8_t *msg, size_t len);
	void *ctx;
	char error[160]; /* not empty: the session is over */
};

/*
 * Connects from local (host order) to remote:port, non-blocking: -ECONNREFUSED and
 * the like mean try again. On success the OPEN is queued. Returns 0 or -errno.
 */
int bench_session_connect(struct bench_session *s, uint32_t local, uint32_t remote, uint16_t port,
			  uint32_t as, uint16_t hold_s);
/* The same for an accepted socket, which the session owns from here on. */
void bench_session_accept(struct bench_session *s, int fd, uint32_t as, uint16_t hold_s, uint32_t router_id);
void bench_session_close(struct bench_session *s);

/* Lends a stream of whole messages; it must stay until everything is out. Only when established. */
void bench_session_send(struct bench_session *s, const uint8_t *data, size_t len);
bool bench_session_wants_write(const struct bench_session *s);
/* Reads once and hands on whole messages, or writes what fits; errors land in s->error. */
void bench_session_readable(struct bench_session *s, uint64_t now_ns);
void bench_session_writable(struct bench_session *s, uint64_t now_ns);
/* Keepalive due, and silence; call at least once a second. */
void bench_session_tick(struct bench_session *s, uint64_t now_ns);

#endif
