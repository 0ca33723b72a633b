/* SPDX-License-Identifier: Apache-2.0 */
/*
 * attr_codec: decodes UPDATE messages.
 *
 * Called by update_in for every UPDATE. The message is cut into its fields, the
 * attributes are judged one by one by their row of the table (RFC 7606), and what
 * is good is written in canonical form. The strongest error decides; of equal
 * ones the first is reported. NLRI is checked here and walked by the caller.
 */
#include "bgpd/attr_codec.h"

#include <string.h>

#include "bgpd/aspath_wire.h"
#include "bgpd/msg.h"
#include "bgpd/nlri.h"
#include "lib/buf.h"
#include "lib/mem.h"
#include "rib/community.h"

struct raw_attr {
	const uint8_t *head; /* flags octet */
	const uint8_t *value;
	uint16_t len; /* of the value */
	uint8_t flags, type;
};

struct walk {
	const struct attr_session *s;
	struct update_in *out;
	uint32_t seen[8];          /* bit per type: this message has had it */
	struct raw_attr keep[256]; /* what goes into the canonical form */
	unsigned nkeep, nattrs;
	bool unsorted, reach; /* reach: MP_REACH_NLRI was there, of whatever family */
	struct raw_attr as4_path, aggregator, as4_aggregator; /* type 0: absent */
};

static void
fail(struct walk *w, enum attr_outcome outcome, uint8_t type, uint8_t subcode, const char *reason,
     const void *data, size_t len)
{
	if (outcome <= w->out->outcome)
		return;
	w->out->outcome = (uint8_t)outcome;
	w->out->bad_attr = type;
	bgp_error_set(&w->out->err, BGP_ERR_UPDATE, subcode, reason, data, len);
}

/* An error whose data is the whole attribute (RFC 4271 6.3). */
static void
fail_attr(struct walk *w, enum attr_outcome outcome, const struct raw_attr *a, uint8_t subcode,
	  const char *reason)
{
	fail(w, outcome, a->type, subcode, reason, a->head, (size_t)(a->value - a->head) + a->len);
}

static void
keep(struct walk *w, const struct raw_attr *a)
{
	if (w->nkeep > 0 && w->keep[w->nkeep - 1].type > a->type)
		w->unsorted = true;
	w->keep[w->nkeep++] = *a;
}

static void
origin_take(struct walk *w, const struct raw_attr *a)
{
	if (a->value[0] > 2)
		fail_attr(w, ATTR_WITHDRAW, a, BGP_UPDATE_ORIGIN, "ORIGIN of an undefined value");
	keep(w, a);
}

static void
as_path_take(struct walk *w, const struct raw_attr *a)
{
	unsigned size = w->s->as4 ? 4 : 2;
	const char *wrong = aspath_wire_check(a->value, a->len, size, w->s->confed);

	/* RFC 5065 5: it has put itself there. */
	if (wrong == NULL && w->s->external && w->s->confed && (a->len == 0 || a->value[0] != ASPATH_CONFED_SEQUENCE))
		wrong = "AS path from another member does not begin with an AS_CONFED_SEQUENCE";
	if (wrong == NULL && w->s->first_as != 0 && aspath_wire_first(a->value, a->len, size) != w->s->first_as &&
	    (w->s->as4 || w->s->first_as <= UINT16_MAX || aspath_wire_first(a->value, a->len, 2) != BGP_AS_TRANS))
		wrong = "AS path does not begin with the neighbour's AS";
	if (wrong != NULL) {
		fail(w, ATTR_WITHDRAW, a->type, BGP_UPDATE_AS_PATH, wrong, NULL, 0);
		return;
	}
	keep(w, a);
}

static void
next_hop_take(struct walk *w, const struct raw_attr *a)
{
	if (w->out->announce.len == 0) /* RFC 4760 3: without NLRI it means nothing */
		return;
	if (a->len != 4) {
		fail_attr(w, ATTR_WITHDRAW, a, BGP_UPDATE_LENGTH, "NEXT_HOP of a wrong length");
		return;
	}
	w->out->next_hop = ip_addr_from_bytes(FAMILY_IPV4, a->value);
	if (ip_addr_is_martian_nexthop(&w->out->next_hop))
		fail_attr(w, ATTR_WITHDRAW, a, BGP_UPDATE_NEXT_HOP, "NEXT_HOP is no host address");
}

static void
aggregator_take(struct walk *w, const struct raw_attr *a)
{
	unsigned size = w->s->as4 ? 4 : 2;

	if (a->len != size + 4)
		fail_attr(w, ATTR_IGNORE, a, BGP_UPDATE_LENGTH, "AGGREGATOR of a wrong length");
	else if ((size == 4 ? be32_get(a->value) : be16_get(a->value)) == 0)
		fail_attr(w, ATTR_IGNORE, a, BGP_UPDATE_OPTIONAL, "AGGREGATOR with AS 0");
	else {
		w->aggregator = *a;
		keep(w, a);
	}
}

static void
as4_path_take(struct walk *w, const struct raw_attr *a)
{
	if (w->s->as4) /* RFC 6793 4.1: a peer with four-octet numbers must not send it */
		return;
	const char *wrong = aspath_wire_check(a->value, a->len, 4, true);
	if (wrong == NULL)
		w->as4_path = *a;
	else if (wrong == aspath_wire_set) /* RFC 9774 3 */
		fail(w, ATTR_WITHDRAW, a->type, BGP_UPDATE_AS_PATH, wrong, NULL, 0);
	else
		fail_attr(w, ATTR_IGNORE, a, BGP_UPDATE_OPTIONAL, wrong);
}

static void
as4_aggregator_take(struct walk *w, const struct raw_attr *a)
{
	if (w->s->as4)
		return;
	if (be32_get(a->value) == 0)
		fail_attr(w, ATTR_IGNORE, a, BGP_UPDATE_OPTIONAL, "AS4_AGGREGATOR with AS 0");
	else
		w->as4_aggregator = *a;
}

static void
aigp_take(struct walk *w, const struct raw_attr *a)
{
	struct rbuf r = rbuf_of(a->value, a->len);

	if (!w->s->aigp)
		return;
	while (rbuf_left(&r) > 0 && !r.err) {
		uint8_t type = rbuf_u8(&r);
		uint16_t len = rbuf_u16(&r);
		r.err |= len < 3 || (type == 1 && len != 11); /* RFC 7311 3 */
		rbuf_bytes(&r, len < 3 ? 0 : len - 3u);
	}
	if (r.err)
		fail_attr(w, ATTR_IGNORE, a, BGP_UPDATE_OPTIONAL, "AIGP is malformed");
	else
		keep(w, a);
}

/* The NLRI of one family is unreadable: RFC 7606 5.3 and 7.11. */
static void
fail_family(struct walk *w, enum family f, const struct raw_attr *a, const char *reason)
{
	if (w->s->af_disable) {
		w->out->bad_family = (uint8_t)f;
		fail_attr(w, ATTR_AF_DISABLE, a, BGP_UPDATE_OPTIONAL, reason);
	} else
		fail_attr(w, ATTR_RESET, a, BGP_UPDATE_OPTIONAL, reason);
}

static bool
family_in(uint8_t set, enum family f)
{
	return f != FAMILY_NONE && (set >> f & 1) != 0;
}

/* RFC 2545 3: an IPv6 next hop is a global address, and perhaps a link-local one behind it. */
static void
mp_next_hop_take(struct walk *w, const struct raw_attr *a, const uint8_t *p, size_t len)
{
	struct update_in *out = w->out;

	if (len == 4) {
		out->mp_next_hop = ip_addr_from_bytes(FAMILY_IPV4, p);
	} else {
		out->mp_next_hop = ip_addr_from_bytes(FAMILY_IPV6, p);
		if (len == 32) {
			struct ip_addr second = ip_addr_from_bytes(FAMILY_IPV6, p + 16);
			if (ip_addr_is_link_local(&second))
				out->mp_link_local = second;
		}
		/* Unnumbered speakers send the link-local one alone, twice, or behind ::. */
		if (ip_addr_is_link_local(&out->mp_next_hop))
			out->mp_link_local = out->mp_next_hop;
		else if (ip_addr_is_unspecified(&out->mp_next_hop) &&
			 out->mp_link_local.family != FAMILY_NONE)
			out->mp_next_hop = out->mp_link_local;
	}
	if (ip_addr_is_martian_nexthop(&out->mp_next_hop))
		fail_attr(w, ATTR_WITHDRAW, a, BGP_UPDATE_OPTIONAL, "next hop is no host address");
}

static void
mp_reach_take(struct walk *w, const struct raw_attr *a)
{
	w->reach = true;
	if (a->len < 5 || a->len < 5 + a->value[3]) {
		fail_attr(w, ATTR_RESET, a, BGP_UPDATE_OPTIONAL, "MP_REACH_NLRI is too short");
		return;
	}
	enum family f = family_from_afi_safi(be16_get(a->value), a->value[2]);
	if (!family_in(w->s->families, f)) {
		fail_attr(w, ATTR_IGNORE, a, BGP_UPDATE_OPTIONAL, "family was not negotiated");
		return;
	}
	size_t nh = a->value[3];
	bool v6 = f == FAMILY_IPV6 || family_in(w->s->ext_next_hop, f);
	if (!(nh == 4 && f == FAMILY_IPV4) && !((nh == 16 || nh == 32) && v6)) {
		fail_family(w, f, a, "next hop of a wrong length");
		return;
	}
	const uint8_t *nlri = a->value + 5 + nh;
	size_t len = a->len - 5 - nh;
	if (nlri_check(nlri, len, f, w->s->add_path[f]) < 0) {
		fail_family(w, f, a, "NLRI is malformed");
		return;
	}
	mp_next_hop_take(w, a, a->value + 4, nh);
	w->out->mp_announce =
	    (struct update_nlri){.p = nlri, .len = len, .family = (uint8_t)f, .add_path = w->s->add_path[f]};
}

static void
mp_unreach_take(struct walk *w, const struct raw_attr *a)
{
	if (a->len < 3) {
		fail_attr(w, ATTR_RESET, a, BGP_UPDATE_OPTIONAL, "MP_UNREACH_NLRI is too short");
		return;
	}
	enum family f = family_from_afi_safi(be16_get(a->value), a->value[2]);
	if (!family_in(w->s->families, f)) {
		fail_attr(w, ATTR_IGNORE, a, BGP_UPDATE_OPTIONAL, "family was not negotiated");
		return;
	}
	if (nlri_check(a->value + 3, a->len - 3u, f, w->s->add_path[f]) < 0) {
		fail_family(w, f, a, "NLRI is malformed");
		return;
	}
	w->out->mp_withdraw = (struct update_nlri){
	    .p = a->value + 3, .len = a->len - 3u, .family = (uint8_t)f, .add_path = w->s->add_path[f]};
}

#define WK  ATTR_FLAG_TRANSITIVE
#define ONT ATTR_FLAG_OPTIONAL
#define OT  (ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE)

/*
 * fixed: exact length; unit: a multiple of it, not 0; neither: take() looks. on_error is for
 * length and flags (RFC 7606 7). Without take() a good attribute is kept as it is. communities: their lists mean
 * sets, so the canonical form has them sorted and each value once.
 */
static const struct attr_row {
	const char *name;
	uint8_t flags;
	uint8_t fixed, unit;
	bool empty;    /* length must be 0 */
	bool internal; /* discarded from other ASes, also those of our confederation */
	bool inside;   /* discarded from outside of AS and confederation */
	uint8_t communities; /* 1 + enum community_kind; 0: none */
	uint8_t on_error;
	void (*take)(struct walk *w, const struct raw_attr *a);
} attrs_table[] = {
    [ATTR_ORIGIN] = {"ORIGIN", WK, .fixed = 1, .on_error = ATTR_WITHDRAW, .take = origin_take}, /* 7606 7.1 */
    [ATTR_AS_PATH] = {"AS_PATH", WK, .on_error = ATTR_WITHDRAW, .take = as_path_take},          /* 7.2 */
    [ATTR_NEXT_HOP] = {"NEXT_HOP", WK, .on_error = ATTR_WITHDRAW, .take = next_hop_take},       /* 7.3 */
    [ATTR_MED] = {"MULTI_EXIT_DISC", ONT, .fixed = 4, .on_error = ATTR_WITHDRAW},               /* 7.4 */
    [ATTR_LOCAL_PREF] = {"LOCAL_PREF", WK, .fixed = 4, .inside = true, .on_error = ATTR_WITHDRAW}, /* 7.5 */
    [ATTR_ATOMIC_AGGREGATE] = {"ATOMIC_AGGREGATE", WK, .empty = true, .on_error = ATTR_IGNORE},      /* 7.6 */
    [ATTR_AGGREGATOR] = {"AGGREGATOR", OT, .on_error = ATTR_IGNORE, .take = aggregator_take},        /* 7.7 */
    [ATTR_COMMUNITIES] = {"COMMUNITIES", OT, .unit = 4, .communities = 1 + COMMUNITY_STD,
			  .on_error = ATTR_WITHDRAW}, /* 7.8 */
    [ATTR_ORIGINATOR_ID] = {"ORIGINATOR_ID", ONT, .fixed = 4, .internal = true,
			    .on_error = ATTR_WITHDRAW}, /* 7.9 */
    [ATTR_CLUSTER_LIST] = {"CLUSTER_LIST", ONT, .unit = 4, .internal = true,
			   .on_error = ATTR_WITHDRAW},                                          /* 7.10 */
    [ATTR_MP_REACH] = {"MP_REACH_NLRI", ONT, .on_error = ATTR_WITHDRAW, .take = mp_reach_take}, /* 7.11 */
    [ATTR_MP_UNREACH] = {"MP_UNREACH_NLRI", ONT, .on_error = ATTR_WITHDRAW,
			 .take = mp_unreach_take},                                               /* 7.12 */
    [ATTR_EXT_COMMUNITIES] = {"EXTENDED_COMMUNITIES", OT, .unit = 8, .communities = 1 + COMMUNITY_EXT,
			      .on_error = ATTR_WITHDRAW}, /* 7.14 */
    [ATTR_AS4_PATH] = {"AS4_PATH", OT, .on_error = ATTR_IGNORE, .take = as4_path_take}, /* RFC 6793 6, 9774 3 */
    [ATTR_AS4_AGGREGATOR] = {"AS4_AGGREGATOR", OT, .fixed = 8, .on_error = ATTR_IGNORE,
			     .take = as4_aggregator_take},                   /* RFC 6793 6 */
    [ATTR_AIGP] = {"AIGP", ONT, .on_error = ATTR_IGNORE, .take = aigp_take}, /* RFC 7311 3 */
    [ATTR_LARGE_COMMUNITIES] = {"LARGE_COMMUNITY", OT, .unit = 12, .communities = 1 + COMMUNITY_LARGE,
				.on_error = ATTR_WITHDRAW},                       /* RFC 8092 6 */
    [ATTR_OTC] = {"ONLY_TO_CUSTOMER", OT, .fixed = 4, .on_error = ATTR_WITHDRAW}, /* RFC 9234 5 */
};

static const struct attr_row *
row_of(uint8_t type)
{
	return type < ARRAY_LEN(attrs_table) && attrs_table[type].name != NULL ? &attrs_table[type] : NULL;
}

static void
attr_take(struct walk *w, const struct raw_attr *a)
{
	const struct attr_row *row = row_of(a->type);
	bool mp = a->type == ATTR_MP_REACH || a->type == ATTR_MP_UNREACH;

	if (row == NULL) {
		if (!(a->flags & ATTR_FLAG_OPTIONAL))
			fail_attr(w, ATTR_RESET, a, BGP_UPDATE_UNKNOWN_WELLKNOWN,
				  "unknown well-known attribute");
		else if (a->type == 0) /* reserved by IANA; the canonical form has none */
			fail_attr(w, ATTR_IGNORE, a, BGP_UPDATE_OPTIONAL, "attribute of the reserved type 0");
		else if (a->flags & ATTR_FLAG_TRANSITIVE)
			keep(w, a);
		return;
	}
	if (w->s->external && (row->internal || (row->inside && !w->s->confed)))
		return;
	if ((a->flags ^ row->flags) & (ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE)) {
		/* RFC 7606 3.c. The NLRI inside is needed even so, to be withdrawn. */
		enum attr_outcome o = a->type == ATTR_AGGREGATOR || a->type == ATTR_ATOMIC_AGGREGATE
					  ? ATTR_WITHDRAW
					  : (enum attr_outcome)row->on_error;
		fail_attr(w, o, a, BGP_UPDATE_FLAGS, "attribute flags are wrong for the type");
		if (!mp)
			return;
	}
	if ((row->fixed && a->len != row->fixed) || (row->unit && (a->len == 0 || a->len % row->unit != 0)) ||
	    (row->empty && a->len != 0)) {
		fail_attr(w, row->on_error, a, BGP_UPDATE_LENGTH, "attribute of a wrong length");
		return;
	}
	if (row->take != NULL)
		row->take(w, a);
	else
		keep(w, a);
}

static void
attrs_walk(struct walk *w, const uint8_t *p, size_t len)
{
	for (size_t at = 0; at < len; w->nattrs++) {
		struct raw_attr a = {.head = p + at, .flags = p[at]};
		size_t head = a.flags & ATTR_FLAG_EXTENDED ? 4 : 3;
		if (len - at >= head) {
			a.type = p[at + 1];
			a.len = head == 4 ? be16_get(p + at + 2) : p[at + 2];
			a.value = p + at + head;
		}
		if (len - at < head || len - at - head < a.len) {
			/* RFC 7606 4: the lengths of the fields still agree, so the NLRI can be found. */
			fail(w, ATTR_WITHDRAW, a.type, BGP_UPDATE_MALFORMED_LIST,
			     "attribute longer than the list", NULL, 0);
			return;
		}
		at += head + a.len;
		uint32_t bit = 1u << (a.type % 32);
		if (w->seen[a.type / 32] & bit) {
			/* RFC 7606 3.g */
			bool mp = a.type == ATTR_MP_REACH || a.type == ATTR_MP_UNREACH;
			fail(w, mp ? ATTR_RESET : ATTR_IGNORE, a.type, BGP_UPDATE_MALFORMED_LIST,
			     "attribute appears twice", NULL, 0);
			continue;
		}
		w->seen[a.type / 32] |= bit;
		attr_take(w, &a);
	}
}

static void
missing_check(struct walk *w)
{
	static const uint8_t mandatory[] = {ATTR_ORIGIN, ATTR_AS_PATH, ATTR_NEXT_HOP};

	for (size_t i = 0; i < sizeof(mandatory); i++) {
		if (w->seen[0] >> mandatory[i] & 1 ||
		    (mandatory[i] == ATTR_NEXT_HOP && w->out->announce.len == 0))
			continue;
		/* RFC 7606 3.d */
		fail(w, ATTR_WITHDRAW, mandatory[i], BGP_UPDATE_MISSING_WELLKNOWN,
		     "mandatory attribute is missing", &mandatory[i], 1);
	}
}

/* RFC 6793 4.2.3: which of the four attributes of an old speaker count. */
static bool
as4_counts(const struct walk *w)
{
	return w->aggregator.type == 0 || w->as4_aggregator.type == 0 ||
	       be16_get(w->aggregator.value) == BGP_AS_TRANS;
}

static void
value_write(const struct walk *w, struct wbuf *o, const struct raw_attr *a)
{
	if (a->type == ATTR_AS_PATH && !w->s->as4) {
		if (w->as4_path.type != 0 && as4_counts(w))
			aspath_wire_merge(o, a->value, a->len, w->as4_path.value, w->as4_path.len);
		else
			aspath_wire_widen(o, a->value, a->len);
	} else if (a->type == ATTR_AGGREGATOR && !w->s->as4) {
		if (w->as4_aggregator.type != 0 && as4_counts(w))
			wbuf_put(o, w->as4_aggregator.value, 8);
		else {
			wbuf_u32(o, be16_get(a->value));
			wbuf_put(o, a->value + 2, 4);
		}
	} else
		wbuf_put(o, a->value, a->len);
}

static void
canon_write(struct walk *w, struct wbuf *o)
{
	for (unsigned i = 0; i < w->nkeep; i++) {
		const struct raw_attr *a = &w->keep[i];
		const struct attr_row *row = row_of(a->type);
		uint8_t flags = row == NULL ? OT | ATTR_FLAG_PARTIAL : row->flags;
		if (flags == OT)
			flags |= a->flags & ATTR_FLAG_PARTIAL;
		size_t at = o->len;
		wbuf_u8(o, flags);
		wbuf_u8(o, a->type);
		wbuf_u8(o, 0);
		size_t start = o->len;
		value_write(w, o, a);
		if (row != NULL && row->communities != 0 && !o->err)
			o->len = start + community_sort((enum community_kind)(row->communities - 1), o->base + start,
						 o->len - start);
		size_t len = o->len - start;
		if (len > UINT8_MAX && wbuf_room(o, 1) != NULL) {
			memmove(o->base + start + 1, o->base + start, len);
			o->base[at] |= ATTR_FLAG_EXTENDED;
			be16_put(o->base + at + 2, (uint16_t)len);
		} else if (!o->err)
			o->base[at + 2] = (uint8_t)len;
	}
}

static void
keep_sort(struct walk *w)
{
	for (unsigned i = 1; i < w->nkeep; i++) {
		struct raw_attr a = w->keep[i];
		unsigned j = i;
		for (; j > 0 && w->keep[j - 1].type > a.type; j--)
			w->keep[j] = w->keep[j - 1];
		w->keep[j] = a;
	}
}

/* Cuts the body into its three fields; the IPv4 ones go to out. False: the lengths do not agree. */
static bool
fields_split(struct walk *w, struct rbuf r, const uint8_t **attrs, size_t *attrs_len)
{
	struct update_in *out = w->out;
	size_t len = rbuf_u16(&r);
	const uint8_t *withdrawn = rbuf_bytes(&r, len);
	size_t alen = rbuf_u16(&r);
	const uint8_t *a = rbuf_bytes(&r, alen);

	if (r.err) { /* RFC 7606 3.b */
		fail(w, ATTR_RESET, 0, BGP_UPDATE_MALFORMED_LIST, "lengths of the fields do not agree", NULL,
		     0);
		return false;
	}
	bool add_path = w->s->add_path[FAMILY_IPV4];
	if (nlri_check(withdrawn, len, FAMILY_IPV4, add_path) < 0 ||
	    nlri_check(r.p, rbuf_left(&r), FAMILY_IPV4, add_path) < 0) {
		fail(w, ATTR_RESET, 0, BGP_UPDATE_NETWORK, "NLRI is malformed", NULL, 0);
		return false;
	}
	*attrs = a;
	*attrs_len = alen;
	uint8_t f = family_in(w->s->families, FAMILY_IPV4) ? FAMILY_IPV4 : FAMILY_NONE;
	if (len > 0 && f != FAMILY_NONE)
		out->withdraw = (struct update_nlri){withdrawn, len, f, add_path};
	if (rbuf_left(&r) > 0 && f != FAMILY_NONE)
		out->announce = (struct update_nlri){r.p, rbuf_left(&r), f, add_path};
	w->reach = rbuf_left(&r) > 0;
	if ((len > 0 || w->reach) && f == FAMILY_NONE)
		fail(w, ATTR_IGNORE, 0, BGP_UPDATE_NETWORK, "IPv4 unicast was not negotiated", NULL, 0);
	return true;
}

/* RFC 4724 2: no route at all, and at most an empty MP_UNREACH_NLRI. */
static void
end_of_rib_check(struct walk *w, size_t body_len)
{
	struct update_in *out = w->out;

	if (body_len == 4)
		out->eor_family = FAMILY_IPV4;
	else if (w->nattrs == 1 && out->mp_withdraw.family != FAMILY_NONE && out->mp_withdraw.len == 0 &&
		 out->withdraw.len == 0 && out->announce.len == 0)
		out->eor_family = out->mp_withdraw.family;
	out->end_of_rib = family_in(w->s->families, out->eor_family);
}

void
update_decode(const struct attr_session *s, const uint8_t *body, size_t len, struct attr_scratch *scratch,
	      struct update_in *out)
{
	struct walk w; /* keep[] is 6 KB that need no clearing */
	const uint8_t *attrs;
	size_t attrs_len;

	memset(out, 0, offsetof(struct update_in, err));
	out->withdraw.p = out->announce.p = out->mp_withdraw.p = out->mp_announce.p = body;
	out->err.code = 0;
	out->err.data_len = 0;
	w.s = s;
	w.out = out;
	memset(w.seen, 0, sizeof(w.seen));
	w.nkeep = w.nattrs = 0;
	w.unsorted = w.reach = false;
	w.as4_path.type = w.aggregator.type = w.as4_aggregator.type = 0;
	if (!fields_split(&w, rbuf_of(body, len), &attrs, &attrs_len))
		return;
	attrs_walk(&w, attrs, attrs_len);
	end_of_rib_check(&w, len);
	bool announces = out->announce.len > 0 || out->mp_announce.len > 0;
	if (announces)
		missing_check(&w);
	/* RFC 7606 5.2: nothing here that could be treated as withdrawn; MP_UNREACH_NLRI alone withdraws by itself. */
	bool unreach_alone = w.nattrs == 1 && out->mp_withdraw.family != FAMILY_NONE;
	if (out->outcome == ATTR_WITHDRAW && !w.reach && !unreach_alone)
		out->outcome = ATTR_RESET;
	if (!announces || out->outcome >= ATTR_WITHDRAW)
		return;
	if (w.unsorted)
		keep_sort(&w);
	struct wbuf o = wbuf_of(scratch->canon, sizeof(scratch->canon));
	canon_write(&w, &o);
	if (o.err) {
		fail(&w, ATTR_WITHDRAW, 0, BGP_UPDATE_MALFORMED_LIST, "attributes are too long", NULL, 0);
		return;
	}
	out->attrs = scratch->canon;
	out->attrs_len = o.len;
}

const char *
attr_name(uint8_t type)
{
	const struct attr_row *row = row_of(type);
	return row != NULL ? row->name : "unknown";
}

const char *
attr_outcome_name(uint8_t outcome)
{
	static const char *const names[] = {
	    [ATTR_OK] = "ok",
	    [ATTR_IGNORE] = "attribute-discard",
	    [ATTR_WITHDRAW] = "treat-as-withdraw",
	    [ATTR_AF_DISABLE] = "family-disable",
	    [ATTR_RESET] = "session-reset",
	};
	return outcome < ARRAY_LEN(names) ? names[outcome] : "unknown";
}
