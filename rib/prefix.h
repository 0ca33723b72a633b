/* SPDX-License-Identifier: Apache-2.0 */
/*
 * prefix: a table of prefixes of one family, named by 32-bit ids.
 *
 * A record is the owner's data (a fixed number of octets, first so that a prefix
 * and its first path share a cache line) followed by the key: length, flags and
 * address in network order. Records live in a slab, so ids and pointers never
 * move; a seeded index finds one by its prefix with two misses. Longest match
 * probes only the lengths that exist. rib/rib keeps its prefixes in two of these,
 * rib/nexthop the routes that next hops resolve through in two more.
 *
 * The table knows nothing of paths or pins: its owner decides when an id may go.
 */
#ifndef RIB_PREFIX_H
#define RIB_PREFIX_H

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/hash.h"
#include "lib/slab.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define PREFIX_F_LIVE 0x01 /* the table's own: the id is in use; the other bits of flags are the owner's */

/* What follows the owner's data in a record. */
struct prefix_key {
	uint8_t len;    /* bits */
	uint8_t flags;  /* PREFIX_F_LIVE and the owner's bits */
	uint16_t user;  /* the owner's; 0 in a new record */
	uint8_t addr[]; /* 4 or 16 octets, host bits zero */
};

struct prefix_table {
	enum family family;
	uint32_t data_size; /* octets before the key, a multiple of 4 */
	uint64_t seed;
	struct slab recs;
	struct hidx index;
	uint64_t lens[3]; /* bit n: there is a prefix of length n */
	uint32_t len_count[129];
};

/* data_size is a multiple of 4 and at least 4; seed is secret, so that nobody outside can choose colliding
 * prefixes. */
void prefix_table_init(struct prefix_table *t, enum family f, size_t data_size, uint64_t seed);
void prefix_table_fini(struct prefix_table *t);
size_t prefix_table_bytes(const struct prefix_table *t);

/* The same of the family's octets of an address. */
static inline uint32_t
prefix_hash_octets(const struct prefix_table *t, const uint8_t *addr, uint8_t len)
{
	uint64_t hi, lo = 0;

	if (t->family == FAMILY_IPV4) {
		uint32_t a;
		memcpy(&a, addr, 4);
		hi = (uint64_t)a << 8 | len;
	} else {
		memcpy(&hi, addr, 8);
		memcpy(&lo, addr + 8, 8);
		hi = hash_u64(t->seed, hi) ^ len;
	}
	return (uint32_t)hash_u64(t->seed ^ lo, hi);
}
/* The hash that the calls below take; p is of the table's family and masked. */
static inline uint32_t
prefix_hash(const struct prefix_table *t, const struct ip_prefix *p)
{
	return prefix_hash_octets(t, p->bytes, p->len);
}
/* The id of a prefix, or 0. */
uint32_t prefix_find(const struct prefix_table *t, const struct ip_prefix *p, uint32_t hash);
/* A new record for a prefix that is not in the table; its data octets are zero. */
uint32_t prefix_insert(struct prefix_table *t, const struct ip_prefix *p, uint32_t hash);
/* Frees a live id; it may be given out again at once. */
void prefix_remove(struct prefix_table *t, uint32_t id);
/*
 * The id of the longest prefix of at most max_len bits that contains addr and for which accept (may be NULL:
 * all) says yes; 0: none. At most one probe for each length that exists.
 */
uint32_t prefix_match(const struct prefix_table *t, const uint8_t *addr, unsigned max_len,
		      bool (*accept)(void *ctx, uint32_t id), void *ctx);
/* The first live id ≥ from, or 0. Ids may come and go between two calls. Looks at no more than *scan ids,
 * counting it down; when that reaches 0 the answer is 0 too and *from is where to go on. */
uint32_t prefix_next(const struct prefix_table *t, uint32_t *from, uint32_t *scan);

/* The owner's data of an id. */
static inline void *
prefix_data(const struct prefix_table *t, uint32_t id)
{
	return slab_ptr(&t->recs, id);
}
static inline struct prefix_key *
prefix_key(const struct prefix_table *t, uint32_t id)
{
	return (struct prefix_key *)(void *)((uint8_t *)slab_ptr(&t->recs, id) + t->data_size);
}
/* Asks the cache for the record of an id: a quarter of those of IPv4 lie in two lines, of IPv6 half of them. */
__attribute__((always_inline)) static inline void
prefix_fetch(const struct prefix_table *t, uint32_t id)
{
	const uint8_t *rec = slab_ptr(&t->recs, id);

	__builtin_prefetch(rec, 1);
	__builtin_prefetch(rec + t->recs.rec_size - 1, 1);
}
static inline bool
prefix_live(const struct prefix_table *t, uint32_t id)
{
	return id != 0 && id < t->recs.top && (prefix_key(t, id)->flags & PREFIX_F_LIVE) != 0;
}
static inline bool
prefix_eq(const struct prefix_key *k, const struct ip_prefix *p, size_t octets)
{
	return k->len == p->len && memcmp(k->addr, p->bytes, octets) == 0;
}
/* Is this the prefix of a live id? */
static inline bool
prefix_is(const struct prefix_table *t, uint32_t id, const struct ip_prefix *p)
{
	const struct prefix_key *k = prefix_key(t, id);

	return t->family == FAMILY_IPV4 ? prefix_eq(k, p, 4) : prefix_eq(k, p, 16);
}
/* The hash of the prefix of a live id. */
static inline uint32_t
prefix_hash_of(const struct prefix_table *t, uint32_t id)
{
	const struct prefix_key *k = prefix_key(t, id);

	return prefix_hash_octets(t, k->addr, k->len);
}
/* The prefix of a live id. */
static inline void
prefix_get(const struct prefix_table *t, uint32_t id, struct ip_prefix *out)
{
	const struct prefix_key *k = prefix_key(t, id);

	/* By way of a number: a read wider than the writes before it waits for them, and the compiler would put one between. */
	if (t->family == FAMILY_IPV4) {
		be64_put(out->bytes, (uint64_t)be32_get(k->addr) << 32);
		memset(out->bytes + 8, 0, 8);
	} else {
		memcpy(out->bytes, k->addr, 16);
	}
	out->len = k->len;
	out->family = (uint8_t)t->family;
}
static inline struct ip_prefix
prefix_value(const struct prefix_table *t, uint32_t id)
{
	struct ip_prefix p;

	prefix_get(t, id, &p);
	return p;
}
static inline uint32_t
prefix_count(const struct prefix_table *t)
{
	return t->recs.used;
}

#endif
