/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adjout_look: what a member has been told, for people who ask.
 *
 * Nothing sent is stored: it is computed again from the best path, which is what
 * was sent as long as the prefix waits for nothing.
 */
#include "rib/adjout_part.h"

uint32_t
adjout_member_told(const struct adjout_member *m, enum family f, uint32_t id)
{
	struct adjout_group *g = m->group;
	uint32_t attr;
	uint16_t source;

	if (g == NULL || m->state == ADJOUT_NEW || m->state == ADJOUT_WAITING)
		return 0;
	if (!bitmap_test(&g->fam[f].announced, id) || bitmap_test(&g->fam[f].pending, id))
		return 0;
	if (bitmap_test(&m->fam[f].bits, id) || (m->fam[f].scan.active && id >= m->fam[f].scan.next))
		return 0;
	const struct adjout_view *v = &g->adjout->view;
	if (v->current(v->ctx, f, id, &attr, &source) != ADJOUT_SETTLED || attr == 0 || source == m->source)
		return 0;
	uint32_t out = adjout_memo_out(g, f, id, attr, source);
	if (out != 0 && m->nexthop != 0 && v->nexthop(v->ctx, g, out) == m->nexthop) {
		v->attr_unref(v->ctx, out); /* RFC 4271 5.1.3: not to whom the next hop belongs */
		return 0;
	}
	return out;
}

uint32_t
adjout_member_count(const struct adjout_member *m, enum family f, const struct bitmap *own)
{
	const struct adjout_group *g = m->group;
	uint32_t below = BITMAP_END;

	if (g == NULL || m->state == ADJOUT_NEW || m->state == ADJOUT_WAITING)
		return 0;
	/* Its first dump is under way; in a later one (a refresh) it has all of it already. */
	if (m->fam[f].eor && m->fam[f].scan.active)
		below = m->fam[f].scan.next;
	uint32_t n = bitmap_count_without(&g->fam[f].announced, own, below);
	return n > m->fam[f].withheld.count ? n - m->fam[f].withheld.count : 0;
}
