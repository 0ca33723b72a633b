/* SPDX-License-Identifier: Apache-2.0 */
/*
 * object: nexthop objects of the main half.
 *
 * A next-hop set that routes use is one object; where it has several next hops it
 * is a group, whose members are the objects of the sets with one next hop each.
 * An object is made when the first route needs it, in front of that route in the
 * ring of operations, and deleted when its set has no use (nhset.h) any more:
 * neither a route that is wanted nor one that the kernel may still have.
 *
 * What the kernel does by itself is followed here. It deletes the objects over a
 * link that goes down or loses its carrier, and with them their IPv4 routes,
 * without a word; a group loses the member, and goes with its last one. Whoever
 * deletes an object of ours deletes our routes with it; that is notified for the
 * object alone. A group that lacks something is replaced in its place when the
 * link is back; where that is refused, when the missing member has come after
 * all, or after the back-off.
 *
 * Blackholes and routes out of an interface without a gateway stay as they are:
 * they are few, and the kernel gives the latter another scope.
 */
#include "fib/state.h"

#include "lib/log.h"
#include "lib/mem.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define STOLEN_CALM_S 60u /* an object deleted by others again within this time waits for the back-off */
#define DOUBT_CALM_S  60u /* and one that is there is not asked for again */

bool
fib_object_wanted(const struct fib *fib, const struct nhset *n)
{
	return fib->objects && n->objectable;
}

static void
lost(struct fib *fib, struct nhset *n)
{
	struct nhobj *e = nhobjs_find(&fib->nhobjs, n->nhid);

	nhset_object_is(n, OBJECT_NONE);
	if (e == NULL)
		return;
	fib_object_unhold(fib, e);
	nhobjs_del(&fib->nhobjs, e);
}

static bool
can_carry(const struct fib *fib, const struct fib_nh *nh)
{
	return known_link_has_carrier(&fib->known, nh->ifindex);
}

bool
fib_object_all_dead(const struct fib *fib, const struct nhset *n)
{
	if (!fib_object_wanted(fib, n))
		return false;
	for (unsigned i = 0; i < n->count; i++)
		if (can_carry(fib, &n->nh[i]))
			return false;
	return true;
}

/*
 * Which next hops the object is to have now: of a group those whose link can carry, if there are any; and
 * of these the ones that routes are not just leaving, if there are any.
 */
static uint64_t
wanted_hops(const struct fib *fib, const struct nhset *n)
{
	_Static_assert(FIB_NH_MAX <= 64, "a bit for each next hop");
	bool all = n->count == 1 || fib_object_all_dead(fib, n);
	uint64_t hops = 0;

	for (unsigned i = 0; i < n->count; i++)
		if (all || can_carry(fib, &n->nh[i]))
			hops |= 1ull << i;
	return (hops & ~n->faded) != 0 ? hops & ~n->faded : hops;
}

/* The object's next hops, where it has those. */
static unsigned
content_of(const struct fib *fib, const struct nhset *n, uint64_t hops, struct fib_nh nh[FIB_NH_MAX])
{
	unsigned count = 0;

	if (n->count == 1) {
		nh[0] = n->nh[0];
		return 1;
	}
	for (unsigned i = 0; i < n->count; i++) {
		if ((hops & 1ull << i) == 0)
			continue;
		nhset_member_nh(&fib->nhsets, n, i, &nh[count++]);
	}
	return count;
}

static unsigned
content(const struct fib *fib, const struct nhset *n, struct fib_nh nh[FIB_NH_MAX])
{
	return content_of(fib, n, wanted_hops(fib, n), nh);
}

static void
push(struct fib *fib, const struct fib_op *op)
{
	bool ok = ring_push(&fib->chan.ops, op);
	ASSERT(ok);
}

static void
push_object(struct fib *fib, uint32_t id, enum fib_verb verb)
{
	struct nhset *n = nhset_at(&fib->nhsets, id);
	struct fib_nh nh[FIB_NH_MAX];
	struct fib_op op = {.kind = FIB_OP_NEXTHOP};
	n->sent = wanted_hops(fib, n);
	unsigned count = content_of(fib, n, n->sent, nh);

	op.u.nexthop = (struct fib_op_nexthop){
	    .verb = (uint8_t)verb,
	    .protocol = fib->env.conf.protocol,
	    .count = (uint8_t)count,
	    .group = n->count > 1,
	    .nhid = n->nhid,
	    .nhset = id,
	};
	push(fib, &op);
	for (unsigned i = 0; i < count; i++) {
		struct fib_op hop = {.kind = FIB_OP_NH, .u.nh = nh[i]};
		push(fib, &hop);
	}
	fib->objects_inflight++;
	nhset_object_is(n, OBJECT_PENDING);
	n->error = 0;
}

static void
push_deletion(struct fib *fib, uint32_t nhset, uint32_t nhid)
{
	struct fib_op op = {.kind = FIB_OP_NEXTHOP,
			    .u.nexthop = {.verb = FIB_DEL, .nhid = nhid, .nhset = nhset}};

	push(fib, &op);
	fib->objects_inflight++;
	fib_audit_object_deleted(fib, nhid);
}

static void
free_number(struct fib *fib, struct nhset *n)
{
	nhobjs_free(&fib->nhobjs, n->nhid);
	n->nhid = 0;
}

/* There is no object, and none to be deleted when the set has no use any more: so nothing is kept for it. */
static void
give_number_back(struct fib *fib, struct nhset *n)
{
	free_number(fib, n);
	nhset_members_release(&fib->nhsets, n);
}

/*
 * The set has no object, and what is made for it from now on has another number, which it has at once: so its routes
 * are seen to be without one. Its members stay, since the kernel's group, where it is one of ours, still has them, and
 * deletes itself with the last.
 */
static void
renumber(struct fib *fib, struct nhset *n)
{
	nhset_object_is(n, OBJECT_NONE);
	free_number(fib, n);
	n->nhid = nhobjs_take(&fib->nhobjs);
	if (n->nhid == 0)
		nhset_members_release(&fib->nhsets, n);
}

/* The kernel's object is not the set's any more, and to be deleted. */
static void
disown(struct fib *fib, struct nhset *n, struct nhobj *e)
{
	fib_object_unhold(fib, e);
	nhobjs_leave(&fib->nhobjs, e);
	renumber(fib, n);
}

/* Does what the kernel has lead over a link that can carry? Then it is no more what we have made of it. */
static bool
leads_elsewhere(const struct fib *fib, const struct nhobj *e)
{
	struct fib_nh nh[FIB_NH_MAX];
	unsigned count = e != NULL ? nhobjs_resolve(&fib->nhobjs, e->nhid, nh) : 0;

	for (unsigned i = 0; i < count; i++)
		if (can_carry(fib, &nh[i]))
			return true;
	return false;
}

/* No link of the object carries: the kernel has dropped it, unless somebody has given it another one. */
static void
cut_off(struct fib *fib, struct nhset *n)
{
	struct nhobj *e = nhobjs_find(&fib->nhobjs, n->nhid);

	if (leads_elsewhere(fib, e))
		disown(fib, n, e);
	else
		lost(fib, n);
}

/* Sees to a number that nobody else has, as far as is known. */
static bool
take_number(struct fib *fib, struct nhset *n)
{
	if (n->nhid != 0 && n->object == OBJECT_NONE && nhobjs_find(&fib->nhobjs, n->nhid) != NULL)
		give_number_back(fib, n);
	if (n->nhid == 0)
		n->nhid = nhobjs_take(&fib->nhobjs);
	return n->nhid != 0;
}

/* Makes the object of a set of one next hop, if it is not there. */
static bool
make_single(struct fib *fib, uint32_t id)
{
	struct nhset *n = nhset_at(&fib->nhsets, id);

	if (!take_number(fib, n))
		return false;
	if (n->object == OBJECT_NONE || n->object == OBJECT_LEAVING)
		push_object(fib, id, FIB_ADD);
	return true;
}

static bool
make_group_members(struct fib *fib, struct nhset *n)
{
	uint64_t hops = wanted_hops(fib, n);

	nhset_members_make(&fib->nhsets, n);
	for (unsigned i = 0; i < n->count; i++)
		if ((hops & 1ull << i) != 0 && !make_single(fib, n->member[i]))
			return false;
	return true;
}

bool
fib_object_make(struct fib *fib, uint32_t id)
{
	struct nhset *n = nhset_at(&fib->nhsets, id);

	if (n->count == 1)
		return make_single(fib, id);
	if (!take_number(fib, n))
		return false;
	if (n->object != OBJECT_NONE && n->object != OBJECT_LEAVING)
		return true;
	if (!make_group_members(fib, n)) {
		give_number_back(fib, n);
		return false;
	}
	push_object(fib, id, FIB_ADD);
	return true;
}

/*
 * Is it there at all? It is asked for by making it as if it were not: the answer is EEXIST, or else it is there now,
 * and the routes that named the former one are gone. First those of a group's members that are believed to be there.
 */
static void
ask_one(struct fib *fib, uint32_t id)
{
	struct nhset *n = nhset_at(&fib->nhsets, id);

	if (!nhset_is_there(n))
		return;
	push_object(fib, id, FIB_ADD);
	n->asked = true;
}

static void
ask(struct fib *fib, uint32_t id)
{
	struct nhset *n = nhset_at(&fib->nhsets, id);
	uint64_t hops = wanted_hops(fib, n);

	n->doubted = false;
	if (!nhset_is_there(n) || n->uses == 0 || (n->count > 1 && !make_group_members(fib, n)))
		return;
	for (unsigned i = 0; n->count > 1 && i < n->count; i++)
		if ((hops & 1ull << i) != 0)
			ask_one(fib, n->member[i]);
	ask_one(fib, id);
}

/* Objects that lack something, or have something else, are replaced in their place. */

static void
repair_later(struct fib *fib, uint32_t id)
{
	struct nhset *n = nhset_at(&fib->nhsets, id);

	nhset_object_is(n, OBJECT_PARTIAL);
	bitmap_set(&fib->repairs, id);
	fib_send_kick(fib);
}

bool
fib_object_repairs(struct fib *fib)
{
	uint32_t id = 0;

	while ((id = bitmap_next(&fib->repairs, id)) != BITMAP_END) {
		struct nhset *n = nhset_at(&fib->nhsets, id);
		if (!ring_has_room(&fib->chan.ops, FIB_OBJECT_ROOM))
			return false;
		bitmap_clear(&fib->repairs, id);
		if (n->doubted)
			ask(fib, id);
		else if (n->object == OBJECT_PARTIAL && n->uses > 0 &&
		    (n->count == 1 || make_group_members(fib, n)))
			push_object(fib, id, FIB_REPLACE);
		id++;
	}
	return true;
}

void
fib_object_repair(struct fib *fib, uint32_t id)
{
	struct nhset *n = nhset_at(&fib->nhsets, id);

	if (n->count > 1)
		nhset_members_make(&fib->nhsets, n);
	repair_later(fib, id);
}

/* One of the group's members is not there, and no link is the reason. */
static bool
lacks_member(const struct fib *fib, const struct nhset *n)
{
	for (unsigned i = 0; n->member != NULL && i < n->count; i++)
		if (nhset_member(&fib->nhsets, n, i)->object == OBJECT_NONE && can_carry(fib, &n->nh[i]) &&
		    (wanted_hops(fib, n) & 1ull << i) != 0)
			return true;
	return false;
}

void
fib_object_complete(struct fib *fib, uint32_t id)
{
	const struct nhset *n = nhset_at(&fib->nhsets, id);

	if (nhset_is_there(n) && lacks_member(fib, n))
		repair_later(fib, id);
}

void
fib_object_reshape(struct fib *fib, uint32_t id)
{
	/* One that is under way is looked at again when its reply comes. */
	if (nhset_is_there(nhset_at(&fib->nhsets, id)))
		repair_later(fib, id);
}

/* Is the kernel's object another than it could be now? */
static bool
can_be_repaired(const struct fib *fib, const struct nhset *n)
{
	const struct nhobj *e = nhobjs_find(&fib->nhobjs, n->nhid);
	struct fib_nh nh[FIB_NH_MAX];

	if (n->refs == 0 || n->object != OBJECT_PARTIAL)
		return false;
	if (e == NULL || (n->count > 1 && n->member == NULL))
		return true;
	return !nhobj_has_content(e, n->count > 1, nh, content(fib, n, nh));
}

void
fib_object_link_up(struct fib *fib)
{
	for (uint32_t id = 1; fib->objects && id < fib->nhsets.slab.top; id++)
		if (can_be_repaired(fib, nhset_at(&fib->nhsets, id)))
			repair_later(fib, id);
}

void
fib_object_retry(struct fib *fib)
{
	if (!fib->repair_refused)
		return;
	fib->repair_refused = false;
	nhobjs_retry(&fib->nhobjs);
	fib_object_link_up(fib);
	fib_send_kick(fib);
}

/* Deletion. */

static void
undefine(struct fib *fib, uint32_t id)
{
	struct nhset *n = nhset_at(&fib->nhsets, id);
	struct fib_op op = {.kind = FIB_OP_NHSET_FREE};

	if (!n->defined)
		return;
	op.u.nhset.id = id;
	push(fib, &op);
	n->defined = false;
}

/* Deletes the object of a set without a use; or else, where it looks like ours, what has come under its number. */
static void
drop(struct fib *fib, struct nhset *n)
{
	struct nhobj *e = nhobjs_find(&fib->nhobjs, n->nhid);

	if (n->object != OBJECT_NONE && n->object != OBJECT_LEAVING) {
		push_deletion(fib, 0, n->nhid);
		lost(fib, n);
	} else if (e != NULL && e->nhset == 0 && nhobj_is_ours(&fib->nhobjs, n->nhid, e->protocol)) {
		nhobjs_leave(&fib->nhobjs, e);
	}
}

/* Deletes objects without a use; false: the ring is full. */
bool
fib_object_frees(struct fib *fib)
{
	uint32_t id = 0;

	while (fib->nhsets.idle.count > 0) {
		id = bitmap_next(&fib->nhsets.idle, 1);
		struct nhset *n = nhset_at(&fib->nhsets, id);
		if (!ring_has_room(&fib->chan.ops, 2))
			return false;
		drop(fib, n);
		undefine(fib, id);
		nhset_object_is(n, OBJECT_NONE);
		n->leaving = n->left = false;
		bitmap_clear(&fib->repairs, id);
		bitmap_clear(&fib->nhsets.idle, id);
		give_number_back(fib, n);
	}
	return true;
}

bool
fib_object_leave(struct fib *fib, uint32_t id)
{
	struct nhset *n = nhset_at(&fib->nhsets, id);

	if (!nhset_is_there(n) || n->leaving || !ring_has_room(&fib->chan.ops, 1))
		return false;
	push_deletion(fib, id, n->nhid);
	lost(fib, n);
	nhset_object_is(n, OBJECT_LEAVING);
	n->leaving = true;
	n->left = false;
	return true;
}

/* Those that no set stands for any more: routes of ours that named one have been replaced or swept by now. */
bool
fib_object_sweep(struct fib *fib)
{
	struct nhobj *e;
	uint32_t cursor = 0;

	while (fib->nhobjs.leftovers > 0 && (e = keyed_next(&fib->nhobjs.objects, &cursor)) != NULL) {
		if (!e->leftover)
			continue;
		if (!ring_has_room(&fib->chan.ops, 1))
			return false;
		push_deletion(fib, 0, e->nhid);
		nhobjs_del(&fib->nhobjs, e);
	}
	return true;
}

/* All objects become leftovers: their numbers or the setting that made them belong to the past. */
void
fib_object_retire(struct fib *fib)
{
	for (uint32_t id = 1; id < fib->nhsets.slab.top; id++) {
		struct nhset *n = nhset_at(&fib->nhsets, id);
		/* A member of a group that was retired before it may have no reference left. */
		if (n->nhid == 0)
			continue;
		struct nhobj *e = nhobjs_find(&fib->nhobjs, n->nhid);
		/* One that is still being made will be there. */
		if (e == NULL && n->object == OBJECT_PENDING)
			e = nhobjs_put(&fib->nhobjs, n->nhid, fib->env.conf.protocol, n->count > 1, NULL, 0);
		if (e != NULL) {
			fib_object_unhold(fib, e);
			nhobjs_leave(&fib->nhobjs, e);
			e->making = n->object == OBJECT_PENDING;
		}
		nhset_object_is(n, OBJECT_NONE);
		bitmap_clear(&fib->repairs, id);
		bitmap_clear(&fib->nhsets.idle, id);
		give_number_back(fib, n);
	}
}

/* Replies. */

/* It is still there. One that is no set's any more waits with what else was refused. */
static void
deletion_refused(struct fib *fib, const struct fib_ev_result *r)
{
	fib_refused(fib, r->error);
	if (r->id != 0 || nhobjs_find(&fib->nhobjs, r->metric) != NULL)
		return;
	nhobjs_refused(&fib->nhobjs, nhobjs_put(&fib->nhobjs, r->metric, fib->env.conf.protocol, false, NULL, 0));
	fib->repair_refused = true;
	fib_retry_arm(fib);
}

static void
deletion_result(struct fib *fib, const struct fib_ev_result *r)
{
	if (r->id == 0)
		return;
	struct nhset *n = nhset_at(&fib->nhsets, r->id);
	if (!n->leaving || n->nhid != r->metric)
		return;
	bool gone = r->error == 0 || r->error == ENOENT;
	if (n->object == OBJECT_LEAVING)
		nhset_object_is(n, gone ? OBJECT_NONE : OBJECT_PARTIAL);
	n->left = gone;
	n->leaving = gone;
	fib_part_left(fib, gone);
}

/* Says whether the kernel's object is as it is to be now, as far as is known. */
static bool
has_all(const struct fib *fib, struct nhset *n)
{
	const struct nhobj *e = nhobjs_find(&fib->nhobjs, n->nhid);
	struct fib_nh nh[FIB_NH_MAX];
	unsigned count = content(fib, n, nh);

	if (e == NULL || e->protocol != fib->env.conf.protocol || !nhobj_has_content(e, n->count > 1, nh, count))
		return false;
	nhset_object_is(n, count == n->count ? OBJECT_THERE : OBJECT_PARTIAL);
	return true;
}

/* What the kernel has is of no use: another one is made. Routes that have named it before are sent again. */
static void
begin_anew(struct fib *fib, struct nhset *n, struct nhobj *e, bool named)
{
	disown(fib, n, e);
	if (named)
		fib_walk_start(fib, WALK_REFORM);
	fib_retry_arm(fib);
}

static void
refused(struct fib *fib, struct nhset *n, const struct fib_ev_result *r)
{
	struct nhobj *e = nhobjs_find(&fib->nhobjs, n->nhid);

	n->error = (uint16_t)r->error;
	nhset_object_is(n, r->verb == FIB_ADD ? OBJECT_NONE : OBJECT_PARTIAL);
	fib->repair_refused |= n->object == OBJECT_PARTIAL;
	if (r->verb == FIB_REPLACE && fib_object_all_dead(fib, n)) {
		/* Its links went while it was under way. */
		cut_off(fib, n);
		fib_walk_lost(fib, 0, false);
		fib_retry_arm(fib);
	} else if (r->verb == FIB_REPLACE && e != NULL && e->group != (n->count > 1)) {
		/* Nothing can be made of one of the other kind. */
		begin_anew(fib, n, e, true);
	} else if (r->error == EEXIST && r->verb == FIB_ADD) {
		/*
		 * Somebody has taken the number; or the object is ours, and the reply was lost. A dump shows whose it
		 * is, and one of ours that is no set's is deleted after it.
		 */
		renumber(fib, n);
		fib->resync_wanted = true;
		fib_retry_soon(fib);
		fib_send_kick(fib);
	} else if (r->error == EOPNOTSUPP) {
		fib->objects_known = false;
		fib_object_mode(fib);
	} else {
		fib_retry_arm(fib);
	}
}

/* It was asked for and is there, or nobody knows. */
static void
asked_in_vain(struct fib *fib, uint32_t id, int error)
{
	struct nhset *n = nhset_at(&fib->nhsets, id);

	nhset_object_is(n, OBJECT_PARTIAL);
	if (error != EEXIST) {
		fib_refused(fib, error);
		fib->repair_refused = true;
		fib_retry_arm(fib);
	} else if (!has_all(fib, n)) {
		repair_later(fib, id);
	}
}

/*
 * A group was made, and one of its members refused: its number is somebody else's, and so is the way that part goes.
 * The member's error; 0: none was. One that has gone with its link meanwhile has no error.
 */
static uint16_t
astray(const struct fib *fib, const struct nhset *n)
{
	for (unsigned i = 0; n->member != NULL && i < n->count; i++) {
		const struct nhset *m = nhset_member(&fib->nhsets, n, i);
		if ((n->sent & 1ull << i) != 0 && m->object == OBJECT_NONE && m->error != 0)
			return m->error;
	}
	return 0;
}

void
fib_object_result(struct fib *fib, const struct fib_ev_result *r)
{
	struct fib_nh nh[FIB_NH_MAX];

	fib->objects_inflight--;
	if (r->verb == FIB_DEL) {
		if (r->error != 0 && r->error != ENOENT)
			deletion_refused(fib, r);
		deletion_result(fib, r);
		return;
	}
	struct nhset *n = nhset_at(&fib->nhsets, r->id);
	/* Deleted again before the reply came, or retired. */
	if (n->refs == 0 || n->nhid != r->metric || n->object != OBJECT_PENDING) {
		if (r->error != 0)
			fib_refused(fib, r->error);
		return;
	}
	bool asked = n->asked;
	if (asked && r->error != 0) {
		asked_in_vain(fib, r->id, r->error);
		return;
	}
	if (r->error != 0) {
		fib_refused(fib, r->error);
		refused(fib, n, r);
		return;
	}
	unsigned count = content_of(fib, n, n->sent, nh);
	struct nhobj *e = nhobjs_put(&fib->nhobjs, n->nhid, fib->env.conf.protocol, n->count > 1, nh, count);
	nhobjs_bind(&fib->nhobjs, e, r->id);
	e->gen = fib->known.gen;
	n->error = astray(fib, n);
	if (n->error != 0) {
		begin_anew(fib, n, e, r->verb == FIB_REPLACE || asked);
		return;
	}
	nhset_object_is(n, count == n->count ? OBJECT_THERE : OBJECT_PARTIAL);
	/* Nobody has told that it went: nor that its routes did. */
	if (asked && !n->stolen) {
		fib_audit_object_gone(fib, n->nhid);
		n->hold_off = false;
		fib_walk_lost(fib, 0, false);
	}
	n->stolen = asked && !n->stolen;
	/* A link came or went while it was under way, or somebody has deleted a member: its number may be his by now. */
	if (n->sent != wanted_hops(fib, n) || lacks_member(fib, n))
		repair_later(fib, r->id);
	if (n->count == 1)
		fib_object_retry(fib); /* a group may have been refused for want of this one */
}

bool
fib_object_doubt(struct fib *fib, const struct fib_ev_result *r)
{
	struct nhset *n = nhset_at(&fib->nhsets, r->nhset);
	uint32_t now_s = loop_now_s(fib->loop);

	if (!r->object || r->error != EINVAL)
		return false;
	fib->doubts |= n->doubted;
	if (n->doubted || n->asked)
		return true;
	if (!nhset_is_there(n) || (n->doubt_s != 0 && now_s - n->doubt_s < DOUBT_CALM_S))
		return false;
	/* With the next retry, since the news of its deletion may be on its way. */
	n->doubted = fib->doubts = true;
	n->doubt_s = now_s != 0 ? now_s : 1;
	return true;
}

void
fib_object_doubts(struct fib *fib)
{
	for (uint32_t id = 1; fib->doubts && id < fib->nhsets.slab.top; id++) {
		struct nhset *n = nhset_at(&fib->nhsets, id);
		if (n->refs > 0 && n->doubted)
			bitmap_set(&fib->repairs, id);
	}
	if (fib->doubts)
		fib_send_kick(fib);
	fib->doubts = false;
}

int
fib_object_error(const struct fib *fib, const struct fib_ev_result *r)
{
	const struct nhset *n = nhset_at(&fib->nhsets, r->nhset);

	/* "Nexthop id does not exist": what kept the object from being there is the reason. */
	if (!r->object || r->error != EINVAL || nhset_is_there(n))
		return r->error;
	for (unsigned i = 0; n->member != NULL && i < n->count; i++)
		if (nhset_member(&fib->nhsets, n, i)->error != 0)
			return nhset_member(&fib->nhsets, n, i)->error;
	return n->error != 0 && n->error != EEXIST ? n->error : ENETDOWN;
}

/* What the kernel reports. */

/* Somebody has deleted an object of ours: the routes that named it are gone, too. */
static void
stolen(struct fib *fib, struct nhset *n)
{
	uint32_t now = loop_now_s(fib->loop);

	if (n->object == OBJECT_NONE || n->object == OBJECT_LEAVING)
		return;
	log_warn("fib.nexthop.deleted", LOG_U("id", n->nhid), LOG_U("uses", n->uses),
		 LOG_S("hint", "another program deletes our nexthop objects, and our routes with them"));
	if (n->object != OBJECT_PENDING)
		lost(fib, n);
	n->stolen = true;
	n->hold_off = n->stolen_s != 0 && now - n->stolen_s < STOLEN_CALM_S;
	n->stolen_s = now;
	fib_walk_lost(fib, 0, false);
}

void
fib_object_vanished(struct fib *fib, uint32_t id)
{
	struct nhset *n = nhset_at(&fib->nhsets, id);

	lost(fib, n);
	n->stolen = true;
	n->hold_off = false;
	fib_walk_lost(fib, 0, false);
}

static void
changed(struct fib *fib, struct nhobj *e)
{
	struct nhset *n = nhset_at(&fib->nhsets, e->nhset);

	if (n->object == OBJECT_PENDING || n->object == OBJECT_LEAVING)
		return;
	nhset_members_make(&fib->nhsets, n);
	if (!has_all(fib, n))
		repair_later(fib, e->nhset);
}

void
fib_object_event(struct fib *fib, const struct fib_ev_nexthop *ev, const struct fib_nh *nh)
{
	struct nhobj *e = nhobjs_find(&fib->nhobjs, ev->nhid);

	if (ev->deleted) {
		if (e == NULL)
			return;
		if (e->nhset != 0)
			stolen(fib, nhset_at(&fib->nhsets, e->nhset));
		else if (!e->making)
			nhobjs_del(&fib->nhobjs, e);
		return;
	}
	e = nhobjs_put(&fib->nhobjs, ev->nhid, ev->protocol, ev->group, nh, ev->count);
	e->gen = fib->known.gen;
	if (e->nhset != 0)
		changed(fib, e);
	else if (!fib->known.dumping && !nhobjs_is_taken(&fib->nhobjs, ev->nhid) &&
		 nhobj_is_ours(&fib->nhobjs, ev->nhid, ev->protocol))
		nhobjs_leave(&fib->nhobjs, e); /* as a route with our protocol number that nobody has asked for */
}

/* Does the kernel's group still have a member that can carry? One that is not known well has. */
static bool
group_lives(const struct fib *fib, const struct nhset *n)
{
	const struct nhobj *e = nhobjs_find(&fib->nhobjs, n->nhid);

	if (n->member == NULL || e == NULL || e->count == 0)
		return true;
	for (unsigned i = 0; i < e->count; i++)
		for (unsigned k = 0; k < n->count; k++)
			if (nhset_member(&fib->nhsets, n, k)->nhid == e->nh[i].ifindex && can_carry(fib, &n->nh[k]))
				return true;
	return false;
}

/* A link is down or without carrier: the kernel has dropped what led over it. Their routes are WALK_LOST's. */
void
fib_object_link_down(struct fib *fib, uint32_t ifindex)
{
	struct fib_nh nh[FIB_NH_MAX];

	for (uint32_t id = 1; fib->objects && id < fib->nhsets.slab.top; id++) {
		struct nhset *n = nhset_at(&fib->nhsets, id);
		bool hit = false;
		if (n->refs == 0 || n->nhid == 0 || !nhset_is_there(n))
			continue;
		for (unsigned i = 0; i < n->count; i++)
			hit |= n->nh[i].ifindex == ifindex;
		if (!hit)
			continue;
		if (fib_object_all_dead(fib, n) || !group_lives(fib, n)) {
			cut_off(fib, n);
			continue;
		}
		nhset_object_is(n, OBJECT_PARTIAL);
		if (n->member != NULL)
			nhobjs_put(&fib->nhobjs, n->nhid, fib->env.conf.protocol, true, nh,
				   content(fib, n, nh));
	}
}

/* The setting or what the kernel can do has changed. */
void
fib_object_mode(struct fib *fib)
{
	bool on = fib->objects_known && fib->env.conf.nexthop_objects;

	if (on == fib->objects)
		return;
	fib->objects = on;
	log_info("fib.nexthop-objects", LOG_S("use", on ? "yes" : "no"));
	if (!on)
		fib_object_retire(fib);
	fib_walk_start(fib, WALK_REFORM);
	/* Over a link without a carrier there is no object, but a route by itself. */
	fib_retry_soon(fib);
}
