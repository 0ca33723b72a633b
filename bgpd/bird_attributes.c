/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bird_attributes: see bird_attributes.h. Each attribute is a row of a table.
 */
#include "bgpd/bird_attributes.h"

#include "bgpd/bird_reply.h"
#include "bgpd/bird_route.h"
#include "bgpd/daemon.h"
#include "bgpd/kernel.h"
#include "lib/buf.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "rib/aspath.h"
#include "rib/community.h"

/* A route that is shown, and the set of its attributes. */
struct shown {
	const struct bgpd *d;
	const struct bird_route *r;
	const struct attr_set *s;
};

static bool
origin(const struct shown *sh, struct str *out)
{
	static const char *const names[] = {"IGP", "EGP", "Incomplete"};

	str_add(out, names[sh->s->origin < ARRAY_LEN(names) ? sh->s->origin : ATTR_ORIGIN_INCOMPLETE]);
	return true;
}

static bool
as_path(const struct shown *sh, struct str *out)
{
	struct aspath path = {0};

	path.p = attr_find(sh->s, ATTR_AS_PATH, &path.len);
	if (path.p != NULL)
		aspath_text(path, out);
	return path.p != NULL;
}

static bool
next_hop(const struct shown *sh, struct str *out)
{
	char text[IP_ADDR_STRLEN];
	struct nexthop_view nh;

	if (sh->s->nexthop == ATTR_NEXTHOP_NONE ||
	    (sh->s->nexthop == ATTR_NEXTHOP_SELF && sh->r->self == NULL))
		return false;
	if (sh->s->nexthop == ATTR_NEXTHOP_SELF) {
		str_add(out, ip_addr_str(sh->r->self, text, sizeof(text)));
		return true;
	}
	nexthop_get(sh->d->nexthops, sh->s->nexthop, &nh);
	if (nh.global.family != FAMILY_NONE)
		str_add(out, ip_addr_str(&nh.global, text, sizeof(text)));
	nh.link_local.scope_id = 0;
	if (nh.link_local.family != FAMILY_NONE)
		str_addf(out, "%s%s", out->len > 0 ? " " : "",
			 ip_addr_str(&nh.link_local, text, sizeof(text)));
	return true;
}

static bool
med(const struct shown *sh, struct str *out)
{
	str_addf(out, "%u", sh->s->med);
	return (sh->s->flags & ATTR_F_HAS_MED) != 0;
}

/* One that came without is as good as the default, and BIRD says so of each. */
static bool
local_pref(const struct shown *sh, struct str *out)
{
	bool has = (sh->s->flags & ATTR_F_HAS_LOCAL_PREF) != 0;

	str_addf(out, "%u", has ? sh->s->local_pref : sh->d->conf->router.default_local_preference);
	return true;
}

static bool
atomic_aggr(const struct shown *sh, struct str *out)
{
	size_t len;

	(void)out;
	return attr_find(sh->s, ATTR_ATOMIC_AGGREGATE, &len) != NULL;
}

static bool
aggregator(const struct shown *sh, struct str *out)
{
	size_t len;
	const uint8_t *p = attr_find(sh->s, ATTR_AGGREGATOR, &len);
	char text[IP_ADDR_STRLEN];

	if (p == NULL || len != 8)
		return false;
	struct ip_addr id = ip_addr_from_bytes(FAMILY_IPV4, p + 4);
	str_addf(out, "%s AS%u", ip_addr_str(&id, text, sizeof(text)), be32_get(p));
	return true;
}

static void
ext_community(const uint8_t *p, struct str *out)
{
	const char *kind = p[1] == 0x02 ? "rt" : p[1] == 0x03 ? "ro" : NULL;
	char text[IP_ADDR_STRLEN];

	if (kind == NULL || p[0] > 2) {
		str_addf(out, "(generic, 0x%x, 0x%x)", be32_get(p), be32_get(p + 4));
		return;
	}
	struct ip_addr id = ip_addr_from_bytes(FAMILY_IPV4, p + 2);
	if (p[0] == 0)
		str_addf(out, "(%s, %u, %u)", kind, be16_get(p + 2), be32_get(p + 4));
	else if (p[0] == 1)
		str_addf(out, "(%s, %s, %u)", kind, ip_addr_str(&id, text, sizeof(text)), be16_get(p + 6));
	else
		str_addf(out, "(%s, %u, %u)", kind, be32_get(p + 2), be16_get(p + 6));
}

static bool
communities_of(const struct shown *sh, enum community_kind kind, struct str *out)
{
	size_t len, size = community_size(kind);
	const uint8_t *p = attr_find(sh->s, community_attr_type(kind), &len);

	for (size_t at = 0; p != NULL && at + size <= len; at += size) {
		const uint8_t *e = p + at;
		str_add(out, at > 0 ? " " : "");
		if (kind == COMMUNITY_STD)
			str_addf(out, "(%u,%u)", be16_get(e), be16_get(e + 2));
		else if (kind == COMMUNITY_LARGE)
			str_addf(out, "(%u, %u, %u)", be32_get(e), be32_get(e + 4), be32_get(e + 8));
		else
			ext_community(e, out);
	}
	return p != NULL;
}

static bool
community(const struct shown *sh, struct str *out)
{
	return communities_of(sh, COMMUNITY_STD, out);
}

static bool
ext_communities(const struct shown *sh, struct str *out)
{
	return communities_of(sh, COMMUNITY_EXT, out);
}

static bool
large_community(const struct shown *sh, struct str *out)
{
	return communities_of(sh, COMMUNITY_LARGE, out);
}

static bool
originator_id(const struct shown *sh, struct str *out)
{
	struct ip_addr id = ip_addr_v4(attr_originator_id(sh->s));
	char text[IP_ADDR_STRLEN];

	str_add(out, ip_addr_str(&id, text, sizeof(text)));
	return (sh->s->flags & ATTR_F_HAS_ORIGINATOR) != 0;
}

static bool
cluster_list(const struct shown *sh, struct str *out)
{
	size_t len;
	const uint8_t *p = attr_find(sh->s, ATTR_CLUSTER_LIST, &len);
	char text[IP_ADDR_STRLEN];

	for (size_t at = 0; p != NULL && at + 4 <= len; at += 4) {
		struct ip_addr id = ip_addr_from_bytes(FAMILY_IPV4, p + at);
		str_addf(out, "%s%s", at > 0 ? " " : "", ip_addr_str(&id, text, sizeof(text)));
	}
	return p != NULL;
}

static bool
kernel_source(const struct shown *sh, struct str *out)
{
	struct nexthop_foreign f;

	if (!kernel_foreign(sh->d, &sh->r->prefix, &f))
		return false;
	str_addf(out, "%u", f.from.protocol);
	return true;
}

static bool
kernel_metric(const struct shown *sh, struct str *out)
{
	uint32_t metric = attr_local(sh->s).metric;

	str_addf(out, "%u", metric);
	return metric != 0;
}

static const struct {
	const char *name;
	enum { OF_BGP = 1, OF_KERNEL = 2 } of;
	bool (*text)(const struct shown *sh, struct str *out); /* false: it has none */
} rows[] = {
    {"BGP.origin", OF_BGP, origin},
    {"BGP.as_path", OF_BGP, as_path},
    {"BGP.next_hop", OF_BGP, next_hop},
    {"BGP.med", OF_BGP, med},
    {"BGP.local_pref", OF_BGP, local_pref},
    {"BGP.atomic_aggr", OF_BGP, atomic_aggr},
    {"BGP.aggregator", OF_BGP, aggregator},
    {"BGP.community", OF_BGP, community},
    {"BGP.originator_id", OF_BGP, originator_id},
    {"BGP.cluster_list", OF_BGP, cluster_list},
    {"BGP.ext_community", OF_BGP, ext_communities},
    {"BGP.large_community", OF_BGP, large_community},
    {"Kernel.source", OF_KERNEL, kernel_source},
    {"Kernel.metric", OF_BGP | OF_KERNEL, kernel_metric},
};

static const char *const types[RIB_SOURCE_KIND_COUNT] = {
    [RIB_SOURCE_BGP] = "BGP",          [RIB_SOURCE_NETWORK] = "static", [RIB_SOURCE_STATIC] = "static",
    [RIB_SOURCE_CONNECTED] = "device", [RIB_SOURCE_KERNEL] = "inherit", [RIB_SOURCE_AGGREGATE] = "static",
};

void
bird_attributes(struct bird_client *c, const struct bgpd *d, const struct bird_route *r)
{
	struct shown sh = {.d = d, .r = r, .s = attr_get(d->attrs, r->attr)};
	enum rib_source_kind kind = (enum rib_source_kind)rib_source_get(d->rib, r->path->source)->kind;
	unsigned of = kind == RIB_SOURCE_BGP ? OF_BGP : kind == RIB_SOURCE_KERNEL ? OF_KERNEL : 0;
	struct str text = {0};

	/* What of our own goes to a neighbour is a route of BGP there. */
	if (r->attr != r->path->attr)
		of |= OF_BGP;
	bird_line(c, BIRD_ROUTE_DETAILS, "\tType: %s unicast univ", types[kind]);
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		str_reset(&text);
		if ((of & (unsigned)rows[i].of) != 0 && rows[i].text(&sh, &text))
			bird_line(c, BIRD_ROUTE_ATTRIBUTES, "\t%s: %s", rows[i].name, str_get(&text));
	}
	str_free(&text);
}
