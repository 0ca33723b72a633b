/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics_neighbor: the figures of neighbours, of each or as sums.
 *
 * The samples of a family stand together in the page, but a neighbour is asked once: each row has a text of its own, or a
 * place in the sum that the neighbour is in, and these are put behind each other in the end.
 */
#include "bgpd/metrics_rows.h"

#include "bgpd/daemon.h"
#include "bgpd/group.h"
#include "bgpd/instance.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/update_in.h"
#include "lib/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* What they begin with behind the prefix of all: of each, and of a sum. */
#define EACH METRICS_PREFIX "neighbor_"
#define SUM  METRICS_PREFIX "group_"

/* Of one neighbour. */
struct figures {
	const struct peer *p;
	enum fsm_state state;
	struct peer_stats stats;
	struct peer_route_counts routes[FAMILY_COUNT];
	const struct group_member *member; /* NULL: there is no session */
	uint64_t treated, discarded, refused;
};

static void
figures_take(const struct peer *p, struct figures *f)
{
	const struct update_stats *updates = peer_routes_update_stats((struct peer *)(uintptr_t)p);

	*f = (struct figures){.p = p,
			      .state = peer_state(p),
			      .member = peer_routes_member(p),
			      .treated = updates->treat_as_withdraw,
			      .discarded = updates->attribute_discard,
			      .refused = peer_routes_source(p)->refused};
	peer_stats_get(p, &f->stats);
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++)
		peer_routes_counts(p, family, &f->routes[family]);
}

static double
one(const struct figures *f, unsigned i)
{
	(void)f;
	(void)i;
	return 1;
}

static double
up(const struct figures *f, unsigned i)
{
	(void)i;
	return f->state == FSM_ESTABLISHED;
}

static double
state(const struct figures *f, unsigned i)
{
	(void)i;
	return f->state;
}

static double
is_shutdown(const struct figures *f, unsigned i)
{
	(void)i;
	return peer_is_down(f->p);
}

static bool
has_changed(const struct figures *f, unsigned i)
{
	(void)i;
	return f->stats.established > 0;
}

/* Both clocks are read at once and the second is of the sum: one that moves to and fro would look like another event. */
static double
updown_s(const struct figures *f, unsigned i)
{
	struct timespec real;
	uint64_t now = time_mono_ns();
	uint64_t ago = now > f->p->updown_ns ? now - f->p->updown_ns : 0;

	(void)i;
	clock_gettime(CLOCK_REALTIME, &real);
	return (double)(((int64_t)real.tv_sec * 1000000000 + real.tv_nsec - (int64_t)ago) / 1000000000);
}

static double
established(const struct figures *f, unsigned i)
{
	(void)i;
	return (double)f->stats.established;
}

static double
drops(const struct figures *f, unsigned i)
{
	return (double)f->stats.drops[i];
}

static bool
is_up(const struct figures *f, unsigned i)
{
	(void)i;
	return f->state == FSM_ESTABLISHED;
}

static double
hold_s(const struct figures *f, unsigned i)
{
	(void)i;
	return f->p->session.hold_s;
}

static double
messages_received(const struct figures *f, unsigned i)
{
	return (double)f->stats.in[BGP_MSG_OPEN + i];
}

static double
messages_sent(const struct figures *f, unsigned i)
{
	return (double)f->stats.out[BGP_MSG_OPEN + i];
}

static double
octets_received(const struct figures *f, unsigned i)
{
	(void)i;
	return (double)f->stats.octets_in;
}

static double
octets_sent(const struct figures *f, unsigned i)
{
	(void)i;
	return (double)f->stats.octets_out;
}

static double
treated(const struct figures *f, unsigned i)
{
	(void)i;
	return (double)f->treated;
}

static double
discarded(const struct figures *f, unsigned i)
{
	(void)i;
	return (double)f->discarded;
}

static bool
has_family(const struct figures *f, unsigned i)
{
	return (f->p->conf->families & CONF_FAMILY(FAMILY_IPV4 + i)) != 0;
}

static double
received(const struct figures *f, unsigned i)
{
	return f->routes[FAMILY_IPV4 + i].received;
}

static double
accepted(const struct figures *f, unsigned i)
{
	return f->routes[FAMILY_IPV4 + i].accepted;
}

static double
sent(const struct figures *f, unsigned i)
{
	return f->routes[FAMILY_IPV4 + i].sent;
}

static double
refused(const struct figures *f, unsigned i)
{
	(void)i;
	return (double)f->refused;
}

static bool
has_limit(const struct figures *f, unsigned i)
{
	(void)i;
	return CONF_HAS(f->p->conf, CONF_NB_MAX_PREFIX);
}

static double
limit(const struct figures *f, unsigned i)
{
	(void)i;
	return f->p->conf->max_prefix.limit;
}

static bool
has_limit_out(const struct figures *f, unsigned i)
{
	(void)i;
	return CONF_HAS(f->p->conf, CONF_NB_MAX_PREFIX_OUT);
}

static double
limit_out(const struct figures *f, unsigned i)
{
	(void)i;
	return f->p->conf->max_prefix_out.limit;
}

static double
held_back(const struct figures *f, unsigned i)
{
	return f->routes[FAMILY_IPV4 + i].held;
}

static bool
has_held_back(const struct figures *f, unsigned i)
{
	return has_limit_out(f, i) && has_family(f, i);
}

static double
backlog(const struct figures *f, unsigned i)
{
	const struct session *s = f->p->main->session;

	(void)i;
	return (double)((f->member != NULL ? group_member_backlog(f->member) : 0) + (s != NULL ? session_queued(s) : 0));
}

static double
detached(const struct figures *f, unsigned i)
{
	(void)i;
	return f->member != NULL && !f->member->attached;
}

static double
stale(const struct figures *f, unsigned i)
{
	return peer_gr_keeps(f->p, FAMILY_IPV4 + i);
}

static double
long_stale(const struct figures *f, unsigned i)
{
	return peer_gr_keeps(f->p, FAMILY_IPV4 + i) && peer_gr_is_long(&f->p->gr, FAMILY_IPV4 + i);
}

static const char *const families[] = {"ipv4", "ipv6"};
/* From BGP_MSG_OPEN on. */
static const char *const types[] = {"open", "update", "notification", "keepalive", "route_refresh"};
static const char *const drop_reasons[] = {
    [PEER_DROP_ADMINISTRATIVE] = "administrative",
    [PEER_DROP_CONNECTION] = "connection",
    [PEER_DROP_HOLD_TIMER] = "hold_timer",
    [PEER_DROP_LIMIT] = "limit",
    [PEER_DROP_RECEIVED] = "notification_received",
    [PEER_DROP_PROTOCOL] = "protocol_error",
};
_Static_assert(ARRAY_LEN(types) == BGP_MSG_TYPES - BGP_MSG_OPEN && ARRAY_LEN(drop_reasons) == PEER_DROPS, "a word for each");

#define GAUGE               OPENMETRICS_GAUGE
#define COUNTER             OPENMETRICS_COUNTER
#define INFO                OPENMETRICS_INFO
#define NONE                {{0}}
#define BY(label_, values_) {{(label_), (values_), ARRAY_LEN(values_)}}

/* i: the number of the label's value. */
static const struct {
	struct openmetrics_family family;
	double (*figure)(const struct figures *f, unsigned i);
	bool (*there)(const struct figures *f, unsigned i); /* is there such a sample? NULL: always */
	bool sums;                                          /* a sum of it says something; counters always do */
} rows[] = {
    {{"config", INFO, "1, with what the neighbour is: its address, and remote-as, group and VRF of the configuration.", NONE}, one, NULL, false},
    {{"up", GAUGE, "1 when the session is established.", NONE}, up, NULL, true},
    {{"state", GAUGE, "0 Idle, 1 Connect, 2 Active, 3 OpenSent, 4 OpenConfirm, 5 Established.", NONE}, state, NULL, false},
    {{"shutdown", GAUGE, "1 when it is shut down, by configuration or command: it is not expected to be up.", NONE},
     is_shutdown, NULL, true},
    {{"updown_timestamp_seconds", GAUGE, "When the session came up or ended last, since the epoch. Not there before the first.",
      NONE},
     updown_s, has_changed, false},
    {{"established", COUNTER, "How often the session came up.", NONE}, established, NULL, true},
    {{"drops", COUNTER,
      "How often it ended: by command, configuration or the end of the daemon; since the connection was closed or lost; "
      "since the neighbour was silent or did not read; at a limit, as max-prefix; with its NOTIFICATION; with ours for an "
      "error in what it sent.",
      BY("reason", drop_reasons)},
     drops, NULL, true},
    {{"hold_time_seconds", GAUGE, "The hold time that was agreed on, 0 without. Not there without a session.", NONE}, hold_s, is_up,
     false},
    {{"messages_received", COUNTER, "Messages from the neighbour.", BY("type", types)}, messages_received, NULL, true},
    {{"messages_sent", COUNTER, "Messages to the neighbour.", BY("type", types)}, messages_sent, NULL, true},
    {{"received_bytes", COUNTER, "Octets from the neighbour.", NONE}, octets_received, NULL, true},
    {{"sent_bytes", COUNTER, "Octets to the neighbour.", NONE}, octets_sent, NULL, true},
    {{"updates_treated_as_withdraw", COUNTER, "UPDATE messages with errors whose routes count as withdrawn (RFC 7606).", NONE}, treated,
     NULL, true},
    {{"updates_attribute_discard", COUNTER, "UPDATE messages of which an attribute with errors was left out (RFC 7606).", NONE},
     discarded, NULL, true},
    {{"prefixes_received", GAUGE, "What is there of the neighbour's, with what policy rejects.", BY("family", families)}, received,
     has_family, true},
    {{"prefixes_accepted", GAUGE, "What policy accepts of that.", BY("family", families)}, accepted, has_family, true},
    {{"prefixes_sent", GAUGE, "What the neighbour was sent and has.", BY("family", families)}, sent, has_family, true},
    {{"paths_refused", COUNTER, "New paths that were not kept, for want of memory (router.memory-limit).", NONE}, refused, NULL, true},
    {{"max_prefix_limit", GAUGE, "max-prefix, of prefixes_received of each family. Only where it is configured.", NONE}, limit,
     has_limit, false},
    {{"max_prefix_out_limit", GAUGE, "max-prefix-out, of prefixes_sent of each family. Only where it is configured.", NONE},
     limit_out, has_limit_out, false},
    {{"prefixes_held_back", GAUGE, "What would be sent but for max-prefix-out. Only where it is configured.",
      BY("family", families)},
     held_back, has_held_back, true},
    {{"output_queue_bytes", GAUGE, "Octets of messages that wait until the connection takes them.", NONE}, backlog, NULL, true},
    {{"detached", GAUGE,
      "1 while it is told what it is due apart from the others of its export group: since it is new, has asked for a "
      "refresh, or is too slow for them.",
      NONE},
     detached, NULL, true},
    {{"stale", GAUGE, "1 while its routes are kept over a graceful restart (RFC 4724).", BY("family", families)}, stale, has_family,
     true},
    {{"long_lived_stale", GAUGE, "1 while they are kept as a last resort (RFC 9494).", BY("family", families)}, long_stale,
     has_family, true},
};
_Static_assert(ARRAY_LEN(rows) <= METRICS_NEIGHBOR_ROWS, "a text for each");

/* ---- sums ---- */

/* Of the neighbours whose configuration gives this key. */
struct sum {
	char *key;
	uint32_t in[FSM_STATES];
	double figures[ARRAY_LEN(rows)][METRICS_NEIGHBOR_VALUES];
};

struct metrics_sums {
	struct sum *v; /* in the order of their keys */
	size_t n, cap;
};

struct metrics_sums *
metrics_sums_new(void)
{
	return xcalloc(1, sizeof(struct metrics_sums));
}

void
metrics_sums_free(struct metrics_sums *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++)
		free(s->v[i].key);
	free(s->v);
	free(s);
}

/* The key of a neighbour, good until the next call with the same buffer. */
static const char *
key_of(enum conf_metrics_neighbors mode, const struct conf_neighbor *c, char buf[16])
{
	if (mode == CONF_METRICS_GROUP)
		return c->group != NULL ? c->group : c->prefix.family != FAMILY_NONE ? c->name : "";
	if (c->remote_as.as == 0)
		return "external";
	snprintf(buf, 16, "%u", c->remote_as.as);
	return buf;
}

static struct sum *
sum_of(struct metrics_sums *s, const char *key)
{
	size_t lo = 0, hi = s->n;

	while (lo < hi) {
		size_t mid = lo + (hi - lo) / 2;
		int order = strcmp(s->v[mid].key, key);
		if (order == 0)
			return &s->v[mid];
		if (order < 0)
			lo = mid + 1;
		else
			hi = mid;
	}
	if (s->n == s->cap) {
		s->cap = s->cap != 0 ? s->cap * 2 : 16;
		s->v = xreallocarray(s->v, s->cap, sizeof(*s->v));
	}
	memmove(&s->v[lo + 1], &s->v[lo], (s->n - lo) * sizeof(*s->v));
	s->v[lo] = (struct sum){.key = xstrdup(key)};
	s->n++;
	return &s->v[lo];
}

static void
sum_add(struct sum *sum, const struct figures *f, bool counters_alone, int sign)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (!rows[i].sums || (counters_alone && rows[i].family.kind != COUNTER))
			continue;
		for (unsigned k = 0; k < openmetrics_samples(&rows[i].family); k++)
			if (rows[i].there == NULL || rows[i].there(f, k))
				sum->figures[i][k] += sign * rows[i].figure(f, k);
	}
}

void
metrics_sums_count(struct metrics_sums *s, enum conf_metrics_neighbors mode, const struct peer *p, const struct conf_neighbor *as,
		   int sign)
{
	struct figures f;
	char buf[16];

	figures_take(p, &f);
	sum_add(sum_of(s, key_of(mode, as, buf)), &f, true, sign);
}

bool
metrics_sums_differ(enum conf_metrics_neighbors mode, const struct conf_neighbor *a, const struct conf_neighbor *b)
{
	char buf[2][16];

	return strcmp(key_of(mode, a, buf[0]), key_of(mode, b, buf[1])) != 0;
}

static void
sums_copy(struct metrics_sums *to, const struct metrics_sums *from)
{
	for (size_t i = 0; i < from->n; i++) {
		struct sum *s = sum_of(to, from->v[i].key);
		memcpy(s->figures, from->v[i].figures, sizeof(s->figures));
	}
}

/* ---- a page's part ---- */

void
metrics_neighbors_init(struct metrics_neighbors *n, enum conf_metrics_neighbors mode, const struct metrics_sums *gone)
{
	*n = (struct metrics_neighbors){.mode = mode};
	if (mode != CONF_METRICS_GROUP && mode != CONF_METRICS_REMOTE_AS)
		return;
	n->sums = metrics_sums_new();
	sums_copy(n->sums, gone);
}

void
metrics_neighbors_fini(struct metrics_neighbors *n)
{
	for (size_t i = 0; i < ARRAY_LEN(n->each); i++)
		str_free(&n->each[i]);
	str_free(&n->labels);
	metrics_sums_free(n->sums);
	n->sums = NULL;
}

static void
info_labels(struct str *labels, const struct peer *p)
{
	char text[IP_ADDR_STRLEN], buf[16];

	openmetrics_label(labels, "address", p->addr.family != FAMILY_NONE ? ip_addr_str(&p->addr, text, sizeof(text)) : "");
	openmetrics_label(labels, "remote_as", key_of(CONF_METRICS_REMOTE_AS, p->conf, buf));
	openmetrics_label(labels, "group", key_of(CONF_METRICS_GROUP, p->conf, buf));
	openmetrics_label(labels, "vrf", instance_vrf(p->d) != NULL ? instance_vrf(p->d) : "");
}

static void
each_add(struct metrics_neighbors *n, const struct figures *f)
{
	struct str *labels = &n->labels;

	str_reset(labels);
	openmetrics_label(labels, "neighbor", f->p->name);
	size_t name_len = labels->len;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct openmetrics_family *family = &rows[i].family;
		for (unsigned k = 0; k < openmetrics_samples(family); k++) {
			if (rows[i].there != NULL && !rows[i].there(f, k))
				continue;
			openmetrics_labels(labels, family, k);
			if (family->kind == INFO)
				info_labels(labels, f->p);
			openmetrics_sample(&n->each[i], EACH, family, str_get(labels), rows[i].figure(f, k));
			str_cut(labels, name_len);
		}
	}
}

void
metrics_neighbors_take(struct metrics_neighbors *n, const struct peer *p)
{
	struct figures f;
	char buf[16];

	figures_take(p, &f);
	n->states.in[f.state]++;
	n->states.shutdown += peer_is_down(p);
	n->states.down += f.state != FSM_ESTABLISHED && !peer_is_down(p);
	if (n->mode == CONF_METRICS_EACH) {
		each_add(n, &f);
	} else if (n->sums != NULL) {
		struct sum *sum = sum_of(n->sums, key_of(n->mode, p->conf, buf));
		sum->in[f.state]++;
		sum_add(sum, &f, false, 1);
	}
}

/* ---- writing it ---- */

static const struct openmetrics_family sum_states_family = {
    "neighbors", GAUGE, "Neighbours in the sum, by the state of their session.", {{0}}};

static const char *
sum_label(enum conf_metrics_neighbors mode)
{
	return mode == CONF_METRICS_GROUP ? "group" : "remote_as";
}

static void
sums_states_write(struct metrics_neighbors *n, enum openmetrics_format format, struct str *out)
{
	openmetrics_family(out, format, SUM, &sum_states_family);
	for (size_t i = 0; i < n->sums->n; i++) {
		for (unsigned k = 0; k < FSM_STATES; k++) {
			str_reset(&n->labels);
			openmetrics_label(&n->labels, sum_label(n->mode), n->sums->v[i].key);
			openmetrics_label(&n->labels, "state", fsm_state_name((enum fsm_state)k));
			openmetrics_sample(out, SUM, &sum_states_family, str_get(&n->labels), n->sums->v[i].in[k]);
		}
	}
}

static void
sums_write(struct metrics_neighbors *n, unsigned row, enum openmetrics_format format, struct str *out)
{
	const struct openmetrics_family *f = &rows[row].family;

	if (!rows[row].sums)
		return;
	openmetrics_family(out, format, SUM, f);
	for (size_t i = 0; i < n->sums->n; i++) {
		for (unsigned k = 0; k < openmetrics_samples(f); k++) {
			str_reset(&n->labels);
			openmetrics_label(&n->labels, sum_label(n->mode), n->sums->v[i].key);
			openmetrics_labels(&n->labels, f, k);
			openmetrics_sample(out, SUM, f, str_get(&n->labels), n->sums->v[i].figures[row][k]);
		}
	}
}

bool
metrics_neighbors_write(struct metrics_neighbors *n, unsigned row, enum openmetrics_format format, struct str *out)
{
	if (n->mode == CONF_METRICS_NONE || row >= ARRAY_LEN(rows))
		return false;
	if (n->sums != NULL) {
		if (row == 0)
			sums_states_write(n, format, out);
		sums_write(n, row, format, out);
		return true;
	}
	openmetrics_family(out, format, EACH, &rows[row].family);
	str_addn(out, str_get(&n->each[row]), n->each[row].len);
	str_free(&n->each[row]);
	return true;
}

size_t
metrics_neighbors_octets(const struct metrics_neighbors *n)
{
	size_t octets = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		octets += n->each[i].len + 1024;
	return octets;
}

/* ---- the manual page ---- */

/* How many series a neighbour has that is up. */
static void
doc_count(struct str *out)
{
	unsigned all = 0, by_family = 0;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		if (rows[i].there == has_family)
			by_family++;
		else if (rows[i].there != has_limit && rows[i].there != has_limit_out && rows[i].there != has_held_back)
			all += openmetrics_samples(&rows[i].family);
	}
	str_addf(out,
		 "That is %u series for a neighbor and %u more for each of its families: %u with one family, %u with both.\n"
		 "With max-prefix it has one more, and with max-prefix-out one, and one for each family.\n",
		 all, by_family, all + by_family, all + 2 * by_family);
}

static void
doc_sum_count(struct str *out)
{
	unsigned all = FSM_STATES;

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].sums)
			all += openmetrics_samples(&rows[i].family);
	str_addf(out, "That is %u series for each sum, however many neighbours are in it.\n", all);
}

void
metrics_neighbors_doc(struct str *out)
{
	str_add(out, ".Ss Of each neighbor\n");
	doc_count(out);
	str_add(out, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		openmetrics_doc(out, EACH, &rows[i].family,
				rows[i].family.kind == INFO ? "neighbor, address, remote_as, group, vrf" : "neighbor");
	str_add(out, ".El\n.Ss Sums over neighbors\n"
		     "With neighbors: group or neighbors: remote-as in place of those of each; the label is\n.Cm group\nor\n"
		     ".Cm remote_as .\n");
	doc_sum_count(out);
	str_add(out, ".Bl -tag -width Ds\n");
	openmetrics_doc(out, SUM, &sum_states_family, "group, state");
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (rows[i].sums)
			openmetrics_doc(out, SUM, &rows[i].family, "group");
	str_add(out, ".El\n");
}
