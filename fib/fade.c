/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fade: a next hop that many routes are leaving is taken out of their group at once.
 *
 * When a neighbour is lost whose link stays up, the RIB takes its paths out one by
 * one, and each route moves from the group of before to what is left of it. That is
 * an operation a route, seconds for 500,000, and until its turn comes a route goes on
 * leading to the lost neighbour. But all of them name one object: so when the owner
 * has said that paths are going (fib_paths_going), and some routes have moved from a
 * set to one and the same part of it, the set's object is made that part, by one
 * replacement. What still wants the whole set leads to a part of it meanwhile, which
 * is right, only not shared out as it should be; the object gets everything back
 * when no route has moved for a moment and none is left to be sent, or after a minute
 * in any case: there may always be some routes that move, and some neighbour that goes.
 */
#include "fib/state.h"

#include "lib/log.h"

#define FADE_MIN   64u            /* so many routes have moved: the others will */
#define FADE_LULL  1000000000ull  /* ns without another: no more will come, */
#define FADE_STUCK 10000000000ull /* even if something else is always being sent */
#define FADE_LAST  60000000000ull /* ns since paths were said to be going, or since an object lacks something: what
				   * moves now moves for other reasons */

static void
arm(struct fib *fib)
{
	struct timeval lull = {.tv_sec = 1};

	evtimer_add(fib->fade.timer, &lull);
}

void
fib_paths_going(struct fib *fib)
{
	if (!fib->objects || fib->stopping)
		return;
	fib->fade.said_ns = time_mono_ns();
	if (fib->fade.open)
		return;
	fib->fade.last_ns = fib->fade.said_ns;
	fib->fade.open = true;
	arm(fib);
}

static bool
same_hop(const struct fib_nh *a, const struct fib_nh *b)
{
	return a->ifindex == b->ifindex && a->onlink == b->onlink && ip_addr_eq(&a->via, &b->via);
}

/* Which next hops of n are not in to; 0: to is not a part of n. Weights are none of it. Both are sorted. */
static uint64_t
left_behind(const struct nhset *n, const struct nhset *to)
{
	uint64_t gone = 0;
	unsigned kept = 0;

	for (unsigned i = 0; i < n->count; i++) {
		if (kept < to->count && same_hop(&to->nh[kept], &n->nh[i]))
			kept++;
		else
			gone |= 1ull << i;
	}
	return kept == to->count && kept > 0 ? gone : 0;
}

void
fib_fade_note(struct fib *fib, uint32_t from, uint32_t to)
{
	struct nhset *n = nhset_at(&fib->nhsets, from);

	if (n->nhid == 0 || n->count < 2)
		return;
	uint64_t gone = left_behind(n, nhset_at(&fib->nhsets, to));
	if (gone == 0)
		return;
	fib->fade.last_ns = fib->loop->turn_start_ns;
	if (n->fading != gone) {
		n->fading = gone;
		n->moved = 0;
	}
	if (++n->moved < FADE_MIN || (n->faded | gone) == n->faded)
		return;
	if (n->faded == 0)
		n->faded_ns = fib->loop->turn_start_ns;
	n->faded |= gone;
	log_info("fib.nexthop.fades", LOG_U("id", n->nhid), LOG_U("left", nhset_at(&fib->nhsets, to)->count),
		 LOG_U("of", n->count), LOG_U("uses", n->uses));
	fib_object_reshape(fib, from);
}

/* Sets whose object has been without something for min_ns get it back; what was counted of moves begins anew. */
static void
give_back(struct fib *fib, uint64_t now_ns, uint64_t min_ns)
{
	for (uint32_t id = 1; id < fib->nhsets.slab.top; id++) {
		struct nhset *n = nhset_at(&fib->nhsets, id);
		bool due = n->faded == 0 ? min_ns == 0 : now_ns - n->faded_ns >= min_ns;

		if (!due)
			continue;
		n->fading = 0;
		n->moved = 0;
		if (n->faded == 0)
			continue;
		n->faded = 0;
		if (n->refs > 0)
			fib_object_reshape(fib, id);
	}
}

void
fib_fade_due(struct fib *fib)
{
	uint64_t now_ns = time_mono_ns(), calm_ns = now_ns - fib->fade.last_ns;
	bool calm = calm_ns >= FADE_LULL && (calm_ns >= FADE_STUCK || fib_send_idle(fib));

	if (!calm && now_ns - fib->fade.said_ns < FADE_LAST) {
		give_back(fib, now_ns, FADE_LAST);
		arm(fib);
	} else {
		give_back(fib, now_ns, 0);
		fib->fade = (struct fade){.timer = fib->fade.timer};
	}
}
