/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/source_kubernetes: discovery, what is wanted, and when everything was told. */
#include <stdio.h>
#include <unistd.h>

#include "conf/kube.h"
#include "tests/unit/fetchfake.h"
#include "tests/unit/sourcetest.h"

static struct event_base *base;
static struct source *source;
static char path[] = "/tmp/t_source_kubernetes.XXXXXX";
static json_t *secrets;
static bool services, no_blocks;
/* Of those that are to be keys. */
static const char *const *resources;
static unsigned nresources;
static const char *name_space_wanted;
static bool wanted_only;

static bool
wants_services(void *ctx)
{
	(void)ctx;
	return services;
}

static json_t *
wants_secrets(void *ctx)
{
	(void)ctx;
	return json_copy(secrets);
}

static const struct source_handler handler = {on_put,     on_del,         on_synced,
					      on_trouble, wants_services, wants_secrets};

static void
config_write_for(const char *server, const char *user)
{
	char *text = xasprintf("{current-context: x, contexts: [{name: x, context: {cluster: x, user: x}}], "
			       "clusters: [{name: x, cluster: {server: "
			       "'%s'}}], users: [{name: x, user: {%s}}]}\n",
			       server, user);
	FILE *f = fopen(path, "w");

	ck_assert(f != NULL && fputs(text, f) >= 0 && fclose(f) == 0);
	free(text);
}

static void
config_write(const char *user)
{
	config_write_for("http://api", user);
}

static void
begin(const char *group)
{
	int fd = mkstemp(path);

	ck_assert_int_ge(fd, 0);
	close(fd);
	config_write("token: one");
	base = event_base_new();
	told_begin();
	secrets = json_object();
	services = false;
	source = source_kubernetes_start(base,
					 &(struct source_kubernetes_conf){.kubeconfig = path,
									  .group = group,
									  .node = "n1",
									  .no_blocks = no_blocks,
									  .resources = resources,
									  .nresources = nresources,
									  .name_space = name_space_wanted,
									  .wanted_only = wanted_only},
					 &handler, NULL);
}

static void
finish(void)
{
	source->ops->stop(source);
	ck_assert(TAILQ_EMPTY(&fetches));
	event_base_free(base);
	told_end();
	json_decref(secrets);
	unlink(path);
	strcpy(path + strlen(path) - 6, "XXXXXX");
}

#define GROUP(name)                                                                                          \
	"{\"name\": \"x\", \"versions\": [{\"groupVersion\": \"other/v1\"}, {\"groupVersion\": \"" name      \
	"\"}]}"
#define V1 "crd.projectcalico.org/v1"
#define V3 "projectcalico.org/v3"
#define ALL                                                                                                  \
	"{\"resources\": [{\"name\": \"bgppeers\"}, {\"name\": \"bgpconfigurations\"}, {\"name\": "          \
	"\"bgpfilters\"}, {\"name\": \"ippools\"}, "                                                         \
	"{\"name\": \"blockaffinities\"}]}"

static void
discovered(const char *groups, const char *group)
{
	struct fetch *r = asked(base, "/apis");
	char *text = xasprintf("{\"groups\": [%s]}", groups), *at = xasprintf("http://api/apis/%s", group);

	ck_assert_str_eq(r->url, "http://api/apis");
	answer(r, text);
	r = asked(base, "/apis/");
	ck_assert_str_eq(r->url, at);
	answer(r, ALL);
	free(text);
	free(at);
}

/* A list of a kind: items with a version each. */
static void
list(const char *plural, const char *kind, const char *items)
{
	char *at = xasprintf("/%s?", plural);
	char *text =
	    xasprintf("{\"kind\": \"%sList\", \"metadata\": {\"resourceVersion\": \"9\"}, \"items\": [%s]}",
		      kind, items);

	answer(asked(base, at), text);
	free(at);
	free(text);
}

#define ITEM(name)                                                                                           \
	"{\"metadata\": {\"name\": \"" name "\", \"namespace\": \"ns\"}, \"data\": {\"a\": \"Yg==\"}}"
#define CHANGED(kind, nm)                                                                                    \
	"{\"type\": \"ADDED\", \"object\": {\"kind\": \"" kind "\", \"metadata\": {\"name\": \"" nm          \
	"\", \"namespace\": \"ns\", \"resourceVersion\": \"20\"}}}"

static void
list_all_but_nodes(void)
{
	list("bgpconfigurations", "BGPConfiguration", "");
	list("bgppeers", "BGPPeer", ITEM("p"));
	list("bgpfilters", "BGPFilter", "");
	list("ippools", "IPPool", ITEM("i"));
	list("blockaffinities", "BlockAffinity", "");
}

START_TEST(test_snapshot)
{
	begin(NULL);
	discovered(GROUP(V1), V1);
	list_all_but_nodes();
	ck_assert_uint_eq(syncs, 0);
	list("nodes", "Node", ITEM("n1"));
	ck_assert_uint_eq(syncs, 1);
	ck_assert_uint_eq(json_object_size(world), 3);
	ck_assert_ptr_nonnull(json_object_get(world, "Node - n1"));
	ck_assert(!is_asked("services") && !is_asked("secrets"));
	ck_assert_str_eq(asked(base, "/api/v1/nodes?watch=1")->authorization, "Bearer one");
	ck_assert(say(asked(base, "/api/v1/nodes?watch=1"), CHANGED("Node", "n2")));
	ck_assert_uint_eq(syncs, 2);
	json_t *status = source->ops->status(source);
	ck_assert_str_eq(json_string_value(json_object_get(status, "group")), V1);
	ck_assert_uint_eq(json_array_size(json_object_get(status, "kinds")), 6);
	json_decref(status);
	finish();
}
END_TEST

START_TEST(test_groups)
{
	/* Where both are, the first has the truth. */
	begin(NULL);
	discovered(GROUP(V3) "," GROUP(V1), V1);
	asked(base, "/apis/" V1 "/bgppeers?");
	finish();
	begin(NULL);
	discovered(GROUP(V3), V3);
	asked(base, "/apis/" V3 "/bgppeers?");
	finish();
	/* None at all: a server that is half-way up. */
	begin(NULL);
	answer(asked(base, "/apis"), "{\"groups\": []}");
	ck_assert_ptr_nonnull(json_object_get(troubles, "kubernetes"));
	discovered(GROUP(V1), V1);
	ck_assert_uint_eq(json_object_size(troubles), 0);
	finish();
	/* As it is told to. */
	begin(V3);
	answer(asked(base, "/apis/" V3), ALL);
	asked(base, "/apis/" V3 "/bgppeers?");
	finish();
	/* An answer that is none. */
	begin(V3);
	answer(asked(base, "/apis/" V3), "{\"resources\": []}");
	answer(asked(base, "/apis/" V3), "<");
	refuse(asked(base, "/apis/" V3), 503);
	lose(asked(base, "/apis/" V3), FETCH_UNREACHABLE);
	ck_assert_str_eq(json_string_value(json_object_get(troubles, "kubernetes")), "http://api: lost");
	answer(asked(base, "/apis/" V3), ALL);
	ck_assert_uint_eq(json_object_size(troubles), 0);
	finish();
}
END_TEST

START_TEST(test_no_blocks)
{
	no_blocks = true;
	begin(NULL);
	discovered(GROUP(V1), V1);
	asked(base, "/ippools?");
	ck_assert(!is_asked("blockaffinities"));
	finish();
	no_blocks = false;
}
END_TEST

START_TEST(test_absent_kind)
{
	begin(NULL);
	answer(asked(base, "/apis"), "{\"groups\": [" GROUP(V1) "]}");
	answer(asked(base, "/apis/"), "{\"resources\": [{\"name\": \"bgppeers\"}, {\"name\": "
				      "\"bgpconfigurations\"}, {\"name\": \"ippools\"}, {\"name\": "
				      "\"blockaffinities\"}]}");
	list("bgpconfigurations", "BGPConfiguration", "");
	list("bgppeers", "BGPPeer", "");
	list("ippools", "IPPool", "");
	list("blockaffinities", "BlockAffinity", "");
	list("nodes", "Node", ITEM("n1"));
	ck_assert_uint_eq(syncs, 1);
	ck_assert(!is_asked("bgpfilters"));
	finish();
}
END_TEST

/* 404 of a kind that the server has is trouble; nothing is taken back. */
START_TEST(test_not_found)
{
	begin(NULL);
	discovered(GROUP(V1), V1);
	list_all_but_nodes();
	list("nodes", "Node", ITEM("n1"));
	asked(base, "/ippools?watch=1");
	refuse(asked(base, "/ippools?watch=1"), 404);
	ck_assert_ptr_nonnull(json_object_get(troubles, "kubernetes ippools"));
	ck_assert_ptr_nonnull(json_object_get(world, "IPPool - i"));
	asked(base, "/ippools?watch=1");
	finish();
}
END_TEST

START_TEST(test_wanted)
{
	begin(NULL);
	services = true;
	json_object_set_new(secrets, "ns/s", json_true());
	discovered(GROUP(V1), V1);
	list_all_but_nodes();
	list("nodes", "Node", ITEM("n1"));
	list("services", "Service", ITEM("a"));
	asked(base, "/apis/discovery.k8s.io/v1/endpointslices?limit");
	list("endpointslices", "EndpointSlice", ITEM("e"));
	ck_assert_uint_eq(syncs, 0);
	ck_assert_ptr_nonnull(strstr(asked(base, "/secrets?")->url,
				     "/api/v1/namespaces/ns/secrets?fieldSelector=metadata.name%3Ds&limit="));
	list("secrets", "Secret", ITEM("s"));
	ck_assert_uint_eq(syncs, 1);
	ck_assert_ptr_nonnull(json_object_get(world, "Secret ns s"));
	ck_assert_ptr_nonnull(json_object_get(world, "Service ns a"));
	/* Another one, which is waited for, and neither of them any more. */
	json_object_clear(secrets);
	json_object_set_new(secrets, "ns/t", json_true());
	services = false;
	ck_assert(say(asked(base, "/bgppeers?watch=1"), CHANGED("BGPPeer", "p2")));
	ck_assert_ptr_null(json_object_get(world, "Secret ns s"));
	ck_assert_ptr_null(json_object_get(world, "Service ns a"));
	ck_assert_ptr_null(json_object_get(world, "EndpointSlice ns e"));
	ck_assert_uint_eq(syncs, 1);
	list("secrets", "Secret", ITEM("t"));
	ck_assert_uint_eq(syncs, 2);
	finish();
}
END_TEST

START_TEST(test_secrets_forbidden)
{
	begin(NULL);
	json_object_set_new(secrets, "ns/s", json_true());
	discovered(GROUP(V1), V1);
	list_all_but_nodes();
	list("nodes", "Node", ITEM("n1"));
	/* A server that fails may have it: that is waited for. */
	refuse(asked(base, "/secrets?"), 500);
	ck_assert_uint_eq(syncs, 0);
	refuse(asked(base, "/secrets?"), 403);
	ck_assert_uint_eq(syncs, 1);
	ck_assert_str_eq(json_string_value(json_object_get(troubles, "secrets ns/s")),
			 "the server answers 403: made up");
	list("secrets", "Secret", ITEM("s"));
	ck_assert_uint_eq(syncs, 2);
	ck_assert_uint_eq(json_object_size(troubles), 0);
	/* The right is taken away: what was read stays. */
	refuse(asked(base, "/secrets?"), 403);
	ck_assert_ptr_nonnull(json_object_get(world, "Secret ns s"));
	/* From now on one that fails in any way keeps nothing back. */
	json_object_set_new(secrets, "ns/t", json_true());
	ck_assert(say(asked(base, "/bgppeers?watch=1"), CHANGED("BGPPeer", "p2")));
	ck_assert_uint_eq(syncs, 2);
	refuse(asked(base, "name%3Dt"), 500);
	ck_assert_uint_eq(syncs, 3);
	finish();
}
END_TEST

/* Beside another datastore: nobody is asked for anything but what that one's resources refer to. */
START_TEST(test_wanted_only)
{
	wanted_only = true;
	begin(NULL);
	ck_assert(source_kubernetes_look(source));
	ck_assert(TAILQ_EMPTY(&fetches));
	finish();

	begin(NULL);
	json_object_set_new(secrets, "ns/s", json_true());
	ck_assert(!source_kubernetes_look(source));
	/* One that cannot be had is waited for at first. */
	refuse(asked(base, "/secrets?"), 500);
	ck_assert_uint_eq(syncs, 0);
	list("secrets", "Secret", ITEM("s"));
	ck_assert_uint_eq(syncs, 1);
	ck_assert_ptr_nonnull(json_object_get(world, "Secret ns s"));
	ck_assert(source_kubernetes_look(source));
	services = true;
	ck_assert(!source_kubernetes_look(source));
	list("services", "Service", ITEM("web"));
	ck_assert_uint_eq(syncs, 1);
	list("endpointslices", "EndpointSlice", ITEM("web-1"));
	ck_assert_uint_eq(syncs, 2);
	/* Later one that fails keeps nothing back. */
	json_object_set_new(secrets, "ns/t", json_true());
	ck_assert(!source_kubernetes_look(source));
	refuse(asked(base, "name%3Dt"), 500);
	ck_assert_uint_eq(syncs, 3);
	json_object_clear(secrets);
	services = false;
	ck_assert(source_kubernetes_look(source));
	ck_assert_uint_eq(json_object_size(world), 0);
	ck_assert_uint_eq(syncs, 3);
	finish();
	wanted_only = false;
}
END_TEST

START_TEST(test_another_user)
{
	begin(NULL);
	discovered(GROUP(V1), V1);
	refuse(asked(base, "/bgppeers?"), 401);
	ck_assert_str_eq(asked(base, "/bgppeers?")->authorization, "Bearer one");
	/* The file has another token: everything begins with it. */
	config_write("token: two, username: me");
	refuse(asked(base, "/bgppeers?"), 401);
	ck_assert_str_eq(asked(base, "/bgppeers?")->authorization, "Bearer two");
	ck_assert_str_eq(asked(base, "/nodes?")->authorization, "Bearer two");
	finish();
}
END_TEST

/* A kubeconfig that is no good, as it is while somebody writes it, changes nothing, and nobody is in a hurry.
 */
START_TEST(test_bad_config)
{
	begin(NULL);
	discovered(GROUP(V1), V1);
	const struct fetch *nodes = asked(base, "/nodes?");
	config_write("exec: {}");
	uint64_t began = kube_now_ms();
	for (unsigned i = 0; i < 3; i++) {
		refuse(asked(base, "/bgppeers?"), 401);
		ck_assert_ptr_nonnull(
		    strstr(json_string_value(json_object_get(troubles, "kubernetes")), "not supported"));
	}
	ck_assert_ptr_eq(asked(base, "/nodes?"), nodes);
	ck_assert_uint_ge(kube_now_ms() - began, 125 + 250);
	config_write("token: two, username: me");
	refuse(asked(base, "/bgppeers?"), 401);
	ck_assert_str_eq(asked(base, "/nodes?")->authorization, "Bearer two");
	finish();
}
END_TEST

/* What was told of one cluster is compared with a whole list of the other, whichever versions those have. */
START_TEST(test_another_server)
{
	begin(NULL);
	discovered(GROUP(V1), V1);
	list_all_but_nodes();
	list("nodes", "Node", ITEM("n1"));
	asked(base, "/bgppeers?watch=1");
	config_write_for("http://other", "token: two");
	refuse(asked(base, "/bgppeers?watch=1"), 401);
	answer(asked(base, "http://other/apis/" V1 "/bgppeers?"),
	       "{\"kind\": \"BGPPeerList\", \"metadata\": {\"resourceVersion\": \"90\"}, \"items\": []}");
	ck_assert_ptr_null(json_object_get(world, "BGPPeer - p"));
	asked(base, "/bgppeers?watch=1&resourceVersion=90&");
	finish();
}
END_TEST

START_TEST(test_no_config)
{
	begin(NULL);
	unlink(path);
	while (json_object_size(troubles) == 0)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_ptr_nonnull(
	    strstr(json_string_value(json_object_get(troubles, "kubernetes")), "No such file"));
	config_write("token: one");
	discovered(GROUP(V1), V1);
	ck_assert_uint_eq(json_object_size(troubles), 0);
	finish();
}
END_TEST

/* ---- objects as keys ---- */

#define CORE                                                                                                 \
	"{\"resources\": [{\"name\": \"nodes\", \"kind\": \"Node\", \"namespaced\": false}, "                \
	"{\"name\": \"configmaps\", \"kind\": \"ConfigMap\", \"namespaced\": true}, "                        \
	"{\"name\": \"secrets\", \"kind\": \"Secret\", \"namespaced\": true}]}"
#define MAP(name, version, data)                                                                             \
	"{\"metadata\": {\"name\": \"" name "\", \"namespace\": \"ns\", \"resourceVersion\": \"" version     \
	"\"}, \"data\": {" data "}}"

static void
begin_keys(const char *const *names, unsigned n, const char *name_space)
{
	resources = names;
	nresources = n;
	name_space_wanted = name_space;
	begin(NULL);
}

static void
finish_keys(void)
{
	finish();
	resources = NULL;
	nresources = 0;
	name_space_wanted = NULL;
}

/* What the server has in a version is asked for. */
static struct fetch *
looked_up(const char *version)
{
	struct fetch *r;

	for (;;) {
		TAILQ_FOREACH(r, &fetches, entry)
		if (strcmp(r->url + strlen("http://api"), version) == 0)
			return r;
		ck_assert_msg(event_base_loop(base, EVLOOP_ONCE) == 0, "nobody looks for %s", version);
	}
}

START_TEST(test_keys)
{
	static const char *const names[] = {"configmaps", "nodes"};

	begin_keys(names, 2, NULL);
	/* One version has both: it is asked for each that was not found. */
	answer(looked_up("/api/v1"), CORE);
	answer(looked_up("/api/v1"), CORE);
	ck_assert(!is_asked("/apis"));
	ck_assert_ptr_nonnull(strstr(asked(base, "/configmaps?")->url,
				     "http://api/api/v1/configmaps?limit=500&resourceVersion=0"));
	list("configmaps", "ConfigMap", MAP("m", "5", "\"a\": \"1\", \"b\": \"x\""));
	ck_assert_uint_eq(syncs, 0);
	list("nodes", "Node", "{\"metadata\": {\"name\": \"n1\"}}");
	ck_assert_uint_eq(syncs, 1);
	ck_assert_uint_eq(json_object_size(world), 3);
	ck_assert_str_eq(json_string_value(json_object_get(world, " - configmaps/ns/m/a")), "1");
	ck_assert_ptr_nonnull(json_object_get(world, " - nodes/n1"));
	/* Of the folder nothing but what is in it now, and of what it has nothing once it is gone. */
	struct fetch *w = asked(base, "/configmaps?watch=1");
	ck_assert(say(w, "{\"type\": \"MODIFIED\", \"object\": " MAP("m", "20", "\"b\": \"y\"") "}"));
	ck_assert_uint_eq(syncs, 2);
	ck_assert_ptr_null(json_object_get(world, " - configmaps/ns/m/a"));
	ck_assert_str_eq(json_string_value(json_object_get(world, " - configmaps/ns/m/b")), "y");
	/* 410: what the new list does not have is gone. */
	ck_assert(!say(w, "{\"type\": \"ERROR\", \"object\": {\"code\": 410, \"message\": \"old\"}}"));
	answer(asked(base, "/configmaps?limit"),
	       "{\"kind\": \"ConfigMapList\", \"metadata\": {\"resourceVersion\": \"30\"}, "
	       "\"items\": [" MAP("l", "25", "\"c\": \"z\"") "]}");
	ck_assert_uint_eq(syncs, 3);
	ck_assert_ptr_null(json_object_get(world, " - configmaps/ns/m/b"));
	ck_assert_str_eq(json_string_value(json_object_get(world, " - configmaps/ns/l/c")), "z");
	ck_assert(say(asked(base, "/configmaps?watch=1"),
		      "{\"type\": \"DELETED\", \"object\": " MAP("l", "31", "\"c\": \"z\"") "}"));
	ck_assert_uint_eq(json_object_size(world), 1);
	finish_keys();
}
END_TEST

START_TEST(test_keys_of_a_namespace)
{
	static const char *const names[] = {"secrets", "nodes", "apps/v1/deployments"};

	begin_keys(names, 3, "ns");
	answer(looked_up("/api/v1"), CORE);
	answer(looked_up("/api/v1"), CORE);
	answer(looked_up("/apis/apps/v1"),
	       "{\"resources\": [{\"name\": \"deployments\", \"kind\": \"Deployment\", "
	       "\"namespaced\": true}]}");
	asked(base, "http://api/apis/apps/v1/namespaces/ns/deployments?limit");
	asked(base, "http://api/api/v1/nodes?limit");
	answer(asked(base, "http://api/api/v1/namespaces/ns/secrets?limit"),
	       "{\"kind\": \"SecretList\", \"metadata\": {\"resourceVersion\": \"9\"}, \"items\": [" ITEM(
		   "s") "]}");
	ck_assert_str_eq(json_string_value(json_object_get(world, "Secret - secrets/ns/s/a")), "b");
	finish_keys();
}
END_TEST

/* A resource that is not there may be a wrong name: nothing is said to be whole without it, and it may come.
 */
START_TEST(test_keys_not_there)
{
	static const char *const names[] = {"nodez", "example.org/v1/racks", "nodes"};

	begin_keys(names, 3, NULL);
	answer(looked_up("/api/v1"), CORE);
	refuse(looked_up("/apis/example.org/v1"), 404);
	answer(looked_up("/api/v1"), CORE);
	list("nodes", "Node", "{\"metadata\": {\"name\": \"n1\"}}");
	ck_assert_uint_eq(syncs, 0);
	ck_assert_str_eq(json_string_value(json_object_get(troubles, "kubernetes nodez")),
			 "the server has no nodez in v1");
	ck_assert_str_eq(json_string_value(json_object_get(troubles, "kubernetes racks")),
			 "the server has no racks in example.org/v1");
	/* What is there is not looked for again; an answer that is none is no reason to give up. */
	answer(looked_up("/api/v1"),
	       "{\"resources\": [{\"name\": \"nodez\", \"kind\": \"Nodez\", \"namespaced\": false}]}");
	refuse(looked_up("/apis/example.org/v1"), 503);
	ck_assert_ptr_nonnull(json_object_get(troubles, "kubernetes"));
	answer(looked_up("/apis/example.org/v1"), "<");
	answer(looked_up("/apis/example.org/v1"),
	       "{\"resources\": [{\"name\": \"racks\", \"kind\": \"Rack\", \"namespaced\": false}]}");
	list("nodez", "Nodez", "");
	ck_assert_uint_eq(syncs, 0);
	list("racks", "Rack", "{\"metadata\": {\"name\": \"r\"}}");
	ck_assert_uint_eq(syncs, 1);
	ck_assert_uint_eq(json_object_size(troubles), 0);
	/* Gone again: what was told stays. */
	refuse(asked(base, "/racks?watch=1"), 404);
	ck_assert_ptr_nonnull(json_object_get(troubles, "kubernetes racks"));
	ck_assert_ptr_nonnull(json_object_get(world, " - racks/r"));
	finish_keys();
}
END_TEST

SUITE("source_kubernetes", test_snapshot, test_groups, test_no_blocks, test_absent_kind, test_not_found,
      test_wanted, test_secrets_forbidden, test_wanted_only, test_another_user, test_bad_config, test_another_server,
      test_no_config, test_keys, test_keys_of_a_namespace, test_keys_not_there)
