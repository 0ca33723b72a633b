/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str: a growing text buffer, for building answers and messages.
 * Zero-initialised is empty; str_free() gives the memory back.
 *
 * Memory that cannot be had ends the process, but in one with may_fail: that one loses what it has, takes nothing more
 * until str_free(), and says so in failed, so that its owner looks once at the end.
 */
#ifndef LIB_STR_H
#define LIB_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

struct str {
	char *s;    /* NUL-terminated once anything was added; NULL before */
	size_t len; /* without the NUL */
	size_t cap;
	bool may_fail, failed;
};

void str_add(struct str *b, const char *text);
void str_addn(struct str *b, const char *text, size_t n);
__attribute__((format(printf, 2, 3))) void str_addf(struct str *b, const char *fmt, ...);
__attribute__((format(printf, 2, 0))) void str_vaddf(struct str *b, const char *fmt, va_list ap);
/* What others say, up to max octets, as one line of ASCII: any other octet is a question mark. */
void str_add_plain(struct str *b, const char *text, size_t max);
void str_reset(struct str *b);     /* empty, keeps the memory */
void str_cut(struct str *b, size_t len); /* back to a length that it had */
void str_reserve(struct str *b, size_t n); /* room for so many octets more: adding them moves nothing */
void str_free(struct str *b);
const char *str_get(const struct str *b); /* "" when empty, never NULL */
char *str_steal(struct str *b);    /* the caller frees; b is empty afterwards */

/* Shell-style match of a whole name: * and ? only (no brackets), as in "cali*". */
bool str_glob(const char *pattern, const char *name);

#endif
