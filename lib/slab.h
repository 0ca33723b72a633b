/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slab: records of one size, named by 32-bit handles that never change.
 *
 * Memory comes in segments of 2^seg_shift records, so growing moves nothing and
 * a pointer stays good until its record is freed. Handle 0 is never given out.
 * Freed handles are reused last-in first-out. The first four octets of a free
 * record hold the free list; the rest is left as it was.
 */
#ifndef LIB_SLAB_H
#define LIB_SLAB_H

#include <stddef.h>
#include <stdint.h>

struct slab {
	void **segs;
	uint32_t nsegs, segs_cap;
	uint32_t seg_shift;
	uint32_t rec_size;  /* octets, ≥ 4 */
	uint32_t free_head; /* 0: none */
	uint32_t top;       /* handles 1..top-1 have been used at some time */
	uint32_t used;      /* records in use now */
};

void slab_init(struct slab *s, size_t rec_size, unsigned seg_shift);
void slab_fini(struct slab *s);
uint32_t slab_alloc(struct slab *s);          /* contents undefined; fatal when memory or handles run out */
void slab_free(struct slab *s, uint32_t h);
size_t slab_bytes(const struct slab *s);      /* memory held, octets */

static inline void *
slab_ptr(const struct slab *s, uint32_t h)
{
	return (uint8_t *)s->segs[h >> s->seg_shift] + (size_t)(h & ((1u << s->seg_shift) - 1)) * s->rec_size;
}
#endif
