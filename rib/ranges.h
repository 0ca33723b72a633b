/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ranges: IPv4 prefixes with a range of lengths each, laid out flat.
 *
 * Entries that nest are a tree, and a tree is walked; but for one address it is
 * fixed which lengths match. So the address space is cut where an entry begins or
 * ends, at most twice an entry, and each piece has a bit for each length: one
 * search and one bit decide. A directory by the leading bits of the address, as
 * many places as there are pieces, leaves mostly nothing to search for: two cache
 * lines a lookup, whatever the size of the set. Only rib/sets uses it.
 */
#ifndef RIB_RANGES_H
#define RIB_RANGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct range_entry {
	uint32_t addr; /* host order, host bits zero */
	uint8_t len;   /* 0..32 */
	uint8_t min_len, max_len;
};

struct range {
	uint32_t start; /* as far as the next one's */
	uint32_t lens;  /* bit n - 1: a prefix of length n matches */
};

#define RANGES_PAD 3
struct ranges {
	struct range *v; /* v[0].start is 0; behind the last one RANGES_PAD copies of it */
	uint32_t n;
	uint32_t *
	    directory; /* place p: the piece in which p << shift is; one more at the end for the last piece */
	uint8_t shift;
	bool whole; /* 0.0.0.0/0 itself matches, for which no bit is left: half the octets is more of them in
		       the cache */
};

/* e is ordered by address and then length; it may be freed afterwards. */
void ranges_init(struct ranges *r, const struct range_entry *e, size_t n);
void ranges_fini(struct ranges *r);

/* Is there an entry that covers this prefix and whose lengths include its own? */
static inline bool
ranges_match(const struct ranges *r, uint32_t addr, unsigned len)
{
	uint32_t place = addr >> r->shift, lo = r->directory[place], hi = r->directory[place + 1];
	const struct range *at;

	while (hi - lo > RANGES_PAD) {
		uint32_t mid = hi - (hi - lo) / 2;

		if (r->v[mid].start <= addr)
			lo = mid;
		else
			hi = mid - 1;
	}
	/* How many of the next begin before it is counted, without a branch that would be guessed wrong every
	 * second time. */
	at = &r->v[lo];
	at += (at[1].start <= addr) + (at[2].start <= addr) + (at[3].start <= addr);
	return len > 0 ? at->lens >> (len - 1) & 1 : r->whole;
}

#endif
