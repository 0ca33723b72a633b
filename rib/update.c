/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update: operations of a source written into the RIB.
 *
 * A whole read of a session comes as one array, so that records are fetched into
 * the cache some operations ahead; within one UPDATE (eleven prefixes on
 * average) that would not pay. An announcement that repeats what is there only
 * refreshes the generation: nobody has to decide anything.
 */
#include "rib/rib_int.h"

#include "lib/mem.h"

/*
 * How many operations ahead of its turn something is fetched. Not as early as an operation is listed: the buckets of a
 * whole read would push each other out of the cache, and asking twice costs 10 ns a route.
 */
#define AHEAD_SLOT   6
#define AHEAD_CHAIN  12
#define AHEAD_RECORD 24
#define AHEAD_BUCKET 36

/* The same as rib_mark_dirty before a path goes. True: its reference on its attributes is the entry's now. */
static bool
mark_dirty_leaving(struct rib *rib, enum family f, uint32_t id, enum rib_queue q, const struct rib_path *leaving)
{
	struct prefix_key *k = prefix_key(&rib->table[f], id);

	if (k->flags & RIB_F_DIRTY)
		return false;
	k->flags |= RIB_F_DIRTY;
	const struct rib_path *best = rib_best_at(rib, f, id);
	struct dirty_entry *e = dirty_add(&rib->dirty[q]);
	*e = (struct dirty_entry){.id = id, .family = (uint8_t)f};
	if (best == NULL)
		return false;
	e->old_attr = best == leaving ? best->attr : attr_ref(rib->attrs, best->attr);
	e->old_source = best->source;
	rib_source_at(rib, best->source)->dirty_refs++;
	return best == leaving;
}

void
rib_mark_dirty(struct rib *rib, enum family f, uint32_t id, enum rib_queue q)
{
	mark_dirty_leaving(rib, f, id, q, NULL);
}

void
rib_prefix_touch(struct rib *rib, enum family f, uint32_t id, enum rib_queue q, unsigned what)
{
	struct prefix_key *k = prefix_key(&rib->table[f], id);

	rib_mark_dirty(rib, f, id, q);
	if (what & RIB_CHANGE_NEXTHOP)
		k->flags |= RIB_F_NEXTHOP;
	if (what & RIB_CHANGE_REDO)
		k->flags |= RIB_F_REDO;
}

/*
 * The source's path of a prefix with this id, or NULL; *prev is the record before it, NULL for the first. A free place
 * inside the prefix record has no source, so it matches none.
 */
static struct rib_path *
find_path(struct rib *rib, enum family f, uint32_t id, uint16_t source, uint32_t path_id, struct rib_path **prev)
{
	struct rib_path *p = rib_first(rib, f, id);

	*prev = NULL;
	while (p->source != source || rib_path_id(p) != path_id) {
		if (p->next == 0)
			return NULL;
		*prev = p;
		p = rib_further(rib, p->next);
	}
	return p;
}

static void
note_set_change(struct rib *rib, enum family f, uint32_t id, const struct rib_path *p)
{
	if (p->flags & RIB_PATH_MULTIPATH)
		prefix_key(&rib->table[f], id)->flags |= RIB_F_SET;
}

static bool
is_blocked(const struct rib_path *p)
{
	return rib_path_reject(p) == RIB_REJECT_MAX_PREFIX;
}

static struct rib_path_with_id *
with_id(struct rib_path *p)
{
	return (struct rib_path_with_id *)(void *)p;
}

static void
free_further(struct rib *rib, uint32_t handle)
{
	if (handle & RIB_HANDLE_WITH_ID)
		slab_free(&rib->paths_with_id, handle & ~RIB_HANDLE_WITH_ID);
	else
		slab_free(&rib->paths, handle);
}

/* Takes the record out of the chain. A path without an id that comes next moves into the prefix record. */
static void
unlink_path(struct rib *rib, struct rib_path *p, struct rib_path *prev)
{
	uint32_t next = p->next;

	if (prev != NULL) {
		uint32_t h = prev->next;
		prev->next = next;
		free_further(rib, h);
	} else if (next != 0 && !(next & RIB_HANDLE_WITH_ID)) {
		*p = *rib_further(rib, next);
		slab_free(&rib->paths, next);
	} else {
		*p = (struct rib_path){.next = next};
	}
}

static void
set_received_with_id(struct rib *rib, struct rib_path *p, attr_id received)
{
	struct rib_path_with_id *w = with_id(p);
	attr_id old = w->received;

	w->received = received != p->attr ? attr_ref(rib->attrs, received) : ATTR_NONE;
	attr_unref(rib->attrs, old);
	p->flags = (uint8_t)((p->flags & ~(unsigned)RIB_PATH_SIDE) | (w->received != ATTR_NONE ? RIB_PATH_SIDE : 0));
}

static void
remove_path(struct rib *rib, struct rib_source *s, enum family f, uint32_t id, struct rib_path *p,
	    struct rib_path *prev, enum rib_queue q)
{
	if (s->cap[f] != RIB_CAP_NONE)
		rib_growth_less(rib, s, f, id, p);
	bool moved = mark_dirty_leaving(rib, f, id, q, p);
	note_set_change(rib, f, id, p);
	if (p->has_id)
		set_received_with_id(rib, p, p->attr);
	else if (p->flags & RIB_PATH_SIDE)
		side_del(&rib->side, f, id, s->index);
	if (!rib_path_rejected(p))
		s->accepted[f]--;
	s->blocked[f] -= is_blocked(p);
	s->vacated[f] += !is_blocked(p);
	s->received[f]--;
	bool several = s->with_id[f] != 0;
	s->with_id[f] -= p->has_id;
	rib->path_count[f]--;
	if (!moved)
		attr_unref(rib->attrs, p->attr);
	unlink_path(rib, p, prev);
	if (!several || rib_path_of(rib, f, id, s->index) == NULL)
		bitmap_clear(&s->ids[f], id);
}

/*
 * Most withdrawn paths are the only one of a prefix that waits for nothing, accepted and without any extra. Such a one
 * leaves no more behind than its dirty entry. False: it is another kind, and nothing is done.
 */
static bool
remove_only(struct rib *rib, struct rib_source *s, enum family f, uint32_t id, enum rib_queue q)
{
	struct prefix_key *k = prefix_key(&rib->table[f], id);
	struct rib_path *p = rib_first(rib, f, id);

	if (p->source != s->index || p->next != 0 || p->has_id || (k->flags & RIB_F_DIRTY) ||
	    (p->flags & ~(unsigned)RIB_PATH_CHANGED) != RIB_PATH_BEST)
		return false;
	if (s->cap[f] != RIB_CAP_NONE)
		rib_growth_less(rib, s, f, id, p);
	k->flags |= RIB_F_DIRTY;
	*dirty_add(&rib->dirty[q]) =
	    (struct dirty_entry){.id = id, .family = (uint8_t)f, .old_attr = p->attr, .old_source = p->source};
	*p = (struct rib_path){0};
	s->dirty_refs++;
	s->accepted[f]--;
	s->received[f]--;
	s->vacated[f]++;
	rib->path_count[f]--;
	bitmap_clear(&s->ids[f], id);
	return true;
}

bool
rib_path_remove(struct rib *rib, struct rib_source *s, enum family f, uint32_t id, uint32_t path_id, enum rib_queue q)
{
	struct rib_path *prev, *p = find_path(rib, f, id, s->index, path_id, &prev);

	if (p == NULL)
		return false;
	remove_path(rib, s, f, id, p, prev, q);
	return true;
}

static bool
is_expired(const struct rib_source *s, enum family f, const struct rib_path *p, uint8_t age)
{
	return p->source == s->index && (uint8_t)(p->gen - s->oldest_gen[f]) < age;
}

void
rib_paths_expire(struct rib *rib, struct rib_source *s, enum family f, uint32_t id, uint8_t age, enum rib_queue q)
{
	struct rib_path *first = rib_first(rib, f, id), *prev = first, *p;

	if (s->with_id[f] == 0) {
		p = find_path(rib, f, id, s->index, 0, &prev);
		if (p != NULL && is_expired(s, f, p, age))
			remove_path(rib, s, f, id, p, prev, q);
		return;
	}
	/* The first one last, since the next may move into its place. */
	while (prev->next != 0) {
		p = rib_further(rib, prev->next);
		if (is_expired(s, f, p, age))
			remove_path(rib, s, f, id, p, prev, q);
		else
			prev = p;
	}
	if (is_expired(s, f, first, age))
		remove_path(rib, s, f, id, first, NULL, q);
}

/* A number that no other path of the source has here; 0: it has too many. */
static uint16_t
free_number(const struct rib *rib, const struct rib_source *s, enum family f, uint32_t id)
{
	uint64_t taken[RIB_PATHS_MAX / 64] = {1}; /* 0 is the path without an id */
	const struct rib_path *p = s->with_id[f] != 0 ? rib_path_of(rib, f, id, s->index) : NULL;

	for (; p != NULL; p = rib_path_of_next(rib, f, p)) {
		if (!p->has_id)
			continue;
		unsigned n = ((const struct rib_path_with_id *)(const void *)p)->number;
		taken[n / 64] |= 1ull << (n % 64);
	}
	for (unsigned i = 0; i < RIB_PATHS_MAX / 64; i++)
		if (~taken[i] != 0)
			return (uint16_t)(i * 64 + (unsigned)__builtin_ctzll(~taken[i]));
	return 0;
}

/* The record of a new path with an id, first in the chain; NULL: the source has too many. */
static struct rib_path *
add_record_with_id(struct rib *rib, const struct rib_source *s, enum family f, uint32_t id, uint32_t path_id)
{
	struct rib_path *first = rib_first(rib, f, id);
	uint16_t number = free_number(rib, s, f, id);

	if (number == 0)
		return NULL;
	uint32_t h = slab_alloc(&rib->paths_with_id) | RIB_HANDLE_WITH_ID;
	struct rib_path_with_id *w = with_id(rib_further(rib, h));
	*w = (struct rib_path_with_id){.path = {.next = first->next, .source = s->index, .has_id = 1},
				       .path_id = path_id,
				       .number = number};
	first->next = h;
	return &w->path;
}

/* The record of a new path without an id behind the first one, or in its place if that is free. */
static struct rib_path *
add_record(struct rib *rib, const struct rib_source *s, enum family f, uint32_t id)
{
	struct rib_path *first = rib_first(rib, f, id), *p = first;
	uint32_t next = first->next;

	if (first->attr != 0) {
		uint32_t h = slab_alloc(&rib->paths);
		p = rib_further(rib, h);
		first->next = h;
	}
	*p = (struct rib_path){.next = next, .source = s->index};
	return p;
}

/* An empty path of the source; NULL: it has too many. */
static struct rib_path *
add_path(struct rib *rib, struct rib_source *s, enum family f, uint32_t id, uint32_t path_id)
{
	struct rib_path *p =
	    path_id == 0 ? add_record(rib, s, f, id) : add_record_with_id(rib, s, f, id, path_id);

	if (p == NULL)
		return NULL;
	bitmap_set(&s->ids[f], id);
	s->received[f]++;
	s->accepted[f]++;
	s->with_id[f] += p->has_id;
	rib->path_count[f]++;
	return p;
}

static void
set_side(struct rib *rib, enum family f, uint32_t id, struct rib_path *p, attr_id received)
{
	if (p->has_id) {
		set_received_with_id(rib, p, received);
	} else if (received != p->attr) {
		if (p->flags & RIB_PATH_SIDE)
			side_set(&rib->side, f, id, p->source, received);
		else
			side_add(&rib->side, f, id, p->source, received);
		p->flags |= RIB_PATH_SIDE;
	} else if (p->flags & RIB_PATH_SIDE) {
		side_del(&rib->side, f, id, p->source);
		p->flags &= (uint8_t)~RIB_PATH_SIDE;
	}
}

/* Writes the operation, after its verdict, into a path; its old attributes are given back. */
static void
write_path(struct rib *rib, struct rib_source *s, enum family f, uint32_t id, struct rib_path *p,
	   const struct rib_op *op, enum rib_reject reject, attr_id attr)
{
	bool was_rejected = rib_path_rejected(p);
	unsigned keep = p->flags & (RIB_PATH_BEST | RIB_PATH_MULTIPATH | RIB_PATH_SIDE);
	attr_id old = p->attr;

	if (reject != RIB_REJECT_NONE)
		keep = (keep & RIB_PATH_SIDE) | (unsigned)reject << RIB_PATH_REJECT_SHIFT;
	if (was_rejected != (reject != RIB_REJECT_NONE))
		s->accepted[f] += was_rejected ? 1u : UINT32_MAX;
	s->blocked[f] += (reject == RIB_REJECT_MAX_PREFIX) - (unsigned)is_blocked(p);
	p->attr = attr_ref(rib->attrs, attr);
	p->flags = (uint8_t)(keep | RIB_PATH_CHANGED);
	attr_unref(rib->attrs, old);
	set_side(rib, f, id, p, op->received);
}

/* The id of an operation's prefix, 0: none; hint is it, probably, or 0. */
static inline uint32_t
find(const struct prefix_table *t, const struct rib_op *op, uint32_t hint)
{
	return hint != 0 && prefix_is(t, hint, &op->prefix) ? hint : prefix_find(t, &op->prefix, op->hash);
}

/* A path that is not kept, since there is no memory for it. */
static void
refuse(struct rib_source *s, enum family f)
{
	s->missing[f]++;
	s->refused++;
	s->misses = true;
}

/* id: of its prefix, 0: there is none yet. */
static bool
announce(struct rib *rib, struct rib_source *s, enum family f, const struct rib_op *op, uint32_t id, uint32_t now_s,
	 enum rib_queue q)
{
	struct prefix_table *t = &rib->table[f];
	enum rib_reject reject = (enum rib_reject)op->reject;
	struct rib_path *prev, *p = NULL;

	/* The bit spares a new path of a prefix that others have, too, the way along theirs: a miss for each of them. */
	if (id != 0 && bitmap_test(&s->ids[f], id))
		p = find_path(rib, f, id, s->index, op->path_id, &prev);
	if (p == NULL && s->received[f] >= s->cap[f] && !rib_spare_take(rib, op, id)) {
		refuse(s, f);
		return false;
	}
	if ((p == NULL || is_blocked(p)) && !rib_source_has_room(s, f))
		reject = RIB_REJECT_MAX_PREFIX;
	attr_id attr = reject != RIB_REJECT_NONE ? op->received : op->effective;
	ASSERT(op->received != 0 && attr != 0 && reject < RIB_REJECT_COUNT);
	if (p != NULL && p->attr == attr && rib_path_reject(p) == reject &&
	    rib_path_received(rib, f, id, p) == op->received) {
		p->gen = s->gen[f];
		return false;
	}
	int64_t grown = s->grown, larger = s->larger;
	if (s->cap[f] != RIB_CAP_NONE && !rib_growth_allow(rib, s, f, id, p, op, attr)) {
		refuse(s, f);
		return p != NULL && rib_path_remove(rib, s, f, id, op->path_id, q);
	}
	if (id == 0)
		id = prefix_insert(t, &op->prefix, op->hash);
	/* Mostly it is, where several neighbours say the same prefix. */
	if (!(prefix_key(t, id)->flags & RIB_F_DIRTY))
		rib_mark_dirty(rib, f, id, q);
	if (p == NULL)
		p = add_path(rib, s, f, id, op->path_id);
	else if (p->attr != attr || rib_path_reject(p) != reject)
		note_set_change(rib, f, id, p);
	if (p == NULL) {
		rib_growth_undo(rib, s, grown, larger);
		rib->paths_left_out++;
		return false;
	}
	write_path(rib, s, f, id, p, op, reject, attr);
	p->gen = s->gen[f];
	p->time_s = now_s & INT32_MAX;
	return true;
}

static bool
withdraw(struct rib *rib, struct rib_source *s, enum family f, const struct rib_op *op, uint32_t id, enum rib_queue q)
{
	if (id != 0 && ((op->path_id == 0 && remove_only(rib, s, f, id, q)) || rib_path_remove(rib, s, f, id, op->path_id, q)))
		return true;
	/* Perhaps one that was refused. */
	s->missing[f] -= s->missing[f] > 0;
	return false;
}

/* What is known of an operation that comes next. The bucket may have been split since; the id is a guess by the tag. */
struct hint {
	const struct hidx_bucket *bucket;
	uint32_t id; /* 0: none that is known */
};

#define HINTS 64
_Static_assert(AHEAD_SLOT <= AHEAD_CHAIN && AHEAD_CHAIN <= AHEAD_RECORD && AHEAD_RECORD <= AHEAD_BUCKET &&
		   AHEAD_BUCKET < HINTS,
	       "a hint is used before its place is needed again");

__attribute__((always_inline)) static inline void
fetch_bucket(const struct prefix_table *t, const struct rib_op *op, struct hint *h)
{
	h->bucket = hidx_prefetch(&t->index, op->hash);
}

/* The id that the operation will probably find, whose record is asked for. */
__attribute__((always_inline)) static inline void
fetch_record(const struct prefix_table *t, const struct rib_op *op, struct hint *h)
{
	h->id = hidx_hint_first(&t->index, h->bucket, op->hash);
	if (h->id != 0)
		prefix_fetch(t, h->id);
}

/* Where it is not in the bucket itself. */
__attribute__((always_inline)) static inline void
fetch_chained(const struct prefix_table *t, const struct rib_op *op, struct hint *h)
{
	if (h->id != 0)
		return;
	h->id = hidx_hint(&t->index, op->hash);
	if (h->id != 0)
		prefix_fetch(t, h->id);
}

/*
 * What is counted of the attributes that a withdrawn path has, if its reference is given back now; they are anywhere, while
 * those announced have just been used.
 */
__attribute__((always_inline)) static inline void
fetch_withdrawn(const struct rib *rib, enum family f, const struct rib_op *op, const struct hint *h)
{
	if (!op->withdraw || h->id == 0)
		return;
	const struct rib_path *p = rib_first(rib, f, h->id);
	if (p->attr != ATTR_NONE && !(p->flags & RIB_PATH_BEST))
		__builtin_prefetch(attr_slot(rib->attrs, p->attr), 1);
}

/* For the first operations, which none before them has asked for. */
__attribute__((always_inline)) static inline void
fetch_first(const struct prefix_table *t, const struct rib_op *ops, unsigned n, struct hint hints[HINTS])
{
	for (unsigned i = 0; i < n && i < AHEAD_BUCKET; i++)
		fetch_bucket(t, &ops[i], &hints[i]);
	for (unsigned i = 0; i < n && i < AHEAD_RECORD; i++)
		fetch_record(t, &ops[i], &hints[i]);
	for (unsigned i = 0; i < n && i < AHEAD_CHAIN; i++)
		fetch_chained(t, &ops[i], &hints[i]);
}

/* left: operations from this one, op, number i, on. */
__attribute__((always_inline)) static inline void
fetch_ahead(const struct rib *rib, enum family f, const struct rib_op *op, unsigned i, unsigned left,
	    struct hint hints[HINTS])
{
	const struct prefix_table *t = &rib->table[f];

	if (left > AHEAD_BUCKET)
		fetch_bucket(t, op + AHEAD_BUCKET, &hints[(i + AHEAD_BUCKET) % HINTS]);
	if (left > AHEAD_RECORD)
		fetch_record(t, op + AHEAD_RECORD, &hints[(i + AHEAD_RECORD) % HINTS]);
	if (left > AHEAD_CHAIN)
		fetch_chained(t, op + AHEAD_CHAIN, &hints[(i + AHEAD_CHAIN) % HINTS]);
	if (left > AHEAD_SLOT)
		fetch_withdrawn(rib, f, op + AHEAD_SLOT, &hints[(i + AHEAD_SLOT) % HINTS]);
}

/* How many of the first operations are of one family, as mostly all are. */
static unsigned
of_one_family(const struct rib_op *ops, unsigned n)
{
	unsigned i = 1;

	while (i < n && ops[i].prefix.family == ops[0].prefix.family)
		i++;
	return i;
}

/* n > 0. */
static unsigned
apply_family(struct rib *rib, struct rib_source *s, const struct rib_op *ops, unsigned n, uint32_t now_s,
	     enum rib_queue q)
{
	struct hint hints[HINTS];
	enum family f = (enum family)ops->prefix.family;
	unsigned changed = 0;

	fetch_first(&rib->table[f], ops, n, hints);
	for (unsigned i = 0; i < n; i++) {
		const struct rib_op *op = &ops[i];
		fetch_ahead(rib, f, op, i, n - i, hints);
		/* Nothing here frees an id: what was found then is still what it was. */
		uint32_t id = find(&rib->table[f], op, hints[i % HINTS].id);
		if (op->withdraw)
			changed += withdraw(rib, s, f, op, id, q);
		else
			changed += announce(rib, s, f, op, id, now_s, q);
	}
	return changed;
}

unsigned
rib_apply(struct rib *rib, struct rib_source *s, const struct rib_op *ops, unsigned n, uint32_t now_s,
	  enum rib_queue q)
{
	unsigned changed = 0;

	ASSERT(!s->removed);
	for (unsigned i = 0, k; i < n; i += k) {
		k = of_one_family(ops + i, n - i);
		changed += apply_family(rib, s, ops + i, k, now_s, q);
	}
	return changed;
}
