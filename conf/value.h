/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value: JSON values known by a hash, for sources that tell only of what is another one now.
 */
#ifndef CONF_VALUE_H
#define CONF_VALUE_H

#include <jansson.h>
#include <stdint.h>

/* The same whatever the order of an object's members is; never 0. */
uint64_t value_hash(const json_t *value);

#endif
