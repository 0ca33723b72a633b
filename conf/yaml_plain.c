/* SPDX-License-Identifier: Apache-2.0 */
/*
 * yaml_plain: what plain.h reads of a configuration, told to the builder of its tree.
 */
#include "conf/plain.h"
#include "conf/yaml_int.h"

struct yaml_plain {
	struct yml_builder *b;
	char *text;
};

static struct yml_at
at_of(struct plain_at at)
{
	return (struct yml_at){at.line, at.column};
}

static bool
on_open(void *ctx, bool is_map, struct plain_at at)
{
	const struct yaml_plain *y = ctx;

	yml_build_open(y->b, is_map ? YML_MAP : YML_LIST, at_of(at), NULL);
	return !yml_build_failed(y->b);
}

static bool
on_close(void *ctx)
{
	const struct yaml_plain *y = ctx;

	yml_build_close(y->b);
	return !yml_build_failed(y->b);
}

static bool
on_scalar(void *ctx, struct plain_at at, const char *text, size_t len, bool quoted)
{
	const struct yaml_plain *y = ctx;

	y->text[(size_t)(text - y->text) + len] = '\0';
	yml_build_scalar(y->b, at_of(at), text, len, !quoted, NULL);
	return !yml_build_failed(y->b);
}

static bool
on_key(void *ctx, struct plain_at at, const char *text, size_t len)
{
	return on_scalar(ctx, at, text, len, false);
}

bool
yml_plain(struct yml_builder *b, char *text, size_t len)
{
	static const struct plain_events events = {.open = on_open, .close = on_close, .key = on_key, .scalar = on_scalar};
	struct yaml_plain y = {.b = b, .text = text};
	uint32_t line;

	return plain_read(text, len, &events, &y, &line);
}
