/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_sink: judges what the daemon under test says about the table.
 *
 * A sink is one receiver. It reads UPDATEs (IPv4 in their own fields, IPv6 in
 * RFC 4760 attributes) with a decoder of its own, keeps for each route of the table
 * whether the last word about it was right, and knows since when all are.
 */
#ifndef TOOLS_BENCH_SINK_H
#define TOOLS_BENCH_SINK_H

#include <stddef.h>
#include <stdint.h>

#include "tools/bench_expect.h"

/* What can be wrong; counted once a route and message. */
enum bench_fault {
	BENCH_FAULT_MALFORMED, /* a message that cannot be read */
	BENCH_FAULT_STRANGER,  /* a prefix that was never sent */
	BENCH_FAULT_UNWANTED,  /* one that should not be there (now) */
	BENCH_FAULT_ORIGIN,
	BENCH_FAULT_AS_PATH,
	BENCH_FAULT_NEXT_HOP,
	BENCH_FAULT_MED,
	BENCH_FAULT_LOCAL_PREF,
	BENCH_FAULT_COMMUNITIES,
	BENCH_FAULT_LARGE,
	BENCH_FAULT_ORIGINATOR, /* ORIGINATOR_ID or CLUSTER_LIST */
	BENCH_FAULT_OTHER_ATTR, /* one that was not sent */
	BENCH_FAULT_COUNT
};

struct bench_sink {
	const struct bench_expect *expect;

	uint8_t *state;   /* a route: 0 not there, 1 right, 2 wrong */
	uint32_t right;   /* routes in state 1 */
	uint32_t wrong;   /* routes in state 2 */
	uint32_t unmet;   /* routes that are not as expected, missing ones too */
	uint64_t met_ns;  /* since when unmet is 0; 0 where it is not */
	uint64_t news_ns; /* when a prefix was last announced or withdrawn */
	uint64_t updates, announced, withdrawn;
	uint64_t faults[BENCH_FAULT_COUNT];
};

/* The expectation must outlive the sink. bench_sink_fini() gives the memory back. */
void bench_sink_init(struct bench_sink *s, const struct bench_expect *e);
void bench_sink_fini(struct bench_sink *s);
/* Takes one UPDATE that arrived at at_ns, header included, whose header was already checked. */
void bench_sink_update(struct bench_sink *s, const uint8_t *msg, size_t len, uint64_t at_ns);
/*
 * Call before the want of a route changes: what the sink has of it is no longer
 * right. bench_sink_restart() comes after all changes.
 */
void bench_sink_forget(struct bench_sink *s, uint32_t route);
/* Counts anew, with all counters and faults at zero, for a clock that starts now. */
void bench_sink_restart(struct bench_sink *s);
const char *bench_fault_name(enum bench_fault f);

#endif
