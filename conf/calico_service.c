/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calico_service: Services and EndpointSlices, and the host routes that a node
 * announces for them.
 *
 * There may be tens of thousands, of which few are announced by themselves. So which
 * ones may be is known beforehand, and so is of which ones endpoints are ready.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/calico_int.h"
#include "lib/mem.h"

#define FAMILY_BIT(f) (1u << (f))

/* ---- Service ---- */

static void
addr_add(struct calico_addrs *to, const char *text)
{
	struct ip_addr a;

	/* "None", "" and what is no address at all. */
	if (text == NULL || !calico_address(text, &a))
		return;
	for (unsigned i = 0; i < to->n; i++)
		if (ip_addr_eq(&to->v[i], &a))
			return;
	to->v = xreallocarray(to->v, to->n + 1, sizeof(*to->v));
	to->v[to->n++] = a;
}

static void
addrs_read(const json_t *list, const char *key, struct calico_addrs *to)
{
	json_t *item;
	size_t i;

	json_array_foreach (list, i, item)
		addr_add(to, json_string_value(key != NULL ? json_object_get(item, key) : item));
}

/* Services that people write by hand often have only clusterIP. */
static void
families_read(struct calico_service *s, const json_t *value)
{
	json_t *item;
	size_t i;

	json_array_foreach (calico_at(value, "spec.ipFamilies"), i, item)
		if (json_is_string(item))
			s->families |= FAMILY_BIT(strcmp(json_string_value(item), "IPv6") == 0 ? FAMILY_IPV6 : FAMILY_IPV4);
	for (i = 0; s->families == 0 && i < s->cluster.n; i++)
		s->families |= FAMILY_BIT(s->cluster.v[i].family);
}

void
calico_service_parse(struct calico *c, struct calico_entry *e, const json_t *value)
{
	struct calico_service *s = (struct calico_service *)e;
	char *type = calico_text(value, "spec.type"), *policy = calico_text(value, "spec.externalTrafficPolicy");
	char *wanted = calico_text(value, "spec.loadBalancerIP"), *cluster = calico_text(value, "spec.clusterIP");

	s->balancer = type != NULL && strcmp(type, "LoadBalancer") == 0;
	s->relevant = (type == NULL || s->balancer || strcmp(type, "ClusterIP") == 0 || strcmp(type, "NodePort") == 0) &&
		      (cluster == NULL || strcmp(cluster, "None") != 0);
	s->local = policy != NULL && strcmp(policy, "Local") == 0;
	if (s->relevant) {
		addr_add(&s->cluster, cluster);
		addrs_read(calico_at(value, "spec.clusterIPs"), NULL, &s->cluster);
		addrs_read(calico_at(value, "spec.externalIPs"), NULL, &s->external);
		addrs_read(calico_at(value, "status.loadBalancer.ingress"), "ip", &s->ingress);
		families_read(s, value);
		if (wanted != NULL)
			calico_address(wanted, &s->wanted);
		s->is_special = s->local || s->external.n > 0 || s->ingress.n > 0 || s->wanted.family != FAMILY_NONE;
	}
	if (s->is_special)
		LIST_INSERT_HEAD(&c->special, s, special);
	free(type);
	free(policy);
	free(wanted);
	free(cluster);
}

void
calico_service_fini(struct calico *c, struct calico_entry *e)
{
	struct calico_service *s = (struct calico_service *)e;

	(void)c;
	if (s->is_special)
		LIST_REMOVE(s, special);
	free(s->cluster.v);
	free(s->external.v);
	free(s->ingress.v);
}

/* ---- EndpointSlice ---- */

static int
ready_cmp(const struct calico_ready *a, const struct calico_ready *b)
{
	return strcmp(a->service, b->service);
}

RB_PROTOTYPE(calico_readies, calico_ready, entry, ready_cmp)
RB_GENERATE(calico_readies, calico_ready, entry, ready_cmp)

/* Takes the name. */
static struct calico_ready *
ready_get(struct calico *c, char *service)
{
	struct calico_ready key = {.service = service}, *r = RB_FIND(calico_readies, &c->readies, &key);

	if (r == NULL) {
		r = xcalloc(1, sizeof(*r));
		r->service = service;
		RB_INSERT(calico_readies, &c->readies, r);
	} else {
		free(service);
	}
	r->refs++;
	return r;
}

static void
ready_put(struct calico *c, struct calico_ready *r)
{
	if (--r->refs > 0)
		return;
	RB_REMOVE(calico_readies, &c->readies, r);
	free(r->service);
	free(r);
}

void
calico_slice_parse(struct calico *c, struct calico_entry *e, const json_t *value)
{
	struct calico_slice *s = (struct calico_slice *)e;
	const char *name = json_string_value(json_object_get(calico_at(value, "metadata.labels"), "kubernetes.io/service-name"));
	const char *slash = strchr(e->name, '/');
	char *type = calico_text(value, "addressType");
	json_t *ep;
	size_t i;

	if (type != NULL && strcmp(type, "IPv6") == 0)
		s->family = FAMILY_IPV6;
	else if (type == NULL || strcmp(type, "IPv4") == 0)
		s->family = FAMILY_IPV4;
	json_array_foreach (json_object_get(value, "endpoints"), i, ep) {
		const char *node = json_string_value(json_object_get(ep, "nodeName"));
		if (!calico_bool(ep, "conditions.ready", true))
			continue;
		s->ready = true;
		s->ready_here |= node != NULL && strcmp(node, c->kubernetes_node) == 0;
	}
	free(type);
	if (name == NULL)
		return;
	s->of = ready_get(c, xasprintf("%.*s/%s", slash != NULL ? (int)(slash - e->name) : 0, e->name, name));
	s->of->any[s->family] += s->ready;
	s->of->here[s->family] += s->ready_here;
}

void
calico_slice_fini(struct calico *c, struct calico_entry *e)
{
	struct calico_slice *s = (struct calico_slice *)e;

	if (s->of == NULL)
		return;
	s->of->any[s->family] -= s->ready;
	s->of->here[s->family] -= s->ready_here;
	ready_put(c, s->of);
}

/* ---- routes ---- */

/* Has the service endpoints that are ready, of one of its families; here: on this node? */
static bool
is_ready(const struct calico_view *v, const struct calico_service *s, bool here)
{
	struct calico_ready key = {.service = s->head.name}, *r = RB_FIND(calico_readies, &v->c->readies, &key);

	for (enum family f = FAMILY_IPV4; r != NULL && f <= FAMILY_IPV6; f++)
		if ((s->families & FAMILY_BIT(f)) != 0 && (here ? r->here[f] : r->any[f]) > 0)
			return true;
	return false;
}

/* Is the address one that is configured by itself, not in a range? */
static bool
is_single(const struct calico_prefixes *range, const struct ip_addr *a)
{
	for (unsigned i = 0; i < range->n; i++)
		if (range->v[i].family == a->family && range->v[i].len == family_bits((enum family)a->family) &&
		    ip_prefix_contains(&range->v[i], a))
			return true;
	return false;
}

static bool
any_single(const struct calico_prefixes *range, const struct calico_addrs *addrs)
{
	for (unsigned i = 0; i < addrs->n; i++)
		if (is_single(range, &addrs->v[i]))
			return true;
	return false;
}

/* Does this node announce the service's own addresses? */
static bool
is_announced(const struct calico_view *v, const struct calico_service *s)
{
	const struct calico_prefixes *balancer = calico_range(v, CALICO_BALANCER_IPS);
	const struct calico_prefixes *external = calico_range(v, CALICO_EXTERNAL_IPS);

	if (!s->relevant)
		return false;
	/* An address that is announced by itself has no range that would bring traffic here. */
	if (!s->local && ((s->balancer && (any_single(balancer, &s->ingress) || is_single(balancer, &s->wanted))) ||
			  any_single(external, &s->external)))
		return true;
	if (!s->local && !v->global->no_aggregation)
		return false;
	return is_ready(v, s, s->local);
}

static void
add_hosts(struct calico_prefixes *out, enum family f, const struct calico_addrs *addrs, const struct calico_prefixes *inside)
{
	for (unsigned i = 0; i < addrs->n; i++) {
		if (addrs->v[i].family != f || (inside != NULL && !calico_prefixes_contain(inside, &addrs->v[i])))
			continue;
		struct ip_prefix host = ip_prefix_from_addr(&addrs->v[i], family_bits(f));
		calico_prefixes_add(out, &host);
	}
}

static void
add_service(struct calico_view *v, enum family f, const struct calico_service *s, struct calico_prefixes *out)
{
	if (!is_announced(v, s))
		return;
	if (calico_range(v, CALICO_CLUSTER_IPS)->n > 0)
		add_hosts(out, f, &s->cluster, NULL);
	add_hosts(out, f, &s->external, calico_range(v, CALICO_EXTERNAL_IPS));
	add_hosts(out, f, &s->ingress, calico_range(v, CALICO_BALANCER_IPS));
}

void
calico_service_routes(struct calico_view *v, enum family f, struct calico_prefixes *out)
{
	const struct calico_service *s;
	struct calico_entry *e;

	if (v->global->no_aggregation) {
		CALICO_FOREACH (v->c, CALICO_SERVICE, e)
			add_service(v, f, (const struct calico_service *)e, out);
		return;
	}
	LIST_FOREACH (s, &v->c->special, special)
		add_service(v, f, s, out);
}

bool
calico_wants_services(const struct calico *c)
{
	const struct calico_config *global = calico_config_of(c, NULL);

	/* Whatever is announced lies in a range. */
	if ((c->has_cluster_ips ? &c->cluster_ips : &global->range[CALICO_CLUSTER_IPS])->n > 0)
		return true;
	return global->range[CALICO_EXTERNAL_IPS].n > 0 || global->range[CALICO_BALANCER_IPS].n > 0;
}
