/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pid_file: see pid_file.h.
 */
#include "bgpd/pid_file.h"

#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void
failed(struct pid_file *p, int error)
{
	log_warn("daemon.pidfile", LOG_S("file", p->path), LOG_S("error", strerror(error)));
}

void
pid_file_open(struct pid_file *p, const char *path)
{
	struct stat st;
	int error = 0;

	*p = (struct pid_file){.path = path, .fd = -1};
	if (path == NULL)
		return;
	p->fd = open(path, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0644);
	if (p->fd < 0 || fstat(p->fd, &st) < 0)
		error = errno;
	else if (!S_ISREG(st.st_mode) || st.st_nlink != 1)
		error = EINVAL;
	if (error == 0)
		return;
	failed(p, error);
	if (p->fd >= 0)
		close(p->fd);
	*p = (struct pid_file){.fd = -1};
}

void
pid_file_write(struct pid_file *p)
{
	char text[32];
	int n = snprintf(text, sizeof text, "%ld\n", (long)getpid());

	if (p->path != NULL && (ftruncate(p->fd, 0) < 0 || write(p->fd, text, (size_t)n) != n))
		failed(p, errno);
}

void
pid_file_close(struct pid_file *p, bool ours)
{
	struct stat st;

	if (p->path == NULL)
		return;
	if (!ours && (fstat(p->fd, &st) < 0 || st.st_size > 0))
		close(p->fd);
	else {
		if (unlink(p->path) < 0 && ftruncate(p->fd, 0) < 0)
			failed(p, errno);
		close(p->fd);
	}
	p->path = NULL;
}
