/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml: a YAML text as a tree of nodes that know their place in the file.
 *
 * Built from libyaml's events; the loader walks it with the schema in hand.
 * Scalars stay text: what type one has is the schema's matter, so that 1.10 is
 * not 1.1 and "no" is no boolean. Keys are scalars and unique in their map (a
 * repeated one is an error that names both places). Anchors, aliases and merge
 * keys (<<) work; an alias is the same node again, so a tree may share nodes,
 * but never contains itself. Depth and size, aliases expanded, are bounded.
 */
#ifndef CONF_YAML_H
#define CONF_YAML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "conf/conf.h"

#define YML_DEPTH_MAX   64
#define YML_NODES_MAX   4000000u
#define YML_ANCHORS_MAX 1000u

enum yml_kind { YML_SCALAR, YML_LIST, YML_MAP };

struct yml_pair {
	struct yml_node *key, *value;
};

struct yml_node {
	enum yml_kind kind;
	bool plain; /* scalar without quotes */
	struct conf_pos pos;
	uint32_t file_no;
	uint64_t told;    /* the loader's: errors that it already reported here */
	uint32_t n;       /* octets, items or pairs */
	uint32_t weight;  /* nodes in it, itself too, aliases expanded */
	const char *text; /* scalar: no NUL inside, one after */
	struct yml_node **items;
	struct yml_pair *pairs; /* in the order of the file */
	uint32_t *index;        /* large maps: hash table of pair number + 1 */
	uint32_t index_mask;
};

/*
 * Parses one document. file is kept by reference in positions. Returns 0 and
 * *root (an empty text is an empty map; of a repeated key, which is an error in
 * errs, the first is in the tree), or -EINVAL with errors added to errs and no
 * tree. The nodes belong to arena.
 */
int yml_parse(struct conf_arena *arena, const char *file, uint32_t file_no, const char *text, size_t len,
	      struct conf_errors *errs, struct yml_node **root);

/* Nothing written after the key, or ~ or null. */
bool yml_is_null(const struct yml_node *n);

/* The same values in other words: comments, styles and the order of keys do not count, but quotes do. */
bool yml_equal(const struct yml_node *a, const struct yml_node *b);

/* Number of the pair with this key, or -1, also where the node is no map. Constant time, or 16 comparisons. */
int32_t yml_map_find(const struct yml_node *map, const char *key);
struct yml_node *yml_map_get(const struct yml_node *map, const char *key); /* its value, or NULL */

/* A map with place of at and these pairs, which must have different keys; takes the array. */
struct yml_node *yml_map_new(struct conf_arena *arena, const struct yml_node *at, struct yml_pair *pairs,
			     uint32_t n);
/* A list with place of a and the items of both. */
struct yml_node *yml_list_join(struct conf_arena *arena, const struct yml_node *a, const struct yml_node *b);

#endif
