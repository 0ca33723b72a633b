/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/service: what a service manager hears, at a socket that is this test's own. */
#include "lib/service.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "tests/unit/suite.h"

static char name[64];
static char status[32];

/* An abstract socket in $NOTIFY_SOCKET; returns it. */
static int
manager(void)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	snprintf(name, sizeof(name), "@godwit-test-%ld", (long)getpid());
	memcpy(sun.sun_path, name, strlen(name));
	sun.sun_path[0] = '\0';
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun,
			      (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name))),
			 0);
	setenv("NOTIFY_SOCKET", name, 1);
	return fd;
}

static const char *
heard(int fd)
{
	static char text[512];
	ssize_t n = recv(fd, text, sizeof(text) - 1, 0);

	text[n > 0 ? n : 0] = '\0';
	return text;
}

static void
status_write(void *ctx, char *text, size_t size)
{
	(void)ctx;
	snprintf(text, size, "%s", status);
}

START_TEST(test_nobody)
{
	struct event_base *base = event_base_new();

	unsetenv("NOTIFY_SOCKET");
	setenv("WATCHDOG_USEC", "1000000", 1);
	ck_assert_ptr_null(service_open(base, status_write, NULL));
	ck_assert_ptr_null(getenv("WATCHDOG_USEC"));
	service_ready(NULL);
	service_reloading(NULL);
	service_stopping(NULL, 1);
	service_close(NULL);
	setenv("NOTIFY_SOCKET", "relative", 1);
	ck_assert_ptr_null(service_open(base, status_write, NULL));
	setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
	ck_assert_ptr_null(service_open(base, status_write, NULL));
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	event_base_free(base);
}
END_TEST

START_TEST(test_life)
{
	struct event_base *base = event_base_new();
	int fd = manager();
	uint64_t us;
	char rest;

	strcpy(status, "fine");
	struct service *s = service_open(base, status_write, NULL);
	ck_assert_ptr_nonnull(s);
	ck_assert_ptr_null(getenv("NOTIFY_SOCKET"));
	/* Before the start is over a reload says nothing, least of all that all is ready. */
	service_reloading(s);
	service_reloaded(s);
	ck_assert_str_eq(heard(fd), "");
	service_ready(s);
	ck_assert_str_eq(heard(fd), "READY=1");
	ck_assert_str_eq(heard(fd), "STATUS=fine");
	ck_assert_str_eq(heard(fd), "");
	service_reloading(s);
	ck_assert_int_eq(sscanf(heard(fd), "RELOADING=1\nMONOTONIC_USEC=%" SCNu64 "%c", &us, &rest), 1);
	ck_assert_uint_gt(us, 0);
	service_reloaded(s);
	ck_assert_str_eq(heard(fd), "READY=1");
	service_ready(s);
	ck_assert_str_eq(heard(fd), "");
	service_stopping(s, 90);
	ck_assert_str_eq(heard(fd), "STOPPING=1\nEXTEND_TIMEOUT_USEC=90000000");
	service_close(s);
	close(fd);
	event_base_free(base);
}
END_TEST

/* The loop turns until the manager hears something. */
static const char *
next(struct event_base *base, int fd)
{
	const char *text;

	while (*(text = heard(fd)) == '\0')
		event_base_loop(base, EVLOOP_ONCE);
	return text;
}

START_TEST(test_heartbeat)
{
	struct event_base *base = event_base_new();
	char pid[24];
	int fd = manager();

	event_base_priority_init(base, 2);
	strcpy(status, "a");
	snprintf(pid, sizeof(pid), "%ld", (long)getpid());
	setenv("WATCHDOG_USEC", "100000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	struct service *s = service_open(base, status_write, NULL);
	service_ready(s);
	ck_assert_str_eq(heard(fd), "READY=1");
	ck_assert_str_eq(heard(fd), "STATUS=a");
	ck_assert_str_eq(heard(fd), "WATCHDOG=1");
	/* Without turns of the loop there is none. */
	usleep(150000);
	ck_assert_str_eq(heard(fd), "");
	for (int i = 0; i < 3; i++)
		ck_assert_str_eq(next(base, fd), "WATCHDOG=1");
	/* A status is told when it is another one. */
	strcpy(status, "b");
	const char *text;
	while (strcmp(text = next(base, fd), "WATCHDOG=1") == 0)
		;
	ck_assert_str_eq(text, "STATUS=b");
	service_close(s);
	close(fd);
	event_base_free(base);
}
END_TEST

START_TEST(test_heartbeat_of_another)
{
	struct event_base *base = event_base_new();
	int fd = manager();

	setenv("WATCHDOG_USEC", "100000", 1);
	setenv("WATCHDOG_PID", "1", 1);
	strcpy(status, "c");
	struct service *s = service_open(base, status_write, NULL);
	service_ready(s);
	ck_assert_str_eq(heard(fd), "READY=1");
	ck_assert_str_eq(heard(fd), "STATUS=c");
	ck_assert_str_eq(heard(fd), "");
	service_close(s);
	close(fd);
	event_base_free(base);
}
END_TEST

SUITE("service", test_nobody, test_life, test_heartbeat, test_heartbeat_of_another)
