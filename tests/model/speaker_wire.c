/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_wire: routes as octets, written plainly on the neighbour's side, and
 * read back with the daemon's own decoder.
 */
#include "tests/model/speaker_model.h"

#include "bgpd/msg.h"
#include "bgpd/nlri.h"
#include "lib/buf.h"

#include <string.h>

#define TYPE_BLOB 200 /* an attribute that nobody knows */

static const uint32_t community_numbers[NCOMMUNITY] = {64512u << 16 | 1, 64512u << 16 | 2, 64512u << 16 | 3,
    64512u << 16 | 4, 64512u << 16 | 5, 0xffff0000, 0xffff0006, 0xffff0007, 0xffffff01, 0xffffff02, 0xffffff03};
static const uint8_t ext_octets[2][8] = {{0, 2, 252, 0, 0, 0, 0, 1}, {0x43, 0, 0, 0, 0, 0, 0, 7}};

static bool
is_confed(const struct mattr *a, unsigned i)
{
	return a->confed >> i & 1;
}

static bool
path_is_wide(const struct mattr *a)
{
	for (unsigned i = 0; i < a->npath; i++)
		if (a->path[i] > 65535)
			return true;
	return false;
}

void
path_leave_confed(struct mattr *a)
{
	unsigned n = 0;

	for (unsigned i = 0; i < a->npath; i++)
		if (!is_confed(a, i))
			a->path[n++] = a->path[i];
	memset(&a->path[n], 0, (PATH_MAX_AS - n) * sizeof a->path[0]);
	a->npath = (uint8_t)n;
	a->confed = 0;
}

void
path_narrow(struct mattr *a)
{
	struct mattr rest = *a;
	unsigned n = 0;

	if (!path_is_wide(a))
		return;
	while (n < a->npath && is_confed(a, n))
		n++;
	path_leave_confed(&rest);
	memset(&a->path[n], 0, (PATH_MAX_AS - n) * sizeof a->path[0]);
	memcpy(&a->path[n], rest.path, rest.npath * sizeof a->path[0]);
	a->npath = (uint8_t)(n + rest.npath);
	a->confed &= (uint16_t)((1u << n) - 1);
}

static void
head(struct wbuf *w, uint8_t flags, uint8_t type, size_t len)
{
	wbuf_u8(w, (uint8_t)(flags | (len > 255 ? ATTR_FLAG_EXTENDED : 0)));
	wbuf_u8(w, type);
	if (len > 255)
		wbuf_u16(w, (uint16_t)len);
	else
		wbuf_u8(w, (uint8_t)len);
}

/* One segment: those of a kind that are next to each other, from *at on. */
static void
put_segment(struct wbuf *w, const struct mattr *a, unsigned *at, bool as4)
{
	bool confed = is_confed(a, *at);
	unsigned end = *at;

	while (end < a->npath && is_confed(a, end) == confed)
		end++;
	wbuf_u8(w, confed ? 3 : 2);
	wbuf_u8(w, (uint8_t)(end - *at));
	for (; *at < end; ++*at)
		if (as4)
			wbuf_u32(w, a->path[*at]);
		else
			wbuf_u16(w, a->path[*at] > 65535 ? BGP_AS_TRANS : (uint16_t)a->path[*at]);
}

static void
put_path(struct wbuf *w, uint8_t flags, uint8_t type, const struct mattr *a, bool as4)
{
	uint8_t octets[PATH_MAX_AS * 6];
	struct wbuf path = wbuf_of(octets, sizeof octets);

	for (unsigned i = 0; i < a->npath;)
		put_segment(&path, a, &i, as4);
	head(w, flags, type, path.len);
	wbuf_put(w, octets, path.len);
}

/* RFC 6793 3: without what is for the confederation. */
static void
put_as4_path(struct wbuf *w, const struct mattr *a)
{
	struct mattr rest = *a;

	path_leave_confed(&rest);
	put_path(w, ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, ATTR_AS4_PATH, &rest, true);
}

static void
put_communities(struct wbuf *w, const struct mattr *a)
{
	unsigned n = (unsigned)__builtin_popcount(a->communities);

	if (n == 0)
		return;
	head(w, ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, ATTR_COMMUNITIES, 4 * n);
	for (unsigned i = 0; i < NCOMMUNITY; i++)
		if (a->communities & 1u << i)
			wbuf_u32(w, community_numbers[i]);
}

static void
put_ext(struct wbuf *w, const struct mattr *a)
{
	if (a->ext == 0)
		return;
	head(w, ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, ATTR_EXT_COMMUNITIES, 8 * (size_t)__builtin_popcount(a->ext));
	for (unsigned i = 0; i < 2; i++)
		if (a->ext & 1u << i)
			wbuf_put(w, ext_octets[i], 8);
}

/* Attributes that stand before and behind the next hop. */
static void
put_attrs(struct wbuf *w, const struct mattr *a, bool as4, bool mp)
{
	static const uint8_t zeros[8192];

	head(w, ATTR_FLAG_TRANSITIVE, ATTR_ORIGIN, 1);
	wbuf_u8(w, a->origin);
	put_path(w, ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH, a, as4);
	if (!mp) {
		head(w, ATTR_FLAG_TRANSITIVE, ATTR_NEXT_HOP, 4);
		wbuf_put(w, a->nexthop.bytes, 4);
	}
	if (a->has_med) {
		head(w, ATTR_FLAG_OPTIONAL, ATTR_MED, 4);
		wbuf_u32(w, a->med);
	}
	if (a->has_local_pref) {
		head(w, ATTR_FLAG_TRANSITIVE, ATTR_LOCAL_PREF, 4);
		wbuf_u32(w, a->local_pref);
	}
	if (a->aggregated) {
		head(w, ATTR_FLAG_TRANSITIVE, ATTR_ATOMIC_AGGREGATE, 0);
		head(w, ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, ATTR_AGGREGATOR, as4 ? 8 : 6);
		wbuf_room(w, as4 ? 8 : 6); /* for the size: the model announces none */
	}
	put_communities(w, a);
	if (a->originator != 0) {
		head(w, ATTR_FLAG_OPTIONAL, ATTR_ORIGINATOR_ID, 4);
		wbuf_u32(w, a->originator);
	}
	if (a->ncluster > 0) {
		head(w, ATTR_FLAG_OPTIONAL, ATTR_CLUSTER_LIST, 4u * a->ncluster);
		for (unsigned i = 0; i < a->ncluster; i++)
			wbuf_u32(w, a->cluster[i]);
	}
	put_ext(w, a);
	if (!as4 && path_is_wide(a))
		put_as4_path(w, a);
	if (a->otc != 0) {
		head(w, ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, ATTR_OTC, 4);
		wbuf_u32(w, a->otc);
	}
	if (a->blob > 0) {
		head(w, ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, TYPE_BLOB, a->blob);
		wbuf_u8(w, a->tag);
		wbuf_put(w, zeros, a->blob - 1u);
	}
}

const uint32_t slot_ids[NSLOT] = {0, 1, 0xfffffff0};

static void
put_prefix(struct wbuf *w, const struct ip_prefix *p)
{
	wbuf_u8(w, p->len);
	wbuf_put(w, p->bytes, (p->len + 7u) / 8);
}

static void
put_prefixes(struct wbuf *w, const struct mpeer *n, enum family f, const unsigned *prefix, unsigned count,
    unsigned slot)
{
	for (unsigned i = 0; i < count; i++) {
		if (n->ids_in[f])
			wbuf_u32(w, slot_ids[slot]);
		put_prefix(w, &the_model->prefix[f][prefix[i]]);
	}
}

size_t
wire_announce(const struct mpeer *n, enum family f, const unsigned *prefix, unsigned count, unsigned slot,
    const struct mattr *a, uint8_t *msg)
{
	struct wbuf w = wbuf_of(msg, BGP_MSG_MAX_EXT);
	bool mp = f == FAMILY_IPV6 || a->nexthop.family == FAMILY_IPV6;

	wbuf_room(&w, BGP_HEADER_LEN);
	wbuf_u16(&w, 0);
	size_t at = w.len;
	wbuf_u16(&w, 0);
	if (mp) {
		uint8_t field[NPREFIX * NLRI_MAX_OCTETS];
		struct wbuf nl = wbuf_of(field, sizeof field);
		put_prefixes(&nl, n, f, prefix, count, slot);
		head(&w, ATTR_FLAG_OPTIONAL, ATTR_MP_REACH, 5 + 16 + nl.len);
		wbuf_u16(&w, family_afi(f));
		wbuf_u8(&w, BGP_SAFI_UNICAST);
		wbuf_u8(&w, 16);
		wbuf_put(&w, a->nexthop.bytes, 16);
		wbuf_u8(&w, 0);
		wbuf_put(&w, field, nl.len);
	}
	put_attrs(&w, a, n->caps.as4, mp);
	be16_put(msg + at, (uint16_t)(w.len - at - 2));
	if (!mp)
		put_prefixes(&w, n, f, prefix, count, slot);
	CHECK(!w.err);
	msg_header_put(msg, BGP_MSG_UPDATE, w.len);
	return w.len;
}

/* RFC 4724 2 */
size_t
wire_end_of_rib(enum family f, uint8_t *msg)
{
	return wire_withdraw(NULL, f, NULL, 0, 0, msg);
}

size_t
wire_withdraw(const struct mpeer *n, enum family f, const unsigned *prefix, unsigned count, unsigned slot, uint8_t *msg)
{
	uint8_t field[NPREFIX * NLRI_MAX_OCTETS];
	struct wbuf w = wbuf_of(msg, BGP_MSG_MAX), nl = wbuf_of(field, sizeof field);

	put_prefixes(&nl, n, f, prefix, count, slot);
	wbuf_room(&w, BGP_HEADER_LEN);
	if (f == FAMILY_IPV4) {
		wbuf_u16(&w, (uint16_t)nl.len);
		wbuf_put(&w, field, nl.len);
		wbuf_u16(&w, 0);
	} else {
		wbuf_u16(&w, 0);
		wbuf_u16(&w, (uint16_t)(nl.len + 3 + (nl.len + 3 > 255 ? 4 : 3)));
		head(&w, ATTR_FLAG_OPTIONAL, ATTR_MP_UNREACH, nl.len + 3);
		wbuf_u16(&w, BGP_AFI_IPV6);
		wbuf_u8(&w, BGP_SAFI_UNICAST);
		wbuf_put(&w, field, nl.len);
	}
	CHECK(!w.err);
	msg_header_put(msg, BGP_MSG_UPDATE, w.len);
	return w.len;
}

size_t
wire_size(const struct mattr *a, enum family f, unsigned len, bool as4, bool id)
{
	static uint8_t scratch[BGP_MSG_MAX_EXT];
	struct wbuf w = wbuf_of(scratch, sizeof scratch);
	bool mp = f == FAMILY_IPV6 || a->nexthop.family == FAMILY_IPV6;

	put_attrs(&w, a, as4, mp);
	/* Header and two lengths; MP_REACH_NLRI with extended length and a global next hop. */
	return BGP_HEADER_LEN + 4 + (mp ? 4 + 5 + 16 : 0) + w.len + (id ? 4 : 0) + 1 + (len + 7) / 8;
}

/* ---- reading ---- */

static void
read_path(const struct attr_item *i, struct mattr *a)
{
	for (size_t at = 0; at < i->len; at += 2 + 4u * i->value[at + 1]) {
		bool confed = i->value[at] == 3;
		the_model->seen_confed += confed;
		CHECK((i->value[at] == 2 || confed) && a->npath + i->value[at + 1] <= PATH_MAX_AS);
		for (unsigned k = 0; k < i->value[at + 1]; k++) {
			a->confed |= (uint16_t)(confed << a->npath);
			a->path[a->npath++] = be32_get(i->value + at + 2 + 4 * k);
		}
	}
}

static void
read_communities(const struct attr_item *i, struct mattr *a)
{
	for (unsigned at = 0; at < i->len; at += 4) {
		unsigned k = 0;
		while (k < NCOMMUNITY && community_numbers[k] != be32_get(i->value + at))
			k++;
		CHECK(k < NCOMMUNITY && !(a->communities & 1u << k));
		a->communities |= (uint16_t)(1u << k);
	}
}

static void
read_ext(const struct attr_item *i, struct mattr *a)
{
	for (unsigned at = 0; at < i->len; at += 8) {
		unsigned k = memcmp(i->value + at, ext_octets[0], 8) == 0 ? 0 : 1;
		CHECK(memcmp(i->value + at, ext_octets[k], 8) == 0 && !(a->ext & 1u << k));
		a->ext |= (uint8_t)(1u << k);
	}
}

static void
read_item(const struct attr_item *i, struct mattr *a)
{
	switch (i->type) {
	case ATTR_ORIGIN:
		a->origin = i->value[0];
		break;
	case ATTR_AS_PATH:
		read_path(i, a);
		break;
	case ATTR_MED:
		a->has_med = true;
		a->med = be32_get(i->value);
		break;
	case ATTR_LOCAL_PREF:
		a->has_local_pref = true;
		a->local_pref = be32_get(i->value);
		break;
	case ATTR_ATOMIC_AGGREGATE:
		CHECK(i->len == 0);
		a->aggregated |= 1;
		break;
	case ATTR_AGGREGATOR:
		CHECK(i->len == 8 && be32_get(i->value) == outside_as() && be32_get(i->value + 4) == ROUTER_ID);
		a->aggregated |= 2;
		break;
	case ATTR_COMMUNITIES:
		read_communities(i, a);
		break;
	case ATTR_ORIGINATOR_ID:
		a->originator = be32_get(i->value);
		break;
	case ATTR_CLUSTER_LIST:
		CHECK(i->len <= sizeof a->cluster);
		a->ncluster = (uint8_t)(i->len / 4);
		for (unsigned k = 0; k < a->ncluster; k++)
			a->cluster[k] = be32_get(i->value + 4 * k);
		break;
	case ATTR_EXT_COMMUNITIES:
		read_ext(i, a);
		break;
	case ATTR_OTC:
		a->otc = be32_get(i->value);
		break;
	case TYPE_BLOB:
		/* RFC 4271 5: passed on by somebody who does not know it. */
		CHECK(i->flags & ATTR_FLAG_PARTIAL);
		a->blob = i->len;
		a->tag = i->value[0];
		break;
	default:
		fail("attribute %u", i->type);
	}
}

/* The decoder drops for a neighbour of another AS what must not be there in the first place. */
static void
check_external(const uint8_t *body, bool member)
{
	size_t at = 2u + be16_get(body), end = at + 2;

	end += be16_get(body + at);
	for (at += 2; at < end;) {
		uint8_t type = body[at + 1];
		CHECK((member || type != ATTR_LOCAL_PREF) && type != ATTR_ORIGINATOR_ID && type != ATTR_CLUSTER_LIST);
		at += body[at] & ATTR_FLAG_EXTENDED ? 4u + be16_get(body + at + 2) : 3u + body[at + 2];
	}
}

static unsigned
prefix_index(const struct ip_prefix *p)
{
	for (unsigned i = 0; i < NPREFIX; i++)
		if (ip_prefix_eq(&the_model->prefix[p->family][i], p))
			return i;
	fail("a prefix that nobody has");
}

/* The place of the path, or a free one. */
static struct told *
told_place(struct told told[NTOLD], uint32_t id)
{
	struct told *free_one = NULL;

	for (unsigned k = 0; k < NTOLD; k++) {
		if (told[k].there && told[k].id == id)
			return &told[k];
		if (!told[k].there && free_one == NULL)
			free_one = &told[k];
	}
	CHECK(free_one != NULL);
	return free_one;
}

static void
read_field(struct mpeer *n, const struct update_nlri *field, const struct mattr *a)
{
	struct rbuf r = rbuf_of(field->p, field->len);
	struct nlri nl;

	if (field->family == FAMILY_NONE)
		return;
	CHECK(field->len == 0 || n->caps.families & OPEN_FAMILY(field->family));
	while (nlri_next(&r, (enum family)field->family, n->ids_out[field->family], &nl) == NLRI_OK) {
		struct told *t = told_place(n->told[field->family][prefix_index(&nl.prefix)], nl.path_id);
		memset(t, 0, sizeof *t);
		if (a == NULL)
			continue;
		t->there = true;
		t->id = nl.path_id;
		t->a = *a;
		/* Split horizon holds at any time; the tag says who brought the route in. */
		CHECK(a->blob == 0 || a->tag != n->tag);
		CHECK(!ip_addr_eq(&a->nexthop, &n->addr));
	}
}

static void
read_update(struct mpeer *n, const uint8_t *body, size_t len)
{
	struct attr_session s = {.external = !n->internal,
	    .confed = the_model->confed && is_inside(n),
	    .as4 = n->caps.as4,
	    .families = n->caps.families,
	    .ext_next_hop = n->caps.ext_next_hop,
	    .add_path = {[FAMILY_IPV4] = n->ids_out[FAMILY_IPV4], [FAMILY_IPV6] = n->ids_out[FAMILY_IPV6]}};
	struct update_in u;
	struct attr_item i;
	struct mattr a;

	update_decode(&s, body, len, &the_model->scratch, &u);
	if (u.outcome != ATTR_OK)
		fail("neighbour %td gets a bad UPDATE: %s", n - the_model->peer, u.err.reason);
	struct bgpd *d = table_bgpd(table_of((unsigned)(n - the_model->peer)));
	if (deferring(table_of((unsigned)(n - the_model->peer))))
		fail("neighbour %td gets an UPDATE while selection is deferred", n - the_model->peer);
	if (u.end_of_rib) {
		CHECK(!(n->eor & OPEN_FAMILY(u.eor_family)) && d->restart.state >= GR_SETTLE);
		n->eor |= OPEN_FAMILY(u.eor_family);
		the_model->seen_eor++;
	}
	if (!n->internal)
		check_external(body, n->member);
	read_field(n, &u.withdraw, NULL);
	read_field(n, &u.mp_withdraw, NULL);
	if (u.announce.len == 0 && u.mp_announce.len == 0)
		return;
	memset(&a, 0, sizeof a);
	for (const uint8_t *p = u.attrs; attr_item_next(&p, u.attrs + u.attrs_len, &i);)
		read_item(&i, &a);
	CHECK(u.mp_link_local.family == FAMILY_NONE);
	a.nexthop = u.announce.len > 0 ? u.next_hop : u.mp_next_hop;
	read_field(n, &u.announce, &a);
	read_field(n, &u.mp_announce, &a);
}

static void
read_refresh(struct mpeer *n, const uint8_t *body)
{
	uint8_t f = be16_get(body) == BGP_AFI_IPV4 ? FAMILY_IPV4 : FAMILY_IPV6;

	CHECK(n->caps.route_refresh);
	if (body[2] == REFRESH_NORMAL) {
		n->wanted |= OPEN_FAMILY(f);
		return;
	}
	for (unsigned i = 0; i < NPREFIX * NTOLD; i++) {
		struct told *t = &n->told[f][i / NTOLD][i % NTOLD];
		if (body[2] == REFRESH_BORR)
			t->stale = t->there;
		else if (t->stale)
			memset(t, 0, sizeof *t);
	}
	CHECK(body[2] == REFRESH_BORR || (body[2] == REFRESH_EORR && n->borr & OPEN_FAMILY(f)));
	if (body[2] == REFRESH_BORR) {
		n->borr |= OPEN_FAMILY(f);
		n->asked &= (uint8_t)~OPEN_FAMILY(f);
		return;
	}
	n->borr &= (uint8_t)~OPEN_FAMILY(f);
	the_model->seen_eorr++;
}

void
wire_message(struct mpeer *n, const uint8_t *msg, size_t len)
{
	CHECK(len <= (n->caps.extended_message ? BGP_MSG_MAX_EXT : BGP_MSG_MAX));
	switch (msg[18]) {
	case BGP_MSG_UPDATE:
		read_update(n, msg + BGP_HEADER_LEN, len - BGP_HEADER_LEN);
		break;
	case BGP_MSG_REFRESH:
		read_refresh(n, msg + BGP_HEADER_LEN);
		break;
	case BGP_MSG_OPEN:
		restart_open(n, msg + BGP_HEADER_LEN, len - BGP_HEADER_LEN);
		break;
	case BGP_MSG_KEEPALIVE:
		break;
	default:
		fail("message of type %u", msg[18]);
	}
}
