/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment: see segment.h.
 *
 * Pieces that are not touched page by page lie in regions of addresses, one behind the other. A region is brought in
 * strides: whoever takes a piece in the last quarter of one has the next one brought.
 */
#include "lib/segment.h"

#include "lib/mem.h"

#ifdef XMAP_HEAP

void *
segment_map(size_t size, uint32_t no, void *before)
{
	(void)before;
	return xmap(size, no >= SEGMENT_LAZY);
}

void
segment_unmap(void *const *segs, uint32_t n, size_t size)
{
	for (uint32_t i = 0; i < n; i++)
		xunmap(segs[i], size);
}

#else

#include <pthread.h>
#include <signal.h>
#include <sys/mman.h>

#define HUGE_PAGE   ((size_t)2 << 20)
#define SMALL_PAGES ((size_t)512 << 10) /* a stride of small pages: 20 us for the thread, 300 us for the pages */
#define HUGE_PIECES 128u                /* whose addresses are reserved together */

/* The region that a piece is in. */
struct region {
	uint32_t first, pieces; /* numbers of pieces of the table */
	size_t stride;
};

static size_t
whole_pages(size_t size)
{
	return (size + 4095) & ~(size_t)4095;
}

static struct region
region_of(size_t size, uint32_t no)
{
	uint32_t huge = (uint32_t)(SEGMENT_HUGE / size) + 1 + SEGMENT_LAZY;

	if (no < huge)
		return (struct region){SEGMENT_LAZY, huge - SEGMENT_LAZY, SMALL_PAGES};
	return (struct region){no - (no - huge) % HUGE_PIECES, HUGE_PIECES, HUGE_PAGE};
}

/* Addresses for a region, none of them touched. Its first stride is in small pages: nobody could ask for it ahead. */
static uint8_t *
region_map(const struct region *r, size_t size)
{
	size_t len = whole_pages(size) * r->pieces, all = len + HUGE_PAGE;
	uint8_t *p = xmap(all, false);
	size_t skip = -(uintptr_t)p % HUGE_PAGE;

	if (skip > 0)
		munmap(p, skip);
	munmap(p + skip + len, all - len - skip);
	if (r->stride == HUGE_PAGE && len > HUGE_PAGE)
		madvise(p + skip + HUGE_PAGE, len - HUGE_PAGE, MADV_HUGEPAGE);
	return p + skip;
}

/* It changes nothing that is there, and fails where nothing is mapped any more. */
static void
populate(void *p, size_t size)
{
	madvise(p, size, MADV_POPULATE_WRITE);
}

static void *
populate_small(void *p)
{
	populate(p, SMALL_PAGES);
	return NULL;
}

static void *
populate_huge(void *p)
{
	populate(p, HUGE_PAGE);
	return NULL;
}

/*
 * Has a stride brought by a thread of its own, which shares nothing with anybody: to clear a huge page takes 0.3 ms,
 * and 4 ms where a hypervisor has to find the memory first. Without the thread it comes when it is touched.
 */
static void
fetch(void *p, size_t stride)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;

	pthread_attr_init(&attr);
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	(void)pthread_create(&thread, &attr, stride == HUGE_PAGE ? populate_huge : populate_small, p);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
}

/* The strides that are to be there when as much of a region is used; the first one is not asked for. */
static size_t
strides(size_t used, size_t stride)
{
	return (used + stride / 4) / stride;
}

static void
region_use(const struct region *r, uint8_t *region, size_t at, size_t size)
{
	size_t end = size * r->pieces;

	for (size_t i = strides(at, r->stride) + 1; i <= strides(at + size, r->stride); i++)
		if ((i + 1) * r->stride <= end)
			fetch(region + i * r->stride, r->stride);
	/* Without huge pages or this advice in the kernel the pages come one by one, when they are touched. */
	populate(region + at, size);
}

void *
segment_map(size_t size, uint32_t no, void *before)
{
	if (no < SEGMENT_LAZY)
		return xmap(size, false);
	struct region r = region_of(size, no);
	size_t pages = whole_pages(size), at = (no - r.first) * pages;
	uint8_t *region = at == 0 ? region_map(&r, size) : (uint8_t *)before + pages - at;
	region_use(&r, region, at, pages);
	return region + at;
}

void
segment_unmap(void *const *segs, uint32_t n, size_t size)
{
	for (uint32_t i = 0; i < n && i < SEGMENT_LAZY; i++)
		xunmap(segs[i], size);
	for (uint32_t i = SEGMENT_LAZY; i < n;) {
		struct region r = region_of(size, i);
		xunmap(segs[i], whole_pages(size) * r.pieces);
		i += r.pieces;
	}
}

#endif
