/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group: see group.h. Here are the ring, the encoding of emissions into it and
 * the coming and going of members; group_read.c is what a member pulls.
 *
 * The newest chunk of the ring stays open, so that small emissions gather in it,
 * until a reader reaches it or one attaches or detaches behind it.
 */
#include "bgpd/group.h"
#include "bgpd/group_part.h"

#include "lib/mem.h"

#include <errno.h>
#include <stdlib.h>

#define RING_FIRST  16
#define WAKE_CHUNKS 16u /* see group_list_flush */

static struct group *
group_of(struct adjout_group *out)
{
	return container_of(out, struct group, out);
}

static struct group_member *
member_of(struct adjout_member *out)
{
	return container_of(out, struct group_member, out);
}

struct chunk *
group_chunk(const struct group *g, uint64_t no)
{
	return g->ring[no & (g->ring_cap - 1)];
}

void
group_chunk_seal(struct group *g, struct chunk *c)
{
	size_t before = chunk_bytes(c);

	chunk_seal(c);
	g->ring_octets -= before - chunk_bytes(c);
}

void
group_trim(struct group *g)
{
	while (g->tail < g->head && group_chunk(g, g->tail)->waiting == 0) {
		struct chunk *c = group_chunk(g, g->tail++);
		g->ring_octets -= chunk_bytes(c);
		chunk_unref(c);
	}
}

void
group_starve(struct group_member *m)
{
	struct group_list *l = m->group->list;

	if (m->starved)
		return;
	m->starved = true;
	l->nstarved++;
	l->ops.starved(l->ops.ctx);
}

static bool
ring_grow(struct group *g)
{
	uint32_t cap = g->ring_cap == 0 ? RING_FIRST : g->ring_cap * 2;
	struct chunk **ring = try_alloc(cap * sizeof *ring);

	if (ring == NULL)
		return false;
	for (uint64_t no = g->tail; no < g->head; no++)
		ring[no & (cap - 1)] = group_chunk(g, no);
	free(g->ring);
	g->ring = ring;
	g->ring_cap = cap;
	return true;
}

/* The chunk of the stream that takes a message of len octets; NULL: no memory for one more. */
static struct chunk *
stream_chunk(struct group *g, size_t len)
{
	if (g->head > g->tail) {
		struct chunk *last = group_chunk(g, g->head - 1);
		if (!last->sealed && chunk_fits(last, len))
			return last;
		group_chunk_seal(g, last);
	}
	if (g->head - g->tail == g->ring_cap && !ring_grow(g))
		return NULL;
	struct chunk *c = chunk_new(&g->list->chunks, &g->self);
	c->waiting = g->readers;
	g->ring[g->head++ & (g->ring_cap - 1)] = c;
	g->ring_octets += chunk_bytes(c);
	g->chunks++;
	return c;
}

void
group_own_push(struct group_member *m, struct chunk *c, struct group_pos pos)
{
	struct group_own *o = xmalloc(sizeof *o);

	*o = (struct group_own){.chunk = c, .pos = pos};
	STAILQ_INSERT_TAIL(&m->own, o, entry);
	m->own_octets += chunk_bytes(c);
}

static struct chunk *
own_chunk(struct group_member *m, size_t len)
{
	struct group_own *last = STAILQ_LAST(&m->own, group_own, entry);

	if (last != NULL && !last->chunk->sealed && chunk_fits(last->chunk, len))
		return last->chunk;
	if (last != NULL)
		group_own_seal(m, last->chunk);
	struct chunk *c = chunk_new(&m->group->list->chunks, &m->self);
	group_own_push(m, c, (struct group_pos){0});
	return c;
}

void
group_own_seal(struct group_member *m, struct chunk *c)
{
	size_t before = chunk_bytes(c);

	chunk_seal(c);
	m->own_octets -= before - chunk_bytes(c);
}

/* All that the message was for, and some of a stream whom it was not for: what was for whom is known no more. */
static void
starve(struct group_out *to)
{
	struct adjout_member *m;

	if (to->member != NULL) {
		group_starve(to->member);
		return;
	}
	TAILQ_FOREACH(m, &to->group->out.members, entry)
	if (member_of(m)->attached)
		group_starve(member_of(m));
}

void
group_put(struct group_out *to, const uint8_t *msg, size_t len, size_t nexthop_off, size_t nexthop_len)
{
	struct chunk *c = to->member != NULL ? own_chunk(to->member, len) : stream_chunk(to->group, len);
	size_t *octets = to->member != NULL ? &to->member->own_octets : &to->group->ring_octets;

	if (c == NULL) {
		starve(to);
		return;
	}
	size_t before = chunk_bytes(c);
	bool added = chunk_add(c, msg, len, to->who, nexthop_off, nexthop_len);
	*octets += chunk_bytes(c) - before;
	if (!added)
		starve(to);
	else if (to->member == NULL)
		to->group->octets += len;
}

static void
wake_member(struct group_member *m)
{
	const struct group_ops *ops = &m->group->list->ops;

	if (m->awake)
		return;
	m->awake = true;
	ops->wake(ops->ctx, m);
}

/* Is so little new in the stream that members had better wait for what follows at once? */
static bool
too_little(const struct group *g)
{
	uint32_t chunks = g->readers < WAKE_CHUNKS ? g->readers : WAKE_CHUNKS;

	return g->list->more && g->octets - g->woken_octets < (uint64_t)chunks * CHUNK_MAX;
}

/* Those that have run dry are told that there is something in the stream. */
static void
wake_group(struct group *g)
{
	struct adjout_member *m;

	if (!g->wake || too_little(g))
		return;
	g->wake = false;
	g->woken_octets = g->octets;
	TAILQ_FOREACH(m, &g->out.members, entry)
	if (member_of(m)->attached)
		wake_member(member_of(m));
}

bool
group_out_discards(const struct group_out *to)
{
	return to->discards;
}

/*
 * RFC 8654 4: those that cannot take a longer message get the route without what it can do without, and if that does
 * not help either they lose it.
 */
static void
emit_short(struct group_out *to, enum family f, uint32_t path_id, uint32_t attr, const uint32_t *ids, uint32_t n)
{
	const struct group_ops *ops = &to->group->list->ops;

	to->discards = true;
	if (ops->encode(ops->ctx, to->group, f, path_id, attr, ids, n, GROUP_MSG_MAX, to) == 0)
		return;
	ops->encode(ops->ctx, to->group, f, path_id, 0, ids, n, GROUP_MSG_MAX, to);
	ops->too_long(ops->ctx, to->group, to->member, f, ids, n);
}

static void
emit(void *ctx, struct adjout_group *out, struct adjout_member *om, enum family f, uint32_t path_id, uint32_t attr,
     struct adjout_audience aud, const uint32_t *ids, uint32_t n)
{
	struct group_list *l = ctx;
	struct group *g = group_of(out);
	struct group_member *m = om != NULL ? member_of(om) : NULL;
	struct group_out to = {.group = g, .member = m, .who = {.to = aud, .size_class = CHUNK_ANY}};
	bool extended = m != NULL ? m->extended : g->extended > 0;

	if (m == NULL && g->readers == 0)
		return;
	if (l->ops.encode(l->ops.ctx, g, f, path_id, attr, ids, n, GROUP_MSG_MAX, &to) == -EMSGSIZE) {
		ASSERT(attr != 0);
		to.who.size_class = CHUNK_EXTENDED;
		if (!extended || l->ops.encode(l->ops.ctx, g, f, path_id, attr, ids, n, GROUP_MSG_MAX_EXT, &to) != 0)
			to.who.size_class = CHUNK_ANY;
		bool all = to.who.size_class == CHUNK_EXTENDED && (m != NULL || g->extended == out->nmembers);
		if (!all) {
			if (to.who.size_class == CHUNK_EXTENDED)
				to.who.size_class = CHUNK_PLAIN;
			emit_short(&to, f, path_id, attr, ids, n);
		}
	}
	if (m != NULL)
		wake_member(m);
	else
		g->wake = true;
}

static void
mark(void *ctx, struct adjout_member *om, enum family f, enum adjout_mark what)
{
	struct group_list *l = ctx;
	struct group_member *m = member_of(om);
	struct group_out to = {.group = m->group, .member = m->attached ? NULL : m};

	if (m->attached)
		to.who.to = (struct adjout_audience){.who = ADJOUT_ONLY, .source = om->source};
	l->ops.mark(l->ops.ctx, m->group, f, what, &to);
	wake_member(m);
}

static bool
room(void *ctx, struct adjout_group *out, struct adjout_member *om)
{
	const struct group_list *l = ctx;

	return om != NULL ? member_of(om)->own_octets < l->private_max
			  : group_of(out)->ring_octets < l->ring_max;
}

static void
attach(void *ctx, struct adjout_member *om)
{
	struct group_member *m = member_of(om);
	struct group *g = m->group;

	(void)ctx;
	/* What is in the open chunk was not meant for it. */
	if (g->head > g->tail)
		group_chunk_seal(g, group_chunk(g, g->head - 1));
	m->attached = true;
	m->cursor = g->head;
	m->pos = (struct group_pos){0};
	m->lagging = false;
	g->readers++;
}

/* Keeps what it has not sent of the stream; the ring bounds how much that is. */
static void
detach(void *ctx, struct adjout_member *om)
{
	struct group_member *m = member_of(om);
	struct group *g = m->group;
	struct group_own *last = STAILQ_LAST(&m->own, group_own, entry);

	(void)ctx;
	if (last != NULL)
		group_own_seal(m, last->chunk);
	for (; m->cursor < g->head; m->cursor++) {
		struct chunk *c = group_chunk(g, m->cursor);
		group_chunk_seal(g, c);
		group_own_push(m, chunk_ref(c), m->pos);
		m->pos = (struct group_pos){0};
		c->waiting--;
	}
	m->attached = false;
	g->readers--;
	group_trim(g);
	/* Of what came into the stream since the last flush it has not been told. */
	if (!STAILQ_EMPTY(&m->own))
		wake_member(m);
}

void
group_list_init(struct group_list *l, const struct adjout_view *view, const struct group_ops *ops)
{
	const struct adjout_sink sink = {
	    .ctx = l, .emit = emit, .mark = mark, .room = room, .attach = attach, .detach = detach};

	*l = (struct group_list){
	    .ops = *ops, .ring_max = GROUP_RING_OCTETS, .private_max = GROUP_PRIVATE_OCTETS};
	adjout_init(&l->adjout, view, &sink);
}

void
group_list_fini(struct group_list *l)
{
	adjout_fini(&l->adjout);
	chunk_pool_fini(&l->chunks);
}

struct group *
group_find(struct group_list *l, const struct adjout_key *key)
{
	struct adjout_group *out;

	TAILQ_FOREACH(out, &l->adjout.groups, entry)
	if (adjout_key_eq(&out->key, key))
		return group_of(out);
	return NULL;
}

struct group *
group_new(struct group_list *l, const struct adjout_key *key, bool memoize, void *owner)
{
	struct group *g = xcalloc(1, sizeof *g);

	g->list = l;
	g->owner = owner;
	adjout_group_open(&l->adjout, &g->out, key, memoize);
	return g;
}

void
group_free(struct group *g)
{
	adjout_group_close(&g->out);
	group_trim(g);
	ASSERT(g->tail == g->head);
	free(g->ring);
	free(g);
}

void
group_list_change(struct group_list *l, struct adjout_news *news, unsigned n)
{
	struct adjout_group *out;

	TAILQ_FOREACH(out, &l->adjout.groups, entry)
	adjout_change(out, news, n);
}

void
group_list_flush(struct group_list *l, bool more)
{
	struct adjout_group *out;

	l->more = more;
	TAILQ_FOREACH(out, &l->adjout.groups, entry)
	{
		adjout_flush(out);
		adjout_group_decided(out);
		wake_group(group_of(out));
	}
}

bool
group_list_drain(struct group_list *l, bool idle, uint32_t budget)
{
	struct adjout_group *out;
	bool more = false;

	TAILQ_FOREACH(out, &l->adjout.groups, entry)
	{
		more = adjout_group_drain(out, budget) || more;
		more = adjout_members_drain(out, budget) || more;
		wake_group(group_of(out));
	}
	return adjout_reap(&l->adjout, idle, budget) || more;
}

/* Notes since when a member is at the end of a ring that is full, and since when it has taken nothing of one. */
static void
lag_note(struct group *g, struct group_member *m, bool full, uint32_t now_s)
{
	bool lagging = full && m->attached && m->cursor == g->tail;
	bool waiting = full && m->attached && m->cursor < g->head;

	if (lagging && !m->lagging)
		m->lag_since_s = now_s;
	if (!waiting || m->octets != m->stuck_octets)
		m->stuck_since_s = now_s;
	m->stuck_octets = m->octets;
	m->lagging = lagging;
}

static bool
is_stuck(const struct group_member *m, uint32_t now_s)
{
	return now_s - m->stuck_since_s >= GROUP_LAG_S;
}

/*
 * Members at the end of a ring that is full (or will be with the next chunk) hold up all others. The pace of most is
 * the pace of all, but not that of those that have stopped reading.
 */
static void
group_tick(struct group *g, uint32_t now_s)
{
	struct adjout_member *om, *next;
	bool full = g->ring_octets + CHUNK_MAX >= g->list->ring_max;
	uint32_t nlag = 0, nstuck = 0;

	TAILQ_FOREACH(om, &g->out.members, entry)
	{
		lag_note(g, member_of(om), full, now_s);
		nlag += member_of(om)->lagging;
		nstuck += is_stuck(member_of(om), now_s);
	}
	/* Nobody would gain: the send hold timer (RFC 9687) ends those that are stuck altogether. */
	if (nlag == g->readers || nstuck == g->readers)
		return;
	TAILQ_FOREACH_SAFE(om, &g->out.members, entry, next)
	{
		struct group_member *m = member_of(om);
		bool late = m->lagging && nlag * 2 <= g->readers && now_s - m->lag_since_s >= GROUP_LAG_S;
		if (!late && !is_stuck(m, now_s))
			continue;
		m->lagging = false;
		m->stuck_since_s = now_s;
		if (adjout_member_slow(om) == -EAGAIN)
			g->list->ops.too_slow(g->list->ops.ctx, m);
	}
}

void
group_list_tick(struct group_list *l, uint32_t now_s)
{
	struct adjout_group *out;

	TAILQ_FOREACH(out, &l->adjout.groups, entry)
	group_tick(group_of(out), now_s);
	adjout_tick(&l->adjout);
	chunk_pool_trim(&l->chunks);
}

static void
move_due_set(struct group_member *m, bool due)
{
	struct group_list *l = m->group->list;

	if (m->move_due == due)
		return;
	m->move_due = due;
	l->nmove_due += due ? 1u : UINT32_MAX;
}

void
group_member_join(struct group *g, struct group_member *m)
{
	m->group = g;
	STAILQ_INIT(&m->own);
	m->own_octets = 0;
	m->attached = m->awake = m->lagging = m->move_due = m->starved = false;
	m->updates = m->refreshes = m->octets = 0;
	m->stuck_octets = UINT64_MAX; /* the clock starts with the first tick */
	if (g->out.nmembers == 0)
		g->self = m->self;
	adjout_member_join(&g->out, &m->out);
	/* Only now: joining flushes what is for those who were there before. */
	g->extended += m->extended;
}

void
group_member_leave(struct group_member *m)
{
	adjout_member_leave(&m->out);
	move_due_set(m, false);
	m->group->list->nstarved -= m->starved;
	m->group->extended -= m->extended;
	while (!STAILQ_EMPTY(&m->own))
		group_own_pop(m);
	m->group = NULL;
}

int
group_member_move(struct group_member *m, struct group *to)
{
	struct group *from = m->group;
	bool first = to->out.nmembers == 0;

	int r = adjout_member_move(&m->out, &to->out);
	move_due_set(m, r == -EAGAIN);
	if (r != 0)
		return r;
	from->extended -= m->extended;
	to->extended += m->extended;
	if (first)
		to->self = m->self;
	m->group = to;
	return 0;
}

void
group_member_mark(struct group_member *m, enum family f, enum adjout_mark what)
{
	mark(m->group->list, &m->out, f, what);
}

struct group_member *
group_list_starved(const struct group_list *l)
{
	struct adjout_group *out;
	struct adjout_member *om;

	if (l->nstarved == 0)
		return NULL;
	TAILQ_FOREACH(out, &l->adjout.groups, entry)
	TAILQ_FOREACH(om, &out->members, entry)
	if (member_of(om)->starved)
		return member_of(om);
	return NULL;
}

struct group_member *
group_list_place(struct group_list *l)
{
	struct adjout_group *out;
	struct adjout_member *om;

	if (l->nmove_due == 0 || !adjout_place_free(&l->adjout))
		return NULL;
	TAILQ_FOREACH(out, &l->adjout.groups, entry)
	TAILQ_FOREACH(om, &out->members, entry)
	if (member_of(om)->move_due) {
		move_due_set(member_of(om), false);
		return member_of(om);
	}
	return NULL;
}
