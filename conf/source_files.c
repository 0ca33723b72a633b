/* SPDX-License-Identifier: Apache-2.0 */
/*
 * source_files: a directory as a datastore; see source.h.
 *
 * A scan looks at every file and reads those whose inode, size or time is another
 * one. inotify says when to scan: a moment after the last event, so that a burst is
 * one scan; and it says of which files, so that only those are looked at while the
 * directories stay as they are. A file that cannot be read or parsed keeps what it
 * said before.
 *
 * Of a file that is read again only the documents are parsed whose text is new.
 *
 * Resources are known by their identity ("kind namespace name"); each has a list of
 * the files that have it, by name, of which the first holds. Only hashes of values
 * are kept here, so a file whose resource comes to hold because another one went is
 * read again.
 */
#include "conf/source.h"

#include <dirent.h>
#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/tree.h>
#include <unistd.h>

#include "conf/document.h"
#include "conf/load.h"
#include "conf/value.h"
#include "lib/loop.h"
#include "lib/mem.h"
#include "lib/str.h"

#define SETTLE_MS   5     /* without an event, before a scan */
#define SETTLE_MAX  10u   /* such waits in a row at most */
#define RETRY_S     5     /* a directory that is not there, or any where the system has no inotify to spare */
#define FILE_MAX    (256u << 20)
#define HOLD_MAX    (1u << 20) /* octets of a text whose values are kept until all of it was read */
#define DEPTH_MAX   16
#define WATCH_MASK                                                                                           \
	(IN_MODIFY | IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF |     \
	 IN_ATTRIB | IN_ONLYDIR)

struct owner; /* a file's part in a resource */

struct resource {
	RB_ENTRY(resource) entry;
	char *id; /* "kind\nnamespace\nname" */
	struct owner *owners; /* by the name of their file; the first holds */
	uint64_t told; /* hash of the value that the handler knows; 0: none */
};
RB_HEAD(resource_tree, resource);

struct file {
	RB_ENTRY(file) entry;
	char *path;
	struct stat st;
	struct owner *owned;
	bool seen;  /* in this scan */
	bool again; /* to be read whatever its stat says */
	bool in_trouble;
};
RB_HEAD(file_tree, file);

struct owner {
	struct file *file;
	struct resource *resource;
	struct owner *next_of_file, *next_of_resource;
	uint64_t document; /* hash of the part of the file's text that has it; 0: it is to be read in any case */
	bool fresh;        /* the reading that is under way has it */
};

struct source_files {
	struct source head;
	const struct source_handler *h;
	void *ctx;
	char *path;
	bool keys;
	struct resource_tree resources;
	struct file_tree files;
	int fd; /* of inotify; -1: scans go by the clock */
	json_t *watched; /* paths of directories by the number of their watch */
	json_t *writing; /* paths of files that are written and not closed */
	json_t *touched; /* paths that events were about since the last scan */
	bool all;        /* the next scan looks at everything, whatever was touched */
	bool unread;     /* the last scan met a file that it could not read, and could at another time */
	bool has_links;  /* there are symbolic links: what they lead to changes without an event */
	struct event *readable, *timer;
	unsigned waits;
	bool synced, changed;
	json_t *troubled; /* paths that could not be looked at since the last scan that saw everything */
};

static int
resource_cmp(const struct resource *a, const struct resource *b)
{
	return strcmp(a->id, b->id);
}

static int
file_cmp(const struct file *a, const struct file *b)
{
	return strcmp(a->path, b->path);
}

RB_PROTOTYPE(resource_tree, resource, entry, resource_cmp)
RB_GENERATE(resource_tree, resource, entry, resource_cmp)
RB_PROTOTYPE(file_tree, file, entry, file_cmp)
RB_GENERATE(file_tree, file, entry, file_cmp)

/* ---- resources ---- */

static void
id_split(char *id, char **kind, char **name_space, char **name)
{
	*kind = strsep(&id, "\n");
	*name_space = strsep(&id, "\n");
	*name = id;
}

static void
tell_del(struct source_files *s, const struct resource *r)
{
	char *id = xstrdup(r->id), *kind, *name_space, *name;

	id_split(id, &kind, &name_space, &name);
	s->h->del(s->ctx, kind, *name_space != '\0' ? name_space : NULL, name);
	s->changed = true;
	free(id);
}

static void
tell_put(struct source_files *s, struct resource *r, const json_t *value)
{
	uint64_t hash = value_hash(value);
	char *id, *kind, *name_space, *name;

	if (hash == r->told)
		return;
	id = xstrdup(r->id);
	id_split(id, &kind, &name_space, &name);
	s->h->put(s->ctx, kind, *name_space != '\0' ? name_space : NULL, name, value);
	r->told = hash;
	s->changed = true;
	free(id);
}

static struct owner *
owner_get(struct source_files *s, struct file *f, const char *id)
{
	struct resource key = {.id = (char *)(uintptr_t)id}, *r = RB_FIND(resource_tree, &s->resources, &key);
	struct owner **at, *o;

	if (r == NULL) {
		r = xcalloc(1, sizeof(*r));
		r->id = xstrdup(id);
		RB_INSERT(resource_tree, &s->resources, r);
	}
	for (at = &r->owners; *at != NULL && file_cmp((*at)->file, f) < 0; at = &(*at)->next_of_resource)
		continue;
	if (*at != NULL && (*at)->file == f)
		return *at;
	o = xcalloc(1, sizeof(*o));
	o->file = f;
	o->resource = r;
	o->next_of_resource = *at;
	*at = o;
	o->next_of_file = f->owned;
	f->owned = o;
	return o;
}

/* The file no longer has it: another one's holds from now on, or nobody's. o is already out of its file's list. */
static void
owner_drop(struct source_files *s, struct owner *o)
{
	struct resource *r = o->resource;
	bool held = r->owners == o;
	struct owner **at = &r->owners;

	while (*at != o)
		at = &(*at)->next_of_resource;
	*at = o->next_of_resource;
	free(o);
	if (r->owners == NULL) {
		tell_del(s, r);
		RB_REMOVE(resource_tree, &s->resources, r);
		free(r->id);
		free(r);
	} else if (held) {
		r->owners->file->again = true;
		r->owners->document = 0;
	}
}

/* ---- trouble ---- */

__attribute__((format(printf, 3, 4))) static void
file_trouble(struct source_files *s, struct file *f, const char *fmt, ...)
{
	char text[300];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	f->in_trouble = true;
	s->h->trouble(s->ctx, f->path, text);
}

static void
trouble_over(struct source_files *s, bool *flag, const char *what)
{
	if (*flag)
		s->h->trouble(s->ctx, what, NULL);
	*flag = false;
}

static void
directory_trouble(struct source_files *s, const char *path, int error)
{
	char text[200];

	snprintf(text, sizeof(text), "%s: what it said last stays", strerror(error));
	json_object_set_new(s->troubled, path, json_true());
	s->h->trouble(s->ctx, path, text);
}

static void
directory_trouble_over(struct source_files *s)
{
	const char *path;
	json_t *unused;

	json_object_foreach (s->troubled, path, unused)
		s->h->trouble(s->ctx, path, NULL);
	json_object_clear(s->troubled);
}

/* ---- documents ---- */

struct reading {
	struct source_files *s;
	struct file *f;
	json_t *values; /* by identity, all of the file before anything of it is told; null: not kept */
	json_t *hashes; /* by identity: that of the part of the text */
	struct document_part *parts;
	size_t nparts, part; /* part: the one that is read */
	bool hold;           /* else values are read once more when they are told */
	bool telling;
	unsigned line;
	const char *wrong;
};

static bool
has_namespace(const char *kind)
{
	static const char *const kinds[] = {"Service", "EndpointSlice", "Secret"};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(kinds[i], kind) == 0)
			return true;
	return false;
}

/* Does a part of the file that is not read again have it? */
static bool
is_known(struct reading *rd, const char *id)
{
	struct resource key = {.id = (char *)(uintptr_t)id}, *r = RB_FIND(resource_tree, &rd->s->resources, &key);
	const struct owner *o = r != NULL ? r->owners : NULL;

	while (o != NULL && o->file != rd->f)
		o = o->next_of_resource;
	return o != NULL && o->fresh;
}

static int
resource_found(struct reading *rd, const char *id, json_t *value)
{
	if (rd->telling) {
		struct owner *o = owner_get(rd->s, rd->f, id);
		if (o->resource->owners == o)
			tell_put(rd->s, o->resource, value);
		return 0;
	}
	if (json_object_get(rd->values, id) != NULL || is_known(rd, id)) {
		rd->wrong = "a resource that the file does not have before";
		return -1;
	}
	json_object_set_new(rd->values, id, rd->hold ? json_incref(value) : json_null());
	json_object_set_new(rd->hashes, id, json_integer((json_int_t)rd->parts[rd->part].hash));
	return 0;
}

static int
on_value(struct reading *rd, json_t *value)
{
	const json_t *meta = json_object_get(value, "metadata");
	const char *kind = json_string_value(json_object_get(value, "kind"));
	const char *name = json_string_value(json_object_get(meta, "name"));
	const char *name_space = json_string_value(json_object_get(meta, "namespace"));
	size_t n = kind != NULL ? strlen(kind) : 0, i;
	json_t *items = json_object_get(value, "items"), *item;
	int rc = 0;

	if (n >= 4 && strcmp(kind + n - 4, "List") == 0 && json_is_array(items)) {
		json_array_foreach (items, i, item)
			if ((rc = on_value(rd, item)) != 0)
				break;
		return rc;
	}
	rd->wrong = kind == NULL ? "kind" : name == NULL ? "metadata.name" : NULL;
	if (rd->wrong != NULL)
		return -1;
	name_space = !has_namespace(kind) ? "" : name_space != NULL ? name_space : "default";
	char *id = xasprintf("%s\n%s\n%s", kind, name_space, name);
	rc = resource_found(rd, id, value);
	free(id);
	return rc;
}

static int
on_document(void *ctx, json_t *value, unsigned line)
{
	struct reading *rd = ctx;

	rd->line = line;
	return on_value(rd, value);
}

/* ---- parts of a file's text ---- */

static int
by_hash(const void *a, const void *b)
{
	const struct document_part *x = *(struct document_part *const *)a, *y = *(struct document_part *const *)b;

	return x->hash < y->hash ? -1 : x->hash > y->hash;
}

/* Marks the parts that the file had before, and what it has by them. Of texts that are there twice none is known. */
static void
parts_know(struct reading *rd)
{
	struct document_part **sorted = xcalloc(rd->nparts, sizeof(*sorted));
	bool any = true;
	size_t n = 0;

	for (size_t i = 0; i < rd->nparts; i++)
		sorted[i] = &rd->parts[i];
	qsort(sorted, rd->nparts, sizeof(*sorted), by_hash);
	for (size_t i = 0; i < rd->nparts; i++) {
		size_t same = 1;
		while (i + same < rd->nparts && sorted[i + same]->hash == sorted[i]->hash)
			same++;
		if (same == 1)
			sorted[n++] = sorted[i];
		i += same - 1;
	}
	for (struct owner *o = rd->f->owned; o != NULL; o = o->next_of_file)
		any &= o->document != 0;
	for (struct owner *o = rd->f->owned; o != NULL; o = o->next_of_file) {
		struct document_part key = {.hash = o->document}, *find = &key;
		struct document_part **p = any ? bsearch(&find, sorted, n, sizeof(struct document_part *), by_hash) : NULL;
		o->fresh = p != NULL;
		if (p != NULL)
			(*p)->known = true;
	}
	free(sorted);
}

/* Those that are not known. */
static int
parts_parse(struct reading *rd, const char *text, struct document_error *err)
{
	size_t values = 0;
	int rc = 0;

	for (rd->part = 0; rd->part < rd->nparts && rc == 0; rd->part++)
		if (!rd->parts[rd->part].known)
			rc = document_part_parse(text, &rd->parts[rd->part], &values, on_document, rd, err);
	return rc;
}

/* What the file says is taken over as a whole. */
static void
file_take(struct reading *rd, const char *text)
{
	struct source_files *s = rd->s;
	struct document_error none = {0};
	struct owner *o, **at;
	const char *id;
	json_t *value;

	json_object_foreach (rd->values, id, value) {
		o = owner_get(s, rd->f, id);
		o->fresh = true;
		o->document = (uint64_t)json_integer_value(json_object_get(rd->hashes, id));
		if (!json_is_null(value) && o->resource->owners == o)
			tell_put(s, o->resource, value);
	}
	rd->telling = true;
	if (!rd->hold)
		parts_parse(rd, text, &none);
	for (at = &rd->f->owned; (o = *at) != NULL;) {
		if (o->fresh) {
			at = &o->next_of_file;
			continue;
		}
		*at = o->next_of_file;
		owner_drop(s, o);
	}
}

/* Another file before it in the order has the same resource. */
static void
file_note_shadowed(struct source_files *s, struct file *f)
{
	for (const struct owner *o = f->owned; o != NULL; o = o->next_of_file) {
		if (o->resource->owners == o)
			continue;
		char *id = xstrdup(o->resource->id), *kind, *name_space, *name;
		id_split(id, &kind, &name_space, &name);
		file_trouble(s, f, "found the %s %s%s%s, which %s has, too: that one holds", kind, name_space,
			     *name_space != '\0' ? "/" : "", name, o->resource->owners->file->path);
		free(id);
		return;
	}
}

/* ---- files ---- */

/* A key's value is its file without the end of the last line. False: it is no text. */
static bool
key_value(struct reading *rd, const char *text, size_t len)
{
	char *id = xasprintf("\n\n%s", rd->f->path + strlen(rd->s->path) + 1);
	bool good;

	if (len > 0 && text[len - 1] == '\n')
		len--;
	good = json_object_set_new(rd->values, id, json_stringn(text, len)) == 0;
	free(id);
	return good;
}

/* False after it told the trouble. */
static bool
file_parse(struct reading *rd, const char *text, size_t len)
{
	struct document_error err = {0};

	if (rd->s->keys) {
		if (!key_value(rd, text, len))
			file_trouble(rd->s, rd->f, "found octets that are no UTF-8 text: what it said last stays");
		return json_object_size(rd->values) != 0;
	}
	rd->nparts = document_cut(text, len, &rd->parts);
	parts_know(rd);
	if (parts_parse(rd, text, &err) != 0 && rd->wrong != NULL)
		file_trouble(rd->s, rd->f, "line %u: expected %s: what the file said last stays", rd->line, rd->wrong);
	else if (err.line != 0)
		file_trouble(rd->s, rd->f, "line %u, column %u: %s: what the file said last stays", err.line, err.column, err.text);
	return rd->wrong == NULL && err.line == 0;
}

static void
file_read(struct source_files *s, struct file *f)
{
	struct reading rd = {.s = s, .f = f, .values = json_object(), .hashes = json_object()};
	char *text = NULL;
	size_t len;
	int rc = tree_read(f->path, FILE_MAX, &text, &len);

	f->again = false;
	if (rc < 0) {
		file_trouble(s, f, "%s: what it said last stays", strerror(-rc));
		if (tree_read_again(rc)) {
			f->st = (struct stat){0}; /* so that the next scan takes it for another one */
			s->unread = true;
		}
	} else {
		rd.hold = s->keys || len <= HOLD_MAX;
		if (file_parse(&rd, text, len)) {
			trouble_over(s, &f->in_trouble, f->path);
			file_take(&rd, text);
			file_note_shadowed(s, f);
		}
	}
	json_decref(rd.values);
	json_decref(rd.hashes);
	free(rd.parts);
	free(text);
}

static bool
is_same(const struct stat *a, const struct stat *b)
{
	return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
	       a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec &&
	       a->st_ctim.tv_sec == b->st_ctim.tv_sec && a->st_ctim.tv_nsec == b->st_ctim.tv_nsec;
}

static void
file_see(struct source_files *s, const char *path, const struct stat *st)
{
	struct file key = {.path = (char *)(uintptr_t)path}, *f = RB_FIND(file_tree, &s->files, &key);

	bool half = json_object_get(s->writing, path) != NULL;

	if (f == NULL && half)
		return;
	if (f == NULL) {
		f = xcalloc(1, sizeof(*f));
		f->path = xstrdup(path);
		RB_INSERT(file_tree, &s->files, f);
	} else if (half || is_same(&f->st, st)) {
		f->seen = true;
		return;
	}
	f->st = *st;
	f->seen = true;
	f->again = true;
}

static void
file_free(struct source_files *s, struct file *f)
{
	RB_REMOVE(file_tree, &s->files, f);
	free(f->path);
	free(f);
}

static void
file_gone(struct source_files *s, struct file *f)
{
	struct owner *o;

	while ((o = f->owned) != NULL) {
		f->owned = o->next_of_file;
		owner_drop(s, o);
	}
	trouble_over(s, &f->in_trouble, f->path);
	file_free(s, f);
}

/* ---- scanning ---- */

static bool scan_directory(struct source_files *s, const char *path, unsigned depth);

static bool
scan_entry(struct source_files *s, const char *path, const struct dirent *e, unsigned depth)
{
	const char *name = e->d_name;
	char *full;
	struct stat st;
	bool good = true;

	if (*name == '.')
		return true;
	s->has_links |= e->d_type == DT_LNK || e->d_type == DT_UNKNOWN;
	full = xasprintf("%s/%s", path, name);
	/* Behind a link, too: what is mounted into containers is replaced by turning links. */
	if (stat(full, &st) < 0) {
		/* A link that leads nowhere is nothing. */
		good = errno == ENOENT || errno == ENOTDIR || errno == ELOOP;
		if (!good)
			directory_trouble(s, full, errno);
	} else if (S_ISDIR(st.st_mode))
		good = depth == DEPTH_MAX || scan_directory(s, full, depth + 1);
	else if (S_ISREG(st.st_mode) && (s->keys || document_is_named(name)))
		file_see(s, full, &st);
	free(full);
	return good;
}

/* False, with errno: it cannot be watched. */
static bool
watch(struct source_files *s, const char *path)
{
	char key[16];
	int wd = s->fd >= 0 ? inotify_add_watch(s->fd, path, WATCH_MASK) : -1;

	if (wd < 0)
		return s->fd < 0;
	snprintf(key, sizeof(key), "%d", wd);
	json_object_set_new(s->watched, key, json_string(path));
	return true;
}

/* False: a part could not be looked at, so that what was not seen may still be there. */
static bool
scan_directory(struct source_files *s, const char *path, unsigned depth)
{
	/* Watched first: what changes from now on is an event. */
	bool good = watch(s, path);
	DIR *dir = good ? opendir(path) : NULL;
	struct dirent *e;

	if (dir == NULL) {
		directory_trouble(s, path, errno);
		return false;
	}
	while ((e = readdir(dir)) != NULL)
		good &= scan_entry(s, path, e, depth);
	closedir(dir);
	return good;
}

static bool
read_changed(struct source_files *s)
{
	struct file *f;
	bool any = false;

	RB_FOREACH (f, file_tree, &s->files)
		if (f->again) {
			file_read(s, f);
			any = true;
		}
	return any;
}

static void
arm(struct source_files *s, long ms)
{
	timer_after_ms(s->timer, (uint64_t)ms);
}

/* Looks at everything. False: at a part it could not. */
static bool
scan_all(struct source_files *s)
{
	struct file *f, *next;

	RB_FOREACH (f, file_tree, &s->files)
		f->seen = false;
	s->has_links = false;
	bool whole = scan_directory(s, s->path, 0);
	for (f = RB_MIN(file_tree, &s->files); whole && f != NULL; f = next) {
		next = RB_NEXT(file_tree, &s->files, f);
		if (!f->seen)
			file_gone(s, f);
	}
	return whole;
}

/* At what events were about; the same. */
static bool
scan_touched(struct source_files *s)
{
	const char *path;
	json_t *unused;
	struct stat st;

	json_object_foreach (s->touched, path, unused) {
		struct file key = {.path = (char *)(uintptr_t)path}, *f = RB_FIND(file_tree, &s->files, &key);
		const char *name = strrchr(path, '/') + 1;
		if (lstat(path, &st) == 0) {
			if (!S_ISREG(st.st_mode))
				return false;
			if (s->keys || document_is_named(name))
				file_see(s, path, &st);
		} else if (errno != ENOENT) {
			return false;
		} else if (f != NULL) {
			file_gone(s, f);
		}
	}
	return true;
}

static void
scan(struct source_files *s)
{
	bool all = s->all || s->has_links || s->fd < 0;
	bool whole = !all && scan_touched(s);

	if (!whole)
		whole = scan_all(s);
	json_object_clear(s->touched);
	/* What one file drops may make another one count. */
	s->unread = false;
	while (read_changed(s))
		continue;
	if (whole)
		directory_trouble_over(s);
	whole &= !s->unread;
	s->all = !whole;
	if (!whole || s->fd < 0)
		arm(s, RETRY_S * 1000);
	if (s->changed || (whole && !s->synced)) {
		s->changed = false;
		s->synced = s->synced || whole;
		if (s->synced)
			s->h->synced(s->ctx);
	}
}

static void
on_timer(evutil_socket_t fd, short what, void *arg)
{
	struct source_files *s = arg;

	(void)fd;
	(void)what;
	s->waits = 0;
	scan(s);
}

/* Begun, or done, to be written. All else a scan finds: of it events only say when and where. */
static void
on_inotify(struct source_files *s, const struct inotify_event *e)
{
	char key[16];

	if (e->mask & IN_Q_OVERFLOW)
		json_object_clear(s->writing); /* that one of them was closed may be lost */
	snprintf(key, sizeof(key), "%d", e->wd);
	const char *directory = json_string_value(json_object_get(s->watched, key));
	s->all |= (e->mask & (IN_Q_OVERFLOW | IN_IGNORED | IN_ISDIR | IN_DELETE_SELF | IN_MOVE_SELF)) != 0 || directory == NULL;
	if (e->mask & IN_IGNORED)
		json_object_del(s->watched, key);
	else if (directory != NULL && e->len > 0) {
		char *path = xasprintf("%s/%s", directory, e->name);
		if (*e->name != '.')
			s->all |= json_object_set_new(s->touched, path, json_true()) != 0; /* no UTF-8 */
		if (e->mask & IN_MODIFY)
			json_object_set_new(s->writing, path, json_true());
		else if (e->mask & (IN_CLOSE_WRITE | IN_DELETE | IN_MOVED_TO | IN_MOVED_FROM))
			json_object_del(s->writing, path);
		free(path);
	}
}

static void
on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct source_files *s = arg;
	char buf[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t got = read(fd, buf, sizeof(buf));

	(void)what;
	for (ssize_t at = 0; at < got;) {
		const struct inotify_event *e = (const struct inotify_event *)(const void *)(buf + at);
		on_inotify(s, e);
		at += (ssize_t)(sizeof(*e) + e->len);
	}
	if (s->waits++ < SETTLE_MAX)
		arm(s, SETTLE_MS);
}

/* ---- begin and end ---- */

static void
stop(struct source *head)
{
	struct source_files *s = (struct source_files *)head;
	struct resource *r;
	struct owner *o;
	struct file *f;

	while ((f = RB_MIN(file_tree, &s->files)) != NULL) {
		while ((o = f->owned) != NULL) {
			f->owned = o->next_of_file;
			free(o);
		}
		file_free(s, f);
	}
	while ((r = RB_MIN(resource_tree, &s->resources)) != NULL) {
		RB_REMOVE(resource_tree, &s->resources, r);
		free(r->id);
		free(r);
	}
	if (s->fd >= 0) {
		event_free(s->readable);
		close(s->fd);
	}
	event_free(s->timer);
	json_decref(s->watched);
	json_decref(s->writing);
	json_decref(s->touched);
	json_decref(s->troubled);
	free(s->path);
	free(s);
}

struct source *
source_files_start(struct event_base *base, const char *path, bool keys, const struct source_handler *h, void *ctx)
{
	static const struct source_ops ops = {.type = "files", .stop = stop};
	struct source_files *s = xcalloc(1, sizeof(*s));
	size_t len = strlen(path);

	s->head.ops = &ops;
	s->h = h;
	s->ctx = ctx;
	s->path = xstrdup(path);
	while (len > 1 && s->path[len - 1] == '/')
		s->path[--len] = '\0';
	s->head.name = s->path;
	s->keys = keys;
	RB_INIT(&s->resources);
	RB_INIT(&s->files);
	s->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	s->watched = json_object();
	s->writing = json_object();
	s->touched = json_object();
	s->troubled = json_object();
	s->all = true;
	s->timer = evtimer_new(base, on_timer, s);
	ASSERT(s->timer != NULL);
	if (s->fd >= 0) {
		s->readable = event_new(base, s->fd, EV_READ | EV_PERSIST, on_readable, s);
		ASSERT(s->readable != NULL);
		event_add(s->readable, NULL);
	}
	arm(s, 0);
	return &s->head;
}
