/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgpctl: what the parts of the control program share.
 *
 * bgpctl.c has the command line and the conversation, bgpctl_grammar.c turns words
 * into a request, bgpctl_print.c and bgpctl_text.c turn answers into text. The
 * protocol is in bgpctl(8).
 */
#ifndef TOOLS_BGPCTL_H
#define TOOLS_BGPCTL_H

#include "lib/str.h"

#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>

/* What the words of the command line ask for. */
struct bgpctl_request {
	const char *command; /* of the protocol; static */
	json_t *args;        /* an object; the caller's */
};

/*
 * Understands words, which may be shortened while they are unique. False, and text for people in why. args
 * is a reference of the caller's in any case.
 */
bool bgpctl_parse(int argc, char **argv, struct bgpctl_request *out, struct str *why);
/* Writes a line for each command. */
void bgpctl_grammar_print(FILE *out);

/*
 * Writes what may follow these words, one a line, for shells that complete: keywords, words that an argument may be,
 * or "<argument>" for what only others know (neighbor, prefix, file, ...).
 */
void bgpctl_complete(int argc, char **argv, FILE *out);

/* Turns the rows of one answer into text. */
struct bgpctl_printer;
struct bgpctl_printer *bgpctl_printer_new(const char *command, FILE *out);
void bgpctl_printer_head(struct bgpctl_printer *p, const json_t *head);
void bgpctl_printer_row(struct bgpctl_printer *p, const json_t *row);
void bgpctl_printer_end(struct bgpctl_printer *p); /* writes what is left and frees */

/* bgpctl_text.c: a cell's text, added to out. */
/* Text of neighbours and files, and whatever else an answer has, must not reach the terminal's controls. */
void bgpctl_plain(const char *s, struct str *out);
void bgpctl_seconds(json_int_t s, struct str *out); /* "01:02:03", "5d03h" */
/* A member's value; what its name says is octets or seconds has larger units added: "4005888 (3.8 MiB)". */
void bgpctl_member(const char *name, const json_t *v, struct str *out);
/* The value as people read it: "-" for null, yes and no, lists with blanks between. */
void bgpctl_value(const json_t *v, struct str *out);

#endif
