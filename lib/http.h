/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http: a server of a few pages that are made when they are asked for, as metrics and probes are.
 *
 * GET alone, with small requests; who is slow is turned away. A page is made at once and from within the
 * loop, so it may not take long.
 */
#ifndef LIB_HTTP_H
#define LIB_HTTP_H

#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/str.h"

struct event_base;
struct http; /* opaque */

/* Adds the text of the page to out. Returns the HTTP status: 200, or 503 for what is not well. */
typedef int http_page(void *ctx, struct str *out);

struct http_route {
	const char *path, *type; /* "/metrics", "text/plain" */
	http_page *page;
};

/* The routes are kept by reference. NULL with errno. */
struct http *http_listen(struct event_base *base, const struct ip_addr *addr, uint16_t port, const struct http_route *routes,
			 size_t n, void *ctx);
void http_free(struct http *h); /* NULL is fine */

#endif
