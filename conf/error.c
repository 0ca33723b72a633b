/* SPDX-License-Identifier: Apache-2.0 */
/*
 * error: the list of errors of a configuration; see error.h.
 *
 * It is bounded, since a file of garbage could hold millions; beyond the bound
 * errors are only counted, and the count is printed.
 */
#include "conf/error.h"

#include <stdarg.h>
#include <stdlib.h>

#include "conf/arena.h"
#include "lib/mem.h"

#define QUOTE_MAX 60

void
conf_errors_add(struct conf_errors *errs, const struct conf_pos *pos, uint32_t file_no, const char *path,
		const char *fmt, ...)
{
	struct str text = {0};
	va_list ap;

	if (errs->n == CONF_ERRORS_MAX) {
		errs->dropped++;
		return;
	}
	if (errs->arena == NULL)
		errs->arena = conf_arena_new();
	if (errs->n == errs->cap) {
		errs->cap = errs->cap == 0 ? 16 : errs->cap * 2;
		errs->v = xreallocarray(errs->v, errs->cap, sizeof(*errs->v));
	}
	va_start(ap, fmt);
	str_vaddf(&text, fmt, ap);
	va_end(ap);
	errs->v[errs->n++] = (struct conf_error){
	    .pos = {.file = conf_arena_str(errs->arena, pos->file), .line = pos->line, .column = pos->column},
	    .file_no = file_no,
	    .path = conf_arena_str(errs->arena, path),
	    .text = conf_arena_str(errs->arena, str_get(&text)),
	};
	str_free(&text);
}

static int
error_cmp(const void *a, const void *b)
{
	const struct conf_error *x = a, *y = b;

	if (x->file_no != y->file_no)
		return x->file_no < y->file_no ? -1 : 1;
	if (x->pos.line != y->pos.line)
		return x->pos.line < y->pos.line ? -1 : 1;
	if (x->pos.column != y->pos.column)
		return x->pos.column < y->pos.column ? -1 : 1;
	return 0;
}

void
conf_errors_sort(struct conf_errors *errs)
{
	/* Insertion keeps equal ones in order; errors come nearly sorted, and there are at most a thousand.
	 */
	for (uint32_t i = 1; i < errs->n; i++) {
		struct conf_error e = errs->v[i];
		uint32_t j = i;
		for (; j > 0 && error_cmp(&errs->v[j - 1], &e) > 0; j--)
			errs->v[j] = errs->v[j - 1];
		errs->v[j] = e;
	}
}

void
conf_errors_quote(struct str *out, const char *text, size_t len)
{
	str_add(out, "\"");
	for (size_t i = 0; i < len && i < QUOTE_MAX; i++) {
		unsigned char c = (unsigned char)text[i];
		if (c < 0x20 || c == 0x7f)
			str_addf(out, "\\x%02x", c);
		else
			str_addn(out, text + i, 1);
	}
	/* Not to end inside a character of several octets. */
	for (size_t i = QUOTE_MAX; i < len && ((unsigned char)text[i] & 0xc0) == 0x80; i++)
		str_addn(out, text + i, 1);
	str_add(out, len > QUOTE_MAX ? "...\"" : "\"");
}

void
conf_errors_print(const struct conf_errors *errs, struct str *out)
{
	for (uint32_t i = 0; i < errs->n; i++) {
		const struct conf_error *e = &errs->v[i];
		str_add(out, e->pos.file);
		if (e->pos.line != 0)
			str_addf(out, ":%u:%u", e->pos.line, e->pos.column);
		str_addf(out, ": %s: %s\n", e->path, e->text);
	}
	if (errs->dropped != 0)
		str_addf(out, "and %u more errors\n", errs->dropped);
}

void
conf_errors_write(const struct conf_errors *errs, FILE *to)
{
	struct str text = {0};

	conf_errors_print(errs, &text);
	fputs(str_get(&text), to);
	str_free(&text);
}

void
conf_errors_free(struct conf_errors *errs)
{
	conf_arena_free(errs->arena);
	free(errs->v);
	*errs = (struct conf_errors){0};
}
