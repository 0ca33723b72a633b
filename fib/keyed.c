/* SPDX-License-Identifier: Apache-2.0 */
/*
 * keyed: see keyed.h. Used for everything that fib finds by a key: links,
 * addresses, foreign routes, routes of an earlier run, and what few prefixes
 * need beyond their next-hop set. The seed is drawn when a table is made, so
 * that nobody who can add routes to the kernel can choose colliding keys.
 */
#include "fib/keyed.h"

#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

static void *
key_of(const struct keyed *k, uint32_t h)
{
	return (uint8_t *)slab_ptr(&k->slab, h) + sizeof(struct keyed_head);
}

static uint32_t
hash_of_key(const struct keyed *k, const void *key)
{
	uint64_t h = hash_bytes(k->seed, key, k->key_len);
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t
hash_of_handle(void *ctx, uint32_t h)
{
	const struct keyed *k = ctx;
	return hash_of_key(k, key_of(k, h));
}

static bool
key_equal(const void *ctx, uint32_t h, const void *key)
{
	const struct keyed *k = ctx;
	return memcmp(key_of(k, h), key, k->key_len) == 0;
}

void
keyed_init(struct keyed *k, size_t rec_size, size_t key_len)
{
	ASSERT(key_len <= rec_size - sizeof(struct keyed_head));
	slab_init(&k->slab, rec_size);
	hidx_init(&k->idx, hash_of_handle, NULL, k);
	arc4random_buf(&k->seed, sizeof k->seed);
	k->key_len = (uint32_t)key_len;
}

void
keyed_fini(struct keyed *k)
{
	hidx_fini(&k->idx);
	slab_fini(&k->slab);
}

void *
keyed_find(const struct keyed *k, const void *key)
{
	uint32_t h = hidx_find(&k->idx, hash_of_key(k, key), key_equal, k, key);
	return h == 0 ? NULL : slab_ptr(&k->slab, h);
}

void *
keyed_put(struct keyed *k, const void *key, bool *fresh)
{
	uint32_t hash = hash_of_key(k, key);
	uint32_t h = hidx_find(&k->idx, hash, key_equal, k, key);

	*fresh = h == 0;
	if (h == 0) {
		h = slab_alloc(&k->slab);
		struct keyed_head *head = slab_ptr(&k->slab, h);
		memset(head, 0, k->slab.rec_size);
		head->handle = h;
		memcpy(key_of(k, h), key, k->key_len);
		hidx_insert(&k->idx, hash, h);
	}
	return slab_ptr(&k->slab, h);
}

void
keyed_del(struct keyed *k, void *rec)
{
	struct keyed_head *head = rec;
	uint32_t h = head->handle;
	bool was_in = hidx_remove(&k->idx, hash_of_handle(k, h), h);

	ASSERT(was_in);
	head->handle = 0;
	slab_free(&k->slab, h);
}

void *
keyed_at(const struct keyed *k, uint32_t handle)
{
	if (handle == 0 || handle >= k->slab.top)
		return NULL;
	struct keyed_head *head = slab_ptr(&k->slab, handle);
	return head->handle == handle ? head : NULL;
}

void *
keyed_next(const struct keyed *k, uint32_t *cursor)
{
	while (++*cursor < k->slab.top) {
		void *rec = keyed_at(k, *cursor);
		if (rec != NULL)
			return rec;
	}
	*cursor = k->slab.top;
	return NULL;
}

uint32_t
keyed_top(const struct keyed *k)
{
	return k->slab.top;
}

uint32_t
keyed_count(const struct keyed *k)
{
	return k->slab.used;
}

size_t
keyed_bytes(const struct keyed *k)
{
	return slab_bytes(&k->slab) + hidx_bytes(&k->idx);
}
