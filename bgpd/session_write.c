/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session_write: what a session sends, and how it ends. See session.h.
 *
 * The queue of small messages and the stream of UPDATEs share the socket at
 * message boundaries: an UPDATE that was begun is finished first, then the queue
 * goes out whole, then the stream.
 */
#include "bgpd/session_internal.h"

#include "lib/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* A turn's worth: beyond this others get their turn first. */
#define WRITE_BUDGET (256u * 1024)

static size_t
queue_left(const struct session *s)
{
	return s->queue_len - s->queue_off;
}

/* False: no memory, nothing was added. */
static bool
queue_add(struct session *s, const uint8_t *p, size_t len)
{
	if (s->queue_off == s->queue_len)
		s->queue_off = s->queue_len = 0;
	if (s->queue_cap - s->queue_len < len) {
		size_t cap = s->queue_len + len + 256;
		uint8_t *n = try_grow(s->queue, cap);
		if (n == NULL)
			return false;
		s->queue = n;
		s->queue_cap = cap;
	}
	ASSERT(s->queue != NULL);
	memcpy(s->queue + s->queue_len, p, len);
	s->queue_len += len;
	return true;
}

static void
queue_sent(struct session *s, size_t n)
{
	s->queue_off += n;
	if (s->queue_off < s->queue_len)
		return;
	free(s->queue);
	s->queue = NULL;
	s->queue_off = s->queue_len = s->queue_cap = 0;
}

/* The vectors of one writev, in the order of the file head. *from_queue: octets of it that are the queue's. */
static int
gather(struct session *s, struct iovec *iov, size_t *from_queue)
{
	int n = 0;
	size_t partial = 0;

	*from_queue = 0;
	if (queue_left(s) > 0 && s->stream && !s->closing)
		partial = s->ops->stream_partial(s->ctx);
	if (partial == 0 && queue_left(s) > 0) {
		iov[n++] = (struct iovec){.iov_base = s->queue + s->queue_off, .iov_len = queue_left(s)};
		*from_queue = queue_left(s);
	}
	if (!s->stream || s->closing)
		return n;
	int m = s->ops->stream_iov(s->ctx, iov + n, SESSION_IOV_MAX - n);
	if (partial > 0 && queue_left(s) > 0 && m > 0) {
		/* Only the rest of the message that was begun: the queue comes next. */
		m = 1;
		if (iov[n].iov_len > partial)
			iov[n].iov_len = partial;
	}
	if (m == 0)
		s->stream = false;
	return n + m;
}

static void
account(struct session *s, size_t sent, size_t from_queue)
{
	size_t q = sent < from_queue ? sent : from_queue;

	s->stats.octets_out += sent;
	if (q > 0)
		queue_sent(s, q);
	if (sent > q)
		s->ops->stream_sent(s->ctx, sent - q);
	if (!s->closing)
		s->ops->progress(s->ctx, s);
}

/* Everything is written: our side of the connection ends, and what the peer still sends is thrown away. */
static void
finish(struct session *s)
{
	if (s->over) {
		session_free(s);
		return;
	}
	s->shut = true;
	shutdown(s->fd, SHUT_WR);
}

static void
write_failed(struct session *s, int err)
{
	if (s->closing)
		session_free(s);
	else
		s->ops->closed(s->ctx, s, -err);
}

/* Cuts vectors down to max octets; the new number of them. */
static int
iov_cut(struct iovec *iov, int n, size_t max)
{
	for (int i = 0; i < n; i++) {
		if (iov[i].iov_len >= max) {
			iov[i].iov_len = max;
			return i + 1;
		}
		max -= iov[i].iov_len;
	}
	return n;
}

static size_t
iov_octets(const struct iovec *iov, int n)
{
	size_t sum = 0;

	for (int i = 0; i < n; i++)
		sum += iov[i].iov_len;
	return sum;
}

/* What a go came to. */
enum went { WENT_DRY, WENT_FULL, WENT_MORE, WENT_AWAY };

/* Writes what the socket takes, a turn's worth at most. WENT_AWAY: the session is over, and freed perhaps. */
static enum went
write_some(struct session *s)
{
	struct iovec iov[SESSION_IOV_MAX];
	size_t from_queue, left = WRITE_BUDGET;

	while (left > 0) {
		int n = iov_cut(iov, gather(s, iov, &from_queue), left);
		if (n == 0)
			return WENT_DRY;
		ssize_t sent = writev(s->fd, iov, n);
		if (sent < 0) {
			if (errno == EAGAIN || errno == EINTR)
				return WENT_FULL;
			write_failed(s, errno);
			return WENT_AWAY;
		}
		bool full = (size_t)sent < iov_octets(iov, n);
		left -= (size_t)sent;
		s->dispatching = true;
		account(s, (size_t)sent, from_queue);
		s->dispatching = false;
		if (s->free_later) {
			session_free(s);
			return WENT_AWAY;
		}
		/* The socket's buffer is: another call would only say so. */
		if (full)
			return WENT_FULL;
	}
	return WENT_MORE;
}

static void
writer_queue(struct session *s)
{
	struct session_writers *w = &s->pool->writers;

	if (s->writer_in != NULL)
		return;
	s->writer_in = session_is_new(s) ? &w->fresh : s->out_round + 1 < w->round ? &w->rare : &w->rest;
	s->writer_round = w->round;
	TAILQ_INSERT_TAIL(s->writer_in, s, write_entry);
}

static void
writer_add(struct session *s)
{
	writer_queue(s);
	event_active(s->pool->writers.ev, EV_TIMEOUT, 0);
}

void
session_writer_end(struct session *s)
{
	if (s->writer_in != NULL)
		TAILQ_REMOVE(s->writer_in, s, write_entry);
	s->writer_in = NULL;
}

/* Whose go it is; NULL: nobody's, in this turn. One is always to be had, and one of the fresh. */
static struct session *
writer_next(struct session_pool *p)
{
	struct session_writers *w = &p->writers;
	uint64_t turn = p->loop->turns, used_ns = time_mono_ns() - p->loop->turn_start_ns;
	struct session *s = NULL;

	if (w->turn != turn || used_ns <= SESSION_RARE_NS)
		s = TAILQ_FIRST(&w->rare);
	if (s == NULL && (w->turn != turn || used_ns <= SESSION_WRITE_NS))
		s = TAILQ_FIRST(&w->rest);
	if (s == NULL && (w->turn_fresh != turn || used_ns <= SESSION_FRESH_NS))
		s = TAILQ_FIRST(&w->fresh);
	if (s == NULL)
		return NULL;
	w->turn = turn;
	if (s->writer_in == &w->fresh)
		w->turn_fresh = turn;
	if (s->writer_in == &w->rest && s->writer_round == w->round)
		w->round++;
	session_writer_end(s);
	s->out_round = w->round;
	return s;
}

static void
on_writers(evutil_socket_t fd, short what, void *arg)
{
	struct session_pool *p = arg;
	struct session *s;

	(void)fd;
	(void)what;
	loop_enter(p->loop);
	while ((s = writer_next(p)) != NULL) {
		enum went went = write_some(s);
		if (went == WENT_FULL)
			event_add(s->ev_write, NULL);
		else if (went == WENT_MORE && !s->closing)
			writer_queue(s);
	}
	/* The rest comes in the next turn, after those that want to read a little. */
	if (!TAILQ_EMPTY(&p->writers.rare) || !TAILQ_EMPTY(&p->writers.rest) || !TAILQ_EMPTY(&p->writers.fresh))
		event_add(p->writers.ev, &(struct timeval){0});
}

void
session_writers_init(struct session_pool *p)
{
	struct session_writers *w = &p->writers;

	TAILQ_INIT(&w->rare);
	TAILQ_INIT(&w->rest);
	TAILQ_INIT(&w->fresh);
	/* The round of a new session is 0. */
	w->round = 2;
	w->turn = w->turn_fresh = UINT64_MAX;
	w->ev = event_new(p->loop->base, -1, 0, on_writers, p);
	ASSERT(w->ev != NULL && event_priority_set(w->ev, LOOP_PRIO_IO) == 0);
}

void
session_writable(struct session *s)
{
	if (s->stream) {
		event_del(s->ev_write);
		writer_add(s);
		return;
	}
	if (write_some(s) != WENT_DRY)
		return;
	event_del(s->ev_write);
	if (s->closing)
		finish(s);
}

int
session_send(struct session *s, const uint8_t *msg, size_t len)
{
	if (queue_left(s) + len > SESSION_QUEUE_MAX)
		return -ENOBUFS;
	if (!queue_add(s, msg, len))
		return -ENOMEM;
	s->stats.messages_out[msg[BGP_HEADER_LEN - 1] < BGP_MSG_TYPES ? msg[BGP_HEADER_LEN - 1] : 0]++;
	/* One that waits for its go takes it along. */
	if (!s->connecting && s->writer_in == NULL)
		event_add(s->ev_write, NULL);
	return 0;
}

void
session_stream_ready(struct session *s)
{
	s->stream = true;
	if (!s->connecting)
		writer_add(s);
}

static void
on_linger(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	loop_enter(s->pool->loop);
	session_free(s);
}

/* The rest of an UPDATE that was begun must still go out before the NOTIFICATION: a copy of it, since the stream's
 * owner forgets the session now. False: it could not be had. */
static bool
partial_take(struct session *s)
{
	struct iovec iov[1];
	size_t left = s->stream ? s->ops->stream_partial(s->ctx) : 0;

	if (left == 0)
		return true;
	if (s->ops->stream_iov(s->ctx, iov, 1) < 1 || iov[0].iov_len < left)
		return false;
	uint8_t *queued = NULL;
	size_t n = queue_left(s);
	if (n > 0) {
		queued = try_alloc(n);
		if (queued == NULL)
			return false;
		memcpy(queued, s->queue + s->queue_off, n);
		queue_sent(s, n);
	}
	bool ok = queue_add(s, iov[0].iov_base, left) && (n == 0 || queue_add(s, queued, n));
	free(queued);
	return ok;
}

/* Lets the session go on alone until its queue is written and the peer has closed. False: it cannot. */
static bool
linger(struct session *s, const struct bgp_error *err)
{
	uint8_t msg[BGP_MSG_MAX];
	size_t len = notify_encode(err, msg, sizeof msg);

	if (s->connecting || len == 0 || !partial_take(s) || !queue_add(s, msg, len))
		return false;
	s->ev_linger = evtimer_new(s->pool->loop->base, on_linger, s);
	if (s->ev_linger == NULL)
		return false;
	event_add(s->ev_linger, &(struct timeval){.tv_sec = SESSION_LINGER_S});
	event_add(s->ev_read, NULL);
	return true;
}

/* One that has had everything has had most of its time, too, if so many have come after it. */
static void
linger_less(struct session_pool *p)
{
	struct session *oldest = TAILQ_LAST(&p->lingering, session_queue);

	if (p->nlingering > SESSION_LINGER_MAX && oldest->shut && !oldest->dispatching)
		session_free(oldest);
}

void
session_close(struct session *s, const struct bgp_error *err)
{
	ASSERT(!s->closing);
	bool lingers = err != NULL && linger(s, err);

	session_much_end(s);
	session_writer_end(s);
	s->closing = true;
	s->stream = false;
	TAILQ_INSERT_HEAD(&s->pool->lingering, s, entry);
	s->pool->nlingering++;
	linger_less(s->pool);
	/* Written from the loop: the caller may be deep inside a callback of this very session. */
	if (lingers) {
		event_add(s->ev_write, NULL);
		return;
	}
	event_del(s->ev_read);
	event_del(s->ev_write);
	if (s->dispatching)
		s->free_later = true;
	else
		session_free(s);
}
