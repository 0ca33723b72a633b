/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/bgpconfd_conf: values, defaults, what the environment adds, and errors with their places. */
#include "conf/bgpconfd_conf.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/log.h"
#include "lib/str.h"
#include "tests/unit/suite.h"

static char dir[] = "/tmp/t_bgpconfd_conf.XXXXXX";
static struct bgpconfd_conf *conf;
static struct str errors;

static const char *const variables[] = {"NODENAME",
					"DATASTORE_TYPE",
					"CALICO_DATASTORE_TYPE",
					"ETCD_ENDPOINTS",
					"CALICO_ETCD_ENDPOINTS",
					"ETCD_CA_CERT_FILE",
					"ETCD_CERT_FILE",
					"ETCD_KEY_FILE",
					"ETCD_CA_CERT",
					"ETCD_CERT",
					"ETCD_KEY",
					"ETCD_USERNAME",
					"ETCD_PASSWORD",
					"CALICO_ROUTER_ID",
					"CALICO_ADVERTISE_CLUSTER_IPS",
					"CALICO_K8S_NODE_REF",
					"NAMESPACE",
					"CALICO_ENDPOINT_STATUS_PATH_PREFIX",
					"USE_POD_CIDR",
					"CALICO_API_GROUP",
					"KUBECONFIG",
					"K8S_CLIENT_QPS",
					"CALICO_K8S_CLIENT_QPS",
					"K8S_CLIENT_BURST",
					"CALICO_K8S_CLIENT_BURST"};

static void
begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	for (size_t i = 0; i < sizeof(variables) / sizeof(variables[0]); i++)
		unsetenv(variables[i]);
}

static void
end(void)
{
	bgpconfd_conf_free(conf);
	str_free(&errors);
	unlink("f");
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(rmdir(dir), 0);
}

/* Reads it as the file "f" of the current folder; errors are in `errors`. */
static int
load(const char *text)
{
	FILE *f = fopen("f", "w");
	struct conf_errors errs = {0};
	int rc;

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
	bgpconfd_conf_free(conf);
	rc = bgpconfd_conf_load("f", &conf, &errs);
	str_reset(&errors);
	conf_errors_print(&errs, &errors);
	conf_errors_free(&errs);
	ck_assert((rc == 0) == (conf != NULL));
	return rc;
}

START_TEST(test_values)
{
	begin();
	ck_assert_int_eq(
	    load("node: kube-master\n"
		 "datastore: {type: files, path: /r}\n"
		 "resolver: keys\n"
		 "calico: {router-id: hash, cluster-ips: \"10.96.0.0/12\", kubernetes-node: k, namespace: n, "
		 "endpoint-status: /e}\n"
		 "templates:\n"
		 "  - {src: /t/a, dest: /d/a, mode: \"0600\", check: 'c {{stage}}', reload: r, timeout: 5}\n"
		 "  - {src: b, dest: c}\n"
		 "debounce-ms: 0\n"
		 "metrics: {listen: \"127.0.0.1:9180\"}\n"
		 "control: {socket: /s}\n"
		 "log: {level: debug, format: json}\n"),
	    0);
	ck_assert_str_eq(conf->node, "kube-master");
	ck_assert_uint_eq(conf->datastore.type, BGPCONFD_STORE_FILES);
	ck_assert_str_eq(conf->datastore.path, "/r");
	ck_assert_uint_eq(conf->resolver, BGPCONFD_RESOLVER_KEYS);
	ck_assert_str_eq(conf->calico.router_id, "hash");
	ck_assert_str_eq(conf->calico.cluster_ips, "10.96.0.0/12");
	ck_assert_str_eq(conf->calico.kubernetes_node, "k");
	ck_assert_str_eq(conf->calico.namespace, "n");
	ck_assert_str_eq(conf->calico.endpoint_status, "/e");
	ck_assert_uint_eq(conf->templates.n, 2);
	ck_assert_str_eq(conf->templates.v[0].src, "/t/a");
	ck_assert_str_eq(conf->templates.v[0].dest, "/d/a");
	ck_assert_uint_eq(conf->templates.v[0].mode, 0600);
	ck_assert_str_eq(conf->templates.v[0].check, "c {{stage}}");
	ck_assert_str_eq(conf->templates.v[0].reload, "r");
	ck_assert_uint_eq(conf->templates.v[0].timeout_s, 5);
	ck_assert_str_eq(conf->templates.v[1].src, "b");
	ck_assert_uint_eq(conf->templates.v[1].mode, 0640);
	ck_assert_ptr_null(conf->templates.v[1].check);
	ck_assert_ptr_null(conf->templates.v[1].reload);
	ck_assert_uint_eq(conf->templates.v[1].timeout_s, 30);
	ck_assert_uint_eq(conf->debounce_ms, 0);
	ck_assert_uint_eq(conf->metrics.listen.port, 9180);
	ck_assert_str_eq(conf->control.socket, "/s");
	ck_assert_uint_eq(conf->log.level, LOG_DEBUG);
	ck_assert_uint_eq(conf->log.format, CONF_LOG_JSON);
	end();
}
END_TEST

#define TEMPLATE "templates: [{src: a, dest: b}]\n"

START_TEST(test_defaults)
{
	char host[256] = "";

	begin();
	ck_assert_int_eq(load(TEMPLATE), 0);
	ck_assert_int_eq(gethostname(host, sizeof(host) - 1), 0);
	ck_assert_int_eq(strcasecmp(conf->node, host), 0);
	ck_assert_uint_eq(conf->datastore.type, BGPCONFD_STORE_FILES);
	ck_assert_str_eq(conf->datastore.path, "/etc/godwit/resources");
	ck_assert_uint_eq(conf->resolver, BGPCONFD_RESOLVER_CALICO);
	ck_assert_ptr_null(conf->calico.router_id);
	ck_assert_ptr_null(conf->calico.endpoint_status);
	ck_assert_uint_eq(conf->debounce_ms, 200);
	ck_assert_str_eq(conf->control.socket, "/run/godwit/bgpconfd.sock");
	ck_assert_uint_eq(conf->log.level, LOG_INFO);
	end();
}
END_TEST

START_TEST(test_environment)
{
	begin();
	setenv("NODENAME", "n1", 1);
	setenv("CALICO_ROUTER_ID", "hash", 1);
	setenv("CALICO_ADVERTISE_CLUSTER_IPS", "10.96.0.0/12", 1);
	setenv("CALICO_K8S_NODE_REF", "k1", 1);
	setenv("NAMESPACE", "calico-system", 1);
	setenv("CALICO_ENDPOINT_STATUS_PATH_PREFIX", "/var/run/calico", 1);
	ck_assert_int_eq(load(TEMPLATE), 0);
	ck_assert_str_eq(conf->node, "n1");
	ck_assert_str_eq(conf->calico.router_id, "hash");
	ck_assert_str_eq(conf->calico.cluster_ips, "10.96.0.0/12");
	ck_assert_str_eq(conf->calico.kubernetes_node, "k1");
	ck_assert_str_eq(conf->calico.namespace, "calico-system");
	ck_assert_str_eq(conf->calico.endpoint_status, "/var/run/calico/endpoint-status");
	/* The file is stronger. */
	ck_assert_int_eq(load("node: n2\ncalico: {router-id: 10.0.0.1, endpoint-status: /e}\n" TEMPLATE), 0);
	ck_assert_str_eq(conf->node, "n2");
	ck_assert_str_eq(conf->calico.router_id, "10.0.0.1");
	ck_assert_str_eq(conf->calico.endpoint_status, "/e");
	ck_assert_str_eq(conf->calico.kubernetes_node, "k1");
	/* Set to nothing is not set; and with keys there is no Calico. */
	setenv("CALICO_ROUTER_ID", "", 1);
	ck_assert_int_eq(load(TEMPLATE), 0);
	ck_assert_ptr_null(conf->calico.router_id);
	ck_assert_int_eq(load("resolver: keys\n" TEMPLATE), 0);
	ck_assert_ptr_null(conf->calico.endpoint_status);
	ck_assert(!conf->calico.pod_cidrs);
	setenv("USE_POD_CIDR", "yes", 1);
	ck_assert_int_eq(load(TEMPLATE), 0);
	ck_assert(!conf->calico.pod_cidrs);
	setenv("USE_POD_CIDR", "True", 1);
	ck_assert_int_eq(load(TEMPLATE), 0);
	ck_assert(conf->calico.pod_cidrs);
	ck_assert_int_eq(load("calico: {pod-cidrs: false}\n" TEMPLATE), 0);
	ck_assert(!conf->calico.pod_cidrs);
	ck_assert_int_eq(load("calico: {pod-cidrs: true}\n" TEMPLATE), 0);
	ck_assert(conf->calico.pod_cidrs);
	end();
}
END_TEST

START_TEST(test_datastores)
{
	begin();
	ck_assert_int_eq(load("datastore: {type: files, prefix: /calico}\n" TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors),
			 "f:1:26: datastore.prefix: found a key of another type, expected only path "
			 "with files\n");
	ck_assert_int_eq(load("datastore: {type: files}\n" TEMPLATE), 0);
	setenv("ETCD_ENDPOINTS", "http://127.0.0.1:2379", 1);
	ck_assert_int_eq(load(TEMPLATE), 0);
	ck_assert_uint_eq(conf->datastore.type, BGPCONFD_STORE_ETCD);
	setenv("DATASTORE_TYPE", "files", 1);
	ck_assert_int_eq(load(TEMPLATE), 0);
	ck_assert_uint_eq(conf->datastore.type, BGPCONFD_STORE_FILES);
	setenv("DATASTORE_TYPE", "zookeeper", 1);
	ck_assert_int_eq(load(TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors),
			 "environment: DATASTORE_TYPE: found \"zookeeper\", expected files, etcdv3 or "
			 "kubernetes\n");
	end();
}
END_TEST

START_TEST(test_etcd)
{
	const struct bgpconfd_datastore *d;
	begin();
	ck_assert_int_eq(load("datastore: {type: etcd, endpoints: [\"https://a:2379\", \"http://[::1]:2379/\"], prefix: /x, ca: /ca,\n"
			      "  cert: /cert, key: /key, username: me, password-file: /pw}\n" TEMPLATE),
			 0);
	d = &conf->datastore;
	ck_assert_uint_eq(d->type, BGPCONFD_STORE_ETCD);
	ck_assert_uint_eq(d->endpoints.n, 2);
	ck_assert_str_eq(d->endpoints.v[1], "http://[::1]:2379/");
	ck_assert_str_eq(d->prefix, "/x");
	ck_assert_str_eq(d->password_file, "/pw");
	ck_assert_ptr_null(d->path);
	/* One text is a list of one. */
	ck_assert_int_eq(load("datastore:\n  type: etcd\n  endpoints: https://127.0.0.1:2379\n" TEMPLATE), 0);
	ck_assert_uint_eq(conf->datastore.endpoints.n, 1);
	ck_assert_str_eq(conf->datastore.prefix, "/calico");
	ck_assert_ptr_null(conf->datastore.ca);
	ck_assert_int_eq(load("datastore: {type: etcd}\n" TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors), "environment: ETCD_ENDPOINTS: found none, expected URLs of etcd, here or in the file\n");
	ck_assert_int_eq(load("datastore: {type: etcd, endpoints: [\"a:2379\"], path: /r}\n" TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors),
			 "f:1:36: datastore.endpoints: found \"a:2379\", expected http:// or https:// and host:port\n"
			 "f:1:48: datastore.path: found a key of another type, expected only endpoints, prefix, ca, cert, key, "
			 "username, password-file and kubeconfig with etcd\n");
	/* Beside it Kubernetes, for Calico alone. */
	ck_assert_int_eq(load("datastore: {type: etcd, endpoints: \"http://a:1\", kubeconfig: /k}\n" TEMPLATE), 0);
	ck_assert_str_eq(conf->datastore.kubeconfig, "/k");
	ck_assert_int_eq(load("resolver: keys\ndatastore: {type: etcd, endpoints: \"http://a:1\", kubeconfig: /k}\n" TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors),
			 "f:2:62: datastore.kubeconfig: found a key of another resolver, expected it only with calico\n");
	ck_assert_int_eq(load("datastore: {type: etcd, endpoints: \"http://me:secret@a\"}\n" TEMPLATE), -EINVAL);
	ck_assert_ptr_nonnull(strstr(str_get(&errors), "datastore.endpoints: found a user in a URL"));
	ck_assert_ptr_null(strstr(str_get(&errors), "secret"));
	ck_assert_int_eq(load("datastore: {type: etcd, endpoints: \"http://a/b\", cert: /c}\n" TEMPLATE), -EINVAL);
	ck_assert_ptr_nonnull(strstr(str_get(&errors), "datastore.endpoints: found \"http://a/b\""));
	ck_assert_ptr_nonnull(strstr(str_get(&errors), "datastore.cert: found one of cert and key, expected both or neither\n"));
	ck_assert_int_eq(load("datastore: {type: etcd, endpoints: \"http://a\", username: me}\n" TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors), "environment: ETCD_PASSWORD: found a username without a password, expected password-file "
					   "in the file\n");
	end();
}
END_TEST

START_TEST(test_etcd_environment)
{
	const struct bgpconfd_datastore *d;
	begin();
	setenv("DATASTORE_TYPE", "etcdv3", 1);
	setenv("ETCD_ENDPOINTS", "https://a:2379, https://b:2379,", 1);
	setenv("ETCD_CA_CERT_FILE", "/ca", 1);
	setenv("ETCD_CERT_FILE", "/cert", 1);
	setenv("ETCD_KEY_FILE", "/key", 1);
	setenv("ETCD_USERNAME", "me", 1);
	setenv("ETCD_PASSWORD", "pw", 1);
	ck_assert_int_eq(load(TEMPLATE), 0);
	d = &conf->datastore;
	ck_assert_uint_eq(d->type, BGPCONFD_STORE_ETCD);
	ck_assert_uint_eq(d->endpoints.n, 2);
	ck_assert_str_eq(d->endpoints.v[0], "https://a:2379");
	ck_assert_str_eq(d->endpoints.v[1], "https://b:2379");
	ck_assert_str_eq(d->prefix, "/calico");
	ck_assert_str_eq(d->ca, "/ca");
	ck_assert_str_eq(d->cert, "/cert");
	ck_assert_str_eq(d->key, "/key");
	ck_assert_str_eq(d->username, "me");
	ck_assert_str_eq(d->password, "pw");
	/* The file is stronger; with CALICO_ before it a name is stronger, too. */
	setenv("CALICO_ETCD_ENDPOINTS", "http://c:2379", 1);
	ck_assert_int_eq(load("datastore: {type: etcd, ca: /other, password-file: /pw}\n" TEMPLATE), 0);
	d = &conf->datastore;
	ck_assert_str_eq(d->endpoints.v[0], "http://c:2379");
	ck_assert_str_eq(d->ca, "/other");
	ck_assert_str_eq(d->password_file, "/pw");
	ck_assert_ptr_null(d->password);
	/* Certificates as they are. */
	unsetenv("ETCD_CERT_FILE");
	setenv("ETCD_CERT", "-----BEGIN", 1);
	setenv("ETCD_KEY", "-----BEGIN", 1);
	ck_assert_int_eq(load(TEMPLATE), 0);
	ck_assert_str_eq(conf->datastore.cert_text, "-----BEGIN");
	ck_assert_str_eq(conf->datastore.key_text, "-----BEGIN");
	setenv("CALICO_ETCD_ENDPOINTS", "c:2379", 1);
	ck_assert_int_eq(load(TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors),
			 "environment: ETCD_ENDPOINTS: found \"c:2379\", expected http:// or https:// and host:port\n");
	/* A password is not told. */
	setenv("CALICO_ETCD_ENDPOINTS", "https://me:secret@c:2379", 1);
	ck_assert_int_eq(load(TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors), "environment: ETCD_ENDPOINTS: found a user in a URL, expected username and a "
					   "password beside it\n");
	end();
}
END_TEST

START_TEST(test_kubernetes)
{
	begin();
	ck_assert_int_eq(load("datastore: {type: kubernetes, kubeconfig: sub/k}\n" TEMPLATE), 0);
	ck_assert_uint_eq(conf->datastore.type, BGPCONFD_STORE_KUBERNETES);
	ck_assert_uint_eq(conf->datastore.api_group, BGPCONFD_GROUP_FOUND);
	ck_assert_str_eq(conf->datastore.kubeconfig, "sub/k");
	/* As a pod comes to it. */
	ck_assert_int_eq(load("datastore: {type: kubernetes}\n" TEMPLATE), 0);
	ck_assert_ptr_null(conf->datastore.kubeconfig);
	setenv("KUBECONFIG", "/k", 1);
	setenv("CALICO_API_GROUP", "projectcalico.org/v3", 1);
	ck_assert_int_eq(load("datastore: {type: kubernetes}\n" TEMPLATE), 0);
	ck_assert_str_eq(conf->datastore.kubeconfig, "/k");
	ck_assert_uint_eq(conf->datastore.api_group, BGPCONFD_GROUP_V3);
	ck_assert_int_eq(load("datastore: {type: kubernetes, api-group: crd.projectcalico.org/v1, kubeconfig: /m}\n" TEMPLATE), 0);
	ck_assert_str_eq(conf->datastore.kubeconfig, "/m");
	ck_assert_uint_eq(conf->datastore.api_group, BGPCONFD_GROUP_V1);
	/* As calico-node says it. */
	setenv("DATASTORE_TYPE", "kubernetes", 1);
	setenv("CALICO_API_GROUP", "v1", 1);
	ck_assert_int_eq(load(TEMPLATE), 0);
	ck_assert_uint_eq(conf->datastore.type, BGPCONFD_STORE_KUBERNETES);
	ck_assert_uint_eq(conf->datastore.api_group, BGPCONFD_GROUP_V1);
	ck_assert_int_eq(load("datastore: {type: kubernetes, path: /x}\n" TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors), "f:1:31: datastore.path: found a key of another type, expected only kubeconfig, api-group, "
					   "resources and namespace with kubernetes\n");
	end();
}
END_TEST

START_TEST(test_kubernetes_rate)
{
	begin();
	ck_assert_int_eq(load("datastore: {type: kubernetes}\n" TEMPLATE), 0);
	ck_assert(conf->datastore.rate_per_s == 0 && conf->datastore.burst == 0);
	setenv("K8S_CLIENT_QPS", "7.5", 1);
	setenv("CALICO_K8S_CLIENT_BURST", "2000", 1);
	ck_assert_int_eq(load("datastore: {type: kubernetes}\n" TEMPLATE), 0);
	ck_assert(conf->datastore.rate_per_s == 7.5 && conf->datastore.burst == 2000);
	/* As it is anyway, and as good as without a bound. */
	setenv("K8S_CLIENT_QPS", "-1", 1);
	setenv("CALICO_K8S_CLIENT_BURST", "0", 1);
	ck_assert_int_eq(load("datastore: {type: kubernetes}\n" TEMPLATE), 0);
	ck_assert(conf->datastore.rate_per_s == 10000 && conf->datastore.burst == 0);
	/* Not as little that nothing is ever asked. */
	setenv("K8S_CLIENT_QPS", "1e-9", 1);
	setenv("CALICO_K8S_CLIENT_BURST", "0.5", 1);
	ck_assert_int_eq(load("datastore: {type: kubernetes}\n" TEMPLATE), 0);
	ck_assert(conf->datastore.rate_per_s == 0.01 && conf->datastore.burst == 1);
	setenv("K8S_CLIENT_QPS", "nan", 1);
	setenv("CALICO_K8S_CLIENT_BURST", "many", 1);
	ck_assert_int_eq(load("datastore: {type: kubernetes}\n" TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors), "environment: K8S_CLIENT_QPS: found \"nan\", expected a number\n"
					   "environment: K8S_CLIENT_BURST: found \"many\", expected a number\n");
	/* Of what has no such. */
	ck_assert_int_eq(load("datastore: {type: files}\n" TEMPLATE), 0);
	end();
}
END_TEST

START_TEST(test_kubernetes_keys)
{
	begin();
	ck_assert_int_eq(load("datastore: {type: kubernetes, resources: [nodes, apps/v1/deployments], namespace: x}\nresolver: keys\n" TEMPLATE), 0);
	ck_assert_uint_eq(conf->datastore.resources.n, 2);
	ck_assert_str_eq(conf->datastore.resources.v[1], "apps/v1/deployments");
	ck_assert_str_eq(conf->datastore.name_space, "x");
	ck_assert_int_eq(load("datastore: {type: kubernetes, resources: secrets}\nresolver: keys\n" TEMPLATE), 0);
	ck_assert_uint_eq(conf->datastore.resources.n, 1);
	ck_assert_ptr_null(conf->datastore.name_space);
	/* Of what is for keys in Kubernetes by itself. */
	setenv("DATASTORE_TYPE", "kubernetes", 1);
	ck_assert_int_eq(load("resolver: keys\n" TEMPLATE), 0);
	ck_assert_uint_eq(conf->datastore.resources.n, 1);
	ck_assert_str_eq(conf->datastore.resources.v[0], "configmaps");
	ck_assert_int_eq(load("resolver: keys\ndatastore: {type: kubernetes, resources: [a/b, nodes]}\n" TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors), "f:2:42: datastore.resources: found \"a/b\", expected a plural name, or group/version/name\n");
	ck_assert_int_eq(load("resolver: keys\ndatastore: {type: kubernetes, resources: [nodes, v1/nodes]}\n" TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors), "f:2:42: datastore.resources: found nodes twice, expected each once\n");
	ck_assert_int_eq(load("resolver: keys\ndatastore: {type: kubernetes, resources: []}\n" TEMPLATE), -EINVAL);
	ck_assert_int_eq(load("resolver: keys\ndatastore: {type: kubernetes, namespace: a/b}\n" TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors),
			 "f:2:42: datastore.namespace: found \"a/b\", expected a name of small letters, digits and -\n");
	/* What is of the other resolver. */
	ck_assert_int_eq(load("datastore: {type: kubernetes, resources: nodes, namespace: x}\n" TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors), "f:1:42: datastore.resources: found a key of another resolver, expected it only with keys\n"
					   "f:1:60: datastore.namespace: found a key of another resolver, expected it only with keys\n");
	ck_assert_int_eq(load("resolver: keys\ndatastore: {type: kubernetes, api-group: projectcalico.org/v3}\n" TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors), "f:2:42: datastore.api-group: found a key of another resolver, expected it only with calico\n");
	end();
}
END_TEST

START_TEST(test_errors)
{
	begin();
	ck_assert_int_eq(load("node: kube-master\n"), -EINVAL);
	ck_assert_str_eq(str_get(&errors), "f:1:1: templates: found nothing, expected a list\n");
	ck_assert_int_eq(load("templates: []\n"), -EINVAL);
	ck_assert_str_eq(str_get(&errors),
			 "f:1:12: templates: found an empty list, expected at least one element\n");
	ck_assert_int_eq(load("templats: 1\nresolver: confd\ndebounce-ms: -1\n" TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors),
			 "f:1:1: templats: found an unknown key, expected \"templates\"\n"
			 "f:2:11: resolver: found \"confd\", expected calico or keys\n"
			 "f:3:14: debounce-ms: found \"-1\", expected a number of milliseconds 0..60000\n");
	ck_assert_int_eq(load("templates:\n- {src: a, dest: b}\n- {src: c, dest: d}\n- {src: e, dest: b}\n"),
			 -EINVAL);
	ck_assert_str_eq(str_get(&errors),
			 "f:4:18: templates[2].dest: found the file of templates[0], expected another one\n");
	ck_assert_int_eq(load("datastore: files\n" TEMPLATE), -EINVAL);
	ck_assert_str_eq(str_get(&errors), "f:1:12: datastore: found \"files\", expected a map\n");
	ck_assert_int_eq(load("include: x\n" TEMPLATE), -EINVAL);
	unlink("f");
	struct conf_errors errs = {0};
	bgpconfd_conf_free(conf);
	ck_assert_int_eq(bgpconfd_conf_load("f", &conf, &errs), -EINVAL);
	str_reset(&errors);
	conf_errors_print(&errs, &errors);
	conf_errors_free(&errs);
	ck_assert_str_eq(str_get(&errors),
			 "f: file: found No such file or directory, expected a readable file\n");
	end();
}
END_TEST

SUITE("bgpconfd_conf", test_values, test_defaults, test_environment, test_datastores, test_etcd, test_etcd_environment,
      test_kubernetes, test_kubernetes_rate, test_kubernetes_keys, test_errors)
