/* SPDX-License-Identifier: Apache-2.0 */
/*
 * selector: expressions over labels, as Calico resources have them:
 *
 *     has(k)   k == 'v'   k != 'v'   k in {'a', 'b'}   k not in {'a'}   all()
 *     k contains 'x'   k starts with 'x'   k ends with 'x'   ! && || ( )
 *
 * A label that is not there is unequal to everything and in no set, so that != and
 * not in hold. Strings stand in single or double quotes and know no escapes. An
 * empty text selects everything.
 */
#ifndef CONF_SELECTOR_H
#define CONF_SELECTOR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#define SELECTOR_DEPTH_MAX 64 /* parentheses and ! within each other */
#define SELECTOR_LABEL_MAX 512

struct selector; /* opaque */

/* NULL where it is none, with what was found where and what was expected, for a person, in error. */
struct selector *selector_parse(const char *text, char *error, size_t error_len);
void selector_free(struct selector *s);

/* labels: an object of strings (others count as not there), or NULL: none. */
bool selector_matches(const struct selector *s, const json_t *labels);

#endif
