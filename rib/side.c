/* SPDX-License-Identifier: Apache-2.0 */
/*
 * side: an index of small records; see the header.
 *
 * The flag RIB_PATH_SIDE in a path says whether there is a record, so that paths
 * without one never look here.
 */
#include "rib/side.h"

#include "lib/mem.h"

#include <string.h>

struct side_rec {
	attr_id received;
	uint32_t id;
	uint16_t source;
	uint8_t family;
	uint8_t pad;
};

/*
 * Prefixes that come one after the other have neighbouring ids mostly: four of them share a bucket, which
 * then is in the cache for three, and differ in their tags. More than four would make for uneven buckets.
 */
#define NEAR_BITS 2

static uint32_t
rec_hash(const struct side_table *t, uint8_t family, uint32_t id, uint16_t source)
{
	uint32_t near = id & ((1u << NEAR_BITS) - 1);
	uint64_t group = (uint64_t)(id >> NEAR_BITS) << 24 | (uint64_t)source << 8 | family;

	return (uint32_t)hash_u64(t->seed, group) ^ near << (32 - NEAR_BITS);
}

static uint32_t
rehash(void *ctx, uint32_t h)
{
	const struct side_table *t = ctx;
	const struct side_rec *r = slab_ptr(&t->recs, h);

	return rec_hash(t, r->family, r->id, r->source);
}

static void
fetch(void *ctx, uint32_t h)
{
	const struct side_table *t = ctx;

	__builtin_prefetch(slab_ptr(&t->recs, h));
}

static bool
rec_eq(const void *ctx, uint32_t h, const void *key)
{
	const struct side_table *t = ctx;
	const struct side_rec *r = slab_ptr(&t->recs, h), *k = key;

	return r->id == k->id && r->source == k->source && r->family == k->family;
}

static uint32_t
rec_find(const struct side_table *t, enum family f, uint32_t id, uint16_t source)
{
	struct side_rec k = {.id = id, .source = source, .family = (uint8_t)f};

	return hidx_find(&t->index, rec_hash(t, k.family, id, source), rec_eq, t, &k);
}

void
side_init(struct side_table *t, struct attr_table *attrs, uint64_t seed)
{
	t->attrs = attrs;
	t->seed = seed;
	slab_init(&t->recs, sizeof(struct side_rec));
	hidx_init(&t->index, rehash, fetch, t);
}

void
side_fini(struct side_table *t)
{
	ASSERT(t->recs.used == 0);
	hidx_fini(&t->index);
	slab_fini(&t->recs);
}

attr_id
side_get(const struct side_table *t, enum family f, uint32_t id, uint16_t source)
{
	uint32_t h = rec_find(t, f, id, source);

	return h != 0 ? ((const struct side_rec *)slab_ptr(&t->recs, h))->received : 0;
}

void
side_add(struct side_table *t, enum family f, uint32_t id, uint16_t source, attr_id received)
{
	uint32_t h = slab_alloc(&t->recs);
	struct side_rec *r = slab_ptr(&t->recs, h);

	*r = (struct side_rec){
	    .received = attr_ref(t->attrs, received), .id = id, .source = source, .family = (uint8_t)f};
	hidx_insert(&t->index, rec_hash(t, r->family, id, source), h);
}

void
side_set(struct side_table *t, enum family f, uint32_t id, uint16_t source, attr_id received)
{
	uint32_t h = rec_find(t, f, id, source);

	ASSERT(h != 0);
	struct side_rec *r = slab_ptr(&t->recs, h);
	attr_ref(t->attrs, received);
	attr_unref(t->attrs, r->received);
	r->received = received;
}

void
side_del(struct side_table *t, enum family f, uint32_t id, uint16_t source)
{
	uint32_t h = rec_find(t, f, id, source);

	ASSERT(h != 0);
	attr_unref(t->attrs, ((struct side_rec *)slab_ptr(&t->recs, h))->received);
	hidx_remove(&t->index, rec_hash(t, (uint8_t)f, id, source), h);
	slab_free(&t->recs, h);
}

size_t
side_bytes(const struct side_table *t)
{
	return slab_bytes(&t->recs) + hidx_bytes(&t->index);
}
