/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena: memory that is given back all at once.
 *
 * A configuration, its tree and its errors are built from thousands of small
 * pieces that live and die together; each has an arena of its own. Nothing is
 * freed singly, so an error anywhere needs no unwinding.
 */
#ifndef CONF_ARENA_H
#define CONF_ARENA_H

#include <stddef.h>

struct conf_arena;

struct conf_arena *conf_arena_new(void);
void conf_arena_free(struct conf_arena *a); /* NULL is fine */

/* Zeroed memory, aligned for anything; size 0 gives a valid pointer. Never fails. */
void *conf_arena_alloc(struct conf_arena *a, size_t size);
void *conf_arena_array(struct conf_arena *a, size_t n, size_t size);
char *conf_arena_strn(struct conf_arena *a, const char *text, size_t len);
char *conf_arena_str(struct conf_arena *a, const char *text);
__attribute__((format(printf, 2, 3))) char *conf_arena_fmt(struct conf_arena *a, const char *fmt, ...);

#endif
