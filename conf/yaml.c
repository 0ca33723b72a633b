/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml: libyaml's events to nodes; see yaml.h. Texts of the plain kind are told to the builder by yaml_plain.c.
 *
 * Open collections are frames on a stack of fixed depth; finished children wait
 * on one value stack until their parent is closed. An anchor is known only when
 * its node is complete, hence no node can contain itself. The weight of a node
 * counts aliases in full, which stops "billion laughs" before anyone walks it.
 */
#include "conf/yaml.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yaml.h>

#include "conf/arena.h"
#include "conf/error.h"
#include "conf/yaml_int.h"
#include "lib/hash.h"
#include "lib/mem.h"

#define LINEAR_MAX 16 /* pairs up to which a map is searched one by one */

struct frame {
	struct yml_node *node;
	const char *anchor; /* NULL: none */
	uint32_t base;      /* its first child on the value stack */
};

struct anchor {
	const char *name;
	struct yml_node *node;
};

struct yml_builder {
	struct conf_arena *arena;
	struct conf_errors *errs;
	const char *file;
	uint32_t file_no;
	const char *text;
	size_t len;
	struct frame frames[YML_DEPTH_MAX];
	uint32_t depth;
	struct yml_node **values;
	uint32_t nvalues, values_cap;
	struct anchor *anchors;
	uint32_t nanchors, anchors_cap;
	struct yml_node *root;
	uint32_t documents;
	bool failed; /* cannot go on */
};

/* ---- looking things up ---- */

bool
yml_is_null(const struct yml_node *n)
{
	return n->kind == YML_SCALAR && n->plain &&
	       (n->n == 0 || strcmp(n->text, "~") == 0 || strcmp(n->text, "null") == 0);
}

static uint32_t
key_hash(const char *key, size_t len)
{
	return (uint32_t)hash_bytes(0, key, len);
}

int32_t
yml_map_find(const struct yml_node *map, const char *key)
{
	size_t len = strlen(key);

	if (map->kind != YML_MAP)
		return -1;
	/* Lengths first: a neighbor with its dozen keys is asked for each of the eighty that there are. */
	if (map->index == NULL) {
		for (uint32_t i = 0; i < map->n; i++)
			if (map->pairs[i].key->n == len && memcmp(map->pairs[i].key->text, key, len) == 0)
				return (int32_t)i;
		return -1;
	}
	for (uint32_t h = key_hash(key, len);; h++) {
		uint32_t i = map->index[h & map->index_mask];
		if (i == 0)
			return -1;
		if (strcmp(map->pairs[i - 1].key->text, key) == 0)
			return (int32_t)(i - 1);
	}
}

struct yml_node *
yml_map_get(const struct yml_node *map, const char *key)
{
	int32_t i = yml_map_find(map, key);
	return i < 0 ? NULL : map->pairs[i].value;
}

bool
yml_equal(const struct yml_node *a, const struct yml_node *b)
{
	if (a->kind != b->kind || a->n != b->n)
		return false;
	if (a->kind == YML_SCALAR)
		return a->plain == b->plain && memcmp(a->text, b->text, a->n) == 0;
	for (uint32_t i = 0; i < a->n; i++) {
		const struct yml_node *x = a->kind == YML_LIST ? a->items[i] : a->pairs[i].value;
		const struct yml_node *y = a->kind == YML_LIST ? b->items[i] : yml_map_get(b, a->pairs[i].key->text);
		if (y == NULL || !yml_equal(x, y))
			return false;
	}
	return true;
}

/* A table for n pairs, if they are more than are searched one by one. */
static void
index_room(struct conf_arena *arena, struct yml_node *map, uint32_t n)
{
	uint32_t size = 64;

	map->index = NULL;
	if (n <= LINEAR_MAX)
		return;
	while (size < n * 2)
		size *= 2;
	map->index = conf_arena_array(arena, size, sizeof(*map->index));
	map->index_mask = size - 1;
}

static void
index_put(struct yml_node *map, uint32_t i)
{
	const struct yml_node *key = map->pairs[i].key;

	if (map->index == NULL)
		return;
	uint32_t h = key_hash(key->text, key->n);
	while (map->index[h & map->index_mask] != 0)
		h++;
	map->index[h & map->index_mask] = i + 1;
}

static void
map_index(struct conf_arena *arena, struct yml_node *map)
{
	index_room(arena, map, map->n);
	for (uint32_t i = 0; i < map->n; i++)
		index_put(map, i);
}

/* ---- making nodes by hand ---- */

static struct yml_node *
node_like(struct conf_arena *arena, const struct yml_node *at, enum yml_kind kind)
{
	struct yml_node *n = conf_arena_alloc(arena, sizeof(*n));
	n->kind = kind;
	n->pos = at->pos;
	n->file_no = at->file_no;
	n->weight = at->weight;
	return n;
}

struct yml_node *
yml_map_new(struct conf_arena *arena, const struct yml_node *at, struct yml_pair *pairs, uint32_t n)
{
	struct yml_node *map = node_like(arena, at, YML_MAP);
	map->pairs = pairs;
	map->n = n;
	map_index(arena, map);
	return map;
}

struct yml_node *
yml_list_join(struct conf_arena *arena, const struct yml_node *a, const struct yml_node *b)
{
	struct yml_node *list = node_like(arena, a, YML_LIST);
	list->n = a->n + b->n;
	list->items = conf_arena_array(arena, list->n, sizeof(*list->items));
	if (a->n != 0)
		memcpy(list->items, a->items, a->n * sizeof(*list->items));
	if (b->n != 0)
		memcpy(list->items + a->n, b->items, b->n * sizeof(*list->items));
	return list;
}

/* ---- building from events ---- */

/* Where in the document the builder is, for messages: frames, and in each the last key or the next index. */
static void
path_add(const struct yml_builder *b, struct str *out)
{
	for (uint32_t i = 0; i < b->depth; i++) {
		const struct frame *f = &b->frames[i];
		uint32_t end = i + 1 < b->depth ? b->frames[i + 1].base : b->nvalues;
		uint32_t children = end - f->base;
		if (f->node->kind == YML_LIST)
			str_addf(out, "[%u]", children);
		else if (children % 2 == 1)
			str_addf(out, "%s%s", out->len == 0 ? "" : ".", b->values[end - 1]->text);
	}
}

static void
fail(struct yml_builder *b, const struct conf_pos *pos, const char *text)
{
	struct str path = {0};

	path_add(b, &path);
	conf_errors_add(b->errs, pos, b->file_no, path.len == 0 ? "file" : str_get(&path), "%s", text);
	str_free(&path);
	b->failed = true;
}

static struct yml_node *
node_new(struct yml_builder *b, enum yml_kind kind, struct yml_at at)
{
	struct yml_node *n = conf_arena_alloc(b->arena, sizeof(*n));
	n->kind = kind;
	n->pos = (struct conf_pos){b->file, at.line, at.column};
	n->file_no = b->file_no;
	n->weight = 1;
	return n;
}

static void
anchor_set(struct yml_builder *b, const char *name, struct yml_node *node)
{
	if (name == NULL)
		return;
	for (uint32_t i = 0; i < b->nanchors; i++)
		if (strcmp(b->anchors[i].name, name) == 0) {
			b->anchors[i].node = node; /* YAML: a later anchor of the same name takes over */
			return;
		}
	if (b->nanchors == YML_ANCHORS_MAX) {
		fail(b, &node->pos, "found more than 1000 anchors, expected fewer");
		return;
	}
	if (b->nanchors == b->anchors_cap) {
		b->anchors_cap = b->anchors_cap == 0 ? 16 : b->anchors_cap * 2;
		b->anchors = xreallocarray(b->anchors, b->anchors_cap, sizeof(*b->anchors));
	}
	b->anchors[b->nanchors++] = (struct anchor){name, node};
}

/* Hands a complete node to the open collection, or makes it the root. */
static void
value_add(struct yml_builder *b, struct yml_node *n)
{
	if (b->depth == 0) {
		b->root = n;
		return;
	}
	const struct frame *f = &b->frames[b->depth - 1];
	if (f->node->kind == YML_MAP && (b->nvalues - f->base) % 2 == 0 && n->kind != YML_SCALAR) {
		fail(b, &n->pos, "found a map or a list as a key, expected a name");
		return;
	}
	uint64_t weight = (uint64_t)f->node->weight + n->weight;
	if (weight > YML_NODES_MAX) {
		fail(b, &n->pos, "found more than 4000000 values, expected fewer");
		return;
	}
	f->node->weight = (uint32_t)weight;
	if (b->nvalues == b->values_cap) {
		b->values_cap = b->values_cap == 0 ? 256 : b->values_cap * 2;
		b->values = xreallocarray(b->values, b->values_cap, sizeof(struct yml_node *));
	}
	b->values[b->nvalues++] = n;
}

bool
yml_build_failed(const struct yml_builder *b)
{
	return b->failed;
}

void
yml_build_scalar(struct yml_builder *b, struct yml_at at, const char *text, size_t len, bool plain, const char *anchor)
{
	struct yml_node *n = node_new(b, YML_SCALAR, at);

	n->plain = plain;
	n->text = text;
	n->n = (uint32_t)len;
	anchor_set(b, anchor, n);
	if (!b->failed)
		value_add(b, n);
}

void
yml_build_open(struct yml_builder *b, enum yml_kind kind, struct yml_at at, const char *anchor)
{
	struct yml_node *n = node_new(b, kind, at);

	if (b->depth == YML_DEPTH_MAX) {
		fail(b, &n->pos, "found more than 64 levels, expected fewer");
		return;
	}
	b->frames[b->depth++] = (struct frame){.node = n, .anchor = anchor, .base = b->nvalues};
}

static bool
is_merge_key(const struct yml_node *key)
{
	return key->plain && strcmp(key->text, "<<") == 0;
}

/* Adds the pairs of an aliased map that the map does not have itself. */
static void
merge_map(struct yml_builder *b, struct yml_node *map, const struct yml_node *from)
{
	uint32_t n = map->n, more = 0;

	for (uint32_t i = 0; i < from->n; i++)
		more += yml_map_find(map, from->pairs[i].key->text) < 0;
	if (more == 0)
		return;
	struct yml_pair *pairs = conf_arena_array(b->arena, n + more, sizeof(*pairs));
	memcpy(pairs, map->pairs, n * sizeof(*pairs));
	for (uint32_t i = 0; i < from->n; i++)
		if (yml_map_find(map, from->pairs[i].key->text) < 0)
			pairs[n++] = from->pairs[i];
	map->pairs = pairs;
	map->n = n;
	map_index(b->arena, map);
}

static void
merge_value(struct yml_builder *b, struct yml_node *map, const struct yml_node *value)
{
	bool ok = value->kind == YML_MAP;

	if (ok)
		merge_map(b, map, value);
	if (value->kind == YML_LIST) {
		ok = true;
		for (uint32_t i = 0; i < value->n && ok; i++) {
			ok = value->items[i]->kind == YML_MAP;
			if (ok)
				merge_map(b, map, value->items[i]);
		}
	}
	if (!ok)
		fail(b, &value->pos,
		     "found something else after <<, expected an alias of a map, or a list of such");
}

static void
duplicate(struct yml_builder *b, const struct yml_node *first, const struct yml_node *again)
{
	struct str path = {0};

	path_add(b, &path);
	str_addf(&path, "%s%s", path.len == 0 ? "" : ".", again->text);
	conf_errors_add(b->errs, &again->pos, b->file_no, str_get(&path),
			"found this key a second time, expected it once (first at line %u)", first->pos.line);
	str_free(&path);
}

/* Moves the children of a finished map into pairs: merge keys apart, duplicates refused. */
static void
map_finish(struct yml_builder *b, struct yml_node *map, struct yml_node *const *children, uint32_t n)
{
	uint32_t merges = 0;

	map->pairs = conf_arena_array(b->arena, n / 2, sizeof(*map->pairs));
	index_room(b->arena, map, n / 2);
	for (uint32_t i = 0; i < n; i += 2) {
		struct yml_node *key = children[i];
		if (is_merge_key(key)) {
			merges++;
			continue;
		}
		int32_t first = yml_map_find(map, key->text);
		if (first >= 0) {
			duplicate(b, map->pairs[first].key, key);
			continue;
		}
		map->pairs[map->n++] = (struct yml_pair){key, children[i + 1]};
		index_put(map, map->n - 1);
	}
	for (uint32_t i = 0; i < n && merges > 0 && !b->failed; i += 2)
		if (is_merge_key(children[i]))
			merge_value(b, map, children[i + 1]);
}

void
yml_build_close(struct yml_builder *b)
{
	struct frame *f = &b->frames[--b->depth];
	uint32_t n = b->nvalues - f->base;

	/* An empty collection may come before anything was put on the stack. */
	struct yml_node **children = b->values == NULL ? NULL : b->values + f->base;
	ASSERT(n == 0 || children != NULL);
	b->nvalues = f->base;
	if (f->node->kind == YML_MAP) {
		map_finish(b, f->node, children, n);
	} else {
		f->node->items = conf_arena_array(b->arena, n, sizeof(struct yml_node *));
		if (n != 0)
			memcpy(f->node->items, children, n * sizeof(struct yml_node *));
		f->node->n = n;
	}
	if (!b->failed)
		anchor_set(b, f->anchor, f->node);
	if (!b->failed)
		value_add(b, f->node);
}

/* ---- libyaml's events ---- */

static struct yml_at
at_of(const yaml_event_t *e)
{
	return (struct yml_at){(uint32_t)e->start_mark.line + 1, (uint32_t)e->start_mark.column + 1};
}

static const char *
anchor_of(struct yml_builder *b, const yaml_char_t *name)
{
	return name == NULL ? NULL : conf_arena_str(b->arena, (const char *)name);
}

static void
scalar_event(struct yml_builder *b, const yaml_event_t *e)
{
	const char *text = (const char *)e->data.scalar.value;
	size_t len = e->data.scalar.length;

	if (memchr(text, '\0', len) != NULL) {
		fail(b, &node_new(b, YML_SCALAR, at_of(e))->pos, "found a NUL character, expected text");
		return;
	}
	yml_build_scalar(b, at_of(e), conf_arena_strn(b->arena, text, len), len,
			 e->data.scalar.style == YAML_PLAIN_SCALAR_STYLE, anchor_of(b, e->data.scalar.anchor));
}

static void
alias_event(struct yml_builder *b, const yaml_event_t *e)
{
	const char *name = (const char *)e->data.alias.anchor;

	for (uint32_t i = 0; i < b->nanchors; i++)
		if (strcmp(b->anchors[i].name, name) == 0) {
			value_add(b, b->anchors[i].node);
			return;
		}
	struct yml_node *at = node_new(b, YML_SCALAR, at_of(e));
	struct str text = {0};
	str_add(&text, "found alias ");
	conf_errors_quote(&text, name, strlen(name));
	str_add(&text, ", expected the name of an anchor above it");
	fail(b, &at->pos, str_get(&text));
	str_free(&text);
}

static void
event_handle(struct yml_builder *b, const yaml_event_t *e)
{
	switch (e->type) {
	case YAML_SCALAR_EVENT:
		scalar_event(b, e);
		break;
	case YAML_ALIAS_EVENT:
		alias_event(b, e);
		break;
	case YAML_SEQUENCE_START_EVENT:
		yml_build_open(b, YML_LIST, at_of(e), anchor_of(b, e->data.sequence_start.anchor));
		break;
	case YAML_MAPPING_START_EVENT:
		yml_build_open(b, YML_MAP, at_of(e), anchor_of(b, e->data.mapping_start.anchor));
		break;
	case YAML_SEQUENCE_END_EVENT:
	case YAML_MAPPING_END_EVENT:
		yml_build_close(b);
		break;
	case YAML_DOCUMENT_START_EVENT:
		if (b->documents++ == 1) {
			struct yml_node *at = node_new(b, YML_SCALAR, at_of(e));
			fail(b, &at->pos, "found a second document, expected one in a file");
		}
		break;
	default:
		break;
	}
}

/* Errors of the reader (bad UTF-8, control characters) come without a mark, but with the octet's number. */
static struct conf_pos
reader_pos(const struct yml_builder *b, size_t offset)
{
	struct conf_pos pos = {b->file, 1, 1};

	for (size_t i = 0; i < offset && i < b->len; i++) {
		if (b->text[i] == '\n') {
			pos.line++;
			pos.column = 1;
		} else if (((unsigned char)b->text[i] & 0xc0) != 0x80) { /* columns are characters */
			pos.column++;
		}
	}
	return pos;
}

static void
syntax_error(struct yml_builder *b, const yaml_parser_t *p)
{
	const yaml_mark_t *m = &p->problem_mark;
	struct conf_pos pos = {b->file, (uint32_t)m->line + 1, (uint32_t)m->column + 1};

	if (p->error == YAML_READER_ERROR)
		pos = reader_pos(b, p->problem_offset);
	conf_errors_add(b->errs, &pos, b->file_no, "file",
			"found bad YAML (%s%s%s), expected a map of settings",
			p->problem == NULL ? "unknown problem" : p->problem, p->context == NULL ? "" : " ",
			p->context == NULL ? "" : p->context);
	b->failed = true;
}

static void
events_run(struct yml_builder *b, yaml_parser_t *p)
{
	bool more = true;

	while (more && !b->failed) {
		yaml_event_t e;
		if (!yaml_parser_parse(p, &e)) {
			/* No fault of the file, which is not to be blamed for it. */
			if (p->error == YAML_MEMORY_ERROR)
				mem_exhausted(0);
			syntax_error(b, p);
			return;
		}
		more = e.type != YAML_STREAM_END_EVENT;
		event_handle(b, &e);
		yaml_event_delete(&e);
	}
}

static void
builder_free(struct yml_builder *b)
{
	free(b->values);
	free(b->anchors);
	free(b);
}

static struct yml_builder *
builder_new(struct conf_arena *arena, const char *file, uint32_t file_no, struct conf_errors *errs)
{
	struct yml_builder *b = xcalloc(1, sizeof(*b));

	b->arena = arena;
	b->errs = errs;
	b->file = file;
	b->file_no = file_no;
	return b;
}

bool
yml_parse_plain(struct conf_arena *arena, const char *file, uint32_t file_no, const char *text, size_t len,
		struct yml_node **root)
{
	struct conf_errors errs = {0};
	struct yml_builder *b = builder_new(arena, file, file_no, &errs);
	bool good = yml_plain(b, conf_arena_strn(arena, text, len), len) && errs.n == 0;

	*root = good ? b->root : NULL;
	builder_free(b);
	conf_errors_free(&errs);
	return good;
}

int
yml_parse(struct conf_arena *arena, const char *file, uint32_t file_no, const char *text, size_t len,
	  struct conf_errors *errs, struct yml_node **root)
{
	static const unsigned char utf8_bom[] = {0xef, 0xbb, 0xbf};
	yaml_parser_t parser;
	int rc = -EINVAL;

	/* A byte order mark is for libyaml's encoding guess only: elsewhere it shifts the first line's column. */
	if (len >= sizeof(utf8_bom) && memcmp(text, utf8_bom, sizeof(utf8_bom)) == 0) {
		text += sizeof(utf8_bom);
		len -= sizeof(utf8_bom);
	}
	if (yml_parse_plain(arena, file, file_no, text, len, root))
		return 0;
	struct yml_builder *b = builder_new(arena, file, file_no, errs);
	b->text = text;
	b->len = len;
	if (!yaml_parser_initialize(&parser))
		mem_exhausted(0);
	yaml_parser_set_encoding(&parser, YAML_UTF8_ENCODING);
	yaml_parser_set_input_string(&parser, (const unsigned char *)text, len);
	events_run(b, &parser);
	yaml_parser_delete(&parser);
	if (!b->failed && b->root == NULL) {
		b->root = node_new(b, YML_MAP, (struct yml_at){1, 1});
		b->root->pairs = conf_arena_array(arena, 0, sizeof(*b->root->pairs));
	}
	if (!b->failed) {
		*root = b->root;
		rc = 0;
	}
	builder_free(b);
	return rc;
}
