/* SPDX-License-Identifier: Apache-2.0 */
/*
 * template: see template.h.
 */
#include "conf/template.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "conf/load.h"
#include "conf/mustache.h"
#include "lib/mem.h"

#define TEMPLATE_MAX (16u << 20) /* octets */
#define SUFFIX       ".mustache"

struct place {
	const char *folder; /* with the slash behind it, or "" */
	const char *node;
	json_t *files; /* NULL: nobody wants to know */
	bool again;    /* a file could not be read, and could at another time */
};

static int
read_one(struct place *at, const char *path, char **text, size_t *len)
{
	int rc;

	if (at->files != NULL)
		json_object_set_new(at->files, path, json_true());
	rc = tree_read(path, TEMPLATE_MAX, text, len);
	at->again |= tree_read_again(rc);
	return rc;
}

/* The node's own file, or the one for all. *path is the one that was tried last. */
static int
read_for_node(struct place *at, const char *stem, const char *suffix, char **path, char **text, size_t *len)
{
	const char *node = at->node;
	int rc = -ENOENT;

	*path = NULL;
	/* A node's name is a word, not a path. */
	if (node != NULL && node[0] != '\0' && strchr(node, '/') == NULL) {
		*path = xasprintf("%s.%s%s", stem, node, suffix);
		rc = read_one(at, *path, text, len);
	}
	if (rc == -ENOENT) {
		free(*path);
		*path = xasprintf("%s%s", stem, suffix);
		rc = read_one(at, *path, text, len);
	}
	return rc;
}

/* Partials are files of the template's folder and of folders in it, never of others. */
static bool
name_ok(const char *name)
{
	for (const char *part = name;; part += strcspn(part, "/") + 1) {
		if (*part == '\0' || *part == '/' || *part == '.')
			return false;
		if (strchr(part, '/') == NULL)
			return true;
	}
}

static int
find_partial(void *ctx, const char *name, char **text, size_t *len)
{
	struct place *at = ctx;
	char *stem, *path;
	int rc;

	if (!name_ok(name))
		return -EINVAL;
	stem = xasprintf("%s%s", at->folder, name);
	rc = read_for_node(at, stem, SUFFIX, &path, text, len);
	free(stem);
	free(path);
	return rc;
}

static int
render(const char *path, const char *text, size_t len, struct place *at, json_t *model, struct str *out,
       struct str *err)
{
	struct mustache_error e = {0};
	struct mustache *m = mustache_parse(path, text, len, &e);
	int rc = m != NULL ? mustache_render(m, model, find_partial, at, out, &e) : -1;

	if (rc != 0)
		str_addf(err, "%s:%u:%u: %s", e.name, e.line, e.column, e.text);
	mustache_free(m);
	return rc;
}

int
template_render(const char *src, const char *node, json_t *model, json_t *files, struct str *out, struct str *err)
{
	size_t len = strlen(src), tail = strlen(SUFFIX), size;
	bool has_suffix = len > tail && strcmp(src + len - tail, SUFFIX) == 0;
	const char *slash = strrchr(src, '/');
	struct str folder = {0}, stem = {0};
	char *path, *text;
	int rc;

	str_addn(&folder, src, slash != NULL ? (size_t)(slash - src) + 1 : 0);
	str_addn(&stem, src, has_suffix ? len - tail : len);
	struct place at = {.folder = str_get(&folder), .node = node, .files = files};
	rc = read_for_node(&at, str_get(&stem), has_suffix ? SUFFIX : "", &path, &text, &size);
	if (rc == 0) {
		rc = render(path, text, size, &at, model, out, err);
		free(text);
	} else {
		str_addf(err, "%s: %s", path, strerror(-rc));
	}
	free(path);
	str_free(&folder);
	str_free(&stem);
	if (rc == 0)
		return 0;
	return at.again ? -EAGAIN : -EINVAL;
}
