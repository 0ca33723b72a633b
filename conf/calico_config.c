/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calico_config: BGPConfiguration. The resource "default" holds for all nodes, of
 * "node.NAME" some keys take its place for one node; others are not looked at.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/calico_int.h"
#include "conf/sorted.h"
#include "lib/mem.h"

#define GLOBAL_AS       64512
#define NORMAL_PRIORITY 1024
#define PRIORITY_MAX    2147483646

static const char *const range_keys[CALICO_RANGES] = {
    [CALICO_CLUSTER_IPS] = "spec.serviceClusterIPs",
    [CALICO_EXTERNAL_IPS] = "spec.serviceExternalIPs",
    [CALICO_BALANCER_IPS] = "spec.serviceLoadBalancerIPs",
};

static void
ranges_parse(struct calico_config *conf, const json_t *value, enum calico_range which)
{
	json_t *item;
	size_t i;

	json_array_foreach (calico_at(value, range_keys[which]), i, item) {
		char *text = calico_text(item, "cidr");
		struct ip_prefix p;
		if (text != NULL && calico_prefix(text, &p))
			calico_prefixes_add(&conf->range[which], &p);
		else if (text != NULL)
			calico_complain(&conf->head, "%s[%zu].cidr: found \"%.80s\", expected a prefix", range_keys[which], i, text);
		free(text);
	}
}

/* The value of a community that has a name in the same resource; NULL: it has none. */
static char *
community_named(const json_t *value, const char *name)
{
	json_t *item;
	size_t i;

	json_array_foreach (calico_at(value, "spec.communities"), i, item) {
		char *n = calico_text(item, "name");
		bool same = n != NULL && strcmp(n, name) == 0;
		free(n);
		if (same)
			return calico_text(item, "value");
	}
	return NULL;
}

static void
advertisement_add(struct calico_config *conf, const json_t *value, const json_t *item, size_t number)
{
	char *cidr = calico_text(item, "cidr");
	struct calico_advertisement a = {.add = json_object()};
	json_t *entry;
	size_t i;
	bool good = cidr != NULL && calico_prefix(cidr, &a.cidr);

	json_array_foreach (json_object_get(item, "communities"), i, entry) {
		const char *text = json_string_value(entry) != NULL ? json_string_value(entry) : "";
		char *named = calico_is_community(text) ? NULL : community_named(value, text);
		const char *c = named != NULL ? named : text;
		if (calico_is_community(c))
			json_object_set_new(a.add, c, json_true());
		else
			calico_complain(&conf->head,
					"spec.prefixAdvertisements[%zu].communities: found \"%.80s\", expected aa:nn, aa:bb:cc or one of "
					"the names in spec.communities",
					number, c);
		free(named);
	}
	if (good) {
		conf->advertisements =
		    xreallocarray(conf->advertisements, conf->nadvertisements + 1, sizeof(*conf->advertisements));
		conf->advertisements[conf->nadvertisements++] = a;
	} else {
		calico_complain(&conf->head, "spec.prefixAdvertisements[%zu].cidr: found \"%.80s\", expected a prefix", number,
				cidr != NULL ? cidr : "");
		json_decref(a.add);
	}
	free(cidr);
}

static void
advertisements_parse(struct calico_config *conf, const json_t *value)
{
	const json_t *list = calico_at(value, "spec.prefixAdvertisements");
	json_t *item;
	size_t i;

	conf->has_advertisements = json_is_array(list);
	json_array_foreach (list, i, item)
		advertisement_add(conf, value, item, i);
}

static void
interfaces_parse(struct calico_config *conf, const json_t *value)
{
	json_t *item;
	size_t i;

	conf->ignored_interfaces = json_array();
	json_array_foreach (calico_at(value, "spec.ignoredInterfaces"), i, item)
		if (json_is_string(item) && calico_is_interface(json_string_value(item)) && strcmp(json_string_value(item), "*") != 0)
			json_array_append(conf->ignored_interfaces, item);
		else
			calico_complain(&conf->head, "spec.ignoredInterfaces[%zu]: expected a name or pattern other than *", i);
}

static bool
is_of_node(const struct calico_entry *e)
{
	return strncmp(e->name, "node.", 5) == 0;
}

void
calico_config_parse(struct calico *c, struct calico_entry *e, const json_t *value)
{
	static const char *const program[] = {"EnabledNoEncapOnly", "Enabled", "EnabledIPIPOnly", "Disabled", NULL};
	static const char *const bind[] = {"None", "NodeIP", NULL};
	static const char *const switched[] = {"Enabled", "Disabled", NULL};
	struct calico_config *conf = (struct calico_config *)e;

	c->nnode_configs += is_of_node(e);
	conf->log = calico_text(value, "spec.logSeverityScreen");
	conf->no_mesh = !calico_bool(value, "spec.nodeToNodeMeshEnabled", true);
	conf->bind_node_ip = calico_word(e, value, "spec.bindMode", bind) == 1;
	conf->no_aggregation = calico_word(e, value, "spec.serviceLoadBalancerAggregation", switched) == 1;
	calico_as(e, value, "spec.asNumber", &conf->as);
	calico_number(e, value, "spec.listenPort", 1, 65535, &conf->port);
	conf->has_mesh_restart = calico_duration(e, value, "spec.nodeMeshMaxRestartTime", 0, CALICO_RESTART_MAX, &conf->mesh_restart_s);
	calico_number(e, value, "spec.ipv4NormalRoutePriority", 1, PRIORITY_MAX, &conf->priority[FAMILY_IPV4]);
	calico_number(e, value, "spec.ipv6NormalRoutePriority", 1, PRIORITY_MAX, &conf->priority[FAMILY_IPV6]);
	conf->program = (enum calico_program)calico_word(e, value, "spec.programClusterRoutes", program);
	calico_secret_ref(value, "spec.nodeMeshPassword.secretKeyRef", &conf->mesh_password);
	for (enum calico_range r = 0; r < CALICO_RANGES; r++)
		ranges_parse(conf, value, r);
	interfaces_parse(conf, value);
	advertisements_parse(conf, value);
	if (strcmp(e->name, "default") != 0 && !is_of_node(e))
		calico_complain(e, "metadata.name: found \"%.80s\", which is not looked at; expected default or node.NAME", e->name);
}

void
calico_config_fini(struct calico *c, struct calico_entry *e)
{
	struct calico_config *conf = (struct calico_config *)e;

	c->nnode_configs -= is_of_node(e);
	free(conf->log);
	calico_secret_ref_fini(&conf->mesh_password);
	for (enum calico_range r = 0; r < CALICO_RANGES; r++)
		calico_prefixes_fini(&conf->range[r]);
	json_decref(conf->ignored_interfaces);
	for (unsigned i = 0; i < conf->nadvertisements; i++)
		json_decref(conf->advertisements[i].add);
	free(conf->advertisements);
}

const struct calico_config *
calico_config_of(const struct calico *c, const char *node)
{
	static const struct calico_config none;
	char *name = node != NULL ? xasprintf("node.%s", node) : xstrdup("default");
	const struct calico_entry *e = calico_find(c, CALICO_CONFIG, name);

	free(name);
	return e != NULL ? (const struct calico_config *)e : &none;
}

uint32_t
calico_port_of(const struct calico_view *v, const struct calico_node *n)
{
	/* Thousands of nodes are asked for, and most clusters have none of these. */
	if (v->c->nnode_configs == 0)
		return v->global->port;
	const struct calico_config *own = calico_config_of(v->c, n->head.name);
	return own->port != 0 ? own->port : v->global->port;
}

uint32_t
calico_global_as(const struct calico_view *v)
{
	return v->global->as != 0 ? v->global->as : GLOBAL_AS;
}

uint32_t
calico_priority(const struct calico_view *v, enum family f)
{
	return v->global->priority[f] != 0 ? v->global->priority[f] : NORMAL_PRIORITY;
}

const struct calico_prefixes *
calico_range(const struct calico_view *v, enum calico_range which)
{
	return which == CALICO_CLUSTER_IPS && v->c->has_cluster_ips ? &v->c->cluster_ips : &v->global->range[which];
}

/* ---- communities of the model ---- */

static int
by_cidr(const void *a, const void *b)
{
	const struct calico_advertisement *x = a, *y = b;

	return ip_prefix_cmp(&x->cidr, &y->cidr);
}

static json_t *
keys_json(json_t *object)
{
	size_t n;
	const char **keys = sorted_keys(object, &n);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_string(keys[i]));
	free(keys);
	return list;
}

json_t *
calico_communities(struct calico_view *v, enum family f)
{
	const struct calico_config *from = v->node->has_advertisements ? v->node : v->global;
	struct calico_advertisement *all = xcalloc(from->nadvertisements + 1, sizeof(*all));
	json_t *out = json_array(), *add = NULL;
	unsigned n = 0;

	for (unsigned i = 0; i < from->nadvertisements; i++)
		if (from->advertisements[i].cidr.family == f && json_object_size(from->advertisements[i].add) > 0)
			all[n++] = from->advertisements[i];
	qsort(all, n, sizeof(*all), by_cidr);
	for (unsigned i = 0; i < n; i++) {
		if (add == NULL)
			add = json_object();
		json_object_update(add, all[i].add);
		if (i + 1 < n && ip_prefix_eq(&all[i].cidr, &all[i + 1].cidr))
			continue;
		json_array_append_new(out, json_pack("{s:o, s:o}", "cidr", calico_prefix_json(&all[i].cidr), "add", keys_json(add)));
		json_decref(add);
		add = NULL;
	}
	free(all);
	return out;
}
