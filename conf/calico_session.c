/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calico_session: who has a session with whom.
 *
 * BGPPeers become remotes in three passes, each in the order of their names, so that
 * it is always the same one that wins an address: those for all nodes, those for
 * some, and what selectors mean the other way round. The first remote of an address
 * and port stays. The mesh comes last, since what is said of one address holds
 * against what is said of all. Then each remote becomes a session of the model.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/calico_int.h"
#include "lib/mem.h"

#define PASSWORD_MAX 80 /* TCP_MD5SIG_MAXKEYLEN */

struct remote {
	const char *prefix; /* of the name */
	struct ip_addr ip;
	uint32_t port; /* 0: none is said */
	uint32_t as, local_as; /* local_as 0: the node's */
	const char *cluster_id; /* of the remote node; NULL: none */
	const struct calico_peer *peer; /* NULL: the mesh */
	bool is_node;       /* the address is one of a node's */
	bool by_ip;         /* peerIP: some keys hold for those alone */
	bool workload;
};

struct remotes {
	struct calico_view *v;
	enum family f;
	struct remote *list;
	size_t n, cap;
	json_t *taken; /* address and port of those that are there */
	uint8_t *told; /* a bit per node number: its address and port are taken */
};

static uint32_t
port_or(uint32_t port)
{
	return port != 0 ? port : 179;
}

static bool
remote_add(struct remotes *r, const struct remote *one)
{
	char addr[IP_ADDR_STRLEN], key[IP_ADDR_STRLEN + 8];

	snprintf(key, sizeof(key), "%s %u", ip_addr_str(&one->ip, addr, sizeof(addr)), port_or(one->port));
	if (json_object_get(r->taken, key) != NULL)
		return false;
	json_object_set_new(r->taken, key, json_true());
	if (r->n == r->cap) {
		r->cap = r->cap != 0 ? r->cap * 2 : 64;
		r->list = xreallocarray(r->list, r->cap, sizeof(*r->list));
	}
	r->list[r->n++] = *one;
	return true;
}

/* ---- nodes ---- */

static const struct calico_node *
first_node(const struct remotes *r)
{
	return (const struct calico_node *)calico_first(r->v->c, CALICO_NODE);
}

static const struct calico_node *
next_node(const struct calico_node *n)
{
	return (const struct calico_node *)calico_next((struct calico_entry *)(uintptr_t)&n->head);
}

#define FOREACH_NODE(r, n) for (const struct calico_node *n = first_node(r); n != NULL; n = next_node(n))

static uint32_t
node_as(const struct remotes *r, const struct calico_node *n)
{
	return n->as != 0 ? n->as : calico_global_as(r->v);
}

static bool
node_has(const struct calico_node *n, const struct ip_addr *ip)
{
	return ip->family != FAMILY_NONE && ip_addr_eq(&n->addr[ip->family], ip);
}

/* Is this the node that peerIP and asNumber mean? */
static bool
is_peer_ip(const struct remotes *r, const struct calico_peer *p, const struct calico_node *n)
{
	uint32_t as = p->as != 0 ? p->as : calico_global_as(r->v);

	if (!node_has(n, &p->ip) || node_as(r, n) != as)
		return false;
	/* A port is compared with one that is set. */
	uint32_t port = p->port != 0 ? calico_port_of(r->v, n) : 0;
	return port == 0 || port == p->port;
}

/* The nodes that have the sessions: node, nodeSelector, or all. */
static bool
is_local(const struct calico_peer *p, const struct calico_node *n)
{
	if (p->node != NULL)
		return strcmp(p->node, n->head.name) == 0;
	return p->node_selector == NULL || calico_selects(p->node_selector, n);
}

/* ---- what a peer means ---- */

/* A thousand selectors may match the same thousands of nodes, of which each is asked for its port once. */
static void
add_node(struct remotes *r, const struct calico_peer *p, const struct calico_node *n, const char *prefix)
{
	uint8_t bit = (uint8_t)(1u << n->number % 8), *told = &r->told[n->number / 8];

	if (n->addr[r->f].family == FAMILY_NONE || (*told & bit) != 0)
		return;
	*told |= bit;
	struct remote one = {.prefix = prefix,
			     .ip = n->addr[r->f],
			     .port = calico_port_of(r->v, n),
			     .as = node_as(r, n),
			     .cluster_id = n->cluster_id,
			     .peer = p};
	remote_add(r, &one);
}

static void
add_ip(struct remotes *r, const struct calico_peer *p, const char *prefix)
{
	struct remote one = {.prefix = prefix,
			     .ip = p->ip,
			     .port = p->port,
			     .as = p->as != 0 ? p->as : calico_global_as(r->v),
			     .local_as = p->local_as,
			     .peer = p,
			     .by_ip = true};

	if (p->ip.family != r->f)
		return;
	size_t n;
	const struct calico_node *const *nodes = calico_nodes_at(r->v, &p->ip, &n);
	one.is_node = n > 0;
	for (size_t i = 0; i < n; i++)
		if (p->port == 0 && one.port == 0 && is_peer_ip(r, p, nodes[i]))
			one.port = calico_port_of(r->v, nodes[i]);
	remote_add(r, &one);
}

static void
add_workloads(struct remotes *r, const struct calico_peer *p)
{
	struct calico_entry *e;

	CALICO_FOREACH (r->v->c, CALICO_ENDPOINT, e) {
		const struct calico_endpoint *ep = (const struct calico_endpoint *)e;
		struct remote one = {.prefix = "Local_Workload_",
				     .ip = ep->addr[r->f],
				     .as = p->as,
				     .local_as = p->local_as,
				     .peer = p,
				     .workload = true};
		if (ep->peer != NULL && strcmp(ep->peer, p->head.name) == 0 && one.ip.family != FAMILY_NONE)
			remote_add(r, &one);
	}
}

static void
add_peer(struct remotes *r, const struct calico_peer *p, const char *prefix)
{
	if (p->workloads) {
		add_workloads(r, p);
	} else if (p->peer_selector != NULL) {
		FOREACH_NODE (r, n)
			if (calico_selects(p->peer_selector, n))
				add_node(r, p, n, prefix);
	} else {
		add_ip(r, p, prefix);
	}
}

/* If the own node is on the other side of a peer, it has sessions with the local side. */
static void
add_reverse(struct remotes *r, const struct calico_peer *p)
{
	const struct calico_node *own = r->v->own;

	if (p->no_reverse || p->workloads)
		return;
	if (p->peer_selector != NULL ? !calico_selects(p->peer_selector, own)
				     : p->ip.family != r->f || !is_peer_ip(r, p, own))
		return;
	FOREACH_NODE (r, n)
		if (is_local(p, n))
			add_node(r, p, n, "Node_");
}

static bool
is_global(const struct calico_peer *p)
{
	return p->node == NULL && p->node_selector == NULL;
}

static void
add_peers(struct remotes *r)
{
	struct calico_entry *e;

	for (int pass = 0; pass < 3; pass++)
		CALICO_FOREACH (r->v->c, CALICO_PEER, e) {
			const struct calico_peer *p = (const struct calico_peer *)e;
			if (p->bad)
				continue;
			if (pass == 0 && is_global(p))
				add_peer(r, p, "Global_");
			else if (pass == 1 && !is_global(p) && is_local(p, r->v->own))
				add_peer(r, p, "Node_");
			else if (pass == 2)
				add_reverse(r, p);
		}
}

/* All with all, but for route reflectors. A node without an AS of its own is taken to be in ours, whatever that is. */
static void
add_mesh(struct remotes *r)
{
	const struct calico_node *own = r->v->own;

	if (own->cluster_id != NULL || r->v->global->no_mesh)
		return;
	FOREACH_NODE (r, n) {
		struct remote one = {.prefix = "Mesh_",
				     .ip = n->addr[r->f],
				     .port = calico_port_of(r->v, n),
				     .as = n->as != 0 ? n->as : r->v->as};
		char addr[IP_ADDR_STRLEN];
		if (one.ip.family == FAMILY_NONE || n->cluster_id != NULL || ip_addr_eq(&one.ip, &own->addr[r->f]))
			continue;
		if (!remote_add(r, &one))
			calico_complain_now(r->v->c, "Node", n->head.name,
					    "found a BGPPeer with %s, too, which holds instead of the mesh's session with it",
					    ip_addr_str(&one.ip, addr, sizeof(addr)));
	}
}

/* ---- sessions of the model ---- */

static char *
name_of(const struct remote *one)
{
	char addr[IP_ADDR_STRLEN];

	ip_addr_str(&one->ip, addr, sizeof(addr));
	for (char *s = addr; *s != '\0'; s++)
		if (*s == '.' || *s == ':')
			*s = '_';
	/* The mesh has one session an address, and its names no port. */
	if (one->port == 0 || one->peer == NULL)
		return xasprintf("%s%s", one->prefix, addr);
	return xasprintf("%s%s_port_%u", one->prefix, addr, one->port);
}

/* Both ends of a mesh compare the texts, so one of them calls and the other waits. */
static bool
is_passive(const struct remotes *r, const struct remote *one)
{
	char own[IP_ADDR_STRLEN], theirs[IP_ADDR_STRLEN];

	if (one->workload)
		return true;
	if (one->peer != NULL && !(is_global(one->peer) && one->is_node && strcmp(one->prefix, "Global_") == 0))
		return false;
	ip_addr_str(&r->v->own->addr[r->f], own, sizeof(own));
	ip_addr_str(&one->ip, theirs, sizeof(theirs));
	return strcmp(theirs, own) > 0;
}

static const char *
next_hop_of(const struct remote *one, bool internal)
{
	if (one->peer == NULL)
		return "auto";
	if (one->peer->next_hop == CALICO_NEXT_HOP_SELF)
		return "self";
	return one->peer->next_hop == CALICO_NEXT_HOP_KEEP || (one->peer->keep_original && !internal) ? "keep" : "auto";
}

/* RFC 4456: a neighbour of the same AS that is not in our cluster. */
static json_t *
client_of(const struct remotes *r, const struct remote *one, bool internal)
{
	const char *own = r->v->own->cluster_id;

	if (!internal || own == NULL || (one->cluster_id != NULL && strcmp(one->cluster_id, own) == 0))
		return json_null();
	return json_string(own);
}

static json_t *
password_of(const struct remotes *r, const struct remote *one)
{
	const struct calico_secret_ref *ref = one->peer != NULL ? &one->peer->password : &r->v->global->mesh_password;

	if (ref->name == NULL || one->workload)
		return json_null();
	const char *text = calico_secret_get(r->v->c, ref);
	if (text == NULL || *text == '\0' || strlen(text) > PASSWORD_MAX) {
		calico_complain_now(r->v->c, one->peer != NULL ? "BGPPeer" : "BGPConfiguration",
				    one->peer != NULL ? one->peer->head.name : "default",
				    "password.secretKeyRef: found %s under the key \"%.80s\" of the Secret %.80s/%.80s, expected 1 to 80 octets: "
				    "there is no password",
				    text == NULL ? "nothing" : "another length", ref->key != NULL ? ref->key : "",
				    r->v->c->secret_namespace, ref->name);
		return json_null();
	}
	return json_string(r->v->secrets ? text : "***");
}

static json_t *
filters_of(const struct remotes *r, const struct remote *one, enum calico_direction d)
{
	json_t *list = json_array(), *name;
	size_t i;

	if (one->peer == NULL)
		return list;
	json_array_foreach (one->peer->filters, i, name)
		if (calico_filter_has(r->v->c, json_string_value(name), r->f, d))
			json_array_append(list, name);
	return list;
}

static json_t *
seconds(bool set, uint32_t s)
{
	return set ? json_integer(s) : json_null();
}

static json_t *
session_of(const struct remotes *r, const struct remote *one, const char *name)
{
	const struct calico_peer *p = one->peer;
	const struct calico_config *g = r->v->global;
	uint32_t local_as = one->local_as != 0 ? one->local_as : r->v->as;
	bool internal = one->as == local_as;
	bool sourced = !one->workload && (p == NULL || !p->no_source);
	json_t *s = json_object();

	json_object_set_new(s, "name", json_string(name));
	json_object_set_new(s, "remote", calico_addr_json(&one->ip));
	json_object_set_new(s, "port", json_integer(port_or(one->port)));
	json_object_set_new(s, "remote_as", json_integer(one->as));
	json_object_set_new(s, "local_as", json_integer(local_as));
	json_object_set_new(s, "source", sourced ? calico_addr_json(&r->v->own->addr[r->f]) : json_null());
	json_object_set_new(s, "ttl_security", p != NULL && p->ttl_security != 0 ? json_integer(p->ttl_security) : json_null());
	json_object_set_new(s, "passive", json_boolean(is_passive(r, one)));
	json_object_set_new(s, "internal", json_boolean(internal));
	json_object_set_new(s, "rr_client", client_of(r, one, internal));
	json_object_set_new(s, "next_hop", json_string(next_hop_of(one, internal)));
	json_object_set_new(s, "restart_time_s",
			    p == NULL ? seconds(g->has_mesh_restart, g->mesh_restart_s)
				      : seconds(p->has_restart && !one->workload, p->restart_s));
	json_object_set_new(s, "keepalive_s", p == NULL ? json_null() : seconds(p->has_keepalive && !one->workload, p->keepalive_s));
	json_object_set_new(s, "allow_own_as", json_integer(p != NULL && one->by_ip ? p->allow_own_as : 0));
	json_object_set_new(s, "password", password_of(r, one));
	json_object_set_new(s, "import_filters", filters_of(r, one, CALICO_IMPORT));
	json_object_set_new(s, "export_filters", filters_of(r, one, CALICO_EXPORT));
	return s;
}

static void
remotes_begin(struct remotes *r, struct calico_view *v, enum family f)
{
	*r = (struct remotes){.v = v, .f = f, .taken = json_object(), .told = xcalloc(v->c->next_number / 8 + 1, 1)};
	add_peers(r);
}

static void
remotes_end(struct remotes *r)
{
	json_decref(r->taken);
	free(r->told);
	free(r->list);
}

struct named {
	char *name;
	const struct remote *remote;
};

static int
by_name(const void *a, const void *b)
{
	return strcmp(((const struct named *)a)->name, ((const struct named *)b)->name);
}

json_t *
calico_sessions(struct calico_view *v, enum family f)
{
	struct remotes r;
	json_t *out = json_array();
	size_t n = 0;

	remotes_begin(&r, v, f);
	add_mesh(&r);
	struct named *sorted = xcalloc(r.n + 1, sizeof(*sorted));
	for (size_t i = 0; i < r.n; i++)
		if (!ip_addr_eq(&r.list[i].ip, &v->own->addr[f]))
			sorted[n++] = (struct named){name_of(&r.list[i]), &r.list[i]};
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (size_t i = 0; i < n; i++) {
		json_array_append_new(out, session_of(&r, sorted[i].remote, sorted[i].name));
		free(sorted[i].name);
	}
	free(sorted);
	remotes_end(&r);
	return out;
}

static bool
any_reachable(const struct calico *c, enum family f)
{
	struct calico_entry *e;

	CALICO_FOREACH (c, CALICO_PEER, e)
		if (((const struct calico_peer *)e)->reachable_by.family == f)
			return true;
	return false;
}

void
calico_reachable(struct calico_view *v, enum family f, json_t *statics)
{
	struct remotes r;

	if (!any_reachable(v->c, f))
		return;
	remotes_begin(&r, v, f);
	for (size_t i = 0; i < r.n; i++) {
		const struct calico_peer *p = r.list[i].peer;
		struct ip_prefix host = ip_prefix_from_addr(&r.list[i].ip, family_bits(f));
		char text[IP_PREFIX_STRLEN];
		if (p->reachable_by.family != f || ip_addr_eq(&r.list[i].ip, &v->own->addr[f]))
			continue;
		json_object_set_new(statics, ip_prefix_str(&host, text, sizeof(text)), calico_addr_json(&p->reachable_by));
	}
	remotes_end(&r);
}
