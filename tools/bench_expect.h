/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_expect: what the receivers of a benchmark must have in the end, and in which form.
 *
 * One expectation is shared by all receivers of a run. For each route of the table
 * it has one octet: none, or whose variant with which tags; from that and from how
 * the daemon passes routes on follow the attributes. External (RFC 4271 5.1): the
 * daemon's AS in front, its own address as next hop, no MED of another AS, no
 * LOCAL_PREF. Reflected (RFC 4456): nothing changed, ORIGINATOR_ID and CLUSTER_LIST
 * added. Unchanged: as the sender said it (null forwarder).
 */
#ifndef TOOLS_BENCH_EXPECT_H
#define TOOLS_BENCH_EXPECT_H

#include "tools/bench_table.h"

enum bench_passage { BENCH_EXTERNAL, BENCH_REFLECTED, BENCH_UNCHANGED };

/* A want octet: none, or a variant number + 1 with tags. */
#define BENCH_WANT_NONE    0
#define BENCH_WANT_VARIANT 0x1f
#define BENCH_WANT_LISTED  0x20 /* the policy's prefix list tagged it */
#define BENCH_WANT_MARKED  0x40 /* the policy's community rule did */

#define BENCH_TAG_LISTED (65000u << 16 | 100)
#define BENCH_TAG_MARKED (65000u << 16 | 200)

struct bench_expect {
	const struct bench_table *table;
	enum bench_passage passage;
	bool internal;              /* the senders are internal neighbours */
	uint32_t daemon_as;         /* in front of the path */
	uint32_t originator_id;     /* host order; of the only sender */
	uint32_t cluster_id;
	struct ip_addr next_hop;    /* of the first route */
	uint32_t routes_a_next_hop; /* then comes the next address; 0: all have the same */
	uint8_t *want;              /* a route */
	uint32_t wanted;            /* routes whose want is not none */
};

/* The attributes of a route as a receiver must see them. */
struct bench_form {
	struct bench_attrs attrs;
	struct ip_addr next_hop;
	uint32_t originator_id, cluster_id; /* 0: none */
	uint32_t local_pref;                /* 0: none */
};

/* Nothing wanted yet. The table must outlive it; bench_expect_fini() gives the memory back. */
void bench_expect_init(struct bench_expect *e, const struct bench_table *t);
void bench_expect_fini(struct bench_expect *e);
void bench_expect_want(struct bench_expect *e, uint32_t route, uint8_t want);
/* The form of a route that is wanted. */
void bench_expect_form(const struct bench_expect *e, uint32_t route, struct bench_form *out);
/* Same set, same want and same next hop: two routes with equal keys have equal forms. */
uint64_t bench_expect_key(const struct bench_expect *e, uint32_t route);

#endif
