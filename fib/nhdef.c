/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nhdef: see nhdef.h. Ids are small and dense (handles of a slab of the main
 * half), so they index an array.
 */
#include "fib/nhdef.h"

#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

struct nhdef {
	enum fib_type type;
	unsigned count, have;
	struct fib_nh *nh;
	struct route_attrs attrs[FAMILY_COUNT];
	int8_t state[FAMILY_COUNT]; /* 0: not encoded yet, 1: encoded, -1: impossible */
};

static void
nhdef_free(struct nhdef *n)
{
	if (n == NULL)
		return;
	for (unsigned f = 0; f < FAMILY_COUNT; f++)
		route_attrs_fini(&n->attrs[f]);
	free(n->nh);
	free(n);
}

void
nhdefs_fini(struct nhdefs *d)
{
	for (uint32_t id = 0; id < d->cap; id++)
		nhdef_free(d->sets[id]);
	free(d->sets);
	*d = (struct nhdefs){0};
}

void
nhdef_begin(struct nhdefs *d, uint32_t id, enum fib_type type, unsigned count)
{
	if (id >= d->cap) {
		uint32_t cap = id + 1 > 2 * d->cap ? id + 1 : 2 * d->cap;
		d->sets = xreallocarray(d->sets, cap, sizeof(struct nhdef *));
		memset(d->sets + d->cap, 0, (cap - d->cap) * sizeof(struct nhdef *));
		d->cap = cap;
	}
	ASSERT(d->sets[id] == NULL && (d->filling == NULL || d->filling->have == d->filling->count));
	struct nhdef *n = xcalloc(1, sizeof *n);
	n->type = type;
	n->count = count;
	if (count > 0)
		n->nh = xcalloc(count, sizeof *n->nh);
	d->sets[id] = d->filling = n;
}

void
nhdef_object(struct nhdefs *d, uint32_t id, uint32_t nhid)
{
	nhdef_begin(d, id, FIB_UNICAST, 0);
	for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		route_attrs_object(&d->sets[id]->attrs[f], nhid);
		d->sets[id]->state[f] = 1;
	}
}

void
nhdef_add(struct nhdefs *d, const struct fib_nh *nh)
{
	ASSERT(d->filling != NULL && d->filling->have < d->filling->count);
	d->filling->nh[d->filling->have++] = *nh;
}

void
nhdef_forget(struct nhdefs *d, uint32_t id)
{
	ASSERT(id < d->cap && d->sets[id] != NULL);
	if (d->filling == d->sets[id])
		d->filling = NULL;
	nhdef_free(d->sets[id]);
	d->sets[id] = NULL;
}

const struct route_attrs *
nhdef_attrs(struct nhdefs *d, uint32_t id, enum family f)
{
	ASSERT(id < d->cap && d->sets[id] != NULL);
	struct nhdef *n = d->sets[id];
	if (n->state[f] == 0)
		n->state[f] = route_attrs_init(&n->attrs[f], f, n->type, n->nh, n->count) == 0 ? 1 : -1;
	return n->state[f] > 0 ? &n->attrs[f] : NULL;
}
