/* SPDX-License-Identifier: Apache-2.0 */
/*
 * part: routes that go with their nexthop object.
 *
 * Deleting 500,000 routes one by one takes the kernel several times as long as
 * deleting the object that they all name. So when many routes are given up at
 * once, their deletions are not sent but collected (fib_table.parted), and an
 * object whose every use is such a route is deleted instead. What is left when
 * nothing more comes is deleted one by one as ever. A few deletions never wait.
 */
#include "fib/state.h"

#include "lib/mem.h"

#define PART_MIN  512u          /* deletions between two passes of sending: so many wait for more */
#define PART_LULL 5000000ull    /* ns without another: nothing more comes */
#define PART_MAX  1000000000ull /* ns: as long as a deletion waits at most */
#define PART_POLL 2000          /* us */

static uint32_t
parted_count(const struct fib *fib)
{
	return fib->table[FAMILY_IPV4].parted.count + fib->table[FAMILY_IPV6].parted.count;
}

bool
fib_part_idle(const struct fib *fib)
{
	return parted_count(fib) == 0;
}

void
fib_part_begin(struct fib *fib)
{
	if (fib->objects && !fib->parting && (fib->deleted > PART_MIN || fib->stopping)) {
		fib->parting = true;
		fib->part_seen = 0;
		fib->part_begin_ns = fib->part_grown_ns = time_mono_ns();
	}
	fib->deleted = 0;
}

bool
fib_part_take(struct fib *fib, struct fib_table *t, uint32_t id)
{
	uint32_t held = idmap_get(&t->held, id);

	if (!fib->parting || held == 0 || bitmap_test(&t->wanted, id) || bitmap_test(&t->old, id))
		return false;
	struct nhset *n = nhset_at(&fib->nhsets, held);
	const struct route_extra *e = table_extra(t, id);
	if (n->leaving || (n->object != OBJECT_THERE && n->object != OBJECT_PARTIAL) ||
	    (e != NULL && (e->flags & EX_STALE) != 0))
		return false;
	if (!bitmap_test(&t->parted, id))
		n->parted++;
	table_part(t, id);
	return true;
}

void
fib_part_undo(struct fib *fib, struct fib_table *t, uint32_t id)
{
	if (bitmap_clear(&t->parted, id))
		nhset_at(&fib->nhsets, idmap_get(&t->held, id))->parted--;
}

static void
give_up(struct fib *fib)
{
	for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++) {
		struct fib_table *t = &fib->table[f];
		bitmap_or(&t->dirty, &t->parted);
		bitmap_fini(&t->parted);
	}
	for (uint32_t id = 1; id < fib->nhsets.slab.top; id++)
		nhset_at(&fib->nhsets, id)->parted = 0;
	fib->parting = false;
	fib_send_kick(fib);
}

/* Deletes the objects that nothing but parted routes use; true: a deletion is under way. */
static bool
leave(struct fib *fib)
{
	bool leaving = false;

	for (uint32_t id = 1; id < fib->nhsets.slab.top; id++) {
		struct nhset *n = nhset_at(&fib->nhsets, id);
		if (n->refs > 0 && n->parted > 0 && n->uses == n->parted)
			fib_object_leave(fib, id);
		leaving |= n->refs > 0 && n->leaving;
	}
	return leaving;
}

void
fib_part_run(struct fib *fib)
{
	struct timeval poll = {.tv_usec = PART_POLL};
	uint64_t now = time_mono_ns();
	uint32_t count = parted_count(fib);

	if (!fib->parting)
		return;
	if (count == 0 && now - fib->part_grown_ns > PART_LULL) {
		fib->parting = false;
		return;
	}
	bool leaving = leave(fib);
	if (count > fib->part_seen)
		fib->part_grown_ns = now;
	fib->part_seen = count;
	bool busy = fib->table[FAMILY_IPV4].inflight.count > 0 || fib->table[FAMILY_IPV6].inflight.count > 0;
	bool over = now - fib->part_begin_ns > PART_MAX ||
		    (!busy && (fib->stopping || now - fib->part_grown_ns > PART_LULL));
	if (over && !leaving)
		give_up(fib);
	else if (!fib->stopping)
		evtimer_add(fib->ev_part, &poll);
}

void
fib_part_left(struct fib *fib, bool gone)
{
	if (gone)
		fib_walk_start(fib, WALK_PARTED);
	else
		give_up(fib);
}

/* Steps of WALK_PARTED: the routes of both families, then the sets. */

bool
fib_part_route_step(struct fib *fib, struct fib_table *t, uint32_t *cursor)
{
	uint32_t id = bitmap_next(&t->parted, *cursor);

	if (id == BITMAP_END)
		return false;
	*cursor = id + 1;
	uint32_t held = idmap_get(&t->held, id);
	struct nhset *n = nhset_at(&fib->nhsets, held);
	if (!n->left)
		return true;
	n->parted--;
	idmap_put(&t->held, id, 0);
	nhset_unuse(&fib->nhsets, held);
	table_dropped(t, id, &fib->env);
	fib_unpinned_check(fib, t, id);
	return true;
}

bool
fib_part_set_step(struct fib *fib, uint32_t *cursor)
{
	if (++*cursor >= fib->nhsets.slab.top)
		return false;
	struct nhset *n = nhset_at(&fib->nhsets, *cursor);
	if (n->left)
		n->left = n->leaving = false;
	return true;
}
