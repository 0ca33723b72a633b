/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_table: see peer_table.h. Called by peer.c when a neighbour is made, and
 * when it goes or is no longer configured.
 */
#include "bgpd/peer_table.h"

#include "bgpd/peer.h"
#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

static uint32_t
fold(uint64_t h)
{
	return (uint32_t)(h ^ h >> 32);
}

static uint32_t
name_hash(const struct peer_table *t, const char *name)
{
	return fold(hash_bytes(t->seed, name, strlen(name)));
}

static uint32_t
addr_hash(const struct peer_table *t, const struct ip_addr *a)
{
	return fold(hash_bytes(t->seed ^ a->family, a->bytes, sizeof a->bytes));
}

static uint32_t
name_hash_of(void *ctx, uint32_t slot)
{
	const struct peer_table *t = ctx;

	return name_hash(t, t->v[slot]->name);
}

static uint32_t
addr_hash_of(void *ctx, uint32_t slot)
{
	const struct peer_table *t = ctx;

	return addr_hash(t, &t->v[slot]->addr);
}

static bool
name_equal(const void *ctx, uint32_t slot, const void *key)
{
	const struct peer_table *t = ctx;

	return strcmp(t->v[slot]->name, key) == 0;
}

static bool
addr_equal(const void *ctx, uint32_t slot, const void *key)
{
	const struct ip_addr *a = &((const struct peer_table *)ctx)->v[slot]->addr, *b = key;

	return a->family == b->family && memcmp(a->bytes, b->bytes, sizeof a->bytes) == 0;
}

void
peer_table_init(struct peer_table *t)
{
	*t = (struct peer_table){.top = 1};
	arc4random_buf(&t->seed, sizeof t->seed);
	hidx_init(&t->by_name, name_hash_of, NULL, t);
	hidx_init(&t->by_addr, addr_hash_of, NULL, t);
}

void
peer_table_fini(struct peer_table *t)
{
	hidx_fini(&t->by_name);
	hidx_fini(&t->by_addr);
	free(t->v);
	free(t->free_slots);
	*t = (struct peer_table){0};
}

static uint32_t
slot_take(struct peer_table *t)
{
	if (t->free_n > 0)
		return t->free_slots[--t->free_n];
	if (t->top >= t->cap) {
		t->cap = t->cap == 0 ? 64 : 2 * t->cap;
		t->v = xreallocarray(t->v, t->cap, sizeof(struct peer *));
		t->free_slots = xreallocarray(t->free_slots, t->cap, sizeof *t->free_slots);
	}
	return t->top++;
}

void
peer_table_add(struct peer_table *t, struct peer *p)
{
	struct peer *first = peer_table_by_addr(t, &p->addr);

	p->slot = slot_take(t);
	p->next_same_addr = NULL;
	t->v[p->slot] = p;
	hidx_insert(&t->by_name, name_hash(t, p->name), p->slot);
	if (first == NULL) {
		hidx_insert(&t->by_addr, addr_hash(t, &p->addr), p->slot);
		return;
	}
	while (first->next_same_addr != NULL)
		first = first->next_same_addr;
	first->next_same_addr = p;
}

static void
chain_remove(struct peer_table *t, struct peer *p)
{
	uint32_t hash = addr_hash(t, &p->addr);
	struct peer *at = peer_table_by_addr(t, &p->addr);

	if (at == p) {
		hidx_remove(&t->by_addr, hash, p->slot);
		if (p->next_same_addr != NULL)
			hidx_insert(&t->by_addr, hash, p->next_same_addr->slot);
		return;
	}
	while (at != NULL && at->next_same_addr != p)
		at = at->next_same_addr;
	ASSERT(at != NULL);
	at->next_same_addr = p->next_same_addr;
}

void
peer_table_del(struct peer_table *t, struct peer *p)
{
	if (p->slot == 0)
		return;
	chain_remove(t, p);
	hidx_remove(&t->by_name, name_hash(t, p->name), p->slot);
	t->v[p->slot] = NULL;
	t->free_slots[t->free_n++] = p->slot;
	p->slot = 0;
	p->next_same_addr = NULL;
}

struct peer *
peer_table_by_name(const struct peer_table *t, const char *name)
{
	uint32_t slot = hidx_find(&t->by_name, name_hash(t, name), name_equal, t, name);

	return slot != 0 ? t->v[slot] : NULL;
}

struct peer *
peer_table_next(const struct peer_table *t, uint32_t *at)
{
	while (*at < t->top) {
		struct peer *p = *at > 0 ? t->v[*at] : NULL;
		++*at;
		if (p != NULL)
			return p;
	}
	return NULL;
}

struct peer *
peer_table_by_addr(const struct peer_table *t, const struct ip_addr *addr)
{
	uint32_t slot = hidx_find(&t->by_addr, addr_hash(t, addr), addr_equal, t, addr);

	return slot != 0 ? t->v[slot] : NULL;
}
