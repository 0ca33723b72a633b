/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench_encode: turns the made-up table into a stream of UPDATE messages.
 *
 * Called by bgpbench-peer before the clock starts, and by its sessions for OPEN
 * and KEEPALIVE. Routes of one attribute set share messages, as they do in a
 * real speaker's feed. Message forms: RFC 4271 section 4; capabilities: RFC 5492,
 * 4760, 2918, 6793.
 */
#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "tools/bench_encode.h"

#define AS_TRANS 23456 /* RFC 6793 section 9 */

#define FLAGS_WELL_KNOWN 0x40
#define FLAGS_OPTIONAL   0x80
#define FLAGS_TRANSITIVE 0xc0 /* optional transitive */

static void
header_put(struct wbuf *w, uint8_t type)
{
	uint8_t *marker = wbuf_room(w, 16);

	if (marker)
		memset(marker, 0xff, 16);
	wbuf_u16(w, 0); /* length, by message_finish() */
	wbuf_u8(w, type);
}

static size_t
message_finish(struct wbuf *w)
{
	ASSERT(!w->err);
	be16_put(w->base + 16, (uint16_t)w->len);
	return w->len;
}

static void
attr_put(struct wbuf *w, uint8_t flags, enum bench_attr_type type, size_t len)
{
	ASSERT(len < 256);
	wbuf_u8(w, flags);
	wbuf_u8(w, (uint8_t)type);
	wbuf_u8(w, (uint8_t)len);
}

/* All attributes but the next hop of IPv6, which goes with the prefixes. */
static void
attrs_put(struct wbuf *w, const struct bench_attrs *a, const struct bench_voice *voice)
{
	attr_put(w, FLAGS_WELL_KNOWN, BENCH_ATTR_ORIGIN, 1);
	wbuf_u8(w, a->origin);
	attr_put(w, FLAGS_WELL_KNOWN, BENCH_ATTR_AS_PATH, 2 + 4u * a->path_count);
	wbuf_u8(w, 2); /* AS_SEQUENCE */
	wbuf_u8(w, a->path_count);
	for (int i = 0; i < a->path_count; i++)
		wbuf_u32(w, a->path[i]);
	if (voice->next_hop.family == FAMILY_IPV4) {
		attr_put(w, FLAGS_WELL_KNOWN, BENCH_ATTR_NEXT_HOP, 4);
		wbuf_put(w, voice->next_hop.bytes, 4);
	}
	if (a->has_med) {
		attr_put(w, FLAGS_OPTIONAL, BENCH_ATTR_MED, 4);
		wbuf_u32(w, a->med);
	}
	if (voice->internal) {
		attr_put(w, FLAGS_WELL_KNOWN, BENCH_ATTR_LOCAL_PREF, 4);
		wbuf_u32(w, BENCH_LOCAL_PREF);
	}
	if (a->community_count > 0) {
		attr_put(w, FLAGS_TRANSITIVE, BENCH_ATTR_COMMUNITIES, 4u * a->community_count);
		for (int i = 0; i < a->community_count; i++)
			wbuf_u32(w, a->communities[i]);
	}
	if (a->large_count > 0) {
		attr_put(w, FLAGS_TRANSITIVE, BENCH_ATTR_LARGE, 12u * a->large_count);
		for (int i = 0; i < a->large_count; i++) {
			wbuf_u32(w, a->larges[i].global);
			wbuf_u32(w, a->larges[i].local1);
			wbuf_u32(w, a->larges[i].local2);
		}
	}
}

bool
bench_part_has(const struct bench_part *p, uint32_t route)
{
	if (route < p->first || route >= p->end)
		return false;
	return p->mod == 0 || (hash_u64(2, route) >> 32) % p->mod == p->rem;
}

/* Where prefixes are written, from a part of a table. */
struct writer {
	const struct bench_table *t;
	const struct bench_part *part;
	uint32_t next; /* route to go on with */
	uint32_t count;
};

/* The next route of the part, from w->next on; part->end where there is none. */
static uint32_t
route_next(struct writer *x)
{
	while (x->next < x->part->end && !bench_part_has(x->part, x->next))
		x->next++;
	return x->next;
}

/* As many prefixes as the room takes; one_set stops where the attributes change. */
static void
prefixes_put(struct wbuf *w, struct writer *x, size_t room, bool one_set)
{
	size_t end = w->len + room;
	uint32_t set = x->t->routes[x->next].set;

	for (uint32_t n = x->next; n < x->part->end; n = route_next(x)) {
		const struct bench_route *r = &x->t->routes[n];
		size_t octets = (r->len + 7u) / 8;
		uint8_t addr[8];

		if ((one_set && r->set != set) || w->len + 1 + octets > end)
			break;
		be64_put(addr, r->addr);
		wbuf_u8(w, r->len);
		wbuf_put(w, addr, octets);
		x->count++;
		x->next++;
	}
}

/* MP_REACH_NLRI or MP_UNREACH_NLRI (RFC 4760) with the prefixes that fit beside tail_len octets to come. */
static void
mp_put(struct wbuf *w, struct writer *x, const struct ip_addr *next_hop, size_t tail_len)
{
	wbuf_u8(w, FLAGS_OPTIONAL | 0x10); /* two octets of length */
	wbuf_u8(w, next_hop ? BENCH_ATTR_MP_REACH : BENCH_ATTR_MP_UNREACH);
	wbuf_u16(w, 0);
	size_t start = w->len;
	wbuf_u16(w, 2); /* IPv6 */
	wbuf_u8(w, 1);  /* unicast */
	if (next_hop) {
		wbuf_u8(w, 16);
		wbuf_put(w, next_hop->bytes, 16);
		wbuf_u8(w, 0); /* reserved */
	}
	if (x)
		prefixes_put(w, x, w->cap - w->len - tail_len, next_hop != NULL);
	be16_put(w->base + start - 2, (uint16_t)(w->len - start));
}

/* One UPDATE of one set. RFC 7606 5.1 wants MP_REACH_NLRI first. */
static void
announce_put(struct wbuf *w, struct writer *x, const struct bench_voice *voice)
{
	uint8_t octets[BENCH_MSG_MAX];
	struct wbuf attrs = wbuf_of(octets, sizeof(octets));
	struct bench_attrs a;

	bench_set_variant(x->t, x->t->routes[x->next].set, voice->variant, &a);
	attrs_put(&attrs, &a, voice);
	ASSERT(!attrs.err);
	header_put(w, BENCH_MSG_UPDATE);
	wbuf_u16(w, 0); /* no withdrawn routes */
	wbuf_u16(w, 0); /* length of the attributes, below */
	size_t start = w->len;
	if (x->t->family == FAMILY_IPV6)
		mp_put(w, x, &voice->next_hop, attrs.len);
	wbuf_put(w, octets, attrs.len);
	be16_put(w->base + start - 2, (uint16_t)(w->len - start));
	if (x->t->family == FAMILY_IPV4)
		prefixes_put(w, x, w->cap - w->len, true);
}

static void
withdraw_put(struct wbuf *w, struct writer *x)
{
	header_put(w, BENCH_MSG_UPDATE);
	wbuf_u16(w, 0);
	size_t start = w->len;
	if (x->t->family == FAMILY_IPV4) {
		prefixes_put(w, x, w->cap - w->len - 2, false);
		be16_put(w->base + start - 2, (uint16_t)(w->len - start));
		wbuf_u16(w, 0);
		return;
	}
	wbuf_u16(w, 0);
	mp_put(w, x, NULL, 0);
	be16_put(w->base + start, (uint16_t)(w->len - start - 2));
}

static void
end_of_rib_put(struct wbuf *w, enum family family)
{
	header_put(w, BENCH_MSG_UPDATE);
	wbuf_u16(w, 0);
	wbuf_u16(w, family == FAMILY_IPV4 ? 0 : 7);
	if (family == FAMILY_IPV6)
		mp_put(w, NULL, NULL, 0);
}

static void
stream_add(struct bench_stream *s, struct wbuf *w)
{
	size_t len = message_finish(w);

	if (s->cap - s->len < len) {
		s->cap = s->cap ? s->cap * 2 : 1 << 16;
		s->data = xrealloc(s->data, s->cap);
	}
	memcpy(s->data + s->len, w->base, len);
	s->len += len;
}

void
bench_stream_announce(struct bench_stream *s, const struct bench_table *t, const struct bench_part *part,
		      const struct bench_voice *voice, bool end_of_rib)
{
	struct writer x = {.t = t, .part = part, .next = part->first};
	uint8_t msg[BENCH_MSG_MAX];

	memset(s, 0, sizeof(*s));
	for (; route_next(&x) < part->end; s->update_count++) {
		struct wbuf w = wbuf_of(msg, sizeof(msg));

		announce_put(&w, &x, voice);
		stream_add(s, &w);
	}
	s->route_count = x.count;
	if (end_of_rib) {
		struct wbuf w = wbuf_of(msg, sizeof(msg));

		end_of_rib_put(&w, t->family);
		stream_add(s, &w);
	}
}

void
bench_stream_withdraw(struct bench_stream *s, const struct bench_table *t, const struct bench_part *part)
{
	struct writer x = {.t = t, .part = part, .next = part->first};
	uint8_t msg[BENCH_MSG_MAX];

	memset(s, 0, sizeof(*s));
	for (; route_next(&x) < part->end; s->update_count++) {
		struct wbuf w = wbuf_of(msg, sizeof(msg));

		withdraw_put(&w, &x);
		stream_add(s, &w);
	}
	s->route_count = x.count;
}

void
bench_stream_free(struct bench_stream *s)
{
	free(s->data);
	memset(s, 0, sizeof(*s));
}

size_t
bench_open_put(uint8_t *out, enum family family, uint32_t as, uint16_t hold_s, uint32_t router_id)
{
	const uint8_t fixed_caps[] = {
	    1,  4, 0, family == FAMILY_IPV4 ? 1 : 2, 0, 1, /* multiprotocol: unicast */
	    2,  0,             /* route refresh */
	    65, 4,             /* four-octet AS, the number follows */
	};
	struct wbuf w = wbuf_of(out, BENCH_MSG_MAX);

	header_put(&w, BENCH_MSG_OPEN);
	wbuf_u8(&w, 4); /* version */
	wbuf_u16(&w, as > 65535 ? AS_TRANS : (uint16_t)as);
	wbuf_u16(&w, hold_s);
	wbuf_u32(&w, router_id);
	wbuf_u8(&w, 2 + sizeof(fixed_caps) + 4); /* optional parameters */
	wbuf_u8(&w, 2);                          /* capabilities */
	wbuf_u8(&w, sizeof(fixed_caps) + 4);
	wbuf_put(&w, fixed_caps, sizeof(fixed_caps));
	wbuf_u32(&w, as);
	return message_finish(&w);
}

size_t
bench_keepalive_put(uint8_t *out)
{
	struct wbuf w = wbuf_of(out, BENCH_MSG_MAX);

	header_put(&w, BENCH_MSG_KEEPALIVE);
	return message_finish(&w);
}
