/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sets: how prefix, community and AS-path sets are kept and searched.
 *
 * Prefix entries are sorted by family, address and length, so that one that covers
 * others comes before them; each knows the nearest entry that covers it. Whatever
 * covers a route is then the last entry not after the route, or above that one. So it
 * is for IPv6; IPv4 entries are laid out flat (rib/ranges).
 *
 * Of communities and AS paths most patterns are one value: those are sorted and searched
 * for each community, or each AS, of a route; only the rest is tried one by one.
 */
#include "rib/sets.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "rib/ranges.h"

struct prefix_node {
	struct prefix_set_entry entry;
	uint32_t parent; /* 1-based index of the nearest entry that covers this one; 0: none */
};

struct prefix_set {
	uint32_t refs, n;
	uint32_t n4; /* the IPv4 entries, which come first */
	struct ranges ipv4;
	struct prefix_node node[];
};

/* A community of 4, 8 or 12 octets as numbers that order alike. */
struct community_key {
	uint64_t hi;
	uint32_t lo;
};

struct community_set {
	uint32_t refs;
	size_t n;
	struct community_key *exact[COMMUNITY_KIND_COUNT]; /* ascending */
	uint32_t n_exact[COMMUNITY_KIND_COUNT];
	const struct community_pattern **open[COMMUNITY_KIND_COUNT]; /* those that are not one value */
	uint32_t n_open[COMMUNITY_KIND_COUNT];
	struct community_pattern pattern[];
};

/* Patterns of one AS, by where in the path it must be. */
enum aspath_where { ASPATH_ANYWHERE, ASPATH_FIRST, ASPATH_LAST, ASPATH_WHERE_COUNT };

struct aspath_set {
	uint32_t refs;
	size_t n;
	uint32_t *one[ASPATH_WHERE_COUNT]; /* ascending */
	uint32_t n_one[ASPATH_WHERE_COUNT];
	uint32_t n_open;
	const struct aspath_pattern **open; /* all others */
	struct aspath_pattern pattern[];
};

static int
node_cmp(const void *a, const void *b)
{
	const struct prefix_node *x = a, *y = b;

	return ip_prefix_cmp(&x->entry.prefix, &y->entry.prefix);
}

/* The IPv4 entries, which stand before all others. */
static void
index_ipv4(struct prefix_set *s)
{
	struct range_entry *e = xcalloc(s->n + 1u, sizeof(*e));

	while (s->n4 < s->n && s->node[s->n4].entry.prefix.family == FAMILY_IPV4) {
		const struct prefix_set_entry *from = &s->node[s->n4].entry;

		e[s->n4++] = (struct range_entry){.addr = be32_get(from->prefix.bytes),
						  .len = from->prefix.len,
						  .min_len = from->min_len,
						  .max_len = from->max_len};
	}
	ranges_init(&s->ipv4, e, s->n4);
	free(e);
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
	index_ipv4(s);
	for (uint32_t i = 1; i < s->n; i++) {
		uint32_t up = i;

		while (up && !ip_prefix_covers(&s->node[up - 1].entry.prefix, &s->node[i].entry.prefix))
			up = s->node[up - 1].parent;
		s->node[i].parent = up;
	}
	return s;
}

/* Of IPv6: 1-based index of the last entry that does not come after prefix; 0: none. */
static uint32_t
last_not_after(const struct prefix_set *s, const struct ip_prefix *prefix)
{
	uint32_t lo = s->n4, hi = s->n;

	while (lo < hi) {
		uint32_t mid = lo + (hi - lo) / 2;

		if (ip_prefix_cmp(&s->node[mid].entry.prefix, prefix) <= 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo > s->n4 ? lo : 0;
}

/* Apart, so that a lookup of IPv4 need not save the registers that this one wants. */
__attribute__((noinline)) static bool
match_ipv6(const struct prefix_set *s, const struct ip_prefix *prefix)
{
	for (uint32_t i = last_not_after(s, prefix); i != 0; i = s->node[i - 1].parent) {
		const struct prefix_set_entry *e = &s->node[i - 1].entry;

		if (prefix->len >= e->min_len && prefix->len <= e->max_len &&
		    ip_prefix_covers(&e->prefix, prefix))
			return true;
	}
	return false;
}

bool
prefix_set_match(const struct prefix_set *s, const struct ip_prefix *prefix)
{
	if (prefix->family == FAMILY_IPV4)
		return ranges_match(&s->ipv4, be32_get(prefix->bytes), prefix->len);
	return match_ipv6(s, prefix);
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
	if (s == NULL || --s->refs > 0)
		return;
	ranges_fini(&s->ipv4);
	free(s);
}

/* As community_fits compares: whether an extended one is transitive makes no difference (RFC 4360 2). */
#define EXT_KEY_MASK 0x3fffffffffffffffull

static struct community_key
community_key(enum community_kind kind, const uint8_t *entry)
{
	switch (kind) {
	case COMMUNITY_STD:
		return (struct community_key){.hi = be32_get(entry)};
	case COMMUNITY_LARGE:
		return (struct community_key){.hi = be64_get(entry), .lo = be32_get(entry + 8)};
	default:
		return (struct community_key){.hi = be64_get(entry) & EXT_KEY_MASK};
	}
}

static int
community_key_cmp(const void *a, const void *b)
{
	const struct community_key *x = a, *y = b;

	if (x->hi != y->hi)
		return x->hi < y->hi ? -1 : 1;
	return x->lo < y->lo ? -1 : x->lo > y->lo;
}

static void
community_index(struct community_set *s, enum community_kind kind)
{
	s->exact[kind] = xcalloc(s->n + 1, sizeof(*s->exact[kind]));
	s->open[kind] = xcalloc(s->n + 1, sizeof(const struct community_pattern *));
	for (size_t i = 0; i < s->n; i++) {
		const struct community_pattern *p = &s->pattern[i];
		uint8_t value[12];

		if (p->kind != kind)
			continue;
		if (!community_is_exact(p)) {
			s->open[kind][s->n_open[kind]++] = p;
			continue;
		}
		community_value(p, value);
		s->exact[kind][s->n_exact[kind]++] = community_key(kind, value);
	}
	if (s->n_exact[kind] > 0)
		qsort(s->exact[kind], s->n_exact[kind], sizeof(*s->exact[kind]), community_key_cmp);
}

struct community_set *
community_set_new(const struct community_pattern *patterns, size_t n)
{
	struct community_set *s = xcalloc(1, sizeof(*s) + n * sizeof(s->pattern[0]));

	s->refs = 1;
	s->n = n;
	if (n > 0)
		memcpy(s->pattern, patterns, n * sizeof(s->pattern[0]));
	for (enum community_kind kind = 0; kind < COMMUNITY_KIND_COUNT; kind++)
		community_index(s, kind);
	return s;
}

static bool
community_in(const struct community_set *s, enum community_kind kind, const uint8_t *entry)
{
	struct community_key key = community_key(kind, entry);

	if (s->n_exact[kind] > 0 &&
	    bsearch(&key, s->exact[kind], s->n_exact[kind], sizeof(key), community_key_cmp) != NULL)
		return true;
	for (uint32_t k = 0; k < s->n_open[kind]; k++)
		if (community_fits(s->open[kind][k], entry))
			return true;
	return false;
}

bool
community_set_match(const struct community_set *s, const struct attr_set *attrs)
{
	for (enum community_kind kind = 0; kind < COMMUNITY_KIND_COUNT; kind++) {
		size_t len, size = community_size(kind);
		const uint8_t *list;

		if (s->n_exact[kind] + s->n_open[kind] == 0)
			continue;
		list = attr_find(attrs, community_attr_type(kind), &len);
		for (size_t i = 0; list != NULL && i + size <= len; i += size)
			if (community_in(s, kind, list + i))
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
	if (s == NULL || --s->refs > 0)
		return;
	for (enum community_kind kind = 0; kind < COMMUNITY_KIND_COUNT; kind++) {
		free(s->exact[kind]);
		free(s->open[kind]);
	}
	free(s);
}

static int
as_cmp(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return x < y ? -1 : x > y;
}

/* Where the one AS of this pattern must be; ASPATH_WHERE_COUNT: it is not such a pattern. */
static enum aspath_where
pattern_where(const struct aspath_pattern *p)
{
	if (p->n != 1 || p->tokens[0].many || p->tokens[0].lo != p->tokens[0].hi || (p->from_start && p->to_end))
		return ASPATH_WHERE_COUNT;
	return p->from_start ? ASPATH_FIRST : p->to_end ? ASPATH_LAST : ASPATH_ANYWHERE;
}

static void
aspath_index(struct aspath_set *s)
{
	for (unsigned w = 0; w < ASPATH_WHERE_COUNT; w++)
		s->one[w] = xcalloc(s->n + 1, sizeof(*s->one[w]));
	s->open = xcalloc(s->n + 1, sizeof(const struct aspath_pattern *));
	for (size_t i = 0; i < s->n; i++) {
		enum aspath_where w = pattern_where(&s->pattern[i]);

		if (w == ASPATH_WHERE_COUNT)
			s->open[s->n_open++] = &s->pattern[i];
		else
			s->one[w][s->n_one[w]++] = s->pattern[i].tokens[0].lo;
	}
	for (unsigned w = 0; w < ASPATH_WHERE_COUNT; w++)
		if (s->n_one[w] > 0)
			qsort(s->one[w], s->n_one[w], sizeof(*s->one[w]), as_cmp);
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
	aspath_index(s);
	return s;
}

static bool
as_in(const struct aspath_set *s, enum aspath_where w, uint32_t as)
{
	return s->n_one[w] > 0 && bsearch(&as, s->one[w], s->n_one[w], sizeof(as), as_cmp) != NULL;
}

/* Is an AS of the path where a pattern of one AS wants it? Mostly that is one AS, anywhere. */
static bool
one_match(const struct aspath_set *s, struct aspath path)
{
	struct aspath_place at;

	if (s->n_one[ASPATH_ANYWHERE] == 1 && s->n_one[ASPATH_FIRST] + s->n_one[ASPATH_LAST] == 0)
		return aspath_count_of(path, s->one[ASPATH_ANYWHERE][0]) > 0;
	for (bool more = aspath_first(path, &at); more; more = aspath_next(&at))
		if (as_in(s, ASPATH_ANYWHERE, at.as) || (at.is_first && as_in(s, ASPATH_FIRST, at.as)) ||
		    (at.is_last && as_in(s, ASPATH_LAST, at.as)))
			return true;
	return false;
}

bool
aspath_set_match(const struct aspath_set *s, struct aspath path)
{
	if (s->n_open < s->n && one_match(s, path))
		return true;
	for (uint32_t i = 0; i < s->n_open; i++)
		if (aspath_match(s->open[i], path))
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
	for (unsigned w = 0; w < ASPATH_WHERE_COUNT; w++)
		free(s->one[w]);
	free(s->open);
	free(s);
}
