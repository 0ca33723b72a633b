/* SPDX-License-Identifier: Apache-2.0 */
/*
 * session: see session.h. Reading and the life of a connection are here, what
 * goes out is in session_write.c.
 */
#include "bgpd/session_internal.h"

#include "bgpd/sockopt.h"
#include "lib/mem.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static void on_read(evutil_socket_t fd, short what, void *arg);
static void on_write(evutil_socket_t fd, short what, void *arg);
static void on_much(evutil_socket_t fd, short what, void *arg);
static enum job_result dials_run(struct job *job, uint64_t deadline_ns);

struct session_pool *
session_pool_new(struct loop *loop)
{
	struct session_pool *p = xcalloc(1, sizeof *p);

	p->loop = loop;
	/* A new session, whose round is 0, has had no go yet. */
	p->reads.round = p->reads_new.round = 1;
	p->scratch = xmalloc(SESSION_READ_MAX + BGP_MSG_MAX_EXT);
	TAILQ_INIT(&p->lingering);
	TAILQ_INIT(&p->much);
	TAILQ_INIT(&p->dials);
	p->dial_job = (struct job){.run = dials_run, .name = "dial"};
	p->ev_much = event_new(loop->base, -1, 0, on_much, p);
	ASSERT(p->ev_much != NULL && event_priority_set(p->ev_much, LOOP_PRIO_IO) == 0);
	session_writers_init(p);
	return p;
}

void
session_pool_free(struct session_pool *p)
{
	while (!TAILQ_EMPTY(&p->lingering))
		session_free(TAILQ_FIRST(&p->lingering));
	loop_job_cancel(p->loop, &p->dial_job);
	event_free(p->ev_much);
	event_free(p->writers.ev);
	free(p->scratch);
	free(p);
}

void
session_pool_hold(struct session_pool *p, bool held)
{
	p->held += held ? 1u : UINT_MAX;
}

unsigned
session_pool_busy(const struct session_pool *p)
{
	return p->nmuch;
}

unsigned
session_pool_lingering(const struct session_pool *p)
{
	return p->nlingering;
}

static void
much_set(struct session *s, bool much)
{
	if (s->much_in == much)
		return;
	s->much_in = much;
	s->pool->nmuch += much ? 1u : UINT_MAX;
}

static void
much_leave(struct session *s)
{
	if (s->much_waits)
		TAILQ_REMOVE(&s->pool->much, s, much_entry);
	s->much_waits = false;
}

void
session_much_end(struct session *s)
{
	much_set(s, false);
	much_leave(s);
}

void
session_free(struct session *s)
{
	session_much_end(s);
	session_writer_end(s);
	if (s->dial_waits)
		TAILQ_REMOVE(&s->pool->dials, s, dial_entry);
	if (s->closing) {
		TAILQ_REMOVE(&s->pool->lingering, s, entry);
		s->pool->nlingering--;
	}
	if (s->ev_read != NULL)
		event_free(s->ev_read);
	if (s->ev_write != NULL)
		event_free(s->ev_write);
	if (s->ev_linger != NULL)
		event_free(s->ev_linger);
	if (s->fd >= 0)
		close(s->fd);
	free(s->rest);
	free(s->queue);
	free(s);
}

/* The session of an open socket; takes the fd also where it fails (NULL: out of memory). */
static struct session *
session_new(struct session_pool *p, int fd, const struct session_ops *ops, void *ctx)
{
	struct session *s = try_alloc(sizeof *s);

	if (s == NULL) {
		close(fd);
		return NULL;
	}
	*s = (struct session){
	    .pool = p, .fd = fd, .ops = ops, .ctx = ctx, .max_len = BGP_MSG_MAX, .read_len = SESSION_READ_FIRST,
	    .opened_ns = p->loop->turn_start_ns};
	s->ev_read = event_new(p->loop->base, fd, EV_READ | EV_PERSIST, on_read, s);
	s->ev_write = event_new(p->loop->base, fd, EV_WRITE | EV_PERSIST, on_write, s);
	if (s->ev_read == NULL || s->ev_write == NULL || event_priority_set(s->ev_read, LOOP_PRIO_IO) < 0 ||
	    event_priority_set(s->ev_write, LOOP_PRIO_IO) < 0) {
		session_free(s);
		return NULL;
	}
	return s;
}

struct session *
session_accepted(struct session_pool *p, int fd, const struct session_ops *ops, void *ctx)
{
	struct session *s = session_new(p, fd, ops, ctx);

	if (s != NULL)
		event_add(s->ev_read, NULL);
	return s;
}

static int
dial_options(int fd, const struct session_dial *d)
{
	int r = d->device != NULL ? sockopt_device(fd, d->device) : 0;

	if (r == 0 && d->md5_key != NULL)
		r = sockopt_md5(fd, &d->remote, family_bits(d->remote.family), d->md5_key, d->md5_len);
	for (unsigned i = 0; r == 0 && i < d->nao_keys; i++)
		r = tcp_ao_add(fd, &d->remote, family_bits(d->remote.family), &d->ao_keys[i], i == 0);
	if (r == 0)
		r = d->gtsm_hops > 0 ? sockopt_gtsm(fd, d->remote.family, d->gtsm_hops)
				     : sockopt_ttl(fd, d->remote.family, d->ttl);
	if (r == 0 && d->local.family != FAMILY_NONE)
		r = sockopt_bind(fd, &d->local, 0);
	return r;
}

struct session *
session_dial(struct session_pool *p, const struct session_dial *d, const struct session_ops *ops, void *ctx, int *err)
{
	int fd = sockopt_open(d->remote.family);

	if (fd < 0) {
		*err = fd;
		return NULL;
	}
	*err = dial_options(fd, d);
	if (*err < 0) {
		close(fd);
		return NULL;
	}
	struct session *s = session_new(p, fd, ops, ctx);
	if (s == NULL) {
		*err = -ENOMEM;
		return NULL;
	}
	s->remote = d->remote;
	s->port = d->port;
	s->connecting = s->dial_waits = true;
	TAILQ_INSERT_TAIL(&p->dials, s, dial_entry);
	loop_job_start(p->loop, &p->dial_job);
	return s;
}

static void
connect_done(struct session *s)
{
	int r = sockopt_connect_result(s->fd);

	s->connecting = false;
	event_del(s->ev_write);
	if (r == 0)
		event_add(s->ev_read, NULL);
	s->ops->connected(s->ctx, s, r);
}

static void
connect_start(struct session *s)
{
	struct sockaddr_storage ss;
	socklen_t len = ip_addr_to_sockaddr(&s->remote, s->port, &ss);

	/* Also one that succeeds at once is reported by on_write. */
	if (connect(s->fd, (struct sockaddr *)&ss, len) == 0 || errno == EINPROGRESS) {
		event_add(s->ev_write, NULL);
		return;
	}
	s->connecting = false;
	s->ops->connected(s->ctx, s, -errno);
}

static enum job_result
dials_run(struct job *job, uint64_t deadline_ns)
{
	struct session_pool *p = container_of(job, struct session_pool, dial_job);
	struct session *s;

	while ((s = TAILQ_FIRST(&p->dials)) != NULL) {
		TAILQ_REMOVE(&p->dials, s, dial_entry);
		s->dial_waits = false;
		connect_start(s);
		if (time_mono_ns() >= deadline_ns)
			break;
	}
	return TAILQ_EMPTY(&p->dials) ? JOB_DONE : JOB_MORE;
}

/* Keeps what is left of an incomplete message until the next read. False: out of memory. */
static bool
rest_keep(struct session *s, const uint8_t *p, size_t len)
{
	if (len > s->rest_cap) {
		uint8_t *n = try_grow(s->rest, len);
		if (n == NULL)
			return false;
		s->rest = n;
		s->rest_cap = len;
	}
	if (len > 0)
		memcpy(s->rest, p, len);
	else if (s->rest_cap > 0) {
		/* Idle sessions hold no buffer. */
		free(s->rest);
		s->rest = NULL;
		s->rest_cap = 0;
	}
	s->rest_len = len;
	return true;
}

/*
 * Hands out the whole messages of len octets at p. Returns false when the session is closing or the stream is
 * broken, and what is left needs no keeping.
 */
static bool
deliver(struct session *s, const uint8_t *p, size_t len)
{
	struct msg_frame f;
	struct bgp_error err;
	enum msg_frame_result r = MSG_FRAME_MORE;

	while (len > 0 && (r = msg_frame(p, len, s->max_len, &f, &err)) == MSG_FRAME_READY) {
		s->stats.messages_in[f.type]++;
		p += f.len;
		len -= f.len;
		s->ops->message(s->ctx, s, &f);
		if (s->closing)
			return false;
	}
	if (len > 0 && r == MSG_FRAME_ERROR) {
		s->ops->malformed(s->ctx, s, &err);
		return false;
	}
	if (!rest_keep(s, p, len)) {
		s->ops->starved(s->ctx, s);
		return false;
	}
	return true;
}

bool
session_turn(struct session_turns *t, const struct loop *loop, uint64_t *round, uint64_t limit_ns)
{
	if (t->turn != loop->turns) {
		t->turn = loop->turns;
		t->round += !t->left_out;
		t->left_out = t->gone = false;
	}
	if (*round == t->round)
		return false;
	if (t->gone && time_mono_ns() - loop->turn_start_ns > limit_ns) {
		t->left_out = true;
		return false;
	}
	t->gone = true;
	*round = t->round;
	return true;
}

/* A closing session reads only to learn that the peer has closed too. */
static void
read_discard(struct session *s)
{
	ssize_t n = read(s->fd, s->pool->scratch, SESSION_READ_MAX);

	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	if (n < 0 || s->shut) {
		session_free(s);
		return;
	}
	/* It has closed its sending half only, perhaps, and still reads what waits for room. */
	s->over = true;
	event_del(s->ev_read);
}

/* What a route costs depends on policies and on how much is new: the length of a go follows the time that they take. */
static void
read_len_adapt(struct session *s, uint64_t took_ns)
{
	if (took_ns > SESSION_GO_NS && s->read_len > SESSION_READ_MIN)
		s->read_len /= 2;
	else if (s->much_in && took_ns < SESSION_GO_NS / 2 && s->read_len < SESSION_READ_MAX)
		s->read_len *= 2;
}

/* One go. */
static void
read_some(struct session *s)
{
	uint8_t *buf = s->pool->scratch;
	size_t kept = s->rest_len;
	uint64_t start_ns = time_mono_ns();

	if (kept > 0)
		memcpy(buf, s->rest, kept);
	ssize_t n = read(s->fd, buf + kept, s->read_len);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		s->ops->closed(s->ctx, s, n < 0 ? -errno : 0);
		return;
	}
	s->stats.octets_in += (uint64_t)n;
	much_set(s, (size_t)n == s->read_len);
	s->dispatching = true;
	if (deliver(s, buf, kept + (size_t)n) && !s->closing)
		s->ops->batch(s->ctx, s);
	s->dispatching = false;
	if (s->free_later)
		session_free(s);
	else
		read_len_adapt(s, time_mono_ns() - start_ns);
}

static void
on_much(evutil_socket_t fd, short what, void *arg)
{
	struct session_pool *p = arg;
	struct session *s;

	(void)fd;
	(void)what;
	loop_enter(p->loop);
	if (!p->much_last) {
		p->much_last = true;
		event_active(p->ev_much, EV_TIMEOUT, 0);
		return;
	}
	p->much_last = false;
	p->gave_way = p->loop->soon && !p->gave_way;
	if (p->held || p->gave_way)
		return;
	while ((s = TAILQ_FIRST(&p->much)) != NULL) {
		much_leave(s);
		read_some(s);
		if (time_mono_ns() - p->loop->turn_start_ns > SESSION_MUCH_NS)
			return;
	}
}

bool
session_is_new(const struct session *s)
{
	return s->pool->loop->turn_start_ns - s->opened_ns < SESSION_NEW_S * 1000000000ull;
}

static bool
may_read(struct session *s)
{
	struct session_pool *p = s->pool;

	if (session_is_new(s))
		return session_turn(&p->reads_new, p->loop, &s->in_round, SESSION_NEW_NS);
	return session_turn(&p->reads, p->loop, &s->in_round, SESSION_LITTLE_NS);
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;
	struct session_pool *p = s->pool;

	(void)fd;
	(void)what;
	loop_enter(p->loop);
	if (s->closing) {
		read_discard(s);
	} else if (!s->much_in) {
		/* Where it may not, the socket stays readable: the next turn asks again. */
		if (may_read(s))
			read_some(s);
	} else {
		/* Those whose turn did not come are still in the list, before those who come again. */
		if (!s->much_waits)
			TAILQ_INSERT_TAIL(&p->much, s, much_entry);
		s->much_waits = true;
		event_active(p->ev_much, EV_TIMEOUT, 0);
	}
}

static void
on_write(evutil_socket_t fd, short what, void *arg)
{
	struct session *s = arg;

	(void)fd;
	(void)what;
	loop_enter(s->pool->loop);
	if (s->connecting)
		connect_done(s);
	else
		session_writable(s);
}

void
session_user_set(struct session *s, const struct session_ops *ops, void *ctx)
{
	s->ops = ops;
	s->ctx = ctx;
}

void
session_max_len_set(struct session *s, size_t max_len)
{
	s->max_len = max_len;
}

bool
session_has_more(const struct session *s)
{
	return s->much_in;
}

size_t
session_queued(const struct session *s)
{
	return s->queue_len - s->queue_off;
}

size_t
session_bytes(const struct session *s)
{
	return sizeof *s + s->rest_cap + s->queue_cap;
}

size_t
session_pool_bytes(const struct session_pool *p)
{
	return sizeof *p + SESSION_READ_MAX + BGP_MSG_MAX_EXT;
}

int
session_fd(const struct session *s)
{
	return s->fd;
}

const struct session_stats *
session_stats_get(const struct session *s)
{
	return &s->stats;
}
