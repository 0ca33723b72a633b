/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kube_split: see kube.h. A list of a whole cluster is tens of megabytes of text and ten times that as
 * values, of which each object is needed for a moment only; so nothing is kept but the value that is coming.
 */
#include <string.h>

#include "conf/kube.h"

#define VALUE_MAX (8u << 20) /* octets of one object; the API server takes 3 MiB */

void
kube_split_begin(struct kube_split *s, bool list)
{
	kube_split_fini(s);
	*s = (struct kube_split){.list = list};
}

void
kube_split_fini(struct kube_split *s)
{
	str_free(&s->value);
	str_free(&s->around);
}

bool
kube_split_is_whole(const struct kube_split *s)
{
	return s->depth == 0 && !s->in_text && s->value.len == 0;
}

/* The depth of the values that are told. */
static unsigned
depth_of_values(const struct kube_split *s)
{
	return s->list ? 2 : 0;
}

static bool
is_in_value(const struct kube_split *s)
{
	return !s->list || s->in_items;
}

/* The octets up to, and without, the end of what is the same for all of them. */
static void
keep(struct kube_split *s, const char *from, const char *to)
{
	if (to > from)
		str_addn(is_in_value(s) ? &s->value : &s->around, from, (size_t)(to - from));
}

/* A quote that is not within a text, or ends one. */
static void
on_quote(struct kube_split *s)
{
	static const char items[] = "\"items\"";

	s->in_text = !s->in_text;
	if (is_in_value(s) || s->depth != 1)
		return;
	/* The quote itself is kept already. */
	if (s->in_text)
		s->key_at = s->around.len - 1;
	else
		s->is_items = strcmp(str_get(&s->around) + s->key_at, items) == 0;
}

static int
value_end(struct kube_split *s, kube_split_fn *fn, void *ctx)
{
	int rc = fn(ctx, str_get(&s->value), s->value.len);

	str_reset(&s->value);
	return rc;
}

/* A bracket, or what stands between values. */
static int
on_structure(struct kube_split *s, char c, kube_split_fn *fn, void *ctx)
{
	switch (c) {
	case '{':
	case '[':
		s->depth++;
		s->in_items |= s->list && c == '[' && s->depth == 2 && s->is_items;
		return 0;
	case '}':
	case ']':
		if (s->depth == 0)
			return -1;
		s->depth--;
		if (is_in_value(s) && s->depth == depth_of_values(s))
			return value_end(s, fn, ctx);
		return 0;
	default: /* ',' */
		s->is_items &= s->depth != 1;
		return 0;
	}
}

/* The end of "items": only a comma or white space may be left of values. */
static int
items_end(struct kube_split *s)
{
	s->in_items = s->is_items = false;
	if (s->value.len != strspn(str_get(&s->value), ", \t\r\n"))
		return -1;
	str_reset(&s->value);
	return 0;
}

/* What stands between values is no part of them. */
static void
trim(struct kube_split *s)
{
	size_t n = strspn(str_get(&s->value), ", \t\r\n");

	if (n > 0 && n == s->value.len)
		str_reset(&s->value);
}

int
kube_split_feed(struct kube_split *s, const char *data, size_t len, kube_split_fn *fn, void *ctx)
{
	const char *from = data, *end = data + len;
	int rc = 0;

	for (const char *p = data; p < end && rc == 0; p++) {
		if (s->in_text && s->escaped) {
			s->escaped = false;
		} else if (s->in_text && *p == '\\') {
			s->escaped = true;
		} else if (*p == '"') {
			keep(s, from, p + 1);
			from = p + 1;
			on_quote(s);
		} else if (!s->in_text && s->in_items && *p == ']' && s->depth == 2) {
			keep(s, from, p);
			from = p;
			s->depth--;
			rc = items_end(s);
		} else if (!s->in_text && memchr("{}[],", *p, 5) != NULL) {
			if (is_in_value(s) && s->depth == depth_of_values(s)) {
				keep(s, from, p);
				from = p;
				trim(s);
			}
			keep(s, from, p + 1);
			from = p + 1;
			rc = on_structure(s, *p, fn, ctx);
		}
		if (s->value.len > VALUE_MAX || s->around.len > VALUE_MAX)
			return -1;
	}
	if (rc == 0)
		keep(s, from, end);
	if (rc == 0 && is_in_value(s) && s->depth == depth_of_values(s))
		trim(s);
	return rc;
}
