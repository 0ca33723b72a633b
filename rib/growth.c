/* SPDX-License-Identifier: Apache-2.0 */
/*
 * growth: see growth.h.
 */
#include "rib/growth.h"

#include "rib/rib_int.h"

#define SET_OCTETS                                                                                           \
	(sizeof(struct attr_set) + sizeof(struct attr_slot) + 16) /* with its places in index and pool */
#define DUE_OCTETS 4096  /* an estimate rises by so much before it is settled */
#define LOOK_AHEAD 1024u  /* undecided prefixes that stand for all of their queue */

static int64_t
octets_of(const struct rib *rib, attr_id id)
{
	return (int64_t)SET_OCTETS + attr_get(rib->attrs, id)->wire_len;
}

/* held: references that are not of paths. */
static int64_t
part_of(const struct rib *rib, attr_id id, uint32_t held)
{
	uint32_t refs = attr_slot(rib->attrs, id)->refs;

	return octets_of(rib, id) / (refs > held ? refs - held : 1);
}

static int64_t
octets_of_both(const struct rib *rib, attr_id attr, attr_id received)
{
	return octets_of(rib, attr) + (received != attr ? octets_of(rib, received) : 0);
}

static int64_t
parts_of_path(const struct rib *rib, enum family f, uint32_t id, const struct rib_path *p)
{
	attr_id received = rib_path_received(rib, f, id, p);

	return part_of(rib, p->attr, 0) + (received != p->attr ? part_of(rib, received, 0) : 0);
}

/*
 * Who announces holds a reference of what was received, and one of what policy has made of it, until the operation
 * is done; the policy's memo may hold as many. One of each stands for the path's. What this is too much by is settled;
 * if it were too little somebody could grow without being seen to.
 */
static int64_t
parts_of_op(const struct rib *rib, const struct rib_op *op, attr_id attr)
{
	if (op->received != attr)
		return part_of(rib, attr, 1) + part_of(rib, op->received, 1);
	return part_of(rib, attr, 3);
}

static int64_t
octets_of_path(const struct rib *rib, enum family f, uint32_t id, const struct rib_path *p)
{
	return octets_of_both(rib, p->attr, rib_path_received(rib, f, id, p));
}

/* More of its parts, and of its sets if each path had its own. It has given back no more than of those. */
static void
add(struct rib *rib, struct rib_source *s, int64_t more, int64_t larger)
{
	s->larger += larger;
	int64_t least = s->grown_from + (s->larger < 0 ? s->larger : 0);
	if (s->grown + more < least && more < 0)
		more = s->grown > least ? least - s->grown : 0;
	s->grown += more;
	rib->grown += more;
}

bool
rib_growth_allow(struct rib *rib, struct rib_source *s, enum family f, uint32_t id, const struct rib_path *p,
		 const struct rib_op *op, attr_id attr)
{
	int64_t more = parts_of_op(rib, op, attr);

	if (p != NULL)
		more -= parts_of_path(rib, f, id, p);
	if (more > 0 && s->grown + more > s->may_grow)
		return false;
	int64_t was = p != NULL ? octets_of_path(rib, f, id, p) : 0;
	add(rib, s, more, octets_of_both(rib, attr, op->received) - was);
	return true;
}

void
rib_growth_less(struct rib *rib, struct rib_source *s, enum family f, uint32_t id, const struct rib_path *p)
{
	add(rib, s, -parts_of_path(rib, f, id, p), -octets_of_path(rib, f, id, p));
}

void
rib_growth_undo(struct rib *rib, struct rib_source *s, int64_t grown, int64_t larger)
{
	rib->grown += grown - s->grown;
	s->grown = grown;
	s->larger = larger;
}

/* Of what policies make more or less: what is less than before they first made more. */
static int64_t
less_of(int64_t *by_policy, int64_t more)
{
	int64_t less = *by_policy + more < 0 ? *by_policy + more : 0;

	*by_policy += more - less;
	return less;
}

void
rib_growth_by_policy(struct rib_source *s, int64_t grown, int64_t larger)
{
	s->grown = grown + less_of(&s->grown_by_policy, s->grown - grown);
	s->larger = larger + less_of(&s->larger_by_policy, s->larger - larger);
}

/* ---- the sum ---- */

static int64_t
octets_of_sets(const struct attr_table *t)
{
	return (int64_t)(attr_table_count(t) * SET_OCTETS + t->wire_octets);
}

/* Of what was best before, and is not there any more. Others may still have it. */
static int64_t
part_left_behind(const struct rib *rib, const struct dirty_entry *e)
{
	const struct rib_path *best = rib_best_at(rib, (enum family)e->family, e->id);

	if (e->old_attr == ATTR_NONE || (best != NULL && best->attr == e->old_attr))
		return 0;
	return part_of(rib, e->old_attr, 0);
}

static int64_t
octets_of_queue(const struct rib *rib, const struct dirty_queue *q)
{
	const struct dirty_entry *e;
	int64_t octets = 0;
	uint32_t n = 0;

	for (; n < LOOK_AHEAD && (e = dirty_peek(q, n)) != NULL; n++)
		octets += part_left_behind(rib, e);
	return n > 0 ? octets * q->count / n : 0;
}

/* Of what sources have. */
static int64_t
octets_of_all(const struct rib *rib)
{
	int64_t octets = octets_of_sets(rib->attrs);

	for (enum rib_queue q = RIB_URGENT; q < RIB_QUEUE_COUNT; q++)
		octets -= octets_of_queue(rib, &rib->dirty[q]);
	return octets;
}

/* What it has grown by beyond what it would have if no two paths shared a set. */
static int64_t
beyond_of(const struct rib_source *s)
{
	return s->grown - s->larger;
}

static void
settled(struct rib_source *s)
{
	s->grown_settled = s->grown;
	s->beyond_settled = beyond_of(s);
}

void
rib_growth_start(struct rib *rib)
{
	for (uint32_t i = 0; i < rib->sources_cap; i++)
		if (rib->sources[i] != NULL)
			rib_growth_begin(rib, rib->sources[i], 0);
	rib->grown = 0;
	rib->grown_from = octets_of_all(rib);
}

void
rib_growth_begin(struct rib *rib, struct rib_source *s, int64_t from)
{
	rib->grown -= s->grown - s->grown_from;
	s->grown = s->grown_from = from;
	s->larger = s->grown_by_policy = s->larger_by_policy = 0;
	settled(s);
}

/*
 * It becomes too much without rising, too: where smaller sets come in place of larger ones that count with a part,
 * since they are remembered. Near what it may grow by it could not rise so far any more, and would stay wrong while
 * paths are refused for it. So it also counts by how much it has risen against what its sets take, each in full: as it
 * is no more than that where it was settled, it never is by much more.
 */
bool
rib_growth_is_due(struct rib_source *s)
{
	if (s->grown < s->grown_settled)
		s->grown_settled = s->grown;
	return s->grown >= s->grown_settled + DUE_OCTETS ||
	       (s->grown > s->grown_from && beyond_of(s) >= s->beyond_settled + DUE_OCTETS);
}

void
rib_growth_settle(struct rib *rib, struct rib_source *s)
{
	int64_t over = rib->grown - (octets_of_all(rib) - rib->grown_from), own = s->grown - s->grown_from;

	if (own > 0 && over > 0)
		add(rib, s, over < own ? -over : -own, 0);
	settled(s);
}
