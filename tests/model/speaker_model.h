/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_model: the whole daemon between its sockets, against a list and a sort.
 *
 * The real bgpd runs: configuration, neighbours with their state machines, UPDATE
 * in, RIB, next hops, policies, export groups, UPDATE out. What is replaced, at
 * link time, is its rim: time and timers (speaker_clock), memory (speaker_memory), connections
 * (speaker_session), the kernel (speaker_fib, speaker_links). All of them are random but
 * repeatable: the same seed gives the same run.
 *
 * With every third seed there are several tables (speaker_tables): neighbours are in one of them each, some with
 * the same address as one of another table.
 *
 * Beside it stands the model (speaker_oracle): what each neighbour has announced,
 * the configuration as plain structs (speaker_conf), and the rules told in the
 * simplest way, with everything computed anew each time. speaker_wire turns
 * routes into octets and back.
 */
#ifndef TESTS_SPEAKER_MODEL_H
#define TESTS_SPEAKER_MODEL_H

#include "bgpd/attr_codec.h"
#include "bgpd/daemon.h"
#include "bgpd/drain.h"
#include "bgpd/open.h"
#include "bgpd/session.h"
#include "lib/addr.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/queue.h>

#define NPEER   10
#define NPREFIX 35 /* a family */
#define NAGG    3
#define NLINK   3
#define PATH_MAX_AS 16

/*
 * A path to a prefix is a number: neighbour p has NSLOT of them, from p * NSLOT on, of which the later ones need
 * ADD-PATH; then come our networks and our aggregates.
 */
#define NSLOT     3
#define OWN       (NPEER * NSLOT)
#define AGGREGATE (OWN + 1)
#define NPATH     (OWN + 2)
#define RANGE_SHARED 6u /* whose range the last neighbour may be in, too */
#define NTOLD     (NPATH + 16) /* paths to a prefix that a neighbour may be told at a time: some may be of the past */

/* Where neighbours may be: the main table, that of a VRF, and one of a number, which shares the main one's links. */
enum { TABLE_MAIN, TABLE_VRF, TABLE_BESIDE, NTABLE };
/* Who has links of its own; and tables of the kernel: the VRF's is one of those that are not the main one. */
enum { DOMAIN_MAIN, DOMAIN_VRF, NDOMAIN };
enum { KERNEL_MAIN, KERNEL_FIRST, KERNEL_SECOND, KERNEL_BESIDE, NKERNEL };
#define VRF_NAME "red"

#define LOCAL_AS  64512u
#define CONFED_AS 64500u /* of the confederation that LOCAL_AS is a member of, with every other seed */
#define ROUTER_ID 0x0aff0001u /* 10.255.0.1 */

/*
 * Prefixes by what may resolve through them; see speaker_oracle.c for why the order matters. Those from
 * PFX_FLEETING on to PFX_ORDINARY come and go as a whole now and then: their ids are used again for others.
 */
enum {
	PFX_FLEETING = 16,
	PFX_ORDINARY = 24,
	PFX_COVER1 = 24,
	PFX_COVER2 = 27,
	PFX_SELF = 29,
	PFX_DEFAULT = 30,
	PFX_WIDE = 31,
	PFX_AGG = 32 /* those that may be aggregates, of ordinary ones: nothing resolves through them */
};

/* Communities as bits, in the order of their numbers. */
#define NCOMMUNITY 11 /* 64512:1 .. 64512:5, and those below */
enum {
	C_GRACEFUL_SHUTDOWN = 1 << 5,
	C_LLGR_STALE = 1 << 6,
	C_NO_LLGR = 1 << 7,
	C_NO_EXPORT = 1 << 8,
	C_NO_ADVERTISE = 1 << 9,
	C_NO_EXPORT_SUBCONFED = 1 << 10
};
/* Extended communities: one that is transitive, one that is not. */
enum { X_TRANSITIVE = 1, X_NON_TRANSITIVE = 2 };

/* What a set of attributes means. Unused octets are zero, so that two can be compared whole. */
struct mattr {
	struct ip_addr nexthop; /* FAMILY_NONE: our own route */
	uint32_t path[PATH_MAX_AS];
	uint16_t communities; /* a set */
	uint16_t confed; /* bits: which of them are in AS_CONFED_SEQUENCEs (RFC 5065) */
	uint32_t med, local_pref, originator, preference;
	uint32_t otc; /* RFC 9234; 0: none */
	uint32_t metric; /* of the kernel's route, by policy; 0: the configured one */
	uint32_t cluster[4];
	uint16_t blob; /* octets of an unknown transitive attribute, 0: none */
	uint8_t npath, ncluster;
	uint8_t origin;
	uint8_t ext; /* a set */
	uint8_t aggregated;       /* ATOMIC_AGGREGATE 1, AGGREGATOR 2: ours, nobody else sends one */
	uint8_t tag;              /* first octet of the blob: who announced it, see mpeer */
	bool has_med, has_local_pref, has_preference;
	bool blackhole; /* ours: the kernel discards its packets */
};

struct mroute {
	bool there;
	bool stale; /* not yet seen again since our BoRR */
	bool kept;  /* of a session that was lost gracefully, not announced again */
	bool refused; /* for want of memory: announced, and not kept */
	uint8_t while_link; /* of ours: it is there while this link is up, counted from 1; 0: always */
	bool blocked; /* kept out by max-prefix: which ones is up to the daemon, how many is not */
	uint32_t sent_id; /* that others get it with: stays as long as the path does. 0: not seen yet */
	uint64_t changed;
	struct mattr a;
};

/* ---- configuration (speaker_conf.c) ---- */

#define NPOLICY 4 /* of each kind */
#define NRULE   3
enum rule_match {
	MATCH_ANY,
	MATCH_PREFIX_SET,
	MATCH_COMMUNITY,
	MATCH_EXTERNAL,
	MATCH_BGP,
	MATCH_LOCAL_PREF,
	MATCH_ORIGIN_IGP,
	MATCH_PATH_LENGTH,
	MATCH_NEXT_HOP,
	MATCH_PATH_PREFIX,
	MATCH_NEIGHBOR,
	MATCH_COUNT
};
enum rule_set {
	SET_LOCAL_PREF = 1,
	SET_MED = 2,
	SET_ORIGIN = 4,
	SET_PREPEND = 8,
	SET_ADD_COMMUNITY = 16,
	SET_REMOVE_COMMUNITY = 32,
	SET_PREFERENCE = 64,
	SET_NEXT_HOP = 128, /* import, kernel: a neighbour's address, of ordinary prefixes only; export: self */
	SET_METRIC = 256
};
#define SET_ALL 512
enum rule_action { ACTION_NEXT, ACTION_ACCEPT, ACTION_REJECT };
struct mrule {
	uint8_t match, arg, not, action;
	uint32_t set;
	uint32_t local_pref, med, preference, metric, prepend_as;
	uint8_t origin, prepend, community;
};
struct mpolicy {
	unsigned n;
	struct mrule rule[NRULE];
};
enum policy_kind { POLICY_IMPORT, POLICY_EXPORT, POLICY_KERNEL, POLICY_KINDS };
enum chain_kind { CHAIN_DEFAULT, CHAIN_LIST };
struct mchain {
	uint8_t kind, n; /* an empty list rejects */
	uint8_t policy[2];
};
/* What we are to a neighbour outside, RFC 9234 4.1, in the order of the words in speaker_conf.c. */
enum role { ROLE_NONE, ROLE_PROVIDER, ROLE_CUSTOMER, ROLE_PEER, ROLE_RS, ROLE_RS_CLIENT, ROLE_COUNT };
enum add_path_send { SEND_NONE, SEND_BEST, SEND_ECMP, SEND_ALL, SEND_COUNT }; /* RFC 7911 */
struct mneighbor {
	bool there;
	bool many_in;     /* add-path: receive */
	uint8_t many_out; /* enum add_path_send, */
	uint8_t count;    /* and how many, of the best */
	bool rr_client;
	bool multihop;    /* of those outside: may be more than one hop away */
	uint8_t range;    /* 0: configured with its address; else let in by that of this neighbour, counted from 1 */
	uint8_t table;
	uint8_t role;     /* enum role, of those outside */
	uint8_t limit;    /* max-prefix, more are blocked; 0: none */
	uint8_t limit_out; /* max-prefix-out, more are held back; 0: none */
	uint8_t next_hop; /* enum conf_next_hop: auto, self, keep */
	struct mchain import, export;
};
struct maggregate {
	bool there, summary_only;
	struct mattr a;
};
struct mconf {
	struct mneighbor neighbor[NPEER];
	struct maggregate aggregate[FAMILY_COUNT][NAGG];
	struct mpolicy policy[POLICY_KINDS][NPOLICY];
	struct mchain kernel;   /* which best paths are put into the kernel; by default all */
	uint32_t kernel_metric;
	unsigned range_max; /* neighbours in the range that two share */
	struct mneighbor usual; /* most that are sent several paths are sent those, so that they share groups */
	struct mroute own[FAMILY_COUNT][NPREFIX];
	unsigned multipath_ebgp, multipath_ibgp;
	bool relax, via_default;
	bool bounded; /* memory-limit is there */
	bool empty_tables; /* tables are there without neighbours */
	uint32_t default_local_pref, cluster_id;
};

/* ---- neighbours ---- */

struct told {
	bool there, stale;
	uint32_t id; /* 0 without ADD-PATH */
	struct mattr a;
};
struct mpeer {
	struct ip_addr addr, self[FAMILY_COUNT]; /* self: our end, by family of the next hop */
	uint32_t as, id;
	bool internal, member; /* of our AS; of another one of our confederation */
	unsigned link;
	/* What it marks routes with: changes when it is configured anew, as routes of before may be sent to it until swept. */
	uint8_t tag;
	struct open_caps caps; /* of this session: what the model neighbour offers */
	struct session *session;
	bool up;
	unsigned ups;          /* since the daemon has been there, and this neighbour in its configuration */
	uint8_t open_restarts; /* what the daemon's OPEN has to say of its restart: enum open_restarts, */
	uint8_t open_kept;     /* and of which families its forwarding was kept */
	bool ids_in[FAMILY_COUNT], ids_out[FAMILY_COUNT]; /* ADD-PATH is agreed: it sends, it gets path ids */
	uint64_t up_step, up_decided; /* when it came up, and when all was decided for the last time before that */
	bool quiet_up; /* nothing but decisions was going on when it came up */
	bool slow;     /* reads seldom */
	uint8_t keeps[FAMILY_COUNT]; /* enum keeps */
	uint64_t lost_ns; /* when the session ended whose routes are kept */
	uint16_t kept_s;  /* how long it wanted that */
	uint32_t long_s[FAMILY_COUNT];       /* and as a last resort afterwards; 0: not */
	uint64_t long_due_ns[FAMILY_COUNT];  /* when that ends */
	uint8_t drain;         /* enum drain_stage */
	uint64_t drain_due_ns; /* when the first one ends */
	uint8_t sent_eor; /* families whose End-of-RIB it has sent, OPEN_FAMILY bits */
	bool lowered;  /* its max-prefix has come down since: what was there before stays */
	bool lowered_out; /* its max-prefix-out has, since all had run dry: it may still have what was there before */
	uint8_t eor;   /* families whose End-of-RIB has come, OPEN_FAMILY bits */
	uint8_t borr_in; /* families that it is sending again */
	uint8_t wanted;  /* families that the daemon asks for */
	uint8_t borr, asked; /* families: BoRR came, EoRR is due */
	struct mroute route[FAMILY_COUNT][NPREFIX][NSLOT];
	struct told told[FAMILY_COUNT][NPREFIX][NTOLD];
	uint8_t part[70000]; /* of a message that has not come whole */
	size_t part_len;
};

struct mforeign {
	bool there, unreachable;
	uint32_t metric;
};
/* The device of the VRF. */
struct mdevice {
	bool there, up;
	uint8_t kernel; /* its table */
	uint32_t ifindex;
};
/* A table of the daemon's, while it is there. */
struct mtable {
	uint32_t number; /* the daemon's, which it never uses again; 0: the main one, or it is not there */
	uint32_t device, kernel; /* of a VRF: as the daemon had them after the last step */
	uint8_t kept; /* families with routes of an earlier daemon when it began, OPEN_FAMILY bits */
	bool deferred; /* deferring() after the last step */
	uint64_t start_ns;
};

/* Are routes of a lost session kept, even if there were none, and as a last resort (RFC 9494)? */
enum keeps { KEEPS_NOT, KEEPS, KEEPS_LONG };
#define STALE_S 40 /* stale-time and long-lived-time of the configuration */
#define LONG_S  60

enum open_restarts { OPEN_RESTARTS_NO, OPEN_RESTARTS, OPEN_RESTARTS_ANY };

/* Times at which not everything happens, but one thing often. */
enum stretch {
	STRETCH_NONE,
	STRETCH_CALM, /* neighbours come up while routes change, and nothing else does */
	STRETCH_CHURN, /* prefixes disappear and come back while somebody, or nobody, reads */
	STRETCH_GREED, /* somebody takes more and more memory where there is none */
	STRETCH_FLAP   /* sessions are lost before all has been sent again */
};

struct model {
	uint64_t rng, seed, step;
	/* Choices of somebody else's, an octet or two each, in place of random ones; where they end, so do the steps. */
	const uint8_t *tape;
	size_t tape_left;
	bool taped;
	uint64_t last_event, last_decided; /* steps */
	uint64_t now_ns;
	uint8_t stretch; /* enum stretch */
	unsigned stretch_left;
	unsigned greedy, greedy_for; /* who that is, and of how many prefixes */
	bool lags[NPEER]; /* does not read during this one */
	struct bgpd *d;
	struct mconf conf;
	struct ip_prefix prefix[FAMILY_COUNT][NPREFIX];
	struct mpeer peer[NPEER];
	bool confed; /* we are in a confederation */
	bool several; /* tables */
	unsigned at;  /* the table that the oracle was asked for */
	struct mtable table[NTABLE];
	struct mdevice device;
	bool link_up[NDOMAIN][NLINK];
	uint32_t adopted[NKERNEL][FAMILY_COUNT]; /* routes of somebody's earlier run in the kernel, until they are swept */
	uint64_t restart_step; /* when this daemon ends and another one begins; 0: it stays to the end */
	/* What each neighbour had when memory was not free any more, unless the configuration has changed since. */
	uint32_t base[NPEER][FAMILY_COUNT];
	bool bases_known;
	int64_t grown_before;  /* of the neighbour that announces: what its attributes had grown by */
	int64_t octets_before; /* and what they take at most */
	bool spare_counts;    /* free records of the RIB are memory */
	unsigned memory_part; /* what the daemon has, see speaker_memory.c */
	bool hurried;     /* neighbours come and say End-of-RIB soon: the wait need not end by time */
	struct mforeign foreign[NKERNEL][FAMILY_COUNT];
	struct attr_scratch scratch;
	/* How often things were seen, for the last line. */
	uint64_t compared, seen_eor, seen_eorr, seen_up, seen_closed, seen_reload, seen_recursive, seen_multipath, seen_long;
	uint64_t seen_long_lived, seen_kept, seen_kept_back, seen_kept_swept, seen_kept_late;
	uint64_t seen_shared, seen_full, seen_detached, seen_eor_checked, seen_reused, seen_blocked, seen_held;
	uint64_t seen_many[SEND_COUNT], seen_aggregate, seen_hidden, seen_deferred, seen_in_time, seen_confed;
	uint64_t seen_refused, seen_asked, seen_capped, seen_restart, seen_left, seen_left_swept;
	uint64_t seen_kernel_out, seen_metric, seen_drained, seen_resources;
	uint64_t seen_let_in, seen_turned_away, seen_too_large, seen_spare;
	uint64_t seen_made, seen_moved, seen_device_gone, seen_device_table, seen_device_waits;
	uint64_t steps;
};
extern struct model *the_model;

/* Of what the outside takes for one AS. */
static inline bool
is_inside(const struct mpeer *n)
{
	return n->internal || n->member;
}
/* What the outside takes for our AS. */
static inline uint32_t
outside_as(void)
{
	return the_model->confed ? CONFED_AS : LOCAL_AS;
}

uint32_t rnd(uint32_t below);
void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2), noreturn));
#define CHECK(c)                                                   \
	do {                                                       \
		if (!(c))                                          \
			fail("%s:%d: %s", __FILE__, __LINE__, #c); \
	} while (0)

/*
 * speaker_model.c: a daemon from its start to its end. m is zero but for the seed (of rng, too), the number of
 * steps, and a tape if there is one. False: it did not start.
 */
bool model_run(struct model *m);

/* speaker_clock.c */
bool clock_run_job(void);  /* a slice of a random one of the jobs that wait; false: none does */
/* A random timer of those that are due within so many milliseconds, or soon after; false: none is. */
bool clock_fire(uint32_t within_ms);
void clock_advance(uint32_t ms);
bool clock_is_bare(void); /* no timer is left */

/* speaker_session.c: the model neighbour's end of a connection */
struct session *session_of(unsigned peer);
void session_answer(struct session *s, bool up);        /* the daemon's dialling succeeds, or not */
bool session_dialling(const struct session *s);
void session_deliver(struct session *s, const uint8_t *msg, size_t len);
void session_delivered(struct session *s);              /* end of a read of the daemon's */
void session_hang_up(struct session *s);                /* the neighbour closes the connection */
void session_knock(unsigned peer);                      /* it connects: with a session if it is let in */
size_t session_pull(struct session *s, uint8_t *buf, size_t max); /* octets that the daemon sends */

/*
 * speaker_links.c: what there is in the kernel beside the daemon's routes. It is told to each table of the daemon's by
 * itself, in any order, and later where there are several.
 */
#define NLINKS_ALL (NDOMAIN * NLINK + 1) /* the last one is the VRF's device */
struct links_told {
	struct fib_link link[NLINKS_ALL]; /* ifindex 0: none */
	struct mforeign foreign[NKERNEL][FAMILY_COUNT];
};
struct links_to { /* somebody who is told */
	struct links_told told;
	const struct fib_callbacks *cb;
	void *ctx;
	unsigned kernel; /* whose foreign routes */
	bool alone;      /* and not the main one's */
};
void links_new(void); /* another kernel: links are up */
/* Tells something that has changed. False: all is known. */
bool links_tell(struct links_to *to);
bool links_is_told(const struct links_to *to);
uint32_t links_ifindex(unsigned domain, unsigned link);
void links_change(unsigned domain, unsigned link);
void links_foreign_change(unsigned kernel, unsigned family);
void links_device_change(void);
uint32_t kernel_number(unsigned kernel); /* of one of its tables */
unsigned kernel_of_number(uint32_t number);

/* speaker_fib.c */
void fib_world_new(void);   /* another kernel: nobody has left routes */
void fib_world_start(void); /* the main table's is told everything */
/* All of them have been told everything, and routes are where they are wanted. */
bool fib_all_told(void);
void fib_tell_all(void);
bool fib_run(void); /* an answer of the kernel's that is due, or something that it tells; false: nothing is */
struct way {
	struct ip_addr via;
	uint32_t ifindex;
};
#define WAYS_MAX 64
struct kernel_route {
	bool there, blackhole;
	uint32_t metric;
	unsigned nways;
	struct way ways[WAYS_MAX];
};
/* What a table of the daemon's wants for a prefix. */
void fib_wanted(unsigned table, enum family f, const struct ip_prefix *p, struct kernel_route *out);
unsigned fib_count(void); /* what all want */
/* The kernel's table that it puts them in; NKERNEL: it has none. */
unsigned fib_kernel(unsigned table);
/* Is there a route that a daemon before this one has left, and nobody has asked for since? */
bool fib_left(unsigned kernel, enum family f, unsigned prefix);
uint32_t fib_left_count(unsigned kernel, enum family f); /* and of somebody's else */

/* speaker_tables.c: the tables of the daemon, and who is in them */
struct bgpd *table_bgpd(unsigned table); /* NULL: it is not there */
unsigned table_of(unsigned peer);        /* by the configuration */
unsigned table_domain(unsigned table);
/* The kernel's table whose foreign routes its next hops may resolve through, beside its neighbours'. */
unsigned table_foreign(unsigned table);
/* Is a connection to or from its neighbours possible? */
bool table_reaches(unsigned table);
const char *table_keys(unsigned table); /* of a neighbour in it, as YAML */
void tables_random(struct mneighbor *n);
void tables_mutate(struct mconf *c);
void tables_settle(struct mconf *c); /* what cannot be, is not */
/* A table's part of the kernel begins, and is known. */
void table_opened(unsigned table);
void table_synced(unsigned table);
/* After each step: what the daemon has made of the VRF's device, and new tables. */
void tables_follow(void);
/* Sets limits of what export groups keep, in all tables. */
void tables_limit(uint32_t ring_max, uint32_t private_max);
/* Nobody is in it any more, or can be: it goes, or loses the kernel's table. */
bool table_ends(unsigned table);
/* Has the daemon heard of what has become of the VRF's device, and done what follows from it? */
bool tables_follow_device(void);
/* Has each that is there what it is to have of the kernel, and is no other there? */
bool tables_are_settled(void);
/* All has run dry: those are there that should be, with the kernel's tables that they should have. */
void compare_tables(void);
/* Nobody is in any of them. */
void compare_empty(void);

/* speaker_restart.c: the daemon ends, and another one begins with what is in the kernel (RFC 4724 4.1) */
/* A table has begun: what it found in the kernel is known. */
void restart_begun(unsigned table);
/* When the daemon is to end; and is this a step at which it can? */
void restart_plan(void);
bool restart_is_due(void);
/* It is about to end, and has: of the neighbours' routes nobody knows. */
void restart_end(struct bgpd *d);
void restart_ended(void);
/* A neighbour connects: what will the daemon's OPEN say? And what it says. */
void restart_expect(struct mpeer *n);
void restart_open(struct mpeer *n, const uint8_t *body, size_t len);
/* The daemon has what nobody asked for in this table taken out of the kernel. */
void restart_swept(unsigned table);
/* All has run dry: by now it must have. */
void restart_compare(unsigned table);

/* speaker_conf.c */
void conf_init(struct mconf *c);
void conf_mutate(struct mconf *c);
void conf_empty(struct mconf *c);
int conf_file(const struct mconf *c); /* a descriptor of it as YAML */

/* speaker_wire.c */
/* A path without its AS_CONFED_SEQUENCEs. */
void path_leave_confed(struct mattr *a);
/* What comes of a path over a session with two octets for an AS: of those only what is in front (RFC 6793 4.2.3). */
void path_narrow(struct mattr *a);
extern const uint32_t slot_ids[NSLOT]; /* path ids of a neighbour's paths; the first is as good as none */
size_t wire_announce(const struct mpeer *n, enum family f, const unsigned *prefix, unsigned count, unsigned slot,
    const struct mattr *a, uint8_t *msg);
size_t wire_end_of_rib(enum family f, uint8_t *msg);
size_t wire_withdraw(const struct mpeer *n, enum family f, const unsigned *prefix, unsigned count, unsigned slot,
    uint8_t *msg);
/* Takes in a message that a neighbour was sent. */
void wire_message(struct mpeer *n, const uint8_t *msg, size_t len);
/* Octets of an UPDATE with these attributes and one prefix, with a path id or without. */
size_t wire_size(const struct mattr *a, enum family f, unsigned len, bool as4, bool id);

/* speaker_oracle.c */
struct verdict {
	int best; /* path, -1: none */
	bool hidden; /* from neighbours, by an aggregate that is summary-only */
	bool used[NPATH];
	unsigned nused;
	struct mattr a[NPATH]; /* after import */
	bool in[NPATH];        /* takes part, if its next hop resolves: */
	bool usable[NPATH];
	uint32_t metric[NPATH];
};
/* The neighbour whose path it is; NPEER: it is ours. */
static inline unsigned
path_source(unsigned path)
{
	return path / NSLOT;
}
/* Everything anew: the verdict of each prefix in a table, which all that is asked of v from then on is for. */
void oracle_decide(unsigned table, struct verdict v[FAMILY_COUNT][NPREFIX]);
/* What the neighbour should have been told of a path that is sent to it if anything is. */
enum oracle_out {
	OUT_NONE,
	OUT_TOO_LONG, /* for this member, which counts it all the same */
	OUT_TOLD
};
enum oracle_out oracle_export(unsigned peer, enum family f, unsigned prefix, const struct verdict *v, unsigned path,
    struct mattr *out);
/* The paths that are chosen for it, its own among them: the best one, or with ADD-PATH as configured. */
void oracle_chosen(unsigned peer, enum family f, const struct verdict *v, bool chosen[NPATH]);
/* Is the second prefix inside an aggregate that is configured and that the first one is in, or is? */
bool oracle_related(enum family f, unsigned i, unsigned j);
/* The ways of all paths used; of one next hop. */
unsigned oracle_ways(struct verdict v[FAMILY_COUNT][NPREFIX], enum family f, unsigned prefix, struct way *ways);
unsigned oracle_ways_of(struct verdict v[FAMILY_COUNT][NPREFIX], const struct ip_addr *nexthop, struct way *ways);
/* Runs a list of policies over the attributes. False: rejected. */
bool oracle_policies(const struct mchain *c, enum policy_kind kind, unsigned source, enum family f, unsigned prefix,
    struct mattr *a, uint32_t *set);

/* speaker_kernel.c: what the kernel is to have of a prefix, and does it? */
void oracle_kernel(struct verdict v[FAMILY_COUNT][NPREFIX], enum family f, unsigned prefix, struct kernel_route *out);
void compare_kernel(struct verdict v[FAMILY_COUNT][NPREFIX]);

/* speaker_kept.c: routes of a session that was lost gracefully */
void kept_random(struct open_caps *c); /* what it is for a neighbour */
bool kept_any(const struct mpeer *n, unsigned f);
/*
 * A session is lost; err: what the daemon has said, NULL: nobody has said anything. It is back. All has been sent
 * again.
 */
void kept_begin(struct mpeer *n, const struct bgp_error *err);
void kept_back(struct mpeer *n);
void kept_end_of_rib(struct mpeer *n, unsigned f);
/* They go, since they are not wanted. */
void kept_forget(struct mpeer *n, unsigned f);
/* What the daemon's timers have done. all_fired: whatever is due. */
void kept_follow(bool all_fired);

/* speaker_drain.c: traffic is taken off a session before the daemon ends it (RFC 8326) */
void drain_step(unsigned peer); /* by command: it begins, or is called off */
void drain_forget(struct mpeer *n);
void drain_end(const struct mpeer *n); /* the session ends, and all is read */
void drain_follow(bool all_fired); /* as kept_follow */
/* What is to be said of routes to the neighbour, and what those from it count. */
void drain_export(const struct mpeer *n, struct mattr *a);
void drain_import(const struct mpeer *n, const struct mattr *received, struct mattr *a);

/* speaker_dynamic.c: neighbours that are let in by a prefix */
/* Is it one, without a session? Then it connects; false: it was turned away, as it had to be. */
bool dynamic_may_knock(const struct mpeer *n);
bool dynamic_knock(struct mpeer *n);
/* Who is there, and who is counted. */
void compare_dynamic(void);

/* speaker_model.c */
/* It is another neighbour for the daemon from now on. */
void renew_tag(struct mpeer *n);
/* The neighbour has said something of the prefix, which may have been stale. */
void route_changed(struct mroute *r, unsigned prefix);
void send_refresh(struct mpeer *n, unsigned f, enum refresh_subtype subtype);
/* Asks for everything again. */
void ask_again(struct mpeer *n, unsigned f);
void send_end_of_rib(struct mpeer *n, unsigned f);
/* It is waited for, or may connect; and does. */
bool may_come_up(const struct mpeer *n);
void establish(struct mpeer *n);
/* Reads so many octets. False: there was nothing. */
bool pull(struct mpeer *n, size_t max);
/* What the daemon's timers have done. */
void timers_follow(bool all_fired);
void step_neighbor(void);
void step_reload(void);
/* All runs dry, and is compared. */
void step_settle(void);

/* speaker_stretch.c */
void stretch_begin(void);
void stretch_end(void);
void step_stretch(void);
/* While selection is deferred, and neighbours hurry. */
void step_deferring(void);

/* speaker_routes.c */
/* net4.host, net4 the upper 24 bits; or 2001:db8:net6::host. */
struct ip_addr model_address(unsigned f, unsigned net4, unsigned net6, unsigned host);
void random_attr(const struct mpeer *n, unsigned f, unsigned prefix, struct mattr *a);
void announce(struct mpeer *n, unsigned f, const unsigned *prefix, unsigned count, unsigned slot,
    const struct mattr *a);
void withdraw(struct mpeer *n, unsigned f, const unsigned *prefix, unsigned count, unsigned slot);
/* Paths to a prefix that it may announce in this session. */
unsigned slots(const struct mpeer *n, unsigned f);
/* One message with a few routes. */
void step_routes(struct mpeer *n);
/* A large route. */
void step_greedy(struct mpeer *n);
/* Answers a ROUTE-REFRESH, between BoRR and EoRR where both know RFC 7313: begins, or goes on; and ends. */
void send_again(struct mpeer *n, unsigned f);
void end_again(struct mpeer *n, unsigned f);

/* speaker_memory.c */
#define MEMORY_LIMIT_M 1024u /* router.memory-limit */
void memory_start(void);
/* Memory is used up, or comes back. */
void step_memory(void);
/* Has the neighbour's source caps now? Then a message is a read of its own: */
bool memory_is_capped(const struct mpeer *n);
/* And are its attributes not to grow? Then each path has a message to itself. */
bool memory_may_not_grow(const struct mpeer *n);
/* Much more is taken than the limit. */
void memory_exceed(void);
/* which of these routes are going to be refused, */
void memory_predict(const struct mpeer *n, unsigned f, const unsigned *prefix, unsigned count, unsigned slot,
    bool *refused);
/* and were they, and no others? */
void memory_taken(struct mpeer *n, unsigned f, const unsigned *prefix, unsigned count, unsigned slot, bool *refused);
/* The daemon resets the session since it cannot ask for what it refused. */
void memory_reset(const struct mpeer *n);
/* Sends what the daemon has asked for. */
void memory_answer(struct mpeer *n);
/* Caps where there is no memory, of all that are configured; */
void check_capped(void);
/* and all that was refused is going to be asked for. */
void compare_memory(void);

/* speaker_compare.c: all end the program where the two disagree */
struct peer *peer_of(unsigned peer); /* NULL: not configured */
bool decided(void);                  /* has everything been decided that is known? */
bool quiet(void);                    /* as far as others depend on it? */
bool deferring(unsigned table);      /* does it wait for its neighbours (RFC 4724 4.1)? */
bool deferring_any(void);
/* Asks the oracle; takes over which routes max-prefix keeps out before: that is up to the daemon. */
void compare_ask(unsigned table, struct verdict v[FAMILY_COUNT][NPREFIX]);
void compare_decided(void);          /* best paths, multipath sets, kernel routes */
void compare_everything(void);       /* and what neighbours were told, and counts */
/* A neighbour was told something: has it no more prefixes than it may? */
void compare_limit_out(unsigned peer);
/* What did not change since a neighbour came up must be right when it is told that that was all. */
void compare_at_eor(unsigned peer, uint8_t families);

#endif
