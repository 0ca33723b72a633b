/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics: see metrics.h. Figures are rows of two tables: those of the whole, and those of each neighbour.
 *
 * The samples of a family stand together in the page, but a neighbour is asked once: each family of neighbours has a text
 * of its own, and these are put behind each other in the end.
 */
#include "bgpd/metrics.h"

#include "bgpd/daemon.h"
#include "bgpd/fsm.h"
#include "bgpd/instance.h"
#include "bgpd/kernel.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "bgpd/reload.h"
#include "lib/http.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/openmetrics.h"
#include "lib/version.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define RETRY_S 10 /* an address that is not there yet */

/* ---- of the whole ---- */

/* RIB and kernel are sums over all tables. */
struct whole {
	const struct bgpd *d;
	struct rib_stats rib;
	struct fib_stats fib;
	uint64_t sets;
	size_t set_bytes;
	uint64_t reloads[2]; /* good, bad */
};

struct metrics {
	struct bgpd *d;
	struct http *http; /* NULL: off, or it cannot be had */
	struct conf_endpoint at;
	struct event *retry;
	struct whole gone; /* counters alone: those of tables that are not there any more */
};

static double
one(const struct whole *w, unsigned i)
{
	(void)w;
	(void)i;
	return 1;
}

static double
uptime_s(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)(time_mono_ns() - w->d->start_ns) / 1e9;
}

static double
memory_bytes(const struct whole *w, unsigned i)
{
	(void)w;
	(void)i;
	return (double)mem_resident(NULL);
}

static double
memory_limit(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->d->memory.limit;
}

static double
memory_used(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->d->memory.used;
}

static double
turns(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->d->loop->turns;
}

static double
turn_max_s(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->d->loop->stall_ever_ns / 1e9;
}

static double
reloads(const struct whole *w, unsigned i)
{
	return (double)w->reloads[i];
}

static double
neighbors(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->d->conf->neighbors.n;
}

static double
prefixes(const struct whole *w, unsigned i)
{
	return w->rib.prefixes[FAMILY_IPV4 + i];
}

static double
paths(const struct whole *w, unsigned i)
{
	return w->rib.paths[FAMILY_IPV4 + i];
}

static double
paths_left_out(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->rib.paths_left_out;
}

static double
rib_bytes(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->rib.bytes;
}

static double
attribute_sets(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->sets;
}

static double
attribute_bytes(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->set_bytes;
}

static double
fib_routes(const struct whole *w, unsigned i)
{
	const struct fib_stats *f = &w->fib;
	/* One that is replaced counts as installed until it is, and one that goes is not wanted any more. */
	uint32_t known = f->installed + f->failed;
	const uint32_t counts[] = {f->installed, f->wanted > known ? f->wanted - known : 0, f->failed};

	return counts[i];
}

static double
fib_operations(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->fib.ops;
}

static double
fib_errors(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->fib.errors;
}

static double
fib_resyncs(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->fib.resyncs;
}

static double
fib_restored(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->fib.restored;
}

static double
fib_audits(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->fib.audits;
}

static double
fib_audit_s(const struct whole *w, unsigned i)
{
	(void)i;
	return w->fib.audit_ms / 1e3;
}

static double
fib_drift(const struct whole *w, unsigned i)
{
	return (double)w->fib.drift[i];
}

static const char *const version[] = {PACKAGE_VERSION};
static const char *const results[] = {"good", "bad"};
static const char *const families[] = {"ipv4", "ipv6"};
static const char *const fib_states[] = {"installed", "pending", "failed"};

#define GAUGE               OPENMETRICS_GAUGE
#define COUNTER             OPENMETRICS_COUNTER
#define INFO                OPENMETRICS_INFO
#define SINGLE              NULL, NULL, 1
#define BY(label_, values_) (label_), (values_), ARRAY_LEN(values_)

/* A sample for each of the n values of the label, or a single one without. */
static const struct {
	const char *name;
	enum openmetrics_kind kind;
	const char *help;
	double (*figure)(const struct whole *w, unsigned i);
	const char *label;
	const char *const *values;
	unsigned n;
} whole_rows[] = {
    {"bgpd_build", INFO, "1, with the version.", one, BY("version", version)},
    {"bgpd_uptime_seconds", GAUGE, "Since the start.", uptime_s, SINGLE},
    {"bgpd_resident_memory_bytes", GAUGE, "Memory of the process.", memory_bytes, SINGLE},
    {"bgpd_memory_limit_bytes", GAUGE, "router.memory-limit, 0 without one.", memory_limit, SINGLE},
    {"bgpd_memory_used_bytes", GAUGE, "What of it is used, 0 without one.", memory_used, SINGLE},
    {"bgpd_loop_turns", COUNTER, "Turns of the event loop.", turns, SINGLE},
    {"bgpd_loop_turn_max_seconds", GAUGE, "The longest of them.", turn_max_s, SINGLE},
    {"bgpd_reloads", COUNTER, "Configurations that were to be taken, and were or had errors.", reloads, BY("result", results)},
    {"bgpd_neighbors_configured", GAUGE, "Neighbours and ranges of the configuration.", neighbors, SINGLE},
    {"bgpd_rib_prefixes", GAUGE, "Prefixes in the RIB.", prefixes, BY("family", families)},
    {"bgpd_rib_paths", GAUGE, "Paths in the RIB.", paths, BY("family", families)},
    {"bgpd_rib_paths_left_out", COUNTER, "Paths beyond what one prefix may have.", paths_left_out, SINGLE},
    {"bgpd_rib_bytes", GAUGE, "Memory of prefixes and paths.", rib_bytes, SINGLE},
    {"bgpd_attribute_sets", GAUGE, "Sets of path attributes.", attribute_sets, SINGLE},
    {"bgpd_attribute_bytes", GAUGE, "Memory of those.", attribute_bytes, SINGLE},
    {"bgpd_fib_routes", GAUGE, "Routes of the kernel, by what has become of them.", fib_routes, BY("state", fib_states)},
    {"bgpd_fib_operations", COUNTER, "Changes that the kernel was asked for.", fib_operations, SINGLE},
    {"bgpd_fib_errors", COUNTER, "Changes that it refused.", fib_errors, SINGLE},
    {"bgpd_fib_resyncs", COUNTER, "How often all was read anew, since netlink had overrun or something could not be placed.",
     fib_resyncs, SINGLE},
    {"bgpd_fib_restored", COUNTER, "Routes of ours that others deleted and that were put back.", fib_restored, SINGLE},
    {"bgpd_fib_audits", COUNTER, "Rounds of comparing the kernel with what is wanted.", fib_audits, SINGLE},
    {"bgpd_fib_audit_seconds", GAUGE, "How long the last one took.", fib_audit_s, SINGLE},
    {"bgpd_fib_drift", COUNTER, "What these found and repaired.", fib_drift, BY("kind", kernel_drift_names)},
};

static void
counters_add(struct whole *w, const struct rib_stats *rib, const struct fib_stats *fib)
{
	w->rib.paths_left_out += rib->paths_left_out;
	w->fib.ops += fib->ops;
	w->fib.errors += fib->errors;
	w->fib.resyncs += fib->resyncs;
	w->fib.restored += fib->restored;
	w->fib.audits += fib->audits;
	for (unsigned i = 0; i < FIB_DRIFT_COUNT; i++)
		w->fib.drift[i] += fib->drift[i];
}

static void
table_add(const struct bgpd *d, struct whole *w)
{
	struct rib_stats rib;
	struct fib_stats fib;

	rib_stats(d->rib, &rib);
	fib_stats_get(d->kernel->fib, &fib);
	counters_add(w, &rib, &fib);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		w->rib.prefixes[f] += rib.prefixes[f];
		w->rib.paths[f] += rib.paths[f];
	}
	w->rib.bytes += rib.bytes;
	w->fib.wanted += fib.wanted;
	w->fib.installed += fib.installed;
	w->fib.failed += fib.failed;
	if (fib.audit_ms > w->fib.audit_ms)
		w->fib.audit_ms = fib.audit_ms;
	w->sets += attr_table_count(d->attrs);
	w->set_bytes += attr_table_bytes(d->attrs);
}

/* Without it a counter would go back, which readers take for a new start: all that is left would count once more. */
void
metrics_table_gone(struct metrics *m, const struct bgpd *d)
{
	struct rib_stats rib;
	struct fib_stats fib;

	rib_stats(d->rib, &rib);
	fib_stats_get(d->kernel->fib, &fib);
	counters_add(&m->gone, &rib, &fib);
}

static void
whole_add(const struct bgpd *d, struct str *out)
{
	struct whole w = d->metrics->gone;

	w.d = d;
	for (const struct bgpd *i = d; i != NULL; i = instance_next(i))
		table_add(i, &w);
	reload_counts(d->reload, &w.reloads[0], &w.reloads[1]);
	for (size_t i = 0; i < ARRAY_LEN(whole_rows); i++) {
		openmetrics_family(out, whole_rows[i].name, whole_rows[i].kind, whole_rows[i].help);
		for (unsigned k = 0; k < whole_rows[i].n; k++)
			openmetrics_sample(out, whole_rows[i].name, whole_rows[i].kind, whole_rows[i].label,
					   whole_rows[i].label != NULL ? whole_rows[i].values[k] : NULL,
					   whole_rows[i].figure(&w, k));
	}
}

/* ---- of each neighbour ---- */

struct figures {
	enum fsm_state state;
	double updown_s; /* since it came up or went down */
	struct peer_stats stats;
	struct peer_route_counts routes; /* of all families */
	uint64_t refused;
};

static void
figures_take(const struct peer *p, struct figures *f)
{
	uint64_t now = time_mono_ns();

	*f = (struct figures){.state = peer_state(p)};
	if (p->updown_ns != 0 && now > p->updown_ns)
		f->updown_s = (double)(now - p->updown_ns) / 1e9;
	peer_stats_get(p, &f->stats);
	f->refused = peer_routes_source(p)->refused;
	for (enum family family = FAMILY_IPV4; family < FAMILY_COUNT; family++) {
		struct peer_route_counts n;
		peer_routes_counts(p, family, &n);
		f->routes.received += n.received;
		f->routes.accepted += n.accepted;
		f->routes.sent += n.sent;
	}
}

static double
up(const struct figures *f)
{
	return f->state == FSM_ESTABLISHED;
}

static double
state(const struct figures *f)
{
	return f->state;
}

static double
updown_s(const struct figures *f)
{
	return f->updown_s;
}

static double
established(const struct figures *f)
{
	return (double)f->stats.established;
}

static double
received(const struct figures *f)
{
	return f->routes.received;
}

static double
accepted(const struct figures *f)
{
	return f->routes.accepted;
}

static double
sent(const struct figures *f)
{
	return f->routes.sent;
}

static double
refused(const struct figures *f)
{
	return (double)f->refused;
}

static double
sum(const uint64_t n[BGP_MSG_TYPES])
{
	uint64_t all = 0;

	for (unsigned i = 0; i < BGP_MSG_TYPES; i++)
		all += n[i];
	return (double)all;
}

static double
messages_received(const struct figures *f)
{
	return sum(f->stats.in);
}

static double
messages_sent(const struct figures *f)
{
	return sum(f->stats.out);
}

static double
updates_received(const struct figures *f)
{
	return (double)f->stats.in[BGP_MSG_UPDATE];
}

static double
updates_sent(const struct figures *f)
{
	return (double)f->stats.out[BGP_MSG_UPDATE];
}

static const struct {
	const char *name;
	enum openmetrics_kind kind;
	const char *help;
	double (*figure)(const struct figures *f);
} each_rows[] = {
    {"bgpd_neighbor_up", GAUGE, "1 when the session is established.", up},
    {"bgpd_neighbor_state", GAUGE,
     "0 Idle, 1 Connect, 2 Active, 3 OpenSent, 4 OpenConfirm, 5 Established.", state},
    {"bgpd_neighbor_updown_seconds", GAUGE, "Since the session came up, or for how long there has been none.", updown_s},
    {"bgpd_neighbor_established", COUNTER, "How often the session came up.", established},
    {"bgpd_neighbor_prefixes_received", GAUGE, "What is there of the neighbour's, with what policy rejects.", received},
    {"bgpd_neighbor_prefixes_accepted", GAUGE, "What policy accepts of that.", accepted},
    {"bgpd_neighbor_prefixes_sent", GAUGE, "What the neighbour was sent and has.", sent},
    {"bgpd_neighbor_paths_refused", COUNTER, "New paths that were not kept, for want of memory.", refused},
    {"bgpd_neighbor_messages_received", COUNTER, "Messages of all types from the neighbour.", messages_received},
    {"bgpd_neighbor_messages_sent", COUNTER, "Messages of all types to the neighbour.", messages_sent},
    {"bgpd_neighbor_updates_received", COUNTER, "UPDATE messages from the neighbour.", updates_received},
    {"bgpd_neighbor_updates_sent", COUNTER, "UPDATE messages to the neighbour.", updates_sent},
};

/* ---- a page ---- */

struct metrics_page {
	struct bgpd *d;
	bool begun;
	uint64_t generation; /* of the configuration */
	uint32_t instance;   /* the number of the one whose neighbours are being listed */
	uint64_t last, end;  /* serials: of the last one there that was; of the newest one when the page was begun */
	uint32_t at;         /* then: place in each_rows */
	bool listed;
	uint32_t states[FSM_STATES]; /* neighbours in each */
	struct str each[ARRAY_LEN(each_rows)];
};

struct metrics_page *
metrics_page_new(struct bgpd *d)
{
	struct metrics_page *page = xcalloc(1, sizeof(*page));

	page->d = d;
	return page;
}

void
metrics_page_free(struct metrics_page *page)
{
	for (size_t i = 0; i < ARRAY_LEN(each_rows); i++)
		str_free(&page->each[i]);
	free(page);
}

static void
neighbor_add(struct metrics_page *page, const struct peer *p)
{
	struct figures f;

	figures_take(p, &f);
	page->states[f.state]++;
	for (size_t i = 0; i < ARRAY_LEN(each_rows); i++)
		openmetrics_sample(&page->each[i], each_rows[i].name, each_rows[i].kind, "neighbor", p->name, each_rows[i].figure(&f));
}

/* Each that is there from the beginning to the end is listed once, whoever comes and goes, tables too. */
static bool
neighbors_list(struct metrics_page *page, uint64_t deadline_ns)
{
	for (const struct bgpd *d = page->d; d != NULL; d = instance_next(d)) {
		const struct peer *p;
		if (instance_number(d) < page->instance)
			continue;
		if (instance_number(d) > page->instance) {
			page->instance = instance_number(d);
			page->last = 0;
		}
		TAILQ_FOREACH(p, &d->peers, entry)
		{
			if (p->serial <= page->last || p->serial > page->end)
				continue;
			page->last = p->serial;
			if (!p->removed)
				neighbor_add(page, p);
			if (time_mono_ns() >= deadline_ns)
				return false;
		}
	}
	return true;
}

/* With another configuration neighbours may be in other tables, and would be there twice. */
static void
page_begin_anew(struct metrics_page *page, struct str *out)
{
	for (size_t i = 0; i < ARRAY_LEN(each_rows); i++)
		str_free(&page->each[i]);
	*page = (struct metrics_page){
	    .d = page->d, .begun = true, .generation = reload_generation(page->d->reload), .end = page->d->peers_made};
	str_reset(out);
	whole_add(page->d, out);
}

static void
states_add(const struct metrics_page *page, struct str *out)
{
	openmetrics_family(out, "bgpd_neighbors", GAUGE, "Neighbours, by the state of their session.");
	for (unsigned i = 0; i < FSM_STATES; i++)
		openmetrics_sample(out, "bgpd_neighbors", GAUGE, "state", fsm_state_name((enum fsm_state)i), page->states[i]);
}

bool
metrics_page_step(struct metrics_page *page, struct str *out, uint64_t deadline_ns)
{
	if (!page->begun || (!page->listed && page->generation != reload_generation(page->d->reload)))
		page_begin_anew(page, out);
	if (!page->listed) {
		if (!neighbors_list(page, deadline_ns))
			return false;
		page->listed = true;
		states_add(page, out);
	}
	while (page->at < ARRAY_LEN(each_rows)) {
		struct str *samples = &page->each[page->at];
		openmetrics_family(out, each_rows[page->at].name, each_rows[page->at].kind, each_rows[page->at].help);
		str_addn(out, str_get(samples), samples->len);
		str_free(samples);
		page->at++;
		if (time_mono_ns() >= deadline_ns)
			return false;
	}
	openmetrics_end(out);
	return true;
}

/* ---- over HTTP ---- */

static void *
page_begin(void *ctx)
{
	const struct metrics *m = ctx;

	return metrics_page_new(m->d);
}

static bool
page_step(void *page, struct str *out, uint64_t deadline_ns)
{
	return metrics_page_step(page, out, deadline_ns);
}

static void
page_end(void *page)
{
	metrics_page_free(page);
}

/* Ready once routes are selected and sent: the kernel is known, and a restart has waited for what it waits for, in all tables. */
static int
ready_page(void *ctx, struct str *out)
{
	const struct metrics *m = ctx;
	const char *why = NULL;

	if (m->d->stopping || m->d->draining)
		why = "bgpd ends";
	for (const struct bgpd *d = m->d; d != NULL && why == NULL; d = instance_next(d)) {
		if (!d->kernel->synced)
			why = "the kernel's links, addresses and routes are being read";
		else if (restart_deferring(&d->restart))
			why = "after a restart the neighbours' routes are being waited for";
	}
	str_addf(out, "%s\n", why != NULL ? why : "ok");
	return why != NULL ? 503 : 200;
}

static const struct http_route routes[] = {
    {.path = "/metrics", .type = OPENMETRICS_TYPE, .begin = page_begin, .step = page_step, .end = page_end},
    {.path = "/healthz", .type = "text/plain; charset=utf-8", .page = http_alive_page},
    {.path = "/readyz", .type = "text/plain; charset=utf-8", .page = ready_page},
};

static void
listen_try(struct metrics *m, bool again)
{
	char addr[IP_ADDR_STRLEN];
	int error;

	m->http = http_listen(m->d->loop->base, m->d->loop, &m->at.address, (uint16_t)m->at.port, routes, ARRAY_LEN(routes), m);
	error = errno;
	ip_addr_str(&m->at.address, addr, sizeof(addr));
	if (m->http != NULL) {
		log_info("metrics.listen", LOG_S("address", addr), LOG_U("port", m->at.port));
		return;
	}
	if (!again)
		log_error("metrics.listen", LOG_S("address", addr), LOG_U("port", m->at.port), LOG_S("error", strerror(error)),
			  LOG_S("effect", "no metrics for now"));
	event_add(m->retry, &(struct timeval){.tv_sec = RETRY_S});
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct metrics *m = arg;

	(void)fd;
	(void)what;
	loop_enter(m->d->loop);
	listen_try(m, true);
}

void
metrics_apply(struct metrics *m)
{
	const struct conf_endpoint *at = &m->d->conf->metrics.listen;

	if (m->http != NULL && ip_addr_eq(&m->at.address, &at->address) && m->at.port == at->port)
		return;
	event_del(m->retry);
	http_free(m->http);
	m->http = NULL;
	m->at = *at;
	if (at->address.family != FAMILY_NONE)
		listen_try(m, false);
}

struct metrics *
metrics_new(struct bgpd *d)
{
	struct metrics *m = xcalloc(1, sizeof(*m));

	m->d = d;
	m->retry = evtimer_new(d->loop->base, on_retry, m);
	ASSERT(m->retry != NULL);
	return m;
}

void
metrics_free(struct metrics *m)
{
	if (m == NULL)
		return;
	http_free(m->http);
	event_free(m->retry);
	free(m);
}
