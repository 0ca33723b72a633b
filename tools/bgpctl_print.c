/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgpctl_print: answers as tables that line up, or as a list of members.
 *
 * Rows are kept as text until the answer ends, so that columns fit and rows can be
 * sorted; of a longer answer than ROWS_MAX they are written block by block as they
 * come, and where a block needs wider columns it has titles of its own. What a
 * table looks like is rows of the tables below.
 */
#include "tools/bgpctl.h"

#include "lib/addr.h"
#include "lib/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX    100000 /* of the first block, which is sorted */
#define ROWS_BLOCK  1000   /* of the others */
#define COLUMNS_MAX 10

enum format { VALUE, SECONDS, MARKS };

struct column {
	const char *title; /* NULL ends the list */
	const char *path;  /* members with dots between */
	enum format format;
	bool right; /* aligned to the right */
};

struct table {
	const char *command;
	struct column columns[COLUMNS_MAX + 1];
};

#define RIB_COLUMNS(last_title, last_path)                                                                   \
	{"", "", MARKS, false}, {"PREFIX", "prefix", VALUE, false},                                          \
	    {"NEXT HOP", "exit_nexthop", VALUE, false}, {"FROM", "neighbor.name", VALUE, false},             \
	    {"LPREF", "local_preference", VALUE, true}, {"MED", "med", VALUE, true},                         \
	    {last_title, last_path, VALUE, false}, {"ORIGIN", "origin", VALUE, false},                       \
	    {"AS PATH", "aspath", VALUE, false},                                                             \
	{                                                                                                    \
		.title = NULL                                                                                \
	}

#define WHY_COLUMNS                                                                                          \
	{"", "", MARKS, false}, {"PREFIX", "prefix", VALUE, false}, {"WAY", "direction", VALUE, false},      \
	    {"NEIGHBOR", "peer", VALUE, false}, {"NEXT HOP", "exit_nexthop", VALUE, false},                  \
	    {"LPREF", "local_preference", VALUE, true}, {"MED", "med", VALUE, true},                         \
	    {"AS PATH", "aspath", VALUE, false}, {"REASON", "reason", VALUE, false},                         \
	    {"RULES", "rules", VALUE, false},                                                                \
	{                                                                                                    \
		.title = NULL                                                                                \
	}

static const struct table tables[] = {
    {"show summary",
     {{"NEIGHBOR", "name", VALUE, false},
      {"ADDRESS", "remote_addr", VALUE, false},
      {"AS", "remote_as", VALUE, true},
      {"STATE", "state", VALUE, false},
      {"SINCE", "last_updown_s", SECONDS, true},
      {"RECEIVED", "stats.prefixes.received", VALUE, true},
      {"ACCEPTED", "stats.prefixes.accepted", VALUE, true},
      {"SENT", "stats.prefixes.sent", VALUE, true}}},
    {"show rib", {RIB_COLUMNS("SOURCE", "source")}},
    {"show rib in", {RIB_COLUMNS("REASON", "reason")}},
    {"show rib out", {RIB_COLUMNS("SOURCE", "source")}},
    {"show rib why", {WHY_COLUMNS}},
    {"show rib rejected", {WHY_COLUMNS}},
    {"show fib",
     {{"PREFIX", "prefix", VALUE, false},
      {"TYPE", "type", VALUE, false},
      {"STATE", "state", VALUE, false},
      {"METRIC", "metric", VALUE, true},
      {"NEXT HOPS", "nexthops", VALUE, false},
      {"RETRY", "retry_s", SECONDS, true},
      {"ERROR", "error", VALUE, false}}},
    {"show nexthop",
     {{"NEXT HOP", "nexthop", VALUE, false},
      {"LINK-LOCAL", "link_local", VALUE, false},
      {"RESOLVED", "resolved", VALUE, false},
      {"METRIC", "metric", VALUE, true},
      {"THROUGH", "through", VALUE, false},
      {"WAYS", "ways", VALUE, false}}},
    {"show checks",
     {{"PREFIX", "prefix", VALUE, false},
      {"KIND", "kind", VALUE, false},
      {"TARGET", "target", VALUE, false},
      {"STATE", "state", VALUE, false},
      {"SINCE", "since_s", VALUE, true},
      {"LAST RESULT", "last_result", VALUE, false},
      {"IN A ROW", "in_row", VALUE, true}}},
    {"show interfaces",
     {{"NAME", "name", VALUE, false},
      {"INDEX", "index", VALUE, true},
      {"UP", "up", VALUE, false},
      {"MTU", "mtu", VALUE, true},
      {"ADDRESSES", "addresses", VALUE, false}}},
    {"show policy",
     {{"NAME", "name", VALUE, false},
      {"RULES", "rules", VALUE, true},
      {"IMPORT OF", "import", VALUE, false},
      {"EXPORT OF", "export", VALUE, false},
      {"KERNEL", "kernel", VALUE, false}}},
    {"show memory",
     {{"PART", "part", VALUE, false},
      {"COUNT", "count", VALUE, true},
      {"BYTES", "bytes", VALUE, true},
      {"BYTES EACH", "bytes_each", VALUE, true},
      {"BYTES A ROUTE", "bytes_a_route", VALUE, true}}},
    {"config diff",
     {{"EFFECT", "effect", VALUE, false},
      {"KEY", "path", VALUE, false},
      {"OLD", "old", VALUE, false},
      {"NEW", "new", VALUE, false}}},
};

/* A row of a table. */
struct row {
	struct ip_prefix prefix; /* FAMILY_NONE: not sorted */
	bool best;
	size_t number; /* as they came */
	char *cells; /* texts one behind the other, each with its zero */
};

struct bgpctl_printer {
	const struct table *table; /* NULL: no table, members one a line */
	bool lines;                /* rows are lines of text */
	FILE *out;
	struct row *rows;
	size_t nrows, cap;
	bool flushed; /* titles and the first block are out */
	unsigned ncolumns;
	unsigned width[COLUMNS_MAX]; /* as written so far */
	unsigned need[COLUMNS_MAX];  /* with the rows that wait */
};

/* Columns that a text takes: its characters, each of which begins with an octet that continues none (RFC 3629). */
static unsigned
columns_of(const char *s)
{
	unsigned n = 0;

	for (; *s != '\0'; s++)
		n += ((unsigned char)*s & 0xc0) != 0x80;
	return n;
}

struct bgpctl_printer *
bgpctl_printer_new(const char *command, FILE *out)
{
	struct bgpctl_printer *p = xcalloc(1, sizeof(*p));

	p->out = out;
	p->lines = strcmp(command, "config show") == 0 || strcmp(command, "show metrics") == 0;
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (strcmp(tables[i].command, command) == 0)
			p->table = &tables[i];
	while (p->table != NULL && p->ncolumns < COLUMNS_MAX && p->table->columns[p->ncolumns].title != NULL) {
		p->need[p->ncolumns] = columns_of(p->table->columns[p->ncolumns].title);
		p->ncolumns++;
	}
	return p;
}

static const json_t *
member(const json_t *o, const char *path)
{
	char name[64];

	for (; o != NULL && *path != '\0'; path += *path == '.') {
		size_t n = strcspn(path, ".");
		snprintf(name, sizeof(name), "%.*s", (int)n, path);
		o = json_object_get(o, name);
		path += n;
	}
	return o;
}

/* * best, = used beside it, ! not valid, S stale. */
static void
marks(const json_t *row, struct str *out)
{
	/* What is said of a route elsewhere goes with it, and is no path itself. */
	if (json_object_get(row, "multipath") == NULL)
		return;
	str_add(out, json_is_true(json_object_get(row, "best")) ? "*" : "");
	str_add(out, json_is_true(json_object_get(row, "multipath")) ? "=" : "");
	str_add(out, json_is_false(json_object_get(row, "valid")) ? "!" : "");
	str_add(out, json_is_true(json_object_get(row, "stale")) ? "S" : "");
}

static void
cell(const struct column *col, const json_t *row, struct str *out)
{
	const json_t *v = member(row, col->path);

	str_reset(out);
	if (col->format == MARKS)
		marks(row, out);
	else if (col->format == SECONDS && json_is_integer(v))
		bgpctl_seconds(json_integer_value(v), out);
	else
		bgpctl_value(v, out);
}

/* One line; cells NULL: the titles. */
static void
put_row(struct bgpctl_printer *p, const char *cells)
{
	struct str line = {0};

	for (unsigned i = 0; i < p->ncolumns; i++) {
		const struct column *col = &p->table->columns[i];
		const char *s = cells != NULL ? cells : col->title;
		int pad = (int)(p->width[i] - columns_of(s));
		str_addf(&line, "%s%*s%s%*s", i > 0 ? "  " : "", col->right ? pad : 0, "", s, col->right ? 0 : pad, "");
		if (cells != NULL)
			cells += strlen(cells) + 1;
	}
	while (line.len > 0 && line.s[line.len - 1] == ' ')
		line.s[--line.len] = '\0';
	fprintf(p->out, "%s\n", str_get(&line));
	str_free(&line);
}

static int
by_prefix(const void *a, const void *b)
{
	const struct row *ra = a, *rb = b;
	int order = ip_prefix_cmp(&ra->prefix, &rb->prefix);

	if (order == 0)
		order = (int)rb->best - (int)ra->best;
	return order != 0 ? order : ra->number < rb->number ? -1 : 1;
}

/* Writes the rows that wait, with titles if these are the first or need more room than those before. */
static void
flush(struct bgpctl_printer *p)
{
	if (!p->flushed && p->nrows > 1 && p->rows[0].prefix.family != FAMILY_NONE)
		qsort(p->rows, p->nrows, sizeof(*p->rows), by_prefix);
	if (!p->flushed || memcmp(p->width, p->need, sizeof(p->width)) != 0) {
		memcpy(p->width, p->need, sizeof(p->width));
		put_row(p, NULL);
	}
	p->flushed = true;
	for (size_t r = 0; r < p->nrows; r++) {
		put_row(p, p->rows[r].cells);
		free(p->rows[r].cells);
	}
	p->nrows = 0;
}

static void
add_row(struct bgpctl_printer *p, const json_t *o)
{
	struct str text = {0}, cells = {0};
	const char *prefix = json_string_value(json_object_get(o, "prefix"));

	if (p->nrows == p->cap)
		p->rows = xreallocarray(p->rows, p->cap = p->cap * 2 + 64, sizeof(*p->rows));
	struct row *r = &p->rows[p->nrows];
	*r = (struct row){.best = json_is_true(json_object_get(o, "best")), .number = p->nrows++};
	if (prefix != NULL)
		(void)ip_prefix_parse(prefix, &r->prefix);
	for (unsigned i = 0; i < p->ncolumns; i++) {
		cell(&p->table->columns[i], o, &text);
		unsigned n = columns_of(str_get(&text));
		p->need[i] = n > p->need[i] ? n : p->need[i];
		str_addn(&cells, str_get(&text), text.len + 1);
	}
	r->cells = str_steal(&cells);
	str_free(&text);
	if (p->nrows == (p->flushed ? ROWS_BLOCK : ROWS_MAX))
		flush(p);
}

/* What becomes of the route elsewhere: rows of their own, behind its own and with its prefix. */
static void
add_exports(struct bgpctl_printer *p, const json_t *row)
{
	json_t *e, *one;
	size_t i;

	json_array_foreach(json_object_get(row, "exports"), i, e)
	{
		one = json_copy(e);
		json_object_set(one, "prefix", json_object_get(row, "prefix"));
		json_object_set(one, "best", json_object_get(row, "best"));
		add_row(p, one);
		json_decref(one);
	}
}

/* Members one a line, those of objects indented below. */
static void
put_members(FILE *out, const json_t *o, int depth)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)o, name, v)
	{
		struct str text = {0};
		bgpctl_plain(name, &text);
		str_add(&text, ":");
		if (json_is_object(v) && json_object_size(v) > 0) {
			fprintf(out, "%*s%s\n", 2 * depth, "", str_get(&text));
			put_members(out, v, depth + 1);
		} else {
			str_add(&text, " ");
			bgpctl_member(name, v, &text);
			fprintf(out, "%*s%s\n", 2 * depth, "", str_get(&text));
		}
		str_free(&text);
	}
}

/* The rules of a policy that was asked for alone, a line each below its row. */
static void
put_rules(struct bgpctl_printer *p, const json_t *row)
{
	static const char *const parts[] = {"match", "set", "action"};
	struct str line = {0};
	json_t *rule;
	size_t i;

	flush(p);
	json_array_foreach(json_object_get(row, "rule_list"), i, rule)
	{
		str_reset(&line);
		str_addf(&line, "%4lld ", (long long)json_integer_value(json_object_get(rule, "rule")));
		for (size_t k = 0; k < ARRAY_LEN(parts); k++) {
			const json_t *v = json_object_get(rule, parts[k]);
			if (!json_is_string(v))
				continue;
			str_addf(&line, " %s: ", parts[k]);
			bgpctl_value(v, &line);
		}
		str_add(&line, "  (");
		bgpctl_value(json_object_get(rule, "file"), &line);
		str_addf(&line, ":%lld)", (long long)json_integer_value(json_object_get(rule, "line")));
		fprintf(p->out, "%s\n", str_get(&line));
	}
	str_free(&line);
}

void
bgpctl_printer_head(struct bgpctl_printer *p, const json_t *head)
{
	const char *name;
	json_t *v, *row;
	size_t i;

	json_object_foreach((json_t *)(uintptr_t)head, name, v)
	{
		if (!json_is_array(v)) {
			json_t *one = json_pack("{s:O}", name, v);
			put_members(p->out, one, 0);
			json_decref(one);
			continue;
		}
		json_array_foreach(v, i, row) bgpctl_printer_row(p, row);
	}
}

void
bgpctl_printer_row(struct bgpctl_printer *p, const json_t *row)
{
	if (p->lines) {
		const char *line = json_string_value(json_object_get(row, "line"));
		struct str text = {0};
		bgpctl_plain(line != NULL ? line : "", &text);
		fprintf(p->out, "%s\n", str_get(&text));
		str_free(&text);
	} else if (p->table == NULL) {
		put_members(p->out, row, 0);
		fputs("\n", p->out);
	} else {
		add_row(p, row);
		add_exports(p, row);
		if (json_object_get(row, "rule_list") != NULL)
			put_rules(p, row);
	}
}

void
bgpctl_printer_end(struct bgpctl_printer *p)
{
	if (p->table != NULL && p->nrows > 0)
		flush(p);
	free(p->rows);
	free(p);
}
