/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl: the control socket, where bgpctl and others ask the daemon things.
 *
 * A unix stream socket; requests and answers are lines of JSON (bgpctl(8),
 * PROTOCOL). How clients are served without costing anybody else's time is client.h;
 * what commands there are is one table in ctl_command.c; how they answer is ctl_reply.h.
 *
 * Who may connect is decided by the mode and group of the socket alone.
 */
#ifndef BGPD_CTL_H
#define BGPD_CTL_H

struct bgpd;
struct ctl;

#define CTL_PROTOCOL    1
#define CTL_CLIENTS_MAX 64
#define CTL_REQUEST_MAX 65536u /* octets of a request line */

/* Listens where the options or the configuration say. NULL: it cannot; logged. */
struct ctl *ctl_new(struct bgpd *d);
/* Closes everything, also answers that are not complete, and removes the socket. NULL is fine. */
void ctl_free(struct ctl *ctl);
/*
 * The control section may have changed: applies path, mode and group. Clients stay. 0, or -errno (logged)
 * and the old socket stays.
 */
int ctl_reconfigure(struct ctl *ctl);

#endif
