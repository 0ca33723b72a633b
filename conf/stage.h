/* SPDX-License-Identifier: Apache-2.0 */
/*
 * stage: one template of bgpconfd on its way: rendered, staged, checked, in place,
 * and its reader told.
 *
 * - The same octets as in place: nothing happens. The same values (of *.yaml, *.yml
 *   and *.json): the file is written, but nobody is told.
 * - The check command says no: the file in place stays, the staged one is removed.
 *   Where there is no file yet, there is none then either.
 * - The reload command fails: the previous file comes back; a first file stays, and
 *   its reload is tried again. Exit status 69 is no failure: nobody is there who
 *   could be told. Who is about to start may have read the previous file, though, so
 *   the reload is owed until somebody was told.
 * - A reload that was cut off by a crash is done again.
 *
 * Commands run beside the event loop, one run of a stage at a time. It has no timers
 * of its own: whether to try again, and when, is its owner's matter.
 */
#ifndef CONF_STAGE_H
#define CONF_STAGE_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

#include "lib/str.h"

#define STAGE_LIMIT_MS 30000 /* of each command */
#define STAGE_NOBODY   69    /* exit status of a reload: no daemon */

struct event_base;
struct stage; /* opaque */

struct stage_conf {
	const char *src, *dest;
	const char *node; /* whose own templates count; may be NULL */
	mode_t mode;
	const char *check;  /* NULL: none. {{stage}} in it is the staged file's name, as one word */
	const char *reload; /* NULL: none */
	unsigned limit_ms;
};

enum stage_outcome {
	STAGE_NEVER, /* it was never run */
	STAGE_SAME,
	STAGE_WRITTEN, /* and nobody had to be told */
	STAGE_RELOADED,
	STAGE_UNTOLD, /* in place, nobody there yet */
	STAGE_FAILED,
};

struct stage_state {
	enum stage_outcome outcome; /* of the last run that ended */
	bool again;                 /* it failed for something that may pass without a change, or nobody was told */
	const char *error;          /* for a person; NULL unless it failed */
};

/* The texts are copied. */
struct stage *stage_new(struct event_base *base, const struct stage_conf *conf);
/* A run that is under way is given up: done is not called. */
void stage_free(struct stage *s);

/* done is called when the run has ended, which may be before this returns; it may not free s. */
typedef void stage_done(void *ctx, struct stage *s);
void stage_run(struct stage *s, json_t *model, stage_done *done, void *ctx);
/* After STAGE_UNTOLD: the reload alone, of what is in place. done as above. */
void stage_tell(struct stage *s, stage_done *done, void *ctx);

/* The files of which the last rendering was made, or would have been, as the keys of an object. */
const json_t *stage_files(const struct stage *s);

/* Only renders: 0 with the text in out, or as template_render() has it with why in err. */
int stage_render(struct stage *s, json_t *model, struct str *out, struct str *err);

/* Until the next run. */
struct stage_state stage_state(const struct stage *s);
const struct stage_conf *stage_conf(const struct stage *s);
const char *stage_outcome_name(enum stage_outcome o);

#endif
