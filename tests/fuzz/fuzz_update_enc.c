/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_update_enc: attributes and prefixes that the input chooses, as UPDATE messages and back.
 *
 * One octet of settings (SET_), one that says how many instructions for attributes follow (instruction), and then runs
 * of prefixes: how many, their length, the first one's address; with SET_PATHS a path id. What update_enc makes of
 * them must be whole messages of the allowed length, each with no room for the next prefix, which the decoders read as
 * the same attributes, next hop and prefixes. Seeds: tests/fuzz/update_enc.
 */
#include "bgpd/attr_codec.h"
#include "bgpd/msg.h"
#include "bgpd/update_enc.h"
#include "rib/aspath.h"
#include "tests/fuzz/fuzz.h"

#define PREFIXES_MAX 20000u

enum {
	SET_AS4 = 1,
	SET_PATHS = 2,
	SET_EXTENDED = 4,
	SET_IPV6 = 8,
	SET_HOP6 = 16, /* also for IPv4 (RFC 8950) */
	SET_LINK_LOCAL = 32,
	SET_WITHDRAW = 64,
	SET_CONFED = 128
};

static uint8_t body[BGP_MSG_MAX_EXT], msg[BGP_MSG_MAX_EXT];
static struct nlri prefixes[PREFIXES_MAX];

/* Attributes as they come in, in a body. */
struct attr_list {
	struct wbuf w;
	bool seen[256], local_pref, wide_confed;
};

static void
attr_put(struct attr_list *l, uint8_t flags, uint8_t type, const uint8_t *value, size_t len)
{
	if (l->seen[type])
		return;
	l->seen[type] = true;
	wbuf_u8(&l->w, flags | 0x10); /* extended length */
	wbuf_u8(&l->w, type);
	wbuf_u16(&l->w, (uint16_t)len);
	wbuf_put(&l->w, value, len);
}

/* n things of size octets, the last four of each of which count upwards. */
static size_t
fill(uint8_t *out, size_t size, size_t n, uint32_t first)
{
	memset(out, 0, size * n);
	for (size_t i = 0; i < n; i++)
		be32_put(out + i * size + size - 4, first + (uint32_t)i);
	return size * n;
}

/* Segments until one is empty. */
static void
path_put(struct attr_list *l, struct rbuf *in, bool confed)
{
	static uint8_t value[40000];
	struct wbuf w = wbuf_of(value, sizeof(value));
	bool begun = false;

	for (uint8_t n; (n = rbuf_u8(in)) > 0;) {
		uint8_t kind = rbuf_u8(in);
		uint32_t as = 1 + (kind & 0x80 ? rbuf_u16(in) : rbuf_u32(in) & 0x0fffffff);
		/* RFC 5065 4: those of the confederation stand first. */
		bool inside = confed && !begun && (kind & 1);
		uint8_t *p = wbuf_room(&w, 2 + 4 * (size_t)n);
		if (p == NULL)
			break;
		begun = !inside;
		p[0] = inside ? ASPATH_CONFED_SEQUENCE : ASPATH_SEQUENCE;
		p[1] = n;
		fill(p + 2, 4, n, as);
		l->wide_confed = l->wide_confed || (inside && as + n > UINT16_MAX);
	}
	attr_put(l, 0x40, ATTR_AS_PATH, value, w.len);
}

static void
instruction(struct attr_list *l, struct rbuf *in, bool confed)
{
	static uint8_t value[48000];
	uint8_t what = rbuf_u8(in);

	switch (what % 8) {
	case 0:
		path_put(l, in, confed);
		break;
	case 1:
		attr_put(l, 0xc0, ATTR_COMMUNITIES, value, fill(value, 4, rbuf_u16(in) % 12000, rbuf_u32(in)));
		break;
	case 2:
		attr_put(l, 0xc0, ATTR_LARGE_COMMUNITIES, value, fill(value, 12, rbuf_u16(in) % 4000, rbuf_u32(in)));
		break;
	case 3:
		attr_put(l, 0xc0, ATTR_EXT_COMMUNITIES, value, fill(value, 8, rbuf_u8(in), rbuf_u32(in)));
		break;
	case 4:
		attr_put(l, 0x80, ATTR_MED, value, fill(value, 4, 1, rbuf_u32(in)));
		break;
	case 5:
		l->local_pref = true;
		attr_put(l, 0x40, ATTR_LOCAL_PREF, value, fill(value, 4, 1, rbuf_u32(in)));
		break;
	case 6:
		fill(value, 4, 2, 1 + (rbuf_u32(in) & 0x0fffffff));
		attr_put(l, 0xc0, ATTR_AGGREGATOR, value, 8);
		break;
	default: /* one that we do not know */
		attr_put(l, 0xc0, (uint8_t)(130 + what / 8), value, fill(value, 4, rbuf_u16(in) % 2000, rbuf_u32(in)));
	}
}

/* The canonical form of what the input says, in u; NULL where it is not to be had. */
static const struct update_in *
attributes(struct rbuf *in, uint8_t set, struct attr_session *s)
{
	static struct attr_scratch scratch;
	static struct update_in u;
	static const uint8_t origin[] = {0}, hop[] = {192, 0, 2, 9}, nlri[] = {8, 10};
	struct attr_list l = {.w = wbuf_of(body + 4, sizeof(body) - BGP_HEADER_LEN - 4 - sizeof(nlri))};

	attr_put(&l, 0x40, ATTR_ORIGIN, origin, 1);
	attr_put(&l, 0x40, ATTR_NEXT_HOP, hop, 4);
	for (unsigned n = rbuf_u8(in) % 16; n > 0; n--)
		instruction(&l, in, set & SET_CONFED);
	attr_put(&l, 0x40, ATTR_AS_PATH, NULL, 0);
	if (l.w.err)
		return NULL;
	be16_put(body, 0);
	be16_put(body + 2, (uint16_t)l.w.len);
	memcpy(body + 4 + l.w.len, nlri, sizeof(nlri));
	*s = (struct attr_session){.external = !l.local_pref,
				   .as4 = true,
				   .confed = set & SET_CONFED,
				   .families = 1u << FAMILY_IPV4 | 1u << FAMILY_IPV6,
				   .ext_next_hop = 1u << FAMILY_IPV4};
	update_decode(s, body, 4 + l.w.len + sizeof(nlri), &scratch, &u);
	/* RFC 6793 4.2.2: AS4_PATH has nothing of the confederation, so that those numbers are lost. */
	if (l.wide_confed && !(set & SET_AS4))
		return NULL;
	return u.outcome <= ATTR_IGNORE ? &u : NULL;
}

static uint32_t
prefixes_read(struct rbuf *in, uint8_t set)
{
	enum family f = set & SET_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4;
	uint32_t n = 0;

	while (rbuf_left(in) > 0 && n < PREFIXES_MAX) {
		unsigned count = 1u + rbuf_u16(in) % 5000u, len = rbuf_u8(in) % (family_bits(f) + 1u);
		uint32_t id = set & SET_PATHS ? rbuf_u32(in) : 0, at = rbuf_u32(in);
		for (; count > 0 && n < PREFIXES_MAX; count--, at += 0x100, id++) {
			struct ip_addr a = {.family = (uint8_t)f, .bytes = {0x20, 1}};
			be32_put(a.bytes + (f == FAMILY_IPV6 ? 4 : 0), at);
			prefixes[n].path_id = set & SET_PATHS ? id : 0;
			prefixes[n++].prefix = ip_prefix_from_addr(&a, len);
		}
	}
	return n;
}

/* Are these n prefixes what the field has? */
static void
same_prefixes(const struct update_nlri *field, const struct nlri *want, uint32_t n)
{
	struct rbuf r = rbuf_of(field->p, field->len);
	struct nlri got;

	for (uint32_t i = 0; i < n; i++) {
		ASSERT(nlri_next(&r, (enum family)field->family, field->add_path, &got) == NLRI_OK);
		ASSERT(got.path_id == want[i].path_id && ip_prefix_eq(&got.prefix, &want[i].prefix));
	}
	ASSERT(nlri_next(&r, (enum family)field->family, field->add_path, &got) == NLRI_END);
}

/* attrs NULL: a withdrawal. */
static void
check(const struct update_enc *e, size_t len, const struct update_form *f, const struct attr_session *s,
      const struct update_in *attrs, const struct nlri *want, uint32_t n)
{
	static struct attr_scratch scratch;
	static struct update_in back;
	struct attr_session receiver = *s;
	struct msg_frame frame;
	struct bgp_error err;

	ASSERT(len <= f->max_len && msg_frame(msg, len, f->max_len, &frame, &err) == MSG_FRAME_READY);
	ASSERT(frame.type == BGP_MSG_UPDATE && frame.len == len);
	receiver.as4 = f->as4;
	receiver.add_path[FAMILY_IPV4] = receiver.add_path[FAMILY_IPV6] = f->add_path;
	update_decode(&receiver, frame.body, frame.body_len, &scratch, &back);
	ASSERT(back.outcome == ATTR_OK);
	bool mp = f->family == FAMILY_IPV6 || (attrs != NULL && f->next_hop.family == FAMILY_IPV6);
	const struct update_nlri *fields[] = {&back.announce, &back.mp_announce, &back.withdraw, &back.mp_withdraw};
	unsigned ours = (attrs != NULL ? 0u : 2u) + mp;
	for (unsigned i = 0; i < 4; i++)
		ASSERT(i == ours || fields[i]->len == 0);
	ASSERT(fields[ours]->family == f->family);
	same_prefixes(fields[ours], want, n);
	if (attrs == NULL)
		return;
	ASSERT(back.attrs_len == attrs->attrs_len && memcmp(back.attrs, attrs->attrs, back.attrs_len) == 0);
	ASSERT(ip_addr_eq(mp ? &back.mp_next_hop : &back.next_hop, &f->next_hop));
	ASSERT(!mp || ip_addr_eq(&back.mp_link_local, &f->link_local));
	/* where somebody else's own address is put */
	size_t global = family_octets((enum family)f->next_hop.family);
	ASSERT(memcmp(msg + e->next_hop_off, f->next_hop.bytes, global) == 0);
	ASSERT(e->next_hop_len == global + (f->link_local.family != FAMILY_NONE ? 16 : 0));
}

static bool
begin(struct update_enc *e, const struct update_form *f, const struct update_in *attrs)
{
	if (attrs != NULL)
		return update_enc_begin(e, msg, f, attrs->attrs, attrs->attrs_len);
	update_enc_begin_withdraw(e, msg, f);
	return true;
}

/* It does not fit: the longest message there is with one prefix must be longer than it may be. */
static void
really_too_long(const struct update_form *f, const struct update_in *attrs)
{
	struct update_form longer = *f;
	struct nlri one = {.prefix = {.family = f->family, .len = (uint8_t)family_bits((enum family)f->family)}};
	struct update_enc e;

	longer.max_len = BGP_MSG_MAX_EXT;
	if (!begin(&e, &longer, attrs)) {
		ASSERT(attrs->attrs_len > BGP_MSG_MAX);
		return;
	}
	ASSERT(update_enc_add(&e, &one));
	ASSERT(update_enc_finish(&e) > f->max_len);
}

static void
encode(const struct update_form *f, const struct attr_session *s, const struct update_in *attrs, uint32_t n)
{
	struct update_enc e;
	uint32_t first = 0;

	if (!begin(&e, f, attrs)) {
		really_too_long(f, attrs);
		return;
	}
	for (uint32_t i = 0; i < n; i++) {
		if (update_enc_add(&e, &prefixes[i]))
			continue;
		size_t len = update_enc_finish(&e);
		ASSERT(len > 0 && len + nlri_octets(&prefixes[i], f->add_path) > f->max_len);
		check(&e, len, f, s, attrs, prefixes + first, i - first);
		first = i;
		ASSERT(begin(&e, f, attrs) && update_enc_add(&e, &prefixes[i]));
	}
	size_t len = update_enc_finish(&e);
	ASSERT((len == 0) == (n == 0));
	if (len > 0)
		check(&e, len, f, s, attrs, prefixes + first, n - first);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rbuf in = rbuf_of(data, size);
	uint8_t set = rbuf_u8(&in);
	bool hop6 = set & (SET_IPV6 | SET_HOP6);
	struct attr_session s;
	struct update_form f = {.family = set & SET_IPV6 ? FAMILY_IPV6 : FAMILY_IPV4,
				.as4 = set & SET_AS4,
				.add_path = set & SET_PATHS,
				.max_len = set & SET_EXTENDED ? BGP_MSG_MAX_EXT : BGP_MSG_MAX};

	if (hop6) {
		f.next_hop = (struct ip_addr){.family = FAMILY_IPV6, .bytes = {0x20, 1, 0x0d, 0xb8, [15] = 1}};
		if (set & SET_LINK_LOCAL)
			f.link_local = (struct ip_addr){.family = FAMILY_IPV6, .bytes = {0xfe, 0x80, [15] = 1}};
	} else
		f.next_hop = (struct ip_addr){.family = FAMILY_IPV4, .bytes = {192, 0, 2, 1}};
	const struct update_in *attrs = attributes(&in, set, &s);
	if (attrs == NULL || in.err)
		return -1;
	encode(&f, &s, set & SET_WITHDRAW ? NULL : attrs, prefixes_read(&in, set));
	return 0;
}
