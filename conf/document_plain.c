/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document_plain: what plain.h reads of a document, as jansson's values.
 */
#include "conf/document_int.h"

#include <stdbool.h>
#include <string.h>

#include "conf/document.h"
#include "conf/plain.h"

#define SCALAR_MAX 1024 /* octets without quotes; longer ones are for libyaml */

struct frame {
	json_t *value;
	char key[PLAIN_KEY_MAX + 1]; /* of an object: the one whose value is next */
};

struct document_plain {
	struct frame frames[DOCUMENT_DEPTH_MAX];
	unsigned depth;
	size_t values;
	json_t *root;
};

/* Takes the value. */
static bool
place(struct document_plain *d, json_t *value)
{
	const struct frame *f = &d->frames[d->depth - 1];

	if (json_is_array(f->value))
		return json_array_append_new(f->value, value) == 0;
	if (json_object_get(f->value, f->key) == NULL)
		return json_object_set_new_nocheck(f->value, f->key, value) == 0;
	json_decref(value);
	return false;
}

static bool
on_open(void *ctx, bool is_map, struct plain_at at)
{
	struct document_plain *d = ctx;

	(void)at;
	if (d->depth == DOCUMENT_DEPTH_MAX || ++d->values > DOCUMENT_VALUES_MAX)
		return false;
	d->frames[d->depth++].value = is_map ? json_object() : json_array();
	return true;
}

static bool
on_close(void *ctx)
{
	struct document_plain *d = ctx;
	json_t *value = d->frames[--d->depth].value;

	if (d->depth > 0)
		return place(d, value);
	d->root = value;
	return true;
}

static bool
on_key(void *ctx, struct plain_at at, const char *text, size_t len)
{
	struct document_plain *d = ctx;
	struct frame *f = &d->frames[d->depth - 1];

	(void)at;
	memcpy(f->key, text, len);
	f->key[len] = '\0';
	return true;
}

static bool
on_scalar(void *ctx, struct plain_at at, const char *text, size_t len, bool quoted)
{
	struct document_plain *d = ctx;
	char s[SCALAR_MAX];

	(void)at;
	if (++d->values > DOCUMENT_VALUES_MAX || (!quoted && len >= sizeof(s)))
		return false;
	if (quoted)
		return place(d, json_stringn_nocheck(text, len));
	memcpy(s, text, len);
	s[len] = '\0';
	return place(d, document_scalar(s));
}

json_t *
document_plain(const char *text, size_t len, unsigned *line, size_t *values)
{
	static const struct plain_events events = {.open = on_open, .close = on_close, .key = on_key, .scalar = on_scalar};
	struct document_plain d;

	/* The frames are not to be zeroed. */
	d.depth = 0;
	d.values = *values;
	d.root = NULL;
	if (plain_read(text, len, &events, &d, line)) {
		*values = d.values;
		return d.root;
	}
	while (d.depth > 0)
		json_decref(d.frames[--d.depth].value);
	json_decref(d.root);
	return NULL;
}
