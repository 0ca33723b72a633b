/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem: the allocators that end the process when memory runs out, and the end of
 * a broken invariant. Both say what happened in the log before they go; the log
 * itself allocates nothing, so that this works with no memory left. Large tables
 * lie in huge pages, which are brought before they are needed.
 */
#include "lib/mem.h"

#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>

#include "lib/log.h"

__attribute__((noreturn)) static void
out_of_memory(size_t wanted)
{
	log_fatal(EX_OSERR, "memory.exhausted", (const struct log_kv[]){LOG_U("octets", wanted), {0}});
}

void *
xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (p == NULL)
		out_of_memory(size);
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = n && size ? calloc(n, size) : calloc(1, 1);

	if (p == NULL)
		out_of_memory(size != 0 && n > SIZE_MAX / size ? SIZE_MAX : n * size);
	return p;
}

void *
xrealloc(void *p, size_t size)
{
	void *q = realloc(p, size ? size : 1);

	if (q == NULL)
		out_of_memory(size);
	return q;
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		out_of_memory(SIZE_MAX);
	return xrealloc(p, n * size);
}

/* The sanitizers watch over the heap alone. */
#if defined(__SANITIZE_ADDRESS__)
#define XMAP_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define XMAP_HEAP 1
#endif
#endif

void *
xmap(size_t size, bool now)
{
#ifdef XMAP_HEAP
	(void)now;
	size_t pages = (size + 4095) / 4096 * 4096;
	void *p = aligned_alloc(4096, pages);
	if (p == NULL)
		out_of_memory(size);
	return memset(p, 0, pages);
#else
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | (now ? MAP_POPULATE : 0);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	if (p == MAP_FAILED)
		out_of_memory(size);
	return p;
#endif
}

void
xunmap(void *p, size_t size)
{
#ifdef XMAP_HEAP
	(void)size;
	free(p);
#else
	if (p != NULL)
		munmap(p, size);
#endif
}

#ifndef XMAP_HEAP
#define HUGE_PAGE     ((size_t)2 << 20)
#define REGION_PIECES 128u /* segments whose addresses are reserved together */

static size_t
whole_pages(size_t size)
{
	return (size + 4095) & ~(size_t)4095;
}

/* Segments that are mapped one by one. */
static uint32_t
small_segments(size_t size)
{
	return (uint32_t)(XMAP_HUGE / size) + 1;
}

static size_t
region_size(size_t size)
{
	return whole_pages(size) * REGION_PIECES;
}

/*
 * Addresses for the next REGION_PIECES segments, none of them touched. What comes first is in small pages:
 * nobody could ask for a huge one ahead.
 */
static void *
region_map(size_t size)
{
	size_t len = region_size(size), all = len + HUGE_PAGE;
	uint8_t *p = xmap(all, false);
	size_t skip = -(uintptr_t)p % HUGE_PAGE;

	if (skip > 0)
		munmap(p, skip);
	munmap(p + skip + len, all - len - skip);
	if (len > HUGE_PAGE)
		madvise(p + skip + HUGE_PAGE, len - HUGE_PAGE, MADV_HUGEPAGE);
	return p + skip;
}

static void *
fetch_page(void *page)
{
	/* It changes nothing that is there, and fails where nothing is mapped any more. */
	madvise(page, HUGE_PAGE, MADV_POPULATE_WRITE);
	return NULL;
}

/*
 * Has a huge page brought by a thread of its own, which shares nothing with anybody: to clear one takes 0.3 ms,
 * and 4 ms where a hypervisor has to find the memory first. Without the thread it comes when it is touched.
 */
static void
fetch_ahead(void *page)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	(void)pthread_create(&thread, &attr, fetch_page, page);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
}

/* The segment at this offset is going to be used; from three quarters of a huge page on the next one is asked for. */
static void
region_use(uint8_t *region, size_t at, size_t size)
{
	size_t ahead = at + size + HUGE_PAGE / 4, page = ahead / HUGE_PAGE * HUGE_PAGE;

	if (at + HUGE_PAGE / 4 < page && page + HUGE_PAGE <= region_size(size))
		fetch_ahead(region + page);
	/* Without huge pages or this advice in the kernel the pages come one by one, when they are touched. */
	madvise(region + at, size, MADV_POPULATE_WRITE);
}
#endif

void *
xmap_segment(size_t size, uint32_t no, void *before)
{
#ifdef XMAP_HEAP
	(void)before;
	return xmap(size, no >= XMAP_LAZY);
#else
	uint32_t small = small_segments(size);

	if (no < small)
		return xmap(size, no >= XMAP_LAZY);
	size_t pages = whole_pages(size), at = (no - small) % REGION_PIECES * pages;
	uint8_t *region = at == 0 ? region_map(size) : (uint8_t *)before + pages - at;
	region_use(region, at, pages);
	return region + at;
#endif
}

void
xunmap_segments(void *const *segs, uint32_t n, size_t size)
{
	uint32_t small = n;

#ifndef XMAP_HEAP
	small = small_segments(size);
	for (uint32_t i = small; i < n; i += REGION_PIECES)
		xunmap(segs[i], whole_pages(size) * REGION_PIECES);
#endif
	for (uint32_t i = 0; i < n && i < small; i++)
		xunmap(segs[i], size);
}

char *
xstrdup(const char *s)
{
	size_t n;

	if (s == NULL)
		return NULL;
	n = strlen(s) + 1;
	return memcpy(xmalloc(n), s, n);
}

char *
xasprintf(const char *fmt, ...)
{
	char *s;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&s, fmt, ap) < 0)
		out_of_memory(0);
	va_end(ap);
	return s;
}

void
assert_failed(const char *what, const char *file, int line, const char *func)
{
	log_error("assert.failed", LOG_S("what", what), LOG_S("file", file), LOG_I("line", line),
		  LOG_S("function", func));
	abort();
}
