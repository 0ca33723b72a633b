/* SPDX-License-Identifier: Apache-2.0 */
/*
 * document_plain: the part of YAML that programs write, five times as fast as libyaml.
 *
 * A cluster's resources are tens of megabytes, and nearly all of them are maps and
 * lists by indentation with scalars that end with their line. Such a document is read
 * here, line by line. Whatever could mean more (anchors, tags, block scalars, flow
 * collections that are not empty, escapes, comments behind values, octets beyond
 * ASCII, a line deeper than its scalar) makes the reader give up, and libyaml reads
 * the document from its beginning. So this never says that something is wrong, and
 * what it does read is the same value that libyaml would have given: the test holds
 * one against the other on mutated documents.
 */
#include "conf/document_int.h"

#include <stdbool.h>
#include <string.h>

#include "conf/document.h"

#define KEY_MAX    128 /* octets */
#define SCALAR_MAX 1024

#define LETTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
#define DIGITS  "0123456789"

struct plain {
	const char *next, *end; /* next: the line behind this one */
	unsigned line;          /* number of this one */
	/* The line with something on it, without what is around that. at NULL: there is none left. */
	const char *at, *stop;
	size_t indent;
	unsigned depth;
	size_t values;
};

static json_t *block(struct plain *p, size_t indent);

/* On to the next line that is not empty and no comment. False: an octet that is not for us. */
static bool
advance(struct plain *p)
{
	for (;;) {
		const char *s = p->next;
		if (s >= p->end) {
			p->at = NULL;
			p->indent = 0;
			return true;
		}
		const char *stop = memchr(s, '\n', (size_t)(p->end - s));
		p->next = stop != NULL ? stop + 1 : p->end;
		stop = stop != NULL ? stop : p->end;
		p->line++;
		for (const char *c = s; c < stop; c++)
			if (*c < ' ' || *c > '~')
				return false;
		while (stop > s && stop[-1] == ' ')
			stop--;
		p->at = s;
		while (p->at < stop && *p->at == ' ')
			p->at++;
		if (p->at == stop || *p->at == '#')
			continue;
		p->indent = (size_t)(p->at - s);
		p->stop = stop;
		return true;
	}
}

/* What stands behind "key:" or "-"; NULL: nothing of ours. */
static json_t *
scalar(const char *s, const char *stop)
{
	char text[SCALAR_MAX];
	size_t n = (size_t)(stop - s);

	if (n == 2 && (memcmp(s, "{}", 2) == 0 || memcmp(s, "[]", 2) == 0))
		return *s == '{' ? json_object() : json_array();
	if (*s == '"' || *s == '\'') {
		/* Nothing in it but itself. */
		if (n < 2 || stop[-1] != *s || memchr(s + 1, *s, n - 2) != NULL || memchr(s, '\\', n) != NULL)
			return NULL;
		return json_stringn_nocheck(s + 1, n - 2);
	}
	if (n >= sizeof(text) || strchr(LETTERS DIGITS "_./~+-", *s) == NULL)
		return NULL;
	if (*s == '-' && (n == 1 || strchr(LETTERS DIGITS, s[1]) == NULL))
		return NULL;
	/* "a: b" is a map, "a:" too, and "a #b" has a comment. */
	for (const char *c = s; c < stop; c++)
		if ((*c == ':' && (c + 1 == stop || c[1] == ' ')) || (*c == '#' && c[-1] == ' '))
			return NULL;
	memcpy(text, s, n);
	text[n] = '\0';
	return document_scalar(text);
}

/* A key at s into buf; where its value begins, or NULL. */
static const char *
key(const char *s, const char *stop, char buf[KEY_MAX])
{
	static const char first[] = LETTERS DIGITS "_/", others[] = LETTERS DIGITS "_/.-:";
	size_t n = 0;

	if (strchr(first, *s) == NULL)
		return NULL;
	for (; s + n < stop && strchr(others, s[n]) != NULL; n++) {
		if (n == KEY_MAX - 1)
			return NULL;
		if (s[n] == ':' && (s + n + 1 == stop || s[n + 1] == ' ')) {
			memcpy(buf, s, n);
			buf[n] = '\0';
			for (s += n + 1; s < stop && *s == ' ';)
				s++;
			return s;
		}
	}
	return NULL;
}

static bool
is_item(const struct plain *p)
{
	return p->at != NULL && *p->at == '-' && (p->at + 1 == p->stop || p->at[1] == ' ');
}

/* The value that begins at s on this line, or on the next ones, in a collection of this indentation. */
static json_t *
value(struct plain *p, const char *s, size_t indent, bool in_map)
{
	json_t *v;

	if (++p->values > DOCUMENT_VALUES_MAX)
		return NULL;
	if (s < p->stop) {
		v = scalar(s, p->stop);
		/* Deeper lines would be more of it. */
		if (v != NULL && advance(p) && (p->at == NULL || p->indent <= indent))
			return v;
		json_decref(v);
		return NULL;
	}
	if (!advance(p))
		return NULL;
	if (p->at != NULL && (p->indent > indent || (in_map && p->indent == indent && is_item(p))))
		return block(p, p->indent);
	return json_null();
}

static bool
map(struct plain *p, json_t *out, size_t indent)
{
	char name[KEY_MAX];

	while (p->at != NULL && p->indent == indent && !is_item(p)) {
		const char *s = key(p->at, p->stop, name);
		if (s == NULL || json_object_get(out, name) != NULL)
			return false;
		json_t *v = value(p, s, indent, true);
		if (v == NULL || json_object_set_new_nocheck(out, name, v) != 0)
			return false;
	}
	return p->at == NULL || p->indent < indent;
}

static bool
list(struct plain *p, json_t *out, size_t indent)
{
	char name[KEY_MAX];

	while (p->indent == indent && is_item(p)) {
		const char *s = p->at + 1;
		while (s < p->stop && *s == ' ')
			s++;
		json_t *v;
		if (s < p->stop && key(s, p->stop, name) != NULL) {
			/* A map that begins on the line of its hyphen. */
			p->indent += (size_t)(s - p->at);
			p->at = s;
			v = block(p, p->indent);
		} else {
			v = value(p, s, indent, false);
		}
		if (v == NULL || json_array_append_new(out, v) != 0)
			return false;
	}
	return p->at == NULL || p->indent <= indent;
}

static json_t *
block(struct plain *p, size_t indent)
{
	bool items = is_item(p);
	json_t *out = items ? json_array() : json_object();
	bool good = ++p->depth < DOCUMENT_DEPTH_MAX && (items ? list(p, out, indent) : map(p, out, indent));

	p->depth--;
	if (good)
		return out;
	json_decref(out);
	return NULL;
}

json_t *
document_plain(const char *text, size_t len, unsigned *line, size_t *values)
{
	struct plain p = {.next = text, .end = text + len, .values = *values};
	bool marked;

	if (!advance(&p) || p.at == NULL || p.indent != 0)
		return NULL;
	*line = p.line;
	marked = p.stop - p.at == 3 && memcmp(p.at, "---", 3) == 0;
	if (marked && (!advance(&p) || p.at == NULL || p.indent != 0))
		return NULL;
	json_t *v = is_item(&p) ? NULL : block(&p, 0);
	if (v != NULL && p.at == NULL) {
		*values = p.values;
		return v;
	}
	json_decref(v);
	return NULL;
}
