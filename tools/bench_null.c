/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_null: the null forwarder of the benchmark.
 *
 * Started by bgpbench-peer in its null mode, in the place of the daemon. Messages
 * are framed and copied once into one of two buffers: one fills while the other
 * is written. The sender is not read while the filling one is full, so memory is
 * bounded and back-pressure goes into TCP.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "lib/loop.h"
#include "lib/mem.h"
#include "tools/bench_encode.h"
#include "tools/bench_null.h"
#include "tools/bench_session.h"

#define NULL_BUF      (1024 * 1024)
#define NULL_BUF_FULL (NULL_BUF - BENCH_INBUF - BENCH_MSG_MAX)

struct forwarder {
	struct bench_session sender, sink;
	uint8_t buf[2][NULL_BUF];
	size_t len; /* of the one that fills */
	int filling;
};

static void
forward(void *ctx, const uint8_t *msg, size_t len)
{
	struct forwarder *f = ctx;

	/* Reads stop at NULL_BUF_FULL and bring at most one input buffer more. */
	memcpy(f->buf[f->filling] + f->len, msg, len);
	f->len += len;
}

static void
buffers_swap(struct forwarder *f)
{
	if (!f->sink.established || f->len == 0 || f->sink.out_done < f->sink.out_len)
		return;
	bench_session_send(&f->sink, f->buf[f->filling], f->len);
	f->filling = !f->filling;
	f->len = 0;
}

static int
listen_open(uint16_t port)
{
	struct sockaddr_in any = {.sin_family = AF_INET, .sin_port = htons(port)};
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;

	if (fd < 0)
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
	if (bind(fd, (struct sockaddr *)&any, sizeof(any)) < 0 || listen(fd, 8) < 0) {
		int err = -errno;
		close(fd);
		return err;
	}
	return fd;
}

static int
both_accept(struct forwarder *f, int listener, uint32_t as, uint32_t sender, uint32_t sink)
{
	while (f->sender.in == NULL || f->sink.in == NULL) {
		struct sockaddr_in from;
		socklen_t len = sizeof(from);
		int fd = accept4(listener, (struct sockaddr *)&from, &len, SOCK_NONBLOCK | SOCK_CLOEXEC);

		if (fd < 0)
			return -errno;
		if (from.sin_addr.s_addr == htonl(sender) && f->sender.in == NULL)
			bench_session_accept(&f->sender, fd, as, 90, 1);
		else if (from.sin_addr.s_addr == htonl(sink) && f->sink.in == NULL)
			bench_session_accept(&f->sink, fd, as, 90, 1);
		else
			close(fd);
	}
	return 0;
}

static short
events_of(const struct bench_session *s, bool read)
{
	return (short)((read ? POLLIN : 0) | (bench_session_wants_write(s) ? POLLOUT : 0));
}

static void
forward_turn(struct forwarder *f)
{
	struct bench_session *both[2] = {&f->sender, &f->sink};
	struct pollfd p[2] = {
	    {.fd = f->sender.fd, .events = events_of(&f->sender, f->len < NULL_BUF_FULL)},
	    {.fd = f->sink.fd, .events = events_of(&f->sink, true)},
	};

	poll(p, 2, 500);
	uint64_t now_ns = time_mono_ns();
	for (int i = 0; i < 2; i++) {
		if (p[i].revents & (POLLIN | POLLHUP | POLLERR))
			bench_session_readable(both[i], now_ns);
		if (p[i].revents & POLLOUT)
			bench_session_writable(both[i], now_ns);
		bench_session_tick(both[i], now_ns);
	}
	buffers_swap(f);
}

int
bench_null_run(uint16_t port, uint32_t as, uint32_t sender, uint32_t sink)
{
	int listener = listen_open(port);

	if (listener < 0) {
		fprintf(stderr, "bgpbench-peer: port %u: %s\n", port, strerror(-listener));
		return 1;
	}
	struct forwarder *f = xcalloc(1, sizeof(*f));
	f->sender.on_update = forward;
	f->sender.ctx = f;
	int rc = both_accept(f, listener, as, sender, sink);
	close(listener);
	while (rc == 0 && f->sender.error[0] == '\0' && f->sink.error[0] == '\0')
		forward_turn(f);
	bench_session_close(&f->sender);
	bench_session_close(&f->sink);
	free(f);
	return rc == 0 ? 0 : 1;
}
