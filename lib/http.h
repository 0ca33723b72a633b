/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http: a server of a few pages that are made when they are asked for, as metrics and probes are.
 *
 * HTTP/1.1 and 1.0, RFC 9112: GET and HEAD alone, small requests, one after another on a connection. Who is slow is turned
 * away. Of HTTP_CONNECTIONS_MAX connections the one that has been idle for longest makes room for the next, or one that has
 * not taken its answer within two seconds; else a new one is refused. A page that takes long is made in slices of the loop.
 */
#ifndef LIB_HTTP_H
#define LIB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/str.h"

#define HTTP_CONNECTIONS_MAX 16

struct event_base;
struct loop;
struct http; /* opaque */

struct http_route {
	/*
	 * "/metrics", "text/plain". Of several with the same path it is the first whose type the request names in its Accept
	 * (with its version, if the type has one), else the last.
	 */
	const char *path, *type;
	/* Adds the text of the page to out, at once. The HTTP status: 200, or 503 for what is not well. */
	int (*page)(void *ctx, struct str *out);
	/* Or (page NULL): begin gives a state, step adds to out until deadline_ns, true: that was all; end frees the state. */
	void *(*begin)(void *ctx);
	bool (*step)(void *state, struct str *out, uint64_t deadline_ns);
	void (*end)(void *state);
};

/* A page for probes: that there is an answer is the answer. */
int http_alive_page(void *ctx, struct str *out);

/*
 * The routes are kept by reference. loop: that of base, whose turns are measured and which has the slices; NULL: there is
 * only base, and every page is made at once. NULL with errno.
 */
struct http *http_listen(struct event_base *base, struct loop *loop, const struct ip_addr *addr, uint16_t port,
			 const struct http_route *routes, size_t n, void *ctx);
void http_free(struct http *h); /* with its connections; NULL is fine */

#endif
