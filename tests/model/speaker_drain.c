/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_drain: sessions that the daemon takes the traffic off before it ends them (RFC 8326).
 *
 * First all routes to and from the neighbour become the last resort of both sides; when that time is over nothing
 * is sent any more, and when the neighbour has that, the session ends and stays down. Neighbours of another AS say
 * of routes that they are about to do the same.
 */
#include "tests/model/speaker_model.h"

#include "bgpd/peer.h"

#define NS_S 1000000000ull

static void
changed(void)
{
	the_model->last_event = the_model->step;
}

void
drain_forget(struct mpeer *n)
{
	n->drain = DRAIN_NONE;
}

void
drain_step(unsigned peer)
{
	struct mpeer *n = &the_model->peer[peer];
	uint32_t seconds = 1 + rnd(20);

	if (n->drain != DRAIN_NONE) {
		drain_cancel(peer_of(peer));
		n->drain = DRAIN_NONE;
	} else if (n->up) {
		drain_begin(peer_of(peer), seconds);
		n->drain = DRAIN_ANNOUNCED;
		n->drain_due_ns = the_model->now_ns + seconds * NS_S;
	}
	changed();
}

/* Nothing is left for it to read. */
void
drain_end(const struct mpeer *n)
{
	for (unsigned k = 0; n->drain == DRAIN_WITHDRAWN && k < FAMILY_COUNT * NPREFIX * NTOLD; k++)
		if ((&n->told[0][0][0])[k].there)
			fail("neighbour %td is drained, and has still routes", n - the_model->peer);
}

static void
follow_one(unsigned i, struct mpeer *n, const struct peer *p, bool all_fired)
{
	uint8_t stage = p != NULL ? p->drain.stage : DRAIN_NONE;

	/* When nothing is sent any more all timers have to do is see that it has been written. */
	if (all_fired && stage != DRAIN_NONE && (stage == DRAIN_WITHDRAWN || the_model->now_ns > n->drain_due_ns + NS_S))
		fail("neighbour %u drains for too long, in stage %u", i, stage);
	if (stage == n->drain)
		return;
	if (stage < n->drain && p != NULL && !p->admin_down)
		fail("neighbour %u drained from stage %u to %u, and is not down", i, n->drain, stage);
	if (stage > n->drain && n->drain == DRAIN_NONE)
		fail("neighbour %u drains", i);
	if (p != NULL && the_model->now_ns + NS_S / 10 < n->drain_due_ns)
		fail("neighbour %u: drained too early", i);
	the_model->seen_drained += stage == DRAIN_NONE;
	n->drain = stage;
	if (stage == DRAIN_NONE)
		for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
			kept_forget(n, f);
	changed();
}

void
drain_follow(bool all_fired)
{
	for (unsigned i = 0; i < NPEER; i++)
		follow_one(i, &the_model->peer[i], peer_of(i), all_fired);
}

void
drain_export(const struct mpeer *n, struct mattr *a)
{
	if (n->drain != DRAIN_ANNOUNCED)
		return;
	a->communities |= C_GRACEFUL_SHUTDOWN;
	if (!is_inside(n))
		return;
	a->has_local_pref = true;
	a->local_pref = 0;
}

void
drain_import(const struct mpeer *n, const struct mattr *received, struct mattr *a)
{
	bool said = !n->internal && (received->communities & C_GRACEFUL_SHUTDOWN);

	if (n->drain == DRAIN_NONE && !said)
		return;
	a->has_local_pref = true;
	a->local_pref = 0;
}
