/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import: may a received route take part in the decision, and with which attributes?
 *
 * The checks that no policy can overrule (loops, RFC 4271 9.1.2 and 4456 8; route
 * leaks, RFC 9234 5; next hops, RFC 4271 6.3; no policy at all, RFC 8212), then the neighbour's import policy. Used when routes
 * come in, and again for every kept route after a change of policy.
 */
#ifndef BGPD_IMPORT_H
#define BGPD_IMPORT_H

#include "lib/addr.h"
#include "rib/rib.h"

struct peer;

struct import_result {
	enum rib_reject reject; /* NONE: accepted */
	attr_id effective;      /* a reference of the caller's; ATTR_NONE when rejected */
};

/* Is a next hop on none of our subnets refused (RFC 4271 6.3)? Then routes are to be judged again when those change. */
bool import_wants_shared_subnet(const struct peer *p);
/* prefix may be NULL where import_reads_prefix is false. */
void import_run(struct peer *p, attr_id received, const struct ip_prefix *prefix, struct import_result *out);
bool import_reads_prefix(const struct peer *p);

#endif
