/* SPDX-License-Identifier: Apache-2.0 */
/*
 * service: see service.h.
 */
#include "lib/service.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem.h"

#define STATUS_S    2
#define STATUS_SIZE 160

struct service {
	int fd;               /* connected */
	uint64_t watchdog_us; /* 0: no heartbeat is wanted */
	struct event *heartbeat, *status_timer;
	service_status_fn *status;
	void *ctx;
	bool ready;
	char said[STATUS_SIZE]; /* the last status */
};

__attribute__((format(printf, 2, 3))) static void
tell(struct service *s, const char *fmt, ...)
{
	char text[STATUS_SIZE + 64];
	va_list ap;

	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	ASSERT(n > 0 && (size_t)n < sizeof(text));
	if (send(s->fd, text, (size_t)n, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		log_debug("service.lost", LOG_S("error", strerror(errno)));
}

/* A socket to that name, of which @ stands for the zero of an abstract one; or -errno. */
static int
dial(const char *name)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	size_t len = strlen(name);

	if ((name[0] != '/' && name[0] != '@') || len < 2 || len >= sizeof(sun.sun_path))
		return -EINVAL;
	memcpy(sun.sun_path, name, len);
	if (name[0] == '@')
		sun.sun_path[0] = '\0';
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	/* An abstract name ends where the address does, a path with its zero. */
	len += offsetof(struct sockaddr_un, sun_path) + (name[0] == '/');
	if (connect(fd, (struct sockaddr *)&sun, (socklen_t)len) < 0) {
		int rc = -errno;
		close(fd);
		return rc;
	}
	return fd;
}

/* 0: nobody waits for a heartbeat of this process. */
static uint64_t
watchdog_us(void)
{
	const char *us = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");
	char *end;

	if (us == NULL || (pid != NULL && strtoll(pid, NULL, 10) != (long long)getpid()))
		return 0;
	errno = 0;
	unsigned long long n = strtoull(us, &end, 10);
	return errno != 0 || *end != '\0' || *us == '-' ? 0 : n;
}

static void
on_heartbeat(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	tell(arg, "WATCHDOG=1");
}

static void
status_tell(struct service *s)
{
	char text[STATUS_SIZE];

	s->status(s->ctx, text, sizeof(text));
	if (strcmp(text, s->said) == 0)
		return;
	strlcpy(s->said, text, sizeof(s->said));
	tell(s, "STATUS=%s", text);
}

static void
on_status(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	status_tell(arg);
}

struct service *
service_open(struct event_base *base, service_status_fn *status, void *ctx)
{
	const char *name = getenv("NOTIFY_SOCKET");
	struct service *s = NULL;

	if (name != NULL) {
		int fd = dial(name);
		if (fd < 0) {
			log_warn("service.socket", LOG_S("socket", name), LOG_S("error", strerror(-fd)),
				 LOG_S("effect", "the service manager is told nothing"));
		} else {
			s = xcalloc(1, sizeof(*s));
			*s = (struct service){
			    .fd = fd, .watchdog_us = watchdog_us(), .status = status, .ctx = ctx};
			s->heartbeat = event_new(base, -1, EV_PERSIST, on_heartbeat, s);
			s->status_timer = event_new(base, -1, EV_PERSIST, on_status, s);
			ASSERT(s->heartbeat != NULL && s->status_timer != NULL);
			event_priority_set(s->heartbeat, 0);
			event_priority_set(s->status_timer, 0);
		}
	}
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return s;
}

void
service_close(struct service *s)
{
	if (s == NULL)
		return;
	event_free(s->heartbeat);
	event_free(s->status_timer);
	close(s->fd);
	free(s);
}

void
service_ready(struct service *s)
{
	if (s == NULL || s->ready)
		return;
	s->ready = true;
	tell(s, "READY=1");
	status_tell(s);
	event_add(s->status_timer, &(struct timeval){.tv_sec = STATUS_S});
	if (s->watchdog_us < 2)
		return;
	uint64_t half = s->watchdog_us / 2;
	on_heartbeat(-1, 0, s);
	event_add(s->heartbeat, &(struct timeval){.tv_sec = (time_t)(half / 1000000),
						  .tv_usec = (suseconds_t)(half % 1000000)});
}

void
service_reloading(struct service *s)
{
	struct timespec now;

	if (s == NULL || !s->ready)
		return;
	clock_gettime(CLOCK_MONOTONIC, &now);
	tell(s, "RELOADING=1\nMONOTONIC_USEC=%" PRIu64,
	     (uint64_t)now.tv_sec * 1000000u + (uint64_t)now.tv_nsec / 1000u);
}

void
service_reloaded(struct service *s)
{
	if (s != NULL && s->ready)
		tell(s, "READY=1");
}

void
service_stopping(struct service *s, unsigned seconds)
{
	if (s != NULL)
		tell(s, "STOPPING=1\nEXTEND_TIMEOUT_USEC=%u000000", seconds);
}
