/* SPDX-License-Identifier: Apache-2.0 */
/*
 * community: the three community attributes (RFC 1997, RFC 4360, RFC 8092).
 *
 * A list is the value of such an attribute: entries of 4, 8 or 12 octets, in
 * canonical form ascending and each once. Called by the UPDATE decoder (sort),
 * sets and policies (match, add, remove), export (well-known ones) and whatever
 * shows routes to people.
 */
#ifndef RIB_COMMUNITY_H
#define RIB_COMMUNITY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/str.h"
#include "rib/attr.h"

enum community_kind { COMMUNITY_STD, COMMUNITY_LARGE, COMMUNITY_EXT, COMMUNITY_KIND_COUNT };

/* Well-known values (IANA "BGP Well-known Communities"). */
#define COMMUNITY_GRACEFUL_SHUTDOWN   0xffff0000u /* RFC 8326 */
#define COMMUNITY_ACCEPT_OWN          0xffff0001u /* RFC 7611 */
#define COMMUNITY_LLGR_STALE          0xffff0006u /* RFC 9494 */
#define COMMUNITY_NO_LLGR             0xffff0007u /* RFC 9494 */
#define COMMUNITY_BLACKHOLE           0xffff029au /* RFC 7999 */
#define COMMUNITY_NO_EXPORT           0xffffff01u /* RFC 1997 */
#define COMMUNITY_NO_ADVERTISE        0xffffff02u /* RFC 1997 */
#define COMMUNITY_NO_EXPORT_SUBCONFED 0xffffff03u /* RFC 1997 */
#define COMMUNITY_NO_PEER             0xffffff04u /* RFC 3765 */

size_t community_size(enum community_kind kind);       /* octets of an entry */
uint8_t community_attr_type(enum community_kind kind); /* enum attr_type */

/* Sorts a list in place and drops duplicates; returns the new length. len is a multiple of the entry's size.
 */
size_t community_sort(enum community_kind kind, uint8_t *list, size_t len);
/* Does a set have this standard community? */
bool community_has(const struct attr_set *s, uint32_t community);

struct community_range {
	uint32_t lo, hi; /* inclusive */
};

/* Types of extended communities that a pattern accepts, as bits (RFC 7153 5.2). */
#define COMMUNITY_EXT_TWO_OCTET_AS  0x1u
#define COMMUNITY_EXT_IPV4          0x2u
#define COMMUNITY_EXT_FOUR_OCTET_AS 0x4u

/*
 * A pattern: part p fits if lo ≤ p ≤ hi. Standard aa:nn has two parts, large
 * aa:bb:cc three, extended the global and the local administrator.
 */
struct community_pattern {
	struct community_range part[3]; /* those not used are 0..0 */
	uint8_t kind;                   /* enum community_kind */
	uint8_t ext_types;              /* COMMUNITY_EXT_* bits */
	uint8_t ext_subtype;            /* 0x02 route target, 0x03 route origin, 0x04 link bandwidth: in whole Mbit/s */
};

/* Does the entry (community_size octets) fit? Its kind is the pattern's. */
bool community_fits(const struct community_pattern *pattern, const uint8_t *entry);
/* Is it one value (and, if extended, one type)? */
bool community_is_exact(const struct community_pattern *pattern);
/* Writes the one value of an exact pattern; returns its octets. */
size_t community_value(const struct community_pattern *pattern, uint8_t out[12]);

/* Adds the entry of an exact pattern to its list, in order; does nothing if it is there. */
void community_add(struct attr_edit *e, const struct community_pattern *pattern);
/* Removes every entry that fits; an empty list takes its attribute away. True: something went. */
bool community_remove(struct attr_edit *e, const struct community_pattern *patterns, size_t n);

/* Adds the text of one entry: "64512:100", "no-export", "64512:1:2", "rt:64512:1", "soo:10.0.0.1:5" or "0x…"
 * for other extended ones. */
void community_text(enum community_kind kind, const uint8_t *entry, struct str *out);
/* The name of a well-known standard community, or NULL. */
const char *community_name(uint32_t community);

#endif
