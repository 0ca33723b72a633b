/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adjout_paths: several paths of a prefix towards a group (ADD-PATH, RFC 7911).
 *
 * A path is named by the id that it is sent with, which says whose it is and which
 * of that source's paths of the prefix; it stays as long as the path does, and the
 * one that comes next may have it again. Paths of many prefixes have the same id,
 * so there is an *announced* bit for each (prefix, id), in one bitmap for each id: a
 * path that is gone leaves its bit, and with it everything that its withdrawal
 * needs. The group's announced bit of a prefix is set while any of these is.
 *
 * Pending and batch bits, and those of members, are for a prefix as a whole, but what
 * is sent for them is not all of its paths again: a group keeps which ones it still
 * *owes*, beside those that are new or gone, and a detached member which ones it is
 * *due*. Otherwise a prefix of more paths than there is room for would begin anew all
 * the time. A member that drains is told of announced paths only; others come to it
 * when the group announces them.
 */
#include "rib/adjout_part.h"

#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

/* The place of an id in the sorted array: where it is, or where it belongs. */
static uint32_t
channel_place(const struct adjout_channels *c, uint32_t path_id)
{
	uint32_t lo = 0, hi = c->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;
		if (c->v[mid].path_id < path_id)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

struct adjout_channel *
adjout_channel_find(const struct adjout_channels *c, uint32_t path_id)
{
	uint32_t i = channel_place(c, path_id);

	return i < c->n && c->v[i].path_id == path_id ? &c->v[i] : NULL;
}

static struct adjout_channel *
channel_get(struct adjout_channels *c, uint32_t path_id, uint16_t source)
{
	uint32_t i = channel_place(c, path_id);

	if (i < c->n && c->v[i].path_id == path_id)
		return &c->v[i];
	if (c->n == c->cap) {
		c->cap = c->cap != 0 ? c->cap * 2 : 8;
		c->v = xreallocarray(c->v, c->cap, sizeof *c->v);
	}
	memmove(&c->v[i + 1], &c->v[i], (c->n - i) * sizeof *c->v);
	c->v[i] = (struct adjout_channel){.path_id = path_id, .source = source};
	c->n++;
	return &c->v[i];
}

static void
channel_fini(struct adjout_channel *ch)
{
	bitmap_fini(&ch->ids);
	bitmap_fini(&ch->owed);
}

void
adjout_channels_fini(struct adjout_channels *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		channel_fini(&c->v[i]);
	free(c->v);
	*c = (struct adjout_channels){0};
}

void
adjout_channels_or(struct adjout_channels *dst, const struct adjout_channels *src)
{
	for (uint32_t i = 0; i < src->n; i++)
		if (src->v[i].ids.count > 0)
			bitmap_or(&channel_get(dst, src->v[i].path_id, src->v[i].source)->ids, &src->v[i].ids);
}

size_t
adjout_channels_bytes(const struct adjout_channels *c)
{
	size_t sum = c->cap * sizeof *c->v;

	for (uint32_t i = 0; i < c->n; i++)
		sum += bitmap_bytes(&c->v[i].ids) + bitmap_bytes(&c->v[i].owed);
	return sum;
}

uint32_t
adjout_channels_count(const struct adjout_channels *c, uint16_t but, uint32_t below)
{
	static const struct bitmap none;
	uint32_t n = 0;

	for (uint32_t i = 0; i < c->n; i++)
		if (c->v[i].source != but)
			n += below == BITMAP_END ? c->v[i].ids.count : bitmap_count_without(&c->v[i].ids, &none, below);
	return n;
}

void
adjout_paths_owe(struct adjout_group *g, enum family f, uint32_t id)
{
	const struct adjout_channels *c = &g->fam[f].channels;

	for (uint32_t i = 0; i < c->n; i++)
		if (bitmap_test(&c->v[i].ids, id))
			bitmap_set(&c->v[i].owed, id);
}

void
adjout_paths_owe_source(struct adjout_group *g, enum family f, uint16_t source)
{
	const struct adjout_channels *c = &g->fam[f].channels;

	for (uint32_t i = 0; i < c->n; i++)
		if (c->v[i].source == source)
			bitmap_or(&c->v[i].owed, &c->v[i].ids);
}

static void
withhold(struct adjout_member *m, enum family f, uint32_t id, const struct adjout_path *p, bool withheld)
{
	struct adjout_channels *c = &m->fam[f].withheld_paths;
	struct adjout_channel *ch;

	if (withheld)
		m->group->nwithheld += bitmap_set(&channel_get(c, p->path_id, p->source)->ids, id);
	else if ((ch = adjout_channel_find(c, p->path_id)) != NULL)
		m->group->nwithheld -= bitmap_clear(&ch->ids, id);
}

static void
note_withheld(struct adjout_group *g, enum family f, uint32_t id, const struct adjout_path *p, uint32_t nexthop)
{
	struct adjout_member *m;

	if (nexthop == 0 && g->nwithheld == 0)
		return;
	TAILQ_FOREACH(m, &g->members, entry)
	withhold(m, f, id, p, nexthop != 0 && nexthop == m->nexthop && p->source != m->source);
}

static void
batch_add(struct adjout_group *g, enum family f, uint32_t id, uint32_t path_id, uint32_t out, struct adjout_audience to)
{
	g->last.attr = g->last.gone = 0;
	adjout_batch_add(&g->batch, &g->adjout->view, f, id, path_id, out, to);
	bitmap_set(&g->fam[f].in_batch, id);
}

/* To all members but whose it is. had: some may have had another one with this id, and its next hop may be theirs now. */
static void
path_send(struct adjout_group *g, enum family f, uint32_t id, const struct adjout_path *p, uint32_t out, bool had)
{
	const struct adjout_view *v = &g->adjout->view;
	struct adjout_audience to = adjout_all_but(g, p->source, v->nexthop(v->ctx, g, out));

	if (adjout_batch_full(&g->batch))
		adjout_flush(g);
	note_withheld(g, f, id, p, to.nexthop);
	batch_add(g, f, id, p->path_id, out, to);
	if (had && to.nexthop != 0)
		batch_add(g, f, id, p->path_id, 0,
			  (struct adjout_audience){.who = ADJOUT_ONLY, .nexthop = to.nexthop});
}

static void
path_withdraw(struct adjout_group *g, enum family f, uint32_t id, struct adjout_channel *ch)
{
	struct adjout_path p = {.path_id = ch->path_id, .source = ch->source};

	if (adjout_batch_full(&g->batch))
		adjout_flush(g);
	bitmap_clear(&ch->ids, id);
	bitmap_clear(&ch->owed, id);
	note_withheld(g, f, id, &p, 0);
	batch_add(g, f, id, p.path_id, 0, adjout_all_but(g, p.source, 0));
}

/* What the group is to announce of a path now, in a prefix that is let in or not: a reference; 0: nothing. */
static uint32_t
group_out(struct adjout_group *g, enum family f, uint32_t id, const struct adjout_path *p, bool *held)
{
	uint32_t out = adjout_memo_out(g, f, id, p->attr, p->source);

	if (!adjout_limited(g))
		return out;
	out = adjout_limit_foreign(g, out, p->source);
	/* The first one asks for all. */
	if (out == 0 || (!*held && adjout_limit_lets(g, f, id)))
		return out;
	*held = true;
	g->adjout->view.out_unref(g->adjout->view.ctx, out);
	return 0;
}

/* All of its paths have been withdrawn, as far as they are in the batch. */
static void
prefix_left(struct adjout_group *g, enum family f, uint32_t id)
{
	if (!bitmap_test(&g->fam[f].in_batch, id))
		bitmap_clear(&g->fam[f].announced, id);
	else if (!bitmap_test(&g->fam[f].pending, id)) /* else a full batch went out in between, and not all of it */
		adjout_unannounce(g, f, id);
}

bool
adjout_paths_send(struct adjout_group *g, enum family f, uint32_t id, bool again)
{
	const struct adjout_view *v = &g->adjout->view;
	struct adjout_channels *c = &g->fam[f].channels;
	const struct adjout_path *paths;
	uint64_t stamp = ++g->adjout->stamp; /* whatever has it is what the prefix has now */
	uint32_t n;
	bool any = false, held = false;

	if (v->paths(v->ctx, f, id, adjout_paths(g, f), &paths, &n) == ADJOUT_DIRTY)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		uint32_t out = group_out(g, f, id, &paths[i], &held);
		if (out == 0)
			continue;
		any = true;
		struct adjout_channel *ch = channel_get(c, paths[i].path_id, paths[i].source);
		bool had = !bitmap_set(&ch->ids, id), owed = bitmap_clear(&ch->owed, id);
		ch->stamp = stamp;
		if (again || paths[i].changed || !had || owed)
			path_send(g, f, id, &paths[i], out, had);
		else
			v->out_unref(v->ctx, out);
	}
	if (!any && !held)
		bitmap_clear(&g->fam[f].held, id);
	if (any)
		bitmap_set(&g->fam[f].announced, id);
	else if (!bitmap_test(&g->fam[f].announced, id))
		return true;
	for (uint32_t i = 0; i < c->n; i++)
		if (c->v[i].stamp != stamp && bitmap_test(&c->v[i].ids, id))
			path_withdraw(g, f, id, &c->v[i]);
	if (!any)
		prefix_left(g, f, id);
	return true;
}

void
adjout_paths_change(struct adjout_group *g, enum family f, uint32_t id, bool again)
{
	const struct adjout_sink *s = &g->adjout->sink;

	if (!(g->families & 1u << f) || adjout_paths(g, f) == ADJOUT_PATHS_NONE)
		return;
	if (bitmap_test(&g->fam[f].in_batch, id))
		adjout_flush(g);
	if (g->fam[f].scan.active && id >= g->fam[f].scan.next)
		return;
	if (!bitmap_test(&g->fam[f].pending, id) && s->room(s->ctx, g, NULL) && adjout_paths_send(g, f, id, again))
		return;
	/* What has changed now will not look so later. */
	adjout_paths_owe(g, f, id);
	bitmap_set(&g->fam[f].pending, id);
	adjout_look_again(&g->fam[f]);
}

void
adjout_paths_undo(struct adjout_group *g, const struct adjout_run *r, const uint32_t *ids)
{
	struct adjout_channel *ch = adjout_channel_find(&g->fam[r->family].channels, r->path_id);

	for (uint32_t i = 0; i < r->n; i++) {
		bitmap_set(&ch->ids, ids[i]);
		bitmap_set(&ch->owed, ids[i]);
	}
}

void
adjout_paths_due(struct adjout_member *m, const struct adjout_run *r, const uint32_t *ids)
{
	struct adjout_channel *ch = adjout_channel_find(&m->fam[r->family].due, r->path_id);

	/* It is due paths of another group's, too, which its own has never had. */
	if (ch == NULL) {
		ch = adjout_channel_find(&m->group->fam[r->family].channels, r->path_id);
		ASSERT(ch != NULL); /* the run is of it */
		ch = channel_get(&m->fam[r->family].due, r->path_id, ch->source);
	}
	for (uint32_t i = 0; i < r->n; i++)
		bitmap_set(&ch->ids, ids[i]);
}

/* All announced paths of the prefix. */
static void
due_all(struct adjout_member *m, enum family f, uint32_t id)
{
	const struct adjout_channels *c = &m->group->fam[f].channels;

	for (uint32_t i = 0; i < c->n; i++)
		if (bitmap_test(&c->v[i].ids, id))
			bitmap_set(&channel_get(&m->fam[f].due, c->v[i].path_id, c->v[i].source)->ids, id);
}

static bool
due_take(struct adjout_member *m, enum family f, uint32_t id, uint32_t path_id)
{
	struct adjout_channel *ch = adjout_channel_find(&m->fam[f].due, path_id);

	return ch != NULL && bitmap_clear(&ch->ids, id);
}

static void
member_add(struct adjout_member *m, enum family f, uint32_t id, uint32_t path_id, uint32_t out)
{
	struct adjout *a = m->group->adjout;

	if (adjout_batch_full(&a->scratch))
		adjout_member_flush(m);
	adjout_batch_add(&a->scratch, &a->view, f, id, path_id, out, (struct adjout_audience){.who = ADJOUT_ALL});
}

/* What the member is to have of an announced path, as a reference; 0: nothing. */
static uint32_t
member_out(struct adjout_member *m, enum family f, uint32_t id, const struct adjout_path *p)
{
	struct adjout_group *g = m->group;
	const struct adjout_view *v = &g->adjout->view;
	const struct adjout_channel *ch = adjout_channel_find(&g->fam[f].channels, p->path_id);

	if (ch == NULL || !bitmap_test(&ch->ids, id))
		return 0;
	uint32_t out = adjout_memo_out(g, f, id, p->attr, p->source);
	if (out == 0)
		return 0;
	bool withheld = !adjout_is_for(adjout_all_but(g, p->source, v->nexthop(v->ctx, g, out)), m);
	withhold(m, f, id, p, withheld && p->source != m->source);
	if (withheld)
		v->out_unref(v->ctx, out);
	return withheld ? 0 : out;
}

bool
adjout_paths_drain(struct adjout_member *m, enum family f, uint32_t id, bool all)
{
	struct adjout_group *g = m->group;
	const struct adjout_view *v = &g->adjout->view;
	const struct adjout_channels *due = &m->fam[f].due;
	const struct adjout_path *paths;
	uint32_t n;

	if (v->paths(v->ctx, f, id, adjout_paths(g, f), &paths, &n) == ADJOUT_DIRTY) {
		if (all)
			due_all(m, f, id);
		return false;
	}
	for (uint32_t i = 0; i < n; i++) {
		bool is_due = due_take(m, f, id, paths[i].path_id);
		uint32_t out = all || is_due ? member_out(m, f, id, &paths[i]) : 0;
		if (out != 0 || (is_due && paths[i].source != m->source))
			member_add(m, f, id, paths[i].path_id, out);
	}
	/* What is undone meanwhile may move them: one is then seen twice. */
	for (uint32_t i = 0; i < due->n; i++) {
		struct adjout_channel ch = due->v[i];
		if (due_take(m, f, id, ch.path_id) && ch.source != m->source)
			member_add(m, f, id, ch.path_id, 0);
	}
	return true;
}
