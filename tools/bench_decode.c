/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_decode: reads path attributes (RFC 4271 section 4.3, RFC 4760) for sinks and dumps.
 */
#include <string.h>

#include "tools/bench_decode.h"
#include "tools/bench_encode.h"

static void
path_get(struct rbuf *v, struct bench_attrs *got, unsigned as_octets)
{
	while (rbuf_left(v) > 0 && !v->err) {
		uint8_t type = rbuf_u8(v), count = rbuf_u8(v);

		/* Only sequences were sent, so a set has no right form here. */
		if (type != 2 || got->path_count + count > BENCH_PATH_MAX) {
			v->err = true;
			return;
		}
		while (count-- > 0)
			got->path[got->path_count++] = as_octets == 4 ? rbuf_u32(v) : rbuf_u16(v);
	}
}

static void
communities_get(struct rbuf *v, struct bench_attrs *got)
{
	while (rbuf_left(v) > 0 && !v->err) {
		if (got->community_count == BENCH_COMM_MAX)
			v->err = true;
		else
			got->communities[got->community_count++] = rbuf_u32(v);
	}
}

static void
larges_get(struct rbuf *v, struct bench_attrs *got)
{
	while (rbuf_left(v) > 0 && !v->err) {
		if (got->large_count == BENCH_LARGE_MAX) {
			v->err = true;
			return;
		}
		struct bench_large *l = &got->larges[got->large_count++];
		l->global = rbuf_u32(v);
		l->local1 = rbuf_u32(v);
		l->local2 = rbuf_u32(v);
	}
}

/* MP_REACH_NLRI, RFC 4760 section 3: a next hop may come with a link-local one (RFC 2545). */
static void
reach_get(struct rbuf *v, struct bench_decoded *got)
{
	/* RFC 6396 4.3.4: in a RIB dump there is only the next hop, with its length first, which is not 0. */
	if (rbuf_left(v) > 0 && v->p[0] != 0) {
		v->p = v->end;
		return;
	}
	uint16_t afi = rbuf_u16(v);
	uint8_t safi = rbuf_u8(v), next_hop_len = rbuf_u8(v);
	const uint8_t *next_hop = rbuf_bytes(v, next_hop_len);

	rbuf_u8(v); /* reserved */
	if (afi != 2 || safi != 1 || v->err || (next_hop_len != 16 && next_hop_len != 32)) {
		v->err = true;
		return;
	}
	got->form.next_hop = ip_addr_from_bytes(FAMILY_IPV6, next_hop);
	got->reach = rbuf_sub(v, rbuf_left(v));
}

static void
unreach_get(struct rbuf *v, struct bench_decoded *got)
{
	uint16_t afi = rbuf_u16(v);
	uint8_t safi = rbuf_u8(v);

	/* The marker of another family's end is nothing to complain about. */
	if (safi != 1 || (afi != 2 && rbuf_left(v) > 0))
		v->err = true;
	else
		got->unreach = rbuf_sub(v, rbuf_left(v));
}

static void
value_get(uint8_t type, struct rbuf *v, struct bench_decoded *got, unsigned as_octets)
{
	struct bench_form *f = &got->form;
	const uint8_t *p;

	switch (type) {
	case BENCH_ATTR_ORIGIN:
		f->attrs.origin = rbuf_u8(v);
		break;
	case BENCH_ATTR_AS_PATH:
		path_get(v, &f->attrs, as_octets);
		break;
	case BENCH_ATTR_NEXT_HOP:
		p = rbuf_bytes(v, 4);
		if (p)
			f->next_hop = ip_addr_from_bytes(FAMILY_IPV4, p);
		break;
	case BENCH_ATTR_MED:
		f->attrs.has_med = true;
		f->attrs.med = rbuf_u32(v);
		break;
	case BENCH_ATTR_LOCAL_PREF:
		f->local_pref = rbuf_u32(v);
		break;
	case BENCH_ATTR_COMMUNITIES:
		communities_get(v, &f->attrs);
		break;
	case BENCH_ATTR_ORIGINATOR:
		f->originator_id = rbuf_u32(v);
		break;
	case BENCH_ATTR_CLUSTER_LIST:
		got->cluster_count = (uint8_t)(rbuf_left(v) / 4);
		f->cluster_id = rbuf_u32(v);
		v->p = v->end;
		break;
	case BENCH_ATTR_MP_REACH:
		reach_get(v, got);
		break;
	case BENCH_ATTR_MP_UNREACH:
		unreach_get(v, got);
		break;
	case BENCH_ATTR_LARGE:
		larges_get(v, &f->attrs);
		break;
	default:
		got->other = true;
		v->p = v->end;
		break;
	}
	if (rbuf_left(v) > 0)
		v->err = true;
}

bool
bench_attrs_decode(struct bench_decoded *got, struct rbuf *r, unsigned as_octets)
{
	memset(got, 0, sizeof(*got));
	while (rbuf_left(r) > 0 && !r->err) {
		uint8_t flags = rbuf_u8(r), type = rbuf_u8(r);
		struct rbuf v = rbuf_sub(r, flags & 0x10 ? rbuf_u16(r) : rbuf_u8(r));

		value_get(type, &v, got, as_octets);
		if (v.err)
			return false;
	}
	bench_attrs_normalise(&got->form.attrs);
	return !r->err;
}
