/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_selector: a selector, an octet of 0, and labels as JSON. What is none says why; "not" of a selector
 * holds exactly where it does not, and so do "and" and "or" with itself.
 */
#include "conf/selector.h"
#include "lib/str.h"
#include "tests/fuzz/fuzz.h"

/* Does the selector hold that is made of this one? */
static bool
holds(const char *format, const char *text, const json_t *labels, bool *ok)
{
	char error[200];
	struct str s = {0};

	for (const char *c = format; *c != '\0'; c++)
		if (*c == '@')
			str_add(&s, text);
		else
			str_addn(&s, c, 1);
	struct selector *sel = selector_parse(str_get(&s), error, sizeof(error));
	*ok = sel != NULL; /* else too deep */
	bool yes = *ok && selector_matches(sel, labels);
	selector_free(sel);
	str_free(&s);
	return yes;
}

static void
logic(const char *text, const json_t *labels, bool yes)
{
	bool ok;

	if (text[strspn(text, " \t\r\n")] == '\0')
		return; /* selects everything, but only alone */
	bool not = holds("!(@)", text, labels, &ok);
	ASSERT(!ok || not != yes);
	bool both = holds("(@) && (@)", text, labels, &ok);
	ASSERT(!ok || both == yes);
	bool either = holds("(@) || !all()", text, labels, &ok);
	ASSERT(!ok || either == yes);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rbuf in = rbuf_of(data, size);
	char error[200];
	size_t n;
	const uint8_t *p = fuzz_part(&in, &n);
	char *text = fuzz_string(p, n);
	json_t *labels = json_loadb((const char *)in.p, rbuf_left(&in), 0, NULL);

	memset(error, 0, sizeof(error));
	struct selector *s = selector_parse(text, error, sizeof(error));
	ASSERT((s == NULL) == (error[0] != '\0'));
	if (s != NULL) {
		selector_matches(s, NULL);
		logic(text, json_is_object(labels) ? labels : NULL,
		      selector_matches(s, json_is_object(labels) ? labels : NULL));
	}
	selector_free(s);
	/* A short place for the error. */
	selector_free(selector_parse(text, error, 8));
	json_decref(labels);
	free(text);
	return 0;
}
