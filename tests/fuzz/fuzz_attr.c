/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_attr: one path attribute in an UPDATE that is good but for it.
 *
 * Octets: settings of the session, type (by its place among those that are known, or as it is), flags, value.
 * Beside it are the mandatory attributes, unless it is one of those, and a prefix. Checked is what RFC 7606
 * says of each kind of attribute: only NLRI that cannot be found and an unknown well-known attribute end a
 * session. What is accepted is canonical, can be interned and told to people.
 */
#include "bgpd/attr_codec.h"
#include "bgpd/msg.h"
#include "bgpd/msg_text.h"
#include "rib/aspath.h"
#include "rib/community.h"
#include "tests/fuzz/fuzz.h"

static const uint8_t known[] = {
    ATTR_ORIGIN,
    ATTR_AS_PATH,
    ATTR_NEXT_HOP,
    ATTR_MED,
    ATTR_LOCAL_PREF,
    ATTR_ATOMIC_AGGREGATE,
    ATTR_AGGREGATOR,
    ATTR_COMMUNITIES,
    ATTR_ORIGINATOR_ID,
    ATTR_CLUSTER_LIST,
    ATTR_MP_REACH,
    ATTR_MP_UNREACH,
    ATTR_EXT_COMMUNITIES,
    ATTR_AS4_PATH,
    ATTR_AS4_AGGREGATOR,
    ATTR_AIGP,
    ATTR_LARGE_COMMUNITIES,
    ATTR_OTC,
};

static bool
is_known(uint8_t type)
{
	return memchr(known, type, sizeof(known)) != NULL;
}

static bool
is_mp(uint8_t type)
{
	return type == ATTR_MP_REACH || type == ATTR_MP_UNREACH;
}

static void
put(struct wbuf *w, uint8_t flags, uint8_t type, const void *value, size_t len)
{
	bool longer = len > UINT8_MAX || (flags & ATTR_FLAG_EXTENDED);

	wbuf_u8(w, (uint8_t)(longer ? flags | ATTR_FLAG_EXTENDED : flags));
	wbuf_u8(w, type);
	if (longer)
		wbuf_u16(w, (uint16_t)len);
	else
		wbuf_u8(w, (uint8_t)len);
	wbuf_put(w, value, len);
}

/* The body of the UPDATE; its length. */
static size_t
build(const struct attr_session *s, uint8_t type, uint8_t flags, const uint8_t *value, size_t len,
      uint8_t *out, size_t cap)
{
	static const uint8_t origin[] = {0}, path4[] = {2, 1, 0, 0, 0xfd, 0xea}, path2[] = {2, 1, 0xfd, 0xea},
			     confed4[] = {3, 1, 0, 0, 0xfd, 0xea}, confed2[] = {3, 1, 0xfd, 0xea},
			     next_hop[] = {192, 0, 2, 1}, nlri[] = {24, 198, 51, 100},
			     path_id[] = {0, 0, 0, 1};
	struct wbuf w = wbuf_of(out, cap);

	wbuf_u16(&w, 0);
	wbuf_u16(&w, 0);
	if (type != ATTR_ORIGIN)
		put(&w, ATTR_FLAG_TRANSITIVE, ATTR_ORIGIN, origin, sizeof(origin));
	if (type != ATTR_AS_PATH)
		put(&w, ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH,
		    s->as4 ? (s->confed ? confed4 : path4) : (s->confed ? confed2 : path2), s->as4 ? 6 : 4);
	if (type != ATTR_NEXT_HOP)
		put(&w, ATTR_FLAG_TRANSITIVE, ATTR_NEXT_HOP, next_hop, sizeof(next_hop));
	put(&w, flags, type, value, len);
	be16_put(out + 2, (uint16_t)(w.len - 4));
	if (s->add_path[FAMILY_IPV4])
		wbuf_put(&w, path_id, sizeof(path_id));
	wbuf_put(&w, nlri, sizeof(nlri));
	return w.err ? 0 : w.len;
}

/* What bgpctl and the log would say of it. */
static void
tell(const struct attr_session *s, const struct attr_set *set, const uint8_t *body, size_t len)
{
	struct msg_text_session m = {.as4 = s->as4};
	struct str text = {0};
	size_t n;
	const uint8_t *p = attr_find(set, ATTR_AS_PATH, &n);

	memcpy(m.add_path, s->add_path, sizeof(m.add_path));
	msg_text(&m, BGP_MSG_UPDATE, body, len, &text, &text);
	if (p != NULL) {
		struct aspath path = {p, n};
		ASSERT(aspath_check(path));
		aspath_text(path, &text);
		aspath_hops(path);
		aspath_neighbor_as(path);
		aspath_origin_as(path);
	}
	for (int kind = 0; kind < COMMUNITY_KIND_COUNT; kind++) {
		size_t size = community_size((enum community_kind)kind);
		p = attr_find(set, community_attr_type((enum community_kind)kind), &n);
		for (size_t at = 0; p != NULL && at < n; at += size) {
			ASSERT(at == 0 || memcmp(p + at - size, p + at, size) < 0);
			community_text((enum community_kind)kind, p + at, &text);
		}
	}
	str_free(&text);
}

static void
intern(const struct attr_session *s, const struct update_in *u, const uint8_t *body, size_t len)
{
	struct attr_table table;
	struct attr_edit e = {0};

	ASSERT(attr_wire_is_canonical(u->attrs, u->attrs_len));
	attr_table_init(&table, 2, NULL);
	attr_id id = attr_intern(&table, ATTR_NEXTHOP_NONE, NULL, u->attrs, u->attrs_len);
	tell(s, attr_get(&table, id), body, len);
	/* A copy that is changed and changed back is the same set. */
	attr_edit_begin(&e, attr_get(&table, id));
	attr_edit_put_u32(&e, ATTR_FLAG_OPTIONAL, ATTR_MED, 7);
	attr_id changed = attr_edit_commit(&e, &table);
	attr_unref(&table, changed);
	attr_edit_begin(&e, attr_get(&table, id));
	attr_id same = attr_edit_commit(&e, &table);
	ASSERT(same == id);
	attr_edit_fini(&e);
	attr_unref(&table, same);
	attr_unref(&table, id);
	ASSERT(attr_table_count(&table) == 0);
	attr_table_fini(&table);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t body[BGP_MSG_MAX_EXT];
	static struct attr_scratch scratch;
	static struct update_in u;

	if (size < 3 || size > BGP_MSG_MAX_EXT - 100)
		return -1;
	struct attr_session s = {
	    .external = data[0] & 1,
	    .as4 = data[0] & 2,
	    .aigp = data[0] & 4,
	    .af_disable = data[0] & 8,
	    .families = (uint8_t)(1u << FAMILY_IPV4 | (data[0] & 16 ? 0 : 1u << FAMILY_IPV6)),
	    .ext_next_hop = data[0] & 32 ? 1u << FAMILY_IPV4 : 0,
	    .add_path = {[FAMILY_IPV4] = data[0] & 64, [FAMILY_IPV6] = data[0] & 64},
	    .confed = data[0] & 128,
	};
	uint8_t type = data[1] < sizeof(known) ? known[data[1]] : data[1], flags = data[2];
	size_t len = build(&s, type, flags, data + 3, size - 3, body, sizeof(body));
	uint8_t *copy = xmalloc(len);

	memcpy(copy, body, len);
	update_decode(&s, copy, len, &scratch, &u);
	ASSERT((u.outcome == ATTR_OK) == (u.err.code == 0));
	if (u.outcome != ATTR_OK)
		ASSERT(u.err.reason != NULL && u.err.code == BGP_ERR_UPDATE);
	/* RFC 7606 3, 5.3 */
	if (u.outcome >= ATTR_AF_DISABLE)
		ASSERT(is_mp(type) || (!is_known(type) && !(flags & ATTR_FLAG_OPTIONAL)));
	if (u.outcome < ATTR_WITHDRAW) {
		ASSERT(u.attrs != NULL);
		intern(&s, &u, copy, len);
	}
	free(copy);
	return 0;
}
