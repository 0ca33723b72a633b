/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plain: see plain.h.
 */
#include "conf/plain.h"

#include <string.h>

struct plain {
	const struct plain_events *events;
	void *ctx;
	const char *next, *end; /* next: the line behind this one */
	const char *line;       /* this one, and what is on it without blanks around; at NULL: there is none left */
	const char *at, *stop;
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

static struct plain_at
place(const struct plain *p, const char *s)
{
	return (struct plain_at){p->number, (uint32_t)(s - p->line) + 1};
}

static void
blanks_skip(const struct plain *p, const char **s)
{
	while (*s < p->stop && **s == ' ')
		(*s)++;
}

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
quoted(struct plain *p, const char **s)
{
	const char *from = *s, *to = memchr(from + 1, *from, (size_t)(p->stop - from - 1));

	if (to == NULL || memchr(from, '\\', (size_t)(to - from)) != NULL)
		return false;
	*s = to + 1;
	/* 'it''s' */
	if (*s < p->stop && **s == *from)
		return false;
	return p->events->scalar(p->ctx, place(p, from), from + 1, (size_t)(to - from - 1), true);
}

/* A scalar without quotes up to the end of its line, or to a comment. */
static bool
plain_to_end(struct plain *p, const char *s)
{
	const char *to = s;

	if (!plain_begins(p, s))
		return false;
	/* "a: b" is a map, "a:" too. */
	for (; to < p->stop && !is_comment(p, to); to++)
		if (*to == ':' && (to + 1 == p->stop || to[1] == ' '))
			return false;
	while (to[-1] == ' ')
		to--;
	return p->events->scalar(p->ctx, place(p, s), s, (size_t)(to - s), false);
}

/* A key at s up to its colon, told unless dry; what is behind the colon, or NULL: there is none. */
static const char *
key(struct plain *p, const char *s, bool dry)
{
	const char *to = s;

	if (s == p->stop || !among(*s, "_/"))
		return NULL;
	for (; to < p->stop && among(*to, "_/.-:"); to++) {
		if (to - s == PLAIN_KEY_MAX)
			return NULL;
		if (*to != ':' || (to + 1 < p->stop && to[1] != ' '))
			continue;
		return dry || p->events->key(p->ctx, place(p, s), s, (size_t)(to - s)) ? to + 1 : NULL;
	}
	return NULL;
}

/* ---- flow collections on one line ---- */

static bool flow(struct plain *p, const char **s, char *mark);

/*
 * A scalar or a collection inside of a collection. *s is then behind it and blanks, and *mark what is there: it may have
 * been written over.
 */
static bool
flow_value(struct plain *p, const char **s, char *mark)
{
	const char *from = *s, *to;

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
	return p->events->scalar(p->ctx, place(p, from), from, (size_t)(to - from), false);
}

/* The collection that begins at *s, with *s and *mark as after flow_value. */
static bool
flow(struct plain *p, const char **s, char *mark)
{
	bool is_map = **s == '{';
	char last = is_map ? '}' : ']';

	if (!p->events->open(p->ctx, is_map, place(p, *s)))
		return false;
	*mark = ',';
	while (*mark == ',') {
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
	if (*mark != last || !p->events->close(p->ctx))
		return false;
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
on_line(struct plain *p, const char *s)
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
value_on_line(struct plain *p, const char *s, size_t indent)
{
	return on_line(p, s) && advance(p) && (p->at == NULL || p->indent <= indent);
}

/* The value of what ends before s, on this line or on the next ones, in a collection of this indentation. */
static bool
value(struct plain *p, const char *s, size_t indent, bool in_map)
{
	struct plain_at behind = place(p, s);
	const char *none = s;

	blanks_skip(p, &s);
	if (s < p->stop && !is_comment(p, s))
		return value_on_line(p, s, indent);
	if (!advance(p))
		return false;
	if (p->at != NULL && p->indent > indent && !is_item(p) && key(p, p->at, true) == NULL)
		return value_on_line(p, p->at, indent);
	if (p->at != NULL && (p->indent > indent || (in_map && p->indent == indent && is_item(p))))
		return block(p, p->indent);
	return p->events->scalar(p->ctx, behind, none, 0, false);
}

static bool
map(struct plain *p, size_t indent)
{
	while (p->at != NULL && p->indent == indent && !is_item(p)) {
		const char *s = key(p, p->at, false);
		if (s == NULL || !value(p, s, indent, true))
			return false;
	}
	return p->at == NULL || p->indent < indent;
}

static bool
list(struct plain *p, size_t indent)
{
	while (p->indent == indent && is_item(p)) {
		const char *s = p->at + 1;
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

	return p->events->open(p->ctx, !items, place(p, p->at)) && (items ? list(p, indent) : map(p, indent)) &&
	       p->events->close(p->ctx);
}

bool
plain_read(const char *text, size_t len, const struct plain_events *events, void *ctx, uint32_t *line)
{
	struct plain p = {.events = events, .ctx = ctx, .next = text, .end = text + len};

	if (!advance(&p) || p.at == NULL || p.indent != 0)
		return false;
	*line = p.number;
	if (p.stop - p.at == 3 && memcmp(p.at, "---", 3) == 0 && (!advance(&p) || p.at == NULL || p.indent != 0))
		return false;
	return !is_item(&p) && block(&p, 0) && p.at == NULL;
}
