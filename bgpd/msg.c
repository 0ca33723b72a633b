/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msg: framing of the byte stream, and KEEPALIVE and ROUTE-REFRESH.
 *
 * Called by the session for every message. Nothing is copied: a frame points
 * into the read buffer. A header is judged as soon as its 19 octets are there,
 * so a stranger who sends rubbish is told so without waiting for "its length".
 * RFC 4271 4.1, 6.1; 2918; 7313; 8654.
 */
#include "bgpd/msg.h"

#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"

static const struct type_row {
	const char *name;
	uint16_t min, max; /* octets of the whole message; max 0: whatever the session allows */
} types[BGP_MSG_TYPES] = {
    [BGP_MSG_OPEN] = {"OPEN", 29, BGP_MSG_MAX},                /* RFC 4271 4.2, 8654 4 */
    [BGP_MSG_UPDATE] = {"UPDATE", 23, 0},                      /* RFC 4271 4.3 */
    [BGP_MSG_NOTIFICATION] = {"NOTIFICATION", 21, 0},          /* RFC 4271 4.5 */
    [BGP_MSG_KEEPALIVE] = {"KEEPALIVE", 19, BGP_HEADER_LEN},   /* RFC 4271 4.4 */
    [BGP_MSG_REFRESH] = {"ROUTE-REFRESH", BGP_REFRESH_LEN, 0}, /* RFC 2918 3; longer with ORF (5291) */
};

static const uint8_t marker[16] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
				   0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

enum msg_frame_result
msg_frame(const uint8_t *p, size_t avail, size_t max_len, struct msg_frame *out, struct bgp_error *err)
{
	if (avail < BGP_HEADER_LEN)
		return MSG_FRAME_MORE;
	if (memcmp(p, marker, sizeof(marker)) != 0) {
		bgp_error_set(err, BGP_ERR_HEADER, BGP_HEADER_NOT_SYNC, "marker is not all ones", NULL, 0);
		return MSG_FRAME_ERROR;
	}
	size_t len = be16_get(p + 16);
	uint8_t type = p[18];
	if (len < BGP_HEADER_LEN || len > max_len) {
		bgp_error_set(err, BGP_ERR_HEADER, BGP_HEADER_BAD_LENGTH, "length out of range", p + 16, 2);
		return MSG_FRAME_ERROR;
	}
	if (type >= BGP_MSG_TYPES || types[type].name == NULL) {
		bgp_error_set(err, BGP_ERR_HEADER, BGP_HEADER_BAD_TYPE, "unknown message type", p + 18, 1);
		return MSG_FRAME_ERROR;
	}
	if (len < types[type].min || (types[type].max != 0 && len > types[type].max)) {
		bgp_error_set(err, BGP_ERR_HEADER, BGP_HEADER_BAD_LENGTH,
			      "length is wrong for the message type", p + 16, 2);
		return MSG_FRAME_ERROR;
	}
	if (avail < len)
		return MSG_FRAME_MORE;
	*out = (struct msg_frame){
	    .type = type, .len = (uint16_t)len, .body = p + BGP_HEADER_LEN, .body_len = len - BGP_HEADER_LEN};
	return MSG_FRAME_READY;
}

void
msg_header_put(uint8_t *out, enum bgp_msg_type type, size_t len)
{
	ASSERT(len >= BGP_HEADER_LEN && len <= BGP_MSG_MAX_EXT);
	memcpy(out, marker, sizeof(marker));
	be16_put(out + 16, (uint16_t)len);
	out[18] = (uint8_t)type;
}

size_t
msg_keepalive_encode(uint8_t *out)
{
	msg_header_put(out, BGP_MSG_KEEPALIVE, BGP_HEADER_LEN);
	return BGP_HEADER_LEN;
}

const char *
msg_type_name(uint8_t type)
{
	return type < BGP_MSG_TYPES && types[type].name != NULL ? types[type].name : "unknown";
}

size_t
msg_refresh_encode(uint8_t *out, const struct msg_refresh *r)
{
	msg_header_put(out, BGP_MSG_REFRESH, BGP_REFRESH_LEN);
	be16_put(out + BGP_HEADER_LEN, r->afi);
	out[BGP_HEADER_LEN + 2] = r->subtype;
	out[BGP_HEADER_LEN + 3] = r->safi;
	return BGP_REFRESH_LEN;
}

bool
msg_refresh_decode(const struct msg_frame *f, bool enhanced, struct msg_refresh *out, struct bgp_error *err)
{
	*out = (struct msg_refresh){
	    .afi = be16_get(f->body), .subtype = enhanced ? f->body[2] : REFRESH_NORMAL, .safi = f->body[3]};
	/* RFC 7313 5: the data is the whole message. */
	if (f->body_len != 4 && (out->subtype == REFRESH_BORR || out->subtype == REFRESH_EORR)) {
		bgp_error_set(err, BGP_ERR_REFRESH, BGP_REFRESH_BAD_LENGTH, "BoRR or EoRR of a wrong length",
			      f->body - BGP_HEADER_LEN, f->len);
		return false;
	}
	return true;
}
