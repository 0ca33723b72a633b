/* SPDX-License-Identifier: Apache-2.0 */
/* bench_tally: see bench_tally.h. An octet a packet. */
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "tools/bench_tally.h"

#define FIRST_CAP 65536u

void
bench_tally_begin(struct bench_tally *t, int dead, uint64_t now_ns)
{
	t->first = t->next;
	t->dead = dead;
	t->gap_ns = 0;
	memset(t->over, 0, sizeof(t->over));
	for (uint32_t i = 0; i < t->dests; i++)
		t->last_ns[i] = now_ns;
}

uint32_t
bench_tally_send(struct bench_tally *t)
{
	uint32_t at = t->next - t->first;

	if (at >= t->cap) {
		t->cap = t->cap ? t->cap * 2 : FIRST_CAP;
		t->arrived = xrealloc(t->arrived, t->cap);
	}
	t->arrived[at] = 0;
	return t->next++;
}

static void
gap_note(struct bench_tally *t, uint32_t dest, uint64_t now_ns)
{
	if (now_ns - t->last_ns[dest] > t->gap_ns)
		t->gap_ns = now_ns - t->last_ns[dest];
	t->last_ns[dest] = now_ns;
}

void
bench_tally_arrive(struct bench_tally *t, uint32_t number, unsigned way, uint64_t now_ns)
{
	uint32_t at = number - t->first;

	if (at >= t->next - t->first || t->arrived[at] || (int)way == t->dead)
		return;
	t->arrived[at] = 1;
	t->over[way]++;
	gap_note(t, number % t->dests, now_ns);
}

uint32_t
bench_tally_lost(const struct bench_tally *t)
{
	uint32_t lost = t->next - t->first;

	for (unsigned i = 0; i < BENCH_WAYS; i++)
		lost -= t->over[i];
	return lost;
}

uint64_t
bench_tally_gap_ns(const struct bench_tally *t, uint64_t now_ns)
{
	uint64_t gap_ns = t->gap_ns;

	for (uint32_t i = 0; i < t->dests; i++)
		if (now_ns - t->last_ns[i] > gap_ns)
			gap_ns = now_ns - t->last_ns[i];
	return gap_ns;
}

void
bench_tally_free(struct bench_tally *t)
{
	free(t->arrived);
}
