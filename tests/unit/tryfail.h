/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tryfail: try_alloc and its like (lib/mem.h) of a test that chooses which calls fail; in place of lib/mem_try.c.
 */
#ifndef TESTS_UNIT_TRYFAIL_H
#define TESTS_UNIT_TRYFAIL_H

#include <stdlib.h>

#include "lib/mem.h"
#include "lib/mem_map.h"

/* So many calls are let through, then so many fail; asked and failed count both kinds. */
static struct {
	unsigned pass, fail;
	unsigned asked, failed;
} tryfail;

static inline void
tryfail_set(unsigned pass, unsigned fail)
{
	tryfail.pass = pass;
	tryfail.fail = fail;
	tryfail.asked = tryfail.failed = 0;
}

static bool
tryfail_now(void)
{
	tryfail.asked++;
	if (tryfail.pass > 0) {
		tryfail.pass--;
		return false;
	}
	if (tryfail.fail == 0)
		return false;
	tryfail.fail--;
	tryfail.failed++;
	return true;
}

void *
try_alloc(size_t size)
{
	return tryfail_now() ? NULL : malloc(size ? size : 1);
}

void *
try_grow(void *p, size_t size)
{
	return tryfail_now() ? NULL : realloc(p, size ? size : 1);
}

void *
try_map(size_t size, bool now)
{
	return tryfail_now() ? NULL : mem_map(size, now);
}

#endif
