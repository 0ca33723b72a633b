/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_mrt: a table out of an MRT dump (RFC 6396), in place of a made-up one.
 *
 * Reads TABLE_DUMP_V2 (unicast, also with the path identifiers of RFC 8050) and the
 * UPDATEs of BGP4MP. Of each prefix the first usable path counts. What the benchmark
 * cannot send on as its own is skipped and counted: AS sets, very long paths,
 * special-use prefixes, IPv6 prefixes longer than 64 bits, the daemon's AS in the
 * path. Well-known communities are left out, since they would stop a route.
 */
#ifndef TOOLS_BENCH_MRT_H
#define TOOLS_BENCH_MRT_H

#include "tools/bench_table.h"

struct bench_mrt_stats {
	uint32_t skipped; /* paths */
};

/*
 * At most route_count routes of one family; all paths begin with first_as. NULL:
 * unreadable file, or no such route. An uncompressed file; it may end in the middle.
 */
struct bench_table *bench_mrt_table(const char *path, enum family family, uint32_t route_count,
				    uint32_t first_as, struct bench_mrt_stats *stats);
/* The same from memory. */
struct bench_table *bench_mrt_parse(const uint8_t *data, size_t len, enum family family, uint32_t route_count,
				    uint32_t first_as, struct bench_mrt_stats *stats);

#endif
