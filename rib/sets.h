/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sets: prefix sets, community sets and AS-path sets, compiled for matching.
 *
 * A set is made once from its entries and never changes; policies share it by
 * reference counting, so that an old policy keeps its sets while a new one is
 * being put in force. A prefix set of tens of thousands of entries costs two cache
 * lines for IPv4; for IPv6 a binary search and a walk up the entries that cover what
 * was found.
 */
#ifndef RIB_SETS_H
#define RIB_SETS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "rib/aspath.h"
#include "rib/attr.h"
#include "rib/community.h"

struct prefix_set;
struct community_set;
struct aspath_set;

/* A route's prefix is in it if prefix covers it and min_len ≤ its length ≤ max_len. prefix is masked. */
struct prefix_set_entry {
	struct ip_prefix prefix;
	uint8_t min_len, max_len;
};

/* Each makes a copy of its n entries (also n = 0: nothing is in it) and returns one reference. */
struct prefix_set *prefix_set_new(const struct prefix_set_entry *entries, size_t n);
struct community_set *community_set_new(const struct community_pattern *patterns, size_t n);
struct aspath_set *aspath_set_new(const struct aspath_pattern *patterns, size_t n);

struct prefix_set *prefix_set_ref(struct prefix_set *s);
struct community_set *community_set_ref(struct community_set *s);
struct aspath_set *aspath_set_ref(struct aspath_set *s);

/* NULL is fine; the last reference frees. */
void prefix_set_unref(struct prefix_set *s);
void community_set_unref(struct community_set *s);
void aspath_set_unref(struct aspath_set *s);

bool prefix_set_match(const struct prefix_set *s, const struct ip_prefix *prefix);
/* Does any community of the attribute set, of any kind, fit? */
bool community_set_match(const struct community_set *s, const struct attr_set *attrs);
bool aspath_set_match(const struct aspath_set *s, struct aspath path);

/* The patterns of a community set, for community_remove(). */
const struct community_pattern *community_set_patterns(const struct community_set *s, size_t *n);

#endif
