/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory_parts: what the memory of the daemon is for, by parts. Each part counts itself, so asking costs no
 * walk over routes.
 */
#ifndef BGPD_MEMORY_PARTS_H
#define BGPD_MEMORY_PARTS_H

#include "bgpd/groups.h"
#include "fib/fib.h"
#include "rib/rib.h"

#include <stddef.h>
#include <stdint.h>

struct bgpd;

/* What there is of an instance. */
struct memory_parts {
	struct rib_stats rib;
	struct fib_stats fib;
	struct groups_memory groups;
	uint64_t sets, nexthops;
	size_t set_bytes, set_table_bytes;
};
void memory_parts_take(const struct bgpd *d, struct memory_parts *t);

typedef void (*memory_part_fn)(void *ctx, const char *part, uint64_t count, size_t bytes);
/* Its parts, one after the other; and all of them. */
void memory_parts_each(const struct memory_parts *t, memory_part_fn fn, void *ctx);
size_t memory_parts_bytes(const struct memory_parts *t);
/* The buffers of all sessions of the daemon (d: the main instance), and how many there are. */
size_t memory_parts_sessions(const struct bgpd *d, uint64_t *count);

#endif
