/* SPDX-License-Identifier: Apache-2.0 */
/*
 * max_out: a limit on what a neighbour is sent (max-prefix-out), against leaks of ours.
 *
 * Counts for each family the prefixes that are announced to the neighbour or about to be. Beyond the limit action warn
 * says so in the log; restart and shutdown end the session before the surplus is written, with Cease/Administrative
 * Shutdown and a text that says why (RFC 9003), since no code is assigned for it. Block is the export groups' matter
 * (groups_limit.c), here it is only told.
 */
#ifndef BGPD_MAX_OUT_H
#define BGPD_MAX_OUT_H

#include "lib/addr.h"
#include "lib/loop.h"

struct peer;

struct max_out {
	struct job end;              /* ends the session, outside of its own callbacks */
	uint8_t told[FAMILY_COUNT];  /* how far on the way up the log is */
};

void max_out_init(struct max_out *m);
/* The session is new, or the limit: everything is said again. */
void max_out_up(struct peer *p);
/* Is the neighbour to be sent no more than the limit, with further prefixes held back? */
bool max_out_blocks(const struct peer *p);
/* The log says how near the limit is, once for each step on the way up. */
void max_out_tell(struct peer *p);
/* May more be written now? False: the session is about to end. */
bool max_out_allows(struct peer *p);
/* The session is over, or the peer goes. */
void max_out_down(struct peer *p);

#endif
