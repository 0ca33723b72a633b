/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bitmap: a paged set of 32-bit ids.
 *
 * Pages of 4,096 bits (512 octets) exist only where a bit is set, so an empty
 * set costs nothing and a full table of a million ids 125 KB. Setting and
 * clearing keep a count. A walk may be interrupted anywhere and bits may change
 * meanwhile: it goes on from an id.
 */
#ifndef LIB_BITMAP_H
#define LIB_BITMAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/mem.h"

#define BITMAP_PAGE_SHIFT 12
#define BITMAP_PAGE_BITS  (1u << BITMAP_PAGE_SHIFT)
#define BITMAP_PAGE_WORDS (BITMAP_PAGE_BITS / 64)

struct bitmap_page {
	uint64_t w[BITMAP_PAGE_WORDS];
};

struct bitmap {
	struct bitmap_page **pages; /* NULL: no bit of that page is set */
	uint16_t *page_count;       /* set bits per page */
	uint32_t npages;
	uint32_t count;
};

#define BITMAP_END UINT32_MAX

/* Zero-initialised is an empty set. */
void bitmap_fini(struct bitmap *b);                     /* frees; b is an empty set afterwards */
uint32_t bitmap_next(const struct bitmap *b, uint32_t from); /* first set id ≥ from, or BITMAP_END */
void bitmap_or(struct bitmap *dst, const struct bitmap *src);
/* How many ids below `below` are in b and not in minus. A page of both costs 64 words, an absent one nothing. */
uint32_t bitmap_count_without(const struct bitmap *b, const struct bitmap *minus, uint32_t below);
size_t bitmap_bytes(const struct bitmap *b);

static inline bool
bitmap_test(const struct bitmap *b, uint32_t id)
{
	uint32_t p = id >> BITMAP_PAGE_SHIFT;
	if (p >= b->npages || b->pages[p] == NULL)
		return false;
	uint32_t i = id & (BITMAP_PAGE_BITS - 1);
	return b->pages[p]->w[i / 64] >> (i % 64) & 1;
}

/* For the two below: makes a page that is missing; frees one without bits. */
struct bitmap_page *bitmap_page_make(struct bitmap *b, uint32_t p);
void bitmap_page_drop(struct bitmap *b, uint32_t p);

static inline struct bitmap_page *
bitmap_page_get(struct bitmap *b, uint32_t p)
{
	return p < b->npages && b->pages[p] != NULL ? b->pages[p] : bitmap_page_make(b, p);
}

/* True: was clear. Inline, as clear is: several times a route. */
static inline bool
bitmap_set(struct bitmap *b, uint32_t id)
{
	uint32_t p = id >> BITMAP_PAGE_SHIFT, i = id & (BITMAP_PAGE_BITS - 1);
	ASSERT(id != BITMAP_END);
	uint64_t *w = &bitmap_page_get(b, p)->w[i / 64], bit = 1ull << (i % 64);

	if (*w & bit)
		return false;
	*w |= bit;
	b->page_count[p]++;
	b->count++;
	return true;
}

/* True: was set; an empty page is freed. */
static inline bool
bitmap_clear(struct bitmap *b, uint32_t id)
{
	uint32_t p = id >> BITMAP_PAGE_SHIFT, i = id & (BITMAP_PAGE_BITS - 1);

	if (!bitmap_test(b, id))
		return false;
	b->pages[p]->w[i / 64] &= ~(1ull << (i % 64));
	b->count--;
	if (--b->page_count[p] == 0)
		bitmap_page_drop(b, p);
	return true;
}

#endif
