/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status: see status.h.
 */
#include "conf/status.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <event2/listener.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"

#define PATIENCE_S 10 /* for whoever does not read */
#define BACKLOG    16
#define PAUSE_MS   100

struct status {
	struct event_base *base;
	struct evconnlistener *listener;
	struct event *resume; /* takes in again */
	bool short_of;        /* that it could not has been said, and nobody was taken in since */
	char *path;
	status_fn *fn;
	void *ctx;
	LIST_HEAD(, client) clients;
};

struct client {
	LIST_ENTRY(client) entry;
	struct bufferevent *bev;
};

static int
address_of(const char *path, struct sockaddr_un *sun)
{
	*sun = (struct sockaddr_un){.sun_family = AF_UNIX};
	return strlcpy(sun->sun_path, path, sizeof(sun->sun_path)) >= sizeof(sun->sun_path) ? -ENAMETOOLONG
											    : 0;
}

static int
dial(const struct sockaddr_un *sun)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), rc;

	if (fd < 0)
		return -errno;
	if (connect(fd, (const struct sockaddr *)sun, sizeof(*sun)) == 0)
		return fd;
	rc = -errno;
	close(fd);
	return rc;
}

/* ---- answering ---- */

static void
client_free(struct client *c)
{
	LIST_REMOVE(c, entry);
	bufferevent_free(c->bev);
	free(c);
}

static void
on_written(struct bufferevent *bev, void *ctx)
{
	(void)bev;
	client_free(ctx);
}

static void
on_event(struct bufferevent *bev, short what, void *ctx)
{
	(void)bev;
	(void)what;
	client_free(ctx);
}

static void
on_accept(struct evconnlistener *listener, evutil_socket_t fd, struct sockaddr *sa, int len, void *ctx)
{
	static const struct timeval patience = {.tv_sec = PATIENCE_S};
	struct status *s = ctx;
	struct bufferevent *bev = bufferevent_socket_new(s->base, fd, BEV_OPT_CLOSE_ON_FREE);
	struct client *c;
	json_t *answer;
	char *text;

	(void)listener;
	(void)sa;
	(void)len;
	s->short_of = false;
	if (bev == NULL) {
		close(fd);
		return;
	}
	answer = s->fn(s->ctx);
	text = json_dumps(answer, JSON_INDENT(2));
	json_decref(answer);
	ASSERT(text != NULL);
	c = xcalloc(1, sizeof(*c));
	c->bev = bev;
	LIST_INSERT_HEAD(&s->clients, c, entry);
	bufferevent_setcb(bev, NULL, on_written, on_event, c);
	bufferevent_set_timeouts(bev, NULL, &patience);
	bufferevent_write(bev, text, strlen(text));
	bufferevent_write(bev, "\n", 1);
	free(text);
}

/* Who cannot be taken in, for want of descriptors or memory, waits a moment: at once the loop would turn for nothing else. */
static void
on_accept_error(struct evconnlistener *listener, void *ctx)
{
	struct status *s = ctx;

	if (!s->short_of)
		log_warn("status.accept", LOG_S("error", strerror(EVUTIL_SOCKET_ERROR())));
	s->short_of = true;
	evconnlistener_disable(listener);
	event_add(s->resume, &(struct timeval){.tv_usec = PAUSE_MS * 1000});
}

static void
on_resume(evutil_socket_t fd, short what, void *ctx)
{
	struct status *s = ctx;

	(void)fd;
	(void)what;
	evconnlistener_enable(s->listener);
}

/* A bound socket, with access for the owner and the group alone, or -errno. */
static int
bound(const struct sockaddr_un *sun)
{
	const struct sockaddr *sa = (const struct sockaddr *)sun;
	int probe = dial(sun), fd;

	if (probe >= 0) {
		close(probe);
		return -EADDRINUSE;
	}
	if (probe == -ECONNREFUSED)
		unlink(sun->sun_path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, sa, sizeof(*sun)) < 0 || chmod(sun->sun_path, 0660) < 0) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

struct status *
status_listen(struct event_base *base, const char *path, status_fn *fn, void *ctx)
{
	struct status *s;
	struct sockaddr_un sun;
	int fd = address_of(path, &sun);

	if (fd == 0)
		fd = bound(&sun);
	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	s = xcalloc(1, sizeof(*s));
	*s = (struct status){.base = base, .path = xstrdup(path), .fn = fn, .ctx = ctx};
	s->listener = evconnlistener_new(base, on_accept, s, LEV_OPT_CLOSE_ON_FREE | LEV_OPT_CLOSE_ON_EXEC,
					 BACKLOG, fd);
	s->resume = evtimer_new(base, on_resume, s);
	ASSERT(s->listener != NULL && s->resume != NULL);
	evconnlistener_set_error_cb(s->listener, on_accept_error);
	return s;
}

void
status_free(struct status *s)
{
	struct client *c;

	if (s == NULL)
		return;
	while ((c = LIST_FIRST(&s->clients)) != NULL)
		client_free(c);
	evconnlistener_free(s->listener);
	event_free(s->resume);
	unlink(s->path);
	free(s->path);
	free(s);
}

/* ---- asking ---- */

int
status_ask(const char *path)
{
	struct sockaddr_un sun;
	char buf[4096];
	ssize_t n;
	int fd = address_of(path, &sun);

	if (fd == 0)
		fd = dial(&sun);
	if (fd < 0)
		return fd;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		fwrite(buf, 1, (size_t)n, stdout);
	close(fd);
	return n < 0 || fflush(stdout) != 0 ? -EIO : 0;
}
