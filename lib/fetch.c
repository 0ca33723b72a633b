/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch: see fetch.h.
 *
 * libcurl says which sockets and which moment to wait for and is told of them; what it brings is kept until
 * that call has returned, and handed over then. So callbacks may do what libcurl forbids from within its own.
 *
 * Connections belong to a pool. A pool in which a request was late gets no others and goes with its last
 * request.
 */
#include "lib/fetch.h"

#include <curl/curl.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>

#include "lib/loop.h"
#include "lib/mem.h"
#include "lib/str.h"

#define BODY_MAX        (1u << 20)
#define REFUSAL_MAX     65536u /* octets that are kept of the body of a stream that was refused */
#define KEEPALIVE_S     30L
#define KEEPALIVE_GAP_S 10L

struct pool {
	LIST_ENTRY(pool) entry;
	struct fetcher *fetcher;
	CURLM *multi;
	struct event *timer;
	unsigned fetches;
};

struct fetcher {
	struct event_base *base;
	struct fetch_tls tls;
	LIST_HEAD(, pool) pools;
	struct pool *pool; /* for new requests; NULL: none yet */
	TAILQ_HEAD(fetch_list, fetch) fetches;
	bool *gone; /* of the hand_over that is on the stack */
};

struct fetch {
	TAILQ_ENTRY(fetch) entry;
	struct fetcher *fetcher;
	struct pool *pool;
	CURL *easy;
	struct curl_slist *headers;
	struct event *idle;
	unsigned idle_ms;
	bool heard; /* since the timer was set */
	bool ended; /* result is known */
	bool late, too_large;
	CURLcode code; /* when ended */
	struct str in; /* what came and was not handed over */
	size_t body_max;
	fetch_piece_fn *piece;
	fetch_done_fn *done;
	void *ctx;
	char error[CURL_ERROR_SIZE];
};

/* ---- what libcurl waits for ---- */

static void hand_over(struct fetcher *f);

static void
drive(struct pool *p, curl_socket_t fd, int what)
{
	int running;

	curl_multi_socket_action(p->multi, fd, what, &running);
	hand_over(p->fetcher);
}

static void
on_socket(evutil_socket_t fd, short what, void *ctx)
{
	drive(ctx, fd,
	      ((what & EV_READ) != 0 ? CURL_CSELECT_IN : 0) |
		  ((what & EV_WRITE) != 0 ? CURL_CSELECT_OUT : 0));
}

static void
on_timer(evutil_socket_t fd, short what, void *ctx)
{
	(void)fd;
	(void)what;
	drive(ctx, CURL_SOCKET_TIMEOUT, 0);
}

/* An event for each socket is libcurl's pointer for it. */
static int
socket_wanted(CURL *easy, curl_socket_t fd, int what, void *ctx, void *socket_ctx)
{
	struct pool *p = ctx;
	struct event *e = socket_ctx;
	short wanted = (short)(((what & CURL_POLL_IN) != 0 ? EV_READ : 0) |
			       ((what & CURL_POLL_OUT) != 0 ? EV_WRITE : 0));

	(void)easy;
	if (e != NULL)
		event_free(e);
	e = NULL;
	if (what != CURL_POLL_REMOVE) {
		e = event_new(p->fetcher->base, fd, (short)(wanted | EV_PERSIST), on_socket, p);
		ASSERT(e != NULL);
		event_add(e, NULL);
	}
	curl_multi_assign(p->multi, fd, e);
	return 0;
}

static int
timer_wanted(CURLM *multi, long ms, void *ctx)
{
	struct pool *p = ctx;

	(void)multi;
	if (ms < 0)
		event_del(p->timer);
	else
		timer_after_ms(p->timer, (uint64_t)ms);
	return 0;
}

/* ---- pools ---- */

static struct pool *
pool_new(struct fetcher *f)
{
	struct pool *p = xcalloc(1, sizeof(*p));

	p->fetcher = f;
	p->multi = curl_multi_init();
	p->timer = evtimer_new(f->base, on_timer, p);
	ASSERT(p->multi != NULL && p->timer != NULL);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETFUNCTION, socket_wanted);
	curl_multi_setopt(p->multi, CURLMOPT_SOCKETDATA, p);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERFUNCTION, timer_wanted);
	curl_multi_setopt(p->multi, CURLMOPT_TIMERDATA, p);
	LIST_INSERT_HEAD(&f->pools, p, entry);
	return p;
}

static void
pool_free(struct pool *p)
{
	LIST_REMOVE(p, entry);
	curl_multi_cleanup(p->multi);
	event_free(p->timer);
	free(p);
}

static void
pool_retire(struct pool *p)
{
	if (p->fetcher->pool == p)
		p->fetcher->pool = NULL;
}

/* ---- what a person is told ---- */

/* In the order in which they are tried. */
static const struct {
	CURLcode code;
	const char *found; /* in libcurl's text; NULL: anything */
	enum fetch_outcome outcome;
	const char *text; /* %s: the host */
} errors[] = {
    {CURLE_URL_MALFORMAT, NULL, FETCH_UNREACHABLE, "the URL is none"},
    {CURLE_UNSUPPORTED_PROTOCOL, "HTTP/0.9", FETCH_BROKEN, "what came is no HTTP"},
    {CURLE_UNSUPPORTED_PROTOCOL, NULL, FETCH_UNREACHABLE, "the URL is neither of http nor of https"},
    {CURLE_COULDNT_RESOLVE_HOST, NULL, FETCH_UNREACHABLE, "the name %s is not known"},
    {CURLE_PEER_FAILED_VERIFICATION, "expired", FETCH_UNTRUSTED, "the certificate of %s has expired"},
    {CURLE_PEER_FAILED_VERIFICATION, "not yet valid", FETCH_UNTRUSTED,
     "the certificate of %s is not valid yet"},
    {CURLE_PEER_FAILED_VERIFICATION, "does not match target host", FETCH_UNTRUSTED,
     "the certificate of %s is for another name"},
    {CURLE_PEER_FAILED_VERIFICATION, "no alternative certificate", FETCH_UNTRUSTED,
     "the certificate of %s is for another name"},
    {CURLE_PEER_FAILED_VERIFICATION, "self-signed", FETCH_UNTRUSTED,
     "the certificate of %s is signed by itself and not among those to be trusted"},
    {CURLE_PEER_FAILED_VERIFICATION, "issuer", FETCH_UNTRUSTED,
     "the certificate of %s is signed by nobody who is to be trusted"},
    {CURLE_PEER_FAILED_VERIFICATION, "revoked", FETCH_UNTRUSTED, "the certificate of %s is revoked"},
    {CURLE_PEER_FAILED_VERIFICATION, NULL, FETCH_UNTRUSTED, "the certificate of %s is not good"},
    {CURLE_SSL_CACERT_BADFILE, NULL, FETCH_UNTRUSTED,
     "the certificates of those to be trusted cannot be read"},
    {CURLE_SSL_CERTPROBLEM, NULL, FETCH_UNTRUSTED,
     "our certificate or its key cannot be read, or they are no pair"},
    {CURLE_SSL_CONNECT_ERROR, "wrong version number", FETCH_UNTRUSTED, "%s does not speak TLS"},
    {CURLE_SSL_CONNECT_ERROR, "alert", FETCH_UNTRUSTED, "%s does not take our certificate, or wants one"},
    {CURLE_SSL_CONNECT_ERROR, NULL, FETCH_UNTRUSTED, "no agreement on TLS with %s"},
    {CURLE_RECV_ERROR, "alert", FETCH_UNTRUSTED, "%s does not take our certificate, or wants one"},
    {CURLE_SEND_ERROR, "alert", FETCH_UNTRUSTED, "%s does not take our certificate, or wants one"},
    {CURLE_GOT_NOTHING, NULL, FETCH_BROKEN, "the connection was closed without an answer"},
    {CURLE_PARTIAL_FILE, NULL, FETCH_BROKEN, "the connection was closed within the answer"},
    {CURLE_RECV_ERROR, "reset", FETCH_BROKEN, "the connection was reset"},
    {CURLE_SEND_ERROR, "reset", FETCH_BROKEN, "the connection was reset"},
    {CURLE_WEIRD_SERVER_REPLY, NULL, FETCH_BROKEN, "what came is no HTTP"},
};

static void
host_of(const struct fetch *r, char *host, size_t size)
{
	const char *url = NULL;
	char *name = NULL;
	CURLU *u = curl_url();

	curl_easy_getinfo(r->easy, CURLINFO_EFFECTIVE_URL, &url);
	if (u != NULL && url != NULL && curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK)
		curl_url_get(u, CURLUPART_HOST, &name, 0);
	snprintf(host, size, "%s", name != NULL ? name : "the server");
	curl_free(name);
	curl_url_cleanup(u);
}

/* A request that did not get an answer: why, and a text of it. */
static enum fetch_outcome
failure(const struct fetch *r, struct str *text)
{
	char host[256];
	long error = 0;

	if (r->too_large) {
		str_addf(text, "the answer is larger than %zu octets", r->body_max);
		return FETCH_TOO_LARGE;
	}
	if (r->late) {
		str_addf(text, "nothing came for %u s", r->idle_ms / 1000);
		return FETCH_LATE;
	}
	if (r->code == CURLE_OPERATION_TIMEDOUT) {
		curl_off_t there = 0;
		curl_easy_getinfo(r->easy, CURLINFO_PRETRANSFER_TIME_T, &there);
		str_add(text, there > 0 ? "no whole answer in time" : "no connection in time");
		return there > 0 ? FETCH_LATE : FETCH_UNREACHABLE;
	}
	curl_easy_getinfo(r->easy, CURLINFO_OS_ERRNO, &error);
	if (r->code == CURLE_COULDNT_CONNECT && error != 0) {
		str_addf(text, "no connection: %s", strerror((int)error));
		return FETCH_UNREACHABLE;
	}
	host_of(r, host, sizeof(host));
	for (size_t i = 0; i < ARRAY_LEN(errors); i++)
		if (errors[i].code == r->code &&
		    (errors[i].found == NULL || strstr(r->error, errors[i].found) != NULL)) {
			const char *at = strstr(errors[i].text, "%s");
			if (at == NULL)
				str_add(text, errors[i].text);
			else
				str_addf(text, "%.*s%s%s", (int)(at - errors[i].text), errors[i].text, host,
					 at + 2);
			return errors[i].outcome;
		}
	str_add(text, r->error[0] != '\0' ? r->error : curl_easy_strerror(r->code));
	return r->code == CURLE_COULDNT_CONNECT ? FETCH_UNREACHABLE : FETCH_BROKEN;
}

/* ---- what came ---- */

static unsigned
status_of(const struct fetch *r)
{
	long status = 0;

	curl_easy_getinfo(r->easy, CURLINFO_RESPONSE_CODE, &status);
	return status > 0 ? (unsigned)status : 0;
}

static bool
is_streamed(const struct fetch *r)
{
	return r->piece != NULL && status_of(r) / 100 == 2;
}

static size_t
on_body(char *data, size_t one, size_t n, void *ctx)
{
	struct fetch *r = ctx;
	size_t len = one * n;

	r->heard = true;
	if (!is_streamed(r) && r->in.len + len > r->body_max) {
		r->too_large = true;
		return 0;
	}
	str_addn(&r->in, data, len);
	return len;
}

static size_t
on_header(char *data, size_t one, size_t n, void *ctx)
{
	struct fetch *r = ctx;

	(void)data;
	r->heard = true;
	return one * n;
}

static void
fetch_free(struct fetch *r)
{
	struct pool *p = r->pool;

	TAILQ_REMOVE(&r->fetcher->fetches, r, entry);
	curl_multi_remove_handle(p->multi, r->easy);
	curl_easy_cleanup(r->easy);
	curl_slist_free_all(r->headers);
	if (r->idle != NULL)
		event_free(r->idle);
	if (--p->fetches == 0 && r->fetcher->pool != p)
		pool_free(p);
	str_free(&r->in);
	free(r);
}

static void
finish(struct fetch *r)
{
	struct fetch_result result = {.status = status_of(r)};
	struct str body = r->in, error = {0};
	fetch_done_fn *done = r->done;
	void *ctx = r->ctx;
	curl_off_t again = 0;

	r->in = (struct str){0};
	curl_easy_getinfo(r->easy, CURLINFO_RETRY_AFTER, &again);
	result.retry_after_s = again > 0 && again < 86400 ? (unsigned)again : 0;
	if (r->code != CURLE_OK || r->late)
		result.outcome = failure(r, &error);
	if (r->late || r->code == CURLE_OPERATION_TIMEDOUT)
		pool_retire(r->pool);
	result.error = result.outcome != FETCH_ANSWERED ? str_get(&error) : NULL;
	result.body = str_get(&body);
	result.len = body.len;
	fetch_free(r);
	done(ctx, &result);
	str_free(&body);
	str_free(&error);
}

/* Which requests libcurl has done with. */
static void
ends_note(struct fetcher *f)
{
	struct pool *p;
	CURLMsg *m;
	int left;

	LIST_FOREACH(p, &f->pools, entry)
	while ((m = curl_multi_info_read(p->multi, &left)) != NULL) {
		struct fetch *r = NULL;
		if (m->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(m->easy_handle, CURLINFO_PRIVATE, &r);
		r->ended = true;
		r->code = m->data.result;
	}
}

/* The first thing that is there for a callback. False: there is nothing. */
static bool
hand_over_one(struct fetcher *f)
{
	struct fetch *r;

	TAILQ_FOREACH(r, &f->fetches, entry)
	{
		if (r->in.len > 0 && is_streamed(r)) {
			struct str in = r->in;
			r->in = (struct str){0};
			r->piece(r->ctx, in.s, in.len);
			str_free(&in);
			return true;
		}
		if (r->ended) {
			finish(r);
			return true;
		}
	}
	return false;
}

/* A callback may end requests, and the whole fetcher. */
static void
hand_over(struct fetcher *f)
{
	bool gone = false, *outer = f->gone;

	f->gone = &gone;
	do
		ends_note(f);
	while (hand_over_one(f) && !gone);
	if (!gone)
		f->gone = outer;
	else if (outer != NULL)
		*outer = true;
}

static void
on_idle(evutil_socket_t fd, short what, void *ctx)
{
	struct fetch *r = ctx;

	(void)fd;
	(void)what;
	if (!r->heard) {
		r->ended = r->late = true;
		hand_over(r->fetcher);
		return;
	}
	r->heard = false;
	timer_after_ms(r->idle, r->idle_ms);
}

/* ---- requests ---- */

static void
header_add(struct fetch *r, const char *line)
{
	r->headers = curl_slist_append(r->headers, line);
	ASSERT(r->headers != NULL);
}

static void
pem_set(CURL *easy, const struct fetch_pem *pem, CURLoption path, CURLoption text)
{
	if (pem->path != NULL) {
		curl_easy_setopt(easy, path, pem->path);
	} else if (pem->text != NULL) {
		struct curl_blob blob = {(void *)(uintptr_t)pem->text, strlen(pem->text), CURL_BLOB_COPY};
		curl_easy_setopt(easy, text, &blob);
	}
}

static void
trust_set(CURL *easy, const struct fetch_tls *tls)
{
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, CURL_SSLVERSION_TLSv1_2);
	/* With certificates of our own the system's do not count beside them, and a file that is replaced is read again. */
	if (tls->ca.path != NULL || tls->ca.text != NULL) {
		curl_easy_setopt(easy, CURLOPT_CAPATH, NULL);
		curl_easy_setopt(easy, CURLOPT_CA_CACHE_TIMEOUT, 0L);
	}
	pem_set(easy, &tls->ca, CURLOPT_CAINFO, CURLOPT_CAINFO_BLOB);
	pem_set(easy, &tls->cert, CURLOPT_SSLCERT, CURLOPT_SSLCERT_BLOB);
	pem_set(easy, &tls->key, CURLOPT_SSLKEY, CURLOPT_SSLKEY_BLOB);
	/* Else OpenSSL asks for it on the terminal, and waits. */
	curl_easy_setopt(easy, CURLOPT_KEYPASSWD, "");
}

static void
connection_set(CURL *easy, const struct fetch_request *q)
{
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* A look-up of a name that is given up is not waited for. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	curl_easy_setopt(easy, CURLOPT_PROXY, "");
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS);
	/* Rather wait and share a connection that is being made than make another one. Without TLS it would
	 * wait for the end of the first request. */
	curl_easy_setopt(easy, CURLOPT_PIPEWAIT, strncmp(q->url, "https:", 6) == 0 ? 1L : 0L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPIDLE, KEEPALIVE_S);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPINTVL, KEEPALIVE_GAP_S);
	if (q->connect_ms > 0)
		curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)q->connect_ms);
	if (q->limit_ms > 0)
		curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, (long)q->limit_ms);
}

static void
request_set(struct fetch *r, const struct fetch_request *q)
{
	curl_easy_setopt(r->easy, CURLOPT_URL, q->url);
	if (q->body != NULL) {
		curl_easy_setopt(r->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)q->len);
		curl_easy_setopt(r->easy, CURLOPT_COPYPOSTFIELDS, q->body);
		/* No waiting whether it would be wanted. */
		header_add(r, "Expect:");
	}
	if (q->method != NULL)
		curl_easy_setopt(r->easy, CURLOPT_CUSTOMREQUEST, q->method);
	for (const char *const *h = q->headers; h != NULL && *h != NULL; h++)
		header_add(r, *h);
	if (q->authorization != NULL) {
		char *line = xasprintf("Authorization: %s", q->authorization);
		header_add(r, line);
		explicit_bzero(line, strlen(line));
		free(line);
	}
	if (q->username != NULL) {
		curl_easy_setopt(r->easy, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
		curl_easy_setopt(r->easy, CURLOPT_USERNAME, q->username);
		curl_easy_setopt(r->easy, CURLOPT_PASSWORD, q->password != NULL ? q->password : "");
	}
	curl_easy_setopt(r->easy, CURLOPT_HTTPHEADER, r->headers);
}

static void
answer_set(struct fetch *r)
{
	curl_easy_setopt(r->easy, CURLOPT_PRIVATE, r);
	curl_easy_setopt(r->easy, CURLOPT_ERRORBUFFER, r->error);
	curl_easy_setopt(r->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(r->easy, CURLOPT_WRITEDATA, r);
	curl_easy_setopt(r->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(r->easy, CURLOPT_HEADERDATA, r);
}

struct fetch *
fetch_start(struct fetcher *f, const struct fetch_request *q)
{
	struct fetch *r = xcalloc(1, sizeof(*r));

	r->fetcher = f;
	r->easy = curl_easy_init();
	ASSERT(r->easy != NULL);
	r->piece = q->piece;
	r->done = q->done;
	r->ctx = q->ctx;
	r->body_max = q->piece != NULL ? REFUSAL_MAX : q->body_max != 0 ? q->body_max : BODY_MAX;
	connection_set(r->easy, q);
	trust_set(r->easy, &f->tls);
	request_set(r, q);
	answer_set(r);
	if (q->idle_ms > 0) {
		r->idle_ms = q->idle_ms;
		r->idle = evtimer_new(f->base, on_idle, r);
		ASSERT(r->idle != NULL);
		timer_after_ms(r->idle, r->idle_ms);
	}
	if (f->pool == NULL)
		f->pool = pool_new(f);
	r->pool = f->pool;
	r->pool->fetches++;
	TAILQ_INSERT_TAIL(&f->fetches, r, entry);
	ASSERT(curl_multi_add_handle(r->pool->multi, r->easy) == CURLM_OK);
	return r;
}

void
fetch_cancel(struct fetch *r)
{
	fetch_free(r);
}

/* ---- begin and end ---- */

static void
pem_copy(struct fetch_pem *to, const struct fetch_pem *from)
{
	to->path = xstrdup(from->path);
	to->text = xstrdup(from->text);
}

static void
pem_fini(struct fetch_pem *pem)
{
	free((char *)(uintptr_t)pem->path);
	if (pem->text != NULL)
		explicit_bzero((char *)(uintptr_t)pem->text, strlen(pem->text));
	free((char *)(uintptr_t)pem->text);
}

struct fetcher *
fetcher_new(struct event_base *base, const struct fetch_tls *tls)
{
	struct fetcher *f = xcalloc(1, sizeof(*f));

	if (curl_global_init_mem(CURL_GLOBAL_DEFAULT, xmalloc, free, xrealloc, xstrdup, xcalloc) != CURLE_OK)
		mem_exhausted(0);
	f->base = base;
	pem_copy(&f->tls.ca, &tls->ca);
	pem_copy(&f->tls.cert, &tls->cert);
	pem_copy(&f->tls.key, &tls->key);
	LIST_INIT(&f->pools);
	TAILQ_INIT(&f->fetches);
	return f;
}

void
fetcher_free(struct fetcher *f)
{
	struct fetch *r;

	if (f == NULL)
		return;
	while ((r = TAILQ_FIRST(&f->fetches)) != NULL)
		fetch_free(r);
	if (f->pool != NULL)
		pool_free(f->pool);
	if (f->gone != NULL)
		*f->gone = true;
	pem_fini(&f->tls.ca);
	pem_fini(&f->tls.cert);
	pem_fini(&f->tls.key);
	free(f);
	curl_global_cleanup();
}
