/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/document: types as Kubernetes' reader gives them, several documents, aliases, and what is refused. */
#include "conf/document.h"

#include <stdio.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"
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
	str_free(&deep);
}
END_TEST

SUITE("document", test_types, test_documents, test_aliases, test_errors)
