/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sorted: the keys of a JSON object in the order of their octets.
 */
#ifndef CONF_SORTED_H
#define CONF_SORTED_H

#include <jansson.h>
#include <stddef.h>

/* As many as *n, which stay the object's; the caller frees the array. What is no object has none. */
const char **sorted_keys(json_t *object, size_t *n);

#endif
