/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spare: records of the RIB that are free, for who has a bound on memory.
 *
 * Tables of records keep the memory that they once had (lib/slab). While there is to be no more of it the
 * owner gives each source a cap (rib_source.cap), and says here how many records may be used beyond the caps:
 * of those that are free, what it does not keep for sources that are below theirs. A new path that would need
 * another one is refused.
 */
#ifndef RIB_SPARE_H
#define RIB_SPARE_H

#include <stddef.h>
#include <stdint.h>

struct rib;

enum rib_record {
	RIB_RECORD_IPV4, /* prefixes, each with the first path */
	RIB_RECORD_IPV6,
	RIB_RECORD_PATH, /* further paths */
	RIB_RECORD_PATH_WITH_ID,
	RIB_RECORDS
};

/* How many are free now. */
uint32_t rib_spare_count(const struct rib *rib, enum rib_record r);
/* Octets of one, with its place in the index. */
size_t rib_spare_octets(const struct rib *rib, enum rib_record r);
/* From now on so many may be used by paths beyond the caps of their sources. */
void rib_spare_allow(struct rib *rib, const uint32_t n[RIB_RECORDS]);

#endif
