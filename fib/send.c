/* SPDX-License-Identifier: Apache-2.0 */
/*
 * send: fills the ring of operations from the dirty bitmaps.
 *
 * One pass goes over all dirty ids of both families; ids with an operation in
 * flight keep their bit and are taken up again when its reply has come, so any
 * number of changes in between cost one operation. When nothing more is to be
 * sent, routes of an earlier run are swept, if that was asked for. A full ring
 * ends the slice; the replies start it again.
 */
#include "fib/state.h"

#include "lib/log.h"
#include "lib/mem.h"

#include <linux/rtnetlink.h>
#include <string.h>

/* A nexthop object or a definition of a next-hop set with all its next hops, and the route itself. */
#define OP_ROOM       (FIB_OBJECT_ROOM + 3u)
#define LOOK_EVERY    64u   /* ids between two looks at the clock */
#define SCATTER_MIN   4096u /* ids; fewer are not worth it */
#define SWEEP_STRIDES 256u

static void
push(struct fib *fib, const struct fib_op *op)
{
	bool ok = ring_push(&fib->chan.ops, op);
	ASSERT(ok);
}

/* Returns whether the set's routes name a nexthop object. */
static bool
define_nhset(struct fib *fib, uint32_t id)
{
	struct nhset *n = nhset_at(&fib->nhsets, id);
	bool object = fib_object_wanted(fib, n) && fib_object_make(fib, id);
	uint32_t nhid = object ? n->nhid : 0;

	if (n->defined && n->nhid_defined == nhid)
		return object;
	struct fib_op op = {.kind = FIB_OP_NHSET_FREE};
	op.u.nhset.id = id;
	if (n->defined)
		push(fib, &op);
	n->defined = true;
	n->nhid_defined = nhid;
	op.kind = FIB_OP_NHSET;
	op.u.nhset.type = n->type;
	op.u.nhset.count = object ? 0 : n->count;
	op.u.nhset.nhid = nhid;
	push(fib, &op);
	for (unsigned i = 0; !object && i < n->count; i++) {
		struct fib_op nh = {.kind = FIB_OP_NH, .u.nh = n->nh[i]};
		push(fib, &nh);
	}
	return object;
}

static bool
send_nhset_frees(struct fib *fib)
{
	uint32_t id;

	if (!fib_object_frees(fib))
		return false;
	while ((id = nhset_dead_next(&fib->nhsets)) != 0) {
		if (nhset_at(&fib->nhsets, id)->defined) {
			struct fib_op op = {.kind = FIB_OP_NHSET_FREE};
			op.u.nhset.id = id;
			if (!ring_push(&fib->chan.ops, &op))
				return false;
		}
		nhset_bury(&fib->nhsets, id);
	}
	return true;
}

/* Is the prefix already in the kernel, from an earlier run? Then nothing need be sent if it is what is
 * wanted. */
static void
claim(struct fib *fib, struct fib_table *t, uint32_t id, const struct ip_prefix *p)
{
	const struct fib_config *conf = &fib->env.conf;
	uint32_t want = table_want_metric(t, id, &fib->env);
	struct adopted_route *r = adopted_find_other(&fib->adopted, p, conf, want);

	if (r != NULL)
		fib_claim(fib, t, id, r);
	r = adopted_find(&fib->adopted, p, conf, want);
	if (r != NULL)
		fib_claim(fib, t, id, r);
}

void
fib_claim(struct fib *fib, struct fib_table *t, uint32_t id, struct adopted_route *r)
{
	const struct nhset *n = r->nhset != 0 ? nhset_at(&fib->nhsets, r->nhset) : NULL;
	/* The same next hops in the other form, or by another number, are not what is wanted. */
	bool same = n != NULL && r->nhid == (fib_object_wanted(fib, n) ? n->nhid : 0);
	bool wanted = table_claim(t, id, &fib->env, same ? r->nhset : 0, r->key.metric);
	uint32_t named = n != NULL && n->nhid != 0 && n->nhid == r->nhid && !wanted ? r->nhset : 0;

	fib_part_undo(fib, t, id);
	if (named != 0)
		nhset_use(&fib->nhsets, named);
	uint32_t before = idmap_put(&t->held, id, named);
	if (before != 0)
		nhset_unuse(&fib->nhsets, before);
	adopted_del(&fib->adopted, r);
}

static void
send_route(struct fib *fib, struct fib_table *t, uint32_t id)
{
	struct fib_op op = {.kind = FIB_OP_ROUTE};
	struct ip_prefix p;

	if (keyed_count(&fib->adopted.routes) > 0 && !fib->has_next && bitmap_test(&t->wanted, id) &&
	    !bitmap_test(&t->kernel, id)) {
		p = fib_prefix(fib, t->family, id);
		claim(fib, t, id, &p);
	}
	if (!table_next_op(t, id, &fib->env, &op.u.route)) {
		bitmap_clear(&t->dirty, id);
		fib_unpinned_check(fib, t, id);
		return;
	}
	/* A new configuration waits until nothing is in flight: only what it waits for goes out. Where the
	 * kernel has another route of before that is also what must come before its deletion. */
	if (fib->has_next && !table_owes(t, id))
		return;
	if (op.u.route.verb == FIB_DEL && op.u.route.what == FIB_WHAT_ROUTE && fib_part_take(fib, t, id))
		return;
	fib_part_undo(fib, t, id);
	if (op.u.route.verb != FIB_DEL && define_nhset(fib, op.u.route.nhset)) {
		op.u.route.object = true;
		nhset_use(&fib->nhsets, op.u.route.nhset);
	}
	p = fib_prefix(fib, t->family, id);
	memcpy(op.u.route.dst, p.bytes, sizeof op.u.route.dst);
	op.u.route.plen = p.len;
	push(fib, &op);
	table_sent(t, id);
	fib->ops++;
}

enum pass { PASS_DONE, PASS_FULL, PASS_LATE };

/*
 * The next id to look at. Ids tend to follow the order of addresses, and the kernel's IPv4 trie takes ten
 * times as long for deletions in ascending order (it looks for what is left from the lowest child on); so a
 * large set is gone through in blocks of 64 that lie 4,096 apart. What is missed for that is found by a plain
 * pass after it.
 */
static uint32_t
scan_next(const struct bitmap *b, struct send_scan *s)
{
	if (s->pos == 0 && !s->scattered && b->count >= SCATTER_MIN) {
		s->scattered = true;
		s->pages = b->npages;
	}
	while (s->scattered) {
		uint32_t block = (uint32_t)(s->pos / 64), page = block % s->pages, word = block / s->pages;
		if (word == BITMAP_PAGE_WORDS) {
			s->scattered = false;
			s->pos = 0;
			break;
		}
		uint64_t bits =
		    page < b->npages && b->pages[page] != NULL ? b->pages[page]->w[word] >> s->pos % 64 : 0;
		if (bits == 0) {
			s->pos = (s->pos | 63) + 1;
			continue;
		}
		uint32_t bit = (uint32_t)(s->pos % 64) + (uint32_t)__builtin_ctzll(bits);
		s->pos = (uint64_t)block * 64 + bit + 1;
		return page << BITMAP_PAGE_SHIFT | word * 64 | bit;
	}
	uint32_t id = bitmap_next(b, (uint32_t)s->pos);
	s->pos = id == BITMAP_END ? 0 : (uint64_t)id + 1;
	return id;
}

static enum pass
send_table(struct fib *fib, struct fib_table *t, struct send_scan *scan, uint64_t deadline_ns)
{
	unsigned n = 0;
	uint32_t id;

	for (;;) {
		if (t->dirty.count == 0)
			break;
		if (!ring_has_room(&fib->chan.ops, OP_ROOM))
			return PASS_FULL;
		if (++n % LOOK_EVERY == 0 && time_mono_ns() >= deadline_ns)
			return PASS_LATE;
		id = scan_next(&t->dirty, scan);
		if (id == BITMAP_END)
			break;
		if (!bitmap_test(&t->inflight, id))
			send_route(fib, t, id);
	}
	*scan = (struct send_scan){0};
	return PASS_DONE;
}

static void
send_deletion(struct fib *fib, struct adopted_route *r)
{
	struct fib_op op = {.kind = FIB_OP_ROUTE};

	op.u.route = (struct fib_op_route){
	    .verb = FIB_DEL,
	    .what = FIB_WHAT_SWEEP,
	    .family = r->key.family,
	    .plen = r->key.plen,
	    .protocol = r->key.protocol,
	    .id = FIB_ID_NONE,
	    .metric = r->key.metric,
	    .table = r->key.table,
	};
	memcpy(op.u.route.dst, r->key.dst, sizeof op.u.route.dst);
	push(fib, &op);
	fib->ops++;
	fib->sweeps_inflight++;
	adopted_del(&fib->adopted, r);
}

/* The dump was in ascending order, so the sweep goes in strides, for the reason given at scan_next. */
static enum pass
send_sweep(struct fib *fib, uint64_t deadline_ns)
{
	const struct keyed *routes = &fib->adopted.routes;
	unsigned n = 0;

	for (; fib->sweep_stride < SWEEP_STRIDES; fib->sweep_stride++, fib->sweep_at = 0) {
		for (; fib->sweep_at + fib->sweep_stride < keyed_top(routes);
		     fib->sweep_at += SWEEP_STRIDES) {
			if (!ring_has_room(&fib->chan.ops, 1))
				return PASS_FULL;
			if (++n % LOOK_EVERY == 0 && time_mono_ns() >= deadline_ns)
				return PASS_LATE;
			struct adopted_route *r = keyed_at(routes, fib->sweep_at + fib->sweep_stride);
			if (r != NULL)
				send_deletion(fib, r);
		}
	}
	fib->sweeping = false;
	return PASS_DONE;
}

void
fib_sweep_start(struct fib *fib)
{
	fib->sweeping = true;
	fib->sweep_stride = fib->sweep_at = 0;
	fib_send_kick(fib);
}

static bool
send_control(struct fib *fib)
{
	struct fib_op op = {.kind = FIB_OP_WATCH, .u.watch = fib_watch_of(&fib->env.conf)};

	if (fib->watch_wanted) {
		if (!ring_push(&fib->chan.ops, &op))
			return false;
		/* The dump that follows is to find the table as it is now. */
		fib->watch_wanted = fib->resync_wanted = false;
		fib->hold = true;
	}
	op.kind = FIB_OP_RESYNC;
	if (fib->resync_wanted) {
		if (!ring_push(&fib->chan.ops, &op))
			return false;
		fib->resync_wanted = false;
	}
	return true;
}

/* No route of ours names a nexthop object that is bound to no set: what did has been replaced or swept. */
static bool
may_sweep_objects(const struct fib *fib)
{
	return fib->nhobjs.leftovers > 0 && fib->swept && !fib->moving && !fib->has_next &&
	       keyed_count(&fib->adopted.routes) == 0 && fib_send_idle(fib) && fib_walk_idle(fib);
}

static enum pass
send_pass(struct fib *fib, uint64_t deadline_ns)
{
	if (!send_control(fib) || !send_nhset_frees(fib))
		return PASS_FULL;
	if (fib->hold)
		return PASS_DONE;
	if (!fib_object_repairs(fib))
		return PASS_FULL;
	fib_part_begin(fib);
	for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++) {
		enum pass p = send_table(fib, &fib->table[f], &fib->scan[f], deadline_ns);
		if (p != PASS_DONE)
			return p;
	}
	if (fib->sweeping) {
		enum pass p = send_sweep(fib, deadline_ns);
		if (p != PASS_DONE)
			return p;
	}
	fib_part_run(fib);
	if (may_sweep_objects(fib) && !fib_object_sweep(fib))
		return PASS_FULL;
	return PASS_DONE;
}

enum job_result
fib_send_run(struct job *job, uint64_t deadline_ns)
{
	struct fib *fib = container_of(job, struct fib, send_job);
	enum pass p = send_pass(fib, deadline_ns);

	ring_wake(&fib->chan.ops);
	if (p == PASS_DONE && (fib->has_next || fib->moving))
		fib_config_try(fib);
	return p == PASS_LATE ? JOB_MORE : JOB_DONE;
}

void
fib_send_kick(struct fib *fib)
{
	if (!fib->stopping)
		loop_job_start(fib->loop, &fib->send_job);
}

bool
fib_send_idle(const struct fib *fib)
{
	for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++)
		if (fib->table[f].dirty.count > 0 || fib->table[f].inflight.count > 0)
			return false;
	return fib->sweeps_inflight == 0 && !fib->sweeping && fib_part_idle(fib);
}

static bool
config_moves(const struct fib_config *a, const struct fib_config *b)
{
	return a->table != b->table || a->protocol != b->protocol || a->metric != b->metric;
}

static void
move_table(struct fib *fib, struct fib_table *t)
{
	uint32_t id = 0;

	table_move(t);
	/* What the routes under the former configuration name. */
	while (t->held.count > 0 && (id = bitmap_next(&t->old, id)) != BITMAP_END) {
		uint32_t held = idmap_put(&t->held, id++, 0);
		if (held != 0)
			nhset_unuse(&fib->nhsets, held);
	}
}

void
fib_config_try(struct fib *fib)
{
	uint32_t busy = fib->sweeps_inflight, old = 0;

	for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++) {
		old += fib->table[f].old.count;
		busy += fib->table[f].inflight.count + fib->table[f].nstale + fib->table[f].parted.count;
	}
	if (fib->moving && old == 0) {
		fib->moving = false;
		log_info("fib.moved", LOG_U("table", fib->env.conf.table),
			 LOG_U("protocol", fib->env.conf.protocol), LOG_U("metric", fib->env.conf.metric));
	}
	if (!fib->has_next || fib->hold || busy > 0 || fib->moving)
		return;
	fib->has_next = false;
	if (config_moves(&fib->next, &fib->env.conf)) {
		bool other = fib->next.table != fib->env.conf.table ||
			     fib->next.protocol != fib->env.conf.protocol ||
			     memcmp(fib->env.conf.also, fib->next.also, sizeof fib->next.also) != 0;
		struct nhobj_range range = nhobj_range_of(&fib->next);
		/* The number of an object has its protocol in it, and the table where others have the same
		 * protocol. */
		if (range.first != fib->nhobjs.range.first) {
			fib_object_retire(fib);
			nhobjs_range_set(&fib->nhobjs, &range);
		}
		fib->env.old = fib->env.conf;
		fib->env.conf = fib->next;
		/* Told anew, since they are of another kind now. */
		if (fib_is_further(fib->env.old.also, fib->env.conf.table))
			known_forget_table(&fib->known, fib->env.conf.table);
		/* The same where it is not watched any more: one of the new table's may have the same prefix and metric. */
		struct fib_op_watch watch = fib_watch_of(&fib->env.conf);
		if (fib_is_further(fib->env.conf.also, fib->env.old.table) ||
		    !fib_watches(&watch, fib->env.old.table, RTPROT_UNSPEC))
			known_forget_table(&fib->known, fib->env.old.table);
		fib->moving = true;
		for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++)
			move_table(fib, &fib->table[f]);
		/* Whose routes are foreign, and which table's, is another question now. */
		fib->watch_wanted |= other;
	} else {
		fib->watch_wanted |= memcmp(fib->env.conf.also, fib->next.also, sizeof fib->next.also) != 0;
		fib->env.conf = fib->next;
	}
	fib_object_mode(fib);
	fib_send_kick(fib);
}
