/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nhdef: the netlink thread's copy of the next-hop sets, by id.
 *
 * Filled by the records of the operations ring; a set is encoded for the routes
 * of a family when the first of them comes, and the result is copied into every
 * message from then on.
 */
#ifndef FIB_NHDEF_H
#define FIB_NHDEF_H

#include "fib/route.h"

struct nhdef;

struct nhdefs {
	struct nhdef **sets; /* by id */
	uint32_t cap;
	struct nhdef *filling;
};

/* Zero-initialised is empty. */
void nhdefs_fini(struct nhdefs *d);
/* A new set; count × nhdef_add follow. The id must be free. */
void nhdef_begin(struct nhdefs *d, uint32_t id, enum fib_type type, unsigned count);
/* A new set whose routes name a nexthop object. */
void nhdef_object(struct nhdefs *d, uint32_t id, uint32_t nhid);
void nhdef_add(struct nhdefs *d, const struct fib_nh *nh);
void nhdef_forget(struct nhdefs *d, uint32_t id);
/* Its encoding for routes of family f; NULL where such routes cannot have these next hops. */
const struct route_attrs *nhdef_attrs(struct nhdefs *d, uint32_t id, enum family f);

#endif
