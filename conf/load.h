/* SPDX-License-Identifier: Apache-2.0 */
/*
 * load: what the parts of the loader share while one configuration is read.
 *
 * conf.c walks tree and schema; type.c and policytype.c turn scalars into
 * values; tree.c reads files and merges includes and groups; check.c does what
 * concerns several keys. All of them report errors here, with the place of the
 * node and the path by which the walk came to it, and go on.
 */
#ifndef CONF_LOAD_H
#define CONF_LOAD_H

#include "conf/schema.h"

/* How the walk came here, innermost first; lives on the walk's own stack. */
struct load_path {
	const struct load_path *up;
	const char *key; /* NULL: an element of a list */
	uint32_t index;
};

struct conf_loader {
	struct conf *conf;
	struct conf_arena *arena; /* the configuration's */
	struct conf_arena *tmp;   /* the tree's; gone after loading */
	struct conf_errors *errs;
	unsigned flags;   /* CONF_NO_FILES */
	uint32_t files;   /* read so far */
	struct conf_file *read; /* these and those of passwords, in tmp */
	uint32_t nesting; /* includes open now */
	uint64_t weight;  /* nodes read so far */
	const struct load_path *path;
	const char *last_file; /* file of the last position kept, in the configuration's arena */
	bool in_group;         /* a group on its own: nothing required, no defaults */
	struct yml_node *policies, *prefix_sets, *as_path_sets, *community_sets, *groups; /* maps or NULL */
};

/*
 * Reads a file by a table of its own: another program's configuration, without includes. 0 with *obj in *arena (which the
 * caller frees), or -EINVAL with every error in errs. Rows must not refer to parts of a struct conf.
 */
int load_by_table(const char *path, const struct conf_table *t, struct conf_arena **arena, void **obj,
		  struct conf_errors *errs);

/* Says "found …, expected …" about n at the current path; once only for each node. */
__attribute__((format(printf, 3, 4))) void load_fail(struct conf_loader *ld, struct yml_node *n,
						     const char *fmt, ...);
/* The same, describing n itself as what was found. */
__attribute__((format(printf, 3, 4))) void load_expect(struct conf_loader *ld, struct yml_node *n,
						       const char *fmt, ...);
/* The same as load_fail about a key below the current path; n is its key, its value, or the map it is missed
 * in. */
__attribute__((format(printf, 4, 5))) void load_fail_key(struct conf_loader *ld, struct yml_node *n,
							 const char *key, const char *fmt, ...);
/* As load_fail, about something whose node is not at hand, at this path. */
__attribute__((format(printf, 4, 5))) void load_fail_at(struct conf_loader *ld, const struct yml_node *n,
							const char *path, const char *fmt, ...);
/* n is not what the row says; tells so and returns false. */
bool load_wrong(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n);
/* The text of a scalar that is not null, or NULL after load_wrong. */
const char *load_scalar(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n);

/* Digits only, up to 4294967295. */
bool load_number(const char *text, uint32_t *out);
/* 1..4294967295 but 23456, plain or asdot (RFC 5396). */
bool load_as_number(const char *text, uint32_t *out);
/* What a name may look like: 1..255 octets, no blanks, no control characters. */
bool load_name_ok(const char *text);

/* The key of map (may be NULL) that looks most like text, or NULL if none does. */
const char *load_nearest(const struct yml_node *map, const char *text);
/* Number of letters to change to come from a to b, at most 3 (then 3 means more). */
unsigned load_distance(const char *a, const char *b);

/* ---- tree.c ---- */

/* Reads path and all it includes into one map, or NULL after telling errors. */
struct yml_node *tree_load_file(struct conf_loader *ld, const char *path);
struct yml_node *tree_load_text(struct conf_loader *ld, const char *name, const char *text, size_t len);
/* A neighbour's node with the keys of its group added; the node itself if it has none. */
struct yml_node *tree_merge_group(struct conf_loader *ld, struct yml_node *n);
/* Whole file into memory (free), with a NUL behind its *len octets; returns 0 or -errno, -EFBIG beyond max octets. */
int tree_read(const char *path, size_t max, char **text, size_t *len);
/* Whether what it returned is for want of something that may be there again while the file stays as it is (-EMFILE, ...). */
bool tree_read_again(int rc);
/* As tree_read(), and the configuration will know that it was read (conf.files). */
int tree_read_noted(struct conf_loader *ld, const char *path, size_t max, char **text, size_t *len);
/* What name means in the file that contains n: itself, or relative to that file's folder. In ld->tmp. */
const char *tree_path_of(struct conf_loader *ld, const struct yml_node *n, const char *name);

/* ---- check.c ---- */

/* The neighbour of this name among those read, or -1. Only when all of them were read. */
int32_t check_neighbor_find(struct conf_loader *ld, const char *name);
void check_router(struct conf_loader *ld, struct yml_node *n, void *obj);
void check_neighbor(struct conf_loader *ld, struct yml_node *n, void *obj);
void check_static(struct conf_loader *ld, struct yml_node *n, void *obj);
void check_root(struct conf_loader *ld, struct yml_node *n, void *obj);
/* check_tables.c: those of neighbours, when all of them and the kernel's keys were read. */
void check_tables(struct conf_loader *ld, const struct yml_node *root);
void check_ao_key(struct conf_loader *ld, struct yml_node *n, void *obj);
void check_idle_hold(struct conf_loader *ld, struct yml_node *n, void *obj);
/* Empty lists and maps that say the same as none. */
void check_while(struct conf_loader *ld, struct yml_node *n, void *obj);
void check_network(struct conf_loader *ld, struct yml_node *n, void *obj);
void check_aggregate(struct conf_loader *ld, struct yml_node *n, void *obj);
void check_kernel(struct conf_loader *ld, struct yml_node *n, void *obj);
void check_bird_sockets(struct conf_loader *ld, struct yml_node *n, void *obj);
void check_rule(struct conf_loader *ld, struct yml_node *n, void *obj);

#endif
