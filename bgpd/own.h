/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own: the routes of the configuration (networks, statics, aggregates' places)
 * and of `bgpctl network add`, as paths of the RIB.
 */
#ifndef BGPD_OWN_H
#define BGPD_OWN_H

#include "conf/conf.h"
#include "rib/attr.h"

struct bgpd;

/* Begins the attributes that every route of our own has: ORIGIN IGP and an empty AS_PATH. */
void own_attr_begin(struct attr_edit *e);
/* Brings networks and statics of the running configuration into the RIB; what is no longer there goes. */
void own_apply(struct bgpd *d);
/* An interface went up or down, came or went: statics that name it are good or not. */
void own_link_changed(struct bgpd *d, const char *name);
/* A network by command: stays over a reload, not over a restart. False: there was none to delete. */
void own_network_add(struct bgpd *d, const struct ip_prefix *p);
bool own_network_del(struct bgpd *d, const struct ip_prefix *p);
/* Leftovers of own_apply in slices; a job of the daemon. True: done. */
bool own_run(struct bgpd *d, uint32_t budget);

#endif
