/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_flow: see bench_flow.h. One thread: each millisecond some packets go out, then
 * what has arrived is read. What arrives carries its number; when it arrives is the time
 * at which it is read, which is late by a millisecond at most.
 */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/if_packet.h>
#include <net/ethernet.h>
#include <net/if.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <poll.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/loop.h"
#include "lib/mem.h"
#include "tools/bench_flow.h"
#include "tools/bench_mrt.h"
#include "tools/bench_table.h"
#include "tools/bench_tally.h"
#include "tools/bench_words.h"

#define MAGIC        0x62676662u
#define PORT         9 /* discard */
#define UDP_HEADER   8
#define TICK_NS      1000000
#define STRAGGLER_NS (100 * 1000000ull)
#define RCVBUF       (8 * 1024 * 1024)

struct flow {
	const char *const *names; /* of the receiving interfaces */
	int ends[BENCH_WAYS];
	int far;  /* a socket of the receivers' namespace */
	int near; /* sends */
	int timer;
	unsigned a_tick;
	uint32_t dest[BENCH_DESTS]; /* host order */
	struct bench_tally tally;
	bool silent;
};

static int
end_open(const char *name)
{
	struct sockaddr_ll at = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP)};
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), size = RCVBUF;

	at.sll_ifindex = (int)if_nametoindex(name);
	if (fd < 0 || at.sll_ifindex == 0)
		return -1;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &size, sizeof(size));
	return bind(fd, (struct sockaddr *)&at, sizeof(at)) == 0 ? fd : -1;
}

/* A socket stays in the namespace that it was made in. */
static bool
sockets_open(struct flow *f, const char *receiver)
{
	int home = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC),
	    away = open(receiver, O_RDONLY | O_CLOEXEC);

	f->near = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (home < 0 || away < 0 || f->near < 0 || setns(away, CLONE_NEWNET) != 0)
		return false;
	f->far = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	bool ok = f->far >= 0;
	for (int i = 0; i < BENCH_WAYS && ok; i++)
		ok = (f->ends[i] = end_open(f->names[i])) >= 0;
	ok = setns(home, CLONE_NEWNET) == 0 && ok;
	close(home);
	close(away);
	return ok;
}

static bool
timer_start(struct flow *f)
{
	struct itimerspec every = {.it_interval.tv_nsec = TICK_NS, .it_value.tv_nsec = TICK_NS};

	f->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	return f->timer >= 0 && timerfd_settime(f->timer, 0, &every, NULL) == 0;
}

static void
packet_send(struct flow *f)
{
	uint32_t number = bench_tally_send(&f->tally);
	struct sockaddr_in to = {.sin_family = AF_INET,
				 .sin_port = htons(PORT),
				 .sin_addr.s_addr = htonl(f->dest[number % f->tally.dests])};
	uint8_t data[8];

	be32_put(data, MAGIC);
	be32_put(data + 4, number);
	/* One that cannot even be sent is lost like any other. */
	(void)!sendto(f->near, data, sizeof(data), MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to));
}

static void
tick(struct flow *f)
{
	uint64_t ticks;

	if (read(f->timer, &ticks, sizeof(ticks)) != sizeof(ticks) || f->tally.dests == 0 || f->silent)
		return;
	for (uint64_t n = ticks * f->a_tick; n > 0; n--)
		packet_send(f);
}

static void
arrivals_read(struct flow *f, unsigned way)
{
	uint8_t packet[128];
	ssize_t got;

	while ((got = recv(f->ends[way], packet, sizeof(packet), 0)) > 0) {
		size_t header = (packet[0] & 0xfu) * 4u;

		if (packet[9] == IPPROTO_UDP && (size_t)got >= header + UDP_HEADER + 8 &&
		    be32_get(packet + header + UDP_HEADER) == MAGIC)
			bench_tally_arrive(&f->tally, be32_get(packet + header + UDP_HEADER + 4), way,
					   time_mono_ns());
	}
}

/* Waits for a tick and does its work; true: stdin has something. */
static bool
turn(struct flow *f)
{
	struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = f->timer, .events = POLLIN}};

	poll(fds, ARRAY_LEN(fds), -1);
	if (fds[1].revents & POLLIN)
		tick(f);
	for (unsigned i = 0; i < BENCH_WAYS; i++)
		arrivals_read(f, i);
	return fds[0].revents != 0;
}

/* Addresses of routes from all over the table, as many as there are. */
static bool
to_do(struct flow *f, const struct bench_words *w)
{
	const char *mrt = bench_words_get(w, "mrt");
	uint32_t routes = bench_words_u32(w, "routes", 1000000), as = bench_words_u32(w, "as", 65001);
	struct bench_mrt_stats stats = {0};
	struct bench_table *t =
	    mrt ? bench_mrt_table(mrt, FAMILY_IPV4, routes, as, &stats)
		: bench_table_make(FAMILY_IPV4, routes, bench_words_number(w, "seed", 1), as);
	uint32_t count = 0, end;

	for (uint32_t n = 0; t != NULL && n < BENCH_DESTS; n++) {
		end = (uint32_t)((uint64_t)t->route_count * (n + 1) / BENCH_DESTS);
		uint32_t i = (uint32_t)((uint64_t)t->route_count * n / BENCH_DESTS);

		while (i < end && !bench_table_lone(t, i, &f->dest[count]))
			i++;
		count += i < end;
	}
	bench_table_free(t);
	f->tally.dests = count;
	printf("{\"event\": \"to\", \"addresses\": %u}\n", count);
	return count > 0;
}

static int
way_named(const struct flow *f, const char *name)
{
	for (int i = 0; i < BENCH_WAYS; i++)
		if (strcmp(f->names[i], name) == 0)
			return i;
	return -1;
}

static bool
begin_do(struct flow *f, const struct bench_words *w)
{
	const char *dead = bench_words_get(w, "dead");

	bench_tally_begin(&f->tally, dead ? way_named(f, dead) : -1, time_mono_ns());
	printf("{\"event\": \"begin\"}\n");
	return true;
}

static bool
end_do(struct flow *f, const struct bench_words *w)
{
	struct bench_tally *t = &f->tally;
	uint64_t end_ns = time_mono_ns(), gap_ns = bench_tally_gap_ns(t, end_ns);

	(void)w;
	f->silent = true;
	while (time_mono_ns() < end_ns + STRAGGLER_NS)
		if (turn(f))
			return false;
	f->silent = false;
	printf("{\"event\": \"end\", \"sent\": %u, \"lost\": %u, \"gap_ms\": %.3f, \"over\": [%u, %u]}\n",
	       t->next - t->first, bench_tally_lost(t), (double)gap_ns / 1e6, t->over[0], t->over[1]);
	return true;
}

static bool
link_do(struct flow *f, const struct bench_words *w)
{
	struct ifreq req = {0};
	uint64_t start_ns;

	strlcpy(req.ifr_name, bench_words_text(w, "dev"), sizeof(req.ifr_name));
	bool ok = ioctl(f->far, SIOCGIFFLAGS, &req) == 0;
	if (bench_words_has(w, "up"))
		req.ifr_flags = (short)(req.ifr_flags | IFF_UP);
	else
		req.ifr_flags = (short)(req.ifr_flags & ~IFF_UP);
	start_ns = time_mono_ns();
	ok = ok && ioctl(f->far, SIOCSIFFLAGS, &req) == 0;
	printf("{\"event\": \"%s\", \"text\": \"%s: %s\", \"start_ns\": %" PRIu64 "}\n",
	       ok ? "link" : "error", req.ifr_name, ok ? "changed" : strerror(errno), start_ns);
	return ok;
}

static bool
command_do(struct flow *f, const struct bench_words *w)
{
	if (strcmp(w->verb, "to") == 0)
		return to_do(f, w);
	if (strcmp(w->verb, "begin") == 0)
		return begin_do(f, w);
	if (strcmp(w->verb, "end") == 0)
		return end_do(f, w);
	return strcmp(w->verb, "link") == 0 && link_do(f, w);
}

int
bench_flow_run(const char *receiver, char *const *devs, unsigned rate)
{
	struct flow f = {.names = (const char *const *)devs, .a_tick = rate / 1000, .tally = {.dead = -1}};
	struct bench_words w;
	char line[1024];
	ssize_t got;
	bool ok = sockets_open(&f, receiver) && timer_start(&f);

	if (!ok)
		fprintf(stderr, "bgpbench-peer: flow: %s\n", strerror(errno));
	/* The runner waits for an answer before it says more: a read has one whole line. */
	while (ok) {
		if (!turn(&f))
			continue;
		got = read(STDIN_FILENO, line, sizeof(line) - 1);
		if (got <= 0)
			break;
		line[got] = '\0';
		ok = bench_words_parse(&w, line) && command_do(&f, &w);
		fflush(stdout);
	}
	bench_tally_free(&f.tally);
	return ok ? 0 : 1;
}
