/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_memo: remembered runs of chains of policies.
 *
 * For one attribute set (and source, where the chain looks at it) the outcome of a
 * chain depends on nothing but the prefix sets that it asks for. An entry is
 * therefore a small tree: its inner nodes are those tests, its leaves outcomes, and it
 * grows with what is really asked. A chain that looks at no prefix is a leaf alone.
 * AS paths, communities and all changes are worked out once for each attribute set.
 *
 * A direct-mapped table that stays in the cache; it holds references to the sets that
 * it names. Chains that look at interfaces must not come here. The owner keeps the
 * policies alive for as long as the memo, and their ids unique.
 */
#ifndef RIB_POLICY_MEMO_H
#define RIB_POLICY_MEMO_H

#include "rib/policy.h"

#define POLICY_MEMO_NODES 12 /* tests that an entry holds; what asks for more is run each time */
#define POLICY_MEMO_OUTCOMES (POLICY_MEMO_NODES + 1)

struct policy_memo;

struct policy_memo *policy_memo_new(struct attr_table *attrs);
void policy_memo_free(struct policy_memo *m); /* NULL is fine */
void policy_memo_clear(struct policy_memo *m); /* forgets all, with the references */
/*
 * policy_run of the chain with this id, which reads these (policy_reads), in two steps: what does not depend on the
 * prefix once, then each prefix. The entry is good until the next open or clear.
 */
struct policy_memo_entry; /* opaque */
struct policy_memo_entry *policy_memo_open(struct policy_memo *m, uint64_t id, uint32_t reads,
					   const struct policy_input *in);
/*
 * in differs from that of the open in its prefix alone. Returns the number of the outcome, below POLICY_MEMO_OUTCOMES,
 * which stands for it as long as the entry is good; -1: it is not remembered.
 */
int policy_memo_judge(struct policy_memo *m, struct policy_memo_entry *e, struct policy *const *chain, size_t n,
		       const struct policy_input *in, struct policy_result *out);

/* The number of the outcome for a prefix, as above; -1: judge it. All that a prefix costs that is like one before. */
int policy_memo_outcome(const struct policy_memo_entry *e, const struct ip_prefix *prefix);

struct policy_memo_stats {
	uint64_t hits, misses;
};
struct policy_memo_stats policy_memo_stats(const struct policy_memo *m);

#endif
