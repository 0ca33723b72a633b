/* SPDX-License-Identifier: Apache-2.0 */
/*
 * listen: the sockets on which neighbours reach us.
 *
 * Owns the listening sockets and the TCP keys on them (MD5 and AO), and hands every
 * accepted connection to one callback. It does not know neighbours: whether a
 * stranger is turned away is the callback's business. A reload gives the whole
 * wanted list again (listen_set); what stays is not touched.
 *
 * Each VRF has listeners of its own, which are bound to its device, and their own keys: a
 * key is on the listeners of its VRF alone, so the kernel needs not be told the device.
 *
 * The kernel drops segments without the right signature before the handshake, so
 * the keys must be on the listener, not only on the connection.
 *
 * Without descriptors accept() fails while the socket stays readable: it is asked
 * again after a pause.
 *
 * A socket has room for so many keys (net.core.optmem_max; Linux has 150 MD5 keys
 * in 20 KB, the default before 6.7, and 963 in the 128 KB of today). Those beyond
 * are no reason to do without the others: they are told at once, all together, and
 * tried again every ten seconds.
 */
#ifndef BGPD_LISTEN_H
#define BGPD_LISTEN_H

#include "lib/addr.h"
#include "lib/loop.h"

#include <sys/queue.h>

#define LISTEN_BACKLOG 4096 /* capped by net.core.somaxconn: a mesh may dial all at once after a restart */
#define LISTEN_ACCEPTS 64   /* connections taken in one turn of the loop */

struct listen_addr {
	struct ip_addr addr;
	uint16_t port;
	uint32_t device;  /* the index of a VRF's device, to listen there; 0: in none */
	char name[16];    /* its name */
};

struct listen_key {
	struct ip_addr peer;
	uint32_t device; /* of the listeners that it is for */
	uint8_t prefix_len;
	uint8_t len;
	uint8_t key[80];
	bool ao; /* of TCP-AO, else of TCP MD5, which has no identifiers */
	uint8_t send_id, receive_id, algorithm; /* struct tcp_ao_key */
	bool refused; /* by the kernel: set again with the next list. The caller leaves it false */
	bool no_room; /* refused since a listener has no room for it */
};

struct listen_shortage {
	struct ip_prefix first;  /* whose key has no room, the first by address */
	unsigned without, with;  /* keys of its family that a listener has no room for, and those that it has */
	unsigned without_in_all; /* of both families; 0: there is room for all again */
};
typedef void (*listen_shortage_fn)(void *ctx, const struct listen_shortage *s);

/* fd is prepared (sockopt_prepare) and the callback's from here on. device: the listener's. */
typedef void (*listen_accept_fn)(void *ctx, int fd, uint32_t device, const struct ip_addr *local, uint16_t local_port,
    const struct ip_addr *remote, uint16_t remote_port);

struct listener;
LIST_HEAD(listener_list, listener);

struct listen {
	struct loop *loop;
	listen_accept_fn accept;
	listen_shortage_fn shortage;
	void *ctx;
	struct listener_list all;
	struct listen_key *keys; /* by peer, prefix length, kind and identifiers, each once */
	size_t nkeys;
	unsigned failures; /* of accept() since it last succeeded */
	uint32_t warned_s; /* when they were told */
	struct event *keys_retry;
	unsigned told_without; /* what the callback was told last: keys without room */
};

/* shortage is called when there is room for more or fewer of the keys than before. */
void listen_init(struct listen *l, struct loop *loop, listen_accept_fn accept, listen_shortage_fn shortage, void *ctx);
void listen_fini(struct listen *l);
/*
 * Opens what is new in the list and closes what is no longer in it. Every address that cannot be bound is logged
 * with what to do; returns the number of those.
 */
unsigned listen_set(struct listen *l, const struct listen_addr *want, size_t n);
/*
 * The whole set of keys, in any order; what is new, changed or no longer in it is told to the listeners of the key's
 * device and family. Returns how many the kernel refused (logged, or told as a shortage).
 */
unsigned listen_keys_set(struct listen *l, const struct listen_key *keys, size_t n);
/* Do the listeners of the device ask a key of this address? False also where the kernel has refused the one for it. */
bool listen_asks_key(const struct listen *l, uint32_t device, const struct ip_addr *peer);

#endif
