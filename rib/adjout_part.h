/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adjout_part: what the files of adjout share among themselves; nobody else includes
 * it.
 */
#ifndef RIB_ADJOUT_PART_H
#define RIB_ADJOUT_PART_H

#include "rib/adjout.h"

#include "lib/mem.h"

/* adjout_memo.c: the outgoing attribute id (referenced) of a path; 0: not sent. */
uint32_t adjout_memo_out(struct adjout_group *g, enum family f, uint32_t id, uint32_t attr, uint16_t source);
void adjout_memo_clear(struct adjout_group *g);
void adjout_memo_forget(struct adjout_group *g, uint16_t source);

/* adjout_limit.c, for limited groups. */
/* Is more announced than may be; is something held back that need not be? */
bool adjout_limit_over(const struct adjout_group *g, enum family f);
bool adjout_limit_follows(const struct adjout_group *g, enum family f);
/* May a prefix that is to be sent be announced, or stay so? Notes what is held back. */
bool adjout_limit_lets(struct adjout_group *g, enum family f, uint32_t id);
/* The same for what export came to (a reference, which is taken over): out, or 0 where it is held back or not for the member. */
uint32_t adjout_limit_out(struct adjout_group *g, enum family f, uint32_t id, uint32_t out, uint16_t source);
/* The second half of that alone. */
uint32_t adjout_limit_foreign(struct adjout_group *g, uint32_t out, uint16_t source);
/* Withdrawals of the batch are out, or could not be sent. */
void adjout_limit_left(struct adjout_group *g, const struct adjout_run *r, const uint32_t *ids, bool sent);
/* Nothing is held back any more: the group has no limit, or goes. */
void adjout_limit_drop(struct adjout_group *g);
/* The table's default route, where another one is sent in its place. */
static inline bool
adjout_is_default(const struct adjout_group *g, enum family f, uint32_t id)
{
	return (g->key.defaults >> f & 1) != 0 && g->adjout->view.is_default(g->adjout->view.ctx, f, id);
}
/* What the group is to announce of a path now. */
static inline uint32_t
adjout_out(struct adjout_group *g, enum family f, uint32_t id, uint32_t attr, uint16_t source)
{
	uint32_t out = adjout_memo_out(g, f, id, attr, source);

	return adjout_limited(g) ? adjout_limit_out(g, f, id, out, source) : out;
}
/* The withdrawal of an announced prefix is in the batch. */
static inline void
adjout_unannounce(struct adjout_group *g, enum family f, uint32_t id)
{
	if (adjout_limited(g))
		bitmap_set(&g->fam[f].leaving, id);
	else
		bitmap_clear(&g->fam[f].announced, id);
}

/* adjout_batch.c */
/* Takes over the reference of out. The batch must have room (adjout_batch_full). */
void adjout_batch_add(struct adjout_batch *b, const struct adjout_view *view, enum family f, uint32_t id, uint32_t path_id,
		      uint32_t out, struct adjout_audience to);
void adjout_batch_grow(struct adjout_batch *b); /* for one more prefix */
/* One more prefix for the last run. Inline, as what follows is: once a route. */
static inline void
adjout_batch_again(struct adjout_batch *b, uint32_t id)
{
	ASSERT(b->n < ADJOUT_BATCH_MAX && b->nruns > 0);
	if (b->n == b->cap)
		adjout_batch_grow(b);
	b->ids[b->n++] = id;
	b->runs[b->nruns - 1].n++;
}
static inline bool
adjout_batch_full(const struct adjout_batch *b)
{
	/* A prefix may need two places. */
	return b->n + 2 > ADJOUT_BATCH_MAX;
}
/*
 * Emits all prefixes of an attribute set and audience at once, withdrawals first, and empties the batch. Each run whose
 * prefixes ids went out goes to sent; once there is no room left, the further ones to undo instead.
 */
typedef void (*adjout_run_fn)(struct adjout_group *g, struct adjout_member *m, const struct adjout_run *r,
			      const uint32_t *ids);
struct adjout_batch_ops {
	adjout_run_fn sent, undo;
};
void adjout_batch_flush(struct adjout_batch *b, struct adjout_group *g, struct adjout_member *m,
			const struct adjout_batch_ops *ops);
void adjout_batch_fini(struct adjout_batch *b, const struct adjout_view *view);

/* adjout.c */
/* All members but those named by source or next hop; ADJOUT_ALL if no member is. */
struct adjout_audience adjout_all_but(const struct adjout_group *g, uint16_t source, uint32_t nexthop);
/* Something is new for the walks that adjout_group_drain has ended, for want of room or decisions. */
static inline void
adjout_look_again(struct adjout_family *fam)
{
	fam->idle = fam->idle_over = 0;
}
/* Adds the emissions that bring all members to the state (out, source), where they may have anything else. */
void adjout_send(struct adjout_group *g, enum family f, uint32_t id, uint32_t out, uint16_t source);
/* Notes whether an announced prefix is withheld from the member since it is the next hop. */
void adjout_withhold(struct adjout_member *m, enum family f, uint32_t id, bool withheld);
/* Notes in one of a member's flags refresh and eor whether that is due, and in the group how many are. */
void adjout_due_set(struct adjout_member *m, bool *flag, bool due);
/* Sends what is in the scratch batch to the member that is being drained. */
void adjout_member_flush(struct adjout_member *m);
/* Takes a slot for a detached member and detaches it from the stream. False: none is free. */
bool adjout_member_detach(struct adjout_member *m);

/* adjout_paths.c */
struct adjout_channel *adjout_channel_find(const struct adjout_channels *c, uint32_t path_id); /* NULL: none */
void adjout_channels_fini(struct adjout_channels *c);
void adjout_channels_or(struct adjout_channels *dst, const struct adjout_channels *src);
size_t adjout_channels_bytes(const struct adjout_channels *c);
/* Bits of all ids but those of one source, of prefixes with lower ids; below may be BITMAP_END. */
uint32_t adjout_channels_count(const struct adjout_channels *c, uint16_t but, uint32_t below);
/*
 * Brings all members to the current state of a prefix: sends the paths that are to be and are new or changed, or all of
 * them (again), and withdraws others. False: it waits for a decision, and nothing is done.
 */
bool adjout_paths_send(struct adjout_group *g, enum family f, uint32_t id, bool again);
/* All announced paths of a prefix, or of a source, are sent with the next adjout_paths_send. */
void adjout_paths_owe(struct adjout_group *g, enum family f, uint32_t id);
void adjout_paths_owe_source(struct adjout_group *g, enum family f, uint16_t source);
/* What was in the batch could not be sent. */
void adjout_paths_undo(struct adjout_group *g, const struct adjout_run *r, const uint32_t *ids);
/* What the group has sent went past a detached member, or what it was to be sent found no room. */
void adjout_paths_due(struct adjout_member *m, const struct adjout_run *r, const uint32_t *ids);
/* Tells a detached member of what it is due of a prefix, or of all paths. False: as above, and it is due them. */
bool adjout_paths_drain(struct adjout_member *m, enum family f, uint32_t id, bool all);

#endif
