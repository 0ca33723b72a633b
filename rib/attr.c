/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attr: the table of interned attribute sets, and changed copies of sets.
 *
 * A set lives in a pool, in memory of its own size; a slab maps its number to it and a hidx
 * finds it by content. Numbers are reused only after the last reference is gone,
 * so whoever keeps a number keeps a reference. Called by the UPDATE decoder,
 * policies and export; nothing here knows sessions or prefixes.
 */
#include "rib/attr.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "rib/aspath.h"
#include "rib/community.h"

#define AHEAD_UNREF 16
#define AHEAD_DROP  8

/* What a look-up compares with. */
struct attr_key {
	uint32_t hash, nexthop;
	const struct attr_local *local; /* NULL: none */
	const uint8_t *wire;
	size_t len;
};

bool
attr_item_next(const uint8_t **p, const uint8_t *end, struct attr_item *out)
{
	const uint8_t *q = *p;

	if (q == end)
		return false;
	out->flags = q[0];
	out->type = q[1];
	if (q[0] & ATTR_FLAG_EXTENDED) {
		out->len = be16_get(q + 2);
		out->value = q + 4;
	} else {
		out->len = q[2];
		out->value = q + 3;
	}
	*p = out->value + out->len;
	return true;
}

bool
attr_wire_is_canonical(const uint8_t *wire, size_t len)
{
	struct rbuf r = rbuf_of(wire, len);
	int last = 0;

	while (!r.err && rbuf_left(&r) > 0) {
		uint8_t flags = rbuf_u8(&r), type = rbuf_u8(&r);
		bool extended = (flags & ATTR_FLAG_EXTENDED) != 0;
		size_t vlen = extended ? rbuf_u16(&r) : rbuf_u8(&r);

		rbuf_bytes(&r, vlen);
		if (type <= last || (extended && vlen <= UINT8_MAX))
			return false;
		last = type;
	}
	return !r.err;
}

static const uint8_t *
wire_find(const uint8_t *wire, size_t wire_len, uint8_t type, size_t *len)
{
	const uint8_t *p = wire, *end = wire + wire_len;
	struct attr_item item;

	while (wire_len > 0 && attr_item_next(&p, end, &item)) {
		if (item.type < type)
			continue;
		if (item.type > type)
			break;
		*len = item.len;
		return item.value;
	}
	*len = 0;
	return NULL;
}

const uint8_t *
attr_find(const struct attr_set *s, uint8_t type, size_t *len)
{
	return wire_find(s->wire, s->wire_len, type, len);
}

struct attr_local
attr_local(const struct attr_set *s)
{
	struct attr_local local = {0};

	if (s->flags & ATTR_F_HAS_LOCAL)
		memcpy(&local, s->wire + s->wire_len, sizeof(local));
	return local;
}

uint32_t
attr_originator_id(const struct attr_set *s)
{
	size_t len;

	return s->flags & ATTR_F_HAS_ORIGINATOR ? be32_get(attr_find(s, ATTR_ORIGINATOR_ID, &len)) : 0;
}

static bool
attr_eq(const void *ctx, uint32_t id, const void *key)
{
	const struct attr_slot *slot = attr_slot(ctx, id);
	const struct attr_set *s = slot->set;
	const struct attr_key *k = key;

	if (slot->hash != k->hash || s->nexthop != k->nexthop || s->wire_len != k->len ||
	    ((s->flags & ATTR_F_HAS_LOCAL) != 0) != (k->local != NULL))
		return false;
	return (k->len == 0 || memcmp(s->wire, k->wire, k->len) == 0) &&
	       (k->local == NULL || memcmp(s->wire + s->wire_len, k->local, sizeof(*k->local)) == 0);
}

static uint32_t
attr_hash(void *ctx, uint32_t id)
{
	return attr_slot(ctx, id)->hash;
}

static uint32_t
key_hash(uint64_t seed, const struct attr_key *k)
{
	uint64_t h = hash_u64(hash_bytes(seed, k->wire, k->len), k->nexthop);

	if (k->local)
		h = hash_bytes(h, k->local, sizeof(*k->local));
	return (uint32_t)(h ^ h >> 32);
}

void
attr_table_init(struct attr_table *t, uint64_t seed, const struct attr_nexthop_ops *ops)
{
	*t = (struct attr_table){.seed = seed, .sets = &t->own};
	if (ops)
		t->ops = *ops;
	slab_init(&t->slots, sizeof(struct attr_slot));
	hidx_init(&t->index, attr_hash, NULL, t);
}

void
attr_table_share(struct attr_table *t, const struct attr_table *with)
{
	ASSERT(attr_table_count(t) == 0);
	t->sets = with->sets;
}

static void
set_free(struct attr_table *t, struct attr_set *s)
{
	pool_free(t->sets, s, sizeof(*s) + s->wire_len + (s->flags & ATTR_F_HAS_LOCAL ? sizeof(struct attr_local) : 0));
}

void
attr_table_fini(struct attr_table *t)
{
	const struct hidx *h = &t->index;
	uint32_t buckets = (1u << h->level) + h->split;

	for (uint32_t no = 0; no < buckets; no++) {
		const struct hidx_bucket *b = hidx_bucket_at(h, no);

		for (;;) {
			for (int i = 0; i < HIDX_SLOTS; i++)
				if (b->tag[i] != 0)
					set_free(t, attr_get(t, hidx_slot_id(b, i)));
			if (b->overflow == 0)
				break;
			b = hidx_over_at(h, b->overflow);
		}
	}
	hidx_fini(&t->index);
	slab_fini(&t->slots);
	pool_fini(&t->own);
}

size_t
attr_table_bytes(const struct attr_table *t)
{
	return pool_bytes(&t->own) + slab_bytes(&t->slots) + hidx_bytes(&t->index);
}

static bool
nexthop_is_counted(uint32_t nexthop)
{
	return nexthop != ATTR_NEXTHOP_NONE && nexthop != ATTR_NEXTHOP_SELF;
}

struct ip_addr
attr_nexthop_addr(const struct attr_table *t, uint32_t nexthop)
{
	if (!nexthop_is_counted(nexthop) || t->ops.addr == NULL)
		return (struct ip_addr){0};
	return t->ops.addr(t->ops.ctx, nexthop);
}

static void
summarise_path(struct attr_set *s, const struct attr_item *a)
{
	struct aspath path = {.p = a->value, .len = a->len};

	s->path_len = aspath_hops(path);
	s->neighbor_as = aspath_neighbor_as(path);
}

static void
summarise_communities(struct attr_set *s, const struct attr_item *a)
{
	for (size_t i = 0; i + 4 <= a->len; i += 4) {
		switch (be32_get(a->value + i)) {
		case COMMUNITY_LLGR_STALE:
			s->flags |= ATTR_F_LLGR_STALE;
			break;
		case COMMUNITY_NO_EXPORT:
			s->well_known |= ATTR_WK_NO_EXPORT;
			break;
		case COMMUNITY_NO_ADVERTISE:
			s->well_known |= ATTR_WK_NO_ADVERTISE;
			break;
		case COMMUNITY_NO_EXPORT_SUBCONFED:
			s->well_known |= ATTR_WK_NO_EXPORT_SUBCONFED;
			break;
		default:
			break;
		}
	}
}

/* Fills what is read from the wire form. Lengths were checked by whoever made it canonical. */
static void
summarise(struct attr_set *s)
{
	const uint8_t *p = s->wire, *end = s->wire + s->wire_len;
	struct attr_item a;

	s->origin = ATTR_ORIGIN_INCOMPLETE;
	while (attr_item_next(&p, end, &a)) {
		switch (a.type) {
		case ATTR_ORIGIN:
			s->origin = a.value[0];
			break;
		case ATTR_AS_PATH:
			summarise_path(s, &a);
			break;
		case ATTR_MED:
			s->med = be32_get(a.value);
			s->flags |= ATTR_F_HAS_MED;
			break;
		case ATTR_LOCAL_PREF:
			s->local_pref = be32_get(a.value);
			s->flags |= ATTR_F_HAS_LOCAL_PREF;
			break;
		case ATTR_ORIGINATOR_ID:
			s->flags |= ATTR_F_HAS_ORIGINATOR;
			break;
		case ATTR_CLUSTER_LIST:
			s->cluster_len = (uint8_t)(a.len / 4 > UINT8_MAX ? UINT8_MAX : a.len / 4);
			break;
		case ATTR_AIGP:
			s->flags |= ATTR_F_HAS_AIGP;
			break;
		case ATTR_OTC:
			s->flags |= ATTR_F_HAS_OTC;
			break;
		case ATTR_COMMUNITIES:
			summarise_communities(s, &a);
			break;
		case ATTR_ATOMIC_AGGREGATE:
		case ATTR_AGGREGATOR:
		case ATTR_EXT_COMMUNITIES:
		case ATTR_LARGE_COMMUNITIES:
			break;
		default:
			s->flags |= ATTR_F_HAS_UNKNOWN;
		}
	}
}

static attr_id
set_create(struct attr_table *t, const struct attr_key *k)
{
	size_t size = sizeof(struct attr_set) + k->len + (k->local ? sizeof(*k->local) : 0);
	struct attr_set *s = pool_alloc(t->sets, size);

	*s = (struct attr_set){.nexthop = k->nexthop, .wire_len = (uint16_t)k->len};
	if (k->len > 0)
		memcpy(s->wire, k->wire, k->len);
	if (k->local) {
		memcpy(s->wire + k->len, k->local, sizeof(*k->local));
		s->flags = ATTR_F_HAS_LOCAL;
	}
	if (!t->plain) {
		ASSERT(attr_wire_is_canonical(k->wire, k->len));
		summarise(s);
	}
	if (nexthop_is_counted(k->nexthop) && t->ops.ref)
		t->ops.ref(t->ops.ctx, k->nexthop);
	attr_id id = slab_alloc(&t->slots);
	*attr_slot(t, id) = (struct attr_slot){.set = s, .hash = k->hash, .refs = 1};
	hidx_insert(&t->index, k->hash, id);
	t->wire_octets += k->len;
	return id;
}

static attr_id
intern(struct attr_table *t, const struct attr_key *k)
{
	attr_id id = hidx_find(&t->index, k->hash, attr_eq, t, k);

	return id != ATTR_NONE ? attr_ref(t, id) : set_create(t, k);
}

attr_id
attr_intern(struct attr_table *t, uint32_t nexthop, const struct attr_local *local, const uint8_t *wire,
	    size_t len)
{
	static const struct attr_local absent;
	struct attr_key k = {.nexthop = nexthop, .wire = wire, .len = len};

	ASSERT(len <= UINT16_MAX);
	if (local && memcmp(local, &absent, sizeof(absent)) != 0)
		k.local = local;
	k.hash = key_hash(t->seed, &k);
	return intern(t, &k);
}

uint32_t
attr_ahead(const struct attr_table *t, uint32_t nexthop, const uint8_t *wire, size_t len)
{
	struct attr_key k = {.nexthop = nexthop, .wire = wire, .len = len};
	uint32_t hash = key_hash(t->seed, &k);

	hidx_prefetch(&t->index, hash);
	return hash;
}

void
attr_ahead_slot(const struct attr_table *t, uint32_t hash)
{
	uint32_t id = hidx_hint(&t->index, hash);

	if (id != ATTR_NONE)
		__builtin_prefetch(attr_slot(t, id), 1);
}

void
attr_ahead_set(const struct attr_table *t, uint32_t hash)
{
	uint32_t id = hidx_hint(&t->index, hash);

	if (id != ATTR_NONE)
		attr_fetch(t, id);
}

attr_id
attr_intern_hashed(struct attr_table *t, uint32_t hash, uint32_t nexthop, const uint8_t *wire, size_t len)
{
	struct attr_key k = {.hash = hash, .nexthop = nexthop, .wire = wire, .len = len};

	ASSERT(len <= UINT16_MAX);
	return intern(t, &k);
}

void
attr_drop(struct attr_table *t, attr_id id)
{
	const struct attr_slot *slot = attr_slot(t, id);
	struct attr_set *s = slot->set;
	bool removed = hidx_remove(&t->index, slot->hash, id);
	ASSERT(removed);
	if (nexthop_is_counted(s->nexthop) && t->ops.unref)
		t->ops.unref(t->ops.ctx, s->nexthop);
	t->wire_octets -= s->wire_len;
	set_free(t, s);
	slab_free(&t->slots, id);
}

/* What freeing a set reads, where this is its last reference: three misses, one after the other. */
__attribute__((always_inline)) static inline void
fetch_drop(const struct attr_table *t, attr_id id)
{
	const struct attr_slot *slot = id != ATTR_NONE ? attr_slot(t, id) : NULL;

	if (slot == NULL || slot->refs != 1)
		return;
	hidx_prefetch(&t->index, slot->hash);
	pool_fetch(slot->set);
}

void
attr_unref_all(struct attr_table *t, const attr_id *ids, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		if (i + AHEAD_UNREF < n && ids[i + AHEAD_UNREF] != ATTR_NONE)
			__builtin_prefetch(attr_slot(t, ids[i + AHEAD_UNREF]), 1);
		if (i + AHEAD_DROP < n)
			fetch_drop(t, ids[i + AHEAD_DROP]);
		attr_unref(t, ids[i]);
	}
}

static void
edit_reserve(struct attr_edit *e, size_t size)
{
	if (size <= e->cap)
		return;
	e->cap = size < 256 ? 256 : size * 2;
	e->wire = xrealloc(e->wire, e->cap);
}

void
attr_edit_begin(struct attr_edit *e, const struct attr_set *s)
{
	e->nexthop = s ? s->nexthop : ATTR_NEXTHOP_NONE;
	e->local = s ? attr_local(s) : (struct attr_local){0};
	e->len = s ? s->wire_len : 0;
	edit_reserve(e, e->len + 1);
	if (s)
		memcpy(e->wire, s->wire, e->len);
}

/* Where type is or would be: [*from, *to) in octets; empty if absent. */
static void
edit_locate(const struct attr_edit *e, uint8_t type, size_t *from, size_t *to)
{
	const uint8_t *p = e->wire, *end = e->wire + e->len, *at = p;
	struct attr_item a;

	while (attr_item_next(&p, end, &a)) {
		if (a.type >= type)
			break;
		at = p;
	}
	*from = (size_t)(at - e->wire);
	*to = at != end && at[1] == type ? (size_t)(p - e->wire) : *from;
}

/* Puts size octets of room in place of [from, to). */
static uint8_t *
edit_splice(struct attr_edit *e, size_t from, size_t to, size_t size)
{
	edit_reserve(e, e->len - (to - from) + size + 1);
	memmove(e->wire + from + size, e->wire + to, e->len - to);
	e->len = e->len - (to - from) + size;
	return e->wire + from;
}

void
attr_edit_put(struct attr_edit *e, uint8_t flags, uint8_t type, const void *value, size_t len)
{
	bool extended = len > UINT8_MAX;
	size_t from, to, head = extended ? 4 : 3;
	uint8_t *p;

	ASSERT(len <= UINT16_MAX && type != 0);
	edit_locate(e, type, &from, &to);
	p = edit_splice(e, from, to, head + len);
	p[0] = (uint8_t)((flags & ~ATTR_FLAG_EXTENDED) | (extended ? ATTR_FLAG_EXTENDED : 0));
	p[1] = type;
	if (extended)
		be16_put(p + 2, (uint16_t)len);
	else
		p[2] = (uint8_t)len;
	if (len > 0)
		memcpy(p + head, value, len);
}

void
attr_edit_put_u32(struct attr_edit *e, uint8_t flags, uint8_t type, uint32_t value)
{
	uint8_t v[4];

	be32_put(v, value);
	attr_edit_put(e, flags, type, v, sizeof(v));
}

bool
attr_edit_del(struct attr_edit *e, uint8_t type)
{
	size_t from, to;

	edit_locate(e, type, &from, &to);
	if (from == to)
		return false;
	edit_splice(e, from, to, 0);
	return true;
}

void
attr_edit_del_all(struct attr_edit *e, uint64_t types)
{
	const uint8_t *p = e->wire, *end = e->wire + e->len, *from = p;
	uint8_t *to = e->wire;
	struct attr_item a;

	for (; attr_item_next(&p, end, &a); from = p) {
		if (a.type < 64 && types & ATTR_BIT(a.type))
			continue;
		if (to != from)
			memmove(to, from, (size_t)(p - from));
		to += p - from;
	}
	e->len = (size_t)(to - e->wire);
}

const uint8_t *
attr_edit_find(const struct attr_edit *e, uint8_t type, size_t *len)
{
	return wire_find(e->wire, e->len, type, len);
}

attr_id
attr_edit_commit(struct attr_edit *e, struct attr_table *t)
{
	if (e->len > UINT16_MAX)
		return ATTR_NONE;
	return attr_intern(t, e->nexthop, &e->local, e->wire, e->len);
}

void
attr_edit_fini(struct attr_edit *e)
{
	free(e->wire);
	*e = (struct attr_edit){0};
}
