/* SPDX-License-Identifier: Apache-2.0 */
/*
 * compile_rule: see compile_rule.h. Lists that a rule needs are put together in
 * an arena of the rule and copied by policy_add().
 */
#include "bgpd/compile_rule.h"

#include "bgpd/compile.h"
#include "bgpd/daemon.h"
#include "lib/mem.h"

#include <stdlib.h>
#include <string.h>

/* What one rule is put together from, until policy_add() has copied it. */
struct scratch {
	struct policy_match *matches;
	uint32_t n_matches;
	void **allocated; /* lists, and sets made for entries written in place */
	uint32_t n_allocated;
	struct prefix_set **inline_prefix;
	struct aspath_set **inline_aspath;
	struct community_set **inline_community;
	uint32_t n_prefix, n_aspath, n_community;
};

static void *
scratch_list(struct scratch *sc, size_t n, size_t size)
{
	void *p = xcalloc(n > 0 ? n : 1, size);

	sc->allocated = xreallocarray(sc->allocated, sc->n_allocated + 1u, sizeof *sc->allocated);
	sc->allocated[sc->n_allocated++] = p;
	return p;
}

static struct policy_match *
match_add(struct scratch *sc, enum policy_match_key key)
{
	sc->matches = xreallocarray(sc->matches, sc->n_matches + 1u, sizeof *sc->matches);
	struct policy_match *m = &sc->matches[sc->n_matches++];
	*m = (struct policy_match){.key = (uint8_t)key};
	return m;
}

static struct aspath_pattern
pattern_of(const struct conf_as_pattern *c, struct aspath_token *tokens)
{
	struct aspath_pattern p = {.from_start = c->from_start, .to_end = c->to_end, .n = c->tokens.n, .tokens = tokens};

	for (uint32_t i = 0; i < c->tokens.n; i++)
		tokens[i] = (struct aspath_token){
		    .lo = c->tokens.v[i].lo, .hi = c->tokens.v[i].hi, .many = c->tokens.v[i].many};
	return p;
}

static struct aspath_set *
aspath_set_of(const struct conf_as_pattern *v, uint32_t n)
{
	struct aspath_pattern *p = xcalloc(n + 1u, sizeof *p);

	for (uint32_t i = 0; i < n; i++)
		p[i] = pattern_of(&v[i], xcalloc(v[i].tokens.n + 1u, sizeof(struct aspath_token)));
	struct aspath_set *s = aspath_set_new(p, n);
	for (uint32_t i = 0; i < n; i++)
		free(p[i].tokens);
	free(p);
	return s;
}

static struct prefix_set *
prefix_set_of(const struct conf_prefix_entry *v, uint32_t n)
{
	struct prefix_set_entry *e = xcalloc(n + 1u, sizeof *e);

	for (uint32_t i = 0; i < n; i++)
		e[i] = (struct prefix_set_entry){
		    .prefix = v[i].prefix, .min_len = v[i].min_len, .max_len = v[i].max_len};
	struct prefix_set *s = prefix_set_new(e, n);
	free(e);
	return s;
}

static struct community_set *
community_set_of(const struct conf_community *v, uint32_t n)
{
	struct community_pattern *p = xcalloc(n + 1u, sizeof *p);

	for (uint32_t i = 0; i < n; i++)
		p[i] = compile_community(&v[i]);
	struct community_set *s = community_set_new(p, n);
	free(p);
	return s;
}

void
compile_sets_new(struct compile_sets *s, const struct conf *c)
{
	*s = (struct compile_sets){
	    .n_prefix = c->prefix_sets.n, .n_aspath = c->as_path_sets.n, .n_community = c->community_sets.n};
	s->prefix = xcalloc(s->n_prefix + 1u, sizeof(struct prefix_set *));
	s->aspath = xcalloc(s->n_aspath + 1u, sizeof(struct aspath_set *));
	s->community = xcalloc(s->n_community + 1u, sizeof(struct community_set *));
	for (uint32_t i = 0; i < s->n_prefix; i++)
		s->prefix[i] = prefix_set_of(c->prefix_sets.v[i].entries.v, c->prefix_sets.v[i].entries.n);
	for (uint32_t i = 0; i < s->n_aspath; i++)
		s->aspath[i] = aspath_set_of(c->as_path_sets.v[i].entries.v, c->as_path_sets.v[i].entries.n);
	for (uint32_t i = 0; i < s->n_community; i++)
		s->community[i] = community_set_of(c->community_sets.v[i].entries.v, c->community_sets.v[i].entries.n);
}

void
compile_sets_free(struct compile_sets *s)
{
	for (uint32_t i = 0; i < s->n_prefix; i++)
		prefix_set_unref(s->prefix[i]);
	for (uint32_t i = 0; i < s->n_aspath; i++)
		aspath_set_unref(s->aspath[i]);
	for (uint32_t i = 0; i < s->n_community; i++)
		community_set_unref(s->community[i]);
	free(s->prefix);
	free(s->aspath);
	free(s->community);
	free(s->tunnels);
}

bool
compile_tunnel_name(const struct compile_sets *s, uint16_t tunnel, char *name, size_t size)
{
	if (tunnel == 0 || tunnel > s->n_tunnels)
		return false;
	strlcpy(name, s->tunnels[tunnel - 1], size);
	return true;
}

void
compile_tunnels_copy(struct compile_sets *to, const struct compile_sets *from)
{
	to->n_tunnels = from->n_tunnels;
	to->tunnels = xreallocarray(NULL, from->n_tunnels + 1u, sizeof *to->tunnels);
	if (from->n_tunnels > 0)
		memcpy(to->tunnels, from->tunnels, from->n_tunnels * sizeof *to->tunnels);
}

static uint16_t
tunnel_number(struct compile_sets *s, const char *name)
{
	for (uint32_t i = 0; i < s->n_tunnels; i++)
		if (strcmp(s->tunnels[i], name) == 0)
			return (uint16_t)(i + 1);
	s->tunnels = xreallocarray(s->tunnels, s->n_tunnels + 1u, sizeof *s->tunnels);
	strlcpy(s->tunnels[s->n_tunnels], name, sizeof *s->tunnels);
	return (uint16_t)++s->n_tunnels;
}

static void
match_prefix_set(struct scratch *sc, struct compile_sets *s, const struct conf_match *m)
{
	struct prefix_set **v = scratch_list(sc, m->prefix_set.n, sizeof *v);
	struct policy_match *pm = match_add(sc, POLICY_MATCH_PREFIX_SET);

	for (uint32_t i = 0; i < m->prefix_set.n; i++) {
		const struct conf_prefix_arg *a = &m->prefix_set.v[i];
		v[i] = a->set.name != NULL ? prefix_set_ref(s->prefix[a->set.index]) : prefix_set_of(&a->entry, 1);
		sc->inline_prefix = xreallocarray(sc->inline_prefix, sc->n_prefix + 1u, sizeof(struct prefix_set *));
		sc->inline_prefix[sc->n_prefix++] = v[i];
	}
	pm->n = m->prefix_set.n;
	pm->prefix_sets = v;
}

static void
match_aspath_set(struct scratch *sc, struct compile_sets *s, const struct conf_match *m)
{
	struct aspath_set **v = scratch_list(sc, m->as_path_set.n, sizeof *v);
	struct policy_match *pm = match_add(sc, POLICY_MATCH_ASPATH_SET);

	for (uint32_t i = 0; i < m->as_path_set.n; i++) {
		const struct conf_as_path_arg *a = &m->as_path_set.v[i];
		v[i] = a->set.name != NULL ? aspath_set_ref(s->aspath[a->set.index]) : aspath_set_of(&a->entry, 1);
		sc->inline_aspath = xreallocarray(sc->inline_aspath, sc->n_aspath + 1u, sizeof(struct aspath_set *));
		sc->inline_aspath[sc->n_aspath++] = v[i];
	}
	pm->n = m->as_path_set.n;
	pm->aspath_sets = v;
}

/* Sets of a list of communities or names of sets; the scratch holds the references. */
static struct community_set **
community_args(struct scratch *sc, struct compile_sets *s, const struct conf_community_arg *args, uint32_t n)
{
	struct community_set **v = scratch_list(sc, n, sizeof *v);

	for (uint32_t i = 0; i < n; i++) {
		const struct conf_community_arg *a = &args[i];
		v[i] = a->set.name != NULL ? community_set_ref(s->community[a->set.index])
					   : community_set_of(&a->entry, 1);
		sc->inline_community =
		    xreallocarray(sc->inline_community, sc->n_community + 1u, sizeof(struct community_set *));
		sc->inline_community[sc->n_community++] = v[i];
	}
	return v;
}

static void
match_range(struct scratch *sc, enum policy_match_key key, const struct conf_range *r)
{
	struct policy_match *pm = match_add(sc, key);

	pm->range.lo = r->lo;
	pm->range.hi = r->hi;
}

static void
match_mask(struct scratch *sc, enum policy_match_key key, uint32_t mask)
{
	match_add(sc, key)->mask = mask;
}

static uint32_t
source_mask(uint32_t conf_bits)
{
	static const struct {
		uint32_t conf, rib;
	} map[] = {
	    {CONF_SOURCE_KERNEL, 1u << RIB_SOURCE_KERNEL},
	    /* networks and statics are both "static" to an operator: routes of the configuration */
	    {CONF_SOURCE_STATIC, 1u << RIB_SOURCE_STATIC | 1u << RIB_SOURCE_NETWORK},
	    {CONF_SOURCE_CONNECTED, 1u << RIB_SOURCE_CONNECTED},
	    {CONF_SOURCE_BGP, 1u << RIB_SOURCE_BGP},
	    {CONF_SOURCE_AGGREGATE, 1u << RIB_SOURCE_AGGREGATE},
	};
	uint32_t mask = 0;

	for (unsigned i = 0; i < ARRAY_LEN(map); i++)
		if (conf_bits & map[i].conf)
			mask |= map[i].rib;
	return mask;
}

static uint32_t
peer_type_mask(uint32_t conf_bits)
{
	return (conf_bits & CONF_INTERNAL ? 1u << RIB_PEER_IBGP : 0) |
	    (conf_bits & CONF_EXTERNAL ? 1u << RIB_PEER_EBGP : 0) |
	    (conf_bits & CONF_CONFEDERATION ? 1u << RIB_PEER_CONFED : 0);
}

static void
match_lists(struct scratch *sc, const struct conf_match *m)
{
	if (CONF_HAS(m, CONF_MATCH_INTERFACE)) {
		struct policy_match *pm = match_add(sc, POLICY_MATCH_INTERFACE);
		pm->n = m->interface.n;
		pm->names = m->interface.v;
	}
	if (CONF_HAS(m, CONF_MATCH_KERNEL_PROTOCOL)) {
		struct policy_match *pm = match_add(sc, POLICY_MATCH_PROTOCOL);
		pm->n = m->kernel_protocol.n;
		pm->numbers = m->kernel_protocol.v;
	}
	if (CONF_HAS(m, CONF_MATCH_NEIGHBOR)) {
		uint32_t *v = scratch_list(sc, m->neighbor.n, sizeof *v);
		for (uint32_t i = 0; i < m->neighbor.n; i++)
			v[i] = (uint32_t)m->neighbor.v[i].index + 1;
		struct policy_match *pm = match_add(sc, POLICY_MATCH_NEIGHBOR);
		pm->n = m->neighbor.n;
		pm->numbers = v;
	}
	if (CONF_HAS(m, CONF_MATCH_AS_PATH_PREFIX)) {
		struct policy_match *pm = match_add(sc, POLICY_MATCH_ASPATH_PREFIX);
		pm->n = m->as_path_prefix.n;
		pm->numbers = m->as_path_prefix.v;
	}
	if (CONF_HAS(m, CONF_MATCH_NEXT_HOP)) {
		struct policy_match *pm = match_add(sc, POLICY_MATCH_NEXT_HOP);
		pm->n = m->next_hop.n;
		pm->prefixes = m->next_hop.v;
	}
}

static void
match_build(struct scratch *sc, struct compile_sets *s, const struct conf_match *m)
{
	if (CONF_HAS(m, CONF_MATCH_SOURCE))
		match_mask(sc, POLICY_MATCH_SOURCE, source_mask(m->source));
	if (CONF_HAS(m, CONF_MATCH_NEIGHBOR_TYPE))
		match_mask(sc, POLICY_MATCH_NEIGHBOR_TYPE, peer_type_mask(m->neighbor_type));
	if (CONF_HAS(m, CONF_MATCH_ORIGIN))
		match_mask(sc, POLICY_MATCH_ORIGIN, m->origin);
	if (CONF_HAS(m, CONF_MATCH_PATH_LENGTH))
		match_range(sc, POLICY_MATCH_PATH_LENGTH, &m->path_length);
	if (CONF_HAS(m, CONF_MATCH_LOCAL_PREFERENCE))
		match_range(sc, POLICY_MATCH_LOCAL_PREF, &m->local_preference);
	if (CONF_HAS(m, CONF_MATCH_METRIC))
		match_range(sc, POLICY_MATCH_METRIC, &m->metric);
	if (CONF_HAS(m, CONF_MATCH_TAG))
		match_range(sc, POLICY_MATCH_TAG, &m->tag);
	match_lists(sc, m);
	if (CONF_HAS(m, CONF_MATCH_PREFIX_SET))
		match_prefix_set(sc, s, m);
	if (CONF_HAS(m, CONF_MATCH_COMMUNITY_SET)) {
		struct community_set **v = community_args(sc, s, m->community_set.v, m->community_set.n);
		struct policy_match *pm = match_add(sc, POLICY_MATCH_COMMUNITY_SET);
		pm->n = m->community_set.n;
		pm->community_sets = v;
	}
	if (CONF_HAS(m, CONF_MATCH_AS_PATH_SET))
		match_aspath_set(sc, s, m);
	if (CONF_HAS(m, CONF_MATCH_NOT)) {
		uint32_t at = sc->n_matches;
		match_add(sc, POLICY_MATCH_NOT);
		match_build(sc, s, m->not );
		sc->matches[at].n = sc->n_matches - at - 1;
	}
}

static struct policy_expr
expr_of(const struct conf_expr *e)
{
	static const uint8_t kinds[] = {[CONF_EXPR_NUMBER] = POLICY_EXPR_NUMBER,
	    [CONF_EXPR_COMPLEMENT_METRIC] = POLICY_EXPR_COMPLEMENT_METRIC,
	    [CONF_EXPR_COMPLEMENT_LOCAL_PREFERENCE] = POLICY_EXPR_COMPLEMENT_LOCAL_PREF};

	return (struct policy_expr){.kind = kinds[e->kind], .value = e->value};
}

static void
set_communities(struct scratch *sc, struct compile_sets *s, const struct conf_set *cs, struct policy_set *set)
{
	if (CONF_HAS(cs, CONF_SET_ADD_COMMUNITIES)) {
		struct community_pattern *v = scratch_list(sc, cs->add_communities.n, sizeof *v);
		for (uint32_t i = 0; i < cs->add_communities.n; i++)
			v[i] = compile_community(&cs->add_communities.v[i]);
		set->has |= POLICY_SET_ADD_COMMUNITIES;
		set->add = v;
		set->add_n = cs->add_communities.n;
	}
	if (CONF_HAS(cs, CONF_SET_REMOVE_COMMUNITIES)) {
		set->has |= POLICY_SET_REMOVE_COMMUNITIES;
		set->remove = community_args(sc, s, cs->remove_communities.v, cs->remove_communities.n);
		set->remove_n = cs->remove_communities.n;
	}
}

static void
set_build(struct bgpd *d, struct scratch *sc, struct compile_sets *s, const struct conf_set *cs, struct policy_set *set)
{
	static const struct {
		uint32_t key, bit;
	} has[] = {
	    {CONF_SET_LOCAL_PREFERENCE, POLICY_SET_LOCAL_PREF},
	    {CONF_SET_MED, POLICY_SET_MED},
	    {CONF_SET_ORIGIN, POLICY_SET_ORIGIN},
	    {CONF_SET_NEXT_HOP, POLICY_SET_NEXT_HOP},
	    {CONF_SET_PREPEND, POLICY_SET_PREPEND},
	    {CONF_SET_PREFERENCE, POLICY_SET_PREFERENCE},
	    {CONF_SET_METRIC, POLICY_SET_METRIC},
	    {CONF_SET_TUNNEL, POLICY_SET_TUNNEL},
	    {CONF_SET_TAG, POLICY_SET_TAG},
	};

	*set = (struct policy_set){
	    .local_pref = expr_of(&cs->local_preference),
	    .metric = expr_of(&cs->metric),
	    .med = cs->med,
	    .preference = cs->preference,
	    .tag = cs->tag,
	    .origin = (uint8_t)cs->origin,
	    .prepend = cs->prepend.v,
	    .prepend_n = cs->prepend.n,
	};
	for (unsigned i = 0; i < ARRAY_LEN(has); i++)
		if (CONF_HAS(cs, has[i].key))
			set->has |= has[i].bit;
	if (CONF_HAS(cs, CONF_SET_TUNNEL))
		set->tunnel = tunnel_number(s, cs->tunnel);
	if (CONF_HAS(cs, CONF_SET_NEXT_HOP))
		set->nexthop = cs->next_hop.self ? ATTR_NEXTHOP_SELF
						 : nexthop_intern(d->nexthops, &cs->next_hop.address, NULL);
	set_communities(sc, s, cs, set);
}

static void
scratch_free(struct scratch *sc)
{
	for (uint32_t i = 0; i < sc->n_prefix; i++)
		prefix_set_unref(sc->inline_prefix[i]);
	for (uint32_t i = 0; i < sc->n_aspath; i++)
		aspath_set_unref(sc->inline_aspath[i]);
	for (uint32_t i = 0; i < sc->n_community; i++)
		community_set_unref(sc->inline_community[i]);
	for (uint32_t i = 0; i < sc->n_allocated; i++)
		free(sc->allocated[i]);
	free(sc->inline_prefix);
	free(sc->inline_aspath);
	free(sc->inline_community);
	free(sc->allocated);
	free(sc->matches);
}

struct policy *
compile_policy(struct bgpd *d, struct compile_sets *s, const struct conf_policy *cp)
{
	static const uint8_t actions[] = {[CONF_ACTION_NEXT] = POLICY_NEXT,
	    [CONF_ACTION_ACCEPT] = POLICY_ACCEPT,
	    [CONF_ACTION_REJECT] = POLICY_REJECT};
	struct policy *p = policy_new(d->attrs, cp->name);

	policy_set_file(p, cp->pos.file);
	for (uint32_t i = 0; i < cp->rules.n; i++) {
		const struct conf_rule *cr = &cp->rules.v[i];
		struct scratch sc = {0};
		struct policy_rule rule = {.line = cr->pos.line, .action = actions[cr->action]};

		match_build(&sc, s, &cr->match);
		rule.matches = sc.matches;
		rule.n_matches = sc.n_matches;
		set_build(d, &sc, s, &cr->set, &rule.set);
		policy_add(p, &rule);
		if ((rule.set.has & POLICY_SET_NEXT_HOP) && rule.set.nexthop != ATTR_NEXTHOP_SELF)
			nexthop_unref(d->nexthops, rule.set.nexthop);
		scratch_free(&sc);
	}
	return p;
}
