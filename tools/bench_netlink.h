/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_netlink: a table in the kernel of the own namespace, by the barest means.
 *
 * Batches of route messages with one acknowledgement each, with a nexthop object or
 * without: what a daemon cannot be faster than. And counting what is there, whoever
 * put it there. IPv4, table main.
 */
#ifndef TOOLS_BENCH_NETLINK_H
#define TOOLS_BENCH_NETLINK_H

#include <stdint.h>

#include "lib/bitmap.h"
#include "tools/bench_table.h"

struct bench_netlink {
	int fd;
	uint32_t seq;
	uint8_t *buf;
};

struct bench_hop {
	uint32_t gateway; /* host order */
	uint32_t ifindex;
	bool object; /* through a nexthop object, which install makes and remove deletes */
};

struct bench_fib_count {
	uint32_t there; /* routes of the table that the kernel has, through the gateway */
	uint32_t wrong; /* through another one */
	uint32_t other; /* routes of nobody: not in the table, not the kernel's own */
};

/* All return 0 or -errno. */
int bench_netlink_open(struct bench_netlink *n);
void bench_netlink_close(struct bench_netlink *n);
/* Installs all routes; -EEXIST where one is there already. */
int bench_netlink_install(struct bench_netlink *n, const struct bench_table *t, const struct bench_hop *hop);
/* Removes them: one by one, or all with their nexthop object. */
int bench_netlink_remove(struct bench_netlink *n, const struct bench_table *t, const struct bench_hop *hop);
/* A whole dump. seen, if not NULL, is emptied and gets the indices of the routes that are counted as there. */
int bench_netlink_count(struct bench_netlink *n, const struct bench_table *t, uint32_t gateway,
			struct bench_fib_count *out, struct bitmap *seen);

#endif
