/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgpconfd_conf: the tables of bgpconfd.yaml, and what the environment adds. See bgpconfd_conf.h.
 */
#include "conf/bgpconfd_conf.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "conf/arena.h"
#include "conf/error.h"
#include "conf/kube.h"
#include "conf/load.h"
#include "conf/schema_parts.h"

#define RESOURCES_PATH "/etc/godwit/resources"
#define STATUS_FOLDER  "endpoint-status"
#define ETCD_PREFIX    "/calico"
#define RESOURCES      "configmaps"
#define RATE_MAX       10000
#define RATE_LEAST     0.01 /* requests a second */

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

static const struct conf_word group_words[] = {{"crd.projectcalico.org/v1", BGPCONFD_GROUP_V1},
					       {"projectcalico.org/v3", BGPCONFD_GROUP_V3},
					       {0}};

enum { STORE_TYPE, STORE_PATH };

static const struct conf_row datastore_rows[] = {
    [STORE_TYPE] = {.key = "type",
		    .type = &conf_type_word,
		    AT(bgpconfd_datastore, type),
		    .words = store_words,
		    .flags = CONF_ROW_REQUIRED,
		    .doc = "Where resources come from. Each has keys of its own below; those of another one are an error."},
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
     .doc = "Of etcd: URLs of its servers, one of which is asked at a time. Else ETCD_ENDPOINTS."},
    {.key = "prefix",
     .type = &conf_type_string,
     AT(bgpconfd_datastore, prefix),
     .def_doc = ETCD_PREFIX,
     .doc = "Of etcd: the folder that all keys are in."},
    PATH_ROW("ca", bgpconfd_datastore, ca,
	     "Of etcd: certificates of those whom to trust, in PEM. Else ETCD_CA_CERT_FILE, else those of the system."),
    PATH_ROW("cert", bgpconfd_datastore, cert, "Of etcd: our certificate, in PEM. Else ETCD_CERT_FILE, else none."),
    PATH_ROW("key", bgpconfd_datastore, key, "Of etcd: the key of our certificate. Else ETCD_KEY_FILE."),
    TEXT_ROW("username", bgpconfd_datastore, username, "Of etcd: who we are. Else ETCD_USERNAME, else nobody."),
    PATH_ROW("password-file", bgpconfd_datastore, password_file,
	     "Of etcd: a file with the password, which is read each time it is needed. Else ETCD_PASSWORD."),
    PATH_ROW("kubeconfig", bgpconfd_datastore, kubeconfig,
	     "Of kubernetes: the file that says where its API is and who we are. Else KUBECONFIG, else the service account of the pod. "
	     "Of etcd with the resolver calico: the same, for Services and Secrets, which Calico does not keep in etcd; a host that is no "
	     "pod and has no such file goes without."),
    {.key = "api-group",
     .type = &conf_type_word,
     AT(bgpconfd_datastore, api_group),
     .words = group_words,
     .def_doc = "what CALICO_API_GROUP says, or the server has",
     .doc = "Of kubernetes: where Calico's resources are."},
    {.key = "resources",
     .type = &conf_type_list,
     AT(bgpconfd_datastore, resources),
     .elem = &(const struct conf_row){.type = &conf_type_string, .unit = "a resource"},
     .min = 1,
     .flags = CONF_ROW_ONE_OR_LIST,
     .def_doc = RESOURCES,
     .doc = "Of kubernetes with the resolver keys: whose objects are keys, as in nodes and apps/v1/deployments."},
    {.key = "namespace",
     .type = &conf_type_string,
     AT(bgpconfd_datastore, name_space),
     .def_doc = "all",
     .doc = "Of kubernetes with the resolver keys: the namespace of those that are in one."},
};

/* Which keys each of them has beside type. */
static const char *const store_keys[][9] = { /* NULL ends each */
    [BGPCONFD_STORE_FILES] = {"path"},
    [BGPCONFD_STORE_ETCD] = {"endpoints", "prefix", "ca", "cert", "key", "username", "password-file", "kubeconfig"},
    [BGPCONFD_STORE_KUBERNETES] = {"kubeconfig", "api-group", "resources", "namespace"},
};

static bool
store_has(unsigned type, const char *key)
{
	for (const char *const *k = store_keys[type]; *k != NULL; k++)
		if (strcmp(*k, key) == 0)
			return true;
	return strcmp(key, "type") == 0;
}

static void
store_keys_check(struct conf_loader *ld, const struct yml_node *n, unsigned type)
{
	char list[100] = "";

	for (const char *const *k = store_keys[type]; *k != NULL; k++) {
		strlcat(list, k == store_keys[type] ? "" : k[1] != NULL ? ", " : " and ", sizeof(list));
		strlcat(list, *k, sizeof(list));
	}
	for (uint32_t i = 0; i < n->n; i++) {
		const char *key = n->pairs[i].key->text;
		if (!store_has(type, key))
			load_fail_key(ld, n->pairs[i].key, key, "found a key of another type, expected only %s with %s", list,
				      store_words[type].word);
	}
}

static bool
is_url(const char *s)
{
	const char *host = strncmp(s, "http://", 7) == 0 ? s + 7 : strncmp(s, "https://", 8) == 0 ? s + 8 : "";

	size_t len = strcspn(host, "/@?# ");

	return len > 0 && strcmp(host + len, host[len] == '/' ? "/" : "") == 0;
}

/* NULL: nothing. A password in it is not told. */
static const char *
endpoint_wrong(const char *url, char *text, size_t size)
{
	if (is_url(url))
		return NULL;
	if (strchr(url, '@') != NULL)
		return "found a user in a URL, expected username and a password beside it";
	snprintf(text, size, "found \"%.80s\", expected http:// or https:// and host:port", url);
	return text;
}

static void
etcd_check(struct conf_loader *ld, struct yml_node *n, const struct bgpconfd_datastore *d)
{
	struct yml_node *endpoints = yml_map_get(n, "endpoints");

	for (uint32_t i = 0; i < d->endpoints.n; i++) {
		char text[160];
		const char *url = d->endpoints.v[i]; /* NULL: it is no text, which was told */
		const char *wrong = url != NULL ? endpoint_wrong(url, text, sizeof(text)) : NULL;
		if (wrong != NULL)
			load_fail_key(ld, endpoints, "endpoints", "%s", wrong);
	}
	if ((d->cert == NULL) != (d->key == NULL))
		load_fail_key(ld, n, "cert", "found one of cert and key, expected both or neither");
}

/* It becomes a part of paths. */
static bool
is_namespace(const char *s)
{
	return *s != '\0' && s[strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-")] == '\0';
}

static void
kubernetes_check(struct conf_loader *ld, struct yml_node *n, const struct bgpconfd_datastore *d)
{
	struct yml_node *list = yml_map_get(n, "resources");
	struct kube_resource *all = xcalloc(d->resources.n + 1, sizeof(*all));

	if (d->name_space != NULL && !is_namespace(d->name_space))
		load_fail_key(ld, yml_map_get(n, "namespace"), "namespace",
			      "found \"%.80s\", expected a name of small letters, digits and -", d->name_space);
	for (uint32_t i = 0; i < d->resources.n; i++) {
		if (d->resources.v[i] == NULL)
			continue; /* which was told */
		if (!kube_resource_init(&all[i], d->resources.v[i]))
			load_fail_key(ld, list, "resources", "found \"%.80s\", expected a plural name, or group/version/name",
				      d->resources.v[i]);
		for (uint32_t j = 0; j < i && all[i].plural != NULL; j++)
			if (all[j].plural != NULL && strcmp(all[i].plural, all[j].plural) == 0)
				load_fail_key(ld, list, "resources", "found %s twice, expected each once", all[i].plural);
	}
	for (uint32_t i = 0; i < d->resources.n; i++)
		kube_resource_fini(&all[i]);
	free(all);
}

static void
datastore_finish(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	static const char *const paths[] = {"path", "ca", "cert", "key", "password-file", "kubeconfig"};
	struct bgpconfd_datastore *d = obj;
	const char **fields[] = {&d->path, &d->ca, &d->cert, &d->key, &d->password_file, &d->kubeconfig};

	if ((d->has & 1u << STORE_TYPE) == 0)
		return;
	store_keys_check(ld, n, d->type);
	if (d->type == BGPCONFD_STORE_ETCD)
		etcd_check(ld, n, d);
	if (d->type == BGPCONFD_STORE_KUBERNETES)
		kubernetes_check(ld, n, d);
	for (size_t i = 0; i < ARRAY_LEN(paths); i++)
		path_resolve(ld, n, paths[i], fields[i]);
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
     .doc = "The file that is made of it. Who reads it finds the old one or the new one, never a part."},
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

enum { CALICO_POD_CIDRS };

static const struct conf_row calico_rows[] = {
    [CALICO_POD_CIDRS] = {.key = "pod-cidrs",
			  .type = &conf_type_bool,
			  AT(bgpconfd_calico, pod_cidrs),
			  .def_doc = "what USE_POD_CIDR says, or false",
			  .doc = "Kubernetes gives out addresses itself: spec.podCIDRs of the node are its blocks."},
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

/* What only one of the resolvers has. */
static void
resolver_check(struct conf_loader *ld, struct yml_node *n, const struct bgpconfd_conf *c)
{
	static const struct {
		const char *key, *resolver;
		enum bgpconfd_resolver of;
		enum bgpconfd_store store;
	} keys[] = {{"api-group", "calico", BGPCONFD_RESOLVER_CALICO, BGPCONFD_STORE_KUBERNETES},
		    {"resources", "keys", BGPCONFD_RESOLVER_KEYS, BGPCONFD_STORE_KUBERNETES},
		    {"namespace", "keys", BGPCONFD_RESOLVER_KEYS, BGPCONFD_STORE_KUBERNETES},
		    {"kubeconfig", "calico", BGPCONFD_RESOLVER_CALICO, BGPCONFD_STORE_ETCD}};
	const struct yml_node *store = yml_map_get(n, "datastore");
	struct load_path up = {.key = "datastore"};

	if (store == NULL)
		return;
	ld->path = &up;
	for (size_t i = 0; i < ARRAY_LEN(keys); i++) {
		struct yml_node *there = yml_map_get(store, keys[i].key);
		if (there != NULL && c->datastore.type == keys[i].store && c->resolver != keys[i].of)
			load_fail_key(ld, there, keys[i].key, "found a key of another resolver, expected it only with %s",
				      keys[i].resolver);
	}
	ld->path = NULL;
}

/* Two templates for one file would undo each other's work for ever. */
static void
root_finish(struct conf_loader *ld, struct yml_node *n, void *obj)
{
	const struct bgpconfd_conf *c = obj;
	const struct yml_node *list = yml_map_get(n, "templates");

	resolver_check(ld, n, c);
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

/* As Calico's own programs: each variable may have CALICO_ before it. */
static void
env_fill_calico(struct conf_arena *arena, const char **field, const char *name)
{
	char *full = xasprintf("CALICO_%s", name);

	env_fill(arena, field, full);
	env_fill(arena, field, name);
	free(full);
}

/* Without a datastore in the file. */
static void
datastore_type_fill(struct bgpconfd_conf *c, struct conf_errors *errs)
{
	static const struct {
		const char *name;
		enum bgpconfd_store type;
	} types[] = {{"files", BGPCONFD_STORE_FILES}, {"etcdv3", BGPCONFD_STORE_ETCD}, {"kubernetes", BGPCONFD_STORE_KUBERNETES}};
	const struct conf_pos pos = {.file = "environment"};
	const char *name = NULL, *endpoints = NULL;
	size_t i = 0;

	env_fill_calico(c->arena, &name, "DATASTORE_TYPE");
	env_fill_calico(c->arena, &endpoints, "ETCD_ENDPOINTS");
	if (name == NULL)
		name = endpoints != NULL ? "etcdv3" : "files";
	while (i < ARRAY_LEN(types) && strcmp(types[i].name, name) != 0)
		i++;
	if (i == ARRAY_LEN(types))
		conf_errors_add(errs, &pos, 0, "DATASTORE_TYPE", "found \"%.40s\", expected files, etcdv3 or kubernetes", name);
	else
		c->datastore.type = types[i].type;
}

/* A list with commas. */
static void
endpoints_fill(struct bgpconfd_conf *c, struct conf_errors *errs)
{
	const struct conf_pos pos = {.file = "environment"};
	struct bgpconfd_datastore *d = &c->datastore;
	const char *list = NULL;
	uint32_t most = 1;

	env_fill_calico(c->arena, &list, "ETCD_ENDPOINTS");
	for (const char *s = list; s != NULL && *s != '\0'; s++)
		most += *s == ',';
	d->endpoints.v = conf_arena_alloc(c->arena, most * sizeof(*d->endpoints.v));
	while (list != NULL) {
		size_t n = strcspn(list, ", ");
		if (n > 0)
			d->endpoints.v[d->endpoints.n++] = conf_arena_fmt(c->arena, "%.*s", (int)n, list);
		list = list[n] != '\0' ? list + n + 1 : NULL;
	}
	if (d->endpoints.n == 0)
		conf_errors_add(errs, &pos, 0, "ETCD_ENDPOINTS", "found none, expected URLs of etcd, here or in the file");
	for (uint32_t i = 0; i < d->endpoints.n; i++) {
		char text[160];
		const char *wrong = endpoint_wrong(d->endpoints.v[i], text, sizeof(text));
		if (wrong != NULL)
			conf_errors_add(errs, &pos, 0, "ETCD_ENDPOINTS", "%s", wrong);
	}
}

static void
etcd_fill(struct bgpconfd_conf *c, struct conf_errors *errs)
{
	struct bgpconfd_datastore *d = &c->datastore;
	const struct conf_pos pos = {.file = "environment"};

	if (d->endpoints.n == 0)
		endpoints_fill(c, errs);
	if (d->prefix == NULL)
		d->prefix = ETCD_PREFIX;
	env_fill_calico(c->arena, &d->ca, "ETCD_CA_CERT_FILE");
	if (d->ca == NULL)
		env_fill_calico(c->arena, &d->ca_text, "ETCD_CA_CERT");
	if (d->cert == NULL) {
		env_fill_calico(c->arena, &d->cert, "ETCD_CERT_FILE");
		env_fill_calico(c->arena, &d->key, "ETCD_KEY_FILE");
	}
	if (d->cert == NULL) {
		env_fill_calico(c->arena, &d->cert_text, "ETCD_CERT");
		env_fill_calico(c->arena, &d->key_text, "ETCD_KEY");
	}
	env_fill_calico(c->arena, &d->username, "ETCD_USERNAME");
	if (d->password_file == NULL)
		env_fill_calico(c->arena, &d->password, "ETCD_PASSWORD");
	if (d->username != NULL && d->password_file == NULL && d->password == NULL)
		conf_errors_add(errs, &pos, 0, "ETCD_PASSWORD", "found a username without a password, expected password-file in the file");
}

/*
 * How often the API server may be asked. As to calico-node 0 is what it is anyway, and less than that no bound;
 * what works there is no reason not to start here.
 */
static void
rate_fill(struct bgpconfd_conf *c, double *field, const char *name, double least, struct conf_errors *errs)
{
	const struct conf_pos pos = {.file = "environment"};
	const char *text = NULL;
	char *end;
	double rate;

	env_fill_calico(c->arena, &text, name);
	if (text == NULL)
		return;
	rate = strtod(text, &end);
	if (*end != '\0' || !isfinite(rate))
		conf_errors_add(errs, &pos, 0, name, "found \"%.40s\", expected a number", text);
	else if (rate < 0 || rate > RATE_MAX)
		*field = RATE_MAX;
	else
		*field = rate > 0 && rate < least ? least : rate;
}

/* Who we are to the API server, and how often it may be asked. */
static void
cluster_fill(struct bgpconfd_conf *c, struct conf_errors *errs)
{
	env_fill_calico(c->arena, &c->datastore.kubeconfig, "KUBECONFIG");
	rate_fill(c, &c->datastore.rate_per_s, "K8S_CLIENT_QPS", RATE_LEAST, errs);
	rate_fill(c, &c->datastore.burst, "K8S_CLIENT_BURST", 1, errs);
}

/* As calico-node does: any other group means the first. */
static void
kubernetes_fill(struct bgpconfd_conf *c)
{
	struct bgpconfd_datastore *d = &c->datastore;
	const char *group = NULL;

	env_fill(c->arena, &group, "CALICO_API_GROUP");
	if (d->api_group == BGPCONFD_GROUP_FOUND && group != NULL)
		d->api_group = strcmp(group, "projectcalico.org/v3") == 0 ? BGPCONFD_GROUP_V3 : BGPCONFD_GROUP_V1;
	if (d->resources.n == 0) {
		d->resources.v = conf_arena_alloc(c->arena, sizeof(*d->resources.v));
		d->resources.v[d->resources.n++] = RESOURCES;
	}
}

/* As Go reads it, in which calico-node is written. */
static bool
is_true(const char *text)
{
	static const char *const words[] = {"1", "t", "T", "true", "True", "TRUE"};

	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(text, words[i]) == 0)
			return true;
	return false;
}

static void
calico_fill(struct bgpconfd_conf *c)
{
	struct bgpconfd_calico *k = &c->calico;
	const char *prefix = NULL, *pod_cidrs = NULL;

	env_fill(c->arena, &k->router_id, "CALICO_ROUTER_ID");
	env_fill(c->arena, &k->cluster_ips, "CALICO_ADVERTISE_CLUSTER_IPS");
	env_fill(c->arena, &k->kubernetes_node, "CALICO_K8S_NODE_REF");
	env_fill(c->arena, &k->namespace, "NAMESPACE");
	env_fill_calico(c->arena, &pod_cidrs, "USE_POD_CIDR");
	if ((k->has & 1u << CALICO_POD_CIDRS) == 0)
		k->pod_cidrs = pod_cidrs != NULL && is_true(pod_cidrs);
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
		datastore_type_fill(c, errs);
	if (c->datastore.type == BGPCONFD_STORE_FILES && c->datastore.path == NULL)
		c->datastore.path = RESOURCES_PATH;
	if (c->datastore.type == BGPCONFD_STORE_ETCD)
		etcd_fill(c, errs);
	if (c->datastore.type == BGPCONFD_STORE_KUBERNETES)
		kubernetes_fill(c);
	if (c->datastore.type == BGPCONFD_STORE_KUBERNETES ||
	    (c->datastore.type == BGPCONFD_STORE_ETCD && c->resolver == BGPCONFD_RESOLVER_CALICO))
		cluster_fill(c, errs);
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

void
bgpconfd_conf_json(struct str *out)
{
	conf_table_json(&root_table, "bgpconfd.yaml", out);
}
