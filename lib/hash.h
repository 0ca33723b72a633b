/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash: a fast seeded hash of octets, and an index from hash to 32-bit ids.
 *
 * The index (struct hidx) is a linear hash table of 64-byte buckets of twelve
 * (id, tag) pairs: at most one bucket is split per insert, so there is neither
 * a doubling peak in memory nor a rehash stall, and a look-up costs one miss for
 * the bucket and one for the record whose tag matches. It stores no keys: the
 * caller compares, and tells the full hash of an id when a bucket is split.
 * The seed is drawn at start, so that nobody outside can choose colliding keys.
 */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* 64 x 64 → 128 bit multiply, high and low half folded together. */
static inline uint64_t
hash_mum(uint64_t a, uint64_t b)
{
#ifdef __SIZEOF_INT128__
	__extension__ unsigned __int128 r = (__extension__(unsigned __int128) a) * b;
	return (uint64_t)r ^ (uint64_t)(r >> 64);
#else
	uint64_t ah = a >> 32, al = (uint32_t)a, bh = b >> 32, bl = (uint32_t)b;
	uint64_t hh = ah * bh, hl = ah * bl, lh = al * bh, ll = al * bl;
	uint64_t mid = (ll >> 32) + (uint32_t)hl + (uint32_t)lh;
	return (hh + (hl >> 32) + (lh >> 32) + (mid >> 32)) ^ ((mid << 32) | (uint32_t)ll);
#endif
}
static inline uint64_t
hash_u64(uint64_t seed, uint64_t v)
{
	return hash_mum(v ^ 0x9e3779b97f4a7c15ull ^ seed, 0xe7037ed1a0b428dbull ^ (seed >> 7));
}
uint64_t hash_bytes(uint64_t seed, const void *p, size_t len);

#define HIDX_SLOTS 12

struct hidx_bucket {
	uint32_t id[HIDX_SLOTS]; /* 0: free */
	uint8_t tag[HIDX_SLOTS];
	uint32_t overflow; /* 1-based number of an overflow bucket; 0: none */
};
_Static_assert(sizeof(struct hidx_bucket) == 64, "a bucket is one cache line");

/* The full 32-bit hash of an id that is in the index (used when a bucket splits). */
typedef uint32_t (*hidx_hash_fn)(void *ctx, uint32_t id);

struct hidx {
	struct hidx_bucket **segs; /* of HIDX_SEG buckets each */
	uint32_t nsegs, segs_cap;
	uint32_t level;  /* buckets 0..2^level-1 existed when this round of splitting began */
	uint32_t split;  /* the next bucket to split in this round */
	uint32_t count;
	struct hidx_bucket *over; /* overflow buckets, by number-1 */
	uint32_t over_cap, over_top, over_free;
	hidx_hash_fn hash;
	void *ctx;
};
#define HIDX_SEG_SHIFT 10
#define HIDX_SEG       (1u << HIDX_SEG_SHIFT)

void hidx_init(struct hidx *h, hidx_hash_fn hash, void *ctx);
void hidx_fini(struct hidx *h);
void hidx_insert(struct hidx *h, uint32_t hash, uint32_t id); /* id ≠ 0, not yet in; may split one bucket */
bool hidx_remove(struct hidx *h, uint32_t hash, uint32_t id); /* false: was not in */
size_t hidx_bytes(const struct hidx *h);

static inline uint32_t
hidx_bucket_no(const struct hidx *h, uint32_t hash)
{
	uint32_t b = hash & ((1u << h->level) - 1);
	return b < h->split ? (hash & ((2u << h->level) - 1)) : b;
}
static inline struct hidx_bucket *
hidx_bucket_at(const struct hidx *h, uint32_t no)
{
	return &h->segs[no >> HIDX_SEG_SHIFT][no & (HIDX_SEG - 1)];
}
static inline uint8_t
hidx_tag(uint32_t hash)
{
	return (uint8_t)(hash >> 24);
}
static inline void
hidx_prefetch(const struct hidx *h, uint32_t hash)
{
	__builtin_prefetch(hidx_bucket_at(h, hidx_bucket_no(h, hash)));
}
/*
 * The id whose key eq() accepts, or 0. eq is called for ids whose tag matches;
 * with a static inline eq the compiler folds the call away.
 */
static inline uint32_t
hidx_find(const struct hidx *h, uint32_t hash, bool (*eq)(const void *ctx, uint32_t id, const void *key),
    const void *ctx, const void *key)
{
	const struct hidx_bucket *b = hidx_bucket_at(h, hidx_bucket_no(h, hash));
	uint8_t tag = hidx_tag(hash);
	for (;;) {
		for (int i = 0; i < HIDX_SLOTS; i++)
			if (b->tag[i] == tag && b->id[i] != 0 && eq(ctx, b->id[i], key))
				return b->id[i];
		if (b->overflow == 0)
			return 0;
		b = &h->over[b->overflow - 1];
	}
}
/* The first id with this tag in the bucket, or 0: something to prefetch before hidx_find. */
static inline uint32_t
hidx_hint(const struct hidx *h, uint32_t hash)
{
	const struct hidx_bucket *b = hidx_bucket_at(h, hidx_bucket_no(h, hash));
	uint8_t tag = hidx_tag(hash);
	for (int i = 0; i < HIDX_SLOTS; i++)
		if (b->tag[i] == tag && b->id[i] != 0)
			return b->id[i];
	return 0;
}
#endif
