/* SPDX-License-Identifier: Apache-2.0 */
/*
 * reload: a changed configuration file as a transaction, and reloads on trial.
 *
 * The file is read and checked beside the loop (loader.h); with any error nothing is
 * changed. Otherwise only what differs is applied: neighbours that did not change do not
 * notice, new ones start, removed ones get Cease/Peer De-configured, changed policy is run
 * again over the routes that are kept. Orders are carried out one after another, and what one of them means for
 * thousands of neighbours is done in slices.
 *
 * An order with a time to confirm begins a trial: the configuration from before is kept, and
 * comes back on command or when the time is over without reload_confirm. Whatever is
 * reloaded meanwhile belongs to the trial: the configuration that comes back stays the one
 * from before it, and the clock goes on, except that an order with a time sets it anew.
 */
#ifndef BGPD_RELOAD_H
#define BGPD_RELOAD_H

#include <stdbool.h>
#include <stdint.h>

struct bgpd;
struct reload;
struct reload_order;

/* result: 0, or -errno and the reason: -EINVAL one line an error of the file, -ENOENT no trial. */
typedef void (*reload_done_fn)(void *ctx, int result, const char *reason);

struct reload *reload_new(struct bgpd *d);
/* Orders that are not done are told -ECANCELED. NULL is fine. */
void reload_free(struct reload *r);

/*
 * Orders the daemon's file to be applied; confirm_s 0: for good. done (NULL: nobody waits) is called from the loop when
 * routes of our own are in the RIB, too; policies may still be run over what neighbours sent.
 */
struct reload_order *reload_file(struct reload *r, uint32_t confirm_s, reload_done_fn done, void *ctx);
/* Orders the end of the trial, with what was before it. NULL: there is none. */
struct reload_order *reload_rollback(struct reload *r, reload_done_fn done, void *ctx);
/* Who waited for the order no longer does; it is carried out all the same. */
void reload_forget(struct reload_order *o);
/* Ends the trial with what is running. -ENOENT: there is none; -EBUSY: it is being rolled back. */
int reload_confirm(struct reload *r);
/* Is there a trial, and how many seconds does it have? */
bool reload_on_trial(const struct reload *r, uint32_t *left_s);
/* Is no order waiting or under way? */
bool reload_idle(const struct reload *r);
/* What has become of the orders to take a file so far. */
struct reload_stats {
	uint64_t good, bad; /* taken; with errors */
	bool last_bad;      /* the last one had some: what runs is not what the file says */
	int64_t good_s;     /* when one was taken last, since the epoch: the start counts as one */
};
void reload_stats_get(const struct reload *r, struct reload_stats *out);
/* Another number for each configuration that is the running one. */
uint64_t reload_generation(const struct reload *r);
/* When that began, monotonic: of the first one it is the start of the daemon. */
uint64_t reload_since_ns(const struct reload *r);
/* Routes of our own are in the RIB (own.h). */
void reload_own_done(struct reload *r);

#endif
