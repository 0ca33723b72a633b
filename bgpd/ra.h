/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ra: router advertisements and solicitations (RFC 4861 4.1, 4.2), just enough to tell two routers of each other.
 *
 * Owns one raw ICMPv6 socket. What we send has router lifetime 0: nobody takes us for a
 * default router because of it. What comes is judged as RFC 4861 6.1 says, and reported
 * with the sender's link-local address; what else it says is of no interest here. Needs
 * CAP_NET_RAW. When to send is the caller's matter (onlink.c).
 */
#ifndef BGPD_RA_H
#define BGPD_RA_H

#include "lib/addr.h"
#include "lib/loop.h"

#include <stddef.h>

enum ra_kind { RA_NONE, RA_ADVERT, RA_SOLICIT };

struct ra;
/* from: link-local, with the interface as its scope. */
typedef void (*ra_fn)(void *ctx, enum ra_kind kind, const struct ip_addr *from);

/* NULL: *err is -errno. */
struct ra *ra_open(struct loop *loop, ra_fn fn, void *ctx, int *err);
void ra_close(struct ra *r); /* NULL is fine */
/* Hear solicitations on this interface, which go to all routers. 0 or -errno. */
int ra_join(struct ra *r, uint32_t ifindex);
/* An advertisement or a solicitation to everybody on this interface. 0 or -errno (no link-local address there yet). */
int ra_send(struct ra *r, enum ra_kind kind, uint32_t ifindex);

#define RA_MAX 16
/* The message without its checksum, which the kernel fills in; returns its length. */
size_t ra_encode(enum ra_kind kind, uint8_t out[RA_MAX]);
/* What a message is, RA_NONE if RFC 4861 6.1.1 or 6.1.2 says to drop it. */
enum ra_kind ra_decode(const uint8_t *msg, size_t len, int hop_limit, const struct ip_addr *from);

#endif
