/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/source_files in a directory of their own: what is told at first and of changes, and what is not. */
#include <event2/event.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"
#include "lib/str.h"
#include "tests/unit/sourcetest.h"

static struct event_base *base;
static struct source *source;
static char dir[] = "/tmp/t_source_files.XXXXXX";

static const struct source_handler handler = {.put = on_put, .del = on_del, .synced = on_synced, .trouble = on_trouble};

static char *
path_of(const char *name)
{
	return xasprintf("%s/%s", dir, name);
}

static void
write_to(const char *name, const char *text)
{
	char *path = path_of(name);
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	ck_assert_int_ge(fputs(text, f), 0);
	ck_assert_int_eq(fclose(f), 0);
	free(path);
}

static void
remove_it(const char *name)
{
	char *path = path_of(name);

	ck_assert_int_eq(remove(path), 0);
	free(path);
}

static void
begin(bool keys)
{
	base = event_base_new();
	told_begin();
	troubles_in = dir;
	source = source_files_start(base, dir, keys, &handler, NULL);
}

static void
end(void)
{
	source->ops->stop(source);
	event_base_free(base);
	told_end();
	char *command = xasprintf("rm -rf %s", dir);
	ck_assert_int_eq(system(command), 0);
	free(command);
}

static void
until_synced(unsigned n)
{
	while (syncs < n)
		event_base_loop(base, EVLOOP_ONCE);
}

/* A while in which nothing is told. */
static void
for_a_while(void)
{
	struct timeval tv = {.tv_usec = 150000};

	event_base_loopexit(base, &tv);
	event_base_dispatch(base);
}

static bool
has(const char *key)
{
	return json_object_get(world, key) != NULL;
}

START_TEST(test_documents)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	write_to("a.yaml", "kind: Node\nmetadata: {name: n1}\n---\nkind: Service\nmetadata: {name: s1}\n");
	write_to("b.json", "{\"kind\": \"NodeList\", \"items\": [{\"kind\": \"Node\", \"metadata\": {\"name\": \"n2\"}}]}");
	write_to("notes.txt", "kind: Node\nmetadata: {name: no}\n");
	write_to(".hidden.yaml", "kind: Node\nmetadata: {name: no}\n");
	char *sub = path_of("sub");
	ck_assert_int_eq(mkdir(sub, 0700), 0);
	write_to("sub/c.yml", "kind: Secret\nmetadata: {name: x, namespace: ns}\n");
	begin(false);
	until_synced(1);
	ck_assert(has("Node - n1") && has("Service default s1") && has("Node - n2") && has("Secret ns x"));
	ck_assert_uint_eq(json_object_size(world), 4);

	/* One is changed, one goes, one comes; one directory more. */
	write_to("a.yaml", "kind: Node\nmetadata: {name: n1}\nspec: {x: 1}\n---\nkind: Node\nmetadata: {name: n3}\n");
	until_synced(2);
	ck_assert(has("Node - n3") && !has("Service default s1"));
	ck_assert_ptr_nonnull(json_object_get(json_object_get(world, "Node - n1"), "spec"));
	remove_it("sub/c.yml");
	until_synced(3);
	ck_assert(!has("Secret ns x"));
	write_to("new", "kind: Node\nmetadata: {name: n4}\n");
	char *from = path_of("new"), *to = path_of("sub/d.yaml");
	ck_assert_int_eq(rename(from, to), 0);
	until_synced(4);
	ck_assert(has("Node - n4"));
	free(from);
	free(to);
	free(sub);

	/* The same again is no change. */
	write_to("sub/d.yaml", "metadata: {name: n4}\nkind: Node\n");
	for_a_while();
	ck_assert_uint_eq(syncs, 4);
	ck_assert_uint_eq(json_object_size(troubles), 0);
	end();
}
END_TEST

/* What is wrong stays as it was; what is being written is not looked at. */
START_TEST(test_wrong)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	write_to("a.yaml", "kind: Node\nmetadata: {name: n1}\n---\nkind: Node\nmetadata: {name: n2}\n");
	begin(false);
	until_synced(1);
	write_to("a.yaml", "kind: Node\nmetadata: {name: n1\n");
	while (json_object_size(troubles) == 0)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_str_eq(json_string_value(json_object_get(troubles, "/a.yaml")),
			 "line 3, column 1: found no YAML: did not find expected ',' or '}': what the file said last stays");
	ck_assert(has("Node - n1") && has("Node - n2"));
	write_to("b.yaml", "kind: Node\nmetadata: {nome: n3}\n");
	while (json_object_size(troubles) == 1)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_str_eq(json_string_value(json_object_get(troubles, "/b.yaml")),
			 "line 1: expected metadata.name: what the file said last stays");
	ck_assert_uint_eq(syncs, 1);

	/* Written slowly, while something else changes. */
	char *path = path_of("a.yaml");
	int fd = open(path, O_WRONLY | O_TRUNC);
	ck_assert_int_eq(write(fd, "kind: Node\nmetadata: {name: n1}\n", 32), 32);
	for_a_while();
	write_to("b.yaml", "kind: Node\nmetadata: {name: n3}\n");
	until_synced(2);
	ck_assert(has("Node - n2") && has("Node - n3"));
	ck_assert_int_eq(write(fd, "---\nkind: Node\nmetadata: {name: n2}\n", 36), 36);
	close(fd);
	while (json_object_size(troubles) > 0)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert(has("Node - n1") && has("Node - n2") && has("Node - n3"));
	free(path);
	end();
}
END_TEST

/* Two files with one resource: the first by name holds, and the other one when it goes. */
START_TEST(test_twice)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	write_to("b.yaml", "kind: Node\nmetadata: {name: nx}\nspec: {from: b}\n");
	begin(false);
	until_synced(1);
	write_to("a.yaml", "kind: Node\nmetadata: {name: nx}\nspec: {from: a}\n");
	until_synced(2);
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(json_object_get(world, "Node - nx"), "spec"), "from")), "a");
	write_to("b.yaml", "kind: Node\nmetadata: {name: nx}\nspec: {from: c}\n");
	while (json_object_size(troubles) == 0)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_uint_eq(syncs, 2);
	remove_it("a.yaml");
	until_synced(3);
	ck_assert_str_eq(json_string_value(json_object_get(json_object_get(json_object_get(world, "Node - nx"), "spec"), "from")), "c");
	ck_assert_uint_eq(json_object_size(troubles), 0);
	remove_it("b.yaml");
	until_synced(4);
	ck_assert_uint_eq(json_object_size(world), 0);
	end();
}
END_TEST

/* A directory that is not there yet, and one that goes. */
START_TEST(test_directory)
{
	char *hidden;

	ck_assert_ptr_nonnull(mkdtemp(dir));
	hidden = xasprintf("%s.away", dir);
	write_to("a.yaml", "kind: Node\nmetadata: {name: nx}\n");
	begin(false);
	until_synced(1);
	ck_assert_int_eq(rename(dir, hidden), 0);
	while (json_object_size(troubles) == 0)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert(has("Node - nx"));
	ck_assert_uint_eq(syncs, 1);
	ck_assert_int_eq(rename(hidden, dir), 0);
	while (json_object_size(troubles) > 0)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert(has("Node - nx"));
	free(hidden);
	end();
}
END_TEST

/* Links that lead nowhere keep nothing, and one that cannot be looked at is told by its own name, and when it can. */
START_TEST(test_closed)
{
	uid_t me = geteuid();

	ck_assert_ptr_nonnull(mkdtemp(dir));
	char *sub = path_of("sub"), *loop = path_of("loop.yaml"), *none = path_of("none.yaml");
	write_to("a.yaml", "kind: Node\nmetadata: {name: nx}\n");
	ck_assert_int_eq(symlink(loop, loop), 0);
	ck_assert_int_eq(symlink("a.yaml/x", none), 0);
	begin(false);
	until_synced(1);
	ck_assert(has("Node - nx"));

	ck_assert_int_eq(chmod(dir, 0755), 0);
	ck_assert_int_eq(mkdir(sub, 0), 0);
	if (me == 0)
		ck_assert_int_eq(seteuid(65534), 0);
	while (json_object_size(troubles) == 0)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_ptr_nonnull(json_object_get(troubles, "/sub"));
	ck_assert_int_eq(seteuid(me), 0);
	ck_assert_int_eq(chmod(sub, 0755), 0);
	while (json_object_size(troubles) > 0)
		event_base_loop(base, EVLOOP_ONCE);
	free(sub);
	free(loop);
	free(none);
	end();
}
END_TEST

START_TEST(test_keys)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	char *sub = path_of("x");
	ck_assert_int_eq(mkdir(sub, 0700), 0);
	write_to("x/y", "{\"n\": 5}\n");
	write_to("plain", "text\nof two lines\n");
	begin(true);
	until_synced(1);
	ck_assert_str_eq(json_string_value(json_object_get(world, " - x/y")), "{\"n\": 5}");
	ck_assert_str_eq(json_string_value(json_object_get(world, " - plain")), "text\nof two lines");
	free(sub);
	end();
}
END_TEST

/* Of a file that has changed only what is new in it is told; a resource is never there twice. */
START_TEST(test_parts)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	write_to("a.yaml", "kind: Node\nmetadata: {name: n1}\n---\nkind: NodeList\nitems:\n  - kind: Node\n    metadata: {name: n2}\n"
			   "  - kind: Node\n    metadata: {name: n3}\n---\nkind: Node\nmetadata: {name: n4}\n");
	begin(false);
	until_synced(1);
	ck_assert_uint_eq(puts_told, 4);
	write_to("a.yaml", "kind: Node\nmetadata: {name: n1}\n---\nkind: NodeList\nitems:\n  - kind: Node\n    metadata: {name: n2}\n"
			   "  - kind: Node\n    metadata: {name: n3}\n---\nkind: Node\nmetadata: {name: n4}\nspec: {x: 1}\n");
	until_synced(2);
	ck_assert_uint_eq(puts_told, 5);
	ck_assert_uint_eq(json_object_size(world), 4);
	/* The first one goes, which the others do not notice; a new one has the name of one that stays. */
	write_to("a.yaml", "kind: NodeList\nitems:\n  - kind: Node\n    metadata: {name: n2}\n  - kind: Node\n    metadata: {name: n3}\n"
			   "---\nkind: Node\nmetadata: {name: n4}\nspec: {x: 1}\n");
	until_synced(3);
	ck_assert(!has("Node - n1"));
	write_to("a.yaml", "kind: NodeList\nitems:\n  - kind: Node\n    metadata: {name: n2}\n  - kind: Node\n    metadata: {name: n3}\n"
			   "---\nkind: Node\nmetadata: {name: n4}\nspec: {x: 1}\n---\nkind: Node\nmetadata: {name: n3}\nspec: {x: 2}\n");
	while (json_object_size(troubles) == 0)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_ptr_null(json_object_get(json_object_get(world, "Node - n3"), "spec"));

	/* What another file has held comes to hold here, out of a list that has not changed. */
	write_to("a.yaml", "kind: Node\nmetadata: {name: n3}\nspec: {from: a}\n");
	write_to("b.yaml", "kind: NodeList\nitems:\n  - kind: Node\n    metadata: {name: n2}\n  - kind: Node\n    metadata: {name: n3}\n");
	while (!has("Node - n2") || has("Node - n4"))
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert_ptr_nonnull(json_object_get(json_object_get(world, "Node - n3"), "spec"));
	remove_it("a.yaml");
	while (has("Node - n3") && json_object_get(json_object_get(world, "Node - n3"), "spec") != NULL)
		event_base_loop(base, EVLOOP_ONCE);
	ck_assert(has("Node - n2") && has("Node - n3"));
	ck_assert_uint_eq(json_object_size(world), 2);
	end();
}
END_TEST

/* Where a document is, is not known by its lines: to libyaml a line ends in more ways than where a text is cut. */
START_TEST(test_part_lines)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	write_to("a.yaml", "# \r#\r#\r#\rkind: Node\nmetadata: {name: n1}\n---\nkind: Node\nmetadata: {name: n2}\n");
	begin(false);
	until_synced(1);
	ck_assert_uint_eq(puts_told, 2);
	write_to("a.yaml", "# \r#\r#\r#\rkind: Node\nmetadata: {name: n3}\n---\nkind: Node\nmetadata: {name: n2}\n");
	until_synced(2);
	ck_assert(has("Node - n3") && !has("Node - n1"));
	end();
}
END_TEST

/* A name that is no UTF-8. */
START_TEST(test_name)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	begin(false);
	until_synced(1);
	write_to("\xe9.yaml", "kind: Node\nmetadata: {name: n1}\n");
	until_synced(2);
	ck_assert(has("Node - n1"));
	end();
}
END_TEST

/* One whose values are not kept while it is read: half wrong it says nothing, and then all. */
START_TEST(test_large)
{
	struct str text = {0};

	ck_assert_ptr_nonnull(mkdtemp(dir));
	write_to("b.yaml", "kind: Node\nmetadata: {name: other}\n");
	for (unsigned i = 0; text.len < 1500000; i++)
		str_addf(&text, "kind: Node\nmetadata:\n  name: n%u\n  labels: {a: \"%0300u\"}\n---\n", i, i);
	str_add(&text, "kind: Node\nmetadata: {nome: wrong}\n");
	write_to("a.yaml", str_get(&text));
	begin(false);
	until_synced(1);
	ck_assert_uint_eq(json_object_size(world), 1);
	ck_assert_uint_eq(json_object_size(troubles), 1);
	char *wrong = strstr(text.s, "nome");
	ck_assert_ptr_nonnull(wrong);
	wrong[1] = 'a';
	write_to("a.yaml", str_get(&text));
	until_synced(2);
	ck_assert(has("Node - n0") && has("Node - n1000") && has("Node - wrong"));
	ck_assert_uint_eq(json_object_size(troubles), 0);
	str_free(&text);
	end();
}
END_TEST

/* As Kubernetes mounts a ConfigMap: files are links through a folder's, which is turned at once. */
START_TEST(test_links)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	char *one = path_of("..1"), *two = path_of("..2"), *data = path_of("..data"), *turn = path_of("..turn"), *file = path_of("a.yaml");
	ck_assert_int_eq(mkdir(one, 0700) | mkdir(two, 0700), 0);
	write_to("..1/a.yaml", "kind: Node\nmetadata: {name: n1}\n");
	write_to("..2/a.yaml", "kind: Node\nmetadata: {name: n2}\n");
	ck_assert_int_eq(symlink("..1", data) | symlink("..data/a.yaml", file), 0);
	begin(false);
	until_synced(1);
	ck_assert(has("Node - n1"));
	ck_assert_int_eq(symlink("..2", turn) | rename(turn, data), 0);
	until_synced(2);
	ck_assert(has("Node - n2") && !has("Node - n1"));
	free(one);
	free(two);
	free(data);
	free(turn);
	free(file);
	end();
}
END_TEST

SUITE("source_files", test_documents, test_wrong, test_twice, test_directory, test_closed, test_keys, test_parts, test_part_lines, test_name, test_large, test_links)
