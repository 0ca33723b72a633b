/* SPDX-License-Identifier: Apache-2.0 */
/*
 * base64: see base64.h.
 */
#include "lib/base64.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "lib/str.h"

/* Of a digit its value, of white space 64, of anything else 65. */
static unsigned
value_of(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (unsigned)(c - 'A');
	if (c >= 'a' && c <= 'z')
		return (unsigned)(c - 'a') + 26;
	if (c >= '0' && c <= '9')
		return (unsigned)(c - '0') + 52;
	if (c == '+' || c == '/')
		return c == '+' ? 62 : 63;
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' ? 64 : 65;
}

char *
base64_decode(const char *s, size_t *len)
{
	char *out = xmalloc(strlen(s) / 4 * 3 + 4);
	unsigned bits = 0, have = 0;
	size_t n = 0;

	for (; *s != '\0' && *s != '='; s++) {
		unsigned v = value_of(*s);
		if (v == 64)
			continue;
		if (v > 64) {
			free(out);
			return NULL;
		}
		bits = bits << 6 | v;
		have += 6;
		if (have >= 8) {
			have -= 8;
			out[n++] = (char)(bits >> have & 0xff);
		}
	}
	/* Of one digit more there is no octet: something is lost. */
	if (have == 6) {
		free(out);
		return NULL;
	}
	out[n] = '\0';
	*len = n;
	return out;
}

void
base64_encode(struct str *out, const void *data, size_t len)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const uint8_t *p = data;
	char four[4];

	for (size_t i = 0; i < len; i += 3) {
		size_t n = len - i < 3 ? len - i : 3;
		uint32_t bits =
		    (uint32_t)p[i] << 16 | (uint32_t)(n > 1 ? p[i + 1] : 0) << 8 | (n > 2 ? p[i + 2] : 0);
		for (size_t k = 0; k < 4; k++)
			four[k] = k <= n ? digits[bits >> (18 - 6 * k) & 63] : '=';
		str_addn(out, four, 4);
	}
}
