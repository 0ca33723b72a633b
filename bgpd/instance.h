/* SPDX-License-Identifier: Apache-2.0 */
/*
 * instance: a routing table, who fills it and who is told of it.
 *
 * There is the main one, the daemon's struct bgpd itself, and one for each table and each
 * VRF that neighbours of the configuration have. Such an instance is a struct bgpd of which only
 * the part of a table is its own: RIB, attributes, next hops, policies, groups, kernel
 * routes, neighbours and what a start owes to the run before it. What is the process's is
 * found at its main. It sees the configuration as if kernel.table were its table and there
 * were neither routes of our own nor learned ones; the list of neighbours stays the whole
 * one, since policies know them by their place in it.
 *
 * That of a VRF has the table of the VRF's device. Until there is one it is without a kernel
 * (fib's null back end), and its neighbours wait. The device is followed: when it goes,
 * sessions end, and the table is given up when its routes are gone, as another VRF may have
 * it by then; when it is back, they begin; with another table, routes move there.
 *
 * An instance that no neighbour has any more goes when its neighbours' paths and its
 * kernel routes are gone. Until then its table is nobody else's: who is configured for the
 * number of a VRF's that goes waits, as for a device.
 */
#ifndef BGPD_INSTANCE_H
#define BGPD_INSTANCE_H

#include "conf/conf.h"
#include "fib/fib.h"
#include "lib/str.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

struct bgpd;
struct instance;
LIST_HEAD(instance_list, instance); /* by number */

/* ---- any of them, also the main one ---- */

/* Makes its table without the kernel's part; conf, loop, options and sessions are set. */
void instance_init(struct bgpd *d);
/* Frees what there is of it. keep: its routes stay in the kernel, whatever the configuration says. */
void instance_fini(struct bgpd *d, bool keep);
/* Starts the kernel's part. False: it could not be started; logged. */
bool instance_open(struct bgpd *d);
/* Makes the neighbours that are configured for its table; they start when the kernel is known (daemon_kernel_synced). */
void instance_fill(struct bgpd *d);
/* What of the configuration's settings the decision depends on. */
void instance_apply_settings(struct bgpd *d);
/* Are this neighbour's routes its? */
bool instance_has(const struct bgpd *d, const struct conf_neighbor *nb);
/* The number of its table; 0: it is the main one, or that of a VRF without a device. */
uint32_t instance_table(const struct bgpd *d);
/* The VRF that it is of, or NULL; the VRF's device, 0: there is none that can be used. */
const char *instance_vrf(const struct bgpd *d);
uint32_t instance_device(const struct bgpd *d);
/* Why its neighbours have to wait, and what to do; NULL: they need not. */
const char *instance_missing(const struct bgpd *d);
/* Has it no table of the kernel's, since its VRF has none, or since one that goes has it still? */
bool instance_is_nowhere(const struct bgpd *d);
/* Whose addresses and interfaces its neighbours are reached over: its own for a VRF's, else the main one's. */
struct bgpd *instance_domain(struct bgpd *d);

/* ---- the others; all of them are main's ---- */

/* The one behind d, which may be the main one; NULL: it was the last. */
struct bgpd *instance_next(const struct bgpd *d);
/* The one of this table, 0: the main one; NULL: there is none. */
struct bgpd *instance_of(struct bgpd *main, uint32_t table);
struct bgpd *instance_of_vrf(struct bgpd *main, const char *vrf);
/* The one whose VRF has this device, 0: the main one; NULL: there is none. */
struct bgpd *instance_of_device(struct bgpd *main, uint32_t device);
/* The one that a neighbour of the configuration belongs to; NULL: it is not there, or not yet. */
struct bgpd *instance_of_neighbor(struct bgpd *main, const struct conf_neighbor *nb);
/* A number that no other one has or has had; 0: the main one. And the one that has it, or NULL. */
uint32_t instance_number(const struct bgpd *d);
struct bgpd *instance_by_number(struct bgpd *main, uint32_t number);
/*
 * Makes those of main's configuration, with their neighbours; those of VRFs when main knows the kernel's links
 * (instances_synced). False: one could not be started; logged.
 */
bool instances_start(struct bgpd *main);
void instances_synced(struct bgpd *main);
/* Main is told something of a link, which may be the device of a VRF. */
void instances_link_changed(struct bgpd *main, const struct fib_link *link);
/*
 * May c not become main's configuration? Adds a line for each table of it that is the one of a VRF that neighbours of it
 * are in, which no check of a file can tell; returns how many there are.
 */
unsigned instances_refuse(struct bgpd *main, const struct conf *c, struct str *why);
/*
 * Another configuration is main's: makes those that are new, without neighbours, and has the others see it. Those that
 * it has no neighbours for begin to go. Nothing of the one before is changed yet, which has to stay until that is done.
 */
void instances_reload(struct bgpd *main);
/* At the end of the daemon: neighbours have been stopped. */
void instances_free(struct bgpd *main, bool keep);

#endif
