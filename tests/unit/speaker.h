/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker: the far end of a BGP session, played by a test message by message.
 *
 * A socket that is read while the loop of the daemon under test is turned. Nothing
 * is answered by itself: what is sent is what the test says.
 */
#ifndef TESTS_UNIT_SPEAKER_H
#define TESTS_UNIT_SPEAKER_H

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "bgpd/msg.h"
#include "bgpd/open.h"
#include "lib/mem.h"
#include "tests/unit/looptest.h"

#define SPEAKER_END 0 /* speaker_next: the connection is over */

struct speaker {
	struct loop *loop;
	int fd;
	bool eof, reset;
	size_t taken, len;  /* the last message; what is read */
	const uint8_t *body; /* of the last message, good until the next speaker_next */
	size_t body_len;
	uint8_t buf[4 * 65536];
};

static inline socklen_t
speaker_sockaddr(const char *addr, uint16_t port, struct sockaddr_storage *ss)
{
	struct ip_addr a;

	ck_assert_int_eq(ip_addr_parse(addr, &a), 0);
	return ip_addr_to_sockaddr(&a, port, ss);
}

/* A socket bound to this address; *port 0: any, and filled in. */
static inline int
speaker_bind(const char *addr, uint16_t *port)
{
	struct sockaddr_storage ss;
	socklen_t len = speaker_sockaddr(addr, *port, &ss);
	struct ip_addr got;
	int fd = socket(ss.ss_family, SOCK_STREAM | SOCK_CLOEXEC, 0), one = 1;

	ck_assert_int_ge(fd, 0);
	ck_assert_int_eq(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)), 0);
	ck_assert_msg(bind(fd, (struct sockaddr *)&ss, len) == 0, "bind %s: %s", addr, strerror(errno));
	ck_assert_int_eq(getsockname(fd, (struct sockaddr *)&ss, &len), 0);
	ck_assert_int_eq(ip_addr_from_sockaddr((struct sockaddr *)&ss, &got, port), 0);
	return fd;
}

/* A port of this address that nobody uses. */
static inline uint16_t
speaker_free_port(const char *addr)
{
	uint16_t port = 0;

	close(speaker_bind(addr, &port));
	return port;
}

static inline int
speaker_listen(const char *addr, uint16_t *port)
{
	int fd = speaker_bind(addr, port);

	ck_assert_int_eq(listen(fd, 16), 0);
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
	return fd;
}

static inline void
speaker_init(struct speaker *s, struct loop *loop, int fd)
{
	memset(s, 0, offsetof(struct speaker, buf));
	s->loop = loop;
	s->fd = fd;
	ck_assert_int_eq(fcntl(fd, F_SETFL, O_NONBLOCK), 0);
}

static inline void
speaker_connect(struct speaker *s, struct loop *loop, const char *from, const char *to, uint16_t port)
{
	struct sockaddr_storage ss;
	socklen_t len = speaker_sockaddr(to, port, &ss);
	uint16_t own = 0;
	int fd = speaker_bind(from, &own);

	ck_assert_msg(connect(fd, (struct sockaddr *)&ss, len) == 0, "connect %s: %s", to, strerror(errno));
	speaker_init(s, loop, fd);
}

static inline bool
speaker_try_accept(struct speaker *s, struct loop *loop, int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (fd < 0)
		return false;
	speaker_init(s, loop, fd);
	return true;
}

static inline void
speaker_accept(struct speaker *s, struct loop *loop, int listener)
{
	UNTIL(loop, speaker_try_accept(s, loop, listener));
}

static inline void
speaker_close(struct speaker *s)
{
	close(s->fd);
	s->fd = -1;
}

/* All of it: the daemon reads meanwhile. */
static inline void
speaker_write(struct speaker *s, const void *data, size_t len)
{
	const uint8_t *p = data;

	while (len > 0) {
		ssize_t n = send(s->fd, p, len, MSG_NOSIGNAL);
		ck_assert_msg(n >= 0 || errno == EAGAIN, "send: %s", strerror(errno));
		if (n < 0) {
			looptest_turn(s->loop);
			continue;
		}
		p += n;
		len -= (size_t)n;
	}
}

/* Reads what is there; true: a whole message, or the end. */
static inline bool
speaker_ready(struct speaker *s)
{
	struct bgp_error err;
	struct msg_frame f;

	memmove(s->buf, s->buf + s->taken, s->len - s->taken);
	s->len -= s->taken;
	s->taken = 0;
	if (!s->eof && s->len < sizeof(s->buf)) {
		ssize_t n = recv(s->fd, s->buf + s->len, sizeof(s->buf) - s->len, 0);
		if (n > 0)
			s->len += (size_t)n;
		s->reset = s->reset || (n < 0 && errno == ECONNRESET);
		s->eof = n == 0 || s->reset;
	}
	enum msg_frame_result r = msg_frame(s->buf, s->len, BGP_MSG_MAX_EXT, &f, &err);
	ck_assert_int_ne(r, MSG_FRAME_ERROR);
	return r == MSG_FRAME_READY || s->eof;
}

/* The type of the next message, whose body is in s; SPEAKER_END when there is none any more. */
static inline int
speaker_next(struct speaker *s)
{
	struct bgp_error err;
	struct msg_frame f;

	UNTIL(s->loop, speaker_ready(s));
	if (msg_frame(s->buf, s->len, BGP_MSG_MAX_EXT, &f, &err) != MSG_FRAME_READY)
		return SPEAKER_END;
	s->taken = f.len;
	s->body = f.body;
	s->body_len = f.body_len;
	return f.type;
}

/* The next message that is no KEEPALIVE. */
static inline int
speaker_next_real(struct speaker *s)
{
	int type;

	while ((type = speaker_next(s)) == BGP_MSG_KEEPALIVE)
		;
	return type;
}

/* A NOTIFICATION with this code and subcode is the next real message, and the last. */
#define SPEAKER_NOTIFIED(s, code, subcode)                                                                   \
	do {                                                                                                 \
		ck_assert_int_eq(speaker_next_real(s), BGP_MSG_NOTIFICATION);                                \
		ck_assert_uint_eq((s)->body[0], code);                                                       \
		ck_assert_uint_eq((s)->body[1], subcode);                                                    \
		ck_assert_int_eq(speaker_next(s), SPEAKER_END);                                              \
	} while (0)

static inline void
speaker_send_open(struct speaker *s, const struct open_msg *o)
{
	uint8_t msg[OPEN_MAX];

	speaker_write(s, msg, open_encode(o, msg, sizeof(msg)));
}

static inline void
speaker_send_keepalive(struct speaker *s)
{
	uint8_t msg[BGP_HEADER_LEN];

	speaker_write(s, msg, msg_keepalive_encode(msg));
}

/* An UPDATE with this body. */
static inline void
speaker_send_update(struct speaker *s, const void *body, size_t len)
{
	uint8_t msg[BGP_MSG_MAX];

	ck_assert_uint_le(BGP_HEADER_LEN + len, sizeof(msg));
	msg_header_put(msg, BGP_MSG_UPDATE, BGP_HEADER_LEN + len);
	memcpy(msg + BGP_HEADER_LEN, body, len);
	speaker_write(s, msg, BGP_HEADER_LEN + len);
}

/* OPEN and KEEPALIVE both ways: after it the session is established at both ends. */
static inline void
speaker_establish(struct speaker *s, const struct open_msg *o)
{
	speaker_send_open(s, o);
	ck_assert_int_eq(speaker_next(s), BGP_MSG_OPEN);
	ck_assert_int_eq(speaker_next(s), BGP_MSG_KEEPALIVE);
	speaker_send_keepalive(s);
}

#endif
