/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern: text of AS-path patterns and of the entries of prefix sets.
 *
 * AS-path patterns are of whole ASes: a number, [a-b], "." for any one AS, each
 * with * for "any number of such, also none"; ^ and $ bind to the ends of the
 * path; _ and blanks only separate. Prefix entries are a prefix with le, ge or
 * in for the lengths. Used by the loader for sets and policies.
 */
#ifndef CONF_PATTERN_H
#define CONF_PATTERN_H

#include "conf/conf.h"

#define CONF_AS_TOKENS_MAX 255

/* True and *out (text and tokens in arena), or false. */
bool conf_as_pattern_parse(struct conf_arena *arena, const char *text, struct conf_as_pattern *out);

/* 0; -ERANGE if the prefix has bits beyond its length (masked in *out); -EINVAL otherwise. */
int conf_prefix_entry_parse(const char *text, struct conf_prefix_entry *out);
/* Adds the shortest text that conf_prefix_entry_parse reads back. */
void conf_prefix_entry_text(const struct conf_prefix_entry *e, struct str *out);

#endif
