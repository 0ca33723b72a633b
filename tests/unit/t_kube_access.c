/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/kube_access: kubeconfig files in the forms that are written, what is wrong with others, and
 * tokens. */
#include "conf/kube.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

static char dir[] = "/tmp/t_kube_access.XXXXXX";
static char *path;
static struct kube_access a;

static void
write_to(const char *name, const char *text)
{
	char *full = xasprintf("%s/%s", dir, name);
	FILE *f = fopen(full, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert(fputs(text, f) >= 0 && fclose(f) == 0);
	free(full);
}

static void
begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	path = xasprintf("%s/config", dir);
}

static void
finish(void)
{
	char *command = xasprintf("rm -r %s", dir);

	ck_assert_int_eq(system(command), 0);
	free(command);
	free(path);
}

#define CONFIG(cluster, user)                                                                                \
	"apiVersion: v1\nkind: Config\ncurrent-context: b\ncontexts:\n- {name: a, context: {cluster: x, "    \
	"user: y}}\n"                                                                                        \
	"- {name: b, context: {cluster: c, user: u}}\nclusters:\n- {name: c, cluster: {" cluster             \
	"}}\nusers:\n- {name: u, user: {" user "}}\n"

static void
reads(const char *text)
{
	struct str err = {0};

	write_to("config", text);
	ck_assert_msg(kube_access_read(path, &a, &err) == 0, "%s", str_get(&err));
	str_free(&err);
}

/* The error is behind the name of the file. */
static void
fails(const char *text, const char *expected)
{
	struct str err = {0};

	write_to("config", text);
	ck_assert_int_eq(kube_access_read(path, &a, &err), -1);
	ck_assert(strncmp(str_get(&err), path, strlen(path)) == 0);
	ck_assert_str_eq(str_get(&err) + strlen(path) + 2, expected);
	ck_assert_ptr_null(a.server);
	str_free(&err);
}

START_TEST(test_forms)
{
	begin();
	reads(CONFIG("server: 'https://api:6443/', certificate-authority: pki/ca.pem",
		     "client-certificate: /etc/c.pem, client-key: k.pem"));
	ck_assert_str_eq(a.server, "https://api:6443");
	char *ca = xasprintf("%s/pki/ca.pem", dir);
	ck_assert_str_eq(a.ca.path, ca); /* beside the file */
	ck_assert_str_eq(a.cert.path, "/etc/c.pem");
	ck_assert_ptr_null(a.token);
	free(ca);
	kube_access_fini(&a);
	/* "-----BEGIN X-----" in base64, which counts over the file. */
	reads(CONFIG("server: 'http://api', certificate-authority: no.pem, certificate-authority-data: "
		     "LS0tLS1CRUdJTiBYLS0tLS0=",
		     "token: abc, tokenFile: t"));
	ck_assert_str_eq(a.ca.text, "-----BEGIN X-----");
	ck_assert_ptr_null(a.ca.path);
	kube_access_fini(&a);
	/* As JSON, and what programs add. */
	reads("{\"current-context\": \"x\", \"contexts\": [{\"name\": \"x\", \"context\": {\"cluster\": "
	      "\"x\", \"namespace\": \"n\"}}], \"preferences\": {},"
	      "\"clusters\": [{\"name\": \"x\", \"cluster\": {\"server\": \"https://[fd00::1]:6443\", "
	      "\"insecure-skip-tls-verify\": false, \"extensions\": []}}]}");
	ck_assert_str_eq(a.server, "https://[fd00::1]:6443");
	kube_access_fini(&a);
	finish();
}
END_TEST

START_TEST(test_errors)
{
	begin();
	fails("", "found no map, expected a kubeconfig");
	fails("a: ]", "line 1, column 4: found no YAML: did not find expected node content");
	fails("a: 1", "current-context: found none");
	fails("current-context: z\n", "contexts: found no \"z\", which is referred to");
	fails("current-context: z\ncontexts: [{name: z, context: {}}]\n",
	      "contexts: found no cluster in \"z\"");
	fails("current-context: z\ncontexts: [{name: z, context: {cluster: c}}]\n",
	      "clusters: found no \"c\", which is referred to");
	fails("current-context: z\ncontexts: [{name: z, context: {cluster: c, user: w}}]\nclusters: [{name: "
	      "c, cluster: {server: 'http://a'}}]\n",
	      "users: found no \"w\", which is referred to");
	fails("{current-context: z, contexts: [{name: z}]}", "contexts: found no context in \"z\"");
	fails("{current-context: z, contexts: [{name: z, context: {cluster: c, user: w}}], clusters: [{name: c, "
	      "cluster: {server: 'http://a'}}], users: [{name: w}]}",
	      "users: found no user in \"w\"");
	fails(CONFIG("", ""), "cluster.server: found none, expected a URL");
	fails(CONFIG("server: api", ""), "cluster.server: found \"api\", expected a URL");
	fails(CONFIG("server: 'https://me:secret@a'", ""),
	      "cluster.server: found a user in it, expected username and password of users");
	fails(CONFIG("server: 'https://a', insecure-skip-tls-verify: true", ""),
	      "cluster.insecure-skip-tls-verify: found one, which is not supported");
	fails(CONFIG("server: 'https://a', proxy-url: 'http://p'", ""),
	      "cluster.proxy-url: found one, which is not supported");
	fails(CONFIG("server: 'https://a'", "exec: {command: aws}"),
	      "user.exec: found one, which is not supported");
	fails(CONFIG("server: 'https://a'", "auth-provider: {name: gcp}"),
	      "user.auth-provider: found one, which is not supported");
	fails(CONFIG("server: 'https://a'", "as: admin"), "user.as: found one, which is not supported");
	fails(CONFIG("server: 'https://a'", "client-key: k"),
	      "user: found client-key without client-certificate");
	fails(CONFIG("server: 'https://a'", "client-certificate: k"),
	      "user: found client-certificate without client-key");
	fails(CONFIG("server: 'https://a'", "client-key-data: '!'"),
	      "user.client-key-data: found no PEM in base64");
	fails(CONFIG("server: 'https://a', certificate-authority-data: YWJj", ""),
	      "cluster.certificate-authority-data: found no PEM in base64");
	finish();
	struct str err = {0};
	ck_assert_int_eq(kube_access_read("/nowhere/config", &a, &err), -1);
	ck_assert_str_eq(str_get(&err), "/nowhere/config: No such file or directory");
	str_free(&err);
}
END_TEST

static void
authorizes(const char *expected, const char *error)
{
	struct str err = {0};
	char *value;

	ck_assert_int_eq(kube_access_authorization(&a, &value, &err), error != NULL ? -1 : 0);
	if (expected != NULL)
		ck_assert_str_eq(value, expected);
	else
		ck_assert_ptr_null(value);
	ck_assert_msg(error == NULL || strstr(str_get(&err), error) != NULL, "%s", str_get(&err));
	free(value);
	str_free(&err);
}

START_TEST(test_tokens)
{
	begin();
	reads(CONFIG("server: 'https://a'", "token: abc"));
	authorizes("Bearer abc", NULL);
	kube_access_fini(&a);
	reads(CONFIG("server: 'https://a'", "token: \"a\\r\\nX: y\""));
	authorizes(NULL, "user.token: found no token");
	kube_access_fini(&a);
	reads(CONFIG("server: 'https://a'", "username: me, password: x"));
	authorizes(NULL, NULL);
	ck_assert_str_eq(a.username, "me");
	ck_assert_str_eq(a.password, "x");
	kube_access_fini(&a);
	/* A file is read each time. */
	reads(CONFIG("server: 'https://a'", "token: abc, tokenFile: token"));
	authorizes(NULL, "token: No such file or directory");
	write_to("token", "one\n");
	authorizes("Bearer one", NULL);
	write_to("token", "two");
	authorizes("Bearer two", NULL);
	write_to("token", "");
	authorizes(NULL, "token: found no token");
	write_to("token", "a b");
	authorizes(NULL, "token: found no token");
	kube_access_fini(&a);
	finish();
}
END_TEST

START_TEST(test_in_a_pod)
{
	struct str err = {0};

	unsetenv("KUBERNETES_SERVICE_HOST");
	unsetenv("KUBERNETES_SERVICE_PORT");
	ck_assert_int_eq(kube_access_read(NULL, &a, &err), -1);
	ck_assert_ptr_nonnull(strstr(str_get(&err), "KUBERNETES_SERVICE_HOST"));
	setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1", 1);
	setenv("KUBERNETES_SERVICE_PORT", "443", 1);
	ck_assert_int_eq(kube_access_read(NULL, &a, &err), 0);
	ck_assert_str_eq(a.server, "https://10.96.0.1:443");
	ck_assert_str_eq(a.ca.path, "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");
	ck_assert_str_eq(a.token_file, "/var/run/secrets/kubernetes.io/serviceaccount/token");
	kube_access_fini(&a);
	setenv("KUBERNETES_SERVICE_HOST", "fd00::1", 1);
	ck_assert_int_eq(kube_access_read(NULL, &a, &err), 0);
	ck_assert_str_eq(a.server, "https://[fd00::1]:443");
	kube_access_fini(&a);
	str_free(&err);
}
END_TEST

SUITE("kube_access", test_forms, test_errors, test_tokens, test_in_a_pod)
