/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hash: hashing of octets, and the linear hash table behind struct hidx.
 *
 * Buckets exist from 0 to (1 << level) + split - 1. An insert that lifts the mean
 * over LOAD ids a bucket splits bucket `split` in two; when all buckets of the
 * round are split, level goes up. Ids that do not fit their bucket go into a chain
 * of overflow buckets, which have a free list through their own overflow field.
 * Memory is touched only as buckets come to exist, so a small index costs a page
 * or two.
 *
 * A bucket of depth d holds the ids whose hashes agree in their lowest d bits; a
 * split decides by bit d. An id's slot has room for four bits of its hash above
 * the id, of which one is used up by each split, so that three rounds of splits
 * out of four do not look at the records; in the fourth (AHEAD_GROUP) the bits
 * are renewed.
 */
#include "lib/hash.h"

#include <stdlib.h>

#include "lib/mem.h"

/* Ids a bucket on average: 7.1 octets an id, and 1.3 more in the chains of a sixth of the buckets. */
#define LOAD 9

static uint64_t
load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

uint64_t
hash_bytes(uint64_t seed, const void *data, size_t len)
{
	const uint64_t k0 = 0xa0761d6478bd642full, k1 = 0xe7037ed1a0b428dbull;
	const uint8_t *p = data;
	size_t left = len;
	uint64_t h = hash_u64(seed, len);
	uint8_t tail[16] = {0};

	for (; left > 16; left -= 16, p += 16)
		h = hash_mum(load64(p) ^ k0, load64(p + 8) ^ h);
	if (left)
		memcpy(tail, p, left);
	h = hash_mum(load64(tail) ^ k1, load64(tail + 8) ^ h);
	return hash_mum(h ^ k0, seed ^ k1);
}

static uint32_t
bucket_count(const struct hidx *h)
{
	return h->before + 1 + h->split;
}

/* Has room for bucket no; how many there is room for. */
static uint32_t
make_room(struct region *r, uint32_t no)
{
	return (uint32_t)(region_use(r, ((size_t)no + 1) * sizeof(struct hidx_bucket)) / sizeof(struct hidx_bucket));
}

/* Brings bucket no = bucket_count() into being, empty. */
static void
bucket_create(struct hidx *h, uint32_t no)
{
	if (no >= h->room)
		h->room = make_room(&h->buckets, no);
	*hidx_bucket_at(h, no) = (struct hidx_bucket){0};
}

void
hidx_init(struct hidx *h, hidx_hash_fn hash, hidx_fetch_fn fetch, void *ctx)
{
	*h = (struct hidx){.hash = hash, .fetch = fetch, .ctx = ctx, .after = 1};
	bucket_create(h, 0);
}

void
hidx_fini(struct hidx *h)
{
	region_fini(&h->buckets);
	region_fini(&h->over);
	*h = (struct hidx){0};
}

/* A new, empty overflow bucket: its 1-based number. */
static uint32_t
overflow_alloc(struct hidx *h)
{
	uint32_t n = h->over_free;

	if (n != 0) {
		h->over_free = hidx_over_at(h, n)->overflow;
	} else {
		n = ++h->over_top;
		if (n >= h->over_room)
			h->over_room = make_room(&h->over, n);
	}
	*hidx_over_at(h, n) = (struct hidx_bucket){0};
	return n;
}

static void
overflow_free(struct hidx *h, uint32_t n)
{
	hidx_over_at(h, n)->overflow = h->over_free;
	h->over_free = n;
}

static bool
bucket_add(struct hidx_bucket *b, uint8_t tag, uint32_t slot)
{
	uint32_t free_slots = hidx_slots(b, 0);

	if (free_slots == 0)
		return false;
	unsigned i = (unsigned)__builtin_ctz(free_slots);
	b->slot[i] = slot;
	b->tag[i] = tag;
	return true;
}

/*
 * The hash bits that go with an id in a bucket of this depth are 4g-1 to 4g+2 of its hash. The rounds that renew them are
 * thus those of depth 14 and 18: that is 150,000 to 300,000 and 2.4 to 4.7 million ids, and the Internet's tables today are
 * on neither.
 */
#define AHEAD_BITS         4
#define AHEAD_GROUP(depth) (((depth) + 1) / AHEAD_BITS)
#define AHEAD_AT(depth)    (((depth) + 1) % AHEAD_BITS) /* where bit `depth` of the hash is among them */
_Static_assert(AHEAD_BITS + HIDX_ID_BITS == 32, "id and bits fill a slot");

/* What the slot of an id in a bucket of this depth holds. */
static uint32_t
slot_of(uint32_t hash, uint32_t id, uint32_t depth)
{
	uint64_t bits = (uint64_t)hash << 1 >> AHEAD_GROUP(depth) * AHEAD_BITS;

	return id | (uint32_t)bits << HIDX_ID_BITS;
}

static bool
renews(uint32_t depth)
{
	return AHEAD_GROUP(depth) != AHEAD_GROUP(depth + 1);
}

static void
place(struct hidx *h, uint32_t hash, uint32_t id)
{
	uint32_t no = hidx_bucket_no(h, hash);
	struct hidx_bucket *first = hidx_bucket_at(h, no);
	struct hidx_bucket *b = first;
	uint32_t slot = slot_of(hash, id, h->level + (no < h->split || no >> h->level != 0));
	uint8_t tag = hidx_tag(hash);

	while (!bucket_add(b, tag, slot)) {
		if (b->overflow != 0) {
			b = hidx_over_at(h, b->overflow);
			continue;
		}
		/* A new overflow bucket goes in at the head of the chain. */
		uint32_t n = overflow_alloc(h);

		b = hidx_over_at(h, n);
		b->overflow = first->overflow;
		first->overflow = n;
	}
}

/* What the split after this one is going to read. */
static void
fetch_next(const struct hidx *h)
{
	const struct hidx_bucket *b = hidx_bucket_at(h, h->split);

	if (h->fetch != NULL && renews(h->level))
		for (uint32_t m = ~hidx_slots(b, 0) & ((1u << HIDX_SLOTS) - 1); m != 0; m &= m - 1)
			h->fetch(h->ctx, hidx_slot_id(b, __builtin_ctz(m)));
	if (b->overflow != 0)
		__builtin_prefetch(hidx_over_at(h, b->overflow));
	if (h->split + 1 < bucket_count(h))
		__builtin_prefetch(hidx_bucket_at(h, h->split + 1));
}

/* A chain that is filled from its first bucket on. */
struct filling {
	struct hidx_bucket *b;
	unsigned n; /* slots of b in use */
};

static void
fill(struct hidx *h, struct filling *f, uint32_t slot, uint8_t tag)
{
	if (f->n == HIDX_SLOTS) {
		f->b->overflow = overflow_alloc(h);
		f->b = hidx_over_at(h, f->b->overflow);
		f->n = 0;
	}
	f->b->slot[f->n] = slot;
	f->b->tag[f->n++] = tag;
}

/* Deals the ids of one bucket of a chain of this depth out over two of the next depth. */
static void
deal(struct hidx *h, const struct hidx_bucket *from, struct filling to[2], uint32_t depth)
{
	for (uint32_t m = ~hidx_slots(from, 0) & ((1u << HIDX_SLOTS) - 1); m != 0; m &= m - 1) {
		unsigned i = (unsigned)__builtin_ctz(m);
		uint32_t slot = from->slot[i], id = hidx_slot_id(from, (int)i);
		uint32_t side = slot >> (HIDX_ID_BITS + AHEAD_AT(depth)) & 1;

		if (renews(depth))
			slot = slot_of(h->hash(h->ctx, id), id, depth + 1);
		fill(h, &to[side], slot, from->tag[i]);
	}
}

/* Deals the ids of the next bucket in turn out over itself and its new sibling. Not inline: most inserts do without. */
__attribute__((noinline)) static void
split_next(struct hidx *h)
{
	uint32_t no = h->split, sibling = bucket_count(h), depth = h->level;

	bucket_create(h, sibling);
	struct filling to[2] = {{hidx_bucket_at(h, no), 0}, {hidx_bucket_at(h, sibling), 0}};
	if (h->split++ == h->before) {
		h->level++;
		h->before = h->after;
		h->after = 2 * h->after + 1;
		h->split = 0;
	}
	struct hidx_bucket old = *to[0].b;
	*to[0].b = (struct hidx_bucket){0};
	for (;;) {
		uint32_t next = old.overflow;

		deal(h, &old, to, depth);
		if (next == 0)
			break;
		old = *hidx_over_at(h, next);
		overflow_free(h, next);
	}
	fetch_next(h);
}

void
hidx_insert(struct hidx *h, uint32_t hash, uint32_t id)
{
	ASSERT(id != 0 && id <= HIDX_ID_MAX);
	if (h->count >= LOAD * bucket_count(h))
		split_next(h);
	place(h, hash, id);
	h->count++;
}

/* Fills the hole at hole[slot] from the last bucket of its chain, and frees that one when it is empty. */
static void
close_hole(struct hidx *h, struct hidx_bucket *first, struct hidx_bucket *hole, int slot)
{
	struct hidx_bucket *prev = NULL, *last = first;
	int left = 0;

	while (last->overflow != 0) {
		prev = last;
		last = hidx_over_at(h, last->overflow);
	}
	if (prev == NULL)
		return;
	for (int i = 0; i < HIDX_SLOTS; i++) {
		if (last->tag[i] == 0)
			continue;
		if (hole != last && hole->tag[slot] == 0) {
			hole->slot[slot] = last->slot[i];
			hole->tag[slot] = last->tag[i];
			last->tag[i] = 0;
		} else {
			left++;
		}
	}
	if (left == 0) {
		overflow_free(h, prev->overflow);
		prev->overflow = 0;
	}
}

bool
hidx_remove(struct hidx *h, uint32_t hash, uint32_t id)
{
	struct hidx_bucket *first = hidx_bucket_at(h, hidx_bucket_no(h, hash));
	struct hidx_bucket *b = first;
	uint8_t tag = hidx_tag(hash);

	for (;;) {
		for (uint32_t m = hidx_slots(b, tag); m != 0; m &= m - 1) {
			int i = __builtin_ctz(m);
			if (hidx_slot_id(b, i) != id)
				continue;
			b->tag[i] = 0;
			h->count--;
			close_hole(h, first, b, i);
			return true;
		}
		if (b->overflow == 0)
			return false;
		b = hidx_over_at(h, b->overflow);
	}
}

size_t
hidx_bytes(const struct hidx *h)
{
	return region_bytes(&h->buckets, bucket_count(h) * sizeof(struct hidx_bucket)) +
	       region_bytes(&h->over, (h->over_top + 1) * sizeof(struct hidx_bucket));
}
