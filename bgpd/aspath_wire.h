/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aspath_wire: AS paths as they stand in AS_PATH and AS4_PATH, with AS numbers
 * of two and of four octets, and the way between the two.
 *
 * Only aspath_wire_check looks at strangers' octets; the others take what it has
 * passed. RFC 4271 4.3, 5065 3 (confederations), 6793 4.2, 7607, 9774.
 */
#ifndef BGPD_ASPATH_WIRE_H
#define BGPD_ASPATH_WIRE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/buf.h"

enum aspath_segment {
	ASPATH_SET = 1,
	ASPATH_SEQUENCE = 2,
	ASPATH_CONFED_SEQUENCE = 3,
	ASPATH_CONFED_SET = 4
};

/*
 * NULL for a good path, else what is wrong with it (static text). as_size is 2 or 4 octets;
 * confed: segments of a confederation are allowed. Empty is good.
 */
const char *aspath_wire_check(const uint8_t *p, size_t len, unsigned as_size, bool confed);
/* What aspath_wire_check says of an AS_SET or AS_CONFED_SET, which AS4_PATH must not have either (RFC 9774 3). */
extern const char aspath_wire_set[];
/* ASes as the decision counts them: a set is one, a confederation's segments are none. */
unsigned aspath_wire_count(const uint8_t *p, size_t len, unsigned as_size);
/* The leftmost AS where the path begins with a sequence (also of a confederation), else 0. */
uint32_t aspath_wire_first(const uint8_t *p, size_t len, unsigned as_size);
/* Appends a path of two-octet numbers with four. */
void aspath_wire_widen(struct wbuf *w, const uint8_t *p, size_t len);
/* RFC 6793 4.2.3: appends the path that AS_PATH (two octets) and AS4_PATH mean together. */
void aspath_wire_merge(struct wbuf *w, const uint8_t *p2, size_t len2, const uint8_t *p4, size_t len4);
/* Appends a path of four-octet numbers with two; true: AS_TRANS had to stand in, so AS4_PATH is needed. */
bool aspath_wire_narrow(struct wbuf *w, const uint8_t *p, size_t len);
/* Appends the value of AS4_PATH: the path without the confederation's segments (RFC 6793 3). */
void aspath_wire_strip_confed(struct wbuf *w, const uint8_t *p, size_t len);

#endif
