/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash: a fast seeded hash of octets, and an index from hash to 28-bit ids.
 *
 * The index (struct hidx) is a linear hash table of 64-byte buckets of twelve
 * (id, tag) pairs: at most one bucket is split per insert, so there is neither
 * a doubling peak in memory nor a rehash stall, and a look-up costs one miss for
 * the bucket and one for the record whose tag matches. It stores no keys: the
 * caller compares, and tells the full hash of an id now and then when a bucket is
 * split (the next four bits of the hash are kept beside the id).
 * The seed is drawn at start, so that nobody outside can choose colliding keys.
 */
#ifndef LIB_HASH_H
#define LIB_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include "lib/region.h"

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

#define HIDX_SLOTS   12
#define HIDX_ID_BITS 28 /* what is above them in a slot is the index's own */
#define HIDX_ID_MAX  ((1u << HIDX_ID_BITS) - 1)

struct hidx_bucket {
	uint32_t slot[HIDX_SLOTS]; /* hidx_slot_id() */
	uint8_t tag[HIDX_SLOTS]; /* 0: the slot is free */
	uint32_t overflow; /* 1-based number of an overflow bucket; 0: none */
};
_Static_assert(sizeof(struct hidx_bucket) == 64, "a bucket is one cache line");

static inline uint32_t
hidx_slot_id(const struct hidx_bucket *b, int slot)
{
	return b->slot[slot] & HIDX_ID_MAX;
}

/* The full 32-bit hash of an id that is in the index (used when a bucket splits, in one round out of four). */
typedef uint32_t (*hidx_hash_fn)(void *ctx, uint32_t id);
/* Asks the cache for what hidx_hash_fn is going to read of an id. */
typedef void (*hidx_fetch_fn)(void *ctx, uint32_t id);

struct hidx {
	struct region buckets, over; /* over: of overflow buckets, by number */
	uint32_t room, over_room;    /* buckets below need no look at the regions */
	uint32_t level;  /* buckets 0..2^level-1 existed when this round of splitting began */
	uint32_t before, after; /* 2^level-1 and 2^(level+1)-1: the bits of a hash that count */
	uint32_t split;  /* the next bucket to split in this round */
	uint32_t count;
	uint32_t over_top, over_free; /* numbers given out so far; first of the free ones */
	hidx_hash_fn hash;
	hidx_fetch_fn fetch; /* may be NULL */
	void *ctx;
};

/*
 * fetch (may be NULL) is called ahead of hash, for the ids of the bucket that is split next: where a split reads records,
 * these are ten from all over memory, which are there by then.
 */
void hidx_init(struct hidx *h, hidx_hash_fn hash, hidx_fetch_fn fetch, void *ctx);
void hidx_fini(struct hidx *h);
void hidx_insert(struct hidx *h, uint32_t hash, uint32_t id); /* 1 ≤ id ≤ HIDX_ID_MAX, not yet in; may split one bucket */
bool hidx_remove(struct hidx *h, uint32_t hash, uint32_t id); /* false: was not in */
size_t hidx_bytes(const struct hidx *h);

static inline uint32_t
hidx_bucket_no(const struct hidx *h, uint32_t hash)
{
	uint32_t b = hash & h->before;
	return b < h->split ? hash & h->after : b;
}
static inline struct hidx_bucket *
hidx_over_at(const struct hidx *h, uint32_t number)
{
	return (struct hidx_bucket *)(void *)h->over.base + number;
}
static inline struct hidx_bucket *
hidx_bucket_at(const struct hidx *h, uint32_t no)
{
	return (struct hidx_bucket *)(void *)h->buckets.base + no;
}
/* Never 0: that marks a free slot. */
static inline uint8_t
hidx_tag(uint32_t hash)
{
	uint8_t t = (uint8_t)(hash >> 24);
	return t != 0 ? t : 1;
}
/* The slots of a bucket with this tag, one bit each. */
static inline uint32_t
hidx_slots(const struct hidx_bucket *b, uint8_t tag)
{
#ifdef __SSE2__
	/* Sixteen octets from the first tag on: the last four are the overflow number's. */
	__m128i tags = _mm_loadu_si128((const __m128i *)(const void *)b->tag);
	return (uint32_t)_mm_movemask_epi8(_mm_cmpeq_epi8(tags, _mm_set1_epi8((char)tag))) & ((1u << HIDX_SLOTS) - 1);
#else
	uint32_t slots = 0;
	for (unsigned i = 0; i < HIDX_SLOTS; i++)
		slots |= (uint32_t)(b->tag[i] == tag) << i;
	return slots;
#endif
}
/* Asks the cache for the bucket of a hash, and says which one that is. */
__attribute__((always_inline)) static inline const struct hidx_bucket *
hidx_prefetch(const struct hidx *h, uint32_t hash)
{
	const struct hidx_bucket *b = hidx_bucket_at(h, hidx_bucket_no(h, hash));

	__builtin_prefetch(b);
	return b;
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
		for (uint32_t m = hidx_slots(b, tag); m != 0; m &= m - 1) {
			uint32_t id = hidx_slot_id(b, __builtin_ctz(m));
			if (eq(ctx, id, key))
				return id;
		}
		if (b->overflow == 0)
			return 0;
		b = hidx_over_at(h, b->overflow);
	}
}
/*
 * Fetching ahead of hidx_find, in stages some operations apart, each of which needs what the one before has brought:
 * hidx_prefetch the bucket, hidx_hint_first an id to fetch the record of; and hidx_hint where that found none.
 */
/* The first id with this tag in the bucket itself (hidx_prefetch), or 0: then its overflow bucket is asked for. */
__attribute__((always_inline)) static inline uint32_t
hidx_hint_first(const struct hidx *h, const struct hidx_bucket *b, uint32_t hash)
{
	uint32_t m = hidx_slots(b, hidx_tag(hash));

	if (m != 0)
		return hidx_slot_id(b, __builtin_ctz(m));
	if (b->overflow != 0)
		__builtin_prefetch(hidx_over_at(h, b->overflow));
	return 0;
}
/* For those who remove: the overflow bucket alone. */
__attribute__((always_inline)) static inline void
hidx_prefetch_chain(const struct hidx *h, uint32_t hash)
{
	const struct hidx_bucket *b = hidx_bucket_at(h, hidx_bucket_no(h, hash));

	if (b->overflow != 0)
		__builtin_prefetch(hidx_over_at(h, b->overflow));
}
/* The first id with this tag in the whole chain, or 0. */
static inline uint32_t
hidx_hint(const struct hidx *h, uint32_t hash)
{
	const struct hidx_bucket *b = hidx_bucket_at(h, hidx_bucket_no(h, hash));
	uint8_t tag = hidx_tag(hash);

	for (;;) {
		uint32_t m = hidx_slots(b, tag);
		if (m != 0)
			return hidx_slot_id(b, __builtin_ctz(m));
		if (b->overflow == 0)
			return 0;
		b = hidx_over_at(h, b->overflow);
	}
}
#endif
