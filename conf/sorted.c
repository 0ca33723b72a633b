/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sorted: see sorted.h.
 */
#include "conf/sorted.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"

static int
by_text(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char **
sorted_keys(json_t *object, size_t *n)
{
	const char **keys = xcalloc(json_object_size(object) + 1, sizeof(*keys)), *key;
	json_t *unused;

	*n = 0;
	json_object_foreach (object, key, unused)
		keys[(*n)++] = key;
	qsort(keys, *n, sizeof(*keys), by_text);
	return keys;
}
