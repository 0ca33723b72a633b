/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgpconfd_conf: bgpconfd.yaml(5), read by the same tables as bgpd.yaml.
 *
 * What the file leaves out is taken from the environment variables that users of
 * calico-node know, and then from the defaults.
 */
#ifndef CONF_BGPCONFD_CONF_H
#define CONF_BGPCONFD_CONF_H

#include "conf/conf.h"

enum bgpconfd_store { BGPCONFD_STORE_FILES, BGPCONFD_STORE_ETCD, BGPCONFD_STORE_KUBERNETES };
enum bgpconfd_group { BGPCONFD_GROUP_FOUND, BGPCONFD_GROUP_V1, BGPCONFD_GROUP_V3 }; /* found: as the server has it */
enum bgpconfd_resolver { BGPCONFD_RESOLVER_CALICO, BGPCONFD_RESOLVER_KEYS };

struct bgpconfd_datastore {
	uint64_t has;
	uint32_t type;                     /* enum bgpconfd_store */
	const char *path;                  /* files */
	CONF_LIST(const char *) endpoints; /* etcd, and so on */
	const char *prefix, *ca, *cert, *key, *username, *password_file;
	const char *password, *ca_text, *cert_text, *key_text; /* of the environment alone */
	const char *kubeconfig; /* kubernetes; NULL: as a pod */
	double rate_per_s, burst; /* of requests, of the environment alone; 0: not set */
	uint32_t api_group;     /* enum bgpconfd_group */
	CONF_LIST(const char *) resources; /* what are keys; never empty with kubernetes and keys */
	const char *name_space; /* of those; NULL: all */
};

struct bgpconfd_template {
	uint64_t has;
	struct conf_pos pos;
	const char *src, *dest;
	uint32_t mode;
	const char *check, *reload; /* NULL: none */
	uint32_t timeout_s;
};

/* What calico-node has in its environment; NULL: not set. */
struct bgpconfd_calico {
	uint64_t has;
	const char *router_id, *cluster_ips, *kubernetes_node, *namespace;
	const char *endpoint_status; /* a folder */
	bool pod_cidrs;
};

struct bgpconfd_control {
	uint64_t has;
	const char *socket;
};

struct bgpconfd_conf {
	uint64_t has;
	const char *node; /* never NULL */
	struct bgpconfd_datastore datastore;
	uint32_t resolver; /* enum bgpconfd_resolver */
	struct bgpconfd_calico calico;
	CONF_LIST(struct bgpconfd_template) templates;
	uint32_t debounce_ms;
	struct conf_metrics metrics;
	struct bgpconfd_control control;
	struct conf_log log;
	struct conf_arena *arena; /* owns everything, also this struct */
};

/* As conf_load: 0 and *out, or -EINVAL with every error in errs. Reads the environment. */
int bgpconfd_conf_load(const char *path, struct bgpconfd_conf **out, struct conf_errors *errs);
void bgpconfd_conf_free(struct bgpconfd_conf *c); /* NULL is fine */

/* Adds the list of all keys as mdoc, for the manual page. */
void bgpconfd_conf_doc(struct str *out);
/* Adds the JSON Schema of bgpconfd.yaml, draft 7, with a newline at its end. */
void bgpconfd_conf_json(struct str *out);

#endif
