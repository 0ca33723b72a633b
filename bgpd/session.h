/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session: one TCP connection that carries BGP messages.
 *
 * Owns the socket, the framing of what comes in and the order of what goes out.
 * It knows neither states nor routes: its user (peer) hands in callbacks. Used
 * for both directions of a connection; a collision is two of them.
 *
 * In: as much as a turn allows is read into a buffer that all sessions of the
 * loop share; only an incomplete message at its end is kept per session,
 * so an idle session has no buffer at all. message() is called for each whole
 * message, batch() once after the last of a read.
 *
 * Out: small messages (session_send) have a queue of their own and go before the
 * stream of UPDATEs, which is pulled from the user only when the socket can take
 * it. A message is never cut in two by another.
 *
 * An end with a NOTIFICATION (session_close) lets the connection linger without
 * its user until that is written and the peer has closed, at most
 * SESSION_LINGER_S: closing at once would turn unread input into a reset that
 * overtakes the NOTIFICATION. Where more than SESSION_LINGER_MAX do, as when
 * thousands of connections are refused a second, the oldest one goes for each that
 * comes, once its NOTIFICATION is written.
 */
#ifndef BGPD_SESSION_H
#define BGPD_SESSION_H

#include "bgpd/msg.h"
#include "bgpd/tcp_ao.h"
#include "lib/addr.h"
#include "lib/loop.h"

#include <sys/uio.h>

#define SESSION_READ_MAX  (64u * 1024) /* octets a session may read in one turn of the loop */
#define SESSION_QUEUE_MAX (128u * 1024) /* of small messages that wait; more means the peer does not read */
#define SESSION_IOV_MAX   64
#define SESSION_LINGER_S  3
#define SESSION_LINGER_MAX 256u

struct session;

struct session_ops {
	/* A dialled connection is up (err 0) or has failed (-errno; the session is then closed by its user). */
	void (*connected)(void *ctx, struct session *s, int err);
	/*
	 * A whole message; f is good during the call, its body until batch, or until the session is closed, which the
	 * callback may do.
	 */
	void (*message)(void *ctx, struct session *s, const struct msg_frame *f);
	/* After the last message of a read. */
	void (*batch)(void *ctx, struct session *s);
	/* The header of the next message is wrong: to be answered with this NOTIFICATION. */
	void (*malformed)(void *ctx, struct session *s, const struct bgp_error *err);
	/*
	 * There is no memory for the beginning of a message that has come. The user closes the session, and may say
	 * why.
	 */
	void (*starved)(void *ctx, struct session *s);
	/* The connection is gone: 0 for an orderly end by the peer, else -errno. The user closes the session. */
	void (*closed)(void *ctx, struct session *s, int err);
	/* Some octets were written: what the send hold timer (RFC 9687) waits for. */
	void (*progress)(void *ctx, struct session *s);
	/*
	 * The stream of UPDATEs: fills at most max vectors and returns how many; sent() then says how many octets were
	 * taken; partial() is the number of octets of a message that was begun and must be finished first.
	 */
	int (*stream_iov)(void *ctx, struct iovec *iov, int max);
	void (*stream_sent)(void *ctx, size_t octets);
	size_t (*stream_partial)(void *ctx);
};

struct session_stats {
	uint64_t octets_in, octets_out;
	uint64_t messages_in[BGP_MSG_TYPES], messages_out[BGP_MSG_TYPES]; /* out: without the stream's UPDATEs */
};

/* What all sessions of a loop share: the read buffer and those that linger. */
struct session_pool;
struct session_pool *session_pool_new(struct loop *loop);
/* Closes what lingers, without waiting. */
void session_pool_free(struct session_pool *p);
/*
 * Back-pressure: with held, sessions that have more to read than one read takes leave it in the socket, so that TCP slows
 * their neighbours down. Those with little to say are heard all the same. Several may want it: each that has said so takes
 * it back.
 */
void session_pool_hold(struct session_pool *p, bool held);
/* How many sessions have more to read than their last read took, as far as is known. */
unsigned session_pool_busy(const struct session_pool *p);
/* How many sessions linger: at stop the daemon waits for zero. */
unsigned session_pool_lingering(const struct session_pool *p);

struct session_dial {
	struct ip_addr remote, local; /* local FAMILY_NONE: the kernel chooses */
	uint16_t port;
	const char *device; /* of a VRF; NULL: none */
	const uint8_t *md5_key; /* NULL: none */
	size_t md5_len;
	const struct tcp_ao_key *ao_keys; /* the first is sent with; good during the call */
	unsigned nao_keys;
	unsigned gtsm_hops; /* 0: off, then ttl */
	unsigned ttl;
};
/*
 * The session, or NULL with *err = -errno when nothing could be started. It connects from the loop, behind others that
 * were dialled before; connected() is never called from within this call.
 */
struct session *session_dial(struct session_pool *p, const struct session_dial *d, const struct session_ops *ops,
    void *ctx, int *err);
/* Takes over an accepted socket. Options that concern the neighbour (TTL) are set by the caller. */
struct session *session_accepted(struct session_pool *p, int fd, const struct session_ops *ops, void *ctx);

/* Another user from now on. */
void session_user_set(struct session *s, const struct session_ops *ops, void *ctx);
/* Longest message the peer may send: BGP_MSG_MAX, or BGP_MSG_MAX_EXT once negotiated. */
void session_max_len_set(struct session *s, size_t max_len);
/*
 * Queues a whole message (header included; copied). 0, or -ENOBUFS where SESSION_QUEUE_MAX octets wait already: the
 * peer does not read, its user should close. -ENOMEM: no memory for it, likewise.
 */
int session_send(struct session *s, const uint8_t *msg, size_t len);
/* The stream has something: write when the socket can. */
void session_stream_ready(struct session *s);
/* Ends the session; the user forgets it at once. With err ≠ NULL the peer is sent that NOTIFICATION first. */
void session_close(struct session *s, const struct bgp_error *err);

/* Did the last read take all that one may? Then more is waiting in the socket. */
bool session_has_more(const struct session *s);
/* Was it opened less than SESSION_NEW_S ago? Those that have been there longer come first when hundreds come up at once. */
#define SESSION_NEW_S 1
bool session_is_new(const struct session *s);
/* Octets of small messages that wait to be written. */
size_t session_queued(const struct session *s);
/* Memory of it, octets, and of what all share. */
size_t session_bytes(const struct session *s);
size_t session_pool_bytes(const struct session_pool *p);
int session_fd(const struct session *s);
const struct session_stats *session_stats_get(const struct session *s);

#endif
