/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adjout: see adjout.h. Groups, their members, and what a change of a best path
 * means for them; the batch, the memo and the drains are in files of their own.
 *
 * A prefix of a group is in one of four states: settled (what was sent is the
 * export of the reported best path), in the batch, pending, or still ahead of the
 * group's scan. A change of a prefix that is pending or ahead needs nothing: the
 * drain will send what is current then.
 */
#include "rib/adjout_part.h"

#include "lib/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define FORGET_AT_ONCE 256 /* a batch of so many is forgotten as a whole: pages of bits, not bits */

void
adjout_init(struct adjout *a, const struct adjout_view *view, const struct adjout_sink *sink)
{
	*a = (struct adjout){.view = *view, .sink = *sink, .detached_max = ADJOUT_DETACHED_MAX, .kept_max = ADJOUT_KEPT};
	TAILQ_INIT(&a->groups);
}

void
adjout_fini(struct adjout *a)
{
	ASSERT(TAILQ_EMPTY(&a->groups));
	adjout_batch_fini(&a->scratch, &a->view);
	for (int f = 0; f < FAMILY_COUNT; f++) {
		bitmap_fini(&a->orphan[f]);
		bitmap_fini(&a->aged[f]);
	}
}

static void
scan_all(struct adjout_group *g)
{
	for (int f = 0; f < FAMILY_COUNT; f++)
		if (g->families & 1u << f)
			g->fam[f].scan = (struct adjout_scan){.next = 0, .active = true};
}

void
adjout_group_open(struct adjout *a, struct adjout_group *g, const struct adjout_key *key, bool memoize)
{
	*g = (struct adjout_group){
	    .adjout = a, .key = *key, .owner = g->owner, .families = key->families, .memoize = memoize};
	TAILQ_INIT(&g->members);
	TAILQ_INIT(&g->detached);
	TAILQ_INSERT_TAIL(&a->groups, g, entry);
	for (int f = 0; f < FAMILY_COUNT; f++)
		g->fam[f].limit = UINT32_MAX;
	scan_all(g);
}

void
adjout_group_close(struct adjout_group *g)
{
	struct adjout *a = g->adjout;

	ASSERT(g->nmembers == 0);
	adjout_limit_drop(g);
	for (int f = 0; f < FAMILY_COUNT; f++) {
		struct bitmap *maps[] = {&g->fam[f].announced, &g->fam[f].pending, &g->fam[f].in_batch};
		for (size_t i = 0; i < ARRAY_LEN(maps); i++) {
			bitmap_or(&a->orphan[f], maps[i]);
			bitmap_fini(maps[i]);
		}
		bitmap_fini(&g->fam[f].leaving); /* they are in the batch */
		adjout_channels_fini(&g->fam[f].channels);
	}
	adjout_batch_fini(&g->batch, &a->view);
	adjout_memo_clear(g);
	bitmap_fini(&g->sources);
	bitmap_fini(&g->nexthops);
	TAILQ_REMOVE(&a->groups, g, entry);
}

bool
adjout_is_for(struct adjout_audience to, const struct adjout_member *m)
{
	bool named =
	    (to.source != 0 && to.source == m->source) || (to.nexthop != 0 && to.nexthop == m->nexthop);
	return to.who == ADJOUT_ALL || named == (to.who == ADJOUT_ONLY);
}

struct adjout_audience
adjout_all_but(const struct adjout_group *g, uint16_t source, uint32_t nexthop)
{
	struct adjout_audience to = {.who = ADJOUT_ALL};

	/* Naming only who is there keeps routes of strangers with the same attributes in one run. */
	if (source != 0 && bitmap_test(&g->sources, source))
		to.source = source;
	if (nexthop != 0 && bitmap_test(&g->nexthops, nexthop))
		to.nexthop = nexthop;
	if (to.source != 0 || to.nexthop != 0)
		to.who = ADJOUT_ALL_BUT;
	return to;
}

static uint32_t
nexthop_of(struct adjout_group *g, uint32_t out)
{
	const struct adjout_view *v = &g->adjout->view;
	return out != 0 ? v->nexthop(v->ctx, g, out) : 0;
}

void
adjout_withhold(struct adjout_member *m, enum family f, uint32_t id, bool withheld)
{
	struct bitmap *b = &m->fam[f].withheld;

	if (withheld)
		m->group->nwithheld += bitmap_set(b, id);
	else if (b->count > 0)
		m->group->nwithheld -= bitmap_clear(b, id);
}

/* Rare, since a next hop is seldom a neighbour's other than the one who announced it. */
static void
note_withheld(struct adjout_group *g, enum family f, uint32_t id, struct adjout_audience to, uint16_t source)
{
	struct adjout_member *m;

	if (to.nexthop == 0 && g->nwithheld == 0)
		return;
	TAILQ_FOREACH(m, &g->members, entry)
	adjout_withhold(m, f, id, to.nexthop != 0 && to.nexthop == m->nexthop && source != m->source);
}

void
adjout_send(struct adjout_group *g, enum family f, uint32_t id, uint32_t out, uint16_t source)
{
	struct adjout_audience to = adjout_all_but(g, source, nexthop_of(g, out));

	g->last.attr = 0;
	g->last.gone = out == 0 ? source : 0;
	note_withheld(g, f, id, to, source);
	adjout_batch_add(&g->batch, &g->adjout->view, f, id, 0, out, to);
	bitmap_set(&g->fam[f].in_batch, id);
	if (out == 0) {
		adjout_unannounce(g, f, id);
		return;
	}
	/* Split horizon: whoever is left out now may have had another path. */
	if (!bitmap_set(&g->fam[f].announced, id) && to.who == ADJOUT_ALL_BUT) {
		to.who = ADJOUT_ONLY;
		adjout_batch_add(&g->batch, &g->adjout->view, f, id, 0, 0, to);
	}
}

static bool
audience_eq(struct adjout_audience a, struct adjout_audience b)
{
	return a.who == b.who && a.source == b.source && a.nexthop == b.nexthop;
}

/* Do all members already have this (the prefix being settled and announced)? */
static bool
same_as_sent(struct adjout_group *g, enum family f, uint32_t id, uint32_t old_attr, uint16_t old_source,
	     uint32_t out, uint16_t source)
{
	/* Without the memo the policy may read what has changed since: the old output cannot be computed. */
	if (!g->memoize || old_attr == 0 || out == 0)
		return false;
	uint32_t old_out = adjout_memo_out(g, f, id, old_attr, old_source);
	bool same = old_out == out && audience_eq(adjout_all_but(g, old_source, nexthop_of(g, old_out)),
						  adjout_all_but(g, source, nexthop_of(g, out)));
	if (old_out != 0)
		g->adjout->view.out_unref(g->adjout->view.ctx, old_out);
	return same;
}

/*
 * Neighbours send a dozen new prefixes with the same attributes one after the other. For all but the first of them the
 * output is known and the run open: that is a twentieth of what a full table costs from one neighbour to another.
 */
static bool
repeats_last(const struct adjout_group *g, enum family f, uint32_t attr, uint16_t source)
{
	return attr != 0 && g->last.attr == attr && g->last.source == source && g->last.family == f;
}

static bool
run_is_open(const struct adjout_group *g)
{
	return g->last.sent && g->batch.n > 0 && g->nwithheld == 0;
}

/* Would the withdrawal of a prefix that this source had go into the last run? */
static bool
withdraws_again(const struct adjout_group *g, enum family f, uint16_t source)
{
	return g->batch.n > 0 && g->last.gone == source && source != 0 &&
	       g->batch.runs[g->batch.nruns - 1].family == f && g->nwithheld == 0 && !adjout_limited(g);
}

/* A prefix that nobody had has just been added to the batch with the output of this path, or it has none. */
static void
note_last(struct adjout_group *g, enum family f, uint32_t attr, uint16_t source, bool sent)
{
	if (!g->memoize || adjout_limited(g) || (sent && g->batch.runs[g->batch.nruns - 1].nexthop != 0))
		return;
	g->last.attr = attr;
	g->last.source = source;
	g->last.family = (uint8_t)f;
	g->last.sent = sent;
}

/* Works out what the group sends of a prefix that waits for nothing. True: it is new, and sent. */
static bool
change_send(struct adjout_group *g, const struct adjout_news *n, bool announced)
{
	enum family f = n->family;
	uint32_t out = adjout_out(g, f, n->id, n->new_attr, n->new_source);

	if (out == 0) {
		if (announced)
			adjout_send(g, f, n->id, 0, n->old_source);
		else if (n->new_attr != 0)
			note_last(g, f, n->new_attr, n->new_source, false);
		return announced;
	}
	if (announced && same_as_sent(g, f, n->id, n->old_attr, n->old_source, out, n->new_source)) {
		g->adjout->view.out_unref(g->adjout->view.ctx, out);
		return false;
	}
	adjout_send(g, f, n->id, out, n->new_source);
	if (!announced)
		note_last(g, f, n->new_attr, n->new_source, true);
	return true;
}

/* Is there room for a first emission? Nothing else comes before the batch is flushed, which looks again. */
static bool
batch_may_begin(struct adjout_group *g)
{
	const struct adjout_sink *s = &g->adjout->sink;

	return g->batch.n > 0 || s->room(s->ctx, g, NULL);
}

/*
 * Most changes of a slice are alike: withdrawals of one source's, or new prefixes with the attributes of the one before.
 * Such a one needs no more than its bits and its place in the run that is open. False: it is not so simple, and nothing
 * is done.
 */
static inline bool
change_alike(struct adjout_group *g, struct adjout_family *fam, const struct adjout_news *n)
{
	enum family f = n->family;

	if (fam->scan.active || adjout_batch_full(&g->batch) || (fam->pending.count > 0 && bitmap_test(&fam->pending, n->id)))
		return false;
	if (n->new_attr == 0) {
		if (!withdraws_again(g, f, n->old_source) || !bitmap_clear(&fam->announced, n->id))
			return false;
		if (!bitmap_set(&fam->in_batch, n->id)) {
			bitmap_set(&fam->announced, n->id);
			return false;
		}
	} else {
		if (!repeats_last(g, f, n->new_attr, n->new_source) || !run_is_open(g) || n->new_source == g->only ||
		    (g->key.defaults >> f & 1) != 0 || !bitmap_set(&fam->announced, n->id))
			return false;
		if (!bitmap_set(&fam->in_batch, n->id)) {
			bitmap_clear(&fam->announced, n->id);
			return false;
		}
	}
	adjout_batch_again(&g->batch, n->id);
	return true;
}

/* A group of one member has announced nothing of a family, mostly, if the routes are that member's; and nothing will be. */
static inline bool
nobody_has(struct adjout_group *g, const struct adjout_family *fam, const struct adjout_news *n)
{
	if (fam->announced.count > 0 || adjout_limited(g))
		return false;
	if (n->new_attr != 0 && n->new_source != g->only)
		return false;
	if (n->new_source != 0)
		g->passed_by = n->new_source;
	return true;
}

static bool
change_one(struct adjout_group *g, const struct adjout_news *n)
{
	enum family f = n->family;
	struct adjout_family *fam = &g->fam[f];
	uint32_t id = n->id;

	/* Mostly there are none where the only member is the one whose routes these are. */
	bool announced = fam->announced.count > 0 && bitmap_test(&fam->announced, id);
	if (!announced && n->new_source == g->only && n->new_source != 0 && !adjout_limited(g)) {
		g->passed_by = n->new_source;
		return false;
	}
	/* Else others with its attributes would be taken for not sent, too. */
	if (!announced && adjout_is_default(g, f, id))
		return false;
	/* Whatever waits for this prefix, nobody has it and nobody will. */
	bool repeats = !announced && repeats_last(g, f, n->new_attr, n->new_source);
	if ((repeats && !g->last.sent) || (!announced && n->new_attr == 0 && !adjout_limited(g)))
		return false;
	if (bitmap_test(&fam->in_batch, id) || adjout_batch_full(&g->batch)) {
		adjout_flush(g);
		/* With a limit it was so until its withdrawal was out. */
		announced = bitmap_test(&fam->announced, id);
	}
	if (fam->scan.active && id >= fam->scan.next)
		return false;
	if (bitmap_test(&fam->pending, id))
		return true;
	if (!batch_may_begin(g)) {
		bitmap_set(&fam->pending, id);
		adjout_look_again(fam);
		return true;
	}
	return change_send(g, n, announced);
}

void
adjout_change(struct adjout_group *g, struct adjout_news *news, unsigned n)
{
	/* Of these families the best path is what counts. */
	unsigned best = g->families & ~adjout_families_of_paths(g);

	for (struct adjout_news *i = news; i < news + n; i++) {
		if (!(best >> i->family & 1))
			continue;
		if (nobody_has(g, &g->fam[i->family], i))
			continue;
		if (change_alike(g, &g->fam[i->family], i) || change_one(g, i))
			i->waits = true;
	}
}

static void
not_in_batch(struct adjout_group *g, const struct adjout_run *r, const uint32_t *ids)
{
	struct bitmap *in_batch = &g->fam[r->family].in_batch;

	for (uint32_t i = 0; in_batch->count > 0 && i < r->n; i++)
		bitmap_clear(in_batch, ids[i]);
}

static void
change_sent(struct adjout_group *g, struct adjout_member *none, const struct adjout_run *r, const uint32_t *ids)
{
	struct adjout_audience to = {.nexthop = r->nexthop, .source = r->source, .who = r->who};
	struct adjout_member *m;

	(void)none;
	not_in_batch(g, r, ids);
	TAILQ_FOREACH(m, &g->detached, detached_entry)
	{
		if (!adjout_is_for(to, m))
			continue;
		for (uint32_t i = 0; i < r->n; i++)
			bitmap_set(&m->fam[r->family].bits, ids[i]);
		if (r->path_id != 0)
			adjout_paths_due(m, r, ids);
	}
	if (r->out != 0)
		return;
	adjout_limit_left(g, r, ids, true);
	for (uint32_t i = 0; i < r->n; i++)
		bitmap_set(&g->adjout->orphan[r->family], ids[i]);
}

static void
change_undo(struct adjout_group *g, struct adjout_member *none, const struct adjout_run *r, const uint32_t *ids)
{
	(void)none;
	not_in_batch(g, r, ids);
	for (uint32_t i = 0; i < r->n; i++) {
		bitmap_set(&g->fam[r->family].pending, ids[i]);
		bitmap_set(&g->fam[r->family].announced, ids[i]);
	}
	adjout_limit_left(g, r, ids, false);
	if (r->path_id != 0)
		adjout_paths_undo(g, r, ids);
	g->fam[r->family].undone = true;
	adjout_look_again(&g->fam[r->family]);
}

void
adjout_flush(struct adjout_group *g)
{
	static const struct adjout_batch_ops ops = {.sent = change_sent, .undo = change_undo};

	if (g->batch.n == 0)
		return;
	/* Nobody asks what is in a batch while it goes; of many, one by one would be a tenth of all that is done for them here. */
	for (int f = 0; g->batch.n >= FORGET_AT_ONCE && f < FAMILY_COUNT; f++)
		bitmap_fini(&g->fam[f].in_batch);
	adjout_batch_flush(&g->batch, g, NULL, &ops);
}

void
adjout_group_refilter(struct adjout_group *g, const struct adjout_key *key, bool memoize)
{
	ASSERT(key == NULL || g->batch.n == 0);
	adjout_flush(g);
	if (key != NULL)
		g->key = *key;
	if (!adjout_limited(g))
		adjout_limit_drop(g);
	adjout_memo_clear(g);
	g->memoize = memoize;
	scan_all(g);
}

void
adjout_forget(struct adjout *a)
{
	struct adjout_group *g;

	TAILQ_FOREACH(g, &a->groups, entry)
	adjout_memo_clear(g);
}

void
adjout_source_changed(struct adjout *a, uint16_t source, const struct bitmap best[FAMILY_COUNT],
		      const struct bitmap any[FAMILY_COUNT])
{
	struct adjout_group *g;

	TAILQ_FOREACH(g, &a->groups, entry)
	{
		adjout_flush(g);
		adjout_memo_forget(g, source);
		for (int f = 0; f < FAMILY_COUNT; f++) {
			if (!(g->families & 1u << f))
				continue;
			bool paths = adjout_paths(g, (enum family)f) != ADJOUT_PATHS_NONE;
			bitmap_or(&g->fam[f].pending, paths ? &any[f] : &best[f]);
			adjout_look_again(&g->fam[f]);
			if (paths)
				adjout_paths_owe_source(g, (enum family)f, source);
		}
	}
}

void
adjout_due_set(struct adjout_member *m, bool *flag, bool due)
{
	m->group->ndue += (uint32_t)due - (uint32_t)*flag;
	*flag = due;
}

static uint32_t
due_count(const struct adjout_member *m)
{
	uint32_t n = 0;

	for (int f = 0; f < FAMILY_COUNT; f++)
		n += (uint32_t)m->fam[f].refresh + (uint32_t)m->fam[f].eor;
	return n;
}

static void
only_note(struct adjout_group *g)
{
	g->only = g->nmembers == 1 ? TAILQ_FIRST(&g->members)->source : 0;
}

static void
group_insert(struct adjout_group *g, struct adjout_member *m)
{
	/* What is in the batch was addressed without knowing this member. */
	adjout_flush(g);
	/* They know nothing of what it was alone for. */
	if (g->passed_by != 0 && (g->nmembers > 0 || g->passed_by != m->source)) {
		scan_all(g);
		g->passed_by = 0;
	}
	m->group = g;
	TAILQ_INSERT_TAIL(&g->members, m, entry);
	g->nmembers++;
	only_note(g);
	g->ndue += due_count(m);
	bitmap_set(&g->sources, m->source);
	if (m->nexthop != 0)
		bitmap_set(&g->nexthops, m->nexthop);
}

static void
group_remove(struct adjout_group *g, struct adjout_member *m)
{
	struct adjout_member *o;
	bool shared = false;

	TAILQ_REMOVE(&g->members, m, entry);
	g->nmembers--;
	only_note(g);
	g->ndue -= due_count(m);
	for (int f = 0; f < FAMILY_COUNT; f++) {
		g->nwithheld -= m->fam[f].withheld.count;
		g->nwithheld -= adjout_channels_count(&m->fam[f].withheld_paths, 0, BITMAP_END);
		bitmap_fini(&m->fam[f].withheld);
		adjout_channels_fini(&m->fam[f].withheld_paths);
	}
	bitmap_clear(&g->sources, m->source);
	/* Neighbours on several ports of one address share its next hop. */
	TAILQ_FOREACH(o, &g->members, entry)
	shared = shared || o->nexthop == m->nexthop;
	if (m->nexthop != 0 && !shared)
		bitmap_clear(&g->nexthops, m->nexthop);
}

void
adjout_member_join(struct adjout_group *g, struct adjout_member *m)
{
	ASSERT(m->source != 0);
	memset(m->fam, 0, sizeof m->fam);
	group_insert(g, m);
	m->state = ADJOUT_WAITING;
	for (int f = 0; f < FAMILY_COUNT; f++)
		if (g->fam[f].announced.count > 0)
			return;
	/* Nothing was announced yet: the stream is all there is. */
	m->state = ADJOUT_ATTACHED;
	g->nattached++;
	g->adjout->sink.attach(g->adjout->sink.ctx, m);
}

/* Out of the stream or of the list of detached ones. */
static void
member_unhook(struct adjout_member *m)
{
	struct adjout_group *g = m->group;

	if (m->state == ADJOUT_ATTACHED) {
		g->nattached--;
		g->adjout->sink.detach(g->adjout->sink.ctx, m);
	} else if (m->state == ADJOUT_DETACHED) {
		TAILQ_REMOVE(&g->detached, m, detached_entry);
		g->adjout->ndetached--;
	}
	m->state = ADJOUT_NEW;
}

bool
adjout_member_detach(struct adjout_member *m)
{
	struct adjout *a = m->group->adjout;

	if (m->state == ADJOUT_DETACHED)
		return true;
	if (!adjout_place_free(a))
		return false;
	member_unhook(m);
	m->state = ADJOUT_DETACHED;
	TAILQ_INSERT_TAIL(&m->group->detached, m, detached_entry);
	a->ndetached++;
	return true;
}

void
adjout_member_leave(struct adjout_member *m)
{
	struct adjout_group *g = m->group;

	member_unhook(m);
	for (int f = 0; f < FAMILY_COUNT; f++) {
		bitmap_or(&g->adjout->orphan[f], &m->fam[f].bits);
		bitmap_fini(&m->fam[f].bits);
		adjout_channels_fini(&m->fam[f].due);
	}
	group_remove(g, m);
	m->group = NULL;
}

int
adjout_member_move(struct adjout_member *m, struct adjout_group *to)
{
	struct adjout_group *g = m->group;

	if (m->state != ADJOUT_WAITING) {
		/* A withdrawal in the batch has no announced bit any more; what is in the other one is for those who are there. */
		adjout_flush(g);
		adjout_flush(to);
		if (!adjout_member_detach(m))
			return -EAGAIN;
		for (int f = 0; f < FAMILY_COUNT; f++) {
			bitmap_or(&m->fam[f].bits, &g->fam[f].announced);
			bitmap_or(&m->fam[f].bits, &to->fam[f].announced);
			adjout_channels_or(&m->fam[f].due, &g->fam[f].channels);
			adjout_channels_or(&m->fam[f].due, &to->fam[f].channels);
			if (adjout_limited(to)) {
				/* Of what it has it keeps what it may. */
				bitmap_or(&to->fam[f].announced, &g->fam[f].announced);
				adjout_channels_or(&to->fam[f].channels, &g->fam[f].channels);
			}
			m->fam[f].eor_marked = false;
			m->fam[f].scan.active = false;
		}
		TAILQ_REMOVE(&g->detached, m, detached_entry);
		TAILQ_INSERT_TAIL(&to->detached, m, detached_entry);
	}
	group_remove(g, m);
	group_insert(to, m);
	return 0;
}

int
adjout_member_slow(struct adjout_member *m)
{
	return m->state == ADJOUT_WAITING || adjout_member_detach(m) ? 0 : -EAGAIN;
}

void
adjout_member_refresh(struct adjout_member *m, enum family f, bool enhanced)
{
	adjout_due_set(m, &m->fam[f].refresh, true);
	m->fam[f].enhanced = enhanced;
}

void
adjout_member_eor(struct adjout_member *m, enum family f)
{
	const struct adjout_view *v = &m->group->adjout->view;

	adjout_due_set(m, &m->fam[f].eor, true);
	m->fam[f].eor_marked = false;
	m->fam[f].mark = v->mark(v->ctx, f);
}

bool
adjout_pins(const struct adjout *a, enum family f, uint32_t id)
{
	const struct adjout_group *g;
	const struct adjout_member *m;

	TAILQ_FOREACH(g, &a->groups, entry)
	{
		/* Asked of what has just been withdrawn, mostly. */
		if (bitmap_test(&g->fam[f].in_batch, id) || bitmap_test(&g->fam[f].announced, id) ||
		    bitmap_test(&g->fam[f].pending, id) || bitmap_test(&g->fam[f].held, id))
			return true;
		TAILQ_FOREACH(m, &g->detached, detached_entry)
		if (bitmap_test(&m->fam[f].bits, id))
			return true;
	}
	return bitmap_test(&a->orphan[f], id) || bitmap_test(&a->aged[f], id);
}

bool
adjout_group_idle(const struct adjout_group *g)
{
	/* Asked with every write of a member: nothing here may look at all members. */
	if (g->batch.n > 0 || g->nattached != g->nmembers || g->ndue > 0)
		return false;
	for (int f = 0; f < FAMILY_COUNT; f++)
		if (g->fam[f].scan.active || g->fam[f].pending.count > 0 || adjout_limit_over(g, (enum family)f) ||
		    adjout_limit_follows(g, (enum family)f))
			return false;
	return true;
}

size_t
adjout_group_bytes(const struct adjout_group *g)
{
	size_t sum = sizeof *g + g->batch.cap * 2 * sizeof *g->batch.ids +
		     g->batch.runs_cap * (sizeof *g->batch.runs + sizeof *g->batch.order) + (g->memo != NULL ? ADJOUT_MEMO_SIZE * sizeof *g->memo : 0);
	const struct adjout_member *m;

	for (int f = 0; f < FAMILY_COUNT; f++) {
		sum += bitmap_bytes(&g->fam[f].announced) + bitmap_bytes(&g->fam[f].pending) +
		       bitmap_bytes(&g->fam[f].in_batch) + bitmap_bytes(&g->fam[f].held) +
		       bitmap_bytes(&g->fam[f].leaving) + adjout_channels_bytes(&g->fam[f].channels);
		TAILQ_FOREACH(m, &g->detached, detached_entry)
		sum += bitmap_bytes(&m->fam[f].bits) + adjout_channels_bytes(&m->fam[f].due);
	}
	return sum;
}
