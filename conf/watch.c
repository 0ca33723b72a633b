/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch: see watch.h. Watches that are no longer needed stay until the next set has
 * replaced them all; a set that is the same as the last one changes nothing, unless
 * a name leads elsewhere now. Names that lead to the same folder share its watch.
 */
#include "conf/watch.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "lib/mem.h"

#define LINKS_MAX 40 /* on the way to a file, as the kernel has it */

#define MASK                                                                                                      \
	(IN_CLOSE_WRITE | IN_ATTRIB | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | \
	 IN_ONLYDIR)

struct watch {
	struct event_base *base;
	watch_fn *fn;
	void *ctx;
	int fd; /* -1: there is none */
	struct event *readable;
	json_t *paths;
	json_t *links;   /* symbolic links on the way to them, and where those lead: they matter, too */
	json_t *folders; /* path to the number of its watch */
	json_t *names;   /* number, as text, to the list of its paths */
};

/* The folder of a path; the caller frees. */
static char *
folder_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL)
		return xstrdup(".");
	return slash == path ? xstrdup("/") : xasprintf("%.*s", (int)(slash - path), path);
}

/* The folder's name leads elsewhere or nowhere; a watch without any name ends. */
static void
folder_drop(struct watch *w, const char *folder, int wd)
{
	char number[16];
	size_t i;
	json_t *names, *name;

	snprintf(number, sizeof(number), "%d", wd);
	names = json_object_get(w->names, number);
	json_array_foreach (names, i, name)
		if (strcmp(json_string_value(name), folder) == 0) {
			json_array_remove(names, i);
			break;
		}
	json_object_del(w->folders, folder);
	if (json_array_size(names) > 0)
		return;
	inotify_rm_watch(w->fd, wd);
	json_object_del(w->names, number);
}

static void
folder_name(struct watch *w, const char *folder, int wd)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", wd);
	if (json_object_get(w->names, number) == NULL)
		json_object_set_new(w->names, number, json_array());
	json_array_append_new(json_object_get(w->names, number), json_string(folder));
	json_object_set_new(w->folders, folder, json_integer(wd));
}

/* Watches the folder, or the nearest one above it that is there, and says that it is needed. */
static void
folder_add(struct watch *w, const char *folder, json_t *needed)
{
	const json_t *known = json_object_get(w->folders, folder);
	/* Also one that is known: behind its name may be another folder by now. */
	int wd = inotify_add_watch(w->fd, folder, MASK), before = known != NULL ? (int)json_integer_value(known) : -1;

	json_object_set_new(needed, folder, json_true());
	if (known != NULL && wd == before)
		return;
	if (known != NULL)
		folder_drop(w, folder, before);
	if (wd >= 0) {
		folder_name(w, folder, wd);
	} else if (strcmp(folder, "/") != 0 && strcmp(folder, ".") != 0) {
		char *above = folder_of(folder);
		folder_add(w, above, needed);
		free(above);
	}
}

/* Watches the folder of a file; and where its path has a symbolic link, that one's, and likewise where this leads. */
static void
path_add(struct watch *w, const char *path, json_t *needed, unsigned depth)
{
	char target[4096], *folder = folder_of(path);

	folder_add(w, folder, needed);
	free(folder);
	if (depth > 0)
		json_object_set_new(w->links, path, json_true());
	for (const char *end = path; *end != '\0' && depth < LINKS_MAX;) {
		end += 1 + strcspn(end + 1, "/");
		char *name = xasprintf("%.*s", (int)(end - path), path);
		ssize_t n = readlink(name, target, sizeof(target) - 1);
		if (n > 0) {
			target[n] = '\0';
			folder = folder_of(name);
			char *whole = *target == '/' ? xasprintf("%s%s", target, end) : xasprintf("%s/%s%s", folder, target, end);
			folder_add(w, folder, needed);
			json_object_set_new(w->links, name, json_true());
			path_add(w, whole, needed, depth + 1);
			free(whole);
			free(folder);
		}
		free(name);
		if (n > 0)
			break;
	}
}

/* Is it one of the files, or a folder on the way to one? */
static bool
matters(const struct watch *w, const char *path)
{
	size_t len = strlen(path);
	const char *key;
	json_t *unused;

	json_object_foreach (w->paths, key, unused)
		if (strncmp(key, path, len) == 0 && (key[len] == '\0' || key[len] == '/'))
			return true;
	json_object_foreach (w->links, key, unused)
		if (strncmp(key, path, len) == 0 && (key[len] == '\0' || key[len] == '/'))
			return true;
	return false;
}

/* Events are lost: any of the files may be another one. */
static void
tell_all(struct watch *w)
{
	const char *path;
	json_t *unused;

	json_object_foreach (w->paths, path, unused)
		w->fn(w->ctx, path);
}

/* Something about a folder that has this name, or about what is in it. */
static void
on_folder(struct watch *w, const char *folder, const struct inotify_event *e)
{
	if (e->len == 0) {
		w->fn(w->ctx, folder);
		return;
	}
	char *path = strcmp(folder, ".") == 0 ? xstrdup(e->name) : xasprintf("%s/%s", strcmp(folder, "/") == 0 ? "" : folder, e->name);
	/* Two dots: what Kubernetes turns under the files of a mounted ConfigMap. */
	if (strncmp(e->name, "..", 2) == 0 || matters(w, path))
		w->fn(w->ctx, path);
	free(path);
}

static void
on_event(struct watch *w, const struct inotify_event *e)
{
	char number[16];
	size_t i;
	json_t *names, *name;

	if (e->mask & IN_Q_OVERFLOW) {
		tell_all(w);
		return;
	}
	snprintf(number, sizeof(number), "%d", e->wd);
	names = json_copy(json_object_get(w->names, number));
	if ((e->mask & IN_IGNORED) == 0)
		json_array_foreach (names, i, name)
			on_folder(w, json_string_value(name), e);
	/* It has another name now, and this name may be another one's. */
	if (e->mask & (IN_IGNORED | IN_MOVE_SELF))
		json_array_foreach (names, i, name)
			folder_drop(w, json_string_value(name), e->wd);
	json_decref(names);
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct watch *w = arg;
	char buf[8192] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t got = read(fd, buf, sizeof(buf));

	(void)what;
	for (ssize_t at = 0; at < got;) {
		const struct inotify_event *e = (const struct inotify_event *)(const void *)(buf + at);
		on_event(w, e);
		at += (ssize_t)(sizeof(*e) + e->len);
	}
}

struct watch *
watch_new(struct event_base *base, watch_fn *fn, void *ctx)
{
	struct watch *w = xcalloc(1, sizeof(*w));

	*w = (struct watch){.base = base, .fn = fn, .ctx = ctx, .fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC)};
	w->paths = json_object();
	w->links = json_object();
	w->folders = json_object();
	w->names = json_object();
	if (w->fd >= 0) {
		w->readable = event_new(base, w->fd, EV_READ | EV_PERSIST, on_readable, w);
		ASSERT(w->readable != NULL);
		event_add(w->readable, NULL);
	}
	return w;
}

/* Those of folders in which there is none of the files any more. */
static void
folders_drop(struct watch *w, const json_t *needed)
{
	const char *folder;
	json_t *wd;
	void *next;

	json_object_foreach_safe (w->folders, next, folder, wd)
		if (json_object_get(needed, folder) == NULL)
			folder_drop(w, folder, (int)json_integer_value(wd));
}

void
watch_set(struct watch *w, const json_t *paths)
{
	json_t *needed, *unused;
	const char *path;

	if (w->fd < 0)
		return;
	needed = json_object();
	json_object_clear(w->links);
	json_object_foreach ((json_t *)(uintptr_t)paths, path, unused)
		path_add(w, path, needed, 0);
	folders_drop(w, needed);
	json_decref(needed);
	json_decref(w->paths);
	w->paths = json_deep_copy(paths);
}

void
watch_free(struct watch *w)
{
	if (w == NULL)
		return;
	if (w->fd >= 0) {
		event_free(w->readable);
		close(w->fd);
	}
	json_decref(w->paths);
	json_decref(w->links);
	json_decref(w->folders);
	json_decref(w->names);
	free(w);
}
