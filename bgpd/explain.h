/* SPDX-License-Identifier: Apache-2.0 */
/*
 * explain: what became of a route on its way in or out, and which rule made it so.
 *
 * Nothing is stored for this: what decided then is run again with the rules telling
 * what they do. Called by `show rib why` and `show rib rejected`, for one prefix and
 * neighbour at a time. The words are listed in bgpctl(8), REASONS.
 */
#ifndef BGPD_EXPLAIN_H
#define BGPD_EXPLAIN_H

#include <jansson.h>

#include "rib/rib.h"

struct bgpd;
struct peer;

struct explain {
	const char *reason; /* a word */
	bool accepted;      /* it went through, or would where it is not due yet */
	bool refused;       /* somebody said no: neither accepted, nor simply not meant for there */
	bool changed;       /* by rules */
	bool pending;       /* it is to be looked at again: the policy has changed, or it is not sent yet */
	attr_id attr;       /* what came out, a reference; ATTR_NONE */
	json_t *rules;      /* a reference: the rules that matched, in order, and the end of the list if it came to that */
	json_t *rule;       /* a reference: the one that decided, or null */
};

/*
 * A path on its way into the RIB: import policy, kernel.learn, and the checks of BGP. reason is that of a rejection;
 * for an accepted one it is the caller's (rib_why).
 */
void explain_in(struct bgpd *d, enum family f, uint32_t id, const struct rib_path *p, struct explain *out);
/* A path on its way to a neighbour: the best one (NULL: there is none), or any usable one if it gets several. */
void explain_out(struct bgpd *d, struct peer *to, enum family f, uint32_t id, const struct rib_path *p,
    struct explain *out);
/* The best path on its way into the kernel. False: there is none, or the kernel has the route anyway. */
bool explain_program(struct bgpd *d, enum family f, uint32_t id, struct explain *out);
/* A foreign kernel route that kernel.learn keeps out; false: there is none. *received: as it would come in, a reference. */
bool explain_learn(struct bgpd *d, const struct ip_prefix *prefix, attr_id *received, struct explain *out);
void explain_fini(struct bgpd *d, struct explain *e);

#endif
