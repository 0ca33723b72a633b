/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policytest_mrt: the routes of an MRT dump, through bgpd's own UPDATE decoder.
 *
 * bgpbench's reader (bench_mrt) keeps what the benchmark can send on; here every attribute
 * counts, so each path of a table is put into an UPDATE and decoded as if a neighbour had
 * sent it. RFC 6396 4, RFC 8050 4.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bgpd/attr_codec.h"
#include "bgpd/msg.h"
#include "bgpd/nlri.h"
#include "bgpd/open.h"
#include "lib/buf.h"
#include "lib/mem.h"
#include "tools/policytest.h"

#define MRT_HEADER_LEN 12

enum { MRT_TABLE_DUMP_V2 = 13, MRT_BGP4MP = 16, MRT_BGP4MP_ET = 17 };
enum { PEER_INDEX_TABLE = 1, RIB_IPV4 = 2, RIB_IPV6 = 4, RIB_IPV4_ADDPATH = 8, RIB_IPV6_ADDPATH = 10 };
enum { BGP4MP_MESSAGE = 1, BGP4MP_MESSAGE_AS4 = 4, BGP4MP_MESSAGE_LOCAL = 6, BGP4MP_MESSAGE_AS4_LOCAL = 7 };
enum { PEER_IS_IPV6 = 1, PEER_HAS_AS4 = 2 }; /* bits of a peer's type, RFC 6396 4.3.1 */

struct mrt_peer {
	struct ip_addr addr;
	uint32_t as;
};

struct reader {
	void (*route)(void *ctx, const struct mrt_route *r);
	void *ctx;
	struct mrt_stats *stats;
	struct mrt_peer *peers; /* of the last PEER_INDEX_TABLE */
	uint32_t n_peers;
	uint64_t records; /* of a kind that MRT knows */
	struct attr_scratch scratch;
	uint8_t body[65535 + 64];
};

static struct ip_addr
addr_get(struct rbuf *b, bool ipv6)
{
	const uint8_t *p = rbuf_bytes(b, ipv6 ? 16 : 4);

	return p != NULL ? ip_addr_from_bytes(ipv6 ? FAMILY_IPV6 : FAMILY_IPV4, p) : (struct ip_addr){.family = FAMILY_NONE};
}

static void
peer_index(struct reader *r, struct rbuf *b)
{
	rbuf_u32(b);                /* the collector's identifier */
	rbuf_bytes(b, rbuf_u16(b)); /* the view's name */
	uint32_t n = rbuf_u16(b);

	free(r->peers);
	r->peers = xcalloc(n + 1u, sizeof(*r->peers));
	for (r->n_peers = 0; r->n_peers < n && !b->err; r->n_peers++) {
		unsigned type = rbuf_u8(b);
		struct mrt_peer *p = &r->peers[r->n_peers];

		rbuf_u32(b); /* BGP Identifier */
		p->addr = addr_get(b, (type & PEER_IS_IPV6) != 0);
		p->as = type & PEER_HAS_AS4 ? rbuf_u32(b) : rbuf_u16(b);
	}
}

/* The prefixes of one field of a decoded UPDATE. */
static void
announce(struct reader *r, const struct mrt_peer *peer, const struct update_in *u, const struct update_nlri *field,
	 bool mp)
{
	struct rbuf b = rbuf_of(field->p, field->len);
	struct nlri n;

	if (field->family == FAMILY_NONE)
		return;
	while (nlri_next(&b, (enum family)field->family, field->add_path, &n) == NLRI_OK) {
		struct mrt_route route = {.prefix = n.prefix,
					  .attrs = u->attrs,
					  .attrs_len = u->attrs_len,
					  .next_hop = mp ? u->mp_next_hop : u->next_hop,
					  .link_local = mp ? u->mp_link_local : (struct ip_addr){.family = FAMILY_NONE},
					  .peer = peer->addr,
					  .peer_as = peer->as};
		r->stats->routes++;
		r->route(r->ctx, &route);
	}
}

static void
update_take(struct reader *r, const struct mrt_peer *peer, const uint8_t *body, size_t len, bool as4)
{
	struct attr_session s = {.as4 = as4,
				 .families = OPEN_FAMILY(FAMILY_IPV4) | OPEN_FAMILY(FAMILY_IPV6),
				 .ext_next_hop = OPEN_FAMILY(FAMILY_IPV4)};
	struct update_in u;

	update_decode(&s, body, len, &r->scratch, &u);
	if (u.outcome >= ATTR_WITHDRAW) {
		r->stats->bad++;
		return;
	}
	announce(r, peer, &u, &u.announce, false);
	announce(r, peer, &u, &u.mp_announce, true);
}

/* MP_REACH_NLRI as tables have it is the next hop alone (RFC 6396 4.3.4); some writers put the whole one. */
static void
mp_reach_put(struct wbuf *w, const uint8_t *value, size_t len, const uint8_t *nlri, size_t nlri_len)
{
	bool whole = len >= 5 && value[0] == 0; /* an AFI; a length of next hops is never 0 */
	size_t hop_len = whole ? value[3] : len > 0 ? value[0] : 0;
	const uint8_t *hop = value + (whole ? 4 : 1);

	if ((whole ? 4 : 1) + hop_len > len) {
		w->err = true;
		return;
	}
	wbuf_u8(w, ATTR_FLAG_OPTIONAL | ATTR_FLAG_EXTENDED);
	wbuf_u8(w, ATTR_MP_REACH);
	wbuf_u16(w, (uint16_t)(5 + hop_len + nlri_len));
	wbuf_u16(w, BGP_AFI_IPV6);
	wbuf_u8(w, BGP_SAFI_UNICAST);
	wbuf_u8(w, (uint8_t)hop_len);
	wbuf_put(w, hop, hop_len);
	wbuf_u8(w, 0);
	wbuf_put(w, nlri, nlri_len);
}

/* Writes the attributes of a table's entry as an UPDATE would have them. */
static void
attrs_put(struct wbuf *w, struct rbuf *in, bool ipv6, const uint8_t *nlri, size_t nlri_len)
{
	while (rbuf_left(in) > 0 && !in->err) {
		uint8_t flags = rbuf_u8(in), type = rbuf_u8(in);
		size_t len = flags & ATTR_FLAG_EXTENDED ? rbuf_u16(in) : rbuf_u8(in);
		const uint8_t *value = rbuf_bytes(in, len);

		if (value == NULL)
			break;
		if (type == ATTR_MP_REACH && ipv6) {
			mp_reach_put(w, value, len, nlri, nlri_len);
			continue;
		}
		wbuf_u8(w, flags);
		wbuf_u8(w, type);
		if (flags & ATTR_FLAG_EXTENDED)
			wbuf_u16(w, (uint16_t)len);
		else
			wbuf_u8(w, (uint8_t)len);
		wbuf_put(w, value, len);
	}
	w->err = w->err || in->err;
}

/* One path of a table as a message of its own. */
static void
path_take(struct reader *r, const struct mrt_peer *peer, bool ipv6, const uint8_t *nlri, size_t nlri_len,
	  struct rbuf *attrs)
{
	struct wbuf w = wbuf_of(r->body, sizeof(r->body));

	wbuf_u16(&w, 0); /* nothing withdrawn */
	wbuf_u16(&w, 0); /* length of the attributes, below */
	attrs_put(&w, attrs, ipv6, nlri, nlri_len);
	size_t len = w.len - 4;
	if (!ipv6)
		wbuf_put(&w, nlri, nlri_len);
	if (w.err || len > UINT16_MAX) {
		r->stats->bad++;
		return;
	}
	be16_put(r->body + 2, (uint16_t)len);
	update_take(r, peer, r->body, w.len, true); /* RFC 6396 4.3.4: four-octet AS numbers */
}

/* RFC 6396 4.3.2: one prefix and its paths. */
static void
rib_record(struct reader *r, struct rbuf *b, bool ipv6, bool add_path)
{
	uint8_t nlri[17];

	rbuf_u32(b); /* sequence */
	nlri[0] = rbuf_u8(b);
	size_t octets = (nlri[0] + 7u) / 8;
	const uint8_t *p = octets <= (ipv6 ? 16u : 4u) ? rbuf_bytes(b, octets) : NULL;
	if (p == NULL) {
		r->stats->bad++;
		return;
	}
	memcpy(nlri + 1, p, octets);
	for (uint16_t n = rbuf_u16(b); n > 0 && !b->err; n--) {
		static const struct mrt_peer unknown;
		uint16_t peer = rbuf_u16(b);

		rbuf_u32(b); /* time */
		if (add_path)
			rbuf_u32(b);
		struct rbuf attrs = rbuf_sub(b, rbuf_u16(b));
		if (!b->err)
			path_take(r, peer < r->n_peers ? &r->peers[peer] : &unknown, ipv6, nlri, 1 + octets, &attrs);
	}
}

/* RFC 6396 4.4.2 and 4.4.3: a BGP message behind the addresses of both ends. */
static void
message_record(struct reader *r, struct rbuf *b, bool as4)
{
	struct mrt_peer peer;

	peer.as = as4 ? rbuf_u32(b) : rbuf_u16(b);
	rbuf_bytes(b, as4 ? 4 : 2); /* our AS */
	rbuf_u16(b);                /* interface */
	bool ipv6 = rbuf_u16(b) == BGP_AFI_IPV6;
	peer.addr = addr_get(b, ipv6);
	addr_get(b, ipv6); /* ours */
	const uint8_t *header = rbuf_bytes(b, BGP_HEADER_LEN);
	if (header == NULL || header[BGP_HEADER_LEN - 1] != BGP_MSG_UPDATE)
		return;
	size_t len = rbuf_left(b);
	update_take(r, &peer, rbuf_bytes(b, len), len, as4);
}

static void
record_take(struct reader *r, unsigned type, unsigned subtype, struct rbuf *b)
{
	if (type != MRT_TABLE_DUMP_V2 && type != MRT_BGP4MP && type != MRT_BGP4MP_ET)
		return;
	r->records++;
	if (type == MRT_TABLE_DUMP_V2) {
		if (subtype == PEER_INDEX_TABLE)
			peer_index(r, b);
		else if (subtype == RIB_IPV4 || subtype == RIB_IPV4_ADDPATH)
			rib_record(r, b, false, subtype == RIB_IPV4_ADDPATH);
		else if (subtype == RIB_IPV6 || subtype == RIB_IPV6_ADDPATH)
			rib_record(r, b, true, subtype == RIB_IPV6_ADDPATH);
		return;
	}
	if (type == MRT_BGP4MP_ET)
		rbuf_u32(b); /* microseconds */
	if (subtype == BGP4MP_MESSAGE || subtype == BGP4MP_MESSAGE_LOCAL)
		message_record(r, b, false);
	else if (subtype == BGP4MP_MESSAGE_AS4 || subtype == BGP4MP_MESSAGE_AS4_LOCAL)
		message_record(r, b, true);
}

int
mrt_parse(const uint8_t *data, size_t len, void (*route)(void *ctx, const struct mrt_route *r), void *ctx,
	  struct mrt_stats *stats)
{
	struct reader *r = xcalloc(1, sizeof(*r));
	struct rbuf all = rbuf_of(data, len);

	*stats = (struct mrt_stats){0};
	r->route = route;
	r->ctx = ctx;
	r->stats = stats;
	while (rbuf_left(&all) >= MRT_HEADER_LEN) {
		rbuf_u32(&all); /* time */
		unsigned type = rbuf_u16(&all), subtype = rbuf_u16(&all);
		struct rbuf record = rbuf_sub(&all, rbuf_u32(&all));

		if (all.err)
			break;
		record_take(r, type, subtype, &record);
	}
	int rc = r->records > 0 ? 0 : -EINVAL;
	free(r->peers);
	free(r);
	return rc;
}

int
mrt_read(const char *path, void (*route)(void *ctx, const struct mrt_route *r), void *ctx, struct mrt_stats *stats)
{
	struct stat st;
	int fd = open(path, O_RDONLY | O_CLOEXEC), rc = -EINVAL;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) == 0 && st.st_size > 0) {
		void *data = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);

		rc = data == MAP_FAILED ? -errno : mrt_parse(data, (size_t)st.st_size, route, ctx, stats);
		if (data != MAP_FAILED)
			munmap(data, (size_t)st.st_size);
	}
	close(fd);
	return rc;
}
