/* SPDX-License-Identifier: Apache-2.0 */
/*
 * str: the growing text buffer and the name match.
 *
 * Room doubles, so that building a long answer piece by piece stays linear.
 */
#include "lib/str.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define FIRST_CAP 64

/* False: there is no memory, and b is empty. */
static bool
grow(struct str *b, size_t cap)
{
	char *s = NULL;

	if (!b->may_fail)
		s = xrealloc(b->s, cap);
	else if (!b->failed)
		s = try_grow(b->s, cap);
	if (s == NULL) {
		free(b->s);
		*b = (struct str){.may_fail = true, .failed = true};
		return false;
	}
	b->s = s;
	b->cap = cap;
	return true;
}

/* Makes room for n more octets and the NUL. */
static bool
reserve(struct str *b, size_t n)
{
	size_t cap = b->cap ? b->cap : FIRST_CAP;

	if (b->cap - b->len > n)
		return true;
	ASSERT(n < SIZE_MAX / 4 && b->len < SIZE_MAX / 4);
	while (cap - b->len <= n)
		cap *= 2;
	return grow(b, cap);
}

void
str_addn(struct str *b, const char *text, size_t n)
{
	if (!reserve(b, n))
		return;
	if (n)
		memcpy(b->s + b->len, text, n);
	b->len += n;
	b->s[b->len] = '\0';
}

void
str_add(struct str *b, const char *text)
{
	str_addn(b, text, strlen(text));
}

void
str_add_plain(struct str *b, const char *text, size_t max)
{
	for (size_t i = 0; i < max && text[i] != '\0'; i++)
		str_addn(b, text[i] >= ' ' && text[i] <= '~' ? &text[i] : "?", 1);
}

void
str_vaddf(struct str *b, const char *fmt, va_list ap)
{
	va_list again;
	int n;

	if (!reserve(b, 0))
		return;
	va_copy(again, ap);
	n = vsnprintf(b->s + b->len, b->cap - b->len, fmt, ap);
	ASSERT(n >= 0);
	bool all = (size_t)n < b->cap - b->len;
	if (!all && reserve(b, (size_t)n))
		all = vsnprintf(b->s + b->len, b->cap - b->len, fmt, again) == n;
	va_end(again);
	if (all)
		b->len += (size_t)n;
}

void
str_addf(struct str *b, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	str_vaddf(b, fmt, ap);
	va_end(ap);
}

void
str_reset(struct str *b)
{
	b->len = 0;
	if (b->s != NULL)
		b->s[0] = '\0';
}

void
str_cut(struct str *b, size_t len)
{
	if (b->failed)
		return;
	ASSERT(len <= b->len);
	b->len = len;
	if (b->s != NULL)
		b->s[len] = '\0';
}

void
str_reserve(struct str *b, size_t n)
{
	if (b->cap - b->len > n)
		return;
	if (grow(b, b->len + n + 1))
		b->s[b->len] = '\0';
}

void
str_free(struct str *b)
{
	free(b->s);
	*b = (struct str){0};
}

const char *
str_get(const struct str *b)
{
	return b->s != NULL ? b->s : "";
}

char *
str_steal(struct str *b)
{
	char *s = b->s != NULL ? b->s : xstrdup("");

	*b = (struct str){0};
	return s;
}

bool
str_glob(const char *pattern, const char *name)
{
	const char *star = NULL, *resume = NULL;

	/* Only the last * needs to be retried: an earlier one can take what is left over. */
	while (*name != '\0') {
		if (*pattern == '*') {
			star = ++pattern;
			resume = name;
		} else if (*pattern == '?' || *pattern == *name) {
			pattern++;
			name++;
		} else if (star != NULL) {
			pattern = star;
			name = ++resume;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}
