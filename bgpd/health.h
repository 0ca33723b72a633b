/* SPDX-License-Identifier: Apache-2.0 */
/*
 * health: whether networks with `while` are to be announced.
 *
 * Each has a check: a TCP connection, an HTTP GET, a file or an interface.
 * Connections are non-blocking, HEALTH_PROBES at a time at most; interfaces are
 * followed by what the kernel tells, in slices, since one may carry all networks.
 * Nothing is executed, no name is looked up.
 * A reload leaves a check that it does not change as it is; another
 * condition of the same network begins with the state of the old one.
 */
#ifndef BGPD_HEALTH_H
#define BGPD_HEALTH_H

#include "conf/conf.h"
#include "lib/loop.h"

#include <jansson.h>

#define HEALTH_PROBES 64u

struct bgpd;
struct check;

/* Its members are health.c's, but for the daemon's to embed. */
struct health {
	struct bgpd *d;
	struct check **of; /* by the network's place in the configuration; NULL: it has no condition */
	uint32_t n;
	uint32_t probing;
	struct job looks; /* at the interfaces of checks that are due that, */
	uint32_t look_at; /* in this order */
};

void health_init(struct health *h, struct bgpd *d);
void health_fini(struct health *h);
/* Takes over the networks of the running configuration; own_begin follows where they changed. */
void health_apply(struct health *h);
/* May the network at this place be announced? */
bool health_holds(const struct health *h, uint32_t number);
/* An interface went up or down, came or went. */
void health_link_changed(struct health *h, const char *name);
/* For show: of the network at this place; NULL: it has no condition. */
json_t *health_json(const struct health *h, uint32_t number);

#endif
