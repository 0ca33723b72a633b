/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pid_file: the file with our process id.
 *
 * Opened while we may do that, written when the start has succeeded, removed in an orderly end. In a
 * directory where its user may not remove it, it is left empty.
 */
#ifndef BGPD_PID_FILE_H
#define BGPD_PID_FILE_H

#include <stdbool.h>

struct pid_file {
	const char *path; /* NULL: there is none */
	int fd;
};

/*
 * path NULL: none. What it was before stays in it, as another daemon may be running. It stays the file of
 * whoever makes it, root as a rule: it is written by the descriptor, and who may remove it is a matter of
 * its directory. What fails is logged, and there is none then. A link, or a file with several names, is
 * refused, since root opens it in a directory that may be another user's.
 */
void pid_file_open(struct pid_file *p, const char *path);
void pid_file_write(struct pid_file *p);
/* The end. ours: it has been written; else only what we have made goes. */
void pid_file_close(struct pid_file *p, bool ours);

#endif
