/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_session: sockets, framing and the OPEN exchange of the benchmark's speakers.
 *
 * Called from bench_peers, the one loop around sessions. Own
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
session_start(struct bench_session *s, const struct bench_self *self)
{
	int on = 1;

	setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	s->connecting = false;
	s->hold_s = self->hold_s;
	s->heard_ns = s->told_ns = time_mono_ns();
	if (s->in == NULL)
		s->in = xmalloc(BENCH_INBUF);
	s->own_len = bench_open_put(s->own, self->family, self->as, self->hold_s, self->router_id);
}

int
bench_session_connect(struct bench_session *s, const struct ip_addr *local, const struct ip_addr *remote,
		      uint16_t port)
{
	struct sockaddr_storage from, to;
	socklen_t from_len = ip_addr_to_sockaddr(local, 0, &from);
	socklen_t to_len = ip_addr_to_sockaddr(remote, port, &to);
	int fd = socket(from.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), on = 1;

	if (fd < 0)
		return -errno;
	/* Hundreds of addresses: a port is chosen when the remote end is known. */
	setsockopt(fd, IPPROTO_IP, IP_BIND_ADDRESS_NO_PORT, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&from, from_len) < 0 ||
	    (connect(fd, (struct sockaddr *)&to, to_len) < 0 && errno != EINPROGRESS)) {
		int err = -errno;
		close(fd);
		return err;
	}
	s->fd = fd;
	s->connecting = true;
	return 0;
}

int
bench_session_connected(struct bench_session *s, const struct bench_self *self)
{
	int err = 0;
	socklen_t len = sizeof(err);

	if (getsockopt(s->fd, SOL_SOCKET, SO_ERROR, &err, &len) < 0)
		return -errno;
	if (err == 0)
		session_start(s, self);
	return -err;
}

void
bench_session_accept(struct bench_session *s, int fd, const struct bench_self *self)
{
	s->fd = fd;
	session_start(s, self);
}

void
bench_session_close(struct bench_session *s)
{
	struct bench_session kept = {
	    .fd = -1, .records = s->records, .record = s->record, .on_update = s->on_update, .ctx = s->ctx};

	if (s->fd >= 0)
		close(s->fd);
	free(s->in);
	*s = kept;
}

void
bench_session_free(struct bench_session *s)
{
	bench_session_close(s);
	free(s->record.data);
	free(s->record.reads);
	memset(&s->record, 0, sizeof(s->record));
}

void
bench_session_reserve(struct bench_session *s, size_t octets)
{
	struct bench_record *r = &s->record;

	if (r->cap < octets) {
		r->data = xrealloc(r->data, octets);
		memset(r->data + r->cap, 0, octets - r->cap);
		r->cap = octets;
	}
	if (r->read_cap == 0) {
		r->read_cap = 4096;
		r->reads = xreallocarray(NULL, r->read_cap, sizeof(*r->reads));
		memset(r->reads, 0, r->read_cap * sizeof(*r->reads));
	}
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
message_take(struct bench_session *s, const uint8_t *msg, size_t len, uint64_t at_ns)
{
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
			s->on_update(s->ctx, msg, len, at_ns);
		break;
	case BENCH_MSG_NOTIFICATION:
		snprintf(s->error, sizeof(s->error), "NOTIFICATION %u/%u", len > 19 ? msg[19] : 0u,
			 len > 20 ? msg[20] : 0u);
		break;
	default: /* route refresh and the like: nothing to do */
		break;
	}
}

/* The length of the whole message at the start of data; 0: not all there, or unreadable, which is noted. */
static size_t
message_len(struct bench_session *s, const uint8_t *data, size_t left)
{
	if (left < BENCH_HEADER_LEN || s->error[0] != '\0')
		return 0;
	size_t len = be16_get(data + 16);
	if (len < BENCH_HEADER_LEN) {
		snprintf(s->error, sizeof(s->error), "message length %zu", len);
		return 0;
	}
	return len <= left ? len : 0;
}

static void
input_split(struct bench_session *s, uint64_t now_ns)
{
	size_t at = 0, len;

	/* What comes behind the KEEPALIVE that establishes a recording session is for the record. */
	while (!(s->records && s->established) && (len = message_len(s, s->in + at, s->in_len - at)) > 0) {
		message_take(s, s->in + at, len, now_ns);
		at += len;
	}
	memmove(s->in, s->in + at, s->in_len - at);
	s->in_len -= at;
}

static void
record_read(struct bench_record *r, size_t n, uint64_t at_ns)
{
	r->len += n;
	if (r->read_count == r->read_cap) {
		r->read_cap = r->read_cap ? r->read_cap * 2 : 4096;
		r->reads = xreallocarray(r->reads, r->read_cap, sizeof(*r->reads));
	}
	r->reads[r->read_count++] = (struct bench_read){.end = r->len, .at_ns = at_ns};
}

/* Moves what came in the same read as the KEEPALIVE into the record, which has room. */
static void
record_begin(struct bench_session *s)
{
	struct bench_record *r = &s->record;

	if (s->in_len == 0)
		return;
	memcpy(r->data + r->len, s->in, s->in_len);
	record_read(r, s->in_len, s->heard_ns);
	s->in_len = 0;
}

/* Room for a read: into the record, or into the buffer for messages that are looked at at once. */
static uint8_t *
read_room(struct bench_session *s, size_t *size)
{
	struct bench_record *r = &s->record;

	if (!s->records || !s->established) {
		*size = BENCH_INBUF - s->in_len;
		return s->in + s->in_len;
	}
	if (r->cap - r->len < BENCH_INBUF)
		bench_session_reserve(s, r->cap * 2 + BENCH_INBUF);
	record_begin(s);
	*size = r->cap - r->len;
	return r->data + r->len;
}

void
bench_session_readable(struct bench_session *s)
{
	size_t size;
	uint8_t *room = read_room(s, &size);
	ssize_t n = recv(s->fd, room, size, 0);

	if (n == 0) {
		snprintf(s->error, sizeof(s->error), "closed by the daemon");
		return;
	}
	if (n < 0) {
		if (errno != EAGAIN && errno != EINTR)
			snprintf(s->error, sizeof(s->error), "recv: %s", strerror(errno));
		return;
	}
	uint64_t now_ns = time_mono_ns();
	silence_note(s, now_ns);
	s->heard_ns = now_ns;
	s->bytes_in += (uint64_t)n;
	if (s->records && s->established) {
		record_read(&s->record, (size_t)n, now_ns);
		return;
	}
	s->in_len += (size_t)n;
	input_split(s, now_ns);
}

void
bench_session_replay(struct bench_session *s)
{
	struct bench_record *r = &s->record;
	size_t at = 0, len, read = 0;

	if (s->in_len > 0) {
		bench_session_reserve(s, r->len + s->in_len);
		record_begin(s);
	}
	while ((len = message_len(s, r->data + at, r->len - at)) > 0) {
		/* A message is there when its last octet is. */
		while (r->reads[read].end < at + len)
			read++;
		message_take(s, r->data + at, len, r->reads[read].at_ns);
		at += len;
	}
	if (at == 0)
		return;
	uint64_t last_ns = r->reads[r->read_count - 1].at_ns;
	memmove(r->data, r->data + at, r->len - at);
	r->read_count = 0;
	size_t rest = r->len - at;
	r->len = 0;
	if (rest > 0)
		record_read(r, rest, last_ns);
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
