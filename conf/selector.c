/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selector: see selector.h. The text becomes a list of nodes in which operands come
 * before their operator, so that one pass with a stack of bools evaluates it.
 */
#include "conf/selector.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

enum op { OP_ALL, OP_HAS, OP_EQ, OP_NE, OP_IN, OP_NOT_IN, OP_CONTAINS, OP_STARTS, OP_ENDS, OP_NOT, OP_AND, OP_OR };

struct node {
	enum op op;
	char *label;
	char **values;
	size_t nvalues;
};

struct selector {
	struct node *nodes;
	size_t n;
	unsigned stack; /* the most bools that are waiting at a time */
};

struct parser {
	struct selector *s;
	const char *text, *at;
	unsigned depth, waiting;
	char *error;
	size_t error_len;
};

static bool parse_or(struct parser *p);

__attribute__((format(printf, 2, 3))) static bool
fail(struct parser *p, const char *expected, ...)
{
	int n = snprintf(p->error, p->error_len, "found %s%.20s%s at character %td, expected ", *p->at != '\0' ? "\"" : "",
			 *p->at != '\0' ? p->at : "the end", *p->at != '\0' ? "\"" : "", p->at - p->text + 1);
	va_list ap;

	va_start(ap, expected);
	if (n > 0 && (size_t)n < p->error_len)
		vsnprintf(p->error + n, p->error_len - (size_t)n, expected, ap);
	va_end(ap);
	return false;
}

static struct node *
add(struct parser *p, enum op op)
{
	struct selector *s = p->s;

	s->nodes = xreallocarray(s->nodes, s->n + 1, sizeof(*s->nodes));
	s->nodes[s->n] = (struct node){.op = op};
	if (op < OP_NOT)
		p->waiting++;
	else if (op > OP_NOT)
		p->waiting--;
	if (p->waiting > s->stack)
		s->stack = p->waiting;
	return &s->nodes[s->n++];
}

/* ---- words ---- */

static void
skip_blanks(struct parser *p)
{
	p->at += strspn(p->at, " \t");
}

static bool
is_label_char(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || (c != '\0' && strchr("_./-", c));
}

/* Takes the text if it is next; a word, only as a whole. */
static bool
take(struct parser *p, const char *what)
{
	size_t len = strlen(what);

	skip_blanks(p);
	if (strncmp(p->at, what, len) != 0 || (is_label_char(what[len - 1]) && is_label_char(p->at[len])))
		return false;
	p->at += len;
	return true;
}

/* Two words with white space between them. */
static bool
take_two(struct parser *p, const char *first, const char *second)
{
	const char *before = p->at;

	if (take(p, first) && take(p, second))
		return true;
	p->at = before;
	return false;
}

static char *
copy(const char *s, size_t len)
{
	char *out = xmalloc(len + 1);

	memcpy(out, s, len);
	out[len] = '\0';
	return out;
}

/* NULL: no label is next, and the error says so. */
static char *
take_label(struct parser *p)
{
	size_t len = 0;

	skip_blanks(p);
	while (is_label_char(p->at[len]))
		len++;
	if (len == 0 || len > SELECTOR_LABEL_MAX) {
		fail(p, "a label of 1 to %d of the characters A-Z a-z 0-9 _ . / -", SELECTOR_LABEL_MAX);
		return NULL;
	}
	p->at += len;
	return copy(p->at - len, len);
}

static bool
take_value(struct parser *p, struct node *n)
{
	skip_blanks(p);
	const char *end = *p->at == '\'' || *p->at == '"' ? strchr(p->at + 1, *p->at) : NULL;
	if (end == NULL)
		return fail(p, "a value in quotes");
	n->values = xreallocarray(n->values, n->nvalues + 1, sizeof(*n->values));
	n->values[n->nvalues++] = copy(p->at + 1, (size_t)(end - p->at - 1));
	p->at = end + 1;
	return true;
}

static bool
take_set(struct parser *p, struct node *n)
{
	if (!take(p, "{"))
		return fail(p, "a set, as in {'a', 'b'}");
	if (take(p, "}"))
		return true;
	do {
		if (!take_value(p, n))
			return false;
	} while (take(p, ","));
	return take(p, "}") || fail(p, "a comma or the end of the set");
}

/* ---- expressions ---- */

static bool
parse_function(struct parser *p, enum op op)
{
	struct node *n = add(p, op);

	if (op == OP_HAS) {
		n->label = take_label(p);
		if (n->label == NULL)
			return false;
	}
	return take(p, ")") || fail(p, "a closing parenthesis");
}

static bool
is_function(struct parser *p, const char *name)
{
	return take_two(p, name, "(");
}

static bool
take_operator(struct parser *p, enum op *op)
{
	if (take(p, "=="))
		*op = OP_EQ;
	else if (take(p, "!="))
		*op = OP_NE;
	else if (take(p, "in"))
		*op = OP_IN;
	else if (take(p, "notin") || take_two(p, "not", "in"))
		*op = OP_NOT_IN;
	else if (take(p, "contains"))
		*op = OP_CONTAINS;
	else if (take_two(p, "starts", "with"))
		*op = OP_STARTS;
	else if (take_two(p, "ends", "with"))
		*op = OP_ENDS;
	else
		return false;
	return true;
}

static bool
parse_comparison(struct parser *p)
{
	char *label = take_label(p);
	enum op op;

	if (label == NULL)
		return false;
	if (!take_operator(p, &op)) {
		free(label);
		return fail(p, "one of ==, !=, in, not in, contains, starts with, ends with");
	}
	struct node *n = add(p, op);
	n->label = label;
	return op == OP_IN || op == OP_NOT_IN ? take_set(p, n) : take_value(p, n);
}

static bool
parse_operand(struct parser *p)
{
	bool good;

	if (++p->depth > SELECTOR_DEPTH_MAX)
		return fail(p, "no more than %d levels", SELECTOR_DEPTH_MAX);
	if (take(p, "!")) {
		good = parse_operand(p);
		if (good)
			add(p, OP_NOT);
	} else if (take(p, "(")) {
		good = parse_or(p) && (take(p, ")") || fail(p, "a closing parenthesis"));
	} else if (is_function(p, "all") || is_function(p, "global")) {
		good = parse_function(p, OP_ALL);
	} else if (is_function(p, "has")) {
		good = parse_function(p, OP_HAS);
	} else {
		good = parse_comparison(p);
	}
	p->depth--;
	return good;
}

static bool
parse_and(struct parser *p)
{
	if (!parse_operand(p))
		return false;
	while (take(p, "&&")) {
		if (!parse_operand(p))
			return false;
		add(p, OP_AND);
	}
	return true;
}

static bool
parse_or(struct parser *p)
{
	if (!parse_and(p))
		return false;
	while (take(p, "||")) {
		if (!parse_and(p))
			return false;
		add(p, OP_OR);
	}
	return true;
}

struct selector *
selector_parse(const char *text, char *error, size_t error_len)
{
	struct parser p = {.s = xcalloc(1, sizeof(struct selector)), .text = text, .at = text, .error = error, .error_len = error_len};
	bool good = true;

	skip_blanks(&p);
	if (*p.at == '\0') {
		add(&p, OP_ALL);
	} else {
		good = parse_or(&p);
		skip_blanks(&p);
		if (good && *p.at != '\0')
			good = fail(&p, "&&, || or the end");
	}
	if (good)
		return p.s;
	selector_free(p.s);
	return NULL;
}

void
selector_free(struct selector *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++) {
		free(s->nodes[i].label);
		for (size_t k = 0; k < s->nodes[i].nvalues; k++)
			free(s->nodes[i].values[k]);
		free(s->nodes[i].values);
	}
	free(s->nodes);
	free(s);
}

/* ---- evaluation ---- */

static bool
is_one_of(const struct node *n, const char *v)
{
	for (size_t i = 0; i < n->nvalues; i++)
		if (strcmp(n->values[i], v) == 0)
			return true;
	return false;
}

static bool
holds(const struct node *n, const json_t *labels)
{
	const char *v = n->label != NULL ? json_string_value(json_object_get(labels, n->label)) : NULL;

	if (v == NULL)
		return n->op == OP_ALL || n->op == OP_NE || n->op == OP_NOT_IN;
	switch (n->op) {
	case OP_EQ:
	case OP_IN:
		return is_one_of(n, v);
	case OP_NE:
	case OP_NOT_IN:
		return !is_one_of(n, v);
	case OP_CONTAINS:
		return strstr(v, n->values[0]) != NULL;
	case OP_STARTS:
		return strncmp(v, n->values[0], strlen(n->values[0])) == 0;
	case OP_ENDS:
		return strlen(v) >= strlen(n->values[0]) && strcmp(v + strlen(v) - strlen(n->values[0]), n->values[0]) == 0;
	default: /* OP_HAS */
		return true;
	}
}

bool
selector_matches(const struct selector *s, const json_t *labels)
{
	bool few[16] = {false}, *stack = s->stack <= ARRAY_LEN(few) ? few : xcalloc(s->stack, sizeof(*stack));
	size_t depth = 0;

	for (size_t i = 0; i < s->n; i++) {
		const struct node *n = &s->nodes[i];
		if (n->op < OP_NOT) {
			stack[depth++] = holds(n, labels);
		} else if (n->op == OP_NOT) {
			stack[depth - 1] = !stack[depth - 1];
		} else {
			depth--;
			stack[depth - 1] = n->op == OP_AND ? stack[depth - 1] && stack[depth] : stack[depth - 1] || stack[depth];
		}
	}
	bool answer = stack[0];
	if (stack != few)
		free(stack);
	return answer;
}
