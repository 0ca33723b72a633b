/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bandwidth: see bandwidth.h.
 */
#include "rib/bandwidth.h"

#include "lib/buf.h"

#include <math.h>
#include <string.h>

#define TRANSITIVITY 0x40u

bool
bandwidth_read(const uint8_t entry[8], double *bandwidth)
{
	uint32_t bits = be32_get(entry + 4);
	float v;

	memcpy(&v, &bits, sizeof v);
	*bandwidth = (double)v;
	return (entry[0] & ~TRANSITIVITY) == 0 && entry[1] == BANDWIDTH_SUBTYPE && isfinite(v) && v > 0;
}

void
bandwidth_write(uint8_t entry[8], uint16_t as, double bandwidth)
{
	float v = (float)bandwidth;
	uint32_t bits;

	memcpy(&bits, &v, sizeof bits);
	entry[0] = 0;
	entry[1] = BANDWIDTH_SUBTYPE;
	be16_put(entry + 2, as);
	be32_put(entry + 4, bits);
}

double
bandwidth_of(const struct attr_set *s)
{
	size_t len;
	const uint8_t *list = attr_find(s, ATTR_EXT_COMMUNITIES, &len);
	double low = 0, v;

	for (size_t i = 0; list != NULL && i + 8 <= len; i += 8)
		if (bandwidth_read(list + i, &v) && (low == 0 || v < low))
			low = v;
	return low;
}

/* Do the shares come out as whole numbers where the largest one is top? */
static bool
ratio_fits(const double *share, unsigned n, double max, unsigned top, uint16_t *weight)
{
	for (unsigned i = 0; i < n; i++) {
		double exact = share[i] / max * top, rounded = round(exact);
		if (rounded < 1 || fabs(exact - rounded) > 0.001)
			return false;
		weight[i] = (uint16_t)rounded;
	}
	return true;
}

void
bandwidth_weights(const double *share, unsigned n, uint16_t *weight)
{
	double max = 0;

	for (unsigned i = 0; i < n; i++)
		max = fmax(max, share[i]);
	for (unsigned top = 1; top <= BANDWIDTH_WEIGHT_MAX; top++)
		if (ratio_fits(share, n, max, top, weight))
			return;
	for (unsigned i = 0; i < n; i++)
		weight[i] = (uint16_t)fmax(1, round(share[i] / max * BANDWIDTH_WEIGHT_MAX));
}
