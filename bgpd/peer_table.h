/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_table: configured neighbours by name and by remote address.
 *
 * A name is one neighbour's; an address may be several neighbours', who are then
 * a chain in the order in which they came. The scope of a link-local address is
 * left to whoever walks the chain, since either side may not know it.
 */
#ifndef BGPD_PEER_TABLE_H
#define BGPD_PEER_TABLE_H

#include "lib/addr.h"
#include "lib/hash.h"

#include <stdint.h>

struct peer;

struct peer_table {
	struct peer **v; /* by slot, from 1 */
	uint32_t top, cap, free_n;
	uint32_t *free_slots;
	struct hidx by_name, by_addr; /* of slots; by_addr: of the first of a chain */
	uint64_t seed;
};

void peer_table_init(struct peer_table *t); /* t must not move afterwards */
void peer_table_fini(struct peer_table *t);
/* By its name and addr, which must stay as they are while it is in. */
void peer_table_add(struct peer_table *t, struct peer *p);
/* Does nothing for a peer that is not in. */
void peer_table_del(struct peer_table *t, struct peer *p);
struct peer *peer_table_by_name(const struct peer_table *t, const char *name);
/*
 * One after the other, in any order: the first at slot *at or behind it, *at being the slot behind that. NULL: there is
 * none. Others may come and go between two calls.
 */
struct peer *peer_table_next(const struct peer_table *t, uint32_t *at);
/* The first with this address, of whatever scope; the others follow by peer.next_same_addr. */
struct peer *peer_table_by_addr(const struct peer_table *t, const struct ip_addr *addr);

#endif
