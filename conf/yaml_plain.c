/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_plain: the part of YAML that configurations are written in, five times as fast as libyaml.
 *
 * A node of a large cluster has thousands of neighbours, and a changed file is read by
 * the check and again by the reload. Nearly all of it are maps and lists by
 * indentation, with scalars and flow collections that end with their line. Such a text
 * is read here, line by line. Whatever could mean more (anchors, tags, block scalars,
 * escapes, octets beyond ASCII, a line deeper than its scalar) makes the reader give
 * up, and libyaml reads the text from its beginning. So this never says that something
 * is wrong, and what it does read is the tree that libyaml would have given, with every
 * place: the test holds one against the other on mutated texts.
 */
#include "conf/yaml_int.h"

#include <string.h>

#define KEY_MAX 128 /* octets; libyaml looks no further than 1024 for the colon */

struct plain {
	struct yml_builder *b;
	char *next, *end; /* next: the line behind this one */
	char *line;       /* this one, and what is on it without blanks around; at NULL: there is none left */
	char *at, *stop;
	uint32_t number;
	size_t indent;
};

static bool block(struct plain *p, size_t indent);

/* A letter, a digit, or one of others? */
static bool
among(char c, const char *others)
{
	return (unsigned)(c | 0x20) - 'a' < 26 || (unsigned)c - '0' < 10 || (c != '\0' && strchr(others, c) != NULL);
}

static struct yml_at
place(const struct plain *p, const char *s)
{
	return (struct yml_at){p->number, (uint32_t)(s - p->line) + 1};
}

static void
blanks_skip(const struct plain *p, char **s)
{
	while (*s < p->stop && **s == ' ')
		(*s)++;
}

/* On to the next line that is not empty and no comment. False: an octet that is not for us. */
static bool
advance(struct plain *p)
{
	for (;;) {
		char *s = p->next;
		if (s >= p->end) {
			p->at = NULL;
			p->indent = 0;
			return true;
		}
		char *stop = memchr(s, '\n', (size_t)(p->end - s));
		p->next = stop != NULL ? stop + 1 : p->end;
		stop = stop != NULL ? stop : p->end;
		p->number++;
		for (const char *c = s; c < stop; c++)
			if (*c < ' ' || *c > '~')
				return false;
		while (stop > s && stop[-1] == ' ')
			stop--;
		p->line = p->at = s;
		p->stop = stop;
		blanks_skip(p, &p->at);
		if (p->at == stop || *p->at == '#')
			continue;
		p->indent = (size_t)(p->at - s);
		return true;
	}
}

/* A comment at s, behind something? */
static bool
is_comment(const struct plain *p, const char *s)
{
	return s < p->stop && *s == '#' && s[-1] == ' ';
}

/* May a scalar without quotes begin here? */
static bool
plain_begins(const struct plain *p, const char *s)
{
	if (*s == '-')
		return s + 1 < p->stop && among(s[1], "");
	return among(*s, "_./~+");
}

/* A scalar in quotes with nothing in it but itself; *s behind it. */
static bool
quoted(struct plain *p, char **s)
{
	char *from = *s, *to = memchr(from + 1, *from, (size_t)(p->stop - from - 1));

	if (to == NULL || memchr(from, '\\', (size_t)(to - from)) != NULL)
		return false;
	*s = to + 1;
	/* 'it''s' */
	if (*s < p->stop && **s == *from)
		return false;
	*to = '\0';
	yml_build_scalar(p->b, place(p, from), from + 1, (size_t)(to - from - 1), false, NULL);
	return true;
}

/* A scalar without quotes up to the end of its line, or to a comment. */
static bool
plain_to_end(struct plain *p, char *s)
{
	char *to = s;

	if (!plain_begins(p, s))
		return false;
	/* "a: b" is a map, "a:" too. */
	for (; to < p->stop && !is_comment(p, to); to++)
		if (*to == ':' && (to + 1 == p->stop || to[1] == ' '))
			return false;
	while (to[-1] == ' ')
		to--;
	*to = '\0';
	yml_build_scalar(p->b, place(p, s), s, (size_t)(to - s), true, NULL);
	return true;
}

/* A key at s up to its colon, told unless dry; what is behind the colon, or NULL. */
static char *
key(struct plain *p, char *s, bool dry)
{
	char *to = s;

	if (!among(*s, "_/"))
		return NULL;
	for (; to < p->stop && among(*to, "_/.-:"); to++) {
		if (to - s == KEY_MAX)
			return NULL;
		if (*to != ':' || (to + 1 < p->stop && to[1] != ' '))
			continue;
		if (!dry) {
			*to = '\0';
			yml_build_scalar(p->b, place(p, s), s, (size_t)(to - s), true, NULL);
		}
		return to + 1;
	}
	return NULL;
}

/* ---- flow collections on one line ---- */

static bool flow(struct plain *p, char **s, char *mark);

/*
 * A scalar or a collection inside of a collection. *s is then behind it and blanks, and *mark what is there: it may have
 * been written over.
 */
static bool
flow_value(struct plain *p, char **s, char *mark)
{
	char *from = *s, *to;

	if (from == p->stop)
		return false;
	if (*from == '{' || *from == '[')
		return flow(p, s, mark);
	if (*from == '"' || *from == '\'') {
		if (!quoted(p, s))
			return false;
		blanks_skip(p, s);
		*mark = *s < p->stop ? **s : '\0';
		return true;
	}
	if (!plain_begins(p, from))
		return false;
	for (to = from; to < p->stop && among(*to, "_./~+-*=@: "); to++)
		if (*to == ':' && (to + 1 == p->stop || !among(to[1], ":")))
			return false;
	*s = to;
	*mark = to < p->stop ? *to : '\0';
	while (to[-1] == ' ')
		to--;
	*to = '\0';
	yml_build_scalar(p->b, place(p, from), from, (size_t)(to - from), true, NULL);
	return true;
}

/* The collection that begins at *s, with *s and *mark as after flow_value. */
static bool
flow(struct plain *p, char **s, char *mark)
{
	bool is_map = **s == '{';
	char last = is_map ? '}' : ']';

	yml_build_open(p->b, is_map ? YML_MAP : YML_LIST, place(p, *s), NULL);
	*mark = ',';
	while (*mark == ',' && !yml_build_failed(p->b)) {
		(*s)++;
		blanks_skip(p, s);
		if (*s < p->stop && **s == last) {
			*mark = last;
			break;
		}
		if (is_map) {
			*s = key(p, *s, false);
			if (*s == NULL)
				return false;
			blanks_skip(p, s);
		}
		if (!flow_value(p, s, mark))
			return false;
	}
	if (*mark != last || yml_build_failed(p->b))
		return false;
	yml_build_close(p->b);
	(*s)++;
	blanks_skip(p, s);
	*mark = *s < p->stop ? **s : '\0';
	return true;
}

/* ---- maps and lists by indentation ---- */

static bool
is_item(const struct plain *p)
{
	return p->at != NULL && *p->at == '-' && (p->at + 1 == p->stop || p->at[1] == ' ');
}

/* What stands at s, with nothing but a comment behind it. */
static bool
on_line(struct plain *p, char *s)
{
	bool collection = *s == '{' || *s == '[';
	char mark;

	if (!collection && *s != '"' && *s != '\'')
		return plain_to_end(p, s);
	if (collection ? !flow(p, &s, &mark) : !quoted(p, &s))
		return false;
	blanks_skip(p, &s);
	return s == p->stop || is_comment(p, s);
}

/* The value at s, which is not a collection by indentation. Deeper lines would be more of it. */
static bool
value_on_line(struct plain *p, char *s, size_t indent)
{
	return on_line(p, s) && advance(p) && (p->at == NULL || p->indent <= indent);
}

/* The value of what ends before s, on this line or on the next ones, in a collection of this indentation. */
static bool
value(struct plain *p, char *s, size_t indent, bool in_map)
{
	struct yml_at behind = place(p, s);

	blanks_skip(p, &s);
	if (s < p->stop && !is_comment(p, s))
		return value_on_line(p, s, indent);
	if (!advance(p))
		return false;
	if (p->at != NULL && p->indent > indent && !is_item(p) && key(p, p->at, true) == NULL)
		return value_on_line(p, p->at, indent);
	if (p->at != NULL && (p->indent > indent || (in_map && p->indent == indent && is_item(p))))
		return block(p, p->indent);
	yml_build_scalar(p->b, behind, "", 0, true, NULL);
	return true;
}

static bool
map(struct plain *p, size_t indent)
{
	while (p->at != NULL && p->indent == indent && !is_item(p) && !yml_build_failed(p->b)) {
		char *s = key(p, p->at, false);
		if (s == NULL || !value(p, s, indent, true))
			return false;
	}
	return p->at == NULL || p->indent < indent;
}

static bool
list(struct plain *p, size_t indent)
{
	while (p->indent == indent && is_item(p) && !yml_build_failed(p->b)) {
		char *s = p->at + 1;
		blanks_skip(p, &s);
		if (s < p->stop && key(p, s, true) != NULL) {
			/* A map that begins on the line of its hyphen. */
			p->indent += (size_t)(s - p->at);
			p->at = s;
			if (!block(p, p->indent))
				return false;
		} else if (!value(p, p->at + 1, indent, false)) {
			return false;
		}
	}
	return p->at == NULL || p->indent <= indent;
}

static bool
block(struct plain *p, size_t indent)
{
	bool items = is_item(p);

	yml_build_open(p->b, items ? YML_LIST : YML_MAP, place(p, p->at), NULL);
	if (yml_build_failed(p->b) || !(items ? list(p, indent) : map(p, indent)) || yml_build_failed(p->b))
		return false;
	yml_build_close(p->b);
	return true;
}

bool
yml_plain(struct yml_builder *b, char *text, size_t len)
{
	struct plain p = {.b = b, .next = text, .end = text + len};

	return advance(&p) && p.at != NULL && p.indent == 0 && !is_item(&p) && block(&p, 0) && p.at == NULL &&
	       !yml_build_failed(b);
}
