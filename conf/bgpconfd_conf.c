/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgpconfd_conf: the tables of bgpconfd.yaml, and what the environment adds. See bgpconfd_conf.h.
 */
#include "conf/bgpconfd_conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/arena.h"
#include "conf/error.h"
#include "conf/load.h"
#include "conf/schema_parts.h"

#define RESOURCES_PATH "/etc/godwit/resources"
#define STATUS_FOLDER  "endpoint-status"

#define PATH_ROW(name, tag, member, text)                                                                    \
	{                                                                                                    \
		.key = (name), .type = &conf_type_string, AT(tag, member), .unit = "a path", .doc = (text)   \
	}
#define TEXT_ROW(name, tag, member, text)                                                                    \
	{                                                                                                    \
		.key = (name), .type = &conf_type_string, AT(tag, member), .doc = (text)                     \
	}

/* Turns the path under key into one that does not depend on where we were started. */
static void
path_resolve(struct conf_loader *ld, struct yml_node *map, const char *key, const char **path)
{
	const struct yml_node *n = yml_map_get(map, key);

	if (n != NULL && *path != NULL)
		*path = conf_arena_str(ld->arena, tree_path_of(ld, n, *path));
}

/* ---- datastore ---- */

static const struct conf_word store_words[] = {{"files", BGPCONFD_STORE_FILES},
					       {"etcd", BGPCONFD_STORE_ETCD},
					       {"kubernetes", BGPCONFD_STORE_KUBERNETES},
					       {0}};

enum { STORE_TYPE, STORE_PATH };

static const struct conf_row datastore_rows[] = {
    [STORE_TYPE] = {.key = "type",
		    .type = &conf_type_word,
		    AT(bgpconfd_datastore, type),
		    .words = store_words,
		    .flags = CONF_ROW_REQUIRED,
		    .doc = "Where resources come from. This version has files only."},
    [STORE_PATH] = {.key = "path",
		    .type = &conf_type_string,
		    AT(bgpconfd_datastore, path),
		    .unit = "a path",
		    .def_doc = RESOURCES_PATH,
		    .doc = "Of files: the folder."},
    {.key = "endpoints",
     .type = &conf_type_list,
     AT(bgpconfd_datastore, endpoints),
     .elem = &(const struct conf_row){.type = &conf_type_string, .unit = "a URL"},
     .flags = CONF_ROW_ONE_OR_LIST,
     .doc = "Of etcd: URLs of its servers."},
    TEXT_ROW("prefix", bgpconfd_datastore, prefix, "Of etcd: what all keys begin with."),
    PATH_ROW("ca", bgpconfd_datastore, ca, "Of etcd: certificates of those whom to trust."),
    PATH_ROW("cert", bgpconfd_datastore, cert, "Of etcd: our certificate."),
    PATH_ROW("key", bgpconfd_datastore, key, "Of etcd: the key of our certificate."),
    TEXT_ROW("username", bgpconfd_datastore, username, "Of etcd: who we are."),
    PATH_ROW("password-file", bgpconfd_datastore, password_file, "Of etcd: a file with the password."),
    PATH_ROW("kubeconfig", bgpconfd_datastore, kubeconfig, "Of kubernetes: how to come to its API."),
};

/* Only one of them is there yet. */
static void
datastore_finish(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	struct bgpconfd_datastore *d = obj;
	struct yml_node *type = yml_map_get(n, "type");

	if ((d->has & 1u << STORE_TYPE) == 0)
		return;
	if (d->type != BGPCONFD_STORE_FILES) {
		load_fail_key(ld, type, "type", "found %s, which is not in this version, expected files", type->text);
		return;
	}
	for (uint32_t i = 0; i < n->n; i++) {
		const char *key = n->pairs[i].key->text;
		if (strcmp(key, "type") != 0 && strcmp(key, "path") != 0)
			load_fail_key(ld, n->pairs[i].key, key, "found a key of another type, expected only path with files");
	}
	path_resolve(ld, n, "path", &d->path);
}

static const struct conf_table datastore_table = {
    TABLE(datastore_rows), .size = sizeof(struct bgpconfd_datastore), .finish = datastore_finish};

/* ---- templates ---- */

static const struct conf_row template_rows[] = {
    {.key = "src",
     .type = &conf_type_string,
     AT(bgpconfd_template, src),
     .unit = "a path",
     .flags = CONF_ROW_REQUIRED,
     .doc = "The template."},
    {.key = "dest",
     .type = &conf_type_string,
     AT(bgpconfd_template, dest),
     .unit = "a path",
     .flags = CONF_ROW_REQUIRED,
     .doc = "The file that is made of it."},
    {.key = "mode",
     .type = &conf_type_mode,
     AT(bgpconfd_template, mode),
     .def = "0640",
     .doc = "Permissions of the file."},
    {.key = "check",
     .type = &conf_type_string,
     AT(bgpconfd_template, check),
     .max = 4095,
     .unit = "a command",
     .def_doc = "none",
     .doc = "Command for sh that says by its exit status whether the new file is good; {{stage}} in it is the name of that file."},
    {.key = "reload",
     .type = &conf_type_string,
     AT(bgpconfd_template, reload),
     .max = 4095,
     .unit = "a command",
     .def_doc = "none",
     .doc = "Command for sh that tells whoever reads the file that there is another one."},
    {.key = "timeout",
     .type = &conf_type_number,
     AT(bgpconfd_template, timeout_s),
     .min = 1,
     .max = 3600,
     .unit = "seconds",
     .def = "30",
     .doc = "How long each command may take before it is killed, which is a failure."},
};

static void
template_finish(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	struct bgpconfd_template *t = obj;

	path_resolve(ld, n, "src", &t->src);
	path_resolve(ld, n, "dest", &t->dest);
}

static const struct conf_table template_table = {TABLE(template_rows),
						 .size = sizeof(struct bgpconfd_template),
						 .pos_offset = offsetof(struct bgpconfd_template, pos),
						 .finish = template_finish};

/* ---- the rest ---- */

static const struct conf_row calico_rows[] = {
    TEXT_ROW("router-id", bgpconfd_calico, router_id,
	     "An IPv4 address, or hash, for the router id in place of the node's address. Else CALICO_ROUTER_ID."),
    TEXT_ROW("cluster-ips", bgpconfd_calico, cluster_ips,
	     "Prefixes, with commas between them, in place of serviceClusterIPs. Else CALICO_ADVERTISE_CLUSTER_IPS."),
    TEXT_ROW("kubernetes-node", bgpconfd_calico, kubernetes_node,
	     "Name of the node in Kubernetes, if it is another one. Else CALICO_K8S_NODE_REF, else node."),
    TEXT_ROW("namespace", bgpconfd_calico, namespace,
	     "Where Secrets with passwords are. Else NAMESPACE, else kube-system."),
    PATH_ROW("endpoint-status", bgpconfd_calico, endpoint_status,
	     "Folder in which Felix tells of local workloads. Else the folder endpoint-status in "
	     "CALICO_ENDPOINT_STATUS_PATH_PREFIX, else none."),
};

static void
calico_finish(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	struct bgpconfd_calico *c = obj;

	path_resolve(ld, n, "endpoint-status", &c->endpoint_status);
}

static const struct conf_table calico_table = {
    TABLE(calico_rows), .size = sizeof(struct bgpconfd_calico), .finish = calico_finish};

static const struct conf_row metrics_rows[] = {
    {.key = "listen",
     .type = &conf_type_endpoint,
     AT(conf_metrics, listen),
     .flags = CONF_ROW_REQUIRED,
     .doc = "Address and port on which /metrics, in the format of OpenMetrics, /healthz and /readyz are served over HTTP."},
};
static const struct conf_table metrics_table = {TABLE(metrics_rows), .size = sizeof(struct conf_metrics)};

static const struct conf_row control_rows[] = {
    {.key = "socket",
     .type = &conf_type_string,
     AT(bgpconfd_control, socket),
     .max = 107,
     .unit = "a path",
     .def = "/run/godwit/bgpconfd.sock",
     .doc = "Unix socket on which --status is answered."},
};
static const struct conf_table control_table = {TABLE(control_rows), .size = sizeof(struct bgpconfd_control)};

static const struct conf_word resolver_words[] = {
    {"calico", BGPCONFD_RESOLVER_CALICO}, {"keys", BGPCONFD_RESOLVER_KEYS}, {0}};

enum { ROOT_NODE, ROOT_DATASTORE };

static const struct conf_row root_rows[] = {
    [ROOT_NODE] = {.key = "node",
		   .type = &conf_type_name,
		   AT(bgpconfd_conf, node),
		   .def_doc = "NODENAME, or the host name",
		   .doc = "Name of the own node."},
    [ROOT_DATASTORE] = {.key = "datastore",
			.type = &conf_type_map,
			AT(bgpconfd_conf, datastore),
			.table = &datastore_table,
			.def_doc = "of the type in DATASTORE_TYPE, or files",
			.doc = "What is the truth."},
    {.key = "resolver",
     .type = &conf_type_word,
     AT(bgpconfd_conf, resolver),
     .words = resolver_words,
     .def = "calico",
     .doc = "What is made of it: the model of Calico's resources, or a tree of keys."},
    {.key = "calico",
     .type = &conf_type_map,
     AT(bgpconfd_conf, calico),
     .table = &calico_table,
     .flags = CONF_ROW_ALWAYS,
     .doc = "What calico-node has in its environment."},
    {.key = "templates",
     .type = &conf_type_list,
     AT(bgpconfd_conf, templates),
     .elem = &(const struct conf_row){.type = &conf_type_map, .table = &template_table},
     .min = 1,
     .flags = CONF_ROW_REQUIRED,
     .doc = "What is to be written."},
    {.key = "debounce-ms",
     .type = &conf_type_number,
     AT(bgpconfd_conf, debounce_ms),
     .max = 60000,
     .unit = "milliseconds",
     .def = "200",
     .doc = "How long further changes are waited for after one, so that a burst is one render."},
    {.key = "metrics",
     .type = &conf_type_map,
     AT(bgpconfd_conf, metrics),
     .table = &metrics_table,
     .def_doc = "off",
     .doc = "Metrics for Prometheus."},
    {.key = "control",
     .type = &conf_type_map,
     AT(bgpconfd_conf, control),
     .table = &control_table,
     .flags = CONF_ROW_ALWAYS,
     .doc = "The status socket; the command line may override it."},
    {.key = "log",
     .type = &conf_type_map,
     AT(bgpconfd_conf, log),
     .table = &conf_schema_log,
     .flags = CONF_ROW_ALWAYS,
     .doc = "The log on standard error."},
};

/* Two templates for one file would undo each other's work for ever. */
static void
root_finish(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	const struct bgpconfd_conf *c = obj;
	const struct yml_node *list = yml_map_get(n, "templates");

	for (uint32_t i = 1; i < c->templates.n; i++)
		for (uint32_t j = 0; j < i; j++) {
			const char *dest = c->templates.v[i].dest, *other = c->templates.v[j].dest;
			if (dest == NULL || other == NULL || strcmp(dest, other) != 0)
				continue;
			struct load_path up = {.key = "templates"}, here = {.up = &up, .index = i};
			ld->path = &here;
			load_fail_key(ld, yml_map_get(list->items[i], "dest"), "dest",
				      "found the file of templates[%u], expected another one", j);
			ld->path = NULL;
			break;
		}
}

static const struct conf_table root_table = {
    TABLE(root_rows), .size = sizeof(struct bgpconfd_conf), .block = true, .finish = root_finish};

/* ---- what the file leaves out ---- */

static void
env_fill(struct conf_arena *arena, const char **field, const char *name)
{
	const char *value = getenv(name);

	if (*field == NULL && value != NULL && value[0] != '\0')
		*field = conf_arena_str(arena, value);
}

static void
node_fill(struct bgpconfd_conf *c)
{
	char name[256] = "";

	env_fill(c->arena, &c->node, "NODENAME");
	if (c->node != NULL)
		return;
	/* As calico-node does: in small letters. */
	if (gethostname(name, sizeof(name) - 1) < 0 || name[0] == '\0')
		strlcpy(name, "localhost", sizeof(name));
	for (char *s = name; *s != '\0'; s++)
		if (*s >= 'A' && *s <= 'Z')
			*s = (char)(*s - 'A' + 'a');
	c->node = conf_arena_str(c->arena, name);
}

/* Without a datastore in the file: the environment may mean one that is not there yet. */
static void
datastore_fill(struct conf_errors *errs)
{
	const struct conf_pos pos = {.file = "environment"};
	const char *type = getenv("DATASTORE_TYPE"), *endpoints = getenv("ETCD_ENDPOINTS");

	if (type == NULL || type[0] == '\0')
		type = endpoints != NULL && endpoints[0] != '\0' ? "etcdv3" : "files";
	if (strcmp(type, "kubernetes") == 0 || strcmp(type, "etcdv3") == 0)
		conf_errors_add(errs, &pos, 0, "DATASTORE_TYPE",
				"found %s, which is not in this version, expected files, or datastore in the file", type);
	else if (strcmp(type, "files") != 0)
		conf_errors_add(errs, &pos, 0, "DATASTORE_TYPE", "found \"%.40s\", expected files, etcdv3 or kubernetes", type);
}

static void
calico_fill(struct bgpconfd_conf *c)
{
	struct bgpconfd_calico *k = &c->calico;
	const char *prefix = NULL;

	env_fill(c->arena, &k->router_id, "CALICO_ROUTER_ID");
	env_fill(c->arena, &k->cluster_ips, "CALICO_ADVERTISE_CLUSTER_IPS");
	env_fill(c->arena, &k->kubernetes_node, "CALICO_K8S_NODE_REF");
	env_fill(c->arena, &k->namespace, "NAMESPACE");
	env_fill(c->arena, &prefix, "CALICO_ENDPOINT_STATUS_PATH_PREFIX");
	if (k->endpoint_status == NULL && prefix != NULL)
		k->endpoint_status = conf_arena_fmt(c->arena, "%s/" STATUS_FOLDER, prefix);
}

int
bgpconfd_conf_load(const char *path, struct bgpconfd_conf **out, struct conf_errors *errs)
{
	struct conf_arena *arena;
	struct bgpconfd_conf *c;
	void *obj;
	int rc = load_by_table(path, &root_table, &arena, &obj, errs);

	*out = NULL;
	if (rc < 0)
		return rc;
	c = obj;
	c->arena = arena;
	node_fill(c);
	if ((c->has & 1u << ROOT_DATASTORE) == 0)
		datastore_fill(errs);
	if (c->datastore.path == NULL)
		c->datastore.path = RESOURCES_PATH;
	if (c->resolver == BGPCONFD_RESOLVER_CALICO)
		calico_fill(c);
	if (errs->n != 0) {
		bgpconfd_conf_free(c);
		return -EINVAL;
	}
	*out = c;
	return 0;
}

void
bgpconfd_conf_free(struct bgpconfd_conf *c)
{
	if (c != NULL)
		conf_arena_free(c->arena);
}

void
bgpconfd_conf_doc(struct str *out)
{
	conf_table_doc(&root_table, out);
}
