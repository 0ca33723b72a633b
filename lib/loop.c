/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop: turns of libevent, with one slice of one job in each.
 *
 * event_base_loop() is called once a turn, so that there is a place after all
 * callbacks where the length of the turn is known. Jobs hang on one event that is
 * made active before the poll: libevent then polls without waiting and takes what
 * is readable. The first callback of the event only makes it active again, which
 * puts the slice behind the sockets' callbacks.
 */
#include "lib/loop.h"

#include <errno.h>
#include <time.h>

#include "lib/mem.h"

static uint64_t
clock_ns(clockid_t clock)
{
	struct timespec ts;

	clock_gettime(clock, &ts);
	return (uint64_t)ts.tv_sec * 1000000000ull + (uint64_t)ts.tv_nsec;
}

uint64_t
time_mono_ns(void)
{
	return clock_ns(CLOCK_MONOTONIC);
}

uint64_t
time_cpu_ns(void)
{
	return clock_ns(CLOCK_THREAD_CPUTIME_ID);
}

void
timer_after_ms(struct event *timer, uint64_t ms)
{
	const struct timeval tv = {.tv_sec = (time_t)(ms / 1000), .tv_usec = (suseconds_t)(ms % 1000) * 1000};

	event_add(timer, &tv);
}

static void
run_slice(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;
	struct job *j;

	(void)fd;
	(void)what;
	loop_enter(l);
	if (!l->job_last) {
		l->job_last = true;
		event_active(l->job_event, EV_TIMEOUT, 0);
		return;
	}
	/* Whoever ran before in this turn may have cancelled the last one. */
	j = TAILQ_FIRST(&l->jobs);
	if (j == NULL)
		return;
	TAILQ_REMOVE(&l->jobs, j, entry);
	j->queued = false;
	j->slices++;
	l->running = j->name;
	l->current = j;
	uint64_t start = time_mono_ns();
	enum job_result res = j->run(j, start + LOOP_SLICE_NS);
	if (l->current != j)
		return;
	l->current = NULL;
	j->busy_ns += time_mono_ns() - start;
	if (res == JOB_MORE)
		loop_job_start(l, j);
}

int
loop_init(struct loop *l)
{
	struct event_config *cfg = event_config_new();

	*l = (struct loop){0};
	TAILQ_INIT(&l->jobs);
	l->turn_start_ns = time_mono_ns();
	if (cfg == NULL)
		return -ENOMEM;
	/*
	 * With the change list an event that is deleted and added again between two polls costs one call of epoll_ctl, one
	 * that is added and deleted none. It asks for descriptors that are closed only when their events are gone, and never
	 * shared.
	 */
	if (event_config_set_flag(cfg, EVENT_BASE_FLAG_PRECISE_TIMER | EVENT_BASE_FLAG_EPOLL_USE_CHANGELIST) == 0)
		l->base = event_base_new_with_config(cfg);
	event_config_free(cfg);
	if (l->base == NULL)
		return -ENOMEM;
	if (event_base_priority_init(l->base, LOOP_PRIORITIES) == 0)
		l->job_event = event_new(l->base, -1, 0, run_slice, l);
	if (l->job_event == NULL || event_priority_set(l->job_event, LOOP_PRIO_IO) != 0) {
		loop_fini(l);
		return -ENOMEM;
	}
	return 0;
}

void
loop_fini(struct loop *l)
{
	if (l->job_event != NULL)
		event_free(l->job_event);
	if (l->base != NULL)
		event_base_free(l->base);
	l->job_event = NULL;
	l->base = NULL;
}

/* A slice is 1 ms; 10 ms are noticed by nobody, 100 ms by who asks, and a second by a neighbour's shortest hold time. */
const double loop_turn_bounds[LOOP_TURN_CLASSES - 1] = {0.0005, 0.001, 0.002, 0.005, 0.01, 0.025, 0.1, 0.25, 1};

static void
count_turn(struct loop *l, uint64_t took)
{
	unsigned i = 0;

	while (i < LOOP_TURN_CLASSES - 1 && (double)took > loop_turn_bounds[i] * 1e9)
		i++;
	l->turns_of[i]++;
	l->turns_ns += took;
	l->turns++;
}

static void
end_turn(struct loop *l)
{
	if (l->in_turn) {
		uint64_t took = time_mono_ns() - l->turn_start_ns;

		if (took > l->stall_ever_ns)
			l->stall_ever_ns = took;
		if (took > l->stall_max_ns) {
			l->stall_max_ns = took;
			l->stall_max_cpu_ns = time_cpu_ns() - l->turn_start_cpu_ns;
			if (l->stall_max_cpu_ns > took) /* it was looked at a moment later */
				l->stall_max_cpu_ns = took;
			l->stall_where = l->running != NULL ? l->running : "io";
		}
		count_turn(l, took);
	}
	l->in_turn = l->job_last = l->soon = false;
	l->running = NULL;
}

int
loop_run(struct loop *l)
{
	int rc = 0;

	while (!l->stopping && rc == 0) {
		if (!TAILQ_EMPTY(&l->jobs))
			event_active(l->job_event, EV_TIMEOUT, 0);
		rc = event_base_loop(l->base, EVLOOP_ONCE);
		end_turn(l);
		/* Nothing to wait for and nothing to do: it would never come back on its own. */
		if (rc == 1 && !TAILQ_EMPTY(&l->jobs))
			rc = 0;
	}
	l->stopping = false;
	return rc < 0 ? -EIO : 0;
}

void
loop_stop(struct loop *l)
{
	l->stopping = true;
	event_base_loopbreak(l->base);
}

void
loop_job_start(struct loop *l, struct job *j)
{
	if (j->queued)
		return;
	ASSERT(j->run != NULL && j->name != NULL);
	TAILQ_INSERT_TAIL(&l->jobs, j, entry);
	j->queued = true;
}

void
loop_job_soon(struct loop *l, struct job *j)
{
	ASSERT(j->run != NULL && j->name != NULL);
	if (j->queued)
		TAILQ_REMOVE(&l->jobs, j, entry);
	TAILQ_INSERT_HEAD(&l->jobs, j, entry);
	j->queued = true;
	l->soon = true;
	if (!l->in_turn || l->job_last)
		return;
	l->job_last = true;
	event_active(l->job_event, EV_TIMEOUT, 0);
}

void
loop_job_cancel(struct loop *l, struct job *j)
{
	if (j->queued)
		TAILQ_REMOVE(&l->jobs, j, entry);
	j->queued = false;
	if (l->current == j)
		l->current = NULL;
}

uint64_t
loop_stall_take(struct loop *l, uint64_t *cpu_ns)
{
	uint64_t max = l->stall_max_ns;

	*cpu_ns = l->stall_max_cpu_ns;
	l->stall_max_ns = l->stall_max_cpu_ns = 0;
	l->stall_where = NULL;
	return max;
}
