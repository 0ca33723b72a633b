/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restart: see restart.h.
 */
#include "bgpd/restart.h"

#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/kernel.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/pipeline.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"

#define POLL_MS       20
#define WAIT_MS       500
#define RESTARTING_NS 5000000000ull

static uint32_t
waits_of(const struct peer *p)
{
	const struct open_caps *c = &p->session.caps;

	if (peer_is_down(p))
		return 0;
	if (!peer_established(p))
		return GR_START_IF_AWAY;
	if (peer_routes_in_sync(p))
		return 0;
	/* Who has not the capability may never tell. */
	if (!c->gr)
		return GR_START_IF_PLAIN;
	if (!c->gr_restarting)
		return GR_START_IF_SENDING;
	/*
	 * RFC 4724 4.1 leaves out who restarts itself, since both could wait for ever. But FRR says that it does for
	 * minutes after any start, and sends its routes at once: so much time there is.
	 */
	bool patient = p->d->loop->turn_start_ns < p->updown_ns + RESTARTING_NS;
	return patient ? GR_START_IF_AWAY : GR_START_IF_PLAIN;
}

static uint32_t
facts(const struct restart *r)
{
	uint32_t f = (r->late ? GR_START_IF_LATE : 0) | (r->limit ? GR_START_IF_LIMIT : 0) |
	    (pipeline_idle(r->d->pipeline) ? GR_START_IF_IDLE : 0);
	struct peer *p;

	TAILQ_FOREACH(p, &r->d->peers, entry)
	f |= waits_of(p);
	return f;
}

static void
act(struct restart *r, uint32_t actions)
{
	struct bgpd *d = r->d;
	uint32_t restart_s = d->conf->router.graceful_restart.restart_s;

	if (actions & GR_START_DO_DEFER)
		pipeline_defer(d->pipeline, true);
	if (actions & GR_START_DO_TIMERS) {
		timer_after_ms(r->ev_late, gr_at_most(restart_s, GR_LATE_S) * 1000);
		timer_after_ms(r->ev_limit, gr_at_most(restart_s, GR_LIMIT_S) * 1000);
		r->limit_ns = d->loop->turn_start_ns + gr_at_most(restart_s, GR_LIMIT_S) * 1000000000ull;
	}
	if (actions & GR_START_DO_SELECT)
		pipeline_defer(d->pipeline, false);
	if (actions & GR_START_DO_TELL)
		groups_end_of_rib(d->groups);
	if (actions & GR_START_DO_POLL)
		timer_after_ms(r->ev_poll, POLL_MS);
	if (actions & GR_START_DO_SWEEP)
		kernel_sweep(d->kernel);
}

static void
event(struct restart *r, enum gr_start_event ev, uint32_t more)
{
	struct gr_result res = gr_start_step((enum gr_start_state)r->state, ev, facts(r) | more);

	if (res.state != r->state)
		log_info("restart.state", LOG_S("from", gr_start_state_name((enum gr_start_state)r->state)),
		    LOG_S("to", gr_start_state_name((enum gr_start_state)res.state)),
		    LOG_S("late", r->late ? "yes" : "no"), LOG_S("limit", r->limit ? "yes" : "no"));
	r->state = res.state;
	act(r, res.actions);
	/* Some facts change with time alone. */
	if (r->state != GR_START && r->state != GR_DONE && !event_pending(r->ev_poll, EV_TIMEOUT, NULL))
		timer_after_ms(r->ev_poll, WAIT_MS);
}

static void
on_poll(evutil_socket_t fd, short what, void *arg)
{
	struct restart *r = arg;

	(void)fd;
	(void)what;
	loop_enter(r->d->loop);
	event(r, GR_START_EV_CHANGE, 0);
}

static void
on_late(evutil_socket_t fd, short what, void *arg)
{
	((struct restart *)arg)->late = true;
	on_poll(fd, what, arg);
}

static void
on_limit(evutil_socket_t fd, short what, void *arg)
{
	((struct restart *)arg)->limit = true;
	on_poll(fd, what, arg);
}

void
restart_init(struct restart *r, struct bgpd *d)
{
	*r = (struct restart){.d = d, .state = GR_START};
	r->ev_late = evtimer_new(d->loop->base, on_late, r);
	r->ev_limit = evtimer_new(d->loop->base, on_limit, r);
	r->ev_poll = evtimer_new(d->loop->base, on_poll, r);
	ASSERT(r->ev_late != NULL && r->ev_limit != NULL && r->ev_poll != NULL);
}

void
restart_fini(struct restart *r)
{
	struct event *events[] = {r->ev_late, r->ev_limit, r->ev_poll};

	for (unsigned i = 0; i < ARRAY_LEN(events); i++)
		if (events[i] != NULL)
			event_free(events[i]);
}

static bool
offered(const struct bgpd *d)
{
	const struct peer *p;

	TAILQ_FOREACH(p, &d->peers, entry)
	if (p->ours.caps.gr)
		return true;
	return false;
}

void
restart_synced(struct restart *r, uint8_t kept)
{
	bool on = !r->d->options->afresh && offered(r->d);

	r->kept = on ? kept : 0;
	event(r, GR_START_EV_SYNCED, r->kept != 0 ? GR_START_IF_KEPT : 0);
}

void
restart_peers_changed(struct restart *r)
{
	if (r->state != GR_START && r->state != GR_DONE)
		timer_after_ms(r->ev_poll, 0);
}

void
restart_caps(const struct restart *r, const struct peer *p, struct open_caps *caps)
{
	bool seen = p->stats.established > 0, deferring = restart_deferring(r);

	if (!caps->gr)
		return;
	caps->gr_restarting = r->kept != 0 && (!seen || deferring);
	caps->gr_forwarding = caps->gr_families;
	if (r->d->options->kernel && (!seen || deferring))
		caps->gr_forwarding &= r->kept;
	caps->llgr_forwarding = caps->gr_forwarding & caps->llgr_families;
}

bool
restart_waits(const struct restart *r, enum family f, struct restart_wait *out)
{
	uint32_t counts = GR_START_IF_SENDING | (r->late ? 0 : GR_START_IF_AWAY);
	uint64_t now = r->d->loop->turn_start_ns;
	const struct peer *p;

	*out = (struct restart_wait){.of_s = gr_at_most(r->d->conf->router.graceful_restart.restart_s, GR_LIMIT_S)};
	if (!restart_deferring(r))
		return false;
	if (r->limit_ns > now)
		out->left_s = (uint32_t)((r->limit_ns - now + 999999999) / 1000000000);
	TAILQ_FOREACH(p, &r->d->peers, entry)
	if (peer_family(p) == f && (waits_of(p) & counts) != 0)
		out->neighbors++;
	return true;
}
