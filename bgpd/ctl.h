/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl: the control socket, where bgpctl and others ask the daemon things.
 *
 * A unix stream socket; requests and answers are lines of JSON (bgpctl(8),
 * PROTOCOL). A client has one request at work at a time. Long answers are
 * produced row by row, in slices, straight into the client's output buffer: while
 * more than CTL_OUTPUT_HIGH octets wait there the answer pauses, so a client that
 * stops reading costs one buffer and nobody's time. What commands there are is one
 * table in ctl_command.c; how they answer is ctl_reply.h.
 *
 * Who may connect is decided by the mode and group of the socket alone.
 */
#ifndef BGPD_CTL_H
#define BGPD_CTL_H

struct bgpd;
struct ctl;

#define CTL_PROTOCOL    1
#define CTL_CLIENTS_MAX 64
#define CTL_REQUEST_MAX 65536u        /* octets of a request line */
#define CTL_OUTPUT_HIGH (256u * 1024) /* octets that wait: the answer pauses; one step may go beyond */
#define CTL_OUTPUT_LOW  (64u * 1024)  /* it goes on */

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
