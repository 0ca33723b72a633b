/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem: allocation that does not fail, allocation that may, and assertions that stay on.
 *
 * Which of them, where memory is short:
 * - What the daemon is made of (RIB, policies, configuration, state of the kernel, and the records of neighbours and
 *   clients themselves): x...(), which end the process. There is nothing sensible left to do.
 * - What holds octets for one neighbour, one group of neighbours or one client (an incomplete message, the queue of
 *   small messages, chunks of encoded UPDATEs, an answer that waits), or is for one connection: try_...(), and whoever
 *   it is for goes; all others stay. A neighbour is sent Cease/Out of Resources and begins again after its idle hold
 *   time, a client is cut off.
 * - The few octets that keep account of such a buffer (an entry of a list, a timer): x...(), as in the core. Where
 *   those cannot be had, the next one of the core cannot either.
 */
#ifndef LIB_MEM_H
#define LIB_MEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Says in the log that so many octets could not be had, and ends the process. */
__attribute__((noreturn)) void mem_exhausted(size_t wanted);
void *xmalloc(size_t size);
void *xcalloc(size_t n, size_t size);
void *xrealloc(void *p, size_t size);          /* frees nothing on failure: it does not return */
void *xreallocarray(void *p, size_t n, size_t size);
char *xstrdup(const char *s);                  /* NULL gives NULL */
__attribute__((format(printf, 1, 2))) char *xasprintf(const char *fmt, ...);

/*
 * The same, but NULL where there is no memory; what p was stays as it is then. In mem_try.c, which a test may take the
 * place of (tests/unit/tryfail.h), and tests/net/failalloc.sh lets calls of them fail in the daemon.
 */
void *try_alloc(size_t size);
void *try_grow(void *p, size_t size);
void *try_map(size_t size, bool now); /* as xmap, with xunmap */

/*
 * From here on blocks of 32 KB and more are the kernel's, each by itself, and go back at once. The C library would raise
 * that bound with the first that is freed, and keep what lies below any small block that is still there: what somebody
 * has made us hold for a moment would stay. 16,384 of them at most, since mappings are few; further ones are as others.
 */
void mem_give_back(void);

/*
 * Zeroed pages straight from the kernel, for blocks of many of them: they have no header, are aligned to a
 * page, never share a page with small allocations (which would keep it when the block goes) and go back at once. With
 * now all pages are there when it returns, which is cheaper than a fault for each, if all are going to be used.
 */
void *xmap(size_t size, bool now);
void xunmap(void *p, size_t size); /* NULL is fine */

/* Memory that the process has in use, octets; *of_files (may be NULL): how much of it is code, not data. 0: not known. */
size_t mem_resident(size_t *of_files);

/* The sanitizers watch over the heap alone: with them xmap is of the heap. */
#if defined(__SANITIZE_ADDRESS__)
#define XMAP_HEAP 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define XMAP_HEAP 1
#endif
#endif

/* Kept in release builds: a broken invariant ends the process with file and line. */
#define ASSERT(c) ((c) ? (void)0 : assert_failed(#c, __FILE__, __LINE__, __func__))
__attribute__((noreturn)) void assert_failed(const char *what, const char *file, int line, const char *func);

#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))
#define container_of(ptr, type, member) ((type *)(void *)((char *)(ptr)-offsetof(type, member)))

#endif
