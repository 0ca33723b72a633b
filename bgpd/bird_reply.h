/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_reply: how a command on one of the sockets for BIRD's clients is answered.
 *
 * A reply is lines of a four-digit code and text; the last line has a blank behind
 * its code, the others a hyphen, and one with the code of the line before it has a
 * blank alone in the place of all that. A handler writes lines, and last bird_end or
 * bird_ok; or leaves the lines to a walk, which is run in slices and may outlive many other
 * events, so that it holds no pointer to anything that may go meanwhile (peers,
 * paths, configuration); or waits for an answer from elsewhere.
 */
#ifndef BGPD_BIRD_REPLY_H
#define BGPD_BIRD_REPLY_H

#include "lib/addr.h"
#include "lib/str.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct bgpd;
struct bird_client;

/* What BIRD's clients know a kind of line by. */
enum bird_code {
	BIRD_OK = 0,
	BIRD_WELCOME = 1,
	BIRD_READING = 2,
	BIRD_RECONFIGURED = 3,
	BIRD_SHUTDOWN = 7,
	BIRD_ALREADY_DISABLED = 8,
	BIRD_DISABLED = 9,
	BIRD_ALREADY_ENABLED = 10,
	BIRD_ENABLED = 11,
	BIRD_RESTARTED = 12,
	BIRD_STATUS = 13,
	BIRD_ROUTE_COUNT = 14,
	BIRD_RELOADING = 15,
	BIRD_RESTRICTED = 16,
	BIRD_CONFIRMED = 18,
	BIRD_NOTHING_TO_DO = 19,
	BIRD_CONFIG_OK = 20,
	BIRD_UNDO_REQUESTED = 21,
	BIRD_UNDO_SCHEDULED = 22,
	BIRD_RECOVERY = 24,
	BIRD_VERSION = 1000,
	BIRD_INTERFACE = 1001,
	BIRD_PROTOCOL = 1002,
	BIRD_INTERFACE_ADDRESS = 1003,
	BIRD_INTERFACE_FLAGS = 1004,
	BIRD_INTERFACE_SUMMARY = 1005,
	BIRD_PROTOCOL_DETAILS = 1006,
	BIRD_ROUTE = 1007,
	BIRD_ROUTE_DETAILS = 1008,
	BIRD_SYMBOLS = 1010,
	BIRD_UPTIME = 1011,
	BIRD_ROUTE_ATTRIBUTES = 1012,
	BIRD_MEMORY = 1018,
	BIRD_PROTOCOL_HEADING = 2002,
	BIRD_INTERFACE_HEADING = 2005,
	BIRD_ERR_NO_NETWORK = 8001,
	BIRD_ERR_CONFIG = 8002,
	BIRD_ERR_NO_PROTOCOL = 8003,
	BIRD_ERR_STOPPED = 8004,
	BIRD_ERR_RELOAD = 8006,
	BIRD_ERR_DENIED = 8007,
	BIRD_ERR_TOO_LONG = 9000,
	BIRD_ERR_SYNTAX = 9001,
	BIRD_ERR_SYMBOL = 9002,
};

/* The daemon, and the world that the socket shows: neighbours with addresses of this family, and routes of
 * it. */
struct bgpd *bird_daemon(const struct bird_client *c);
enum family bird_family(const struct bird_client *c);

/* A line behind which others follow; the one that ends the reply; BIRD_OK without text as that. */
__attribute__((format(printf, 3, 4))) void bird_line(struct bird_client *c, enum bird_code code,
						     const char *fmt, ...);
__attribute__((format(printf, 3, 4))) void bird_end(struct bird_client *c, enum bird_code code,
						    const char *fmt, ...);
void bird_ok(struct bird_client *c);
/* The command makes no sense; what is the word that does not, or NULL: there is one too few. */
void bird_syntax(struct bird_client *c, const char *what);

/* Lines in portions. */
struct bird_walk {
	/* Writes lines, or looks at about BIRD_STEP things in vain. True: that was all, and bird_end was
	 * called. */
	bool (*step)(struct bird_client *c, void *state);
	void (*free)(void *state);
	void *state;
};
#define BIRD_STEP 64u
/* Takes the walk's state. */
void bird_walk(struct bird_client *c, const struct bird_walk *walk);
/* As client_wait and client_resume: lines and bird_end follow. */
void bird_wait(struct bird_client *c, void (*cancel)(void *ctx), void *ctx);
void bird_resume(struct bird_client *c);
/* From now on this client may only look. */
void bird_restrict(struct bird_client *c);
bool bird_restricted(const struct bird_client *c);

/*
 * Adds a line to out. *before is the code of the line before it in the same reply, -1 for none, and becomes
 * that of this one. Control characters of the text other than tabs, which would be read as another line,
 * become question marks.
 */
void bird_frame(struct str *out, int *before, enum bird_code code, bool last, const char *text);

#endif
