/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dynamic: neighbours that are not configured one by one, but by the prefix that they are in.
 *
 * A range is a neighbour of the configuration with `prefix`. Whoever connects from
 * inside becomes a peer with the range's settings, named by its address (and VRF); of several
 * ranges the longest prefix wins, and a neighbour configured with its address wins over
 * all of them. Such a peer never dials. It goes when its session is over and the idle
 * hold time with it, so that who fails comes back no sooner than any other neighbour.
 *
 * A range counts its peers until their paths are swept, and never has more of them than
 * max-neighbors.
 */
#ifndef BGPD_DYNAMIC_H
#define BGPD_DYNAMIC_H

#include "conf/conf.h"

#include <sys/queue.h>

struct bgpd;
struct peer;

struct dynamic_range {
	TAILQ_ENTRY(dynamic_range) entry;
	const struct conf_neighbor *conf; /* of the running configuration; NULL: gone, but its last peers are not */
	uint32_t peers;
	bool full; /* which has been said */
};
TAILQ_HEAD(dynamic_ranges, dynamic_range); /* longest prefix first */

void dynamic_init(struct dynamic_ranges *r);
/* After the peers have been freed. */
void dynamic_fini(struct dynamic_ranges *r);
/* Takes the ranges of the running configuration; the one before it still exists. Peers keep their range by its name. */
void dynamic_apply(struct bgpd *d);
/* The settings of who connects from remote to local in this domain (instance_domain), or NULL: no range has it. */
const struct conf_neighbor *dynamic_find(const struct bgpd *domain, const struct ip_addr *remote,
    const struct ip_addr *local);
/*
 * The new peer, waiting for its connection, for a stranger who connects from remote to local; NULL: no range has it, its
 * range is full or shut down, or the daemon is not ready.
 */
struct peer *dynamic_admit(struct bgpd *domain, const struct ip_addr *remote, const struct ip_addr *local);
/*
 * The settings that the running configuration has for this peer of a range, or NULL: another range has its address now,
 * or a neighbour of its own, or nobody.
 */
const struct conf_neighbor *dynamic_conf(const struct bgpd *d, const struct peer *p);
/* This peer of the range is about to be freed. */
void dynamic_left(struct bgpd *d, struct dynamic_range *range);

#endif
