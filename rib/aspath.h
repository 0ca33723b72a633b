/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aspath: AS paths in the form of the AS_PATH attribute's value, with four-octet
 * ASes (RFC 4271 4.3 b, RFC 6793; confederation segments RFC 5065 3).
 *
 * Paths are views into memory that somebody else owns; all functions take a path
 * that aspath_check() accepts. Called by attr (summaries), policy, export, the
 * UPDATE decoder (checks, loops) and whatever shows routes to people.
 */
#ifndef RIB_ASPATH_H
#define RIB_ASPATH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"
#include "lib/str.h"

enum aspath_seg { ASPATH_SET = 1, ASPATH_SEQUENCE = 2, ASPATH_CONFED_SEQUENCE = 3, ASPATH_CONFED_SET = 4 };
#define ASPATH_SEG_MAX 255 /* ASes in a segment */

struct aspath {
	const uint8_t *p; /* may be NULL if len is 0 */
	size_t len;       /* octets */
};

/* Known segment types, no empty segment, lengths that add up (RFC 7606 7.2). */
bool aspath_check(struct aspath path);
/* Hops as in RFC 4271 9.1.2.2 a; a confederation segment counts 0 (RFC 5065 5.3). 65535 at most. */
uint16_t aspath_hops(struct aspath path);
/* How often as is in it, in any kind of segment. */
unsigned aspath_count_of(struct aspath path, uint32_t as);
/* Is there a segment of this type? */
bool aspath_has_segment(struct aspath path, enum aspath_seg type);
/* Leftmost AS if the path, without leading confederation segments, begins with an AS_SEQUENCE; else 0. */
uint32_t aspath_neighbor_as(struct aspath path);
/* Last AS if the path ends with an AS_SEQUENCE; else 0 (empty, or an aggregate: RFC 6907 7.1.9). */
uint32_t aspath_origin_as(struct aspath path);

/* One AS of a path after the other, those of sets too: all members of a set are at the same place. */
struct aspath_place {
	uint32_t as;
	bool is_first, is_last; /* the place is the first, or the last, of the path */
	uint8_t type;           /* enum aspath_seg; the rest is the walk's */
	unsigned at, n;
	const uint8_t *seg;
	struct aspath rest;
};
bool aspath_first(struct aspath path, struct aspath_place *at); /* false: an empty path */
bool aspath_next(struct aspath_place *at);                      /* false: that was the last one */

/*
 * Writes path with n ASes put in before it in an AS_SEQUENCE, as[0] leftmost
 * (RFC 4271 5.1.2). w needs room for path.len + 4n + 2(1 + n/255) octets.
 */
void aspath_prepend(struct wbuf *w, struct aspath path, const uint32_t *as, size_t n);
/* The same with one AS in an AS_CONFED_SEQUENCE (RFC 5065 4.1). w needs room for path.len + 6 octets. */
void aspath_prepend_confed(struct wbuf *w, struct aspath path, uint32_t as);
/* Writes path without its confederation segments (RFC 5065 4.1). w needs room for path.len. */
void aspath_strip_confed(struct wbuf *w, struct aspath path);
/* Is it for private use: 64512..65534, 4200000000..4294967294 (RFC 6996 5)? */
bool aspath_as_is_private(uint32_t as);

enum aspath_private { ASPATH_PRIVATE_KEEP, ASPATH_PRIVATE_LEADING, ASPATH_PRIVATE_ALL, ASPATH_PRIVATE_REPLACE };
/*
 * Writes path without its private ASes: those before the first that is none, or all, or (REPLACE) with as in place of
 * each. keep is an AS that counts as not private. w needs room for path.len.
 */
void aspath_private_remove(struct wbuf *w, struct aspath path, enum aspath_private mode, uint32_t keep, uint32_t as);
/* Writes path with `with` in place of each AS `what`. w needs room for path.len. */
void aspath_replace(struct wbuf *w, struct aspath path, uint32_t what, uint32_t with);

/* Adds text: "65001 65002 {1 2}", confederation sequences in (), confederation sets in []; nothing if empty.
 */
void aspath_text(struct aspath path, struct str *out);
/* Reads that text back into w. False: not such text, or no room. */
bool aspath_parse(const char *text, struct wbuf *w);

/* Part of a pattern: one AS of lo..hi, or (many) any number of such, also none. */
struct aspath_token {
	uint32_t lo, hi;
	bool many;
};
#define ASPATH_TOKENS_MAX 255

/*
 * A pattern over whole ASes: the tokens one after the other, beginning at the start
 * of the path if from_start, reaching its end if to_end. An AS_SET stands for one
 * AS: whichever of its members fits.
 */
struct aspath_pattern {
	bool from_start, to_end;
	uint32_t n; /* tokens, ASPATH_TOKENS_MAX at most */
	struct aspath_token *tokens;
};
/* Time is bounded by ASes × tokens. */
bool aspath_match(const struct aspath_pattern *pattern, struct aspath path);
/* Do the first n ASes of the path, in sequences, equal these? */
bool aspath_begins_with(struct aspath path, const uint32_t *as, size_t n);

#endif
