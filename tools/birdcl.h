/* SPDX-License-Identifier: Apache-2.0 */
/*
 * birdcl: what the client of BIRD's control protocol and the stand-in for bird6 share.
 *
 * birdcl.c has the command line and the conversation, birdcl_line.c the socket and lines from it,
 * birdcl_reply.c what of a line is printed, birdcl_words.c shortened commands. They need the C library alone,
 * so that they run wherever they are copied. What comes from the socket is not trusted: lines are bounded,
 * and nothing of them reaches a terminal that is not text.
 */
#ifndef TOOLS_BIRDCL_H
#define TOOLS_BIRDCL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#define BIRDCL_LINE_MAX 65535u /* octets of a line; clients of BIRD in Go take no more either */

/* Lines from a descriptor. Begins as {.fd = fd}. */
struct birdcl_reader {
	int fd;
	size_t start, end; /* what was read and not yet taken, in buf */
	char buf[BIRDCL_LINE_MAX + 1];
};

/* The next line that is there as a whole, without its end and with a 0 behind it, valid until the next call;
 * NULL: read more. */
char *birdcl_line(struct birdcl_reader *r);
/* What is left when there is no more to read: a last line without an end, or NULL. */
char *birdcl_rest(struct birdcl_reader *r);
/* Reads once. Octets, 0 at the end, -EMSGSIZE when a line is too long, -EAGAIN when time is over, or another
 * -errno. */
long birdcl_read(struct birdcl_reader *r);
/* A connected stream socket on which reading and writing last at most timeout_s, as does connecting; or
 * -errno. */
int birdcl_dial(const char *path, unsigned timeout_s);
/* Writes it all. 0 or -errno. */
int birdcl_send(int fd, const char *text, size_t len);

/*
 * Prints a line of the server for people: without its code, or with verbose as it came; the empty end of a
 * list not at all. True when it is the last of a reply.
 */
bool birdcl_print(FILE *out, const char *line, bool verbose);

enum birdcl_found { BIRDCL_AS_IS, BIRDCL_AMBIGUOUS };
/*
 * Writes the command with its shortened words in full into out[0..n): `sh pro` becomes `show protocols`. What
 * is not known stays as it is, for the server to judge, and so do arguments; so does what has no room. Of one
 * that could be several, what it could be is written to why, one a line.
 */
enum birdcl_found birdcl_expand(const char *command, char *out, size_t n, FILE *why);
/* Writes the commands there are, one a line. */
void birdcl_help(FILE *out);

#endif
