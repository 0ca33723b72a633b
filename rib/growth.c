/* SPDX-License-Identifier: Apache-2.0 */
/*
 * growth: what the attribute sets of a source's paths take more than before, while it has a cap.
 *
 * As many paths as before need not mean as much memory: a neighbour may replace paths that share a set by
 * such with large sets of their own. Each path counts with its part of its sets, that is their octets divided
 * by their references, as they are when it comes and when it goes. Other paths may come to share or leave the
 * set meanwhile, so the sum is an estimate: one that changes its routes for others of the kind stays where it
 * was.
 */
#include "rib/rib_int.h"

#define SET_OCTETS                                                                                           \
	(sizeof(struct attr_set) + sizeof(struct attr_slot) + 16) /* with its places in index and pool */

/* held: references that are not of paths. */
static int64_t
part_of(const struct rib *rib, attr_id id, uint32_t held)
{
	const struct attr_slot *slot = attr_slot(rib->attrs, id);

	return (int64_t)((SET_OCTETS + slot->set->wire_len) / (slot->refs > held ? slot->refs - held : 1));
}

static int64_t
parts_of_path(const struct rib *rib, enum family f, uint32_t id, const struct rib_path *p)
{
	attr_id received = rib_path_received(rib, f, id, p);

	return part_of(rib, p->attr, 0) + (received != p->attr ? part_of(rib, received, 0) : 0);
}

bool
rib_growth_allow(const struct rib *rib, struct rib_source *s, enum family f, uint32_t id,
		 const struct rib_path *p, const struct rib_op *op, attr_id attr)
{
	/* Who announces holds a reference of each until the operation is done. */
	int64_t more = part_of(rib, attr, 1) + (op->received != attr ? part_of(rib, op->received, 1) : 0);

	if (p != NULL)
		more -= parts_of_path(rib, f, id, p);
	if (more > 0 && s->grown + more > s->may_grow)
		return false;
	s->grown += more;
	return true;
}

void
rib_growth_less(const struct rib *rib, struct rib_source *s, enum family f, uint32_t id,
		const struct rib_path *p)
{
	s->grown -= parts_of_path(rib, f, id, p);
}
