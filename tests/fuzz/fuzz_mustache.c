/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_mustache: a template, a partial (for any name) and data as JSON, with an octet of 0 between. What is
 * wrong is said with its place; rendering ends, twice with the same text; and each value that the template
 * may put into YAML is read there as what it was.
 */
#include "conf/document.h"
#include "conf/mustache.h"
#include "tests/fuzz/fuzz.h"

#include <errno.h>

struct partial {
	const uint8_t *text;
	size_t len;
};

static int
find(void *ctx, const char *name, char **text, size_t *len)
{
	const struct partial *p = ctx;

	if (strcmp(name, "none") == 0)
		return -ENOENT;
	*text = fuzz_string(p->text, p->len);
	*len = p->len;
	return 0;
}

static int
read_back(void *ctx, json_t *value, unsigned line)
{
	(void)line;
	json_decref(*(json_t **)ctx);
	*(json_t **)ctx = json_incref(value);
	return 0;
}

/* Texts and numbers; of lists and objects the members one by one. */
static void
yaml_use(json_t *value)
{
	struct document_error err;
	struct str text = {0};
	json_t *back = NULL, *member;
	const char *key;
	size_t i;

	json_array_foreach(value, i, member) yaml_use(member);
	json_object_foreach(value, key, member) yaml_use(member);
	if (json_is_real(value))
		return; /* written with 15 digits */
	str_add(&text, "- ");
	mustache_yaml(&text, value);
	str_add(&text, "\n");
	/* Members of members with real numbers are another matter: only what holds for all is asked for. */
	int rc = document_parse(str_get(&text), text.len, read_back, &back, &err);
	ASSERT(rc == 0 && json_array_size(back) == 1);
	if (!json_is_array(value) && !json_is_object(value))
		ASSERT(json_equal(json_array_get(back, 0), value));
	json_decref(back);
	str_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rbuf in = rbuf_of(data, size);
	struct mustache_error err = {.line = 0};
	struct partial p;
	size_t len;

	if (size > 16384)
		return -1;
	const uint8_t *part = fuzz_part(&in, &len);
	char *text = fuzz_string(part, len);
	p.text = fuzz_part(&in, &p.len);
	json_t *model = json_loadb((const char *)in.p, rbuf_left(&in), JSON_DECODE_ANY, NULL);
	if (model == NULL)
		model = json_object();
	struct mustache *m = mustache_parse("main", text, len, &err);
	free(text); /* it keeps what it needs */
	if (m == NULL) {
		ASSERT(err.line > 0 && err.column > 0 && err.text[0] != '\0');
	} else {
		struct str out = {0}, again = {0};
		int rc = mustache_render(m, model, find, &p, &out, &err);
		ASSERT(rc == 0 || (err.line > 0 && err.text[0] != '\0'));
		ASSERT(mustache_render(m, model, find, &p, &again, &err) == rc);
		ASSERT(out.len == again.len && memcmp(str_get(&out), str_get(&again), out.len) == 0);
		str_free(&out);
		str_free(&again);
	}
	mustache_free(m);
	yaml_use(model);
	json_decref(model);
	return 0;
}
