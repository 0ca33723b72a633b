/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tests of conf/stage with real commands in a directory of its own. Commands leave marks in the file "log"
 * there, which tell what was run.
 */
#include "conf/stage.h"

#include <dirent.h>
#include <event2/event.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "conf/load.h"
#include "lib/mem.h"
#include "tests/unit/suite.h"

static char dir[] = "/tmp/t_stage.XXXXXX";
static struct event_base *base;
static struct stage *stage;
static unsigned ends;

static void
begin(void)
{
	ck_assert_ptr_nonnull(mkdtemp(dir));
	ck_assert_int_eq(chdir(dir), 0);
	base = event_base_new();
}

static void
finish(void)
{
	char *command = xasprintf("rm -rf %s", dir);

	if (stage != NULL)
		stage_free(stage);
	event_base_free(base);
	ck_assert_int_eq(chdir("/"), 0);
	ck_assert_int_eq(system(command), 0);
	free(command);
}

static void
write_to(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	ck_assert_ptr_nonnull(f);
	fputs(text, f);
	fclose(f);
}

/* The file has this text; NULL: there is none. */
static void
is(const char *path, const char *text)
{
	char *got = NULL;
	size_t len = 0;
	int rc = tree_read(path, 100000, &got, &len);

	if (text == NULL)
		ck_assert_int_lt(rc, 0);
	else
		ck_assert_msg(rc == 0 && len == strlen(text) && memcmp(got, text, len) == 0,
			      "%s: \"%.*s\", not \"%s\"", path, (int)len, rc == 0 ? got : "", text);
	free(got);
}

/* What the commands left since the last call. */
static void
log_is(const char *text)
{
	is("log", text);
	unlink("log");
}

static unsigned
hidden(void)
{
	DIR *d = opendir(".");
	struct dirent *e;
	unsigned n = 0;

	while ((e = readdir(d)) != NULL)
		n += e->d_name[0] == '.';
	closedir(d);
	return n - 2; /* . and .. */
}

static void
stage_of(const char *dest, const char *check, const char *reload)
{
	struct stage_conf conf = {.src = "t.mustache",
				  .dest = dest,
				  .mode = 0640,
				  .check = check,
				  .reload = reload,
				  .limit_ms = 60000};

	if (stage != NULL)
		stage_free(stage);
	stage = stage_new(base, &conf);
}

static void
on_end(void *ctx, struct stage *s)
{
	(void)ctx;
	ck_assert_ptr_eq(s, stage);
	ends++;
}

/* The outcome of the run that began when so many had ended. */
static const char *
outcome_after(unsigned before)
{
	while (ends == before)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
	ck_assert_uint_eq(ends, before + 1);
	ck_assert((stage_state(stage).error != NULL) == (stage_state(stage).outcome == STAGE_FAILED));
	return stage_outcome_name(stage_state(stage).outcome);
}

/* One run with {"v": v}; its outcome. */
static const char *
run(int v)
{
	json_t *model = json_pack("{s:i}", "v", v);
	unsigned before = ends;

	stage_run(stage, model, on_end, NULL);
	json_decref(model);
	return outcome_after(before);
}

static const char *
tell(void)
{
	unsigned before = ends;

	stage_tell(stage, on_end, NULL);
	return outcome_after(before);
}

START_TEST(test_same)
{
	struct stat st;

	begin();
	write_to("t.mustache", "v: {{v}}\n");
	stage_of("a.yaml", "echo check >>log", "echo reload >>log");
	ck_assert_str_eq(stage_outcome_name(stage_state(stage).outcome), "never");
	ck_assert_str_eq(run(1), "reloaded");
	is("a.yaml", "v: 1\n");
	log_is("check\nreload\n");
	ck_assert_int_eq(stat("a.yaml", &st), 0);
	ck_assert_uint_eq(st.st_mode & 0777, 0640);
	ck_assert_str_eq(run(1), "same");
	log_is(NULL);
	/* The same in other words. */
	write_to("t.mustache", "# for people\nv:   {{v}}\n");
	ck_assert_str_eq(run(1), "written");
	is("a.yaml", "# for people\nv:   1\n");
	log_is("check\n");
	ck_assert_str_eq(run(2), "reloaded");
	log_is("check\nreload\n");
	/* No YAML: octets alone count. */
	stage_of("a.conf", NULL, "echo reload >>log");
	ck_assert_str_eq(run(2), "reloaded");
	write_to("t.mustache", "v: {{v}}\n");
	ck_assert_str_eq(run(2), "reloaded");
	log_is("reload\nreload\n");
	stage_of("b.conf", NULL, NULL);
	ck_assert_str_eq(run(2), "written");
	ck_assert_uint_eq(hidden(), 0);
	finish();
}
END_TEST

START_TEST(test_check)
{
	begin();
	write_to("t.mustache", "v: {{v}}\n");
	stage_of("it's a.yaml", "cat {{stage}} {{stage}} >&2; ! grep -q 'v: 3' {{stage}}",
		 "echo reload >>log");
	/* Nothing there yet, and nothing comes. */
	ck_assert_str_eq(run(3), "failed");
	is("it's a.yaml", NULL);
	ck_assert_str_eq(
	    stage_state(stage).error,
	    "check \"cat {{stage}} {{stage}} >&2; ! grep -q 'v: 3' {{stage}}\": exit status 1: v: 3; v: 3");
	ck_assert(!stage_state(stage).again);
	ck_assert_str_eq(run(2), "reloaded");
	log_is("reload\n");
	ck_assert_str_eq(run(3), "failed");
	is("it's a.yaml", "v: 2\n");
	log_is(NULL);
	ck_assert_uint_eq(hidden(), 0);
	/* What may pass by itself. */
	stage_of("a.yaml", "/nowhere/bgpd", NULL);
	ck_assert_str_eq(run(1), "failed");
	ck_assert(stage_state(stage).again);
	stage_of("a.yaml", "kill -9 $$", NULL);
	ck_assert_str_eq(run(1), "failed");
	ck_assert(stage_state(stage).again);
	ck_assert_str_eq(stage_state(stage).error, "check \"kill -9 $$\": signal 9");
	is("a.yaml", NULL);
	ck_assert_uint_eq(hidden(), 0);
	finish();
}
END_TEST

START_TEST(test_reload)
{
	begin();
	write_to("t.mustache", "v: {{v}}\n");
	stage_of("a.yaml", NULL, "cat a.yaml >>log; ! grep -q 3 a.yaml");
	ck_assert_str_eq(run(1), "reloaded");
	ck_assert_str_eq(run(3), "failed");
	log_is("v: 1\nv: 3\n");
	ck_assert(stage_state(stage).again);
	ck_assert_str_eq(
	    stage_state(stage).error,
	    "reload \"cat a.yaml >>log; ! grep -q 3 a.yaml\": exit status 1; the previous file is back");
	is("a.yaml", "v: 1\n");
	/* That one is what the reader has: no reload. */
	ck_assert_str_eq(run(1), "same");
	log_is(NULL);
	ck_assert_uint_eq(hidden(), 0);
	finish();
}
END_TEST

START_TEST(test_nobody)
{
	begin();
	write_to("t.mustache", "v: {{v}}\n");
	stage_of("a.yaml", NULL, "echo reload >>log; exit 69");
	ck_assert_str_eq(run(1), "untold");
	ck_assert_str_eq(run(2), "untold");
	is("a.yaml", "v: 2\n");
	log_is("reload\nreload\n");
	/* Who is about to be there may have read the file before: told as soon as that can be. */
	ck_assert(stage_state(stage).again);
	ck_assert_str_eq(run(2), "untold");
	ck_assert_str_eq(tell(), "untold");
	ck_assert(stage_state(stage).again);
	log_is("reload\nreload\n");
	/* Also by another one, as after a crash. */
	stage_of("a.yaml", NULL, "echo reload >>log; test -e ready || exit 69");
	ck_assert_str_eq(run(2), "untold");
	write_to("ready", "");
	ck_assert_str_eq(tell(), "reloaded");
	ck_assert(!stage_state(stage).again);
	log_is("reload\nreload\n");
	ck_assert_str_eq(run(2), "same");
	log_is(NULL);
	/* The same values in other words are owed, too. */
	ck_assert_int_eq(unlink("ready"), 0);
	ck_assert_str_eq(run(3), "untold");
	write_to("ready", "");
	write_to("t.mustache", "v:   {{v}}\n");
	ck_assert_str_eq(run(3), "reloaded");
	log_is("reload\nreload\n");
	ck_assert_uint_eq(hidden(), 0);
	finish();
}
END_TEST

START_TEST(test_first_reload)
{
	begin();
	write_to("t.mustache", "v: {{v}}\n");
	stage_of("a.yaml", NULL, "echo reload >>log; test -e ready");
	/* There is nothing to go back to. */
	ck_assert_str_eq(run(1), "failed");
	ck_assert(stage_state(stage).again);
	is("a.yaml", "v: 1\n");
	ck_assert_str_eq(run(1), "failed");
	write_to("ready", "");
	ck_assert_str_eq(run(1), "reloaded");
	log_is("reload\nreload\nreload\n");
	ck_assert_str_eq(run(1), "same");
	finish();
}
END_TEST

/* Given up in the middle of a reload, as by a stop or a crash: whoever comes next does it again. */
START_TEST(test_cut_off)
{
	json_t *model = json_pack("{s:i}", "v", 2);
	unsigned before;

	begin();
	write_to("t.mustache", "v: {{v}}\n");
	stage_of("a.yaml", NULL, NULL);
	ck_assert_str_eq(run(1), "written");
	stage_of("a.yaml", NULL, "sleep 1000");
	before = ends;
	stage_run(stage, model, on_end, NULL);
	ck_assert_uint_eq(ends, before);
	is("a.yaml", "v: 2\n");
	stage_of("a.yaml", NULL, "echo reload >>log");
	ck_assert_uint_eq(ends, before);
	ck_assert_str_eq(run(2), "reloaded");
	log_is("reload\n");
	ck_assert_str_eq(run(2), "same");
	/* In the middle of a check: only the file that was staged goes. */
	stage_of("a.yaml", "sleep 1000", "echo reload >>log");
	json_object_set_new(model, "v", json_integer(3));
	stage_run(stage, model, on_end, NULL);
	stage_of("a.yaml", NULL, "echo reload >>log");
	ck_assert_str_eq(run(2), "same");
	is("a.yaml", "v: 2\n");
	log_is(NULL);
	ck_assert_uint_eq(hidden(), 0);
	json_decref(model);
	finish();
}
END_TEST

START_TEST(test_errors)
{
	begin();
	stage_of("a.yaml", NULL, NULL);
	ck_assert_str_eq(run(1), "failed");
	ck_assert_str_eq(stage_state(stage).error, "t.mustache: No such file or directory");
	ck_assert(!stage_state(stage).again);
	write_to("t.mustache", "v: {{v}}\n");
	stage_of("none/a.yaml", NULL, NULL);
	ck_assert_str_eq(run(1), "failed");
	ck_assert_str_eq(stage_state(stage).error, "writing none/.a.yaml.stage: No such file or directory");
	ck_assert(stage_state(stage).again);
	ck_assert_int_eq(mkdir("none", 0700), 0);
	ck_assert_str_eq(run(1), "written");
	ck_assert_ptr_null(stage_state(stage).error);
	/* A template that renders nothing at all is an empty file. */
	write_to("t.mustache", "");
	ck_assert_str_eq(run(1), "written");
	is("none/a.yaml", "");
	ck_assert_str_eq(run(1), "same");
	finish();
}
END_TEST

SUITE("stage", test_same, test_check, test_reload, test_nobody, test_first_reload, test_cut_off, test_errors)
