/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nhobj: see nhobj.h.
 */
#include "fib/nhobj.h"

#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

#define RANGE_BITS       20u
#define TABLE_RANGE_BITS 16u
#define TABLE_RANGES_AT  (1u << 28) /* behind those of all protocols */

_Static_assert(TABLE_RANGES_AT == 256u << RANGE_BITS, "protocols are eight bits");
_Static_assert(TABLE_RANGES_AT + ((uint64_t)NHOBJ_TABLE_RANGES << TABLE_RANGE_BITS) == 1ull << 32,
	       "all numbers are used");

void
nhobjs_init(struct nhobjs *o, const struct nhobj_range *range)
{
	*o = (struct nhobjs){.next = 1, .range = *range};
	keyed_init(&o->objects, sizeof(struct nhobj), sizeof(uint32_t));
}

void
nhobjs_fini(struct nhobjs *o)
{
	struct nhobj *e;
	uint32_t cursor = 0;

	while ((e = keyed_next(&o->objects, &cursor)) != NULL)
		free(e->nh);
	keyed_fini(&o->objects);
	bitmap_fini(&o->taken);
}

size_t
nhobjs_bytes(const struct nhobjs *o)
{
	return keyed_bytes(&o->objects) + bitmap_bytes(&o->taken);
}

struct nhobj_range
nhobj_range_of(const struct fib_config *conf)
{
	/* Tables that are numbered in a row have ranges in a row; protocols begin at different ones. */
	uint64_t slot = ((uint64_t)conf->table + conf->protocol * (uint64_t)(NHOBJ_TABLE_RANGES / 256)) %
			NHOBJ_TABLE_RANGES;

	return conf->by_table
		   ? (struct nhobj_range){.first = TABLE_RANGES_AT + ((uint32_t)slot << TABLE_RANGE_BITS),
					  .size = 1u << TABLE_RANGE_BITS,
					  .protocol = conf->protocol}
		   : (struct nhobj_range){.first = (uint32_t)conf->protocol << RANGE_BITS,
					  .size = 1u << RANGE_BITS,
					  .protocol = conf->protocol};
}

bool
nhobj_is_ours(const struct nhobjs *o, uint32_t nhid, uint8_t protocol)
{
	return protocol == o->range.protocol && nhid > o->range.first &&
	       nhid - o->range.first < o->range.size;
}

void
nhobjs_range_set(struct nhobjs *o, const struct nhobj_range *range)
{
	o->range = *range;
	o->next = 1;
}

uint32_t
nhobjs_take(struct nhobjs *o)
{
	for (uint32_t tries = 0; tries < o->range.size - 1; tries++) {
		uint32_t number = o->next, nhid = o->range.first + number;
		o->next = number + 1 < o->range.size ? number + 1 : 1;
		if (bitmap_test(&o->taken, number) || nhobjs_find(o, nhid) != NULL)
			continue;
		bitmap_set(&o->taken, number);
		return nhid;
	}
	return 0;
}

void
nhobjs_keep(struct nhobjs *o, uint32_t nhid)
{
	bitmap_set(&o->taken, nhid - o->range.first);
}

void
nhobjs_free(struct nhobjs *o, uint32_t nhid)
{
	bitmap_clear(&o->taken, nhid - o->range.first);
}

bool
nhobjs_is_taken(const struct nhobjs *o, uint32_t nhid)
{
	return bitmap_test(&o->taken, nhid - o->range.first);
}

struct nhobj *
nhobjs_find(const struct nhobjs *o, uint32_t nhid)
{
	return keyed_find(&o->objects, &nhid);
}

struct nhobj *
nhobjs_put(struct nhobjs *o, uint32_t nhid, uint8_t protocol, bool group, const struct fib_nh *nh,
	   unsigned count)
{
	bool fresh;
	struct nhobj *e = keyed_put(&o->objects, &nhid, &fresh);

	free(e->nh);
	e->nh = NULL;
	e->protocol = protocol;
	e->group = group;
	e->count = (uint8_t)count;
	if (count > 0) {
		e->nh = xcalloc(count, sizeof *e->nh);
		memcpy(e->nh, nh, count * sizeof *e->nh);
	}
	return e;
}

void
nhobjs_del(struct nhobjs *o, struct nhobj *e)
{
	o->leftovers -= e->leftover;
	o->refused -= e->refused;
	free(e->nh);
	e->nh = NULL;
	keyed_del(&o->objects, e);
}

void
nhobjs_bind(struct nhobjs *o, struct nhobj *e, uint32_t nhset)
{
	o->leftovers -= e->leftover;
	o->refused -= e->refused;
	e->leftover = e->making = e->refused = false;
	e->nhset = nhset;
}

void
nhobjs_leave(struct nhobjs *o, struct nhobj *e)
{
	e->nhset = 0;
	o->leftovers += !e->leftover;
	o->refused -= e->refused;
	e->leftover = true;
	e->refused = false;
}

void
nhobjs_refused(struct nhobjs *o, struct nhobj *e)
{
	o->leftovers -= e->leftover;
	o->refused += !e->refused;
	e->leftover = false;
	e->refused = true;
}

void
nhobjs_retry(struct nhobjs *o)
{
	struct nhobj *e;
	uint32_t cursor = 0;

	while (o->refused > 0 && (e = keyed_next(&o->objects, &cursor)) != NULL)
		if (e->refused)
			nhobjs_leave(o, e);
}

static bool
same_hop(const struct fib_nh *a, const struct fib_nh *b)
{
	return a->ifindex == b->ifindex && a->weight == b->weight && a->onlink == b->onlink &&
	       ip_addr_eq(&a->via, &b->via);
}

bool
nhobj_has_content(const struct nhobj *e, bool group, const struct fib_nh *nh, unsigned count)
{
	if (e->group != group || e->count != count)
		return false;
	for (unsigned i = 0; i < count; i++) {
		unsigned k = 0;
		while (k < count && !same_hop(&e->nh[k], &nh[i]))
			k++;
		if (k == count)
			return false;
	}
	return true;
}

unsigned
nhobjs_resolve(const struct nhobjs *o, uint32_t nhid, struct fib_nh nh[FIB_NH_MAX])
{
	const struct nhobj *e = nhobjs_find(o, nhid);
	unsigned n = 0;

	if (e == NULL)
		return 0;
	if (!e->group) {
		if (e->count == 1)
			nh[n++] = e->nh[0];
		return n;
	}
	for (unsigned i = 0; i < e->count; i++) {
		const struct nhobj *m = nhobjs_find(o, e->nh[i].ifindex);
		if (m == NULL || m->group || m->count != 1)
			continue;
		nh[n] = m->nh[0];
		nh[n++].weight = e->nh[i].weight;
	}
	return n;
}
