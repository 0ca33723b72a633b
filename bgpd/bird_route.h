/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_route: a path of the RIB as the lines that BIRD has for it.
 *
 * Each way out is a line of its own, the first of a prefix with the prefix: where BIRD has "multipath" and
 * lines of another form below, readers would not know what to make of it. Called by bird_show_route.c for
 * each path.
 */
#ifndef BGPD_BIRD_ROUTE_H
#define BGPD_BIRD_ROUTE_H

#include "lib/addr.h"
#include "rib/rib.h"

#include <stdbool.h>

struct bgpd;
struct bird_client;
struct str;

struct bird_route {
	struct ip_prefix prefix;
	uint32_t id;
	const struct rib_path *path;
	attr_id attr;               /* that are shown: the path's, or as sent */
	const struct ip_addr *self; /* what ATTR_NEXTHOP_SELF stands for there; may be NULL */
	bool follows;               /* it is not the first of its prefix that is shown */
};

/* Writes its lines, with all those of its attributes, too. */
void bird_route_lines(struct bird_client *c, const struct bgpd *d, const struct bird_route *r, bool all);

/* Its ways, as a line has them: "via 10.0.0.2 on eth0", "dev eth0", "blackhole", "unreachable"; one behind
 * the other, each with an end of line. */
void bird_route_ways(const struct bgpd *d, const struct bird_route *r, struct str *out);
/* " (100/0) [AS65002i]": what stands at the end of a line. */
void bird_route_info(const struct bgpd *d, const struct bird_route *r, struct str *out);

#endif
