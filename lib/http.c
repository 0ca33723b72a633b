/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http: see http.h. A connection reads a request, is busy until the answer to it is written, and reads the next one.
 */
#include "lib/http.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <time.h>

#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"

#define REQUEST_MAX 8192 /* octets, with all headers */
#define PATIENCE_S  10   /* for the next octet of a request or of an answer */
#define TAKE_NS     2000000000ull /* an answer that takes longer than that makes room for others */
#define PAUSE_MS    100  /* while no descriptors are left */
#define HURRY_MS    500  /* between looks at who takes a page, while others wait for theirs */

enum {
	OK = 200,
	BAD_REQUEST = 400,
	NOT_FOUND = 404,
	NOT_ALLOWED = 405,
	TOO_LARGE = 431,
	NOT_IMPLEMENTED = 501,
	UNAVAILABLE = 503,
	BAD_VERSION = 505
};

struct http_conn {
	TAILQ_ENTRY(http_conn) entry;
	struct http *h;
	struct bufferevent *bev;
	bool busy; /* from a request to the end of its answer */
	bool last; /* closes behind this answer */
	bool head; /* the answer is its head alone (RFC 9110 9.3.2) */
	uint64_t answered_ns; /* monotonic time since which the answer is being written; 0: it is being made */
	const struct http_route *waits; /* for its page to be begun; NULL: for none */
	TAILQ_ENTRY(http_conn) wait;    /* then */
	bool holds;                     /* one of the pages that there may be at a time */
	const struct http_route *route; /* whose page is made in slices; NULL: none is */
	void *state;
	struct str text;
	struct job job;
};

struct http {
	struct event_base *base;
	struct loop *loop; /* may be NULL */
	struct evconnlistener *listener;
	struct event *resume, *hurry;
	TAILQ_HEAD(, http_conn) conns; /* those that have been idle for longest first */
	unsigned nconns;
	TAILQ_HEAD(, http_conn) waiting; /* who asked first first */
	unsigned npages;
	const struct http_route *routes;
	size_t n;
	void *ctx;
};

static void
enter(const struct http *h)
{
	if (h->loop != NULL)
		loop_enter(h->loop);
}

static void pages_next(struct http *h);

static void
conn_free(struct http_conn *c)
{
	struct http *h = c->h;

	if (c->waits != NULL)
		TAILQ_REMOVE(&h->waiting, c, wait);
	h->npages -= c->holds;
	if (c->route != NULL) {
		if (h->loop != NULL)
			loop_job_cancel(h->loop, &c->job);
		c->route->end(c->state);
	}
	TAILQ_REMOVE(&h->conns, c, entry);
	h->nconns--;
	bufferevent_free(c->bev);
	str_free(&c->text);
	free(c);
	pages_next(h);
}

/* ---- answers ---- */

static const char *
status_words(int status)
{
	static const struct {
		int status;
		const char *words;
	} known[] = {
	    {OK, "OK"},
	    {BAD_REQUEST, "Bad Request"},
	    {NOT_FOUND, "Not Found"},
	    {NOT_ALLOWED, "Method Not Allowed"},
	    {TOO_LARGE, "Request Header Fields Too Large"},
	    {NOT_IMPLEMENTED, "Not Implemented"},
	    {UNAVAILABLE, "Service Unavailable"},
	    {BAD_VERSION, "HTTP Version Not Supported"},
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (known[i].status == status)
			return known[i].words;
	return "";
}

static void
body_free(const void *data, size_t len, void *arg)
{
	(void)data;
	(void)len;
	free(arg);
}

/* There is no memory for its answer. Behind the caller, who has it on his stack. */
static void
cut(struct http_conn *c)
{
	log_warn("http.starved", LOG_S("effect", "a client was cut off, for want of memory"));
	bufferevent_disable(c->bev, EV_WRITE);
	bufferevent_trigger_event(c->bev, BEV_EVENT_ERROR, BEV_OPT_DEFER_CALLBACKS);
}

/* Sends c->text. */
static void
answer(struct http_conn *c, int status, const char *type)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);
	time_t now = time(NULL);
	char date[64] = "";
	struct tm tm;
	size_t len = c->text.len;
	bool failed = c->text.failed;
	char *body = str_steal(&c->text);

	if (gmtime_r(&now, &tm) != NULL)
		strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", &tm);
	c->answered_ns = time_mono_ns();
	/* Who speaks 1.0 has to be told that the connection stays. */
	failed = failed ||
		 evbuffer_add_printf(out,
				     "HTTP/1.1 %d %s\r\nDate: %s\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
				     "%sConnection: %s\r\n\r\n",
				     status, status_words(status), date, type, len,
				     status == NOT_ALLOWED ? "Allow: GET, HEAD\r\n" : "",
				     c->last ? "close" : "keep-alive") < 0;
	bool added = !failed && len > 0 && !c->head && evbuffer_add_reference(out, body, len, body_free, body) == 0;
	if (!added)
		free(body);
	if (failed || (len > 0 && !c->head && !added))
		cut(c);
}

/* The connection ends behind it: what follows in its input may be anything. */
static void
refuse(struct http_conn *c, int status)
{
	c->last = true;
	str_addf(&c->text, "%s\n", status_words(status));
	answer(c, status, "text/plain; charset=utf-8");
}

static enum job_result
slice(struct job *job, uint64_t deadline_ns)
{
	struct http_conn *c = container_of(job, struct http_conn, job);
	const struct http_route *route = c->route;

	if (!route->step(c->state, &c->text, deadline_ns))
		return JOB_MORE;
	route->end(c->state);
	c->route = NULL;
	answer(c, OK, route->type);
	return JOB_DONE;
}

static void
page_begin(struct http_conn *c)
{
	struct http *h = c->h;

	TAILQ_REMOVE(&h->waiting, c, wait);
	c->route = c->waits;
	c->waits = NULL;
	c->holds = true;
	h->npages++;
	c->state = c->route->begin(h->ctx);
	c->text.may_fail = true; /* of 5,000 neighbours it is 12 MB */
	if (h->loop != NULL)
		loop_job_start(h->loop, &c->job);
	else
		while (slice(&c->job, UINT64_MAX) == JOB_MORE)
			continue;
}

/* Those who wait have their turn as far as there is room. */
static void
pages_next(struct http *h)
{
	while (h->npages < HTTP_PAGES_MAX && !TAILQ_EMPTY(&h->waiting))
		page_begin(TAILQ_FIRST(&h->waiting));
	if (!TAILQ_EMPTY(&h->waiting) && !evtimer_pending(h->hurry, NULL))
		event_add(h->hurry, &(struct timeval){.tv_usec = HURRY_MS * 1000});
}

static void
page_make(struct http_conn *c, const struct http_route *route)
{
	struct http *h = c->h;

	if (route->page != NULL) {
		int status = route->page(h->ctx, &c->text);
		answer(c, status, route->type);
		return;
	}
	c->waits = route;
	TAILQ_INSERT_TAIL(&h->waiting, c, wait);
	pages_next(h);
}

/* ---- requests ---- */

struct request {
	char *path;
	const char *accept;    /* "": anything */
	bool keep, host, body; /* the connection; there is such a header; there is something behind the headers */
	bool head;             /* nothing but the head of the answer is wanted */
};

/* Is the word in a list with commas? */
static bool
has_word(const char *list, const char *word)
{
	size_t n = strlen(word);

	while (*list != '\0') {
		list += strspn(list, " \t,");
		size_t len = strcspn(list, " \t,");
		if (len == n && strncasecmp(list, word, n) == 0)
			return true;
		list += len;
	}
	return false;
}

static bool
header_read(struct request *r, char *line)
{
	char *value = strchr(line, ':');

	/* RFC 9112 5.1, 5.2: no blank before the colon, no line that goes on. */
	if (value == NULL || value == line || strcspn(line, " \t") < (size_t)(value - line))
		return false;
	*value++ = '\0';
	value += strspn(value, " \t");
	if (strcasecmp(line, "Connection") == 0)
		r->keep = !has_word(value, "close") && (r->keep || has_word(value, "keep-alive"));
	else if (strcasecmp(line, "Host") == 0)
		r->host = true;
	else if (strcasecmp(line, "Accept") == 0)
		r->accept = value;
	else if (strcasecmp(line, "Transfer-Encoding") == 0)
		r->body = true;
	else if (strcasecmp(line, "Content-Length") == 0)
		r->body = r->body || strcmp(value, "0") != 0;
	return true;
}

/* RFC 9112 3.2.1, 3.2.2: "/path?query", or the same behind http://host. False: neither. */
static bool
target_read(struct request *r, char *target)
{
	static const char scheme[] = "http://";

	if (strncasecmp(target, scheme, sizeof(scheme) - 1) == 0) {
		target += sizeof(scheme) - 1;
		target += strcspn(target, "/?");
	}
	r->path = target;
	target[strcspn(target, "?#")] = '\0';
	return *target == '/';
}

/* RFC 9110 15.5.6, 15.6.2: one that there is, but not here, is another matter than one that nobody knows. */
static bool
is_method(const char *word)
{
	static const char *const known[] = {"POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH"};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (strcmp(word, known[i]) == 0)
			return true;
	return false;
}

/* The whole head of a request, which is written to, without the empty line. The status of what is wrong with it, or OK. */
static int
request_read(struct request *r, char *head)
{
	char *rest = head, *line = strsep(&rest, "\n"), *method, *target, *version;

	*r = (struct request){.accept = ""};
	line[strcspn(line, "\r")] = '\0';
	method = strsep(&line, " ");
	target = strsep(&line, " ");
	version = line;
	r->head = strcmp(method, "HEAD") == 0;
	if (*method == '\0' || target == NULL || version == NULL || strncmp(version, "HTTP/", 5) != 0)
		return BAD_REQUEST;
	if (strcmp(version, "HTTP/1.1") != 0 && strcmp(version, "HTTP/1.0") != 0)
		return BAD_VERSION;
	bool needs_host = r->keep = version[7] == '1';
	while ((line = strsep(&rest, "\n")) != NULL) {
		line[strcspn(line, "\r")] = '\0';
		if (*line != '\0' && !header_read(r, line))
			return BAD_REQUEST;
	}
	if (!r->head && strcmp(method, "GET") != 0)
		return is_method(method) ? NOT_ALLOWED : NOT_IMPLEMENTED;
	return target_read(r, target) && (r->host || !needs_host) ? OK : BAD_REQUEST;
}

/* The next part of a list, without blanks around it; NULL: that was the last. */
static char *
part_of(char **list, const char *separator)
{
	char *part = strsep(list, separator);

	if (part == NULL)
		return NULL;
	part += strspn(part, " \t");
	for (size_t n = strlen(part); n > 0 && (part[n - 1] == ' ' || part[n - 1] == '\t'); n--)
		part[n - 1] = '\0';
	return part;
}

/* Does an element of Accept (RFC 9110 12.5.1), which is written to, name this type, in its version and not with a weight of 0? */
static bool
names(char *element, const char *type)
{
	const char *version = strstr(type, "version="), *name = part_of(&element, ";"), *parameter;
	size_t n = strcspn(type, ";");

	ASSERT(name != NULL); /* the first part of a text is there */
	if (strlen(name) != n || strncasecmp(name, type, n) != 0)
		return false;
	while ((parameter = part_of(&element, ";")) != NULL) {
		size_t len = strlen(parameter);
		if (strncasecmp(parameter, "q=", 2) == 0 && strspn(parameter + 2, "0.") == len - 2)
			return false;
		if (version != NULL && strncasecmp(parameter, "version=", 8) == 0 &&
		    (len != strcspn(version, ";") || strncmp(parameter, version, len) != 0))
			return false;
	}
	return true;
}

static bool
accepts(const char *accept, const char *type)
{
	char *copy = xstrdup(accept), *rest = copy, *element;
	bool named = false;

	while (!named && (element = strsep(&rest, ",")) != NULL)
		named = names(element, type);
	free(copy);
	return named;
}

/* NULL: there is no such page. */
static const struct http_route *
route_of(const struct http *h, const struct request *r)
{
	const struct http_route *last = NULL;

	for (size_t i = 0; i < h->n; i++) {
		if (strcmp(h->routes[i].path, r->path) != 0)
			continue;
		last = &h->routes[i];
		if (accepts(r->accept, last->type))
			return last;
	}
	return last;
}

/* len: what the head has, also behind a NUL. */
static void
request_run(struct http_conn *c, char *head, size_t len)
{
	const struct http *h = c->h;
	struct request r = {0};
	int status = strlen(head) == len ? request_read(&r, head) : BAD_REQUEST;

	c->busy = true;
	c->head = r.head;
	c->answered_ns = 0;
	/* Nothing is read meanwhile: further requests wait. */
	bufferevent_disable(c->bev, EV_READ);
	if (status != OK) {
		refuse(c, status);
		return;
	}
	c->last = !r.keep || r.body;
	const struct http_route *route = route_of(h, &r);
	if (route != NULL) {
		page_make(c, route);
		return;
	}
	str_add(&c->text, "there is no such page\n");
	answer(c, NOT_FOUND, "text/plain; charset=utf-8");
}

static void
input_look(struct http_conn *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	struct evbuffer_ptr end = evbuffer_search(in, "\r\n\r\n", 4, NULL);
	char head[REQUEST_MAX + 1];

	if (c->busy || (end.pos < 0 && evbuffer_get_length(in) < REQUEST_MAX))
		return;
	if (end.pos < 0 || end.pos > REQUEST_MAX - 4) {
		c->busy = true;
		bufferevent_disable(c->bev, EV_READ);
		refuse(c, TOO_LARGE);
		return;
	}
	evbuffer_remove(in, head, (size_t)end.pos + 4);
	head[end.pos] = '\0';
	request_run(c, head, (size_t)end.pos);
}

/* ---- connections ---- */

static void
on_read(struct bufferevent *bev, void *ctx)
{
	struct http_conn *c = ctx;

	(void)bev;
	enter(c->h);
	input_look(c);
}

/* All of the answer is written. */
static void
on_written(struct bufferevent *bev, void *ctx)
{
	struct http_conn *c = ctx;
	struct http *h = c->h;

	enter(h);
	if (!c->busy || c->answered_ns == 0)
		return;
	if (c->last) {
		conn_free(c);
		return;
	}
	c->busy = false;
	h->npages -= c->holds;
	c->holds = false;
	pages_next(h);
	TAILQ_REMOVE(&h->conns, c, entry);
	TAILQ_INSERT_TAIL(&h->conns, c, entry);
	bufferevent_enable(bev, EV_READ);
	input_look(c);
}

/* Its end, an error, or too long a pause. */
static void
on_end(struct bufferevent *bev, short what, void *ctx)
{
	struct http_conn *c = ctx;

	(void)bev;
	(void)what;
	enter(c->h);
	conn_free(c);
}

/* Does it take an answer octet by octet? */
static bool
is_slow(const struct http_conn *c)
{
	return c->busy && c->answered_ns != 0 && time_mono_ns() - c->answered_ns > TAKE_NS;
}

/* Who may go for another one, if any: who has been idle for longest, else somebody who is slow. */
static struct http_conn *
expendable(const struct http *h)
{
	struct http_conn *c;

	TAILQ_FOREACH(c, &h->conns, entry)
	if (!c->busy)
		return c;
	TAILQ_FOREACH(c, &h->conns, entry)
	if (is_slow(c))
		return c;
	return NULL;
}

static void
on_hurry(evutil_socket_t fd, short what, void *ctx)
{
	struct http *h = ctx;
	struct http_conn *c, *after;

	(void)fd;
	(void)what;
	enter(h);
	for (c = TAILQ_FIRST(&h->conns); c != NULL && !TAILQ_EMPTY(&h->waiting); c = after) {
		after = TAILQ_NEXT(c, entry);
		if (c->holds && is_slow(c))
			conn_free(c);
	}
	pages_next(h);
}

/* False: all are busy. */
static bool
room_make(struct http *h)
{
	struct http_conn *c;

	if (h->nconns < HTTP_CONNECTIONS_MAX)
		return true;
	c = expendable(h);
	if (c != NULL)
		conn_free(c);
	return c != NULL;
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa, int len, void *ctx)
{
	static const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct http *h = ctx;

	(void)listener;
	(void)sa;
	(void)len;
	enter(h);
	if (!room_make(h)) {
		evutil_closesocket(fd);
		return;
	}
	struct http_conn *c = xcalloc(1, sizeof(*c));
	c->h = h;
	c->job = (struct job){.run = slice, .name = "http"};
	c->bev = bufferevent_socket_new(h->base, fd, BEV_OPT_CLOSE_ON_FREE);
	ASSERT(c->bev != NULL);
	bufferevent_setcb(c->bev, on_read, on_written, on_end, c);
	bufferevent_set_timeouts(c->bev, &patience, &patience);
	bufferevent_setwatermark(c->bev, EV_READ, 0, REQUEST_MAX);
	TAILQ_INSERT_TAIL(&h->conns, c, entry);
	h->nconns++;
	bufferevent_enable(c->bev, EV_READ | EV_WRITE);
}

static void
on_accept_error(struct evconnlistener *listener, void *ctx)
{
	struct http *h = ctx;

	enter(h);
	evconnlistener_disable(listener);
	event_add(h->resume, &(struct timeval){.tv_usec = PAUSE_MS * 1000});
}

static void
on_resume(evutil_socket_t fd, short what, void *ctx)
{
	struct http *h = ctx;

	(void)fd;
	(void)what;
	enter(h);
	evconnlistener_enable(h->listener);
}

int
http_alive_page(void *ctx, struct str *out)
{
	(void)ctx;
	str_add(out, "ok\n");
	return 200;
}

struct http *
http_listen(struct event_base *base, struct loop *loop, const struct ip_addr *addr, uint16_t port,
	    const struct http_route *routes, size_t n, void *ctx)
{
	struct http *h = xcalloc(1, sizeof(*h));
	struct sockaddr_storage ss;
	socklen_t len = ip_addr_to_sockaddr(addr, port, &ss);

	*h = (struct http){.base = base, .loop = loop, .routes = routes, .n = n, .ctx = ctx};
	TAILQ_INIT(&h->conns);
	TAILQ_INIT(&h->waiting);
	h->listener = evconnlistener_new_bind(base, on_accept, h,
					      LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC | LEV_OPT_REUSEABLE, -1,
					      (struct sockaddr *)&ss, (int)len);
	if (h->listener == NULL) {
		int error = errno;
		free(h);
		errno = error;
		return NULL;
	}
	h->resume = evtimer_new(base, on_resume, h);
	h->hurry = evtimer_new(base, on_hurry, h);
	ASSERT(h->resume != NULL && h->hurry != NULL);
	evconnlistener_set_error_cb(h->listener, on_accept_error);
	return h;
}

void
http_free(struct http *h)
{
	struct http_conn *c;

	if (h == NULL)
		return;
	while ((c = TAILQ_FIRST(&h->waiting)) != NULL || (c = TAILQ_FIRST(&h->conns)) != NULL)
		conn_free(c);
	event_free(h->resume);
	event_free(h->hurry);
	evconnlistener_free(h->listener);
	free(h);
}
