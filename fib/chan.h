/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chan: what the two halves of fib say to each other.
 *
 * Two rings of fixed-size records, copied by value: operations from the main
 * thread, events from the netlink thread. Order is kept within each ring, and
 * the protocol leans on it: a next-hop set is defined before the first route
 * that names it and freed after the last; a route's reply comes before any
 * notification that the kernel sent later; a nexthop object's operation stands
 * before those of the routes that name it. A set, an object or a route with more
 * than one next hop is a head record followed by one record for each next hop.
 *
 * The back end (the netlink thread, or the null one) answers every FIB_OP_ROUTE
 * and FIB_OP_NEXTHOP with one FIB_EV_RESULT, FIB_OP_WATCH with a SYNC_BEGIN … SYNC_END,
 * FIB_OP_AUDIT with one FIB_EV_AUDIT_END, and
 * FIB_OP_STOP with FIB_EV_STOPPED, its last word.
 */
#ifndef FIB_CHAN_H
#define FIB_CHAN_H

#include "fib/fib.h"
#include "lib/ring.h"

#include <linux/rtnetlink.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define FIB_OPS_RING    4096u
#define FIB_EVENTS_RING 8192u
#define FIB_ID_NONE     UINT32_MAX /* a route that has no prefix id: one of an earlier run */

enum fib_op_kind {
	FIB_OP_NHSET = 1, /* nhset, type, count; followed by count × FIB_OP_NH; or nhid, and none */
	FIB_OP_NH,
	FIB_OP_NEXTHOP, /* a nexthop object; followed by count × FIB_OP_NH */
	FIB_OP_NHSET_FREE,
	FIB_OP_ROUTE,
	FIB_OP_WATCH,  /* watch these (and the main table, unless alone) from now on, and dump everything */
	FIB_OP_RESYNC, /* dump everything again, as after a lost notification */
	FIB_OP_AUDIT,  /* read slowly what the kernel has of ours */
	FIB_OP_STOP,
};

enum fib_verb {
	FIB_ADD,     /* CREATE|EXCL: fails with EEXIST where the key is taken */
	FIB_REPLACE, /* CREATE|REPLACE: only where the key is known to be ours */
	FIB_DEL,
};

/* Which of the routes of an id an operation is about; echoed in the reply. */
enum fib_what {
	FIB_WHAT_ROUTE,   /* the current one */
	FIB_WHAT_STALE,   /* the one with the metric of before */
	FIB_WHAT_OLD,     /* the one under the former configuration */
	FIB_WHAT_MOVE,    /* replaces the one of the former configuration in its place */
	FIB_WHAT_SWEEP,   /* one of an earlier run, without an id */
	FIB_WHAT_NEXTHOP, /* none: the operation is about the nexthop object of a next-hop set */
	FIB_WHAT_EXTRA,   /* one that the audit has found, without an id */
};

struct fib_op_route {
	uint8_t verb, what, family, plen;
	uint8_t protocol;
	bool object; /* it names the set's nexthop object; echoed in the reply */
	uint8_t pad[2];
	uint32_t id, nhset, metric, table;
	uint8_t dst[16];
};

struct fib_op_nexthop {
	uint8_t verb, protocol, count;
	bool group; /* the next hops are other objects, their numbers in ifindex */
	uint32_t nhid;
	uint32_t nhset; /* whose it is; 0: nobody's any more */
};

struct fib_op_watch {
	uint32_t table;
	uint8_t protocol; /* ours: routes with it in another table are other fibs' of ours, and not told */
	bool alone;       /* no other table, not even the main one */
	uint32_t also[FIB_ALSO_MAX]; /* as in struct fib_config */
};

static inline struct fib_op_watch
fib_watch_of(const struct fib_config *conf)
{
	struct fib_op_watch w = {.table = conf->table, .protocol = conf->protocol, .alone = conf->alone};

	memcpy(w.also, conf->also, sizeof w.also);
	return w;
}

/* Is the table one of the further ones, as in struct fib_config? */
static inline bool
fib_is_further(const uint32_t also[FIB_ALSO_MAX], uint32_t table)
{
	for (unsigned i = 0; i < FIB_ALSO_MAX && also[i] != 0; i++)
		if (also[i] == table)
			return true;
	return false;
}

/* Are routes of this protocol in this table told? Of ours only those in our table. */
static inline bool
fib_watches(const struct fib_op_watch *w, uint32_t table, uint8_t protocol)
{
	if (table == w->table || protocol == w->protocol || w->alone)
		return table == w->table;
	return table == RT_TABLE_MAIN || fib_is_further(w->also, table);
}

struct fib_op_audit {
	uint32_t table;
	uint8_t protocol;
	bool objects; /* nexthop objects too */
};

struct fib_op {
	uint8_t kind, pad[3];
	union {
		struct {
			uint32_t id;
			uint8_t type, pad;
			uint16_t count;
			uint32_t nhid; /* ≠ 0: routes of the set name this nexthop object */
		} nhset;
		struct fib_nh nh;
		struct fib_op_nexthop nexthop;
		struct fib_op_route route;
		struct fib_op_audit audit;
		struct fib_op_watch watch;
	} u;
};
_Static_assert(sizeof(struct fib_op) <= 64, "an operation is a cache line at most");

enum fib_ev_kind {
	FIB_EV_RESULT = 1,
	FIB_EV_SYNC_BEGIN, /* a full dump follows: what is not seen in it is gone */
	FIB_EV_SYNC_END,
	FIB_EV_LINK,
	FIB_EV_ADDRESS,
	FIB_EV_ROUTE, /* of a watched table; nh_count > 1: followed by nh_count - 1 × FIB_EV_NH */
	FIB_EV_NH,
	FIB_EV_NEXTHOP, /* a nexthop object, anybody's; count > 1: followed by count - 1 × FIB_EV_NH */
	FIB_EV_OBJECTS, /* objects: does the kernel have nexthop objects? In a dump, after them, before routes
			 */
	FIB_EV_AUDIT_END, /* complete: what FIB_OP_AUDIT asked for was told, and all notifications until then
			   */
	FIB_EV_STOPPED,
};

struct fib_ev_result {
	uint8_t verb, what, family;
	bool last; /* the last reply of a batch */
	bool object;
	bool unsure; /* a reply was lost: it may have been carried out before, whatever the error says */
	uint32_t id, metric; /* FIB_WHAT_NEXTHOP: the set, and the object's number */
	uint32_t nhset;
	int32_t error; /* 0 or errno, positive */
};

#define FIB_RT_DELETED  1u  /* RTM_DELROUTE */
#define FIB_RT_REPLACED 2u  /* took the place of whatever had the same key */
#define FIB_RT_APPENDED 4u  /* added behind others with the same key */
#define FIB_RT_NHS_ONLY 8u  /* a deletion of the next hops listed, not of the whole route (IPv6) */
#define FIB_RT_AUDIT    32u /* told by an audit, not a notification or a dump of everything */
#define FIB_RT_OBJECT   16u /* the first next hop is none: its ifindex is the nexthop object's number */

struct fib_ev_route {
	uint8_t dst[16];
	uint8_t family, plen, tos, protocol;
	uint8_t rtm_type, scope, flags; /* RTN_*, RT_SCOPE_*, FIB_RT_* */
	uint8_t nh_count;
	uint32_t table, metric;
	uint32_t prefsrc; /* IPv4, network order as bytes; 0: none */
};

struct fib_ev_nh { /* struct fib_nh without its padding */
	uint8_t via[16];
	uint32_t ifindex;
	uint16_t weight;
	uint8_t via_family;
	bool onlink;
};

struct fib_ev_nexthop {
	uint32_t nhid;
	uint8_t protocol, count;
	bool group; /* the next hops are other objects, their numbers in ifindex */
	bool deleted;
	bool audit; /* as FIB_RT_AUDIT */
};

struct fib_ev {
	uint8_t kind, pad[3];
	union {
		struct fib_ev_result result;
		struct {
			uint32_t ifindex, mtu, flags;
			uint32_t vrf, vrf_table; /* as in struct fib_link */
			uint16_t type;
			uint8_t mac_len;
			bool up, deleted;
			uint8_t mac[6];
			char name[16];
		} link;
		struct {
			uint32_t ifindex;
			uint8_t addr[16], peer[16];
			uint8_t family, plen;
			bool has_peer, deleted;
		} address;
		struct {
			struct fib_ev_route r;
			struct fib_ev_nh nh; /* the first one, where nh_count > 0 */
		} route;
		struct {
			struct fib_ev_nexthop n;
			struct fib_ev_nh nh; /* the first one, where count > 0 */
		} nexthop;
		struct fib_ev_nh nh;
		bool objects;
		bool complete;
	} u;
};
_Static_assert(sizeof(struct fib_ev) <= 64, "an event is a cache line at most");

struct fib_chan {
	struct ring ops, events;
	/*
	 * The main thread's, when it has waited long enough: the back end carries out what is in the ring, and reads
	 * nothing any more.
	 */
	_Atomic bool give_up;
};

/* What carries out the operations. */
struct fib_backend {
	const char *name;
	/* Starts consuming chan->ops; loop is the main thread's. 0 or -errno, already logged. */
	int (*start)(struct fib_chan *chan, struct loop *loop, void **self);
	/* Does one portion in the caller's thread; NULL where a thread of its own does the work. */
	void (*pump)(void *self);
	/* After FIB_EV_STOPPED was seen: joins and frees. */
	void (*join)(void *self);
};
extern const struct fib_backend fib_backend_netlink, fib_backend_null;

/* The main-thread half over any back end; fib_start and fib_start_null are made of it. */
int fib_start_on(const struct fib_backend *backend, struct loop *loop, const struct fib_config *conf,
		 const struct fib_callbacks *cb, void *ctx, struct fib **out);

#endif
