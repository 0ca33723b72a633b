/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/session and session_write: framing over reads, the order of what goes out, and how it ends. */
#include "bgpd/session_internal.h"

#include <poll.h>

#include "tests/unit/speaker.h"
#include "tests/unit/suite.h"
#include "tests/unit/tryfail.h"

/* What the user of the session saw. */
static struct {
	unsigned messages, batches, malformed, closed, connected, progress;
	unsigned starved;
	int err;
	uint16_t last_len;
	uint8_t last_type, last_octet;
	struct bgp_error error;
	bool close_on_message; /* end it from within the callback */
	const uint8_t *stream; /* what is left of it */
	size_t stream_len;
	size_t stream_message, stream_into; /* all its messages are so long; octets of one that are sent */
} user;

static struct loop loop;
static struct session_pool *pool;
static struct session *session;
static struct speaker far;

static void
on_message(void *ctx, struct session *s, const struct msg_frame *f)
{
	(void)ctx;
	user.messages++;
	user.last_type = f->type;
	user.last_len = f->len;
	user.last_octet = f->body_len > 0 ? f->body[f->body_len - 1] : 0;
	if (user.close_on_message)
		session_close(s, NULL);
}

static void
on_batch(void *ctx, struct session *s)
{
	(void)ctx, (void)s;
	user.batches++;
}

static void
on_malformed(void *ctx, struct session *s, const struct bgp_error *err)
{
	(void)ctx;
	user.malformed++;
	user.error = *err;
	session_close(s, err);
}

static void
on_starved(void *ctx, struct session *s)
{
	struct bgp_error err;

	(void)ctx;
	user.starved++;
	bgp_error_set(&err, BGP_ERR_CEASE, BGP_CEASE_RESOURCES, "", NULL, 0);
	session_close(s, &err);
}

static void
on_closed(void *ctx, struct session *s, int err)
{
	(void)ctx;
	user.closed++;
	user.err = err;
	session_close(s, NULL);
}

static void
on_connected(void *ctx, struct session *s, int err)
{
	(void)ctx;
	user.connected++;
	user.err = err;
	if (err < 0)
		session_close(s, NULL);
}

static void
on_progress(void *ctx, struct session *s)
{
	(void)ctx, (void)s;
	user.progress++;
}

static int
stream_iov(void *ctx, struct iovec *iov, int max)
{
	(void)ctx, (void)max;
	if (user.stream_len == 0)
		return 0;
	*iov = (struct iovec){.iov_base = (void *)(uintptr_t)user.stream, .iov_len = user.stream_len};
	return 1;
}

static void
stream_sent(void *ctx, size_t octets)
{
	(void)ctx;
	ck_assert_uint_le(octets, user.stream_len);
	user.stream += octets;
	user.stream_len -= octets;
	user.stream_into = (user.stream_into + octets) % user.stream_message;
}

static size_t
stream_partial(void *ctx)
{
	(void)ctx;
	return user.stream_into > 0 ? user.stream_message - user.stream_into : 0;
}

static const struct session_ops ops = {
    .connected = on_connected,
    .message = on_message,
    .batch = on_batch,
    .malformed = on_malformed,
    .starved = on_starved,
    .closed = on_closed,
    .progress = on_progress,
    .stream_iov = stream_iov,
    .stream_sent = stream_sent,
    .stream_partial = stream_partial,
};

/* A session on one end of a pair of sockets, the other is the speaker's. */
static void
begin(void)
{
	int fds[2], small = 4096;

	ck_assert_int_eq(loop_init(&loop), 0);
	pool = session_pool_new(&loop);
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	/* Full soon, so that messages are cut. */
	ck_assert_int_eq(setsockopt(fds[0], SOL_SOCKET, SO_SNDBUF, &small, sizeof(small)), 0);
	session = session_accepted(pool, fds[0], &ops, NULL);
	ck_assert_ptr_nonnull(session);
	speaker_init(&far, &loop, fds[1]);
}

static void
end(void)
{
	session_pool_free(pool);
	loop_fini(&loop);
	speaker_close(&far);
}

/* Body of n octets, the last of which is mark. */
static size_t
update_put(uint8_t *out, size_t n, uint8_t mark)
{
	msg_header_put(out, BGP_MSG_UPDATE, BGP_HEADER_LEN + n);
	memset(out + BGP_HEADER_LEN, 0, n);
	out[BGP_HEADER_LEN + n - 1] = mark;
	return BGP_HEADER_LEN + n;
}

START_TEST(test_framing)
{
	uint8_t buf[3 * BGP_MSG_MAX];
	size_t len = 0;

	begin();
	/* Three in one read: one batch. */
	len += msg_keepalive_encode(buf + len);
	len += update_put(buf + len, 100, 7);
	len += update_put(buf + len, BGP_MSG_MAX - BGP_HEADER_LEN, 9);
	speaker_write(&far, buf, len);
	UNTIL(&loop, user.messages == 3);
	ck_assert_uint_eq(user.batches, 1);
	ck_assert_uint_eq(user.last_len, BGP_MSG_MAX);
	ck_assert_uint_eq(user.last_octet, 9);
	/* Octet by octet: a message is whole with its last. */
	len = update_put(buf, 5, 11);
	for (size_t i = 0; i < len; i++) {
		ck_assert_uint_eq(user.messages, 3);
		speaker_write(&far, buf + i, 1);
		UNTIL(&loop, session_stats_get(session)->octets_in == 19 + 119 + 4096 + i + 1);
	}
	ck_assert_uint_eq(user.messages, 4);
	ck_assert_uint_eq(user.last_octet, 11);
	/* One and a half, then the rest. */
	len = update_put(buf, 10, 1);
	size_t cut = len + 30;
	len += update_put(buf + len, 60, 2);
	speaker_write(&far, buf, cut);
	UNTIL(&loop, user.messages == 5);
	ck_assert_uint_eq(user.last_octet, 1);
	speaker_write(&far, buf + cut, len - cut);
	UNTIL(&loop, user.messages == 6);
	ck_assert_uint_eq(user.last_octet, 2);
	ck_assert_uint_eq(session_stats_get(session)->messages_in[BGP_MSG_UPDATE], 5);
	ck_assert_uint_eq(session_stats_get(session)->messages_in[BGP_MSG_KEEPALIVE], 1);
	session_close(session, NULL);
	end();
}
END_TEST

/* RFC 4271 6.1: 4,097 octets are too many, RFC 8654 4: unless negotiated. */
START_TEST(test_max_len)
{
	static uint8_t buf[BGP_MSG_MAX_EXT];

	begin();
	session_max_len_set(session, BGP_MSG_MAX_EXT);
	speaker_write(&far, buf, update_put(buf, BGP_MSG_MAX_EXT - BGP_HEADER_LEN, 3));
	UNTIL(&loop, user.messages == 1);
	ck_assert_uint_eq(user.last_len, BGP_MSG_MAX_EXT);
	session_max_len_set(session, BGP_MSG_MAX);
	speaker_write(&far, buf, update_put(buf, BGP_MSG_MAX + 1 - BGP_HEADER_LEN, 3));
	UNTIL(&loop, user.malformed == 1);
	ck_assert_uint_eq(user.messages, 1);
	ck_assert_uint_eq(user.error.code, BGP_ERR_HEADER);
	ck_assert_uint_eq(user.error.subcode, BGP_HEADER_BAD_LENGTH);
	/* RFC 4271 6.1: the data is the length that was wrong. */
	ck_assert_int_eq(speaker_next(&far), BGP_MSG_NOTIFICATION);
	static const uint8_t want[] = {BGP_ERR_HEADER, BGP_HEADER_BAD_LENGTH, 0x10, 0x01};
	ck_assert_uint_eq(far.body_len, sizeof(want));
	ck_assert_mem_eq(far.body, want, sizeof(want));
	ck_assert_int_eq(speaker_next(&far), SPEAKER_END);
	end();
}
END_TEST

START_TEST(test_close_in_callback)
{
	uint8_t buf[2 * BGP_HEADER_LEN];
	size_t len = 0;

	begin();
	user.close_on_message = true;
	len += msg_keepalive_encode(buf);
	len += msg_keepalive_encode(buf + len);
	speaker_write(&far, buf, len);
	ck_assert_int_eq(speaker_next(&far), SPEAKER_END);
	ck_assert_uint_eq(user.messages, 1);
	ck_assert_uint_eq(user.batches, 0);
	ck_assert_uint_eq(session_pool_lingering(pool), 0);
	end();
}
END_TEST

START_TEST(test_peer_closes)
{
	uint8_t buf[BGP_HEADER_LEN];

	begin();
	speaker_write(&far, buf, msg_keepalive_encode(buf));
	shutdown(far.fd, SHUT_WR);
	UNTIL(&loop, user.closed == 1);
	ck_assert_uint_eq(user.messages, 1);
	ck_assert_int_eq(user.err, 0);
	end();
}
END_TEST

/* 60 UPDATEs of 1,000 octets each, which the socket takes in pieces. */
#define STREAM_N 60u
static uint8_t stream[STREAM_N * 1000];

static void
stream_begin(void)
{
	for (unsigned i = 0; i < STREAM_N; i++)
		update_put(stream + i * 1000, 1000 - BGP_HEADER_LEN, (uint8_t)(i + 1));
	user.stream = stream;
	user.stream_len = sizeof(stream);
	user.stream_message = 1000;
	session_stream_ready(session);
	UNTIL(&loop, user.progress > 0);
	looptest_turns_ms(&loop, 20);
	ck_assert_uint_gt(user.stream_len, 0);
}

/* Nothing is left to do: the loop turns for the ticks of the test alone, not for a socket that could be written to. */
static void
check_sleeps(void)
{
	uint64_t before = loop.turns;

	looptest_turns_ms(&loop, 50);
	ck_assert_uint_le(loop.turns - before, 3 * (50 / LOOPTEST_TICK_MS + 1));
}

/* A small message goes before the stream's next one, but never into one that was begun. */
START_TEST(test_order)
{
	uint8_t buf[BGP_HEADER_LEN];
	unsigned updates = 0, keepalive_after = 0;

	begin();
	stream_begin();
	size_t sent = sizeof(stream) - user.stream_len;
	ck_assert_int_eq(session_send(session, buf, msg_keepalive_encode(buf)), 0);
	ck_assert_int_eq(session_send(session, buf, msg_keepalive_encode(buf)), 0);
	while (updates < STREAM_N) {
		int type = speaker_next(&far);
		if (type == BGP_MSG_UPDATE) {
			ck_assert_uint_eq(far.body[far.body_len - 1], ++updates);
			continue;
		}
		ck_assert_int_eq(type, BGP_MSG_KEEPALIVE);
		ck_assert_int_eq(speaker_next(&far), BGP_MSG_KEEPALIVE);
		keepalive_after = updates;
	}
	/* Behind the one that was begun. */
	ck_assert_uint_eq(keepalive_after, (sent + 999) / 1000);
	ck_assert_uint_eq(session_stats_get(session)->octets_out, sizeof(stream) + 2 * BGP_HEADER_LEN);
	ck_assert_uint_eq(session_stats_get(session)->messages_out[BGP_MSG_KEEPALIVE], 2);
	check_sleeps();
	session_close(session, NULL);
	end();
}
END_TEST

/* An end with a NOTIFICATION in the middle of the stream: the UPDATE is finished, the queue goes, then the NOTIFICATION. */
START_TEST(test_close_mid_stream)
{
	uint8_t buf[BGP_HEADER_LEN];
	struct bgp_error err;
	unsigned updates = 0;
	int type;

	begin();
	stream_begin();
	size_t sent = sizeof(stream) - user.stream_len;
	ck_assert_int_eq(session_send(session, buf, msg_keepalive_encode(buf)), 0);
	bgp_error_set(&err, BGP_ERR_CEASE, BGP_CEASE_ADMIN_RESET, "", NULL, 0);
	session_close(session, &err);
	ck_assert_uint_eq(session_pool_lingering(pool), 1);
	/* Its user has forgotten it. */
	user.stream = NULL;
	user.stream_len = 0;
	memset(stream, 0xee, sizeof(stream));
	while ((type = speaker_next(&far)) == BGP_MSG_UPDATE)
		updates++;
	ck_assert_uint_eq(updates, (sent + 999) / 1000);
	ck_assert_int_eq(type, BGP_MSG_KEEPALIVE);
	SPEAKER_NOTIFIED(&far, BGP_ERR_CEASE, BGP_CEASE_ADMIN_RESET);
	/* It waits for the other side. */
	ck_assert_uint_eq(session_pool_lingering(pool), 1);
	shutdown(far.fd, SHUT_WR);
	UNTIL(&loop, session_pool_lingering(pool) == 0);
	end();
}
END_TEST

/* What comes in meanwhile is thrown away, and does not become a reset that overtakes the NOTIFICATION. */
START_TEST(test_linger_reads)
{
	static uint8_t buf[BGP_MSG_MAX];
	struct bgp_error err;

	begin();
	size_t len = update_put(buf, BGP_MSG_MAX - BGP_HEADER_LEN, 1);
	for (int i = 0; i < 10; i++)
		speaker_write(&far, buf, len);
	bgp_error_set(&err, BGP_ERR_CEASE, BGP_CEASE_ADMIN_RESET, "", NULL, 0);
	session_close(session, &err);
	speaker_write(&far, buf, len);
	SPEAKER_NOTIFIED(&far, BGP_ERR_CEASE, BGP_CEASE_ADMIN_RESET);
	ck_assert(!far.reset);
	ck_assert_uint_eq(user.messages, 0);
	end();
}
END_TEST

/* A peer that has said its last word, and closed its side, still gets the NOTIFICATION about it. */
START_TEST(test_half_closed)
{
	static const uint8_t bad[BGP_HEADER_LEN] = {[16] = 0, 19, BGP_MSG_KEEPALIVE};

	begin();
	speaker_write(&far, bad, sizeof(bad));
	shutdown(far.fd, SHUT_WR);
	SPEAKER_NOTIFIED(&far, BGP_ERR_HEADER, BGP_HEADER_NOT_SYNC);
	UNTIL(&loop, session_pool_lingering(pool) == 0);
	end();
}
END_TEST

/* The same where the socket is full: it waits for room, although the peer's side is closed. */
START_TEST(test_half_closed_full)
{
	struct bgp_error err;
	int type;

	begin();
	stream_begin();
	bgp_error_set(&err, BGP_ERR_CEASE, BGP_CEASE_ADMIN_RESET, "", NULL, 0);
	session_close(session, &err);
	user.stream_len = 0;
	shutdown(far.fd, SHUT_WR);
	looptest_turns_ms(&loop, 50);
	while ((type = speaker_next(&far)) == BGP_MSG_UPDATE)
		;
	ck_assert_int_eq(type, BGP_MSG_NOTIFICATION);
	ck_assert_int_eq(speaker_next(&far), SPEAKER_END);
	UNTIL(&loop, session_pool_lingering(pool) == 0);
	end();
}
END_TEST

/* Nobody reads: the session is given up after SESSION_LINGER_S. */
START_TEST(test_linger_ends)
{
	struct bgp_error err;

	begin();
	stream_begin();
	bgp_error_set(&err, BGP_ERR_CEASE, BGP_CEASE_ADMIN_RESET, "", NULL, 0);
	uint64_t start = time_mono_ns();
	session_close(session, &err);
	user.stream_len = 0;
	UNTIL(&loop, session_pool_lingering(pool) == 0);
	ck_assert_uint_ge(time_mono_ns() - start, SESSION_LINGER_S * 1000000000ull - 10000000);
	end();
}
END_TEST

/* Of those that stay open for longer no more are kept than SESSION_LINGER_MAX, but none goes before its NOTIFICATION. */
START_TEST(test_linger_max)
{
	enum { MORE = 40 };
	static int fds[SESSION_LINGER_MAX + MORE][2];
	uint8_t got[BGP_MSG_MAX];
	struct bgp_error err;

	begin();
	bgp_error_set(&err, BGP_ERR_CEASE, BGP_CEASE_REJECTED, "", NULL, 0);
	for (unsigned i = 0; i < ARRAY_LEN(fds); i++) {
		ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds[i]), 0);
		struct session *s = session_accepted(pool, fds[i][0], &ops, NULL);
		ck_assert_ptr_nonnull(s);
		session_close(s, &err);
		/* Those of one turn have not been written to yet. */
		if (i >= SESSION_LINGER_MAX)
			looptest_turns_ms(&loop, 1);
	}
	ck_assert_uint_eq(session_pool_lingering(pool), SESSION_LINGER_MAX + 1);
	for (unsigned i = 0; i < ARRAY_LEN(fds); i++) {
		ck_assert_int_gt(read(fds[i][1], got, sizeof(got)), BGP_HEADER_LEN);
		close(fds[i][1]);
	}
	end();
}
END_TEST

/* A peer that does not read: the queue is bounded. */
START_TEST(test_queue_full)
{
	static uint8_t buf[BGP_MSG_MAX];
	size_t queued = 0, len;
	int r;

	begin();
	len = update_put(buf, BGP_MSG_MAX - BGP_HEADER_LEN, 1);
	while ((r = session_send(session, buf, len)) == 0)
		queued += len;
	ck_assert_int_eq(r, -ENOBUFS);
	ck_assert_uint_eq(queued, SESSION_QUEUE_MAX / BGP_MSG_MAX * BGP_MSG_MAX);
	/* What was queued before arrives whole. */
	for (size_t got = 0; got < queued; got += len)
		ck_assert_int_eq(speaker_next(&far), BGP_MSG_UPDATE);
	ck_assert_int_eq(session_send(session, buf, len), 0);
	session_close(session, NULL);
	end();
}
END_TEST

/* No memory for the beginning of a message: its user may still tell the peer why it ends. */
START_TEST(test_starved)
{
	uint8_t buf[100];

	begin();
	speaker_write(&far, buf, update_put(buf, 50, 1));
	speaker_write(&far, buf, 30);
	UNTIL(&loop, user.messages == 1);
	ck_assert_uint_eq(user.starved, 0);
	tryfail_set(0, 1);
	speaker_write(&far, buf + 30, BGP_HEADER_LEN + 50 - 30);
	UNTIL(&loop, user.messages == 2);
	/* an idle session needs none */
	ck_assert_uint_eq(tryfail.asked, 0);
	speaker_write(&far, buf, 30);
	UNTIL(&loop, user.starved == 1);
	SPEAKER_NOTIFIED(&far, BGP_ERR_CEASE, BGP_CEASE_RESOURCES);
	ck_assert_uint_eq(user.closed, 0);
	end();
}
END_TEST

/* None for a small message: it is not queued, and those before and after it are. */
START_TEST(test_starved_queue)
{
	uint8_t buf[BGP_HEADER_LEN];
	size_t len = msg_keepalive_encode(buf);

	begin();
	tryfail_set(0, 1);
	ck_assert_int_eq(session_send(session, buf, len), -ENOMEM);
	ck_assert_uint_eq(session_queued(session), 0);
	ck_assert_uint_eq(session_stats_get(session)->messages_out[BGP_MSG_KEEPALIVE], 0);
	ck_assert_int_eq(session_send(session, buf, len), 0);
	ck_assert_int_eq(speaker_next(&far), BGP_MSG_KEEPALIVE);
	session_close(session, NULL);
	/* nor for a session at all */
	int fds[2];
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	tryfail_set(0, 1);
	ck_assert_ptr_null(session_accepted(pool, fds[0], &ops, NULL));
	ck_assert_int_eq(read(fds[1], buf, 1), 0);
	close(fds[1]);
	end();
}
END_TEST

START_TEST(test_dial)
{
	uint8_t buf[BGP_HEADER_LEN];
	struct session_dial d = {.ttl = 1};
	int err = 0;

	ck_assert_int_eq(loop_init(&loop), 0);
	pool = session_pool_new(&loop);
	int fd = speaker_listen("127.0.0.2", &d.port);
	ip_addr_parse("127.0.0.2", &d.remote);
	ip_addr_parse("127.0.0.1", &d.local);
	session = session_dial(pool, &d, &ops, NULL, &err);
	ck_assert_ptr_nonnull(session);
	/* Never from within the call. What is sent before waits. */
	ck_assert_uint_eq(user.connected, 0);
	ck_assert_int_eq(session_send(session, buf, msg_keepalive_encode(buf)), 0);
	UNTIL(&loop, user.connected == 1);
	ck_assert_int_eq(user.err, 0);
	speaker_accept(&far, &loop, fd);
	session_stream_ready(session);
	ck_assert_int_eq(speaker_next(&far), BGP_MSG_KEEPALIVE);
	check_sleeps();
	session_close(session, NULL);
	ck_assert_int_eq(speaker_next(&far), SPEAKER_END);
	close(fd);
	/* Nobody listens there now. */
	session = session_dial(pool, &d, &ops, NULL, &err);
	if (session != NULL) {
		UNTIL(&loop, user.connected == 2);
		err = user.err;
	}
	ck_assert_int_eq(err, -ECONNREFUSED);
	/* A source address that is not ours. */
	ip_addr_parse("192.0.2.1", &d.local);
	ck_assert_ptr_null(session_dial(pool, &d, &ops, NULL, &err));
	ck_assert_int_eq(err, -EADDRNOTAVAIL);
	end();
}
END_TEST

/* Hundreds that are dialled at once all connect, and those that are given up before are forgotten. */
START_TEST(test_dial_many)
{
	enum { N = 300 };
	struct session *all[N];
	struct session_dial d = {.ttl = 1};
	int err = 0;

	ck_assert_int_eq(loop_init(&loop), 0);
	pool = session_pool_new(&loop);
	int fd = speaker_listen("127.0.0.2", &d.port);
	ip_addr_parse("127.0.0.2", &d.remote);
	ck_assert_int_eq(listen(fd, N), 0);
	for (unsigned i = 0; i < N; i++) {
		all[i] = session_dial(pool, &d, &ops, NULL, &err);
		ck_assert_ptr_nonnull(all[i]);
	}
	/* The kernel connects within the call on this host: nobody may be held up by hundreds of them. */
	ck_assert_int_lt(poll(&(struct pollfd){.fd = fd, .events = POLLIN}, 1, 0), 1);
	session_close(all[N / 2], NULL);
	session_close(all[N - 1], NULL);
	UNTIL(&loop, user.connected > 0);
	UNTIL(&loop, user.connected == N - 2);
	ck_assert_int_eq(user.err, 0);
	for (unsigned i = 0; i < N - 1; i++)
		if (i != N / 2)
			session_close(all[i], NULL);
	/* Nor does a pool that goes mind who has not connected. */
	session = session_dial(pool, &d, &ops, NULL, &err);
	ck_assert_ptr_nonnull(session);
	session_close(session, NULL);
	close(fd);
	session_pool_free(pool);
	loop_fini(&loop);
}
END_TEST

/* A connect that fails at once, as to the broadcast address, is reported from the loop, too. */
START_TEST(test_dial_unreachable)
{
	struct session_dial d = {.ttl = 1, .port = 179};
	int err = 0;

	ck_assert_int_eq(loop_init(&loop), 0);
	pool = session_pool_new(&loop);
	ip_addr_parse("255.255.255.255", &d.remote);
	session = session_dial(pool, &d, &ops, NULL, &err);
	ck_assert_ptr_nonnull(session);
	ck_assert_uint_eq(user.connected, 0);
	UNTIL(&loop, user.connected == 1);
	ck_assert_int_lt(user.err, 0);
	session_pool_free(pool);
	loop_fini(&loop);
}
END_TEST

/* Who was read, in that order: a letter a batch. */
static char order[64];
static unsigned norder;

static void
on_batch_of(void *ctx, struct session *s)
{
	(void)s;
	if (norder < sizeof(order) - 1)
		order[norder++] = *(const char *)ctx;
}

static enum job_result
nothing(struct job *job, uint64_t deadline_ns)
{
	(void)job, (void)deadline_ns;
	return JOB_DONE;
}

/* One turn: whatever is ready now. */
static void
loop_turn_of(struct loop *l)
{
	struct job none = {.run = nothing, .name = "nothing"};

	loop_job_start(l, &none);
	event_active(l->job_event, EV_TIMEOUT, 0);
	ck_assert_int_eq(event_base_loop(l->base, EVLOOP_ONCE), 0);
	l->in_turn = l->job_last = l->soon = false;
	l->turns++;
}

/* Until so many had their go: that is one turn, or on a busy machine some more. */
static void
loop_turns_until(struct loop *l, unsigned goes)
{
	for (unsigned turn = 0; turn < goes && norder < goes; turn++)
		loop_turn_of(l);
}

static struct session *
session_beside(int *far_fd, const char *letter)
{
	static struct session_ops named;
	int fds[2];

	named = ops;
	named.batch = on_batch_of;
	ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds), 0);
	*far_fd = fds[1];
	struct session *s = session_accepted(pool, fds[0], &named, (void *)(uintptr_t)letter);
	/* Turns that the tests make begin a little before now. */
	s->opened_ns -= 100000000;
	return s;
}

static void
grow_old(struct session *s)
{
	s->opened_ns -= SESSION_NEW_S * 1000000000ull;
}

/* Who has much to say does so in goes, takes turns with others like it, and never comes before one with little. */
START_TEST(test_turns)
{
	static uint8_t buf[40][1000];
	int a_fd, b_fd, c_fd;

	begin();
	struct session *a = session_beside(&a_fd, "a"), *b = session_beside(&b_fd, "b"), *c = session_beside(&c_fd, "c");
	for (unsigned i = 0; i < ARRAY_LEN(buf); i++)
		update_put(buf[i], sizeof(buf[i]) - BGP_HEADER_LEN, 1);
	ck_assert_int_eq(write(a_fd, buf, sizeof(buf)), sizeof(buf));
	ck_assert_int_eq(write(b_fd, buf, sizeof(buf)), sizeof(buf));
	loop_turns_until(&loop, 2);
	ck_assert_str_eq(order, "ab");
	ck_assert(session_has_more(a) && session_has_more(b));
	ck_assert_uint_eq(session_pool_busy(pool), 2);
	/* Held back, only those with little to say are heard. */
	session_pool_hold(pool, true);
	ck_assert_int_eq(write(c_fd, buf, sizeof(buf[0])), sizeof(buf[0]));
	loop_turn_of(&loop);
	ck_assert_str_eq(order, "abc");
	session_pool_hold(pool, false);
	/* The first two have been ready for longer. */
	ck_assert_int_eq(write(c_fd, buf, sizeof(buf[0])), sizeof(buf[0]));
	loop_turn_of(&loop);
	ck_assert_int_eq(strncmp(order, "abcca", 5), 0);
	ck_assert(!session_has_more(c));
	/* What does not want to wait is written before more is read, but not twice in a row. */
	struct job soon = {.run = nothing, .name = "soon"};
	for (unsigned turn = 0; turn < 2 && session_has_more(b); turn++) {
		unsigned before = norder;
		loop_job_soon(&loop, &soon);
		loop_turn_of(&loop);
		ck_assert_int_eq(norder > before, turn == 1);
	}
	ck_assert_int_eq(write(b_fd, buf, sizeof(buf)), sizeof(buf));
	/* A session that closes is not one that others would wait for. */
	session_close(a, NULL);
	session_close(b, NULL);
	session_close(c, NULL);
	ck_assert_uint_eq(session_pool_busy(pool), 0);
	session_close(session, NULL);
	close(a_fd);
	close(b_fd);
	close(c_fd);
	end();
}
END_TEST

static int
one_octet_iov(void *ctx, struct iovec *iov, int max)
{
	static bool had;

	(void)max;
	/* One octet, then nothing. */
	had = !had;
	if (!had)
		return 0;
	*iov = (struct iovec){.iov_base = ctx, .iov_len = 1};
	if (norder < sizeof(order) - 1)
		order[norder++] = *(const char *)ctx;
	return 1;
}

static void
one_octet_sent(void *ctx, size_t octets)
{
	(void)ctx;
	ck_assert_uint_eq(octets, 1);
}

/* A turn in which there is no time: whoever is first has its go. */
static void
late_turn(void)
{
	loop.in_turn = true;
	loop.turn_start_ns = time_mono_ns() - 10000000;
	loop_turn_of(&loop);
}

/* Those that write all the time take turns, and who has not for a round comes before them. */
START_TEST(test_writers)
{
	static struct session_ops named;
	struct session *s[4];
	int far_fds[4];

	begin();
	named = ops;
	named.stream_iov = one_octet_iov;
	named.stream_sent = one_octet_sent;
	for (unsigned i = 0; i < ARRAY_LEN(s); i++) {
		s[i] = session_beside(&far_fds[i], &"abcd"[i]);
		session_user_set(s[i], &named, (void *)(uintptr_t)&"abcd"[i]);
		grow_old(s[i]);
		ck_assert(!session_is_new(s[i]));
	}
	const char *turns = "ababacbac";
	session_stream_ready(s[0]);
	session_stream_ready(s[1]);
	for (unsigned i = 0; turns[i] != '\0'; i++) {
		late_turn();
		ck_assert_uint_eq(norder, i + 1);
		ck_assert_int_eq(order[i], turns[i]);
		session_stream_ready(s[turns[i] - 'a']);
		/* One that has said nothing so far; afterwards it waits like others. */
		if (i == 4)
			session_stream_ready(s[2]);
	}
	/* One that goes while it waits is forgotten. */
	session_stream_ready(s[3]);
	session_close(s[3], NULL);
	late_turn();
	ck_assert_int_eq(order[strlen(turns)], 'b');
	/* With time, all that wait. */
	loop_turns_until(&loop, 12);
	ck_assert_str_eq(order, "ababacbacbac");
	for (unsigned i = 0; i < ARRAY_LEN(s); i++) {
		if (i < 3)
			session_close(s[i], NULL);
		close(far_fds[i]);
	}
	session_close(session, NULL);
	end();
}
END_TEST

/* Those that have just been opened write last, one in each turn whatever the time. */
START_TEST(test_writers_new)
{
	static struct session_ops named;
	struct session *s[4];
	int far_fds[4];

	begin();
	named = ops;
	named.stream_iov = one_octet_iov;
	named.stream_sent = one_octet_sent;
	for (unsigned i = 0; i < ARRAY_LEN(s); i++) {
		s[i] = session_beside(&far_fds[i], &"abcd"[i]);
		session_user_set(s[i], &named, (void *)(uintptr_t)&"abcd"[i]);
	}
	grow_old(s[3]);
	ck_assert(session_is_new(s[0]) && !session_is_new(s[3]));
	for (unsigned i = 0; i < ARRAY_LEN(s); i++)
		session_stream_ready(s[i]);
	late_turn();
	ck_assert_str_eq(order, "da");
	late_turn();
	ck_assert_str_eq(order, "dab");
	session_stream_ready(s[3]);
	session_stream_ready(s[0]);
	loop_turns_until(&loop, 6);
	ck_assert_str_eq(order, "dabdca");
	for (unsigned i = 0; i < ARRAY_LEN(s); i++) {
		session_close(s[i], NULL);
		close(far_fds[i]);
	}
	session_close(session, NULL);
	end();
}
END_TEST

/* Of those that have just been opened at least one reads in each turn, and they keep nobody from it who was there before. */
START_TEST(test_turns_new)
{
	uint8_t keepalive[BGP_HEADER_LEN];
	struct session *s[3];
	int far_fds[3];

	begin();
	msg_keepalive_encode(keepalive);
	for (unsigned i = 0; i < ARRAY_LEN(s); i++)
		s[i] = session_beside(&far_fds[i], &"abc"[i]);
	grow_old(s[2]);
	for (unsigned i = 0; i < ARRAY_LEN(s); i++)
		ck_assert_int_eq(write(far_fds[i], keepalive, sizeof(keepalive)), sizeof(keepalive));
	late_turn();
	ck_assert_uint_eq(norder, 2);
	ck_assert_ptr_nonnull(strchr(order, 'c'));
	late_turn();
	ck_assert_uint_eq(norder, 3);
	for (unsigned i = 0; i < ARRAY_LEN(s); i++) {
		session_close(s[i], NULL);
		close(far_fds[i]);
	}
	session_close(session, NULL);
	end();
}
END_TEST

SUITE("session", test_starved, test_starved_queue, test_turns, test_turns_new, test_writers, test_writers_new, test_framing,
    test_max_len, test_close_in_callback, test_peer_closes, test_order, test_close_mid_stream, test_linger_reads,
    test_linger_max, test_half_closed, test_half_closed_full, test_linger_ends, test_queue_full, test_dial, test_dial_many,
    test_dial_unreachable)
