/* SPDX-License-Identifier: Apache-2.0 */
/*
 * calico_int: what the files of the resolver know of each other's resources.
 *
 * Each kind is a row in the table of calico.c with its parser; entries of a kind are
 * kept sorted by name, "namespace/name" where there is a namespace.
 */
#ifndef CONF_CALICO_INT_H
#define CONF_CALICO_INT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>
#include <sys/tree.h>

#include "conf/calico.h"
#include "conf/selector.h"
#include "lib/addr.h"

struct calico;

enum calico_kind {
	CALICO_CONFIG,
	CALICO_NODE,
	CALICO_PEER,
	CALICO_FILTER,
	CALICO_POOL,
	CALICO_BLOCK,
	CALICO_SERVICE,
	CALICO_SLICE,
	CALICO_SECRET,
	CALICO_ENDPOINT,
	CALICO_KINDS
};

/* The head of each resource. */
struct calico_entry {
	RB_ENTRY(calico_entry) entry;
	char *name;
	json_t *complaints; /* texts; NULL: none */
	LIST_ENTRY(calico_entry) complaining; /* if it has any */
};
RB_HEAD(calico_tree, calico_entry);
LIST_HEAD(calico_entries, calico_entry);
struct calico_entry *calico_first(const struct calico *c, enum calico_kind kind);
struct calico_entry *calico_next(struct calico_entry *e);

/* Each entry of a kind, by name. */
#define CALICO_FOREACH(c, kind, e) for ((e) = calico_first((c), (kind)); (e) != NULL; (e) = calico_next(e))

#define CALICO_RESTART_MAX 4095 /* RFC 4724 3: 12 bits */

struct calico_prefixes {
	struct ip_prefix *v;
	unsigned n;
};

/* ---- BGPConfiguration ---- */

enum calico_program { CALICO_PROGRAM_NO_ENCAP, CALICO_PROGRAM_ALL, CALICO_PROGRAM_IPIP, CALICO_PROGRAM_NONE };
enum calico_range { CALICO_CLUSTER_IPS, CALICO_EXTERNAL_IPS, CALICO_BALANCER_IPS, CALICO_RANGES };

struct calico_secret_ref {
	char *name, *key; /* NULL: none */
};

/* A list of prefixes with the communities that routes inside get. */
struct calico_advertisement {
	struct ip_prefix cidr;
	json_t *add; /* set of texts, as an object */
};

struct calico_config {
	struct calico_entry head;
	char *log; /* NULL: not set */
	bool no_mesh;
	bool bind_node_ip;
	bool no_aggregation;    /* serviceLoadBalancerAggregation: Disabled */
	bool has_advertisements; /* the list is there, be it empty */
	uint32_t as, port;      /* 0: not set */
	uint32_t mesh_restart_s; /* with has_mesh_restart */
	bool has_mesh_restart;
	uint32_t priority[FAMILY_COUNT]; /* 0: not set */
	enum calico_program program;
	struct calico_secret_ref mesh_password;
	struct calico_prefixes range[CALICO_RANGES];
	json_t *ignored_interfaces; /* texts */
	struct calico_advertisement *advertisements;
	unsigned nadvertisements;
};

/* ---- Node ---- */

struct calico_node {
	struct calico_entry head;
	json_t *labels;
	struct ip_addr addr[FAMILY_COUNT];     /* FAMILY_NONE: it has none */
	struct ip_prefix network[FAMILY_COUNT]; /* the same */
	struct ip_addr wireguard[FAMILY_COUNT];
	struct calico_prefixes pod_cidrs; /* if they count */
	uint32_t as; /* 0: not set */
	char *cluster_id; /* NULL: no route reflector */
	uint32_t number; /* its bit in what selectors match */
};

/* ---- BGPPeer ---- */

enum calico_next_hop { CALICO_NEXT_HOP_AUTO, CALICO_NEXT_HOP_SELF, CALICO_NEXT_HOP_KEEP };

struct calico_peer {
	struct calico_entry head;
	bool bad; /* it counts as not there */
	char *node;
	struct calico_selector *node_selector, *peer_selector;
	bool workloads; /* localWorkloadSelector: which ones is for Felix to say */
	struct ip_addr ip;
	uint32_t port; /* 0: not said */
	uint32_t as, local_as;
	enum calico_next_hop next_hop;
	bool keep_original; /* the older key */
	struct calico_secret_ref password;
	bool no_source;
	bool has_restart, has_keepalive;
	uint32_t restart_s, keepalive_s;
	uint32_t allow_own_as, ttl_security;
	struct ip_addr reachable_by;
	json_t *filters; /* names */
	bool no_reverse;
};

/* A selector over nodes, and which of them it matches; shared by all that have the same text. */
struct calico_selector {
	RB_ENTRY(calico_selector) entry;
	char *text;
	struct selector *s;
	uint8_t *matches; /* a bit per node number */
	uint32_t cap, refs;
};
RB_HEAD(calico_selectors, calico_selector);

/* ---- BGPFilter, IPPool, BlockAffinity ---- */

enum calico_direction { CALICO_IMPORT, CALICO_EXPORT, CALICO_DIRECTIONS };

struct calico_filter {
	struct calico_entry head;
	bool bad;
	json_t *rules[FAMILY_COUNT][CALICO_DIRECTIONS]; /* as in the model; NULL: none */
};

enum calico_encap { CALICO_ENCAP_NONE, CALICO_ENCAP_IPIP, CALICO_ENCAP_IPIP_CROSS, CALICO_ENCAP_VXLAN };

struct calico_pool {
	struct calico_entry head;
	struct ip_prefix cidr; /* FAMILY_NONE: unreadable */
	enum calico_encap encap;
	bool no_export;
};

struct calico_block {
	struct calico_entry head;
	struct ip_prefix cidr; /* FAMILY_NONE: another node's, or it does not count */
	bool confirmed;        /* else it is about to go */
};

/* ---- Service, EndpointSlice, Secret, EndpointStatus ---- */

struct calico_addrs {
	struct ip_addr *v;
	unsigned n;
};

struct calico_service {
	struct calico_entry head;
	bool relevant; /* of a type that has addresses */
	bool local, balancer;
	unsigned families; /* bits of enum family */
	struct calico_addrs cluster, external, ingress;
	struct ip_addr wanted; /* spec.loadBalancerIP */
	LIST_ENTRY(calico_service) special;
	bool is_special;
};
LIST_HEAD(calico_services, calico_service);

/* How many of the slices of a service have endpoints that are ready, of a family, anywhere and here. */
struct calico_ready {
	RB_ENTRY(calico_ready) entry;
	char *service; /* namespace/name */
	unsigned refs, any[FAMILY_COUNT], here[FAMILY_COUNT];
};
RB_HEAD(calico_readies, calico_ready);

struct calico_slice {
	struct calico_entry head;
	struct calico_ready *of; /* NULL: of no service */
	enum family family;      /* FAMILY_NONE: not of addresses */
	bool ready, ready_here;
};

struct calico_secret {
	struct calico_entry head;
	json_t *data; /* decoded */
};

struct calico_endpoint {
	struct calico_entry head;
	char *peer; /* NULL: an ordinary pod */
	struct ip_addr addr[FAMILY_COUNT];
};

/* ---- the resolver ---- */

struct calico {
	char *node_name, *router_id, *kubernetes_node, *secret_namespace;
	struct calico_prefixes cluster_ips; /* of the environment */
	bool has_cluster_ips, pod_cidrs;
	struct calico_tree trees[CALICO_KINDS];
	struct calico_entries complaining[CALICO_KINDS];
	struct calico_services special; /* those that may be announced by themselves even if ranges are as a whole */
	struct calico_readies readies;
	struct calico_selectors selectors;
	uint32_t *free_numbers; /* of nodes */
	uint32_t nfree, next_number;
	json_t *complaints; /* of the last model: "kind name" to texts */
	unsigned nnode_configs; /* BGPConfigurations "node.NAME" */
};

/* Parsers: fill a zeroed entry in. value is the whole resource. */
void calico_config_parse(struct calico *c, struct calico_entry *e, const json_t *value);
void calico_node_parse(struct calico *c, struct calico_entry *e, const json_t *value);
void calico_peer_parse(struct calico *c, struct calico_entry *e, const json_t *value);
void calico_filter_parse(struct calico *c, struct calico_entry *e, const json_t *value);
void calico_pool_parse(struct calico *c, struct calico_entry *e, const json_t *value);
void calico_block_parse(struct calico *c, struct calico_entry *e, const json_t *value);
void calico_service_parse(struct calico *c, struct calico_entry *e, const json_t *value);
void calico_slice_parse(struct calico *c, struct calico_entry *e, const json_t *value);
void calico_secret_parse(struct calico *c, struct calico_entry *e, const json_t *value);
void calico_endpoint_parse(struct calico *c, struct calico_entry *e, const json_t *value);

/* And what they leave behind, without the entry itself. */
void calico_config_fini(struct calico *c, struct calico_entry *e);
void calico_node_fini(struct calico *c, struct calico_entry *e);
void calico_peer_fini(struct calico *c, struct calico_entry *e);
void calico_filter_fini(struct calico *c, struct calico_entry *e);
void calico_service_fini(struct calico *c, struct calico_entry *e);
void calico_slice_fini(struct calico *c, struct calico_entry *e);
void calico_secret_fini(struct calico *c, struct calico_entry *e);
void calico_endpoint_fini(struct calico *c, struct calico_entry *e);

/* An entry by name, or NULL. */
struct calico_entry *calico_find(const struct calico *c, enum calico_kind kind, const char *name);
/* A complaint that stays with the entry. */
__attribute__((format(printf, 2, 3))) void calico_complain(struct calico_entry *e, const char *fmt, ...);
/* One of this model alone. */
__attribute__((format(printf, 4, 5))) void calico_complain_now(struct calico *c, const char *kind, const char *name,
							       const char *fmt, ...);

/* What holds for the own node while a model is made. */
struct calico_view {
	struct calico *c;
	const struct calico_node *own;
	const struct calico_config *global, *node; /* never NULL */
	uint32_t as;
	bool secrets;
	const struct calico_node **by_addr[FAMILY_COUNT]; /* nodes that have an address of the family, by it */
	size_t nby_addr[FAMILY_COUNT];
};

/* Fills by_addr, which calico_view_fini frees. */
void calico_view_index(struct calico_view *v);
void calico_view_fini(struct calico_view *v);
/* Where the nodes with this address begin in by_addr of its family, as many as *n, by their names. */
const struct calico_node *const *calico_nodes_at(const struct calico_view *v, const struct ip_addr *a, size_t *n);

/* The settings of a node, or an empty set. */
const struct calico_config *calico_config_of(const struct calico *c, const char *node);
/* The port on which a node listens: its own setting, else the global one; 0: none is set. */
uint32_t calico_port_of(const struct calico_view *v, const struct calico_node *n);
uint32_t calico_global_as(const struct calico_view *v);
uint32_t calico_priority(const struct calico_view *v, enum family f);
/* The ranges of a kind of service address. */
const struct calico_prefixes *calico_range(const struct calico_view *v, enum calico_range which);

/* Parts of a family in the model; new references. */
json_t *calico_sessions(struct calico_view *v, enum family f);
json_t *calico_communities(struct calico_view *v, enum family f);
json_t *calico_filters(struct calico_view *v, enum family f);
/* static, aggregate, export and kernel into the object of the family. */
void calico_routes(struct calico_view *v, enum family f, json_t *out);
/* Host routes of services, added to a set of prefixes. */
void calico_service_routes(struct calico_view *v, enum family f, struct calico_prefixes *out);
/* Routes to peers through a gateway: "static" entries with via. */
void calico_reachable(struct calico_view *v, enum family f, json_t *statics);

/* Does this filter exist, and has it rules of the family and direction? */
bool calico_filter_has(const struct calico *c, const char *name, enum family f, enum calico_direction d);

/* Selectors with a memory. NULL with a complaint at e where text is none. */
struct calico_selector *calico_selector_get(struct calico *c, struct calico_entry *e, const char *key, const char *text);
void calico_selector_put(struct calico *c, struct calico_selector *s);
static inline bool
calico_selects(const struct calico_selector *s, const struct calico_node *n)
{
	return n->number / 8 < s->cap && (s->matches[n->number / 8] >> n->number % 8 & 1);
}
/* A node is there, or has other labels. */
void calico_selectors_look(struct calico *c, const struct calico_node *n);

/* ---- reading JSON ---- */

/* The value at a path of keys, as "spec.bgp.asNumber"; NULL where something on the way is missing. */
json_t *calico_at(const json_t *v, const char *path);
/* A copy of a text at a path; numbers and booleans as text; NULL: not there, or empty. */
char *calico_text(const json_t *v, const char *path);
bool calico_bool(const json_t *v, const char *path, bool otherwise);
/* Values that are not readable are complained of at e, and count as not there (false). */
bool calico_number(struct calico_entry *e, const json_t *v, const char *path, uint32_t low, uint32_t high, uint32_t *out);
bool calico_as(struct calico_entry *e, const json_t *v, const char *path, uint32_t *out);
bool calico_duration(struct calico_entry *e, const json_t *v, const char *path, uint32_t low, uint32_t high, uint32_t *seconds);
bool calico_addr(struct calico_entry *e, const json_t *v, const char *path, struct ip_addr *out);
/* An address without an interface; false, and none in *out: it is none. */
bool calico_address(const char *text, struct ip_addr *out);
/* One that a host can have, and that says enough by itself: not link-local. */
bool calico_unicast(const char *text, struct ip_addr *out);
/* One of the words, case-sensitive; otherwise: the first one's number, with a complaint unless it is not there. */
unsigned calico_word(struct calico_entry *e, const json_t *v, const char *path, const char *const *words);
/* Any prefix with its host bits cleared. */
bool calico_prefix(const char *text, struct ip_prefix *out);
/* aa:nn or aa:bb:cc in numbers. */
bool calico_is_community(const char *text);
/* A name or pattern of interfaces, as IFNAMSIZ bounds it. */
bool calico_is_interface(const char *text);
void calico_secret_ref(const json_t *v, const char *path, struct calico_secret_ref *out);
void calico_secret_ref_fini(struct calico_secret_ref *r);
/* The text of a secret, or NULL: not there. */
const char *calico_secret_get(const struct calico *c, const struct calico_secret_ref *r);

void calico_prefixes_add(struct calico_prefixes *p, const struct ip_prefix *add);
/* Sorted, each once. */
void calico_prefixes_sort(struct calico_prefixes *p);
void calico_prefixes_fini(struct calico_prefixes *p);
bool calico_prefixes_contain(const struct calico_prefixes *p, const struct ip_addr *a);
json_t *calico_prefix_json(const struct ip_prefix *p);
json_t *calico_addr_json(const struct ip_addr *a); /* FAMILY_NONE: null */
/* All of one family, in order. */
json_t *calico_prefixes_json(const struct calico_prefixes *p, enum family f);

#endif
