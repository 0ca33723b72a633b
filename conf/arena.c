/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena: blocks in a list, handed out from the front; see arena.h.
 *
 * Large requests get a block of their own, so that a big table does not waste
 * the rest of the current block. Blocks come zeroed and are never reused.
 */
#include "conf/arena.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

#define BLOCK_SIZE 65536u

struct block {
	struct block *next;
	_Alignas(max_align_t) unsigned char bytes[];
};

struct conf_arena {
	struct block *blocks;
	unsigned char *at;
	size_t left;
};

struct conf_arena *
conf_arena_new(void)
{
	return xcalloc(1, sizeof(struct conf_arena));
}

void
conf_arena_free(struct conf_arena *a)
{
	if (a == NULL)
		return;
	for (struct block *b = a->blocks, *next; b != NULL; b = next) {
		next = b->next;
		free(b);
	}
	free(a);
}

static unsigned char *
block_add(struct conf_arena *a, size_t size)
{
	struct block *b = xcalloc(1, sizeof(*b) + size);
	b->next = a->blocks;
	a->blocks = b;
	return b->bytes;
}

void *
conf_arena_alloc(struct conf_arena *a, size_t size)
{
	size_t align = _Alignof(max_align_t);

	ASSERT(size < SIZE_MAX / 2);
	size = (size + align - 1) / align * align;
	if (size > BLOCK_SIZE / 4)
		return block_add(a, size);
	if (size > a->left) {
		a->at = block_add(a, BLOCK_SIZE);
		a->left = BLOCK_SIZE;
	}
	void *p = a->at;
	a->at += size;
	a->left -= size;
	return p;
}

void *
conf_arena_array(struct conf_arena *a, size_t n, size_t size)
{
	ASSERT(size == 0 || n < SIZE_MAX / 2 / size);
	/* An empty array still has an address, to tell it from none. */
	return conf_arena_alloc(a, n == 0 ? 1 : n * size);
}

char *
conf_arena_strn(struct conf_arena *a, const char *text, size_t len)
{
	char *p = conf_arena_alloc(a, len + 1);
	memcpy(p, text, len);
	return p;
}

char *
conf_arena_str(struct conf_arena *a, const char *text)
{
	return conf_arena_strn(a, text, strlen(text));
}

char *
conf_arena_fmt(struct conf_arena *a, const char *fmt, ...)
{
	va_list ap, again;

	va_start(ap, fmt);
	va_copy(again, ap);
	int len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	ASSERT(len >= 0);
	char *p = conf_arena_alloc(a, (size_t)len + 1);
	vsnprintf(p, (size_t)len + 1, fmt, again);
	va_end(again);
	return p;
}
