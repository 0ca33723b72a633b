/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_peers: many benchmark sessions in one process, around one epoll loop.
 *
 * Each peer has an address of its own (several source addresses on one link), dials
 * or waits for the daemon to dial, and begins to send when it is up. Dials that are
 * refused are repeated every few milliseconds, as the daemon may still be starting.
 */
#ifndef TOOLS_BENCH_PEERS_H
#define TOOLS_BENCH_PEERS_H

#include "tools/bench_encode.h"
#include "tools/bench_session.h"

enum bench_peer_state {
	BENCH_PEER_OFF,      /* waits for the daemon to dial, if anything */
	BENCH_PEER_WAITING,  /* will dial */
	BENCH_PEER_UNDERWAY, /* a connection, no session yet */
	BENCH_PEER_UP,
	BENCH_PEER_DOWN, /* was up; session.error says why it is not */
};

struct bench_peer {
	struct bench_session session;
	struct bench_self self;
	struct ip_addr local, remote; /* without a local one it may be dialled at any address */
	enum bench_peer_state state;
	bool dials;
	bool paused; /* is not read */
	uint64_t retry_ns;
	uint32_t redials;
	uint32_t events; /* what epoll watches */
	/* Lent; sent as soon as the session is up and idle. NULL: nothing to send. */
	const struct bench_stream *queue;
};

struct bench_peers {
	struct bench_peer **list;
	uint32_t count, cap;
	uint32_t waiting, underway, up;
	uint32_t limit; /* connections under way at once; 0: any number */
	uint16_t port;
	int epoll;
	int listeners[FAMILY_COUNT]; /* -1: none */
	int input;                   /* a descriptor whose readability sets input_ready; -1: none */
	bool input_ready;
	uint64_t ticked_ns;
	/* May be NULL. Called when a session comes up. */
	void (*on_up)(void *ctx, struct bench_peer *p);
	void *ctx;
};

/* 0 or -errno. */
int bench_peers_init(struct bench_peers *ps, uint16_t port);
void bench_peers_fini(struct bench_peers *ps);
/* The peer lives until bench_peers_fini(). */
struct bench_peer *bench_peers_add(struct bench_peers *ps, const struct ip_addr *local,
				   const struct ip_addr *remote, const struct bench_self *self);
/* Takes connections to any local address of that family; whose it is, the two addresses tell. 0 or -errno. */
int bench_peers_listen(struct bench_peers *ps, enum family family);
int bench_peers_watch(struct bench_peers *ps, int fd);
void bench_peer_dial(struct bench_peers *ps, struct bench_peer *p);
/* Begins to send what was queued, if the session is up and idle. */
void bench_peer_kick(struct bench_peers *ps, struct bench_peer *p);
/* Closes the connection (no NOTIFICATION: the daemon sees the end of TCP). */
void bench_peer_close(struct bench_peers *ps, struct bench_peer *p);
void bench_peer_pause(struct bench_peers *ps, struct bench_peer *p, bool paused);
bool bench_peer_is_idle(const struct bench_peer *p); /* up, and everything is written */
/* Waits at most so long for something to happen, and does it. 0 or -errno. */
int bench_peers_turn(struct bench_peers *ps, int timeout_ms);

#endif
