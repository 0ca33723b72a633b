/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keys: which TCP keys the configuration asks for.
 *
 * Turns passwords (TCP MD5, RFC 2385) and keys of TCP-AO (RFC 5925) of neighbours
 * into what sockets take. A neighbour that is to have a key is spoken to with it
 * or not at all: whoever makes or takes a connection asks here first.
 */
#ifndef BGPD_KEYS_H
#define BGPD_KEYS_H

#include "bgpd/listen.h"
#include "bgpd/tcp_ao.h"
#include "conf/conf.h"

struct bgpd;

/* The AO keys of a neighbour, in order; returns how many. */
unsigned keys_ao_get(const struct conf_neighbor *nb, struct tcp_ao_key out[CONF_AO_KEYS_MAX]);
/* The keys for the listeners (freezero of *n elements); without those of TCP-AO where the kernel has none. */
struct listen_key *keys_wanted(const struct bgpd *d, size_t *n);
/* May this neighbour be spoken to at all? Why not, and what to do, or NULL: it may. */
const char *keys_missing(const struct conf_neighbor *nb);
/*
 * Has this accepted connection the protection that the neighbour should have? at: the listeners, of which one of this
 * device had it, or NULL if they had no key for it when it came.
 */
bool keys_protect(const struct conf_neighbor *nb, int fd, const struct listen *at, uint32_t device,
    const struct ip_addr *remote);
/* Says in one line that the listeners have no room for the keys of some neighbours, whose, and what bounds it; or that they have. */
void keys_shortage(const struct bgpd *d, const struct listen_shortage *s);

#endif
