/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_probe: how long a single announcement takes through a daemon that works on others.
 *
 * Two neighbours that have nothing to do with the load: one announces one prefix
 * with a new community each time, the other one notes when that community arrives.
 * The next announcement follows a fixed time after the arrival of the last.
 */
#ifndef TOOLS_BENCH_PROBE_H
#define TOOLS_BENCH_PROBE_H

#include <stdint.h>

#include "lib/addr.h"

#define BENCH_PROBE_PREFIX "203.0.113.0/24" /* RFC 5737; no table has it */

struct bench_probe_ends {
	struct ip_addr from_local, from_remote, to_local, to_remote;
	uint32_t from_as, to_as;
	unsigned interval_ms;
};

/*
 * Dials both, prints {"event": "up"}, announces once, and then answers each line on
 * stdin with the delays since the last one: {"event": "probe", "count", "max_ms",
 * "median_ms", "lost": bool}. An announcement still under way counts with its age;
 * "lost" says that none arrived. Ends with stdin; an exit code.
 */
int bench_probe_run(const struct bench_probe_ends *ends, uint16_t port);

#endif
