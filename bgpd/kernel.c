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
#include "rib/bandwidth.h"

#include <linux/rtnetlink.h>
#include <stdlib.h>
#include <string.h>

#define STOP_WAIT_MS 15000 /* for the netlink thread to take our routes out at the end */

const char *const kernel_drift_names[FIB_DRIFT_COUNT] = {
    [FIB_DRIFT_MISSING] = "missing",
    [FIB_DRIFT_EXTRA] = "extra",
    [FIB_DRIFT_NEXTHOPS] = "nexthops",
    [FIB_DRIFT_TYPE] = "type",
    [FIB_DRIFT_OBJECT_MISSING] = "object_missing",
    [FIB_DRIFT_OBJECT_EXTRA] = "object_extra",
    [FIB_DRIFT_OBJECT_NEXTHOPS] = "object_nexthops",
};

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

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

/* Those of kernel.learn-tables that are not watched in any case. */
static void
further_tables(const struct conf_kernel *ck, uint32_t also[FIB_ALSO_MAX])
{
	_Static_assert(CONF_LEARN_TABLES_MAX <= FIB_ALSO_MAX, "all that can be configured can be watched");
	unsigned n = 0;

	for (uint32_t i = 0; i < ck->learn_tables.n; i++) {
		uint32_t table = ck->learn_tables.v[i];
		if (table != ck->table && table != RT_TABLE_MAIN)
			also[n++] = table;
	}
	qsort(also, n, sizeof *also, by_number);
}

static struct fib_config
fib_config_of(const struct bgpd *d)
{
	const struct conf *conf = d->conf;
	struct fib_config fc = {
	    .table = conf->kernel.table,
	    .protocol = (uint8_t)conf->kernel.protocol,
	    .metric = conf->kernel.metric,
	    .learn = true,
	    .keep_on_stop = conf->kernel.keep_on_stop,
	    .audit_s = conf->kernel.audit_interval_s,
	    .nexthop_objects = conf->kernel.nexthop_objects == CONF_NHO_AUTO,
	    .by_table = d != d->main,
	    .alone = instance_vrf(d) != NULL,
	};

	further_tables(&conf->kernel, fc.also);
	return fc;
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
	struct fib_config fc = fib_config_of(d);

	k->d = d;
	k->weighted = d->conf->router.multipath.link_bandwidth;
	interfaces_init(&k->interfaces);
	interfaces_init(&k->elsewhere);
	k->nowhere = instance_is_nowhere(d);
	k->learn = (struct job){.run = kernel_watch_learn, .name = "learn"};
	int r = d->options->kernel && !k->nowhere ? fib_start(d->loop, &fc, &callbacks, k, &k->fib)
						  : fib_start_null(d->loop, &fc, &callbacks, k, &k->fib);
	if (r == 0)
		return k;
	log_error("kernel.start", LOG_S("error", strerror(-r)),
	    LOG_S("hint", "run as root or with CAP_NET_ADMIN, or with --no-kernel"));
	interfaces_fini(&k->interfaces);
	interfaces_fini(&k->elsewhere);
	free(k);
	return NULL;
}

void
kernel_free(struct kernel *k, bool keep)
{
	loop_job_cancel(k->d->loop, &k->learn);
	fib_stop(k->fib, keep, STOP_WAIT_MS);
	for (unsigned i = 0; i < k->n_others; i++)
		nexthop_table_free(k->others[i].routes);
	free(k->others);
	interfaces_fini(&k->interfaces);
	interfaces_fini(&k->elsewhere);
	free(k);
}

bool
kernel_weights(struct kernel *k, bool weighted)
{
	bool changed = weighted != k->weighted;

	k->weighted = weighted;
	return changed;
}

void
kernel_reconfigure(struct kernel *k)
{
	struct fib_config fc = fib_config_of(k->d);

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
kernel_paths_going(struct kernel *k)
{
	fib_paths_going(k->fib);
}

void
kernel_sweep(struct kernel *k)
{
	fib_sweep(k->fib);
}

/* The next hops of a route that is being put together. */
struct ways {
	struct fib_nh nh[FIB_NH_MAX];
	double share[FIB_NH_MAX]; /* of the traffic, where it goes by bandwidths */
	unsigned n;
};

/* The same way may be there already, with another path: then its share grows. */
static void
way_add(struct ways *w, const struct fib_nh *nh, double share)
{
	unsigned i = share > 0 ? 0 : w->n;

	while (i < w->n && !(w->nh[i].ifindex == nh->ifindex && ip_addr_eq(&w->nh[i].via, &nh->via)))
		i++;
	if (i == FIB_NH_MAX)
		return;
	if (i == w->n) {
		w->nh[w->n] = *nh;
		w->share[w->n++] = 0;
	}
	w->share[i] += share;
}

/*
 * Adds the ways of a next hop, over which its bandwidth is spread; 0: traffic does not go by bandwidths. A tunnel's are
 * onlink on it, towards the BGP next hop itself.
 */
static void
ways_of(struct kernel *k, uint32_t nexthop, uint32_t tunnel_ifindex, double bandwidth, struct ways *w)
{
	struct nexthop_view v;
	unsigned total = 0;

	if (nexthop == ATTR_NEXTHOP_NONE)
		return;
	nexthop_get(k->d->nexthops, nexthop, &v);
	if (!v.resolved)
		return;
	if (tunnel_ifindex != 0) {
		way_add(w, &(struct fib_nh){.via = v.global, .ifindex = tunnel_ifindex, .weight = 1, .onlink = true}, bandwidth);
		return;
	}
	for (unsigned i = 0; i < v.via_count; i++)
		total += v.via[i].weight;
	for (unsigned i = 0; i < v.via_count; i++)
		way_add(w, &(struct fib_nh){.via = v.via[i].via, .ifindex = v.via[i].ifindex, .weight = v.via[i].weight},
		    bandwidth * v.via[i].weight / total);
}

/* Does each path in use say how wide its link is, and are they to be heeded? */
static bool
goes_by_bandwidth(const struct kernel *k, const struct rib_change *c)
{
	const struct rib *rib = k->d->rib;

	if (!k->weighted || !(c->best->flags & RIB_PATH_MULTIPATH))
		return false;
	for (const struct rib_path *p = rib_path_first(rib, c->family, c->id); p != NULL;
	     p = rib_path_next(rib, c->family, p))
		if ((p->flags & RIB_PATH_MULTIPATH) && bandwidth_of(attr_get(k->d->attrs, p->attr)) == 0)
			return false;
	return true;
}

static void
ways_of_path(struct kernel *k, const struct rib_path *p, uint32_t tunnel_ifindex, bool weighted, struct ways *w)
{
	const struct attr_set *s = attr_get(k->d->attrs, p->attr);

	ways_of(k, s->nexthop, tunnel_ifindex, weighted ? bandwidth_of(s) : 0, w);
}

/* The ways of all paths in use. */
static void
ways_of_paths(struct kernel *k, const struct rib_change *c, uint32_t tunnel_ifindex, struct ways *w)
{
	const struct rib *rib = k->d->rib;
	bool weighted = goes_by_bandwidth(k, c);
	uint16_t weight[FIB_NH_MAX];

	ways_of_path(k, c->best, tunnel_ifindex, weighted, w);
	for (const struct rib_path *p = rib_path_first(rib, c->family, c->id); p != NULL;
	     p = rib_path_next(rib, c->family, p))
		if (p != c->best && (p->flags & RIB_PATH_MULTIPATH))
			ways_of_path(k, p, tunnel_ifindex, weighted, w);
	if (!weighted)
		return;
	bandwidth_weights(w->share, w->n, weight);
	for (unsigned i = 0; i < w->n; i++)
		w->nh[i].weight = weight[i];
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
	struct ways w;
	const struct attr_set *s = attr_get(k->d->attrs, c->best->attr);
	struct ip_prefix prefix = rib_prefix(k->d->rib, c->family, c->id);

	w.n = 0;
	switch (attr_local(s).discard) {
	case ATTR_DISCARD_BLACKHOLE:
		return fib_nhset_intern(k->fib, FIB_BLACKHOLE, NULL, 0);
	case ATTR_DISCARD_UNREACHABLE:
		return fib_nhset_intern(k->fib, FIB_UNREACHABLE, NULL, 0);
	default:
		break;
	}
	if (pk->nexthop != NEXTHOP_NONE) {
		ways_of(k, pk->nexthop, pk->tunnel_ifindex, 0, &w);
		return w.n > 0 ? fib_nhset_intern(k->fib, FIB_UNICAST, w.nh, w.n) : 0;
	}
	/* Multipath is for routes of neighbours: a static one has no path beside it. */
	if (kind == RIB_SOURCE_STATIC)
		w.n = static_ways(k, &prefix, w.nh);
	if (w.n == 0)
		ways_of_paths(k, c, pk->tunnel_ifindex, &w);
	return w.n > 0 ? fib_nhset_intern(k->fib, FIB_UNICAST, w.nh, w.n) : 0;
}

static void
program(struct kernel *k, const struct rib_change *c)
{
	struct policies_kernel pk = {0};
	uint32_t nhset = 0;

	if (c->best != NULL) {
		const struct rib_source *src = rib_source_get(k->d->rib, c->best->source);
		/* What is in the kernel anyway is not ours to program. */
		bool foreign = src->kind == RIB_SOURCE_KERNEL || src->kind == RIB_SOURCE_CONNECTED;
		if (!foreign && policies_kernel_export(k->d->policies, c, src, &pk))
			nhset = wanted_set(k, c, &pk, (enum rib_source_kind)src->kind);
	}
	if (nhset == 0) {
		monitor_fib(&k->d->main->monitors, k->d, c->family, c->id, false);
		fib_route_del(k->fib, c->family, c->id);
		return;
	}
	fib_route_set(k->fib, c->family, c->id, nhset, pk.metric);
	fib_nhset_unref(k->fib, nhset);
	monitor_fib(&k->d->main->monitors, k->d, c->family, c->id, true);
}

void
kernel_rib_change(struct kernel *k, const struct rib_change *c, unsigned n)
{
	/* Sessions that end take their routes out of the RIB; what becomes of the kernel's is fib_stop's matter. */
	if (k->d->stopping)
		return;
	bool nothing = policies_kernel_nothing(k->d->policies);
	for (; n > 0; n--, c++) {
		/* Where nothing goes into the kernel, as on a route reflector, it costs nothing a route. */
		if ((nothing && !fib_wants_any(k->fib, c->family)) || c->what == RIB_CHANGE_PATHS)
			continue;
		program(k, c);
	}
}
