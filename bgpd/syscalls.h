/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscalls: the system calls that bgpd makes, and the filter (seccomp) that keeps it to them.
 *
 * One table, a row for each call with what it is for; arguments are looked at where a call can do more than
 * we do with it. What no row says does not exist for the process: ENOSYS, as on an older kernel, for which a
 * C library that is newer than this table has another way; and a line of the audit log. Calls that are never
 * made but by somebody else's code in our process (execute, trace, load a module) end the process instead:
 * its routes stay, and it is started anew.
 *
 * Files are read, never opened to be written: not even in our own directories, where sockets are made and
 * removed. So what Landlock could add is to keep sockets to directories that a reload would not be able to
 * change any more; the rights of router.user do that.
 */
#ifndef BGPD_SYSCALLS_H
#define BGPD_SYSCALLS_H

#include <stdbool.h>
#include <stddef.h>

/* Why this program is not to be confined: its build has somebody else's calls in it. NULL: it is. */
const char *syscalls_unconfined(void);
/*
 * From now on, for this thread and those that it makes; PR_SET_NO_NEW_PRIVS has to be set, or we have
 * CAP_SYS_ADMIN. 0, or -errno and nothing is filtered: -EINVAL, the kernel has no filters.
 */
int syscalls_confine(void);
/* Whether this thread is, by this table. */
bool syscalls_confined(void);
/* The name of row i of the table; NULL behind the last. For tests. */
const char *syscalls_row(size_t i);

#endif
