/* SPDX-License-Identifier: Apache-2.0 */
/*
 * update_enc: writes UPDATE messages.
 *
 * Called by the export groups. The NLRI of MP_REACH_NLRI stands in the middle of
 * the message; what comes behind it waits at the far end of the output and is
 * moved down when the message is finished, so that nothing is encoded twice.
 * RFC 4271 4.3, 4760, 6793, 7911, 8950, 4724.
 */
#include "bgpd/update_enc.h"

#include "bgpd/aspath_wire.h"
#include "bgpd/attr_codec.h"
#include "bgpd/msg.h"
#include "lib/mem.h"

#define NLRI_OFF_MIN (BGP_HEADER_LEN + 4u) /* behind both length fields */
#define MP_FLAGS     (ATTR_FLAG_OPTIONAL | ATTR_FLAG_EXTENDED)

/* Header of an attribute whose value is not longer than len; returns where the length stands. */
static size_t
attr_open(struct wbuf *w, uint8_t flags, uint8_t type, size_t len)
{
	wbuf_u8(w, (uint8_t)(flags | (len > UINT8_MAX ? ATTR_FLAG_EXTENDED : 0)));
	wbuf_u8(w, type);
	size_t at = w->len;
	if (len > UINT8_MAX)
		wbuf_u16(w, 0);
	else
		wbuf_u8(w, 0);
	return at;
}

static void
attr_close(struct wbuf *w, size_t at, size_t width)
{
	if (w->err)
		return;
	size_t len = w->len - at - width;
	if (width == 2)
		be16_put(w->base + at, (uint16_t)len);
	else
		w->base[at] = (uint8_t)len;
}

/* What has to be told in AS4_* to a neighbour with two-octet numbers. */
struct as4_rest {
	const uint8_t *path, *aggregator;
	size_t path_len;
};

/* One canonical attribute in the form of two-octet AS numbers. */
static void
attr_narrow(struct wbuf *w, uint8_t flags, uint8_t type, const uint8_t *value, size_t len,
	    struct as4_rest *rest)
{
	size_t width = len > UINT8_MAX ? 2 : 1;
	size_t at = attr_open(w, flags, type, len);

	if (type == ATTR_AS_PATH) {
		if (aspath_wire_narrow(w, value, len)) {
			rest->path = value;
			rest->path_len = len;
		}
	} else {
		uint32_t as = be32_get(value);
		if (as > UINT16_MAX)
			rest->aggregator = value;
		wbuf_u16(w, (uint16_t)(as > UINT16_MAX ? BGP_AS_TRANS : as));
		wbuf_put(w, value + 4, 4);
	}
	attr_close(w, at, width);
}

static void
as4_write(struct wbuf *w, const struct as4_rest *rest)
{
	const uint8_t flags = ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE;

	if (rest->path != NULL) {
		size_t start = w->len, at = attr_open(w, flags, ATTR_AS4_PATH, rest->path_len),
		       value = w->len;
		aspath_wire_strip_confed(w, rest->path, rest->path_len);
		attr_close(w, at, rest->path_len > UINT8_MAX ? 2 : 1);
		if (w->len == value) /* RFC 6793 4.2.2: not for a confederation's segments alone */
			w->len = start;
	}
	if (rest->aggregator != NULL) {
		size_t at = attr_open(w, flags, ATTR_AS4_AGGREGATOR, 8);
		wbuf_put(w, rest->aggregator, 8);
		attr_close(w, at, 1);
	}
}

/* RFC 7606 7.6, 7.7: one that comes malformed is left out, and its route is good without. */
static bool
is_dispensable(unsigned type)
{
	return type == ATTR_ATOMIC_AGGREGATE || type == ATTR_AGGREGATOR;
}

/*
 * Writes the attributes in this form, with NEXT_HOP and AS4_* in their places by type. next_hop is NULL
 * where it stands in MP_REACH_NLRI; else *next_hop_at says where its octets went.
 */
static void
attrs_write(struct wbuf *w, const uint8_t *p, size_t len, const struct update_form *f, const uint8_t *next_hop,
	    size_t *next_hop_at)
{
	struct as4_rest rest = {0};
	bool as4_done = false;

	for (size_t at = 0; at <= len;) {
		/* Behind the last one everything that waits for its place is due. */
		unsigned type = at < len ? p[at + 1] : 256;
		if (next_hop != NULL && type > ATTR_NEXT_HOP) {
			attr_open(w, ATTR_FLAG_TRANSITIVE, ATTR_NEXT_HOP, 4);
			*next_hop_at = w->len;
			wbuf_put(w, next_hop, 4);
			if (!w->err)
				w->base[*next_hop_at - 1] = 4;
			next_hop = NULL;
		}
		if (!as4_done && type > ATTR_AS4_AGGREGATOR) {
			as4_write(w, &rest);
			as4_done = true;
		}
		if (at == len)
			break;
		size_t head = p[at] & ATTR_FLAG_EXTENDED ? 4 : 3;
		size_t vlen = head == 4 ? be16_get(p + at + 2) : p[at + 2];
		if (f->discard && is_dispensable(type)) {
			at += head + vlen;
			continue;
		}
		if (!f->as4 && (type == ATTR_AS_PATH || type == ATTR_AGGREGATOR))
			attr_narrow(w, (uint8_t)(p[at] & ~ATTR_FLAG_EXTENDED), (uint8_t)type, p + at + head,
				    vlen, &rest);
		else
			wbuf_put(w, p + at, head + vlen);
		at += head + vlen;
	}
}

bool
update_enc_begin(struct update_enc *e, uint8_t *out, const struct update_form *f, const uint8_t *attrs,
		 size_t attrs_len)
{
	bool mp = f->family == FAMILY_IPV6 || f->next_hop.family == FAMILY_IPV6;
	struct wbuf w = wbuf_of(out, f->max_len);
	size_t hop_len = family_octets((enum family)f->next_hop.family);

	ASSERT(f->next_hop.family != FAMILY_NONE);
	*e = (struct update_enc){.out = out, .max_len = f->max_len, .mp = mp, .add_path = f->add_path};
	wbuf_room(&w, NLRI_OFF_MIN);
	if (mp) {
		bool both = hop_len == 16 && f->link_local.family == FAMILY_IPV6;
		e->next_hop_len = (uint8_t)(both ? 32 : hop_len);
		wbuf_u8(&w, MP_FLAGS);
		wbuf_u8(&w, ATTR_MP_REACH);
		wbuf_u16(&w, 0);
		wbuf_u16(&w, family_afi((enum family)f->family));
		wbuf_u8(&w, BGP_SAFI_UNICAST);
		wbuf_u8(&w, e->next_hop_len);
		e->next_hop_off = w.len;
		wbuf_put(&w, f->next_hop.bytes, hop_len);
		if (both)
			wbuf_put(&w, f->link_local.bytes, 16);
		wbuf_u8(&w, 0);
		e->nlri_off = w.len;
		attrs_write(&w, attrs, attrs_len, f, NULL, NULL);
		e->tail_len = w.len - e->nlri_off;
	} else {
		e->next_hop_len = 4;
		attrs_write(&w, attrs, attrs_len, f, f->next_hop.bytes, &e->next_hop_off);
		e->nlri_off = w.len;
	}
	size_t one = (f->add_path ? 5u : 1u) + family_octets((enum family)f->family);
	if (w.err || f->max_len - w.len < one)
		return false;
	if (mp)
		memmove(out + f->max_len - e->tail_len, out + e->nlri_off, e->tail_len);
	e->nlri = wbuf_of(out + e->nlri_off, f->max_len - e->tail_len - e->nlri_off);
	return true;
}

void
update_enc_begin_withdraw(struct update_enc *e, uint8_t *out, const struct update_form *f)
{
	*e = (struct update_enc){.out = out,
				 .max_len = f->max_len,
				 .mp = f->family == FAMILY_IPV6,
				 .add_path = f->add_path,
				 .withdraw = true};
	if (e->mp) {
		e->nlri_off = NLRI_OFF_MIN + 7;
		uint8_t *p = out + NLRI_OFF_MIN;
		p[0] = MP_FLAGS;
		p[1] = ATTR_MP_UNREACH;
		be16_put(p + 4, family_afi(FAMILY_IPV6));
		p[6] = BGP_SAFI_UNICAST;
	} else {
		e->nlri_off = BGP_HEADER_LEN + 2;
		e->tail_len = 2; /* the length of no attributes */
		be16_put(out + f->max_len - 2, 0);
	}
	e->nlri = wbuf_of(out + e->nlri_off, f->max_len - e->tail_len - e->nlri_off);
}

size_t
update_enc_finish(struct update_enc *e)
{
	uint8_t *out = e->out;
	size_t len = e->nlri_off + e->nlri.len + e->tail_len;

	if (e->nlri.len == 0)
		return 0;
	if (e->tail_len > 0)
		memmove(out + e->nlri_off + e->nlri.len, out + e->max_len - e->tail_len, e->tail_len);
	msg_header_put(out, BGP_MSG_UPDATE, len);
	if (e->withdraw && !e->mp) {
		be16_put(out + BGP_HEADER_LEN, (uint16_t)e->nlri.len);
		return len;
	}
	be16_put(out + BGP_HEADER_LEN, 0);
	if (e->mp) {
		size_t value = NLRI_OFF_MIN + 4;
		be16_put(out + NLRI_OFF_MIN + 2, (uint16_t)(e->nlri_off + e->nlri.len - value));
		be16_put(out + BGP_HEADER_LEN + 2, (uint16_t)(len - NLRI_OFF_MIN));
	} else
		be16_put(out + BGP_HEADER_LEN + 2, (uint16_t)(e->nlri_off - NLRI_OFF_MIN));
	return len;
}

size_t
update_enc_eor(uint8_t out[UPDATE_EOR_MAX], enum family f)
{
	size_t attrs = f == FAMILY_IPV4 ? 0 : 6, len = NLRI_OFF_MIN + attrs;

	msg_header_put(out, BGP_MSG_UPDATE, len);
	be16_put(out + BGP_HEADER_LEN, 0);
	be16_put(out + BGP_HEADER_LEN + 2, (uint16_t)attrs);
	if (attrs > 0) {
		uint8_t *p = out + NLRI_OFF_MIN;
		p[0] = ATTR_FLAG_OPTIONAL;
		p[1] = ATTR_MP_UNREACH;
		p[2] = 3;
		be16_put(p + 3, family_afi(f));
		p[5] = BGP_SAFI_UNICAST;
	}
	return len;
}
