/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fib: the interface of fib.h, and the life of the main-thread half.
 *
 * A change of the desired state sets bits and returns: no system call, nothing
 * that waits. The rest happens in two jobs of the main loop (send.c, event.c).
 * Nothing is sent before the first dump is in, since only then is it known which
 * routes of an earlier run are already as they should be.
 */
#include "fib/fib.h"
#include "fib/state.h"

#include "lib/log.h"
#include "lib/mem.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define NS_PER_MS 1000000ull

static void
on_events(evutil_socket_t fd, short what, void *arg)
{
	struct fib *fib = arg;

	(void)fd, (void)what;
	loop_enter(fib->loop);
	ring_ack(&fib->chan.events);
	loop_job_start(fib->loop, &fib->events_job);
}

static void
on_retry(evutil_socket_t fd, short what, void *arg)
{
	struct fib *fib = arg;

	(void)fd, (void)what;
	loop_enter(fib->loop);
	fib->retry_s = fib->retry_s < 64 ? fib->retry_s * 2 : 64;
	fib_object_retry(fib);
	fib_walk_start(fib, WALK_RETRY);
}

static void
on_soon(evutil_socket_t fd, short what, void *arg)
{
	struct fib *fib = arg;

	(void)fd, (void)what;
	loop_enter(fib->loop);
	fib_walk_start(fib, WALK_GONE);
	fib_object_doubts(fib);
	if (fib->retry_wanted) {
		fib->retry_eager = true;
		fib_walk_start(fib, WALK_RETRY);
	}
	fib->retry_wanted = false;
}

static void
on_part(evutil_socket_t fd, short what, void *arg)
{
	struct fib *fib = arg;

	(void)fd, (void)what;
	loop_enter(fib->loop);
	fib_send_kick(fib);
}

static void
on_audit(evutil_socket_t fd, short what, void *arg)
{
	struct fib *fib = arg;

	(void)fd, (void)what;
	loop_enter(fib->loop);
	fib_audit_due(fib);
}

static void
on_fade(evutil_socket_t fd, short what, void *arg)
{
	struct fib *fib = arg;

	(void)fd, (void)what;
	loop_enter(fib->loop);
	fib_fade_due(fib);
}

static void
unblocked(void *arg, enum family f, uint32_t id)
{
	struct fib *fib = arg;
	struct fib_table *t = &fib->table[f];

	if (table_error(t, id) != EEXIST)
		return;
	table_retry(t, id);
	fib_send_kick(fib);
}

static int
events_make(struct fib *fib)
{
	fib->ev_events =
	    event_new(fib->loop->base, fib->chan.events.wake_fd, EV_READ | EV_PERSIST, on_events, fib);
	fib->ev_retry = evtimer_new(fib->loop->base, on_retry, fib);
	fib->ev_soon = evtimer_new(fib->loop->base, on_soon, fib);
	fib->ev_part = evtimer_new(fib->loop->base, on_part, fib);
	fib->audit.timer = evtimer_new(fib->loop->base, on_audit, fib);
	fib->fade.timer = evtimer_new(fib->loop->base, on_fade, fib);
	if (fib->ev_events == NULL || fib->ev_retry == NULL || fib->ev_soon == NULL || fib->ev_part == NULL ||
	    fib->audit.timer == NULL || fib->fade.timer == NULL)
		return -ENOMEM;
	event_priority_set(fib->ev_events, LOOP_PRIO_IO);
	event_priority_set(fib->ev_retry, LOOP_PRIO_URGENT);
	event_priority_set(fib->ev_soon, LOOP_PRIO_URGENT);
	event_priority_set(fib->ev_part, LOOP_PRIO_URGENT);
	event_priority_set(fib->audit.timer, LOOP_PRIO_URGENT);
	event_priority_set(fib->fade.timer, LOOP_PRIO_URGENT);
	return event_add(fib->ev_events, NULL) == 0 ? 0 : -ENOMEM;
}

static void
fib_free(struct fib *fib)
{
	struct event *events[] = {fib->ev_events, fib->ev_retry,    fib->ev_soon,
				  fib->ev_part,   fib->audit.timer, fib->fade.timer};

	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (events[i] != NULL)
			event_free(events[i]);
	loop_job_cancel(fib->loop, &fib->events_job);
	loop_job_cancel(fib->loop, &fib->send_job);
	for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++)
		table_fini(&fib->table[f]);
	adopted_fini(&fib->adopted);
	nhobjs_fini(&fib->nhobjs);
	bitmap_fini(&fib->repairs);
	bitmap_fini(&fib->audit.deleted);
	known_fini(&fib->known);
	nhsets_fini(&fib->nhsets);
	ring_fini(&fib->chan.ops);
	ring_fini(&fib->chan.events);
	free(fib);
}

static int
chan_make(struct fib_chan *chan)
{
	int rc = ring_init(&chan->ops, sizeof(struct fib_op), FIB_OPS_RING);

	if (rc != 0)
		return rc;
	rc = ring_init(&chan->events, sizeof(struct fib_ev), FIB_EVENTS_RING);
	if (rc != 0)
		ring_fini(&chan->ops);
	return rc;
}

int
fib_start_on(const struct fib_backend *backend, struct loop *loop, const struct fib_config *conf,
	     const struct fib_callbacks *cb, void *ctx, struct fib **out)
{
	struct fib *fib = NULL;

	ASSERT(cb->prefix_of != NULL);
	/* Rings have their two ends on cache lines of their own. */
	size_t size = (sizeof *fib + 63) / 64 * 64;
	fib = aligned_alloc(64, size);
	if (fib == NULL)
		return -ENOMEM;
	memset(fib, 0, size);
	int rc = chan_make(&fib->chan);
	if (rc != 0) {
		log_error("fib.start.failed", LOG_S("error", strerror(-rc)));
		free(fib);
		return rc;
	}
	fib->loop = loop;
	fib->cb = *cb;
	fib->ctx = ctx;
	fib->backend = backend;
	fib->env.conf = *conf;
	fib->hold = fib->watch_wanted = true;
	fib->retry_s = 1;
	fib->events_job = (struct job){.run = fib_events_run, .name = "fib-events"};
	fib->send_job = (struct job){.run = fib_send_run, .name = "fib-send"};
	nhsets_init(&fib->nhsets);
	for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++)
		table_init(&fib->table[f], f);
	adopted_init(&fib->adopted, &fib->nhsets);
	struct nhobj_range range = nhobj_range_of(conf);
	nhobjs_init(&fib->nhobjs, &range);
	known_init(&fib->known, &fib->nhsets, &fib->cb, ctx);
	fib->known.conf = &fib->env.conf;
	fib->known.unblocked = unblocked;
	fib->known.unblocked_arg = fib;
	rc = events_make(fib);
	if (rc == 0)
		rc = backend->start(&fib->chan, loop, &fib->backend_self);
	if (rc != 0) {
		fib_free(fib);
		return rc;
	}
	fib_send_kick(fib);
	*out = fib;
	return 0;
}

int
fib_start(struct loop *loop, const struct fib_config *conf, const struct fib_callbacks *cb, void *ctx,
	  struct fib **out)
{
	return fib_start_on(&fib_backend_netlink, loop, conf, cb, ctx, out);
}

int
fib_start_null(struct loop *loop, const struct fib_config *conf, const struct fib_callbacks *cb, void *ctx,
	       struct fib **out)
{
	return fib_start_on(&fib_backend_null, loop, conf, cb, ctx, out);
}

/* Stopping. */

/*
 * The set that id was wanted to have is not wanted any more. If the kernel's route names its nexthop object,
 * that must stay until the route is replaced or gone.
 */
static void
let_go(struct fib *fib, struct fib_table *t, uint32_t id, uint32_t nhset)
{
	if (nhset_at(&fib->nhsets, nhset)->nhid != 0 && bitmap_test(&t->kernel, id) &&
	    idmap_get(&t->held, id) == 0)
		idmap_put(&t->held, id, nhset);
	else
		nhset_unuse(&fib->nhsets, nhset);
}

static void
withdraw_all(struct fib *fib)
{
	for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++) {
		struct fib_table *t = &fib->table[f];
		uint32_t id = 0;
		while ((id = bitmap_next(&t->wanted, id)) != BITMAP_END) {
			uint32_t nhset = table_unwant(t, id);
			let_go(fib, t, id++, nhset);
		}
		id = 0;
		while ((id = bitmap_next(&t->failed, id)) != BITMAP_END)
			table_retry(t, id++);
	}
	fib->has_next = false;
	fib_sweep(fib);
}

static bool
all_removed(const struct fib *fib)
{
	return !fib->hold && !fib->watch_wanted && fib_walk_idle(fib) && fib_send_idle(fib) &&
	       keyed_count(&fib->adopted.routes) == 0 && fib->nhobjs.leftovers == 0 &&
	       fib->nhsets.idle.count == 0 && fib->objects_inflight == 0;
}

static uint32_t
left_count(const struct fib *fib)
{
	uint32_t n = keyed_count(&fib->adopted.routes);

	for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++)
		n += fib->table[f].kernel.count + fib->table[f].old.count;
	return n;
}

bool
fib_is_empty(const struct fib *fib)
{
	return fib->swept && all_removed(fib) && left_count(fib) == 0;
}

/* One round of what the loop does otherwise. */
static void
drive(struct fib *fib, int wait_ms)
{
	struct pollfd pfd = {.fd = fib->chan.events.wake_fd, .events = POLLIN};

	fib_send_run(&fib->send_job, UINT64_MAX);
	if (fib->backend->pump != NULL)
		fib->backend->pump(fib->backend_self);
	if (ring_used(&fib->chan.events) == 0)
		poll(&pfd, 1, wait_ms);
	ring_ack(&fib->chan.events);
	while (fib_events_run(&fib->events_job, UINT64_MAX) == JOB_MORE)
		;
}

/* The same at the end. The thread may wait for something that does not come: a dump that fails again and again. */
static void
drive_until(struct fib *fib, uint64_t deadline_ns)
{
	if (time_mono_ns() >= deadline_ns)
		fib->chan.give_up = true;
	drive(fib, 20);
}

void
fib_stop(struct fib *fib, bool keep, unsigned max_wait_ms)
{
	uint64_t deadline_ns = time_mono_ns() + max_wait_ms * NS_PER_MS;
	struct fib_op op = {.kind = FIB_OP_STOP};

	fib->stopping = fib->known.mute = true;
	event_del(fib->ev_events);
	event_del(fib->ev_retry);
	event_del(fib->ev_soon);
	event_del(fib->ev_part);
	fib_audit_void(fib);
	event_del(fib->audit.timer);
	event_del(fib->fade.timer);
	loop_job_cancel(fib->loop, &fib->events_job);
	loop_job_cancel(fib->loop, &fib->send_job);
	keep = keep || fib->env.conf.keep_on_stop;
	if (!keep) {
		withdraw_all(fib);
		while (!all_removed(fib) && time_mono_ns() < deadline_ns)
			drive(fib, 20);
		if (left_count(fib) > 0)
			log_warn("fib.stop.incomplete", LOG_U("routes_left", left_count(fib)),
				 LOG_S("hint",
				       "delete them with: ip route flush proto N; ip -6 route flush proto N; "
				       "ip nexthop flush proto N"));
	}
	/* From here on nothing new goes out; what is in the ring is carried out before the stop. */
	fib->hold = true;
	while (!fib->stopped && !ring_push(&fib->chan.ops, &op))
		drive_until(fib, deadline_ns);
	while (!fib->stopped) {
		fib->hold = true;
		drive_until(fib, deadline_ns);
	}
	fib->backend->join(fib->backend_self);
	log_info("fib.stopped", LOG_S("routes", keep ? "kept" : "removed"), LOG_U("left", left_count(fib)));
	fib_free(fib);
}

/* The rest of the interface. */

void
fib_reconfigure(struct fib *fib, const struct fib_config *conf)
{
	fib->next = *conf;
	fib->has_next = true;
	fib->env.conf.learn = conf->learn;
	fib->env.conf.keep_on_stop = conf->keep_on_stop;
	fib->env.conf.audit_s = conf->audit_s;
	if (fib->synced)
		fib_audit_arm(fib);
	fib_config_try(fib);
}

uint32_t
fib_nhset_intern(struct fib *fib, enum fib_type type, const struct fib_nh *nh, unsigned nh_count)
{
	return nhset_intern(&fib->nhsets, type, nh, nh_count);
}

void
fib_nhset_unref(struct fib *fib, uint32_t nhset)
{
	nhset_unref(&fib->nhsets, nhset);
	if (nhset_at(&fib->nhsets, nhset)->refs == 0)
		fib_send_kick(fib);
}

unsigned
fib_nhset_get(const struct fib *fib, uint32_t nhset, const struct fib_nh **nh, enum fib_type *type)
{
	const struct nhset *n = nhset_at(&fib->nhsets, nhset);

	*nh = n->nh;
	*type = n->type;
	return n->count;
}

void
fib_route_set(struct fib *fib, enum family f, uint32_t id, uint32_t nhset, uint32_t metric)
{
	ASSERT(nhset != 0);
	struct fib_table *t = &fib->table[f];

	nhset_use(&fib->nhsets, nhset);
	fib_part_undo(fib, t, id);
	uint32_t before = table_want(t, id, nhset, metric);
	if (before == nhset)
		nhset_unuse(&fib->nhsets, nhset);
	else if (before != 0) {
		if (fib->fade.open)
			fib_fade_note(fib, before, nhset);
		let_go(fib, t, id, before);
	}
	fib_send_kick(fib);
}

void
fib_route_del(struct fib *fib, enum family f, uint32_t id)
{
	struct fib_table *t = &fib->table[f];
	uint32_t before = table_unwant(t, id);

	if (before == 0)
		return;
	let_go(fib, t, id, before);
	fib->deleted++;
	fib_send_kick(fib);
}

bool
fib_wants_any(const struct fib *fib, enum family f)
{
	return fib->table[f].wanted.count > 0;
}

uint32_t
fib_wanted_count(const struct fib *fib, enum family f)
{
	return fib->table[f].wanted.count;
}

bool
fib_pins(const struct fib *fib, enum family f, uint32_t id)
{
	return table_pins(&fib->table[f], id);
}

enum fib_state
fib_route_get(const struct fib *fib, enum family f, uint32_t id, uint32_t *nhset, uint32_t *metric,
	      int *error)
{
	const struct fib_table *t = &fib->table[f];

	*nhset = table_nhset(t, id);
	*error = table_error(t, id);
	if (!bitmap_test(&t->wanted, id)) {
		*metric = table_kern_metric(t, id, &fib->env);
		return table_pins(t, id) ? FIB_PENDING : FIB_ABSENT;
	}
	*metric = table_want_metric(t, id, &fib->env);
	if (bitmap_test(&t->installed, id))
		return FIB_INSTALLED;
	return bitmap_test(&t->failed, id) ? FIB_FAILED : FIB_PENDING;
}

bool
fib_route_retry(const struct fib *fib, enum family f, uint32_t id, uint32_t *in_s)
{
	uint32_t due_s = table_due(&fib->table[f], id), now_s = time_mono_s(time_mono_ns());

	*in_s = due_s > now_s ? due_s - now_s : 0;
	return due_s != 0;
}

uint32_t
fib_route_next(const struct fib *fib, enum family f, uint32_t from)
{
	uint32_t wanted = bitmap_next(&fib->table[f].wanted, from);
	uint32_t kernel = bitmap_next(&fib->table[f].kernel, from);

	return wanted < kernel ? wanted : kernel;
}

void
fib_sweep(struct fib *fib)
{
	fib->swept = true;
	fib_object_let_go(fib);
	fib_sweep_start(fib);
}

void
fib_stats_get(const struct fib *fib, struct fib_stats *out)
{
	*out = (struct fib_stats){
	    .ops = fib->ops,
	    .batches = fib->batches,
	    .replies = fib->replies,
	    .resyncs = fib->dumps > 0 ? fib->dumps - 1 : 0,
	    .restored = fib->restored,
	    .objects = fib->nhobjs.taken.count,
	    .adopted = keyed_count(&fib->adopted.routes),
	    .audits = fib->audit.rounds,
	    .audit_ms = fib->audit.took_ms,
	    .audit_age_s = fib->audit.end_ns != 0
			       ? (uint32_t)((time_mono_ns() - fib->audit.end_ns) / 1000000000)
			       : UINT32_MAX,
	    .memory_bytes = sizeof *fib + nhsets_bytes(&fib->nhsets) + nhobjs_bytes(&fib->nhobjs) +
			    known_bytes(&fib->known) + keyed_bytes(&fib->adopted.routes) +
			    (size_t)FIB_OPS_RING * sizeof(struct fib_op) +
			    (size_t)FIB_EVENTS_RING * sizeof(struct fib_ev),
	};
	memcpy(out->drift, fib->audit.drift, sizeof out->drift);
	memcpy(out->refused, fib->refused, sizeof out->refused);
	for (enum fib_refusal i = 0; i < FIB_REFUSAL_COUNT; i++)
		out->errors += fib->refused[i];
	for (enum family f = FAMILY_IPV4; f <= FAMILY_IPV6; f++) {
		const struct fib_table *t = &fib->table[f];
		out->adopted_of[f] = fib->adopted.count[f];
		out->wanted += t->wanted.count;
		out->installed += t->installed.count;
		out->failed += t->failed.count;
		out->memory_bytes += table_bytes(t);
	}
}
