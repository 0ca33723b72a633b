/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calico_route: IPPools and BlockAffinities, and what of the model is made of them
 * and of service addresses: routes of our own, what is exported and what the kernel
 * gets.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/calico_int.h"
#include "lib/mem.h"

#define TUNNEL "tunl0"

/* ---- IPPool ---- */

void
calico_pool_parse(struct calico *c, struct calico_entry *e, const json_t *value)
{
	static const char *const modes[] = {"Never", "Always", "CrossSubnet", NULL};
	struct calico_pool *pool = (struct calico_pool *)e;
	char *cidr = calico_text(value, "spec.cidr");
	unsigned ipip = calico_word(e, value, "spec.ipipMode", modes), vxlan = calico_word(e, value, "spec.vxlanMode", modes);

	(void)c;
	if (cidr == NULL || !calico_prefix(cidr, &pool->cidr)) {
		calico_complain(e, "spec.cidr: found \"%.80s\", expected a prefix", cidr != NULL ? cidr : "");
		pool->cidr = (struct ip_prefix){0};
	}
	free(cidr);
	pool->no_export = calico_bool(value, "spec.disableBGPExport", false);
	if (vxlan != 0)
		pool->encap = CALICO_ENCAP_VXLAN;
	else
		pool->encap = ipip == 1 ? CALICO_ENCAP_IPIP : ipip == 2 ? CALICO_ENCAP_IPIP_CROSS : CALICO_ENCAP_NONE;
}

/* ---- BlockAffinity ---- */

void
calico_block_parse(struct calico *c, struct calico_entry *e, const json_t *value)
{
	struct calico_block *block = (struct calico_block *)e;
	char *node = calico_text(value, "spec.node"), *cidr = calico_text(value, "spec.cidr");
	char *state = calico_text(value, "spec.state"), *type = calico_text(value, "spec.type");
	bool ours = node != NULL && strcmp(node, c->node_name) == 0 && (type == NULL || strcmp(type, "host") == 0) &&
		    !calico_bool(value, "spec.deleted", false);

	/* One that is pending may still become another node's. */
	if (ours && (state == NULL || strcmp(state, "pending") != 0)) {
		if (cidr == NULL || !calico_prefix(cidr, &block->cidr)) {
			calico_complain(e, "spec.cidr: found \"%.80s\", expected a prefix", cidr != NULL ? cidr : "");
			block->cidr = (struct ip_prefix){0};
		}
		block->confirmed = state == NULL || strcmp(state, "confirmed") == 0;
	}
	free(node);
	free(cidr);
	free(state);
	free(type);
}

/* ---- pools in the model ---- */

struct pools {
	const struct calico_pool **v;
	size_t n;
};

static int
by_cidr(const void *a, const void *b)
{
	const struct calico_pool *x = *(const struct calico_pool *const *)a, *y = *(const struct calico_pool *const *)b;
	int d = ip_prefix_cmp(&x->cidr, &y->cidr);

	return d != 0 ? d : strcmp(x->head.name, y->head.name);
}

/* Those of a family by cidr; of two with the same one the first by name. The caller frees v. */
static struct pools
pools_of(const struct calico_view *v, enum family f)
{
	struct pools p = {0};
	struct calico_entry *e;
	size_t all = 0, n = 0;

	CALICO_FOREACH (v->c, CALICO_POOL, e)
		all++;
	p.v = xcalloc(all + 1, sizeof(*p.v));
	CALICO_FOREACH (v->c, CALICO_POOL, e) {
		const struct calico_pool *pool = (const struct calico_pool *)e;
		if (pool->cidr.family == f)
			p.v[p.n++] = pool;
	}
	qsort(p.v, p.n, sizeof(*p.v), by_cidr);
	for (size_t i = 0; i < p.n; i++)
		if (n == 0 || !ip_prefix_eq(&p.v[n - 1]->cidr, &p.v[i]->cidr))
			p.v[n++] = p.v[i];
	p.n = n;
	return p;
}

static bool
programs_ipip(const struct calico_view *v)
{
	return v->global->program == CALICO_PROGRAM_ALL || v->global->program == CALICO_PROGRAM_IPIP;
}

static bool
programs_plain(const struct calico_view *v)
{
	return v->global->program == CALICO_PROGRAM_ALL || v->global->program == CALICO_PROGRAM_NO_ENCAP;
}

static bool
is_programmed(const struct calico_view *v, const struct calico_pool *pool)
{
	if (pool->encap == CALICO_ENCAP_VXLAN)
		return false;
	return pool->encap == CALICO_ENCAP_NONE ? programs_plain(v) : programs_ipip(v);
}

static json_t *
pool_json(const struct calico_view *v, const struct calico_pool *pool, enum family f)
{
	bool accept = is_programmed(v, pool);
	bool tunnel = accept && f == FAMILY_IPV4 && pool->encap != CALICO_ENCAP_NONE;
	bool cross = tunnel && pool->encap == CALICO_ENCAP_IPIP_CROSS;

	return json_pack("{s:o, s:s, s:o, s:o}", "cidr", calico_prefix_json(&pool->cidr), "action", accept ? "accept" : "reject",
			 "tunnel", tunnel ? json_string(TUNNEL) : json_null(), "unless_next_hop_in",
			 cross ? calico_prefix_json(&v->own->network[f]) : json_null());
}

/* IPv6 knows no tunnels, so that only what is rejected is worth a word. */
static json_t *
kernel_pools(const struct calico_view *v, enum family f)
{
	struct pools p = pools_of(v, f);
	json_t *out = json_array();

	for (size_t i = 0; i < p.n; i++) {
		bool told = f == FAMILY_IPV4 ? v->own->network[f].family != FAMILY_NONE : !is_programmed(v, p.v[i]);
		if (told)
			json_array_append_new(out, pool_json(v, p.v[i], f));
	}
	free(p.v);
	return out;
}

static json_t *
export_pools(const struct calico_view *v, enum family f, bool exported)
{
	struct pools p = pools_of(v, f);
	json_t *out = json_array();

	for (size_t i = 0; i < p.n; i++)
		if (p.v[i]->no_export != exported)
			json_array_append_new(out, calico_prefix_json(&p.v[i]->cidr));
	free(p.v);
	return out;
}

/* ---- the own routes ---- */

static bool
is_host(const struct ip_prefix *p)
{
	return p->len == family_bits((enum family)p->family);
}

/* Blocks of the node; blackholes: those that get a route of our own, else those that are aggregates. */
static void
blocks_of(const struct calico_view *v, enum family f, bool blackholes, struct calico_prefixes *out)
{
	const struct calico_prefixes *cidrs = &v->own->pod_cidrs;
	struct calico_entry *e;

	for (unsigned i = 0; i < cidrs->n; i++)
		if (cidrs->v[i].family == f && !(blackholes && is_host(&cidrs->v[i])))
			calico_prefixes_add(out, &cidrs->v[i]);
	CALICO_FOREACH (v->c, CALICO_BLOCK, e) {
		if (v->c->pod_cidrs)
			break;
		const struct calico_block *b = (const struct calico_block *)e;
		if (b->cidr.family == f && (blackholes ? !is_host(&b->cidr) : b->confirmed))
			calico_prefixes_add(out, &b->cidr);
	}
}

/* Ranges of service addresses as they are announced whole; single addresses go by service. */
static void
ranges_of(const struct calico_view *v, enum family f, struct calico_prefixes *out)
{
	for (enum calico_range r = 0; r < CALICO_RANGES; r++) {
		const struct calico_prefixes *range = calico_range(v, r);
		if (r == CALICO_BALANCER_IPS && v->global->no_aggregation)
			continue;
		for (unsigned i = 0; i < range->n; i++)
			if (range->v[i].family == f && (r == CALICO_CLUSTER_IPS || !is_host(&range->v[i])))
				calico_prefixes_add(out, &range->v[i]);
	}
	calico_prefixes_sort(out);
}

static bool
is_excluded(const struct calico_view *v)
{
	const char *label = json_string_value(json_object_get(v->own->labels, "node.kubernetes.io/exclude-from-external-load-balancers"));

	return label != NULL && strcmp(label, "true") == 0;
}

static void
services_of(struct calico_view *v, enum family f, struct calico_prefixes *out)
{
	if (is_excluded(v))
		return;
	ranges_of(v, f, out);
	calico_service_routes(v, f, out);
	calico_prefixes_sort(out);
}

static json_t *
static_json(const struct ip_prefix *p, json_t *via)
{
	return json_pack("{s:o, s:o}", "prefix", calico_prefix_json(p), "via", via);
}

/* Blackholes, and the ways to peers; where both are asked for, the way. */
static json_t *
statics_of(struct calico_view *v, enum family f, const struct calico_prefixes *services)
{
	struct calico_prefixes all = {0};
	json_t *via = json_object(), *out = json_array(), *unused;
	const char *key;
	struct ip_prefix p;

	blocks_of(v, f, true, &all);
	for (unsigned i = 0; i < services->n; i++)
		calico_prefixes_add(&all, &services->v[i]);
	calico_reachable(v, f, via);
	json_object_foreach (via, key, unused)
		if (calico_prefix(key, &p))
			calico_prefixes_add(&all, &p);
	calico_prefixes_sort(&all);
	for (unsigned i = 0; i < all.n; i++) {
		char text[IP_PREFIX_STRLEN];
		json_t *gateway = json_object_get(via, ip_prefix_str(&all.v[i], text, sizeof(text)));
		json_array_append_new(out, static_json(&all.v[i], gateway != NULL ? json_incref(gateway) : json_null()));
	}
	json_decref(via);
	calico_prefixes_fini(&all);
	return out;
}

static json_t *
aggregates_of(const struct calico_view *v, enum family f)
{
	struct calico_prefixes blocks = {0};

	blocks_of(v, f, false, &blocks);
	calico_prefixes_sort(&blocks);
	json_t *out = calico_prefixes_json(&blocks, f);
	calico_prefixes_fini(&blocks);
	return out;
}

/* ---- export and kernel ---- */

/* A route reflector passes on what others say of these, be they announced here or not. */
static json_t *
reflected_services(const struct calico_view *v, enum family f)
{
	static const enum calico_range ranges[] = {CALICO_EXTERNAL_IPS, CALICO_BALANCER_IPS};
	struct calico_prefixes all = {0};

	for (size_t k = 0; v->own->cluster_id != NULL && k < ARRAY_LEN(ranges); k++) {
		const struct calico_prefixes *range = calico_range(v, ranges[k]);
		for (unsigned i = 0; i < range->n; i++)
			calico_prefixes_add(&all, &range->v[i]);
	}
	calico_prefixes_sort(&all);
	json_t *out = calico_prefixes_json(&all, f);
	calico_prefixes_fini(&all);
	return out;
}

static json_t *
export_of(const struct calico_view *v, enum family f, const struct calico_prefixes *services)
{
	json_t *interfaces = json_pack("[s, s]", "*.cali", "*.calico");

	if (!programs_ipip(v))
		json_array_append_new(interfaces, json_string(TUNNEL));
	return json_pack("{s:o, s:o, s:[s], s:o, s:o, s:o}", "disabled_pools", export_pools(v, f, false), "internal_reject_interfaces",
			 interfaces, "reject_interfaces", "bpf*.cali", "static_accept", calico_prefixes_json(services, f),
			 "rr_service_accept", reflected_services(v, f), "pool_accept", export_pools(v, f, true));
}

static int
by_addr(const void *a, const void *b)
{
	return ip_addr_cmp(a, b);
}

/* Next hops behind which there is WireGuard: other nodes that have it, if this one has. */
static json_t *
wireguard_of(const struct calico_view *v, enum family f)
{
	struct ip_addr *addrs = NULL;
	json_t *out = json_array();
	struct calico_entry *e;
	size_t n = 0;

	if (v->own->wireguard[f].family == FAMILY_NONE)
		return out;
	CALICO_FOREACH (v->c, CALICO_NODE, e) {
		const struct calico_node *node = (const struct calico_node *)e;
		if (node == v->own || node->wireguard[f].family == FAMILY_NONE || node->addr[f].family == FAMILY_NONE)
			continue;
		addrs = xreallocarray(addrs, n + 1, sizeof(*addrs));
		addrs[n++] = node->addr[f];
	}
	if (n > 0)
		qsort(addrs, n, sizeof(*addrs), by_addr);
	for (size_t i = 0; i < n; i++)
		json_array_append_new(out, calico_addr_json(&addrs[i]));
	free(addrs);
	return out;
}

void
calico_routes(struct calico_view *v, enum family f, json_t *out)
{
	struct calico_prefixes services = {0}, ranges = {0};

	services_of(v, f, &services);
	ranges_of(v, f, &ranges);
	json_object_set_new(out, "static", statics_of(v, f, &services));
	json_object_set_new(out, "aggregate", aggregates_of(v, f));
	json_object_set_new(out, "export", export_of(v, f, &services));
	json_object_set_new(out, "kernel",
			    json_pack("{s:o, s:o, s:o}", "reject", calico_prefixes_json(&ranges, f), "wireguard_reject",
				      wireguard_of(v, f), "pools", kernel_pools(v, f)));
	calico_prefixes_fini(&services);
	calico_prefixes_fini(&ranges);
}
