/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile: sets and policies; see compile.h. Rules are in compile_rule.c.
 */
#include "bgpd/compile.h"

#include "bgpd/compile_rule.h"
#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "bgpd/peer.h"
#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

struct policies {
	struct bgpd *d;
	struct compile_sets sets;
	struct policy **policies; /* by index in conf.policies */
	uint32_t n_policies;
	struct policy *accept, *reject;
	struct policy_chain *import, *export; /* by index in conf.neighbors */
	uint32_t n_neighbors;
	struct policy_chain kernel_export, kernel_learn;
};

struct community_pattern
compile_community(const struct conf_community *c)
{
	static const uint8_t kinds[] = {[CONF_COMMUNITY_STD] = COMMUNITY_STD,
	    [CONF_COMMUNITY_LARGE] = COMMUNITY_LARGE,
	    [CONF_COMMUNITY_EXT] = COMMUNITY_EXT};
	struct community_pattern p = {
	    .kind = kinds[c->kind], .ext_types = c->ext_types, .ext_subtype = c->ext_subtype};

	for (int i = 0; i < 3; i++)
		p.part[i] = (struct community_range){.lo = c->part[i].lo, .hi = c->part[i].hi};
	return p;
}

static struct policy *
builtin(struct bgpd *d, const char *name, enum policy_action action)
{
	struct policy *p = policy_new(d->attrs, name);

	policy_add(p, &(struct policy_rule){.action = (uint8_t)action});
	return p;
}

static struct policy *
policy_of(const struct policies *p, const struct conf_ref *ref)
{
	if (ref->index == CONF_POLICY_ACCEPT)
		return p->accept;
	if (ref->index == CONF_POLICY_REJECT)
		return p->reject;
	return p->policies[ref->index];
}

/* Equal chains get one id, so that neighbours with the same policies can share an export group. */
static uint64_t
chain_id(const struct policy_chain *c)
{
	uint64_t h = 0;

	for (uint32_t i = 0; i < c->n; i++)
		h = hash_u64(h, (uintptr_t)c->v[i]);
	return hash_u64(h, c->n + (c->missing ? 1ull << 32 : 0));
}

static void
chain_build(struct policies *p, const struct conf_ref *refs, uint32_t n, struct policy_chain *out)
{
	out->n = n;
	out->v = xcalloc(n > 0 ? n : 1, sizeof *out->v);
	for (uint32_t i = 0; i < n; i++)
		out->v[i] = policy_ref(policy_of(p, &refs[i]));
	out->reads = policy_reads(out->v, n);
	out->id = chain_id(out);
}

/* A neighbour without a list: everything for iBGP, nothing for eBGP. */
static void
neighbor_chain(struct policies *p, const struct conf_neighbor *nb, const struct conf_ref *refs, uint32_t n,
    struct policy_chain *out)
{
	static const struct conf_ref all = {.name = "accept", .index = CONF_POLICY_ACCEPT};

	if (refs != NULL) {
		chain_build(p, refs, n, out);
		return;
	}
	out->missing = !conf_neighbor_is_internal(nb);
	chain_build(p, &all, out->missing ? 0 : 1, out);
}

static void
chain_free(struct policy_chain *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		policy_unref(c->v[i]);
	free(c->v);
}

bool
policies_read_neighbor(const struct policies *p)
{
	return (policy_reads(p->policies, p->n_policies) & POLICY_READS_NEIGHBOR) != 0;
}

struct policies *
policies_new(struct bgpd *d, const struct conf *c, const struct policies *same)
{
	struct policies *p = xcalloc(1, sizeof *p);

	p->d = d;
	p->accept = same != NULL ? policy_ref(same->accept) : builtin(d, "accept", POLICY_ACCEPT);
	p->reject = same != NULL ? policy_ref(same->reject) : builtin(d, "reject", POLICY_REJECT);
	compile_sets_new(&p->sets, c);
	if (same != NULL)
		compile_tunnels_copy(&p->sets, &same->sets);
	p->n_policies = c->policies.n;
	p->policies = xcalloc(c->policies.n + 1u, sizeof(struct policy *));
	for (uint32_t i = 0; i < c->policies.n; i++)
		p->policies[i] =
		    same != NULL ? policy_ref(same->policies[i]) : compile_policy(d, &p->sets, &c->policies.v[i]);
	p->n_neighbors = c->neighbors.n;
	p->import = xcalloc(c->neighbors.n + 1u, sizeof *p->import);
	p->export = xcalloc(c->neighbors.n + 1u, sizeof *p->export);
	for (uint32_t i = 0; i < c->neighbors.n; i++) {
		const struct conf_neighbor *nb = &c->neighbors.v[i];
		neighbor_chain(p, nb, nb->import.v, nb->import.n, &p->import[i]);
		neighbor_chain(p, nb, nb->export.v, nb->export.n, &p->export[i]);
	}
	chain_build(p, c->kernel.export.v, c->kernel.export.n, &p->kernel_export);
	chain_build(p, c->kernel.learn.v, c->kernel.learn.n, &p->kernel_learn);
	return p;
}

void
policies_free(struct policies *p)
{
	if (p == NULL)
		return;
	for (uint32_t i = 0; i < p->n_neighbors; i++) {
		chain_free(&p->import[i]);
		chain_free(&p->export[i]);
	}
	chain_free(&p->kernel_export);
	chain_free(&p->kernel_learn);
	for (uint32_t i = 0; i < p->n_policies; i++)
		policy_unref(p->policies[i]);
	policy_unref(p->accept);
	policy_unref(p->reject);
	compile_sets_free(&p->sets);
	free(p->policies);
	free(p->import);
	free(p->export);
	free(p);
}

const struct policy_chain *
policies_import(const struct policies *p, uint32_t neighbor)
{
	ASSERT(neighbor < p->n_neighbors);
	return &p->import[neighbor];
}

const struct policy_chain *
policies_export(const struct policies *p, uint32_t neighbor)
{
	ASSERT(neighbor < p->n_neighbors);
	return &p->export[neighbor];
}

struct policy_input
policies_input(const struct bgpd *d, const struct rib_source *src, attr_id attr)
{
	return (struct policy_input){
	    .attr = attr,
	    .source_kind = src->kind,
	    .peer_type = src->peer_type,
	    /* A neighbour that is gone may still be named as what was best before. */
	    .neighbor = src->kind == RIB_SOURCE_BGP && src->owner != NULL ? peer_number(src->owner) : 0,
	    .default_local_pref = d->conf->router.default_local_preference,
	};
}

uint32_t
policies_kernel_export_reads(const struct policies *p)
{
	return p->kernel_export.reads;
}

bool
policies_kernel_export(const struct policies *p, const struct rib_change *c, const struct rib_source *src,
    struct policies_kernel *out)
{
	struct bgpd *d = p->d;
	char name[16];

	/* Where nothing goes into the kernel it costs nothing a route. */
	if (policy_rejects_all(p->kernel_export.v, p->kernel_export.n))
		return false;
	struct policy_input in = policies_input(d, src, c->best->attr);
	struct policy_result res;
	if (p->kernel_export.reads & POLICY_READS_PREFIX)
		in.prefix = rib_prefix(d->rib, c->family, c->id);
	policy_run(p->kernel_export.v, p->kernel_export.n, &in, &res);
	if (!res.accept)
		return false;
	struct attr_local local = attr_local(attr_get(d->attrs, res.attr));
	*out = (struct policies_kernel){.metric = local.metric};
	if (local.tunnel != 0 && compile_tunnel_name(&p->sets, local.tunnel, name, sizeof name))
		out->tunnel_ifindex = kernel_ifindex(d->kernel, name);
	attr_unref(d->attrs, res.attr);
	return true;
}

attr_id
policies_kernel_learn(const struct policies *p, attr_id attr, const struct ip_prefix *prefix, const char *ifname)
{
	struct policy_input in = {.attr = attr,
	    .prefix = *prefix,
	    .source_kind = RIB_SOURCE_KERNEL,
	    .default_local_pref = p->d->conf->router.default_local_preference,
	    .interface = ifname};
	struct policy_result res;

	policy_run(p->kernel_learn.v, p->kernel_learn.n, &in, &res);
	return res.attr;
}
