/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem: the allocators that end the process when memory runs out (those that do not are in mem_try.c), and the end of
 * a broken invariant. Both say what happened in the log before they go; the log
 * itself allocates nothing, so that this works with no memory left.
 */
#include "lib/mem.h"

#include <malloc.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sysexits.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/mem_map.h"

void
mem_exhausted(size_t wanted)
{
	log_fatal(EX_OSERR, "memory.exhausted", (const struct log_kv[]){LOG_U("octets", wanted), {0}});
}

void *
xmalloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (p == NULL)
		mem_exhausted(size);
	return p;
}

void *
xcalloc(size_t n, size_t size)
{
	void *p = n && size ? calloc(n, size) : calloc(1, 1);

	if (p == NULL)
		mem_exhausted(size != 0 && n > SIZE_MAX / size ? SIZE_MAX : n * size);
	return p;
}

void *
xrealloc(void *p, size_t size)
{
	void *q = realloc(p, size ? size : 1);

	if (q == NULL)
		mem_exhausted(size);
	return q;
}

void *
xreallocarray(void *p, size_t n, size_t size)
{
	if (size != 0 && n > SIZE_MAX / size)
		mem_exhausted(SIZE_MAX);
	return xrealloc(p, n * size);
}

size_t
mem_resident(size_t *of_files)
{
	unsigned long long size, all = 0, shared = 0;
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	FILE *f = fopen("/proc/self/statm", "re");

	if (f != NULL && fscanf(f, "%llu %llu %llu", &size, &all, &shared) != 3)
		all = shared = 0;
	if (f != NULL)
		fclose(f);
	if (of_files != NULL)
		*of_files = (size_t)shared * page;
	return (size_t)all * page;
}

void *
xmap(size_t size, bool now)
{
	void *p = mem_map(size, now);

	if (p == NULL)
		mem_exhausted(size);
	return p;
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
		mem_exhausted(0);
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

void
mem_give_back(void)
{
	mallopt(M_MMAP_THRESHOLD, 32 << 10);
	mallopt(M_MMAP_MAX, 16 << 10);
}
