/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_path: a path of the RIB as an object of JSON, and the choice of paths that
 * the filters of `show rib` make.
 *
 * Called by ctl_show_rib.c for each path that it walks over. Everything that
 * filters need beyond the attributes is resolved once, when the request comes.
 */
#ifndef BGPD_CTL_PATH_H
#define BGPD_CTL_PATH_H

#include "rib/aspath.h"
#include "rib/rib.h"
#include "rib/sets.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

struct bgpd;
struct conf_arena;
struct ctl_client;
struct explain;

/* One path as it is to be shown. */
struct ctl_path {
	enum family family;
	uint32_t id;
	const struct rib_path *path;
	attr_id attr; /* effective, received or as sent */
	enum rib_reason reason;
	uint32_t path_id;           /* as received or as sent; 0: none */
	const struct ip_addr *self; /* what ATTR_NEXTHOP_SELF stands for; may be NULL */
};

/* A new reference, with all members of a row of `show rib`; absent values are null. */
json_t *ctl_path_json(const struct bgpd *d, const struct ctl_path *cp);
/* The same for a route that need not be in the RIB: cp's family and id do not count. */
json_t *ctl_route_json(const struct bgpd *d, const struct ip_prefix *prefix, const struct ctl_path *cp);
struct group_member;
struct ctl_path_filter;
/* A row for the default route that a member gets besides what is in the RIB, or NULL: none, or the filter has it not. */
json_t *ctl_default_json(struct bgpd *d, const struct group_member *m, enum family f, const struct ctl_path_filter *filter);
/* Adds accepted, changed, pending, rule and rules to a row. */
void ctl_explain_json(json_t *row, const struct explain *e);
/*
 * Reads the argument prefix, if it is there; an address means its longest match, unless longer prefixes are asked for
 * too. False: refused already.
 */
bool ctl_path_prefix(struct ctl_client *c, const json_t *args, bool longer, struct ip_prefix *out);

/* The route of fib for this prefix id, a row of `show fib`. */
json_t *ctl_fib_json(const struct bgpd *d, enum family f, uint32_t id);

struct ctl_path_filter {
	bool best, invalid;
	bool rejected; /* rejected ones only; else accepted ones, or with any both */
	bool any;      /* rejected ones too */
	uint16_t from; /* index of the source, 0: any */
	bool has_origin_as;
	uint32_t origin_as;
	struct community_set *communities; /* any of them; NULL: whatever */
	bool has_pattern;
	struct aspath_pattern pattern; /* in the arena */
	struct conf_arena *arena;
};

/*
 * Reads best, invalid, rejected, from, origin_as, community and as_path of a request; false: refused already.
 * ctl_path_filter_fini in any case.
 */
bool ctl_path_filter_init(struct ctl_client *c, const json_t *args, struct ctl_path_filter *f);
void ctl_path_filter_fini(struct ctl_path_filter *f);
bool ctl_path_fits(const struct bgpd *d, const struct ctl_path_filter *f, const struct ctl_path *cp);

#endif
