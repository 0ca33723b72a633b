/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of lib/loop: jobs take turns and leave room for timers and sockets, and long turns are seen. */
#include "lib/loop.h"

#include <stdlib.h>
#include <unistd.h>

#include "lib/mem.h"
#include "tests/unit/suite.h"

struct work {
	struct job job;
	struct loop *loop;
	int left;    /* slices still to do */
	char letter; /* what each slice writes into trace */
	char **trace;
};

static void
spin(uint64_t ns)
{
	uint64_t end = time_mono_ns() + ns;

	while (time_mono_ns() < end)
		;
}

static enum job_result
work_run(struct job *job, uint64_t deadline_ns)
{
	struct work *w = container_of(job, struct work, job);

	ck_assert_uint_gt(deadline_ns, w->loop->turn_start_ns);
	*(*w->trace)++ = w->letter;
	return --w->left > 0 ? JOB_MORE : JOB_DONE;
}

static struct work
work_of(struct loop *l, char letter, int slices, char **trace)
{
	return (struct work){.job = {.run = work_run, .name = "work"},
			     .loop = l,
			     .left = slices,
			     .letter = letter,
			     .trace = trace};
}

START_TEST(test_round_robin)
{
	struct loop l;
	char text[16] = {0}, *trace = text;

	ck_assert_int_eq(loop_init(&l), 0);
	struct work a = work_of(&l, 'a', 3, &trace), b = work_of(&l, 'b', 1, &trace),
		    c = work_of(&l, 'c', 2, &trace);
	loop_job_start(&l, &a.job);
	loop_job_start(&l, &b.job);
	loop_job_start(&l, &c.job);
	loop_job_start(&l, &a.job);
	/* comes back by itself: no event and no job is left */
	ck_assert_int_eq(loop_run(&l), 0);
	ck_assert_str_eq(text, "abcaca");
	ck_assert_uint_eq(a.job.slices, 3);
	ck_assert_uint_eq(b.job.slices, 1);
	ck_assert(!a.job.queued);
	ck_assert_uint_eq(l.turns, 6);
	loop_fini(&l);
}
END_TEST

START_TEST(test_cancel)
{
	struct loop l;
	char text[16] = {0}, *trace = text;

	ck_assert_int_eq(loop_init(&l), 0);
	struct work a = work_of(&l, 'a', 2, &trace), b = work_of(&l, 'b', 1, &trace);
	loop_job_start(&l, &a.job);
	loop_job_start(&l, &b.job);
	loop_job_cancel(&l, &a.job);
	loop_job_cancel(&l, &a.job);
	ck_assert_int_eq(loop_run(&l), 0);
	ck_assert_str_eq(text, "b");
	loop_fini(&l);
}
END_TEST

struct hurry {
	struct work *work;
	int callbacks;
};

static void
on_hurry(evutil_socket_t fd, short what, void *arg)
{
	struct hurry *h = arg;

	(void)fd, (void)what;
	loop_enter(h->work->loop);
	h->callbacks++;
	*(*h->work->trace)++ = 'i';
	loop_job_soon(h->work->loop, &h->work->job);
}

/* What cannot wait runs before other jobs, behind all that was ready in its turn, and does not add a slice to it. */
START_TEST(test_soon)
{
	struct loop l;
	char text[16] = {0}, *trace = text;
	struct event *ready[2];

	ck_assert_int_eq(loop_init(&l), 0);
	struct work a = work_of(&l, 'a', 2, &trace), b = work_of(&l, 'b', 2, &trace);
	struct hurry h = {.work = &b};
	for (int i = 0; i < 2; i++) {
		ready[i] = event_new(l.base, -1, 0, on_hurry, &h);
		event_priority_set(ready[i], LOOP_PRIO_IO);
		event_active(ready[i], EV_TIMEOUT, 0);
	}
	loop_job_start(&l, &a.job);
	loop_job_start(&l, &b.job);
	ck_assert_int_eq(loop_run(&l), 0);
	ck_assert_str_eq(text, "iibaba");
	ck_assert_uint_eq(l.turns, 4);
	ck_assert(!l.soon);
	/* Also where no job was waiting, it is the same turn. */
	trace = text;
	a.left = 1;
	h.work = &a;
	event_active(ready[0], EV_TIMEOUT, 0);
	ck_assert_int_eq(loop_run(&l), 0);
	ck_assert_str_eq(text, "iababa");
	ck_assert_uint_eq(l.turns, 5);
	for (int i = 0; i < 2; i++)
		event_free(ready[i]);
	loop_fini(&l);
}
END_TEST

static enum job_result
free_itself(struct job *job, uint64_t deadline_ns)
{
	struct work *w = container_of(job, struct work, job);

	(void)deadline_ns;
	*(*w->trace)++ = 'f';
	loop_job_cancel(w->loop, job);
	free(w);
	return JOB_DONE;
}

START_TEST(test_job_frees_itself)
{
	struct loop l;
	char text[4] = {0}, *trace = text;

	ck_assert_int_eq(loop_init(&l), 0);
	struct work *w = xcalloc(1, sizeof(*w));
	*w = work_of(&l, 'f', 1, &trace);
	w->job.run = free_itself;
	loop_job_start(&l, &w->job);
	ck_assert_int_eq(loop_run(&l), 0);
	ck_assert_str_eq(text, "f");
	loop_fini(&l);
}
END_TEST

static enum job_result
endless(struct job *job, uint64_t deadline_ns)
{
	(void)job;
	spin(deadline_ns - time_mono_ns());
	return JOB_MORE;
}

struct ticker {
	struct loop *loop;
	int ticks, reads;
	int fd;
};

static void
on_tick(evutil_socket_t fd, short what, void *arg)
{
	struct ticker *t = arg;

	(void)fd;
	(void)what;
	loop_enter(t->loop);
	if (++t->ticks == 20)
		loop_stop(t->loop);
}

static void
on_read(evutil_socket_t fd, short what, void *arg)
{
	struct ticker *t = arg;

	(void)fd;
	(void)what;
	loop_enter(t->loop);
	/* left unread: the descriptor stays readable, as a busy neighbour's does */
	t->reads++;
}

START_TEST(test_fairness)
{
	struct loop l;
	struct timeval every = {.tv_usec = 5000};
	int fds[2];

	ck_assert_int_eq(loop_init(&l), 0);
	ck_assert_int_eq(pipe(fds), 0);
	ck_assert_int_eq(write(fds[1], "x", 1), 1);
	struct ticker t = {.loop = &l, .fd = fds[0]};
	struct job j = {.run = endless, .name = "endless"};
	struct event *timer = event_new(l.base, -1, EV_PERSIST, on_tick, &t);
	struct event *reader = event_new(l.base, fds[0], EV_READ | EV_PERSIST, on_read, &t);
	event_priority_set(timer, LOOP_PRIO_URGENT);
	event_priority_set(reader, LOOP_PRIO_IO);
	event_add(timer, &every);
	event_add(reader, NULL);
	loop_job_start(&l, &j);
	uint64_t start = time_mono_ns();
	ck_assert_int_eq(loop_run(&l), 0);
	/* none of the three starves: 20 ticks are due after 100 ms, some fifty slices of 1 ms fit in with
	 * each a read */
	ck_assert_uint_ge(time_mono_ns() - start, 95000000);
	ck_assert_int_eq(t.ticks, 20);
	ck_assert_uint_ge(j.slices, 10);
	ck_assert_int_ge(t.reads, 10);
	ck_assert_uint_ge(j.busy_ns, j.slices * LOOP_SLICE_NS);
	loop_job_cancel(&l, &j);
	event_free(timer);
	event_free(reader);
	close(fds[0]);
	close(fds[1]);
	loop_fini(&l);
}
END_TEST

static enum job_result
long_slice(struct job *job, uint64_t deadline_ns)
{
	(void)job;
	(void)deadline_ns;
	spin(30000000);
	return JOB_DONE;
}

START_TEST(test_stall)
{
	struct loop l;

	ck_assert_int_eq(loop_init(&l), 0);
	struct job j = {.run = long_slice, .name = "slow"};
	loop_job_start(&l, &j);
	ck_assert_int_eq(loop_run(&l), 0);
	ck_assert_str_eq(l.stall_where, "slow");
	uint64_t cpu = 0, took = loop_stall_take(&l, &cpu);
	ck_assert_uint_ge(took, 30000000);
	/* It has not slept; where it was kept waiting for a processor that is not its own time. */
	ck_assert(cpu > 0 && cpu <= took);
	ck_assert_uint_eq(loop_stall_take(&l, &cpu), 0);
	ck_assert_uint_eq(cpu, 0);
	/* The turn is in the class up to 100 ms, or a later one where the machine is busy; none of it is left out. */
	uint64_t turns = 0;
	for (unsigned i = 0; i < LOOP_TURN_CLASSES; i++) {
		ck_assert(l.turns_of[i] == 0 || i == LOOP_TURN_CLASSES - 1 || loop_turn_bounds[i] > 0.03 || i == 0);
		turns += l.turns_of[i];
	}
	ck_assert_uint_eq(turns, l.turns);
	ck_assert_uint_ge(l.turns_ns, 30000000);
	loop_fini(&l);
}
END_TEST

static void
slow_io(evutil_socket_t fd, short what, void *arg)
{
	struct loop *l = arg;

	(void)fd;
	(void)what;
	loop_enter(l);
	ck_assert_uint_eq(loop_now_s(l), l->turn_start_ns / 1000000000);
	spin(20000000);
	loop_stop(l);
}

START_TEST(test_stall_io)
{
	struct loop l;
	struct timeval wait = {.tv_usec = 400000};

	ck_assert_int_eq(loop_init(&l), 0);
	struct event *timer = event_new(l.base, -1, 0, slow_io, &l);
	event_add(timer, &wait);
	ck_assert_int_eq(loop_run(&l), 0);
	/* waiting is not a stall: 20 ms, far from the 420 ms that passed (a busy machine may add some) */
	ck_assert_str_eq(l.stall_where, "io");
	ck_assert_uint_ge(l.stall_max_ns, 20000000);
	ck_assert_uint_lt(l.stall_max_ns, 350000000);
	event_free(timer);
	loop_fini(&l);
}
END_TEST

SUITE("loop", test_round_robin, test_cancel, test_soon, test_job_frees_itself, test_fairness, test_stall,
      test_stall_io)
