/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_kernel: the kernel's routes by the configuration: which best paths are put there, with which metric and by
 * which ways, and what is discarded there.
 */
#include "tests/model/speaker_model.h"

#include <string.h>

void
oracle_kernel(struct verdict v[FAMILY_COUNT][NPREFIX], enum family f, unsigned prefix, struct kernel_route *out)
{
	const struct mconf *c = &the_model->conf;
	const struct verdict *x = &v[f][prefix];
	uint32_t set = 0;

	memset(out, 0, sizeof *out);
	if (x->best < 0)
		return;
	struct mattr a = x->a[x->best];
	unsigned source = path_source((unsigned)x->best);
	if (c->kernel.kind == CHAIN_LIST && !oracle_policies(&c->kernel, POLICY_KERNEL, source, f, prefix, &a, &set))
		return;
	out->metric = a.metric != 0 ? a.metric : c->kernel_metric;
	out->blackhole = a.blackhole;
	if (!a.blackhole && (set & SET_NEXT_HOP))
		out->nways = oracle_ways_of(v, &a.nexthop, out->ways);
	else if (!a.blackhole)
		out->nways = oracle_ways(v, f, prefix, out->ways);
	out->there = a.blackhole || out->nways > 0;
}

static bool
has_way(const struct kernel_route *r, const struct way *w)
{
	for (unsigned i = 0; i < r->nways; i++)
		if (r->ways[i].ifindex == w->ifindex && ip_addr_eq(&r->ways[i].via, &w->via))
			return true;
	return false;
}

static void
compare_route(enum family f, unsigned i, const struct kernel_route *got, const struct kernel_route *want)
{
	if (got->there != want->there)
		fail("family %d prefix %u: a kernel route %d, want %d", f, i, got->there, want->there);
	if (!want->there)
		return;
	if (got->blackhole != want->blackhole || got->metric != want->metric)
		fail("family %d prefix %u: kernel route with metric %u, blackhole %d, want %u and %d", f, i, got->metric,
		    got->blackhole, want->metric, want->blackhole);
	/* The daemon may name a way twice, but no other one. */
	for (unsigned y = 0; y < got->nways; y++)
		if (!has_way(want, &got->ways[y]))
			fail("family %d prefix %u: a kernel route by a wrong way", f, i);
	for (unsigned x = 0; x < want->nways; x++)
		if (!has_way(got, &want->ways[x]))
			fail("family %d prefix %u: %u ways in the kernel, want %u", f, i, got->nways, want->nways);
}

void
compare_kernel(struct verdict v[FAMILY_COUNT][NPREFIX])
{
	struct kernel_route got, want;

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		for (unsigned i = 0; i < NPREFIX; i++) {
			fib_wanted(the_model->at, f, &the_model->prefix[f][i], &got);
			oracle_kernel(v, f, i, &want);
			compare_route(f, i, &got, &want);
			the_model->seen_kernel_out += v[f][i].nused > 0 && !want.there;
			the_model->seen_metric += want.there && want.metric != the_model->conf.kernel_metric;
		}
}
