/* SPDX-License-Identifier: Apache-2.0 */
/*
 * found: nexthop objects that a full dump has shown, or not.
 *
 * One of ours that no set of this run has made becomes the object of the set that it stands for, or is to be deleted.
 * Until the sweep it is a use of its set: routes of an earlier run may name it.
 */
#include "fib/state.h"

void
fib_object_unhold(struct fib *fib, struct nhobj *e)
{
	if (!e->held)
		return;
	e->held = false;
	fib->nhobjs.held--;
	nhset_unuse(&fib->nhsets, e->nhset);
}

static void
adopt_as(struct fib *fib, struct nhobj *e, uint32_t id)
{
	struct nhset *n = nhset_at(&fib->nhsets, id);

	n->nhid = e->nhid;
	nhset_object_is(n, OBJECT_THERE);
	nhobjs_bind(&fib->nhobjs, e, id);
	nhobjs_keep(&fib->nhobjs, e->nhid);
	if (!fib->swept) {
		e->held = true;
		fib->nhobjs.held++;
		nhset_use(&fib->nhsets, id);
	} else if (n->uses == 0) {
		bitmap_set(&fib->nhsets.idle, id);
	}
}

/* Are the members of a found group the objects that its set would have? */
static bool
members_fit(struct fib *fib, const struct nhobj *e, uint32_t id)
{
	struct nhset *n = nhset_at(&fib->nhsets, id);
	struct fib_nh nh[FIB_NH_MAX];

	nhset_members_make(&fib->nhsets, n);
	for (unsigned i = 0; i < n->count; i++)
		nhset_member_nh(&fib->nhsets, n, i, &nh[i]);
	return nhobj_has_content(e, true, nh, n->count);
}

/* One of ours that no set of this run has made: it becomes the object of the set that it stands for. */
static void
found(struct fib *fib, struct nhobj *e)
{
	struct fib_nh nh[FIB_NH_MAX];
	unsigned count = nhobjs_resolve(&fib->nhobjs, e->nhid, nh);

	if (fib->objects && count > 0 && count == e->count) {
		uint32_t id = nhset_intern(&fib->nhsets, FIB_UNICAST, nh, count);
		struct nhset *n = nhset_at(&fib->nhsets, id);
		/* It may have the number already, where it is not known that it was made. */
		bool bare = n->nhid == 0 ? !nhobjs_is_taken(&fib->nhobjs, e->nhid)
					 : n->nhid == e->nhid && n->object == OBJECT_NONE;
		bool fits = n->objectable && bare && n->count == count && e->group == (count > 1);
		if (fits && e->group && !members_fit(fib, e, id)) {
			nhset_members_release(&fib->nhsets, n);
			fits = false;
		}
		if (fits)
			adopt_as(fib, e, id);
		nhset_unref(&fib->nhsets, id);
	}
	if (e->nhset == 0)
		nhobjs_leave(&fib->nhobjs, e);
}

/* Steps of WALK_OBJECTS: 0: what the dump has not shown is gone; 1: single next hops; 2: groups. */
bool
fib_object_dumped_step(struct fib *fib, unsigned part, uint32_t *cursor)
{
	struct nhobj *e = keyed_next(&fib->nhobjs.objects, cursor);

	if (e == NULL)
		return false;
	if (part == 0) {
		if (e->gen == fib->known.gen || e->making)
			return true;
		struct nhset *n = e->nhset != 0 ? nhset_at(&fib->nhsets, e->nhset) : NULL;
		if (n != NULL && nhset_is_there(n))
			nhset_object_is(n, OBJECT_NONE);
		fib_object_unhold(fib, e);
		nhobjs_del(&fib->nhobjs, e);
		return true;
	}
	if (e->nhset == 0 && e->group == (part == 2) && nhobj_is_ours(&fib->nhobjs, e->nhid, e->protocol))
		found(fib, e);
	return true;
}

void
fib_object_let_go(struct fib *fib)
{
	struct nhobj *e;
	uint32_t cursor = 0;

	while (fib->nhobjs.held > 0 && (e = keyed_next(&fib->nhobjs.objects, &cursor)) != NULL)
		fib_object_unhold(fib, e);
}
