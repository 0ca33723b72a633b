/* SPDX-License-Identifier: Apache-2.0 */
/*
 * birdcl_reply: see birdcl.h. What of a line is printed.
 *
 * A line is "CCCC-text", of which more follow, "CCCC text", the last of a reply, " text" with the code of the
 * line before, or "+text", which belongs to no reply.
 */
#include "tools/birdcl.h"

#include <ctype.h>
#include <string.h>

#define CODE_LEN 5 /* four digits, and what follows them */

static bool
has_code(const char *line)
{
	for (int i = 0; i < CODE_LEN - 1; i++)
		if (!isdigit((unsigned char)line[i]))
			return false;
	return line[CODE_LEN - 1] == '-' || line[CODE_LEN - 1] == ' ';
}

/* Text, whatever it is: no octet of it moves a cursor or asks a terminal for anything. */
static void
put(FILE *out, const char *before, const char *text)
{
	fputs(before, out);
	for (; *text != '\0'; text++) {
		unsigned char c = (unsigned char)*text;
		putc((c < ' ' && c != '\t') || c == 0x7f ? '?' : c, out);
	}
	putc('\n', out);
}

bool
birdcl_print(FILE *out, const char *line, bool verbose)
{
	if (line[0] == '+') {
		put(out, ">>> ", line + 1);
		return false;
	}
	if (line[0] == ' ') {
		put(out, verbose ? "     " : "", line + 1);
		return false;
	}
	if (!has_code(line)) {
		put(out, "??? ", line);
		return false;
	}
	bool last = line[CODE_LEN - 1] == ' ';
	bool nothing = strcmp(line, "0000 ") == 0;
	if (!nothing)
		put(out, "", verbose ? line : line + CODE_LEN);
	return last;
}
