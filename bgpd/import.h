/* SPDX-License-Identifier: Apache-2.0 */
/*
 * import: may a received route take part in the decision, and with which attributes?
 *
 * The checks that no policy can overrule (loops, RFC 4271 9.1.2 and 4456 8; route
 * leaks, RFC 9234 5; next hops, RFC 4271 6.3; no policy at all, RFC 8212), then the neighbour's import policy. Used when routes
 * come in, and again for every kept route after a change of policy.
 */
#ifndef BGPD_IMPORT_H
#define BGPD_IMPORT_H

#include "lib/addr.h"
#include "rib/policy.h"
#include "rib/policy_memo.h"
#include "rib/rib.h"

struct peer;
struct policy_chain;

struct import_result {
	enum rib_reject reject; /* NONE: accepted */
	attr_id effective;      /* a reference of the caller's; ATTR_NONE when rejected */
};

/* Is a next hop on none of our subnets refused (RFC 4271 6.3)? Then routes are to be judged again when those change. */
bool import_wants_shared_subnet(const struct peer *p);
/*
 * What is the same for all prefixes that came with one attribute set is worked out once: begin, judge each prefix, end.
 * Nothing that judging depends on (policies, next hops, the peer) may change meanwhile, and no other policy be run.
 */
struct import_route {
	bool drains; /* RFC 8326: LOCAL_PREF 0 */
	struct peer *peer;
	const struct policy_chain *chain;
	enum rib_reject reject;
	attr_id attr; /* a reference; ATTR_NONE when rejected */
	struct policy_input in;
	struct policy_memo_entry *memo; /* policies_open() */
	uint32_t known;                 /* bits: outcomes whose verdict is below */
	struct import_result verdicts[POLICY_MEMO_OUTCOMES];
};
void import_begin(struct import_route *r, struct peer *p, attr_id received);
/* prefix may be NULL where import_reads_prefix is false, and so may trace. */
void import_judge(struct import_route *r, const struct ip_prefix *prefix, const struct policy_trace *trace,
    struct import_result *out);
/* The part of the one below that is not there for most prefixes. */
void import_judge_first(struct import_route *r, const struct ip_prefix *prefix, struct import_result *out);
/*
 * import_judge for one of many prefixes, of a set that is not rejected. True: the reference in out is the caller's, who
 * keeps it until import_end or import_forget; false: it is one that came so before, for a prefix with the same outcome.
 */
static inline bool
import_judge_next(struct import_route *r, const struct ip_prefix *prefix, struct import_result *out)
{
	int outcome = r->memo != NULL ? policy_memo_outcome(r->memo, prefix) : -1;

	if (outcome >= 0 && r->known >> outcome & 1) {
		*out = r->verdicts[outcome];
		return false;
	}
	import_judge_first(r, prefix, out);
	return true;
}
/* The references that import_judge_next gave are gone. */
void import_forget(struct import_route *r);
void import_end(struct import_route *r);

/* All three for one route. */
void import_run(struct peer *p, attr_id received, const struct ip_prefix *prefix, struct import_result *out);
/* The same, telling which rules were at work; trace may be NULL. */
void import_run_traced(struct peer *p, attr_id received, const struct ip_prefix *prefix, struct import_result *out,
    const struct policy_trace *trace);
bool import_reads_prefix(const struct peer *p);
/* Does its policy look at interfaces? Then routes are to be judged again when next hops resolve differently. */
bool import_reads_interface(const struct peer *p);

#endif
