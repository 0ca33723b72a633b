/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_aspath: AS paths, their text, and patterns over them.
 *
 * Three parts: a pattern, the text of a path, and the octets of one. A path comes back the same when its text
 * is read, survives what export does to it, and a pattern fits as the plainest way to look says.
 */
#include "conf/arena.h"
#include "conf/pattern.h"
#include "rib/aspath.h"
#include "tests/fuzz/fuzz.h"

#define WIRE_MAX   4096u
#define PLACES_MAX 24u /* the plain way takes its time */

static uint8_t wire[WIRE_MAX], back[WIRE_MAX];

/* The ASes of each place of a path. */
struct places {
	unsigned n, count[PLACES_MAX];
	uint32_t as[PLACES_MAX][UINT8_MAX];
};

static bool
places_of(struct aspath path, struct places *out)
{
	struct aspath_place at;

	out->n = 0;
	if (!aspath_first(path, &at))
		return true;
	do {
		bool set = at.type == ASPATH_SET || at.type == ASPATH_CONFED_SET;
		if (!set || at.at == 0) {
			if (out->n == PLACES_MAX)
				return false;
			out->count[out->n++] = 0;
		}
		out->as[out->n - 1][out->count[out->n - 1]++] = at.as;
	} while (aspath_next(&at));
	return true;
}

static bool
place_fits(const struct places *p, unsigned at, const struct aspath_token *t)
{
	for (unsigned i = 0; i < p->count[at]; i++)
		if (p->as[at][i] >= t->lo && p->as[at][i] <= t->hi)
			return true;
	return false;
}

/* Do the tokens from t on fit the places from at on? */
static bool
fits_from(const struct aspath_pattern *pat, unsigned t, const struct places *p, unsigned at, uint8_t *known)
{
	uint8_t *memo = &known[t * (PLACES_MAX + 1) + at];
	bool yes;

	if (*memo != 0)
		return *memo == 1;
	if (t == pat->n)
		yes = !pat->to_end || at == p->n;
	else {
		bool here = at < p->n && place_fits(p, at, &pat->tokens[t]);
		yes = pat->tokens[t].many ? fits_from(pat, t + 1, p, at, known) ||
						(here && fits_from(pat, t, p, at + 1, known))
					  : here && fits_from(pat, t + 1, p, at + 1, known);
	}
	*memo = yes ? 1 : 2;
	return yes;
}

static bool
fits(const struct aspath_pattern *pat, const struct places *p)
{
	static uint8_t known[(ASPATH_TOKENS_MAX + 1) * (PLACES_MAX + 1)];

	memset(known, 0, sizeof(known));
	for (unsigned at = 0; at <= (pat->from_start ? 0 : p->n); at++)
		if (fits_from(pat, 0, p, at, known))
			return true;
	return false;
}

static void
match(const struct conf_as_pattern *c, struct aspath path)
{
	static struct places places;
	static struct aspath_token tokens[ASPATH_TOKENS_MAX];
	struct aspath_pattern pat = {
	    .from_start = c->from_start, .to_end = c->to_end, .n = c->tokens.n, .tokens = tokens};

	ASSERT(pat.n <= ASPATH_TOKENS_MAX);
	for (uint32_t i = 0; i < pat.n; i++)
		tokens[i] = (struct aspath_token){
		    .lo = c->tokens.v[i].lo, .hi = c->tokens.v[i].hi, .many = c->tokens.v[i].many};
	bool matches = aspath_match(&pat, path);
	if (places_of(path, &places))
		ASSERT(matches == fits(&pat, &places));
}

/* A path of four-octet numbers: told, read, changed. */
static void
path_use(struct aspath path)
{
	struct str text = {0};
	struct wbuf w = wbuf_of(back, sizeof(back));
	static const uint32_t as[] = {65001, 4200000000u};

	ASSERT(aspath_check(path));
	aspath_text(path, &text);
	ASSERT(aspath_parse(str_get(&text), &w));
	/* Neighbouring sequences are one in text. */
	struct str again = {0};
	aspath_text((struct aspath){back, w.len}, &again);
	ASSERT(strcmp(str_get(&text), str_get(&again)) == 0);
	str_free(&text);
	str_free(&again);

	w = wbuf_of(back, sizeof(back));
	aspath_prepend(&w, path, as, 2);
	if (!w.err) {
		struct aspath longer = {back, w.len};
		ASSERT(aspath_check(longer) && aspath_begins_with(longer, as, 2));
		ASSERT(aspath_hops(longer) == UINT16_MAX || aspath_hops(longer) == aspath_hops(path) + 2);
	}
	for (int mode = ASPATH_PRIVATE_LEADING; mode <= ASPATH_PRIVATE_REPLACE; mode++) {
		w = wbuf_of(back, path.len);
		aspath_private_remove(&w, path, (enum aspath_private)mode, 64512, 1);
		ASSERT(!w.err && aspath_check((struct aspath){back, w.len}));
	}
	w = wbuf_of(back, path.len);
	aspath_strip_confed(&w, path);
	ASSERT(!w.err && aspath_check((struct aspath){back, w.len}));
	w = wbuf_of(back, path.len);
	aspath_replace(&w, path, 65001, 1);
	ASSERT(!w.err && aspath_count_of((struct aspath){back, w.len}, 65001) == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rbuf in = rbuf_of(data, size);
	size_t n;

	if (size > WIRE_MAX / 2)
		return -1;
	const uint8_t *p = fuzz_part(&in, &n);
	char *pattern = fuzz_string(p, n);
	p = fuzz_part(&in, &n);
	char *text = fuzz_string(p, n);
	size_t len = rbuf_left(&in);
	char *octets = fuzz_string(in.p, len);

	struct conf_arena *arena = conf_arena_new();
	struct conf_as_pattern c;
	bool has_pattern = conf_as_pattern_parse(arena, pattern, &c);
	struct wbuf w = wbuf_of(wire, sizeof(wire));
	if (aspath_parse(text, &w)) {
		struct aspath read = {wire, w.len};
		path_use(read);
		if (has_pattern)
			match(&c, read);
	}
	struct aspath path = {(const uint8_t *)octets, len};
	if (aspath_check(path)) {
		path_use(path);
		if (has_pattern)
			match(&c, path);
	}
	conf_arena_free(arena);
	free(pattern);
	free(text);
	free(octets);
	return 0;
}
