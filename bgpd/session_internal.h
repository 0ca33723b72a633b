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
 * Whose turn it is to read a little, or to write. In a turn of the loop sessions have their go until some time of it is
 * over; those left out come first in the next turn, before any has a second go. To write, those that did not in the round
 * before have longer: hundreds that write all the time hold nobody up who has something to say now and then.
 *
 * Sessions with much to read queue up and have their goes when everybody else had theirs, behind the slice of a job: one
 * at least, and more until SESSION_MUCH_NS of the turn are over. What they read in a go takes about SESSION_GO_NS. Where
 * something has been decided in the turn that does not want to wait, they let it be written first.
 */
struct session_turns {
	uint64_t turn; /* of the loop, when this was looked at last */
	uint64_t round;
	bool left_out; /* somebody, in that turn */
};
#define SESSION_GO_NS     1000000ull
#define SESSION_MUCH_NS   3000000ull
#define SESSION_LITTLE_NS 1500000ull
#define SESSION_WRITE_NS  2000000ull
#define SESSION_RARE_NS   3000000ull

#define SESSION_READ_FIRST (16u * 1024) /* octets in a go, until it is known how long they take */
#define SESSION_READ_MIN   (4u * 1024)

struct session_pool {
	struct loop *loop;
	struct session_turns reads, writes;
	TAILQ_HEAD(, session) much; /* those that want to read much */
	struct event *ev_much;
	bool much_last; /* ev_much has gone to the end of this turn's callbacks */
	bool gave_way;  /* in the turn before */
	bool held;      /* session_pool_hold */
	unsigned nmuch; /* sessions with much_in */
	uint8_t *scratch; /* SESSION_READ_MAX behind the longest incomplete message */
	LIST_HEAD(, session) lingering;
	unsigned nlingering;
	/*
	 * Dialled, but not connected yet: over a short path the kernel shakes hands within connect(2), 30 to 90 us of it, and
	 * hundreds in one turn would keep the loop from hearing those that are up already.
	 */
	TAILQ_HEAD(, session) dials;
	struct job dial_job;
};

struct session {
	LIST_ENTRY(session) entry; /* in pool->lingering while closing */
	TAILQ_ENTRY(session) much_entry, dial_entry;
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
	uint64_t in_round, out_round; /* of the pool's, in which it had its go last */
	size_t max_len;
	uint8_t *rest; /* the beginning of an incomplete message */
	size_t rest_len, rest_cap;
	uint8_t *queue; /* small messages; queue[queue_off..queue_len) is not sent yet */
	size_t queue_off, queue_len, queue_cap;
	struct session_stats stats;
};

void session_free(struct session *s);
/*
 * May one of the kind, whose last go was in *round, have one now? Until limit_ns of the loop's turn are over, or rare_ns
 * for those that had none in the round before.
 */
bool session_turn(struct session_turns *t, const struct loop *loop, uint64_t *round, uint64_t limit_ns,
    uint64_t rare_ns);
/* It has nothing more to read, or is to be asked no more. */
void session_much_end(struct session *s);
/*
 * Writes what the socket takes. The write event stays armed until all is written, so that those that wait for their turn
 * cost no call of epoll_ctl (hundreds in each turn of the loop, a twentieth of the time of 200 reflected tables). May free
 * a closing session.
 */
void session_write(struct session *s);

#endif
