/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slab: records of one size, named by 32-bit handles that never change.
 *
 * They lie in one region, so growing moves nothing and a pointer stays good
 * until its record is freed. Handle 0 is never given out. Freed handles are
 * reused last-in first-out. The first four octets of a free record hold the free
 * list; the rest is left as it was.
 */
#ifndef LIB_SLAB_H
#define LIB_SLAB_H

#include <stddef.h>
#include <stdint.h>

#include "lib/region.h"

struct slab {
	struct region mem;
	uint32_t rec_size;  /* octets, ≥ 4 */
	uint32_t room;      /* handles below need no look at mem */
	uint32_t free_head; /* 0: none */
	uint32_t top;       /* handles 1..top-1 have been used at some time */
	uint32_t used;      /* records in use now */
};

void slab_init(struct slab *s, size_t rec_size);
void slab_fini(struct slab *s);
uint32_t slab_alloc(struct slab *s);          /* contents undefined; fatal when memory or handles run out */
void slab_free(struct slab *s, uint32_t h);
size_t slab_bytes(const struct slab *s);      /* memory held, octets */

static inline void *
slab_ptr(const struct slab *s, uint32_t h)
{
	return s->mem.base + (size_t)h * s->rec_size;
}
#endif
