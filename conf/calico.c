/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calico: resources by kind and name, and the frame of the model; see calico.h.
 */
#include "conf/calico_int.h"

#include <sha2.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

static int
entry_cmp(const struct calico_entry *a, const struct calico_entry *b)
{
	return strcmp(a->name, b->name);
}

RB_PROTOTYPE(calico_tree, calico_entry, entry, entry_cmp)
RB_GENERATE(calico_tree, calico_entry, entry, entry_cmp)

struct kind {
	const char *name;
	size_t size;
	void (*parse)(struct calico *c, struct calico_entry *e, const json_t *value);
	void (*fini)(struct calico *c, struct calico_entry *e); /* NULL: there is nothing to free */
};

static const struct kind kinds[CALICO_KINDS] = {
    [CALICO_CONFIG] = {"BGPConfiguration", sizeof(struct calico_config), calico_config_parse, calico_config_fini},
    [CALICO_NODE] = {"Node", sizeof(struct calico_node), calico_node_parse, calico_node_fini},
    [CALICO_PEER] = {"BGPPeer", sizeof(struct calico_peer), calico_peer_parse, calico_peer_fini},
    [CALICO_FILTER] = {"BGPFilter", sizeof(struct calico_filter), calico_filter_parse, calico_filter_fini},
    [CALICO_POOL] = {"IPPool", sizeof(struct calico_pool), calico_pool_parse, NULL},
    [CALICO_BLOCK] = {"BlockAffinity", sizeof(struct calico_block), calico_block_parse, NULL},
    [CALICO_SERVICE] = {"Service", sizeof(struct calico_service), calico_service_parse, calico_service_fini},
    [CALICO_SLICE] = {"EndpointSlice", sizeof(struct calico_slice), calico_slice_parse, calico_slice_fini},
    [CALICO_SECRET] = {"Secret", sizeof(struct calico_secret), calico_secret_parse, calico_secret_fini},
    [CALICO_ENDPOINT] = {"EndpointStatus", sizeof(struct calico_endpoint), calico_endpoint_parse, calico_endpoint_fini},
};

/* ---- resources ---- */

static enum calico_kind
kind_of(const char *name)
{
	enum calico_kind k = 0;

	while (k < CALICO_KINDS && strcmp(kinds[k].name, name) != 0)
		k++;
	return k;
}

struct calico_entry *
calico_find(const struct calico *c, enum calico_kind kind, const char *name)
{
	struct calico_entry key = {.name = (char *)(uintptr_t)name};

	return RB_FIND(calico_tree, (struct calico_tree *)(uintptr_t)&c->trees[kind], &key);
}

struct calico_entry *
calico_first(const struct calico *c, enum calico_kind kind)
{
	return RB_MIN(calico_tree, (struct calico_tree *)(uintptr_t)&c->trees[kind]);
}

struct calico_entry *
calico_next(struct calico_entry *e)
{
	return RB_NEXT(calico_tree, NULL, e);
}

static void
entry_free(struct calico *c, enum calico_kind kind, struct calico_entry *e)
{
	if (kinds[kind].fini != NULL)
		kinds[kind].fini(c, e);
	if (e->complaints != NULL)
		LIST_REMOVE(e, complaining);
	json_decref(e->complaints);
	free(e->name);
	free(e);
}

static char *
full_name(const char *name_space, const char *name)
{
	return name_space != NULL ? xasprintf("%s/%s", name_space, name) : xstrdup(name);
}

bool
calico_put(struct calico *c, const char *kind, const char *name_space, const char *name, const json_t *value)
{
	enum calico_kind k = kind_of(kind);

	if (k == CALICO_KINDS)
		return false;
	/* The old one goes first: it may hand on a number, or a selector. */
	calico_del(c, kind, name_space, name);
	struct calico_entry *e = xcalloc(1, kinds[k].size);
	e->name = full_name(name_space, name);
	kinds[k].parse(c, e, value);
	if (e->complaints != NULL)
		LIST_INSERT_HEAD(&c->complaining[k], e, complaining);
	RB_INSERT(calico_tree, &c->trees[k], e);
	return true;
}

bool
calico_del(struct calico *c, const char *kind, const char *name_space, const char *name)
{
	enum calico_kind k = kind_of(kind);

	if (k == CALICO_KINDS)
		return false;
	char *full = full_name(name_space, name);
	struct calico_entry *e = calico_find(c, k, full);
	free(full);
	if (e == NULL)
		return false;
	RB_REMOVE(calico_tree, &c->trees[k], e);
	entry_free(c, k, e);
	return true;
}

/* ---- complaints ---- */

/* What was cut within a character is told without it. */
static json_t *
text_json(char *text)
{
	json_t *t = json_string(text);

	if (t != NULL)
		return t;
	for (char *s = text; *s != '\0'; s++)
		if ((unsigned char)*s > 0x7e)
			*s = '?';
	return json_string(text);
}

void
calico_complain(struct calico_entry *e, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (e->complaints == NULL)
		e->complaints = json_array();
	json_array_append_new(e->complaints, text_json(text));
}

static void
complaint_add(json_t *to, const char *kind, const char *name, const json_t *text)
{
	json_array_append_new(to, json_pack("{s:s, s:s, s:O}", "kind", kind, "name", name, "text", text));
}

void
calico_complain_now(struct calico *c, const char *kind, const char *name, const char *fmt, ...)
{
	char text[400];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_t *t = text_json(text);
	complaint_add(c->complaints, kind, name, t);
	json_decref(t);
}

static int
by_complaint(const void *a, const void *b)
{
	static const char *const keys[] = {"kind", "name", "text"};
	json_t *x = *(json_t *const *)a, *y = *(json_t *const *)b;
	int d = 0;

	for (size_t i = 0; d == 0 && i < ARRAY_LEN(keys); i++)
		d = strcmp(json_string_value(json_object_get(x, keys[i])), json_string_value(json_object_get(y, keys[i])));
	return d;
}

/* The same ones in order, each once: both families may find the same. */
static json_t *
sorted_complaints(const json_t *all)
{
	size_t n = json_array_size(all), i;
	json_t **v = xcalloc(n + 1, sizeof(json_t *)), *out = json_array();

	for (i = 0; i < n; i++)
		v[i] = json_array_get(all, i);
	qsort(v, n, sizeof(json_t *), by_complaint);
	for (i = 0; i < n; i++)
		if (i == 0 || by_complaint(&v[i - 1], &v[i]) != 0)
			json_array_append(out, v[i]);
	free(v);
	return out;
}

json_t *
calico_complaints(const struct calico *c)
{
	json_t *all = json_array(), *text, *sorted;
	struct calico_entry *e;
	size_t i;

	for (enum calico_kind k = 0; k < CALICO_KINDS; k++)
		LIST_FOREACH (e, &c->complaining[k], complaining)
			json_array_foreach (e->complaints, i, text)
				complaint_add(all, kinds[k].name, e->name, text);
	json_array_extend(all, c->complaints);
	sorted = sorted_complaints(all);
	json_decref(all);
	return sorted;
}

/* ---- the model ---- */

/* As calico-node does: the beginning of the hash of the name, below the addresses of multicast. */
static char *
router_id_hash(const char *node)
{
	uint8_t d[SHA256_DIGEST_LENGTH];
	SHA2_CTX ctx;

	SHA256Init(&ctx);
	SHA256Update(&ctx, (const uint8_t *)node, strlen(node));
	SHA256Final(d, &ctx);
	if (d[0] > 223)
		d[0] = (uint8_t)(d[0] - 32);
	return xasprintf("%u.%u.%u.%u", d[0], d[1], d[2], d[3]);
}

static json_t *
router_id_of(const struct calico_view *v)
{
	if (v->c->router_id == NULL)
		return calico_addr_json(&v->own->addr[FAMILY_IPV4]);
	if (strcmp(v->c->router_id, "hash") != 0)
		return json_string(v->c->router_id);
	char *id = router_id_hash(v->c->node_name);
	json_t *j = json_string(id);
	free(id);
	return j;
}

static const char *
log_level_of(const struct calico_view *v)
{
	const char *log = v->node->log != NULL ? v->node->log : v->global->log;

	if (log == NULL || strcasecmp(log, "info") == 0)
		return "info";
	return strcasecmp(log, "debug") == 0 ? "debug" : "none";
}

static json_t *
listen_of(const struct calico_view *v, enum family f)
{
	uint32_t port = calico_port_of(v, v->own);
	json_t *addr = v->global->bind_node_ip ? calico_addr_json(&v->own->addr[f]) : json_null();

	return json_pack("{s:o, s:I}", "address", addr, "port", (json_int_t)(port != 0 ? port : 179));
}

static json_t *
connected_of(const struct calico_view *v)
{
	static const char *const always[] = {"-cali*", "-kube-ipvs*", "*"};
	json_t *list = json_array(), *name;
	size_t i;

	json_array_foreach (v->global->ignored_interfaces, i, name) {
		char *exclude = xasprintf("-%s", json_string_value(name));
		json_array_append_new(list, json_string(exclude));
		free(exclude);
	}
	for (i = 0; i < ARRAY_LEN(always); i++)
		json_array_append_new(list, json_string(always[i]));
	return list;
}

static json_t *
family_of(struct calico_view *v, enum family f)
{
	bool bgp = v->own->addr[f].family != FAMILY_NONE;
	json_t *out = json_object();

	json_object_set_new(out, "bgp", json_boolean(bgp));
	json_object_set_new(out, "router_id", router_id_of(v));
	json_object_set_new(out, "as", json_integer(v->as));
	json_object_set_new(out, "listen", listen_of(v, f));
	json_object_set_new(out, "log", json_string(log_level_of(v)));
	json_object_set_new(out, "normal_priority", json_integer(calico_priority(v, f)));
	json_object_set_new(out, "connected", connected_of(v));
	json_object_set_new(out, "sessions", bgp ? calico_sessions(v, f) : json_array());
	json_object_set_new(out, "communities", calico_communities(v, f));
	json_object_set_new(out, "filters", calico_filters(v, f));
	calico_routes(v, f, out);
	return out;
}

json_t *
calico_model(struct calico *c, bool secrets)
{
	struct calico_view v = {.c = c, .secrets = secrets};

	json_array_clear(c->complaints);
	v.own = (const struct calico_node *)calico_find(c, CALICO_NODE, c->node_name);
	if (v.own == NULL) {
		calico_complain_now(c, "Node", c->node_name, "found no such node, expected the own one (node:, or NODENAME)");
		return NULL;
	}
	v.global = calico_config_of(c, NULL);
	v.node = calico_config_of(c, c->node_name);
	if (c->router_id == NULL && v.own->addr[FAMILY_IPV4].family == FAMILY_NONE)
		calico_complain_now(c, "Node", c->node_name, "spec.bgp.ipv4Address: found none, expected one, or a router id "
							     "(CALICO_ROUTER_ID)");
	v.as = v.own->as != 0 ? v.own->as : calico_global_as(&v);
	calico_view_index(&v);
	json_t *ipv4 = family_of(&v, FAMILY_IPV4), *ipv6 = family_of(&v, FAMILY_IPV6);
	calico_view_fini(&v);
	return json_pack("{s:s, s:o, s:o}", "node", c->node_name, "ipv4", ipv4, "ipv6", ipv6);
}

/* ---- begin and end ---- */

static void
cluster_ips_parse(struct calico *c, const char *list)
{
	char *copy = xstrdup(list), *rest = copy, *one;
	struct ip_prefix p;

	c->has_cluster_ips = true;
	while ((one = strsep(&rest, ",")) != NULL) {
		one += strspn(one, " ");
		one[strcspn(one, " ")] = '\0';
		if (*one != '\0' && calico_prefix(one, &p))
			calico_prefixes_add(&c->cluster_ips, &p);
	}
	free(copy);
}

static const char *
if_set(const char *s)
{
	return s != NULL && *s != '\0' ? s : NULL;
}

struct calico *
calico_new(const struct calico_env *env)
{
	struct calico *c = xcalloc(1, sizeof(*c));

	c->node_name = xstrdup(env->node);
	c->router_id = xstrdup(if_set(env->router_id));
	c->kubernetes_node = xstrdup(if_set(env->kubernetes_node) != NULL ? env->kubernetes_node : env->node);
	c->pod_cidrs = env->pod_cidrs;
	c->secret_namespace = xstrdup(if_set(env->secret_namespace) != NULL ? env->secret_namespace : "kube-system");
	if (if_set(env->cluster_ips) != NULL)
		cluster_ips_parse(c, env->cluster_ips);
	for (enum calico_kind k = 0; k < CALICO_KINDS; k++)
		RB_INIT(&c->trees[k]);
	RB_INIT(&c->selectors);
	RB_INIT(&c->readies);
	c->complaints = json_array();
	return c;
}

void
calico_free(struct calico *c)
{
	struct calico_entry *e;

	if (c == NULL)
		return;
	for (enum calico_kind k = 0; k < CALICO_KINDS; k++)
		while ((e = RB_MIN(calico_tree, &c->trees[k])) != NULL) {
			RB_REMOVE(calico_tree, &c->trees[k], e);
			entry_free(c, k, e);
		}
	calico_prefixes_fini(&c->cluster_ips);
	free(c->free_numbers);
	json_decref(c->complaints);
	free(c->node_name);
	free(c->router_id);
	free(c->kubernetes_node);
	free(c->secret_namespace);
	free(c);
}
