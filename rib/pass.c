/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pass: the decision pass over dirty prefixes, and why a path lost.
 *
 * It gathers the paths of a prefix, has decide.c judge them, writes the verdict
 * into the paths' flags and tells the owner what is different from what the dirty
 * entry remembers. What changed and changed back while it waited is not told.
 */
#include "rib/rib_int.h"

#include "lib/mem.h"

/* How many prefixes ahead of its turn the record, the slot of its attributes and then these are fetched. */
#define AHEAD_RECORD 16
#define AHEAD_SLOT   10
#define AHEAD_ATTRS  5

static void
add_candidate(struct rib *rib, unsigned n, const struct rib_path *p)
{
	if (n == rib->cand_cap) {
		rib->cand_cap = rib->cand_cap != 0 ? rib->cand_cap * 2 : 16;
		rib->cand = xreallocarray(rib->cand, rib->cand_cap, sizeof(*rib->cand));
	}
	struct decide_path *c = &rib->cand[n];
	/* Field by field: what is scratch of the decision need not be cleared. */
	c->path = p;
	c->attr = attr_get(rib->attrs, p->attr);
	c->source = rib_source_at(rib, p->source);
	bool resolved = nexthop_reach(rib->nexthops, c->attr->nexthop, &c->igp_metric);
	if (rib_path_rejected(p))
		c->reason = RIB_REASON_REJECTED;
	else
		c->reason = resolved ? RIB_REASON_BEST : RIB_REASON_UNRESOLVED;
}

/* Fills rib->cand with all paths of a prefix and has them judged. Returns how many; *best as decide_paths. */
static unsigned
judge(struct rib *rib, enum family f, uint32_t id, int *best, unsigned *members)
{
	const struct rib_path *p = rib_first(rib, f, id);
	unsigned n = 0;

	if (p->attr != ATTR_NONE)
		add_candidate(rib, n++, p);
	while (p->next != 0) {
		p = rib_further(rib, p->next);
		add_candidate(rib, n++, p);
	}
	*best = decide_paths(rib->cand, n, &rib->conf, members);
	return n;
}

/*
 * What a decision leaves of a path's flags. Where paths are told of, that one has changed is cleared when it has been told;
 * else here, or it would seem so for ever to whoever is told of paths later.
 */
static unsigned
flags_left(const struct rib *rib, const struct rib_path *p)
{
	unsigned gone = RIB_PATH_BEST | RIB_PATH_MULTIPATH | (rib->track ? 0 : RIB_PATH_CHANGED);

	return p->flags & ~gone;
}

/* Writes the verdict into the paths, of which there are some. True: the multipath set is not what the flags said before. */
static bool
write_flags(struct rib *rib, enum family f, uint32_t id, unsigned members)
{
	struct rib_path *p = rib_first(rib, f, id);
	const struct decide_path *c = rib->cand;
	bool changed = false;

	if (p->attr == 0)
		p = rib_further(rib, p->next);
	for (;; c++) {
		unsigned flags = flags_left(rib, p);
		if (c->reason == RIB_REASON_BEST)
			flags |= RIB_PATH_BEST;
		if (c->used && members > 1)
			flags |= RIB_PATH_MULTIPATH;
		changed = changed || ((flags ^ p->flags) & RIB_PATH_MULTIPATH) != 0;
		p->flags = (uint8_t)flags;
		if (p->next == 0)
			return changed;
		p = rib_further(rib, p->next);
	}
}

/*
 * The same for a prefix with one path or none, as most have: nothing to compare, only whether it may be used. Returns the
 * best path, or NULL.
 */
static const struct rib_path *
judge_single(struct rib *rib, struct rib_path *p, bool *set_changed)
{
	unsigned flags = flags_left(rib, p);

	*set_changed = false;
	if (p->attr == ATTR_NONE)
		return NULL;
	if (!rib_path_rejected(p) &&
	    nexthop_resolved(rib->nexthops, attr_get(rib->attrs, p->attr)->nexthop))
		flags |= RIB_PATH_BEST;
	*set_changed = (p->flags & RIB_PATH_MULTIPATH) != 0;
	p->flags = (uint8_t)flags;
	return flags & RIB_PATH_BEST ? p : NULL;
}

static const struct rib_path *
judge_all(struct rib *rib, enum family f, uint32_t id, bool *set_changed)
{
	unsigned members;
	int best;

	judge(rib, f, id, &best, &members);
	*set_changed = write_flags(rib, f, id, members);
	return best >= 0 ? rib->cand[best].path : NULL;
}

static unsigned
what_changed(const struct dirty_entry *e, unsigned flags, bool set_changed, const struct rib_path *best)
{
	unsigned what = 0;

	if (e->old_attr != (best != NULL ? best->attr : 0) || (best != NULL && e->old_source != best->source))
		what |= RIB_CHANGE_BEST;
	if (set_changed || (flags & RIB_F_SET))
		what |= RIB_CHANGE_SET;
	if ((flags & RIB_F_NEXTHOP) && best != NULL)
		what |= RIB_CHANGE_NEXTHOP;
	if (flags & RIB_F_REDO)
		what |= RIB_CHANGE_REDO;
	return what;
}

/* Keeps the sources' bitmaps of best paths; a removed source has none any more. */
static void
note_best(struct rib *rib, const struct dirty_entry *e, const struct rib_path *best)
{
	uint16_t now = best != NULL ? best->source : 0, was = e->old_attr != 0 ? e->old_source : 0;

	if (was == now)
		return;
	if (was != 0)
		bitmap_clear(&rib_source_at(rib, was)->best[e->family], e->id);
	if (now != 0)
		bitmap_set(&rib_source_at(rib, now)->best[e->family], e->id);
}

static void
clear_changed(struct rib_path *first, const struct rib *rib)
{
	struct rib_path *p = first;

	for (; p->next != 0; p = rib_further(rib, p->next))
		p->flags &= (uint8_t)~RIB_PATH_CHANGED;
	p->flags &= (uint8_t)~RIB_PATH_CHANGED;
}

/* Has the prefix of this first record no path at all? */
static bool
is_bare(const struct rib_path *first)
{
	return first->attr == ATTR_NONE && first->next == 0;
}

/* Decided prefixes whose changes are to be told. */
struct untold {
	struct rib_change c[RIB_TOLD_MAX];
	unsigned n;
};

static void
tell(struct rib *rib, struct untold *u)
{
	if (u->n == 0)
		return;
	attr_id old[RIB_TOLD_MAX];
	rib->changes += u->n;
	if (rib->cb.change != NULL)
		rib->cb.change(rib->cb.ctx, u->c, u->n);
	for (unsigned i = 0; i < u->n; i++)
		old[i] = u->c[i].old_attr;
	attr_unref_all(rib->attrs, old, u->n);
	for (const struct rib_change *c = u->c; c < u->c + u->n; c++) {
		struct rib_path *first = rib_first(rib, c->family, c->id);
		if (c->what & RIB_CHANGE_PATHS)
			clear_changed(first, rib);
		if (c->old_attr != ATTR_NONE)
			rib_dirty_forget(rib, c->old_source);
		if (is_bare(first) && !c->needed)
			rib_prefix_release(rib, c->family, c->id);
	}
	u->n = 0;
}

static void
decide_one(struct rib *rib, const struct dirty_entry *e, struct untold *u)
{
	enum family f = (enum family)e->family;
	struct prefix_key *k = prefix_key(&rib->table[f], e->id);
	struct rib_path *first = rib_first(rib, f, e->id);
	unsigned flags = k->flags;
	bool set_changed;

	k->flags &= (uint8_t) ~(RIB_F_DIRTY | RIB_F_SET | RIB_F_NEXTHOP | RIB_F_REDO | RIB_F_ASKED);
	struct rib_change *c = &u->c[u->n];
	*c = (struct rib_change){
	    .family = f,
	    .id = e->id,
	    .old_attr = e->old_attr,
	    .old_source = e->old_source,
	    .best = first->next == 0 ? judge_single(rib, first, &set_changed)
				     : judge_all(rib, f, e->id, &set_changed),
	};
	note_best(rib, e, c->best);
	c->what = what_changed(e, flags, set_changed, c->best) | (rib->track ? RIB_CHANGE_PATHS : 0);
	if ((c->what & (RIB_CHANGE_BEST | RIB_CHANGE_SET)) || (flags & RIB_F_ASKED)) {
		if (nexthop_concerns(rib->nexthops, f, k->addr, k->len)) {
			struct ip_prefix p = prefix_value(&rib->table[f], e->id);
			nexthop_rib_changed(rib->nexthops, &p);
		}
	}
	if (c->what != 0) {
		u->n++;
		return;
	}
	rib_dirty_release(rib, e);
	if (is_bare(first))
		rib_prefix_release(rib, f, e->id);
}

void
rib_prefix_release(struct rib *rib, enum family f, uint32_t id)
{
	if ((prefix_key(&rib->table[f], id)->flags & RIB_F_DIRTY) || !is_bare(rib_first(rib, f, id)))
		return;
	if (rib->cb.pinned == NULL || !rib->cb.pinned(rib->cb.ctx, f, id))
		prefix_remove(&rib->table[f], id);
}

bool
rib_prefix_dirty(const struct rib *rib, enum family f, uint32_t id)
{
	return (prefix_key(&rib->table[f], id)->flags & RIB_F_DIRTY) != 0;
}

uint64_t
rib_decision_mark(const struct rib *rib)
{
	return (uint64_t)rib->dirty[RIB_URGENT].pushed << 32 | rib->dirty[RIB_BULK].pushed;
}

bool
rib_decision_done(const struct rib *rib, uint64_t mark)
{
	/* Each queue is first in, first out; the totals wrap, their distance is less than half the range. */
	return (int32_t)(rib->dirty[RIB_URGENT].popped - (uint32_t)(mark >> 32)) >= 0 &&
	       (int32_t)(rib->dirty[RIB_BULK].popped - (uint32_t)mark) >= 0;
}

void
rib_prefix_unpin(struct rib *rib, enum family f, uint32_t id)
{
	if (prefix_live(&rib->table[f], id))
		rib_prefix_release(rib, f, id);
}

void
rib_prefix_unpin_all(struct rib *rib, enum family f, const uint32_t *ids, unsigned n)
{
	const struct prefix_table *t = &rib->table[f];

	for (unsigned i = 0; i < n; i++)
		prefix_fetch(t, ids[i]);
	for (unsigned i = 0; i < n; i++)
		if (prefix_live(t, ids[i]))
			hidx_prefetch(&t->index, prefix_hash_of(t, ids[i]));
	for (unsigned i = 0; i < n; i++)
		if (prefix_live(t, ids[i]))
			hidx_prefetch_chain(&t->index, prefix_hash_of(t, ids[i]));
	for (unsigned i = 0; i < n; i++)
		rib_prefix_unpin(rib, f, ids[i]);
}

/* The attributes of the first path of a prefix that waits; ATTR_NONE: it has none. */
static inline attr_id
first_attr(const struct rib *rib, const struct dirty_entry *e)
{
	return rib_first(rib, (enum family)e->family, e->id)->attr;
}

/*
 * Each stage reads what the one before has fetched. Those nearer than the farthest are not asked whether they
 * are there: the last sixteen of some thousands go without.
 */
__attribute__((always_inline)) static inline void
fetch_ahead(const struct rib *rib, const struct dirty_queue *dq)
{
	const struct dirty_entry *e = dirty_peek(dq, AHEAD_RECORD);

	if (e == NULL)
		return;
	prefix_fetch(&rib->table[e->family], e->id);
	if (e->old_attr != ATTR_NONE)
		__builtin_prefetch(attr_slot(rib->attrs, e->old_attr), 1);
	attr_id attr = first_attr(rib, e - (AHEAD_RECORD - AHEAD_SLOT));
	if (attr != ATTR_NONE)
		__builtin_prefetch(attr_slot(rib->attrs, attr), 1);
	attr = first_attr(rib, e - (AHEAD_RECORD - AHEAD_ATTRS));
	if (attr != ATTR_NONE)
		attr_fetch(rib->attrs, attr);
}

uint32_t
rib_decide_run(struct rib *rib, enum rib_queue q, uint32_t budget)
{
	struct dirty_queue *dq = &rib->dirty[q];
	const struct dirty_entry *e;
	struct untold u;
	uint32_t popped = dq->popped;

	u.n = 0;
	for (; budget > 0 && (e = dirty_first(dq)) != NULL; budget--) {
		fetch_ahead(rib, dq);
		decide_one(rib, e, &u);
		dirty_drop(dq);
		if (u.n == RIB_TOLD_MAX)
			tell(rib, &u);
	}
	tell(rib, &u);
	rib->decisions += (uint32_t)(dq->popped - popped);
	return dq->count;
}

uint32_t
rib_dirty_count(const struct rib *rib, enum rib_queue q)
{
	return rib->dirty[q].count;
}

unsigned
rib_rank(struct rib *rib, enum family f, uint32_t id, const struct rib_path **out, unsigned max)
{
	unsigned n = 0, members;

	for (const struct rib_path *p = rib_path_first(rib, f, id); p != NULL; p = rib_path_next(rib, f, p))
		if (rib_path_usable(rib, p))
			add_candidate(rib, n++, p);
	for (unsigned k = 0; k < n && k < max; k++) {
		struct decide_path *c = &rib->cand[k], first = *c;
		for (unsigned i = k; n > max && i < n; i++)
			rib->cand[i].reason = RIB_REASON_BEST;
		int best = n > max ? decide_paths(c, n - k, &rib->conf, &members) : 0;
		*c = c[best];
		c[best] = first;
		out[k] = c->path;
	}
	return n < max ? n : max;
}

/* What is selected is what the flags say: the verdict on a prefix that waits for its decision is not that yet. */
static enum rib_reason
reason_of(const struct decide_path *c)
{
	bool best = c->reason == RIB_REASON_BEST, beside = c->reason == RIB_REASON_MULTIPATH;
	unsigned flags = c->path->flags;

	if (best != ((flags & RIB_PATH_BEST) != 0) || (beside && !(flags & RIB_PATH_MULTIPATH)))
		return RIB_REASON_UNDECIDED;
	return (enum rib_reason)c->reason;
}

void
rib_why(struct rib *rib, enum family f, uint32_t id,
	void (*fn)(void *ctx, const struct rib_path *p, enum rib_reason reason), void *ctx)
{
	int best;
	unsigned members, n = judge(rib, f, id, &best, &members);

	for (unsigned i = 0; i < n; i++)
		fn(ctx, rib->cand[i].path, reason_of(&rib->cand[i]));
}
