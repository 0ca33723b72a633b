/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_gr: a neighbour's graceful restart, of which we are the helper.
 *
 * Glue around gr_step: one machine for each family, its timer, and the actions,
 * which peer_routes.c carries out on the neighbour's source. Called by peer_routes
 * when a session comes and goes and at End-of-RIB. RFC 4724 4.2, 8538, 9494.
 */
#ifndef BGPD_PEER_GR_H
#define BGPD_PEER_GR_H

#include "bgpd/gr.h"
#include "lib/addr.h"

#include <event2/event.h>

struct peer;

struct peer_gr {
	struct {
		uint8_t state;       /* enum gr_state */
		struct event *timer; /* NULL: never needed so far */
		uint64_t due_ns;     /* when it expires; 0: it does not run */
		uint64_t lost_ns;    /* when the session ended whose routes are kept */
		uint32_t restart_s, long_s; /* what that session agreed; long_s 0: not long-lived */
	} fam[FAMILY_COUNT];
};

void peer_gr_fini(struct peer *p);
/* The session has ended; graceful: in a way that lets routes be kept, if it agreed on graceful restart at all. */
void peer_gr_lost(struct peer *p, bool graceful);
void peer_gr_up(struct peer *p); /* the new session's capabilities are in p->session */
void peer_gr_end_of_rib(struct peer *p, enum family f);
/* Without a session: what is kept goes. */
void peer_gr_forget(struct peer *p);
/* Are its stale routes of this family, or (FAMILY_NONE) of any, being kept? */
bool peer_gr_keeps(const struct peer *p, enum family f);
/* Are they kept as a last resort, so that they carry LLGR_STALE? */
static inline bool
peer_gr_is_long(const struct peer_gr *gr, enum family f)
{
	return gr->fam[f].state == GR_LONG || gr->fam[f].state == GR_LONG_RESYNC;
}

#endif
