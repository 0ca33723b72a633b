/* SPDX-License-Identifier: Apache-2.0 */
/*
 * side: received attributes of the paths that import policy changed.
 *
 * Most paths leave policy as they came, so a path holds one attribute id, and the
 * received set of one that did not is here, named by (family, prefix id, source). It
 * holds a reference to it. Only rib/ uses it.
 */
#ifndef RIB_SIDE_H
#define RIB_SIDE_H

#include "lib/addr.h"
#include "lib/pool.h"
#include "lib/sparse.h"
#include "rib/attr.h"

/* A source's: prefix ids to attr_id. */
struct side_source {
	struct sparse family[FAMILY_COUNT];
};

struct side_table {
	struct attr_table *attrs;
	struct pool pool;
	struct side_source *sources; /* by number */
	uint32_t nsources;
	uint32_t count; /* of all */
};

void side_init(struct side_table *t, struct attr_table *attrs);
void side_fini(struct side_table *t); /* must be empty */
attr_id side_get(const struct side_table *t, enum family f, uint32_t id,
		 uint16_t source); /* borrowed; 0: none */
void side_add(struct side_table *t, enum family f, uint32_t id, uint16_t source, attr_id received); /* must not be there */
void side_set(struct side_table *t, enum family f, uint32_t id, uint16_t source, attr_id received); /* must be there */
void side_del(struct side_table *t, enum family f, uint32_t id, uint16_t source); /* must be there */
size_t side_bytes(const struct side_table *t);

#endif
