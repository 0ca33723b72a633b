/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/watch in a directory of their own: files that change, come and go, and what is of no matter. */
#include "conf/watch.h"

#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

static char dir[32];
static struct event_base *base;
static unsigned told;

static void
on_change(void *ctx, const char *path)
{
	(void)ctx;
	ck_assert_msg(strncmp(path, dir, strlen(dir)) == 0, "%s", path);
	told++;
}

static char *
path_of(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

static void
write_to(const char *name)
{
	char *path = path_of(name);
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fputs("x", f) < 0 || fclose(f) != 0, 0);
	free(path);
}

/* What was told by now. Events are there as soon as what caused them has returned. */
static unsigned
tell(void)
{
	unsigned before = told;

	event_base_loop(base, EVLOOP_NONBLOCK);
	return told - before;
}

/* How many events wait at most. */
static unsigned
events_max(void)
{
	FILE *f = fopen("/proc/sys/fs/inotify/max_queued_events", "r");
	unsigned n = 0;

	ck_assert_ptr_nonnull(f);
	ck_assert_int_eq(fscanf(f, "%u", &n), 1);
	fclose(f);
	return n;
}

static void
directory_make(void)
{
	strcpy(dir, "/tmp/t_watch.XXXXXX");
	ck_assert_ptr_nonnull(mkdtemp(dir));
}

static void
directory_remove(void)
{
	char *command = xasprintf("rm -rf %s", dir);

	ck_assert_int_eq(system(command), 0);
	free(command);
}

START_TEST(test_files)
{
	char *a = NULL, *deep = NULL, *sub = NULL, *new = NULL, *away = NULL;
	struct watch *w;
	json_t *paths;

	directory_make();
	base = event_base_new();
	w = watch_new(base, on_change, NULL);
	a = path_of("a");
	new = path_of("new");
	sub = path_of("sub");
	deep = path_of("sub/b");
	paths = json_pack("{s:b, s:b}", a, 1, deep, 1);
	watch_set(w, paths);
	write_to("other");
	ck_assert_uint_eq(tell(), 0);
	write_to("a");
	ck_assert_uint_gt(tell(), 0);
	write_to("new");
	ck_assert_uint_eq(tell(), 0);
	ck_assert_int_eq(rename(new, a), 0);
	ck_assert_uint_gt(tell(), 0);
	ck_assert_int_eq(unlink(a), 0);
	ck_assert_uint_gt(tell(), 0);

	/* The folder of the other one comes; it is watched from the next set on. */
	ck_assert_int_eq(mkdir(sub, 0700), 0);
	ck_assert_uint_gt(tell(), 0);
	watch_set(w, paths);
	write_to("sub/b");
	ck_assert_uint_gt(tell(), 0);
	write_to("sub/c");
	ck_assert_uint_eq(tell(), 0);

	/* Another folder under its name. */
	away = path_of("away");
	ck_assert_int_eq(rename(sub, away), 0);
	ck_assert_int_eq(mkdir(sub, 0700), 0);
	ck_assert_uint_gt(tell(), 0);
	watch_set(w, paths);
	write_to("sub/b");
	ck_assert_uint_gt(tell(), 0);
	write_to("away/b");
	ck_assert_uint_eq(tell(), 0);

	/* One that can be read from now on. */
	ck_assert_int_eq(chmod(deep, 0400), 0);
	ck_assert_uint_gt(tell(), 0);

	/* More events than there is room for, and then one that counts. */
	for (unsigned i = 0; i < events_max() / 2 + 1; i++) {
		write_to("other");
		write_to("sub/c");
	}
	write_to("a");
	ck_assert_uint_gt(tell(), 0);
	while (tell() > 0)
		continue;

	/* Less is watched from now on, and at once more again. */
	json_object_del(paths, deep);
	watch_set(w, paths);
	json_object_set_new(paths, deep, json_true());
	watch_set(w, paths);
	tell();
	write_to("sub/b");
	ck_assert_uint_gt(tell(), 0);

	/* Less is watched from now on. */
	json_object_del(paths, deep);
	watch_set(w, paths);
	tell();
	write_to("sub/b");
	ck_assert_uint_eq(tell(), 0);
	write_to("a");
	ck_assert_uint_gt(tell(), 0);

	json_decref(paths);
	watch_free(w);
	event_base_free(base);
	directory_remove();
	free(a);
	free(new);
	free(sub);
	free(away);
	free(deep);
}
END_TEST

static void
folder_make(const char *name)
{
	char *path = path_of(name);

	ck_assert_int_eq(mkdir(path, 0700), 0);
	free(path);
}

/* The link leads there from now on; turned in its place as ln -sfn does not, but careful people do. */
static void
link_turn(const char *name, const char *target)
{
	char *path = path_of(name), *new = path_of("turning");

	ck_assert_int_eq(symlink(target, new), 0);
	ck_assert_int_eq(rename(new, path), 0);
	free(path);
	free(new);
}

START_TEST(test_links)
{
	char *file, *other, *chained, *single;
	struct watch *w;
	json_t *paths;

	directory_make();
	base = event_base_new();
	w = watch_new(base, on_change, NULL);
	folder_make("one");
	folder_make("two");
	folder_make("three");
	write_to("one/f");
	write_to("two/f");
	write_to("three/g");
	link_turn("link", "one");
	link_turn("far", "link");
	link_turn("s", "three/g");
	file = path_of("link/f");
	other = path_of("one/h");
	chained = path_of("far/x");
	single = path_of("s");
	paths = json_pack("{s:b}", file, 1);
	watch_set(w, paths);
	write_to("one/f");
	ck_assert_uint_gt(tell(), 0);
	write_to("two/f");
	ck_assert_uint_eq(tell(), 0);
	/* The folder is another one. */
	link_turn("link", "two");
	ck_assert_uint_gt(tell(), 0);
	watch_set(w, paths);
	tell();
	write_to("two/f");
	ck_assert_uint_gt(tell(), 0);
	write_to("one/f");
	ck_assert_uint_eq(tell(), 0);
	/* Links that lead to links, and a file that is one. */
	json_object_set_new(paths, chained, json_true());
	json_object_set_new(paths, single, json_true());
	watch_set(w, paths);
	tell();
	write_to("three/g");
	ck_assert_uint_gt(tell(), 0);
	write_to("two/x");
	ck_assert_uint_gt(tell(), 0);
	link_turn("link", "one");
	ck_assert_uint_gt(tell(), 0);
	watch_set(w, paths);
	write_to("one/x");
	ck_assert_uint_gt(tell(), 0);
	/* One that leads to itself is nowhere. */
	link_turn("link", "link");
	ck_assert_uint_gt(tell(), 0);
	watch_set(w, paths);
	tell();
	link_turn("link", "one");
	ck_assert_uint_gt(tell(), 0);
	watch_set(w, paths);

	/* Two names of one folder: each has its own files in it, */
	json_object_set_new(paths, other, json_true());
	watch_set(w, paths);
	tell();
	write_to("one/f");
	ck_assert_uint_gt(tell(), 0);
	write_to("one/h");
	ck_assert_uint_gt(tell(), 0);
	/* and one of them stays when the other goes. */
	json_object_del(paths, file);
	json_object_del(paths, chained);
	watch_set(w, paths);
	tell();
	write_to("one/h");
	ck_assert_uint_gt(tell(), 0);
	write_to("one/f");
	ck_assert_uint_eq(tell(), 0);
	json_decref(paths);
	watch_free(w);
	event_base_free(base);
	directory_remove();
	free(file);
	free(other);
	free(chained);
	free(single);
}
END_TEST

SUITE("watch", test_files, test_links)
