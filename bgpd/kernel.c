/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel: best paths into fib. See kernel.h; the way up is kernel_watch.c.
 */
#include "bgpd/kernel.h"

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "bgpd/kernel_watch.h"
#include "bgpd/pipeline.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

#define STOP_WAIT_MS 15000 /* for the netlink thread to take our routes out at the end */

static struct ip_prefix
prefix_of(void *ctx, enum family f, uint32_t id)
{
	return rib_prefix(((struct kernel *)ctx)->d->rib, f, id);
}

static uint32_t
id_of(void *ctx, const struct ip_prefix *p)
{
	uint32_t id = rib_find(((struct kernel *)ctx)->d->rib, p);

	return id != 0 ? id : BITMAP_END;
}

static void
unpinned(void *ctx, enum family f, uint32_t id)
{
	rib_prefix_unpin(((struct kernel *)ctx)->d->rib, f, id);
}

static void
synced(void *ctx)
{
	struct kernel *k = ctx;

	k->synced = true;
	log_info("kernel.synced", LOG_U("table", k->d->conf->kernel.table));
	pipeline_resolve(k->d->pipeline);
	daemon_kernel_synced(k->d);
}

static struct fib_config
fib_config_of(const struct conf *conf)
{
	return (struct fib_config){
	    .table = conf->kernel.table,
	    .protocol = (uint8_t)conf->kernel.protocol,
	    .metric = conf->kernel.metric,
	    .learn = true,
	    .keep_on_stop = conf->kernel.keep_on_stop,
	    .audit_s = conf->kernel.audit_interval_s,
	    .nexthop_objects = conf->kernel.nexthop_objects == CONF_NHO_AUTO,
	};
}

struct kernel *
kernel_new(struct bgpd *d)
{
	static const struct fib_callbacks callbacks = {
	    .prefix_of = prefix_of,
	    .id_of = id_of,
	    .unpinned = unpinned,
	    .link = kernel_watch_link,
	    .address = kernel_watch_address,
	    .foreign = kernel_watch_foreign,
	    .synced = synced,
	};
	struct kernel *k = xcalloc(1, sizeof *k);
	struct fib_config fc = fib_config_of(d->conf);

	k->d = d;
	interfaces_init(&k->interfaces);
	k->learn = (struct job){.run = kernel_watch_learn, .name = "learn"};
	int r = d->options->kernel ? fib_start(&d->loop, &fc, &callbacks, k, &k->fib)
				   : fib_start_null(&d->loop, &fc, &callbacks, k, &k->fib);
	if (r == 0)
		return k;
	log_error("kernel.start", LOG_S("error", strerror(-r)),
	    LOG_S("hint", "run as root or with CAP_NET_ADMIN, or with --no-kernel"));
	interfaces_fini(&k->interfaces);
	free(k);
	return NULL;
}

void
kernel_free(struct kernel *k, bool keep)
{
	loop_job_cancel(&k->d->loop, &k->learn);
	fib_stop(k->fib, keep, STOP_WAIT_MS);
	interfaces_fini(&k->interfaces);
	free(k);
}

void
kernel_reconfigure(struct kernel *k)
{
	struct fib_config fc = fib_config_of(k->d->conf);

	fib_reconfigure(k->fib, &fc);
	kernel_watch_rescan(k);
}

uint8_t
kernel_kept(const struct kernel *k)
{
	struct fib_stats st;
	uint8_t set = 0;

	fib_stats_get(k->fib, &st);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (st.adopted_of[f] > 0)
			set |= (uint8_t)(1u << f);
	return set;
}

void
kernel_sweep(struct kernel *k)
{
	fib_sweep(k->fib);
}

/* Adds the ways of a next hop; a tunnel's are onlink on it, towards the BGP next hop itself. */
static unsigned
ways_of(struct kernel *k, uint32_t nexthop, uint32_t tunnel_ifindex, struct fib_nh *nh, unsigned n)
{
	struct nexthop_view v;

	if (nexthop == ATTR_NEXTHOP_NONE)
		return n;
	nexthop_get(k->d->nexthops, nexthop, &v);
	if (!v.resolved)
		return n;
	if (tunnel_ifindex != 0) {
		if (n < FIB_NH_MAX)
			nh[n++] = (struct fib_nh){.via = v.global, .ifindex = tunnel_ifindex, .weight = 1, .onlink = true};
		return n;
	}
	for (unsigned i = 0; i < v.via_count && n < FIB_NH_MAX; i++)
		nh[n++] = (struct fib_nh){.via = v.via[i].via, .ifindex = v.via[i].ifindex, .weight = v.via[i].weight};
	return n;
}

/* A static route may name an interface alone, which no next hop of the resolver can stand for. */
static unsigned
static_ways(struct kernel *k, const struct ip_prefix *p, struct fib_nh *nh)
{
	const struct conf_static *st = conf_static_by_prefix(k->d->conf, p);
	uint32_t ifindex = st != NULL && st->interface != NULL ? kernel_ifindex(k, st->interface) : 0;

	if (ifindex == 0)
		return 0;
	nh[0] = (struct fib_nh){.via = st->via, .ifindex = ifindex, .weight = 1};
	return 1;
}

/* The set of next hops that the best path and those used beside it ask for, or 0: no kernel route. */
static uint32_t
wanted_set(struct kernel *k, const struct rib_change *c, const struct policies_kernel *pk, enum rib_source_kind kind)
{
	struct rib *rib = k->d->rib;
	struct fib_nh nh[FIB_NH_MAX];
	unsigned n = 0;
	const struct attr_set *s = attr_get(k->d->attrs, c->best->attr);
	struct ip_prefix prefix = rib_prefix(rib, c->family, c->id);

	switch (attr_local(s).discard) {
	case ATTR_DISCARD_BLACKHOLE:
		return fib_nhset_intern(k->fib, FIB_BLACKHOLE, NULL, 0);
	case ATTR_DISCARD_UNREACHABLE:
		return fib_nhset_intern(k->fib, FIB_UNREACHABLE, NULL, 0);
	default:
		break;
	}
	if (pk->nexthop != NEXTHOP_NONE) {
		n = ways_of(k, pk->nexthop, pk->tunnel_ifindex, nh, n);
		return n > 0 ? fib_nhset_intern(k->fib, FIB_UNICAST, nh, n) : 0;
	}
	if (kind == RIB_SOURCE_STATIC)
		n = static_ways(k, &prefix, nh);
	if (n == 0)
		n = ways_of(k, s->nexthop, pk->tunnel_ifindex, nh, n);
	for (const struct rib_path *p = rib_path_first(rib, c->family, c->id); p != NULL;
	     p = rib_path_next(rib, c->family, p))
		if (p != c->best && (p->flags & RIB_PATH_MULTIPATH))
			n = ways_of(k, attr_get(k->d->attrs, p->attr)->nexthop, pk->tunnel_ifindex, nh, n);
	return n > 0 ? fib_nhset_intern(k->fib, FIB_UNICAST, nh, n) : 0;
}

void
kernel_rib_change(struct kernel *k, const struct rib_change *c)
{
	struct policies_kernel pk = {0};
	uint32_t nhset = 0;

	/* Sessions that end take their routes out of the RIB; what becomes of the kernel's is fib_stop's matter. */
	if (k->d->stopping)
		return;
	if (c->best != NULL) {
		const struct rib_source *src = rib_source_get(k->d->rib, c->best->source);
		/* What is in the kernel anyway is not ours to program. */
		bool foreign = src->kind == RIB_SOURCE_KERNEL || src->kind == RIB_SOURCE_CONNECTED;
		if (!foreign && policies_kernel_export(k->d->policies, c, src, &pk))
			nhset = wanted_set(k, c, &pk, (enum rib_source_kind)src->kind);
	}
	if (nhset == 0) {
		monitor_fib(&k->d->monitors, k->d, c->family, c->id, false);
		fib_route_del(k->fib, c->family, c->id);
		return;
	}
	fib_route_set(k->fib, c->family, c->id, nhset, pk.metric);
	fib_nhset_unref(k->fib, nhset);
	monitor_fib(&k->d->monitors, k->d, c->family, c->id, true);
}
