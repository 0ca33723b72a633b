/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/log: one line an event whatever is in it, and no waiting for a reader that does not read. */
#include "lib/log.h"

#include <fcntl.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

/* stderr becomes a pipe for the rest of this test's process; its reading end. */
static int
catch_stderr(void)
{
	int fds[2];

	ck_assert_int_eq(pipe2(fds, O_CLOEXEC), 0);
	ck_assert_int_eq(dup2(fds[1], STDERR_FILENO), STDERR_FILENO);
	close(fds[1]);
	ck_assert_int_eq(fcntl(fds[0], F_SETFL, O_NONBLOCK), 0);
	return fds[0];
}

static const char *
read_all(int fd, char *buf, size_t size)
{
	ssize_t n = read(fd, buf, size - 1);

	buf[n > 0 ? n : 0] = '\0';
	return buf;
}

START_TEST(test_text)
{
	char buf[4096];
	int fd = catch_stderr();

	log_info("neighbor.state", LOG_S("neighbor", "rack12"), LOG_S("none", NULL), LOG_U("hold_s", 90),
		 LOG_I("diff", -3));
	read_all(fd, buf, sizeof(buf));
	/* 2026-11-23T10:00:00.123Z */
	ck_assert_uint_eq(strcspn(buf, " "), 24);
	ck_assert(buf[4] == '-' && buf[10] == 'T' && buf[19] == '.' && buf[23] == 'Z');
	ck_assert_str_eq(buf + 24, " info neighbor.state neighbor=rack12 none=- hold_s=90 diff=-3\n");
}
END_TEST

START_TEST(test_text_quoting)
{
	static const struct {
		const char *value, *out;
	} rows[] = {
	    {"", "\"\""},
	    {"a b", "\"a b\""},
	    {"a\"b", "\"a\\\"b\""},
	    {"a\\b", "\"a\\\\b\""},
	    {"a\nb\r\t", "\"a\\nb\\r\\t\""},
	    {"\x1b[2J", "\"\\x1b[2J\""},
	    {"\xc3\xa9", "\xc3\xa9"},                 /* é */
	    {"\xc2\x9b", "\"\\xc2\\x9b\""},           /* a terminal's CSI */
	    {"\xc0\x80", "\"\\xc0\\x80\""},           /* overlong */
	    {"\xed\xa0\x80", "\"\\xed\\xa0\\x80\""},  /* surrogate */
	    {"\xf0\x9f\x90\xa6", "\xf0\x9f\x90\xa6"}, /* U+1F426 */
	    {"\xe2\x82", "\"\\xe2\\x82\""},           /* cut off */
	};
	char buf[4096], want[128];
	int fd = catch_stderr();

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		log_warn("x", LOG_S("k", rows[i].value));
		snprintf(want, sizeof(want), " warn x k=%s\n", rows[i].out);
		ck_assert_str_eq(read_all(fd, buf, sizeof(buf)) + 24, want);
	}
}
END_TEST

START_TEST(test_json)
{
	char buf[4096];
	int fd = catch_stderr();
	json_t *root;

	log_set_json(true);
	log_error("e.v", LOG_S("s", "a\"\\\n\x01 \xff"), LOG_S("n", NULL),
		  LOG_U("u", UINT64_C(9007199254740993)), LOG_I("i", -1));
	read_all(fd, buf, sizeof(buf));
	ck_assert_ptr_eq(strchr(buf, '\n'), buf + strlen(buf) - 1);
	root = json_loads(buf, 0, NULL);
	ck_assert_ptr_nonnull(root);
	ck_assert_str_eq(json_string_value(json_object_get(root, "level")), "error");
	ck_assert_str_eq(json_string_value(json_object_get(root, "event")), "e.v");
	/* U+FFFD stands for the octet that is no text */
	ck_assert_str_eq(json_string_value(json_object_get(root, "s")), "a\"\\\n\x01 \xef\xbf\xbd");
	ck_assert(json_is_null(json_object_get(root, "n")));
	ck_assert_int_eq(json_integer_value(json_object_get(root, "u")), 9007199254740993);
	ck_assert_int_eq(json_integer_value(json_object_get(root, "i")), -1);
	ck_assert_uint_eq(strlen(json_string_value(json_object_get(root, "time"))), 24);
	json_decref(root);
}
END_TEST

START_TEST(test_too_long)
{
	char value[3001], buf[8192];
	int fd = catch_stderr();
	json_t *root;

	memset(value, '\1', 3000);
	value[3000] = '\0';
	log_set_json(true);
	/* 1,024 octets of six each do not fit a line: the pair goes, the rest stays */
	log_info("x", LOG_S("big", value), LOG_S("small", "y"));
	root = json_loads(read_all(fd, buf, sizeof(buf)), 0, NULL);
	ck_assert_ptr_nonnull(root);
	ck_assert_ptr_null(json_object_get(root, "big"));
	ck_assert_str_eq(json_string_value(json_object_get(root, "small")), "y");
	ck_assert(json_is_true(json_object_get(root, "shortened")));
	json_decref(root);

	memset(value, 'a', 3000);
	log_info("x", LOG_S("big", value), LOG_S("small", "y"));
	root = json_loads(read_all(fd, buf, sizeof(buf)), 0, NULL);
	ck_assert_ptr_nonnull(root);
	const char *big = json_string_value(json_object_get(root, "big"));
	ck_assert_uint_eq(strlen(big), 1024 + 3);
	ck_assert_str_eq(big + 1023, "a...");
	json_decref(root);
}
END_TEST

START_TEST(test_levels)
{
	enum log_level level;
	char buf[4096];
	int fd = catch_stderr();

	ck_assert_int_eq(log_get_level(), LOG_INFO);
	log_debug("x", LOG_U("a", 1));
	ck_assert_str_eq(read_all(fd, buf, sizeof(buf)), "");
	log_set_level(LOG_DEBUG);
	log_debug("x", LOG_U("a", 1));
	ck_assert_str_eq(read_all(fd, buf, sizeof(buf)) + 24, " debug x a=1\n");
	log_set_level(LOG_ERROR);
	log_warn("x", LOG_U("a", 1));
	ck_assert_str_eq(read_all(fd, buf, sizeof(buf)), "");
	ck_assert(log_level_parse("warn", &level));
	ck_assert_int_eq(level, LOG_WARN);
	ck_assert(!log_level_parse("Warn", &level));
	ck_assert(!log_level_parse("", &level));
	ck_assert_str_eq(log_level_name(LOG_DEBUG), "debug");
}
END_TEST

START_TEST(test_never_waits)
{
	char value[1001], buf[4096];
	int fd = catch_stderr();

	memset(value, 'a', 1000);
	value[1000] = '\0';
	/* a pipe holds 64 KB and nobody reads: a write that waits would run into the test's time limit */
	for (int i = 0; i < 200; i++)
		log_info("x", LOG_S("k", value));
	ck_assert_uint_gt(log_dropped(), 100);
	ck_assert_uint_lt(log_dropped(), 200);
	uint64_t before = log_dropped();
	while (read(fd, buf, sizeof(buf)) > 0)
		;
	log_info("y", LOG_U("k", 1));
	ck_assert_uint_eq(log_dropped(), before);
	ck_assert_str_eq(read_all(fd, buf, sizeof(buf)) + 24, " info y k=1\n");
}
END_TEST

START_TEST(test_journal)
{
	char buf[4096], stream[64];
	int fd = catch_stderr();
	struct stat st;
	json_t *root;

	ck_assert_int_eq(fstat(STDERR_FILENO, &st), 0);
	snprintf(stream, sizeof(stream), "%llu:%llu", (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	setenv("JOURNAL_STREAM", stream, 1);
	log_journal_detect();
	log_set_level(LOG_DEBUG);
	log_error("a", LOG_U("k", 1));
	log_warn("b", LOG_U("k", 2));
	log_info("c", LOG_U("k", 3));
	log_debug("d", LOG_U("k", 4));
	log_plain(LOG_ERROR, "x.yaml:1: bad\nx.yaml:2: worse\n");
	ck_assert_str_eq(read_all(fd, buf, sizeof(buf)),
	    "<3>error a k=1\n<4>warn b k=2\n<6>info c k=3\n<7>debug d k=4\n<3>x.yaml:1: bad\n<3>x.yaml:2: worse\n");
	log_set_json(true);
	log_warn("b", LOG_U("k", 2));
	read_all(fd, buf, sizeof(buf));
	ck_assert_int_eq(strncmp(buf, "<4>{", 4), 0);
	root = json_loads(buf + 3, 0, NULL);
	ck_assert_str_eq(json_string_value(json_object_get(root, "level")), "warn");
	json_decref(root);
	/* stderr is another file than that which the journal gave */
	log_set_json(false);
	setenv("JOURNAL_STREAM", "1:1", 1);
	log_journal_detect();
	log_info("c", LOG_U("k", 3));
	ck_assert_str_eq(read_all(fd, buf, sizeof(buf)) + 24, " info c k=3\n");
	log_plain(LOG_ERROR, "as it is\n");
	ck_assert_str_eq(read_all(fd, buf, sizeof(buf)), "as it is\n");
}
END_TEST

SUITE("log", test_journal, test_text, test_text_quoting, test_json, test_too_long, test_levels, test_never_waits)
