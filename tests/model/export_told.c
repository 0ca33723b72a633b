/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export_told: what a neighbour of export_model makes of the octets, beside what it
 * should have been told.
 */
#include "tests/model/export_model.h"

#include "lib/buf.h"
#include "lib/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void
fail(const struct model *mo, const struct neighbor *n, const char *what, unsigned f, unsigned prefix,
     uint32_t lane, uint32_t want, uint32_t got)
{
	fprintf(stderr,
		"step %llu: neighbour %td: %s: family %u prefix %u lane %u: want %x, got %x (group %u policy %u)\n",
		(unsigned long long)mo->step, n - mo->n, what, f, prefix, lane, want, got, n->policy,
		mo->policy_of[n->policy]);
	abort();
}

uint32_t
which_paths(const struct model *mo, uint32_t no, unsigned f)
{
	return CLASS(no) == 0 || (CLASS(no) == 2 && f == 1) ? ADJOUT_PATHS_NONE : mo->which_of[no];
}

/* The path in this place of what a neighbour is told: lane 0 is the best path, without a path id. */
static uint32_t
path_at(const struct model *mo, const struct neighbor *n, unsigned f, unsigned prefix, uint32_t lane, uint16_t *source)
{
	const struct world_prefix *p = &mo->w.prefix[f][prefix];
	uint32_t which = which_paths(mo, n->policy, f), lanes[NLANE];

	*source = world_source(lane);
	if (which == ADJOUT_PATHS_NONE)
		return lane == 0 ? world_best(p, source) : 0;
	uint32_t k = world_select(p, which, lanes);
	for (uint32_t i = 0; i < k; i++)
		if (lanes[i] == lane)
			return p->path[lane];
	return 0;
}

/* The set that a neighbour should have been told, 0 for none. */
static uint32_t
expected(const struct model *mo, const struct neighbor *n, unsigned f, unsigned prefix, uint32_t lane, bool any_size)
{
	uint16_t source;
	uint32_t set = path_at(mo, n, f, prefix, lane, &source);
	uint32_t out = set != 0 ? world_export(&mo->w, mo->policy_of[n->policy], prefix, set, source) : 0;

	if (out == 0 || source == n->m.out.source || set_nexthop(out) == n->m.out.nexthop)
		return 0;
	return set_value(out) == SET_LONG && !n->m.extended && !any_size ? 0 : out;
}

/* Is there anything of the prefix for it? */
static bool
is_eligible(const struct model *mo, const struct neighbor *n, unsigned f, unsigned prefix)
{
	uint32_t any = 0;

	for (uint32_t lane = 0; lane < NLANE; lane++)
		any |= expected(mo, n, f, prefix, lane, true);
	return any != 0;
}

static bool
is_let_in(const struct model *mo, const struct neighbor *n, unsigned f, unsigned prefix)
{
	uint32_t id = mo->w.prefix[f][prefix].id;

	return SOLE(n->policy) == 0 || (id != 0 && bitmap_test(&n->m.group->out.fam[f].announced, id));
}

/* settled: else it may yet be let in, or go, if there is a limit. */
static void
compare(struct model *mo, const struct neighbor *n, const char *what, unsigned f, unsigned prefix, bool settled)
{
	mo->checks++;
	for (uint32_t lane = 0; lane < NLANE; lane++) {
		const struct told *t = &n->told[f][prefix][lane];
		bool in = settled || SOLE(n->policy) == 0 ? is_let_in(mo, n, f, prefix) : t->set != 0;
		uint32_t want = in ? expected(mo, n, f, prefix, lane, false) : 0;
		if (t->set != want)
			fail(mo, n, what, f, prefix, lane, want, t->set);
		if (want != 0 && set_nexthop(want) == SET_NEXTHOP_SELF && memcmp(t->self, n->m.self.v4, 4) != 0)
			fail(mo, n, "next hop", f, prefix, lane, be32_get(n->m.self.v4), be32_get(t->self));
	}
}

/* With ADD-PATH the number of routes is that of paths. */
static void
compare_count(struct model *mo, const struct neighbor *n, unsigned f)
{
	static const struct bitmap none;
	uint32_t want = 0;

	if (which_paths(mo, n->policy, f) == ADJOUT_PATHS_NONE)
		return;
	for (unsigned p = 0; p < NPREFIX; p++)
		for (uint32_t lane = 0; lane < NLANE; lane++)
			want += is_let_in(mo, n, f, p) && expected(mo, n, f, p, lane, true) != 0;
	uint32_t got = adjout_member_count(&n->m.out, (enum family)f, &none);
	if (got != want)
		fail(mo, n, "count", f, 0, 0, want, got);
}

static uint32_t
count_told(const struct neighbor *n, unsigned f)
{
	uint32_t told = 0;

	for (unsigned p = 0; p < NPREFIX; p++) {
		bool any = false;
		for (uint32_t lane = 0; lane < NLANE; lane++)
			any = any || n->told[f][p][lane].set != 0;
		told += any;
	}
	return told;
}

/* Everything has run dry: it has as many prefixes as it may, and knows the others to be held back. */
static void
compare_limit(struct model *mo, struct neighbor *n, unsigned f)
{
	uint32_t in = 0, eligible = 0, limit = mo->limit_of[n->policy][f];

	if (SOLE(n->policy) == 0)
		return;
	for (unsigned p = 0; p < NPREFIX; p++) {
		const struct world_prefix *w = &mo->w.prefix[f][p];
		bool is_in = is_let_in(mo, n, f, p), is = is_eligible(mo, n, f, p);
		bool held = w->id != 0 && adjout_member_held(&n->m.out, (enum family)f, w->id);
		if ((is_in && !is) || held != (is && !is_in))
			fail(mo, n, "held back", f, p, 0, is, held);
		if (is && !is_in && n->was_in[f][p] && w->changed < n->rest_step && mo->policy_step < n->rest_step)
			fail(mo, n, "lost its place", f, p, 0, 1, 0);
		n->was_in[f][p] = is_in;
		in += is_in;
		eligible += is;
	}
	if (in != (eligible < limit ? eligible : limit) ||
	    adjout_member_held_count(&n->m.out, (enum family)f) != eligible - in)
		fail(mo, n, "limit", f, 0, 0, eligible < limit ? eligible : limit, in);
	n->strict[f] = true;
	mo->seen_held += eligible - in;
}

static void
on_mark(struct model *mo, struct neighbor *n, unsigned f, enum adjout_mark what)
{
	uint64_t since = n->eor_step[f];

	for (unsigned p = 0; p < NPREFIX; p++) {
		for (uint32_t lane = 0; lane < NLANE; lane++) {
			struct told *t = &n->told[f][p][lane];
			if (what == ADJOUT_BORR)
				t->stale = t->set != 0;
			else if (what == ADJOUT_EORR && t->stale)
				*t = (struct told){0};
		}
		if (what == ADJOUT_EOR && mo->w.prefix[f][p].changed < since && mo->policy_step < since)
			compare(mo, n, "at End-of-RIB", f, p, false);
	}
	if (what == ADJOUT_BORR)
		n->borr[f] = true;
	if (what == ADJOUT_EORR) {
		ASSERT(n->borr[f]);
		n->borr[f] = n->refreshing[f] = false;
		mo->seen_eorr++;
	}
	if (what == ADJOUT_EOR) {
		ASSERT(since != 0);
		n->eor_step[f] = 0;
		mo->seen_eor++;
	}
}

static void
on_message(struct model *mo, struct neighbor *n, const uint8_t *msg, size_t len)
{
	const uint8_t *p = msg + HEADER;

	ASSERT(len <= (n->m.extended ? 65535 : 4096));
	if (msg[18] == MSG_REFRESH) {
		on_mark(mo, n, p[0], (enum adjout_mark)p[1]);
		return;
	}
	ASSERT(msg[18] == MSG_UPDATE && len >= HEADER + 14u + p[9]);
	uint32_t path_id = be32_get(p + 10), lane = path_id >> 16;
	ASSERT((path_id != 0) == (which_paths(mo, n->policy, p[0]) != ADJOUT_PATHS_NONE));
	ASSERT(lane < NLANE && (path_id == 0 || path_id == world_path_id(lane)));
	for (unsigned i = 0; i < p[9]; i++) {
		ASSERT(p[14 + i] != 0);
		struct told *t = &n->told[p[0]][p[14 + i] - 1][lane];
		*t = (struct told){.set = be32_get(p + 1)};
		memcpy(t->self, p + 5, 4);
	}
	uint32_t limit = mo->limit_of[n->policy][p[0]];
	if (SOLE(n->policy) != 0 && n->strict[p[0]] && count_told(n, p[0]) > limit)
		fail(mo, n, "too many", p[0], 0, 0, limit, count_told(n, p[0]));
}

void
told_feed(struct model *mo, struct neighbor *n, const uint8_t *p, size_t len)
{
	ASSERT(n->part_len + len <= sizeof n->part);
	memcpy(n->part + n->part_len, p, len);
	n->part_len += len;
	size_t at = 0;
	while (n->part_len - at >= HEADER && n->part_len - at >= be16_get(n->part + at + 16)) {
		size_t one = be16_get(n->part + at + 16);
		for (int i = 0; i < 16; i++)
			ASSERT(n->part[at + (size_t)i] == 0xff);
		on_message(mo, n, n->part + at, one);
		at += one;
	}
	memmove(n->part, n->part + at, n->part_len -= at);
}
void
told_compare(struct model *mo, struct neighbor *n)
{
	for (unsigned f = 1; f <= NFAMILY; f++) {
		ASSERT(n->eor_step[f] == 0 && !n->refreshing[f]);
		for (unsigned p = 0; p < NPREFIX; p++)
			compare(mo, n, "at rest", f, p, true);
		compare_count(mo, n, f);
		compare_limit(mo, n, f);
	}
}
