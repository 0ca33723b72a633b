/* SPDX-License-Identifier: Apache-2.0 */
/*
 * idmap: see idmap.h.
 */
#include "fib/idmap.h"

#include "lib/mem.h"

#include <stdlib.h>

void
idmap_fini(struct idmap *m)
{
	for (uint32_t p = 0; p < m->npages; p++)
		free(m->pages[p]);
	free(m->pages);
	free(m->page_count);
	*m = (struct idmap){0};
}

static void
grow(struct idmap *m, uint32_t page)
{
	uint32_t n = page + 1 > m->npages * 2 ? page + 1 : m->npages * 2;

	m->pages = xreallocarray(m->pages, n, sizeof *m->pages);
	m->page_count = xreallocarray(m->page_count, n, sizeof *m->page_count);
	for (uint32_t i = m->npages; i < n; i++) {
		m->pages[i] = NULL;
		m->page_count[i] = 0;
	}
	m->npages = n;
}

uint32_t
idmap_put(struct idmap *m, uint32_t id, uint32_t v)
{
	uint32_t p = id >> BITMAP_PAGE_SHIFT;

	if (v == 0 && (p >= m->npages || m->pages[p] == NULL))
		return 0;
	if (p >= m->npages)
		grow(m, p);
	if (m->pages[p] == NULL)
		m->pages[p] = xcalloc(BITMAP_PAGE_BITS, sizeof **m->pages);
	uint32_t *slot = &m->pages[p][id & (BITMAP_PAGE_BITS - 1)], before = *slot;
	*slot = v;
	if (before == 0 && v != 0) {
		m->page_count[p]++;
		m->count++;
	} else if (before != 0 && v == 0) {
		m->count--;
		if (--m->page_count[p] == 0) {
			free(m->pages[p]);
			m->pages[p] = NULL;
		}
	}
	return before;
}

size_t
idmap_bytes(const struct idmap *m)
{
	size_t sum = m->npages * (sizeof *m->pages + sizeof *m->page_count);

	for (uint32_t p = 0; p < m->npages; p++)
		if (m->pages[p] != NULL)
			sum += BITMAP_PAGE_BITS * sizeof **m->pages;
	return sum;
}
