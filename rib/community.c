/* SPDX-License-Identifier: Apache-2.0 */
/*
 * community: sorting, matching, changing and showing of the three kinds.
 *
 * What differs between the kinds is in one table of their sizes and attributes;
 * lists are handled as octets, since big-endian entries sort as numbers do.
 */
#include "rib/community.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "rib/bandwidth.h"

#define ENTRY_MAX 12

static const struct {
	uint8_t size, attr;
} kinds[COMMUNITY_KIND_COUNT] = {
    [COMMUNITY_STD] = {4, ATTR_COMMUNITIES},          /* RFC 1997 */
    [COMMUNITY_LARGE] = {12, ATTR_LARGE_COMMUNITIES}, /* RFC 8092 3 */
    [COMMUNITY_EXT] = {8, ATTR_EXT_COMMUNITIES},      /* RFC 4360 2 */
};

static const struct {
	uint32_t value;
	const char *name;
} well_known[] = {
    {COMMUNITY_GRACEFUL_SHUTDOWN, "graceful-shutdown"},
    {COMMUNITY_ACCEPT_OWN, "accept-own"},
    {COMMUNITY_LLGR_STALE, "llgr-stale"},
    {COMMUNITY_NO_LLGR, "no-llgr"},
    {COMMUNITY_BLACKHOLE, "blackhole"},
    {COMMUNITY_NO_EXPORT, "no-export"},
    {COMMUNITY_NO_ADVERTISE, "no-advertise"},
    {COMMUNITY_NO_EXPORT_SUBCONFED, "no-export-subconfed"},
    {COMMUNITY_NO_PEER, "no-peer"},
};

/* Type octets of extended communities, without the bits for authority and transitivity (RFC 4360 2). */
#define EXT_TYPE_MASK 0x3fu
enum { EXT_TWO_OCTET_AS = 0, EXT_IPV4 = 1, EXT_FOUR_OCTET_AS = 2 };
enum { EXT_ROUTE_TARGET = 2, EXT_ROUTE_ORIGIN = 3, EXT_LINK_BANDWIDTH = BANDWIDTH_SUBTYPE };

size_t
community_size(enum community_kind kind)
{
	return kinds[kind].size;
}

uint8_t
community_attr_type(enum community_kind kind)
{
	return kinds[kind].attr;
}

static int
cmp4(const void *a, const void *b)
{
	uint32_t x = be32_get(a), y = be32_get(b);
	return (x > y) - (x < y);
}
static int
cmp8(const void *a, const void *b)
{
	return memcmp(a, b, 8);
}
static int
cmp12(const void *a, const void *b)
{
	return memcmp(a, b, 12);
}

/* What most neighbours send anyway; with cmp known the compiler folds the calls away. */
static inline bool
ascending(const uint8_t *list, size_t len, size_t size, int (*cmp)(const void *, const void *))
{
	for (size_t i = size; i < len; i += size)
		if (cmp(list + i - size, list + i) >= 0)
			return false;
	return true;
}

static bool
is_canonical(enum community_kind kind, const uint8_t *list, size_t len)
{
	switch (kind) {
	case COMMUNITY_STD:
		return ascending(list, len, 4, cmp4);
	case COMMUNITY_EXT:
		return ascending(list, len, 8, cmp8);
	default:
		return ascending(list, len, 12, cmp12);
	}
}

size_t
community_sort(enum community_kind kind, uint8_t *list, size_t len)
{
	static int (*const cmp[])(const void *, const void *) = {
	    [COMMUNITY_STD] = cmp4, [COMMUNITY_LARGE] = cmp12, [COMMUNITY_EXT] = cmp8};
	size_t size = kinds[kind].size, kept = size;

	ASSERT(len % size == 0);
	if (is_canonical(kind, list, len))
		return len;
	qsort(list, len / size, size, cmp[kind]);
	for (size_t i = size; i < len; i += size) {
		if (memcmp(list + i, list + kept - size, size) == 0)
			continue;
		memmove(list + kept, list + i, size);
		kept += size;
	}
	return kept;
}

bool
community_has(const struct attr_set *s, uint32_t community)
{
	size_t len;
	const uint8_t *list = attr_find(s, ATTR_COMMUNITIES, &len);
	uint8_t want[4];

	be32_put(want, community);
	return list && bsearch(want, list, len / 4, 4, cmp4) != NULL;
}

/* A link bandwidth in whole Mbit/s; false: it says nothing. */
static bool
bandwidth_part(const uint8_t *entry, uint32_t *mbits)
{
	double v;

	if (!bandwidth_read(entry, &v))
		return false;
	v /= BANDWIDTH_UNIT;
	*mbits = v < UINT32_MAX ? (uint32_t)v : UINT32_MAX;
	return true;
}

/* The numbers of an extended community; false if its type is none that has these two parts. */
static bool
ext_parts(const uint8_t *entry, uint32_t part[2], uint8_t *type_bit)
{
	switch (entry[0] & EXT_TYPE_MASK) {
	case EXT_TWO_OCTET_AS:
		*type_bit = COMMUNITY_EXT_TWO_OCTET_AS;
		part[0] = be16_get(entry + 2);
		part[1] = be32_get(entry + 4);
		return entry[1] != EXT_LINK_BANDWIDTH || bandwidth_part(entry, &part[1]);
	case EXT_IPV4:
		*type_bit = COMMUNITY_EXT_IPV4;
		break;
	case EXT_FOUR_OCTET_AS:
		*type_bit = COMMUNITY_EXT_FOUR_OCTET_AS;
		break;
	default:
		return false;
	}
	part[0] = be32_get(entry + 2);
	part[1] = be16_get(entry + 6);
	return true;
}

static bool
in_range(const struct community_range *r, uint32_t v)
{
	return v >= r->lo && v <= r->hi;
}

bool
community_fits(const struct community_pattern *p, const uint8_t *entry)
{
	uint32_t part[2];
	uint8_t type_bit;

	switch (p->kind) {
	case COMMUNITY_STD:
		return in_range(&p->part[0], be16_get(entry)) && in_range(&p->part[1], be16_get(entry + 2));
	case COMMUNITY_LARGE:
		return in_range(&p->part[0], be32_get(entry)) && in_range(&p->part[1], be32_get(entry + 4)) &&
		       in_range(&p->part[2], be32_get(entry + 8));
	default:
		return entry[1] == p->ext_subtype && ext_parts(entry, part, &type_bit) &&
		       (p->ext_types & type_bit) && in_range(&p->part[0], part[0]) &&
		       in_range(&p->part[1], part[1]);
	}
}

bool
community_is_exact(const struct community_pattern *p)
{
	for (size_t i = 0; i < ARRAY_LEN(p->part); i++)
		if (p->part[i].lo != p->part[i].hi)
			return false;
	return p->kind != COMMUNITY_EXT || (p->ext_types != 0 && (p->ext_types & (p->ext_types - 1)) == 0);
}

size_t
community_value(const struct community_pattern *p, uint8_t out[12])
{
	ASSERT(community_is_exact(p));
	switch (p->kind) {
	case COMMUNITY_STD:
		be16_put(out, (uint16_t)p->part[0].lo);
		be16_put(out + 2, (uint16_t)p->part[1].lo);
		break;
	case COMMUNITY_LARGE:
		for (size_t i = 0; i < 3; i++)
			be32_put(out + 4 * i, p->part[i].lo);
		break;
	default:
		out[1] = p->ext_subtype;
		if (p->ext_subtype == EXT_LINK_BANDWIDTH) {
			bandwidth_write(out, (uint16_t)p->part[0].lo, p->part[1].lo * BANDWIDTH_UNIT);
			break;
		}
		if (p->ext_types == COMMUNITY_EXT_TWO_OCTET_AS) {
			out[0] = EXT_TWO_OCTET_AS;
			be16_put(out + 2, (uint16_t)p->part[0].lo);
			be32_put(out + 4, p->part[1].lo);
			break;
		}
		out[0] = p->ext_types == COMMUNITY_EXT_IPV4 ? EXT_IPV4 : EXT_FOUR_OCTET_AS;
		be32_put(out + 2, p->part[0].lo);
		be16_put(out + 6, (uint16_t)p->part[1].lo);
	}
	return kinds[p->kind].size;
}

/* Writes a list back, keeping the attribute's Partial bit if it had one (RFC 4271 5). */
static void
list_put(struct attr_edit *e, enum community_kind kind, const uint8_t *list, size_t len)
{
	uint8_t flags = ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, type = kinds[kind].attr;
	const uint8_t *p = e->wire;
	struct attr_item a;

	if (len == 0) {
		attr_edit_del(e, type);
		return;
	}
	while (attr_item_next(&p, e->wire + e->len, &a))
		if (a.type == type)
			flags |= a.flags & ATTR_FLAG_PARTIAL;
	attr_edit_put(e, flags, type, list, len);
}

void
community_add(struct attr_edit *e, const struct community_pattern *pattern)
{
	enum community_kind kind = pattern->kind;
	size_t len, size = kinds[kind].size;
	const uint8_t *old = attr_edit_find(e, kinds[kind].attr, &len);
	uint8_t *list;

	/* Full: the attribute cannot grow, and the longest list that fits stays. */
	if (len + size > UINT16_MAX)
		return;
	list = xmalloc(len + ENTRY_MAX);
	if (old)
		memcpy(list, old, len);
	len += community_value(pattern, list + len);
	list_put(e, kind, list, community_sort(kind, list, len));
	free(list);
}

static bool
fits_any(const struct community_pattern *patterns, size_t n, enum community_kind kind, const uint8_t *entry)
{
	for (size_t i = 0; i < n; i++)
		if (patterns[i].kind == kind && community_fits(&patterns[i], entry))
			return true;
	return false;
}

bool
community_remove(struct attr_edit *e, const struct community_pattern *patterns, size_t n)
{
	bool removed = false;

	for (enum community_kind kind = 0; kind < COMMUNITY_KIND_COUNT; kind++) {
		size_t len, size = kinds[kind].size, kept = 0;
		const uint8_t *old = attr_edit_find(e, kinds[kind].attr, &len);
		uint8_t *list;

		if (old == NULL)
			continue;
		list = xmalloc(len + 1);
		for (size_t i = 0; i + size <= len; i += size) {
			if (fits_any(patterns, n, kind, old + i))
				continue;
			memcpy(list + kept, old + i, size);
			kept += size;
		}
		if (kept != len) {
			list_put(e, kind, list, kept);
			removed = true;
		}
		free(list);
	}
	return removed;
}

const char *
community_name(uint32_t community)
{
	for (size_t i = 0; i < ARRAY_LEN(well_known); i++)
		if (well_known[i].value == community)
			return well_known[i].name;
	return NULL;
}

/* As policies write it, also where it stays in the AS. False: it is no whole number of Mbit/s. */
static bool
bandwidth_text(const uint8_t *entry, struct str *out)
{
	uint8_t again[8];
	uint32_t mbits;

	if (!bandwidth_part(entry, &mbits))
		return false;
	bandwidth_write(again, be16_get(entry + 2), mbits * BANDWIDTH_UNIT);
	if (memcmp(again + 1, entry + 1, 7) != 0)
		return false;
	str_addf(out, "bandwidth:%u:%u", be16_get(entry + 2), mbits);
	return true;
}

static void
ext_text(const uint8_t *entry, struct str *out)
{
	if (bandwidth_text(entry, out))
		return;
	const char *what = entry[1] == EXT_ROUTE_TARGET ? "rt" : "soo";
	uint32_t part[2];
	uint8_t type_bit;

	if ((entry[0] & ~EXT_TYPE_MASK) != 0 || !ext_parts(entry, part, &type_bit) ||
	    (entry[1] != EXT_ROUTE_TARGET && entry[1] != EXT_ROUTE_ORIGIN))
		str_addf(out, "0x%08x%08x", be32_get(entry), be32_get(entry + 4));
	else if (type_bit == COMMUNITY_EXT_IPV4)
		str_addf(out, "%s:%u.%u.%u.%u:%u", what, entry[2], entry[3], entry[4], entry[5], part[1]);
	else
		str_addf(out, "%s:%u:%u", what, part[0], part[1]);
}

void
community_text(enum community_kind kind, const uint8_t *entry, struct str *out)
{
	const char *name;

	switch (kind) {
	case COMMUNITY_STD:
		name = community_name(be32_get(entry));
		if (name)
			str_add(out, name);
		else
			str_addf(out, "%u:%u", be16_get(entry), be16_get(entry + 2));
		break;
	case COMMUNITY_LARGE:
		str_addf(out, "%u:%u:%u", be32_get(entry), be32_get(entry + 4), be32_get(entry + 8));
		break;
	default:
		ext_text(entry, out);
	}
}
