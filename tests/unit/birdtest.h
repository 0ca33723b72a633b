/* SPDX-License-Identifier: Apache-2.0 */
/*
 * birdtest: a client of the sockets for BIRD's clients inside a test.
 *
 * Replies are read line by line while the daemon's loop is turned, and handed over as they came, lines with
 * their ends.
 */
#ifndef TESTS_UNIT_BIRDTEST_H
#define TESTS_UNIT_BIRDTEST_H

#include "tests/unit/ctltest.h"

struct birdtest {
	struct ctltest raw;
	struct bgpdtest t;
	char ipv4[96], ipv6[96];
	struct str reply; /* the last one */
};

static inline void
birdtest_connect(struct birdtest *b, const char *path)
{
	char own[sizeof(b->t.socket)];

	/* ctltest connects to the daemon's own socket. */
	strlcpy(own, b->t.socket, sizeof(own));
	strlcpy(b->t.socket, path, sizeof(b->t.socket));
	ctltest_open(&b->raw, &b->t);
	strlcpy(b->t.socket, own, sizeof(b->t.socket));
}

/* The next line with its end; NULL: the connection is over. */
static inline const char *
birdtest_line(struct birdtest *b)
{
	static char line[8192];
	struct ctltest *c = &b->raw;

	UNTIL(c->t->d.loop, ctltest_ready(c));
	const char *end = memchr(c->buf, '\n', c->len);
	if (end == NULL)
		return NULL;
	c->taken = (size_t)(end - c->buf) + 1;
	ck_assert_uint_lt(c->taken, sizeof(line));
	memcpy(line, c->buf, c->taken);
	line[c->taken] = '\0';
	return line;
}

/* A whole reply, up to the line with a blank behind its code. */
static inline const char *
birdtest_reply(struct birdtest *b)
{
	const char *line;

	str_reset(&b->reply);
	do {
		line = birdtest_line(b);
		ck_assert_ptr_nonnull(line);
		str_add(&b->reply, line);
	} while (line[0] == ' ' || line[4] != ' ');
	return str_get(&b->reply);
}

static inline const char *
birdtest_ask(struct birdtest *b, const char *command)
{
	ctltest_write(&b->raw, command, strlen(command));
	ctltest_write(&b->raw, "\n", 1);
	return birdtest_reply(b);
}

static inline void
birdtest_greeted(struct birdtest *b)
{
	const char *line = birdtest_line(b);

	ck_assert_ptr_nonnull(line);
	ck_assert_msg(strncmp(line, "0001 BIRD v", 11) == 0 && strstr(line, " ready.\n") != NULL, "%s", line);
}

/* Text of a configuration with the sockets, a static one. */
static inline const char *
birdtest_conf(const struct birdtest *b, const char *rest)
{
	static char text[4096];

	snprintf(text, sizeof(text), "bird-sockets: {ipv4: %s, ipv6: %s}\n%s", b->ipv4, b->ipv6, rest);
	return text;
}

/* A daemon with both sockets, and a client at that of IPv4, greeted. */
static inline void
birdtest_start(struct birdtest *b, const char *rest)
{
	memset(b, 0, sizeof(*b));
	snprintf(b->ipv4, sizeof(b->ipv4), "/tmp/birdtest.%d.ctl", (int)getpid());
	snprintf(b->ipv6, sizeof(b->ipv6), "/tmp/birdtest.%d.ctl6", (int)getpid());
	bgpdtest_start(&b->t, "", birdtest_conf(b, rest));
	birdtest_connect(b, b->ipv4);
	birdtest_greeted(b);
}

static inline void
birdtest_stop(struct birdtest *b)
{
	ctltest_close(&b->raw);
	bgpdtest_stop(&b->t);
	str_free(&b->reply);
	ck_assert_int_lt(access(b->ipv4, F_OK), 0);
	ck_assert_int_lt(access(b->ipv6, F_OK), 0);
}

/* As bgpdtest_session_open, for a neighbour that has a name. */
static inline struct peer *
birdtest_session(struct birdtest *b, struct speaker *s, const char *name, const char *addr,
		 const struct open_msg *o)
{
	struct peer *p = bgpdtest_peer(&b->t, name);

	ck_assert_ptr_nonnull(p);
	UNTIL(b->t.d.loop, peer_state(p) == FSM_ACTIVE);
	speaker_connect(s, b->t.d.loop, addr, "127.0.0.1", b->t.port);
	speaker_establish(s, o);
	UNTIL(b->t.d.loop, peer_established(p));
	return p;
}

/* Does the text have this line, without its end? */
static inline bool
birdtest_has(const char *text, const char *line)
{
	size_t len = strlen(line);

	for (const char *p = text; p != NULL && *p != '\0';
	     p = strchr(p, '\n') != NULL ? strchr(p, '\n') + 1 : NULL)
		if (strncmp(p, line, len) == 0 && p[len] == '\n')
			return true;
	return false;
}

#endif
