/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/msg_log: how much of a flood is told. */
#include "bgpd/msg_log.h"

#include "bgpd/peer.h"
#include "lib/log.h"
#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define A "127.0.0.2"
#define B "127.0.0.3"

static struct bgpdtest t;
static int saved_stderr = -1, log_fd = -1;

static void
catch_log(void)
{
	char name[] = "/tmp/t_msg_log.XXXXXX";

	log_set_level(LOG_INFO);
	log_fd = mkstemp(name);
	ck_assert_int_ge(log_fd, 0);
	unlink(name);
	saved_stderr = dup(2);
	dup2(log_fd, 2);
}

/* What has been logged since, in a buffer of its own; stderr is what it was. */
static char *
caught(void)
{
	off_t len = lseek(log_fd, 0, SEEK_END);
	char *text = calloc(1, (size_t)len + 1);

	ck_assert_int_eq(pread(log_fd, text, (size_t)len, 0), len);
	dup2(saved_stderr, 2);
	close(saved_stderr);
	close(log_fd);
	return text;
}

static unsigned
lines(const char *text, const char *what)
{
	unsigned n = 0;

	for (const char *p = text; (p = strstr(p, what)) != NULL; p++)
		n++;
	return n;
}

START_TEST(test_bound)
{
	uint8_t msg[BGP_HEADER_LEN];
	size_t len = msg_keepalive_encode(msg);

	bgpdtest_start(&t, "",
		       "neighbors:\n  - {address: " A ", remote-as: 65002, passive: true, debug: messages}\n"
		       "  - {address: " B ", remote-as: 65003, passive: true, debug: hex}\n");
	struct peer *a = bgpdtest_peer(&t, A), *b = bgpdtest_peer(&t, B);
	ck_assert_uint_eq(a->debug, CONF_DEBUG_MESSAGES);
	ck_assert_uint_eq(b->debug, CONF_DEBUG_HEX);
	catch_log();
	t.d.loop.turn_start_ns = 7000000000u;
	for (unsigned i = 0; i < MSG_LOG_NEIGHBOR_LINES + 100; i++)
		msg_log_sent(a, msg, len);
	/* The other one has lines of its own, two for a message. */
	for (unsigned i = 0; i < MSG_LOG_NEIGHBOR_LINES; i++)
		msg_log_sent(b, msg, len);
	t.d.loop.turn_start_ns = 8000000000u;
	msg_log_sent(a, msg, len);
	msg_log_sent(a, msg, len);
	char *text = caught();
	ck_assert_uint_eq(lines(text, "neighbor.message neighbor=" A), MSG_LOG_NEIGHBOR_LINES + 2);
	ck_assert_uint_eq(lines(text, "neighbor.message neighbor=" B), MSG_LOG_NEIGHBOR_LINES / 2);
	ck_assert_uint_eq(lines(text, "neighbor.message.octets neighbor=" B), MSG_LOG_NEIGHBOR_LINES / 2);
	ck_assert_uint_eq(lines(text, " untold=100\n"), 1);
	free(text);
	bgpdtest_stop(&t);
}
END_TEST

SUITE("msg_log", test_bound)
