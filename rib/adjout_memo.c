/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adjout_memo: remembered results of the export policy of a group.
 *
 * A small direct-mapped table from (attribute set, source, family) to the outgoing
 * set or "not sent". The source is always part of the key: two reflector clients
 * may send the same attributes and must not share an ORIGINATOR_ID (RFC 4456 8).
 * Entries hold references on both sets, since a freed id may come to name another
 * set. A change of policy clears the table and one of a source its entries, so there
 * is no generation to compare.
 */
#include "rib/adjout_part.h"

#include "lib/hash.h"
#include "lib/mem.h"

#include <stdlib.h>

static struct adjout_memo_entry *
memo_slot(struct adjout_group *g, enum family f, uint32_t attr, uint16_t source)
{
	if (g->memo == NULL)
		g->memo = xcalloc(ADJOUT_MEMO_SIZE, sizeof *g->memo);
	uint64_t h = hash_u64((uint64_t)f, (uint64_t)attr << 16 | source);
	return &g->memo[h % ADJOUT_MEMO_SIZE];
}

static void
memo_drop(const struct adjout_view *v, struct adjout_memo_entry *e)
{
	if (e->attr == 0)
		return;
	v->attr_unref(v->ctx, e->attr);
	if (e->out != 0)
		v->out_unref(v->ctx, e->out);
	*e = (struct adjout_memo_entry){0};
}

uint32_t
adjout_memo_out(struct adjout_group *g, enum family f, uint32_t id, uint32_t attr, uint16_t source)
{
	const struct adjout_view *v = &g->adjout->view;

	if (attr == 0 || adjout_is_default(g, f, id))
		return 0;
	if (!g->memoize)
		return v->out(v->ctx, g, f, id, attr, source);

	g->last.attr = 0;
	struct adjout_memo_entry *e = memo_slot(g, f, attr, source);
	if (e->attr == attr && e->source == source && e->family == f) {
		g->memo_hits++;
	} else {
		g->memo_misses++;
		v->fetch_refs(v->ctx, e->attr, e->out);
		uint32_t out = v->out(v->ctx, g, f, id, attr, source);
		v->attr_ref(v->ctx, attr);
		memo_drop(v, e);
		*e = (struct adjout_memo_entry){
		    .attr = attr, .out = out, .source = source, .family = (uint8_t)f};
	}
	if (e->out != 0)
		v->out_ref(v->ctx, e->out);
	return e->out;
}

void
adjout_memo_clear(struct adjout_group *g)
{
	g->last.attr = 0;
	if (g->memo == NULL)
		return;
	for (size_t i = 0; i < ADJOUT_MEMO_SIZE; i++)
		memo_drop(&g->adjout->view, &g->memo[i]);
	free(g->memo);
	g->memo = NULL;
}

void
adjout_memo_forget(struct adjout_group *g, uint16_t source)
{
	g->last.attr = 0;
	if (g->memo == NULL)
		return;
	for (size_t i = 0; i < ADJOUT_MEMO_SIZE; i++)
		if (g->memo[i].source == source)
			memo_drop(&g->adjout->view, &g->memo[i]);
}
