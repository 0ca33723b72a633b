/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adopted: see adopted.h. One prefix may have several routes of ours, told apart
 * by metric, where the configuration changed between two runs; the few distinct
 * metrics are remembered so that a prefix finds them all without a walk.
 */
#include "fib/adopted.h"

#include <string.h>

void
adopted_init(struct adopted *a, struct nhsets *nhsets)
{
	*a = (struct adopted){.nhsets = nhsets};
	keyed_init(&a->routes, sizeof(struct adopted_route), sizeof(struct adopted_key));
}

void
adopted_fini(struct adopted *a)
{
	keyed_fini(&a->routes);
}

static struct adopted_key
key_of(const uint8_t dst[16], uint8_t family, uint8_t plen, uint8_t protocol, uint32_t table, uint32_t metric)
{
	struct adopted_key k = {
	    .family = family, .plen = plen, .protocol = protocol, .table = table, .metric = metric};
	memcpy(k.dst, dst, sizeof k.dst);
	return k;
}

static void
remember_metric(struct adopted *a, uint32_t metric)
{
	for (unsigned i = 0; i < a->nmetrics; i++)
		if (a->metrics[i] == metric)
			return;
	if (a->nmetrics < ADOPTED_METRICS)
		a->metrics[a->nmetrics++] = metric;
}

void
adopted_put(struct adopted *a, const struct fib_ev_route *r, uint32_t nhset, uint32_t nhid, uint32_t gen)
{
	struct adopted_key k = key_of(r->dst, r->family, r->plen, r->protocol, r->table, r->metric);
	bool fresh;
	struct adopted_route *e = keyed_put(&a->routes, &k, &fresh);

	a->count[r->family] += fresh;
	if (nhset != 0)
		nhset_use(a->nhsets, nhset);
	if (!fresh && e->nhset != 0)
		nhset_unuse(a->nhsets, e->nhset);
	e->nhset = nhset;
	e->nhid = nhid;
	e->gen = gen;
	remember_metric(a, r->metric);
}

struct adopted_route *
adopted_find(const struct adopted *a, const struct ip_prefix *p, const struct fib_config *conf,
	     uint32_t metric)
{
	struct adopted_key k = key_of(p->bytes, p->family, p->len, conf->protocol, conf->table, metric);
	return keyed_find(&a->routes, &k);
}

struct adopted_route *
adopted_find_other(const struct adopted *a, const struct ip_prefix *p, const struct fib_config *conf,
		   uint32_t metric)
{
	for (unsigned i = 0; i < a->nmetrics; i++) {
		struct adopted_route *r = NULL;
		if (a->metrics[i] != metric)
			r = adopted_find(a, p, conf, a->metrics[i]);
		if (r != NULL)
			return r;
	}
	return NULL;
}

void
adopted_del(struct adopted *a, struct adopted_route *r)
{
	if (r->nhset != 0)
		nhset_unuse(a->nhsets, r->nhset);
	a->count[r->key.family]--;
	keyed_del(&a->routes, r);
	if (keyed_count(&a->routes) == 0)
		a->nmetrics = 0;
}
