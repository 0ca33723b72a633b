/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nhobj: see nhobj.h.
 */
#include "fib/nhobj.h"

#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

#define RANGE_SIZE (1u << NHOBJ_RANGE_BITS)

void
nhobjs_init(struct nhobjs *o)
{
	*o = (struct nhobjs){.next = 1};
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

static uint8_t
range_of(uint32_t nhid)
{
	uint32_t r = nhid >> NHOBJ_RANGE_BITS;
	return r <= UINT8_MAX ? (uint8_t)r : 0;
}

bool
nhobj_is_ours(uint32_t nhid, uint8_t nh_protocol, uint8_t protocol)
{
	return nh_protocol == protocol && range_of(nhid) == protocol && nhid % RANGE_SIZE != 0;
}

uint32_t
nhobjs_take(struct nhobjs *o, uint8_t protocol)
{
	for (uint32_t tries = 0; tries < RANGE_SIZE - 1; tries++) {
		uint32_t number = o->next, nhid = (uint32_t)protocol << NHOBJ_RANGE_BITS | number;
		o->next = number + 1 < RANGE_SIZE ? number + 1 : 1;
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
	bitmap_set(&o->taken, nhid % RANGE_SIZE);
}

void
nhobjs_free(struct nhobjs *o, uint32_t nhid)
{
	bitmap_clear(&o->taken, nhid % RANGE_SIZE);
}

bool
nhobjs_is_taken(const struct nhobjs *o, uint32_t nhid)
{
	return bitmap_test(&o->taken, nhid % RANGE_SIZE);
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
	free(e->nh);
	e->nh = NULL;
	keyed_del(&o->objects, e);
}

void
nhobjs_leave(struct nhobjs *o, struct nhobj *e)
{
	e->nhset = 0;
	o->leftovers += !e->leftover;
	e->leftover = true;
}

static bool
same_hop(const struct fib_nh *a, const struct fib_nh *b)
{
	return a->ifindex == b->ifindex && a->weight == b->weight && a->onlink == b->onlink &&
	       ip_addr_eq(&a->via, &b->via);
}

bool
nhobj_same_content(const struct nhobj *a, const struct nhobj *b)
{
	if (a->group != b->group || a->count != b->count)
		return false;
	for (unsigned i = 0; i < a->count; i++) {
		unsigned k = 0;
		while (k < a->count && !same_hop(&a->nh[k], &b->nh[i]))
			k++;
		if (k == a->count)
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
