/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sockopt: what BGP wants of a TCP socket on Linux, one function an option.
 *
 * Callers: session (outgoing), listen (listening and accepted sockets). Nothing
 * here blocks. All functions return 0 or -errno.
 */
#ifndef BGPD_SOCKOPT_H
#define BGPD_SOCKOPT_H

#include "lib/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SOCKOPT_MD5_MAX 80 /* octets of a TCP MD5 key (TCP_MD5SIG_MAXKEYLEN) */
#define SOCKOPT_TTL_MAX 255

/* A TCP socket of the address's family: non-blocking, close-on-exec, TCP_NODELAY, DSCP CS6. The fd or -errno. */
int sockopt_open(enum family f);
/* TCP_NODELAY and DSCP CS6 (RFC 4271 leaves it open; CS6 is network control, RFC 4594 3.2) on an accepted socket. */
int sockopt_prepare(int fd, enum family f);
/*
 * RFC 2385: sets (key_len > 0) or removes (0) the key for segments of this peer. With prefix_len below the
 * family's bits the key is for the whole prefix (dynamic neighbours). -ENOMEM from the kernel means that
 * net.core.optmem_max is used up.
 */
int sockopt_md5(int fd, const struct ip_addr *peer, unsigned prefix_len, const void *key, size_t key_len);
/* RFC 5082: sends with TTL 255 and refuses packets that came over more than hops routers (hops ≥ 1). */
int sockopt_gtsm(int fd, enum family f, unsigned hops);
/* Sends with this TTL, takes any. */
int sockopt_ttl(int fd, enum family f, unsigned ttl);
/* Local address and port for bind; reuse lets several listeners start over a socket in TIME_WAIT. */
int sockopt_bind(int fd, const struct ip_addr *local, uint16_t port);
/* Only by way of this device: of a VRF's, only inside the VRF. */
int sockopt_device(int fd, const char *name);
/* The index of the device that the socket is bound to, as an accepted one may be; 0: none. */
uint32_t sockopt_bound(int fd);
/* Addresses of both ends of a connected socket. */
int sockopt_ends(int fd, struct ip_addr *local, uint16_t *local_port, struct ip_addr *remote, uint16_t *remote_port);
/* SO_ERROR of a connect in progress: 0 when connected, else -errno. */
int sockopt_connect_result(int fd);
/* Octets in the send queue that the peer has not acknowledged (SIOCOUTQ), or -errno. */
int sockopt_unacked(int fd);

#endif
