/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_table: a made-up Internet table for tests and benchmarks.
 *
 * The same seed and size give the same table everywhere, so two daemons are
 * compared on the same input. Shapes follow what a full feed looks like: six
 * prefixes in ten are a /24, about twelve prefixes share an attribute set with a
 * long tail (many sets of one, a few of thousands), AS paths have 2 to 8 hops,
 * three quarters of the sets carry communities and some carry large ones.
 * No prefix is special-use (RFC 6890) and no AS is private or reserved, so that
 * no daemon's default filter drops a route.
 */
#ifndef TOOLS_BENCH_TABLE_H
#define TOOLS_BENCH_TABLE_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/hash.h"

#define BENCH_PATH_MAX  16
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
};

struct bench_route {
	uint32_t addr; /* host order, host bits zero */
	uint32_t set;  /* index into sets */
	uint8_t len;
};

struct bench_table {
	struct bench_route *routes; /* those of a set are neighbours */
	struct bench_attrs *sets;
	uint32_t route_count, set_count, set_cap;
	struct hidx index; /* prefix → route number + 1 */
};

/* Makes route_count routes (1 to 4,000,000) whose paths all begin with first_as. bench_table_free() gives it
 * back. */
struct bench_table *bench_table_make(uint32_t route_count, uint64_t seed, uint32_t first_as);
void bench_table_free(struct bench_table *t);
/* The number of a route, or -1 where the table has no such prefix. */
int64_t bench_table_find(const struct bench_table *t, uint32_t addr, uint8_t len);

/* qsort order of large communities. */
int bench_large_cmp(const void *a, const void *b);
/* Sorts communities of both kinds and drops doubles: their order on the wire means nothing (RFC 1997, 8092).
 */
void bench_attrs_normalise(struct bench_attrs *a);

#endif
