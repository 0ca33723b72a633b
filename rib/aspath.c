/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aspath: reading, changing, showing and matching of AS paths.
 *
 * Everything walks the segments in place; nothing is allocated. Paths come from
 * the UPDATE decoder, which has checked them, or from functions of this file.
 */
#include "rib/aspath.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

/* A segment inside a path. */
struct seg {
	uint8_t type;
	unsigned n;        /* ASes */
	const uint8_t *as; /* n × 4 octets */
};

static bool
seg_next(struct aspath *rest, struct seg *out)
{
	size_t size;

	if (rest->len == 0)
		return false;
	out->type = rest->p[0];
	out->n = rest->p[1];
	out->as = rest->p + 2;
	size = 2 + 4 * (size_t)out->n;
	rest->p += size;
	rest->len -= size;
	return true;
}

static uint32_t
seg_as(const struct seg *s, unsigned i)
{
	return be32_get(s->as + 4 * (size_t)i);
}

static bool
seg_is_confed(const struct seg *s)
{
	return s->type == ASPATH_CONFED_SEQUENCE || s->type == ASPATH_CONFED_SET;
}

static bool
seg_is_set(const struct seg *s)
{
	return s->type == ASPATH_SET || s->type == ASPATH_CONFED_SET;
}

/* Fills in what follows from at->at. */
static void
place_set(struct aspath_place *at, bool first_segment)
{
	bool set = at->type == ASPATH_SET || at->type == ASPATH_CONFED_SET;

	at->as = be32_get(at->seg + 4 * (size_t)at->at);
	at->is_first = first_segment && (set || at->at == 0);
	at->is_last = at->rest.len == 0 && (set || at->at + 1 == at->n);
}

static bool
place_segment(struct aspath_place *at, bool first_segment)
{
	struct seg s;

	if (!seg_next(&at->rest, &s))
		return false;
	at->type = s.type;
	at->n = s.n;
	at->seg = s.as;
	at->at = 0;
	place_set(at, first_segment);
	return true;
}

bool
aspath_first(struct aspath path, struct aspath_place *at)
{
	at->rest = path;
	return place_segment(at, true);
}

bool
aspath_next(struct aspath_place *at)
{
	bool set = at->type == ASPATH_SET || at->type == ASPATH_CONFED_SET;

	if (++at->at == at->n)
		return place_segment(at, false);
	/* Members of a set share their place, also the first one. */
	place_set(at, set && at->is_first);
	return true;
}

bool
aspath_check(struct aspath path)
{
	struct rbuf r = rbuf_of(path.p, path.len);

	while (!r.err && rbuf_left(&r) > 0) {
		uint8_t type = rbuf_u8(&r), n = rbuf_u8(&r);

		if (type < ASPATH_SET || type > ASPATH_CONFED_SET || n == 0)
			return false;
		rbuf_bytes(&r, 4 * (size_t)n);
	}
	return !r.err;
}

uint16_t
aspath_hops(struct aspath path)
{
	struct seg s;
	unsigned hops = 0;

	while (seg_next(&path, &s))
		if (!seg_is_confed(&s))
			hops += s.type == ASPATH_SET ? 1 : s.n;
	return (uint16_t)(hops > UINT16_MAX ? UINT16_MAX : hops);
}

unsigned
aspath_count_of(struct aspath path, uint32_t as)
{
	struct seg s;
	unsigned count = 0;

	while (seg_next(&path, &s))
		for (unsigned i = 0; i < s.n; i++)
			count += seg_as(&s, i) == as;
	return count;
}

bool
aspath_has_segment(struct aspath path, enum aspath_seg type)
{
	struct seg s;

	while (seg_next(&path, &s))
		if (s.type == type)
			return true;
	return false;
}

uint32_t
aspath_neighbor_as(struct aspath path)
{
	struct seg s;

	while (seg_next(&path, &s))
		if (!seg_is_confed(&s))
			return s.type == ASPATH_SEQUENCE ? seg_as(&s, 0) : 0;
	return 0;
}

uint32_t
aspath_origin_as(struct aspath path)
{
	struct seg s = {0};

	while (seg_next(&path, &s))
		continue;
	return s.type == ASPATH_SEQUENCE ? seg_as(&s, s.n - 1) : 0;
}

/* Puts n ASes before the path, in segments of this type. */
static void
prepend(struct wbuf *w, struct aspath path, uint8_t type, const uint32_t *as, size_t n)
{
	struct seg first = {0};
	struct aspath rest = path;
	size_t joined = 0, head;

	if (seg_next(&rest, &first) && first.type == type)
		joined = first.n;
	/*
	 * RFC 4271 5.1.2: the last ASes of the list go into the leading sequence as far
	 * as it has room, the others into sequences of their own before it.
	 */
	while (n > 0 || joined > 0) {
		size_t own = (n + joined) % ASPATH_SEG_MAX;

		if (own == 0)
			own = ASPATH_SEG_MAX;
		head = own < n ? own : n;
		wbuf_u8(w, type);
		wbuf_u8(w, (uint8_t)own);
		for (size_t i = 0; i < head; i++)
			wbuf_u32(w, as[i]);
		as += head;
		n -= head;
		if (own > head) {
			wbuf_put(w, first.as + 4 * (first.n - joined), 4 * (own - head));
			joined -= own - head;
		}
	}
	if (first.type == type)
		wbuf_put(w, rest.p, rest.len);
	else
		wbuf_put(w, path.p, path.len);
}

void
aspath_prepend(struct wbuf *w, struct aspath path, const uint32_t *as, size_t n)
{
	prepend(w, path, ASPATH_SEQUENCE, as, n);
}

void
aspath_prepend_confed(struct wbuf *w, struct aspath path, uint32_t as)
{
	prepend(w, path, ASPATH_CONFED_SEQUENCE, &as, 1);
}

void
aspath_strip_confed(struct wbuf *w, struct aspath path)
{
	struct seg s;

	while (seg_next(&path, &s))
		if (!seg_is_confed(&s))
			wbuf_put(w, s.as - 2, 2 + 4 * (size_t)s.n);
}

bool
aspath_as_is_private(uint32_t as)
{
	return (as >= 64512 && as <= 65534) || (as >= 4200000000u && as <= 4294967294u);
}

void
aspath_private_remove(struct wbuf *w, struct aspath path, enum aspath_private mode, uint32_t keep, uint32_t as)
{
	bool going = mode != ASPATH_PRIVATE_KEEP;
	struct seg s;

	while (seg_next(&path, &s)) {
		struct wbuf head = *w; /* to come back to, should nothing be left of the segment */
		uint8_t n = 0;

		wbuf_u8(w, s.type);
		uint8_t *count = wbuf_room(w, 1);
		for (unsigned i = 0; i < s.n; i++) {
			uint32_t old = seg_as(&s, i);
			bool private = aspath_as_is_private(old) && old != keep;
			if (!private && mode == ASPATH_PRIVATE_LEADING)
				going = false;
			if (private && going && mode != ASPATH_PRIVATE_REPLACE)
				continue;
			wbuf_u32(w, private && going ? as : old);
			n++;
		}
		if (n == 0)
			*w = head;
		else if (count != NULL)
			*count = n;
	}
}

void
aspath_replace(struct wbuf *w, struct aspath path, uint32_t what, uint32_t with)
{
	struct seg s;

	while (seg_next(&path, &s)) {
		wbuf_u8(w, s.type);
		wbuf_u8(w, (uint8_t)s.n);
		for (unsigned i = 0; i < s.n; i++)
			wbuf_u32(w, seg_as(&s, i) == what ? with : seg_as(&s, i));
	}
}

static const char seg_brackets[][2] = {
    [ASPATH_SET] = {'{', '}'},
    [ASPATH_CONFED_SEQUENCE] = {'(', ')'},
    [ASPATH_CONFED_SET] = {'[', ']'},
};

void
aspath_text(struct aspath path, struct str *out)
{
	const char *between = "";
	struct seg s;

	while (seg_next(&path, &s)) {
		const char *b = s.type == ASPATH_SEQUENCE ? NULL : seg_brackets[s.type];

		str_add(out, between);
		if (b)
			str_addn(out, &b[0], 1);
		for (unsigned i = 0; i < s.n; i++)
			str_addf(out, "%s%u", i ? " " : "", seg_as(&s, i));
		if (b)
			str_addn(out, &b[1], 1);
		between = " ";
	}
}

/* The segment type that a bracket opens, or 0. */
static uint8_t
seg_opened_by(char c)
{
	for (size_t type = ASPATH_SET; type < ARRAY_LEN(seg_brackets); type++)
		if (type != ASPATH_SEQUENCE && seg_brackets[type][0] == c)
			return (uint8_t)type;
	return 0;
}

/* Reads ASes up to end (or anything that is no digit) into a segment, or several if they are many. */
static const char *
parse_seg(const char *t, uint8_t type, struct wbuf *w)
{
	uint8_t *head = NULL;

	while (isspace((unsigned char)*t))
		t++;
	while (isdigit((unsigned char)*t)) {
		char *end;
		unsigned long long as = strtoull(t, &end, 10);

		if (as > UINT32_MAX)
			return NULL;
		if (head == NULL || head[1] == ASPATH_SEG_MAX) {
			head = wbuf_room(w, 2);
			if (head == NULL)
				return NULL;
			head[0] = type;
			head[1] = 0;
		}
		wbuf_u32(w, (uint32_t)as);
		head[1]++;
		for (t = end; isspace((unsigned char)*t); t++)
			continue;
	}
	return head ? t : NULL;
}

bool
aspath_parse(const char *text, struct wbuf *w)
{
	const char *t = text;

	for (;;) {
		uint8_t type;

		while (isspace((unsigned char)*t))
			t++;
		if (*t == '\0')
			return !w->err;
		type = seg_opened_by(*t);
		t = parse_seg(type ? t + 1 : t, type ? type : ASPATH_SEQUENCE, w);
		if (t == NULL)
			return false;
		if (type && *t++ != seg_brackets[type][1])
			return false;
	}
}

/* The set of places in a pattern that a match may have reached; place i is before token i. */
struct places {
	uint64_t bits[(ASPATH_TOKENS_MAX + 64) / 64];
};

static bool
places_has(const struct places *s, unsigned i)
{
	return s->bits[i / 64] >> (i % 64) & 1;
}

/* Adds place i, and those reached from there by leaving out "any number of". */
static void
places_add(struct places *s, const struct aspath_pattern *pattern, unsigned i)
{
	while (!places_has(s, i)) {
		s->bits[i / 64] |= 1ull << (i % 64);
		if (i == pattern->n || !pattern->tokens[i].many)
			return;
		i++;
	}
}

/* n ASes of which any may fit: one AS of a sequence, or all of a set. */
static bool
token_fits(const struct aspath_token *t, const uint8_t *as, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		uint32_t v = be32_get(as + 4 * (size_t)i);

		if (v >= t->lo && v <= t->hi)
			return true;
	}
	return false;
}

static void
places_step(struct places *s, const struct aspath_pattern *pattern, const uint8_t *as, unsigned n)
{
	struct places next = {0};

	for (unsigned i = 0; i < pattern->n; i++) {
		if (places_has(s, i) && token_fits(&pattern->tokens[i], as, n))
			places_add(&next, pattern, pattern->tokens[i].many ? i : i + 1);
	}
	if (!pattern->from_start)
		places_add(&next, pattern, 0);
	*s = next;
}

bool
aspath_match(const struct aspath_pattern *pattern, struct aspath path)
{
	struct places at = {0};
	struct seg s;

	ASSERT(pattern->n <= ASPATH_TOKENS_MAX);
	places_add(&at, pattern, 0);
	while (seg_next(&path, &s)) {
		bool set = seg_is_set(&s);

		for (unsigned i = 0; i < (set ? 1 : s.n); i++) {
			if (!pattern->to_end && places_has(&at, pattern->n))
				return true;
			places_step(&at, pattern, s.as + 4 * (size_t)i, set ? s.n : 1);
		}
	}
	return places_has(&at, pattern->n);
}

bool
aspath_begins_with(struct aspath path, const uint32_t *as, size_t n)
{
	struct seg s;
	size_t done = 0;

	while (done < n && seg_next(&path, &s)) {
		if (seg_is_set(&s))
			return false;
		for (unsigned i = 0; i < s.n && done < n; i++)
			if (seg_as(&s, i) != as[done++])
				return false;
	}
	return done == n;
}
