/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msg: the header every BGP message has, and the messages that are little else.
 *
 * The session hands in what it has read; msg_frame says whether a whole message
 * is there. Which lengths a type may have is one table. KEEPALIVE and
 * ROUTE-REFRESH are here too. RFC 4271 4.1, 4.4 and 6.1; 2918 and 7313
 * (refresh); 8654 (extended messages: never OPEN nor KEEPALIVE).
 */
#ifndef BGPD_MSG_H
#define BGPD_MSG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgpd/notify.h"

#define BGP_HEADER_LEN  19u
#define BGP_MSG_MAX     4096u
#define BGP_MSG_MAX_EXT 65535u /* RFC 8654 */
#define BGP_AS_TRANS    23456u /* RFC 6793 */

enum bgp_msg_type {
	BGP_MSG_OPEN = 1,
	BGP_MSG_UPDATE = 2,
	BGP_MSG_NOTIFICATION = 3,
	BGP_MSG_KEEPALIVE = 4,
	BGP_MSG_REFRESH = 5,
};
#define BGP_MSG_TYPES 6 /* array size when indexed by type */

enum msg_frame_result { MSG_FRAME_MORE, MSG_FRAME_READY, MSG_FRAME_ERROR };

struct msg_frame {
	uint8_t type;        /* enum bgp_msg_type */
	uint16_t len;        /* of the whole message, octets */
	const uint8_t *body; /* into the caller's buffer */
	size_t body_len;
};

/*
 * Looks at avail octets of stream at p. READY: out describes the message, whose len octets are
 * all there. MORE: read on (nothing wrong so far; errors are found as soon as the header is whole).
 * ERROR: err is set; the connection cannot go on. max_len is BGP_MSG_MAX or, once RFC 8654 is
 * negotiated, BGP_MSG_MAX_EXT.
 */
enum msg_frame_result msg_frame(const uint8_t *p, size_t avail, size_t max_len, struct msg_frame *out,
				struct bgp_error *err);

/* Writes the 19 octets of header; len is that of the whole message. */
void msg_header_put(uint8_t *out, enum bgp_msg_type type, size_t len);
/* Writes a KEEPALIVE of BGP_HEADER_LEN octets and returns that. */
size_t msg_keepalive_encode(uint8_t *out);
const char *msg_type_name(uint8_t type); /* "OPEN"; "unknown" */

enum refresh_subtype { REFRESH_NORMAL = 0, REFRESH_BORR = 1, REFRESH_EORR = 2 };
#define BGP_REFRESH_LEN (BGP_HEADER_LEN + 4u)

struct msg_refresh {
	uint16_t afi;
	uint8_t subtype; /* enum refresh_subtype; others are ignored by the receiver (RFC 7313 5) */
	uint8_t safi;
};
/* Writes BGP_REFRESH_LEN octets and returns that. */
size_t msg_refresh_encode(uint8_t *out, const struct msg_refresh *r);
/*
 * Decodes f, a framed ROUTE-REFRESH. False, and err set, where its length is wrong for its
 * subtype; enhanced: RFC 7313 was negotiated (without it the subtype octet is reserved, and read as 0).
 */
bool msg_refresh_decode(const struct msg_frame *f, bool enhanced, struct msg_refresh *out,
			struct bgp_error *err);

#endif
