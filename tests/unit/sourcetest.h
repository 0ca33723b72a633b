/* SPDX-License-Identifier: Apache-2.0 */
/* What a source has told: the world as it is by that, what is in trouble, and how often it was synced. */
#ifndef TESTS_UNIT_SOURCETEST_H
#define TESTS_UNIT_SOURCETEST_H

#include "conf/source.h"

#include <stdlib.h>
#include <string.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

static json_t *world; /* "kind namespace name" to values, as they were told */
static json_t *troubles;
static const char *troubles_in = ""; /* what they are about is noted without this before it */
static unsigned syncs, puts_told;

static char *
key_of(const char *kind, const char *name_space, const char *name)
{
	return xasprintf("%s %s %s", kind, name_space != NULL ? name_space : "-", name);
}

static void
on_put(void *ctx, const char *kind, const char *name_space, const char *name, const json_t *value)
{
	char *key = key_of(kind, name_space, name);

	(void)ctx;
	puts_told++;
	json_object_set_new(world, key, json_deep_copy(value));
	free(key);
}

static void
on_del(void *ctx, const char *kind, const char *name_space, const char *name)
{
	char *key = key_of(kind, name_space, name);

	(void)ctx;
	ck_assert_int_eq(json_object_del(world, key), 0);
	free(key);
}

static void
on_synced(void *ctx)
{
	(void)ctx;
	syncs++;
}

static void
on_trouble(void *ctx, const char *what, const char *text)
{
	size_t len = strlen(troubles_in);

	(void)ctx;
	what = strncmp(what, troubles_in, len) == 0 ? what + len : what;
	if (text != NULL)
		ck_assert_int_eq(json_object_set_new(troubles, what, json_string(text)), 0);
	else
		ck_assert_int_eq(json_object_del(troubles, what), 0);
}

static inline void
told_begin(void)
{
	world = json_object();
	troubles = json_object();
	syncs = puts_told = 0;
}

static inline void
told_end(void)
{
	json_decref(world);
	json_decref(troubles);
}

#endif
