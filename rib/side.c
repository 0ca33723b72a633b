/* SPDX-License-Identifier: Apache-2.0 */
/*
 * side: a map of prefix ids for each source and family; see the header.
 *
 * The flag RIB_PATH_SIDE in a path says whether there is a set, so that paths
 * without one never look here. Prefixes that come one after the other have
 * neighbouring ids mostly, and policies change all that came with a set.
 */
#include "rib/side.h"

#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

static struct sparse *
map_of(const struct side_table *t, enum family f, uint16_t source)
{
	return source < t->nsources ? &t->sources[source].family[f] : NULL;
}

static uint32_t *
find(const struct side_table *t, enum family f, uint32_t id, uint16_t source)
{
	const struct sparse *map = map_of(t, f, source);

	return map != NULL ? sparse_find(map, id) : NULL;
}

void
side_init(struct side_table *t, struct attr_table *attrs)
{
	*t = (struct side_table){.attrs = attrs};
}

void
side_fini(struct side_table *t)
{
	ASSERT(t->count == 0);
	pool_fini(&t->pool);
	free(t->sources);
}

attr_id
side_get(const struct side_table *t, enum family f, uint32_t id, uint16_t source)
{
	const uint32_t *received = find(t, f, id, source);

	return received != NULL ? *received : ATTR_NONE;
}

static void
sources_make(struct side_table *t, uint16_t source)
{
	uint32_t n = t->nsources * 2 > source + 1u ? t->nsources * 2 : source + 1u;

	t->sources = xreallocarray(t->sources, n, sizeof(*t->sources));
	memset(t->sources + t->nsources, 0, (n - t->nsources) * sizeof(*t->sources));
	t->nsources = n;
}

void
side_add(struct side_table *t, enum family f, uint32_t id, uint16_t source, attr_id received)
{
	if (source >= t->nsources)
		sources_make(t, source);
	sparse_add(map_of(t, f, source), &t->pool, id, attr_ref(t->attrs, received));
	t->count++;
}

void
side_set(struct side_table *t, enum family f, uint32_t id, uint16_t source, attr_id received)
{
	uint32_t *at = find(t, f, id, source);

	ASSERT(at != NULL);
	attr_ref(t->attrs, received);
	attr_unref(t->attrs, *at);
	*at = received;
}

void
side_del(struct side_table *t, enum family f, uint32_t id, uint16_t source)
{
	ASSERT(source < t->nsources);
	attr_unref(t->attrs, sparse_take(map_of(t, f, source), &t->pool, id));
	t->count--;
}

size_t
side_bytes(const struct side_table *t)
{
	size_t n = pool_bytes(&t->pool) + t->nsources * sizeof(*t->sources);

	for (uint32_t i = 0; i < t->nsources; i++)
		for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
			n += sparse_bytes(&t->sources[i].family[f]);
	return n;
}
