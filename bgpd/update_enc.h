/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update_enc: canonical attributes and prefixes to UPDATE messages.
 *
 * One message at a time: begin, add prefixes until one does not fit, finish,
 * begin the next. The attributes are copied at begin, so they need not outlive
 * it. MP_REACH_NLRI stands first (RFC 7606 5.1), always with extended length.
 * What an attribute set should look like towards a neighbour (LOCAL_PREF, own AS,
 * …) is decided before; here only its form changes: AS numbers of two octets
 * with AS4_PATH and AS4_AGGREGATOR (RFC 6793 4.2.2), and the next hop.
 */
#ifndef BGPD_UPDATE_ENC_H
#define BGPD_UPDATE_ENC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgpd/nlri.h"
#include "lib/addr.h"
#include "lib/buf.h"

struct update_form {
	uint8_t family;   /* of the NLRI */
	bool as4;         /* the receivers have RFC 6793 */
	bool add_path;    /* path ids are sent */
	bool discard;     /* without what a route can do without (RFC 8654 4): for who gets nothing otherwise */
	uint16_t max_len; /* of a message: BGP_MSG_MAX or BGP_MSG_MAX_EXT */
	/* IPv4 with an IPv6 next hop goes into MP_REACH_NLRI (RFC 8950: must be negotiated). */
	struct ip_addr next_hop;
	struct ip_addr link_local; /* behind an IPv6 next hop (RFC 2545 3), or FAMILY_NONE */
};

struct update_enc {
	struct wbuf nlri; /* from the first NLRI octet up to what max_len leaves */
	uint8_t *out;
	size_t nlri_off; /* offset of the first NLRI octet */
	size_t tail_len; /* attributes that come behind the NLRI of MP_REACH_NLRI, kept at the end of out */
	size_t next_hop_off; /* offset of the next hop in the message, to patch it later; 0 in a withdrawal */
	uint8_t next_hop_len; /* octets: 4, 16 or 32 */
	uint16_t max_len;
	bool mp, add_path, withdraw;
};

/*
 * Begins an announcement in out, which has room for f->max_len octets. attrs is canonical. False:
 * attributes and a single prefix do not fit into max_len.
 */
bool update_enc_begin(struct update_enc *e, uint8_t *out, const struct update_form *f, const uint8_t *attrs,
		      size_t attrs_len);
/* Begins a withdrawal; of f only family, add_path and max_len matter. */
void update_enc_begin_withdraw(struct update_enc *e, uint8_t *out, const struct update_form *f);
/* False: it does not fit any more, finish and begin anew. The family must be that of the form. */
static inline bool
update_enc_add(struct update_enc *e, const struct nlri *n)
{
	return nlri_put(&e->nlri, n, e->add_path);
}
/* Completes the message and returns its length, 0 where nothing was added. next_hop_off then counts from out.
 */
size_t update_enc_finish(struct update_enc *e);

#define UPDATE_EOR_MAX 29u
/* Writes End-of-RIB of a family (RFC 4724 2) and returns its length. */
size_t update_enc_eor(uint8_t out[UPDATE_EOR_MAX], enum family f);

#endif
