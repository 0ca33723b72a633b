/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chunk: see chunk.h. Memory grows by doubling while the chunk is filled and is
 * cut to size when it is sealed: most chunks of a quiet day hold one message.
 */
#include "bgpd/chunk.h"

#include "lib/buf.h"
#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

#define MSG_LEN_OFF      16 /* RFC 4271 4.1: marker, then the length in two octets */
#define MSG_TYPE_OFF     18
#define MSG_HEADER       19
#define MSG_TYPE_REFRESH 5 /* RFC 2918 */
#define FIRST_CAP        256
#define SMALL_CAP        8192 /* up to here memory doubles; what needs more will soon be full */

struct chunk_copy {
	SLIST_ENTRY(chunk_copy) entry;
	struct chunk_self self;
	uint8_t data[];
};

struct chunk *
chunk_new(struct chunk_pool *pool, const struct chunk_self *self)
{
	struct chunk *c = xcalloc(1, sizeof *c);
	c->refs = 1;
	c->pool = pool;
	c->self = *self;
	SLIST_INIT(&c->copies);
	return c;
}

static bool
is_mapped(uint32_t cap)
{
	return cap == CHUNK_MAX;
}

static uint8_t *
pool_take(struct chunk_pool *pool)
{
	if (pool->n == 0)
		return try_map(CHUNK_MAX, true);
	pool->n--;
	if (pool->idle > pool->n)
		pool->idle = pool->n;
	return pool->spare[pool->n];
}

static void
pool_give(struct chunk_pool *pool, uint8_t *data)
{
	if (pool->n < CHUNK_SPARE_MAX)
		pool->spare[pool->n++] = data;
	else
		xunmap(data, CHUNK_MAX);
}

static void
pool_shrink(struct chunk_pool *pool, uint32_t n)
{
	while (pool->n > n)
		xunmap(pool->spare[--pool->n], CHUNK_MAX);
}

void
chunk_pool_trim(struct chunk_pool *pool)
{
	pool_shrink(pool, pool->n - pool->idle);
	pool->idle = pool->n;
}

void
chunk_pool_fini(struct chunk_pool *pool)
{
	pool_shrink(pool, 0);
	pool->idle = 0;
}

size_t
chunk_pool_bytes(const struct chunk_pool *pool)
{
	return (size_t)pool->n * CHUNK_MAX;
}

/* Gives the old memory back. */
static void
data_set(struct chunk *c, uint8_t *data, uint32_t cap)
{
	if (is_mapped(c->cap))
		pool_give(c->pool, c->data);
	else
		free(c->data);
	c->data = data;
	c->cap = cap;
}

struct chunk *
chunk_ref(struct chunk *c)
{
	c->refs++;
	return c;
}

void
chunk_unref(struct chunk *c)
{
	struct chunk_copy *p;

	ASSERT(c->refs > 0);
	if (--c->refs > 0)
		return;
	while ((p = SLIST_FIRST(&c->copies)) != NULL) {
		SLIST_REMOVE_HEAD(&c->copies, entry);
		free(p);
	}
	data_set(c, NULL, 0);
	free(c->segs);
	free(c->patches);
	free(c);
}

bool
chunk_fits(const struct chunk *c, size_t len)
{
	return len <= CHUNK_MAX - c->len;
}

/* The rooms: false where there is no memory. */

static bool
room_for(struct chunk *c, size_t len)
{
	uint32_t need = c->len + (uint32_t)len;

	if (need <= c->cap)
		return true;
	uint32_t cap = c->cap == 0 ? FIRST_CAP : c->cap;
	while (cap < need)
		cap *= 2;
	if (cap > SMALL_CAP)
		cap = CHUNK_MAX;
	uint8_t *data = is_mapped(cap) ? pool_take(c->pool) : try_alloc(cap);
	if (data == NULL)
		return false;
	if (c->len > 0)
		memcpy(data, c->data, c->len);
	data_set(c, data, cap);
	return true;
}

static bool
room_for_seg(struct chunk *c)
{
	uint32_t cap = c->segs_cap == 0 ? 1 : c->segs_cap * 2;

	if (c->nsegs < c->segs_cap)
		return true;
	struct chunk_seg *segs = try_grow(c->segs, cap * sizeof *segs);
	if (segs == NULL)
		return false;
	c->segs = segs;
	c->segs_cap = cap;
	return true;
}

static bool
room_for_patch(struct chunk *c)
{
	uint32_t cap = c->patches_cap == 0 ? 1 : c->patches_cap * 2;

	if (c->npatches < c->patches_cap)
		return true;
	struct chunk_patch *patches = try_grow(c->patches, cap * sizeof *patches);
	if (patches == NULL)
		return false;
	c->patches = patches;
	c->patches_cap = cap;
	return true;
}

static bool
same_readers(const struct chunk_for *a, const struct chunk_for *b)
{
	return a->size_class == b->size_class && a->to.who == b->to.who && a->to.source == b->to.source &&
	       a->to.nexthop == b->to.nexthop;
}

/* The segment that the next message is part of; NULL: no memory. */
static struct chunk_seg *
seg_for(struct chunk *c, struct chunk_for who)
{
	if (c->nsegs > 0 && same_readers(&c->segs[c->nsegs - 1].who, &who))
		return &c->segs[c->nsegs - 1];
	if (!room_for_seg(c))
		return NULL;
	c->segs[c->nsegs] = (struct chunk_seg){.off = c->len, .who = who};
	return &c->segs[c->nsegs++];
}

/* Writes our address into the field at p. */
static void
self_put(uint8_t *p, uint32_t len, const struct chunk_self *self)
{
	if (len == sizeof self->v4) {
		memcpy(p, self->v4, sizeof self->v4);
		return;
	}
	memcpy(p, self->v6, sizeof self->v6);
	/* RFC 2545 3: 32 octets are the global address and the link-local one. */
	if (len > sizeof self->v6)
		memcpy(p + sizeof self->v6, self->link_local, sizeof self->link_local);
}

bool
chunk_add(struct chunk *c, const uint8_t *msg, size_t len, struct chunk_for who, size_t nexthop_off,
	  size_t nexthop_len)
{
	ASSERT(!c->sealed && chunk_fits(c, len) && len >= MSG_HEADER && be16_get(msg + MSG_LEN_OFF) == len);
	/* The segment comes last: an empty one would be a reader's end. */
	if (!room_for(c, len) || (nexthop_len != 0 && !room_for_patch(c)))
		return false;
	struct chunk_seg *seg = seg_for(c, who);
	if (seg == NULL)
		return false;
	memcpy(c->data + c->len, msg, len);
	if (nexthop_len != 0) {
		ASSERT(nexthop_len == 4 || nexthop_len == 16 || nexthop_len == 32);
		ASSERT(nexthop_off + nexthop_len <= len);
		struct chunk_patch *p = &c->patches[c->npatches++];
		*p =
		    (struct chunk_patch){.off = c->len + (uint32_t)nexthop_off, .len = (uint32_t)nexthop_len};
		self_put(c->data + p->off, p->len, &c->self);
	}
	c->len += (uint32_t)len;
	seg->len += (uint32_t)len;
	seg->messages++;
	seg->refreshes += msg[MSG_TYPE_OFF] == MSG_TYPE_REFRESH;
	return true;
}

void
chunk_seal(struct chunk *c)
{
	if (c->sealed)
		return;
	c->sealed = true;
	/* Of a chunk that is mostly full nothing is saved. */
	if (c->len == 0 || c->cap == c->len || c->len > CHUNK_MAX / 2)
		return;
	uint8_t *data = try_alloc(c->len);
	if (data == NULL)
		return;
	memcpy(data, c->data, c->len);
	data_set(c, data, c->len);
}

/* Do two addresses look the same at all patch points of this chunk? */
static bool
self_eq(const struct chunk *c, const struct chunk_self *a, const struct chunk_self *b)
{
	if (memcmp(a, b, sizeof *a) == 0)
		return true;
	for (uint32_t i = 0; i < c->npatches; i++) {
		uint8_t pa[32] = {0}, pb[32] = {0};
		self_put(pa, c->patches[i].len, a);
		self_put(pb, c->patches[i].len, b);
		if (memcmp(pa, pb, sizeof pa) != 0)
			return false;
	}
	return true;
}

const uint8_t *
chunk_octets(struct chunk *c, const struct chunk_self *self)
{
	struct chunk_copy *p;

	ASSERT(c->sealed);
	if (c->npatches == 0 || self_eq(c, self, &c->self))
		return c->data;
	SLIST_FOREACH(p, &c->copies, entry)
	if (memcmp(&p->self, self, sizeof *self) == 0)
		return p->data;
	p = try_alloc(sizeof *p + c->len);
	if (p == NULL)
		return NULL;
	p->self = *self;
	memcpy(p->data, c->data, c->len);
	for (uint32_t i = 0; i < c->npatches; i++)
		self_put(p->data + c->patches[i].off, c->patches[i].len, self);
	SLIST_INSERT_HEAD(&c->copies, p, entry);
	return p->data;
}

size_t
chunk_message_rest(const struct chunk *c, const struct chunk_seg *seg, size_t off)
{
	size_t at = 0;

	while (at < off)
		at += be16_get(c->data + seg->off + at + MSG_LEN_OFF);
	return at - off;
}

size_t
chunk_bytes(const struct chunk *c)
{
	return sizeof *c + c->cap + c->segs_cap * sizeof *c->segs + c->patches_cap * sizeof *c->patches;
}
