/* SPDX-License-Identifier: Apache-2.0 */
/*
 * restart: the restarting speaker of graceful restart (RFC 4724 4.1).
 *
 * Glue around gr_start_step: it counts neighbours that are waited for, holds the
 * selection of routes back, tells each OPEN which bits are true, and has the
 * kernel swept. One for the daemon; everything belongs to the main thread.
 *
 * Bits of an OPEN: a first session after a start that found kernel routes of ours
 * is a restart (R), and forwarding of a family was preserved (F) if it has such
 * routes. A later session of a running daemon is no restart, and forwarding has
 * gone on all the time. Without a kernel (--no-kernel) we forward nothing, so
 * nothing of it is ever lost.
 */
#ifndef BGPD_RESTART_H
#define BGPD_RESTART_H

#include "bgpd/gr.h"
#include "bgpd/open.h"

#include <event2/event.h>

struct bgpd;
struct peer;

struct restart {
	struct bgpd *d;
	uint8_t state; /* enum gr_start_state */
	uint8_t kept;  /* families that had kernel routes of ours at the start: OPEN_FAMILY bits */
	bool late, limit;
	struct event *ev_late, *ev_limit, *ev_poll;
	uint64_t limit_ns; /* when ev_limit goes off; of DEFER */
};

void restart_init(struct restart *r, struct bgpd *d);
void restart_fini(struct restart *r);
/* The kernel is known, no session has begun. kept: families with kernel routes of ours, OPEN_FAMILY bits. */
void restart_synced(struct restart *r, uint8_t kept);
/* A session came or went, End-of-RIB came, a neighbour was shut down or removed. Never acts before it returns. */
void restart_peers_changed(struct restart *r);
/* Is End-of-RIB held back, since the selection of routes is, or has not come to its end? */
static inline bool
restart_deferring(const struct restart *r)
{
	return r->state == GR_DEFER || r->state == GR_SELECT;
}
/* Is the selection of routes held back? Then for whom of a family, and how much of the time that they have is left. */
struct restart_wait {
	unsigned neighbors;
	uint32_t left_s, of_s;
};
bool restart_waits(const struct restart *r, enum family f, struct restart_wait *out);
/* The R and F bits of an OPEN to p, if caps offer graceful restart at all. */
void restart_caps(const struct restart *r, const struct peer *p, struct open_caps *caps);

#endif
