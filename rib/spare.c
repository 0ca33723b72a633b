/* SPDX-License-Identifier: Apache-2.0 */
/*
 * spare: see spare.h.
 */
#include "rib/spare.h"

#include "rib/rib_int.h"

#include <string.h>

#define INDEX_OCTETS 5u /* of a bucket of 64 there are twelve places; what was split stays */

static const struct slab *
records(const struct rib *rib, enum rib_record r)
{
	const struct slab *const tables[RIB_RECORDS] = {
	    [RIB_RECORD_IPV4] = &rib->table[FAMILY_IPV4].recs,
	    [RIB_RECORD_IPV6] = &rib->table[FAMILY_IPV6].recs,
	    [RIB_RECORD_PATH] = &rib->paths,
	    [RIB_RECORD_PATH_WITH_ID] = &rib->paths_with_id,
	};

	return tables[r];
}

uint32_t
rib_spare_count(const struct rib *rib, enum rib_record r)
{
	const struct slab *s = records(rib, r);

	return s->top - 1 - s->used;
}

size_t
rib_spare_octets(const struct rib *rib, enum rib_record r)
{
	return records(rib, r)->rec_size + (r == RIB_RECORD_IPV4 || r == RIB_RECORD_IPV6 ? INDEX_OCTETS : 0);
}

void
rib_spare_allow(struct rib *rib, const uint32_t n[RIB_RECORDS])
{
	memcpy(rib->spare, n, sizeof(rib->spare));
}

bool
rib_spare_take(struct rib *rib, const struct rib_op *op, uint32_t id)
{
	uint32_t *first =
	    id != 0 ? NULL
		    : &rib->spare[op->prefix.family == FAMILY_IPV4 ? RIB_RECORD_IPV4 : RIB_RECORD_IPV6];
	uint32_t *further = op->path_id != 0 ? &rib->spare[RIB_RECORD_PATH_WITH_ID]
			    : id != 0        ? &rib->spare[RIB_RECORD_PATH]
					     : NULL;

	if ((first != NULL && *first == 0) || (further != NULL && *further == 0))
		return false;
	if (first != NULL)
		--*first;
	if (further != NULL)
		--*further;
	return true;
}
