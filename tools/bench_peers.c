/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_peers: dialling, accepting and serving the sessions of the benchmark.
 *
 * Used by bench_run (the neighbours of the daemon under test), by bench_null (in
 * the daemon's place) and by bench_probe.
 */
#include <errno.h>
#include <netinet/in.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/loop.h"
#include "lib/mem.h"
#include "tools/bench_peers.h"

#define RETRY_NS     2000000ull
#define TICK_NS      500000000ull
#define EVENTS       256
#define WATCH_ALWAYS EPOLLHUP /* given anyway, and never 0: p->events tells whether epoll knows the socket */
#define LISTEN_QUEUE 4096

int
bench_peers_init(struct bench_peers *ps, uint16_t port)
{
	memset(ps, 0, sizeof(*ps));
	ps->port = port;
	ps->input = -1;
	for (int f = 0; f < FAMILY_COUNT; f++)
		ps->listeners[f] = -1;
	ps->epoll = epoll_create1(EPOLL_CLOEXEC);
	return ps->epoll < 0 ? -errno : 0;
}

void
bench_peers_fini(struct bench_peers *ps)
{
	for (uint32_t i = 0; i < ps->count; i++) {
		bench_session_free(&ps->list[i]->session);
		free(ps->list[i]);
	}
	free(ps->list);
	for (int f = 0; f < FAMILY_COUNT; f++)
		if (ps->listeners[f] >= 0)
			close(ps->listeners[f]);
	close(ps->epoll);
}

struct bench_peer *
bench_peers_add(struct bench_peers *ps, const struct ip_addr *local, const struct ip_addr *remote,
		const struct bench_self *self)
{
	struct bench_peer *p = xcalloc(1, sizeof(*p));

	if (ps->count == ps->cap) {
		ps->cap = ps->cap ? ps->cap * 2 : 64;
		ps->list = xreallocarray(ps->list, ps->cap, sizeof(struct bench_peer *));
	}
	ps->list[ps->count++] = p;
	p->local = *local;
	p->remote = *remote;
	p->self = *self;
	p->session.fd = -1;
	return p;
}

/* ptr is a peer, a listener's slot or &ps->input. */
static int
watch(struct bench_peers *ps, int op, int fd, uint32_t events, void *ptr)
{
	struct epoll_event e = {.events = events, .data.ptr = ptr};

	return epoll_ctl(ps->epoll, op, fd, &e) < 0 ? -errno : 0;
}

int
bench_peers_listen(struct bench_peers *ps, enum family family)
{
	struct sockaddr_storage any;
	uint8_t zero[16] = {0};
	struct ip_addr addr = ip_addr_from_bytes(family, zero);
	socklen_t len = ip_addr_to_sockaddr(&addr, ps->port, &any);
	int fd = socket(any.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0)
		return -errno;
	ps->listeners[family] = fd;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (family == FAMILY_IPV6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&any, len) < 0 || listen(fd, LISTEN_QUEUE) < 0)
		return -errno;
	return watch(ps, EPOLL_CTL_ADD, fd, EPOLLIN, &ps->listeners[family]);
}

int
bench_peers_watch(struct bench_peers *ps, int fd)
{
	ps->input = fd;
	return watch(ps, EPOLL_CTL_ADD, fd, EPOLLIN, &ps->input);
}

static void
state_set(struct bench_peers *ps, struct bench_peer *p, enum bench_peer_state state)
{
	ps->waiting += (uint32_t)(state == BENCH_PEER_WAITING) - (p->state == BENCH_PEER_WAITING);
	ps->underway += (uint32_t)(state == BENCH_PEER_UNDERWAY) - (p->state == BENCH_PEER_UNDERWAY);
	ps->up += (uint32_t)(state == BENCH_PEER_UP) - (p->state == BENCH_PEER_UP);
	p->state = state;
}

static void
interest_update(struct bench_peers *ps, struct bench_peer *p)
{
	bool write = p->session.connecting || bench_session_wants_write(&p->session);
	uint32_t events = (p->paused ? 0 : EPOLLIN) | (write ? EPOLLOUT : 0) | WATCH_ALWAYS;

	if (events == p->events || p->session.fd < 0)
		return;
	watch(ps, p->events == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD, p->session.fd, events, p);
	p->events = events;
}

void
bench_peer_pause(struct bench_peers *ps, struct bench_peer *p, bool paused)
{
	if (p->paused == paused)
		return;
	p->paused = paused;
	if (p->state == BENCH_PEER_UP || p->state == BENCH_PEER_UNDERWAY)
		interest_update(ps, p);
}

void
bench_peer_dial(struct bench_peers *ps, struct bench_peer *p)
{
	p->dials = true;
	if (p->state == BENCH_PEER_OFF)
		state_set(ps, p, BENCH_PEER_WAITING);
}

void
bench_peer_close(struct bench_peers *ps, struct bench_peer *p)
{
	bench_session_close(&p->session);
	p->events = 0;
	p->queue = NULL;
	p->dials = false;
	state_set(ps, p, BENCH_PEER_OFF);
}

/* A connection came to nothing: another one, unless a session was up, whose error is kept. */
static void
peer_failed(struct bench_peers *ps, struct bench_peer *p)
{
	if (p->state == BENCH_PEER_UP) {
		epoll_ctl(ps->epoll, EPOLL_CTL_DEL, p->session.fd, NULL);
		p->events = 0;
		state_set(ps, p, BENCH_PEER_DOWN);
		return; /* the socket is closed with the peer */
	}
	bench_session_close(&p->session);
	p->events = 0;
	p->redials++;
	p->retry_ns = time_mono_ns() + RETRY_NS;
	state_set(ps, p, p->dials ? BENCH_PEER_WAITING : BENCH_PEER_OFF);
}

static void
dial_now(struct bench_peers *ps, struct bench_peer *p)
{
	if (bench_session_connect(&p->session, &p->local, &p->remote, ps->port) != 0) {
		peer_failed(ps, p);
		return;
	}
	state_set(ps, p, BENCH_PEER_UNDERWAY);
	interest_update(ps, p);
}

static void
dial_due(struct bench_peers *ps)
{
	uint64_t now_ns = time_mono_ns();

	for (uint32_t i = 0; i < ps->count && ps->waiting > 0; i++) {
		if (ps->limit != 0 && ps->underway >= ps->limit)
			return;
		if (ps->list[i]->state == BENCH_PEER_WAITING && ps->list[i]->retry_ns <= now_ns)
			dial_now(ps, ps->list[i]);
	}
}

static struct bench_peer *
peer_of(const struct bench_peers *ps, int fd)
{
	struct sockaddr_storage here, there;
	socklen_t here_len = sizeof(here), there_len = sizeof(there);
	struct ip_addr local, remote;

	if (getsockname(fd, (struct sockaddr *)&here, &here_len) < 0 ||
	    getpeername(fd, (struct sockaddr *)&there, &there_len) < 0 ||
	    ip_addr_from_sockaddr((struct sockaddr *)&here, &local, NULL) != 0 ||
	    ip_addr_from_sockaddr((struct sockaddr *)&there, &remote, NULL) != 0)
		return NULL;
	for (uint32_t i = 0; i < ps->count; i++) {
		struct bench_peer *p = ps->list[i];

		if (ip_addr_eq(&p->remote, &remote) &&
		    (p->local.family == FAMILY_NONE || ip_addr_eq(&p->local, &local)))
			return p;
	}
	return NULL;
}

static void
accept_all(struct bench_peers *ps, int listener)
{
	int fd;

	while ((fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
		struct bench_peer *p = peer_of(ps, fd);

		/* A second connection of the same peer: the first one is kept. */
		if (p == NULL || p->state != BENCH_PEER_OFF) {
			close(fd);
			continue;
		}
		bench_session_accept(&p->session, fd, &p->self);
		state_set(ps, p, BENCH_PEER_UNDERWAY);
		interest_update(ps, p);
	}
}

void
bench_peer_kick(struct bench_peers *ps, struct bench_peer *p)
{
	if (p->queue == NULL || !bench_peer_is_idle(p))
		return;
	bench_session_send(&p->session, p->queue->data, p->queue->len);
	p->queue = NULL;
	/* The first write is made here, so that the clock starts with it. */
	bench_session_writable(&p->session, time_mono_ns());
	interest_update(ps, p);
}

bool
bench_peer_is_idle(const struct bench_peer *p)
{
	return p->state == BENCH_PEER_UP && p->session.out_done == p->session.out_len;
}

static void
peer_serve(struct bench_peers *ps, struct bench_peer *p, uint32_t events)
{
	struct bench_session *s = &p->session;

	if (s->connecting) {
		if (bench_session_connected(s, &p->self) != 0) {
			peer_failed(ps, p);
			return;
		}
		events = EPOLLOUT;
	}
	if (events & (EPOLLIN | EPOLLHUP | EPOLLERR))
		bench_session_readable(s);
	if (events & EPOLLOUT && s->error[0] == '\0')
		bench_session_writable(s, time_mono_ns());
	if (s->error[0] != '\0') {
		peer_failed(ps, p);
		return;
	}
	if (s->established && p->state == BENCH_PEER_UNDERWAY) {
		state_set(ps, p, BENCH_PEER_UP);
		if (ps->on_up)
			ps->on_up(ps->ctx, p);
	}
	bench_peer_kick(ps, p);
	interest_update(ps, p);
}

static void
tick_all(struct bench_peers *ps)
{
	uint64_t now_ns = time_mono_ns();

	if (now_ns - ps->ticked_ns < TICK_NS)
		return;
	ps->ticked_ns = now_ns;
	for (uint32_t i = 0; i < ps->count; i++) {
		if (ps->list[i]->state != BENCH_PEER_UP)
			continue;
		bench_session_tick(&ps->list[i]->session, now_ns);
		interest_update(ps, ps->list[i]);
	}
}

static void
event_serve(struct bench_peers *ps, const struct epoll_event *e)
{
	if (e->data.ptr == &ps->input)
		ps->input_ready = true;
	else if (e->data.ptr == &ps->listeners[FAMILY_IPV4] || e->data.ptr == &ps->listeners[FAMILY_IPV6])
		accept_all(ps, *(int *)e->data.ptr);
	else
		peer_serve(ps, e->data.ptr, e->events);
}

int
bench_peers_turn(struct bench_peers *ps, int timeout_ms)
{
	struct epoll_event events[EVENTS];

	if (ps->waiting > 0) {
		dial_due(ps);
		timeout_ms = timeout_ms > 1 ? 1 : timeout_ms;
	}
	int n = epoll_wait(ps->epoll, events, EVENTS, timeout_ms);
	if (n < 0)
		return errno == EINTR ? 0 : -errno;
	for (int i = 0; i < n; i++)
		event_serve(ps, &events[i]);
	tick_all(ps);
	return 0;
}
