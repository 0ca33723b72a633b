/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mustache: templates in the Mustache language (specification 1.3), over JSON.
 *
 * Variables, sections, inverted sections, partials, comments, other delimiters
 * and the rules for tags that stand alone on a line; no lambdas. What is ours:
 *
 *     {{name|yaml}}   the value as one YAML scalar (of a list or an object: in flow
 *                     style), whatever is in it
 *     {{#name|each}}  the members of an object one by one, as {key, value}, by key
 *     {{#name|any}}   once, and in the same context, if the value is not false: a list
 *                     as a whole
 *     {{#name.Word}}  of a text: is it this word?
 *     {{a.[b.c].d}}   a part of a name in brackets may have dots in it
 *
 * and an empty text is false.
 *
 * A template is parsed once into a flat list of nodes and rendered as often as
 * wanted. Whatever stands in a template or in the data, rendering ends: nesting
 * is bounded, and so are the output and the work.
 */
#ifndef CONF_MUSTACHE_H
#define CONF_MUSTACHE_H

#include <jansson.h>
#include <stddef.h>

#include "lib/str.h"

#define MUSTACHE_DEPTH_MAX  256          /* partials within each other, and sections */
#ifndef FUZZING_BUILD_MODE_UNSAFE_FOR_PRODUCTION
#define MUSTACHE_OUTPUT_MAX (256u << 20) /* octets */
#define MUSTACHE_NODES_MAX  20000000u    /* texts, variables, sections and partials, each time one is rendered */
#else
#define MUSTACHE_OUTPUT_MAX (256u << 10)
#define MUSTACHE_NODES_MAX  20000u
#endif

struct mustache; /* opaque: a parsed template */

/* Where it is wrong and why, for a person; name is the template's, of a partial the partial's (cut if it is long). */
struct mustache_error {
	char name[256];
	unsigned line, column;
	char text[160];
};

/* Parses len octets. NULL with *err where they are no template. name is copied. */
struct mustache *mustache_parse(const char *name, const char *text, size_t len, struct mustache_error *err);
void mustache_free(struct mustache *m);

/*
 * Finds the text of a partial: 0 with *text (malloc'd, the caller frees) and *len; -ENOENT where there is none, which
 * renders as nothing; another -errno ends the rendering.
 */
typedef int mustache_find(void *ctx, const char *name, char **text, size_t *len);

/* Appends to out. 0, or -1 with *err; find may be NULL. data is not changed. */
int mustache_render(const struct mustache *m, json_t *data, mustache_find *find, void *ctx, struct str *out,
		    struct mustache_error *err);

/* A value as {{|yaml}} writes it. */
void mustache_yaml(struct str *out, const json_t *value);

#endif
