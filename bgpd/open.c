/* SPDX-License-Identifier: Apache-2.0 */
/*
 * open: encoding, decoding and negotiation of the OPEN message.
 *
 * Called by the peer when it sends or gets an OPEN. A capability is a row of
 * caps_table: its decoder takes the value, its encoder writes whole
 * capabilities. A value of a wrong length counts as absent, since RFC 5492
 * knows no error for it; only where the session would misread every UPDATE
 * (families, AS width) it ends the session. RFC 4271 4.2, 6.2; 5492; 9072.
 */
#include "bgpd/open.h"

#include <string.h>

#include "bgpd/msg.h"
#include "bgpd/nlri.h"
#include "lib/buf.h"
#include "lib/mem.h"

#define PARAM_CAPABILITY 2
#define PARAM_EXTENDED   255 /* RFC 9072 */

/* Writes code and length; the value must follow. */
static void
cap_head(struct wbuf *w, uint8_t code, size_t len)
{
	wbuf_u8(w, code);
	wbuf_u8(w, (uint8_t)len);
}

static unsigned
set_count(uint8_t set)
{
	return (unsigned)__builtin_popcount(set);
}

static enum family
family_read(struct rbuf *r)
{
	uint16_t afi = rbuf_u16(r);
	return family_from_afi_safi(afi, rbuf_u8(r));
}

static void
family_write(struct wbuf *w, enum family f)
{
	wbuf_u16(w, family_afi(f));
	wbuf_u8(w, BGP_SAFI_UNICAST);
}

static void
mp_decode(struct open_msg *o, struct rbuf *r)
{
	uint16_t afi = rbuf_u16(r);
	rbuf_u8(r); /* reserved */
	o->caps.families |= OPEN_FAMILY(family_from_afi_safi(afi, rbuf_u8(r)));
}

static void
mp_write(struct wbuf *w, enum family f)
{
	cap_head(w, 1, 4);
	wbuf_u16(w, family_afi(f));
	wbuf_u8(w, 0);
	wbuf_u8(w, BGP_SAFI_UNICAST);
}

static void
mp_encode(const struct open_msg *o, struct wbuf *w)
{
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (o->caps.families & OPEN_FAMILY(f))
			mp_write(w, f);
}

static void
refresh_decode(struct open_msg *o, struct rbuf *r)
{
	(void)r;
	o->caps.route_refresh = true;
}

static void
refresh_encode(const struct open_msg *o, struct wbuf *w)
{
	if (o->caps.route_refresh)
		cap_head(w, 2, 0);
}

static void
ext_next_hop_decode(struct open_msg *o, struct rbuf *r)
{
	while (rbuf_left(r) >= 6) {
		uint16_t afi = rbuf_u16(r);
		uint16_t safi = rbuf_u16(r);
		uint16_t nh_afi = rbuf_u16(r);
		if (afi == BGP_AFI_IPV4 && safi == BGP_SAFI_UNICAST && nh_afi == BGP_AFI_IPV6)
			o->caps.ext_next_hop |= OPEN_FAMILY(FAMILY_IPV4);
	}
}

static void
ext_next_hop_encode(const struct open_msg *o, struct wbuf *w)
{
	if (!(o->caps.ext_next_hop & OPEN_FAMILY(FAMILY_IPV4)))
		return;
	cap_head(w, 5, 6);
	wbuf_u16(w, BGP_AFI_IPV4);
	wbuf_u16(w, BGP_SAFI_UNICAST);
	wbuf_u16(w, BGP_AFI_IPV6);
}

static void
extended_decode(struct open_msg *o, struct rbuf *r)
{
	(void)r;
	o->caps.extended_message = true;
}

static void
extended_encode(const struct open_msg *o, struct wbuf *w)
{
	if (o->caps.extended_message)
		cap_head(w, 6, 0);
}

static void
role_decode(struct open_msg *o, struct rbuf *r)
{
	uint8_t role = rbuf_u8(r);

	/* RFC 9234 4.2: the same one twice counts as one. */
	o->caps.role_conflict |= o->caps.has_role && o->caps.role != role;
	o->caps.role = role;
	o->caps.has_role = true;
}

static void
role_encode(const struct open_msg *o, struct wbuf *w)
{
	if (!o->caps.has_role)
		return;
	cap_head(w, 9, 1);
	wbuf_u8(w, o->caps.role);
}

static void
gr_decode(struct open_msg *o, struct rbuf *r)
{
	struct open_caps *c = &o->caps;
	uint16_t head = rbuf_u16(r);

	/* RFC 4724 3: of several, the last counts. */
	c->gr = true;
	c->gr_restarting = head >> 15;
	c->gr_notification = head >> 14 & 1;
	c->gr_time_s = head & OPEN_GR_TIME_MAX;
	c->gr_families = c->gr_forwarding = 0;
	while (rbuf_left(r) >= 4) {
		uint8_t bit = OPEN_FAMILY(family_read(r));
		c->gr_families |= bit;
		if (rbuf_u8(r) & 0x80)
			c->gr_forwarding |= bit;
	}
}

static void
gr_encode(const struct open_msg *o, struct wbuf *w)
{
	const struct open_caps *c = &o->caps;

	if (!c->gr)
		return;
	cap_head(w, 64, 2 + 4 * set_count(c->gr_families));
	unsigned bits = (c->gr_restarting ? 0x8000u : 0u) | (c->gr_notification ? 0x4000u : 0u);
	wbuf_u16(w, (uint16_t)(bits | (c->gr_time_s & OPEN_GR_TIME_MAX)));
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		if (!(c->gr_families & OPEN_FAMILY(f)))
			continue;
		family_write(w, f);
		wbuf_u8(w, c->gr_forwarding & OPEN_FAMILY(f) ? 0x80 : 0);
	}
}

static void
as4_decode(struct open_msg *o, struct rbuf *r)
{
	o->caps.as4 = true;
	o->as = rbuf_u32(r);
}

static void
as4_encode(const struct open_msg *o, struct wbuf *w)
{
	if (!o->caps.as4)
		return;
	cap_head(w, 65, 4);
	wbuf_u32(w, o->as);
}

static void
add_path_decode(struct open_msg *o, struct rbuf *r)
{
	while (rbuf_left(r) >= 4) {
		enum family f = family_read(r);
		uint8_t mode = rbuf_u8(r);
		/* RFC 7911 4: another value has the entry ignored. */
		if (mode >= ADD_PATH_RECEIVE && mode <= ADD_PATH_BOTH)
			o->caps.add_path[f] = mode;
	}
}

static void
add_path_encode(const struct open_msg *o, struct wbuf *w)
{
	unsigned n = 0;

	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		n += o->caps.add_path[f] != 0;
	if (n == 0)
		return;
	cap_head(w, 69, 4 * n);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		if (o->caps.add_path[f] == 0)
			continue;
		family_write(w, f);
		wbuf_u8(w, o->caps.add_path[f]);
	}
}

static void
enhanced_decode(struct open_msg *o, struct rbuf *r)
{
	(void)r;
	o->caps.enhanced_refresh = true;
}

static void
enhanced_encode(const struct open_msg *o, struct wbuf *w)
{
	if (o->caps.enhanced_refresh)
		cap_head(w, 70, 0);
}

static void
llgr_decode(struct open_msg *o, struct rbuf *r)
{
	struct open_caps *c = &o->caps;

	c->llgr = true;
	while (rbuf_left(r) >= 7) {
		enum family f = family_read(r);
		uint8_t flags = rbuf_u8(r);
		uint32_t time_hi = rbuf_u8(r);
		c->llgr_time_s[f] = time_hi << 16 | rbuf_u16(r);
		c->llgr_families |= OPEN_FAMILY(f);
		if (flags & 0x80)
			c->llgr_forwarding |= OPEN_FAMILY(f);
	}
}

static void
llgr_encode(const struct open_msg *o, struct wbuf *w)
{
	const struct open_caps *c = &o->caps;

	if (c->llgr_families == 0)
		return;
	cap_head(w, 71, 7 * set_count(c->llgr_families));
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++) {
		if (!(c->llgr_families & OPEN_FAMILY(f)))
			continue;
		family_write(w, f);
		wbuf_u8(w, c->llgr_forwarding & OPEN_FAMILY(f) ? 0x80 : 0);
		wbuf_u8(w, (uint8_t)(c->llgr_time_s[f] >> 16));
		wbuf_u16(w, (uint16_t)c->llgr_time_s[f]);
	}
}

/* A length and as many octets, behind what out has; false: the value is cut. */
static bool
name_read(struct rbuf *r, char out[OPEN_NAME_MAX + 1])
{
	size_t n = rbuf_u8(r), at = strlen(out);

	if (n > rbuf_left(r))
		return false;
	for (; n > 0; n--) {
		uint8_t c = rbuf_u8(r);
		/* What is not ASCII may be broken UTF-8. */
		if (at < OPEN_NAME_MAX)
			out[at++] = c < 0x20 || c >= 0x7f ? '?' : (char)c;
	}
	out[at] = '\0';
	return true;
}

static void
hostname_decode(struct open_msg *o, struct rbuf *r)
{
	size_t at;

	o->hostname[0] = '\0';
	if (!name_read(r, o->hostname))
		return;
	at = strlen(o->hostname);
	if (rbuf_left(r) < 2 || at == 0 || at >= OPEN_NAME_MAX)
		return;
	o->hostname[at] = '.';
	o->hostname[at + 1] = '\0';
	if (!name_read(r, o->hostname) || o->hostname[at + 1] == '\0')
		o->hostname[at] = '\0';
}

static void
software_decode(struct open_msg *o, struct rbuf *r)
{
	o->software[0] = '\0';
	name_read(r, o->software);
}

static void
name_put(struct wbuf *w, const char *name)
{
	size_t n = strlen(name);

	wbuf_u8(w, (uint8_t)n);
	wbuf_put(w, name, n);
}

static void
hostname_encode(const struct open_msg *o, struct wbuf *w)
{
	if (o->hostname[0] == '\0')
		return;
	cap_head(w, 73, strlen(o->hostname) + 2);
	name_put(w, o->hostname);
	wbuf_u8(w, 0); /* no domain of its own */
}

static void
software_encode(const struct open_msg *o, struct wbuf *w)
{
	if (o->software[0] == '\0')
		return;
	cap_head(w, 75, strlen(o->software) + 1);
	name_put(w, o->software);
}

/* In the order they are sent. A value is well-formed if its length is base + n * step octets (step 0: base).
 */
static const struct cap_row {
	uint8_t code, base, step;
	bool strict; /* a wrong length ends the session */
	void (*decode)(struct open_msg *o, struct rbuf *r);
	void (*encode)(const struct open_msg *o, struct wbuf *w);
} caps_table[] = {
    {.code = 1, .base = 4, .strict = true, .decode = mp_decode, .encode = mp_encode}, /* RFC 4760 8 */
    {.code = 2, .base = 0, .decode = refresh_decode, .encode = refresh_encode},       /* RFC 2918 2 */
    {.code = 5,
     .base = 0,
     .step = 6,
     .decode = ext_next_hop_decode,
     .encode = ext_next_hop_encode},                                              /* RFC 8950 4 */
    {.code = 6, .base = 0, .decode = extended_decode, .encode = extended_encode}, /* RFC 8654 3 */
    {.code = 9, .base = 1, .decode = role_decode, .encode = role_encode},         /* RFC 9234 4.1 */
    {.code = 64, .base = 2, .step = 4, .decode = gr_decode, .encode = gr_encode}, /* RFC 4724 3, 8538 2 */
    {.code = 65, .base = 4, .strict = true, .decode = as4_decode, .encode = as4_encode},      /* RFC 6793 3 */
    {.code = 69, .base = 0, .step = 4, .decode = add_path_decode, .encode = add_path_encode}, /* RFC 7911 4 */
    {.code = 70, .base = 0, .decode = enhanced_decode, .encode = enhanced_encode},    /* RFC 7313 3.1 */
    {.code = 71, .base = 0, .step = 7, .decode = llgr_decode, .encode = llgr_encode}, /* RFC 9494 3 */
    {.code = 73, .base = 1, .step = 1, .decode = hostname_decode, .encode = hostname_encode},
    {.code = 75, .base = 1, .step = 1, .decode = software_decode, .encode = software_encode},
};

size_t
open_encode(const struct open_msg *o, uint8_t *out, size_t cap)
{
	struct wbuf w = wbuf_of(out, cap);

	wbuf_room(&w, BGP_HEADER_LEN);
	wbuf_u8(&w, 4);
	wbuf_u16(&w, (uint16_t)(o->as > UINT16_MAX ? BGP_AS_TRANS : o->as));
	wbuf_u16(&w, o->hold_s);
	wbuf_u32(&w, o->id);
	wbuf_u8(&w, 0);
	size_t params = w.len;
	wbuf_u8(&w, PARAM_CAPABILITY);
	wbuf_u8(&w, 0);
	for (size_t i = 0; i < ARRAY_LEN(caps_table); i++)
		caps_table[i].encode(o, &w);
	if (w.err)
		return 0;
	size_t len = w.len - params;
	ASSERT(len <= UINT8_MAX);
	if (len == 2)
		w.len -= len; /* no capability at all: no parameter either */
	else {
		out[params - 1] = (uint8_t)len;
		out[params + 1] = (uint8_t)(len - 2);
	}
	msg_header_put(out, BGP_MSG_OPEN, w.len);
	return w.len;
}

static bool
open_error(struct bgp_error *err, uint8_t subcode, const char *reason)
{
	bgp_error_set(err, BGP_ERR_OPEN, subcode, reason, NULL, 0);
	return false;
}

/* The capabilities of one parameter; *mp: one of the multiprotocol kind was among them. */
static bool
caps_decode(struct rbuf r, struct open_msg *o, bool *mp, struct bgp_error *err)
{
	while (rbuf_left(&r) > 0) {
		uint8_t code = rbuf_u8(&r);
		size_t len = rbuf_u8(&r);
		struct rbuf value = rbuf_sub(&r, len);
		if (r.err)
			return open_error(err, 0, "capability longer than its parameter");
		for (size_t i = 0; i < ARRAY_LEN(caps_table); i++) {
			const struct cap_row *row = &caps_table[i];
			if (row->code != code)
				continue;
			bool fits = len >= row->base &&
				    (row->step ? (len - row->base) % row->step == 0 : len == row->base);
			if (!fits && row->strict)
				return open_error(err, 0, "capability of a wrong length");
			if (fits)
				row->decode(o, &value);
			*mp |= code == 1;
		}
	}
	return true;
}

static bool
params_decode(struct rbuf r, struct open_msg *o, struct bgp_error *err)
{
	size_t len = rbuf_u8(&r);
	bool extended = len != 0 && rbuf_left(&r) > 0 && r.p[0] == PARAM_EXTENDED, mp = false;

	if (extended) { /* RFC 9072 2 */
		rbuf_u8(&r);
		len = rbuf_u16(&r);
	}
	if (r.err || len != rbuf_left(&r))
		return open_error(err, 0, "length of the optional parameters is wrong");
	while (rbuf_left(&r) > 0) {
		uint8_t type = rbuf_u8(&r);
		size_t plen = extended ? rbuf_u16(&r) : rbuf_u8(&r);
		struct rbuf value = rbuf_sub(&r, plen);
		if (r.err)
			return open_error(err, 0, "optional parameter longer than the message");
		if (type != PARAM_CAPABILITY)
			return open_error(err, BGP_OPEN_BAD_PARAM, "unknown optional parameter");
		if (!caps_decode(value, o, &mp, err))
			return false;
	}
	/* Bits of families not known here were collected under FAMILY_NONE. */
	if (!mp)
		o->caps.families = OPEN_FAMILY(FAMILY_IPV4);
	o->caps.families &= (uint8_t)~OPEN_FAMILY(FAMILY_NONE);
	o->caps.gr_families &= (uint8_t)~OPEN_FAMILY(FAMILY_NONE);
	o->caps.gr_forwarding &= (uint8_t)~OPEN_FAMILY(FAMILY_NONE);
	o->caps.llgr_families &= (uint8_t)~OPEN_FAMILY(FAMILY_NONE);
	o->caps.llgr_forwarding &= (uint8_t)~OPEN_FAMILY(FAMILY_NONE);
	o->caps.add_path[FAMILY_NONE] = 0;
	o->caps.llgr_time_s[FAMILY_NONE] = 0;
	return true;
}

bool
open_decode(const uint8_t *body, size_t len, struct open_msg *o, struct bgp_error *err)
{
	static const uint8_t version[2] = {0, 4};
	struct rbuf r = rbuf_of(body, len);

	ASSERT(len >= 10);
	memset(o, 0, sizeof(*o));
	/* RFC 4271 6.2: the data is the version we have. */
	if (rbuf_u8(&r) != 4) {
		bgp_error_set(err, BGP_ERR_OPEN, BGP_OPEN_BAD_VERSION, "version is not 4", version, 2);
		return false;
	}
	uint16_t as2 = rbuf_u16(&r);
	o->as = as2;
	o->hold_s = rbuf_u16(&r);
	o->id = rbuf_u32(&r);
	if (!params_decode(r, o, err))
		return false;
	if (as2 == 0 || o->as == 0) /* RFC 7607 2 */
		return open_error(err, BGP_OPEN_BAD_PEER_AS, "AS 0");
	if (o->as == BGP_AS_TRANS) /* RFC 6793 9: reserved, it only stands for another number */
		return open_error(err, BGP_OPEN_BAD_PEER_AS, "AS_TRANS without the number that it stands for");
	if (o->hold_s == 1 || o->hold_s == 2)
		return open_error(err, BGP_OPEN_BAD_HOLD, "hold time of one or two seconds");
	if (o->id == 0) /* RFC 6286 2.2 */
		return open_error(err, BGP_OPEN_BAD_ID, "BGP Identifier 0");
	return true;
}

/* RFC 9234 4.2: what the other side must be. */
static const uint8_t role_counterpart[BGP_ROLE_COUNT] = {
    [BGP_ROLE_PROVIDER] = BGP_ROLE_CUSTOMER,   [BGP_ROLE_CUSTOMER] = BGP_ROLE_PROVIDER,
    [BGP_ROLE_RS_SERVER] = BGP_ROLE_RS_CLIENT, [BGP_ROLE_RS_CLIENT] = BGP_ROLE_RS_SERVER,
    [BGP_ROLE_PEER] = BGP_ROLE_PEER,
};

bool
open_check(const struct open_expect *x, const struct open_msg *ours, const struct open_msg *theirs,
	   struct bgp_error *err)
{
	bool internal = theirs->as == x->local_as;

	if (x->remote_as == 0 ? internal : theirs->as != x->remote_as)
		return open_error(err, BGP_OPEN_BAD_PEER_AS, "not the AS that is configured");
	if (internal && theirs->id == x->local_id)
		return open_error(err, BGP_OPEN_BAD_ID, "internal neighbour with our own BGP Identifier");
	if (theirs->hold_s != 0 && theirs->hold_s < x->min_hold_s)
		return open_error(err, BGP_OPEN_BAD_HOLD, "hold time below the configured minimum");
	/* RFC 9234 4: roles are for external sessions; a number that nobody assigned matches none of ours. */
	if (!internal && theirs->caps.role_conflict)
		return open_error(err, BGP_OPEN_ROLE_MISMATCH, "two different roles");
	if (!internal && ours->caps.has_role) {
		if (!theirs->caps.has_role && x->role_strict)
			return open_error(err, BGP_OPEN_ROLE_MISMATCH, "no role, and one is required");
		if (theirs->caps.has_role && role_counterpart[ours->caps.role] != theirs->caps.role)
			return open_error(err, BGP_OPEN_ROLE_MISMATCH, "role does not match ours");
	}
	if ((ours->caps.families & theirs->caps.families) == 0) {
		uint8_t data[2 * 6];
		struct wbuf w = wbuf_of(data, sizeof(data));
		mp_encode(ours, &w); /* RFC 5492 5: the capabilities that are missed, as they would be sent */
		bgp_error_set(err, BGP_ERR_OPEN, BGP_OPEN_UNSUPPORTED_CAP, "no address family in common",
			      data, w.len);
		return false;
	}
	return true;
}

static uint8_t
add_path_common(uint8_t ours, uint8_t theirs)
{
	return (uint8_t)((ours & ADD_PATH_SEND && theirs & ADD_PATH_RECEIVE ? ADD_PATH_SEND : 0) |
			 (ours & ADD_PATH_RECEIVE && theirs & ADD_PATH_SEND ? ADD_PATH_RECEIVE : 0));
}

void
open_negotiate(const struct open_msg *ours, const struct open_msg *theirs, uint32_t local_as,
	       uint32_t keepalive_s, struct open_session *out)
{
	const struct open_caps *a = &ours->caps, *b = &theirs->caps;
	struct open_caps *c = &out->caps;

	*out = (struct open_session){.internal = theirs->as == local_as};
	out->hold_s = ours->hold_s < theirs->hold_s ? ours->hold_s : theirs->hold_s;
	out->keepalive_s = (uint16_t)(out->hold_s / 3);
	if (keepalive_s != 0 && (keepalive_s < out->keepalive_s || out->hold_s == ours->hold_s))
		out->keepalive_s = (uint16_t)keepalive_s;
	c->families = a->families & b->families;
	c->ext_next_hop = a->ext_next_hop & b->ext_next_hop & c->families;
	c->as4 = a->as4 && b->as4;
	c->route_refresh = a->route_refresh && b->route_refresh;
	c->enhanced_refresh = a->enhanced_refresh && b->enhanced_refresh;
	c->extended_message = a->extended_message && b->extended_message;
	/* RFC 8654 4: who has our word may send them, also without having offered to take any. */
	out->max_len = (uint16_t)(a->extended_message ? BGP_MSG_MAX_EXT : BGP_MSG_MAX);
	c->has_role = a->has_role && b->has_role && !out->internal;
	c->role = c->has_role ? a->role : 0;
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (c->families & OPEN_FAMILY(f))
			c->add_path[f] = add_path_common(a->add_path[f], b->add_path[f]);
	c->llgr = b->gr && b->llgr;
	if (!a->gr || !b->gr)
		return;
	c->gr = true;
	c->gr_restarting = b->gr_restarting;
	c->gr_notification = a->gr_notification && b->gr_notification;
	c->gr_time_s = b->gr_time_s;
	c->gr_families = b->gr_families & c->families;
	c->gr_forwarding = b->gr_forwarding & c->families;
	/* RFC 9494 4.1: only together with graceful restart. */
	if (a->llgr_families == 0)
		return;
	c->llgr_families = b->llgr_families & c->families;
	c->llgr_forwarding = b->llgr_forwarding & c->families;
	memcpy(c->llgr_time_s, b->llgr_time_s, sizeof(c->llgr_time_s));
}

const char *
role_name(uint8_t role)
{
	static const char *const names[BGP_ROLE_COUNT] = {
	    [BGP_ROLE_PROVIDER] = "provider",   [BGP_ROLE_RS_SERVER] = "rs-server",
	    [BGP_ROLE_RS_CLIENT] = "rs-client", [BGP_ROLE_CUSTOMER] = "customer",
	    [BGP_ROLE_PEER] = "peer",
	};
	return role < BGP_ROLE_COUNT ? names[role] : "unknown";
}
