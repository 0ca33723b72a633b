/* SPDX-License-Identifier: Apache-2.0 */
/*
 * region: zeroed memory that grows at its end and never moves, as tables of millions of records need it.
 *
 * Addresses for all that it may ever become are reserved, so that a record is found by a multiplication. A small table
 * costs the pages that it has touched. One that is beyond will fill the next ones, too: they are brought by a thread
 * beside before they are touched (a tenth of the time of a full table), and far on they are huge pages where the kernel
 * has them: tables that are read all over need few translations then (a quarter of the time to fill one).
 */
#ifndef LIB_REGION_H
#define LIB_REGION_H

#include <stddef.h>
#include <stdint.h>

/* Zero-initialised is an empty one. */
struct region {
	uint8_t *base; /* aligned to a page; NULL while nothing was used */
	size_t reserved, open, asked; /* octets of addresses; of them usable; of them touched or asked for */
};

/*
 * The first size octets are going to be used; fatal when addresses or memory run out. Returns how many may be used
 * before this has to be called again, so that the next pages are there in time: size or more.
 */
size_t region_use(struct region *r, size_t size);
/* Gives all back; r is an empty one afterwards. */
void region_fini(struct region *r);
/* Memory that is held, where the first size octets are used. */
size_t region_bytes(const struct region *r, size_t size);

#endif
