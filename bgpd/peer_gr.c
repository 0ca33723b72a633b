/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_gr: see peer_gr.h.
 */
#include "bgpd/peer_gr.h"

#include "bgpd/daemon.h"
#include "bgpd/open.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"

static void event(struct peer *p, enum family f, enum gr_event ev, uint32_t facts);

static uint32_t
least(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* One callback a family: an event of libevent has room for a single argument. */
static void
expired(struct peer *p, enum family f)
{
	loop_enter(p->d->loop);
	p->gr.fam[f].due_ns = 0;
	event(p, f, GR_EV_TIMER, p->gr.fam[f].long_s > 0 ? GR_IF_LONG : 0);
}

static void
on_timer4(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	expired(arg, FAMILY_IPV4);
}

static void
on_timer6(evutil_socket_t fd, short what, void *arg)
{
	(void)fd;
	(void)what;
	expired(arg, FAMILY_IPV6);
}

static void
timer_start(struct peer *p, enum family f, uint64_t after_ns)
{
	if (p->gr.fam[f].timer == NULL)
		p->gr.fam[f].timer = evtimer_new(p->d->loop->base, f == FAMILY_IPV4 ? on_timer4 : on_timer6, p);
	ASSERT(p->gr.fam[f].timer != NULL);
	p->gr.fam[f].due_ns = p->d->loop->turn_start_ns + after_ns;
	timer_after_ms(p->gr.fam[f].timer, after_ns / 1000000);
}

static void
timer_stop(struct peer *p, enum family f)
{
	p->gr.fam[f].due_ns = 0;
	if (p->gr.fam[f].timer != NULL)
		event_del(p->gr.fam[f].timer);
}

#define S_NS 1000000000ull

static uint64_t
stale_time_left_ns(const struct peer *p, enum family f)
{
	uint64_t end = p->gr.fam[f].lost_ns + p->conf->graceful_restart.stale_s * S_NS;
	uint64_t now = p->d->loop->turn_start_ns;

	return end > now ? end - now : 0;
}

static void
act(struct peer *p, enum family f, uint32_t actions)
{
	const struct conf_graceful_restart *conf = &p->conf->graceful_restart;

	if (actions & GR_DO_STOP_TIMER)
		timer_stop(p, f);
	if (actions & GR_DO_SWEEP)
		peer_routes_sweep(p, f);
	if (actions & GR_DO_MARK)
		peer_routes_mark(p, f);
	if (actions & GR_DO_DROP)
		peer_routes_sweep(p, f);
	if (actions & GR_DO_LAST_RESORT)
		peer_routes_rejudge_stale(p);
	if (actions & GR_DO_TIMER_RESTART)
		timer_start(p, f, least(p->gr.fam[f].restart_s, conf->stale_s) * S_NS);
	if (actions & GR_DO_TIMER_STALE)
		timer_start(p, f, stale_time_left_ns(p, f));
	if (actions & GR_DO_TIMER_LONG)
		timer_start(p, f, least(p->gr.fam[f].long_s, conf->long_lived_s) * S_NS);
}

static void
event(struct peer *p, enum family f, enum gr_event ev, uint32_t facts)
{
	enum gr_state from = (enum gr_state)p->gr.fam[f].state;
	struct gr_result r = gr_step(from, ev, facts);

	p->gr.fam[f].state = r.state;
	act(p, f, r.actions);
	if (r.state != from)
		log_info("neighbor.graceful_restart", LOG_S("neighbor", p->name), LOG_S("family", family_name(f)),
		    LOG_S("from", gr_state_name(from)), LOG_S("to", gr_state_name((enum gr_state)r.state)),
		    LOG_U("paths", peer_routes_source(p)->received[f]));
}

void
peer_gr_lost(struct peer *p, bool graceful)
{
	const struct open_caps *c = &p->session.caps;

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		uint32_t facts = 0;
		bool in_gr = graceful && c->gr && (c->gr_families & OPEN_FAMILY(f));
		bool is_long = in_gr && (c->llgr_families & OPEN_FAMILY(f)) && c->llgr_time_s[f] > 0 &&
		    p->conf->graceful_restart.long_lived_s > 0;
		if (in_gr)
			facts |= GR_IF_GRACEFUL | (c->gr_time_s > 0 ? GR_IF_TIME : 0) | (is_long ? GR_IF_LONG : 0);
		p->gr.fam[f].restart_s = c->gr_time_s;
		p->gr.fam[f].long_s = is_long ? c->llgr_time_s[f] : 0;
		p->gr.fam[f].lost_ns = p->d->loop->turn_start_ns;
		event(p, f, GR_EV_LOST, facts);
	}
}

void
peer_gr_up(struct peer *p)
{
	const struct open_caps *c = &p->session.caps;

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		uint8_t bit = OPEN_FAMILY(f);
		uint32_t facts = 0;
		if (c->gr && (c->families & c->gr_families & c->gr_forwarding & bit))
			facts |= GR_IF_KEPT;
		if (c->gr && (c->families & c->llgr_families & c->llgr_forwarding & bit))
			facts |= GR_IF_KEPT_LONG;
		event(p, f, GR_EV_UP, facts);
	}
}

void
peer_gr_end_of_rib(struct peer *p, enum family f)
{
	event(p, f, GR_EV_EOR, 0);
}

void
peer_gr_forget(struct peer *p)
{
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		event(p, f, GR_EV_FORGET, 0);
}

bool
peer_gr_keeps(const struct peer *p, enum family f)
{
	if (f == FAMILY_NONE)
		return peer_gr_keeps(p, FAMILY_IPV4) || peer_gr_keeps(p, FAMILY_IPV6);
	return p->gr.fam[f].state != GR_FRESH;
}

void
peer_gr_fini(struct peer *p)
{
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (p->gr.fam[f].timer != NULL)
			event_free(p->gr.fam[f].timer);
}
