/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel_watch: what fib reports of links, addresses and foreign routes goes
 * into the resolver of next hops and, where configured, into the RIB. See kernel.h.
 */
#include "bgpd/kernel_watch.h"

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "bgpd/own.h"
#include "bgpd/pipeline.h"
#include "lib/mem.h"
#include "lib/str.h"

#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

static struct kernel_link *
link_find(const struct kernel *k, uint32_t ifindex)
{
	struct kernel_link *l;

	TAILQ_FOREACH(l, &k->links, entry)
	if (l->l.ifindex >= ifindex)
		return l->l.ifindex == ifindex ? l : NULL;
	return NULL;
}

/* Found or made; addresses may be reported before their link. */
static struct kernel_link *
link_get(struct kernel *k, uint32_t ifindex)
{
	struct kernel_link *at, *l = link_find(k, ifindex);

	if (l != NULL)
		return l;
	l = xcalloc(1, sizeof *l);
	l->l.ifindex = ifindex;
	LIST_INIT(&l->addresses);
	TAILQ_FOREACH(at, &k->links, entry)
	if (at->l.ifindex > ifindex)
		break;
	if (at != NULL)
		TAILQ_INSERT_BEFORE(at, l, entry);
	else
		TAILQ_INSERT_TAIL(&k->links, l, entry);
	return l;
}

/* Patterns in order, the first that matches decides; a leading - excludes. */
static bool
connected_wanted(const struct conf_kernel *ck, const char *ifname)
{
	if (!CONF_HAS(ck, CONF_KERNEL_CONNECTED))
		return false;
	for (uint32_t i = 0; i < ck->connected.interfaces.n; i++) {
		const char *pattern = ck->connected.interfaces.v[i];
		bool exclude = pattern[0] == '-';
		if (str_glob(pattern + exclude, ifname))
			return !exclude;
	}
	return false;
}

static bool
link_is_up(const struct kernel_link *l)
{
	return l->l.up && !l->l.deleted;
}

static attr_id
own_attr(struct bgpd *d, uint32_t metric)
{
	struct attr_edit e = {0};

	own_attr_begin(&e);
	e.local.metric = metric;
	attr_id id = attr_edit_commit(&e, d->attrs);
	attr_edit_fini(&e);
	return id;
}

/* Is the subnet of a still on some interface that is up, and wanted as a connected route? */
static bool
subnet_wanted(const struct kernel *k, const struct ip_prefix *subnet)
{
	const struct kernel_link *l;
	const struct kernel_address *a;

	TAILQ_FOREACH(l, &k->links, entry)
	{
		if (!link_is_up(l) || !connected_wanted(&k->d->conf->kernel, l->l.name))
			continue;
		LIST_FOREACH(a, &l->addresses, entry)
		if (ip_prefix_eq(&a->a.subnet, subnet))
			return true;
	}
	return false;
}

static void
connected_update(struct kernel *k, const struct ip_prefix *subnet)
{
	struct bgpd *d = k->d;
	uint32_t now_s = loop_now_s(&d->loop);
	struct ip_addr base = ip_addr_from_bytes(subnet->family, subnet->bytes);

	if (ip_addr_is_link_local(&base))
		return;
	if (!subnet_wanted(k, subnet)) {
		originate_del(&d->originate, ORIGINATE_CONNECTED, subnet, now_s);
	} else {
		attr_id attr = own_attr(d, 0);
		originate_add(&d->originate, ORIGINATE_CONNECTED, subnet, attr, RIB_REJECT_NONE, now_s);
		attr_unref(d->attrs, attr);
	}
	pipeline_decide(d->pipeline, RIB_URGENT);
}

/* Connected subnets and own addresses as the resolver sees them. */
static void
resolver_update(struct kernel *k, const struct fib_address *a, bool there)
{
	struct nexthop_table *t = k->d->nexthops;
	struct nexthop_via via = {.ifindex = a->ifindex, .weight = 1};
	struct ip_prefix host = ip_prefix_from_addr(&a->addr, family_bits(a->addr.family));

	if (ip_addr_is_link_local(&a->addr))
		return;
	if (there) {
		nexthop_route_add(t, &a->subnet, NEXTHOP_ROUTE_CONNECTED, 0, &via, 1);
		if (a->peer.family == FAMILY_NONE)
			nexthop_route_add(t, &host, NEXTHOP_ROUTE_UNREACHABLE, 0, NULL, 0);
	} else {
		nexthop_route_del(t, &a->subnet, NEXTHOP_ROUTE_CONNECTED, 0, a->ifindex);
		nexthop_route_del(t, &host, NEXTHOP_ROUTE_UNREACHABLE, 0, 0);
	}
	pipeline_resolve(k->d->pipeline);
}

void
kernel_watch_link(void *ctx, const struct fib_link *link)
{
	struct kernel *k = ctx;
	struct kernel_link *l = link_get(k, link->ifindex);
	struct kernel_address *a;

	l->l = *link;
	nexthop_link_set(k->d->nexthops, link->ifindex, link_is_up(l));
	LIST_FOREACH(a, &l->addresses, entry)
	connected_update(k, &a->a.subnet);
	pipeline_resolve(k->d->pipeline);
	if (!link->deleted)
		return;
	while ((a = LIST_FIRST(&l->addresses)) != NULL) {
		resolver_update(k, &a->a, false);
		LIST_REMOVE(a, entry);
		free(a);
	}
	TAILQ_REMOVE(&k->links, l, entry);
	free(l);
}

void
kernel_watch_address(void *ctx, const struct fib_address *address)
{
	struct kernel *k = ctx;
	struct kernel_link *l = link_get(k, address->ifindex);
	struct kernel_address *a;

	LIST_FOREACH(a, &l->addresses, entry)
	if (ip_addr_eq(&a->a.addr, &address->addr) && ip_prefix_eq(&a->a.subnet, &address->subnet))
		break;
	if (!address->deleted && a == NULL) {
		a = xcalloc(1, sizeof *a);
		a->a = *address;
		LIST_INSERT_HEAD(&l->addresses, a, entry);
	} else if (address->deleted && a != NULL) {
		LIST_REMOVE(a, entry);
		free(a);
	} else {
		return;
	}
	resolver_update(k, address, !address->deleted);
	connected_update(k, &address->subnet);
}

void
kernel_watch_rescan(struct kernel *k)
{
	const struct kernel_link *l;
	const struct kernel_address *a;

	TAILQ_FOREACH(l, &k->links, entry)
	LIST_FOREACH(a, &l->addresses, entry)
	connected_update(k, &a->a.subnet);
}

/* A learned route enters the RIB, or leaves it, as the policy kernel.learn says. */
static void
learn_update(struct kernel *k, const struct fib_foreign *r)
{
	struct bgpd *d = k->d;
	uint32_t now_s = loop_now_s(&d->loop);
	attr_id attr = ATTR_NONE;

	if (!r->deleted) {
		attr_id in = own_attr(d, r->metric);
		const char *ifname = r->nh_count > 0 ? kernel_ifname(k, r->nh[0].ifindex) : NULL;
		attr = policies_kernel_learn(d->policies, in, &r->prefix, ifname);
		attr_unref(d->attrs, in);
	}
	if (attr == ATTR_NONE) {
		originate_del(&d->originate, ORIGINATE_KERNEL, &r->prefix, now_s);
	} else {
		originate_add(&d->originate, ORIGINATE_KERNEL, &r->prefix, attr, RIB_REJECT_NONE, now_s);
		attr_unref(d->attrs, attr);
	}
	pipeline_decide(d->pipeline, RIB_URGENT);
}

void
kernel_watch_foreign(void *ctx, const struct fib_foreign *r)
{
	struct kernel *k = ctx;
	struct nexthop_table *t = k->d->nexthops;
	struct nexthop_via via[NEXTHOP_VIA_MAX];
	unsigned n = 0;

	/* The kernel's own routes of connected subnets are known from the addresses. */
	if (r->protocol == RTPROT_KERNEL)
		return;
	enum nexthop_route_kind kind = r->type == FIB_UNICAST ? NEXTHOP_ROUTE_KERNEL : NEXTHOP_ROUTE_UNREACHABLE;
	for (unsigned i = 0; i < r->nh_count && n < NEXTHOP_VIA_MAX; i++)
		via[n++] = (struct nexthop_via){
		    .via = r->nh[i].via, .ifindex = r->nh[i].ifindex, .weight = r->nh[i].weight};
	if (r->deleted) {
		nexthop_route_del(t, &r->prefix, NEXTHOP_ROUTE_KERNEL, r->metric, 0);
		nexthop_route_del(t, &r->prefix, NEXTHOP_ROUTE_UNREACHABLE, r->metric, 0);
	} else {
		nexthop_route_add(t, &r->prefix, kind, r->metric, via, n);
	}
	pipeline_resolve(k->d->pipeline);
	learn_update(k, r);
}

const char *
kernel_ifname(const struct kernel *k, uint32_t ifindex)
{
	const struct kernel_link *l = link_find(k, ifindex);

	return l != NULL && l->l.name[0] != '\0' ? l->l.name : NULL;
}

uint32_t
kernel_ifindex(const struct kernel *k, const char *name)
{
	const struct kernel_link *l;

	TAILQ_FOREACH(l, &k->links, entry)
	if (strcmp(l->l.name, name) == 0)
		return l->l.ifindex;
	return 0;
}

bool
kernel_subnet_of(const struct kernel *k, const struct ip_addr *addr, struct ip_prefix *subnet)
{
	const struct kernel_link *l;
	const struct kernel_address *a;

	*subnet = (struct ip_prefix){0};
	TAILQ_FOREACH(l, &k->links, entry)
	LIST_FOREACH(a, &l->addresses, entry)
	if (ip_prefix_contains(&a->a.subnet, addr) && a->a.subnet.len > subnet->len)
		*subnet = a->a.subnet;
	return subnet->family != FAMILY_NONE;
}

/* The same from the system, for a daemon that leaves the kernel alone and is told of no interfaces. */
static bool
address_beside_asked(const struct ip_addr *own, enum family f, struct ip_addr *out)
{
	struct ifaddrs *all, *i, *j;
	struct ip_addr a;
	bool found = false;

	if (getifaddrs(&all) < 0)
		return false;
	for (i = all; i != NULL && !found; i = i->ifa_next) {
		if (i->ifa_addr == NULL || ip_addr_from_sockaddr(i->ifa_addr, &a, NULL) < 0 || !ip_addr_eq(&a, own))
			continue;
		for (j = all; j != NULL && !found; j = j->ifa_next)
			found = strcmp(i->ifa_name, j->ifa_name) == 0 && j->ifa_addr != NULL &&
			    ip_addr_from_sockaddr(j->ifa_addr, out, NULL) == 0 && out->family == f &&
			    !ip_addr_is_link_local(out);
	}
	freeifaddrs(all);
	return found;
}

bool
kernel_address_beside(const struct kernel *k, const struct ip_addr *own, enum family f, struct ip_addr *out)
{
	const struct kernel_link *l;
	const struct kernel_address *a, *b;

	if (!k->d->options->kernel)
		return address_beside_asked(own, f, out);

	TAILQ_FOREACH(l, &k->links, entry)
	LIST_FOREACH(a, &l->addresses, entry)
	{
		if (!ip_addr_eq(&a->a.addr, own))
			continue;
		LIST_FOREACH(b, &l->addresses, entry)
		{
			if (b->a.addr.family != f || ip_addr_is_link_local(&b->a.addr))
				continue;
			*out = b->a.addr;
			return true;
		}
	}
	return false;
}

uint32_t
kernel_highest_ipv4(void)
{
	struct ifaddrs *all, *i;
	uint32_t best = 0;

	if (getifaddrs(&all) < 0)
		return 0;
	for (i = all; i != NULL; i = i->ifa_next) {
		struct ip_addr a;
		if (i->ifa_addr == NULL || i->ifa_addr->sa_family != AF_INET ||
		    ip_addr_from_sockaddr(i->ifa_addr, &a, NULL) < 0)
			continue;
		uint32_t v = ip_addr_to_v4(&a);
		if (v >> 24 != 127 && v > best)
			best = v;
	}
	freeifaddrs(all);
	return best;
}
