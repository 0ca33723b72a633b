/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader: see loader.h.
 */
#include "bgpd/loader.h"

#include "bgpd/bird_cli.h"
#include "bgpd/daemon.h"
#include "lib/log.h"
#include "lib/mem.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

struct loader {
	struct bgpd *d;
	STAILQ_HEAD(, loader_task) tasks; /* the first is at work */
	const struct conf *running;       /* at the time it began */
	pthread_t thread;
	bool at_work, held;
	int fd; /* the thread has finished */
	struct event *ev;
};

/* ---- the thread ---- */

static void
load(struct loader_task *t)
{
	struct conf_errors errs = {0};

	if (conf_load(t->path, &t->conf, &errs) < 0) {
		conf_errors_print(&errs, &t->errors);
		while (t->errors.len > 0 && t->errors.s[t->errors.len - 1] == '\n')
			t->errors.s[--t->errors.len] = '\0';
		t->n_errors = errs.n + errs.dropped;
	}
	conf_errors_free(&errs);
	bird_cli_apply(t->loader->d->options, t->conf);
}

static void *
work(void *arg)
{
	struct loader *l = arg;
	struct loader_task *t = STAILQ_FIRST(&l->tasks);
	const struct conf *c = t->given != NULL ? t->given : l->running;

	if (t->path != NULL) {
		load(t);
		c = t->conf;
	}
	/* Here it is this thread that waits for the kernel (fdtable.h), and not the loop, when it connects to new neighbours. */
	if (t->path != NULL && c != NULL)
		daemon_room_for(c);
	if (c != NULL && t->diff)
		conf_diff(l->running, c, &t->changes);
	if (c != NULL && t->print)
		conf_print(c, false, &t->text);
	uint64_t one = 1;
	ssize_t n = write(l->fd, &one, sizeof one);
	ASSERT(n == sizeof one);
	return NULL;
}

/* ---- the loop ---- */

/* Signals are the main thread's. Without a thread it is done here, and the loop has to wait. */
static void
next(struct loader *l)
{
	sigset_t all, before;

	if (l->at_work || l->held || STAILQ_EMPTY(&l->tasks))
		return;
	l->running = l->d->conf;
	l->at_work = true;
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	int rc = pthread_create(&l->thread, NULL, work, l);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc != 0) {
		log_warn("config.thread", LOG_S("error", strerror(rc)),
			 LOG_S("effect", "the loop waits for the file"));
		l->thread = pthread_self();
		work(l);
	}
}

/* The first task's thread has finished, or does so before long. */
static void
collect(struct loader *l)
{
	struct loader_task *t = STAILQ_FIRST(&l->tasks);
	uint64_t count;

	if (!pthread_equal(l->thread, pthread_self()))
		pthread_join(l->thread, NULL);
	ssize_t n = read(l->fd, &count, sizeof count);
	ASSERT(n == sizeof count);
	l->at_work = false;
	STAILQ_REMOVE_HEAD(&l->tasks, entry);
	t->done(t);
	next(l);
}

static void
on_finished(evutil_socket_t fd, short what, void *arg)
{
	struct loader *l = arg;

	(void)fd;
	(void)what;
	loop_enter(l->d->loop);
	if (l->at_work)
		collect(l);
}

void
loader_start(struct loader *l, struct loader_task *t)
{
	t->loader = l;
	STAILQ_INSERT_TAIL(&l->tasks, t, entry);
	next(l);
}

void
loader_hold(struct loader *l)
{
	l->held = true;
}

void
loader_release(struct loader *l)
{
	l->held = false;
	next(l);
}

void
loader_wait(struct loader *l)
{
	while (l->at_work)
		collect(l);
}

void
loader_task_fini(struct loader_task *t)
{
	conf_free(t->conf);
	t->conf = NULL;
	str_free(&t->errors);
	str_free(&t->text);
	if (t->changes.arena != NULL)
		conf_changes_free(&t->changes);
}

struct loader *
loader_new(struct bgpd *d)
{
	struct loader *l = xcalloc(1, sizeof *l);

	l->d = d;
	STAILQ_INIT(&l->tasks);
	l->fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	ASSERT(l->fd >= 0);
	l->ev = event_new(d->loop->base, l->fd, EV_READ | EV_PERSIST, on_finished, l);
	ASSERT(l->ev != NULL);
	event_priority_set(l->ev, LOOP_PRIO_IO);
	event_add(l->ev, NULL);
	return l;
}

void
loader_free(struct loader *l)
{
	struct loader_task *t;

	if (l == NULL)
		return;
	if (l->at_work && !pthread_equal(l->thread, pthread_self()))
		pthread_join(l->thread, NULL);
	while ((t = STAILQ_FIRST(&l->tasks)) != NULL) {
		STAILQ_REMOVE_HEAD(&l->tasks, entry);
		t->dropped = true;
		t->done(t);
	}
	event_free(l->ev);
	close(l->fd);
	free(l);
}
