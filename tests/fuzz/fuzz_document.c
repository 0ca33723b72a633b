/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_document: any text as the documents of resources. Read as a whole and read in the parts it can be cut
 * into, it is the same documents, on the same lines; what is wrong is said with its place.
 */
#include "conf/document.h"
#include "tests/fuzz/fuzz.h"

struct told {
	json_t *values;
};

static int
take(void *ctx, json_t *value, unsigned line)
{
	struct told *t = ctx;

	ASSERT(line > 0 && value != NULL);
	json_array_append_new(t->values, json_pack("[O, i]", value, (int)line));
	return 0;
}

static int
stop(void *ctx, json_t *value, unsigned line)
{
	(void)ctx, (void)value, (void)line;
	return 7;
}

/* In parts: up to the first that is wrong. */
static int
in_parts(const char *text, size_t len, struct told *t, struct document_error *err)
{
	struct document_part *parts;
	size_t n = document_cut(text, len, &parts), values = 0, at = 0;
	int rc = 0;

	ASSERT(n > 0 && parts[0].at == 0 && parts[0].line == 1);
	for (size_t i = 0; i < n; i++) {
		ASSERT(parts[i].at == at); /* nothing between */
		at += parts[i].len;
	}
	ASSERT(at == len);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = document_part_parse(text, &parts[i], &values, take, t, err);
	free(parts);
	return rc;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct document_error err = {.line = 0}, part_err = {.line = 0};
	struct told whole = {.values = json_array()}, parts = {.values = json_array()};
	char *text = fuzz_string(data, size);

	int rc = document_parse(text, size, take, &whole, &err);
	ASSERT(rc == 0 || (err.line > 0 && err.text[0] != '\0'));
	int part_rc = in_parts(text, size, &parts, &part_err);
	ASSERT(part_rc == 0 || part_err.line > 0);
	if (rc == 0) {
		ASSERT(part_rc == 0 && json_equal(whole.values, parts.values));
		size_t n = json_array_size(whole.values);
		ASSERT(document_parse(text, size, stop, NULL, &err) == (n > 0 ? 7 : 0));
	}
	json_decref(whole.values);
	json_decref(parts.values);
	free(text);
	return 0;
}
