/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl: the listening socket, and the life of its clients.
 *
 * A client is freed only where nothing of it is on the stack: at the end of its
 * own event callbacks and of its job's slice. Reading stops while a request is at
 * work, so that a client can queue no more than one buffer of requests.
 */
#include "bgpd/ctl.h"

#include "bgpd/ctl_reply.h"
#include "bgpd/daemon.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"

#include <errno.h>
#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <grp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#define CTL_BACKLOG        16
#define CTL_ACCEPT_AT_ONCE 16 /* connections taken in one turn of the loop */

struct ctl_client {
	TAILQ_ENTRY(ctl_client) entry;
	struct ctl *ctl;
	struct bufferevent *bev;
	struct job job;       /* runs the walk */
	struct ctl_walk walk; /* step NULL: no request at work */
	bool waits;           /* the walk has nothing to say for now */
	void (*cancel)(void *ctx); /* NULL: it does not wait for an answer from elsewhere */
	void *cancel_ctx;
	bool input_over;      /* it sends no more: goes when everything is answered */
	uint32_t instance;    /* that the request is about: its number */
};

struct ctl {
	struct bgpd *d;
	char *path;
	int fd;
	struct event *ev_accept;
	TAILQ_HEAD(, ctl_client) clients;
	unsigned nclients;
};

struct bgpd *
ctl_client_daemon(const struct ctl_client *c)
{
	return instance_by_number(c->ctl->d, c->instance);
}

void
ctl_client_turn(struct ctl_client *c, const struct bgpd *d)
{
	c->instance = instance_number(d);
}

/* Is a request at work? */
static bool
busy(const struct ctl_client *c)
{
	return c->walk.step != NULL || c->cancel != NULL;
}

/* ---- what is written ---- */

static int
put_octets(const char *text, size_t len, void *out)
{
	return evbuffer_add(out, text, len);
}

/* One line; takes the object. Objects that cannot be text (broken UTF-8) are a bug of whoever made them. */
static void
put_line(struct ctl_client *c, json_t *o)
{
	struct evbuffer *out = bufferevent_get_output(c->bev);

	ASSERT(o != NULL);
	int rc = json_dump_callback(o, put_octets, out, JSON_COMPACT | JSON_REAL_PRECISION(6));
	ASSERT(rc == 0);
	evbuffer_add(out, "\n", 1);
	json_decref(o);
}

static void
put_end(struct ctl_client *c, const char *why)
{
	json_t *end = json_pack("{s:b}", "end", 1);

	if (why != NULL)
		json_object_set_new(end, "error", json_string(why));
	put_line(c, end);
}

/* The first line of a good answer. */
static void
put_head(struct ctl_client *c, json_t *head, const char *rows)
{
	json_t *o = json_pack("{s:i,s:b,s:s?,s:o}", "protocol", CTL_PROTOCOL, "ok", 1, "rows", rows, "head",
			      head != NULL ? head : json_object());
	put_line(c, o);
}

void
ctl_fail(struct ctl_client *c, const char *code, const char *fmt, ...)
{
	va_list ap;
	struct str text = {0};

	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	json_t *words = json_string(str_get(&text));
	if (words == NULL) /* quotes what came in, which need not be UTF-8 */
		words = json_string("the request contains text that is not UTF-8");
	put_line(c, json_pack("{s:i,s:b,s:o,s:s}", "protocol", CTL_PROTOCOL, "ok", 0, "error", words, "code",
			      code));
	put_end(c, NULL);
	str_free(&text);
}

void
ctl_done(struct ctl_client *c, json_t *head)
{
	put_head(c, head, NULL);
	put_end(c, NULL);
}

void
ctl_stream(struct ctl_client *c, json_t *head, const struct ctl_walk *walk)
{
	ASSERT(c->walk.step == NULL && walk->step != NULL);
	put_head(c, head, walk->rows);
	c->walk = *walk;
	loop_job_start(c->ctl->d->loop, &c->job);
}

void
ctl_wait(struct ctl_client *c, void (*cancel)(void *ctx), void *ctx)
{
	ASSERT(!busy(c));
	c->cancel = cancel;
	c->cancel_ctx = ctx;
}

void
ctl_resume(struct ctl_client *c)
{
	ASSERT(c->cancel != NULL);
	c->cancel = NULL;
	/* Further requests of the client may have to be begun. */
	loop_job_start(c->ctl->d->loop, &c->job);
}

void
ctl_row(struct ctl_client *c, json_t *row)
{
	put_line(c, row);
}

void
ctl_walk_wait(struct ctl_client *c)
{
	c->waits = true;
}

void
ctl_walk_wake(struct ctl_client *c)
{
	c->waits = false;
	loop_job_start(c->ctl->d->loop, &c->job);
}

static void
walk_end(struct ctl_client *c)
{
	if (c->walk.free != NULL)
		c->walk.free(c->walk.state);
	c->walk = (struct ctl_walk){0};
}

void
ctl_break(struct ctl_client *c, const char *why)
{
	put_end(c, why);
	walk_end(c);
}

/* ---- clients ---- */

static void
client_free(struct ctl_client *c)
{
	struct ctl *ctl = c->ctl;

	loop_job_cancel(ctl->d->loop, &c->job);
	if (c->walk.step != NULL)
		walk_end(c);
	if (c->cancel != NULL)
		c->cancel(c->cancel_ctx);
	TAILQ_REMOVE(&ctl->clients, c, entry);
	ctl->nclients--;
	bufferevent_free(c->bev);
	free(c);
}

static size_t
client_waiting(const struct ctl_client *c)
{
	return evbuffer_get_length(bufferevent_get_output(c->bev));
}

static void
client_request(struct ctl_client *c, const char *line, size_t len)
{
	json_error_t err;
	json_t *request = json_loadb(line, len, JSON_REJECT_DUPLICATES, &err);

	c->instance = 0;
	if (request == NULL)
		ctl_fail(c, CTL_ERR_REQUEST, "not JSON: %s", err.text);
	else
		ctl_command_run(c, request);
	json_decref(request);
}

/* Runs what requests there are until one keeps it busy; may free the client. */
static void
client_requests(struct ctl_client *c)
{
	struct evbuffer *in = bufferevent_get_input(c->bev);
	char *line = NULL;
	size_t len;

	while (!busy(c) && client_waiting(c) < CTL_OUTPUT_HIGH) {
		line = evbuffer_readln(in, &len, EVBUFFER_EOL_LF);
		if (line == NULL)
			break;
		client_request(c, line, len);
		free(line);
	}
	if (busy(c) || client_waiting(c) >= CTL_OUTPUT_HIGH) {
		/* Called again when that is over. Until then libevent would call on_read without end for a buffer
		 * that is full, and never come back to the loop, whose jobs are to end it. */
		if (evbuffer_get_length(in) >= CTL_REQUEST_MAX)
			bufferevent_disable(c->bev, EV_READ);
		return;
	}
	if (evbuffer_get_length(in) >= CTL_REQUEST_MAX) {
		ctl_fail(c, CTL_ERR_REQUEST, "a request is longer than %u octets", CTL_REQUEST_MAX);
		bufferevent_disable(c->bev, EV_READ);
		evbuffer_drain(in, evbuffer_get_length(in));
		c->input_over = true;
	}
	if (!c->input_over)
		bufferevent_enable(c->bev, EV_READ);
	if (c->input_over && client_waiting(c) == 0)
		client_free(c);
}

static enum job_result
client_run(struct job *job, uint64_t deadline_ns)
{
	struct ctl_client *c = container_of(job, struct ctl_client, job);

	while (c->walk.step != NULL) {
		if (client_waiting(c) >= CTL_OUTPUT_HIGH)
			return JOB_DONE; /* on_written starts it again */
		if (ctl_client_daemon(c) == NULL)
			ctl_break(c, "the table is gone");
		else if (c->walk.step(c, c->walk.state) && c->walk.step != NULL) {
			put_end(c, NULL);
			walk_end(c);
		}
		if (c->waits)
			return JOB_DONE;
		if (c->walk.step != NULL && time_mono_ns() >= deadline_ns)
			return JOB_MORE;
	}
	client_requests(c);
	return JOB_DONE;
}

static void
on_read(struct bufferevent *bev, void *arg)
{
	struct ctl_client *c = arg;

	(void)bev;
	loop_enter(c->ctl->d->loop);
	client_requests(c);
}

/* No more than CTL_OUTPUT_LOW octets wait. */
static void
on_written(struct bufferevent *bev, void *arg)
{
	struct ctl_client *c = arg;

	(void)bev;
	loop_enter(c->ctl->d->loop);
	if (c->walk.step != NULL && !c->waits)
		loop_job_start(c->ctl->d->loop, &c->job);
	else if (c->walk.step == NULL)
		client_requests(c);
}

static void
on_event(struct bufferevent *bev, short what, void *arg)
{
	struct ctl_client *c = arg;

	loop_enter(c->ctl->d->loop);
	if ((what & BEV_EVENT_EOF) == 0 || (what & BEV_EVENT_WRITING) != 0 || c->walk.endless) {
		client_free(c);
		return;
	}
	/* It may have closed its sending half only, and waits for its answers. */
	bufferevent_disable(bev, EV_READ);
	c->input_over = true;
	client_requests(c);
}

/* ---- the listening socket ---- */

/* Too many already: says so, as far as that can be written at once. */
static void
refuse(int fd)
{
	static const char text[] =
	    "{\"protocol\":1,\"ok\":false,\"error\":\"too many clients\",\"code\":\"" CTL_ERR_BUSY
	    "\"}\n{\"end\":true}\n";

	(void)send(fd, text, sizeof(text) - 1, MSG_DONTWAIT | MSG_NOSIGNAL);
	close(fd);
}

static void
client_new(struct ctl *ctl, int fd)
{
	struct bufferevent *bev = bufferevent_socket_new(ctl->d->loop->base, fd, BEV_OPT_CLOSE_ON_FREE);

	if (bev == NULL) {
		close(fd);
		return;
	}
	struct ctl_client *c = xcalloc(1, sizeof(*c));
	c->ctl = ctl;
	c->bev = bev;
	c->job = (struct job){.run = client_run, .name = "control"};
	TAILQ_INSERT_TAIL(&ctl->clients, c, entry);
	ctl->nclients++;
	bufferevent_priority_set(bev, LOOP_PRIO_IO);
	bufferevent_setcb(bev, on_read, on_written, on_event, c);
	bufferevent_setwatermark(bev, EV_READ, 0, CTL_REQUEST_MAX);
	bufferevent_setwatermark(bev, EV_WRITE, CTL_OUTPUT_LOW, 0);
	bufferevent_enable(bev, EV_READ | EV_WRITE);
}

static void
on_accept(evutil_socket_t listener, short what, void *arg)
{
	struct ctl *ctl = arg;

	(void)what;
	loop_enter(ctl->d->loop);
	for (int i = 0; i < CTL_ACCEPT_AT_ONCE; i++) {
		int fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (fd < 0)
			return;
		if (ctl->nclients >= CTL_CLIENTS_MAX)
			refuse(fd);
		else
			client_new(ctl, fd);
	}
}

/* Binds; a socket file that nobody listens on any more is of a daemon that died, and is replaced. */
static int
bind_path(int fd, const struct sockaddr_un *sun)
{
	const struct sockaddr *sa = (const struct sockaddr *)sun;

	if (bind(fd, sa, sizeof(*sun)) == 0)
		return 0;
	if (errno != EADDRINUSE)
		return -errno;
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

static const char *
wanted_path(const struct bgpd *d)
{
	if (d->options->socket != NULL)
		return d->options->socket;
	return d->conf->control.socket != NULL ? d->conf->control.socket : DAEMON_SOCKET_PATH;
}

/* Mode and group of the configuration. 0 or -errno. */
static int
apply_access(const struct conf_control *conf, const char *path)
{
	if (conf->group != NULL) {
		const struct group *g = getgrnam(conf->group);
		if (g == NULL) {
			log_error("control.group", LOG_S("group", conf->group),
				  LOG_S("error", "there is no such group"), LOG_S("hint", "make it or set control.group"));
			return -EINVAL;
		}
		if (chown(path, (uid_t)-1, g->gr_gid) < 0)
			return -errno;
	}
	return chmod(path, (mode_t)conf->mode) < 0 ? -errno : 0;
}

/* A socket that listens at path, or -errno. Access is set before listen(): nobody can connect until then. */
static int
listen_at(const struct bgpd *d, const char *path)
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
		err = apply_access(&d->conf->control, path);
		if (err == 0 && listen(fd, CTL_BACKLOG) < 0)
			err = -errno;
		if (err == 0)
			return fd;
		unlink(path);
	}
	close(fd);
	return err;
}

static int
ctl_open(struct ctl *ctl, const char *path)
{
	int fd = listen_at(ctl->d, path);

	if (fd < 0) {
		log_error("control.listen", LOG_S("socket", path), LOG_S("error", strerror(-fd)));
		return fd;
	}
	if (ctl->ev_accept != NULL) {
		event_free(ctl->ev_accept);
		close(ctl->fd);
		unlink(ctl->path);
		free(ctl->path);
	}
	ctl->fd = fd;
	ctl->path = xstrdup(path);
	ctl->ev_accept = event_new(ctl->d->loop->base, fd, EV_READ | EV_PERSIST, on_accept, ctl);
	ASSERT(ctl->ev_accept != NULL);
	event_priority_set(ctl->ev_accept, LOOP_PRIO_IO);
	event_add(ctl->ev_accept, NULL);
	return 0;
}

struct ctl *
ctl_new(struct bgpd *d)
{
	struct ctl *ctl = xcalloc(1, sizeof(*ctl));

	ctl->d = d;
	ctl->fd = -1;
	TAILQ_INIT(&ctl->clients);
	if (ctl_open(ctl, wanted_path(d)) < 0) {
		free(ctl);
		return NULL;
	}
	return ctl;
}

int
ctl_reconfigure(struct ctl *ctl)
{
	const char *path = wanted_path(ctl->d);

	if (strcmp(path, ctl->path) != 0)
		return ctl_open(ctl, path);
	int err = apply_access(&ctl->d->conf->control, path);
	if (err < 0)
		log_error("control.access", LOG_S("socket", path), LOG_S("error", strerror(-err)));
	return err;
}

void
ctl_free(struct ctl *ctl)
{
	if (ctl == NULL)
		return;
	while (!TAILQ_EMPTY(&ctl->clients))
		client_free(TAILQ_FIRST(&ctl->clients));
	event_free(ctl->ev_accept);
	close(ctl->fd);
	unlink(ctl->path);
	free(ctl->path);
	free(ctl);
}
