/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command: a shell command that runs beside the event loop.
 *
 * What it writes is kept up to a bound; it has no input, a process group of its
 * own and a time limit, after which the whole group is killed. It has ended when
 * its process has, even if something that it left behind holds its output open.
 */
#ifndef CONF_COMMAND_H
#define CONF_COMMAND_H

#include <stdbool.h>

#include "lib/str.h"

#define COMMAND_OUTPUT_MAX 8192 /* octets that are kept, the first ones */

struct event_base;
struct command; /* opaque: one that runs */

struct command_result {
	int status;         /* as of waitpid(2) */
	bool late;          /* killed at its time limit */
	const char *output; /* of both standard output and error, never NULL; gone after the call */
};

typedef void command_done(void *ctx, const struct command_result *r);

/*
 * Starts "sh -c text". done is called from the loop, once, unless the command was cancelled. NULL with errno
 * if it cannot be started.
 */
struct command *command_start(struct event_base *base, const char *text, unsigned limit_ms,
			      command_done *done, void *ctx);
/* Kills it and frees; done is not called. NULL is fine. */
void command_cancel(struct command *c);

/* The exit status, or -1 if it did not exit by itself. */
int command_exit_status(const struct command_result *r);
/* Adds what became of it and its first lines, for a person: "exit status 1: no such file". */
void command_describe(const struct command_result *r, struct str *out);
/* Adds text as one word of a shell. */
void command_quote(const char *text, struct str *out);

#endif
