/* SPDX-License-Identifier: Apache-2.0 */
/*
 * interfaces: the host's interfaces and addresses as fib reports them.
 *
 * Plain tables that are filled by kernel_watch.c and asked by whoever needs the
 * name of an interface, a connected subnet or an address of ours. Everything is
 * found by a key, since a host may have ten thousand interfaces that come and go
 * all the time. Links are also in order of their index, for show.
 */
#ifndef BGPD_INTERFACES_H
#define BGPD_INTERFACES_H

#include "fib/fib.h"
#include "fib/keyed.h"
#include "lib/addr.h"

#include <sys/queue.h>
#include <sys/tree.h>

struct kernel_address {
	struct keyed_head head;
	struct {
		struct ip_addr addr;
		struct ip_prefix subnet;
		uint8_t pad[2]; /* zero */
		uint32_t ifindex;
	} key;
	struct fib_address a;
	struct kernel_link *link;
	LIST_ENTRY(kernel_address) entry;      /* in its link */
	LIST_ENTRY(kernel_address) host_entry; /* in its kernel_host */
};
LIST_HEAD(kernel_address_list, kernel_address);

struct kernel_link {
	RB_ENTRY(kernel_link) tree;
	struct fib_link l;
	struct kernel_address_list addresses;
	bool wanted; /* kernel_watch's: its subnets are connected routes of the RIB */
};
RB_HEAD(kernel_link_tree, kernel_link);

/* One own address, on however many interfaces. */
struct kernel_host {
	struct keyed_head head;
	struct ip_addr addr;
	uint32_t unicast; /* of them without a peer */
	struct kernel_address_list addresses;
};

/* A connected subnet: on one interface, or with ifindex 0 on all of them together. */
struct kernel_net {
	struct keyed_head head;
	struct kernel_net_key {
		struct ip_prefix prefix;
		uint8_t pad[2]; /* zero */
		uint32_t ifindex;
	} key;
	uint32_t addresses; /* in it, ≥ 1 */
	uint32_t wanted;    /* kernel_watch's: those on links that are wanted; counted where ifindex is 0 */
};

struct interfaces {
	struct kernel_link_tree links; /* by ifindex */
	struct keyed names, addresses, hosts, nets;
	uint32_t lengths[FAMILY_COUNT][129]; /* subnets (with ifindex 0) of each length */
};

void interfaces_init(struct interfaces *t); /* t must not move afterwards */
void interfaces_fini(struct interfaces *t);

/* The link with this index, or NULL; the one with the lowest index ≥ from, or NULL. */
struct kernel_link *interfaces_find(const struct interfaces *t, uint32_t ifindex);
struct kernel_link *interfaces_next(const struct interfaces *t, uint32_t from);
/* Found or made, without a name and down: addresses may be reported before their link. */
struct kernel_link *interfaces_get(struct interfaces *t, uint32_t ifindex);
/* What is new of a link; its name may have changed. */
void interfaces_link_set(struct interfaces *t, struct kernel_link *l, const struct fib_link *link);
/* It has no addresses any more. */
void interfaces_link_del(struct interfaces *t, struct kernel_link *l);
/* The index of a name, or 0. */
uint32_t interfaces_index(const struct interfaces *t, const char *name);

/* An address is named by interface, address and subnet. NULL: it is there already. */
struct kernel_address *interfaces_address_add(struct interfaces *t, const struct fib_address *a);
struct kernel_address *interfaces_address_find(const struct interfaces *t, const struct fib_address *a);
void interfaces_address_del(struct interfaces *t, struct kernel_address *a);

/* NULL: no interface has it. */
struct kernel_host *interfaces_host(const struct interfaces *t, const struct ip_addr *own);
/* ifindex 0: on any interface. NULL: none. */
struct kernel_net *interfaces_net(const struct interfaces *t, const struct ip_prefix *p, uint32_t ifindex);
/* The longest connected subnet that contains a, other than the default route's; false and FAMILY_NONE: none. */
bool interfaces_subnet_of(const struct interfaces *t, const struct ip_addr *a, struct ip_prefix *subnet);

#endif
