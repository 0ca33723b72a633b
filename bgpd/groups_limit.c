/* SPDX-License-Identifier: Apache-2.0 */
/*
 * groups_limit: neighbours that are sent no more than so many prefixes (max-prefix-out with action block).
 *
 * Each has a group of its own, since which prefixes it has is its own matter; rib/adjout_limit.c keeps the
 * limit. The default route of default-originate, which is not in the table, is one of them.
 */
#include "bgpd/groups_int.h"

#include "bgpd/peer.h"

uint32_t
groups_limit_sole(const struct group_member *m)
{
	return max_out_blocks(m->owner) ? m->out.source : 0;
}

void
groups_limit_set(struct groups *gs, struct group *g, const struct peer *p)
{
	if (!adjout_limited(&g->out))
		return;
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		adjout_group_limit(&g->out, f,
				   p->conf->max_prefix_out.limit - groups_default_said(gs, g->owner, f));
}

void
groups_limit_tell(struct groups *gs)
{
	struct adjout_group *ag;
	struct adjout_member *m;

	TAILQ_FOREACH(ag, &gs->list.adjout.groups, entry)
	if (adjout_limited(ag) && (m = TAILQ_FIRST(&ag->members)) != NULL)
		max_out_tell(container_of(m, struct group_member, out)->owner);
}
