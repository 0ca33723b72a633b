/* SPDX-License-Identifier: Apache-2.0 */
/*
 * decide: the steps as keys, and the two that are not keys.
 *
 * A key step gives every path a number and keeps those with the lowest; those
 * before MED are taken together, the others are in tables. MED is
 * compared within groups, and the neighbour's address by octets. The multipath
 * set is cut after the IGP metric: what is still level then is equally good for
 * forwarding, and the later steps only name one path to tell others about.
 */
#include "rib/decide.h"

#include "lib/mem.h"
#include "rib/llgr.h"

#include <string.h>

/*
 * The steps before MED, which decide most: their keys, the first one foremost, are two numbers, so that all
 * of them are one comparison for each path, a tenth of what ten paths of a prefix cost in all.
 */
#define PREFERENCE_SHIFT   32 /* of high */
#define LOCAL_ORIGIN_SHIFT 24 /* of low */
#define PATH_LENGTH_SHIFT  8

/* Without the preference of policy: how sure a kind of source is, as in BIRD. */
static const uint32_t preference_by_kind[RIB_SOURCE_KIND_COUNT] = {
    [RIB_SOURCE_BGP] = 100,       [RIB_SOURCE_NETWORK] = 200, [RIB_SOURCE_STATIC] = 200,
    [RIB_SOURCE_CONNECTED] = 240, [RIB_SOURCE_KERNEL] = 10,   [RIB_SOURCE_AGGREGATE] = 200,
};

/* RFC 9494 4.2: the least preferred, whatever else they have. */
static uint32_t
key_llgr_stale(const struct decide_path *c, const struct rib_config *conf)
{
	(void)conf;
	return llgr_is_stale(c->attr);
}

uint32_t
decide_preference(const struct attr_set *attr, enum rib_source_kind kind)
{
	if (attr->flags & ATTR_F_HAS_LOCAL) {
		struct attr_local local = attr_local(attr);
		if (local.has_preference)
			return local.preference;
	}
	return preference_by_kind[kind];
}

/* RFC 5065 5.3: routes from other members of the confederation rank with internal ones. */
static uint32_t
key_ebgp(const struct decide_path *c, const struct rib_config *conf)
{
	(void)conf;
	return c->source->peer_type != RIB_PEER_EBGP;
}

static uint32_t
key_igp_metric(const struct decide_path *c, const struct rib_config *conf)
{
	(void)conf;
	return c->igp_metric;
}

/* RFC 4456 9: a reflected route stands for the router that brought it into the AS. */
static uint32_t
key_router_id(const struct decide_path *c, const struct rib_config *conf)
{
	(void)conf;
	uint32_t originator_id = attr_originator_id(c->attr);

	return originator_id != 0 ? originator_id : c->source->router_id;
}

static uint32_t
key_cluster_length(const struct decide_path *c, const struct rib_config *conf)
{
	(void)conf;
	return c->attr->cluster_len;
}

struct step {
	enum rib_reason reason;
	uint32_t (*key)(const struct decide_path *c, const struct rib_config *conf); /* lowest wins */
};

static const struct step last_resort = {RIB_REASON_LLGR_STALE, key_llgr_stale};
static const struct step after_med[] = {
    {RIB_REASON_EBGP, key_ebgp},             /* d */
    {RIB_REASON_IGP_METRIC, key_igp_metric}, /* e */
};
static const struct step tie_break[] = {
    {RIB_REASON_ROUTER_ID, key_router_id},           /* f; RFC 4456 9 */
    {RIB_REASON_CLUSTER_LENGTH, key_cluster_length}, /* RFC 4456 9 */
};

static bool
alive(const struct decide_path *c)
{
	return c->reason == RIB_REASON_BEST;
}

static void
set_keys(struct decide_path *c, const struct rib_config *conf)
{
	const struct attr_set *a = c->attr;
	uint32_t local_pref = a->flags & ATTR_F_HAS_LOCAL_PREF ? a->local_pref : conf->default_local_pref;
	bool learnt = c->source->kind == RIB_SOURCE_BGP;

	c->high = (uint64_t)~decide_preference(c->attr, (enum rib_source_kind)c->source->kind) << PREFERENCE_SHIFT | (uint32_t)~local_pref;
	c->low =
	    (uint64_t)learnt << LOCAL_ORIGIN_SHIFT | (uint32_t)a->path_len << PATH_LENGTH_SHIFT | a->origin;
}

/* The first of the keys that differ. */
static enum rib_reason
lost_before_med(const struct decide_path *c, const struct decide_path *best)
{
	uint64_t high = c->high ^ best->high, low = c->low ^ best->low;

	if (high != 0)
		return high >> PREFERENCE_SHIFT ? RIB_REASON_PREFERENCE : RIB_REASON_LOCAL_PREF;
	if (low >> LOCAL_ORIGIN_SHIFT)
		return RIB_REASON_LOCAL_ORIGIN;
	/* RFC 4271 9.1.2.2 a and b */
	return low >> PATH_LENGTH_SHIFT ? RIB_REASON_PATH_LENGTH : RIB_REASON_ORIGIN;
}

/* Keeps the paths with the lowest keys. Returns how many are left. */
static unsigned
run_before_med(struct decide_path *c, unsigned n)
{
	const struct decide_path *best = NULL;
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++)
		if (alive(&c[i]) && (best == NULL || c[i].high < best->high ||
				     (c[i].high == best->high && c[i].low < best->low)))
			best = &c[i];
	if (best == NULL)
		return 0;
	for (unsigned i = 0; i < n; i++) {
		if (!alive(&c[i]))
			continue;
		if (c[i].high == best->high && c[i].low == best->low)
			left++;
		else
			c[i].reason = lost_before_med(&c[i], best);
	}
	return left;
}

/* Keeps the paths with the lowest key; the others lose by this step. Returns how many are left. */
static unsigned
run_step(struct decide_path *c, unsigned n, const struct step *st, const struct rib_config *conf)
{
	uint32_t low = UINT32_MAX;
	unsigned left = 0;

	for (unsigned i = 0; i < n; i++) {
		if (!alive(&c[i]))
			continue;
		c[i].key = st->key(&c[i], conf);
		if (c[i].key < low)
			low = c[i].key;
	}
	for (unsigned i = 0; i < n; i++) {
		if (!alive(&c[i]))
			continue;
		if (c[i].key == low)
			left++;
		else
			c[i].reason = st->reason;
	}
	return left;
}

/* True: more than one path is left. */
static bool
run_steps(struct decide_path *c, unsigned n, const struct step *st, size_t count,
	  const struct rib_config *conf)
{
	for (size_t i = 0; i < count; i++)
		if (run_step(c, n, &st[i], conf) <= 1)
			return false;
	return true;
}

/* An absent MED counts as the lowest, RFC 4271 9.1.2.2 c. */
static uint32_t
med_of(const struct decide_path *c)
{
	return c->attr->flags & ATTR_F_HAS_MED ? c->attr->med : 0;
}

/* Within each neighbouring AS the lowest MED stays; the cost is paths times neighbouring ASes. */
static void
run_med(struct decide_path *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		c[i].grouped = false;
	for (unsigned i = 0; i < n; i++) {
		if (!alive(&c[i]) || c[i].grouped)
			continue;
		uint32_t as = c[i].attr->neighbor_as, low = med_of(&c[i]);
		for (unsigned j = i + 1; j < n; j++)
			if (alive(&c[j]) && c[j].attr->neighbor_as == as && med_of(&c[j]) < low)
				low = med_of(&c[j]);
		for (unsigned j = i; j < n; j++) {
			if (!alive(&c[j]) || c[j].attr->neighbor_as != as)
				continue;
			c[j].grouped = true;
			if (med_of(&c[j]) != low)
				c[j].reason = RIB_REASON_MED;
		}
	}
}

/*
 * RFC 4271 9.1.2.2 g. Two sources of our own, or a peer seen twice, are told apart by their number, and paths of
 * one neighbour by their ids.
 */
static int
neighbor_cmp(const struct decide_path *a, const struct decide_path *b)
{
	int d = ip_addr_cmp(&a->source->addr, &b->source->addr);

	if (d == 0)
		d = (int)a->source->index - (int)b->source->index;
	if (d != 0)
		return d;
	uint32_t ida = rib_path_id(a->path), idb = rib_path_id(b->path);
	return (ida > idb) - (ida < idb);
}

static void
run_neighbor(struct decide_path *c, unsigned n)
{
	struct decide_path *low = NULL;

	for (unsigned i = 0; i < n; i++)
		if (alive(&c[i]) && (low == NULL || neighbor_cmp(&c[i], low) < 0))
			low = &c[i];
	for (unsigned i = 0; i < n; i++)
		if (alive(&c[i]) && &c[i] != low)
			c[i].reason = c[i].source == low->source ? RIB_REASON_PATH_ID : RIB_REASON_NEIGHBOR_ADDRESS;
}

/* The order that the steps after the cut give. */
static int
tie_cmp(const struct decide_path *a, const struct decide_path *b, const struct rib_config *conf)
{
	for (size_t i = 0; i < ARRAY_LEN(tie_break); i++) {
		uint32_t ka = tie_break[i].key(a, conf), kb = tie_break[i].key(b, conf);
		if (ka != kb)
			return ka < kb ? -1 : 1;
	}
	return neighbor_cmp(a, b);
}

static unsigned
multipath_limit(const struct decide_path *best, const struct rib_config *conf)
{
	if (best->source->kind != RIB_SOURCE_BGP)
		return 1;
	return best->source->peer_type == RIB_PEER_EBGP ? conf->multipath_ebgp : conf->multipath_ibgp;
}

static bool
same_path(const struct attr_set *a, const struct attr_set *b)
{
	size_t alen = 0, blen = 0;
	const uint8_t *pa = attr_find(a, ATTR_AS_PATH, &alen), *pb = attr_find(b, ATTR_AS_PATH, &blen);

	return alen == blen && (alen == 0 || memcmp(pa, pb, alen) == 0);
}

/* Only ties count: a path that lost before the cut is no equal of the best. */
static bool
level_with(const struct decide_path *c, const struct decide_path *best, const struct rib_config *conf)
{
	return !c->used && c->reason >= RIB_REASON_ROUTER_ID &&
	       (conf->as_path_relax || same_path(c->attr, best->attr));
}

/* Takes equals of the best in the order of the later steps until the limit. Returns the size of the set. */
static unsigned
pick_multipath(struct decide_path *c, unsigned n, const struct decide_path *best,
	       const struct rib_config *conf)
{
	unsigned limit = multipath_limit(best, conf), members = 1;

	for (; members < limit; members++) {
		struct decide_path *low = NULL;
		for (unsigned i = 0; i < n; i++)
			if (level_with(&c[i], best, conf) && (low == NULL || tie_cmp(&c[i], low, conf) < 0))
				low = &c[i];
		if (low == NULL)
			break;
		low->used = true;
		low->reason = RIB_REASON_MULTIPATH;
	}
	return members;
}

/* All steps, until one path is left. llgr_stale: some path is; mostly none is, which saves a step. */
static void
eliminate(struct decide_path *c, unsigned n, const struct rib_config *conf, bool llgr_stale)
{
	if (llgr_stale && run_step(c, n, &last_resort, conf) <= 1)
		return;
	if (run_before_med(c, n) <= 1)
		return;
	run_med(c, n);
	if (run_steps(c, n, after_med, ARRAY_LEN(after_med), conf) &&
	    run_steps(c, n, tie_break, ARRAY_LEN(tie_break), conf))
		run_neighbor(c, n);
}

int
decide_paths(struct decide_path *c, unsigned n, const struct rib_config *conf, unsigned *members)
{
	unsigned flags = 0;

	for (unsigned i = 0; i < n; i++) {
		c[i].used = false;
		set_keys(&c[i], conf);
		flags |= c[i].attr->flags;
	}
	/* Most prefixes of an edge router have one path. */
	if (n == 1) {
		c[0].used = alive(&c[0]);
		*members = c[0].used;
		return c[0].used ? 0 : -1;
	}
	eliminate(c, n, conf, (flags & ATTR_F_LLGR_STALE) != 0);
	*members = 0;
	for (unsigned i = 0; i < n; i++) {
		if (!alive(&c[i]))
			continue;
		c[i].used = true;
		*members = pick_multipath(c, n, &c[i], conf);
		return (int)i;
	}
	return -1;
}
