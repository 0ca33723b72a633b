/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_policy: the import policy of the policy scenario, as a table and its result.
 *
 * Three rules, in this order: a route whose AS path contains BENCH_POLICY_AS is
 * rejected; one with community BENCH_POLICY_COMMUNITY is marked with
 * BENCH_TAG_MARKED and goes on; one whose prefix a list of prefixes covers ("P/n le
 * MAX") is tagged with BENCH_TAG_LISTED. What is left is accepted. The runner writes
 * the same rules in each daemon's language.
 */
#ifndef TOOLS_BENCH_POLICY_H
#define TOOLS_BENCH_POLICY_H

#include "tools/bench_table.h"

#define BENCH_POLICY_AS        3356u
#define BENCH_POLICY_COMMUNITY (3356u << 16 | 666)

struct bench_policy {
	struct bench_route *list; /* ascending by address and length; set is not used */
	uint32_t count;
	uint8_t max_len;
};

/* Writes the AS and the community of the rules into one set in eight each, before the table is used. */
void bench_policy_stamp(struct bench_table *t);
/* A list of at most count entries around routes of t; free with bench_policy_free(). */
void bench_policy_make(struct bench_policy *p, const struct bench_table *t, uint32_t count);
void bench_policy_free(struct bench_policy *p);
/* What the policy makes of a route: a want octet (bench_expect.h). */
uint8_t bench_policy_want(const struct bench_policy *p, const struct bench_table *t, uint32_t route);

#endif
