/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify: NOTIFICATION codes, their names, and the body of the message.
 *
 * struct bgp_error is what every decoder fills in when a peer did something
 * wrong: exactly what a NOTIFICATION carries, plus a sentence for the log. It
 * owns a copy of its data, so it outlives the read buffer. RFC 4271 4.5 and 6,
 * 4486 (Cease), 6608 (FSM), 7313 (ROUTE-REFRESH), 8538 (Hard Reset), 9003
 * (shutdown communication), 9234 (role), 9384 (BFD down), 9687 (send hold).
 */
#ifndef BGPD_NOTIFY_H
#define BGPD_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum bgp_error_code {
	BGP_ERR_HEADER = 1,
	BGP_ERR_OPEN = 2,
	BGP_ERR_UPDATE = 3,
	BGP_ERR_HOLD_TIMER = 4,
	BGP_ERR_FSM = 5,
	BGP_ERR_CEASE = 6,
	BGP_ERR_REFRESH = 7,
	BGP_ERR_SEND_HOLD = 8,
};
enum bgp_header_subcode { BGP_HEADER_NOT_SYNC = 1, BGP_HEADER_BAD_LENGTH = 2, BGP_HEADER_BAD_TYPE = 3 };
enum bgp_open_subcode {
	BGP_OPEN_BAD_VERSION = 1,
	BGP_OPEN_BAD_PEER_AS = 2,
	BGP_OPEN_BAD_ID = 3,
	BGP_OPEN_BAD_PARAM = 4,
	BGP_OPEN_BAD_HOLD = 6,
	BGP_OPEN_UNSUPPORTED_CAP = 7,
	BGP_OPEN_ROLE_MISMATCH = 11,
};
enum bgp_update_subcode {
	BGP_UPDATE_MALFORMED_LIST = 1,
	BGP_UPDATE_UNKNOWN_WELLKNOWN = 2,
	BGP_UPDATE_MISSING_WELLKNOWN = 3,
	BGP_UPDATE_FLAGS = 4,
	BGP_UPDATE_LENGTH = 5,
	BGP_UPDATE_ORIGIN = 6,
	BGP_UPDATE_NEXT_HOP = 8,
	BGP_UPDATE_OPTIONAL = 9,
	BGP_UPDATE_NETWORK = 10,
	BGP_UPDATE_AS_PATH = 11,
};
enum bgp_fsm_subcode {
	BGP_FSM_UNSPECIFIC = 0,
	BGP_FSM_OPENSENT = 1,
	BGP_FSM_OPENCONFIRM = 2,
	BGP_FSM_ESTABLISHED = 3
};
enum bgp_cease_subcode {
	BGP_CEASE_MAX_PREFIX = 1,
	BGP_CEASE_ADMIN_SHUTDOWN = 2,
	BGP_CEASE_DECONFIGURED = 3,
	BGP_CEASE_ADMIN_RESET = 4,
	BGP_CEASE_REJECTED = 5,
	BGP_CEASE_CONFIG_CHANGE = 6,
	BGP_CEASE_COLLISION = 7,
	BGP_CEASE_RESOURCES = 8,
	BGP_CEASE_HARD_RESET = 9,
	BGP_CEASE_BFD_DOWN = 10,
};
enum bgp_refresh_subcode { BGP_REFRESH_BAD_LENGTH = 1 };

/* What is left of 4,096 octets behind header, code and subcode. */
#define BGP_ERROR_DATA_MAX    4075
#define BGP_SHUTDOWN_TEXT_MAX 255 /* octets of UTF-8, RFC 9003 */

struct bgp_error {
	uint8_t code, subcode; /* code 0: no error */
	uint16_t data_len;
	const char *reason;               /* static text for the log; never NULL once set */
	uint8_t data[BGP_ERROR_DATA_MAX]; /* only the first data_len octets mean something */
};

/* Fills e in; data longer than a NOTIFICATION can carry is cut. data may be NULL when len is 0. */
void bgp_error_set(struct bgp_error *e, uint8_t code, uint8_t subcode, const char *reason, const void *data,
		   size_t len);
/* "UPDATE Message Error", "Attribute Length Error"; "unknown" for numbers nobody assigned. Never NULL. */
const char *notify_code_name(uint8_t code);
const char *notify_subcode_name(uint8_t code, uint8_t subcode);

/* Writes a whole NOTIFICATION, header included. Its length, or 0 where cap is too small. */
size_t notify_encode(const struct bgp_error *e, uint8_t *out, size_t cap);
/* Body (behind the header, at least 2 octets: the framing has checked that) of a received one into e. */
void notify_decode(const uint8_t *body, size_t len, struct bgp_error *e);
/* RFC 8538 3.1: puts e inside a Cease/Hard Reset; what does not fit is cut. */
void notify_wrap_hard_reset(struct bgp_error *e);
/* True, and e replaced by what is inside, where e is a Cease/Hard Reset that carries a code and a subcode. */
bool notify_unwrap_hard_reset(struct bgp_error *e);

/* RFC 4486 4: e becomes Cease/Maximum Number of Prefixes Reached with the family and the limit as its data. */
void notify_max_prefix_set(struct bgp_error *e, uint16_t afi, uint8_t safi, uint32_t limit);
/*
 * RFC 9003: e becomes Cease with subcode (Administrative Shutdown or Reset) and text as its
 * communication. Text that is too long is cut between characters; text that is not UTF-8, or
 * NULL, is left out.
 */
void notify_shutdown_set(struct bgp_error *e, uint8_t subcode, const char *text);
/*
 * The communication inside a received e, NUL-terminated and with control characters replaced by
 * blanks, into out (BGP_SHUTDOWN_TEXT_MAX + 1). False, and out empty, where there is none or it is
 * malformed (RFC 9003 4: then logged and otherwise ignored).
 */
bool notify_shutdown_get(const struct bgp_error *e, char out[BGP_SHUTDOWN_TEXT_MAX + 1]);
bool notify_shutdown_malformed(const struct bgp_error *e);

#endif
