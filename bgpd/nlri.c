/* SPDX-License-Identifier: Apache-2.0 */
/*
 * nlri: decoding and encoding of prefixes.
 *
 * Called by the UPDATE decoder, which checks a field before anybody sees it, by
 * update_in, which walks it, and by the UPDATE encoder. Host bits on the wire
 * carry no meaning (RFC 4271 4.3) and are cleared, so that two spellings of a
 * prefix are one prefix.
 */
#include "bgpd/nlri.h"

enum family
family_from_afi_safi(uint16_t afi, uint8_t safi)
{
	if (safi != BGP_SAFI_UNICAST)
		return FAMILY_NONE;
	return afi == BGP_AFI_IPV4 ? FAMILY_IPV4 : afi == BGP_AFI_IPV6 ? FAMILY_IPV6 : FAMILY_NONE;
}

uint16_t
family_afi(enum family f)
{
	return f == FAMILY_IPV4 ? BGP_AFI_IPV4 : BGP_AFI_IPV6;
}

enum nlri_result
nlri_next(struct rbuf *r, enum family f, bool add_path, struct nlri *out)
{
	if (rbuf_left(r) == 0)
		return r->err ? NLRI_BAD : NLRI_END;
	uint32_t path_id = add_path ? rbuf_u32(r) : 0;
	unsigned bits = rbuf_u8(r);
	size_t octets = (bits + 7) / 8;
	if (bits > family_bits(f))
		r->err = true;
	const uint8_t *p = rbuf_bytes(r, octets);
	if (p == NULL)
		return NLRI_BAD;
	*out = (struct nlri){.path_id = path_id, .prefix = {.len = (uint8_t)bits, .family = (uint8_t)f}};
	if (octets > 0) {
		memcpy(out->prefix.bytes, p, octets);
		out->prefix.bytes[octets - 1] &= (uint8_t)(0xff << (octets * 8 - bits));
	}
	return NLRI_OK;
}

int
nlri_check(const uint8_t *p, size_t len, enum family f, bool add_path)
{
	size_t fixed = add_path ? 5 : 1;
	unsigned max = family_bits(f);
	int n = 0;

	for (size_t at = 0; at < len; n++) {
		if (len - at < fixed)
			return -1;
		unsigned bits = p[at + fixed - 1];
		at += fixed;
		if (bits > max || len - at < (bits + 7) / 8)
			return -1;
		at += (bits + 7) / 8;
	}
	return n;
}

bool
nlri_is_unicast(const struct ip_prefix *p)
{
	if (p->family == FAMILY_IPV4)
		return p->len < 3 || (p->bytes[0] & 0xe0) != 0xe0;
	if (p->len >= 8 && p->bytes[0] == 0xff)
		return false;
	return p->len < 10 || p->bytes[0] != 0xfe || (p->bytes[1] & 0xc0) != 0x80;
}

size_t
nlri_octets(const struct nlri *n, bool add_path)
{
	return (add_path ? 5u : 1u) + (n->prefix.len + 7u) / 8;
}

bool
nlri_put(struct wbuf *w, const struct nlri *n, bool add_path)
{
	if (w->err || w->cap - w->len < nlri_octets(n, add_path))
		return false;
	if (add_path)
		wbuf_u32(w, n->path_id);
	wbuf_u8(w, n->prefix.len);
	wbuf_put(w, n->prefix.bytes, (n->prefix.len + 7u) / 8);
	return true;
}
