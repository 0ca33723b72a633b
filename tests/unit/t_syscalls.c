/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of bgpd/syscalls: each forbidden thing is tried in a process that is confined, and each of what bgpd
 * does, too.
 */
#include "bgpd/syscalls.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/if_packet.h>
#include <linux/netlink.h>
#include <net/if.h>
#include <netinet/icmp6.h>
#include <pthread.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

static char scratch[] = "/tmp/t_syscallsXXXXXX"; /* a file that anybody may write */

/* What came of a call: 0, or errno. */
static int
outcome(long r)
{
	return r < 0 ? errno : 0;
}

static int
try_exec(void)
{
	return outcome(execl("/bin/true", "true", (char *)NULL));
}

static int
try_execveat(void)
{
	static char *const none[] = {NULL};

	return outcome(syscall(SYS_execveat, AT_FDCWD, "/bin/true", none, none, 0));
}

static int
try_ptrace(void)
{
	return outcome(ptrace(PTRACE_TRACEME, 0, NULL, NULL));
}

static int
try_module(void)
{
	return outcome(syscall(SYS_init_module, "", 0ul, ""));
}

static int
try_fork(void)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(0);
	return outcome(pid);
}

static int
try_write_open(void)
{
	return outcome(open(scratch, O_WRONLY));
}

static int
try_append_open(void)
{
	return outcome(open(scratch, O_RDWR | O_APPEND));
}

static int
try_create(void)
{
	return outcome(open("/tmp/t_syscalls.new", O_RDONLY | O_CREAT, 0600));
}

static int
try_temporary(void)
{
	return outcome(open("/tmp", O_TMPFILE | O_RDWR, 0600));
}

static int
try_truncate_open(void)
{
	return outcome(open(scratch, O_RDONLY | O_TRUNC)) != 0 ? ENOSYS : 0;
}

static int
try_rename(void)
{
	return outcome(rename(scratch, "/tmp/t_syscalls.new"));
}

static int
try_link(void)
{
	return outcome(symlink(scratch, "/tmp/t_syscalls.new"));
}

static int
try_mkdir(void)
{
	return outcome(mkdir("/tmp/t_syscalls.new", 0700));
}

static int
try_setuid(void)
{
	return outcome(setuid(0));
}

static int
try_setresuid(void)
{
	return outcome(setresuid(0, 0, 0));
}

static int
try_capset(void)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {{0}};

	return outcome(syscall(SYS_capset, &head, data));
}

static int
try_packet(void)
{
	return outcome(socket(AF_PACKET, SOCK_RAW, 0));
}

static int
try_raw(void)
{
	return outcome(socket(AF_INET, SOCK_RAW, IPPROTO_ICMP));
}

static int
try_netfilter(void)
{
	return outcome(socket(AF_NETLINK, SOCK_RAW, NETLINK_NETFILTER));
}

static int
try_unshare(void)
{
	return outcome(unshare(CLONE_NEWUSER));
}

static int
try_kill(void)
{
	return outcome(kill(getppid(), 0));
}

static int
try_other_signal(void)
{
	return outcome(syscall(SYS_tgkill, getppid(), getppid(), 0));
}

static int
try_code(void)
{
	return mmap(NULL, 4096, PROT_READ | PROT_WRITE | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) ==
		       MAP_FAILED
		   ? errno
		   : 0;
}

static int
try_data_as_code(void)
{
	void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	return p == MAP_FAILED ? -1 : outcome(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}

static int
try_foreign_limit(void)
{
	struct rlimit l;

	return outcome(prlimit(getppid(), RLIMIT_NOFILE, NULL, &l));
}

static int
try_terminal(void)
{
	return outcome(ioctl(0, TIOCSTI, "x"));
}

/* The kernel would send it when the other end writes. */
static int
try_signal_of_descriptor(void)
{
	int fds[2];

	return socketpair(AF_UNIX, SOCK_STREAM, 0, fds) < 0 ? -1
							    : outcome(fcntl(fds[0], F_SETOWN, getppid()));
}

static int
try_run_as_owner(void)
{
	return outcome(chmod(scratch, 04755));
}

static int
try_give_away(void)
{
	return outcome(chown(scratch, getuid(), getgid()));
}

static int
try_sctp(void)
{
	return outcome(socket(AF_INET, SOCK_STREAM, IPPROTO_SCTP));
}

#define SET_REPLACE 64 /* IPT_SO_SET_REPLACE, IP6T_SO_SET_REPLACE */

static int
try_iptables(void)
{
	return outcome(setsockopt(socket(AF_INET, SOCK_STREAM, 0), IPPROTO_IP, SET_REPLACE, scratch, 1));
}

static int
try_ip6tables(void)
{
	return outcome(setsockopt(socket(AF_INET6, SOCK_STREAM, 0), IPPROTO_IPV6, SET_REPLACE, scratch, 1));
}

static int
try_thread_elsewhere(void)
{
	return outcome(
	    syscall(SYS_clone, CLONE_THREAD | CLONE_VM | CLONE_SIGHAND | CLONE_NEWNET, 0, 0, 0, 0));
}

#ifdef __x86_64__
static int
try_x32(void)
{
	return outcome(syscall(0x40000000 | SYS_getpid));
}
#endif

static int
try_unknown(void)
{
	return outcome(syscall(100000));
}

static const struct forbidden {
	const char *what;
	int (*try)(void);
	int error; /* 0: the process ends */
} forbidden[] = {
    {"execve", try_exec, 0},
    {"execveat", try_execveat, 0},
    {"ptrace", try_ptrace, 0},
    {"init_module", try_module, 0},
    {"fork", try_fork, ENOSYS},
    {"open to write", try_write_open, EPERM},
    {"open to append", try_append_open, EPERM},
    {"create a file", try_create, EPERM},
    {"create a file without a name", try_temporary, EPERM},
    {"truncate a file", try_truncate_open, ENOSYS},
    {"rename", try_rename, ENOSYS},
    {"symlink", try_link, ENOSYS},
    {"mkdir", try_mkdir, ENOSYS},
    {"setuid", try_setuid, EPERM},
    {"setresuid", try_setresuid, EPERM},
    {"capset", try_capset, EPERM},
    {"a packet socket", try_packet, EPERM},
    {"a raw socket", try_raw, ENOSYS},
    {"netfilter", try_netfilter, ENOSYS},
    {"a user namespace", try_unshare, ENOSYS},
    {"a signal to another process", try_kill, ENOSYS},
    {"a signal to a thread of another process", try_other_signal, ENOSYS},
    {"memory to execute", try_code, EPERM},
    {"memory that becomes code", try_data_as_code, EPERM},
    {"limits of another process", try_foreign_limit, ENOSYS},
    {"input of a terminal", try_terminal, ENOSYS},
    {"a signal by way of a descriptor", try_signal_of_descriptor, ENOSYS},
    {"a file that is run as its owner", try_run_as_owner, ENOSYS},
    {"another owner", try_give_away, ENOSYS},
    {"SCTP", try_sctp, ENOSYS},
    {"rules of iptables", try_iptables, ENOSYS},
    {"rules of ip6tables", try_ip6tables, ENOSYS},
    {"a thread in another namespace", try_thread_elsewhere, ENOSYS},
#ifdef __x86_64__
    {"numbers of another architecture", try_x32, 0},
#endif
    {"a call that does not exist", try_unknown, ENOSYS},
};

#define NOT_CONFINED 250

/* Runs what in a process that is confined; its exit status, or 1000 and the signal. */
static int
confined(int (*what)(void))
{
	int status;
	pid_t pid = fork();

	ck_assert_int_ge(pid, 0);
	if (pid == 0) {
		prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
		_exit(syscalls_confine() == 0 && syscalls_confined() ? what() : NOT_CONFINED);
	}
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? 1000 + WTERMSIG(status) : WEXITSTATUS(status);
}

START_TEST(test_forbidden)
{
	int fd = mkstemp(scratch);

	ck_assert_int_ge(fd, 0);
	for (size_t i = 0; i < ARRAY_LEN(forbidden) && syscalls_unconfined() == NULL; i++) {
		const struct forbidden *f = &forbidden[i];
		int want = f->error == 0 ? 1000 + SIGSYS : f->error, got = confined(f->try);
		ck_assert_msg(got == want, "%s: %d, not %d", f->what, got, want);
	}
	close(fd);
	unlink(scratch);
	ck_assert_int_ne(access("/tmp/t_syscalls.new", F_OK), 0);
}
END_TEST

static void *
thread(void *arg)
{
	return syscalls_confined() && open("/dev/null", O_WRONLY) < 0 && errno == EPERM ? arg : NULL;
}

/* What bgpd does: the number of the first that fails. */
static int
good(void)
{
	struct stat st;
	pthread_t t;
	void *same = NULL;
	FILE *f;
	int n = 1;

#define MUST(x)                                                                                              \
	do {                                                                                                 \
		if (!(x))                                                                                    \
			return n;                                                                            \
		n++;                                                                                         \
	} while (0)
	MUST((f = fopen("/proc/self/statm", "re")) != NULL);
	MUST(fgetc(f) > 0 && fclose(f) == 0);
	MUST(stat("/proc", &st) == 0 && access("/proc", R_OK) == 0);
	MUST(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0) >= 0);
	MUST(socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, IPPROTO_TCP) >= 0);
	MUST(socket(AF_UNIX, SOCK_STREAM, 0) >= 0);
	MUST(socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE) >= 0);
	MUST(socket(AF_INET6, SOCK_RAW, IPPROTO_ICMPV6) >= 0 || errno == EPERM || errno == EACCES);
	MUST(if_nametoindex("lo") > 0);
	MUST(chmod(scratch, 0660) == 0 && chown(scratch, (uid_t)-1, getgid()) == 0);
	MUST(pthread_create(&t, NULL, thread, &n) == 0);
	MUST(pthread_join(t, &same) == 0 && same == &n);
	MUST(malloc(64u << 20) != NULL);
	return 0;
}

START_TEST(test_good)
{
	int fd = mkstemp(scratch);

	ck_assert_int_ge(fd, 0);
	if (syscalls_unconfined() == NULL)
		ck_assert_int_eq(confined(good), 0);
	close(fd);
	unlink(scratch);
}
END_TEST

/* Somebody else's filter is none of ours: neither alone, nor where it keeps ours out. */
static int
under_another(void)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (filter == NULL || seccomp_rule_add(filter, SCMP_ACT_ERRNO(EPERM), SCMP_SYS(seccomp), 0) < 0 ||
	    seccomp_load(filter) < 0 || syscalls_confined())
		return 1;
	return (syscalls_confine() == 0) == syscalls_confined() ? 0 : 2;
}

START_TEST(test_under_another)
{
	pid_t pid = fork();
	int status;

	ck_assert_int_ge(pid, 0);
	if (pid == 0)
		_exit(under_another());
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	ck_assert_int_eq(status, 0);
}
END_TEST

static int
give_up(void)
{
	abort();
}

/* abort() ends with its own signal, and not with the filter's. */
START_TEST(test_abort)
{
	if (syscalls_unconfined() == NULL)
		ck_assert_int_eq(confined(give_up), 1000 + SIGABRT);
}
END_TEST

/* A build that cannot be confined says so, and is not. */
START_TEST(test_unconfined)
{
	if (syscalls_unconfined() == NULL)
		return;
	ck_assert_int_eq(syscalls_confine(), -ENOTSUP);
	ck_assert(!syscalls_confined());
}
END_TEST

/* Newer than libseccomp 2.5.4 of Debian 12; every other name is one that it knows. */
static bool
is_new(const char *name)
{
	return strcmp(name, "fchmodat2") == 0;
}

START_TEST(test_names)
{
	const char *name;
	size_t n = 0;

	for (; (name = syscalls_row(n)) != NULL; n++)
		ck_assert_msg(is_new(name) || seccomp_syscall_resolve_name(name) != __NR_SCMP_ERROR, "%s",
			      name);
	ck_assert_uint_gt(n, 100);
}
END_TEST

SUITE("syscalls", test_forbidden, test_good, test_under_another, test_abort, test_unconfined, test_names)
