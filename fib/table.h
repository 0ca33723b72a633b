/* SPDX-License-Identifier: Apache-2.0 */
/*
 * table: one family's routes by prefix id: what is wanted, what the kernel has,
 * and what must be done next.
 *
 * Pure state: no I/O, no clock, no callbacks. fib.c asks table_next_op() what to
 * send for a dirty id and gives the reply to table_reply(). A route costs the
 * four octets of its next-hop set's id and a few bits; what only few have (a
 * metric of its own, an error, a deletion still to be done) lives in a side
 * table.
 *
 * Invariants: at most one operation of an id is in flight. kernel is set while
 * the kernel may have a route of ours for the id, so a deletion is never
 * forgotten; installed only while a reply has said that it has what is wanted.
 * A dirty bit means that table_next_op may have something to say.
 */
#ifndef FIB_TABLE_H
#define FIB_TABLE_H

#include "fib/chan.h"
#include "fib/idmap.h"
#include "fib/keyed.h"
#include "lib/bitmap.h"

/* What few prefixes need beyond a next-hop set; exists while flags ≠ 0. */
struct route_extra {
	struct keyed_head head;
	uint32_t id;
	uint16_t flags;
	uint16_t error; /* errno */
	uint8_t tries;  /* that were refused, one after the other */
	uint32_t want_metric, kern_metric, stale_metric, old_metric;
	uint32_t due_s; /* monotonic: not before */
};
#define EX_WANT  0x01u /* want_metric: given by the caller */
#define EX_KERN  0x02u /* kern_metric: the kernel's route has another metric than the default */
#define EX_STALE 0x04u /* stale_metric: a route of before a change of metric is to be deleted */
#define EX_OLD   0x08u /* old_metric: of the route under the former configuration */
#define EX_DROP  0x10u /* a replacement failed: delete what it should have replaced */
#define EX_ERROR 0x20u /* error; a failed one without it has ENETDOWN, which comes to many at a time */
#define EX_FIGHT 0x40u /* due_s: somebody keeps deleting it */
#define EX_DUE   0x80u /* due_s: it was refused */
#define EX_STRAY 0x100u /* somebody made one in its name: delete it, if ours cannot be put back */

#define TABLE_RETRY_MAX_S 64u /* and half as much again by chance */

struct fib_table {
	enum family family;
	struct idmap nhsets; /* what is wanted, by id */
	/*
	 * The set that the kernel's route is known to name the nexthop object of, where it is not the one
	 * that is wanted: that object must stay until the route is replaced or gone. Each is a use of the
	 * set.
	 */
	struct idmap held;
	struct bitmap wanted, dirty, inflight;
	struct bitmap kernel;    /* ours may be in the kernel */
	struct bitmap lost;      /* subset of kernel: it may as well not be */
	struct bitmap installed; /* the kernel is known to have what is wanted */
	struct bitmap failed;    /* waits for an event or a timer */
	struct bitmap gone;      /* somebody deleted it; being put back */
	struct bitmap old;       /* still has a route under the former configuration */
	struct bitmap
	    parted; /* not wanted, in the kernel, held, not dirty: waits for its nexthop object to go */
	/* The audit's (audit.c). */
	struct bitmap unseen;   /* installed since before the round began, and not yet shown by it */
	struct bitmap doubted;  /* not shown at all: sent again, and the reply tells whether it was missing */
	struct bitmap unproven; /* of an earlier round: it was not missing, so why was it not shown? */
	struct keyed extra;
	uint32_t nstale; /* extras with EX_STALE */
};

/* The configuration that operations are made under. */
struct table_env {
	struct fib_config conf;
	struct fib_config old; /* what the ids in the old bitmaps were installed under */
};

void table_init(struct fib_table *t, enum family f);
void table_fini(struct fib_table *t);
size_t table_bytes(const struct fib_table *t);

/* The next-hop set that is wanted, or 0. */
uint32_t table_nhset(const struct fib_table *t, uint32_t id);
/*
 * Wants id routed by nhset; metric 0: the configured one. Returns the set that was wanted before (whose
 * reference is now the caller's to drop), or 0; nhset itself when nothing changes.
 */
uint32_t table_want(struct fib_table *t, uint32_t id, uint32_t nhset, uint32_t metric);
/* Wants it no more; returns the set that was wanted, or 0. */
uint32_t table_unwant(struct fib_table *t, uint32_t id);
/* Wanted, in flight or in the kernel. */
bool table_pins(const struct fib_table *t, uint32_t id);

/* The kernel's metric of a route of family f with this setting: 0 means 0 with IPv4 and 1024 with IPv6. */
uint32_t table_metric(enum family f, uint32_t metric);
uint32_t table_want_metric(const struct fib_table *t, uint32_t id, const struct table_env *env);
uint32_t table_kern_metric(const struct fib_table *t, uint32_t id, const struct table_env *env);

/*
 * What to send for id, all but the prefix; false: nothing. Does not change state: table_sent does, once the
 * operation is in the ring.
 */
bool table_next_op(const struct fib_table *t, uint32_t id, const struct table_env *env,
		   struct fib_op_route *op);
void table_sent(struct fib_table *t, uint32_t id);
/* Has the kernel another route of id, of before a change of metric or configuration, that is to be deleted? */
bool table_owes(const struct fib_table *t, uint32_t id);

enum table_outcome {
	TABLE_OK,        /* as expected; the id may be dirty again */
	TABLE_INSTALLED, /* the kernel now has what is wanted */
	TABLE_RESTORED,  /* the same, after somebody had deleted it */
	TABLE_FAILED,    /* waits for an event or a timer */
};
/* The reply to an operation. foreign: a route that is not ours is known to have the key (tells EEXIST apart).
 */
enum table_outcome table_reply(struct fib_table *t, const struct table_env *env,
			       const struct fib_ev_result *r, bool foreign);

/* A route of an earlier run (or seen in a dump) is the kernel's state of this id. True: it is what is wanted.
 */
bool table_claim(struct fib_table *t, uint32_t id, const struct table_env *env, uint32_t nhset,
		 uint32_t metric);
/* The kernel may have lost the route of id: wait for an event with this error, or (0) try again at once. */
void table_lost(struct fib_table *t, uint32_t id, int error);
/* Somebody deleted the route of id: marks it gone; table_lost or table_hold_off is to follow. */
void table_gone(struct fib_table *t, uint32_t id);
/* Somebody made one in its name. If ours has failed, or does before it is put back, that one is to be deleted. */
void table_stray(struct fib_table *t, uint32_t id);
/* Has the route of id failed for an error of its own: not held off, nor for a shortage? */
bool table_failed_for_good(const struct fib_table *t, uint32_t id);
/* Waits until due_s (monotonic seconds) before putting it back. */
void table_hold_off(struct fib_table *t, uint32_t id, uint32_t due_s);
/*
 * Plans the next try of a failed one: after 1 s, and each time after twice as long, up to TABLE_RETRY_MAX_S,
 * and up to half of that longer as chance (any number) will have it, so that those that failed together are
 * not tried together for ever. Returns when (monotonic seconds), or 0 where that is left to an event: it
 * failed with ENETDOWN.
 */
uint32_t table_plan(struct fib_table *t, uint32_t id, uint32_t now_s, uint32_t chance);
/* When a failed one is to be tried again, or 0: nothing is planned. */
uint32_t table_due(const struct fib_table *t, uint32_t id);
/* Tries a failed one again. */
void table_retry(struct fib_table *t, uint32_t id);
int table_error(const struct fib_table *t, uint32_t id); /* errno of a failed one, else 0 */
/* The kernel's route is to be sent again, since its next-hop set is now given in another form. */
void table_reform(struct fib_table *t, uint32_t id);
/* A deletion that is not sent: the route goes with its nexthop object. */
void table_part(struct fib_table *t, uint32_t id);
/* The kernel has dropped the route of id with its nexthop object; the id may be dirty again. */
void table_dropped(struct fib_table *t, uint32_t id, const struct table_env *env);
/* All that is in the kernel is now under env->old; everything is to be installed anew under env->conf. */
void table_move(struct fib_table *t);

struct route_extra *table_extra(const struct fib_table *t, uint32_t id); /* NULL: none */
void table_extra_set(struct fib_table *t, uint32_t id, uint16_t flags, struct route_extra **out);
void table_extra_clear(struct fib_table *t, uint32_t id, uint16_t flags);

#endif
