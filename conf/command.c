/* SPDX-License-Identifier: Apache-2.0 */
/*
 * command: see command.h. Every command has a SIGCHLD event of its own, which asks for its process alone, so
 * that others' children are nobody's business here.
 */
#include "conf/command.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mem.h"

#define LINES_MAX 5 /* of the output in a description */

struct command {
	pid_t pid; /* and its group; 0: not there */
	int fd;    /* its output; -1: closed */
	bool late;
	struct str output;
	struct event *child, *readable, *limit;
	command_done *done;
	void *ctx;
};

static void
command_free(struct command *c)
{
	if (c->child != NULL)
		event_free(c->child);
	if (c->readable != NULL)
		event_free(c->readable);
	if (c->limit != NULL)
		event_free(c->limit);
	if (c->fd >= 0)
		close(c->fd);
	str_free(&c->output);
	free(c);
}

/*
 * Takes what a pipe holds and no more, so that a fast writer does not keep the loop. What is beyond the bound
 * is dropped, so that the command does not wait for us.
 */
static void
output_read(struct command *c)
{
	char buf[65536];
	size_t room = COMMAND_OUTPUT_MAX - c->output.len;
	ssize_t n;

	if (c->fd < 0)
		return;
	n = read(c->fd, buf, sizeof(buf));
	if (n > 0)
		str_addn(&c->output, buf, (size_t)n < room ? (size_t)n : room);
	if (n > 0 || (n < 0 && (errno == EAGAIN || errno == EINTR)))
		return;
	event_del(c->readable);
	close(c->fd);
	c->fd = -1;
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	output_read(arg);
}

static void
on_child(evutil_socket_t fd, short what, void *arg)
{
	struct command *c = arg;
	struct command_result r = {0};
	pid_t pid = waitpid(c->pid, &r.status, WNOHANG);

	(void)fd;
	(void)what;
	if (pid == 0 || (pid < 0 && errno == EINTR))
		return;
	c->pid = 0;
	output_read(c);
	r.late = c->late;
	r.output = str_get(&c->output);
	c->done(c->ctx, &r);
	command_free(c);
}

static void
on_limit(evutil_socket_t fd, short what, void *arg)
{
	struct command *c = arg;

	(void)fd;
	(void)what;
	c->late = true;
	kill(-c->pid, SIGKILL);
}

/* 0, or an errno. */
static int
spawn(struct command *c, const char *text, int out)
{
	char sh[] = "sh", option[] = "-c", *const argv[] = {sh, option, (char *)(uintptr_t)text, NULL};
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int rc;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attr);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_adddup2(&files, out, STDOUT_FILENO);
	posix_spawn_file_actions_adddup2(&files, out, STDERR_FILENO);
	posix_spawnattr_setflags(&attr,
				 POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setpgroup(&attr, 0);
	posix_spawnattr_setsigdefault(&attr, &all);
	posix_spawnattr_setsigmask(&attr, &none);
	rc = posix_spawn(&c->pid, "/bin/sh", &files, &attr, argv, environ);
	posix_spawnattr_destroy(&attr);
	posix_spawn_file_actions_destroy(&files);
	return rc;
}

struct command *
command_start(struct event_base *base, const char *text, unsigned limit_ms, command_done *done, void *ctx)
{
	struct command *c = xcalloc(1, sizeof(*c));
	struct timeval limit = {.tv_sec = limit_ms / 1000, .tv_usec = (suseconds_t)(limit_ms % 1000) * 1000};
	int fds[2], rc;

	c->done = done;
	c->ctx = ctx;
	c->fd = -1;
	if (pipe2(fds, O_CLOEXEC) < 0) {
		rc = errno;
		goto fail;
	}
	c->fd = fds[0];
	fcntl(c->fd, F_SETFL, O_NONBLOCK);
	/* The signal is waited for before there is a process that could end. */
	c->child = evsignal_new(base, SIGCHLD, on_child, c);
	c->readable = event_new(base, c->fd, EV_READ | EV_PERSIST, on_readable, c);
	c->limit = evtimer_new(base, on_limit, c);
	ASSERT(c->child != NULL && c->readable != NULL && c->limit != NULL);
	event_add(c->child, NULL);
	event_add(c->readable, NULL);
	event_add(c->limit, &limit);
	rc = spawn(c, text, fds[1]);
	close(fds[1]);
	if (rc == 0)
		return c;
	c->pid = 0;
fail:
	command_free(c);
	errno = rc;
	return NULL;
}

void
command_cancel(struct command *c)
{
	if (c == NULL)
		return;
	kill(-c->pid, SIGKILL);
	while (waitpid(c->pid, NULL, 0) < 0 && errno == EINTR)
		;
	command_free(c);
}

/* ---- for persons ---- */

int
command_exit_status(const struct command_result *r)
{
	return !r->late && WIFEXITED(r->status) ? WEXITSTATUS(r->status) : -1;
}

void
command_describe(const struct command_result *r, struct str *out)
{
	const char *line = r->output;
	unsigned lines = 0;

	if (r->late)
		str_add(out, "it did not end in time");
	else if (WIFEXITED(r->status))
		str_addf(out, "exit status %d", WEXITSTATUS(r->status));
	else
		str_addf(out, "signal %d", WTERMSIG(r->status));
	for (; *line != '\0' && lines < LINES_MAX; line += strspn(line, "\r\n")) {
		size_t n = strcspn(line, "\r\n");
		if (n > 0)
			str_addf(out, "%s%.*s", lines++ == 0 ? ": " : "; ", (int)n, line);
		line += n;
	}
	if (*line != '\0')
		str_add(out, "; …");
}

void
command_quote(const char *text, struct str *out)
{
	str_add(out, "'");
	for (; *text != '\0'; text++) {
		if (*text == '\'')
			str_add(out, "'\\''");
		else
			str_addn(out, text, 1);
	}
	str_add(out, "'");
}
