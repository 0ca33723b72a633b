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

/* What a policy sees of a route of this source; the prefix is filled in by callers whose chain reads it. */
struct policy_input policies_input(const struct bgpd *d, const struct rib_source *src, attr_id attr);

/* What kernel.export made of a best path. */
struct policies_kernel {
	uint32_t metric;         /* 0: the configured one */
	uint32_t tunnel_ifindex; /* 0: none */
};
uint32_t policies_kernel_export_reads(const struct policies *p); /* POLICY_READS_* */
bool policies_kernel_export(const struct policies *p, const struct rib_change *c, const struct rib_source *src,
    struct policies_kernel *out);
/* The attributes with which a foreign kernel route enters the RIB (a reference), or ATTR_NONE. */
attr_id policies_kernel_learn(const struct policies *p, attr_id attr, const struct ip_prefix *prefix,
    const char *ifname);

/* A community of the configuration as a pattern of rib/community. */
struct community_pattern compile_community(const struct conf_community *c);

#endif
