/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_monitor: the command `monitor`, whose answer has no end of its own. See monitor.h.
 */
#include "bgpd/ctl_command.h"
#include "bgpd/ctl_json.h"
#include "bgpd/ctl_path.h"
#include "bgpd/ctl_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "bgpd/monitor.h"
#include "bgpd/peer.h"
#include "lib/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct monitor {
	LIST_ENTRY(monitor) entry;
	struct bgpd *d;
	struct ctl_client *client;
	uint8_t wants;
	uint32_t head, n; /* where the oldest is in queue, and how many */
	uint64_t lost;    /* since the last that found room */
	json_t *queue[MONITOR_QUEUE];
};

static json_t *
event_json(const char *kind)
{
	struct timespec now;
	struct tm tm;
	char seconds[40], text[56];

	clock_gettime(CLOCK_REALTIME, &now);
	gmtime_r(&now.tv_sec, &tm);
	strftime(seconds, sizeof(seconds), "%Y-%m-%dT%H:%M:%S", &tm);
	snprintf(text, sizeof(text), "%s.%03ldZ", seconds, now.tv_nsec / 1000000);
	return json_pack("{s:s,s:s}", "time", text, "event", kind);
}

/* To everybody who wants such events; takes it. */
static void
tell(struct bgpd *d, uint8_t kind, json_t *event)
{
	struct monitor *m;

	LIST_FOREACH(m, &d->main->monitors.all, entry)
	{
		if (!(m->wants & kind))
			continue;
		if (m->n == MONITOR_QUEUE) {
			m->lost++;
			continue;
		}
		m->queue[(m->head + m->n++) % MONITOR_QUEUE] = json_incref(event);
		ctl_walk_wake(m->client);
	}
	json_decref(event);
}

static void
tell_neighbor(struct bgpd *d, const struct peer *p, const char *from, const char *to, const char *error)
{
	json_t *o = event_json("neighbor");

	json_object_set_new(o, "neighbor", ctl_json_text(p->name));
	json_object_set_new(o, "table", ctl_json_table(d));
	json_object_set_new(o, "vrf", ctl_json_vrf(d));
	json_object_set_new(o, "from", json_string(from));
	json_object_set_new(o, "to", json_string(to));
	json_object_set_new(o, "error", ctl_json_text(error[0] != '\0' ? error : NULL));
	tell(d, MONITOR_NEIGHBOR, o);
}

static void
tell_best(struct bgpd *d, const struct rib_change *c)
{
	struct ip_prefix prefix = rib_prefix(d->rib, c->family, c->id);
	json_t *o = event_json("rib");

	json_object_set_new(o, "table", ctl_json_table(d));
	json_object_set_new(o, "vrf", ctl_json_vrf(d));
	json_object_set_new(o, "prefix", ctl_json_prefix(&prefix));
	if (c->best == NULL) {
		json_object_set_new(o, "path", json_null());
	} else {
		struct ctl_path cp = {.family = c->family,
				      .id = c->id,
				      .path = c->best,
				      .attr = c->best->attr,
				      .reason = RIB_REASON_BEST,
				      .path_id = rib_path_id(c->best)};
		json_object_set_new(o, "path", ctl_path_json(d, &cp));
	}
	tell(d, MONITOR_RIB, o);
}

static void
tell_rib(struct bgpd *d, const struct rib_change *c, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		if (c[i].what & RIB_CHANGE_BEST)
			tell_best(d, &c[i]);
}

static void
tell_fib(struct bgpd *d, enum family f, uint32_t id, bool wanted)
{
	struct ip_prefix prefix = rib_prefix(d->rib, f, id);
	uint32_t nhset = 0, metric = 0;
	int error = 0;

	fib_route_get(d->kernel->fib, f, id, &nhset, &metric, &error);
	if (nhset == 0)
		return;
	json_t *o = event_json("fib");

	json_object_set_new(o, "table", ctl_json_table(d));
	json_object_set_new(o, "vrf", ctl_json_vrf(d));
	json_object_set_new(o, "prefix", ctl_json_prefix(&prefix));
	json_object_set_new(o, "route", wanted ? ctl_fib_json(d, f, id) : json_null());
	tell(d, MONITOR_FIB, o);
}

static const struct monitor_ops ops = {.neighbor = tell_neighbor, .rib = tell_rib, .fib = tell_fib};

static void
wanted_update(struct bgpd *d)
{
	const struct monitor *m;

	d->monitors.wanted = 0;
	LIST_FOREACH(m, &d->monitors.all, entry)
	d->monitors.wanted |= m->wants;
	d->monitors.ops = &ops;
}

static void
monitor_free(void *state)
{
	struct monitor *m = state;

	for (; m->n > 0; m->n--, m->head = (m->head + 1) % MONITOR_QUEUE)
		json_decref(m->queue[m->head]);
	LIST_REMOVE(m, entry);
	wanted_update(m->d);
	free(m);
}

/* One event; what was lost came behind all that are queued. */
static bool
monitor_step(struct ctl_client *c, void *state)
{
	struct monitor *m = state;

	if (m->n > 0) {
		ctl_row(c, m->queue[m->head]);
		m->head = (m->head + 1) % MONITOR_QUEUE;
		m->n--;
	} else if (m->lost > 0) {
		json_t *o = event_json("lost");
		json_object_set_new(o, "events", json_integer((json_int_t)m->lost));
		m->lost = 0;
		ctl_row(c, o);
	} else {
		ctl_walk_wait(c);
	}
	return false;
}

void
ctl_monitor(struct ctl_client *c, const json_t *args)
{
	static const struct {
		const char *word;
		uint8_t wants;
	} kinds[] = {{"neighbor", MONITOR_NEIGHBOR}, {"rib", MONITOR_RIB}, {"fib", MONITOR_FIB}};
	const char *what = ctl_arg_text(args, "what");
	struct ctl_walk walk = {
	    .rows = "events", .step = monitor_step, .free = monitor_free, .endless = true};
	uint8_t wants = 0;

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (what == NULL || strcmp(what, kinds[i].word) == 0)
			wants |= kinds[i].wants;
	if (wants == 0) {
		ctl_fail(c, CTL_ERR_REQUEST, "'%s' is none of neighbor, rib, fib", what);
		return;
	}
	struct monitor *m = xcalloc(1, sizeof(*m));
	m->d = ctl_client_daemon(c);
	m->client = c;
	m->wants = wants;
	LIST_INSERT_HEAD(&m->d->monitors.all, m, entry);
	wanted_update(m->d);
	walk.state = m;
	ctl_stream(c, NULL, &walk);
}
