/* SPDX-License-Identifier: Apache-2.0 */
/*
 * region: see region.h.
 *
 * Addresses are reserved without access, which counts as memory nowhere, and opened for use in large pieces. Pages are
 * asked for in strides: whoever comes near the end of one has the next one brought. From a megabyte on a stride is at most
 * a sixteenth of what is there already, so that a table of some hundred thousand records does not hold much more than it
 * needs.
 */
#include "lib/region.h"

#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>

#include "lib/mem.h"

/* What is only named from a region is no leak. */
#ifdef XMAP_HEAP
#include <sanitizer/lsan_interface.h>
#else
#define __lsan_register_root_region(p, size)   ((void)(p), (void)(size))
#define __lsan_unregister_root_region(p, size) ((void)(p), (void)(size))
#endif

#define PAGE      ((size_t)4096)
#define HUGE_PAGE ((size_t)2 << 20)
#if SIZE_MAX > UINT32_MAX
#define RESERVE ((size_t)4 << 30) /* 268 million further paths, 178 million IPv4 prefixes */
#else
#define RESERVE ((size_t)48 << 20)
#endif
#define SHARES     64u /* of what there is, where addresses are few: of bgpd's regions there are about forty */
#define OPEN_FIRST ((size_t)1 << 20)
#define OPEN_NEXT  ((size_t)64 << 20)
#define LAZY       ((size_t)64 << 10)  /* what is before that comes page by page, when it is touched */
#define STRIDE_MIN ((size_t)64 << 10)
#define STRIDE_MAX ((size_t)512 << 10) /* 20 us for the thread, 300 us for the pages */
#define AHEAD      ((size_t)32 << 10)  /* records are made in that for 0.4 ms */
#define STACK      ((size_t)256 << 10) /* of a thread that does nothing but wait: the usual one is of megabytes */
#define HUGE_FROM  ((size_t)16 << 20)  /* what is behind that lies in huge pages */

static size_t
round_up(size_t n, size_t to)
{
	return (n + to - 1) / to * to;
}

/* A limit on addresses (ulimit -v) is for all regions and everything else together. */
static size_t
share(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_AS, &limit) < 0 || limit.rlim_cur / SHARES >= RESERVE)
		return RESERVE;
	return round_up((size_t)limit.rlim_cur / SHARES, HUGE_PAGE);
}

/* Begins at a huge page. */
static void
reserve(struct region *r)
{
	size_t all = share() + HUGE_PAGE;
	uint8_t *p = mmap(NULL, all, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

	if (p == MAP_FAILED)
		mem_exhausted(all);
	size_t skip = -(uintptr_t)p % HUGE_PAGE, left = (all - skip) / HUGE_PAGE * HUGE_PAGE;
	if (skip > 0)
		munmap(p, skip);
	if (all - skip > left)
		munmap(p + skip + left, all - skip - left);
	r->base = p + skip;
	r->reserved = left;
	if (left > HUGE_FROM)
		madvise(r->base + HUGE_FROM, left - HUGE_FROM, MADV_HUGEPAGE);
}

static bool
open_to(struct region *r, size_t end)
{
	return mprotect(r->base + r->open, end - r->open, PROT_READ | PROT_WRITE) == 0;
}

/* Seldom: the kernel splits and joins its mappings for that, and waits for threads that are bringing pages. */
static void
open_up(struct region *r, size_t size)
{
	size_t least = round_up(size, HUGE_PAGE);
	size_t open = r->open == 0 ? OPEN_FIRST : r->open < OPEN_NEXT ? OPEN_NEXT : 4 * r->open;

	if (size > r->reserved)
		mem_exhausted(size);
	if (open < size)
		open = least;
	if (open > r->reserved)
		open = r->reserved;
	/* Some systems count what is open, whether it is touched or not (ulimit -d, vm.overcommit_memory=2). */
	if (!open_to(r, open)) {
		open = least;
		if (!open_to(r, open))
			mem_exhausted(size);
	}
	if (r->open > 0)
		__lsan_unregister_root_region(r->base, r->open);
	__lsan_register_root_region(r->base, open);
	r->open = open;
}

/* A power of two, of which at is a multiple. */
static size_t
stride_at(size_t at)
{
	size_t stride = STRIDE_MIN;

	if (at >= HUGE_FROM)
		return HUGE_PAGE;
	while (stride < STRIDE_MAX && at / 16 >= 2 * stride)
		stride *= 2;
	return stride;
}

/* arg: the first page, and in the bits below a page how many of STRIDE_MIN. It changes nothing that is there, and fails
 * where nothing is mapped any more. */
static void *
bring(void *arg)
{
	size_t strides = (uintptr_t)arg % PAGE;

	madvise((uint8_t *)arg - strides, strides * STRIDE_MIN, MADV_POPULATE_WRITE);
	return NULL;
}

/*
 * Has pages brought by a thread of its own, which shares nothing with anybody: to clear a huge one takes 0.3 ms, and
 * 4 ms where a hypervisor has to find the memory first. Without the thread they come when they are touched.
 */
static void
ask(const struct region *r, size_t from, size_t stride)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	(void)pthread_create(&thread, &attr, bring, r->base + from + stride / STRIDE_MIN);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
}

/* Whoever uses more than this wants the next stride: early enough for the thread to be there first. */
static size_t
enough(const struct region *r)
{
	if (r->asked == LAZY)
		return LAZY;
	return r->asked - (r->asked > HUGE_FROM ? HUGE_PAGE / 4 : AHEAD);
}

size_t
region_use(struct region *r, size_t size)
{
	if (r->base == NULL)
		reserve(r);
	if (size > r->open)
		open_up(r, size);
	if (r->asked == 0)
		r->asked = LAZY;
	while (size > enough(r) && r->asked < r->reserved) {
		size_t from = r->asked, to = from + stride_at(from);
		if (to > r->open)
			open_up(r, to);
		/* All of it is going to be touched at once: the thread would come too late. */
		if (to > size)
			ask(r, from, to - from);
		r->asked = to;
	}
	return enough(r) > size ? enough(r) : size;
}

void
region_fini(struct region *r)
{
	if (r->base == NULL)
		return;
	__lsan_unregister_root_region(r->base, r->open);
	munmap(r->base, r->reserved);
	*r = (struct region){0};
}

size_t
region_bytes(const struct region *r, size_t size)
{
	size_t touched = round_up(size, PAGE);

	if (r->base == NULL)
		return 0;
	return r->asked > LAZY && r->asked > touched ? r->asked : touched;
}
