/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loop: the event loop of a thread: libevent plus resumable jobs and a stall meter.
 *
 * A job is work of unknown length cut into slices of about a millisecond; one
 * slice of one job is run a turn, behind the I/O that was ready. Timers and
 * signals are priority 0, sockets and jobs share priority 1: libevent re-polls
 * after each priority it served, so a lower one would starve while sockets stay
 * readable.
 * The longest turn (first callback after the poll to the next poll) is measured;
 * libevent 2.1 has no hook for it, so every callback begins with loop_enter().
 */
#ifndef LIB_LOOP_H
#define LIB_LOOP_H

#include <event2/event.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define LOOP_PRIO_URGENT 0 /* timers, signals */
#define LOOP_PRIO_IO     1 /* sockets, and slices of jobs */
#define LOOP_PRIORITIES  2

#define LOOP_SLICE_NS 1000000ull /* what a job may take before it gives way */

/* Classes of turns by their length, and what is the longest of each but the last, seconds. */
#define LOOP_TURN_CLASSES 10
extern const double loop_turn_bounds[LOOP_TURN_CLASSES - 1];

enum job_result { JOB_DONE, JOB_MORE };

/*
 * A resumable job; embed it and use container_of. run() works until deadline_ns
 * (monotonic) has passed or nothing is left; JOB_MORE is called again after I/O.
 * It may free its own job after loop_job_cancel(), and then returns JOB_DONE.
 */
struct job {
	TAILQ_ENTRY(job) entry;
	enum job_result (*run)(struct job *job, uint64_t deadline_ns);
	const char *name; /* for the stall meter and show memory */
	bool queued;
	uint64_t slices, busy_ns; /* totals */
};
TAILQ_HEAD(job_queue, job);

struct loop {
	struct event_base *base;
	struct event *job_event;
	struct job_queue jobs;
	uint64_t turn_start_ns;  /* monotonic time when this turn's callbacks began; cheap "now" */
	uint64_t turn_start_cpu_ns; /* of the thread's own time */
	bool in_turn;
	bool job_last; /* the job's event goes to the end of this turn's callbacks, or is there */
	bool soon;     /* something in this turn did not want to wait: what takes long may leave itself for the next one */
	bool stopping;
	uint64_t stall_max_ns;   /* longest turn since loop_stall_take */
	uint64_t stall_ever_ns;  /* longest turn of all */
	uint64_t stall_max_cpu_ns;  /* what the thread was on a processor in it: the rest it waited for one */
	const char *stall_where; /* job that ran in it, or "io" */
	uint64_t turns;
	uint64_t turns_ns; /* the sum of all */
	uint64_t turns_of[LOOP_TURN_CLASSES]; /* how many were at most so long, see loop_turn_bounds; the last: longer */
	const char *running;     /* job that ran last in this turn */
	struct job *current;     /* the job whose run() is on the stack; NULL once it was cancelled */
};

int loop_init(struct loop *l); /* 0 or -ENOMEM; EVENT_BASE_FLAG_PRECISE_TIMER, LOOP_PRIORITIES */
void loop_fini(struct loop *l);
int loop_run(struct loop *l);  /* until loop_stop, or no event and no job is left; 0 or -EIO */
void loop_stop(struct loop *l);

void loop_job_start(struct loop *l, struct job *j);  /* queues it; nothing if it already is */
/* As loop_job_start, but ahead of the other jobs, and in the turn that is under way if none of its slice was run yet. */
void loop_job_soon(struct loop *l, struct job *j);
void loop_job_cancel(struct loop *l, struct job *j);
/* Takes the longest turn since the last call, and the thread's processor time in it, and starts anew. */
uint64_t loop_stall_take(struct loop *l, uint64_t *cpu_ns);

uint64_t time_mono_ns(void);
uint64_t time_cpu_ns(void); /* that this thread was on a processor */
/* Has a timer go off in so many milliseconds, whenever it was going to. */
void timer_after_ms(struct event *timer, uint64_t ms);
/* First statement of every event callback of the thread: begins the turn and sets turn_start_ns. */
static inline void
loop_enter(struct loop *l)
{
	if (!l->in_turn) {
		l->in_turn = true;
		l->turn_start_ns = time_mono_ns();
		l->turn_start_cpu_ns = time_cpu_ns();
	}
}
static inline uint32_t
time_mono_s(uint64_t ns)
{
	return (uint32_t)(ns / 1000000000ull);
}
/* Seconds of the loop's current turn (monotonic). */
static inline uint32_t
loop_now_s(const struct loop *l)
{
	return time_mono_s(l->turn_start_ns);
}
#endif
