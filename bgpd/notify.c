/* SPDX-License-Identifier: Apache-2.0 */
/*
 * notify: the names of NOTIFICATION codes and the body of the message.
 *
 * Called by the decoders (which fill in a struct bgp_error), by the session
 * (which sends and reads NOTIFICATIONs) and by whatever prints one. A new
 * subcode is a row in the table of its code. RFC 4271 4.5, 8538, 9003.
 */
#include "bgpd/notify.h"

#include <string.h>

#include "bgpd/msg.h"
#include "lib/buf.h"
#include "lib/mem.h"

static const char *const header_names[] = {
    [BGP_HEADER_NOT_SYNC] = "Connection Not Synchronized",
    [BGP_HEADER_BAD_LENGTH] = "Bad Message Length",
    [BGP_HEADER_BAD_TYPE] = "Bad Message Type",
};
static const char *const open_names[] = {
    [BGP_OPEN_BAD_VERSION] = "Unsupported Version Number",
    [BGP_OPEN_BAD_PEER_AS] = "Bad Peer AS",
    [BGP_OPEN_BAD_ID] = "Bad BGP Identifier",
    [BGP_OPEN_BAD_PARAM] = "Unsupported Optional Parameter",
    [5] = "Authentication Failure",
    [BGP_OPEN_BAD_HOLD] = "Unacceptable Hold Time",
    [BGP_OPEN_UNSUPPORTED_CAP] = "Unsupported Capability",
    [BGP_OPEN_ROLE_MISMATCH] = "Role Mismatch",
};
static const char *const update_names[] = {
    [BGP_UPDATE_MALFORMED_LIST] = "Malformed Attribute List",
    [BGP_UPDATE_UNKNOWN_WELLKNOWN] = "Unrecognized Well-known Attribute",
    [BGP_UPDATE_MISSING_WELLKNOWN] = "Missing Well-known Attribute",
    [BGP_UPDATE_FLAGS] = "Attribute Flags Error",
    [BGP_UPDATE_LENGTH] = "Attribute Length Error",
    [BGP_UPDATE_ORIGIN] = "Invalid ORIGIN Attribute",
    [7] = "AS Routing Loop",
    [BGP_UPDATE_NEXT_HOP] = "Invalid NEXT_HOP Attribute",
    [BGP_UPDATE_OPTIONAL] = "Optional Attribute Error",
    [BGP_UPDATE_NETWORK] = "Invalid Network Field",
    [BGP_UPDATE_AS_PATH] = "Malformed AS_PATH",
};
static const char *const fsm_names[] = {
    [BGP_FSM_OPENSENT] = "Receive Unexpected Message in OpenSent State",
    [BGP_FSM_OPENCONFIRM] = "Receive Unexpected Message in OpenConfirm State",
    [BGP_FSM_ESTABLISHED] = "Receive Unexpected Message in Established State",
};
static const char *const cease_names[] = {
    [BGP_CEASE_MAX_PREFIX] = "Maximum Number of Prefixes Reached",
    [BGP_CEASE_ADMIN_SHUTDOWN] = "Administrative Shutdown",
    [BGP_CEASE_DECONFIGURED] = "Peer De-configured",
    [BGP_CEASE_ADMIN_RESET] = "Administrative Reset",
    [BGP_CEASE_REJECTED] = "Connection Rejected",
    [BGP_CEASE_CONFIG_CHANGE] = "Other Configuration Change",
    [BGP_CEASE_COLLISION] = "Connection Collision Resolution",
    [BGP_CEASE_RESOURCES] = "Out of Resources",
    [BGP_CEASE_HARD_RESET] = "Hard Reset",
    [BGP_CEASE_BFD_DOWN] = "BFD Down",
};
static const char *const refresh_names[] = {
    [BGP_REFRESH_BAD_LENGTH] = "Invalid Message Length",
};

#define SUBCODES(a) .sub = (a), .nsub = ARRAY_LEN(a)
static const struct code_row {
	const char *name;
	const char *const *sub;
	size_t nsub;
} codes[] = {
    [BGP_ERR_HEADER] = {"Message Header Error", SUBCODES(header_names)}, /* RFC 4271 6.1 */
    [BGP_ERR_OPEN] = {"OPEN Message Error", SUBCODES(open_names)},       /* RFC 4271 6.2, 5492, 9234 */
    [BGP_ERR_UPDATE] = {"UPDATE Message Error", SUBCODES(update_names)}, /* RFC 4271 6.3 */
    [BGP_ERR_HOLD_TIMER] = {.name = "Hold Timer Expired"},               /* RFC 4271 6.5 */
    [BGP_ERR_FSM] = {"Finite State Machine Error", SUBCODES(fsm_names)}, /* RFC 6608 */
    [BGP_ERR_CEASE] = {"Cease", SUBCODES(cease_names)},                  /* RFC 4486, 8538, 9384 */
    [BGP_ERR_REFRESH] = {"ROUTE-REFRESH Message Error", SUBCODES(refresh_names)}, /* RFC 7313 */
    [BGP_ERR_SEND_HOLD] = {.name = "Send Hold Timer Expired"},                    /* RFC 9687 */
};

void
bgp_error_set(struct bgp_error *e, uint8_t code, uint8_t subcode, const char *reason, const void *data,
	      size_t len)
{
	if (len > sizeof(e->data))
		len = sizeof(e->data);
	e->code = code;
	e->subcode = subcode;
	e->reason = reason;
	e->data_len = (uint16_t)len;
	if (len > 0)
		memcpy(e->data, data, len);
}

const char *
notify_code_name(uint8_t code)
{
	if (code >= ARRAY_LEN(codes) || codes[code].name == NULL)
		return "unknown";
	return codes[code].name;
}

const char *
notify_subcode_name(uint8_t code, uint8_t subcode)
{
	if (subcode == 0)
		return "Unspecific";
	if (code >= ARRAY_LEN(codes) || subcode >= codes[code].nsub || codes[code].sub[subcode] == NULL)
		return "unknown";
	return codes[code].sub[subcode];
}

size_t
notify_encode(const struct bgp_error *e, uint8_t *out, size_t cap)
{
	size_t len = BGP_HEADER_LEN + 2u + e->data_len;

	if (cap < len)
		return 0;
	msg_header_put(out, BGP_MSG_NOTIFICATION, len);
	out[BGP_HEADER_LEN] = e->code;
	out[BGP_HEADER_LEN + 1] = e->subcode;
	memcpy(out + BGP_HEADER_LEN + 2, e->data, e->data_len);
	return len;
}

void
notify_decode(const uint8_t *body, size_t len, struct bgp_error *e)
{
	ASSERT(len >= 2);
	bgp_error_set(e, body[0], body[1], "NOTIFICATION received", body + 2, len - 2);
}

void
notify_wrap_hard_reset(struct bgp_error *e)
{
	size_t len = e->data_len;

	if (len > sizeof(e->data) - 2)
		len = sizeof(e->data) - 2;
	memmove(e->data + 2, e->data, len);
	e->data[0] = e->code;
	e->data[1] = e->subcode;
	e->data_len = (uint16_t)(len + 2);
	e->code = BGP_ERR_CEASE;
	e->subcode = BGP_CEASE_HARD_RESET;
}

bool
notify_unwrap_hard_reset(struct bgp_error *e)
{
	if (e->code != BGP_ERR_CEASE || e->subcode != BGP_CEASE_HARD_RESET || e->data_len < 2)
		return false;
	e->code = e->data[0];
	e->subcode = e->data[1];
	e->data_len = (uint16_t)(e->data_len - 2);
	memmove(e->data, e->data + 2, e->data_len);
	return true;
}

/* Octets of the UTF-8 character at p (RFC 3629: no surrogates, no overlong forms), 0 if there is none. */
static size_t
utf8_char(const uint8_t *p, size_t left)
{
	size_t n = p[0] < 0x80   ? 1
		   : p[0] < 0xc2 ? 0
		   : p[0] < 0xe0 ? 2
		   : p[0] < 0xf0 ? 3
		   : p[0] < 0xf5 ? 4
				 : 0;

	if (n == 0 || n > left)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) || (p[0] == 0xf0 && p[1] < 0x90) ||
	    (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

/* The octets of p that are whole characters, at most max; stops early at the first that is none. */
static size_t
utf8_span(const uint8_t *p, size_t len, size_t max)
{
	size_t at = 0;

	while (at < len) {
		size_t n = utf8_char(p + at, len - at);
		if (n == 0 || at + n > max)
			break;
		at += n;
	}
	return at;
}

void
notify_max_prefix_set(struct bgp_error *e, uint16_t afi, uint8_t safi, uint32_t limit)
{
	uint8_t data[7];

	be16_put(data, afi);
	data[2] = safi;
	be32_put(data + 3, limit);
	bgp_error_set(e, BGP_ERR_CEASE, BGP_CEASE_MAX_PREFIX, cease_names[BGP_CEASE_MAX_PREFIX], data, sizeof(data));
}

void
notify_shutdown_set(struct bgp_error *e, uint8_t subcode, const char *text)
{
	bgp_error_set(e, BGP_ERR_CEASE, subcode, notify_subcode_name(BGP_ERR_CEASE, subcode), NULL, 0);
	if (text == NULL || *text == '\0')
		return;
	size_t len = strlen(text);
	if (utf8_span((const uint8_t *)text, len, len) != len)
		return;
	len = utf8_span((const uint8_t *)text, len, BGP_SHUTDOWN_TEXT_MAX);
	e->data[0] = (uint8_t)len;
	memcpy(e->data + 1, text, len);
	e->data_len = (uint16_t)(len + 1);
}

static bool
may_tell_why(const struct bgp_error *e)
{
	return e->code == BGP_ERR_CEASE &&
	       (e->subcode == BGP_CEASE_ADMIN_SHUTDOWN || e->subcode == BGP_CEASE_ADMIN_RESET) && e->data_len >= 1;
}

bool
notify_shutdown_malformed(const struct bgp_error *e)
{
	char text[BGP_SHUTDOWN_TEXT_MAX + 1];

	return may_tell_why(e) && e->data[0] != 0 && !notify_shutdown_get(e, text);
}

bool
notify_shutdown_get(const struct bgp_error *e, char out[BGP_SHUTDOWN_TEXT_MAX + 1])
{
	out[0] = '\0';
	if (!may_tell_why(e))
		return false;
	size_t len = e->data[0];
	if (len == 0 || len > e->data_len - 1u || utf8_span(e->data + 1, len, len) != len)
		return false;
	for (size_t i = 0; i < len; i++) {
		uint8_t c = e->data[1 + i];
		out[i] = (char)(c < 0x20 || c == 0x7f ? ' ' : c);
	}
	out[len] = '\0';
	return true;
}
