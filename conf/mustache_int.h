/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mustache_int: a parsed template, between mustache.c and mustache_render.c.
 */
#ifndef CONF_MUSTACHE_INT_H
#define CONF_MUSTACHE_INT_H

#include <stdbool.h>
#include <stdint.h>

#include "conf/mustache.h"

enum mustache_kind {
	MUSTACHE_TEXT,
	MUSTACHE_ESCAPED,  /* {{name}} */
	MUSTACHE_RAW,      /* {{{name}}}, {{&name}} */
	MUSTACHE_YAML,     /* {{name|yaml}} */
	MUSTACHE_SECTION,  /* {{#name}} */
	MUSTACHE_INVERTED, /* {{^name}} */
	MUSTACHE_PARTIAL,  /* {{>name}} */
};

struct mustache_node {
	enum mustache_kind kind;
	uint32_t offset;  /* in the text, of the tag */
	uint32_t end;     /* of a section: the node behind it */
	unsigned parts;   /* of the name; 0: the name is "." */
	bool each;        /* {{#name|each}}: the members of an object */
	bool any;         /* {{#name|any}} */
	char *name;       /* one part behind the other, each with a NUL; of a partial as it is */
	const char *text; /* text; of a partial that stands alone the white space before it */
	size_t len;
};

struct mustache {
	char *name, *text;
	size_t len;
	struct mustache_node *nodes;
	size_t n, cap;
};

/* Line and column of an octet of the text. */
void mustache_place(const struct mustache *m, size_t offset, struct mustache_error *err);

#endif
