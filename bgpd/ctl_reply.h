/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_reply: how a command answers its client.
 *
 * A handler gets the arguments of a request and calls exactly one of ctl_fail,
 * ctl_done, ctl_stream and ctl_wait before it returns. The answer is a first line
 * with the members of head, then rows, then the end; ctl_stream leaves the rows
 * to a walk that is run in slices and may outlive many other events, so it holds no
 * pointer to anything that may go meanwhile (peers, paths, configuration).
 */
#ifndef BGPD_CTL_REPLY_H
#define BGPD_CTL_REPLY_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct bgpd;
struct ctl_client;

/* Rows of an answer in portions. */
struct ctl_walk {
	const char *rows; /* the list's name in the document: "rib" */
	/*
	 * Emits rows with ctl_row, or looks at about CTL_STEP things in vain. True: that was all; the
	 * answer can also be broken off with ctl_break.
	 */
	bool (*step)(struct ctl_client *c, void *state);
	void (*free)(void *state);
	void *state;
	bool endless; /* rows come as things happen, and the client's end is the only one */
};
#define CTL_STEP 64u

/* Words of the member code of a refusal. */
#define CTL_ERR_REQUEST   "request" /* no such command, or arguments that make no sense */
#define CTL_ERR_NOT_FOUND "not-found"
#define CTL_ERR_AMBIGUOUS "ambiguous"
#define CTL_ERR_INVALID   "invalid" /* a configuration with errors */
#define CTL_ERR_STATE     "state"   /* not now */
#define CTL_ERR_BUSY      "busy"    /* too many clients */

/* The instance that the request is about (instance.h), the main one unless it says another. */
struct bgpd *ctl_client_daemon(const struct ctl_client *c);
/* It is about this one. An answer with rows is broken off when that goes. */
void ctl_client_turn(struct ctl_client *c, const struct bgpd *d);

/* Refuses; the text is for people and may have several lines. */
__attribute__((format(printf, 3, 4))) void ctl_fail(struct ctl_client *c, const char *code, const char *fmt,
						    ...);
/* A complete answer without rows; takes head, which may be NULL. */
void ctl_done(struct ctl_client *c, json_t *head);
/* Begins an answer with rows; takes head (may be NULL) and the walk's state. */
void ctl_stream(struct ctl_client *c, json_t *head, const struct ctl_walk *walk);
/*
 * The answer comes later: ctl_resume, and one of ctl_fail, ctl_done and ctl_stream right behind it. If the client goes
 * before that, cancel(ctx) is called, and the client is not to be touched any more.
 */
void ctl_wait(struct ctl_client *c, void (*cancel)(void *ctx), void *ctx);
void ctl_resume(struct ctl_client *c);
/* From a step: one row; takes it. */
void ctl_row(struct ctl_client *c, json_t *row);
/* From a step of an endless answer, which has nothing to say until ctl_walk_wake. */
void ctl_walk_wait(struct ctl_client *c);
void ctl_walk_wake(struct ctl_client *c);
/* From a step, which then returns true: the answer ends here, incomplete, with this text. */
void ctl_break(struct ctl_client *c, const char *why);

/* ctl_command.c: looks a request up and runs it, or refuses. */
void ctl_command_run(struct ctl_client *c, const json_t *request);

#endif
