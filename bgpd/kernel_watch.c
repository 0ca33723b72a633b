/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel_watch: what fib reports of links, addresses and foreign routes goes
 * into the resolver of next hops and, where configured, into the RIB. See kernel.h.
 */
#include "bgpd/kernel_watch.h"

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/kernel.h"
#include "bgpd/onlink.h"
#include "bgpd/own.h"
#include "bgpd/peer.h"
#include "bgpd/pipeline.h"
#include "lib/mem.h"
#include "lib/str.h"

#include <ifaddrs.h>
#include <linux/rtnetlink.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>

#define LEARN_LOOK_EVERY 64u /* prefixes between two looks at the clock */

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

attr_id
kernel_watch_attr(struct bgpd *d, uint32_t metric)
{
	struct attr_edit e = {0};

	own_attr_begin(&e);
	e.local.metric = metric;
	attr_id id = attr_edit_commit(&e, d->attrs);
	attr_edit_fini(&e);
	return id;
}

static void
connected_update(struct kernel *k, const struct ip_prefix *subnet, bool wanted)
{
	struct bgpd *d = k->d;
	uint32_t now_s = loop_now_s(d->loop);
	struct ip_addr base = ip_addr_from_bytes(subnet->family, subnet->bytes);

	if (ip_addr_is_link_local(&base))
		return;
	if (!wanted) {
		originate_del(&d->originate, ORIGINATE_CONNECTED, subnet, now_s);
	} else {
		attr_id attr = kernel_watch_attr(d, 0);
		originate_add(&d->originate, ORIGINATE_CONNECTED, subnet, attr, RIB_REJECT_NONE, now_s);
		attr_unref(d->attrs, attr);
	}
	pipeline_decide(d->pipeline);
}

/* One more, or one less, address of this subnet is on a link whose subnets are wanted: only 0 and 1 make a difference. */
static void
subnet_count(struct kernel *k, const struct ip_prefix *subnet, bool more)
{
	struct kernel_net *net = interfaces_net(&k->interfaces, subnet, 0);

	net->wanted += more ? 1u : -1u;
	if (net->wanted == (more ? 1 : 0))
		connected_update(k, subnet, more);
}

/* A link went up or down, was renamed, or kernel.connected has changed. */
static void
link_reconsider(struct kernel *k, struct kernel_link *l)
{
	bool wanted = link_is_up(l) && connected_wanted(&k->d->conf->kernel, l->l.name);
	const struct kernel_address *a;

	if (l->wanted == wanted)
		return;
	l->wanted = wanted;
	LIST_FOREACH(a, &l->addresses, entry)
	subnet_count(k, &a->a.subnet, wanted);
}

/* Connected subnets and own addresses as the resolver sees them: they are there while one address says so. */
static void
resolver_update(struct kernel *k, const struct fib_address *a, bool there)
{
	struct nexthop_table *t = k->d->nexthops;
	struct nexthop_via via = {.ifindex = a->ifindex, .weight = 1};
	struct ip_prefix host = ip_prefix_from_addr(&a->addr, family_bits(a->addr.family));
	const struct kernel_net *net = interfaces_net(&k->interfaces, &a->subnet, a->ifindex);
	const struct kernel_host *own = interfaces_host(&k->interfaces, &a->addr);

	if (ip_addr_is_link_local(&a->addr))
		return;
	/* A subnet of one address, as on loopback and unnumbered interfaces, has nobody else on it. */
	bool alone = ip_prefix_eq(&a->subnet, &host);
	bool subnet_changed = !alone && (there ? net->addresses == 1 : net == NULL);
	if (there) {
		if (subnet_changed)
			nexthop_route_add(t, &a->subnet, NEXTHOP_ROUTE_CONNECTED, 0, &via, 1);
		if (a->peer.family == FAMILY_NONE && own->unicast == 1)
			nexthop_route_add(t, &host, NEXTHOP_ROUTE_OWN, 0, NULL, 0);
	} else {
		if (subnet_changed)
			nexthop_route_del(t, &a->subnet, NEXTHOP_ROUTE_CONNECTED, 0, a->ifindex);
		if (a->peer.family == FAMILY_NONE && (own == NULL || own->unicast == 0))
			nexthop_route_del(t, &host, NEXTHOP_ROUTE_OWN, 0, 0);
	}
	pipeline_resolve(k->d->pipeline);
	/* Judging the routes of external neighbours again is a walk over all of them. */
	if (subnet_changed)
		peer_subnets_changed(k->d);
}

/* Groups look at subnets whatever interfaces they are on, also at those that no next hop resolves through. */
static void
groups_update(struct kernel *k, const struct ip_prefix *subnet, bool there)
{
	const struct kernel_net *net = interfaces_net(&k->interfaces, subnet, 0);
	uint32_t addresses = net != NULL ? net->addresses : 0;

	/* The first one of it has come, or the last one gone. */
	if (addresses == (there ? 1 : 0))
		groups_subnets_changed(k->d->groups);
}

static void
address_remove(struct kernel *k, struct kernel_address *a)
{
	struct fib_address gone = a->a;

	if (a->link->wanted)
		subnet_count(k, &gone.subnet, false);
	interfaces_address_del(&k->interfaces, a);
	resolver_update(k, &gone, false);
	groups_update(k, &gone.subnet, false);
}

/* An interface in use has another name: policies that look at it may say something else of all routes over it. */
static void
names_changed(struct kernel *k)
{
	if (!(policies_reads(k->d->policies) & POLICY_READS_INTERFACE))
		return;
	peer_interfaces_changed(k->d);
	groups_interfaces_changed(k->d->groups);
	pipeline_touch_all(k->d->pipeline);
	kernel_watch_rescan(k);
}

/* Something about a link that is ours to look at. */
static void
link_inside(struct kernel *k, const struct fib_link *link)
{
	struct kernel_link *l = link->deleted ? interfaces_find(&k->interfaces, link->ifindex)
					      : interfaces_get(&k->interfaces, link->ifindex);
	char old_name[sizeof l->l.name];

	if (l == NULL)
		return;
	bool was_up = link_is_up(l);
	memcpy(old_name, l->l.name, sizeof old_name);
	interfaces_link_set(&k->interfaces, l, link);
	if (strcmp(old_name, l->l.name) != 0)
		own_link_changed(k->d, old_name);
	own_link_changed(k->d, l->l.name);
	if (k->d == instance_domain(k->d))
		onlink_link_changed(k->d, link->ifindex, l->l.name);
	nexthop_link_set(k->d->nexthops, link->ifindex, link_is_up(l));
	link_reconsider(k, l);
	if (was_up && strcmp(old_name, l->l.name) != 0)
		names_changed(k);
	pipeline_resolve(k->d->pipeline);
	if (!link->deleted)
		return;
	while (!LIST_EMPTY(&l->addresses))
		address_remove(k, LIST_FIRST(&l->addresses));
	interfaces_link_del(&k->interfaces, l);
}

static void
address_inside(struct kernel *k, const struct fib_address *address)
{
	struct kernel_address *a;

	if (!address->deleted) {
		a = interfaces_address_add(&k->interfaces, address);
		if (a == NULL)
			return;
		if (k->d == instance_domain(k->d))
			daemon_address_added(k->d->main, &address->addr);
		resolver_update(k, address, true);
		groups_update(k, &address->subnet, true);
		if (a->link->wanted)
			subnet_count(k, &address->subnet, true);
		return;
	}
	a = interfaces_address_find(&k->interfaces, address);
	if (a == NULL)
		return;
	struct kernel_link *l = a->link;
	address_remove(k, a);
	/* It came before its link, and the link never did. */
	if (l->l.name[0] == '\0' && LIST_EMPTY(&l->addresses))
		interfaces_link_del(&k->interfaces, l);
}

/*
 * A link of another VRF, or of a VRF where this is none. Only its state counts: a route that somebody has made may lead
 * there.
 */
static void
link_outside(struct kernel *k, const struct fib_link *link)
{
	struct kernel_link *l = link->deleted ? interfaces_find(&k->elsewhere, link->ifindex)
					      : interfaces_get(&k->elsewhere, link->ifindex);

	if (l == NULL)
		return;
	interfaces_link_set(&k->elsewhere, l, link);
	nexthop_link_set(k->d->nexthops, link->ifindex, link_is_up(l));
	pipeline_resolve(k->d->pipeline);
	if (!link->deleted)
		return;
	while (!LIST_EMPTY(&l->addresses))
		interfaces_address_del(&k->elsewhere, LIST_FIRST(&l->addresses));
	interfaces_link_del(&k->elsewhere, l);
}

static void
address_outside(struct kernel *k, const struct fib_address *address)
{
	struct kernel_address *a;

	if (!address->deleted) {
		interfaces_address_add(&k->elsewhere, address);
		return;
	}
	a = interfaces_address_find(&k->elsewhere, address);
	if (a == NULL)
		return;
	struct kernel_link *l = a->link;
	interfaces_address_del(&k->elsewhere, a);
	if (l->l.name[0] == '\0' && LIST_EMPTY(&l->addresses))
		interfaces_link_del(&k->elsewhere, l);
}

static bool
is_inside(const struct kernel *k, const struct fib_link *link)
{
	return instance_vrf(k->d) != NULL ? k->device != 0 && link->vrf == k->device : link->vrf == 0;
}

/* A link has come into the VRF: its addresses are not told again. */
static void
move_in(struct kernel *k, struct kernel_link *l)
{
	struct fib_link link = l->l;

	link_inside(k, &link);
	while (!LIST_EMPTY(&l->addresses)) {
		struct kernel_address *a = LIST_FIRST(&l->addresses);
		struct fib_address address = a->a;
		interfaces_address_del(&k->elsewhere, a);
		address_inside(k, &address);
	}
	interfaces_link_del(&k->elsewhere, l);
}

static void
move_out(struct kernel *k, struct kernel_link *l)
{
	struct fib_link link = l->l, gone = l->l;
	const struct kernel_address *a;

	LIST_FOREACH(a, &l->addresses, entry)
	interfaces_address_add(&k->elsewhere, &a->a);
	gone.deleted = true;
	gone.up = false;
	link_inside(k, &gone);
	link_outside(k, &link);
}

/* The VRF has another device, or none any more (0). */
static void
device_set(struct kernel *k, uint32_t device)
{
	struct kernel_link *l;

	k->device = device;
	for (uint32_t from = 0; (l = interfaces_next(&k->interfaces, from)) != NULL;) {
		from = l->l.ifindex + 1;
		if (!is_inside(k, &l->l))
			move_out(k, l);
	}
	for (uint32_t from = 0; (l = interfaces_next(&k->elsewhere, from)) != NULL;) {
		from = l->l.ifindex + 1;
		if (is_inside(k, &l->l))
			move_in(k, l);
	}
}

static void
device_follow(struct kernel *k, const struct fib_link *link)
{
	const char *vrf = instance_vrf(k->d);
	bool is = vrf != NULL && !link->deleted && link->vrf_table != 0 && strcmp(link->name, vrf) == 0;

	if (is && k->device != link->ifindex)
		device_set(k, link->ifindex);
	else if (!is && k->device == link->ifindex && link->ifindex != 0)
		device_set(k, 0);
}

void
kernel_watch_link(void *ctx, const struct fib_link *link)
{
	struct kernel *k = ctx;
	struct kernel_link *l;

	device_follow(k, link);
	bool inside = is_inside(k, link);
	if ((l = interfaces_find(inside ? &k->elsewhere : &k->interfaces, link->ifindex)) != NULL) {
		if (inside)
			move_in(k, l);
		else
			move_out(k, l);
	}
	if (inside)
		link_inside(k, link);
	else
		link_outside(k, link);
	if (k->d == k->d->main)
		instances_link_changed(k->d, link);
}

void
kernel_watch_address(void *ctx, const struct fib_address *address)
{
	struct kernel *k = ctx;
	bool inside = interfaces_find(&k->interfaces, address->ifindex) != NULL;
	bool outside = interfaces_find(&k->elsewhere, address->ifindex) != NULL;

	/* Which VRF a link is in that has not been told yet, is not known: most are in none. */
	if (inside || (!outside && instance_vrf(k->d) == NULL))
		address_inside(k, address);
	else
		address_outside(k, address);
}

/* The foreign route that counts for a prefix enters the RIB, or leaves it, as the policy kernel.learn says. */
static void
learn_update(struct kernel *k, const struct ip_prefix *p)
{
	struct bgpd *d = k->d;
	uint32_t now_s = loop_now_s(d->loop);
	struct nexthop_foreign r;
	attr_id attr = ATTR_NONE;

	/* No policy could name who made one that does not say so. */
	if (kernel_foreign(d, p, &r) && r.from.protocol != RTPROT_UNSPEC) {
		attr_id in = kernel_watch_attr(d, r.metric);
		attr = policies_kernel_learn(d->policies, in, p);
		attr_unref(d->attrs, in);
	}
	if (attr == ATTR_NONE) {
		originate_del(&d->originate, ORIGINATE_KERNEL, p, now_s);
	} else {
		originate_add(&d->originate, ORIGINATE_KERNEL, p, attr, RIB_REJECT_NONE, now_s);
		attr_unref(d->attrs, attr);
		/* The attributes tell neither interface nor protocol, and may be the same when those are others. */
		uint32_t id = policies_reads(d->policies) & POLICY_READS_INTERFACE ? rib_find(d->rib, p) : 0;
		if (id != 0)
			rib_prefix_touch(d->rib, (enum family)p->family, id, RIB_URGENT, RIB_CHANGE_NEXTHOP);
	}
	pipeline_decide(d->pipeline);
}

/* The routes that the job is at. */
static const struct nexthop_table *
learn_from(const struct kernel *k)
{
	return k->learn_table == 0 ? k->d->nexthops : k->others[k->learn_table - 1].routes;
}

/* The next family, or the next table; false: that was all. */
static bool
learn_advance(struct kernel *k)
{
	k->learn_at = 1;
	if (++k->learn_family < FAMILY_COUNT)
		return true;
	k->learn_family = FAMILY_IPV4;
	return ++k->learn_table <= k->n_others;
}

enum job_result
kernel_watch_learn(struct job *job, uint64_t deadline_ns)
{
	struct kernel *k = container_of(job, struct kernel, learn);
	struct ip_prefix p;

	do {
		uint32_t scan = UINT32_MAX;
		for (unsigned n = 1; nexthop_route_next(learn_from(k), k->learn_family, &k->learn_at, &scan, &p); n++) {
			learn_update(k, &p);
			if (n % LEARN_LOOK_EVERY == 0 && time_mono_ns() >= deadline_ns)
				return JOB_MORE;
		}
	} while (learn_advance(k));
	return JOB_DONE;
}

void
kernel_watch_rescan(struct kernel *k)
{
	struct kernel_link *l;

	for (uint32_t from = 0; (l = interfaces_next(&k->interfaces, from)) != NULL; from = l->l.ifindex + 1)
		link_reconsider(k, l);
	k->learn_family = FAMILY_IPV4;
	k->learn_at = 1;
	k->learn_table = 0;
	loop_job_start(k->d->loop, &k->learn);
}

/* The first of the other tables whose number is not lower; n_others: there is none. */
static unsigned
other_at(const struct kernel *k, uint32_t table)
{
	unsigned at = 0;

	while (at < k->n_others && k->others[at].number < table)
		at++;
	return at;
}

/* The place of a further table's routes; made if it is new. */
static struct nexthop_table *
routes_of(struct kernel *k, uint32_t table)
{
	unsigned at = other_at(k, table);

	if (at < k->n_others && k->others[at].number == table)
		return k->others[at].routes;
	k->others = xreallocarray(k->others, k->n_others + 1u, sizeof *k->others);
	memmove(&k->others[at + 1], &k->others[at], (k->n_others - at) * sizeof *k->others);
	k->others[at] = (struct kernel_table){.number = table, .routes = nexthop_table_new((uint64_t)arc4random() << 32 | arc4random())};
	k->n_others++;
	/* The job may be at a table that has just been moved. */
	if (k->learn_table > at)
		k->learn_table++;
	return k->others[at].routes;
}

bool
kernel_foreign(const struct bgpd *d, const struct ip_prefix *p, struct nexthop_foreign *out)
{
	const struct kernel *k = d->kernel;

	if (nexthop_foreign_get(d->nexthops, p, out))
		return true;
	for (unsigned i = 0; k != NULL && i < k->n_others; i++)
		if (nexthop_foreign_get(k->others[i].routes, p, out))
			return true;
	return false;
}

void
kernel_watch_foreign(void *ctx, const struct fib_foreign *r)
{
	struct kernel *k = ctx;
	struct nexthop_via via[NEXTHOP_VIA_MAX];
	unsigned n = 0;

	/* The kernel's own routes of connected subnets are known from the addresses. */
	if (r->protocol == RTPROT_KERNEL)
		return;
	enum nexthop_route_kind kind = r->type == FIB_UNICAST     ? NEXTHOP_ROUTE_KERNEL
				       : r->type == FIB_BLACKHOLE ? NEXTHOP_ROUTE_BLACKHOLE
								  : NEXTHOP_ROUTE_UNREACHABLE;
	for (unsigned i = 0; i < r->nh_count && n < NEXTHOP_VIA_MAX; i++)
		via[n++] = (struct nexthop_via){
		    .via = r->nh[i].via, .ifindex = r->nh[i].ifindex, .weight = r->nh[i].weight};
	/* As it is told: the configuration may be another one by now. */
	struct nexthop_table *t = r->further ? routes_of(k, r->table) : k->d->nexthops;
	/* Next hops resolve through the daemon's table and the main one; of equal routes in both the former's counts. */
	struct nexthop_origin from = {.rank = r->table == RT_TABLE_MAIN ? UINT32_MAX : r->table, .protocol = r->protocol};
	nexthop_foreign_del(t, &r->prefix, r->metric, from.rank); /* it may take the place of one of another kind */
	if (!r->deleted)
		nexthop_foreign_add(t, &r->prefix, kind, r->metric, &from, via, n);
	pipeline_resolve(k->d->pipeline);
	learn_update(k, &r->prefix);
}

static void
links_forget(struct kernel *k, struct interfaces *in, void (*tell)(struct kernel *k, const struct fib_link *link))
{
	const struct kernel_link *l;

	while ((l = interfaces_next(in, 0)) != NULL) {
		struct fib_link gone = l->l;
		gone.deleted = true;
		gone.up = false;
		tell(k, &gone);
	}
}

void
kernel_watch_forget(struct kernel *k)
{
	struct nexthop_table *t = k->d->nexthops;
	struct nexthop_foreign r;
	struct ip_prefix p;

	k->device = 0;
	links_forget(k, &k->interfaces, link_inside);
	links_forget(k, &k->elsewhere, link_outside);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		uint32_t at = 1, scan = UINT32_MAX;
		while (nexthop_route_next(t, f, &at, &scan, &p))
			while (nexthop_foreign_get(t, &p, &r))
				nexthop_foreign_del(t, &p, r.metric, r.from.rank);
	}
	pipeline_resolve(k->d->pipeline);
}

bool
kernel_is_elsewhere(const struct kernel *k, uint32_t ifindex)
{
	return interfaces_find(&k->elsewhere, ifindex) != NULL;
}

const struct fib_link *
kernel_link(const struct kernel *k, const char *name)
{
	const struct kernel_link *l = interfaces_find(&k->interfaces, interfaces_index(&k->interfaces, name));

	if (l == NULL)
		l = interfaces_find(&k->elsewhere, interfaces_index(&k->elsewhere, name));
	return l != NULL ? &l->l : NULL;
}

const char *
kernel_ifname(const struct kernel *k, uint32_t ifindex)
{
	const struct kernel_link *l = interfaces_find(&k->interfaces, ifindex);

	if (l == NULL)
		l = interfaces_find(&k->elsewhere, ifindex);

	return l != NULL && l->l.name[0] != '\0' ? l->l.name : NULL;
}

uint32_t
kernel_ifindex(const struct kernel *k, const char *name)
{
	return interfaces_index(&k->interfaces, name);
}

bool
kernel_is_up(const struct kernel *k, const char *name)
{
	const struct kernel_link *l = interfaces_find(&k->interfaces, interfaces_index(&k->interfaces, name));

	return !k->d->options->kernel || (l != NULL && link_is_up(l));
}

bool
kernel_subnet_of(const struct kernel *k, const struct ip_addr *addr, struct ip_prefix *subnet)
{
	return interfaces_subnet_of(&k->interfaces, addr, subnet);
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

/* An address of an interface that may be a next hop: neither 127.0.0.1 nor ::1. */
static bool
address_on(const struct kernel_link *l, enum family f, bool link_local, struct ip_addr *out)
{
	const struct kernel_address *a;

	LIST_FOREACH(a, &l->addresses, entry)
	{
		if (a->a.addr.family != f || ip_addr_is_link_local(&a->a.addr) != link_local ||
		    ip_addr_is_martian_nexthop(&a->a.addr))
			continue;
		*out = a->a.addr;
		return true;
	}
	return false;
}

static bool
address_beside(const struct kernel *k, const struct ip_addr *own, enum family f, bool link_local, struct ip_addr *out)
{
	const struct kernel_host *host = interfaces_host(&k->interfaces, own);
	const struct kernel_address *a;

	if (host == NULL)
		return false;
	LIST_FOREACH(a, &host->addresses, host_entry)
	if (address_on(a->link, f, link_local, out))
		return true;
	return false;
}

bool
kernel_address_beside(const struct kernel *k, const struct ip_addr *own, enum family f, struct ip_addr *out)
{
	return k->d->options->kernel ? address_beside(k, own, f, false, out) : address_beside_asked(own, f, out);
}

bool
kernel_link_local_beside(const struct kernel *k, const struct ip_addr *own, struct ip_addr *out)
{
	return address_beside(k, own, FAMILY_IPV6, true, out);
}

bool
kernel_is_own(const struct kernel *k, const struct ip_addr *a)
{
	return interfaces_host(&k->interfaces, a) != NULL;
}

bool
kernel_address_other(const struct kernel *k, enum family f, struct ip_addr *out)
{
	const struct kernel_link *l;
	bool found = false;

	for (uint32_t from = 0; (l = interfaces_next(&k->interfaces, from)) != NULL; from = l->l.ifindex + 1) {
		bool loopback = (l->l.flags & IFF_LOOPBACK) != 0;
		if (!link_is_up(l) || (found && !loopback) || !address_on(l, f, false, out))
			continue;
		if (loopback)
			return true;
		found = true;
	}
	return found;
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
