/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_json: the values that many answers have, as JSON. New references each.
 */
#ifndef BGPD_CTL_JSON_H
#define BGPD_CTL_JSON_H

#include "lib/addr.h"

#include <jansson.h>
#include <stdint.h>

struct bgpd;

json_t *ctl_json_text(const char *s);           /* null for NULL; octets that are not UTF-8 become ? */
json_t *ctl_json_addr(const struct ip_addr *a); /* null for FAMILY_NONE */
json_t *ctl_json_prefix(const struct ip_prefix *p);
json_t *ctl_json_table(const struct bgpd *d); /* an instance's; null: main's, or a VRF that has none so far */
json_t *ctl_json_vrf(const struct bgpd *d);   /* likewise; null: none */
json_t *ctl_json_id(uint32_t id);             /* host order, "192.0.2.1"; null for 0 */

#endif
