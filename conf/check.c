/* SPDX-License-Identifier: Apache-2.0 */
/*
 * check: defaults and conditions that concern more than one key.
 *
 * The walk calls these for a map when its rows are done. Keys with errors have
 * no value and no bit in `has`; a check that depends on such a key stays silent,
 * since its complaint would only follow from the other.
 */
#include <event2/http.h>
#include <stdlib.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/error.h"
#include "conf/load.h"
#include "conf/schema.h"
#include "lib/mem.h"

#define BIT(key) (UINT64_C(1) << (key))
#define MAX_NEIGHBORS 256 /* by a prefix, unless configured */

/* ---- router ---- */

void
check_router(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	struct conf_router *r = obj;
	const struct yml_node *user = yml_map_get(n, "user");

	if (CONF_HAS(r, CONF_ROUTER_ID) && yml_map_get(n, "cluster-id") == NULL) {
		r->cluster_id = r->id;
		r->has |= BIT(CONF_ROUTER_CLUSTER_ID);
	}
	if (user != NULL) {
		r->user_pos = user->pos;
		r->user_pos.file = conf_arena_str(ld->arena, user->pos.file);
	}
	if (yml_map_get(n, "listen") != NULL)
		return;
	r->listen.v = conf_arena_array(ld->arena, 2, sizeof(*r->listen.v));
	r->listen.n = 2;
	r->listen.v[0] = (struct conf_listen){.has = 3, .address = ip_addr_v4(0), .port = 179};
	r->listen.v[1] = (struct conf_listen){.has = 3, .port = 179};
	r->listen.v[1].address.family = FAMILY_IPV6;
	r->has |= BIT(CONF_ROUTER_LISTEN);
}

/* ---- a neighbour ---- */

/* The value of a key for an error about it, or the map if it has none. */
static struct yml_node *
key_node(struct yml_node *n, const char *key)
{
	struct yml_node *value = yml_map_get(n, key);

	return value == NULL ? n : value;
}

static void
who_check(struct conf_loader *ld, struct yml_node *n)
{
	static const char *const keys[] = {"address", "interface", "prefix"};
	const char *first = NULL;

	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct yml_node *value = yml_map_get(n, keys[i]);
		if (value != NULL && first != NULL)
			load_fail_key(ld, value, keys[i],
				      "found it besides %s, expected one of address, interface and prefix",
				      first);
		else if (value != NULL)
			first = keys[i];
	}
	if (first == NULL)
		load_fail(ld, n,
			  "found a neighbor without address, expected one of address, interface and prefix");
}

static void
name_default(struct conf_loader *ld, struct conf_neighbor *nb)
{
	char buf[IP_ADDR_STRLEN > IP_PREFIX_STRLEN ? IP_ADDR_STRLEN : IP_PREFIX_STRLEN];
	bool v6 = nb->address.addr.family == FAMILY_IPV6;

	if (CONF_HAS(nb, CONF_NB_NAME))
		return;
	if (CONF_HAS(nb, CONF_NB_ADDRESS)) {
		bool port = nb->port != 179;
		ip_addr_str(&nb->address.addr, buf, sizeof(buf));
		nb->name = conf_arena_fmt(
		    ld->arena, "%s%s%s%s%s", port && v6 ? "[" : "", buf, nb->address.scope == NULL ? "" : "%",
		    nb->address.scope == NULL ? "" : nb->address.scope, port && v6 ? "]" : "");
		if (port)
			nb->name = conf_arena_fmt(ld->arena, "%s:%u", nb->name, nb->port);
	} else if (CONF_HAS(nb, CONF_NB_INTERFACE)) {
		nb->name = nb->interface;
	} else if (CONF_HAS(nb, CONF_NB_PREFIX)) {
		nb->name = conf_arena_str(ld->arena, ip_prefix_str(&nb->prefix, buf, sizeof(buf)));
	} else {
		return;
	}
	/* A VRF has addresses of its own; interfaces are the host's. */
	if (CONF_HAS(nb, CONF_NB_VRF) && !CONF_HAS(nb, CONF_NB_INTERFACE))
		nb->name = conf_arena_fmt(ld->arena, "%s@%s", nb->name, nb->vrf);
	nb->has |= BIT(CONF_NB_NAME);
}

static enum family
neighbor_family(const struct conf_neighbor *nb)
{
	if (CONF_HAS(nb, CONF_NB_ADDRESS))
		return (enum family)nb->address.addr.family;
	if (CONF_HAS(nb, CONF_NB_PREFIX))
		return (enum family)nb->prefix.family;
	/* Unnumbered sessions are between IPv6 link-local addresses. */
	return FAMILY_IPV6;
}

static bool
is_other_member(const struct conf_router *r, const struct conf_as_spec *remote)
{
	if (remote->type != CONF_REMOTE_NUMBER || r->confederation.as == 0 || remote->as == r->as)
		return false;
	for (uint32_t i = 0; i < r->confederation.members.n; i++)
		if (r->confederation.members.v[i] == remote->as)
			return true;
	return false;
}

static void
as_defaults(const struct conf_loader *ld, struct conf_neighbor *nb)
{
	bool known = CONF_HAS(nb, CONF_NB_REMOTE_AS);

	nb->confederation = known && is_other_member(&ld->conf->router, &nb->remote_as);
	if (!CONF_HAS(nb, CONF_NB_LOCAL_AS)) {
		const struct conf_router *r = &ld->conf->router;
		bool own = nb->remote_as.type == CONF_REMOTE_INTERNAL ||
			   (nb->remote_as.type == CONF_REMOTE_NUMBER && nb->remote_as.as == r->as);
		nb->local_as = own || nb->confederation ? r->as : conf_outside_as(r);
		nb->has |= BIT(CONF_NB_LOCAL_AS);
	}
	if (nb->remote_as.type == CONF_REMOTE_INTERNAL)
		nb->remote_as.as = nb->local_as;
	if (!CONF_HAS(nb, CONF_NB_ENFORCE_FIRST_AS)) {
		bool server = CONF_HAS(nb, CONF_NB_ROLE) && nb->role == CONF_ROLE_RS_CLIENT;
		nb->enforce_first_as = !server && !conf_neighbor_is_internal(nb);
		nb->has |= BIT(CONF_NB_ENFORCE_FIRST_AS);
	}
	if (!CONF_HAS(nb, CONF_NB_FAMILIES)) {
		nb->families = CONF_FAMILY(neighbor_family(nb));
		nb->has |= BIT(CONF_NB_FAMILIES);
	}
}

/* What there is only towards another AS, which is no other member of the confederation, and asked for. */
static void
path_check(struct conf_loader *ld, struct yml_node *n, const struct conf_neighbor *nb)
{
	const struct {
		const char *key;
		bool asked;
	} external[] = {
	    {"local-as-prepend", nb->local_as_prepend}, {"local-as-replace", !nb->local_as_replace},
	    {"local-as-dual", nb->local_as_dual},       {"as-override", nb->as_override},
	    {"remove-private-as", nb->remove_private_as != CONF_PRIVATE_NONE},
	    {"route-server-client", nb->route_server_client},
	    {"enforce-first-as", conf_neighbor_is_internal(nb) && yml_map_get(n, "enforce-first-as") != NULL &&
				     nb->enforce_first_as},
	};
	const struct conf_router *r = &ld->conf->router;

	for (size_t i = 0; conf_neighbor_is_inside(nb) && i < ARRAY_LEN(external); i++)
		if (external[i].asked && yml_map_get(n, external[i].key) != NULL)
			load_fail_key(ld, key_node(n, external[i].key), external[i].key,
				      "found it for %s, expected it for external ones only",
				      nb->confederation ? "a neighbor of the confederation" : "an internal neighbor");
	if (nb->confederation && nb->local_as != r->as)
		load_fail_key(ld, key_node(n, "local-as"), "local-as",
			      "found %u for a neighbor of the confederation, expected it for external ones only",
			      nb->local_as);
	if (nb->local_as_dual && nb->local_as == conf_outside_as(r))
		load_fail_key(ld, key_node(n, "local-as-dual"), "local-as-dual",
			      "found true without a local-as, expected one that is not %s",
			      r->confederation.as != 0 ? "router.confederation.as" : "router.as");
	else if (nb->local_as_dual && nb->remote_as.type == CONF_REMOTE_NUMBER && nb->remote_as.as == r->as)
		load_fail_key(ld, key_node(n, "local-as-dual"), "local-as-dual",
			      "found true with router.as as remote-as, expected a neighbor that is external either way");
}

/* What only goes with one of iBGP and eBGP. */
static void
type_check(struct conf_loader *ld, struct yml_node *n, const struct conf_neighbor *nb)
{
	if (!CONF_HAS(nb, CONF_NB_REMOTE_AS) || ld->conf->router.as == 0)
		return;
	const struct conf_router *r = &ld->conf->router;
	bool internal = conf_neighbor_is_internal(nb);
	if (nb->remote_as.type == CONF_REMOTE_NUMBER && nb->remote_as.as == r->confederation.as && nb->remote_as.as != r->as)
		load_fail_key(ld, key_node(n, "remote-as"), "remote-as",
			      "found the number of our confederation, expected that of a member or of an AS outside");
	if (!internal && nb->route_reflector_client)
		load_fail_key(
		    ld, key_node(n, "route-reflector-client"), "route-reflector-client",
		    "found true for an external neighbor, expected it for internal ones only (RFC 4456)");
	if (!internal && CONF_HAS(nb, CONF_NB_CLUSTER_ID))
		load_fail_key(ld, key_node(n, "cluster-id"), "cluster-id",
			      "found it for an external neighbor, expected it for internal ones only (RFC 4456)");
	if (conf_neighbor_is_inside(nb) && CONF_HAS(nb, CONF_NB_ROLE))
		load_fail_key(
		    ld, key_node(n, "role"), "role",
		    "found a role for %s, expected it for external ones only (RFC 9234)",
		    internal ? "an internal neighbor" : "a neighbor of the confederation");
	path_check(ld, n, nb);
}

static void
transport_check(struct conf_loader *ld, struct yml_node *n, struct conf_neighbor *nb)
{
	struct yml_node *passive = yml_map_get(n, "passive");

	if (CONF_HAS(nb, CONF_NB_TTL_SECURITY) && CONF_HAS(nb, CONF_NB_MULTIHOP)) {
		load_fail_key(ld, key_node(n, "multihop"), "multihop",
			      "found it besides ttl-security, expected one of the two");
	} else if (!CONF_HAS(nb, CONF_NB_TTL_SECURITY) && !CONF_HAS(nb, CONF_NB_MULTIHOP)) {
		nb->multihop = conf_neighbor_is_internal(nb) ? 64 : 1;
		nb->has |= BIT(CONF_NB_MULTIHOP);
	}
	if (CONF_HAS(nb, CONF_NB_SOURCE) && nb->source.family != neighbor_family(nb))
		load_fail_key(
		    ld, key_node(n, "source"), "source", "found an address of another family, expected %s",
		    neighbor_family(nb) == FAMILY_IPV4 ? "IPv4 as the neighbor's" : "IPv6 as the neighbor's");
	if (CONF_HAS(nb, CONF_NB_PREFIX)) {
		if (passive != NULL && CONF_HAS(nb, CONF_NB_PASSIVE) && !nb->passive)
			load_fail_key(ld, passive, "passive", "found false with prefix, expected true");
		nb->passive = true;
		if (!CONF_HAS(nb, CONF_NB_MAX_NEIGHBORS) && yml_map_get(n, "max-neighbors") == NULL) {
			nb->max_neighbors = MAX_NEIGHBORS;
			nb->has |= BIT(CONF_NB_MAX_NEIGHBORS);
		}
	}
}

static void
timer_check(struct conf_loader *ld, struct yml_node *n, struct conf_neighbor *nb)
{
	if (!CONF_HAS(nb, CONF_NB_HOLD_TIME)) {
		if (yml_map_get(n, "hold-time") != NULL ||
		    !CONF_HAS(&ld->conf->router, CONF_ROUTER_HOLD_TIME))
			return;
		nb->hold_s = ld->conf->router.hold_s;
		nb->has |= BIT(CONF_NB_HOLD_TIME);
	}
	if (!CONF_HAS(nb, CONF_NB_KEEPALIVE_TIME) && yml_map_get(n, "keepalive-time") != NULL)
		return;
	if (!CONF_HAS(nb, CONF_NB_KEEPALIVE_TIME)) {
		/* RFC 4271 10: a third of the hold time. */
		nb->keepalive_s = nb->hold_s / 3;
		nb->has |= BIT(CONF_NB_KEEPALIVE_TIME);
		return;
	}
	struct yml_node *at = key_node(n, "keepalive-time");
	if (nb->hold_s == 0 && nb->keepalive_s != 0)
		load_fail_key(ld, at, "keepalive-time", "found %u with hold time 0, expected 0 or nothing",
			      nb->keepalive_s);
	else if (nb->hold_s != 0 && (nb->keepalive_s == 0 || nb->keepalive_s >= nb->hold_s))
		load_fail_key(ld, at, "keepalive-time",
			      "found %u, expected less than the hold time of %u seconds", nb->keepalive_s,
			      nb->hold_s);
}

static void
restart_defaults(const struct conf_loader *ld, struct conf_graceful_restart *gr)
{
	const struct conf_graceful_restart *router = &ld->conf->router.graceful_restart;

	/* Rows: enabled, restart-time, stale-time, long-lived-time. */
	if (!CONF_HAS(gr, 0))
		gr->enabled = router->enabled;
	if (!CONF_HAS(gr, 1))
		gr->restart_s = router->restart_s;
	if (!CONF_HAS(gr, 2))
		gr->stale_s = router->stale_s;
	if (!CONF_HAS(gr, 3))
		gr->long_lived_s = router->long_lived_s;
	gr->has = 15;
}

/* A neighbour of our AS or confederation without a list of policies has all routes accepted. */
static void
policy_defaults(struct conf_loader *ld, struct yml_node *n, struct conf_neighbor *nb)
{
	static const struct conf_ref accept = {.name = "accept", .index = CONF_POLICY_ACCEPT};
	struct conf_ref *one;

	if (!CONF_HAS(nb, CONF_NB_REMOTE_AS) || ld->conf->router.as == 0 || !conf_neighbor_is_inside(nb))
		return;
	one = conf_arena_alloc(ld->arena, sizeof(*one));
	*one = accept;
	if (yml_map_get(n, "import") == NULL) {
		nb->import.v = one;
		nb->import.n = 1;
		nb->has |= BIT(CONF_NB_IMPORT);
	}
	if (yml_map_get(n, "export") == NULL) {
		nb->export.v = one;
		nb->export.n = 1;
		nb->has |= BIT(CONF_NB_EXPORT);
	}
}

void
check_ao_key(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	struct conf_ao_key *key = obj;

	/* Rows: id, receive-id, algorithm, secret. */
	(void)ld;
	if (!CONF_HAS(key, 0) || yml_map_get(n, "receive-id") != NULL)
		return;
	key->receive_id = key->id;
	key->has |= BIT(1);
}

/* RFC 5925 3.1: no two keys of a connection have an identifier in common, in either direction. */
static void
ao_check(struct conf_loader *ld, struct yml_node *n, struct conf_neighbor *nb)
{
	const struct conf_ao_key *v = nb->tcp_ao.v;
	struct yml_node *at = key_node(n, "tcp-ao");

	if (nb->tcp_ao.n == 0) {
		nb->has &= ~BIT(CONF_NB_TCP_AO);
		return;
	}
	if (CONF_HAS(nb, CONF_NB_PASSWORD))
		load_fail_key(ld, at, "tcp-ao", "found it besides password, expected one of the two");
	if (nb->tcp_ao.n > CONF_AO_KEYS_MAX)
		load_fail_key(ld, at, "tcp-ao", "found %u keys, expected at most %d", nb->tcp_ao.n, CONF_AO_KEYS_MAX);
	for (uint32_t i = 1; i < nb->tcp_ao.n; i++)
		for (uint32_t j = 0; j < i; j++)
			if (CONF_HAS(&v[i], 0) && CONF_HAS(&v[j], 0) &&
			    (v[i].id == v[j].id || v[i].receive_id == v[j].receive_id))
				load_fail_key(ld, at->kind == YML_LIST ? at->items[i] : at, "tcp-ao",
					      "found a key with the id or receive-id of another one, expected its own");
}

void
check_idle_hold(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	const struct conf_idle_hold *ih = obj;

	if (CONF_HAS(ih, 0) && CONF_HAS(ih, 1) && ih->initial_s > ih->max_s)
		load_fail_key(ld, key_node(n, "initial"), "initial",
			      "found %u, expected at most max, which is %u", ih->initial_s, ih->max_s);
}

void
check_neighbor(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	struct conf_neighbor *nb = obj;

	if (ld->in_group)
		return;
	const struct yml_node *group = yml_map_get(n, "group");
	if (group != NULL && group->kind == YML_SCALAR)
		nb->group = conf_arena_str(ld->arena, group->text);
	who_check(ld, n);
	name_default(ld, nb);
	as_defaults(ld, nb);
	type_check(ld, n, nb);
	transport_check(ld, n, nb);
	ao_check(ld, n, nb);
	if (nb->default_originate == 0)
		nb->has &= ~BIT(CONF_NB_DEFAULT_ORIGINATE);
	else if ((nb->default_originate & ~nb->families) != 0)
		load_fail_key(ld, key_node(n, "default-originate"), "default-originate",
			      "found a family that is not in families, expected one of those");
	timer_check(ld, n, nb);
	restart_defaults(ld, &nb->graceful_restart);
	policy_defaults(ld, n, nb);
}

/* ---- networks ---- */

/* http://ADDRESS[:PORT][/PATH], an IPv6 address in brackets. False: it is not. path points into url. */
static bool
url_parse(const char *url, struct conf_endpoint *to, const char **path)
{
	static const char scheme[] = "http://";
	struct evhttp_uri *uri = evhttp_uri_parse(url);
	const char *host = uri != NULL ? evhttp_uri_get_host(uri) : NULL;
	char address[IP_ADDR_STRLEN] = "";
	bool good = host != NULL && strncmp(url, scheme, sizeof(scheme) - 1) == 0 && evhttp_uri_get_userinfo(uri) == NULL &&
		    evhttp_uri_get_fragment(uri) == NULL;

	if (good) {
		bool bracket = *host == '[';
		*path = url + sizeof(scheme) - 1 + strcspn(url + sizeof(scheme) - 1, "/?");
		to->port = evhttp_uri_get_port(uri) != -1 ? (uint32_t)evhttp_uri_get_port(uri) : 80;
		strlcpy(address, host + bracket, sizeof(address));
		address[strcspn(address, "]")] = '\0';
		good = ip_addr_parse(address, &to->address) == 0 && bracket == (to->address.family == FAMILY_IPV6) &&
		       to->port >= 1 && to->port <= 65535 && **path != '?';
		if (good && **path == '\0')
			*path = "/";
	}
	if (uri != NULL)
		evhttp_uri_free(uri);
	return good;
}

void
check_while(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	struct conf_while *w = obj;
	static const char *const kinds[] = {"tcp", "http", "file", "interface"};
	unsigned given = 0;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		given += yml_map_get(n, kinds[i]) != NULL;

	if (given != 1)
		load_fail(ld, n, "found %s, expected one of tcp, http, file and interface",
			  given == 0 ? "none" : "more than one");
	else if (CONF_HAS(w, CONF_WHILE_HTTP) && !url_parse(w->http, &w->tcp, &w->http_path))
		load_fail_key(ld, key_node(n, "http"), "http",
			      "found \"%s\", expected http:// with an IP address, a port and a path, as in "
			      "http://10.0.0.9:8080/health",
			      w->http);
}

/* An empty list of communities is none. */
void
check_network(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	struct conf_network *net = obj;

	(void)ld;
	(void)n;
	if (net->communities.n == 0)
		net->has &= ~BIT(CONF_NET_COMMUNITIES);
}

void
check_aggregate(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	struct conf_aggregate *agg = obj;

	(void)ld;
	(void)n;
	if (agg->communities.n == 0)
		agg->has &= ~BIT(CONF_AGG_COMMUNITIES);
}

/* ---- kernel ---- */

void
check_kernel(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	const struct conf_kernel *k = obj;
	struct yml_node *tables = yml_map_get(n, "learn-tables");

	if (k->learn_tables.n > CONF_LEARN_TABLES_MAX)
		load_fail_key(ld, tables, "learn-tables", "found %u tables, expected %d at most", k->learn_tables.n,
			      CONF_LEARN_TABLES_MAX);
}

void
check_bird_sockets(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	const struct conf_bird_sockets *b = obj;

	if (b->ipv4 != NULL && b->ipv6 != NULL && strcmp(b->ipv4, b->ipv6) == 0)
		load_fail_key(ld, key_node(n, "ipv6"), "ipv6", "found the path of ipv4, expected another one");
}

/* ---- rules ---- */

/* Nothing to match and nothing to set is what a rule without them has. */
void
check_rule(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	struct conf_rule *r = obj;

	/* Rows: match, set, action. */
	(void)ld;
	(void)n;
	if (r->match.has == 0)
		r->has &= ~BIT(0);
	if (r->set.has == 0)
		r->has &= ~BIT(1);
}

/* ---- statics ---- */

void
check_static(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	const struct conf_static *st = obj;
	bool hop = yml_map_get(n, "via") != NULL || yml_map_get(n, "interface") != NULL;

	if (hop + st->blackhole + st->unreachable != 1)
		load_fail(ld, n, "found %s, expected one of via or interface, blackhole and unreachable",
			  hop + st->blackhole + st->unreachable == 0 ? "none" : "more than one");
	else if (st->via.family != FAMILY_NONE && st->prefix.family == FAMILY_IPV6 &&
		 st->via.family == FAMILY_IPV4)
		load_fail_key(ld, key_node(n, "via"), "via",
			      "found an IPv4 address, expected an IPv6 address");
	else if (ip_addr_is_link_local(&st->via) && st->interface == NULL)
		load_fail_key(ld, key_node(n, "via"), "via",
			      "found a link-local address, expected interface besides it");
}

/* ---- the whole file ---- */

/* By name, those of one name by place in the file. */
static int
name_cmp(const void *a, const void *b)
{
	const struct conf_neighbor *x = *(const struct conf_neighbor *const *)a;
	const struct conf_neighbor *y = *(const struct conf_neighbor *const *)b;
	int c = strcmp(x->name, y->name);

	return c != 0 ? c : x < y ? -1 : x > y;
}

static void
names_index(struct conf_loader *ld)
{
	struct conf *c = ld->conf;

	if (c->neighbors_by_name.v != NULL)
		return;
	c->neighbors_by_name.v = conf_arena_array(ld->arena, c->neighbors.n, sizeof(*c->neighbors_by_name.v));
	for (uint32_t i = 0; i < c->neighbors.n; i++)
		if (c->neighbors.v[i].name != NULL)
			c->neighbors_by_name.v[c->neighbors_by_name.n++] = &c->neighbors.v[i];
	qsort(c->neighbors_by_name.v, c->neighbors_by_name.n, sizeof(*c->neighbors_by_name.v), name_cmp);
}

int32_t
check_neighbor_find(struct conf_loader *ld, const char *name)
{
	names_index(ld);
	const struct conf_neighbor *nb = conf_neighbor_by_name(ld->conf, name);
	return nb != NULL ? (int32_t)(nb - ld->conf->neighbors.v) : -1;
}

static int
static_cmp(const void *a, const void *b)
{
	const struct conf_static *x = *(const struct conf_static *const *)a;
	const struct conf_static *y = *(const struct conf_static *const *)b;

	return ip_prefix_cmp(&x->prefix, &y->prefix);
}

static void
statics_index(struct conf_loader *ld)
{
	struct conf *c = ld->conf;

	c->statics_by_prefix.v = conf_arena_array(ld->arena, c->statics.n, sizeof(*c->statics_by_prefix.v));
	c->statics_by_prefix.n = c->statics.n;
	for (uint32_t i = 0; i < c->statics.n; i++)
		c->statics_by_prefix.v[i] = &c->statics.v[i];
	qsort(c->statics_by_prefix.v, c->statics.n, sizeof(*c->statics_by_prefix.v), static_cmp);
}

/* The node of element i of a list in the file, for errors. */
static struct yml_node *
item_node(const struct yml_node *root, const char *section, uint32_t i)
{
	return yml_map_get(root, section)->items[i];
}

static int
scope_cmp(const char *a, const char *b)
{
	return strcmp(a == NULL ? "" : a, b == NULL ? "" : b);
}

/* Those of one VRF are together; so, there, are those of one address. */
static int
address_cmp(const struct conf_neighbor *x, const struct conf_neighbor *y)
{
	int c = scope_cmp(x->vrf, y->vrf);

	if (c == 0)
		c = ip_addr_cmp(&x->address.addr, &y->address.addr);

	return c != 0 ? c : scope_cmp(x->address.scope, y->address.scope);
}

/* Which connections a neighbour stands for; two may not stand for the same. */
static int
who_cmp(const struct conf_neighbor *x, const struct conf_neighbor *y)
{
	int c = address_cmp(x, y);

	if (c == 0)
		c = scope_cmp(x->interface, y->interface);
	if (c == 0)
		c = ip_prefix_cmp(&x->prefix, &y->prefix);
	if (c == 0 && x->port != y->port)
		c = x->port < y->port ? -1 : 1;
	return c != 0 ? c : ip_addr_cmp(&x->source, &y->source);
}

/* By that, then by place in the file; VRF and address come first, so those of one are together. */
static int
neighbor_cmp(const void *a, const void *b)
{
	const struct conf_neighbor *x = *(const struct conf_neighbor *const *)a;
	const struct conf_neighbor *y = *(const struct conf_neighbor *const *)b;
	int c = who_cmp(x, y);

	return c != 0 ? c : x < y ? -1 : x > y;
}

static void
names_check(struct conf_loader *ld, const struct yml_node *root)
{
	names_index(ld);
	for (uint32_t i = 1; i < ld->conf->neighbors_by_name.n; i++) {
		const struct conf_neighbor *a = ld->conf->neighbors_by_name.v[i - 1];
		const struct conf_neighbor *b = ld->conf->neighbors_by_name.v[i];
		if (strcmp(a->name, b->name) != 0)
			continue;
		uint32_t index = (uint32_t)(b - ld->conf->neighbors.v);
		char *path = conf_arena_fmt(ld->tmp, "neighbors[%u].name", index);
		struct yml_node *item = item_node(root, "neighbors", index);
		struct str name = {0};
		/* The same address makes the same name, and has been told already. */
		if (yml_map_get(item, "name") == NULL && who_cmp(a, b) == 0)
			continue;
		conf_errors_quote(&name, b->name, strlen(b->name));
		load_fail_at(ld, key_node(item, "name"), path,
			     "found %s again, expected a name of its own (first at %s:%u)", str_get(&name),
			     a->pos.file, a->pos.line);
		str_free(&name);
	}
}

static void
pair_check(struct conf_loader *ld, const struct yml_node *root, const struct conf_neighbor *first,
	   const struct conf_neighbor *nb)
{
	uint32_t i = (uint32_t)(nb - ld->conf->neighbors.v);

	if (who_cmp(first, nb) == 0)
		load_fail_at(ld, item_node(root, "neighbors", i), conf_arena_fmt(ld->tmp, "neighbors[%u]", i),
			     "found the address, port and source of another neighbor, expected others (first "
			     "at %s:%u)",
			     first->pos.file, first->pos.line);
}

static void
secret_check(struct conf_loader *ld, const struct yml_node *root, const struct conf_neighbor *first,
	     const struct conf_neighbor *nb)
{
	uint32_t i = (uint32_t)(nb - ld->conf->neighbors.v);
	struct yml_node *item = item_node(root, "neighbors", i);
	const char *a = first->password.secret, *b = nb->password.secret;
	const struct conf_row *ao = &conf_schema_neighbor.rows[CONF_NB_TCP_AO];

	/* RFC 2385: TCP finds the key by the other end's address alone. */
	if ((a == NULL) != (b == NULL) || (a != NULL && strcmp(a, b) != 0))
		load_fail_at(
		    ld, key_node(item, "password"), conf_arena_fmt(ld->tmp, "neighbors[%u].password", i),
		    "found %s, expected the password of the neighbor at %s:%u, which has the same address",
		    b == NULL ? "none" : "another password", first->pos.file, first->pos.line);
	else if (!conf_value_equal(ao, &first->tcp_ao, &nb->tcp_ao))
		load_fail_at(ld, key_node(item, "tcp-ao"), conf_arena_fmt(ld->tmp, "neighbors[%u].tcp-ao", i),
			     "found %s, expected the keys of the neighbor at %s:%u, which has the same address",
			     nb->tcp_ao.n == 0 ? "none" : "other keys", first->pos.file, first->pos.line);
}

static void
addresses_check(struct conf_loader *ld, const struct yml_node *root)
{
	uint64_t any = BIT(CONF_NB_ADDRESS) | BIT(CONF_NB_INTERFACE) | BIT(CONF_NB_PREFIX);
	const struct conf_neighbor **by, *first = NULL;
	uint32_t n = 0;

	by = conf_arena_array(ld->tmp, ld->conf->neighbors.n, sizeof(struct conf_neighbor *));
	for (uint32_t i = 0; i < ld->conf->neighbors.n; i++)
		if ((ld->conf->neighbors.v[i].has & any) != 0)
			by[n++] = &ld->conf->neighbors.v[i];
	if (n == 0)
		return;
	qsort(by, n, sizeof(struct conf_neighbor *), neighbor_cmp);
	for (uint32_t i = 1; i < n; i++)
		pair_check(ld, root, by[i - 1], by[i]);
	for (uint32_t i = 0; i < n; i++) {
		if (CONF_HAS(by[i], CONF_NB_INTERFACE))
			continue;
		if (first != NULL && address_cmp(first, by[i]) == 0 && ip_prefix_cmp(&first->prefix, &by[i]->prefix) == 0)
			secret_check(ld, root, first, by[i]);
		else
			first = by[i];
	}
}

/* Elements that begin with has, a position and a prefix: sorted by it, neighbours in the list must differ. */
struct keyed {
	const struct ip_prefix *prefix;
	const struct conf_pos *pos;
	uint32_t index;
};

static int
keyed_cmp(const void *a, const void *b)
{
	const struct keyed *x = a, *y = b;
	int c = ip_prefix_cmp(x->prefix, y->prefix);

	return c != 0 ? c : x->index < y->index ? -1 : x->index > y->index;
}

static void
prefixes_check(struct conf_loader *ld, const struct yml_node *root, const char *section, struct keyed *v,
	       uint32_t n)
{
	if (n == 0)
		return;
	qsort(v, n, sizeof(*v), keyed_cmp);
	for (uint32_t i = 1; i < n; i++) {
		if (v[i].prefix->family == FAMILY_NONE || !ip_prefix_eq(v[i - 1].prefix, v[i].prefix))
			continue;
		char *path = conf_arena_fmt(ld->tmp, "%s[%u].prefix", section, v[i].index);
		load_fail_at(ld, key_node(item_node(root, section, v[i].index), "prefix"), path,
			     "found this prefix again, expected it once (first at %s:%u)", v[i - 1].pos->file,
			     v[i - 1].pos->line);
	}
}

#define PREFIXES_CHECK(ld, root, section, list)                                                              \
	do {                                                                                                 \
		struct keyed *keyed_ = conf_arena_array((ld)->tmp, (list).n, sizeof(*keyed_));               \
		for (uint32_t i_ = 0; i_ < (list).n; i_++)                                                   \
			keyed_[i_] = (struct keyed){&(list).v[i_].prefix, &(list).v[i_].pos, i_};            \
		prefixes_check((ld), (root), (section), keyed_, (list).n);                                   \
	} while (0)

/* The first rule of a policy that gives routes our own address as their next hop, or NULL. */
static const struct conf_rule *
rule_with_self(const struct conf *c, const struct conf_ref *ref)
{
	if (ref->index < 0 || (uint32_t)ref->index >= c->policies.n)
		return NULL;
	const struct conf_policy *p = &c->policies.v[ref->index];
	for (uint32_t i = 0; i < p->rules.n; i++)
		if (CONF_HAS(&p->rules.v[i].set, CONF_SET_NEXT_HOP) && p->rules.v[i].set.next_hop.self)
			return &p->rules.v[i];
	return NULL;
}

/* Our own address leads nowhere: as a next hop it means something only to a neighbour. n may be NULL. */
static void
self_check(struct conf_loader *ld, struct yml_node *n, const struct yml_node *section, const char *path,
	   const struct conf_ref *refs, uint32_t count)
{
	for (uint32_t i = 0; i < count; i++) {
		const struct conf_rule *r = rule_with_self(ld->conf, &refs[i]);
		if (r == NULL)
			continue;
		load_fail_at(ld, n != NULL ? n : section, conf_arena_fmt(ld->tmp, "%s[%u]", path, i),
			     "found the policy \"%s\", which sets next-hop: self at %s:%u, expected one that does not: "
			     "that is for export to neighbors",
			     refs[i].name, r->pos.file, r->pos.line);
	}
}

static void
next_hops_check(struct conf_loader *ld, const struct yml_node *root)
{
	const struct conf *c = ld->conf;
	struct yml_node *kernel = yml_map_get(root, "kernel");

	for (uint32_t i = 0; i < c->neighbors.n; i++) {
		const struct conf_neighbor *nb = &c->neighbors.v[i];
		struct yml_node *item = nb->import.n > 0 ? item_node(root, "neighbors", i) : NULL;
		if (item != NULL)
			self_check(ld, key_node(item, "import"), item, conf_arena_fmt(ld->tmp, "neighbors[%u].import", i),
				   nb->import.v, nb->import.n);
	}
	if (kernel == NULL || kernel->kind != YML_MAP)
		return;
	self_check(ld, yml_map_get(kernel, "learn"), kernel, "kernel.learn", c->kernel.learn.v, c->kernel.learn.n);
	self_check(ld, yml_map_get(kernel, "export"), kernel, "kernel.export", c->kernel.export.v, c->kernel.export.n);
}

/* A router serves one cluster, whether it is said of itself or of its neighbours. */
static void
clusters_check(struct conf_loader *ld, const struct yml_node *root)
{
	struct conf_router *r = &ld->conf->router;
	const struct yml_node *router = yml_map_get(root, "router");
	bool said = router != NULL && yml_map_get(router, "cluster-id") != NULL;

	for (uint32_t i = 0; i < ld->conf->neighbors.n; i++) {
		const struct conf_neighbor *nb = &ld->conf->neighbors.v[i];
		char is[IP_ADDR_STRLEN], other[IP_ADDR_STRLEN];
		if (!CONF_HAS(nb, CONF_NB_CLUSTER_ID))
			continue;
		struct ip_addr id = ip_addr_v4(nb->cluster_id), first = ip_addr_v4(r->cluster_id);
		if (said && nb->cluster_id != r->cluster_id)
			load_fail_at(ld, key_node(item_node(root, "neighbors", i), "cluster-id"),
				     conf_arena_fmt(ld->tmp, "neighbors[%u].cluster-id", i),
				     "found %s, expected %s as before: a router serves one cluster",
				     ip_addr_str(&id, is, sizeof(is)), ip_addr_str(&first, other, sizeof(other)));
		if (!said)
			r->cluster_id = nb->cluster_id;
		r->has |= BIT(CONF_ROUTER_CLUSTER_ID);
		said = true;
	}
}

void
check_root(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	struct conf *c = obj;

	addresses_check(ld, n);
	names_check(ld, n);
	clusters_check(ld, n);
	check_tables(ld, n);
	PREFIXES_CHECK(ld, n, "networks", c->networks);
	PREFIXES_CHECK(ld, n, "statics", c->statics);
	PREFIXES_CHECK(ld, n, "aggregates", c->aggregates);
	statics_index(ld);
	next_hops_check(ld, n);
	for (uint32_t i = 0; ld->policies != NULL && i < ld->policies->n; i++) {
		const char *name = ld->policies->pairs[i].key->text;
		if (strcmp(name, "accept") == 0 || strcmp(name, "reject") == 0)
			load_fail_at(ld, ld->policies->pairs[i].key,
				     conf_arena_fmt(ld->tmp, "policies.%s", name),
				     "found the name of a policy that is built in, expected another name");
	}
}
