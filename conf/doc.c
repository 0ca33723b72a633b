/* SPDX-License-Identifier: Apache-2.0 */
/*
 * doc: the schema as mdoc, for the list of keys in bgpd.yaml(5).
 *
 * The page in the tree holds this text between two marks; a test compares them,
 * so that a key cannot be added without being documented.
 */
#include <ctype.h>
#include <string.h>

#include "conf/conf.h"
#include "conf/schema.h"

#define WIDTH 78

/* True if a line should end at the blank p: behind a sentence, or before a word that has no room. */
static bool
line_ends(const char *text, const char *p, size_t column)
{
	bool sentence = p != text && strchr(".?!", p[-1]) != NULL && isupper((unsigned char)p[1]);

	return sentence || column + 1 + strcspn(p + 1, " ") > WIDTH;
}

/* Text as mdoc: a sentence or a part of one a line, no line that looks like a macro. */
static void
doc_text(const char *text, struct str *out)
{
	size_t column = 0;

	for (const char *p = text; *p != '\0'; p++) {
		if (column == 0 && (*p == '.' || *p == '\''))
			str_add(out, "\\&");
		column++;
		if (*p == '\\') {
			str_add(out, "\\e");
		} else if (*p == ' ' && line_ends(text, p, column - 1)) {
			str_add(out, "\n");
			column = 0;
		} else {
			str_addn(out, p, 1);
		}
	}
	str_add(out, "\n");
}

static void
doc_default(const struct conf_row *row, struct str *out)
{
	struct str text = {0};

	if (row->def_doc != NULL)
		str_addf(&text, "Default: %s.", row->def_doc);
	else if (row->def != NULL)
		str_addf(&text, row->type->shape == CONF_SHAPE_LIST ? "Default: [%s]." : "Default: %s.",
			 row->def);
	else if ((row->flags & CONF_ROW_REQUIRED) != 0)
		str_add(&text, "Required.");
	if (text.len != 0)
		doc_text(str_get(&text), out);
	str_free(&text);
}

const char *
conf_effect_doc(enum conf_effect e)
{
	static const char *const texts[] = {
	    [CONF_EFFECT_POLICY] = "A change evaluates routes anew.",
	    [CONF_EFFECT_REFRESH] = "A change asks for the neighbor's routes again.",
	    [CONF_EFFECT_SOFT] = "A change leaves the session alone: it counts for what comes next.",
	    [CONF_EFFECT_RESET] = "A change resets the session.",
	    [CONF_EFFECT_RESTART] = "A change needs a restart of bgpd; a reload says so and leaves it as it is.",
	};

	return e == CONF_EFFECT_NONE ? NULL : texts[e];
}

static void
doc_effect(enum conf_effect e, struct str *out)
{
	if (conf_effect_doc(e) != NULL)
		doc_text(conf_effect_doc(e), out);
}

/* What a value may be, where the word for its type does not say it. */
static void
doc_expect(const struct conf_row *row, struct str *out)
{
	struct str text = {0};

	if (row->type != &conf_type_number && row->type != &conf_type_size && row->type != &conf_type_word &&
	    row->type != &conf_type_words)
		return;
	str_add(&text, row->type == &conf_type_words ? "Any of " : "");
	row->type->expect(row, &text);
	str_add(&text, ".");
	if (text.len != 0)
		text.s[0] = (char)toupper((unsigned char)text.s[0]);
	doc_text(str_get(&text), out);
	str_free(&text);
}

static void
doc_arg(const struct conf_row *row, struct str *out)
{
	const struct conf_type *type = row->type;

	if (type->shape == CONF_SHAPE_LIST || type->shape == CONF_SHAPE_NAMED) {
		const struct conf_type *elem = row->elem->type;
		if (elem->shape == CONF_SHAPE_SCALAR)
			str_addf(out, "%s of %s", type->arg, elem->arg);
		else
			str_addf(out, "%s of %ss", type->arg, elem->arg);
	} else {
		str_add(out, type->arg);
	}
}

/* The table of the maps in a value, if it has any that are not described elsewhere. */
static const struct conf_table *
doc_inner(const struct conf_row *row)
{
	switch (row->type->shape) {
	case CONF_SHAPE_MAP:
		return row->table;
	case CONF_SHAPE_LIST:
	case CONF_SHAPE_NAMED:
		return (row->flags & CONF_ROW_TREE) != 0 ? NULL : doc_inner(row->elem);
	default:
		return NULL;
	}
}

static void
doc_rows(const struct conf_table *t, struct str *out)
{
	str_add(out, ".Bl -tag -width Ds\n");
	for (uint32_t i = 0; i < t->n; i++) {
		const struct conf_row *row = &t->rows[i];
		const struct conf_table *inner = doc_inner(row);
		str_addf(out, ".It Cm %s : Ar ", row->key);
		doc_arg(row, out);
		str_add(out, "\n");
		doc_text(row->doc, out);
		doc_expect(row, out);
		doc_default(row, out);
		if (inner != NULL)
			doc_rows(inner, out);
		else
			doc_effect(row->effect_of == NULL ? row->effect : CONF_EFFECT_NONE, out); /* else its text says it */
	}
	str_add(out, ".El\n");
}

void
conf_table_doc(const struct conf_table *t, struct str *out)
{
	for (uint32_t i = 0; i < t->n; i++) {
		const struct conf_row *row = &t->rows[i];
		const struct conf_table *inner = doc_inner(row);
		str_addf(out, ".Ss %s\n", row->key);
		doc_text(row->doc, out);
		doc_expect(row, out);
		doc_default(row, out);
		if (inner != NULL)
			doc_rows(inner, out);
	}
}

void
conf_schema_doc(struct str *out)
{
	conf_table_doc(&conf_schema, out);
}
