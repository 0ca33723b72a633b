/* SPDX-License-Identifier: Apache-2.0 */
/*
 * privilege: see privilege.h. capabilities(7) says what becomes of the sets when the user changes.
 */
#include "bgpd/privilege.h"

#include "bgpd/daemon.h"
#include "bgpd/pid_file.h"
#include "bgpd/syscalls.h"
#include "conf/conf.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sysexits.h>
#include <unistd.h>

#define BIT(capability)  (UINT64_C(1) << (capability))
#define CAPABILITIES_MAX 64 /* that the sets have room for */

/* ---- capabilities ---- */

static bool
has_interface(const struct conf *c)
{
	for (uint32_t i = 0; i < c->neighbors.n; i++)
		if (c->neighbors.v[i].interface != NULL)
			return true;
	return false;
}

enum who { EVERYBODY, ROOT, ON_LINKS }; /* any user · only root · a user with neighbours on an interface */

/* What bgpd does with each. A device of a VRF asks for none since Linux 5.7, TCP MD5 and TCP-AO never did. */
static const struct capability {
	unsigned number;
	const char *name;
	enum who who;
} table[] = {
    {CAP_CHOWN, "chown", ROOT},                            /* the control socket to control.group */
    {CAP_DAC_OVERRIDE, "dac_override", ROOT},              /* files and directories of others */
    {CAP_FOWNER, "fowner", ROOT},                          /* a dead socket of another user in /tmp */
    {CAP_NET_BIND_SERVICE, "net_bind_service", EVERYBODY}, /* port 179, in a reload, too */
    {CAP_NET_ADMIN, "net_admin", EVERYBODY},               /* routes; SO_RCVBUFFORCE of their socket */
    {CAP_NET_RAW, "net_raw", ON_LINKS},                    /* router advertisements (ICMPv6) */
};

uint64_t
privilege_kept(const struct conf *c, bool root)
{
	uint64_t kept = 0;

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (root || table[i].who == EVERYBODY || (table[i].who == ON_LINKS && has_interface(c)))
			kept |= BIT(table[i].number);
	return kept;
}

void
privilege_text(uint64_t capabilities, struct str *out)
{
	const char *blank = "";

	for (size_t i = 0; i < ARRAY_LEN(table); i++) {
		if ((capabilities & BIT(table[i].number)) == 0)
			continue;
		str_addf(out, "%s%s", blank, table[i].name);
		blank = " ";
		capabilities &= ~BIT(table[i].number);
	}
	for (unsigned n = 0; n < CAPABILITIES_MAX; n++) {
		if ((capabilities & BIT(n)) == 0)
			continue;
		str_addf(out, "%s%u", blank, n);
		blank = " ";
	}
}

static uint64_t
permitted(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {{0}};

	if (syscall(SYS_capget, &head, data) < 0)
		return 0;
	return (uint64_t)data[1].permitted << 32 | data[0].permitted;
}

/*
 * Permitted and effective are these, and nothing is inherited: nothing is executed. Who was started with just
 * these may have been started under a filter that refuses the call (SystemCallFilter=~@privileged of
 * systemd).
 */
static int
capabilities_set(uint64_t set)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {
	    {.permitted = (uint32_t)set, .effective = (uint32_t)set},
	    {.permitted = (uint32_t)(set >> 32), .effective = (uint32_t)(set >> 32)},
	};

	int err = syscall(SYS_capset, &head, data) < 0 ? -errno : 0;

	return permitted() == set ? 0 : err;
}

/* Who lacks CAP_SETPCAP cannot, and had no way to the others anyway once no_new_privs is set. */
static void
bounding_set(uint64_t kept)
{
	for (unsigned n = 0; n < CAPABILITIES_MAX && prctl(PR_CAPBSET_READ, n, 0, 0, 0) >= 0; n++)
		if ((kept & BIT(n)) == 0)
			(void)prctl(PR_CAPBSET_DROP, n, 0, 0, 0);
	(void)prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
}

/* ---- the user ---- */

static void
group_add(struct privilege_user *u, gid_t gid)
{
	for (size_t i = 0; i < u->ngroups; i++)
		if (u->groups[i] == gid)
			return;
	u->groups = xreallocarray(u->groups, u->ngroups + 1, sizeof *u->groups);
	u->groups[u->ngroups++] = gid;
}

int
privilege_user_find(const char *name, const char *extra, struct privilege_user *out)
{
	/* Looked up first: what getpwnam gives lies in static storage, and stays for the calls below. */
	const struct group *g = extra != NULL ? getgrnam(extra) : NULL;
	gid_t more = g != NULL ? g->gr_gid : 0;
	int n = 16;

	errno = 0;
	const struct passwd *pw = getpwnam(name);
	*out = (struct privilege_user){0};
	if (pw == NULL)
		return errno != 0 ? -errno : -ENOENT;
	out->uid = pw->pw_uid;
	out->gid = pw->pw_gid;
	do {
		out->ngroups = (size_t)n;
		out->groups = xreallocarray(out->groups, out->ngroups, sizeof *out->groups);
	} while (getgrouplist(name, out->gid, out->groups, &n) < 0);
	out->ngroups = (size_t)n;
	if (g != NULL)
		group_add(out, more);
	return 0;
}

/* Does it work? Nobody should believe so because a call said so. */
static bool
is_for_good(const struct privilege_user *u)
{
	uid_t r, e, s;
	gid_t gr, ge, gs;

	return getresuid(&r, &e, &s) == 0 && r == u->uid && e == u->uid && s == u->uid &&
	       getresgid(&gr, &ge, &gs) == 0 && gr == u->gid && ge == u->gid && gs == u->gid &&
	       (u->uid == 0 || setresuid((uid_t)-1, 0, (uid_t)-1) < 0);
}

static int
user_become(const struct privilege_user *u)
{
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0 || setgroups(u->ngroups, u->groups) < 0 ||
	    setresgid(u->gid, u->gid, u->gid) < 0 || setresuid(u->uid, u->uid, u->uid) < 0 ||
	    prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return -errno;
	return 0;
}

int
privilege_drop(const struct privilege_user *u, uint64_t kept, const char **what)
{
	int err = 0;

	kept &= permitted();
	bounding_set(kept);
	*what = "change of user";
	if (u != NULL)
		err = user_become(u);
	if (err == 0) {
		*what = "capabilities";
		err = capabilities_set(kept);
	}
	if (err == 0 && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0) {
		*what = "no_new_privs";
		err = -errno;
	}
	if (err == 0 && u != NULL && !is_for_good(u)) {
		*what = "change of user";
		err = -EPERM;
	}
	return err;
}

/* ---- what is made for the user ---- */

/* By its descriptor: what it is called may be somebody else's by now. */
static void
directory_give(const char *dir, const struct privilege_user *u)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fchown(fd, u->uid, u->gid) < 0)
		log_warn("privilege.directory", LOG_S("directory", dir), LOG_S("error", strerror(errno)));
	if (fd >= 0)
		close(fd);
}

/*
 * The directory that a file is to be in; a path without one is where we are. One that is there may be made
 * for others, too; only ours is for nobody else, and root's if bgpd has been root until now.
 */
static void
directory_make(const char *path, const struct privilege_user *u)
{
	const char *slash = path != NULL ? strrchr(path, '/') : NULL;

	if (slash == NULL || slash == path)
		return;
	char *dir = xasprintf("%.*s", (int)(slash - path), path);
	if ((mkdir(dir, 0755) == 0 || strcmp(dir, DAEMON_RUN_DIR) == 0) && u != NULL)
		directory_give(dir, u);
	free(dir);
}

static void
directories_make(const struct daemon_options *o, const struct conf *c, const struct privilege_user *u)
{
	directory_make(o->socket != NULL ? o->socket : c->control.socket, u);
	directory_make(c->bird_sockets.ipv4, u);
	directory_make(c->bird_sockets.ipv6, u);
	directory_make(o->pidfile, u);
}

/* ---- all of it ---- */

/* The user to become in *u, or NULL: we are that already, or cannot. */
static int
user_wanted(const struct conf *c, struct privilege_user *found, const struct privilege_user **u)
{
	const char *name = c->router.user;
	const struct conf_pos *pos = &c->router.user_pos;

	*found = (struct privilege_user){0};
	*u = NULL;
	if (name == NULL)
		return 0;
	int err = privilege_user_find(name, c->control.group, found);
	if (err < 0) {
		log_error("privilege.user", LOG_S("user", name), LOG_S("file", pos->file),
			  LOG_U("line", pos->line), LOG_U("column", pos->column),
			  LOG_S("error", err == -ENOENT ? "there is no such user" : strerror(-err)),
			  LOG_S("hint", "make it (adduser --system) or change router.user"));
		return EX_CONFIG;
	}
	if (geteuid() == 0)
		*u = found;
	else if (geteuid() != found->uid)
		log_warn("privilege.user", LOG_S("user", name), LOG_U("uid", geteuid()),
			 LOG_S("error", "was not started as root"), LOG_S("effect", "stays who it is"));
	return 0;
}

/* A reload reads by other rights than the start did. That is better known before it is needed. */
static void
files_check(const struct conf *c)
{
	for (const struct conf_file *f = c->files; f != NULL && geteuid() != 0; f = f->next)
		if (access(f->path, R_OK) < 0)
			log_warn("privilege.file", LOG_S("file", f->path), LOG_S("error", strerror(errno)),
				 LOG_S("effect", "reloads will fail"),
				 LOG_S("hint", "let router.user read it: chgrp and chmod g+r"));
}

static int
drop(const struct conf *c, const struct privilege_user *u)
{
	bool root = u != NULL ? u->uid == 0 : geteuid() == 0;
	const char *what;
	int err = privilege_drop(u, privilege_kept(c, root), &what);

	if (err == 0)
		return 0;
	log_error("privilege.drop", LOG_S("what", what), LOG_S("error", strerror(-err)),
		  LOG_S("hint", u != NULL
				    ? "root without CAP_SETUID and CAP_SETGID cannot become router.user"
				    : "start bgpd with the capabilities of PRIVILEGES in bgpd(8) alone, or "
				      "let it call capset (SystemCallFilter of systemd)"));
	return EX_OSERR;
}

/* Without a filter we go on: what it would stop is not there to be stopped in a good run. */
static void
confine(const struct daemon_options *o)
{
	const char *why = syscalls_unconfined();
	int err;

	if (o->no_filter || why != NULL) {
		log_info("privilege.filter", LOG_S("effect", "system calls are not filtered"),
			 LOG_S("reason", o->no_filter ? "--no-filter" : why));
		return;
	}
	err = syscalls_confine();
	if (err < 0)
		log_warn("privilege.filter", LOG_S("error", strerror(-err)),
			 LOG_S("effect", "system calls are not filtered"),
			 LOG_S("hint",
			       "the kernel needs CONFIG_SECCOMP_FILTER, and a filter of systemd has to let "
			       "bgpd call seccomp (SystemCallFilter)"));
}

int
privilege_enter(const struct daemon_options *o, const struct conf *c, struct pid_file *pidfile)
{
	struct privilege_user found;
	const struct privilege_user *u;
	int status = user_wanted(c, &found, &u);

	if (status == 0) {
		directories_make(o, c, u);
		pid_file_open(pidfile, o->pidfile);
		status = drop(c, u);
	}
	free(found.groups);
	if (status != 0)
		return status;
	files_check(c);
	confine(o);
	privilege_log();
	return 0;
}

void
privilege_log(void)
{
	struct str text = {0};

	privilege_text(permitted(), &text);
	log_info("daemon.privileges", LOG_U("uid", geteuid()), LOG_U("gid", getegid()),
		 LOG_S("capabilities", str_get(&text)),
		 LOG_S("system_calls", syscalls_confined() ? "filtered" : "all"));
	str_free(&text);
}

void
privilege_check(const struct conf *c)
{
	const struct conf_pos *pos = &c->router.user_pos;
	struct privilege_user found = {0};

	if (c->router.user != NULL && privilege_user_find(c->router.user, NULL, &found) == -ENOENT)
		fprintf(stderr,
			"%s:%u:%u: router.user: warning: this host has no user \"%s\"; bgpd would not start "
			"here\n",
			pos->file, pos->line, pos->column, c->router.user);
	free(found.groups);
}

const char *
privilege_hint(int error)
{
	if (geteuid() == 0 || (error != EACCES && error != EPERM))
		return NULL;
	return "bgpd is not root (router.user): see PRIVILEGES in bgpd(8)";
}
