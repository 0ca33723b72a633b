/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_clock: the daemon's time, timers and jobs in the hands of the model.
 *
 * The linker sends the calls here (--wrap). Every look at the clock lets some
 * microseconds pass, so a slice of a job ends after a random number of portions.
 * Timers are kept in a list and fire when the model says so.
 */
#include "tests/model/speaker_model.h"

#include "lib/loop.h"
#include "lib/mem.h"

#include <event2/event.h>
#include <stdlib.h>

struct mtimer {
	TAILQ_ENTRY(mtimer) entry;
	struct event *ev;
	uint64_t due_ns, every_ns;
};
static TAILQ_HEAD(, mtimer) timers = TAILQ_HEAD_INITIALIZER(timers);

#define LOOK_NS 50000u

uint64_t __wrap_time_mono_ns(void);
uint32_t __wrap_arc4random(void);
int __wrap_event_add(struct event *ev, const struct timeval *tv);
int __wrap_event_del(struct event *ev);
int __wrap_event_pending(const struct event *ev, short what, struct timeval *tv);
void __wrap_event_free(struct event *ev);
void __real_event_free(struct event *ev);

uint64_t
__wrap_time_mono_ns(void)
{
	return the_model->now_ns += LOOK_NS;
}

uint32_t
__wrap_arc4random(void)
{
	return rnd(UINT32_MAX);
}

static struct mtimer *
timer_find(const struct event *ev)
{
	struct mtimer *t;

	TAILQ_FOREACH(t, &timers, entry)
	if (t->ev == ev)
		return t;
	return NULL;
}

int
__wrap_event_del(struct event *ev)
{
	struct mtimer *t = timer_find(ev);

	if (t != NULL)
		TAILQ_REMOVE(&timers, t, entry);
	free(t);
	return 0;
}

/* Signals and sockets come without a time: the model has neither. */
int
__wrap_event_add(struct event *ev, const struct timeval *tv)
{
	if (tv == NULL)
		return 0;
	__wrap_event_del(ev);
	struct mtimer *t = xcalloc(1, sizeof *t);
	uint64_t ns = (uint64_t)tv->tv_sec * 1000000000ull + (uint64_t)tv->tv_usec * 1000;
	t->ev = ev;
	t->due_ns = the_model->now_ns + ns;
	t->every_ns = event_get_events(ev) & EV_PERSIST ? ns : 0;
	TAILQ_INSERT_TAIL(&timers, t, entry);
	return 0;
}

int
__wrap_event_pending(const struct event *ev, short what, struct timeval *tv)
{
	(void)tv;
	return timer_find(ev) != NULL ? what & EV_TIMEOUT : 0;
}

void
__wrap_event_free(struct event *ev)
{
	__wrap_event_del(ev);
	__real_event_free(ev);
}

static void
turn_end(void)
{
	the_model->d->loop->in_turn = false;
}

bool
clock_fire(uint32_t within_ms)
{
	uint64_t until = the_model->now_ns + (uint64_t)within_ms * 1000000;
	struct mtimer *t, *chosen = NULL;
	uint32_t n = 0;

	TAILQ_FOREACH(t, &timers, entry)
	if (t->due_ns <= until && rnd(++n) == 0)
		chosen = t;
	if (chosen == NULL)
		return false;
	if (chosen->due_ns > the_model->now_ns)
		the_model->now_ns = chosen->due_ns;
	struct event *ev = chosen->ev;
	if (chosen->every_ns > 0)
		chosen->due_ns = the_model->now_ns + chosen->every_ns;
	else
		__wrap_event_del(ev);
	event_get_callback(ev)(-1, EV_TIMEOUT, event_get_callback_arg(ev));
	turn_end();
	return true;
}

bool
clock_is_bare(void)
{
	return TAILQ_EMPTY(&timers);
}

void
clock_advance(uint32_t ms)
{
	the_model->now_ns += (uint64_t)ms * 1000000;
}

bool
clock_run_job(void)
{
	struct loop *l = the_model->d->loop;
	struct job *j, *chosen = NULL;
	uint32_t n = 0;

	TAILQ_FOREACH(j, &l->jobs, entry)
	if (rnd(++n) == 0)
		chosen = j;
	if (chosen == NULL)
		return false;
	uint32_t portion = 1 + rnd(40);
	for (struct bgpd *d = the_model->d; d != NULL; d = instance_next(d))
		d->portion = portion;
	TAILQ_REMOVE(&l->jobs, chosen, entry);
	chosen->queued = false;
	loop_enter(l);
	l->current = chosen;
	/* A job that uses half of it still gets to look twice, or it would never get on. */
	enum job_result r = chosen->run(chosen, the_model->now_ns + LOOP_SLICE_NS - rnd(8) * LOOK_NS);
	if (l->current == chosen) {
		l->current = NULL;
		if (r == JOB_MORE)
			loop_job_start(l, chosen);
	}
	turn_end();
	return true;
}
