/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem: allocation that does not fail, and assertions that stay on.
 *
 * Out of memory in the core is fatal (there is nothing sensible left to do);
 * where a neighbour's own buffers are concerned, callers use malloc and drop
 * that neighbour instead.
 */
#ifndef LIB_MEM_H
#define LIB_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);          /* frees nothing on failure: it does not return */
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);                  /* NULL gives NULL */
__attribute__((format(printf, 1, 2))) char *xasprintf(const char *fmt, ...);

/*
 * Zeroed pages straight from the kernel, for blocks of XMAP_MIN octets and more: they have no header, are aligned to a
 * page, never share a page with small allocations (which would keep it when the block goes) and go back at once. With
 * now all pages are there when it returns, which is cheaper than a fault for each, if all are going to be used.
 */
#define XMAP_MIN 32768u
/* A growing table leaves so many blocks to be touched page by page; one that is beyond will fill the next one, too. */
#define XMAP_LAZY 4u
void *xmap(size_t size, bool now);
void xunmap(void *p, size_t size); /* NULL is fine */

/*
 * Segment no (0, 1, …) of a table that grows by zeroed segments of one size; before is segment no - 1, or NULL. The first
 * XMAP_LAZY are touched page by page, those beyond are there at once, and what is beyond XMAP_HUGE octets lies in huge
 * pages where the kernel has them: a fault for 512 pages, and tables of millions of routes that are read all over need few
 * translations (of the time to fill such a table a quarter). The last of them may be in use in part. To clear one takes
 * milliseconds on some machines, so the next one is asked for ahead.
 */
#define XMAP_HUGE (16u << 20)
void *xmap_segment(size_t size, uint32_t no, void *before);
/* Gives n segments of a table back. */
void xunmap_segments(void *const *segs, uint32_t n, size_t size);

/* Kept in release builds: a broken invariant ends the process with file and line. */
#define ASSERT(c) ((c) ? (void)0 : assert_failed(#c, __FILE__, __LINE__, __func__))
__attribute__((noreturn)) void assert_failed(const char *what, const char *file, int line, const char *func);

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
