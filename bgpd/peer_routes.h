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
/* It is no longer: paths go stale and are swept. */
void peer_routes_down(struct peer *p);
/* May a new session begin, or do too many old paths still wait to be swept? */
bool peer_routes_ready(const struct peer *p);
/* An UPDATE or ROUTE-REFRESH; errors go to peer_update_error. */
void peer_routes_message(struct peer *p, const struct msg_frame *f);
/* All messages of a read are in. */
void peer_routes_batch(struct peer *p);
/* Policies or settings that concern routes have changed. */
void peer_routes_reconfigure(struct peer *p);
/* Asks the neighbour to send its routes again, or sends ours again. */
void peer_routes_refresh_in(struct peer *p);
void peer_routes_refresh_out(struct peer *p);

struct peer_route_counts {
	uint32_t received, accepted, sent;
};
void peer_routes_counts(const struct peer *p, enum family f, struct peer_route_counts *out);

/* The session's stream of UPDATEs (session_ops). */
int peer_routes_iov(struct peer *p, struct iovec *iov, int max);
void peer_routes_sent(struct peer *p, size_t octets);
size_t peer_routes_partial(struct peer *p);

#endif
