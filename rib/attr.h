/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attr: interned path attribute sets (RFC 4271 5).
 *
 * Every distinct combination of attributes exists once and is named by an
 * attr_id, so comparing two routes' attributes is comparing two numbers. A set
 * is its canonical wire form, its next hop and its local part; the numbers that
 * the decision process reads are computed once, when the set is first seen.
 *
 * Canonical wire form: attributes in ascending order of type, each once, as flags,
 * type, length, value; the extended length bit only where the value is longer
 * than 255 octets; AS_PATH and AGGREGATOR with four-octet ASes (RFC 6793); no
 * NEXT_HOP, MP_REACH_NLRI, MP_UNREACH_NLRI, AS4_PATH and AS4_AGGREGATOR; the
 * community attributes sorted (community.h). The next hop is a number of the
 * owner's next-hop table and reaches this module through struct attr_nexthop_ops.
 */
#ifndef RIB_ATTR_H
#define RIB_ATTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/hash.h"
#include "lib/mem.h"
#include "lib/pool.h"
#include "lib/slab.h"

typedef uint32_t attr_id;
#define ATTR_NONE 0u

/* Types (IANA "BGP Path Attributes"). */
enum attr_type {
	ATTR_ORIGIN = 1,
	ATTR_AS_PATH = 2,
	ATTR_NEXT_HOP = 3,
	ATTR_MED = 4,
	ATTR_LOCAL_PREF = 5,
	ATTR_ATOMIC_AGGREGATE = 6,
	ATTR_AGGREGATOR = 7,
	ATTR_COMMUNITIES = 8,
	ATTR_ORIGINATOR_ID = 9,
	ATTR_CLUSTER_LIST = 10,
	ATTR_MP_REACH = 14,
	ATTR_MP_UNREACH = 15,
	ATTR_EXT_COMMUNITIES = 16,
	ATTR_AS4_PATH = 17,
	ATTR_AS4_AGGREGATOR = 18,
	ATTR_AIGP = 26,
	ATTR_LARGE_COMMUNITIES = 32,
	ATTR_OTC = 35
};

/* Attribute flags octet (RFC 4271 4.3). */
#define ATTR_FLAG_OPTIONAL   0x80u
#define ATTR_FLAG_TRANSITIVE 0x40u
#define ATTR_FLAG_PARTIAL    0x20u
#define ATTR_FLAG_EXTENDED   0x10u

enum attr_origin { ATTR_ORIGIN_IGP = 0, ATTR_ORIGIN_EGP = 1, ATTR_ORIGIN_INCOMPLETE = 2 };

/* struct attr_set flags: what the set has. */
#define ATTR_F_HAS_MED        0x01u
#define ATTR_F_HAS_LOCAL_PREF 0x02u
#define ATTR_F_HAS_ORIGINATOR 0x04u
#define ATTR_F_HAS_AIGP       0x08u
#define ATTR_F_HAS_OTC        0x10u
#define ATTR_F_HAS_UNKNOWN    0x20u /* an attribute that is not in enum attr_type */
#define ATTR_F_HAS_LOCAL      0x40u /* a struct attr_local follows the wire form */
#define ATTR_F_LLGR_STALE     0x80u /* has the community of RFC 9494 */

/* struct attr_set well_known: communities that export asks for (RFC 1997), so that it need not look for them. */
#define ATTR_WK_NO_EXPORT           0x01u
#define ATTR_WK_NO_ADVERTISE        0x02u
#define ATTR_WK_NO_EXPORT_SUBCONFED 0x04u

/* Numbers of the next-hop table that have a meaning of their own; never reference-counted. */
#define ATTR_NEXTHOP_NONE 0u         /* a route of our own */
#define ATTR_NEXTHOP_SELF UINT32_MAX /* on export: the address of our end of the session */

/* What never leaves this router but takes part in a set's identity. All zero: absent. */
struct attr_local {
	uint32_t preference; /* first step of the decision; only if has_preference */
	uint32_t metric;     /* priority of the kernel route; 0: unset */
	uint32_t tag;        /* 0: unset */
	uint16_t tunnel;     /* number the owner gave to an interface name; 0: none */
	uint8_t has_preference;
	uint8_t discard; /* enum attr_discard: how the kernel treats packets for a route of our own */
};
enum attr_discard { ATTR_DISCARD_NO = 0, ATTR_DISCARD_BLACKHOLE, ATTR_DISCARD_UNREACHABLE };
_Static_assert(sizeof(struct attr_local) == 16, "compared and hashed as octets: no padding");

struct attr_set {
	uint32_t nexthop;    /* ATTR_NEXTHOP_NONE, _SELF or a number of the next-hop table */
	uint32_t med;        /* 0 if absent (RFC 4271 9.1.2.2 c) */
	uint32_t local_pref; /* 0 if absent */
	uint32_t
	    neighbor_as; /* leftmost AS of a leading AS_SEQUENCE, confederation segments skipped; 0: none */
	uint16_t wire_len;      /* octets of wire */
	uint16_t path_len;      /* RFC 4271 9.1.2.2 a: an AS_SET counts 1, confederation segments 0 */
	uint8_t origin;         /* enum attr_origin; INCOMPLETE if absent */
	uint8_t cluster_len;    /* identifiers in CLUSTER_LIST, 255 at most */
	uint8_t flags;          /* ATTR_F_* */
	uint8_t well_known;     /* ATTR_WK_* */
	uint8_t wire[]; /* wire_len octets, then a struct attr_local if ATTR_F_HAS_LOCAL (unaligned) */
};

_Static_assert(sizeof(struct attr_set) == 24, "there is one for every ten routes");

/* How a set holds its next hop. ref and unref are never called with _NONE or _SELF; addr gives FAMILY_NONE
 * for those. */
struct attr_nexthop_ops {
	void (*ref)(void *ctx, uint32_t nexthop);
	void (*unref)(void *ctx, uint32_t nexthop);
	struct ip_addr (*addr)(void *ctx, uint32_t nexthop); /* the global address, for policies */
	void *ctx;
};

/*
 * What a number stands for. References and hash are here and not in the set: paths come and go, and the index splits
 * buckets, without touching the sets, which lie anywhere in memory.
 */
struct attr_slot {
	struct attr_set *set;
	uint32_t hash;
	uint32_t refs;
};
_Static_assert(sizeof(struct attr_slot) <= 16, "four to a cache line");

struct attr_table {
	struct slab slots; /* of struct attr_slot */
	struct hidx index;
	uint64_t seed;
	struct attr_nexthop_ops ops;
	struct pool *sets, own; /* where they lie: &own, or another table's */
	size_t wire_octets;     /* of all wire forms together */
	/*
	 * For the owner to set while the table is empty: its sets are changed copies of other tables', and nobody reads more
	 * of them than next hop, wire form and local part. They are neither checked nor summarised, a third of what it takes
	 * to make one.
	 */
	bool plain;
};

/* ops is copied; NULL: next hops are not counted and have no address. */
void attr_table_init(struct attr_table *t, uint64_t seed, const struct attr_nexthop_ops *ops);
/* For a table that is empty and small: its sets lie among those of another one, which outlives it. */
void attr_table_share(struct attr_table *t, const struct attr_table *with);
/* Frees what is left, also sets with references; next hops are not told. */
void attr_table_fini(struct attr_table *t);
size_t attr_table_bytes(const struct attr_table *t); /* without sets that lie among another's */
static inline uint32_t
attr_table_count(const struct attr_table *t)
{
	return t->slots.used;
}

/*
 * The set with this content, with one more reference; made if there is none, which
 * takes a reference on nexthop. wire must be canonical (a bug otherwise) and is
 * copied; len ≤ 65535. local may be NULL.
 */
attr_id attr_intern(struct attr_table *t, uint32_t nexthop, const struct attr_local *local,
		    const uint8_t *wire, size_t len);

/*
 * Interning in four steps, for who has other work between them (of the time to look a set up, two thirds is waiting for
 * memory): attr_ahead gives the hash and asks the cache for the place in the index, attr_ahead_slot for what is found
 * there, attr_ahead_set for the set of that, and attr_intern_hashed is attr_intern with that hash and no local part. The table may change between.
 */
uint32_t attr_ahead(const struct attr_table *t, uint32_t nexthop, const uint8_t *wire, size_t len);
void attr_ahead_slot(const struct attr_table *t, uint32_t hash);
void attr_ahead_set(const struct attr_table *t, uint32_t hash);
attr_id attr_intern_hashed(struct attr_table *t, uint32_t hash, uint32_t nexthop, const uint8_t *wire, size_t len);

static inline struct attr_slot *
attr_slot(const struct attr_table *t, attr_id id)
{
	return slab_ptr(&t->slots, id);
}
/* Valid while the caller holds a reference. */
static inline struct attr_set *
attr_get(const struct attr_table *t, attr_id id)
{
	return attr_slot(t, id)->set;
}
/* Asks the cache for a set, whose slot should be there already: two lines, which is all of most. */
__attribute__((always_inline)) static inline void
attr_fetch(const struct attr_table *t, attr_id id)
{
	const uint8_t *set = (const uint8_t *)attr_get(t, id);

	__builtin_prefetch(set);
	__builtin_prefetch(set + 64);
}
static inline attr_id
attr_ref(const struct attr_table *t, attr_id id)
{
	attr_slot(t, id)->refs++;
	return id;
}
/* For the one below: nobody has a reference any more. Frees the set and gives its next hop back. */
void attr_drop(struct attr_table *t, attr_id id);
/* ATTR_NONE is fine. Inline, as attr_ref is: once or twice a route. */
static inline void
attr_unref(struct attr_table *t, attr_id id)
{
	if (id == ATTR_NONE)
		return;
	struct attr_slot *slot = attr_slot(t, id);
	ASSERT(slot->refs > 0);
	if (--slot->refs == 0)
		attr_drop(t, id);
}
/* The same of n, of which each has been used some time ago. */
void attr_unref_all(struct attr_table *t, const attr_id *ids, unsigned n);
/* The next hop's global address, FAMILY_NONE where there is none. */
struct ip_addr attr_nexthop_addr(const struct attr_table *t, uint32_t nexthop);

struct attr_local attr_local(const struct attr_set *s); /* all zero if the set has none */
/* ORIGINATOR_ID in host order; 0: none. Not kept beside the others: few sets have one, and the decision asks late. */
uint32_t attr_originator_id(const struct attr_set *s);

/* One attribute of a canonical wire form, pointing into it. */
struct attr_item {
	uint8_t flags, type;
	uint16_t len; /* octets of value */
	const uint8_t *value;
};

/* Reads the attribute at *p and moves *p behind it; false at the end. The wire form must be sound. */
bool attr_item_next(const uint8_t **p, const uint8_t *end, struct attr_item *out);
/* The value of an attribute and its length in octets; NULL if the set has none (an empty value is not NULL).
 */
const uint8_t *attr_find(const struct attr_set *s, uint8_t type, size_t *len);
/* Is this wire form sound, in ascending order and with the shortest lengths? */
bool attr_wire_is_canonical(const uint8_t *wire, size_t len);

/*
 * A changed copy of a set. Begun from a set (or from nothing), changed by put, del
 * and the members, then interned or thrown away; memory is kept for the next use.
 * Zero-initialised is fine; attr_edit_fini() gives the memory back.
 */
struct attr_edit {
	uint32_t nexthop;
	struct attr_local local;
	uint8_t *wire; /* canonical at any time */
	size_t len, cap;
};

void attr_edit_begin(struct attr_edit *e, const struct attr_set *s); /* s may be NULL */
/* Replaces or adds. flags without the extended length bit, which follows from len (≤ 65535 octets). value
 * must not point into e. */
void attr_edit_put(struct attr_edit *e, uint8_t flags, uint8_t type, const void *value, size_t len);
void attr_edit_put_u32(struct attr_edit *e, uint8_t flags, uint8_t type, uint32_t value);
bool attr_edit_del(struct attr_edit *e, uint8_t type);                               /* false: was not in */
/* The same for several types below 64, in one go: bits ATTR_BIT(type). */
#define ATTR_BIT(type) (1ull << (type))
void attr_edit_del_all(struct attr_edit *e, uint64_t types);
const uint8_t *attr_edit_find(const struct attr_edit *e, uint8_t type, size_t *len); /* as attr_find */
/* attr_intern of the result; ATTR_NONE if it became longer than 65535 octets. e may be begun anew. */
attr_id attr_edit_commit(struct attr_edit *e, struct attr_table *t);
void attr_edit_fini(struct attr_edit *e);

#endif
