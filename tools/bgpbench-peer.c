/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bgpbench-peer: the neighbours of a daemon under test, in one process.
 *
 * "run" is an external sender and an external receiver around one daemon: it
 * encodes a made-up table, opens both sessions, waits for a line on stdin, sends
 * everything and stops the clock when the receiver has every route with the right
 * attributes. It then holds the sessions until stdin says more, so that the
 * runner (tools/bgpbench) can look at the daemon at rest. "null" is the forwarder
 * that stands in for a daemon. Each step is one line of JSON on stdout.
 */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/addr.h"
#include "lib/loop.h"
#include "lib/mem.h"
#include "tools/bench_encode.h"
#include "tools/bench_null.h"
#include "tools/bench_session.h"
#include "tools/bench_sink.h"
#include "tools/bench_table.h"

#define NS_PER_S 1000000000ull

/* How long a daemon may take to start and to answer OPENs. */
#define START_NS (30 * NS_PER_S)

/* Without a new route for this long, a complete but wrong table is final. */
#define QUIET_NS (3 * NS_PER_S)

struct options {
	uint32_t routes, daemon_as, sender_as, sink_as;
	uint32_t sender_local, sender_remote, sink_local, sink_remote; /* host order */
	uint64_t seed;
	uint16_t port, hold_s;
	unsigned timeout_s;
	bool unchanged; /* what arrives must be what was sent (null forwarder) */
};

struct run {
	const struct options *opt;
	struct bench_session sender, sink;
	struct bench_sink check;
	bool stdin_ready; /* a line came, or the runner went away */
};

static const char usage[] =
    "usage: bgpbench-peer run  --sender LOCAL,REMOTE --sink LOCAL,REMOTE [OPTION]...\n"
    "       bgpbench-peer null --sender ADDRESS --sink ADDRESS [--port N] [--daemon-as N]\n"
    "\n"
    "  --routes N      routes to send (default 1000000)\n"
    "  --seed N        seed of the table (default 1)\n"
    "  --port N        the daemon's port (default 179)\n"
    "  --daemon-as N   AS of the daemon (default 65000)\n"
    "  --sender-as N, --sink-as N   ours (default 65001, 65002)\n"
    "  --hold N        hold time to offer, seconds (default 90)\n"
    "  --timeout N     give up so many seconds after the start (default 300)\n"
    "  --unchanged     expect exactly what was sent\n";

static int
one_addr(const char *text, uint32_t *out)
{
	struct ip_addr a;

	if (ip_addr_parse(text, &a) != 0 || a.family != FAMILY_IPV4)
		return -EINVAL;
	*out = ip_addr_to_v4(&a);
	return 0;
}

/* "LOCAL,REMOTE", or one address alone where remote is not wanted. */
static int
addr_pair(const char *text, uint32_t *local, uint32_t *remote)
{
	char copy[IP_ADDR_STRLEN * 2];

	if (strlcpy(copy, text, sizeof(copy)) >= sizeof(copy))
		return -EINVAL;
	char *comma = strchr(copy, ',');
	if (comma == NULL)
		return one_addr(copy, local);
	*comma = '\0';
	return one_addr(copy, local) != 0 || one_addr(comma + 1, remote) != 0 ? -EINVAL : 0;
}

static uint32_t
number(const char *text, uint32_t min, uint32_t max)
{
	const char *err;
	long long v = strtonum(text, min, max, &err);

	if (err) {
		fprintf(stderr, "bgpbench-peer: %s: number is %s (%u to %u)\n", text, err, min, max);
		exit(64);
	}
	return (uint32_t)v;
}

static int
options_parse(struct options *o, int argc, char **argv)
{
	static const struct option longs[] = {
	    {"routes", required_argument, NULL, 'n'},    {"seed", required_argument, NULL, 'S'},
	    {"port", required_argument, NULL, 'p'},      {"daemon-as", required_argument, NULL, 'd'},
	    {"sender-as", required_argument, NULL, 'a'}, {"sink-as", required_argument, NULL, 'b'},
	    {"sender", required_argument, NULL, 's'},    {"sink", required_argument, NULL, 'k'},
	    {"hold", required_argument, NULL, 'H'},      {"timeout", required_argument, NULL, 't'},
	    {"unchanged", no_argument, NULL, 'u'},       {NULL, 0, NULL, 0},
	};
	int c, rc = 0;

	while (rc == 0 && (c = getopt_long(argc, argv, "", longs, NULL)) != -1) {
		if (c == 'n')
			o->routes = number(optarg, 1, 4000000);
		else if (c == 'S')
			o->seed = number(optarg, 0, UINT32_MAX);
		else if (c == 'p')
			o->port = (uint16_t)number(optarg, 1, 65535);
		else if (c == 'd')
			o->daemon_as = number(optarg, 1, UINT32_MAX);
		else if (c == 'a')
			o->sender_as = number(optarg, 1, UINT32_MAX);
		else if (c == 'b')
			o->sink_as = number(optarg, 1, UINT32_MAX);
		else if (c == 'H')
			o->hold_s = (uint16_t)number(optarg, 3, 65535);
		else if (c == 't')
			o->timeout_s = number(optarg, 1, 86400);
		else if (c == 'u')
			o->unchanged = true;
		else if (c == 's')
			rc = addr_pair(optarg, &o->sender_local, &o->sender_remote);
		else if (c == 'k')
			rc = addr_pair(optarg, &o->sink_local, &o->sink_remote);
		else
			rc = -EINVAL;
	}
	return rc;
}

static void
update_in(void *ctx, const uint8_t *msg, size_t len)
{
	bench_sink_update(ctx, msg, len);
}

/* One turn: waits up to timeout_ms for any of both sessions or stdin. False: a session broke. */
static bool
turn(struct run *r, int timeout_ms)
{
	struct bench_session *both[2] = {&r->sender, &r->sink};
	struct pollfd p[3] = {{.fd = r->stdin_ready ? -1 : STDIN_FILENO, .events = POLLIN}};

	for (int i = 0; i < 2; i++) {
		p[i + 1].fd = both[i]->fd;
		p[i + 1].events = POLLIN;
		if (bench_session_wants_write(both[i]))
			p[i + 1].events |= POLLOUT;
	}
	poll(p, 3, timeout_ms);
	uint64_t now_ns = time_mono_ns();
	for (int i = 0; i < 2; i++) {
		if (p[i + 1].revents & (POLLIN | POLLHUP | POLLERR))
			bench_session_readable(both[i], now_ns);
		if (p[i + 1].revents & POLLOUT)
			bench_session_writable(both[i], now_ns);
		bench_session_tick(both[i], now_ns);
		if (both[i]->error[0] != '\0') {
			fprintf(stderr, "bgpbench-peer: %s: %s\n", both[i]->name, both[i]->error);
			return false;
		}
	}
	if (p[0].revents) {
		char line[64];
		ssize_t n = read(STDIN_FILENO, line, sizeof(line));

		r->stdin_ready = n >= 0 || errno != EINTR;
	}
	return true;
}

/* The daemon may still be starting: refused connections are tried again. */
static bool
session_up(struct bench_session *s, uint32_t local, uint32_t remote, uint32_t as, const struct options *o,
	   uint64_t deadline_ns)
{
	int rc;

	while ((rc = bench_session_connect(s, local, remote, o->port, as, o->hold_s)) != 0) {
		if (time_mono_ns() > deadline_ns) {
			fprintf(stderr, "bgpbench-peer: %s: connect: %s\n", s->name, strerror(-rc));
			return false;
		}
		usleep(100000);
	}
	return true;
}

static bool
sessions_up(struct run *r)
{
	const struct options *o = r->opt;
	uint64_t deadline_ns = time_mono_ns() + START_NS;

	if (!session_up(&r->sink, o->sink_local, o->sink_remote, o->sink_as, o, deadline_ns) ||
	    !session_up(&r->sender, o->sender_local, o->sender_remote, o->sender_as, o, deadline_ns))
		return false;
	while (!r->sender.established || !r->sink.established) {
		if (!turn(r, 100))
			return false;
		if (time_mono_ns() > deadline_ns) {
			fprintf(stderr, "bgpbench-peer: no session in time\n");
			return false;
		}
	}
	return true;
}

static bool
line_wait(struct run *r)
{
	r->stdin_ready = false;
	while (!r->stdin_ready)
		if (!turn(r, 500))
			return false;
	return true;
}

/* Sends everything; returns when all is right, when nothing more comes or when time is up. */
static bool
table_pass(struct run *r, const struct bench_stream *stream, uint64_t start_ns)
{
	uint64_t deadline_ns = start_ns + r->opt->timeout_s * NS_PER_S;
	uint64_t last_announced = 0, news_ns = start_ns, now_ns = start_ns;

	r->stdin_ready = true; /* nothing to hear from the runner now */
	r->sender.silence_max_ns = r->sink.silence_max_ns = 0;
	r->sender.heard_ns = r->sink.heard_ns = start_ns;
	bench_session_send(&r->sender, stream->data, stream->len);
	while (r->check.right < r->opt->routes && now_ns < deadline_ns) {
		if (!turn(r, 100))
			return false;
		now_ns = time_mono_ns();
		if (r->check.announced != last_announced) {
			last_announced = r->check.announced;
			news_ns = now_ns;
		}
		if (r->check.right + r->check.wrong == r->opt->routes && now_ns - news_ns > QUIET_NS)
			break;
	}
	return true;
}

static void
result_print(const struct run *r, const char *event, double seconds)
{
	const struct bench_sink *c = &r->check;

	printf("{\"event\": \"%s\", \"seconds\": %.4f, \"routes\": %u, \"right\": %u, \"wrong\": %u, "
	       "\"announced\": %" PRIu64 ", \"withdrawn\": %" PRIu64 ", \"updates\": %" PRIu64
	       ", \"bytes\": %" PRIu64 ", \"silence_s\": [%.3f, %.3f], \"faults\": {",
	       event, seconds, r->opt->routes, c->right, c->wrong, c->announced, c->withdrawn, c->updates,
	       r->sink.bytes_in, (double)r->sender.silence_max_ns / 1e9,
	       (double)r->sink.silence_max_ns / 1e9);
	const char *comma = "";
	for (enum bench_fault f = 0; f < BENCH_FAULT_COUNT; f++) {
		if (c->faults[f] == 0)
			continue;
		printf("%s\"%s\": %" PRIu64, comma, bench_fault_name(f), c->faults[f]);
		comma = ", ";
	}
	printf("}}\n");
	fflush(stdout);
}

static int
run_main(const struct options *o)
{
	struct run r = {.opt = o, .sender = {.name = "sender", .fd = -1}, .sink = {.name = "sink", .fd = -1}};
	struct bench_table *table = bench_table_make(o->routes, o->seed, o->sender_as);
	struct bench_stream stream;
	int rc = 1;

	bench_stream_make(&stream, table, o->sender_local);
	bench_sink_init(&r.check, table, o->unchanged ? 0 : o->daemon_as,
			o->unchanged ? o->sender_local : o->sink_remote, o->unchanged);
	r.sink.on_update = update_in;
	r.sink.ctx = &r.check;
	printf("{\"event\": \"encoded\", \"routes\": %u, \"sets\": %u, \"updates\": %u, \"bytes\": %zu}\n",
	       o->routes, table->set_count, stream.update_count, stream.len);
	fflush(stdout);

	if (!sessions_up(&r))
		goto out;
	printf("{\"event\": \"established\", \"hold_s\": [%u, %u]}\n", r.sender.hold_s, r.sink.hold_s);
	fflush(stdout);
	if (!line_wait(&r))
		goto out;

	uint64_t start_ns = time_mono_ns();
	bool alive = table_pass(&r, &stream, start_ns);
	result_print(&r, "done", (double)(time_mono_ns() - start_ns) / 1e9);
	/* What changes afterwards (a late withdrawal, say) shows in the second line. */
	if (alive && line_wait(&r)) {
		result_print(&r, "final", (double)(time_mono_ns() - start_ns) / 1e9);
		rc = r.check.right == o->routes ? 0 : 1;
	}
out:
	bench_session_close(&r.sender);
	bench_session_close(&r.sink);
	bench_sink_fini(&r.check);
	bench_stream_free(&stream);
	bench_table_free(table);
	return rc;
}

int
main(int argc, char **argv)
{
	struct options o = {
	    .routes = 1000000,
	    .daemon_as = 65000,
	    .sender_as = 65001,
	    .sink_as = 65002,
	    .seed = 1,
	    .port = 179,
	    .hold_s = 90,
	    .timeout_s = 300,
	};
	bool null = argc > 1 && strcmp(argv[1], "null") == 0;

	if (argc < 2 || (!null && strcmp(argv[1], "run") != 0) ||
	    options_parse(&o, argc - 1, argv + 1) != 0 || !o.sender_local || !o.sink_local ||
	    (!null && (!o.sender_remote || !o.sink_remote))) {
		fputs(usage, stderr);
		return 64;
	}
	return null ? bench_null_run(o.port, o.daemon_as, o.sender_local, o.sink_local) : run_main(&o);
}
