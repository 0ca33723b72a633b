/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_netlink: a table in the kernel of the own namespace, by the barest means.
 *
 * Batches of route messages with one acknowledgement each, with a nexthop object or
 * without: what a daemon cannot be faster than. IPv4, table main; bench_dump counts
 * what is there.
 */
#ifndef TOOLS_BENCH_NETLINK_H
#define TOOLS_BENCH_NETLINK_H

#include <stdint.h>

#include "tools/bench_table.h"

#define BENCH_NETLINK_BUF (256u * 1024)

struct bench_netlink {
	int fd;
	uint32_t seq;
	uint8_t *buf; /* BENCH_NETLINK_BUF octets */
};

struct bench_hop {
	uint32_t gateway; /* host order */
	uint32_t ifindex;
	bool object; /* through a nexthop object, which install makes and remove deletes */
};

/* All return 0 or -errno. */
int bench_netlink_open(struct bench_netlink *n);
void bench_netlink_close(struct bench_netlink *n);
/* Installs all routes; -EEXIST where one is there already. */
int bench_netlink_install(struct bench_netlink *n, const struct bench_table *t, const struct bench_hop *hop);
/* Removes them: one by one, or all with their nexthop object. */
int bench_netlink_remove(struct bench_netlink *n, const struct bench_table *t, const struct bench_hop *hop);

#endif
