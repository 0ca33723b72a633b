/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_route: see bird_route.h.
 */
#include "bgpd/bird_route.h"

#include "bgpd/bird_attributes.h"
#include "bgpd/bird_protocol.h"
#include "bgpd/bird_reply.h"
#include "bgpd/bird_time.h"
#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "bgpd/peer.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "rib/aspath.h"
#include "rib/decide.h"

#include <stdio.h>
#include <string.h>

/* How packets for a prefix go. */
struct ways {
	const char *word; /* "blackhole" or "unreachable"; NULL: over via */
	const struct nexthop_via *via;
	unsigned n;
	struct nexthop_via one; /* what via points to where nobody else has it */
};

static const struct rib_source *
source_of(const struct bgpd *d, const struct bird_route *r)
{
	return rib_source_get(d->rib, r->path->source);
}

/* ---- ways ---- */

static void
way_over(struct ways *w, const struct ip_addr *gateway, uint32_t ifindex)
{
	if (ifindex == 0) { /* there is no such interface */
		w->word = "unreachable";
		return;
	}
	w->one = (struct nexthop_via){.ifindex = ifindex, .weight = 1};
	if (gateway != NULL)
		w->one.via = *gateway;
	w->via = &w->one;
	w->n = 1;
}

static void
ways_of_connected(const struct bgpd *d, const struct ip_prefix *p, struct ways *w)
{
	struct ip_addr base = ip_addr_from_bytes((enum family)p->family, p->bytes);
	const struct kernel_host *host = interfaces_host(&d->kernel->interfaces, &base);
	uint32_t ifindex = 0;

	/* A subnet of one address is none that next hops are looked up in. */
	if (p->len == family_bits((enum family)p->family) && host != NULL && !LIST_EMPTY(&host->addresses))
		ifindex = LIST_FIRST(&host->addresses)->a.ifindex;
	else
		nexthop_connected(d->nexthops, &base, &ifindex);
	way_over(w, NULL, ifindex);
}

static void
ways_of_foreign(const struct bgpd *d, const struct ip_prefix *p, struct ways *w)
{
	struct nexthop_foreign f = {0};

	if (!kernel_foreign(d, p, &f) || f.via_count == 0) {
		w->word = f.blackhole ? "blackhole" : "unreachable";
		return;
	}
	w->via = f.via;
	w->n = f.via_count;
}

/* One that names its interface has no next hop of the resolver. */
static bool
ways_of_static(const struct bgpd *d, const struct ip_prefix *p, struct ways *w)
{
	const struct conf_static *st = conf_static_by_prefix(d->conf, p);

	if (st == NULL || st->interface == NULL)
		return false;
	way_over(w, st->via.family != FAMILY_NONE ? &st->via : NULL,
		 kernel_ifindex(d->kernel, st->interface));
	return true;
}

static void
ways_of_nexthop(const struct bgpd *d, uint32_t nexthop, struct ways *w)
{
	struct nexthop_view nh;

	if (nexthop == ATTR_NEXTHOP_NONE || nexthop == ATTR_NEXTHOP_SELF) {
		w->word = "unreachable";
		return;
	}
	nexthop_get(d->nexthops, nexthop, &nh);
	if (!nh.resolved || nh.via_count == 0) {
		w->word = "unreachable";
		return;
	}
	w->via = nh.via;
	w->n = nh.via_count;
}

static void
ways_of(const struct bgpd *d, const struct bird_route *r, struct ways *w)
{
	const struct attr_set *s = attr_get(d->attrs, r->path->attr);

	*w = (struct ways){0};
	switch (attr_local(s).discard) {
	case ATTR_DISCARD_BLACKHOLE:
		w->word = "blackhole";
		return;
	case ATTR_DISCARD_UNREACHABLE:
		w->word = "unreachable";
		return;
	default:
		break;
	}
	switch (source_of(d, r)->kind) {
	case RIB_SOURCE_CONNECTED:
		ways_of_connected(d, &r->prefix, w);
		break;
	case RIB_SOURCE_KERNEL:
		ways_of_foreign(d, &r->prefix, w);
		break;
	case RIB_SOURCE_STATIC:
		if (!ways_of_static(d, &r->prefix, w))
			ways_of_nexthop(d, s->nexthop, w);
		break;
	default:
		ways_of_nexthop(d, s->nexthop, w);
		break;
	}
}

/* The way as text, and its gateway; FAMILY_NONE: none. */
static struct ip_addr
way_text(const struct bgpd *d, const struct ways *w, unsigned at, struct str *out)
{
	char addr[IP_ADDR_STRLEN], number[24];

	if (w->word != NULL) {
		str_add(out, w->word);
		return (struct ip_addr){0};
	}
	const struct nexthop_via *v = &w->via[at];
	const char *name = kernel_ifname(d->kernel, v->ifindex);
	if (name == NULL) {
		snprintf(number, sizeof(number), "if%u", v->ifindex);
		name = number;
	}
	struct ip_addr bare = v->via;
	bare.scope_id = 0; /* the interface is said beside it */
	if (v->via.family == FAMILY_NONE)
		str_addf(out, "dev %s", name);
	else
		str_addf(out, "via %s on %s", ip_addr_str(&bare, addr, sizeof(addr)), name);
	return bare;
}

static unsigned
way_count(const struct ways *w)
{
	return w->word != NULL ? 1 : w->n;
}

void
bird_route_ways(const struct bgpd *d, const struct bird_route *r, struct str *out)
{
	struct ways w;

	ways_of(d, r, &w);
	for (unsigned i = 0; i < way_count(&w); i++) {
		way_text(d, &w, i, out);
		str_add(out, "\n");
	}
}

/* ---- the rest of a line ---- */

static void
bgp_info(const struct bgpd *d, const struct bird_route *r, uint32_t preference, struct str *out)
{
	static const char origins[] = {'i', 'e', '?'};
	const struct attr_set *own = attr_get(d->attrs, r->path->attr), *s = attr_get(d->attrs, r->attr);
	char origin = origins[s->origin < sizeof(origins) ? s->origin : ATTR_ORIGIN_INCOMPLETE];
	bool stale = rib_path_stale(d->rib, (enum family)r->prefix.family, r->path);
	struct aspath path = {0};
	uint32_t metric, as;

	path.p = attr_find(s, ATTR_AS_PATH, &path.len);
	if (path.p == NULL)
		path.len = 0;
	str_addf(out, " (%u%s/", preference, stale ? "s" : "");
	if (nexthop_reach(d->nexthops, own->nexthop, &metric))
		str_addf(out, "%u)", metric);
	else
		str_add(out, "-)");
	/* None of an empty path, and none that is known of one that ends with a set. */
	as = aspath_origin_as(path);
	if (as == 0)
		str_addf(out, " [%c]", origin);
	else
		str_addf(out, " [AS%u%c]", as, origin);
}

void
bird_route_info(const struct bgpd *d, const struct bird_route *r, struct str *out)
{
	enum rib_source_kind kind = (enum rib_source_kind)source_of(d, r)->kind;
	uint32_t preference = decide_preference(attr_get(d->attrs, r->path->attr), kind);

	if (kind == RIB_SOURCE_BGP)
		bgp_info(d, r, preference, out);
	else
		str_addf(out, " (%u)", preference);
}

static bool
in_use(const struct rib_path *p)
{
	return (p->flags & (RIB_PATH_BEST | RIB_PATH_MULTIPATH)) != 0;
}

/* Used, or it would be, had the kernel taken it. */
static const char *
mark(const struct bgpd *d, const struct bird_route *r)
{
	uint32_t nhset, metric;
	int error;

	if (!in_use(r->path))
		return "";
	return fib_route_get(d->kernel->fib, (enum family)r->prefix.family, r->id, &nhset, &metric, &error) ==
		       FIB_FAILED
		   ? " !"
		   : " *";
}

static const char *
protocol_name(const struct rib_source *src)
{
	enum bird_pseudo pseudo = bird_pseudo_of_source((enum rib_source_kind)src->kind);
	const struct peer *p = src->owner;

	if (pseudo != BIRD_PSEUDO_COUNT)
		return bird_pseudo_names[pseudo];
	return p != NULL ? p->name : "?";
}

static const char *
since(const struct bgpd *d, const struct rib_path *p, char *buf)
{
	uint32_t now_s = loop_now_s(d->main->loop);

	return bird_time_short(now_s > p->time_s ? now_s - p->time_s : 0, buf);
}

void
bird_route_lines(struct bird_client *c, const struct bgpd *d, const struct bird_route *r, bool all)
{
	const struct rib_source *src = source_of(d, r);
	char prefix[IP_PREFIX_STRLEN] = "", when[BIRD_TIME_STRLEN], from[IP_ADDR_STRLEN];
	struct str way = {0}, info = {0};
	struct ways w;

	ways_of(d, r, &w);
	since(d, r->path, when);
	bird_route_info(d, r, &info);
	if (!r->follows)
		ip_prefix_str(&r->prefix, prefix, sizeof(prefix));
	for (unsigned i = 0; i < way_count(&w); i++) {
		str_reset(&way);
		struct ip_addr gateway = way_text(d, &w, i, &way);
		struct ip_addr neighbor = src->addr;
		neighbor.scope_id = 0;
		/* Whom it is of, where that is not who gets the packets. */
		bool tell = src->kind == RIB_SOURCE_BGP && !ip_addr_eq(&neighbor, &gateway);
		bird_line(c, BIRD_ROUTE, "%-18s %s [%s %s%s%s]%s%s", i == 0 ? prefix : "", str_get(&way),
			  protocol_name(src), when, tell ? " from " : "",
			  tell ? ip_addr_str(&neighbor, from, sizeof(from)) : "", mark(d, r), str_get(&info));
	}
	str_free(&way);
	str_free(&info);
	if (all)
		bird_attributes(c, d, r);
}
