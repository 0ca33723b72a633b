/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_session: connections without sockets: the interface of bgpd/session.h,
 * and the other end for the model.
 */
#include "tests/model/speaker_model.h"

#include "bgpd/peer.h"
#include "bgpd/reload.h"
#include "bgpd/sockopt.h"
#include "lib/mem.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct session {
	const struct session_ops *ops;
	void *ctx;
	unsigned peer;
	bool dialling;
	bool ready; /* the stream is said to have something */
	size_t max_len;
	struct session_stats stats;
	size_t small_at, small_len; /* small messages that wait, and what of them is sent */
	uint8_t small[SESSION_QUEUE_MAX];
};
struct session_pool {
	int unused;
};

int __wrap_sockopt_ends(int fd, struct ip_addr *local, uint16_t *local_port, struct ip_addr *remote,
    uint16_t *remote_port);

/* ---- the daemon's side ---- */

struct session_pool *
session_pool_new(struct loop *loop)
{
	(void)loop;
	return xcalloc(1, sizeof(struct session_pool));
}

void
session_pool_free(struct session_pool *p)
{
	free(p);
}

/* Nothing is queued in sockets: the model may deliver at any time. */
void
session_pool_hold(struct session_pool *p, bool held)
{
	(void)p;
	(void)held;
}

/* Whether more is to come is for nobody to know: both answers have to lead to the same end. */
unsigned
session_pool_busy(const struct session_pool *p)
{
	(void)p;
	return rnd(2);
}

bool
session_has_more(const struct session *s)
{
	(void)s;
	return rnd(2) == 0;
}

bool
session_is_new(const struct session *s)
{
	(void)s;
	return rnd(2) == 0;
}

unsigned
session_pool_lingering(const struct session_pool *p)
{
	(void)p;
	return 0;
}

/* What is sent is delivered at once, and nothing is kept. */
size_t
session_queued(const struct session *s)
{
	(void)s;
	return 0;
}

size_t
session_bytes(const struct session *s)
{
	(void)s;
	return 0;
}

size_t
session_pool_bytes(const struct session_pool *p)
{
	(void)p;
	return 0;
}

/* By its name, since two have the same address; and it must be dialled where its table says. */
struct session *
session_dial(struct session_pool *p, const struct session_dial *d, const struct session_ops *ops, void *ctx, int *err)
{
	const struct peer *peer = ((const struct peer_conn *)ctx)->peer;
	const char *vrf = instance_vrf(peer->d);
	unsigned i;

	(void)p;
	(void)err;
	CHECK(sscanf(peer->name, "p%u", &i) == 1 && i < NPEER);
	struct mpeer *n = &the_model->peer[i];
	CHECK(n->session == NULL && ip_addr_eq(&n->addr, &d->remote));
	CHECK(vrf == NULL ? d->device == NULL : d->device != NULL && strcmp(vrf, d->device) == 0);
	CHECK(!reload_idle(the_model->d->reload) || table_bgpd(table_of(i)) == peer->d);
	n->session = xcalloc(1, sizeof *n->session);
	*n->session = (struct session){.ops = ops, .ctx = ctx, .peer = i, .dialling = true, .max_len = BGP_MSG_MAX};
	return n->session;
}

static unsigned knocking; /* the neighbour that connects */

struct session *
session_accepted(struct session_pool *p, int fd, const struct session_ops *ops, void *ctx)
{
	struct mpeer *n = &the_model->peer[knocking];

	(void)p;
	CHECK(close(fd) == 0 && n->session == NULL);
	n->session = xcalloc(1, sizeof *n->session);
	*n->session = (struct session){.ops = ops, .ctx = ctx, .peer = knocking, .max_len = BGP_MSG_MAX};
	return n->session;
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

int
session_send(struct session *s, const uint8_t *msg, size_t len)
{
	memmove(s->small, s->small + s->small_at, s->small_len -= s->small_at);
	s->small_at = 0;
	if (s->small_len + len > sizeof s->small)
		return -ENOBUFS;
	memcpy(s->small + s->small_len, msg, len);
	s->small_len += len;
	return 0;
}

void
session_stream_ready(struct session *s)
{
	s->ready = true;
}

void
session_close(struct session *s, const struct bgp_error *err)
{
	struct mpeer *n = &the_model->peer[s->peer];

	/* The model never does wrong: nobody may tell it so. */
	if (err != NULL && err->code != BGP_ERR_CEASE && err->code != BGP_ERR_HOLD_TIMER &&
	    err->code != BGP_ERR_SEND_HOLD)
		fail("neighbour %u is sent NOTIFICATION %u/%u %s", s->peer, err->code, err->subcode, err->reason);
	the_model->seen_closed++;
	/* Who does not read for too long is reset with the same code. */
	if (err != NULL && err->subcode == BGP_CEASE_RESOURCES && strstr(err->reason, "for want of memory") != NULL)
		memory_reset(n);
	if (err != NULL && err->subcode == BGP_CEASE_ADMIN_SHUTDOWN && !s->ready && s->small_at == s->small_len)
		drain_end(n);
	n->session = NULL;
	if (n->up)
		kept_begin(n, err);
	n->up = false;
	n->part_len = 0;
	n->borr_in = n->wanted = 0;
	memset(n->told, 0, sizeof n->told);
	the_model->last_event = the_model->step;
	free(s);
}

int
session_fd(const struct session *s)
{
	return (int)s->peer;
}

const struct session_stats *
session_stats_get(const struct session *s)
{
	return &s->stats;
}

int
__wrap_sockopt_ends(int fd, struct ip_addr *local, uint16_t *local_port, struct ip_addr *remote, uint16_t *remote_port)
{
	const struct mpeer *n = &the_model->peer[fd];

	*local = n->self[n->addr.family];
	*remote = n->addr;
	*local_port = 40000;
	*remote_port = 179;
	return 0;
}

/* ---- the neighbour's side ---- */

static void
turn_end(void)
{
	the_model->d->loop->in_turn = false;
}

bool
session_dialling(const struct session *s)
{
	return s->dialling;
}

void
session_answer(struct session *s, bool up)
{
	loop_enter(the_model->d->loop);
	s->dialling = false;
	s->ops->connected(s->ctx, s, up ? 0 : -ECONNREFUSED);
	turn_end();
}

/* The daemon sets options of the socket, and closes it. */
void
session_knock(unsigned peer)
{
	const struct mpeer *n = &the_model->peer[peer];
	const struct listen *l = &the_model->d->listen;
	int fd = socket(n->addr.family == FAMILY_IPV4 ? AF_INET : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);

	CHECK(fd >= 0);
	knocking = peer;
	loop_enter(the_model->d->loop);
	l->accept(l->ctx, fd, instance_device(table_bgpd(table_of(peer))), &n->self[n->addr.family], 179, &n->addr, 40000);
	turn_end();
}

/* A message of the read under way, in memory of its own: good until the read ends, and not an octet longer. */
struct delivered {
	struct delivered *next;
	uint8_t *msg;
};
static struct delivered *delivered;

void
session_deliver(struct session *s, const uint8_t *msg, size_t len)
{
	struct msg_frame f;
	struct bgp_error err;
	struct delivered *d = xmalloc(sizeof *d);

	*d = (struct delivered){.next = delivered, .msg = memcpy(xmalloc(len), msg, len)};
	delivered = d;
	loop_enter(the_model->d->loop);
	CHECK(msg_frame(d->msg, len, s->max_len, &f, &err) == MSG_FRAME_READY && f.len == len);
	s->ops->message(s->ctx, s, &f);
}

void
session_delivered(struct session *s)
{
	struct delivered *d;

	s->ops->batch(s->ctx, s);
	while ((d = delivered) != NULL) {
		delivered = d->next;
		free(d->msg);
		free(d);
	}
	turn_end();
}

void
session_hang_up(struct session *s)
{
	loop_enter(the_model->d->loop);
	s->ops->closed(s->ctx, s, 0);
	turn_end();
}

static size_t
take(uint8_t *buf, size_t at, size_t max, const void *src, size_t len)
{
	size_t n = len < max - at ? len : max - at;

	memcpy(buf + at, src, n);
	return n;
}

size_t
session_pull(struct session *s, uint8_t *buf, size_t max)
{
	struct iovec iov[5];
	size_t got = 0, sent = 0;

	loop_enter(the_model->d->loop);
	/* A message of the stream that was begun goes first. */
	size_t rest = s->ops->stream_partial(s->ctx);
	if (rest == 0) {
		got = take(buf, 0, max, s->small + s->small_at, s->small_len - s->small_at);
		s->small_at += got;
	}
	/* Without a word that the stream has something a socket would not ask it. */
	if (!s->ready || (s->small_at < s->small_len && rest == 0)) {
		turn_end();
		return got;
	}
	int k = s->ops->stream_iov(s->ctx, iov, 1 + (int)rnd(5));
	for (int i = 0; i < k && got < max; i++) {
		size_t n = take(buf, got, max, iov[i].iov_base, iov[i].iov_len);
		got += n;
		sent += n;
	}
	if (k == 0)
		s->ready = false;
	if (sent > 0) {
		s->ops->stream_sent(s->ctx, sent);
		s->ops->progress(s->ctx, s);
	}
	turn_end();
	return got;
}
