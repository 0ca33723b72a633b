/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drain: see drain.h.
 */
#include "bgpd/drain.h"

#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"

/* A neighbour that reads slowly, or not at all, is not waited for any longer than this after the withdrawal. */
#define LOOK_MS   100
#define LOOKS_MAX 50

static void
wake_in(struct drain *dr, uint64_t ms)
{
	timer_after_ms(dr->timer, ms);
}

static bool
all_withdrawn(struct peer *p)
{
	uint32_t sent = 0;

	for (int f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		struct peer_route_counts n;
		peer_routes_counts(p, (enum family)f, &n);
		sent += n.sent;
	}
	return sent == 0 && peer_routes_written(p);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct peer *p = arg;
	struct drain *dr = &p->drain;

	(void)fd;
	(void)what;
	loop_enter(p->d->loop);
	if (dr->stage == DRAIN_ANNOUNCED && peer_established(p)) {
		dr->stage = DRAIN_WITHDRAWN;
		dr->looks = 0;
		groups_reconfigure(p->d->groups);
	} else if (all_withdrawn(p) || ++dr->looks >= LOOKS_MAX) {
		peer_stop(p, BGP_CEASE_ADMIN_SHUTDOWN, "drained");
		return;
	}
	wake_in(dr, LOOK_MS);
}

void
drain_init(struct peer *p)
{
	p->drain = (struct drain){.timer = evtimer_new(p->d->loop->base, on_timer, p)};
	ASSERT(p->drain.timer != NULL);
	event_priority_set(p->drain.timer, LOOP_PRIO_URGENT);
}

void
drain_fini(struct peer *p)
{
	event_free(p->drain.timer);
}

/* Without telling the group of the neighbour. */
static bool
begin(struct peer *p, uint32_t seconds)
{
	if (!peer_established(p) || drain_is_on(&p->drain))
		return false;
	log_info("neighbor.drain", LOG_S("neighbor", p->name), LOG_U("seconds", seconds));
	p->drain.stage = DRAIN_ANNOUNCED;
	peer_routes_reconfigure(p);
	wake_in(&p->drain, (uint64_t)seconds * 1000);
	return true;
}

void
drain_begin(struct peer *p, uint32_t seconds)
{
	if (begin(p, seconds))
		groups_reconfigure(p->d->groups);
}

void
drain_cancel(struct peer *p)
{
	if (!drain_is_on(&p->drain))
		return;
	p->drain.stage = DRAIN_NONE;
	event_del(p->drain.timer);
	peer_routes_reconfigure(p);
	if (peer_established(p))
		groups_reconfigure(p->d->groups);
}

unsigned
drain_begin_all(struct bgpd *d, uint32_t seconds)
{
	struct peer *p;
	unsigned n = 0;

	for (; d != NULL; d = instance_next(d)) {
		TAILQ_FOREACH(p, &d->peers, entry)
		{
			begin(p, seconds);
			n += drain_is_on(&p->drain);
		}
		groups_reconfigure(d->groups);
	}
	return n;
}
