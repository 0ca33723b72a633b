/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema_parts: what the files that hold the schema's tables share.
 *
 * The tables are one schema, cut where files would become too long; nobody but
 * these files includes this.
 */
#ifndef CONF_SCHEMA_PARTS_H
#define CONF_SCHEMA_PARTS_H

#include "conf/schema.h"
#include "lib/mem.h"

#define AT(tag, member) .offset = offsetof(struct tag, member)
#define TABLE(array)    .rows = (array), .n = ARRAY_LEN(array)

extern const struct conf_table conf_schema_rule;
extern const struct conf_table conf_schema_log; /* a struct conf_log */

#endif
