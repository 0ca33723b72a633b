/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update_in: UPDATE messages of a neighbour into operations on the RIB.
 *
 * Decodes a message, interns its attributes, runs the checks of RFC 4271 9.1.2
 * (loops) and the import policy once for each attribute block (once for each
 * prefix only where the policy looks at prefixes), and collects operations until
 * the whole read is in: one rib_apply for many messages. Called by peer_routes.
 */
#ifndef BGPD_UPDATE_IN_H
#define BGPD_UPDATE_IN_H

#include "bgpd/attr_codec.h"
#include "bgpd/update_log.h"
#include "rib/rib.h"

struct bgpd;
struct peer;
struct update_queue; /* the operations of the read under way; one for the daemon */

struct update_queue *update_queue_new(struct bgpd *d);
void update_queue_free(struct update_queue *q);

/* What a neighbour's UPDATEs did so far; for show neighbor and the log. */
struct update_stats {
	uint64_t treat_as_withdraw, attribute_discard; /* messages, RFC 7606 2 */
	struct update_log log;
};

/*
 * Takes the body of an UPDATE, which stands behind its header and stays until update_in_flush or update_in_drop.
 * Families whose End-of-RIB it is are reported in *eor (OPEN_FAMILY bit, 0: none). The
 * outcome tells whether the session may go on (ATTR_RESET, ATTR_AF_DISABLE: err is what to send).
 */
enum attr_outcome update_in_message(struct update_queue *q, struct peer *p, const uint8_t *body, size_t len,
    uint8_t *eor, struct bgp_error *err);
/* Applies what is queued for this neighbour. */
void update_in_flush(struct update_queue *q, struct peer *p);
/* Forgets what is queued: the session is gone. */
void update_in_drop(struct update_queue *q);

#endif
