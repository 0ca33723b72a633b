/* SPDX-License-Identifier: Apache-2.0 */
/* mem_map: the pages that xmap and try_map give; for mem.c, mem_try.c and the test that stands in for it. */
#ifndef LIB_MEM_MAP_H
#define LIB_MEM_MAP_H

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "lib/mem.h"

/* NULL: there are none. */
static inline void *
mem_map(size_t size, bool now)
{
#ifdef XMAP_HEAP
	(void)now;
	size_t pages = (size + 4095) / 4096 * 4096;
	void *p = aligned_alloc(4096, pages);
	return p != NULL ? memset(p, 0, pages) : NULL;
#else
	int flags = MAP_PRIVATE | MAP_ANONYMOUS | (now ? MAP_POPULATE : 0);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, flags, -1, 0);
	return p != MAP_FAILED ? p : NULL;
#endif
}

#endif
