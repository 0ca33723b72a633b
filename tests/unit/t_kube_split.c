/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/kube_split: the same values however a text is cut, and an end for what is none. */
#include "conf/kube.h"

#include <string.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

static struct str values; /* each in angle brackets */

static int
keep(void *ctx, const char *text, size_t len)
{
	json_t *v = json_loadb(text, len, JSON_DECODE_ANY, NULL);
	char *dump = json_dumps(v, JSON_COMPACT | JSON_ENCODE_ANY);

	(void)ctx;
	ck_assert_msg(v != NULL, "no JSON: %.*s", (int)len, text);
	str_addf(&values, "<%s>", dump);
	json_decref(v);
	free(dump);
	return 0;
}

/* In pieces of n octets. */
static int
split(const char *text, bool list, size_t n, struct kube_split *s)
{
	size_t len = strlen(text);
	int rc = 0;

	str_reset(&values);
	str_add(&values, "");
	*s = (struct kube_split){0};
	kube_split_begin(s, list);
	for (size_t at = 0; at < len && rc == 0; at += n)
		rc = kube_split_feed(s, text + at, len - at < n ? len - at : n, keep, NULL);
	return rc;
}

static void
same(const char *text, bool list, const char *expected, const char *around)
{
	for (size_t n = 1; n <= strlen(text); n++) {
		struct kube_split s;
		ck_assert_int_eq(split(text, list, n, &s), 0);
		ck_assert(kube_split_is_whole(&s));
		ck_assert_str_eq(str_get(&values), expected);
		if (around != NULL)
			ck_assert_str_eq(str_get(&s.around), around);
		kube_split_fini(&s);
	}
}

START_TEST(test_stream)
{
	same("{\"a\": 1}\n{\"b\": [1, {\"c\": \"}]\\\"\\\\\"}]}\n", false,
	     "<{\"a\":1}><{\"b\":[1,{\"c\":\"}]\\\"\\\\\"}]}>", NULL);
	same("{}{}\r\n {\"items\": [{}]}", false, "<{}><{}><{\"items\":[{}]}>", NULL);
	str_free(&values);
}
END_TEST

START_TEST(test_list)
{
	same("{\"kind\": \"XList\", \"metadata\": {\"items\": [{\"no\": 1}]}, \"items\": [{\"a\": "
	     "\"items\"}, {\"b\": {\"items\": [{}]}} ], \"x\": 1}",
	     true, "<{\"a\":\"items\"}><{\"b\":{\"items\":[{}]}}>",
	     "{\"kind\": \"XList\", \"metadata\": {\"items\": [{\"no\": 1}]}, \"items\": [], \"x\": 1}");
	same("{\"items\": [],\"kind\": \"items\", \"other\": [{}]}", true, "",
	     "{\"items\": [],\"kind\": \"items\", \"other\": [{}]}");
	same("{\"items\": null, \"metadata\": [{}]}", true, "", "{\"items\": null, \"metadata\": [{}]}");
	str_free(&values);
}
END_TEST

START_TEST(test_wrong)
{
	static const char *const lists[] = {"{\"items\": [1]}", "}", "{\"items\": [\"a\"]}"},
				 *const streams[] = {"}", "{}]"};
	static const char *const halves[] = {"{\"items\": [{}", "{\"items\": [{}]", "{\"a\": \"", "{"};
	struct kube_split s;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		ck_assert_int_eq(split(lists[i], true, 1, &s), -1);
		kube_split_fini(&s);
	}
	for (size_t i = 0; i < ARRAY_LEN(streams); i++) {
		ck_assert_int_eq(split(streams[i], false, 1, &s), -1);
		kube_split_fini(&s);
	}
	for (size_t i = 0; i < ARRAY_LEN(halves); i++) {
		ck_assert_int_eq(split(halves[i], true, 1, &s), 0);
		ck_assert(!kube_split_is_whole(&s));
		kube_split_fini(&s);
	}
	str_free(&values);
}
END_TEST

/* A text that never ends does not fill the memory. */
START_TEST(test_endless)
{
	struct kube_split s = {0};
	char *piece = xmalloc(1 << 20);
	int rc = 0;
	unsigned n;

	memset(piece, 'x', 1 << 20);
	for (int list = 0; list < 2; list++) {
		kube_split_begin(&s, list != 0);
		rc = kube_split_feed(&s, "{\"a\": \"", 7, keep, NULL);
		for (n = 0; n < 100 && rc == 0; n++)
			rc = kube_split_feed(&s, piece, 1 << 20, keep, NULL);
		ck_assert_int_eq(rc, -1);
		ck_assert_uint_le(n, 10);
	}
	kube_split_fini(&s);
	free(piece);
	str_free(&values);
}
END_TEST

SUITE("kube_split", test_stream, test_list, test_wrong, test_endless)
