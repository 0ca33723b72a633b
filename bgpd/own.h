/* SPDX-License-Identifier: Apache-2.0 */
/*
 * own: the routes of the configuration (networks, statics, aggregates)
 * and of `bgpctl network add`, as paths of the RIB. After a reload those of the
 * configuration are said again one by one, as a job, and what was not said goes.
 */
#ifndef BGPD_OWN_H
#define BGPD_OWN_H

#include "lib/loop.h"
#include "rib/attr.h"
#include "rib/originate.h"

struct bgpd;
struct conf_community;

/* Brings the configuration's routes into the RIB, in slices. Its members are own.c's, but for the daemon's to embed. */
struct own {
	struct bgpd *d;
	struct job job;
	enum originate_set set; /* being said: ORIGINATE_NETWORK, _STATIC or _AGGREGATE */
	uint32_t at;            /* index into its list */
	bool saying;            /* else what was not said again is being removed */
	bool busy;
};

void own_init(struct own *o, struct bgpd *d);
void own_fini(struct own *o);

/* Begins the attributes that every route of our own has: ORIGIN IGP and an empty AS_PATH. */
void own_attr_begin(struct attr_edit *e);
/* And what the configuration may add; NULL and 0: nothing. */
void own_attr_extras(struct attr_edit *e, const uint32_t *med, const uint32_t *local_preference,
    const struct conf_community *communities, uint32_t n);
/*
 * Begins to bring networks, statics and aggregates that are there of the running configuration, which stays it until that is done, into the RIB;
 * what is no longer there goes. reload_own_done tells the end. Not while it is busy.
 */
void own_begin(struct own *o);
bool own_busy(const struct own *o);
/* Does all of it at once: before anybody waits for the loop. */
void own_run_all(struct own *o);
/* An interface went up or down, came or went: statics and networks that name it are good or not. */
void own_link_changed(struct bgpd *d, const char *name);
/* A network by command: stays over a reload, not over a restart. False: there was none to delete. */
void own_network_add(struct bgpd *d, const struct ip_prefix *p);
bool own_network_del(struct bgpd *d, const struct ip_prefix *p);
/* The network at this place of the configuration has a condition, which holds now or no longer (health.h). */
void own_network_changed(struct bgpd *d, uint32_t number);

#endif
