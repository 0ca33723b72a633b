/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_details: what `show protocols all` says of one protocol below its row.
 */
#ifndef BGPD_BIRD_DETAILS_H
#define BGPD_BIRD_DETAILS_H

#include "bgpd/bird_protocol.h"

struct bird_client;
struct peer;

void bird_pseudo_details(struct bird_client *c, enum bird_pseudo which);
void bird_peer_details(struct bird_client *c, const struct peer *p);

#endif
