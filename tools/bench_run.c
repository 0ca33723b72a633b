/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_run: the commands of the runner, and the clock of the benchmark.
 *
 * One process plays all neighbours in one thread. While a clock runs it only moves
 * octets: encoded streams out, received ones into records. A sink is judged when
 * all has been quiet for a moment, and its clock stops at the arrival of the octets
 * that made it right, so neither the wait nor the judging counts.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "lib/buf.h"
#include "lib/loop.h"
#include "lib/mem.h"
#include "tools/bench_mrt.h"
#include "tools/bench_peers.h"
#include "tools/bench_policy.h"
#include "tools/bench_run.h"
#include "tools/bench_sink.h"
#include "tools/bench_words.h"

#define NS_PER_S 1000000000ull

/* Sinks are judged when nothing has arrived for this long. */
#define QUIET_NS (200 * 1000000ull)

#define GROUPS  8
#define STREAMS 64

struct group {
	char name[16];
	struct bench_peer **peers;
	uint32_t count;
	bool is_sink;
};

struct stream_set {
	char name[16];
	const struct group *group;
	struct bench_stream *streams; /* one a peer of the group */
};

struct run {
	struct bench_peers peers;
	struct group groups[GROUPS];
	int group_count;
	struct stream_set sets[STREAMS];
	int set_count;
	struct bench_table *table;
	struct bench_policy policy;
	struct bench_expect expect;
	struct bench_sink *sinks; /* one for each peer of a sink group, in order */
	struct bench_peer **sink_peers;
	uint32_t sink_count;
	uint64_t start_ns, sent_ns;
	size_t reserve;
	const struct group *then; /* to be dialled when the first group is up */
	uint32_t first_left;
};

struct command {
	const char *verb;
	bool (*handle)(struct run *r, const struct bench_words *w);
};

__attribute__((format(printf, 1, 2))) static bool
complain(const char *format, ...)
{
	va_list ap;

	printf("{\"event\": \"error\", \"text\": \"");
	va_start(ap, format);
	vprintf(format, ap);
	va_end(ap);
	printf("\"}\n");
	return false;
}

static struct group *
group_find(struct run *r, const char *name, size_t len)
{
	for (int i = 0; i < r->group_count; i++)
		if (strlen(r->groups[i].name) == len && strncmp(r->groups[i].name, name, len) == 0)
			return &r->groups[i];
	return NULL;
}

static struct stream_set *
set_find(struct run *r, const struct group *g, const char *name, size_t len)
{
	for (int i = 0; i < r->set_count; i++) {
		struct stream_set *s = &r->sets[i];

		if (s->group == g && strlen(s->name) == len && strncmp(s->name, name, len) == 0)
			return s;
	}
	return NULL;
}

static bool
table_do(struct run *r, const struct bench_words *w)
{
	enum family family = bench_words_u32(w, "family", 4) == 6 ? FAMILY_IPV6 : FAMILY_IPV4;
	uint32_t as = bench_words_u32(w, "as", 65001), routes = bench_words_u32(w, "routes", 1000000);
	const char *mrt = bench_words_get(w, "mrt");
	struct bench_mrt_stats stats = {0};

	if (mrt) {
		r->table = bench_mrt_table(mrt, family, routes, as, &stats);
		if (r->table == NULL)
			return complain("%s: no routes of that family in it", mrt);
	} else {
		r->table = bench_table_make(family, routes, bench_words_number(w, "seed", 1), as);
	}
	r->table->variants = bench_words_u32(w, "variants", 1);
	r->table->winner = bench_words_has(w, "winner") ? (int)bench_words_u32(w, "winner", 0) : -1;
	if (r->table->variants == 0 || r->table->variants > BENCH_VARIANTS)
		return complain("variants: %s", "0 or too many");
	if (bench_words_has(w, "policy")) {
		bench_policy_stamp(r->table);
		bench_policy_make(&r->policy, r->table, bench_words_u32(w, "policy", 1000));
	}
	bench_expect_init(&r->expect, r->table);
	printf("{\"event\": \"table\", \"routes\": %u, \"sets\": %u, \"skipped\": %u}\n", r->table->route_count,
	       r->table->set_count, stats.skipped);
	return true;
}

static void
update_in(void *ctx, const uint8_t *msg, size_t len, uint64_t at_ns)
{
	bench_sink_update(ctx, msg, len, at_ns);
}

static void
sinks_make(struct run *r, const struct group *g)
{
	uint32_t total = r->sink_count + g->count;

	r->sinks = xreallocarray(r->sinks, total, sizeof(*r->sinks));
	r->sink_peers = xreallocarray(r->sink_peers, total, sizeof(struct bench_peer *));
	for (uint32_t i = 0; i < g->count; i++) {
		r->sink_peers[r->sink_count + i] = g->peers[i];
		bench_sink_init(&r->sinks[r->sink_count + i], &r->expect);
	}
	r->sink_count = total;
	for (uint32_t i = 0; i < total; i++) {
		struct bench_session *s = &r->sink_peers[i]->session;

		s->records = true;
		s->on_update = update_in;
		s->ctx = &r->sinks[i];
	}
}

static struct ip_addr
addr_plus(struct ip_addr a, uint32_t n)
{
	uint8_t *last = a.bytes + family_octets(a.family) - 4;

	be32_put(last, be32_get(last) + n);
	return a;
}

static bool
peers_do(struct run *r, const struct bench_words *w)
{
	struct ip_addr local = bench_words_addr(w, "local"), remote = bench_words_addr(w, "remote");
	uint32_t id = bench_words_u32(w, "id", local.family == FAMILY_IPV4 ? ip_addr_to_v4(&local) : 0);
	struct group *g = &r->groups[r->group_count];

	if (r->group_count == GROUPS || r->table == NULL || id == 0)
		return complain("peers: %s", "too many, or no table or router id yet");
	strlcpy(g->name, bench_words_text(w, "name"), sizeof(g->name));
	g->count = bench_words_u32(w, "count", 1);
	g->is_sink = bench_words_has(w, "sink");
	g->peers = xcalloc(g->count, sizeof(struct bench_peer *));
	for (uint32_t i = 0; i < g->count; i++) {
		struct bench_self self = {.family = r->table->family,
					  .as = bench_words_u32(w, "as", 65001),
					  .router_id = id + i,
					  .hold_s = (uint16_t)bench_words_u32(w, "hold", 90)};
		struct ip_addr mine = addr_plus(local, i);

		/* Senders of one table are in ascending AS numbers; neighbours of one AS say "same-as". */
		if (!bench_words_has(w, "same-as"))
			self.as += i;
		g->peers[i] = bench_peers_add(&r->peers, &mine, &remote, &self);
	}
	r->group_count++;
	if (g->is_sink)
		sinks_make(r, g);
	printf("{\"event\": \"peers\", \"count\": %u}\n", g->count);
	return true;
}

static bool
expect_do(struct run *r, const struct bench_words *w)
{
	const char *passage = bench_words_text(w, "passage");
	struct bench_expect *e = &r->expect;
	struct ip_addr originator = bench_words_addr(w, "originator"), cluster = bench_words_addr(w, "cluster");

	e->passage = strcmp(passage, "external") == 0    ? BENCH_EXTERNAL
		     : strcmp(passage, "reflected") == 0 ? BENCH_REFLECTED
							 : BENCH_UNCHANGED;
	e->internal = bench_words_has(w, "internal");
	e->daemon_as = bench_words_u32(w, "as", 65000);
	e->next_hop = bench_words_addr(w, "next-hop");
	e->routes_a_next_hop = bench_words_u32(w, "a-next-hop", 0);
	e->originator_id = originator.family == FAMILY_IPV4 ? ip_addr_to_v4(&originator) : 0;
	e->cluster_id = cluster.family == FAMILY_IPV4 ? ip_addr_to_v4(&cluster) : 0;
	if (e->next_hop.family != r->table->family)
		return complain("%s: of another family than the table", "next-hop");
	printf("{\"event\": \"expect\"}\n");
	return true;
}

static struct bench_part
part_of(const struct run *r, const struct bench_words *w)
{
	return (struct bench_part){.end = r->table->route_count,
				   .mod = bench_words_u32(w, "mod", 0),
				   .rem = bench_words_u32(w, "rem", 0)};
}

static void
stream_make(const struct run *r, const struct bench_words *w, const struct group *g, uint32_t i,
	    struct bench_stream *out)
{
	struct bench_part part = part_of(r, w);
	struct ip_addr next_hop = bench_words_addr(w, "next-hop");
	struct bench_voice voice = {.next_hop = next_hop.family ? next_hop : g->peers[i]->local,
				    .internal = bench_words_has(w, "internal")};
	const char *variant = bench_words_get(w, "variant");
	uint32_t slice = bench_words_u32(w, "slice", 0);

	if (slice > 0) {
		part.first = i * slice;
		part.end = part.first + slice < part.end ? part.first + slice : part.end;
	}
	if (variant && strcmp(variant, "each") == 0)
		voice.variant = i;
	else
		voice.variant = bench_words_u32(w, "variant", 0);
	if (bench_words_has(w, "withdraw"))
		bench_stream_withdraw(out, r->table, &part);
	else
		bench_stream_announce(out, r->table, &part, &voice, bench_words_has(w, "eor"));
}

static bool
encode_do(struct run *r, const struct bench_words *w)
{
	const char *peers = bench_words_text(w, "peers");
	const struct group *g = group_find(r, peers, strlen(peers));
	struct stream_set *s = &r->sets[r->set_count];
	size_t octets = 0, largest = 0;
	uint32_t updates = 0, routes = 0;

	if (g == NULL || r->set_count == STREAMS)
		return complain("%s: no such peers, or too many streams", peers);
	strlcpy(s->name, bench_words_text(w, "name"), sizeof(s->name));
	s->group = g;
	s->streams = xcalloc(g->count, sizeof(*s->streams));
	for (uint32_t i = 0; i < g->count; i++) {
		stream_make(r, w, g, i, &s->streams[i]);
		octets += s->streams[i].len;
		largest = s->streams[i].len > largest ? s->streams[i].len : largest;
		updates += s->streams[i].update_count;
		routes += s->streams[i].route_count;
	}
	r->set_count++;
	/* A receiver gets about what one sender sends, or all slices; half as much again for other packings. */
	size_t reserve = (bench_words_has(w, "slice") ? octets : largest) * 3 / 2 + (1 << 20);
	for (uint32_t i = 0; reserve > r->reserve && i < r->sink_count; i++)
		bench_session_reserve(&r->sink_peers[i]->session, reserve);
	r->reserve = reserve > r->reserve ? reserve : r->reserve;
	printf("{\"event\": \"encode\", \"octets\": %zu, \"updates\": %u, \"routes\": %u}\n", octets, updates,
	       routes);
	return true;
}

static uint8_t
want_octet(const struct run *r, const char *variant, uint32_t route)
{
	const char *err;

	if (strcmp(variant, "none") == 0)
		return BENCH_WANT_NONE;
	if (strcmp(variant, "winner") == 0)
		return (uint8_t)(bench_set_winner(r->table, r->table->routes[route].set) + 1);
	if (strcmp(variant, "policy") == 0)
		return bench_policy_want(&r->policy, r->table, route);
	return (uint8_t)(strtonum(variant, 0, BENCH_VARIANTS - 1, &err) + 1);
}

static bool
want_do(struct run *r, const struct bench_words *w)
{
	const char *variant = bench_words_text(w, "variant");
	struct bench_part part = part_of(r, w);

	for (uint32_t route = 0; route < r->table->route_count; route++) {
		if (!bench_part_has(&part, route))
			continue;
		uint8_t want = want_octet(r, variant, route);
		if (want == r->expect.want[route])
			continue;
		for (uint32_t i = 0; i < r->sink_count; i++)
			bench_sink_forget(&r->sinks[i], route);
		bench_expect_want(&r->expect, route, want);
	}
	printf("{\"event\": \"want\", \"routes\": %u}\n", r->expect.wanted);
	return true;
}

static void
group_dial(struct run *r, const struct group *g)
{
	for (uint32_t i = 0; i < g->count; i++)
		bench_peer_dial(&r->peers, g->peers[i]);
}

static bool
dial_do(struct run *r, const struct bench_words *w)
{
	const char *names = bench_words_text(w, "peers");

	r->peers.limit = bench_words_u32(w, "limit", 0);
	for (size_t len; *names != '\0'; names += len + (names[len] == ',')) {
		len = strcspn(names, ",");
		const struct group *g = group_find(r, names, len);
		if (g == NULL)
			return complain("%s: no such peers", names);
		group_dial(r, g);
	}
	printf("{\"event\": \"dial\"}\n");
	return true;
}

static bool
listen_do(struct run *r, const struct bench_words *w)
{
	enum family family = bench_words_u32(w, "family", 4) == 6 ? FAMILY_IPV6 : FAMILY_IPV4;
	int rc = bench_peers_listen(&r->peers, family);

	if (rc != 0)
		return complain("listen: %s", strerror(-rc));
	printf("{\"event\": \"listen\"}\n");
	return true;
}

/* A session that was up and ended, which nobody asked for. */
static bool
sessions_hold(struct run *r)
{
	char where[IP_ADDR_STRLEN], text[300];

	for (uint32_t i = 0; i < r->peers.count; i++) {
		const struct bench_peer *p = r->peers.list[i];

		if (p->state != BENCH_PEER_DOWN)
			continue;
		snprintf(text, sizeof(text), "%s: %s", ip_addr_str(&p->local, where, sizeof(where)),
			 p->session.error);
		return complain("%s", text);
	}
	return true;
}

/* It waits for the answer before it says more: input before that is the end of it. */
static bool
runner_left(const struct run *r)
{
	return r->peers.input_ready;
}

static bool
all_up(const struct run *r)
{
	for (uint32_t i = 0; i < r->peers.count; i++)
		if (r->peers.list[i]->dials && r->peers.list[i]->state != BENCH_PEER_UP)
			return false;
	return r->peers.up > 0;
}

static bool
up_do(struct run *r, const struct bench_words *w)
{
	uint64_t deadline_ns = time_mono_ns() + bench_words_number(w, "timeout", 60) * NS_PER_S;

	while (!all_up(r)) {
		if (bench_peers_turn(&r->peers, 100) != 0 || runner_left(r) || !sessions_hold(r))
			return false;
		if (time_mono_ns() > deadline_ns)
			return complain("%s", "no session in time");
	}
	printf("{\"event\": \"up\", \"peers\": %u}\n", r->peers.up);
	return true;
}

/* send=PEERS:STREAM,...: each peer's own stream, at once or when it comes up. */
static bool
streams_queue(struct run *r, const char *send)
{
	for (size_t len; *send != '\0'; send += len + (send[len] == ',')) {
		len = strcspn(send, ",");
		size_t name = strcspn(send, ":");
		const struct group *g = name < len ? group_find(r, send, name) : NULL;
		const struct stream_set *s = g ? set_find(r, g, send + name + 1, len - name - 1) : NULL;

		if (s == NULL)
			return complain("%s: no such peers or stream", send);
		for (uint32_t i = 0; i < g->count; i++)
			g->peers[i]->queue = &s->streams[i];
	}
	return true;
}

static bool
all_sent(const struct run *r)
{
	for (uint32_t i = 0; i < r->peers.count; i++)
		if (r->peers.list[i]->queue || r->peers.list[i]->session.out_done < r->peers.list[i]->session.out_len)
			return false;
	return true;
}

static uint64_t
last_heard_ns(const struct run *r)
{
	uint64_t last_ns = 0;

	for (uint32_t i = 0; i < r->sink_count; i++)
		if (r->sink_peers[i]->session.heard_ns > last_ns)
			last_ns = r->sink_peers[i]->session.heard_ns;
	return last_ns;
}

static bool
all_met(const struct run *r)
{
	for (uint32_t i = 0; i < r->sink_count; i++)
		if (r->sinks[i].unmet > 0)
			return false;
	return true;
}

static void
judge_all(struct run *r)
{
	for (uint32_t i = 0; i < r->sink_count; i++)
		bench_session_replay(&r->sink_peers[i]->session);
}

/* Until everything is sent and right, or the time is over. False: a session ended. */
static bool
clock_run(struct run *r, uint64_t deadline_ns)
{
	uint64_t judged_ns = 0, now_ns;

	do {
		/* A quiet moment must be noticed without events. */
		if (bench_peers_turn(&r->peers, 20) != 0 || runner_left(r) || !sessions_hold(r))
			return false;
		now_ns = time_mono_ns();
		if (r->sent_ns == 0 && all_sent(r))
			r->sent_ns = now_ns;
		if (r->sent_ns != 0 && r->sink_count == 0)
			return true;
		uint64_t heard_ns = last_heard_ns(r);
		if (now_ns - heard_ns > QUIET_NS && heard_ns != judged_ns) {
			judge_all(r);
			judged_ns = heard_ns;
		}
	} while ((r->sent_ns == 0 || last_heard_ns(r) != judged_ns || !all_met(r)) && now_ns < deadline_ns);
	judge_all(r);
	return sessions_hold(r);
}

static double
since_start(const struct run *r, uint64_t ns)
{
	return ns > r->start_ns ? (double)(ns - r->start_ns) / 1e9 : 0.0;
}

static void
faults_print(const struct run *r)
{
	const char *comma = "";

	printf("\"faults\": {");
	for (enum bench_fault f = 0; f < BENCH_FAULT_COUNT; f++) {
		uint64_t n = 0;

		for (uint32_t i = 0; i < r->sink_count; i++)
			n += r->sinks[i].faults[f];
		if (n == 0)
			continue;
		printf("%s\"%s\": %" PRIu64, comma, bench_fault_name(f), n);
		comma = ", ";
	}
	printf("}");
}

/* Sums over all sinks; the times are those of the last one. */
static void
result_print(const struct run *r, const char *event)
{
	uint64_t met_ns = 0, news_ns = 0, updates = 0, announced = 0, withdrawn = 0, silence_ns = 0;
	uint64_t unmet = 0, octets = 0, redials = 0;

	for (uint32_t i = 0; i < r->sink_count; i++) {
		const struct bench_sink *s = &r->sinks[i];

		met_ns = s->met_ns > met_ns ? s->met_ns : met_ns;
		news_ns = s->news_ns > news_ns ? s->news_ns : news_ns;
		updates += s->updates;
		announced += s->announced;
		withdrawn += s->withdrawn;
		unmet += s->unmet;
		octets += r->sink_peers[i]->session.bytes_in;
	}
	for (uint32_t i = 0; i < r->peers.count; i++) {
		const struct bench_peer *p = r->peers.list[i];

		redials += p->redials;
		silence_ns = p->session.silence_max_ns > silence_ns ? p->session.silence_max_ns : silence_ns;
	}
	printf("{\"event\": \"%s\", \"seconds\": %.6f, \"quiet_s\": %.6f, \"sent_s\": %.6f, \"routes\": %u, "
	       "\"sinks\": %u, \"unmet\": %" PRIu64 ", \"announced\": %" PRIu64 ", \"withdrawn\": %" PRIu64
	       ", \"updates\": %" PRIu64 ", \"octets\": %" PRIu64 ", \"silence_s\": %.3f, \"redials\": %" PRIu64
	       ", \"start_ns\": %" PRIu64 ", ",
	       event, since_start(r, met_ns), since_start(r, news_ns), since_start(r, r->sent_ns),
	       r->expect.wanted, r->sink_count, unmet, announced, withdrawn, updates, octets,
	       (double)silence_ns / 1e9, redials, r->start_ns);
	faults_print(r);
	printf("}\n");
}

static void
peer_came_up(void *ctx, struct bench_peer *p)
{
	struct run *r = ctx;

	(void)p;
	if (r->first_left > 0 && --r->first_left == 0)
		group_dial(r, r->then);
}

static bool
go_prepare(struct run *r, const struct bench_words *w)
{
	const char *send = bench_words_get(w, "send"), *dial = bench_words_get(w, "dial"),
		   *then = bench_words_get(w, "then"), *close = bench_words_get(w, "close");
	const struct group *first = dial ? group_find(r, dial, strlen(dial)) : NULL;
	struct group *last = close ? group_find(r, close, strlen(close)) : NULL;

	r->then = then ? group_find(r, then, strlen(then)) : NULL;
	if ((dial && !first) || (then && !r->then) || (close && !last))
		return complain("%s: no such peers in dial, then or close", "go");
	for (uint32_t i = 0; i < r->sink_count; i++)
		bench_sink_restart(&r->sinks[i]);
	for (uint32_t i = 0; i < r->peers.count; i++) {
		r->peers.list[i]->session.silence_max_ns = 0;
		r->peers.list[i]->session.heard_ns = time_mono_ns();
	}
	if (send && !streams_queue(r, send))
		return false;
	r->sent_ns = 0;
	r->peers.limit = bench_words_u32(w, "limit", 0);
	r->first_left = r->then && first ? first->count : 0;
	r->start_ns = bench_words_number(w, "start", time_mono_ns());
	if (first)
		group_dial(r, first);
	for (uint32_t i = 0; last && i < last->count; i++)
		bench_peer_close(&r->peers, last->peers[i]);
	for (uint32_t i = 0; i < r->peers.count; i++)
		bench_peer_kick(&r->peers, r->peers.list[i]);
	return true;
}

static bool
go_do(struct run *r, const struct bench_words *w)
{
	if (!go_prepare(r, w))
		return false;
	if (!clock_run(r, time_mono_ns() + bench_words_number(w, "timeout", 300) * NS_PER_S))
		return false;
	result_print(r, "go");
	return true;
}

static bool
check_do(struct run *r, const struct bench_words *w)
{
	(void)w;
	judge_all(r);
	if (!sessions_hold(r))
		return false;
	result_print(r, "check");
	return true;
}

static bool
rules_do(struct run *r, const struct bench_words *w)
{
	char text[IP_PREFIX_STRLEN];

	(void)w;
	printf("{\"event\": \"rules\", \"as\": %u, \"community\": [%u, %u], \"max_len\": %u, \"prefixes\": [",
	       BENCH_POLICY_AS, BENCH_POLICY_COMMUNITY >> 16, BENCH_POLICY_COMMUNITY & 0xffff, r->policy.max_len);
	for (uint32_t i = 0; i < r->policy.count; i++)
		printf("%s\"%s\"", i ? ", " : "",
		       bench_prefix_str(r->table->family, r->policy.list[i].addr, r->policy.list[i].len, text,
					sizeof(text)));
	printf("]}\n");
	return true;
}

static const struct command commands[] = {
    {"table", table_do}, {"peers", peers_do}, {"expect", expect_do}, {"encode", encode_do},
    {"want", want_do},   {"dial", dial_do},   {"listen", listen_do}, {"up", up_do},
    {"go", go_do},       {"check", check_do}, {"rules", rules_do},
};

static bool
command_do(struct run *r, char *line)
{
	struct bench_words w;

	if (!bench_words_parse(&w, line))
		return complain("%s", "unreadable command");
	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		if (strcmp(commands[i].verb, w.verb) != 0)
			continue;
		if (r->table == NULL && i != 0)
			return complain("%s: no table yet", w.verb);
		return commands[i].handle(r, &w);
	}
	return complain("%s: no such command", w.verb);
}

/* What stdin has, cut into lines; false at its end or after an error. */
static bool
commands_take(struct run *r, char *buf, size_t size, size_t *len)
{
	ssize_t n = read(r->peers.input, buf + *len, size - 1 - *len);
	char *newline;

	if (n <= 0)
		return false;
	*len += (size_t)n;
	buf[*len] = '\0';
	while ((newline = strchr(buf, '\n')) != NULL) {
		*newline = '\0';
		r->peers.input_ready = false;
		bool ok = command_do(r, buf);
		fflush(stdout);
		if (!ok)
			return false;
		*len -= (size_t)(newline + 1 - buf);
		memmove(buf, newline + 1, *len + 1);
	}
	return true;
}

static void
run_free(struct run *r)
{
	for (int i = 0; i < r->set_count; i++) {
		for (uint32_t n = 0; n < r->sets[i].group->count; n++)
			bench_stream_free(&r->sets[i].streams[n]);
		free(r->sets[i].streams);
	}
	for (uint32_t i = 0; i < r->sink_count; i++)
		bench_sink_fini(&r->sinks[i]);
	free(r->sinks);
	free(r->sink_peers);
	for (int i = 0; i < r->group_count; i++)
		free(r->groups[i].peers);
	bench_peers_fini(&r->peers);
	bench_expect_fini(&r->expect);
	bench_policy_free(&r->policy);
	bench_table_free(r->table);
}

int
bench_run(uint16_t port)
{
	struct run r = {0};
	char buf[4096];
	size_t len = 0;
	int rc = bench_peers_init(&r.peers, port);

	if (rc == 0)
		rc = bench_peers_watch(&r.peers, STDIN_FILENO);
	r.peers.on_up = peer_came_up;
	r.peers.ctx = &r;
	bool alive = rc == 0;
	while (alive) {
		r.peers.input_ready = false;
		if (bench_peers_turn(&r.peers, 500) != 0)
			break;
		if (r.peers.input_ready)
			alive = commands_take(&r, buf, sizeof(buf), &len);
	}
	run_free(&r);
	return rc == 0 ? 0 : 1;
}
