/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adjout_look: what a member has been told, for people who ask.
 *
 * Nothing sent is stored: it is computed again from the best path, which is what
 * was sent as long as the prefix waits for nothing.
 */
#include "rib/adjout_part.h"

/* Is what the member was told of a prefix what would be sent now? */
static bool
is_told(const struct adjout_member *m, enum family f, uint32_t id)
{
	const struct adjout_group *g = m->group;

	if (g == NULL || m->state == ADJOUT_NEW || m->state == ADJOUT_WAITING)
		return false;
	if (!bitmap_test(&g->fam[f].announced, id) || bitmap_test(&g->fam[f].pending, id))
		return false;
	return !bitmap_test(&m->fam[f].bits, id) && !(m->fam[f].scan.active && id >= m->fam[f].scan.next);
}

static uint32_t
out_of(const struct adjout_member *m, enum family f, uint32_t id, uint32_t attr, uint16_t source)
{
	struct adjout_group *g = m->group;
	const struct adjout_view *v = &g->adjout->view;
	uint32_t out = adjout_memo_out(g, f, id, attr, source);

	if (out != 0 && m->nexthop != 0 && v->nexthop(v->ctx, g, out) == m->nexthop) {
		v->out_unref(v->ctx, out); /* RFC 4271 5.1.3: not to whom the next hop belongs */
		return 0;
	}
	return out;
}

uint32_t
adjout_member_told(const struct adjout_member *m, enum family f, uint32_t id)
{
	uint32_t attr;
	uint16_t source;

	if (!is_told(m, f, id))
		return 0;
	const struct adjout_view *v = &m->group->adjout->view;
	if (v->current(v->ctx, f, id, &attr, &source) != ADJOUT_SETTLED || attr == 0 || source == m->source)
		return 0;
	return out_of(m, f, id, attr, source);
}

uint32_t
adjout_member_told_path(const struct adjout_member *m, enum family f, uint32_t id, const struct adjout_path *p)
{
	uint32_t attr;
	uint16_t source;

	if (!is_told(m, f, id) || p->source == m->source)
		return 0;
	const struct adjout_view *v = &m->group->adjout->view;
	const struct adjout_channel *ch = adjout_channel_find(&m->group->fam[f].channels, p->path_id);
	if (ch == NULL || !bitmap_test(&ch->ids, id) || v->current(v->ctx, f, id, &attr, &source) != ADJOUT_SETTLED)
		return 0;
	return out_of(m, f, id, p->attr, p->source);
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
	if (adjout_paths(g, f) != ADJOUT_PATHS_NONE) {
		uint32_t paths = adjout_channels_count(&g->fam[f].channels, m->source, below);
		uint32_t withheld = adjout_channels_count(&m->fam[f].withheld_paths, 0, BITMAP_END);
		return paths > withheld ? paths - withheld : 0;
	}
	uint32_t n = bitmap_count_without(&g->fam[f].announced, own, below);
	return n > m->fam[f].withheld.count ? n - m->fam[f].withheld.count : 0;
}
