/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document: YAML texts of several documents as JSON values, for resources.
 *
 * bgpd.yaml has a reader of its own (yaml.h), which keeps places and leaves types
 * to the schema. Here plain scalars have the types that Kubernetes' reader gives
 * them, which is YAML 1.1's: yes, on and y are true, 0x10 is 16. Anchors, aliases
 * and merge keys work; JSON is YAML, too. Depth and size are bounded, with what
 * aliases stand for counted each time.
 */
#ifndef CONF_DOCUMENT_H
#define CONF_DOCUMENT_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DOCUMENT_DEPTH_MAX  64
#define DOCUMENT_VALUES_MAX 4000000u /* of a text */

struct document_error {
	unsigned line, column;
	char text[160];
};

/*
 * Calls fn for each document that is not empty, in order, with the line where it begins; value is the caller's and may
 * be kept with json_incref. 0, or -1 with *err at the first error: documents before it were told already. What fn
 * returns other than 0 ends it and is returned.
 */
typedef int document_fn(void *ctx, json_t *value, unsigned line);
int document_parse(const char *text, size_t len, document_fn *fn, void *ctx, struct document_error *err);

/* A part of a text that is one or more documents by itself. */
struct document_part {
	size_t at, len;
	unsigned line; /* of its beginning, from 1 */
	uint64_t hash; /* of its octets */
	bool known;    /* for the caller */
};

/*
 * Cuts a text before each line that begins a document, so that a part can be read without the others. A text with
 * directives, or not in plain UTF-8, is one part. Returns how many, at least one; the caller frees *parts.
 */
size_t document_cut(const char *text, size_t len, struct document_part **parts);

/*
 * document_parse of one part of a text alone; lines are those of the text. *err is left as it is unless there is one.
 * *values is 0 before the first part and counts what has been found in the text.
 */
int document_part_parse(const char *text, const struct document_part *part, size_t *values, document_fn *fn, void *ctx,
			struct document_error *err);

/* Has the file, by the end of its name, documents: *.yaml, *.yml or *.json? */
bool document_is_named(const char *name);

#endif
