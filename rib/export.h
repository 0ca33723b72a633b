/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export: what BGP itself does to a route on its way to a neighbour.
 *
 * Two pure steps around the export policy: export_check() says whether the route
 * may go there at all, export_transform() turns the attribute set that came out of
 * the policy into the one that is sent. Called by the export groups, once for a
 * group; what differs between its members (split horizon, the address of next-hop
 * self) is not decided here. RFC 4271 5.1 and 9.2, RFC 1997, RFC 4360 6, RFC 4456,
 * RFC 5065, RFC 7311, RFC 7947, RFC 9234.
 */
#ifndef RIB_EXPORT_H
#define RIB_EXPORT_H

#include <stdbool.h>
#include <stdint.h>

#include "lib/addr.h"
#include "rib/attr.h"
#include "rib/rib.h"

enum export_nexthop {
	EXPORT_NEXTHOP_AUTO, /* eBGP: ours, or a third party's on the shared subnet; else: as it is */
	EXPORT_NEXTHOP_SELF, /* ours, also for reflected routes */
	EXPORT_NEXTHOP_KEEP  /* as it is */
};

/* Our role towards the neighbour, RFC 9234 4.1. */
enum export_role {
	EXPORT_ROLE_NONE,
	EXPORT_ROLE_PROVIDER,
	EXPORT_ROLE_CUSTOMER,
	EXPORT_ROLE_PEER,
	EXPORT_ROLE_RS_SERVER,
	EXPORT_ROLE_RS_CLIENT,
	EXPORT_ROLE_COUNT
};

#define EXPORT_OPT_GSHUT   0x01u /* the session is about to end: GRACEFUL_SHUTDOWN on everything (RFC 8326) */
#define EXPORT_OPT_NOTHING 0x02u /* whatever was sent is withdrawn */
#define EXPORT_OPT_OVERRIDE 0x04u /* towards eBGP: our AS stands for the receiver's in the path */

/* What is the same for all members of an export group. */
struct export_params {
	uint8_t type;                /* enum rib_peer_type of the receiver, not RIB_PEER_NONE */
	uint8_t nexthop;             /* enum export_nexthop */
	uint8_t role;                /* enum export_role, for eBGP */
	uint8_t options;             /* EXPORT_OPT_* */
	bool rr_client;              /* the receiver is a client of ours (RFC 4456) */
	bool rs_client;              /* it is a client of the route server that we are (RFC 7947) */
	bool llgr;                   /* has the capability of RFC 9494 */
	bool aigp;                   /* AIGP is enabled on the session (RFC 7311 3.1) */
	uint8_t remove_private;      /* enum aspath_private, for eBGP; the receiver's own AS stays, so that it sees loops */
	uint32_t local_as;           /* is prepended towards eBGP and other members of the confederation */
	uint32_t own_as;             /* goes in before that, so that it is seen behind it; 0: nothing */
	uint32_t remote_as;          /* the receiver's, where options or remove_private need it */
	uint32_t cluster_id;         /* host order */
	uint32_t default_local_pref; /* for what has none, not towards eBGP */
	struct ip_prefix subnet; /* subnet shared with an eBGP neighbour one hop away; FAMILY_NONE: none */
};

enum export_verdict {
	EXPORT_OK,
	EXPORT_NOT_REFLECTED, /* from iBGP to iBGP, neither end is a client: RFC 4456 6 */
	EXPORT_NO_ADVERTISE,  /* RFC 1997 */
	EXPORT_NO_EXPORT,     /* RFC 1997; also NO_EXPORT_SUBCONFED */
	EXPORT_LLGR_STALE,    /* the receiver would not know how bad it is: RFC 9494 4.3 */
	EXPORT_OTC,           /* would be a route leak: RFC 9234 5 */
	EXPORT_DRAINED,       /* nothing is sent any more: RFC 8326 */
	EXPORT_VERDICT_COUNT
};

/*
 * May the route of this source go to such a receiver? attrs is the Loc-RIB's set,
 * before export policy: a NO_EXPORT which that policy adds is meant for the receiver.
 */
enum export_verdict export_check(const struct export_params *p, const struct rib_source *source,
				 const struct attr_set *attrs);
const char *export_verdict_name(enum export_verdict v); /* a word, "no-export" */

/*
 * The set to send, as a reference in the table to: made of what came out of export policy, in the
 * table from (which may be the same; both number next hops alike). policy_set is the policy_result's: MED leaves towards eBGP only if the policy
 * set it or the route is ours, and a next hop that the policy set stays. The next hop
 * of the result is ATTR_NEXTHOP_SELF wherever our own address goes. ATTR_NONE if the
 * set would be longer than 65535 octets.
 */
attr_id export_transform(const struct export_params *p, const struct rib_source *source, const struct attr_table *from,
			 attr_id in, uint32_t policy_set, struct attr_table *to);

#endif
