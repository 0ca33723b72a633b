/* SPDX-License-Identifier: Apache-2.0 */
/*
 * value: see value.h.
 */
#include "conf/value.h"

#include <string.h>

#include "lib/hash.h"

static uint64_t
hash_of(const json_t *value)
{
	uint64_t h = (uint64_t)json_typeof(value) + 1;
	json_int_t i;
	double d;
	json_t *v;
	const char *key;
	size_t k;

	switch (json_typeof(value)) {
	case JSON_OBJECT:
		json_object_foreach ((json_t *)(uintptr_t)value, key, v)
			h += hash_bytes(hash_of(v), key, strlen(key));
		return h;
	case JSON_ARRAY:
		json_array_foreach (value, k, v) {
			uint64_t pair[2] = {h, hash_of(v)};
			h = hash_bytes(1, pair, sizeof(pair));
		}
		return h;
	case JSON_STRING:
		return hash_bytes(h, json_string_value(value), json_string_length(value));
	case JSON_INTEGER:
		i = json_integer_value(value);
		return hash_bytes(h, &i, sizeof(i));
	case JSON_REAL:
		d = json_real_value(value);
		return hash_bytes(h, &d, sizeof(d));
	default:
		return h;
	}
}

uint64_t
value_hash(const json_t *value)
{
	return hash_of(value) | 1;
}
