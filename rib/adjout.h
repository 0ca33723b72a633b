/* SPDX-License-Identifier: Apache-2.0 */
/*
 * adjout: what the members of an export group have been told (Adj-RIB-Out).
 *
 * Members of a group see the same routes, but for split horizon. The group keeps
 * one *announced* bit per prefix instead of the attributes that were sent: while a
 * prefix is not waiting for anything, what was sent is the export of its reported
 * best path, and can be computed again. Whatever cannot be sent now (no room, a new
 * policy) becomes a *pending* bit; a drain later sends the current state.
 *
 * A member is attached (it reads the group's one stream) or detached (every
 * emission of the group sets a bit of its own; a drain sends it the current state
 * of each and then attaches it). New, slow, refreshed and moved members all use
 * this one way.
 *
 * Towards neighbours with ADD-PATH a family of a group is of *paths*: each path of a
 * prefix that is chosen has an announced bit of its own (adjout_paths.c).
 *
 * A member may have a group of its own with a limit of prefixes (adjout_limit.c).
 *
 * Invariants:
 *  - a member was told of a prefix → the group's announced bit is set, or the
 *    prefix is in the batch or in the member's bits;
 *  - what the only member of a group has announced itself may have no bit (passed_by);
 *  - a prefix id that any of these names is pinned (adjout_pins): a reused id
 *    would lose a withdrawal;
 *  - a message sent twice is harmless, one too few is not.
 *
 * Pure: no clock, no sockets; encoding and queues are the owner's (adjout_sink).
 * RFC 4271 9.1.3, 9.2; RFC 4724 2 (End-of-RIB); RFC 2918; RFC 7313; RFC 7911.
 */
#ifndef RIB_ADJOUT_H
#define RIB_ADJOUT_H

#include "lib/addr.h"
#include "lib/bitmap.h"
#include "rib/adjout_key.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/queue.h>

#define ADJOUT_DETACHED_MAX 16    /* members that may be detached at a time, by default */
#define ADJOUT_KEPT         65536 /* ids that nobody needs: 2 MB of records and their places in the index */
#define ADJOUT_BATCH_MAX    16384 /* emissions that are sorted together */
#define ADJOUT_FETCHED      4     /* prefixes of an emission that were asked for, at least where it is one run */

struct adjout;
struct adjout_group;
struct adjout_member;

/*
 * Who a message is for. A member is *named* if its source is this source (≠ 0) or
 * its own address is this next hop (≠ 0): split horizon and RFC 4271 5.1.3.
 */
enum adjout_who { ADJOUT_ALL, ADJOUT_ALL_BUT, ADJOUT_ONLY };
struct adjout_audience {
	uint32_t nexthop;
	uint16_t source;
	uint8_t who; /* enum adjout_who */
};

enum adjout_mark {
	ADJOUT_EOR,
	ADJOUT_BORR,
	ADJOUT_EORR,
	ADJOUT_DEFAULT, /* the owner's own, for a route that is not in the table; never from here */
};
enum adjout_current { ADJOUT_SETTLED, ADJOUT_DIRTY };

/* One of the paths of a prefix that are to be sent, see adjout_view.paths. */
struct adjout_path {
	uint32_t attr;
	uint32_t path_id; /* ≠ 0; another source's is never the same */
	uint16_t source;
	bool changed; /* since the last decision of the prefix */
};

/*
 * The RIB as the groups see it. Attribute ids and next hop ids are only passed through; 0 is none. Ids of outgoing sets
 * may be of another table than those of paths: the two are never compared.
 */
struct adjout_view {
	void *ctx;
	/*
	 * The best path as last given to adjout_change: attribute id and source (not referenced), 0 for none.
	 * ADJOUT_DIRTY where a decision is outstanding: the drain then leaves the prefix for later.
	 */
	enum adjout_current (*current)(void *ctx, enum family f, uint32_t id, uint32_t *attr,
				       uint16_t *source);
	/*
	 * The paths of a prefix that are to be sent in a family of paths; which is one of ADJOUT_PATHS_* or N, for
	 * the best N. *paths is the view's own, good until the next call. ADJOUT_DIRTY as above.
	 */
	enum adjout_current (*paths)(void *ctx, enum family f, uint32_t id, uint32_t which,
				     const struct adjout_path **paths, uint32_t *n);
	/* The first prefix id ≥ from and < limit that is in the table; limit if it has none there, which need not
	 * be looked at; BITMAP_END if it has none at or after from. */
	uint32_t (*next_id)(void *ctx, enum family f, uint32_t from, uint32_t limit);
	/* Export policy and transformation: the outgoing attribute id with a reference of the caller's, 0:
	 * not sent. */
	uint32_t (*out)(void *ctx, struct adjout_group *g, enum family f, uint32_t id, uint32_t attr,
			uint16_t source);
	void (*attr_ref)(void *ctx, uint32_t attr);
	void (*attr_unref)(void *ctx, uint32_t attr);
	void (*out_ref)(void *ctx, uint32_t out);
	void (*out_unref)(void *ctx, uint32_t out);
	/* Next hop id of an outgoing set if it is passed on as it came (third party), 0 if it is our own. */
	uint32_t (*nexthop)(void *ctx, struct adjout_group *g, uint32_t out);
	/* Both (0: none) will be given back soon: something to prefetch. */
	void (*fetch_refs)(void *ctx, uint32_t attr, uint32_t out);
	/* An emission of this outgoing set (0: none, or asked for) will soon have this prefix: something to prefetch. */
	void (*fetch)(void *ctx, enum family f, uint32_t id, uint32_t out);
	/* No group or member needs the ids any more (adjout_pins). Called from adjout_reap only. */
	void (*unpin)(void *ctx, enum family f, const uint32_t *ids, uint32_t n);
	/* How far the table's queue of decisions has come: everything dirty now is decided when done() of it
	 * is true. */
	uint64_t (*mark)(void *ctx, enum family f);
	bool (*done)(void *ctx, enum family f, uint64_t mark);
	/*
	 * Is it the default route? Asked in families with one that is not the table's (adjout_key.defaults), where the
	 * table's counts as not sent, whatever other prefixes with its attributes come to. NULL: there are none.
	 */
	bool (*is_default)(void *ctx, enum family f, uint32_t id);
};

/* Where emissions go. m is NULL for the group's stream; path_id is 0 but in a family of paths. */
struct adjout_sink {
	void *ctx;
	void (*emit)(void *ctx, struct adjout_group *g, struct adjout_member *m, enum family f, uint32_t path_id,
		     uint32_t out, struct adjout_audience to, const uint32_t *ids, uint32_t n);
	/* In the stream it is for m alone; with detached in the member's own queue. */
	void (*mark)(void *ctx, struct adjout_member *m, enum family f, enum adjout_mark mark);
	bool (*room)(void *ctx, struct adjout_group *g, struct adjout_member *m);
	void (*attach)(void *ctx, struct adjout_member *m); /* reads the stream from its present end */
	void (*detach)(void *ctx, struct adjout_member *m); /* keeps what it has not sent, reads no further */
};

/* Prefixes that came one after the other with the same outgoing set for the same members. */
struct adjout_run {
	uint32_t out; /* referenced; 0: withdrawal */
	uint32_t nexthop;
	uint32_t path_id; /* 0 but in a family of paths */
	uint32_t from, n; /* of the batch's ids */
	uint16_t source;
	uint8_t who;
	uint8_t family;
};

struct adjout_batch {
	uint32_t *ids;
	uint32_t *joined; /* ids of several runs, for one emission */
	struct adjout_run *runs;
	uint64_t *order;          /* of the runs when they go out: outgoing set, number */
	uint32_t n, cap;          /* ids, and joined */
	uint32_t nruns, runs_cap; /* runs, and order */
};

#define ADJOUT_MEMO_SIZE 256
struct adjout_memo_entry {
	uint32_t attr; /* referenced, so that the id cannot come to mean something else; 0: free */
	uint32_t out;  /* referenced; 0: rejected */
	uint16_t source;
	uint8_t family;
};

/* The prefixes of which a path with this id is announced. */
struct adjout_channel {
	uint32_t path_id;
	uint16_t source;
	uint64_t stamp; /* adjout.stamp when it was last seen to be chosen */
	struct bitmap ids;
	struct bitmap owed; /* of a group: has to be sent again, or was to be withdrawn */
};
struct adjout_channels { /* sorted by path id */
	struct adjout_channel *v;
	uint32_t n, cap;
};

/* Progress through all ids of a family: those from next on are still to be visited. */
struct adjout_scan {
	uint32_t next;
	bool active;
};

enum adjout_state { ADJOUT_NEW, ADJOUT_WAITING, ADJOUT_DETACHED, ADJOUT_ATTACHED };

/* Embedded in the owner's struct. The first three are the owner's to set before adjout_member_join. */
struct adjout_member {
	uint16_t source;  /* of its routes, ≠ 0 */
	uint32_t nexthop; /* id of its own address, as adjout_view.nexthop gives it; 0: never matches */
	void *owner;

	struct adjout_group *group;
	TAILQ_ENTRY(adjout_member) entry;
	TAILQ_ENTRY(adjout_member) detached_entry;
	uint8_t state; /* enum adjout_state */
	struct {
		struct bitmap bits;
		struct bitmap withheld;  /* announced to others, whose next hop is its own address: for the count */
		struct adjout_channels due, withheld_paths; /* in a family of paths; bits are all due ones together */
		struct adjout_scan scan; /* of the group's announced bits */
		uint32_t next;           /* where the walk of bits goes on */
		uint64_t mark;           /* of the decisions that End-of-RIB waits for */
		uint32_t pass;           /* of the group's drain, when the mark was reached */
		bool refresh;            /* asked for, not yet begun */
		bool enhanced;           /* with BoRR and EoRR */
		bool eorr;               /* BoRR is out, EoRR due */
		bool eor, eor_marked;    /* End-of-RIB due; its mark has been reached */
	} fam[FAMILY_COUNT];
};
TAILQ_HEAD(adjout_members, adjout_member);

/* What a group knows of a family. */
struct adjout_family {
	struct bitmap announced;
	struct bitmap pending;
	struct bitmap in_batch;
	struct bitmap held;    /* would be sent, but for the limit (adjout_limit.c): */
	struct bitmap leaving; /* announced until their withdrawal, which is in the batch, is out */
	uint32_t limit;        /* of announced ones; UINT32_MAX: none */
	uint32_t next_held, next_over; /* where the walks of those that follow and those that go go on */
	struct adjout_channels channels; /* in a family of paths; announced is then all of them together */
	struct adjout_scan scan; /* of all prefixes: a new group, a new policy */
	uint32_t next;
	uint32_t pass; /* times the walk of pending has come round and all of it could be sent */
	uint32_t idle; /* steps of that walk since one of them has made its prefix pending no more, or something is new */
	uint32_t idle_over; /* the same of those that go */
	bool undone;   /* something became pending for want of room in this round */
};

struct adjout_group {
	struct adjout *adjout;
	struct adjout_key key;
	void *owner;
	uint8_t families; /* bits, from the key */
	bool memoize;     /* the policy reads nothing but attributes and source */
	TAILQ_ENTRY(adjout_group) entry;
	struct adjout_members members, detached;
	uint32_t nmembers, nattached;
	uint32_t ndue; /* refreshes and End-of-RIBs that members are due */
	/*
	 * Whose group it is, if there is one member only (the source, 0: there are more or none): its own routes are nobody's
	 * business and are passed over, half of what a full table costs between two neighbours. By: whose were; others
	 * that join have the table scanned.
	 */
	uint16_t only, passed_by;
	struct bitmap sources, nexthops; /* of the members */
	uint32_t nwithheld;              /* bits in the members' withheld sets, mostly none */
	struct adjout_family fam[FAMILY_COUNT];
	struct adjout_batch batch;
	/* The path whose output was asked for last, while that is the last run of the batch or is nothing; attr 0: none. */
	struct {
		uint32_t attr; /* the memo has a reference on it: cleared when it is asked, and with every other run */
		uint16_t source;
		uint8_t family;
		bool sent; /* false: the policy lets no route with these attributes out */
		uint16_t gone; /* whose withdrawn prefixes the last run of the batch is of; 0: it is of none */
	} last;
	struct adjout_memo_entry *memo; /* NULL until used */
	uint64_t memo_hits, memo_misses;
};
TAILQ_HEAD(adjout_groups, adjout_group);

struct adjout {
	struct adjout_view view;
	struct adjout_sink sink;
	struct adjout_groups groups;
	uint32_t ndetached, detached_max;
	struct adjout_batch scratch;        /* of member drains */
	struct bitmap orphan[FAMILY_COUNT]; /* ids that something let go of: pinned until adjout_reap */
	struct bitmap aged[FAMILY_COUNT];   /* those of the ticks before the last one */
	bool reaping;                       /* the aged ones' time has come */
	uint32_t kept_max;                  /* of either set; ADJOUT_KEPT */
	uint64_t stamp;
};

/* Which paths a family of a group is of; ADJOUT_PATHS_NONE: it has the best path only, and no path ids. */
static inline uint32_t
adjout_paths(const struct adjout_group *g, enum family f)
{
	return f == FAMILY_IPV4 ? g->key.paths_ipv4 : g->key.paths_ipv6;
}
/* The families, bits as in families, of which it has more than the best path. */
static inline unsigned
adjout_families_of_paths(const struct adjout_group *g)
{
	return (unsigned)(g->key.paths_ipv4 != ADJOUT_PATHS_NONE) << FAMILY_IPV4 |
	       (unsigned)(g->key.paths_ipv6 != ADJOUT_PATHS_NONE) << FAMILY_IPV6;
}

/* view and sink are copied. */
void adjout_init(struct adjout *a, const struct adjout_view *view, const struct adjout_sink *sink);
/* All groups must be closed. */
void adjout_fini(struct adjout *a);

/* Begins by scanning the whole table: call adjout_group_drain until it says that nothing is left. */
void adjout_group_open(struct adjout *a, struct adjout_group *g, const struct adjout_key *key, bool memoize);
/* The group must have no members. */
void adjout_group_close(struct adjout_group *g);
/* Is it one whose only member has a limit? Then adjout_group_limit says which; without that there is none. */
static inline bool
adjout_limited(const struct adjout_group *g)
{
	return g->key.sole != 0;
}
/* How many prefixes may be announced. Call adjout_group_drain afterwards: some follow, or go. */
void adjout_group_limit(struct adjout_group *g, enum family f, uint32_t prefixes);

/* A best path before and after: attribute ids, which need to stay valid for the call only, and sources; 0: no path. */
struct adjout_news {
	enum family family;
	uint32_t id;
	uint32_t old_attr, new_attr;
	uint16_t old_source, new_source;
	bool waits; /* an answer, which is only ever set: something waits to be sent, so the id is pinned (adjout_pins) */
};
/* Called by the decision pass for each group when best paths changed, of n prefixes. */
void adjout_change(struct adjout_group *g, struct adjout_news *news, unsigned n);
/* The same for a family of paths, where any path of the prefix changed. again: so did what policy may read of them. */
void adjout_paths_change(struct adjout_group *g, enum family f, uint32_t id, bool again);
/* End of a slice: sorts and emits the batch. */
void adjout_flush(struct adjout_group *g);
/*
 * The export policy changed (or what it reads): everything is computed again. Call it once the view uses the new one.
 * key: the new one, where that changed with it; flush the group before that.
 */
void adjout_group_refilter(struct adjout_group *g, const struct adjout_key *key, bool memoize);

/*
 * What export makes of the paths of this source may differ from what it was (a new session with another identifier, kind
 * or role, or another owner of the number): forgets what is remembered of it, and has the prefixes whose reported best
 * path is its own (one bitmap a family, may be empty) computed and sent again; in a family of paths, all where it has any.
 */
void adjout_source_changed(struct adjout *a, uint16_t source, const struct bitmap best[FAMILY_COUNT],
			   const struct bitmap any[FAMILY_COUNT]);

/* Forgets what is remembered of attribute sets, with the references; nothing that was said changes. */
void adjout_forget(struct adjout *a);

/* A new session: it has been told nothing. Announces the whole table to it. */
void adjout_member_join(struct adjout_group *g, struct adjout_member *m);
/* The session is down. Nothing is emitted. */
void adjout_member_leave(struct adjout_member *m);
/* A running session gets the view of another group. -EAGAIN: too many are detached, it stays where it is for
 * now. */
int adjout_member_move(struct adjout_member *m, struct adjout_group *to);
/* May one more member be detached, so that a move would find a place? */
static inline bool
adjout_place_free(const struct adjout *a)
{
	return a->ndetached < a->detached_max;
}
/* Does not keep up with the stream. -EAGAIN: too many are detached already; the owner resets the session. */
int adjout_member_slow(struct adjout_member *m);
/* Sends all of a family again, between BoRR and EoRR if enhanced (RFC 7313). Waits while too many are
 * detached. */
void adjout_member_refresh(struct adjout_member *m, enum family f, bool enhanced);
/* Sends End-of-RIB once everything is out that is known or being decided now. */
void adjout_member_eor(struct adjout_member *m, enum family f);

/*
 * Resumable work of at most about budget prefixes each: what is pending in the group; what detached members
 * of it are due, and End-of-RIB; unpinning of what nobody needs any more. True: there is more to do and room for it. To be called again
 * after every decision pass and when a full queue has room: prefixes that wait for a decision are left for
 * then.
 */
bool adjout_group_drain(struct adjout_group *g, uint32_t budget);
/* After each decision pass: what has waited for one is looked at again from the beginning. */
void adjout_group_decided(struct adjout_group *g);
bool adjout_members_drain(struct adjout_group *g, uint32_t budget);
/* idle: no prefix waits for a decision; else only what is too many is unpinned. */
bool adjout_reap(struct adjout *a, bool idle, uint32_t budget);
/*
 * Once a second. Ids are unpinned when two of these have passed since they were let go of, or when too many
 * wait for that: most prefixes that are withdrawn come back, and what goes for good must not keep others waiting.
 */
void adjout_tick(struct adjout *a);

/* Does any group or member still need this prefix id to stay what it is? */
bool adjout_pins(const struct adjout *a, enum family f, uint32_t id);
/*
 * What the member has been told of a prefix, computed anew: the outgoing set with a reference of the
 * caller's, 0: nothing, or the prefix waits to be decided or sent (again).
 */
uint32_t adjout_member_told(const struct adjout_member *m, enum family f, uint32_t id);
/* The same for one path, in a family of paths. */
uint32_t adjout_member_told_path(const struct adjout_member *m, enum family f, uint32_t id, const struct adjout_path *p);
/*
 * How many routes of a family the member has been told of: prefixes, or in a family of paths those. own: prefixes whose best path is the member's own, which are
 * withheld from it, as those are whose next hop is its own address (RFC 4271 5.1.3).
 */
uint32_t adjout_member_count(const struct adjout_member *m, enum family f, const struct bitmap *own);
/* Is the prefix held back from the member by the limit of its group; and how many are? */
bool adjout_member_held(const struct adjout_member *m, enum family f, uint32_t id);
uint32_t adjout_member_held_count(const struct adjout_member *m, enum family f);
/* Is a message for this audience one for the member? */
bool adjout_is_for(struct adjout_audience to, const struct adjout_member *m);
/* Is everything out that the group and its members are due (nothing pending, nobody detached, no End-of-RIB
 * due)? */
bool adjout_group_idle(const struct adjout_group *g);
size_t adjout_group_bytes(const struct adjout_group *g);

#endif
