/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_frame: a stream of octets that reaches a session in pieces.
 *
 * The first octet: whether extended messages were negotiated (bit 0), and how many octets behind it are
 * lengths of pieces; the rest is the stream. What a session tells its user must be what msg_frame finds when
 * it looks at the whole stream at once: the same messages, and the same error at the same place.
 */
#include "bgpd/msg.h"
#include "bgpd/session.h"
#include "tests/fuzz/fuzz.h"

#include <sys/socket.h>
#include <unistd.h>

#define STREAM_MAX (32u * 1024) /* what a pair of sockets takes at once */

static struct loop loop;
static struct session_pool *pool;
static struct event *stop;

/* What has been told. */
static struct seen {
	unsigned messages;
	uint64_t sum; /* of types, lengths and bodies, in their order */
	uint8_t code, subcode;
	bool over;
} seen;

static void
note(struct seen *s, const struct msg_frame *f)
{
	s->messages++;
	s->sum = s->sum * 31 + f->type;
	s->sum = s->sum * 31 + f->len;
	for (size_t i = 0; i < f->body_len; i++)
		s->sum = s->sum * 31 + f->body[i];
}

static void
on_message(void *ctx, struct session *s, const struct msg_frame *f)
{
	(void)ctx, (void)s;
	ASSERT(!seen.over);
	note(&seen, f);
}

static void
on_batch(void *ctx, struct session *s)
{
	(void)ctx, (void)s;
}

static void
on_malformed(void *ctx, struct session *s, const struct bgp_error *err)
{
	(void)ctx;
	ASSERT(!seen.over && err->code == BGP_ERR_HEADER);
	seen.code = err->code;
	seen.subcode = err->subcode;
	seen.over = true;
	session_close(s, NULL);
}

static void
on_closed(void *ctx, struct session *s, int err)
{
	(void)ctx, (void)err;
	ASSERT(!seen.over);
	seen.over = true;
	session_close(s, NULL);
}

static const struct session_ops ops = {
    .message = on_message, .batch = on_batch, .malformed = on_malformed, .closed = on_closed};

static void
on_stop(evutil_socket_t fd, short what, void *arg)
{
	(void)fd, (void)what, (void)arg;
	loop_stop(&loop);
}

int
LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	ASSERT(loop_init(&loop) == 0);
	pool = session_pool_new(&loop);
	stop = event_new(loop.base, -1, 0, on_stop, NULL);
	return 0;
}

/* One turn of the loop, which waits for nothing. */
static void
turn(void)
{
	event_active(stop, EV_TIMEOUT, 0);
	int rc = loop_run(&loop);
	ASSERT(rc == 0);
}

static void
expect(const uint8_t *p, size_t len, size_t max_len, struct seen *out)
{
	static struct bgp_error err;
	enum msg_frame_result r;
	struct msg_frame f;

	for (; (r = msg_frame(p, len, max_len, &f, &err)) == MSG_FRAME_READY; p += f.len, len -= f.len)
		note(out, &f);
	if (r == MSG_FRAME_ERROR) {
		out->code = err.code;
		out->subcode = err.subcode;
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct seen wanted = {0};
	int fds[2];

	if (size < 1 || size - 1u < data[0] / 2u)
		return -1;
	size_t npieces = data[0] / 2u, len = size - 1 - npieces, at = 0;
	const uint8_t *pieces = data + 1, *stream = pieces + npieces;
	size_t max_len = data[0] & 1 ? BGP_MSG_MAX_EXT : BGP_MSG_MAX;
	if (len > STREAM_MAX)
		return -1;
	expect(stream, len, max_len, &wanted);

	seen = (struct seen){0};
	ASSERT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, fds) == 0);
	struct session *s = session_accepted(pool, fds[0], &ops, NULL);
	ASSERT(s != NULL);
	session_max_len_set(s, max_len);
	for (size_t i = 0; at < len && !seen.over; i++) {
		size_t n = i < npieces ? pieces[i] + 1u : len - at;
		if (n > len - at)
			n = len - at;
		ASSERT(send(fds[1], stream + at, n, MSG_NOSIGNAL) == (ssize_t)n);
		at += n;
		turn();
	}
	while (!seen.over && session_stats_get(s)->octets_in < len)
		turn();
	ASSERT(seen.messages == wanted.messages && seen.sum == wanted.sum);
	ASSERT(seen.code == wanted.code && seen.subcode == wanted.subcode);
	close(fds[1]);
	while (!seen.over)
		turn();
	return 0;
}
