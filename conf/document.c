/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document: libyaml's events to jansson's values; see document.h.
 *
 * A text is read part by part, the plain ones by document_plain.c.
 *
 * Open collections are frames on a stack. An anchor is known when its node is
 * complete, so no value contains itself; an alias is a copy.
 */
#include "conf/document.h"

#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "conf/document_int.h"
#include "lib/hash.h"
#include "lib/mem.h"

struct frame {
	json_t *value; /* a list or an object */
	json_t *merge; /* of an object: what << brings in, or NULL */
	char *key;     /* of an object: the one whose value is next; NULL: a key is next */
	char *anchor;
};

struct anchor {
	char *name;
	json_t *value;
};

struct builder {
	struct frame frames[DOCUMENT_DEPTH_MAX];
	unsigned depth;
	struct anchor *anchors;
	size_t nanchors;
	json_t *root;
	unsigned root_line;
	size_t values;
	unsigned lines; /* before the text */
	struct document_error *err;
};

static int
fail(struct builder *b, const yaml_mark_t *at, const char *text)
{
	b->err->line = (unsigned)at->line + 1 + b->lines;
	b->err->column = (unsigned)at->column + 1;
	snprintf(b->err->text, sizeof(b->err->text), "%s", text);
	return -1;
}

/* ---- scalars ---- */

static bool
is_one_of(const char *s, const char *const *words)
{
	for (; *words != NULL; words++)
		if (strcmp(s, *words) == 0)
			return true;
	return false;
}

/* As YAML 1.1 writes whole numbers, with their sign. False: it is none, or does not fit. */
static bool
integer_of(const char *s, json_int_t *out)
{
	const char *digits = s + (*s == '-' || *s == '+');
	int base = 10;
	char *end;

	if (digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X'))
		base = 16;
	else if (digits[0] == '0' && (digits[1] == 'o' || digits[1] == 'b'))
		base = digits[1] == 'o' ? 8 : 2;
	else if (digits[0] == '0' && digits[1] != '\0')
		base = 8;
	if (base != 10 && digits[1] >= 'a')
		digits += 2;
	else if (base == 16)
		digits += 2;
	if (*digits == '\0' || strspn(digits, base == 16 ? "0123456789abcdefABCDEF" : "0123456789") != strlen(digits))
		return false;
	errno = 0;
	long long v = strtoll(digits, &end, base);
	if (errno != 0 || *end != '\0')
		return false;
	*out = *s == '-' ? -v : v;
	return true;
}

static bool
real_of(const char *s, double *out)
{
	const char *p = s + (*s == '-' || *s == '+');
	size_t whole = strspn(p, "0123456789"), part = 0;
	char *end;

	p += whole;
	if (*p == '.') {
		part = strspn(p + 1, "0123456789");
		p += 1 + part;
	}
	if (whole + part == 0)
		return false;
	if (*p == 'e' || *p == 'E') {
		p += 1 + (p[1] == '-' || p[1] == '+');
		if (*p == '\0')
			return false;
		p += strspn(p, "0123456789");
	}
	if (*p != '\0')
		return false;
	*out = strtod(s, &end);
	/* One that is too large for a number is none: JSON has no infinity. */
	return *end == '\0' && isfinite(*out);
}

json_t *
document_scalar(const char *s)
{
	static const char *const none[] = {"", "~", "null", "Null", "NULL", NULL};
	static const char *const yes[] = {"true", "True", "TRUE", "yes", "Yes", "YES", "on", "On", "ON", "y", "Y", NULL};
	static const char *const no[] = {"false", "False", "FALSE", "no", "No", "NO", "off", "Off", "OFF", "n", "N", NULL};
	json_int_t i;
	double d;

	/* Most texts begin with a letter that none of these do. */
	if (*s != '\0' && strchr("~nNtTyYoOfF0123456789+-.", *s) == NULL)
		return json_string(s);
	if (is_one_of(s, none))
		return json_null();
	if (is_one_of(s, yes))
		return json_true();
	if (is_one_of(s, no))
		return json_false();
	if (integer_of(s, &i))
		return json_integer(i);
	if (real_of(s, &d))
		return json_real(d);
	return json_string(s);
}

static json_t *
scalar_of(const yaml_event_t *e)
{
	const char *s = (const char *)e->data.scalar.value, *tag = (const char *)e->data.scalar.tag;

	if (e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE && tag == NULL)
		return document_scalar(s);
	return json_stringn(s, e->data.scalar.length);
}

/* ---- values into their places ---- */

static int
merge_add(struct builder *b, struct frame *f, json_t *value, const yaml_mark_t *at)
{
	json_t *one;
	size_t i;

	if (f->merge == NULL)
		f->merge = json_object();
	if (json_is_object(value)) {
		json_object_update_missing(f->merge, value);
	} else if (json_is_array(value)) {
		json_array_foreach(value, i, one)
		{
			if (!json_is_object(one))
				return fail(b, at, "found a value that is no map behind <<, expected maps");
			json_object_update_missing(f->merge, one);
		}
	} else {
		return fail(b, at, "found a value that is no map behind <<, expected a map");
	}
	return 0;
}

/* Takes the value. */
static int
place(struct builder *b, json_t *value, const yaml_mark_t *at)
{
	struct frame *f = b->depth > 0 ? &b->frames[b->depth - 1] : NULL;
	int rc = 0;

	if (f == NULL) {
		b->root = value;
		return 0;
	}
	if (json_is_array(f->value)) {
		json_array_append_new(f->value, value);
		return 0;
	}
	if (strcmp(f->key, "<<") == 0) {
		rc = merge_add(b, f, value, at);
		json_decref(value);
	} else if (json_object_get(f->value, f->key) != NULL) {
		json_decref(value);
		rc = fail(b, at, "found a key that this map has already");
	} else if (json_object_set_new(f->value, f->key, value) != 0) {
		rc = fail(b, at, "found a key that is no text");
	}
	free(f->key);
	f->key = NULL;
	return rc;
}

static int
count(struct builder *b, size_t n, const yaml_mark_t *at)
{
	b->values += n;
	return b->values <= DOCUMENT_VALUES_MAX ? 0 : fail(b, at, "found more than 4000000 values, expected fewer");
}

static size_t
weight_of(const json_t *v)
{
	size_t n = 1, i;
	const char *key;
	json_t *one;

	if (json_is_array(v))
		json_array_foreach(v, i, one)
			n += weight_of(one);
	else if (json_is_object(v))
		json_object_foreach((json_t *)(uintptr_t)v, key, one)
			n += weight_of(one);
	return n;
}

static bool
wants_key(const struct builder *b)
{
	return b->depth > 0 && json_is_object(b->frames[b->depth - 1].value) && b->frames[b->depth - 1].key == NULL;
}

static void
anchor_set(struct builder *b, const char *name, json_t *value)
{
	if (name == NULL)
		return;
	for (size_t i = 0; i < b->nanchors; i++)
		if (strcmp(b->anchors[i].name, name) == 0) {
			json_decref(b->anchors[i].value);
			b->anchors[i].value = json_incref(value);
			return;
		}
	b->anchors = xreallocarray(b->anchors, b->nanchors + 1, sizeof(*b->anchors));
	b->anchors[b->nanchors++] = (struct anchor){xstrdup(name), json_incref(value)};
}

/* ---- events ---- */

static int
on_scalar(struct builder *b, const yaml_event_t *e)
{
	const char *s = (const char *)e->data.scalar.value;

	if (memchr(s, '\0', e->data.scalar.length) != NULL)
		return fail(b, &e->start_mark, "found a NUL character, expected text");
	if (wants_key(b)) {
		b->frames[b->depth - 1].key = xstrdup(s);
		return 0;
	}
	json_t *v = scalar_of(e);
	anchor_set(b, (const char *)e->data.scalar.anchor, v);
	return count(b, 1, &e->start_mark) == 0 ? place(b, v, &e->start_mark) : (json_decref(v), -1);
}

static int
on_begin(struct builder *b, const yaml_event_t *e, json_t *value, const yaml_char_t *anchor)
{
	if (wants_key(b) || b->depth == DOCUMENT_DEPTH_MAX) {
		json_decref(value);
		return fail(b, &e->start_mark,
			    wants_key(b) ? "found a map or a list as a key, expected a name" : "found more than 64 levels, expected fewer");
	}
	b->frames[b->depth++] = (struct frame){.value = value, .anchor = xstrdup((const char *)anchor)};
	return count(b, 1, &e->start_mark);
}

static int
on_end(struct builder *b, const yaml_event_t *e)
{
	struct frame f = b->frames[--b->depth];

	if (f.merge != NULL)
		json_object_update_missing(f.value, f.merge);
	json_decref(f.merge);
	anchor_set(b, f.anchor, f.value);
	free(f.anchor);
	return place(b, f.value, &e->start_mark);
}

static int
on_alias(struct builder *b, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;

	if (wants_key(b))
		return fail(b, &e->start_mark, "found an alias as a key, expected a name");
	for (size_t i = 0; i < b->nanchors; i++) {
		if (strcmp(b->anchors[i].name, name) != 0)
			continue;
		if (count(b, weight_of(b->anchors[i].value), &e->start_mark) != 0)
			return -1;
		return place(b, json_deep_copy(b->anchors[i].value), &e->start_mark);
	}
	return fail(b, &e->start_mark, "found an alias of an anchor that is not there before it");
}

/* Back to what it is between two documents. */
static void
reset(struct builder *b)
{
	while (b->depth > 0) {
		struct frame *f = &b->frames[--b->depth];
		json_decref(f->value);
		json_decref(f->merge);
		free(f->key);
		free(f->anchor);
	}
	for (size_t i = 0; i < b->nanchors; i++) {
		free(b->anchors[i].name);
		json_decref(b->anchors[i].value);
	}
	free(b->anchors);
	json_decref(b->root);
	b->anchors = NULL;
	b->nanchors = 0;
	b->root = NULL;
}

static int
on_event(struct builder *b, const yaml_event_t *e, document_fn *fn, void *ctx)
{
	int rc = 0;

	switch (e->type) {
	case YAML_DOCUMENT_START_EVENT:
		b->root_line = (unsigned)e->end_mark.line + 1 + b->lines;
		break;
	case YAML_SCALAR_EVENT:
		rc = on_scalar(b, e);
		break;
	case YAML_SEQUENCE_START_EVENT:
		rc = on_begin(b, e, json_array(), e->data.sequence_start.anchor);
		break;
	case YAML_MAPPING_START_EVENT:
		rc = on_begin(b, e, json_object(), e->data.mapping_start.anchor);
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		rc = on_end(b, e);
		break;
	case YAML_ALIAS_EVENT:
		rc = on_alias(b, e);
		break;
	case YAML_DOCUMENT_END_EVENT:
		if (b->root != NULL && !json_is_null(b->root))
			rc = fn(ctx, b->root, b->root_line);
		reset(b);
		break;
	default:
		break;
	}
	return rc;
}

/* The whole language, for a part. */
static int
yaml_parse(const char *text, const struct document_part *part, size_t *values, document_fn *fn, void *ctx, struct document_error *err)
{
	struct builder b = {.err = err, .lines = part->line - 1, .values = *values};
	yaml_parser_t parser;
	yaml_event_t e;
	bool more = true;
	int rc = 0;

	if (!yaml_parser_initialize(&parser))
		mem_exhausted(0);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text + part->at, part->len);
	while (more && rc == 0) {
		if (!yaml_parser_parse(&parser, &e)) {
			if (parser.error == YAML_MEMORY_ERROR)
				mem_exhausted(0);
			char what[sizeof(err->text)];
			snprintf(what, sizeof(what), "found no YAML: %s", parser.problem != NULL ? parser.problem : "unknown problem");
			rc = fail(&b, &parser.problem_mark, what);
			break;
		}
		more = e.type != YAML_STREAM_END_EVENT;
		rc = on_event(&b, &e, fn, ctx);
		yaml_event_delete(&e);
	}
	yaml_parser_delete(&parser);
	reset(&b);
	*values = b.values;
	return rc;
}

int
document_part_parse(const char *text, const struct document_part *part, size_t *values, document_fn *fn, void *ctx,
		    struct document_error *err)
{
	unsigned line;
	json_t *v = document_plain(text + part->at, part->len, &line, values);
	int rc;

	if (v == NULL)
		return yaml_parse(text, part, values, fn, ctx, err);
	rc = fn(ctx, v, part->line - 1 + line);
	json_decref(v);
	return rc;
}

/* ---- parts ---- */

static void
part_add(struct document_part **parts, size_t *n, size_t at, unsigned line)
{
	/* In steps of powers of two. */
	if ((*n & (*n - 1)) == 0)
		*parts = xreallocarray(*parts, *n == 0 ? 1 : 2 * *n, sizeof(**parts));
	(*parts)[(*n)++] = (struct document_part){.at = at, .line = line};
}

/* Of a line: YAML 1.2 9.1.2, three hyphens and white space, wherever in a document it stands. */
static bool
begins_document(const char *s, size_t len)
{
	return len >= 3 && memcmp(s, "---", 3) == 0 && (len == 3 || strchr(" \t\r\n", s[3]) != NULL);
}

/* Octets that only UTF-16, or a byte order mark, begins with. */
static bool
is_plain(const char *text, size_t len)
{
	return len == 0 || (((unsigned char)text[0] < 0xef) && memchr(text, '\0', len < 2 ? len : 2) == NULL);
}

size_t
document_cut(const char *text, size_t len, struct document_part **parts)
{
	const char *end = text + len, *next;
	size_t n = 0;
	unsigned line = 1;
	bool whole = !is_plain(text, len);

	*parts = NULL;
	part_add(parts, &n, 0, 1);
	for (const char *s = text; s < end && !whole; s = next, line++) {
		const char *stop = memchr(s, '\n', (size_t)(end - s));
		next = stop != NULL ? stop + 1 : end;
		whole = *s == '%';
		if (s > text && begins_document(s, (size_t)(next - s)))
			part_add(parts, &n, (size_t)(s - text), line);
	}
	n = whole ? 1 : n;
	for (size_t i = 0; i < n; i++) {
		struct document_part *p = &(*parts)[i];
		p->len = (i + 1 < n ? p[1].at : len) - p->at;
		p->hash = hash_bytes(0xd0c5, text + p->at, p->len);
	}
	return n;
}

int
document_parse(const char *text, size_t len, document_fn *fn, void *ctx, struct document_error *err)
{
	struct document_part *parts;
	size_t n = document_cut(text, len, &parts), values = 0;
	int rc = 0;

	*err = (struct document_error){0};
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = document_part_parse(text, &parts[i], &values, fn, ctx, err);
	free(parts);
	return rc;
}

bool
document_is_named(const char *name)
{
	static const char *const ends[] = {".yaml", ".yml", ".json"};
	size_t len = strlen(name);

	for (size_t i = 0; i < ARRAY_LEN(ends); i++) {
		size_t n = strlen(ends[i]);
		if (len > n && strcmp(name + len - n, ends[i]) == 0)
			return true;
	}
	return false;
}
