/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idmap: a 32-bit number for each of some prefix ids; 0 is none.
 *
 * Pages of 4,096 ids exist only where there is a number, so an empty map costs
 * nothing and one that few ids are in costs little.
 */
#ifndef FIB_IDMAP_H
#define FIB_IDMAP_H

#include "lib/bitmap.h"

#include <stddef.h>
#include <stdint.h>

struct idmap {
	uint32_t **pages;
	uint16_t *page_count; /* numbers in each page */
	uint32_t npages, count;
};

/* Zero-initialised is empty. */
void idmap_fini(struct idmap *m);
/* Gives id the number v (0: none) and returns the one it had. */
uint32_t idmap_put(struct idmap *m, uint32_t id, uint32_t v);
size_t idmap_bytes(const struct idmap *m);

static inline uint32_t
idmap_get(const struct idmap *m, uint32_t id)
{
	uint32_t p = id >> BITMAP_PAGE_SHIFT;
	return p < m->npages && m->pages[p] != NULL ? m->pages[p][id & (BITMAP_PAGE_BITS - 1)] : 0;
}

#endif
