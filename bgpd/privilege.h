/* SPDX-License-Identifier: Apache-2.0 */
/*
 * privilege: who bgpd is and what it may do, from just after its start on.
 *
 * Everything that needs root is done here, once, before there is a thread and before anything is opened
 * that others can reach; what comes after is done with the same rights as in a reload a year later. In
 * this order:
 *
 * - The user (router.user) and its groups are looked up: its own, and control.group, so that it may give
 *   the socket to that. The libraries of the name service are loaded by then.
 * - The directories of our sockets and of the pidfile are made where they are missing, and are the user's;
 *   so is /run/godwit, whoever has made it. Any other that is there stays as it is.
 * - The pidfile is opened (pid_file.h).
 * - Capabilities that are not kept leave the bounding and the ambient set; groups, group and user are
 *   changed; what is kept comes back; no_new_privs is set.
 * - The filter of system calls (syscalls.h).
 *
 * The last two hold for all threads, since those that come inherit them. Who is started without root skips
 * what root alone can do, and keeps of the capabilities that it was given (AmbientCapabilities of systemd)
 * those in the table. Without router.user root stays root: a root that can neither execute nor write
 * files, load modules, trace others or become anybody else. A reload never brings anything back: another
 * user, or CAP_NET_RAW for the first neighbour on an interface, is a matter of a restart.
 */
#ifndef BGPD_PRIVILEGE_H
#define BGPD_PRIVILEGE_H

#include "lib/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct conf;
struct daemon_options;
struct pid_file;

/* A user that is to be. */
struct privilege_user {
	uid_t uid;
	gid_t gid;
	gid_t *groups; /* free; all of them */
	size_t ngroups;
};

/*
 * Looks up a user and its groups, and adds extra (NULL: none; one that does not exist is left out, as its
 * user will tell). 0, or -ENOENT: there is none, or another -errno of the name service.
 */
int privilege_user_find(const char *name, const char *extra, struct privilege_user *out);
/* The capabilities, a bit each, that bgpd works with under this configuration; root: as uid 0. */
uint64_t privilege_kept(const struct conf *c, bool root);
/* Adds their names: "net_bind_service net_admin". Those without a name here are numbers. */
void privilege_text(uint64_t capabilities, struct str *out);
/*
 * Step 4. u NULL: stays who it is. 0, or -errno with *what it was that failed; then the process must not go
 * on, since it may have half of its rights.
 */
int privilege_drop(const struct privilege_user *u, uint64_t kept, const char **what);
/* All steps, and a line of the log. An exit status; 0: go on. */
int privilege_enter(const struct daemon_options *options, const struct conf *c, struct pid_file *pidfile);
/* A line of the log: who we are, and what we may do. */
void privilege_log(void);
/*
 * For bgpd -n: a user that this host does not have is no error of the file, which may be checked on another
 * one; but it is said to standard error.
 */
void privilege_check(const struct conf *c);
/* What to do about an error (positive errno) that somebody who is not root may get; NULL: nothing to say. */
const char *privilege_hint(int error);

#endif
