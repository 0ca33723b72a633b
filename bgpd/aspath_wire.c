/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aspath_wire: checks AS paths and turns two-octet AS numbers into four and back.
 *
 * Called by the attribute decoder and by the UPDATE encoder. A path is a row of
 * segments: type, number of ASes, ASes.
 */
#include "bgpd/aspath_wire.h"

#include "bgpd/msg.h"

static uint32_t
as_get(const uint8_t *p, unsigned as_size)
{
	return as_size == 4 ? be32_get(p) : be16_get(p);
}

static bool
is_confed(uint8_t type)
{
	return type == ASPATH_CONFED_SEQUENCE || type == ASPATH_CONFED_SET;
}

const char aspath_wire_set[] = "AS path with an AS_SET";

const char *
aspath_wire_check(const uint8_t *p, size_t len, unsigned as_size, bool confed)
{
	for (size_t at = 0; at < len;) {
		if (len - at < 2)
			return "AS path with a single octet left over";
		uint8_t type = p[at], n = p[at + 1];
		at += 2;
		if (n == 0) /* RFC 7606 7.2 */
			return "AS path segment without an AS";
		if (len - at < (size_t)n * as_size)
			return "AS path segment longer than the attribute";
		if (type == ASPATH_SET || type == ASPATH_CONFED_SET) /* RFC 9774 3 */
			return aspath_wire_set;
		if (type != ASPATH_SEQUENCE && type != ASPATH_CONFED_SEQUENCE)
			return "AS path segment of an unknown type";
		if (is_confed(type) && !confed) /* RFC 5065 5 */
			return "confederation segment from outside the confederation";
		for (unsigned i = 0; i < n; i++, at += as_size)
			if (as_get(p + at, as_size) == 0)
				return "AS path with AS 0"; /* RFC 7607 2 */
	}
	return NULL;
}

unsigned
aspath_wire_count(const uint8_t *p, size_t len, unsigned as_size)
{
	unsigned count = 0;

	for (size_t at = 0; at < len; at += 2 + (size_t)p[at + 1] * as_size)
		count += p[at] == ASPATH_SEQUENCE ? p[at + 1] : p[at] == ASPATH_SET;
	return count;
}

uint32_t
aspath_wire_first(const uint8_t *p, size_t len, unsigned as_size)
{
	if (len == 0 || (p[0] != ASPATH_SEQUENCE && p[0] != ASPATH_CONFED_SEQUENCE))
		return 0;
	return as_get(p + 2, as_size);
}

static void
segment_widen(struct wbuf *w, uint8_t type, const uint8_t *as, unsigned n)
{
	wbuf_u8(w, type);
	wbuf_u8(w, (uint8_t)n);
	for (unsigned i = 0; i < n; i++)
		wbuf_u32(w, be16_get(as + i * 2));
}

void
aspath_wire_widen(struct wbuf *w, const uint8_t *p, size_t len)
{
	for (size_t at = 0; at < len; at += 2 + p[at + 1] * 2u)
		segment_widen(w, p[at], p + at + 2, p[at + 1]);
}

void
aspath_wire_strip_confed(struct wbuf *w, const uint8_t *p, size_t len)
{
	for (size_t at = 0, n; at < len; at += n) {
		n = 2 + p[at + 1] * 4u;
		if (!is_confed(p[at]))
			wbuf_put(w, p + at, n);
	}
}

void
aspath_wire_merge(struct wbuf *w, const uint8_t *p2, size_t len2, const uint8_t *p4, size_t len4)
{
	unsigned have = aspath_wire_count(p2, len2, 2), tail = aspath_wire_count(p4, len4, 4);
	size_t last = SIZE_MAX, start;

	if (have < tail) { /* RFC 6793 4.2.3: then AS4_PATH is ignored */
		aspath_wire_widen(w, p2, len2);
		return;
	}
	unsigned lead = have - tail;
	for (size_t at = 0; at < len2; at += 2 + p2[at + 1] * 2u) {
		unsigned n = p2[at + 1];
		if (!is_confed(p2[at])) {
			if (lead == 0)
				break;
			n = n < lead ? n : lead;
			lead -= n;
		}
		last = w->len;
		segment_widen(w, p2[at], p2 + at + 2, n);
	}
	start = w->len;
	aspath_wire_strip_confed(w, p4, len4);
	/* One sequence rather than two, where it can be: the path was one before the old speaker cut it. */
	if (last == SIZE_MAX || w->err || start == w->len || w->base[last] != ASPATH_SEQUENCE ||
	    w->base[start] != ASPATH_SEQUENCE || w->base[last + 1] + w->base[start + 1] > UINT8_MAX)
		return;
	w->base[last + 1] = (uint8_t)(w->base[last + 1] + w->base[start + 1]);
	memmove(w->base + start, w->base + start + 2, w->len - start - 2);
	w->len -= 2;
}

bool
aspath_wire_narrow(struct wbuf *w, const uint8_t *p, size_t len)
{
	bool trans = false;

	for (size_t at = 0; at < len; at += 2 + p[at + 1] * 4u) {
		wbuf_put(w, p + at, 2);
		for (unsigned i = 0; i < p[at + 1]; i++) {
			uint32_t as = be32_get(p + at + 2 + i * 4);
			trans |= as > UINT16_MAX;
			wbuf_u16(w, (uint16_t)(as > UINT16_MAX ? BGP_AS_TRANS : as));
		}
	}
	return trans;
}
