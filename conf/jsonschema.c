/* SPDX-License-Identifier: Apache-2.0 */
/*
 * jsonschema: the schema as JSON Schema, draft 7, for editors (yaml-language-server).
 *
 * It says what a person can see in one place of one file: keys, types, ranges, words, the form of texts.
 * Names that must exist and keys that only go together stay bgpd -n's matter. It never complains of what bgpd
 * takes, but for numbers and booleans in quotes: without those an editor can say what is wrong with a number
 * in words.
 *
 * Editors say more with fewer branches, so a list or its one element is not anyOf but one schema with the
 * constraints of both: each is about its own type of value. errorMessage is those editors', and has the words
 * of our own loader.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>

#include "conf/bgpconfd_conf.h"
#include "conf/community.h"
#include "conf/conf.h"
#include "conf/schema.h"
#include "lib/mem.h"

/* Regular expressions as ECMA 262 has them, with the flag u; no { but for repetitions. */
#define U16    "(6553[0-5]|655[0-2][0-9]|65[0-4][0-9]{2}|6[0-4][0-9]{3}|[1-5]?[0-9]{1,4})"
#define U32    "[0-9]{1,10}"
#define OCTET  "(25[0-5]|2[0-4][0-9]|1?[0-9]{1,2})"
#define V4     OCTET "([.]" OCTET "){3}"
#define V6     "[0-9a-fA-F]*:[0-9a-fA-F:.]*"
#define LEN4   "/(3[0-2]|[12]?[0-9])"
#define LEN6   "/(12[0-8]|1[01][0-9]|[1-9]?[0-9])"
#define PREFIX "(" V4 "(" LEN4 ")?|" V6 "(" LEN6 ")?)"
/* A link-local address has its interface, no other one has. RFC 5771: 224 and up are no hosts. */
#define HOST                                                                                                 \
	"((22[0-3]|2[01][0-9]|1?[0-9]{1,2})([.]" OCTET "){3}|(?![fF][eE][89abAB])" V6 "|[fF][eE][89abAB]" V6 \
	"%[^ ]{1,15})"
#define WORDS(N) "( +in| +ge +" N "( +le +" N ")?| +le +" N "( +ge +" N ")?)?"
#define ENTRY                                                                                                \
	"(" V4 "(" LEN4 ")?" WORDS("(3[0-2]|[12]?[0-9])") "|" V6 "(" LEN6                                    \
							  ")?" WORDS("(12[0-8]|1[01][0-9]|[1-9]?[0-9])") ")"
#define AS_TOKEN "([.]|\\\\[" U32 "-" U32 "\\\\]|" U32 "(?![0-9]))[*]?"
#define PART(N)  "([*]|\\[" N "-" N "\\]|" N ")"

#define TEXT(regex) "{\"type\": [\"string\"], \"pattern\": \"^(" regex ")$\"}"
/* What YAML takes for a number may be a text. */
#define ANY_TEXT "\"type\": [\"string\", \"number\"], \"minLength\": 1"
#define AS_TEXT                                                                                              \
	"\"type\": [\"integer\", \"number\", \"string\"], \"exclusiveMinimum\": 0, \"maximum\": "            \
	"4294967295, \"not\": {\"const\": "                                                                  \
	"23456}, \"pattern\": \"^" U16 "[.]" U16 "$\", \"examples\": [64512, 4200000000]"

/* Where the walk is, for a table that is inside itself. */
struct place {
	const struct place *up;
	const struct conf_table *table; /* NULL: none here */
	const char *key;                /* NULL: not below a key */
	const char *step;               /* how JSON Schema comes here from up, with %s for the key */
	bool in_group;                  /* nothing is required, and a neighbour's own keys are not there */
	bool merged;                    /* what is required may stand in the group */
};

static json_t *table_schema(const struct conf_table *t, const struct place *at);
static json_t *row_schema(const struct conf_row *row, const struct place *at);

static void
set(json_t *to, const char *key, json_t *value)
{
	int rc = json_object_set_new(to, key, value);

	ASSERT(rc == 0);
}

/* What is wrong is told as our loader tells it; where there are branches, by each of them. */
static void
expect_put(const struct conf_row *row, json_t *to)
{
	const json_t *branches = json_object_get(to, "anyOf");
	struct str text = {0};

	str_add(&text, "expected ");
	conf_row_expect(row, &text);
	if (branches == NULL)
		set(to, "errorMessage", json_string(str_get(&text)));
	for (size_t i = 0; i < json_array_size(branches); i++)
		set(json_array_get(branches, i), "errorMessage", json_string(str_get(&text)));
	str_free(&text);
}

/* ---- scalars ---- */

static json_t *
number_schema(const struct conf_row *row)
{
	bool zero = row->zero && row->min == 1; /* a range all the same */
	json_t *s = json_pack("{s:[s], s:I, s:I}", "type", "integer", "minimum",
			      (json_int_t)(zero ? 0 : row->min), "maximum", (json_int_t)row->max);

	return row->zero && !zero ? json_pack("{s:[{s:i}, o]}", "anyOf", "const", 0, s) : s;
}

static json_t *
size_schema(const struct conf_row *row)
{
	return json_pack("{s:[s, s], s:I, s:s}", "type", "integer", "string", "minimum", (json_int_t)row->min,
			 "pattern", "^[0-9]+[KMGT]?$");
}

static json_t *
words_enum(const struct conf_row *row)
{
	json_t *words = json_array();

	for (const struct conf_word *w = row->words; w->word != NULL; w++)
		json_array_append_new(words, json_string(w->word));
	return json_pack("{s:o}", "enum", words);
}

static json_t *
words_schema(const struct conf_row *row)
{
	json_t *word = words_enum(row);
	json_t *list = json_pack("{s:s, s:i, s:O}", "type", "array", "minItems", 1, "items", word);

	expect_put(row, word);
	json_decref(word);
	return json_pack("{s:[o, o]}", "anyOf", words_enum(row), list);
}

static json_t *
string_schema(const struct conf_row *row)
{
	json_t *s = json_loads("{" ANY_TEXT "}", 0, NULL);

	if (row->max != 0)
		set(s, "maxLength", json_integer(row->max));
	return s;
}

static json_t *
expr_schema(const struct conf_row *row)
{
	return json_pack("{s:[s, s], s:i, s:I, s:{s:o}, s:[s], s:b}", "type", "integer", "object", "minimum",
			 0, "maximum", (json_int_t)UINT32_MAX, "properties", "complement-of", words_enum(row),
			 "required", "complement-of", "additionalProperties", 0);
}

static json_t *
community_schema(const struct conf_row *row)
{
	bool pattern = row->type == &conf_type_community_pattern;
	const char *part16 = pattern ? PART(U16) : U16, *part32 = pattern ? PART(U32) : U32;
	struct str text = {0};

	str_add(&text, "^(");
	for (size_t i = 0; conf_community_word(i) != NULL; i++)
		str_addf(&text, "%s|", conf_community_word(i));
	str_addf(&text, "%s:%s|(", part16, part16);
	for (size_t i = 0; conf_community_kind(i) != NULL; i++)
		str_addf(&text, "%s%s", i == 0 ? "" : "|", conf_community_kind(i));
	str_addf(&text, "):(%s:%s|" V4 ":%s)|%s:%s:%s)$", part32, part32, part16, part32, part32, part32);
	json_t *s = json_pack("{s:[s], s:s}", "type", "string", "pattern", str_get(&text));
	str_free(&text);
	return s;
}

static json_t *
rt_protocol_schema(const struct conf_row *row)
{
	const struct conf_row names = {.words = conf_rt_protocol_words};

	(void)row;
	return json_pack("{s:[o, {s:s, s:i, s:i}]}", "anyOf", words_enum(&names), "type", "integer",
			 "minimum", 1, "maximum", 255);
}

/* What each type is: a text, or a function where its row has a part in it. */
static const struct {
	const struct conf_type *type;
	const char *json;
	json_t *(*make)(const struct conf_row *row);
} types[] = {
    {&conf_type_number, .make = number_schema},
    {&conf_type_size, .make = size_schema},
    {&conf_type_word, .make = words_enum},
    {&conf_type_words, .make = words_schema},
    {&conf_type_expr, .make = expr_schema},
    {&conf_type_string, .make = string_schema},
    {&conf_type_community, .make = community_schema},
    {&conf_type_community_pattern, .make = community_schema},
    {&conf_type_rt_protocol, .make = rt_protocol_schema},
    {&conf_type_bool, .json = "{\"type\": [\"boolean\"]}"},
    {&conf_type_as, .json = "{" AS_TEXT "}"},
    {&conf_type_name, .json = "{" ANY_TEXT ", \"maxLength\": 255, \"pattern\": \"^[^ ]+$\"}"},
    {&conf_type_mode,
     .json = "{\"type\": [\"string\", \"integer\"], \"minimum\": 0, \"maximum\": 777, \"pattern\": "
	     "\"^0?[0-7]{3}$\"}"},
    {&conf_type_addr, .json = TEXT(V4 "|" V6)},
    {&conf_type_scoped_addr, .json = TEXT(HOST)},
    {&conf_type_router_id, .json = TEXT(V4)},
    {&conf_type_prefix, .json = TEXT(PREFIX)},
    {&conf_type_endpoint, .json = TEXT("(" V4 "|\\\\[" V6 "\\\\]):[1-9][0-9]{0,4}")},
    {&conf_type_remote_as, .json = "{\"anyOf\": [{\"enum\": [\"internal\", \"external\"]}, {" AS_TEXT "}]}"},
    /* RFC 2385 and the kernel: 1 to 80 octets. */
    {&conf_type_password,
     .json = "{\"type\": [\"string\", \"number\", \"object\"], \"minLength\": 1, \"maxLength\": "
	     "80, \"properties\": {\"file\": {"
	     "\"type\": \"string\", \"minLength\": 1, \"description\": \"File that holds "
	     "it.\"}}, \"required\": [\"file\"], "
	     "\"additionalProperties\": false}"},
    {&conf_type_send_paths,
     .json = "{\"anyOf\": [{\"enum\": [\"none\", \"ecmp\", \"all\"]}, "
	     "{\"type\": \"string\", \"pattern\": \"^best ([1-9][0-9]?|1[0-9]{2}|2[0-4][0-9]|25[0-5])$\"}]}"},
    {&conf_type_policy_ref, .json = "{" ANY_TEXT ", \"examples\": [\"accept\", \"reject\"]}"},
    {&conf_type_neighbor_ref, .json = "{" ANY_TEXT "}"},
    {&conf_type_prefix_entry, .json = TEXT(ENTRY)},
    {&conf_type_prefix_arg, .json = "{" ANY_TEXT "}"},
    {&conf_type_as_pattern,
     .json = "{\"type\": [\"string\", \"integer\"], \"minimum\": 0, \"maximum\": 4294967295, "
	     "\"pattern\": \"^(\\\\^[_ ]*[$]|\\\\^?[_ ]*(" AS_TOKEN "[_ ]*)+[$]?)$\"}"},
    {&conf_type_as_path_arg, .json = "{" ANY_TEXT "}"},
    {&conf_type_community_arg, .json = "{" ANY_TEXT "}"},
    {&conf_type_range, .json =
			   "{\"type\": [\"integer\", \"object\"], \"minimum\": 0, \"maximum\": 4294967295, "
			   "\"minProperties\": 1, \"properties\": "
			   "{\"above\": {\"type\": \"integer\", \"minimum\": 0, \"maximum\": 4294967294, "
			   "\"description\": \"More than this.\"}, "
			   "\"below\": {\"type\": \"integer\", \"minimum\": 1, \"maximum\": 4294967295, "
			   "\"description\": \"Less than this.\"}}, "
			   "\"additionalProperties\": false}"},
    {&conf_type_set_next_hop, .json = "{\"anyOf\": [{\"enum\": [\"self\"]}, " TEXT(V4 "|" V6) "]}"},
};

static json_t *
scalar_schema(const struct conf_row *row)
{
	json_t *s = NULL;

	for (size_t i = 0; i < ARRAY_LEN(types); i++)
		if (types[i].type == row->type)
			s = types[i].make != NULL ? types[i].make(row) : json_loads(types[i].json, 0, NULL);
	ASSERT(s != NULL); /* a type has its row above */
	expect_put(row, s);
	return s;
}

/* ---- lists and maps ---- */

static void
null_allow(json_t *s)
{
	json_array_append_new(json_object_get(s, "type"), json_string("null"));
}

static json_t *
list_schema(const struct conf_row *row, const struct place *at)
{
	struct place here = {.up = at, .step = "/items", .in_group = at->in_group};
	json_t *elem = row_schema(row->elem, &here), *s;
	json_t *kinds = json_object_get(elem, "type");

	/* As in conf.c: what may stand without its list. Words of an enumeration are of no one type. */
	if ((row->def == NULL && (row->flags & CONF_ROW_ONE_OR_LIST) == 0) ||
	    row->elem->type->shape != CONF_SHAPE_SCALAR)
		s = json_pack("{s:[s]}", "type", "array");
	else if (kinds != NULL && json_object_get(elem, "enum") == NULL)
		s = json_deep_copy(elem);
	else
		s = json_pack("{s:[O, {s:s, s:O}]}", "anyOf", elem, "type", "array", "items", elem);
	kinds = json_object_get(s, "type");
	if (kinds != NULL) {
		if (json_object_get(s, "errorMessage") != NULL)
			expect_put(row, s);
		if (json_array_size(kinds) > 1 ||
		    strcmp(json_string_value(json_array_get(kinds, 0)), "array") != 0)
			json_array_append_new(kinds, json_string("array"));
		json_object_set(s, "items", elem);
		if (row->min > 0)
			set(s, "minItems", json_integer(row->min));
		else if ((row->flags & CONF_ROW_REQUIRED) == 0)
			null_allow(s);
	}
	json_decref(elem);
	return s;
}

static json_t *
named_schema(const struct conf_row *row, const struct place *at)
{
	struct place here = {
	    .up = at, .step = "/additionalProperties", .in_group = (row->flags & CONF_ROW_TREE) != 0};
	json_t *names = json_pack("{s:s, s:i}", "pattern", "^[^ ]+$", "maxLength", 255);

	set(names, "errorMessage", json_string("expected a name of 1..255 octets without blanks"));
	return json_pack("{s:[s, s], s:o, s:o}", "type", "object", "null", "propertyNames", names,
			 "additionalProperties", row_schema(row->elem, &here));
}

static void
pointer_add(const struct place *at, struct str *out)
{
	if (at->up == NULL)
		return;
	pointer_add(at->up, out);
	str_add(out, at->step);
	if (at->key != NULL)
		str_addf(out, "/%s", at->key);
}

/* A table that is inside itself is said once. */
static json_t *
again_schema(const struct conf_table *t, const struct place *at)
{
	struct str pointer = {0};

	while (at != NULL && at->table != t)
		at = at->up;
	ASSERT(at != NULL);
	str_add(&pointer, "#");
	pointer_add(at, &pointer);
	json_t *s = json_pack("{s:s}", "$ref", str_get(&pointer));
	str_free(&pointer);
	return s;
}

static json_t *
value_schema(const struct conf_row *row, const struct place *at)
{
	struct place here = *at;

	switch (row->type->shape) {
	case CONF_SHAPE_SCALAR:
		return scalar_schema(row);
	case CONF_SHAPE_MAP:
		here.table = row->table;
		return table_schema(row->table, &here);
	case CONF_SHAPE_MAP_PTR:
		return again_schema(row->table, at);
	case CONF_SHAPE_LIST:
		return list_schema(row, at);
	case CONF_SHAPE_NAMED:
		return named_schema(row, at);
	}
	assert_failed("shape of a type", __FILE__, __LINE__, __func__);
}

/* ---- keys ---- */

static json_t *
default_value(const struct conf_row *row)
{
	json_t *v;

	if (row->type == &conf_type_bool)
		return json_boolean(strcmp(row->def, "true") == 0);
	if (row->type == &conf_type_number)
		return json_integer((json_int_t)strtonum(row->def, 0, UINT32_MAX, NULL));
	v = json_string(row->def);
	return row->type->shape == CONF_SHAPE_LIST ? json_pack("[o]", v) : v;
}

static void
description_put(const struct conf_row *row, json_t *to)
{
	struct str text = {0};

	str_add(&text, row->doc);
	if (row->def_doc != NULL)
		str_addf(&text, " Default: %s.", row->def_doc);
	const char *effect = row->effect_of == NULL && row->type->shape != CONF_SHAPE_MAP
				 ? conf_effect_doc(row->effect)
				 : NULL;
	if (effect != NULL)
		str_addf(&text, " %s", effect);
	set(to, "description", json_string(str_get(&text)));
	str_free(&text);
}

/* Elements of lists have no key, and say nothing of themselves. */
static json_t *
row_schema(const struct conf_row *row, const struct place *at)
{
	json_t *s = value_schema(row, at);

	if (row->doc != NULL)
		description_put(row, s);
	if (row->def != NULL)
		set(s, "default", default_value(row));
	return s;
}

static json_t *
required_keys(const struct conf_table *t)
{
	json_t *keys = json_array();

	for (uint32_t i = 0; i < t->n; i++)
		if ((t->rows[i].flags & CONF_ROW_REQUIRED) != 0)
			json_array_append_new(keys, json_string(t->rows[i].key));
	return keys;
}

/* A neighbour without a group has all that is required itself, also in its maps. */
static void
ungrouped_put(const struct conf_table *t, json_t *to)
{
	json_t *inside = json_object();

	for (uint32_t i = 0; i < t->n; i++) {
		json_t *keys =
		    t->rows[i].type->shape == CONF_SHAPE_MAP ? required_keys(t->rows[i].table) : json_array();
		if (json_array_size(keys) > 0)
			set(inside, t->rows[i].key, json_pack("{s:O}", "required", keys));
		json_decref(keys);
	}
	set(to, "if", json_pack("{s:{s:[s]}}", "not", "required", "group"));
	set(to, "then", json_pack("{s:o, s:o}", "required", required_keys(t), "properties", inside));
}

static json_t *
table_schema(const struct conf_table *t, const struct place *at)
{
	bool neighbor = t == &conf_schema_neighbor;
	json_t *properties = json_object(), *required = required_keys(t);
	json_t *s = json_pack("{s:[s], s:b, s:O}", "type", "object", "additionalProperties", 0, "properties",
			      properties);

	for (uint32_t i = 0; i < t->n; i++) {
		const struct conf_row *row = &t->rows[i];
		struct place here = {.up = at,
				     .key = row->key,
				     .step = "/properties",
				     .in_group = at->in_group,
				     .merged = neighbor};
		if (!at->in_group || (row->flags & CONF_ROW_NEIGHBOR) == 0)
			set(properties, row->key, row_schema(row, &here));
	}
	json_decref(properties);
	if (json_array_size(required) == 0 || at->in_group)
		null_allow(s);
	else if (!at->merged && !neighbor && t != &conf_schema) /* a file may be a part of another one */
		set(s, "required", json_incref(required));
	if (neighbor && !at->in_group)
		ungrouped_put(t, s);
	if (t->choice != NULL && !at->in_group) {
		json_t *choice = json_loads(t->choice, 0, NULL);
		ASSERT(choice != NULL);
		json_object_update(s, choice);
		json_decref(choice);
	}
	json_decref(required);
	return s;
}

void
conf_table_json(const struct conf_table *t, const char *title, struct str *out)
{
	struct place root = {.table = t};
	json_t *s =
	    json_pack("{s:s, s:s}", "$schema", "http://json-schema.org/draft-07/schema#", "title", title);
	json_t *keys = table_schema(t, &root);

	json_object_update(s, keys);
	char *text = json_dumps(s, JSON_INDENT(1));
	ASSERT(text != NULL);
	str_addf(out, "%s\n", text);
	free(text);
	json_decref(keys);
	json_decref(s);
}

void
conf_schema_json(struct str *out)
{
	conf_table_json(&conf_schema, "bgpd.yaml", out);
}
