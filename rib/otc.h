/* SPDX-License-Identifier: Apache-2.0 */
/*
 * otc: what a route's Only to Customer attribute says when it comes in (RFC 9234 5).
 *
 * The way out is export.c's. Called by import for external neighbours that have a role.
 */
#ifndef RIB_OTC_H
#define RIB_OTC_H

#include <stdint.h>

#include "rib/attr.h"
#include "rib/export.h"

enum otc_verdict {
	OTC_KEEP, /* as it came */
	OTC_ADD,  /* is to get the attribute, with the neighbour's AS */
	OTC_LEAK  /* is not eligible */
};

/* role: enum export_role, our own towards the neighbour; remote_as: its AS. */
enum otc_verdict otc_ingress(uint8_t role, uint32_t remote_as, const struct attr_set *received);
/* The set with the attribute, as a reference; ATTR_NONE where that would make it longer than 65535 octets. */
attr_id otc_add(struct attr_table *t, attr_id received, uint32_t remote_as);

#endif
