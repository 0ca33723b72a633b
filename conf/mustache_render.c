/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mustache_render: templates into text, see mustache.h.
 *
 * Names are looked up in a stack of contexts, the innermost first: the first part of
 * a dotted name anywhere, the others in what that was. Partials are parsed at their
 * first use and kept for the rest of the rendering, once for each indentation, since
 * that goes before the lines of the template and not of the values.
 */
#include "conf/mustache_int.h"

#include <errno.h>
#include <stdbool.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "conf/sorted.h"
#include "lib/mem.h"

struct partial {
	char *name, *indent;
	struct mustache *m; /* NULL: there is none */
};

struct render {
	mustache_find *find;
	void *ctx;
	struct str *out;
	size_t out_before;
	struct mustache_error *err;
	json_t *stack[2 * MUSTACHE_DEPTH_MAX];
	unsigned depth, partial_depth, nodes;
	struct partial *partials;
	size_t npartials;
};

static int render_nodes(struct render *r, const struct mustache *m, size_t from, size_t to);

__attribute__((format(printf, 4, 5))) static int
fail(struct render *r, const struct mustache *m, const struct mustache_node *node, const char *fmt, ...)
{
	va_list ap;

	mustache_place(m, node->offset, r->err);
	va_start(ap, fmt);
	vsnprintf(r->err->text, sizeof(r->err->text), fmt, ap);
	va_end(ap);
	return -1;
}

/* ---- values ---- */

/* What a text or a whole number says is its one member, so that {{#port.179}} asks for it. */
static bool
says(const json_t *v, const char *word)
{
	char digits[24];

	if (json_is_string(v))
		return strcmp(json_string_value(v), word) == 0;
	snprintf(digits, sizeof(digits), "%" JSON_INTEGER_FORMAT, json_integer_value(v));
	return strcmp(digits, word) == 0;
}

static json_t *
lookup(const struct render *r, const struct mustache_node *node)
{
	const char *part = node->name;
	json_t *at = NULL;

	if (node->parts == 0)
		return r->stack[r->depth - 1];
	for (unsigned i = r->depth; i-- > 0 && at == NULL;)
		at = json_object_get(r->stack[i], part);
	for (unsigned i = 1; i < node->parts && at != NULL; i++) {
		part += strlen(part) + 1;
		if (json_is_string(at) || json_is_integer(at))
			at = says(at, part) ? json_true() : NULL;
		else
			at = json_object_get(at, part);
	}
	return at;
}

static bool
is_false(const json_t *v)
{
	return v == NULL || json_is_null(v) || json_is_false(v) || (json_is_array(v) && json_array_size(v) == 0) ||
	       (json_is_string(v) && json_string_length(v) == 0);
}

/* Numbers as JSON writes them; lists and objects, too. */
static void
text_of(struct str *out, const json_t *v)
{
	char *dump;

	if (v == NULL || json_is_null(v))
		return;
	if (json_is_string(v)) {
		str_addn(out, json_string_value(v), json_string_length(v));
	} else {
		dump = json_dumps(v, JSON_ENCODE_ANY | JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(15));
		str_add(out, dump != NULL ? dump : "");
		free(dump);
	}
}

static void
escape_html(struct str *out, const char *s)
{
	for (; *s != '\0'; s++) {
		switch (*s) {
		case '&':
			str_add(out, "&amp;");
			break;
		case '<':
			str_add(out, "&lt;");
			break;
		case '>':
			str_add(out, "&gt;");
			break;
		case '"':
			str_add(out, "&quot;");
			break;
		default:
			str_addn(out, s, 1);
		}
	}
}

/*
 * In double quotes, with everything escaped that YAML 1.1 or 1.2 does not take as it is there: control characters, and
 * those that some readers take for the end of a line or drop.
 */
static void
yaml_string(struct str *out, const char *s, size_t len)
{
	static const struct {
		char octets[4], escape[8];
	} special[] = {{"\xc2\x85", "\\N"}, {"\xe2\x80\xa8", "\\L"}, {"\xe2\x80\xa9", "\\P"}, {"\xef\xbb\xbf", "\\uFEFF"}};

	str_addn(out, "\"", 1);
	for (size_t i = 0; i < len;) {
		unsigned char c = (unsigned char)s[i];
		size_t k = 0, n = 0;
		for (; k < ARRAY_LEN(special); k++) {
			n = strlen(special[k].octets);
			if (i + n <= len && memcmp(s + i, special[k].octets, n) == 0)
				break;
		}
		if (k < ARRAY_LEN(special)) {
			str_add(out, special[k].escape);
			i += n;
			continue;
		}
		if (c == '"' || c == '\\')
			str_addf(out, "\\%c", c);
		else if (c < 0x20 || c == 0x7f)
			str_addf(out, "\\x%02x", c);
		else if (c == 0xc2 && i + 1 < len && (unsigned char)s[i + 1] < 0xa0)
			str_addf(out, "\\x%02x", (unsigned char)s[++i]); /* the control characters above 0x7f */
		else
			str_addn(out, s + i, 1);
		i++;
	}
	str_addn(out, "\"", 1);
}

void
mustache_yaml(struct str *out, const json_t *value)
{
	const char *key;
	json_t *v;
	size_t i;

	if (value == NULL || json_is_null(value)) {
		str_add(out, "null");
	} else if (json_is_string(value)) {
		yaml_string(out, json_string_value(value), json_string_length(value));
	} else if (json_is_array(value)) {
		str_add(out, "[");
		json_array_foreach(value, i, v)
		{
			str_add(out, i > 0 ? ", " : "");
			mustache_yaml(out, v);
		}
		str_add(out, "]");
	} else if (json_is_object(value)) {
		bool first = true;
		str_add(out, "{");
		json_object_foreach((json_t *)(uintptr_t)value, key, v)
		{
			str_add(out, first ? "" : ", ");
			first = false;
			yaml_string(out, key, strlen(key));
			str_add(out, ": ");
			mustache_yaml(out, v);
		}
		str_add(out, "}");
	} else {
		text_of(out, value);
	}
}

static void
variable(struct render *r, const struct mustache_node *node)
{
	const json_t *v = lookup(r, node);
	struct str text = {0};

	switch (node->kind) {
	case MUSTACHE_RAW:
		text_of(r->out, v);
		break;
	case MUSTACHE_YAML:
		mustache_yaml(r->out, v);
		break;
	default:
		text_of(&text, v);
		escape_html(r->out, str_get(&text));
		str_free(&text);
	}
}

/* ---- sections ---- */

static int
push(struct render *r, const struct mustache *m, const struct mustache_node *node, json_t *v)
{
	if (r->depth == ARRAY_LEN(r->stack))
		return fail(r, m, node, "found sections more than %zu deep", ARRAY_LEN(r->stack));
	r->stack[r->depth++] = v;
	return 0;
}

static int
section_once(struct render *r, const struct mustache *m, size_t at, json_t *v)
{
	int rc = push(r, m, &m->nodes[at], v);

	if (rc == 0) {
		rc = render_nodes(r, m, at + 1, m->nodes[at].end);
		r->depth--;
	}
	return rc;
}

/* The members of an object as a list of {key, value}, by key; a new reference. What is no object has none. */
static json_t *
members_of(json_t *object)
{
	size_t n;
	const char **keys = sorted_keys(object, &n);
	json_t *list = json_array();

	for (size_t i = 0; i < n; i++)
		json_array_append_new(list, json_pack("{s:s, s:O}", "key", keys[i], "value", json_object_get(object, keys[i])));
	free(keys);
	return list;
}

static int
section_each(struct render *r, const struct mustache *m, size_t at, json_t *list)
{
	json_t *item;
	size_t i;
	int rc = 0;

	json_array_foreach (list, i, item)
		if ((rc = section_once(r, m, at, item)) != 0)
			break;
	return rc;
}

static int
section(struct render *r, const struct mustache *m, size_t at)
{
	const struct mustache_node *node = &m->nodes[at];
	json_t *v = lookup(r, node);

	if (node->each) {
		json_t *members = members_of(v);
		int rc = section_each(r, m, at, members);
		json_decref(members);
		return rc;
	}
	if (is_false(v) != (node->kind == MUSTACHE_INVERTED))
		return 0;
	if (node->kind == MUSTACHE_INVERTED || node->any)
		return section_once(r, m, at, r->stack[r->depth - 1]); /* counts for the depth, too */
	return json_is_array(v) ? section_each(r, m, at, v) : section_once(r, m, at, v);
}

/* ---- partials ---- */

/* The indentation before each line. */
static char *
indented(const char *text, size_t len, const char *indent, size_t *out_len)
{
	struct str s = {0};
	const char *end = text + len;

	while (text < end) {
		const char *line = memchr(text, '\n', (size_t)(end - text));
		const char *stop = line != NULL ? line + 1 : end;
		str_add(&s, indent);
		str_addn(&s, text, (size_t)(stop - text));
		text = stop;
	}
	*out_len = s.len;
	return str_steal(&s);
}

/* Looks for it, and parses it. 0 with *m, which is NULL where there is none; or -1. */
static int
partial_load(struct render *r, const struct mustache *from, const struct mustache_node *node, const char *indent,
	     struct mustache **m)
{
	char *text = NULL;
	size_t len = 0;
	int rc = r->find != NULL ? r->find(r->ctx, node->name, &text, &len) : -ENOENT;

	*m = NULL;
	if (rc == -ENOENT)
		return 0;
	if (rc != 0)
		return fail(r, from, node, "found the partial \"%s\", which cannot be read: %s", node->name, strerror(-rc));
	if (*indent != '\0' && len > 0) {
		char *more = indented(text, len, indent, &len);
		free(text);
		text = more;
	}
	*m = mustache_parse(node->name, text, len, r->err);
	free(text);
	if (*m != NULL)
		return 0;
	struct mustache_error in = *r->err;
	return fail(r, from, node, "found an error in the partial \"%.40s\", line %u: %.80s", node->name, in.line, in.text);
}

static int
partial_get(struct render *r, const struct mustache *from, const struct mustache_node *node, struct mustache **m)
{
	char *indent = xmalloc(node->len + 1);
	int rc;

	if (node->len > 0)
		memcpy(indent, node->text, node->len);
	indent[node->len] = '\0';
	for (size_t i = 0; i < r->npartials; i++) {
		if (strcmp(r->partials[i].name, node->name) != 0 || strcmp(r->partials[i].indent, indent) != 0)
			continue;
		*m = r->partials[i].m;
		free(indent);
		return 0;
	}
	rc = partial_load(r, from, node, indent, m);
	if (rc != 0) {
		free(indent);
		return rc;
	}
	r->partials = xreallocarray(r->partials, r->npartials + 1, sizeof(*r->partials));
	r->partials[r->npartials++] = (struct partial){xstrdup(node->name), indent, *m};
	return 0;
}

static int
partial(struct render *r, const struct mustache *from, const struct mustache_node *node)
{
	struct mustache *m;
	int rc;

	if (r->partial_depth == MUSTACHE_DEPTH_MAX)
		return fail(r, from, node, "found partials more than %d deep", MUSTACHE_DEPTH_MAX);
	rc = partial_get(r, from, node, &m);
	if (rc != 0 || m == NULL)
		return rc;
	r->partial_depth++;
	rc = render_nodes(r, m, 0, m->n);
	r->partial_depth--;
	return rc;
}

/* ---- the whole ---- */

static int
render_nodes(struct render *r, const struct mustache *m, size_t from, size_t to)
{
	int rc = 0;

	for (size_t i = from; i < to && rc == 0; i++) {
		const struct mustache_node *node = &m->nodes[i];
		if (r->out->len - r->out_before > MUSTACHE_OUTPUT_MAX)
			return fail(r, m, node, "found more than %u octets of output", MUSTACHE_OUTPUT_MAX);
		/* Lists within lists, and partials that have themselves in them twice, need say nothing for a very long time. */
		if (++r->nodes > MUSTACHE_NODES_MAX)
			return fail(r, m, node, "found more than %u parts to render", MUSTACHE_NODES_MAX);
		switch (node->kind) {
		case MUSTACHE_TEXT:
			str_addn(r->out, node->text, node->len);
			break;
		case MUSTACHE_SECTION:
		case MUSTACHE_INVERTED:
			rc = section(r, m, i);
			i = node->end - 1;
			break;
		case MUSTACHE_PARTIAL:
			rc = partial(r, m, node);
			break;
		default:
			variable(r, node);
		}
	}
	return rc;
}

int
mustache_render(const struct mustache *m, json_t *data, mustache_find *find, void *ctx, struct str *out,
		struct mustache_error *err)
{
	struct render *r = xcalloc(1, sizeof(*r));
	int rc;

	r->find = find;
	r->ctx = ctx;
	r->out = out;
	r->out_before = out->len;
	r->err = err;
	r->stack[r->depth++] = data;
	rc = render_nodes(r, m, 0, m->n);
	for (size_t i = 0; i < r->npartials; i++) {
		free(r->partials[i].name);
		free(r->partials[i].indent);
		mustache_free(r->partials[i].m);
	}
	free(r->partials);
	free(r);
	return rc;
}
