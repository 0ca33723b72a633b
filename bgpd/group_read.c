/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group_read: what a member pulls: its own queue, then the stream from its cursor.
 * A place in either is a chunk, a segment and an offset; segments for others are
 * skipped. A write may end anywhere, also inside a message.
 */
#include "bgpd/group.h"
#include "bgpd/group_part.h"

#include "lib/mem.h"

#include <stdlib.h>

static bool
is_for(const struct group_member *m, const struct chunk_seg *s)
{
	if (s->who.size_class == (m->extended ? CHUNK_PLAIN : CHUNK_EXTENDED))
		return false;
	return adjout_is_for(s->who.to, &m->out);
}

void
group_own_pop(struct group_member *m)
{
	struct group_own *o = STAILQ_FIRST(&m->own);

	STAILQ_REMOVE_HEAD(&m->own, entry);
	m->own_octets -= chunk_bytes(o->chunk);
	chunk_unref(o->chunk);
	free(o);
}

static void
stream_next(struct group_member *m)
{
	group_chunk(m->group, m->cursor)->waiting--;
	m->cursor++;
	m->pos = (struct group_pos){0};
	group_trim(m->group);
}

/* Where the next octet comes from, past everything that is for others; NULL: there is none. */
static struct group_pos *
settle(struct group_member *m, struct chunk **chunk)
{
	for (;;) {
		struct group_own *o = STAILQ_FIRST(&m->own);
		struct group_pos *pos;
		if (o != NULL) {
			*chunk = o->chunk;
			pos = &o->pos;
			group_own_seal(m, o->chunk);
		} else if (m->attached && m->cursor < m->group->head) {
			*chunk = group_chunk(m->group, m->cursor);
			pos = &m->pos;
			group_chunk_seal(m->group, *chunk);
		} else {
			return NULL;
		}
		while (pos->seg < (*chunk)->nsegs && !is_for(m, &(*chunk)->segs[pos->seg]))
			pos->seg++;
		if (pos->seg < (*chunk)->nsegs)
			return pos;
		if (o != NULL)
			group_own_pop(m);
		else
			stream_next(m);
	}
}

/*
 * Adds the segments of a sealed chunk from pos on; the new number of vectors. Where there is no memory, m is starved.
 */
static int
gather(struct group_member *m, struct chunk *c, struct group_pos pos, struct iovec *iov, int n, int max)
{
	const uint8_t *octets = chunk_octets(c, &m->self);
	bool joined = false; /* the last vector is of this chunk */

	if (octets == NULL) {
		group_starve(m);
		return n;
	}
	for (; pos.seg < c->nsegs; pos.seg++, pos.off = 0) {
		const struct chunk_seg *s = &c->segs[pos.seg];
		if (!is_for(m, s))
			continue;
		/* writev() takes what it does not write through, but its type says otherwise. */
		uint8_t *p = (uint8_t *)(uintptr_t)(octets + s->off + pos.off);
		size_t len = s->len - pos.off;
		if (joined && (uint8_t *)iov[n - 1].iov_base + iov[n - 1].iov_len == p) {
			iov[n - 1].iov_len += len;
			continue;
		}
		if (n == max)
			break;
		iov[n++] = (struct iovec){.iov_base = p, .iov_len = len};
		joined = true;
	}
	return n;
}

/* The rest of the message that was begun, whose octets are there. */
static int
gather_begun(struct group_member *m, struct chunk *c, struct group_pos pos, struct iovec *iov, int max)
{
	size_t left = group_member_partial(m);

	if (left == 0 || max == 0)
		return 0;
	gather(m, c, pos, iov, 0, 1);
	iov->iov_len = left;
	return 1;
}

int
group_member_iov(struct group_member *m, struct iovec *iov, int max)
{
	struct group_own *o;
	struct chunk *c;
	int n = 0;
	const struct group_pos *first = settle(m, &c);

	if (first == NULL) {
		m->awake = false;
		return 0;
	}
	if (m->starved)
		return gather_begun(m, c, *first, iov, max);
	STAILQ_FOREACH(o, &m->own, entry)
	{
		if (n == max || m->starved)
			return n;
		group_own_seal(m, o->chunk);
		n = gather(m, o->chunk, o->pos, iov, n, max);
	}
	struct group_pos pos = m->pos;
	for (uint64_t no = m->cursor; m->attached && !m->starved && no < m->group->head && n < max; no++) {
		c = group_chunk(m->group, no);
		group_chunk_seal(m->group, c);
		n = gather(m, c, pos, iov, n, max);
		pos = (struct group_pos){0};
	}
	return n;
}

void
group_member_sent(struct group_member *m, size_t octets)
{
	struct group_pos *pos;
	struct chunk *c;

	m->octets += octets;
	while (octets > 0) {
		pos = settle(m, &c);
		ASSERT(pos != NULL);
		const struct chunk_seg *s = &c->segs[pos->seg];
		size_t left = s->len - pos->off, k = octets < left ? octets : left;
		pos->off += (uint32_t)k;
		octets -= k;
		if (pos->off == s->len) {
			m->updates += s->messages - s->refreshes;
			m->refreshes += s->refreshes;
			*pos = (struct group_pos){.seg = pos->seg + 1};
		}
	}
	/* Chunks that are done go at once: others may wait for the room. */
	settle(m, &c);
}

size_t
group_member_partial(const struct group_member *m)
{
	const struct group_own *o = STAILQ_FIRST(&m->own);
	const struct group_pos *pos = o != NULL ? &o->pos : &m->pos;

	if (pos->off == 0 || (o == NULL && !m->attached))
		return 0;
	const struct chunk *c = o != NULL ? o->chunk : group_chunk(m->group, m->cursor);
	return chunk_message_rest(c, &c->segs[pos->seg], pos->off);
}

/* Octets of a chunk from this place on. */
static size_t
chunk_rest(const struct chunk *c, struct group_pos pos)
{
	return pos.seg < c->nsegs ? c->len - c->segs[pos.seg].off - pos.off : 0;
}

size_t
group_member_backlog(const struct group_member *m)
{
	const struct group_own *o;
	size_t octets = 0;

	STAILQ_FOREACH(o, &m->own, entry)
	octets += chunk_rest(o->chunk, o->pos);
	for (uint64_t at = m->cursor; m->attached && at < m->group->head; at++)
		octets +=
		    chunk_rest(group_chunk(m->group, at), at == m->cursor ? m->pos : (struct group_pos){0});
	return octets;
}

bool
group_member_dry(struct group_member *m)
{
	struct chunk *c;
	return settle(m, &c) == NULL;
}
