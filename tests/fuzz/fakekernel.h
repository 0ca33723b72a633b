/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fakekernel: as much of the kernel's routing as fib can see over netlink, for a fuzz target.
 *
 * It has links, an IPv4 address on each, routes and nexthop objects. What is sent to it is carried out at once and
 * answered in the socket; the first part of a dump is made when it is asked for, another whenever something was read;
 * what others do is notified. It does by itself what the kernel does: objects over a link that goes down are deleted,
 * with their routes, and nobody is told.
 *
 * Faults come from kernel.fault, an octet a decision: those from KERNEL_FAULT on make one, and say which; see where
 * fault() is called. What was refused has not been done.
 */
#ifndef TESTS_FUZZ_FAKEKERNEL_H
#define TESTS_FUZZ_FAKEKERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "fib/fib.h"

#define KERNEL_LINKS   4u /* interfaces 1 to 4 */
#define KERNEL_ROUTES  96u
#define KERNEL_OBJECTS 48u
#define KERNEL_HOPS    8u
#define KERNEL_FAULT   191u /* and the number of the fault, from 1 on */

/* Some of them. */
#define FAULT_SEND_NOBUFS  1
#define FAULT_CHANGE_BUSY  6
#define FAULT_PORTION_LOST 1
#define FAULT_READ_FAILS   2
#define FAULT_READ_LOST    3
#define FAULT_READ_CUT     10
#define FAULT_READ_NOBUFS  14 /* says that something was lost, and nothing was */

struct kernel_hop {
	uint32_t ifindex; /* of a group: the member's number */
	uint16_t weight;
	uint8_t via_family;
	bool onlink;
	uint8_t via[16];
};

struct kernel_route {
	bool used;
	uint8_t family, plen, protocol, type;
	uint8_t dst[16];
	uint32_t table, metric, nhid;
	unsigned count;
	struct kernel_hop hop[KERNEL_HOPS];
};

struct kernel_object {
	uint32_t id; /* 0: not used */
	uint8_t protocol;
	bool group;
	unsigned count;
	struct kernel_hop hop[KERNEL_HOPS];
};

struct kernel_link {
	bool up, carrier, addressed;
};

enum kernel_socket { KERNEL_OPS, KERNEL_NOTIFY, KERNEL_AUDIT, KERNEL_SOCKETS };

/* Where it is decided whether something goes wrong. */
enum kernel_place {
	KERNEL_SEND,    /* a call of sendto */
	KERNEL_CHANGE,  /* a message of a batch */
	KERNEL_DUMP,    /* the request of a dump, */
	KERNEL_PORTION, /* and a part of one */
	KERNEL_READ,    /* a call of recv */
	KERNEL_PLACES
};

struct kernel {
	struct kernel_link link[KERNEL_LINKS + 1];
	struct kernel_route route[KERNEL_ROUTES];
	struct kernel_object object[KERNEL_OBJECTS];
	bool has_objects; /* it knows nexthop objects at all */
	bool silent;      /* what others do is not notified, as if that had been lost */
	uint8_t (*fault)(enum kernel_place place, enum kernel_socket socket);
	unsigned busy;    /* dumps refused since the former one was still under way */
};

extern struct kernel kernel;

void kernel_reset(void);
/* The socket calls. */
ssize_t kernel_send(enum kernel_socket s, const void *buf, size_t len);
ssize_t kernel_receive(enum kernel_socket s, void *buf, size_t len, int flags);
bool kernel_has_something(enum kernel_socket s);

static inline struct kernel_hop
kernel_hop_over(uint32_t ifindex, uint8_t neighbour)
{
	return (struct kernel_hop){
	    .ifindex = ifindex, .weight = 1, .via_family = FAMILY_IPV6, .via = {0xfe, 0x80, [15] = neighbour}};
}

/* Is it up, and does it have a carrier, where that matters? */
bool kernel_is_up(uint32_t ifindex, bool carrier);
struct kernel_route *kernel_find(enum family f, const uint8_t dst[16], uint8_t plen, uint32_t table, uint32_t metric);
struct kernel_object *kernel_object(uint32_t id);
/* What others do. */
void kernel_put(const struct kernel_route *r); /* in the place of what has its key */
void kernel_delete(struct kernel_route *r);
void kernel_object_put(const struct kernel_object *o);
void kernel_object_delete(struct kernel_object *o);
void kernel_link_set(uint32_t ifindex, bool up, bool carrier);
void kernel_address_set(uint32_t ifindex, bool there);

#endif
