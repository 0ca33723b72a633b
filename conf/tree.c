/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tree: one tree out of several files, and a neighbour out of two maps.
 *
 * Files named by include are read in order and merged into the tree of the file
 * that includes them: top-level lists are appended, top-level maps get each
 * other's keys, and what would be there twice is an error that names both
 * places. Groups are merged into neighbours here too, so that the walk over the
 * schema meets complete neighbours whose nodes still know where they came from.
 */
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/arena.h"
#include "conf/error.h"
#include "conf/load.h"
#include "lib/mem.h"

#define FILE_SIZE_MAX (64u << 20)
#define FILES_MAX     1000u
#define NESTING_MAX   8u

/* ---- files ---- */

int
tree_read(const char *path, size_t max, char **text, size_t *len)
{
	size_t cap = 4096, n = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), rc = 0; /* a pipe that nobody writes is empty */
	struct stat st;

	if (fd < 0)
		return -errno;
	/* One octet more than there is, to see the end without more room. */
	if (fstat(fd, &st) == 0 && st.st_size > 0 && (uint64_t)st.st_size <= max)
		cap = (size_t)st.st_size + 1;
	char *buf = xmalloc(cap);
	for (;;) {
		ssize_t got = read(fd, buf + n, cap - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0) {
			rc = got < 0 ? -errno : 0;
			break;
		}
		n += (size_t)got;
		if (n > max) {
			rc = -EFBIG;
			break;
		}
		if (n == cap)
			buf = xrealloc(buf, cap *= 2);
	}
	close(fd);
	if (rc != 0) {
		free(buf);
		return rc;
	}
	buf[n] = '\0';
	*text = buf;
	*len = n;
	return 0;
}

bool
tree_read_again(int rc)
{
	return rc == -EMFILE || rc == -ENFILE || rc == -ENOMEM || rc == -EIO || rc == -EAGAIN || rc == -ESTALE || rc == -ETIMEDOUT;
}

int
tree_read_noted(struct conf_loader *ld, const char *path, size_t max, char **text, size_t *len)
{
	int rc = tree_read(path, max, text, len);

	if (rc == 0 && (ld->read == NULL || strcmp(ld->read->path, path) != 0)) {
		struct conf_file *f = conf_arena_alloc(ld->tmp, sizeof(*f));
		*f = (struct conf_file){.next = ld->read, .path = conf_arena_str(ld->tmp, path)};
		ld->read = f;
	}
	return rc;
}

const char *
tree_path_of(struct conf_loader *ld, const struct yml_node *n, const char *name)
{
	const char *slash = strrchr(n->pos.file, '/');

	if (name[0] == '/' || slash == NULL)
		return conf_arena_str(ld->tmp, name);
	return conf_arena_fmt(ld->tmp, "%.*s/%s", (int)(slash - n->pos.file), n->pos.file, name);
}

/* ---- include ---- */

static struct yml_node *file_load(struct conf_loader *ld, const char *path, struct yml_node *at);

static void
duplicate(struct conf_loader *ld, struct yml_node *first, struct yml_node *again, const char *path)
{
	load_fail_at(ld, again, path, "found this key a second time, expected it once (first at %s:%u)",
		     first->pos.file, first->pos.line);
}

/* Both maps of a section in one; a key of both is an error. */
static struct yml_node *
maps_merge(struct conf_loader *ld, const char *section, const struct yml_node *a, const struct yml_node *b)
{
	struct yml_pair *pairs = conf_arena_array(ld->tmp, (size_t)a->n + b->n, sizeof(*pairs));
	uint32_t n = a->n;

	if (n != 0)
		memcpy(pairs, a->pairs, n * sizeof(*pairs));
	for (uint32_t i = 0; i < b->n; i++) {
		int32_t at = yml_map_find(a, b->pairs[i].key->text);
		if (at < 0) {
			pairs[n++] = b->pairs[i];
			continue;
		}
		char *path = conf_arena_fmt(ld->tmp, "%s.%s", section, b->pairs[i].key->text);
		duplicate(ld, a->pairs[at].key, b->pairs[i].key, path);
	}
	return yml_map_new(ld->tmp, a, pairs, n);
}

static void
section_merge(struct conf_loader *ld, struct yml_pair *mine, const struct yml_pair *other)
{
	if (mine->value->kind == YML_LIST && other->value->kind == YML_LIST)
		mine->value = yml_list_join(ld->tmp, mine->value, other->value);
	else if (mine->value->kind == YML_MAP && other->value->kind == YML_MAP)
		mine->value = maps_merge(ld, mine->key->text, mine->value, other->value);
	else if (yml_is_null(mine->value))
		*mine = *other;
	else if (!yml_is_null(other->value))
		duplicate(ld, mine->key, other->key, mine->key->text);
}

/* The tree with the sections of another one added. */
static struct yml_node *
root_merge(struct conf_loader *ld, const struct yml_node *root, const struct yml_node *other)
{
	struct yml_pair *pairs = conf_arena_array(ld->tmp, (size_t)root->n + other->n, sizeof(*pairs));
	uint32_t n = root->n;

	if (n != 0)
		memcpy(pairs, root->pairs, n * sizeof(*pairs));
	for (uint32_t i = 0; i < other->n; i++) {
		int32_t at = yml_map_find(root, other->pairs[i].key->text);
		if (at < 0)
			pairs[n++] = other->pairs[i];
		else if (strcmp(other->pairs[i].key->text, "include") != 0)
			section_merge(ld, &pairs[at], &other->pairs[i]);
	}
	return yml_map_new(ld->tmp, root, pairs, n);
}

static struct yml_node *
pattern_include(struct conf_loader *ld, struct yml_node *root, struct yml_node *pattern)
{
	glob_t found;

	if (pattern->kind != YML_SCALAR || pattern->n == 0) {
		load_expect(ld, pattern, "a path or a pattern of paths");
		return root;
	}
	if ((ld->flags & CONF_NO_FILES) != 0) {
		load_fail(ld, pattern, "found a file, expected none to be read here");
		return root;
	}
	const char *path = tree_path_of(ld, pattern, pattern->text);
	/* Without wildcards the path itself comes back, so that a missing file is an error; an empty folder
	 * is not. */
	int rc = glob(path, GLOB_BRACE | (strpbrk(path, "*?[{") == NULL ? GLOB_NOCHECK : 0), NULL, &found);
	for (size_t i = 0; rc == 0 && i < found.gl_pathc; i++) {
		const struct yml_node *other = file_load(ld, found.gl_pathv[i], pattern);
		if (other != NULL)
			root = root_merge(ld, root, other);
	}
	if (rc == 0)
		globfree(&found);
	else if (rc != GLOB_NOMATCH)
		load_expect(ld, pattern, "a pattern of files that can be looked for");
	return root;
}

static struct yml_node *
includes_load(struct conf_loader *ld, struct yml_node *root)
{
	struct load_path here = {.key = "include"};
	struct yml_node *list = root->kind == YML_MAP ? yml_map_get(root, here.key) : NULL;

	if (list == NULL || yml_is_null(list))
		return root;
	if (ld->nesting == NESTING_MAX) {
		load_fail_at(ld, list, here.key, "found files included %u deep, expected fewer", NESTING_MAX);
		return root;
	}
	ld->nesting++;
	ld->path = &here;
	if (list->kind == YML_MAP)
		load_expect(ld, list, "a list of paths");
	if (list->kind == YML_SCALAR)
		root = pattern_include(ld, root, list);
	for (uint32_t i = 0; list->kind == YML_LIST && i < list->n; i++) {
		struct load_path item = {.up = &here, .index = i};
		ld->path = &item;
		root = pattern_include(ld, root, list->items[i]);
	}
	ld->path = NULL;
	ld->nesting--;
	return root;
}

/* ---- reading ---- */

static struct yml_node *
text_load(struct conf_loader *ld, const char *name, const char *text, size_t len)
{
	struct yml_node *root;

	if (yml_parse(ld->tmp, conf_arena_str(ld->tmp, name), ld->files++, text, len, ld->errs, &root) != 0)
		return NULL;
	if (root->kind == YML_SCALAR && yml_is_null(root))
		root = yml_map_new(ld->tmp, root, NULL, 0);
	const struct load_path *saved = ld->path;
	ld->weight += root->weight;
	root = includes_load(ld, root);
	ld->path = saved;
	return root;
}

/* Reads a file that at (NULL: nobody) includes. */
static struct yml_node *
file_load(struct conf_loader *ld, const char *path, struct yml_node *at)
{
	struct conf_pos whole = {.file = path};
	struct yml_node *root = NULL;
	char *text = NULL;
	size_t len = 0;

	if (ld->files == FILES_MAX || ld->weight > YML_NODES_MAX) {
		load_fail(ld, at, "found too much to read, expected at most %u files and %u values",
			  FILES_MAX, YML_NODES_MAX);
		return NULL;
	}
	int rc = tree_read_noted(ld, path, FILE_SIZE_MAX, &text, &len);
	if (rc != 0) {
		if (at != NULL)
			load_expect(ld, at, "a readable file (%s: %s)", path, strerror(-rc));
		else
			conf_errors_add(ld->errs, &whole, 0, "file", "found %s, expected a readable file",
					strerror(-rc));
		return NULL;
	}
	root = text_load(ld, path, text, len);
	free(text);
	if (root != NULL && root->kind != YML_MAP && at != NULL) {
		load_fail_at(ld, root, "file", "found something else, expected a map of settings");
		root = NULL;
	}
	return root;
}

struct yml_node *
tree_load_file(struct conf_loader *ld, const char *path)
{
	return file_load(ld, path, NULL);
}

struct yml_node *
tree_load_text(struct conf_loader *ld, const char *name, const char *text, size_t len)
{
	return text_load(ld, name, text, len);
}

/* ---- groups ---- */

/* a's pairs and those of b that a does not have; maps that are in both merge the same way, if deep. */
static struct yml_node *
maps_overlay(struct conf_loader *ld, const struct yml_node *a, const struct yml_node *b, bool deep)
{
	struct yml_pair *pairs = conf_arena_array(ld->tmp, (size_t)a->n + b->n, sizeof(*pairs));
	uint32_t n = a->n;

	if (n != 0)
		memcpy(pairs, a->pairs, n * sizeof(*pairs));
	for (uint32_t i = 0; i < b->n; i++) {
		const struct yml_pair *theirs = &b->pairs[i];
		int32_t at = yml_map_find(a, theirs->key->text);
		if (at < 0)
			pairs[n++] = *theirs;
		else if (deep && pairs[at].value->kind == YML_MAP && theirs->value->kind == YML_MAP)
			pairs[at].value = maps_overlay(ld, pairs[at].value, theirs->value, false);
	}
	return yml_map_new(ld->tmp, a, pairs, n);
}

struct yml_node *
tree_merge_group(struct conf_loader *ld, struct yml_node *n)
{
	struct yml_node *name = ld->in_group ? NULL : yml_map_get(n, "group");
	struct load_path here = {.up = ld->path, .key = "group"};

	if (name == NULL)
		return n;
	struct yml_node *group =
	    name->kind != YML_SCALAR || ld->groups == NULL ? NULL : yml_map_get(ld->groups, name->text);
	if (group != NULL && group->kind == YML_MAP)
		return maps_overlay(ld, n, group, true);
	if (group != NULL)
		return n;
	ld->path = &here;
	const char *near = name->kind == YML_SCALAR ? load_nearest(ld->groups, name->text) : NULL;
	if (near != NULL)
		load_expect(ld, name, "the name of a group; is \"%s\" meant?", near);
	else
		load_expect(ld, name, "the name of a group");
	ld->path = here.up;
	return n;
}
