/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nlri: prefixes on the wire, with and without a path identifier, and the
 * numbers of address families.
 *
 * A field of NLRI is judged whole first (nlri_check): one bad length means that
 * nothing behind it can be located, and then nothing of it may be applied
 * (RFC 7606 5.3). RFC 4271 4.3, 4760 5, 7911 3.
 */
#ifndef BGPD_NLRI_H
#define BGPD_NLRI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lib/addr.h"
#include "lib/buf.h"

#define BGP_AFI_IPV4     1
#define BGP_AFI_IPV6     2
#define BGP_SAFI_UNICAST 1

#define NLRI_MAX_OCTETS 21 /* path id, length, 16 octets of address */

struct nlri {
	uint32_t path_id; /* 0 without ADD-PATH */
	struct ip_prefix prefix;
};

enum nlri_result { NLRI_OK, NLRI_END, NLRI_BAD };

/* FAMILY_NONE for what is neither IPv4 nor IPv6 unicast. */
enum family family_from_afi_safi(uint16_t afi, uint8_t safi);
uint16_t family_afi(enum family f); /* the SAFI is always BGP_SAFI_UNICAST */

/* The next one of a field; END when nothing is left, BAD on a length over the family's or a truncated one. */
enum nlri_result nlri_next(struct rbuf *r, enum family f, bool add_path, struct nlri *out);
/* nlri_read and nlri_put for all that they do not do themselves. */
enum nlri_result nlri_read_any(struct rbuf *r, enum family f, bool add_path, uint32_t *path_id, struct ip_prefix *out);
bool nlri_put_any(struct wbuf *w, const struct nlri *n, bool add_path);
/*
 * The same as nlri_next, into places of the caller's: a million times a table, copying the prefix costs more than reading
 * it. Inline for IPv4 without a path id, of which a whole address can be read: a third of the instructions.
 */
static inline enum nlri_result
nlri_read(struct rbuf *r, enum family f, bool add_path, uint32_t *path_id, struct ip_prefix *out)
{
	if (f != FAMILY_IPV4 || add_path || r->err || rbuf_left(r) < 5 || r->p[0] > 32)
		return nlri_read_any(r, f, add_path, path_id, out);
	unsigned bits = r->p[0];
	uint32_t v = be32_get(r->p + 1);
	r->p += 1 + (bits + 7) / 8;
	*path_id = 0;
	be32_put(out->bytes, v & ip_mask_v4(bits));
	memset(out->bytes + 4, 0, 12);
	out->len = (uint8_t)bits;
	out->family = FAMILY_IPV4;
	return NLRI_OK;
}
/* Number of entries in a whole field, or -1 where it is malformed. */
int nlri_check(const uint8_t *p, size_t len, enum family f, bool add_path);
/*
 * False for what cannot be a unicast destination (inside 224.0.0.0/3 or ff00::/8, link-local
 * IPv6): RFC 4271 6.3 has such an entry ignored and logged, the session goes on.
 */
static inline bool
nlri_is_unicast(const struct ip_prefix *p)
{
	if (p->family == FAMILY_IPV4)
		return p->len < 3 || (p->bytes[0] & 0xe0) != 0xe0;
	if (p->len >= 8 && p->bytes[0] == 0xff)
		return false;
	return p->len < 10 || p->bytes[0] != 0xfe || (p->bytes[1] & 0xc0) != 0x80;
}

size_t nlri_octets(const struct nlri *n, bool add_path); /* encoded */
/* Appends one; false (and nothing written, no sticky error) where it does not fit. */
static inline bool
nlri_put(struct wbuf *w, const struct nlri *n, bool add_path)
{
	if (n->prefix.family != FAMILY_IPV4 || add_path || w->err || w->cap - w->len < 5)
		return nlri_put_any(w, n, add_path);
	uint8_t *p = w->base + w->len;
	/* All of the address, since four octets cost less than three: what is too much is not kept. */
	p[0] = n->prefix.len;
	memcpy(p + 1, n->prefix.bytes, 4);
	w->len += 1 + (n->prefix.len + 7u) / 8;
	return true;
}

#endif
