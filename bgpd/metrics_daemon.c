/* SPDX-License-Identifier: Apache-2.0 */
/*
 * metrics_daemon: the figures of the daemon as a whole. RIB and kernel are sums over all tables.
 */
#include "bgpd/metrics_rows.h"

#include "bgpd/daemon.h"
#include "bgpd/instance.h"
#include "bgpd/kernel.h"
#include "bgpd/memory_parts.h"
#include "bgpd/reload.h"
#include "lib/log.h"
#include "lib/mem.h"
#include "lib/process.h"
#include "lib/version.h"

#include <string.h>

struct whole {
	const struct bgpd *d;
	struct metrics_counters counters;
	uint32_t prefixes[FAMILY_COUNT], paths_of[RIB_SOURCE_KIND_COUNT][FAMILY_COUNT], rejected[FAMILY_COUNT];
	uint32_t undecided;
	uint64_t sets, nexthops, unresolved, announced, groups;
	uint64_t installed, failed, pending, adopted, objects;
	uint32_t audit_ms; /* of the tables' last rounds the longest */
	struct reload_stats reloads;
	/* Memory by parts; the parts of every table are the same. */
	const char *part_names[RIB_PARTS + 9];
	size_t part_bytes[RIB_PARTS + 9];
	unsigned nparts;
};

static double
one(const struct whole *w, unsigned i)
{
	(void)w;
	(void)i;
	return 1;
}

static double
ready(const struct whole *w, unsigned i)
{
	(void)i;
	return metrics_unready(w->d) == NULL;
}

static double
turn_max_s(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->d->loop->stall_ever_ns / 1e9;
}

static double
log_lines_dropped(const struct whole *w, unsigned i)
{
	(void)w;
	(void)i;
	return (double)log_dropped();
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
reloads(const struct whole *w, unsigned i)
{
	return (double)(i == 0 ? w->reloads.good : w->reloads.bad);
}

static double
reload_good(const struct whole *w, unsigned i)
{
	(void)i;
	return !w->reloads.last_bad;
}

static double
reload_good_s(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->reloads.good_s;
}

static double
on_trial(const struct whole *w, unsigned i)
{
	uint32_t left_s;

	(void)i;
	return reload_on_trial(w->d->reload, &left_s);
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
	return w->prefixes[FAMILY_IPV4 + i];
}

static double
paths(const struct whole *w, unsigned i)
{
	return w->paths_of[i % RIB_SOURCE_KIND_COUNT][FAMILY_IPV4 + i / RIB_SOURCE_KIND_COUNT];
}

static double
paths_rejected(const struct whole *w, unsigned i)
{
	return w->rejected[FAMILY_IPV4 + i];
}

static double
paths_left_out(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->counters.paths_left_out;
}

static double
undecided(const struct whole *w, unsigned i)
{
	(void)i;
	return w->undecided;
}

static double
decisions(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->counters.decisions;
}

static double
changes(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->counters.changes;
}

static double
attribute_sets(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->sets;
}

static double
next_hops(const struct whole *w, unsigned i)
{
	return (double)(i == 0 ? w->nexthops - w->unresolved : w->unresolved);
}

static double
export_groups(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->groups;
}

static double
announced(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->announced;
}

static double
fib_routes(const struct whole *w, unsigned i)
{
	const uint64_t counts[] = {w->installed, w->pending, w->failed};

	return (double)counts[i];
}

static double
fib_adopted(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->adopted;
}

static double
fib_objects(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->objects;
}

static double
fib_operations(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->counters.fib.ops;
}

static double
fib_batches(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->counters.fib.batches;
}

static double
fib_errors(const struct whole *w, unsigned i)
{
	return (double)w->counters.fib.refused[i];
}

static double
fib_resyncs(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->counters.fib.resyncs;
}

static double
fib_restored(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->counters.fib.restored;
}

static double
fib_audits(const struct whole *w, unsigned i)
{
	(void)i;
	return (double)w->counters.fib.audits;
}

static double
fib_audit_s(const struct whole *w, unsigned i)
{
	(void)i;
	return w->audit_ms / 1e3;
}

static double
fib_drift(const struct whole *w, unsigned i)
{
	return (double)w->counters.fib.drift[i];
}

static const char *const version[] = {PACKAGE_VERSION};
static const char *const results[] = {"good", "bad"};
static const char *const families[] = {"ipv4", "ipv6"};
static const char *const sources[] = {
    [RIB_SOURCE_BGP] = "bgp",
    [RIB_SOURCE_NETWORK] = "network",
    [RIB_SOURCE_STATIC] = "static",
    [RIB_SOURCE_CONNECTED] = "connected",
    [RIB_SOURCE_KERNEL] = "kernel",
    [RIB_SOURCE_AGGREGATE] = "aggregate",
};
static const char *const nexthop_states[] = {"resolved", "unresolved"};
static const char *const fib_states[] = {"installed", "pending", "failed"};
static const char *const refusals[] = {
    [FIB_REFUSAL_EXISTS] = "exists",
    [FIB_REFUSAL_UNREACHABLE] = "unreachable",
    [FIB_REFUSAL_MEMORY] = "memory",
    [FIB_REFUSAL_PERMISSION] = "permission",
    [FIB_REFUSAL_INVALID] = "invalid",
    [FIB_REFUSAL_OTHER] = "other",
};
_Static_assert(ARRAY_LEN(sources) == RIB_SOURCE_KIND_COUNT && ARRAY_LEN(refusals) == FIB_REFUSAL_COUNT, "a word for each");

#define GAUGE               OPENMETRICS_GAUGE
#define COUNTER             OPENMETRICS_COUNTER
#define INFO                OPENMETRICS_INFO
#define BY(label_, values_) {(label_), (values_), ARRAY_LEN(values_)}

/* i: the number of the pair of labels' values. */
static const struct {
	struct openmetrics_family family;
	double (*figure)(const struct whole *w, unsigned i);
} rows[] = {
    {{"build", INFO, "1, with the version.", {BY("version", version)}}, one},
    {{"ready", GAUGE, "1 when /readyz says so: the kernel is known, and a restart has waited for what it waits for.", {{0}}}, ready},
    {{"loop_turn_max_seconds", GAUGE, "The longest turn of the event loop since the start.", {{0}}}, turn_max_s},
    {{"log_lines_dropped", COUNTER, "Lines of the log that standard error did not take at once.", {{0}}}, log_lines_dropped},
    {{"memory_limit_bytes", GAUGE, "router.memory-limit, 0 without one.", {{0}}}, memory_limit},
    {{"memory_used_bytes", GAUGE, "What of it is used, 0 without one.", {{0}}}, memory_used},
    {{"config_reloads", COUNTER, "Configurations that were to be taken, and were or had errors.", {BY("result", results)}}, reloads},
    {{"config_last_reload_successful", GAUGE, "0 when the last one had errors: what runs is not what the file says.", {{0}}},
     reload_good},
    {{"config_last_reload_success_timestamp_seconds", GAUGE,
      "When one was taken last, since the epoch. The start counts as one.", {{0}}},
     reload_good_s},
    {{"config_on_trial", GAUGE, "1 while a reload waits for its confirmation, without which it is undone.", {{0}}}, on_trial},
    {{"neighbors_configured", GAUGE, "Neighbours and ranges of the configuration.", {{0}}}, neighbors},
    {{"rib_prefixes", GAUGE, "Prefixes in the RIB.", {BY("family", families)}}, prefixes},
    {{"rib_paths", GAUGE, "Paths in the RIB, by where they come from, also the rejected ones.",
      {BY("family", families), BY("source", sources)}},
     paths},
    {{"rib_paths_rejected", GAUGE, "Those of them that import policy, a loop or a limit rejects.", {BY("family", families)}},
     paths_rejected},
    {{"rib_paths_left_out", COUNTER, "Paths beyond what one prefix may have.", {{0}}}, paths_left_out},
    {{"rib_undecided_prefixes", GAUGE, "Prefixes whose best path is to be decided: the backlog of the decision.", {{0}}}, undecided},
    {{"rib_decisions", COUNTER, "Prefixes decided.", {{0}}}, decisions},
    {{"rib_changes", COUNTER, "Decisions that neighbours or the kernel had to be told of.", {{0}}}, changes},
    {{"rib_attribute_sets", GAUGE, "Different sets of path attributes.", {{0}}}, attribute_sets},
    {{"next_hops", GAUGE, "Next hops of paths, and whether there is a way to them.", {BY("state", nexthop_states)}}, next_hops},
    {{"export_groups", GAUGE, "Groups of neighbours that are told the same.", {{0}}}, export_groups},
    {{"export_announced_routes", GAUGE, "What these have been told, each route once a group.", {{0}}}, announced},
    {{"fib_routes", GAUGE, "Routes for the kernel, by what has become of them.", {BY("state", fib_states)}}, fib_routes},
    {{"fib_adopted_routes", GAUGE, "Routes of an earlier run in the kernel that nobody has asked for yet.", {{0}}}, fib_adopted},
    {{"fib_nexthop_objects", GAUGE, "Nexthop objects in use.", {{0}}}, fib_objects},
    {{"fib_operations", COUNTER, "Changes that the kernel was asked for.", {{0}}}, fib_operations},
    {{"fib_batches", COUNTER, "Calls that these went in.", {{0}}}, fib_batches},
    {{"fib_errors", COUNTER,
      "Changes that it refused: another program has the route, a next hop is not on a link that is up, a shortage or "
      "limit of memory, the permission, something that this kernel does not know, or else.",
      {BY("reason", refusals)}},
     fib_errors},
    {{"fib_resyncs", COUNTER, "How often all was read anew, since netlink had overrun or something could not be placed.", {{0}}},
     fib_resyncs},
    {{"fib_restored", COUNTER, "Routes of ours that others deleted and that were put back.", {{0}}}, fib_restored},
    {{"fib_audits", COUNTER, "Rounds of comparing the kernel with what is wanted.", {{0}}}, fib_audits},
    {{"fib_audit_duration_seconds", GAUGE, "How long the last one took.", {{0}}}, fib_audit_s},
    {{"fib_drift", COUNTER, "What these found and repaired.", {BY("kind", kernel_drift_names)}}, fib_drift},
};

static const struct openmetrics_family turn_family = {
    "loop_turn_duration_seconds", OPENMETRICS_HISTOGRAM,
    "Turns of the event loop by their length: everything that is ready at a time is one, and nothing else is done meanwhile.", {{0}}};
static const struct openmetrics_family memory_family = {
    "memory_bytes", GAUGE, "Memory by what it is for, as bgpctl show memory has it.", {{0}}};
static const struct openmetrics_family states_family = {"neighbors", GAUGE, "Neighbours, by the state of their session.", {{0}}};
static const struct openmetrics_family down_family = {
    "neighbors_down", GAUGE, "Neighbours without a session that are not shut down.", {{0}}};
static const struct openmetrics_family shutdown_family = {
    "neighbors_shutdown", GAUGE, "Neighbours that are shut down, by configuration or command.", {{0}}};

/* ---- counters of all tables ---- */

static void
counters_add(struct metrics_counters *c, const struct rib_stats *rib, const struct fib_stats *fib)
{
	c->paths_left_out += rib->paths_left_out;
	c->decisions += rib->decisions;
	c->changes += rib->changes;
	c->fib.ops += fib->ops;
	c->fib.batches += fib->batches;
	c->fib.resyncs += fib->resyncs;
	c->fib.restored += fib->restored;
	c->fib.audits += fib->audits;
	for (unsigned i = 0; i < FIB_REFUSAL_COUNT; i++)
		c->fib.refused[i] += fib->refused[i];
	for (unsigned i = 0; i < FIB_DRIFT_COUNT; i++)
		c->fib.drift[i] += fib->drift[i];
}

void
metrics_counters_add(struct metrics_counters *c, const struct bgpd *d)
{
	struct rib_stats rib;
	struct fib_stats fib;

	rib_stats(d->rib, &rib);
	fib_stats_get(d->kernel->fib, &fib);
	counters_add(c, &rib, &fib);
}

/* ---- taking them ---- */

static void
part_add(void *ctx, const char *part, uint64_t count, size_t bytes)
{
	struct whole *w = ctx;
	unsigned i = 0;

	(void)count;
	while (i < w->nparts && strcmp(w->part_names[i], part) != 0)
		i++;
	if (i == w->nparts) {
		ASSERT(i < ARRAY_LEN(w->part_names));
		w->part_names[w->nparts++] = part;
	}
	w->part_bytes[i] += bytes;
}

static void
table_add(const struct bgpd *d, struct whole *w)
{
	struct memory_parts t;

	memory_parts_take(d, &t);
	memory_parts_each(&t, part_add, w);
	counters_add(&w->counters, &t.rib, &t.fib);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		w->prefixes[f] += t.rib.prefixes[f];
		w->rejected[f] += t.rib.rejected[f];
		for (unsigned k = 0; k < RIB_SOURCE_KIND_COUNT; k++)
			w->paths_of[k][f] += t.rib.paths_of[k][f];
	}
	w->undecided += t.rib.undecided;
	w->sets += t.sets;
	w->nexthops += t.nexthops;
	w->unresolved += nexthop_unresolved(d->nexthops);
	w->groups += t.groups.groups;
	w->announced += t.groups.announced;
	/* One that is replaced counts as installed until it is, and one that goes is not wanted any more. */
	uint32_t known = t.fib.installed + t.fib.failed;
	w->pending += t.fib.wanted > known ? t.fib.wanted - known : 0;
	w->installed += t.fib.installed;
	w->failed += t.fib.failed;
	w->adopted += t.fib.adopted;
	w->objects += t.fib.objects;
	if (t.fib.audit_ms > w->audit_ms)
		w->audit_ms = t.fib.audit_ms;
}

static void
whole_take(struct whole *w, const struct bgpd *d, const struct metrics_counters *gone)
{
	uint64_t sessions;

	*w = (struct whole){.d = d, .counters = *gone};
	for (const struct bgpd *i = d; i != NULL; i = instance_next(i))
		table_add(i, w);
	part_add(w, "session buffers", 0, memory_parts_sessions(d, &sessions));
	reload_stats_get(d->reload, &w->reloads);
}

const char *
metrics_unready(const struct bgpd *main)
{
	if (main->stopping || main->draining)
		return "bgpd ends";
	for (const struct bgpd *d = main; d != NULL; d = instance_next(d)) {
		if (!d->kernel->synced)
			return "the kernel's links, addresses and routes are being read";
		if (restart_deferring(&d->restart))
			return "after a restart the neighbours' routes are being waited for";
	}
	return NULL;
}

/* ---- writing them ---- */

static void
turns_add(const struct loop *l, enum openmetrics_format format, struct str *out)
{
	openmetrics_family(out, format, METRICS_PREFIX, &turn_family);
	openmetrics_histogram(out, METRICS_PREFIX, &turn_family, loop_turn_bounds, l->turns_of, LOOP_TURN_CLASSES - 1, (double)l->turns_ns / 1e9);
}

static void
memory_add(const struct whole *w, enum openmetrics_format format, struct str *out)
{
	struct str labels = {0};

	openmetrics_family(out, format, METRICS_PREFIX, &memory_family);
	for (unsigned i = 0; i < w->nparts; i++) {
		str_reset(&labels);
		openmetrics_label(&labels, "part", w->part_names[i]);
		openmetrics_sample(out, METRICS_PREFIX, &memory_family, str_get(&labels), (double)w->part_bytes[i]);
	}
	str_free(&labels);
}

void
metrics_daemon_add(const struct bgpd *d, const struct metrics_counters *gone, enum openmetrics_format format, struct str *out)
{
	struct str labels = {0};
	struct whole w;

	whole_take(&w, d, gone);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		const struct openmetrics_family *f = &rows[i].family;
		openmetrics_family(out, format, METRICS_PREFIX, f);
		for (unsigned k = 0; k < openmetrics_samples(f); k++) {
			str_reset(&labels);
			openmetrics_labels(&labels, f, k);
			openmetrics_sample(out, METRICS_PREFIX, f, str_get(&labels), rows[i].figure(&w, k));
		}
	}
	str_free(&labels);
	turns_add(d->loop, format, out);
	memory_add(&w, format, out);
	process_metrics(out, format);
}

static void
single_add(const struct openmetrics_family *f, double figure, enum openmetrics_format format, struct str *out)
{
	openmetrics_family(out, format, METRICS_PREFIX, f);
	openmetrics_sample(out, METRICS_PREFIX, f, "", figure);
}

void
metrics_states_add(const struct metrics_states *s, enum openmetrics_format format, struct str *out)
{
	struct str labels = {0};

	openmetrics_family(out, format, METRICS_PREFIX, &states_family);
	for (unsigned i = 0; i < FSM_STATES; i++) {
		str_reset(&labels);
		openmetrics_label(&labels, "state", fsm_state_name((enum fsm_state)i));
		openmetrics_sample(out, METRICS_PREFIX, &states_family, str_get(&labels), s->in[i]);
	}
	str_free(&labels);
	single_add(&down_family, s->down, format, out);
	single_add(&shutdown_family, s->shutdown, format, out);
}

void
metrics_daemon_doc(struct str *out)
{
	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		openmetrics_doc(out, METRICS_PREFIX, &rows[i].family, "");
	openmetrics_doc(out, METRICS_PREFIX, &turn_family, "le");
	openmetrics_doc(out, METRICS_PREFIX, &memory_family, "part");
	openmetrics_doc(out, METRICS_PREFIX, &states_family, "state");
	openmetrics_doc(out, METRICS_PREFIX, &down_family, "");
	openmetrics_doc(out, METRICS_PREFIX, &shutdown_family, "");
	process_metrics_doc(out);
}
