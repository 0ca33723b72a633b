/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open: the OPEN message, the capabilities inside it, and what two of them make.
 *
 * open_decode judges the message by itself, open_check against what is
 * configured for the neighbour, open_negotiate says what the session may do.
 * Capabilities are rows of one table in open.c; one nobody knows is skipped
 * (RFC 5492 3). RFC 4271 4.2 and 6.2, 5492, 9072 (extended parameters), 6286
 * (identifier), 7607 (AS 0), 6793, 4760, 8950, 8654, 9234, 4724, 8538, 9494,
 * 7911, 2918, 7313; hostname and software version by their drafts.
 */
#ifndef BGPD_OPEN_H
#define BGPD_OPEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgpd/notify.h"
#include "lib/addr.h"

enum bgp_role { /* RFC 9234 4.1 */
		BGP_ROLE_PROVIDER = 0,
		BGP_ROLE_RS_SERVER = 1,
		BGP_ROLE_RS_CLIENT = 2,
		BGP_ROLE_CUSTOMER = 3,
		BGP_ROLE_PEER = 4,
};
#define BGP_ROLE_COUNT 5
enum add_path_mode { ADD_PATH_RECEIVE = 1, ADD_PATH_SEND = 2, ADD_PATH_BOTH = 3 }; /* RFC 7911 4 */

#define OPEN_FAMILY(f)     (uint8_t)(1u << (f)) /* bit of enum family in the sets below */
#define OPEN_NAME_MAX      64u                  /* octets of a name that are kept */
#define OPEN_MAX           (29u + 255u)         /* what open_encode writes at most */
#define OPEN_GR_TIME_MAX   4095u                /* seconds, twelve bits */
#define OPEN_LLGR_TIME_MAX 16777215u            /* seconds, 24 bits */

/* The capabilities of one OPEN, or those that both sides have. Zero-initialised: none. */
struct open_caps {
	uint8_t families;     /* set; RFC 4760 */
	uint8_t ext_next_hop; /* set: families whose next hop may be an IPv6 one; RFC 8950 */
	bool as4;             /* RFC 6793; the number is open_msg.as */
	bool route_refresh;
	bool enhanced_refresh;
	bool extended_message;
	bool has_role;
	bool role_conflict; /* the OPEN has two roles that differ; never sent */
	uint8_t role; /* enum bgp_role; what the peer sent may be a number nobody assigned */
	uint8_t add_path[FAMILY_COUNT]; /* enum add_path_mode or 0, from the sender's side */
	bool gr;                        /* RFC 4724; the rest of its fields mean something only then */
	bool gr_restarting;             /* R bit */
	bool gr_notification;           /* N bit, RFC 8538 */
	uint16_t gr_time_s;
	uint8_t gr_families;   /* set */
	uint8_t gr_forwarding; /* set: forwarding state kept (F bit) */
	bool llgr;             /* the capability was there, if only with no family; read, not written */
	uint8_t llgr_families; /* set; RFC 9494 */
	uint8_t llgr_forwarding;
	uint32_t llgr_time_s[FAMILY_COUNT];
};

struct open_msg {
	uint32_t as;     /* true number: from the capability, else the two-octet field */
	uint32_t id;     /* BGP Identifier, host order */
	uint16_t hold_s; /* 0 or ≥ 3 */
	struct open_caps caps;
	/* For people. "": not told, and not sent; what is read is cut to what fits and without control characters. */
	char hostname[OPEN_NAME_MAX + 1]; /* with the domain, draft-walton-bgp-hostname-capability */
	char software[OPEN_NAME_MAX + 1]; /* draft-ietf-idr-software-version */
};

/*
 * Writes a whole OPEN with o's capabilities. They always fit into 255 octets, so RFC 9072's longer
 * form is only ever read. The length, or 0 where cap is too small (OPEN_MAX is always enough).
 */
size_t open_encode(const struct open_msg *o, uint8_t *out, size_t cap);

/*
 * Body of a framed OPEN into o. False, and err set, on every error of RFC 4271 6.2 that can be
 * seen without knowing the neighbour. A peer without the multiprotocol capability speaks IPv4
 * unicast (RFC 4760 8): o->caps.families is never empty on success unless it offered only
 * families that are not known here.
 */
bool open_decode(const uint8_t *body, size_t len, struct open_msg *o, struct bgp_error *err);

/* What a neighbour must be. */
struct open_expect {
	uint32_t remote_as; /* 0: any external one (not local_as) */
	uint32_t local_as, local_id;
	uint16_t min_hold_s; /* offers below, other than 0, are refused; 0: no limit over RFC 4271's 3 */
	bool role_strict;    /* RFC 9234 4.2: a neighbour without a role is refused */
};
/*
 * ours is what we send, theirs what came. False, and err set: Bad Peer AS, Bad BGP Identifier
 * (RFC 6286: own one from an internal neighbour), Unacceptable Hold Time, Role Mismatch, or
 * Unsupported Capability where no family is common (the data lists ours).
 */
bool open_check(const struct open_expect *x, const struct open_msg *ours, const struct open_msg *theirs,
		struct bgp_error *err);

/* What the session may do. Directions are ours: add_path SEND means that we may send path ids. */
struct open_session {
	struct open_caps
	    caps; /* common; gr* and llgr* are the peer's own words, role is ours, where both have them */
	uint16_t hold_s;      /* the lower of both; 0: neither hold timer nor keepalives */
	uint16_t keepalive_s; /* at least 1; 0 with hold_s 0 */
	uint16_t max_len;     /* of a message that comes */
	bool internal;        /* iBGP */
};
/*
 * keepalive_s is the configured time between keepalives, which belongs to our hold time; where the neighbour
 * has made that shorter, it is at most a third of what counts (RFC 4271 4.4). 0: a third in any case.
 */
void open_negotiate(const struct open_msg *ours, const struct open_msg *theirs, uint32_t local_as,
		    uint32_t keepalive_s, struct open_session *out);

const char *role_name(uint8_t role); /* "provider", …; "unknown" */

#endif
