/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bitmap: pages of bits that come with their first bit and go with their last.
 *
 * Invariant: pages[p] is NULL exactly where page_count[p] is 0, and count is the
 * sum of all page counts. UINT32_MAX is the end mark and never a member.
 */
#include "lib/bitmap.h"

#include <stdlib.h>

#include "lib/mem.h"

#define PAGES_MAX (1u << (32 - BITMAP_PAGE_SHIFT))

void
bitmap_fini(struct bitmap *b)
{
	for (uint32_t p = 0; p < b->npages; p++)
		free(b->pages[p]);
	free(b->pages);
	free(b->page_count);
	*b = (struct bitmap){0};
}

struct bitmap_page *
bitmap_page_make(struct bitmap *b, uint32_t p)
{
	if (p >= b->npages) {
		uint32_t n = b->npages * 2 > p + 1 ? b->npages * 2 : p + 1;

		n = n > PAGES_MAX ? PAGES_MAX : n;
		b->pages = xreallocarray(b->pages, n, sizeof(*b->pages));
		b->page_count = xreallocarray(b->page_count, n, sizeof(*b->page_count));
		for (uint32_t i = b->npages; i < n; i++) {
			b->pages[i] = NULL;
			b->page_count[i] = 0;
		}
		b->npages = n;
	}
	if (b->pages[p] == NULL)
		b->pages[p] = xcalloc(1, sizeof(**b->pages));
	return b->pages[p];
}

void
bitmap_page_drop(struct bitmap *b, uint32_t p)
{
	free(b->pages[p]);
	b->pages[p] = NULL;
}

uint32_t
bitmap_next(const struct bitmap *b, uint32_t from)
{
	uint32_t i = from & (BITMAP_PAGE_BITS - 1);

	for (uint32_t p = from >> BITMAP_PAGE_SHIFT; p < b->npages; p++, i = 0) {
		if (b->pages[p] == NULL)
			continue;
		for (uint32_t w = i / 64; w < BITMAP_PAGE_WORDS; w++) {
			uint64_t v = b->pages[p]->w[w];

			if (w == i / 64)
				v &= ~0ull << (i % 64);
			if (v != 0)
				return p << BITMAP_PAGE_SHIFT | w * 64 | (uint32_t)__builtin_ctzll(v);
		}
	}
	return BITMAP_END;
}

void
bitmap_or(struct bitmap *dst, const struct bitmap *src)
{
	for (uint32_t p = 0; p < src->npages; p++) {
		uint32_t n = 0;

		if (src->pages[p] == NULL)
			continue;
		struct bitmap_page *page = bitmap_page_get(dst, p);
		for (uint32_t w = 0; w < BITMAP_PAGE_WORDS; w++) {
			page->w[w] |= src->pages[p]->w[w];
			n += (uint32_t)__builtin_popcountll(page->w[w]);
		}
		dst->count += n - dst->page_count[p];
		dst->page_count[p] = (uint16_t)n;
	}
}

/* The bits of a page below the id; all of them for pages that end before it. */
static uint64_t
mask_below(uint32_t p, uint32_t w, uint32_t below)
{
	uint32_t first = p << BITMAP_PAGE_SHIFT | w * 64;

	if (below <= first)
		return 0;
	return below - first >= 64 ? ~0ull : ~(~0ull << (below - first));
}

uint32_t
bitmap_count_without(const struct bitmap *b, const struct bitmap *minus, uint32_t below)
{
	uint32_t n = 0;

	for (uint32_t p = 0; p < b->npages && p << BITMAP_PAGE_SHIFT < below; p++) {
		const struct bitmap_page *m = p < minus->npages ? minus->pages[p] : NULL;

		if (b->pages[p] == NULL)
			continue;
		for (uint32_t w = 0; w < BITMAP_PAGE_WORDS; w++) {
			uint64_t v = b->pages[p]->w[w] & ~(m != NULL ? m->w[w] : 0);
			n += (uint32_t)__builtin_popcountll(v & mask_below(p, w, below));
		}
	}
	return n;
}

size_t
bitmap_bytes(const struct bitmap *b)
{
	size_t n = b->npages * (sizeof(*b->pages) + sizeof(*b->page_count));

	for (uint32_t p = 0; p < b->npages; p++)
		n += b->pages[p] != NULL ? sizeof(**b->pages) : 0;
	return n;
}
