/* SPDX-License-Identifier: Apache-2.0 */
/* Small random changes of texts, for readers that are held against one another on what comes out. */
#ifndef TESTS_UNIT_MUTATE_H
#define TESTS_UNIT_MUTATE_H

#include <stdint.h>
#include <string.h>

static inline uint64_t
next_random(uint64_t *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* One small change of a text, which has room for 32 octets more. marks: what may be put in. */
static inline void
mutate(char *text, const char *marks, uint64_t *r)
{
	size_t n = strlen(text), at = next_random(r) % n;
	char *line = strchr(text + at, '\n'), *end;

	switch (next_random(r) % 4) {
	case 0:
		memmove(text + at, text + at + 1, n - at);
		break;
	case 1:
		memmove(text + at + 1, text + at, n - at + 1);
		text[at] = marks[next_random(r) % strlen(marks)];
		break;
	case 2: /* a line one column to the right or left */
		if (line == NULL || line[1] == '\0')
			break;
		if (next_random(r) % 2 == 0) {
			memmove(line + 2, line + 1, strlen(line + 1) + 1);
			line[1] = ' ';
		} else if (line[1] == ' ') {
			memmove(line + 1, line + 2, strlen(line + 2) + 1);
		}
		break;
	default: /* without a line */
		end = line != NULL ? strchr(line + 1, '\n') : NULL;
		if (end != NULL)
			memmove(line, end, strlen(end) + 1);
	}
}

#endif
