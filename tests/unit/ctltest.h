/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctltest: a client of the control socket inside a test.
 *
 * Requests are lines that the test writes; answers are read line by line while the
 * daemon's loop is turned.
 */
#ifndef TESTS_UNIT_CTLTEST_H
#define TESTS_UNIT_CTLTEST_H

#include <jansson.h>
#include <sys/un.h>

#include "tests/unit/bgpdtest.h"

struct ctltest {
	struct bgpdtest *t;
	int fd;
	bool eof;
	size_t taken, len;
	char buf[256 * 1024];
};

static inline void
ctltest_open(struct ctltest *c, struct bgpdtest *t)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};

	memset(c, 0, offsetof(struct ctltest, buf));
	c->t = t;
	strlcpy(sun.sun_path, t->socket, sizeof(sun.sun_path));
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	ck_assert_int_ge(c->fd, 0);
	ck_assert_msg(connect(c->fd, (struct sockaddr *)&sun, sizeof(sun)) == 0, "%s: %s", t->socket, strerror(errno));
	ck_assert_int_eq(fcntl(c->fd, F_SETFL, O_NONBLOCK), 0);
}

static inline void
ctltest_close(struct ctltest *c)
{
	close(c->fd);
}

static inline void
ctltest_write(struct ctltest *c, const char *p, size_t len)
{
	while (len > 0) {
		ssize_t n = send(c->fd, p, len, MSG_NOSIGNAL);
		ck_assert_msg(n >= 0 || errno == EAGAIN, "send: %s", strerror(errno));
		if (n < 0) {
			looptest_turn(c->t->d.loop);
			continue;
		}
		p += n;
		len -= (size_t)n;
	}
}

/* What is there is read; true: a whole line, or the end. */
static inline bool
ctltest_ready(struct ctltest *c)
{
	memmove(c->buf, c->buf + c->taken, c->len - c->taken);
	c->len -= c->taken;
	c->taken = 0;
	if (!c->eof && c->len < sizeof(c->buf)) {
		ssize_t n = recv(c->fd, c->buf + c->len, sizeof(c->buf) - c->len, 0);
		if (n > 0)
			c->len += (size_t)n;
		c->eof = n == 0 || (n < 0 && errno == ECONNRESET);
	}
	return c->eof || memchr(c->buf, '\n', c->len) != NULL;
}

/* The next line of an answer, a new reference; NULL: the connection is over. */
static inline json_t *
ctltest_line(struct ctltest *c)
{
	json_error_t err;

	UNTIL(c->t->d.loop, ctltest_ready(c));
	const char *end = memchr(c->buf, '\n', c->len);
	if (end == NULL)
		return NULL;
	c->taken = (size_t)(end - c->buf) + 1;
	json_t *o = json_loadb(c->buf, c->taken, 0, &err);
	ck_assert_msg(o != NULL, "%s in: %.*s", err.text, (int)c->taken, c->buf);
	return o;
}

/* The rest of an answer up to its end: the rows, a new reference. The answer must be complete. */
static inline json_t *
ctltest_rows(struct ctltest *c)
{
	json_t *rows = json_array(), *row;

	while ((row = ctltest_line(c)) != NULL && !json_is_true(json_object_get(row, "end")))
		json_array_append_new(rows, row);
	ck_assert_ptr_nonnull(row);
	ck_assert_ptr_null(json_object_get(row, "error"));
	json_decref(row);
	return rows;
}

static inline void
ctltest_send(struct ctltest *c, const char *command, const char *args)
{
	struct str line = {0};

	str_addf(&line, "{\"command\":\"%s\",\"args\":{%s}}\n", command, args);
	ctltest_write(c, str_get(&line), line.len);
	str_free(&line);
}

/* Asks, and gives the rows of a good answer (new reference). Its head is dropped. */
static inline json_t *
ctltest_ask(struct ctltest *c, const char *command, const char *args)
{
	ctltest_send(c, command, args);
	json_t *head = ctltest_line(c);
	ck_assert_ptr_nonnull(head);
	ck_assert_msg(json_is_true(json_object_get(head, "ok")), "%s %s: %s", command, args,
		      json_string_value(json_object_get(head, "error")));
	json_decref(head);
	return ctltest_rows(c);
}

/* Asks for what is refused with this code. */
static inline void
ctltest_refused(struct ctltest *c, const char *command, const char *args, const char *code)
{
	ctltest_send(c, command, args);
	json_t *head = ctltest_line(c);
	ck_assert_ptr_nonnull(head);
	ck_assert_msg(json_is_false(json_object_get(head, "ok")), "%s %s is not refused", command, args);
	ck_assert_str_eq(json_string_value(json_object_get(head, "code")), code);
	ck_assert_uint_gt(json_string_length(json_object_get(head, "error")), 0);
	json_decref(head);
	json_decref(ctltest_rows(c));
}

#endif
