/* SPDX-License-Identifier: Apache-2.0 */
/*
 * schema: what may stand in a bgpd.yaml, as tables.
 *
 * A table describes the keys of one map, a row one key: its type and range, its
 * default, what a change of it asks for, its line of documentation, and where
 * the value goes in the struct of conf/conf.h. Loading, printing, comparing and
 * the manual page's list of keys are all walks over these tables; to add a key
 * is to add a member and a row (and a type, if it is a new kind of value).
 */
#ifndef CONF_SCHEMA_H
#define CONF_SCHEMA_H

#include "conf/conf.h"
#include "conf/diff.h"
#include "conf/yaml.h"

struct conf_loader;
struct conf_row;

/* How values of a type are laid out, for the walks. */
enum conf_shape {
	CONF_SHAPE_SCALAR,
	CONF_SHAPE_MAP,     /* a struct with `has`, described by row->table */
	CONF_SHAPE_MAP_PTR, /* a pointer to such, or NULL */
	CONF_SHAPE_LIST,    /* a CONF_LIST of what row->elem describes */
	CONF_SHAPE_NAMED,   /* the same, from a map of names; elements begin with name and pos */
};

/* A kind of value. The functions are those of scalars; other shapes have their walk. */
struct conf_type {
	enum conf_shape shape;
	const char *arg; /* what stands for it in the manual */
	size_t size;     /* octets of the value in memory */
	/* Text or short list to *dst (zeroed). False after telling what is wrong by load_fail or load_expect.
	 */
	bool (*parse)(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst);
	/* Adds the value as YAML that fits into one line. */
	void (*print)(const struct conf_row *row, const void *src, bool secrets, struct str *out);
	/* NULL: equal if they print the same. */
	bool (*equal)(const void *a, const void *b);
	/* Adds what is expected, for messages: "a number 1..255". */
	void (*expect)(const struct conf_row *row, struct str *out);
};

/* A word and its value. */
struct conf_word {
	const char *word; /* NULL ends the list */
	uint32_t value;
};

#define CONF_ROW_REQUIRED    0x1u
#define CONF_ROW_ALWAYS      0x2u  /* a map that has its own defaults when it is not there */
#define CONF_ROW_NEIGHBOR    0x4u  /* not in a group */
#define CONF_ROW_LINES       0x8u  /* printed with an element a line */
#define CONF_ROW_ONE_OR_LIST 0x10u /* one element may stand without its list */
#define CONF_ROW_TREE        0x20u /* used up while the tree is put together: has no value of its own */

struct conf_row {
	const char *key;
	const struct conf_type *type;
	size_t offset;
	const char *def;     /* default as text; a list of this one element; NULL: none */
	const char *def_doc; /* how the manual words a default that is worked out, or why there is none */
	const char *doc;     /* one sentence or more */
	enum conf_effect effect;
	/* Set: the effect of a change from one value to another, NULL where there is none; effect is the strongest. */
	enum conf_effect (*effect_of)(const void *old, const void *new);
	uint32_t flags;
	uint32_t min, max; /* of a number, min of a size; min of elements in a list, max of octets in a text (0: 1023) */
	bool zero;         /* 0 is fine although it is below min */
	const char *unit;  /* "seconds" */
	const struct conf_word *words;
	const struct conf_table *table; /* maps */
	const struct conf_row *elem;    /* lists and named */
	size_t elem_size;               /* named: of the element; elem->offset is inside it */
};

/* A key that people may well look for in a table which has none like it, and what to do instead. */
struct conf_elsewhere {
	const char *key; /* NULL ends the list */
	const char *expected;
};

struct conf_table {
	const struct conf_row *rows;
	uint32_t n;
	const struct conf_elsewhere *elsewhere; /* NULL: none */
	size_t size;
	size_t pos_offset; /* of a struct conf_pos; 0: none */
	uint32_t key_row;  /* row that names an element in a list, if has_key */
	const char *choice; /* JSON Schema of keys of which there must be one, as finish checks it; NULL: none */
	bool has_key;
	bool block; /* printed with a key a line */
	/* Before its rows: may give another node in place of n (never NULL). NULL: none. */
	struct yml_node *(*prepare)(struct conf_loader *ld, struct yml_node *n);
	/* After its rows: works out defaults and checks what no single row can. NULL: none. */
	void (*finish)(struct conf_loader *ld, struct yml_node *n, void *obj);
};

/* The whole file; obj is a struct conf, bits are enum conf_section. */
extern const struct conf_table conf_schema;
extern const struct conf_table conf_schema_neighbor;

/* Any CONF_LIST, seen without its type. */
struct conf_vec {
	void *v;
	uint32_t n;
};
struct conf_vec conf_vec_get(const void *list);
void conf_vec_put(void *list, const struct conf_vec *vec);
size_t conf_row_elem_size(const struct conf_row *row); /* of a list or named row */

/* Elements of a named row begin like this. */
struct conf_named {
	const char *name;
	struct conf_pos pos;
};

/* Types, in type.c … */
extern const struct conf_type conf_type_map, conf_type_map_ptr, conf_type_list, conf_type_named;
extern const struct conf_type
    conf_type_rt_protocol; /* uint32_t: number of a routing protocol in the kernel */
extern const struct conf_type conf_type_bool, conf_type_number, conf_type_size, conf_type_as, conf_type_string,
    conf_type_name, conf_type_word, conf_type_words, conf_type_mode, conf_type_addr, conf_type_scoped_addr,
    conf_type_router_id, conf_type_prefix, conf_type_endpoint;
/* … and in policytype.c */
extern const struct conf_type conf_type_remote_as, conf_type_password, conf_type_send_paths,
    conf_type_policy_ref, conf_type_neighbor_ref, conf_type_prefix_entry, conf_type_prefix_arg,
    conf_type_as_pattern, conf_type_as_path_arg, conf_type_community, conf_type_community_pattern,
    conf_type_community_arg, conf_type_range, conf_type_expr, conf_type_set_next_hop;

extern const struct conf_word conf_rt_protocol_words[]; /* of conf_type_rt_protocol */

bool conf_value_equal(const struct conf_row *row, const void *a, const void *b);

/* Adds a text as a YAML scalar, quoted where it has to be. */
void conf_text_print(const char *text, struct str *out);
/* Adds a value as one line of YAML, whatever its shape. */
void conf_value_print(const struct conf_row *row, const void *src, bool secrets, struct str *out);
/* Adds what a value of this row should be: "a number 1..255", "a list". */
void conf_row_expect(const struct conf_row *row, struct str *out);

/* Adds the list of all keys as mdoc, for a manual page; t is the table of a whole file. */
void conf_table_doc(const struct conf_table *t, struct str *out);
/* Adds the JSON Schema of such a file. */
void conf_table_json(const struct conf_table *t, const char *title, struct str *out);
/* What a change with this effect does, as a sentence of the manual; NULL: nothing to be said. */
const char *conf_effect_doc(enum conf_effect e);

#endif
