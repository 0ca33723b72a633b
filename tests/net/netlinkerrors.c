/* SPDX-License-Identifier: Apache-2.0 */
/*
 * netlinkerrors: preloaded into bgpd, it makes the kernel answer badly over netlink.
 *
 * $NETLINKERRORS is a file that is shared with who watches (tests/net/netlinkerrors.sh): 32-bit numbers, the first of
 * which says how many of a thousand chances are taken, the second from where chance starts, the third how many of a
 * thousand requests are refused besides, the fourth whether each call fails; behind them stands how often each kind of
 * fault has come, in the order of enum kind. All but the second can be set at any time.
 *
 * A refused request never comes to the kernel: it is made one that does nothing, and its acknowledgement an error.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>

#define FDS     1024
#define REFUSED 4096 /* requests that wait for their answer */
#define BUFFER  (1 << 20)

enum kind {
	REFUSAL,  /* an error for a request */
	NOT_SENT, /* sendto(2) fails */
	LOST,     /* ENOBUFS, and a datagram is gone */
	NO_ACK,   /* an acknowledgement is not there */
	ALIEN,    /* it has another's number */
	CUT,      /* a datagram is larger than the buffer, or a reply cut off */
	CHANGED,  /* NLM_F_DUMP_INTR */
	DUMP_END, /* a dump ends with an error */
	AGAIN,    /* EINTR */
	DEAD,     /* EBADF, as long as that is set */
	KINDS
};

struct shared {
	_Atomic uint32_t rate, seed, refusals, dead, count[KINDS];
};

static const int refusals[] = {EPERM,  ENOENT,    ESRCH,       EAGAIN,      ENOMEM,        EBUSY,       EEXIST,  ENODEV,
			       EINVAL, ENOSPC,    EMSGSIZE,    EOPNOTSUPP,  EAFNOSUPPORT,  ENETUNREACH, ENOBUFS, EHOSTUNREACH,
			       ERANGE, ENETDOWN,  EPROTONOSUPPORT};
static const int unsent[] = {EAGAIN, ENOBUFS, ENOMEM, EINTR, EMSGSIZE};

static struct shared *shared;
static _Atomic bool is_netlink[FDS];
static struct {
	_Atomic uint32_t seq;
	_Atomic int error;
} refused[REFUSED];

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("NETLINKERRORS");
	int fd = path != NULL ? open(path, O_RDWR | O_CLOEXEC) : -1;

	if (fd < 0)
		return;
	void *p = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (p != MAP_FAILED)
		shared = p;
	close(fd);
}

static uint32_t
throw_of(uint32_t sides)
{
	uint32_t was = atomic_load(&shared->seed), x;

	do {
		x = was != 0 ? was : 1;
		x ^= x << 13;
		x ^= x >> 17;
		x ^= x << 5;
	} while (!atomic_compare_exchange_weak(&shared->seed, &was, x));
	return (x >> 4) % sides;
}

/* Is it to happen now? rarely: one of so many times that the rate says. */
static bool
chance(enum kind k, uint32_t rarely)
{
	uint32_t rate = shared != NULL ? atomic_load(&shared->rate) : 0;

	if (rate == 0 || throw_of(1000 * rarely) >= rate)
		return false;
	atomic_fetch_add(&shared->count[k], 1);
	return true;
}

static bool
to_be_refused(void)
{
	return chance(REFUSAL, 1) || (shared != NULL && throw_of(1000) < atomic_load(&shared->refusals));
}

static bool
is_dead(void)
{
	if (shared == NULL || atomic_load(&shared->dead) == 0)
		return false;
	atomic_fetch_add(&shared->count[DEAD], 1);
	errno = EBADF;
	return true;
}

static bool
known(int fd)
{
	return fd >= 0 && fd < FDS && atomic_load(&is_netlink[fd]);
}

int
socket(int domain, int type, int protocol)
{
	static int (*real)(int, int, int);
	if (real == NULL)
		real = (int (*)(int, int, int))dlsym(RTLD_NEXT, "socket");
	int fd = real(domain, type, protocol);
	if (fd >= 0 && fd < FDS)
		atomic_store(&is_netlink[fd], domain == AF_NETLINK && protocol == NETLINK_ROUTE);
	return fd;
}

int
close(int fd)
{
	static int (*real)(int);
	if (real == NULL)
		real = (int (*)(int))dlsym(RTLD_NEXT, "close");
	if (fd >= 0 && fd < FDS)
		atomic_store(&is_netlink[fd], false);
	return real(fd);
}

/* The message behind n, or with NULL the first of len octets at buf; NULL: there is none that is whole. */
static struct nlmsghdr *
message_next(void *buf, size_t len, struct nlmsghdr *n)
{
	size_t at = n == NULL ? 0 : (size_t)((uint8_t *)n - (uint8_t *)buf) + NLMSG_ALIGN(n->nlmsg_len);
	struct nlmsghdr *next = (struct nlmsghdr *)(void *)((uint8_t *)buf + at);

	if (at + sizeof(*next) > len || next->nlmsg_len < sizeof(*next) || at + next->nlmsg_len > len)
		return NULL;
	return next;
}

static bool
is_change(uint16_t type)
{
	return type == RTM_NEWROUTE || type == RTM_DELROUTE || type == RTM_NEWNEXTHOP || type == RTM_DELNEXTHOP;
}

/* That what is to be deleted is not there would be a lie, which only the audit could find out. */
static int
refusal_of(uint16_t type)
{
	int error;

	do
		error = refusals[throw_of(sizeof(refusals) / sizeof(*refusals))];
	while ((type == RTM_DELROUTE || type == RTM_DELNEXTHOP) && (error == ESRCH || error == ENOENT));
	return error;
}

static void
refuse(struct nlmsghdr *n)
{
	uint32_t at = n->nlmsg_seq % REFUSED;

	atomic_store(&refused[at].seq, n->nlmsg_seq);
	atomic_store(&refused[at].error, refusal_of(n->nlmsg_type));
	n->nlmsg_type = NLMSG_NOOP;
	n->nlmsg_flags |= NLM_F_ACK;
}

ssize_t
sendto(int fd, const void *buf, size_t len, int flags, const struct sockaddr *to, socklen_t tolen)
{
	static ssize_t (*real)(int, const void *, size_t, int, const struct sockaddr *, socklen_t);
	static _Thread_local uint8_t copy[BUFFER] __attribute__((aligned(8)));
	if (real == NULL)
		real = (ssize_t(*)(int, const void *, size_t, int, const struct sockaddr *, socklen_t))dlsym(RTLD_NEXT, "sendto");

	if (!known(fd) || len > sizeof(copy))
		return real(fd, buf, len, flags, to, tolen);
	if (is_dead())
		return -1;
	if (chance(NOT_SENT, 4)) {
		errno = unsent[throw_of(sizeof(unsent) / sizeof(*unsent))];
		return -1;
	}
	memcpy(copy, buf, len);
	for (struct nlmsghdr *n = NULL; (n = message_next(copy, len, n)) != NULL;)
		if (is_change(n->nlmsg_type) && to_be_refused())
			refuse(n);
	return real(fd, copy, len, flags, to, tolen);
}

static void
answer(struct nlmsghdr *n)
{
	if (n->nlmsg_flags & NLM_F_MULTI && chance(CHANGED, 10))
		n->nlmsg_flags |= NLM_F_DUMP_INTR;
	if (n->nlmsg_type == NLMSG_DONE && n->nlmsg_len >= NLMSG_LENGTH(sizeof(int)) && chance(DUMP_END, 2)) {
		int error = -ENOMEM;
		memcpy(NLMSG_DATA(n), &error, sizeof(error));
	}
	if (n->nlmsg_type != NLMSG_ERROR)
		return;
	struct nlmsgerr *e = NLMSG_DATA(n);
	uint32_t at = n->nlmsg_seq % REFUSED;
	if (atomic_load(&refused[at].seq) == n->nlmsg_seq && e->error == 0) {
		e->error = -atomic_load(&refused[at].error);
		atomic_store(&refused[at].seq, 0);
	}
	if (chance(NO_ACK, 10))
		n->nlmsg_type = NLMSG_NOOP;
	else if (chance(ALIEN, 10))
		n->nlmsg_seq += 1u << 24;
}

ssize_t
recv(int fd, void *buf, size_t len, int flags)
{
	static ssize_t (*real)(int, void *, size_t, int);
	if (real == NULL)
		real = (ssize_t(*)(int, void *, size_t, int))dlsym(RTLD_NEXT, "recv");

	if (!known(fd))
		return real(fd, buf, len, flags);
	if (is_dead())
		return -1;
	if (chance(AGAIN, 2)) {
		errno = EINTR;
		return -1;
	}
	ssize_t got = real(fd, buf, len, flags);
	if (got <= 0)
		return got;
	if (chance(LOST, 10)) {
		errno = ENOBUFS;
		return -1;
	}
	if (chance(CUT, 5))
		return flags & MSG_TRUNC ? 1 << 24 : NLMSG_LENGTH(0);
	for (struct nlmsghdr *n = NULL; (n = message_next(buf, (size_t)got, n)) != NULL;)
		answer(n);
	return got;
}

/* What a build with _FORTIFY_SOURCE calls. */
ssize_t __recv_chk(int fd, void *buf, size_t len, size_t room, int flags);
ssize_t
__recv_chk(int fd, void *buf, size_t len, size_t room, int flags)
{
	return len <= room ? recv(fd, buf, len, flags) : (errno = EFAULT, -1);
}
