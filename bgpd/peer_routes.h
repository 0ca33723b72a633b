/* SPDX-License-Identifier: Apache-2.0 */
/*
 * peer_routes: what a neighbour's session does with routes: its source in the
 * RIB, its import side (update_in.c) and its membership in an export group.
 */
#ifndef BGPD_PEER_ROUTES_H
#define BGPD_PEER_ROUTES_H

#include "bgpd/msg.h"
#include "lib/addr.h"

#include <stdint.h>
#include <sys/uio.h>

struct peer;

/* Made with the peer; false: the RIB has no source number left. */
bool peer_routes_new(struct peer *p);
void peer_routes_free(struct peer *p);

/* The session is established: the peer's session and theirs are filled in. */
void peer_routes_up(struct peer *p);
/* It is no longer; graceful: not in a way that forbids keeping its routes (peer_gr.h says whether they are). */
void peer_routes_down(struct peer *p, bool graceful);
/* For peer_gr: all paths of a family become stale; those that are stale now are swept, in slices. */
void peer_routes_mark(struct peer *p, enum family f);
void peer_routes_sweep(struct peer *p, enum family f);
/*
 * Its kept stale paths go through the import policy again and stay stale; those of a family that is in its long-lived
 * time get LLGR_STALE, and those with NO_LLGR go (RFC 9494 4.2).
 */
void peer_routes_rejudge_stale(struct peer *p);
/* May a new session begin, or do too many old paths still wait to be swept? */
bool peer_routes_ready(const struct peer *p);
/* An UPDATE or ROUTE-REFRESH; errors go to peer_update_error. */
void peer_routes_message(struct peer *p, const struct msg_frame *f);
/* All messages of a read are in. */
void peer_routes_batch(struct peer *p);
/* Has End-of-RIB come for every negotiated family? */
bool peer_routes_in_sync(const struct peer *p);
/*
 * max-prefix of the configuration may be another one now. Beyond the limit, which counts received prefixes of a family
 * before policy, action warn says so in the log; restart and shutdown end the session with Cease/Maximum Number of
 * Prefixes Reached (RFC 4486); with block further prefixes are kept as rejected (RIB_REJECT_MAX_PREFIX, see rib.h).
 * Blocked ones come in by themselves when others are withdrawn or swept, or the limit is raised; a refresh makes the
 * neighbour's order the one that counts. A limit that is lowered throws out nothing.
 */
void peer_routes_limit_changed(struct peer *p);
/* Its import policy has changed: all kept routes are judged again, without a session those that are kept as stale. */
void peer_routes_reconfigure(struct peer *p);
/* The peer goes away: frees it when nothing of it is left in the RIB. */
void peer_routes_retire(struct peer *p);
struct group_member;
/* Asks the neighbour to send its routes again, or sends ours again. */
void peer_routes_refresh_in(struct peer *p);
void peer_routes_refresh_out(struct peer *p);

struct rib_source;
struct update_stats;
/* The group has something for it: called by the group. */
void peer_routes_wake(struct peer *p);
/* Everything that the group has for it so far is written to the socket. */
bool peer_routes_written(struct peer *p);
/* Number of the next hop that is the neighbour's own address: such routes are not sent to it. */
uint32_t peer_routes_own_nexthop(struct peer *p);
struct group_member;
/* Its membership, or NULL while the session is down. */
const struct group_member *peer_routes_member(const struct peer *p);
struct rib_source *peer_routes_source(const struct peer *p);
struct update_stats *peer_routes_update_stats(struct peer *p);

struct peer_route_counts {
	uint32_t received, accepted, sent;
	uint32_t held; /* prefixes that would be sent but for max-prefix-out */
};
void peer_routes_counts(const struct peer *p, enum family f, struct peer_route_counts *out);

/* The session's stream of UPDATEs (session_ops). */
int peer_routes_iov(struct peer *p, struct iovec *iov, int max);
/* The same again, for who looks at what has been taken of it before peer_routes_sent is told. */
int peer_routes_peek(struct peer *p, struct iovec *iov, int max);
void peer_routes_sent(struct peer *p, size_t octets);
size_t peer_routes_partial(struct peer *p);

#endif
