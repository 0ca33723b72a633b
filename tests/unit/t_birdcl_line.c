/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tools/birdcl_line: lines of a server as they come, in pieces and too long. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "suite.h"
#include "tools/birdcl.h"

static struct birdcl_reader reader; /* too large for a stack */

static int
pair(void)
{
	int fds[2];

	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	reader.fd = fds[0];
	return fds[1];
}

START_TEST(test_pieces)
{
	int fd = pair();

	ck_assert_int_eq(birdcl_send(fd, "0001 one\r\n two\n\nth", 18), 0);
	ck_assert_ptr_null(birdcl_line(&reader));
	ck_assert_int_eq(birdcl_read(&reader), 18);
	ck_assert_str_eq(birdcl_line(&reader), "0001 one");
	ck_assert_str_eq(birdcl_line(&reader), " two");
	ck_assert_str_eq(birdcl_line(&reader), "");
	ck_assert_ptr_null(birdcl_line(&reader));
	ck_assert_int_eq(birdcl_send(fd, "ree\nfour", 8), 0);
	ck_assert_int_eq(birdcl_read(&reader), 8);
	ck_assert_str_eq(birdcl_line(&reader), "three");
	close(fd);
	ck_assert_int_eq(birdcl_read(&reader), 0);
	ck_assert_str_eq(birdcl_rest(&reader), "four");
	ck_assert_ptr_null(birdcl_rest(&reader));
}
END_TEST

/* The longest line fits, with its end; one octet more does not, and is not waited for. */
START_TEST(test_bound)
{
	static char text[BIRDCL_LINE_MAX + 1];
	int fd = pair();
	size_t got = 0;

	memset(text, 'x', sizeof text);
	text[BIRDCL_LINE_MAX - 1] = '\n';
	ck_assert_int_eq(birdcl_send(fd, text, BIRDCL_LINE_MAX), 0);
	while (got < BIRDCL_LINE_MAX) {
		long n = birdcl_read(&reader);
		ck_assert_int_gt(n, 0);
		got += (size_t)n;
	}
	ck_assert_uint_eq(strlen(birdcl_line(&reader)), BIRDCL_LINE_MAX - 1);
	text[BIRDCL_LINE_MAX - 1] = 'x';
	ck_assert_int_eq(birdcl_send(fd, text, sizeof text), 0);
	for (got = 0; got < BIRDCL_LINE_MAX;) {
		long n = birdcl_read(&reader);
		ck_assert_int_gt(n, 0);
		got += (size_t)n;
	}
	ck_assert_ptr_null(birdcl_line(&reader));
	ck_assert_int_eq(birdcl_read(&reader), -EMSGSIZE);
}
END_TEST

START_TEST(test_dial)
{
	char dir[] = "/tmp/t_birdcl.XXXXXX", path[64], long_path[200];
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	ck_assert_ptr_nonnull(mkdtemp(dir));
	snprintf(path, sizeof path, "%s/s", dir);
	ck_assert_int_eq(birdcl_dial(path, 1), -ENOENT);
	memset(long_path, 'x', sizeof long_path - 1);
	long_path[sizeof long_path - 1] = '\0';
	ck_assert_int_eq(birdcl_dial(long_path, 1), -ENAMETOOLONG);
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);
	strcpy(sun.sun_path, path);
	ck_assert_int_eq(bind(fd, (struct sockaddr *)&sun, sizeof sun), 0);
	ck_assert_int_eq(birdcl_dial(path, 1), -ECONNREFUSED);
	ck_assert_int_eq(listen(fd, 0), 0);
	reader.fd = birdcl_dial(path, 1);
	ck_assert_int_ge(reader.fd, 0);
	/* Nobody accepts: what was connected waits in vain, and what comes next does not connect. */
	ck_assert_int_eq(birdcl_read(&reader), -EAGAIN);
	ck_assert_int_eq(birdcl_dial(path, 1), -EAGAIN);
	unlink(path);
	rmdir(dir);
}
END_TEST

SUITE("birdcl_line", test_pieces, test_bound, test_dial)
