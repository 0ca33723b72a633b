/* SPDX-License-Identifier: Apache-2.0 */
/*
 * conf: a configuration as plain data, and how to get one from a file.
 *
 * struct conf is what a bgpd.yaml means: groups merged into their neighbours,
 * defaults filled in, names of policies and sets resolved to indices. It holds
 * no pointer into anything else, lives in one arena and is never changed after
 * loading; two of them are compared by conf/diff.h. Nothing here knows sockets,
 * routes or compiled policies.
 *
 * Every struct that stands for a YAML map begins with `has`: bit K is set when
 * key K has a value, given or default. Keys without a default (an import list
 * that nobody wrote, a maximum of prefixes) are found out with CONF_HAS().
 */
#ifndef CONF_CONF_H
#define CONF_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include "lib/addr.h"
#include "lib/log.h"
#include "lib/str.h"

struct conf_arena;

#define CONF_HAS(obj, key) ((((obj)->has) >> (key)) & 1u)

/* v is NULL only when the key has no value; an empty list has v ≠ NULL and n = 0. */
#define CONF_LIST(type)                                                                                      \
	struct {                                                                                             \
		type *v;                                                                                     \
		uint32_t n;                                                                                  \
	}

/* Where in the files something is written; line and column count from 1. */
struct conf_pos {
	const char *file;
	uint32_t line, column;
};

/* A name used in one place and defined in another. */
struct conf_ref {
	const char *name;
	int32_t index; /* into the list of what is named, or one of CONF_POLICY_* */
};
#define CONF_POLICY_ACCEPT (-1) /* the policies that are built in */
#define CONF_POLICY_REJECT (-2)

/* ---- router ---- */

struct conf_listen {
	uint64_t has;
	struct ip_addr address;
	uint32_t port;
};

struct conf_graceful_restart {
	uint64_t has;
	bool enabled;
	uint32_t restart_s; /* 0..4095, as announced (RFC 4724 3) */
	uint32_t stale_s;   /* how long stale paths are kept at most */
	uint32_t long_lived_s; /* the same as a last resort, after that; 0: not at all (RFC 9494) */
};

struct conf_multipath {
	uint64_t has;
	uint32_t ebgp, ibgp; /* paths at most; 1: no multipath */
	bool as_path_relax;
	bool link_bandwidth; /* weights in the kernel, of the community */
};

/* RFC 5065: router.as is the number of our member AS, this is what the outside knows. */
struct conf_confederation {
	uint64_t has;
	uint32_t as; /* 0: there is no confederation */
	CONF_LIST(uint32_t) members;
};

struct conf_drain {
	uint64_t has;
	uint32_t time_s;
	bool on_stop;
};

enum conf_router_key {
	CONF_ROUTER_AS,
	CONF_ROUTER_ID,
	CONF_ROUTER_CLUSTER_ID,
	CONF_ROUTER_LISTEN,
	CONF_ROUTER_HOLD_TIME,
	CONF_ROUTER_GRACEFUL_RESTART,
	CONF_ROUTER_MULTIPATH,
	CONF_ROUTER_DEFAULT_LOCAL_PREFERENCE,
	CONF_ROUTER_RESOLVE_VIA_DEFAULT,
	CONF_ROUTER_USER,
	CONF_ROUTER_DRAIN,
	CONF_ROUTER_CONFEDERATION,
	CONF_ROUTER_MEMORY_LIMIT,
	CONF_ROUTER_KEYS
};

struct conf_router {
	uint64_t has; /* bits of enum conf_router_key */
	uint32_t as;
	uint32_t id;         /* host byte order; 0: the daemon chooses */
	uint32_t cluster_id; /* host byte order; 0: same as id */
	CONF_LIST(struct conf_listen) listen;
	uint32_t hold_s;
	struct conf_graceful_restart graceful_restart;
	struct conf_multipath multipath;
	uint32_t default_local_preference;
	bool resolve_via_default;
	const char *user;         /* NULL: stay who we are */
	struct conf_pos user_pos; /* of it */
	struct conf_drain drain;
	struct conf_confederation confederation;
	uint64_t memory_limit; /* octets; 0: none */
};

/* ---- neighbours ---- */

enum conf_remote_as { CONF_REMOTE_NUMBER, CONF_REMOTE_INTERNAL, CONF_REMOTE_EXTERNAL };
enum conf_next_hop { CONF_NEXT_HOP_AUTO, CONF_NEXT_HOP_SELF, CONF_NEXT_HOP_KEEP };
enum conf_role { /* RFC 9234 4.1, our own role */
		 CONF_ROLE_PROVIDER,
		 CONF_ROLE_RS_SERVER,
		 CONF_ROLE_RS_CLIENT,
		 CONF_ROLE_CUSTOMER,
		 CONF_ROLE_PEER
};
enum conf_debug { CONF_DEBUG_OFF, CONF_DEBUG_MESSAGES, CONF_DEBUG_HEX };
enum conf_private_as { CONF_PRIVATE_NONE, CONF_PRIVATE_LEADING, CONF_PRIVATE_ALL, CONF_PRIVATE_REPLACE };
enum conf_add_path { CONF_ADD_PATH_NONE, CONF_ADD_PATH_BEST, CONF_ADD_PATH_ECMP, CONF_ADD_PATH_ALL };
#define CONF_ADD_PATH_MAX 255
enum conf_max_action { CONF_MAX_WARN, CONF_MAX_BLOCK, CONF_MAX_RESTART, CONF_MAX_SHUTDOWN };

struct conf_as_spec {
	uint32_t type; /* enum conf_remote_as */
	uint32_t as;   /* for CONF_REMOTE_NUMBER, and filled in for CONF_REMOTE_INTERNAL; else 0 */
};

/* An address and, for link-local ones, the interface it is on (NULL: none). */
struct conf_scoped_addr {
	struct ip_addr addr; /* scope_id is always 0: the interface need not exist yet */
	const char *scope;
};

struct conf_password {
	const char *file;   /* NULL: the secret is in the configuration itself */
	const char *secret; /* 1..80 octets (RFC 2385), NUL-terminated */
};

/* How a TCP-AO key makes traffic keys and signatures (RFC 5926 3, and SHA-256 in the same way). */
enum conf_ao_algorithm { CONF_AO_HMAC_SHA1, CONF_AO_AES_CMAC, CONF_AO_HMAC_SHA256 };

/* A master key tuple (RFC 5925 3.1). */
struct conf_ao_key {
	uint64_t has;
	uint32_t id;         /* 0..255: KeyID of what we send */
	uint32_t receive_id; /* of what we receive; the same unless set */
	uint32_t algorithm;  /* enum conf_ao_algorithm */
	struct conf_password secret;
};
#define CONF_AO_KEYS_MAX 16 /* of a neighbour */

struct conf_idle_hold {
	uint64_t has;
	uint32_t initial_s, max_s;
};

struct conf_send_paths {
	uint32_t mode;  /* enum conf_add_path */
	uint32_t count; /* for CONF_ADD_PATH_BEST: 1..CONF_ADD_PATH_MAX */
};

struct conf_add_path_opts {
	uint64_t has;
	bool receive;
	struct conf_send_paths send;
};

struct conf_max_prefix {
	uint64_t has;
	uint32_t limit;  /* per family; received ones before policy */
	uint32_t action; /* enum conf_max_action */
	uint32_t warn_percent;
	uint32_t restart_after_s;
};

enum conf_neighbor_key {
	CONF_NB_ADDRESS,
	CONF_NB_INTERFACE,
	CONF_NB_PREFIX,
	CONF_NB_NAME,
	CONF_NB_GROUP,
	CONF_NB_REMOTE_AS,
	CONF_NB_LOCAL_AS,
	CONF_NB_DESCRIPTION,
	CONF_NB_PORT,
	CONF_NB_SOURCE,
	CONF_NB_PASSIVE,
	CONF_NB_FAMILIES,
	CONF_NB_PASSWORD,
	CONF_NB_TTL_SECURITY,
	CONF_NB_MULTIHOP,
	CONF_NB_HOLD_TIME,
	CONF_NB_KEEPALIVE_TIME,
	CONF_NB_CONNECT_RETRY_TIME,
	CONF_NB_IDLE_HOLD_TIME,
	CONF_NB_ROUTE_REFLECTOR_CLIENT,
	CONF_NB_NEXT_HOP,
	CONF_NB_ADD_PATH,
	CONF_NB_ALLOW_OWN_AS,
	CONF_NB_ROLE,
	CONF_NB_ROLE_STRICT,
	CONF_NB_EXTENDED_MESSAGES,
	CONF_NB_GRACEFUL_RESTART,
	CONF_NB_MAX_PREFIX,
	CONF_NB_IMPORT,
	CONF_NB_EXPORT,
	CONF_NB_SHUTDOWN,
	CONF_NB_MAX_NEIGHBORS,
	CONF_NB_MAX_PREFIX_OUT,
	CONF_NB_GRACEFUL_SHUTDOWN,
	CONF_NB_LOCAL_AS_PREPEND,
	CONF_NB_LOCAL_AS_REPLACE,
	CONF_NB_LOCAL_AS_DUAL,
	CONF_NB_AS_OVERRIDE,
	CONF_NB_REMOVE_PRIVATE_AS,
	CONF_NB_ENFORCE_FIRST_AS,
	CONF_NB_ROUTE_SERVER_CLIENT,
	CONF_NB_SEND_HOSTNAME,
	CONF_NB_SEND_SOFTWARE_VERSION,
	CONF_NB_TCP_AO,
	CONF_NB_DEFAULT_ORIGINATE,
	CONF_NB_CLUSTER_ID,
	CONF_NB_DEBUG,
	CONF_NB_TABLE,
	CONF_NB_VRF,
	CONF_NB_KEYS
};

/* Exactly one of address, interface and prefix has a value. */
struct conf_neighbor {
	uint64_t has; /* bits of enum conf_neighbor_key */
	struct conf_pos pos;
	const char *name; /* unique; given, or made from address, port, interface or prefix */
	const char *group; /* whose settings it has taken, for metrics; NULL: none */
	struct conf_scoped_addr address;
	const char *interface;   /* unnumbered: the neighbour is found on this link */
	struct ip_prefix prefix; /* dynamic neighbours: anybody from here */
	struct conf_as_spec remote_as;
	uint32_t local_as;       /* router.as unless set; towards the outside of a confederation, its number */
	bool confederation;      /* no key: remote_as is another member of ours */
	const char *description; /* NULL: none */
	uint32_t port;
	struct ip_addr source; /* FAMILY_NONE: the kernel chooses */
	bool passive;
	uint32_t families;             /* CONF_FAMILY() bits */
	struct conf_password password; /* secret NULL: none */
	CONF_LIST(struct conf_ao_key) tcp_ao; /* at most CONF_AO_KEYS_MAX; not together with password */
	uint32_t ttl_security;         /* GTSM (RFC 5082): hops, 1..254; 0: off */
	uint32_t multihop;             /* TTL of what we send; 0 when ttl_security is on */
	uint32_t hold_s;               /* 0 or ≥ 3 */
	uint32_t keepalive_s;          /* 0 when hold_s is 0 */
	uint32_t connect_retry_s;
	struct conf_idle_hold idle_hold;
	bool route_reflector_client;
	uint32_t cluster_id; /* if CONF_HAS; then it is the router's, too */
	uint32_t next_hop; /* enum conf_next_hop */
	struct conf_add_path_opts add_path;
	uint32_t allow_own_as; /* own AS this many times is no loop */
	uint32_t role;         /* enum conf_role, if CONF_HAS(n, CONF_NB_ROLE) */
	bool role_strict;
	bool extended_messages;
	struct conf_graceful_restart graceful_restart;
	struct conf_max_prefix max_prefix; /* if CONF_HAS(n, CONF_NB_MAX_PREFIX) */
	CONF_LIST(struct conf_ref) import; /* policies; v NULL: nobody configured any (RFC 8212) */
	CONF_LIST(struct conf_ref) export;
	uint32_t default_originate; /* CONF_FAMILY() bits, of families */
	bool shutdown;
	struct conf_max_prefix max_prefix_out; /* sent, if CONF_HAS(n, CONF_NB_MAX_PREFIX_OUT) */
	bool graceful_shutdown; /* heed the community, RFC 8326 */
	bool local_as_prepend;  /* local_as goes into received paths too */
	bool local_as_replace;  /* it is sent instead of router.as, not in front of it */
	bool local_as_dual;     /* the session may also come up with router.as */
	bool as_override;       /* sent paths: our AS for the neighbour's */
	uint32_t remove_private_as; /* enum conf_private_as: sent paths */
	bool route_server_client;
	bool send_hostname, send_software_version; /* in the OPEN */
	bool enforce_first_as;  /* received paths begin with the neighbour's AS */
	uint32_t debug;         /* enum conf_debug */
	uint32_t max_neighbors; /* of a prefix, at the same time; else 0 */
	uint32_t table;         /* whose routes are its; 0: kernel.table's, or the VRF's */
	const char *vrf;        /* the device of the VRF that its sessions are in; NULL: none */
};
#define CONF_FAMILY(family) (1u << (family)) /* of enum family */

/* ---- own routes ---- */

enum conf_community_kind { CONF_COMMUNITY_STD, CONF_COMMUNITY_LARGE, CONF_COMMUNITY_EXT };

struct conf_range {
	uint32_t lo, hi; /* inclusive */
};

/* Type octets of an extended community that a pattern accepts (RFC 7153 5.2). */
#define CONF_EXT_TWO_OCTET_AS  0x1u /* type 0x00: administrator 16 bits, value 32 */
#define CONF_EXT_IPV4          0x2u /* type 0x01: administrator an address, value 16 */
#define CONF_EXT_FOUR_OCTET_AS 0x4u /* type 0x02: administrator 32 bits, value 16 */

/*
 * A community, or a pattern of such: part p holds if lo ≤ p ≤ hi; * is the full range.
 * STD aa:nn uses part[0..1], LARGE aa:bb:cc part[0..2], EXT part[0] = global and
 * part[1] = local administrator. Parts not used are 0..0. All in host byte order.
 */
struct conf_community {
	uint32_t kind; /* enum conf_community_kind */
	struct conf_range part[3];
	uint8_t ext_types;   /* CONF_EXT_* bits; exactly one in a community to be added */
	uint8_t ext_subtype; /* 0x02 route target, 0x03 route origin (RFC 4360 4, 5), 0x04 link bandwidth in Mbit/s */
};

struct conf_endpoint {
	struct ip_addr address;
	uint32_t port;
};

enum conf_while_key {
	CONF_WHILE_TCP,
	CONF_WHILE_HTTP,
	CONF_WHILE_FILE,
	CONF_WHILE_INTERFACE,
	CONF_WHILE_INTERVAL,
	CONF_WHILE_TIMEOUT,
	CONF_WHILE_RISE,
	CONF_WHILE_FALL,
	CONF_WHILE_KEYS
};

/* What must hold for a network to be announced: exactly one of the first four keys. */
struct conf_while {
	uint64_t has;             /* bits of enum conf_while_key */
	struct conf_endpoint tcp; /* to connect to; of http too */
	const char *http, *file, *interface;
	const char *http_path; /* of http, with the first slash */
	uint32_t interval_s, timeout_s, rise, fall;
};

enum conf_network_key {
	CONF_NET_PREFIX,
	CONF_NET_BLACKHOLE,
	CONF_NET_MED,
	CONF_NET_LOCAL_PREFERENCE,
	CONF_NET_COMMUNITIES,
	CONF_NET_WHILE,
	CONF_NET_KEYS
};

struct conf_network {
	uint64_t has; /* bits of enum conf_network_key */
	struct conf_pos pos;
	struct ip_prefix prefix;
	bool blackhole;                               /* with a blackhole route in the kernel */
	uint32_t med;                                 /* if CONF_HAS */
	uint32_t local_preference;                    /* if CONF_HAS */
	CONF_LIST(struct conf_community) communities; /* each of one value */
	struct conf_while condition;                  /* if CONF_HAS(n, CONF_NET_WHILE) */
};

/* Exactly one of: via and/or interface; blackhole; unreachable. */
struct conf_static {
	uint64_t has;
	struct conf_pos pos;
	struct ip_prefix prefix;
	struct ip_addr via;    /* FAMILY_NONE: none */
	const char *interface; /* NULL: none */
	bool blackhole, unreachable;
};

enum conf_aggregate_key {
	CONF_AGG_PREFIX,
	CONF_AGG_SUMMARY_ONLY,
	CONF_AGG_BLACKHOLE,
	CONF_AGG_MED,
	CONF_AGG_LOCAL_PREFERENCE,
	CONF_AGG_COMMUNITIES,
	CONF_AGG_KEYS
};

struct conf_aggregate {
	uint64_t has; /* bits of enum conf_aggregate_key */
	struct conf_pos pos;
	struct ip_prefix prefix;
	bool summary_only;
	bool blackhole;                               /* with a blackhole route in the kernel while it is there */
	uint32_t med;                                 /* if CONF_HAS */
	uint32_t local_preference;                    /* if CONF_HAS */
	CONF_LIST(struct conf_community) communities; /* each of one value */
};

/* ---- kernel ---- */

enum conf_nexthop_objects { CONF_NHO_AUTO, CONF_NHO_OFF };

#define CONF_LEARN_TABLES_MAX 8
#define CONF_TABLES_MAX       64 /* of neighbours, VRFs among them */
#define CONF_TABLE_STRIDE     61440u /* they do not differ by a multiple of it */

struct conf_connected {
	uint64_t has;
	CONF_LIST(const char *) interfaces; /* patterns in order; a leading - excludes */
};

enum conf_kernel_key {
	CONF_KERNEL_TABLE,
	CONF_KERNEL_PROTOCOL,
	CONF_KERNEL_METRIC,
	CONF_KERNEL_EXPORT,
	CONF_KERNEL_LEARN,
	CONF_KERNEL_CONNECTED,
	CONF_KERNEL_NEXTHOP_OBJECTS,
	CONF_KERNEL_KEEP_ON_STOP,
	CONF_KERNEL_AUDIT_INTERVAL,
	CONF_KERNEL_LEARN_TABLES,
	CONF_KERNEL_KEYS
};

struct conf_kernel {
	uint64_t has; /* bits of enum conf_kernel_key */
	uint32_t table;
	uint32_t protocol;                 /* rtm_protocol of our routes, 5..255 */
	uint32_t metric;                   /* 0: the kernel's default */
	CONF_LIST(struct conf_ref) export; /* always there */
	CONF_LIST(struct conf_ref) learn;  /* always there */
	struct conf_connected connected;   /* if CONF_HAS(k, CONF_KERNEL_CONNECTED) */
	uint32_t nexthop_objects;          /* enum conf_nexthop_objects */
	bool keep_on_stop;
	uint32_t audit_interval_s; /* 0: no audit */
	CONF_LIST(uint32_t) learn_tables; /* besides table and the main one; CONF_LEARN_TABLES_MAX at most */
};

/* ---- sets and policies ---- */

/* A route's prefix is in it if prefix covers it and its length is min_len..max_len. */
struct conf_prefix_entry {
	struct ip_prefix prefix;
	uint8_t min_len, max_len;
};

/* Part of an AS-path pattern: one AS of lo..hi, or (many) any number of such, also none. */
struct conf_as_token {
	uint32_t lo, hi;
	bool many;
};

/*
 * An AS-path pattern, over whole ASes: the tokens one after the other, at the
 * beginning of the path if from_start, up to its end if to_end. The separators _
 * and blanks need no token, since a number never matches part of an AS.
 */
struct conf_as_pattern {
	const char *text;
	bool from_start, to_end;
	CONF_LIST(struct conf_as_token) tokens;
};

struct conf_prefix_set {
	const char *name;
	struct conf_pos pos;
	CONF_LIST(struct conf_prefix_entry) entries;
};
struct conf_as_path_set {
	const char *name;
	struct conf_pos pos;
	CONF_LIST(struct conf_as_pattern) entries;
};
struct conf_community_set {
	const char *name;
	struct conf_pos pos;
	CONF_LIST(struct conf_community) entries;
};

/* A set by name (set.name ≠ NULL, set.index into the conf's sets), or one entry written in place. */
struct conf_prefix_arg {
	struct conf_ref set;
	struct conf_prefix_entry entry;
};
struct conf_as_path_arg {
	struct conf_ref set;
	struct conf_as_pattern entry;
};
struct conf_community_arg {
	struct conf_ref set;
	struct conf_community entry;
};

enum conf_source { /* bits */
		   CONF_SOURCE_KERNEL = 1,
		   CONF_SOURCE_STATIC = 2,
		   CONF_SOURCE_CONNECTED = 4,
		   CONF_SOURCE_BGP = 8,
		   CONF_SOURCE_AGGREGATE = 16
};
enum conf_neighbor_type { CONF_INTERNAL = 1, CONF_EXTERNAL = 2, CONF_CONFEDERATION = 4 }; /* bits */
enum conf_origin { /* bit number = ORIGIN's value (RFC 4271 4.3) */
		   CONF_ORIGIN_IGP,
		   CONF_ORIGIN_EGP,
		   CONF_ORIGIN_INCOMPLETE
};

enum conf_match_key {
	CONF_MATCH_PREFIX_SET,
	CONF_MATCH_COMMUNITY_SET,
	CONF_MATCH_SOURCE,
	CONF_MATCH_INTERFACE,
	CONF_MATCH_KERNEL_PROTOCOL,
	CONF_MATCH_NEIGHBOR,
	CONF_MATCH_NEIGHBOR_TYPE,
	CONF_MATCH_AS_PATH_SET,
	CONF_MATCH_AS_PATH_PREFIX,
	CONF_MATCH_NEXT_HOP,
	CONF_MATCH_ORIGIN,
	CONF_MATCH_PATH_LENGTH,
	CONF_MATCH_LOCAL_PREFERENCE,
	CONF_MATCH_METRIC,
	CONF_MATCH_TAG,
	CONF_MATCH_NOT,
	CONF_MATCH_KEYS
};

/* All keys in `has` must hold (none: everything matches); of a list, any element. */
struct conf_match {
	uint64_t has; /* bits of enum conf_match_key */
	CONF_LIST(struct conf_prefix_arg) prefix_set;
	CONF_LIST(struct conf_community_arg) community_set;
	uint32_t source;                   /* enum conf_source bits */
	CONF_LIST(const char *) interface; /* patterns with * and ?, of the outgoing interface */
	CONF_LIST(uint32_t) kernel_protocol; /* rtm_protocol of a learned route, 1..255 */
	CONF_LIST(struct conf_ref) neighbor;
	uint32_t neighbor_type; /* enum conf_neighbor_type bits */
	CONF_LIST(struct conf_as_path_arg) as_path_set;
	CONF_LIST(uint32_t) as_path_prefix;   /* the path begins with these, in order */
	CONF_LIST(struct ip_prefix) next_hop; /* NEXT_HOP is inside one */
	uint32_t origin;                      /* 1 << enum conf_origin bits */
	struct conf_range path_length;
	struct conf_range local_preference;
	struct conf_range metric;
	struct conf_range tag;
	struct conf_match * not ; /* must not hold */
};

enum conf_expr_kind {
	CONF_EXPR_NUMBER,
	CONF_EXPR_COMPLEMENT_METRIC,           /* 2147483647 - metric */
	CONF_EXPR_COMPLEMENT_LOCAL_PREFERENCE, /* 2147483647 - local preference */
};
struct conf_expr {
	uint32_t kind; /* enum conf_expr_kind */
	uint32_t value;
};

struct conf_set_next_hop {
	bool self;
	struct ip_addr address; /* unless self */
};

enum conf_set_key {
	CONF_SET_LOCAL_PREFERENCE,
	CONF_SET_MED,
	CONF_SET_ORIGIN,
	CONF_SET_NEXT_HOP,
	CONF_SET_PREPEND,
	CONF_SET_PREFERENCE,
	CONF_SET_ADD_COMMUNITIES,
	CONF_SET_REMOVE_COMMUNITIES,
	CONF_SET_METRIC,
	CONF_SET_TUNNEL,
	CONF_SET_TAG,
	CONF_SET_KEYS
};

struct conf_set {
	uint64_t has; /* bits of enum conf_set_key */
	struct conf_expr local_preference;
	uint32_t med;
	uint32_t origin; /* enum conf_origin */
	struct conf_set_next_hop next_hop;
	CONF_LIST(uint32_t) prepend; /* first one nearest to the receiver */
	uint32_t preference;
	CONF_LIST(struct conf_community) add_communities; /* each of one value */
	CONF_LIST(struct conf_community_arg) remove_communities;
	struct conf_expr metric;
	const char *tunnel;
	uint32_t tag;
};

enum conf_action { CONF_ACTION_NEXT, CONF_ACTION_ACCEPT, CONF_ACTION_REJECT };

struct conf_rule {
	uint64_t has;
	struct conf_pos pos;
	struct conf_match match;
	struct conf_set set;
	uint32_t action; /* enum conf_action; NEXT goes on with the rule after this one */
};

struct conf_policy {
	const char *name;
	struct conf_pos pos;
	CONF_LIST(struct conf_rule) rules;
};

/* ---- the rest, and the whole ---- */

struct conf_control {
	uint64_t has;
	const char *socket;
	uint32_t mode;     /* permission bits */
	const char *group; /* NULL: leave it */
};

struct conf_bird_sockets {
	uint64_t has;
	const char *ipv4, *ipv6; /* NULL: off */
};

/* How much there is of neighbours. */
enum conf_metrics_neighbors {
	CONF_METRICS_EACH,
	CONF_METRICS_GROUP,     /* sums of those of a group */
	CONF_METRICS_REMOTE_AS, /* sums of those with the same remote-as, as it is configured */
	CONF_METRICS_NONE
};

struct conf_metrics {
	uint64_t has;
	struct conf_endpoint listen; /* address FAMILY_NONE: off */
	uint32_t neighbors;          /* enum conf_metrics_neighbors */
};

enum conf_log_format { CONF_LOG_TEXT, CONF_LOG_JSON };

struct conf_log {
	uint64_t has;
	uint32_t level;  /* enum log_level */
	uint32_t format; /* enum conf_log_format */
};

/* Top-level keys, in the order in which they are read and printed. */
enum conf_section {
	CONF_SEC_ROUTER,
	CONF_SEC_GROUPS,
	CONF_SEC_NEIGHBORS,
	CONF_SEC_NETWORKS,
	CONF_SEC_STATICS,
	CONF_SEC_AGGREGATES,
	CONF_SEC_KERNEL,
	CONF_SEC_PREFIX_SETS,
	CONF_SEC_AS_PATH_SETS,
	CONF_SEC_COMMUNITY_SETS,
	CONF_SEC_POLICIES,
	CONF_SEC_CONTROL,
	CONF_SEC_BIRD_SOCKETS,
	CONF_SEC_METRICS,
	CONF_SEC_LOG,
	CONF_SEC_INCLUDE,
	CONF_SECTIONS
};

/* A file that was read: the configuration, what it includes, or a password. */
struct conf_file {
	struct conf_file *next;
	const char *path;
};

struct conf {
	uint64_t has; /* bits of enum conf_section */
	struct conf_router router;
	CONF_LIST(struct conf_neighbor) neighbors;
	CONF_LIST(const struct conf_neighbor *) neighbors_by_name; /* sorted; made when the file is checked */
	CONF_LIST(uint32_t) tables; /* of neighbours, each once, ascending; likewise */
	CONF_LIST(const char *) vrfs; /* of neighbours, each once, by name; likewise */
	CONF_LIST(struct conf_network) networks;
	CONF_LIST(struct conf_static) statics;
	CONF_LIST(const struct conf_static *) statics_by_prefix; /* likewise */
	CONF_LIST(struct conf_aggregate) aggregates;
	struct conf_kernel kernel;
	CONF_LIST(struct conf_prefix_set) prefix_sets;
	CONF_LIST(struct conf_as_path_set) as_path_sets;
	CONF_LIST(struct conf_community_set) community_sets;
	CONF_LIST(struct conf_policy) policies;
	struct conf_control control;
	struct conf_bird_sockets bird_sockets;
	struct conf_metrics metrics;
	struct conf_log log;
	struct conf_file *files; /* last first, some of them twice; NULL: it was read from memory */
	struct conf_arena *arena; /* owns everything, also this struct */
};

/* ---- errors ---- */

struct conf_error {
	struct conf_pos pos; /* line 0: the file as a whole */
	uint32_t file_no;    /* order of reading, for sorting */
	const char *path;    /* "neighbors[0].hold-time" */
	const char *text;    /* "found …, expected …" */
};

/* Zero-initialised is empty. Sorted by position when conf_load() returns. */
struct conf_errors {
	struct conf_error *v;
	uint32_t n, cap;
	uint32_t dropped; /* beyond the first CONF_ERRORS_MAX */
	struct conf_arena *arena;
};
#define CONF_ERRORS_MAX 1000

/* One line an error: file:line:column: path: text */
void conf_errors_print(const struct conf_errors *errs, struct str *out);
void conf_errors_write(const struct conf_errors *errs, FILE *to); /* the same */
void conf_errors_free(struct conf_errors *errs);

/* ---- API ---- */

/*
 * Reads a configuration with all files it includes and passwords it refers to.
 * Blocks on file reads. Returns 0 and *out (conf_free), or -EINVAL with every
 * error in errs (conf_errors_free, in both cases) and *out NULL.
 */
int conf_load(const char *path, struct conf **out, struct conf_errors *errs);

#define CONF_NO_FILES 0x1u /* include and password files are refused, nothing is opened */

/* The same from memory; name stands for the file in positions and for the folder of includes. */
int conf_load_text(const char *name, const char *text, size_t len, unsigned flags, struct conf **out,
		   struct conf_errors *errs);

void conf_free(struct conf *c); /* NULL is fine */

/* Adds the canonical YAML; reading it gives an equal configuration. Without secrets, passwords are
 * "********". */
void conf_print(const struct conf *c, bool secrets, struct str *out);

/* Adds the parts of a rule as YAML of one line; nothing where there is no match, or nothing to set. */
void conf_rule_text(const struct conf_rule *r, struct str *match, struct str *set, struct str *action);

/* Adds the list of all keys as mdoc, for the manual page. */
void conf_schema_doc(struct str *out);
/* Adds the JSON Schema of bgpd.yaml, draft 7, with a newline at its end. */
void conf_schema_json(struct str *out);

/* The AS that we are to others than the members of our confederation. */
static inline uint32_t
conf_outside_as(const struct conf_router *r)
{
	return r->confederation.as != 0 ? r->confederation.as : r->as;
}

/* iBGP or not; false for a neighbour of which only "external" is known. */
static inline bool
conf_neighbor_is_internal(const struct conf_neighbor *n)
{
	return n->remote_as.type == CONF_REMOTE_INTERNAL ||
	       (n->remote_as.type == CONF_REMOTE_NUMBER && n->remote_as.as == n->local_as);
}

/* In our AS or in another one of our confederation: what the outside takes for one AS. */
static inline bool
conf_neighbor_is_inside(const struct conf_neighbor *n)
{
	return n->confederation || conf_neighbor_is_internal(n);
}

/* Stands for anybody inside its prefix (dynamic neighbours). */
static inline bool
conf_neighbor_is_range(const struct conf_neighbor *n)
{
	return n->prefix.family != FAMILY_NONE;
}

/* Finds by name, by prefix, in a configuration that has been loaded; NULL if there is none. */
const struct conf_neighbor *conf_neighbor_by_name(const struct conf *c, const char *name);
const struct conf_static *conf_static_by_prefix(const struct conf *c, const struct ip_prefix *p);

#endif
