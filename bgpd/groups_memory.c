/* SPDX-License-Identifier: Apache-2.0 */
/*
 * groups_memory: what export groups take, for people who ask.
 * See groups.h.
 */
#include "bgpd/groups_int.h"

static void
group_memory(const struct group *g, struct groups_memory *out)
{
	const struct adjout_group *ag = &g->out;
	const struct adjout_member *m;
	size_t bitmaps = 0;

	for (unsigned f = 0; f < FAMILY_COUNT; f++) {
		out->announced += ag->fam[f].announced.count;
		bitmaps += bitmap_bytes(&ag->fam[f].announced) + bitmap_bytes(&ag->fam[f].pending) +
		    bitmap_bytes(&ag->fam[f].in_batch) + bitmap_bytes(&ag->fam[f].held) + bitmap_bytes(&ag->fam[f].leaving);
		TAILQ_FOREACH(m, &ag->detached, detached_entry)
		bitmaps += bitmap_bytes(&m->fam[f].bits);
	}
	out->bitmap_bytes += bitmaps;
	out->memo_bytes += adjout_group_bytes(ag) - bitmaps;
	out->chunk_bytes += g->ring_octets;
	TAILQ_FOREACH(m, &ag->members, entry)
	out->chunk_bytes += container_of(m, struct group_member, out)->own_octets;
	out->groups++;
}

void
groups_memory(const struct groups *g, struct groups_memory *out)
{
	const struct adjout_group *ag;

	*out = (struct groups_memory){.chunk_bytes = chunk_pool_bytes(&g->list.chunks),
	    .sent_sets = attr_table_count(&g->sent),
	    .sent_bytes = attr_table_bytes(&g->sent)};
	TAILQ_FOREACH(ag, &g->list.adjout.groups, entry)
	group_memory(container_of(ag, struct group, out), out);
}
