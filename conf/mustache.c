/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mustache: see mustache.h. This file has the parser; mustache_render.c the rest.
 *
 * The text is cut into pieces, each a tag or a stretch of text that ends with its
 * line at the latest. A line whose only tag may stand alone and that has nothing
 * but white space beside it loses that space and its end. Then the pieces become
 * nodes, and a section's knows where it ends.
 */
#include "conf/mustache_int.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define DELIMITER_MAX 16

struct piece {
	char kind; /* 0: text; else the character of the tag, 'v' for a plain variable */
	const char *p; /* text; or what is inside the tag, without white space around it */
	size_t len;
	const char *at; /* where the tag begins */
};

struct parser {
	struct mustache *m;
	const char *begin, *end;
	char open[DELIMITER_MAX], close[DELIMITER_MAX];
	struct piece *v;
	size_t n, cap;
	struct mustache_error *err;
};

__attribute__((format(printf, 3, 4))) static bool
fail(struct parser *p, const char *at, const char *fmt, ...)
{
	va_list ap;

	mustache_place(p->m, (size_t)(at - p->begin), p->err);
	va_start(ap, fmt);
	vsnprintf(p->err->text, sizeof(p->err->text), fmt, ap);
	va_end(ap);
	return false;
}

void
mustache_place(const struct mustache *m, size_t offset, struct mustache_error *err)
{
	const char *line = m->text;

	snprintf(err->name, sizeof(err->name), "%s", m->name);
	err->line = 1;
	for (const char *s = m->text; s < m->text + offset; s++)
		if (*s == '\n') {
			err->line++;
			line = s + 1;
		}
	err->column = (unsigned)(m->text + offset - line) + 1;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* ---- pieces ---- */

static struct piece *
piece_add(struct parser *p, char kind, const char *s, size_t len, const char *at)
{
	if (p->n == p->cap) {
		p->cap = p->cap != 0 ? p->cap * 2 : 64;
		p->v = xreallocarray(p->v, p->cap, sizeof(*p->v));
	}
	while (kind != 0 && len > 0 && is_blank(*s))
		s++, len--;
	while (kind != 0 && len > 0 && is_blank(s[len - 1]))
		len--;
	p->v[p->n] = (struct piece){kind, s, len, at};
	return &p->v[p->n++];
}

static const char *
find(const char *s, const char *end, const char *what)
{
	return memmem(s, (size_t)(end - s), what, strlen(what));
}

/* "=<% %>=", without the = at both ends. */
static bool
delimiters_set(struct parser *p, const struct piece *piece)
{
	const char *s = piece->p, *end = s + piece->len, *mid = s;
	size_t open, close;

	while (mid < end && !is_blank(*mid))
		mid++;
	open = (size_t)(mid - s);
	while (mid < end && is_blank(*mid))
		mid++;
	close = (size_t)(end - mid);
	if (open == 0 || close == 0 || open >= DELIMITER_MAX || close >= DELIMITER_MAX || memchr(s, '=', piece->len) != NULL)
		return fail(p, piece->at, "found other delimiters that are none, expected two, as in {{=<%% %%>=}}");
	for (const char *c = mid; c < end; c++)
		if (is_blank(*c))
			return fail(p, piece->at, "found more than two other delimiters, expected two, as in {{=<%% %%>=}}");
	memcpy(p->open, s, open);
	p->open[open] = '\0';
	memcpy(p->close, mid, close);
	p->close[close] = '\0';
	return true;
}

/* A tag at *s: a piece, and *s behind it. */
static bool
tag_cut(struct parser *p, const char **s)
{
	const char *at = *s, *inside = at + strlen(p->open), *stop;
	char kind = 'v', closer[DELIMITER_MAX + 2];

	/* White space may stand between the delimiter and the character. */
	while (inside < p->end && is_blank(*inside))
		inside++;
	if (inside < p->end && strchr("#^/>!&={", *inside) != NULL && *inside != '\0')
		kind = *inside++;
	snprintf(closer, sizeof(closer), "%s%s", kind == '{' ? "}" : kind == '=' ? "=" : "", p->close);
	stop = find(inside, p->end, closer);
	if (stop == NULL)
		return fail(p, at, "found a tag without end, expected %s behind it", closer);
	*s = stop + strlen(closer);
	struct piece *piece = piece_add(p, kind, inside, (size_t)(stop - inside), at);
	if (kind == '=')
		return delimiters_set(p, piece);
	if (kind != '!' && piece->len == 0)
		return fail(p, at, "found a tag with no name in it");
	return true;
}

static bool
cut(struct parser *p)
{
	const char *s = p->begin;

	while (s < p->end) {
		const char *tag = find(s, p->end, p->open), *line = memchr(s, '\n', (size_t)(p->end - s));
		const char *stop = line != NULL ? line + 1 : p->end;
		if (tag == s) {
			if (!tag_cut(p, &s))
				return false;
			continue;
		}
		if (tag != NULL && tag < stop)
			stop = tag;
		piece_add(p, 0, s, (size_t)(stop - s), s);
		s = stop;
	}
	return true;
}

/* ---- lines ---- */

static bool
may_stand_alone(const struct piece *piece)
{
	return piece->kind != 0 && strchr("#^/>!=", piece->kind) != NULL;
}

static bool
is_white(const struct piece *piece)
{
	for (size_t i = 0; i < piece->len; i++)
		if (!is_blank(piece->p[i]))
			return false;
	return piece->kind == 0;
}

static bool
ends_line(const struct piece *piece)
{
	return piece->kind == 0 && piece->len > 0 && piece->p[piece->len - 1] == '\n';
}

/* The white space in front of a partial that stands alone goes before each of its lines, and is its piece's text here. */
static void
line_trim(struct parser *p, size_t from, size_t to)
{
	size_t tags = 0, tag = 0;

	for (size_t i = from; i < to; i++) {
		if (may_stand_alone(&p->v[i])) {
			tag = i;
			tags++;
		} else if (!is_white(&p->v[i])) {
			return;
		}
	}
	if (tags != 1)
		return;
	for (size_t i = from; i < to; i++)
		if (i != tag && !(i < tag && p->v[tag].kind == '>'))
			p->v[i].len = 0;
	if (p->v[tag].kind == '>' && tag > from)
		p->v[tag - 1].kind = 'i';
}

static void
lines_trim(struct parser *p)
{
	size_t from = 0;

	for (size_t i = 0; i < p->n; i++)
		if (ends_line(&p->v[i]) || i + 1 == p->n) {
			line_trim(p, from, i + 1);
			from = i + 1;
		}
}

/* ---- nodes ---- */

static struct mustache_node *
node_add(struct mustache *m, enum mustache_kind kind, size_t offset)
{
	if (m->n == m->cap) {
		m->cap = m->cap != 0 ? m->cap * 2 : 64;
		m->nodes = xreallocarray(m->nodes, m->cap, sizeof(*m->nodes));
	}
	m->nodes[m->n] = (struct mustache_node){.kind = kind, .offset = (uint32_t)offset};
	return &m->nodes[m->n++];
}

/* The part of a name at from: up to a dot, or what is in brackets, which may have dots in it. Returns what is behind it. */
static const char *
part_cut(const char *from, const char *end, const char **part, size_t *len)
{
	const char *stop = *from == '[' ? memchr(from, ']', (size_t)(end - from)) : NULL;

	if (stop != NULL && (stop + 1 == end || stop[1] == '.')) {
		*part = from + 1;
		*len = (size_t)(stop - *part);
		return stop + 1;
	}
	stop = memchr(from, '.', (size_t)(end - from));
	stop = stop != NULL ? stop : end;
	*part = from;
	*len = (size_t)(stop - from);
	return stop;
}

/* "a.b.c" to "a", "b", "c" in memory of its own; "." is no part at all. */
static bool
name_split(struct parser *p, const struct piece *piece, size_t len, struct mustache_node *node)
{
	const char *from = piece->p, *end = from + len, *part;
	char *to = xcalloc(1, len + 2);
	size_t n;

	node->name = to;
	if (len == 1 && *from == '.') {
		*to = '.';
		return true;
	}
	for (const char *s = from; s < end; s++)
		if (is_blank(*s))
			return fail(p, piece->at, "found white space in the name \"%.*s\"", (int)len, piece->p);
	for (;; from++) { /* behind the dot */
		from = part_cut(from, end, &part, &n);
		if (n == 0)
			return fail(p, piece->at, "found an empty part in the name \"%.*s\"", (int)len, piece->p);
		memcpy(to, part, n);
		to += n + 1;
		node->parts++;
		if (from == end)
			return true;
	}
}

/* Takes "|filter" off the name, whose length is then *len. *filter is NULL where there is none. */
static bool
filter_cut(struct parser *p, const struct piece *piece, size_t *len, const char **filter, size_t *filter_len)
{
	const char *bar = memchr(piece->p, '|', piece->len), *end = piece->p + piece->len;

	*len = piece->len;
	*filter = NULL;
	if (bar == NULL)
		return true;
	*filter = bar + 1;
	while (*filter < end && is_blank(**filter))
		(*filter)++;
	*filter_len = (size_t)(end - *filter);
	*len = (size_t)(bar - piece->p);
	while (*len > 0 && is_blank(piece->p[*len - 1]))
		(*len)--;
	return *len > 0 || fail(p, piece->at, "found a filter with no name before it");
}

static bool
is_filter(const char *filter, size_t len, const char *name)
{
	return len == strlen(name) && memcmp(filter, name, len) == 0;
}

static bool
variable_add(struct parser *p, const struct piece *piece)
{
	struct mustache_node *node =
	    node_add(p->m, piece->kind == 'v' ? MUSTACHE_ESCAPED : MUSTACHE_RAW, (size_t)(piece->at - p->begin));
	const char *filter;
	size_t len, filter_len = 0;

	if (!filter_cut(p, piece, &len, &filter, &filter_len))
		return false;
	if (filter != NULL && !is_filter(filter, filter_len, "yaml"))
		return fail(p, piece->at, "found the filter \"%.*s\", expected yaml", (int)filter_len, filter);
	if (filter != NULL)
		node->kind = MUSTACHE_YAML;
	return name_split(p, piece, len, node);
}

static void
text_add(struct parser *p, const struct piece *piece)
{
	struct mustache *m = p->m;
	struct mustache_node *last = m->n > 0 ? &m->nodes[m->n - 1] : NULL;

	if (piece->len == 0)
		return;
	if (last != NULL && last->kind == MUSTACHE_TEXT && last->text + last->len == piece->p) {
		last->len += piece->len;
		return;
	}
	struct mustache_node *node = node_add(m, MUSTACHE_TEXT, (size_t)(piece->p - p->begin));
	node->text = piece->p;
	node->len = piece->len;
}

/* Every section that is open, by the number of its node, and what it is called. */
struct open_section {
	size_t node;
	const struct piece *piece;
};

struct nesting {
	struct open_section v[MUSTACHE_DEPTH_MAX];
	unsigned n;
};

static bool
section_open(struct parser *p, struct nesting *open, const struct piece *piece)
{
	if (open->n == MUSTACHE_DEPTH_MAX)
		return fail(p, piece->at, "found sections more than %d deep", MUSTACHE_DEPTH_MAX);
	open->v[open->n++] = (struct open_section){p->m->n, piece};
	struct mustache_node *node = node_add(p->m, piece->kind == '#' ? MUSTACHE_SECTION : MUSTACHE_INVERTED,
					      (size_t)(piece->at - p->begin));
	const char *filter;
	size_t len, filter_len = 0;
	if (!filter_cut(p, piece, &len, &filter, &filter_len))
		return false;
	node->each = filter != NULL && is_filter(filter, filter_len, "each");
	node->any = filter != NULL && is_filter(filter, filter_len, "any");
	if (filter != NULL && (piece->kind != '#' || !(node->each || node->any)))
		return fail(p, piece->at, "found the filter \"%.*s\" of a section, expected {{#name|each}} or {{#name|any}}",
			    (int)filter_len, filter);
	return name_split(p, piece, len, node);
}

static bool
section_close(struct parser *p, struct nesting *open, const struct piece *piece)
{
	if (open->n == 0)
		return fail(p, piece->at, "found the end of the section \"%.*s\", which has no beginning", (int)piece->len, piece->p);
	const struct open_section *o = &open->v[--open->n];
	if (o->piece->len != piece->len || memcmp(o->piece->p, piece->p, piece->len) != 0)
		return fail(p, piece->at, "found the end of the section \"%.*s\", expected that of \"%.*s\"", (int)piece->len,
			    piece->p, (int)o->piece->len, o->piece->p);
	p->m->nodes[o->node].end = (uint32_t)p->m->n;
	return true;
}

static bool
partial_add(struct parser *p, const struct piece *piece, const struct piece *indent)
{
	struct mustache_node *node = node_add(p->m, MUSTACHE_PARTIAL, (size_t)(piece->at - p->begin));

	node->name = xmalloc(piece->len + 1);
	memcpy(node->name, piece->p, piece->len);
	node->name[piece->len] = '\0';
	if (indent != NULL) {
		node->text = indent->p;
		node->len = indent->len;
	}
	return true;
}

static bool
piece_compile(struct parser *p, struct nesting *open, size_t i)
{
	const struct piece *piece = &p->v[i];

	switch (piece->kind) {
	case 0:
		text_add(p, piece);
		return true;
	case '#':
	case '^':
		return section_open(p, open, piece);
	case '/':
		return section_close(p, open, piece);
	case '>':
		return partial_add(p, piece, i > 0 && p->v[i - 1].kind == 'i' ? piece - 1 : NULL);
	case 'v':
	case '&':
	case '{':
		return variable_add(p, piece);
	default: /* a comment, delimiters, an indentation */
		return true;
	}
}

static bool
compile(struct parser *p)
{
	struct nesting open = {.n = 0};

	for (size_t i = 0; i < p->n; i++)
		if (!piece_compile(p, &open, i))
			return false;
	if (open.n > 0) {
		const struct piece *piece = open.v[open.n - 1].piece;
		return fail(p, piece->at, "found the section \"%.*s\" without end", (int)piece->len, piece->p);
	}
	return true;
}

struct mustache *
mustache_parse(const char *name, const char *text, size_t len, struct mustache_error *err)
{
	struct mustache *m = xcalloc(1, sizeof(*m));
	struct parser p = {.m = m, .open = "{{", .close = "}}", .err = err};

	m->name = xstrdup(name);
	m->text = xmalloc(len + 1);
	memcpy(m->text, text, len);
	m->text[len] = '\0';
	m->len = len;
	p.begin = m->text;
	p.end = m->text + len;
	bool good = true;
	if (len > UINT32_MAX / 2 || memchr(text, '\0', len) != NULL)
		good = fail(&p, p.begin, "found a NUL octet or more than 2 GB, expected text");
	good = good && cut(&p);
	if (good)
		lines_trim(&p);
	good = good && compile(&p);
	free(p.v);
	if (good)
		return m;
	mustache_free(m);
	return NULL;
}

void
mustache_free(struct mustache *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n; i++)
		free(m->nodes[i].name);
	free(m->nodes);
	free(m->text);
	free(m->name);
	free(m);
}
