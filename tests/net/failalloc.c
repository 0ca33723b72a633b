/* SPDX-License-Identifier: Apache-2.0 */
/*
 * failalloc: preloaded into a program, it makes chosen allocations fail.
 *
 * $FAILALLOC is a file of 64-bit numbers, of which four are shared with who watches (tests/net/failalloc.py): how many
 * allocations there have been, of all threads; the first that fails and how many do from there on; how many have
 * failed. Allocations are calls of the malloc family, of the program as of its libraries, and anonymous mmap(2). The
 * count can be read and set at any time, so that any moment of a life can be chosen. Behind the four stand pairs of
 * addresses in the program, up to a 0: where there are any, only allocations that code between them asks for are
 * counted, and fail. Where one fails is said on standard error, as places in files that addr2line(1) understands.
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FRAMES 12
#define RANGES 16

struct shared {
	_Atomic uint64_t count, first, number, failed;
	uint64_t from_to[2 * RANGES + 1];
};

void *__libc_malloc(size_t);
void *__libc_calloc(size_t, size_t);
void *__libc_realloc(void *, size_t);
void *__libc_memalign(size_t, size_t);

static struct shared *_Atomic shared;
static uint64_t base; /* where the program is */
static _Thread_local int inside;

/* The first object is the program itself. */
static int
first_object(struct dl_phdr_info *info, size_t size, void *out)
{
	(void)size;
	*(uint64_t *)out = info->dlpi_addr;
	return 1;
}

static uint64_t
program_base(void)
{
	uint64_t at = 0;

	dl_iterate_phdr(first_object, &at);
	return at;
}

__attribute__((constructor)) static void
begin(void)
{
	const char *path = getenv("FAILALLOC");
	void *frames[FRAMES];
	int fd;

	if (path == NULL)
		return;
	/* The first call allocates. */
	backtrace(frames, FRAMES);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		return;
	void *p = (void *)syscall(SYS_mmap, NULL, sizeof(struct shared), PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	close(fd);
	base = program_base();
	if (p != MAP_FAILED)
		shared = p;
	/* What the program starts has all the memory it wants. */
	unsetenv("FAILALLOC");
	unsetenv("LD_PRELOAD");
}

/* libseccomp 2.5 frees a block twice when it cannot enlarge it, which no caller of it can help. */
static int
spared(void *caller)
{
	Dl_info in;

	return dladdr(caller, &in) != 0 && strstr(in.dli_fname, "libseccomp") != NULL;
}

static int
concerned(const struct shared *s, void *caller)
{
	uint64_t at = (uint64_t)(uintptr_t)caller - base;

	for (unsigned i = 0; s->from_to[i] != 0; i += 2)
		if (at >= s->from_to[i] && at < s->from_to[i + 1])
			return 1;
	return s->from_to[0] == 0;
}

/* Inlined, so that the caller of the function that it is in is who wants memory. */
__attribute__((always_inline)) static inline int
fails(void)
{
	struct shared *s = shared;
	void *frames[FRAMES];

	if (s == NULL || inside || !concerned(s, __builtin_return_address(0)))
		return 0;
	uint64_t n = atomic_fetch_add(&s->count, 1) + 1, first = s->first;
	if (first == 0 || n < first || n - first >= s->number || spared(__builtin_return_address(0)))
		return 0;
	atomic_fetch_add(&s->failed, 1);
	inside = 1;
	backtrace_symbols_fd(frames, backtrace(frames, FRAMES), STDERR_FILENO);
	inside = 0;
	errno = ENOMEM;
	return 1;
}

void *
malloc(size_t size)
{
	return fails() ? NULL : __libc_malloc(size);
}

void *
calloc(size_t n, size_t size)
{
	return fails() ? NULL : __libc_calloc(n, size);
}

void *
realloc(void *p, size_t size)
{
	return fails() ? NULL : __libc_realloc(p, size);
}

void *
reallocarray(void *p, size_t n, size_t size)
{
	size_t all;

	if (__builtin_mul_overflow(n, size, &all)) {
		errno = ENOMEM;
		return NULL;
	}
	return fails() ? NULL : __libc_realloc(p, all);
}

void *
aligned_alloc(size_t align, size_t size)
{
	return fails() ? NULL : __libc_memalign(align, size);
}

int
posix_memalign(void **out, size_t align, size_t size)
{
	void *p = fails() ? NULL : __libc_memalign(align, size);

	if (p == NULL)
		return ENOMEM;
	*out = p;
	return 0;
}

void *
mmap(void *addr, size_t size, int prot, int flags, int fd, off_t offset)
{
	if ((flags & MAP_ANONYMOUS) != 0 && fails())
		return MAP_FAILED;
	return (void *)syscall(SYS_mmap, addr, size, prot, flags, fd, offset);
}
