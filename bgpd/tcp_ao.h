/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tcp_ao: the TCP Authentication Option (RFC 5925) on a socket.
 *
 * Linux has it from 6.7 on where it was built with CONFIG_TCP_AO. The headers of
 * older systems do not know it, so what the kernel expects is written down here:
 * a daemon built there protects its sessions when it runs on a newer kernel.
 *
 * The kernel refuses to have keys of both kinds, MD5 and AO, for one address.
 * Nothing blocks; functions return 0 or -errno, -ENOPROTOOPT where the kernel
 * has no TCP-AO, -ENOENT where it does not know the algorithm.
 */
#ifndef BGPD_TCP_AO_H
#define BGPD_TCP_AO_H

#include "lib/addr.h"

#include <stdbool.h>
#include <stdint.h>

#define TCP_AO_KEY_MAX 80 /* octets of a master key */

enum tcp_ao_algorithm {
	TCP_AO_HMAC_SHA1,   /* 96 bits are sent; RFC 5926 asks for both of these */
	TCP_AO_AES_CMAC,    /* 96 bits */
	TCP_AO_HMAC_SHA256, /* 128 bits */
};

struct tcp_ao_key {
	uint8_t send_id, receive_id;
	uint8_t algorithm; /* enum tcp_ao_algorithm */
	uint8_t len;
	uint8_t key[TCP_AO_KEY_MAX];
};

/* Does this kernel have it? */
bool tcp_ao_known(void);
/*
 * Adds a key for segments of this peer, or of all inside the prefix; first: what we send is signed with it, and the
 * peer is asked for it, until the peer asks for another.
 */
int tcp_ao_add(int fd, const struct ip_addr *peer, unsigned prefix_len, const struct tcp_ao_key *key, bool first);
/* Takes it away from a listening socket; connections that have it go on with it. */
int tcp_ao_del(int fd, const struct ip_addr *peer, unsigned prefix_len, const struct tcp_ao_key *key);
/* Is what this connection carries signed? */
bool tcp_ao_protects(int fd);

#endif
