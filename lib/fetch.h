/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch: an HTTP client on the event loop: requests whose answer is wanted as a whole, and such that go on
 * for hours.
 *
 * Stands on libcurl. Nothing blocks, also no name that is looked up (libcurl has a thread for that).
 * Connections are kept and shared; where the server speaks HTTP/2 over TLS, all requests share one. After a
 * request that ran into a limit of time the connections that are there are not used for others: one that is
 * dead would be dead for them, too.
 *
 * A server's certificate and its name are always checked. Redirections are not followed and no proxy is
 * asked. No error text has anything of headers, bodies or users in it.
 *
 * All callbacks come from the loop, none from within a call of these functions, and may call any of them.
 */
#ifndef LIB_FETCH_H
#define LIB_FETCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct fetcher; /* opaque: connections, and what they have in common */
struct fetch;   /* opaque: one request */

/* A text in PEM, by the path of its file or as it is; both NULL: none. Of a file each new connection reads it
 * again. */
struct fetch_pem {
	const char *path, *text;
};

/* Certificates of those whom to trust (none: the system's), and ours with its key, if the server wants to see
 * one. */
struct fetch_tls {
	struct fetch_pem ca, cert, key;
};

enum fetch_outcome {
	FETCH_ANSWERED,    /* with any status */
	FETCH_UNREACHABLE, /* no name, no route, nobody listens, or no answer to that in time */
	FETCH_UNTRUSTED,   /* what they or we have to show for TLS is not good */
	FETCH_LATE,        /* over a limit of time */
	FETCH_BROKEN,      /* it ended in between, or is no HTTP */
	FETCH_TOO_LARGE,
};

struct fetch_result {
	enum fetch_outcome outcome;
	unsigned status;   /* 0: none came */
	const char *error; /* for a person; NULL with FETCH_ANSWERED */
	const char *body;  /* with a NUL behind; of a stream only with another status than 2xx */
	size_t len;
	unsigned retry_after_s; /* as the server asks for; 0: it does not */
};

/* Once, at the end. The request is gone then; the result is until it returns. */
typedef void fetch_done_fn(void *ctx, const struct fetch_result *result);
/* A piece of the body of an answer with 2xx, of any size but 0. */
typedef void fetch_piece_fn(void *ctx, const char *data, size_t len);

struct fetch_request {
	const char *method;              /* NULL: GET, or POST with a body */
	const char *url;                 /* http or https */
	const char *const *headers;      /* "Name: value", NULL at the end; may be NULL */
	const char *authorization;       /* value of that header, as in "Bearer x"; NULL: none */
	const char *username, *password; /* for Basic; NULL: none */
	const char *body;                /* NULL: none */
	size_t len;
	/* Limits; 0: none. */
	unsigned connect_ms;   /* of the way there */
	unsigned limit_ms;     /* of the whole */
	unsigned idle_ms;      /* without any octet of the answer */
	size_t body_max;       /* octets of a body that is wanted as a whole; 0: 1 MiB */
	fetch_piece_fn *piece; /* NULL: the body is wanted as a whole */
	fetch_done_fn *done;
	void *ctx;
};

/* Copies tls. */
struct fetcher *fetcher_new(struct event_base *base, const struct fetch_tls *tls);
/* Gives up what is under way; no callback follows. NULL is fine. */
void fetcher_free(struct fetcher *f);

/* Copies what it needs. What is wrong with a request comes as its result. */
struct fetch *fetch_start(struct fetcher *f, const struct fetch_request *request);
/* No callback follows. */
void fetch_cancel(struct fetch *r);

#endif
