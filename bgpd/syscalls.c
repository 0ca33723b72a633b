/* SPDX-License-Identifier: Apache-2.0 */
/*
 * syscalls: see syscalls.h.
 *
 * Rows come from what bgpd was seen to do under strace in the tests of this tree (glibc 2.36), and from what
 * the C library does instead in other versions and on arm64, which has no open, poll, unlink and the like.
 * libseccomp leaves out what an architecture does not have.
 */
#include "bgpd/syscalls.h"

#include "lib/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/sockios.h>
#include <netinet/in.h>
#include <sched.h>
#include <seccomp.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#ifndef PR_SET_VMA
#define PR_SET_VMA 0x53564d41
#endif

#define WRITES (O_WRONLY | O_RDWR | O_CREAT | O_TRUNC | O_APPEND)
#define TYPE   0xfu        /* of a socket, without SOCK_CLOEXEC and SOCK_NONBLOCK */
#define INT    0xffffffffu /* what the kernel looks at of an int */
#define ARGS   3
/* Bits of a mode: files that are run as their owner or group. */
#define SPECIAL (S_ISUID | S_ISGID | S_ISVTX)
#define NOBODY  0xffffffffu /* (uid_t)-1: the owner stays */
/* Options of IPv4 and IPv6 from 64 on are those of iptables, with few exceptions. */
#define NETFILTER (INT & ~63u)
/* A thread is in the namespaces that we are in. */
#define NAMESPACES                                                                                           \
	(CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |        \
	 CLONE_NEWNET)

enum verdict { ALLOW, REFUSE, END };

/* An argument is looked at if it has a mask. */
struct arg {
	unsigned n;
	uint64_t mask, value;
};

struct row {
	const char *name;
	struct arg args[ARGS];
	enum verdict verdict;
	bool own_pid; /* the first argument is our process */
};

static const struct row table[] = {
    /* Descriptors, whatever they are. */
    {.name = "read"},
    {.name = "readv"},
    {.name = "write"},
    {.name = "writev"},
    {.name = "pread64"},
    {.name = "lseek"},
    {.name = "close"},
    {.name = "dup"},
    /* Without F_SETOWN and F_SETSIG, by which the kernel sends any signal to any process of the user. */
    {.name = "fcntl", .args = {{1, INT, F_GETFD}}},
    {.name = "fcntl", .args = {{1, INT, F_SETFD}}},
    {.name = "fcntl", .args = {{1, INT, F_GETFL}}},
    {.name = "fcntl", .args = {{1, INT, F_SETFL}}},
    {.name = "fcntl", .args = {{1, INT, F_DUPFD_CLOEXEC}}}, /* room in the table of descriptors */
    {.name = "ioctl", .args = {{1, INT, FIONREAD}}},        /* libevent: how much to read */
    {.name = "ioctl", .args = {{1, INT, SIOCOUTQ}}},        /* what a neighbour has not acknowledged */
    {.name = "ioctl", .args = {{1, INT, TCGETS}}},          /* stdio: is it a terminal? */
    {.name = "ioctl", .args = {{1, INT, SIOCGIFINDEX}}},    /* if_nametoindex */
    {.name = "ioctl", .args = {{1, INT, SIOCGIFNAME}}},     /* if_indextoname */

    /* Files: the configuration in a reload, /proc, the databases of names and times. */
    {.name = "open", .args = {{1, WRITES, O_RDONLY}}},
    {.name = "openat", .args = {{2, WRITES, O_RDONLY}}},
    {.name = "open", .args = {{1, O_ACCMODE, O_WRONLY}}, .verdict = REFUSE},
    {.name = "open", .args = {{1, O_ACCMODE, O_RDWR}}, .verdict = REFUSE},
    {.name = "open", .args = {{1, O_CREAT, O_CREAT}}, .verdict = REFUSE},
    {.name = "openat", .args = {{2, O_ACCMODE, O_WRONLY}}, .verdict = REFUSE},
    {.name = "openat", .args = {{2, O_ACCMODE, O_RDWR}}, .verdict = REFUSE},
    {.name = "openat", .args = {{2, O_CREAT, O_CREAT}}, .verdict = REFUSE},
    {.name = "creat", .verdict = REFUSE},
    {.name = "stat"},
    {.name = "lstat"},
    {.name = "fstat"},
    {.name = "newfstatat"},
    {.name = "statx"},
    {.name = "statfs"},
    {.name = "fstatfs"},
    {.name = "access"}, /* while: {file: …} */
    {.name = "faccessat"},
    {.name = "faccessat2"},
    {.name = "readlink"},
    {.name = "readlinkat"},
    {.name = "getcwd"},
    {.name = "getdents64"}, /* patterns of include */
    {.name = "fadvise64"},

    /* What is changed: sockets come and go, the pidfile goes. */
    {.name = "unlink"},
    {.name = "unlinkat", .args = {{2, INT, 0}}},
    {.name = "chmod", .args = {{1, SPECIAL, 0}}},
    {.name = "fchmodat", .args = {{2, SPECIAL, 0}}},
    {.name = "fchmodat2", .args = {{2, SPECIAL, 0}}},
    {.name = "chown", .args = {{1, INT, NOBODY}}}, /* to control.group */
    {.name = "fchownat", .args = {{2, INT, NOBODY}}},
    {.name = "ftruncate"},

    /* Sockets: TCP, control, routes (netlink), router advertisements (ICMPv6); no others. */
    {.name = "socket", .args = {{0, INT, AF_UNIX}}},
    {.name = "socket", .args = {{0, INT, AF_INET}, {1, TYPE, SOCK_STREAM}, {2, INT, 0}}},
    {.name = "socket", .args = {{0, INT, AF_INET}, {1, TYPE, SOCK_STREAM}, {2, INT, IPPROTO_TCP}}},
    {.name = "socket", .args = {{0, INT, AF_INET}, {1, TYPE, SOCK_DGRAM}, {2, INT, 0}}},
    {.name = "socket", .args = {{0, INT, AF_INET}, {1, TYPE, SOCK_DGRAM}, {2, INT, IPPROTO_UDP}}},
    {.name = "socket", .args = {{0, INT, AF_INET6}, {1, TYPE, SOCK_STREAM}, {2, INT, 0}}},
    {.name = "socket", .args = {{0, INT, AF_INET6}, {1, TYPE, SOCK_STREAM}, {2, INT, IPPROTO_TCP}}},
    {.name = "socket", .args = {{0, INT, AF_INET6}, {1, TYPE, SOCK_DGRAM}, {2, INT, 0}}},
    {.name = "socket", .args = {{0, INT, AF_INET6}, {1, TYPE, SOCK_DGRAM}, {2, INT, IPPROTO_UDP}}},
    {.name = "socket", .args = {{0, INT, AF_INET6}, {1, TYPE, SOCK_RAW}, {2, INT, IPPROTO_ICMPV6}}},
    {.name = "socket", .args = {{0, INT, AF_NETLINK}, {2, INT, NETLINK_ROUTE}}},
    {.name = "socket", .args = {{0, INT, AF_PACKET}}, .verdict = REFUSE},
    {.name = "socketpair", .args = {{0, INT, AF_UNIX}}},
    {.name = "bind"},
    {.name = "listen"},
    {.name = "accept"},
    {.name = "accept4"},
    {.name = "connect"},
    {.name = "shutdown"},
    {.name = "getsockname"},
    {.name = "getpeername"},
    {.name = "getsockopt"},
    {.name = "setsockopt", .args = {{1, INT, SOL_SOCKET}}},
    {.name = "setsockopt", .args = {{1, INT, SOL_NETLINK}}},
    {.name = "setsockopt", .args = {{1, INT, IPPROTO_TCP}}},
    {.name = "setsockopt", .args = {{1, INT, IPPROTO_ICMPV6}}},
    {.name = "setsockopt", .args = {{1, INT, IPPROTO_IP}, {2, NETFILTER, 0}}},
    {.name = "setsockopt", .args = {{1, INT, IPPROTO_IPV6}, {2, NETFILTER, 0}}},
    {.name = "setsockopt", .args = {{1, INT, IPPROTO_IPV6}, {2, INT, IPV6_TCLASS}}},
    {.name = "setsockopt", .args = {{1, INT, IPPROTO_IPV6}, {2, INT, IPV6_MINHOPCOUNT}}},
    {.name = "sendto"},
    {.name = "sendmsg"},
    {.name = "sendmmsg"},
    {.name = "recvfrom"},
    {.name = "recvmsg"},
    {.name = "recvmmsg"},

    /* The event loop. */
    {.name = "epoll_create"},
    {.name = "epoll_create1"},
    {.name = "epoll_ctl"},
    {.name = "epoll_wait"},
    {.name = "epoll_pwait"},
    {.name = "epoll_pwait2"},
    {.name = "poll"},
    {.name = "ppoll"},
    {.name = "select"},
    {.name = "pselect6"},
    {.name = "eventfd2"},
    {.name = "pipe2"},
    {.name = "timerfd_create"},
    {.name = "timerfd_settime"},
    {.name = "timerfd_gettime"},

    /* Time, where the kernel has no vDSO for it. */
    {.name = "clock_gettime"},
    {.name = "clock_getres"},
    {.name = "clock_nanosleep"},
    {.name = "nanosleep"},
    {.name = "gettimeofday"},
    {.name = "time"},

    /* Memory, but none whose contents could be executed. */
    {.name = "brk"},
    {.name = "mmap", .args = {{2, PROT_EXEC, 0}}},
    {.name = "mmap", .args = {{2, PROT_EXEC, PROT_EXEC}}, .verdict = REFUSE},
    {.name = "mprotect", .args = {{2, PROT_EXEC, 0}}},
    {.name = "mprotect", .args = {{2, PROT_EXEC, PROT_EXEC}}, .verdict = REFUSE},
    {.name = "pkey_mprotect", .verdict = REFUSE},
    {.name = "munmap"},
    {.name = "mremap"},
    {.name = "madvise"},
    {.name = "mincore"},
    {.name = "membarrier"},

    /* Threads, but no other process. clone3 hides its flags from us: see quiet_load. */
    {.name = "clone", .args = {{0, CLONE_THREAD | CLONE_VM | NAMESPACES, CLONE_THREAD | CLONE_VM}}},
    {.name = "clone3"},
    {.name = "futex"},
    {.name = "futex_waitv"},
    {.name = "set_robust_list"},
    {.name = "get_robust_list"},
    {.name = "rseq"},
    {.name = "sched_yield"},
    {.name = "sched_getaffinity"},
    {.name = "sched_getparam"},
    {.name = "sched_getscheduler"},
    {.name = "gettid"},
    {.name = "exit"},
    {.name = "exit_group"},
    {.name = "prctl", .args = {{0, INT, PR_SET_NAME}}},
    {.name = "prctl", .args = {{0, INT, PR_SET_VMA}}},
    {.name = "prctl", .args = {{0, INT, PR_GET_SECCOMP}}}, /* syscalls_confined */

    /* Signals, and those of abort(). */
    {.name = "rt_sigaction"},
    {.name = "rt_sigprocmask"},
    {.name = "rt_sigreturn"},
    {.name = "rt_sigtimedwait"},
    {.name = "sigaltstack"},
    {.name = "restart_syscall"},
    {.name = "tgkill", .own_pid = true},

    /* Who and where we are. */
    {.name = "getpid"},
    {.name = "getppid"},
    {.name = "getuid"},
    {.name = "geteuid"},
    {.name = "getgid"},
    {.name = "getegid"},
    {.name = "getgroups"},
    {.name = "getresuid"},
    {.name = "getresgid"},
    {.name = "capget"},
    {.name = "uname"},   /* gethostname */
    {.name = "sysinfo"}, /* qsort of the C library: how much memory is there? */
    {.name = "getrusage"},
    {.name = "getrandom"},
    {.name = "getrlimit"},
    {.name = "prlimit64", .args = {{0, INT, 0}}}, /* of ourselves */

    /* Nobody else any more. */
    {.name = "setuid", .verdict = REFUSE},
    {.name = "setgid", .verdict = REFUSE},
    {.name = "setreuid", .verdict = REFUSE},
    {.name = "setregid", .verdict = REFUSE},
    {.name = "setresuid", .verdict = REFUSE},
    {.name = "setresgid", .verdict = REFUSE},
    {.name = "setfsuid", .verdict = REFUSE},
    {.name = "setfsgid", .verdict = REFUSE},
    {.name = "setgroups", .verdict = REFUSE},
    {.name = "capset", .verdict = REFUSE},

    /* Not our code. */
    {.name = "execve", .verdict = END},
    {.name = "execveat", .verdict = END},
    {.name = "ptrace", .verdict = END},
    {.name = "process_vm_readv", .verdict = END},
    {.name = "process_vm_writev", .verdict = END},
    {.name = "init_module", .verdict = END},
    {.name = "finit_module", .verdict = END},
    {.name = "kexec_load", .verdict = END},
    {.name = "kexec_file_load", .verdict = END},
};

const char *
syscalls_row(size_t i)
{
	return i < ARRAY_LEN(table) ? table[i].name : NULL;
}

#if defined(__has_feature)
#define HAS_FEATURE(x) __has_feature(x)
#else
#define HAS_FEATURE(x) 0
#endif

/* There in a program that was built with -fprofile-generate. */
extern void __gcov_exit(void) __attribute__((weak));

const char *
syscalls_unconfined(void)
{
#if UINTPTR_MAX < UINT64_MAX
	return "built for 32 bits, whose calls have other names (mmap2, clock_gettime64)";
#elif defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || HAS_FEATURE(address_sanitizer) ||     \
    HAS_FEATURE(thread_sanitizer) || HAS_FEATURE(memory_sanitizer)
	return "built with sanitizers, which trace the process when it ends";
#else
	return __gcov_exit != NULL ? "built to be trained, which writes its counts when it ends" : NULL;
#endif
}

static int
row_add(scmp_filter_ctx filter, const struct row *r)
{
	static const uint32_t actions[] = {
	    [ALLOW] = SCMP_ACT_ALLOW, [REFUSE] = SCMP_ACT_ERRNO(EPERM), [END] = SCMP_ACT_KILL_PROCESS};
	int number = seccomp_syscall_resolve_name(r->name);
	struct scmp_arg_cmp args[ARGS];
	unsigned n = 0;

	if (number == __NR_SCMP_ERROR) /* newer than the library */
		return 0;
	if (r->own_pid)
		args[n++] = SCMP_CMP64(0, SCMP_CMP_MASKED_EQ, INT, (uint64_t)getpid());
	for (size_t i = 0; i < ARGS && r->args[i].mask != 0; i++)
		args[n++] = SCMP_CMP64(r->args[i].n, SCMP_CMP_MASKED_EQ, r->args[i].mask, r->args[i].value);
	return seccomp_rule_add_array(filter, actions[r->verdict], number, n, args);
}

/* Attributes are settled the same way in both filters; not one is worth failing for. */
static scmp_filter_ctx
filter_new(uint32_t action)
{
	scmp_filter_ctx filter = seccomp_init(action);

	if (filter == NULL)
		mem_exhausted(0);
	(void)seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	/* Calls are found by bisection. */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2);
	/* Kernels before 5.16 would slow the process down against others' code in it; there is none. */
	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_SSB, 1);
	return filter;
}

/*
 * A filter of its own for clone3, since the other one has each refusal written to the audit log, and this is
 * no matter for that: the C library asks once for each thread, and takes clone() instead.
 */
static int
quiet_load(void)
{
	scmp_filter_ctx filter = filter_new(SCMP_ACT_ALLOW);
	int number = seccomp_syscall_resolve_name("clone3");
	int err = number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOSYS), number, 0);

	if (err == 0)
		err = seccomp_load(filter);
	seccomp_release(filter);
	return err;
}

static bool loaded; /* the table is: there may be a filter of the service manager's without */

static int
table_load(void)
{
	scmp_filter_ctx filter = filter_new(SCMP_ACT_ERRNO(ENOSYS));
	int err = 0;

	(void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_LOG, 1);
	for (size_t i = 0; i < ARRAY_LEN(table) && err == 0; i++)
		err = row_add(filter, &table[i]);
	if (err == 0)
		err = seccomp_load(filter);
	seccomp_release(filter);
	loaded = err == 0;
	return err;
}

int
syscalls_confine(void)
{
	int err = syscalls_unconfined() != NULL ? -ENOTSUP : quiet_load();

	return err == 0 ? table_load() : err;
}

bool
syscalls_confined(void)
{
	return loaded && prctl(PR_GET_SECCOMP, 0, 0, 0, 0) == 2 /* SECCOMP_MODE_FILTER */;
}
