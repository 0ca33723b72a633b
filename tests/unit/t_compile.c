/* SPDX-License-Identifier: Apache-2.0 */
/* Tests of bgpd/compile and compile_rule: each key of match and set, from its YAML to a verdict and attributes. */
#include "bgpd/compile.h"
#include "bgpd/groups.h"

#include "bgpd/group.h"
#include "bgpd/own.h"
#include "rib/community.h"
#include "tests/unit/bgpdtest.h"
#include "tests/unit/suite.h"

static struct bgpdtest t;
static const char neighbors[] = "neighbors:\n"
				"  - {address: 127.0.0.2, name: ext, remote-as: 65002, passive: true, import: [%s], export: [p]}\n"
				"  - {address: 127.0.0.3, name: int, remote-as: 65001, passive: true}\n"
				"  - {address: 127.0.0.4, name: other, remote-as: 65004, passive: true}\n";

static bool export_only; /* the policy is for export, where it may do what it may not on import */

/* A daemon whose policy p has this rule alone. */
static void
begin(const char *rule)
{
	struct str conf = {0};

	str_addf(&conf, neighbors, export_only ? "accept" : "p");
	str_addf(&conf,
		 "policies:\n  p:\n    - {%s}\n"
		 "prefix-sets: {nets: [192.0.2.0/24, 10.0.0.0/8 le 24]}\n"
		 "as-path-sets: {paths: [\"^65002\"]}\n"
		 "community-sets: {comms: [\"65000:*\", \"65000:1:[5-9]\", \"rt:65000:7\"]}\n",
		 rule);
	bgpdtest_start(&t, "", str_get(&conf));
	str_free(&conf);
}

/* A route as the policy sees it. Its path is 65002 65009, MED 10; LOCAL_PREF, communities and local part as told. */
struct route {
	const char *prefix;
	const char *neighbor; /* name; NULL: of this source */
	enum rib_source_kind source;
	const char *interface, *next_hop;
	uint8_t origin;
	uint32_t local_pref, metric, tag; /* 0: none */
	const uint8_t *community;         /* four octets, NULL: none */
	uint8_t kernel_protocol;
};

static attr_id
attr_of(const struct route *r)
{
	static const uint8_t path[] = {2, 2, 0, 0, 0xfd, 0xea, 0, 0, 0xfd, 0xf1};
	struct attr_edit e = {0};
	struct ip_addr nh;

	attr_edit_begin(&e, NULL);
	attr_edit_put(&e, ATTR_FLAG_TRANSITIVE, ATTR_ORIGIN, &r->origin, 1);
	attr_edit_put(&e, ATTR_FLAG_TRANSITIVE, ATTR_AS_PATH, path, sizeof(path));
	attr_edit_put_u32(&e, ATTR_FLAG_OPTIONAL, ATTR_MED, 10);
	if (r->local_pref != 0)
		attr_edit_put_u32(&e, ATTR_FLAG_TRANSITIVE, ATTR_LOCAL_PREF, r->local_pref);
	if (r->community != NULL)
		attr_edit_put(&e, ATTR_FLAG_OPTIONAL | ATTR_FLAG_TRANSITIVE, ATTR_COMMUNITIES, r->community, 4);
	e.local.metric = r->metric;
	e.local.tag = r->tag;
	ck_assert_int_eq(ip_addr_parse(r->next_hop != NULL ? r->next_hop : "10.1.1.1", &nh), 0);
	e.nexthop = nexthop_intern(t.d.nexthops, &nh, NULL);
	attr_id id = attr_edit_commit(&e, t.d.attrs);
	nexthop_unref(t.d.nexthops, e.nexthop);
	attr_edit_fini(&e);
	return id;
}

static void
run(const struct route *r, struct policy_result *res)
{
	const struct policy_chain *c = export_only ? policies_export(t.d.policies, 0) : policies_import(t.d.policies, 0);
	struct rib_source own = {.kind = (uint8_t)r->source};
	const struct rib_source *src = &own;
	attr_id attr = attr_of(r);

	if (r->neighbor != NULL)
		src = peer_routes_source(bgpdtest_peer(&t, r->neighbor));
	struct ip_prefix prefix = bgpdtest_prefix(r->prefix != NULL ? r->prefix : "192.0.2.0/24");
	struct policy_input in;
	policies_input(&t.d, c->reads, src, attr, &prefix, &in);
	in.interface = r->interface;
	in.kernel_protocol = r->kernel_protocol;
	policy_run(c->v, c->n, &in, res);
	attr_unref(t.d.attrs, attr);
}

static bool
accepts(struct route r)
{
	struct policy_result res;

	if (r.neighbor == NULL && r.source == RIB_SOURCE_BGP)
		r.neighbor = "ext";
	run(&r, &res);
	if (res.accept)
		attr_unref(t.d.attrs, res.attr);
	return res.accept;
}

static const uint8_t c_65000_1[] = {0xfd, 0xe8, 0, 1}, c_65003_1[] = {0xfd, 0xeb, 0, 1};

/* One key of match: a route for which it holds and one for which it does not. */
static const struct {
	const char *match;
	struct route yes, no;
	uint32_t reads; /* besides attributes */
} matches[] = {
    {"prefix-set: nets", {.prefix = "192.0.2.0/24"}, {.prefix = "192.0.2.0/25"}, POLICY_READS_PREFIX},
    {"prefix-set: nets", {.prefix = "10.20.0.0/16"}, {.prefix = "10.20.0.0/25"}, POLICY_READS_PREFIX},
    {"prefix-set: [nets, 203.0.113.0/24 in]", {.prefix = "203.0.113.7/32"}, {.prefix = "203.0.112.0/24"}, POLICY_READS_PREFIX},
    {"prefix-set: [\"2001:db8::/32 ge 48 le 64\"]", {.prefix = "2001:db8:1::/48"}, {.prefix = "2001:db8::/32"},
     POLICY_READS_PREFIX},
    {"community-set: comms", {.community = c_65000_1}, {.community = c_65003_1}, 0},
    {"community-set: [\"65003:[1-2]\"]", {.community = c_65003_1}, {.community = c_65000_1}, 0},
    {"community-set: comms", {.community = c_65000_1}, {.community = NULL}, 0},
    {"source: [connected]", {.source = RIB_SOURCE_CONNECTED}, {.source = RIB_SOURCE_BGP}, POLICY_READS_SOURCE},
    {"source: [static]", {.source = RIB_SOURCE_STATIC}, {.source = RIB_SOURCE_KERNEL}, POLICY_READS_SOURCE},
    {"source: [static]", {.source = RIB_SOURCE_NETWORK}, {.source = RIB_SOURCE_CONNECTED}, POLICY_READS_SOURCE},
    {"source: [kernel, bgp]", {.source = RIB_SOURCE_BGP}, {.source = RIB_SOURCE_STATIC}, POLICY_READS_SOURCE},
    {"source: [kernel, bgp]", {.source = RIB_SOURCE_KERNEL}, {.source = RIB_SOURCE_CONNECTED}, POLICY_READS_SOURCE},
    {"interface: \"cali*\"", {.interface = "cali12"}, {.interface = "eth0"}, POLICY_READS_INTERFACE},
    {"interface: \"*\"", {.interface = "eth0"}, {.interface = NULL}, POLICY_READS_INTERFACE},
    {"kernel-protocol: 80", {.kernel_protocol = 80}, {.kernel_protocol = 4}, POLICY_READS_INTERFACE},
    {"kernel-protocol: [static, 80]", {.kernel_protocol = 4}, {.kernel_protocol = 12}, POLICY_READS_INTERFACE},
    {"kernel-protocol: [static, 80]", {.kernel_protocol = 80}, {.kernel_protocol = 0}, POLICY_READS_INTERFACE},
    {"neighbor: ext", {.neighbor = "ext"}, {.neighbor = "other"}, POLICY_READS_NEIGHBOR},
    {"neighbor: [int, other]", {.neighbor = "other"}, {.neighbor = "ext"}, POLICY_READS_NEIGHBOR},
    {"neighbor: [int, other]", {.neighbor = "int"}, {.source = RIB_SOURCE_STATIC}, POLICY_READS_NEIGHBOR},
    {"neighbor-type: external", {.neighbor = "ext"}, {.neighbor = "int"}, POLICY_READS_NEIGHBOR},
    {"neighbor-type: internal", {.neighbor = "int"}, {.source = RIB_SOURCE_STATIC}, POLICY_READS_NEIGHBOR},
    {"next-hop: 10.0.0.0/8", {.next_hop = "10.9.9.9"}, {.next_hop = "11.0.0.1"}, 0},
    {"next-hop: [\"2001:db8::/32\", 11.0.0.1/32]", {.next_hop = "11.0.0.1"}, {.next_hop = "11.0.0.2"}, 0},
    {"origin: igp", {.origin = ATTR_ORIGIN_IGP}, {.origin = ATTR_ORIGIN_EGP}, 0},
    {"origin: [egp, incomplete]", {.origin = ATTR_ORIGIN_INCOMPLETE}, {.origin = ATTR_ORIGIN_IGP}, 0},
    {"local-preference: {above: 200}", {.local_pref = 201}, {.local_pref = 200}, POLICY_READS_LOCAL_PREF},
    {"local-preference: {below: 200}", {.local_pref = 199}, {.local_pref = 200}, POLICY_READS_LOCAL_PREF},
    /* RFC 4271 5.1.5: none counts as the default, 100. */
    {"local-preference: 100", {.local_pref = 0}, {.local_pref = 101}, POLICY_READS_LOCAL_PREF},
    {"metric: {below: 1024}", {.metric = 1023}, {.metric = 1024}, 0},
    {"metric: 0", {.metric = 0}, {.metric = 1}, 0},
    {"tag: 7", {.tag = 7}, {.tag = 8}, 0},
    {"not: {prefix-set: nets}", {.prefix = "203.0.113.0/24"}, {.prefix = "192.0.2.0/24"}, POLICY_READS_PREFIX},
    {"origin: igp, tag: 7", {.tag = 7}, {.tag = 7, .origin = ATTR_ORIGIN_EGP}, 0},
    {"not: {origin: igp, tag: 7}", {.tag = 8}, {.tag = 7}, 0},
    {"tag: 7, not: {not: {origin: igp}}", {.tag = 7}, {.tag = 7, .origin = ATTR_ORIGIN_EGP}, 0},
};

START_TEST(test_matches)
{
	for (size_t i = 0; i < ARRAY_LEN(matches); i++) {
		char rule[128];
		snprintf(rule, sizeof(rule), "match: {%s}, action: accept", matches[i].match);
		begin(rule);
		ck_assert_msg(accepts(matches[i].yes), "%s (row %zu) must hold", matches[i].match, i);
		ck_assert_msg(!accepts(matches[i].no), "%s (row %zu) must not hold", matches[i].match, i);
		ck_assert_msg(policies_import(t.d.policies, 0)->reads == matches[i].reads, "%s reads %x", matches[i].match,
			      policies_import(t.d.policies, 0)->reads);
		bgpdtest_stop(&t);
	}
}
END_TEST

/* The path is 65002 65009, two hops. */
START_TEST(test_paths)
{
	static const struct {
		const char *match;
		bool holds;
	} rows[] = {
	    {"as-path-set: paths", true},
	    {"as-path-set: [\"65009$\"]", true},
	    {"as-path-set: [\"^65009\"]", false},
	    {"as-path-set: [\"^65002 65009$\"]", true},
	    {"as-path-set: [\"^. . .$\", \"^[65000-65010]*$\"]", true},
	    {"as-path-set: [\"^.$\"]", false},
	    {"as-path-prefix: [65002]", true},
	    {"as-path-prefix: [65002, 65009]", true},
	    {"as-path-prefix: [65009]", false},
	    {"as-path-prefix: [65002, 65009, 1]", false},
	    {"path-length: 2", true},
	    {"path-length: {above: 2}", false},
	    {"path-length: {below: 3}", true},
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		char rule[128];
		snprintf(rule, sizeof(rule), "match: {%s}, action: accept", rows[i].match);
		begin(rule);
		ck_assert_msg(accepts((struct route){.neighbor = "ext"}) == rows[i].holds, "%s", rows[i].match);
		bgpdtest_stop(&t);
	}
}
END_TEST

/* The attributes after a rule with this set; a reference. */
static const struct attr_set *
set(const char *what, struct route r, attr_id *id)
{
	struct policy_result res;
	char rule[160];

	snprintf(rule, sizeof(rule), "set: {%s}, action: accept", what);
	begin(rule);
	r.neighbor = "ext";
	run(&r, &res);
	ck_assert_msg(res.accept, "%s", what);
	*id = res.attr;
	return attr_get(t.d.attrs, res.attr);
}

static void
done(attr_id id)
{
	attr_unref(t.d.attrs, id);
	bgpdtest_stop(&t);
}

static void
check_octets(const struct attr_set *s, uint8_t type, const uint8_t *want, size_t want_len)
{
	size_t len = 0;
	const uint8_t *v = attr_find(s, type, &len);

	ck_assert_uint_eq(len, want_len);
	if (want_len > 0)
		ck_assert_mem_eq(v, want, want_len);
}

START_TEST(test_set_numbers)
{
	attr_id id;

	ck_assert_uint_eq(set("local-preference: 200", (struct route){0}, &id)->local_pref, 200);
	done(id);
	ck_assert_uint_eq(set("med: 11", (struct route){0}, &id)->med, 11);
	done(id);
	ck_assert_uint_eq(set("origin: incomplete", (struct route){0}, &id)->origin, ATTR_ORIGIN_INCOMPLETE);
	done(id);
	const struct attr_set *s = set("preference: 200, metric: 512, tag: 9", (struct route){0}, &id);
	ck_assert_uint_eq(attr_local(s).has_preference, 1);
	ck_assert_uint_eq(attr_local(s).preference, 200);
	ck_assert_uint_eq(attr_local(s).metric, 512);
	ck_assert_uint_eq(attr_local(s).tag, 9);
	done(id);
	/* 2147483647 - 1024 and the other way; below zero it is zero. */
	s = set("local-preference: {complement-of: metric}", (struct route){.metric = 1024}, &id);
	ck_assert_uint_eq(s->local_pref, 2147482623u);
	done(id);
	s = set("metric: {complement-of: local-preference}", (struct route){.local_pref = 2147482623u}, &id);
	ck_assert_uint_eq(attr_local(s).metric, 1024);
	done(id);
	s = set("metric: {complement-of: local-preference}", (struct route){.local_pref = 4000000000u}, &id);
	ck_assert_uint_eq(attr_local(s).metric, 0);
	done(id);
}
END_TEST

START_TEST(test_set_next_hop)
{
	struct nexthop_view nh;
	struct ip_addr want;
	attr_id id;

	export_only = true;
	ck_assert_uint_eq(set("next-hop: self", (struct route){0}, &id)->nexthop, ATTR_NEXTHOP_SELF);
	done(id);
	export_only = false;
	const struct attr_set *s = set("next-hop: 10.7.7.7", (struct route){0}, &id);
	nexthop_get(t.d.nexthops, s->nexthop, &nh);
	ip_addr_parse("10.7.7.7", &want);
	ck_assert(ip_addr_eq(&nh.global, &want));
	done(id);
}
END_TEST

START_TEST(test_set_lists)
{
	static const uint8_t path[] = {2, 4, 0, 0, 0, 7, 0, 0, 0, 8, 0, 0, 0xfd, 0xea, 0, 0, 0xfd, 0xf1};
	static const uint8_t two[] = {0xfd, 0xe8, 0, 1, 0xfd, 0xe9, 0, 100}, one[] = {0xfd, 0xe9, 0, 100};
	static const uint8_t large[] = {0, 0, 0xfd, 0xe9, 0, 0, 0, 2, 0, 0, 0, 3};
	static const uint8_t rt[] = {0, 2, 0xfd, 0xe9, 0, 0, 0, 5};
	attr_id id;

	check_octets(set("prepend: [7, 8]", (struct route){0}, &id), ATTR_AS_PATH, path, sizeof(path));
	done(id);
	const struct attr_set *s =
	    set("add-communities: [\"65001:100\", \"65001:2:3\", \"rt:65001:5\"]", (struct route){.community = c_65000_1}, &id);
	check_octets(s, ATTR_COMMUNITIES, two, sizeof(two));
	check_octets(s, ATTR_LARGE_COMMUNITIES, large, sizeof(large));
	check_octets(s, ATTR_EXT_COMMUNITIES, rt, sizeof(rt)); /* RFC 4360 3.1, 4: two-octet AS, route target */
	done(id);
	/* Removed first, then added. */
	s = set("remove-communities: comms, add-communities: [\"65001:100\"]", (struct route){.community = c_65000_1}, &id);
	check_octets(s, ATTR_COMMUNITIES, one, sizeof(one));
	done(id);
	s = set("remove-communities: [\"*:*\"]", (struct route){.community = c_65000_1}, &id);
	check_octets(s, ATTR_COMMUNITIES, NULL, 0);
	done(id);
	s = set("remove-communities: [\"65003:1\"]", (struct route){.community = c_65000_1}, &id);
	check_octets(s, ATTR_COMMUNITIES, c_65000_1, 4);
	done(id);
}
END_TEST

START_TEST(test_actions)
{
	/* next goes on with the changes; what falls through is rejected. */
	begin("set: {med: 1}, action: next");
	ck_assert(!accepts((struct route){.neighbor = "ext"}));
	bgpdtest_stop(&t);
	begin("action: reject");
	ck_assert(!accepts((struct route){.neighbor = "ext"}));
	bgpdtest_stop(&t);
	begin("match: {tag: 1}, action: reject}\n    - {set: {med: 3}, action: next}\n    - {match: {tag: 2}, action: accept");
	ck_assert(!accepts((struct route){.neighbor = "ext", .tag = 1}));
	ck_assert(accepts((struct route){.neighbor = "ext", .tag = 2}));
	ck_assert(!accepts((struct route){.neighbor = "ext", .tag = 3}));
	bgpdtest_stop(&t);
}
END_TEST

/* RFC 8212 for eBGP, everything for iBGP; a list that is there rejects what falls through. */
START_TEST(test_chains)
{
	begin("action: accept");
	const struct policy_chain *ext = policies_import(t.d.policies, 0), *internal = policies_import(t.d.policies, 1),
				  *other = policies_export(t.d.policies, 2);
	ck_assert(!ext->missing && ext->n == 1);
	ck_assert(!internal->missing && internal->n == 1);
	ck_assert(other->missing && other->n == 0);
	ck_assert(ext->id == policies_export(t.d.policies, 0)->id);
	ck_assert(ext->id != internal->id && ext->id != other->id);
	ck_assert(!policies_read_neighbor(t.d.policies));
	/* Equal chains keep their identity where the policies are shared, and not otherwise. */
	struct policies *shared = policies_new(&t.d, t.d.conf, t.d.policies), *fresh = policies_new(&t.d, t.d.conf, NULL);
	ck_assert(policies_import(shared, 0)->id == ext->id);
	ck_assert(policies_import(shared, 1)->id == internal->id);
	ck_assert(policies_import(fresh, 0)->id != ext->id);
	policies_free(shared);
	policies_free(fresh);
	bgpdtest_stop(&t);
	begin("match: {neighbor: ext}, action: accept");
	ck_assert(policies_read_neighbor(t.d.policies));
	bgpdtest_stop(&t);
}
END_TEST

static bool
is_accepted(const char *prefix)
{
	const struct rib_path *p = bgpdtest_path(&t, bgpdtest_peer(&t, "127.0.0.2"), prefix);

	return p != NULL && !rib_path_rejected(p);
}

static bool
is_told(const char *prefix)
{
	const struct group_member *m = peer_routes_member(bgpdtest_peer(&t, "127.0.0.3"));
	struct ip_prefix p = bgpdtest_prefix(prefix);
	attr_id told = groups_told(t.d.groups, m, (enum family)p.family, rib_find(t.d.rib, &p), NULL);

	attr_unref(t.d.attrs, told);
	return told != ATTR_NONE;
}

static void
link_is(uint32_t ifindex, const char *name, bool up)
{
	struct fib_link l = {.ifindex = ifindex, .up = up, .mtu = 1500};

	strlcpy(l.name, name, sizeof(l.name));
	kernel_watch_link(t.d.kernel, &l);
}

/* A kernel route over this interface, in place of another. */
static void
foreign_is(const char *prefix, const char *via, uint32_t ifindex)
{
	struct fib_foreign r = {
	    .prefix = bgpdtest_prefix(prefix), .table = 254, .protocol = 4, .type = FIB_UNICAST, .nh_count = 1};
	struct fib_nh nh = {.ifindex = ifindex, .weight = 1};

	ck_assert_int_eq(ip_addr_parse(via, &nh.via), 0);
	r.nh = &nh;
	kernel_watch_foreign(t.d.kernel, &r);
}

/* What interface a route leaves through counts in every place, and when it becomes another. */
START_TEST(test_interface)
{
	static const uint8_t update[] = {0, 0, 0, 20, 0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xea, 0x40, 3, 4, 172, 16, 0,
					 9, 24, 192, 0, 2};
	struct speaker from, to;

	bgpdtest_start(&t, "",
		       "neighbors:\n"
		       "  - {address: 127.0.0.2, remote-as: 65002, passive: true, import: [not-e9], export: [accept]}\n"
		       "  - {address: 127.0.0.3, remote-as: 65003, passive: true, import: [accept], export: [only-e]}\n"
		       "kernel: {learn: [only-e], connected: {interfaces: [\"*\"]}}\n"
		       "policies:\n"
		       "  not-e9: [{match: {interface: e9}, action: reject}, {match: {interface: \"*\"}, action: accept}]\n"
		       "  only-e: [{match: {interface: \"e*\"}, action: accept}]\n");
	bgpdtest_interface(&t, 2, "e0", "10.0.0.1", 24);
	bgpdtest_interface(&t, 3, "f0", "10.3.0.1", 24);
	bgpdtest_session(&t, &from, "127.0.0.2", 65002, 0x0a000002);
	bgpdtest_session(&t, &to, "127.0.0.3", 65003, 0x0a000003);
	speaker_send_update(&from, update, sizeof(update));
	UNTIL(t.d.loop, bgpdtest_path(&t, bgpdtest_peer(&t, "127.0.0.2"), "192.0.2.0/24") != NULL);
	/* The next hop leads nowhere, so through no interface. */
	ck_assert(!is_accepted("192.0.2.0/24"));
	foreign_is("172.16.0.0/16", "10.0.0.2", 2);
	UNTIL(t.d.loop, is_accepted("192.0.2.0/24") && is_told("192.0.2.0/24"));
	ck_assert(is_told("172.16.0.0/16") && is_told("10.0.0.0/24"));
	bgpdtest_settle(&t);
	ck_assert(!is_told("10.3.0.0/24"));

	/* Through f0: import takes it as well, export does not send it, kernel.learn drops its route. */
	foreign_is("172.16.0.0/16", "10.3.0.2", 3);
	UNTIL(t.d.loop, !is_told("192.0.2.0/24"));
	bgpdtest_settle(&t);
	ck_assert(is_accepted("192.0.2.0/24"));
	ck_assert(!is_told("172.16.0.0/16"));
	/* f0 is renamed while it is up. */
	link_is(3, "e9", true);
	UNTIL(t.d.loop, !is_accepted("192.0.2.0/24") && is_told("10.3.0.0/24") && is_told("172.16.0.0/16"));
	link_is(3, "e7", true);
	UNTIL(t.d.loop, is_accepted("192.0.2.0/24") && is_told("192.0.2.0/24"));
	bgpdtest_stop(&t);
	speaker_close(&from);
	speaker_close(&to);
}
END_TEST

SUITE("compile", test_interface, test_matches, test_paths, test_set_numbers, test_set_next_hop, test_set_lists, test_actions, test_chains)
