/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_sink: checks what a daemon tells its receiver against the table that was sent.
 *
 * The sink knows each route's state (not seen, right, wrong) by the last word it
 * was told. Attributes are decoded once a message and compared with those of the
 * routes' set. What an external peer must get: the daemon's AS in front of the
 * path (RFC 4271 5.1.2), the daemon's own address as next hop (5.1.3), no MED of
 * another AS (5.1.4), no LOCAL_PREF (5.1.5), communities of both kinds intact.
 */
#ifndef TOOLS_BENCH_SINK_H
#define TOOLS_BENCH_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "tools/bench_table.h"

/* What can be wrong; counted once a route and message. */
enum bench_fault {
	BENCH_FAULT_MALFORMED, /* a message that cannot be read */
	BENCH_FAULT_STRANGER,  /* a prefix that was never sent */
	BENCH_FAULT_ORIGIN,
	BENCH_FAULT_AS_PATH,
	BENCH_FAULT_NEXT_HOP,
	BENCH_FAULT_MED,
	BENCH_FAULT_COMMUNITIES,
	BENCH_FAULT_LARGE,
	BENCH_FAULT_OTHER_ATTR, /* one that was not sent, such as LOCAL_PREF */
	BENCH_FAULT_COUNT
};

struct bench_sink {
	const struct bench_table *table;
	uint32_t prepend_as; /* what the daemon puts in front of the path; 0: nothing */
	uint32_t next_hop;   /* host order */
	bool want_med;       /* MED passes through (the null forwarder) */

	uint8_t *state; /* a route: 0 not seen, 1 right, 2 wrong */
	uint32_t right; /* routes in state 1 */
	uint32_t wrong; /* routes in state 2 */
	uint64_t updates, announced, withdrawn;
	uint64_t faults[BENCH_FAULT_COUNT];
};

/* The table must outlive the sink. bench_sink_fini() gives the memory back. */
void bench_sink_init(struct bench_sink *s, const struct bench_table *t, uint32_t prepend_as,
		     uint32_t next_hop, bool want_med);
void bench_sink_fini(struct bench_sink *s);
/* Takes one UPDATE, header included, whose header was already checked. */
void bench_sink_update(struct bench_sink *s, const uint8_t *msg, size_t len);
const char *bench_fault_name(enum bench_fault f);

#endif
