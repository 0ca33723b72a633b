/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_int: what the two readers of a configuration share: the builder of its tree; see yaml.h.
 */
#ifndef CONF_YAML_INT_H
#define CONF_YAML_INT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/yaml.h"

struct yml_builder; /* opaque */

/* A place in the text, both from 1. */
struct yml_at {
	uint32_t line, column;
};

/*
 * What a text has, in its order: scalars, and collections with what is in them between open and close. text is kept by
 * reference and has a NUL behind its len octets. anchor may be NULL, else it is kept. Each may fail the builder, which is
 * then not to be told more.
 */
void yml_build_scalar(struct yml_builder *b, struct yml_at at, const char *text, size_t len, bool plain, const char *anchor);
void yml_build_open(struct yml_builder *b, enum yml_kind kind, struct yml_at at, const char *anchor);
void yml_build_close(struct yml_builder *b);
bool yml_build_failed(const struct yml_builder *b);

/*
 * Tells the builder a text that is written as programs write them; has NULs put behind its scalars, and room for one at its
 * end. False: it is written otherwise, or wrong, which is then for libyaml to say; what was told so far is void.
 */
bool yml_plain(struct yml_builder *b, char *text, size_t len);

/* yml_parse of such a text alone: false where yml_plain is, or where something is wrong with the tree. */
bool yml_parse_plain(struct conf_arena *arena, const char *file, uint32_t file_no, const char *text, size_t len,
		     struct yml_node **root);

#endif
