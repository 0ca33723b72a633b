/* SPDX-License-Identifier: Apache-2.0 */
/*
 * msg_text: see msg_text.h. A path attribute is a row of one table. RFC 4271 4,
 * 4760, 6793, 7911; the others at their rows.
 */
#include "bgpd/msg_text.h"

#include "bgpd/attr_codec.h"
#include "bgpd/msg.h"
#include "bgpd/nlri.h"
#include "bgpd/open.h"
#include "lib/mem.h"
#include "rib/aspath.h"
#include "rib/community.h"

#include <string.h>

#define PATH_ASES  32 /* of an AS path that are told */
#define HEX_OCTETS 32 /* of data that has no words */

#define FLAG_EXTENDED 0x10u /* the length has two octets */

struct update_text {
	const struct msg_text_session *s;
	struct str *text, *prefixes;
};

static void
hex_text(const uint8_t *p, size_t len, struct str *out)
{
	ASSERT(p != NULL || len == 0);
	str_addf(out, " %zu octets", len);
	for (size_t i = 0; i < len && i < HEX_OCTETS; i++)
		str_addf(out, "%s%02x", i == 0 ? " " : "", p[i]);
	if (len > HEX_OCTETS)
		str_add(out, "...");
}

static void
rest_hex(struct rbuf *r, struct str *out)
{
	size_t n = rbuf_left(r);

	hex_text(rbuf_bytes(r, n), n, out);
}

/* A blank and an address of n octets; nothing where there are fewer. */
static void
addr_text(struct rbuf *r, size_t n, struct str *out)
{
	char buf[IP_ADDR_STRLEN];
	struct ip_addr a = {.family = n == 4 ? FAMILY_IPV4 : FAMILY_IPV6};
	const uint8_t *p = rbuf_bytes(r, n);

	if (p == NULL)
		return;
	memcpy(a.bytes, p, n);
	str_addf(out, " %s", ip_addr_str(&a, buf, sizeof buf));
}

/* ---- prefixes ---- */

static void
nlri_text(const char *what, struct rbuf r, enum family f, bool add_path, struct str *out)
{
	char buf[IP_PREFIX_STRLEN];
	struct str list = {0};
	enum nlri_result end;
	struct nlri n;
	unsigned count = 0;

	while ((end = nlri_next(&r, f, add_path, &n)) == NLRI_OK) {
		if (count++ >= MSG_TEXT_LIST)
			continue;
		str_addf(&list, " %s", ip_prefix_str(&n.prefix, buf, sizeof buf));
		if (add_path)
			str_addf(&list, " (id %u)", n.path_id);
	}
	str_addf(out, "%s%s %u:%s%s%s", out->len > 0 ? "; " : "", what, count, str_get(&list),
		 count > MSG_TEXT_LIST ? " ..." : "", end == NLRI_BAD ? " (malformed)" : "");
	str_free(&list);
}

static enum family
family_text(struct rbuf *r, struct str *out)
{
	uint16_t afi = rbuf_u16(r);
	uint8_t safi = rbuf_u8(r);
	enum family f = family_from_afi_safi(afi, safi);

	if (f == FAMILY_NONE)
		str_addf(out, " AFI %u SAFI %u", afi, safi);
	else
		str_addf(out, " %s", family_name(f));
	return f;
}

static void
mp_nlri_text(const struct update_text *u, const char *what, enum family f, struct rbuf *r)
{
	if (f == FAMILY_NONE) {
		rest_hex(r, u->text);
		return;
	}
	nlri_text(what, *r, f, u->s->add_path[f], u->prefixes);
	rbuf_bytes(r, rbuf_left(r));
}

/* ---- path attributes ---- */

static void
origin_text(const struct update_text *u, struct rbuf *r)
{
	static const char *const names[] = {
	    [ATTR_ORIGIN_IGP] = "IGP", [ATTR_ORIGIN_EGP] = "EGP", [ATTR_ORIGIN_INCOMPLETE] = "incomplete"};
	uint8_t v = rbuf_u8(r);

	if (v < ARRAY_LEN(names))
		str_addf(u->text, " %s", names[v]);
	else
		str_addf(u->text, " %u", v);
}

static void
number_text(const struct update_text *u, struct rbuf *r)
{
	str_addf(u->text, " %u", rbuf_u32(r));
}

static void
path_text(struct rbuf *r, bool as4, struct str *out)
{
	static const char *const brackets[] = {[ASPATH_SET] = "{}",
					       [ASPATH_SEQUENCE] = "",
					       [ASPATH_CONFED_SEQUENCE] = "()",
					       [ASPATH_CONFED_SET] = "[]"};
	unsigned told = 0;

	while (rbuf_left(r) > 0 && !r->err) {
		uint8_t type = rbuf_u8(r), n = rbuf_u8(r);
		if (type == 0 || type >= ARRAY_LEN(brackets)) {
			r->err = true;
			return;
		}
		bool plain = brackets[type][0] == '\0';
		if (!plain)
			str_addf(out, " %c", brackets[type][0]);
		for (unsigned i = 0; i < n && !r->err; i++) {
			uint32_t as = as4 ? rbuf_u32(r) : rbuf_u16(r);
			if (!r->err && told++ < PATH_ASES)
				str_addf(out, "%s%u", !plain && i == 0 ? "" : " ", as);
		}
		if (!plain)
			str_addf(out, "%c", brackets[type][1]);
	}
	if (told > PATH_ASES)
		str_addf(out, " ... %u ASes", told);
}

static void
as_path_text(const struct update_text *u, struct rbuf *r)
{
	path_text(r, u->s->as4, u->text);
}

static void
as4_path_text(const struct update_text *u, struct rbuf *r)
{
	path_text(r, true, u->text);
}

static void
addresses_text(const struct update_text *u, struct rbuf *r)
{
	unsigned n = 0;

	do
		addr_text(r, 4, u->text);
	while (++n < MSG_TEXT_LIST && rbuf_left(r) >= 4);
	if (n == MSG_TEXT_LIST && rbuf_left(r) >= 4) {
		str_addf(u->text, " ... %zu more", rbuf_left(r) / 4);
		rbuf_bytes(r, rbuf_left(r) & ~(size_t)3);
	}
}

static void
nothing_text(const struct update_text *u, struct rbuf *r)
{
	(void)u;
	(void)r;
}

static void
aggregator(const struct update_text *u, struct rbuf *r, bool as4)
{
	str_addf(u->text, " %u", as4 ? rbuf_u32(r) : rbuf_u16(r));
	addr_text(r, 4, u->text);
}

static void
aggregator_text(const struct update_text *u, struct rbuf *r)
{
	aggregator(u, r, u->s->as4);
}

static void
as4_aggregator_text(const struct update_text *u, struct rbuf *r)
{
	aggregator(u, r, true);
}

static void
communities(const struct update_text *u, struct rbuf *r, enum community_kind kind)
{
	size_t size = community_size(kind);
	unsigned n = 0;

	while (rbuf_left(r) >= size) {
		const uint8_t *entry = rbuf_bytes(r, size);
		if (n++ >= MSG_TEXT_LIST)
			continue;
		str_add(u->text, " ");
		community_text(kind, entry, u->text);
	}
	if (n > MSG_TEXT_LIST)
		str_addf(u->text, " ... %u", n);
}

static void
communities_text(const struct update_text *u, struct rbuf *r)
{
	communities(u, r, COMMUNITY_STD);
}

static void
large_communities_text(const struct update_text *u, struct rbuf *r)
{
	communities(u, r, COMMUNITY_LARGE);
}

static void
ext_communities_text(const struct update_text *u, struct rbuf *r)
{
	communities(u, r, COMMUNITY_EXT);
}

static void
mp_reach_text(const struct update_text *u, struct rbuf *r)
{
	enum family f = family_text(r, u->text);
	uint8_t len = rbuf_u8(r);
	struct rbuf hop = rbuf_sub(r, len);

	str_add(u->text, " next hop");
	if (len == 4 || len == 16 || len == 32) {
		while (rbuf_left(&hop) > 0)
			addr_text(&hop, len == 4 ? 4 : 16, u->text);
	} else {
		rest_hex(&hop, u->text);
	}
	rbuf_u8(r); /* reserved */
	if (!r->err)
		mp_nlri_text(u, "announced", f, r);
}

static void
mp_unreach_text(const struct update_text *u, struct rbuf *r)
{
	enum family f = family_text(r, u->text);

	if (!r->err)
		mp_nlri_text(u, "withdrawn", f, r);
}

static void (*const attrs_table[])(const struct update_text *u, struct rbuf *r) = {
    [ATTR_ORIGIN] = origin_text,
    [ATTR_AS_PATH] = as_path_text,
    [ATTR_NEXT_HOP] = addresses_text,
    [ATTR_MED] = number_text,
    [ATTR_LOCAL_PREF] = number_text,
    [ATTR_ATOMIC_AGGREGATE] = nothing_text,
    [ATTR_AGGREGATOR] = aggregator_text,
    [ATTR_COMMUNITIES] = communities_text,         /* RFC 1997 */
    [ATTR_ORIGINATOR_ID] = addresses_text,         /* RFC 4456 */
    [ATTR_CLUSTER_LIST] = addresses_text,          /* RFC 4456 */
    [ATTR_MP_REACH] = mp_reach_text,               /* RFC 4760 3 */
    [ATTR_MP_UNREACH] = mp_unreach_text,           /* RFC 4760 4 */
    [ATTR_EXT_COMMUNITIES] = ext_communities_text, /* RFC 4360 */
    [ATTR_AS4_PATH] = as4_path_text,               /* RFC 6793 3 */
    [ATTR_AS4_AGGREGATOR] = as4_aggregator_text,
    [ATTR_LARGE_COMMUNITIES] = large_communities_text, /* RFC 8092 */
    [ATTR_OTC] = number_text,                          /* RFC 9234 5 */
};

static void
attr_text(const struct update_text *u, uint8_t flags, uint8_t type, struct rbuf *value)
{
	if (u->text->len > 0)
		str_add(u->text, "; ");
	if (type >= ARRAY_LEN(attrs_table) || attrs_table[type] == NULL) {
		str_addf(u->text, "attribute %u flags 0x%02x", type, flags);
		rest_hex(value, u->text);
		return;
	}
	str_add(u->text, attr_name(type));
	attrs_table[type](u, value);
	if (value->err || rbuf_left(value) > 0)
		str_add(u->text, " (malformed)");
}

static void
update_text(const struct msg_text_session *s, struct rbuf r, struct str *text, struct str *prefixes)
{
	const struct update_text u = {.s = s, .text = text, .prefixes = prefixes};
	struct rbuf withdrawn = rbuf_sub(&r, rbuf_u16(&r));
	struct rbuf attrs = rbuf_sub(&r, rbuf_u16(&r));

	if (!withdrawn.err && rbuf_left(&withdrawn) > 0)
		nlri_text("withdrawn", withdrawn, FAMILY_IPV4, s->add_path[FAMILY_IPV4], prefixes);
	while (!attrs.err && rbuf_left(&attrs) > 0) {
		uint8_t flags = rbuf_u8(&attrs), type = rbuf_u8(&attrs);
		struct rbuf value =
		    rbuf_sub(&attrs, flags & FLAG_EXTENDED ? rbuf_u16(&attrs) : rbuf_u8(&attrs));
		if (attrs.err)
			break;
		attr_text(&u, flags, type, &value);
	}
	if (r.err || attrs.err)
		str_addf(text, "%s(malformed)", text->len > 0 ? " " : "");
	else if (rbuf_left(&r) > 0)
		nlri_text("announced", r, FAMILY_IPV4, s->add_path[FAMILY_IPV4], prefixes);
	else if (text->len == 0 && prefixes->len == 0) /* RFC 4724 2 */
		str_add(text, "End-of-RIB ipv4-unicast");
}

/* ---- OPEN ---- */

static void
families_text(const char *what, uint8_t set, struct str *out)
{
	if (set == 0)
		return;
	str_add(out, what);
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (set & OPEN_FAMILY(f))
			str_addf(out, " %s", family_name(f));
}

static void
restart_text(const struct open_caps *c, struct str *out)
{
	if (c->gr) {
		str_addf(out, "; graceful restart %u s%s%s", c->gr_time_s,
			 c->gr_restarting ? " restarting" : "", c->gr_notification ? " notification" : "");
		families_text("", c->gr_families, out);
		families_text(" forwarding", c->gr_forwarding, out);
	}
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (c->llgr_families & OPEN_FAMILY(f))
			str_addf(out, "; long-lived %s %u s%s", family_name(f), c->llgr_time_s[f],
				 c->llgr_forwarding & OPEN_FAMILY(f) ? " forwarding" : "");
}

static void
caps_text(const struct open_caps *c, struct str *out)
{
	static const char *const modes[] = {
	    [ADD_PATH_RECEIVE] = "receive", [ADD_PATH_SEND] = "send", [ADD_PATH_BOTH] = "both"};

	families_text("; families", c->families, out);
	if (c->as4)
		str_add(out, "; four-octet AS");
	if (c->route_refresh)
		str_add(out, "; route refresh");
	if (c->enhanced_refresh)
		str_add(out, "; enhanced route refresh");
	if (c->extended_message)
		str_add(out, "; extended messages");
	families_text("; IPv6 next hop for", c->ext_next_hop, out);
	if (c->has_role)
		str_addf(out, "; role %s", role_name(c->role));
	for (enum family f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		if (c->add_path[f] != 0)
			str_addf(out, "; ADD-PATH %s %s", family_name(f), modes[c->add_path[f]]);
	restart_text(c, out);
}

/* The numbers of all capabilities, those nobody here knows too. The message has been found well-formed. */
static void
codes_text(struct rbuf r, struct str *out)
{
	rbuf_bytes(&r, 9);
	bool extended = rbuf_u8(&r) != 0 && rbuf_left(&r) > 0 && r.p[0] == 255; /* RFC 9072 2 */

	if (extended)
		rbuf_bytes(&r, 3);
	str_add(out, "; capabilities");
	while (rbuf_left(&r) > 0 && !r.err) {
		rbuf_u8(&r);
		struct rbuf caps = rbuf_sub(&r, extended ? rbuf_u16(&r) : rbuf_u8(&r));
		while (rbuf_left(&caps) > 0 && !caps.err) {
			str_addf(out, " %u", rbuf_u8(&caps));
			rbuf_bytes(&caps, rbuf_u8(&caps));
		}
	}
}

static void
open_text(const uint8_t *body, size_t len, struct str *out)
{
	struct open_msg o;
	struct bgp_error err;
	struct rbuf id = rbuf_of(body + 5, len < 10 ? 0 : 4);

	if (!open_decode(body, len, &o, &err)) {
		str_addf(out, "(malformed: %s)", err.reason);
		hex_text(body, len, out);
		return;
	}
	str_addf(out, "version %u; AS %u; hold time %u s; id", body[0], o.as, o.hold_s);
	addr_text(&id, 4, out);
	caps_text(&o.caps, out);
	if (o.hostname[0] != '\0')
		str_addf(out, "; hostname %s", o.hostname);
	if (o.software[0] != '\0')
		str_addf(out, "; software %s", o.software);
	codes_text(rbuf_of(body, len), out);
}

/* ---- NOTIFICATION and ROUTE-REFRESH ---- */

static void
notification_text(const uint8_t *body, size_t len, struct str *out)
{
	char text[BGP_SHUTDOWN_TEXT_MAX + 1];
	struct bgp_error e;

	if (len < 2) {
		str_add(out, "(malformed)");
		return;
	}
	notify_decode(body, len, &e);
	str_addf(out, "%u/%u", e.code, e.subcode);
	if (notify_unwrap_hard_reset(&e))
		str_addf(out, " Hard Reset: %u/%u", e.code, e.subcode);
	str_addf(out, " %s/%s", notify_code_name(e.code), notify_subcode_name(e.code, e.subcode));
	if (notify_shutdown_get(&e, text))
		str_addf(out, ": %s", text);
	else if (e.data_len > 0) {
		str_add(out, " data");
		hex_text(e.data, e.data_len, out);
	}
}

static void
refresh_text(struct rbuf r, struct str *out)
{
	static const char *const subtypes[] = {
	    [REFRESH_NORMAL] = "request", [REFRESH_BORR] = "BoRR", [REFRESH_EORR] = "EoRR"}; /* RFC 7313 3.2
											      */
	uint16_t afi = rbuf_u16(&r);
	uint8_t subtype = rbuf_u8(&r), safi = rbuf_u8(&r);
	enum family f = family_from_afi_safi(afi, safi);

	if (r.err || rbuf_left(&r) > 0)
		str_add(out, "(malformed) ");
	if (f == FAMILY_NONE)
		str_addf(out, "AFI %u SAFI %u", afi, safi);
	else
		str_add(out, family_name(f));
	if (subtype < ARRAY_LEN(subtypes))
		str_addf(out, " %s", subtypes[subtype]);
	else
		str_addf(out, " subtype %u", subtype);
}

void
msg_text(const struct msg_text_session *s, uint8_t type, const uint8_t *body, size_t len, struct str *text,
	 struct str *prefixes)
{
	switch (type) {
	case BGP_MSG_OPEN:
		open_text(body, len, text);
		break;
	case BGP_MSG_UPDATE:
		update_text(s, rbuf_of(body, len), text, prefixes);
		break;
	case BGP_MSG_NOTIFICATION:
		notification_text(body, len, text);
		break;
	case BGP_MSG_REFRESH:
		refresh_text(rbuf_of(body, len), text);
		break;
	default:
		break;
	}
}
