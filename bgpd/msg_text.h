/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msg_text: a BGP message in words, for people who look for what is wrong.
 *
 * Says what is in the octets, right or wrong, without judging like the decoders
 * do: what does not add up is called malformed and the rest is still told. Lists
 * are cut, with how many there are, so that a message of any length is a line of
 * text of some length. Called by msg_log.
 */
#ifndef BGPD_MSG_TEXT_H
#define BGPD_MSG_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/str.h"

#define MSG_TEXT_LIST 16 /* entries of a list that are told */

/* What must be known of the session to read an UPDATE. */
struct msg_text_session {
	bool as4;                    /* RFC 6793 negotiated */
	bool add_path[FAMILY_COUNT]; /* there are path ids in this direction */
};

/*
 * Adds what the message of this type says to text, but the prefixes of an UPDATE, which go to prefixes. body
 * is what is behind the header. A KEEPALIVE says nothing.
 */
void msg_text(const struct msg_text_session *s, uint8_t type, const uint8_t *body, size_t len,
	      struct str *text, struct str *prefixes);

#endif
