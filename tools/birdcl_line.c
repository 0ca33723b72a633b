/* SPDX-License-Identifier: Apache-2.0 */
/*
 * birdcl_line: see birdcl.h. The socket, and lines from it.
 */
#include "tools/birdcl.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <unistd.h>

char *
birdcl_line(struct birdcl_reader *r)
{
	char *line = r->buf + r->start, *nl = memchr(line, '\n', r->end - r->start);

	if (nl == NULL)
		return NULL;
	*nl = '\0';
	if (nl > line && nl[-1] == '\r')
		nl[-1] = '\0';
	r->start = (size_t)(nl + 1 - r->buf);
	return line;
}

char *
birdcl_rest(struct birdcl_reader *r)
{
	char *line = r->buf + r->start;

	if (r->start == r->end)
		return NULL;
	r->buf[r->end] = '\0';
	r->start = r->end;
	return line;
}

long
birdcl_read(struct birdcl_reader *r)
{
	memmove(r->buf, r->buf + r->start, r->end - r->start);
	r->end -= r->start;
	r->start = 0;
	if (r->end == BIRDCL_LINE_MAX)
		return -EMSGSIZE;
	ssize_t n;
	do
		n = read(r->fd, r->buf + r->end, BIRDCL_LINE_MAX - r->end);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	r->end += (size_t)n;
	return n;
}

int
birdcl_dial(const char *path, unsigned timeout_s)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	struct timeval timeout = {.tv_sec = (time_t)timeout_s};
	int fd, err;

	if (strlen(path) >= sizeof sun.sun_path)
		return -ENAMETOOLONG;
	memcpy(sun.sun_path, path, strlen(path) + 1);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	/* A server that accepts nobody makes connect() wait, and it is the time for sending that ends that.
	 */
	if (setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &timeout, sizeof timeout) == 0 &&
	    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof timeout) == 0 &&
	    connect(fd, (const struct sockaddr *)&sun, sizeof sun) == 0)
		return fd;
	err = -errno;
	close(fd);
	return err;
}

int
birdcl_send(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			text += n;
			len -= (size_t)n;
		}
	}
	return 0;
}
