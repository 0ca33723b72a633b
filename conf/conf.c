/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf: from a tree of nodes to the structs, by the schema.
 *
 * One walk over the tables does it all: known keys go to their types, missing
 * ones get their defaults (through the same parsers), unknown ones are reported
 * with the nearest known name. Nothing stops at the first error. A failed value
 * stays zero; since a configuration with errors is never handed out, only the
 * checks that run afterwards have to bear that in mind.
 */
#include "conf/conf.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/arena.h"
#include "conf/error.h"
#include "conf/load.h"
#include "conf/schema.h"
#include "lib/mem.h"

/* Bit of yml_node.told for the node itself; lower ones are for rows missing in it. */
#define TOLD_SELF  (UINT64_C(1) << 63)

#define DISTANCE_MAX 3u

static bool value_load(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst);

/* ---- errors ---- */

static void
path_add(const struct load_path *p, struct str *out)
{
	if (p == NULL)
		return;
	path_add(p->up, out);
	if (p->key == NULL)
		str_addf(out, "[%u]", p->index);
	else
		str_addf(out, "%s%s", out->len == 0 ? "" : ".", p->key);
}

__attribute__((format(printf, 4, 0))) static void
fail_v(struct conf_loader *ld, const struct yml_node *n, const char *found, const char *fmt, va_list ap)
{
	struct str path = {0}, text = {0};

	path_add(ld->path, &path);
	if (found != NULL)
		str_addf(&text, "found %s, expected ", found);
	str_vaddf(&text, fmt, ap);
	conf_errors_add(ld->errs, &n->pos, n->file_no, path.len == 0 ? "file" : str_get(&path), "%s",
			str_get(&text));
	str_free(&path);
	str_free(&text);
}

static bool
told(struct yml_node *n, uint64_t bit)
{
	bool was = (n->told & bit) != 0;

	n->told |= bit;
	return was;
}

void
load_fail(struct conf_loader *ld, struct yml_node *n, const char *fmt, ...)
{
	va_list ap;

	if (told(n, TOLD_SELF))
		return;
	va_start(ap, fmt);
	fail_v(ld, n, NULL, fmt, ap);
	va_end(ap);
}

void
load_expect(struct conf_loader *ld, struct yml_node *n, const char *fmt, ...)
{
	struct str found = {0};
	va_list ap;

	if (told(n, TOLD_SELF))
		return;
	if (n->kind != YML_SCALAR)
		str_add(&found, n->kind == YML_MAP ? "a map" : "a list");
	else if (yml_is_null(n))
		str_add(&found, "nothing");
	else
		conf_errors_quote(&found, n->text, n->n);
	va_start(ap, fmt);
	fail_v(ld, n, str_get(&found), fmt, ap);
	va_end(ap);
	str_free(&found);
}

void
load_fail_key(struct conf_loader *ld, struct yml_node *n, const char *key, const char *fmt, ...)
{
	struct load_path here = {.up = ld->path, .key = key};
	va_list ap;

	ld->path = &here;
	va_start(ap, fmt);
	fail_v(ld, n, NULL, fmt, ap);
	va_end(ap);
	ld->path = here.up;
}

void
load_fail_at(struct conf_loader *ld, const struct yml_node *n, const char *path, const char *fmt, ...)
{
	struct load_path here = {.key = path};
	const struct load_path *saved = ld->path;
	va_list ap;

	ld->path = &here;
	va_start(ap, fmt);
	fail_v(ld, n, NULL, fmt, ap);
	va_end(ap);
	ld->path = saved;
}

bool
load_wrong(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n)
{
	struct str text = {0};

	conf_row_expect(row, &text);
	load_expect(ld, n, "%s", str_get(&text));
	str_free(&text);
	return false;
}

const char *
load_scalar(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n)
{
	if (n->kind == YML_SCALAR && !yml_is_null(n))
		return n->text;
	load_wrong(ld, row, n);
	return NULL;
}

/* ---- likely names ---- */

unsigned
load_distance(const char *a, const char *b)
{
	size_t la = strlen(a), lb = strlen(b);
	unsigned prev[64], row[64];

	if (la >= ARRAY_LEN(row) || lb >= ARRAY_LEN(row) || (la > lb ? la - lb : lb - la) >= DISTANCE_MAX)
		return DISTANCE_MAX;
	for (unsigned j = 0; j <= lb; j++)
		prev[j] = j;
	for (unsigned i = 1; i <= la; i++) {
		row[0] = i;
		for (unsigned j = 1; j <= lb; j++) {
			unsigned change = prev[j - 1] + (a[i - 1] != b[j - 1]);
			unsigned least = prev[j] < row[j - 1] ? prev[j] + 1 : row[j - 1] + 1;
			row[j] = change < least ? change : least;
		}
		memcpy(prev, row, sizeof(prev));
	}
	return prev[lb] < DISTANCE_MAX ? prev[lb] : DISTANCE_MAX;
}

const char *
load_nearest(const struct yml_node *map, const char *text)
{
	unsigned best = DISTANCE_MAX;
	const char *found = NULL;

	/* Among thousands of names something is always near, and looking takes its time. */
	for (uint32_t i = 0; map != NULL && map->n <= 1000 && i < map->n; i++) {
		unsigned d = load_distance(map->pairs[i].key->text, text);
		if (d < best) {
			best = d;
			found = map->pairs[i].key->text;
		}
	}
	return found;
}

static void
unknown_key(struct conf_loader *ld, const struct conf_table *t, struct yml_node *key)
{
	unsigned best = DISTANCE_MAX;
	const char *near = NULL;
	struct str known = {0};

	if (told(key, TOLD_SELF))
		return;
	for (const struct conf_elsewhere *e = t->elsewhere; e != NULL && e->key != NULL; e++) {
		if (strcmp(e->key, key->text) != 0)
			continue;
		load_fail_key(ld, key, key->text, "found a key that neighbors do not have, expected %s", e->expected);
		return;
	}
	for (uint32_t i = 0; i < t->n; i++) {
		unsigned d = load_distance(t->rows[i].key, key->text);
		if (d < best) {
			best = d;
			near = t->rows[i].key;
		}
		str_addf(&known, "%s%s", i == 0 ? "" : ", ", t->rows[i].key);
	}
	if (near != NULL)
		load_fail_key(ld, key, key->text, "found an unknown key, expected \"%s\"", near);
	else
		load_fail_key(ld, key, key->text, "found an unknown key, expected one of %s",
			      str_get(&known));
	str_free(&known);
}

/* ---- the walk ---- */

static void
missing(struct conf_loader *ld, const struct conf_row *row, uint32_t i, struct yml_node *map)
{
	struct str text = {0};

	/* A map of a group is shared by all its neighbours; once is enough. */
	if (!told(map, UINT64_C(1) << i)) {
		conf_row_expect(row, &text);
		load_fail_key(ld, map, row->key, "found nothing, expected %s", str_get(&text));
	}
	str_free(&text);
}

static bool map_load(struct conf_loader *ld, const struct conf_table *t, struct yml_node *n, void *obj);

/* Nodes of defaults stand in no file and are needed no longer than this: thousands of neighbours have a dozen each. */
static bool
default_load(struct conf_loader *ld, const struct conf_row *row, void *dst)
{
	struct yml_node n = {.kind = YML_SCALAR, .plain = true, .pos.file = "", .weight = 1};

	if (row->def != NULL) {
		n.text = row->def;
		n.n = (uint32_t)strlen(row->def);
		/* Of a list, the one element. */
		bool ok = value_load(ld, row, &n, dst);
		ASSERT(ok);
		return true;
	}
	n.kind = YML_MAP;
	return (row->flags & CONF_ROW_ALWAYS) != 0 && map_load(ld, row->table, &n, dst);
}

/* value: what n says for the row, or NULL. */
static void
row_load(struct conf_loader *ld, const struct conf_table *t, uint32_t i, struct yml_node *n, struct yml_node *value, char *obj)
{
	const struct conf_row *row = &t->rows[i];
	bool ok = false;

	if (value != NULL && ld->in_group && (row->flags & CONF_ROW_NEIGHBOR) != 0) {
		load_fail_key(ld, value, row->key, "found it in a group, expected it in a neighbor only");
	} else if ((row->flags & CONF_ROW_TREE) != 0) {
		return;
	} else if (value != NULL) {
		struct load_path here = {.up = ld->path, .key = row->key};
		ld->path = &here;
		ok = value_load(ld, row, value, obj + row->offset);
		ld->path = here.up;
	} else if (ld->in_group) {
		return;
	} else if ((row->flags & CONF_ROW_REQUIRED) != 0) {
		missing(ld, row, i, n);
	} else {
		ok = default_load(ld, row, obj + row->offset);
	}
	if (ok)
		*(uint64_t *)(void *)obj |= UINT64_C(1) << i;
}

/* The number of the row of this key, or that of rows if there is none. */
static uint32_t
row_of(const struct conf_table *t, const char *key)
{
	uint32_t i = 0;

	while (i < t->n && (t->rows[i].key[0] != key[0] || strcmp(t->rows[i].key, key) != 0))
		i++;
	return i;
}

/* A map has fewer keys than there are rows, so each key is looked for among the rows and not the other way round. */
static void
rows_load(struct conf_loader *ld, const struct conf_table *t, struct yml_node *n, void *obj)
{
	struct yml_node *values[64] = {0}; /* as many as bits in "has" */
	bool unknown = false;

	ASSERT(t->n <= ARRAY_LEN(values));
	for (uint32_t i = 0; i < n->n; i++) {
		uint32_t row = row_of(t, n->pairs[i].key->text);
		if (row < t->n)
			values[row] = n->pairs[i].value;
		unknown |= row == t->n;
	}
	for (uint32_t i = 0; i < t->n; i++)
		row_load(ld, t, i, n, values[i], obj);
	for (uint32_t i = 0; unknown && i < n->n; i++)
		if (row_of(t, n->pairs[i].key->text) == t->n)
			unknown_key(ld, t, n->pairs[i].key);
}

/* False if there is no map; errors inside do not count, they are reported where they are. */
static bool
map_load(struct conf_loader *ld, const struct conf_table *t, struct yml_node *n, void *obj)
{
	if (n->kind == YML_SCALAR && yml_is_null(n))
		n = yml_map_new(ld->tmp, n, NULL, 0);
	if (n->kind != YML_MAP) {
		load_expect(ld, n, "a map");
		return false;
	}
	if (t->prepare != NULL)
		n = t->prepare(ld, n);
	if (t->pos_offset != 0) {
		struct conf_pos *pos = (struct conf_pos *)(void *)((char *)obj + t->pos_offset);
		*pos = n->pos;
		/* Many elements stand in one file: keep its name once if the last one was the same. */
		if (ld->last_file == NULL || strcmp(ld->last_file, n->pos.file) != 0)
			ld->last_file = conf_arena_str(ld->arena, n->pos.file);
		pos->file = ld->last_file;
	}
	rows_load(ld, t, n, obj);
	if (t->finish != NULL)
		t->finish(ld, n, obj);
	return true;
}

static bool
list_load(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	bool one = n->kind == YML_SCALAR && !yml_is_null(n) &&
		   (row->def != NULL || (row->flags & CONF_ROW_ONE_OR_LIST) != 0);
	size_t size = conf_row_elem_size(row);
	struct conf_vec vec = {0};
	bool ok = true;

	if (n->kind != YML_LIST && !one && !(n->kind == YML_SCALAR && yml_is_null(n)))
		return load_wrong(ld, row, n);
	vec.n = one ? 1 : n->kind == YML_LIST ? n->n : 0;
	if (vec.n < row->min) {
		load_fail(ld, n, "found an empty list, expected at least one element");
		return false;
	}
	vec.v = conf_arena_array(ld->arena, vec.n, size);
	for (uint32_t i = 0; i < vec.n; i++) {
		struct load_path here = {.up = ld->path, .index = i};
		if (!one)
			ld->path = &here;
		ok &= value_load(ld, row->elem, one ? n : n->items[i], (char *)vec.v + i * size);
		ld->path = here.up;
	}
	conf_vec_put(dst, &vec);
	return ok;
}

static bool
named_load(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	struct conf_vec vec = {0};
	bool ok = true;

	if (n->kind == YML_SCALAR && yml_is_null(n))
		n = yml_map_new(ld->tmp, n, NULL, 0);
	if (n->kind != YML_MAP)
		return load_wrong(ld, row, n);
	vec.n = n->n;
	vec.v = conf_arena_array(ld->arena, vec.n, row->elem_size);
	for (uint32_t i = 0; i < vec.n; i++) {
		struct yml_node *key = n->pairs[i].key;
		struct conf_named *named = (struct conf_named *)(void *)((char *)vec.v + i * row->elem_size);
		struct load_path here = {.up = ld->path, .key = key->text};
		ld->path = &here;
		if (!load_name_ok(key->text))
			load_expect(ld, key, "a name of 1..255 octets without blanks");
		named->name = conf_arena_str(ld->arena, key->text);
		named->pos = key->pos;
		named->pos.file = conf_arena_str(ld->arena, key->pos.file);
		ok &= value_load(ld, row->elem, n->pairs[i].value, (char *)named + row->elem->offset);
		ld->path = here.up;
	}
	conf_vec_put(dst, &vec);
	return ok;
}

static bool
value_load(struct conf_loader *ld, const struct conf_row *row, struct yml_node *n, void *dst)
{
	switch (row->type->shape) {
	case CONF_SHAPE_SCALAR:
		return row->type->parse(ld, row, n, dst);
	case CONF_SHAPE_MAP:
		return map_load(ld, row->table, n, dst);
	case CONF_SHAPE_MAP_PTR: {
		void *obj = conf_arena_alloc(ld->arena, row->table->size);
		*(void **)dst = obj;
		return map_load(ld, row->table, n, obj);
	}
	case CONF_SHAPE_LIST:
		return list_load(ld, row, n, dst);
	case CONF_SHAPE_NAMED:
		return named_load(ld, row, n, dst);
	}
	assert_failed("shape of a type", __FILE__, __LINE__, __func__);
}

/* ---- the whole ---- */

static struct yml_node *
section_map(const struct yml_node *root, enum conf_section sec)
{
	struct yml_node *n = yml_map_get(root, conf_schema.rows[sec].key);

	return n != NULL && n->kind == YML_MAP ? n : NULL;
}

/* Each group is looked at once for itself, so that a mistake in it is told with its own path. */
static void
groups_check(struct conf_loader *ld, const struct yml_node *root)
{
	struct yml_node *groups = yml_map_get(root, conf_schema.rows[CONF_SEC_GROUPS].key);
	struct load_path top = {.key = conf_schema.rows[CONF_SEC_GROUPS].key};

	if (groups == NULL || yml_is_null(groups))
		return;
	ld->path = &top;
	if (groups->kind != YML_MAP)
		load_wrong(ld, &conf_schema.rows[CONF_SEC_GROUPS], groups);
	ld->in_group = true;
	for (uint32_t i = 0; groups->kind == YML_MAP && i < groups->n; i++) {
		struct load_path here = {.up = &top, .key = groups->pairs[i].key->text};
		struct conf_neighbor *scratch = conf_arena_alloc(ld->arena, sizeof(*scratch));
		ld->path = &here;
		map_load(ld, &conf_schema_neighbor, groups->pairs[i].value, scratch);
	}
	ld->in_group = false;
	ld->path = NULL;
}

/* What was read stays known, for who asks whether that could be done again. */
static void
files_keep(struct conf_loader *ld)
{
	struct conf_file **end = &ld->conf->files;

	for (const struct conf_file *f = ld->read; f != NULL; f = f->next) {
		*end = conf_arena_alloc(ld->arena, sizeof(**end));
		(*end)->path = conf_arena_str(ld->arena, f->path);
		end = &(*end)->next;
	}
}

static int
tree_convert(struct conf_loader *ld, struct yml_node *root, struct conf **out)
{
	int rc = -EINVAL;

	if (root != NULL && root->kind != YML_MAP)
		load_expect(ld, root, "a map of settings");
	if (root != NULL && root->kind == YML_MAP) {
		ld->policies = section_map(root, CONF_SEC_POLICIES);
		ld->prefix_sets = section_map(root, CONF_SEC_PREFIX_SETS);
		ld->as_path_sets = section_map(root, CONF_SEC_AS_PATH_SETS);
		ld->community_sets = section_map(root, CONF_SEC_COMMUNITY_SETS);
		ld->groups = section_map(root, CONF_SEC_GROUPS);
		ld->arena = conf_arena_new();
		ld->conf = conf_arena_alloc(ld->arena, sizeof(*ld->conf));
		ld->conf->arena = ld->arena;
		groups_check(ld, root);
		map_load(ld, &conf_schema, root, ld->conf);
		files_keep(ld);
	}
	conf_errors_sort(ld->errs);
	if (ld->errs->n == 0) {
		*out = ld->conf;
		rc = 0;
	} else {
		conf_free(ld->conf);
		*out = NULL;
	}
	return rc;
}

int
conf_load(const char *path, struct conf **out, struct conf_errors *errs)
{
	struct conf_loader ld = {.tmp = conf_arena_new(), .errs = errs};
	int rc = tree_convert(&ld, tree_load_file(&ld, path), out);

	conf_arena_free(ld.tmp);
	return rc;
}

int
conf_load_text(const char *name, const char *text, size_t len, unsigned flags, struct conf **out,
	       struct conf_errors *errs)
{
	struct conf_loader ld = {.tmp = conf_arena_new(), .errs = errs, .flags = flags};
	int rc = tree_convert(&ld, tree_load_text(&ld, name, text, len), out);

	conf_arena_free(ld.tmp);
	return rc;
}

int
load_by_table(const char *path, const struct conf_table *t, struct conf_arena **arena, void **obj, struct conf_errors *errs)
{
	struct conf_loader ld = {.tmp = conf_arena_new(), .errs = errs, .flags = CONF_NO_FILES};
	struct yml_node *root;

	ld.arena = *arena = conf_arena_new();
	*obj = conf_arena_alloc(ld.arena, t->size);
	root = tree_load_file(&ld, path);
	if (root != NULL)
		map_load(&ld, t, root, *obj);
	conf_errors_sort(errs);
	conf_arena_free(ld.tmp);
	if (errs->n == 0)
		return 0;
	conf_arena_free(*arena);
	*arena = NULL;
	*obj = NULL;
	return -EINVAL;
}

void
conf_free(struct conf *c)
{
	if (c != NULL)
		conf_arena_free(c->arena);
}

static int
name_key_cmp(const void *key, const void *elem)
{
	return strcmp(key, (*(const struct conf_neighbor *const *)elem)->name);
}

const struct conf_neighbor *
conf_neighbor_by_name(const struct conf *c, const char *name)
{
	const struct conf_neighbor **at = bsearch(name, c->neighbors_by_name.v, c->neighbors_by_name.n,
						  sizeof(*c->neighbors_by_name.v), name_key_cmp);

	return at != NULL ? *at : NULL;
}

static int
prefix_key_cmp(const void *key, const void *elem)
{
	return ip_prefix_cmp(key, &(*(const struct conf_static *const *)elem)->prefix);
}

const struct conf_static *
conf_static_by_prefix(const struct conf *c, const struct ip_prefix *p)
{
	const struct conf_static **at = bsearch(p, c->statics_by_prefix.v, c->statics_by_prefix.n,
						sizeof(*c->statics_by_prefix.v), prefix_key_cmp);

	return at != NULL ? *at : NULL;
}
