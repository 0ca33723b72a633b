/* SPDX-License-Identifier: Apache-2.0 */
/*
 * birdsock: sockets for programs that ask BIRD: birdc, calicoctl, the probes of calico-node.
 *
 * BIRD 1.6 is two daemons, each with a family and a socket of its own, and so there are two sockets here: one
 * shows neighbours with IPv4 addresses and IPv4 routes, the other the same of IPv6. Requests are lines of
 * text; how they are answered is bird_reply.h, which commands there are is one table in bird_command.c.
 */
#ifndef BGPD_BIRDSOCK_H
#define BGPD_BIRDSOCK_H

struct bgpd;
struct birdsocks;

#define BIRDSOCK_CLIENTS_MAX 64    /* of a socket */
#define BIRDSOCK_REQUEST_MAX 4096u /* octets of a command */
/* What clients are told that they speak to; they look for the word that begins with v. */
extern const char birdsock_name[]; /* "BIRD v…" */

struct birdsocks *birdsocks_new(struct bgpd *d);
/* Listens where the configuration says, and nowhere else; clients of a socket that has moved stay. What fails
 * is logged. */
void birdsocks_apply(struct birdsocks *b);
/* NULL is fine. */
void birdsocks_free(struct birdsocks *b);

#endif
