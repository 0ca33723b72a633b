/* SPDX-License-Identifier: Apache-2.0 */
/*
 * client: see client.h.
 *
 * A client is freed only where nothing of it is on the stack: at the end of its
 * own event callbacks and of its job's slice.
 */
#include "bgpd/client.h"

#include "lib/log.h"
#include "lib/mem.h"

#include <errno.h>
#include <event2/buffer.h>
#include <grp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define BACKLOG        16
#define ACCEPT_AT_ONCE 16 /* connections taken in one turn of the loop */
#define PAUSE_MS       100
#define WARN_S         60 /* and it is said so often that nobody can be taken in */

struct clients {
	struct loop *loop;
	const struct client_ops *ops;
	void *ctx;
	char *path; /* NULL: it does not listen */
	int fd;
	struct event *ev_accept;
	struct event *ev_resume; /* accepts again, after a pause for want of descriptors or memory */
	uint64_t failures;       /* of accept, and when that was said last */
	uint32_t warned_s;
	TAILQ_HEAD(, client) list;
	unsigned n;
};

void *
client_ctx(const struct client *c)
{
	return c->all->ctx;
}

void
client_put(struct client *c, const char *text, size_t len)
{
	if (c->lost || evbuffer_add(bufferevent_get_output(c->bev), text, len) == 0)
		return;
	c->lost = true;
	/* Freed there: the caller is deep inside its step or request. */
	loop_job_start(c->all->loop, &c->job);
}

/* Is a request at work? */
static bool
busy(const struct client *c)
{
	return c->walking || c->cancel != NULL;
}

void
client_walk(struct client *c, bool endless)
{
	ASSERT(!c->walking);
	c->walking = true;
	c->endless = endless;
	loop_job_start(c->all->loop, &c->job);
}

void
client_pause(struct client *c)
{
	c->waits = true;
}

void
client_wake(struct client *c)
{
	c->waits = false;
	loop_job_start(c->all->loop, &c->job);
}

void
client_wait(struct client *c, void (*cancel)(void *ctx), void *ctx)
{
	ASSERT(!busy(c));
	c->cancel = cancel;
	c->cancel_ctx = ctx;
}

void
client_resume(struct client *c)
{
	ASSERT(c->cancel != NULL);
	c->cancel = NULL;
	/* Further requests of the client may have to be begun. */
	loop_job_start(c->all->loop, &c->job);
}

static void
client_free(struct client *c)
{
	struct clients *cs = c->all;

	loop_job_cancel(cs->loop, &c->job);
	cs->ops->closed(c);
	if (c->cancel != NULL)
		c->cancel(c->cancel_ctx);
	TAILQ_REMOVE(&cs->list, c, entry);
	cs->n--;
	bufferevent_free(c->bev);
	free(c);
}

static void
client_cut(struct client *c)
{
	log_warn("control.starved", LOG_S("socket", c->all->path),
		 LOG_S("effect", "a client was cut off, for want of memory"));
	client_free(c);
}

static size_t
unsent(const struct client *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

/* Runs what requests there are until one keeps it busy; may free the client. */
static void
requests(struct client *c)
{
	const struct client_ops *ops = c->all->ops;
	struct evbuffer *in = bufferevent_get_input(c->bev);
	char *line = NULL;
	size_t len;

	while (!busy(c) && !c->lost && unsent(c) < CLIENT_OUTPUT_HIGH) {
		line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
		if (line == NULL) {
			c->lost = evbuffer_search_eol(in, NULL, NULL, EVBUFFER_EOL_LF).pos >= 0;
			break;
		}
		ops->request(c, line, len);
		free(line);
	}
	if (c->lost) {
		client_cut(c);
		return;
	}
	if (busy(c) || unsent(c) >= CLIENT_OUTPUT_HIGH) {
		/* Called again when that is over. Until then libevent would call on_read without end for a
		 * buffer that is full, and never come back to the loop, whose jobs are to end it. */
		if (evbuffer_get_length(in) >= ops->request_max)
			bufferevent_disable(c->bev, EV_READ);
		return;
	}
	if (evbuffer_get_length(in) >= ops->request_max) {
		ops->too_long(c);
		bufferevent_disable(c->bev, EV_READ);
		evbuffer_drain(in, evbuffer_get_length(in));
		c->input_over = true;
	}
	if (!c->input_over)
		bufferevent_enable(c->bev, EV_READ);
	if (c->input_over && unsent(c) == 0)
		client_free(c);
}

static enum job_result
run(struct job *job, uint64_t deadline_ns)
{
	struct client *c = container_of(job, struct client, job);

	while (c->walking && !c->lost) {
		if (unsent(c) >= CLIENT_OUTPUT_HIGH)
			return JOB_DONE; /* on_written starts it again */
		if (c->all->ops->step(c))
			c->walking = false;
		if (c->waits)
			return JOB_DONE;
		if (c->walking && time_mono_ns() >= deadline_ns)
			return JOB_MORE;
	}
	requests(c);
	return JOB_DONE;
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;

	(void)bev;
	loop_enter(c->all->loop);
	requests(c);
}

/* No more than CLIENT_OUTPUT_LOW octets wait. */
static void
on_written(struct bufferevent *bev, void *arg)
{
	struct client *c = arg;

	(void)bev;
	loop_enter(c->all->loop);
	if (c->walking && !c->waits)
		loop_job_start(c->all->loop, &c->job);
	else if (!c->walking)
		requests(c);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct client *c = arg;

	loop_enter(c->all->loop);
	if ((what & BEV_EVENT_EOF) == 0 || (what & BEV_EVENT_WRITING) != 0 || (c->walking && c->endless)) {
		client_free(c);
		return;
	}
	/* It may have closed its sending half only, and waits for its answers. */
	bufferevent_disable(bev, EV_READ);
	c->input_over = true;
	requests(c);
}

/* ---- the listening socket ---- */

/* Too many already: says so, as far as that can be written at once. */
static void
refuse(const struct clients *cs, int fd)
{
	(void)send(fd, cs->ops->refusal, strlen(cs->ops->refusal), MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void
client_new(struct clients *cs, int fd)
{
	struct bufferevent *bev = bufferevent_socket_new(cs->loop->base, fd, BEV_OPT_CLOSE_ON_FREE);

	if (bev == NULL) {
		close(fd);
		return;
	}
	struct client *c = try_alloc(cs->ops->size);
	if (c == NULL) {
		bufferevent_free(bev);
		return;
	}
	memset(c, 0, cs->ops->size);
	c->all = cs;
	c->bev = bev;
	c->job = (struct job){.run = run, .name = cs->ops->job};
	TAILQ_INSERT_TAIL(&cs->list, c, entry);
	cs->n++;
	bufferevent_priority_set(bev, LOOP_PRIO_IO);
	bufferevent_setcb(bev, on_read, on_written, on_event, c);
	bufferevent_setwatermark(bev, EV_READ, 0, cs->ops->request_max);
	bufferevent_setwatermark(bev, EV_WRITE, CLIENT_OUTPUT_LOW, 0);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
	if (cs->ops->opened != NULL)
		cs->ops->opened(c);
}

static void
on_resume(evutil_socket_t fd, short what, void *arg)
{
	struct clients *cs = arg;

	(void)fd;
	(void)what;
	event_add(cs->ev_accept, NULL);
}

/* Who cannot be taken in stays in the queue, and the loop would turn for nothing else. */
static void
accept_failed(struct clients *cs, int err)
{
	uint32_t now_s = loop_now_s(cs->loop);

	if (err != EMFILE && err != ENFILE && err != ENOBUFS && err != ENOMEM)
		return;
	if (cs->failures++ == 0 || now_s - cs->warned_s >= WARN_S) {
		log_warn("control.accept", LOG_S("socket", cs->path), LOG_S("error", strerror(err)),
			 LOG_U("failures", cs->failures));
		cs->warned_s = now_s;
	}
	event_del(cs->ev_accept);
	event_add(cs->ev_resume, &(struct timeval){.tv_usec = PAUSE_MS * 1000});
}

static void
on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct clients *cs = arg;

	(void)what;
	loop_enter(cs->loop);
	for (int i = 0; i < ACCEPT_AT_ONCE; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0) {
			accept_failed(cs, errno);
			return;
		}
		if (cs->n >= cs->ops->max)
			refuse(cs, fd);
		else
			client_new(cs, fd);
	}
}

/* Binds; a socket file that nobody listens on any more is of a daemon that died, and is replaced. */
static int
bind_path(int fd, const struct sockaddr_un *sun)
{
	const struct sockaddr *sa = (const struct sockaddr *)sun;
	struct stat st;

	if (bind(fd, sa, sizeof(*sun)) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -errno;
	/* connect() is refused by any other file as well, and that is somebody's. */
	if (lstat(sun->sun_path, &st) < 0)
		return -errno;
	if (!S_ISSOCK(st.st_mode))
		return -EEXIST;
	int probe = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (probe < 0)
		return -errno;
	bool dead = connect(probe, sa, sizeof(*sun)) < 0 && errno == ECONNREFUSED;
	close(probe);
	if (!dead)
		return -EADDRINUSE;
	if (unlink(sun->sun_path) < 0)
		return -errno;
	return bind(fd, sa, sizeof(*sun)) < 0 ? -errno : 0;
}

static int
access_apply(const struct client_access *access, const char *path)
{
	if (access->group != NULL) {
		const struct group *g = getgrnam(access->group);
		if (g == NULL) {
			log_error("control.group", LOG_S("group", access->group),
				  LOG_S("error", "there is no such group"),
				  LOG_S("hint", "make it or set control.group"));
			return -EINVAL;
		}
		if (chown(path, (uid_t)-1, g->gr_gid) < 0)
			return -errno;
	}
	return chmod(path, access->mode) < 0 ? -errno : 0;
}

/* A socket that listens at path, or -errno. Access is set before listen(): nobody can connect until then. */
static int
listen_at(const char *path, const struct client_access *access)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int err;

	if (strlcpy(sun.sun_path, path, sizeof(sun.sun_path)) >= sizeof(sun.sun_path))
		return -ENAMETOOLONG;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	err = bind_path(fd, &sun);
	if (err == 0) {
		err = access_apply(access, path);
		if (err == 0 && listen(fd, BACKLOG) < 0)
			err = -errno;
		if (err == 0)
			return fd;
		unlink(path);
	}
	close(fd);
	return err;
}

void
clients_unlisten(struct clients *cs)
{
	if (cs->path == NULL)
		return;
	event_free(cs->ev_accept);
	event_free(cs->ev_resume);
	close(cs->fd);
	unlink(cs->path);
	free(cs->path);
	cs->path = NULL;
}

int
clients_listen(struct clients *cs, const char *path, const struct client_access *access)
{
	if (cs->path != NULL && strcmp(cs->path, path) == 0)
		return access_apply(access, path);
	int fd = listen_at(path, access);
	if (fd < 0)
		return fd;
	clients_unlisten(cs);
	cs->fd = fd;
	cs->path = xstrdup(path);
	cs->ev_accept = event_new(cs->loop->base, fd, EV_READ | EV_PERSIST, on_accept, cs);
	cs->ev_resume = evtimer_new(cs->loop->base, on_resume, cs);
	ASSERT(cs->ev_accept != NULL && cs->ev_resume != NULL);
	event_priority_set(cs->ev_accept, LOOP_PRIO_IO);
	event_add(cs->ev_accept, NULL);
	return 0;
}

const char *
clients_path(const struct clients *cs)
{
	return cs->path;
}

struct clients *
clients_new(struct loop *loop, const struct client_ops *ops, void *ctx)
{
	struct clients *cs = xcalloc(1, sizeof(*cs));

	*cs = (struct clients){.loop = loop, .ops = ops, .ctx = ctx, .fd = -1};
	TAILQ_INIT(&cs->list);
	return cs;
}

void
clients_free(struct clients *cs)
{
	if (cs == NULL)
		return;
	while (!TAILQ_EMPTY(&cs->list))
		client_free(TAILQ_FIRST(&cs->list));
	clients_unlisten(cs);
	free(cs);
}
