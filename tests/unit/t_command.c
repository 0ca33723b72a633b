/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of conf/command with real shells: status, output and its bound, time limit, what is left behind,
 * quoting. */
#include "conf/command.h"

#include <event2/event.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

struct outcome {
	unsigned times;
	int exit_status;
	bool late;
	struct str output, text;
};

static void
on_done(void *ctx, const struct command_result *r)
{
	struct outcome *o = ctx;

	o->times++;
	o->exit_status = command_exit_status(r);
	o->late = r->late;
	str_add(&o->output, r->output);
	command_describe(r, &o->text);
}

static void
run(const char *text, unsigned limit_ms, struct outcome *o)
{
	struct event_base *base = event_base_new();

	*o = (struct outcome){0};
	ck_assert_ptr_nonnull(command_start(base, text, limit_ms, on_done, o));
	while (o->times == 0)
		ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 0);
	ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 1); /* nothing is left to wait for */
	ck_assert_uint_eq(o->times, 1);
	event_base_free(base);
}

static void
is(const char *text, int exit_status, const char *described)
{
	struct outcome o;

	run(text, 60000, &o);
	ck_assert_int_eq(o.exit_status, exit_status);
	ck_assert_str_eq(str_get(&o.text), described);
	str_free(&o.output);
	str_free(&o.text);
}

START_TEST(test_status)
{
	is("true", 0, "exit status 0");
	is("exit 69", 69, "exit status 69");
	is("kill -KILL $$", -1, "signal 9");
	is("echo out; echo err >&2; exit 3", 3, "exit status 3: out; err");
	is("printf '\\n\\na\\r\\n\\nb'; false", 1, "exit status 1: a; b");
	is("seq 9", 0, "exit status 0: 1; 2; 3; 4; 5; …");
	is("seq 5", 0, "exit status 0: 1; 2; 3; 4; 5");
	is("cat", 0, "exit status 0"); /* its input is empty */
	/* What we ignore or block is not so for it. */
	signal(SIGPIPE, SIG_IGN);
	is("kill -PIPE $$", -1, "signal 13");
}
END_TEST

START_TEST(test_bound)
{
	struct outcome o;

	run("head -c 1000000 /dev/zero | tr '\\0' x", 60000, &o);
	ck_assert_int_eq(o.exit_status, 0);
	ck_assert_uint_eq(o.output.len, COMMAND_OUTPUT_MAX);
	str_free(&o.output);
	str_free(&o.text);
}
END_TEST

START_TEST(test_limit)
{
	struct outcome o;

	/* The sleep is a child of the shell: the whole group ends. */
	run("echo begun; sleep 1000; echo late", 200, &o);
	ck_assert(o.late);
	ck_assert_int_eq(o.exit_status, -1);
	ck_assert_str_eq(str_get(&o.text), "it did not end in time: begun");
	str_free(&o.output);
	str_free(&o.text);
}
END_TEST

START_TEST(test_left_behind)
{
	struct outcome o;
	int pid = 0;

	/* Has the output open for as long as it lives, which is not waited for. */
	run("sleep 1000 & echo $!", 60000, &o);
	ck_assert_int_eq(o.exit_status, 0);
	ck_assert_int_eq(sscanf(str_get(&o.output), "%d", &pid), 1);
	ck_assert_int_eq(kill(pid, SIGKILL), 0);
	str_free(&o.output);
	str_free(&o.text);
}
END_TEST

START_TEST(test_cancel)
{
	struct event_base *base = event_base_new();
	struct outcome o = {0};
	struct command *c = command_start(base, "sleep 1000", 60000, on_done, &o);

	command_cancel(c);
	command_cancel(NULL);
	ck_assert_int_eq(event_base_loop(base, EVLOOP_ONCE), 1);
	ck_assert_uint_eq(o.times, 0);
	ck_assert_int_eq(waitpid(-1, NULL, WNOHANG), -1); /* no child is left */
	event_base_free(base);
}
END_TEST

START_TEST(test_two)
{
	struct event_base *base = event_base_new();
	struct outcome a = {0}, b = {0};

	command_start(base, "exit 1", 60000, on_done, &a);
	command_start(base, "exit 2", 60000, on_done, &b);
	ck_assert_int_eq(event_base_dispatch(base), 1);
	ck_assert_int_eq(a.exit_status, 1);
	ck_assert_int_eq(b.exit_status, 2);
	str_free(&a.text);
	str_free(&b.text);
	str_free(&a.output);
	str_free(&b.output);
	event_base_free(base);
}
END_TEST

START_TEST(test_quote)
{
	static const char *const words[] = {"/etc/a b", "it's", "$(false)`x`\\\"", ""};

	for (size_t i = 0; i < ARRAY_LEN(words); i++) {
		struct str text = {0};
		struct outcome o;
		str_add(&text, "printf %s ");
		command_quote(words[i], &text);
		run(str_get(&text), 60000, &o);
		ck_assert_str_eq(str_get(&o.output), words[i]);
		str_free(&text);
		str_free(&o.output);
		str_free(&o.text);
	}
}
END_TEST

SUITE("command", test_status, test_bound, test_limit, test_left_behind, test_cancel, test_two, test_quote)
