/* SPDX-License-Identifier: Apache-2.0 */
/*
 * segment: the memory of tables that grow by equal pieces and are never moved.
 *
 * The first pieces are touched page by page, so that a small table costs what is in it. A table that is beyond
 * will fill the next piece, too: its pages are brought before they are touched, by a thread beside, and from
 * SEGMENT_HUGE octets on they are huge ones where the kernel has them. Tables of millions of routes that are read
 * all over need few translations then (of the time to fill such a table a quarter), and the pages of a full table
 * cost its reader next to nothing (a tenth of the time).
 */
#ifndef LIB_SEGMENT_H
#define LIB_SEGMENT_H

#include <stddef.h>
#include <stdint.h>

#define SEGMENT_LAZY 4u           /* pieces that are touched page by page */
#define SEGMENT_HUGE (16u << 20)  /* octets of a table in small pages */

/* Piece no (0, 1, …) of a table, zeroed, size octets (XMAP_MIN and more); before is piece no - 1, or NULL. */
void *segment_map(size_t size, uint32_t no, void *before);
/* Gives n pieces of a table back. */
void segment_unmap(void *const *segs, uint32_t n, size_t size);

#endif
