/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of tools/bench_session over a socket pair: RFC 4271 sections 4.1, 4.2 and 6.1. */
#include "tools/bench_session.h"

#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/buf.h"
#include "tests/unit/suite.h"
#include "tools/bench_encode.h"

#define S 1000000000ull

struct pair {
	struct bench_session s;
	int other; /* the daemon's end */
	unsigned updates;
	size_t update_len;
	uint64_t update_ns;
};

static void
update_in(void *ctx, const uint8_t *msg, size_t len, uint64_t at_ns)
{
	struct pair *p = ctx;

	ck_assert_uint_eq(msg[18], BENCH_MSG_UPDATE);
	p->updates++;
	p->update_len = len;
	p->update_ns = at_ns;
}

static void
pair_make(struct pair *p)
{
	int fd[2];

	memset(p, 0, sizeof(*p));
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, fd), 0);
	p->s.on_update = update_in;
	p->s.ctx = p;
	bench_session_accept(&p->s, fd[0], &(struct bench_self){FAMILY_IPV4, 65001, 1, 90});
	p->other = fd[1];
}

static void
pair_free(struct pair *p)
{
	bench_session_free(&p->s);
	close(p->other);
}

/* What the session has written so far. */
static size_t
told(struct pair *p, uint8_t *out, size_t size, uint64_t now_ns)
{
	while (bench_session_wants_write(&p->s))
		bench_session_writable(&p->s, now_ns);
	ssize_t n = recv(p->other, out, size, 0);
	return n < 0 ? 0 : (size_t)n;
}

static void
tell(struct pair *p, const uint8_t *msg, size_t len)
{
	ck_assert_int_eq(send(p->other, msg, len, 0), (ssize_t)len);
	bench_session_readable(&p->s);
}

static void
establish(struct pair *p, uint16_t hold_s)
{
	uint8_t msg[BENCH_MSG_MAX], out[512];

	tell(p, msg, bench_open_put(msg, FAMILY_IPV4, 65000, hold_s, 2));
	tell(p, msg, bench_keepalive_put(msg));
	told(p, out, sizeof(out), S);
}

START_TEST(test_open_then_keepalive)
{
	struct pair p;
	uint8_t msg[BENCH_MSG_MAX], out[512];

	pair_make(&p);
	ck_assert_uint_eq(told(&p, out, sizeof(out), S), 45);
	ck_assert_uint_eq(out[18], BENCH_MSG_OPEN);
	tell(&p, msg, bench_open_put(msg, FAMILY_IPV4, 65000, 30, 2));
	ck_assert(!p.s.established);
	ck_assert_uint_eq(told(&p, out, sizeof(out), S), 19);
	ck_assert_uint_eq(out[18], BENCH_MSG_KEEPALIVE);
	tell(&p, msg, bench_keepalive_put(msg));
	ck_assert(p.s.established);
	ck_assert_uint_eq(p.s.hold_s, 30); /* the smaller of both */
	ck_assert_uint_eq(p.s.peer_as, 65000);
	pair_free(&p);
}
END_TEST

START_TEST(test_framing)
{
	struct pair p;
	uint8_t msg[23] = {[17] = 23, [18] = BENCH_MSG_UPDATE};

	pair_make(&p);
	establish(&p, 90);
	for (size_t i = 0; i < sizeof(msg); i++) {
		ck_assert_uint_eq(p.updates, 0);
		tell(&p, msg + i, 1);
	}
	ck_assert_uint_eq(p.updates, 1);
	ck_assert_uint_eq(p.update_len, 23);
	pair_free(&p);
}
END_TEST

START_TEST(test_errors)
{
	static const uint8_t notification[21] = {
	    [17] = 21, [18] = BENCH_MSG_NOTIFICATION, [19] = 6, [20] = 2};
	static const uint8_t short_length[19] = {[17] = 18, [18] = BENCH_MSG_KEEPALIVE};
	struct pair p;

	pair_make(&p);
	tell(&p, notification, sizeof(notification));
	ck_assert_str_eq(p.s.error, "NOTIFICATION 6/2");
	pair_free(&p);
	pair_make(&p);
	tell(&p, short_length, sizeof(short_length));
	ck_assert_str_eq(p.s.error, "message length 18");
	pair_free(&p);
	pair_make(&p);
	shutdown(p.other, SHUT_WR);
	bench_session_readable(&p.s);
	ck_assert_str_eq(p.s.error, "closed by the daemon");
	pair_free(&p);
}
END_TEST

/* A keepalive is due a third of the hold time after the last octets, and never inside a lent message. */
START_TEST(test_keepalive_due)
{
	struct pair p;
	uint8_t out[512];
	static const uint8_t stream[23] = {[17] = 23, [18] = BENCH_MSG_UPDATE};

	pair_make(&p);
	establish(&p, 30);
	uint64_t told_ns = p.s.told_ns;
	bench_session_tick(&p.s, told_ns + 9 * S);
	ck_assert(!bench_session_wants_write(&p.s));
	bench_session_tick(&p.s, told_ns + 10 * S);
	ck_assert_uint_eq(told(&p, out, sizeof(out), told_ns + 10 * S), 19);
	ck_assert_uint_eq(out[18], BENCH_MSG_KEEPALIVE);

	bench_session_send(&p.s, stream, sizeof(stream));
	p.s.out_done = 5;
	bench_session_tick(&p.s, told_ns + 40 * S);
	ck_assert_uint_eq(told(&p, out, sizeof(out), told_ns + 40 * S), 18);
	ck_assert_mem_eq(out, stream + 5, 18);
	pair_free(&p);
}
END_TEST

START_TEST(test_silence)
{
	struct pair p;

	pair_make(&p);
	establish(&p, 30);
	p.s.silence_max_ns = 0;
	/* A silence that still lasts counts. */
	bench_session_tick(&p.s, p.s.heard_ns + 5 * S);
	ck_assert_uint_eq(p.s.silence_max_ns, 5 * S);
	bench_session_tick(&p.s, p.s.heard_ns + 3 * S);
	ck_assert_uint_eq(p.s.silence_max_ns, 5 * S);
	pair_free(&p);
}
END_TEST

/* A receiver looks at nothing while it records, and has each message with the time of its last octet. */
START_TEST(test_record)
{
	static const uint8_t update[23] = {[17] = 23, [18] = BENCH_MSG_UPDATE};
	uint8_t two[BENCH_MSG_MAX];
	struct pair p;

	pair_make(&p);
	p.s.records = true;
	tell(&p, two, bench_open_put(two, FAMILY_IPV4, 65000, 90, 2));
	/* The first UPDATE comes in one read with the KEEPALIVE, the second in two pieces. */
	memcpy(two + bench_keepalive_put(two), update, sizeof(update));
	tell(&p, two, BENCH_HEADER_LEN + sizeof(update));
	ck_assert(p.s.established);
	uint64_t first_ns = p.s.heard_ns;
	tell(&p, update, 10);
	ck_assert_uint_eq(p.updates, 0);
	bench_session_replay(&p.s);
	ck_assert_uint_eq(p.updates, 1);
	ck_assert_uint_eq(p.update_ns, first_ns);
	tell(&p, update + 10, 13);
	uint64_t second_ns = p.s.heard_ns;
	bench_session_replay(&p.s);
	ck_assert_uint_eq(p.updates, 2);
	ck_assert_uint_eq(p.update_ns, second_ns);
	bench_session_replay(&p.s);
	ck_assert_uint_eq(p.updates, 2);
	ck_assert_uint_eq(p.s.record.len, 0);
	pair_free(&p);
}
END_TEST

SUITE("bench_session", test_open_then_keepalive, test_framing, test_errors, test_keepalive_due, test_silence,
      test_record)
