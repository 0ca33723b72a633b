/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool: memory for very many small things of various sizes, as attribute sets are.
 *
 * A page holds things of one size, rounded up to 8 octets; one that has become empty may hold another size next. There is
 * no header for each thing: whoever frees one says its size. Pages come from a region, which has them brought before they
 * are touched, as malloc does not. Things that are too large for that, and all of them where an address sanitizer is to
 * watch, come from malloc.
 */
#ifndef LIB_POOL_H
#define LIB_POOL_H

#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#include "lib/region.h"

#define POOL_PAGE  4096u
#define POOL_GRAIN 8u
#define POOL_MAX   512u /* octets; larger things would leave too much of a page over */

LIST_HEAD(pool_pages, pool_page);

/* Zero-initialised is an empty one. */
struct pool {
	struct region mem;
	size_t top, room; /* octets of mem that are pages; that need no call of region_use */
	struct pool_pages partial[POOL_MAX / POOL_GRAIN + 1]; /* with room for one more, by size */
	struct pool_pages empty;
	size_t nempty;
	size_t others; /* octets that malloc has given */
};

/* Contents undefined; aligned for pointers; fatal when memory runs out. */
void *pool_alloc(struct pool *p, size_t size);
/* size as it was asked for. */
void pool_free(struct pool *p, void *mem, size_t size);
/* Everything has been freed, or is no larger than POOL_MAX where no sanitizer is at work. */
void pool_fini(struct pool *p);
/* Asks the cache for a thing that is going to be freed, and for the account of its page. */
__attribute__((always_inline)) static inline void
pool_fetch(const void *mem)
{
	__builtin_prefetch(mem, 1);
	__builtin_prefetch((const uint8_t *)mem - (uintptr_t)mem % POOL_PAGE, 1);
}
size_t pool_bytes(const struct pool *p); /* memory held, octets */
/* What of that is in empty pages, for whatever comes next. */
static inline size_t
pool_spare(const struct pool *p)
{
	return p->nempty * POOL_PAGE;
}

#endif
