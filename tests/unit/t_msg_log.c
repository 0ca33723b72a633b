/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/msg_log: how much of a flood is told, and which messages of the stream are. */
#include "bgpd/msg_log.h"

#include "bgpd/peer.h"
#include "lib/log.h"
#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
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
	t.d.loop->turn_start_ns = 7000000000u;
	for (unsigned i = 0; i < MSG_LOG_NEIGHBOR_LINES + 100; i++)
		msg_log_sent(a, msg, len);
	/* The other one has lines of its own, two for a message. */
	for (unsigned i = 0; i < MSG_LOG_NEIGHBOR_LINES; i++)
		msg_log_sent(b, msg, len);
	t.d.loop->turn_start_ns = 8000000000u;
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

/* Messages of some size with an attribute that is passed on and differs, so that each is one of its own on
 * the way out. */
static void
send_routes(struct speaker *s, unsigned n)
{
	const size_t value = 28, nlri = value + 900;
	uint8_t m[1000] = {0, 0,    0,    0,    0x40, 1, 1,  0, 0x40, 2, 6,    2,   1,        0,
			   0, 0xfd, 0xeb, 0x40, 3,    4, 10, 1, 1,    2, 0xd0, 200, 900 >> 8, 900 & 0xff};

	m[2] = (uint8_t)((nlri - 4) >> 8);
	m[3] = (uint8_t)(nlri - 4);
	m[nlri] = 24;
	m[nlri + 1] = 11;
	for (unsigned i = 0; i < n; i++) {
		m[value] = m[nlri + 3] = (uint8_t)i;
		speaker_send_update(s, m, nlri + 4);
	}
}

/* The stream goes out in pieces that end anywhere: each message is told once, when it begins. */
START_TEST(test_stream)
{
	struct speaker from, to;
	bool cut = false;
	int small = 8192;
	unsigned n = 0;

	bgpdtest_start(&t, "",
		       "neighbors:\n  - {address: " A ", remote-as: 65002, passive: true, export: [accept]}\n"
		       "  - {address: " B ", remote-as: 65003, passive: true, import: [accept]}\n");
	bgpdtest_interface(&t, 1, "eth0", "10.1.1.1", 24);
	struct peer *p = bgpdtest_session(&t, &to, A, 65002, 0x0a000002);
	bgpdtest_session(&t, &from, B, 65003, 0x0a000003);
	ck_assert_int_eq(speaker_next_real(&to), BGP_MSG_UPDATE); /* End-of-RIB */
	ck_assert_int_eq(
	    setsockopt(session_fd(p->main->session), SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	p->debug = CONF_DEBUG_MESSAGES;
	catch_log();
	send_routes(&from, 150);
	while (n < 150) {
		cut = cut || peer_routes_partial(p) > 0;
		ck_assert_int_eq(speaker_next_real(&to), BGP_MSG_UPDATE);
		n++;
	}
	char *text = caught();
	ck_assert(cut);
	ck_assert_uint_eq(lines(text, "direction=sent type=UPDATE"), 150);
	for (unsigned i = 0; i < 150; i++) {
		char what[64];
		snprintf(what, sizeof(what), "\"announced 1: 11.0.%u.0/24\"", i);
		ck_assert_uint_eq(lines(text, what), 1);
	}
	free(text);
	speaker_close(&from);
	speaker_close(&to);
	bgpdtest_stop(&t);
}
END_TEST

SUITE("msg_log", test_bound, test_stream)
