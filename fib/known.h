/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known: what the kernel has that is not ours: links, addresses, foreign routes.
 *
 * The main half's memory of what it has told its owner, so that a full dump
 * after lost notifications ends in exactly the differences, deletions included,
 * and so that a key in the kernel's table can be seen to belong to somebody
 * else. Also does what the kernel does silently: IPv4 routes vanish without a
 * notification when the last of their interfaces goes down or loses its last
 * address, or when their preferred source address is deleted.
 */
#ifndef FIB_KNOWN_H
#define FIB_KNOWN_H

#include "fib/chan.h"
#include "fib/keyed.h"
#include "fib/nhset.h"

struct known_link {
	struct keyed_head head;
	uint32_t ifindex;
	uint32_t gen;
	struct fib_link link;
};

struct address_key {
	uint8_t addr[16];
	uint32_t ifindex;
	uint8_t family, plen, pad[2];
};

struct known_address {
	struct keyed_head head;
	struct address_key key;
	uint32_t gen;
	struct fib_address address;
};

struct foreign_key {
	uint8_t dst[16];
	uint8_t family, plen, tos, pad;
	uint32_t table, metric;
	uint32_t ifindex; /* of link-local IPv6 prefixes, which every interface has; else 0 */
};

struct foreign_route {
	struct keyed_head head;
	struct foreign_key key;
	uint32_t gen;
	uint32_t nhset;   /* 0: a kind that is not reported; it only takes its key */
	uint32_t blocks;  /* the prefix id of ours that waits for the key, or FIB_ID_NONE */
	uint32_t prefsrc; /* as in fib_ev_route */
	uint8_t protocol, scope;
	bool further; /* told as one of fib_config.also */
	bool twins; /* there are or were several with this key: which is left is not known */
};

/* What changed, for those who have routes over it. Bits. */
#define KNOWN_UP      1u  /* a link or an address came: what failed may succeed now */
#define KNOWN_FLUSHED 2u  /* the kernel dropped routes over the interface, without a word for IPv4 */
#define KNOWN_NO_ADDR 4u  /* an IPv4 address went: routes that prefer it as source are dropped silently */
#define KNOWN_CARRIER 16u /* a link lost its carrier: nexthop objects over it are gone */
#define KNOWN_RESYNC  8u  /* a full dump is needed to be sure */

struct known {
	struct keyed links, addresses, routes;
	struct nhsets *nhsets;
	const struct fib_callbacks *cb;
	void *ctx;
	const struct fib_config *conf; /* which further tables are watched; NULL: none */
	bool mute; /* do not report (stopping) */
	bool dumping;
	uint32_t gen; /* of the current dump */
	/* Told when a foreign route goes that an id of ours waits for. */
	void (*unblocked)(void *arg, enum family f, uint32_t id);
	void *unblocked_arg;
};

void known_init(struct known *k, struct nhsets *nhsets, const struct fib_callbacks *cb, void *ctx);
void known_fini(struct known *k);
size_t known_bytes(const struct known *k);

/* Each takes an event, reports it if it is news, and returns KNOWN_ bits. */
unsigned known_link_event(struct known *k, const struct fib_ev *ev);
unsigned known_address_event(struct known *k, const struct fib_ev *ev);
unsigned known_route_event(struct known *k, const struct fib_ev_route *r, const struct fib_nh *nh);

/* Is the interface administratively down, or unknown? Index 0 (the kernel's choice) is not. */
bool known_link_is_dead(const struct known *k, uint32_t ifindex);
/* Does the kernel take a nexthop object over the interface: up, and with carrier? */
bool known_link_has_carrier(const struct known *k, uint32_t ifindex);
/* Would the kernel drop an IPv4 route with these next hops once the interface `flushed` (0: none) is dead
 * too? */
bool known_nh_all_dead(const struct known *k, const struct nhset *n, uint32_t flushed);
/* The foreign route with this key (tos 0), or NULL. */
struct foreign_route *known_foreign(const struct known *k, const struct ip_prefix *p, uint32_t table,
				    uint32_t metric);

/* Reports all of a table as deleted. */
void known_forget_table(struct known *k, uint32_t table);

/*
 * Steps of walks; *cursor begins with 0. False: that was the end.
 * expire: what the last dump has not shown is gone. flush: IPv4 routes that the kernel dropped with an
 * interface (index, or 0) or with an address that some prefer as source (prefsrc, or 0).
 */
bool known_expire_link(struct known *k, uint32_t *cursor);
bool known_expire_address(struct known *k, uint32_t *cursor);
bool known_expire_route(struct known *k, uint32_t *cursor);
bool known_flush_route(struct known *k, uint32_t *cursor, uint32_t flushed, uint32_t prefsrc);

#endif
