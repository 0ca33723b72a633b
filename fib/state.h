/* SPDX-License-Identifier: Apache-2.0 */
/*
 * state: the main-thread half of fib, shared by the files that make it up.
 *
 * fib.c is its interface and its life, send.c fills the ring of operations from
 * the dirty bitmaps, event.c takes the ring of events, walk.c goes over all
 * routes where an event concerns many. Everything runs in the main thread, as
 * two jobs: events and walks in one, so that they keep their order, and sending
 * in the other.
 *
 * hold: no operations are sent between the beginning of a full dump and the end
 * of the walks that compare it with what is wanted.
 */
#ifndef FIB_STATE_H
#define FIB_STATE_H

#include "fib/adopted.h"
#include "fib/chan.h"
#include "fib/known.h"
#include "fib/nhobj.h"
#include "fib/nhset.h"
#include "fib/table.h"

#define FIB_FIGHTS 256u /* prefixes remembered as deleted by others; a power of two */

enum walk_kind {
	WALK_PARTED,  /* what went with its nexthop object */
	WALK_REFORM,  /* all routes are to be sent in another form */
	WALK_OBJECTS, /* after a dump: nexthop objects that are gone, and those of an earlier run */
	WALK_EXPIRE,  /* after a dump: what it has not shown is gone */
	WALK_VERIFY,  /* after a dump: are our routes as they should be */
	WALK_SYNCED,  /* not a walk: the dump is done with */
	WALK_AUDIT,   /* what a round of the audit has not shown */
	WALK_FLUSH,   /* foreign IPv4 routes over a dead interface */
	WALK_LOST,    /* our routes over a dead interface */
	WALK_GONE,    /* put back what somebody deleted */
	WALK_RETRY,   /* try again what failed */
	WALK_COUNT
};

struct walk_steps {
	bool (*step)(struct fib *fib); /* does one thing at the cursor; false: the part is done */
	unsigned parts;
};

struct walk {
	bool pending[WALK_COUNT];
	const struct walk_steps *running; /* NULL: none */
	unsigned part;                    /* a table or a family */
	uint32_t cursor;
	uint32_t flushed; /* interface, for FLUSH and LOST */
	uint32_t prefsrc; /* for FLUSH */
	bool flushed_v4_only;
};

/* A route or a nexthop object whose next hops are still coming out of the ring. */
struct assembly {
	bool nexthop; /* which of the two */
	struct fib_ev_route route;
	struct fib_ev_nexthop object;
	uint32_t nhid; /* that the route names, or 0 */
	unsigned have, need;
	struct fib_nh nh[FIB_NH_MAX];
};

/* Records of the ring for a set's nexthop object, and of those of a group's members. */
#define FIB_OBJECT_ROOM (3u * FIB_NH_MAX + 1u)

/* Where a pass over a dirty bitmap stands; zero: at its beginning. */
struct send_scan {
	uint64_t pos;
	uint32_t pages;
	bool scattered;
};

enum audit_state {
	AUDIT_IDLE,
	AUDIT_READING,   /* the thread reads what the kernel has */
	AUDIT_VOID,      /* it still does, but nobody listens */
	AUDIT_SETTLING,  /* all is read; notifications that explain something may still come */
	AUDIT_REPAIRING, /* what was not shown is sent again */
};

/* What a round has found of one kind, for the log. */
struct audit_burst {
	uint32_t count;
	uint32_t nhid;           /* of the first nexthop object, */
	struct ip_prefix prefix; /* or the prefix of the first route */
};

struct audit {
	enum audit_state state;
	struct event *timer;
	uint64_t begin_ns, end_ns, rounds; /* end_ns: of the last complete round; 0: none */
	uint32_t took_ms;
	uint32_t extras_inflight;
	uint32_t doubted_left;  /* when the timer came last */
	struct ip_prefix extra; /* the last that was to be deleted */
	struct bitmap deleted;  /* nexthop objects, by us since the round began: numbers, counted from the range's first */
	struct audit_burst burst[FIB_DRIFT_COUNT];
	uint64_t drift[FIB_DRIFT_COUNT];
};

struct fight {
	uint32_t id;
	uint32_t last_s;
	uint16_t count;
	uint8_t family;
};

/* Routes leave next hops in numbers: see fade.c. */
struct fade {
	struct event *timer;
	bool open;        /* paths are going, as the owner has said */
	uint64_t said_ns; /* when it said so last */
	uint64_t last_ns; /* when the last route moved to a part of its set, or the first such word came */
};

struct fib {
	struct loop *loop;
	struct fib_callbacks cb;
	void *ctx;
	const struct fib_backend *backend;
	void *backend_self;
	struct fib_chan chan;
	struct event *ev_events, *ev_retry, *ev_soon, *ev_part;
	struct job events_job, send_job;

	struct table_env env;
	struct fib_config next;
	bool has_next; /* a changed table, protocol or metric waits until nothing is in flight */
	bool moving;   /* routes of the former configuration are still being removed */
	bool watch_wanted, resync_wanted; /* to be told to the back end */
	bool hold, synced, swept, stopping, stopped;

	struct fib_table table[FAMILY_COUNT]; /* by enum family; FAMILY_NONE is unused */
	struct nhsets nhsets;
	struct known known;
	struct adopted adopted;
	struct nhobjs nhobjs;
	bool objects_known;    /* the kernel has nexthop objects */
	bool objects;          /* and they are used */
	struct bitmap repairs; /* sets whose object is to be replaced in its place */
	bool repair_refused;   /* one of those was refused since it was last tried */
	bool doubts;           /* one is doubted */
	uint32_t objects_inflight;
	struct assembly assembly;
	struct walk walk;
	struct fight fights[FIB_FIGHTS];
	struct audit audit;
	struct fade fade;

	struct send_scan scan[FAMILY_COUNT];
	uint32_t sweep_stride, sweep_at;
	uint32_t sweeps_inflight;
	bool sweeping;

	bool parting;     /* deletions are collected: see part.c */
	uint32_t deleted; /* routes given up since the last pass of sending */
	uint32_t part_seen;
	uint64_t part_begin_ns, part_grown_ns;

	bool retry_wanted; /* by an event: soon, not after the back-off */
	bool retry_eager;  /* by an event: also what is not due yet */
	unsigned retry_s;  /* back-off of what is not planned for each route: links that are down, objects */
	uint64_t conflict_log_ns;
	uint64_t ops, batches, replies, dumps, restored;
	uint64_t refused[FIB_REFUSAL_COUNT];
};

static inline struct ip_prefix
fib_prefix(const struct fib *fib, enum family f, uint32_t id)
{
	return fib->cb.prefix_of(fib->ctx, f, id);
}

/* Counts what the kernel has refused. */
static inline void
fib_refused(struct fib *fib, int error)
{
	fib->refused[fib_refusal_of(error)]++;
}

/* send.c: one slice; nothing while on hold but what a change of configuration waits for. */
enum job_result fib_send_run(struct job *job, uint64_t deadline_ns);
/* Something is dirty: the send job is to run. */
void fib_send_kick(struct fib *fib);
/* Routes of an earlier run are to be deleted, once nothing more urgent is to be sent. */
void fib_sweep_start(struct fib *fib);
/* The kernel's route of id is this one, of an earlier run or seen in a dump; r is taken out. */
void fib_claim(struct fib *fib, struct fib_table *t, uint32_t id, struct adopted_route *r);
/* Applies a waiting configuration once nothing is in flight. */
void fib_config_try(struct fib *fib);
/* Is anything in flight or dirty at all? */
bool fib_send_idle(const struct fib *fib);

/* event.c: one slice of events and walks. */
enum job_result fib_events_run(struct job *job, uint64_t deadline_ns);
/* Tells the owner that an id is free, if it is. */
void fib_unpinned_check(struct fib *fib, struct fib_table *t, uint32_t id);

/* walk.c: runs pending walks; true: none is left. */
bool fib_walk_run(struct fib *fib, uint64_t deadline_ns);
void fib_walk_start(struct fib *fib, enum walk_kind kind);
/* Routes are gone with an interface (0: with nexthop objects alone), of IPv4 alone or of both families. */
void fib_walk_lost(struct fib *fib, uint32_t ifindex, bool v4_only);
bool fib_walk_idle(const struct fib *fib);
/* The events after which something is to be tried again. */
void fib_retry_soon(struct fib *fib);               /* a link, an address or a route came */
void fib_retry_arm(struct fib *fib);                /* something failed: after the back-off */
void fib_retry_at(struct fib *fib, uint32_t due_s); /* the same, at this time */
void fib_retry_plan(struct fib *fib, struct fib_table *t, uint32_t id); /* this route failed */
void fib_gone(struct fib *fib, struct fib_table *t, uint32_t id);       /* somebody deleted or changed it */

/* object.c: nexthop objects. */
bool fib_object_wanted(const struct fib *fib, const struct nhset *n);
/* Sees to it that the set's object is there before what is sent next; false: it cannot have one. Needs
 * FIB_OBJECT_ROOM. */
bool fib_object_make(struct fib *fib, uint32_t id);
/* Each sends what is due; false: the ring is full. */
bool fib_object_repairs(struct fib *fib);
bool fib_object_frees(struct fib *fib);
bool fib_object_sweep(struct fib *fib); /* leftovers; only when no route of ours can name one */
/* Deletes the object to take its routes along. */
bool fib_object_leave(struct fib *fib, uint32_t id);
void fib_object_result(struct fib *fib, const struct fib_ev_result *r);
/* Was a route refused for want of an object that is believed to be there? Then that is asked for with the next retry. */
bool fib_object_doubt(struct fib *fib, const struct fib_ev_result *r);
void fib_object_doubts(struct fib *fib); /* it is time for that */
/* The error of a route's reply, or of the object that the route needs where that is the cause. */
int fib_object_error(const struct fib *fib, const struct fib_ev_result *r);
void fib_object_event(struct fib *fib, const struct fib_ev_nexthop *ev, const struct fib_nh *nh);
void fib_object_link_down(struct fib *fib, uint32_t ifindex);
void fib_object_link_up(struct fib *fib);
void fib_object_retry(struct fib *fib); /* repairs that were refused */
/* Can no link of the set carry an object's next hop? */
bool fib_object_all_dead(const struct fib *fib, const struct nhset *n);
void fib_object_retire(struct fib *fib);
/* The kernel's object of the set has other next hops than it is believed to have; is not there at all. */
void fib_object_repair(struct fib *fib, uint32_t id);
/* A member of the set's group may have been deleted by somebody: then it is made again, and the group with it. */
void fib_object_complete(struct fib *fib, uint32_t id);
/* Other ones of its next hops are to be in the object than before. */
void fib_object_reshape(struct fib *fib, uint32_t id);
void fib_object_vanished(struct fib *fib, uint32_t id);
void fib_object_mode(struct fib *fib);

/* found.c: nexthop objects after a full dump. The use that one found at start is of its set is over. */
void fib_object_unhold(struct fib *fib, struct nhobj *e);
bool fib_object_dumped_step(struct fib *fib, unsigned part, uint32_t *cursor);
void fib_object_let_go(struct fib *fib); /* objects found at start need no longer wait for their routes */

/* audit.c: comparing the kernel with what is wanted. */
void fib_audit_arm(struct fib *fib); /* the next round is due after the configured time */
void fib_audit_due(struct fib *fib); /* the timer */
void fib_audit_end(struct fib *fib, bool complete);
void fib_audit_void(struct fib *fib);  /* a full dump begins */
void fib_audit_check(struct fib *fib); /* is the round over? */
void fib_audit_route(struct fib *fib, const struct fib_ev_route *r);
void fib_audit_object(struct fib *fib, const struct fib_ev_nexthop *ev, const struct fib_nh *nh);
/* A reply, before anything else is made of it: what it says of a route that was doubted. May change its
 * error. */
void fib_audit_result(struct fib *fib, struct fib_table *t, struct fib_ev_result *r, bool foreign);
void fib_audit_object_deleted(struct fib *fib, uint32_t nhid); /* an object's deletion is sent */
void fib_audit_object_gone(struct fib *fib, uint32_t nhid); /* an object of ours was not there, as a route has shown */
void fib_audit_extra_result(struct fib *fib, const struct fib_ev_result *r);
bool fib_audit_set_step(struct fib *fib, uint32_t *cursor);
bool fib_audit_route_step(struct fib *fib, struct fib_table *t, uint32_t *cursor);

/* fade.c: many routes leave a next hop at once. A route has moved from one set to another. */
void fib_fade_note(struct fib *fib, uint32_t from, uint32_t to);
void fib_fade_due(struct fib *fib); /* the timer */

/* part.c: many deletions at once. */
bool fib_part_idle(const struct fib *fib);
void fib_part_begin(struct fib *fib); /* at the beginning of a pass */
void fib_part_run(struct fib *fib);   /* at its end */
/* The deletion of this route need not be sent. */
bool fib_part_take(struct fib *fib, struct fib_table *t, uint32_t id);
void fib_part_undo(struct fib *fib, struct fib_table *t, uint32_t id);
void fib_part_left(struct fib *fib, bool gone);
bool fib_part_route_step(struct fib *fib, struct fib_table *t, uint32_t *cursor);
bool fib_part_set_step(struct fib *fib, uint32_t *cursor);

#endif
