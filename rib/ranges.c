/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ranges: the cutting; see ranges.h.
 *
 * One pass over the entries with a stack of those that are open: what is on it
 * all covers the present address, and each knows the lengths of all below it.
 */
#include "rib/ranges.h"

#include <stdlib.h>

#include "lib/mem.h"

#define DIRECTORY_BITS_MAX 16 /* 256 KB */

struct open_entry {
	uint32_t first, last;
	uint64_t lens; /* with those of the entries around it */
};

struct sweep {
	struct ranges *r;
	struct open_entry open[33]; /* one of each length at most: nested, and equals are one */
	unsigned depth;
};

static uint32_t
last_of(const struct range_entry *e)
{
	return e->len == 32 ? e->addr : e->addr | UINT32_MAX >> e->len;
}

/* The lengths from the longer of len and min_len on to max_len. */
static uint64_t
lens_of(const struct range_entry *e)
{
	unsigned lo = e->min_len > e->len ? e->min_len : e->len, hi = e->max_len < 32 ? e->max_len : 32;

	return lo > hi ? 0 : ((1ull << (hi + 1)) - 1) & ~((1ull << lo) - 1);
}

static uint64_t
lens_now(const struct sweep *s)
{
	return s->depth > 0 ? s->open[s->depth - 1].lens : 0;
}

/* From this address on it is as the stack says. */
static void
cut(struct sweep *s, uint32_t start)
{
	struct ranges *r = s->r;
	uint32_t lens = (uint32_t)(lens_now(s) >> 1);

	r->whole |= lens_now(s) & 1;
	if (r->n > 0 && r->v[r->n - 1].start == start)
		r->v[r->n - 1].lens = lens;
	else if (r->n == 0 || r->v[r->n - 1].lens != lens)
		r->v[r->n++] = (struct range){.start = start, .lens = lens};
}

static void
close_top(struct sweep *s)
{
	uint32_t last = s->open[--s->depth].last;

	if (last != UINT32_MAX)
		cut(s, last + 1);
}

static void
open_one(struct sweep *s, const struct range_entry *e)
{
	struct open_entry *top;
	uint32_t last = last_of(e);

	while (s->depth > 0 && s->open[s->depth - 1].last < e->addr)
		close_top(s);
	top = s->depth > 0 ? &s->open[s->depth - 1] : NULL;
	if (top != NULL && top->first == e->addr && top->last == last) {
		top->lens |= lens_of(e);
	} else {
		uint64_t around = lens_now(s);

		ASSERT(s->depth < ARRAY_LEN(s->open));
		s->open[s->depth++] =
		    (struct open_entry){.first = e->addr, .last = last, .lens = around | lens_of(e)};
	}
	cut(s, e->addr);
}

static void
make_directory(struct ranges *r)
{
	unsigned bits = 1;
	uint32_t at = 0;

	while (bits < DIRECTORY_BITS_MAX && 1u << bits < r->n)
		bits++;
	r->shift = (uint8_t)(32 - bits);
	r->directory = xreallocarray(NULL, (1u << bits) + 1u, sizeof(*r->directory));
	for (uint32_t place = 0; place < 1u << bits; place++) {
		while (at + 1 < r->n && r->v[at + 1].start <= place << r->shift)
			at++;
		r->directory[place] = at;
	}
	r->directory[1u << bits] = r->n - 1;
}

void
ranges_init(struct ranges *r, const struct range_entry *e, size_t n)
{
	struct sweep s = {.r = r};

	*r = (struct ranges){.v = xreallocarray(NULL, 2 * n + 1 + RANGES_PAD, sizeof(*r->v))};
	cut(&s, 0);
	for (size_t i = 0; i < n; i++)
		open_one(&s, &e[i]);
	while (s.depth > 0)
		close_top(&s);
	for (unsigned i = 0; i < RANGES_PAD; i++)
		r->v[r->n + i] = r->v[r->n - 1];
	make_directory(r);
}

void
ranges_fini(struct ranges *r)
{
	free(r->v);
	free(r->directory);
}
