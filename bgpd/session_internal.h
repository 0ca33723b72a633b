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
 * Whose turn it is to read a little. In a turn of the loop sessions have their go until some time of it is over, one at
 * least; those left out come first in the next turn, before any has a second go.
 *
 * Those that were opened a moment ago have their goes apart from the others, and less time: when hundreds come up at
 * once, each with its handshake and its first routes, a round of them takes tens of milliseconds, in which a session
 * that has long been there would wait to say one word.
 *
 * Sessions with much to read queue up and have their goes when everybody else had theirs, behind the slice of a job: one
 * at least, and more until SESSION_MUCH_NS of the turn are over. What they read in a go takes about SESSION_GO_NS. Where
 * something has been decided in the turn that does not want to wait, they let it be written first.
 */
struct session_turns {
	uint64_t turn; /* of the loop, when this was looked at last */
	uint64_t round;
	bool gone;     /* somebody, in that turn */
	bool left_out; /* the same */
};
#define SESSION_GO_NS     500000ull
#define SESSION_MUCH_NS   2000000ull
#define SESSION_LITTLE_NS 1500000ull
#define SESSION_NEW_NS    1000000ull /* the same for those that were opened less than SESSION_NEW_S ago */

/*
 * Sessions that want to write of the stream, and whose sockets have room as far as is known. They are in a queue of our
 * own and have no event: epoll would show each of hundreds again in each turn until it has had its go (a twentieth of the
 * time of 200 reflected tables). Only where the socket's buffer is full is epoll asked when it has room.
 *
 * Goes end when some time of the turn is over. Those that had none in the round before come first and have longer: hundreds
 * that write all the time hold nobody up who has something to say now and then. A round is over when all who waited when it
 * began have had their go. Those that were opened a moment ago come last, with one go at least, and make no rounds.
 */
TAILQ_HEAD(session_queue, session);
struct session_writers {
	struct session_queue rare, rest, fresh;
	uint64_t round;
	uint64_t turn, turn_fresh; /* of the loop, in which the last go was, and the last of a fresh one */
	struct event *ev;
};
#define SESSION_FRESH_NS 1500000ull
#define SESSION_WRITE_NS 2000000ull
#define SESSION_RARE_NS  3000000ull

#define SESSION_READ_FIRST (16u * 1024) /* octets in a go, until it is known how long they take */
#define SESSION_READ_MIN   (4u * 1024)

struct session_pool {
	struct loop *loop;
	struct session_turns reads, reads_new;
	struct session_writers writers;
	struct session_queue much; /* those that want to read much */
	struct event *ev_much;
	bool much_last; /* ev_much has gone to the end of this turn's callbacks */
	bool gave_way;  /* in the turn before */
	unsigned held;  /* session_pool_hold: how many want it */
	unsigned nmuch; /* sessions with much_in */
	uint8_t *scratch; /* SESSION_READ_MAX behind the longest incomplete message */
	struct session_queue lingering; /* the oldest last */
	unsigned nlingering;
	/*
	 * Dialled, but not connected yet: over a short path the kernel shakes hands within connect(2), 30 to 90 us of it, and
	 * hundreds in one turn would keep the loop from hearing those that are up already.
	 */
	struct session_queue dials;
	struct job dial_job;
};

struct session {
	TAILQ_ENTRY(session) entry; /* in pool->lingering while closing */
	TAILQ_ENTRY(session) much_entry, dial_entry, write_entry;
	struct session_pool *pool;
	const struct session_ops *ops;
	void *ctx;
	struct event *ev_read, *ev_write, *ev_linger;
	int fd;
	struct ip_addr remote; /* dialled */
	uint16_t port;
	bool connecting;
	bool dial_waits;  /* in pool->dials */
	bool closing;     /* its user has forgotten it */
	bool shut;        /* everything is written and our side of the connection shut down */
	bool over;        /* the peer has closed its side, and something is still to be written */
	bool dispatching; /* a callback of ours is on the stack: freeing has to wait */
	bool free_later;
	bool stream; /* the stream may have something to send */
	bool much_in;    /* there was more than one read took */
	bool much_waits; /* in pool->much */
	uint32_t read_len; /* octets that it may read in one go */
	uint64_t opened_ns; /* monotonic */
	uint64_t in_round, out_round; /* of the pool's, in which it had its go last */
	struct session_queue *writer_in; /* one of the writers'; NULL: it does not wait to write */
	uint64_t writer_round; /* in which it began to wait */
	size_t max_len;
	uint8_t *rest; /* the beginning of an incomplete message */
	size_t rest_len, rest_cap;
	uint8_t *queue; /* small messages; queue[queue_off..queue_len) is not sent yet */
	size_t queue_off, queue_len, queue_cap;
	struct session_stats stats;
};

void session_free(struct session *s);
/* May one whose last go was in *round have one now? Until limit_ns of the loop's turn are over. */
bool session_turn(struct session_turns *t, const struct loop *loop, uint64_t *round, uint64_t limit_ns);
/* It has nothing more to read, or is to be asked no more. */
void session_much_end(struct session *s);

void session_writers_init(struct session_pool *p);
/* It waits for its go no more. */
void session_writer_end(struct session *s);
/* The socket has room: what is queued goes at once, the stream when it is its turn. May free a closing session. */
void session_writable(struct session *s);

#endif
