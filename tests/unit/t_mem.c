/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/mem: zero sizes, zeroed memory, and how the process ends when an allocation or a promise
 * fails. */
#include "lib/mem.h"
#include "lib/mem_libs.h"

#include <event2/buffer.h>
#include <event2/event.h>
#include <jansson.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/unit/suite.h"

struct outer {
	int first;
	int second;
};

START_TEST(test_allocate)
{
	uint8_t *p = xcalloc(10, 10);
	uint8_t zero[100] = {0};
	char *s;

	ck_assert_mem_eq(p, zero, 100);
	p = xreallocarray(p, 5, 2);
	ck_assert_mem_eq(p, zero, 10);
	free(p);
	/* size zero gives something that can be freed, never NULL */
	p = xmalloc(0);
	ck_assert_ptr_nonnull(p);
	p = xrealloc(p, 0);
	ck_assert_ptr_nonnull(p);
	free(p);
	p = xcalloc(0, 8);
	ck_assert_ptr_nonnull(p);
	free(p);
	ck_assert_ptr_null(xstrdup(NULL));
	s = xstrdup("abc");
	ck_assert_str_eq(s, "abc");
	free(s);
	s = xasprintf("%d-%s", 7, "x");
	ck_assert_str_eq(s, "7-x");
	free(s);
}
END_TEST

START_TEST(test_container_of)
{
	struct outer o;

	ck_assert_ptr_eq(container_of(&o.second, struct outer, second), &o);
	ck_assert_uint_eq(ARRAY_LEN(((int[]){1, 2, 3})), 3);
}
END_TEST

/* What a child that does fn() writes to stderr; its wait status comes back. */
static int
dies(void (*fn)(void), char *text, size_t size)
{
	int fds[2], status;
	size_t len = 0;
	ssize_t n;

	ck_assert_int_eq(pipe(fds), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(fds[1], STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		fn();
		_exit(99);
	}
	close(fds[1]);
	while ((n = read(fds[0], text + len, size - 1 - len)) > 0)
		len += (size_t)n;
	ck_assert_int_eq(n, 0);
	text[len] = '\0';
	close(fds[0]);
	ck_assert_int_eq(waitpid(pid, &status, 0), pid);
	return status;
}

static void
break_promise(void)
{
	ASSERT(1 + 1 == 3);
}

static void
overflow(void)
{
	volatile size_t n = SIZE_MAX / 2;

	free(xreallocarray(NULL, n, 3));
}

START_TEST(test_assert)
{
	char text[512];
	int status = dies(break_promise, text, sizeof(text));

	ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
	ck_assert_ptr_nonnull(strstr(text, "error assert.failed what=\"1 + 1 == 3\""));
	ck_assert_ptr_nonnull(strstr(text, "t_mem.c"));
	ck_assert_ptr_nonnull(strstr(text, "function=break_promise"));
}
END_TEST

START_TEST(test_out_of_memory)
{
	char text[512];
	int status = dies(overflow, text, sizeof(text));

	ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EX_OSERR);
	ck_assert_ptr_nonnull(strstr(text, "error memory.exhausted octets="));
}
END_TEST

/* AddressSanitizer ends the process before the allocator's answer is seen, unless it is asked not to. */
const char *__asan_default_options(void);
const char *
__asan_default_options(void)
{
	return "allocator_may_return_null=1";
}

/* More than there is; text is not looked at before there is room for it. */
static void
overflow_json(void)
{
	mem_libs_init();
	json_decref(json_stringn_nocheck("text", SIZE_MAX / 4));
}

#ifndef XMAP_HEAP
/* An event when nothing is left; the sanitizers' heap has no such end. */
static void
overflow_event(void)
{
	struct rlimit limit = {.rlim_cur = 256u << 20, .rlim_max = 256u << 20};

	mem_libs_init();
	struct event_base *base = event_base_new();
	setrlimit(RLIMIT_AS, &limit);
	for (size_t size = 1u << 20; size >= 16; size /= 2)
		while (malloc(size) != NULL)
			;
	for (;;)
		evtimer_new(base, NULL, NULL);
}
#endif

START_TEST(test_libraries_out_of_memory)
{
	char text[16384]; /* the sanitizer has something to say before */
	void (*const all[])(void) = {
	    overflow_json,
#ifndef XMAP_HEAP
	    overflow_event,
#endif
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		int status = dies(all[i], text, sizeof(text));
		ck_assert(WIFEXITED(status) && WEXITSTATUS(status) == EX_OSERR);
		ck_assert_ptr_nonnull(strstr(text, "error memory.exhausted octets="));
	}
}
END_TEST

/* A client's octets are the one thing of theirs that may fail: whoever wants room for them is told. */
START_TEST(test_buffer_out_of_memory)
{
	mem_libs_init();
	struct evbuffer *b = evbuffer_new();
	ck_assert_int_eq(evbuffer_expand(b, SIZE_MAX / 4), -1);
	ck_assert_int_eq(evbuffer_add(b, "text", 4), 0);
	ck_assert_uint_eq(evbuffer_get_length(b), 4);
	evbuffer_free(b);
}
END_TEST

START_TEST(test_resident)
{
	size_t files, before = mem_resident(&files);
	char *p = xmap(8u << 20, true);

	ck_assert_uint_gt(files, 0);
	ck_assert_uint_lt(files, before);
	memset(p, 1, 8u << 20);
	ck_assert_uint_ge(mem_resident(NULL), before + (7u << 20));
	xunmap(p, 8u << 20);
}
END_TEST

SUITE("mem", test_allocate, test_container_of, test_assert, test_out_of_memory, test_libraries_out_of_memory,
      test_buffer_out_of_memory, test_resident)
