/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern: see pattern.h.
 *
 * Two small hand-written parsers; neither can fail in more than one way that a
 * reader could tell apart, so they say yes or no and the loader says what would
 * have been right.
 */
#include "conf/pattern.h"

#include <errno.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/load.h"

/* Digits at *p as a number; moves *p behind them. */
static bool
digits_take(const char **p, uint32_t *out)
{
	char buf[16];
	size_t len = strspn(*p, "0123456789");

	if (len == 0 || len >= sizeof(buf))
		return false;
	strlcpy(buf, *p, len + 1);
	*p += len;
	return load_number(buf, out);
}

/* One AS, with its star; false if there is none at *p. */
static bool
token_take(const char **p, struct conf_as_token *t)
{
	*t = (struct conf_as_token){0};
	if (**p == '.') {
		t->hi = UINT32_MAX;
		(*p)++;
	} else if (**p == '[') {
		(*p)++;
		if (!digits_take(p, &t->lo) || *(*p)++ != '-' || !digits_take(p, &t->hi) || *(*p)++ != ']' ||
		    t->lo > t->hi)
			return false;
	} else {
		if (!digits_take(p, &t->lo))
			return false;
		t->hi = t->lo;
	}
	if (**p == '*') {
		t->many = true;
		(*p)++;
	}
	return true;
}

bool
conf_as_pattern_parse(struct conf_arena *arena, const char *text, struct conf_as_pattern *out)
{
	struct conf_as_token tokens[CONF_AS_TOKENS_MAX];
	const char *p = text;
	uint32_t n = 0;

	memset(out, 0, sizeof(*out));
	if (*p == '^') {
		out->from_start = true;
		p++;
	}
	for (;;) {
		p += strspn(p, "_ ");
		if (*p == '\0')
			break;
		if (strcmp(p, "$") == 0) {
			out->to_end = true;
			break;
		}
		if (n == CONF_AS_TOKENS_MAX || !token_take(&p, &tokens[n]))
			return false;
		n++;
	}
	/* What would match every path by saying nothing is a mistake rather than a wish. */
	if (n == 0 && !(out->from_start && out->to_end))
		return false;
	out->text = conf_arena_str(arena, text);
	out->tokens.v = conf_arena_array(arena, n, sizeof(*out->tokens.v));
	out->tokens.n = n;
	for (uint32_t i = 0; i < n; i++)
		out->tokens.v[i] = tokens[i];
	return true;
}

/* The words after the prefix: nothing, "in", or le and ge once each. */
static int
lengths_parse(char *rest, struct conf_prefix_entry *e)
{
	unsigned bits = family_bits((enum family)e->prefix.family);
	bool le = false, ge = false;
	char *word;

	if (rest != NULL && strcmp(rest + strspn(rest, " "), "in") == 0) {
		e->max_len = (uint8_t)bits;
		return 0;
	}
	while ((word = strsep(&rest, " ")) != NULL) {
		bool *which = strcmp(word, "le") == 0 ? &le : strcmp(word, "ge") == 0 ? &ge : NULL;
		uint32_t v;
		if (word[0] == '\0')
			continue;
		do
			word = strsep(&rest, " ");
		while (word != NULL && word[0] == '\0');
		if (which == NULL || *which || word == NULL || !load_number(word, &v) || v > bits)
			return -EINVAL;
		*which = true;
		*(which == &le ? &e->max_len : &e->min_len) = (uint8_t)v;
	}
	if (ge && !le)
		e->max_len = (uint8_t)bits;
	return e->prefix.len <= e->min_len && e->min_len <= e->max_len ? 0 : -EINVAL;
}

int
conf_prefix_entry_parse(const char *text, struct conf_prefix_entry *out)
{
	char buf[IP_PREFIX_STRLEN + 32], *rest = buf;

	memset(out, 0, sizeof(*out));
	if (strlcpy(buf, text, sizeof(buf)) >= sizeof(buf))
		return -EINVAL;
	int rc = ip_prefix_parse(strsep(&rest, " "), &out->prefix);
	if (rc != 0)
		return rc;
	out->min_len = out->max_len = out->prefix.len;
	return lengths_parse(rest, out);
}

void
conf_prefix_entry_text(const struct conf_prefix_entry *e, struct str *out)
{
	unsigned bits = family_bits((enum family)e->prefix.family), len = e->prefix.len;
	char buf[IP_PREFIX_STRLEN];

	str_add(out, ip_prefix_str(&e->prefix, buf, sizeof(buf)));
	if (e->min_len == len && e->max_len == len)
		return;
	if (e->min_len == len && e->max_len == bits) {
		str_add(out, " in");
		return;
	}
	if (e->min_len != len)
		str_addf(out, " ge %u", e->min_len);
	if (e->max_len != bits)
		str_addf(out, " le %u", e->max_len);
}
