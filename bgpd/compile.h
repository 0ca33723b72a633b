/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile: the policies of a configuration in the form that rib/policy runs.
 *
 * Everything of a struct conf that policies need is compiled at once; a reload
 * compiles the new configuration and keeps the old result until routes have been
 * filtered anew. The four places where chains of policies run are import and
 * export of a neighbour, kernel.export and kernel.learn.
 */
#ifndef BGPD_COMPILE_H
#define BGPD_COMPILE_H

#include "conf/conf.h"
#include "rib/policy.h"
#include "rib/rib.h"

struct bgpd;

struct policy_chain {
	struct policy **v; /* references */
	uint32_t n;
	uint32_t reads; /* POLICY_READS_* */
	bool missing;   /* eBGP and nobody configured any: nothing goes through (RFC 8212) */
	bool memo;      /* remembering what it came to is cheaper than running it */
	uint64_t id;    /* the same for equal chains of one struct policies */
};

struct policies;

/*
 * Compiles c, which the result does not refer to afterwards. With same, whose policies and sets are equal to c's, the
 * compiled policies are shared with it, so that equal chains keep their identity over a reload.
 */
struct policies *policies_new(struct bgpd *d, const struct conf *c, const struct policies *same);
/* Does any policy look at who a neighbour is? Then a changed list of neighbours needs a new compilation. */
bool policies_read_neighbor(const struct policies *p);
void policies_free(struct policies *p);

/* The chains of a neighbour, by its index in conf.neighbors. */
const struct policy_chain *policies_import(const struct policies *p, uint32_t neighbor);
const struct policy_chain *policies_export(const struct policies *p, uint32_t neighbor);

/* Another reference on each policy of a chain; policies_chain_free gives them back. */
struct policy_chain policies_chain_copy(const struct policy_chain *c);
void policies_chain_free(struct policy_chain *c);

/*
 * What a policy sees of a route of this source. prefix may be NULL for a chain that does not read it; the interface is
 * that of the first way to the next hop, or of the kernel's route, and is looked up where the chain reads it.
 */
void policies_input(const struct bgpd *d, uint32_t reads, const struct rib_source *src, attr_id attr,
    const struct ip_prefix *prefix, struct policy_input *in);
/* policy_run of a chain, by what is remembered where that pays. */
void policies_run(const struct policies *p, const struct policy_chain *c, const struct policy_input *in,
    struct policy_result *out);
/* The same for many prefixes of one attribute set: see policy_memo_open. NULL: what is remembered is of no use. */
struct policy_memo_entry;
struct policy_memo_entry *policies_open(const struct policies *p, const struct policy_chain *c,
    const struct policy_input *in);
/* Returns policy_memo_judge's number of the outcome. */
int policies_judge(const struct policies *p, const struct policy_chain *c, struct policy_memo_entry *e,
    const struct policy_input *in, struct policy_result *out);

/* Gives back the attribute sets, and so the next hops, that what is remembered refers to. */
void policies_forget(struct policies *p);

/* What of a route any chain looks at: POLICY_READS_*. */
uint32_t policies_reads(const struct policies *p);

/* What kernel.export made of a best path. */
struct policies_kernel {
	uint32_t metric;         /* 0: the configured one */
	uint32_t tunnel_ifindex; /* 0: none */
	uint32_t nexthop;        /* in place of the paths', or NEXTHOP_NONE; borrowed from the policy */
};
const struct policy_chain *policies_kernel_export_chain(const struct policies *p);
const struct policy_chain *policies_kernel_learn_chain(const struct policies *p);
/* Does kernel.export reject all, whatever it is? */
bool policies_kernel_nothing(const struct policies *p);
bool policies_kernel_export(const struct policies *p, const struct rib_change *c, const struct rib_source *src,
    struct policies_kernel *out);
/* Does kernel.export give routes this next hop? */
bool policies_kernel_export_sets(const struct policies *p, uint32_t nexthop);
/* The attributes with which a foreign kernel route enters the RIB (a reference), or ATTR_NONE. */
attr_id policies_kernel_learn(const struct policies *p, attr_id attr, const struct ip_prefix *prefix);

/* Adds the name of the interface behind struct attr_local's tunnel, if it has any. */
void policies_tunnel_text(const struct policies *p, uint16_t tunnel, struct str *out);

/* A community of the configuration as a pattern of rib/community. */
struct community_pattern compile_community(const struct conf_community *c);

#endif
