/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fibhere: both halves of fib in one thread. The netlink thread's own code is part of who includes this, so that its
 * steps are taken one by one, and what its sockets say is made up.
 */
#ifndef TESTS_FUZZ_FIBHERE_H
#define TESTS_FUZZ_FIBHERE_H

#include "fib/netlink.c"

#include "fib/state.h"

#define HERE_IDS      8u /* routes of a family */
#define HERE_PROTOCOL 186

static struct loop loop;
static struct fib *fib;
static struct netlink *nl;

static inline struct ip_prefix
prefix_of(void *ctx, enum family f, uint32_t id)
{
	(void)ctx;
	return (struct ip_prefix){.family = (uint8_t)f, .len = 24, .bytes = {10, 0, (uint8_t)id}};
}

static inline uint32_t
id_of(void *ctx, const struct ip_prefix *p)
{
	(void)ctx;
	bool here = p->len == 24 && p->bytes[0] == 10 && p->bytes[1] == 0 && p->bytes[2] < HERE_IDS;

	return here ? p->bytes[2] : BITMAP_END;
}

static inline void
on_unpinned(void *ctx, enum family f, uint32_t id)
{
	(void)ctx;
	ASSERT(!fib_pins(fib, f, id));
}

/* The thread's half, without the thread; it has no events yet. */
static inline struct netlink *
here_new(struct fib_chan *chan, int ops_fd, int notify_fd, int audit_fd)
{
	struct netlink *t = xcalloc(1, sizeof(*t));

	t->chan = chan;
	t->ops_fd = ops_fd;
	t->notify_fd = notify_fd;
	t->job = (struct job){.run = netlink_run, .name = "netlink"};
	t->batch = batch_new();
	nlread_init(&t->rx, RX_BYTES);
	t->slow = (struct slowdump){.fd = audit_fd, .stage = 3 /* its end */};
	nlread_init(&t->slow.rx, 16u * 1024u);
	t->ops = nl_socket_alloc();
	t->notify = nl_socket_alloc();
	t->objects = true;
	return t;
}

/* The owner wants a route, with next hops by the bits of hop. */
static inline void
here_want(uint8_t id, uint8_t hop)
{
	enum family f = id & 128 ? FAMILY_IPV6 : FAMILY_IPV4;
	struct fib_nh nh[3];
	unsigned n = hop % 4;

	memset(nh, 0, sizeof(nh));
	for (unsigned i = 0; i < n; i++) {
		nh[i].ifindex = 1 + ((hop >> 2) + i) % 4;
		nh[i].weight = (uint16_t)(1 + (hop >> 4) % 2 * i);
		if ((hop & 128) == 0 || n > 1)
			nh[i].via = (struct ip_addr){.family = FAMILY_IPV6,
						     .bytes = {0xfe, 0x80, [15] = (uint8_t)(i + 1)}};
		if (f == FAMILY_IPV4 && (hop & 128) != 0)
			nh[i].via = (struct ip_addr){.family = FAMILY_IPV4,
						     .bytes = {192, 0, (uint8_t)nh[i].ifindex, 9}};
	}
	uint32_t set = fib_nhset_intern(fib, n > 0 ? FIB_UNICAST : (hop & 4) ? FIB_BLACKHOLE : FIB_UNREACHABLE, nh, n);
	fib_route_set(fib, f, id % HERE_IDS, set, hop & 64 ? 30 : 0);
	fib_nhset_unref(fib, set);
}

#endif
