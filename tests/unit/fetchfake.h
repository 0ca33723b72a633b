/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetchfake: lib/fetch.h without a network: the test sees each request and says how it goes.
 *
 * The functions of lib/fetch.c are defined here, so that the library's are not linked.
 */
#ifndef TESTS_UNIT_FETCHFAKE_H
#define TESTS_UNIT_FETCHFAKE_H

#include <event2/event.h>
#include <string.h>
#include <sys/queue.h>

#include "lib/fetch.h"
#include "lib/mem.h"
#include "tests/unit/suite.h"

struct fetch {
	TAILQ_ENTRY(fetch) entry;
	struct fetch_request q;
	unsigned number; /* a later one may be at the same address */
	char *url, *authorization, *body;
};
static TAILQ_HEAD(, fetch) fetches = TAILQ_HEAD_INITIALIZER(fetches);
static unsigned fetches_made;

struct fetcher {
	char unused;
};

struct fetcher *
fetcher_new(struct event_base *base, const struct fetch_tls *tls)
{
	(void)base;
	(void)tls;
	return xcalloc(1, sizeof(struct fetcher));
}

static inline void
fetch_free(struct fetch *r)
{
	TAILQ_REMOVE(&fetches, r, entry);
	free(r->url);
	free(r->authorization);
	free(r->body);
	free(r);
}

void
fetcher_free(struct fetcher *f)
{
	struct fetch *r;

	while (f != NULL && (r = TAILQ_FIRST(&fetches)) != NULL)
		fetch_free(r);
	free(f);
}

struct fetch *
fetch_start(struct fetcher *f, const struct fetch_request *q)
{
	struct fetch *r = xcalloc(1, sizeof(*r));

	(void)f;
	r->q = *q;
	r->url = xstrdup(q->url);
	r->authorization = xstrdup(q->authorization);
	r->body = xstrdup(q->body);
	TAILQ_INSERT_TAIL(&fetches, r, entry);
	r->number = ++fetches_made;
	return r;
}

void
fetch_cancel(struct fetch *r)
{
	fetch_free(r);
}

/* The loop until there is a request whose URL has the text. */
static inline struct fetch *
asked(struct event_base *base, const char *text)
{
	struct fetch *r;

	for (;;) {
		TAILQ_FOREACH(r, &fetches, entry)
		if (strstr(r->url, text) != NULL)
			return r;
		ck_assert_msg(event_base_loop(base, EVLOOP_ONCE) == 0, "nobody asks for %s", text);
	}
}

static inline bool
is_asked(const char *text)
{
	const struct fetch *r;

	TAILQ_FOREACH(r, &fetches, entry)
	if (strstr(r->url, text) != NULL)
		return true;
	return false;
}

/* A piece of a stream. False: the request was given up for it. */
static inline bool
say(struct fetch *r, const char *text)
{
	struct fetch *still;
	unsigned number = r->number;

	r->q.piece(r->q.ctx, text, strlen(text));
	TAILQ_FOREACH(still, &fetches, entry)
	if (still->number == number)
		return true;
	return false;
}

static inline void
end_by(struct fetch *r, struct fetch_result result)
{
	struct fetch_request q = r->q;

	fetch_free(r);
	q.done(q.ctx, &result);
}

/* The end of an answer with success. */
static inline void
end(struct fetch *r)
{
	end_by(r, (struct fetch_result){.status = 200, .body = ""});
}

/* One in all, as a stream or as a whole. */
static inline void
answer(struct fetch *r, const char *text)
{
	if (r->q.piece == NULL)
		end_by(r, (struct fetch_result){.status = 200, .body = text, .len = strlen(text)});
	else if (say(r, text))
		end(r);
}

static inline void
refuse(struct fetch *r, unsigned status)
{
	end_by(r, (struct fetch_result){.status = status, .body = "{\"message\": \"made up\"}", .len = 22});
}

static inline void
lose(struct fetch *r, enum fetch_outcome outcome)
{
	end_by(r, (struct fetch_result){.outcome = outcome, .error = "lost", .body = ""});
}

#endif
