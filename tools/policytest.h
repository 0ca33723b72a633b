/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policytest: what the parts of policytest(1) share.
 *
 * A world is a configuration with its policies compiled and its neighbours made, as
 * bgpd does it, but without sessions, sockets and a kernel. Routes are judged in it by
 * bgpd's own import, export and policy code.
 */
#ifndef TOOLS_POLICYTEST_H
#define TOOLS_POLICYTEST_H

#include "conf/conf.h"
#include "lib/str.h"
#include "rib/attr.h"
#include "rib/rib.h"

struct peer;
struct world;

/* The world of a configuration file. NULL: it has errors, which are in errs. */
struct world *world_open(const char *path, struct conf_errors *errs);
void world_close(struct world *w); /* NULL is fine */
const struct conf *world_conf(const struct world *w);
struct attr_table *world_attrs(const struct world *w);
/* A neighbour by name or address; NULL: there is none. */
struct peer *world_peer(const struct world *w, const char *name);
/* The same by address alone, for dumps. */
struct peer *world_peer_at(const struct world *w, const struct ip_addr *addr);
/* The number of a next hop, with a reference. */
uint32_t world_nexthop(struct world *w, const struct ip_addr *global, const struct ip_addr *link_local);
void world_nexthop_unref(struct world *w, uint32_t nexthop);
/* From now on packets for this next hop (NULL: for the kernel's route of prefix) leave through the interface. */
void world_interface(struct world *w, const char *name, const struct ip_addr *nexthop, const struct ip_prefix *prefix,
		     uint32_t metric);

enum place { PLACE_IMPORT, PLACE_EXPORT, PLACE_LEARN, PLACE_PROGRAM };

struct route {
	struct ip_prefix prefix;
	attr_id attr;      /* borrowed */
	struct peer *from; /* NULL: not from a neighbour, but of this source: */
	enum rib_source_kind source;
};

struct verdict {
	bool accepted;
	const char *reason; /* a word of bgpctl(8), REASONS; "accepted" */
	const char *policy; /* of the rule that decided; NULL: none did */
	const char *file;
	uint32_t rule, line; /* rule: 1 for the first; line 0: not known */
	attr_id attr;        /* what came out, a reference, or ATTR_NONE */
};

/* peer: whom it comes from (PLACE_IMPORT) or goes to (PLACE_EXPORT). */
void world_judge(struct world *w, enum place place, struct peer *peer, const struct route *r, struct verdict *out);
void verdict_fini(struct world *w, struct verdict *v);
/* Adds "accepted" or the reason, and the rule: "policy (customers rule 2, bgpd.yaml:14)". */
void verdict_text(const struct verdict *v, struct str *out);

/* ---- attributes as text ---- */

/* What of a set is compared, by name; the text of what is not there is empty. */
enum facet {
	FACET_ORIGIN,
	FACET_AS_PATH,
	FACET_NEXT_HOP,
	FACET_MED,
	FACET_LOCAL_PREFERENCE,
	FACET_COMMUNITIES, /* of all three kinds */
	FACET_ORIGINATOR,
	FACET_CLUSTER_LIST,
	FACET_OTHER, /* further attributes, in hexadecimal */
	FACET_METRIC,
	FACET_PREFERENCE,
	FACET_TAG,
	FACET_TUNNEL,
	FACET_COUNT
};
extern const char *const facet_names[FACET_COUNT];
void facet_text(const struct world *w, attr_id attr, enum facet f, struct str *out);

/* ---- routes and what is expected of them, in YAML ---- */

struct test_counts {
	unsigned passed, failed;
};
/* Runs the tests of a file; failures go to out. False: the file has errors, which are in errs. */
bool tests_run(struct world *w, const char *path, struct test_counts *counts, struct str *out,
	       struct conf_errors *errs);

/* ---- routes of an MRT dump (RFC 6396) ---- */

struct mrt_route {
	struct ip_prefix prefix;
	const uint8_t *attrs; /* canonical, as in rib/attr.h */
	size_t attrs_len;
	struct ip_addr next_hop, link_local; /* link_local FAMILY_NONE: none */
	struct ip_addr peer;
	uint32_t peer_as;
};
struct mrt_stats {
	uint64_t routes;
	uint64_t bad; /* with attributes that bgpd would not take, or with what no message can carry */
};
/*
 * Calls route for each path of TABLE_DUMP_V2 and each announcement of BGP4MP, IPv4 and IPv6 unicast. An
 * uncompressed file, which may end in the middle. 0 or -errno; -EINVAL: not a record of an MRT dump in it.
 */
int mrt_read(const char *path, void (*route)(void *ctx, const struct mrt_route *r), void *ctx,
	     struct mrt_stats *stats);
int mrt_parse(const uint8_t *data, size_t len, void (*route)(void *ctx, const struct mrt_route *r), void *ctx,
	      struct mrt_stats *stats);

#endif
