/* SPDX-License-Identifier: Apache-2.0 */
/*
 * export: the rules of propagation, and the attributes a neighbour is sent.
 *
 * Pure functions of parameters, source and attribute set. What applies to all
 * kinds of neighbour is in export_transform(), the rest in one function a kind.
 */
#include "rib/export.h"

#include <stdlib.h>
#include <string.h>

#include "lib/buf.h"
#include "lib/mem.h"
#include "rib/aspath.h"
#include "rib/community.h"
#include "rib/llgr.h"
#include "rib/policy.h"

/* Type octet of an extended community that must not cross the border of an AS (RFC 4360 2 and 6). */
#define EXT_NON_TRANSITIVE 0x40u

/* RFC 9234 5, egress: does our role bar routes with OTC, and does it add OTC to those without? */
static const struct {
	bool bars, adds;
} roles[EXPORT_ROLE_COUNT] = {
    [EXPORT_ROLE_NONE] = {false, false},     [EXPORT_ROLE_PROVIDER] = {false, true},
    [EXPORT_ROLE_CUSTOMER] = {true, false},  [EXPORT_ROLE_PEER] = {true, true},
    [EXPORT_ROLE_RS_SERVER] = {false, true}, [EXPORT_ROLE_RS_CLIENT] = {true, false},
};

#define PATH_USUAL 512 /* octets of work with a path that need no memory of their own */

static const struct community_pattern gshut = {
    .kind = COMMUNITY_STD, .part = {{0xffff, 0xffff}, {0, 0}}}; /* 65535:0 */

static const char *const verdict_names[EXPORT_VERDICT_COUNT] = {
    [EXPORT_OK] = "ok",
    [EXPORT_NOT_REFLECTED] = "not-reflected",
    [EXPORT_NO_ADVERTISE] = "no-advertise",
    [EXPORT_NO_EXPORT] = "no-export",
    [EXPORT_LLGR_STALE] = "llgr-stale",
    [EXPORT_OTC] = "route-leak",
    [EXPORT_DRAINED] = "drained",
};

const char *
export_verdict_name(enum export_verdict v)
{
	return verdict_names[v];
}

static bool
is_from_ibgp(const struct rib_source *source)
{
	return source->kind == RIB_SOURCE_BGP && source->peer_type == RIB_PEER_IBGP;
}

/* Between clients of a route server it is as if they had a session with each other (RFC 7947 2.2). */
static bool
is_between_clients(const struct export_params *p, const struct rib_source *source)
{
	return p->rs_client && source->kind == RIB_SOURCE_BGP && source->rs_client;
}

enum export_verdict
export_check(const struct export_params *p, const struct rib_source *source, const struct attr_set *attrs)
{
	if (p->options & EXPORT_OPT_NOTHING)
		return EXPORT_DRAINED;
	if (attrs->well_known & ATTR_WK_NO_ADVERTISE)
		return EXPORT_NO_ADVERTISE;
	if (llgr_is_stale(attrs) && !p->llgr)
		return EXPORT_LLGR_STALE;
	if (p->type == RIB_PEER_IBGP)
		return is_from_ibgp(source) && !source->rr_client && !p->rr_client ? EXPORT_NOT_REFLECTED
										   : EXPORT_OK;
	/* RFC 7947 2.2.4: what a client says in a community is meant for the others. */
	bool meant_for_us = !is_between_clients(p, source);
	if (meant_for_us && (attrs->well_known & ATTR_WK_NO_EXPORT_SUBCONFED))
		return EXPORT_NO_EXPORT;
	if (p->type == RIB_PEER_CONFED)
		return EXPORT_OK;
	if (meant_for_us && (attrs->well_known & ATTR_WK_NO_EXPORT))
		return EXPORT_NO_EXPORT;
	if (roles[p->role].bars && (attrs->flags & ATTR_F_HAS_OTC))
		return EXPORT_OTC;
	return EXPORT_OK;
}

static uint32_t
nexthop_of(const struct export_params *p, const struct attr_table *t, const struct attr_set *in,
	   bool set_by_policy)
{
	struct ip_addr addr;

	if (in->nexthop == ATTR_NEXTHOP_NONE)
		return ATTR_NEXTHOP_SELF;
	if (set_by_policy || p->nexthop == EXPORT_NEXTHOP_KEEP)
		return in->nexthop;
	addr = attr_nexthop_addr(t, in->nexthop);
	/* A link-local address alone says nothing beyond the link that it came over. */
	if (p->nexthop == EXPORT_NEXTHOP_SELF || addr.family == FAMILY_NONE)
		return ATTR_NEXTHOP_SELF;
	if (p->type != RIB_PEER_EBGP || p->rs_client) /* RFC 5065 4: as inside an AS; RFC 7947 2.2.1 */
		return in->nexthop;
	/* RFC 4271 5.1.3 2: a third party on the subnet that we share with the receiver may be named. */
	if (addr.family == p->subnet.family &&
	    ip_prefix_contains(&p->subnet, &addr))
		return in->nexthop;
	return ATTR_NEXTHOP_SELF;
}

/* Puts an identifier before a CLUSTER_LIST (RFC 4456 8). False: the list would be too long. */
static bool
cluster_prepend(struct attr_edit *e, uint32_t cluster_id)
{
	size_t len;
	const uint8_t *old = attr_edit_find(e, ATTR_CLUSTER_LIST, &len);
	uint8_t *list;

	if (len + 4 > UINT16_MAX)
		return false;
	list = xmalloc(len + 4);
	be32_put(list, cluster_id);
	if (old)
		memcpy(list + 4, old, len);
	attr_edit_put(e, ATTR_FLAG_OPTIONAL, ATTR_CLUSTER_LIST, list, len + 4);
	free(list);
	return true;
}

/* Inside what the outside takes for one AS, LOCAL_PREF is always there (RFC 4271 5.1.5, RFC 5065 4). */
static void
local_pref_put(struct attr_edit *e, const struct export_params *p, const struct attr_set *in)
{
	if (p->options & EXPORT_OPT_GSHUT)
		attr_edit_put_u32(e, ATTR_FLAG_TRANSITIVE, ATTR_LOCAL_PREF, 0);
	else if (!(in->flags & ATTR_F_HAS_LOCAL_PREF))
		attr_edit_put_u32(e, ATTR_FLAG_TRANSITIVE, ATTR_LOCAL_PREF, p->default_local_pref);
}

static bool
to_ibgp(struct attr_edit *e, const struct export_params *p, const struct rib_source *source,
	const struct attr_set *in)
{
	size_t len;

	local_pref_put(e, p, in);
	/* RFC 4271 5: mandatory, also when empty. */
	if (attr_edit_find(e, ATTR_AS_PATH, &len) == NULL)
		attr_edit_put(e, ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH, NULL, 0);
	if (!is_from_ibgp(source))
		return true;
	if (!(in->flags & ATTR_F_HAS_ORIGINATOR))
		attr_edit_put_u32(e, ATTR_FLAG_OPTIONAL, ATTR_ORIGINATOR_ID, source->router_id);
	return cluster_prepend(e, p->cluster_id);
}

/* Is there something in the path that may have to go? */
static bool
path_is_clean(const struct export_params *p, struct aspath path)
{
	return p->remove_private == ASPATH_PRIVATE_KEEP && !(p->options & EXPORT_OPT_OVERRIDE) &&
	       !aspath_has_segment(path, ASPATH_CONFED_SEQUENCE) && !aspath_has_segment(path, ASPATH_CONFED_SET);
}

/* Writes the path that is ours to pass on, w having room for path.len; tmp has as much. */
static struct aspath
path_clean(const struct export_params *p, struct aspath path, uint8_t *mem, uint8_t *tmp)
{
	struct wbuf w = wbuf_of(mem, path.len), private;

	aspath_strip_confed(&w, path);
	ASSERT(!w.err);
	path = (struct aspath){mem, w.len};
	if (p->remove_private != ASPATH_PRIVATE_KEEP) {
		private = wbuf_of(tmp, path.len);
		aspath_private_remove(&private, path, (enum aspath_private)p->remove_private, p->remote_as, p->local_as);
		ASSERT(!private.err);
		path = (struct aspath){tmp, private.len};
	}
	if (p->options & EXPORT_OPT_OVERRIDE) {
		w = wbuf_of(path.p == mem ? tmp : mem, path.len);
		aspath_replace(&w, path, p->remote_as, p->local_as);
		ASSERT(!w.err);
		path = (struct aspath){w.base, w.len};
	}
	return path;
}

/* Prepends our AS to the path, where it belongs there. False: the path would be too long. */
static bool
path_prepend(struct attr_edit *e, const struct export_params *p)
{
	const uint32_t ours[] = {p->local_as, p->own_as};
	size_t n = p->own_as != 0 ? 2 : 1;
	uint8_t usual[PATH_USUAL], *mem = usual;
	struct aspath path, clean;
	struct wbuf w;
	bool fits;

	path.p = attr_edit_find(e, ATTR_AS_PATH, &path.len);
	if (3 * path.len + 12 > sizeof(usual))
		mem = xmalloc(3 * path.len + 12);
	w = wbuf_of(mem + 2 * path.len, path.len + 12);
	clean = path_is_clean(p, path) ? path : path_clean(p, path, mem, mem + path.len);
	/* RFC 7947 2.2.2.1: a route server is not in the path, but it does not send an empty one either. */
	if (p->rs_client && clean.len > 0)
		n = 0;
	aspath_prepend(&w, clean, ours, n);
	ASSERT(!w.err);
	fits = w.len <= UINT16_MAX;
	if (fits)
		attr_edit_put(e, ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH, w.base, w.len);
	if (mem != usual)
		free(mem);
	return fits;
}

static void
ext_communities_strip(struct attr_edit *e)
{
	struct attr_item a;
	const uint8_t *p = e->wire;
	size_t kept = 0;
	uint8_t *list;

	do {
		if (!attr_item_next(&p, e->wire + e->len, &a))
			return;
	} while (a.type != ATTR_EXT_COMMUNITIES);
	list = xmalloc((size_t)a.len + 1);
	for (size_t i = 0; i + 8 <= a.len; i += 8) {
		if (a.value[i] & EXT_NON_TRANSITIVE)
			continue;
		memcpy(list + kept, a.value + i, 8);
		kept += 8;
	}
	if (kept == 0)
		attr_edit_del(e, ATTR_EXT_COMMUNITIES);
	else if (kept != a.len)
		attr_edit_put(e, a.flags, ATTR_EXT_COMMUNITIES, list, kept);
	free(list);
}

static bool
to_ebgp(struct attr_edit *e, const struct export_params *p, const struct attr_set *in)
{
	ext_communities_strip(e);
	if (roles[p->role].adds && !(in->flags & ATTR_F_HAS_OTC))
		attr_edit_put_u32(e, ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, ATTR_OTC, p->local_as);
	return path_prepend(e, p);
}

/* RFC 5065 4.1 b: our member AS goes into an AS_CONFED_SEQUENCE. */
static bool
to_confed(struct attr_edit *e, const struct export_params *p, const struct attr_set *in)
{
	struct aspath path;

	local_pref_put(e, p, in);
	path.p = attr_edit_find(e, ATTR_AS_PATH, &path.len);
	uint8_t *mem = xmalloc(path.len + 6);
	struct wbuf w = wbuf_of(mem, path.len + 6);
	aspath_prepend_confed(&w, path, p->local_as);
	ASSERT(!w.err);
	bool fits = w.len <= UINT16_MAX;
	if (fits)
		attr_edit_put(e, ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH, w.base, w.len);
	free(mem);
	return fits;
}

/* The attributes, as ATTR_BIT(), that this kind of neighbour is never sent as they are. */
static uint64_t
not_sent(const struct export_params *p, const struct rib_source *source, uint32_t policy_set)
{
	uint64_t types = p->aigp ? 0 : ATTR_BIT(ATTR_AIGP);

	if (p->type == RIB_PEER_IBGP)
		return types;
	/* RFC 4456 8: both are for one AS, or a member of a confederation. */
	types |= ATTR_BIT(ATTR_ORIGINATOR_ID) | ATTR_BIT(ATTR_CLUSTER_LIST);
	if (p->type == RIB_PEER_CONFED)
		return types;
	types |= ATTR_BIT(ATTR_LOCAL_PREF); /* RFC 4271 5.1.5 */
	/* RFC 4271 5.1.4: a MED that a neighbouring AS sent is not passed on to others. */
	if (source->kind == RIB_SOURCE_BGP && !(policy_set & POLICY_SET_MED) && !p->rs_client) /* RFC 7947 2.2.3 */
		types |= ATTR_BIT(ATTR_MED);
	return types;
}

attr_id
export_transform(const struct export_params *p, const struct rib_source *source, const struct attr_table *from,
		 attr_id in, uint32_t policy_set, struct attr_table *to)
{
	const struct attr_set *s = attr_get(from, in);
	struct attr_edit e = {0};
	attr_id out = ATTR_NONE;
	bool fits;

	attr_edit_begin(&e, s);
	e.local = (struct attr_local){0};
	e.nexthop = nexthop_of(p, from, s, (policy_set & POLICY_SET_NEXT_HOP) != 0);
	attr_edit_del_all(&e, not_sent(p, source, policy_set));
	if (p->options & EXPORT_OPT_GSHUT)
		community_add(&e, &gshut);
	switch (p->type) {
	case RIB_PEER_IBGP:
		fits = to_ibgp(&e, p, source, s);
		break;
	case RIB_PEER_CONFED:
		fits = to_confed(&e, p, s);
		break;
	default:
		ASSERT(p->type == RIB_PEER_EBGP);
		fits = to_ebgp(&e, p, s);
	}
	if (fits)
		out = attr_edit_commit(&e, to);
	attr_edit_fini(&e);
	return out;
}
