/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_tally: which packets of a numbered flow have arrived, over which way, and how
 * long a destination has waited.
 *
 * Packet n goes to destination n mod dests. A tally is over those that are sent between
 * its begin and its end; what arrives later than its end but before it is read counts.
 * A way may be dead: what comes over it is lost, as with a next hop that is gone while
 * its link still carries.
 */
#ifndef TOOLS_BENCH_TALLY_H
#define TOOLS_BENCH_TALLY_H

#include <stdbool.h>
#include <stdint.h>

#define BENCH_WAYS  2
#define BENCH_DESTS 16

struct bench_tally {
	uint32_t dests;       /* at most BENCH_DESTS */
	uint32_t first, next; /* numbers of the first packet, and of the next one to be sent */
	uint8_t *arrived;     /* by number since the first */
	uint32_t cap;
	int dead; /* a way, or -1 */
	uint32_t over[BENCH_WAYS];
	uint64_t last_ns[BENCH_DESTS]; /* of an arrival at each destination, or the beginning */
	uint64_t gap_ns;
};

/* Zero-initialised but for dests and dead is ready to be begun. */
void bench_tally_begin(struct bench_tally *t, int dead, uint64_t now_ns);
/* The number of a packet that is to be sent now. */
uint32_t bench_tally_send(struct bench_tally *t);
/* Doubles, and numbers from before the beginning, count for nothing. */
void bench_tally_arrive(struct bench_tally *t, uint32_t number, unsigned way, uint64_t now_ns);
/* Packets that have been sent since the beginning and not arrived. */
uint32_t bench_tally_lost(const struct bench_tally *t);
/* The longest time that a destination has waited for its next packet, or still waits. */
uint64_t bench_tally_gap_ns(const struct bench_tally *t, uint64_t now_ns);
void bench_tally_free(struct bench_tally *t);

#endif
