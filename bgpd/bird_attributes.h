/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_attributes: what `show route all` says of a path below its lines.
 */
#ifndef BGPD_BIRD_ATTRIBUTES_H
#define BGPD_BIRD_ATTRIBUTES_H

struct bgpd;
struct bird_client;
struct bird_route;

void bird_attributes(struct bird_client *c, const struct bgpd *d, const struct bird_route *r);

#endif
