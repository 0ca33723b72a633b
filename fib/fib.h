/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fib: makes the kernel's routing table equal to a desired state.
 *
 * Two halves. This one lives in the main thread and keeps, per family and prefix
 * id, which next-hop set is wanted, which is known to be installed (changed only
 * by replies), and bitmaps of what must be sent. The other is a thread of its
 * own that does all netlink work (netlink.c): it is fed by a bounded ring of
 * operations and answers through a ring of events; the halves share no memory
 * and the thread keeps no state per route. What does not fit into the ring stays
 * a bit in the dirty bitmap and so coalesces by itself.
 *
 * fib knows prefixes and next-hop sets, not BGP. Prefix ids are the caller's;
 * fib asks for the prefix of an id only while that id is pinned (fib_pins).
 *
 * Rules: first installs are CREATE|EXCL, a replacement is a replace (never
 * delete-then-add), deletions carry our protocol number, so a foreign route is
 * never destroyed. ENOBUFS leads to a resync by dump, never to a guess. Routes of
 * an earlier run (same protocol and table) are adopted at start and swept by
 * fib_sweep(). A route of ours that somebody else deletes is put back. And since a
 * notification may be missed for reasons nobody has thought of, an audit compares
 * the kernel with what is wanted, slowly, round after round (audit.c).
 */
#ifndef FIB_FIB_H
#define FIB_FIB_H

#include "lib/addr.h"
#include "lib/bitmap.h"
#include "lib/loop.h"

#include <stdbool.h>
#include <stdint.h>

#define FIB_NH_MAX   64 /* next hops of one route */
#define FIB_ALSO_MAX 8  /* further tables that are watched */

enum fib_type { FIB_UNICAST = 0, FIB_BLACKHOLE, FIB_UNREACHABLE };

struct fib_nh {
	struct ip_addr
	    via; /* FAMILY_NONE: directly on the interface; an IPv6 via of an IPv4 route is RTA_VIA */
	uint32_t ifindex; /* 0: let the kernel find it */
	uint16_t weight;  /* 1..256 */
	bool onlink;
	uint8_t pad;
};

struct fib_config {
	uint32_t table;   /* 254 */
	uint32_t also[FIB_ALSO_MAX]; /* further tables whose routes are reported, ascending; 0: none. The main one is, unless alone */
	uint8_t protocol; /* rtm_protocol of our routes: 186 */
	uint32_t metric;  /* kernel priority where a route sets none; 0: the kernel's default */
	bool learn;       /* report foreign unicast routes of the table (always on for next-hop resolution) */
	bool keep_on_stop;    /* leave our routes in the kernel at fib_stop */
	bool nexthop_objects; /* use them where the kernel has them */
	bool alone;    /* of a VRF: nothing is reported of other tables, not even of the main one */
	bool by_table; /* other fibs have the same protocol number: this one is told from them by its table */
	uint32_t audit_s;     /* between two rounds of comparing the kernel with what is wanted; 0: never */
};

struct fib_link {
	uint32_t ifindex;
	uint32_t mtu;
	uint32_t flags;     /* IFF_* */
	uint32_t vrf;       /* ifindex of the VRF that it is in, a VRF's device its own; 0: none */
	uint32_t vrf_table; /* of a VRF's device; else 0 */
	char name[16];
	uint8_t mac[6];
	uint16_t type; /* ARPHRD_* */
	uint8_t mac_len;
	bool up; /* administratively up and with carrier (operstate up or unknown) */
	bool deleted;
	uint8_t zero; /* no padding: compared as memory */
};

struct fib_address {
	uint32_t ifindex;
	struct ip_addr addr;
	struct ip_addr peer;     /* of a point-to-point address, else FAMILY_NONE */
	struct ip_prefix subnet; /* masked connected prefix */
	bool deleted;
};

/* A route of a watched table that is not ours. */
struct fib_foreign {
	struct ip_prefix prefix;
	uint32_t table, metric;
	uint8_t protocol; /* RTPROT_*, e.g. 2 kernel, 3 boot, 4 static */
	uint8_t type;     /* enum fib_type */
	uint8_t scope;
	bool deleted;
	bool further; /* of a table of fib_config.also; the same when it is told deleted, whatever was configured meanwhile */
	uint16_t nh_count;
	const struct fib_nh *nh; /* nh_count of them; owned by fib, valid during the callback */
};

/* What fib tells its owner; all run in the main thread, from fib's event callback, in bounded portions. */
struct fib_callbacks {
	/* The prefix of an id that the owner gave to fib_route_set. */
	struct ip_prefix (*prefix_of)(void *ctx, enum family f, uint32_t id);
	/*
	 * The id that the owner has given to fib_route_set for this prefix, or BITMAP_END. May be NULL: a
	 * route of ours that somebody else deletes or changes is then found by a full dump, which is much
	 * more work.
	 */
	uint32_t (*id_of)(void *ctx, const struct ip_prefix *p);
	/* Something that pinned this id is gone; the owner may now free it (check fib_pins). May be NULL. */
	void (*unpinned)(void *ctx, enum family f, uint32_t id);
	void (*link)(void *ctx, const struct fib_link *l);
	void (*address)(void *ctx, const struct fib_address *a);
	/*
	 * A route is named by table, prefix and metric (and interface, where the prefix is link-local): the
	 * next one with the same name replaces it. Where fib_reconfigure takes effect those of tables that are not
	 * watched any more are told deleted before any of a new one.
	 */
	void (*foreign)(void *ctx, const struct fib_foreign *r);
	/* The first full dump of links, addresses and routes is in: next hops can be resolved now. */
	void (*synced)(void *ctx);
};

struct fib; /* opaque */

/* Starts the netlink thread. 0 or -errno, with one log line that says what to do (EPERM: CAP_NET_ADMIN). */
int fib_start(struct loop *loop, const struct fib_config *conf, const struct fib_callbacks *cb, void *ctx,
	      struct fib **out);
/* The same interface without a kernel: every operation succeeds; for tests and for hosts that only reflect.
 */
int fib_start_null(struct loop *loop, const struct fib_config *conf, const struct fib_callbacks *cb,
		   void *ctx, struct fib **out);
/*
 * Orderly stop: removes our routes unless keep_on_stop (or keep says so), then ends the thread and frees.
 * Waits for the thread, at most max_wait_ms; the only call that may block, used once at exit.
 */
void fib_stop(struct fib *fib, bool keep, unsigned max_wait_ms);
/* New settings from a reload. A changed table, protocol or metric moves all routes. */
void fib_reconfigure(struct fib *fib, const struct fib_config *conf);

/*
 * Interns a set of next hops (order does not matter, duplicates are merged, nh_count ≤ FIB_NH_MAX) and
 * returns its id (≠ 0) with one reference taken. FIB_BLACKHOLE and FIB_UNREACHABLE take no next hops.
 */
uint32_t fib_nhset_intern(struct fib *fib, enum fib_type type, const struct fib_nh *nh, unsigned nh_count);
void fib_nhset_unref(struct fib *fib, uint32_t nhset);
/* The set's content, for show; returns the count and type. */
unsigned fib_nhset_get(const struct fib *fib, uint32_t nhset, const struct fib_nh **nh, enum fib_type *type);

/* Wants prefix id routed by nhset with kernel priority metric (0: the configured one). Takes its own
 * reference. */
void fib_route_set(struct fib *fib, enum family f, uint32_t id, uint32_t nhset, uint32_t metric);
void fib_route_del(struct fib *fib, enum family f, uint32_t id);
/* Is any route of the family wanted in the kernel? */
bool fib_wants_any(const struct fib *fib, enum family f);
uint32_t fib_wanted_count(const struct fib *fib, enum family f); /* how many */
/* Does fib still need this id (wanted, in flight, or installed)? */
bool fib_pins(const struct fib *fib, enum family f, uint32_t id);

enum fib_state { FIB_ABSENT, FIB_PENDING, FIB_INSTALLED, FIB_FAILED };
/*
 * Paths are about to be taken out, a neighbour's or those over a next hop, and many routes may move from
 * their next hops to a part of them. Where nexthop objects are used, the kernel is then told ahead of the
 * single routes.
 */
void fib_paths_going(struct fib *fib);

/* State of one id for show fib; *nhset (may be 0), *metric and *error (errno, 0: none) are filled in. */
enum fib_state fib_route_get(const struct fib *fib, enum family f, uint32_t id, uint32_t *nhset,
			     uint32_t *metric, int *error);
/* When a failed one is tried again even if nothing happens; false: it waits for its link. */
bool fib_route_retry(const struct fib *fib, enum family f, uint32_t id, uint32_t *in_s);
/* First id ≥ from that is wanted or installed, or BITMAP_END: show fib walks with it. */
uint32_t fib_route_next(const struct fib *fib, enum family f, uint32_t from);

/* Deletes routes of an earlier run that nobody has asked for since: after End-of-RIB or a timer. */
void fib_sweep(struct fib *fib);
/* After fib_sweep and without a route that is wanted: is all of ours out of the kernel, so that fib_stop need not wait? */
bool fib_is_empty(const struct fib *fib);

/* What an audit finds that no notification has told: each is repaired. */
enum fib_drift {
	FIB_DRIFT_MISSING,         /* a route of ours is not there */
	FIB_DRIFT_EXTRA,           /* one is there that is not wanted */
	FIB_DRIFT_NEXTHOPS,        /* one has other next hops */
	FIB_DRIFT_TYPE,            /* one is of another type: a blackhole for a unicast one */
	FIB_DRIFT_OBJECT_MISSING,  /* a nexthop object is not there */
	FIB_DRIFT_OBJECT_EXTRA,    /* one is there that is not wanted */
	FIB_DRIFT_OBJECT_NEXTHOPS, /* one has other next hops or members */
	FIB_DRIFT_COUNT
};

/* Why the kernel has refused something. */
enum fib_refusal {
	FIB_REFUSAL_EXISTS,      /* somebody else has such a route, or object */
	FIB_REFUSAL_UNREACHABLE, /* a next hop is not on a link that is up */
	FIB_REFUSAL_MEMORY,      /* a shortage, or a limit of the kernel's */
	FIB_REFUSAL_PERMISSION,
	FIB_REFUSAL_INVALID,     /* it does not know what it was asked for */
	FIB_REFUSAL_OTHER,
	FIB_REFUSAL_COUNT
};
enum fib_refusal fib_refusal_of(int error); /* errno */

struct fib_stats {
	uint64_t ops, batches, replies, errors, resyncs,
	    restored; /* restored: deleted by others and put back */
	uint64_t refused[FIB_REFUSAL_COUNT]; /* of the errors, by enum fib_refusal */
	uint32_t objects;                    /* numbers of nexthop objects that sets of next hops have */
	uint32_t wanted, installed, failed,
	    adopted; /* adopted: routes of an earlier run not yet claimed or swept */
	uint32_t adopted_of[FAMILY_COUNT]; /* the same of each family */
	uint64_t audits;                 /* rounds that came to their end */
	uint64_t drift[FIB_DRIFT_COUNT]; /* by enum fib_drift, since the start */
	uint32_t audit_age_s;            /* since the last of those rounds; UINT32_MAX: there was none */
	uint32_t audit_ms;               /* how long it took */
	size_t memory_bytes;
};
void fib_stats_get(const struct fib *fib, struct fib_stats *out);

#endif
