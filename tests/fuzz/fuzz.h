/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz: what every fuzz target has.
 *
 * A target is a file with one entry point, which is given any octets and must come back with nothing leaked,
 * nothing kept and every ASSERT held. libFuzzer, AFL++'s driver and replay.c call it; none is known here. The
 * same octets must do the same each time: no clock, no random numbers, nothing left over from the call
 * before.
 */
#ifndef TESTS_FUZZ_FUZZ_H
#define TESTS_FUZZ_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"

/* Returns 0; -1: not worth keeping as a seed. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
/* Once before the first call; a target need not have it. Returns 0. */
int LLVMFuzzerInitialize(int *argc, char ***argv);

/* The input as a C string on the heap, where a read behind its end is seen. The caller frees. */
static inline char *
fuzz_string(const uint8_t *data, size_t size)
{
	char *s = xmalloc(size + 1);

	if (size > 0)
		memcpy(s, data, size);
	s[size] = '\0';
	return s;
}

/*
 * The next part of an input of several texts: up to an octet of 0, which is skipped, or all that is left;
 * size is its length. Never NULL.
 */
static inline const uint8_t *
fuzz_part(struct rbuf *in, size_t *size)
{
	const uint8_t *p = in->p, *end = rbuf_left(in) > 0 ? memchr(p, 0, rbuf_left(in)) : NULL;

	*size = end != NULL ? (size_t)(end - p) : rbuf_left(in);
	in->p = end != NULL ? end + 1 : in->end;
	return p;
}

#endif
