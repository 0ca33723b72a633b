/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adjout_batch: emissions that wait for the end of a slice, so that each attribute
 * set is encoded once for all of its prefixes.
 *
 * A prefix is in a batch once, or twice for disjoint audiences: the sort may
 * therefore forget the order of arrival. Used for the group's changes and, with a
 * batch of its own, for what a detached member is sent.
 */
#include "rib/adjout_part.h"

#include "lib/mem.h"

#include <stdlib.h>

#define BATCH_FIRST 64

void
adjout_batch_add(struct adjout_batch *b, enum family f, uint32_t id, uint32_t out, struct adjout_audience to)
{
	ASSERT(b->n < ADJOUT_BATCH_MAX);
	if (b->n == b->cap) {
		b->cap = b->cap == 0 ? BATCH_FIRST : b->cap * 2;
		b->e = xreallocarray(b->e, b->cap, sizeof *b->e);
		b->ids = xreallocarray(b->ids, b->cap, sizeof *b->ids);
	}
	b->e[b->n++] = (struct adjout_entry){.out = out,
					     .nexthop = to.nexthop,
					     .id = id,
					     .source = to.source,
					     .who = to.who,
					     .family = (uint8_t)f};
}

bool
adjout_batch_full(const struct adjout_batch *b)
{
	/* A prefix may need two entries. */
	return b->n + 2 > ADJOUT_BATCH_MAX;
}

static int
cmp_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

/* By everything that makes a run; withdrawals first, since they give room to those who read. */
static int
cmp_run(const struct adjout_entry *a, const struct adjout_entry *b)
{
	int c = cmp_u32(a->out, b->out);

	if (c == 0)
		c = cmp_u32(a->family, b->family);
	if (c == 0)
		c = cmp_u32(a->who, b->who);
	if (c == 0)
		c = cmp_u32(a->source, b->source);
	if (c == 0)
		c = cmp_u32(a->nexthop, b->nexthop);
	return c;
}

static int
cmp_entry(const void *pa, const void *pb)
{
	const struct adjout_entry *a = pa, *b = pb;
	int c = cmp_run(a, b);
	return c != 0 ? c : cmp_u32(a->id, b->id);
}

static uint32_t
run_end(const struct adjout_batch *b, uint32_t from)
{
	uint32_t i = from + 1;
	while (i < b->n && cmp_run(&b->e[from], &b->e[i]) == 0)
		i++;
	return i;
}

void
adjout_batch_flush(struct adjout_batch *b, struct adjout_group *g, struct adjout_member *m,
		   const struct adjout_batch_ops *ops)
{
	const struct adjout_view *v = &g->adjout->view;
	const struct adjout_sink *s = &g->adjout->sink;
	bool room = true;

	if (b->n > 1)
		qsort(b->e, b->n, sizeof *b->e, cmp_entry);
	for (uint32_t from = 0, to; from < b->n; from = to) {
		struct adjout_entry *e = &b->e[from];
		to = run_end(b, from);
		for (uint32_t i = from; i < to; i++)
			b->ids[i - from] = b->e[i].id;
		room = room && s->room(s->ctx, g, m);
		if (room) {
			struct adjout_audience who = {
			    .nexthop = e->nexthop, .source = e->source, .who = e->who};
			s->emit(s->ctx, g, m, (enum family)e->family, e->out, who, b->ids, to - from);
		}
		for (uint32_t i = from; i < to; i++) {
			(room ? ops->sent : ops->undo)(g, m, &b->e[i]);
			if (b->e[i].out != 0)
				v->attr_unref(v->ctx, b->e[i].out);
		}
	}
	b->n = 0;
}

void
adjout_batch_fini(struct adjout_batch *b, const struct adjout_view *view)
{
	for (uint32_t i = 0; i < b->n; i++)
		if (b->e[i].out != 0)
			view->attr_unref(view->ctx, b->e[i].out);
	free(b->e);
	free(b->ids);
	*b = (struct adjout_batch){0};
}
