/* SPDX-License-Identifier: Apache-2.0 */
/*
 * print: a configuration as canonical YAML, by the schema.
 *
 * Every key that has a value is printed, defaults too, in the order of the
 * tables: what is in force can be read off, and reading the text again gives an
 * equal configuration. Also values in one line, for differences, and comparing,
 * which is the same walk over two.
 */
#include <string.h>

#include "conf/arena.h"
#include "conf/conf.h"
#include "conf/schema.h"
#include "lib/mem.h"

struct printer {
	struct str *out;
	bool secrets;
};

const struct conf_type conf_type_map = {.shape = CONF_SHAPE_MAP, .arg = "map"};
const struct conf_type conf_type_map_ptr = {
    .shape = CONF_SHAPE_MAP_PTR, .arg = "map", .size = sizeof(void *)};
const struct conf_type conf_type_list = {
    .shape = CONF_SHAPE_LIST, .arg = "list", .size = sizeof(struct conf_vec)};
const struct conf_type conf_type_named = {
    .shape = CONF_SHAPE_NAMED, .arg = "map of names", .size = sizeof(struct conf_vec)};

/* ---- lists without their type ---- */

struct conf_vec
conf_vec_get(const void *list)
{
	struct conf_vec vec;

	memcpy(&vec, list, sizeof(vec));
	return vec;
}

void
conf_vec_put(void *list, const struct conf_vec *vec)
{
	memcpy(list, vec, sizeof(*vec));
}

size_t
conf_row_elem_size(const struct conf_row *row)
{
	if (row->type->shape == CONF_SHAPE_NAMED)
		return row->elem_size;
	return row->elem->type->shape == CONF_SHAPE_MAP ? row->elem->table->size : row->elem->type->size;
}

static const void *
vec_at(const struct conf_vec *vec, const struct conf_row *row, uint32_t i)
{
	return (const char *)vec->v + i * conf_row_elem_size(row);
}

static bool
obj_has(const void *obj, uint32_t key)
{
	return (*(const uint64_t *)obj >> key & 1) != 0;
}

void
conf_row_expect(const struct conf_row *row, struct str *out)
{
	switch (row->type->shape) {
	case CONF_SHAPE_SCALAR:
		row->type->expect(row, out);
		break;
	case CONF_SHAPE_MAP:
	case CONF_SHAPE_MAP_PTR:
		str_add(out, "a map");
		break;
	case CONF_SHAPE_LIST:
		if ((row->flags & CONF_ROW_ONE_OR_LIST) != 0) {
			conf_row_expect(row->elem, out);
			str_add(out, ", or a list of such");
		} else {
			str_add(out, "a list");
		}
		break;
	case CONF_SHAPE_NAMED:
		str_add(out, "a map of names");
		break;
	}
}

/* ---- one line ---- */

static void
flow_map(const struct conf_table *t, const void *obj, bool secrets, struct str *out)
{
	const char *sep = "";

	str_add(out, "{");
	for (uint32_t i = 0; i < t->n; i++) {
		if (!obj_has(obj, i))
			continue;
		str_addf(out, "%s%s: ", sep, t->rows[i].key);
		conf_value_print(&t->rows[i], (const char *)obj + t->rows[i].offset, secrets, out);
		sep = ", ";
	}
	str_add(out, "}");
}

static void
flow_list(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	struct conf_vec vec = conf_vec_get(src);
	bool named = row->type->shape == CONF_SHAPE_NAMED;

	str_add(out, named ? "{" : "[");
	for (uint32_t i = 0; i < vec.n; i++) {
		const char *elem = vec_at(&vec, row, i);
		str_add(out, i == 0 ? "" : ", ");
		if (named) {
			conf_text_print(((const struct conf_named *)(const void *)elem)->name, out);
			str_add(out, ": ");
		}
		conf_value_print(row->elem, elem + row->elem->offset, secrets, out);
	}
	str_add(out, named ? "}" : "]");
}

void
conf_value_print(const struct conf_row *row, const void *src, bool secrets, struct str *out)
{
	switch (row->type->shape) {
	case CONF_SHAPE_SCALAR:
		row->type->print(row, src, secrets, out);
		break;
	case CONF_SHAPE_MAP:
		flow_map(row->table, src, secrets, out);
		break;
	case CONF_SHAPE_MAP_PTR:
		flow_map(row->table, *(const void *const *)src, secrets, out);
		break;
	case CONF_SHAPE_LIST:
	case CONF_SHAPE_NAMED:
		flow_list(row, src, secrets, out);
		break;
	}
}

/* ---- lines ---- */

static void print_value(struct printer *p, const struct conf_row *row, const void *src, unsigned indent);

static void
print_indent(struct printer *p, unsigned indent)
{
	str_addf(p->out, "%*s", (int)indent, "");
}

/* The rows of a map; the first line begins where the output stands. */
static void
print_rows(struct printer *p, const struct conf_table *t, const void *obj, unsigned indent)
{
	bool first = true;

	for (uint32_t i = 0; i < t->n; i++) {
		if (!obj_has(obj, i))
			continue;
		if (!first)
			print_indent(p, indent);
		first = false;
		str_addf(p->out, "%s:", t->rows[i].key);
		print_value(p, &t->rows[i], (const char *)obj + t->rows[i].offset, indent + 2);
	}
}

/* Elements a line each; src is not empty. */
static void
print_lines(struct printer *p, const struct conf_row *row, const struct conf_vec *vec, unsigned indent)
{
	str_add(p->out, "\n");
	for (uint32_t i = 0; i < vec->n; i++) {
		const void *elem = vec_at(vec, row, i);
		print_indent(p, indent);
		str_add(p->out, "- ");
		if (row->elem->type->shape == CONF_SHAPE_MAP && row->elem->table->block) {
			print_rows(p, row->elem->table, elem, indent + 2);
		} else {
			conf_value_print(row->elem, elem, p->secrets, p->out);
			str_add(p->out, "\n");
		}
	}
}

static void
print_named(struct printer *p, const struct conf_row *row, const struct conf_vec *vec, unsigned indent)
{
	str_add(p->out, "\n");
	for (uint32_t i = 0; i < vec->n; i++) {
		const char *elem = vec_at(vec, row, i);
		print_indent(p, indent);
		conf_text_print(((const struct conf_named *)(const void *)elem)->name, p->out);
		str_add(p->out, ":");
		print_value(p, row->elem, elem + row->elem->offset, indent + 2);
	}
}

/* What follows the colon of a key, to the end of its last line. */
static void
print_value(struct printer *p, const struct conf_row *row, const void *src, unsigned indent)
{
	struct conf_vec vec = {0};

	if (row->type->shape == CONF_SHAPE_LIST || row->type->shape == CONF_SHAPE_NAMED)
		vec = conf_vec_get(src);
	if (row->type->shape == CONF_SHAPE_MAP && row->table->block && *(const uint64_t *)src != 0) {
		str_add(p->out, "\n");
		print_indent(p, indent);
		print_rows(p, row->table, src, indent);
	} else if (row->type->shape == CONF_SHAPE_NAMED && vec.n != 0) {
		print_named(p, row, &vec, indent);
	} else if ((row->flags & CONF_ROW_LINES) != 0 && vec.n != 0) {
		print_lines(p, row, &vec, indent);
	} else {
		str_add(p->out, " ");
		conf_value_print(row, src, p->secrets, p->out);
		str_add(p->out, "\n");
	}
}

void
conf_print(const struct conf *c, bool secrets, struct str *out)
{
	struct printer p = {.out = out, .secrets = secrets};

	print_rows(&p, &conf_schema, c, 0);
}

/* ---- comparing ---- */

static bool
map_equal(const struct conf_table *t, const void *a, const void *b)
{
	if (*(const uint64_t *)a != *(const uint64_t *)b)
		return false;
	for (uint32_t i = 0; i < t->n; i++) {
		size_t at = t->rows[i].offset;
		if (obj_has(a, i) &&
		    !conf_value_equal(&t->rows[i], (const char *)a + at, (const char *)b + at))
			return false;
	}
	return true;
}

static bool
list_equal(const struct conf_row *row, const void *a, const void *b)
{
	struct conf_vec x = conf_vec_get(a), y = conf_vec_get(b);
	size_t at = row->elem->offset;

	if (x.n != y.n)
		return false;
	for (uint32_t i = 0; i < x.n; i++) {
		const char *ex = vec_at(&x, row, i), *ey = vec_at(&y, row, i);
		if (row->type->shape == CONF_SHAPE_NAMED &&
		    strcmp(((const struct conf_named *)(const void *)ex)->name,
			   ((const struct conf_named *)(const void *)ey)->name) != 0)
			return false;
		if (!conf_value_equal(row->elem, ex + at, ey + at))
			return false;
	}
	return true;
}

static bool
text_equal(const struct conf_row *row, const void *a, const void *b)
{
	struct str x = {0}, y = {0};

	row->type->print(row, a, true, &x);
	row->type->print(row, b, true, &y);
	bool equal = strcmp(str_get(&x), str_get(&y)) == 0;
	str_free(&x);
	str_free(&y);
	return equal;
}

bool
conf_value_equal(const struct conf_row *row, const void *a, const void *b)
{
	switch (row->type->shape) {
	case CONF_SHAPE_SCALAR:
		return row->type->equal != NULL ? row->type->equal(a, b) : text_equal(row, a, b);
	case CONF_SHAPE_MAP:
		return map_equal(row->table, a, b);
	case CONF_SHAPE_MAP_PTR:
		return map_equal(row->table, *(const void *const *)a, *(const void *const *)b);
	case CONF_SHAPE_LIST:
	case CONF_SHAPE_NAMED:
		return list_equal(row, a, b);
	}
	assert_failed("shape of a type", __FILE__, __LINE__, __func__);
}
