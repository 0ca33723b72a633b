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
#include "rib/policy_memo.h"

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
	bool kernel_nothing; /* the former rejects all */
	uint32_t reads; /* of all chains */
	struct policy_memo *memo;
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

/* Rules without matches and changes cost less than a look into the memo. */
static bool
chain_is_work(const struct policy_chain *c)
{
	for (uint32_t i = 0; i < c->n; i++)
		for (uint32_t r = 0; r < c->v[i]->n_rules; r++)
			if (c->v[i]->rules[r].n_matches > 0 || c->v[i]->rules[r].set.has != 0)
				return true;
	return false;
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
	out->memo = !(out->reads & POLICY_READS_INTERFACE) && chain_is_work(out);
	p->reads |= out->reads;
}

/* A neighbour without a list: everything for iBGP and the confederation, nothing for eBGP. */
static void
neighbor_chain(struct policies *p, const struct conf_neighbor *nb, const struct conf_ref *refs, uint32_t n,
    struct policy_chain *out)
{
	static const struct conf_ref all = {.name = "accept", .index = CONF_POLICY_ACCEPT};

	if (refs != NULL) {
		chain_build(p, refs, n, out);
		return;
	}
	out->missing = !conf_neighbor_is_inside(nb);
	chain_build(p, &all, out->missing ? 0 : 1, out);
}

struct policy_chain
policies_chain_copy(const struct policy_chain *c)
{
	struct policy_chain copy = *c;

	copy.v = xcalloc(c->n + 1u, sizeof *copy.v);
	for (uint32_t i = 0; i < c->n; i++)
		copy.v[i] = policy_ref(c->v[i]);
	return copy;
}

void
policies_chain_free(struct policy_chain *c)
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
	p->memo = policy_memo_new(d->attrs);
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
	p->kernel_nothing = policy_rejects_all(p->kernel_export.v, p->kernel_export.n);
	chain_build(p, c->kernel.learn.v, c->kernel.learn.n, &p->kernel_learn);
	return p;
}

void
policies_free(struct policies *p)
{
	if (p == NULL)
		return;
	policy_memo_free(p->memo);
	for (uint32_t i = 0; i < p->n_neighbors; i++) {
		policies_chain_free(&p->import[i]);
		policies_chain_free(&p->export[i]);
	}
	policies_chain_free(&p->kernel_export);
	policies_chain_free(&p->kernel_learn);
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

/* The interface that packets for the route leave through; NULL: none, or not known. */
static const char *
interface_of(const struct bgpd *d, const struct rib_source *src, attr_id attr, const struct ip_prefix *prefix)
{
	uint32_t nexthop = attr_get(d->attrs, attr)->nexthop, ifindex = 0;
	struct nexthop_foreign foreign;
	const struct conf_static *st;
	struct nexthop_view nh;
	struct ip_addr base;

	switch (src->kind) {
	case RIB_SOURCE_KERNEL:
		return kernel_foreign(d, prefix, &foreign) ? kernel_ifname(d->kernel, foreign.ifindex) : NULL;
	case RIB_SOURCE_CONNECTED:
		base = ip_addr_from_bytes(prefix->family, prefix->bytes);
		return nexthop_connected(d->nexthops, &base, &ifindex) ? kernel_ifname(d->kernel, ifindex) : NULL;
	case RIB_SOURCE_STATIC:
		st = conf_static_by_prefix(d->conf, prefix);
		if (st != NULL && st->interface != NULL)
			return st->interface;
		break;
	default:
		break;
	}
	if (nexthop == ATTR_NEXTHOP_NONE)
		return NULL;
	nexthop_get(d->nexthops, nexthop, &nh);
	return nh.resolved && nh.via_count > 0 ? kernel_ifname(d->kernel, nh.via[0].ifindex) : NULL;
}

static uint8_t
protocol_of(const struct bgpd *d, const struct rib_source *src, const struct ip_prefix *prefix)
{
	struct nexthop_foreign foreign;

	return src->kind == RIB_SOURCE_KERNEL && kernel_foreign(d, prefix, &foreign) ? foreign.from.protocol : 0;
}

void
policies_input(const struct bgpd *d, uint32_t reads, const struct rib_source *src, attr_id attr,
    const struct ip_prefix *prefix, struct policy_input *in)
{
	/* In its place: a copy would read wider than was just written, and wait for it, for each attribute set. */
	*in = (struct policy_input){
	    .attr = attr,
	    .source_kind = src->kind,
	    .peer_type = src->peer_type,
	    /* A neighbour that is gone may still be named as what was best before. */
	    .neighbor = src->kind == RIB_SOURCE_BGP && src->owner != NULL ? peer_number(src->owner) : 0,
	    .default_local_pref = d->conf->router.default_local_preference,
	};

	if (prefix != NULL)
		in->prefix = *prefix;
	if (reads & POLICY_READS_INTERFACE) {
		in->interface = interface_of(d, src, attr, prefix);
		in->kernel_protocol = protocol_of(d, src, prefix);
	}
}

struct policy_memo_entry *
policies_open(const struct policies *p, const struct policy_chain *c, const struct policy_input *in)
{
	return c->memo ? policy_memo_open(p->memo, c->id, c->reads, in) : NULL;
}

int
policies_judge(const struct policies *p, const struct policy_chain *c, struct policy_memo_entry *e,
    const struct policy_input *in, struct policy_result *out)
{
	if (e != NULL)
		return policy_memo_judge(p->memo, e, c->v, c->n, in, out);
	policy_run(c->v, c->n, in, out);
	return -1;
}

void
policies_run(const struct policies *p, const struct policy_chain *c, const struct policy_input *in,
    struct policy_result *out)
{
	policies_judge(p, c, policies_open(p, c, in), in, out);
}

void
policies_forget(struct policies *p)
{
	policy_memo_clear(p->memo);
}

uint32_t
policies_reads(const struct policies *p)
{
	return p->reads;
}

const struct policy_chain *
policies_kernel_export_chain(const struct policies *p)
{
	return &p->kernel_export;
}

const struct policy_chain *
policies_kernel_learn_chain(const struct policies *p)
{
	return &p->kernel_learn;
}

bool
policies_kernel_nothing(const struct policies *p)
{
	return p->kernel_nothing;
}

bool
policies_kernel_export(const struct policies *p, const struct rib_change *c, const struct rib_source *src,
    struct policies_kernel *out)
{
	struct bgpd *d = p->d;
	const struct policy_chain *chain = &p->kernel_export;

	struct ip_prefix prefix = rib_prefix(d->rib, c->family, c->id);
	struct policy_input in;
	policies_input(d, chain->reads, src, c->best->attr, &prefix, &in);
	struct policy_result res;
	char name[16];

	policies_run(p, chain, &in, &res);
	if (!res.accept)
		return false;
	const struct attr_set *s = attr_get(d->attrs, res.attr);
	struct attr_local local = attr_local(s);
	*out = (struct policies_kernel){.metric = local.metric,
	    .nexthop = res.set & POLICY_SET_NEXT_HOP ? s->nexthop : NEXTHOP_NONE};
	if (local.tunnel != 0 && compile_tunnel_name(&p->sets, local.tunnel, name, sizeof name))
		out->tunnel_ifindex = kernel_ifindex(d->kernel, name);
	attr_unref(d->attrs, res.attr);
	return true;
}

bool
policies_kernel_export_sets(const struct policies *p, uint32_t nexthop)
{
	const struct policy_chain *c = &p->kernel_export;

	for (uint32_t i = 0; i < c->n; i++)
		for (uint32_t r = 0; r < c->v[i]->n_rules; r++) {
			const struct policy_set *set = &c->v[i]->rules[r].set;
			if (set->has & POLICY_SET_NEXT_HOP && set->nexthop == nexthop)
				return true;
		}
	return false;
}

attr_id
policies_kernel_learn(const struct policies *p, attr_id attr, const struct ip_prefix *prefix)
{
	static const struct rib_source kernel = {.kind = RIB_SOURCE_KERNEL};
	struct policy_input in;
	policies_input(p->d, p->kernel_learn.reads, &kernel, attr, prefix, &in);
	struct policy_result res;

	policies_run(p, &p->kernel_learn, &in, &res);
	return res.attr;
}

void
policies_tunnel_text(const struct policies *p, uint16_t tunnel, struct str *out)
{
	char name[16];

	if (compile_tunnel_name(&p->sets, tunnel, name, sizeof name))
		str_add(out, name);
}
