/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adjout_drain: the resumable half of adjout. What could not be sent at once is
 * sent here as the current state: pending prefixes of a group, the bits and dumps
 * of its detached members, then End-of-RIB and the marks of a refresh.
 *
 * A prefix that waits for the decision keeps its bit: its best path may be about to
 * go and come back, which would never be reported as a change, so it must not be
 * sent from in between.
 */
#include "rib/adjout_part.h"

#include "lib/mem.h"

#define REAP_TOGETHER 64 /* orphans, whose records are fetched at the same time */

static uint32_t
min_u32(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* Nobody has been told of the prefix, and it is not pending any more. */
static void
let_go(struct adjout_group *g, enum family f, uint32_t id)
{
	if (!bitmap_test(&g->fam[f].held, id))
		bitmap_set(&g->adjout->orphan[f], id);
}

/* Brings all members to the current state of a prefix, in a family of paths. scan: nothing of it may be what it was. */
static void
group_drain_paths(struct adjout_group *g, enum family f, uint32_t id, bool scan)
{
	bitmap_clear(&g->fam[f].pending, id);
	bool sent = adjout_paths_send(g, f, id, scan);
	if (!sent && scan)
		adjout_paths_owe(g, f, id);
	if (!sent)
		bitmap_set(&g->fam[f].pending, id);
	else if (!bitmap_test(&g->fam[f].announced, id) && !bitmap_test(&g->fam[f].in_batch, id))
		let_go(g, f, id);
}

/* Brings all members to the current state of one prefix. */
static void
group_drain_one(struct adjout_group *g, enum family f, uint32_t id, bool scan)
{
	const struct adjout_view *v = &g->adjout->view;
	uint32_t attr;
	uint16_t source;

	if (bitmap_test(&g->fam[f].in_batch, id) || adjout_batch_full(&g->batch))
		adjout_flush(g);
	if (adjout_paths(g, f) != ADJOUT_PATHS_NONE) {
		group_drain_paths(g, f, id, scan);
		return;
	}
	if (v->current(v->ctx, f, id, &attr, &source) == ADJOUT_DIRTY) {
		bitmap_set(&g->fam[f].pending, id);
		return;
	}
	bitmap_clear(&g->fam[f].pending, id);
	uint32_t out = adjout_out(g, f, id, attr, source);
	if (out != 0 || bitmap_test(&g->fam[f].announced, id))
		adjout_send(g, f, id, out, out != 0 ? source : 0);
	else
		let_go(g, f, id);
}

/* Ids without a prefix that are passed over for the price of one with: a table that was large may have millions of them. */
#define SCAN_EMPTY 256

static void
group_scan(struct adjout_group *g, enum family f, uint32_t *budget)
{
	const struct adjout_view *v = &g->adjout->view;
	struct adjout_scan *scan = &g->fam[f].scan;

	for (; scan->active && *budget > 0; (*budget)--) {
		uint32_t limit = scan->next + SCAN_EMPTY;
		uint32_t id = min_u32(v->next_id(v->ctx, f, scan->next, limit),
				      bitmap_next(&g->fam[f].announced, scan->next));
		id = min_u32(id, bitmap_next(&g->fam[f].held, scan->next));
		if (id == limit) {
			scan->next = limit;
			continue;
		}
		scan->active = id != BITMAP_END;
		scan->next = scan->active ? id + 1 : 0;
		if (scan->active)
			group_drain_one(g, f, id, true);
	}
}

/* As pending_has_more, of the walk of those that go. */
static bool
over_has_more(const struct adjout_group *g, enum family f)
{
	return adjout_limit_over(g, f) && g->fam[f].idle_over < 2 * (g->fam[f].announced.count + 1);
}

/*
 * In a limited group what is beyond the limit goes, and what is held back follows. True: there is more that goes. Those that
 * wait for decisions become pending, and do not.
 */
static bool
limit_drain(struct adjout_group *g, enum family f, uint32_t *budget)
{
	struct adjout_family *fam = &g->fam[f];

	for (; *budget > 0 && over_has_more(g, f); (*budget)--) {
		uint32_t before = fam->announced.count - fam->leaving.count;
		uint32_t id = bitmap_next(&fam->announced, fam->next_over);
		fam->next_over = id == BITMAP_END ? 0 : id + 1;
		if (id != BITMAP_END && !bitmap_test(&fam->leaving, id))
			group_drain_one(g, f, id, false);
		fam->idle_over = fam->announced.count - fam->leaving.count < before ? 0 : fam->idle_over + 1;
	}
	for (; *budget > 0 && adjout_limit_follows(g, f); (*budget)--) {
		uint32_t id = bitmap_next(&fam->held, fam->next_held);
		fam->next_held = id == BITMAP_END ? 0 : id + 1;
		if (id == BITMAP_END)
			continue;
		bitmap_clear(&fam->held, id);
		group_drain_one(g, f, id, false);
	}
	return over_has_more(g, f);
}

static bool
has_room(struct adjout_group *g, struct adjout_member *m)
{
	const struct adjout_sink *s = &g->adjout->sink;
	return s->room(s->ctx, g, m);
}

static void
round_end(struct adjout_group *g, enum family f)
{
	adjout_flush(g);
	if (!g->fam[f].undone)
		g->fam[f].pass++;
	g->fam[f].undone = false;
}

/* Has the walk yet to come round twice, its ends counted, since it last found one that could be sent? */
static bool
pending_has_more(const struct adjout_family *fam)
{
	return fam->pending.count > 0 && fam->idle < 2 * (fam->pending.count + 1);
}

/*
 * From where the last call ended, until it has been all the way twice without a prefix that could be sent: what is
 * left then waits for decisions, which may be long in coming (after a restart they wait for all neighbours), and is
 * more than a call's budget. It is not begun again before there is something new (adjout_look_again): calls for something
 * else would come to nothing else. True: there is more to do.
 */
static bool
pending_drain(struct adjout_group *g, enum family f, uint32_t *budget)
{
	struct adjout_family *fam = &g->fam[f];

	for (; *budget > 0 && pending_has_more(fam); (*budget)--) {
		uint32_t before = fam->pending.count;
		uint32_t id = bitmap_next(&fam->pending, fam->next);
		fam->next = id == BITMAP_END ? 0 : id + 1;
		if (id != BITMAP_END)
			group_drain_one(g, f, id, false);
		else
			round_end(g, f);
		fam->idle = fam->pending.count < before ? 0 : fam->idle + 1;
	}
	return pending_has_more(fam);
}

void
adjout_group_decided(struct adjout_group *g)
{
	for (int f = 0; f < FAMILY_COUNT; f++)
		adjout_look_again(&g->fam[f]);
}

bool
adjout_group_drain(struct adjout_group *g, uint32_t budget)
{
	bool more = false;

	for (int i = 0; i < FAMILY_COUNT && has_room(g, NULL); i++) {
		enum family f = (enum family)i;
		group_scan(g, f, &budget);
		more = pending_drain(g, f, &budget) || more;
		more = limit_drain(g, f, &budget) || more;
		more = more || g->fam[f].scan.active;
	}
	adjout_flush(g);
	/* Withdrawals have made room only now. */
	for (int f = 0; f < FAMILY_COUNT; f++)
		more = more || adjout_limit_follows(g, (enum family)f);
	return more && has_room(g, NULL);
}

/* The same in a family of paths. all: not only what it is due. */
static void
member_drain_paths(struct adjout_member *m, enum family f, uint32_t id, bool all)
{
	bitmap_clear(&m->fam[f].bits, id);
	if (!adjout_paths_drain(m, f, id, all))
		bitmap_set(&m->fam[f].bits, id);
	else if (!bitmap_test(&m->group->fam[f].announced, id))
		/* Of paths of its own nothing is sent, after which the id would be let go of. */
		bitmap_set(&m->group->adjout->orphan[f], id);
}

/* Tells one detached member the current state of a prefix. had: it may have been told something of it. */
static void
member_drain_one(struct adjout_member *m, enum family f, uint32_t id, bool had)
{
	struct adjout_group *g = m->group;
	const struct adjout_view *v = &g->adjout->view;
	uint32_t attr;
	uint16_t source;

	if (v->current(v->ctx, f, id, &attr, &source) == ADJOUT_DIRTY) {
		bitmap_set(&m->fam[f].bits, id);
		return;
	}
	bitmap_clear(&m->fam[f].bits, id);
	bool held = adjout_limited(g) && !bitmap_test(&g->fam[f].announced, id);
	uint32_t out = held ? 0 : adjout_memo_out(g, f, id, attr, source);
	bool withheld = out != 0 && !adjout_is_for(adjout_all_but(g, source, v->nexthop(v->ctx, g, out)), m);
	adjout_withhold(m, f, id, withheld && source != m->source);
	if (withheld) {
		v->out_unref(v->ctx, out);
		out = 0;
	}
	if (out == 0 && !had)
		return;
	if (out != 0)
		bitmap_set(&g->fam[f].announced, id);
	adjout_batch_add(&g->adjout->scratch, v, f, id, 0, out, (struct adjout_audience){.who = ADJOUT_ALL});
}

static void
drained_sent(struct adjout_group *g, struct adjout_member *m, const struct adjout_run *r, const uint32_t *ids)
{
	(void)m;
	for (uint32_t i = 0; i < r->n && r->out == 0; i++)
		bitmap_set(&g->adjout->orphan[r->family], ids[i]);
}

static void
drained_undo(struct adjout_group *g, struct adjout_member *m, const struct adjout_run *r, const uint32_t *ids)
{
	(void)g;
	for (uint32_t i = 0; i < r->n; i++)
		bitmap_set(&m->fam[r->family].bits, ids[i]);
	if (r->path_id != 0)
		adjout_paths_due(m, r, ids);
}

void
adjout_member_flush(struct adjout_member *m)
{
	static const struct adjout_batch_ops ops = {.sent = drained_sent, .undo = drained_undo};
	adjout_batch_flush(&m->group->adjout->scratch, m->group, m, &ops);
}

/* A portion of one family; true when the member has everything of it, else *more says whether it can go on
 * now. */
static bool
member_drain_family(struct adjout_member *m, enum family f, uint32_t *budget, bool *more)
{
	struct adjout_group *g = m->group;
	struct adjout_batch *b = &g->adjout->scratch;
	struct adjout_scan *scan = &m->fam[f].scan;
	struct bitmap *bits = &m->fam[f].bits;
	bool paths = adjout_paths(g, f) != ADJOUT_PATHS_NONE;
	int rounds = 0;

	/* At most to the end and once more: what is left then waits for decisions, or for room. */
	for (; *budget > 0 && rounds < 2 && bits->count > 0; (*budget)--) {
		uint32_t id = bitmap_next(bits, m->fam[f].next);
		m->fam[f].next = id == BITMAP_END ? 0 : id + 1;
		if (adjout_batch_full(b))
			adjout_member_flush(m);
		if (id != BITMAP_END && paths)
			member_drain_paths(m, f, id, false);
		else if (id != BITMAP_END)
			member_drain_one(m, f, id, true);
		else
			rounds++;
	}
	/* One thing at a time: a prefix is in the batch once. */
	adjout_member_flush(m);
	for (; *budget > 0 && scan->active && has_room(g, m); (*budget)--) {
		uint32_t id = bitmap_next(&g->fam[f].announced, scan->next);
		scan->active = id != BITMAP_END;
		scan->next = scan->active ? id + 1 : 0;
		if (adjout_batch_full(b))
			adjout_member_flush(m);
		if (scan->active && paths)
			member_drain_paths(m, f, id, true);
		else if (scan->active)
			member_drain_one(m, f, id, bitmap_test(bits, id));
	}
	adjout_member_flush(m);
	*more = *more || scan->active || (bits->count > 0 && rounds < 2);
	return !scan->active && bits->count == 0;
}

static void
member_refresh_begin(struct adjout_member *m, enum family f)
{
	const struct adjout_sink *s = &m->group->adjout->sink;

	if (!m->fam[f].refresh)
		return;
	adjout_due_set(m, &m->fam[f].refresh, false);
	m->fam[f].scan = (struct adjout_scan){.next = 0, .active = true};
	/* RFC 7313 4: a request that comes before EoRR starts over with another BoRR. */
	if (m->fam[f].enhanced) {
		s->mark(s->ctx, m, f, ADJOUT_BORR);
		m->fam[f].eorr = true;
	}
}

/* True: there is more to do now. */
static bool
member_drain(struct adjout_member *m, uint32_t *budget)
{
	struct adjout_group *g = m->group;
	const struct adjout_sink *s = &g->adjout->sink;
	bool all = true, more = false;

	for (int i = 0; i < FAMILY_COUNT; i++) {
		enum family f = (enum family)i;
		if (!has_room(g, m))
			return false;
		member_refresh_begin(m, f);
		if (!member_drain_family(m, f, budget, &more)) {
			all = false;
		} else if (m->fam[f].eorr) {
			m->fam[f].eorr = false;
			s->mark(s->ctx, m, f, ADJOUT_EORR);
		}
	}
	if (!all)
		return more && has_room(g, m);
	TAILQ_REMOVE(&g->detached, m, detached_entry);
	g->adjout->ndetached--;
	m->state = ADJOUT_ATTACHED;
	g->nattached++;
	for (int f = 0; f < FAMILY_COUNT; f++)
		adjout_channels_fini(&m->fam[f].due);
	s->attach(s->ctx, m);
	/* Somebody may have waited for its place, also in another group. */
	return true;
}

/* RFC 4724 2: after everything that was there or being decided when it was asked for. */
static void
member_eor(struct adjout_member *m, enum family f)
{
	struct adjout_group *g = m->group;
	const struct adjout_view *v = &g->adjout->view;
	const struct adjout_sink *s = &g->adjout->sink;

	if (!m->fam[f].eor || g->fam[f].scan.active || adjout_limit_follows(g, f))
		return;
	if (!m->fam[f].eor_marked) {
		if (!v->done(v->ctx, f, m->fam[f].mark))
			return;
		m->fam[f].eor_marked = true;
		m->fam[f].pass = g->fam[f].pass;
	}
	/* With changes all the time pending is never empty; two turns of the walk have seen every bit of
	 * then. */
	if (g->fam[f].pending.count > 0 && g->fam[f].pass - m->fam[f].pass < 2)
		return;
	adjout_flush(g);
	if (g->fam[f].pending.count > 0 && g->fam[f].pass - m->fam[f].pass < 2)
		return;
	if (!has_room(g, NULL))
		return;
	adjout_due_set(m, &m->fam[f].eor, false);
	s->mark(s->ctx, m, f, ADJOUT_EOR);
}

static bool
wants_refresh(const struct adjout_member *m)
{
	for (int f = 0; f < FAMILY_COUNT; f++)
		if (m->fam[f].refresh)
			return true;
	return false;
}

bool
adjout_members_drain(struct adjout_group *g, uint32_t budget)
{
	struct adjout_member *m;
	bool more = false;

	if (g->nattached == g->nmembers && g->ndue == 0)
		return false;
	TAILQ_FOREACH(m, &g->members, entry)
	{
		if (m->state == ADJOUT_WAITING && adjout_member_detach(m))
			for (int f = 0; f < FAMILY_COUNT; f++)
				m->fam[f].scan =
				    (struct adjout_scan){.next = 0, .active = g->families >> f & 1};
		else if (m->state == ADJOUT_ATTACHED && wants_refresh(m))
			adjout_member_detach(m);
		if (m->state == ADJOUT_DETACHED)
			more = member_drain(m, &budget) || more;
		for (int f = 0; f < FAMILY_COUNT && m->state == ADJOUT_ATTACHED; f++)
			member_eor(m, (enum family)f);
		/* The next portion begins where this one ended, so that all get their turn. */
		if (budget == 0) {
			TAILQ_REMOVE(&g->members, m, entry);
			TAILQ_INSERT_TAIL(&g->members, m, entry);
			return true;
		}
	}
	return more;
}

/* Unpins up to max ids of a set from *from on, all together. Returns how many. What has come back has nobody to tell. */
static uint32_t
reap_some(struct adjout *a, enum family f, struct bitmap *set, uint32_t *from, uint32_t max)
{
	uint32_t ids[REAP_TOGETHER], n = 0, seen = 0, id = *from;

	for (; seen < min_u32(max, REAP_TOGETHER) && (id = bitmap_next(set, id)) != BITMAP_END; seen++) {
		bitmap_clear(set, id);
		if (!adjout_pins(a, f, id))
			ids[n++] = id;
	}
	*from = id;
	if (n > 0)
		a->view.unpin(a->view.ctx, f, ids, n);
	return seen;
}

/* Unpins ids of a set until no more than keep are left. True: they are. */
static bool
reap_set(struct adjout *a, enum family f, struct bitmap *set, uint32_t keep, uint32_t *budget)
{
	uint32_t from = 0, n = 1;

	for (; n > 0 && *budget > 0 && set->count > keep; *budget -= n)
		n = reap_some(a, f, set, &from, min_u32(*budget, set->count - keep));
	return set->count <= keep;
}

bool
adjout_reap(struct adjout *a, bool idle, uint32_t budget)
{
	bool due = a->reaping && idle, done = true;

	for (int i = 0; i < FAMILY_COUNT; i++) {
		enum family f = (enum family)i;
		done = reap_set(a, f, &a->aged[f], due ? 0 : a->kept_max, &budget) && done;
		done = reap_set(a, f, &a->orphan[f], a->kept_max, &budget) && done;
	}
	if (!done)
		return true;
	if (!due)
		return false;
	for (int f = 0; f < FAMILY_COUNT; f++) {
		struct bitmap empty = a->aged[f];
		a->aged[f] = a->orphan[f];
		a->orphan[f] = empty;
	}
	a->reaping = false;
	return false;
}

void
adjout_tick(struct adjout *a)
{
	a->reaping = true;
}
