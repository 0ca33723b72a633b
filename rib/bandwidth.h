/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bandwidth: the link-bandwidth extended community, and weights of next hops made of it.
 *
 * A path may carry how wide the link to its next hop is, as octets a second in an
 * IEEE float (draft-ietf-idr-link-bandwidth); type 0x40 stays within an AS, 0x00
 * does not. Pure functions; bgpd/kernel asks them for the multipath set.
 */
#ifndef RIB_BANDWIDTH_H
#define RIB_BANDWIDTH_H

#include "rib/attr.h"

#include <stdbool.h>
#include <stdint.h>

#define BANDWIDTH_SUBTYPE    4
#define BANDWIDTH_WEIGHT_MAX 256u /* the kernel's */
#define BANDWIDTH_UNIT       125000.0 /* octets a second in a Mbit/s, in which people write it */

/* Is an extended community one, and does it say anything? Octets a second, > 0, into *bandwidth. */
bool bandwidth_read(const uint8_t entry[8], double *bandwidth);
/* Writes the transitive one of an AS. */
void bandwidth_write(uint8_t entry[8], uint16_t as, double bandwidth);
/* Octets a second, of several communities the lowest; 0: the set has none that says anything. */
double bandwidth_of(const struct attr_set *s);
/*
 * Weights of 1..BANDWIDTH_WEIGHT_MAX for n shares, all > 0: the lowest that are in their ratio, or where there are none the
 * nearest.
 */
void bandwidth_weights(const double *share, unsigned n, uint16_t *weight);

#endif
