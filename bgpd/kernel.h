/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kernel: between the RIB and fib.
 *
 * Downwards: a changed best path becomes a set of next hops for fib, after the
 * kernel export policy; routes that the kernel has anyway (connected, learned)
 * are left alone. Upwards: links, addresses and foreign routes that fib reports
 * feed the resolver of next hops, and enter the RIB where `kernel.connected` and
 * `kernel.learn` say so.
 */
#ifndef BGPD_KERNEL_H
#define BGPD_KERNEL_H

#include "bgpd/interfaces.h"
#include "conf/conf.h"
#include "fib/fib.h"
#include "rib/nexthop.h"
#include "rib/rib.h"

struct bgpd;

struct kernel {
	struct bgpd *d;
	struct fib *fib;
	struct interfaces interfaces; /* those of its VRF; without a VRF, those that are in none */
	struct interfaces elsewhere;  /* the others, whose addresses and subnets are nothing to it */
	uint32_t device; /* of its VRF, as kernel_watch sees it; 0: none */
	bool nowhere;    /* its VRF has no table yet: it is without a kernel */
	bool synced; /* the first dump is in */
	bool weighted; /* several next hops have shares by link bandwidth (rib/bandwidth.h) */
	/*
	 * Foreign routes of kernel.learn-tables, through which no next hop resolves; ascending by table. A table that is
	 * no longer watched stays, empty.
	 */
	struct kernel_table {
		uint32_t number;
		struct nexthop_table *routes;
	} *others;
	unsigned n_others;
	struct job learn; /* foreign routes, through kernel.learn again */
	enum family learn_family;
	uint32_t learn_at;
	unsigned learn_table; /* 0: those that next hops resolve through; else others + 1 */
};

/* Starts fib (without a kernel where the daemon's options say so). NULL: it could not be started; logged. */
struct kernel *kernel_new(struct bgpd *d);
/* Stops fib; with keep our routes stay. Waits a moment for the netlink thread. */
void kernel_free(struct kernel *k, bool keep);
/* The kernel section or its policies have changed; the caller has every prefix decided again afterwards. */
void kernel_reconfigure(struct kernel *k);

/* Whether link bandwidths count. True: it is not as before, and the caller has every prefix decided again. */
bool kernel_weights(struct kernel *k, bool weighted);

void kernel_rib_change(struct kernel *k, const struct rib_change *c, unsigned n);
/* Paths are about to be taken out, a neighbour's or those over a next hop. */
void kernel_paths_going(struct kernel *k);
/* Families with routes of an earlier run that nobody has claimed yet: bits 1 << family. */
uint8_t kernel_kept(const struct kernel *k);
/* Removes routes of an earlier run that nobody claimed. */
void kernel_sweep(struct kernel *k);

/* The foreign route that counts for exactly this prefix where routes are learned; false: there is none. */
bool kernel_foreign(const struct bgpd *d, const struct ip_prefix *p, struct nexthop_foreign *out);

/* Is this link in another VRF, or in one where there should be none? */
bool kernel_is_elsewhere(const struct kernel *k, uint32_t ifindex);
/* The link of this name, in whatever VRF; NULL: there is none. */
const struct fib_link *kernel_link(const struct kernel *k, const char *name);
/* The name of an interface, in whatever VRF, or NULL; the index of a name, or 0. */
const char *kernel_ifname(const struct kernel *k, uint32_t ifindex);
uint32_t kernel_ifindex(const struct kernel *k, const char *name);
/* Is there an interface of that name that is up? Always so for a daemon that leaves the kernel alone. */
bool kernel_is_up(const struct kernel *k, const char *name);
/* The connected subnet that contains a (third-party next hops, RFC 4271 5.1.3), or false and FAMILY_NONE. */
bool kernel_subnet_of(const struct kernel *k, const struct ip_addr *a, struct ip_prefix *subnet);
/* An address of family f (for IPv6 no link-local one) on the interface that has own; false: there is none. */
bool kernel_address_beside(const struct kernel *k, const struct ip_addr *own, enum family f, struct ip_addr *out);
/* The link-local IPv6 address on the interface that has own. */
bool kernel_link_local_beside(const struct kernel *k, const struct ip_addr *own, struct ip_addr *out);
/* An address of this host. */
bool kernel_is_own(const struct kernel *k, const struct ip_addr *a);
/* A global address of family f on any interface that is up, a loopback's first, else the lowest index's. */
bool kernel_address_other(const struct kernel *k, enum family f, struct ip_addr *out);
/* The highest IPv4 address of this host that is not a loopback one, host order; 0: none. Asks the system directly. */
uint32_t kernel_highest_ipv4(void);

/* By enum fib_drift, as they are shown: "missing", … */
extern const char *const kernel_drift_names[FIB_DRIFT_COUNT];

#endif
