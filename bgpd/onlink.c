/* SPDX-License-Identifier: Apache-2.0 */
/*
 * onlink: see onlink.h.
 *
 * RFC 4861 6.2.4 and 6.2.6 bound how often a router may advertise: the first few at
 * short intervals, never two within three seconds, and then every ten seconds here,
 * which is what FRR does for such neighbours too.
 */
#include "bgpd/onlink.h"

#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "bgpd/peer.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/mem.h"

#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#define RA_FIRST_N      3     /* sent at the short interval; as many solicitations */
#define RA_FIRST_MS     3000  /* MIN_DELAY_BETWEEN_RAS */
#define RA_INTERVAL_MS  10000 /* with jitter */
#define RA_RETRY_MS     500   /* no link-local address there yet */

static const char *
wanted_name(const struct peer *p)
{
	return p->conf->interface != NULL ? p->conf->interface : p->conf->address.scope;
}

static bool
unnumbered(const struct peer *p)
{
	return p->conf->interface != NULL;
}

/* Of an interface that is up; 0: there is none. */
static uint32_t
index_of(const struct bgpd *d, const char *name)
{
	const struct kernel_link *l = interfaces_find(&d->kernel->interfaces, kernel_ifindex(d->kernel, name));

	/* Who leaves the kernel alone is told of no interfaces, and has to ask. */
	if (l == NULL)
		return d->options->kernel ? 0 : if_nametoindex(name);
	return l->l.up && !l->l.deleted ? l->l.ifindex : 0;
}

static void
wake_in(struct onlink *o, uint64_t ms)
{
	timer_after_ms(o->timer, ms);
}

static void
on_seen(void *ctx, enum ra_kind kind, const struct ip_addr *from)
{
	onlink_seen(ctx, kind, from);
}

static struct ra *
socket_of(struct bgpd *d)
{
	struct onlinks *all = &d->onlinks;
	int err;

	if (all->ra != NULL || all->ra_failed || !d->options->kernel)
		return all->ra;
	all->ra = ra_open(d->loop, on_seen, d, &err);
	all->ra_failed = all->ra == NULL;
	if (all->ra_failed)
		log_error("onlink.open", LOG_S("error", strerror(-err)),
		    LOG_S("effect", "neighbours on an interface are not found unless they connect"),
		    LOG_S("hint", "router advertisements need CAP_NET_RAW, which router.user has if there are such neighbors at the start: restart bgpd"));
	return all->ra;
}

static void
advertise(struct onlink *o)
{
	struct peer *p = o->peer;
	struct ra *ra = socket_of(p->d->main);
	uint64_t now = time_mono_ns();

	if (ra == NULL || o->ifindex == 0)
		return;
	if (!o->joined)
		o->joined = ra_join(ra, o->ifindex) == 0;
	if (ra_send(ra, RA_ADVERT, o->ifindex) < 0) {
		wake_in(o, RA_RETRY_MS);
		return;
	}
	if (o->sent < RA_FIRST_N && p->addr.family == FAMILY_NONE)
		ra_send(ra, RA_SOLICIT, o->ifindex);
	o->sent++;
	o->sent_ns = now;
	wake_in(o, o->sent < RA_FIRST_N ? RA_FIRST_MS : RA_INTERVAL_MS - arc4random_uniform(RA_INTERVAL_MS / 4));
}

/* Somebody would like to hear from us: now, or as soon as we may again. */
static void
advertise_soon(struct onlink *o)
{
	uint64_t since_ms = (time_mono_ns() - o->sent_ns) / 1000000;

	if (o->sent == 0 || since_ms >= RA_FIRST_MS)
		advertise(o);
	else
		wake_in(o, RA_FIRST_MS - since_ms);
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct onlink *o = arg;

	(void)fd;
	(void)what;
	loop_enter(o->peer->d->loop);
	advertise(o);
}

static void
learn(struct onlink *o, const struct ip_addr *addr)
{
	struct peer *p = o->peer;
	char text[IP_ADDR_STRLEN];

	if (addr->family != FAMILY_NONE)
		log_info("neighbor.found", LOG_S("neighbor", p->name), LOG_S("interface", wanted_name(p)),
		    LOG_S("address", ip_addr_str(addr, text, sizeof text)));
	peer_address_set(p, addr);
	if (p->conf->password.secret != NULL || p->conf->tcp_ao.n > 0)
		daemon_keys_changed(p->d);
}

/* The interface has come, gone or been exchanged for another. */
static void
follow(struct onlink *o)
{
	struct peer *p = o->peer;
	uint32_t ifindex = index_of(instance_domain(p->d), wanted_name(p));
	struct ip_addr addr = unnumbered(p) ? (struct ip_addr){0} : p->conf->address.addr;

	if (ifindex != o->ifindex) {
		log_info("neighbor.interface", LOG_S("neighbor", p->name), LOG_S("interface", wanted_name(p)),
		    LOG_S("state", ifindex != 0 ? "up" : "down"));
		*o = (struct onlink){.entry = o->entry, .peer = p, .ifindex = ifindex, .timer = o->timer};
		event_del(o->timer);
	} else if (unnumbered(p) && p->addr.scope_id == ifindex) {
		addr = p->addr;
	}
	if (!unnumbered(p))
		addr.scope_id = ifindex;
	if (!ip_addr_eq(&addr, &p->addr))
		learn(o, &addr);
	if (unnumbered(p) && o->sent == 0)
		advertise(o);
}

void
onlink_configure(struct peer *p)
{
	onlink_check(p);
	if (p->range != NULL || wanted_name(p) == NULL)
		return;
	struct onlink *o = p->onlink;
	if (o == NULL) {
		o = xcalloc(1, sizeof *o);
		o->peer = p;
		o->timer = evtimer_new(p->d->loop->base, on_timer, o);
		ASSERT(o->timer != NULL);
		LIST_INSERT_HEAD(&p->d->main->onlinks.all, o, entry);
		p->onlink = o;
	}
	follow(o);
}

void
onlink_check(struct peer *p)
{
	if (p->onlink != NULL && wanted_name(p) == NULL)
		onlink_forget(p);
}

void
onlink_forget(struct peer *p)
{
	struct onlink *o = p->onlink;

	if (o == NULL)
		return;
	LIST_REMOVE(o, entry);
	event_free(o->timer);
	free(o);
	p->onlink = NULL;
}

void
onlink_close(struct bgpd *d)
{
	ra_close(d->onlinks.ra);
	d->onlinks.ra = NULL;
}

void
onlink_link_changed(struct bgpd *d, uint32_t ifindex, const char *name)
{
	struct onlink *o;

	LIST_FOREACH(o, &d->main->onlinks.all, entry)
	if (instance_domain(o->peer->d) == d && (o->ifindex == ifindex || strcmp(wanted_name(o->peer), name) == 0))
		follow(o);
}

/* The unnumbered neighbour on this link, if it is looked for: one that speaks is not exchanged for another. */
static struct onlink *
looking(struct bgpd *d, const struct ip_addr *from)
{
	struct onlink *o;

	LIST_FOREACH(o, &d->main->onlinks.all, entry)
	if (unnumbered(o->peer) && o->ifindex != 0 && o->ifindex == from->scope_id)
		return o;
	return NULL;
}

void
onlink_seen(struct bgpd *d, enum ra_kind kind, const struct ip_addr *from)
{
	struct onlink *o = looking(d, from);

	/* A bridge may bring our own back to us. */
	if (o == NULL || kernel_is_own(instance_domain(o->peer->d)->kernel, from))
		return;
	if (kind == RA_ADVERT && !ip_addr_eq(&o->peer->addr, from) && peer_state(o->peer) < FSM_OPENSENT)
		learn(o, from);
	else if (kind == RA_ADVERT)
		return;
	advertise_soon(o);
}

struct peer *
onlink_admit(struct bgpd *domain, const struct ip_addr *remote)
{
	struct onlink *o = ip_addr_is_link_local(remote) ? looking(domain, remote) : NULL;

	if (o == NULL || instance_domain(o->peer->d) != domain || peer_state(o->peer) >= FSM_OPENSENT)
		return NULL;
	learn(o, remote);
	return o->peer;
}
