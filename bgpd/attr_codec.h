/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attr_codec: the UPDATE message and its path attributes, from strangers'
 * octets to canonical ones.
 *
 * Canonical: ascending types, each flags/type/length/value, the extended length
 * only where it is needed, communities sorted and each once, AS_PATH and
 * AGGREGATOR with four-octet AS numbers,
 * without NEXT_HOP, MP_REACH_NLRI, MP_UNREACH_NLRI, AS4_PATH, AS4_AGGREGATOR;
 * unknown optional transitive attributes with the Partial bit, unknown
 * non-transitive ones dropped. Equal bytes are equal attributes. One pass, no
 * allocation. RFC 4271 4.3 and 6.3, 7606 (what each error leads to), 4760,
 * 6793, 8950, 9774, 7607, 7311, 9234.
 */
#ifndef BGPD_ATTR_CODEC_H
#define BGPD_ATTR_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bgpd/notify.h"
#include "lib/addr.h"
#include "rib/attr.h"

/* RFC 7606 2, weakest first; the strongest of a message's errors decides. */
enum attr_outcome {
	ATTR_OK,
	ATTR_IGNORE,     /* the attribute is left out, the routes are good */
	ATTR_WITHDRAW,   /* treat-as-withdraw: every announced prefix counts as withdrawn */
	ATTR_AF_DISABLE, /* the family of update_in.bad_family cannot go on */
	ATTR_RESET,      /* the session cannot */
};

/* What the decoder must know about the session. */
struct attr_session {
	bool external;               /* not iBGP: ORIGINATOR_ID and CLUSTER_LIST are not for us */
	bool as4;                    /* RFC 6793 negotiated */
	bool confed;                 /* the neighbour is in our confederation, or in our AS that is in one (RFC 5065) */
	bool aigp;                   /* RFC 7311 AIGP_SESSION */
	bool af_disable;             /* answer bad NLRI of a family with AF_DISABLE instead of RESET */
	uint8_t families;            /* negotiated, set of OPEN_FAMILY bits */
	uint8_t ext_next_hop;        /* same: RFC 8950 */
	bool add_path[FAMILY_COUNT]; /* the neighbour sends path ids */
	uint32_t first_as; /* the leftmost AS must be this (RFC 4271 6.3); 0: not checked (route server) */
};

struct update_nlri {
	const uint8_t *p; /* into the message; never NULL, also where there is no such field */
	size_t len;
	uint8_t family; /* FAMILY_NONE: no such field */
	bool add_path;
};

#define ATTR_CANON_MAX 65535u

/* Where canonical bytes go; one a thread is enough, contents mean nothing between calls. */
struct attr_scratch {
	uint8_t canon[ATTR_CANON_MAX];
};

struct update_in {
	uint8_t outcome; /* enum attr_outcome; OK and IGNORE: apply; WITHDRAW: withdraw what is announced */
	uint8_t bad_family;
	uint8_t bad_attr;     /* type of the attribute err is about, 0: none */
	const uint8_t *attrs; /* canonical, in the scratch; NULL where nothing is announced */
	size_t attrs_len;
	struct ip_addr next_hop; /* of announce */
	struct ip_addr
	    mp_next_hop; /* of mp_announce: the global address, or the link-local one where it stands alone */
	struct ip_addr mp_link_local; /* FAMILY_NONE: none; scope_id is 0: the caller knows the interface */
	/* All four checked; walk with nlri_next. mp_* is where a family that is not negotiated has been left
	 * out. */
	struct update_nlri withdraw, announce, mp_withdraw, mp_announce;
	bool end_of_rib; /* RFC 4724 2, of eor_family */
	uint8_t eor_family;
	struct bgp_error err; /* of the error that decided; set unless outcome is OK */
};

/*
 * Body of a framed UPDATE. body must stay as long as out is used. With RESET and AF_DISABLE only
 * err, bad_family and bad_attr mean something.
 */
void update_decode(const struct attr_session *s, const uint8_t *body, size_t len,
		   struct attr_scratch *scratch, struct update_in *out);

const char *attr_name(uint8_t type);            /* "AS_PATH"; "unknown" */
const char *attr_outcome_name(uint8_t outcome); /* "treat-as-withdraw" */

#endif
