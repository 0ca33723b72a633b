/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_session: the smallest BGP session that a daemon accepts.
 *
 * It sends OPEN and KEEPALIVE in time, frames what comes in and writes a stream
 * that its owner lends. It has no FSM for errors: a NOTIFICATION or a closed
 * connection ends the session with a message. All sockets are non-blocking; the
 * owner polls.
 *
 * A receiver only records: once established its octets go into memory as they
 * arrive, with the time of each read, and bench_session_replay() frames them when
 * the clock has stopped. So judging a route costs the daemon under test no
 * processor time.
 */
#ifndef TOOLS_BENCH_SESSION_H
#define TOOLS_BENCH_SESSION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"

#define BENCH_INBUF (256 * 1024)

/* Octets as they came in, and when. */
struct bench_record {
	uint8_t *data;
	size_t len, cap;
	struct bench_read {
		size_t end; /* octets until and with this read */
		uint64_t at_ns;
	} *reads;
	size_t read_count, read_cap;
};

/* What a session says in its OPEN. */
struct bench_self {
	enum family family; /* of the routes */
	uint32_t as;
	uint32_t router_id; /* host order */
	uint16_t hold_s;
};

struct bench_session {
	int fd;           /* -1: none */
	bool connecting;  /* the owner waits for it to be writable */
	bool records;     /* set by the owner */
	bool established; /* OPEN and KEEPALIVE were exchanged */
	bool open_seen;
	uint16_t hold_s; /* negotiated (smaller of both OPENs) */
	uint32_t peer_as;
	uint64_t heard_ns;       /* monotonic time of the last octets in */
	uint64_t told_ns;        /* and of the last octets out */
	uint64_t silence_max_ns; /* longest time without an octet in; the owner may reset it */

	uint8_t *in; /* BENCH_INBUF octets */
	size_t in_len;
	uint8_t own[512]; /* OPEN and KEEPALIVE that are still to be written */
	size_t own_len;
	const uint8_t *out; /* lent stream, not owned */
	size_t out_len, out_done;
	struct bench_record record;
	uint64_t bytes_in;
	/* Called for each UPDATE, header included; the memory is the session's. */
	void (*on_update)(void *ctx, const uint8_t *msg, size_t len, uint64_t at_ns);
	void *ctx;
	char error[160]; /* not empty: the session is over */
};

/*
 * Begins to connect from local to remote:port. Returns 0 or -errno. When the socket
 * is writable, bench_session_connected() returns 0, with the OPEN queued, or
 * -errno: -ECONNREFUSED and the like mean try again after bench_session_close().
 */
int bench_session_connect(struct bench_session *s, const struct ip_addr *local, const struct ip_addr *remote,
			  uint16_t port);
int bench_session_connected(struct bench_session *s, const struct bench_self *self);
/* Takes over an accepted socket and queues the OPEN. */
void bench_session_accept(struct bench_session *s, int fd, const struct bench_self *self);
/* Closes the socket; what is the owner's (records, on_update, ctx) and the memory of a record stay. */
void bench_session_close(struct bench_session *s);
void bench_session_free(struct bench_session *s);
/* Makes room for so many octets of record, touched, so that no page fault falls into a measurement. */
void bench_session_reserve(struct bench_session *s, size_t octets);
/* Frames what was recorded since the last call: on_update with the time of arrival; then the room is free again. */
void bench_session_replay(struct bench_session *s);

/* Lends a stream of whole messages; it must stay until everything is out. Only when established. */
void bench_session_send(struct bench_session *s, const uint8_t *data, size_t len);
bool bench_session_wants_write(const struct bench_session *s);
/* Reads once and hands on whole messages, or writes what fits; errors land in s->error. */
void bench_session_readable(struct bench_session *s);
void bench_session_writable(struct bench_session *s, uint64_t now_ns);
/* Keepalive due, and silence; call at least once a second. */
void bench_session_tick(struct bench_session *s, uint64_t now_ns);

#endif
