/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of bgpd/privilege: what is kept, and what a process that gave up root can still do. The latter needs
 * root, and the user "nobody", whom every Debian has.
 */
#include "bgpd/privilege.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/capability.h>
#include <netinet/in.h>
#include <pwd.h>
#include <seccomp.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bgpd/daemon.h"
#include "bgpd/pid_file.h"
#include "conf/conf.h"
#include "tests/unit/suite.h"

#define BIT(c) (UINT64_C(1) << (c))

static struct conf *
load(const char *text)
{
	struct conf_errors errs = {0};
	struct conf *c = NULL;

	ck_assert_int_eq(conf_load_text("t", text, strlen(text), CONF_NO_FILES, &c, &errs), 0);
	conf_errors_free(&errs);
	return c;
}

static void
ck_kept(const char *text, bool root, uint64_t want)
{
	struct conf *c = load(text);

	ck_assert_uint_eq(privilege_kept(c, root), want);
	conf_free(c);
}

START_TEST(test_kept)
{
	static const char plain[] = "{router: {as: 1}, neighbors: [{address: 10.0.0.1, remote-as: 2}]}";
	static const char link[] = "{router: {as: 1}, neighbors: [{address: 10.0.0.1, remote-as: 2}, "
				   "{interface: eth0, remote-as: external}]}";
	uint64_t two = BIT(CAP_NET_ADMIN) | BIT(CAP_NET_BIND_SERVICE), raw = BIT(CAP_NET_RAW);

	ck_kept(plain, false, two);
	ck_kept(link, false, two | raw);
	ck_kept(plain, true, two | raw | BIT(CAP_CHOWN) | BIT(CAP_DAC_OVERRIDE) | BIT(CAP_FOWNER));
}
END_TEST

static void
ck_text(uint64_t set, const char *want)
{
	struct str s = {0};

	privilege_text(set, &s);
	ck_assert_str_eq(str_get(&s), want);
	str_free(&s);
}

START_TEST(test_text)
{
	ck_text(0, "");
	ck_text(BIT(CAP_NET_ADMIN) | BIT(CAP_NET_BIND_SERVICE), "net_bind_service net_admin");
	ck_text(BIT(CAP_NET_RAW) | BIT(CAP_SYS_ADMIN), "net_raw 21");
	ck_text(BIT(63), "63");
}
END_TEST

static bool
has_group(const struct privilege_user *u, gid_t gid)
{
	for (size_t i = 0; i < u->ngroups; i++)
		if (u->groups[i] == gid)
			return true;
	return false;
}

START_TEST(test_user)
{
	const struct passwd *pw = getpwnam("nobody");
	const struct group *g = getgrnam("adm");
	struct privilege_user u;

	if (pw == NULL || g == NULL)
		return;
	uid_t uid = pw->pw_uid;
	gid_t gid = pw->pw_gid, adm = g->gr_gid;
	ck_assert_int_eq(privilege_user_find("nobody", NULL, &u), 0);
	ck_assert_uint_eq(u.uid, uid);
	ck_assert_uint_eq(u.gid, gid);
	ck_assert(has_group(&u, gid));
	ck_assert(!has_group(&u, adm));
	free(u.groups);
	ck_assert_int_eq(privilege_user_find("nobody", "adm", &u), 0);
	ck_assert(has_group(&u, gid) && has_group(&u, adm));
	free(u.groups);
	ck_assert_int_eq(privilege_user_find("there is none of this name", NULL, &u), -ENOENT);
	free(u.groups);
	/* Whoever makes the socket complains about the group. */
	ck_assert_int_eq(privilege_user_find("nobody", "there is none of this name", &u), 0);
	free(u.groups);
}
END_TEST

/* ---- giving up root ---- */

static struct privilege_user nobody;
static char dir[] = "/tmp/t_privilegeXXXXXX";

static uint32_t
of_set(int which)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	syscall(SYS_capget, &head, data);
	return which == 0 ? data[0].permitted : which == 1 ? data[0].effective : data[0].inheritable;
}

/* The number of the first thing that is not so. */
static int
as_nobody(void)
{
	uint32_t kept = (uint32_t)(BIT(CAP_NET_BIND_SERVICE));
	const char *what;
	char path[64];
	int n = 1;

#define MUST(x)                                                                                              \
	do {                                                                                                 \
		if (!(x))                                                                                    \
			return n;                                                                            \
		n++;                                                                                         \
	} while (0)
	MUST(privilege_drop(&nobody, kept, &what) == 0);
	MUST(getuid() == nobody.uid && geteuid() == nobody.uid && getgid() == nobody.gid &&
	     getegid() == nobody.gid);
	MUST(getgroups(0, NULL) == (int)nobody.ngroups);
	MUST(of_set(0) == kept && of_set(1) == kept && of_set(2) == 0);
	MUST(prctl(PR_CAPBSET_READ, CAP_NET_BIND_SERVICE, 0, 0, 0) == 1);
	MUST(prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 0 &&
	     prctl(PR_CAPBSET_READ, CAP_SETUID, 0, 0, 0) == 0);
	MUST(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1);
	MUST(setuid(0) < 0 && seteuid(0) < 0 && setresuid(0, 0, 0) < 0 && setgid(0) < 0 &&
	     setgroups(0, NULL) < 0);
	snprintf(path, sizeof path, "%s/new", dir);
	MUST(open(path, O_WRONLY | O_CREAT, 0600) < 0 && errno == EACCES);
	MUST(open("/etc/shadow", O_RDONLY) < 0);
	MUST(privilege_hint(EACCES) != NULL && privilege_hint(EPERM) != NULL &&
	     privilege_hint(ENOENT) == NULL);
	return 0;
}

static int
in_child(int (*what)(void))
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(what());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert(WIFEXITED(status));
	return WEXITSTATUS(status);
}

START_TEST(test_drop)
{
	if (geteuid() != 0 || privilege_user_find("nobody", NULL, &nobody) < 0)
		return;
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(in_child(as_nobody), 0);
	ck_assert_ptr_null(privilege_hint(EACCES));
	free(nobody.groups);
	rmdir(dir);
}
END_TEST

/* Who stays root has what the table says, and nothing comes back. */
static int
as_root(void)
{
	uint32_t kept = (uint32_t)(BIT(CAP_NET_ADMIN) | BIT(CAP_CHOWN));
	const char *what;

	if (privilege_drop(NULL, kept, &what) != 0 || geteuid() != 0 || of_set(0) != kept ||
	    of_set(1) != kept)
		return 1;
	return prctl(PR_CAPBSET_READ, CAP_SYS_ADMIN, 0, 0, 0) == 0 &&
		       prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1
		   ? 0
		   : 2;
}

START_TEST(test_root)
{
	if (geteuid() == 0)
		ck_assert_int_eq(in_child(as_root), 0);
}
END_TEST

/* Under somebody else's filter: what cannot be given up must not be there. */
static int
without_capset(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);
	uint64_t fewer = (uint64_t)of_set(0) & ~BIT(CAP_NET_ADMIN), all = UINT64_MAX;
	bool some = (of_set(0) & BIT(CAP_NET_ADMIN)) != 0;
	const char *what;

	if (filter == NULL || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(capset), 0) < 0 ||
	    seccomp_load(filter) < 0)
		return 1;
	if (some && (privilege_drop(NULL, fewer, &what) != -EPERM || strcmp(what, "capabilities") != 0))
		return 2;
	return privilege_drop(NULL, all, &what) == 0 ? 0 : 3;
}

START_TEST(test_without_capset)
{
	ck_assert_int_eq(in_child(without_capset), 0);
}
END_TEST

/* ---- the pidfile ---- */

static off_t
size_of(const char *path)
{
	struct stat st;

	return lstat(path, &st) < 0 ? -1 : st.st_size;
}

START_TEST(test_pid_file)
{
	struct pid_file p, second;
	char path[64], other[64], text[32] = "", want[32];

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/pid", dir);
	snprintf(other, sizeof other, "%s/other", dir);
	snprintf(want, sizeof want, "%ld\n", (long)getpid());

	/* A start that fails leaves none. */
	pid_file_open(&p, path);
	ck_assert_int_eq(size_of(path), 0);
	pid_file_close(&p, false);
	ck_assert_int_eq(size_of(path), -1);

	/* Another daemon that fails to start leaves the first one's. */
	pid_file_open(&p, path);
	pid_file_write(&p);
	pid_file_open(&second, path);
	pid_file_close(&second, false);
	FILE *f = fopen(path, "re");
	ck_assert_ptr_nonnull(f);
	ck_assert_ptr_nonnull(fgets(text, sizeof text, f));
	fclose(f);
	ck_assert_str_eq(text, want);
	pid_file_close(&p, true);
	ck_assert_int_eq(size_of(path), -1);

	/* Links are refused, and what they lead to stays. */
	f = fopen(other, "we");
	ck_assert_ptr_nonnull(f);
	fputs("precious", f);
	fclose(f);
	ck_assert_int_eq(symlink(other, path), 0);
	pid_file_open(&p, path);
	ck_assert_ptr_null(p.path);
	pid_file_write(&p);
	pid_file_close(&p, true);
	unlink(path);
	ck_assert_int_eq(link(other, path), 0);
	pid_file_open(&p, path);
	ck_assert_ptr_null(p.path);
	ck_assert_int_eq(size_of(other), 8);
	unlink(path);
	unlink(other);
	rmdir(dir);

	pid_file_open(&p, NULL);
	pid_file_write(&p);
	pid_file_close(&p, true);
}
END_TEST

SUITE("privilege", test_kept, test_text, test_user, test_drop, test_root, test_without_capset, test_pid_file)
