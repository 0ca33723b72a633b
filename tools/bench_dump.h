/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_dump: the kernel's routes against a table, whoever put them there.
 *
 * A route is right if the live next hops that it leads to are exactly the gateways,
 * wherever they stand: in the route, in its list of next hops, or in the nexthop object
 * or group that it names. IPv4, table main.
 */
#ifndef TOOLS_BENCH_DUMP_H
#define TOOLS_BENCH_DUMP_H

#include <stdint.h>

#include "lib/bitmap.h"
#include "tools/bench_netlink.h"

#define BENCH_GATEWAYS 2

struct bench_gateways {
	uint32_t addr[BENCH_GATEWAYS]; /* host order */
	unsigned count;
};

struct bench_fib_count {
	uint32_t there; /* routes of the table that the kernel has, through the gateways */
	uint32_t wrong; /* through others, or not through all of them */
	uint32_t other; /* routes of nobody: not in the table, not the kernel's own */
};

/* Told while a dump is read: it has come to this address (host order), in ascending order. */
struct bench_dump_watch {
	void (*passed)(void *ctx, uint32_t addr);
	void *ctx;
};

/*
 * A whole dump. watch may be NULL. seen, if not NULL, is emptied and gets the indices of the routes that are
 * counted as there. 0 or -errno; -EAGAIN: it changed each time that it was read.
 */
int bench_dump_count(struct bench_netlink *n, const struct bench_table *t, const struct bench_gateways *gw,
		     struct bench_fib_count *out, struct bitmap *seen, const struct bench_dump_watch *watch);

#endif
