/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_table: a made-up Internet table for tests and benchmarks.
 *
 * The same seed and size give the same table everywhere, so two daemons are
 * compared on the same input. Shapes follow what a full feed looks like: six
 * IPv4 prefixes in ten are a /24 and nearly half of the IPv6 ones a /48, about
 * twelve prefixes share an attribute set with a long tail (many sets of one, a few
 * of thousands), AS paths have 2 to 8 hops, three quarters of the sets carry
 * communities and some carry large ones. No prefix is special-use (RFC 6890) and
 * no AS is private or reserved, so that no daemon's default filter drops a route.
 *
 * Several senders may announce the same table: the route of sender v is variant v
 * of its set, and exactly one variant of a set, the winner, has the shortest AS
 * path, so that which one is best does not depend on tie-breaking.
 */
#ifndef TOOLS_BENCH_TABLE_H
#define TOOLS_BENCH_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/hash.h"

#define BENCH_PATH_MAX  16
#define BENCH_PATH_BASE 11 /* longest path in a table; variants and the daemon add to it */
#define BENCH_COMM_MAX  32
#define BENCH_LARGE_MAX 8

struct bench_large {
	uint32_t global, local1, local2;
};

/* The attributes of a route, in a form that two speakers' encodings share. */
struct bench_attrs {
	uint32_t path[BENCH_PATH_MAX];              /* one AS_SEQUENCE, nearest AS first */
	uint32_t communities[BENCH_COMM_MAX];       /* ascending, no doubles */
	struct bench_large larges[BENCH_LARGE_MAX]; /* ascending, no doubles */
	uint32_t med;
	uint8_t path_count, community_count, large_count;
	uint8_t origin; /* 0 igp, 1 egp, 2 incomplete */
	bool has_med;
	uint8_t zero[3]; /* no padding: compared as memory */
};

struct bench_route {
	uint64_t addr; /* the first 64 bits of the address, host bits zero: an IPv4 one is the upper half */
	uint32_t set;  /* index into sets */
	uint8_t len;   /* at most 64 */
};

struct bench_table {
	struct bench_route *routes; /* those of a set are neighbours */
	struct bench_attrs *sets;
	uint32_t route_count, set_count, route_cap, set_cap;
	enum family family;
	unsigned variants; /* senders of it, 1 to BENCH_VARIANTS */
	int winner;        /* the variant that wins everywhere, or -1: one that the set chooses */
	struct hidx index; /* prefix → route number + 1 */
};
#define BENCH_VARIANTS 16

/*
 * Makes route_count routes (1 to 4,000,000) whose paths all begin with first_as; one
 * variant. bench_table_free() gives it back.
 */
struct bench_table *bench_table_make(enum family family, uint32_t route_count, uint64_t seed,
				     uint32_t first_as);
/* An empty one, to be filled with bench_table_add(). */
struct bench_table *bench_table_new(enum family family);
void bench_table_free(struct bench_table *t);
/*
 * Adds a set, or a route of the set that was added last. A prefix that is already
 * there or that is special-use is not added: false.
 */
void bench_table_add_set(struct bench_table *t, const struct bench_attrs *a);
bool bench_table_add(struct bench_table *t, uint64_t addr, uint8_t len);
/* The number of a route, or -1 where the table has no such prefix. */
int64_t bench_table_find(const struct bench_table *t, uint64_t addr, uint8_t len);
/*
 * An address (host order) that only this route of an IPv4 table covers, so that it is reachable exactly
 * while the route is there. False: another one covers the address that was tried.
 */
bool bench_table_lone(const struct bench_table *t, uint32_t route, uint32_t *addr);

/* Host bits zeroed; len 0 to 64. */
uint64_t bench_addr_mask(uint64_t addr, unsigned len);
/* "192.0.2.0/24" into buf (IP_PREFIX_STRLEN), which is returned. */
const char *bench_prefix_str(enum family family, uint64_t addr, uint8_t len, char *buf, size_t size);

/* The variant of a set with the shortest path. */
unsigned bench_set_winner(const struct bench_table *t, uint32_t set);
/*
 * The attributes of a set as sender number variant announces them: its path begins
 * with first AS + variant, once for the winner and two to four times for the others.
 */
void bench_set_variant(const struct bench_table *t, uint32_t set, unsigned variant, struct bench_attrs *out);

/* qsort order of large communities. */
int bench_large_cmp(const void *a, const void *b);
/* Sorts communities of both kinds and drops doubles: their order on the wire means nothing (RFC 1997, 8092).
 */
void bench_attrs_normalise(struct bench_attrs *a);

#endif
