/* SPDX-License-Identifier: Apache-2.0 */
/*
 * group: the encoded side of an export group: one stream of UPDATEs for all members.
 *
 * rib/adjout decides what is to be said; a group encodes it once into chunks, which
 * go into a ring bounded in octets. Each attached member is a cursor in the ring; it
 * pulls when its socket can write (group_member_iov), and a chunk leaves the ring when
 * all are past it. While the ring is full the group is paced: changes wait as bits.
 * One that holds up the others for GROUP_LAG_S is detached: it keeps references to
 * what it has not sent and is fed from bits afterwards. When most of them hold it up,
 * that pace is the group's, and only those that take nothing at all are detached.
 *
 * What a member sends is its own queue first (dumps, what it kept when it was
 * detached), then the stream from its cursor.
 *
 * No sockets here, no clock: time is passed in. Callers: the daemon's glue (changes,
 * drains, tick), peer (join, leave, refresh), session through peer (pulling).
 */
#ifndef BGPD_GROUP_H
#define BGPD_GROUP_H

#include "bgpd/chunk.h"
#include "rib/adjout.h"

#include <sys/uio.h>

#define GROUP_RING_OCTETS    (4u * 1024 * 1024)
#define GROUP_PRIVATE_OCTETS (256u * 1024) /* a member's own queue takes no more beyond this */
#define GROUP_LAG_S          5
#define GROUP_MSG_MAX        4096  /* RFC 4271 4.1 */
#define GROUP_MSG_MAX_EXT    65535 /* RFC 8654 3 */

struct group;
struct group_member;
struct group_out; /* where an encoder puts messages */

/* The owner's side. */
struct group_ops {
	void *ctx;
	/*
	 * Encodes ids, with this path id (0: without), with this outgoing set (0: withdrawals) in as many messages as it takes, of at most
	 * msg_max octets, each given to group_put. 0, or -EMSGSIZE (and nothing put) if the attributes leave
	 * no room for a prefix. With group_out_discards it leaves out those that a route can do without.
	 */
	int (*encode)(void *ctx, struct group *g, enum family f, uint32_t path_id, uint32_t out,
		      const uint32_t *ids, uint32_t n, size_t msg_max, struct group_out *to);
	/* Puts the End-of-RIB, or the ROUTE-REFRESH that is BoRR or EoRR (RFC 7313 3.2). */
	void (*mark)(void *ctx, struct group *g, enum family f, enum adjout_mark mark, struct group_out *to);
	/* The member has something to send and had nothing before. May not call back into the group. */
	void (*wake)(void *ctx, struct group_member *m);
	/* It cannot follow and too many are detached already: its session is to be reset, now or later. */
	void (*too_slow)(void *ctx, struct group_member *m);
	/* There are members for group_list_starved. May not call back into the group. */
	void (*starved)(void *ctx);
	/*
	 * n prefixes were withdrawn from m, or from all members without RFC 8654 where it is NULL, since their
	 * attributes do not fit: for the log.
	 */
	void (*too_long)(void *ctx, struct group *g, const struct group_member *m, enum family f, const uint32_t *ids,
			 uint32_t n);
};

/* All groups; the daemon has one, groups.adjout is what rib/adjout knows of it. */
struct group_list {
	struct adjout adjout;
	struct group_ops ops;
	uint32_t ring_max;    /* octets; GROUP_RING_OCTETS */
	uint32_t private_max; /* octets; GROUP_PRIVATE_OCTETS */
	uint32_t nmove_due;   /* members that wait for a place to move */
	uint32_t nstarved;    /* members that are starved */
	bool more;            /* of the last flush */
	struct chunk_pool chunks;
};

struct group {
	struct adjout_group out; /* groups are found through adjout.groups */
	struct group_list *list;
	void *owner;
	struct chunk **ring; /* by number & (cap - 1) */
	uint32_t ring_cap;
	uint64_t tail, head;     /* numbers of the oldest chunk and of the next */
	size_t ring_octets;      /* memory of the chunks in the ring */
	uint32_t readers;        /* attached members */
	uint32_t extended;       /* members with RFC 8654 */
	struct chunk_self self;  /* of the first member: written into the stream */
	bool wake;               /* something was appended since members were woken, */
	uint64_t woken_octets;   /* when that was the total */
	uint64_t chunks, octets; /* totals of the stream */
};

/* A place in a chunk. */
struct group_pos {
	uint32_t seg;
	uint32_t off; /* octets into the segment */
};

struct group_own {
	STAILQ_ENTRY(group_own) entry;
	struct chunk *chunk; /* a reference */
	struct group_pos pos;
};

/* Embedded in the peer. Set before group_member_join: out.source, out.nexthop, self, extended, owner. */
struct group_member {
	struct adjout_member out;
	struct chunk_self self;
	uint8_t self_len[FAMILY_COUNT]; /* octets of self as a next hop: 4, 16 or 32; 0: there is none. The owner's */
	bool extended; /* RFC 8654 negotiated */
	void *owner;

	struct group *group;
	STAILQ_HEAD(group_own_queue, group_own) own;
	size_t own_octets;    /* memory of the chunks in it */
	uint64_t cursor;      /* chunk of the stream; only while attached */
	struct group_pos pos; /* in that chunk */
	bool attached;
	bool awake;           /* has been woken and not yet run dry */
	bool starved;         /* group_list_starved */
	bool lagging;           /* holds up a full ring, */
	uint32_t lag_since_s;   /* since then */
	uint32_t stuck_since_s; /* has taken nothing of a full ring since then, */
	uint64_t stuck_octets;  /* when it had sent so many */
	bool move_due;          /* group_member_move found no place for it */
	uint64_t updates, refreshes, octets; /* sent, totals */
};

void group_list_init(struct group_list *l, const struct adjout_view *view, const struct group_ops *ops);
void group_list_fini(struct group_list *l); /* all groups are gone */

/* The group with this key, or NULL. */
struct group *group_find(struct group_list *l, const struct adjout_key *key);
struct group *group_new(struct group_list *l, const struct adjout_key *key, bool memoize, void *owner);
/* Without members only. */
void group_free(struct group *g);

/* Changes of n best paths, for all groups; see adjout_change. */
void group_list_change(struct group_list *l, struct adjout_news *news, unsigned n);
/*
 * End of a slice: encodes what is in the batches and wakes members. more: the next slice follows at once, so that
 * members are woken for a chunk's worth only, for as many as there are members up to sixteen, and have fewer calls to
 * make: that is a tenth of a second for 200 of them, and sixteen instead of four are a tenth of the rest.
 */
void group_list_flush(struct group_list *l, bool more);
/*
 * Resumable work, about budget prefixes a group; true: there is more to do now. idle: no prefix waits for a decision, so
 * that there is time to unpin.
 */
bool group_list_drain(struct group_list *l, bool idle, uint32_t budget);
/* Once a second or so. */
void group_list_tick(struct group_list *l, uint32_t now_s);

/* See the functions of the same name in rib/adjout.h. */
void group_member_join(struct group *g, struct group_member *m);
void group_member_leave(
    struct group_member *m); /* the rest of a message that was begun is lost: the session is over */
int group_member_move(struct group_member *m, struct group *to);
/*
 * A member whose move found no place and for which there is one now, or NULL. It waits no longer: the owner moves it,
 * to the group that is the right one by now. To be asked after group_list_drain.
 */
struct group_member *group_list_place(struct group_list *l);

/*
 * A member that there was no memory for: a message to it was lost, or it cannot be given its copy of one. Or NULL. It
 * gets nothing more, and its session is to be reset. What a group encodes for all is lost by all that were attached
 * then.
 */
struct group_member *group_list_starved(const struct group_list *l);

/* Has the owner's mark put for this member, behind all that it was told so far. */
void group_member_mark(struct group_member *m, enum family f, enum adjout_mark what);
/*
 * Fills at most max vectors with what is to be sent next; 0: nothing now, wake will be called. Of one that is starved
 * the rest of a message that was begun, no more.
 */
int group_member_iov(struct group_member *m, struct iovec *iov, int max);
/* So many octets of that were taken. */
void group_member_sent(struct group_member *m, size_t octets);
/* Octets left of a message that was begun; 0 at a boundary. */
size_t group_member_partial(const struct group_member *m);
/* Octets of messages that wait for it; some of what waits for several members may be for others. */
size_t group_member_backlog(const struct group_member *m);
/* Is there nothing to send at all? */
bool group_member_dry(struct group_member *m);

/* For the encoder: are these readers that the whole set is too long for? */
bool group_out_discards(const struct group_out *to);
/* For the encoder: a whole message; see chunk_add for the next hop. */
void group_put(struct group_out *to, const uint8_t *msg, size_t len, size_t nexthop_off, size_t nexthop_len);

#endif
