/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool: see pool.h.
 *
 * A page begins with its own account; the things follow, those that were freed in a list through their first octets.
 * Pages with room for one more are in the list of their size, those without any thing in the list of empty ones, full ones
 * nowhere.
 */
#include "lib/pool.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define PAGE ((size_t)POOL_PAGE)

struct pool_page {
	LIST_ENTRY(pool_page) entry;
	uint16_t size;  /* of each thing */
	uint16_t used;  /* things */
	uint16_t freed; /* offset of the one freed last; 0: none */
	uint16_t top;   /* what is behind was never used */
};
_Static_assert(sizeof(struct pool_page) % POOL_GRAIN == 0, "things are aligned");

static size_t
rounded(size_t size)
{
	return size == 0 ? POOL_GRAIN : (size + POOL_GRAIN - 1) / POOL_GRAIN * POOL_GRAIN;
}

static bool
is_pooled(size_t size)
{
#ifdef XMAP_HEAP
	(void)size;
	return false;
#else
	return size <= POOL_MAX;
#endif
}

static bool
has_room(const struct pool_page *g)
{
	return g->freed != 0 || g->top + (size_t)g->size <= PAGE;
}

/* A page without things. */
static struct pool_page *
page_get(struct pool *p)
{
	struct pool_page *g = LIST_FIRST(&p->empty);

	if (g != NULL) {
		LIST_REMOVE(g, entry);
		p->nempty--;
		return g;
	}
	if (p->top + PAGE > p->room)
		p->room = region_use(&p->mem, p->top + PAGE);
	g = (struct pool_page *)(void *)(p->mem.base + p->top);
	p->top += PAGE;
	return g;
}

void *
pool_alloc(struct pool *p, size_t size)
{
	if (!is_pooled(size)) {
		p->others += size;
		return xmalloc(size);
	}
	size = rounded(size);
	struct pool_pages *list = &p->partial[size / POOL_GRAIN];
	struct pool_page *g = LIST_FIRST(list);
	if (g == NULL) {
		g = page_get(p);
		*g = (struct pool_page){.size = (uint16_t)size, .top = sizeof(*g)};
		LIST_INSERT_HEAD(list, g, entry);
	}
	uint8_t *mem = (uint8_t *)g;
	if (g->freed != 0) {
		mem += g->freed;
		memcpy(&g->freed, mem, sizeof(g->freed));
	} else {
		mem += g->top;
		g->top = (uint16_t)(g->top + size);
	}
	g->used++;
	if (!has_room(g))
		LIST_REMOVE(g, entry);
	return mem;
}

void
pool_free(struct pool *p, void *mem, size_t size)
{
	if (!is_pooled(size)) {
		p->others -= size;
		free(mem);
		return;
	}
	size_t at = (uintptr_t)mem % PAGE;
	struct pool_page *g = (struct pool_page *)(void *)((uint8_t *)mem - at);
	struct pool_pages *list = &p->partial[rounded(size) / POOL_GRAIN];
	ASSERT(g->size == rounded(size) && g->used > 0);
	if (!has_room(g))
		LIST_INSERT_HEAD(list, g, entry);
	memcpy(mem, &g->freed, sizeof(g->freed));
	g->freed = (uint16_t)at;
	if (--g->used > 0)
		return;
	LIST_REMOVE(g, entry);
	LIST_INSERT_HEAD(&p->empty, g, entry);
	p->nempty++;
}

void
pool_fini(struct pool *p)
{
	region_fini(&p->mem);
	*p = (struct pool){0};
}

size_t
pool_bytes(const struct pool *p)
{
	return region_bytes(&p->mem, p->top) + p->others;
}
