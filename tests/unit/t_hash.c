/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/hash: the index against a plain array, with chains forced by equal hashes. */
#include "lib/hash.h"

#include <stdlib.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

#define N 200000

struct keys {
	uint64_t key[N + 1];
	uint32_t hash_mask; /* few bits: everything collides */
};

static uint32_t
hash_of(void *ctx, uint32_t id)
{
	const struct keys *k = ctx;

	return (uint32_t)hash_u64(42, k->key[id]) & k->hash_mask;
}

static bool
equal(const void *ctx, uint32_t id, const void *key)
{
	const struct keys *k = ctx;

	return k->key[id] == *(const uint64_t *)key;
}

static uint32_t
find(const struct hidx *h, struct keys *k, uint32_t id)
{
	return hidx_find(h, hash_of(k, id), equal, k, &k->key[id]);
}

static struct keys *
keys_new(uint32_t mask)
{
	struct keys *k = xcalloc(1, sizeof(*k));

	k->hash_mask = mask;
	for (uint32_t i = 1; i <= N; i++)
		k->key[i] = i * 7919ull;
	return k;
}

static void
fill_and_empty(uint32_t mask, uint32_t n)
{
	struct keys *k = keys_new(mask);
	struct hidx h;

	hidx_init(&h, hash_of, NULL, k);
	for (uint32_t i = 1; i <= n; i++) {
		ck_assert_uint_eq(find(&h, k, i), 0);
		hidx_insert(&h, hash_of(k, i), i);
	}
	ck_assert_uint_eq(h.count, n);
	for (uint32_t i = 1; i <= n; i++)
		ck_assert_uint_eq(find(&h, k, i), i);
	for (uint32_t i = 1; i <= n; i += 2)
		ck_assert(hidx_remove(&h, hash_of(k, i), i));
	ck_assert(!hidx_remove(&h, hash_of(k, 1), 1));
	for (uint32_t i = 1; i <= n; i++)
		ck_assert_uint_eq(find(&h, k, i), i % 2 ? 0 : i);
	for (uint32_t i = 2; i <= n; i += 2)
		ck_assert(hidx_remove(&h, hash_of(k, i), i));
	ck_assert_uint_eq(h.count, 0);
	/* chains are gone with their last id: a second filling needs no more memory */
	size_t before = hidx_bytes(&h);
	for (uint32_t i = 1; i <= n; i++)
		hidx_insert(&h, hash_of(k, i), i);
	ck_assert_uint_eq(hidx_bytes(&h), before);
	hidx_fini(&h);
	free(k);
}

START_TEST(test_index)
{
	fill_and_empty(UINT32_MAX, N);
}
END_TEST

START_TEST(test_index_collisions)
{
	fill_and_empty(0x3, 1000);
	fill_and_empty(0, 500);
}
END_TEST

static uint32_t
hash_of_id(void *ctx, uint32_t id)
{
	(void)ctx;
	return (uint32_t)hash_u64(43, id);
}

static bool
equal_id(const void *ctx, uint32_t id, const void *key)
{
	(void)ctx;
	return id == *(const uint32_t *)key;
}

START_TEST(test_index_large_ids)
{
	/* the largest ids share their slots with bits of the hash, through splits of every round */
	struct hidx h;
	uint32_t n = 30000, id;

	hidx_init(&h, hash_of_id, NULL, NULL);
	for (id = HIDX_ID_MAX; id > HIDX_ID_MAX - n; id--)
		hidx_insert(&h, hash_of_id(NULL, id), id);
	for (id = HIDX_ID_MAX; id > HIDX_ID_MAX - n; id--)
		ck_assert_uint_eq(hidx_find(&h, hash_of_id(NULL, id), equal_id, NULL, &id), id);
	ck_assert_uint_eq(hidx_find(&h, hash_of_id(NULL, id), equal_id, NULL, &id), 0);
	for (id = HIDX_ID_MAX; id > HIDX_ID_MAX - n; id--)
		ck_assert(hidx_remove(&h, hash_of_id(NULL, id), id));
	ck_assert_uint_eq(h.count, 0);
	hidx_fini(&h);
}
END_TEST

START_TEST(test_index_size)
{
	struct keys *k = keys_new(UINT32_MAX);
	struct hidx h;

	hidx_init(&h, hash_of, NULL, k);
	for (uint32_t i = 1; i <= N; i++)
		hidx_insert(&h, hash_of(k, i), i);
	/* 64 octets for ten ids is 6.4, and the chains of the buckets not yet split come on top */
	/* and what is brought ahead of use */
	ck_assert_uint_lt(hidx_bytes(&h), N * 10 + (1u << 20));
	hidx_fini(&h);
	free(k);
}
END_TEST

START_TEST(test_bytes)
{
	uint8_t a[64] = {0};
	uint64_t seen[65];

	/* each length of zeros, each single changed octet and each seed gives another value */
	for (size_t n = 0; n <= 64; n++) {
		seen[n] = hash_bytes(1, a, n);
		ck_assert_uint_eq(seen[n], hash_bytes(1, a, n));
		ck_assert_uint_ne(seen[n], hash_bytes(2, a, n));
		for (size_t m = 0; m < n; m++) {
			ck_assert_uint_ne(seen[n], seen[m]);
			a[m] = 1;
			ck_assert_uint_ne(seen[n], hash_bytes(1, a, n));
			a[m] = 0;
		}
	}
}
END_TEST

START_TEST(test_spread)
{
	uint32_t low[256] = {0}, top[256] = {0};

	/* 25,600 keys that differ in few bits: 100 expected in each of 256 classes, deviation ten */
	for (uint32_t i = 0; i < 25600; i++) {
		uint32_t key = i << 8;
		uint64_t v = hash_bytes(7, &key, sizeof(key));

		low[v & 255]++;
		top[(uint32_t)v >> 24]++;
	}
	for (int i = 0; i < 256; i++) {
		ck_assert_uint_gt(low[i], 40);
		ck_assert_uint_lt(low[i], 160);
		ck_assert_uint_gt(top[i], 40);
		ck_assert_uint_lt(top[i], 160);
	}
}
END_TEST

/* What is asked for ahead is what is found, be it in the bucket or in its chain. */
START_TEST(test_hints)
{
	struct keys *k = keys_new(0xff000000u); /* one bucket after the other: chains, but many tags */
	struct hidx h;

	hidx_init(&h, hash_of, NULL, k);
	unsigned in_bucket = 0;
	for (uint32_t i = 1; i <= 200; i++)
		hidx_insert(&h, hash_of(k, i), i);
	for (uint32_t i = 1; i <= 200; i++) {
		uint32_t hash = hash_of(k, i);
		uint32_t first = hidx_hint_first(&h, hidx_prefetch(&h, hash), hash), any = hidx_hint(&h, hash);
		ck_assert_uint_ne(any, 0);
		ck_assert_uint_eq(hidx_tag(hash_of(k, any)), hidx_tag(hash_of(k, i)));
		ck_assert(first == 0 || first == any);
		in_bucket += first != 0;
	}
	ck_assert(in_bucket > 0 && in_bucket < 200);
	hidx_fini(&h);
	free(k);
}
END_TEST

SUITE("hash", test_hints, test_index, test_index_collisions, test_index_large_ids, test_index_size, test_bytes, test_spread)
