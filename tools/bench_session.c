/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_session: sockets, framing and the OPEN exchange of the benchmark's speakers.
 *
 * Called from the poll loops of bgpbench-peer and of the null forwarder. Own
 * messages (OPEN, KEEPALIVE) go out only where the lent stream is at a message
 * boundary: before it, or when all of it is out. RFC 4271 sections 4 and 6.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/loop.h"
#include "lib/mem.h"
#include "tools/bench_encode.h"
#include "tools/bench_session.h"

static void
session_start(struct bench_session *s, int fd, uint32_t as, uint16_t hold_s, uint32_t router_id)
{
	int on = 1;

	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	s->fd = fd;
	s->hold_s = hold_s;
	s->heard_ns = s->told_ns = time_mono_ns();
	s->in = xmalloc(BENCH_INBUF);
	s->own_len = bench_open_put(s->own, as, hold_s, router_id);
}

int
bench_session_connect(struct bench_session *s, uint32_t local, uint32_t remote, uint16_t port, uint32_t as,
		      uint16_t hold_s)
{
	struct sockaddr_in from = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(local)};
	struct sockaddr_in to = {
	    .sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(remote)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -errno;
	/* Connecting may block: the harness does nothing else then, and a veth answers at once. */
	if (bind(fd, (struct sockaddr *)&from, sizeof(from)) < 0 ||
	    connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0 || ioctl(fd, FIONBIO, &on) < 0) {
		int err = -errno;
		close(fd);
		return err;
	}
	session_start(s, fd, as, hold_s, local);
	return 0;
}

void
bench_session_accept(struct bench_session *s, int fd, uint32_t as, uint16_t hold_s, uint32_t router_id)
{
	session_start(s, fd, as, hold_s, router_id);
}

void
bench_session_close(struct bench_session *s)
{
	if (s->in == NULL)
		return;
	close(s->fd);
	free(s->in);
	s->in = NULL;
	s->fd = -1;
}

void
bench_session_send(struct bench_session *s, const uint8_t *data, size_t len)
{
	ASSERT(s->established && s->out_done == s->out_len);
	s->out = data;
	s->out_len = len;
	s->out_done = 0;
}

static bool
own_may_go(const struct bench_session *s)
{
	return s->own_len > 0 && (s->out_done == 0 || s->out_done == s->out_len);
}

bool
bench_session_wants_write(const struct bench_session *s)
{
	return own_may_go(s) || (s->established && s->out_done < s->out_len);
}

static void
keepalive_queue(struct bench_session *s)
{
	if (sizeof(s->own) - s->own_len >= BENCH_HEADER_LEN) {
		uint8_t msg[BENCH_MSG_MAX];
		size_t len = bench_keepalive_put(msg);

		memcpy(s->own + s->own_len, msg, len);
		s->own_len += len;
	}
}

static void
open_take(struct bench_session *s, const uint8_t *msg, size_t len)
{
	struct rbuf r = rbuf_of(msg + BENCH_HEADER_LEN, len - BENCH_HEADER_LEN);
	uint8_t version = rbuf_u8(&r);

	s->peer_as = rbuf_u16(&r);
	uint16_t hold_s = rbuf_u16(&r);
	rbuf_u32(&r);
	if (r.err || version != 4) {
		snprintf(s->error, sizeof(s->error), "unreadable OPEN");
		return;
	}
	if (hold_s < s->hold_s)
		s->hold_s = hold_s;
	s->open_seen = true;
	keepalive_queue(s);
}

static void
silence_note(struct bench_session *s, uint64_t now_ns)
{
	if (s->established && now_ns - s->heard_ns > s->silence_max_ns)
		s->silence_max_ns = now_ns - s->heard_ns;
}

static void
message_take(struct bench_session *s, const uint8_t *msg, size_t len, uint64_t now_ns)
{
	silence_note(s, now_ns);
	s->heard_ns = now_ns;
	s->messages_in++;
	switch (msg[18]) {
	case BENCH_MSG_OPEN:
		open_take(s, msg, len);
		break;
	case BENCH_MSG_KEEPALIVE:
		s->established = s->open_seen;
		break;
	case BENCH_MSG_UPDATE:
		if (len < BENCH_HEADER_LEN + 4)
			snprintf(s->error, sizeof(s->error), "UPDATE of %zu octets", len);
		else if (s->on_update)
			s->on_update(s->ctx, msg, len);
		break;
	case BENCH_MSG_NOTIFICATION:
		snprintf(s->error, sizeof(s->error), "NOTIFICATION %u/%u", len > 19 ? msg[19] : 0u,
			 len > 20 ? msg[20] : 0u);
		break;
	default: /* route refresh and the like: nothing to do */
		break;
	}
}

static void
input_split(struct bench_session *s, uint64_t now_ns)
{
	size_t at = 0;

	while (s->in_len - at >= BENCH_HEADER_LEN && s->error[0] == '\0') {
		size_t len = be16_get(s->in + at + 16);

		if (len < BENCH_HEADER_LEN) {
			snprintf(s->error, sizeof(s->error), "message length %zu", len);
			return;
		}
		if (s->in_len - at < len)
			break;
		message_take(s, s->in + at, len, now_ns);
		at += len;
	}
	memmove(s->in, s->in + at, s->in_len - at);
	s->in_len -= at;
}

void
bench_session_readable(struct bench_session *s, uint64_t now_ns)
{
	ssize_t n = recv(s->fd, s->in + s->in_len, BENCH_INBUF - s->in_len, 0);

	if (n == 0) {
		snprintf(s->error, sizeof(s->error), "closed by the daemon");
		return;
	}
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			snprintf(s->error, sizeof(s->error), "recv: %s", strerror(errno));
		return;
	}
	s->bytes_in += (uint64_t)n;
	s->in_len += (size_t)n;
	input_split(s, now_ns);
}

/* Sends and returns the octets that went out; 0 also after an error. */
static size_t
send_some(struct bench_session *s, const uint8_t *data, size_t len, uint64_t now_ns)
{
	ssize_t n = send(s->fd, data, len, MSG_NOSIGNAL);

	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			snprintf(s->error, sizeof(s->error), "send: %s", strerror(errno));
		return 0;
	}
	s->told_ns = now_ns;
	return (size_t)n;
}

void
bench_session_writable(struct bench_session *s, uint64_t now_ns)
{
	if (own_may_go(s)) {
		size_t n = send_some(s, s->own, s->own_len, now_ns);

		memmove(s->own, s->own + n, s->own_len - n);
		s->own_len -= n;
		if (s->own_len > 0)
			return;
	}
	if (s->established && s->out_done < s->out_len)
		s->out_done += send_some(s, s->out + s->out_done, s->out_len - s->out_done, now_ns);
}

void
bench_session_tick(struct bench_session *s, uint64_t now_ns)
{
	uint64_t interval_ns = (uint64_t)s->hold_s * 1000000000ull / 3;

	silence_note(s, now_ns);
	if (s->established && s->hold_s > 0 && s->own_len == 0 && s->out_done == s->out_len &&
	    now_ns - s->told_ns >= interval_ns)
		keepalive_queue(s);
}
