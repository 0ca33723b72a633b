/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update_log: what the log says of a malformed UPDATE: the error, the NLRI
 * involved and the whole message, so that its cause can be found (RFC 7606 6).
 *
 * A neighbour that sends nothing else must not fill the disk: only so many a
 * second are told in full, the others are counted. Called by update_in.
 */
#ifndef BGPD_UPDATE_LOG_H
#define BGPD_UPDATE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgpd/attr_codec.h"

#define UPDATE_LOG_PER_SECOND 5

/* Of one neighbour. Zero-initialised: none so far. */
struct update_log {
	uint32_t second; /* of the last one, monotonic */
	uint32_t told;   /* in that second */
	uint64_t untold; /* since the last one that was told */
};

/* May a further one be told now? False: it is counted. */
bool update_log_may(struct update_log *l, uint32_t now_s);
/* msg is the whole message that u was decoded from, header included. */
void update_log_malformed(struct update_log *l, uint32_t now_s, const char *neighbor, const struct update_in *u,
    const uint8_t *msg, size_t len);

#endif
