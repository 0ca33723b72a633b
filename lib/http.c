/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http: see http.h.
 */
#include "lib/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/event.h>
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define HEADERS_MAX 8192 /* octets */
#define BODY_MAX    4096
#define PATIENCE_S  10

struct http {
	struct evhttp *server;
	const struct http_route *routes;
	size_t n;
	void *ctx;
};

static const struct http_route *
route_of(const struct http *h, struct evhttp_request *req)
{
	const char *path = evhttp_uri_get_path(evhttp_request_get_evhttp_uri(req));

	for (size_t i = 0; path != NULL && i < h->n; i++)
		if (strcmp(h->routes[i].path, path) == 0)
			return &h->routes[i];
	return NULL;
}

static void
on_request(struct evhttp_request *req, void *ctx)
{
	const struct http *h = ctx;
	const struct http_route *route = route_of(h, req);
	struct evbuffer *body = evbuffer_new();
	struct str text = {0};
	int status;

	ASSERT(body != NULL);
	if (route == NULL) {
		evhttp_send_error(req, HTTP_NOTFOUND, NULL);
	} else {
		status = route->page(h->ctx, &text);
		evhttp_add_header(evhttp_request_get_output_headers(req), "Content-Type", route->type);
		evbuffer_add(body, str_get(&text), text.len);
		evhttp_send_reply(req, status, status == HTTP_OK ? "OK" : "Service Unavailable", body);
	}
	evbuffer_free(body);
	str_free(&text);
}

struct http *
http_listen(struct event_base *base, const struct ip_addr *addr, uint16_t port, const struct http_route *routes, size_t n,
	    void *ctx)
{
	struct http *h = xcalloc(1, sizeof(*h));
	char text[IP_ADDR_STRLEN];

	*h = (struct http){.server = evhttp_new(base), .routes = routes, .n = n, .ctx = ctx};
	ASSERT(h->server != NULL);
	evhttp_set_allowed_methods(h->server, EVHTTP_REQ_GET);
	evhttp_set_max_headers_size(h->server, HEADERS_MAX);
	evhttp_set_max_body_size(h->server, BODY_MAX);
	evhttp_set_timeout(h->server, PATIENCE_S);
	evhttp_set_gencb(h->server, on_request, h);
	if (evhttp_bind_socket(h->server, ip_addr_str(addr, text, sizeof(text)), port) == 0)
		return h;
	int error = errno;
	http_free(h);
	errno = error;
	return NULL;
}

void
http_free(struct http *h)
{
	if (h == NULL)
		return;
	evhttp_free(h->server);
	free(h);
}
