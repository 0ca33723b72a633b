/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known: see known.h. The kernel names an IPv4 route by table, prefix, TOS and
 * metric; several with one name can only be made by appending, and for IPv6 they
 * merge into one multipath route. So that is the key here too, with the interface
 * for prefixes that every interface has (fe80::/64), and a twin is only
 * remembered as a reason to look again when one of them goes.
 */
#include "fib/known.h"

#include "lib/mem.h"

#include <linux/rtnetlink.h>
#include <net/if.h>
#include <string.h>

#ifndef IFF_LOWER_UP
#define IFF_LOWER_UP 0x10000u /* <net/if.h> does not have it */
#endif

void
known_init(struct known *k, struct nhsets *nhsets, const struct fib_callbacks *cb, void *ctx)
{
	*k = (struct known){.nhsets = nhsets, .cb = cb, .ctx = ctx};
	keyed_init(&k->links, sizeof(struct known_link), sizeof(uint32_t));
	keyed_init(&k->addresses, sizeof(struct known_address), sizeof(struct address_key));
	keyed_init(&k->routes, sizeof(struct foreign_route), sizeof(struct foreign_key));
}

void
known_fini(struct known *k)
{
	keyed_fini(&k->links);
	keyed_fini(&k->addresses);
	keyed_fini(&k->routes);
}

size_t
known_bytes(const struct known *k)
{
	return keyed_bytes(&k->links) + keyed_bytes(&k->addresses) + keyed_bytes(&k->routes);
}

/* Links. */

static void
link_report(const struct known *k, const struct fib_link *l)
{
	if (!k->mute && k->cb->link != NULL)
		k->cb->link(k->ctx, l);
}

static void
link_forget(struct known *k, struct known_link *l)
{
	struct fib_link last = l->link;

	keyed_del(&k->links, l);
	last.deleted = true;
	last.up = false;
	link_report(k, &last);
}

/* As the kernel judges it when it deletes nexthop objects. */
static bool
has_carrier(const struct fib_link *l)
{
	return (l->flags & IFF_UP) != 0 && (l->flags & (IFF_RUNNING | IFF_LOWER_UP)) != 0;
}

bool
known_link_has_carrier(const struct known *k, uint32_t ifindex)
{
	const struct known_link *l = keyed_find(&k->links, &ifindex);
	return l != NULL && has_carrier(&l->link);
}

unsigned
known_link_event(struct known *k, const struct fib_ev *ev)
{
	struct fib_link now;
	uint32_t ifindex = ev->u.link.ifindex;

	memset(&now, 0, sizeof now);
	now.ifindex = ifindex;
	memcpy(now.name, ev->u.link.name, sizeof now.name);
	now.up = ev->u.link.up;
	now.mtu = ev->u.link.mtu;
	memcpy(now.mac, ev->u.link.mac, sizeof now.mac);
	now.mac_len = ev->u.link.mac_len;
	now.type = ev->u.link.type;
	now.flags = ev->u.link.flags;
	now.vrf = ev->u.link.vrf;
	now.vrf_table = ev->u.link.vrf_table;
	if (ev->u.link.deleted) {
		struct known_link *l = keyed_find(&k->links, &ifindex);
		if (l == NULL)
			return 0;
		link_forget(k, l);
		return KNOWN_FLUSHED;
	}
	bool fresh;
	struct known_link *l = keyed_put(&k->links, &ifindex, &fresh);
	struct fib_link before = l->link;
	l->gen = k->gen;
	l->link = now;
	if (fresh || memcmp(&before, &now, sizeof now) != 0)
		link_report(k, &now);
	if (!fresh && (before.flags & IFF_UP) != 0 && (now.flags & IFF_UP) == 0)
		return KNOWN_FLUSHED;
	if (!fresh && has_carrier(&before) && !has_carrier(&now))
		return KNOWN_CARRIER;
	/* A route by itself may be over a link without a carrier. */
	bool risen = (now.flags & IFF_UP) != 0 && (before.flags & IFF_UP) == 0;
	return risen || (now.up && !before.up) || (has_carrier(&now) && !has_carrier(&before)) ? KNOWN_UP : 0;
}

bool
known_link_is_dead(const struct known *k, uint32_t ifindex)
{
	const struct known_link *l = keyed_find(&k->links, &ifindex);
	return ifindex != 0 && (l == NULL || (l->link.flags & IFF_UP) == 0);
}

bool
known_nh_all_dead(const struct known *k, const struct nhset *n, uint32_t flushed)
{
	for (unsigned i = 0; i < n->count; i++) {
		uint32_t ifindex = n->nh[i].ifindex;
		if (ifindex == 0 || (ifindex != flushed && !known_link_is_dead(k, ifindex)))
			return false;
	}
	return n->count > 0;
}

bool
known_expire_link(struct known *k, uint32_t *cursor)
{
	struct known_link *l = keyed_next(&k->links, cursor);

	if (l != NULL && l->gen != k->gen)
		link_forget(k, l);
	return l != NULL;
}

/* Addresses. */

static void
address_report(const struct known *k, const struct fib_address *a)
{
	if (!k->mute && k->cb->address != NULL)
		k->cb->address(k->ctx, a);
}

static void
address_forget(struct known *k, struct known_address *a)
{
	struct fib_address last = a->address;

	keyed_del(&k->addresses, a);
	last.deleted = true;
	address_report(k, &last);
}

static bool
has_ipv4_address(const struct known *k, uint32_t ifindex)
{
	const struct known_address *a;
	uint32_t cursor = 0;

	while ((a = keyed_next(&k->addresses, &cursor)) != NULL)
		if (a->key.ifindex == ifindex && a->key.family == FAMILY_IPV4)
			return true;
	return false;
}

static bool
is_own_ipv4(const struct known *k, const uint8_t addr[16])
{
	const struct known_address *a;
	uint32_t cursor = 0;

	while ((a = keyed_next(&k->addresses, &cursor)) != NULL)
		if (a->key.family == FAMILY_IPV4 && memcmp(a->key.addr, addr, sizeof a->key.addr) == 0)
			return true;
	return false;
}

unsigned
known_address_event(struct known *k, const struct fib_ev *ev)
{
	struct address_key key = {
	    .ifindex = ev->u.address.ifindex, .family = ev->u.address.family, .plen = ev->u.address.plen};

	memcpy(key.addr, ev->u.address.addr, sizeof key.addr);
	if (ev->u.address.deleted) {
		struct known_address *gone = keyed_find(&k->addresses, &key);
		if (gone == NULL)
			return 0;
		address_forget(k, gone);
		if (key.family != FAMILY_IPV4)
			return 0;
		/* With its last address an interface loses IPv4, and the kernel all IPv4 routes over it. */
		return (has_ipv4_address(k, key.ifindex) ? 0 : KNOWN_FLUSHED) |
		       (is_own_ipv4(k, key.addr) ? 0 : KNOWN_NO_ADDR);
	}
	bool fresh;
	struct known_address *a = keyed_put(&k->addresses, &key, &fresh);
	struct fib_address now;
	memset(&now, 0, sizeof now);
	now.ifindex = key.ifindex;
	now.addr = ip_addr_from_bytes(key.family, key.addr);
	struct ip_addr net = now.addr;
	if (ev->u.address.has_peer)
		net = now.peer = ip_addr_from_bytes(key.family, ev->u.address.peer);
	now.subnet = ip_prefix_from_addr(&net, key.plen);
	if (ip_addr_is_link_local(&now.addr))
		now.addr.scope_id = key.ifindex;
	bool news = fresh || !ip_addr_eq(&a->address.peer, &now.peer);
	a->gen = k->gen;
	a->address = now;
	if (news)
		address_report(k, &now);
	return fresh ? KNOWN_UP : 0;
}

bool
known_expire_address(struct known *k, uint32_t *cursor)
{
	struct known_address *a = keyed_next(&k->addresses, cursor);

	if (a != NULL && a->gen != k->gen)
		address_forget(k, a);
	return a != NULL;
}

/* Foreign routes. */

static const struct {
	bool reported;
	enum fib_type type;
} kinds[__RTN_MAX] = {
    [RTN_UNICAST] = {true, FIB_UNICAST},
    [RTN_BLACKHOLE] = {true, FIB_BLACKHOLE},
    [RTN_UNREACHABLE] = {true, FIB_UNREACHABLE},
};

static void
route_report(const struct known *k, const struct foreign_route *r, bool deleted)
{
	if (k->mute || k->cb->foreign == NULL || r->nhset == 0)
		return;
	const struct nhset *n = nhset_at(k->nhsets, r->nhset);
	struct fib_foreign f = {
	    .prefix = {.len = r->key.plen, .family = r->key.family},
	    .table = r->key.table,
	    .metric = r->key.metric,
	    .protocol = r->protocol,
	    .type = n->type,
	    .scope = r->scope,
	    .deleted = deleted,
	    .further = r->further,
	    .nh_count = n->count,
	    .nh = n->nh,
	};
	memcpy(f.prefix.bytes, r->key.dst, sizeof f.prefix.bytes);
	k->cb->foreign(k->ctx, &f);
}

static void
nhset_drop(struct known *k, uint32_t nhset)
{
	if (nhset != 0)
		nhset_unref(k->nhsets, nhset);
}

static void
route_forget(struct known *k, struct foreign_route *r)
{
	struct foreign_route last = *r;

	keyed_del(&k->routes, r);
	route_report(k, &last, true);
	nhset_drop(k, last.nhset);
	if (last.blocks != FIB_ID_NONE && k->unblocked != NULL)
		k->unblocked(k->unblocked_arg, last.key.family, last.blocks);
}

static struct foreign_key
foreign_key_of(const struct fib_ev_route *r, const struct fib_nh *nh)
{
	struct foreign_key key = {
	    .family = r->family, .plen = r->plen, .tos = r->tos, .table = r->table, .metric = r->metric};
	memcpy(key.dst, r->dst, sizeof key.dst);
	struct ip_addr net = ip_addr_from_bytes(r->family, r->dst);
	if (r->nh_count == 1 &&
	    (ip_addr_is_link_local(&net) || (r->family == FAMILY_IPV6 && r->dst[0] == 0xff)))
		key.ifindex = nh->ifindex;
	return key;
}

/* The set of a route that is reported, else 0. */
static uint32_t
route_nhset(struct known *k, const struct fib_ev_route *r, const struct fib_nh *nh)
{
	if (r->rtm_type >= ARRAY_LEN(kinds) || !kinds[r->rtm_type].reported)
		return 0;
	enum fib_type type = kinds[r->rtm_type].type;
	if (type == FIB_UNICAST && r->nh_count == 0)
		return 0;
	return nhset_intern(k->nhsets, type, nh, type == FIB_UNICAST ? r->nh_count : 0);
}

static bool
hop_among(const struct fib_nh *h, const struct fib_nh *nh, unsigned count)
{
	for (unsigned i = 0; i < count; i++)
		if (h->ifindex == nh[i].ifindex && ip_addr_eq(&h->via, &nh[i].via))
			return true;
	return false;
}

static unsigned
route_deleted(struct known *k, const struct fib_ev_route *r, const struct fib_nh *nh)
{
	struct foreign_key key = foreign_key_of(r, nh);
	struct foreign_route *e = keyed_find(&k->routes, &key);
	struct fib_nh left[FIB_NH_MAX];
	unsigned n = 0;

	if (e == NULL)
		return 0;
	if ((r->flags & FIB_RT_NHS_ONLY) != 0 && e->nhset != 0) {
		const struct nhset *had = nhset_at(k->nhsets, e->nhset);
		for (unsigned i = 0; i < had->count; i++)
			if (!hop_among(&had->nh[i], nh, r->nh_count))
				left[n++] = had->nh[i];
	}
	bool twins = e->twins;
	if (n > 0) {
		uint32_t before = e->nhset;
		e->nhset = nhset_intern(k->nhsets, FIB_UNICAST, left, n);
		nhset_drop(k, before);
		route_report(k, e, false);
	} else {
		route_forget(k, e);
	}
	return twins ? KNOWN_RESYNC : 0;
}

unsigned
known_route_event(struct known *k, const struct fib_ev_route *r, const struct fib_nh *nh)
{
	if ((r->flags & FIB_RT_DELETED) != 0)
		return route_deleted(k, r, nh);
	struct foreign_key key = foreign_key_of(r, nh);
	bool fresh;
	struct foreign_route *e = keyed_put(&k->routes, &key, &fresh);
	if (fresh)
		e->blocks = FIB_ID_NONE;
	e->further = k->conf != NULL && fib_is_further(k->conf->also, r->table);
	uint32_t nhset = route_nhset(k, r, nh), before = e->nhset;
	bool same = !fresh && nhset == before && r->protocol == e->protocol && r->scope == e->scope;
	bool replaced = (r->flags & FIB_RT_REPLACED) != 0 || (k->dumping && e->gen != k->gen);
	if (!fresh && !same && !replaced) {
		e->twins = true;
		/* The first of several IPv4 routes is the one in use: dumps give it first, appending adds
		 * behind it. */
		if (r->family == FAMILY_IPV4 && (k->dumping || (r->flags & FIB_RT_APPENDED) != 0)) {
			nhset_drop(k, nhset);
			return 0;
		}
	}
	if (e->gen != k->gen)
		e->twins = false; /* the dump has shown one so far */
	e->gen = k->gen;
	e->prefsrc = r->prefsrc;
	if (same) {
		nhset_drop(k, nhset);
		return 0;
	}
	if (before != 0 && nhset == 0)
		route_report(k, e, true);
	e->nhset = nhset;
	e->protocol = r->protocol;
	e->scope = r->scope;
	nhset_drop(k, before);
	route_report(k, e, false);
	return KNOWN_UP;
}

struct foreign_route *
known_foreign(const struct known *k, const struct ip_prefix *p, uint32_t table, uint32_t metric)
{
	struct foreign_key key = {.family = p->family, .plen = p->len, .table = table, .metric = metric};

	memcpy(key.dst, p->bytes, sizeof key.dst);
	return keyed_find(&k->routes, &key);
}

void
known_forget_table(struct known *k, uint32_t table)
{
	struct foreign_route *r;
	uint32_t cursor = 0;

	while ((r = keyed_next(&k->routes, &cursor)) != NULL)
		if (r->key.table == table)
			route_forget(k, r);
}

bool
known_expire_route(struct known *k, uint32_t *cursor)
{
	struct foreign_route *r = keyed_next(&k->routes, cursor);

	if (r != NULL && r->gen != k->gen)
		route_forget(k, r);
	return r != NULL;
}

bool
known_flush_route(struct known *k, uint32_t *cursor, uint32_t flushed, uint32_t prefsrc)
{
	struct foreign_route *r = keyed_next(&k->routes, cursor);

	if (r == NULL)
		return false;
	if (r->key.family != FAMILY_IPV4 || r->nhset == 0)
		return true;
	if (known_nh_all_dead(k, nhset_at(k->nhsets, r->nhset), flushed) ||
	    (prefsrc != 0 && r->prefsrc == prefsrc))
		route_forget(k, r);
	return true;
}
