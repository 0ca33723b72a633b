/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adjout_batch: emissions that wait for the end of a slice, so that each attribute
 * set is encoded once for all of its prefixes.
 *
 * Prefixes arrive as neighbours send them, a dozen with the same attributes one
 * after the other, so it is runs of them that are kept and sorted, with one
 * reference each. A prefix, or each path of it, is in a batch once, or twice for disjoint audiences:
 * the sort may therefore forget the order of arrival. Used for the group's changes
 * and, with a batch of its own, for what a detached member is sent.
 */
#include "rib/adjout_part.h"

#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

#define BATCH_FIRST 64
#define AHEAD_RUN   4 /* runs ahead of its turn, to ask for what it needs */

static bool
run_goes_on(const struct adjout_run *r, enum family f, uint32_t path_id, uint32_t out, struct adjout_audience to)
{
	return r->out == out && r->path_id == path_id && r->family == f && r->who == to.who && r->source == to.source &&
	       r->nexthop == to.nexthop;
}

static void
run_begin(struct adjout_batch *b, enum family f, uint32_t path_id, uint32_t out, struct adjout_audience to)
{
	if (b->nruns == b->runs_cap) {
		b->runs_cap = b->runs_cap == 0 ? BATCH_FIRST : b->runs_cap * 2;
		b->runs = xreallocarray(b->runs, b->runs_cap, sizeof *b->runs);
		b->order = xreallocarray(b->order, b->runs_cap, sizeof *b->order);
	}
	b->runs[b->nruns++] = (struct adjout_run){.out = out,
						  .nexthop = to.nexthop,
						  .path_id = path_id,
						  .from = b->n,
						  .source = to.source,
						  .who = to.who,
						  .family = (uint8_t)f};
}

void
adjout_batch_grow(struct adjout_batch *b)
{
	b->cap = b->cap == 0 ? BATCH_FIRST : b->cap * 2;
	b->ids = xreallocarray(b->ids, b->cap, sizeof *b->ids);
	b->joined = xreallocarray(b->joined, b->cap, sizeof *b->joined);
}

void
adjout_batch_add(struct adjout_batch *b, const struct adjout_view *view, enum family f, uint32_t id, uint32_t path_id,
		 uint32_t out, struct adjout_audience to)
{
	if (b->nruns == 0 || !run_goes_on(&b->runs[b->nruns - 1], f, path_id, out, to))
		run_begin(b, f, path_id, out, to);
	else if (out != 0)
		view->out_unref(view->ctx, out); /* the run has one already */
	adjout_batch_again(b, id);
}

static int
cmp_u32(uint32_t a, uint32_t b)
{
	return (a > b) - (a < b);
}

/* By everything that one emission has in common; withdrawals first, since they give room to those who read. */
static int
cmp_key(const struct adjout_run *a, const struct adjout_run *b)
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
	if (c == 0)
		c = cmp_u32(a->path_id, b->path_id);
	return c;
}

/* The run that comes at this place. */
static const struct adjout_run *
run_at(const struct adjout_batch *b, uint32_t place)
{
	return &b->runs[(uint32_t)b->order[place]];
}

/* By outgoing set, which is in the upper half and nearly always decides; then by the rest, and by arrival. */
static int
cmp_order(const void *pa, const void *pb, void *runs)
{
	const uint64_t a = *(const uint64_t *)pa, b = *(const uint64_t *)pb;
	const struct adjout_run *r = runs;
	int c = cmp_u32((uint32_t)(a >> 32), (uint32_t)(b >> 32));

	if (c == 0)
		c = cmp_key(&r[(uint32_t)a], &r[(uint32_t)b]);
	return c != 0 ? c : cmp_u32((uint32_t)a, (uint32_t)b);
}

/* Puts the places of runs in order: sorting the runs themselves takes twice as long, since each is copied for each halving. */
static void
sort_runs(struct adjout_batch *b)
{
	for (uint32_t i = 0; i < b->nruns; i++)
		b->order[i] = (uint64_t)b->runs[i].out << 32 | i;
	if (b->nruns > 1)
		qsort_r(b->order, b->nruns, sizeof *b->order, cmp_order, b->runs);
}

/* How many runs from this place on go into one emission. */
static uint32_t
runs_alike(const struct adjout_batch *b, uint32_t first)
{
	uint32_t i = first + 1;
	while (i < b->nruns && cmp_key(run_at(b, first), run_at(b, i)) == 0)
		i++;
	return i - first;
}

/* The ids of count runs in one array; a single run's lie in one already. */
static const uint32_t *
join(const struct adjout_batch *b, uint32_t first, uint32_t count, uint32_t *n)
{
	const struct adjout_run *r = run_at(b, first);

	*n = r->n;
	if (count == 1)
		return b->ids + r->from;
	*n = 0;
	for (uint32_t i = 0; i < count; i++) {
		r = run_at(b, first + i);
		memcpy(b->joined + *n, b->ids + r->from, r->n * sizeof *b->ids);
		*n += r->n;
	}
	return b->joined;
}

static void
runs_drop(struct adjout_batch *b, const struct adjout_view *v)
{
	for (uint32_t i = 0; i < b->nruns; i++)
		if (b->runs[i].out != 0)
			v->out_unref(v->ctx, b->runs[i].out);
	b->n = b->nruns = 0;
}

/*
 * The prefixes that are going to be encoded first of a run, and its attributes; where runs are short, that is half of the
 * encoding.
 */
static void
fetch_run(const struct adjout_batch *b, const struct adjout_view *v, uint32_t place)
{
	if (place >= b->nruns)
		return;
	const struct adjout_run *r = run_at(b, place);
	for (uint32_t k = 0; k < r->n && k < ADJOUT_FETCHED; k++)
		v->fetch(v->ctx, (enum family)r->family, b->ids[r->from + k], k == 0 ? r->out : 0);
}

void
adjout_batch_flush(struct adjout_batch *b, struct adjout_group *g, struct adjout_member *m,
		   const struct adjout_batch_ops *ops)
{
	const struct adjout_sink *s = &g->adjout->sink;
	bool room = true;

	sort_runs(b);
	for (uint32_t first = 0, count; first < b->nruns; first += count) {
		const struct adjout_run *r = run_at(b, first);
		fetch_run(b, &g->adjout->view, first + AHEAD_RUN);
		count = runs_alike(b, first);
		room = room && s->room(s->ctx, g, m);
		if (room) {
			struct adjout_audience to = {.nexthop = r->nexthop, .source = r->source, .who = r->who};
			uint32_t n;
			const uint32_t *ids = join(b, first, count, &n);
			s->emit(s->ctx, g, m, (enum family)r->family, r->path_id, r->out, to, ids, n);
		}
		for (uint32_t i = 0; i < count; i++) {
			r = run_at(b, first + i);
			(room ? ops->sent : ops->undo)(g, m, r, b->ids + r->from);
		}
	}
	runs_drop(b, &g->adjout->view);
}

void
adjout_batch_fini(struct adjout_batch *b, const struct adjout_view *view)
{
	runs_drop(b, view);
	free(b->ids);
	free(b->joined);
	free(b->runs);
	free(b->order);
	*b = (struct adjout_batch){0};
}
