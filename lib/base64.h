/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base64: RFC 4648 section 4.
 */
#ifndef LIB_BASE64_H
#define LIB_BASE64_H

#include <stddef.h>

struct str;

/* White space does not count, nor what is behind padding. NULL: it is none. A NUL is behind the *len octets;
 * the caller frees. */
char *base64_decode(const char *s, size_t *len);
/* Adds it with padding, on one line. */
void base64_encode(struct str *out, const void *data, size_t len);

#endif
