/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_probe: one prefix, announced again and again, in a process of its own so that
 * moving a million routes does not delay the clock.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/loop.h"
#include "lib/mem.h"
#include "tools/bench_decode.h"
#include "tools/bench_peers.h"
#include "tools/bench_probe.h"

#define NS_PER_MS 1000000ull
#define START_NS  (60000 * NS_PER_MS)
#define SAMPLES   65536

struct probe {
	struct bench_peers peers;
	struct bench_peer *from, *to;
	struct bench_table *table; /* one route, one set */
	struct bench_stream stream;
	uint16_t number; /* in the community of the last announcement */
	bool under_way;
	uint64_t sent_ns, next_ns;
	uint64_t *samples_ns;
	uint32_t sample_count;
};

static uint32_t
community_of(const struct probe *p)
{
	return p->from->self.as << 16 | p->number;
}

static void
announce(struct probe *p)
{
	struct bench_part part = {.end = 1};
	struct bench_voice voice = {.next_hop = p->from->local};

	p->number++;
	p->table->sets[0].communities[0] = community_of(p);
	bench_stream_free(&p->stream);
	bench_stream_announce(&p->stream, p->table, &part, &voice, false);
	p->from->queue = &p->stream;
	p->under_way = true;
	p->sent_ns = time_mono_ns();
	bench_peer_kick(&p->peers, p->from);
}

static void
sample_add(struct probe *p, uint64_t ns)
{
	if (p->sample_count < SAMPLES)
		p->samples_ns[p->sample_count++] = ns;
}

static void
update_in(void *ctx, const uint8_t *msg, size_t len, uint64_t at_ns)
{
	struct probe *p = ctx;
	struct rbuf r = rbuf_of(msg + BENCH_HEADER_LEN, len - BENCH_HEADER_LEN);
	struct bench_decoded got;

	rbuf_bytes(&r, rbuf_u16(&r));
	struct rbuf attrs = rbuf_sub(&r, rbuf_u16(&r));
	if (r.err || rbuf_left(&r) == 0 || !bench_attrs_decode(&got, &attrs, 4) || !p->under_way)
		return;
	if (got.form.attrs.community_count != 1 || got.form.attrs.communities[0] != community_of(p))
		return;
	sample_add(p, at_ns - p->sent_ns);
	p->under_way = false;
}

static int
u64_cmp(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* Prints the delays, and begins anew. One that is under way goes on being counted from its start. */
static void
delays_print(struct probe *p)
{
	if (p->under_way)
		sample_add(p, time_mono_ns() - p->sent_ns);
	qsort(p->samples_ns, p->sample_count, sizeof(*p->samples_ns), u64_cmp);
	uint32_t n = p->sample_count;
	printf("{\"event\": \"probe\", \"count\": %u, \"max_ms\": %.3f, \"median_ms\": %.3f, \"lost\": %s}\n", n,
	       n ? (double)p->samples_ns[n - 1] / 1e6 : 0.0, n ? (double)p->samples_ns[n / 2] / 1e6 : 0.0,
	       n == 0 || (n == 1 && p->under_way) ? "true" : "false");
	fflush(stdout);
	p->sample_count = 0;
}

static bool
line_take(void)
{
	char buf[256];

	return read(STDIN_FILENO, buf, sizeof(buf)) > 0;
}

static bool
sessions_up(struct probe *p)
{
	uint64_t deadline_ns = time_mono_ns() + START_NS;

	bench_peer_dial(&p->peers, p->from);
	bench_peer_dial(&p->peers, p->to);
	while (p->peers.up < 2) {
		if (bench_peers_turn(&p->peers, 100) != 0 || time_mono_ns() > deadline_ns)
			return false;
	}
	printf("{\"event\": \"up\"}\n");
	fflush(stdout);
	return true;
}

static bool
probing(struct probe *p, unsigned interval_ms)
{
	while (p->peers.up == 2) {
		bool was = p->under_way;

		p->peers.input_ready = false;
		if (bench_peers_turn(&p->peers, p->under_way ? 100 : 1) != 0)
			return false;
		if (was && !p->under_way)
			p->next_ns = time_mono_ns() + interval_ms * NS_PER_MS;
		if (!p->under_way && time_mono_ns() >= p->next_ns)
			announce(p);
		if (!p->peers.input_ready)
			continue;
		if (!line_take())
			return true;
		delays_print(p);
	}
	printf("{\"event\": \"error\", \"text\": \"%s%s\"}\n", p->from->session.error, p->to->session.error);
	return false;
}

int
bench_probe_run(const struct bench_probe_ends *ends, uint16_t port)
{
	struct bench_self from = {FAMILY_IPV4, ends->from_as, ip_addr_to_v4(&ends->from_local), 90};
	struct bench_self to = {FAMILY_IPV4, ends->to_as, ip_addr_to_v4(&ends->to_local), 90};
	struct bench_attrs attrs = {.path = {ends->from_as}, .path_count = 1, .community_count = 1};
	struct bench_route route = {.addr = 0xcb007100ull << 32, .len = 24};
	struct bench_table table = {
	    .routes = &route, .sets = &attrs, .route_count = 1, .set_count = 1, .family = FAMILY_IPV4, .variants = 1};
	struct probe p = {.table = &table};
	int rc = bench_peers_init(&p.peers, port);

	p.samples_ns = xcalloc(SAMPLES, sizeof(*p.samples_ns));
	if (rc == 0)
		rc = bench_peers_watch(&p.peers, STDIN_FILENO);
	p.from = bench_peers_add(&p.peers, &ends->from_local, &ends->from_remote, &from);
	p.to = bench_peers_add(&p.peers, &ends->to_local, &ends->to_remote, &to);
	p.to->session.on_update = update_in;
	p.to->session.ctx = &p;
	bool ok = rc == 0 && sessions_up(&p) && probing(&p, ends->interval_ms);
	bench_stream_free(&p.stream);
	bench_peers_fini(&p.peers);
	free(p.samples_ns);
	return ok ? 0 : 1;
}
