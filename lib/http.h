/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http: a server of a few pages that are made when they are asked for, as metrics and probes are.
 *
 * HTTP/1.1 and 1.0, RFC 9112: GET and HEAD alone, small requests, one after another on a connection. Who is slow is turned
 * away. Of HTTP_CONNECTIONS_MAX connections the one that has been idle for longest makes room for the next, or one that has
 * not taken its answer within two seconds; else a new one is refused. A page that takes long is made in slices of the loop.
 * Such pages may be large, so there are no more than HTTP_PAGES_MAX at a time, from their beginning until they are taken:
 * further requests wait, and then who has not taken one within two seconds is turned away.
 *
 * evhttp of libevent 2.1 does not do this: a connection shows first with its request, so nobody can count those that say
 * nothing, or close one for another; it has no bound of its own (evhttp_set_max_connections is 2.2's) and would take all
 * descriptors that sessions need.
 */
#ifndef LIB_HTTP_H
#define LIB_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/str.h"

#define HTTP_CONNECTIONS_MAX 16
#define HTTP_PAGES_MAX       2

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
