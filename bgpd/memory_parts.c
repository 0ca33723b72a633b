/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_parts: see memory_parts.h.
 */
#include "bgpd/memory_parts.h"

#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "bgpd/peer.h"
#include "lib/mem.h"

void
memory_parts_take(const struct bgpd *d, struct memory_parts *t)
{
	rib_stats(d->rib, &t->rib);
	fib_stats_get(d->kernel->fib, &t->fib);
	groups_memory(d->groups, &t->groups);
	t->sets = attr_table_count(d->attrs);
	t->set_bytes = pool_bytes(d->attrs->sets);
	t->set_table_bytes = attr_table_bytes(d->attrs) - t->set_bytes;
	t->nexthops = nexthop_count(d->nexthops);
}

void
memory_parts_each(const struct memory_parts *t, memory_part_fn fn, void *ctx)
{
	for (unsigned i = 0; i < RIB_PARTS; i++)
		fn(ctx, t->rib.parts[i].name, t->rib.parts[i].count, t->rib.parts[i].bytes);
	fn(ctx, "attribute sets", t->sets, t->set_bytes);
	fn(ctx, "attribute set table", t->sets, t->set_table_bytes);
	fn(ctx, "bitmaps of groups", t->groups.announced, t->groups.bitmap_bytes);
	fn(ctx, "export memo and batches", t->groups.groups, t->groups.memo_bytes);
	fn(ctx, "outgoing attribute sets", t->groups.sent_sets, t->groups.sent_bytes);
	fn(ctx, "encoded messages", 0, t->groups.chunk_bytes);
	fn(ctx, "kernel routes", t->fib.wanted, t->fib.memory_bytes);
}

static void
sum_add(void *ctx, const char *part, uint64_t count, size_t bytes)
{
	(void)part;
	(void)count;
	*(size_t *)ctx += bytes;
}

size_t
memory_parts_bytes(const struct memory_parts *t)
{
	size_t sum = 0;

	memory_parts_each(t, sum_add, &sum);
	return sum;
}

size_t
memory_parts_sessions(const struct bgpd *d, uint64_t *count)
{
	size_t bytes = session_pool_bytes(d->sessions);
	const struct peer *p;

	*count = 0;
	for (; d != NULL; d = instance_next(d)) {
		TAILQ_FOREACH(p, &d->peers, entry)
		{
			for (unsigned i = 0; i < ARRAY_LEN(p->conns); i++) {
				if (p->conns[i].session == NULL)
					continue;
				++*count;
				bytes += session_bytes(p->conns[i].session);
			}
		}
	}
	return bytes;
}
