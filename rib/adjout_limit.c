/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adjout_limit: how many prefixes a neighbour may have of a family (max-prefix-out).
 *
 * Such a neighbour has a group of its own, whose key names it (adjout_key.sole). What is
 * not for it, its own routes and those with its own address as the next hop, such a group
 * takes for not sent, so that announced is what the neighbour has, or had last and waits to
 * be told is gone. No more than the limit are ever announced: a prefix beyond it is *held*
 * back, and one that goes makes room only when its withdrawal is out (until then it is
 * *leaving*). Those that are announced keep their places, whatever becomes of their paths.
 *
 * While the neighbour is detached nothing is let in, since it may not have been told yet
 * of what is gone. Held prefixes are pinned, and follow in adjout_group_drain, where what
 * is beyond a limit that has come down goes, too.
 *
 * In a family of paths prefixes are counted all the same: each has all of its paths or none.
 */
#include "rib/adjout_part.h"

void
adjout_group_limit(struct adjout_group *g, enum family f, uint32_t prefixes)
{
	g->fam[f].limit = prefixes;
	adjout_look_again(&g->fam[f]);
}

static bool
has_room(const struct adjout_group *g, enum family f)
{
	return g->nattached == g->nmembers && g->fam[f].announced.count < g->fam[f].limit;
}

bool
adjout_limit_over(const struct adjout_group *g, enum family f)
{
	return adjout_limited(g) && g->fam[f].announced.count - g->fam[f].leaving.count > g->fam[f].limit;
}

bool
adjout_limit_follows(const struct adjout_group *g, enum family f)
{
	return adjout_limited(g) && g->fam[f].held.count > 0 && has_room(g, f);
}

bool
adjout_limit_lets(struct adjout_group *g, enum family f, uint32_t id)
{
	bool lets = bitmap_test(&g->fam[f].announced, id) ? !adjout_limit_over(g, f) : has_room(g, f);

	if (lets)
		bitmap_clear(&g->fam[f].held, id);
	else
		bitmap_set(&g->fam[f].held, id);
	return lets;
}

uint32_t
adjout_limit_foreign(struct adjout_group *g, uint32_t out, uint16_t source)
{
	const struct adjout_view *v = &g->adjout->view;
	const struct adjout_member *m = TAILQ_FIRST(&g->members);

	if (out == 0 || (m != NULL && source != m->source &&
			 (m->nexthop == 0 || v->nexthop(v->ctx, g, out) != m->nexthop)))
		return out;
	v->out_unref(v->ctx, out);
	return 0;
}

uint32_t
adjout_limit_out(struct adjout_group *g, enum family f, uint32_t id, uint32_t out, uint16_t source)
{
	out = adjout_limit_foreign(g, out, source);
	if (out == 0)
		bitmap_clear(&g->fam[f].held, id);
	if (out == 0 || adjout_limit_lets(g, f, id))
		return out;
	g->adjout->view.out_unref(g->adjout->view.ctx, out);
	return 0;
}

void
adjout_limit_left(struct adjout_group *g, const struct adjout_run *r, const uint32_t *ids, bool sent)
{
	struct bitmap *leaving = &g->fam[r->family].leaving;

	if (leaving->count == 0)
		return;
	for (uint32_t i = 0; i < r->n; i++)
		if (bitmap_clear(leaving, ids[i]) && sent)
			bitmap_clear(&g->fam[r->family].announced, ids[i]);
}

void
adjout_limit_drop(struct adjout_group *g)
{
	for (int f = 0; f < FAMILY_COUNT; f++) {
		bitmap_or(&g->adjout->orphan[f], &g->fam[f].held);
		bitmap_fini(&g->fam[f].held);
	}
}

bool
adjout_member_held(const struct adjout_member *m, enum family f, uint32_t id)
{
	return m->group != NULL && bitmap_test(&m->group->fam[f].held, id);
}

uint32_t
adjout_member_held_count(const struct adjout_member *m, enum family f)
{
	return m->group != NULL ? m->group->fam[f].held.count : 0;
}
