/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgpctl_print: answers as tables that line up, or as a list of members.
 *
 * Rows are kept until the answer ends, so that columns fit and rows can be sorted;
 * beyond ROWS_MAX they are written as they come, in columns as wide as the first
 * ones needed. What a table looks like is rows of the tables below.
 */
#include "tools/bgpctl.h"

#include "lib/addr.h"
#include "lib/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define ROWS_MAX    100000
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
	    {last_title, last_path, VALUE, false}, {"AS PATH", "aspath", VALUE, false},                      \
	    {"ORIGIN", "origin", VALUE, false},                                                              \
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
    {"show rib why", {RIB_COLUMNS("REASON", "reason")}},
    {"show fib",
     {{"PREFIX", "prefix", VALUE, false},
      {"TYPE", "type", VALUE, false},
      {"STATE", "state", VALUE, false},
      {"METRIC", "metric", VALUE, true},
      {"NEXT HOPS", "nexthops", VALUE, false},
      {"ERROR", "error", VALUE, false}}},
    {"show nexthop",
     {{"NEXT HOP", "nexthop", VALUE, false},
      {"LINK-LOCAL", "link_local", VALUE, false},
      {"RESOLVED", "resolved", VALUE, false},
      {"METRIC", "metric", VALUE, true},
      {"THROUGH", "through", VALUE, false},
      {"WAYS", "ways", VALUE, false}}},
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
    {"config diff",
     {{"EFFECT", "effect", VALUE, false},
      {"KEY", "path", VALUE, false},
      {"OLD", "old", VALUE, false},
      {"NEW", "new", VALUE, false}}},
};

struct bgpctl_printer {
	const struct table *table; /* NULL: no table, members one a line */
	bool lines;                /* rows are lines of text */
	FILE *out;
	json_t **rows;
	size_t nrows, cap;
	bool flushed; /* header and first rows are out */
	int width[COLUMNS_MAX];
};

struct bgpctl_printer *
bgpctl_printer_new(const char *command, FILE *out)
{
	struct bgpctl_printer *p = xcalloc(1, sizeof(*p));

	p->out = out;
	p->lines = strcmp(command, "config show") == 0;
	for (size_t i = 0; i < ARRAY_LEN(tables); i++)
		if (strcmp(tables[i].command, command) == 0)
			p->table = &tables[i];
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

/* One line; row NULL: the titles. */
static void
put_row(struct bgpctl_printer *p, const json_t *row)
{
	struct str text = {0}, line = {0};

	for (int i = 0; i < COLUMNS_MAX && p->table->columns[i].title != NULL; i++) {
		const struct column *col = &p->table->columns[i];
		if (row != NULL)
			cell(col, row, &text);
		const char *s = row != NULL ? str_get(&text) : col->title;
		str_addf(&line, "%s%*s", i > 0 ? "  " : "", col->right ? p->width[i] : -p->width[i], s);
	}
	while (line.len > 0 && line.s[line.len - 1] == ' ')
		line.s[--line.len] = '\0';
	fprintf(p->out, "%s\n", str_get(&line));
	str_free(&text);
	str_free(&line);
}

static int
by_prefix(const void *a, const void *b)
{
	struct ip_prefix pa = {0}, pb = {0};
	const char *ta = json_string_value(json_object_get(*(json_t *const *)a, "prefix"));
	const char *tb = json_string_value(json_object_get(*(json_t *const *)b, "prefix"));

	if (ta != NULL)
		(void)ip_prefix_parse(ta, &pa);
	if (tb != NULL)
		(void)ip_prefix_parse(tb, &pb);
	int order = ip_prefix_cmp(&pa, &pb);
	if (order != 0)
		return order;
	return (int)json_is_true(json_object_get(*(json_t *const *)b, "best")) -
	       (int)json_is_true(json_object_get(*(json_t *const *)a, "best"));
}

static void
flush(struct bgpctl_printer *p, bool sort)
{
	struct str text = {0};

	if (p->flushed)
		return;
	p->flushed = true;
	if (sort && p->nrows > 1 && json_object_get(p->rows[0], "prefix") != NULL)
		qsort(p->rows, p->nrows, sizeof(json_t *), by_prefix);
	for (int i = 0; i < COLUMNS_MAX && p->table->columns[i].title != NULL; i++) {
		p->width[i] = (int)strlen(p->table->columns[i].title);
		for (size_t r = 0; r < p->nrows; r++) {
			cell(&p->table->columns[i], p->rows[r], &text);
			p->width[i] = (int)text.len > p->width[i] ? (int)text.len : p->width[i];
		}
	}
	str_free(&text);
	put_row(p, NULL);
	for (size_t r = 0; r < p->nrows; r++) {
		put_row(p, p->rows[r]);
		json_decref(p->rows[r]);
	}
	p->nrows = 0;
}

/* Members one a line, those of objects indented below. */
static void
put_members(FILE *out, const json_t *o, int depth)
{
	const char *name;
	json_t *v;

	json_object_foreach((json_t *)(uintptr_t)o, name, v)
	{
		if (json_is_object(v) && json_object_size(v) > 0) {
			fprintf(out, "%*s%s:\n", 2 * depth, "", name);
			put_members(out, v, depth + 1);
			continue;
		}
		struct str text = {0};
		bgpctl_value(v, &text);
		fprintf(out, "%*s%s: %s\n", 2 * depth, "", name, str_get(&text));
		str_free(&text);
	}
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
bgpctl_printer_row(struct bgpctl_printer *p, json_t *row)
{
	if (p->lines) {
		const char *line = json_string_value(json_object_get(row, "line"));
		fprintf(p->out, "%s\n", line != NULL ? line : "");
	} else if (p->table == NULL) {
		put_members(p->out, row, 0);
		fputs("\n", p->out);
	} else if (p->flushed) {
		put_row(p, row);
	} else {
		if (p->nrows == p->cap)
			p->rows = xreallocarray(p->rows, p->cap = p->cap * 2 + 64, sizeof(json_t *));
		p->rows[p->nrows++] = json_incref(row);
		if (p->nrows == ROWS_MAX)
			flush(p, false);
	}
}

void
bgpctl_printer_end(struct bgpctl_printer *p)
{
	if (p->table != NULL && p->nrows > 0)
		flush(p, true);
	free(p->rows);
	free(p);
}
