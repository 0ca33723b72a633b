/* SPDX-License-Identifier: Apache-2.0 */
/*
 * drain: takes traffic off a session before it ends (RFC 8326).
 *
 * First everything that the neighbour has is announced again with the community
 * GRACEFUL_SHUTDOWN (and local preference 0 towards internal neighbours), and what it
 * sent counts with local preference 0 here, so that both sides look for other ways while
 * these still work. After router.drain.time everything is withdrawn, and when that is
 * written the session ends with Cease/Administrative Shutdown and stays down. One that is
 * lost before that goes on draining when it is back, and stays down in the end as well.
 * Used by command for one neighbour, and for all of them when the daemon stops.
 */
#ifndef BGPD_DRAIN_H
#define BGPD_DRAIN_H

#include "bgpd/notify.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>

struct bgpd;
struct peer;

enum drain_stage { DRAIN_NONE, DRAIN_ANNOUNCED, DRAIN_WITHDRAWN };

struct drain {
	uint8_t stage; /* enum drain_stage */
	uint8_t looks; /* whether all is written, since it was withdrawn */
	struct event *timer;
};

void drain_init(struct peer *p);
void drain_fini(struct peer *p);
/* Begins with an established session; seconds until what was announced is withdrawn. Nothing for one that drains already. */
void drain_begin(struct peer *p, uint32_t seconds);
/* The neighbour is down for good, or is to go on: nothing is left of it. */
void drain_cancel(struct peer *p);
/* The same for all established sessions; how many drain now. */
unsigned drain_begin_all(struct bgpd *d, uint32_t seconds);
static inline bool
drain_is_on(const struct drain *dr)
{
	return dr->stage != DRAIN_NONE;
}

#endif
