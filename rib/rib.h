/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rib: paths of all prefixes, which are Adj-RIB-In and Loc-RIB in one.
 *
 * A path belongs to a source (a neighbour, or the daemon's own networks, statics,
 * connected or kernel routes), of which a prefix has one, or several with ADD-PATH:
 * they are told apart by the neighbour's path id. It names its attributes after import
 * policy; where those differ from what was received, the received ones are kept beside.
 * rib_apply writes operations and marks each changed prefix dirty once, noting
 * what was best before; rib_decide_run decides dirty prefixes in portions and
 * tells the owner what changed. A path whose generation is not its source's is
 * stale: graceful restart, enhanced refresh and peer-down begin in O(1) and end
 * with a sweep (rib/walk).
 *
 * No clock, no sockets, no configuration: the same calls give the same result.
 * RFC 4271 3.2 and 9.1, RFC 4724, RFC 7313, RFC 7911.
 */
#ifndef RIB_RIB_H
#define RIB_RIB_H

#include "lib/addr.h"
#include "lib/bitmap.h"
#include "rib/attr.h"
#include "rib/nexthop.h"
#include "rib/prefix.h"

#include <stdbool.h>
#include <stdint.h>

/* Flags of a path. The high four bits hold enum rib_reject. */
#define RIB_PATH_BEST         0x01
#define RIB_PATH_MULTIPATH    0x02 /* in the multipath set; set only where that has two members or more */
#define RIB_PATH_CHANGED      0x04 /* since the last decision, where rib_track_paths is on */
#define RIB_PATH_SIDE         0x08 /* the received set differs from attr: rib_path_received() */
#define RIB_PATH_REJECT_SHIFT 4

struct rib_path {
	attr_id attr;    /* effective attributes, a reference; 0: no path here */
	uint32_t next;   /* handle of a further path of the prefix, 0: none */
	uint32_t time_s : 31; /* monotonic seconds of the last change */
	uint32_t has_id : 1;  /* the record is a longer one with a path id: rib_path_id() */
	uint16_t source;
	uint8_t gen; /* the source's generation when it was last announced */
	uint8_t flags;
};
_Static_assert(sizeof(struct rib_path) == 16, "a path is sixteen octets");
/* A path with an id (RFC 7911) other than 0. */
struct rib_path_with_id {
	struct rib_path path;
	uint32_t path_id;  /* the neighbour's */
	attr_id received;  /* a reference; 0: as path.attr */
	uint16_t number;   /* among the source's paths of the prefix, from 1: stays as long as the path does */
	uint16_t pad;
};
_Static_assert(sizeof(struct rib_path_with_id) == 28, "with an id it is 28");
/* So many paths a source may have of a prefix: further ones are not kept. A bound on what a search costs. */
#define RIB_PATHS_MAX 1024
/* With its first path inside a prefix record is 24 octets for IPv4 and 36 for IPv6. */
_Static_assert(sizeof(struct prefix_key) == 4, "length, flags and two octets before the address");

/* Why a path is rejected; at most 15 values. Words: rib_reject_name(). */
enum rib_reject {
	RIB_REJECT_NONE = 0,
	RIB_REJECT_POLICY,          /* import policy */
	RIB_REJECT_NO_POLICY,       /* eBGP without an import policy, RFC 8212 */
	RIB_REJECT_AS_LOOP,         /* own AS in the path, RFC 4271 9.1.2 */
	RIB_REJECT_ORIGINATOR_LOOP, /* own router id, RFC 4456 8 */
	RIB_REJECT_CLUSTER_LOOP,    /* own cluster id, RFC 4456 8 */
	RIB_REJECT_FIRST_AS,        /* the leftmost AS is not the neighbour's, RFC 4271 6.3 */
	RIB_REJECT_NEXTHOP,         /* next hop is an address of our own or unusable, RFC 4271 5.1.3 */
	RIB_REJECT_ROUTE_LEAK,      /* RFC 9234 */
	RIB_REJECT_MAX_PREFIX,      /* over the limit whose action is block */
	RIB_REJECT_ORIGIN_INVALID,  /* RFC 6811 */
	RIB_REJECT_COUNT
};

/* Where a path stands in its prefix: a word for show (rib_reason_name), in the order of the decision's steps.
 */
enum rib_reason {
	RIB_REASON_BEST = 0,
	RIB_REASON_MULTIPATH,  /* not best, but used beside it */
	RIB_REASON_UNDECIDED,  /* would be one of them, or is no more, when the prefix is decided */
	RIB_REASON_REJECTED,   /* see enum rib_reject */
	RIB_REASON_UNRESOLVED, /* next hop not resolved */
	RIB_REASON_LLGR_STALE, /* has LLGR_STALE, and another has not (RFC 9494 4.2) */
	RIB_REASON_PREFERENCE,
	RIB_REASON_LOCAL_PREF,
	RIB_REASON_LOCAL_ORIGIN, /* another is locally originated */
	RIB_REASON_PATH_LENGTH,
	RIB_REASON_ORIGIN,
	RIB_REASON_MED,
	RIB_REASON_EBGP, /* another is from eBGP */
	RIB_REASON_IGP_METRIC,
	RIB_REASON_ROUTER_ID, /* or ORIGINATOR_ID */
	RIB_REASON_CLUSTER_LENGTH,
	RIB_REASON_NEIGHBOR_ADDRESS,
	RIB_REASON_PATH_ID, /* another of the same neighbour has a lower one */
	RIB_REASON_COUNT
};

enum rib_source_kind {
	RIB_SOURCE_BGP,
	RIB_SOURCE_NETWORK,
	RIB_SOURCE_STATIC,
	RIB_SOURCE_CONNECTED,
	RIB_SOURCE_KERNEL,
	RIB_SOURCE_AGGREGATE,
	RIB_SOURCE_KIND_COUNT
};
enum rib_peer_type { RIB_PEER_NONE, RIB_PEER_IBGP, RIB_PEER_EBGP, RIB_PEER_CONFED };

/* The owner fills in what is marked *; the rest is the RIB's. Pointers stay good until rib_source_remove. */
struct rib_source {
	uint16_t index;     /* ≥ 1 */
	uint8_t kind;       /* enum rib_source_kind */
	uint8_t gen[FAMILY_COUNT];        /* generation of paths announced now */
	uint8_t oldest_gen[FAMILY_COUNT]; /* no path is older */
	uint8_t peer_type;  /* * enum rib_peer_type; after a change of the six marked, what has paths of it is
			       to be touched with RIB_CHANGE_REDO */
	bool rr_client;     /* * */
	bool rs_client;     /* * */
	bool removed;
	uint32_t router_id;              /* * BGP identifier, host order */
	uint32_t as;                     /* * remote AS */
	struct ip_addr addr;             /* * */
	void *owner;                     /* *; NULL once it is removed and only changes still name it */
	uint32_t dirty_refs;             /* dirty entries that name it */
	struct bitmap ids[FAMILY_COUNT];  /* prefixes where it has a path */
	struct bitmap best[FAMILY_COUNT]; /* where its path was the best one when last decided */
	uint32_t received[FAMILY_COUNT]; /* its paths, with rejected ones */
	uint32_t with_id[FAMILY_COUNT];  /* those of them with a path id */
	uint32_t accepted[FAMILY_COUNT];
	uint32_t blocked[FAMILY_COUNT]; /* rejected for RIB_REJECT_MAX_PREFIX */
	uint32_t vacated[FAMILY_COUNT]; /* paths that were not and are gone: a total, may wrap */
	/*
	 * * 0: none. A path that is new, or a blocked one, is kept as rejected
	 * (RIB_REJECT_MAX_PREFIX) when so many others of the family are there already. A lower limit throws
	 * nothing out; when there is room again the owner announces blocked paths anew.
	 */
	uint32_t limit[FAMILY_COUNT];
	/*
	 * * RIB_CAP_NONE, or how many paths it may have while there is to be no more memory. A new one beyond is not kept
	 * at all, unless a record is free for it (rib/spare.h): nothing is left of it but that it was refused. What is there
	 * may always change.
	 */
	uint32_t cap[FAMILY_COUNT];
	/*
	 * * While it has a cap: octets of attribute sets that its paths take more than when this was 0, and how many they may.
	 * A path that would take too many more is refused, too, and if it replaces one then that is gone: it is not what the
	 * neighbour says any more.
	 */
	int64_t grown, may_grow;
	int64_t grown_from, grown_settled; /* where that began, and was when it was last settled (rib/growth.h) */
	int64_t larger;                    /* * the same as if no two paths shared a set: exact */
	int64_t beyond_settled;            /* grown less that, when it was last settled */
	int64_t grown_by_policy, larger_by_policy; /* what a policy of ours has made more, which is in neither */
	uint32_t missing[FAMILY_COUNT]; /* * refused ones, less those withdrawn since: about what it would have more; until reset */
	uint64_t refused;               /* a total of both families */
	bool misses;                    /* * some were refused, until reset */
};
#define RIB_CAP_NONE   UINT32_MAX
#define RIB_SOURCE_MAX 65535

/* An operation: announce (or replace) or withdraw the source's path of a prefix. */
struct rib_op {
	struct ip_prefix prefix; /* masked */
	bool withdraw;
	uint8_t reject; /* enum rib_reject; not NONE: the path is kept as rejected */
	uint32_t hash;  /* rib_hash() */
	attr_id received;  /* as received; rib_apply takes references of its own */
	attr_id effective; /* after import policy; ignored when rejected */
	uint32_t path_id;  /* RFC 7911; 0 without */
};

enum rib_queue { RIB_URGENT, RIB_BULK, RIB_QUEUE_COUNT };

/* What a change is about; several may be set. */
#define RIB_CHANGE_BEST    0x01 /* attributes or source of the best path, or there is none now */
#define RIB_CHANGE_SET     0x02 /* the multipath set */
#define RIB_CHANGE_NEXTHOP 0x04 /* the way to the next hop of a path in use */
#define RIB_CHANGE_REDO    0x08 /* asked for with rib_prefix_touch */

#define RIB_CHANGE_PATHS   0x10 /* any path came, changed (RIB_PATH_CHANGED) or went; while rib_track_paths is on */

/* The best path of one prefix before and after. The old attributes are good during the callback only. */
struct rib_change {
	enum family family;
	uint32_t id;
	unsigned what;
	attr_id old_attr; /* 0: there was none */
	uint16_t old_source;
	bool needed; /* the owner's answer: it needs the id from now on, paths or not, so that pinned need not be asked */
	const struct rib_path *best; /* NULL: none now */
};

/* So many changes are told together: what stands between the RIB and the export groups is then passed once for all. */
#define RIB_TOLD_MAX 32

struct rib_callbacks {
	/*
	 * Decided prefixes that changed, RIB_TOLD_MAX at most, each another one, in the order of their decision. May not apply,
	 * walk or unpin.
	 */
	void (*change)(void *ctx, struct rib_change *c, unsigned n);
	/* Does the owner still need the id of a prefix without paths? NULL: never. */
	bool (*pinned)(void *ctx, enum family f, uint32_t id);
	void *ctx;
};

struct rib_config {
	uint32_t default_local_pref;             /* where a path has none: 100 */
	uint16_t multipath_ebgp, multipath_ibgp; /* largest set; 1 or 0: no multipath */
	bool as_path_relax; /* multipath members may differ in AS path, not in its length */
	uint8_t zero[3];    /* no padding: compared as memory */
};

struct rib; /* opaque */

/* attrs and nexthops are used, not owned, and must outlive it; next hops are looked up in this RIB. cb is
 * copied. */
struct rib *rib_new(struct attr_table *attrs, struct nexthop_table *nexthops, const struct rib_callbacks *cb,
		    uint64_t seed);
void rib_free(struct rib *rib);
void rib_config_get(const struct rib *rib, struct rib_config *out);
void rib_config_set(struct rib *rib, const struct rib_config *conf); /* the owner then touches all prefixes */

/* Is somebody interested in paths other than the best and those used beside it? */
void rib_track_paths(struct rib *rib, bool on);

/* A new source with nothing in it, or NULL when all numbers are taken. */
struct rib_source *rib_source_add(struct rib *rib, enum rib_source_kind kind);
struct rib_source *rib_source_get(const struct rib *rib,
				  uint16_t index); /* index as in a path; ASSERTs it exists */
/* Gives a source back that has no paths (sweep it first: false otherwise). Its number is reused once no
 * change names it. */
bool rib_source_remove(struct rib *rib, struct rib_source *s);
/*
 * From now on all its paths of a family (FAMILY_NONE: of both) are stale until announced again: a peer went
 * down, or refreshes. False and nothing done when 255 generations wait for a sweep.
 */
bool rib_source_stale(struct rib_source *s, enum family f);
/* May a new session begin? Not while so many unswept generations wait that the number could wrap. */
bool rib_source_ready(const struct rib_source *s);
/* Would a further prefix of the family be within the limit? */
bool rib_source_has_room(const struct rib_source *s, enum family f);

/* The hash for rib_op. */
uint32_t rib_hash(const struct rib *rib, const struct ip_prefix *p);
/*
 * Applies operations of one source in order; returns how many changed something. now_s: monotonic seconds.
 * What would be more than RIB_PATHS_MAX paths of a prefix is left out, and counted in rib_stats.
 */
unsigned rib_apply(struct rib *rib, struct rib_source *s, const struct rib_op *ops, unsigned n,
		   uint32_t now_s, enum rib_queue q);

/* Decides up to budget dirty prefixes of a queue; returns how many are left in it. */
uint32_t rib_decide_run(struct rib *rib, enum rib_queue q, uint32_t budget);
uint32_t rib_dirty_count(const struct rib *rib, enum rib_queue q);
/*
 * Does the prefix wait for the decision? Then rib_best is not what was told last (its attributes may be
 * newer, or it is gone), and if all comes back to what was, nothing will be told: who sends the best path
 * outside of the change callback leaves such a prefix for later, or touches it with RIB_CHANGE_REDO.
 */
bool rib_prefix_dirty(const struct rib *rib, enum family f, uint32_t id);
/* A point in time: rib_decision_done says whether everything is decided that was dirty then. */
uint64_t rib_decision_mark(const struct rib *rib);
bool rib_decision_done(const struct rib *rib, uint64_t mark);
/* Has it decided again and tells the owner of it, whatever comes out; what: RIB_CHANGE_NEXTHOP or _REDO. */
void rib_prefix_touch(struct rib *rib, enum family f, uint32_t id, enum rib_queue q, unsigned what);
/* The owner's pin is gone: frees the id if nothing else needs it. Not from the change callback. */
void rib_prefix_unpin(struct rib *rib, enum family f, uint32_t id);
/* The same for many, of which each waits less for memory; some dozens at a time. */
void rib_prefix_unpin_all(struct rib *rib, enum family f, const uint32_t *ids, unsigned n);

/* Looking: ids of prefixes, 0 for none. */
uint32_t rib_find(const struct rib *rib, const struct ip_prefix *p);
uint32_t rib_match(const struct rib *rib, const struct ip_addr *a); /* longest match that has a best path */
struct ip_prefix rib_prefix(const struct rib *rib, enum family f, uint32_t id);
void rib_prefix_get(const struct rib *rib, enum family f, uint32_t id, struct ip_prefix *out); /* the same in place */
void rib_prefix_fetch(const struct rib *rib, enum family f, uint32_t id); /* asks the cache for what that reads */
const struct rib_path *rib_best(const struct rib *rib, enum family f,
				uint32_t id); /* as last decided; NULL: none */
const struct rib_path *rib_path_first(const struct rib *rib, enum family f, uint32_t id); /* NULL: none */
const struct rib_path *rib_path_next(const struct rib *rib, enum family f, const struct rib_path *p);
/* The source's path with this id; the first of its paths, in no order; the next one of the same source. */
const struct rib_path *rib_path_by_id(const struct rib *rib, enum family f, uint32_t id, uint16_t source,
				      uint32_t path_id);
const struct rib_path *rib_path_of(const struct rib *rib, enum family f, uint32_t id, uint16_t source);
const struct rib_path *rib_path_of_next(const struct rib *rib, enum family f, const struct rib_path *p);
/* The received attributes of a path, borrowed: its own attr unless policy changed it. */
attr_id rib_path_received(const struct rib *rib, enum family f, uint32_t id, const struct rib_path *p);
bool rib_path_stale(const struct rib *rib, enum family f, const struct rib_path *p);
static inline enum rib_reject
rib_path_reject(const struct rib_path *p)
{
	return (enum rib_reject)(p->flags >> RIB_PATH_REJECT_SHIFT);
}
/* Takes no part in the decision; attr is the received set. */
static inline bool
rib_path_rejected(const struct rib_path *p)
{
	return rib_path_reject(p) != RIB_REJECT_NONE;
}
/* As the neighbour gave it, 0 without ADD-PATH. */
static inline uint32_t
rib_path_id(const struct rib_path *p)
{
	return p->has_id ? ((const struct rib_path_with_id *)(const void *)p)->path_id : 0;
}
/*
 * The usable paths of a prefix, best first: the second is what would be best without the first, and so on. Returns how many,
 * at most max. Of all of them, if there are not more, the order is any.
 */
unsigned rib_rank(struct rib *rib, enum family f, uint32_t id, const struct rib_path **out, unsigned max);
/* May it be used: accepted, and its next hop resolved? */
bool rib_path_usable(const struct rib *rib, const struct rib_path *p);
/* Its number among its source's paths of the prefix: 0 without an id, else 1..RIB_PATHS_MAX - 1; it stays as long as the path does. */
static inline uint32_t
rib_path_number(const struct rib_path *p)
{
	return p->has_id ? ((const struct rib_path_with_id *)(const void *)p)->number : 0;
}
/* Calls fn for each path with the step that decided on it, computed anew; RIB_REASON_UNDECIDED where its flags say otherwise. */
void rib_why(struct rib *rib, enum family f, uint32_t id,
	     void (*fn)(void *ctx, const struct rib_path *p, enum rib_reason reason), void *ctx);
const char *rib_reason_name(enum rib_reason r);
const char *rib_reject_name(enum rib_reject r);
const char *rib_source_kind_name(enum rib_source_kind k); /* bgp network static connected kernel aggregate */

/* One kind of thing that memory is used for; count 0: there is nothing to count. */
struct rib_part {
	const char *name;
	uint64_t count;
	size_t bytes;
};
#define RIB_PARTS 9

struct rib_stats {
	uint32_t prefixes[FAMILY_COUNT], paths[FAMILY_COUNT];
	uint32_t paths_of[RIB_SOURCE_KIND_COUNT][FAMILY_COUNT]; /* of the paths */
	uint32_t rejected[FAMILY_COUNT];                        /* likewise: by import policy, a loop, a limit, … */
	uint32_t undecided;                                     /* prefixes that wait for the decision */
	uint64_t decisions, changes; /* totals: prefixes decided, and those of them that somebody was told of */
	uint64_t paths_left_out; /* over RIB_PATHS_MAX, a total */
	size_t bytes; /* records, indexes, queues and bitmaps; not attribute sets: the sum of the parts */
	struct rib_part parts[RIB_PARTS];
};
void rib_stats(const struct rib *rib, struct rib_stats *out);

#endif
