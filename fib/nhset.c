/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nhset: see nhset.h. A set is brought into one form before it is looked up:
 * padding zero, no scope in addresses (the interface says it), weight at least
 * one, sorted, equal next hops merged. Two sets are equal when their octets are.
 */
#include "fib/nhset.h"

#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

struct probe {
	enum fib_type type;
	unsigned count;
	const struct fib_nh *nh;
};

_Static_assert(sizeof(struct fib_nh) == sizeof(struct ip_addr) + 8, "no hidden padding: compared as octets");

static int
nh_cmp(const void *pa, const void *pb)
{
	const struct fib_nh *a = pa, *b = pb;
	if (a->ifindex != b->ifindex)
		return a->ifindex < b->ifindex ? -1 : 1;
	return memcmp(a, b, sizeof *a);
}

static bool
nh_same_hop(const struct fib_nh *a, const struct fib_nh *b)
{
	return a->ifindex == b->ifindex && a->onlink == b->onlink && ip_addr_eq(&a->via, &b->via);
}

static struct fib_nh
canonical_hop(const struct fib_nh *nh)
{
	struct fib_nh o;

	memset(&o, 0, sizeof o);
	if (nh->via.family != FAMILY_NONE)
		o.via = ip_addr_from_bytes(nh->via.family, nh->via.bytes);
	o.ifindex = nh->ifindex;
	o.weight = nh->weight == 0 ? 1 : nh->weight > 256 ? 256 : nh->weight;
	o.onlink = nh->onlink;
	return o;
}

static unsigned
canonicalise(struct fib_nh *out, const struct fib_nh *nh, unsigned count)
{
	unsigned n = 0;

	for (unsigned i = 0; i < count; i++) {
		unsigned k = 0;
		out[n] = canonical_hop(&nh[i]);
		while (k < n && !nh_same_hop(&out[k], &out[n]))
			k++;
		if (k == n)
			n++;
	}
	/* What has no other beside it gets all of the traffic, and the kernel remembers no weight for it. */
	if (n == 1)
		out->weight = 1;
	qsort(out, n, sizeof *out, nh_cmp);
	return n;
}

static uint32_t
hash_of_probe(const struct nhsets *s, const struct probe *p)
{
	uint64_t h = hash_bytes(s->seed ^ (uint64_t)p->type, p->nh, p->count * sizeof *p->nh);
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t
hash_of_id(void *ctx, uint32_t id)
{
	return nhset_at(ctx, id)->hash;
}

static bool
probe_equal(const void *ctx, uint32_t id, const void *key)
{
	const struct nhset *n = nhset_at(ctx, id);
	const struct probe *p = key;
	return n->type == p->type && n->count == p->count &&
	       (p->count == 0 || memcmp(n->nh, p->nh, p->count * sizeof *p->nh) == 0);
}

void
nhsets_init(struct nhsets *s)
{
	memset(s, 0, sizeof *s);
	slab_init(&s->slab, sizeof(struct nhset));
	hidx_init(&s->idx, hash_of_id, NULL, s);
	arc4random_buf(&s->seed, sizeof s->seed);
}

void
nhsets_fini(struct nhsets *s)
{
	for (uint32_t id = 1; id < s->slab.top; id++) {
		free(nhset_at(s, id)->nh);
		free(nhset_at(s, id)->member);
	}
	bitmap_fini(&s->dead);
	bitmap_fini(&s->idle);
	hidx_fini(&s->idx);
	slab_fini(&s->slab);
}

uint32_t
nhset_intern(struct nhsets *s, enum fib_type type, const struct fib_nh *nh, unsigned count)
{
	struct fib_nh canon[FIB_NH_MAX];

	ASSERT(count <= FIB_NH_MAX && (type == FIB_UNICAST || count == 0));
	struct probe p = {.type = type, .count = canonicalise(canon, nh, count), .nh = canon};
	uint32_t hash = hash_of_probe(s, &p);
	uint32_t id = hidx_find(&s->idx, hash, probe_equal, s, &p);
	if (id != 0) {
		nhset_ref(s, id);
		return id;
	}
	id = slab_alloc(&s->slab);
	struct nhset *n = nhset_at(s, id);
	*n = (struct nhset){.refs = 1, .hash = hash, .count = (uint16_t)p.count, .type = (uint8_t)type};
	n->objectable = type == FIB_UNICAST && p.count > 0;
	for (unsigned i = 0; i < p.count; i++)
		n->objectable &= canon[i].via.family != FAMILY_NONE && canon[i].ifindex != 0;
	if (p.count > 0) {
		size_t size = p.count * sizeof *n->nh;
		n->nh = xmalloc(size);
		memcpy(n->nh, canon, size);
		s->nh_bytes += size;
	}
	hidx_insert(&s->idx, hash, id);
	return id;
}

void
nhset_ref(struct nhsets *s, uint32_t id)
{
	struct nhset *n = nhset_at(s, id);
	if (n->refs++ == 0)
		bitmap_clear(&s->dead, id);
}

void
nhset_unref(struct nhsets *s, uint32_t id)
{
	struct nhset *n = nhset_at(s, id);
	ASSERT(n->refs > 0);
	if (--n->refs == 0)
		bitmap_set(&s->dead, id);
}

void
nhset_use(struct nhsets *s, uint32_t id)
{
	struct nhset *n = nhset_at(s, id);
	nhset_ref(s, id);
	if (n->uses++ == 0)
		bitmap_clear(&s->idle, id);
}

void
nhset_unuse(struct nhsets *s, uint32_t id)
{
	struct nhset *n = nhset_at(s, id);
	ASSERT(n->uses > 0);
	if (--n->uses == 0 && n->nhid != 0)
		bitmap_set(&s->idle, id);
	nhset_unref(s, id);
}

uint32_t
nhset_dead_next(const struct nhsets *s)
{
	uint32_t id = bitmap_next(&s->dead, 1);
	return id == BITMAP_END ? 0 : id;
}

void
nhset_bury(struct nhsets *s, uint32_t id)
{
	struct nhset *n = nhset_at(s, id);

	ASSERT(n->refs == 0 && n->nhid == 0 && n->member == NULL);
	bitmap_clear(&s->dead, id);
	hidx_remove(&s->idx, n->hash, id);
	s->nh_bytes -= n->count * sizeof *n->nh;
	free(n->nh);
	n->nh = NULL;
	slab_free(&s->slab, id);
}

size_t
nhsets_bytes(const struct nhsets *s)
{
	return slab_bytes(&s->slab) + hidx_bytes(&s->idx) + s->nh_bytes;
}

void
nhset_members_make(struct nhsets *s, struct nhset *n)
{
	if (n->member != NULL || n->count == 1)
		return;
	n->member = xcalloc(n->count, sizeof *n->member);
	for (unsigned i = 0; i < n->count; i++) {
		struct fib_nh one = n->nh[i];
		n->member[i] = nhset_intern(s, FIB_UNICAST, &one, 1);
		nhset_use(s, n->member[i]);
		nhset_unref(s, n->member[i]);
	}
}

void
nhset_members_release(struct nhsets *s, struct nhset *n)
{
	for (unsigned i = 0; n->member != NULL && i < n->count; i++)
		nhset_unuse(s, n->member[i]);
	free(n->member);
	n->member = NULL;
}

void
nhset_member_nh(const struct nhsets *s, const struct nhset *n, unsigned i, struct fib_nh *out)
{
	memset(out, 0, sizeof *out);
	out->ifindex = nhset_member(s, n, i)->nhid;
	out->weight = n->nh[i].weight;
}
