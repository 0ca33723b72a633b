/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sets: how prefix, community and AS-path sets are kept and searched.
 *
 * Prefix entries are sorted by family, address and length, so that one that covers
 * others comes before them; each knows the nearest entry that covers it. Whatever
 * covers a route is then the last entry not after the route, or above that one.
 */
#include "rib/sets.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

struct prefix_node {
	struct prefix_set_entry entry;
	uint32_t parent; /* 1-based index of the nearest entry that covers this one; 0: none */
};

struct prefix_set {
	uint32_t refs, n;
	struct prefix_node node[];
};

struct community_set {
	uint32_t refs;
	size_t n;
	struct community_pattern pattern[];
};

struct aspath_set {
	uint32_t refs;
	size_t n;
	struct aspath_pattern pattern[];
};

static int
node_cmp(const void *a, const void *b)
{
	const struct prefix_node *x = a, *y = b;

	return ip_prefix_cmp(&x->entry.prefix, &y->entry.prefix);
}

struct prefix_set *
prefix_set_new(const struct prefix_set_entry *entries, size_t n)
{
	struct prefix_set *s = xcalloc(1, sizeof(*s) + n * sizeof(s->node[0]));

	ASSERT(n < UINT32_MAX);
	s->refs = 1;
	s->n = (uint32_t)n;
	for (size_t i = 0; i < n; i++)
		s->node[i].entry = entries[i];
	if (n > 0)
		qsort(s->node, n, sizeof(s->node[0]), node_cmp);
	for (uint32_t i = 1; i < s->n; i++) {
		uint32_t up = i;

		while (up && !ip_prefix_covers(&s->node[up - 1].entry.prefix, &s->node[i].entry.prefix))
			up = s->node[up - 1].parent;
		s->node[i].parent = up;
	}
	return s;
}

/* 1-based index of the last entry that does not come after prefix; 0: none. */
static uint32_t
last_not_after(const struct prefix_set *s, const struct ip_prefix *prefix)
{
	uint32_t lo = 0, hi = s->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (ip_prefix_cmp(&s->node[mid].entry.prefix, prefix) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

bool
prefix_set_match(const struct prefix_set *s, const struct ip_prefix *prefix)
{
	for (uint32_t i = last_not_after(s, prefix); i != 0; i = s->node[i - 1].parent) {
		const struct prefix_set_entry *e = &s->node[i - 1].entry;

		if (prefix->len >= e->min_len && prefix->len <= e->max_len &&
		    ip_prefix_covers(&e->prefix, prefix))
			return true;
	}
	return false;
}

struct prefix_set *
prefix_set_ref(struct prefix_set *s)
{
	s->refs++;
	return s;
}

void
prefix_set_unref(struct prefix_set *s)
{
	if (s && --s->refs == 0)
		free(s);
}

struct community_set *
community_set_new(const struct community_pattern *patterns, size_t n)
{
	struct community_set *s = xcalloc(1, sizeof(*s) + n * sizeof(s->pattern[0]));

	s->refs = 1;
	s->n = n;
	if (n > 0)
		memcpy(s->pattern, patterns, n * sizeof(s->pattern[0]));
	return s;
}

bool
community_set_match(const struct community_set *s, const struct attr_set *attrs)
{
	for (enum community_kind kind = 0; kind < COMMUNITY_KIND_COUNT; kind++) {
		size_t len, size = community_size(kind);
		const uint8_t *list = attr_find(attrs, community_attr_type(kind), &len);

		for (size_t i = 0; i + size <= len; i += size)
			for (size_t k = 0; k < s->n; k++)
				if (s->pattern[k].kind == kind && community_fits(&s->pattern[k], list + i))
					return true;
	}
	return false;
}

const struct community_pattern *
community_set_patterns(const struct community_set *s, size_t *n)
{
	*n = s->n;
	return s->pattern;
}

struct community_set *
community_set_ref(struct community_set *s)
{
	s->refs++;
	return s;
}

void
community_set_unref(struct community_set *s)
{
	if (s && --s->refs == 0)
		free(s);
}

struct aspath_set *
aspath_set_new(const struct aspath_pattern *patterns, size_t n)
{
	struct aspath_set *s = xcalloc(1, sizeof(*s) + n * sizeof(s->pattern[0]));

	s->refs = 1;
	s->n = n;
	for (size_t i = 0; i < n; i++) {
		struct aspath_pattern *p = &s->pattern[i];

		*p = patterns[i];
		p->tokens = xcalloc(p->n + 1, sizeof(p->tokens[0]));
		if (p->n > 0)
			memcpy(p->tokens, patterns[i].tokens, p->n * sizeof(p->tokens[0]));
	}
	return s;
}

bool
aspath_set_match(const struct aspath_set *s, struct aspath path)
{
	for (size_t i = 0; i < s->n; i++)
		if (aspath_match(&s->pattern[i], path))
			return true;
	return false;
}

struct aspath_set *
aspath_set_ref(struct aspath_set *s)
{
	s->refs++;
	return s;
}

void
aspath_set_unref(struct aspath_set *s)
{
	if (s == NULL || --s->refs > 0)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->pattern[i].tokens);
	free(s);
}
