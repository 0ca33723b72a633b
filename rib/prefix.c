/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefix: records of prefixes in a slab with a seeded index and longest match.
 *
 * The index compares keys in place; the hash of a record is computed again when
 * a bucket splits, since storing it would cost four octets a route. A freed
 * record loses PREFIX_F_LIVE before it goes back to the slab, which is how a
 * walk over ids knows it.
 */
#include "rib/prefix.h"

#include "lib/mem.h"

#include <string.h>

static uint32_t
rehash(void *ctx, uint32_t id)
{
	return prefix_hash_of(ctx, id);
}

static void
fetch(void *ctx, uint32_t id)
{
	__builtin_prefetch(prefix_key(ctx, id));
}

/* One for each family, so that the octets are compared in place. */
static bool
key_eq_v4(const void *ctx, uint32_t id, const void *key)
{
	return prefix_eq(prefix_key(ctx, id), key, 4);
}

static bool
key_eq_v6(const void *ctx, uint32_t id, const void *key)
{
	return prefix_eq(prefix_key(ctx, id), key, 16);
}

void
prefix_table_init(struct prefix_table *t, enum family f, size_t data_size, uint64_t seed)
{
	ASSERT(data_size >= 4 && data_size % 4 == 0);
	memset(t, 0, sizeof(*t));
	t->family = f;
	t->data_size = (uint32_t)data_size;
	t->seed = seed;
	slab_init(&t->recs, data_size + sizeof(struct prefix_key) + family_octets(f));
	hidx_init(&t->index, rehash, fetch, t);
}

void
prefix_table_fini(struct prefix_table *t)
{
	hidx_fini(&t->index);
	slab_fini(&t->recs);
}

size_t
prefix_table_bytes(const struct prefix_table *t)
{
	return slab_bytes(&t->recs) + hidx_bytes(&t->index);
}

uint32_t
prefix_find(const struct prefix_table *t, const struct ip_prefix *p, uint32_t hash)
{
	return t->family == FAMILY_IPV4 ? hidx_find(&t->index, hash, key_eq_v4, t, p)
					: hidx_find(&t->index, hash, key_eq_v6, t, p);
}

uint32_t
prefix_insert(struct prefix_table *t, const struct ip_prefix *p, uint32_t hash)
{
	uint32_t id = slab_alloc(&t->recs);
	struct prefix_key *k = prefix_key(t, id);

	memset(prefix_data(t, id), 0, t->data_size);
	k->len = p->len;
	k->flags = PREFIX_F_LIVE;
	k->user = 0;
	memcpy(k->addr, p->bytes, family_octets(t->family));
	hidx_insert(&t->index, hash, id);
	if (t->len_count[p->len]++ == 0)
		t->lens[p->len / 64] |= 1ull << (p->len % 64);
	return id;
}

void
prefix_remove(struct prefix_table *t, uint32_t id)
{
	struct prefix_key *k = prefix_key(t, id);

	ASSERT(k->flags & PREFIX_F_LIVE);
	ASSERT(hidx_remove(&t->index, prefix_hash_of(t, id), id));
	if (--t->len_count[k->len] == 0)
		t->lens[k->len / 64] &= ~(1ull << (k->len % 64));
	k->flags = 0;
	slab_free(&t->recs, id);
}

/* The longest existing length ≤ max, or -1. */
static int
longest_len(const struct prefix_table *t, int max)
{
	while (max >= 0) {
		unsigned bit = (unsigned)max % 64;
		uint64_t w = t->lens[max / 64] & (bit == 63 ? UINT64_MAX : (1ull << (bit + 1)) - 1);
		if (w != 0)
			return max / 64 * 64 + 63 - __builtin_clzll(w);
		max = max / 64 * 64 - 1;
	}
	return -1;
}

uint32_t
prefix_match(const struct prefix_table *t, const uint8_t *addr, unsigned max_len,
	     bool (*accept)(void *ctx, uint32_t id), void *ctx)
{
	struct ip_prefix p = {.family = (uint8_t)t->family};

	for (int len = longest_len(t, (int)max_len); len >= 0; len = longest_len(t, len - 1)) {
		memcpy(p.bytes, addr, family_octets(t->family));
		p.len = (uint8_t)len;
		ip_prefix_mask(&p);
		uint32_t id = prefix_find(t, &p, prefix_hash(t, &p));
		if (id != 0 && (accept == NULL || accept(ctx, id)))
			return id;
	}
	return 0;
}

uint32_t
prefix_next(const struct prefix_table *t, uint32_t *from, uint32_t *scan)
{
	for (; *from<t->recs.top && * scan> 0; ++*from) {
		--*scan;
		if (prefix_live(t, *from))
			return *from;
	}
	return 0;
}
