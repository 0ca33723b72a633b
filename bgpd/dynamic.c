/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dynamic: see dynamic.h.
 */
#include "bgpd/dynamic.h"

#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "bgpd/peer.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

void
dynamic_init(struct dynamic_ranges *r)
{
	TAILQ_INIT(r);
}

void
dynamic_fini(struct dynamic_ranges *r)
{
	struct dynamic_range *range;

	while ((range = TAILQ_FIRST(r)) != NULL) {
		TAILQ_REMOVE(r, range, entry);
		free(range);
	}
}

static void
drop_if_gone(struct bgpd *d, struct dynamic_range *range)
{
	if (range->conf != NULL || range->peers > 0)
		return;
	TAILQ_REMOVE(&d->ranges, range, entry);
	free(range);
}

void
dynamic_left(struct bgpd *d, struct dynamic_range *range)
{
	range->peers--;
	range->full = false;
	drop_if_gone(d, range);
}

/* Ranges that are gone come last. */
static void
insert(struct dynamic_ranges *list, struct dynamic_range *range)
{
	struct dynamic_range *at;

	TAILQ_FOREACH(at, list, entry)
	if (at->conf == NULL || (range->conf != NULL && at->conf->prefix.len < range->conf->prefix.len))
		break;
	if (at != NULL)
		TAILQ_INSERT_BEFORE(at, range, entry);
	else
		TAILQ_INSERT_TAIL(list, range, entry);
}

static struct dynamic_range *
take_named(struct dynamic_ranges *list, const char *name)
{
	struct dynamic_range *range;

	TAILQ_FOREACH(range, list, entry)
	if (range->conf != NULL && strcmp(range->conf->name, name) == 0) {
		TAILQ_REMOVE(list, range, entry);
		return range;
	}
	return xcalloc(1, sizeof *range);
}

void
dynamic_apply(struct bgpd *d)
{
	struct dynamic_ranges old;
	struct dynamic_range *range;

	TAILQ_INIT(&old);
	TAILQ_CONCAT(&old, &d->ranges, entry);
	for (uint32_t i = 0; i < d->conf->neighbors.n; i++) {
		const struct conf_neighbor *nb = &d->conf->neighbors.v[i];
		if (!conf_neighbor_is_range(nb))
			continue;
		range = take_named(&old, nb->name);
		range->conf = nb;
		range->full = false;
		insert(&d->ranges, range);
	}
	while ((range = TAILQ_FIRST(&old)) != NULL) {
		TAILQ_REMOVE(&old, range, entry);
		range->conf = NULL;
		insert(&d->ranges, range);
		drop_if_gone(d, range);
	}
}

/* Is it in this VRF, NULL: in none? */
static bool
is_of(const struct conf_neighbor *nb, const char *vrf)
{
	return vrf == NULL || nb->vrf == NULL ? vrf == nb->vrf : strcmp(vrf, nb->vrf) == 0;
}

static struct dynamic_range *
range_find(const struct bgpd *domain, const struct ip_addr *remote, const struct ip_addr *local)
{
	struct dynamic_range *r;

	TAILQ_FOREACH(r, &domain->main->ranges, entry)
	if (r->conf != NULL && is_of(r->conf, instance_vrf(domain)) && ip_prefix_contains(&r->conf->prefix, remote) &&
	    (r->conf->source.family == FAMILY_NONE || local == NULL || ip_addr_eq(&r->conf->source, local)))
		return r;
	return NULL;
}

const struct conf_neighbor *
dynamic_find(const struct bgpd *domain, const struct ip_addr *remote, const struct ip_addr *local)
{
	const struct dynamic_range *r = range_find(domain, remote, local);

	return r != NULL ? r->conf : NULL;
}

/* Said once until there is room again: whoever knocks must not fill the log. */
static void
tell_full(struct dynamic_range *r, const struct ip_addr *remote)
{
	char text[IP_ADDR_STRLEN];

	if (!r->full)
		log_warn("neighbor.range_full", LOG_S("range", r->conf->name), LOG_U("limit", r->conf->max_neighbors),
		    LOG_S("remote", ip_addr_str(remote, text, sizeof text)),
		    LOG_S("effect", "further neighbours are turned away (max-neighbors)"));
	r->full = true;
}

/* Is somebody configured with this address in this VRF, or with this name? Then nobody has them by a range. */
static bool
is_configured(const struct conf *c, const char *vrf, const char *name, const struct ip_addr *addr)
{
	if (conf_neighbor_by_name(c, name) != NULL)
		return true;
	for (uint32_t i = 0; i < c->neighbors.n; i++) {
		const struct ip_addr *a = &c->neighbors.v[i].address.addr;
		if (a->family == addr->family && is_of(&c->neighbors.v[i], vrf) && memcmp(a->bytes, addr->bytes, sizeof a->bytes) == 0)
			return true;
	}
	return false;
}

struct peer *
dynamic_admit(struct bgpd *domain, const struct ip_addr *remote, const struct ip_addr *local)
{
	struct bgpd *d = domain->main;
	struct dynamic_range *r = range_find(domain, remote, local);
	const char *vrf = instance_vrf(domain);
	char name[IP_ADDR_STRLEN + 1 + 16];

	struct bgpd *of = r != NULL ? instance_of_neighbor(d, r->conf) : NULL;
	if (of == NULL || r->conf->shutdown || !of->kernel->synced)
		return NULL;
	if (r->peers >= r->conf->max_neighbors) {
		tell_full(r, remote);
		return NULL;
	}
	ip_addr_str(remote, name, sizeof name);
	if (vrf != NULL) {
		strlcat(name, "@", sizeof name);
		strlcat(name, vrf, sizeof name);
	}
	/* It has no peer yet where a reload has just brought it. */
	if (peer_table_by_name(&d->peer_table, name) != NULL || is_configured(d->conf, vrf, name, remote)) {
		log_warn("neighbor.range", LOG_S("range", r->conf->name), LOG_S("remote", name),
		    LOG_S("error", "another neighbour has this name or address"));
		return NULL;
	}
	struct peer *p = peer_new_dynamic(of, r, name, remote);
	if (p == NULL)
		return NULL;
	r->peers++;
	log_debug("neighbor.admitted", LOG_S("neighbor", p->name), LOG_S("range", r->conf->name));
	peer_start(p);
	return p;
}

const struct conf_neighbor *
dynamic_conf(const struct bgpd *d, const struct peer *p)
{
	const struct conf_neighbor *nb = p->range->conf;
	const struct dynamic_range *r = range_find(instance_domain(p->d), &p->addr, NULL);

	/* Ranges with the same prefix and sources of their own come one after the other. */
	if (nb == NULL || nb->shutdown || r == NULL || r->conf->prefix.len > nb->prefix.len ||
	    !ip_prefix_contains(&nb->prefix, &p->addr))
		return NULL;
	return is_configured(d->conf, instance_vrf(p->d), p->name, &p->addr) ? NULL : nb;
}
