/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status: the socket on which bgpconfd says how it is: one JSON object to whoever connects, and no questions.
 */
#ifndef CONF_STATUS_H
#define CONF_STATUS_H

#include <jansson.h>

struct event_base;
struct status; /* opaque */

/* A new reference to what is to be said. */
typedef json_t *status_fn(void *ctx);

/* NULL with errno: EADDRINUSE if somebody answers there already. A socket that nobody serves is replaced. */
struct status *status_listen(struct event_base *base, const char *path, status_fn *fn, void *ctx);
void status_free(struct status *s); /* the socket too; NULL is fine */

/* Asks the one that runs, and writes its answer to stdout. 0 or -errno; blocks. */
int status_ask(const char *path);

#endif
