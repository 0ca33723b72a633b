/* SPDX-License-Identifier: Apache-2.0 */
/*
 * speaker_conf: a random configuration, as plain structs and as the YAML that the
 * daemon reads from a memory file.
 */
#include "tests/model/speaker_model.h"

#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static const char *const next_hops[] = {"auto", "self", "keep"};
static const char *const sends[SEND_COUNT] = {"none", "best", "ecmp", "all"};
static const char *const roles[ROLE_COUNT] = {NULL, "provider", "customer", "peer", "rs-server", "rs-client"};

static void
random_rule(struct mrule *r, enum policy_kind kind)
{
	memset(r, 0, sizeof *r);
	r->match = (uint8_t)rnd(MATCH_COUNT);
	r->arg = (uint8_t)rnd(3);
	r->not = r->match != MATCH_ANY && rnd(4) == 0;
	r->action = (uint8_t)(rnd(3) == 0 ? ACTION_NEXT : rnd(5) == 0 ? ACTION_REJECT : ACTION_ACCEPT);
	r->set = rnd(3) == 0 ? 0 : rnd(SET_ALL);
	r->set &= rnd(SET_ALL);
	r->local_pref = 50 + 50 * rnd(4);
	r->med = rnd(3);
	r->preference = 100 + 50 * rnd(4);
	r->metric = 30 + 10 * rnd(2);
	r->prepend_as = rnd(2) == 0 ? 70000 : 65099;
	r->prepend = (uint8_t)(1 + rnd(2));
	r->origin = (uint8_t)rnd(3);
	/* no-llgr takes routes away, which is for their neighbours alone to say. */
	r->community = (uint8_t)rnd(NCOMMUNITY - 1);
	r->community = (uint8_t)(r->community + (1u << r->community >= C_NO_LLGR));
	if (kind != POLICY_EXPORT && (r->set & SET_NEXT_HOP)) {
		r->match = MATCH_PREFIX_SET;
		r->not = false;
	}
	if (kind == POLICY_EXPORT)
		r->set &= ~(unsigned)(SET_PREFERENCE | SET_METRIC);
}

static void
random_policy(struct mpolicy *p, enum policy_kind kind)
{
	p->n = rnd(NRULE + 1);
	for (unsigned i = 0; i < p->n; i++)
		random_rule(&p->rule[i], kind);
	/* Most end with something for the rest. */
	if (p->n > 0 && rnd(4) != 0)
		p->rule[p->n - 1] = (struct mrule){.action = ACTION_ACCEPT};
}

static void
random_chain(struct mchain *c)
{
	memset(c, 0, sizeof *c);
	if (rnd(4) == 0)
		return;
	c->kind = CHAIN_LIST;
	c->n = (uint8_t)(rnd(12) == 0 ? 0 : rnd(6) == 0 ? 1 : 2);
	/* Few different ones, so that neighbours share groups. */
	c->policy[0] = (uint8_t)(rnd(4) != 0 ? 0 : rnd(NPOLICY));
	c->policy[1] = (uint8_t)((c->policy[0] + 1) % NPOLICY);
}

static void
random_own(struct mroute *r)
{
	memset(r, 0, sizeof *r);
	r->there = rnd(3) != 0;
	if (!r->there)
		return;
	r->while_link = (uint8_t)(rnd(3) == 0 ? 1 + rnd(NLINK) : 0);
	r->a.blackhole = rnd(3) == 0;
	r->a.has_med = rnd(2) == 0;
	r->a.med = r->a.has_med ? rnd(3) : 0;
	r->a.has_local_pref = rnd(3) == 0;
	r->a.local_pref = r->a.has_local_pref ? 50 + 50 * rnd(3) : 0;
	r->a.communities = (uint16_t)(rnd(3) == 0 ? 1u << rnd(NCOMMUNITY) : 0);
}

static void
random_aggregate(struct maggregate *g)
{
	memset(g, 0, sizeof *g);
	g->there = rnd(2) == 0;
	if (!g->there)
		return;
	g->summary_only = rnd(2) == 0;
	g->a.aggregated = 3;
	g->a.blackhole = rnd(3) == 0;
	g->a.has_med = rnd(2) == 0;
	g->a.med = g->a.has_med ? rnd(3) : 0;
	g->a.has_local_pref = rnd(3) == 0;
	g->a.local_pref = g->a.has_local_pref ? 50 + 50 * rnd(3) : 0;
	g->a.communities = (uint16_t)(rnd(3) == 0 ? 1u << rnd(NCOMMUNITY) : 0);
}

static void
random_send(struct mneighbor *n)
{
	n->many_out = (uint8_t)(SEND_BEST + rnd(SEND_COUNT - SEND_BEST));
	n->count = (uint8_t)(1 + rnd(4));
}

static void
usual_send(const struct mconf *c, struct mneighbor *n)
{
	if (rnd(5) == 0) {
		random_send(n);
		return;
	}
	n->many_out = c->usual.many_out;
	n->count = c->usual.count;
}

/* All that are sent several are sent others from now on, as when they have it from a group. */
static void
mutate_usual(struct mconf *c)
{
	random_send(&c->usual);
	for (unsigned i = 0; i < NPEER; i++)
		if (c->neighbor[i].many_out != SEND_NONE)
			usual_send(c, &c->neighbor[i]);
}

static void
mutate_add_path(struct mconf *c, struct mneighbor *n)
{
	/* Mostly another choice, now and then whether there is one, which is another session. */
	if (rnd(6) == 0)
		n->many_in = !n->many_in;
	else if (n->many_out != SEND_NONE && rnd(8) == 0)
		n->many_out = SEND_NONE;
	else if (n->many_out == SEND_NONE && rnd(4) == 0)
		usual_send(c, n);
	else if (rnd(2) == 0)
		mutate_usual(c);
	else if (n->many_out != SEND_NONE)
		usual_send(c, n);
}

static void
random_neighbor(const struct mconf *c, struct mneighbor *n)
{
	n->there = true;
	n->many_in = rnd(2) == 0;
	n->many_out = SEND_NONE;
	if (rnd(2) == 0)
		usual_send(c, n);
	n->next_hop = (uint8_t)(rnd(4) != 0 ? 0 : rnd(3));
	n->multihop = rnd(2) == 0;
	n->limit = (uint8_t)(rnd(5) == 0 ? 1 + rnd(NPREFIX) : 0);
	n->limit_out = (uint8_t)(rnd(5) == 0 ? 1 + rnd(NPREFIX) : 0);
	n->role = (uint8_t)(rnd(2) == 0 ? rnd(ROLE_COUNT) : ROLE_NONE);
	n->range = (uint8_t)(rnd(4) == 0 ? 1 + (n - c->neighbor) : 0);
	random_chain(&n->import);
	random_chain(&n->export);
	tables_random(n);
}

/*
 * Policies name two, so they are configured. The last one is in the other's range only as it is, and while it is
 * one. While that is there it cannot leave by not being configured: it has its address in the range all the same, and
 * the daemon rightly keeps it.
 */
static void
settle_ranges(struct mconf *c)
{
	struct mneighbor *shared = &c->neighbor[RANGE_SHARED], *last = &c->neighbor[NPEER - 1];
	const struct mneighbor *was = &the_model->conf.neighbor[NPEER - 1];

	c->neighbor[0].range = c->neighbor[5].range = 0;
	if (was->there && was->range == 1 + RANGE_SHARED && !last->there)
		last->range = 1 + RANGE_SHARED;
	if (last->range == 1 + RANGE_SHARED && (the_model->confed || !shared->there || shared->range == 0))
		last->range = NPEER;
	else if (last->range == 1 + RANGE_SHARED)
		*last = *shared;
	/* Elsewhere it would still be in the other's range where it was. */
	if (shared->there && shared->range != 0 && table_domain(last->table) != table_domain(shared->table))
		last->table = shared->table;
}

static void
share_range(struct mconf *c)
{
	c->neighbor[RANGE_SHARED].range = c->neighbor[NPEER - 1].range = 1 + RANGE_SHARED;
}

static void
mutate_range(struct mconf *c, struct mneighbor *n)
{
	uint8_t own = (uint8_t)(1 + (n - c->neighbor));

	if (n == &c->neighbor[NPEER - 1] && n->range != 1 + RANGE_SHARED && rnd(2) == 0)
		share_range(c);
	else if (n->range == 0 || (n->range != own && rnd(2) == 0))
		n->range = own;
	else
		n->range = 0;
	c->range_max = 1 + rnd(2);
}

void
conf_init(struct mconf *c)
{
	memset(c, 0, sizeof *c);
	random_send(&c->usual);
	for (unsigned i = 0; i < NPEER; i++) {
		random_neighbor(c, &c->neighbor[i]);
		c->neighbor[i].rr_client = i < 2 || i == 8;
	}
	if (rnd(2) == 0)
		share_range(c);
	c->range_max = 1 + rnd(2);
	tables_settle(c);
	settle_ranges(c);
	for (unsigned k = 0; k < POLICY_KINDS * NPOLICY; k++)
		random_policy(&c->policy[k / NPOLICY][k % NPOLICY], (enum policy_kind)(k / NPOLICY));
	random_chain(&c->kernel);
	c->kernel_metric = 20;
	for (unsigned f = FAMILY_IPV4; f < FAMILY_COUNT; f++)
		for (unsigned i = 0; i < NAGG; i++)
			random_aggregate(&c->aggregate[f][i]);
	c->multipath_ebgp = c->multipath_ibgp = 4;
	c->default_local_pref = 100;
	c->cluster_id = 0x0aff0001u;
	c->bounded = rnd(3) != 0;
}

void
conf_empty(struct mconf *c)
{
	memset(c, 0, sizeof *c);
	c->multipath_ebgp = c->multipath_ibgp = 1;
	c->default_local_pref = 100;
	c->cluster_id = 0x0aff0001u;
}

static void
mutate_router(struct mconf *c)
{
	switch (rnd(8)) {
	case 6:
		c->kernel_metric = 20 + 10 * rnd(3);
		break;
	case 7:
		random_chain(&c->kernel);
		break;
	case 5:
		c->bounded = rnd(4) != 0;
		break;
	case 0:
		c->multipath_ebgp = 1 + rnd(4);
		c->multipath_ibgp = 1 + rnd(4);
		break;
	case 1:
		c->relax = !c->relax;
		break;
	case 2:
		c->via_default = !c->via_default;
		break;
	case 3:
		c->default_local_pref = 50 + 50 * rnd(3);
		break;
	default:
		c->cluster_id = 0x0aff0001u + rnd(2);
		break;
	}
}

static void
mutate_one(struct mconf *c)
{
	struct mneighbor *n = &c->neighbor[rnd(NPEER)];
	unsigned f = FAMILY_IPV4 + rnd(2), prefix;

	switch (rnd(the_model->several ? 16 : 14)) {
	case 14:
	case 15:
		tables_mutate(c);
		break;
	case 13:
		mutate_range(c, rnd(3) == 0 ? &c->neighbor[NPEER - 1] : n);
		break;
	case 12:
		random_policy(&c->policy[POLICY_KERNEL][rnd(NPOLICY)], POLICY_KERNEL);
		break;
	case 10:
		random_aggregate(&c->aggregate[f][rnd(NAGG)]);
		break;
	case 11:
		mutate_add_path(c, n);
		break;
	case 0:
	case 1:
		random_policy(&c->policy[POLICY_IMPORT][rnd(NPOLICY)], POLICY_IMPORT);
		break;
	case 2:
	case 3:
		random_policy(&c->policy[POLICY_EXPORT][rnd(NPOLICY)], POLICY_EXPORT);
		break;
	case 4:
		if (rnd(3) == 0)
			n->limit_out = (uint8_t)(rnd(3) != 0 ? 1 + rnd(NPREFIX / 2) : 0);
		else
			random_chain(&n->export);
		break;
	case 5:
		if (rnd(3) == 0)
			n->limit = (uint8_t)(rnd(2) == 0 ? 1 + rnd(NPREFIX) : 0);
		else
			random_chain(&n->import);
		break;
	case 6:
		/* Policies name these two. */
		if (!n->there || (rnd(6) == 0 && n != &c->neighbor[0] && n != &c->neighbor[5]))
			n->there = !n->there;
		else if (rnd(4) == 0)
			n->multihop = !n->multihop;
		else if (rnd(4) == 0)
			n->role = (uint8_t)rnd(ROLE_COUNT);
		else
			n->next_hop = (uint8_t)rnd(3);
		break;
	case 7:
		mutate_router(c);
		break;
	default:
		prefix = rnd(NPREFIX);
		if (prefix < PFX_FLEETING || prefix >= PFX_ORDINARY)
			random_own(&c->own[f][prefix]);
		break;
	}
}

void
conf_mutate(struct mconf *c)
{
	for (unsigned n = 1 + rnd(3); n > 0; n--)
		mutate_one(c);
	tables_settle(c);
	settle_ranges(c);
}

/* ---- as YAML ---- */

static const char *const community_names[NCOMMUNITY] = {
    "64512:1", "64512:2", "64512:3", "64512:4", "64512:5", "graceful-shutdown", "llgr-stale", "no-llgr",
    "no-export", "no-advertise", "no-export-subconfed"};
static const char *const actions[] = {"next", "accept", "reject"};
static const char *const origins[] = {"igp", "egp", "incomplete"};

static void
print_match(FILE *f, const struct mrule *r, enum policy_kind kind)
{
	char text[160];

	switch (r->match) {
	case MATCH_PREFIX_SET:
		snprintf(text, sizeof text, "prefix-set: %s%u", kind != POLICY_EXPORT && (r->set & SET_NEXT_HOP) ? "o" : "s", r->arg);
		break;
	case MATCH_COMMUNITY:
		snprintf(text, sizeof text, "community-set: \"64512:%u\"", r->arg + 1u);
		break;
	case MATCH_EXTERNAL:
		snprintf(text, sizeof text, "neighbor-type: external");
		break;
	case MATCH_BGP:
		snprintf(text, sizeof text, "source: bgp");
		break;
	case MATCH_LOCAL_PREF:
		snprintf(text, sizeof text, "local-preference: {above: 99}");
		break;
	case MATCH_ORIGIN_IGP:
		snprintf(text, sizeof text, "origin: igp");
		break;
	case MATCH_PATH_LENGTH:
		snprintf(text, sizeof text, "path-length: {above: 2}");
		break;
	case MATCH_NEXT_HOP:
		snprintf(text, sizeof text, "next-hop: [10.0.1.0/24, 2001:db8:1::/64]");
		break;
	case MATCH_PATH_PREFIX:
		snprintf(text, sizeof text, "as-path-prefix: [65002]");
		break;
	default:
		snprintf(text, sizeof text, "neighbor: [p5, p0]");
		break;
	}
	if (r->match != MATCH_ANY)
		fprintf(f, r->not ? "match: {not: {%s}}, " : "match: {%s}, ", text);
}

static void
print_rule(FILE *f, const struct mrule *r, enum policy_kind kind)
{
	fprintf(f, "    - {");
	print_match(f, r, kind);
	if (r->set != 0) {
		fprintf(f, "set: {");
		if (r->set & SET_LOCAL_PREF)
			fprintf(f, "local-preference: %u, ", r->local_pref);
		if (r->set & SET_MED)
			fprintf(f, "med: %u, ", r->med);
		if (r->set & SET_ORIGIN)
			fprintf(f, "origin: %s, ", origins[r->origin]);
		if (r->set & SET_PREPEND)
			fprintf(f, "prepend: [%u%s], ", r->prepend_as, r->prepend == 2 ? ", 65098" : "");
		if (r->set & SET_ADD_COMMUNITY)
			fprintf(f, "add-communities: [\"%s\"], ", community_names[r->community]);
		if (r->set & SET_REMOVE_COMMUNITY)
			fprintf(f, "remove-communities: [\"64512:[1-3]\"], ");
		if (r->set & SET_PREFERENCE)
			fprintf(f, "preference: %u, ", r->preference);
		if (r->set & SET_NEXT_HOP)
			fprintf(f, "next-hop: %s, ", kind != POLICY_EXPORT ? "10.0.3.99" : "self");
		if (r->set & SET_METRIC)
			fprintf(f, "metric: %u, ", r->metric);
		fprintf(f, "}, ");
	}
	fprintf(f, "action: %s}\n", actions[r->action]);
}

static void
print_policies(FILE *f, const struct mpolicy *p, enum policy_kind kind)
{
	for (unsigned i = 0; i < NPOLICY; i++) {
		fprintf(f, "  %c%u:%s\n", "iek"[kind], i, p[i].n == 0 ? " []" : "");
		for (unsigned k = 0; k < p[i].n; k++)
			print_rule(f, &p[i].rule[k], kind);
	}
}

static void
print_chain(FILE *f, const struct mchain *c, const char *key, char letter)
{
	if (c->kind == CHAIN_DEFAULT)
		return;
	fprintf(f, ", %s: [", key);
	for (unsigned i = 0; i < c->n; i++)
		fprintf(f, "%s%c%u", i > 0 ? ", " : "", letter, c->policy[i]);
	fprintf(f, "]");
}

/* s0..s2: every third prefix; o0..o2: of those the ordinary IPv4 ones. */
static void
print_sets(FILE *f)
{
	char text[IP_PREFIX_STRLEN];

	for (unsigned k = 0; k < 6; k++) {
		fprintf(f, "  %c%u: [", k < 3 ? 's' : 'o', k % 3);
		for (int fam = FAMILY_IPV4; fam < (k < 3 ? FAMILY_COUNT : FAMILY_IPV6); fam++)
			for (unsigned i = k % 3; i < (k < 3 ? NPREFIX : PFX_ORDINARY); i += 3)
				fprintf(f, "\"%s\", ", ip_prefix_str(&the_model->prefix[fam][i], text, sizeof text));
		fprintf(f, "]\n");
	}
}

static void
print_own_attr(FILE *f, const struct mattr *a)
{
	if (a->blackhole)
		fprintf(f, ", blackhole: true");
	if (a->has_med)
		fprintf(f, ", med: %u", a->med);
	if (a->has_local_pref)
		fprintf(f, ", local-preference: %u", a->local_pref);
	for (unsigned k = 0; k < NCOMMUNITY; k++)
		if (a->communities & 1u << k)
			fprintf(f, ", communities: [\"%s\"]", community_names[k]);
}

static void
print_own(FILE *f, const struct mconf *c)
{
	char text[IP_PREFIX_STRLEN];

	for (int fam = FAMILY_IPV4; fam < FAMILY_COUNT; fam++)
		for (unsigned i = 0; i < NPREFIX; i++) {
			const struct mroute *r = &c->own[fam][i];
			if (!r->there)
				continue;
			fprintf(f, "  - {prefix: \"%s\"", ip_prefix_str(&the_model->prefix[fam][i], text, sizeof text));
			print_own_attr(f, &r->a);
			if (r->while_link != 0)
				fprintf(f, ", while: {interface: eth%u}", r->while_link - 1u);
			fprintf(f, "}\n");
		}
}

static void
print_aggregates(FILE *f, const struct mconf *c)
{
	char text[IP_PREFIX_STRLEN];

	for (unsigned fam = FAMILY_IPV4; fam < FAMILY_COUNT; fam++)
		for (unsigned i = 0; i < NAGG; i++) {
			const struct maggregate *g = &c->aggregate[fam][i];
			if (!g->there)
				continue;
			fprintf(f, "  - {prefix: \"%s\", summary-only: %s",
			    ip_prefix_str(&the_model->prefix[fam][PFX_AGG + i], text, sizeof text),
			    g->summary_only ? "true" : "false");
			print_own_attr(f, &g->a);
			fprintf(f, "}\n");
		}
}

static void
print_add_path(FILE *f, const struct mneighbor *n)
{
	fprintf(f, ", add-path: {receive: %s, send: %s", n->many_in ? "true" : "false", sends[n->many_out]);
	if (n->many_out == SEND_BEST)
		fprintf(f, " %u", n->count);
	fprintf(f, "}");
}

/* Around all others: who comes in by this one is turned away. */
static void
print_strangers(FILE *f, unsigned table)
{
	static const char *const prefixes[] = {"10.0.0.0/8", "2001:db8::/32"};

	for (unsigned i = 0; i < ARRAY_LEN(prefixes); i++)
		fprintf(f, "  - {name: strangers%u-%u, prefix: \"%s\", remote-as: external, shutdown: true%s}\n", table, i,
		    prefixes[i], table_keys(table));
}

/* So that it is there: nobody comes from there. */
static void
print_nobody(FILE *f, unsigned table)
{
	fprintf(f, "  - {name: nobody%u, prefix: 192.0.2.0/24, remote-as: external, shutdown: true%s}\n", table,
	    table_keys(table));
}

/* Who it is, or who they may be: the shared range has an address more. */
static void
print_who(FILE *f, const struct mconf *c, unsigned i)
{
	const struct mpeer *p = &the_model->peer[i];
	char text[IP_ADDR_STRLEN];
	bool shared = i == RANGE_SHARED;

	ip_addr_str(&p->addr, text, sizeof text);
	if (c->neighbor[i].range == 0) {
		fprintf(f, "name: p%u, address: \"%s\", remote-as: %u", i, text, p->as);
		return;
	}
	fprintf(f, "name: r%u, prefix: \"%s/%u\", max-neighbors: %u, ", i, text,
	    family_bits((enum family)p->addr.family) - shared, shared ? c->range_max : 1u);
	if (is_inside(p))
		fprintf(f, "remote-as: %u", p->as);
	else
		fprintf(f, "remote-as: external");
}

static void
print_neighbors(FILE *f, const struct mconf *c)
{
	bool any[NDOMAIN] = {false};

	for (unsigned i = 0; i < NPEER; i++) {
		const struct mneighbor *n = &c->neighbor[i];
		const struct mpeer *p = &the_model->peer[i];
		any[table_domain(n->table)] |= n->there && n->range != 0;
		if (!n->there || (n->range != 0 && n->range != i + 1))
			continue;
		fprintf(f, "  - {");
		print_who(f, c, i);
		fprintf(f, ", families: [ipv4-unicast, ipv6-unicast], idle-hold-time: {initial: 1, max: 4}, next-hop: %s",
		    next_hops[n->next_hop]);
		if (n->rr_client)
			fprintf(f, ", route-reflector-client: true");
		if (n->multihop)
			fprintf(f, ", multihop: 3");
		if (n->limit > 0)
			fprintf(f, ", max-prefix: {limit: %u, action: block}", n->limit);
		if (n->limit_out > 0)
			fprintf(f, ", max-prefix-out: {limit: %u, action: block}", n->limit_out);
		if (!is_inside(p) && n->role != ROLE_NONE)
			fprintf(f, ", role: %s", roles[n->role]);
		print_add_path(f, n);
		print_chain(f, &n->import, "import", 'i');
		print_chain(f, &n->export, "export", 'e');
		fprintf(f, "%s}\n", table_keys(n->table));
	}
	if (any[DOMAIN_MAIN])
		print_strangers(f, TABLE_MAIN);
	if (any[DOMAIN_VRF])
		print_strangers(f, TABLE_VRF);
	for (unsigned t = TABLE_MAIN + 1; c->empty_tables && t < NTABLE; t++)
		print_nobody(f, t);
}

int
conf_file(const struct mconf *c)
{
	int fd = memfd_create("speaker", MFD_CLOEXEC);

	CHECK(fd >= 0);
	FILE *f = fdopen(dup(fd), "w");
	CHECK(f != NULL);
	fprintf(f, "router: {");
	if (the_model->confed)
		fprintf(f, "confederation: {as: %u, members: [65002, 65003, 65101]}, ", CONFED_AS);
	if (c->bounded)
		fprintf(f, "memory-limit: %uM, ", MEMORY_LIMIT_M);
	fprintf(f,
	    "as: %u, id: 10.255.0.1, cluster-id: 10.255.0.%u, listen: [], "
	    "graceful-restart: {stale-time: %u, long-lived-time: %u}, default-local-preference: %u, "
	    "resolve-via-default: %s, multipath: {ebgp: %u, ibgp: %u, as-path-relax: %s}}\n"
	    "log: {level: error}\n",
	    LOCAL_AS, c->cluster_id & 0xff, STALE_S, LONG_S, c->default_local_pref, c->via_default ? "true" : "false",
	    c->multipath_ebgp, c->multipath_ibgp, c->relax ? "true" : "false");
	fprintf(f, "prefix-sets:\n");
	print_sets(f);
	fprintf(f, "policies:\n");
	for (unsigned k = 0; k < POLICY_KINDS; k++)
		print_policies(f, c->policy[k], (enum policy_kind)k);
	fprintf(f, "kernel: {keep-on-stop: true, metric: %u", c->kernel_metric);
	print_chain(f, &c->kernel, "export", 'k');
	fprintf(f, "}\n");
	fprintf(f, "networks:\n");
	print_own(f, c);
	fprintf(f, "aggregates:\n");
	print_aggregates(f, c);
	fprintf(f, "neighbors:\n");
	print_neighbors(f, c);
	CHECK(fclose(f) == 0);
	CHECK(lseek(fd, 0, SEEK_SET) == 0);
	return fd;
}
