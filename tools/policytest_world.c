/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policytest_world: a bgpd without sessions, sockets and kernel; see policytest.h.
 *
 * Neighbours are peers that were never started; what sessions would have negotiated
 * is taken to be what the configuration offers.
 */
#include <stdlib.h>
#include <string.h>

#include "bgpd/compile.h"
#include "bgpd/compile_rule.h"
#include "bgpd/daemon.h"
#include "bgpd/groups.h"
#include "bgpd/import.h"
#include "bgpd/kernel.h"
#include "bgpd/kernel_watch.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/pipeline.h"
#include "lib/mem.h"
#include "rib/aspath.h"
#include "rib/community.h"
#include "tools/policytest.h"

struct world {
	struct bgpd d;
	struct loop loop;
	struct daemon_options options;
	struct kernel kernel;
	struct export_view **views; /* by number of the neighbour; made when first asked for */
	uint32_t last_ifindex;
};

static void
no_change(void *ctx, struct rib_change *c, unsigned n)
{
	(void)ctx;
	(void)c;
	(void)n;
}

static void
no_users(void *ctx, nexthop_id id)
{
	(void)ctx;
	(void)id;
}

/* A neighbour as if its session were up: everything that we offer was accepted. */
static void
peer_add(struct world *w, const struct conf_neighbor *nb)
{
	struct peer *p = peer_new(&w->d, nb);

	if (p == NULL)
		return;
	p->session.internal = peer_is_internal(p);
	p->session.caps = p->ours.caps;
	p->main->theirs.as = nb->remote_as.type == CONF_REMOTE_INTERNAL ? nb->local_as : nb->remote_as.as;
	peer_routes_source(p)->as = p->main->theirs.as;
}

static void
parts_new(struct world *w)
{
	static const struct rib_callbacks cb = {.change = no_change};
	struct bgpd *d = &w->d;

	d->main = d;
	d->loop = &w->loop;
	TAILQ_INIT(&d->peers);
	int err = loop_init(d->loop);
	ASSERT(err == 0);
	peer_table_init(&d->peer_table);
	d->options = &w->options;
	d->router_id = d->conf->router.id;
	d->cluster_id = d->conf->router.cluster_id != 0 ? d->conf->router.cluster_id : d->router_id;
	d->nexthops = nexthop_table_new(1);
	struct attr_nexthop_ops ops = nexthop_attr_ops(d->nexthops);
	d->attrs = xcalloc(1, sizeof(*d->attrs));
	attr_table_init(d->attrs, 1, &ops);
	d->rib = rib_new(d->attrs, d->nexthops, &cb, 1);
	originate_init(&d->originate, d->rib);
	d->policies = policies_new(d, d->conf, NULL);
	d->pipeline = pipeline_new(d);
	d->groups = groups_new(d);
	w->kernel.d = d;
	interfaces_init(&w->kernel.interfaces);
	d->kernel = &w->kernel;
}

struct world *
world_open(const char *path, struct conf_errors *errs)
{
	struct conf *conf;

	if (conf_load(path, &conf, errs) < 0)
		return NULL;
	struct world *w = xcalloc(1, sizeof(*w));
	w->d.conf = conf;
	w->options = (struct daemon_options){.conf_path = path};
	w->views = xcalloc(conf->neighbors.n + 2u, sizeof(struct export_view *));
	parts_new(w);
	for (uint32_t i = 0; i < conf->neighbors.n; i++)
		if (conf->neighbors.v[i].address.addr.family != FAMILY_NONE)
			peer_add(w, &conf->neighbors.v[i]);
	return w;
}

void
world_close(struct world *w)
{
	struct peer *p;

	if (w == NULL)
		return;
	struct bgpd *d = &w->d;
	for (uint32_t i = 0; i <= d->conf->neighbors.n; i++)
		if (w->views[i] != NULL)
			groups_view_free(w->views[i]);
	while ((p = TAILQ_FIRST(&d->peers)) != NULL)
		peer_free(p);
	peer_table_fini(&d->peer_table);
	groups_free(d->groups);
	pipeline_free(d->pipeline);
	policies_free(d->policies);
	rib_free(d->rib);
	attr_table_fini(d->attrs);
	free(d->attrs);
	nexthop_table_free(d->nexthops);
	interfaces_fini(&w->kernel.interfaces);
	loop_fini(d->loop);
	conf_free(d->conf);
	free(w->views);
	free(w);
}

const struct conf *
world_conf(const struct world *w)
{
	return w->d.conf;
}

struct attr_table *
world_attrs(const struct world *w)
{
	return w->d.attrs;
}

struct peer *
world_peer(const struct world *w, const char *name)
{
	struct peer *p = peer_table_by_name(&w->d.peer_table, name);
	struct ip_addr addr;

	if (p != NULL || ip_addr_parse(name, &addr) != 0)
		return p;
	return world_peer_at(w, &addr);
}

struct peer *
world_peer_at(const struct world *w, const struct ip_addr *addr)
{
	return peer_table_by_addr(&w->d.peer_table, addr);
}

uint32_t
world_nexthop(struct world *w, const struct ip_addr *global, const struct ip_addr *link_local)
{
	return nexthop_intern(w->d.nexthops, global, link_local);
}

void
world_nexthop_unref(struct world *w, uint32_t nexthop)
{
	nexthop_unref(w->d.nexthops, nexthop);
}

void
world_interface(struct world *w, const char *name, const struct ip_addr *nexthop, const struct ip_prefix *prefix,
		uint32_t metric)
{
	uint32_t ifindex = kernel_ifindex(&w->kernel, name);
	struct fib_link link = {.ifindex = ifindex != 0 ? ifindex : ++w->last_ifindex, .up = true};

	strlcpy(link.name, name, sizeof(link.name));
	interfaces_link_set(&w->kernel.interfaces, interfaces_get(&w->kernel.interfaces, link.ifindex), &link);
	nexthop_link_set(w->d.nexthops, link.ifindex, true);
	struct nexthop_via via = {.ifindex = link.ifindex, .weight = 1};
	if (nexthop != NULL) {
		struct ip_prefix host = ip_prefix_from_addr(nexthop, family_bits(nexthop->family));
		via.via = *nexthop;
		nexthop_route_add(w->d.nexthops, &host, NEXTHOP_ROUTE_KERNEL, 0, &via, 1);
	} else {
		nexthop_route_add(w->d.nexthops, prefix, NEXTHOP_ROUTE_KERNEL, metric, &via, 1);
	}
	while (nexthop_run(w->d.nexthops, UINT32_MAX, no_users, NULL) > 0)
		continue;
}

/* ---- judging ---- */

static void
on_step(void *ctx, const struct policy_step *s)
{
	struct verdict *v = ctx;
	const struct policy_rule *r = &s->policy->rules[s->rule];

	if (r->action == POLICY_NEXT && s->after != ATTR_NONE)
		return;
	v->policy = s->policy->name;
	v->file = s->policy->file;
	v->rule = s->rule + 1;
	v->line = r->line;
}

static void
judge_import(struct peer *from, const struct route *r, const struct policy_trace *trace, struct verdict *v)
{
	struct import_result res;

	import_run_traced(from, r->attr, &r->prefix, &res, trace);
	v->accepted = res.reject == RIB_REJECT_NONE;
	v->reason = rib_reject_name(res.reject);
	v->attr = res.effective;
}

static const struct rib_source *
source_of(const struct route *r, struct rib_source *own)
{
	*own = (struct rib_source){.kind = (uint8_t)r->source};
	return r->from != NULL ? peer_routes_source(r->from) : own;
}

static void
judge_export(struct world *w, struct peer *to, const struct route *r, const struct policy_trace *trace,
	     struct verdict *v)
{
	struct rib_source own;
	struct export_view **view = &w->views[peer_number(to)];

	if (r->from == to) {
		v->reason = "split-horizon";
		return;
	}
	if (*view == NULL)
		*view = groups_view_new(to);
	enum groups_verdict verdict = groups_view_judge(w->d.groups, *view, (enum family)r->prefix.family, &r->prefix,
							r->attr, source_of(r, &own), trace, &v->attr);
	v->accepted = verdict == GROUPS_SENT;
	v->reason = groups_verdict_name(verdict);
}

static void
judge_chain(struct world *w, const struct policy_chain *c, const struct route *r, const struct policy_trace *trace,
	    struct verdict *v)
{
	struct rib_source own;
	struct policy_input in;
	policies_input(&w->d, c->reads, source_of(r, &own), r->attr, &r->prefix, &in);
	struct policy_result res;

	policy_run_traced(c->v, c->n, &in, &res, trace);
	v->accepted = res.accept;
	v->reason = rib_reject_name(RIB_REJECT_POLICY);
	v->attr = res.attr;
}

void
world_judge(struct world *w, enum place place, struct peer *peer, const struct route *r, struct verdict *out)
{
	struct policy_trace trace = {.step = on_step, .ctx = out};

	*out = (struct verdict){0};
	switch (place) {
	case PLACE_IMPORT:
		judge_import(peer, r, &trace, out);
		break;
	case PLACE_EXPORT:
		judge_export(w, peer, r, &trace, out);
		break;
	case PLACE_LEARN:
		judge_chain(w, policies_kernel_learn_chain(w->d.policies), r, &trace, out);
		break;
	case PLACE_PROGRAM:
		judge_chain(w, policies_kernel_export_chain(w->d.policies), r, &trace, out);
		break;
	}
	if (out->accepted)
		out->reason = "accepted";
}

void
verdict_fini(struct world *w, struct verdict *v)
{
	attr_unref(w->d.attrs, v->attr);
	v->attr = ATTR_NONE;
}

void
verdict_text(const struct verdict *v, struct str *out)
{
	str_add(out, v->reason);
	if (v->policy == NULL)
		return;
	str_addf(out, " (%s rule %u", v->policy, v->rule);
	if (v->file != NULL && v->line != 0)
		str_addf(out, ", %s:%u", v->file, v->line);
	str_add(out, ")");
}

/* ---- attributes as text ---- */

const char *const facet_names[FACET_COUNT] = {
    [FACET_ORIGIN] = "origin",
    [FACET_AS_PATH] = "as-path",
    [FACET_NEXT_HOP] = "next-hop",
    [FACET_MED] = "med",
    [FACET_LOCAL_PREFERENCE] = "local-preference",
    [FACET_COMMUNITIES] = "communities",
    [FACET_ORIGINATOR] = "originator-id",
    [FACET_CLUSTER_LIST] = "cluster-list",
    [FACET_OTHER] = "other",
    [FACET_METRIC] = "metric",
    [FACET_PREFERENCE] = "preference",
    [FACET_TAG] = "tag",
    [FACET_TUNNEL] = "tunnel",
};

static void
next_hop_text(const struct world *w, const struct attr_set *s, struct str *out)
{
	char text[IP_ADDR_STRLEN];
	struct nexthop_view nh;

	if (s->nexthop == ATTR_NEXTHOP_SELF) {
		str_add(out, "self");
	} else if (s->nexthop != ATTR_NEXTHOP_NONE) {
		nexthop_get(w->d.nexthops, s->nexthop, &nh);
		str_add(out, ip_addr_str(nh.global.family != FAMILY_NONE ? &nh.global : &nh.link_local, text, sizeof(text)));
	}
}

static void
communities_text(const struct attr_set *s, struct str *out)
{
	for (enum community_kind kind = 0; kind < COMMUNITY_KIND_COUNT; kind++) {
		size_t len, size = community_size(kind);
		const uint8_t *p = attr_find(s, community_attr_type(kind), &len);

		for (size_t at = 0; p != NULL && at + size <= len; at += size) {
			str_add(out, out->len > 0 ? " " : "");
			community_text(kind, p + at, out);
		}
	}
}

static void
other_text(const struct attr_set *s, struct str *out)
{
	static const uint8_t shown[] = {ATTR_ORIGIN, ATTR_AS_PATH, ATTR_MED, ATTR_LOCAL_PREF, ATTR_COMMUNITIES,
					ATTR_EXT_COMMUNITIES, ATTR_LARGE_COMMUNITIES, ATTR_ORIGINATOR_ID,
					ATTR_CLUSTER_LIST};
	const uint8_t *p = s->wire;
	struct attr_item a;

	while (attr_item_next(&p, s->wire + s->wire_len, &a)) {
		if (memchr(shown, a.type, sizeof(shown)) != NULL)
			continue;
		str_addf(out, "%s%u=", out->len > 0 ? " " : "", a.type);
		for (unsigned i = 0; i < a.len; i++)
			str_addf(out, "%02x", a.value[i]);
	}
}

/* Identifiers as addresses. */
static void
ids_text(const struct attr_set *s, uint8_t type, struct str *out)
{
	char text[IP_ADDR_STRLEN];
	size_t len;
	const uint8_t *p = attr_find(s, type, &len);

	for (size_t at = 0; p != NULL && at + 4 <= len; at += 4) {
		struct ip_addr id = ip_addr_from_bytes(FAMILY_IPV4, p + at);
		str_addf(out, "%s%s", at > 0 ? " " : "", ip_addr_str(&id, text, sizeof(text)));
	}
}

/* A number whose absence is 0. */
static void
number_text(uint32_t v, struct str *out)
{
	if (v != 0)
		str_addf(out, "%u", v);
}

void
facet_text(const struct world *w, attr_id attr, enum facet f, struct str *out)
{
	static const char *const origins[] = {"igp", "egp", "incomplete"};
	const struct attr_set *s = attr_get(w->d.attrs, attr);
	struct attr_local local = attr_local(s);
	struct aspath path;

	switch (f) {
	case FACET_ORIGIN:
		str_add(out, origins[s->origin % ARRAY_LEN(origins)]);
		break;
	case FACET_AS_PATH:
		path.p = attr_find(s, ATTR_AS_PATH, &path.len);
		if (path.p != NULL)
			aspath_text(path, out);
		break;
	case FACET_NEXT_HOP:
		next_hop_text(w, s, out);
		break;
	case FACET_MED:
		if (s->flags & ATTR_F_HAS_MED)
			str_addf(out, "%u", s->med);
		break;
	case FACET_LOCAL_PREFERENCE:
		if (s->flags & ATTR_F_HAS_LOCAL_PREF)
			str_addf(out, "%u", s->local_pref);
		break;
	case FACET_COMMUNITIES:
		communities_text(s, out);
		break;
	case FACET_ORIGINATOR:
		ids_text(s, ATTR_ORIGINATOR_ID, out);
		break;
	case FACET_CLUSTER_LIST:
		ids_text(s, ATTR_CLUSTER_LIST, out);
		break;
	case FACET_OTHER:
		other_text(s, out);
		break;
	case FACET_METRIC:
		number_text(local.metric, out);
		break;
	case FACET_PREFERENCE:
		if (local.has_preference)
			str_addf(out, "%u", local.preference);
		break;
	case FACET_TAG:
		number_text(local.tag, out);
		break;
	case FACET_TUNNEL:
		policies_tunnel_text(w->d.policies, local.tunnel, out);
		break;
	case FACET_COUNT:
		break;
	}
}
