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

static void
attrs_put(struct wbuf *w, const struct bench_attrs *a, uint32_t next_hop)
{
	attr_put(w, FLAGS_WELL_KNOWN, BENCH_ATTR_ORIGIN, 1);
	wbuf_u8(w, a->origin);
	attr_put(w, FLAGS_WELL_KNOWN, BENCH_ATTR_AS_PATH, 2 + 4u * a->path_count);
	wbuf_u8(w, 2); /* AS_SEQUENCE */
	wbuf_u8(w, a->path_count);
	for (int i = 0; i < a->path_count; i++)
		wbuf_u32(w, a->path[i]);
	attr_put(w, FLAGS_WELL_KNOWN, BENCH_ATTR_NEXT_HOP, 4);
	wbuf_u32(w, next_hop);
	if (a->has_med) {
		attr_put(w, FLAGS_OPTIONAL, BENCH_ATTR_MED, 4);
		wbuf_u32(w, a->med);
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

static void
nlri_put(struct wbuf *w, const struct bench_route *route)
{
	uint8_t octets[4];

	be32_put(octets, route->addr);
	wbuf_u8(w, route->len);
	wbuf_put(w, octets, (route->len + 7u) / 8);
}

/* One UPDATE of routes first..end-1 (one set), as many as fit; returns the next route. */
static uint32_t
update_put(struct wbuf *w, const struct bench_table *t, uint32_t first, uint32_t end, uint32_t next_hop)
{
	header_put(w, BENCH_MSG_UPDATE);
	wbuf_u16(w, 0); /* no withdrawn routes */
	wbuf_u16(w, 0); /* length of the attributes, below */
	size_t start = w->len;
	attrs_put(w, &t->sets[t->routes[first].set], next_hop);
	be16_put(w->base + start - 2, (uint16_t)(w->len - start));
	while (first < end && w->cap - w->len >= 5)
		nlri_put(w, &t->routes[first++]);
	return first;
}

static void
stream_add(struct bench_stream *s, const uint8_t *msg, size_t len)
{
	if (s->cap - s->len < len) {
		s->cap = s->cap ? s->cap * 2 : 1 << 20;
		s->data = xrealloc(s->data, s->cap);
	}
	memcpy(s->data + s->len, msg, len);
	s->len += len;
}

void
bench_stream_make(struct bench_stream *s, const struct bench_table *t, uint32_t next_hop)
{
	uint8_t msg[BENCH_MSG_MAX];
	uint32_t next = 0;

	memset(s, 0, sizeof(*s));
	while (next < t->route_count) {
		struct wbuf w = wbuf_of(msg, sizeof(msg));
		uint32_t end = next;

		while (end < t->route_count && t->routes[end].set == t->routes[next].set)
			end++;
		next = update_put(&w, t, next, end, next_hop);
		stream_add(s, msg, message_finish(&w));
		s->update_count++;
	}

	struct wbuf w = wbuf_of(msg, sizeof(msg));
	header_put(&w, BENCH_MSG_UPDATE);
	wbuf_u32(&w, 0);
	stream_add(s, msg, message_finish(&w));
}

void
bench_stream_free(struct bench_stream *s)
{
	free(s->data);
	memset(s, 0, sizeof(*s));
}

size_t
bench_open_put(uint8_t *out, uint32_t as, uint16_t hold_s, uint32_t router_id)
{
	static const uint8_t fixed_caps[] = {
	    1,  4, 0, 1, 0, 1, /* multiprotocol: IPv4 unicast */
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
