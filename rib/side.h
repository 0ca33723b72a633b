/* SPDX-License-Identifier: Apache-2.0 */
/*
 * side: received attributes of the paths that import policy changed.
 *
 * Most paths leave policy as they came, so a path holds one attribute id and the
 * few others have a record here, named by (family, prefix id, source). It holds a
 * reference to the received set. Only rib/ uses it.
 */
#ifndef RIB_SIDE_H
#define RIB_SIDE_H

#include "lib/addr.h"
#include "lib/hash.h"
#include "lib/slab.h"
#include "rib/attr.h"

struct side_table {
	struct attr_table *attrs;
	uint64_t seed;
	struct slab recs;
	struct hidx index;
};

void side_init(struct side_table *t, struct attr_table *attrs, uint64_t seed);
void side_fini(struct side_table *t); /* must be empty */
attr_id side_get(const struct side_table *t, enum family f, uint32_t id,
		 uint16_t source); /* borrowed; 0: none */
void side_add(struct side_table *t, enum family f, uint32_t id, uint16_t source, attr_id received); /* must not be there */
void side_set(struct side_table *t, enum family f, uint32_t id, uint16_t source, attr_id received); /* must be there */
void side_del(struct side_table *t, enum family f, uint32_t id, uint16_t source); /* must be there */
size_t side_bytes(const struct side_table *t);

#endif
