/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slab: a region of equal records and the list of the free ones.
 *
 * Memory is not given back before slab_fini().
 */
#include "lib/slab.h"

#include <string.h>

#include "lib/mem.h"

void
slab_init(struct slab *s, size_t rec_size)
{
	ASSERT(rec_size >= sizeof(uint32_t) && rec_size <= UINT32_MAX);
	*s = (struct slab){.rec_size = (uint32_t)rec_size, .top = 1};
}

void
slab_fini(struct slab *s)
{
	region_fini(&s->mem);
	slab_init(s, s->rec_size);
}

static void
make_room(struct slab *s, uint32_t h)
{
	size_t room = region_use(&s->mem, ((size_t)h + 1) * s->rec_size) / s->rec_size;

	s->room = room < UINT32_MAX ? (uint32_t)room : UINT32_MAX;
}

uint32_t
slab_alloc(struct slab *s)
{
	uint32_t h = s->free_head;

	s->used++;
	if (h != 0) {
		memcpy(&s->free_head, slab_ptr(s, h), sizeof(s->free_head));
		/* What was freed long ago is in no cache: a twelfth of the time in which withdrawn routes come again. */
		if (s->free_head != 0)
			__builtin_prefetch(slab_ptr(s, s->free_head), 1);
		return h;
	}
	ASSERT(s->top != UINT32_MAX);
	h = s->top++;
	if (h >= s->room)
		make_room(s, h);
	return h;
}

void
slab_free(struct slab *s, uint32_t h)
{
	ASSERT(h != 0 && h < s->top && s->used > 0);
	memcpy(slab_ptr(s, h), &s->free_head, sizeof(s->free_head));
	s->free_head = h;
	s->used--;
}

size_t
slab_bytes(const struct slab *s)
{
	return region_bytes(&s->mem, (size_t)s->top * s->rec_size);
}
