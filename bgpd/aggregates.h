/* SPDX-License-Identifier: Apache-2.0 */
/*
 * aggregates: rib/aggregate joined to the configuration and to the routes of our
 * own. Aggregates that come and go are announced and withdrawn by a job of its
 * own; after a reload own.c says those again that are there.
 */
#ifndef BGPD_AGGREGATES_H
#define BGPD_AGGREGATES_H

#include "lib/loop.h"
#include "rib/aggregate.h"

struct bgpd;

struct aggregate_route {
	struct ip_prefix prefix;
	attr_id attr; /* a reference */
};

/* Its members are aggregates.c's, but for the daemon's to embed. */
struct aggregates_own {
	struct bgpd *d;
	struct job job;
	struct aggregates set;
	struct aggregate_route *routes; /* the configured ones */
	uint32_t n;
};

/* The RIB and its attributes exist. */
void aggregates_own_init(struct aggregates_own *ao, struct bgpd *d, uint64_t seed);
void aggregates_own_fini(struct aggregates_own *ao);
/* Takes over what the running configuration says; own_begin follows. */
void aggregates_own_apply(struct aggregates_own *ao);
/* Says the aggregate of this number again if it is there. */
void aggregates_own_say(struct aggregates_own *ao, uint32_t number);
/* From the decision pass: see aggregates_change. */
void aggregates_own_change(struct aggregates_own *ao, const struct rib_change *c, struct rib_change *seen);

#endif
