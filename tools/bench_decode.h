/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_decode: the path attributes of an UPDATE or of a dump, taken apart.
 *
 * A decoder of its own on purpose: the daemon's codec must not be checked with itself.
 */
#ifndef TOOLS_BENCH_DECODE_H
#define TOOLS_BENCH_DECODE_H

#include "lib/buf.h"
#include "tools/bench_expect.h"

struct bench_decoded {
	struct bench_form form;
	struct rbuf reach, unreach; /* NLRI of RFC 4760 attributes; empty where there are none */
	uint8_t cluster_count;
	bool other; /* an attribute that nobody sent */
};

/*
 * Reads all of r, with AS numbers of as_octets (2 or 4), and brings communities into
 * order. False: malformed, or more than struct bench_attrs can hold.
 */
bool bench_attrs_decode(struct bench_decoded *got, struct rbuf *r, unsigned as_octets);

#endif
