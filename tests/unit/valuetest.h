/* SPDX-License-Identifier: Apache-2.0 */
/* JSON values in YAML, so that no test needs a quoted quote. */
#ifndef TESTS_UNIT_VALUETEST_H
#define TESTS_UNIT_VALUETEST_H

#include <stdlib.h>
#include <string.h>

#include "conf/document.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/suite.h"

static int
keep(void *ctx, json_t *value, unsigned line)
{
	(void)line;
	json_array_append(ctx, value);
	return 0;
}

/* The one value of a text in flow style; the caller's. */
static inline json_t *
value_of(const char *text)
{
	struct document_error err;
	char *list_text = xasprintf("[%s]", text);
	json_t *list = json_array(), *v;

	ck_assert_msg(document_parse(list_text, strlen(list_text), keep, list, &err) == 0, "%s: %u:%u: %s",
		      text, err.line, err.column, err.text);
	v = json_incref(json_array_get(json_array_get(list, 0), 0));
	ck_assert_msg(v != NULL, "%s: no value", text);
	json_decref(list);
	free(list_text);
	return v;
}

#endif
