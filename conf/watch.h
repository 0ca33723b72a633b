/* SPDX-License-Identifier: Apache-2.0 */
/*
 * watch: tells when one of some files is another one, by inotify.
 *
 * The folders of the files are watched, since editors replace files, and since one
 * that is not there yet may come. A folder that is not there is waited for in the one
 * above it; where a symbolic link leads to one, the link is watched, too. Where the
 * system has no inotify to spare nothing is told.
 */
#ifndef CONF_WATCH_H
#define CONF_WATCH_H

#include <jansson.h>

struct event_base;
struct watch; /* opaque */

typedef void watch_fn(void *ctx, const char *path);

/* fn is called from the loop, once or more for each change, with the path as it was given, or the folder's. */
struct watch *watch_new(struct event_base *base, watch_fn *fn, void *ctx);
/* The files from now on: an object whose keys are their paths. Not from within fn. */
void watch_set(struct watch *w, const json_t *paths);
void watch_free(struct watch *w); /* NULL is fine */

#endif
