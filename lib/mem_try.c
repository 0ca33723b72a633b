/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem_try: allocation that may fail, for what is a neighbour's or a client's alone (mem.h says which that is). A file
 * of its own, so that a test can have another one in its place.
 */
#include "lib/mem.h"

#include <stdlib.h>

#include "lib/log.h"
#include "lib/mem_map.h"

/* Whoever it was for says more, and louder. */
static void
tell(size_t wanted)
{
	log_debug("memory.short", LOG_U("octets", wanted));
}

void *
try_alloc(size_t size)
{
	void *p = malloc(size ? size : 1);

	if (p == NULL)
		tell(size);
	return p;
}

void *
try_grow(void *p, size_t size)
{
	void *q = realloc(p, size ? size : 1);

	if (q == NULL)
		tell(size);
	return q;
}

void *
try_map(size_t size, bool now)
{
	void *p = mem_map(size, now);

	if (p == NULL)
		tell(size);
	return p;
}
