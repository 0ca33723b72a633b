/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/kube_keys: names of resources, and which keys objects become. */
#include "conf/kube.h"

#include "tests/unit/sourcetest.h"
#include "tests/unit/valuetest.h"

static const struct source_handler handler = {
    .put = on_put, .del = on_del, .synced = on_synced, .trouble = on_trouble};
static struct kube_keys *keys;
static struct kube_resource resource;

static void
begin(const char *text, const char *kind, bool namespaced)
{
	json_t *list =
	    json_pack("[{s:s, s:s, s:b}, {s:s, s:s, s:b}]", "name", "other", "kind", "Other", "namespaced", 0,
		      "name", strrchr(text, '/') != NULL ? strrchr(text, '/') + 1 : text, "kind", kind,
		      "namespaced", (int)namespaced);

	told_begin();
	keys = kube_keys_new(&handler, NULL);
	ck_assert(kube_resource_init(&resource, text));
	ck_assert_ptr_null(resource.kind.kind);
	ck_assert(kube_resource_find(&resource, list));
	ck_assert_str_eq(resource.kind.kind, kind);
	ck_assert(resource.kind.has_namespace == namespaced);
	json_decref(list);
}

static void
finish(void)
{
	kube_resource_fini(&resource);
	kube_keys_free(keys);
	told_end();
}

static void
put(const char *name_space, const char *name, const char *object)
{
	json_t *o = value_of(object), *v = resource.kind.resource(&resource.kind, o, "n1");

	kube_keys_put(keys, &resource.kind, name_space, name, v);
	json_decref(v);
	json_decref(o);
}

/* What was told is this JSON. */
static void
world_is(const char *json)
{
	json_t *e = value_of(json);
	char *text = json_dumps(world, JSON_SORT_KEYS);

	ck_assert_msg(json_equal(e, world), "%s", text);
	free(text);
	json_decref(e);
}

START_TEST(test_names)
{
	static const struct {
		const char *text, *path, *version, *plural;
	} good[] = {{"configmaps", "/api/v1", "v1", "configmaps"},
		    {"v1/nodes", "/api/v1", "v1", "nodes"},
		    {"apps/v1/deployments", "/apis/apps/v1", "apps/v1", "deployments"},
		    {"crd.projectcalico.org/v1/bgppeers", "/apis/crd.projectcalico.org/v1",
		     "crd.projectcalico.org/v1", "bgppeers"}};
	static const char *const bad[] = {"",      "/",       "nodes/",     "/nodes", "apps/deployments",
					  "a//b",  "a/b/c/d", "ConfigMaps", "a?b",    "a/v1/",
					  "/v1/a", "../x/y"};
	struct kube_resource r;

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		ck_assert(kube_resource_init(&r, good[i].text));
		ck_assert_str_eq(r.path, good[i].path);
		ck_assert_str_eq(r.kind.version, good[i].version);
		ck_assert_str_eq(r.kind.plural, good[i].plural);
		ck_assert(r.kind.group == KUBE_NAMED && r.kind.when == KUBE_ALWAYS);
		kube_resource_fini(&r);
	}
	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		ck_assert_msg(!kube_resource_init(&r, bad[i]), "%s", bad[i]);
	/* A list that does not have it, or says nothing of it. */
	json_t *list = value_of("[{name: nodes/status, kind: Node}, {name: nodes}, {kind: Node}, 5]");
	ck_assert(kube_resource_init(&r, "nodes"));
	ck_assert(!kube_resource_find(&r, list) && !kube_resource_find(&r, NULL));
	ck_assert_ptr_null(r.kind.kind);
	kube_resource_fini(&r);
	json_decref(list);
}
END_TEST

START_TEST(test_objects)
{
	begin("apps/v1/deployments", "Deployment", true);
	put("ns", "a",
	    "{metadata: {name: a, namespace: ns, resourceVersion: '7', uid: u, managedFields: [{x: 1}]}, "
	    "spec: {replicas: 2}, "
	    "status: {ready: 1}}");
	const char *text = json_string_value(json_object_get(world, " - deployments/ns/a"));
	ck_assert_ptr_nonnull(text);
	json_t *is = json_loads(text, 0, NULL);
	json_t *should = value_of(
	    "{kind: Deployment, apiVersion: apps/v1, metadata: {name: a, namespace: ns, uid: u}, spec: "
	    "{replicas: 2}, status: {ready: 1}}");
	ck_assert_msg(json_equal(is, should), "%s", text);
	json_decref(is);
	json_decref(should);
	kube_keys_del(keys, &resource.kind, "ns", "a");
	world_is("{}");
	finish();
	/* A list's item is the same as a watch's object, which says its kind. */
	begin("nodes", "Node", false);
	json_t *listed = value_of("{metadata: {name: a, resourceVersion: '1'}, spec: {}}"),
	       *watched = value_of(
		   "{kind: Node, apiVersion: v1, metadata: {name: a, resourceVersion: '2'}, spec: {}}");
	json_t *one = resource.kind.resource(&resource.kind, listed, "n1"),
	       *two = resource.kind.resource(&resource.kind, watched, "n1");
	ck_assert(json_equal(one, two));
	kube_keys_put(keys, &resource.kind, NULL, "a", one);
	ck_assert_ptr_nonnull(json_object_get(world, " - nodes/a"));
	json_decref(one);
	json_decref(two);
	/* The objects themselves are as they were. */
	ck_assert_str_eq(
	    json_string_value(json_object_get(json_object_get(listed, "metadata"), "resourceVersion")), "1");
	json_decref(listed);
	json_decref(watched);
	finish();
}
END_TEST

START_TEST(test_configmaps)
{
	begin("configmaps", "ConfigMap", true);
	put("ns", "rack",
	    "{metadata: {name: rack}, data: {as: '64512', motd: hello, n: 5}, binaryData: {b: AAE=}}");
	put("other", "rack", "{metadata: {name: rack}, data: {as: '1'}}");
	put("ns", "empty", "{metadata: {name: empty}}");
	world_is("{' - configmaps/ns/rack/as': '64512', ' - configmaps/ns/rack/motd': hello, ' - "
		 "configmaps/other/rack/as': '1'}");
	/* What is not in it any more is gone. */
	put("ns", "rack", "{metadata: {name: rack}, data: {as: '64513', new: x}}");
	put("ns", "empty", "{metadata: {name: empty}, data: {a: b}}");
	world_is("{' - configmaps/ns/rack/as': '64513', ' - configmaps/ns/rack/new': x, ' - "
		 "configmaps/other/rack/as': '1', "
		 "' - configmaps/ns/empty/a': b}");
	kube_keys_del(keys, &resource.kind, "ns", "rack");
	put("ns", "empty", "{metadata: {name: empty}, data: {}}");
	world_is("{' - configmaps/other/rack/as': '1'}");
	kube_keys_del(keys, &resource.kind, "ns", "empty");
	/* A text with a NUL is none. */
	json_t *o = json_pack("{s:{s:s%, s:s}}", "data", "nul", "a\0b", (size_t)3, "good", "a"),
	       *v = resource.kind.resource(&resource.kind, o, "n1");
	ck_assert_uint_eq(json_object_size(v), 1);
	ck_assert_ptr_nonnull(json_object_get(v, "good"));
	json_decref(v);
	json_decref(o);
	finish();
}
END_TEST

START_TEST(test_secrets)
{
	begin("secrets", "Secret", true);
	/* "word", octets that are no text, text with a NUL, and no base64 */
	put("ns", "s",
	    "{metadata: {name: s}, data: {a: d29yZA==, b: //8=, c: YQBi, d: '*', e: ''}, type: Opaque}");
	world_is("{'Secret - secrets/ns/s/a': word, 'Secret - secrets/ns/s/e': ''}");
	kube_keys_del(keys, &resource.kind, "ns", "s");
	world_is("{}");
	finish();
	/* Of another group they are objects like others. */
	begin("example.org/v1/secrets", "Secret", true);
	put("ns", "s", "{metadata: {name: s}, data: {a: d29yZA==}}");
	ck_assert_uint_eq(json_object_size(world), 1);
	ck_assert_ptr_nonnull(json_object_get(world, " - secrets/ns/s"));
	finish();
}
END_TEST

SUITE("kube_keys", test_names, test_objects, test_configmaps, test_secrets)
