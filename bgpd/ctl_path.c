/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ctl_path: paths as JSON, member by member, and the filters of `show rib`.
 */
#include "bgpd/ctl_path.h"

#include "bgpd/compile.h"
#include "bgpd/ctl_command.h"
#include "bgpd/ctl_json.h"
#include "bgpd/ctl_reply.h"
#include "bgpd/daemon.h"
#include "bgpd/explain.h"
#include "bgpd/groups.h"
#include "bgpd/nexthop_self.h"
#include "bgpd/peer.h"
#include "bgpd/peer_routes.h"
#include "conf/arena.h"
#include "conf/community.h"
#include "conf/pattern.h"
#include "lib/buf.h"
#include "lib/mem.h"
#include "lib/str.h"
#include "rib/community.h"
#include "rib/nexthop.h"

#include <stdlib.h>
#include <string.h>

static const char *const origin_names[] = {"igp", "egp", "incomplete"};

static struct aspath
path_of(const struct attr_set *s)
{
	struct aspath path = {0};

	path.p = attr_find(s, ATTR_AS_PATH, &path.len);
	if (path.p == NULL)
		path.len = 0;
	return path;
}

static json_t *
communities_json(const struct attr_set *s, enum community_kind kind)
{
	json_t *list = json_array();
	size_t len, size = community_size(kind);
	const uint8_t *p = attr_find(s, community_attr_type(kind), &len);
	struct str text = {0};

	for (size_t at = 0; p != NULL && at + size <= len; at += size) {
		str_reset(&text);
		community_text(kind, p + at, &text);
		json_array_append_new(list, json_string_nocheck(str_get(&text)));
	}
	str_free(&text);
	return list;
}

static json_t *
cluster_list_json(const struct attr_set *s)
{
	json_t *list = json_array();
	size_t len;
	const uint8_t *p = attr_find(s, ATTR_CLUSTER_LIST, &len);

	for (size_t at = 0; p != NULL && at + 4 <= len; at += 4) {
		struct ip_addr id = ip_addr_from_bytes(FAMILY_IPV4, p + at);
		json_array_append_new(list, ctl_json_addr(&id));
	}
	return list;
}

static json_t *
source_neighbor_json(const struct rib_source *src)
{
	if (src->kind != RIB_SOURCE_BGP)
		return json_null();
	const struct peer *p = src->owner;
	json_t *o = json_object();
	json_object_set_new_nocheck(o, "name", ctl_json_text(p != NULL ? p->name : NULL));
	json_object_set_new_nocheck(o, "remote_addr", ctl_json_addr(&src->addr));
	json_object_set_new_nocheck(o, "remote_as", json_integer(src->as));
	json_object_set_new_nocheck(o, "bgpid", ctl_json_id(src->router_id));
	return o;
}

/* NEXT_HOP as it came or will go out, and the gateway that it resolves to. */
static void
put_nexthops(json_t *o, const struct bgpd *d, const struct ctl_path *cp, const struct attr_set *s)
{
	json_t *exit_hop = NULL, *true_hop = NULL;

	if (s->nexthop == ATTR_NEXTHOP_SELF) {
		exit_hop = cp->self != NULL ? ctl_json_addr(cp->self) : NULL;
	} else if (s->nexthop != NEXTHOP_NONE) {
		struct nexthop_view nh;
		nexthop_get(d->nexthops, s->nexthop, &nh);
		exit_hop = ctl_json_addr(nh.global.family != FAMILY_NONE ? &nh.global : &nh.link_local);
		if (nh.resolved && nh.via_count > 0)
			true_hop = ctl_json_addr(&nh.via[0].via);
	}
	json_object_set_new_nocheck(o, "exit_nexthop", exit_hop != NULL ? exit_hop : json_null());
	json_object_set_new_nocheck(o, "true_nexthop", true_hop != NULL ? true_hop : json_null());
}

static bool
is_valid(const struct bgpd *d, const struct ctl_path *cp)
{
	const struct attr_set *s = attr_get(d->attrs, cp->path->attr);

	/* A default route of our own is no path of the RIB: its set is the one that is sent. */
	bool resolved = s->nexthop == ATTR_NEXTHOP_SELF || nexthop_resolved(d->nexthops, s->nexthop);

	return !rib_path_rejected(cp->path) && resolved;
}

static void
put_attributes(json_t *o, const struct bgpd *d, const struct ctl_path *cp, const struct attr_set *s)
{
	struct str text = {0};

	aspath_text(path_of(s), &text);
	json_object_set_new_nocheck(o, "origin",
				    json_string(origin_names[s->origin % ARRAY_LEN(origin_names)]));
	json_object_set_new_nocheck(o, "aspath", json_string_nocheck(str_get(&text)));
	str_free(&text);
	put_nexthops(o, d, cp, s);
	json_object_set_new_nocheck(o, "med",
				    (s->flags & ATTR_F_HAS_MED) != 0 ? json_integer(s->med) : json_null());
	json_object_set_new_nocheck(o, "local_preference",
				    (s->flags & ATTR_F_HAS_LOCAL_PREF) != 0 ? json_integer(s->local_pref)
									    : json_null());
	json_object_set_new_nocheck(o, "communities", communities_json(s, COMMUNITY_STD));
	json_object_set_new_nocheck(o, "large_communities", communities_json(s, COMMUNITY_LARGE));
	json_object_set_new_nocheck(o, "ext_communities", communities_json(s, COMMUNITY_EXT));
	json_object_set_new_nocheck(o, "originator_id",
				    (s->flags & ATTR_F_HAS_ORIGINATOR) != 0 ? ctl_json_id(attr_originator_id(s))
									    : json_null());
	json_object_set_new_nocheck(o, "cluster_list", cluster_list_json(s));
}

json_t *
ctl_path_json(const struct bgpd *d, const struct ctl_path *cp)
{
	struct ip_prefix prefix = rib_prefix(d->rib, cp->family, cp->id);

	return ctl_route_json(d, &prefix, cp);
}

void
ctl_explain_json(json_t *row, const struct explain *e)
{
	json_object_set_new_nocheck(row, "accepted", json_boolean(e->accepted));
	json_object_set_new_nocheck(row, "changed", json_boolean(e->changed));
	json_object_set_new_nocheck(row, "pending", json_boolean(e->pending));
	json_object_set_nocheck(row, "rule", e->rule);
	json_object_set_nocheck(row, "rules", e->rules);
}

bool
ctl_path_prefix(struct ctl_client *c, const json_t *args, bool longer, struct ip_prefix *out)
{
	const struct bgpd *d = ctl_client_daemon(c);
	const char *text = ctl_arg_text(args, "prefix");
	struct ip_addr addr;

	if (text == NULL)
		return true;
	if (!ctl_arg_prefix(c, args, "prefix", out))
		return false;
	if (strchr(text, '/') != NULL || longer || ip_addr_parse(text, &addr) < 0)
		return true;
	uint32_t id = rib_match(d->rib, &addr);
	if (id != 0)
		*out = rib_prefix(d->rib, (enum family)addr.family, id);
	return true;
}

json_t *
ctl_route_json(const struct bgpd *d, const struct ip_prefix *prefix, const struct ctl_path *cp)
{
	const struct rib_path *p = cp->path;
	const struct rib_source *src = rib_source_get(d->rib, p->source);
	uint32_t now_s = loop_now_s(d->loop);
	json_t *o = json_object();

	json_object_set_new_nocheck(o, "prefix", ctl_json_prefix(prefix));
	json_object_set_new_nocheck(o, "best", json_boolean((p->flags & RIB_PATH_BEST) != 0));
	json_object_set_new_nocheck(o, "multipath", json_boolean((p->flags & RIB_PATH_MULTIPATH) != 0));
	json_object_set_new_nocheck(o, "valid", json_boolean(is_valid(d, cp)));
	/* A network of the configuration or of `network add` is a static route to everybody but the RIB. */
	enum rib_source_kind kind =
	    src->kind == RIB_SOURCE_NETWORK ? RIB_SOURCE_STATIC : (enum rib_source_kind)src->kind;
	json_object_set_new_nocheck(o, "source", json_string(rib_source_kind_name(kind)));
	json_object_set_new_nocheck(o, "neighbor", source_neighbor_json(src));
	put_attributes(o, d, cp, attr_get(d->attrs, cp->attr));
	json_object_set_new_nocheck(o, "path_id", cp->path_id != 0 ? json_integer(cp->path_id) : json_null());
	json_object_set_new_nocheck(o, "age_s", json_integer(now_s > p->time_s ? now_s - p->time_s : 0));
	json_object_set_new_nocheck(o, "stale", json_boolean(rib_path_stale(d->rib, (enum family)prefix->family, p)));
	json_object_set_new_nocheck(o, "reason",
				    json_string(rib_path_rejected(p)
						    ? rib_reject_name(rib_path_reject(p))
						    : rib_reason_name(cp->reason)));
	return o;
}

/* ---- filters ---- */

static bool
read_pattern(struct ctl_client *c, const char *text, struct ctl_path_filter *f)
{
	struct conf_as_pattern parsed;

	f->arena = conf_arena_new();
	if (!conf_as_pattern_parse(f->arena, text, &parsed)) {
		ctl_fail(c, CTL_ERR_REQUEST, "'%s' is no pattern of AS paths", text);
		return false;
	}
	f->has_pattern = true;
	f->pattern = (struct aspath_pattern){
	    .from_start = parsed.from_start, .to_end = parsed.to_end, .n = parsed.tokens.n};
	f->pattern.tokens = xcalloc(parsed.tokens.n + 1, sizeof(*f->pattern.tokens));
	for (uint32_t i = 0; i < parsed.tokens.n; i++)
		f->pattern.tokens[i] = (struct aspath_token){.lo = parsed.tokens.v[i].lo,
							     .hi = parsed.tokens.v[i].hi,
							     .many = parsed.tokens.v[i].many};
	return true;
}

static bool
read_community(struct ctl_client *c, const char *text, struct ctl_path_filter *f)
{
	struct conf_community parsed;

	if (!conf_community_parse(text, true, &parsed)) {
		ctl_fail(c, CTL_ERR_REQUEST,
			 "'%s' is no community; it may be \"64512:100\", \"64512:1:2\", \"rt:64512:1\", or a name as "
			 "no-export, with * or [a-b] for a number",
			 text);
		return false;
	}
	struct community_pattern pattern = compile_community(&parsed);
	f->communities = community_set_new(&pattern, 1);
	return true;
}

bool
ctl_path_filter_init(struct ctl_client *c, const json_t *args, struct ctl_path_filter *f)
{
	const char *text;

	*f = (struct ctl_path_filter){
	    .best = json_is_true(json_object_get(args, "best")),
	    .invalid = json_is_true(json_object_get(args, "invalid")),
	    .rejected = json_is_true(json_object_get(args, "rejected")),
	};
	const json_t *as = json_object_get(args, "origin_as");
	f->has_origin_as = as != NULL;
	f->origin_as = (uint32_t)json_integer_value(as);
	if ((text = ctl_arg_text(args, "community")) != NULL && !read_community(c, text, f))
		return false;
	if ((text = ctl_arg_text(args, "from")) != NULL) {
		struct peer *p = ctl_peer_find(c, text);
		if (p == NULL)
			return false;
		if (p->d != ctl_client_daemon(c)) {
			const char *vrf = instance_vrf(p->d);
			ctl_fail(c, CTL_ERR_REQUEST, "the routes of %s are in %s%s%s%u", p->name, vrf != NULL ? "VRF " : "",
			    vrf != NULL ? vrf : "", vrf != NULL ? ", table " : "table ", p->d->conf->kernel.table);
			return false;
		}
		f->from = peer_routes_source(p)->index;
	}
	text = ctl_arg_text(args, "as_path");
	return text == NULL || read_pattern(c, text, f);
}

void
ctl_path_filter_fini(struct ctl_path_filter *f)
{
	if (f->communities != NULL)
		community_set_unref(f->communities);
	free(f->pattern.tokens);
	if (f->arena != NULL)
		conf_arena_free(f->arena);
	*f = (struct ctl_path_filter){0};
}

bool
ctl_path_fits(const struct bgpd *d, const struct ctl_path_filter *f, const struct ctl_path *cp)
{
	const struct rib_path *p = cp->path;
	bool rejected = rib_path_rejected(p);

	if (f->rejected ? !rejected : rejected && !f->any)
		return false;
	if ((f->best && (p->flags & RIB_PATH_BEST) == 0) || (f->invalid && is_valid(d, cp)))
		return false;
	if (f->from != 0 && p->source != f->from)
		return false;
	const struct attr_set *s = attr_get(d->attrs, cp->attr);
	if (f->has_origin_as && aspath_origin_as(path_of(s)) != f->origin_as)
		return false;
	if (f->has_pattern && !aspath_match(&f->pattern, path_of(s)))
		return false;
	return f->communities == NULL || community_set_match(f->communities, s);
}

json_t *
ctl_default_json(struct bgpd *d, const struct group_member *m, enum family f, const struct ctl_path_filter *filter)
{
	struct ip_prefix prefix = groups_default_prefix(f);
	struct ip_addr self = nexthop_self_addr(m, f);
	attr_id attr = groups_default_attr(d->groups, m->group->owner, f);
	/* No path of the RIB: the row is made as if it were one. */
	struct rib_path p = {.attr = attr,
	    .time_s = loop_now_s(d->loop) & INT32_MAX,
	    .source = d->originate.source[ORIGINATE_NETWORK]->index,
	    .flags = RIB_PATH_BEST};
	struct ctl_path cp = {
	    .path = &p, .attr = attr, .self = &self, .path_id = groups_default_path_id(m->group, f), .family = f};
	json_t *row = NULL;

	if (attr != ATTR_NONE && ctl_path_fits(d, filter, &cp)) {
		row = ctl_route_json(d, &prefix, &cp);
		json_object_set_new_nocheck(row, "reason", json_string("default-originate"));
	}
	attr_unref(d->attrs, attr);
	return row;
}
