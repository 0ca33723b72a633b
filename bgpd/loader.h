/* SPDX-License-Identifier: Apache-2.0 */
/*
 * loader: reads, checks, compares and prints configurations beside the loop.
 *
 * For 150,000 networks that takes a second, and the reader of YAML gives way
 * nowhere in between; so each task has a thread for as long as it lasts. Tasks are
 * done one at a time, in order. The thread touches the task, files and the running
 * configuration alone, which is why that may be replaced in a task's done callback,
 * or later if that holds the queue until then: no thread is at work. Results come by the loop.
 */
#ifndef BGPD_LOADER_H
#define BGPD_LOADER_H

#include "conf/conf.h"
#include "conf/diff.h"
#include "lib/str.h"

#include <stdbool.h>
#include <sys/queue.h>

struct bgpd;
struct loader;

struct loader_task {
	/* What to do, in this order. */
	const char *path;         /* reads this file into conf, */
	const struct conf *given; /* or else takes this, or (both NULL) the running configuration; */
	bool diff;                /* says what it changes, compared with what is running; */
	bool print;               /* prints it, secrets masked */
	/* Called from the loop when it is done; owns the task, and what of the results it does not take over.
	 */
	void (*done)(struct loader_task *t);

	struct conf *conf; /* read from path; NULL: it has errors */
	struct str errors; /* one line each */
	unsigned n_errors;
	bool dropped; /* the daemon ends: there are no results to make use of */
	struct conf_changes changes;
	struct str text;

	STAILQ_ENTRY(loader_task) entry;
	struct loader *loader;
};

struct loader *loader_new(struct bgpd *d);
/* Waits for the thread; what is left in the queue is handed to done as dropped. NULL is fine. */
void loader_free(struct loader *l);
/* Queues a task, which is done before long but never before this returns. */
void loader_start(struct loader *l, struct loader_task *t);
/* Frees the results, not the task. */
void loader_task_fini(struct loader_task *t);
/* From a task's done on: no other one begins until the release. */
void loader_hold(struct loader *l);
void loader_release(struct loader *l);
/* Waits until every task is done, and calls their done: for who turns the loop himself. */
void loader_wait(struct loader *l);

#endif
