/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/document: types as Kubernetes' reader gives them, several documents, aliases, and what is refused. */
#include "conf/document.h"

#include <stdio.h>
#include <string.h>

#include "conf/document_int.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/mutate.h"
#include "tests/unit/suite.h"

/* Documents one behind the other as JSON, each with its line before it. */
static int
collect(void *ctx, json_t *value, unsigned line)
{
	char *dump = json_dumps(value, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY | JSON_REAL_PRECISION(6));

	str_addf(ctx, "%u:%s;", line, dump);
	free(dump);
	return 0;
}

static int
count(void *ctx, json_t *value, unsigned line)
{
	unsigned *n = ctx;

	(void)value;
	(void)line;
	*n += 1;
	return 0;
}

static void
reads(const char *text, const char *want)
{
	struct document_error err;
	struct str got = {0};

	ck_assert_msg(document_parse(text, strlen(text), collect, &got, &err) == 0, "%s: %u:%u: %s", text, err.line, err.column,
		      err.text);
	ck_assert_str_eq(str_get(&got), want);
	str_free(&got);
}

START_TEST(test_types)
{
	reads("[1, -5, +7, 0, 0x1F, 010, 0o17, 0b101, 9223372036854775807]", "1:[1,-5,7,0,31,8,15,5,9223372036854775807];");
	/* 08 is no octal number, and so a decimal fraction for that reader. */
	reads("[08, 1.5, .5, 2., -1e3, 1.10]", "1:[8.0,1.5,0.5,2.0,-1000.0,1.1];");
	reads("a: 1e999\nb: [1, -1e999]\n---\n1e999\n", "1:{\"a\":\"1e999\",\"b\":[1,\"-1e999\"]};3:\"1e999\";");
	reads("[true, Yes, on, y, FALSE, no, Off, n]", "1:[true,true,true,true,false,false,false,false];");
	reads("[~, null, ]", "1:[null,null];");
	reads("{a: , b: ~}", "1:{\"a\":null,\"b\":null};");
	reads("['yes', \"5\", !!str 5, 'null']", "1:[\"yes\",\"5\",\"5\",\"null\"];");
	reads("[1.2.3.4, 65000:100, 10.0.0.0/8, 12a, 0x, 1e, -, .]",
	      "1:[\"1.2.3.4\",\"65000:100\",\"10.0.0.0/8\",\"12a\",\"0x\",\"1e\",\"-\",\".\"];");
	reads("a: |\n  x\n  y\nb: >-\n  x\n  y\n", "1:{\"a\":\"x\\ny\\n\",\"b\":\"x y\"};");
	reads("true: 1\n5: 2\n", "1:{\"5\":2,\"true\":1};"); /* keys are text */
}
END_TEST

START_TEST(test_documents)
{
	reads("", "");
	reads("# only a comment\n", "");
	reads("---\n---\na: 1\n---\n# nothing\n---\n- 2\n...\n", "2:{\"a\":1};6:[2];");
	reads("{\"a\": [1, {\"b\": null}]}", "1:{\"a\":[1,{\"b\":null}]};");
}
END_TEST

START_TEST(test_aliases)
{
	reads("a: &x {k: 1}\nb: *x\n", "1:{\"a\":{\"k\":1},\"b\":{\"k\":1}};");
	reads("base: &b {k: 1, l: 2}\nc: {<<: *b, l: 3}\nd: {l: 3, <<: [{m: 4}, *b]}\n",
	      "1:{\"base\":{\"k\":1,\"l\":2},\"c\":{\"k\":1,\"l\":3},\"d\":{\"k\":1,\"l\":3,\"m\":4}};");
}
END_TEST

static void
refuses(const char *text, unsigned line, unsigned column, const char *why)
{
	struct document_error err;
	struct str got = {0};

	ck_assert_int_eq(document_parse(text, strlen(text), collect, &got, &err), -1);
	ck_assert_msg(err.line == line && err.column == column && strcmp(err.text, why) == 0, "%s: %u:%u: %s", text, err.line,
		      err.column, err.text);
	str_free(&got);
}

START_TEST(test_errors)
{
	struct str deep = {0};

	refuses("a: 1\na: 2\n", 2, 4, "found a key that this map has already");
	refuses("? [a]\n: 1\n", 1, 3, "found a map or a list as a key, expected a name");
	refuses("a: *x\n", 1, 4, "found an alias of an anchor that is not there before it");
	refuses("a: &x [*x]\n", 1, 8, "found an alias of an anchor that is not there before it");
	refuses("a: {<<: 5}\n", 1, 9, "found a value that is no map behind <<, expected a map");
	refuses("a: \"\\0\"\n", 1, 4, "found a NUL character, expected text");
	refuses("a: 1\n---\nb: [1, 2\n", 4, 1, "found no YAML: did not find expected ',' or ']'");
	/* A document's anchors end with it. */
	refuses("a: &x 1\n---\nb: *x\n", 3, 4, "found an alias of an anchor that is not there before it");
	for (unsigned i = 0; i < DOCUMENT_DEPTH_MAX + 1; i++)
		str_add(&deep, "[");
	refuses(str_get(&deep), 1, DOCUMENT_DEPTH_MAX + 1, "found more than 64 levels, expected fewer");
	/* Each line ten times the one before. */
	str_reset(&deep);
	str_add(&deep, "x0: &x0 [1]\n");
	for (unsigned i = 1; i < 9; i++) {
		str_addf(&deep, "x%u: &x%u [", i, i);
		for (unsigned k = 0; k < 10; k++)
			str_addf(&deep, "%s*x%u", k > 0 ? ", " : "", i - 1);
		str_add(&deep, "]\n");
	}
	struct document_error err;
	struct str got = {0};
	ck_assert_int_eq(document_parse(str_get(&deep), deep.len, collect, &got, &err), -1);
	ck_assert_str_eq(err.text, "found more than 4000000 values, expected fewer");
	ck_assert_uint_eq(got.len, 0);
	/* The bound is that of a text, in however many documents. */
	str_reset(&deep);
	for (unsigned d = 0; d < 5; d++) {
		str_add(&deep, "---\nx0: &x0 [1]\n");
		for (unsigned i = 1; i < 7; i++) {
			str_addf(&deep, "x%u: &x%u [", i, i);
			for (unsigned k = 0; k < 10; k++)
				str_addf(&deep, "%s*x%u", k > 0 ? ", " : "", i - 1);
			str_add(&deep, "]\n");
		}
	}
	unsigned documents = 0;
	ck_assert_int_eq(document_parse(str_get(&deep), deep.len, count, &documents, &err), -1);
	ck_assert_str_eq(err.text, "found more than 4000000 values, expected fewer");
	ck_assert_uint_eq(documents, 1);
	str_free(&deep);
}
END_TEST

/* ---- the reader of plain documents beside the whole one ---- */

static const char *const plain_texts[] = {
    ("---\nkind: Node\nmetadata:\n  name: n-1\n  labels:\n    a.b/c-d: \"true\"\n    e: yes\n    f: 'x y'\n  empty:\n  none: {}\n"
    "spec:\n  list:\n  - 10.0.0.1/24\n  - name: http\n    port: 80\n\n  - a: 1\n    b:\n      - -5\n      - 1.5\n  next: ~\n"),
    "# first\na: 0x10\nb:\n  - x\n  -\n    y: 1\n  -\nc: []\nd: a:b\ne: http://x/?q=1\n",
    "apiVersion: v1\nitems:\n- metadata:\n    name: s\n  spec:\n    ports:\n      - port: 1\n        p: \"#:[\"\n- x: 'a: b'\n",
    "a:\n    b:\n        c: d\n    e: f g h\n",
    ("--- \nports: [80, \"443\", 0x10, on] # of a node\nmatch: {a: yes, b: [], c: {d: ~, e: -1.5}}\n"
     "far:   # away\n  value\nlist:\n  - [a, {b: c}]\n  - 'x' # y\n  - null"),
};

static const char marks[] = ":-# '\"\n{}[]|>&*!,%?a1.~\\\t  \n  ";

/* What the whole language makes of it: a letter beyond ASCII in a comment is enough for it. */
static int
whole(const char *text, struct str *out)
{
	struct document_error err;
	char *more = xasprintf("%s\n# \xc3\xa9\n", text);
	int rc = document_parse(more, strlen(more), collect, out, &err);

	free(more);
	return rc;
}

START_TEST(test_plain)
{
	unsigned line, plain = 0, refused = 0;
	uint64_t r = 0x9e3779b97f4a7c15;
	size_t values = 0;

	for (size_t i = 0; i < ARRAY_LEN(plain_texts); i++) {
		json_t *v = document_plain(plain_texts[i], strlen(plain_texts[i]), &line, &values);
		ck_assert_msg(v != NULL, "%s", plain_texts[i]);
		json_decref(v);
	}
	for (unsigned turn = 0; turn < 40000; turn++) {
		char text[600];
		strlcpy(text, plain_texts[turn % ARRAY_LEN(plain_texts)], sizeof(text) - 32);
		for (unsigned k = 0; k <= turn % 3; k++)
			mutate(text, marks, &r);
		json_t *v = document_plain(text, strlen(text), &line, &values);
		struct str got = {0}, want = {0};
		if (v != NULL) {
			plain++;
			collect(&got, v, line);
			ck_assert_msg(whole(text, &want) == 0, "read but wrong:\n%s", text);
			ck_assert_msg(strcmp(str_get(&got), str_get(&want)) == 0, "%s\n--\n%s\n--\n%s", text, str_get(&got), str_get(&want));
		} else {
			refused++;
		}
		json_decref(v);
		str_free(&got);
		str_free(&want);
	}
	ck_assert_uint_gt(plain, 10000);
	ck_assert_uint_gt(refused, 10000);
}
END_TEST

START_TEST(test_cut)
{
	static const char text[] = "a: 1\n---\nb: |\n  ---\n  x\n--- # c\nd: 1\n----\n";
	struct document_part *parts;

	/* Hyphens count at the beginning of a line alone, and with white space behind them. */
	ck_assert_uint_eq(document_cut(text, strlen(text), &parts), 3);
	ck_assert_uint_eq(parts[0].len, 5);
	ck_assert_uint_eq(parts[1].at, 5);
	ck_assert_uint_eq(parts[1].line, 2);
	ck_assert_uint_eq(parts[2].line, 6);
	ck_assert_uint_eq(parts[2].at + parts[2].len, strlen(text));
	ck_assert_uint_ne(parts[0].hash, parts[1].hash);
	free(parts);
	/* A directive belongs to the document behind it. */
	static const char directive[] = "a: 1\n...\n%YAML 1.1\n---\nb: 1\n";
	ck_assert_uint_eq(document_cut(directive, strlen(directive), &parts), 1);
	free(parts);
	ck_assert_uint_eq(document_cut("", 0, &parts), 1);
	free(parts);
	reads(directive, "1:{\"a\":1};4:{\"b\":1};");
	/* Lines are those of the text, in whichever part an error is. */
	struct document_error err;
	struct str got = {0};
	ck_assert_int_ne(document_parse("a: 1\n---\nb: [\n", 14, collect, &got, &err), 0);
	ck_assert_uint_eq(err.line, 4);
	str_free(&got);
}
END_TEST

SUITE("document", test_types, test_documents, test_aliases, test_errors, test_plain, test_cut)
