/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/keytree: paths to objects, values as JSON or text, and keys that are both value and folder. */
#include "conf/keytree.h"

#include "tests/unit/suite.h"

/* The model is this JSON; the tree stays. */
static void
model_is(const struct keytree *t, const char *json)
{
	json_t *model = keytree_model(t, true);
	char *text = json_dumps(model, JSON_SORT_KEYS | JSON_COMPACT);

	ck_assert_str_eq(text, json);
	free(text);
	json_decref(model);
}

START_TEST(test_paths)
{
	struct keytree *t = keytree_new();

	model_is(t, "{}");
	ck_assert(keytree_put(t, "/rack1/peers/a", "x", false));
	ck_assert(keytree_put(t, "rack1//peers/b/", "y", false));
	ck_assert(keytree_put(t, "top", "z", false));
	model_is(t, "{\"rack1\":{\"peers\":{\"a\":\"x\",\"b\":\"y\"}},\"top\":\"z\"}");
	ck_assert(!keytree_put(t, "rack1/peers/a", "x", false)); /* the same */
	ck_assert(keytree_put(t, "rack1/peers/a", "w", false));
	ck_assert(!keytree_put(t, "/", "no name", false));
	ck_assert(keytree_del(t, "/rack1/peers/b"));
	ck_assert(!keytree_del(t, "rack1/peers/b"));
	ck_assert(!keytree_del(t, "rack1/peers")); /* no key of its own */
	model_is(t, "{\"rack1\":{\"peers\":{\"a\":\"w\"}},\"top\":\"z\"}");
	ck_assert(keytree_del(t, "rack1/peers/a"));
	model_is(t, "{\"top\":\"z\"}"); /* folders without keys are none */
	keytree_free(t);
}
END_TEST

START_TEST(test_values)
{
	struct keytree *t = keytree_new();

	keytree_put(t, "a", "64512", false);
	keytree_put(t, "b", "true\n", false);
	keytree_put(t, "c", "{\"as\": [1, null]}", false);
	keytree_put(t, "d", "10.0.0.1", false);
	keytree_put(t, "e", "1.10", false);
	keytree_put(t, "f", "-0", false);
	keytree_put(t, "g", "123456789012345678901234567890", false);
	keytree_put(t, "h", "007", false);
	keytree_put(t, "i", "", false);
	keytree_put(t, "j", "\"quoted\"", false);
	keytree_put(t, "k", " 12 ", false);
	keytree_put(t, "l", "{broken", false);
	keytree_put(t, "m", "1.5", false);
	model_is(t, "{\"a\":64512,\"b\":true,\"c\":{\"as\":[1,null]},\"d\":\"10.0.0.1\",\"e\":\"1.10\",\"f\":\"-0\","
		    "\"g\":\"123456789012345678901234567890\",\"h\":\"007\",\"i\":\"\",\"j\":\"quoted\",\"k\":12,"
		    "\"l\":\"{broken\",\"m\":1.5}");
	keytree_free(t);
}
END_TEST

START_TEST(test_both)
{
	struct keytree *t = keytree_new();

	/* In whatever order they come. */
	keytree_put(t, "a", "{\"inner\": 1}", false);
	keytree_put(t, "a/b", "2", false);
	keytree_put(t, "c/d", "3", false);
	keytree_put(t, "c", "text", false);
	model_is(t, "{\"a\":{\"_value\":{\"inner\":1},\"b\":2},\"c\":{\"_value\":\"text\",\"d\":3}}");
	keytree_put(t, "a/_value", "mine", false);
	keytree_put(t, "c/_value/e", "4", false);
	model_is(t, "{\"a\":{\"_value\":\"mine\",\"b\":2},\"c\":{\"_value\":{\"e\":4},\"d\":3}}");
	keytree_del(t, "a/_value");
	keytree_del(t, "a/b");
	model_is(t, "{\"a\":{\"inner\":1},\"c\":{\"_value\":{\"e\":4},\"d\":3}}");
	keytree_free(t);
}
END_TEST

START_TEST(test_secrets)
{
	struct keytree *t = keytree_new();
	json_t *model;

	ck_assert(keytree_put(t, "s/word", "{\"x\": \"hidden\"}", true));
	keytree_put(t, "s/plain", "1", false);
	keytree_put(t, "s", "hidden", true);
	model_is(t, "{\"s\":{\"_value\":\"hidden\",\"plain\":1,\"word\":{\"x\":\"hidden\"}}}");
	model = keytree_model(t, false);
	char *text = json_dumps(model, JSON_SORT_KEYS | JSON_COMPACT);
	ck_assert_str_eq(text, "{\"s\":{\"_value\":\"***\",\"plain\":1,\"word\":\"***\"}}");
	free(text);
	json_decref(model);
	/* One that comes again as another key is none any more. */
	keytree_del(t, "s");
	keytree_del(t, "s/word");
	keytree_put(t, "s/word", "seen", false);
	model = keytree_model(t, false);
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(model, "s"), "word")), "seen");
	json_decref(model);
	keytree_free(t);
}
END_TEST

/* An object with a text that has a NUL in it is an object. */
START_TEST(test_nul)
{
	struct keytree *t = keytree_new();

	keytree_put(t, "a", "{\"x\": \"1\\u00002\"}", false);
	model_is(t, "{\"a\":{\"x\":\"1\\u00002\"}}");
	keytree_free(t);
}
END_TEST

SUITE("keytree", test_paths, test_values, test_both, test_secrets, test_nul)
