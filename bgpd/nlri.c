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

/*
 * The first bits of the octets at p, written as one number: what hashes the prefix next reads four octets at once. Of all
 * but the last prefixes of a field a whole address can be read, which saves a loop whose length nobody can foretell.
 */
static void
bytes_take_v4(uint8_t bytes[16], const uint8_t *p, unsigned bits, size_t readable)
{
	uint32_t v = 0;

	if (readable >= 4)
		v = be32_get(p);
	else
		for (unsigned at = 0; at < bits; at += 8)
			v |= (uint32_t)*p++ << (24 - at);
	be32_put(bytes, v & ip_mask_v4(bits));
	memset(bytes + 4, 0, 12);
}

/* The first bits (0 or less: none; 64 or more: all) of v. */
static uint64_t
bits_keep(uint64_t v, int bits)
{
	return bits <= 0 ? 0 : bits >= 64 ? v : v & ~0ull << (64 - bits);
}

static void
bytes_take_v6(uint8_t bytes[16], const uint8_t *p, unsigned bits, size_t readable)
{
	uint8_t in[16] = {0};

	if (readable < sizeof(in)) {
		memcpy(in, p, (bits + 7) / 8);
		p = in;
	}
	be64_put(bytes, bits_keep(be64_get(p), (int)bits));
	be64_put(bytes + 8, bits_keep(be64_get(p + 8), (int)bits - 64));
}

enum nlri_result
nlri_read_any(struct rbuf *r, enum family f, bool add_path, uint32_t *path_id, struct ip_prefix *out)
{
	if (rbuf_left(r) == 0)
		return r->err ? NLRI_BAD : NLRI_END;
	*path_id = add_path ? rbuf_u32(r) : 0;
	unsigned bits = rbuf_u8(r);
	if (bits > family_bits(f))
		r->err = true;
	size_t readable = rbuf_left(r);
	const uint8_t *p = rbuf_bytes(r, (bits + 7) / 8);
	if (p == NULL)
		return NLRI_BAD;
	if (f == FAMILY_IPV4)
		bytes_take_v4(out->bytes, p, bits, readable);
	else
		bytes_take_v6(out->bytes, p, bits, readable);
	out->len = (uint8_t)bits;
	out->family = (uint8_t)f;
	return NLRI_OK;
}

enum nlri_result
nlri_next(struct rbuf *r, enum family f, bool add_path, struct nlri *out)
{
	return nlri_read(r, f, add_path, &out->path_id, &out->prefix);
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

size_t
nlri_octets(const struct nlri *n, bool add_path)
{
	return (add_path ? 5u : 1u) + (n->prefix.len + 7u) / 8;
}

bool
nlri_put_any(struct wbuf *w, const struct nlri *n, bool add_path)
{
	if (w->err || w->cap - w->len < nlri_octets(n, add_path))
		return false;
	if (add_path)
		wbuf_u32(w, n->path_id);
	wbuf_u8(w, n->prefix.len);
	wbuf_put(w, n->prefix.bytes, (n->prefix.len + 7u) / 8);
	return true;
}
