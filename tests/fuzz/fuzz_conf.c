/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_conf: any text as a configuration, or two with an octet of 0 between. What loads must print, load
 * again and then be the same; what does not must say why; and what is different between two is the same the
 * other way round. Seeds: the YAML of tests/conf, too.
 */
#include "conf/conf.h"
#include "conf/diff.h"
#include "tests/fuzz/fuzz.h"

static struct conf *
load(const uint8_t *text, size_t len)
{
	struct conf_errors errs = {0};
	struct str said = {0};
	struct conf *c;

	if (conf_load_text("fuzz", (const char *)text, len, CONF_NO_FILES, &c, &errs) != 0) {
		ASSERT(errs.n > 0 && c == NULL);
		conf_errors_print(&errs, &said);
	}
	conf_errors_free(&errs);
	str_free(&said);
	return c;
}

static void
round_trip(const struct conf *c)
{
	struct conf_changes ch;
	struct str text = {0}, twice = {0};

	conf_print(c, true, &text);
	struct conf *again = load((const uint8_t *)text.s, text.len);
	ASSERT(again != NULL);
	conf_diff(c, again, &ch);
	ASSERT(ch.all.n == 0 && ch.neighbors.n == 0);
	conf_changes_free(&ch);
	conf_print(again, true, &twice);
	ASSERT(text.len == twice.len && memcmp(text.s, twice.s, text.len) == 0);
	conf_free(again);
	/* For everybody's eyes. */
	str_reset(&text);
	conf_print(c, false, &text);
	str_free(&text);
	str_free(&twice);
}

static void
compare(const struct conf *a, const struct conf *b)
{
	struct conf_changes there, back;
	struct str text = {0};

	conf_diff(a, b, &there);
	conf_diff(b, a, &back);
	ASSERT(there.sections == back.sections && there.everybody == back.everybody);
	ASSERT(there.neighbors.n == back.neighbors.n && there.fates.n == a->neighbors.n);
	for (uint32_t i = 0; i < there.fates.n; i++)
		ASSERT(there.fates.v[i].index < (int32_t)b->neighbors.n &&
		       there.fates.v[i].change < (int32_t)there.neighbors.n);
	conf_changes_print(&there, &text);
	conf_changes_free(&there);
	conf_changes_free(&back);
	str_free(&text);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rbuf in = rbuf_of(data, size);
	size_t n;
	const uint8_t *text = fuzz_part(&in, &n);
	struct conf *a = load(text, n), *b = rbuf_left(&in) > 0 ? load(in.p, rbuf_left(&in)) : NULL;

	if (a != NULL)
		round_trip(a);
	if (a != NULL && b != NULL)
		compare(a, b);
	conf_free(a);
	conf_free(b);
	return 0;
}
