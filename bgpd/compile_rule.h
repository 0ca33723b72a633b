/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile_rule: named sets and single policies for compile.c.
 */
#ifndef BGPD_COMPILE_RULE_H
#define BGPD_COMPILE_RULE_H

#include "conf/conf.h"
#include "rib/policy.h"

struct bgpd;

/* The named sets of a configuration, by their index there, and numbers for tunnel names. */
struct compile_sets {
	struct prefix_set **prefix;
	struct aspath_set **aspath;
	struct community_set **community;
	uint32_t n_prefix, n_aspath, n_community;
	char (*tunnels)[16]; /* number - 1 → interface name */
	uint32_t n_tunnels;
};

void compile_sets_new(struct compile_sets *s, const struct conf *c);
void compile_sets_free(struct compile_sets *s);
/* A policy with one reference; sets outlive it or are referenced by it. */
struct policy *compile_policy(struct bgpd *d, struct compile_sets *s, const struct conf_policy *cp);
/* The numbers of tunnel names go with the policies that use them. */
void compile_tunnels_copy(struct compile_sets *to, const struct compile_sets *from);
/* The name behind struct attr_local's tunnel. */
bool compile_tunnel_name(const struct compile_sets *s, uint16_t tunnel, char *name, size_t size);

#endif
