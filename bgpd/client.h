/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client: somebody who is connected to a unix socket of ours and asks, line by line.
 *
 * What the sockets of bgpctl and those for BIRD's clients have in common: who may
 * connect (mode and group of the socket, nothing else), how many, and how an answer
 * is given. A client has one request at work at a time. Long answers are produced in
 * portions, in slices of a job, straight into the client's output buffer: while more
 * than CLIENT_OUTPUT_HIGH octets wait there the answer pauses, so a client that stops
 * reading costs one buffer and nobody's time. Reading stops while a request is at
 * work, so that a client can queue no more than one buffer of requests. A client whose request or answer there is no
 * memory for is cut off: half an answer must not look like a whole one.
 *
 * What a request means, and what the text of an answer is, is its user's: ctl.c, birdsock.c.
 */
#ifndef BGPD_CLIENT_H
#define BGPD_CLIENT_H

#include "lib/loop.h"

#include <event2/bufferevent.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/queue.h>
#include <sys/types.h>

/* Octets of an answer that wait: it pauses from here on (one portion may go beyond), and goes on from there. */
#define CLIENT_OUTPUT_HIGH (256u * 1024)
#define CLIENT_OUTPUT_LOW  (64u * 1024)

struct clients; /* a socket and who is connected to it; opaque */

/* Embedded at the beginning of the user's own struct. Its members are client.c's. */
struct client {
	TAILQ_ENTRY(client) entry;
	struct clients *all;
	struct bufferevent *bev;
	struct job job;
	bool walking;              /* step is called until it says that the answer is over */
	bool waits;                /* the walk has nothing to say for now */
	bool endless;              /* the client's end is the walk's only one */
	void (*cancel)(void *ctx); /* NULL: it does not wait for an answer from elsewhere */
	void *cancel_ctx;
	bool lost;       /* there was no memory for something of it */
	bool input_over; /* it sends no more: goes when everything is answered */
};

/* What the user of a socket does; ctx is client_ctx. */
struct client_ops {
	size_t size;  /* of the user's struct, which begins with a struct client; the rest of it is zero */
	unsigned max; /* clients at a time */
	size_t request_max;               /* octets of a request line */
	const char *refusal;              /* said to one that is too many */
	const char *job;                  /* the job's name */
	void (*opened)(struct client *c); /* may be NULL */
	/* A whole line, without its end, which the callback may change. It answers, or begins a walk, or
	 * waits. */
	void (*request)(struct client *c, char *line, size_t len);
	void (*too_long)(struct client *c); /* to be said of a line that is; nothing more is read */
	bool (*step)(struct client *c);     /* a portion of the walk; true: it is over */
	void (*closed)(struct client *c);   /* goes: gives up what the walk has */
};

/* A socket that does not listen yet. ops stay good. */
struct clients *clients_new(struct loop *loop, const struct client_ops *ops, void *ctx);
/* Who may connect. */
struct client_access {
	mode_t mode;
	const char *group; /* NULL: the daemon's */
};
/*
 * Listens at path from now on, and nowhere else; a socket file that nobody listens at any more is replaced,
 * any other file is -EEXIST.
 * If it does so already, access is applied. Clients stay. 0, or -errno, and the socket is as it was.
 */
int clients_listen(struct clients *cs, const char *path, const struct client_access *access);
/* Listens nowhere, until the next clients_listen. Clients stay. */
void clients_unlisten(struct clients *cs);
/* Where it listens, or NULL. */
const char *clients_path(const struct clients *cs);
/* Closes everything, also answers that are not complete, and removes the socket. NULL is fine. */
void clients_free(struct clients *cs);

void *client_ctx(const struct client *c);
/* Adds to the answer. Where there is no memory for that, the client goes soon, and nothing more is added. */
void client_put(struct client *c, const char *text, size_t len);
/* From request, or behind client_resume: the answer is a walk. endless: nobody waits for its end. */
void client_walk(struct client *c, bool endless);
/* From a step: there is nothing to say until client_wake. */
void client_pause(struct client *c);
void client_wake(struct client *c);
/*
 * The answer comes later: client_resume, and the answer right behind it. If the client goes before that,
 * cancel(ctx) is called, and the client is not to be touched any more.
 */
void client_wait(struct client *c, void (*cancel)(void *ctx), void *ctx);
void client_resume(struct client *c);

#endif
