/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_internal: the struct that session.c (reading, life) and
 * session_write.c (writing, the end) share; nobody else includes it.
 */
#ifndef BGPD_SESSION_INTERNAL_H
#define BGPD_SESSION_INTERNAL_H

#include "bgpd/session.h"

#include <sys/queue.h>

/*
 * Whose turn it is among sessions of one kind. In a turn of the loop they have their go until some time of it is over;
 * those left out come first in the next turn, before any of the same kind has a second go. Sessions with much to read
 * (or to write) give way earlier than those with little, and never hold them up for longer than one go.
 */
struct session_turns {
	uint64_t turn; /* of the loop, when this was looked at last */
	uint64_t round;
	bool left_out; /* somebody, in that turn */
};
#define SESSION_MUCH_NS   1500000ull
#define SESSION_LITTLE_NS 3000000ull

struct session_pool {
	struct loop *loop;
	struct session_turns much_reads, little_reads, much_writes, little_writes;
	bool held;      /* session_pool_hold */
	unsigned nmuch; /* sessions with much_in */
	uint8_t *scratch; /* SESSION_READ_MAX behind the longest incomplete message */
	LIST_HEAD(, session) lingering;
	unsigned nlingering;
};

struct session {
	LIST_ENTRY(session) entry; /* in pool->lingering while closing */
	struct session_pool *pool;
	const struct session_ops *ops;
	void *ctx;
	struct event *ev_read, *ev_write, *ev_linger;
	int fd;
	bool connecting;
	bool paused;
	bool closing;     /* its user has forgotten it */
	bool shut;        /* everything is written and our side of the connection shut down */
	bool over;        /* the peer has closed its side, and something is still to be written */
	bool dispatching; /* a callback of ours is on the stack: freeing has to wait */
	bool free_later;
	bool stream; /* the stream may have something to send */
	bool much_in, much_out;       /* there was more than one read took, or one turn's writes */
	uint64_t much_round, little_round, much_out_round, little_out_round; /* of the pool's, in which it had its go last */
	size_t max_len;
	uint8_t *rest; /* the beginning of an incomplete message */
	size_t rest_len, rest_cap;
	uint8_t *queue; /* small messages; queue[queue_off..queue_len) is not sent yet */
	size_t queue_off, queue_len, queue_cap;
	struct session_stats stats;
};

void session_free(struct session *s);
/* May one of the kind, whose last go was in *round, have one now? Until limit_ns of the loop's turn are over. */
bool session_turn(struct session_turns *t, const struct loop *loop, uint64_t *round, uint64_t limit_ns);
/* Writes what the socket takes; arms the write event for the rest. May free a closing session. */
void session_write(struct session *s);

#endif
