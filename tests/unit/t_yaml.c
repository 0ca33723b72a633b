/* SPDX-License-Identifier: Apache-2.0 */
/* yaml: places of nodes, keys, anchors and the bounds; places counted by hand in the texts. */
#include "conf/yaml.h"

#include <check.h>
#include <errno.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/error.h"
#include "conf/yaml_int.h"
#include "suite.h"
#include "tests/unit/mutate.h"

static struct conf_arena *arena;
static struct conf_errors errs;
static struct yml_node *root;

static int
parse(const char *text)
{
	arena = conf_arena_new();
	root = NULL;
	return yml_parse(arena, "f", 0, text, strlen(text), &errs, &root);
}

static void
done(void)
{
	conf_arena_free(arena);
	conf_errors_free(&errs);
}

START_TEST(test_places)
{
	ck_assert_int_eq(parse("a: 1\nb:\n  - x\n  - {c: \"2\"}\n"), 0);
	ck_assert_int_eq(root->kind, YML_MAP);
	ck_assert_uint_eq(root->n, 2);
	const struct yml_node *a = yml_map_get(root, "a"), *b = yml_map_get(root, "b");
	ck_assert_str_eq(a->text, "1");
	ck_assert(a->plain);
	ck_assert_uint_eq(a->pos.line, 1);
	ck_assert_uint_eq(a->pos.column, 4);
	ck_assert_str_eq(a->pos.file, "f");
	ck_assert_int_eq(b->kind, YML_LIST);
	ck_assert_uint_eq(b->n, 2);
	ck_assert_uint_eq(b->items[0]->pos.line, 3);
	ck_assert_uint_eq(b->items[0]->pos.column, 5);
	const struct yml_node *c = yml_map_get(b->items[1], "c");
	ck_assert_str_eq(c->text, "2");
	ck_assert(!c->plain);
	ck_assert_uint_eq(c->pos.line, 4);
	ck_assert_uint_eq(c->pos.column, 9);
	/* root, a, 1, b, list, x, map, c, 2 */
	ck_assert_uint_eq(root->weight, 9);
	ck_assert_ptr_null(yml_map_get(root, "c"));
	done();
}
END_TEST

START_TEST(test_null)
{
	ck_assert_int_eq(parse("{a: , b: ~, c: null, d: '', e: 'null', f: x}"), 0);
	ck_assert(yml_is_null(yml_map_get(root, "a")));
	ck_assert(yml_is_null(yml_map_get(root, "b")));
	ck_assert(yml_is_null(yml_map_get(root, "c")));
	ck_assert(!yml_is_null(yml_map_get(root, "d")));
	ck_assert(!yml_is_null(yml_map_get(root, "e")));
	ck_assert(!yml_is_null(yml_map_get(root, "f")));
	ck_assert(!yml_is_null(root));
	/* What is no map has no keys. */
	ck_assert_ptr_null(yml_map_get(yml_map_get(root, "f"), "x"));
	ck_assert_ptr_null(yml_map_get(yml_map_get(root, "d"), ""));
	done();
}
END_TEST

START_TEST(test_empty)
{
	ck_assert_int_eq(parse("# nothing\n"), 0);
	ck_assert_int_eq(root->kind, YML_MAP);
	ck_assert_uint_eq(root->n, 0);
	ck_assert_uint_eq(root->pos.line, 1);
	ck_assert_uint_eq(root->pos.column, 1);
	done();
}
END_TEST

/* More keys than are searched one by one. */
START_TEST(test_large_map)
{
	struct str text = {0};
	char key[16];

	for (int i = 0; i < 3000; i++)
		str_addf(&text, "k%d: v%d\n", i, i);
	str_add(&text, "k7: again\n");
	ck_assert_int_eq(parse(str_get(&text)), 0);
	ck_assert_uint_eq(root->n, 3000);
	for (int i = 0; i < 3000; i++) {
		snprintf(key, sizeof(key), "k%d", i);
		ck_assert_int_eq(yml_map_find(root, key), i);
	}
	ck_assert_int_eq(yml_map_find(root, "k3000"), -1);
	ck_assert_uint_eq(errs.n, 1);
	ck_assert_str_eq(errs.v[0].path, "k7");
	ck_assert_uint_eq(errs.v[0].pos.line, 3001);
	ck_assert_str_eq(errs.v[0].text, "found this key a second time, expected it once (first at line 8)");
	str_free(&text);
	done();
}
END_TEST

START_TEST(test_alias)
{
	ck_assert_int_eq(parse("a: &x {k: 1, l: 2}\nb: *x\nc:\n  <<: *x\n  k: 3\n"), 0);
	ck_assert_ptr_eq(yml_map_get(root, "a"), yml_map_get(root, "b"));
	const struct yml_node *c = yml_map_get(root, "c");
	ck_assert_uint_eq(c->n, 2);
	ck_assert_str_eq(yml_map_get(c, "k")->text, "3");
	ck_assert_str_eq(yml_map_get(c, "l")->text, "2");
	done();
}
END_TEST

/* What stands for itself would never end; it is not known yet where it is used. */
START_TEST(test_alias_of_itself)
{
	ck_assert_int_eq(parse("a: &x [1, *x]\n"), -EINVAL);
	ck_assert_uint_eq(errs.n, 1);
	ck_assert_str_eq(errs.v[0].path, "a[1]");
	ck_assert_uint_eq(errs.v[0].pos.column, 11);
	done();
}
END_TEST

/* Ten lists of ten, eight levels deep: 10^8 values in 500 octets. */
START_TEST(test_laughs)
{
	struct str text = {0};

	str_add(&text, "a0: &a0 [x,x,x,x,x,x,x,x,x,x]\n");
	for (int i = 1; i < 8; i++) {
		str_addf(&text, "a%d: &a%d [", i, i);
		for (int j = 0; j < 10; j++)
			str_addf(&text, "%s*a%d", j == 0 ? "" : ",", i - 1);
		str_add(&text, "]\n");
	}
	ck_assert_int_eq(parse(str_get(&text)), -EINVAL);
	ck_assert_uint_eq(errs.n, 1);
	ck_assert_str_eq(errs.v[0].text, "found more than 4000000 values, expected fewer");
	str_free(&text);
	done();
}
END_TEST

static int
nested(int levels)
{
	struct str text = {0};

	for (int i = 0; i < levels; i++)
		str_add(&text, "[");
	for (int i = 0; i < levels; i++)
		str_add(&text, "]");
	int rc = parse(str_get(&text));
	str_free(&text);
	return rc;
}

START_TEST(test_depth)
{
	ck_assert_int_eq(nested(YML_DEPTH_MAX), 0);
	done();
	ck_assert_int_eq(nested(YML_DEPTH_MAX + 1), -EINVAL);
	ck_assert_str_eq(errs.v[0].text, "found more than 64 levels, expected fewer");
	done();
}
END_TEST

static const struct {
	const char *text, *path;
	unsigned line, column;
} bad[] = {
    {"a: [1\n", "file", 2, 1},           {"a: 1\n b: 2\n", "file", 2, 3},     {"{[x]: 1}", "file", 1, 2},
    {"a: {<<: 1}", "a", 1, 9},           {"a: {<<: [{b: 1}, c]}", "a", 1, 9}, {"a: *b", "a", 1, 4},
    {"a: 1\n---\nb: 2\n", "file", 2, 1}, {"a:\n  b: \"\\0\"\n", "a.b", 2, 6},
};

START_TEST(test_bad)
{
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		ck_assert_msg(parse(bad[i].text) == -EINVAL, "%s", bad[i].text);
		ck_assert_ptr_null(root);
		ck_assert_uint_eq(errs.n, 1);
		ck_assert_str_eq(errs.v[0].path, bad[i].path);
		ck_assert_uint_eq(errs.v[0].pos.line, bad[i].line);
		ck_assert_uint_eq(errs.v[0].pos.column, bad[i].column);
		done();
	}
}
END_TEST

static const struct {
	const char *a, *b;
	bool equal;
} pairs[] = {
    {"a: 1\nb: [x, y]\n", "# c\nb:\n- x\n- y # d\na:   1\n", true},
    {"a: \"1\"", "a: '1'", true},
    {"a: 1", "a: '1'", false},
    {"a: 1.1", "a: 1.10", false},
    {"a: [x, y]", "a: [y, x]", false},
    {"a: [x]", "a: [x, x]", false},
    {"a: {b: 1, c: 2}", "a: {c: 2, b: 1}", true},
    {"a: {b: 1}", "a: {c: 1}", false},
    {"a: 1", "a: 1\nb: 2", false},
    {"a: {b: 1}", "a: [b]", false},
    {"a: &x [1]\nb: *x", "a: [1]\nb: [1]", true},
    {"", "{}", true},
};

START_TEST(test_equal)
{
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct conf_arena *first;
		struct yml_node *a;
		ck_assert_int_eq(parse(pairs[i].a), 0);
		first = arena;
		a = root;
		ck_assert_int_eq(parse(pairs[i].b), 0);
		ck_assert_msg(yml_equal(a, root) == pairs[i].equal, "%s and %s", pairs[i].a, pairs[i].b);
		ck_assert_msg(yml_equal(root, a) == pairs[i].equal, "%s and %s", pairs[i].b, pairs[i].a);
		conf_arena_free(first);
		done();
	}
}
END_TEST

/* ---- the reader of plain texts beside libyaml ---- */

static const char *const plain_texts[] = {
    ("router: {as: 64512, id: 10.0.0.1} # ours\nneighbors:\n  - address: \"10.0.0.2\"\n    name: 'a b'\n    remote-as: 64512\n"
     "    graceful-restart: {enabled: true, restart-time: 20}\n  - address: fd00::2\n\n    shutdown:\n    group: x # y\n"
     "networks: []\nlog: {}\n"),
    ("prefix-sets:\n  a: [\"10.0.0.0/8 in\", 10.1.0.0/16 le 24, ]\n  b: [ x , 'y' ]\npolicies:\n  p:\n    - match: {prefix-set: [a, b], "
     "not: {source: [bgp]}}\n      action: accept\n    - {set: {metric: {complement-of: local-preference}}}\n  q:\n    []\n"),
    "---\na: 1\nb:\n- x\n-\n  y: z\n-\n-   k: v w\n    l: a:b\nc: ~\nd: 65000:1\ne:   # nothing\n",
    "k:\n    l:\n        m: 5  \n    n: [[a, {b: c}], {d: [e]}]\n\n# end",
};

static const char marks[] = ":-# '\"\n{}[]|>&*!,%?a1.~\\\t  \n  ,]}";

/* All that a tree says, with its places. */
static void
dump(const struct yml_node *n, struct str *out)
{
	str_addf(out, "%u:%u %d ", n->pos.line, n->pos.column, n->kind);
	switch (n->kind) {
	case YML_SCALAR:
		ck_assert_uint_eq(strlen(n->text), n->n);
		str_addf(out, "%s <%s>\n", n->plain ? "plain" : "quoted", n->text);
		break;
	case YML_LIST:
		str_addf(out, "list of %u, %u in all\n", n->n, n->weight);
		for (uint32_t i = 0; i < n->n; i++)
			dump(n->items[i], out);
		break;
	case YML_MAP:
		str_addf(out, "map of %u, %u in all\n", n->n, n->weight);
		for (uint32_t i = 0; i < n->n; i++) {
			dump(n->pairs[i].key, out);
			dump(n->pairs[i].value, out);
		}
		break;
	}
}

START_TEST(test_plain)
{
	unsigned plain = 0, refused = 0;
	uint64_t r = 0x9e3779b97f4a7c15;

	for (unsigned turn = 0; turn < 20000; turn++) {
		char text[600], more[620];
		struct yml_node *fast;
		strlcpy(text, plain_texts[turn % 4], sizeof(text) - 32);
		for (unsigned k = 0; k < turn % 4 && turn >= 4; k++)
			mutate(text, marks, &r);
		struct conf_arena *tmp = conf_arena_new();
		if (yml_parse_plain(tmp, "f", 0, text, strlen(text), &fast)) {
			plain++;
			/* A letter beyond ASCII in a comment is enough for libyaml to read it. */
			snprintf(more, sizeof(more), "%s\n# \xc3\xa9\n", text);
			ck_assert(!yml_parse_plain(tmp, "f", 0, more, strlen(more), &root));
			ck_assert_msg(parse(more) == 0, "read but wrong:\n%s", text);
			struct str got = {0}, want = {0};
			dump(fast, &got);
			dump(root, &want);
			ck_assert_msg(strcmp(str_get(&got), str_get(&want)) == 0, "%s\n--\n%s\n--\n%s", text, str_get(&got), str_get(&want));
			str_free(&got);
			str_free(&want);
			done();
		} else {
			ck_assert_msg(turn >= 4, "not plain:\n%s", text);
			refused++;
		}
		conf_arena_free(tmp);
	}
	ck_assert_uint_gt(plain, 5000);
	ck_assert_uint_gt(refused, 5000);
}
END_TEST

SUITE("yaml", test_places, test_null, test_empty, test_large_map, test_alias, test_alias_of_itself,
      test_laughs, test_depth, test_bad, test_equal, test_plain)
