/* SPDX-License-Identifier: Apache-2.0 */
/*
 * placed: see placed.h.
 */
#include "conf/placed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/load.h"
#include "lib/mem.h"

static void
paths_make(struct placed *p, const char *dest)
{
	char *target = realpath(dest, NULL);
	const char *slash, *name;
	int folder;

	p->dest = target != NULL ? target : xstrdup(dest);
	slash = strrchr(p->dest, '/');
	name = slash != NULL ? slash + 1 : p->dest;
	folder = (int)(name - p->dest);
	p->stage = xasprintf("%.*s.%s.stage", folder, p->dest, name);
	p->previous = xasprintf("%.*s.%s.previous", folder, p->dest, name);
}

int
placed_open(struct placed *p, const char *dest, mode_t mode)
{
	struct stat st;
	int rc;

	*p = (struct placed){.mode = mode & 0777};
	paths_make(p, dest);
	if (stat(p->dest, &st) < 0)
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISREG(st.st_mode))
		return S_ISDIR(st.st_mode) ? -EISDIR : -EINVAL;
	rc = tree_read(p->dest, PLACED_MAX, &p->text, &p->len);
	if (rc < 0)
		return rc == -ENOENT ? 0 : rc;
	p->there = true;
	p->uid = st.st_uid;
	p->gid = st.st_gid;
	p->mode_was = st.st_mode & 0777;
	return 0;
}

void
placed_close(struct placed *p)
{
	free(p->dest);
	free(p->stage);
	free(p->previous);
	free(p->text);
	*p = (struct placed){0};
}

bool
placed_is(const struct placed *p, const char *text, size_t len)
{
	return p->there && p->len == len && (len == 0 || memcmp(p->text, text, len) == 0);
}

bool
placed_untold(const struct placed *p)
{
	return access(p->previous, F_OK) == 0;
}

int
placed_mode_set(struct placed *p)
{
	if (p->mode_was != p->mode && chmod(p->dest, p->mode) < 0)
		return -errno;
	p->mode_was = p->mode;
	return 0;
}

static int
write_all(int fd, const char *text, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, text, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		text += n;
		len -= (size_t)n;
	}
	return fsync(fd) < 0 ? -errno : 0;
}

/* The owner before the mode: until then nobody else can read it. */
static int
owner_and_mode(const struct placed *p, int fd, mode_t mode)
{
	struct stat st;

	if (fstat(fd, &st) < 0)
		return -errno;
	/* Who is not root cannot give it away; in a directory that is open to it the file is its own from now
	 * on. */
	if (p->there && (st.st_uid != p->uid || st.st_gid != p->gid) && fchown(fd, p->uid, p->gid) < 0 &&
	    (errno != EPERM || geteuid() == 0))
		return -errno;
	return fchmod(fd, mode) < 0 ? -errno : 0;
}

/* A hidden file of its own; not there if it fails. */
static int
hidden_write(const struct placed *p, const char *path, const char *text, size_t len, mode_t mode)
{
	int fd, rc;

	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, mode & 0600);
	if (fd < 0)
		return -errno;
	rc = owner_and_mode(p, fd, mode);
	if (rc == 0)
		rc = write_all(fd, text, len);
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	if (rc < 0)
		unlink(path);
	return rc;
}

int
placed_stage(struct placed *p, const char *text, size_t len)
{
	return hidden_write(p, p->stage, text, len, p->mode);
}

void
placed_unstage(struct placed *p)
{
	unlink(p->stage);
}

static void
folder_sync(const struct placed *p)
{
	const char *slash = strrchr(p->dest, '/');
	char *folder = slash != NULL ? xasprintf("%.*s/", (int)(slash - p->dest), p->dest) : xstrdup(".");
	int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd); /* some file systems have no such thing */
		close(fd);
	}
	free(folder);
}

/* Over a file that cannot be replaced. Whoever reads it just now may see a part. */
static int
rewrite(const struct placed *p, const char *text, size_t len, mode_t mode)
{
	int fd = open(p->dest, O_WRONLY | O_CLOEXEC), rc = 0;

	if (fd < 0)
		return -errno;
	if (fchmod(fd, mode & p->mode_was) < 0 || ftruncate(fd, 0) < 0)
		rc = -errno;
	if (rc == 0)
		rc = write_all(fd, text, len);
	if (rc == 0 && fchmod(fd, mode) < 0)
		rc = -errno;
	if (close(fd) < 0 && rc == 0)
		rc = -errno;
	return rc;
}

/* from comes into place. */
static int
replace(const struct placed *p, const char *from, const char *text, size_t len, mode_t mode)
{
	int rc = 0;

	if (rename(from, p->dest) < 0) {
		rc = errno == EBUSY ? rewrite(p, text, len, mode) : -errno;
		if (rc == 0)
			unlink(from);
	}
	if (rc == 0)
		folder_sync(p);
	return rc;
}

/* A second name for what is in place, or a copy where there can be none. */
static int
previous_keep(const struct placed *p)
{
	if (unlink(p->previous) < 0 && errno != ENOENT)
		return -errno;
	if (!p->there || link(p->dest, p->previous) == 0)
		return 0;
	return hidden_write(p, p->previous, p->text, p->len, p->mode_was);
}

int
placed_commit(struct placed *p, const char *text, size_t len)
{
	int rc = previous_keep(p);

	if (rc == 0) {
		rc = replace(p, p->stage, text, len, p->mode);
		if (rc < 0)
			unlink(p->previous);
	}
	if (rc < 0)
		unlink(p->stage);
	return rc;
}

int
placed_back(struct placed *p)
{
	struct stat st;
	char *text;
	size_t len;
	int rc;

	if (stat(p->previous, &st) < 0)
		return -errno;
	rc = tree_read(p->previous, PLACED_MAX, &text, &len);
	if (rc < 0)
		return rc;
	rc = replace(p, p->previous, text, len, st.st_mode & 0777);
	free(text);
	return rc;
}

void
placed_settle(struct placed *p)
{
	unlink(p->previous);
}
